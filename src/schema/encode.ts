import { Buffer } from "node:buffer";
import type { Column } from "drizzle-orm";
import type { ColumnInfo } from "./column.ts";

/** How a column's values are written for its driver; those of an array here, since Drizzle's arrays hold no bytes. */
export function encoderOf(column: Column, element: ColumnInfo | undefined): ColumnInfo["encode"] {
  if (element !== undefined) return (value) => arrayLiteral(value as readonly unknown[], element);
  // What is asked for may be finer than a date of JavaScript.
  if (column.columnType === "PgTimestamp")
    return (value) => (typeof value === "string" ? value : column.mapToDriverValue(value));
  return (value) => column.mapToDriverValue(value);
}

function arrayLiteral(list: readonly unknown[], element: ColumnInfo): string {
  return `{${list.map((item) => (item === null ? "null" : literal(item, element))).join(",")}}`;
}

function literal(item: unknown, { kind, encode }: ColumnInfo): string {
  const value = encode(item);
  if (kind === "array") return value as string;
  const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : String(value);
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
