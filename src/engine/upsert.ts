import {
  type Body,
  finishRows,
  partsForMet,
  requireKeys,
  type Row,
  setBody,
  setFindFirst,
  type SetRow,
} from "../author/author.ts";
import type { WriteRows, WriteSteps } from "../compile/compile.ts";
import { executeAlone, type Inside, type Meeting } from "../execute/execute.ts";
import type { WritePlan } from "../plan/plan.ts";
import type { QueryResult } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import { Asked, type Call, isFormatted, type Parts } from "./call.ts";
import { isWatched, type MetChanges, planPatch, prepareMet } from "./met.ts";
import { refuseAffected } from "./prefer.ts";
import { tellCommitted } from "./route-hooks.ts";
import {
  admitWrite,
  compileSteps,
  computedAnswer,
  mayBeTriggered,
  mostOf,
  readRows,
  rowsIn,
  setFirst,
} from "./write-task.ts";

/**
 * All of a POST that may meet rows but its running: what is new stands under its rule, and what is met under that of a
 * PATCH. Whatever is asked of their authors is asked before the transaction.
 */
export async function prepareUpsert<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body,
  call: Call<Shaped>,
): Promise<Upsert<Shaped>> {
  const { runtime, indexes } = parts;
  const meeting = planned.meeting!;
  const { context } = call.principal;
  const patch = meeting.update === "none" ? undefined : await planPatch(parts, call);
  const bodies = patch === undefined ? [] : partsForMet(sent, meeting);
  setFindFirst(context, false);
  setBody(context, await runtime.outside(() => readRows(parts, planned, sent, call, undefined), call));
  call.mark("body");
  const plan = planned.asksExtras ? await computedAnswer(parts, planned, call) : planned;
  const rows = await admitWrite(parts, plan, call);
  const { counted } = rows;
  const changes = patch && (await prepareMet(parts, patch, { sent, parts: bodies, counted }, call));
  call.mark("plan");
  if (plan.searches.length > 0) await indexes.need(plan.searches);
  const steps = await compileSteps(parts, plan, rows);
  call.mark("compile");
  const set = await setFirst(parts, plan, call);
  const merged = changes && (await mergedSteps(parts, plan, rows, changes, call));
  return new Upsert(parts, { plan, steps, merged, set, sent }, call, changes);
}

/** The steps by which all is done in one statement; `undefined` where somebody looks at what is done, or it takes more. */
async function mergedSteps(
  parts: Parts,
  plan: WritePlan,
  rows: WriteRows,
  changes: MetChanges,
  call: Call<unknown>,
): Promise<WriteSteps | undefined> {
  const { policy } = plan;
  const { runtime, compiler } = parts;
  const { allowed } = changes;
  if (allowed === undefined || isWatched(parts, policy) || isFormatted(parts, policy)) return undefined;
  if (runtime.telling !== undefined || call.request.prefer !== undefined) return undefined;
  if (isFormatted(parts, allowed.plan.policy) || !isWorthIt(policy.table)) return undefined;
  if (await mayBeTriggered(parts, plan)) return undefined;
  return compiler.merge({ plan, rows }, allowed, () => changes.rows);
}

/** What lately became of such statements of a table. */
interface Lately {
  /** How many of the last have undone themselves. */
  readonly undone: number;
  /** How many times none is tried. */
  rests: number;
}

const lately = new WeakMap<TableInfo, Lately>();
/** The most times that none is tried, as a power of two. */
const MOST_UNDONE = 6;

/** Whether such a statement is worth trying: the more of the last were in vain, the seldomer. */
function isWorthIt(table: TableInfo): boolean {
  const known = lately.get(table);
  if (known === undefined || known.rests === 0) return true;
  known.rests--;
  return false;
}

/** Remembers one that undid itself, or which the server never takes. */
function remember(table: TableInfo, fits: boolean): void {
  const undone = Math.min(MOST_UNDONE, (lately.get(table)?.undone ?? 0) + 1);
  lately.set(table, { undone, rests: fits ? 2 ** undone - 2 : Number.POSITIVE_INFINITY });
}

/** The insertion of what is new. */
interface Insertion {
  readonly plan: WritePlan;
  readonly steps: WriteSteps;
  /** Those of one statement, which changes what is met as well. */
  readonly merged: WriteSteps | undefined;
  readonly set: readonly SetRow[] | undefined;
  readonly sent: Body;
}

/** It, ready to run. */
class Upsert<Shaped> {
  readonly #parts: Parts;
  readonly #insertion: Insertion;
  readonly #call: Call<Shaped>;
  readonly #changes: MetChanges | undefined;
  /** What is sent, as it was before anybody ran. */
  readonly #body: unknown;
  readonly #count: number;
  #inserting: Asked<QueryResult> | undefined;
  #merging: Asked<Shaped> | undefined;

