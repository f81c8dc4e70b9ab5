import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import fc from "fast-check";
import { asked } from "../support/everywhere.ts";
import { LEAST, PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { type Test, testOf } from "../support/oracle-filters.ts";
import { jsonConditionOf } from "../support/oracle-json.ts";
import { Refused } from "../support/oracle-values.ts";
import { openPostgresql, SERVER } from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";
import { path as pathOf } from "../support/write.ts";

// What filters find inside documents, in every way documents are kept, with both readers, is what the oracle says.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const SCHEMAS = {
  sqlite: {
    thing: lite.sqliteTable("things", {
      id: lite.integer().primaryKey(),
      text: lite.text({ mode: "json" }),
      other: lite.blob({ mode: "json" }),
    }),
  },
  postgresql: {
    thing: pg.pgTable("things", { id: pg.integer().primaryKey(), text: pg.json(), other: pg.jsonb() }),
  },
};
type Speaks = keyof typeof SCHEMAS;

/** Each row of every other id shows its documents to nobody. */
const acl = {
  open: { table: "thing", maxWork: null, control: { GET: { all: { select: true } } } },
  masked: {
    table: "thing",
    maxWork: null,
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id"] },
            { columns: ["text", "other"], when: (_: unknown, t: Any) => sql`${t.id} % 2 = 1` },
          ],
        },
      },
    },
  },
};

interface Ground {
  readonly speaks: Speaks;
  readonly database: Any;
  readonly readers: readonly QueryHandler[];
  readonly close: () => unknown;
}
const grounds: Ground[] = [];
const errors: unknown[] = [];

async function open(speaks: Speaks): Promise<Ground> {
  const schema = SCHEMAS[speaks];
  const { database, close } =
    speaks === "sqlite"
      ? await openTables(schema, "libsql memory")
      : await openPostgresql(SERVER === undefined ? "PGlite" : "node-postgres", schema);
  const readers = (["fast", "portable"] as const).map((reader) =>
    createQueryHandler({
      acl,
      database,
      schema,
      reader,
      onWarning: () => undefined,
      onError: (error) => errors.push(error),
    }),
  );
  return { speaks, database, readers, close };
}

beforeAll(async () => {
  for (const speaks of ["sqlite", "postgresql"] as const) grounds.push(await open(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const { close } of grounds) await close();
});

// --- what is drawn ---------------------------------------------------------------------------------------------------

const NAMES = [
  "a",
  "b",
  "c",
  "0",
  "",
  'quo"te',
  "back\\slash",
  "dot.ted",
  "$",
  "#",
  "[0]",
  "é🚀",
  "\n",
  "\\u0061",
  "'",
];
const TEXTS = ["", "a", "ab", "A", "1", "true", "50%_", "a\\b", "*?[a]", "é", "🚀", "\u0001", "null", '"'];
const NUMBERS = [0, -0, 1, -1, 2, 0.1, 0.1 + 0.2, 1e300, -1e-300, 5e-324, 2 ** 53, 2 ** 53 - 1, 1.5, 12];

const among = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const scalar: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: among(TEXTS) },
  { weight: 3, arbitrary: among(NUMBERS) },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 3 }).filter((text) => !text.includes("\0")) },
);
const { value: document } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 2, arbitrary: scalar },
    { weight: 1, arbitrary: fc.constant(null) },
    {
      weight: 4,
      arbitrary: fc.dictionary(among(NAMES), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
  ),
}));

/** Documents that are somewhat alike, so that one path leads into many. */
const kin = fc.oneof(
  { weight: 1, arbitrary: document },
  {
    weight: 4,
    arbitrary: fc.record(
      { a: scalar, b: fc.oneof(scalar, fc.record({ a: document, 'quo"te': scalar })), c: fc.array(scalar) },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
);

/** A walk by number into a document that has not been drawn yet. */
interface Wish {
  readonly row: number;
  readonly turns: readonly number[];
  readonly operator: number;
  readonly operands: readonly unknown[];
  readonly close: number;
  readonly column: boolean;
}
const number = fc.nat(99);
const wish: fc.Arbitrary<Wish> = fc.record({
  row: number,
  turns: fc.array(number, { minLength: 1, maxLength: 4 }),
  operator: number,
  operands: fc.array(scalar, { minLength: 3, maxLength: 3 }),
  close: number,
  column: fc.boolean(),
});
type Filter = Wish | { readonly word: "AND" | "OR" | "NOT"; readonly parts: readonly Filter[] };
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: wish },
    {
      weight: 4,
      arbitrary: fc.record({
        word: among(["AND", "OR", "NOT", "NOT"] as const),
        parts: fc.array(tie("filter"), { minLength: 1, maxLength: 2 }),
      }),
    },
  ),
}));

/** Where a walk leads: mostly along what is there. */
function walk(from: unknown, turns: readonly number[]): { steps: (string | number)[]; at: unknown } {
  const steps: (string | number)[] = [];
  let at = from;
  for (const turn of turns) {
    const isList = Array.isArray(at);
    const keys = typeof at === "object" && at !== null ? Object.keys(at) : [];
    if (keys.length === 0 && steps.length > 0 && turn < 80) break;
    const known = keys.length > 0 && turn < 92;
    const key = known
      ? keys[turn % keys.length]!
      : turn % 3 === 0
        ? String(turn % 2)
        : NAMES[turn % NAMES.length]!;
    const step = known ? isList : turn % 3 === 1;
    steps.push(step ? Number(known ? key : turn % 3) : key);
    at = typeof at === "object" && at !== null ? (at as Any)[key] : undefined;
  }
  return { steps, at };
}

