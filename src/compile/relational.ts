import { type SQL, sql, type Table } from "drizzle-orm";
import type { ReadNode, ReadPlan, Rows } from "../plan/plan.ts";
import type { OrderKey } from "../policy/policy.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Database } from "../dialect/dialect.ts";
import type { ReadOutcome } from "./compile.ts";
import { aliasedCondition, computed, nodeCondition, rowsCondition } from "./condition.ts";
import { asText, columnAsText, driverValue, fromText, travelsAsText, valueAsText } from "./transport.ts";
import { extraValue } from "./value.ts";

/** Names no column has: the total beside the rows, and a field for rows of which nothing is asked. */
const TOTAL = "~total";
const NOTHING = "~nothing";

/** The portable reader: Drizzle's relational query, on any database that has one. */
export async function readRelational(
  database: Database,
  plan: ReadPlan,
  rows: readonly Rows[],
): Promise<ReadOutcome> {
  if (plan.countOnly) return countRows(database, plan, rows);
  const { root } = plan;
  if (root.columns.length === 0 && root.relations.size === 0) return readComputed(database, plan, rows);
  const config = toConfig(root, rows, root.table.name);
  if (plan.total) config.extras[TOTAL] = total(root, rows).as(TOTAL);
  const found = (await database.query[root.table.name].findMany(config)) as Row[];
  const outcome = {
    ...(plan.total && {
      total: found.length > 0 ? Number(found[0]![TOTAL]) : await countTotal(database, root, rows),
    }),
  };
  const arranged = found.map((row) => arrange(row, root));
  return plan.first
    ? { ...outcome, rows: arranged[0] ?? null, count: arranged.length }
    : { ...outcome, rows: arranged, count: arranged.length };
}

type Row = Record<string, unknown>;

interface Config {
  columns: Record<string, true>;
  extras: Record<string, SQL.Aliased>;
  where?: SQL;
  orderBy?: SQL[];
  limit?: number;
  offset?: number;
  with: Record<string, Config>;
}

function toConfig(node: ReadNode, rows: readonly Rows[], alias: string, nested = false): Config {
  const config: Config = { columns: {}, extras: {}, with: {} };
  for (const column of node.columns) {
    if (travelsAsText(column, nested)) config.extras[column.name] = columnAsText(column);
    else config.columns[column.name] = true;
  }
  for (const [name, extra] of node.extras)
    config.extras[name] = valueAsText(computed(extra, node.table, alias), name);
  const where = aliasedCondition(node, rows[node.index]!);
  if (where !== undefined) config.where = where;
  for (const [name, { node: child }] of node.relations)
    config.with[name] = toConfig(child, rows, `${alias}_${name}`, true); // as Drizzle names it
  if (node.columns.length === 0 && node.extras.size === 0 && node.relations.size === 0)
    config.extras[NOTHING] = sql`1`.as(NOTHING);
  if (!node.single) Object.assign(config, range(node), { orderBy: node.orderBy.map(orderSQL) });
  return config;
}

/** Drizzle drops an infinite limit, and SQLite takes no offset without a limit. */
function range({ limit, offset }: ReadNode): Pick<Config, "limit" | "offset"> {
  if (limit === Number.POSITIVE_INFINITY && offset === 0) return {};
  return { limit: Math.min(limit, Number.MAX_SAFE_INTEGER), ...(offset > 0 && { offset }) };
}

function orderSQL({ column, direction }: OrderKey): SQL {
  const nulls = column.database === "postgresql" && column.nullable;
  if (direction === "asc") return nulls ? sql`${column.column} asc nulls first` : sql`${column.column} asc`;
  return nulls ? sql`${column.column} desc nulls last` : sql`${column.column} desc`;
}

/**
 * Rows as Drizzle answers them, with the keys in one order: columns, computed fields, relations. What travelled as text
 * and what an author's `mapWith` maps is decoded here, because Drizzle forgets both while it renames.
 */
