import type { ColumnInfo } from "../schema/schema.ts";
import type { ExampleObject } from "./document.ts";
import { aggregatesOf, type Selector, selectorsOf } from "./example.ts";
import type { Tools } from "./filter.ts";
import { madeUp } from "./made-up.ts";
import { columnsOf, type Node, type RuleNode } from "./node.ts";
import type { WriteExample } from "./write-example.ts";

type Examples = Readonly<Record<string, ExampleObject>>;
type Row = Readonly<Record<string, unknown>>;

/** What the questions that are examples may be answered, by their names; what nobody can make up is left out. */
export function readAnswers(resource: string, node: RuleNode, tools: Tools): Examples {
  const first = node.policy.findFirst === true;
  const rows = Object.entries(selectorsOf(node, tools)).flatMap(([name, selector]) => {
    const row = rowExample(node, selector, tools);
    if (row === undefined) return [];
    const value = first ? { ...totalOf(node), [resource]: row } : listOf(resource, node, [row]);
    return [[name, { value }] as const];
  });
  const numbers = Object.entries(aggregatesOf(node)).map(([name, asked]) => {
    const told = Object.entries(asked).map(([figure, wish]) => [figure, figureOf(figure, wish)]);
    return [name, { value: { [resource]: Object.fromEntries(told) } }] as const;
  });
  return Object.fromEntries([...rows, ...numbers]);
}

/** What the write that is an example is answered. */
export function writeAnswers(
  resource: string,
  node: RuleNode,
  example: WriteExample,
  tools: Tools,
): Examples {
  if ("unknown" in example) return {};
  const row = example.name === "row" && node.policy.selects ? rowExample(node, {}, tools) : {};
  if (row === undefined) return {};
  const rows = example.name === "row" ? [row] : [];
  const value = {
    ...totalOf(node),
    rowsAffected: rows.length,
    count: rows.length,
    ...(node.policy.selects && { [resource]: rows }),
  };
  return { [example.name]: { value } };
}

const listOf = (resource: string, node: RuleNode, rows: readonly Row[]): object => ({
  ...totalOf(node),
  count: rows.length,
  [resource]: rows,
});

const totalOf = ({ policy }: RuleNode): object => (policy.countTotal ? { total: 1 } : {});

/** A row of what is asked for. */
function rowExample(node: Node, { columns, with: relations }: Selector, tools: Tools): Row | undefined {
  const isAsked = (name: string): boolean => columns === undefined || Object.hasOwn(columns as object, name);
  const cells = columnsOf(node, ({ readable }) => readable === true)
    .filter(({ name }) => isAsked(name))
    .map((column) => [column.name, cellOf(column)] as const);
  const computed = node.access.extras.filter(isAsked).map((name) => [name, null] as const);
  const related = relatedExamples(node, (relations ?? {}) as Readonly<Record<string, Selector>>, tools);
  const members = [...cells, ...computed, ...related];
  return members.every(([, value]) => value !== undefined) ? Object.fromEntries(members) : undefined;
}

function relatedExamples(
  node: Node,
  relations: Readonly<Record<string, Selector>>,
  tools: Tools,
): readonly (readonly [string, unknown])[] {
  const related = tools.nodes.related(node);
  return Object.entries(relations).map(([name, selector]) => {
    const { relation, node: behind } = related.get(name)!;
    const row = rowExample(behind, selector, tools);
    return [name, relation.kind === "many" && row !== undefined ? [row] : row];
  });
}

/** A value as an answer carries it. */
function cellOf(column: ColumnInfo): unknown {
  if (column.kind === "integer") return 1;
  if (column.kind === "bigint") return "1";
  return madeUp(column) ?? (column.nullable ? null : undefined);
}

/** A number of rows, or something about a column. */
function figureOf(figure: string, wish: unknown): unknown {
  if (wish === true) return 1;
  const known = figure.startsWith("count") ? 1 : null;
  return Object.fromEntries(Object.keys(wish as object).map((column) => [column, known]));
}
