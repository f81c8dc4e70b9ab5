import type { Operators, SQL, View } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TableName } from "../infer.ts";
import type { METHODS, MethodWith, RuledMethod } from "../request/method.ts";
import type { AggregateChoice } from "./aggregate-rule.ts";
import type {
  Awaitable,
  ChangedContext,
  FormatResult,
  QueryContext,
  RequestContext,
  ResultContext,
  RowFilter,
  Transaction,
  WriteHook,
  WrittenContext,
} from "./context.ts";
import type { Elsewhere, Handed, Lists, TargetFrom } from "./list-rule.ts";
import type { Nests } from "./nest-rule.ts";
import type { ManyRelationOf, OneRelationOf, RuleOrder, TargetAt } from "./order-rule.ts";
import type { StandardSchema } from "./standard-schema.ts";

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
  /** Counting rows of its relations: `_count`, and filters and orders by numbers. */
  readonly count?: boolean;
  /** Leaving out rows that lack a related one. */
  readonly required?: boolean;
  readonly aggregate?: boolean;
  readonly cursor?: boolean;
  readonly search?: boolean;
}

/** Which columns: all, none, only these (`mode: true`), or all but these. */
export type ColumnChoice<Name extends string> =
  | boolean
  | {
      readonly mode?: boolean;
      // With `Set` beside `ReadonlySet`, a wrong name in `new Set([…])` is compared by name; else by the sets' methods.
      readonly columns: readonly Name[] | Set<Name> | ReadonlySet<Name>;
    };

/** Columns that are let out together: on all rows, or on those of which `when` holds. */
export interface ColumnGrant<Context, Table, Name extends string> {
  readonly columns: Exclude<ColumnChoice<Name>, boolean>["columns"];
  /** Asked of the stored row; what it does not say is true is false. */
  readonly when?: (
    context: Context & RequestContext,
    table: Table,
    operators: Operators,
  ) => Awaitable<RowFilter>;
}

/**
 * A list of grants, of which one must hold. Not an array's type: beside one, TypeScript reports a wrong name in a choice of
 * columns at the whole choice.
 */
export interface ColumnGrants<Context, Table, Name extends string> {
  readonly length: number;
  readonly [index: number]: ColumnGrant<Context, Table, Name>;
}

/** Which columns, on which rows: the same for all, or a list of grants. */
export type ColumnAccess<Context, Table, Name extends string> =
  | ColumnChoice<Name>
  | ColumnGrants<Context, Table, Name>;

/** A computed field: one for all, or a function of the caller's that is asked with each request. */
export type Extra<Context, Table> =
  | SQL.Aliased
  | ((context: Context & RequestContext, table: Table, operators: Operators) => Awaitable<SQL | SQL.Aliased>);

/**
 * The name of a resource. Any text: which resources there are, the file that is being written says, and a wrong name is a
 * mistake at start. Beside `Lowercase`, TypeScript keeps the text that stands there, by which the client knows the rules.
 */
export type ResourceId = (string & {}) | Lowercase<string>;

/** Resources by the relations that lead to them. Where there are none, a sentence stands in place of any. */
export type Parents<Relation extends string, T extends string = string> = [Relation] extends [never]
  ? { readonly [relation: string]: `no relation of \`${T}\` leads to one row` }
  : { readonly [R in Relation]?: ResourceId };

