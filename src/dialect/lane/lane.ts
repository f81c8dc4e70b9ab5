import { pause, within } from "../../clock.ts";
import { busy, Gone, HttpError, timeout, tooLargeAnswer } from "../../error.ts";
import type { DialectOptions, Lane, LaneAnswer, LaneOptions, ResultRows } from "../contract.ts";
import { Ended, type Helper, Refused } from "./helper.ts";
import { findHost, type Host } from "./host.ts";
import { FUNCTIONS, lookOf, SETTINGS } from "./look.ts";
import type { Driver, Look, Place, Question } from "./message.ts";
import { POOL, type Pool } from "./pool.ts";

/** The application's own connection, as far as the lane knows it. */
export interface Front {
  readonly driver: Driver;
  /** Asks how it is set, at once, whoever has it. */
  readonly ask: (text: string) => ResultRows | Promise<ResultRows>;
  readonly closed: () => boolean;
}

type Options = Parameters<Lane["read"]>[2];

/** What bounds one question. */
interface Deadline {
  readonly milliseconds: number;
  /** When they are over. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/** How long a statement may go on after its caller has left: to begin a process anew takes as long, in milliseconds. */
const GRACE = 100;
/** How long nothing is asked of a lane whose processes cannot begin, in milliseconds. */
const RECOVERY = 10_000;
/** How long it is known which functions of the application's stand in place of built-in ones, in milliseconds. */
const KNOWN = 5_000;

/** What SQLite says of a statement for which something is missing, or may not be done, on a connection. */
const MISSING =
  /^(no such (table|column|function|collation sequence|module)|unknown (database|function)|wrong number of arguments|unsafe use of|not authorized|attempt to write|unable to open)/i;

const NOWHERE =
  "there is no slow lane, so that slow reads hold up others: its program is not where the package is, as in a bundle; leave the package out of that, or set `lane: false`";
const HOW = "name a module that opens a connection as your application does: `lane: { open }`";

/** How connections may differ, and in which words that is told; bigints last. */
const DIFFERENCES = [
  ["settings", "settings"],
  ["functions", "functions"],
  ["bigints", "whole numbers"],
] as const;

/**
 * Opens the slow lane of a file with a write-ahead log; `undefined` for any other database, and where the runtime has no
 * processes.
 */
export async function openLane(front: Front, options: DialectOptions): Promise<Lane | undefined> {
  const { lane, warn } = options;
  if (lane === false) return undefined;
  try {
    const [main] = await front.ask("select file from pragma_database_list where name = 'main'");
    const file = main?.[0];
    if (typeof file !== "string" || file === "") return undefined;
    const [journal] = await front.ask("pragma journal_mode");
    if (journal?.[0] !== "wal") return undefined;
    const host = await findHost();
    if (host === undefined) {
      warn(NOWHERE);
      return undefined;
    }
    return new SlowLane(front, { file, host, lane, warn });
  } catch {
    return undefined; // a database that cannot be asked now is right without one
  }
}

interface Made {
  readonly file: string;
  readonly host: Host;
  readonly lane: LaneOptions;
  readonly warn: (sentence: string) => void;
  readonly pool?: Pool;
}

/** What a process says of rows with more bytes than it may send. */
const TOO_LARGE = "too-large-answer";

/** Processes with a connection of their own, which only read. */
export class SlowLane implements Lane {
  readonly size: number;
  readonly #front: Front;
  readonly #host: Host;
  readonly #place: Place;
  readonly #warn: (sentence: string) => void;
  readonly #pool: Pool;
  readonly #warned = new Set<string>();
  /** Until when nothing is asked of it. */
  #recovers = 0;
  /** The functions of the application's connection, and until when they are known. */
  #functions: ResultRows = [];
  #known = 0;

  constructor(front: Front, { file, host, lane, warn, pool = POOL }: Made) {
    const { driver } = front;
    const open = lane.open === undefined ? undefined : String(lane.open);
    this.size = lane.processes ?? host.spare;
    this.#front = front;
    this.#host = host;
    this.#place = { driver, file, identity: host.identityOf(file), open, bigints: false };
    this.#warn = warn;
    this.#pool = pool;
  }

