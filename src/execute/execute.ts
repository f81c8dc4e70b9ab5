import { type Context, removeTransaction, setResult, setTransaction } from "../author/author.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { within } from "../clock.ts";
import { Both, HttpError, timeout as late } from "../error.ts";
import type { Hooks, QueryResult } from "../policy/policy.ts";
import { isResponse, unread } from "../response.ts";

/** What runs between begin and commit. */
export interface Task<Outcome, Answer = Outcome> {
  readonly mode: "read" | "write";
  /** Whether the statement needs a transaction of its own, hooks or not. */
  readonly atomic: boolean;
  readonly hooks: Hooks;
  /** The object the hooks are handed; `tx` and `result` are put on it. */
  readonly context: Context;
  readonly statement: (database: Database) => Promise<Outcome>;
  /** Makes the answer of what was written, before it is kept. */
  readonly finish?: (outcome: Outcome) => Answer | Promise<Answer>;
  /** How long the transaction may take, in milliseconds. */
  readonly timeout: number;
  /** Runs what is no part of the transaction. */
  readonly outside: Outside;
}

/** Runs a function of an author that may use the database, beside everybody's transactions. */
export type Outside = <T>(work: () => T | Promise<T>, late?: () => unknown) => T | Promise<T>;

/** A `Response` of `beforeQuery`, thrown so that the transaction is rolled back. */
class Ended {
  readonly response: Response;
  constructor(response: Response) {
    this.response = response;
  }
}

/**
 * Runs a statement with its hooks: begin → beforeQuery → statement → afterQuery → answer → commit. A hook's `Response` is
 * the answer. Without hooks, and where nothing asks for one, there is no transaction.
 *
 * @throws what a hook threw, or a refusal for what the database refused.
 */
export async function execute<Outcome, Answer>(
  dialect: Dialect,
  task: Task<Outcome, Answer>,
): Promise<Answer | Response> {
  const { hooks, context } = task;
  try {
    const hooked = hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined;
    return await (hooked ? transact(dialect, task, task.timeout) : insist(dialect, task));
  } catch (error) {
    if (error instanceof Ended) return error.response;
    const answer = await asked(task, error);
    if (isResponse(answer)) return answer;
    throw dialect.failure(error, task.mode) ?? error;
  } finally {
    removeTransaction(context);
  }
}

/** How often a task is run again when only another transaction stood in its way. */
const RETRIES = 3;
/** The longest pause before the first time, in milliseconds; it doubles each time. */
const PAUSE = 20;

/** Runs a task without hooks, anew where nothing but another transaction made it fail: nothing of it was kept. */
async function insist<Outcome, Answer>(
  dialect: Dialect,
  task: Task<Outcome, Answer>,
): Promise<Answer | Response> {
  const end = performance.now() + task.timeout;
  let left = task.timeout;
  for (let retries = 0; ; retries++) {
    try {
      return await once(dialect, task, left);
    } catch (error) {
      const pause = Math.random() * PAUSE * 2 ** retries;
      left = Math.ceil(end - performance.now() - pause);
      if (retries === RETRIES || left <= 0 || !dialect.retryable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

function once<Outcome, Answer>(
  dialect: Dialect,
  task: Task<Outcome, Answer>,
  timeout: number,
): Promise<Answer | Response> {
  if (task.atomic) return transact(dialect, task, timeout);
  // Whether a write was made is not known before its statement has ended, so it is the dialect that gives it up.
  if (task.mode === "write")
    return dialect.write(async (database) => finished(task, await task.statement(database)), timeout);
  const work = dialect.read(task.statement) as Promise<unknown> as Promise<Answer>; // which nothing finishes
  // A statement in this process cannot be interrupted, and a timer would only cost.
  return dialect.remote ? within(timeout, work) : work;
}

/** The answer of what a statement did; without `finish` it is the outcome. */
function finished<Outcome, Answer>(
  { finish }: Task<Outcome, Answer>,
  outcome: Outcome,
): Answer | Promise<Answer> {
  return finish === undefined ? (outcome as unknown as Answer) : finish(outcome);
}

function transact<Outcome, Answer>(
  dialect: Dialect,
  task: Task<Outcome, Answer>,
  timeout: number,
): Promise<Answer | Response> {
  return dialect.transaction(task.mode, (tx) => within(timeout, around(tx, task)));
}

/**
 * Asks `onQueryError`. Should it fail itself, what it was asked about is not lost; and what authors throw is theirs, and
 * may be thrown again, so nothing is written to it.
 */
async function asked<Outcome, Answer>(
  { hooks: { onQueryError }, context, timeout, outside }: Task<Outcome, Answer>,
  error: unknown,
): Promise<unknown> {
  if (onQueryError === undefined) return undefined;
  const tooLate = late(timeout);
  let begun = false;
  const ask = (): unknown => {
    begun = true;
    return onQueryError(error, context) as unknown;
  };
  try {
    return await outside(ask, () => tooLate);
  } catch (second) {
    if (!begun) return undefined; // its turn did not come
    const chosen = second === error || (second instanceof HttpError && second !== tooLate);
    throw chosen ? second : new Both(second, error);
  }
}

async function around<Outcome, Answer>(
  tx: Database,
  task: Task<Outcome, Answer>,
): Promise<Answer | Response> {
  const { hooks, context, statement } = task;
  setTransaction(context, tx);
  const before: unknown = await hooks.beforeQuery?.(context);
  if (isResponse(before)) throw new Ended(before);
  const outcome = await statement(tx);
  setResult(context, outcome as QueryResult);
  const after: unknown = await hooks.afterQuery?.(context);
  return isResponse(after) ? unread(after) : finished(task, outcome);
}
