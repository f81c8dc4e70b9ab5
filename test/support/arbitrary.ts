import fc from "fast-check";
import { EXTRAS, FILTERS, type Kind, MODEL, type Row, type TableName, type World } from "./model.ts";
import { type EntrySpec, EVERYTHING, type RuleSpec, readableOf } from "./rules.ts";

// Values come from small pools, so that filters meet what is stored.

export const TEXTS = [
  "",
  "a",
  "A",
  "Alpha",
  "alpha",
  "100%",
  "under_score",
  "back\\slash",
  "it's",
  '"',
  "é",
  "É",
  "🚀",
  "*",
  "[x]",
  "?",
  "a\u2028b",
  "%",
];
const INTEGERS = [-1, 0, 1, 2, 3, 4, 5, 20, 2 ** 31, Number.MAX_SAFE_INTEGER];
// Twice as much of them is still a whole number that JSON's readers hold.
const SMALL_INTEGERS = INTEGERS.filter((n) => n < 2 ** 40);
const REALS = [0, -1, 0.1 + 0.2, 3, 4.5, 1e300, 5e-324, 1 / 3, -2.5e-7, 123456789.12345679];
const DATES = [
  0, -1, 1_700_000_000_000, 1_700_000_003_500, -62_167_219_200_000, 253_402_300_799_999, -86_400_000_001,
  951_782_400_123,
];
const OUTSIDE_DATES = [
  -62_167_219_200_001, 253_402_300_800_000, 8_640_000_000_000_000, -8_640_000_000_000_000,
];

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq: 4 });

/** Absent more often than not. */
export function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
/** Present as often as not. */
export const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Present three times in four. */
export const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 4 });

// --- the blog ------------------------------------------------------------------------------------------------------

const ARTICLE_IDS = ["a1", "a2", "B3", "é4", "🚀5", "a 6", "z'7"];

