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
import type { WriteSteps } from "../compile/compile.ts";
import type { Inside, Meeting } from "../execute/execute.ts";
import type { WritePlan } from "../plan/plan.ts";
import type { QueryResult } from "../policy/policy.ts";
import { Asked, type Call, type Parts } from "./call.ts";
import { type MetChanges, planPatch, prepareMet } from "./met.ts";
import { refuseAffected } from "./prefer.ts";
import { tellCommitted } from "./route-hooks.ts";
import { admitWrite, compileSteps, computedAnswer, mostOf, readRows, setFirst } from "./write-task.ts";

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
  return new Upsert(parts, { plan, steps, set, sent }, call, changes);
}

/** The insertion of what is new. */
interface Insertion {
  readonly plan: WritePlan;
  readonly steps: WriteSteps;
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
  #inserting: Asked<QueryResult> | undefined;

  constructor(parts: Parts, insertion: Insertion, call: Call<Shaped>, changes: MetChanges | undefined) {
    this.#parts = parts;
    this.#insertion = insertion;
    this.#call = call;
    this.#changes = changes;
    this.#body = call.principal.context.body;
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
    const sent = Array.isArray(this.#body) ? this.#body.length : 1;
    const isList = (): boolean => Array.isArray(context.body);
    const values = async (): Promise<readonly Row[]> => {
      const rows = await finishRows(policy, "insert", context, set);
      if (rows.length !== sent)
        throw new TypeError("`beforeQuery` of a POST with `onConflict` leaves as many rows as were sent");
      requireKeys(rows, plan.meeting!, isList());
      return rows;
    };
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
    const took = (inserting?.took ?? 0) + (this.#changes?.settle() ?? 0);
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
