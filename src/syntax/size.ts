import { Buffer } from "node:buffer";

/** What a member takes beside its name and its value: two quotes, a colon, a comma. */
const AROUND = 4;

/** The least bytes of an object's members, whatever their values. */
export const namesSize = (names: Iterable<string>): number => {
  let bytes = 0;
  for (const name of names) bytes += name.length + AROUND;
  return bytes;
};

/** Whether values take more than so many bytes in JSON, counted as the database counts: names, texts and bytes. */
export const exceeds = (values: unknown, most: number): boolean =>
  most !== Number.POSITIVE_INFINITY && !fitsRoughly(values, most) && left(values, most) < 0;

/** No unit of a text takes more bytes. */
const MOST_BYTES = 3;

/** Whether rows hold less than so many bytes for certain, which is told faster than how many they hold. */
function fitsRoughly(values: unknown, most: number): boolean {
  if (!Array.isArray(values)) return false;
  let bytes = 0;
  for (const row of values as readonly unknown[]) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) return false;
    for (const name of Object.keys(row)) {
      const value = (row as Readonly<Record<string, unknown>>)[name];
      if (typeof value === "string") bytes += value.length * MOST_BYTES;
      else if (typeof value === "object" && value !== null) return false;
      bytes += name.length + AROUND;
    }
  }
  return bytes <= most;
}

/** What is left of so many bytes behind a value; counting ends where nothing is. */
function left(value: unknown, most: number): number {
  if (typeof value === "string") return most - Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return most;
  if (ArrayBuffer.isView(value)) return most - value.byteLength;
  if ("toJSON" in value) return most; // says something else of itself
  let rest = most;
  if (Array.isArray(value)) {
    for (const item of value) if ((rest = left(item, rest)) < 0) return rest;
    return rest;
  }
  for (const [name, member] of Object.entries(value))
    if (member !== undefined && (rest = left(member, rest - name.length - AROUND)) < 0) return rest;
  return rest;
}

/** Stands in the error by which a statement of PostgreSQL says that a row is larger than its share. */
export const LARGE = "~large";

/** Whether that is what an error says. */
export const saysLarge = (error: unknown): boolean =>
  error instanceof Error && error.message.includes(`"${LARGE} `);
