import { ending, goOn, type Later } from "../clock.ts";
import type { ReadStatement } from "../compile/compile.ts";
import { execute } from "../execute/execute.ts";
import { planRead, type ReadPlan, type Shared } from "../plan/plan.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import { isResponse } from "../response.ts";
import { type Answer, Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { Pages } from "./pages.ts";
import { readyPlan, readyRead, type ReadyQuestion } from "./ready.ts";
import type { Reading } from "./slow-reads.ts";
import type { Ready } from "./write.ts";

/** A read of a caller, which has waited so many milliseconds. */
interface Asking<Shaped> {
  readonly parts: Parts;
  readonly policy: Policy;
  readonly call: Call<Shaped>;
  readonly waited: number;
}

/**
 * plan → what its mentions admit → statement → rows → answer. What waits for nothing is answered at once: a promise costs
 * as much as a step does.
 */
export function read<Shaped>(parts: Parts, policy: Policy, call: Call<Shaped>): Later<Shaped | Response> {
  const asking: Asking<Shaped> = { parts, policy, call, waited: 0 };
  const others = parts.pace.othersFirst(call);
  return others === undefined ? begun(asking) : afterOthers(others, asking);
}

const afterOthers = async <Shaped>(
  others: Promise<number>,
  asking: Asking<Shaped>,
): Promise<Shaped | Response> => begun({ ...asking, waited: await others });

function begun<Shaped>(asking: Asking<Shaped>): Later<Shaped | Response> {
  const { parts, policy, call } = asking;
  // What was asked before costs next to nothing.
  const anew = call.request.recurring !== true;
  const began = anew ? performance.now() : 0;
  const ready = readyRead(parts, policy, call);
  return goOn(ready, compiled, asking, anew && !(ready instanceof Promise) ? began : undefined);
}

/** A read as data. */
interface Compiled {
  readonly plan: ReadPlan;
  readonly statement: ReadStatement;
  readonly pages: Pages | undefined;
  /** The milliseconds that this has held up everybody. */
  readonly before: number;
}

/** `began` is when everybody began to wait for it, where they did. */
function compiled<Shaped>(
  { plan, admitted: whole }: ReadyQuestion<ReadPlan>,
  asking: Asking<Shaped>,
  began: number | undefined,
): Later<Shaped | Response> {
  const { parts, policy, call } = asking;
  const { paging } = plan.root;
  const pages = paging && new Pages(parts.cursors, paging, policy, call);
  const position = pages?.begin();
  const admitted = position === undefined ? whole : whole.behind(position);
  call.mark("plan");
  const statement = parts.compiler.read(plan, admitted, wantsRows(parts, policy), isHeld(policy));
  const before = began === undefined ? 0 : performance.now() - began;
  call.mark("compile");
  return goOn(run(asking, { plan, statement, pages, before }), shaped, asking, plan);
}

function shaped<Shaped>(
  outcome: QueryResult | Response,
  { parts, policy, call }: Asking<Shaped>,
  { first }: ReadPlan,
): Later<Shaped | Response> {
  if (isResponse(outcome)) return outcome;
  const answer = { policy, first, most: policy.limits.maxAnswerSize, outcome };
  return isFormatted(parts, policy)
    ? parts.runtime.outside(() => call.shape(answer), call)
    : call.shape(answer);
}

/** Whether it runs in a transaction, with hooks around it. */
const isHeld = ({ hooks }: Policy): boolean => (hooks.beforeQuery ?? hooks.afterQuery) !== undefined;

/** A read that runs. */
interface Running {
  readonly parts: Parts;
  readonly call: Call<unknown>;
  readonly task: Asked<QueryResult>;
  readonly reading: Reading | undefined;
  readonly waited: number;
  readonly before: number;
  /** How many its answer has. */
  characters: number;
}

/** Runs a read where it holds up nobody for long. */
function run(
  { parts, policy, call, waited }: Asking<unknown>,
  { plan, statement, pages, before }: Compiled,
): Later<QueryResult | Response> {
  const { pace } = parts;
  const work = { kind: "read", read: statement, tell: pages?.tell } as const;
  const task = new Asked<QueryResult>(call, policy.hooks, work, false);
  const reading = isHeld(policy) ? undefined : pace.readingOf(plan, statement, call);
  const running: Running = { parts, call, task, reading, waited, before, characters: 0 };
  return goOn(reading !== undefined && pace.isSlow(reading), runIn, running);
}

function runIn(apart: boolean, running: Running): Later<QueryResult | Response> {
  running.task.apart = apart;
  return ending(execution, executed, running, apart);
}

const execution = (running: Running, apart: boolean): Later<QueryResult | Response> =>
  goOn(apart ? executeApart(running) : execute(running.parts.runtime, running.task), found, running);

const executeApart = ({ parts, task, waited }: Running): Promise<QueryResult | Response> =>
  parts.pace.apart(task, waited, () => execute(parts.runtime, task));

function found(outcome: QueryResult | Response, running: Running): QueryResult | Response {
  running.call.mark("execute");
  if (!isResponse(outcome)) running.characters = (outcome as Answer["outcome"]).json?.length ?? 0;
  return outcome;
}

const executed = ({ parts, task, reading, before, characters }: Running): void =>
  parts.pace.ran(task, reading, before, characters);

/** All of a read but its running, where it runs in a transaction with others. */
export async function prepareRead<Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
  shared: Shared,
): Promise<Ready<Shaped>> {
  const { compiler, cursors } = parts;
  const changes = parts.policies.changes(call.request, call.principal);
  const planned = planRead(policy, call.request, changes, shared);
  const { plan, admitted: whole } = await readyPlan(parts, { plan: planned }, changes, call);
  const { paging } = plan.root;
  const pages = paging && new Pages(cursors, paging, policy, call);
  const position = pages?.begin();
  const admitted = position === undefined ? whole : whole.behind(position);
  const statement = compiler.read(plan, admitted, wantsRows(parts, policy), true);
  const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
    call.shape({ policy, first: plan.first, most: policy.limits.maxAnswerSize, outcome });
  const work = { kind: "read", read: statement, tell: pages?.tell } as const;
  const task = new Asked<Shaped>(call, policy.hooks, work, true, finish);
  const settle = (): void => parts.pace.charge(call, parts.pace.isHere ? task.took : 0);
  return { run: (inside) => inside.run(task), settle };
}
