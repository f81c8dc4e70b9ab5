import { Misread } from "./request.ts";

/** The versions of rows that a write is made for: some, or any. */
export type Versions = readonly number[] | "*";

/** The header that says them, and what it holds. */
export const IF_MATCH = "if-match";
export const tagsOf = (versions: Versions): string =>
  versions === "*" ? versions : versions.map((version) => `"${version}"`).join(", ");

/** Reads a line of headers, `If-Match: "7"`; nothing where it is another header. */
export function readIfMatch(line: string, at: number): Versions | undefined {
  const colon = line.indexOf(":");
  if (line.slice(0, Math.max(0, colon)).trim().toLowerCase() !== IF_MATCH) return undefined;
  const text = line.slice(colon + 1).trim();
  return readTags(text, at + Math.max(0, line.indexOf(text, colon)));
}

/** @throws Misread for what are no versions: a guard that went missing would let a write overwrite another's. */
function readTags(text: string, at: number): Versions {
  if (text === "*") return text;
  const versions = text.split(",").map((tag) => /^"(\d{1,15})"$/.exec(tag.trim())?.[1]);
  if (versions.includes(undefined))
    throw new Misread("`If-Match` takes versions", at, 'write If-Match: "7", or *');
  return versions.map(Number);
}

/** Versions as the client takes them. */
export const ifVersionOf = (versions: Versions): unknown =>
  versions !== "*" && versions.length === 1 ? versions[0] : versions;

/** The same read back; `undefined` for what are none. */
export function versionsOf(value: unknown): Versions | undefined {
  if (value === "*") return value;
  const list: readonly unknown[] = [value].flat();
  return list.length > 0 && list.every(isVersion) ? list : undefined;
}

export const isVersion = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
