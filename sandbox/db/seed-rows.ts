import type { post } from "./schema.ts";

/** A post as it is inserted. */
export type NewPost = typeof post.$inferInsert;

/** The key of a row: `post-001`. */
export function id(table: string, number: number): string {
  return `${table}-${String(number).padStart(3, "0")}`;
}

/** Row after row 37 hours later, beginning on New Year 2025. */
export function at(i: number): Date {
  return new Date(Date.UTC(2025, 0, 1, 9) + i * 37 * 3_600_000);
}

/** A row that was never changed. */
export function moments(i: number) {
  return { createdAt: at(i), updatedAt: at(i) };
}
