import { type SQL, sql } from "drizzle-orm";
import type { ReadNode, ReadPlan, Row, Rows, WritePlan } from "../plan/plan.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { InsertWriter } from "./insert.ts";
import { nodeCondition, rowsCondition, speaksOnlyOf } from "./condition.ts";
import { columnValue, countTotal, readRelational, selectCount } from "./relational.ts";
import type { Database } from "../dialect/dialect.ts";
import { columnAsText, travelsAsText } from "./transport.ts";
import { extraValue } from "./value.ts";

/** What a write did. */
export interface WriteOutcome {
  readonly rows?: readonly unknown[];
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly rowsAffected: number;
  readonly total?: number;
  /** Whether every written row satisfies the check. */
  readonly passed: boolean;
}

/** A write ready to run; the rows to write come last, because a hook may have changed them. */
export type WriteStatement = (database: Database, rows: readonly Row[]) => Promise<WriteOutcome>;

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

/**
 * A write as one statement with `returning`; the check rides along as one more returned expression. A single new row
 * may go through `inserts`, whose statements are remembered.
 */
export function compileWrite(
  plan: WritePlan,
  { rows, check }: WriteRows,
  inserts: InsertWriter | undefined,
): WriteStatement {
  const { answer } = plan;
  const simple = isSimple(answer);
  const fast = inserts !== undefined && InsertWriter.takes(plan) ? inserts : undefined;
  const defers = plan.kind !== "delete" && looksElsewhere(check, answer.table);
  return async (database, values) => {
    if (defers) await database.run(sql`pragma defer_foreign_keys = on`);
    if (fast !== undefined && values.length === 1) {
      const outcome = await fast.insert(database, plan, check, values[0]!);
      if (outcome !== undefined) return withTotal(outcome, database, plan, rows);
    }
    const before =
      plan.kind === "delete" && !simple
        ? await readAnswer(database, plan, rows, doomed(plan, rows))
        : undefined;
    const written = await run(database, plan, rows[0]!, check, values);
    for (const row of written) decodeKey(row, answer.table);
    const passed =
      written.every((row) => row[CHECK] !== 0) && (await passTogether(database, plan, check, written));
    if (!passed) return { rowsAffected: written.length, passed };
    if (plan.kind !== "insert") written.sort(byKey(answer.table));
    const answered = plan.countOnly
      ? undefined
      : (before?.map((row) => withoutKey(row, answer)) ?? (await readWritten(database, plan, rows, written)));
    const outcome = {
      ...(answered !== undefined && { rows: answered }),
      rowsAffected: written.length,
      passed,
    };
    return withTotal(outcome, database, plan, rows);
  };
}

/** The total is counted after the write. */
async function withTotal(
  outcome: WriteOutcome,
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
): Promise<WriteOutcome> {
  if (!plan.total || !outcome.passed) return outcome;
  return { ...outcome, total: await countTotal(database, plan.answer, rows) };
}

/**
 * Whether a check may ask about the rows a new row refers to. Then it speaks first, and the foreign keys when all is
 * done: a row that is hidden and one that is not there are refused alike.
 */
function looksElsewhere(check: Rows, table: TableInfo): boolean {
  const refers = [...table.columns.values()].some(
    ({ foreign, database }) => foreign && database === "sqlite",
  );
  return refers && typeof check !== "string" && !speaksOnlyOf(check, table);
}

/** Whether RETURNING says all that is asked for: no relations, no computed field that looks at other rows. */
function isSimple({ relations, extras, table }: ReadNode): boolean {
  return relations.size === 0 && [...extras.values()].every((extra) => speaksOnlyOf(extra.sql, table));
}

/** RETURNING checks each row when its turn comes; a check that looks at other rows is asked again when all are written. */
async function passTogether(
  database: Database,
  plan: WritePlan,
  check: Rows,
  written: readonly Row[],
): Promise<boolean> {
  const { table } = plan.answer;
  if (typeof check === "string" || plan.kind === "delete" || written.length < 2) return true;
  if (speaksOnlyOf(check, table) || table.primaryKey.length === 0) return true;
  for (const keys of chunks(written, table)) {
    const failing = sql`${keysIn(table, keys)} and (${check}) is not true`;
    if ((await selectCount(database, table.table, failing)) > 0) return false;
  }
  return true;
}

async function run(
  database: Database,
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
    const rows = withoutInherited(values, plan.answer.table);
    for (let start = 0; start < rows.length; start += size) {
      written.push(
        ...((await database
          .insert(table)
          .values(rows.slice(start, start + size))
          .returning(fields)) as Row[]),
      );
    }
    return written;
  }
  const where = nodeCondition(plan.answer, using);
  const change =
    plan.kind === "update"
      ? database.update(table).set({ ...unchanged(plan.answer.table), ...values[0] })
      : database.delete(table);
  return (await change.where(where).returning(fields)) as Row[];
}

