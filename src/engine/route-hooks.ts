import type { Context } from "../author/author.ts";
import type { Seen } from "../compile/compile.ts";
import { isThenable } from "../clock.ts";
import { type AuthorFunction, type Policy, readHook, type Registry } from "../policy/policy.ts";
import type { Runtime } from "../execute/execute.ts";

/** What an author runs around the writes of all resources, as he wrote it. */
export interface RouteHookOptions {
  readonly afterWrite?: unknown;
  readonly afterCommit?: unknown;
}

/** The same, checked. */
export interface RouteHooks {
  readonly afterWrite: AuthorFunction | undefined;
  readonly afterCommit: AuthorFunction | undefined;
  /** Whether one of them is handed the rows as they were before. */
  readonly before: boolean;
}

/** @throws Error for what is no hook, and for one that wants of a table what cannot be found again. */
export function readRouteHooks(options: RouteHookOptions, registry: Registry): RouteHooks {
  const mistakes: string[] = [];
  const read = (name: keyof RouteHookOptions): ReturnType<typeof readHook> => {
    const hook = readHook(options[name], (sentence) => mistakes.push(`${name}: ${sentence}`));
    if (hook.before) mistakes.push(...keyless(registry).map((sentence) => `${name}: ${sentence}`));
    return hook;
  };
  const [afterWrite, afterCommit] = [read("afterWrite"), read("afterCommit")];
  if (mistakes.length > 0) throw new Error(mistakes.join("\n"));
  return {
    afterWrite: afterWrite.run,
    afterCommit: afterCommit.run,
    before: afterWrite.before || afterCommit.before,
  };
}

/** Rows without a key cannot be told what they were once they are changed. */
const keyless = (registry: Registry): readonly string[] =>
  [...registry].flatMap(([resource, methods]) =>
    [...(methods.get("PATCH")?.values() ?? [])]
      .filter(({ table }) => table.primaryKey.length === 0)
      .slice(0, 1)
      .map(
        ({ table }) =>
          `\`before\` of ${resource} cannot be told: ${table.name} has no primary key, by which changed rows are found again`,
      ),
  );

/** What hooks see of the rows of a write. */
export function seenBy({ afterWrite, afterCommit, before }: RouteHooks, { hooks }: Policy): Seen {
  if (before || hooks.before) return "before";
  const looks = hooks.afterQuery ?? hooks.afterCommit ?? afterWrite ?? afterCommit;
  return looks === undefined ? "nothing" : "written";
}

/** What is told of commits, and who hears of what fails then. */
interface Telling {
  readonly hooks: RouteHooks;
  readonly runtime: Pick<Runtime, "outside">;
  readonly failed: (error: unknown) => void;
}

/**
 * Tells of a write that was committed: those who hear run in their turn, one beside the other, and nobody waits for them.
 * The caller may have left by then, and it is told nevertheless.
 */
export function tellCommitted(
  { hooks: { afterCommit }, runtime, failed }: Telling,
  { hooks }: Policy,
  context: Context,
): void {
  for (const hook of [hooks.afterCommit, afterCommit]) {
    if (hook === undefined) continue;
    try {
      const told = runtime.outside(() => hook(context) as unknown);
      if (isThenable(told)) Promise.resolve(told).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
