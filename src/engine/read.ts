import { ending, goOn, type Later } from "../clock.ts";
import type { ReadStatement } from "../compile/compile.ts";
import { execute } from "../execute/execute.ts";
import { planRead, type ReadPlan, type Shared } from "../plan/plan.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import { isResponse } from "../response.ts";
import { type Answer, Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { Pages } from "./pages.ts";
import { readyPlan, readyRead } from "./ready.ts";
import type { Ready } from "./write.ts";

/**
 * plan → what its mentions admit → statement → rows → answer. What waits for nothing is answered at once: a promise costs
 * as much as a step does.
 */
export function read<Shaped>(parts: Parts, policy: Policy, call: Call<Shaped>): Later<Shaped | Response> {
  const others = parts.pace.othersFirst(call);
  if (others === undefined) return begun(parts, policy, call, 0);
  return others.then((waited) => begun(parts, policy, call, waited));
}

/** A read that its caller has waited so many milliseconds for. */
const begun = <Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
  waited: number,
): Later<Shaped | Response> =>
  goOn(compiled(parts, policy, call), (ready) => {
    const { plan } = ready;
    const { limits } = policy;
    return goOn(run(parts, policy, call, { ...ready, waited }), (outcome) => {
      if (isResponse(outcome)) return outcome;
      const answer = { policy, first: plan.first, most: limits.maxAnswerSize, outcome };
      return isFormatted(parts, policy)
        ? parts.runtime.outside(() => call.shape(answer), call)
        : call.shape(answer);
    });
  });

/** A read as data. */
interface Compiled {
  readonly plan: ReadPlan;
  readonly statement: ReadStatement;
  readonly pages: Pages | undefined;
  /** The milliseconds that this has held up everybody. */
  readonly before: number;
}

function compiled(parts: Parts, policy: Policy, call: Call<unknown>): Later<Compiled> {
  // What was asked before costs next to nothing.
  const anew = call.request.recurring !== true;
  const began = anew ? performance.now() : 0;
  const ready = readyRead(parts, policy, call);
  const counts = anew && !(ready instanceof Promise);
  return goOn(ready, ({ plan, admitted: whole }) => {
    const { paging } = plan.root;
    const pages = paging && new Pages(parts.cursors, paging, policy, call);
    const position = pages?.begin();
    const admitted = position === undefined ? whole : whole.behind(position);
    call.mark("plan");
    const statement = parts.compiler.read(plan, admitted, wantsRows(parts, policy), isHeld(policy));
    const before = counts ? performance.now() - began : 0;
    call.mark("compile");
    return { plan, statement, pages, before };
  });
}

/** Whether it runs in a transaction, with hooks around it. */
const isHeld = ({ hooks }: Policy): boolean => (hooks.beforeQuery ?? hooks.afterQuery) !== undefined;

/** Runs a read where it holds up nobody for long. */
function run(
  { pace, runtime }: Parts,
  policy: Policy,
  call: Call<unknown>,
  { plan, statement, pages, before, waited }: Compiled & { readonly waited: number },
): Later<QueryResult | Response> {
  const work = { kind: "read", read: statement, tell: pages?.tell } as const;
  const task = new Asked<QueryResult>(call, policy.hooks, work, false);
  const reading = isHeld(policy) ? undefined : pace.readingOf(plan, statement, call);
  let characters = 0;
  const execution = (apart: boolean): Later<QueryResult | Response> => {
    task.apart = apart;
    const outcome = apart ? pace.apart(task, waited, () => execute(runtime, task)) : execute(runtime, task);
    return goOn(outcome, (found) => {
      call.mark("execute");
      if (!isResponse(found)) characters = (found as Answer["outcome"]).json?.length ?? 0;
      return found;
    });
  };
  return goOn(reading !== undefined && pace.isSlow(reading), (apart) =>
    ending(
      () => execution(apart),
      () => pace.ran(task, reading, before, characters),
    ),
  );
}

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
