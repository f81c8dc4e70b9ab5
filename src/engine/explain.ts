import type { Admission } from "../author/author.ts";
import { HttpError, QueryError } from "../error.ts";
import { type Explainable, explainStatement } from "../execute/execute.ts";
import type { Room } from "../observe.ts";
import { writeSQL } from "../matrix/matrix.ts";
import type { Mention } from "../plan/plan.ts";
import { considered, type Considered, type Policy } from "../policy/policy.ts";
import { traitsOf } from "../request/request.ts";
import type { Call, Parts } from "./call.ts";
import { foresee, type Foreseen, type ForeseenPart } from "./explain-write.ts";
import { type Became, becameOf, becameOfAggregate } from "./became.ts";
import { readyAggregate, readyRead } from "./ready.ts";

/** Why a request is answered as it is: nothing of it is run. */
export interface Explanation {
  readonly method: string;
  readonly resource: string;
  readonly scope: string;
  /** The caller's roles; none of a guest. */
  readonly roles: readonly string[];
  /** The rules of the method, and why each applies or does not. */
  readonly rules: readonly Considered[];
  /** Where the rule stands that applies. */
  readonly rule?: string;
  /** Why it is refused, as its caller is told. */
  readonly refused?: Refused;
  /** What each part of the question became. */
  readonly became?: Became;
  /** The rows that exist for the caller in each place that is mentioned. */
  readonly mentions?: readonly Mentioned[];
  readonly statements?: readonly Explained[];
  /** Of a write that is made of several requests: each, as it would be on its own, in the order in which they are done. */
  readonly parts?: readonly ExplainedPart[];
  /** Of a running route: how long each room took, in milliseconds; the database is not asked for rows. */
  readonly milliseconds?: Readonly<Partial<Record<Room, number>>>;
}

/** One of the requests that a write is made of. */
export interface ExplainedPart {
  /** Where it stands in the whole: `author.create` in the body, or `onConflict`; empty for the whole itself. */
  readonly at: string;
  readonly method: string;
  readonly resource: string;
  /** Where the rule stands that applies. */
  readonly rule: string;
  readonly mentions: readonly Mentioned[];
  /** Those that are known before another part has run. */
  readonly statements: readonly Explained[];
}

/** A refusal. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly error: string;
  readonly path?: string;
  readonly hint?: string;
}

/** A place in which a table is mentioned. */
export interface Mentioned {
  readonly table: string;
  readonly rule: string;
  /** `all`, `none`, or a condition. */
  readonly rows: string;
}

/** A statement and how the database would answer it. */
export interface Explained {
  /** What it is for. */
  readonly of: string;
  readonly sql: string;
  /** Its values in the order of their places; only their types, unless they are asked for. */
  readonly values: readonly unknown[];
  readonly plan: readonly { readonly text: string; readonly scan: boolean }[];
}

/** What is wanted of an explanation. */
export interface Wishes {
  /** Whether values are shown. */
  readonly values: boolean;
  /** What a write would be sent with. */
  readonly body?: unknown;
}

/** Explains a request; what it is refused for is part of that. */
export async function explain(parts: Parts, call: Call<unknown>, wishes: Wishes): Promise<Explanation> {
  const { request, principal } = call;
  const { method, resource, scope = "none" } = request;
  const question = { method, resource, scope, roles: principal.roles } as const;
  const rules = considered(parts.policies.registry, request, principal.roles);
  try {
    const policy = await parts.policies.resolve(request, principal);
    const told = await explainUnder(parts, policy, call, wishes);
    return { ...question, rules, rule: policy.path, ...told };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const applied = rules.find(({ applies }) => applies);
    return { ...question, rules, ...(applied && { rule: applied.path }), refused: refusedBy(error) };
  }
}

function refusedBy(error: HttpError): Refused {
  const { status, message, path } = error;
  const place = path === undefined ? {} : { path };
  if (!(error instanceof QueryError)) return { status, code: "refused", error: message, ...place };
  const { code, hint } = error;
  return { status, code, error: message, ...place, ...(hint !== undefined && { hint }) };
}

type Told = Pick<Explanation, "became" | "mentions" | "statements" | "parts">;

function explainUnder(parts: Parts, policy: Policy, call: Call<unknown>, wishes: Wishes): Promise<Told> {
  if (traitsOf(call.request.method).writes) return explainWrite(parts, policy, call, wishes);
  return call.request.aggregate === undefined
    ? explainRead(parts, policy, call, wishes.values)
    : explainAggregate(parts, policy, call, wishes.values);
}

