import { Buffer } from "node:buffer";
import {
  type Body,
  type Context,
  readParams,
  removeTransaction,
  setParams,
  setTransaction,
} from "../author/author.ts";
import { HttpError, invalidBody, tooLarge, tooLargeAnswer } from "../error.ts";
import { Ended, type Inside } from "../execute/execute.ts";
import { type Shared, Spent } from "../plan/plan.ts";
import type { NodePolicy, Policy } from "../policy/policy.ts";
import { type Operation, readBatch, traitsOf } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { SearchIndex } from "../search/search.ts";
import type { Answer, Call, Parts } from "./call.ts";
import { inLine, Line } from "./line.ts";
import { assertNested } from "./nested-rights.ts";
import { insideOf, Part } from "./part.ts";
import { prepareRead } from "./read.ts";
import { askedAlone, refuseAffected, tellDryRun } from "./prefer.ts";
import { Answers, bodyWith, operandWith, refers } from "./references.ts";
import { counted } from "./turns.ts";
import { perform, prepareWrite, type Ready } from "./write.ts";
import { rowsIn } from "./write-task.ts";

/** What a request of a batch asks, and for whom. */
export type Asking = Pick<Call<unknown>, "request" | "principal">;

/** A list of requests on its way, for whoever sends it. */
export interface BatchCall extends Call<unknown> {
  /** The most requests it may have. */
  readonly most: number;
  /** Reads RJSON text of a question, at a path. */
  readText(text: string, path: string): unknown;
  /** The text of one answer, as it would be sent; a `Response` where a formatter gave one. */
  shapePart(answer: Answer, part: Asking): string | Response | Promise<string | Response>;
}

/**
 * Runs a list of requests in one transaction, in their order, each as it would be on its own: the list of their answers.
 * The first refusal undoes all.
 */
export async function batch(parts: Parts, call: BatchCall): Promise<string | Response> {
  const { turns, pace, policies } = parts;
  turns.inFlight.assertRoom(call); // before a body is read for nothing
  const sent = await counted(turns.bodies, call, () => call.body(policies.limits.maxBodySize));
  return counted(turns.inFlight, call, async () => {
    await pace.othersFirst(call);
    return new Batch(parts, call, sent).answer();
  });
}

/** A request whose rule is known, and which waits for what it refers to. */
type Late = (parts: Parts, shared: Shared, answers: Answers, tx: unknown) => Promise<Ready<string>>;

/** Requests that are kept together, or not at all. */
class Batch {
  readonly #parts: Parts;
  readonly #call: BatchCall;
  readonly #operations: readonly Operation[];
  readonly #spent = new Spent();
  /** The place of the request that something is done for, and not for all of them. */
  #place: number | undefined;
  /** The rows that were written, which the client may bound. */
  #affected = 0;
  /** Those that have run, or were to. */
  #begun: Ready<string>[] = [];

  constructor(parts: Parts, call: BatchCall, sent: Body) {
    this.#parts = parts;
    this.#call = call;
    this.#operations = readBatch(sent.value, call.most, (text, path) => call.readText(text, path));
  }

