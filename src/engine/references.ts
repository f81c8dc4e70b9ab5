import { Buffer } from "node:buffer";
import { Digits, parseJSON } from "../digits.ts";
import { at, invalidValue, quote, tooLarge } from "../error.ts";
import { MASKED } from "../plan/plan.ts";
import type { Operation } from "../request/request.ts";
import type { TableInfo } from "../schema/schema.ts";

/** The key of a map that stands for a value of an earlier answer. */
const REF = "$ref";

type Map = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Map =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);

const isReference = (value: unknown): value is { readonly [REF]: unknown } =>
  isMap(value) && Object.hasOwn(value, REF) && Object.keys(value).length === 1;

/** The answers of a batch so far, as JSON, which later requests refer to. */
export class Answers {
  readonly #texts: string[] = [];
  readonly #values = new Map<number, unknown>();
  readonly #names: ReadonlyMap<string, number>;

  readonly #most: number;
  /** Of the list's first bracket, and of what was added with what stands behind each. */
  #bytes = 1;
  /** The characters of all texts that were referred to. */
  #copied = 0;

  /** What is referred to may have so many characters in all: a few bytes must not stand for many. */
  constructor(operations: readonly Operation[], most: number) {
    this.#most = most;
    this.#names = new Map(operations.flatMap(({ as }, index) => (as === undefined ? [] : [[as, index]])));
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#bytes += Buffer.byteLength(text) + 1;
  }

  /** All of them. */
  get json(): string {
    return `[${this.#texts.join(",")}]`;
  }

  /** How many bytes that text has; counted as answers are added. */
  get length(): number {
    return this.#bytes;
  }

  /**
   * The value that a reference leads to: an answer by its name or place, then the members of it. Of a list with one row
   * its place may be left out.
   *
   * @throws QueryError `invalid-value`, or `too-large`.
   */
  resolve(reference: unknown, path: string): unknown {
    if (typeof reference !== "string") throw invalidValue("`$ref` takes a text", path, EXAMPLE);
    const [name = "", ...steps] = reference.split(".");
    let value = this.#answer(name, path);
    for (const step of steps) value = memberOf(value, step, path);
    if (
      steps.length === 0 ||
      value === undefined ||
      (typeof value === "object" && value !== null && !(value instanceof Digits))
    )
      throw invalidValue(`${quote(reference)} is no value of an earlier answer`, path, EXAMPLE);
    if (typeof value === "string" || value instanceof Digits) this.#copied += String(value).length;
    if (this.#copied > this.#most) throw tooLarge(this.#most);
    return value;
  }

  #answer(name: string, path: string): unknown {
    const index = /^\d{1,4}$/.test(name) ? Number(name) : this.#names.get(name);
    const text = index === undefined ? undefined : this.#texts[index];
    if (index === undefined || text === undefined)
      throw invalidValue(`${quote(name)} names no earlier request`, path, EXAMPLE);
    if (!this.#values.has(index))
      this.#values.set(
        index,
        parseJSON(text, () => undefined),
      );
    return this.#values.get(index);
  }
}

const EXAMPLE = 'write { "$ref": "p.posts.id" }: its name or place, then the way to the value';

/** A member of an answer. What is masked is no value, whatever stands there. */
function memberOf(value: unknown, step: string, path: string): unknown {
  if (Array.isArray(value)) {
    if (/^\d+$/.test(step)) return value[Number(step)] as unknown;
    if (value.length !== 1)
      throw invalidValue(
        `a reference to one of ${value.length} rows says which`,
        path,
        "write its place, from 0",
      );
    return memberOf(value[0], step, path);
  }
  if (!isMap(value) || !Object.hasOwn(value, step)) return undefined;
  const masked = value[MASKED];
  if (Array.isArray(masked) && masked.includes(step))
    throw invalidValue(`${quote(step)} is masked on that row`, path);
  return value[step];
}

/** Whether something may refer to earlier answers: it is looked at deep, and what is data after all does no harm. */
export function refers(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(refers);
  return isMap(value) && (isReference(value) || Object.values(value).some(refers));
}

/**
 * A body with the values that its references lead to, also in what it says of rows that are written with its own. Inside of
 * JSON columns they are data.
 */
export function bodyWith(value: unknown, table: TableInfo, answers: Answers, path = ""): unknown {
  if (isReference(value)) return answers.resolve(value[REF], path);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => bodyWith(item, table, answers, at(path, index)));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const column = table.columns.get(key) ?? table.columns.get(key.split(".", 1)[0]!);
      if (column?.kind === "json") return [key, member];
      const target = column === undefined ? table.relations.get(key)?.target : undefined;
      const read = target === undefined ? bodyWith : wishWith;
      return [key, read(member, target ?? table, answers, at(path, key))];
    }),
  );
}

/** The same of what a body says of other rows. Of a change `where` and `body` are words, and no columns of its table. */
function wishWith(value: unknown, table: TableInfo, answers: Answers, path: string): unknown {
  if (!isMap(value) || !Array.isArray(value["update"])) return bodyWith(value, table, answers, path);
  const { update, ...others } = value;
  const changed = (update as unknown[]).map((change, index) => {
    const place = at(at(path, "update"), index);
    if (!isMap(change)) return bodyWith(change, table, answers, place);
    const parts = Object.entries(change);
    return Object.fromEntries(
      parts.map(([word, part]) => [word, bodyWith(part, table, answers, at(place, word))]),
    );
  });
  return { ...(bodyWith(others, table, answers, path) as Map), update: changed };
}

/** An operand of a filter, or each of a list of them, as {@link bodyWith} has a value of a column. */
export function operandWith(operand: unknown, path: string, answers: Answers): unknown {
  if (isReference(operand)) {
    const value = answers.resolve(operand[REF], path);
    if (value !== null) return value;
    // Whoever asks for the rows of a value that is missing does not mean all rows that lack one.
    throw invalidValue("the value that is referred to is null", path, "write null itself where it is meant");
  }
  if (!Array.isArray(operand)) return operand;
  return operand.map((item: unknown, index) => operandWith(item, at(path, index), answers));
}
