import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../dialect/dialect.ts";
import { type Naming, namesOfSchema, numbersForNames, sealed } from "../../drizzle/drizzle.ts";
import type { Admitted } from "../../author/author.ts";
import { type Cell, isCell, type Ordered, type ReadNode, type ReadPlan } from "../../plan/plan.ts";
import { extraAsText, syntaxOf } from "../../syntax/syntax.ts";
import { type Shown, shownValue } from "../sql/condition.ts";
import { selectCount, selectFiltered } from "../sql/count.ts";
import { asText, MARKS, marksField, selectedField } from "../sql/masked.ts";
import { keptKeys, keyAlias } from "../sql/kept.ts";
import { list } from "../sql/list.ts";
import {
  admittedRows,
  filteredRows,
  numbersField,
  NUMBERS,
  pageRows,
  type SecuredRows,
  shownTo,
  valueSQL,
} from "../sql/secured.ts";
import type { Fields, PortableRead, Relational, Select } from "../statement.ts";
import { aliasedCondition, computed, shownUnder } from "./alias.ts";
import { areTooLong } from "./names.ts";
import { notPortable } from "./not-portable.ts";

/** Names no column has: the numbers beside the rows, and a field for rows of which nothing is asked. */
export const TOTAL = "~total";
export const FILTERED = "~filtered";
const NOTHING = "~nothing";
/** What places a row in the order of its page: JSON lists of texts. */
export const KEYS = "~keys";

/** What Drizzle's relational query is told of a node. */
export interface RelationalConfig {
  readonly columns: Record<string, true>;
  readonly extras: Record<string, SQL.Aliased>;
  where?: SQL;
  orderBy?: SQL[];
  limit?: number;
  offset?: number;
  readonly with: Record<string, RelationalConfig>;
}

/** The portable reader: Drizzle's own queries, on any database that has them. */
export function portableRead(database: Database, plan: ReadPlan, admitted: Admitted): PortableRead {
  const { root } = plan;
  const { relation } = namesOfSchema(root.secured.table.name);
  if (plan.countOnly) {
    const ask = countRows(plan, admitted);
    return { kind: "portable", plan, ask, answers: "count", total: undefined, filtered: undefined, relation };
  }
  const total = plan.total ? selectCount(root, admitted) : undefined;
  const filtered = plan.filtered ? selectFiltered(root, admitted) : undefined;
  const read = { kind: "portable", plan, total, filtered, relation } as const;
  if (root.selected.length === 0 && root.relations.size + root.counts.size === 0)
    return { ...read, ask: selectComputed(root, admitted), answers: "rows" };
  if (root.secured.table.kind === "view")
    return { ...read, ask: selectView(root, admitted), answers: "rows" };
  // Drizzle's relational queries ask for each field by itself, where no other row is seen.
  if (plan.nodes.some(({ secured: { policy }, extras }) => policy.spansRows && extras.size > 0))
    throw new TypeError("computed fields over several rows need the fast reader");
  if (plan.nodes.some(passesTables)) throw notPortable("a list that passes a join table");
  return { ...read, ...relational(database, plan, admitted), answers: "rows" };
}

const passesTables = ({ relations }: ReadNode): boolean =>
  [...relations.values()].some(({ through }) => through !== undefined);

function relational(
  database: Database,
  { root, nodes, total, filtered }: ReadPlan,
  admitted: Admitted,
): { readonly ask: Relational; readonly relation: Naming["relation"] } {
  const { table } = root.secured;
  const numbered = table.database === "postgresql" && areTooLong(root);
  const naming = numbered ? numbersForNames(database) : namesOfSchema(table.name);
  const config = toConfig(root, admitted, naming, naming.root);
  if (total) config.extras[TOTAL] = numberOf(admittedRows(root, admitted)).as(TOTAL);
  if (filtered) config.extras[FILTERED] = numberOf(filteredRows(root, admitted)).as(FILTERED);
  const repeated = nodes.some(({ relations }) => [...relations.values()].some(({ nth }) => nth > 0));
  const ask = { kind: "relational", table: table.name, config, numbered, repeated } as const;
  return { ask, relation: naming.relation };
}

