import { BUCKETS } from "./model/access.ts";
import { isPlain } from "./model/notation.ts";

/** How values are read by people; what they are exactly stands beside them. */

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const PRECISE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A moment, as its reader's clock and language have it; a text that is none stays as it is. */
export function moment(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : MOMENT.format(date);
}

/** The same to the second, with the text that was answered. */
export function precise(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : `${text}\n${PRECISE.format(date)}`;
}

/** The stretch of time that a key of a group names: `createdAt.month`. */
export const stretchIn = (key: string): string | undefined =>
  BUCKETS.find((bucket) => key.endsWith(`.${bucket}`));

/** A stretch of time by its first moment, as far as that says it by the clocks of UTC. */
export function stretch(text: string, bucket: string): string {
  const isWhole = text.endsWith("T00:00:00.000Z");
  if (!isWhole || bucket === "hour") return moment(text);
  return text.slice(0, { year: 4, quarter: 7, month: 7 }[bucket] ?? 10);
}

/** A number of bytes. */
export const bytes = (count: number): string =>
  count < 1000
    ? `${count} B`
    : count < 1e6
      ? `${(count / 1000).toFixed(1)} kB`
      : `${(count / 1e6).toFixed(1)} MB`;

/** A stretch of time. */
export const milliseconds = (time: number): string =>
  time < 10
    ? `${time.toFixed(1)} ms`
    : time < 10_000
      ? `${time.toFixed(0)} ms`
      : `${(time / 1000).toFixed(1)} s`;

/** How many of something there are. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** What a document is about, in a few characters. */
export function brief(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (isPlain(value))
    return `{${Object.keys(value).slice(0, 3).join(", ")}${Object.keys(value).length > 3 ? ", …" : ""}}`;
  return JSON.stringify(value);
}

/** What people call a row. */
export function nameOf(row: Readonly<Record<string, unknown>>): string {
  const named = ["name", "title", "label", "email", "body"].find((key) => typeof row[key] === "string");
  const first = named ?? Object.keys(row).find((key) => ["string", "number"].includes(typeof row[key]));
  return first === undefined ? "1 row" : String(row[first]);
}

/** A value as text: what is no text as JSON writes it. */
export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");
