import { DrizzleQueryError } from "drizzle-orm";
import {
  busy,
  conflict,
  HttpError,
  invalidBody,
  misfitting,
  QueryError,
  refusedByDatabase,
  checkFailed,
  tooComplex,
} from "../../error.ts";
import { causes } from "../cause.ts";

/** Errors that came from the database, and not from something else a hook talked to. */
const blamed = new WeakSet<object>();

/** Remembers that an error came from the database. */
export function blame<T>(error: T): T {
  if (typeof error === "object" && error !== null) blamed.add(error);
  return error;
}

/** SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) by what it means to a client. */
const CONFLICTS = new Set(["23000", "23001", "23503", "23505", "23514", "23P01", "44000"]);
const UNFIT = new Set(["22001", "22003", "22007", "22008", "22021", "22P02", "22P03", "22P05"]);
const TOO_COMPLEX = new Set(["54000", "54001", "54011", "54023"]);
/** A trigger that raises an exception, or changes the row that is being written. */
const TRIGGERED = new Set(["27000", "P0001"]);
const TIMEOUTS = new Set(["57014", "25P03", "25P04"]);
const RETRYABLE = new Set(["40001", "40P01"]);
const BUSY = new Set([...RETRYABLE, "55P03", "53300", "53400", "57P01", "57P02", "57P03", "57P05"]);

/** What drivers call a connection that was lost or not found, and what only a database's driver says so. */
const LOST =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|ERR_POSTGRES_(CONNECTION_\w+|(IDLE|LIFETIME)_TIMEOUT))$/;
const LOST_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client was closed|Client has encountered a connection error|PGlite (is|was) (closed|closing))/;
const LOST_SOCKET =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|NOTCONN|AI_AGAIN)|ERR_(SOCKET|STREAM)_\w+)$/;
const CANCELLED = /^(ERR_POSTGRES_QUERY_CANCELLED)$/;
const TOO_MANY_VALUES = /^(MAX_PARAMETERS_EXCEEDED|ERR_POSTGRES_TOO_MANY_PARAMETERS)$/;

/** What an error of a PostgreSQL driver means to a client; its own text never leaves the server. */
export function postgresqlFailure(error: unknown, mode: "read" | "write"): QueryError | undefined {
  if (error instanceof HttpError) return undefined;
  const state = stateOf(error);
  if (state === undefined) return driverFailure(error);
  if (CONFLICTS.has(state)) return conflict(error);
  if (state === "23502") return invalidBody("a required value is missing");
  if (UNFIT.has(state) || (mode === "write" && state.startsWith("22"))) return misfitting(error);
  if (TRIGGERED.has(state) || isOwn(state)) return refusedByDatabase("conflict", error);
  if (state === "42501") return notAllowed(error);
  if (TOO_COMPLEX.has(state)) return beyond(error, state, mode);
  if (state === "08P01" && routineOf(error) === "exec_bind_message") return complex(); // it counts no further
  if (TIMEOUTS.has(state)) return late(error);
  const again = BUSY.has(state) || isConnectionState(state, error) || isStale(error);
  return again ? busy(error) : undefined;
}

/** The classes of the server's own codes; a function may raise one of another. */
const CLASSES = /^(0[012389ABFLPZ]|10|2[0-8BDF]|3[489BDF]|4[024]|5[34578]|72|F0|HV|P0|XX)/;
const isOwn = (state: string): boolean => !CLASSES.test(state);

/** Row security lets nobody leave such a row; whatever else is not allowed is for the author to know. */
function notAllowed(error: unknown): QueryError {
  return routineOf(error) === "ExecWithCheckOptions"
    ? checkFailed(error)
    : refusedByDatabase("forbidden", error);
}

/**
 * What goes beyond a limit of the server: the question, a value that is stored, or a function that calls itself without
 * end, which is nobody's fault who asks.
 */
function beyond(error: unknown, state: string, mode: "read" | "write"): QueryError | undefined {
  if ([...causes(error)].some(({ where }) => where !== undefined && where !== null)) return undefined;
  return mode === "write" && state === "54000" ? misfitting(error) : complex();
}

/** What a server in English says when a `statement_timeout` of its own has ended a statement; nobody asked it to. */
const TIMED_OUT = "canceling statement due to statement timeout";

