import { IdempotencyStatements, type OwnedKey } from "../compile/compile.ts";
import { HttpError, idempotencyMismatch, invalidValue, tooLargeToStore } from "../error.ts";
import {
  executeTogether,
  type Inside,
  type Runtime,
  type StoredAnswer,
  StoredAnswers,
} from "../execute/execute.ts";
import { isResponse } from "../response.ts";
import type { Call, Keyed, Parts } from "./call.ts";
import type { Policies } from "./policies.ts";
import type { Ready } from "./write.ts";

/** Where the answers of writes are stored, for how many milliseconds, and how many bytes one may have. */
export interface IdempotencyOptions {
  readonly table: unknown;
  readonly maxAge: number;
  readonly maxSize: number;
}

/** The same, checked. */
export interface Idempotency {
  readonly answers: StoredAnswers;
  readonly maxSize: number;
}

/** @throws Error for what is no table of stored answers, and for one that clients could reach. */
export function readIdempotency(
  { table, maxAge, maxSize }: IdempotencyOptions,
  { database, busyTimeout }: { readonly database: unknown; readonly busyTimeout: number },
  runtime: Runtime,
  policies: Policies,
): Idempotency {
  const statements = new IdempotencyStatements(table, database);
  refuseReachable(table, policies);
  return { answers: new StoredAnswers(statements, runtime, { maxAge, busyTimeout }), maxSize };
}

/** What others were answered is nobody's to ask for. */
function refuseReachable(table: unknown, { registry, tables }: Policies): void {
  const mistake = (how: string): Error =>
    new Error(`idempotency.table: ${how}, so that callers could reach each other's answers`);
  for (const [resource, methods] of registry)
    for (const rules of methods.values())
      for (const policy of rules.values())
        if (policy.table.table === table) throw mistake(`acl.${resource} is about it`);
  for (const { name, relations } of tables)
    for (const relation of relations.values())
      if (relation.target.table === table)
        throw mistake(`the relation \`${relation.name}\` of ${name} leads to it`);
}

/** A write under a key: who sends it, and what `work` it is. */
export interface Once<Shaped> {
  readonly call: Call<Shaped>;
  readonly keyed: Keyed<Shaped>;
  /** The role, or the roles, of the rules that were found for it. */
  readonly role: string;
  /** Finds what other rules it needs; refuses for one that there is not any more. */
  readonly rights?: (() => Promise<void>) | undefined;
  /** Makes it ready to run. */
  readonly prepare: () => Promise<Ready<Shaped>>;
}

/**
 * Does a write that was sent under a key, or answers what it was answered before. Its rules have been found, so no answer
 * outlives the right to it. The key is taken first in the transaction of the write: of several who come at once one
 * writes, and the others wait, and are answered alike.
 *
 * @throws QueryError `invalid-value` for a key of nobody, `idempotency-mismatch`, `busy` for who waited too long.
 */
export async function once<Shaped>(parts: Parts, write: Once<Shaped>): Promise<Shaped | Response> {
  const attempt = new Attempt(parts, write);
  const known = await attempt.known();
  if (known !== undefined) return known;
  const ready = await attempt.ready();
  if (isResponse(ready)) return ready;
  try {
    await parts.pace.othersFirst(write.call);
    return await attempt.run(ready);
  } finally {
    ready.settle();
  }
}

/** One try of a write under a key. */
class Attempt<Shaped> {
  readonly #parts: Parts;
  readonly #write: Once<Shaped>;
  readonly #idempotency: Idempotency;
  readonly #key: OwnedKey;
  readonly #request: string;
  /** Whether what is to become of the key was settled in the transaction that is answered. */
  #settled = false;

  constructor(parts: Parts, write: Once<Shaped>) {
    const { key, caller } = write.keyed;
    if (caller === undefined) throw nobodys();
    this.#parts = parts;
    this.#write = write;
    this.#idempotency = parts.idempotency!;
    this.#key = { caller, key };
    this.#request = write.keyed.request(write.role);
  }

  /** What was answered before. */
  async known(): Promise<Response | undefined> {
    const { call, rights } = this.#write;
    const stored = await this.#idempotency.answers.find(call, this.#key);
    if (stored === undefined) return undefined;
    const answer = this.#replay(stored);
    await rights?.();
    return answer;
  }

  /**
   * Makes the write ready. Functions of the author may refuse it for what it has done itself, where another like it came
   * before: that one is looked for once more.
   */
  async ready(): Promise<Ready<Shaped> | Response> {
    try {
      return await this.#write.prepare();
    } catch (error) {
      const refused = error instanceof HttpError && error.status < 500;
      const known = refused ? await this.known() : undefined;
      if (known !== undefined) return known;
      throw error;
    }
  }

  async run(ready: Ready<Shaped>): Promise<Shaped | Response> {
    const { alone } = ready;
    const work = (inside: Inside): Promise<Shaped | Response> =>
      alone === undefined ? ready.run(inside) : inside.alone(alone);
    const answer = await this.#transact(work);
    // A hook whose answer undid everything has answered nevertheless, and is not to be asked again.
    return this.#settled ? answer : this.#transact(() => Promise.resolve(answer));
  }

  /** Does work in a transaction that has taken the key, and stores its answer there. */
  #transact(work: (inside: Inside) => Promise<Shaped | Response>): Promise<Shaped | Response> {
    const { caller, signal } = this.#write.call;
    const { answers } = this.#idempotency;
    return executeTogether<Shaped | Response>(this.#parts.runtime, {
      caller,
      signal,
      mode: "write",
      work: async (inside) => {
        this.#settled = false;
        const stored = await answers.claim(inside.database, this.#key, this.#request);
        const answer =
          stored === undefined ? await this.#keep(inside, await work(inside)) : this.#replay(stored);
        this.#settled = true;
        return answer;
      },
    });
  }

  /** Stores an answer, or gives the key back for one that is not stored; gives what is to be sent. */
  async #keep({ database }: Inside, answer: Shaped | Response): Promise<Shaped | Response> {
    const { answers, maxSize } = this.#idempotency;
    const packed = await this.#write.keyed.pack(answer, maxSize);
    if (packed === undefined) {
      await answers.release(database, this.#key);
      return answer;
    }
    if (packed.size > maxSize) throw tooLargeToStore(maxSize);
    await answers.keep(database, this.#key, packed.text);
    return packed.answer;
  }

  #replay({ request, answer }: StoredAnswer): Response {
    if (request !== this.#request) throw idempotencyMismatch();
    return this.#write.keyed.unpack(answer);
  }
}

const nobodys = (): HttpError =>
  invalidValue(
    "an idempotency key belongs to a caller, and it is not known who asks",
    "Idempotency-Key",
    "sign in, or send the request without it",
  );
