import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";

/** A value bound with its column's encoder, never as text. */
export const bound = ({ column }: ColumnInfo, value: unknown): SQL => sql`${sql.param(value, column)}`;

/** Whether the values of a column have an order that means something; json, bytes and digits kept in bytes have none. */
export const isOrdered = ({ column, kind }: ColumnInfo): boolean =>
  kind !== "json" && kind !== "blob" && column.columnType !== "SQLiteBigInt";
