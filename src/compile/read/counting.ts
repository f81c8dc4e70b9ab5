import type { ReadNode, ReadPlan } from "../../plan/plan.ts";
import type { Syntax } from "../../syntax/syntax.ts";
import { fixesKey } from "../sql/range.ts";
import type { Answers } from "../statement.ts";

/**
 * How the bytes of an answer are counted before it is made: not at all (`free`); by failing where a row is larger than its
 * share, which costs little (`capped`); by a sum over all rows first (`summed`).
 */
export type Counting = "free" | "capped" | "summed";

/** So many values are read as they are: what one holds is bounded where it is written. */
const FREE_VALUES = 100;
/** Values with a share of fewer bytes would often be larger. */
const LEAST_SHARE = 256;

/** How a plan's answer is counted, and what the statement is told: the bytes of all rows, or of a value in each large node. */
export interface Count {
  readonly counting: Counting;
  /** The nodes whose rows may be of any size. */
  readonly large: readonly ReadNode[];
  readonly most: readonly number[];
  /** Whether a sum before it may be wanted all the same, once an answer was large. */
  readonly cautious: boolean;
}

/** What has nothing that could be summed up, or too little to be worth it. */
const NEVER: Count = { counting: "free", large: [], most: [], cautious: false };
const FREE: Count = { ...NEVER, cautious: true };

/** `summed` where a row that is larger than its share may not make the statement fail, or did so lately. */
export function countOf(plan: ReadPlan, answers: Answers, syntax: Syntax, summed: boolean): Count {
  const { policy, nodes, root } = plan;
  const { maxAnswerSize } = policy.limits;
  if (maxAnswerSize === Number.POSITIVE_INFINITY || answers === "count") return NEVER;
  const rows: number[] = [];
  const sum = countRows(root, 1, rows);
  if (
    !summed &&
    valuesOf(nodes, rows, ({ selected, extras }) => selected.length + extras.size) <= FREE_VALUES
  )
    return sum > 1 ? FREE : NEVER;
  const members: number[] = [];
  for (const node of nodes) members[node.index] = largeMembers(node, syntax);
  if (!summed && valuesOf(nodes, rows, ({ index }) => members[index]!) <= FREE_VALUES) return FREE;
  const large = nodes.filter(({ index }) => members[index]! > 0);
  const most = large.map(({ index }) =>
    Math.floor(maxAnswerSize / large.length / members[index]! / Math.max(1, rows[index]!)),
  );
  const whole = summed || answers === "rows" || !(sum < Number.POSITIVE_INFINITY);
  return whole || most.some((share) => share < LEAST_SHARE)
    ? { counting: "summed", large, most: [maxAnswerSize], cautious: false }
    : { counting: "capped", large, most, cautious: true };
}

/** The most values of all nodes, of those that count. */
function valuesOf(
  nodes: readonly ReadNode[],
  rows: readonly number[],
  counted: (node: ReadNode) => number,
): number {
  let values = 0;
  for (const node of nodes) values += rows[node.index]! * counted(node);
  return values;
}

/** The most rows of a node and its relations, over as many parents; those of each by its place. */
function countRows(node: ReadNode, parents: number, rows: number[]): number {
  const own = node.single || fixesKey(node) ? parents : parents * node.limit;
  rows[node.index] = own;
  let sum = own;
  for (const { node: child } of node.relations.values()) sum += countRows(child, own, rows);
  return sum;
}

/** How many values of a row may be of any size. */
const largeMembers = ({ selected, extras }: ReadNode, { size }: Syntax): number =>
  extras.size + selected.filter(({ expression: { column } }) => size(column, "", false) !== undefined).length;
