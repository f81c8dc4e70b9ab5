import { type SQL, sql, type Table } from "drizzle-orm";
import { type Naming, namesOfSchema, numbersForNames } from "../drizzle/drizzle.ts";
import type { ReadNode, ReadPlan, Rows } from "../plan/plan.ts";
import type { OrderKey } from "../policy/policy.ts";
import type { Database } from "../dialect/dialect.ts";
import type { ReadOutcome } from "./compile.ts";
import { aliasedCondition, computed, nodeCondition, rowsCondition } from "./condition.ts";
import { areTooLong } from "./names.ts";
import { syntaxOf } from "./syntax.ts";
import { columnAsText, columnValue, extraAsText, syntaxFor } from "./transport.ts";
import { extraReceived, type Unreadable } from "./value.ts";

/** Names no column has: the total beside the rows, and a field for rows of which nothing is asked. */
const TOTAL = "~total";
const NOTHING = "~nothing";

/** The portable reader: Drizzle's relational query, on any database that has one. */
export async function readRelational(
  database: Database,
  plan: ReadPlan,
  rows: readonly Rows[],
  unreadable: Unreadable,
): Promise<ReadOutcome> {
  if (plan.countOnly) return countRows(database, plan, rows);
  const { root } = plan;
  if (root.columns.length === 0 && root.relations.size === 0) return readComputed(database, plan, rows);
  if (root.table.kind === "view") return readView(database, plan, rows, unreadable);
  // Drizzle's relational queries ask for each field by itself, where no other row is seen.
  if (plan.nodes.some(({ policy, extras }) => policy.spansRows && extras.size > 0))
    throw new TypeError("computed fields over several rows need the fast reader");
  const cut = root.table.database === "postgresql" && areTooLong(root);
  const naming = (cut ? numbersForNames : namesOfSchema)(database, root.table.name);
  const config = toConfig(root, rows, naming, naming.root);
  if (plan.total) config.extras[TOTAL] = total(root, rows).as(TOTAL);
  const found = (await naming.query.findMany(config)) as Row[];
  const outcome = {
    ...(plan.total && {
      total: found.length > 0 ? Number(found[0]![TOTAL]) : await countTotal(database, root, rows),
    }),
  };
  return { ...outcome, ...arrangeAll(found, plan, unreadable, naming) };
}

/** Drizzle has no relational queries of views; they have no relations either. */
async function readView(
  database: Database,
  plan: ReadPlan,
  rows: readonly Rows[],
  unreadable: Unreadable,
): Promise<ReadOutcome> {
  const { root } = plan;
  const syntax = syntaxFor(root.table);
  const fields: Row = {};
  for (const column of root.columns) fields[column.name] = columnAsText(column, false) ?? column.column;
  for (const [name, extra] of root.extras) fields[name] = extraAsText(extra, name, syntax);
  const query = database
    .select(fields)
    .from(root.table.table)
    .where(nodeCondition(root, rows[0]!))
    .$dynamic();
  const found = (await ranged(query, root)) as Row[];
  const total = plan.total ? { total: await countTotal(database, root, rows) } : {};
  return { ...total, ...arrangeAll(found, plan, unreadable) };
}

function arrangeAll(
  found: readonly Row[],
  { root, first }: ReadPlan,
  unreadable: Unreadable,
  naming?: Naming,
): Pick<ReadOutcome, "rows" | "count"> {
  const arranged = found.map((row) => arrange(row, root, unreadable, naming));
  return { rows: first ? (arranged[0] ?? null) : arranged, count: arranged.length };
}

/** A query with the node's order and range. */
// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's type differs per database
function ranged(query: any, node: ReadNode): any {
  const { limit, offset } = range(node);
  if (node.orderBy.length > 0) query.orderBy(...node.orderBy.map(orderSQL));
  if (limit !== undefined) query.limit(limit);
  if (offset !== undefined) query.offset(offset);
  return query;
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

function toConfig(
  node: ReadNode,
  rows: readonly Rows[],
  naming: Naming,
  alias: string,
  nested = false,
): Config {
  const config: Config = { columns: {}, extras: {}, with: {} };
  for (const column of node.columns) {
    const text = columnAsText(column, nested);
    if (text === undefined) config.columns[column.name] = true;
    else config.extras[column.name] = text;
  }
  const syntax = syntaxFor(node.table);
  for (const [name, extra] of node.extras)
    config.extras[name] = extraAsText(computed(extra, node.table, alias), name, syntax);
  const where = aliasedCondition(node, rows[node.index]!, alias);
  if (where !== undefined) config.where = where;
  for (const [relation, { node: child }] of node.relations) {
    const name = naming.relation(node.table.name, relation);
    config.with[name] = toConfig(child, rows, naming, `${alias}_${name}`, true); // as Drizzle names it
  }
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

function orderSQL(key: OrderKey): SQL {
  const { column, database } = key.column;
  return sql`${column}${sql.raw(syntaxOf(database).orderKey(key, ""))}`;
}

/**
 * Rows as Drizzle answers them, with the keys in one order: columns, computed fields, relations. What travelled as text
 * and what an author's `mapWith` maps is decoded here, because Drizzle forgets both while it renames.
 */
function arrange(
  row: Row,
  node: ReadNode,
  unreadable: Unreadable,
  naming: Naming | undefined,
  nested = false,
): Row {
  const arranged: Row = {};
  for (const column of node.columns)
    arranged[column.name] = columnValue(row[column.name], column, nested, unreadable);
  const syntax = syntaxFor(node.table);
  for (const [name, extra] of node.extras) arranged[name] = extraReceived(row[name], extra, syntax);
  for (const [name, { node: child }] of node.relations) {
    const value = row[naming?.relation(node.table.name, name) ?? name] as Row | Row[] | null | undefined;
    arranged[name] = Array.isArray(value)
      ? value.map((item) => arrange(item, child, unreadable, naming, true))
      : value
        ? arrange(value, child, unreadable, naming, true)
        : null;
  }
  return arranged;
}

/** Computed fields alone may be aggregates: they are asked of the table under its own name, with every condition beside them. */
async function readComputed(database: Database, plan: ReadPlan, rows: readonly Rows[]): Promise<ReadOutcome> {
  const { root, first } = plan;
  // By number: PostgreSQL cuts long names.
  const fields = Object.fromEntries(
    [...root.extras.values()].map((extra, index) => [`+${index}`, sql`${sql`${extra.sql}`}`.as(`+${index}`)]),
  );
  const query = database
    .select(fields)
    .from(root.table.table)
    .where(nodeCondition(root, rows[0]!))
    .$dynamic();
  const syntax = syntaxFor(root.table);
  const sent = Object.fromEntries(
    [...root.extras.keys()].map((name, index) => [
      name,
      sql.raw(syntax.sentExtra(`"computed"."+${index}"`)).as(`+${index}`),
    ]),
  );
  const found = ((await database.select(sent).from(ranged(query, root).as("computed"))) as Row[]).map(
    (row) => {
      const arranged: Row = {};
      for (const [name, extra] of root.extras) arranged[name] = extraReceived(row[name], extra, syntax);
      return arranged;
    },
  );
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