const OPERATORS =
  "eq ne in notIn gt gte lt lte contains startsWith endsWith isNull isNotNull like between".split(" ");

/** A condition as a client writes it: half of the operands are what stands in the row the walk went by. */
function condition(
  rows: readonly unknown[],
  { row, turns, operator, operands, close, column }: Wish,
): object {
  const { steps, at } = walk(rows[row % rows.length], turns);
  const name = operator > 97 ? OPERATORS[13 + (operator % 2)]! : OPERATORS[operator % 13]!;
  const isScalar = ["string", "number", "boolean"].includes(typeof at);
  const [first, ...rest] = isScalar && close < 60 ? [at, ...operands.slice(1)] : operands;
  const operand = (): unknown => {
    if (close > 97) return [null, { a: 1 }, [["a"]], "x\0"][operator % 4];
    if (name.startsWith("is")) return close % 2 === 0;
    if (/in$/i.test(name)) return [first, ...rest].slice(0, close % 4);
    if (/contains|With$/.test(name))
      return typeof first === "string" ? Array.from(first).slice(0, 2).join("") : TEXTS[close % TEXTS.length];
    if (/^[gl]t/.test(name) && typeof first === "boolean") return close > 90 ? first : Number(first);
    return close % 12 === 11 ? null : first;
  };
  return { [`${column ? "text" : "other"}.json`]: { path: steps, [name]: operand() } };
}

const toWhere = (rows: readonly unknown[], drawn: Filter): object => {
  if (!("word" in drawn)) return condition(rows, drawn);
  const parts = drawn.parts.map((part) => toWhere(rows, part));
  return { [drawn.word]: drawn.word === "NOT" ? parts[0] : parts };
};

// --- the law ---------------------------------------------------------------------------------------------------------

const seen = { answered: 0, refused: 0, rows: 0 };

async function load({ speaks, database }: Ground, rows: readonly unknown[]): Promise<void> {
  const { thing } = SCHEMAS[speaks];
  await database.delete(thing);
  const stored = (document: unknown, type: string): unknown => {
    if (document === undefined) return sql`null`;
    return speaks === "sqlite"
      ? document === null
        ? sql`${"null"}`
        : document
      : sql`${JSON.stringify(document)}::text::${sql.raw(type)}`;
  };
  await database
    .insert(thing)
    .values(
      rows.map((row, index) => ({ id: index + 1, text: stored(row, "json"), other: stored(row, "jsonb") })),
    );
}

/** The ids that the oracle keeps, or why it refuses. */
function expected(rows: readonly unknown[], where: object, masked: boolean): readonly number[] | "refused" {
  try {
    const member = (_: string, asked: unknown): Test<number> =>
      jsonConditionOf((id) => (masked && id % 2 === 0 ? undefined : rows[id - 1]), asked);
    const test = testOf<number>(where, member);
    return rows.map((_, index) => index + 1).filter((id) => test(id) === true);
  } catch (error) {
    if (error instanceof Refused) return "refused";
    throw error;
  }
}

describe(`filters find inside documents what the oracle finds (seed ${SEED})`, () => {
  test(
    "in every way of keeping them, with both readers, masked or not",
    async () => {
      const worlds = fc.record({
        // A row in ten has no document.
        rows: fc.array(fc.option(kin, { nil: undefined, freq: 10 }), { minLength: 2, maxLength: 6 }),
        filters: fc.array(filter, { minLength: 1, maxLength: 14, size: "max" }),
      });
      await fc.assert(
        fc.asyncProperty(worlds, async ({ rows, filters }) => {
          for (const ground of grounds) await load(ground, rows);
          for (const [index, drawn] of filters.entries()) {
            const where = toWhere(rows, drawn);
            const resource = index % 3 === 0 ? "masked" : "open";
            const expectation = expected(rows, where, resource === "masked");
            const url = pathOf(resource, { where, columns: { id: true }, orderBy: { id: 1 } });
            for (const { speaks, readers } of grounds)
              for (const [reader, handle] of readers.entries()) {
                const { status, body } = await asked(handle, "GET", url);
                const found = status === 400 ? "refused" : body[resource]?.map(({ id }: Any) => id);
                const told = `${speaks} ${reader} ${JSON.stringify(where)} of ${JSON.stringify(rows)} ${JSON.stringify(body)} ${String(errors)}`;
                expect([told, found]).toEqual([told, expectation]);
                if (found === "refused") seen.refused++;
                else {
                  seen.answered++;
                  seen.rows += found.length;
                }
              }
          }
        }),
        runs(60),
      );
    },
    PATIENCE,
  );

  test("hundreds of times", () => {
    console.log(seen);
    expect(seen.rows).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    thatMany("oracle", "documents", seen.answered + seen.refused);
    expect(LEAST.oracle.documents).toBeGreaterThanOrEqual(800);
  });
});
