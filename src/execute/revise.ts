import type { SQL } from "drizzle-orm";
import type { Row } from "../author/author.ts";
import type { RevisedRows } from "../compile/compile.ts";
import type { Database } from "../dialect/dialect.ts";
import type { Runtime } from "./execute.ts";
import { decodeKey, finderOf } from "./keys.ts";
import { rowsOf } from "./query.ts";
import { runRead } from "./read.ts";

/** A row that is locked, as its client sees it, and the condition that it is this one. */
export interface RevisedRow {
  readonly row: Row;
  readonly only: SQL;
}

/** Locks rows, and reads what is asked of them as they are then. */
export async function lockRows(
  { dialect, unreadable }: Runtime,
  database: Database,
  { plan, ask, read, only }: RevisedRows,
): Promise<readonly RevisedRow[]> {
  const { table } = plan.answer.secured;
  const held = await rowsOf(database, ask);
  for (const row of held) decodeKey(row, table, unreadable);
  if (held.length === 0) return [];
  const { rows } = await runRead(dialect, database, read(held), unreadable, { took: 0 });
  const find = finderOf(rows as readonly Row[], table);
  return held.flatMap((key) => {
    const row = find(key);
    return row === undefined ? [] : [{ row, only: only(key) }];
  });
}
