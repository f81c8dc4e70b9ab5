import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { count, max, type SQL, sql } from "drizzle-orm";
import { drizzle as drizzleBunSql } from "drizzle-orm/bun-sql";
import { drizzle as drizzleMySql } from "drizzle-orm/mysql-proxy";
import { QueryBuilder, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES, type Opened } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

let opened: Opened;
beforeAll(async () => {
  opened = await DATABASES["bun:sqlite"]();
});
afterAll(() => opened.close());

const AUTHOR = "author has id, name, email, secret, role, mentorId";
const TAG = "tag has id, label";

/** Starts a route and gives the mistakes it names. */
function mistakes(acl: object, options: Partial<QueryRouteOptions> = {}): readonly string[] {
  try {
    createQueryRoute({
      acl: acl as QueryRouteOptions["acl"],
      database: opened.database,
      schema,
      onWarning: () => undefined,
      ...options,
    });
    return [];
  } catch (error) {
    const [first, ...lines] = (error as Error).message.split("\n");
    expect(first).toBe("the access-control file has mistakes:");
    return lines.map((line) => line.trim());
  }
}
const get = (rule: object, role = "all", more: object = {}): object => ({
  authors: { table: "author", ...more, control: { GET: { [role]: rule } } },
});
const where = (): boolean => true;

