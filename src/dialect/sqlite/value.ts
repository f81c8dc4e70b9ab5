/** A value as every SQLite driver takes it. */
export function toSQLite(value: unknown): unknown {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Date) return value.getTime();
  return value ?? null;
}