/** What a rule for a table's rows may say, wherever it stands: at the top or in a relation. Its functions are handed the table. */
export interface RelationRule<
  Context,
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Ends extends TableName<Schema> = T,
> extends Pick<LimitOptions, "maxLimit" | "maxOffset" | "maxDepth" | "onSurpassMaxLimit"> {
  /**
   * The columns it lets out. Without `select` a rule lets none out. With a list of grants a column is let out on the rows on
   * which one of its grants holds, and is masked on the others: null, for everything a client can do.
   */
  readonly select?: ColumnAccess<Context, Handed<Schema, Ends>, keyof ColumnsOf<Schema, T> & string>;
  /** Computed fields by name. */
  readonly extras?: Readonly<Record<string, Extra<Context, Handed<Schema, Ends>>>>;
  /** Leaves the table's own `where` and `set` out here. */
  readonly unrestricted?: boolean;
  /** Whether rows that are softly deleted exist here too, or they alone; by default they do not. */
  readonly deleted?: "include" | "only";
  /** Relations to one row, each with a resource: a row exists only where the caller may GET the row it leads to there. */
  readonly parent?: Parents<OneRelationOf<Schema, T>, T>;
  /** Row-level security: the rows that exist for the caller. */
  readonly where?: (
    context: Context & RequestContext,
    table: Handed<Schema, Ends>,
    operators: Operators,
  ) => Awaitable<RowFilter>;
  /** The order when the client names none: columns, paths as `author.name` over relations of `with`, numbers as `comments.count`. */
  readonly orderBy?: RuleOrder<Schema, T>;
  readonly forbidQuery?: ForbidQuery;
  /**
   * Tables that its conditions look at though their SQL does not name them, as where a function of the database does: a live
   * answer is asked again when they change.
   *
   * @example dependsOn: ["membership"] // where: sql`is_member(${user.id}, ${team.id})`
   */
  readonly dependsOn?: readonly TableName<Schema>[];
  /** Whether words may be looked for, where the table says in which columns. */
  readonly search?: boolean;
  /**
   * The relations that may be asked for, each under a rule of its own, or under the caller's own GET rule of a resource; and
   * under names of their own, lists that pass a join table.
   */
  // Of a union's members TypeScript checks a relation by the one that names it, and other names by the one that has a list.
  readonly with?:
    | RulesByRelation<Context, Schema, T, Ends>
    | (RulesByRelation<Context, Schema, T, Ends> &
        Lists<Context, Schema, T, ManyRelationOf<Schema, T>> &
        Elsewhere<Schema, T, Ends>);
}

/** Relations by name, each with its rule. */
export type RulesByRelation<
  Context,
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Ends extends TableName<Schema>,
> = {
  readonly [R in keyof RelationsOf<Schema, T>]?:
    | boolean
    | ResourceId
    | RelationRule<Context, Schema, TargetAt<Schema, T, R>, TargetFrom<Schema, Ends, R>>;
};

/** What an author runs around a request: in a rule, or in an entry for those of its rules that have none. */
export interface Hooked<Context, Database> {
  /** Runs in the transaction before the statement; a `Response` ends the request after a rollback. */
  readonly beforeQuery?: (
    context: Context & QueryContext<Transaction<Database>>,
  ) => Awaitable<Response | void>;
  /** Runs in the transaction after the statement; a `Response` becomes the answer after the commit. */
  readonly afterQuery?: WriteHook<
    (
      context: Context & ResultContext<Transaction<Database>> & Partial<WrittenContext>,
    ) => Awaitable<Response | void>,
    (context: Context & ResultContext<Transaction<Database>> & ChangedContext) => Awaitable<Response | void>
  >;
  /** Asked about whatever was thrown in the transaction; a `Response` becomes the answer. */
  readonly onQueryError?: (
    error: Error,
    context: Context & QueryContext<Transaction<Database>>,
  ) => Awaitable<Response | void>;
  readonly formatResult?: FormatResult<Context>;
}

/** What a rule that writes may let its clients do beside. */
export interface DryRun {
  /**
   * Lets clients try a write out, by `Prefer: tx=rollback`: all of it is done, hooks included, which `context.dryRun` tells,
   * and taken back. Whoever may try as often as he likes, and leaves no trace, learns of each try what a write would tell
   * him; without it such a request is refused.
   *
   * @example PATCH: { mine: { select: true, where: mine, dryRun: true } }
   */
  readonly dryRun?: boolean;
}

/** What an author runs after a write: in its rule, or in an entry for those of its rules that have none. */
export interface CommitHook<Context> {
  /**
   * Runs once a write is committed. Nobody waits for it, what it throws goes to `onError`, and it is lost where the process
   * ends before: what must not be lost belongs into `afterWrite`.
   */
  readonly afterCommit?: WriteHook<
    (context: Context & RequestContext & WrittenContext) => Awaitable<void>,
    (context: Context & RequestContext & ChangedContext) => Awaitable<void>
  >;
}

/** What a rule at the top of a resource may say, for any method. */
export interface Rule<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>>
  extends RelationRule<Context, Schema, T>, LimitOptions, Hooked<Context, Database> {}

