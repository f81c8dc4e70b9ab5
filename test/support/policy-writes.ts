import type { Row } from "./model.ts";
import { Open, refuse, Refused } from "./oracle-values.ts";
import { changeOf, Increment, newRow, valuesOf } from "./policy-bodies.ts";
import { keeper, type Place } from "./policy-filters.ts";
import { LIMITS, planNode, type Selector } from "./policy-nodes.ts";
import type { Question } from "./policy-oracle.ts";
import {
  areGrants,
  type FileSpec,
  type Method,
  type NodeSpec,
  readableOf,
  type TopSpec,
} from "./policy-rules.ts";
import {
  belongs,
  type Caller,
  exists,
  factsOf,
  grantedBy,
  holds,
  resolve,
  rolesOf,
  type Seat,
  seatOf,
  seenUnder,
} from "./policy-seat.ts";
import { HOUSE, type House, type HouseTable, TURNS } from "./written-once.ts";

// The chapters on writing once more: what must come of a write, and what must be stored then.

/** A write as a client sends it. */
export interface Writing extends Pick<Question, "resource" | "scope" | "selector" | "countTotal"> {
  readonly method: Exclude<Method, "GET">;
  readonly body?: unknown;
  /** The versions of `If-Match`, or any. */
  readonly versions?: readonly number[] | "*";
}

/** What must come of a write: a refusal, or the rows of all tables as they are then, and the answer. */
export type Outcome =
  | { readonly refused: string }
  | {
      readonly house: House;
      readonly rows: readonly Row[];
      /** Undefined where nothing but counts comes back, open where the order of what hangs on a row is. */
      readonly answer: readonly unknown[] | "open" | undefined;
      readonly total: number;
    };

/** When a row was deleted, where the oracle deletes it. */
export const NOW = "now";

