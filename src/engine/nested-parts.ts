import type { SQL } from "drizzle-orm";
import { admitAll, type Body, type Row, setFindFirst, setParams, setTransaction } from "../author/author.ts";
import { QueryError } from "../error.ts";
import type { Inside } from "../execute/execute.ts";
import { namesRow, planKey, planWrite, rowKeysOf, type Shared, type WritePlan } from "../plan/plan.ts";
import { exampleOf, type Policy, type QueryResult } from "../policy/policy.ts";
import { askedAs, METHOD_OF, type QueryRequest, type RuledMethod } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { type Answer, Asked } from "./call.ts";
import { type Draft, draftedTask, draftWrite, readBody } from "./draft.ts";
import type { Tree, Write } from "./nested.ts";
import { type Place, placing } from "./nested-place.ts";
import { insideOf, Part } from "./part.ts";

/** A part of a write, as its client wrote it. */
interface Written {
  readonly body: unknown;
  readonly place: Place;
}

/** Rows that are there, as a client names them. */
interface Named {
  readonly where: object | undefined;
  readonly place: Place;
}

/** What of its rows a part has to find: one that its key names, those that a key names, the one that there is, or any. */
type Finds = "key" | "named" | "one" | "any";

type Outcome = Answer["outcome"];

/** Rows that are made by a POST of their resource. */
export async function newPart(
  tree: Tree,
  resource: string,
  { body, place }: Written,
  given: ReadonlySet<string>,
  depth: number,
): Promise<Write<Outcome>> {
  const { part, plan } = await planned(tree, METHOD_OF.insert, resource, {
    where: undefined,
    place,
    finds: "any",
  });
  return tree.prepare(plan, bodyOf(body), part, below(place, depth, plan, given));
}

/** Rows that are changed by a PATCH of it; without a filter the one that there is. */
export async function changePart(
  tree: Tree,
  resource: string,
  { where, body, place }: Written & Named,
  given: ReadonlySet<string>,
  depth: number,
): Promise<Write<Outcome>> {
  const finds = where === undefined ? "one" : "named";
  const { part, plan } = await planned(tree, METHOD_OF.update, resource, { where, place, finds });
  return tree.prepare(plan, bodyOf(body), part, below(place, depth, plan, given));
}

/** Rows that are deleted by a DELETE of it. */
export async function deletePart(
  tree: Tree,
  resource: string,
  { where, place }: Named,
  finds: Finds = "named",
): Promise<Write<Outcome>> {
  const { part, plan } = await planned(tree, METHOD_OF.delete, resource, { where, place, finds });
  return tree.prepare(plan, undefined, part, below(place, 0, plan, NONE));
}

const NONE: ReadonlySet<string> = new Set();

const below = (
  place: Place,
  depth: number,
  { policy }: WritePlan,
  given: ReadonlySet<string>,
): Parameters<Tree["prepare"]>[3] => ({ place, depth: Math.min(depth, policy.limits.maxDepth), given });

const bodyOf = (value: unknown): Body => ({ value, form: false, digits: true, spent: 0 });

/** A request of the tree, and its plan. */
interface Planned {
  readonly part: Part<Outcome>;
  readonly plan: WritePlan;
}

async function planned(
  tree: Tree,
  method: RuledMethod,
  resource: string,
  { where, place, finds }: Named & { readonly finds: Finds },
): Promise<Planned> {
  const request: QueryRequest = {
    method,
    resource,
    selector: { columns: { kind: "none" }, ...(where !== undefined && { where }) },
    total: false,
  };
  let found = false;
  const part = partOf(tree, request, ({ outcome }) => {
    if (found && outcome.rowsAffected === 0) throw notThere();
    return outcome;
  });
  return placing(place, async () => {
    const policy = await tree.parts.policies.resolve(request, part.principal);
    const guardedPolicy = guarded(policy, where, finds);
    const { plan, names } = counting(tree, policy, (shared) => {
      const plan = planWrite(guardedPolicy, withoutColumns(policy, request), shared);
      return { plan, names: namesRow(policy, plan.answer.where) };
    });
    if (finds === "key" && !names) throw namesNone(policy);
    found = finds === "key" || finds === "one" || (finds === "named" && names);
    return { part, plan };
  });
}

/**
 * Plans a part, which counts with all others. One that names a row by its key is work for that row alone, and its key no
 * condition: such parts are bounded as rows.
 */
function counting<Planned extends { readonly names: boolean }>(
  { spent }: Tree,
  { table }: Policy,
  plan: (shared: Shared) => Planned,
): Planned {
  const { conditions, cost, work } = spent;
  const planned = plan({ spent });
  if (!planned.names) return planned;
  const more = spent.conditions - Math.max(1, table.primaryKey.length);
  Object.assign(spent, { conditions: Math.max(conditions, more), cost, work });
  return planned;
}

function partOf<Shaped>(
  { call }: Tree,
  request: QueryRequest,
  shape: (answer: Answer) => Shaped | Promise<Shaped>,
): Part<Shaped> {
  const part = new Part<Shaped>(call, request, shape);
  const { params } = call.principal.context;
  if (params !== undefined) setParams(part.principal.context, params as never);
  return part;
}

/** A rule may forbid that columns are chosen, and then nobody has chosen them. */
function withoutColumns({ forbids }: Policy, request: QueryRequest): QueryRequest {
  if (!forbids.has("columns")) return request;
  const { columns: _, ...selector } = request.selector;
  return askedAs(request, { selector });
}

const unguarded = new WeakMap<Policy, Policy>();

