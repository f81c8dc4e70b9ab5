import type { ErrorCode } from "../error.ts";

/** What a refusal says, as it is told without being asked for anything else. */
export interface ErrorBody {
  readonly error: string;
  /** `refused` is what an author's `HttpError` is told as. */
  readonly code: ErrorCode | "refused";
  readonly path?: string;
  readonly hint?: string;
  readonly issues?: readonly { readonly message: string; readonly path?: string }[];
}

/** The same as RFC 9457 has it: what kind of problem it is, then what is wrong here. */
export interface Problem extends Omit<ErrorBody, "error"> {
  /** A name of the kind, the same for ever; nothing is found at it. */
  readonly type: string;
  /** The kind in words, the same for every problem of it. */
  readonly title: string;
  readonly status: number;
  /** What is wrong in this request. */
  readonly detail: string;
}

/** The media type of problems. */
export const PROBLEM_TYPE = "application/problem+json";

/** Each kind in a few words. */
export const TITLES: Readonly<Record<ErrorBody["code"], string>> = {
  "invalid-syntax": "The question cannot be read",
  "unknown-parameter": "The parameter is not known",
  "invalid-value": "A value is of the wrong kind",
  "unknown-column": "The column is not known",
  "unknown-relation": "The relation is not known",
  "unknown-operator": "The operator is not known",
  "capability-forbidden": "This may not be used here",
  "limit-exceeded": "A limit is exceeded",
  "depth-exceeded": "Relations nest too deep",
  "too-complex": "The question is too much work",
  "too-large-answer": "The answer would be too large",
  "invalid-body": "The body is not valid",
  "invalid-cursor": "The cursor leads nowhere",
  unauthenticated: "Nobody is signed in",
  forbidden: "This is not allowed",
  "check-failed": "A row may not become this",
  "unknown-resource": "The resource is not known",
  "not-found": "Too few rows were reached",
  "method-not-allowed": "The method is not allowed",
  "not-live": "The answer is not kept true",
  conflict: "The change conflicts with what is there",
  "precondition-failed": "The rows have changed",
  "too-large": "The body is too large",
  "unsupported-media-type": "The body is of a type that is not read",
  "idempotency-mismatch": "The key stands for another request",
  "internal-error": "Something went wrong on the server",
  busy: "The server is busy",
  timeout: "This took too long",
  refused: "The request is refused",
};

/** The name of a kind of problem. It is a URN, since what stands at a URL has to be kept there. */
const problemType = (code: ErrorBody["code"]): string => `urn:bepalo:query:${code}`;

/** A refusal as a problem: an answer's body, or what a stream ends with. */
export function problemOf({ error, code, ...place }: ErrorBody, status: number): Problem {
  return { type: problemType(code), title: TITLES[code], status, detail: error, code, ...place };
}

/**
 * Whether a client would rather have problems than the engine's own errors: it names their type, and no type of JSON that
 * it likes better. Who takes anything has said nothing of it.
 */
export function prefersProblems(accept: string | null): boolean {
  if (accept === null || !accept.toLowerCase().includes(PROBLEM_TYPE)) return false;
  const wish = weightOf(accept, PROBLEM_TYPE);
  return wish > 0 && wish >= weightOf(accept, "application/json");
}

/** How much a header likes a type that it names; 0 for one that it does not. */
export function weightOf(accept: string, type: string): number {
  for (const range of accept.toLowerCase().split(",")) {
    const [name, ...parameters] = range.split(";").map((part) => part.trim());
    if (name !== type) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const number = weight === undefined ? 1 : Number(weight.slice(2));
    return number >= 0 && number <= 1 ? number : 0;
  }
  return 0;
}
