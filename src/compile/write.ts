import { type SQL, sql } from "drizzle-orm";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { type Names, textOf } from "../drizzle/drizzle.ts";
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
  readAgain,
  readAnswer,
  readWritten,
  returning,
  withoutKey,
} from "./answer.ts";
import { Cells } from "./cells.ts";
import { nodeCondition } from "./condition.ts";
import { hold, holdsFirst } from "./held.ts";
import type { InsertWriter } from "./insert.ts";
import { changedRow, newRow } from "./made.ts";
import { reachOf, speaksOf } from "./reach.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import { countTotal, selectCount } from "./relational.ts";
import type { Unreadable } from "./value.ts";

/** What a write did. */
export interface WriteOutcome {
  readonly rows?: readonly unknown[];
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly rowsAffected: number;
  readonly total?: number;
  /** Whether every written row satisfies what it must. */
  readonly passed: boolean;
}

/** A write ready to run; the rows to write come last, because a hook may have changed them. */
export type WriteStatement = (database: Database, rows: readonly Row[]) => Promise<WriteOutcome>;

/** What a caller may do: the rows of each node of the answer, and what a written row must satisfy, before and after. */
export interface WriteRows {
  readonly rows: readonly Rows[];
  /** Asked of the row as it will be, of tables as they were. */
  readonly check: Rows;
  /** Asked of the row once all are written. */
  readonly ensure: Rows;
  /** The rows that count for the total. */
  readonly counted: Rows;
}

/** What a write is made with. */
export interface WriteTools {
  readonly dialect: Dialect;
  readonly names: Names;
  readonly read: Read;
  /** Inserts single rows by statements that are remembered. */
  readonly inserts: InsertWriter | undefined;
  readonly unreadable: Unreadable;
}

/** A write; `triggered` where its table may have triggers, so that what came back is not yet what is stored. */
export function compileWrite(
  plan: WritePlan,
  allowed: WriteRows,
  tools: WriteTools,
  triggered: boolean,
): WriteStatement {
  const { kind, answer } = plan;
  if (kind === "delete") return (database) => remove(database, plan, allowed, tools);
  const { inserts } = tools;
  const again = triggered && answer.table.primaryKey.length > 0;
  const alone = !again && allowed.ensure === "all" && inserts?.takes(plan) === true;
  const put = { ...tools, ...allowed, plan, kind, triggered, again, inserts: alone ? inserts : undefined };
  const write = compilePut(put);
  return looksElsewhere(allowed.check, answer.table, tools) ? checkFirst(write, tools.dialect) : write;
}

/** A write that leaves rows behind. */
interface Put extends WriteRows, WriteTools {
  readonly plan: WritePlan;
  readonly kind: "insert" | "update";
  readonly triggered: boolean;
  /** Whether rows are read again after the statement. */
  readonly again: boolean;
}

/** One statement with `returning`, in which the check rides along where it may; else rows are rehearsed before. */
function compilePut(put: Put): WriteStatement {
  const { plan, check, ensure, rows, counted, inserts, read, unreadable } = put;
  const { table } = plan.answer;
  const judge = judgeOf(put);
  const held = holdsFirst(plan, { rows, check });
  return async (database, values) => {
    const judged = judge(values);
    if (judged === "riding" && values.length === 1) {
      const outcome = await inserts?.insert(database, plan, check, values[0]!);
      if (outcome !== undefined) return withTotal(outcome, database, plan, counted);
    }
    const using = held ? await hold(database, plan, rows[0]!) : rows[0]!;
    const writer = (fields: Row): Write => writerOf(put, database, using, fields);
    const stage = judged === "rehearsed" ? stageOf(put, database, writer) : undefined;
    const written =
      stage === undefined
        ? await writer(returning(plan, judged === "riding" ? check : "all"))(values)
        : await rehearse(stage.rehearsal, values);
    const passed =
      written !== undefined &&
      written.every((row) => row[CHECK] !== 0) &&
      (await ensured(database, table, ensure, written));
    if (!passed) return { rowsAffected: written?.length ?? 0, passed: false };
    const outcome = stage?.outcome();
    if (outcome !== undefined) return withTotal(outcome, database, plan, counted);
    if (plan.kind === "update") written.sort(byKey(table));
    const answered = plan.countOnly
      ? undefined
      : await readWritten(read, database, plan, rows, written, unreadable);
    return withTotal(outcomeOf(written, answered), database, plan, counted);
  };
}

type Write = (values: readonly Row[]) => Promise<Row[]>;

/** Writes rows, and answers `fields` of them as they are once all triggers have run. */
function writerOf(
  { plan, kind, again, unreadable }: Put,
  database: Database,
  using: Rows,
  fields: Row,
): Write {
  const { table } = plan.answer;
  return async (values) => {
    const written =
      kind === "insert"
        ? await insert(database, table, values, fields)
        : await update(database, plan, using, values[0]!, fields);
    for (const row of written) decodeKey(row, table, unreadable);
    return again ? readAgain(database, table, fields, written, unreadable) : written;
  };
}

/** A rehearsal, and what came of a single new row when it was written last. */
interface Stage {
  readonly rehearsal: Rehearsal;
  readonly outcome: () => WriteOutcome | undefined;
}

