import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import { sql } from "drizzle-orm";
import { routeOver, watch, type Watched } from "../support/laws.ts";
import { nobody } from "../support/arbitrary.ts";
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
          with: { author: { select: { columns: ["id", "name"] } } },
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
            mentor: true,
          },
        },
      },
    },
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
    name: "a rule's EXISTS",
    resource: "commented",
    searches: [/SEARCH articles (?:EXISTS )?USING/],
    scans: [/SCAN articles/],
  },
];

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
