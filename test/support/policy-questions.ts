import fc from "fast-check";
import {
  named,
  often,
  seldom,
  sometimes,
  toFilter,
  type ValueFor,
  type Wish,
  wish,
  withoutUndefined,
} from "./arbitrary.ts";
import { RESOURCES } from "./policy-arbitrary.ts";
import { caller, poolOf } from "./policy-rows.ts";
import { nodeUnder } from "./policy-links.ts";
import type { Question } from "./policy-oracle.ts";
import { type Caller, resolve, rolesOf, type Scope } from "./policy-seat.ts";
import { writableOf } from "./policy-bodies.ts";
import type { Writing } from "./policy-writes.ts";
import { type FileSpec, type Method, type NodeSpec, onSomeRows, readableOf } from "./policy-rules.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// What is asked is drawn before the rules are known, and names by number what they will offer. So both shrink apart.

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Who asks for what. */
export interface Asked {
  readonly caller: Caller;
  readonly resource: string;
  readonly scope: Scope;
  readonly wish: Wish | undefined;
  readonly findFirst: boolean | undefined;
  readonly countTotal: boolean | undefined;
  readonly can: boolean | undefined;
}

const scope: fc.Arbitrary<Scope> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: among<Scope>("mine", "guest", "mine|guest") },
);
const resource = among(...Object.keys(RESOURCES));

export const asked: fc.Arbitrary<Asked> = fc.record({
  caller,
  resource,
  scope,
  wish: often(wish(2)),
  findFirst: seldom(fc.boolean()),
  countTotal: sometimes(fc.boolean()),
  can: sometimes(fc.constant(true)),
});

/** The question as a client sends it. */
export function questionOf(file: FileSpec, drawn: Asked): Question {
  const { resource: id, scope: within, findFirst, countTotal, can } = drawn;
  const selector = selecting(file, drawn, "GET");
  return defined({ resource: id, scope: within, selector, findFirst, countTotal, can });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const defined = <T extends object>(given: T): Defined<T> => withoutUndefined(given) as Defined<T>;

type Wishing = Pick<Asked, "caller" | "resource" | "scope" | "wish">;

/** What a wish comes to for its caller under the rule of a method. */
function selecting(
  file: FileSpec,
  { caller: who, resource: id, scope: within, wish: wanted }: Wishing,
  method: Method,
): Record<string, unknown> | undefined {
  if (wanted === undefined) return undefined;
  const { table } = file.resources[id]!;
  const rule = resolve(file, id, method, rolesOf(who), within)?.rule ?? {};
  // Of rows that are not shown a filter may name the key.
  const shown = rule.select === undefined ? { select: { mode: true, columns: HOUSE[table].key } } : rule;
  return selectorOf(file, who, table, shown, wanted);
}

/** A value to ask a column of a table for; one in a hundred is of no kind in particular. */
const valuesFor =
  (table: HouseTable): ValueFor =>
  (kind, n, column) => {
    if (n > 98) return { neither: "this" };
    const pool = poolOf(table, column, kind);
    const value = pool[n % pool.length];
    return kind === "date" && n % 2 === 0 ? new Date(value as number).toISOString() : value;
  };

/** The selector a wish comes to under a rule, for who asks. */
function selectorOf(
  drawn: FileSpec,
  asker: Caller,
  table: HouseTable,
  spec: NodeSpec,
  wish: Wish,
): Record<string, unknown> {
  const readable = readableOf(spec, table);
  // Of half of the filters and orders all is about what may be masked, where anything may.
  const masked = readable.filter(onSomeRows(spec.select));
  const spokenOf = masked.length > 0 && wish.columns === undefined ? masked : readable;
  const kinds = Object.fromEntries(spokenOf.map((name) => [name, HOUSE[table].columns[name]!]));
  const shown = [...readable, ...(spec.fields ?? [])];
  const { columns, where, orderBy, limit, offset, with: relation } = wish;
  // What is masked is unknown: its denial is where that shows.
  const filter = where && toFilter(where, kinds, valuesFor(table));
  return withoutUndefined({
    columns: Array.isArray(columns)
      ? Object.fromEntries(columns.map(([n, wanted]) => [named(shown, n), wanted]))
      : columns,
    where: where && (spokenOf === masked && orderBy === undefined ? { NOT: filter } : filter),
    orderBy: orderBy && Object.fromEntries(orderBy.map(([n, way]) => [named(spokenOf, n), way])),
    limit,
    offset,
    with: relation && withOf(drawn, asker, table, spec, relation),
  });
}

function withOf(
  drawn: FileSpec,
  asker: Caller,
  table: HouseTable,
  spec: NodeSpec,
  wishes: NonNullable<Wish["with"]>,
): Record<string, unknown> {
  const seat = { file: drawn, roles: rolesOf(asker) };
  const offered = Object.keys(spec.with ?? {}).filter((name) => nodeUnder(seat, spec, name) !== undefined);
  return Object.fromEntries(
    wishes.map(([n, inner]) => {
      const name = named(offered, n);
      const node = nodeUnder(seat, spec, name);
      if (typeof inner === "boolean" || node === undefined) return [name, inner === true];
      const { table: target, many } = HOUSE[table].relations[name]!;
      const { columns, with: deeper, ...rest } = selectorOf(drawn, asker, target, node, inner);
      // One in thirty asks a one-relation for what only lists have.
      return [name, withoutUndefined({ columns, with: deeper, ...((many || n > 95) && rest) })];
    }),
  );
}

// --- bodies ----------------------------------------------------------------------------------------------------------

/** Cells of a body by number: the columns of a table, and which of them are sent. */
interface BodyWish {
  readonly cells: readonly number[];
  readonly sent: readonly number[];
}

const bodyWish: fc.Arbitrary<BodyWish> = fc.record({
  cells: fc.array(fc.nat(99), { minLength: 11, maxLength: 11 }),
  sent: fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }),
});

