import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AnyTableRules } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import type { PGlite } from "@electric-sql/pglite";
import { relations, sql } from "drizzle-orm";
import {
  boolean,
  index as pgIndex,
  integer as pgInteger,
  pgTable,
  primaryKey as pgKey,
  serial,
  text as pgText,
  timestamp,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { integer, primaryKey, sqliteTable, text as liteText } from "drizzle-orm/sqlite-core";
import pg from "pg";
import { PATIENCE, routeOver, watch, type Watched } from "../support/laws.ts";
import { nobody } from "../support/arbitrary.ts";
import { type OpenedPostgresql, openPostgresql, SERVER } from "../support/postgresql.ts";
import { article, author, comment } from "../support/schema.ts";

const NAMES = ["libsql file", "bun:sqlite"] as const;
const open = new Map<string, Watched>();
beforeAll(async () => {
  for (const name of NAMES) {
    const watched = await watch(name);
    // Enough rows that a scan would be a choice.
    await watched.load({
      ...nobody,
      author: Array.from({ length: 50 }, (_, i) => ({
        id: i + 1,
        name: `n${i}`,
        email: `${i}@x`,
        secret: "s",
        role: "writer",
        mentorId: null,
      })),
      article: Array.from({ length: 200 }, (_, i) => ({
        id: `a${i}`,
        authorId: (i % 50) + 1,
        reviewerId: null,
        title: `t${i}`,
        body: null,
        rating: null,
        views: i,
        published: true,
        createdAt: new Date(i),
      })),
    });
    await watched.database.run(sql`analyze`);
    open.set(name, watched);
  }
});
afterAll(() => open.forEach((watched) => watched.close()));

const acl = {
  mine: {
    table: "article",
    control: {
      GET: { all: { select: true, where: ({ me }: any, t: any, { eq }: any) => eq(t.authorId, me) } },
    },
  },
  listed: {
    table: "article",
    control: {
      GET: {
        all: { select: true, where: ({ me }: any, t: any, { inArray }: any) => inArray(t.authorId, [me, 2]) },
      },
    },
  },
  commented: {
    table: "comment",
    control: {
      GET: {
        all: {
          select: true,
          where: ({ me }: any) =>
            sql`exists (select 1 from ${article} where ${article.id} = ${comment.articleId} and ${article.authorId} = ${me})`,
        },
      },
    },
  },
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "title", "authorId"] },
          extras: {
            by: sql`(select ${author.name} from ${author} where ${author.id} = ${article.authorId})`.as("by"),
          },
          with: {
            author: { select: { columns: ["id", "name"] }, with: { articles: { select: true } } },
            labels: { through: ["tags", "tag"], select: true },
          },
        },
      },
    },
  },
  // Masked somewhere, and to this caller nowhere.
  counted: {
    table: "article",
    control: {
      GET: {
        all: {
          select: [{ columns: ["id", "views"] }, { columns: ["authorId"], when: ({ me }: any) => me === 1 }],
          aggregate: true,
          with: { author: { select: true } },
        },
      },
    },
  },
  masked: {
    table: "article",
    control: {
      GET: {
        all: {
          select: [
            { columns: new Set(["id", "title"]) },
            {
              columns: new Set(["authorId"]),
              when: (_: unknown, t: any, { eq }: any) => eq(t.published, true),
            },
            {
              columns: new Set(["authorId", "views"]),
              when: ({ me }: any) =>
                sql`exists (select 1 from ${author} where ${author.id} = ${article.authorId} and ${author.mentorId} = ${me})`,
            },
          ],
        },
      },
    },
  },
  shown: {
    table: "article",
    control: {
      GET: {
        all: {
          select: [
            { columns: new Set(["id"]) },
            { columns: new Set(["authorId"]), when: ({ me }: any) => me === 1 },
            {
              columns: new Set(["authorId"]),
              when: (_: unknown, t: any, { eq }: any) => eq(t.published, true),
            },
          ],
        },
      },
    },
  },
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            articles: { select: true, where: (_: unknown, t: any, { eq }: any) => eq(t.published, true) },
            mentor: { select: true, with: { articles: { select: true } } },
          },
        },
      },
    },
  },
  hung: {
    table: "comment",
    control: { GET: { all: { select: true, parent: { article: "written" } } } },
  },
  written: {
    table: "article",
    control: { GET: { all: { select: true, parent: { author: "authors" } } } },
  },
  mentored: {
    table: "author",
    control: { GET: { all: { select: true, parent: { mentor: "authors" } } } },
  },
} as const;

