import { sql } from "drizzle-orm";
import { type ColumnInfo, Gap } from "../schema/schema.ts";
import type { Operator } from "./contract.ts";
import { bound, isEquatable, never } from "./value.ts";

/** An array is read whole. */
const EACH_ELEMENT = 2;

/**
 * PostgreSQL's own operators, whatever an extension calls by the same names: intarray's raise errors for nulls. An array
 * has no element that it cannot hold; `wantsAll` where that one must be there too.
 */
const between = (name: string, wantsAll: boolean): Operator => {
  const sign = `operator(pg_catalog.${name})`;
  return {
    operand: "elements",
    weight: () => EACH_ELEMENT,
    sign,
    applies: (column) => column.kind === "array" && isEquatable(column),
    build(column: ColumnInfo, value: unknown) {
      if (value instanceof Gap && wantsAll) return never(column);
      const elements = value instanceof Gap ? value.below : value;
      return sql`${column.column} ${sql.raw(sign)} ${bound(column, elements)}`;
    },
  };
};

/** Whether an array has all of these elements, no others, or any of them. */
export const ARRAY: readonly (readonly [string, Operator])[] = [
  ["arrayContains", between("@>", true)],
  ["arrayContained", between("<@", false)],
  ["arrayOverlaps", between("&&", false)],
];
