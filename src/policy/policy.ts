import type { SQL } from "drizzle-orm";
import type { Method, SelectorKey } from "../request/request.ts";
import type { ColumnInfo, RelationInfo, TableInfo } from "../schema/schema.ts";
import type { AuthorFunction } from "./acl.ts";
import type { Limits } from "./limits.ts";
import type { StandardSchema } from "./standard-schema.ts";

export type * from "./acl.ts";
export { buildRegistry } from "./build.ts";
export { captured } from "./name-capture.ts";
export type { Limits } from "./limits.ts";
export { hasOrder, tieBreakers } from "./order.ts";
export { allowedMethods, find, resolve } from "./resolve.ts";
export { costs } from "./costs.ts";
export { suspicions } from "./suspect.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";

/** What a rule may forbid its clients to use: any key of their selectors. */
export type Capability = SelectorKey;

/** A key of the author's order. */
export interface OrderKey {
  readonly column: ColumnInfo;
  readonly direction: "asc" | "desc";
}

/** A rule for the rows of a table, checked: columns resolved, limits final, relations nested, frozen. */
export interface NodePolicy {
  /** Where the rule stands in the access-control file. */
  readonly path: string;
  readonly table: TableInfo;
  /** What may be returned, filtered and ordered by; nothing else exists for the client. */
  readonly readable: ReadonlyMap<string, ColumnInfo>;
  /** What the client's filter may name: the readable columns, or the primary key of a write that lets nothing out. */
  readonly filterable: ReadonlyMap<string, ColumnInfo>;
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  /** Whether the rule says `select: true`: whatever columns the table has, or will have. */
  readonly selectsAll: boolean;
  /** The readable columns as a list, in the order of the schema. */
  readonly columns: readonly ColumnInfo[];
  readonly forbids: ReadonlySet<Capability>;
  readonly limits: Limits;
  /** The author's row filter; absent where the rule has none and every row exists. */
  readonly using: AuthorFunction | undefined;
  readonly orderBy: readonly OrderKey[];
  /** The rule's order made total: it ends with the primary key. */
  readonly totalOrder: readonly OrderKey[];
  /** Whether a computed field looks at more rows than its own. */
  readonly spansRows: boolean;
  /** The computed fields that are known to look at no row but their own. */
  readonly ofOneRow: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, RelationPolicy>;
}

/** A relation a rule lets its clients load, and the rule on its other side. */
export interface RelationPolicy extends NodePolicy {
  readonly relation: RelationInfo;
}

/** What an author runs around the statement. */
export interface Hooks {
  readonly beforeQuery: AuthorFunction | undefined;
  readonly afterQuery: AuthorFunction | undefined;
  readonly onQueryError: AuthorFunction | undefined;
}

/** A rule of a resource, checked. */
export interface Policy extends NodePolicy {
  readonly resource: string;
  /** Whether the rule has a `select` at all; without it nothing is let out. */
  readonly selects: boolean;
  readonly writable: ReadonlyMap<string, ColumnInfo>;
  readonly validateBody: AuthorFunction | StandardSchema | undefined;
  readonly injectBody: AuthorFunction | undefined;
  /** What a written row must satisfy, tables being as they were; absent where nothing is asked. */
  readonly check: AuthorFunction | undefined;
  /** Whether the rule says that nothing is asked: `check: true`. */
  readonly unchecked: boolean;
  /** What it must satisfy once all rows are written; absent where nothing is asked. */
  readonly ensure: AuthorFunction | undefined;
  /** Whether the table has triggers; the database is asked where the author does not say. */
  readonly triggers: boolean | undefined;
  readonly requireWhere: boolean;
  readonly maxAffected: number;
  readonly hooks: Hooks;
  readonly formatResult: AuthorFunction | undefined;
  readonly findFirst: boolean | undefined;
  readonly countTotal: boolean;
}

/** The rules of one method, by role. */
export type RulesByRole = ReadonlyMap<string, Policy>;

/** All policies: resource → method → role. */
export type Registry = ReadonlyMap<string, ReadonlyMap<Method, RulesByRole>>;
