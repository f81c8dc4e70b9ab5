import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { type App, serve, type TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { DATABASE_NAMES, dump, path, refusal } from "../support/write.ts";

const acl = {
  samples: {
    table: "sample",
    control: {
      GET: { all: { select: true, with: { parent: true, children: true } } },
      POST: { all: { select: true, write: true, with: { parent: true, children: true } } },
      PATCH: { all: { select: true, with: { children: true } } },
      DELETE: { all: { select: true } },
    },
  },
} satisfies TestACL;

/** What is sent, and what comes back where that is another spelling of it. */
const VALUES: readonly (readonly [column: string, sent: unknown, back?: unknown])[] = [
  ["text", "plain"],
  ["text", ""],
  ["text", 'it\'s "quoted" \\ % _ ; -- ünïcödé 🎈\n'],
  ["text", "9".repeat(30)],
  ["choice", "a"],
  ["json", { nested: [1, "two", { three: null }], flag: true }],
  ["json", "a text"],
  ["json", "9007199254740993"],
  ["json", 0.1],
  ["json", false],
  ["json", []],
  ["json", { __proto__: null, toJSON: 1, constructor: "c" }, { toJSON: 1, constructor: "c" }],
  ["integer", 0],
  ["integer", -5],
  ["integer", Number.MAX_SAFE_INTEGER],
  ["integer", Number.MIN_SAFE_INTEGER],
  ["flag", true],
  ["flag", false],
  ["seconds", "2024-02-29T12:34:56.000Z"],
  ["seconds", 1_700_000_000_000, "2023-11-14T22:13:20.000Z"],
  ["seconds", -1000, "1969-12-31T23:59:59.000Z"],
  ["millis", "2024-02-29T12:34:56.789Z"],
  ["millis", "2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["millis", "2024-02-29T12:34:56+02:00", "2024-02-29T10:34:56.000Z"],
  ["millis", 0, "1970-01-01T00:00:00.000Z"],
  ["millis", -1, "1969-12-31T23:59:59.999Z"],
  ["real", 0.1 + 0.2],
  ["real", -1.5e300],
  ["real", 5e-324],
  ["real", 3],
  ["decimal", "12.5"],
  ["decimal", "-0.125"],
  ["decimal", "9007199254740993"],
  ["decimal", 7, "7"],
  ["number", 2.5],
  ["number", 42],
  ["numericBig", "9007199254740993"],
  ["numericBig", "-9223372036854775808"],
  ["numericBig", 12, "12"],
  ["big", "123456789012345678901234567890"],
  ["big", "-9007199254740993"],
  ["bytes", "AAECAwT/"],
  ["bytes", ""],
  ["blobJson", { deep: { er: [1, 2] } }],
  ["blobJson", "text"],
  ["point", { x: 1.5, y: -2 }],
  ["parentId", 100],
];

describe.each(DATABASE_NAMES)("on %s", (on) => {
  let app: App;
  let id = 200;
  beforeAll(async () => {
    app = await serve(acl, { on, empty: true });
    await app.database.insert(sample).values([{ id: 100 }, { id: 101, parentId: 100 }]);
  });
  afterAll(() => app.close());

  test.each(VALUES)(
    "%s takes %j in a POST and gives it back everywhere",
    async (column, sent, back = sent) => {
      id++;
      const made = await app.post("samples", { id, parentId: 101, [column]: sent });
      expect(made.body.samples?.[0]?.[column]).toEqual(back);
      expect(made.status).toBe(200);
      const read = await app.get(path("samples", { where: { id } }));
      expect(read.body.samples).toEqual(made.body.samples);
      const again = await app.post(path("samples", { with: { parent: true } }), { id: ++id, [column]: sent });
      expect(again.body.samples[0][column]).toEqual(back);
    },
  );

  test.each(VALUES)(
    "%s takes %j in a PATCH, and its parent shows it nested",
    async (column, sent, back = sent) => {
      await app.database.delete(sample).where(eq(sample.parentId, 101));
      const [row] = (await app.post("samples", { id: ++id, parentId: 101 })).body.samples;
      expect(row[column] ?? null).not.toEqual(back);
      const patched = await app.patch(path("samples", { where: { id } }), { [column]: sent });
      expect(patched.body.samples?.[0]?.[column]).toEqual(back);
      expect((await app.get(path("samples", { where: { id } }))).body.samples).toEqual(patched.body.samples);
      if (column === "parentId") return;
      const parent = await app.get(path("samples", { where: { id: 101 }, with: { children: true } }));
      expect(parent.body.samples[0].children[0][column]).toEqual(back);
    },
  );

  test("a row of every column comes back from a DELETE as it was", async () => {
    const row = Object.fromEntries(VALUES.map(([column, sent, back = sent]) => [column, back]));
    const made = await app.post("samples", { ...row, id: ++id });
    expect(made.body.samples).toEqual([{ ...row, id }]);
    const removed = await app.remove(path("samples", { where: { id } }));
    expect(removed.body).toEqual({ rowsAffected: 1, count: 1, samples: [{ ...row, id }] });
  });

  test("every column that may be null can be set to null again", async () => {
    const nulls = Object.fromEntries(VALUES.map(([column]) => [column, null]));
    await app.post("samples", {
      id: ++id,
      parentId: 101,
      text: "t",
      json: {},
      flag: true,
      point: { x: 1, y: 2 },
    });
    const patched = await app.patch(path("samples", { where: { id } }), nulls);
    expect(patched.body.samples).toEqual([{ ...nulls, id }]);
  });

  test("a text with a NUL character comes back whole or is refused, but is never cut", async () => {
    const text = "before\0after";
    const answer = await app.post("samples", { id: ++id, text });
    if (answer.status === 200) expect(answer.body.samples[0].text).toBe(text);
    else expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: "text" });
  });

  test("the server never answered 500 to any of it", () => {
    expect(app.errors).toEqual([]);
  });
});

