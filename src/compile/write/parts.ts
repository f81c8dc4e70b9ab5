import type { Admission, Admitted, ChangeRows, Row, Rows } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { TableInfo } from "../../schema/schema.ts";
import type { SecuredRows } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Fields } from "../statement.ts";
import type { Read } from "./answer.ts";
import type { BulkWriter } from "./bulk.ts";
import type { Cells } from "./cells.ts";
import { movesKey, type Pairs, pairsOf, toldKey } from "./change.ts";
import { heldOf } from "./held.ts";
import type { InsertWriter } from "./insert.ts";
import { returning } from "./keys.ts";
import type { Reach } from "./reach.ts";
import { type Seen, wholeRow } from "./seen.ts";
import type { Known, Step } from "./steps.ts";
import { toldAmong, toldFields } from "./told.ts";

/** What a caller may do: the rows of each mention, and what a row that is left must satisfy, before and after. */
export interface WriteRows {
  readonly admitted: Admitted;
  /** Asked of the row as it will be, of tables as they were. */
  readonly check: Admission;
  /** Asked of the row once all are written. */
  readonly ensure: Rows;
  /** The rows that count for the total. */
  readonly counted: Admission;
  /** Asked of the rows that a change changes, where something is. */
  readonly change?: ChangeRows | undefined;
  /** The columns that something is added to. */
  readonly increments?: readonly string[];
}

/** What a write is made with. */
export interface WriteTools {
  readonly speech: Speech;
  readonly read: Read;
  /** Inserts single rows by statements that are remembered. */
  readonly inserts: InsertWriter | undefined;
  /** Writes many rows by texts that are remembered; absent where somebody looks at the rows. */
  readonly bulks: BulkWriter | undefined;
  /** Whether lists of rows are written by text, where that can say them. */
  readonly asText: boolean;
  /** Whether a statement that writes may stand alone. */
  readonly alone: boolean;
  /** Whether the table may have triggers, so that what came back is not yet what is stored. */
  readonly triggered: boolean;
  readonly seen: Seen;
}

/** A write that is made. */
export interface Write extends Omit<WriteRows, "check" | "change" | "increments">, WriteTools {
  readonly plan: WritePlan;
  /** What exists for its caller. */
  readonly admission: Admission;
  /** The rows that exist before it. */
  readonly using: Rows;
  readonly check: Rows;
  /** The rows it reaches. */
  readonly rows: () => SecuredRows;
  /** What its check looks at. */
  readonly reach: Reach;
  readonly change: ChangeRows;
  readonly increments: readonly string[];
  /** What must be known of rows before they are changed, where a condition is asked of both. */
  readonly cells: Cells | undefined;
  /** Whether its rows are read before they are removed. */
  readonly reads: boolean;
}

/** Whether rows that a step has held are locked one by one, so that another may not be. */
export const isLocked = ({ answer }: WritePlan): boolean => answer.secured.table.database === "postgresql";

/** Whether hooks see what rows were that are there still; those of a deletion are never seen otherwise. */
export const seesBefore = ({ plan, seen }: Write): boolean =>
  plan.softDelete === undefined ? plan.kind === "update" && seen === "before" : seen !== "nothing";

/** Whether rows are known as they were, and found again once they are changed. */
export const keepsRows = (write: Write): boolean => write.cells !== undefined || seesBefore(write);

/** The rows a write reaches: where new ones have met some, those; where some are locked, those of them. */
export const reached = (write: Write, known: Known): SecuredRows =>
  locked(write, known, metRows(write, known));

/** The rows it is for. */
export const metRows = ({ rows, plan }: Write, { keys }: Known): SecuredRows =>
  keys === undefined ? rows() : toldAmong(rows(), keys, plan);

/** Of rows those that are locked, where some are. */
export const locked = ({ plan, rows }: Write, { held }: Known, of: SecuredRows = rows()): SecuredRows =>
  held === undefined || !isLocked(plan) ? of : heldOf(of, held, plan.answer.secured.table);

/** What comes back of each row that is written. */
export function fieldsOf(write: Write, check: Rows): Fields {
  const { plan, admission, seen } = write;
  const { table } = plan.answer.secured;
  const fields = returning(plan, check, admission);
  const keeps = keepsRows(write);
  const whole = seen !== "nothing" && plan.softDelete === undefined;
  if (!keeps && !whole && plan.meeting === undefined) return fields;
  return {
    ...fields,
    ...(keeps && toldKey(table)),
    ...(plan.meeting !== undefined && toldFields(plan)),
    ...(whole && wholeRow(table)),
  };
}

export const pairsIn = (table: TableInfo, { held, values }: Known, written: readonly Row[]): Pairs =>
  pairsOf(held!, written, table, movesKey(table, values[0] ?? {}));

/** Finds what changed rows were, for the hooks that see it. */
export function paired(write: Write): readonly Step[] {
  if (!seesBefore(write)) return [];
  const { answer, softDelete } = write.plan;
  const { table } = answer.secured;
  // Without a key nothing tells them apart: they are those that were read, where none of these was lost meanwhile.
  const alone = softDelete !== undefined && table.primaryKey.length === 0;
  return [
    {
      kind: "pair",
      pairs: (known, written) =>
        alone && known.held!.length === written.length ? known.held! : pairsIn(table, known, written),
      refusal: "limit-exceeded",
    },
  ];
}