  constructor(parts: Parts, insertion: Insertion, call: Call<Shaped>, changes: MetChanges | undefined) {
    this.#parts = parts;
    this.#insertion = insertion;
    this.#call = call;
    this.#changes = changes;
    this.#body = call.principal.context.body;
    this.#count = rowsIn(this.#body);
  }

  /** Does all of it by one statement; `undefined` where that does not do, and nothing was done. */
  readonly atOnce = async (): Promise<Shaped | Response | undefined> => {
    const { plan, merged, set } = this.#insertion;
    if (merged === undefined) return undefined;
    const { policy } = plan;
    const values = (): Promise<readonly Row[]> => this.#finished(set);
    const work = { kind: "write", table: policy.table, write: merged, values, guards: true } as const;
    const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
      this.#call.shape({ policy, first: false, most: Number.POSITIVE_INFINITY, outcome });
    const task = (this.#merging = new Asked<Shaped>(this.#call, policy.hooks, work, false, finish));
    let fits = true;
    const answer = await executeAlone(this.#parts.runtime, task, () => (fits = false));
    if (answer === undefined) remember(policy.table, fits);
    else lately.delete(policy.table);
    return answer;
  };

  /** The rows to write. */
  async #finished(set: Insertion["set"]): Promise<readonly Row[]> {
    const { policy, meeting } = this.#insertion.plan;
    const { context } = this.#call.principal;
    const rows = await finishRows(policy, "insert", context, set);
    if (rows.length !== this.#count)
      throw new TypeError("`beforeQuery` of a POST with `onConflict` leaves as many rows as were sent");
    requireKeys(rows, meeting!, Array.isArray(context.body));
    return rows;
  }

  readonly run = async (inside: Inside): Promise<Shaped> => {
    const { policy } = this.#insertion.plan;
    setBody(this.#call.principal.context, this.#body);
    this.#changes?.reset();
    let meeting: Meeting = { places: [], met: [] };
    const task = (this.#inserting = this.#task((met) => (meeting = met)));
    const answer = new Answers();
    const inserted = await inside.run(task);
    answer.add(inserted, meeting.places);
    if (meeting.met.length > 0)
      await this.#changes?.run(inside, meeting.met, (changed, places) => answer.add(changed, places));
    const outcome = answer.outcome(inserted, this.#changes?.countOnly === true);
    refuseAffected(this.#call.request.prefer, outcome.rowsAffected!);
    return this.#call.shape({ policy, first: false, most: policy.limits.maxAnswerSize, outcome });
  };

  /** Inserts what is new, with the hooks around. */
  #task(tell: (meeting: Meeting) => void): Asked<QueryResult> {
    const { plan, steps, set } = this.#insertion;
    const { policy } = plan;
    const { context } = this.#call.principal;
    const isList = (): boolean => Array.isArray(context.body);
    const values = (): Promise<readonly Row[]> => this.#finished(set);
    const work = {
      kind: "write",
      table: policy.table,
      write: steps,
      values,
      tell(meeting: Meeting) {
        tell(meeting);
        // Whoever looks at the rows that were written sees what these were.
        const body = context.body as Row | readonly Row[];
        if (meeting.met.length > 0)
          setBody(
            context,
            meeting.places.map((place) => (isList() ? (body as readonly Row[])[place] : body)),
          );
      },
    } as const;
    const task = new Asked<QueryResult>(this.#call, policy.hooks, work, true);
    task.afterWrite = this.#parts.hooks.afterWrite;
    return task;
  }

  readonly settle = (): void => {
    const { pace } = this.#parts;
    const { plan, sent } = this.#insertion;
    const inserting = this.#inserting;
    if (inserting?.kept === true) tellCommitted(this.#parts, plan.policy, inserting.context);
    const took = (this.#merging?.took ?? 0) + (inserting?.took ?? 0) + (this.#changes?.settle() ?? 0);
    pace.charge(this.#call, pace.isHere ? took : Math.min(took, mostOf(sent)));
  };
}

/** What is answered of rows, in the order in which they were sent. */
class Answers {
  /** By the places of those that were sent; of some nothing is answered. */
  readonly #rows: unknown[] = [];
  #affected = 0;
  #total: number | undefined;

  add({ rows, rowsAffected = 0, total }: QueryResult, places: readonly number[]): void {
    this.#affected += rowsAffected;
    if (total !== undefined) this.#total = total;
    const answered = (rows ?? []) as readonly unknown[];
    for (let index = 0; index < answered.length; index++) this.#rows[places[index]!] = answered[index];
  }

  /** Without rows, where of some of them nothing may be answered. */
  outcome({ rows, rowsAffected: inserted = 0 }: QueryResult, countOnly: boolean): QueryResult {
    return {
      ...(rows !== undefined && !countOnly && { rows: this.#rows.filter((row) => row !== undefined) }),
      rowsAffected: this.#affected,
      inserted,
      count: this.#affected,
      ...(this.#total !== undefined && { total: this.#total }),
    };
  }
}
