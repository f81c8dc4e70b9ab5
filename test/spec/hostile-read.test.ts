import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { relations, sql } from "drizzle-orm";
import { createQueryRoute } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { author, sample } from "../support/schema.ts";
import { ddl } from "../support/databases.ts";
import { ask, served, STACKS } from "../support/served.ts";
import { OPERATORS } from "../../src/operator/operator.ts";

const visible = { select: { columns: ["id", "name"] } } as const;
const acl = {
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          ...visible,
          with: {
            mentor: visible,
            students: visible,
            articles: { select: { columns: ["id"] }, with: { author: visible } },
          },
        },
        writer: {
          ...visible,
          where: (_c, t, { ne }) => ne(t.id, 2),
          with: { students: { ...visible, where: (_c, t, { ne }) => ne(t.id, 2) } },
        },
      },
    },
  },
  leaky: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          with: {
            comments: {
              select: { columns: ["id", "articleId"] },
              where: (_c, t) => sql`${t.hidden} = 0 or ${t.authorId} = 3`,
            },
            author: { select: { columns: ["id"] }, where: (_c, t) => sql`${t.id} = 1 or ${t.id} = 3` },
          },
        },
      },
    },
  },
  samples: {
    table: "sample",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "millis"] },
          where: (_c, t) => sql`${t.id} < 100`,
          with: {
            children: {
              select: { columns: ["id", "millis"] },
              where: (_c, t) => sql`${t.id} = 2 or ${t.id} = 3`,
            },
          },
        },
      },
    },
  },
} satisfies TestACL;

/** Names a caller may not read, each with one that never existed, of the same length. */
const HIDDEN: readonly [string, string][] = [
  ["secret", "zzzzzz"],
  ["email", "qqqqq"],
  ["role", "wwww"],
  ["mentorId", "kkkkkkkk"],
  ["password", "yyyyyyyy"],
];
const INHERITED = [
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "isPrototypeOf",
  "getSQL",
  "_",
  "$inferSelect",
  "$inferInsert",
  "enableRLS",
  "shouldOmitSQLParens",
  "size",
  "get",
];

const POSITIONS: readonly [string, (name: string) => string][] = [
  ["columns, wanted", (n) => `(columns:(${n}:T))`],
  ["columns, dropped", (n) => `(columns:(${n}:F))`],
  ["columns, beside others", (n) => `(columns:(id:T,${n}:F))`],
  ["orderBy", (n) => `(orderBy:(${n}:asc))`],
  ["orderBy, behind others", (n) => `(orderBy:(id:asc,${n}:desc))`],
  ["where, bare", (n) => `(where:(${n}:'x'))`],
  ["where, null", (n) => `(where:(${n}:N))`],
  ["where, in an array", (n) => `(where:_((id:1),(${n}:'x'))_)`],
  ["where, in AND", (n) => `(where:(AND:_((${n}:'x'))_))`],
  ["where, in OR", (n) => `(where:(OR:_((id:1),(${n}:'x'))_))`],
  ["where, in NOT", (n) => `(where:(NOT:(${n}:'x')))`],
  ["where, an unknown operator", (n) => `(where:('${n}.nosuch':'x'))`],
  ["with a many-relation's columns", (n) => `(with:(students:(columns:(${n}:T))))`],
  ["with a many-relation's filter", (n) => `(with:(students:(where:(${n}.like:'s%'))))`],
  ["with a many-relation's order", (n) => `(with:(students:(orderBy:(${n}:asc))))`],
  ["with a one-relation's columns", (n) => `(with:(mentor:(columns:(${n}:T))))`],
  ["with a relation's relation", (n) => `(with:(articles:(with:(author:(columns:(${n}:T))))))`],
  ["the counts", (n) => `(columns:F,where:(${n}:'x'))`],
  ...[...OPERATORS.keys()].map((operator): [string, (name: string) => string] => [
    `where, ${operator}`,
    (n) =>
      `(where:('${n}.${operator}':${operator.includes("etween") ? "_('a','b')_" : /in$|Array$/i.test(operator) ? "_('a')_" : operator.startsWith("is") && operator.length < 10 ? "T" : "'x'"}))`,
  ]),
];

