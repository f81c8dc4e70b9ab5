import { breath, type Later, pause } from "../clock.ts";
import type { AggregateRead, FastRead, ReadStatement } from "../compile/compile.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { shareUsedUp } from "../error.ts";
import { type Asker, TableSizes } from "../execute/execute.ts";
import type { AggregatePlan, ReadPlan } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import { Debts, SMALL } from "./debts.ts";
import { Fair } from "./fair.ts";
import type { Who } from "./shares.ts";
import { type Bounds, type Reading, SlowReads } from "./slow-reads.ts";
import type { TurnOptions } from "./turns.ts";

/** What bounds how long anybody waits. */
type PaceOptions = Pick<TurnOptions, "busyTimeout" | "timeout">;

/** What holds up everybody in this process, and what takes one of a server's connections. */
const IN_PROCESS: Bounds = { slow: 5, quick: 2 };
const ON_SERVER: Bounds = { slow: 100, quick: 20 };
/** One of so many connections to a server is for slow reads. */
const PART = 4;
/** A process of the lane takes a while to begin, busy machines longer: who waits for less had better not begin one. */
const LEAST = 1_000;
/** How long a slow read may run while others wait for its place, and how often it is looked who does, in milliseconds. */
const TURN = 1_500;
const LOOK = 250;
/** The longest rest, in milliseconds. */
const LONGEST_REST = 100;
/** How long it counts that others were there, in milliseconds. */
const COMPANY = 10_000;
/** Beside its statement an answer of so many characters takes a millisecond. */
const WRITTEN = 500_000;

/** A read on its way, where it runs, what ends it, and the milliseconds that its statement has run. */
export interface Timed extends Asker {
  readonly apart: boolean;
  signal: AbortSignal;
  readonly took: number;
}

/** What all routes of a process share: its time. */
class Process {
  readonly debts = new Debts();
  /** Until when those who took much rest. */
  #rests = 0;
  readonly #begins = new Fair(1);
  /** Who asked last while somebody was in debt, and when another had before. */
  #last: string | undefined;
  #met = Number.NEGATIVE_INFINITY;

  /** Whether a caller has taken much, and is not alone. */
  isInTheWay(asker: Asker): boolean {
    if (!this.debts.any) return false;
    const { caller } = asker;
    const now = performance.now();
    if (this.#last !== undefined && caller !== this.#last) this.#met = now;
    this.#last = caller;
    return now - this.#met <= COMPANY && this.debts.has(caller, now);
  }

  async othersFirst(asker: Asker, waitMs: number): Promise<number> {
    const began = performance.now();
    await this.#begins.run(asker.caller, () => this.#rest(), { waitMs, leaving: asker });
    return performance.now() - began;
  }

  /**
   * So many milliseconds ran here for somebody. Those who took much already rest as long, and so have half of the time at
   * most; who comes anew makes nobody rest.
   */
  charge(who: Who, milliseconds: number): void {
    const now = performance.now();
    if (this.debts.has(who.caller, now)) this.#rests = now + Math.min(milliseconds, LONGEST_REST);
    this.debts.charge(who, milliseconds, now);
  }

  /** Whoever went before may have taken much again meanwhile; nobody rests for longer than the longest rest. */
  async #rest(): Promise<void> {
    await breath();
    const end = performance.now() + LONGEST_REST;
    for (let left = this.#left(end); left > 0; left = this.#left(end)) await pause(Math.ceil(left));
  }

  #left = (end: number): number => Math.min(this.#rests, end) - performance.now();
}

const HERE = new Process();

/**
 * Keeps callers from holding up each other. What runs in this process stops everybody, so who has taken much of the time
 * begins one request at a time, in turn with others like him; and a read that is slow runs in the slow lane, or on a few
 * of a server's connections.
 */
export class Pace {
  readonly #dialect: Dialect;
  readonly #options: PaceOptions;
  readonly #slow: SlowReads;
  #apart: Fair | undefined;
  /** What a statement takes at least, in milliseconds: the way to a server and back. */
  #least = Number.POSITIVE_INFINITY;

  constructor(dialect: Dialect, tables: Iterable<TableInfo>, options: PaceOptions) {
    const sizes = new TableSizes(dialect, tables, options.timeout);
    this.#dialect = dialect;
    this.#options = options;
    this.#slow = new SlowReads(sizes, dialect.remote ? ON_SERVER : IN_PROCESS);
  }

