import { tooLargeAnswer } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { exceeds } from "../syntax/syntax.ts";

/** @throws QueryError `too-large-answer` for rows that hold more than an answer may. */
export function refuseLarge(rows: unknown, { limits: { maxAnswerSize } }: Policy): void {
  if (exceeds(rows, maxAnswerSize)) throw tooLargeAnswer(maxAnswerSize);
}
