import { execute } from "../execute/execute.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import { isResponse } from "../response.ts";
import { Asked, type Call, isFormatted, type Parts } from "./call.ts";
import { readyAggregate } from "./ready.ts";

/** plan → what its mentions admit → statement → groups → answer. */
export async function aggregate<Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
): Promise<Shaped | Response> {
  const { compiler, runtime, pace } = parts;
  const others = pace.othersFirst(call);
  const waited = others === undefined ? 0 : await others;
  const { plan, admitted } = await readyAggregate(parts, policy, call);
  call.mark("plan");
  const { hooks, limits } = policy;
  const statement = compiler.aggregate(plan, admitted);
  call.mark("compile");
  const task = new Asked<QueryResult>(call, hooks, { kind: "read", read: statement }, false);
  const held = hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined;
  const reading = held ? undefined : pace.readingOf(plan, statement, call);
  task.apart = reading !== undefined && (await pace.isSlow(reading));
  let outcome: QueryResult | Response;
  try {
    outcome = await (task.apart
      ? pace.apart(task, waited, () => execute(runtime, task))
      : execute(runtime, task));
    call.mark("execute");
    if (isResponse(outcome)) return outcome;
  } finally {
    pace.ran(task, reading, 0, 0);
  }
  const answer = { policy, first: false, most: limits.maxAnswerSize, outcome };
  return isFormatted(parts, policy) ? runtime.outside(() => call.shape(answer), call) : call.shape(answer);
}
