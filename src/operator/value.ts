import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Compared } from "./contract.ts";

/** A value bound as its column writes it, never as text in the statement. */
export const bound = ({ encode, opening, cast }: Compared, value: unknown): SQL =>
  cast === ""
    ? sql`${sql.param(encode(value))}`
    : sql`${sql.raw(opening)}${sql.param(encode(value))}${sql.raw(cast)}`;

/** What holds for no value, and like any comparison is unknown for none. */
export const never = ({ column }: Compared): SQL => sql`${column} <> ${column}`;

/** What holds for every value. */
export const always = ({ column }: Compared): SQL => sql`${column} = ${column}`;

/** Whether a column's values can be told apart. */
export const isEquatable = ({ compares }: ColumnInfo): boolean => compares !== "nothing";

/** Whether a column's values have an order that means something. */
export const isOrdered = ({ compares }: ColumnInfo): boolean => compares === "order";
