import type { Row } from "../author/author.ts";
import { type Attempt, pin, type Rehearsal, SAVEPOINT } from "../compile/compile.ts";
import type { Writer, Written } from "./writer.ts";

/** One attempt after the other: a trigger may change again what it has changed already. */
const ATTEMPTS: readonly Attempt[] = [() => true, ({ primary }) => primary, () => false];

/**
 * Writes rows that pass a check on all tables as they were before: writes, takes it back, judges what would have been
 * stored, and writes that for good. `undefined` where a row does not pass, or where the database makes another one each
 * time.
 */
export async function rehearse(
  writer: Writer,
  rehearsal: Rehearsal,
  values: readonly Row[],
): Promise<Written | undefined> {
  const { cells, judging } = rehearsal;
  await writer.ask(SAVEPOINT.begin);
  for (const attempt of ATTEMPTS) {
    const shown = await show(writer, rehearsal, values);
    const rows = shown.filter((row) => row !== undefined);
    let written: Written = { rows: [] };
    if (rows.length > 0) {
      await writer.ask(SAVEPOINT.back);
      if (!(await writer.holds(judging(rows)))) return undefined;
      written = await write(writer, rehearsal, pin(rehearsal, values, shown, attempt));
    }
    if (cells.told(written.rows) === cells.told(rows)) {
      await writer.ask(SAVEPOINT.end);
      return written;
    }
    await writer.ask(SAVEPOINT.back);
  }
  return undefined;
}

/** Writes rows; of one whose answer comes with it the row is its cells. */
async function write(
  writer: Writer,
  { writing, cells }: Rehearsal,
  values: readonly Row[],
): Promise<Written> {
  const written = await writer.write(writing(values));
  const { rows, one } = written;
  return one === undefined ? written : { rows: rows.map(() => cells.row(one.cells)), one };
}

/** Writes rows to be taken back. Of new rows each is known by its place; where one was dropped, they come one by one. */
async function show(
  writer: Writer,
  rehearsal: Rehearsal,
  values: readonly Row[],
): Promise<readonly (Row | undefined)[]> {
  const { rows } = await write(writer, rehearsal, values);
  if (rehearsal.kind === "update" || rows.length === values.length || values.length === 1) return rows;
  await writer.ask(SAVEPOINT.back);
  const shown: (Row | undefined)[] = [];
  for (const value of values) shown.push((await write(writer, rehearsal, [value])).rows[0]);
  return shown;
}
