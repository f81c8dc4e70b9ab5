import { type SQL, sql } from "drizzle-orm";
import { Gap } from "../schema/schema.ts";
import type { Compared, Operator } from "./contract.ts";
import { bound, isOrdered } from "./value.ts";

function between(column: Compared, value: unknown): SQL {
  const [low, top] = value as readonly [unknown, unknown];
  const high = bound(column, top instanceof Gap ? top.below : top);
  return low instanceof Gap
    ? sql`(${column.column} > ${bound(column, low.below)} and ${column.column} <= ${high})`
    : sql`${column.column} between ${bound(column, low)} and ${high}`;
}

/** A range with both ends in it. */
export const RANGE: readonly (readonly [string, Operator])[] = [
  ["between", { operand: "pair", finds: "range", applies: isOrdered, build: between }],
  [
    "notBetween",
    { operand: "pair", applies: isOrdered, build: (column, value) => sql`not (${between(column, value)})` },
  ],
];
