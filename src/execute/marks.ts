import type { Row } from "../author/author.ts";
import { CAN, MARKS, MASKED } from "../compile/compile.ts";
import type { ReadNode } from "../plan/plan.ts";

/**
 * Reads the bits that a row came with, and says on the row that is answered which of its columns are masked, and which
 * changes would reach it.
 */
export function readMarks(sent: Row, answered: Row, { marks, selected, tellsChanges }: ReadNode): void {
  if (marks.length === 0 && !tellsChanges) return;
  const bits = (sent[MARKS] as string | undefined) ?? "";
  const masked = selected.filter(
    ({ expression }) => expression.kind === "masked" && bits[marks.indexOf(expression.mask)] === "0",
  );
  if (masked.length > 0) answered[MASKED] = masked.map(({ name }) => name);
  const can = marks.flatMap((mark, place) =>
    "method" in mark ? [[mark.method, bits[place] === "1"] as const] : [],
  );
  if (tellsChanges) answered[CAN] = Object.fromEntries(can);
}