function stageOf(put: Put, database: Database, writer: (fields: Row) => Write): Stage {
  const { plan, kind, names, dialect, inserts } = put;
  const { table } = plan.answer;
  const check = put.check as SQL;
  const cells = new Cells(table, check, names, kind === "update");
  const all = (values: readonly Row[]): Promise<Row[]> =>
    writer({ ...returning(plan, "all"), ...cells.fields() })(values);
  let outcome: WriteOutcome | undefined;
  const one = async (row: Row): Promise<Row[] | undefined> => {
    const inserted = cells.hasMore
      ? undefined
      : await inserts?.insert(database, plan, "all", row, cells.columns);
    outcome = inserted;
    return inserted && (inserted.rowsAffected === 0 ? [] : [cells.row(inserted.cells)]);
  };
  const write: Write = async (values) => {
    outcome = undefined;
    return (values.length === 1 ? await one(values[0]!) : undefined) ?? all(values);
  };
  return {
    rehearsal: { kind, table, check, cells, names, dialect, database, write },
    outcome: () => outcome,
  };
}

/** A removal; where RETURNING says too little, the rows are read before. */
async function remove(
  database: Database,
  plan: WritePlan,
  { rows, counted }: WriteRows,
  { read, unreadable }: WriteTools,
): Promise<WriteOutcome> {
  const { answer } = plan;
  const { table } = answer;
  const holds = holdsFirst(plan, { rows, check: "all" });
  const using = holds ? await hold(database, plan, rows[0]!) : rows[0]!;
  const where = nodeCondition(answer, using);
  const before = isSimple(answer)
    ? undefined
    : await readAnswer(read, database, plan, rows, where ?? sql`1 = 1`);
  const removed =
    before === undefined
      ? ((await database.delete(table.table).where(where).returning(returning(plan, "all"))) as Row[])
      : await removeRead(database, plan, using, before);
  for (const row of removed) decodeKey(row, table, unreadable);
  removed.sort(byKey(table));
  const answered = plan.countOnly
    ? undefined
    : before === undefined
      ? await readWritten(read, database, plan, rows, removed, unreadable)
      : inOrder(before, removed, table).map((row) => withoutKey(row, answer));
  return withTotal(outcomeOf(removed, answered), database, plan, counted);
}

const outcomeOf = (written: readonly Row[], rows: readonly unknown[] | undefined): WriteOutcome => ({
  ...(rows !== undefined && { rows }),
  rowsAffected: written.length,
  passed: true,
});

/**
 * How a row is judged: as one more value that comes back with it, by a rehearsal, or not at all, where it cannot have
 * left what its rule admits.
 */
type Judged = "riding" | "rehearsed" | "kept";

/**
 * What comes back of a row sees, on PostgreSQL, every table as it was before the statement, but the functions of others
 * see more; on SQLite the rows written so far, its own included.
 */
function judgeOf({ plan, kind, rows, check, names, triggered }: Put): (values: readonly Row[]) => Judged {
  const { table } = plan.answer;
  const reach = reachOf(check, table, names);
  if (typeof check === "string" || reach === "row") return () => "riding";
  if (reach === "unknown") return () => "rehearsed";
  const snapshot = table.database === "postgresql" && !triggered;
  return (values) => {
    if (snapshot && values.length <= rowsAtOnce(table)) return "riding";
    if (kind !== "update" || check !== rows[0] || triggered) return "rehearsed";
    return mayChange(table, values[0]!, textOf(check, names), names) ? "rehearsed" : "kept";
  };
}

/** Whether a change may change what a condition says of a row. */
function mayChange({ columns }: TableInfo, change: Row, text: string, names: Names): boolean {
  return [...columns.values()].some((column) => {
    const { generated, onUpdateFn } = column.column;
    const set = Object.hasOwn(change, column.name) || onUpdateFn !== undefined || generated !== undefined;
    return set && (column.primary || speaksOf(text, column, names));
  });
}

/** Whether every written row satisfies what is asked once all are written. */
async function ensured(
  database: Database,
  table: TableInfo,
  ensure: Rows,
  written: readonly Row[],
): Promise<boolean> {
  if (typeof ensure === "string") return ensure === "all" || written.length === 0;
  for (const keys of chunks(written, table)) {
    const passing = sql`${keysIn(table, keys)} and (${ensure})`;
    if ((await selectCount(database, table.table, passing)) < keys.length) return false;
  }
  return true;
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
  counted: Rows,
): Promise<WriteOutcome> {
  if (!plan.total || !outcome.passed) return outcome;
  return { ...outcome, total: await countTotal(database, plan.answer, [counted]) };
}

/** Whether a check may ask about the rows a new row refers to. */
function looksElsewhere(check: Rows, table: TableInfo, { names }: WriteTools): boolean {
  const refers = [...table.columns.values()].some(({ foreign }) => foreign);
  return refers && reachOf(check, table, names) !== "row";
}

/** How many new rows one statement takes. */
const rowsAtOnce = ({ columns }: TableInfo): number => Math.max(1, Math.floor(MAX_VALUES / columns.size));

async function insert(
  database: Database,
  table: TableInfo,
  values: readonly Row[],
  fields: Row,
): Promise<Row[]> {
  const written: Row[] = [];
  const size = rowsAtOnce(table);
  const rows = values.map((row) => newRow(row, table));
  for (let start = 0; start < rows.length; start += size) {
    const into = database.insert(table.table);
    if (rows.some((row) => givesIdentity(row, table))) into.overridingSystemValue();
    written.push(...((await into.values(rows.slice(start, start + size)).returning(fields)) as Row[]));
  }
  return written;
}

/** Whether a row brings a number that is the database's to give: one it gave when the row was rehearsed. */
const givesIdentity = (row: Row, { columns }: TableInfo): boolean =>
  [...columns.values()].some(
    ({ name, column }) => column.generatedIdentity?.type === "always" && Object.hasOwn(row, name),
  );

async function update(
  database: Database,
  { answer }: WritePlan,
  using: Rows,
  change: Row,
  fields: Row,
): Promise<Row[]> {
  const { table } = answer;
  const changed = database
    .update(table.table)
    .set(changedRow(change, table))
    .where(nodeCondition(answer, using));
  return (await changed.returning(fields)) as Row[];
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
