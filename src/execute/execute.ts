import { removeTransaction, setResult, setTransaction, setWritten } from "../author/author.ts";
import { goOn, type Later, orElse, within } from "../clock.ts";
import { AT_END, isUndone, type ReadStatement } from "../compile/compile.ts";
import type { Database } from "../dialect/dialect.ts";
import { Both, Gone, HttpError, timeout as late } from "../error.ts";
import type { QueryResult } from "../policy/policy.ts";
import { isResponse, unread } from "../response.ts";
import { insist } from "./insist.ts";
import { runAggregateApart } from "./aggregate.ts";
import { type Meter, type ReadOutcome, runApart, runRead } from "./read.ts";
import { type Asker, isHooked, type Runtime, type Task, type Work } from "./task.ts";
import { runWrite } from "./write.ts";

export type { Meeting, Met } from "./meet.ts";
export type { FoundPage } from "./page.ts";
export { isHooked } from "./task.ts";
export type { Asker, Outside, Riding, Runtime, Task, Telling, Turn, Work } from "./task.ts";
export type { Amid } from "./write.ts";
export { type Explainable, explainStatement } from "./explain.ts";
export { rowsOf } from "./query.ts";
export { type StoredAnswer, StoredAnswers } from "./idempotency.ts";
export { lockRows, type RevisedRow } from "./revise.ts";
export { SearchIndexes } from "./search-indexes.ts";
export { TableSizes, TimeZones, Triggers, typesOfViews } from "./facts.ts";

/** An answer of which nothing is kept, as a hook's `Response` is one: thrown so that the transaction is rolled back. */
export class Ended<Answer = never> {
  readonly answer: Answer | Response;
  constructor(answer: Answer | Response) {
    this.answer = answer;
  }
}

/**
 * Runs a task with its hooks: begin → beforeQuery → statements → afterQuery → afterWrite → answer → commit. A hook's
 * `Response` is the answer. Without hooks, and where nothing asks for one, there is no transaction.
 *
 * @throws what a hook threw, or a refusal for what the database refused.
 */
export function execute<Answer>(runtime: Runtime, task: Task<Answer>): Later<Answer | Response> {
  return orElse(attempt<Answer>, failed<Answer>, runtime, task);
}

function attempt<Answer>(runtime: Runtime, task: Task<Answer>): Later<Answer | Response> {
  const work =
    isHooked(task) || isTold(runtime, task)
      ? transact(runtime, task, runtime.timeout)
      : insist(runtime.dialect, runtime.timeout, (left) => once(runtime, task, left));
  return goOn(work, kept, runtime, task);
}

function kept<Answer>(answer: Answer, { telling }: Runtime, task: Task<unknown>): Answer {
  removeTransaction(task.context);
  task.kept = true;
  telling?.kept([task]);
  return answer;
}

/** What is answered where a task failed, if something is. */
async function failed<Answer>(
  error: unknown,
  runtime: Runtime,
  task: Task<Answer>,
): Promise<Answer | Response> {
  const { context, work } = task;
  try {
    if (error instanceof Ended) return (error as Ended<Answer>).answer;
    if (work.kind === "write" || isHooked(task)) doubt(runtime, error, work.kind);
    if (error instanceof Gone) throw error; // nobody is there to be told anything else
    const answer = await asked(runtime, task, error);
    if (isResponse(answer)) return answer;
    throw runtime.dialect.failure(error, work.kind) ?? error;
  } finally {
    removeTransaction(context);
  }
}

/** Several tasks of one caller that are kept together, or not at all. */
export interface Together<Answer> extends Asker {
  readonly mode: Work["kind"];
  /** Has one task run after the other. What it throws undoes all; where only another transaction was in the way, it is asked again. */
  readonly work: (transaction: Inside) => Promise<Answer>;
}

/** A transaction that several tasks run in. */
export interface Inside {
  readonly database: Database;
  /**
   * Runs a task with its hooks; others may run amid it. A hook's `Response` ends all tasks, and is the answer. `under` puts
   * what it is refused with where it stands in the whole.
   */
  run<Answer>(task: Task<Answer>, under?: Under): Promise<Answer>;
  /** Runs the only task there is: what its `afterQuery` answers is the answer, and all is kept. */
  alone<Answer>(task: Task<Answer>): Promise<Answer | Response>;
  /** Ends all tasks with this answer and undoes them, once what is asked at the end of a transaction was asked. */
  undo(answer: unknown): Promise<never>;
}

