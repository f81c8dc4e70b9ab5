import { beforeAll, describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { tag } from "../support/schema.ts";
import { ask, ids, served, STACKS } from "../support/served.ts";

const acl = {
  articles: { table: "article", control: { GET: { all: { select: true, with: { comments: true } } } } },
  tags: { table: "tag", maxLimit: 7, control: { GET: { all: { select: { columns: ["id", "label"] } } } } },
  lifted: { table: "tag", maxLimit: null, control: { GET: { all: { select: { columns: ["id"] } } } } },
  skipped: { table: "tag", maxOffset: null, control: { GET: { all: { select: { columns: ["id"] } } } } },
  authors: {
    table: "author",
    control: {
      GET: {
        all: { select: { columns: ["id"] }, with: { articles: { select: { columns: ["id", "views"] } } } },
      },
    },
  },
} satisfies TestACL;

describe.each(STACKS)("pages on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    // 43 tags of five labels' first letters: every page has ties.
    await app.app.database
      .insert(tag)
      .values(Array.from({ length: 40 }, (_, i) => ({ id: 100 + ((i * 7) % 40), label: `${i % 5} ${i}` })));
  });

  test.each([
    ["(limit:2)", ["a1", "a2"]],
    ["(limit:2,offset:2)", ["a3", "a4"]],
    ["(offset:4)", ["a5", "a6"]],
    ["(offset:5,limit:5)", ["a6"]],
    ["(offset:6)", []],
    ["(offset:1e4)", []],
    ["(limit:0)", []],
    ["(limit:0,offset:0)", []],
    ["(limit:-0)", []],
    ["(offset:-0,limit:1)", ["a1"]],
    ["(limit:1e2)", ["a1", "a2", "a3", "a4", "a5", "a6"]],
    ["(limit:3.0)", ["a1", "a2", "a3"]],
    ["(where:(authorId:2),limit:1,offset:1)", ["a3"]],
    ["(orderBy:(views:desc),limit:2,offset:1)", ["a3", "a1"]],
  ])("%s", async (select, expected) => {
    const answer = await app.get(ask("articles", select));
    expect(ids(answer)).toEqual(expected);
    expect(answer.body.count).toBe(expected.length);
  });

  test.each(["(id:asc)", "(label:asc)", "(label:desc)"])(
    "pages ordered by %s never overlap and miss nothing",
    async (orderBy) => {
      const all: number[] = [];
      for (let offset = 0; offset < 50; offset += 7) {
        const answer = await app.get(ask("tags", `(orderBy:${orderBy},offset:${offset})`));
        all.push(...answer.body.tags.map(({ id }: { id: number }) => id));
      }
      expect(all).toHaveLength(43);
      expect(new Set(all).size).toBe(43);
    },
  );

  test("pages with ties never overlap", async () => {
    const all: string[] = [];
    for (let offset = 0; offset < 8; offset++) {
      all.push(
        ...(ids(
          await app.get(ask("articles", `(orderBy:(published:desc),limit:1,offset:${offset})`)),
        ) as string[]),
      );
    }
    expect(all).toEqual(["a1", "a2", "a4", "a6", "a3", "a5"]);
  });

  test("nested lists have pages of their own", async () => {
    const nested = async (select: string): Promise<unknown> =>
      (await app.get(ask("authors", `(with:(articles:${select}))`))).body.authors.map(
        ({ articles }: { articles: { id: string }[] }) => articles.map(({ id }) => id),
      );
    expect(await nested("(limit:1)")).toEqual([["a1"], ["a2"], ["a5"]]);
    expect(await nested("(limit:1,offset:1)")).toEqual([[], ["a3"], ["a6"]]);
    expect(await nested("(offset:1)")).toEqual([[], ["a3", "a4"], ["a6"]]);
    expect(await nested("(offset:10000)")).toEqual([[], [], []]);
    expect(await nested("(limit:0)")).toEqual([[], [], []]);
    expect(await nested("(limit:2,orderBy:(views:desc))")).toEqual([["a1"], ["a2", "a3"], ["a6", "a5"]]);
    expect(await nested("(limit:1,where:(views.lt:10))")).toEqual([[], ["a4"], ["a5"]]);
  });

  test("without a limit the maximum is the page; `maxLimit: null` lifts it", async () => {
    expect((await app.get("tags")).body.count).toBe(7);
    expect((await app.get("lifted")).body.count).toBe(43);
    expect((await app.get(ask("lifted", "(limit:50000)"))).body.count).toBe(43);
    expect((await app.get(ask("lifted", "(offset:40)"))).body.count).toBe(3);
    expect((await app.get(ask("lifted", "(columns:F,offset:40)"))).body).toEqual({ count: 3 });
    expect((await app.get(ask("lifted", "(columns:F)"))).body).toEqual({ count: 43 });
    for (const offset of ["10001", "1e9", "9007199254740991"])
      expect((await app.get(ask("skipped", `(offset:${offset})`))).body).toEqual({ count: 0, skipped: [] });
  });
});

describe("limit and offset are whole numbers from 0", () => {
  const app = served(acl);
  const WRONG = [
    "-1",
    "1.5",
    "I",
    "-I",
    "X",
    "N",
    "T",
    "F",
    "U",
    "'5'",
    "''",
    "(a:1)",
    "_(5)_",
    "1e400",
    "9007199254740992",
    "-0.5",
    "1e-3",
    "ten",
  ];
  test.each(WRONG)("%s is none", async (value) => {
    for (const key of ["limit", "offset"]) {
      for (const [resource, select, path] of [
        ["articles", `(${key}:${value})`, `select.${key}`],
        ["lifted", `(${key}:${value})`, `select.${key}`],
        ["authors", `(with:(articles:(${key}:${value})))`, `select.with.articles.${key}`],
        ["articles", `(columns:F,${key}:${value})`, `select.${key}`],
      ] as const) {
        const answer = await app.get(ask(resource, select));
        expect([answer.status, answer.body]).toEqual([
          400,
          { error: `\`${key}\` takes a whole number from 0`, code: "invalid-value", path },
        ]);
      }
    }
  });
});
