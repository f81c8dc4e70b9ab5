import type { Operators, SQL, View } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../infer.ts";
import type { METHODS, MethodWith, RuledMethod } from "../request/method.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** The rows a rule's filter lets through: a condition, `true` for every row; nothing answered admits nothing. */
export type RowFilter = SQL | boolean | null | undefined;

/** What every function of a rule is handed beside the session: one object per request, shared by all of them. */
export interface RequestContext {
  readonly request: Request;
  readonly method: string;
  readonly resourceId: string;
  /** Whether one row is asked for instead of a list. */
  readonly findFirst: boolean;
  readonly role: string | undefined;
}

/** The outcome of a request, as hooks and formatters see it; dates are `Date`s. */
export interface QueryResult {
  /** The rows, or with `findFirst` the row or null; absent when only counts were asked for. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly rows?: any;
  readonly count?: number;
  /** The rows the rule's filter lets the caller see, without the client's filter. */
  readonly total?: number;
  readonly rowsAffected?: number;
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

/** The limits an author may set; a rule's come before its entry's, those before the defaults, `null` lifts one. */
export interface LimitOptions {
  /** The most rows a read answers, and how many it answers when the client names no limit. */
  readonly maxLimit?: number | null | undefined;
  /** The most rows a read may skip: the database walks them all, and sorts them where no index does. */
  readonly maxOffset?: number | null | undefined;
  /** How many relations deep a read may go; 0 is none. */
  readonly maxDepth?: number | null | undefined;
  /** The most conditions in all filters of a request together. */
  readonly maxConditions?: number | null | undefined;
  /** The most items in one list of a filter. */
  readonly maxList?: number | null | undefined;
  /** The most rows in one POST. */
  readonly maxRows?: number | null | undefined;
  /** The most bytes of a body. */
  readonly maxBodySize?: number | null | undefined;
  /** The most rows a nested read could return, over the whole tree. */
  readonly maxCost?: number | null | undefined;
  /**
   * The most work a question could be, in rows that are read and compared with one value: patterns, sorts and rows skipped
   * weigh more, and each relation by the rows above it. It is told from the question and the schema, whatever tables hold.
   */
  readonly maxWork?: number | null | undefined;
  /**
   * The most bytes of an answer, 16 MiB by default: of its body, and of the rows that a hook or a formatter is handed. An
   * answer is never sent in parts, so it stands in memory as a whole.
   */
  readonly maxAnswerSize?: number | null | undefined;
  /** What happens to a limit beyond `maxLimit`: refused (`"Throw"`, the default) or lowered to it. */
  readonly onSurpassMaxLimit?: "Throw" | "Limit" | undefined;
}

/** What a rule forbids its clients to use. */
export interface ForbidQuery {
  readonly columns?: boolean;
  readonly offset?: boolean;
  readonly limit?: boolean;
  readonly where?: boolean;
  readonly orderBy?: boolean;
  readonly with?: boolean;
}

/** Which columns: all, none, only these (`mode: true`), or all but these. */
export type ColumnChoice<Name extends string> =
  | boolean
  | {
      readonly mode?: boolean;
      // With `Set` beside `ReadonlySet`, a wrong name in `new Set([…])` is compared by name; else by the sets' methods.
      readonly columns: readonly Name[] | Set<Name> | ReadonlySet<Name>;
    };

/** What a rule for a table's rows may say, wherever it stands: at the top or in a relation. */
export interface RelationRule<Context, Schema extends SchemaShape, T extends TableName<Schema>> extends Pick<
  LimitOptions,
  "maxLimit" | "maxOffset" | "maxDepth" | "onSurpassMaxLimit"
> {
  /** The columns it lets out. Without `select` a rule lets none out. */
  readonly select?: ColumnChoice<keyof ColumnsOf<Schema, T> & string>;
  /** Computed fields by name. */
  readonly extras?: Readonly<Record<string, SQL.Aliased>>;
  /** Row-level security: the rows that exist for the caller. */
  readonly where?: (
    context: Context & RequestContext,
    table: Schema[T],
    operators: Operators,
  ) => Awaitable<RowFilter>;
  /** The order when the client names none. */
  readonly orderBy?: { readonly [K in keyof ColumnsOf<Schema, T> & string]?: "asc" | "desc" | 1 | -1 };
  readonly forbidQuery?: ForbidQuery;
  /** The relations that may be asked for, each under a rule of its own. */
  readonly with?: {
    readonly [R in keyof RelationsOf<Schema, T>]?:
      | boolean
      | RelationRule<Context, Schema, TargetOf<Schema, RelationsOf<Schema, T>[R]>>;
  };
}

/** What a rule at the top of a resource may say, for any method. */
export interface Rule<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>>
  extends RelationRule<Context, Schema, T>, LimitOptions {
  /** Runs in the transaction before the statement; a `Response` ends the request after a rollback. */
  readonly beforeQuery?: (
    context: Context & QueryContext<Transaction<Database>>,
  ) => Awaitable<Response | void>;
  /** Runs in the transaction after the statement; a `Response` becomes the answer after the commit. */
  readonly afterQuery?: (
    context: Context & ResultContext<Transaction<Database>>,
  ) => Awaitable<Response | void>;
  /** Asked about whatever was thrown in the transaction; a `Response` becomes the answer. */
  readonly onQueryError?: (
    error: Error,
    context: Context & QueryContext<Transaction<Database>>,
  ) => Awaitable<Response | void>;
  readonly formatResult?: FormatResult<Context>;
}

/** A body as a validator lets it through. Not `any`: of `{ ...body, userId }` would be known nothing, and so it is the column. */
// oxlint-disable-next-line typescript/no-explicit-any -- only the author's validator knows
export type ValidBody = Record<string, any>;

/** What a rule for POST or PATCH may say. */
export interface WriteRule<
  Context,
  Schema extends SchemaShape,
  Database,
  T extends TableName<Schema>,
> extends Rule<Context, Schema, Database, T> {
  /** A function or any Standard Schema (ArkType, Zod, Valibot …); of an array every row is validated. */
  readonly validateBody?:
    | ((body: unknown, context: Context & RequestContext) => Awaitable<unknown>)
    | StandardSchema;
  /**
   * Changes a validated row before it is written; trusted, it may set any column. Those that it adds, as its type says,
   * clients need not give.
   */
  // A method, so that an author may say what the body is.
  // oxlint-disable-next-line typescript/no-explicit-any -- its type says what it adds
  injectBody?(body: ValidBody, context: Context & RequestContext): Awaitable<any>;
  /** The columns a client's body may set; by default those the server does not make itself. */
  readonly write?: ColumnChoice<keyof ColumnsOf<Schema, T> & string>;
  /** What a written row must satisfy, in place of `where`, all tables being as they were before; `true` for nothing. */
  readonly check?:
    | true
    | ((context: Context & RequestContext, table: Schema[T], operators: Operators) => Awaitable<RowFilter>);
  /** What every written row must satisfy once all are written: a quota, an invariant over the table. */
  readonly ensure?:
    | true
    | ((context: Context & RequestContext, table: Schema[T], operators: Operators) => Awaitable<RowFilter>);
}

/** What keeps a PATCH or DELETE from changing too much. */
export interface ChangeGuards {
  /** Refuses a request that names no filter. */
  readonly requireWhere?: boolean;
  /** Rolls back when more rows than this would change. */
  readonly maxAffected?: number;
}

/** What a rule may say, by what its method does. */
export interface RulesByAction<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>> {
  readonly read: Rule<Context, Schema, Database, T>;
  readonly insert: WriteRule<Context, Schema, Database, T>;
  readonly update: WriteRule<Context, Schema, Database, T> & ChangeGuards;
  readonly delete: Rule<Context, Schema, Database, T> & ChangeGuards;
}

/** What a rule may say, by method. */
export type RulesByMethod<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>> = {
  readonly [M in RuledMethod]: RulesByAction<Context, Schema, Database, T>[(typeof METHODS)[M]["action"]];
};

/** The methods rules can be written for: a view is only read. */
export type MethodOf<Source> = Source extends View ? MethodWith<"read"> : RuledMethod;

/** One resource: its table, and who may do what with it. */
export interface AclEntry<
  Role extends string,
  Context,
  Schema extends SchemaShape,
  Database,
  T extends TableName<Schema>,
> extends LimitOptions {
  /** The name of a table, or a view, in the schema. */
  readonly table: T;
  /** `true`: always one row; `false`: always a list; absent: as the client wishes. */
  readonly findFirst?: boolean;
  /** Whether the total is counted when the client does not say. */
  readonly countTotal?: boolean;
  /** Whether the table has triggers; by default the database is asked, at the first write. */
  readonly triggers?: boolean;
  readonly formatResult?: FormatResult<Context>;
  readonly control: {
    readonly [M in MethodOf<Schema[T]>]?: {
      readonly [R in Role | "guest" | "mine" | "all"]?: RulesByMethod<Context, Schema, Database, T>[M];
    };
  };
}

/** The transaction a Drizzle database hands to its callback. */
export type Transaction<Database> = Database extends {
  transaction(work: (tx: infer Tx) => unknown, ...rest: never[]): unknown;
}
  ? Tx
  : unknown;

/**
 * The access-control file: resources by the id in the URL. Write it with `satisfies`, so that every table, column,
 * relation, role and method in it is checked.
 *
 * @example
 * export default {
 *   posts: { table: "post", control: { GET: { mine: { select: true, where: ({ user }, post, { eq }) => eq(post.userId, user.id) } } } },
 * } satisfies ACL<"user" | "admin", Session, {}, typeof schema, typeof db>;
 */
export type ACL<
  Role extends string = string,
  Session = object,
  XContext = object,
  Schema extends SchemaShape = SchemaShape,
  Database = unknown,
> = Readonly<
  Record<
    string,
    | { [T in TableName<Schema>]: AclEntry<Role, Session & XContext, Schema, Database, T> }[TableName<Schema>]
    | NoEntry
  >
>;

/**
 * No entry is one. Without it every member of the union has a `control`, and TypeScript reports a mistake in one table's
 * `control` against the union of all tables' (that is, against any); with it, against the entry of the same `table`.
 */
export interface NoEntry {
  readonly table: never;
}

/** Any access-control file, whatever its schema and session: what the engine takes. */
export interface AnyRule extends LimitOptions, ChangeGuards {
  readonly select?: ColumnChoice<string>;
  readonly extras?: Readonly<Record<string, SQL.Aliased>>;
  readonly where?: AuthorFunction;
  readonly check?: true | AuthorFunction;
  readonly ensure?: true | AuthorFunction;
  readonly orderBy?: Readonly<Record<string, unknown>>;
  readonly forbidQuery?: ForbidQuery;
  readonly with?: Readonly<Record<string, boolean | AnyRule | undefined>>;
  readonly validateBody?: AuthorFunction | StandardSchema;
  readonly injectBody?: AuthorFunction;
  readonly write?: ColumnChoice<string>;
  readonly beforeQuery?: AuthorFunction;
  readonly afterQuery?: AuthorFunction;
  readonly onQueryError?: AuthorFunction;
  readonly formatResult?: AuthorFunction;
}

/** A function of an author; its own types were checked where it was written. */
// oxlint-disable-next-line typescript/no-explicit-any -- functions over different tables have no common parameters
export type AuthorFunction = (...parameters: any[]) => any;

/** Any resource of any access-control file. */
export interface AnyEntry extends LimitOptions {
  readonly table: string;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly triggers?: boolean;
  readonly formatResult?: AuthorFunction;
  /** Absent in `NoEntry` alone. */
  readonly control?: Readonly<Record<string, Readonly<Record<string, AnyRule | undefined>> | undefined>>;
}

/** Any access-control file. */
export type AnyACL = Readonly<Record<string, AnyEntry>>;
