import { beforeAll, describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Place, type Told } from "../support/everywhere.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const sqlite = {
  shelf: lite.sqliteTable("shelves", { id: lite.integer().primaryKey() }),
  thing: lite.sqliteTable(
    "things",
    {
      id: lite.integer().primaryKey(),
      shelfId: lite.integer("shelf_id").notNull(),
      name: lite.text(),
      meta: lite.text({ mode: "json" }),
      other: lite.blob({ mode: "json" }),
    },
    (t) => [lite.index("things_shelf").on(t.shelfId)],
  ),
  raw: lite.sqliteTable("raws", {
    id: lite.integer().primaryKey(),
    meta: lite.text({ mode: "json" }),
    other: lite.blob({ mode: "json" }),
  }),
};
const postgresql = {
  shelf: pg.pgTable("shelves", { id: pg.integer().primaryKey() }),
  thing: pg.pgTable(
    "things",
    {
      id: pg.integer().primaryKey(),
      shelfId: pg.integer("shelf_id").notNull(),
      name: pg.text(),
      meta: pg.jsonb(),
      other: pg.json(),
    },
    (t) => [pg.index("things_shelf").on(t.shelfId)],
  ),
  raw: pg.pgTable("raws", { id: pg.integer().primaryKey(), meta: pg.json(), other: pg.json() }),
};
const related = ({ shelf, thing }: Any) => ({
  shelfRelations: relations(shelf, ({ many }) => ({ things: many(thing) })),
  thingRelations: relations(thing, ({ one }) => ({
    shelf: one(shelf, { fields: [thing.shelfId], references: [shelf.id] }),
  })),
});
const TABLES = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
};

/** Documents by the number of their row. */
const DOCUMENTS: readonly unknown[] = [
  { theme: "dark", size: 12, on: true, list: [1, "two", { three: 3 }], deep: { a: { b: { c: 1 } } } },
  { theme: "Dark", size: 12.5, on: false, list: [], deep: null },
  { theme: "light", size: -1e300, on: "true", list: { "0": "zero" } },
  { theme: 12, size: "12", on: 1, list: [[0], [1]] },
  { theme: null, size: null, on: null },
  {},
  ["top", { theme: "dark" }],
  "dark",
  12,
  null,
  { size: 0.1, theme: "50%_a\\b*?[x]", on: { on: true } },
  { size: 0.30000000000000004, theme: "", on: [true] },
];

/** What documents there are that nobody here would write, as SQL says them; SQLite stores any text. */
const RAW: Readonly<Record<"sqlite" | "postgresql", readonly string[]>> = {
  sqlite: [
    "'{'",
    "''",
    "'nope'",
    "'{a:1}'",
    "'{\"a\":1,}'",
    "'{\"a\":NaN}'",
    "'{\"a\":Infinity}'",
    "'{\"a\":0x10}'",
    "'{\"a\":+1}'",
    "'{\"a\":1e400}'",
    "'{\"a\":-1e400}'",
    "'{\"a\":9007199254740993}'",
    "'{\"a\":99999999999999999999999999}'",
    `'{"a":"\\ud800"}'`,
    `'{"a":"x\\u0000y"}'`,
    `'{"a\\u0000":1}'`,
    "x'7b'",
    "x'ff00'",
    `x'7b2261223a317d'`,
    "jsonb('{\"a\":1}')",
    "x'8c'",
    "1",
    "1.5",
    "9e999",
    `'${"[".repeat(3000)}${"]".repeat(3000)}'`,
    `'${'{"a":'.repeat(900)}1${"}".repeat(900)}'`,
  ],
  postgresql: [
    `'{"a":"\\u0000"}'`,
    `'{"a\\u0000":1,"b":"\\\\u0000","a":1}'`,
    `'{"a":"\\ud800"}'`,
    `'{"a":"\\udc00\\ud800","b":1}'`,
    `'{"a":"\\ud83d\\ude80"}'`,
    `'{"a":"\\\\\\ud83d\\ud83d\\ude80"}'`,
    `'{"a":1e400000}'`,
    `'{"a":-1e400000}'`,
    `'{"a":1e-400000}'`,
    `'{"a":1e9999}'`,
    `'{"a":1e-9999}'`,
    `'{"a":${"9".repeat(140_000)}}'`,
    `'{"a":0.${"9".repeat(20_000)}}'`,
    `'{"a":1${"0".repeat(254)}.${"1".repeat(255)}e-9999}'`,
    `'{"a":9007199254740993}'`,
    `'{"a":{"b":1},"a":{"c":1}}'`,
    `'   {"a" :  1  }  '`,
    `'"a"'`,
    `'${"[".repeat(3000)}${"]".repeat(3000)}'`,
  ],
};