describe("a hidden column does not exist", () => {
  const app = served(acl);

  test.each(POSITIONS)(
    "%s: answered byte for byte as a name that never existed",
    async (_position, select) => {
      for (const [hidden, never] of HIDDEN) {
        const one = await app.get(ask("authors", select(hidden)));
        const other = await app.get(ask("authors", select(never)));
        expect(one.status).toBe(400);
        expect(one.text.replaceAll(hidden, never)).toBe(other.text);
        expect(one.body.code).toBe("unknown-column");
        expect(Object.fromEntries([...one.headers].filter(([name]) => name !== "date"))).toEqual(
          Object.fromEntries([...other.headers].filter(([name]) => name !== "date")),
        );
      }
    },
  );

  test.each(POSITIONS)(
    "%s: names of Object.prototype and of Drizzle are simply unknown",
    async (_position, select) => {
      for (const name of INHERITED.filter((bare) => !bare.startsWith("$"))) {
        const answer = await app.get(ask("authors", select(name)));
        expect([name, answer.status, answer.body.code]).toEqual([name, 400, "unknown-column"]);
        expect(answer.body.error).toBe(`unknown column \`${name}\``);
      }
    },
  );

  test("no hint ever names one", async () => {
    for (const near of [
      "secre",
      "secrets",
      "emai",
      "emails",
      "rol",
      "roles",
      "mentor_id",
      "mentorid",
      "SECRET",
    ]) {
      for (const [position, select] of POSITIONS.slice(0, 18)) {
        const { body } = await app.get(ask("authors", select(near)));
        expect([position, body.hint ?? ""]).toEqual([position, ""]);
      }
    }
  });

  test("its values change no answer", async () => {
    const paths = [
      "authors",
      ask("authors", "(orderBy:(name:asc),with:(students:T,mentor:T))"),
      ask("authors", "(columns:F)", "countTotal"),
    ];
    const before = await Promise.all(paths.map(async (path) => (await app.get(path)).text));
    await app.app.database
      .update(author)
      .set({ secret: sql`hex(randomblob(8))`, email: sql`hex(randomblob(8))` });
    expect(await Promise.all(paths.map(async (path) => (await app.get(path)).text))).toEqual(before);
  });
});

describe("names of Object.prototype and of Drizzle are unknown", () => {
  const app = served(acl);
  test.each(INHERITED)("%s", async (name) => {
    expect((await app.get(name)).body.code).toBe("unknown-resource");
    expect((await app.get(`authors?${encodeURIComponent(name)}`)).body.code).toBe("unknown-parameter");
    expect((await app.get(ask("authors", `('${name}':T)`))).body).toMatchObject({
      code: "invalid-value",
      path: `select.${name}`,
    });
    for (const select of [
      `(columns:('${name}':T))`,
      `(where:('${name}':1))`,
      `(where:('${name}.eq':1))`,
      `(orderBy:('${name}':asc))`,
    ])
      expect((await app.get(ask("authors", select))).body).toMatchObject({
        error: `unknown column \`${name}\``,
        code: "unknown-column",
      });
    expect((await app.get(ask("authors", `(with:('${name}':T))`))).body.code).toBe("unknown-relation");
    expect((await app.get(ask("authors", `(with:(students:(with:('${name}':T))))`))).body.code).toBe(
      "unknown-relation",
    );
    expect((await app.get(ask("authors", `(where:('name.${name}':'x'))`))).body).toMatchObject({
      error: `unknown operator \`${name}\``,
      code: "unknown-operator",
    });
    expect((await app.get(ask("authors", `(orderBy:(name:'${name}'))`))).body.code).toBe("invalid-value");
    expect((await app.get("authors", { role: name })).status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
  test("`__proto__` is refused as a key and unknown elsewhere", async () => {
    for (const select of [
      "(__proto__:T)",
      "(with:(__proto__:T))",
      "(where:(__proto__:1))",
      "(columns:(__proto__:T))",
      "(orderBy:(__proto__:asc))",
    ])
      expect((await app.get(ask("authors", select))).body.code).toBe("invalid-syntax");
    expect((await app.get(ask("authors", "(where:(name.__proto__:1))"))).body.code).toBe("unknown-operator");
    expect((await app.get(ask("authors", "(orderBy:(name:__proto__))"))).body.code).toMatch(
      /^invalid-(value|syntax)$/,
    );
  });
});

describe.each(STACKS)("rows that a rule hides, on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    await app.app.database.insert(sample).values([
      { id: 1 },
      // No SQL function writes this year as ISO 8601 does.
      { id: 2, parentId: 1, millis: new Date("+012345-01-01T00:00:00Z") },
      { id: 3, parentId: 2 },
      { id: 4, parentId: 1 },
    ]);
  });

  test("match no filter, at any depth", async () => {
    for (const where of [
      "(id:2)",
      "(name:'Ben')",
      "(name.like:'B%')",
      "_((id:2),(id:99))_",
      "(NOT:(NOT:(id:2)))",
      "(OR:_((id:2),(NOT:_((id:1),(id:2),(id:3))_))_)",
    ]) {
      expect((await app.get(ask("authors", `(where:${where})`), { as: 1 })).body).toEqual({
        count: 0,
        authors: [],
      });
      expect((await app.get(ask("authors", `(columns:F,where:${where})`), { as: 1 })).body).toEqual({
        count: 0,
      });
      const nested = await app.get(ask("authors", `(where:(id:1),with:(students:(where:${where})))`), {
        as: 1,
      });
      expect(nested.body.authors).toEqual([{ id: 1, name: "Ada", students: [] }]);
    }
  });

  test("a relation's filter with a bare `or` lists no other parents' rows", async () => {
    const { body } = await app.get(ask("leaky", "(with:(comments:T,author:T))"));
    expect(body.leaky).toEqual([
      {
        id: "a1",
        comments: [
          { id: 1, articleId: "a1" },
          { id: 2, articleId: "a1" },
        ],
        author: { id: 1 },
      },
      {
        id: "a2",
        comments: [
          { id: 3, articleId: "a2" },
          { id: 4, articleId: "a2" },
          { id: 5, articleId: "a2" },
        ],
        author: null,
      },
      { id: "a3", comments: [], author: null },
      { id: "a4", comments: [{ id: 6, articleId: "a4" }], author: null },
      { id: "a5", comments: [], author: { id: 3 } },
      {
        id: "a6",
        comments: [
          { id: 7, articleId: "a6" },
          { id: 8, articleId: "a6" },
        ],
        author: { id: 3 },
      },
    ]);
  });

  test("nor where a value makes the engine read in another way", async () => {
    expect((await app.get(ask("samples", "(columns:~T(id)~,with:(children:T))"))).body.samples).toEqual([
      { id: 1, children: [{ id: 2, millis: "+012345-01-01T00:00:00.000Z" }] },
      { id: 2, children: [{ id: 3, millis: null }] },
      { id: 3, children: [] },
      { id: 4, children: [] },
    ]);
  });
});

