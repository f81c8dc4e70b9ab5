import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const tablesOf = ({ table, integer, text, key }: any) => {
  const post = table("posts", { id: integer("id").primaryKey(), title: text("title").notNull() });
  const comment = table("comments", {
    id: key("id").primaryKey(),
    text: text("text").notNull(),
    postId: integer("post_id").references(() => post.id, { onDelete: "cascade" }),
  });
  return {
    post,
    comment,
    postRelations: relations(post, ({ many }) => ({ comments: many(comment) })),
    commentRelations: relations(comment, ({ one }) => ({
      post: one(post, { fields: [comment.postId], references: [post.id] }),
    })),
  };
};

/** Posts and their comments, which go with them. */
export const sqlite = tablesOf({ table: lite.sqliteTable, ...lite, key: lite.integer });
/** The same tables. */
export const postgresql = tablesOf({ table: pg.pgTable, ...pg, key: pg.serial });

const rule = { select: true, write: { columns: ["id", "title"] }, with: { comments: true } };
const nest = { comments: "comments" };
const every = { all: { select: true } };

/** Posts whose comments are written with them, and comments that are not. */
export const nested = {
  acl: {
    posts: {
      table: "post",
      control: {
        GET: { all: { select: true } },
        POST: { all: { ...rule, nest } },
        PATCH: { all: { ...rule, nest } },
        DELETE: every,
      },
    },
    comments: {
      table: "comment",
      control: { GET: every, POST: every, PATCH: every, DELETE: every },
    },
  },
};
