import { tooLargeAnswer } from "../../error.ts";
import type { SyncStatement } from "./driver.ts";
import { toSQLite } from "./value.ts";

/** The part of bun:sqlite that prepares. */
export interface BunClient {
  prepare(text: string): BunStatement;
}

interface BunStatement {
  readonly columnNames: readonly string[];
  iterate(...values: readonly unknown[]): Iterable<Readonly<Record<string, unknown>>>;
  values(...values: readonly unknown[]): readonly ArrayLike<unknown>[];
  finalize(): void;
}

export function prepareBun(client: BunClient, text: string): SyncStatement {
  const statement = client.prepare(text);
  return {
    rows: (values, most) =>
      most === undefined ? statement.values(...values) : counted(statement, values, most),
    finalize: () => statement.finalize(),
  };
}

/** Names that stand in an object in another order than they came, or not at all. */
const MOVED = /^(?:\d+|__proto__)$/;

/** Rows one by one, which hold so many bytes at most; the driver has them by name. */
function counted(
  statement: BunStatement,
  values: readonly unknown[],
  most: number,
): readonly ArrayLike<unknown>[] {
  const names = statement.columnNames;
  if (new Set(names).size < names.length || names.some((name) => MOVED.test(name)))
    return statement.values(...values);
  const rows: unknown[][] = [];
  let bytes = 0;
  for (const row of statement.iterate(...values)) {
    const cells = Object.values(row);
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index];
      if (typeof cell === "string") bytes += cell.length;
      else if (typeof cell === "object" && cell instanceof Uint8Array) bytes += cell.byteLength;
    }
    if (bytes > most) throw tooLargeAnswer(most);
    rows.push(cells);
  }
  return rows;
}

/** The part of better-sqlite3, and of `libsql`, that prepares. */
export interface BetterClient {
  prepare(text: string): BetterStatement;
}

/** Values by place, or by name. */
type Values = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface BetterStatement {
  /** Whether it answers rows; one that does not can only be run. */
  readonly reader: boolean;
  raw(): BetterStatement;
  run(values: Values): unknown;
  get(values: Values): unknown;
  all(values: Values): readonly ArrayLike<unknown>[];
}

export function prepareBetter(client: BetterClient, text: string): SyncStatement {
  const statement = client.prepare(text);
  if (statement.reader) statement.raw();
  return {
    rows(values) {
      const bound = byNumber(values);
      if (statement.reader) return statement.all(bound);
      statement.run(bound);
      return [];
    },
    finalize: () => undefined, // the collector does
  };
}

/** The driver takes `?1` for a parameter of the name 1. */
function byNumber(values: readonly unknown[]): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (let index = 0; index < values.length; index++) named[index + 1] = toSQLite(values[index]);
  return named;
}
