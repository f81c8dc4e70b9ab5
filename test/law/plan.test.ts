import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
const pgSchema = {
  seats,
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
          with: { writer: everything, remarks: everything },
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
