import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../dialect/dialect.ts";
import { type Naming, namesOfSchema, numbersForNames, sealed } from "../../drizzle/drizzle.ts";
import type { Admitted } from "../../author/author.ts";
import type { Ordered, ReadNode, ReadPlan } from "../../plan/plan.ts";
import { columnAsText, extraAsText, syntaxOf } from "../../syntax/syntax.ts";
import { selectCount } from "../sql/count.ts";
import { admittedRows, filteredRows } from "../sql/secured.ts";
import type { Fields, PortableRead, Relational, Select } from "../statement.ts";
import { aliasedCondition, computed } from "./alias.ts";
import { areTooLong } from "./names.ts";

/** Names no column has: the total beside the rows, and a field for rows of which nothing is asked. */
export const TOTAL = "~total";
const NOTHING = "~nothing";

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
  const counted = plan.total ? selectCount(root, admitted) : undefined;
  const { relation } = namesOfSchema(root.secured.table.name);
  const read = { kind: "portable", plan, total: counted, relation } as const;
  if (plan.countOnly) return { ...read, ask: countRows(plan, admitted), answers: "count", total: undefined };
  if (root.selected.length === 0 && root.relations.size === 0)
    return { ...read, ask: selectComputed(root, admitted), answers: "rows" };
  if (root.secured.table.kind === "view")
    return { ...read, ask: selectView(root, admitted), answers: "rows" };
  // Drizzle's relational queries ask for each field by itself, where no other row is seen.
  if (plan.nodes.some(({ secured: { policy }, extras }) => policy.spansRows && extras.size > 0))
    throw new TypeError("computed fields over several rows need the fast reader");
  return { ...read, ...relational(database, plan, admitted), answers: "rows" };
}

function relational(
  database: Database,
  { root, total }: ReadPlan,
  admitted: Admitted,
): { readonly ask: Relational; readonly relation: Naming["relation"] } {
  const { table } = root.secured;
  const numbered = table.database === "postgresql" && areTooLong(root);
  const naming = numbered ? numbersForNames(database) : namesOfSchema(table.name);
  const config = toConfig(root, admitted, naming, naming.root);
  if (total) config.extras[TOTAL] = totalBeside(root, admitted).as(TOTAL);
  return { ask: { kind: "relational", table: table.name, config, numbered }, relation: naming.relation };
}

/** Drizzle has no relational queries of views; they have no relations either. */
function selectView(root: ReadNode, admitted: Admitted): Select {
  const syntax = syntaxOf(root.secured.table.database);
  const fields: Record<string, unknown> = {};
  for (const { name, expression } of root.selected)
    fields[name] = columnAsText(expression.column, false) ?? expression.column.column;
  for (const [name, extra] of root.extras) fields[name] = extraAsText(extra, name, syntax);
  return ranged(fields, root, admitted);
}

/** Rows of a node, in its order and range. */
const ranged = (fields: Fields, node: ReadNode, admitted: Admitted): Select => ({
  kind: "select",
  fields,
  from: filteredRows(node, admitted),
  orderBy: node.orderBy.map(orderSQL),
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
  for (const { name, expression } of node.selected) {
    const text = columnAsText(expression.column, nested);
    if (text === undefined) config.columns[name] = true;
    else config.extras[name] = text;
  }
  const { table } = node.secured;
  const syntax = syntaxOf(table.database);
  for (const [name, extra] of node.extras)
    config.extras[name] = extraAsText(computed(extra, node.secured, alias), name, syntax);
  const where = aliasedCondition(node, admitted, alias);
  if (where !== undefined) config.where = where;
  for (const [relation, { node: child }] of node.relations) {
    const name = naming.relation(table.name, relation);
    config.with[name] = toConfig(child, admitted, naming, `${alias}_${name}`, true); // as Drizzle names it
  }
  if (node.selected.length === 0 && node.extras.size === 0 && node.relations.size === 0)
    config.extras[NOTHING] = sql`1`.as(NOTHING);
  if (!node.single) Object.assign(config, range(node), { orderBy: node.orderBy.map(orderSQL) });
  return config;
}

/** Drizzle drops an infinite limit, and SQLite takes no offset without a limit. */
function range({ limit, offset }: ReadNode): { readonly limit?: number; readonly offset?: number } {
  if (limit === Number.POSITIVE_INFINITY && offset === 0) return {};
  return { limit: Math.min(limit, Number.MAX_SAFE_INTEGER), ...(offset > 0 && { offset }) };
}

function orderSQL({ expression: { column }, direction }: Ordered): SQL {
  return sql`${column.column}${sql.raw(syntaxOf(column.database).orderKey(column, direction, ""))}`;
}

/** Computed fields alone may be aggregates: they are asked of the table under its own name, with every condition beside them. */
function selectComputed(root: ReadNode, admitted: Admitted): Select {
  // By number: PostgreSQL cuts long names.
  const fields = Object.fromEntries(
    [...root.extras.values()].map((extra, index) => [`+${index}`, sql`${sql`${extra.sql}`}`.as(`+${index}`)]),
  );
  const syntax = syntaxOf(root.secured.table.database);
  const sent = Object.fromEntries(
    [...root.extras.keys()].map((name, index) => [
      name,
      sql.raw(syntax.sentExtra(`"computed"."+${index}"`)).as(`+${index}`),
    ]),
  );
  return { kind: "select", fields: sent, from: { select: ranged(fields, root, admitted), as: "computed" } };
}

/** The number of rows the rule admits, without the client's filter, as a scalar sub-query of the same statement. */
function totalBeside(root: ReadNode, admitted: Admitted): SQL<number> {
  const { table, where } = admittedRows(root, admitted);
  // Sealed, or Drizzle would rename the inner table's columns to the outer's.
  const counted =
    where === undefined
      ? sql`(select count(*) from ${table})`
      : sql`(select count(*) from ${table} where ${where})`;
  return sql<number>`${sealed(counted)}`;
}

/** How many rows the same request would return, and the total. */
function countRows({ root, total }: ReadPlan, admitted: Admitted): Select {
  const { orderBy: _, ...page } = ranged({ one: sql`1`.as("one") }, root, admitted);
  const fields = {
    count: sql<number>`count(*)`.as("count"),
    ...(total && { total: totalBeside(root, admitted).as("total") }),
  };
  return { kind: "select", fields, from: { select: page, as: "page" } };
}