describe("a value of the wrong kind is 400 with its column as path, and nothing is written", () => {
  let app: App;
  let before: string;
  beforeAll(async () => {
    app = await serve(acl, { on: "libsql memory", empty: true });
    await app.database.insert(sample).values({ id: 1, text: "kept" });
    before = await dump(app.database);
  });
  afterAll(() => app.close());

  const object = { a: 1 };
  const WRONG: readonly (readonly [column: string, values: readonly unknown[]])[] = [
    ["text", [1, true, object, ["a"], "\ud800"]],
    ["choice", ["c", "", "A", 1, false, ["a"]]],
    ["integer", [1.5, "1", true, 2 ** 53, -(2 ** 53), 1e18, object, [1]]],
    ["flag", [1, 0, "true", "T", object]],
    ["seconds", ["soon", "", "2024-13-01", "2023-02-29", "1700000000", true, 1e20, object, ["2024-01-01"]]],
    ["millis", ["soon", "2024-01-01T25:00:00Z", "Tue Jan 02 2024", true, -1e20, object]],
    ["real", ["1.5", true, object, [1.5]]],
    ["decimal", ["12,5", "1e5", "NaN", "", ".", true, object]],
    ["number", ["1", true, object]],
    ["numericBig", [1.5, "1.5", "9223372036854775808", "-9223372036854775809", "0x10", "", true, object]],
    ["big", [1.5, 2 ** 53, "12a", "", true, object]],
    ["bytes", ["***", "AAE", 1, true, object, [1, 2]]],
    ["parentId", ["1", 1.5, object]],
    ["id", ["1", 1.5, true]],
  ];

  test.each(WRONG.flatMap(([column, values]) => values.map((value) => [column, value] as const)))(
    "%s does not take %j",
    async (column, value) => {
      const made = await app.post("samples", { id: 2, [column]: value });
      expect(refusal(made)).toEqual({ status: 400, code: "invalid-value", path: column });
      const second = await app.post("samples", [{ id: 2 }, { id: 3, [column]: value }]);
      expect(refusal(second)).toEqual({ status: 400, code: "invalid-value", path: `1.${column}` });
      if (column !== "id") {
        const changed = await app.patch(path("samples", { where: { id: 1 } }), { [column]: value });
        expect(refusal(changed)).toEqual({ status: 400, code: "invalid-value", path: column });
      }
      expect(await dump(app.database)).toBe(before);
    },
  );

  test.each(["1e400", "-1e999"])("a number that JSON writes as %s is no finite one", async (number) => {
    for (const column of ["real", "integer", "number", "decimal", "json", "millis"]) {
      const answer = await app.post("samples", `{"id":2,"${column}":${number}}`);
      expect([column, refusal(answer)]).toEqual([
        column,
        { status: 400, code: "invalid-value", path: column },
      ]);
    }
    expect(await dump(app.database)).toBe(before);
  });

  test("an integer beyond 2^53, which would make its row unreadable, never reaches the database", async () => {
    const answer = await app.post("samples", '{"id":2,"integer":9007199254740993}');
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: "integer" });
    expect((await app.get("samples")).body.count).toBe(1);
  });

  test("the server never answered 500 to any of it", () => {
    expect(app.errors).toEqual([]);
  });
});
