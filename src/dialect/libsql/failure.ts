import { busy, HttpError, QueryError, tooComplex, undecided } from "../../error.ts";
import { causes, type Said } from "../cause.ts";
import { sqliteFailure } from "../sqlite/failure.ts";

/** A server that could not be reached, or did not answer. */
class Unreachable extends Error {
  constructor(cause?: unknown) {
    super("the database server cannot be reached", { cause });
    this.name = "Unreachable";
  }
}

/** A commit whose answer did not come: nobody knows whether the change was made. */
export class Unknown extends Error {
  constructor(cause?: unknown) {
    super("the database server did not say whether the change was made", { cause });
    this.name = "Unknown";
  }
}

/** Refusals that say nothing of the statement: the server, or the way to it, has no room or no time, or has begun anew. */
const PASSING = new Set([
  "TRANSACTION_TIMEOUT",
  "TRANSACTION_BUSY",
  "STREAM_EXPIRED",
  "HRANA_WEBSOCKET_ERROR",
  "HRANA_CLOSED_ERROR",
]);
const PASSING_STATUS = new Set([429, 502, 503, 504]);
const LOST_STREAM = /baton|stream not found/i;

/** What fetch says, on Bun, Node and Workers, of a server it has not reached. */
const NETWORK_CODE = /^(E[A-Z]+|UND_ERR_\w+)$/;
const NETWORK_NAME = /^(TimeoutError|AbortError)$/;
const NETWORK_MESSAGE = /fetch failed|terminated|network|connection|sending request/i;

/** What an error of a remote server, or of the way to it, means to a client. */
export function remoteFailure(error: unknown, mode: "read" | "write"): QueryError | undefined {
  if (error instanceof HttpError) return undefined;
  for (const inner of causes(error)) {
    if (inner instanceof QueryError) return inner; // one of ours, in Drizzle's wrapping
    if (inner instanceof Unknown) return undecided(inner);
    if (inner instanceof Unreachable) return busy(inner);
    if (isPassing(inner)) return busy(error);
    if (inner.code === "RESPONSE_TOO_LARGE")
      return tooComplex("the answer is too large for the database", "select", "ask for less at a time");
  }
  return sqliteFailure(error, mode);
}

/** An error as it is told, where it came of the way to the server. */
export function reached(error: unknown): unknown {
  return isNetwork(error) ? new Unreachable(error) : error;
}

/** An error of a commit: what the server refused was not made. */
export function committed(error: unknown): unknown {
  const refused = [...causes(error)].some(
    ({ name, code }) =>
      (name === "ResponseError" && code !== undefined) ||
      code === "TRANSACTION_CLOSED" ||
      code === "ECONNREFUSED",
  );
  return refused ? reached(error) : new Unknown(error);
}

function isPassing({ code, message, cause }: Said): boolean {
  if (code !== "SERVER_ERROR") return PASSING.has(String(code));
  return (
    PASSING_STATUS.has((cause as Said | undefined)?.status as number) || LOST_STREAM.test(String(message))
  );
}

function isNetwork(error: unknown): boolean {
  return [...causes(error)].some(
    ({ name, code, message }) =>
      NETWORK_NAME.test(String(name)) ||
      NETWORK_CODE.test(String(code)) ||
      (name === "TypeError" && NETWORK_MESSAGE.test(String(message))),
  );
}
