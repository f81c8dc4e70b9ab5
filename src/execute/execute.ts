import type { Database, Dialect } from "../dialect/dialect.ts";
import { within } from "../deadline.ts";
import type { Hooks } from "../policy/policy.ts";
import { isResponse } from "../response.ts";

/** What runs between begin and commit. */
export interface Task<Outcome> {
  readonly mode: "read" | "write";
  /** Whether the statement needs a transaction of its own, hooks or not. */
  readonly atomic: boolean;
  readonly hooks: Hooks;
  /** The object the hooks are handed; `tx` and `result` are put on it. */
  readonly context: Record<string, unknown>;
  readonly statement: (database: Database) => Promise<Outcome>;
  /** How long the transaction may take, in milliseconds. */
  readonly timeout: number;
}

/** A `Response` of `beforeQuery`, thrown so that the transaction is rolled back. */
class Ended {
  readonly response: Response;
  constructor(response: Response) {
    this.response = response;
  }
}

/**
 * Runs a statement with its hooks: begin → beforeQuery → statement → afterQuery → commit. A hook's `Response` is the
 * answer. Without hooks, and where nothing asks for one, there is no transaction.
 *
 * @throws what a hook threw, or a refusal for what the database refused.
 */
export async function execute<Outcome>(dialect: Dialect, task: Task<Outcome>): Promise<Outcome | Response> {
  const { hooks, context } = task;
  try {
    const hooked = hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined;
    return await (hooked ? transact(dialect, task, task.timeout) : insist(dialect, task));
  } catch (error) {
    if (error instanceof Ended) return error.response;
    const answer = await within(task.timeout, asked(hooks, error, context));
    if (isResponse(answer)) return answer;
    throw dialect.failure(error) ?? error;
  } finally {
    delete context["tx"];
  }
}

/** How often a task is run again when only another transaction stood in its way. */
const RETRIES = 3;
/** The longest pause before the first time, in milliseconds; it doubles each time. */
const PAUSE = 20;

/** Runs a task without hooks, anew where nothing but another transaction made it fail: nothing of it was kept. */
async function insist<Outcome>(dialect: Dialect, task: Task<Outcome>): Promise<Outcome | Response> {
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

function once<Outcome>(dialect: Dialect, task: Task<Outcome>, timeout: number): Promise<Outcome | Response> {
  if (task.atomic) return transact(dialect, task, timeout);
  // Whether a write was made is not known before its statement has ended, so it is the dialect that gives it up.
  if (task.mode === "write") return dialect.write(task.statement, timeout);
  const work = dialect.read(task.statement);
  // A statement in this process cannot be interrupted, and a timer would only cost.
  return dialect.remote ? within(timeout, work) : work;
}

function transact<Outcome>(
  dialect: Dialect,
  task: Task<Outcome>,
  timeout: number,
): Promise<Outcome | Response> {
  return dialect.transaction(task.mode, (tx) => within(timeout, around(tx, task)));
}

/** Asks `onQueryError`; should it throw itself, what it was asked about is not lost. */
async function asked({ onQueryError }: Hooks, error: unknown, context: unknown): Promise<unknown> {
  try {
    return (await onQueryError?.(error, context)) as unknown;
  } catch (second) {
    if (second instanceof Error && second !== error) second.cause ??= error;
    throw second;
  }
}

async function around<Outcome>(
  tx: Database,
  { hooks, context, statement }: Task<Outcome>,
): Promise<Outcome | Response> {
  context["tx"] = tx;
  const before: unknown = await hooks.beforeQuery?.(context);
  if (isResponse(before)) throw new Ended(before);
  const outcome = await statement(tx);
  context["result"] = outcome;
  const after: unknown = await hooks.afterQuery?.(context);
  return isResponse(after) ? after : outcome;
}
