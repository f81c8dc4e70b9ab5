import type { Row } from "./model.ts";
import { Open, refuse, Refused } from "./oracle-values.ts";
import { newRow, valuesOf, writableOf } from "./policy-bodies.ts";
import { LIMITS, planNode } from "./policy-nodes.ts";
import { type FileSpec, type Method, readableOf, type TopSpec } from "./policy-rules.ts";
import { type Caller, exists, type Resolved, resolve, rolesOf, type Seat, seatOf } from "./policy-seat.ts";
import { answerRule, isTaken, keyOf, patched, reasonAgainst, removed } from "./policy-writes.ts";
import { HOUSE, type House, type HouseTable } from "./written-once.ts";

// The chapter on nested writes once more: each part is the request it would be on its own, one after the other.

/** A write whose body holds parts of other resources. */
export interface Nesting {
  readonly method: "POST" | "PATCH";
  readonly resource: string;
  /** The key of the row that is changed. */
  readonly id?: string;
  readonly body: Row;
}

export type NestedOutcome =
  | { readonly refused: string }
  | { readonly open: true }
  | { readonly house: House; readonly rowsAffected: number };

/** How the contract is read: the laws must notice a reader who errs. */
export interface NestedReading {
  /** Whether what refers to a row is reached through it alone. */
  readonly through: boolean;
  /** Whether rows are named, and reached, under their rules. */
  readonly ruled: boolean;
}

const CONTRACT: NestedReading = { through: true, ruled: true };

/** Readers who err. */
export const NESTED_FAULTS: Readonly<Record<string, NestedReading>> = {
  "reaches what refers to other rows": { ...CONTRACT, through: false },
  "reaches rows that do not exist for the caller": { ...CONTRACT, ruled: false },
};