function arrange(row: Row, node: ReadNode, nested = false): Row {
  const arranged: Row = {};
  for (const column of node.columns) arranged[column.name] = columnValue(row[column.name], column, nested);
  for (const [name, extra] of node.extras) arranged[name] = extraValue(textValue(row[name]), extra);
  for (const [name, { node: child }] of node.relations) {
    const value = row[name] as Row | Row[] | null | undefined;
    arranged[name] = Array.isArray(value)
      ? value.map((item) => arrange(item, child, true))
      : value
        ? arrange(value, child, true)
        : null;
  }
  return arranged;
}

const textValue = (value: unknown): unknown => (typeof value === "string" ? driverValue(value) : value);

/** The value of a column as it came, decoded where it travelled as text. */
export function columnValue(value: unknown, column: ColumnInfo, nested: boolean): unknown {
  return typeof value === "string" && travelsAsText(column, nested) ? fromText(column, value) : value;
}

/** Computed fields alone may be aggregates: they are asked of the table under its own name, with every condition beside them. */
async function readComputed(database: Database, plan: ReadPlan, rows: readonly Rows[]): Promise<ReadOutcome> {
  const { root, first } = plan;
  const fields = Object.fromEntries(
    [...root.extras].map(([name, extra]) => [name, sql`${sql`${extra.sql}`}`.as(name)]),
  );
  const query = database
    .select(fields)
    .from(root.table.table)
    .where(nodeCondition(root, rows[0]!))
    .$dynamic();
  const { limit, offset } = range(root);
  if (root.orderBy.length > 0) query.orderBy(...root.orderBy.map(orderSQL));
  if (limit !== undefined) query.limit(limit);
  if (offset !== undefined) query.offset(offset);
  const quoted = (name: string): string => `"computed"."${name.replaceAll('"', '""')}"`;
  const tagged = Object.fromEntries(
    [...root.extras.keys()].map((name) => [name, sql.raw(asText(quoted(name))).as(name)]),
  );
  const found = ((await database.select(tagged).from(query.as("computed"))) as Row[]).map((row) => {
    const arranged: Row = {};
    for (const [name, extra] of root.extras) arranged[name] = extraValue(textValue(row[name]), extra);
    return arranged;
  });
  return {
    ...(plan.total && { total: await countTotal(database, root, rows) }),
    rows: first ? (found[0] ?? null) : found,
    count: found.length,
  };
}

/** The number of rows the rule admits, without the client's filter, as a scalar sub-query of the same statement. */
function total({ table }: ReadNode, rows: readonly Rows[]): SQL<number> {
  const using = rowsCondition(rows[0]!);
  // Sealed, or Drizzle would rename the inner table's columns to the outer's.
  const counted =
    using === undefined
      ? sql`(select count(*) from ${table.table})`
      : sql`(select count(*) from ${table.table} where ${using})`;
  return sql<number>`${{ getSQL: () => counted }}`;
}

/** The number of rows the rule admits, as a statement of its own. */
export async function countTotal(
  database: Database,
  { table }: ReadNode,
  rows: readonly Rows[],
): Promise<number> {
  return selectCount(database, table.table, rowsCondition(rows[0]!));
}

/** How many rows the same request would return, and the total. */
async function countRows(
  database: Database,
  { root, total: wanted }: ReadPlan,
  rows: readonly Rows[],
): Promise<ReadOutcome> {
  const { limit, offset } = range(root);
  const page = database
    .select({ one: sql`1`.as("one") })
    .from(root.table.table)
    .where(nodeCondition(root, rows[0]!))
    .$dynamic();
  if (limit !== undefined) page.limit(limit);
  if (offset !== undefined) page.offset(offset);
  const fields = {
    count: sql<number>`count(*)`.as("count"),
    ...(wanted && { total: total(root, rows).as("total") }),
  };
  const [row] = (await database.select(fields).from(page.as("page"))) as {
    count: number | string;
    total?: number | string;
  }[];
  return { count: Number(row!.count), ...(wanted && { total: Number(row!.total) }) };
}

/** How many rows of a table satisfy a condition. */
export async function selectCount(database: Database, table: Table, where: SQL | undefined): Promise<number> {
  const [row] = (await database
    .select({ count: sql<number>`count(*)` })
    .from(table)
    .where(where)) as { count: number | string }[];
  return Number(row!.count);
}
