import type { SQL } from "drizzle-orm";
import type { Operator } from "../operator/operator.ts";
import type { Policy } from "../policy/policy.ts";
import type { RelationInfo } from "../schema/schema.ts";
import type { Expression, Ordered, Selected } from "./expression.ts";
import type { Mention } from "./secured.ts";

export {
  columnExpression,
  type Expression,
  type Ordered,
  type Selected,
  selectedColumn,
  typeOf,
} from "./expression.ts";
export { planRead } from "./read.ts";
export type { Mention, SecuredRelation } from "./secured.ts";
export { type Sizes, workOf } from "./work.ts";
export { planWrite, type WritePlan } from "./write.ts";

/** A filter whose expressions are readable, whose operators apply and whose values fit. */
export type Predicate =
  | { readonly kind: "and" | "or"; readonly parts: readonly Predicate[] }
  | { readonly kind: "not"; readonly part: Predicate }
  | Condition;

export interface Condition {
  readonly kind: "condition";
  readonly expression: Expression;
  readonly operator: Operator;
  readonly value: unknown;
}

/** A mention of a table whose rows are answered: only what is permitted and possible. */
export interface ReadNode extends Mention {
  /** Explicit, never "all", in the order of the schema. */
  readonly selected: readonly Selected[];
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  readonly where: Predicate | undefined;
  /** Total: it ends with the primary key, unless only computed fields are asked for. */
  readonly orderBy: readonly Ordered[];
  /** `Infinity` only where the author lifted the maximum. */
  readonly limit: number;
  readonly offset: number;
  /** Whether it is the one row of a relation, which has no order and no range. */
  readonly single: boolean;
  readonly relations: ReadonlyMap<string, RelationNode>;
}

/** A relation of a read. */
export interface RelationNode {
  readonly relation: RelationInfo;
  readonly node: ReadNode;
}

/** A read, permitted and possible. It holds no caller: the rows each mention admits are asked for per request. */
export interface ReadPlan {
  readonly kind: "read";
  readonly policy: Policy;
  readonly root: ReadNode;
  /** Every node, the root first. */
  readonly nodes: readonly ReadNode[];
  /** One row instead of a list. */
  readonly first: boolean;
  /** Whether the rows the rule admits are counted too. */
  readonly total: boolean;
  /** Whether nothing of the rows was asked for, so that their number is the answer. */
  readonly countOnly: boolean;
  /** Whether its question recurs. */
  readonly recurring: boolean;
}
