import {
  and,
  between,
  eq,
  exists,
  getTableName,
  gt,
  gte,
  inArray,
  is,
  like,
  lt,
  not,
  notInArray,
  or,
  type SQL,
  sql,
  type Table,
} from "drizzle-orm";
import { alias as pgAlias, PgTable, union as pgUnion } from "drizzle-orm/pg-core";
import { drizzle as drizzlePg } from "drizzle-orm/pg-proxy";
import { alias as sqliteAlias, union as sqliteUnion } from "drizzle-orm/sqlite-core";
import { drizzle as drizzleSQLite } from "drizzle-orm/sqlite-proxy";
import type { Rules, World } from "./rules.ts";

type Article = World["article"];
type Condition = (context: object, table: Article) => SQL | undefined | Promise<SQL | undefined>;

/** The articles a condition admits, or that it is refused. */
type Outcome = readonly string[] | "refused";

const ALL = ["a1", "a2", "a3", "a4", "a5", "a6"];

/** Names of the cases, and what comes of each; the conditions are made for one database. */
export const NESTED: readonly (readonly [string, Outcome])[] = cases(undefined as never).map(
  ([name, outcome]) => [name, outcome] as const,
);

/** Rules whose condition asks a query of its own, in every place of a rule where a condition stands. */
export function nested(world: World): Rules {
  const all = cases(world);
  const select = { columns: ["id"] } as const;
  return Object.fromEntries(
    all.flatMap(([, , where], index) => [
      [
        `nested${index}`,
        {
          table: "article",
          control: {
            GET: { all: { select, where } },
            POST: { all: { select, where } },
            PATCH: { all: { select, where }, editor: { select, check: where } },
            DELETE: { all: { select, where } },
          },
        },
      ],
      [
        `nestedIn${index}`,
        { table: "author", control: { GET: { all: { select, with: { articles: { select, where } } } } } },
      ],
    ]),
  ) as Rules;
}

