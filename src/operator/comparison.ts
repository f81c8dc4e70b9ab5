import { sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Operator } from "./operator.ts";
import { bound, isEquatable, isOrdered } from "./value.ts";

const ordered = (sign: string): Operator => ({
  operand: "scalar",
  sign,
  applies: isOrdered,
  build: (column: ColumnInfo, value: unknown) =>
    sql`${column.column} ${sql.raw(sign)} ${bound(column, value)}`,
});

/** Equality and order; `eq` and `ne` with null ask for presence. */
export const COMPARISON: readonly (readonly [string, Operator])[] = [
  [
    "eq",
    {
      operand: "scalar",
      fixes: true,
      sign: "=",
      applies: isEquatable,
      nullable: true,
      build: (column, value) =>
        value === null ? sql`${column.column} is null` : sql`${column.column} = ${bound(column, value)}`,
    },
  ],
  [
    "ne",
    {
      operand: "scalar",
      sign: "<>",
      applies: isEquatable,
      nullable: true,
      build: (column, value) =>
        value === null ? sql`${column.column} is not null` : sql`${column.column} <> ${bound(column, value)}`,
    },
  ],
  ["gt", ordered(">")],
  ["gte", ordered(">=")],
  ["lt", ordered("<")],
  ["lte", ordered("<=")],
];
