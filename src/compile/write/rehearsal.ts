import { getTableName, getTableUniqueName, is, SQL, sql, type Table } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { MARK } from "../../drizzle/drizzle.ts";
import type { SecuredRelation } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { numbered } from "../sql/lift.ts";
import { joinedByKey } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Count, Text } from "../statement.ts";
import type { Cells } from "./cells.ts";
import { escaped } from "./reach.ts";
import type { WritingOne, WritingRows } from "./steps.ts";

/**
 * A write whose rows are judged before it is done for good, on all tables as they were: it is done, taken back, what would
 * have been stored is judged, and that is written.
 */
export interface Rehearsal {
  readonly kind: "insert" | "update";
  readonly cells: Cells;
  /** Writes rows, and answers what came of them, cells included. */
  readonly writing: (values: readonly Row[]) => WritingOne | WritingRows;
  /** Asks which of the rows that would have been stored pass. */
  readonly judging: (rows: readonly Row[]) => readonly Count[];
}

const statement = (words: string): Text => ({ kind: "text", text: `${words} "~rehearsal"`, values: [] });

/** What begins a rehearsal, takes it back, and ends it. */
export const SAVEPOINT: Readonly<Record<"begin" | "back" | "end", Text>> = {
  begin: statement("savepoint"),
  back: statement("rollback to savepoint"),
  end: statement("release savepoint"),
};

/** Which columns get again what they got the first time. */
export type Attempt = (column: ColumnInfo) => boolean;

/** The rows to write with what was made for them the first time: keys, defaults, values in SQL. */
export function pin(
  { kind, cells }: Pick<Rehearsal, "kind" | "cells">,
  values: readonly Row[],
  shown: readonly (Row | undefined)[],
  attempt: Attempt,
): readonly Row[] {
  return values.map((value, index) => {
    const rows = (kind === "insert" ? [shown[index]] : shown).filter((row) => row !== undefined);
    const written: Row = { ...value };
    for (const column of cells.columns) {
      if (!attempt(column) || !isMade(kind, column, value)) continue;
      const [made, ...others] = new Set(rows.map((row) => cells.of(row, column)));
      if (made !== undefined && others.length === 0) written[column.name] = cells.value(made, column);
    }
    return written;
  });
}

/** Whether a column's value is made anew each time the row is written. */
function isMade(kind: Rehearsal["kind"], { name, column }: ColumnInfo, row: Row): boolean {
  if (column.generated !== undefined) return false;
  if (Object.hasOwn(row, name) && row[name] !== undefined) return is(row[name], SQL);
  return kind === "insert" || column.onUpdateFn !== undefined;
}

/** Asks whether all rows pass a check. They are values here, and no rows of any table. */
export function judge(
  rows: readonly Row[],
  check: SQL,
  cells: Cells,
  secured: SecuredRelation,
  speech: Speech,
): readonly Count[] {
  const own = joinedByKey(secured);
  const alias = sql.identifier(getTableName(own));
  return cells.together(rows).map((judged) => {
    const query = sql`with "~rows" as (${cells.select(judged)}) select count(*) from "~rows" as ${alias} where (${check})`;
    const { sql: text, params } = query.toQuery(speech.rendering);
    const parts = withoutSchema(text, own).split(MARK);
    return {
      ask: { kind: "text", text: numbered({ parts }, 1, speech.syntax), values: params },
      atLeast: judged.length,
    };
  });
}

/** Rows that are no table have no schema: their columns go by the table's name alone. */
function withoutSchema(text: string, table: Table): string {
  const name = getTableName(table);
  const unique = getTableUniqueName(table);
  const schema = unique.slice(0, -name.length - 1);
  if (schema === "public") return text;
  const [before, own] = [schema, name].map((part) => escaped(part));
  return text.replaceAll(new RegExp(`("?)${before}\\1\\.(?=("?)${own}\\2\\.)`, "g"), "");
}
