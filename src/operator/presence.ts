import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Operator } from "./contract.ts";

const presence =
  (present: boolean) =>
  (column: ColumnInfo, value: unknown): SQL =>
    value === present ? sql`${column.column} is not null` : sql`${column.column} is null`;

/** Whether there is a value at all: `isNull:T` is `isNotNull:F`. */
export const PRESENCE: readonly (readonly [string, Operator])[] = [
  ["isNull", { operand: "flag", build: presence(false) }],
  ["isNotNull", { operand: "flag", build: presence(true) }],
];