async function explainRead(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
  values: boolean,
): Promise<Told> {
  const { compiler, runtime } = parts;
  const { plan, admitted } = await readyRead(parts, policy, call);
  call.mark("plan");
  const statement = compiler.read(plan, admitted, false, false);
  call.mark("compile");
  if (statement.kind === "aggregate") throw new Error("a read of rows is no read of numbers");
  const asked: [string, Explainable | undefined][] =
    statement.kind === "fast"
      ? [["rows", statement.ask]]
      : [
          ["rows", statement.ask],
          ["total", statement.total],
          ["filtered", statement.filtered],
        ];
  return {
    became: becameOf(plan.root),
    mentions: mentionsOf(plan.mentions, (mention) => admitted.of(mention), values),
    statements: await explainAll({ runtime }, asked, values),
  };
}

async function explainAggregate(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
  values: boolean,
): Promise<Told> {
  const { compiler, runtime } = parts;
  const { plan, admitted } = await readyAggregate(parts, policy, call);
  call.mark("plan");
  const { ask } = compiler.aggregate(plan, admitted);
  call.mark("compile");
  return {
    became: becameOfAggregate(plan),
    mentions: mentionsOf(plan.mentions, (mention) => admitted.of(mention), values),
    statements: await explainAll({ runtime }, [["numbers", ask]], values),
  };
}

/** Of a write the rows that it reaches, what must hold of them, and the statements that are known before one has run. */
async function explainWrite(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
  { values, body }: Wishes,
): Promise<Told> {
  const { parts: several, plan, ...own } = await foresee(parts, policy, call, body);
  const told: ExplainedPart[] = [];
  for (const part of several) told.push(await partOf(parts, part, values));
  return {
    became: becameOf(plan.answer),
    mentions: mentionsIn(own, values),
    statements: await explainAll(parts, own.asked, values),
    ...(told.length > 0 && { parts: told }),
  };
}

async function partOf(parts: Parts, part: ForeseenPart, values: boolean): Promise<ExplainedPart> {
  const { at, method, resource, policy, asked } = part;
  return {
    at,
    method,
    resource,
    rule: policy.path,
    mentions: mentionsIn(part, values),
    statements: await explainAll(parts, asked, values),
  };
}

/** The rows that a write mentions, and what those that it writes must be. */
function mentionsIn({ policy, mentions, admitted, check }: Foreseen, values: boolean): readonly Mentioned[] {
  const { table, path } = policy;
  const mentioned = mentionsOf(mentions, (mention) => admitted.of(mention), values);
  if (check === undefined) return mentioned;
  return [
    ...mentioned,
    { table: table.name, rule: `${path}.check`, rows: written(check, table.database, values) },
  ];
}

function mentionsOf(
  mentions: readonly Mention[],
  admitted: (mention: Mention) => Admission,
  values: boolean,
): readonly Mentioned[] {
  return mentions.map((mention) => {
    const { policy, table } = mention.secured;
    return { table: table.name, rule: policy.path, rows: written(admitted(mention), table.database, values) };
  });
}

/** The rows of an admission in a word, or as a condition. */
function written({ rows, parents }: Admission, database: "sqlite" | "postgresql", values: boolean): string {
  if (rows === "none" || parents === "none") return "none";
  const own = rows === "all" ? [] : [writeSQL(rows, database, values ? undefined : () => "?")];
  const others = parents.map(
    (parent) => `a row of \`${parent.relation.name}\`: ${written(parent.admission, database, values)}`,
  );
  return [...own, ...others].join("; ") || "all";
}

async function explainAll(
  { runtime }: Pick<Parts, "runtime">,
  asked: readonly (readonly [string, Explainable | undefined])[],
  shown: boolean,
): Promise<readonly Explained[]> {
  const explained: Explained[] = [];
  for (const [of, statement] of asked) {
    if (statement === undefined) continue;
    const { text, values, plan } = await explainStatement(runtime.dialect, statement);
    explained.push({ of, sql: text, values: shown ? values.map(told) : values.map(typeName), plan });
  }
  return explained;
}

/** A value as JSON can tell it. */
const told = (value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

const typeName = (value: unknown): string => (value === null ? "null" : typeof value);