  async read(text: string, values: readonly unknown[], options: Options): Promise<LaneAnswer | undefined> {
    const { milliseconds, signal, most } = options;
    if (signal.aborted) throw new Gone();
    if (performance.now() < this.#recovers) return undefined;
    const bounds = { milliseconds, signal, until: performance.now() + milliseconds };
    const front = await this.#look();
    const helper = front && (await this.#take(front, bounds));
    if (helper === undefined) return undefined;
    try {
      const look = await this.#begun(helper, bounds);
      if (look === undefined || !this.#agree(front!, look)) return undefined;
      if (signal.aborted) throw new Gone();
      return await this.#ask(helper, { text, values, ...(most !== undefined && { most }) }, bounds);
    } finally {
      this.#pool.release(helper);
    }
  }

  /** How the application's connection is set; `undefined` where it cannot say. */
  async #look(): Promise<Look | undefined> {
    const { ask, closed, driver } = this.#front;
    try {
      if (closed()) return undefined;
      const now = performance.now();
      if (now > this.#known) {
        this.#functions = await ask(FUNCTIONS);
        this.#known = now + KNOWN;
      }
      const look = lookOf(await ask(SETTINGS), this.#functions);
      return driver === "libsql" ? { ...look, bigints: false } : look;
    } catch {
      return undefined;
    }
  }

  /** A process for oneself; `undefined` where none can be made. */
  async #take({ bigints }: Look, { milliseconds, signal }: Deadline): Promise<Helper | undefined> {
    const { closed } = this.#front;
    const want = { host: this.#host, place: { ...this.#place, bigints }, size: this.size, closed };
    try {
      return await this.#pool.take(want, milliseconds, signal);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      return this.#fail(error);
    }
  }

  /** How the connection of a process is set, once it is; `undefined` where it cannot begin. */
  async #begun(helper: Helper, bounds: Deadline): Promise<Look | undefined> {
    try {
      return await inTime(helper.ready, bounds);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      if (error instanceof Ended && error.killed) throw busy(error); // which says nothing of the next one
      return this.#fail(error);
    }
  }

  /** Lets nobody ask for a while. */
  #fail(error: unknown): undefined {
    this.#recovers = performance.now() + RECOVERY;
    this.#tell(
      "begin",
      `the slow lane cannot begin, so that slow reads hold up others: ${(error as Error).message}; ${HOW}`,
    );
  }

  /** Whether both connections are set alike; the author's own module is believed. */
  #agree(front: Look, look: Look): boolean {
    const differs = DIFFERENCES.find(([name]) => front[name] !== look[name]);
    // What libSQL answers are texts and counts, which are read alike.
    if (differs === undefined || (differs[0] === "bigints" && this.#front.driver === "libsql")) return true;
    const [name, words] = differs;
    const own = this.#place.open !== undefined;
    this.#tell(
      name,
      own
        ? `lane.open: the connection it opens has other ${words} than yours, so that slow reads may answer otherwise`
        : `your connection has ${words} that the slow lane has not, so that slow reads hold up others; ${HOW}`,
    );
    return own;
  }

  async #ask(helper: Helper, question: Question, bounds: Deadline): Promise<LaneAnswer | undefined> {
    const { signal } = bounds;
    const leave = (): void => void abandon(helper, this.#pool);
    signal.addEventListener("abort", leave);
    try {
      return await inTime(helper.ask(question), bounds);
    } catch (error) {
      if (signal.aborted) throw new Gone();
      if (error instanceof Ended) throw busy(error); // it may be what ended the process, so nobody else asks it
      if (error instanceof Refused && error.code === TOO_LARGE) throw tooLargeAnswer(question.most!);
      if (!(error instanceof Refused) || !MISSING.test(error.message)) throw error;
      this.#tell("missing", `the slow lane lacks what your connection has (${error.message}); ${HOW}`);
      return undefined;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Tells of each thing once. */
  #tell(what: string, sentence: string): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    try {
      this.#warn(sentence);
    } catch {} // what is told cannot change an answer
  }
}

const inTime = <T>(work: Promise<T>, { milliseconds, until }: Deadline): Promise<T> =>
  within(until - performance.now(), work, () => timeout(milliseconds));

/** Ends the process of a caller who has left, where its statement does not end soon, and not too often. */
async function abandon(helper: Helper, pool: Pool): Promise<void> {
  const { asked } = helper;
  const goesOn = (): boolean => helper.busy && helper.asked === asked;
  let rest = GRACE;
  do {
    await pause(rest);
    if (!goesOn()) return;
    rest = pool.patience();
  } while (rest > 0);
  helper.kill();
}
