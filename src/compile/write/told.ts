import { type SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import { type TableInfo, typeName } from "../../schema/schema.ts";
import { list } from "../sql/list.ts";
import { among, type SecuredRows } from "../sql/secured.ts";
import type { Fields } from "../statement.ts";
import { cellValue } from "./cell.ts";
import { TOLD, toldKey } from "./change.ts";

/** What tells a row that was met from all others, as texts of which equal ones are equal values. */
export type Told = readonly string[];

/** By what the rows of a table are told: their primary key, or else the key by which they are met. */
type Telling = Pick<TableInfo, "database" | "primaryKey">;

export function tellingOf({ meeting, answer: { secured } }: WritePlan): Telling {
  const { database, primaryKey } = secured.table;
  return { database, primaryKey: primaryKey.length > 0 ? primaryKey : meeting!.target };
}

/** What comes back of each row that is written, to know which of those that were sent it is. */
export const toldFields = (plan: WritePlan): Fields => toldKey(tellingOf(plan));

/** The same of a row that came back. */
export const toldOf = (row: Row, plan: WritePlan): Told =>
  tellingOf(plan).primaryKey.map(({ name }) => row[TOLD + name] as string);

/** What tells a row, as values of its columns. */
export const valuesOf = (told: Told, { database, primaryKey }: Telling): readonly SQL[] =>
  told.map((cell, index) => cellValue(database, cell, typeName(primaryKey[index]!.column)));

/** One text for what tells a row: no two rows have the same. */
export const toldText = (told: Told): string => (told.length === 1 ? told[0]! : JSON.stringify(told));

/** The values of such texts as JSON says them; `undefined` where it says one of them otherwise. */
export function keyOf(told: Told, database: TableInfo["database"]): readonly unknown[] | undefined {
  if (database === "postgresql") return told;
  const values = told.map((cell) =>
    cell[0] === "i" ? wholeOf(cell.slice(1)) : cell[0] === "t" ? cell.slice(1) : undefined,
  );
  return values.includes(undefined) ? undefined : values;
}

const wholeOf = (digits: string): number | bigint =>
  Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);

/** Of rows those that are told. */
export const toldAmong = (rows: SecuredRows, known: readonly Told[], plan: WritePlan): SecuredRows =>
  among(rows, toldIn(known, plan));

/** Whether a row is among those that are told. */
export function toldIn(known: readonly Told[], plan: WritePlan): SQL {
  const telling = tellingOf(plan);
  const columns = list(telling.primaryKey.map(({ column }) => sql`${column}`));
  const values = known.map((told) => list(valuesOf(told, telling)));
  if (telling.primaryKey.length === 1) return sql`${columns} in (${list(values)})`;
  const tuples = list(values.map((value) => sql`(${value})`));
  // SQLite takes rows as VALUES only; there PostgreSQL would not know their types.
  const given = telling.database === "sqlite" ? sql`values ${tuples}` : tuples;
  return sql`(${columns}) in (${given})`;
}