/** Whether a server was asked to end a statement, as far as its language tells. */
export const isStopped = (error: unknown): boolean =>
  stateOf(error) === "57014" && ![...causes(error)].some(({ message }) => message === TIMED_OUT);

/** Whether a statement failed for nothing it says, so that it may succeed when all is run anew. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof HttpError) return false;
  return RETRYABLE.has(stateOf(error) ?? "") || isStale(error);
}

/**
 * Whether what was prepared is of no more use: its table has changed, or another connection of the server answered, as
 * behind a pooler.
 */
export function isStale(error: unknown): boolean {
  const state = stateOf(error);
  if (state === "0A000")
    return [...causes(error)].some(({ message }) => String(message).includes("cached plan"));
  return state === "26000" || state === "42P05";
}

/** Whether a server refused a statement, and has not ended it or its connection for another reason. */
export function isUnkept(error: unknown): boolean {
  const state = stateOf(error);
  if (state === undefined || TIMEOUTS.has(state) || BUSY.has(state)) return false;
  return !isConnectionState(state, error) && !isFatal(error);
}

/** Whether a row refers to one that is not there; one that goes while others refer to it is something else. */
export function missesReference(error: unknown): boolean {
  if (stateOf(error) !== "23503") return false;
  return ![...causes(error)].some(({ detail }) => String(detail).includes("still referenced"));
}

/** Whether the driver says that it has lost its connection. */
export const isLost = (error: unknown): boolean =>
  stateOf(error) === undefined && driverFailure(error)?.code === "busy";

/** What a server says when it ends a connection in use. */
const CUT = new Set(["25P03", "25P04", "57P01", "57P02", "57P05"]);

/** What says that nothing was sent yet. */
const NEVER_MET =
  /^(CONNECT_TIMEOUT|ERR_POSTGRES_CONNECTION_(REFUSED|TIMEOUT|FAILED)|E(CONNREFUSED|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$|^(timeout exceeded when trying to connect|Client (was closed|has encountered a connection error))/;

/** Whether a connection was lost with a statement on its way, so that nobody knows whether it was done. */
export function isCutOff(error: unknown): boolean {
  if (error instanceof HttpError) return false;
  const state = stateOf(error);
  if (state !== undefined) return (CUT.has(state) || state.startsWith("08")) && isFatal(error);
  if (!isLost(error)) return false;
  return ![...causes(error)].some(
    ({ code, message }) => NEVER_MET.test(String(code)) || NEVER_MET.test(String(message)),
  );
}

/** The SQLSTATE of an error, however deep it is wrapped. */
export function stateOf(error: unknown): string | undefined {
  for (const { code, errno } of causes(error)) {
    if (typeof errno === "string" && STATE.test(errno)) return errno; // Bun's own code stands at `code`
    if (typeof code === "string" && STATE.test(code)) return code;
  }
  return undefined;
}

const routineOf = (error: unknown): unknown =>
  [...causes(error)].find(({ routine }) => routine !== undefined)?.routine;

/** Five characters with a digit among them, which tells them from `EPIPE`. */
const STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** A protocol violation is a fault of ours, not of the connection, unless a pooler says so of a server it has lost. */
const isConnectionState = (state: string, error: unknown): boolean =>
  state.startsWith("08") && (state !== "08P01" || isFatal(error));

/** What a server says before it ends a connection, in whatever language. */
const isFatal = (error: unknown): boolean =>
  [...causes(error)].some(({ severity }) => severity !== undefined && severity !== "ERROR");

/** What a driver says by itself, without a server. */
function driverFailure(error: unknown): QueryError | undefined {
  const errors = [...causes(error)];
  const known = errors.some((inner) => blamed.has(inner) || inner instanceof DrizzleQueryError);
  for (const { code, message } of errors) {
    const name = typeof code === "string" ? code : "";
    if (CANCELLED.test(name)) return late(error);
    if (TOO_MANY_VALUES.test(name)) return complex();
    if (LOST.test(name) || (known && LOST_SOCKET.test(name))) return busy(error);
    if (known && typeof message === "string" && LOST_MESSAGE.test(message)) return busy(error);
  }
  return undefined;
}

const late = (cause: unknown): QueryError =>
  new QueryError("timeout", "this took too long", { hint: "ask for less at a time", cause });

const complex = (): QueryError =>
  tooComplex("the question is too complex for the database", "select", "ask for less at a time");
