import type { SQL } from "drizzle-orm";
import type { Method, Ordering } from "../request/request.ts";
import type { ColumnInfo, RelationInfo, TableInfo } from "../schema/schema.ts";
import type { SearchIndex } from "../search/search.ts";
import type { AggregatePolicy } from "./aggregate-policy.ts";
import type { AuthorFunction } from "./any.ts";
import type { Capability } from "./capability.ts";
import type { Grant } from "./column-access.ts";
import type { Limits } from "./limits.ts";
import type { NestPolicy } from "./nest.ts";
import type { Parameters } from "./params.ts";
import type { RowKey } from "./row-keys.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { TableFacts } from "./table-facts.ts";

export type * from "./acl.ts";
export type * from "./any.ts";
export type * from "./context.ts";
export { isHiddenFrom, mayUse } from "./aggregate-policy.ts";
export type * from "./aggregate-rule.ts";
export type * from "./list-rule.ts";
export type * from "./nest-rule.ts";
export type { NestPolicy } from "./nest.ts";
export type * from "./order-rule.ts";
export type * from "./rule.ts";
export type * from "./table-rule.ts";
export { Binder } from "./bind.ts";
export { type Capability } from "./capability.ts";
export { buildRegistry } from "./build.ts";
export { readTableFacts, type TableFacts } from "./table-facts.ts";
export { Mistakes } from "./mistakes.ts";
export { captured, capturedInChange } from "./name-capture.ts";
export { type Considered, considered } from "./considered.ts";
export { knownVersion } from "./known-version.ts";
export { type Limits, limitsOf } from "./limits.ts";
export { readHook } from "./mistakes.ts";
export { hasOrder, tieBreakers } from "./order.ts";
export { allowedMethods, find, resolve, roleUnder } from "./resolve.ts";
export { costs } from "./costs.ts";
export { placedRules } from "./placed-rules.ts";
export { spanOf } from "./expression-span.ts";
export { Declared, type Parameters } from "./params.ts";
export { exampleOf, keysOf, meetingColumns, meetingKeys, type RowKey } from "./row-keys.ts";
export { looksSecret } from "./secret.ts";
export { suspicions } from "./suspect.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";

/** A key of the author's order: a column. */
export interface OrderKey extends Omit<Ordering, "key"> {
  readonly column: ColumnInfo;
}

/** A key that is found through relations, as it is written: what it leads to is looked up under the rules of a caller. */
export interface FurtherKey extends Ordering {
  readonly column?: never;
}

/** A rule for the rows of a table, checked: columns resolved, limits final, relations nested, frozen. */
export interface NodePolicy {
  /** Where the rule stands in the access-control file. */
  readonly path: string;
  /** The role it is written for; absent where it is everybody's, and the role is the caller's first. */
  readonly role: string | undefined;
  readonly table: TableInfo;
  /** What may be returned, filtered and ordered by; nothing else exists for the client. */
  readonly readable: ReadonlyMap<string, ColumnInfo>;
  /** What the client's filter may name: the readable columns, or the primary key of a write that lets nothing out. */
  readonly filterable: ReadonlyMap<string, ColumnInfo>;
  /** The conditions under which columns are let out that are not let out on every row. */
  readonly grants: readonly Grant[];
  /** Of a readable column that is masked on some rows, the grants of which one must hold, by their places in `grants`. */
  readonly masks: ReadonlyMap<ColumnInfo, readonly number[]>;
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  /** The computed fields that know the caller, by name; among `extras` each has its place, and says nothing. */
  readonly askedExtras: ReadonlyMap<string, AuthorFunction>;
  /** Whether the rule says `select: true`: whatever columns the table has, or will have. */
  readonly selectsAll: boolean;
  /** The readable columns as a list, in the order of the schema. */
  readonly columns: readonly ColumnInfo[];
  readonly forbids: ReadonlySet<Capability>;
  /** The index by which its clients may look for words; absent where they may not. */
  readonly search: SearchIndex | undefined;
  readonly limits: Limits;
  /** Whether who asks for its rows must name a filter, or one that fixes a key. */
  readonly requireWhere: boolean | "key";
  /** The keys of which such a filter must fix one: those the rule lets its clients filter by. */
  readonly keys: readonly RowKey[];
  /** The author's row filter; absent where the rule has none and every row exists. */
  readonly using: AuthorFunction | undefined;
  /** What is true of the table wherever it is mentioned; absent where nothing is said of it. */
  readonly facts: TableFacts | undefined;
  /** Whether the table's own `where` and `set` are left out here. */
  readonly unrestricted: boolean;
  /** Which rows exist of those that are softly deleted. */
  readonly deleted: "exclude" | "include" | "only";
  /** The rows that must be there, and the caller's to read, for a row to exist. */
  readonly parents: readonly ParentPolicy[];
  readonly orderBy: readonly (OrderKey | FurtherKey)[];
  /** Its columns alone, made a total order: they end with the primary key. */
  readonly totalOrder: readonly OrderKey[];
  /** Whether a computed field looks at more rows than its own. */
  readonly spansRows: boolean;
  /** The computed fields that are known to look at no row but their own. */
  readonly ofOneRow: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, RelationPolicy>;
  /** The relations that stand under the rule of a resource, whichever that is for a caller. */
  readonly inherited: ReadonlyMap<string, Inherited>;
  /** Tables that its conditions look at though their SQL does not say so. */
  readonly dependsOn: readonly string[];
  /** How deep relations may go by its own word; what its entry or the defaults say counts at the top alone. */
  readonly ownDepth: number;
  /** Whether what it reaches is another thing for each caller: it, or a relation of it, names a resource. */
  readonly leads: boolean;
}

