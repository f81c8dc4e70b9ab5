import {
  admitChange,
  admitCheck,
  admitEnsure,
  askExtras,
  asksOfChange,
  type Body,
  finishRows,
  hasSet,
  makeSet,
  Operation,
  plain,
  readBodyRows,
  type Row,
  type SetRow,
} from "../author/author.ts";
import type { SQL } from "drizzle-orm";
import { within } from "../clock.ts";
import { incrementsIn, type WriteRows, type WriteSteps } from "../compile/compile.ts";
import type { Amid } from "../execute/execute.ts";
import { withExtras, type WritePlan } from "../plan/plan.ts";
import type { QueryResult } from "../policy/policy.ts";
import { Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { reachOf } from "./reach.ts";
import { seenBy } from "./route-hooks.ts";

/** A plan with the computed fields that know the caller, asked for what it answers. */
export async function computedAnswer(
  { runtime }: Parts,
  plan: WritePlan,
  call: Call<unknown>,
): Promise<WritePlan> {
  const asked = await runtime.outside(() => askExtras(plan.nodes, call.principal.context), call);
  const { root, nodes } = withExtras(plan.answer, asked);
  return { ...plan, answer: root, nodes };
}

/** What a write does that is part of a bigger one. */
export interface Among extends Amid {
  /** Of the rows that it reaches, those that are meant. */
  readonly only?: SQL | undefined;
  /** Whether it may leave its rows as they are. */
  readonly touches: boolean;
}

/** The steps with the hooks around. */
export function taskOf<Shaped>(
  parts: Parts,
  { policy, kind }: WritePlan,
  steps: WriteSteps,
  set: readonly SetRow[] | undefined,
  call: Call<Shaped>,
  among?: Among,
): Asked<Shaped> {
  const { context } = call.principal;
  const values = (): readonly Row[] | Promise<readonly Row[]> =>
    kind === "delete" ? [] : finishRows(policy, kind, context, set, among?.touches);
  const { hooks } = policy;
  const { afterWrite } = parts.hooks;
  const several = isFormatted(parts, policy) || Array.isArray(context.body);
  const watched = (hooks.beforeQuery ?? hooks.afterQuery ?? afterWrite) !== undefined;
  const guards = steps.guards && !several && !watched && among === undefined;
  const atomic = !guards && (steps.atomic || several);
  const most = atomic ? policy.limits.maxAnswerSize : Number.POSITIVE_INFINITY;
  const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
    call.shape({ policy, first: false, most, outcome });
  const { table } = policy;
  const work = { kind: "write", table, write: steps, values, amid: among, guards } as const;
  const task = new Asked<Shaped>(call, hooks, work, atomic, finish);
  task.afterWrite = afterWrite;
  return task;
}

/** A task of a write, which says what the rows have that it reaches, where somebody is told of it. */
export function reaching<T extends Asked<unknown>>(
  { runtime }: Parts,
  task: T,
  { kind, answer }: WritePlan,
  { admitted }: Pick<WriteRows, "admitted">,
): T {
  if (runtime.telling !== undefined && kind !== "insert")
    task.reach = () => reachOf(admitted, answer, answer.where);
  return task;
}

/** Of a row no more milliseconds are its caller's, and of a body so many times what its decoding took. */
const MOST_OF_ROW = 0.1;

const MOST_OF_DECODING = 4;

/** The most that is charged for rows where it may be others that are waited for: a validator, or a server. */
export const mostOf = (sent: Body | undefined): number =>
  sent === undefined ? 0 : mostOfRows(rowsIn(sent.value), sent.spent);

/** How many rows a body has. */
export const rowsIn = (value: unknown): number => (Array.isArray(value) ? value.length : 1);

/** The same for so many rows, which took so long to decode. */
export const mostOfRows = (rows: number, spent: number): number =>
  rows * MOST_OF_ROW + spent * MOST_OF_DECODING;

/** Reads the rows of a body, which its caller is charged with: at once, where nobody is waited for. */
export function readRows<Shaped>(
  { pace }: Parts,
  { policy, kind }: WritePlan,
  sent: Body,
  call: Call<Shaped>,
  columns: Set<string> | undefined,
): unknown {
  const began = performance.now();
  const charge = (): void => pace.charge(call, Math.min(performance.now() - began, mostOf(sent)));
  let read: unknown;
  try {
    read = readBodyRows(policy, sent, kind === "insert", call.principal.context, columns);
  } catch (error) {
    charge();
    throw error;
  }
  if (read instanceof Promise) return read.finally(charge);
  charge();
  return read;
}

/**
 * What the functions of a table make of new rows: beside everybody's transactions, as they may look into the database. Where
 * a hook may still add rows they are asked after it.
 */
export function setFirst<Shaped>(
  { runtime }: Parts,
  { policy, kind }: WritePlan,
  call: Call<Shaped>,
): readonly SetRow[] | Promise<readonly SetRow[]> | undefined {
  if (kind !== "insert" || policy.hooks.beforeQuery !== undefined || !hasSet(policy)) return undefined;
  const { context } = call.principal;
  const count = Array.isArray(context.body) ? context.body.length : 1;
  return runtime.outside(() => makeSet(policy, count, context), call);
}

/** What a caller may write: asked of the rule's functions one after the other. */
export async function admitWrite<Shaped>(
  { runtime, policies }: Parts,
  plan: WritePlan,
  call: Call<Shaped>,
  columns: ReadonlySet<string> = NO_COLUMNS,
): Promise<WriteRows> {
  const { policy, answer, kind, total } = plan;
  const { request, principal } = call;
  const { context } = principal;
  const outside = <T>(work: () => T | Promise<T>): T | Promise<T> => runtime.outside(work, call);
  const operation = new Operation(context);
  const asked = outside(() => operation.admitAll(plan.mentions));
  const admitted = asked instanceof Promise ? await asked : asked;
  const rows = admitted.of(answer);
  const checking = kind === "delete" ? plain("all") : outside(() => admitCheck(policy, rows, context));
  const check = checking instanceof Promise ? await checking : checking;
  const ensure = policy.ensure === undefined ? "all" : await outside(() => admitEnsure(policy, context));
  const change =
    kind === "update" && asksOfChange(policy, columns)
      ? await outside(() => admitChange(policy, columns, context))
      : undefined;
  const increments = kind === "update" ? incrementsIn(context.body as Row | undefined) : [];
  if (!total || kind !== "insert" || policy.using !== undefined)
    return { admitted, check, ensure, counted: rows, change, increments };
  // Where the rule says nothing of rows, the total counts those the caller may read.
  const reads = policies.find(request, "GET", principal);
  const counted = await outside(() => (reads === undefined ? plain("none") : operation.admitRows(reads)));
  return { admitted, check, ensure, counted };
}

const NO_COLUMNS: ReadonlySet<string> = new Set();

export function compileSteps(
  parts: Parts,
  plan: WritePlan,
  rows: WriteRows,
): WriteSteps | Promise<WriteSteps> {
  const asked = mayBeTriggered(parts, plan);
  return asked instanceof Promise
    ? asked.then((triggered) => stepsOf(parts, plan, rows, triggered))
    : stepsOf(parts, plan, rows, asked);
}

/** Whether the table of a write may have triggers, which the database is asked at its first. */
export function mayBeTriggered(
  { triggers, runtime }: Parts,
  { policy, kind, softDelete }: WritePlan,
): boolean | Promise<boolean> {
  const stays = kind !== "delete" || softDelete !== undefined;
  const asked = stays && (policy.triggers ?? triggers.has(policy.table));
  return asked instanceof Promise ? within(runtime.timeout, asked) : asked;
}

export function stepsOf(
  parts: Parts,
  plan: WritePlan,
  rows: WriteRows,
  triggered: boolean,
  among?: Among,
): WriteSteps {
  const seen = seenBy(parts.hooks, plan.policy);
  const only = among?.only;
  const meant = only === undefined ? rows : { ...rows, admitted: rows.admitted.narrowed(plan.answer, only) };
  return parts.compiler.write(plan, meant, {
    asRows: wantsRows(parts, plan.policy),
    triggered,
    // Who does something amid it looks at its rows.
    seen: among !== undefined && seen === "nothing" ? "written" : seen,
  });
}