/** A rule that asks for a filter has one where the engine says which rows are meant. */
function guarded(policy: Policy, where: object | undefined, finds: Finds): Policy {
  const { requireWhere } = policy;
  if (requireWhere === false || where !== undefined || (requireWhere === "key" && finds !== "one"))
    return policy;
  let other = unguarded.get(policy);
  if (other === undefined) {
    const properties = Object.getOwnPropertyDescriptors(policy) as PropertyDescriptorMap;
    const own = { ...properties, requireWhere: { value: false, enumerable: true } };
    unguarded.set(policy, (other = Object.defineProperties({}, own) as Policy));
  }
  return other;
}

/** For a row that is not there, or not the caller's: nobody is told which. */
const notThere = (): QueryError =>
  new QueryError("forbidden", "there is no such row here, or it is not yours");

function namesNone(policy: Policy): QueryError {
  const [key] = rowKeysOf(policy);
  return new QueryError("invalid-body", "expected a filter that names one row by a key", {
    hint: key && `write ${exampleOf(key)}`,
    path: "select.where",
  });
}

/** The row that another is to refer to, once the transaction has begun. */
export type Key = (inside: Inside) => Promise<Row>;

/** Reads what another row needs of a row that its client names by a key, under the rule that he reads it by. */
export async function readKey(
  tree: Tree,
  resource: string,
  columns: readonly ColumnInfo[],
  { where, place }: Named,
): Promise<Key> {
  const request: QueryRequest = { method: METHOD_OF.read, resource, selector: { where }, total: false };
  const part = partOf(tree, request, () => undefined);
  const { parts } = tree;
  const { context } = part.principal;
  tree.count(1, place);
  const { policy, statement } = await placing(place, async () => {
    const policy = await parts.policies.resolve(request, part.principal);
    refuseUnreadable(policy, columns);
    const { plan, names } = counting(tree, policy, (shared) => {
      const plan = planKey(policy, request, columns, shared);
      return { plan, names: namesRow(policy, plan.root.where) };
    });
    if (!names) throw namesNone(policy);
    setFindFirst(context, false);
    const admitted = await parts.runtime.outside(() => admitAll(plan.mentions, context), part);
    if (plan.searches.length > 0) await parts.indexes.need(plan.searches);
    const statement = parts.compiler.read(plan, admitted, true, true);
    tree.requests.push({ request, place, policy, found: { mentions: plan.mentions, admitted, statement } });
    return { policy, statement };
  });
  const finish = ({ rows }: QueryResult): Row => {
    const [row] = rows as readonly Row[];
    if (row === undefined || Object.values(row).includes(null)) throw notThere();
    return row;
  };
  return (inside) => {
    const task = new Asked<Row>(part, policy.hooks, { kind: "read", read: statement }, true, finish);
    return tree.runTask(inside, task, policy, place);
  };
}

/** A value that another row gets may be read there: so its caller has to be one who may read it. */
function refuseUnreadable({ readable, masks }: Policy, columns: readonly ColumnInfo[]): void {
  if (columns.every((column) => readable.has(column.name) && !masks.has(column))) return;
  throw new QueryError("unknown-column", "what joins these rows may not be read", {
    hint: "what is hidden, or masked on some rows, is no key that another row could get",
  });
}

/** A write of nothing but what joins rows. */
export interface Link {
  /** The columns of those that join them that its rule lets be written. */
  readonly columns: readonly ColumnInfo[];
  readonly written: readonly Row[];
  run(inside: Inside, row: Row, only?: SQL): Promise<void>;
  /** The same for new rows. */
  runAll(inside: Inside, rows: readonly Row[]): Promise<void>;
}

/** A write of what joins rows: its values, and so its body, are known only once the transaction has begun. */
export async function linkPart(
  tree: Tree,
  method: RuledMethod,
  resource: string,
  columns: readonly ColumnInfo[],
  named: Named & { readonly finds: Finds },
): Promise<Link> {
  const { place } = named;
  const { part, plan } = await planned(tree, method, resource, named);
  tree.count(1, place);
  const writable = columns.filter(({ name }) => plan.policy.writable.has(name));
  if (writable.length === 0)
    throw new QueryError("unknown-column", "what joins these rows may not be written", { path: place.at });
  const sent = new Set(writable.map(({ name }) => name));
  const draft = await placing(place, () => draftWrite(tree.parts, plan, part, sent));
  tree.requests.push({ request: part.request, place, policy: plan.policy, draft });
  return new LinkWrite(tree, { ...draft, set: undefined }, part, place, writable);
}

class LinkWrite implements Link {
  readonly #tree: Tree;
  readonly #draft: Draft;
  readonly #part: Part<Outcome>;
  readonly #place: Place;
  readonly columns: readonly ColumnInfo[];
  written: readonly Row[] = [];

  constructor(tree: Tree, draft: Draft, part: Part<Outcome>, place: Place, columns: readonly ColumnInfo[]) {
    this.#tree = tree;
    this.#draft = draft;
    this.#part = part;
    this.#place = place;
    this.columns = columns;
  }

  run(inside: Inside, row: Row, only?: SQL): Promise<void> {
    return this.#run(inside, row, only);
  }

  runAll(inside: Inside, rows: readonly Row[]): Promise<void> {
    return this.#run(inside, rows, undefined);
  }

  async #run(inside: Inside, value: unknown, only: SQL | undefined): Promise<void> {
    const { plan } = this.#draft;
    const { parts } = this.#tree;
    const here = insideOf(parts);
    setTransaction(this.#part.principal.context, inside.database);
    await placing(this.#place, () => readBody(here, plan, bodyOf(value), this.#part));
    const task = draftedTask(here, this.#draft, this.#part, {
      only,
      touches: false,
      written: async (rows) => void (this.written = rows),
      ensure: (ask) => this.#tree.ensureLater(this.#place, ask),
    });
    await this.#tree.runTask(inside, task, plan.policy, this.#place);
  }
}
