import type { Row } from "../author/author.ts";
import { WHOLE_ROW } from "../compile/compile.ts";
import type { TableInfo } from "../schema/schema.ts";
import { columnValue, type Unreadable } from "../syntax/syntax.ts";

/** Rows for whoever looks: they are made when the first does. */
export type Shown<T> = () => readonly T[];

/** What a write shows to the hooks of an author. */
export interface ShownRows {
  readonly written: Shown<Row>;
  /** In the same order; null for a row that was not there. Absent where no hook asks. */
  readonly before: Shown<Row | null> | undefined;
}

/** Rows that came back whole, as hooks see them. */
export function shown<T extends Row | null>(
  rows: readonly T[],
  { columns }: TableInfo,
  unreadable: Unreadable,
): Shown<T> {
  let made: readonly T[] | undefined;
  const whole = (row: Row): Row =>
    Object.fromEntries(
      [...columns].map(([name, column]) => [
        name,
        columnValue(row[WHOLE_ROW + name], column, false, unreadable),
      ]),
    );
  return () => (made ??= rows.map((row) => (row === null ? row : (whole(row) as T))));
}
