import type { SyncStatement } from "./driver.ts";
import { toSQLite } from "./value.ts";

/** The part of bun:sqlite that prepares. */
export interface BunClient {
  prepare(text: string): BunStatement;
}

interface BunStatement {
  values(...values: readonly unknown[]): readonly ArrayLike<unknown>[];
  finalize(): void;
}

export function prepareBun(client: BunClient, text: string): SyncStatement {
  const statement = client.prepare(text);
  return {
    rows: (values) => statement.values(...values),
    finalize: () => statement.finalize(),
  };
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
