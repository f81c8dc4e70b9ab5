import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../dialect/dialect.ts";
import { speaksOnlyOf } from "../drizzle/drizzle.ts";
import type { ReadNode, ReadPlan, Row, Rows, WritePlan } from "../plan/plan.ts";
import { type ColumnInfo, type TableInfo, typeName } from "../schema/schema.ts";
import type { ReadStatement } from "./compile.ts";
import { rowsCondition } from "./condition.ts";
import { columnAsText, columnValue, extraAsText, syntaxFor } from "./transport.ts";
import { extraReceived, type Unreadable } from "./value.ts";

/** How rows are read that were written, or are to be removed: as rows, not as their text. */
export type Read = (plan: ReadPlan, rows: readonly Rows[]) => ReadStatement;

/** Names no column has. */
export const CHECK = "~check";
export const KEY = "~key:";
export const EXACT = "~exact:";

/** SQLite binds at most 32,766 values to one statement. */
export const MAX_VALUES = 30_000;
/** Keys by which rows are read at once: a statement that comes again is written once. */
const MAX_READ = 1_000;

/** Whether RETURNING says all that is asked for: no relations, no computed field that looks at other rows. */
export function isSimple({ relations, extras, table }: ReadNode): boolean {
  return relations.size === 0 && [...extras.values()].every((extra) => speaksOnlyOf(extra.sql, table));
}

/** What comes back of a written row: the columns asked for, the key, and whether the row passes. */
export function returning(plan: WritePlan, check: Rows): Row {
  const { columns, extras, table } = plan.answer;
  const fields: Row = {};
  const direct = isSimple(plan.answer); // else rows are read whole
  for (const column of direct ? columns : []) fields[column.name] = field(column);
  for (const [name, extra] of direct ? extras : []) fields[name] = extraAsText(extra, name, syntaxFor(table));
  for (const key of table.primaryKey) fields[KEY + key.name] = field(key);
  for (const [name, text] of exactKey(table)) fields[name] = text;
  const condition = plan.kind === "delete" ? undefined : rowsCondition(check);
  if (condition !== undefined)
    fields[CHECK] = sql<number>`case when ${sql`${condition}`} then 1 else 0 end`.as(CHECK);
  if (Object.keys(fields).length === 0) fields[KEY] = sql`1`.as(KEY);
  return fields;
}

/**
 * PostgreSQL's keys as text: what JavaScript makes of a moment or of many digits may say less than is stored. A row
 * without a key is told by where it is stored.
 */
export const exactKey = (table: TableInfo): ReadonlyMap<string, SQL.Aliased> =>
  new Map(
    exactParts(table).map(([name, part], index) => [EXACT + name, sql`${part}::text`.as(`${EXACT}${index}`)]),
  );

/** What tells a row of PostgreSQL, each part with its name, its SQL and its type. */
export function exactParts({ database, primaryKey }: TableInfo): readonly (readonly [string, SQL, string])[] {
  if (database !== "postgresql") return [];
  if (primaryKey.length === 0) return PLACE;
  return primaryKey.map(({ name, column }) => [name, sql`${column}`, typeName(column)]);
}

const PLACE = [
  ["tableoid", sql`tableoid`, "oid"],
  ["ctid", sql`ctid`, "tid"],
] as const;

const field = (column: ColumnInfo): unknown => columnAsText(column, false) ?? column.column;

export function decodeKey(row: Row, { primaryKey }: TableInfo, unreadable: Unreadable): void {
  for (const key of primaryKey)
    row[KEY + key.name] = columnValue(row[KEY + key.name], key, false, unreadable);
}

/** Reads written rows again, as they are once all triggers have run; those that are no longer there are left out. */
export async function readAgain(
  database: Database,
  table: TableInfo,
  fields: Row,
  written: readonly Row[],
  unreadable: Unreadable,
): Promise<Row[]> {
  const found: Row[] = [];
  for (const keys of chunks(written, table, MAX_READ)) {
    const rows = (await database.select(fields).from(table.table).where(keysIn(table, keys))) as Row[];
    for (const row of rows) decodeKey(row, table, unreadable);
    found.push(...inOrder(rows, keys, table, KEY));
  }
  return found;
}

/** The rows that came back, without what was returned for the engine alone; where RETURNING says too little, read by key. */
export async function readWritten(
  read: Read,
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
  written: readonly Row[],
  unreadable: Unreadable,
): Promise<readonly unknown[]> {
  const { columns, extras, table } = plan.answer;
  if (!isSimple(plan.answer)) {
    const found: unknown[] = [];
    for (const keys of chunks(written, table, MAX_READ)) {
      const byKey = await readAnswer(read, database, plan, rows, keysIn(table, keys));
      found.push(...inOrder(byKey, keys, table));
    }
    return found.map((row) => withoutKey(row as Row, plan.answer));
  }
  return written.map((row) => {
    const answer: Row = {};
    for (const column of columns)
      answer[column.name] = columnValue(row[column.name], column, false, unreadable);
    for (const [name, extra] of extras) answer[name] = extraReceived(row[name], extra, syntaxFor(table));
    return answer;
  });
}

