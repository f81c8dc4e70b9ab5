import type { SQL } from "drizzle-orm";
import type { Operator } from "../operator/operator.ts";
import type { Policy } from "../policy/policy.ts";
import type { Method } from "../request/request.ts";
import type { RelationInfo } from "../schema/schema.ts";
import type { BlankReader } from "./blank.ts";
import type { Cell, Mark, Ordered, Selected } from "./expression.ts";
import type { Counted, Link, Through } from "./link.ts";
import type { Paging } from "./paging.ts";
import type { Search } from "./search.ts";
import type { Mention } from "./secured.ts";

export type { Counted, Link, Through } from "./link.ts";
export {
  CAN,
  type Cell,
  columnExpression,
  type Expression,
  isCell,
  type Mask,
  MASKED,
  MORE,
  masksOf,
  type Ordered,
  type Selected,
  selectedColumn,
  typeOf,
} from "./expression.ts";
export type { Search } from "./search.ts";
export { type AggregatePlan, planAggregate } from "./aggregate.ts";
export { aggregateWork } from "./aggregate-work.ts";
export { type Figure } from "./figure.ts";
export { type GroupKey } from "./group.ts";
export { nullsOf, type Paging, type Position } from "./paging.ts";
export { withExtras } from "./asked.ts";
export { Blank, filled, readFilling } from "./blank.ts";
export { type Shared, Spent } from "./budget.ts";
export { COUNTS } from "./counts.ts";
export { isOneOfAll, planRead } from "./read.ts";
export { planKey } from "./key.ts";
export { namesRow, rowKeysOf } from "./require-filter.ts";
export { type Meeting } from "./meeting.ts";
export { type Mention, securedBy, type SecuredRelation } from "./secured.ts";
export { type Sizes, workOf } from "./work.ts";
export { type Versions } from "./versions.ts";
export { planWrite, type WritePlan } from "./write.ts";

/** A filter whose expressions are readable, whose operators apply and whose values fit. */
export type Predicate =
  | { readonly kind: "and" | "or"; readonly parts: readonly Predicate[] }
  | { readonly kind: "not"; readonly part: Predicate }
  | Condition
  | Related
  | CountCondition
  | { readonly kind: "search"; readonly search: Search };

/** A condition on the rows that a relation leads to. */
export interface Related {
  readonly kind: "related";
  readonly link: Link;
  /**
   * Which of them must satisfy it: one (`some`, and `is` of one row), none, or every. `"value"`: what holds of the one row
   * holds, and of a row that is missing what holds of no value.
   */
  readonly holds: "some" | "none" | "every" | "value";
  /** Absent where it is asked only whether there is one. */
  readonly part: Predicate | undefined;
}

/** A condition on how many rows of a relation there are. */
export interface CountCondition {
  readonly kind: "count";
  readonly counted: Counted;
  readonly operator: Operator;
  readonly value: unknown;
}

export interface Condition {
  readonly kind: "condition";
  readonly expression: Cell;
  readonly operator: Operator;
  readonly value: unknown;
}

/** A mention of a table whose rows are answered: only what is permitted and possible. */
export interface ReadNode extends Mention {
  /** Explicit, never "all", in the order of the schema. */
  readonly selected: readonly Selected[];
  /** What is asked of each row beside its members: it comes back as a bit for each. */
  readonly marks: readonly Mark[];
  /** Whether it says which changes would reach it, be there some or none. */
  readonly tellsChanges: boolean;
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  /** The client's filter, and that there are rows of the relations that are required. */
  readonly where: Predicate | undefined;
  /** Total: it ends with the primary key, unless only computed fields are asked for. */
  readonly orderBy: readonly Ordered[];
  /** `Infinity` only where the author lifted the maximum. */
  readonly limit: number;
  readonly offset: number;
  /** Whether it says where its limit, which nobody asked for, leaves rows out. */
  readonly tellsMore: boolean;
  /** How it is walked from page to page; absent where nobody asked for that. */
  readonly paging?: Paging;
  /** Whether it is the one row of a relation, which has no order and no range. */
  readonly single: boolean;
  /** By the name each has in the answer. */
  readonly relations: ReadonlyMap<string, RelationNode>;
  /** What is counted for each row, by the name the number has in the answer, under `_count`. */
  readonly counts: ReadonlyMap<string, Counted>;
}

/** A relation of a read. */
export interface RelationNode {
  readonly relation: RelationInfo;
  /** Whether its name in the answer is one that the client gave it. */
  readonly renamed: boolean;
  /** How many members of the row before this one are the same relation, under other names. */
  readonly nth: number;
  /** Whether rows of the parent are left out where there is no row of it. */
  readonly required: boolean;
  readonly node: ReadNode;
  /** The join table that is passed on the way; absent for most. */
  readonly through: Through | undefined;
}

/** A read, permitted and possible. It holds no caller: the rows each mention admits are asked for per request. */
export interface ReadPlan {
  readonly kind: "read";
  readonly policy: Policy;
  readonly root: ReadNode;
  /** Every node, the root first. */
  readonly nodes: readonly ReadNode[];
  /** Every mention of a table, those of the nodes included, by its place; the root first. */
  readonly mentions: readonly Mention[];
  /** One row instead of a list. */
  readonly first: boolean;
  /** Whether the rows the rule admits are counted too. */
  readonly total: boolean;
  /** Whether those are counted that the client's filter leaves of them, whatever the page. */
  readonly filtered: boolean;
  /** Whether nothing of the rows was asked for, so that their number is the answer. */
  readonly countOnly: boolean;
  /** What is looked for by indexes of words, which a database may lack. */
  readonly searches: readonly Search[];
  /** Where its filter has blanks, which each question fills that it is the plan of. */
  readonly blanks: readonly BlankReader[];
  /** Whether its question recurs. */
  readonly recurring: boolean;
  /** Whether computed fields of it know the caller, and are asked for with each request. */
  readonly asksExtras: boolean;
  /** The rules of the changes of which each row says whether they would reach it. */
  readonly changes: readonly Policy[];
}

/** A change that a caller might make, and the rule it would stand under. */
export interface Change {
  readonly method: Method;
  readonly policy: Policy;
}
