import { type SQL, sql } from "drizzle-orm";
import type { ReadPlan, Row, Rows, WritePlan } from "../plan/plan.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { nodeCondition, rowsCondition } from "./condition.ts";
import { columnValue, countTotal, readRelational } from "./relational.ts";
import type { DrizzleDatabase } from "./compile.ts";
import { columnAsText, travelsAsText } from "./transport.ts";
import { extraValue } from "./value.ts";

/** What a write did. */
export interface WriteOutcome {
  readonly rows?: readonly unknown[];
  readonly rowsAffected: number;
  readonly total?: number;
  /** Whether every written row satisfies the check. */
  readonly passed: boolean;
}

/** A write ready to run; the rows to write come last, because a hook may have changed them. */
export type WriteStatement = (database: DrizzleDatabase, rows: readonly Row[]) => Promise<WriteOutcome>;

/** Names no column has. */
const CHECK = "~check";
const KEY = "~key:";

/** SQLite binds at most 32,766 values to one statement. */
const MAX_VALUES = 30_000;

/** What a caller may do: the rows of each node of the answer, and what a written row must satisfy. */
export interface WriteRows {
  readonly rows: readonly Rows[];
  readonly check: Rows;
}

/** A write as one statement with `returning`; the check rides along as one more returned expression. */
export function compileWrite(plan: WritePlan, { rows, check }: WriteRows): WriteStatement {
  return async (database, values) => {
    const before =
      plan.kind === "delete" && plan.answer.relations.size > 0
        ? await readAnswer(database, plan, rows, doomed(plan, rows))
        : undefined;
    const written = await run(database, plan, rows[0]!, check, values);
    for (const row of written) decodeKey(row, plan.answer.table);
    const passed = written.every((row) => row[CHECK] !== 0);
    if (!passed) return { rowsAffected: written.length, passed };
    if (plan.kind !== "insert") written.sort(byKey(plan.answer.table));
    const answer = before ?? (await readWritten(database, plan, rows, written));
    const total = plan.total ? await countTotal(database, plan.answer, rows) : undefined;
    return {
      ...(!plan.countOnly && { rows: answer }),
      ...(total !== undefined && { total }),
      rowsAffected: written.length,
      passed,
    };
  };
}

async function run(
  database: DrizzleDatabase,
  plan: WritePlan,
  using: Rows,
  check: Rows,
  values: readonly Row[],
): Promise<Row[]> {
  const { table } = plan.answer.table;
  const fields = returning(plan, check);
  if (plan.kind === "insert") {
    const written: Row[] = [];
    const size = Math.max(1, Math.floor(MAX_VALUES / plan.answer.table.columns.size));
    for (let start = 0; start < values.length; start += size) {
      written.push(
        ...((await database
          .insert(table)
          .values(values.slice(start, start + size))
          .returning(fields)) as Row[]),
      );
    }
    return written;
  }
  const where = nodeCondition(plan.answer, using);
  const change = plan.kind === "update" ? database.update(table).set(values[0]) : database.delete(table);
  return (await change.where(where).returning(fields)) as Row[];
}

/** What the statement returns: the columns asked for, the key, and whether the row passes. */
function returning(plan: WritePlan, check: Rows): Row {
  const { columns, extras, table, relations } = plan.answer;
  const fields: Row = {};
  const direct = relations.size === 0; // with relations, rows are read back whole
  for (const column of direct ? columns : []) fields[column.name] = field(column);
  // Drizzle strips the table's name from columns at the top of an expression, which would change what a sub-query in it says.
  for (const [name, extra] of direct ? extras : []) fields[name] = sql`${sql`${extra.sql}`}`.as(name);
  for (const key of table.primaryKey) fields[KEY + key.name] = field(key);
  const condition = plan.kind === "delete" ? undefined : rowsCondition(check);
  if (condition !== undefined)
    fields[CHECK] = sql<number>`case when ${sql`${condition}`} then 1 else 0 end`.as(CHECK);
  if (Object.keys(fields).length === 0) fields[KEY] = sql`1`.as(KEY);
  return fields;
}

const field = (column: ColumnInfo): unknown =>
  travelsAsText(column, false) ? columnAsText(column) : column.column;

function decodeKey(row: Row, { primaryKey }: TableInfo): void {
  for (const key of primaryKey) row[KEY + key.name] = columnValue(row[KEY + key.name], key, false);
}

/** The rows that came back, without what was returned for the engine alone; with relations they are read by key. */
async function readWritten(
  database: DrizzleDatabase,
  plan: WritePlan,
  rows: readonly Rows[],
  written: readonly Row[],
): Promise<readonly unknown[]> {
  if (plan.countOnly) return [];
  const { columns, extras, relations, table } = plan.answer;
  if (relations.size > 0) return readAnswer(database, plan, rows, keysIn(table, written));
  return written.map((row) => {
    const answer: Row = {};
    for (const column of columns) answer[column.name] = columnValue(row[column.name], column, false);
    for (const [name, extra] of extras) answer[name] = extraValue(row[name], extra);
    return answer;
  });
}

/** Reads rows with their relations, whatever the rule's own filter says of them: they are the ones that were written. */
async function readAnswer(
  database: DrizzleDatabase,
  plan: WritePlan,
  rows: readonly Rows[],
  which: SQL,
): Promise<readonly unknown[]> {
  const order = plan.answer.table.primaryKey.map((column) => ({ column, direction: "asc" }) as const);
  const root = {
    ...plan.answer,
    where: undefined,
    orderBy: order,
    limit: Number.POSITIVE_INFINITY,
    offset: 0,
  };
  const read: ReadPlan = {
    kind: "read",
    policy: plan.policy,
    root,
    nodes: plan.nodes,
    first: false,
    total: false,
    countOnly: false,
  };
  return (await readRelational(database, read, [which, ...rows.slice(1)])).rows as readonly unknown[];
}

function doomed(plan: WritePlan, rows: readonly Rows[]): SQL {
  return nodeCondition(plan.answer, rows[0]!) ?? sql`1 = 1`;
}

function keysIn({ primaryKey }: TableInfo, written: readonly Row[]): SQL {
  if (written.length === 0) return sql`1 = 0`;
  const same = (row: Row): SQL =>
    sql`(${sql.join(
      primaryKey.map(({ column, name }) => sql`${column} = ${sql.param(row[KEY + name], column)}`),
      sql` and `,
    )})`;
  if (primaryKey.length !== 1) return sql`(${sql.join(written.map(same), sql` or `)})`;
  const [{ column, name }] = primaryKey as [ColumnInfo];
  return sql`${column} in (${sql.join(
    written.map((row) => sql.param(row[KEY + name], column)),
    sql`, `,
  )})`;
}

/** RETURNING has no order of its own; the key's makes answers reproducible. */
function byKey({ primaryKey }: TableInfo): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name } of primaryKey) {
      const [left, right] = [a[KEY + name] as string, b[KEY + name] as string];
      if (left < right) return -1;
      if (left > right) return 1;
    }
    return 0;
  };
}