/** Reads rows whole, with their keys, whatever the rule's own filter says of them: they are the ones that are written. */
export async function readAnswer(
  read: Read,
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
  which: SQL,
): Promise<readonly Row[]> {
  const { answer, nodes, policy } = plan;
  const columns = [...new Set([...answer.columns, ...answer.table.primaryKey])];
  const orderBy = answer.table.primaryKey.map((column) => ({ column, direction: "asc" }) as const);
  const extras = new Map([...answer.extras, ...exactKey(answer.table)]);
  const root = {
    ...answer,
    columns,
    extras,
    where: undefined,
    orderBy,
    limit: Number.POSITIVE_INFINITY,
    offset: 0,
  };
  const whole: ReadPlan = {
    kind: "read",
    policy,
    root,
    nodes: [root, ...nodes.slice(1)],
    first: false,
    total: false,
    countOnly: false,
    recurring: false,
  };
  return (await read(whole, [which, ...rows.slice(1)])(database)).rows as readonly Row[];
}

/** The rows in the order their keys were written in; `prefix` stands before the names of keys in `rows`. */
export function inOrder(
  rows: readonly Row[],
  written: readonly Row[],
  { primaryKey }: TableInfo,
  prefix = "",
): readonly Row[] {
  const key = (row: Row, before: string): string =>
    // As a list, since a text may hold whatever would be put between two.
    JSON.stringify(primaryKey.map(({ name }) => keyText(row[EXACT + name] ?? row[before + name])));
  const known = new Map(rows.map((row) => [key(row, prefix), row]));
  return written.map((row) => known.get(key(row, KEY))).filter((row) => row !== undefined);
}

/** The keys of rows that were read whole, as those of written rows. */
export const keysOf = (rows: readonly Row[], { primaryKey }: TableInfo): readonly Row[] =>
  rows.map((row) =>
    Object.fromEntries(
      primaryKey.flatMap(({ name }) => [
        [KEY + name, row[name]],
        [EXACT + name, row[EXACT + name]],
      ]),
    ),
  );

/** A part of a key as text that tells it from every other. */
function keyText(value: unknown): string {
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${value.join()}`;
  return `${typeof value} ${String(value)}`;
}

export function withoutKey(row: Row, { columns, table }: ReadNode): Row {
  for (const column of table.primaryKey) {
    delete row[EXACT + column.name];
    if (!columns.includes(column)) delete row[column.name];
  }
  return row;
}

/** As many keys at a time as one statement takes. */
export function* chunks(
  written: readonly Row[],
  { primaryKey }: TableInfo,
  values: number = MAX_VALUES,
): Iterable<readonly Row[]> {
  const size = Math.floor(values / Math.max(1, primaryKey.length));
  for (let start = 0; start < written.length; start += size) yield written.slice(start, start + size);
}

export function keysIn(table: TableInfo, written: readonly Row[]): SQL {
  const exact = exactParts(table);
  const parts: readonly Part[] =
    exact.length > 0
      ? exact.map(([name, part, type]) => [part, (row) => sql`${row[EXACT + name]}::text::${sql.raw(type)}`])
      : table.primaryKey.map(({ name, column }) => [
          sql`${column}`,
          (row) => sql`${sql.param(row[KEY + name], column)}`,
        ]);
  const [[first, bound]] = parts as readonly [Part];
  if (parts.length === 1) return sql`${first} in (${list(written.map(bound))})`;
  const tuples = list(written.map((row) => sql`(${list(parts.map(([, part]) => part(row)))})`));
  // SQLite takes rows as VALUES only; there PostgreSQL would not know their types.
  const rows = exact.length > 0 ? tuples : sql`values ${tuples}`;
  return sql`(${list(parts.map(([part]) => part))}) in (${rows})`;
}

/** A part of a key in SQL, and its value in a row that was written. */
type Part = readonly [SQL, (row: Row) => SQL];

const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/** RETURNING has no order of its own; the key's makes answers reproducible. */
export function byKey({ primaryKey }: TableInfo): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name } of primaryKey) {
      const sign = compare(a[KEY + name], b[KEY + name]) || compare(a[EXACT + name], b[EXACT + name]);
      if (sign !== 0) return sign;
    }
    return 0;
  };
}

const isNumber = (value: unknown): boolean => typeof value !== "number" || !Number.isNaN(value);

/** What is greater than nothing and smaller than nothing, as `NaN`, comes first. */
function compare(left: unknown, right: unknown): number {
  const [a, b] = [left as string, right as string];
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(isNumber(left)) - Number(isNumber(right));
}