/** What the contract says must come of a write. */
export function outcomeOf(file: FileSpec, house: House, caller: Caller, writing: Writing): Outcome {
  try {
    return write(file, house, caller, writing);
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** The rule of the answer: without `select` nothing comes back, and the filter may name the key alone. */
export const answerRule = (rule: TopSpec): NodeSpec => {
  const { orderBy: _, maxLimit: __, ...rest } = rule;
  return rule.select === undefined ? { select: false, forbid: rule.forbid ?? [] } : rest;
};

function write(file: FileSpec, house: House, caller: Caller, writing: Writing): Outcome {
  const { resource, method, scope, selector = {} } = writing;
  const resolved = resolve(file, resource, method, rolesOf(caller), scope) ?? refuse("no rule");
  const { table, rule } = resolved;
  const seat = seatOf(file, house, caller, resolved);
  const { where: _, ...told } = selector;
  for (const key of rule.forbid ?? []) if (selector[key] !== undefined) refuse(`forbidden ${key}`);
  for (const wish of Object.values<Selector>(selector.with ?? {}))
    if (wish.required === true) refuse("a write leaves out none of its rows");
  const answering = (now: Seat): Place => ({
    seat: now,
    table,
    node: answerRule(rule),
    depth: rule.maxDepth ?? LIMITS.maxDepth,
  });
  const before = planNode(answering(seat), told);
  const { next, rows } = changed(seat, table, rule, writing);
  const after = { ...seat, house: next };
  // What comes back of a row that is gone is what it was, among rows as they were.
  const planned = method === "DELETE" ? before : planNode(answering(after), told);
  return {
    house: next,
    rows,
    answer: planned.countsOnly ? undefined : unlessOpen(() => planned.page(rows, { inAnyOrder: true }).rows),
    total: next[table].filter((row) => exists(after, table, rule, row)).length,
  };
}

/** What the contract leaves open, by that word. */
export function unlessOpen<T>(make: () => T): T | "open" {
  try {
    return make();
  } catch (error) {
    if (error instanceof Open) return "open";
    throw error;
  }
}

/** What a write comes to. */
export interface Changed {
  readonly next: House;
  /** The rows that are answered: as they are now, or as they were where they are gone. */
  readonly rows: readonly Row[];
}

function changed(seat: Seat, table: HouseTable, rule: TopSpec, writing: Writing): Changed {
  if (writing.method === "POST") return inserted(seat, table, rule, writing);
  // What can be refused without a look at rows is, before rows are looked at.
  const given = writing.method === "PATCH" ? changeOf(seat, table, rule, writing.body) : undefined;
  const hit = hitBy(seat, table, rule, writing);
  return given === undefined ? removed(seat, table, rule, hit) : patched(seat, table, rule, hit, given);
}

function inserted(seat: Seat, table: HouseTable, rule: TopSpec, { body }: Writing): Changed {
  const bodies: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (bodies.length === 0) refuse("no rows");
  const given = bodies.map((item) => valuesOf(seat, table, rule, "POST", item));
  const rows = given.map((values) => newRow(seat, table, rule, values));
  const next = { ...seat.house, [table]: [...seat.house[table], ...rows] };
  const left = reasonAgainst(seat, table, rule, rows);
  if (isTaken(table, next)) refuse(left === undefined ? "the key is taken" : "the key is taken, and more");
  return left === undefined ? { next, rows } : refuse(left);
}

/** Every row must be one the caller may leave behind, all tables being as they were: none vouches for itself. */
export function reasonAgainst(
  seat: Seat,
  table: HouseTable,
  rule: TopSpec,
  rows: readonly Row[],
): string | undefined {
  const check = rule.check ?? rule.where;
  if (rows.some((row) => !belongs(seat, table, rule, row))) return "it does not belong here";
  const isHeld = check === true || rows.every((row) => holds(seat, table, check, row));
  return isHeld ? undefined : "check";
}

/** Whether two rows have one key. */
export function isTaken(table: HouseTable, house: House): boolean {
  const keys = house[table].map((row) => keyOf(table, row));
  return new Set(keys).size < keys.length;
}

/** What tells a row from all others of its table. */
export const keyOf = (table: HouseTable, row: Row): string =>
  JSON.stringify(HOUSE[table].key.map((name) => row[name]));

/** The rows a PATCH or DELETE is about. */
function hitBy(
  seat: Seat,
  table: HouseTable,
  rule: TopSpec,
  { selector = {}, versions }: Writing,
): readonly Row[] {
  if (selector.where === undefined && rule.requireWhere === true) refuse("no filter");
  const filterable = rule.select === undefined ? HOUSE[table].key : readableOf(rule, table);
  const place: Place = { seat, table, node: rule, depth: rule.maxDepth ?? LIMITS.maxDepth };
  const known = rule.select === undefined ? { ...place, node: answerRule(rule) } : place;
  const keep = keeper(known, selector.where, filterable);
  const hit = seat.house[table].filter((row) => exists(seat, table, rule, row) && keep(row));
  if (versions !== undefined) assertVersions(seat, table, rule, hit, versions);
  return hit;
}

function assertVersions(
  seat: Seat,
  table: HouseTable,
  rule: TopSpec,
  hit: readonly Row[],
  versions: readonly number[] | "*",
): void {
  const { version } = factsOf(seat, table);
  if (version === undefined || !readableOf(rule, table).includes(version))
    return refuse("no version to ask for");
  if (hit.length === 0) refuse("no row has a version");
  if (versions === "*") return;
  if (hit.some((row) => !versions.includes(row[version] as number))) refuse("another version");
}

const counted = (seat: Seat, table: HouseTable, row: Row): Row => {
  const { version } = factsOf(seat, table);
  return version === undefined ? {} : { [version]: (row[version] as number) + 1 };
};

/** Removes rows of a table, or says that they are deleted. */
export function removed(seat: Seat, table: HouseTable, rule: TopSpec, hit: readonly Row[]): Changed {
  const { softDelete } = factsOf(seat, table);
  const isGone = softDelete === undefined || rule.deleted === "only";
  const rows = seat.house[table].flatMap((row) => {
    if (!hit.includes(row)) return [row];
    return isGone ? [] : [{ ...row, [softDelete]: NOW, ...counted(seat, table, row) }];
  });
  return { next: { ...seat.house, [table]: rows }, rows: hit };
}

const isAdded = (entry: [string, unknown]): entry is [string, Increment] => entry[1] instanceof Increment;

/** To numbers of a row something is added only where the caller sees them. */
function assertSeen(seat: Seat, table: HouseTable, rule: TopSpec, hit: readonly Row[], given: Row): void {
  const see = seenUnder(seat, table, rule);
  for (const row of hit)
    for (const [name] of Object.entries(given).filter(isAdded))
      if (see(row).masked.includes(name)) refuse(`${name} is masked and may not be added to on this row`);
}

/** What a change makes of a row. */
function changedRow(row: Row, given: Row): Row {
  const sums = Object.entries(given).filter(isAdded);
  return { ...row, ...given, ...Object.fromEntries(sums.map(([name, sum]) => [name, sum.of(row[name])])) };
}

/** Changes rows of a table. */
export function patched(
  seat: Seat,
  table: HouseTable,
  rule: TopSpec,
  hit: readonly Row[],
  given: Row,
): Changed {
  if (areGrants(rule.write))
    for (const row of hit)
      for (const column of Object.keys(given))
        if (!grantedBy(seat, table, rule.write, column, row)) refuse(`${column} may not be set on this row`);
  assertSeen(seat, table, rule, hit, given);
  const pairs = hit.map((row) => [row, { ...changedRow(row, given), ...counted(seat, table, row) }] as const);
  const now = new Map<Row, Row>(pairs);
  const rows = pairs.map(([, row]) => row);
  const next = { ...seat.house, [table]: seat.house[table].map((row) => now.get(row) ?? row) };
  if (isTaken(table, next)) refuse("the key is taken");
  const left = reasonAgainst(seat, table, rule, rows);
  if (left !== undefined) refuse(left);
  const { transition } = rule;
  if (transition !== undefined)
    for (const [was, is] of pairs)
      if (TURNS[table][transition]!.js(was, is, seat.asker) !== true) refuse("transition");
  return { next, rows };
}