  /**
   * Lets others go first, where the caller has taken much of everybody's time and others are there, and answers how many
   * milliseconds that took; else `undefined`.
   */
  othersFirst(asker: Asker): Promise<number> | undefined {
    return HERE.isInTheWay(asker) ? HERE.othersFirst(asker, this.#options.busyTimeout) : undefined;
  }

  /** What there is to learn of a read; `undefined` where there is no other place for it. */
  readingOf(plan: ReadPlan | AggregatePlan, statement: ReadStatement, asker: Asker): Reading | undefined {
    if (statement.kind === "portable" || this.#places === 0) return undefined;
    return new Asking(plan, statement, asker);
  }

  /** Whether a read had better run apart; it waits only where that cannot be told yet. */
  isSlow(reading: Reading): boolean | Promise<boolean> {
    return this.#slow.has(reading);
  }

  /**
   * Runs a read that is slow beside others like it, each caller in turn, when it has waited so many milliseconds already.
   * Whoever has had his turn is ended where others wait.
   */
  apart<T>(task: Timed, waited: number, work: () => Later<T>): Promise<T> {
    const waitMs = Math.max(0, this.#options.busyTimeout - waited);
    const apart = (this.#apart ??= new Fair(this.#places));
    const { caller, signal } = task;
    return apart.run(caller, () => this.#inTurn(apart, task, work), { waitMs, leaving: { signal } });
  }

  async #inTurn<T>(apart: Fair, task: Timed, work: () => Later<T>): Promise<T> {
    const { caller, signal } = task;
    const end = performance.now() + TURN;
    const turn = new AbortController();
    const looking = setInterval(() => {
      if (performance.now() > end && apart.isWantedBeside(caller)) turn.abort();
    }, LOOK);
    task.signal = AbortSignal.any([signal, turn.signal]);
    try {
      return await work();
    } catch (error) {
      if (!turn.signal.aborted || signal.aborted) throw error;
      throw shareUsedUp(new Error(`a slow read had its place for ${TURN} ms, and others waited for it`));
    } finally {
      clearInterval(looking);
    }
  }

  /**
   * Learns how long a read took, whatever came of it, and charges its caller with what ran here for him: its statement,
   * what went before it, and the writing of its answer.
   */
  ran(task: Timed, reading: Reading | undefined, before: number, characters: number): void {
    const { remote } = this.#dialect;
    const { took, apart } = task;
    const spent = before + (remote || apart ? 0 : took) + characters / WRITTEN;
    if (spent >= SMALL) HERE.charge(task, spent);
    if (reading !== undefined && took > 0)
      this.#slow.learn(reading, remote ? this.#withoutWay(took) : took, apart);
  }

  /** Charges a caller with what ran here for him. */
  charge(asker: Asker, milliseconds: number): void {
    if (milliseconds >= SMALL) HERE.charge(asker, milliseconds);
  }

  /** Whether statements run in this process. */
  get isHere(): boolean {
    return !this.#dialect.remote;
  }

  /** A way that has become longer is believed by and by. */
  #withoutWay(took: number): number {
    this.#least = Math.min(took, this.#least * 1.01);
    return took - this.#least;
  }

  /** How many slow reads may run at once: without a lane on a server's connections, and nowhere else in this process. */
  get #places(): number {
    const { lane, remote } = this.#dialect;
    if (lane !== undefined) return this.#options.timeout < LEAST ? 0 : lane.size;
    if (!remote) return 0;
    const connections = this.#dialect.bounds?.("read", false)?.at(-1)?.size ?? 0;
    return Math.ceil(connections / PART);
  }
}

/** A read of somebody whose key is seldom looked at. */
class Asking implements Reading {
  readonly plan: ReadPlan | AggregatePlan;
  readonly remembered: object;
  readonly #asker: Asker;

  constructor(plan: ReadPlan | AggregatePlan, { remembered }: FastRead | AggregateRead, asker: Asker) {
    this.plan = plan;
    this.remembered = remembered;
    this.#asker = asker;
  }

  get caller(): string {
    return this.#asker.caller;
  }
}