const names = [
  'quo"te',
  "back\\slash",
  "dot.ted",
  "$",
  "#",
  "[0]",
  "",
  "é",
  "🚀",
  "a b",
  "'",
  "\n",
  "\u0001",
  "\\u0022",
  "0",
  "*",
  "%",
  "?",
  "$1",
  "__proto__",
  "\u2028",
  "{",
  "a/b",
  '\\"',
  "-",
];

const acl = {
  things: {
    table: "thing",
    control: {
      GET: { all: { select: true } },
      PATCH: { all: { select: true, write: true, requireWhere: true } },
      DELETE: { all: { select: true, requireWhere: true } },
    },
  },
  shelves: {
    table: "shelf",
    maxWork: null,
    control: { GET: { all: { select: true, with: { things: { select: true } } } } },
  },
  // What is shown of odd rows alone.
  masked: {
    table: "thing",
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id", "shelfId"] },
            { columns: ["meta", "other"], when: (_: unknown, t: Any) => sql`${t.id} % 2 = 1` },
          ],
        },
      },
    },
  },
  raws: { table: "raw", control: { GET: { all: { select: { columns: ["id", "meta", "other"] } } } } },
  hidden: { table: "thing", control: { GET: { all: { select: { columns: ["id", "name"] } } } } },
};

