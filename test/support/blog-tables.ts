import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// Authors, their posts and comments, with keys that the database makes: the same in both databases' words.

const sqliteTables = () => {
  const { sqliteTable: table, integer, text } = lite;
  const id = () => integer("id").primaryKey({ autoIncrement: true });
  const author = table("authors", { id: id(), name: text("name").notNull(), email: text("email").unique() });
  const post = table("posts", {
    id: id(),
    authorId: integer("author_id")
      .notNull()
      .references(() => author.id),
    title: text("title").notNull(),
    secret: text("secret"),
    stock: integer("stock").notNull().default(0),
    meta: text("meta", { mode: "json" }),
    version: integer("version").notNull().default(1),
  });
  const comment = table("comments", {
    id: id(),
    postId: integer("post_id")
      .notNull()
      .references(() => post.id),
    text: text("text").notNull(),
    size: text("size"),
  });
  return { author, post, comment };
};

const postgresqlTables = () => {
  const { pgTable: table, integer, text } = pg;
  const id = () => integer("id").primaryKey().generatedByDefaultAsIdentity();
  const author = table("authors", { id: id(), name: text("name").notNull(), email: text("email").unique() });
  const post = table("posts", {
    id: id(),
    authorId: integer("author_id")
      .notNull()
      .references(() => author.id),
    title: text("title").notNull(),
    secret: text("secret"),
    stock: integer("stock").notNull().default(0),
    meta: pg.jsonb("meta"),
    version: integer("version").notNull().default(1),
  });
  const comment = table("comments", {
    id: id(),
    postId: integer("post_id")
      .notNull()
      .references(() => post.id),
    text: text("text").notNull(),
    size: text("size"),
  });
  return { author, post, comment };
};

/** Relations say the same in both. */
function related(tables: ReturnType<typeof sqliteTables>) {
  const { author, post, comment } = tables;
  return {
    ...tables,
    authorRelations: relations(author, ({ many }) => ({ posts: many(post) })),
    postRelations: relations(post, ({ one, many }) => ({
      author: one(author, { fields: [post.authorId], references: [author.id] }),
      comments: many(comment),
    })),
    commentRelations: relations(comment, ({ one }) => ({
      post: one(post, { fields: [comment.postId], references: [post.id] }),
    })),
  };
}

export const sqlite = related(sqliteTables());
// The shapes are the same; only Drizzle's own types tell them apart.
export const postgresql = related(postgresqlTables() as never);

/** What empties the tables and fills them anew, as statements; keys that are made begin behind them. */
export const fresh = (speaks: "sqlite" | "postgresql"): readonly string[] => [
  ...["comments", "posts", "authors"].map((table) => `delete from ${table}`),
  ...(speaks === "sqlite"
    ? ["delete from sqlite_sequence"]
    : ["authors", "posts", "comments"].map(
        (table) => `alter table ${table} alter column id restart with 10`,
      )),
  "insert into authors (id, name, email) values (1, 'Ann', 'ann@x'), (9, 'Bob', 'bob@x')",
  `insert into posts (id, author_id, title, secret, stock, meta) values
    (1, 1, 'first', 's1', 5, '{"a":1}'), (9, 9, 'other', 's9', 7, '{"a":9}')`,
  "insert into comments (id, post_id, text) values (1, 1, 'go'), (9, 9, 'no')",
];
