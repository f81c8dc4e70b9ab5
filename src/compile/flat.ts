import { Buffer } from "node:buffer";
import type { ReadNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { jsonColumn } from "./value.ts";

/** Writes one value of a row as JSON. */
type ValueWriter = (value: unknown) => string;

/** Writes rows that came as arrays, in the order of the statement, as JSON objects with commas between them. */
export type RowsWriter = (rows: readonly ArrayLike<unknown>[]) => string;

/** SQL for a column in a row that is written here: as it is stored, where its JSON is made faster here than there. */
export function flatColumn(column: ColumnInfo, value: string): string {
  return column.kind === "json" || column.kind === "bigint" ? jsonColumn(column, value) : value;
}

/** The writer for a node without relations. */
export function rowsWriter(node: ReadNode): RowsWriter {
  const names = [...node.columns.map(({ name }) => name), ...node.extras.keys()];
  const keys = names.map((name, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  const writers = [...node.columns.map(writerOf), ...[...node.extras].map(() => writeAny)];
  return (rows) => {
    let text = "";
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!;
      if (index > 0) text += ",";
      for (let member = 0; member < keys.length; member++)
        text += keys[member]! + writers[member]!(row[member]);
      text += "}";
    }
    return text;
  };
}

function writerOf({ kind, column }: ColumnInfo): ValueWriter {
  switch (kind) {
    case "boolean":
      return (value) => (value === null ? "null" : value === 1 ? "true" : "false");
    case "date":
      return dateWriter(
        column.getSQLType() === "integer" && (column as { mode?: string }).mode === "timestamp" ? 1000 : 1,
      );
    case "bigint":
      return (value) => (value === null ? "null" : `"${value as string}"`);
    case "json":
      return (value) => (value === null ? "null" : (value as string));
    default:
      return writeAny;
  }
}

const dateWriter =
  (milliseconds: number): ValueWriter =>
  (value) => {
    if (value === null) return "null";
    const date = new Date((value as number) * milliseconds);
    return Number.isNaN(date.getTime()) ? "null" : `"${date.toISOString()}"`;
  };

/** Any value a driver answers; SQLite's columns may hold what their type does not say. */
function writeAny(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) ? String(value === 0 ? 0 : value) : "null";
    case "bigint":
      return `"${value}"`;
    default:
      return value instanceof Uint8Array
        ? `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"`
        : "null";
  }
}
