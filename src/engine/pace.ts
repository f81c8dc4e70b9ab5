import { breath } from "../clock.ts";
import type { FastRead, ReadStatement } from "../compile/compile.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { type Asker, TableSizes } from "../execute/execute.ts";
import type { ReadPlan } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import { Debts, SMALL } from "./debts.ts";
import { Fair } from "./fair.ts";
import { type Bounds, type Reading, SlowReads } from "./slow-reads.ts";

/** What bounds how long anybody waits. */
export interface PaceOptions {
  /** How long a request waits for its turn, in milliseconds. */
  readonly busyTimeout: number;
  /** How long a statement may take, in milliseconds. */
  readonly timeout: number;
}

/** What holds up everybody in this process, and what takes one of a server's connections. */
const HERE: Bounds = { slow: 5, quick: 2 };
const THERE: Bounds = { slow: 100, quick: 20 };
/** One of so many connections to a server is for slow reads. */
const PART = 4;
/** How long it counts that others were there, in milliseconds. */
const COMPANY = 10_000;
/** Beside its statement an answer of so many characters takes a millisecond. */
const WRITTEN = 500_000;

/** A read on its way, where it runs, and the milliseconds that its statement has run. */
export interface Timed extends Asker {
  readonly apart: boolean;
  readonly took: number;
}

/**
 * Keeps callers from holding up each other. What runs in this process stops everybody, so who has taken much of the time
 * begins one request at a time, in turn with others like him; and a read that is slow runs in the slow lane, or on a few
 * of a server's connections.
 */
export class Pace {
  readonly #dialect: Dialect;
  readonly #options: PaceOptions;
  readonly #debts = new Debts();
  readonly #begins = new Fair(1);
  readonly #slow: SlowReads;
  #apart: Fair | undefined;
  /** Who asked last while somebody was in debt, and when another had before. */
  #last: string | undefined;
  #met = Number.NEGATIVE_INFINITY;

  constructor(dialect: Dialect, tables: Iterable<TableInfo>, options: PaceOptions) {
    const sizes = new TableSizes(dialect, tables, options.timeout);
    this.#dialect = dialect;
    this.#options = options;
    this.#slow = new SlowReads(sizes, dialect.remote ? THERE : HERE);
  }

  /** Lets others go first, where the caller has taken much of everybody's time and others are there; else `undefined`. */
  othersFirst(asker: Asker): Promise<void> | undefined {
    if (!this.#debts.any) return undefined;
    const { caller } = asker;
    const now = performance.now();
    if (this.#last !== undefined && caller !== this.#last) this.#met = now;
    this.#last = caller;
    if (now - this.#met > COMPANY || !this.#debts.has(caller, now)) return undefined;
    const { busyTimeout: waitMs } = this.#options;
    return this.#begins.run(caller, breath, { waitMs, signal: asker.signal });
  }

  /** What there is to learn of a read; `undefined` where there is no other place for it. */
  readingOf(plan: ReadPlan, statement: ReadStatement, asker: Asker): Reading | undefined {
    if (statement.kind !== "fast" || this.#places === 0) return undefined;
    return new Asking(plan, statement, asker);
  }

  isSlow(reading: Reading): boolean {
    return this.#slow.has(reading, performance.now());
  }

  /** Runs a read that is slow beside others like it, each caller in turn, and learns of it though it fails. */
  async apart<T>(task: Timed, reading: Reading, work: () => Promise<T>): Promise<T> {
    const { busyTimeout: waitMs } = this.#options;
    this.#apart ??= new Fair(this.#places);
    return this.#apart.run(
      task.caller,
      async () => {
        const began = performance.now();
        try {
          return await work();
        } catch (error) {
          const now = performance.now();
          this.#slow.learn(reading, { milliseconds: now - began, apart: true, now });
          throw error;
        }
      },
      { waitMs, signal: task.signal },
    );
  }

  /** Learns how long a read took, and charges its caller with what ran here for him. */
  ran(task: Timed, reading: Reading | undefined, json = ""): void {
    const spent = (this.#dialect.remote || task.apart ? 0 : task.took) + json.length / WRITTEN;
    if (reading === undefined && spent < SMALL) return;
    const now = performance.now();
    if (spent >= SMALL) this.#debts.charge(task, spent, now);
    if (reading !== undefined) this.#slow.learn(reading, { milliseconds: task.took, apart: task.apart, now });
  }

  /** Charges a caller with what ran here for him. */
  charge(asker: Asker, milliseconds: number): void {
    if (milliseconds >= SMALL && !this.#dialect.remote)
      this.#debts.charge(asker, milliseconds, performance.now());
  }

  /** How many slow reads may run at once: without a lane on a server's connections, and nowhere else in this process. */
  get #places(): number {
    const { lane, remote } = this.#dialect;
    if (lane !== undefined) return lane.size;
    if (!remote) return 0;
    const connections = this.#dialect.bounds?.("read", false)?.at(-1)?.size ?? 0;
    return Math.ceil(connections / PART);
  }
}

/** A read of somebody whose key is seldom looked at. */
class Asking implements Reading {
  readonly plan: ReadPlan;
  readonly remembered: FastRead["remembered"];
  readonly #asker: Asker;

  constructor(plan: ReadPlan, { remembered }: FastRead, asker: Asker) {
    this.plan = plan;
    this.remembered = remembered;
    this.#asker = asker;
  }

  get caller(): string {
    return this.#asker.caller;
  }
}
