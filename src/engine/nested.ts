import type { SQL } from "drizzle-orm";
import { type Admitted, type Body, type Context, type Row, setBody } from "../author/author.ts";
import { noRow, type ReadStatement } from "../compile/compile.ts";
import { checkFailed, invalidBody, limitExceeded, QueryError } from "../error.ts";
import { type Inside, rowsOf, type Task } from "../execute/execute.ts";
import { type Mention, type Shared, Spent, type WritePlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { QueryRequest } from "../request/request.ts";
import type { Call, Parts } from "./call.ts";
import { split } from "./nested-body.ts";
import { type Place, placed, placing } from "./nested-place.ts";
import { AfterSteps } from "./nested-after.ts";
import { BeforeSteps } from "./nested-before.ts";
import { tellCommitted } from "./route-hooks.ts";
import { type Draft, draftedTask, draftWrite, readBody } from "./draft.ts";
import type { Ready } from "./write.ts";
import { mostOfRows } from "./write-task.ts";

export { nests } from "./nested-body.ts";

/**
 * A write of rows and of others that belong to them: a tree of requests, each as it would be on its own, in one transaction.
 * What a row refers to is written before it, what refers to it after it; what must hold once all is written is asked at
 * the end.
 */
export async function prepareNested<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body,
  call: Call<Shaped>,
  shared: Shared,
): Promise<Ready<Shaped>> {
  const { tree, write } = await treeOf(parts, planned, sent, call, shared);
  return {
    run: (inside) => tree.run(() => write.run(inside, {})),
    settle: () => tree.settle(sent.spent),
  };
}

/** All requests of such a write, in the order in which they are done: made ready, and none of them run. */
export async function foreseeNested(
  parts: Parts,
  planned: WritePlan,
  sent: Body,
  call: Call<unknown>,
): Promise<readonly TreeRequest[]> {
  const { tree } = await treeOf(parts, planned, sent, call, { spent: new Spent() });
  return tree.requests;
}

async function treeOf<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body,
  call: Call<Shaped>,
  { spent }: Shared,
): Promise<{ readonly tree: Tree; readonly write: Write<Shaped> }> {
  const { maxRows, maxDepth } = planned.policy.limits;
  const tree = new Tree(parts, call, maxRows, spent);
  const spot = { place: undefined, depth: maxDepth, given: NONE };
  return { tree, write: await tree.prepare(planned, sent, call, spot) };
}

const NONE: ReadonlySet<string> = new Set();

/** A request of the tree, and what is known of it before it runs. */
export interface TreeRequest {
  readonly request: QueryRequest;
  readonly place: Place | undefined;
  readonly policy: Policy;
  /** Of a write. */
  readonly draft?: Draft;
  /** Of a read that finds a row. */
  readonly found?: Found;
}

/** The rows that a read is about, and how they are asked for. */
export interface Found {
  readonly mentions: readonly Mention[];
  readonly admitted: Admitted;
  readonly statement: ReadStatement;
}

/** Where a write of the tree stands. */
export interface Spot {
  /** Absent at the top. */
  readonly place: Place | undefined;
  /** How many relations deep may still be gone from here. */
  readonly depth: number;
  /** The columns that the engine gives its rows. */
  readonly given: ReadonlySet<string>;
}

/** What is known of a write only when it runs. */
export interface Late {
  /** What the engine gives all of its rows. */
  readonly keys?: Row;
  /** Which of the rows that it reaches are meant. */
  readonly only?: SQL;
}

/** A write of the tree, ready to run. */
export interface Write<Shaped> {
  readonly policy: Policy;
  /** Answers what the write itself does, once all that belongs to it is written. */
  run(inside: Inside, late: Late): Promise<Shaped>;
  /** Its rows as they are stored, once it has run. */
  readonly written: readonly Row[];
  /** How many rows it would reach, two at most. */
  reaches(inside: Inside, only: SQL | undefined): Promise<number>;
}