/** A small blog whose references hold. */
export const blog: fc.Arbitrary<World> = fc
  .record({
    authors: fc.array(
      fc.record({
        name: among(...TEXTS),
        secret: among("s-1", "S-2", "x", ""),
        role: among("writer", "editor"),
        mentor: maybe(fc.nat(3)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    articles: fc.array(
      fc.record({
        author: fc.nat(3),
        reviewer: maybe(fc.nat(3)),
        title: among(...TEXTS),
        body: maybe(among(...TEXTS)),
        rating: maybe(among(...REALS)),
        views: among(...SMALL_INTEGERS),
        published: fc.boolean(),
        createdAt: fc.oneof(
          { weight: 40, arbitrary: among(...DATES) },
          { weight: 1, arbitrary: among(...OUTSIDE_DATES) },
        ),
      }),
      { maxLength: 7 },
    ),
    comments: fc.array(
      fc.record({ article: fc.nat(6), author: fc.nat(3), text: among(...TEXTS), hidden: fc.boolean() }),
      { maxLength: 10 },
    ),
    tags: fc.uniqueArray(among(...TEXTS), { maxLength: 3 }),
    links: fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(2)), {
      maxLength: 6,
      selector: ([a, t]) => `${a}:${t}`,
    }),
  })
  .map(({ authors, articles, comments, tags, links }) => {
    const person = (n: number): number => (n % authors.length) + 1;
    return {
      author: authors.map(({ mentor, ...rest }, index) => ({
        id: index + 1,
        email: `${index + 1}@local.dev`,
        mentorId: mentor === null ? null : person(mentor),
        ...rest,
      })),
      article: articles.map(({ author, reviewer, createdAt, ...rest }, index) => ({
        id: ARTICLE_IDS[index]!,
        authorId: person(author),
        reviewerId: reviewer === null ? null : person(reviewer),
        createdAt: new Date(createdAt),
        ...rest,
      })),
      comment: comments
        .filter(({ article }) => article < articles.length)
        .map(({ article, author, ...rest }, index) => ({
          id: index + 1,
          articleId: ARTICLE_IDS[article]!,
          authorId: person(author),
          ...rest,
        })),
      tag: tags.map((label, index) => ({ id: index + 1, label })),
      articleTag: links
        .filter(([article, tag]) => article < articles.length && tag < tags.length)
        .map(([article, tag]) => ({ articleId: ARTICLE_IDS[article]!, tagId: tag + 1 })),
      sample: [],
    };
  });

// --- one column of every kind --------------------------------------------------------------------------------------

const wildText = fc.oneof(
  among(
    ...TEXTS,
    "\0",
    "a\0b",
    "\u2029",
    "\ufeff",
    "\\u0000",
    "\\",
    "'",
    "\r\n\t",
    "\u007f",
    "\ufffd",
    "ﷺ",
    "e\u0301",
    "👩‍👩‍👧",
  ),
  fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text.isWellFormed()),
  fc.nat(31).map((code) => `<${String.fromCharCode(code)}>`),
);
const wildReal = fc.oneof(
  among(
    ...REALS,
    -0,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    -Number.MAX_VALUE,
    2.2250738585072014e-308,
    1e21,
    1e-7,
    2 ** 53 + 2,
    9e15,
    -9e15,
    1e15,
    999999999999999.9,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map((n) => n / 100),
);
const wildDate = fc.oneof(
  { weight: 20, arbitrary: among(...DATES) },
  { weight: 30, arbitrary: fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }) },
  { weight: 1, arbitrary: among(...OUTSIDE_DATES) },
);
const wildJson = fc
  .oneof(
    fc
      .jsonValue({ depthSize: "small", maxDepth: 3 })
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    among<unknown>(
      { "\u2028": "\0", 'quo"te': ["\\"] },
      [],
      {},
      "",
      "text",
      0,
      -0,
      1e300,
      5e-324,
      true,
      [null],
      { a: { b: [1, "🚀", { "": 0.1 + 0.2 }] } },
    ),
  )
  .filter((value) => !/__proto__|\\ud[89a-f]/i.test(JSON.stringify(value)));
const wildBig = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  among(0n, -1n, 2n ** 53n + 1n, -(2n ** 63n)),
);

const wildCell: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  text: wildText,
  choice: among("a", "b"),
  json: wildJson,
  integer: fc.oneof(among(...INTEGERS, -Number.MAX_SAFE_INTEGER), fc.maxSafeInteger()),
  flag: fc.boolean(),
  seconds: wildDate.map((ms) => new Date(Math.floor(ms / 1000) * 1000)),
  millis: wildDate.map((ms) => new Date(ms)),
  real: wildReal,
  decimal: fc.oneof(
    among(
      "0",
      "1.5",
      "-0.1",
      "12345678901234567890",
      "9007199254740993",
      "1e3",
      "0.30000000000000004",
      "007",
    ),
    fc.integer().map(String),
  ),
  number: fc.oneof(wildReal, fc.maxSafeInteger()),
  numericBig: wildBig,
  big: fc.oneof(wildBig, among(2n ** 70n, -(10n ** 30n))),
  bytes: fc
    .oneof(
      fc.uint8Array({ maxLength: 9 }),
      among(
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(),
      ),
    )
    .map((bytes) => Buffer.from(bytes)),
  blobJson: wildJson,
  point: fc.record({ x: fc.integer(), y: fc.integer() }, { noNullPrototype: true }),
};

