import {
  type Admission,
  type Admitted,
  type Body,
  finishRows,
  partsForMet,
  type Row,
  setBody,
  setFindFirst,
} from "../author/author.ts";
import type { ReadStatement, Step, WriteRows, Writing } from "../compile/compile.ts";
import type { Explainable } from "../execute/execute.ts";
import { type Mention, planWrite, type WritePlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Call, Parts } from "./call.ts";
import { planPatch, prepareMet } from "./met.ts";
import { foreseeNested, type TreeRequest } from "./nested.ts";
import { nests } from "./nested-body.ts";
import { admitWrite, compileSteps, readRows, setFirst } from "./write-task.ts";

/** A statement, and what it is for. */
export type Asking = readonly [of: string, statement: Explainable | undefined];

/** What is known of one request before it has run. */
export interface Foreseen {
  readonly policy: Policy;
  readonly mentions: readonly Mention[];
  readonly admitted: Admitted;
  /** What written rows must satisfy; absent where none are. */
  readonly check: Admission | undefined;
  readonly asked: readonly Asking[];
}

/** One of the requests that a write is made of. */
export interface ForeseenPart extends Foreseen {
  /** Where it stands in the whole; empty for the whole itself. */
  readonly at: string;
  readonly method: string;
  readonly resource: string;
}

/** What a write comes to. */
export interface ForeseenWrite extends Foreseen {
  readonly plan: WritePlan;
  /** Of one that is made of several, all of them in their order. */
  readonly parts: readonly ForeseenPart[];
}

/**
 * Makes a write ready and runs nothing of it. Without a body it is known which rows it would reach, and what becomes of
 * those that are removed. Of one that is made of several requests each is known by its rule, and as far as no other has
 * to be done before.
 */
export async function foresee(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
  body: unknown,
): Promise<ForeseenWrite> {
  const plan = planWrite(policy, call.request);
  setFindFirst(call.principal.context, false);
  const sent: Body | undefined =
    plan.kind === "delete" || body === undefined
      ? undefined
      : { value: body, form: false, digits: false, spent: 0 };
  if (sent !== undefined && nests(policy, sent)) return foreseeTree(parts, plan, sent, call);
  const whole = plan.kind === "delete" || sent !== undefined;
  const columns = policy.writeMasks.size > 0 ? new Set<string>() : undefined;
  if (sent !== undefined) {
    const reading = (): unknown => readRows(parts, plan, sent, call, columns);
    setBody(call.principal.context, await parts.runtime.outside(reading, call));
    call.mark("body");
  }
  const rows = await admitWrite(parts, plan, call, columns);
  call.mark("plan");
  const asked = [...reached(parts, plan, rows), ...(whole ? await writing(parts, plan, rows, call) : [])];
  call.mark("compile");
  const own = { plan, ...known(plan, rows, asked) };
  const met = sent === undefined ? undefined : await foreseeMet(parts, plan, sent, rows, call);
  if (met === undefined) return { ...own, parts: [] };
  const { method, resource } = call.request;
  return { ...own, parts: [{ ...own, at: "", method, resource }, met] };
}

/** What is known of a write by what was asked of its authors. */
const known = (plan: WritePlan, rows: WriteRows, asked: readonly Asking[]): Foreseen => ({
  policy: plan.policy,
  mentions: plan.mentions,
  admitted: rows.admitted,
  check: plan.kind === "delete" ? undefined : rows.check,
  asked,
});

/** The rows that a change would reach; none are locked. */
function reached({ compiler }: Parts, plan: WritePlan, rows: WriteRows): readonly Asking[] {
  if (plan.kind === "insert") return [];
  return [["the rows it reaches", { ...compiler.reach(plan, rows), locks: false }]];
}

/** A write with others in its body. */
async function foreseeTree(
  parts: Parts,
  plan: WritePlan,
  sent: Body,
  call: Call<unknown>,
): Promise<ForeseenWrite> {
  const requests = await foreseeNested(parts, plan, sent, call);
  call.mark("plan");
  const all = requests.map((one) => partOf(parts, one));
  const own = all.find(({ at }) => at === "")!;
  return { ...own, plan, parts: all };
}

function partOf(parts: Parts, { request, place, policy, draft, found }: TreeRequest): ForeseenPart {
  const { method, resource } = request;
  const named = { at: place?.at ?? "", method, resource };
  if (draft !== undefined)
    return { ...named, ...known(draft.plan, draft.rows, reached(parts, draft.plan, draft.rows)) };
  const { mentions, admitted, statement } = found!;
  return { ...named, policy, mentions, admitted, check: undefined, asked: finding(statement) };
}

const finding = (statement: ReadStatement): readonly Asking[] =>
  statement.kind === "aggregate" ? [] : [["the row that is named", statement.ask]];

/** What becomes of rows that new ones meet; `undefined` where nothing does. */
async function foreseeMet(
  parts: Parts,
  { meeting }: WritePlan,
  sent: Body,
  { counted }: WriteRows,
  call: Call<unknown>,
): Promise<ForeseenPart | undefined> {
  if (meeting === undefined || meeting.update === "none") return undefined;
  const patch = await planPatch(parts, call);
  await prepareMet(parts, patch, { sent, parts: partsForMet(sent, meeting), counted }, call);
  const rows = await admitWrite(parts, patch.plan, patch.part);
  const { method, resource } = patch.part.request;
  return { ...known(patch.plan, rows, []), at: "onConflict", method, resource };
}

async function writing(
  parts: Parts,
  plan: WritePlan,
  rows: WriteRows,
  call: Call<unknown>,
): Promise<readonly Asking[]> {
  const { steps } = await compileSteps(parts, plan, rows);
  const { kind, policy } = plan;
  const { context } = call.principal;
  const set = await setFirst(parts, plan, call);
  const values = kind === "delete" ? [] : await finishRows(policy, kind, context, set);
  // Rows that a step finds tell what the next one writes.
  const first = steps.findIndex(({ kind: step }) => FINDS.has(step));
  const known = first < 0 ? steps : steps.slice(0, first + 1);
  return known.flatMap((step) => statementsOf(step, values));
}

/** What has to run before it is known what is written. */
const FINDS: ReadonlySet<Step["kind"]> = new Set(["hold", "before", "meet"]);

/** The statements of a step that are known before another has run. */
function statementsOf(step: Step, values: readonly Row[]): readonly Asking[] {
  const known = { values };
  switch (step.kind) {
    case "hold":
      return [["the rows as they are", { ...step.ask(known), locks: false }]];
    case "before": {
      const read = step.read(known);
      return read.kind === "aggregate" ? [] : [["the rows as they are", read.ask]];
    }
    case "match":
      return step.asks(known).map(({ ask }) => ["what must hold of the rows before", ask]);
    case "meet":
      return [
        ...step.asks(values, [...values.keys()]).map((ask): Asking => ["the rows that new ones meet", ask]),
        ...written(step.writing(known), values).map((ask): Asking => [
          "what is written of those that meet none",
          ask,
        ]),
      ];
    case "write":
      return written(step.writing(known), values).map((ask) => ["what is written", ask]);
    default:
      return [];
  }
}

function written(writing: Writing, values: readonly Row[]): readonly Explainable[] {
  switch (writing.kind) {
    case "one":
      return [writing.ask];
    case "rows":
      return writing.asks;
    case "bulk":
      return [{ ...writing, kind: "text" }];
    case "rehearsed":
      return written(writing.rehearsal.writing(values), values);
  }
}
