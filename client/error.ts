import type { ErrorCode, Issue } from "../src/error.ts";

/** Codes of failures that no answer of the server describes. */
export type ClientCode =
  /** The server could not be reached, or the connection broke. */
  | "network"
  /** The request was cancelled through its signal. */
  | "aborted"
  /** The answer is not JSON: another server, a proxy's page, a login form. */
  | "invalid-response"
  /** The URL is none, or it is relative and there is no base to resolve it against. */
  | "invalid-url"
  /** An error answer without a code of its own, such as one an author's hook gave. */
  | "http-error";

/** What is known of a failure beside its sentence. */
export interface ClientErrorDetails {
  readonly status?: number;
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly issues?: readonly Issue[] | undefined;
  readonly cause?: unknown;
}

/**
 * Every failure of a request: refused by the server, lost on the way, or impossible to send.
 *
 * @example
 * catch (error) {
 *   if (error instanceof ClientError && error.code === "conflict") askForAnotherName();
 * }
 */
export class ClientError extends Error {
  /** What went wrong: the server's code, or one of `ClientCode`. */
  readonly code: ErrorCode | ClientCode | (string & {});
  /** The status of the answer; 0 when there was none. */
  readonly status: number;
  /** Where in the question, as `select.where.titel`. */
  readonly path: string | undefined;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** What a validator found wrong with a body. */
  readonly issues: readonly Issue[] | undefined;
  constructor(code: ClientError["code"], message: string, details: ClientErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "ClientError";
    this.code = code;
    this.status = details.status ?? 0;
    this.path = details.path;
    this.hint = details.hint;
    this.issues = details.issues;
  }
}

/** The error of a request that brought no answer, told apart by whether somebody ended it on purpose. */
export function unanswered(cause: unknown, signal: AbortSignal | null | undefined): ClientError {
  const reason = nameOf(signal?.aborted === true ? signal.reason : cause);
  if (reason === "TimeoutError") return new ClientError("timeout", "the request took too long", { cause });
  if (reason === "AbortError" || signal?.aborted === true) {
    return new ClientError("aborted", "the request was cancelled", { cause });
  }
  return new ClientError("network", "the server could not be reached", { cause });
}

const nameOf = (value: unknown): unknown => (value as { readonly name?: unknown } | null | undefined)?.name;

/** The error of an answer that is not JSON. */
export function unreadable(response: Response, cause: unknown): ClientError {
  const type = response.headers.get("content-type") ?? "no content type";
  return new ClientError("invalid-response", `the answer is not JSON (${response.status}, ${type})`, {
    status: response.status,
    hint: "check the URL and what stands between client and server",
    cause,
  });
}

/** The error an answer describes: the engine's own, or whatever can be read from another one. */
export function refused(response: Pick<Response, "status">, body: unknown): ClientError {
  const told = (body ?? {}) as Readonly<Record<string, unknown>>;
  const { error, detail, message, code, path, hint, issues } = told;
  return new ClientError(
    text(code) ?? "http-error",
    text(error) ?? text(detail) ?? text(message) ?? `the server answered ${response.status}`,
    {
      status: response.status,
      path: text(path),
      hint: text(hint),
      issues: Array.isArray(issues) ? issues : undefined,
    },
  );
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
