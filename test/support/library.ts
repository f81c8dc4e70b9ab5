import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { Place, Tables } from "./everywhere.ts";

/** A small blog in both databases' words: what questions about relations are asked of. */

const sqliteTables = () => {
  const author = lite.sqliteTable(
    "authors",
    {
      id: lite.integer().primaryKey(),
      name: lite.text().notNull(),
      secret: lite.text().notNull(),
      mentorId: lite.integer("mentor_id"),
    },
    (t) => [lite.index("authors_mentor").on(t.mentorId)],
  );
  const article = lite.sqliteTable(
    "articles",
    {
      id: lite.integer().primaryKey(),
      authorId: lite.integer("author_id").notNull(),
      reviewerId: lite.integer("reviewer_id"),
      title: lite.text().notNull(),
      rating: lite.integer(),
      createdAt: lite.integer("created_at", { mode: "timestamp_ms" }).notNull(),
      hidden: lite.integer({ mode: "boolean" }).notNull(),
    },
    (t) => [lite.index("articles_author").on(t.authorId)],
  );
  const comment = lite.sqliteTable(
    "comments",
    {
      id: lite.integer().primaryKey(),
      articleId: lite.integer("article_id").notNull(),
      authorId: lite.integer("author_id").notNull(),
      text: lite.text(),
      hidden: lite.integer({ mode: "boolean" }).notNull(),
    },
    (t) => [lite.index("comments_article").on(t.articleId), lite.index("comments_author").on(t.authorId)],
  );
  const tag = lite.sqliteTable("tags", { id: lite.integer().primaryKey(), label: lite.text().notNull() });
  const articleTag = lite.sqliteTable(
    "article_tags",
    {
      articleId: lite.integer("article_id").notNull(),
      tagId: lite.integer("tag_id").notNull(),
      hidden: lite.integer({ mode: "boolean" }).notNull(),
    },
    (t) => [lite.primaryKey({ columns: [t.articleId, t.tagId] })],
  );
  return { author, article, comment, tag, articleTag };
};

const postgresqlTables = () => {
  const author = pg.pgTable(
    "authors",
    {
      id: pg.integer().primaryKey(),
      name: pg.text().notNull(),
      secret: pg.text().notNull(),
      mentorId: pg.integer("mentor_id"),
    },
    (t) => [pg.index("authors_mentor").on(t.mentorId)],
  );
  const article = pg.pgTable(
    "articles",
    {
      id: pg.integer().primaryKey(),
      authorId: pg.integer("author_id").notNull(),
      reviewerId: pg.integer("reviewer_id"),
      title: pg.text().notNull(),
      rating: pg.integer(),
      createdAt: pg.timestamp("created_at", { withTimezone: true }).notNull(),
      hidden: pg.boolean().notNull(),
    },
    (t) => [pg.index("articles_author").on(t.authorId)],
  );
  const comment = pg.pgTable(
    "comments",
    {
      id: pg.integer().primaryKey(),
      articleId: pg.integer("article_id").notNull(),
      authorId: pg.integer("author_id").notNull(),
      text: pg.text(),
      hidden: pg.boolean().notNull(),
    },
    (t) => [pg.index("comments_article").on(t.articleId), pg.index("comments_author").on(t.authorId)],
  );
  const tag = pg.pgTable("tags", { id: pg.integer().primaryKey(), label: pg.text().notNull() });
  const articleTag = pg.pgTable(
    "article_tags",
    {
      articleId: pg.integer("article_id").notNull(),
      tagId: pg.integer("tag_id").notNull(),
      hidden: pg.boolean().notNull(),
    },
    (t) => [pg.primaryKey({ columns: [t.articleId, t.tagId] })],
  );
  return { author, article, comment, tag, articleTag };
};

