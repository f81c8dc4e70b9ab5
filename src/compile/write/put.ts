import { type SQL, sql } from "drizzle-orm";
import type { Row, Rows } from "../../author/author.ts";
import type { TableInfo } from "../../schema/schema.ts";
import { countOf } from "../sql/count.ts";
import { target, writtenRows } from "../sql/secured.ts";
import type { Count, Fields, Insert, Returning } from "../statement.ts";
import type { BulkWriter } from "./bulk.ts";
import { Cells } from "./cells.ts";
import { judgeChange } from "./change.ts";
import type { InsertWriter } from "./insert.ts";
import { Unguarded } from "./guard.ts";
import { fitting } from "./increment.ts";
import { judgeOf, rowsAtOnce } from "./judged.ts";
import { chunks, keysIn, MAX_READ } from "./keys.ts";
import { listed } from "./listed.ts";
import { madeRow, newRow } from "./made.ts";
import { meet } from "./meet.ts";
import { changed, takenAfter, takenBefore } from "./met.ts";
import { fieldsOf, paired, pairsIn, type Write } from "./parts.ts";
import { judge, type Rehearsal } from "./rehearsal.ts";
import type { Known, Step, Writing, WritingOne, WritingRows } from "./steps.ts";

/** Writes rows that stay: by a statement with `returning`, in which the check rides along where it may. */
export function put(write: Write): readonly Step[] {
  const { plan, using, check, triggered, speech, inserts } = write;
  const { answer } = plan;
  const again = triggered && answer.secured.table.primaryKey.length > 0;
  const alone = !again && write.ensure === "all" && inserts?.takes(plan) === true ? inserts : undefined;
  const bulks = write.bulks?.takes(write) === true ? write.bulks : undefined;
  const judged = judgeOf(plan, using, check, write.reach, triggered, speech);
  const writing = (known: Known): Writing => {
    if (known.alone === true) return guarding(write, alone, known);
    const { values } = known;
    const how = judged(values);
    if (how === "rehearsed") return rehearsed(write, again, alone, known);
    const riding = how === "riding" ? check : "all";
    const one = values.length === 1 && how === "riding" ? alone?.insert(plan, riding, values[0]!) : undefined;
    if (one !== undefined) return one;
    return again || bulks === undefined
      ? written(write, again, known, values, fieldsOf(write, riding))
      : inBulk(write, bulks, known, riding);
  };
  const meets = plan.meeting !== undefined && plan.kind === "insert";
  return [
    ...takenBefore(write),
    meets ? meet(write, writing) : { kind: "write", writing, refusal: "check-failed" },
    ...takenAfter(write),
    ...compared(write),
    ...paired(write),
    ...ensured(write),
  ];
}

/** Writes the one row by a statement that undoes itself. */
function guarding({ plan, check }: Write, alone: InsertWriter | undefined, { values }: Known): WritingOne {
  const one = values.length === 1 ? alone?.insert(plan, check, values[0]!, { alone: true }) : undefined;
  if (one === undefined) throw new Unguarded();
  return one;
}

/** Writes rows by one text, where there is one for them. */
function inBulk(write: Write, bulk: BulkWriter, known: Known, check: Rows): Writing {
  const { values } = known;
  const { plan } = write;
  const made =
    plan.kind === "insert" ? values.map((row) => madeRow(row, plan.answer.secured.table)) : undefined;
  const one = made === undefined ? bulk.update(write, check, values, known) : bulk.insert(write, check, made);
  if (one !== undefined) return one;
  const fields = fieldsOf(write, check);
  return {
    kind: "rows",
    asks: made === undefined ? changed(write, known, values, fields) : insertedRows(write, made, fields),
    again: undefined,
  };
}

