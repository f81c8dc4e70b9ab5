import type { ColumnKind } from "../schema/schema.ts";
import type { ColumnFunction, Method, Scope, SelectorKey } from "../request/request.ts";

export { isNeeded } from "./needed.ts";
export { describeAccess, type Described, describePolicies, type View } from "./describe.ts";
export { viewOf } from "./view.ts";

/**
 * What a caller may do, as `GET /query/$access` answers it: all that a request of his can use, and nothing else.
 *
 * A member that is absent is none: a column without `writable` is not written, a resource that is not there is none of his.
 */
export interface Access {
  readonly resources: Readonly<Record<string, AccessResource>>;
  /** The operators that compare columns of a kind; a column of others has its own. Absent where nothing is compared. */
  readonly operators?: Readonly<Record<string, readonly string[]>>;
}

/** What he may do with a resource. */
export interface AccessResource {
  /** The methods that answer him in some scope. */
  readonly methods: readonly Method[];
  /** Whether reads answer one row, or a list, whatever is asked; absent where he says. */
  readonly findFirst?: boolean;
  /** Whether the total is counted where he does not say. */
  readonly countTotal: boolean;
  readonly rules: readonly AccessRule[];
}

/** A key of a selector; relations take some of their own. */
export type AccessKey = SelectorKey | "relation" | "required";

/** What he may use of a table's rows in one place. */
export interface AccessNode {
  /** The keys of a selector that may stand here. */
  readonly takes: readonly AccessKey[];
  /** Whether rows are asked for with a filter only, or with one that fixes a key. */
  readonly requireWhere?: true | "key";
  /** By their names, in the order of the schema. */
  readonly columns: Readonly<Record<string, AccessColumn>>;
  /** Computed fields, which may be selected and nothing else. */
  readonly extras: readonly string[];
  readonly relations: Readonly<Record<string, AccessRelation>>;
}

/** What he may do under one rule: by some methods, in some scopes. */
export interface AccessRule extends AccessNode {
  readonly methods: readonly Method[];
  /** `none` is a request that names no scope. */
  readonly scopes: readonly (Scope | "none")[];
  /** Of `requireWhere: "key"`, the keys of which one must be fixed. */
  readonly keys?: readonly (readonly string[])[];
  /** Parameters that the resource declares. */
  readonly params: readonly string[];
  /** Of a change, the column whose value `If-Match` may name. */
  readonly version?: string;
  /** Of new rows, the keys by which they may meet rows that are there: what `onConflict` takes as its `target`. */
  readonly meets?: readonly (readonly string[])[];
  /** Whether a write may be tried out, by `Prefer: tx=rollback`. */
  readonly dryRun?: true;
  /** The most rows that a change may change. */
  readonly maxAffected?: number;
  /** What he may have computed about its rows; absent where nothing. */
  readonly aggregate?: AccessAggregate;
  /** Whether its answers may be kept true, on a route that keeps any. */
  readonly live?: true;
  readonly limits: AccessLimits;
}

/** What he may have computed about the rows of a rule. */
export interface AccessAggregate {
  /** Whether rows may be counted. */
  readonly count: boolean;
  /** By their names, in the order of the schema: those of functions and those to group by, hidden ones among them. */
  readonly columns: Readonly<Record<string, AccessAggregateColumn>>;
  /** Groups of fewer rows are left out. */
  readonly minGroupSize?: number;
}

/** What may be computed of a column. */
export interface AccessAggregateColumn {
  readonly kind: ColumnKind;
  readonly functions: readonly ColumnFunction[];
  readonly groupBy?: true;
  /** Whether it holds moments, which are grouped by stretches of time too. */
  readonly buckets?: true;
}

/** The limits of a request; null is none. `maxDepth` is how many relations may nest. */
export interface AccessLimits extends AccessRange {
  readonly maxConditions: number | null;
  readonly maxList: number | null;
  readonly maxRows: number | null;
  readonly maxBodySize: number | null;
  readonly maxCost: number | null;
  readonly maxWork: number | null;
  readonly maxAnswerSize: number | null;
}

/** The limits of one place. */
export interface AccessRange {
  readonly maxLimit: number | null;
  readonly maxOffset: number | null;
  /** How many relations may nest from here on, as far as the places above leave so many. */
  readonly maxDepth: number;
  readonly onSurpassMaxLimit: "Throw" | "Limit";
}

/** A relation that may be loaded: under a rule of its own, or by the rule of a resource. */
export type AccessRelation = AccessOwnRelation | AccessBorrowedRelation;

/** What stands under a rule of its own. */
export interface AccessOwnRelation extends AccessNode {
  readonly kind: "one" | "many";
  readonly limits: AccessRange;
  readonly resource?: never;
}

/** Its columns, computed fields and relations are those of the resource's rule for GET without a scope. */
export interface AccessBorrowedRelation extends Pick<AccessNode, "takes" | "requireWhere"> {
  readonly kind: "one" | "many";
  readonly limits: AccessRange;
  readonly resource: string;
}

/** A column, and what may be done with it. */
export interface AccessColumn {
  readonly kind: ColumnKind;
  /** Of an array, what it holds. */
  readonly element?: ColumnKind;
  readonly nullable: boolean;
  /** Of texts, the only ones it takes. */
  readonly values?: readonly string[];
  /** Of texts, the most characters. */
  readonly maxLength?: number;
  /** Whether it is of the key by which its row is known. */
  readonly key?: true;
  readonly readable?: true;
  /** Whether it is null, and named in `$masked`, on rows on which it is not let out. */
  readonly masked?: true;
  readonly filterable?: true;
  readonly sortable?: true;
  /** Whether a body may set it; of some rows only, which are known once they are changed. */
  readonly writable?: true | "sometimes";
  /** Whether a new row has to be sent with it: neither a default nor the rule says what it is. */
  readonly required?: true;
  /** The operators that compare it, where they are others than those of its kind. */
  readonly operators?: readonly string[];
}
