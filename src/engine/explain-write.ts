import { type Body, finishRows, type Row, setBody, setFindFirst } from "../author/author.ts";
import type { Step, Writing } from "../compile/compile.ts";
import type { Explainable } from "../execute/execute.ts";
import { planWrite, type WritePlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Call, Parts } from "./call.ts";
import { nests } from "./nested-body.ts";
import { admitWrite, compileSteps, readRows, setFirst } from "./write-task.ts";

/** A statement, and what it is for. */
export type Asking = readonly [of: string, statement: Explainable | undefined];

/** What a write comes to, before any of it has run. */
export interface Foreseen {
  readonly plan: WritePlan;
  readonly rows: Awaited<ReturnType<typeof admitWrite>>;
  readonly asked: readonly Asking[];
}

/**
 * Makes a write ready and runs nothing of it. Without a body it is known which rows it would reach, and what becomes of
 * those that are removed; with rows of relations in it nothing more is known before some of them are written.
 */
export async function foresee(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
  body: unknown,
): Promise<Foreseen> {
  const plan = planWrite(policy, call.request);
  const { context } = call.principal;
  setFindFirst(context, false);
  const sent: Body | undefined =
    plan.kind === "delete" || body === undefined
      ? undefined
      : { value: body, form: false, digits: false, spent: 0 };
  const whole =
    plan.kind === "delete" || (sent !== undefined && !nests(policy, sent) && plan.meeting === undefined);
  const columns = policy.writeMasks.size > 0 ? new Set<string>() : undefined;
  if (whole && sent !== undefined) {
    const reading = (): unknown => readRows(parts, plan, sent, call, columns);
    setBody(context, await parts.runtime.outside(reading, call));
    call.mark("body");
  }
  const rows = await admitWrite(parts, plan, call, columns);
  call.mark("plan");
  const reached = plan.kind === "insert" ? undefined : parts.compiler.reach(plan, rows);
  const asked: Asking[] = [["the rows it reaches", reached && { ...reached, locks: false }]]; // nothing is locked
  if (whole) asked.push(...(await writing(parts, plan, rows, call)));
  call.mark("compile");
  return { plan, rows, asked };
}

async function writing(
  parts: Parts,
  plan: WritePlan,
  rows: Foreseen["rows"],
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
    case "rehearsed":
      return written(writing.rehearsal.writing(values), values);
  }
}
