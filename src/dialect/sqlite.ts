import { busy, conflict, invalidBody, QueryError } from "../error.ts";

interface Coded {
  readonly code?: unknown;
  readonly extendedCode?: unknown;
  readonly cause?: unknown;
}

/** What SQLite says of statements beyond its limits (https://sqlite.org/limits.html), and a server before it asks it. */
const TOO_COMPLEX =
  /parser stack overflow|parser overflowed its stack|expression tree is too large|too many (SQL variables|terms|columns|arguments)/i;
const COMPLAINTS: ReadonlySet<string> = new Set([
  "SQLITE_ERROR",
  "SQLITE_UNKNOWN",
  "SQL_INPUT_ERROR",
  "SQL_PARSE_ERROR",
]);

/** The innermost message: Drizzle's own hold the statement and its values, which are the client's. */
function messageOf(error: unknown): string {
  let inner = error as { cause?: unknown; message?: unknown };
  for (let depth = 0; depth < 5 && typeof inner.cause === "object" && inner.cause !== null; depth++)
    inner = inner.cause;
  return String(inner.message);
}

const CONFLICTS: ReadonlySet<string> = new Set([
  "UNIQUE",
  "PRIMARYKEY",
  "ROWID",
  "FOREIGNKEY",
  "CHECK",
  "TRIGGER",
]);

/** What SQLite says of a value that is missing, or of another type than a strict table wants. */
const UNFIT = /NOT NULL constraint failed|cannot store \w+ value in/;

/** What an error of a SQLite driver means to a client; its own text never leaves the server. */
export function sqliteFailure(error: unknown): QueryError | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (COMPLAINTS.has(code) && TOO_COMPLEX.test(messageOf(error))) {
    return new QueryError("too-complex", "the question is too complex for the database", {
      path: "select",
      hint: "ask for less at a time",
    });
  }
  if (isBusyCode(code)) return busy(error);
  if (!code.startsWith("SQLITE_CONSTRAINT")) return undefined;
  const kind = code.slice("SQLITE_CONSTRAINT_".length);
  // A server does not say which constraint it was, but in words.
  if (kind === "" ? !UNFIT.test(messageOf(error)) : CONFLICTS.has(kind)) return conflict(error);
  return invalidBody("a required value is missing or does not fit");
}

/** What drivers say of a value that JSON, or a JavaScript number, cannot hold. */
const UNSAYABLE = /malformed JSON|JSON cannot hold BLOB|be safely represented/i;

/** Whether a read failed for a value it met, so that another way of reading it may succeed. */
export function isUnsayable(error: unknown): boolean {
  return typeof error === "object" && error !== null && UNSAYABLE.test(messageOf(error));
}

/** Whether another connection holds what a statement needs, so that waiting may help. */
function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && isBusyCode(code);
}

function isBusyCode(code: string): boolean {
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED") || code === "TRANSACTION_ACTIVE";
}

const KNOWN = /^(SQLITE_|SQL_|TRANSACTION_ACTIVE$)/;

/** The driver's code, however deep Drizzle has wrapped it. */
function codeOf(error: unknown): string | undefined {
  for (
    let inner = error as Coded | undefined, depth = 0;
    inner !== undefined && inner !== null && depth < 5;
    depth++
  ) {
    const code = inner.extendedCode ?? inner.code;
    if (typeof code === "string" && KNOWN.test(code)) return code;
    inner = inner.cause as Coded | undefined;
  }
  return undefined;
}

/** Tries again while the database is busy, with growing pauses that block nobody, until `waitMs` milliseconds are over. */
export async function retryWhileBusy<T>(work: () => Promise<T> | T, waitMs: number): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() + pause > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}

/** A value as every SQLite driver takes it. */
export function toSQLite(value: unknown): unknown {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Date) return value.getTime();
  return value ?? null;
}
