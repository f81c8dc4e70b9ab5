import type { Later, SharedLimit } from "../clock.ts";
import type { Context, Row } from "../author/author.ts";
import type { ReadStatement, Text, WriteSteps } from "../compile/compile.ts";
import type { Dialect } from "../dialect/dialect.ts";
import type { AuthorFunction, Hooks, QueryResult } from "../policy/policy.ts";
import type { Held, TableInfo } from "../schema/schema.ts";
import type { Unreadable } from "../syntax/syntax.ts";
import type { Meeting } from "./meet.ts";
import type { FoundPage } from "./page.ts";
import type { Meter } from "./read.ts";
import type { Amid, Given } from "./write.ts";

/** What runs between begin and commit. */
export interface Task<Answer> extends Asker, Meter {
  readonly work: Work;
  /** Whether it needs a transaction of its own, hooks or not. */
  readonly atomic: boolean;
  readonly hooks: Hooks;
  /** What runs after every write of the route, and after the rule's own hook. */
  readonly afterWrite?: AuthorFunction | undefined;
  /** Whether it is known to be done and kept. */
  kept: boolean;
  /** What the hooks are handed; the transaction and what came of the work are put on it. */
  readonly context: Context;
  /** The rows of a write, where they were made and somebody is told of them. */
  rows?: readonly Row[] | undefined;
  /** What the rows have that a write reaches; absent where nobody is told of it, or it is not known. */
  readonly reach?: (() => Held) | undefined;
  /** Whether its statement is to run where it holds up nobody, if there is such a place. */
  apart: boolean;
  /** Hears that its statement is on its way, where it is one whose answer is that of the task. */
  sent?: (() => void) | undefined;
  /** Makes the answer of what was written, before it is kept; without it what the work came to is the answer. */
  readonly finish?: ((outcome: QueryResult) => Later<Answer>) | undefined;
}

/** For whom work is done. Both are made when they are looked at first, which costs something. */
export interface Asker {
  /** The key of who asks: `n:` and his name, `a:` and his address, or nothing. For fairness only. */
  readonly caller: string;
  /** Aborts when he leaves. */
  readonly signal: AbortSignal;
}

/** What is asked of the database. */
export type Work =
  | {
      readonly kind: "read";
      readonly read: ReadStatement;
      /** Tells of a page where the next begins; absent where nobody asked. */
      readonly tell?: ((page: FoundPage) => NonNullable<QueryResult["page"]>) | undefined;
    }
  | {
      readonly kind: "write";
      /** The table whose rows it writes. */
      readonly table: TableInfo;
      readonly write: WriteSteps;
      /** Whether it may do without a transaction, by a statement that undoes itself. */
      readonly guards?: boolean;
      /** The rows to write, once `beforeQuery` has had them. */
      readonly values: () => readonly Row[] | Promise<readonly Row[]>;
      /** What tells the rows that they are for, where these were met. */
      readonly keys?: NonNullable<Given["keys"]>;
      /** Is told which rows meet others, before `afterQuery`. */
      readonly tell?: (meeting: Meeting) => void;
      /** What is done amid it, where something is. */
      readonly amid?: Amid | undefined;
    };

/** Where tasks run. */
export interface Runtime {
  readonly dialect: Dialect;
  /** How long a transaction may take, in milliseconds. */
  readonly timeout: number;
  /** The same, of all reads that are not asked again. */
  readonly limit: SharedLimit;
  /** Lets work in where the dialect bounds how much of it runs at once. */
  readonly turn: Turn;
  /** Runs what is no part of a transaction. */
  readonly outside: Outside;
  /** Hears of columns that hold what they cannot read. */
  readonly unreadable: Unreadable;
  /** Tells others of what was written; absent where nobody listens. */
  readonly telling?: Telling | undefined;
}

/** A statement that tells of tasks, and who hears what it answers. */
export interface Riding extends Text {
  readonly answered?: ((row: ArrayLike<unknown> | undefined) => void) | undefined;
}

/** Tells others of tasks that may have written: of writes, and of those whose hooks had a transaction. */
export interface Telling {
  /** What tells of them in their own transaction, before the commit; absent where nothing rides in it. */
  readonly ride?: ((tasks: Iterable<Task<unknown>>) => Riding | undefined) | undefined;
  /** Hears of tasks that are kept. */
  kept(tasks: Iterable<Task<unknown>>): void;
  /** Hears of tasks of which nobody knows whether they are kept. */
  unsure(): void;
}

/** Runs a function of an author that may use the database, beside everybody's transactions; whoever leaves waits no longer. */
export type Outside = <T>(work: () => Later<T>, asker?: Asker, late?: () => unknown) => Later<T>;

/** Runs work that reads or writes, in a transaction or not, when it is its caller's turn: at once where nobody waits for one. */
export type Turn = <T>(
  asker: Asker,
  mode: Work["kind"],
  transaction: boolean,
  work: () => Later<T>,
) => Later<T>;

/** Whether a task has hooks that run in its transaction. */
export const isHooked = ({ hooks, afterWrite }: Task<unknown>): boolean =>
  (hooks.beforeQuery ?? hooks.afterQuery ?? afterWrite) !== undefined;
