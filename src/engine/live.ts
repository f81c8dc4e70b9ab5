import { type Admitted, type Said, spelled } from "../author/author.ts";
import type { AggregateRead, ReadStatement } from "../compile/compile.ts";
import { invalidValue, QueryError, quote } from "../error.ts";
import { type Asker, execute, type Runtime } from "../execute/execute.ts";
import type { AggregatePlan, ReadNode, ReadPlan } from "../plan/plan.ts";
import { keysOf, type Policy, type QueryResult } from "../policy/policy.ts";
import { askedAs } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { Lineage } from "../schema/schema.ts";
import { type Answer, Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { Interest } from "./interest.ts";
import { readyAggregate, readyRead } from "./ready.ts";

/** By which members the rows of an answer are told apart, wherever lists stand in it. */
export interface RowIdentity {
  readonly key?: readonly string[] | undefined;
  readonly within?: ReadonlyMap<string, RowIdentity> | undefined;
}

/** A read that may be asked again and again: its rule was found, and all functions of its author have answered. */
export interface LiveRead<Shaped> {
  /** The same for the same question under the same rules whose functions have answered the same; else another. */
  readonly share: string;
  /** Whether its answer is made for this caller alone. */
  readonly formatted: boolean;
  /** How often it is to be asked again though nobody has written, in milliseconds. */
  readonly every: number | undefined;
  readonly identity: RowIdentity;
  /** How long its statement ran when it was asked last, where it ran in this process; in milliseconds. */
  readonly took: number;
  /** What its answer depends on. */
  interest(): Pick<Interest, "tables" | "concerns" | "key">;
  /**
   * Asks it now, of what is committed, on behalf of one for whom `share` is the same.
   *
   * @throws QueryError as a GET.
   */
  ask(asker: Asker): Promise<Shaped | Response>;
}

/** What answers that are kept true need beside the parts of an engine. */
export interface LiveParts {
  /** Where what was committed is read for sure. */
  readonly runtime: Runtime;
  readonly lineage: () => Lineage;
  readonly say: (
    admitted: Admitted,
    plan: Pick<ReadPlan | AggregatePlan, "mentions">,
    nodes: readonly ReadNode[],
  ) => Said;
}

/**
 * Makes a question ready to be asked again and again, as a GET is made ready.
 *
 * @throws QueryError as a GET, `not-live` for a rule that does not let its answers be kept true, and `invalid-value` for a
 * page that is walked.
 */
export async function askLive<Shaped>(
  parts: Parts,
  live: LiveParts,
  call: Call<Shaped>,
): Promise<LiveRead<Shaped>> {
  const holder = parts.turns.inFlight.enter(call);
  try {
    const others = parts.pace.othersFirst(call);
    if (others !== undefined) await others;
    const policy = await parts.policies.resolve(call.request, call.principal);
    if (policy.live === undefined) throw notLive(policy);
    const ready = call.request.aggregate === undefined ? prepare : prepareAggregate;
    return new Shown(parts, live, call, policy, await ready(parts, policy, call));
  } finally {
    parts.turns.inFlight.leave(holder);
  }
}

const notLive = ({ resource }: Policy): QueryError =>
  new QueryError("not-live", `answers of ${quote(resource)} are not kept true here`, {
    path: "Accept",
    hint: "ask for `application/json`, or say `live: true` in its rule",
  });

/** A plan, and what it admits. */
interface Prepared {
  readonly plan: ReadPlan | AggregatePlan;
  readonly admitted: Admitted;
  readonly nodes: readonly ReadNode[];
  readonly first: boolean;
  readonly identity: RowIdentity;
}

async function prepare(parts: Parts, policy: Policy, call: Call<unknown>): Promise<Prepared> {
  const { plan, admitted } = await readyRead(parts, policy, call);
  if (plan.root.paging !== undefined)
    throw invalidValue("pages that are walked are not kept true", "cursor", "ask with `limit` and `offset`");
  const identity = { within: new Map([[policy.resource, identityOf(plan.root)]]) };
  return { plan, admitted, nodes: plan.nodes, first: plan.first, identity };
}

async function prepareAggregate(parts: Parts, policy: Policy, call: Call<unknown>): Promise<Prepared> {
  const ready = await readyAggregate(parts, policy, call);
  const identity = { within: new Map([[policy.resource, GROUPS]]) };
  return { ...ready, nodes: [], first: false, identity };
}

/** Groups are told apart by what they are grouped by. */
const GROUPS: RowIdentity = { key: ["group"] };

/** Rows are told apart by a key of which all is answered, on every row. */
function identityOf({ secured, selected, relations }: ReadNode): RowIdentity {
  const columns = selected.flatMap(({ expression }) =>
    expression.kind === "column" ? [expression.column] : [],
  );
  const [key] = keysOf(secured.table, columns);
  const within = new Map([...relations].map(([name, { node }]) => [name, identityOf(node)] as const));
  return {
    ...(key !== undefined && { key: key.map(({ name }) => name) }),
    ...(within.size > 0 && { within }),
  };
}

/** A question that is ready to be asked. */
class Shown<Shaped> implements LiveRead<Shaped> {
  readonly share: string;
  readonly formatted: boolean;
  readonly every: number | undefined;
  readonly identity: RowIdentity;
  took = 0;
  readonly #parts: Parts;
  readonly #live: LiveParts;
  readonly #call: Call<Shaped>;
  readonly #policy: Policy;
  readonly #ready: Prepared;
  readonly #said: Said;

  constructor(parts: Parts, live: LiveParts, call: Call<Shaped>, policy: Policy, ready: Prepared) {
    const { request, principal } = call;
    this.#parts = parts;
    this.#live = live;
    this.#call = call;
    this.#policy = policy;
    this.#ready = ready;
    this.#said = live.say(ready.admitted, ready.plan, ready.nodes);
    this.formatted = isFormatted(parts, policy);
    this.every = policy.live?.every;
    this.identity = this.formatted ? {} : ready.identity;
    // What rules lead to, and which changes are told of, is another thing for each list of roles.
    const roles = policy.leads || request.can === true ? principal.roles : [];
    const params = principal.context.params ?? {};
    this.share = JSON.stringify([policy.path, roles, questionOf(request), spelled(params), this.#said.text]);
  }

  interest(): Interest {
    const { plan, admitted } = this.#ready;
    return new Interest(this.#live.lineage(), plan, admitted, this.#said);
  }

  async ask(asker: Asker): Promise<Shaped | Response> {
    const { turns } = this.#parts;
    const holder = turns.inFlight.enter(asker);
    try {
      return await this.#ask(asker);
    } finally {
      turns.inFlight.leave(holder);
    }
  }

  async #ask(asker: Asker): Promise<Shaped | Response> {
    const { pace } = this.#parts;
    const { runtime } = this.#live;
    const others = pace.othersFirst(asker);
    const waited = others === undefined ? 0 : await others;
    const statement = this.#statement();
    const call: Call<Shaped> = new Behalf(this.#call, asker);
    const task = new Asked<QueryResult>(call, this.#policy.hooks, { kind: "read", read: statement }, false);
    const reading = pace.readingOf(this.#ready.plan, statement, asker);
    task.apart = reading !== undefined && (await pace.isSlow(reading));
    let outcome: QueryResult | Response;
    let json = "";
    try {
      outcome = await (task.apart
        ? pace.apart(task, waited, () => execute(runtime, task))
        : execute(runtime, task));
      if (isResponse(outcome)) return outcome;
      ({ json = "" } = outcome as Answer["outcome"]);
    } finally {
      pace.ran(task, reading, 0, json.length);
      this.took = task.apart || !pace.isHere ? 0 : task.took;
    }
    const { limits } = this.#policy;
    const answer = { policy: this.#policy, first: this.#ready.first, most: limits.maxAnswerSize, outcome };
    return this.formatted ? runtime.outside(() => call.shape(answer), asker) : call.shape(answer);
  }

  #statement(): ReadStatement | AggregateRead {
    const { compiler } = this.#parts;
    const { plan, admitted } = this.#ready;
    return plan.kind === "aggregate"
      ? compiler.aggregate(plan, admitted)
      : compiler.read(plan, admitted, wantsRows(this.#parts, this.#policy), false);
  }
}

/** A call that is made on behalf of one who asks the same. */
class Behalf<Shaped> implements Call<Shaped> {
  readonly #call: Call<Shaped>;
  readonly #asker: Asker;

  constructor(call: Call<Shaped>, asker: Asker) {
    this.#call = call;
    this.#asker = asker;
  }

  get request(): Call<Shaped>["request"] {
    return this.#call.request;
  }

  get principal(): Call<Shaped>["principal"] {
    return this.#call.principal;
  }

  get mark(): Call<Shaped>["mark"] {
    return this.#call.mark;
  }

  get holder(): string | undefined {
    return this.#call.holder;
  }

  get caller(): string {
    return this.#asker.caller;
  }

  get signal(): AbortSignal {
    return this.#asker.signal;
  }

  body(maxBytes: number): ReturnType<Call<Shaped>["body"]> {
    return this.#call.body(maxBytes);
  }

  shape(answer: Answer): Shaped | Promise<Shaped> {
    return this.#call.shape(answer);
  }
}

/** All that a client asks, but how it is remembered. */
function questionOf(question: Call<unknown>["request"]): string {
  const asked = askedAs(question, { recurring: undefined, filling: undefined });
  const members = Object.entries(asked).filter(([, member]) => member !== undefined);
  return spelled(members.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
