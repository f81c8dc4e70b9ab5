import { type SQL, sql } from "drizzle-orm";
import type { Admitted, Row, Rows } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { TableInfo } from "../../schema/schema.ts";
import { isCustom } from "../../syntax/syntax.ts";
import { countOf, selectCount } from "../sql/count.ts";
import { fixesKey } from "../sql/range.ts";
import { among, filteredRows, type SecuredRows, target, writtenRows } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Fields, Insert } from "../statement.ts";
import { type Read, readWhole, readWritten } from "./answer.ts";
import { Cells } from "./cells.ts";
import { heldOf, holdsFirst, lock } from "./held.ts";
import type { InsertWriter } from "./insert.ts";
import { judgeOf, looksElsewhere, rowsAtOnce } from "./judged.ts";
import { chunks, isSimple, keysIn, keysOf, MAX_READ, returning } from "./keys.ts";
import { changedRow, newRow } from "./made.ts";
import { type Reach, reachOf } from "./reach.ts";
import { judge, type Rehearsal } from "./rehearsal.ts";
import type { Known, Step, WriteSteps, Writing, WritingOne, WritingRows } from "./steps.ts";

/** What a caller may do: the rows of each mention, and what a row that is left must satisfy, before and after. */
export interface WriteRows {
  readonly admitted: Admitted;
  /** Asked of the row as it will be, of tables as they were. */
  readonly check: Rows;
  /** Asked of the row once all are written. */
  readonly ensure: Rows;
  /** The rows that count for the total. */
  readonly counted: Rows;
}

/** What a write is made with. */
export interface WriteTools {
  readonly speech: Speech;
  readonly read: Read;
  /** Inserts single rows by statements that are remembered. */
  readonly inserts: InsertWriter | undefined;
  /** Whether the table may have triggers, so that what came back is not yet what is stored. */
  readonly triggered: boolean;
}

/** The steps of a write. */
export function compileWrite(plan: WritePlan, allowed: WriteRows, tools: WriteTools): WriteSteps {
  const { admitted, check, ensure } = allowed;
  const { answer, kind } = plan;
  const { table } = answer.secured;
  const leaves = kind !== "delete";
  const held = holdsFirst(plan, [admitted.of(answer), check]);
  const reach = reachOf(check, table, tools.speech);
  const write: Write = { ...tools, ...allowed, plan, rows: () => filteredRows(answer, admitted), reach };
  const elsewhere = looksElsewhere(reach, table);
  return {
    plan,
    steps: [
      ...(leaves ? refusal(write) : []),
      ...(elsewhere && table.database === "sqlite" ? [DEFER] : []),
      ...(held ? [{ kind: "hold", ask: lock(write.rows(), table) } as const] : []),
      ...(leaves ? put(write) : removal(write)),
      ...after(write),
    ],
    atomic: held || tools.triggered || ensure !== "all" || isAtomic(plan, check),
    strandedIsRefused: elsewhere && table.database === "postgresql",
  };
}

/** A write that is made. */
interface Write extends WriteRows, WriteTools {
  readonly plan: WritePlan;
  /** The rows it reaches. */
  readonly rows: () => SecuredRows;
  /** What its check looks at. */
  readonly reach: Reach;
}

/**
 * The check speaks before the foreign keys do, so that a row that is hidden and one that is not there are refused alike.
 * SQLite asks its keys when all is done; PostgreSQL after each statement, and then it is the check that failed.
 */
const DEFER: Step = { kind: "run", ask: { kind: "run", text: "pragma defer_foreign_keys = on" } };

/**
 * A write whose caller may leave no row behind is refused before the database sees one: whether a value is taken, or a
 * referenced row is there, is not for him to hear.
 */
function refusal({ plan, check, ensure, rows }: Write): readonly Step[] {
  if (check !== "none" && ensure !== "none") return [];
  const reached = plan.kind === "insert" ? undefined : countOf(rows());
  return [{ kind: "refuse", reached, refusal: "check-failed" }];
}

/** Whether a write needs a transaction: what can still be refused after its statement, or takes more than one. */
function isAtomic(plan: WritePlan, check: Rows): boolean {
  const { policy, total, answer } = plan;
  return (
    answer.extras.size > 0 ||
    answer.selected.some(({ expression }) => isCustom(expression.column)) || // an author's mapping may throw
    check !== "all" ||
    total ||
    answer.relations.size > 0 ||
    policy.maxAffected !== Number.POSITIVE_INFINITY ||
    mayBeLarge(plan)
  );
}

/** What a row that was sent may come to when it is answered, beside what was sent. */
const GROWTH = 8;

/** Whether an answer may be too large, which is known only when its rows are written. One row answers what it was sent. */
function mayBeLarge({ kind, policy, answer, countOnly }: WritePlan): boolean {
  const { maxAnswerSize, maxBodySize } = policy.limits;
  if (countOnly || maxAnswerSize === Number.POSITIVE_INFINITY) return false;
  return (kind !== "insert" && !fixesKey(answer)) || maxAnswerSize < GROWTH * maxBodySize;
}

/** Writes rows that stay: by a statement with `returning`, in which the check rides along where it may. */
function put(write: Write): readonly Step[] {
  const { plan, admitted, check, triggered, speech, inserts } = write;
  const { answer } = plan;
  const again = triggered && answer.secured.table.primaryKey.length > 0;
  const alone = !again && write.ensure === "all" && inserts?.takes(plan) === true ? inserts : undefined;
  const judged = judgeOf(plan, admitted.of(answer), check, write.reach, triggered, speech);
  const writing = (known: Known): Writing => {
    const { values } = known;
    const how = judged(values);
    if (how === "rehearsed") return rehearsed(write, again, alone, known);
    const riding = how === "riding" ? check : "all";
    const one = values.length === 1 && how === "riding" ? alone?.insert(plan, riding, values[0]!) : undefined;
    return one ?? written(write, again, known, values, returning(plan, riding));
  };
  return [{ kind: "write", writing, refusal: "check-failed" }, ...ensured(write)];
}

