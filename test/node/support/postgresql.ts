import { relations } from "drizzle-orm";
import {
  boolean,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  serial,
  text,
  timestamp,
} from "drizzle-orm/pg-core";

/** The same posts and comments. */
export const post = pgTable("posts", {
  id: serial("id").primaryKey(),
  title: text("title").notNull().unique(),
  views: integer("views").notNull().default(0),
  rating: doublePrecision("rating"),
  published: boolean("published").notNull().default(true),
  tags: jsonb("tags"),
  createdAt: timestamp("created_at", { precision: 3, withTimezone: true })
    .notNull()
    .$defaultFn(() => new Date(1_700_000_000_123)),
});

export const comment = pgTable("comments", {
  id: serial("id").primaryKey(),
  postId: integer("post_id")
    .notNull()
    .references(() => post.id, { onDelete: "cascade" }),
  text: text("text").notNull(),
});

export const postRelations = relations(post, ({ many }) => ({ comments: many(comment) }));
export const commentRelations = relations(comment, ({ one }) => ({
  post: one(post, { fields: [comment.postId], references: [post.id] }),
}));
