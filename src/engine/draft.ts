import { type Body, setBody, setFindFirst, type SetRow } from "../author/author.ts";
import type { WriteRows } from "../compile/compile.ts";
import type { WritePlan } from "../plan/plan.ts";
import type { Asked, Call, Parts } from "./call.ts";
import { refuseDryRun } from "./prefer.ts";
import {
  admitWrite,
  type Among,
  computedAnswer,
  mayBeTriggered,
  reaching,
  readRows,
  setFirst,
  stepsOf,
  taskOf,
} from "./write-task.ts";

/** A write of which all is known that an author's functions and the database are asked before it begins. */
export interface Draft {
  readonly plan: WritePlan;
  readonly rows: WriteRows;
  /** Whether its table may have triggers. */
  readonly triggered: boolean;
  /** What the table's own functions make of new rows, where they were asked. */
  readonly set: readonly SetRow[] | undefined;
}

/** Reads a body: its rows stand on the context, and `columns` gets the names of those that its client sets. */
export async function readBody(
  parts: Parts,
  plan: WritePlan,
  sent: Body,
  call: Call<unknown>,
  columns?: Set<string>,
): Promise<void> {
  const reading = (): unknown => readRows(parts, plan, sent, call, columns);
  setBody(call.principal.context, await parts.runtime.outside(reading, call));
}

/** Asks for all that a write needs; `columns` are those that its client sets. */
export async function draftWrite(
  parts: Parts,
  planned: WritePlan,
  call: Call<unknown>,
  columns: ReadonlySet<string> | undefined,
): Promise<Draft> {
  const { context } = call.principal;
  refuseDryRun(planned.policy, context);
  setFindFirst(context, false);
  const plan = planned.asksExtras ? await computedAnswer(parts, planned, call) : planned;
  const rows = await admitWrite(parts, plan, call, columns);
  if (plan.searches.length > 0) await parts.indexes.need(plan.searches);
  const triggered = await mayBeTriggered(parts, plan);
  return { plan, rows, triggered, set: await setFirst(parts, plan, call) };
}

/** The task of a write, once it is known what it is part of. */
export function draftedTask<Shaped>(
  parts: Parts,
  { plan, rows, triggered, set }: Draft,
  call: Call<Shaped>,
  among: Among,
): Asked<Shaped> {
  const task = taskOf(parts, plan, stepsOf(parts, plan, rows, triggered, among), set, call, among);
  return reaching(parts, task, plan, rows);
}
