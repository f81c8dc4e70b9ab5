import { sql } from "drizzle-orm";
import { Gap } from "../schema/schema.ts";
import type { Compared, Operator } from "./contract.ts";
import { always, bound, isEquatable, isOrdered, never } from "./value.ts";

/** Beside a value that the column cannot hold, what is below it is at most the next that it can. */
const ordered = (sign: string, beside: "<=" | ">"): Operator => ({
  operand: "scalar",
  sign,
  finds: "range",
  applies: isOrdered,
  build: (column: Compared, value: unknown) =>
    value instanceof Gap
      ? sql`${column.column} ${sql.raw(beside)} ${bound(column, value.below)}`
      : sql`${column.column} ${sql.raw(sign)} ${bound(column, value)}`,
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
      ofNothing: (value) => (value === null ? true : undefined),
      build: (column, value) => {
        if (value === null) return sql`${column.column} is null`;
        return value instanceof Gap ? never(column) : sql`${column.column} = ${bound(column, value)}`;
      },
    },
  ],
  [
    "ne",
    {
      operand: "scalar",
      sign: "<>",
      applies: isEquatable,
      nullable: true,
      ofNothing: (value) => (value === null ? false : undefined),
      build: (column, value) => {
        if (value === null) return sql`${column.column} is not null`;
        return value instanceof Gap ? always(column) : sql`${column.column} <> ${bound(column, value)}`;
      },
    },
  ],
  ["gt", ordered(">", ">")],
  ["gte", ordered(">=", ">")],
  ["lt", ordered("<", "<=")],
  ["lte", ordered("<=", "<=")],
];