/** A schema with what makes engines stumble: odd names, no key, many columns. */
const wide = sqliteTable(
  "wide",
  Object.fromEntries([
    ["id", integer().primaryKey()],
    ...Array.from({ length: 60 }, (_, i) => [`c${i}`, integer()]),
  ]) as Record<string, ReturnType<typeof integer>>,
);
const odd = sqliteTable("odd table", {
  id: integer("the id").primaryKey(),
  AND: text("AND"),
  OR: integer("or"),
  NOT: integer("not"),
  dotted: text("a.b"),
  "title.like": text("c"),
  "it's odd": text("it's odd"),
  x: integer("y"),
  y: integer("x"),
  constructor: text("constructor"),
  parent: integer("parent id"),
});
const keyless = sqliteTable("keyless", { a: integer("a"), b: text("b") });
const pair = sqliteTable(
  "pair",
  { left: integer("left"), right: integer("right"), note: text("note") },
  (t) => [primaryKey({ columns: [t.right, t.left] })],
);
const oddRelations = relations(odd, ({ one, many }) => ({
  up: one(odd, { fields: [odd.parent], references: [odd.id], relationName: "up" }),
  down: many(odd, { relationName: "up" }),
}));
const other = { wide, odd, keyless, pair, oddRelations };

describe.each(["fast", "portable"] as const)("odd schemas, read by the %s reader,", (reader) => {
  let client: Database;
  let errors: unknown[] = [];
  let route: ReturnType<typeof createQueryRoute>;
  beforeAll(async () => {
    client = new Database(":memory:");
    for (const statement of await ddl(other)) client.run(statement);
    const database = drizzle(client, { schema: other });
    await database.insert(wide).values({ id: 1, c0: 7, c59: 9 } as never);
    await database.insert(odd).values([
      {
        id: 1,
        AND: "and",
        OR: 1,
        NOT: 0,
        dotted: "d",
        "title.like": "tl",
        "it's odd": "q",
        x: 10,
        y: 20,
        constructor: "c",
      },
      // Drizzle itself would bind what `constructor` inherits.
      { id: 2, AND: "x", x: 30, y: 5, parent: 1, constructor: null },
    ]);
    await database.insert(keyless).values([
      { a: 2, b: "x" },
      { a: 1, b: "y" },
      { a: 1, b: "x" },
      { a: null, b: null },
    ]);
    await database.insert(pair).values([
      { left: 1, right: 2 },
      { left: 2, right: 1 },
      { left: 1, right: 1 },
    ]);
    route = createQueryRoute({
      database,
      schema: other,
      reader,
      onError: (error) => errors.push(error),
      acl: {
        wide: { table: "wide", control: { GET: { all: { select: true } } } },
        odd: {
          table: "odd",
          control: { GET: { all: { select: true, with: { up: { select: true }, down: { select: true } } } } },
        },
        loose: { table: "keyless", control: { GET: { all: { select: true } } } },
        keyless: {
          table: "keyless",
          control: {
            GET: {
              all: { select: true },
              guest: { select: true, where: () => sql`exists (select 1 from ${pair})` },
            },
          },
        },
        pair: {
          table: "pair",
          control: {
            GET: {
              all: {
                select: { columns: ["left", "right"] },
                where: () => sql`exists (select 1 from ${keyless} where ${keyless.a} = 2)`,
              },
            },
          },
        },
      },
    });
  });
  afterAll(() => {
    client.close();
  });
  const get = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await route.GET(new Request(`http://local/query/${path}`));
    expect(errors.splice(0)).toEqual([]);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test("61 columns are answered", async () => {
    const row = ((await get("wide")).body["wide"] as Record<string, unknown>[])[0]!;
    expect([Object.keys(row).length, row["id"], row["c0"], row["c59"], row["c30"]]).toEqual([
      61,
      1,
      7,
      9,
      null,
    ]);
  });

  test.each([
    ["(AND:'and')", [1]],
    ["(AND.like:'a%')", [1]],
    ["(OR:1)", [1]],
    ["(NOT:0)", [1]],
    ["(NOT.eq:0,OR.gte:1)", [1]],
    ["('title.like':'tl')", [1]],
    ["('title.like.like':'t%')", [1]],
    ["(constructor:'c')", [1]],
    ["(constructor.ne:N)", [1]],
    ["(\"it's odd\":'q')", [1]],
    ["(x:10)", [1]],
    ["(y:5)", [2]],
    ["_((x:30),(y:20))_", [1, 2]],
  ])("a column's very name wins: %s", async (where, expected) => {
    const { body } = await get(ask("odd", `(columns:~T(id)~,where:${where})`));
    expect(body).toEqual({ count: expected.length, odd: expected.map((id) => ({ id })) });
  });

  test("columns whose names are swapped in the database keep their values, nested too", async () => {
    const row = {
      id: 1,
      AND: "and",
      OR: 1,
      NOT: 0,
      dotted: "d",
      "title.like": "tl",
      "it's odd": "q",
      x: 10,
      y: 20,
      constructor: "c",
      parent: null,
    };
    const { body } = await get(
      ask("odd", "(orderBy:(y:asc),with:(up:T,down:(orderBy:(x:desc),where:(y.lt:10))))"),
    );
    const second = {
      id: 2,
      AND: "x",
      OR: null,
      NOT: null,
      dotted: null,
      "title.like": null,
      "it's odd": null,
      x: 30,
      y: 5,
      constructor: null,
      parent: 1,
    };
    expect(body["odd"]).toEqual([
      { ...second, up: row, down: [] },
      { ...row, up: null, down: [second] },
    ]);
  });

  test("a table without a key has a total order nevertheless", async () => {
    const rows = [
      { a: null, b: null },
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
    ];
    expect((await get(ask("loose", "(where:(a.isNull:F))"))).body["loose"]).toEqual(rows.slice(1));
    expect((await get(ask("loose", "(orderBy:(b:desc),limit:3)"))).body["loose"]).toEqual([
      { a: 1, b: "y" },
      { a: 1, b: "x" },
      { a: 2, b: "x" },
    ]);
  });

  test("a rule may ask other tables about a table without a key, or with a composite one", async () => {
    expect((await get("keyless")).body["count"]).toBe(4);
    expect((await get("pair")).body).toEqual({
      count: 3,
      pair: [
        { left: 1, right: 1 },
        { left: 1, right: 2 },
        { left: 2, right: 1 },
      ],
    });
  });
});
