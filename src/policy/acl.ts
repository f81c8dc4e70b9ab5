import type { SchemaShape, TableName } from "../infer.ts";
import type { CommitHook, Hooked, LimitOptions, MethodOf, RulesByMethod } from "./rule.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** One resource: its table, and who may do what with it. */
export interface AclEntry<
  Role extends string,
  Context,
  Schema extends SchemaShape,
  Database,
  T extends TableName<Schema>,
>
  extends LimitOptions, Hooked<Context, Database>, CommitHook<Context> {
  /** The name of a table, or a view, in the schema. */
  readonly table: T;
  /** `true`: always one row; `false`: always a list; absent: as the client wishes. */
  readonly findFirst?: boolean;
  /** Whether the total is counted when the client does not say. */
  readonly countTotal?: boolean;
  /** Whether the table has triggers; by default the database is asked, at the first write. */
  readonly triggers?: boolean;
  /** Parameters of the URL, each with its validator; they arrive as `context.params`. */
  readonly params?: Readonly<Record<string, StandardSchema>>;
  readonly control: {
    readonly [M in MethodOf<Schema[T]>]?: {
      readonly [R in Role | "guest" | "mine" | "all"]?: RulesByMethod<Context, Schema, Database, T>[M];
    };
  };
}

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