/** Rows with every kind of column, each cell null at times. */
export const samples: fc.Arbitrary<readonly Row[]> = fc
  .array(
    fc.record({
      parent: maybe(fc.nat(5)),
      ...Object.fromEntries(Object.entries(wildCell).map(([name, cell]) => [name, maybe(cell)])),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows) =>
    rows.map(({ parent, ...rest }, index) => ({
      id: index + 1,
      parentId: parent === null ? null : (parent % rows.length) + 1,
      ...rest,
    })),
  );

export const nobody: World = { author: [], article: [], comment: [], tag: [], articleTag: [], sample: [] };

// --- rules ---------------------------------------------------------------------------------------------------------

const limit = seldom(among<number | null>(0, 1, 2, 3, 5, 50, null));

function choice(table: TableName): fc.Arbitrary<RuleSpec["select"]> {
  const columns = fc.subarray(Object.keys(MODEL[table].columns));
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(true) },
    { weight: 3, arbitrary: columns.map((hidden) => ({ mode: false, columns: hidden })) },
    { weight: 3, arbitrary: columns.map((shown) => ({ mode: true, columns: shown })) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
}

/** Without the members that were not drawn. */
export const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;

/** A rule for a table, its relations with rules of their own down to `depth`. */
export function rule(table: TableName, depth: number): fc.Arbitrary<RuleSpec> {
  const { relations, columns } = MODEL[table];
  const inner = Object.entries(relations).map(
    ([name, { table: target }]): [string, fc.Arbitrary<RuleSpec | boolean>] => [
      name,
      depth <= 1
        ? among<RuleSpec | boolean>(true, false)
        : fc.oneof(
            { weight: 6, arbitrary: rule(target, depth - 1) },
            { weight: 1, arbitrary: fc.constant(true) },
            { weight: 1, arbitrary: fc.constant(false) },
          ),
    ],
  );
  return fc
    .record({
      select: choice(table),
      where: sometimes(among(...Object.keys(FILTERS[table]))),
      order: fc.array(fc.tuple(among(...Object.keys(columns)), among<"asc" | "desc">("asc", "desc")), {
        maxLength: 2,
      }),
      maxLimit: limit,
      maxDepth: seldom(fc.nat(3)),
      onSurpassMaxLimit: sometimes(among<"Throw" | "Limit">("Throw", "Limit")),
      forbid: fc.oneof(
        { weight: 9, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray(["columns", "offset", "limit", "where", "orderBy", "with"]) },
      ),
      extras: fc.oneof(fc.constant<string[]>([]), fc.subarray(Object.keys(EXTRAS[table]))),
      with:
        depth === 0
          ? fc.constant({})
          : fc.record(Object.fromEntries(inner), { requiredKeys: [] }).map((given) => ({ ...given })),
    })
    .map(({ order, ...rest }) =>
      withoutUndefined({
        ...rest,
        ...(order.length > 0 && { orderBy: Object.fromEntries(order) }),
      } as RuleSpec),
    );
}

/** A resource over a table. */
export const entry = (table: TableName, depth: number): fc.Arbitrary<EntrySpec> =>
  fc
    .record({
      table: fc.constant(table),
      findFirst: seldom(fc.boolean()),
      countTotal: sometimes(fc.boolean()),
      maxLimit: limit,
      maxDepth: seldom(fc.nat(4)),
      onSurpassMaxLimit: sometimes(among<"Throw" | "Limit">("Throw", "Limit")),
      rule: rule(table, depth),
    })
    .map((given) => withoutUndefined(given) as EntrySpec);

// --- wishes --------------------------------------------------------------------------------------------------------

// A wish is drawn before the rule is known, and names by number what the rule will offer. So rules and wishes shrink apart.

interface Condition {
  readonly column: number;
  readonly operator: number;
  readonly operands: readonly [number, number, number];
}
type Filter =
  | { readonly kind: "all" | "any" | "AND" | "OR" | "NOT"; readonly parts: readonly Filter[] }
  | { readonly kind: "condition"; readonly condition: Condition };

export interface Wish {
  readonly columns: true | false | readonly (readonly [number, boolean])[] | undefined;
  readonly where: Filter | undefined;
  readonly orderBy: readonly (readonly [number, string | number])[] | undefined;
  readonly limit: unknown;
  readonly offset: unknown;
  readonly with: readonly (readonly [number, Wish | boolean])[] | undefined;
}

const name = fc.nat(99);
const condition: fc.Arbitrary<Filter> = fc
  .record({ column: name, operator: name, operands: fc.tuple(name, name, name) })
  .map((drawn) => ({ kind: "condition", condition: drawn }));
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: condition },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: among("all" as const, "any" as const, "AND" as const, "OR" as const, "NOT" as const),
        parts: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));

