import type { SQL } from "drizzle-orm";
import type { Operator } from "../operator/operator.ts";
import type { NodePolicy, OrderKey, Policy } from "../policy/policy.ts";
import type { ColumnInfo, RelationInfo, TableInfo } from "../schema/schema.ts";

export type { Row, Rows } from "../author/author.ts";
export { planRead } from "./read.ts";
export { planWrite, type WritePlan } from "./write.ts";

/** A filter whose columns are readable, whose operators apply and whose values fit. */
export type Predicate =
  | { readonly kind: "and" | "or"; readonly parts: readonly Predicate[] }
  | { readonly kind: "not"; readonly part: Predicate }
  | {
      readonly kind: "condition";
      readonly column: ColumnInfo;
      readonly operator: Operator;
      readonly value: unknown;
    };

/** One table of a read: only what is permitted and possible. */
export interface ReadNode {
  /** Its place among the plan's nodes; the rows it admits are found there. */
  readonly index: number;
  readonly policy: NodePolicy;
  readonly table: TableInfo;
  /** Explicit, never "all", in the order of the schema. */
  readonly columns: readonly ColumnInfo[];
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  readonly where: Predicate | undefined;
  /** Total: it ends with the primary key, unless only computed fields are asked for. */
  readonly orderBy: readonly OrderKey[];
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

/** A read, permitted and possible. It holds no caller: the rows each node admits are asked for per request. */
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
