import { is, SQL } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { someText } from "../../drizzle/drizzle.ts";
import type { Selected, WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo, TableInfo } from "../../schema/schema.ts";
import type { Speech } from "../sql/speech.ts";
import type { Bulk } from "../statement.ts";
import { Unguarded } from "./guard.ts";
import { madeRow } from "./made.ts";
import { inOrder } from "./meet.ts";
import type { Merging } from "./merged.ts";
import type { Write, WriteRows, WriteTools } from "./parts.ts";
import { reachOf } from "./reach.ts";
import type { WriteSteps } from "./steps.ts";
import { mayBeLarge, writeOf } from "./write.ts";

/** A write that is planned, and what its caller may do by it. */
export interface Allowed {
  readonly plan: WritePlan;
  readonly rows: WriteRows;
}

/**
 * Writes new rows, and changes those that they meet, by one statement of PostgreSQL that undoes itself where any of them is
 * not the caller's to write: then its {@link Unguarded} parts say why. `undefined` where a row is asked for more than what
 * its own values say. `changes` are what each of the rows is changed to that meets one.
 */
export function compileMerge(
  insertion: Allowed,
  change: Allowed,
  changes: () => readonly Row[],
  tools: WriteTools,
): WriteSteps | undefined {
  const insert = writeOf(insertion.plan, insertion.rows, tools);
  const update = writeOf(change.plan, change.rows, tools);
  if (!isMerged({ insert, update })) return undefined;
  const { plan, bulks } = insert;
  const { table } = plan.answer.secured;
  const most = Math.min(plan.most, update.plan.most, update.plan.policy.maxAffected);
  const bulk = (values: readonly Row[], places: readonly number[]): Bulk => {
    if (values.length > most) throw new Unguarded();
    const made = values.map((row) => madeRow(row, table));
    const changed = changes();
    const own = places.map((place) => changed[place]!);
    const merged = bulks!.merge({ insert, update }, made, own);
    if (merged === undefined || !tellsSize(plan, own[0]!, tools.speech) || spendsNumbers(made[0]!, table))
      throw new Unguarded();
    return merged;
  };
  return {
    plan,
    steps: [{ kind: "merge", order: (values) => inOrder(values, plan.meeting!.target), bulk }],
    atomic: false,
    guards: true,
    strandedIsRefused: false,
    seen: "nothing",
  };
}

/**
 * Whether each new row takes a number of a sequence, though it meet a row and needs none: what is written over and over
 * would use them up.
 */
const spendsNumbers = (made: Row, { columns }: TableInfo): boolean =>
  [...columns.values()].some(
    (info) => (made[info.name] === undefined || is(made[info.name], SQL)) && isNumbered(info),
  );

const isNumbered = ({ column }: ColumnInfo): boolean =>
  column.columnType.includes("Serial") ||
  column.generatedIdentity !== undefined ||
  (is(column.default, SQL) && someText(column.default, (text) => /nextval/i.test(text)));

/** Whether one statement does it all: nothing is asked of a row but of its own values, and both answer alike. */
function isMerged({ insert, update }: Merging): boolean {
  const { plan, alone, bulks, speech } = insert;
  return (
    speech.database === "postgresql" &&
    alone &&
    bulks?.takes(insert) === true &&
    bulks.takes(update) &&
    isPlain(insert) &&
    isPlain(update) &&
    !mayBeLarge(plan) &&
    plan.countOnly === update.plan.countOnly &&
    answersAlike(plan.answer.selected, update.plan.answer.selected)
  );
}

function isPlain({ plan, triggered, reach, check, change, cells, speech, rows }: Write): boolean {
  const { total, versions, least, searches, answer } = plan;
  if (triggered || total || versions !== undefined || least > 0 || searches.length > 0) return false;
  if (reach !== "row" || check === "none" || change.grants.length > 0 || cells !== undefined) return false;
  return (
    change.transition === "all" && reachOf(rows().where ?? "all", answer.secured.table, speech) === "row"
  );
}

const answersAlike = (some: readonly Selected[], others: readonly Selected[]): boolean =>
  some.length === others.length &&
  some.every(({ name, expression }, index) => {
    const other = others[index]!;
    return name === other.name && expression.kind === "column" && expression.column === columnOf(other);
  });

const columnOf = ({ expression }: Selected): ColumnInfo | undefined =>
  expression.kind === "column" ? expression.column : undefined;

/** Whether an answer holds nothing of any size but what its client has sent: it is kept before it is known. */
const tellsSize = ({ answer, countOnly }: WritePlan, change: Row, { syntax }: Speech): boolean =>
  countOnly ||
  answer.selected.every(
    ({ expression: { column } }) =>
      Object.hasOwn(change, column.name) || syntax.size(column, "", false) === undefined,
  );
