import { stringifyKey, stringifyNumber, stringifyText } from "../src/rjson/stringify.ts";

/**
 * RJSON of a value that JSON can carry. `stringify` writes the same and is faster, and four times as long to download.
 *
 * @example notation({ limit: 5, where: { "title.like": "a%" } }) // (limit:5,where:(title.like:'a%'))
 */
export function notation(value: unknown): string {
  switch (typeof value) {
    case "string":
      return stringifyText(value);
    case "number":
      return stringifyNumber(value);
    case "boolean":
      return value ? "T" : "F";
    default:
      return value === null ? "N" : listed(value as object);
  }
}

function listed(value: object): string {
  if (Array.isArray(value)) return `_(${value.map(notation).join(",")})_`;
  const members = Object.entries(value).map(([key, item]) => `${stringifyKey(key)}:${notation(item)}`);
  return `(${members.join(",")})`;
}
