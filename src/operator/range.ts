import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Operator } from "./operator.ts";
import { bound, isOrdered } from "./value.ts";

function between(column: ColumnInfo, value: unknown): SQL {
  const [low, high] = value as readonly [unknown, unknown];
  return sql`${column.column} between ${bound(column, low)} and ${bound(column, high)}`;
}

/** A range with both ends in it. */
export const RANGE: readonly (readonly [string, Operator])[] = [
  ["between", { operand: "pair", applies: isOrdered, build: between }],
  [
    "notBetween",
    { operand: "pair", applies: isOrdered, build: (column, value) => sql`not (${between(column, value)})` },
  ],
];
