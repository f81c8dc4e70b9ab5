import type { Row } from "./model.ts";
import { refuse, Refused } from "./oracle-values.ts";
import { answerTo, type Question } from "./policy-oracle.ts";
import type { FileSpec, Method } from "./policy-rules.ts";
import { type Caller, resolve, rolesOf } from "./policy-seat.ts";
import { isByRows } from "./policy-refusals.ts";
import { type Conflict, upsert, type Upserting } from "./policy-upserts.ts";
import { NOW, outcomeOf, type Writing } from "./policy-writes.ts";
import { type House, HOUSE_TABLES } from "./written-once.ts";

// The chapter on batches once more: requests in their order over rows in memory, each as it would be on its own.

/** A request of a batch; its body and its filter may hold references. */
export interface Operation extends Omit<Question, "cursor" | "countFiltered" | "aggregate"> {
  readonly method: Method;
  readonly body?: unknown;
  readonly versions?: NonNullable<Writing["versions"]>;
  readonly onConflict?: Conflict;
  /** Its name for references. */
  readonly as?: string;
}

/** What must come of one request. */
export interface Answer {
  readonly body: Row;
  /** Rows whose order, or whose relations' order, means nothing. */
  readonly order: "of rows" | "none" | "open";
  /** Whether the rows at the top are in the order in which they were sent. */
  readonly asSent?: true;
}

/** What must come of a bigger write. */
export type Bigger =
  | {
      readonly refused: string;
      /** The place of the request that is refused. */
      readonly at: number;
      /** Requests that refer to others, and may be refused before these have run: what they ask is read, not planned. */
      readonly or: readonly number[];
    }
  | { readonly open: true }
  | { readonly house: House; readonly answers: readonly Answer[] };

/** How the contract is read: the laws must notice a reader who errs. */
export interface Reading {
  /** Whether a request sees what those before it wrote. */
  readonly sees: boolean;
  /** Whether of what is refused nothing stays. */
  readonly undoes: boolean;
  /** Whether a reference may lead to what is masked. */
  readonly unmasks: boolean;
  /** Whether a change among several is judged by its rule. */
  readonly judges: boolean;
}

export const CONTRACT: Reading = { sees: true, undoes: true, unmasks: false, judges: true };

/** Readers who err. */
export const FAULTS: Readonly<Record<string, Reading>> = {
  "sees no writes": { ...CONTRACT, sees: false },
  "keeps what ran before a refusal": { ...CONTRACT, undoes: false },
  "lets a reference lead to what is masked": { ...CONTRACT, unmasks: true },
  "leaves out what a rule refuses": { ...CONTRACT, judges: false },
};

/** Where and when it is asked. */
export interface Scene {
  readonly file: FileSpec;
  readonly house: House;
  readonly caller: Caller;
  /** The time of what is deleted now. */
  readonly now: Date;
}

/** What the contract says must come of requests that are kept together. */
export function outcomeOfBatch(
  scene: Scene,
  operations: readonly Operation[],
  reading: Reading = CONTRACT,
): Bigger {
  const or = operations.flatMap((operation, i) => (refers(operation) ? [i] : []));
  for (const [at, operation] of operations.entries()) {
    const why = refusedAhead(scene, operation);
    if (why !== undefined) return { refused: why, at, or };
  }
  const answers: Answer[] = [];
  let { house } = scene;
  for (const [at, operation] of operations.entries()) {
    const done = afterOthers({ ...scene, house: reading.sees ? house : scene.house }, operation, {
      operations,
      answers,
      reading,
    });
    if ("open" in done) return done;
    if ("refused" in done) {
      if (reading.undoes || at === 0) return { ...done, at, or };
      return { house, answers };
    }
    answers.push(done.answer);
    house = done.house;
  }
  return { house, answers };
}

/** What is refused before any request has run: of one that refers to others, that no rule is for the caller. */
function refusedAhead(scene: Scene, operation: Operation): string | undefined {
  const { file, caller } = scene;
  const { resource, method, scope } = operation;
  const found = resolve(file, resource, method, rolesOf(caller), scope);
  if (found === undefined) return "no rule";
  if (method === "GET" && found.rule.select === undefined) return "nothing is let out";
  if (refers(operation)) return undefined;
  const done = single(scene, operation);
  return "refused" in done && !isByRows(done.refused) ? done.refused : undefined;
}

type Single =
  | { readonly refused: string }
  | { readonly open: true }
  | { readonly house: House; readonly answer: Answer };