/** The tables and the builder are those of one database; conditions are called with them, never before. */
function cases(world: World): readonly (readonly [string, Outcome, Condition])[] {
  const postgresql = world !== undefined && is(world.article, PgTable);
  const { article, author, comment } = world ?? {};
  // oxlint-disable typescript/no-explicit-any -- builders of two databases, which take the same calls
  const db = (
    postgresql
      ? drizzlePg(async () => ({ rows: [] }), { schema: world as never })
      : drizzleSQLite(async () => ({ rows: [] }), { schema: world ?? {} })
  ) as any;
  const alias = (postgresql ? pgAlias : sqliteAlias) as unknown as <T extends Table>(t: T, name: string) => T;
  const union = (postgresql ? pgUnion : sqliteUnion) as any;
  // oxlint-enable typescript/no-explicit-any
  const one = { one: sql`1` };
  const missing: number | undefined = undefined;
  const lacking = comment && sql`${comment.id} > ${missing} - 9`;
  const other = (): Article => alias(article, "o");
  const busier = (o: Article, t: Article): SQL | undefined =>
    and(eq(o.authorId, t.authorId), gt(o.views, t.views));
  return [
    ["exists", "refused", (_, t) => exists(db.select().from(article).where(busier(article, t)))],
    ["the table it is handed", "refused", (_, t) => exists(db.select(one).from(t).where(eq(t.views, 20)))],
    ["a promise", "refused", async (_, t) => exists(db.select().from(article).where(busier(article, t)))],
    [
      "and, or, not",
      "refused",
      (_, t) => and(lt(t.views, 9), or(not(exists(db.select(one).from(article))), undefined)),
    ],
    [
      "a list nobody meant to correlate",
      "refused",
      (_, t) => inArray(t.id, db.select({ id: article.id }).from(article).where(gt(article.views, 15))),
    ],
    [
      "a join",
      "refused",
      (_, t) => exists(db.select(one).from(comment).leftJoin(article, eq(comment.articleId, t.id))),
    ],
    [
      "a query in a query",
      "refused",
      (_, t) =>
        inArray(
          t.authorId,
          db
            .select({ id: author.id })
            .from(author)
            .where(exists(db.select().from(article))),
        ),
    ],
    [
      "a query that is selected from",
      "refused",
      (_, t) => {
        const inner = db.select().from(article).as("inner");
        return exists(db.select(one).from(inner).where(eq(inner.authorId, t.authorId)));
      },
    ],
    [
      "a set of two",
      "refused",
      (_, t) =>
        inArray(
          t.id,
          union(
            db.select({ id: comment.articleId }).from(comment),
            db.select({ id: article.id }).from(article),
          ),
        ),
    ],
    [
      "a common table expression",
      "refused",
      (_, t) => {
        const busy = db.$with("busy").as(db.select({ id: article.id }).from(article));
        return inArray(t.id, db.with(busy).select({ id: busy.id }).from(busy));
      },
    ],
    [
      "a common table expression of its name",
      "refused",
      (_, t) => {
        const busy = db.$with("articles").as(db.select({ id: comment.articleId }).from(comment));
        return exists(db.with(busy).select({ id: busy.id }).from(busy).where(eq(busy.id, t.id)));
      },
    ],
    ["a count", "refused", (_, t) => gt(db.$count(article, busier(article, t)), 0)],
    ["db.query", "refused", (_, t) => exists(db.query.article.findMany({ where: busier(article, t) }))],
    [
      "db.query of another table",
      "refused",
      (_, t) => exists(db.query.comment.findMany({ where: eq(comment.articleId, t.id) })),
    ],
    [
      "another table by its name",
      "refused",
      (_, t) => {
        const disguised = alias(author, getTableName(article));
        return exists(db.select(one).from(disguised).where(eq(disguised.id, t.authorId)));
      },
    ],
    [
      "a template",
      "refused",
      (_, t) => sql`exists (select 1 from ${article} where ${article.authorId} = ${t.authorId})`,
    ],
    [
      "a template with a list of tables",
      "refused",
      (_, t) => sql`exists (select 1 from ${comment} c, ${article} where ${t.id} = c.article_id)`,
    ],
    [
      "a template with joins in parentheses",
      "refused",
      (_, t) =>
        sql`exists (select 1 from (${comment} c join ${article} on true) where ${t.id} = c.article_id)`,
    ],
    [
      "a text",
      "refused",
      () => sql.raw("exists (select 1 /* from x */ from articles where articles.views = articles.views)"),
    ],
    [
      "a text with a name in quotes",
      "refused",
      (_, t) => sql`${t.views} = (select max(views) from "articles" where ${t.id} = "articles"."id")`,
    ],

    [
      "a text with a name in the quotes of texts, which SQLite takes for one",
      "refused",
      () => sql.raw("exists (select 1 from 'articles' where author_id = articles.author_id)"),
    ],

    ["an alias", ["a4", "a5"], (_, t) => exists(db.select().from(other()).where(busier(other(), t)))],
    [
      "an alias that is joined",
      ALL,
      (_, t) =>
        exists(
          db
            .select(one)
            .from(comment)
            .innerJoin(other(), eq(comment.articleId, other().id))
            .where(eq(other().authorId, t.authorId)),
        ),
    ],
    [
      "an alias in a template",
      ["a4", "a5"],
      (_, t) =>
        sql`exists (select 1 from ${article} o where o.author_id = ${t.authorId} and o.views > ${t.views})`,
    ],
    [
      "an alias in a text",
      ["a4", "a5"],
      () =>
        sql.raw(
          "exists (select 1 from articles as o where o.author_id = articles.author_id and o.views > articles.views)",
        ),
    ],
    [
      "a set of two with an alias",
      ["a1", "a2", "a3", "a4", "a6"],
      (_, t) =>
        inArray(
          t.id,
          union(
            db.select({ id: comment.articleId }).from(comment),
            db.select({ id: other().id }).from(other()).where(gte(other().views, 20)),
          ),
        ),
    ],
    [
      "a common table expression over an alias",
      ["a2", "a3"],
      (_, t) => {
        const busy = db
          .$with("busy")
          .as(db.select({ id: other().id }).from(other()).where(gte(other().views, 20)));
        return inArray(t.id, db.with(busy).select({ id: busy.id }).from(busy));
      },
    ],
    [
      "a count of another table",
      ["a1", "a2", "a6"],
      (_, t) => gt(db.$count(comment, eq(comment.articleId, t.id)), 1),
    ],
    [
      "db.query that asks nothing of the row",
      ["a4"],
      (_, t) =>
        inArray(t.id, db.query.comment.findMany({ columns: { articleId: true }, where: eq(comment.id, 6) })),
    ],
    [
      "a text that only speaks of it",
      ALL,
      (_, t) => sql`${t.title} <> 'x'' from articles select' /* from articles */`,
    ],
    [
      "a word that is no clause",
      ["a1", "a2", "a4", "a6"],
      (_, t) =>
        sql`exists (select 1 from ${comment} where ${comment.articleId} = ${t.id} and ${comment.text} is distinct from ${t.title})`,
    ],

    // What is missing is null, and null admits nothing.
    ["a missing operand", [], (_, t) => sql`${t.views} <= ${missing} + 1`],
    ["a missing operand that was negated", [], (_, t) => not(sql`${t.views} > ${missing} + 100`)],
    ["a missing operand deep inside", [], (_, t) => sql`${t.views} <= ${sql`${sql`${missing}`} + 1`}`],
    [
      "a missing operand beside a condition",
      [],
      (_, t) => and(gte(t.views, 0), sql`${t.views} <= ${missing} + 1`),
    ],
    [
      "a missing condition in `and`",
      ["a1", "a2", "a4", "a6"],
      (_, t) => and(undefined, eq(t.published, true)),
    ],
    [
      "a missing operand written into the text",
      [],
      (_, t) => sql`${t.views} <= ${missing} + 1`.inlineParams(),
    ],
    [
      "a missing condition that is joined",
      [],
      (_, t) => sql.join([sql`${t.views} >= 0`, missing as never], sql` and `),
    ],
    ["a missing pattern", [], (_, t) => like(t.title, missing as never)],
    ["a missing bound", [], (_, t) => between(t.views, missing as never, 100)],
    ["a missing left side", [], (_, t) => eq(missing as never, t.views)],
    ["a list of missing values", [], (_, t) => inArray(t.authorId, [missing as never])],
    ["a list without missing values", [], (_, t) => notInArray(t.authorId, [99, missing as never])],
    ["a list of missing values in a template", [], (_, t) => sql`${t.authorId} in ${[missing, missing]}`],
    ["a missing operand in a query", [], () => exists(db.select(one).from(comment).where(lacking))],
    [
      "a missing operand in what a query answers",
      [],
      (_, t) =>
        gt(
          t.views,
          db
            .select({ n: sql`${missing} - 100` })
            .from(comment)
            .limit(1),
        ),
    ],
    [
      "a missing operand in a join",
      [],
      () => exists(db.select(one).from(author).innerJoin(comment, lacking)),
    ],
    [
      "a missing operand in a group",
      [],
      () =>
        exists(
          db
            .select(one)
            .from(comment)
            .groupBy(comment.articleId)
            .having(sql`count(*) > ${missing} - 9`),
        ),
    ],
    [
      "a missing operand in a query that is selected from",
      [],
      () => exists(db.select(one).from(db.select().from(comment).where(lacking).as("inner"))),
    ],
    [
      "a missing operand in a set of two",
      [],
      (_, t) => {
        const found = () => db.select({ id: comment.articleId }).from(comment).where(lacking);
        return inArray(t.id, union(found(), found()));
      },
    ],
    [
      "a missing operand in a common table expression",
      [],
      () => {
        const found = db.$with("found").as(db.select({ id: comment.id }).from(comment).where(lacking));
        return exists(db.with(found).select({ id: found.id }).from(found));
      },
    ],
    ["a missing operand in a count", [], () => gt(db.$count(comment, lacking), 0)],
    ["a missing operand in db.query", [], () => exists(db.query.comment.findMany({ where: lacking }))],
    ["a missing operand in a template", [], () => sql`exists (select 1 from ${comment} where ${lacking})`],
    ["no clause at all", ALL, () => exists(db.select(one).from(comment))],
    ["a count of all", ALL, () => gt(db.$count(comment), 0)],
  ];
}
