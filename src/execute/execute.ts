import type { Database, Dialect } from "../dialect/dialect.ts";
import { within } from "../deadline.ts";
import type { Hooks } from "../policy/policy.ts";

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
  const { hooks, context, mode } = task;
  try {
    if (hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined || task.atomic) {
      return await dialect.transaction(mode, (tx) => within(task.timeout, around(tx, task)));
    }
    const work = mode === "read" ? dialect.read(task.statement) : dialect.write(task.statement);
    // A statement in this process cannot be interrupted, and a timer would only cost.
    return await (dialect.remote ? within(task.timeout, work) : work);
  } catch (error) {
    if (error instanceof Ended) return error.response;
    const answer = await within(task.timeout, asked(hooks, error, context));
    if (answer instanceof Response) return answer;
    throw dialect.failure(error) ?? error;
  } finally {
    delete context["tx"];
  }
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
  if (before instanceof Response) throw new Ended(before);
  const outcome = await statement(tx);
  context["result"] = outcome;
  const after: unknown = await hooks.afterQuery?.(context);
  return after instanceof Response ? after : outcome;
}
