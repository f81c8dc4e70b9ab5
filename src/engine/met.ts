import type { Later } from "../clock.ts";
import {
  admitChange,
  asksOfChange,
  type Body,
  finishRows,
  isLike,
  likenessOf,
  type MetChange,
  type Params,
  readMetChange,
  type Row,
  setBody,
  setFindFirst,
  setParams,
} from "../author/author.ts";
import type { Allowed, WriteRows, WriteSteps } from "../compile/compile.ts";
import { limitExceeded, QueryError, quote } from "../error.ts";
import type { Inside, Met } from "../execute/execute.ts";
import { Spent, type WritePlan } from "../plan/plan.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import { askedAs } from "../request/request.ts";
import { Asked, type Call, type Parts } from "./call.ts";
import { Part } from "./part.ts";
import { refuseDryRun } from "./prefer.ts";
import { tellCommitted } from "./route-hooks.ts";
import { admitWrite, compileSteps, computedAnswer, mostOf } from "./write-task.ts";

/** The change that new rows make of those they meet: a PATCH of the same caller, and what it answers. */
export interface Patch {
  readonly part: Part<unknown>;
  readonly plan: WritePlan;
}

/**
 * Plans what becomes of rows that are met.
 *
 * @throws QueryError `forbidden` for who may not change rows.
 */
export async function planPatch({ policies, plans }: Parts, call: Call<unknown>): Promise<Patch> {
  const request = askedAs(call.request, { method: "PATCH" });
  const part = partOf(call);
  if (policies.find(request, "PATCH", part.principal) === undefined)
    throw new QueryError("forbidden", `you may not change rows of ${quote(request.resource)}`, {
      path: "onConflict",
      hint: "write ignore:T to leave those that are met as they are",
    });
  const policy = await policies.resolve(request, part.principal);
  refuseDryRun(policy, part.principal.context);
  const plan = plans.write(policy, call.request, request, { spent: new Spent() });
  return { part, plan };
}

function partOf(call: Call<unknown>): Part<unknown> {
  const part = new Part(call, askedAs(call.request, { method: "PATCH" }), (answer) => answer);
  const { context } = part.principal;
  setParams(context, (call.principal.context.params ?? {}) as Params);
  setFindFirst(context, false);
  return part;
}

/** What a row changes where it meets one, and who is asked about it. */
interface Changing {
  readonly change: MetChange;
  readonly part: Part<unknown>;
}

/** Changes that are made by one statement, or one that hooks of its own look at. */
interface Alike {
  readonly steps: WriteSteps;
  readonly part: Part<unknown>;
  /** Its changes, by the place of the row that was sent. */
  readonly changes: ReadonlyMap<number, MetChange>;
}

/** Changes of rows that new ones meet, ready to be made. */
export class MetChanges {
  readonly #parts: Parts;
  readonly #plan: WritePlan;
  readonly #alike: readonly Alike[];
  readonly #isList: boolean;
  /** What all of them are allowed, where nobody is asked about any of them by itself. */
  readonly allowed: Allowed | undefined;
  #asked: Asked<QueryResult>[] = [];

  constructor(
    parts: Parts,
    plan: WritePlan,
    alike: readonly Alike[],
    { isList, allowed }: { readonly isList: boolean; readonly allowed: Allowed | undefined },
  ) {
    this.#parts = parts;
    this.#plan = plan;
    this.#alike = alike;
    this.#isList = isList;
    this.allowed = allowed;
  }

  /** Whether nothing of the rows is answered. */
  get countOnly(): boolean {
    return this.#plan.countOnly;
  }

  /** What each of the rows that were sent is changed to, had it met one: nobody has seen it since it was read. */
  get rows(): readonly Row[] {
    const [{ changes }] = this.#alike as readonly [Alike];
    return [...changes.values()].map(({ row }) => row);
  }

  /** Forgets what was begun: all is done anew. */
  reset(): void {
    this.#asked = [];
  }

  /** Changes the rows that were met, in their order, and tells of each what is answered. */
  async run(
    inside: Inside,
    met: readonly Met[],
    tell: (result: QueryResult, places: readonly number[]) => void,
  ): Promise<void> {
    const { maxAffected } = this.#plan.policy;
    if (met.length > maxAffected)
      throw limitExceeded(`${met.length} rows exceed ${maxAffected}`, "onConflict");
    const order = new Map(met.map((one, index) => [one.place, index]));
    const groups = this.#alike
      .map((alike) => ({ alike, met: met.filter(({ place }) => alike.changes.has(place)) }))
      .filter((group) => group.met.length > 0)
      .toSorted((a, b) => order.get(a.met[0]!.place)! - order.get(b.met[0]!.place)!);
    for (const group of groups) await this.#change(inside, group.alike, group.met, tell);
  }

