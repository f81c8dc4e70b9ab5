import {
  and,
  eq,
  exists,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  ne,
  not,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { alias, QueryBuilder } from "drizzle-orm/sqlite-core";
import type { AnyRule } from "../../src/policy/any.ts";
import { BETWEEN, insideBy, operatorsOf, TEXTS } from "./arbitrary.ts";
import type { Dice } from "./dice.ts";
import type { Row } from "./model.ts";
import {
  columnOf,
  type DrawnColumn,
  type DrawnTable,
  type DrawnWorld,
  kindOf,
  type OpenWorld,
  type Pools,
  quoted,
  SPARED,
  tableOf,
} from "./worlds.ts";

// Rules and requests for schemas nobody wrote, as data first.

/** A row filter as data. */
export type DrawnFilter =
  | { readonly kind: "true" | "false" | "undefined" }
  | { readonly kind: "me"; readonly column: string }
  | {
      readonly kind: "compare";
      readonly by: keyof typeof COMPARE;
      readonly column: string;
      readonly values: readonly unknown[];
    }
  | { readonly kind: "raw" | "text"; readonly column: string }
  | { readonly kind: "exists" | "in" | "count"; readonly relation: string; readonly inner?: DrawnFilter }
  | { readonly kind: "and" | "or" | "not"; readonly parts: readonly DrawnFilter[] };

/** A computed field as data; some kinds only one database has. */
export interface DrawnExtra {
  readonly kind: string;
  readonly column: string;
  readonly relation?: string;
  readonly as: string;
}

export interface DrawnRule {
  readonly select: boolean | { readonly mode: boolean; readonly columns: readonly string[] };
  readonly where?: DrawnFilter;
  readonly later?: boolean;
  readonly orderBy?: Readonly<Record<string, "asc" | "desc">>;
  readonly maxLimit?: number | null;
  readonly onSurpassMaxLimit?: "Limit";
  readonly extras: Readonly<Record<string, DrawnExtra>>;
  readonly with: Readonly<Record<string, DrawnRule | boolean>>;
}

export const EVERYTHING: DrawnRule = { select: true, extras: {}, with: {} };

const COMPARE = { eq, ne, gt, lte, isNull, isNotNull, inArray };

/** How rules are written for a database, and what its columns are asked. */
export interface Tongue {
  readonly QueryBuilder: new (options: any) => any;
  alias(table: any, name: string): any;
  /** Text that says something of a value of whatever type. */
  readonly told: (value: any) => SQL;
  /** A value of an author's own. */
  own(value: number): SQL;
  /** What the author of a rule may compare a column by. */
  comparisons(column: DrawnColumn): readonly (keyof typeof COMPARE)[];
  /** Whether Drizzle itself reads every value of a column. */
  readonly isMapped: (column: DrawnColumn) => boolean;
  /** Whether rows can be ordered by a column. */
  isOrdered(column: DrawnColumn): boolean;
  /** The operators of a client's filter. */
  operators(column: DrawnColumn): readonly string[];
  /** What an operator of this database alone compares with. */
  operand(by: string, value: () => unknown, dice: Dice): unknown;
  /** Whether a value can be written to the database by anybody who writes through the engine. */
  isWritable(value: unknown): boolean;
  /** A value as the schema's types have it. */
  native(value: unknown): unknown;
  /** A value as a client writes it. */
  sent(value: unknown, dice: Dice): unknown;
  /** What a column cannot hold, and may be asked for; at times. */
  between(column: DrawnColumn, dice: Dice): unknown;
  /** The computed fields of one row that only this database has, and their SQL. */
  readonly extras: Readonly<Record<string, (column: any, drawn: DrawnColumn) => SQL | undefined>>;
  /** Computed fields of all rows together. */
  readonly aggregates: Readonly<Record<string, (column: any) => SQL>>;
  /** The computed fields that a table without a key may have, where not all. */
  readonly keyless: ReadonlySet<string> | undefined;
}

export const SQLITE_TONGUE: Tongue = {
  QueryBuilder,
  alias,
  told: (value) => sql`typeof(${value})`,
  own: (value) => sql`${value}`,
  comparisons: () => Object.keys(COMPARE) as (keyof typeof COMPARE)[],
  isMapped: () => true,
  isOrdered: () => true,
  operators: (column) => operatorsOf(kindOf(column)),
  operand: (by, _, dice) =>
    by === "json" ? insideBy([dice.between(0, 99), dice.between(0, 99), dice.between(0, 99)]) : undefined,
  isWritable: () => true,
  // None that libsql's driver cuts.
  native: (value) => (typeof value === "string" ? value.replaceAll("\0", "0") : value),
  sent: (value, dice) =>
    value instanceof Date && dice.chance(0.3)
      ? value.getTime()
      : carried(typeof value === "string" ? value.replaceAll("\0", "0") : value),
  between: (column, dice) => {
    const values = BETWEEN[kindOf(column)];
    return values !== undefined && dice.chance(0.5) ? dice.pick(values) : undefined;
  },
  extras: {},
  aggregates: {},
  keyless: SPARED.keylessExtras ? new Set(["column", "mapped", "value"]) : undefined,
};
const EXTRA_KINDS = ["column", "mapped", "typeof", "upper", "value", "count", "count", "lookup", "text"];
/** As long as PostgreSQL takes names; a character more is one too many. */
const LONG_NAME = "an extra with a name that is as long as names are in postgresql";
/** What fits next to nothing. */
const HOSTILE: readonly unknown[] = [
  0.5,
  "wrong",
  { neither: [] },
  true,
  -1,
  "\0",
  2 ** 53,
  -1e308,
  1e-320,
  "",
  [],
  [[]],
  [null],
  {},
  "NaN",
  "infinity",
  "2024-02-30",
  "24:00:01",
  "-0",
  "1e5",
  "{}",
  "{a",
  "' or 1=1 --",
  "$1",
  "\\",
  "::1/200",
  "0001-01-01",
  "294277-01-01 00:00:00",
  "10000-01-01T00:00:00Z",
  "P1Y2M",
  "99999999999 years",
  "\\x0g",
];
const CONSTANT = { true: true, false: false, undefined } as const;

/** The columns a rule lets out, in the schema's order. */
export function readableOf({ select }: DrawnRule, table: DrawnTable): readonly DrawnColumn[] {
  if (typeof select === "boolean") return select ? table.columns : [];
  return table.columns.filter(({ name }) => select.columns.includes(name) === select.mode);
}

export const relationOf = (table: DrawnTable, name: string): DrawnTable["relations"][number] | undefined =>
  table.relations.find((relation) => relation.name === name);

// --- what is drawn ---------------------------------------------------------------------------------------------------

/** Draws rules over a world, and requests under them. */
export class RuleDrawer {
  readonly #dice: Dice;
  readonly #world: DrawnWorld;
  readonly #pools: Pools;
  readonly #tongue: Tongue;
  /** How often it drew what an engine may refuse. */
  dubious = 0;
  /** What was stored, or could be, for values of bodies. */
  readonly meant = new WeakMap<object, ReadonlyMap<string, unknown>>();

  constructor(dice: Dice, world: DrawnWorld, pools: Pools, tongue: Tongue = SQLITE_TONGUE) {
    this.#dice = dice;
    this.#world = world;
    this.#pools = pools;
    this.#tongue = tongue;
  }

  rule(table: DrawnTable, depth: number): DrawnRule {
    const dice = this.#dice;
    const names = table.columns.map(({ name }) => name);
    const select = dice.chance(0.5)
      ? true
      : dice.chance(0.1)
        ? false
        : { mode: dice.chance(0.5), columns: dice.some(names) };
    const orderable = table.columns.filter((column) => this.#tongue.isOrdered(column));
    const order = dice.shuffled(orderable.map(({ name }) => name)).slice(0, 2);
    return {
      select,
      ...(dice.chance(0.5) && { where: this.filter(table, 2) }),
      ...(dice.chance(0.1) && { later: true }),
      ...(dice.chance(0.4) && {
        orderBy: Object.fromEntries(order.map((name) => [name, dice.pick(["asc", "desc"] as const)])),
      }),
      ...(dice.chance(0.3) && { maxLimit: dice.pick([0, 1, 2, 3, 5, 8, 50, 50, null]) }),
      ...(dice.chance(0.7) && { onSurpassMaxLimit: "Limit" as const }),
      extras: this.#extras(table),
      with:
        depth === 0
          ? {}
          : Object.fromEntries(
              dice
                .some(table.relations, 0.8)
                .map(({ name, target }): [string, DrawnRule | boolean] => [
                  name,
                  dice.chance(0.8) ? this.rule(tableOf(this.#world, target), depth - 1) : dice.chance(0.7),
                ]),
            ),
    };
  }

  /** A rule for computed fields of all rows together, which stand alone. */
  aggregates(table: DrawnTable): DrawnRule {
    const dice = this.#dice;
    const kinds = dice.some(Object.keys(this.#tongue.aggregates), 0.6);
    const { name: column } = dice.pick(table.columns);
    return {
      select: false,
      ...(dice.chance(0.5) && { where: this.filter(table, 1) }),
      extras: Object.fromEntries(kinds.map((kind) => [`+${kind}`, { kind, column, as: `+${kind}` }])),
      with: {},
    };
  }

  filter(table: DrawnTable, depth: number): DrawnFilter {
    const dice = this.#dice;
    const { name: column } = dice.pick(table.columns);
    const sort = dice.next();
    if (sort < 0.08) return { kind: dice.pick(["true", "true", "false", "undefined"]) };
    if (sort < 0.2) return { kind: "me", column };
    if (sort < 0.45 || (sort >= 0.65 && table.relations.length === 0)) return this.#comparison(table, column);
    if (sort < 0.65 || depth === 0) {
      if (dice.chance(0.5)) return { kind: dice.pick(["raw", "text"]), column };
      const parts = [
        this.#comparison(table, column),
        depth > 0 ? this.filter(table, depth - 1) : this.#comparison(table, column),
      ];
      const kind = dice.pick(["and", "or", "or", "not"] as const);
      return { kind, parts: kind === "not" ? parts.slice(1) : parts };
    }
    const relation = dice.pick(table.relations);
    return {
      kind: dice.pick(["exists", "exists", "in", "count"]),
      relation: relation.name,
      ...(dice.chance(0.5) && { inner: this.filter(tableOf(this.#world, relation.target), 0) }),
    };
  }

  #comparison(table: DrawnTable, column: string): DrawnFilter {
    const by = this.#dice.pick(this.#tongue.comparisons(columnOf(table, column)));
    const values = [0, 1, 2].map(() => this.#tongue.native(this.#value(table, columnOf(table, column))));
    return { kind: "compare", by, column, values };
  }

  #extras(table: DrawnTable): Readonly<Record<string, DrawnExtra>> {
    const dice = this.#dice;
    const extras: Record<string, DrawnExtra> = {};
    const taken = new Set([...table.columns, ...table.relations].map(({ name }) => name));
    if (dice.chance(0.5)) return extras;
    for (const name of dice.some(
      ["extra", "e.x", "it's computed", "row count", LONG_NAME, `${LONG_NAME}!`, table.columns[0]!.db ?? "x"],
      0.4,
    )) {
      const as = dice.pick([name, "another", table.columns.at(-1)!.db ?? "y"]);
      if (taken.has(name) || taken.has(as)) continue;
      const sort = dice.pick([...EXTRA_KINDS, ...Object.keys(this.#tongue.extras)]);
      const far = sort === "count" || sort === "lookup";
      const relations = table.relations.filter(({ many }) => sort === "count" || !many);
      if (far && relations.length === 0) continue;
      const relation = far ? dice.pick(relations) : undefined;
      const columns = (relation === undefined ? table : tableOf(this.#world, relation.target)).columns.filter(
        (column) => !isSpared(sort, table, column, this.#tongue),
      );
      if (columns.length === 0) continue;
      extras[name] = {
        kind: sort,
        column: dice.pick(columns).name,
        as,
        ...(relation !== undefined && { relation: relation.name }),
      };
    }
    return extras;
  }

  /** A value for a column: often one that is there. */
  #value(table: DrawnTable, { name, mode }: DrawnColumn): unknown {
    const writable = (values: readonly unknown[]): readonly unknown[] =>
      values.filter((value) => value !== null && this.#tongue.isWritable(value));
    const stored = writable(table.rows.map((row: Row) => row[name]));
    return this.#dice.pick(
      stored.length > 0 && this.#dice.chance(0.7) ? stored : writable(this.#pools[mode]!),
    );
  }

  /** What an engine may refuse. */
  #doubtful<T>(value: T): T {
    this.dubious++;
    return value;
  }

  // --- what clients send -----------------------------------------------------------------------------------------------

  /** A value as a client writes it; one in fifty fits nothing. */
  sent(table: DrawnTable, column: DrawnColumn, tell: (value: unknown) => void = () => undefined): unknown {
    if (this.#dice.chance(0.02)) return this.#doubtful(this.#dice.pick(HOSTILE));
    const value = this.#value(table, column);
    tell(value);
    return this.#tongue.sent(value, this.#dice);
  }

  selector(table: DrawnTable, rule: DrawnRule, one = false): Record<string, unknown> {
    const dice = this.#dice;
    const readable = readableOf(rule, table);
    const names = [...readable.map(({ name }) => name), ...Object.keys(rule.extras)];
    const selector: Record<string, unknown> = {};
    if (dice.chance(0.45)) {
      const some = dice.shuffled(names).slice(0, dice.between(1, 5));
      selector["columns"] = dice.chance(0.2)
        ? dice.chance(0.5)
        : Object.fromEntries([
            ...some.map((name) => [name, dice.chance(0.7)]),
            ...(dice.chance(0.03) || some.length === 0 ? [[this.#strange(table), true]] : []),
          ]);
    }
    if (!one || (dice.chance(0.01) && this.#doubtful(true))) {
      if (readable.length > 0 && dice.chance(0.35)) selector["where"] = this.where(table, rule, 2);
      if (readable.length > 0 && dice.chance(0.5)) {
        const keys = dice.shuffled(readable).slice(0, dice.between(1, 3));
        if (!keys.every((column) => this.#tongue.isOrdered(column))) this.#doubtful(keys);
        selector["orderBy"] = Object.fromEntries(
          keys.map(({ name }) => [name, dice.pick<unknown>(["asc", "desc", 1, -1])]),
        );
      }
      if (dice.chance(0.3)) selector["limit"] = dice.chance(0.1) ? 0 : dice.between(1, 8);
      if (dice.chance(0.2)) selector["offset"] = dice.between(0, 4);
    }
    const offered = Object.entries(rule.with).filter(([, inner]) => inner !== false);
    if (offered.length > 0 && dice.chance(0.75)) {
      selector["with"] = Object.fromEntries(
        dice.some(offered, 0.7).map(([name, inner]) => {
          const { target, many } = relationOf(table, name)!;
          const innerRule = typeof inner === "object" ? inner : EVERYTHING;
          return [
            name,
            dice.chance(0.3)
              ? dice.chance(0.9)
              : this.selector(tableOf(this.#world, target), innerRule, !many),
          ];
        }),
      );
    }
    return selector;
  }

  /** A client's filter over readable columns. */
  where(table: DrawnTable, rule: DrawnRule, depth: number): unknown {
    const dice = this.#dice;
    const sort = depth === 0 ? 1 : dice.next();
    const part = (): unknown => this.where(table, rule, depth - 1);
    // A column of that very name wins.
    const word = (name: string): string =>
      readableOf(rule, table).some((column) => column.name === name) ? this.#doubtful(name) : name;
    if (sort < 0.1) return [part(), part()];
    if (sort < 0.2) return { [word(dice.pick(["AND", "OR"]))]: [part(), part()] };
    if (sort < 0.28) return { [word("NOT")]: part() };
    const conditions = Array.from({ length: dice.between(1, 2) }, () => {
      const column = dice.pick(readableOf(rule, table));
      if (dice.chance(0.02)) return [this.#strange(table), 1];
      const by = dice.pick(this.#tongue.operators(column));
      if (by === "eq" && dice.chance(0.5))
        return [column.name, dice.chance(0.1) ? null : this.sent(table, column)];
      return [`${column.name}.${by}`, this.#operand(table, column, by)];
    });
    return Object.fromEntries(conditions) as unknown;
  }

  #operand(table: DrawnTable, column: DrawnColumn, by: string): unknown {
    const dice = this.#dice;
    if (by === "isNull" || by === "isNotNull") return dice.chance(0.5);
    const special = this.#tongue.operand(by, () => this.#value(table, column), dice);
    if (special !== undefined) return special;
    if (/like$/i.test(by)) return dice.pick(["%", "a%", "%a", "_", "%🚀%", "%\\%%", "[x]", "*"]);
    if (/contains|starts|ends/i.test(by)) return dice.pick(TEXTS);
    const asked = (): unknown => this.#tongue.between(column, dice) ?? this.sent(table, column);
    if (by.endsWith("etween")) return [asked(), asked()];
    if (/in(Array)?$/i.test(by)) return Array.from({ length: dice.between(0, 3) }, asked);
    return dice.chance(0.05) ? this.#doubtful(null) : asked();
  }

  #strange(table: DrawnTable): string {
    return this.#doubtful(
      this.#dice.pick(["nothing", "constructor", "getSQL", "AND", this.#dice.pick(table.columns).name]),
    );
  }

  /** A row, or part of one, as a client sends it. */
  body(table: DrawnTable, columns: readonly DrawnColumn[], whole: boolean): Record<string, unknown> {
    const dice = this.#dice;
    const some = whole ? columns : dice.shuffled(columns).slice(0, dice.between(1, 3));
    const meant = new Map<string, unknown>();
    const body: Record<string, unknown> = Object.fromEntries(
      some
        .filter(({ notNull }) => !whole || notNull || dice.chance(0.6))
        .map((column) => {
          const { name, notNull } = column;
          const isNull = !notNull && dice.chance(0.1);
          if (isNull) meant.set(name, null);
          return [name, isNull ? null : this.sent(table, column, (value) => void meant.set(name, value))];
        }),
    );
    this.meant.set(body, meant);
    return body;
  }
}

/** Whether rules leave out a computed field of a column, see `SPARED`. */
function isSpared(
  kind: DrawnExtra["kind"],
  table: DrawnTable,
  column: DrawnColumn,
  { keyless, isMapped }: Tongue,
): boolean {
  if (kind === "mapped" && !isMapped(column)) return true;
  if (table.key.length === 0 && keyless?.has(kind) === false) return true;
  const plain = kind === "column" || kind === "mapped";
  return SPARED.bigComputed && plain && /numericBig|decimal|number/.test(column.mode);
}

/** A value as JSON carries it. */
export function carried(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

// --- what is made of it ----------------------------------------------------------------------------------------------

/** Makes of drawn rules what an author would have written. */
export class Author {
  readonly #open: OpenWorld;
  readonly #query: QueryBuilder;
  readonly #tongue: Tongue;

  constructor(open: OpenWorld, tongue: Tongue = SQLITE_TONGUE) {
    this.#open = open;
    this.#tongue = tongue;
    this.#query = new tongue.QueryBuilder(open.world.cased ? { casing: "snake_case" } : {});
  }

  rule(rule: DrawnRule, table: DrawnTable): AnyRule {
    const { where, later, extras, with: relations, ...rest } = rule;
    return {
      ...rest,
      ...(where !== undefined && { where: this.filter(where, table, later) }),
      extras: Object.fromEntries(
        Object.entries(extras).map(([name, extra]) => [name, this.#extra(extra, table)]),
      ),
      with: Object.fromEntries(
        Object.entries(relations).map(([name, inner]) => [
          name,
          typeof inner === "boolean"
            ? inner
            : this.rule(inner, tableOf(this.#open.world, relationOf(table, name)!.target)),
        ]),
      ),
    };
  }

  /** The function that answers a filter. */
  filter(
    filter: DrawnFilter,
    table: DrawnTable,
    later = false,
  ): (context: { me: number }, columns: any) => unknown {
    return ({ me }, columns) => {
      const answer =
        filter.kind === "true" || filter.kind === "false" || filter.kind === "undefined"
          ? CONSTANT[filter.kind]
          : this.#condition(filter, table, columns, me);
      return later ? Promise.resolve(answer) : answer;
    };
  }

  #condition(filter: DrawnFilter, table: DrawnTable, columns: any, me: number): SQL {
    switch (filter.kind) {
      case "true":
        return sql`1 = 1`;
      case "false":
      case "undefined":
        return sql`1 = 0`;
      // Without brackets of its own: whoever puts an `and` beside it has to mind.
      case "me":
        return sql`${columns[filter.column]} is null or ${this.#tongue.own(me)} <> ${2}`;
      case "raw":
        return sql`${this.#tongue.told(columns[filter.column])} <> ${"null"}`;
      case "text":
        return sql.raw(`${quoted(table.db)}.${quoted(this.#open.nameOf(table, filter.column))} is not null`);
      case "compare": {
        const { by, values } = filter;
        const compared: any = COMPARE[by];
        return compared(columns[filter.column], by === "inArray" ? values : values[0]);
      }
      case "and":
      case "or":
        return (filter.kind === "and" ? and : or)(
          ...filter.parts.map((part) => this.#condition(part, table, columns, me)),
        )!;
      case "not":
        return not(this.#condition(filter.parts[0]!, table, columns, me));
      default:
        return this.#related(filter, table, columns, me);
    }
  }

  #related(
    { kind, relation, inner }: Extract<DrawnFilter, { relation: string }>,
    table: DrawnTable,
    columns: any,
    me: number,
  ): SQL {
    const { on } = relationOf(table, relation)!;
    const { target, drawn } = this.#target(table, relation);
    const joined = on.map(([from, to]) => eq(target[to], columns[from]));
    const conditions = [
      ...joined,
      ...(inner === undefined || inner.kind === "text" ? [] : [this.#condition(inner, drawn, target, me)]),
    ];
    const all = sql.join(
      conditions.map((condition) => sql`(${condition})`),
      sql` and `,
    );
    // An alias is named by a query only; another table's columns by a text too.
    const written = drawn !== table && (inner === undefined || inner.kind !== "me");
    if (kind === "exists")
      return written
        ? sql`exists (select 1 from ${target} where ${all})`
        : exists(
            this.#query
              .select({ one: sql`1` })
              .from(target)
              .where(all),
          );
    if (kind === "count")
      return sql`${this.#query
        .select({ n: sql`count(*)` })
        .from(target)
        .where(all)} between ${1} and ${2}`;
    const [from, to] = on[0]!;
    return sql`${columns[from]} in ${this.#query.select({ v: sql`${target[to]}` }).from(target)}`;
  }

  /** The table of a relation, under a name of its own where it is the same table. */
  #target(table: DrawnTable, relation: string): { target: any; drawn: DrawnTable } {
    const drawn = tableOf(this.#open.world, relationOf(table, relation)!.target);
    const target = this.#open.schema[drawn.name];
    return { drawn, target: drawn === table ? this.#tongue.alias(target, "the other") : target };
  }

  #extra({ kind, column, relation, as }: DrawnExtra, table: DrawnTable): SQL.Aliased {
    const columns = this.#open.schema[table.name];
    const { told, extras, aggregates } = this.#tongue;
    const made =
      extras[kind]?.(columns[column], columnOf(table, column)) ?? aggregates[kind]?.(columns[column]);
    if (made !== undefined) return made.as(as);
    switch (kind) {
      case "column":
        return sql`${columns[column]}`.as(as);
      case "mapped":
        return sql`${columns[column]}`.mapWith(columns[column]).as(as);
      case "typeof":
        return sql`${told(columns[column])}`.as(as);
      case "upper":
        return sql`upper(${told(columns[column])}) || ${"it's"}`.as(as);
      case "value":
        return this.#tongue.own(0.1).as(as);
      case "text":
        return sql`${told(sql.raw(`${quoted(table.db)}.${quoted(this.#open.nameOf(table, column))}`))}`.as(
          as,
        );
      case "count":
      case "lookup": {
        const { target, drawn } = this.#target(table, relation!);
        const { on } = relationOf(table, relation!)!;
        const joined = and(...on.map(([from, to]) => eq(target[to], columns[from])));
        if (kind === "count" && table.name !== drawn.name)
          return sql`(select count(*) from ${target} where ${joined})`.as(as);
        const what = kind === "count" ? sql`count(*)` : told(target[column]);
        return sql`${this.#query.select({ v: what }).from(target).where(joined)}`.as(as);
      }
      default:
        return sql`${columns[column]}`.as(as);
    }
  }
}