/** A task that ran, and what is told of it when it is kept. */
interface Ran {
  readonly task: Task<unknown>;
  readonly policy: Policy;
  readonly context: Context;
  readonly writes: boolean;
}

/** All writes of one request. */
export class Tree {
  readonly parts: Parts;
  readonly call: Call<unknown>;
  /** By all of it, and by what runs together with it. */
  readonly spent: Spent;
  readonly #mostRows: number;
  /** The requests that it is made of, in the order in which they are done. */
  readonly requests: TreeRequest[] = [];
  #rows = 0;
  #ran: Ran[] = [];
  /** What must hold at the end. */
  #ensures: (() => Promise<void>)[] = [];
  #took = 0;

  constructor(parts: Parts, call: Call<unknown>, mostRows: number, spent: Spent) {
    this.parts = parts;
    this.call = call;
    this.#mostRows = mostRows;
    this.spent = spent;
  }

  /** So many rows more are named or made at a place. */
  count(rows: number, { at }: Place): void {
    this.#rows += rows;
    this.spent.rows += rows;
    if (this.spent.rows > this.#mostRows)
      throw invalidBody(`${this.spent.rows} rows together exceed ${this.#mostRows}`, at);
  }

  /** All of a write but its running, with all that belongs to it. */
  async prepare<Shaped>(
    planned: WritePlan,
    sent: Body | undefined,
    call: Call<Shaped>,
    spot: Spot,
  ): Promise<Write<Shaped>> {
    const { policy, kind } = planned;
    const { place, given } = spot;
    const rows = sent === undefined || !Array.isArray(sent.value) ? 1 : sent.value.length;
    if (place === undefined && kind === "update" && planned.answer.where === undefined) throw notOne();
    if (place !== undefined) this.count(rows, place);
    else this.#rows += rows; // which are counted already
    const parted = sent && (await placing(place, () => split(policy, sent, kind === "update", given)));
    const wishes = parted?.wishes ?? [];
    const columns = policy.writeMasks.size > 0 ? new Set<string>() : undefined;
    if (parted !== undefined)
      await placing(place, () => readBody(this.parts, planned, parted.plain, call, columns));
    const root = place?.body ?? "";
    const before = await BeforeSteps.prepare(this, policy, wishes, { ...spot, root });
    for (const name of before.columns) columns?.add(name);
    const draft = await placing(place, () => draftWrite(this.parts, planned, call, columns));
    this.requests.push({ request: call.request, place, policy, draft });
    const after = await AfterSteps.prepare(this, policy, wishes, { ...spot, root });
    return new TreeWrite(this, draft, call, place, before, after);
  }

  /** Runs the whole, which may be tried again: nothing of the last time counts. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#ran = [];
    this.#ensures = [];
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.#took = performance.now() - began;
    }
  }

  /** Runs a task of the tree. */
  runTask<T>(inside: Inside, task: Task<T>, policy: Policy, place: Place | undefined): Promise<T> {
    const writes = task.work.kind === "write";
    this.#ran.push({ task, policy, context: task.context, writes });
    return inside.run(task, place && placed(place));
  }

  /** Takes what must hold once all is written. */
  ensureLater(place: Place | undefined, ask: () => Promise<void>): void {
    this.#ensures.push(() => placing(place, ask));
  }

  async ensureAll(): Promise<void> {
    for (const ensure of this.#ensures) await ensure();
  }

  /** Tells who hears of commits, and charges the caller with what all of it took. */
  settle(spent: number): void {
    const { pace } = this.parts;
    for (const { task, policy, context, writes } of this.#ran)
      if (writes && task.kept) tellCommitted(this.parts, policy, context);
    const most = mostOfRows(this.#rows, spent);
    pace.charge(this.call, pace.isHere ? this.#took : Math.min(this.#took, most));
  }
}

/** One write of the tree. */
class TreeWrite<Shaped> implements Write<Shaped> {
  readonly #tree: Tree;
  readonly #draft: Draft;
  readonly #call: Call<Shaped>;
  readonly #place: Place | undefined;
  readonly #before: BeforeSteps;
  readonly #after: AfterSteps;
  /** Its rows as their client sent them, and as authors let them through. */
  readonly #sent: unknown;
  written: readonly Row[] = [];

  constructor(
    tree: Tree,
    draft: Draft,
    call: Call<Shaped>,
    place: Place | undefined,
    before: BeforeSteps,
    after: AfterSteps,
  ) {
    this.#tree = tree;
    this.#draft = draft;
    this.#call = call;
    this.#place = place;
    this.#before = before;
    this.#after = after;
    this.#sent = call.principal.context.body;
  }

  get policy(): Policy {
    return this.#draft.plan.policy;
  }

  async run(inside: Inside, { keys = {}, only }: Late): Promise<Shaped> {
    const { parts } = this.#tree;
    const reaches = await this.#isThere(inside, only);
    if (reaches) await placing(this.#place, () => this.#setRows(inside, keys));
    const task = draftedTask(parts, this.#draft, this.#call, {
      only: reaches ? only : noRow(),
      touches: this.#after.size + this.#before.size > 0,
      written: (rows) => this.#amid(inside, rows),
      ensure: this.#place && ((ask) => this.#tree.ensureLater(this.#place, ask)),
    });
    return this.#tree.runTask(inside, task, this.policy, this.#place);
  }

  /** Whether there is a row to change, before others are written for it. */
  async #isThere(inside: Inside, only: SQL | undefined): Promise<boolean> {
    if (this.#draft.plan.kind !== "update" || !this.#before.writes) return true;
    const reached = await this.reaches(inside, only);
    if (reached > 1) throw this.#place === undefined ? notOne() : placed(this.#place)(notOne());
    return reached === 1;
  }

  async reaches(inside: Inside, only: SQL | undefined): Promise<number> {
    const { plan, rows } = this.#draft;
    const { compiler } = this.#tree.parts;
    const admitted = only === undefined ? rows.admitted : rows.admitted.narrowed(plan.answer, only);
    return (await rowsOf(inside.database, compiler.reach(plan, { ...rows, admitted }))).length;
  }

  /** The rows to write, with the keys of what they refer to and of what they belong to. */
  async #setRows(inside: Inside, keys: Row): Promise<void> {
    if (this.#draft.plan.kind === "delete") return;
    const list = Array.isArray(this.#sent);
    const sent = (list ? this.#sent : [this.#sent]) as readonly Row[];
    const rows: Row[] = [];
    for (const [index, row] of sent.entries())
      rows.push(
        joined(row, { ...(await this.#before.keysOf(inside, index)), ...keys }, list ? String(index) : ""),
      );
    setBody(this.#call.principal.context, list ? rows : rows[0]);
  }

  /** All that belongs to rows which are written now. */
  async #amid(inside: Inside, rows: readonly Row[]): Promise<void> {
    this.written = rows;
    const { kind } = this.#draft.plan;
    const nests = this.#after.size + this.#before.size > 0;
    if (kind === "update" && nests && rows.length > 1) throw notOne();
    if (kind === "insert" && this.#after.size > 0 && rows.length !== this.#after.rows) throw notKept();
    for (const [index, row] of rows.entries()) await this.#after.run(inside, index, row);
    if (this.#place === undefined) await this.#tree.ensureAll();
  }
}

/**
 * A row with the keys that join it to others. Its client says nothing of them: where its rule's own functions do, that is
 * to be the same.
 */
function joined(row: Row, keys: Row, path: string): Row {
  for (const [name, value] of Object.entries(keys))
    if (Object.hasOwn(row, name) && !isSame(row[name], value))
      throw path === "" ? checkFailed() : checkFailed().under(path);
  return { ...row, ...keys };
}

const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : String(a) === String(b);

const notOne = (): QueryError =>
  limitExceeded(
    "other rows are written with one row only, and more would change",
    "select.where",
    "name one row by its key",
  );

/** A trigger has dropped a row that others were to belong to. */
const notKept = (): QueryError =>
  new QueryError("conflict", "a row was not kept that others were to belong to");