everywhere(TABLES, acl, (place) => {
  let handle: QueryHandler;
  const get = (resource: string, selector?: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  /** The rows that a condition keeps, and those that its denial does, whichever way the documents are kept. */
  const kept = async (condition: object, resource = "things"): Promise<readonly [number[], number[]]> => {
    const found = ["meta", "other"].flatMap((column) => {
      const where = { [`${column}.json`]: condition };
      return [where, { NOT: where }].map(async (filter) => {
        const { status, body } = await get(resource, {
          where: filter,
          orderBy: { id: 1 },
          columns: { id: true },
        });
        if (status !== 200) throw new Error(JSON.stringify(body));
        return (body[resource] as { id: number }[]).map(({ id }) => id);
      });
    });
    const [inText, notInText, inOther, notInOther] = await Promise.all(found);
    expect([inOther, notInOther]).toEqual([inText, notInText]);
    return [inText!, notInText!];
  };
  const refused = async (condition: unknown, resource = "things"): Promise<unknown> => {
    const { status, body } = await get(resource, { where: { "meta.json": condition } });
    return [status, body.code, body.path];
  };
  const ids = (...list: number[]): number[] => list;

  beforeAll(async () => {
    if (place.reader === "fast") await fill(place);
    handle = place.handler(acl);
  }, 60_000);

  describe("a path into a document", () => {
    test("finds values of the operand's own type; of another they are unknown", async () => {
      expect(await kept({ path: ["theme"], eq: "dark" })).toEqual([ids(1), ids(2, 3, 11, 12)]);
      expect(await kept({ path: ["theme"], ne: "dark" })).toEqual([ids(2, 3, 11, 12), ids(1)]);
      expect(await kept({ path: ["theme"], eq: 12 })).toEqual([ids(4), ids()]);
      expect(await kept({ path: ["size"], eq: 12 })).toEqual([ids(1), ids(2, 3, 11, 12)]);
      expect(await kept({ path: ["size"], eq: "12" })).toEqual([ids(4), ids()]);
      expect(await kept({ path: ["on"], eq: true })).toEqual([ids(1), ids(2)]);
      expect(await kept({ path: ["on"], ne: true })).toEqual([ids(2), ids(1)]);
      expect(await kept({ path: ["on"], eq: 1 })).toEqual([ids(4), ids()]);
    });

    test("orders numbers by size and texts as columns do", async () => {
      expect(await kept({ path: ["size"], gt: 0.1 })).toEqual([ids(1, 2, 12), ids(3, 11)]);
      expect(await kept({ path: ["size"], gte: 0.1 })).toEqual([ids(1, 2, 11, 12), ids(3)]);
      expect(await kept({ path: ["size"], lt: 0 })).toEqual([ids(3), ids(1, 2, 11, 12)]);
      expect(await kept({ path: ["size"], lte: 12 })).toEqual([ids(1, 3, 11, 12), ids(2)]);
      expect(await kept({ path: ["size"], gt: "1" })).toEqual([ids(4), ids()]);
      expect(await kept({ path: ["theme"], gte: "e" })).toEqual([ids(3), expect.any(Array)]);
    });

    test("numbers are what they are written as", async () => {
      expect(await kept({ path: ["size"], eq: 0.1 + 0.2 })).toEqual([ids(12), ids(1, 2, 3, 11)]);
      expect(await kept({ path: ["size"], eq: 0.3 })).toEqual([ids(), ids(1, 2, 3, 11, 12)]);
      expect(await kept({ path: ["size"], eq: -1e300 })).toEqual([ids(3), ids(1, 2, 11, 12)]);
      expect(await kept({ path: ["list", 2, "three"], eq: 3 })).toEqual([ids(1), ids()]);
    });

    test("lists, of several types too: a value is compared with those of its own", async () => {
      expect(await kept({ path: ["theme"], in: ["dark", "light"] })).toEqual([ids(1, 3), ids(2, 11, 12)]);
      expect(await kept({ path: ["theme"], in: ["dark", 12] })).toEqual([ids(1, 4), ids(2, 3, 11, 12)]);
      expect(await kept({ path: ["theme"], notIn: ["dark", 13] })).toEqual([ids(2, 3, 4, 11, 12), ids(1)]);
      expect(await kept({ path: ["on"], in: [true, 1, "true"] })).toEqual([ids(1, 3, 4), ids(2)]);
      const all = DOCUMENTS.map((_, index) => index + 1);
      expect(await kept({ path: ["theme"], in: [] })).toEqual([ids(), [...all, 13]]);
      expect(await kept({ path: ["theme"], notIn: [] })).toEqual([[...all, 13], ids()]);
    });

    test("parts of texts, by case and without wildcards", async () => {
      expect(await kept({ path: ["theme"], contains: "ar" })).toEqual([ids(1, 2), ids(3, 11, 12)]);
      expect(await kept({ path: ["theme"], startsWith: "da" })).toEqual([ids(1), ids(2, 3, 11, 12)]);
      expect(await kept({ path: ["theme"], endsWith: "k" })).toEqual([ids(1, 2), ids(3, 11, 12)]);
      for (const part of ["%", "_", "\\", "*", "?", "[x]", "%_a\\b*"])
        expect(await kept({ path: ["theme"], contains: part })).toEqual([ids(11), ids(1, 2, 3, 12)]);
      expect(await kept({ path: ["theme"], startsWith: "50%" })).toEqual([ids(11), ids(1, 2, 3, 12)]);
      expect(await kept({ path: ["theme"], endsWith: "?[x]" })).toEqual([ids(11), ids(1, 2, 3, 12)]);
      expect(await kept({ path: ["theme"], contains: "" })).toEqual([ids(1, 2, 3, 11, 12), ids()]);
    });

    test("what is absent or null is nothing, and that is known", async () => {
      const present = [ids(1, 2, 3, 4, 11, 12), ids(5, 6, 7, 8, 9, 10, 13)] as const;
      expect(await kept({ path: ["theme"], isNotNull: true })).toEqual([...present]);
      expect(await kept({ path: ["theme"], isNull: false })).toEqual([...present]);
      expect(await kept({ path: ["theme"], ne: null })).toEqual([...present]);
      expect(await kept({ path: ["theme"], isNull: true })).toEqual([present[1], present[0]]);
      expect(await kept({ path: ["theme"], eq: null })).toEqual([present[1], present[0]]);
      expect(await kept({ path: ["list"], isNotNull: true })).toEqual([ids(1, 2, 3, 4), expect.any(Array)]);
    });

    test("a number is a place in a list, a text the name of a member", async () => {
      expect((await kept({ path: ["list", 0], eq: 1 }))[0]).toEqual([1]);
      expect((await kept({ path: ["list", 1], eq: "two" }))[0]).toEqual([1]);
      expect((await kept({ path: ["list", 1, 0], eq: 1 }))[0]).toEqual([4]);
      expect((await kept({ path: ["list", "0"], eq: "zero" }))[0]).toEqual([3]);
      expect((await kept({ path: ["list", 0], eq: "zero" }))[0]).toEqual([]);
      expect((await kept({ path: ["list", "1"], isNotNull: true }))[0]).toEqual([]);
      expect((await kept({ path: [0], eq: "top" }))[0]).toEqual([7]);
      expect((await kept({ path: [1, "theme"], eq: "dark" }))[0]).toEqual([7]);
      expect((await kept({ path: ["list", 2147483647], isNotNull: true }))[0]).toEqual([]);
      expect((await kept({ path: ["deep", "a", "b", "c"], eq: 1 }))[0]).toEqual([1]);
      expect((await kept({ path: ["theme", "length"], isNotNull: true }))[0]).toEqual([]);
    });

    test("any name can be a step", async () => {
      const found = async (column: string, each: (name: string, index: number) => object, word: string) => {
        const parts = names.map((name, index) => ({ [`${column}.json`]: each(name, index) }));
        return (await get("things", { where: { [word]: parts }, columns: { id: true } })).body.things;
      };
      for (const column of ["meta", "other"]) {
        const own = (name: string, eq: number): object => ({ path: ["names", name], eq });
        expect(await found(column, own, "AND")).toEqual([{ id: 13 }]);
        const beyond = (name: string): object => ({ path: ["names", name, name], isNotNull: true });
        expect(await found(column, beyond, "OR")).toEqual([]);
      }
    });

    test("of a column that is masked there is nothing", async () => {
      expect(await kept({ path: ["size"], gte: -1 }, "masked")).toEqual([ids(1, 11), ids(3)]);
      expect(await kept({ path: ["theme"], in: [] }, "masked")).toEqual([
        [],
        Array.from({ length: 13 }, (_, i) => i + 1),
      ]);
      expect(await kept({ path: ["size"], isNull: true }, "masked")).toEqual([
        ids(2, 4, 5, 6, 7, 8, 9, 10, 12, 13),
        ids(1, 3, 11),
      ]);
      expect(await refused({ path: ["size"], eq: 1 }, "hidden")).toEqual([
        400,
        "unknown-column",
        "select.where",
      ]);
    });
  });

  describe("stands in every filter", () => {
    const dark = { "meta.json": { path: ["theme"], eq: "dark" } };

    test("of relations, counts and through relations", async () => {
      const things = async (selector: object): Promise<unknown> => {
        const { body } = await get("shelves", selector);
        return (
          body.shelves?.map(({ id, things: inner }: Any) =>
            inner === undefined ? id : [id, inner.map((thing: Any) => thing.id)],
          ) ?? body
        );
      };
      expect(await things({ with: { things: { where: dark } } })).toEqual([
        [1, [1]],
        [2, []],
      ]);
      expect(await things({ where: { things: dark } })).toEqual([1]);
      expect(await things({ where: { "things.none": dark } })).toEqual([2]);
      expect(
        await things({
          where: { "things.count": { where: { "other.json": { path: ["size"], gt: 0 } }, gte: 2 } },
        }),
      ).toEqual([1, 2]);
      const { body } = await get("things", { where: dark, limit: 0 }, "countFiltered&countTotal");
      expect([body.filtered, body.total]).toEqual([1, 13]);
    });

    test("of changes", async () => {
      const changed = await asked(
        handle,
        "PATCH",
        path("things", { where: { "meta.json": { path: ["size"], eq: 0.1 } }, columns: { id: true } }),
        { name: "changed" },
      );
      expect([changed.status, changed.body.things]).toEqual([200, [{ id: 11 }]]);
      const gone = await asked(
        handle,
        "DELETE",
        path("things", { where: { "other.json": { path: ["nothing"], eq: 1 } } }),
      );
      expect([gone.status, gone.body.things]).toEqual([200, []]);
    });
  });

  describe("is refused", () => {
    test.each([
      [{ eq: 1 }, "select.where.meta.json.path"],
      [{ path: ["a"] }, "select.where.meta.json"],
      [{ path: ["a"], eq: 1, ne: 2 }, "select.where.meta.json"],
      [{ path: [], eq: 1 }, "select.where.meta.json.path"],
      [{ path: "a", eq: 1 }, "select.where.meta.json.path"],
      [{ path: ["a", -1], eq: 1 }, "select.where.meta.json.path.1"],
      [{ path: [1.5], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: [2147483648], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: [true], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: [null], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: [["a"]], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: ["a\0"], eq: 1 }, "select.where.meta.json.path.0"],
      [{ path: ["a"], eq: "a\0" }, "select.where.meta.json.eq"],
      [{ path: ["a"], eq: { b: 1 } }, "select.where.meta.json.eq"],
      [{ path: ["a"], ne: [1] }, "select.where.meta.json.ne"],
      [{ path: ["a"], gt: true }, "select.where.meta.json.gt"],
      [{ path: ["a"], gt: null }, "select.where.meta.json.gt"],
      [{ path: ["a"], in: 1 }, "select.where.meta.json.in"],
      [{ path: ["a"], in: [1, null] }, "select.where.meta.json.in.1"],
      [{ path: ["a"], notIn: [1, [2]] }, "select.where.meta.json.notIn.1"],
      [{ path: ["a"], contains: 1 }, "select.where.meta.json.contains"],
      [{ path: ["a"], isNull: "yes" }, "select.where.meta.json.isNull"],
      ["a", "select.where.meta.json"],
      [["a"], "select.where.meta.json"],
      [null, "select.where.meta.json"],
    ])("%j", async (condition, at) => {
      expect(await refused(condition)).toEqual([400, "invalid-value", at]);
    });

    test("with another operator, or on a column that holds no documents", async () => {
      for (const name of ["like", "between", "icontains", "json", "arrayContains", "constructor"])
        expect(await refused({ path: ["a"], [name]: "x" })).toEqual([
          400,
          "unknown-operator",
          "select.where.meta.json",
        ]);
      const { status, body } = await get("things", { where: { "name.json": { path: ["a"], eq: 1 } } });
      expect([status, body.code]).toEqual([400, "unknown-operator"]);
    });

    test("beyond 16 steps, long lists and long texts", async () => {
      const steps = (length: number): string[] => Array.from({ length }, () => "a");
      expect(await kept({ path: steps(16), eq: 1 })).toEqual([[], []]);
      expect(await refused({ path: steps(17), eq: 1 })).toEqual([
        400,
        "too-complex",
        "select.where.meta.json.path",
      ]);
      const list = Array.from({ length: 1001 }, (_, index) => index);
      expect(await refused({ path: ["a"], in: list })).toEqual([
        400,
        "too-complex",
        "select.where.meta.json.in",
      ]);
      expect(await refused({ path: ["a"], contains: "x".repeat(257) })).toEqual([
        400,
        "too-complex",
        "select.where.meta.json.contains",
      ]);
    });
  });

  describe("stored texts", () => {
    const all = RAW[place.speaks].map((_, index) => index);
    /** The row of a document that is stored so. */
    const row = (text: string): number => RAW[place.speaks].indexOf(text);
    const rows = async (column: string, condition: object, not = false): Promise<number[]> => {
      const filter = { [`${column}.json`]: condition };
      const where = not ? { NOT: filter } : filter;
      const { status, body } = await get("raws", { where, columns: { id: true }, orderBy: { id: 1 } });
      expect([condition, status]).toEqual([condition, 200]);
      return body.raws.map(({ id }: Any) => id);
    };

    test("whatever they are, make no condition fail", async () => {
      const every = place.reader === "fast";
      const paths = every ? [["a"], ["a", "b"], Array.from({ length: 16 }, () => 0)] : [["a"]];
      const conditions = [
        ...["", "a", 1, -1.5, 1e300, true, null].map((eq) => ({ eq })),
        ...["", 2 ** 53].flatMap((value) => [{ ne: value }, { gt: value }, { lte: value }]),
        { in: [] },
        { notIn: [1, "a", true] },
        { contains: "a" },
        { startsWith: "" },
        { endsWith: "x" },
        { isNull: true },
        { isNotNull: true },
      ];
      for (const condition of conditions)
        for (const steps of paths)
          for (const column of ["meta", "other"]) {
            const asked = { path: steps, ...condition };
            const [holds, denied] = [await rows(column, asked), await rows(column, asked, true)];
            expect(holds.filter((id) => denied.includes(id))).toEqual([]);
            if ("isNull" in condition || "isNotNull" in condition)
              expect([...holds, ...denied].toSorted((a, b) => a - b)).toEqual(all);
          }
    }, 60_000);

    test.skipIf(place.speaks !== "sqlite")(
      "what is JSON5 is read as the answer shows it; what is no JSON holds nothing",
      async () => {
        const five = ["'{a:1}'", "'{\"a\":+1}'", "x'7b2261223a317d'"].map(row);
        const one = await rows("meta", { path: ["a"], eq: 1 });
        expect(one).toEqual(expect.arrayContaining(five));
        const none = await rows("meta", { path: ["a"], isNull: true });
        expect(none).toEqual(
          expect.arrayContaining(["'{'", "''", "'nope'", "'{\"a\":NaN}'", "x'ff00'", "1"].map(row)),
        );
        expect(await rows("meta", { path: ["a"], gt: 1e308 })).toEqual(
          ["'{\"a\":Infinity}'", "'{\"a\":1e400}'"].map(row),
        );
        expect(await rows("meta", { path: ["a"], eq: 16 })).toEqual([row("'{\"a\":0x10}'")]);
      },
    );

    test.skipIf(place.speaks !== "postgresql")(
      "what no text of PostgreSQL can hold is nothing anybody asks for",
      async () => {
        expect(await rows("meta", { path: ["b"], eq: "\\u0000" })).toEqual([1]);
        expect(await rows("meta", { path: ["b"], eq: 1 })).toEqual([3]);
        expect(await rows("meta", { path: ["a"], eq: "🚀" })).toEqual([4]);
        expect(await rows("meta", { path: ["a"], endsWith: "🚀" })).toEqual([4, 5]);
        expect(await rows("meta", { path: ["a"], startsWith: "\\" })).toEqual([5]);
        expect(await rows("meta", { path: ["a", "b"], isNotNull: true })).toEqual([]);
        expect(await rows("meta", { path: ["a", "c"], eq: 1 })).toEqual([15]);
        expect(await rows("meta", { path: ["a"], eq: 1 })).toEqual([1, 16]);
        expect(await rows("meta", { path: ["a"], gt: 1e308 })).toEqual([9]);
      },
    );

    test("a number that no double holds is found by all its digits", async () => {
      const digits = row(`'{"a":9007199254740993}'`);
      const found = async (text: string): Promise<number[]> => {
        const { body } = await asked(
          handle,
          "GET",
          `raws?select=(columns:(id:T),where:(meta.json:(path:_('a')_,eq:${text})))`,
        );
        return body.raws.map(({ id }: Any) => id);
      };
      expect(await found("9007199254740993")).toEqual([digits]);
      expect(await found("9007199254740992")).toEqual([]);
    });
  });

  test("nothing of it became an error of the server", () => {
    expect(place.errors).toEqual([]);
  });
});

async function fill({ database, schema, speaks, run }: Place): Promise<void> {
  const documents = [...DOCUMENTS, { names: Object.fromEntries(names.map((name, index) => [name, index])) }];
  // Some drivers of PostgreSQL would write Drizzle's text of a document as a text of JSON.
  const stored = (document: unknown, type: string): unknown => {
    if (document === null || speaks === "sqlite") return document ?? sql`null`;
    return sql`${JSON.stringify(document)}::text::${sql.raw(type)}`;
  };
  const things = documents.map((document, index) => ({
    id: index + 1,
    shelfId: index < 6 ? 1 : 2,
    meta: stored(document, "jsonb"),
    other: stored(document, "json"),
  }));
  await (database as Any).insert(schema["shelf"]).values([{ id: 1 }, { id: 2 }]);
  await (database as Any).insert(schema["thing"]).values(things);
  const raws = RAW[speaks].map(
    (text, id) => `(${id}, ${text}, ${speaks === "sqlite" ? `cast(${text} as blob)` : text})`,
  );
  for (const row of raws) await run(`insert into raws values ${row}`);
}
