import { type SQL, sql } from "drizzle-orm";
import type { Compared, Operator } from "./contract.ts";

const presence =
  (present: boolean) =>
  (column: Compared, value: unknown): SQL =>
    value === present ? sql`${column.column} is not null` : sql`${column.column} is null`;

/** Whether there is a value at all: `isNull:T` is `isNotNull:F`. */
export const PRESENCE: readonly (readonly [string, Operator])[] = [
  ["isNull", { operand: "flag", ofNothing: (value) => value === true, build: presence(false) }],
  ["isNotNull", { operand: "flag", ofNothing: (value) => value === false, build: presence(true) }],
];
