import { type SQL, sql } from "drizzle-orm";
import type { Database, Dialect } from "../dialect/dialect.ts";
import type { Row, Rows, WritePlan } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import {
  byKey,
  CHECK,
  chunks,
  decodeKey,
  inOrder,
  isSimple,
  keysIn,
  keysOf,
  MAX_VALUES,
  type Read,
  readAnswer,
  readWritten,
  returning,
  withoutKey,
} from "./answer.ts";
import { isAskedAfterwards } from "./afterwards.ts";
import { nodeCondition, speaksOnlyOf } from "./condition.ts";
import { hold, holdsFirst, type WriteRows } from "./held.ts";
import type { InsertWriter } from "./insert.ts";
import { changedRow, newRow } from "./made.ts";
import { countTotal, selectCount } from "./relational.ts";

/** What a write did. */
export interface WriteOutcome {
  readonly rows?: readonly unknown[];
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly rowsAffected: number;
  readonly total?: number;
  /** Whether every written row satisfies the check. */
  readonly passed: boolean;
}

/** A write ready to run; the rows to write come last, because a hook may have changed them. */
export type WriteStatement = (database: Database, rows: readonly Row[]) => Promise<WriteOutcome>;

/**
 * A write as one statement with `returning`; the check rides along as one more returned expression. A single new row
 * may go through `inserts`, whose statements are remembered.
 */
export function compileWrite(
  plan: WritePlan,
  { rows, check }: WriteRows,
  inserts: InsertWriter | undefined,
  dialect: Dialect,
  read: Read,
): WriteStatement {
  const { answer } = plan;
  const simple = isSimple(answer);
  const holds = holdsFirst(plan, { rows, check });
  const fast = inserts !== undefined && inserts.takes(plan) ? inserts : undefined;
  const write: WriteStatement = async (database, values) => {
    if (fast !== undefined && values.length === 1 && !isAskedAfterwards(check, answer.table)) {
      const outcome = await fast.insert(database, plan, check, values[0]!);
      if (outcome !== undefined) return withTotal(outcome, database, plan, rows);
    }
    const using = holds ? await hold(database, plan, rows[0]!) : rows[0]!;
    const before =
      plan.kind === "delete" && !simple
        ? await readAnswer(read, database, plan, rows, doomed(plan, using))
        : undefined;
    const written =
      before === undefined
        ? await run(database, plan, using, check, values)
        : await removeRead(database, plan, using, before);
    for (const row of written) decodeKey(row, answer.table);
    const passed =
      written.every((row) => row[CHECK] !== 0) && (await passTogether(database, plan, check, written));
    if (!passed) return { rowsAffected: written.length, passed };
    if (plan.kind !== "insert") written.sort(byKey(answer.table));
    const answered = plan.countOnly
      ? undefined
      : before === undefined
        ? await readWritten(read, database, plan, rows, written)
        : inOrder(before, written, answer.table).map((row) => withoutKey(row, answer));
    const outcome = {
      ...(answered !== undefined && { rows: answered }),
      rowsAffected: written.length,
      passed,
    };
    return withTotal(outcome, database, plan, rows);
  };
  if (plan.kind === "delete" || !looksElsewhere(check, answer.table)) return write;
  return checkFirst(write, dialect);
}

/**
 * The check speaks before the foreign keys do, so that a row that is hidden and one that is not there are refused alike.
 * SQLite asks its keys when all is done; PostgreSQL after each statement, and then it is the check that failed.
 */
function checkFirst(write: WriteStatement, dialect: Dialect): WriteStatement {
  if (dialect.speaks === "sqlite")
    return async (database, values) => {
      await database.run(sql`pragma defer_foreign_keys = on`);
      return write(database, values);
    };
  return async (database, values) => {
    try {
      return await write(database, values);
    } catch (error) {
      if (dialect.missesReference(error)) return { rowsAffected: 0, passed: false };
      throw error;
    }
  };
}

/** The total is counted after the write. */
async function withTotal(
  outcome: WriteOutcome,
  database: Database,
  plan: WritePlan,
  rows: readonly Rows[],
): Promise<WriteOutcome> {
  if (!plan.total || !outcome.passed) return outcome;
  return { ...outcome, total: await countTotal(database, plan.answer, rows) };
}

/** Whether a check may ask about the rows a new row refers to. */
function looksElsewhere(check: Rows, table: TableInfo): boolean {
  const refers = [...table.columns.values()].some(({ foreign }) => foreign);
  return refers && typeof check !== "string" && !speaksOnlyOf(check, table);
}

/** RETURNING checks each row when its turn comes; a check that looks at other rows is asked again when all are written. */
async function passTogether(
  database: Database,
  plan: WritePlan,
  check: Rows,
  written: readonly Row[],
): Promise<boolean> {
  const { table } = plan.answer;
  if (typeof check === "string" || plan.kind === "delete" || written.length === 0) return true;
  const afterwards = isAskedAfterwards(check, table);
  if (!afterwards && (written.length < 2 || speaksOnlyOf(check, table))) return true;
  const [first] = table.columns.values();
  if (first?.database === "sqlite" && table.primaryKey.length === 0) return true;
  for (const keys of chunks(written, table)) {
    const passing = sql`${keysIn(table, keys)} and (${check})`;
    if ((await selectCount(database, table.table, passing)) < keys.length) return false;
  }
  return true;
}

async function run(
  database: Database,
  plan: WritePlan,
  using: Rows,
  check: Rows,
  values: readonly Row[],
): Promise<Row[]> {
  const { table } = plan.answer.table;
  const fields = returning(plan, isAskedAfterwards(check, plan.answer.table) ? "all" : check);
  if (plan.kind === "insert") {
    const written: Row[] = [];
    const size = Math.max(1, Math.floor(MAX_VALUES / plan.answer.table.columns.size));
    const rows = values.map((row) => newRow(row, plan.answer.table));
    for (let start = 0; start < rows.length; start += size) {
      written.push(
        ...((await database
          .insert(table)
          .values(rows.slice(start, start + size))
          .returning(fields)) as Row[]),
      );
    }
    return written;
  }
  const where = nodeCondition(plan.answer, using);
  const change =
    plan.kind === "update"
      ? database.update(table).set(changedRow(values[0]!, plan.answer.table))
      : database.delete(table);
  return (await change.where(where).returning(fields)) as Row[];
}

/** Removes the rows that were read, and no other that came meanwhile: what is answered is what is gone. */
async function removeRead(
  database: Database,
  plan: WritePlan,
  using: Rows,
  read: readonly Row[],
): Promise<Row[]> {
  const { table } = plan.answer;
  const fields = returning(plan, "all");
  const removed: Row[] = [];
  for (const keys of chunks(keysOf(read, table), table)) {
    const where = sql`${nodeCondition(plan.answer, using) ?? sql`1 = 1`} and ${keysIn(table, keys)}`;
    removed.push(...((await database.delete(table.table).where(where).returning(fields)) as Row[]));
  }
  return removed;
}

function doomed(plan: WritePlan, using: Rows): SQL {
  return nodeCondition(plan.answer, using) ?? sql`1 = 1`;
}
