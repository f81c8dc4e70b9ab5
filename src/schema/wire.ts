import { Buffer } from "node:buffer";

/** A value of a row as it is answered: what JSON has no word for as a text. */
export function wireValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (Array.isArray(value)) return value.map(wireValue);
  return value;
}