  /** @throws HttpError of the first request that is refused, its place at the beginning of the path. */
  async answer(): Promise<string | Response> {
    tellDryRun(this.#call);
    try {
      const answer = await perform(this.#parts, this.#call, {
        role: this.#call.keyed === undefined ? "" : await this.#roles(),
        prepare: () => this.#prepareAll(),
        rights: () => this.#assertNested(),
      });
      this.#call.mark("execute");
      return answer as string | Response;
    } catch (error) {
      const placed = error instanceof HttpError && this.#place !== undefined;
      throw placed ? error.under(String(this.#place)) : error;
    }
  }

  /** Does something for each request. */
  async #each<T>(work: (operation: Operation) => Promise<T>): Promise<readonly T[]> {
    const done: T[] = [];
    for (const [index, operation] of this.#operations.entries()) {
      this.#place = index;
      done.push(await work(operation));
    }
    this.#place = undefined;
    return done;
  }

  /** Finds the rules of all requests: the roles that they apply for. */
  async #roles(): Promise<string> {
    const roles = await this.#each(async (operation) => {
      const { request, principal } = this.#part(operation);
      await this.#parts.policies.resolve(request, principal);
      return principal.context.role;
    });
    return JSON.stringify(roles);
  }

  /** Finds the rules of what the bodies say of other rows. */
  async #assertNested(): Promise<void> {
    await this.#each(async (operation) => {
      const part = this.#part(operation);
      const { request, principal, sent } = part;
      if (sent === undefined) return;
      const policy = await this.#parts.policies.resolve(request, principal);
      await assertNested(this.#parts, part, policy, sent, traitsOf(request.method).action === "update");
    });
  }

  async #prepareAll(): Promise<Ready<string>> {
    const prepared = await this.#each((operation) => this.#prepare(operation));
    this.#call.mark("plan");
    return {
      mode: this.#operations.every(({ method }) => !traitsOf(method).writes) ? "read" : "write",
      run: (inside) => this.#runInside(inside, prepared),
      settle: () => this.#begun.forEach((ready) => ready.settle()),
    };
  }

  async #runInside(inside: Inside, prepared: readonly (Ready<string> | Late)[]): Promise<string> {
    const { maxBodySize, maxAnswerSize } = this.#parts.policies.limits;
    const answers = new Answers(this.#operations, maxBodySize);
    const shared: Shared = {
      spent: Object.assign(new Spent(), this.#spent),
      refer: (operand, path) => operandWith(operand, path, answers),
    };
    const parts = insideOf(this.#parts);
    this.#begun = [];
    this.#affected = 0;
    const line = new Line<string>(async (answer, place) => {
      this.#place = place;
      answers.add(await answer);
      if (answers.length > maxAnswerSize) throw tooLargeAnswer(maxAnswerSize);
    });
    try {
      for (const [index, one] of prepared.entries()) {
        const sending = typeof one === "function" ? undefined : inLine(parts, one);
        if (sending === undefined) await line.told();
        this.#place = index;
        const ready = typeof one === "function" ? await one(parts, shared, answers, inside.database) : one;
        this.#begun.push(ready);
        line.join(ready.run(inside));
        if (sending?.sent !== true) await line.told();
      }
      await line.told();
    } finally {
      await line.ended();
    }
    this.#place = undefined;
    refuseAffected(this.#call.request.prefer, this.#affected);
    return answers.json;
  }

  /** All that can be said of a request before any has run: of one that refers to others, its rule. */
  async #prepare(operation: Operation): Promise<Ready<string> | Late> {
    const { policies } = this.#parts;
    const { body, select } = operation;
    const part = this.#part(operation);
    const { request, principal } = part;
    const policy = await policies.resolve(request, principal);
    if (policies.declared.names(operation.resource) !== undefined)
      setParams(principal.context, await readParams(policies.parameters(request, principal), NONE));
    this.#count(operation, policy);
    if (!refers(body) && !refers(select))
      return this.#ready(this.#parts, policy, part, { spent: this.#spent });
    await askAhead(this.#parts, policy, select);
    return (parts, shared, answers, tx) =>
      withTransaction(principal.context, tx, () => {
        part.sent = bodyOf({
          ...operation,
          ...(body !== undefined && { body: bodyWith(body, policy.table, answers) }),
        });
        return this.#ready(parts, policy, part, shared);
      });
  }

  #part(operation: Operation): Part<string> {
    const request = askedAlone(this.#parts.plans.request(operation), this.#call);
    const part: Part<string> = new Part(this.#call, request, async (answer) => {
      this.#affected += answer.outcome.rowsAffected ?? 0;
      return textOf(await this.#call.shapePart(answer, part));
    });
    part.sent = bodyOf(operation);
    return part;
  }

  #ready(parts: Parts, policy: Policy, part: Part<string>, shared: Shared): Promise<Ready<string>> {
    const { request } = part;
    return !traitsOf(request.method).writes
      ? prepareRead(parts, policy, part, shared)
      : prepareWrite(parts, parts.plans.write(policy, request, request, shared), part.sent, part, shared);
  }

  /** Counts the rows of all bodies, and the bytes of each. */
  #count(operation: Operation, { limits: { maxRows, maxBodySize } }: Policy): void {
    const { body } = operation;
    if (body === undefined) return;
    const rows = (this.#spent.rows += rowsIn(body));
    if (rows > maxRows) throw invalidBody(`${rows} rows together exceed ${maxRows}`);
    if (maxBodySize < this.#parts.policies.limits.maxBodySize && sizeOf(body) > maxBodySize)
      throw tooLarge(maxBodySize);
  }
}

/** Has an author's functions find the transaction while a request is made ready in it. */
async function withTransaction<T>(context: Context, tx: unknown, work: () => Promise<T>): Promise<T> {
  setTransaction(context, tx);
  try {
    return await work();
  } finally {
    removeTransaction(context);
  }
}

/** The text of an answer. A `Response` that is no JSON, or says that something failed, ends the batch. */
async function textOf(answer: string | Response): Promise<string> {
  if (!isResponse(answer)) return answer;
  if (!answer.ok || !/^application\/json\b/i.test(answer.headers.get("content-type") ?? ""))
    throw new Ended(answer);
  const text = await answer.text();
  if (!isJSON(text)) throw new Ended(new Response(text === "" ? null : text, answer));
  return text;
}

/** What says that it is JSON may be none, and then no list would be. */
function isJSON(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The body of a request, whose numbers keep all their digits. */
const bodyOf = ({ body }: Operation): Body | undefined =>
  body === undefined ? undefined : { value: body, form: false, digits: true, spent: 0 };

const NONE: ReadonlyMap<string, string> = new Map();

/** The bytes of a body as JSON. */
const sizeOf = (body: unknown): number => Buffer.byteLength(JSON.stringify(body) ?? "");

/** Has the database asked what it could not be asked later, while a transaction is open. */
async function askAhead({ triggers, indexes }: Parts, policy: Policy, select: unknown): Promise<void> {
  await triggers.has(policy.table);
  if (names(select, "search")) await indexes.need([...indexesOf(policy, policy.limits.maxDepth)]);
}

/** Whether a tree has a key anywhere. */
const names = (tree: unknown, key: string): boolean =>
  typeof tree === "object" &&
  tree !== null &&
  (Object.hasOwn(tree, key) || Object.values(tree).some((part) => names(part, key)));

/** The indexes of words that a question under a rule may use. */
function* indexesOf(
  { search, relations }: NodePolicy,
  depth: number,
): Iterable<{ readonly index: SearchIndex }> {
  if (search !== undefined) yield { index: search };
  if (depth > 0) for (const relation of relations.values()) yield* indexesOf(relation, depth - 1);
}