  async #change(
    inside: Inside,
    { steps, part, changes }: Alike,
    met: readonly Met[],
    tell: (result: QueryResult, places: readonly number[]) => void,
  ): Promise<void> {
    const { policy } = this.#plan;
    const { context } = part.principal;
    const rows = met.map(({ place }): Row => ({ ...changes.get(place)!.row }));
    setBody(context, rows.length === 1 ? rows[0] : rows);
    let places: readonly number[] = [];
    const work = {
      kind: "write",
      table: policy.table,
      write: steps,
      values: () => finishRows(policy, "update", context),
      keys: met.map(({ told }) => told),
      tell: (changed: { readonly places: readonly number[] }) => void (places = changed.places),
    } as const;
    const task = new Asked<QueryResult>(part, policy.hooks, work, true);
    task.afterWrite = this.#parts.hooks.afterWrite;
    this.#asked.push(task);
    try {
      const result = await inside.run(task);
      tell(
        result,
        places.map((index) => met[index]!.place),
      );
    } catch (error) {
      const place = this.#isList && met.length === 1 ? met[0]!.place : undefined;
      throw error instanceof QueryError && place !== undefined ? error.under(String(place)) : error;
    }
  }

  /** Tells those who hear of commits, and answers how long it all took. */
  settle(): number {
    for (const { kept, context } of this.#asked)
      if (kept) tellCommitted(this.#parts, this.#plan.policy, context);
    return this.#asked.reduce((sum, { took }) => sum + took, 0);
  }
}

/** What was sent, and what of it changes rows that are met. */
export interface SentForMet {
  readonly sent: Body;
  readonly parts: readonly Row[];
  /** The rows that the total counts. */
  readonly counted: WriteRows["counted"];
}

/** All of these changes but their making: body → what may be changed → steps. */
export async function prepareMet(
  parts: Parts,
  patch: Patch,
  { sent, parts: bodies, counted }: SentForMet,
  call: Call<unknown>,
): Promise<MetChanges> {
  const { part } = patch;
  const { policy } = patch.plan;
  const changing = await readChanges(
    parts,
    patch,
    { ...sent, value: bodies },
    call,
    Array.isArray(sent.value),
  );
  const plan = patch.plan.asksExtras ? await computedAnswer(parts, patch.plan, part) : patch.plan;
  const rows = { ...(await admitWrite(parts, plan, part)), counted };
  if (plan.searches.length > 0) await parts.indexes.need(plan.searches);
  const alike: Alike[] = [];
  let asks = false;
  for (const changes of groupsOf(changing, policy, isWatched(parts, policy))) {
    const [[, first]] = changes as [Placed];
    const { context } = first.part.principal;
    const { columns } = first.change;
    const change = asksOfChange(policy, columns)
      ? await parts.runtime.outside(() => admitChange(policy, columns, context), part)
      : undefined;
    asks ||= change !== undefined;
    const steps = await compileSteps(parts, plan, { ...rows, change });
    const placed = changes.map(([place, one]) => [place, one.change] as const);
    alike.push({ steps, part: first.part, changes: new Map(placed) });
  }
  const together = alike.length === 1 && !asks && !isWatched(parts, policy);
  return new MetChanges(parts, plan, alike, {
    isList: Array.isArray(sent.value),
    allowed: together ? { plan, rows } : undefined,
  });
}

/** Whether hooks look at a change, and so at its own body. */
export const isWatched = ({ hooks: { afterWrite, afterCommit } }: Parts, { hooks }: Policy): boolean =>
  (hooks.beforeQuery ??
    hooks.afterQuery ??
    hooks.onQueryError ??
    hooks.afterCommit ??
    afterWrite ??
    afterCommit) !== undefined;

/** Reads what each row changes where it meets one, whether it will or not: that is no answer to what is there. */
async function readChanges(
  parts: Parts,
  { part, plan: { policy } }: Patch,
  body: Body,
  call: Call<unknown>,
  isList: boolean,
): Promise<readonly Changing[]> {
  const { pace, policies, runtime } = parts;
  const sent = body.value as readonly Row[];
  let last: MetChange | undefined;
  const readFor = (own: Part<unknown>, index: number): Later<Changing> => {
    const path = isList ? String(index) : "";
    const one = { ...body, value: sent[index] };
    const change = readMetChange(policy, one, path, own.principal.context, last);
    if (change instanceof Promise) return change.then((made) => ({ change: made, part: own }));
    last = change;
    return { change, part: own };
  };
  const readWatched = async (index: number): Promise<Changing> => {
    const own = partOf(call);
    await policies.resolve(own.request, own.principal);
    return readFor(own, index);
  };
  const read = isWatched(parts, policy) ? readWatched : (index: number) => readFor(part, index);
  const began = performance.now();
  try {
    return await runtime.outside(() => oneByOne(sent.length, read), call);
  } finally {
    pace.charge(call, Math.min(performance.now() - began, mostOf(body)));
  }
}

/** Makes so many things one after the other: at once, as long as none of them is waited for. */
function oneByOne<T>(count: number, make: (index: number) => Later<T>, made: T[] = []): Later<readonly T[]> {
  while (made.length < count) {
    const one = make(made.length);
    if (one instanceof Promise)
      return one.then((last) => {
        made.push(last);
        return oneByOne(count, make, made);
      });
    made.push(one);
  }
  return made;
}

type Placed = readonly [number, Changing];

/** Changes that are made by one statement, each with its place. */
function groupsOf(
  changing: readonly Changing[],
  policy: Policy,
  watched: boolean,
): readonly (readonly Placed[])[] {
  const groups = new Map<string, Placed[]>();
  let last: { readonly change: MetChange; readonly group: Placed[] } | undefined;
  for (const [place, changed] of changing.entries()) {
    const { change } = changed;
    if (last !== undefined && isLike(change, last.change)) {
      last.group.push([place, changed]);
      continue;
    }
    const likeness = watched ? undefined : likenessOf(change, policy);
    const key = likeness ?? String(place);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push([place, changed]);
    last = likeness === undefined ? undefined : { change, group };
  }
  return [...groups.values()];
}
