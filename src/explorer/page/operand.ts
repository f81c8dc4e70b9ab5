import type { AccessColumn } from "./model/access.ts";
import { operandOf } from "./model/access.ts";

/** What a condition of a column begins as: the end of its key, and its value. */
export function startOf(column: AccessColumn | undefined): readonly [string, unknown] {
  if (column === undefined) return [".gte", 1];
  if (column.values !== undefined) return ["", column.values[0]];
  switch (column.kind) {
    case "text":
      return [".contains", ""];
    case "integer":
    case "number":
      return [".gte", 0];
    case "boolean":
      return ["", true];
    case "date":
      return [".gte", `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`];
    case "decimal":
    case "bigint":
      return [".gte", "0"];
    default:
      return [".isNotNull", true];
  }
}

/** The same value as another operator takes it, as far as it can be kept. */
export function operandFor(operator: string, value: unknown): unknown {
  const kind = operandOf(operator);
  const one = Array.isArray(value) ? (value[0] as unknown) : value;
  if (kind === "list") return Array.isArray(value) ? value : isNothing(one) ? [] : [one];
  if (kind === "pair") return Array.isArray(value) && value.length === 2 ? value : [one ?? 0, one ?? 0];
  if (kind === "flag") return typeof value === "boolean" ? value : true;
  if (kind === "json") return { path: ["name"], eq: "" };
  if (kind === "text") return typeof one === "string" ? one : "";
  return one === undefined ? "" : one;
}

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === "";
