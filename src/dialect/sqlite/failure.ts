import {
  busy,
  conflict,
  invalidBody,
  misfitting,
  type QueryError,
  refusedByDatabase,
  tooComplex,
} from "../../error.ts";
import { causes } from "../cause.ts";

/** What SQLite says of statements beyond its limits (https://sqlite.org/limits.html), and a server before it asks it. */
const TOO_COMPLEX =
  /parser stack overflow|parser overflowed its stack|expression tree is too large|too many (SQL variables|terms|columns|arguments)|variable number must be between|pattern too complex|string or blob too big/i;
/** What its functions say of a value in what is computed for a row: a generated column, a check, an index, a trigger. */
const INCOMPUTABLE =
  /integer overflow|malformed JSON|JSON path|JSON cannot hold BLOB|pattern too complex|string or blob too big/i;
const COMPLAINTS: ReadonlySet<string> = new Set([
  "SQLITE_ERROR",
  "SQLITE_TOOBIG",
  "SQLITE_UNKNOWN",
  "SQL_INPUT_ERROR",
  "SQL_PARSE_ERROR",
]);

/** The innermost message: Drizzle's own hold the statement and its values, which are the client's. */
function messageOf(error: unknown): string {
  return String([...causes(error)].at(-1)?.message);
}

/** What SQLite says of a constraint that a row fails; what a trigger says is anything. */
const FAILED = /(NOT NULL|UNIQUE|PRIMARY KEY|FOREIGN KEY|CHECK) constraint failed/;
/** What it says of a value of another type than a strict table, or the number of a row, wants. */
const UNFIT = /cannot store \w+ value in|datatype mismatch/;
const CONFLICTS: ReadonlySet<string | undefined> = new Set([
  "UNIQUE",
  "PRIMARYKEY",
  "ROWID",
  "FOREIGNKEY",
  "CHECK",
]);

/** What an error of a SQLite driver means to a client; its own text never leaves the server. */
export function sqliteFailure(error: unknown, mode: "read" | "write"): QueryError | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (isBusyCode(code)) return busy(error);
  if (code.startsWith("SQLITE_CONSTRAINT") || code === "SQLITE_MISMATCH") return violation(error, code);
  if (!COMPLAINTS.has(code)) return undefined;
  const message = messageOf(error);
  if (mode === "write" && INCOMPUTABLE.test(message)) return misfitting(error);
  return TOO_COMPLEX.test(message)
    ? tooComplex("the question is too complex for the database", "select", "ask for less at a time")
    : undefined;
}

/** What a row violates: drivers of files name it by a code, a server in words alone. */
function violation(error: unknown, code: string): QueryError {
  const message = messageOf(error);
  const [, named] = /^SQLITE_CONSTRAINT_(.+)$/.exec(code) ?? [];
  const kind = named ?? FAILED.exec(message)?.[1]?.replace(" ", "");
  if (kind === "NOTNULL") return invalidBody("a required value is missing");
  if (CONFLICTS.has(kind)) return conflict(error);
  return kind !== "TRIGGER" && UNFIT.test(message) ? misfitting(error) : refusedByDatabase("conflict", error);
}

/** What drivers say of a value that JSON, or a JavaScript number, cannot hold. */
const UNSAYABLE = /malformed JSON|JSON cannot hold BLOB|be safely represented/i;

/** Whether a read failed for a value it met, so that another way of reading it may succeed. */
export function isUnsayable(error: unknown): boolean {
  return UNSAYABLE.test(messageOf(error));
}

/** Whether another connection holds what a statement needs, so that waiting may help. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && isBusyCode(code);
}

function isBusyCode(code: string): boolean {
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED") || code === "TRANSACTION_ACTIVE";
}

/** A code that a driver has no name for is `UNKNOWN_SQLITE_ERROR_` and its number; what it wraps is known. */
const KNOWN = /^(SQLITE_|SQL_|TRANSACTION_ACTIVE$)/;

/** The driver's code, however deep Drizzle has wrapped it. */
function codeOf(error: unknown): string | undefined {
  for (const { extendedCode, code } of causes(error))
    for (const known of [extendedCode, code])
      if (typeof known === "string" && KNOWN.test(known)) return known;
  return undefined;
}