/** Drizzle has no relational queries of views; they have no relations either. */
function selectView(root: ReadNode, admitted: Admitted): Select {
  const syntax = syntaxOf(root.secured.table.database);
  const shown = shownTo(admitted.of(root));
  const fields: Record<string, unknown> = {};
  for (const { name, expression } of root.selected) fields[name] = selectedField(expression, shown);
  for (const [name, extra] of root.extras) fields[name] = extraAsText(extra, name, syntax);
  if (root.marks.length > 0) fields[MARKS] = marksField(root.marks, shown);
  return ranged(fields, root, admitted);
}

/** Rows of a node, in its order and range. */
const ranged = (fields: Fields, node: ReadNode, admitted: Admitted): Select => ({
  kind: "select",
  fields,
  from: pageRows(node, admitted),
  orderBy: orderSQL(node, admitted, shownTo(admitted.of(node)), (value) => value),
  ...range(node),
});

function toConfig(
  node: ReadNode,
  admitted: Admitted,
  naming: Naming,
  alias: string,
  nested = false,
): RelationalConfig {
  const config: RelationalConfig = { columns: {}, extras: {}, with: {} };
  const shown = shownUnder(node, admitted, alias);
  for (const { name, expression } of node.selected) {
    const text = asText(expression, nested, shown);
    if (text === undefined) config.columns[name] = true;
    else config.extras[name] = text;
  }
  const { table } = node.secured;
  const syntax = syntaxOf(table.database);
  for (const [name, extra] of node.extras)
    config.extras[name] = extraAsText(computed(extra, node.secured, alias), name, syntax);
  const where = aliasedCondition(node, admitted, alias);
  if (where !== undefined) config.where = where;
  for (const { relation, nth, node: child } of node.relations.values()) {
    const name = naming.relation(table.name, relation.name, nth);
    config.with[name] = toConfig(child, admitted, naming, `${alias}_${name}`, true); // as Drizzle names it
  }
  if (node.marks.length > 0) config.extras[MARKS] = marksField(node.marks, shown);
  if (node.counts.size > 0)
    config.extras[NUMBERS] = computed(numbersField(node.counts, admitted), node.secured, alias);
  if (node.selected.length === 0 && node.extras.size === 0 && node.relations.size === 0)
    config.extras[NOTHING] = sql`1`.as(NOTHING);
  const named: Named = (value) => computed(value.as("~key"), node.secured, alias).sql;
  if (node.paging !== undefined) config.extras[KEYS] = keysField(node, admitted, shown, named);
  if (!node.single) Object.assign(config, range(node), { orderBy: orderSQL(node, admitted, shown, named) });
  return config;
}

/**
 * Drizzle drops an infinite limit, and SQLite takes no offset without a limit. Where a list says that it was cut short, one
 * row more is looked for.
 */
function range({
  limit,
  offset,
  tellsMore,
}: Pick<ReadNode, "limit" | "offset" | "tellsMore">): Pick<Select, "limit" | "offset"> {
  if (limit === Number.POSITIVE_INFINITY && offset === 0) return {};
  const most = Math.min(limit, Number.MAX_SAFE_INTEGER - 1) + (tellsMore ? 1 : 0);
  return { limit: most, ...(offset > 0 && { offset }) };
}

/** How values that are found elsewhere are named where the rows of a node stand under another name. */
type Named = (value: SQL) => SQL;

/** Where a row of a page stands. */
function keysField(node: ReadNode, admitted: Admitted, shown: Shown, named: Named): SQL.Aliased<string> {
  const { orderBy, secured } = node;
  const syntax = syntaxOf(secured.table.database);
  const values = orderBy.map(({ expression }, index) => {
    const value = isCell(expression)
      ? cellSQL(expression, shown)
      : named(valueSQL(expression, node, admitted));
    return sql`${value} as ${sql.raw(keyAlias(index))}`;
  });
  const keys = syntax.parts(keptKeys(orderBy, keyAlias, syntax));
  return sql<string>`(select ${sql.raw(keys)} from (select ${list(values)}) as "~keys")`.as(KEYS);
}

