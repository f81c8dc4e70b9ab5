import type { Params } from "./params.ts";
import type { QueryResult, ResultContext, WrittenContext } from "../policy/context.ts";
import { type NodePolicy, roleUnder } from "../policy/policy.ts";

/**
 * The one object that all functions of an author are handed, as far as its request has come; whatever else is on it is
 * the author's. This module alone writes it.
 */
export type Context = Readonly<Partial<ResultContext & WrittenContext>>;

type Draft = { -readonly [Member in keyof Context]: Context[Member] };

const NO_PARAMS: Params = Object.freeze({});

/** Hears which tables an author says that he has changed. */
export type Hears = (context: Context, tables: readonly string[]) => void;

/** Where nobody hears it. */
const UNHEARD = (): void => undefined;

/** Who hears of whom, for those requests of which somebody does. */
const hearers = new WeakMap<Context, Hears>();

/** The members that are the engine's own, and `__proto__`, which is no member. */
const OWN: ReadonlySet<string> = new Set(
  "request method resourceId findFirst role roles params changed tx body result written before dryRun __proto__".split(
    " ",
  ),
);

/** The context of a request, before anybody knows who asks; what is known already is copied, but for what is ours. */
export function createContext(request: Request, method: string, resourceId: string, known?: object): Context {
  const context: Context = {
    request,
    method,
    resourceId,
    role: undefined,
    roles: [],
    params: NO_PARAMS,
    changed: UNHEARD,
  };
  if (known !== undefined) addKnown(context, known);
  return context;
}

/** What is known already, but for what is ours. */
export function addKnown(context: Context, known: object): void {
  const others = Object.entries(known).filter(([name]) => !OWN.has(name));
  Object.assign(context, Object.fromEntries(others));
}

/** Has somebody hear of what an author says that he has changed. */
export function setHears(context: Draft, hears: Hears): void {
  hearers.set(context, hears);
  context.changed = (...tables) => hears(context, tables);
}

/** Who asks, by his roles, strongest first. */
export function setRoles(context: Draft, roles: readonly string[]): void {
  context.roles = roles;
  setRole(context, roles[0]);
}

/** The role whose rule decides. */
export function setRole(context: Draft, role: string | undefined): void {
  context.role = role;
}

/** The parameters that the resource declares, validated. */
export function setParams(context: Draft, params: Params): void {
  context.params = params;
}

/** A context as the functions of a rule are handed it, be it another than the request's: in the role it applies for. */
export function under(policy: NodePolicy, context: Context): Context {
  const role = roleUnder(policy, context.roles ?? []);
  return context.role === role ? context : { ...context, role };
}

/** The context of one request among several of the same caller: what is known of him, and nothing that the others came to. */
export function contextFor(context: Context, method: string, resourceId: string): Context {
  const { request, roles, dryRun } = context;
  const others = Object.entries(context).filter(([name]) => !OWN.has(name));
  const tried = dryRun === undefined ? {} : { dryRun };
  const own = {
    request,
    method,
    resourceId,
    role: roles?.[0],
    roles,
    params: NO_PARAMS,
    changed: UNHEARD,
    ...tried,
  };
  const made = Object.assign(own as Context, Object.fromEntries(others));
  const hears = hearers.get(context);
  if (hears !== undefined) setHears(made, hears);
  return made;
}

/** Whether one row is asked for instead of a list. */
export function setFindFirst(context: Draft, findFirst: boolean): void {
  context.findFirst = findFirst;
}

/** Says that all of it will be taken back. */
export function setDryRun(context: Draft): void {
  context.dryRun = true;
}

/** The row, or rows, that will be written; `beforeQuery` may change them. */
export function setBody(context: Draft, body: unknown): void {
  context.body = body;
}

/** The transaction that hooks run in. */
export function setTransaction(context: Draft, tx: unknown): void {
  context.tx = tx;
}

/** No function may use a transaction that has ended. */
export function removeTransaction(context: Draft): void {
  // To delete what is not there takes its time as well.
  if (context.tx !== undefined) delete context.tx;
}

/** What the database answered. */
export function setResult(context: Draft, result: QueryResult): void {
  context.result = result;
}

/** The rows of a write, which are made when somebody looks at them first; `before` where somebody may. */
export function setWritten(
  context: Context,
  written: () => readonly unknown[],
  before: (() => readonly unknown[]) | undefined,
): void {
  show(context, "written", written);
  if (before !== undefined) show(context, "before", before);
}

const show = (context: Context, name: "written" | "before", get: () => readonly unknown[]): unknown =>
  Object.defineProperty(context, name, { get, enumerable: true, configurable: true });