const RULE = "acl.authors.control.GET.all";
const CASES: readonly [string, object, readonly string[]][] = [
  ["nothing", get({ select: true }), []],
  [
    "an unknown table",
    { posts: { table: "post", control: {} } },
    [
      "acl.posts.table: unknown table `post` (the schema has article, articleTag, author, comment, sample, tag)",
    ],
  ],
  [
    "`ensure` where no rows are written",
    {
      a: {
        table: "tag",
        triggers: "yes",
        control: {
          GET: { all: { select: true, ensure: true } },
          POST: { all: { ensure: "x" } },
          DELETE: { all: { ensure: () => true } },
        },
      },
    },
    [
      "acl.a.triggers: expected a boolean",
      "acl.a.control.GET.all.ensure: it is asked of written rows, which only POST and PATCH leave",
      "acl.a.control.POST.all.ensure: expected a function",
      "acl.a.control.DELETE.all.ensure: it is asked of written rows, which only POST and PATCH leave",
    ],
  ],
  [
    "numbers that are no numbers, and of rows that nobody reads",
    {
      a: {
        table: "tag",
        control: {
          GET: {
            boss: { aggregate: true },
            all: {
              select: true,
              aggregate: {
                functions: ["count", "median"],
                columns: { columns: ["lable"] },
                groupBy: ["label"],
                minGroupSize: 0,
                minimum: 3,
              },
            },
            guest: { select: true, aggregate: "count" },
            mine: { select: true, where, aggregate: { functions: [] } },
          },
          DELETE: { all: { select: true, aggregate: true } },
        },
      },
    },
    [
      "acl.a.control.GET.all.aggregate: unknown key `minimum` (it takes functions, columns, groupBy, minGroupSize)",
      "acl.a.control.GET.all.aggregate.functions: unknown function `median` (known are count, countDistinct, sum, avg, min, max)",
      `acl.a.control.GET.all.aggregate.columns: unknown column \`lable\` (${TAG})`,
      'acl.a.control.GET.all.aggregate.groupBy: expected true, false or { columns: ["label"] }',
      "acl.a.control.GET.all.aggregate.minGroupSize: expected a whole number from 1",
      "acl.a.control.GET.guest.aggregate: expected true or { functions, columns, groupBy, minGroupSize }",
      "acl.a.control.GET.mine.aggregate.functions: expected a list of functions (known are count, countDistinct, sum, avg, min, max)",
      "acl.a.control.DELETE.all.aggregate: it says what a GET computes, and this is none",
    ],
  ],
  [
    "a table's database name",
    { posts: { table: "articles", control: {} } },
    [
      "acl.posts.table: unknown table `articles` (the schema has article, articleTag, author, comment, sample, tag)",
    ],
  ],
  [
    "an inherited name for a table",
    { posts: { table: "constructor", control: {} } },
    [
      "acl.posts.table: unknown table `constructor` (the schema has article, articleTag, author, comment, sample, tag)",
    ],
  ],
  [
    "an unknown column in an allow-list",
    get({ select: { mode: true, columns: new Set(["id", "titel"]) } }),
    [`${RULE}.select: unknown column \`titel\` (${AUTHOR})`],
  ],
  [
    "an unknown column in a deny-list",
    get({ select: { mode: false, columns: ["pasword"] } }),
    [`${RULE}.select: unknown column \`pasword\` (${AUTHOR})`],
  ],
  [
    "a database's name for a column",
    get({ select: { columns: ["mentor_id"] } }),
    [`${RULE}.select: unknown column \`mentor_id\` (${AUTHOR})`],
  ],
  [
    "an inherited name for a column",
    get({ select: { columns: ["toString", "getSQL"] } }),
    [
      `${RULE}.select: unknown column \`toString\` (${AUTHOR})`,
      `${RULE}.select: unknown column \`getSQL\` (${AUTHOR})`,
    ],
  ],
  [
    "a select that is none",
    get({ select: ["id"] }),
    [`${RULE}.select.0: expected { columns: new Set([…]), when: (context, table, operators) => … }`],
  ],
  [
    "a mode that is none",
    get({ select: { mode: "false", columns: ["id"] } }),
    [`${RULE}.select: \`mode\` is true or false`],
  ],
  [
    "an unknown relation",
    get({ select: true, with: { posts: true } }),
    [`${RULE}.with: unknown relation \`posts\` (author has articles, reviews, comments, mentor, students)`],
  ],
  [
    "an unknown relation that is switched off",
    get({ select: true, with: { posts: false } }),
    [`${RULE}.with: unknown relation \`posts\` (author has articles, reviews, comments, mentor, students)`],
  ],
  [
    "an unknown column in a relation",
    get({ select: true, with: { mentor: { select: { columns: ["nam"] } } } }),
    [`${RULE}.with.mentor.select: unknown column \`nam\` (${AUTHOR})`],
  ],
  [
    "an unknown relation of a relation",
    get({ select: true, with: { mentor: { select: true, with: { mentee: true } } } }),
    [
      `${RULE}.with.mentor.with: unknown relation \`mentee\` (author has articles, reviews, comments, mentor, students)`,
    ],
  ],
  [
    "an order by an unknown column",
    get({ select: true, orderBy: { age: "asc" } }),
    [`${RULE}.orderBy: unknown column \`age\` (${AUTHOR})`],
  ],
  [
    "an order that is neither direction",
    get({ select: true, orderBy: { name: "up", id: 0, role: "ASC" } }),
    [
      `${RULE}.orderBy.name: expected "asc", "desc", 1 or -1`,
      `${RULE}.orderBy.id: expected "asc", "desc", 1 or -1`,
      `${RULE}.orderBy.role: expected "asc", "desc", 1 or -1`,
    ],
  ],
  ["every direction", get({ select: true, orderBy: { name: "asc", id: -1, role: "desc", email: 1 } }), []],
  [
    "a computed field named like a column",
    get({ select: true, extras: { name: sql`1`.as("name") } }),
    [`${RULE}.extras.name: author has a column of that name`],
  ],
  [
    "a computed field with a column's name as its alias",
    get({ select: true, extras: { other: sql`1`.as("name") } }),
    [`${RULE}.extras.other: author has a column of that name`],
  ],
  [
    "a computed field named like a relation",
    get({ select: true, extras: { mentor: sql`1`.as("m") } }),
    [`${RULE}.extras.mentor: author has a relation of that name`],
  ],
  [
    "a computed field without an alias",
    get({ select: true, extras: { one: sql`1` } }),
    [`${RULE}.extras.one: expected sql\`…\`.as("name"), or a function that answers SQL`],
  ],
  [
    "a `mine` rule without `where`",
    get({ select: true }, "mine"),
    ["acl.authors.control.GET.mine: a `mine` rule needs a `where`, or it is a rule for everybody's rows"],
  ],
  [
    "a `mine` rule without `where`, POST apart",
    {
      tags: {
        table: "tag",
        control: {
          POST: { mine: {} },
          PATCH: { mine: {} },
          DELETE: { mine: {} },
          HEAD: { mine: { select: true } },
          GET: { mine: { select: true, where } },
        },
      },
    },
    [
      "acl.tags.control.PATCH.mine: a `mine` rule needs a `where`, or it is a rule for everybody's rows",
      "acl.tags.control.DELETE.mine: a `mine` rule needs a `where`, or it is a rule for everybody's rows",
      "acl.tags.control.HEAD.mine: a `mine` rule needs a `where`, or it is a rule for everybody's rows",
    ],
  ],
  [
    "a `where` that is no function",
    get({ select: true, where: true }),
    [`${RULE}.where: expected a function`],
  ],
  [
    "a `where` in a relation that is no function",
    get({ select: true, with: { mentor: { where: sql`1` } } }),
    [`${RULE}.with.mentor.where: expected a function`],
  ],
  [
    "hooks that are no functions",
    get({ select: true, beforeQuery: 1, afterQuery: "x", onQueryError: {}, formatResult: [] }),
    [
      `${RULE}.beforeQuery: expected a function`,
      `${RULE}.afterQuery: expected a function`,
      `${RULE}.onQueryError: expected a function`,
      `${RULE}.formatResult: expected a function`,
    ],
  ],
  [
    "an unknown capability",
    get({ select: true, forbidQuery: { limits: true } }),
    [
      `${RULE}.forbidQuery: unknown capability \`limits\` (known are columns, where, orderBy, limit, offset, with, count, required, aggregate, cursor, search)`,
    ],
  ],
  [
    "an unknown method",
    { tags: { table: "tag", control: { PUT: { all: {} }, get: {} } } },
    [
      "acl.tags.control: unknown method `PUT`",
      "acl.tags.control: unknown method `get` (did you mean `GET`?)",
    ],
  ],
  [
    "keys of a choice that do nothing",
    get({
      select: { columns: ["id"], junk: 1 },
      with: { mentor: { select: { columns: ["id"], when: where } } },
    }),
    [
      `${RULE}.select: unknown key \`junk\` (a choice takes mode and columns)`,
      `${RULE}.with.mentor.select: \`when\` stands in a list of grants; write [{ columns, when }]`,
    ],
  ],
  [
    "a grant that is in no list",
    {
      tags: {
        table: "tag",
        control: {
          GET: { all: { select: { columns: ["label"], when: where } } },
          PATCH: { all: { write: { columns: ["label"], when: undefined } } },
        },
      },
    },
    [
      "acl.tags.control.GET.all.select: `when` stands in a list of grants; write [{ columns, when }]",
      "acl.tags.control.PATCH.all.write: `when` stands in a list of grants; write [{ columns, when }]",
    ],
  ],
  [
    "lists without a grant",
    { tags: { table: "tag", control: { PATCH: { all: { select: [], write: [] } } } } },
    [
      "acl.tags.control.PATCH.all.select: an empty list lets nothing out: write false",
      "acl.tags.control.PATCH.all.write: an empty list lets nothing out: write false",
    ],
  ],
  [
    "rules without their role",
    {
      tags: {
        table: "tag",
        control: {
          GET: { select: true },
          POST: { select: { columns: ["id"] }, write: { columns: ["label"] }, admin: { select: 1 } },
          // Roles may have any names.
          PATCH: { write: { select: true }, check: { write: false } },
        },
      },
    },
    [
      "acl.tags.control.GET: `select` stands where a role is expected; write GET: { all: { select } }, or another role",
      "acl.tags.control.POST: `select` stands where a role is expected; write POST: { all: { select, write } }, or another role",
      'acl.tags.control.POST.admin.select: expected true, false or { columns: ["…"] }',
    ],
  ],
  [
    "an entry without rules",
    { tags: { table: "tag" }, others: { table: "tag", controls: { GET: { all: { select: true } } } } },
    [
      "acl.tags: it has no `control`, so nobody could do anything here",
      "acl.others: unknown key `controls` (did you mean `control`?)",
      "acl.others: it has no `control`, so nobody could do anything here",
    ],
  ],
  [
    "limits that are none",
    get(
      {
        select: true,
        maxLimit: -1,
        maxDepth: 1.5,
        maxOffset: -0.5,
        with: { mentor: { select: true, maxLimit: "5", maxOffset: true } },
      },
      "all",
      { maxCost: Number.NaN, maxList: Infinity },
    ),
    [
      "acl.authors.maxList: expected a whole number from 0, or null for no limit",
      "acl.authors.maxCost: expected a whole number from 0, or null for no limit",
      `${RULE}.maxLimit: expected a whole number from 0, or null for no limit`,
      `${RULE}.maxOffset: expected a whole number from 0, or null for no limit`,
      `${RULE}.maxDepth: expected a whole number from 0, or null for no limit`,
      `${RULE}.with.mentor.maxLimit: expected a whole number from 0, or null for no limit`,
      `${RULE}.with.mentor.maxOffset: expected a whole number from 0, or null for no limit`,
    ],
  ],
  [
    "an onSurpassMaxLimit that is none",
    get({ select: true, onSurpassMaxLimit: "throw" }),
    [`${RULE}.onSurpassMaxLimit: expected "Throw" or "Limit"`],
  ],
  [
    "unknown columns to write",
    { tags: { table: "tag", control: { POST: { all: { write: { columns: ["labl"] } } } } } },
    [`acl.tags.control.POST.all.write: unknown column \`labl\` (${TAG})`],
  ],
];