/** What the contract says must come of it. */
export function outcomeOfNested(
  file: FileSpec,
  house: House,
  caller: Caller,
  asked: Nesting,
  reading: NestedReading = CONTRACT,
): NestedOutcome {
  const run = new Run(file, caller, house, reading);
  try {
    const rowsAffected = run.whole(asked);
    return { house: run.house, rowsAffected };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    if (error instanceof Open) return { open: true };
    throw error;
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever a client sends
type Part = any;
interface Ground extends Resolved {
  readonly seat: Seat;
}

class Run {
  house: House;
  readonly #file: FileSpec;
  readonly #caller: Caller;
  readonly #reading: NestedReading;

  constructor(file: FileSpec, caller: Caller, house: House, reading: NestedReading) {
    this.#reading = reading;
    this.#file = file;
    this.#caller = caller;
    this.house = house;
  }

  whole({ method, resource, id, body }: Nesting): number {
    const { seat, table, rule } = this.#ground(resource, method);
    planNode(
      { seat, table, node: answerRule(rule), depth: rule.maxDepth ?? LIMITS.maxDepth },
      { columns: false },
    );
    if (method === "POST") {
      this.#post(resource, body, {});
      return 1;
    }
    return this.#patch(resource, id!, body) === undefined ? 0 : 1;
  }

  #ground(resource: string, method: Method): Ground {
    const found = resolve(this.#file, resource, method, rolesOf(this.#caller)) ?? refuse("no rule");
    return { ...found, seat: seatOf(this.#file, this.house, this.#caller, found) };
  }

  /** A new row, with those that it refers to before it and those that refer to it after. */
  #post(resource: string, body: Row, joined: Row): Row {
    const { table, rule } = this.#ground(resource, "POST");
    const { own, parts } = split(rule, body);
    refuseKeys(own, joined);
    const keys = { ...joined, ...this.#ones(table, rule, own, parts, undefined) };
    const { seat } = this.#ground(resource, "POST");
    const row = {
      ...newRow(seat, table, rule, { ...valuesOf(seat, table, rule, "POST", own), ...keys }),
      ...keys,
    };
    const left = reasonAgainst(seat, table, rule, [row]);
    if (left !== undefined) refuse(left);
    this.house = { ...this.house, [table]: [...this.house[table], row] };
    if (isTaken(table, this.house)) refuse("the key is taken");
    this.#lists(table, parts, row);
    return row;
  }

  /** A change of one row that is reached, with what it refers to before it and what refers to it after. */
  #patch(resource: string, id: string, body: Row, through: Row | "own key" = {}): Row | undefined {
    const { seat, table, rule } = this.#ground(resource, "PATCH");
    const row = this.#reached({ seat, table, rule, role: undefined }, id, through);
    const { own, parts } = split(rule, body);
    if (Object.keys(body).length === 0) refuse("nothing to change");
    valuesOf(seat, table, rule, "PATCH", own);
    if (row === undefined) {
      // What is said of parts that nothing comes of may be refused or not.
      if (parts.length > 0) throw new Open();
      return undefined;
    }
    const keys = this.#ones(table, rule, own, parts, row);
    const after = this.#ground(resource, "PATCH");
    const given = { ...valuesOf(after.seat, table, rule, "PATCH", own), ...keys };
    // What it refers to may be the row itself: which of the two changes comes first is open.
    const now = this.house[table].find((each) => keyOf(table, each) === keyOf(table, row));
    if (now === undefined || now !== row) throw new Open();
    const { next, rows } = patched(after.seat, table, rule, [now], given);
    this.house = next;
    this.#lists(table, parts, rows[0]!);
    return rows[0];
  }

  /** The row that is meant, if it is there for the caller; by whom a key is named must read it. */
  #reached({ seat, table, rule }: Ground, id: string, through: Row | "own key"): Row | undefined {
    const known = rule.select === undefined ? HOUSE[table].key : readableOf(rule, table);
    if (through !== "own key" && !known.includes("id")) refuse("the key is not read");
    return seat.house[table].find(
      (row) =>
        row["id"] === id &&
        (!this.#reading.through || through === "own key" || isOf(row, through)) &&
        (!this.#reading.ruled || exists(seat, table, rule, row)),
    );
  }

  /** The keys of what a row refers to. */
  #ones(table: HouseTable, rule: TopSpec, own: Row, parts: readonly Named[], row: Row | undefined): Row {
    const keys: Record<string, unknown> = {};
    for (const { name, resource, part } of parts) {
      const { many, on } = HOUSE[table].relations[name]!;
      if (many) continue;
      const [[source, target]] = on as [readonly [string, string]];
      const words = wordsOf(
        part,
        row === undefined ? ["create", "connect"] : ["create", "connect", "disconnect", "update"],
      );
      if (words.length !== 1) refuse("one word of one row");
      refuseKeys(own, { [source]: null });
      const { create, connect, disconnect, update } = part;
      if (update !== undefined) {
        const id = row![source];
        if (id === null) refuse("no row to change");
        if (this.#patch(resource, id as string, update, "own key") === undefined) refuse("not reached");
        continue;
      }
      if (disconnect !== undefined) {
        if (disconnect !== true) refuse("disconnect takes true");
        keys[source] = HOUSE[table].nullable.includes(source) ? null : refuse("the key cannot be null");
      } else if (create !== undefined) keys[source] = this.#post(resource, create, {})[target];
      else keys[source] = this.#named(resource, connect)[target];
      if (
        !writableOf({ file: this.#file }, table, rule, row === undefined ? "POST" : "PATCH").includes(source)
      )
        refuse("the key may not be written");
    }
    return keys;
  }

  /** A row that is named to refer to. */
  #named(resource: string, key: Part): Row {
    const ground = this.#ground(resource, "GET");
    if (ground.rule.select === undefined) refuse("nothing is let out");
    return this.#reached(ground, idOf(key), {}) ?? refuse("not reached");
  }

  /** What refers to a row. */
  #lists(table: HouseTable, parts: readonly Named[], row: Row): void {
    for (const { name, resource, part } of parts) {
      const { many, on, table: target } = HOUSE[table].relations[name]!;
      if (!many) continue;
      const [[source, key]] = on as [readonly [string, string]];
      const joined = { [key]: row[source] };
      const {
        set,
        disconnect,
        delete: gone,
        update,
        connect,
        create,
      } = Array.isArray(part) ? { create: part } : part;
      const loose = { [key]: null };
      if ((set !== undefined || disconnect !== undefined) && !HOUSE[target].nullable.includes(key))
        refuse("the key cannot be null");
      if (set !== undefined) this.#looseAll(resource, joined, loose);
      for (const each of disconnect ?? []) this.#moved(resource, idOf(each), loose, joined);
      for (const each of gone ?? []) this.#delete(resource, idOf(each), joined);
      for (const { where, body } of update ?? [])
        if (this.#patch(resource, idOf(where), body, joined) === undefined) refuse("not reached");
      for (const each of connect ?? []) this.#moved(resource, idOf(each), joined, {});
      for (const each of create ?? []) this.#post(resource, each, joined);
    }
  }

  /** Gives a row another key, which its rule must let be written. */
  #moved(resource: string, id: string, keys: Row, through: Row): void {
    const ground = this.#ground(resource, "PATCH");
    const { seat, table, rule } = ground;
    const values = valuesOf(seat, table, rule, "PATCH", keys);
    const row = this.#reached(ground, id, through) ?? refuse("not reached");
    this.house = patched(seat, table, rule, [row], values).next;
  }

  #looseAll(resource: string, joined: Row, loose: Row): void {
    const { seat, table, rule } = this.#ground(resource, "PATCH");
    const values = valuesOf(seat, table, rule, "PATCH", loose);
    const hit = seat.house[table].filter((row) => isOf(row, joined) && exists(seat, table, rule, row));
    this.house = patched(seat, table, rule, hit, values).next;
  }

  #delete(resource: string, id: string, through: Row): void {
    const ground = this.#ground(resource, "DELETE");
    const row = this.#reached(ground, id, through) ?? refuse("not reached");
    this.house = removed(ground.seat, ground.table, ground.rule, [row]).next;
  }
}

/** Whether a row has these values. */
const isOf = (row: Row, values: Row): boolean =>
  Object.entries(values).every(([name, value]) => row[name] === value);

/** A part of a body, under the relation that it is written through. */
interface Named {
  readonly name: string;
  readonly resource: string;
  readonly part: Part;
}

function split({ nest = {} }: TopSpec, body: Row): { readonly own: Row; readonly parts: readonly Named[] } {
  const isPart = (name: string): boolean => Object.hasOwn(nest, name);
  return {
    own: Object.fromEntries(Object.entries(body).filter(([name]) => !isPart(name))),
    parts: Object.entries(body).flatMap(([name, part]) =>
      isPart(name) ? [{ name, resource: nest[name]!, part }] : [],
    ),
  };
}

function refuseKeys(own: Row, keys: Row): void {
  for (const name of Object.keys(keys)) if (Object.hasOwn(own, name)) refuse(`${name} is the engine's`);
}

function wordsOf(part: Part, known: readonly string[]): readonly string[] {
  const words = Object.keys(part);
  for (const word of words) if (!known.includes(word)) refuse(`no word ${word}`);
  return words;
}

const idOf = (key: Part): string => (typeof key?.id === "string" ? key.id : refuse("no key"));
