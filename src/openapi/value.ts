import { type ColumnInfo, textFacts } from "../schema/schema.ts";
import type { JSONSchema } from "./document.ts";

/** A text of PostgreSQL that JSON Schema has a name for. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ["uuid", "uuid"],
  ["date", "date"],
]);

const BASE64: JSONSchema = { type: "string", contentEncoding: "base64" };

/** A value of a column as answers carry it, null aside. */
function answered(column: ColumnInfo): JSONSchema {
  switch (column.kind) {
    case "text":
      return textOf(column);
    case "integer":
      return { type: "integer" };
    case "number":
      return { type: "number" };
    case "decimal":
      return { type: "string", description: "decimal digits" };
    case "bigint":
      return { type: "string", pattern: "^-?\\d+$" };
    case "boolean":
      return { type: "boolean" };
    case "date":
      return { type: "string", format: "date-time" };
    case "blob":
      return BASE64;
    case "array":
      return { type: "array", items: orNull(answered(column.element!)) };
    case "json":
    case "custom":
      return {};
  }
}

/** A value as bodies and filters take it, null aside. */
function taken(column: ColumnInfo): JSONSchema {
  switch (column.kind) {
    case "decimal":
      return { type: ["string", "number"], description: "decimal digits, as text or as a number" };
    case "bigint":
      return { type: ["string", "integer"], description: "a whole number, as text where it has many digits" };
    case "date":
      return { type: ["string", "integer"], description: "ISO 8601, or milliseconds since 1970" };
    case "array":
      return { type: "array", items: orNull(taken(column.element!)) };
    default:
      return answered(column);
  }
}

function textOf(column: ColumnInfo): JSONSchema {
  const { values, maxLength } = textFacts(column);
  const format = FORMATS.get(column.type);
  return {
    type: "string",
    ...(values !== undefined && { enum: values }),
    ...(maxLength !== undefined && { maxLength }),
    ...(format !== undefined && { format }),
  };
}

/** A schema of the same values, and null. */
export function orNull(schema: JSONSchema): JSONSchema {
  const { type, enum: members } = schema;
  if (type === undefined && schema.$ref === undefined) return schema;
  if (type === undefined) return { anyOf: [schema, { type: "null" }] };
  const types = typeof type === "string" ? [type] : type;
  return { ...schema, type: [...types, "null"], ...(members !== undefined && { enum: [...members, null] }) };
}

/** A cell of a row, which may be masked. */
export function cellOf(column: ColumnInfo, masked: boolean): JSONSchema {
  const value = answered(column);
  return {
    ...(column.nullable || masked ? orNull(value) : value),
    "x-kind": column.kind,
    ...(masked && { "x-masked": true }),
  };
}

/** What a filter compares with a column. */
export const operandOf = (column: ColumnInfo): JSONSchema => {
  const { maxLength: _, ...schema } = taken(column);
  return schema;
};

/** What a body sets a column to. */
export const settableOf = (column: ColumnInfo): JSONSchema => ({
  ...(column.nullable ? orNull(taken(column)) : taken(column)),
  "x-kind": column.kind,
});
