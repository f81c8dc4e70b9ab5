import {
  admit,
  admitAll,
  admitCheck,
  admitEnsure,
  type Body,
  type Context,
  finishRows,
  readBodyRows,
  type Rows,
  setBody,
  setFindFirst,
} from "../author/author.ts";
import { within } from "../clock.ts";
import type { Compiler, WriteRows, WriteSteps } from "../compile/compile.ts";
import { execute, type Runtime, type Task, type Triggers } from "../execute/execute.ts";
import type { Mark } from "../observe.ts";
import { planWrite, type WritePlan } from "../plan/plan.ts";
import { find, type Policy, type QueryResult } from "../policy/policy.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { PlanMemory } from "./memory.ts";
import type { Policies } from "./policies.ts";
import type { Turns } from "./turns.ts";

/** What a request came to. */
export interface Answer {
  readonly policy: Policy;
  /** Whether one row was asked for instead of a list. */
  readonly first: boolean;
  /** Rows may have come as the JSON they will be sent as. */
  readonly outcome: QueryResult & { readonly json?: string };
}

/** Makes of an answer what is sent; that of a write before it is kept. */
export type Shape<Shaped> = (answer: Answer) => Shaped | Promise<Shaped>;

/** Reads a body of at most so many bytes. */
export type BodyReader = (maxBytes: number) => Promise<Body>;

/** What an engine answers requests with. */
export interface Parts {
  readonly policies: Policies;
  readonly turns: Turns;
  readonly compiler: Compiler;
  readonly plans: PlanMemory;
  readonly triggers: Triggers;
  readonly runtime: Runtime;
  /** Whether every answer is formatted. */
  readonly formats: boolean;
}

/** A request on its way. */
export interface Call<Shaped> {
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly body: BodyReader;
  readonly shape: Shape<Shaped>;
  readonly mark: Mark;
}

const isFormatted = ({ formats }: Parts, { formatResult }: Policy): boolean =>
  formats || formatResult !== undefined;

/** Whether somebody looks at rows, so that their text is not enough. */
const wantsRows = (parts: Parts, policy: Policy): boolean =>
  isFormatted(parts, policy) || policy.hooks.afterQuery !== undefined;

const run = <Outcome>({ turns, runtime }: Parts, task: Task<Outcome>): Promise<Outcome | Response> =>
  turns.counted(() => execute(runtime, task));

/** plan → what its mentions admit → statement → rows → answer. */
export async function read<Shaped>(
  parts: Parts,
  policy: Policy,
  { request, principal: { context }, shape, mark }: Call<Shaped>,
): Promise<Shaped | Response> {
  const { plans, compiler, runtime } = parts;
  const plan = plans.get(policy, request);
  setFindFirst(context, plan.first);
  const asked = runtime.outside(() => admitAll(plan.nodes, context));
  const admitted = asked instanceof Promise ? await asked : asked;
  mark("plan");
  const statement = compiler.read(plan, admitted, wantsRows(parts, policy));
  mark("compile");
  const { hooks } = policy;
  const work = { kind: "read", read: statement } as const;
  const outcome = await run<QueryResult>(parts, { work, atomic: false, hooks, context });
  mark("execute");
  if (isResponse(outcome)) return outcome;
  const answer = { policy, first: plan.first, outcome };
  return isFormatted(parts, policy) ? runtime.outside(() => shape(answer)) : shape(answer);
}

/** plan → body → what may be written → steps → rows → answer. */
export async function write<Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
): Promise<Shaped | Response> {
  const { request, principal, body, shape, mark } = call;
  const { context } = principal;
  const plan = planWrite(policy, request);
  const { kind } = plan;
  setFindFirst(context, false);
  mark("plan");
  if (kind !== "delete") {
    const sent = await body(policy.limits.maxBodySize);
    setBody(
      context,
      await parts.runtime.outside(() => readBodyRows(policy, sent, kind === "insert", context)),
    );
    mark("body");
  }
  const rows = await admitWrite(parts, plan, call);
  mark("plan");
  const compiled = compileSteps(parts, plan, rows);
  const steps = compiled instanceof Promise ? await compiled : compiled;
  mark("compile");
  const answer = await run(parts, {
    work: {
      kind: "write",
      write: steps,
      values: () => (kind === "delete" ? [] : finishRows(policy, kind, context.body)),
    },
    atomic: steps.atomic || isFormatted(parts, policy) || Array.isArray(context.body),
    hooks: policy.hooks,
    context,
    finish: (outcome) => shape({ policy, first: false, outcome }),
  });
  mark("execute");
  return answer;
}

/** What a caller may write: asked of the rule's functions one after the other. */
async function admitWrite<Shaped>(
  { runtime: { outside }, policies }: Parts,
  plan: WritePlan,
  { request, principal }: Call<Shaped>,
): Promise<WriteRows> {
  const { policy, answer, kind, total } = plan;
  const { context } = principal;
  const admitted = await outside(() => admitAll(plan.nodes, context));
  const rows = admitted.of(answer);
  const check = kind === "delete" ? "all" : await outside(() => admitCheck(policy, rows, context));
  const ensure = policy.ensure === undefined ? "all" : await outside(() => admitEnsure(policy, context));
  if (!total || kind !== "insert" || policy.using !== undefined)
    return { admitted, check, ensure, counted: rows };
  const reads = find(policies.registry, { ...request, method: "GET" }, principal);
  return { admitted, check, ensure, counted: await outside(() => readableRows(reads, context)) };
}

/** The rows that a total counts where the rule of a write says nothing of rows: those the caller may read. */
const readableRows = (reads: Policy | undefined, context: Context): Rows | Promise<Rows> =>
  reads === undefined ? "none" : admit(reads.using, reads.table, context, `${reads.path}.where`);

function compileSteps(parts: Parts, plan: WritePlan, rows: WriteRows): WriteSteps | Promise<WriteSteps> {
  const { policy, kind } = plan;
  const { compiler, triggers, runtime } = parts;
  const asked = kind !== "delete" && (policy.triggers ?? triggers.has(policy.table));
  const compile = (triggered: boolean): WriteSteps =>
    compiler.write(plan, rows, { asRows: wantsRows(parts, policy), triggered });
  return asked instanceof Promise ? within(runtime.timeout, asked).then(compile) : compile(asked);
}