/** Puts what was thrown, where it is a refusal, under a place. */
export type Under = (error: unknown) => unknown;

/**
 * Runs several tasks in one transaction, each with its hooks. Whatever is thrown undoes all; the task that it was thrown in
 * is asked about it, as it would be on its own, and then those amid which that ran.
 *
 * @throws what a hook or `work` threw, or a refusal for what the database refused.
 */
export async function executeTogether<Answer>(
  runtime: Runtime,
  together: Together<Answer>,
): Promise<Answer | Response> {
  const { dialect, timeout, turn } = runtime;
  const { mode, work } = together;
  const several = new Several(runtime);
  const once = (left: number): Later<Answer> =>
    turn(together, mode, true, () =>
      dialect.transaction(mode, (database) =>
        within(left, riding(runtime, database, several.begun, work(several.inside(database)))),
      ),
    );
  try {
    const answer = await insist(dialect, timeout, once, () => [...several.begun].some(isHooked));
    for (const task of several.begun) task.kept = true;
    runtime.telling?.kept(several.begun);
    return answer;
  } catch (error) {
    if (error instanceof Ended) return (error as Ended<Answer>).answer;
    doubt(runtime, error, mode);
    if (error instanceof Gone) throw error;
    const answer = await several.asked(error);
    if (isResponse(answer)) return answer;
    throw several.placed(dialect.failure(error, mode) ?? error);
  } finally {
    for (const { context } of several.begun) removeTransaction(context);
  }
}

/** The tasks of one transaction. */
class Several {
  readonly begun = new Set<Task<unknown>>();
  readonly #runtime: Runtime;
  /** Those under way, the innermost last. */
  #running: { readonly task: Task<unknown>; readonly under: Under | undefined }[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The transaction that they run in, for one attempt more. */
  inside(database: Database): Inside {
    this.#running = [];
    return {
      database,
      run: <A>(task: Task<A>, under?: Under) => this.#run(database, task, under, true) as Promise<A>,
      alone: (task) => this.#run(database, task, undefined, false),
      undo: async (answer) => {
        const { dialect } = this.#runtime;
        const atEnd = AT_END[dialect.speaks];
        if (atEnd !== undefined) await dialect.query(database, atEnd.text, atEnd.values);
        throw new Ended(answer);
      },
    };
  }

