import fc from "fast-check";
import { named, seldom, sometimes, withoutUndefined } from "./arbitrary.ts";
import type { Kind } from "./model.ts";
import { FUNCTIONS, type FunctionName, type Permission, permissionOf, takes } from "./policy-aggregates.ts";
import { way } from "./policy-arbitrary.ts";
import { BUCKETS } from "./policy-calendar.ts";
import { readableOf, type Way } from "./policy-rules.ts";
import { columnAt, filterFrom, type Offer, valueAt } from "./policy-selectors.ts";
import { type FilterWish, filterWish } from "./policy-wishes.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// Questions for aggregates, drawn by number like all others.

const number = fc.nat(99);

/** A function of a column, or the number of all rows. */
interface FigureWish {
  readonly name: number;
  readonly column: number | undefined;
}
const figure: fc.Arbitrary<FigureWish> = fc.record({
  name: number,
  column: fc.option(number, { nil: undefined, freq: 4 }),
});

interface HavingWish {
  readonly figure: FigureWish;
  readonly operator: number;
  readonly value: number;
  readonly denied: boolean;
}

export interface GroupsWish {
  readonly figures: readonly FigureWish[];
  readonly groupBy:
    | readonly { readonly path: readonly number[]; readonly column: number; readonly bucket: number }[]
    | undefined;
  readonly where: FilterWish | undefined;
  readonly having: readonly HavingWish[] | undefined;
  readonly orderBy: readonly (readonly [key: number, figure: FigureWish, way: Way])[] | undefined;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly zone: number | undefined;
}

export const groupsWish: fc.Arbitrary<GroupsWish> = fc.record({
  figures: fc.array(figure, { minLength: 1, maxLength: 3 }),
  groupBy: fc.option(
    fc.array(fc.record({ path: fc.array(number, { maxLength: 2 }), column: number, bucket: number }), {
      minLength: 1,
      maxLength: 2,
    }),
    { nil: undefined, freq: 5 },
  ),
  where: sometimes(filterWish),
  having: seldom(
    fc.array(fc.record({ figure, operator: number, value: number, denied: fc.boolean() }), {
      minLength: 1,
      maxLength: 2,
    }),
  ),
  orderBy: sometimes(fc.array(fc.tuple(number, figure, way), { minLength: 1, maxLength: 2 })),
  limit: seldom(fc.nat(4)),
  offset: seldom(fc.nat(3)),
  zone: seldom(fc.nat(4)),
});

const ZONES = ["UTC", "+02:00", "-05:30", "+14:00", "Europe/Berlin"];

const pick = <T>(from: readonly T[], n: number): T | undefined =>
  from.length === 0 ? undefined : from[n % from.length];

/** What may be asked of groups under a rule. */
interface Choice {
  readonly offer: Offer;
  readonly permission: Permission;
}

const kindOf = (table: HouseTable, column: string): Kind => HOUSE[table].columns[column]!;

/** A figure by its names, or none that the rule offers. */
function figureAt(
  { offer, permission }: Choice,
  { name, column }: FigureWish,
): readonly [FunctionName, string | undefined] {
  const { table } = offer;
  const functions = FUNCTIONS.filter((each) => permission.functions.includes(each));
  const by = (name > 97 ? undefined : pick(functions, name)) ?? FUNCTIONS[name % FUNCTIONS.length]!;
  if (column === undefined && by === "count") return ["count", undefined];
  const shown = permission.columns.filter((each) => takes(by, kindOf(table, each)));
  const isExtreme = by === "min" || by === "max";
  const readable = readableOf(offer.node, table);
  const fit =
    isExtreme && !permission.named.includes(by) ? shown.filter((each) => readable.includes(each)) : shown;
  if (fit.length === 0 && permission.functions.includes("count")) return ["count", undefined];
  return [by, named(fit, column ?? name)];
}

const keyOf = ([name, column]: readonly [string, string | undefined]): string =>
  column === undefined ? name : `${name}.${column}`;

function functionsFrom(choice: Choice, wishes: readonly FigureWish[]): Record<string, unknown> {
  const asked: Record<string, unknown> = {};
  for (const wish of wishes) {
    const [name, column] = figureAt(choice, wish);
    const others = asked[name];
    if (column === undefined) asked[name] ??= true;
    else if (others !== true) asked[name] = { ...(others as object | undefined), [column]: true };
  }
  return asked;
}

