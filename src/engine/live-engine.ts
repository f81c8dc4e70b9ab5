import { type Hears, sayer } from "../author/author.ts";
import type { Dialect } from "../dialect/dialect.ts";
import type { Call, Parts } from "./call.ts";
import { askLive, type LiveParts, type LiveRead } from "./live.ts";
import type { WriteTelling } from "./telling.ts";
import { turnOf, type TurnOptions } from "./turns.ts";

/** What answers are kept true with. */
export interface LiveEngine {
  /** Makes a question ready to be asked again and again. */
  ask<Shaped>(call: Call<Shaped>): Promise<LiveRead<Shaped>>;
  /** Hears which tables an author says that he has changed in a request. */
  readonly hears: Hears;
  /**
   * Hears which he has changed elsewhere: any of them, where he names none.
   *
   * @throws TypeError for a name that is none of the schema.
   */
  changed(names: readonly string[]): void;
  /** Begins to watch the commits of other processes; `undefined` where nobody can tell. */
  watch(): Promise<(() => boolean) | undefined>;
  /** Whether statements run on another machine, and how many of them at once where that is known. */
  readonly remote: boolean;
  readonly connections: number | undefined;
}

/** Makes it, for who is told of the writes. */
export function liveEngine(
  parts: Parts,
  options: TurnOptions & { readonly database: unknown },
  dialect: Dialect,
  telling: WriteTelling,
): LiveEngine {
  const { policies, runtime } = parts;
  const { primary = dialect } = dialect;
  const say = sayer(options.database);
  const live: LiveParts = {
    runtime: { ...runtime, dialect: primary, turn: turnOf(primary, options) },
    say: (admitted, { mentions }, nodes) => say(admitted, mentions, nodes),
    lineage: () => policies.lineage,
  };
  return {
    ask: (call) => askLive(parts, live, call),
    hears: (context, names) => telling.declare(context, names),
    changed: (names) => telling.changed(names),
    watch: () => primary.watch?.() ?? Promise.resolve(undefined),
    remote: primary.remote,
    get connections() {
      return primary.bounds?.("read", false)?.at(-1)?.size;
    },
  };
}