/** A body as a validator lets it through. Not `any`: of `{ ...body, userId }` would be known nothing, and so it is the column. */
// oxlint-disable-next-line typescript/no-explicit-any -- only the author's validator knows
export type ValidBody = Record<string, any>;

/** What a rule for POST or PATCH may say. */
export interface WriteRule<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>>
  extends Rule<Context, Schema, Database, T>, CommitHook<Context>, DryRun {
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
  /**
   * The columns a client's body may set; by default those the server does not make itself. In a list of grants, `when` is
   * asked of the row as it was; a POST goes by those without it.
   */
  readonly write?: ColumnAccess<Context, Schema[T], keyof ColumnsOf<Schema, T> & string>;
  /**
   * The rows of relations that may be written with its own, each by the rules of a resource: in a body they stand under the
   * relation's name.
   */
  readonly nest?: Nests<Schema, T>;
  /** What a written row must satisfy, in place of `where`, all tables being as they were before; `true` for nothing. */
  readonly check?:
    | true
    | ((context: Context & RequestContext, table: Schema[T], operators: Operators) => Awaitable<RowFilter>);
  /** What every written row must satisfy once all are written: a quota, an invariant over the table. */
  readonly ensure?:
    | true
    | ((context: Context & RequestContext, table: Schema[T], operators: Operators) => Awaitable<RowFilter>);
}

/** What a rule for PATCH may say beside. */
export interface UpdateRule<Context, Schema extends SchemaShape, T extends TableName<Schema>> {
  /** Asked of each changed row, as it was and as it is stored, under the lock of the change. */
  readonly transition?: (
    context: Context & RequestContext,
    before: Schema[T],
    after: Schema[T],
    operators: Operators,
  ) => Awaitable<RowFilter>;
}

/** What keeps a question from asking about everything. */
export interface FilterGuard {
  /**
   * Refuses a request that names no filter; `"key"`: one that does not fix a key, by `eq` with a value for each column of
   * a primary or unique key that the rule lets out on every row.
   */
  readonly requireWhere?: boolean | "key";
}

/** What a GET may say of numbers about its rows. */
export interface AggregateGrant<Name extends string> {
  /** What may be counted, summed and grouped; without it nothing. A rule that has it and no `select` lets out numbers only. */
  readonly aggregate?: AggregateChoice<Name>;
}

/** What a GET may say of answers that are kept true. */
export interface LiveGrant {
  /**
   * Whether its answers may be kept true, on a route with the option `live`. With `every`, because its conditions look at the
   * clock, they are asked again so often, in milliseconds, though nobody has written.
   *
   * @example live: true
   * @example live: { every: 60_000 }
   */
  readonly live?: boolean | { readonly every: number };
}

/** What keeps a PATCH or DELETE from changing too much. */
export interface ChangeGuards extends FilterGuard {
  /** Rolls back when more rows than this would change. */
  readonly maxAffected?: number;
}

/** What a rule for DELETE may not say of deleted rows: it either sets their date or removes them for good. */
export interface RemovalRule {
  readonly deleted?: "only";
}

/** What a rule may say, by what its method does. */
export interface RulesByAction<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>> {
  readonly read: Rule<Context, Schema, Database, T> &
    FilterGuard &
    LiveGrant &
    AggregateGrant<keyof ColumnsOf<Schema, T> & string>;
  readonly insert: WriteRule<Context, Schema, Database, T>;
  readonly update: WriteRule<Context, Schema, Database, T> & UpdateRule<Context, Schema, T> & ChangeGuards;
  readonly delete: Rule<Context, Schema, Database, T> &
    CommitHook<Context> &
    DryRun &
    ChangeGuards &
    RemovalRule;
}

/** What a rule may say, by method. */
export type RulesByMethod<Context, Schema extends SchemaShape, Database, T extends TableName<Schema>> = {
  readonly [M in RuledMethod]: RulesByAction<Context, Schema, Database, T>[(typeof METHODS)[M]["action"]];
};

/** The methods rules can be written for: a view is only read. */
export type MethodOf<Source> = Source extends View ? MethodWith<"read"> : RuledMethod;
