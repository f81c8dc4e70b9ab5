import { isThenable } from "../clock.ts";
import type { AuthorFunction, StandardIssue, StandardSchema } from "../policy/policy.ts";
import { issuesOf } from "./validate.ts";

/** What a validator says of a value: what it makes of it, or what is wrong with it. */
export type Judged = { readonly value: unknown } | { readonly issues: readonly StandardIssue[] };

/**
 * What a validator says of a value that nobody has sent; `undefined` where it does not say so at once, or is handed more
 * than the value. A function that waits is not asked: it looks elsewhere.
 */
export function judge(validator: AuthorFunction | StandardSchema, value: unknown): Judged | undefined {
  try {
    if ("~standard" in validator) {
      const result = atOnce(validator["~standard"].validate(value));
      if (result === undefined) return undefined;
      return result.issues === undefined ? { value: result.value } : { issues: result.issues };
    }
    if (validator.length > 1 || waits(validator)) return undefined;
    const answer = atOnce(validator(value) as unknown);
    if (answer === undefined) return undefined;
    const issues = issuesOf(answer);
    return issues === undefined ? { value: answer } : { issues };
  } catch (error) {
    const issues = issuesOf(error);
    return issues && { issues };
  }
}

const waits = (ask: AuthorFunction): boolean =>
  Object.prototype.toString.call(ask) === "[object AsyncFunction]";

/** An answer that is not waited for; what is thrown later is nobody's. */
function atOnce<T>(answer: T | Promise<T>): T | undefined {
  if (!isThenable(answer)) return answer;
  void Promise.resolve(answer).catch(() => undefined);
  return undefined;
}