/** Writes rows, and answers `fields` of them as they are once all triggers have run. */
function written(
  write: Write,
  again: boolean,
  known: Known,
  values: readonly Row[],
  fields: Fields,
): WritingRows {
  const { secured } = write.plan.answer;
  const { table } = secured;
  return {
    kind: "rows",
    asks:
      write.plan.kind === "insert"
        ? inserted(write.plan, values, fields)
        : [{ kind: "update", rows: reached(write, known), set: changedRow(values[0]!, table), fields }],
    again: again
      ? (rows) =>
          chunks(rows, table, MAX_READ).map((keys) => ({
            kind: "select",
            fields,
            from: writtenRows(secured, keysIn(table, keys)),
          }))
      : undefined,
  };
}

/** The rows a write reaches: where some are locked, those. */
const reached = ({ rows, plan }: Write, { held }: Known): SecuredRows =>
  held === undefined ? rows() : heldOf(rows(), held, plan.answer.secured.table);

/** New rows, as many at a time as one statement takes. */
function inserted(
  { answer: { secured } }: WritePlan,
  values: readonly Row[],
  fields: Fields,
): readonly Insert[] {
  const { table } = secured;
  const rows = values.map((row) => newRow(row, table));
  const overriding = rows.some((row) => givesIdentity(row, table));
  const size = rowsAtOnce(table);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => ({
    kind: "insert",
    into: target(secured),
    rows: rows.slice(index * size, (index + 1) * size),
    overriding,
    fields,
  }));
}

/** Whether a row brings a number that is the database's to give: one it gave when the row was rehearsed. */
const givesIdentity = (row: Row, { columns }: TableInfo): boolean =>
  [...columns.values()].some(
    ({ name, column }) => column.generatedIdentity?.type === "always" && Object.hasOwn(row, name),
  );

function rehearsed(write: Write, again: boolean, alone: InsertWriter | undefined, known: Known): Writing {
  const { plan, speech } = write;
  const { secured } = plan.answer;
  const check = write.check as SQL;
  const cells = new Cells(secured, check, speech, plan.kind === "update");
  const one = (row: Row): WritingOne | undefined =>
    cells.hasMore ? undefined : alone?.insert(plan, "all", row, cells.columns);
  const rehearsal: Rehearsal = {
    kind: plan.kind as Rehearsal["kind"],
    cells,
    writing: (values) =>
      (values.length === 1 ? one(values[0]!) : undefined) ??
      written(write, again, known, values, { ...returning(plan, "all"), ...cells.fields() }),
    judging: (rows) => judge(rows, check, cells, secured, speech),
  };
  return { kind: "rehearsed", rehearsal };
}

/** Whether every written row satisfies what is asked once all are written. */
function ensured({ plan, ensure }: Write): readonly Step[] {
  if (ensure === "all") return [];
  const { secured } = plan.answer;
  const { table } = secured;
  const step = { kind: "ensure", refusal: "check-failed" } as const;
  if (ensure === "none") return [{ ...step, counts: (rows) => (rows.length === 0 ? [] : "refused") }];
  return [
    {
      ...step,
      counts: (rows) =>
        chunks(rows, table).map((keys) => ({
          ask: countOf(writtenRows(secured, sql`${keysIn(table, keys)} and (${ensure})`)),
          atLeast: keys.length,
        })),
    },
  ];
}

/** Removes rows; where RETURNING says too little they are read before, and no other is removed that came meanwhile. */
function removal(write: Write): readonly Step[] {
  const { plan, admitted, read } = write;
  const { table } = plan.answer.secured;
  const fields = returning(plan, "all");
  const removing = (rows: readonly SecuredRows[]): Writing => ({
    kind: "rows",
    asks: rows.map((from) => ({ kind: "delete", rows: from, fields })),
    again: undefined,
  });
  const step = { kind: "write", refusal: "check-failed" } as const;
  if (isSimple(plan.answer)) return [{ ...step, writing: (known) => removing([reached(write, known)]) }];
  return [
    {
      kind: "before",
      read: (known) => readWhole(read, plan, admitted, reached(write, known).where ?? sql`1 = 1`),
    },
    {
      ...step,
      writing: (known) =>
        removing(
          chunks(keysOf(known.before!, table), table).map((keys) =>
            among(reached(write, known), keysIn(table, keys)),
          ),
        ),
    },
  ];
}

/** What follows once rows are written: their number within its bound, what is answered of them, the total. */
function after({ plan, admitted, counted, read }: Write): readonly Step[] {
  const { answer, policy, kind } = plan;
  const steps: Step[] = [];
  if (policy.maxAffected !== Number.POSITIVE_INFINITY)
    steps.push({ kind: "limit", most: policy.maxAffected, refusal: "limit-exceeded" });
  const cameBack = kind === "delete" || isSimple(answer);
  if (!plan.countOnly)
    steps.push({
      kind: "answer",
      reads: cameBack ? undefined : (rows) => readWritten(read, plan, admitted, rows),
    });
  if (plan.total) steps.push({ kind: "total", ask: selectCount(answer, admitted.with(answer, counted)) });
  return steps;
}