const query = new QueryBuilder();
const { article, author } = schema;

/** Computed fields, and whether they are computed over several rows: as one of all, or each among the others. */
const SPANS: readonly [SQL, "row" | "aggregate" | "window"][] = [
  [sql`count(*)`, "aggregate"],
  [sql`COUNT ( ${author.id} ) + 1`, "aggregate"],
  [count(), "aggregate"],
  [max(author.id), "aggregate"],
  [sql.raw("sum(id)"), "aggregate"],
  [sql`"sum"(id)`, "aggregate"],
  [sql`case when 1 then avg(${author.id}) end`, "aggregate"],
  [sql`max(coalesce(${author.id}, 2))`, "aggregate"],
  [sql`sum(id) filter (where id > 1)`, "aggregate"],
  [sql`count(*) * 100 / (select count(*) from ${article})`, "aggregate"],
  [sql`group_concat(${author.name}, ',')`, "aggregate"],
  [sql`sum(count(*)) over ()`, "aggregate"],
  [sql`row_number() over (order by ${author.id})`, "window"],
  [sql`sum(id) filter (where id > 1) over ()`, "window"],
  [sql`max(${author.id}, 5)`, "row"],
  [sql`max((select 1, 2), 5)`, "row"],
  [sql`(select count(*) from ${article} where ${article.authorId} = ${author.id})`, "row"],
  [sql`( SELECT max(${article.views}) from ${article}) * 2`, "row"],
  [sql`${query.select({ n: count().as("n") }).from(article)}`, "row"],
  [sql`exists (select 1 from ${article} group by ${article.authorId} having count(*) > 1)`, "row"],
  [sql`${author.id} in (with n as (select count(*) as c from ${article}) select c from n)`, "row"],
  [sql`'count(*)' || ${"sum(id)"}`, "row"],
  [sql`upper('it''s') /* count(*) */ -- sum(id)`, "row"],
  [sql`discount(${author.id}) + counts(1)`, "row"],
];