const columnsWish = fc.oneof(
  { weight: 1, arbitrary: fc.constant(true as const) },
  { weight: 1, arbitrary: fc.constant(false as const) },
  { weight: 4, arbitrary: fc.array(fc.tuple(name, fc.boolean()), { minLength: 1, maxLength: 4 }) },
);
const count = fc.oneof(
  { weight: 20, arbitrary: fc.nat(5) },
  { weight: 1, arbitrary: among<unknown>(-1, 0.5, null, "1", 2 ** 53, 1000) },
);

/** What a client may want of a table and, `depth` deep, of its relations. */
export function wish(depth: number): fc.Arbitrary<Wish> {
  return fc.record({
    columns: sometimes(columnsWish),
    where: sometimes(filter),
    orderBy: sometimes(
      fc.array(fc.tuple(name, among<string | number>("asc", "desc", 1, -1)), { minLength: 1, maxLength: 3 }),
    ),
    limit: seldom(count),
    offset: seldom(count),
    with:
      depth === 0
        ? fc.constant(undefined)
        : sometimes(
            fc.array(
              fc.tuple(
                name,
                fc.oneof(
                  { weight: 4, arbitrary: wish(depth - 1) },
                  { weight: 2, arbitrary: fc.constant(true) },
                  { weight: 1, arbitrary: fc.constant(false) },
                ),
              ),
              { minLength: 1, maxLength: 3 },
            ),
          ),
  });
}

// --- from a wish to a selector ---------------------------------------------------------------------------------------

const STRANGE = [
  "nothing",
  "constructor",
  "__defineGetter__",
  "getSQL",
  "toString",
  "id ",
  "secret",
  "AND",
  "*",
];
const pick = <T>(from: readonly T[], n: number): T | undefined =>
  from.length === 0 ? undefined : from[n % from.length];
/** A member of a record by a name from the outside. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
/** One name in a hundred is none of those offered. */
export const named = (from: readonly string[], n: number): string =>
  (n > 98 ? undefined : pick(from, n)) ?? STRANGE[n % STRANGE.length]!;

const ORDERED = ["gt", "gte", "lt", "lte", "between", "notBetween"];
const PATTERNS = ["like", "notLike", "ilike", "notIlike"];
const LITERALS = ["contains", "startsWith", "endsWith", "icontains", "istartsWith", "iendsWith"];
const ALWAYS = ["eq", "ne", "isNull", "isNotNull", "inArray", "notInArray", "in", "notIn"];

export const operatorsOf = (kind: Kind): readonly string[] => [
  ...ALWAYS,
  ...(["json", "blob", "digits"].includes(kind) ? [] : ORDERED),
  ...(kind === "text" || kind === "choice" ? [...PATTERNS, ...LITERALS] : []),
  ...(kind === "json" ? ["json"] : []),
];