/** Drizzle reads a column that is not given through the prototype, where `constructor` is a function. */
function withoutInherited(rows: readonly Row[], { columns }: TableInfo): readonly Row[] {
  const inherited = [...columns.keys()].filter((name) => name in Object.prototype);
  if (inherited.length === 0) return rows;
  const absent = Object.fromEntries(inherited.map((name) => [name, undefined]));
  return rows.map((row) => ({ ...absent, ...row }));
}

/** The same for an update: a column that is not given stays what it is. */
function unchanged({ columns }: TableInfo): Row {
  const inherited = [...columns.values()].filter(({ name }) => name in Object.prototype);
  return Object.fromEntries(inherited.map(({ name, column }) => [name, sql`${column}`]));
}

/** What the statement returns: the columns asked for, the key, and whether the row passes. */
function returning(plan: WritePlan, check: Rows): Row {
  const { columns, extras, table } = plan.answer;
  const fields: Row = {};
  const direct = isSimple(plan.answer); // else rows are read whole
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

/** The rows that came back, without what was returned for the engine alone; where RETURNING says too little, read by key. */
async function readWritten(
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
  written: readonly Row[],
): Promise<readonly unknown[]> {
  const { columns, extras, table } = plan.answer;
  if (!isSimple(plan.answer)) {
    const found: unknown[] = [];
    for (const keys of chunks(written, table)) {
      const byKey = await readAnswer(database, plan, rows, keysIn(table, keys));
      found.push(...inOrder(byKey, keys, table));
    }
    return found.map((row) => withoutKey(row as Row, plan.answer));
  }
  return written.map((row) => {
    const answer: Row = {};
    for (const column of columns) answer[column.name] = columnValue(row[column.name], column, false);
    for (const [name, extra] of extras) answer[name] = extraValue(row[name], extra);
    return answer;
  });
}

/** Reads rows whole, with their keys, whatever the rule's own filter says of them: they are the ones that are written. */
async function readAnswer(
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
  which: SQL,
): Promise<readonly Row[]> {
  const { answer, nodes, policy } = plan;
  const columns = [...new Set([...answer.columns, ...answer.table.primaryKey])];
  const orderBy = answer.table.primaryKey.map((column) => ({ column, direction: "asc" }) as const);
  const root = { ...answer, columns, where: undefined, orderBy, limit: Number.POSITIVE_INFINITY, offset: 0 };
  const read: ReadPlan = {
    kind: "read",
    policy,
    root,
    nodes,
    first: false,
    total: false,
    countOnly: false,
    recurring: false,
  };
  return (await readRelational(database, read, [which, ...rows.slice(1)])).rows as readonly Row[];
}

/** The rows in the order their keys were written in. */
function inOrder(rows: readonly Row[], written: readonly Row[], { primaryKey }: TableInfo): readonly Row[] {
  const key = (row: Row, prefix: string): string =>
    primaryKey.map(({ name }) => `${typeof row[prefix + name]} ${String(row[prefix + name])}`).join("\n");
  const known = new Map(rows.map((row) => [key(row, ""), row]));
  return written.map((row) => known.get(key(row, KEY))).filter((row) => row !== undefined);
}

function withoutKey(row: Row, { columns, table }: ReadNode): Row {
  for (const column of table.primaryKey) if (!columns.includes(column)) delete row[column.name];
  return row;
}

/** As many keys at a time as one statement takes. */
function* chunks(written: readonly Row[], { primaryKey }: TableInfo): Iterable<readonly Row[]> {
  const size = Math.floor(MAX_VALUES / Math.max(1, primaryKey.length));
  for (let start = 0; start < written.length; start += size) yield written.slice(start, start + size);
}

function doomed(plan: WritePlan, rows: readonly Rows[]): SQL {
  return nodeCondition(plan.answer, rows[0]!) ?? sql`1 = 1`;
}

function keysIn({ primaryKey }: TableInfo, written: readonly Row[]): SQL {
  const comma = sql`, `;
  const bound = ({ column, name }: ColumnInfo, row: Row): SQL => sql`${sql.param(row[KEY + name], column)}`;
  const [key] = primaryKey;
  if (primaryKey.length === 1)
    return sql`${key!.column} in (${sql.join(
      written.map((row) => bound(key!, row)),
      comma,
    )})`;
  const tuple = (row: Row): SQL =>
    sql`(${sql.join(
      primaryKey.map((part) => bound(part, row)),
      comma,
    )})`;
  const columns = primaryKey.map(({ column }) => sql`${column}`);
  return sql`(${sql.join(columns, comma)}) in (values ${sql.join(written.map(tuple), comma)})`;
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