/** One request on its own. */
export function single({ file, house, caller, now }: Scene, { method, ...asked }: Operation): Single {
  if (method === "GET") {
    const answer = answerTo(file, house, caller, asked);
    if (answer === undefined) return { house, answer: { body: {}, order: "open" } };
    if ("refused" in answer) return { refused: answer.why ?? "" };
    return { house, answer: { body: answer.body as Row, order: "of rows" } };
  }
  if (asked.onConflict !== undefined) return upserted({ file, house, caller, now }, asked as Upserting);
  const outcome = outcomeOf(file, house, caller, { method, ...asked });
  if ("refused" in outcome) return outcome;
  const { rows, answer, total } = outcome;
  return {
    house: dated(outcome.house, now),
    answer: {
      body: {
        rowsAffected: rows.length,
        count: rows.length,
        ...(asked.countTotal === true && { total }),
        ...(answer !== undefined && answer !== "open" && { [asked.resource]: answer }),
      },
      order: answer === "open" ? "open" : "none",
    },
  };
}

function upserted({ file, house, caller }: Scene, asked: Upserting): Single {
  try {
    const done = upsert(file, house, caller, asked);
    const { affected, inserted, answer } = done;
    const rows = answer !== undefined && answer !== "open" && { [asked.resource]: answer };
    const body = { rowsAffected: affected, inserted, count: affected, ...rows };
    return { house: done.house, answer: { body, order: answer === "open" ? "open" : "none", asSent: true } };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** Rows that were deleted now have a time. */
const dated = (house: House, now: Date): House =>
  Object.fromEntries(
    HOUSE_TABLES.map((table) => [
      table,
      house[table].map((row) => (row["deletedAt"] === NOW ? { ...row, deletedAt: now } : row)),
    ]),
  ) as unknown as House;

// --- references ------------------------------------------------------------------------------------------------------

/** The requests so far, and their answers. */
export interface Others {
  readonly operations: readonly Operation[];
  readonly answers: readonly Answer[];
  readonly reading: Reading;
}

const isMap = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isReference = (value: unknown): value is { readonly $ref: unknown } =>
  isMap(value) && Object.keys(value).join() === "$ref";

/** Whether a request refers to others. */
export const refers = ({ body, selector }: Operation): boolean =>
  JSON.stringify([body, selector?.where]).includes('{"$ref":');

/** A value that stands open, as the contract does not say in which order rows are. */
class Unknown extends Error {}

/** One request of several, once what it refers to is known. */
export function afterOthers(scene: Scene, operation: Operation, others: Others): Single {
  try {
    const { body, selector } = operation;
    const resolved: Operation = {
      ...operation,
      ...(body !== undefined && { body: filled(body, others) }),
      ...(selector?.where !== undefined && {
        selector: { ...selector, where: filled(selector.where, others, operand) },
      }),
    };
    const done = single(scene, resolved);
    if (others.reading.judges || !("refused" in done) || !isByRows(done.refused)) return done;
    return { house: scene.house, answer: { body: {}, order: "open" } };
  } catch (error) {
    if (error instanceof Unknown) return { open: true };
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** A value with those that its references lead to. */
function filled(value: unknown, others: Others, read = referred): unknown {
  if (isReference(value)) return read(value.$ref, others);
  if (Array.isArray(value)) return value.map((inner) => filled(inner, others, read));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, others, read)]));
}

/** Of a filter: rows of a value that is missing are not all rows that lack one. */
const operand = (reference: unknown, others: Others): unknown =>
  referred(reference, others) ?? refuse("no value to compare with");

function referred(reference: unknown, { operations, answers, reading }: Others): unknown {
  if (typeof reference !== "string") return refuse("a reference is a text");
  const [name = "", ...steps] = reference.split(".");
  const place = /^\d+$/.test(name) ? Number(name) : operations.findIndex(({ as }) => as === name);
  const answer = answers[place] ?? refuse(`no answer ${name}`);
  if (answer.order === "open") throw new Unknown();
  let value: unknown = answer.body;
  for (const step of steps) {
    if (Array.isArray(value)) {
      if (value.length > 1 && answer.order === "none") throw new Unknown();
      if (/^\d+$/.test(step)) {
        value = value[Number(step)];
        continue;
      }
      if (value.length !== 1) refuse("one of several");
      value = value[0];
    }
    value = memberOf(value, step, reading);
  }
  const isValue = value !== undefined && (typeof value !== "object" || value === null);
  return isValue && steps.length > 0 ? value : refuse("no value");
}

function memberOf(value: unknown, step: string, { unmasks }: Reading): unknown {
  if (!isMap(value) || !Object.hasOwn(value, step)) return refuse(`no ${step}`);
  const masked = (value["$masked"] ?? []) as readonly string[];
  return masked.includes(step) && !unmasks ? refuse(`${step} is masked`) : value[step];
}
