import type { Admission, ChangeRows, Rows } from "../../author/author.ts";
import type { SecuredRelation, WritePlan } from "../../plan/plan.ts";
import { isCustom } from "../../syntax/syntax.ts";
import { selectCount } from "../sql/count.ts";
import { looksFurther, masksIn } from "../sql/masked.ts";
import { fixesKey } from "../sql/range.ts";
import { filteredRows, filterSQL, rowsIn, shownIn } from "../sql/secured.ts";
import { readWritten } from "./answer.ts";
import { DEFER, hold, matched, permitted, refusal } from "./before.ts";
import { Cells } from "./cells.ts";
import { UNASKED } from "./change.ts";
import { looksElsewhere } from "./judged.ts";
import { isSimple } from "./keys.ts";
import type { Write, WriteRows, WriteTools } from "./parts.ts";
import { put } from "./put.ts";
import { reachOf } from "./reach.ts";
import { readsBefore, removal } from "./removal.ts";
import type { Step, WriteSteps } from "./steps.ts";

/** The steps of a write. */
export function compileWrite(plan: WritePlan, allowed: WriteRows, tools: WriteTools): WriteSteps {
  const write = writeOf(plan, allowed, tools);
  const { answer, kind } = plan;
  const { table } = answer.secured;
  const leaves = kind !== "delete";
  const held = hold(write, conditionsOf(write));
  const elsewhere = looksElsewhere(write.reach, table);
  const atomic = held.length > 0 || tools.triggered || write.ensure !== "all" || isAtomic(write);
  return {
    plan,
    steps: [
      ...(leaves ? refusal(write) : []),
      ...(elsewhere && table.database === "sqlite" ? [DEFER] : []),
      ...held,
      ...matched(write),
      ...permitted(write),
      ...(leaves ? put(write) : removal(write)),
      ...after(write),
    ],
    atomic: atomic || write.check !== "all",
    guards: !atomic && write.check !== "all" && guards(write),
    strandedIsRefused: elsewhere && table.database === "postgresql",
    seen: tools.seen,
  };
}

/** A write, with all that its steps are made of. */
export function writeOf(plan: WritePlan, allowed: WriteRows, tools: WriteTools): Write {
  const { admitted, ensure, counted, increments = [] } = allowed;
  const { answer, kind } = plan;
  const { secured } = answer;
  const admission = admitted.of(answer);
  const using = rowsIn(admission);
  const check = allowed.check === admission ? using : rowsIn(allowed.check);
  const change = counting(allowed.change ?? UNASKED, increments, secured, admission);
  const { transition } = change;
  return {
    ...tools,
    plan,
    admitted,
    admission,
    using,
    check,
    ensure,
    counted,
    rows: () => filteredRows(answer, admitted),
    reach: reachOf(check, secured.table, tools.speech),
    change,
    increments,
    cells: typeof transition === "string" ? undefined : new Cells(secured, transition, tools.speech, true),
    reads: kind === "delete" && readsBefore(plan, admission, tools.triggered),
  };
}

/** What is added to a column that is masked tells of its value: there it may not be. */
function counting(
  change: ChangeRows,
  increments: readonly string[],
  { seen, table }: SecuredRelation,
  admission: Admission,
): ChangeRows {
  const masked = increments.flatMap((column) => {
    const expression = seen(table.columns.get(column)!);
    if (expression.kind === "column") return [];
    const rows = shownIn(expression.mask, admission);
    return rows === "all" ? [] : [{ column, rows }];
  });
  return masked.length === 0 ? change : { ...change, grants: [...change.grants, ...masked] };
}

/** All conditions that say which rows it reaches, and what they may become. */
function conditionsOf({ plan: { answer }, admission, admitted, using, check }: Write): readonly Rows[] {
  const { where } = answer;
  if (where === undefined) return [using, check];
  if (looksFurther(where)) return [using, check, filterSQL(where, answer, admitted)];
  return [using, check, ...masksIn(where).map((mask) => shownIn(mask, admission))];
}

/** Whether the check of a single new row may be asked by a statement that undoes itself. */
const guards = ({ plan, reach, alone, inserts }: Write): boolean =>
  alone &&
  plan.kind === "insert" &&
  plan.meeting === undefined &&
  reach === "row" &&
  inserts?.takes(plan) === true;

/**
 * Whether a write needs a transaction, whatever its check is: what can still be refused after its statement, or takes more
 * than one.
 */
function isAtomic({ plan, admission, change, increments, reads }: Write): boolean {
  const { total, answer } = plan;
  return (
    answer.extras.size > 0 ||
    answer.selected.some(({ expression }) => isCustom(expression.column)) || // an author's mapping may throw
    total ||
    reads ||
    change.grants.length > 0 ||
    increments.length > 0 ||
    plan.versions !== undefined ||
    !isSimple(answer, admission) ||
    isBounded(plan) ||
    mayBeLarge(plan)
  );
}

/** Whether not any number of rows may be written. */
const isBounded = ({ most, least }: WritePlan): boolean => most !== Number.POSITIVE_INFINITY || least > 0;

/** What a row that was sent may come to when it is answered, beside what was sent. */
const GROWTH = 8;

/** Whether an answer may be too large, which is known only when its rows are written. One row answers what it was sent. */
export function mayBeLarge({ kind, policy, answer, countOnly }: WritePlan): boolean {
  const { maxAnswerSize, maxBodySize } = policy.limits;
  if (countOnly || maxAnswerSize === Number.POSITIVE_INFINITY) return false;
  return (kind !== "insert" && !fixesKey(answer)) || maxAnswerSize < GROWTH * maxBodySize;
}

/** What follows once rows are written: their number within its bound, what is answered of them, the total. */
function after({ plan, admitted, admission, counted, read }: Write): readonly Step[] {
  const { answer, policy, kind, most, least } = plan;
  const steps: Step[] = [];
  if (isBounded(plan)) {
    const path = most < policy.maxAffected ? "Prefer" : "select.where";
    steps.push({ kind: "limit", most, least, path });
  }
  const cameBack = kind === "delete" || isSimple(answer, admission);
  if (!plan.countOnly)
    steps.push({
      kind: "answer",
      reads: cameBack ? undefined : (rows) => readWritten(read, plan, admitted, rows),
    });
  if (plan.total) steps.push({ kind: "total", ask: selectCount(answer, admitted.with(answer, counted)) });
  return steps;
}
