import { getTableName, getTableUniqueName, is, SQL, sql } from "drizzle-orm";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { MARK, type Names } from "../drizzle/drizzle.ts";
import type { Row } from "../plan/plan.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { MAX_VALUES } from "./answer.ts";
import type { Cells } from "./cells.ts";
import { numbered } from "./lift.ts";
import { escaped } from "./reach.ts";
import { syntaxOf } from "./syntax.ts";

/** A write whose rows are judged before it is done for good. */
export interface Rehearsal {
  readonly kind: "insert" | "update";
  readonly table: TableInfo;
  readonly check: SQL;
  readonly cells: Cells;
  readonly names: Names;
  readonly dialect: Dialect;
  readonly database: Database;
  /** Writes rows, and answers what came of them, cells included. */
  readonly write: (values: readonly Row[]) => Promise<Row[]>;
}

const SAVEPOINT = `"~rehearsal"`;
/**
 * What is written as it was made the first time, one attempt after the other: a trigger may change again what it has
 * changed already.
 */
const PINNED: readonly ((column: ColumnInfo) => boolean)[] = [
  () => true,
  ({ primary }) => primary,
  () => false,
];

/**
 * Writes rows that pass a check on all tables as they were before: writes, takes it back, judges what would have been
 * stored, and writes that for good. The answer is what came back; `undefined` where a row does not pass, or where the
 * database makes another one each time.
 */
export async function rehearse(rehearsal: Rehearsal, values: readonly Row[]): Promise<Row[] | undefined> {
  const { cells, dialect, database, write } = rehearsal;
  const run = (text: string): Promise<unknown> => dialect.query(database, `${text} ${SAVEPOINT}`, []);
  const back = (): Promise<unknown> => run("rollback to savepoint");
  await run("savepoint");
  for (const pinned of PINNED) {
    const shown = await show(rehearsal, values, back);
    const rows = shown.filter((row) => row !== undefined);
    let written: Row[] = [];
    if (rows.length > 0) {
      await back();
      if (!(await passes(rehearsal, rows))) return undefined;
      written = await write(settle(rehearsal, values, shown, pinned));
    }
    if (cells.told(written) === cells.told(rows)) {
      await run("release savepoint");
      return written;
    }
    await back();
  }
  return undefined;
}

/** Writes rows to be taken back. Of new rows each is known by its place; where one was dropped, they come one by one. */
async function show(
  { kind, write }: Rehearsal,
  values: readonly Row[],
  back: () => Promise<unknown>,
): Promise<readonly (Row | undefined)[]> {
  const rows = await write(values);
  if (kind === "update" || rows.length === values.length || values.length === 1) return rows;
  await back();
  const shown: (Row | undefined)[] = [];
  for (const value of values) shown.push((await write([value]))[0]);
  return shown;
}

/** The rows to write with what was made for them the first time: keys, defaults, values in SQL. */
function settle(
  { kind, cells }: Rehearsal,
  values: readonly Row[],
  shown: readonly (Row | undefined)[],
  pinned: (column: ColumnInfo) => boolean,
): readonly Row[] {
  return values.map((value, index) => {
    const rows = (kind === "insert" ? [shown[index]] : shown).filter((row) => row !== undefined);
    const settled: Row = { ...value };
    for (const column of cells.columns) {
      if (!pinned(column) || !isMade(kind, column, value)) continue;
      const [made, ...others] = new Set(rows.map((row) => cells.of(row, column)));
      if (made !== undefined && others.length === 0) settled[column.name] = cells.value(made, column);
    }
    return settled;
  });
}

/** Whether a column's value is made anew each time the row is written. */
function isMade(kind: Rehearsal["kind"], { name, column }: ColumnInfo, row: Row): boolean {
  if (column.generated !== undefined) return false;
  if (Object.hasOwn(row, name) && row[name] !== undefined) return is(row[name], SQL);
  return kind === "insert" || column.onUpdateFn !== undefined;
}

/** Whether all rows pass the check. They are values here, and no rows of any table. */
async function passes(
  { table, check, cells, names, dialect, database }: Rehearsal,
  rows: readonly Row[],
): Promise<boolean> {
  const size = Math.max(1, Math.floor(MAX_VALUES / cells.width));
  const alias = sql.identifier(getTableName(table.table));
  for (let start = 0; start < rows.length; start += size) {
    const judged = rows.slice(start, start + size);
    const query = sql`with "~rows" as (${cells.select(judged)}) select count(*) from "~rows" as ${alias} where (${check})`;
    const { sql: text, params } = query.toQuery(names.rendering);
    const parts = withoutSchema(text, table).split(MARK);
    const [row] = await dialect.query(database, numbered(parts, 1, syntaxOf(names.database)), params);
    if (Number(row![0]) < judged.length) return false;
  }
  return true;
}

/** Rows that are no table have no schema: their columns go by the table's name alone. */
function withoutSchema(text: string, { table }: TableInfo): string {
  const name = getTableName(table);
  const unique = getTableUniqueName(table);
  const schema = unique.slice(0, -name.length - 1);
  if (schema === "public") return text;
  const [before, own] = [schema, name].map((part) => escaped(part));
  return text.replaceAll(new RegExp(`("?)${before}\\1\\.(?=("?)${own}\\2\\.)`, "g"), "");
}
