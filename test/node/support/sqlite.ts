import { relations } from "drizzle-orm";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Posts and their comments. */
export const post = sqliteTable("posts", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  title: text("title").notNull().unique(),
  views: integer("views").notNull().default(0),
  rating: real("rating"),
  published: integer("published", { mode: "boolean" }).notNull().default(true),
  tags: text("tags", { mode: "json" }),
  createdAt: integer("created_at", { mode: "timestamp_ms" })
    .notNull()
    .$defaultFn(() => new Date(1_700_000_000_123)),
});

export const comment = sqliteTable("comments", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  postId: integer("post_id")
    .notNull()
    .references(() => post.id, { onDelete: "cascade" }),
  text: text("text").notNull(),
});

export const postRelations = relations(post, ({ many }) => ({ comments: many(comment) }));
export const commentRelations = relations(comment, ({ one }) => ({
  post: one(post, { fields: [comment.postId], references: [post.id] }),
}));
