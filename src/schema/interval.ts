import { isFiner } from "./moment.ts";
import type { SqlType } from "./type.ts";

/** What a unit counts, and how many of it. */
type Amount = readonly [kind: "months" | "days" | "seconds", times: number];

const UNITS: ReadonlyMap<string, Amount> = new Map<string, Amount>([
  ["year", ["months", 12]],
  ["month", ["months", 1]],
  ["week", ["days", 7]],
  ["day", ["days", 1]],
  ["hour", ["seconds", 3600]],
  ["minute", ["seconds", 60]],
  ["second", ["seconds", 1]],
]);

const SHORT: ReadonlyMap<string, string> = new Map([
  ["mon", "month"],
  ["min", "minute"],
  ["sec", "second"],
]);

const MAX_INT32 = 2 ** 31 - 1;
/** What PostgreSQL adds up to before an interval is too long; seconds in 64 bits of microseconds. */
const BOUNDS = { months: MAX_INT32, days: MAX_INT32, seconds: 9e12 };

const PART = /^([+-]?)(\d{1,10})(\.\d{1,9})? ?([a-z]+)$/;
const CLOCK = /^[+-]?(\d{1,10}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?$/;
const ISO =
  /^P(?=.)(?:-?(\d{1,10})Y)?(?:-?(\d{1,10})M)?(?:-?(\d{1,10})W)?(?:-?(\d{1,10})D)?(?:T(?=.)(?:-?(\d{1,10})H)?(?:-?(\d{1,10})M)?(?:-?(\d{1,10})(?:\.\d{1,9})?S)?)?$/;

/** An interval as PostgreSQL writes it (`1 year 2 mons -3 days 04:05:06.7`), with its units spelled out, or by ISO 8601. */
export function fitInterval(text: string, _type: SqlType, stored: boolean): string | undefined {
  // What lies between two microseconds is refused rather than rounded; a fraction is of seconds only.
  if (!stored && isFiner(/\.\d+/.exec(text)?.[0] ?? "")) return undefined;
  const counts = readIso(text) ?? readVerbose(text);
  return counts !== undefined && isBounded(counts) ? text : undefined;
}

/** How many of each unit. */
type Counts = ReadonlyMap<string, number>;

function readIso(text: string): Counts | undefined {
  const counts = ISO.exec(text)?.slice(1);
  if (counts === undefined) return undefined;
  return new Map([...UNITS.keys()].map((unit, index) => [unit, Number(counts[index] ?? 0)]));
}

/** Parts with a unit each, none twice, and at the end a time of day in place of hours, minutes and seconds. */
function readVerbose(text: string): Counts | undefined {
  const counts = new Map<string, number>();
  for (const part of text.split(/ (?=[+-]?\d)/)) {
    const read = readClock(part) ?? readPart(part);
    if (read === undefined || read.some(([unit]) => counts.has(unit)) || counts.has("second"))
      return undefined;
    for (const [unit, count] of read) counts.set(unit, count);
  }
  return counts;
}

type Part = readonly (readonly [unit: string, count: number])[];

function readClock(part: string): Part | undefined {
  const [, hours, minutes, seconds = "0"] = CLOCK.exec(part) ?? [];
  if (hours === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return [
    ["hour", Number(hours)],
    ["minute", Number(minutes)],
    ["second", Number(seconds)],
  ];
}

function readPart(part: string): Part | undefined {
  const [, , count, fraction, name = ""] = PART.exec(part) ?? [];
  const singular = name.replace(/s$/, "");
  const unit = SHORT.get(singular) ?? singular;
  // A fraction of anything but seconds is an amount of days nobody agrees on.
  if (!UNITS.has(unit) || (fraction !== undefined && unit !== "second")) return undefined;
  return [[unit, Number(count)]];
}

function isBounded(counts: Counts): boolean {
  const sums = { months: 0, days: 0, seconds: 0 };
  for (const [unit, count] of counts) {
    const [kind, times] = UNITS.get(unit)!;
    if (count > MAX_INT32) return false;
    sums[kind] += count * times;
  }
  return sums.months <= BOUNDS.months && sums.days <= BOUNDS.days && sums.seconds <= BOUNDS.seconds;
}
