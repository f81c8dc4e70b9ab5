import { sql } from "drizzle-orm";
import { Gap } from "../schema/schema.ts";
import type { Operator } from "./contract.ts";
import { always, bound, isEquatable, never } from "./value.ts";

/** Databases look a value up among those of a list, however many they are. */
const LOOKUP = 1;

const membership = (included: boolean): Operator => ({
  operand: "list",
  ...(included && { finds: "each" }),
  weight: () => LOOKUP,
  applies: isEquatable,
  ofNothing: (value) => ((value as readonly unknown[]).length === 0 ? !included : undefined),
  build(column, value) {
    const asked = value as readonly unknown[];
    // The empty list has no SQL: nothing is in it, everything is out of it.
    if (asked.length === 0) return included ? sql`(1 = 0)` : sql`(1 = 1)`;
    const values = asked.filter((item) => !(item instanceof Gap));
    if (values.length === 0) return included ? never(column) : always(column);
    const list = sql.join(
      values.map((item) => bound(column, item)),
      sql`, `,
    );
    return included ? sql`${column.column} in (${list})` : sql`${column.column} not in (${list})`;
  },
});

/** Membership in a list, by the manual's names and by the short ones. */
export const LIST: readonly (readonly [string, Operator])[] = [
  ["inArray", membership(true)],
  ["in", membership(true)],
  ["notInArray", membership(false)],
  ["notIn", membership(false)],
];