function pathFrom({ offer, permission }: Choice, wish: NonNullable<GroupsWish["groupBy"]>[number]): string {
  const { path, column: n, bucket } = wish;
  // Its own columns are those that may be grouped by, readable or not.
  const far = path.length > 0 ? columnAt(offer, path, n, "orderBy") : undefined;
  const own = far === undefined || !far.name.includes(".");
  const { name, table, column } = own
    ? { name: named(permission.groupBy, n), table: offer.table, column: named(permission.groupBy, n) }
    : far;
  const isDate = HOUSE[table].columns[column] === "date";
  return isDate && bucket % 6 < 5 ? `${name}.${BUCKETS[bucket % BUCKETS.length]!}` : name;
}

const COMPARED = ["gt", "gte", "lt", "lte", "eq", "ne", "in", "between", "isNull", "isNotNull"];

function havingFrom(choice: Choice, wishes: readonly HavingWish[]): unknown {
  const parts = wishes.map(({ figure: wish, operator, value: n, denied }) => {
    const [name, column] = figureAt(choice, wish);
    const by = COMPARED[operator % COMPARED.length]!;
    const value = (m: number): unknown => operandFor(choice, name, column, m);
    const operand =
      by === "in"
        ? [value(n), value(n + 1)]
        : by === "between"
          ? [value(n), value(n + 1)]
          : by.startsWith("is")
            ? n % 2 === 0
            : value(n);
    const key = keyOf([name, column]);
    const condition = { [by === "eq" && n % 2 === 0 ? key : `${key}.${by}`]: operand };
    return denied && n % 3 === 0 ? { NOT: condition } : condition;
  });
  return parts.length === 1
    ? parts[0]
    : Object.keys(parts[0]!)[0] === Object.keys(parts[1]!)[0]
      ? parts
      : { AND: parts };
}

function operandFor(
  { offer: { table } }: Choice,
  name: FunctionName,
  column: string | undefined,
  n: number,
): unknown {
  const kind = column === undefined || !(column in HOUSE[table].columns) ? "integer" : kindOf(table, column);
  if (name === "count" || name === "countDistinct") return n % 4;
  if (name === "avg") return kind === "decimal" ? String(n % 3) : n % 3;
  return valueAt(table, column!, kind, n % 98);
}

/** The aggregate a wish comes to. */
export function groupsFrom(offer: Offer, wish: GroupsWish): Record<string, unknown> {
  const permission = offeredBy(offer);
  const choice = { offer, permission };
  const { figures, groupBy: paths, where, having, orderBy, limit, offset, zone } = wish;
  const may = <T>(key: string, value: T | undefined): T | undefined =>
    offer.node.forbid?.includes(key) === true ? undefined : value;
  const groupBy = paths && [...new Set(paths.map((path) => pathFrom(choice, path)))];
  const hasBucket = groupBy?.some((path) => BUCKETS.some((bucket) => path.endsWith(`.${bucket}`))) === true;
  const isDistinct = groupBy !== undefined && (limit ?? 1) === 3;
  const ordered = (): Record<string, Way> =>
    Object.fromEntries(
      orderBy!.map(([key, figure, direction]) => [
        key % 3 === 0 ? groupBy![key % groupBy!.length]! : keyOf(figureAt(choice, figure)),
        direction,
      ]),
    );
  return withoutUndefined({
    ...(isDistinct ? {} : functionsFrom(choice, figures)),
    groupBy,
    where: may("where", where && filterFrom(offer, where)),
    ...(groupBy !== undefined && {
      having: having && havingFrom(choice, having),
      orderBy: may("orderBy", orderBy && ordered()),
      limit: may("limit", limit),
      offset: may("offset", offset),
      timeZone: hasBucket && zone !== undefined ? ZONES[zone] : undefined,
    }),
  });
}

/** What a rule offers; where it offers nothing, it is asked all the same. */
const offeredBy = (offer: Offer): Permission =>
  offer.node.aggregate === undefined || offer.node.forbid?.includes("aggregate") === true
    ? permissionOf({ table: offer.table, node: { select: true, aggregate: true } })
    : permissionOf(offer);