/** A request, the tables it must search by an index, and that it must not go through row by row. */
const CASES: readonly {
  name: string;
  resource: keyof typeof acl;
  select?: object;
  searches: readonly RegExp[];
  scans?: readonly RegExp[];
}[] = [
  {
    name: "a rule's filter on an indexed column",
    resource: "mine",
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "a rule's list on an indexed column",
    resource: "listed",
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "a rule's filter beside the client's",
    resource: "mine",
    select: { where: { "title.contains": "t" } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "a client's filter on an indexed column",
    resource: "articles",
    select: { where: { authorId: 3 }, columns: { id: true } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "a client's filter on an indexed column that is masked on some rows",
    resource: "masked",
    select: { where: { authorId: 3 } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "an order by such a column, of which this caller is shown all",
    resource: "shown",
    select: { orderBy: { authorId: "asc" }, limit: 5 },
    searches: [/SCAN (?:articles|~\d) USING (?:COVERING )?INDEX article_author/],
    scans: [/SCAN articles$/m],
  },
  {
    name: "a client's list, beside another filter, on such a column",
    resource: "masked",
    select: { where: { "authorId.in": [3, 4], "views.gt": 7 }, columns: { id: true } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "a client's filter on the primary key",
    resource: "articles",
    select: { where: { id: "a7" } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX sqlite_autoindex_articles_1/],
    scans: [/SCAN articles/],
  },
  {
    name: "a client's list on the primary key",
    resource: "articles",
    select: { where: { "id.in": ["a7", "a8"] }, columns: { title: true } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX sqlite_autoindex_articles_1/],
    scans: [/SCAN articles/],
  },
  {
    name: "a client's filter on a unique column",
    resource: "authors",
    select: { where: { email: "3@x" } },
    searches: [/SEARCH (?:authors|~\d) USING .*INDEX uk_author_email/],
    scans: [/SCAN authors/],
  },
  {
    name: "many by an indexed foreign key",
    resource: "authors",
    select: { with: { articles: true } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "many with the client's filter",
    resource: "authors",
    select: { with: { articles: { where: { "views.gt": 3 } } } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "how many by an indexed foreign key",
    resource: "authors",
    select: { count: { articles: true } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  ...[
    { with: { labels: { limit: 3 } } },
    { count: { labels: true } },
    { where: { labels: { id: 1 } } },
    { where: { "labels.count.gt": 1, authorId: 3 } },
  ].map((select) => ({
    name: `a list that passes a join table: ${JSON.stringify(select)}`,
    resource: "articles" as const,
    select: { columns: { id: true }, ...select },
    searches: [/SEARCH article_tags USING .*INDEX sqlite_autoindex_article_tags_1/],
    scans: [/SCAN (?:article_tags|tags)/],
  })),
  {
    name: "how many satisfy the client's filter, in a relation",
    resource: "authors",
    select: { with: { mentor: { count: { articles: { where: { "views.gt": 3 } } } } } },
    searches: [/SEARCH (?:articles|~\d) USING .*INDEX article_author/],
    scans: [/SCAN articles/],
  },
  {
    name: "one by its primary key",
    resource: "articles",
    select: { with: { author: true } },
    searches: [/SEARCH (?:authors|~\d) USING INTEGER PRIMARY KEY/],
    scans: [/SCAN authors/],
  },
  {
    name: "one of the same table",
    resource: "authors",
    select: { with: { mentor: true } },
    searches: [/SEARCH (?:authors|~\d) USING INTEGER PRIMARY KEY/],
  },
  {
    name: "a computed field's sub-query",
    resource: "articles",
    select: { columns: { by: true } },
    searches: [/SEARCH (?:authors|~\d) USING INTEGER PRIMARY KEY/],
    scans: [/SCAN authors/],
  },
  {
    name: "a parent and its own",
    resource: "hung",
    searches: [/SEARCH articles (?:EXISTS )?USING/, /SEARCH authors (?:EXISTS )?USING INTEGER PRIMARY KEY/],
    scans: [/SCAN (?:articles|authors)/],
  },
  {
    name: "a parent of the same table",
    resource: "mentored",
    select: { where: { id: 7 } },
    searches: [/SEARCH authors (?:EXISTS )?USING INTEGER PRIMARY KEY/],
    scans: [/SCAN authors/],
  },
  {
    name: "a rule's EXISTS",
    resource: "commented",
    searches: [/SEARCH articles (?:EXISTS )?USING/],
    scans: [/SCAN articles/],
  },
];

/** Tables that questions go through, by the names that a database has for them. */
interface Ways {
  readonly parents: string;
  readonly children: string;
  /** The names of the relations between them. */
  readonly many: string;
  readonly one: string;
}

/** Some parents: of all of them PostgreSQL would rather read the other table once, to find whom nothing is there for. */
const FEW = { "id.in": [1, 2, 3, 4, 5] };

/**
 * Questions that look at rows elsewhere: `<many>` are the rows of a parent, found by an index on the column that refers to
 * it, `<one>` is the parent of a row, found by its key.
 */
const ELSEWHERE: readonly {
  readonly name: string;
  readonly of: "parents" | "children";
  readonly select: object;
}[] = [
  { name: "some", of: "parents", select: { where: { "<many>.some": { "views.gt": 20 } } } },
  { name: "some, whatever it is", of: "parents", select: { where: { "<many>.some": true } } },
  { name: "none", of: "parents", select: { where: { ...FEW, "<many>.none": { "views.gt": 150 } } } },
  { name: "every", of: "parents", select: { where: { ...FEW, "<many>.every": { "views.lte": 150 } } } },
  {
    name: "not some",
    of: "parents",
    select: { where: { ...FEW, NOT: { "<many>.some": { "views.gt": 150 } } } },
  },
  { name: "a count in a filter", of: "parents", select: { where: { "<many>.count.gte": 1 } } },
  {
    name: "a count of some in a filter",
    of: "parents",
    select: { where: { "<many>.count": { where: { "views.gt": 20 }, gte: 1 } } },
  },
  { name: "a count in an order", of: "parents", select: { orderBy: { "<many>.count": "desc" } } },
  { name: "is", of: "children", select: { where: { "<one>.is": { "name.ne": "n5" } } } },
  { name: "isNot", of: "children", select: { where: { "<one>.isNot": { "name.gt": "n5" } } } },
  { name: "a path in a filter", of: "children", select: { where: { "<one>.name.ne": "n5" } } },
  { name: "a path under NOT", of: "children", select: { where: { NOT: { "<one>.name": "n5" } } } },
  { name: "a path in an order", of: "children", select: { orderBy: { "<one>.name": "asc" } } },
  { name: "a relation that is required", of: "parents", select: { with: { "<many>": { required: true } } } },
  {
    name: "one with a filter, under another name",
    of: "parents",
    select: { with: { seen: { relation: "<many>", required: true, where: { "views.gt": 20 } } } },
  },
  { name: "one row that is required", of: "children", select: { with: { "<one>": { required: true } } } },
  {
    name: "one inside another that is required",
    of: "children",
    select: { with: { "<one>": { required: true, with: { "<many>": { required: true } } } } },
  },
];

/** A question in the words of a database. */
const inWords = (select: object, { many, one }: Ways): object =>
  JSON.parse(
    JSON.stringify({ limit: 5, ...select })
      .replaceAll("<many>", many)
      .replaceAll("<one>", one),
  ) as object;

const queryOf = (select: object | undefined): string =>
  select === undefined ? "" : `?select=${encodeURIComponent(stringify(select))}`;

describe("what a question finds elsewhere is found by an index", () => {
  const ways: Ways = { parents: "authors", children: "articles", many: "articles", one: "author" };
  for (const database of NAMES) {
    for (const { name, of, select } of ELSEWHERE) {
      test(`${name}, on ${database}`, async () => {
        const watched = open.get(database)!;
        const { ask, errors } = routeOver(acl, watched.database);
        await ask("GET", ways[of], 1);
        watched.drizzled.length = watched.executed.length = 0;
        const answer = await ask("GET", `${ways[of]}${queryOf(inWords(select, ways))}`, 1);
        expect({ status: answer.status, errors, drizzled: watched.drizzled }).toEqual({
          status: 200,
          errors: [],
          drizzled: [],
        });
        expect(answer.body.count).toBeGreaterThan(0);
        const plan = await explain(watched, watched.executed[0]!);
        const [index, table] =
          of === "parents" ? ["INDEX article_author", "articles"] : ["INTEGER PRIMARY KEY", "authors"];
        expect(plan).toMatch(new RegExp(`SEARCH ${table} (?:EXISTS )?USING (?:COVERING )?${index}`));
        expect(plan).not.toMatch(new RegExp(`SCAN ${table}`));
      });
    }
  }
});

/** Questions for numbers, and how SQLite answers them. */
const NUMBERS: readonly {
  readonly name: string;
  readonly aggregate: object;
  readonly uses: RegExp;
  readonly not?: RegExp;
}[] = [
  {
    name: "a group by an indexed column",
    aggregate: { count: true, groupBy: ["authorId"] },
    uses: /SCAN articles USING COVERING INDEX article_author/,
    not: /TEMP B-TREE/,
  },
  {
    name: "its figures",
    aggregate: { sum: { views: true }, groupBy: ["authorId"], having: { "count.gt": 1 } },
    uses: /SCAN articles USING INDEX article_author/,
    not: /TEMP B-TREE FOR GROUP BY/,
  },
  {
    name: "the rows of a filter",
    aggregate: { count: true, max: { views: true }, where: { authorId: 3 } },
    uses: /SEARCH articles USING INDEX article_author/,
  },
  {
    name: "a group by a path",
    aggregate: { count: true, groupBy: ["author.name"] },
    uses: /SEARCH authors USING INTEGER PRIMARY KEY/,
    not: /SCAN authors/,
  },
  { name: "a number of rows", aggregate: { count: true }, uses: /SCAN articles USING COVERING INDEX/ },
];

describe("numbers about rows are found by an index", () => {
  for (const database of NAMES)
    for (const { name, aggregate, uses, not } of NUMBERS)
      test(`${name}, on ${database}`, async () => {
        const watched = open.get(database)!;
        const { ask, errors } = routeOver(acl, watched.database);
        await ask("GET", "counted", 1); // by then the database has said what it is
        watched.executed.length = 0;
        const { status } = await ask(
          "GET",
          `counted?aggregate=${encodeURIComponent(stringify(aggregate))}`,
          1,
        );
        expect([status, errors]).toEqual([200, []]);
        const plan = await explain(watched, watched.executed.at(-1)!);
        expect(plan).toMatch(uses);
        if (not !== undefined) expect(plan).not.toMatch(not);
      });
});

describe("the fast reader's statement uses the index", () => {
  for (const database of NAMES) {
    for (const { name, resource, select, searches, scans = [] } of CASES) {
      test(`for ${name}, on ${database}`, async () => {
        const watched = open.get(database)!;
        const { ask, errors } = routeOver(acl, watched.database);
        await ask("GET", resource, 1);
        watched.drizzled.length = watched.executed.length = 0;
        const query = select === undefined ? "" : `?select=${encodeURIComponent(stringify(select))}`;
        const answer = await ask("GET", `${resource}${query}`, 1);
        expect({ status: answer.status, errors, drizzled: watched.drizzled }).toEqual({
          status: 200,
          errors: [],
          drizzled: [],
        });
        const [statement] = watched.executed;
        const plan = await explain(watched, statement!);
        for (const search of searches) expect(plan).toMatch(search);
        for (const scan of scans) expect(plan).not.toMatch(scan);
      });
    }
  }
});

describe("what is said of a table costs what it costs in a rule:", () => {
  const where = ({ me }: any, t: any, { eq }: any) => eq(t.authorId, me);
  const get = (rule: object, more: object = {}) => ({
    rows: { table: "article", control: { GET: { all: { select: true, ...rule } } }, ...more },
  });
  const statementOf = async (
    name: (typeof NAMES)[number],
    acl: object,
    tables: AnyTableRules = {},
  ): Promise<unknown> => {
    const watched = open.get(name)!;
    const { ask } = routeOver(acl as never, watched.database, { tables });
    watched.executed.length = 0;
    expect((await ask("GET", "rows?select=(where:(views.gt:3),limit:2)", 1)).status).toBe(200);
    expect(watched.executed.length).toBe(1);
    return watched.executed[0];
  };

  test.each(NAMES)("one condition, on %s", async (name) => {
    const facts = { article: { where } };
    expect(await statementOf(name, get({}), facts)).toEqual(await statementOf(name, get({ where })));
    // A table of which nothing is said, and one whose facts are left out, cost nothing.
    const nothing = await statementOf(name, get({}));
    expect(await statementOf(name, get({}), { comment: { where } })).toEqual(nothing);
    expect(await statementOf(name, get({ unrestricted: true }), facts)).toEqual(nothing);
  });
});

// Drizzle's columns stand in another order than the key's, by which tenants are told apart.
const liteSeat = sqliteTable(
  "seats",
  { number: integer("number").notNull(), tenant: liteText("tenant").notNull(), name: liteText("name") },
  (t) => [primaryKey({ columns: [t.tenant, t.number] })],
);
const SEATS_FILLED = sql`insert into seats with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  select i, 't' || (i % 20), 'n' from n`;

describe("a key declared in another order than its columns orders rows by its index", () => {
  const rules = { seats: { table: "seat", control: { GET: { all: { select: true } } } } } as const;
  test.each(
    NAMES.flatMap((name) => [
      [name, { limit: 5 }],
      [name, { limit: 5, orderBy: { tenant: "asc" } }],
      [name, { limit: 5, where: { tenant: "t3" } }],
    ]),
  )("on %s: %j", async (name, select) => {
    const watched = await watch(name, { seat: liteSeat });
    try {
      await watched.database.run(SEATS_FILLED);
      const { ask, errors } = routeOver(rules, watched.database, { schema: { seat: liteSeat } });
      await ask("GET", "seats", 1);
      watched.executed.length = 0;
      const answer = await ask("GET", `seats?select=${encodeURIComponent(stringify(select))}`, 1);
      expect({ status: answer.status, count: answer.body?.count, errors }).toEqual({
        status: 200,
        count: 5,
        errors: [],
      });
      const plan = await explain(watched, watched.executed[0]!);
      expect(plan).toMatch(/(?:SCAN|SEARCH) (?:seats|~\d) USING INDEX sqlite_autoindex_seats_1/);
      expect(plan).not.toContain("TEMP B-TREE");
    } finally {
      watched.close();
    }
  });
});

/** SQLite's own words for how it answers a statement. */
async function explain(watched: Watched, { sql: text, args }: Watched["executed"][number]): Promise<string> {
  const client = (watched.database as any).$client;
  const explained = `explain query plan ${text}`;
  const rows: any[] =
    watched.name === "bun:sqlite"
      ? client.prepare(explained).all(...(args as unknown[]))
      : (await client.execute({ sql: explained, args })).rows;
  return rows.map((row) => String(row.detail)).join("\n");
}

// --- PostgreSQL --------------------------------------------------------------------------------------------------------

const writers = pgTable("writers", {
  id: serial("id").primaryKey(),
  name: varchar("name", { length: 20 }).notNull(),
  email: pgText("email").notNull().unique(),
  mentorId: pgInteger("mentor_id"),
});
const papers = pgTable(
  "papers",
  {
    id: pgText("id").primaryKey(),
    writerId: pgInteger("writer_id").notNull(),
    title: varchar("title", { length: 50 }).notNull(),
    views: pgInteger("views").notNull(),
    published: boolean("published").notNull(),
    at: timestamp("at", { withTimezone: true }).notNull(),
    code: uuid("code").notNull(),
    kind: pgText("kind"),
  },
  (t) => [
    pgIndex("paper_writer").on(t.writerId),
    pgIndex("paper_at").on(t.at),
    pgIndex("paper_code").on(t.code),
    pgIndex("paper_title").on(t.title.op("varchar_pattern_ops")),
    pgIndex("paper_kind").on(t.kind),
  ],
);
const remarks = pgTable(
  "remarks",
  {
    paperId: pgText("paper_id").notNull(),
    number: pgInteger("number").notNull(),
    text: pgText("text").notNull(),
  },
  (t) => [pgKey({ columns: [t.paperId, t.number] })],
);
const seats = pgTable(
  "seats",
  { number: pgInteger("number").notNull(), tenant: pgText("tenant").notNull(), name: pgText("name") },
  (t) => [pgKey({ columns: [t.tenant, t.number] })],
);
const topics = pgTable("topics", { id: pgInteger("id").primaryKey(), name: pgText("name").notNull() });
const paperTopics = pgTable(
  "paper_topics",
  { paperId: pgText("paper_id").notNull(), topicId: pgInteger("topic_id").notNull() },
  (t) => [pgKey({ columns: [t.paperId, t.topicId] }), pgIndex("topic_paper").on(t.topicId)],
);
const pgSchema = {
  seats,
  topics,
  paperTopics,
  writers,
  papers,
  remarks,
  writerRelations: relations(writers, ({ one, many }) => ({
    papers: many(papers),
    mentor: one(writers, { fields: [writers.mentorId], references: [writers.id], relationName: "mentor" }),
  })),
  paperRelations: relations(papers, ({ one, many }) => ({
    writer: one(writers, { fields: [papers.writerId], references: [writers.id] }),
    remarks: many(remarks),
    paperTopics: many(paperTopics),
  })),
  paperTopicRelations: relations(paperTopics, ({ one }) => ({
    paper: one(papers, { fields: [paperTopics.paperId], references: [papers.id] }),
    topic: one(topics, { fields: [paperTopics.topicId], references: [topics.id] }),
  })),
  remarkRelations: relations(remarks, ({ one }) => ({
    paper: one(papers, { fields: [remarks.paperId], references: [papers.id] }),
  })),
};

/** Enough rows that a scan would be a choice. */
const FILLED = `
  insert into writers select i, 'n' || i, i || '@x', nullif(i / 2, 0) from generate_series(1, 3000) i;
  insert into papers select 'p' || i, i % 3000 + 1, 't' || i, i, i % 2 = 0, to_timestamp(i), md5(i::text)::uuid, 'k' || i % 500
    from generate_series(1, 9000) i;
  insert into remarks select 'p' || i, n, 'r' from generate_series(1, 9000) i, generate_series(1, 2) n;
  insert into topics select i, 'n' || i from generate_series(1, 3000) i;
  insert into paper_topics select 'p' || i, (i * n) % 3000 + 1 from generate_series(1, 9000) i, generate_series(1, 3) n
    on conflict do nothing;
  insert into seats select i, 't' || i % 20, 'n' from generate_series(1, 3000) i;
  analyze;`;

const everything = { select: true } as const;
const pgACL = {
  seats: { table: "seats", control: { GET: { all: everything } } },
  mine: {
    table: "papers",
    control: {
      GET: { all: { select: true, where: ({ me }: any, t: any, { eq }: any) => eq(t.writerId, me) } },
    },
  },
  listed: {
    table: "papers",
    control: {
      GET: {
        all: { select: true, where: ({ me }: any, t: any, { inArray }: any) => inArray(t.writerId, [me, 2]) },
      },
    },
  },
  remarked: {
    table: "remarks",
    control: {
      GET: {
        all: {
          select: true,
          where: ({ me }: any) =>
            sql`exists (select 1 from ${papers} where ${papers.id} = ${remarks.paperId} and ${papers.writerId} = ${me})`,
        },
      },
    },
  },
  papers: {
    table: "papers",
    control: {
      GET: {
        all: {
          select: true,
          extras: {
            by: sql`(select ${writers.name} from ${writers} where ${writers.id} = ${papers.writerId})`.as(
              "by",
            ),
          },
          with: {
            writer: { ...everything, with: { papers: everything } },
            remarks: everything,
            topics: { through: ["paperTopics", "topic"], select: true },
          },
        },
      },
    },
  },
  masked: {
    table: "papers",
    control: {
      GET: {
        all: {
          select: [
            { columns: new Set(["id", "title"]) },
            { columns: new Set(["code"]), when: (_: unknown, t: any, { gt }: any) => gt(t.views, 1) },
            {
              columns: new Set(["code", "kind", "writerId"]),
              when: ({ me }: any, t: any, { gt }: any) => gt(t.views, me),
            },
          ],
        },
      },
    },
  },
  writers: {
    table: "writers",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            papers: {
              select: true,
              where: (_: unknown, t: any, { eq }: any) => eq(t.published, true),
              with: { remarks: everything },
            },
            mentor: everything,
          },
        },
      },
    },
  },
} as const;

/** A request, the indexes it must search by, none of whose tables it may go through row by row. */
const PG_CASES: readonly {
  name: string;
  resource: keyof typeof pgACL;
  select?: object;
  indexes: readonly string[];
  /** Whether rows come in the order of an index, as many as are wanted. */
  unsorted?: boolean;
  /** Whether the index depends on the values: PostgreSQL then makes a plan for them, however often they come. */
  fitted?: boolean;
}[] = [
  { name: "a rule's filter on an indexed column", resource: "mine", indexes: ["paper_writer"] },
  { name: "a rule's list on an indexed column", resource: "listed", indexes: ["paper_writer"] },
  {
    name: "a rule's filter beside the client's",
    resource: "mine",
    select: { where: { "title.contains": "t" } },
    indexes: ["paper_writer"],
  },
  {
    name: "a client's filter on an indexed column",
    resource: "papers",
    select: { where: { writerId: 3 }, columns: { id: true } },
    indexes: ["paper_writer"],
  },
  {
    name: "a client's filter on an indexed column that is masked on some rows",
    resource: "masked",
    select: { where: { code: "8f14e45f-ceea-167a-5a36-dedd4bea2543" } },
    indexes: ["paper_code"],
  },
  {
    name: "a client's list, beside another filter, on such a column",
    resource: "masked",
    select: { where: { "writerId.in": [3, 4], "kind.ne": "k8" }, columns: { id: true } },
    indexes: ["paper_writer"],
  },
  {
    name: "a client's filter on the primary key",
    resource: "papers",
    select: { where: { id: "p7" } },
    indexes: ["papers_pkey", "writers_pkey"],
    unsorted: true,
  },
  {
    name: "a client's list on the primary key",
    resource: "papers",
    select: { where: { "id.in": ["p7", "p8"] }, columns: { title: true } },
    indexes: ["papers_pkey"],
  },
  {
    name: "a client's filter on a UUID",
    resource: "papers",
    select: { where: { code: "8f14e45f-ceea-167a-5a36-dedd4bea2543" }, columns: { title: true } },
    indexes: ["paper_code"],
  },
  {
    name: "a client's filter on a date",
    resource: "papers",
    select: {
      where: { "at.between": ["1970-01-01T00:00:10Z", "1970-01-01T00:00:12Z"] },
      columns: { id: true },
    },
    indexes: ["paper_at"],
  },
  {
    name: "how a text begins",
    resource: "papers",
    select: { where: { "title.startsWith": "t499" }, columns: { id: true } },
    indexes: ["paper_title"],
    fitted: true,
  },
  {
    name: "a client's filter on a unique column",
    resource: "writers",
    select: { where: { email: "3@x" } },
    indexes: ["writers_email_unique"],
  },
  {
    name: "a part of a key of two columns",
    resource: "papers",
    select: { where: { writerId: 3 }, columns: { id: true }, with: { remarks: true } },
    indexes: ["paper_writer", "remarks_paper_id_number_pk"],
  },
  {
    name: "many by an indexed foreign key",
    resource: "writers",
    select: { limit: 5, with: { papers: true } },
    indexes: ["paper_writer", "writers_pkey"],
  },
  {
    name: "many with the client's filter",
    resource: "writers",
    select: { limit: 5, with: { papers: { where: { "views.gt": 3 }, limit: 2 } } },
    indexes: ["paper_writer"],
  },
  {
    name: "how many by an indexed foreign key, with the client's filter or without",
    resource: "writers",
    select: { limit: 5, count: { papers: true, seen: { relation: "papers", where: { "views.gt": 3 } } } },
    indexes: ["paper_writer"],
  },
  ...[
    { with: { topics: { limit: 2 } } },
    { with: { topics: { where: { name: "n3" } } } },
    { count: { topics: true } },
    { where: { writerId: 3, "topics.count.gte": 1 } },
    { where: { writerId: 3, topics: true } },
  ].map((select) => ({
    name: `a list that passes a join table: ${JSON.stringify(select)}`,
    resource: "papers" as const,
    select: { limit: 5, columns: { id: true }, ...select },
    indexes: ["paper_topics_paper_id_topic_id_pk", "topics_pkey"],
  })),
  {
    name: "how many by a part of a key",
    resource: "papers",
    select: { limit: 5, columns: { id: true }, count: { remarks: true } },
    indexes: ["remarks_paper_id_number_pk"],
    unsorted: true,
  },
  {
    name: "many of many",
    resource: "writers",
    select: { limit: 2, with: { papers: { with: { remarks: true } } } },
    indexes: ["paper_writer", "remarks_paper_id_number_pk"],
  },
  {
    name: "one by its primary key",
    resource: "papers",
    select: { limit: 5, columns: { id: true }, with: { writer: true } },
    indexes: ["writers_pkey"],
    unsorted: true,
  },
  {
    name: "one of the same table",
    resource: "writers",
    select: { limit: 5, with: { mentor: true } },
    indexes: ["writers_pkey"],
    unsorted: true,
  },
  {
    name: "a computed field's sub-query",
    resource: "papers",
    select: { limit: 5, columns: { by: true, id: true } },
    indexes: ["writers_pkey"],
    unsorted: true,
  },
  {
    name: "a rule's EXISTS",
    resource: "remarked",
    indexes: ["paper_writer", "remarks_paper_id_number_pk"],
  },
  {
    name: "the first rows of a list",
    resource: "papers",
    select: { limit: 5, columns: { id: true } },
    indexes: ["papers_pkey"],
    unsorted: true,
  },
  ...[{}, { orderBy: { tenant: "asc" } }, { where: { tenant: "t3" } }].map((wish) => ({
    name: `a key declared in another order than its columns: ${JSON.stringify(wish)}`,
    resource: "seats" as const,
    select: { limit: 5, ...wish },
    indexes: ["seats_tenant_number_pk"],
    unsorted: true,
  })),
  {
    name: "the last rows by an indexed column",
    resource: "papers",
    select: { limit: 5, columns: { id: true }, orderBy: { at: "desc" } },
    indexes: ["paper_at"],
  },
];

interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly Step[];
}

type Run = (text: string, values?: unknown[]) => Promise<readonly any[]>;

/** How a statement is answered, with these values and, as one that is kept prepared may be, with any. */
async function plansOf(run: Run, text: string, values: unknown[]): Promise<readonly (readonly Step[])[]> {
  const written = values.map((value) => `'${String(value).replaceAll("'", "''")}'`).join(", ");
  await run("set plan_cache_mode = force_generic_plan");
  await run(`prepare law as ${text}`);
  const kept = await run(`explain (format json) execute law${written === "" ? "" : `(${written})`}`);
  await run("deallocate law");
  await run("reset plan_cache_mode");
  return [await run(`explain (format json) ${text}`, values), kept].map(([row]) =>
    steps(row["QUERY PLAN"][0].Plan),
  );
}

const steps = (step: Step): readonly Step[] => [step, ...(step.Plans ?? []).flatMap(steps)];

describe("the fast reader's statement uses the index on PostgreSQL", () => {
  let embedded: OpenedPostgresql;
  const runs: Run[] = [];
  const closed: (() => Promise<unknown>)[] = [];
  const sent: { text: string; values: unknown[] }[] = [];
  beforeAll(async () => {
    embedded = await openPostgresql("PGlite", pgSchema);
    await embedded.run(FILLED);
    const client = (embedded.database as any).$client as PGlite;
    const query = client.query.bind(client);
    client.query = ((text: string, values: unknown[], options: object) => {
      sent.push({ text, values });
      return query(text, values, options);
    }) as never;
    runs.push(async (text, values) => (await query<any>(text, values)).rows);
    if (SERVER === undefined) return;
    const served = await openPostgresql("node-postgres", pgSchema);
    await served.run(FILLED);
    const server = new pg.Client({ connectionString: served.url });
    await server.connect();
    runs.push(async (text, values) => (await server.query(text, values)).rows);
    closed.push(
      () => server.end(),
      () => served.close(),
    );
  }, PATIENCE);
  afterAll(async () => {
    for (const close of closed) await close();
    await embedded.close();
  });

  const ways: Ways = { parents: "writers", children: "papers", many: "papers", one: "writer" };
  for (const { name, of, select } of ELSEWHERE) {
    test(`for what is found elsewhere: ${name}`, async () => {
      const { ask, errors } = routeOver(pgACL, embedded.database as never, { schema: pgSchema });
      sent.length = 0;
      const answer = await ask("GET", `${ways[of]}${queryOf(inWords(select, ways))}`, 1);
      expect({ status: answer.status, errors, statements: sent.length }).toEqual({
        status: 200,
        errors: [],
        statements: 1,
      });
      expect(answer.body.count).toBeGreaterThan(0);
      const [index, table] = of === "parents" ? ["paper_writer", "papers"] : ["writers_pkey", "writers"];
      const { text, values } = sent[0]!;
      for (const run of runs)
        for (const all of await plansOf(run, text, values)) {
          expect(all.map((step) => step["Index Name"])).toContain(index);
          const scanned = all.filter((step) => step["Node Type"] === "Seq Scan");
          expect(scanned.map((step) => step["Relation Name"])).not.toContain(table);
        }
    });
  }

  for (const { name, resource, select, indexes, unsorted, fitted } of PG_CASES) {
    test(`for ${name}`, async () => {
      const { ask, errors } = routeOver(pgACL, embedded.database as never, {
        schema: pgSchema,
      });
      sent.length = 0;
      const query = select === undefined ? "" : `?select=${encodeURIComponent(stringify(select))}`;
      const answer = await ask("GET", `${resource}${query}`, 1);
      expect({ status: answer.status, errors, statements: sent.length }).toEqual({
        status: 200,
        errors: [],
        statements: 1,
      });
      expect(answer.body.count).toBeGreaterThan(0);
      const { text, values } = sent[0]!;
      for (const run of runs)
        for (const all of (await plansOf(run, text, values)).slice(0, fitted === true ? 1 : 2)) {
          const used = all.map((step) => step["Index Name"]);
          for (const index of indexes) expect(used).toContain(index);
          const through = all
            .filter((step) => step["Node Type"] === "Seq Scan")
            .map((step) => step["Relation Name"]!);
          expect(through).toEqual([]);
          if (unsorted === true) expect(all.map((step) => step["Node Type"])).not.toContain("Sort");
        }
    });
  }
});