// oxlint-disable-next-line typescript/no-explicit-any -- the same relations over tables of two databases
const related = ({ author, article, comment, tag, articleTag }: any) => ({
  authorRelations: relations(author, ({ one, many }) => ({
    mentor: one(author, { fields: [author.mentorId], references: [author.id], relationName: "mentor" }),
    students: many(author, { relationName: "mentor" }),
    articles: many(article, { relationName: "author" }),
    comments: many(comment),
  })),
  articleRelations: relations(article, ({ one, many }) => ({
    author: one(author, { fields: [article.authorId], references: [author.id], relationName: "author" }),
    reviewer: one(author, {
      fields: [article.reviewerId],
      references: [author.id],
      relationName: "reviewer",
    }),
    comments: many(comment),
    articleTags: many(articleTag),
  })),
  commentRelations: relations(comment, ({ one }) => ({
    article: one(article, { fields: [comment.articleId], references: [article.id] }),
    author: one(author, { fields: [comment.authorId], references: [author.id] }),
  })),
  tagRelations: relations(tag, ({ many }) => ({ articleTags: many(articleTag) })),
  articleTagRelations: relations(articleTag, ({ one }) => ({
    article: one(article, { fields: [articleTag.articleId], references: [article.id] }),
    tag: one(tag, { fields: [articleTag.tagId], references: [tag.id] }),
  })),
});

const sqlite = sqliteTables();
const postgresql = postgresqlTables();

/** The tables with their relations. */
export const LIBRARY: Tables = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
};

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));

/** Its rows: Ada mentors Ben and Cleo, Dora wrote nothing; article 5 and comments 2 and 5 are hidden. */
export const ROWS = {
  author: [
    { id: 1, name: "Ada", secret: "s1", mentorId: null },
    { id: 2, name: "Ben", secret: "s2", mentorId: 1 },
    { id: 3, name: "Cleo", secret: "s3", mentorId: 1 },
    { id: 4, name: "Dora", secret: "s4", mentorId: 3 },
  ],
  article: [
    { id: 1, authorId: 1, reviewerId: null, title: "Alpha", rating: 5, createdAt: day(1), hidden: false },
    { id: 2, authorId: 2, reviewerId: 1, title: "Beta", rating: null, createdAt: day(2), hidden: false },
    { id: 3, authorId: 2, reviewerId: 3, title: "Gamma", rating: 3, createdAt: day(32), hidden: false },
    { id: 4, authorId: 3, reviewerId: 9, title: "Delta", rating: 5, createdAt: day(33), hidden: false },
    { id: 5, authorId: 3, reviewerId: 2, title: "Epsilon", rating: 1, createdAt: day(60), hidden: true },
    { id: 6, authorId: 3, reviewerId: 2, title: "Zeta", rating: null, createdAt: day(61), hidden: false },
  ],
  comment: [
    { id: 1, articleId: 1, authorId: 2, text: "nice", hidden: false },
    { id: 2, articleId: 1, authorId: 3, text: "hmm", hidden: true },
    { id: 3, articleId: 2, authorId: 1, text: "good", hidden: false },
    { id: 4, articleId: 2, authorId: 2, text: null, hidden: false },
    { id: 5, articleId: 3, authorId: 3, text: "spam", hidden: true },
    { id: 6, articleId: 4, authorId: 1, text: "nice", hidden: false },
    { id: 7, articleId: 6, authorId: 1, text: "long", hidden: false },
    { id: 8, articleId: 6, authorId: 2, text: "nice", hidden: false },
  ],
  tag: [
    { id: 1, label: "news" },
    { id: 2, label: "how-to" },
    { id: 3, label: "unused" },
  ],
  articleTag: [
    { articleId: 1, tagId: 1, hidden: false },
    { articleId: 1, tagId: 2, hidden: true },
    { articleId: 2, tagId: 1, hidden: false },
    { articleId: 2, tagId: 2, hidden: false },
    { articleId: 3, tagId: 2, hidden: true },
  ],
} as const;

/** Puts the rows in their tables. */
export async function fillLibrary({ database, schema }: Pick<Place, "database" | "schema">): Promise<void> {
  for (const [table, rows] of Object.entries(ROWS))
    // oxlint-disable-next-line typescript/no-explicit-any -- either database's
    await (database as any).insert(schema[table]).values([...rows]);
}
