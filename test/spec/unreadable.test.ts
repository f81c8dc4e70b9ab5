import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { serve, type TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { ask, served, STACKS } from "../support/served.ts";

const rule = { select: true, write: true, with: { parent: true, children: true } } as const;
const acl: TestACL = {
  samples: {
    table: "sample",
    control: { GET: { all: rule }, POST: { all: rule }, PATCH: { all: rule }, DELETE: { all: rule } },
  },
};

/** A column as it is written in SQL and in questions, what it holds that is none of its values, and its answer. */
const UNREADABLE: readonly (readonly [column: string, name: string, stored: string])[] = [
  ["json", "json", "'{oops'"],
  ["json", "json", "''"],
  ["json", "json", "x'ff00'"],
  ["blobJson", "blob_json", "'{oops'"],
  ["blobJson", "blob_json", "x'7bff'"],
  ["numericBig", "numeric_big", "1.5"],
  ["numericBig", "numeric_big", "-9e999"],
  ["numericBig", "numeric_big", "'many'"],
  ["big", "big", "x'ff'"],
  ["big", "big", "1.5"],
  ["big", "big", "9e999"],
];

/** What other programs may store, and what is answered: what can be said is. */
const STRANGE: readonly (readonly [column: string, name: string, stored: string, answer: string])[] = [
  ["text", "text", "x'ff00'", '"/wA="'],
  ["integer", "integer", "x'ff00'", '"/wA="'],
  ["integer", "integer", "9007199254740993", "9007199254740993"],
  ["integer", "integer", "'many'", '"many"'],
  // JSON has no word for what is beyond all numbers, and one answer for it: null.
  ...["9e999", "-9e999"].flatMap((endless) => [
    ["integer", "integer", endless, "null"] as const,
    ["number", "number", endless, "null"] as const,
    ["real", "real", endless, "null"] as const,
    ["flag", "flag", endless, "false"] as const,
    ["seconds", "seconds", endless, "null"] as const,
    ["millis", "millis", endless, "null"] as const,
  ]),
  ["text", "text", String.raw`'\",9.0e+999,'`, String.raw`"\\\",9.0e+999,"`],
  ["flag", "flag", "9007199254740993", "false"],
  ["flag", "flag", "x'ff00'", "false"],
  ["seconds", "seconds", "9007199254740993", "null"],
  ["seconds", "seconds", "1.5", '"1970-01-01T00:00:01.500Z"'],
  ["millis", "millis", "1.5", '"1970-01-01T00:00:00.001Z"'],
  ["millis", "millis", "'soon'", "null"],
  ["millis", "millis", "x'00'", "null"],
  ["number", "number", "'many'", "null"],
  ["json", "json", "'{a:1,}'", '{"a":1}'],
  ["json", "json", "'[12345678901234567890, 0.1]'", "[12345678901234567890,0.1]"],
  ["json", "json", "'-12345678901234567890.5'", "-12345678901234567890.5"],
  [
    "json",
    "json",
    `'{"n":{"m":1e400},"s":"12345678901234567890"}'`,
    '{"n":{"m":1e400},"s":"12345678901234567890"}',
  ],
  ["blobJson", "blob_json", `x'${Buffer.from("[9007199254740993]").toString("hex")}'`, "[9007199254740993]"],
];

describe.each(STACKS)("what a column cannot read, on $name", ({ options }) => {
  const app = served(acl, options);
  const run = (text: string): Promise<unknown> => app.app.database.run(sql.raw(text));
  /** A row, and two that refer to it, of which the first holds the value too. */
  const store = async (name: string, value: string): Promise<void> => {
    await run("delete from samples");
    await run("insert into samples (id, parent_id, choice) values (1, null, 'a'), (2, 1, 'a'), (3, 1, 'b')");
    await run(`update samples set ${name} = ${value} where id < 3`);
  };
  /** Every way a value comes out, each with the value itself cut out of the text. */
  const answers = async (column: string): Promise<readonly string[]> => {
    const columns = `columns:~T(id,${column})~`;
    const texts = [
      await app.get(ask("samples", `(${columns},where:(choice:'a'))`)),
      await app.get(ask("samples", `(${columns},where:(choice:'a'))`, "countTotal")),
      await app.get(ask("samples", `(${columns},where:(id:2))`, "findFirst")),
      await app.get(ask("samples", `(columns:F,where:(id:1),with:(children:(${columns},where:(id:2))))`)),
      await app.get(ask("samples", `(columns:F,where:(id:3),with:(parent:(${columns})))`)),
      await app.patch(ask("samples", `(${columns},where:(choice:'a'))`), { parentId: null }),
    ];
    await run("update samples set parent_id = null");
    texts.push(await app.remove(ask("samples", `(${columns},where:(choice:'a'))`)));
    return texts.map(({ status, text }) => `${status} ${text}`);
  };
  const expected = (column: string, value: string): readonly string[] => {
    const row = (id: number): string => `{"id":${id},"${column}":${value}}`;
    const rows = `"samples":[${row(1)},${row(2)}]}`;
    const written = options.defaults === undefined ? '"rowsAffected":2,' : "";
    return [
      `200 {"count":2,${rows}`,
      `200 {"total":3,"count":2,${rows}`,
      `200 {"samples":${row(2)}}`,
      `200 {"count":1,"samples":[{"children":[${row(2)}]}]}`,
      `200 {"count":1,"samples":[{"parent":${row(1)}}]}`,
      `200 {${written}"count":2,${rows}`,
      `200 {${written}"count":2,${rows}`,
    ];
  };

  test.each(UNREADABLE)("%s: %s holding %s is null, and hides no row", async (column, name, stored) => {
    await store(name, stored);
    expect(await answers(column)).toEqual(expected(column, "null"));
    app.faults();
  });

  test.each(STRANGE)("%s: %s holding %s is %s", async (column, name, stored, answer) => {
    await store(name, stored);
    expect(await answers(column)).toEqual(expected(column, answer));
  });
});

test("what is beyond all numbers is null as a computed field and a figure, too, on every reader", async () => {
  const whole = {
    ...rule,
    extras: { twice: sql<number>`${sample.integer} * 2`.as("twice") },
    aggregate: true as const,
  };
  const acl: TestACL = { samples: { table: "sample", control: { GET: { all: whole } } } };
  for (const { options } of STACKS) {
    const app = await serve(acl, { ...options, empty: true });
    await app.database.run(sql`insert into samples (id, integer) values (1, 9e999), (2, -9e999), (3, 7)`);
    const rows = await app.get(ask("samples", "(columns:~T(integer,twice)~,orderBy:(id:asc))"));
    expect(rows.body.samples).toEqual([
      { integer: null, twice: null },
      { integer: null, twice: null },
      { integer: 7, twice: 14 },
    ]);
    const { body } = await app.get("samples?aggregate=(max:(integer:T),min:(integer:T),sum:(integer:T))");
    expect(body.samples).toEqual({ max: { integer: null }, min: { integer: null }, sum: { integer: 7 } });
    await app.close();
  }
});

test("a column that cannot be read is told of once", async () => {
  const app = await serve(acl, { empty: true });
  for (const id of [1, 2])
    await app.database.run(
      sql.raw(`insert into samples (id, json, numeric_big) values (${id}, '{oops', 1.5)`),
    );
  for (let times = 0; times < 3; times++) {
    const { body } = await app.get(ask("samples", "(columns:~T(json,numericBig)~)"));
    expect(body.samples).toEqual([
      { json: null, numericBig: null },
      { json: null, numericBig: null },
    ]);
  }
  expect(app.errors.map((error) => (error as Error).message)).toEqual([
    "`samples.json` holds a value that its column cannot read: it is answered as null",
    "`samples.numeric_big` holds a value that its column cannot read: it is answered as null",
  ]);
  expect(app.errors.every((error) => (error as Error).cause instanceof Error)).toBe(true);
  await app.close();
});

test("a mapping of an author's that fails is an error that names its column", async () => {
  const app = await serve(acl, { empty: true });
  await app.database.run(sql`insert into samples (id, point) values (1, x'ff')`);
  for (const selector of ["(columns:~T(point)~)", "(columns:F,with:(children:(columns:~T(point)~)))"])
    expect([(await app.get(ask("samples", selector))).status, selector]).toEqual([
      selector.includes("children") ? 200 : 500,
      selector,
    ]);
  expect(app.errors.map((error) => (error as Error).message)).toEqual([
    "the mapping of `samples.point` failed",
  ]);
  await app.close();
});

test("what is noted of such a column stays, though the request that met it is undone", async () => {
  const failing = {
    ...rule,
    formatResult: () => {
      throw new Error("no");
    },
  };
  const app = await serve(
    { samples: { table: "sample", control: { PATCH: { all: failing } } } },
    {
      on: "bun:sqlite",
      empty: true,
      onError: (error) => void app.database.run(sql`insert into tags (label) values (${String(error)})`),
    },
  );
  await app.database.run(sql`insert into samples (id, json) values (1, '{oops')`);
  expect((await app.patch("samples", { text: "x" })).status).toBe(500);
  expect(await app.database.all(sql`select label from tags order by id`)).toEqual([
    {
      label: "Error: `samples.json` holds a value that its column cannot read: it is answered as null",
    },
    { label: "Error: no" },
  ]);
  expect(await app.database.all(sql`select text from samples`)).toEqual([{ text: null }]);
  await app.close();
});