const orderSQL = (node: ReadNode, admitted: Admitted, shown: Shown, named: Named): SQL[] =>
  node.orderBy.map((key) =>
    isCell(key.expression)
      ? cellKeySQL(key.expression, key, shown)
      : furtherKeySQL(key, named(valueSQL(key.expression, node, admitted))),
  );

function cellKeySQL(expression: Cell, { direction, nulls }: Ordered, shown: Shown): SQL {
  const { kind, column } = expression;
  const { orderKey, collation } = syntaxOf(column.database);
  const value = cellSQL(expression, shown);
  if (kind === "column" || shown(expression.mask) === "all")
    return sql`${value}${sql.raw(orderKey(column.nullable, direction, "", nulls))}`;
  return sql`${value}${sql.raw(orderKey(true, direction, collation(column), nulls))}`;
}

function cellSQL(cell: Cell, shown: Shown): SQL {
  const rows = cell.kind === "masked" ? shown(cell.mask) : "all";
  const value = sql`${cell.column.column}`;
  return rows === "all" ? value : shownValue(rows, value);
}

function furtherKeySQL({ expression: { kind, column }, direction, nulls }: Ordered, value: SQL): SQL {
  const { orderKey, collation } = syntaxOf(column.database);
  return sql`${value}${sql.raw(orderKey(kind === "path", direction, collation(column), nulls))}`;
}

/** Computed fields alone may be aggregates: they are asked of the table under its own name, with every condition beside them. */
function selectComputed(root: ReadNode, admitted: Admitted): Select {
  // By number: PostgreSQL cuts long names.
  const fields: Record<string, unknown> = Object.fromEntries(
    [...root.extras.values()].map((extra, index) => [`+${index}`, sql`${sql`${extra.sql}`}`.as(`+${index}`)]),
  );
  const syntax = syntaxOf(root.secured.table.database);
  const sent: Record<string, unknown> = Object.fromEntries(
    [...root.extras.keys()].map((name, index) => [
      name,
      sql.raw(syntax.sentExtra(`"computed"."+${index}"`)).as(`+${index}`),
    ]),
  );
  if (root.marks.length > 0) {
    fields[MARKS] = marksField(root.marks, shownTo(admitted.of(root)));
    sent[MARKS] = sql.raw(`"computed"."${MARKS}"`).as(MARKS);
  }
  if (root.paging !== undefined) {
    fields[KEYS] = keysField(root, admitted, shownTo(admitted.of(root)), (value) => value);
    sent[KEYS] = sql.raw(`"computed"."${KEYS}"`).as(KEYS);
  }
  return { kind: "select", fields: sent, from: { select: ranged(fields, root, admitted), as: "computed" } };
}

/** The number of rows, whatever the page, as a scalar sub-query of the same statement. */
function numberOf({ table, where }: SecuredRows): SQL<number> {
  // Sealed, or Drizzle would rename the inner table's columns to the outer's.
  const counted =
    where === undefined
      ? sql`(select count(*) from ${table})`
      : sql`(select count(*) from ${table} where ${where})`;
  return sql<number>`${sealed(counted)}`;
}

/** How many rows the same request would return, the total, and how many the filter leaves. */
function countRows({ root, total, filtered }: ReadPlan, admitted: Admitted): Select {
  const { orderBy: _, ...page } = ranged({ one: sql`1`.as("one") }, { ...root, tellsMore: false }, admitted);
  const fields = {
    count: sql<number>`count(*)`.as("count"),
    ...(total && { total: numberOf(admittedRows(root, admitted)).as("total") }),
    ...(filtered && { filtered: numberOf(filteredRows(root, admitted)).as("filtered") }),
  };
  return { kind: "select", fields, from: { select: page, as: "page" } };
}
