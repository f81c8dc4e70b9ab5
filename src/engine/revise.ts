import {
  type Body,
  type Params,
  type Revision,
  type Row,
  setBody,
  setFindFirst,
  setParams,
  setRole,
} from "../author/author.ts";
import { MASKED, noRow } from "../compile/compile.ts";
import { columnCheckFailed, invalidBody, limitExceeded } from "../error.ts";
import { type Inside, lockRows, type RevisedRow } from "../execute/execute.ts";
import { namesRow, rowKeysOf, type WritePlan } from "../plan/plan.ts";
import { exampleOf, type QueryResult } from "../policy/policy.ts";
import { wireValue } from "../schema/schema.ts";
import type { Asked, Call, Parts } from "./call.ts";
import { type Draft, draftedTask, draftWrite, readBody } from "./draft.ts";
import { insideOf, Part } from "./part.ts";
import { refuseAffected } from "./prefer.ts";
import { tellCommitted } from "./route-hooks.ts";
import type { Ready } from "./write.ts";
import { type Among, mostOfRows } from "./write-task.ts";

/** So many rows are read at once, to be changed each in its own way. */
const MOST_ROWS = 1_000;

/**
 * A change that says what becomes of what rows are: they are locked and read, and each is changed as by a PATCH of its own
 * that names it by its key, whose body is what its client meant for it.
 */
export async function prepareRevision<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body,
  revision: Revision,
  call: Call<Shaped>,
): Promise<Ready<Shaped>> {
  if (revision.ofOne) requireKey(planned);
  else if (planned.policy.table.primaryKey.length === 0)
    throw invalidBody("rows without a primary key cannot be merged", revision.columns[0]);
  const draft = await draftWrite(parts, planned, call, new Set(revision.columns));
  const revising = new Revising(parts, draft, sent, revision, call);
  return { run: (inside) => revising.run(inside), settle: () => revising.settle() };
}

function requireKey({ policy, answer }: WritePlan): void {
  if (namesRow(policy, answer.where)) return;
  const [key] = rowKeysOf(policy);
  throw limitExceeded(
    "a filter that says which row is required here",
    "select.where",
    key && `write select=(where:${exampleOf(key)})`,
  );
}

/** It, ready to run. */
class Revising<Shaped> {
  readonly #parts: Parts;
  readonly #draft: Draft;
  readonly #sent: Body;
  readonly #revision: Revision;
  readonly #call: Call<Shaped>;
  #ran: Asked<unknown>[] = [];

  constructor(parts: Parts, draft: Draft, sent: Body, revision: Revision, call: Call<Shaped>) {
    this.#parts = parts;
    this.#draft = draft;
    this.#sent = sent;
    this.#revision = revision;
    this.#call = call;
  }

  async run(inside: Inside): Promise<Shaped> {
    this.#ran = [];
    const { plan } = this.#draft;
    const most = Math.min(plan.most, plan.policy.limits.maxRows, MOST_ROWS);
    const asked = this.#parts.compiler.revise(plan, this.#draft.rows, this.#revision.reads, most);
    const rows = await lockRows(this.#parts.runtime, inside.database, asked);
    if (rows.length > most) throw limitExceeded(`more than ${most} rows`, "select.where");
    return rows.length > 1 ? this.#each(inside, rows) : this.#one(inside, rows[0]);
  }

  /** Changes the one row there is, or none. */
  async #one(inside: Inside, found: RevisedRow | undefined): Promise<Shaped> {
    const call = this.#call;
    if (found === undefined) setBody(call.principal.context, {});
    else await this.#read(found.row, call);
    const task = this.#task(this.#draft, call, found);
    // What a hook answers to a PATCH is kept, unless that is one of several requests.
    return (call instanceof Part ? inside.run(task) : inside.alone(task)) as Promise<Shaped>;
  }

  /** Changes several rows, each as by a request of its own. */
  async #each(inside: Inside, rows: readonly RevisedRow[]): Promise<Shaped> {
    const { plan } = this.#draft;
    const draft = { ...this.#draft, plan: { ...plan, most: Number.POSITIVE_INFINITY, least: 0 } };
    const results: QueryResult[] = [];
    for (const found of rows) {
      const part = this.#part();
      await this.#read(found.row, part);
      results.push(await inside.run(this.#task(draft, part, found)));
    }
    const outcome = together(results);
    refuseAffected(plan, outcome.rowsAffected!);
    const { policy } = plan;
    return this.#call.shape({ policy, first: false, most: policy.limits.maxAnswerSize, outcome });
  }

  #part(): Part<QueryResult> {
    const { request, principal } = this.#call;
    const part = new Part<QueryResult>(this.#call, request, ({ outcome }) => outcome);
    const { role, params = {} } = principal.context;
    const { context } = part.principal;
    setRole(context, role);
    setParams(context, params as Params);
    setFindFirst(context, false);
    return part;
  }

  /** Reads the body that is meant for a row, as if it had been sent. */
  async #read(row: Row, call: Call<unknown>): Promise<void> {
    const masked = ((row[MASKED] ?? []) as readonly string[]).find((name) => isRead(this.#revision, name));
    if (masked !== undefined) throw columnCheckFailed(masked);
    const reads = this.#revision.reads.map(({ name }) => [name, wireValue(row[name])] as const);
    const value = this.#revision.apply(Object.fromEntries(reads));
    // What is stored may hold numbers that no double keeps.
    const body: Body = { ...this.#sent, value, digits: true, spent: 0 };
    await readBody(insideOf(this.#parts), this.#draft.plan, body, call);
  }

  #task<Answer>(draft: Draft, call: Call<Answer>, found: RevisedRow | undefined): Asked<Answer> {
    const among: Among = {
      only: found === undefined ? noRow() : found.only,
      touches: found === undefined,
      written: () => Promise.resolve(),
    };
    const task = draftedTask(this.#parts, draft, call, among);
    this.#ran.push(task);
    return task;
  }

  /** Tells who hears of commits, and charges the caller with what it took. */
  settle(): void {
    const { pace } = this.#parts;
    const { policy } = this.#draft.plan;
    for (const { kept, context } of this.#ran) if (kept) tellCommitted(this.#parts, policy, context);
    const took = this.#ran.reduce((sum, task) => sum + task.took, 0);
    const most = mostOfRows(this.#ran.length, this.#sent.spent);
    pace.charge(this.#call, pace.isHere ? took : Math.min(took, most));
  }
}

const isRead = ({ reads }: Revision, name: string): boolean => reads.some((column) => column.name === name);

/** What several changes came to together. */
function together(results: readonly QueryResult[]): QueryResult {
  const affected = results.reduce((sum, { rowsAffected = 0 }) => sum + rowsAffected, 0);
  const { rows, total } = results.at(-1)!;
  return {
    ...(rows !== undefined && { rows: results.flatMap((result) => result.rows as readonly unknown[]) }),
    rowsAffected: affected,
    count: affected,
    ...(total !== undefined && { total }),
  };
}
