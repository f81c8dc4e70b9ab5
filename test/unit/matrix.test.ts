import { describe, expect, test } from "bun:test";
import { and, type Column, eq, inArray, type Operators, sql } from "drizzle-orm";
import { differences } from "../../src/cli/difference.ts";
import { htmlOf, markdownOf, textOf } from "../../src/cli/table.ts";
import { matrixOf, rowsOf, unreachable } from "../../src/matrix/matrix.ts";
import { buildRegistry } from "../../src/policy/policy.ts";
import { readCatalog, type TableInfo } from "../../src/schema/schema.ts";
import { LIBRARY } from "../support/library.ts";
import * as schema from "../support/schema.ts";

// Which rows a rule admits, asked without a caller.

const article = readCatalog(schema).get("article")!;
const inPostgresql = readCatalog(LIBRARY.postgresql).get("article")!;

interface Asked {
  readonly user: { readonly id: number; readonly teams: number[]; readonly since: Date };
  readonly role: string;
}
type Table = Record<string, Column>;
type Filter = (context: Asked, table: Table, operators: Operators) => unknown;
const rows = (filter: Filter, table: TableInfo = article) => rowsOf(filter as never, table);

describe("rows of a rule", () => {
  const STRAIGHT: readonly (readonly [string, Filter, object | string])[] = [
    ["none", () => undefined, "none"],
    ["all", () => true, "all"],
    ["false", () => false, "none"],
    [
      "a caller's own",
      ({ user }, t) => eq(t["authorId"]!, user.id),
      { sql: '"articles"."author_id" = :user.id' },
    ],
    [
      "a list of his",
      ({ user }, t) => inArray(t["authorId"]!, user.teams),
      { sql: '"articles"."author_id" in :user.teams' },
    ],
    [
      "a moment of his",
      ({ user }, t, { gt }) => gt(t["createdAt"]!, user.since),
      { sql: '"articles"."created_at" > :user.since' },
    ],
    [
      "constants",
      (_, t) => and(eq(t["published"]!, true), eq(t["title"]!, "it's")),
      { sql: `("articles"."published" = 1 and "articles"."title" = 'it''s')` },
    ],
    [
      "SQL by hand",
      ({ user }, t) => sql`lower(${t["title"]}) = ${user.id}`,
      { sql: 'lower("articles"."title") = :user.id' },
    ],
    [
      "a question mark in a text",
      (_, t) => eq(t["title"]!, "who? && why!"),
      { sql: `"articles"."title" = 'who? && why!'` },
    ],
  ];
  test.each(STRAIGHT)("%s", (_, filter, expected) => expect(rows(filter)).toEqual(expected as never));

  test("in PostgreSQL's words", () =>
    expect(rows(({ user }, t) => eq(t["authorId"]!, user.id), inPostgresql)).toEqual({
      sql: '"articles"."author_id" = :user.id',
    }));

  const helper = (user: Asked["user"] | undefined, t: Table): unknown =>
    user === undefined ? false : eq(t["authorId"]!, 1);
  const DYNAMIC: readonly (readonly [string, Filter])[] = [
    ["branches", ({ user }, t) => user && eq(t["authorId"]!, user.id)],
    ["branches by a comparison", ({ role }, t) => role === "admin" || eq(t["authorId"]!, 1)],
    ["branches elsewhere", ({ user }, t) => helper(user, t)],
    ["waits", async ({ user }, t) => eq(t["authorId"]!, user.id)],
    ["answers a promise", ({ user }, t) => Promise.resolve(eq(t["authorId"]!, user.id))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "goes through a list",
      ({ user }, t) =>
        inArray(
          t["authorId"]!,
          user.teams.map((team) => team + 1),
        ),
    ],
    ["reckons", ({ user }, t) => eq(t["authorId"]!, user.id + 1)],
    ["looks what there is", ({ user }, t) => eq(t["authorId"]!, Object.keys(user).length)],
  ];
  test.each(DYNAMIC)("of a function that %s is what only it knows", (_, filter) => {
    expect(rows(filter)).toEqual({ dynamic: expect.stringMatching(/^[0-9a-f]{12}$/) });
  });

  test("the hash is of what is written, not of spaces", () => {
    const written = (source: string): never =>
      Object.assign(() => undefined, { toString: () => source }) as never;
    const one = written("({ user }) => user  &&  true;");
    const same = written("({ user }) => user && true");
    const other = written("({ user }) => user && false");
    expect(rowsOf(one, article)).toEqual(rowsOf(same, article));
    expect(rowsOf(one, article)).not.toEqual(rowsOf(other, article));
  });
});

const rule = { select: true } as const;
const registry = buildRegistry(
  {
    articles: {
      table: "article",
      control: {
        GET: {
          editor: { select: [{ columns: ["id"] }, { columns: ["title"], when: (() => false) as never }] },
          mine: { ...rule, where: () => true },
          guest: rule,
          all: rule,
        },
        PATCH: { editor: { ...rule, maxAffected: 1, write: { columns: ["title"] } }, all: {} },
      },
    },
    "<b>|": { table: "tag", control: { GET: { all: {} } } },
  },
  readCatalog(schema),
);

test("a rule that others always come before answers nobody, and so does one that lets nothing out", () => {
  expect(unreachable(registry)).toEqual(["acl.articles.control.GET.all", "acl.<b>|.control.GET.all"]);
});

test("columns for some rows are told with their conditions", () => {
  const { rules, callers } = matrixOf(registry);
  expect(rules["acl.articles.control.GET.editor"]).toMatchObject({
    read: ["id", "title"],
    masked: { title: ["none"] },
  });
  expect(rules["acl.articles.control.PATCH.editor"]).toMatchObject({ write: ["title"], maxAffected: 1 });
  expect(Object.keys(callers)).toEqual(["guest", "*", "editor"]);
  expect(JSON.stringify(matrixOf(registry))).toBe(JSON.stringify(matrixOf(registry)));
});

test("what a matrix holds is text in every form", () => {
  const odd = {
    ...matrixOf(registry),
    callers: { "<img src=x onerror=1>": { "a|b": { GET: { "<i>": "none" } } } },
  };
  expect(htmlOf(odd)).toContain("&lt;img src=x onerror=1&gt;");
  expect(htmlOf(odd)).not.toMatch(/<(?:img|i|b)\b/);
  expect(markdownOf(odd)).toContain("| a\\|b | GET | <i> |");
  expect(textOf(odd)).toContain("a|b");
});

test("differences say the place, what was expected, and what is there", () => {
  expect(differences({ a: [1, { b: 2 }], c: 3 }, { a: [1, { b: 4 }], d: 5 })).toEqual([
    "- a[1].b: 2",
    "+ a[1].b: 4",
    "- c: 3",
    "+ d: 5",
  ]);
  expect(differences({ a: 1 }, { a: 1 })).toEqual([]);
  expect(differences([], [null])).toEqual(["+ [0]: null"]);
});
