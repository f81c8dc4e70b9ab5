import { sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Operator } from "./operator.ts";
import { bound, isEquatable } from "./value.ts";

/** PostgreSQL's own operators, whatever an extension calls by the same names: intarray's raise errors for nulls. */
const between = (name: string): Operator => {
  const sign = `operator(pg_catalog.${name})`;
  return {
    operand: "elements",
    sign,
    applies: (column) => column.kind === "array" && isEquatable(column),
    build: (column: ColumnInfo, value: unknown) =>
      sql`${column.column} ${sql.raw(sign)} ${bound(column, value)}`,
  };
};

/** Whether an array has all of these elements, no others, or any of them. */
export const ARRAY: readonly (readonly [string, Operator])[] = [
  ["arrayContains", between("@>")],
  ["arrayContained", between("<@")],
  ["arrayOverlaps", between("&&")],
];
