import { invalidValue, quote } from "../error.ts";
import type { DatabaseKind } from "./kind.ts";

/** What the clocks show by which moments are grouped: so many minutes ahead of UTC, or the time of a place. */
export type Zone = { readonly minutes: number } | { readonly name: string };

export const UTC: Zone = { minutes: 0 };

/** In a URL a bare `+` is a blank. */
const OFFSET = /^([+ -])(\d{2}):(\d{2})$/;

/** PostgreSQL knows no zone that is further from UTC, and no place is. */
const MAX_HOURS = 15;

/**
 * Reads a time zone: `UTC`, an offset such as `+02:00`, or on PostgreSQL the IANA name of a place.
 *
 * @throws QueryError `invalid-value` for anything else.
 */
export function readZone(text: string, database: DatabaseKind, path: string): Zone {
  if (text === "UTC") return UTC;
  const [, sign, hours, minutes] = OFFSET.exec(text) ?? [];
  if (Number(hours) <= MAX_HOURS && Number(minutes) < 60)
    return { minutes: (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1) };
  const name = database === "postgresql" ? placeOf(text) : undefined;
  if (name !== undefined) return { name };
  throw invalidValue(`${quote(text)} is no time zone here`, path, wanted(database));
}

const wanted = (database: DatabaseKind): string =>
  database === "postgresql"
    ? "write UTC, an offset such as '+02:00', or a name such as Europe/Berlin"
    : "write UTC or an offset such as '+02:00'";

/**
 * A name that the runtime has a place for, spelt as it is; one that places had before is none the less theirs. The database
 * has the last word: only what stands in its own list goes on.
 */
function placeOf(text: string): string | undefined {
  if (!/^[a-z]/i.test(text)) return undefined; // an offset is no name
  try {
    const { timeZone } = new Intl.DateTimeFormat("en-US", { timeZone: text }).resolvedOptions();
    return timeZone === text || timeZone.toLowerCase() !== text.toLowerCase() ? text : undefined;
  } catch {
    return undefined;
  }
}