describe("a field computed over several rows stands where the database can answer it:", () => {
  const relation = (select: boolean, it: SQL): object =>
    get({ select: true, with: { students: { select, extras: { it: it.as("it") } } } });
  const written = (method: string, it: SQL): object => ({
    authors: {
      table: "author",
      control: { [method]: { all: { select: false, extras: { it: it.as("it") } } } },
    },
  });

  test.each(SPANS.map(([it, span]) => [query.select({ it }).from(author).toSQL().sql, span, it] as const))(
    "%s (%s)",
    (_text, span, it) => {
      const extras = { it: it.as("it") };
      const beside = "an aggregate makes one row of all, so it takes `select: false` and no `with`";
      const several = "a write answers each row by itself, so no field is computed over several";
      const refused = (path: string, sentence: string, is: boolean): string[] =>
        is ? [`${path}.extras.it: ${sentence}`] : [];
      const one = span === "aggregate";
      expect(mistakes(get({ select: false, extras }))).toEqual([]);
      expect(mistakes(get({ select: true, extras }))).toEqual(refused(RULE, beside, one));
      expect(mistakes(get({ select: false, extras, with: { mentor: true } }))).toEqual(
        refused(RULE, beside, one),
      );
      expect(mistakes(relation(false, it))).toEqual([]);
      expect(mistakes(relation(true, it))).toEqual(refused(`${RULE}.with.students`, beside, one));
      for (const method of ["POST", "PATCH", "DELETE"])
        expect(mistakes(written(method, it))).toEqual(
          refused(`acl.authors.control.${method}.all`, several, span !== "row"),
        );
    },
  );

  test("where a write answers no rows, its computed fields are none", () => {
    const extras = { it: sql`count(*)`.as("it") };
    const control = { PATCH: { all: { extras } }, DELETE: { all: { extras } } };
    expect(mistakes({ authors: { table: "author", control } })).toEqual([]);
  });
});

