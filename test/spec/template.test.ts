import { beforeAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { createQueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { parse } from "../../src/http/parse.ts";
import { asked, everywhere } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";

// Questions that differ by values alone are planned once. Each is asked beside itself with a blank behind every bracket,
// which says the same and is read as it is.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const visible = { where: (_: unknown, t: any, { eq }: any) => eq(t.hidden, false) };
const named = { select: { columns: ["id", "name", "mentorId"] } };
const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          ...visible,
          select: [
            { columns: new Set(["id", "title", "authorId", "createdAt"]) },
            // oxlint-disable-next-line typescript/no-explicit-any -- as above
            { columns: new Set(["rating"]), when: (_: unknown, t: any, { gt }: any) => gt(t.id, 2) },
          ],
          with: { author: named, comments: { select: true, ...visible } },
        },
      },
    },
  },
};

/** Questions with a place for a value, and the values. */
const QUESTIONS: readonly (readonly [select: string, values: readonly string[]])[] = [
  ["where:(id:$)", ["1", "2", "3", "1.5", "'4'", "-0", "99", "'x'"]],
  ["where:(id.gt:$),orderBy:(id:asc)", ["1", "2", "4", "1.5", "3"]],
  ["where:(id.ne:$,title.lt:'Delta'),orderBy:(id:desc)", ["1", "2", "3", "2.5"]],
  ["where:(title:$)", ["'Alpha'", "'Beta'", "'Gamma'", "5", "''"]],
  ["where:(rating:$)", ["1", "2", "3", "4", "5"]],
  ["where:(rating.gte:$,id.lt:6)", ["1", "2", "3", "4"]],
  [
    "where:(createdAt.gte:$)",
    ["'2024-01-02T00:00:00.000Z'", "'2024-01-03'", "'2024-02-01T00:00:00Z'", "'never'", "7"],
  ],
  ["where:(NOT:(id:$))", ["1", "2", "3"]],
  ["where:(OR:_((id:$),(title:'Beta'))_)", ["1", "3", "4"]],
  ["where:_((id:$),(authorId:2))_", ["1", "3", "4"]],
  ["where:(author.name:$)", ["'Ada'", "'Ben'", "'Cleo'", "3"]],
  ["where:(comments.some:(text:$))", ["'nice'", "'good'", "'long'"]],
  ["where:(comments.count.gte:$)", ["0", "1", "2", "3", "1"]],
  ["where:(title.like:$)", ["'Alpha'", "'_eta'", "'_e_a'", "'A%'"]],
  ["where:(secret:$)", ["1", "2", "3"]],
  ["where:(id.nosuch:$)", ["1", "2", "3"]],
  ["where:$", ["1", "'a'", "3"]],
  ["columns:(id:T),where:(id:$),with:(comments:(where:(text:'nice')))", ["1", "2", "4"]],
  ["columns:(id:T),count:(comments:(where:(text:$)))", ["'nice'", "'good'", "'long'"]],
  ["columns:(id:T),with:(comments:(where:(id.gt:$)))", ["1", "2", "4"]],
  ["limit:$,where:(id.gt:1)", ["1", "2", "3"]],
];

const spaced = (select: string): string => select.replaceAll("(", "(%20").replaceAll(",", ",%20");

everywhere(LIBRARY, acl, (place) => {
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
  });

  test.each(QUESTIONS)("%s answers what it would alone", async (question, values) => {
    for (const [flags, value] of ["", "&countFiltered"].flatMap((flags) =>
      values.map((one) => [flags, one] as const),
    )) {
      const select = question.replace("$", () => value);
      const filled = await place.ask("GET", `articles?select=(${select})${flags}`);
      const alone = await place.ask("GET", `articles?select=(${spaced(select)})${flags}`);
      expect([value, filled]).toEqual([value, alone]);
    }
  });

  test("the pages behind cursors", async () => {
    const ids: number[] = [];
    let after = "";
    do {
      const select = `columns:(id:T),where:(id.gt:0),orderBy:(title:desc),limit:1${after}`;
      const { body } = await place.ask("GET", `articles?cursor&select=(${select})`);
      ids.push(...body.articles.map(({ id }: { id: number }) => id));
      after = body.page.next === null ? "" : `,after:'${body.page.next}'`;
    } while (after !== "");
    const { body } = await place.ask("GET", "articles?select=(columns:(id:T),orderBy:(title:desc))");
    expect(ids).toEqual(body.articles.map(({ id }: { id: number }) => id));
    expect(ids.length).toBeGreaterThan(3);
  });
});

test("they were filled, but where what is asked depends on the value", () => {
  // With values that nobody has asked with, a few times: what was met lately is known most of the time.
  const isFilled = ([question, [first]]: (typeof QUESTIONS)[number]): boolean =>
    [0, 1, 2, 3, 4].some((n) => {
      const select = question.replace("$", () => (first!.startsWith("'") ? `'fresh ${n}'` : `${900 + n}`));
      return parse("GET", "articles", `?select=(${select})`).filling !== undefined;
    });
  const unfilled = QUESTIONS.filter((one) => one[0] !== "where:$" && !isFilled(one));
  expect(unfilled.map(([question]) => question)).toEqual([
    "where:(comments.count.gte:$)",
    "where:(title.like:$)",
    "limit:$,where:(id.gt:1)",
  ]);
});

test("a number of more digits than JSON keeps is refused each time, beside values that differ", async () => {
  const thing = sqliteTable("things", { id: integer().primaryKey(), meta: text({ mode: "json" }) });
  const file = new Database(":memory:");
  file.run("create table things (id integer primary key, meta text)");
  file.run(`insert into things values (1, '{}'), (2, '{"a":1}')`);
  const handler = createQueryHandler({
    acl: { things: { table: "thing", control: { GET: { all: { select: true } } } } },
    database: drizzle(file, { schema: { thing } }),
    schema: { thing },
    onWarning: () => undefined,
  });
  for (const id of [1, 2, 3]) {
    const { status, body } = await asked(
      handler,
      "GET",
      `things?select=(where:(id.lte:${id},meta:12345678901234567890))`,
    );
    expect([status, body.code]).toEqual([400, "invalid-value"]);
  }
});