  async #run<Answer>(
    database: Database,
    task: Task<Answer>,
    under: Under | undefined,
    among: boolean,
  ): Promise<Answer | Response> {
    this.begun.add(task);
    const running = { task, under };
    this.#running.push(running);
    const answer = await around(this.#runtime, database, task, among);
    // Others may have begun meanwhile.
    this.#running.splice(this.#running.lastIndexOf(running), 1);
    return answer;
  }

  /** Asks `onQueryError` of the task that something was thrown in, and then of those amid which that ran. */
  async asked(error: unknown): Promise<unknown> {
    for (const { task } of this.#running.toReversed()) {
      const answer = await asked(this.#runtime, task, error);
      if (isResponse(answer)) return answer;
    }
    return undefined;
  }

  /** A refusal in the place of the task that was refused. */
  placed(refusal: unknown): unknown {
    return this.#running.at(-1)?.under?.(refusal) ?? refusal;
  }
}

/** Whether something tells of a write from within its transaction. */
const isTold = ({ telling }: Runtime, { work }: Task<unknown>): boolean =>
  telling?.ride !== undefined && work.kind === "write";

/** What failed for another reason than that it was refused may have been kept all the same. */
function doubt({ telling, dialect }: Runtime, error: unknown, mode: Work["kind"]): void {
  if (telling === undefined) return;
  const refusal = error instanceof HttpError ? error : dialect.failure(error, mode);
  if (refusal === undefined || refusal.status >= 500) telling.unsure();
}

/** Tells of tasks, once they are done, in the transaction that they run in. */
function riding<T>(
  { telling, dialect }: Runtime,
  database: Database,
  tasks: Iterable<Task<unknown>>,
  work: Promise<T>,
): Promise<T> {
  const ride = telling?.ride;
  if (ride === undefined) return work;
  return work.then(async (answer) => {
    const notice = ride(tasks);
    if (notice === undefined) return answer;
    const [row] = await dialect.query(database, notice.text, notice.values);
    notice.answered?.(row);
    return answer;
  });
}

/**
 * Runs a write that has one statement, which undoes itself where anything of it may not be; `undefined` where it did, so that
 * a transaction has to say why. `unfit` hears that the server does not take it at all.
 *
 * @throws what is no matter of its rows: it took too long, or nobody knows whether it was made.
 */
export async function executeAlone<Answer>(
  runtime: Runtime,
  task: Task<Answer>,
  unfit: () => void,
): Promise<Answer | Response | undefined> {
  const { dialect, timeout } = runtime;
  try {
    return kept(await insist(dialect, timeout, (left) => plainly(runtime, task, left, true)), runtime, task);
  } catch (error) {
    if (isUndone(error)) return undefined;
    const refusal = error instanceof HttpError ? error : dialect.failure(error, "write");
    if (refusal !== undefined && refusal.status < 500) return undefined;
    if (refusal !== undefined || dialect.undoes?.(error) !== true) throw refusal ?? error;
    unfit();
    return undefined;
  } finally {
    removeTransaction(task.context);
  }
}

function once<Answer>(runtime: Runtime, task: Task<Answer>, timeout: number): Later<Answer | Response> {
  const guards = task.work.kind === "write" && task.work.guards === true;
  if (guards) return guarded(runtime, task, timeout);
  return task.atomic ? transact(runtime, task, timeout) : plainly(runtime, task, timeout);
}

/** By a statement that undoes itself where its row does not pass. Why it did not a transaction says, as everywhere. */
async function guarded<Answer>(
  runtime: Runtime,
  task: Task<Answer>,
  timeout: number,
): Promise<Answer | Response> {
  const end = performance.now() + timeout;
  try {
    return await plainly(runtime, task, timeout, true);
  } catch (error) {
    if (!isUndone(error)) throw error;
  }
  return transact(runtime, task, Math.max(1, Math.ceil(end - performance.now())));
}

function plainly<Answer>(
  runtime: Runtime,
  task: Task<Answer>,
  timeout: number,
  alone = false,
): Later<Answer | Response> {
  const { dialect, turn } = runtime;
  // Whether a write was made is not known before its statement has ended, so it is the dialect that gives it up.
  if (task.work.kind === "write") {
    const end = performance.now() + timeout;
    const writing = async (database: Database): Promise<Answer> =>
      finished(task, await run(runtime, database, task, alone));
    return turn(task, "write", false, () =>
      dialect.write(writing, Math.max(1, Math.ceil(end - performance.now()))),
    );
  }
  const { read } = task.work;
  const found = task.apart ? readApart(runtime, task, read, timeout) : inFront(runtime, task, read);
  const asked = told(task.work, found);
  const work = asked as Later<Answer>; // which nothing finishes
  // A statement in this process cannot be interrupted, and a timer would only cost.
  if (!dialect.remote) return work;
  return timeout === runtime.timeout && work instanceof Promise
    ? runtime.limit.within(work)
    : within(timeout, work);
}

/** What a read found, with what it tells of its page. */
function told(
  { tell }: Extract<Work, { readonly kind: "read" }>,
  found: Later<ReadOutcome>,
): Later<QueryResult> {
  return tell === undefined ? (found as Later<QueryResult>) : goOn(found, toldOf, tell); // else of no page
}

const toldOf = (
  { page, ...outcome }: ReadOutcome,
  tell: NonNullable<Extract<Work, { readonly kind: "read" }>["tell"]>,
): QueryResult => ({ ...outcome, page: tell(page!) });

const inFront = (
  { dialect, turn, unreadable }: Runtime,
  asker: Asker & Meter,
  read: ReadStatement,
): Later<ReadOutcome> =>
  turn(asker, "read", false, () =>
    dialect.read((database) => runRead(dialect, database, read, unreadable, asker), asker),
  );

/** Asks the slow lane first, and all others' place for what that cannot answer. */
async function readApart(
  runtime: Runtime,
  task: Task<unknown>,
  read: ReadStatement,
  milliseconds: number,
): Promise<ReadOutcome> {
  const { dialect, unreadable } = runtime;
  const { lane } = dialect;
  if (lane === undefined || read.kind === "portable") return inFront(runtime, task, read);
  const { signal } = task;
  const place = { dialect, lane, unreadable };
  const found = await (read.kind === "fast"
    ? runApart(place, read, task, { milliseconds, signal })
    : runAggregateApart(place, read, task, { milliseconds, signal }));
  if (!("kind" in found)) return found;
  task.apart = false;
  return inFront(runtime, task, found);
}

function run(
  runtime: Runtime,
  database: Database,
  task: Meter & Pick<Task<unknown>, "work" | "context" | "rows" | "sent">,
  alone = false,
): Later<QueryResult> {
  const { work } = task;
  return work.kind === "read"
    ? told(work, runRead(runtime.dialect, database, work.read, runtime.unreadable, task))
    : write(runtime, database, task, work, alone);
}

/** Takes the steps of a write. It has its turn alone, so all of its time is its own. */
async function write(
  { dialect, unreadable, telling }: Runtime,
  database: Database,
  task: Meter & Pick<Task<unknown>, "context" | "rows" | "sent">,
  { write: steps, values, keys, tell, amid }: Extract<Work, { readonly kind: "write" }>,
  alone: boolean,
): Promise<QueryResult> {
  const asked = values();
  const rows = asked instanceof Promise ? await asked : asked;
  if (telling !== undefined) task.rows = rows;
  const began = performance.now();
  try {
    const given = { values: rows, keys, amid, alone, sent: task.sent };
    const { outcome, shown, meeting } = await runWrite(dialect, database, steps, given, unreadable);
    if (meeting !== undefined) tell?.(meeting);
    if (shown !== undefined) setWritten(task.context, shown.written, shown.before);
    return outcome;
  } finally {
    task.took += performance.now() - began;
  }
}

/** The answer of what the work came to. */
function finished<Answer>({ finish }: Task<Answer>, outcome: QueryResult): Answer | Promise<Answer> {
  return finish === undefined ? (outcome as unknown as Answer) : finish(outcome);
}

function transact<Answer>(runtime: Runtime, task: Task<Answer>, timeout: number): Later<Answer | Response> {
  const { dialect, turn } = runtime;
  const { kind } = task.work;
  return turn(task, kind, true, () =>
    dialect.transaction(kind, (tx) =>
      within(timeout, riding(runtime, tx, [task], around(runtime, tx, task))),
    ),
  );
}

/**
 * Asks `onQueryError`. Should it fail itself, what it was asked about is not lost; and what authors throw is theirs, and
 * may be thrown again, so nothing is written to it.
 */
async function asked<Answer>(
  { timeout, outside }: Runtime,
  task: Task<Answer>,
  error: unknown,
): Promise<unknown> {
  const { hooks, context } = task;
  const { onQueryError } = hooks;
  if (onQueryError === undefined) return undefined;
  const tooLate = late(timeout);
  let begun = false;
  const ask = (): unknown => {
    begun = true;
    return onQueryError(error, context) as unknown;
  };
  try {
    return await outside(ask, task, () => tooLate);
  } catch (second) {
    if (!begun) return undefined; // its turn did not come
    const chosen = second === error || (second instanceof HttpError && second !== tooLate);
    throw chosen ? second : new Both(second, error);
  }
}

/** Begin → hooks → commit, without the two ends. `among` others, which an answer of a hook ends as well. */
async function around<Answer>(
  runtime: Runtime,
  tx: Database,
  task: Task<Answer>,
  among = false,
): Promise<Answer | Response> {
  const { hooks, context, afterWrite } = task;
  setTransaction(context, tx);
  const { beforeQuery, afterQuery } = hooks;
  // To wait for nothing costs something as well, and most writes have no hooks.
  const before: unknown = beforeQuery && (await beforeQuery(context));
  if (isResponse(before)) throw new Ended(before);
  const outcome = await run(runtime, tx, task);
  setResult(context, outcome);
  const after: unknown = afterQuery && (await afterQuery(context));
  if (afterWrite !== undefined) await afterWrite(context);
  if (isResponse(after)) {
    if (among) throw new Ended(after);
    return unread(after);
  }
  return finished(task, outcome);
}
