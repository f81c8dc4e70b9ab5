import type { Row } from "./model.ts";
import { Open, refuse, Refused, valueOf } from "./oracle-values.ts";
import { keeper, type Place } from "./policy-filters.ts";
import { LIMITS, planNode, type Selector } from "./policy-nodes.ts";
import type { Question } from "./policy-oracle.ts";
import {
  areGrants,
  chosen,
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
const answerRule = (rule: TopSpec): NodeSpec => {
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

function unlessOpen<T>(make: () => T): T | "open" {
  try {
    return make();
  } catch (error) {
    if (error instanceof Open) return "open";
    throw error;
  }
}

interface Changed {
  readonly next: House;
  /** The rows that are answered: as they are now, or as they were where they are gone. */
  readonly rows: readonly Row[];
}

function changed(seat: Seat, table: HouseTable, rule: TopSpec, writing: Writing): Changed {
  if (writing.method === "POST") return inserted(seat, table, rule, writing);
  const hit = hitBy(seat, table, rule, writing);
  return writing.method === "DELETE"
    ? removed(seat, table, rule, hit)
    : patched(seat, table, rule, hit, writing);
}

/** The columns no body sets: those the engine keeps, and those that are set for everybody. */
function keptBy(
  seat: Seat,
  table: HouseTable,
  { unrestricted, deleted, write: given }: TopSpec,
): Set<string> {
  const { set, softDelete, version } = factsOf(seat, table);
  const named = areGrants(given)
    ? given.flatMap(({ columns }) => columns)
    : typeof given === "object" && given.mode
      ? given.columns
      : [];
  const kept = new Set(unrestricted === true ? [] : Object.keys(set ?? {}));
  if (version !== undefined) kept.add(version);
  const isGiven = softDelete !== undefined && deleted !== undefined && named.includes(softDelete);
  if (softDelete !== undefined && !isGiven) kept.add(softDelete);
  return kept;
}

/** The columns a client's body may set, on some rows at least. */
export function writableOf(
  seat: Pick<Seat, "file">,
  table: HouseTable,
  rule: TopSpec,
  method: Method,
): readonly string[] {
  const all = Object.keys(HOUSE[table].columns);
  const kept = keptBy(seat as Seat, table, rule);
  return defaultOr(all, table, rule, method).filter((name) => !kept.has(name));
}

function defaultOr(
  all: readonly string[],
  table: HouseTable,
  { write: given, select }: TopSpec,
  method: Method,
): readonly string[] {
  // A new row was nothing before: only what is granted on any row is granted on it.
  if (areGrants(given))
    return all.filter((name) =>
      given.some(({ columns, when }) => columns.includes(name) && (when === undefined || method === "PATCH")),
    );
  if (given !== undefined) return chosen(given, all);
  const always = (name: string): boolean =>
    !areGrants(select) ||
    select.every(({ columns }) => !columns.includes(name)) ||
    select.some(({ columns, when }) => columns.includes(name) && when === undefined);
  return all.filter((name) => always(name) && !(method === "PATCH" && HOUSE[table].key.includes(name)));
}

/** A body as the values of columns, or a refusal. */
function valuesOf(seat: Seat, table: HouseTable, rule: TopSpec, method: Method, body: unknown): Row {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return refuse("no object");
  const writable = writableOf(seat, table, rule, method);
  const { columns, nullable } = HOUSE[table];
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (!writable.includes(name)) refuse(`unwritable ${name}`);
      // What the author puts in its place is never looked at.
      if (rule.inject !== undefined && name in rule.inject) return [name, value];
      if (value === null) return nullable.includes(name) ? [name, null] : refuse(`null in ${name}`);
      return [name, valueOf(columns[name]!, value)];
    }),
  );
}

function inserted(seat: Seat, table: HouseTable, rule: TopSpec, { body }: Writing): Changed {
  const bodies: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (bodies.length === 0) refuse("no rows");
  const rows = bodies.map((item) => newRow(seat, table, rule, valuesOf(seat, table, rule, "POST", item)));
  const next = { ...seat.house, [table]: [...seat.house[table], ...rows] };
  assertKeys(table, next);
  assertLeft(seat, table, rule, rows);
  return { next, rows };
}

function newRow(seat: Seat, table: HouseTable, rule: TopSpec, given: Row): Row {
  const { set, softDelete, version } = factsOf(seat, table);
  const { columns, nullable, defaults } = HOUSE[table];
  const own = Object.entries(rule.unrestricted === true ? {} : (set ?? {}));
  const row: Row = {
    ...given,
    ...rule.inject,
    ...Object.fromEntries(own.map(([column, what]) => [column, seat.asker[what]])),
    ...(softDelete !== undefined && { [softDelete]: null }),
    ...(version !== undefined && { [version]: 1 }),
  };
  return Object.fromEntries(
    Object.keys(columns).map((name) => {
      if (name in row) return [name, row[name]];
      if (!(name in defaults) && !nullable.includes(name)) refuse(`${name} is missing`);
      return [name, defaults[name] ?? null];
    }),
  );
}

/** Every row must be one the caller may leave behind, all tables being as they were: none vouches for itself. */
function assertLeft(seat: Seat, table: HouseTable, rule: TopSpec, rows: readonly Row[]): void {
  const check = rule.check ?? rule.where;
  for (const row of rows) {
    if (!belongs(seat, table, rule, row)) refuse("it does not belong here");
    if (check !== true && !holds(seat, table, check, row)) refuse("check");
  }
}

function assertKeys(table: HouseTable, house: House): void {
  const keys = house[table].map((row) => keyOf(table, row));
  if (new Set(keys).size < keys.length) refuse("the key is taken");
}

/** What tells a row from all others of its table. */
const keyOf = (table: HouseTable, row: Row): string =>
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

function removed(seat: Seat, table: HouseTable, rule: TopSpec, hit: readonly Row[]): Changed {
  const { softDelete } = factsOf(seat, table);
  const isGone = softDelete === undefined || rule.deleted === "only";
  const rows = seat.house[table].flatMap((row) => {
    if (!hit.includes(row)) return [row];
    return isGone ? [] : [{ ...row, [softDelete]: NOW, ...counted(seat, table, row) }];
  });
  return { next: { ...seat.house, [table]: rows }, rows: hit };
}

function patched(
  seat: Seat,
  table: HouseTable,
  rule: TopSpec,
  hit: readonly Row[],
  { body }: Writing,
): Changed {
  const given = valuesOf(seat, table, rule, "PATCH", body);
  if (Object.keys(given).length === 0) refuse("nothing to change");
  if (areGrants(rule.write))
    for (const row of hit)
      for (const column of Object.keys(given))
        if (!grantedBy(seat, table, rule.write, column, row)) refuse(`${column} may not be set on this row`);
  const pairs = hit.map((row) => [row, { ...row, ...given, ...counted(seat, table, row) }] as const);
  const now = new Map<Row, Row>(pairs);
  const rows = pairs.map(([, row]) => row);
  const next = { ...seat.house, [table]: seat.house[table].map((row) => now.get(row) ?? row) };
  assertKeys(table, next);
  assertLeft(seat, table, rule, rows);
  const { transition } = rule;
  if (transition !== undefined)
    for (const [was, is] of pairs)
      if (TURNS[table][transition]!.js(was, is, seat.asker) !== true) refuse("transition");
  return { next, rows };
}
