import { didYouMean } from "./suggest.ts";

/** Every code the engine answers with, and the status that goes with it. */
export const STATUS = {
  "invalid-syntax": 400,
  "unknown-parameter": 400,
  "invalid-value": 400,
  "unknown-column": 400,
  "unknown-relation": 400,
  "unknown-operator": 400,
  "capability-forbidden": 400,
  "limit-exceeded": 400,
  "depth-exceeded": 400,
  "too-complex": 400,
  "too-large-answer": 400,
  "invalid-body": 400,
  "invalid-cursor": 400,
  unauthenticated: 401,
  forbidden: 403,
  "check-failed": 403,
  "unknown-resource": 404,
  "not-found": 404,
  "method-not-allowed": 405,
  "not-live": 406,
  conflict: 409,
  "precondition-failed": 412,
  "too-large": 413,
  "unsupported-media-type": 415,
  "idempotency-mismatch": 422,
  "internal-error": 500,
  busy: 503,
  timeout: 504,
} as const;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof STATUS;

/** One thing wrong with a body, as a validator reported it. */
export interface Issue {
  readonly message: string;
  /** Where in the body, as the client wrote it: `title`, `2.price`. */
  readonly path?: string;
}

/**
 * An answer an author's hook may throw: its status and message reach the client as they are.
 *
 * @example throw new HttpError("the shop is closed on sundays", 403);
 */
export class HttpError extends Error {
  readonly status: number;
  /** Where in the request it is about. */
  readonly path: string | undefined;
  constructor(message: string, status: number, path?: string) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(`an HttpError takes a status from 400 to 599, not ${status}`);
    }
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.path = path;
  }

  /** The same of what is part of something bigger, with its place there. */
  under(place: string): HttpError {
    return new HttpError(this.message, this.status, within(place, this.path));
  }
}

const within = (place: string, path: string | undefined): string =>
  path === undefined || path === "" ? place : `${place}.${path}`;

/** Thrown where the caller has left: nothing more is done for him, and nobody reads the answer. */
export class Gone extends HttpError {
  constructor() {
    super("the caller has left", 499);
    this.name = "Gone";
  }
}

/**
 * What was thrown by a function that was asked about an error, and that error. Nothing is written to either: authors may
 * throw one object again and again.
 */
export class Both {
  readonly last: unknown;
  readonly first: unknown;
  constructor(last: unknown, first: unknown) {
    this.last = last;
    this.first = first;
  }
}

/** What a refusal says beside its sentence. */
export interface ErrorDetails {
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly issues?: readonly Issue[] | undefined;
  /** Headers the answer needs, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The methods that are answered instead. */
  readonly allow?: readonly string[] | undefined;
  readonly cause?: unknown;
  /** Whether the author hears of the cause, though it is no fault of the server. */
  readonly told?: boolean | undefined;
}

/** A refusal of the engine itself: a code of the catalogue, where it happened and what to do. */
export class QueryError extends HttpError {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly allow: readonly string[] | undefined;
  readonly told: boolean;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, STATUS[code], details.path);
    this.name = "QueryError";
    this.code = code;
    this.hint = details.hint;
    this.issues = details.issues;
    this.headers = details.headers;
    this.allow = details.allow;
    this.told = details.told === true;
    if (details.cause !== undefined) this.cause = details.cause;
  }

  override under(place: string): QueryError {
    const issues = this.issues?.map((issue) => ({ ...issue, path: within(place, issue.path) }));
    const { hint, headers, allow, cause, told } = this;
    return new QueryError(this.code, this.message, {
      path: within(place, this.path),
      hint,
      issues,
      headers,
      allow,
      cause,
      told,
    });
  }
}

/** The text of a client in backticks, shortened so that an answer never echoes a whole request. */
export const quote = (text: string): string => `\`${shorten(text)}\``;

/** Several of them. */
export const quoteAll = (texts: Iterable<string>): string => [...texts].map(quote).join(", ");

/** The path of a member: `select.where` and `title` are `select.where.title`. */
export function at(path: string, member: string | number): string {
  const name = typeof member === "string" ? shorten(member) : String(member);
  return path === "" ? name : `${path}.${name}`;
}

const shorten = (text: string): string => (text.length > 64 ? `${text.slice(0, 61)}...` : text);

export const invalidValue = (message: string, path: string, hint?: string): QueryError =>
  new QueryError("invalid-value", message, { path, hint });

export const unknownColumn = (name: string, path: string, known: Iterable<string>): QueryError =>
  new QueryError("unknown-column", `unknown column ${quote(name)}`, { path, hint: didYouMean(name, known) });

/** `renames`: whether it may be a name of the caller's own for a relation that he did not name. */
export const unknownRelation = (
  name: string,
  path: string,
  known: Iterable<string>,
  renames = false,
): QueryError =>
  new QueryError("unknown-relation", `unknown relation ${quote(name)}`, {
    path,
    hint: didYouMean(name, known) ?? (renames ? "a name of your own needs `relation:`" : undefined),
  });

export const unknownOperator = (name: string, path: string, known: Iterable<string>): QueryError =>
  new QueryError("unknown-operator", `unknown operator ${quote(name)}`, {
    path,
    hint: didYouMean(name, known) ?? `it takes ${quoteAll(known)}`,
  });

export const unknownParameter = (name: string, known: Iterable<string>, hint?: string): QueryError =>
  new QueryError("unknown-parameter", `unknown parameter ${quote(name)}`, {
    path: at("", name),
    hint: hint ?? didYouMean(name, known) ?? `known are ${quoteAll(known)}`,
  });

export const repeatedParameter = (name: string): QueryError =>
  new QueryError("unknown-parameter", `parameter ${quote(name)} is written twice`, {
    path: at("", name),
    hint: "write it once",
  });

