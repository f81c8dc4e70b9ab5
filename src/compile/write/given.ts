import { is, SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { type ColumnInfo, type DatabaseKind, storedAs } from "../../schema/schema.ts";

/** A text of more characters might be more than `jsonb` takes. */
const LONGEST = 16_777_216;

/**
 * Rows of values as one value, which takes a fraction of the time that it takes to bind each by itself; `undefined` where one
 * of them is nothing that JSON says as it would be bound, or all are too long for one. `before` stands at the beginning of
 * each row.
 */
export function givenRows(
  values: readonly Row[],
  columns: readonly ColumnInfo[],
  before?: readonly (readonly unknown[] | undefined)[],
): string | undefined {
  const takes = columns.map((column) => storedAs(column.column));
  const rows: unknown[][] = [];
  let long = before?.some((cells) => cells?.some(isLong)) === true;
  for (let place = 0; place < values.length; place++) {
    const row = values[place]!;
    const cells: unknown[] = [...(before?.[place] ?? [])];
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      const cell = sentCell(row[column.name], column, takes[index]);
      if (cell === undefined) return undefined;
      if (isLong(cell)) long = true;
      cells.push(cell);
    }
    rows.push(cells);
  }
  const json = long
    ? `[${rows.map((cells) => `[${cells.map(cellJSON).join()}]`).join()}]`
    : JSON.stringify(rows);
  return json.length > LONGEST ? undefined : json;
}

/** A column to which all rows give the same value, and that value as a text of PostgreSQL. */
export interface Shared {
  readonly info: ColumnInfo;
  readonly text: string;
}

/** Columns of rows by whether each gives a value of its own, or all give the same. */
export interface Apart {
  readonly own: readonly ColumnInfo[];
  readonly shared: readonly Shared[];
}

/** Columns that are no client's, as who wrote a row and when, are often of one value for all rows: that is sent once. */
export function apart(
  given: readonly ColumnInfo[],
  made: readonly Row[],
  writable: ReadonlyMap<string, ColumnInfo>,
): Apart {
  if (made.length === 1) return { own: given, shared: [] };
  const shared: Shared[] = [];
  const own = given.filter((info) => {
    const one = writable.has(info.name) ? undefined : sharedBy(made, info);
    return one === undefined || shared.push(one) === 0;
  });
  return { own, shared };
}

/** The one value that all rows give to a column; `undefined` where they differ, or JSON would not say it. */
export function sharedBy(rows: readonly Row[], info: ColumnInfo): Shared | undefined {
  const first = rows[0]![info.name];
  if (!rows.every((row) => isSame(row[info.name], first))) return undefined;
  const cell = sentCell(first, info, storedAs(info.column));
  if (cell === undefined || cell === null) return undefined;
  return { info, text: typeof cell === "string" ? cell : cellJSON(cell) };
}

/** It as PostgreSQL reads it, as it would in JSON. */
export const sharedValue = ({ info: { column }, text }: Shared): SQL =>
  sql`(${text}::text)${sql.raw(storedAs(column) ?? "")}`;

/** Whether two values are one for certain. */
export const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (one instanceof Date && other instanceof Date && one.getTime() === other.getTime());

const isLong = (cell: unknown): cell is bigint => typeof cell === "bigint";

/** With all digits of a whole number. */
const cellJSON = (cell: unknown): string => (isLong(cell) ? String(cell) : JSON.stringify(cell));

/** A value as it is sent for a column that takes it in JSON. */
function sentCell(value: unknown, { encode, kind, database }: ColumnInfo, takes?: string): unknown {
  if (value === null) return null;
  if (takes === undefined || (typeof value === "object" && is(value, SQL))) return undefined;
  const sent = encode(value);
  if (typeof sent === "string") return sent;
  const sqlite = database === "sqlite";
  // What an author's mapping makes may be stored as it is bound.
  if (sqlite ? kind === "custom" : takes === "") return undefined;
  if (typeof sent === "bigint") return sent;
  if (typeof sent === "boolean") return sqlite ? undefined : sent;
  if (typeof sent !== "number" || Object.is(sent, -0)) return undefined;
  // SQLite reads digits after the point by itself, and not to the last of them.
  return (sqlite ? Number.isSafeInteger(sent) : Number.isFinite(sent)) ? sent : undefined;
}

/** The value at a place of such a row. */
export const givenAt = ({ column, database }: ColumnInfo, place: number): SQL =>
  sql.raw(
    database === "sqlite"
      ? `json_extract("value", '$[${place}]')`
      : `("value" ->> ${place})${storedAs(column) ?? ""}`,
  );

/** The rows, each as one value, in their order. PostgreSQL would read the text of a row anew for each of its values. */
export const eachGiven = (database: DatabaseKind, json: string): SQL =>
  database === "sqlite"
    ? sql`json_each(${json}) where true`
    : sql`jsonb_array_elements(${json}::text::jsonb) with ordinality as "~given" ("value", "~place") order by "~place"`;
