import { withoutZeros } from "../digits.ts";
import { Gap } from "./gap.ts";
import { daysIn } from "./moment.ts";
import type { ColumnInfo } from "./column.ts";

/** A point in time: its date, to the millisecond, and the digits of the second that come after. */
export interface Instant {
  readonly date: Date;
  readonly rest: string;
}

// ISO 8601: a date, or a date and time; without a zone it is UTC, so that no answer depends on the server's own.
const ISO =
  /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/i;

/** A date, an ISO 8601 text or milliseconds since 1970 as a point in time. */
export function readInstant(value: unknown): Instant | undefined {
  if (value instanceof Date) return { date: value, rest: "" };
  if (typeof value === "number") return readMilliseconds(value);
  return typeof value === "string" ? readISO(value) : undefined;
}

function readMilliseconds(value: number): Instant {
  const whole = Math.floor(value);
  const rest = value === whole ? "" : withoutZeros((value - whole).toFixed(20).slice(2));
  return { date: new Date(whole), rest };
}

function readISO(text: string): Instant | undefined {
  const parts = ISO.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = parts;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  return {
    date: new Date(
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${zone.toUpperCase()}`,
    ),
    rest: withoutZeros(fraction.slice(3)),
  };
}

const DAY = 86_400_000;
/** PostgreSQL keeps as many digits of a second, whatever its columns round to. */
const KEPT = 3;

/** A point in time as a column is asked for it: as it is where the column may hold it, else the `Gap` it falls into. */
export function askedOf({ column }: ColumnInfo, { date, rest }: Instant): Date | string | Gap {
  if (column.columnType === "PgTimestamp") {
    if (rest === "") return date;
    const text = `${date.toISOString().slice(0, -1)}${rest.slice(0, KEPT)}Z`;
    return rest.length > KEPT ? new Gap(text) : text;
  }
  const seconds = (column as { mode?: string }).mode === "timestamp";
  const step = column.columnType === "PgDate" ? DAY : seconds ? 1000 : 1;
  const time = date.getTime();
  const below = Math.floor(time / step) * step;
  return time === below && rest === "" ? date : new Gap(new Date(below));
}
