import { operatorsFor } from "../operator/operator.ts";
import { stringify } from "../rjson/rjson.ts";
import type { ExampleObject } from "./document.ts";
import type { Tools } from "./filter.ts";
import { columnsOf, type Node, type RuleNode } from "./node.ts";
import { madeUp } from "./made-up.ts";

/** A part of a selector that says something. */
export type Selector = Readonly<Record<string, unknown>>;

/** Examples of them, by name. */
export type Selectors = Readonly<Record<string, Selector>>;

const FEW = 3;

/** Selectors that work, by name, whatever the tables hold; none where nobody knows what the rule's author asks for. */
export function selectorsOf(node: RuleNode, tools: Tools): Selectors {
  const needed = whereOf(node);
  if (needed === undefined) return {};
  const start = { ...needed, ...(node.access.takes.includes("limit") && { limit: pageOf(node) }) };
  const columns = choiceOf(node);
  const examples: Record<string, Selector> = {};
  if (columns !== undefined) examples["columns"] = { columns, ...start };
  const filter = filterExample(node);
  if (filter !== undefined) examples["filter"] = { ...start, ...filter };
  const relation = relationExample(node, tools);
  if (relation !== undefined) examples["relation"] = { ...start, with: relation };
  return Object.fromEntries(
    Object.entries(examples).filter(([, selector]) => Object.keys(selector).length > 0),
  );
}

/** Selectors as URLs have them. */
export const inURL = (selectors: Selectors): Readonly<Record<string, ExampleObject>> =>
  Object.fromEntries(
    Object.entries(selectors).map(([name, selector]) => [name, { value: stringify(selector) }]),
  );

const pageOf = ({ access }: RuleNode): number => Math.min(2, access.limits.maxLimit ?? 2);

/** The filter that a rule asks for: empty where it asks for none, `undefined` where none can be made up. */
function whereOf(node: RuleNode): Selector | undefined {
  const { requireWhere } = node.access;
  if (requireWhere === undefined) return {};
  const where = requireWhere === "key" ? keyOf(node) : (keyOf(node) ?? comparisonOf(node));
  return where && { where };
}

/** A filter that fixes a key. */
function keyOf({ policy }: Node): Selector | undefined {
  const { primaryKey } = policy.table;
  if (primaryKey.length === 0) return undefined;
  const values = primaryKey.map((column) => [column.name, madeUp(column)] as const);
  const known = primaryKey.every((column) => policy.filterable.has(column.name) && !policy.masks.has(column));
  return known && values.every(([, value]) => value !== undefined) ? Object.fromEntries(values) : undefined;
}

/** A map of the first columns that may be read. */
function choiceOf(node: Node): Selector | undefined {
  if (!node.access.takes.includes("columns")) return undefined;
  const names = columnsOf(node, ({ readable }) => readable === true).map(({ name }) => name);
  const chosen = [...names, ...node.access.extras].slice(0, FEW);
  return chosen.length === 0 ? undefined : Object.fromEntries(chosen.map((name) => [name, true]));
}

function comparisonOf(node: Node): Selector | undefined {
  for (const column of node.policy.filterable.values()) {
    if (node.policy.masks.has(column) || column.primary) continue;
    const value = madeUp(column);
    const operators = operatorsFor(column);
    if (typeof value === "string" && operators.includes("contains"))
      return { [`${column.name}.contains`]: value };
    if (value !== undefined && operators.includes("gte")) return { [`${column.name}.gte`]: value };
    if (value !== undefined && operators.includes("eq")) return { [`${column.name}.eq`]: value };
  }
  return undefined;
}

function filterExample(node: RuleNode): Selector | undefined {
  const { takes, requireWhere } = node.access;
  const where = takes.includes("where") ? comparisonOf(node) : undefined;
  const sorted = takes.includes("orderBy")
    ? columnsOf(node, ({ sortable }) => sortable === true).at(-1)
    : undefined;
  if (where === undefined && sorted === undefined) return undefined;
  return {
    ...(where !== undefined && requireWhere === undefined && { where }),
    ...(sorted !== undefined && { orderBy: { [sorted.name]: "desc" } }),
  };
}

function relationExample(node: RuleNode, { nodes }: Tools): Selector | undefined {
  if (!node.access.takes.includes("with")) return undefined;
  for (const [name, { relation, node: behind }] of nodes.related(node)) {
    if (relation.requireWhere !== undefined) continue;
    const columns = choiceOf(behind);
    const page = relation.takes.includes("limit")
      ? { limit: Math.min(2, relation.limits.maxLimit ?? 2) }
      : {};
    if (columns !== undefined) return { [name]: { columns, ...page } };
  }
  return undefined;
}

/** Numbers that work, where some may be asked for. */
export function aggregatesOf({ access }: RuleNode): Selectors {
  const { aggregate } = access;
  if (aggregate === undefined || access.requireWhere !== undefined) return {};
  if (aggregate.count) return { numbers: { count: true } };
  const [column, told] =
    Object.entries(aggregate.columns).find(([, { functions }]) => functions.length > 0) ?? [];
  return column === undefined ? {} : { numbers: { [told!.functions[0]!]: { [column]: true } } };
}

/** A filter by which no row is met, so that a change that is tried out changes nothing. */
export function nobody(node: RuleNode): Selector | undefined {
  const where = node.access.takes.includes("where") ? keyOf(node) : undefined;
  return where && { where };
}
