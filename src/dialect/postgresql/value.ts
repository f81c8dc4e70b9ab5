/** A value as every driver binds it: dates in the one form that says its zone, big integers by their digits. */
export function boundValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return value.toString();
  return value === undefined ? null : value;
}

/**
 * The types whose text Drizzle's columns read themselves, by their number: date, timestamp, timestamptz, interval, and
 * arrays of these and of numeric.
 */
export const TRANSPARENT: ReadonlySet<number> = new Set([
  1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231,
]);
