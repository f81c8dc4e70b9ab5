import { relations } from "drizzle-orm";
import { boolean, integer as pgInteger, pgTable, text as pgText } from "drizzle-orm/pg-core";
import { type AnySQLiteColumn, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

// Tables whose rows the database keeps together: what goes or changes takes others along, in each of the ways there are.

const member = sqliteTable("members", {
  id: integer("id").primaryKey(),
  code: text("code").notNull().unique(),
  org: text("org").notNull(),
  name: text("name").notNull(),
  bossId: integer("boss_id").references((): AnySQLiteColumn => member.id, { onDelete: "set null" }),
});
const post = sqliteTable("posts", {
  id: integer("id").primaryKey(),
  authorId: integer("author_id")
    .notNull()
    .references(() => member.id, { onDelete: "cascade" }),
  org: text("org").notNull(),
  title: text("title").notNull(),
  score: integer("score").notNull(),
  hidden: integer("hidden", { mode: "boolean" }).notNull().default(false),
});
const note = sqliteTable("notes", {
  id: integer("id").primaryKey(),
  postId: integer("post_id")
    .notNull()
    .references(() => post.id, { onDelete: "cascade" }),
  by: text("by").references(() => member.code, { onDelete: "set null", onUpdate: "cascade" }),
  text: text("text").notNull(),
});
const badge = sqliteTable("badges", {
  id: integer("id").primaryKey(),
  memberId: integer("member_id").references(() => member.id, { onDelete: "set null" }),
  org: text("org").notNull(),
});

const pgMember = pgTable("members", {
  id: pgInteger("id").primaryKey(),
  code: pgText("code").notNull().unique(),
  org: pgText("org").notNull(),
  name: pgText("name").notNull(),
  bossId: pgInteger("boss_id").references((): AnyPgColumn => pgMember.id, { onDelete: "set null" }),
});
const pgPost = pgTable("posts", {
  id: pgInteger("id").primaryKey(),
  authorId: pgInteger("author_id")
    .notNull()
    .references(() => pgMember.id, { onDelete: "cascade" }),
  org: pgText("org").notNull(),
  title: pgText("title").notNull(),
  score: pgInteger("score").notNull(),
  hidden: boolean("hidden").notNull().default(false),
});
const pgNote = pgTable("notes", {
  id: pgInteger("id").primaryKey(),
  postId: pgInteger("post_id")
    .notNull()
    .references(() => pgPost.id, { onDelete: "cascade" }),
  by: pgText("by").references(() => pgMember.code, { onDelete: "set null", onUpdate: "cascade" }),
  text: pgText("text").notNull(),
});
const pgBadge = pgTable("badges", {
  id: pgInteger("id").primaryKey(),
  memberId: pgInteger("member_id").references(() => pgMember.id, { onDelete: "set null" }),
  org: pgText("org").notNull(),
});

type Tables = { member: typeof member; post: typeof post; note: typeof note; badge: typeof badge };

/** The same tables with their relations, which are the same in either database. */
const related = (tables: Tables) => ({
  ...tables,
  memberRelations: relations(tables.member, ({ one, many }) => ({
    boss: one(tables.member, {
      fields: [tables.member.bossId],
      references: [tables.member.id],
      relationName: "boss",
    }),
    staff: many(tables.member, { relationName: "boss" }),
    posts: many(tables.post),
    notes: many(tables.note),
  })),
  postRelations: relations(tables.post, ({ one, many }) => ({
    author: one(tables.member, { fields: [tables.post.authorId], references: [tables.member.id] }),
    notes: many(tables.note),
  })),
  noteRelations: relations(tables.note, ({ one }) => ({
    post: one(tables.post, { fields: [tables.note.postId], references: [tables.post.id] }),
    writer: one(tables.member, { fields: [tables.note.by], references: [tables.member.code] }),
  })),
});

export const BONDS = {
  sqlite: related({ member, post, note, badge }),
  // What differs is the driver's business, and the tests speak of neither's types.
  postgresql: related({ member: pgMember, post: pgPost, note: pgNote, badge: pgBadge } as unknown as Tables),
} as const;

export type Bonds = (typeof BONDS)[keyof typeof BONDS];