function cellFor(table: HouseTable, name: string, n: number): unknown {
  const { columns, nullable } = HOUSE[table];
  const kind = columns[name]!;
  if (n >= 98) return n === 98 ? null : { neither: "this" };
  if (n >= 80 && nullable.includes(name)) return null;
  if (n >= 20 && name === "id") return `n${n}`;
  if (n >= 20 && name === "number") return 10 + n;
  const pool = poolOf(table, name, kind);
  return kind === "date" ? new Date(pool[n % pool.length] as number).toISOString() : pool[n % pool.length];
}

/** A new row: what it needs, and some of what it may have; at times a column that is not the client's. */
function newBody(
  table: HouseTable,
  writable: readonly string[],
  { cells, sent }: BodyWish,
): Record<string, unknown> {
  const names = Object.keys(HOUSE[table].columns);
  const { nullable, defaults } = HOUSE[table];
  const chosenNames = names.filter((name, i) => {
    if (!writable.includes(name)) return sent[0]! > 95 && i === sent[0]! % names.length;
    return (!nullable.includes(name) && !(name in defaults)) || cells[i]! % 2 === 0;
  });
  return Object.fromEntries(
    chosenNames.map((name) => [name, cellFor(table, name, cells[names.indexOf(name)]!)]),
  );
}

/** A change of one to three columns. */
function changeBody(
  table: HouseTable,
  writable: readonly string[],
  { cells, sent }: BodyWish,
): Record<string, unknown> {
  const names = Object.keys(HOUSE[table].columns);
  return Object.fromEntries(
    sent.map((n) => {
      const name =
        n > 96 || writable.length === 0 ? names[n % names.length]! : writable[n % writable.length]!;
      return [name, cellFor(table, name, cells[names.indexOf(name)]!)];
    }),
  );
}

/** A write by number. */
export interface Changing extends Wishing {
  readonly method: Writing["method"];
  readonly bodies: readonly BodyWish[];
  readonly asList: boolean;
  readonly total: boolean;
  readonly versions: readonly number[] | "*" | undefined;
}

export const changing: fc.Arbitrary<Changing> = fc.record({
  caller,
  resource,
  scope,
  wish: sometimes(wish(1)),
  method: among<Writing["method"]>("POST", "PATCH", "PATCH", "DELETE"),
  bodies: fc.array(bodyWish, { minLength: 1, maxLength: 3 }),
  asList: fc.boolean(),
  total: fc.boolean(),
  versions: seldom(fc.oneof(fc.constant("*" as const), fc.subarray([1, 2, 3, 4], { minLength: 1 }))),
});

/** The rows that a write sends. */
export function rowsOf(file: FileSpec, drawn: Changing): readonly Record<string, unknown>[] {
  const { caller: who, resource: id, scope: within, method, bodies, asList } = drawn;
  const { table } = file.resources[id]!;
  const rule = resolve(file, id, method, rolesOf(who), within)?.rule ?? {};
  const writable = writableOf({ file }, table, rule, method);
  // Half of the changes are about columns that only some rows let be set.
  const some = writable.filter(onSomeRows(rule.write));
  const settable = method === "PATCH" && some.length > 0 && asList ? some : writable;
  return bodies.map((body) => (method === "POST" ? newBody : changeBody)(table, settable, body));
}

/** The write as a client sends it. */
export function writingOf(file: FileSpec, drawn: Changing): Writing {
  const { caller: who, resource: id, scope: within, method, bodies, asList, total, versions } = drawn;
  const { table } = file.resources[id]!;
  const rule = resolve(file, id, method, rolesOf(who), within)?.rule ?? {};
  const { columns, where, with: relations } = selecting(file, drawn, method) ?? {};
  // A version is asked for where there is one to read, and seldom elsewhere.
  const { version } = file.tables[table] ?? {};
  const counted = version !== undefined && readableOf(rule, table).includes(version);
  const sometimesAnyway = bodies[0]!.sent[0]! % 10 === 0;
  const rows = rowsOf(file, drawn);
  const selector = defined({ columns, with: relations, where: method === "POST" ? undefined : where });
  return defined({
    resource: id,
    method,
    scope: within,
    selector: Object.keys(selector).length > 0 ? selector : undefined,
    // A POST that says nothing of rows counts those of a GET, which is settled elsewhere.
    countTotal: total && method !== "POST",
    body: method === "DELETE" ? undefined : asList && method === "POST" ? rows : rows[0],
    versions: method === "POST" || !(counted || sometimesAnyway) ? undefined : versions,
  });
}
