import type { Row } from "./model.ts";
import { refuse } from "./oracle-values.ts";
import { newRow, valuesOf, writableOf } from "./policy-bodies.ts";
import type { Place } from "./policy-filters.ts";
import { LIMITS, planNode, type Selector } from "./policy-nodes.ts";
import { type FileSpec, onSomeRows, readableOf, type TopSpec } from "./policy-rules.ts";
import {
  borrowed,
  type Caller,
  exists,
  factsOf,
  holds,
  resolve,
  rolesOf,
  type Scope,
  type Seat,
  seatOf,
} from "./policy-seat.ts";
import { answerRule, keyOf, patched, reasonAgainst } from "./policy-writes.ts";
import { HOUSE, type House, type HouseTable, SAYINGS } from "./written-once.ts";

// The chapter on new rows that meet rows which exist once more.

/** What a client wants done with rows that are met. */
export interface Conflict {
  readonly target: readonly string[];
  readonly update?: readonly string[];
  readonly ignore?: true;
}

/** A POST that may meet rows. */
export interface Upserting {
  readonly resource: string;
  readonly scope?: Scope;
  readonly selector?: Selector;
  readonly body?: unknown;
  readonly onConflict: Conflict;
}

export interface Upserted {
  readonly house: House;
  readonly inserted: number;
  readonly affected: number;
  /** Undefined where nothing but counts comes back, open where what hangs on a row may be seen earlier or later. */
  readonly answer: readonly unknown[] | "open" | undefined;
}

/** A rule at work: of what is new, or of what is met. */
interface Side {
  readonly rule: TopSpec;
  readonly seat: Seat;
}

/** What must come of it, or a refusal. */
export function upsert(file: FileSpec, house: House, caller: Caller, asked: Upserting): Upserted {
  const { resource, scope, body, selector = {}, onConflict } = asked;
  const sideOf = (method: "POST" | "PATCH"): (Side & { readonly table: HouseTable }) | undefined => {
    const found = resolve(file, resource, method, rolesOf(caller), scope);
    return found && { ...found, seat: seatOf(file, house, caller, found) };
  };
  const made = sideOf("POST") ?? refuse("no rule");
  const { table } = made;
  planNode(placeOf(made, table), selector);
  assertTarget(made, table, onConflict.target);
  const met = onConflict.ignore === true ? undefined : (sideOf("PATCH") ?? refuse("no rule of changes"));
  if (met !== undefined) planNode(placeOf(met, table), selector);
  for (const name of onConflict.update ?? [])
    if (!writableOf(made.seat, table, met!.rule, "PATCH").includes(name)) refuse(`unwritable ${name}`);
  const bodies: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (bodies.length === 0) refuse("no rows");
  const given = bodies.map((item) => valuesOf(made.seat, table, made.rule, "POST", item));
  const changes = bodies.map((item) => met && changeOf(met, table, item as Row, onConflict));
  const rows = given.map((values) => newRow(made.seat, table, made.rule, values));
  if (new Set(rows.map((row) => keyOf(table, row))).size < rows.length) refuse("the same key twice");
  // Whether a key is taken is nothing to who may leave no row behind.
  if (leavesNone(made.seat, table, made.rule)) refuse("check");
  return meet(house, table, { made, met, rows, changes }, selector);
}

/** Whether what is said of rows, none of whose values it asks for, admits none. */
function leavesNone(seat: Seat, table: HouseTable, rule: TopSpec): boolean {
  const isNone = (name: string | true | undefined): boolean =>
    typeof name === "string" && SAYINGS[table][name]!.reads.length === 0 && !holds(seat, table, name, {});
  const { where } = factsOf(seat, table);
  if (isNone(rule.check ?? rule.where) || (rule.unrestricted !== true && isNone(where))) return true;
  return Object.values(rule.parent ?? {}).some((resource) => {
    const parent = borrowed(seat, resource)?.rule;
    return parent?.select === undefined && parent?.aggregate === undefined;
  });
}

const placeOf = ({ rule, seat }: Side, table: HouseTable): Place => ({
  seat,
  table,
  node: answerRule(rule),
  depth: rule.maxDepth ?? LIMITS.maxDepth,
});

/** It is a key, whose columns the caller may set and always see, where he sees any. */
function assertTarget({ seat, rule }: Side, table: HouseTable, target: readonly string[]): void {
  const shown = (name: string): boolean =>
    rule.select === undefined || (readableOf(rule, table).includes(name) && !onSomeRows(rule.select)(name));
  const writable = writableOf(seat, table, rule, "POST");
  for (const name of target) if (!writable.includes(name) || !shown(name)) refuse(`target ${name}`);
  const { key } = HOUSE[table];
  if (target.length !== key.length || !key.every((name) => target.includes(name))) refuse("no key");
}

/** What a row changes where it meets one. */
function changeOf({ seat, rule }: Side, table: HouseTable, body: Row, { target, update }: Conflict): Row {
  const names = update ?? Object.keys(body).filter((name) => !target.includes(name));
  for (const name of names) if (!Object.hasOwn(body, name)) refuse(`${name} is not sent`);
  if (names.length === 0) refuse("nothing to change");
  return valuesOf(seat, table, rule, "PATCH", Object.fromEntries(names.map((name) => [name, body[name]])));
}

interface Meeting {
  readonly made: Side;
  readonly met: Side | undefined;
  readonly rows: readonly Row[];
  readonly changes: readonly (Row | undefined)[];
}

/** What is new is inserted, then what is met is changed. */
function meet(house: House, table: HouseTable, meeting: Meeting, selector: Selector): Upserted {
  const { made, met, rows, changes } = meeting;
  const there = new Map(house[table].map((row) => [keyOf(table, row), row]));
  const fresh = rows.filter((row) => !there.has(keyOf(table, row)));
  const left = reasonAgainst(made.seat, table, made.rule, fresh);
  if (left !== undefined) refuse(left);
  let next: House = { ...house, [table]: [...house[table], ...fresh] };
  const answered = new Map<string, { readonly row: Row; readonly side: Side }>();
  for (const row of fresh) answered.set(keyOf(table, row), { row, side: made });
  for (const [i, row] of rows.entries()) {
    const old = there.get(keyOf(table, row));
    if (old === undefined || met === undefined) continue;
    const seat = { ...met.seat, house: next };
    if (!exists(seat, table, met.rule, old)) refuse("it meets what is not the caller's");
    const changed = patched(seat, table, met.rule, [old], changes[i]!);
    next = changed.next;
    answered.set(keyOf(table, old), { row: changed.rows[0]!, side: met });
  }
  const inserted = fresh.length;
  return { house: next, inserted, affected: answered.size, answer: answerOf() };

  function answerOf(): Upserted["answer"] {
    const planned = (side: Side) =>
      planNode(placeOf({ ...side, seat: { ...side.seat, house: next } }, table), selector);
    if (planned(made).countsOnly || (met !== undefined && planned(met).countsOnly)) return undefined;
    if (answered.size > 1 && selector.with !== undefined) return "open";
    return rows.flatMap((row) => {
      const found = answered.get(keyOf(table, row));
      return found === undefined ? [] : planned(found.side).page([found.row], { inAnyOrder: true }).rows;
    });
  }
}
