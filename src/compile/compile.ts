import { writeDigits } from "../digits.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { namesOf } from "../drizzle/drizzle.ts";
import type { ReadPlan, Rows, WritePlan } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import type { Read } from "./answer.ts";
import { InsertWriter } from "./insert.ts";
import { Unsayable } from "./flat.ts";
import { type Bound, type JSONStatement, JSONReader } from "./json.ts";
import { refuseFirst } from "./refuse.ts";
import { readRelational } from "./relational.ts";
import { type Syntax, syntaxOf } from "./syntax.ts";
import { Triggers } from "./triggers.ts";
import { receiveRows, type Unreadable } from "./value.ts";
import { compileWrite, type WriteRows, type WriteStatement } from "./write.ts";

export { holdsFirst } from "./held.ts";
export { typesOfViews } from "./view.ts";
export { nameOf, type Unreadable } from "./value.ts";
export type { WriteOutcome, WriteRows, WriteStatement } from "./write.ts";

/** What a read found: rows (or with `first` the row or null), as values or as JSON text, their number, and the total. */
export interface ReadOutcome {
  readonly rows?: unknown;
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly count?: number;
  readonly total?: number;
}

/** A read ready to run, on the database or in a transaction of it. */
export type ReadStatement = (database: Database) => Promise<ReadOutcome>;

/** Makes statements of plans. `rows` holds what each node of a plan admits, by the node's index. */
export interface ReadCompiler {
  /** With `asRows` the outcome holds rows, for those who look at them; else it may hold their text. */
  compile(plan: ReadPlan, rows: readonly Rows[], asRows: boolean): ReadStatement;
  /** How many statements are remembered. */
  readonly size: number;
}

/** How a write is made. */
export interface WriteWishes {
  /** The outcome holds rows, else it may hold their text. */
  readonly asRows: boolean;
  /** The table may have triggers. */
  readonly triggered: boolean;
}

/** Makes statements of writes. */
export interface WriteCompiler {
  compile(plan: WritePlan, rows: WriteRows, wishes: WriteWishes): WriteStatement;
  /** Whether a table has triggers. */
  isTriggered(table: TableInfo): boolean | Promise<boolean>;
  /** How many statements are remembered. */
  readonly size: number;
}

/** The writer of a database; what it must read, `readers` read. */
export function writeCompiler(
  database: Database,
  dialect: Dialect,
  choice: ReaderChoice,
  readers: ReadCompiler,
  unreadable: Unreadable,
): WriteCompiler {
  const read: Read = (plan, rows) => readers.compile(plan, rows, true);
  const names = namesOf(database);
  const inserts = choice === "fast" ? new InsertWriter(names, dialect) : undefined;
  const triggers = new Triggers(dialect);
  return {
    compile(plan, rows, { asRows, triggered }) {
      const tools = { dialect, names, read, inserts: asRows ? undefined : inserts, unreadable };
      return refuseFirst(compileWrite(plan, rows, tools, triggered), plan, rows);
    },
    isTriggered: (table) => triggers.has(table),
    get size() {
      return inserts?.size ?? 0;
    },
  };
}

/** Which reader answers: the fast one where the database has it, or always the portable one. */
export type ReaderChoice = "fast" | "portable";

/**
 * Picks the readers for a database: one statement that answers with JSON where the dialect speaks it, and Drizzle's
 * relational query for every plan and every value the first cannot answer alike.
 */
export function readCompiler(
  database: Database,
  dialect: Dialect,
  choice: ReaderChoice,
  unreadable: Unreadable,
): ReadCompiler {
  const portable =
    (plan: ReadPlan, rows: readonly Rows[]): ReadStatement =>
    (tx) =>
      readRelational(tx, plan, rows, unreadable);
  if (choice === "portable") return { compile: portable, size: 0 };
  const names = namesOf(database);
  const reader = new JSONReader(names, dialect);
  return {
    compile(plan, rows, asRows) {
      const first = working(reader.bind(plan, rows, asRows)) ?? working(reader.bind(plan, rows, true));
      if (first === undefined) return portable(plan, rows);
      return async (tx) => {
        for (
          let bound: Bound | undefined = first;
          bound !== undefined;
          bound = next(bound, reader, plan, rows)
        ) {
          const { statement, values } = bound;
          try {
            const found = await dialect.query(tx, statement.text, values);
            return outcomeOf(found, plan, statement, syntaxOf(names.database), unreadable);
          } catch (error) {
            if (!(error instanceof Unsayable) && !dialect.unsayable(error)) throw error;
            statement.failed = true;
          }
        }
        return readRelational(tx, plan, rows, unreadable);
      };
    },
    get size() {
      return reader.size;
    },
  };
}

/** A statement that met a value it cannot say is not tried again while it is remembered. */
const working = (bound: Bound | undefined): Bound | undefined =>
  bound?.statement.failed === true ? undefined : bound;

/** After a failure the values are asked for in a form that holds any of them, and decoded here. */
function next(
  { statement }: Bound,
  reader: JSONReader,
  plan: ReadPlan,
  rows: readonly Rows[],
): Bound | undefined {
  return statement.answers === "encoded" ? undefined : working(reader.bind(plan, rows, true));
}

function outcomeOf(
  found: readonly ArrayLike<unknown>[],
  { first, total, root }: ReadPlan,
  { answers, write }: JSONStatement,
  syntax: Syntax,
  unreadable: Unreadable,
): ReadOutcome {
  if (write !== undefined) {
    const rows = write(found);
    const json = writeDigits(() => JSON.stringify(first ? (rows[0] ?? null) : rows));
    return { json, count: found.length };
  }
  if (answers === "object")
    return { json: (found[0]?.[0] as string | undefined) ?? "null", count: found.length };
  const row = found[0]!;
  const counted = answers === "count" ? 0 : 1;
  const count = Number(row[counted]);
  const outcome = total ? { count, total: Number(row[counted + 1]) } : { count };
  if (answers === "count") return outcome;
  const text = row[0] as string;
  if (answers === "json") return { ...outcome, json: first ? text.slice(1, -1) || "null" : text };
  const rows = JSON.parse(text) as Record<string, unknown>[];
  receiveRows(rows, root, syntax, unreadable);
  return { ...outcome, rows: first ? (rows[0] ?? null) : rows };
}
