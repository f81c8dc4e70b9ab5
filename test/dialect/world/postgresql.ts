import { relations, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  unique,
  varchar,
} from "drizzle-orm/pg-core";
import type { World } from "./sqlite.ts";

const author = pgTable(
  "authors",
  {
    id: serial("id").primaryKey(),
    name: varchar("name", { length: 20 }).notNull(),
    email: text("email").notNull(),
    secret: text("secret").notNull().default("hidden"),
    role: text("role", { enum: ["writer", "editor"] })
      .notNull()
      .default("writer"),
    mentorId: integer("mentor_id").references((): AnyPgColumn => author.id),
  },
  (t) => [unique("uk_author_email").on(t.email)],
);

const article = pgTable(
  "articles",
  {
    id: text("id")
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
    authorId: integer("author_id")
      .notNull()
      .references(() => author.id, { onDelete: "cascade" }),
    reviewerId: integer("reviewer_id").references(() => author.id),
    title: varchar("title", { length: 50 }).notNull(),
    body: text("body"),
    rating: doublePrecision("rating"),
    views: integer("views").notNull().default(0),
    published: boolean("published").notNull().default(false),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 })
      .notNull()
      .default(sql`to_timestamp(1700000000)`),
  },
  (t) => [index("article_author").on(t.authorId)],
);

const comment = pgTable("comments", {
  id: integer("id").primaryKey().generatedByDefaultAsIdentity(),
  articleId: text("article_id")
    .notNull()
    .references(() => article.id, { onDelete: "cascade" }),
  authorId: integer("author_id")
    .notNull()
    .references(() => author.id),
  text: text("text").notNull(),
  hidden: boolean("hidden").notNull().default(false),
});

const tag = pgTable("tags", {
  id: serial("id").primaryKey(),
  label: text("label").notNull().unique(),
});

const articleTag = pgTable(
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

/** `bytea` as a `Buffer`, the way Drizzle's own page shows it. */
export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

const point = customType<{ data: { x: number; y: number }; driverData: string }>({
  dataType: () => "text",
  toDriver: ({ x, y }) => `${x};${y}`,
  fromDriver: (value) => {
    const [x, y] = value.split(";").map(Number);
    return { x: x!, y: y! };
  },
});

/** One column of every kind that both databases have. */
const sample = pgTable("samples", {
  id: serial("id").primaryKey(),
  parentId: integer("parent_id").references((): AnyPgColumn => sample.id),
  text: text("text"),
  choice: text("choice", { enum: ["a", "b"] }),
  json: jsonb("json"),
  integer: bigint("integer", { mode: "number" }),
  flag: boolean("flag"),
  seconds: timestamp("seconds", { withTimezone: true, precision: 0 }),
  millis: timestamp("millis", { withTimezone: true, precision: 3 }),
  real: doublePrecision("real"),
  decimal: numeric("decimal"),
  number: numeric("number", { mode: "number" }),
  numericBig: bigint("numeric_big", { mode: "bigint" }),
  big: numeric("big", { mode: "bigint" }),
  bytes: bytea("bytes"),
  blobJson: jsonb("blob_json"),
  point: point("point"),
});

const product = pgTable(
  "products",
  {
    id: serial("id").primaryKey(),
    name: text("name").notNull(),
    price: integer("price").notNull().default(0),
    double: integer("double").generatedAlwaysAs(sql`price * 2`),
    version: integer("version")
      .notNull()
      .default(0)
      .$onUpdate(() => 7),
  },
  (t) => [check("price_not_negative", sql`${t.price} >= 0`)],
);

const fields = Object.fromEntries(
  Array.from({ length: 70 }, (_, i) => [`f${i}`, integer(`f${i}`)]),
) as Record<`f${number}`, ReturnType<typeof integer>>;

const wide = pgTable("wides", { id: serial("id").primaryKey(), ...fields });

const membership = pgTable("memberships", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  orgId: integer("org_id").notNull(),
  userId: integer("user_id").notNull(),
  role: text("role").notNull().default("member"),
});

const trail = pgTable("trails", {
  id: integer("id").primaryKey().generatedByDefaultAsIdentity(),
  owner: integer("owner").notNull().default(1),
  label: text("label").notNull(),
});

const authorRelations = relations(author, ({ one, many }) => ({
  articles: many(article, { relationName: "author" }),
  reviews: many(article, { relationName: "reviewer" }),
  comments: many(comment),
  mentor: one(author, { fields: [author.mentorId], references: [author.id], relationName: "mentor" }),
  students: many(author, { relationName: "mentor" }),
}));

const articleRelations = relations(article, ({ one, many }) => ({
  author: one(author, { fields: [article.authorId], references: [author.id], relationName: "author" }),
  reviewer: one(author, { fields: [article.reviewerId], references: [author.id], relationName: "reviewer" }),
  comments: many(comment),
  tags: many(articleTag),
}));

const commentRelations = relations(comment, ({ one }) => ({
  article: one(article, { fields: [comment.articleId], references: [article.id] }),
  author: one(author, { fields: [comment.authorId], references: [author.id] }),
}));

const tagRelations = relations(tag, ({ many }) => ({ articles: many(articleTag) }));

const articleTagRelations = relations(articleTag, ({ one }) => ({
  article: one(article, { fields: [articleTag.articleId], references: [article.id] }),
  tag: one(tag, { fields: [articleTag.tagId], references: [tag.id] }),
}));

const sampleRelations = relations(sample, ({ one, many }) => ({
  parent: one(sample, { fields: [sample.parentId], references: [sample.id], relationName: "parent" }),
  children: many(sample, { relationName: "parent" }),
}));

const tables = {
  author,
  article,
  comment,
  tag,
  articleTag,
  sample,
  product,
  wide,
  membership,
  trail,
  authorRelations,
  articleRelations,
  commentRelations,
  tagRelations,
  articleTagRelations,
  sampleRelations,
} satisfies Record<keyof World, unknown>;

/** The tables of the conformance suite in PostgreSQL's words. */
export const world = tables;
