import { describe, expect, test } from "bun:test";
import {
  brief,
  bytes,
  milliseconds,
  nameOf,
  stretch,
  stretchIn,
  textOf,
} from "../../../src/explorer/page/format.ts";
import { fragmentOf, readFragment } from "../../../src/explorer/page/fragment.ts";
import { parseJSON } from "../../../src/explorer/page/model/digits.ts";
import { type Asked, asked, pathOf, type Plain } from "../../../src/explorer/page/model/request.ts";
import { startOf, operandFor } from "../../../src/explorer/page/operand.ts";
import { changeOf, removalOf } from "../../../src/explorer/page/row.ts";
import { endOfQuoted } from "../../../src/explorer/page/scan.ts";
import { columnsOf, figuresOf, UNKNOWN } from "../../../src/explorer/page/view/columns-of.ts";

// What the page makes of questions and answers before anybody sees them.

const place = { origin: "http://local", base: "/query" };

describe("a link to a question", () => {
  const questions: readonly Asked[] = [
    asked("baskets"),
    { ...asked("a b/c"), select: { where: { "name.contains": "it's 100% & #1" } } },
    { ...asked("posts", "DELETE"), scope: "mine", select: { where: { id: 7 } } },
    { ...asked("posts", "PATCH"), ifVersion: [7, 8] },
    { ...asked("posts", "DELETE"), ifVersion: "*" },
    { ...asked("posts", "DELETE"), dryRun: true },
    { ...asked("posts", "PATCH"), ifVersion: [7, 8], dryRun: true },
    { ...asked("feed"), parameters: { countTotal: "" }, aggregate: { count: true } },
  ];
  test.each(questions)("leads back to it: %j", (question) => {
    const hash = new URL(fragmentOf(question, place), "http://local/query/$explorer").hash;
    expect(readFragment(hash, place)).toEqual(question);
  });

  test("holds no body", () => {
    const question = { ...asked("posts", "POST"), body: { title: "mine" } };
    expect(fragmentOf(question, place)).toBe("#POST:/query/posts");
  });

  test.each([
    "",
    "#",
    "#main",
    "#/other/baskets",
    "#//evil.test/query/x",
    "#GET:javascript:alert(1)",
    "#BREW:/query/x",
  ])("is none: %s", (hash) => expect(readFragment(hash, place)).toBeUndefined());
});

describe("columns of rows", () => {
  const rows = [
    { id: 1, name: "a", _count: { fruit: 2 }, $more: ["fruit"], fruit: [{ id: 1 }] },
    { id: 2, name: null, $masked: ["name"], _count: { fruit: 0 }, fruit: [] },
  ];
  test("are what the rows have, counts apart, and what is said of them is none", () => {
    const columns = columnsOf(rows, UNKNOWN);
    expect(columns.map(({ key, kind }) => [key, kind])).toEqual([
      ["id", "number"],
      ["name", undefined],
      ["fruit.count", "count"],
      ["fruit", "many"],
    ]);
    expect(rows.map((row) => columns[1]!.masked(row))).toEqual([false, true]);
    expect(rows.map((row) => columns[2]!.read(row))).toEqual([2, 0]);
  });

  test("hold numbers that no double keeps, and a key of such digits asks for no other row", () => {
    const row = parseJSON('{"id":9007199254740993,"about":{"n":9007199254740993}}') as Plain;
    expect(columnsOf([row], UNKNOWN).map(({ kind, read }) => [kind, textOf(read(row))])).toEqual([
      ["number", "9007199254740993"],
      ["one", '{"n":9007199254740993}'],
    ]);
    const question = { question: asked("x"), declared: [], by: { id: row["id"] } };
    expect(pathOf(removalOf(question), place)).toEndWith("(where:(id:9007199254740993))");
  });

  test("of numbers are what they are grouped by, and the figures", () => {
    const groups = [{ group: { "at.month": "2025-01-01T00:00:00.000Z" }, count: 2, avg: { size: 1.5 } }];
    expect(figuresOf(groups, UNKNOWN).map(({ key, kind, group = false }) => [key, kind, group])).toEqual([
      ["at.month", "date", true],
      ["count", "count", false],
      ["avg.size", "count", false],
    ]);
  });
});

describe("a write of one row", () => {
  const question: Asked = {
    ...asked("posts"),
    scope: "mine",
    parameters: { countTotal: "", can: "", org: "acme" },
    select: { limit: 3, with: { user: true } },
  };
  test("is by its key, in the scope that was asked, and says nothing of reads", () => {
    expect(changeOf({ question, by: { id: 1 }, declared: ["org"] }, { title: "b" })).toEqual({
      method: "PATCH",
      resource: "posts",
      scope: "mine",
      parameters: { org: "acme" },
      select: { where: { id: 1 } },
      body: { title: "b" },
    });
    expect(removalOf({ question, by: { id: 1 }, declared: [] }).select).toEqual({ where: { id: 1 } });
  });
});

describe("values for people", () => {
  test.each([
    ["2025-04-01T00:00:00.000Z", "month", "2025-04"],
    ["2025-04-01T00:00:00.000Z", "year", "2025"],
    ["2025-04-01T00:00:00.000Z", "week", "2025-04-01"],
  ])("a stretch of time: %s by %s", (text, bucket, told) => expect(stretch(text, bucket)).toBe(told));

  test("names, sizes, times", () => {
    expect([stretchIn("at.month"), stretchIn("month")]).toEqual(["month", undefined]);
    expect([bytes(999), bytes(2_200), bytes(3_400_000)]).toEqual(["999 B", "2.2 kB", "3.4 MB"]);
    expect([milliseconds(1.24), milliseconds(99.6), milliseconds(12_340)]).toEqual([
      "1.2 ms",
      "100 ms",
      "12.3 s",
    ]);
    expect([brief([1, 2]), brief({ a: 1, b: 2, c: 3, d: 4 })]).toEqual(["[2]", "{a, b, c, …}"]);
    expect([nameOf({ id: 1, title: "t" }), nameOf({ id: 1 }), nameOf({})]).toEqual(["t", "1", "1 row"]);
  });

  test("a quoted text ends where its quote does, and at the end of the text at the latest", () => {
    expect(endOfQuoted("'it\\'s' ", 0, true)).toBe(7);
    expect(endOfQuoted("'it''s'", 0, false)).toBe(4);
    expect(endOfQuoted("'\\", 0, true)).toBe(2);
  });
});

describe("a condition", () => {
  test("begins as what fits its column", () => {
    expect(startOf({ kind: "text", nullable: false })).toEqual([".contains", ""]);
    expect(startOf({ kind: "text", nullable: false, values: ["x", "y"] })).toEqual(["", "x"]);
    expect(startOf({ kind: "json", nullable: true })).toEqual([".isNotNull", true]);
  });

  test.each([
    ["in", 3, [3]],
    ["in", "", []],
    ["between", 3, [3, 3]],
    ["eq", [3, 4], 3],
    ["isNull", "x", true],
    ["contains", 3, ""],
  ])("keeps what it can under another operator: %s %j", (operator, before, after) =>
    expect(operandFor(operator, before)).toEqual(after),
  );
});
