import { relations, sql } from "drizzle-orm";
import {
  type AnySQLiteColumn,
  blob,
  customType,
  index,
  integer,
  numeric,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
} from "drizzle-orm/sqlite-core";

/** A small blog: enough tables, types and relations to speak about every chapter of the specification. */
export const author = sqliteTable(
  "authors",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name", { length: 20 }).notNull(),
    email: text("email").notNull(),
    secret: text("secret").notNull().default("hidden"),
    role: text("role", { enum: ["writer", "editor"] })
      .notNull()
      .default("writer"),
    mentorId: integer("mentor_id").references((): AnySQLiteColumn => author.id),
  },
  (t) => [unique("uk_author_email").on(t.email)],
);

export const article = sqliteTable(
  "articles",
  {
    id: text("id")
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
    authorId: integer("author_id")
      .notNull()
      .references(() => author.id, { onDelete: "cascade" }),
    reviewerId: integer("reviewer_id").references(() => author.id),
    title: text("title", { length: 50 }).notNull(),
    body: text("body"),
    rating: real("rating"),
    views: integer("views").notNull().default(0),
    published: integer("published", { mode: "boolean" }).notNull().default(false),
    createdAt: integer("created_at", { mode: "timestamp_ms" })
      .notNull()
      .default(sql`1700000000000`),
  },
  (t) => [index("article_author").on(t.authorId)],
);

export const comment = sqliteTable("comments", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  articleId: text("article_id")
    .notNull()
    .references(() => article.id, { onDelete: "cascade" }),
  authorId: integer("author_id")
    .notNull()
    .references(() => author.id),
  text: text("text").notNull(),
  hidden: integer("hidden", { mode: "boolean" }).notNull().default(false),
});

export const tag = sqliteTable("tags", {
  id: integer("id").primaryKey(),
  label: text("label").notNull().unique(),
});

export const articleTag = sqliteTable(
  "article_tags",
  {
    articleId: text("article_id")
      .notNull()
      .references(() => article.id, { onDelete: "cascade" }),
    tagId: integer("tag_id")
      .notNull()
      .references(() => tag.id, { onDelete: "cascade" }),
  },
  (t) => [primaryKey({ columns: [t.articleId, t.tagId] })],
);

const point = customType<{ data: { x: number; y: number }; driverData: string }>({
  dataType: () => "text",
  toDriver: ({ x, y }) => `${x};${y}`,
  fromDriver: (value) => {
    const [x, y] = value.split(";").map(Number);
    return { x: x!, y: y! };
  },
});

/** One column of every type and mode. */
export const sample = sqliteTable("samples", {
  id: integer("id").primaryKey(),
  parentId: integer("parent_id").references((): AnySQLiteColumn => sample.id),
  text: text("text"),
  choice: text("choice", { enum: ["a", "b"] }),
  json: text("json", { mode: "json" }),
  integer: integer("integer"),
  flag: integer("flag", { mode: "boolean" }),
  seconds: integer("seconds", { mode: "timestamp" }),
  millis: integer("millis", { mode: "timestamp_ms" }),
  real: real("real"),
  decimal: numeric("decimal"),
  number: numeric("number", { mode: "number" }),
  numericBig: numeric("numeric_big", { mode: "bigint" }),
  big: blob("big", { mode: "bigint" }),
  bytes: blob("bytes", { mode: "buffer" }),
  blobJson: blob("blob_json", { mode: "json" }),
  point: point("point"),
});

export const authorRelations = relations(author, ({ one, many }) => ({
  articles: many(article, { relationName: "author" }),
  reviews: many(article, { relationName: "reviewer" }),
  comments: many(comment),
  mentor: one(author, { fields: [author.mentorId], references: [author.id], relationName: "mentor" }),
  students: many(author, { relationName: "mentor" }),
}));

export const articleRelations = relations(article, ({ one, many }) => ({
  author: one(author, { fields: [article.authorId], references: [author.id], relationName: "author" }),
  reviewer: one(author, { fields: [article.reviewerId], references: [author.id], relationName: "reviewer" }),
  comments: many(comment),
  tags: many(articleTag),
}));

export const commentRelations = relations(comment, ({ one }) => ({
  article: one(article, { fields: [comment.articleId], references: [article.id] }),
  author: one(author, { fields: [comment.authorId], references: [author.id] }),
}));

export const tagRelations = relations(tag, ({ many }) => ({ articles: many(articleTag) }));

export const articleTagRelations = relations(articleTag, ({ one }) => ({
  article: one(article, { fields: [articleTag.articleId], references: [article.id] }),
  tag: one(tag, { fields: [articleTag.tagId], references: [tag.id] }),
}));

export const sampleRelations = relations(sample, ({ one, many }) => ({
  parent: one(sample, { fields: [sample.parentId], references: [sample.id], relationName: "parent" }),
  children: many(sample, { relationName: "parent" }),
}));
