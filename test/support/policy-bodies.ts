import type { Kind, Row } from "./model.ts";
import { refuse, valueOf } from "./oracle-values.ts";
import { areGrants, chosen, type Method, readableOf, type TopSpec } from "./policy-rules.ts";
import { factsOf, type Seat } from "./policy-seat.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// What of a body a client may set, and the values that come of it.

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

/** A number that is added to what is stored. */
export class Increment {
  readonly by: unknown;
  constructor(by: unknown) {
    this.by = by;
  }

  /** What comes of a row's own number. */
  of(stored: unknown): unknown {
    if (stored === null) return refuse("nothing can be added to null");
    if (typeof stored !== "bigint") return (stored as number) + (this.by as number);
    const sum = stored + (this.by as bigint);
    return BigInt.asIntN(64, sum) === sum ? sum : refuse("a sum that does not fit");
  }
}

const NUMBERS: readonly Kind[] = ["integer", "real", "bigint"];
const isIncrement = (value: unknown): value is { readonly $inc: unknown } =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "$inc");

/** A body as the values of columns, or a refusal. */
export function valuesOf(seat: Seat, table: HouseTable, rule: TopSpec, method: Method, body: unknown): Row {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return refuse("no object");
  const writable = writableOf(seat, table, rule, method);
  const { columns, nullable } = HOUSE[table];
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (!writable.includes(name)) refuse(`unwritable ${name}`);
      // What the author puts in its place is never looked at.
      if (rule.inject !== undefined && name in rule.inject) return [name, value];
      const kind = columns[name]!;
      if (method === "PATCH" && isIncrement(value) && NUMBERS.includes(kind)) {
        if (!readableOf(rule, table).includes(name)) refuse(`${name} is not read`);
        if (Object.keys(value).length > 1) refuse("$inc stands alone");
        return [name, new Increment(valueOf(kind, value.$inc))];
      }
      if (value === null) return nullable.includes(name) ? [name, null] : refuse(`null in ${name}`);
      return [name, valueOf(kind, value)];
    }),
  );
}

/** A new row as it will be stored. */
export function newRow(seat: Seat, table: HouseTable, rule: TopSpec, given: Row): Row {
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

/** What a PATCH sets. */
export function changeOf(seat: Seat, table: HouseTable, rule: TopSpec, body: unknown): Row {
  const given = valuesOf(seat, table, rule, "PATCH", body);
  if (Object.keys(given).length === 0) refuse("nothing to change");
  return given;
}