const VALUES: Readonly<Record<Kind, readonly unknown[]>> = {
  text: [...TEXTS, "a1", "B3", "s-1", "\0", "a\0b"],
  choice: ["writer", "editor", "a", "b"],
  integer: INTEGERS,
  real: REALS,
  decimal: ["0", "1.5", "-0.1", "12345678901234567890", 3, "007"],
  bigint: ["0", "-1", "9007199254740993", "-9223372036854775808", 3],
  digits: ["0", "-1", "9007199254740993", 3],
  boolean: [true, false],
  date: [
    ...DATES.flatMap((ms) => [ms, new Date(ms).toISOString()]),
    "2000-02-29",
    "2023-11-14T22:13:20+02:00",
    ...OUTSIDE_DATES,
  ],
  json: [{}, [], "text", 0, true, [null], { a: 1 }],
  blob: ["", "AAEC", "/w=="],
  point: [
    { x: 0, y: 0 },
    { x: 1, y: -1 },
  ],
};
/** What no column of a kind holds, and may be asked for. */
export const BETWEEN: Partial<Record<Kind, readonly unknown[]>> = {
  date: [
    "2023-11-14T22:13:20.0005Z",
    "2023-11-14T22:13:23.500999999Z",
    "1969-12-31T23:59:59.9995Z",
    1_700_000_003_500.5,
    -0.5,
  ],
  decimal: ["0.1000000000000000055", "-0.10000000000000001", "9007199254740993.5", "12345678901234567890"],
};
/** As many of those as of the others. */
function askable(kind: Kind, n: number): unknown {
  const between = BETWEEN[kind];
  if (between === undefined) return pick(VALUES[kind], n);
  return pick(n % 2 === 1 ? between : VALUES[kind], n >> 1);
}
const STRANGE_VALUE = { neither: "this", nor: ["that"] };

/** A value to ask a column for; one in a hundred is of no kind in particular. */
export type ValueFor = (kind: Kind, n: number, column: string) => unknown;
const valueFor: ValueFor = (kind, n) => (n > 98 ? STRANGE_VALUE : askable(kind, n));
const wildcard = (n: number): string =>
  pick(
    [
      "%",
      "a%",
      "%a",
      "_",
      "A%",
      "%\\%%",
      "a_1",
      "%_%",
      "%\\\\%",
      "é",
      "%🚀%",
      "_%_",
      "\\_%",
      "*",
      "[x]",
      "[!a]%",
      "%?",
      "\\",
    ],
    n,
  )!;

const STEPS = ["a", "b", "text", "", 'quo"te', 0, 1];
const ASKED = ["eq", "ne", "in", "notIn", "gt", "lte", "contains", "startsWith", "isNull", "isNotNull"];

/** A path of one or two steps into a document, and what is asked of the value there. */
export function insideBy([a, b, c]: readonly [number, number, number]): unknown {
  const path = [pick(STEPS, a), pick(STEPS, c)].slice(0, 1 + (b % 2));
  const by = pick(ASKED, b)!;
  const value = pick<unknown>(["text", "", 0, 1, 1.5, true, null], c);
  return { path, [by]: by.startsWith("is") ? c % 2 === 0 : /in$/i.test(by) ? [value, "a"] : value };
}

function operand(
  operator: string,
  kind: Kind,
  [a, b, c]: Condition["operands"],
  valueOf: (n: number) => unknown,
): unknown {
  if (operator === "isNull" || operator === "isNotNull") return a > 98 ? "yes" : a % 2 === 0;
  if (operator === "json") return insideBy([a, b, c]);
  if (PATTERNS.includes(operator)) return wildcard(a);
  if (LITERALS.includes(operator)) return a > 98 ? 5 : pick(TEXTS, a);
  if (operator.endsWith("etween")) return a > 98 ? [1] : [valueOf(b), valueOf(c)];
  if (/in(Array)?$/i.test(operator))
    return a > 98 ? "list" : [b, c, a].slice(0, a % 4).map((n) => valueOf(n));
  return b % 8 === 7 ? null : valueOf(a);
}

/** The filter a wish comes to over some columns. */
export function toFilter(
  filter: Filter,
  columns: Readonly<Record<string, Kind>>,
  values: ValueFor = valueFor,
): unknown {
  if (filter.kind === "condition") {
    const { column, operator, operands } = filter.condition;
    const chosen = named(Object.keys(columns), column);
    const kind = own(columns, chosen) ?? "text";
    const value = (n: number): unknown => values(kind, n, chosen);
    if (operator % 9 === 8) return { [chosen]: operand("eq", kind, operands, value) };
    const by = operator > 98 ? "lke" : pick(operatorsOf(kind), operator)!;
    return { [`${chosen}.${by}`]: operand(by, kind, operands, value) };
  }
  const parts = filter.parts.map((part) => toFilter(part, columns, values));
  if (filter.kind === "any") return parts;
  if (filter.kind === "AND" || filter.kind === "OR") return { [filter.kind]: parts };
  const together = parts.every((part) => !Array.isArray(part)) ? Object.assign({}, ...parts) : parts;
  return filter.kind === "NOT" ? { NOT: together } : together;
}

