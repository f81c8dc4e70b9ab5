import { at, type Issue, invalidBody } from "../error.ts";
import type { AuthorFunction, StandardIssue, StandardSchema } from "../policy/policy.ts";
import type { Context } from "./context.ts";

/** Runs an author's validator on one row: a function, an ArkType or any Standard Schema. */
export async function validate(
  validator: AuthorFunction | StandardSchema | undefined,
  row: unknown,
  context: Context,
  path: string,
): Promise<unknown> {
  if (validator === undefined) return row;
  if ("~standard" in validator) {
    const result = await validator["~standard"].validate(row);
    if (result.issues !== undefined) throw refused(result.issues, path);
    return result.value;
  }
  const answer: unknown = await run(validator, row, context, path);
  const issues = issuesOf(answer);
  if (issues !== undefined) throw refused(issues, path);
  return answer;
}

/** A validator may throw what it found; anything else it throws is not a matter of the body. */
async function run(
  validator: AuthorFunction,
  row: unknown,
  context: Context,
  path: string,
): Promise<unknown> {
  try {
    return (await validator(row, context)) as unknown;
  } catch (error) {
    const issues = issuesOf(error);
    if (issues !== undefined) throw refused(issues, path);
    throw error;
  }
}

interface Reported {
  readonly arkErrors?: unknown;
  readonly issues?: unknown;
  readonly errors?: unknown;
}

/**
 * The issues in what a validator answered or threw, by shape: ArkErrors and ArkType's TraversalError, ZodError, ValiError
 * and Standard Schema failures. `undefined` where it is a value, or an error of another kind.
 */
export function issuesOf(outcome: unknown): readonly StandardIssue[] | undefined {
  if (typeof outcome !== "object" || outcome === null) return undefined;
  const { arkErrors, issues } = outcome as Reported;
  if (isIssueList(arkErrors)) return arkErrors;
  const isFailure = outcome instanceof Error || isArkErrors(outcome);
  if (isArkErrors(outcome)) return [...(outcome as unknown as Iterable<StandardIssue>)];
  return isFailure && isIssueList(issues) ? issues : undefined;
}

function isArkErrors(outcome: object): boolean {
  return (
    Array.isArray(outcome) &&
    " arkKind" in outcome &&
    (outcome as { " arkKind"?: unknown })[" arkKind"] === "errors"
  );
}

function isIssueList(value: unknown): value is readonly StandardIssue[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((issue) => typeof (issue as Partial<StandardIssue> | null)?.message === "string")
  );
}

function refused(issues: readonly StandardIssue[], path: string): Error {
  const list = [...issues].map((issue): Issue => {
    const where = pathOf(issue, path);
    return where === "" ? { message: issue.message } : { message: issue.message, path: where };
  });
  return invalidBody("the body is not valid", list[0]?.path, list);
}

function pathOf({ path = [] }: StandardIssue, start: string): string {
  let joined = start;
  for (const part of path) joined = at(joined, String(typeof part === "object" ? part.key : part));
  return joined;
}
