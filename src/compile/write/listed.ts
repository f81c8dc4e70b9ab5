import { type Column, is, SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { takeApart } from "../../drizzle/drizzle.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { numbered } from "../sql/lift.ts";
import { list } from "../sql/list.ts";
import { target } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Fields, Returning, Update } from "../statement.ts";
import { eachGiven, givenAt, givenRows, type Shared, sharedValue } from "./given.ts";
import { hasDefault } from "./made.ts";

/**
 * New rows by one text that is the same for any number of them, with all their values as one; `undefined` for those that it
 * cannot say, which Drizzle writes. What the functions of the schema make has been made.
 */
export function listed(
  plan: WritePlan,
  made: readonly Row[],
  fields: Fields,
  speech: Speech,
): Returning | undefined {
  const given = givenColumns(made, plan.answer.secured.table.columns.values());
  const json = given && givenRows(made, given);
  if (given === undefined || json === undefined || given.length === 0) return undefined;
  return returning(insertion(plan, given, json, speech), fields, speech);
}

/** What becomes of rows that new ones meet, and what is one value for all of the new ones. */
interface Insertion {
  readonly met?: SQL;
  readonly shared?: readonly Shared[];
}

/** The insert of rows that are given as one value, which is the last of its values; behind it stands what is `met`. */
export function insertion(
  { answer: { secured }, meeting }: WritePlan,
  given: readonly ColumnInfo[],
  json: string,
  speech: Speech,
  { met = sql`nothing`, shared = [] }: Insertion = {},
): SQL {
  const { database } = speech;
  const named: SQL[] = given.map(({ column }) => nameOf(column, speech));
  const values = given.map(givenAt);
  for (const one of shared) {
    named.push(nameOf(one.info.column, speech));
    values.push(sharedValue(one));
  }
  if (database === "sqlite")
    for (const info of secured.table.columns.values()) {
      if (given.includes(info) || info.column.generated !== undefined) continue;
      named.push(nameOf(info.column, speech));
      values.push(absent(info));
    }
  const { table } = target(secured);
  const meets =
    meeting &&
    sql` on conflict (${list(meeting.target.map(({ column }) => nameOf(column, speech)))}) do ${met}`;
  return sql`insert into ${table} (${list(named)}) select ${list(values)} from ${eachGiven(database, json)}${meets}`;
}

/** Changed rows by one text. */
export const updated = (update: Update, columns: Columns, speech: Speech): Returning =>
  returning(change(update, columns, speech), update.fields, speech);

/** The change of rows, without what comes back of them. */
export function change({ rows, from, set }: Omit<Update, "fields">, columns: Columns, speech: Speech): SQL {
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  const sets = given.map(([name, value]) => {
    const { column } = columns.get(name)!;
    return sql`${nameOf(column, speech)} = ${is(value, SQL) ? value : sql.param(value, column)}`;
  });
  const beside = from && sql` from ${from}`;
  const where = rows.where && sql` where ${rows.where}`;
  return sql`update ${rows.table} set ${list(sets)}${beside}${where}`;
}

type Columns = ReadonlyMap<string, ColumnInfo>;

/** A column by its own name alone. */
export const nameOf = (column: Column, speech: Speech): SQL => sql.raw(speech.column(column));

function returning(write: SQL, fields: Fields, speech: Speech): Returning {
  const { sent, places } = sentOf(fields, speech);
  const lifted = takeApart(sql`${write} returning ${list(sent)}`, speech);
  const text = numbered(lifted, 1, speech.syntax);
  return { kind: "returning", text, values: lifted.values, fields, places };
}

/** What is sent of each row, and where each field finds it: a key is often asked for more than once. */
function sentOf(
  fields: Fields,
  speech: Speech,
): { readonly sent: readonly SQL[]; readonly places: readonly number[] } {
  const sent: SQL[] = [];
  const known = new Map<string, number>();
  const places = Object.values(fields).map((field) => {
    const piece = sql`${is(field, SQL.Aliased) ? field.sql : field}`;
    const { parts, values } = takeApart(piece, speech);
    const text = values.length === 0 ? parts.join("") : undefined;
    const other = text === undefined ? undefined : known.get(text);
    if (other !== undefined) return other;
    if (text !== undefined) known.set(text, sent.length);
    const written = text === undefined ? piece : sql.raw(text);
    // Named by their places, by which they are read: libSQL would give each a name of its own beside.
    return sent.push(sql`${written} as ${sql.raw(`"${sent.length}"`)}`) - 1;
  });
  return { sent, places };
}

/** The columns that all rows give values to, and none of them SQL; `undefined` where they differ, or Drizzle is needed. */
export function givenColumns(
  made: readonly Row[],
  columns: Iterable<ColumnInfo>,
): readonly ColumnInfo[] | undefined {
  const [first] = made as readonly [Row];
  const given = [...columns].filter(({ name }) => gives(first, name));
  if (
    given.some(({ column }) => column.generated !== undefined || column.generatedIdentity?.type === "always")
  )
    return undefined;
  for (const row of made) if (!isGivenBy(row, given)) return undefined;
  return given;
}

/** Whether a row gives values to just these columns, and none of them SQL. */
function isGivenBy(row: Row, given: readonly ColumnInfo[]): boolean {
  let count = 0;
  for (const name of Object.keys(row)) if (row[name] !== undefined) count++;
  if (count !== given.length) return false;
  for (const { name } of given)
    if (!gives(row, name) || (typeof row[name] === "object" && is(row[name], SQL))) return false;
  return true;
}

const gives = (row: Row, name: string): boolean => Object.hasOwn(row, name) && row[name] !== undefined;

/** What a column of SQLite gets that no row gives a value to. PostgreSQL gives the table's own default to what is not named. */
function absent(info: ColumnInfo): SQL {
  const { column } = info;
  if (!hasDefault(info)) return sql`null`;
  return is(column.default, SQL) ? sql`(${column.default})` : sql`${sql.param(column.default, column)}`;
}
