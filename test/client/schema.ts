import { relations } from "drizzle-orm";
import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const post = sqliteTable("post", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  userId: text("user_id"),
  size: blob("size", { mode: "bigint" }),
  cover: blob("cover", { mode: "buffer" }),
  meta: text("meta", { mode: "json" }).$type<Record<string, unknown>>(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }),
});
const user = sqliteTable("user", { id: text("id").primaryKey(), name: text("name") });

export const schema = {
  post,
  user,
  postRelations: relations(post, ({ one }) => ({
    user: one(user, { fields: [post.userId], references: [user.id] }),
  })),
  userRelations: relations(user, ({ many }) => ({ post: many(post) })),
};

export type Schema = typeof schema;