/** A relation whose rule is that of the caller's own GET of a resource. */
export interface Inherited {
  /** Where it passes a join table, that leads there. */
  readonly relation: RelationInfo;
  readonly through?: ThroughPolicy | undefined;
  readonly resource: string;
}

/** A relation to one row that must be the caller's to read by a resource. */
export interface ParentPolicy extends Inherited {
  /** The rule the caller reads it under, once it is known who asks; without one there is no such row. */
  readonly rule: NodePolicy | undefined;
}

/** A relation a rule lets its clients load, and the rule on its other side. */
export interface RelationPolicy extends NodePolicy {
  /** Where it passes a join table, that leads there: its columns are no columns of the rule's table. */
  readonly relation: RelationInfo;
  readonly through: ThroughPolicy | undefined;
}

/** The join table that a relation passes, and the rule its rows stand under, which lets nothing out. */
export interface ThroughPolicy {
  readonly policy: NodePolicy;
  /** The relation from one of its rows to the row that is meant. */
  readonly relation: RelationInfo;
}

/** What an author runs around the statement. */
export interface Hooks {
  readonly beforeQuery: AuthorFunction | undefined;
  readonly afterQuery: AuthorFunction | undefined;
  readonly onQueryError: AuthorFunction | undefined;
  readonly afterCommit: AuthorFunction | undefined;
  /** Whether one that runs after the statement is handed the rows as they were before it. */
  readonly before: boolean;
}

/** A rule of a resource, checked. */
export interface Policy extends NodePolicy {
  readonly resource: string;
  /** Whether the rule has a `select` at all; without it nothing is let out. */
  readonly selects: boolean;
  /** What may be computed about its rows; absent where nothing may. */
  readonly aggregate: AggregatePolicy | undefined;
  readonly writable: ReadonlyMap<string, ColumnInfo>;
  /** Whether the rule itself says which these are. */
  readonly writes: boolean;
  /** The conditions under which columns are writable that are not writable on every row. */
  readonly writeGrants: readonly Grant[];
  /** Of a writable column that is not writable on every row, the grants of which one must hold. */
  readonly writeMasks: ReadonlyMap<ColumnInfo, readonly number[]>;
  readonly validateBody: AuthorFunction | StandardSchema | undefined;
  readonly injectBody: AuthorFunction | undefined;
  /** What a written row must satisfy, tables being as they were; absent where nothing is asked. */
  readonly check: AuthorFunction | undefined;
  /** Whether the rule says that nothing is asked: `check: true`. */
  readonly unchecked: boolean;
  /** What it must satisfy once all rows are written; absent where nothing is asked. */
  readonly ensure: AuthorFunction | undefined;
  /** What each changed row must satisfy, as it was and as it is stored; absent where nothing is asked. */
  readonly transition: AuthorFunction | undefined;
  /** The rows that may be written with its own, by the names they have in a body. */
  readonly nest: ReadonlyMap<string, NestPolicy>;
  /** Whether the table has triggers; the database is asked where the author does not say. */
  readonly triggers: boolean | undefined;
  readonly maxAffected: number;
  /** Whether its clients may try a write out: all of it is done and taken back. */
  readonly dryRun: boolean;
  readonly hooks: Hooks;
  readonly formatResult: AuthorFunction | undefined;
  readonly findFirst: boolean | undefined;
  readonly countTotal: boolean;
  /** How its answers are kept true; absent where they are not. */
  readonly live: LivePolicy | undefined;
  /** The parameters that its entry declares. */
  readonly params: Parameters;
}

/** How answers are kept true. */
export interface LivePolicy {
  /** How often they are asked again though nobody has written, in milliseconds; absent where that changes nothing. */
  readonly every: number | undefined;
}

/** The rules of one method, by role. */
export type RulesByRole = ReadonlyMap<string, Policy>;

/** All policies: resource → method → role. */
export type Registry = ReadonlyMap<string, ReadonlyMap<Method, RulesByRole>>;
