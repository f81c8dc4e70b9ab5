import { Gap } from "./gap.ts";
import type { SqlType } from "./type.ts";

/** How many days a month has; years before the first are counted 0, -1, …. */
export function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const DAY = String.raw`(\d{4,7})-(\d{2})-(\d{2})`;
const CLOCK = String.raw`(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?`;
const ZONE = String.raw`Z|[+-]\d{2}(?::?\d{2}(?::\d{2})?)?`;

const DATE = new RegExp(`^${DAY}( BC)?$`);
const TIME = new RegExp(`^${CLOCK}(${ZONE})?$`, "i");
const TIMESTAMP = new RegExp(`^${DAY}(?:[T ]${CLOCK} ?(${ZONE})?)?( BC)?$`, "i");

// PostgreSQL's own bounds, each a year short of what a zone might shift beyond them.
const MAX_DATE_YEAR = 5_874_896;
const MAX_TIMESTAMP_YEAR = 294_275;
const MAX_YEAR_BC = 4713;

const isInfinite = (text: string): boolean => text === "infinity" || text === "-infinity";

/** A date as PostgreSQL writes it. */
export function fitDate(text: string): string | undefined {
  if (isInfinite(text)) return text;
  const [, year, month, day, bc] = DATE.exec(text) ?? [];
  return isDay(year, month, day, bc, MAX_DATE_YEAR) ? text : undefined;
}

type Fitted = (text: string, type: SqlType, stored: boolean) => string | Gap | undefined;

/** How much of a fraction PostgreSQL keeps: the point and the digits of microseconds. */
const KEPT = 7;

/** Whether a fraction says more than is kept. */
export const isFiner = (fraction: string): boolean => /[1-9]/.test(fraction.slice(KEPT));

/** What is asked for: a moment with as much of its fraction as is kept, or the gap after that. */
function askedOf(fraction: string, write: (fraction: string) => string): string | Gap {
  const kept = write(fraction.slice(0, KEPT));
  return isFiner(fraction) ? new Gap(kept) : kept;
}

/** A time of day, with a zone where the column has one; without, it is UTC, so that no answer depends on the server's own. */
export function fitTime(zoned: boolean): Fitted {
  return (text, _type, stored) => {
    const [, hour, minute, second, fraction = "", zone] = TIME.exec(text) ?? [];
    const midnight = hour === "24" && minute === "00" && Number(second ?? 0) === 0 && !/[1-9]/.test(fraction);
    if (hour === undefined || (!midnight && !isClock(hour, minute, second))) return undefined;
    if (!zoned && zone !== undefined) return undefined;
    if (!zoned)
      return stored ? text : askedOf(fraction, (kept) => `${hour}:${minute}:${second ?? "00"}${kept}`);
    // Between two times of one zone lie others of other zones.
    if (!stored && isFiner(fraction)) return undefined;
    return zone === undefined ? `${text}Z` : isZone(zone) ? text : undefined;
  };
}

/** A date and time, with a zone where the column has one; without, it is UTC. */
export function fitTimestamp(zoned: boolean): Fitted {
  return (text, _type, stored) => {
    if (isInfinite(text)) return text;
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z", bc] =
      TIMESTAMP.exec(text) ?? [];
    if (!isDay(year, month, day, bc, MAX_TIMESTAMP_YEAR) || !isClock(hour, minute, second)) return undefined;
    // A zone would be overlooked where the column has none.
    if (!isZone(zone) || (!zoned && zone.toUpperCase() !== "Z")) return undefined;
    const write = (kept: string): string =>
      `${year}-${month}-${day} ${hour}:${minute}:${second}${kept}${zoned ? zone : ""}${bc ?? ""}`;
    return stored ? write(fraction) : askedOf(fraction, write);
  };
}

function isDay(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  bc: string | undefined,
  lastYear: number,
): boolean {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (!(y >= 1 && y <= (bc === undefined ? lastYear : MAX_YEAR_BC))) return false;
  return m >= 1 && m <= 12 && d >= 1 && d <= daysIn(bc === undefined ? y : 1 - y, m);
}

const isClock = (hour: string, minute: string | undefined, second = "0"): boolean =>
  Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;

/** PostgreSQL knows zones up to sixteen hours from UTC. */
function isZone(zone: string): boolean {
  if (zone.toUpperCase() === "Z") return true;
  const [hours, minutes = 0, seconds = 0] = zone.slice(1).replaceAll(":", "").match(/\d{2}/g)!.map(Number);
  return hours! < 16 && minutes < 60 && seconds < 60;
}
