import type { Bucket } from "../request/bucket.ts";
import type { ColumnInfo, Zone } from "../schema/schema.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** After so many milliseconds, 400 years, the calendar comes again, and its week with it. */
const CYCLE = 146_097 * DAY;
/** JavaScript's dates end at 8.64e15 milliseconds from 1970; a year before that so do buckets. */
const MOST = 8_600_000_000_000_000;

/** Milliseconds since the bucket began, of a moment so many milliseconds after 1970 by the clocks there, in the first cycle. */
const SINCE: Readonly<Record<Bucket, (local: string) => string>> = {
  year: (local) => `${local}-unixepoch(${local}/1000,'unixepoch','start of year')*1000`,
  quarter: (local) =>
    `${local}-unixepoch(${local}/1000,'unixepoch','start of month','-'||((strftime('%m',${local}/1000,'unixepoch')-1)%3)||' months')*1000`,
  month: (local) => `${local}-unixepoch(${local}/1000,'unixepoch','start of month')*1000`,
  // The first day was a Thursday.
  week: (local) => `(${local}+${3 * DAY})%${7 * DAY}`,
  day: (local) => `${local}%${DAY}`,
  hour: (local) => `${local}%${HOUR}`,
};

/** The first moment of a bucket in SQLite, in milliseconds since 1970. */
export function sqliteBucket(bucket: Bucket, { column }: ColumnInfo, zone: Zone, value: string): string {
  const minutes = "minutes" in zone ? zone.minutes : 0; // no place is known here
  const unit = (column as { mode?: string }).mode === "timestamp" ? 1000 : 1;
  const moment = `cast(${value}${unit === 1 ? "" : "*1000"} as integer)`;
  const clocks = minutes === 0 ? moment : `(${moment}+${minutes * 60_000})`;
  const local = `((${clocks}%${CYCLE}+${CYCLE})%${CYCLE})`;
  const known = `typeof(${value}) in ('integer','real') and ${value} between -${MOST / unit} and ${MOST / unit}`;
  return `case when ${known} then ${moment}-(${SINCE[bucket](local)}) end`;
}