export const tooComplex = (message: string, path: string, hint?: string): QueryError =>
  new QueryError("too-complex", message, { path, hint });

export const limitExceeded = (message: string, path: string, hint?: string): QueryError =>
  new QueryError("limit-exceeded", message, { path, hint });

export const tooLargeAnswer = (bytes: number): QueryError =>
  new QueryError("too-large-answer", `the answer would exceed ${bytes} bytes`, {
    hint: "ask for fewer columns or a smaller `limit`, and for the rest by the last row's key",
  });

export const invalidBody = (
  message: string,
  path?: string,
  issues?: readonly Issue[],
  hint?: string,
): QueryError => new QueryError("invalid-body", message, { path, issues, hint });

/** Whatever is wrong with it: nobody learns whether it was a cursor once. */
export const invalidCursor = (path: string): QueryError =>
  new QueryError("invalid-cursor", "this cursor leads nowhere in this list", {
    path,
    hint: "it may be too old, or of another order or caller: begin with the first page",
  });

export const tooLarge = (maxBytes: number): QueryError =>
  new QueryError("too-large", `the body exceeds ${maxBytes} bytes`);

/** A cursor is part of a URL, and so holds no long texts. */
export const tooLongForCursor = (): QueryError =>
  tooComplex("what these rows are ordered by is too long for a cursor", "cursor", "order by less");

export const internalError = (cause: unknown): QueryError =>
  new QueryError("internal-error", "something went wrong on the server", { cause });

export const busy = (cause?: unknown): QueryError =>
  new QueryError("busy", "the server is busy", {
    hint: "try again",
    headers: { "Retry-After": "1" },
    cause,
  });

/** For him alone whose own share is used up; the others are answered. */
export const shareUsedUp = (cause?: unknown): QueryError =>
  new QueryError("busy", "you have too much under way", {
    hint: "your own share of the server is used up: wait for your other answers, then try again",
    headers: { "Retry-After": "1" },
    cause,
  });

/** The same before it is known who asks. */
export const addressUsedUp = (): QueryError =>
  new QueryError("busy", "too much from your address is under way", {
    hint: "it is not known yet who of your address asks: try again",
    headers: { "Retry-After": "1" },
  });

export const timeout = (milliseconds: number): QueryError =>
  new QueryError("timeout", `this took longer than ${milliseconds} ms`, { hint: "ask for less at a time" });

/** What a client must know of a write whose end nobody heard of. */
export const undecided = (cause: unknown): QueryError =>
  new QueryError("timeout", "the database did not say whether the change was made", {
    hint: "look before you send it again",
    cause,
  });

export const checkFailed = (cause?: unknown): QueryError =>
  new QueryError("check-failed", "a row would leave what you may write", { cause });

/** The same of a column that may not be set on a row, as that was. */
export const columnCheckFailed = (column: string): QueryError =>
  new QueryError(
    "check-failed",
    `a row would leave what you may write: ${quote(column)} may not be set on it`,
    {
      path: at("", column),
    },
  );

/** The same of a row as it was and as it would be. */
export const transitionFailed = (): QueryError =>
  new QueryError("check-failed", "a row may not become this from what it was");

/** For a write that reaches fewer rows than it has to: that a row is not there, and that it is another's, sound the same. */
export const tooFewAffected = (least: number): QueryError =>
  new QueryError("not-found", `fewer rows than ${least} were reached`, {
    path: "Prefer",
    hint: "they are not there, or not yours to change",
  });

/** For a write that its rule lets nobody try out. */
export const noDryRun = (): QueryError =>
  invalidValue(
    "this cannot be tried out",
    "Prefer",
    "leave out `tx=rollback`, or say `dryRun: true` in its rule",
  );

/** For a write whose rows are not what its caller took them for. */
export const preconditionFailed = (): QueryError =>
  new QueryError("precondition-failed", "the rows are not of the version you know", {
    path: "If-Match",
    hint: "read them again, and decide anew",
  });

/** For a key that stands for an answer already, and to another question. */
export const idempotencyMismatch = (): QueryError =>
  new QueryError("idempotency-mismatch", "another request was sent under this key", {
    path: "Idempotency-Key",
    hint: "another request takes another key",
  });

/** For an answer that is larger than those that are stored. */
export const tooLargeToStore = (bytes: number): QueryError =>
  new QueryError("too-large-answer", `under an idempotency key an answer has at most ${bytes} bytes`, {
    path: "Idempotency-Key",
    hint: "ask for fewer columns (`columns:F` for none), or write fewer rows at a time",
  });

/** What the database, or a trigger in it, refuses for reasons of its own: only the author may hear them. */
export const refusedByDatabase = (code: "conflict" | "forbidden", cause: unknown): QueryError =>
  new QueryError(code, "the database refuses this", { cause, told: true });

/** What the database makes of a value that the column itself takes. */
export const misfitting = (cause: unknown): QueryError =>
  new QueryError("invalid-value", "a value does not fit its column", { cause });

/** For a sum that its column does not hold, or a column that holds nothing to add to. */
export const unfitting = (column: string, cause?: unknown): QueryError =>
  new QueryError("invalid-value", `the sum does not fit ${quote(column)}`, {
    path: at(at("", column), "$inc"),
    hint: "it is too large, too small or too long for its column, or there is no number yet: set one",
    cause,
  });

/** For a patch that is not for a row as it is. */
export const patchConflict = (message: string, path: string): QueryError =>
  new QueryError("conflict", message, { path, hint: "read the row again, and decide anew" });

export const conflict = (cause?: unknown): QueryError =>
  new QueryError("conflict", "the change conflicts with rows that exist", {
    hint: "a value that must be unique is taken, or a referenced row is missing or in use",
    cause,
  });