describe("createQueryRoute checks the access-control file against the schema", () => {
  test.each(CASES)("%s", (_name, acl, expected) => {
    expect(mistakes(acl)).toEqual([...expected]);
  });

  test("all mistakes are reported together, each with its path", () => {
    const acl = {
      posts: { table: "post", control: {} },
      tags: {
        table: "tag",
        maxLimit: -1,
        control: {
          GET: {
            mine: { select: { columns: ["titel"] }, orderBy: { label: "down" } },
            writer: { select: true, with: { nope: true } },
          },
        },
      },
    };
    expect(mistakes(acl, { defaults: { maxDepth: -1 } })).toEqual([
      "defaults.maxDepth: expected a whole number from 0, or null for no limit",
      "acl.posts.table: unknown table `post` (the schema has article, articleTag, author, comment, sample, tag)",
      "acl.tags.maxLimit: expected a whole number from 0, or null for no limit",
      "acl.tags.control.GET.mine: a `mine` rule needs a `where`, or it is a rule for everybody's rows",
      `acl.tags.control.GET.mine.select: unknown column \`titel\` (${TAG})`,
      'acl.tags.control.GET.mine.orderBy.label: expected "asc", "desc", 1 or -1',
      "acl.tags.control.GET.writer.with: unknown relation `nope` (tag has articles)",
    ]);
  });

  test("`ensure` of a table without a primary key is a mistake", () => {
    const entry = sqliteTable("entries", { name: text("name") });
    const ensure = (): boolean => true;
    const acl = {
      entries: { table: "entry", control: { POST: { all: { ensure } }, PATCH: { all: { check: ensure } } } },
    };
    expect(mistakes(acl, { schema: { entry } })).toEqual([
      "acl.entries.control.POST.all.ensure: entry has no primary key, by which written rows are found again",
    ]);
  });

  test.each([[undefined], [null], [[]], ["all"], [() => ({})]])("%p is no file", (acl) => {
    expect(mistakes(acl as object)).toEqual(["acl: expected an object that has resources by their names"]);
  });

  test.each([[null], [[]], [[{ table: "tag" }]], [7]])("%p says nothing of tables", (tables) => {
    expect(mistakes({}, { tables: tables as never })).toEqual([
      "tables: expected an object that has what is true of tables by their names",
    ]);
  });

  test("a database that is not supported is named", () => {
    for (const database of [undefined, null, {}, "db"])
      expect(() => createQueryRoute({ acl: {}, database, schema })).toThrow(
        /is not a supported database: use drizzle-orm\/libsql, drizzle-orm\/bun-sqlite, .* or drizzle-orm\/pglite$/,
      );
  });

  test("MySQL is refused with the reason, and so is a client of it under another driver's name", () => {
    const database = drizzleMySql(async () => ({ rows: [] }));
    expect(() => createQueryRoute({ acl: {}, database, schema })).toThrow(
      /^`MySqlRemoteDatabase` is not a supported database: MySQL and MariaDB have no `returning`, .*; use drizzle-orm\/libsql/,
    );
    const disguised = drizzleBunSql(new Bun.SQL("mysql://root@127.0.0.1:1/shop"));
    expect(() => createQueryRoute({ acl: {}, database: disguised, schema })).toThrow(
      "`BunSQLDatabase` is supported over PostgreSQL, and this one is over `mysql`",
    );
  });
});
