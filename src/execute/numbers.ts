import type { Row } from "../author/author.ts";
import { COUNTS, NUMBERS } from "../compile/compile.ts";
import type { ReadNode } from "../plan/plan.ts";

/** Reads the numbers of related rows that a row came with, and says them on the row that is answered. */
export function readNumbers(sent: Row, answered: Row, { counts }: ReadNode): void {
  if (counts.size === 0) return;
  const numbers = String(sent[NUMBERS]).split(",");
  answered[COUNTS] = Object.fromEntries(
    [...counts.keys()].map((name, place) => [name, Number(numbers[place])]),
  );
}
