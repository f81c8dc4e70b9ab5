import { describe, expect, test } from "bun:test";
import { and, between, eq, exists, gt, inArray, not, or, type SQL, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { comparedIn, equalitiesIn } from "../../src/drizzle/drizzle.ts";
import { areApart, heldBy, marksOf, readCatalog } from "../../src/schema/schema.ts";
import * as blog from "../support/schema.ts";

const { article: a } = blog;

/** What must hold of each row, in short. */
const read = (query: SQL): readonly string[] =>
  equalitiesIn(query).map(({ column, values }) => `${column.name}: ${values.map(String).join()}`);

describe("what a condition says that must hold of each row", () => {
  test.each<readonly [string, SQL, readonly string[]]>([
    ["an equality", eq(a.authorId, 1), ["author_id: 1"]],
    ["a list", inArray(a.id, ["x", "y"]), ["id: x,y"]],
    [
      "some of them together",
      and(eq(a.authorId, 1), gt(a.views, 2), eq(a.id, "x"))!,
      ["author_id: 1", "id: x"],
    ],
    ["groups in groups", sql`((${eq(a.authorId, 1)})) and (${eq(a.id, "x")})`, ["author_id: 1", "id: x"]],
    ["one beside a query", and(eq(a.authorId, 1), exists(sql`(select 1 where 1 = 1)`))!, ["author_id: 1"]],
    ["one beside a text that says more", sql`${eq(a.id, "x")} and ${a.title} <> 'a or b'`, ["id: x"]],
    ["one beside a comment", sql`${eq(a.id, "x")} -- or all\n and 1 = 1`, ["id: x"]],
    ["a mode's value as it is stored", eq(a.published, true), ["published: 1"]],
    ["one of two", or(eq(a.authorId, 1), eq(a.id, "x"))!, []],
    ["one of two, behind others", sql`${eq(a.authorId, 1)} and ${eq(a.id, "x")} or ${eq(a.views, 2)}`, []],
    ["a range, which has an and of its own", sql`${between(a.views, 1, 2)} and ${eq(a.id, "x")}`, []],
    ["a case", sql`case when ${eq(a.id, "x")} and ${eq(a.authorId, 1)} and 1 then 1 end`, []],
    ["the opposite", not(eq(a.authorId, 1)), []],
    ["the opposite, in SQL", sql`not ${eq(a.authorId, 1)}`, []],
    ["what is asked of the answer", sql`(${eq(a.authorId, 1)}) = 0 and (${eq(a.id, "x")}) is null`, []],
    ["a function of it", sql`lower(${a.id}) = ${"x"}`, []],
    ["a function of the answer", sql`max(${eq(a.authorId, 1)})`, []],
    ["more behind the value", sql`${a.views} = ${1} + 1`, []],
    ["another column", sql`${a.authorId} = ${a.reviewerId}`, []],
    ["a list of columns", sql`${a.authorId} in (${1}, ${a.reviewerId})`, []],
    ["a query", sql`select ${eq(a.authorId, 1)} and ${eq(a.id, "x")}`, []],
  ])("%s", (_, query, expected) => expect(read(query)).toEqual(expected));
});

describe("the columns of what only compares", () => {
  test.each<readonly [string, SQL, readonly string[] | undefined]>([
    [
      "equalities and others",
      and(eq(a.authorId, 1), or(gt(a.views, 2), not(eq(a.id, "x"))))!,
      ["author_id", "views", "id"],
    ],
    ["ranges and lists", and(between(a.views, 1, 2), inArray(a.id, ["x"]))!, ["views", "id"]],
    ["whether there is a value", sql`${a.body} is not null`, ["body"]],
    ["a function", sql`lower(${a.id}) = ${"x"}`, undefined],
    ["a query", exists(sql`(select 1)`), undefined],
    ["a table", sql`exists ${a}`, undefined],
    ["a name that is written out", sql`title = ${"x"}`, undefined],
    ["a text", sql`${a.title} = 'x'`, undefined],
  ])("%s", (_, query, expected) =>
    expect(comparedIn(query)?.map(({ name }) => name)).toEqual(expected as string[]),
  );
});

describe("rows that are apart", () => {
  const table = pg.pgTable("all_kinds", {
    number: pg.integer(),
    big: pg.bigint({ mode: "bigint" }),
    text: pg.text(),
    padded: pg.char({ length: 9 }),
    uuid: pg.uuid(),
    flag: pg.boolean(),
    decimal: pg.numeric(),
    real: pg.doublePrecision(),
    day: pg.date(),
    clock: pg.time(),
    address: pg.inet(),
    json: pg.json(),
    kind: pg.customType<{ data: string }>({ dataType: () => "citext" })(),
  });
  const info = readCatalog({ table }).get("table")!;

  test.each<readonly [keyof typeof table.$inferSelect, unknown, unknown, boolean]>([
    ["number", 1, 2, true],
    ["number", 1, "01", false],
    ["number", 1.5, 2, false],
    ["big", 1n, 2, true],
    ["text", "ann", "ben", true],
    ["text", "ann", "ANN", false],
    ["text", "a-1", "a1 ", false],
    ["text", "a01", "a1", false],
    ["text", "a b", "ab", false],
    ["text", "é", "x", false],
    ["text", "x".repeat(200), "y", false],
    ["text", null, "y", false],
    ["padded", "a", "a   ", false],
    ["uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", false],
    ["uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", true],
    ["flag", true, false, true],
    ["flag", true, "t", false],
    ["decimal", "1.0", "2", false],
    ["real", 1, 2, false],
    ["day", "2024-01-01", "2024-01-02", false],
    ["clock", "10:00", "11:00", false],
    ["address", "10.0.0.1", "10.0.0.2", false],
    ["json", "{}", "[]", false],
    ["kind", "a", "b", false],
  ])("by %s: %p and %p: %p", (name, one, other, apart) => {
    const column = info.columns.get(name)!;
    const of = (value: unknown) => {
      const marks = marksOf(column, [value]);
      return new Map(marks === undefined ? [] : [[name, marks]]);
    };
    expect(areApart(of(one), of(other))).toBe(apart);
  });

  test("are so by any column of which something is known of both", () => {
    const held = (query: SQL) => heldBy(query, info);
    const both = and(eq(table.number, 1), eq(table.text, "a"))!;
    expect(areApart(held(both), held(inArray(table.text, ["b", "c"])))).toBe(true);
    expect(areApart(held(both), held(inArray(table.text, ["b", "a"])))).toBe(false);
    expect(areApart(held(both), held(eq(table.big, 5n)))).toBe(false);
    expect(areApart(held(eq(blog.article.id, "x")), held(both))).toBe(false);
  });
});
