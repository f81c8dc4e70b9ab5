import type { Bucket } from "../request/bucket.ts";
import type { ColumnInfo, Zone } from "../schema/schema.ts";
import { literal } from "./contract.ts";

const isZoned = (type: string): boolean =>
  type.startsWith("timestamptz") || (type.startsWith("timestamp") && type.endsWith(" with time zone"));

/** Between these every bucket begins within what PostgreSQL and JavaScript have dates for; infinity is not. */
const known = (value: string): string => `${value}>='4713-02-01 BC' and ${value}<'275760-09-01'`;

/** What clocks in a zone show at moments, and the moments at which they show that. */
interface Clocks {
  /** What they show at a moment, a `timestamptz`. */
  readonly shown: (moment: string) => string;
  /** The first moment at which they show a `timestamp`. */
  readonly first: (local: string) => string;
}

const UTC_SHOWN = (moment: string): string => `(${moment} at time zone 'UTC')`;

function clocksOf(zone: Zone): Clocks {
  if ("name" in zone) return clocksThere(literal(zone.name));
  const { minutes } = zone;
  if (minutes === 0) return { shown: UTC_SHOWN, first: UTC_SHOWN };
  const ahead = `interval '${minutes} minutes'`;
  return {
    shown: (moment) => `(${UTC_SHOWN(moment)}+${ahead})`,
    first: (local) => `((${local}-${ahead}) at time zone 'UTC')`,
  };
}

/** The clocks of a place, which are put back now and then: of two moments at which they show the same, PostgreSQL takes the later. */
function clocksThere(name: string): Clocks {
  const shown = (moment: string): string => `(${moment} at time zone ${name})`;
  const first = (local: string): string => {
    const one = `(${local} at time zone ${name})`;
    const before = `(${one}-interval '24 hours')`;
    const other = `((${local}-(${shown(before)}-${UTC_SHOWN(before)})) at time zone 'UTC')`;
    return `case when ${shown(other)}=${local} then least(${one},${other}) else ${one} end`;
  };
  return { shown, first };
}

/** The first moment of a bucket in PostgreSQL, a `timestamptz`. */
export function postgresqlBucket(bucket: Bucket, { type }: ColumnInfo, zone: Zone, value: string): string {
  const clocks = clocksOf(zone);
  const begun = (local: string): string => `date_trunc('${bucket}',${local})`;
  // A day is the same everywhere, and begins when clocks show midnight.
  if (/^date\b/.test(type)) return within(value, clocks.first(begun(`${value}::timestamp`)));
  const moment = isZoned(type) ? value : `(${value} at time zone 'UTC')`;
  const local = clocks.shown(moment);
  // Where clocks are put back an hour comes twice, and each begins where it is.
  return within(
    value,
    bucket === "hour" ? `${moment}-(${local}-${begun(local)})` : clocks.first(begun(local)),
  );
}

const within = (value: string, moment: string): string => `case when ${known(value)} then ${moment} end`;