/** The selector a wish comes to under a rule. */
export function toSelector(given: Wish, spec: RuleSpec, table: TableName): Record<string, unknown> {
  const readable = readableOf(spec, table);
  const kinds = Object.fromEntries(readable.map((column) => [column, MODEL[table].columns[column]!]));
  const shown = [...readable, ...spec.extras];
  const selector: Record<string, unknown> = {};
  if (given.columns !== undefined) {
    selector["columns"] =
      typeof given.columns === "boolean"
        ? given.columns
        : Object.fromEntries(given.columns.map(([n, wanted]) => [named(shown, n), wanted]));
  }
  if (given.where !== undefined) selector["where"] = toFilter(given.where, kinds);
  if (given.orderBy !== undefined)
    selector["orderBy"] = Object.fromEntries(given.orderBy.map(([n, way]) => [named(readable, n), way]));
  if (given.limit !== undefined) selector["limit"] = given.limit;
  if (given.offset !== undefined) selector["offset"] = given.offset;
  if (given.with !== undefined) selector["with"] = toRelations(given.with, spec, table);
  return selector;
}

function toRelations(
  wishes: NonNullable<Wish["with"]>,
  spec: RuleSpec,
  table: TableName,
): Record<string, unknown> {
  const offered = Object.keys(spec.with).filter((relation) => spec.with[relation] !== false);
  return Object.fromEntries(
    wishes.map(([n, inner]) => {
      const relation = named(offered, n);
      const model = own(MODEL[table].relations, relation);
      if (typeof inner === "boolean" || model === undefined) return [relation, inner === true];
      const rule = own(spec.with, relation);
      const selector = toSelector(inner, typeof rule === "object" ? rule : EVERYTHING, model.table);
      // One in thirty asks a one-relation for what only lists have.
      return [relation, model.many || n > 95 ? selector : keep(selector, ["columns", "with"])];
    }),
  );
}

export const keep = (given: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([key]) => keys.includes(key)));

/** A request for rows: flags, wish, and who asks. */
export interface Asked {
  readonly flags: readonly string[];
  readonly wish: Wish | undefined;
  readonly me: number;
}

export const asked = (depth: number): fc.Arbitrary<Asked> =>
  fc.record({
    flags: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.subarray(["findFirst", "countTotal"]) },
      { weight: 1, arbitrary: fc.subarray(["findFirst=F", "countTotal=F"]) },
    ),
    wish: fc.option(wish(depth), { nil: undefined, freq: 20 }),
    me: among(1, 2, 3, 9),
  });

/** A value for a column of a body: mostly one that fits. */
export function bodyValue(kind: Kind, column: string, n: number): unknown {
  if (n >= 97) return pick([0.5, "wrong", {}, "2023-13-01", null, true, "\ud800", Infinity], n);
  if (n >= 92) return null;
  if (column === "articleId" || (kind === "text" && column === "id"))
    return pick([...ARTICLE_IDS.slice(0, 4), "new"], n);
  if (/^(?:author|reviewer|mentor|tag)Id$/.test(column)) return (n % 4) + (n > 80 ? 1 : 0);
  if (column === "id") return n % 12;
  if (column === "views") return pick(SMALL_INTEGERS, n);
  if (column === "email") return `${n % 9}@local.dev`;
  if (column === "label") return pick(TEXTS, n);
  return pick(VALUES[kind].slice(0, kind === "choice" ? 2 : undefined), n);
}
