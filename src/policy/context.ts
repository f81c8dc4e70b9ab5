import type { SQL } from "drizzle-orm";

/** The rows a rule's filter lets through: a condition, `true` for every row; nothing answered admits nothing. */
export type RowFilter = SQL | boolean | null | undefined;

/** What every function of a rule is handed beside the session: one object per request, shared by all of them. */
export interface RequestContext {
  readonly request: Request;
  readonly method: string;
  readonly resourceId: string;
  /** Whether one row is asked for instead of a list. */
  readonly findFirst: boolean;
  /** The role whose rule decides: the first of the caller's that has one. A rule that is borrowed is asked in its own. */
  readonly role: string | undefined;
  /** All of the caller's roles, strongest first. */
  readonly roles: readonly string[];
  /**
   * What the entry's validators made of the parameters that it declares; frozen, and empty until it is known who asks. Which
   * there are, `ValidParams` says.
   */
  readonly params: object;
  /**
   * Says which tables a function has written past the engine, so that live answers that depend on them are asked again: in a
   * transaction once it is committed, else at once. Tables go by their names in the schema. A hook that has `tx` and says
   * nothing may have written anywhere; `changed()` without a name says that it has written nothing.
   *
   * @example afterQuery: async ({ tx, changed }) => { await tx.insert(audit).values(…); changed("audit"); }
   */
  readonly changed: (...tables: readonly string[]) => void;
  /**
   * Whether a write is only tried out, as `Prefer: tx=rollback` asks where its rule says `dryRun: true`: all of it is taken
   * back, and what a hook does outside of the transaction is not. Absent where it is meant.
   *
   * @example afterQuery: ({ dryRun, result }) => { if (dryRun !== true) notify(result.rows); }
   */
  readonly dryRun?: boolean;
}

/** The outcome of a request, as hooks and formatters see it; dates are `Date`s. */
export interface QueryResult {
  /**
   * The rows, or with `findFirst` the row or null; absent when only counts were asked for. With `aggregate` the groups, or
   * without `groupBy` the numbers.
   */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly rows?: any;
  readonly count?: number;
  /** The rows the rule's filter lets the caller see, without the client's filter. */
  readonly total?: number;
  /** The rows that the client's filter leaves of them, whatever the page, where it asks for their number. */
  readonly filtered?: number;
  /** Whether a maximum that the client did not name left some of them out; absent where not. */
  readonly more?: true;
  /** The cursors of the pages beside this one, where they were asked for; null where there is no page. */
  readonly page?: { readonly next: string | null; readonly previous: string | null };
  readonly rowsAffected?: number;
  /** Of a POST with `onConflict`, how many of these are new. */
  readonly inserted?: number;
}

/** The context inside the transaction: `tx` is a Drizzle transaction, `body` what will be written. */
export interface QueryContext<Database = unknown> extends RequestContext {
  readonly tx: Database;
  /** The row, or rows, a POST or PATCH writes; `beforeQuery` may change them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what a body holds is the author's to say
  body: any;
}

/** The context once the database has answered. */
export interface ResultContext<Database = unknown> extends QueryContext<Database> {
  readonly result: QueryResult;
}

/** What an author's function may answer later. */
export type Awaitable<T> = T | Promise<T>;

/** What a formatter is handed beside the session. */
export interface FormatContext extends RequestContext {
  readonly result: QueryResult;
  /** In a write, the Drizzle transaction it stands in, which what it throws rolls back; a read has none any more. */
  // oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per driver
  readonly tx?: any;
}

/** Answers a `Response`, or a value that becomes JSON, in place of the default body. */
export type FormatResult<Context = object> = (
  request: Request,
  context: Context & FormatContext,
  // oxlint-disable-next-line typescript/no-explicit-any -- a value that becomes JSON
) => Awaitable<any>;

/** A hook of a write; with `before: true` it is handed the rows as they were, too. */
export type WriteHook<Run, RunBefore = Run> = Run | { readonly before: true; readonly run: RunBefore };

/** The rows of a write as its hooks see them: whole, whatever the client asked to hear of them. */
export interface WrittenContext {
  /** The rows that were written, as they are stored; those of a DELETE as they were. */
  // oxlint-disable-next-line typescript/no-explicit-any -- rows of any table
  readonly written: readonly any[];
  /** The same rows as they were before, in the same order, where the hook asks for them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- rows of any table
  readonly before?: readonly any[];
}

/** The rows of a write, and as they were, for a hook that asks for them. */
export interface ChangedContext extends WrittenContext {
  // oxlint-disable-next-line typescript/no-explicit-any -- rows of any table
  readonly before: readonly any[];
}

/**
 * What an entry's validators make of the parameters that it declares, for its functions to know what `params` holds.
 *
 * @example
 * const params = { org: z.string() };
 * export const tasks = { tasks: { table: "task", params, control } } satisfies ACL<Role, Session, { params: ValidParams<typeof params> }>;
 */
export type ValidParams<Validators> = {
  readonly [K in keyof Validators]: Validators[K] extends {
    readonly "~standard": { readonly types?: infer Types };
  }
    ? NonNullable<Types> extends { readonly output: infer Value }
      ? Value
      : unknown
    : unknown;
};

/** The transaction a Drizzle database hands to its callback. */
export type Transaction<Database> = Database extends {
  transaction(work: (tx: infer Tx) => unknown, ...rest: never[]): unknown;
}
  ? Tx
  : unknown;