/** Writes rows, and answers `fields` of them as they are once all triggers have run. */
function written(
  write: Write,
  again: boolean,
  known: Known,
  values: readonly Row[],
  asked: Fields,
): WritingRows {
  const { secured } = write.plan.answer;
  const { table } = secured;
  const fields = write.increments.length === 0 ? asked : { ...asked, ...fitting(values[0], table) };
  return {
    kind: "rows",
    asks:
      write.plan.kind === "insert" ? inserted(write, values, fields) : changed(write, known, values, fields),
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

function rehearsed(write: Write, again: boolean, alone: InsertWriter | undefined, known: Known): Writing {
  const { plan, speech } = write;
  const { secured } = plan.answer;
  const check = write.check as SQL;
  const cells = new Cells(secured, check, speech, plan.kind === "update");
  const one = (row: Row): WritingOne | undefined =>
    cells.hasMore ? undefined : alone?.insert(plan, "all", row, { cells: cells.columns });
  const rehearsal: Rehearsal = {
    kind: plan.kind as Rehearsal["kind"],
    cells,
    writing: (values) =>
      (values.length === 1 ? one(values[0]!) : undefined) ??
      written(write, again, known, values, { ...fieldsOf(write, "all"), ...cells.fields() }),
    judging: (rows) => judge(rows, check, cells, secured, speech),
  };
  return { kind: "rehearsed", rehearsal };
}

/** Asks of each row that was changed whether it may have become what it is. */
function compared({ plan, change, cells, speech }: Write): readonly Step[] {
  if (cells === undefined) return [];
  const { secured } = plan.answer;
  const counts = (known: Known, written: readonly Row[]): readonly Count[] | "refused" => {
    const was = pairsIn(secured.table, known, written);
    const pairs = written.flatMap((after, index) => {
      const before = was[index];
      return before === undefined ? [] : [{ before, after }];
    });
    if (pairs.length < written.length) return "refused";
    return judgeChange(pairs, change.transition as SQL, cells, secured, speech);
  };
  return [{ kind: "transition", counts, refusal: "transition-failed" }];
}

/** Whether every written row satisfies what is asked once all are written. */
function ensured({ plan, ensure }: Write): readonly Step[] {
  if (ensure === "all") return [];
  const { secured } = plan.answer;
  const { table } = secured;
  const step = { kind: "ensure", refusal: "check-failed" } as const;
  if (ensure === "none")
    return [{ ...step, counts: (rows: readonly Row[]) => (rows.length === 0 ? [] : "refused") }];
  return [
    {
      ...step,
      counts: (rows: readonly Row[]) =>
        chunks(rows, table).map((keys) => ({
          ask: countOf(writtenRows(secured, sql`${keysIn(table, keys)} and (${ensure})`)),
          atLeast: keys.length,
        })),
    },
  ];
}

/** New rows, all by one statement, or as many at a time as one of Drizzle's takes. */
function inserted(write: Write, values: readonly Row[], fields: Fields): readonly (Insert | Returning)[] {
  const { table } = write.plan.answer.secured;
  return insertedRows(
    write,
    values.map((row) => madeRow(row, table)),
    fields,
  );
}

/** The same of rows that are made. */
function insertedRows(
  { plan, speech, asText }: Write,
  made: readonly Row[],
  fields: Fields,
): readonly (Insert | Returning)[] {
  const { answer, meeting } = plan;
  const { secured } = answer;
  const { table } = secured;
  const all = asText && made.length > 1 ? listed(plan, made, fields, speech) : undefined;
  if (all !== undefined) return [all];
  const rows = made.map((row) => newRow(row, table));
  const overriding = rows.some((row) => givesIdentity(row, table));
  const size = rowsAtOnce(table);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => ({
    kind: "insert",
    into: target(secured),
    rows: rows.slice(index * size, (index + 1) * size),
    overriding,
    meets: meeting?.target.map(({ column }) => column),
    fields,
  }));
}

/** Whether a row brings a number that is the database's to give: one it gave when the row was rehearsed. */
const givesIdentity = (row: Row, { columns }: TableInfo): boolean =>
  [...columns.values()].some(
    ({ name, column }) => column.generatedIdentity?.type === "always" && Object.hasOwn(row, name),
  );
