import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { Place } from "./everywhere.ts";

// A blog whose posts are written with their authors, comments and tags; and orders by two columns.

/** The tables of a database, made with its own words. */
// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const tablesOf = ({ table, integer, text, primaryKey }: any) => {
  const user = table("users", {
    id: integer("id").primaryKey(),
    name: text("name").notNull(),
    hidden: integer("hidden").notNull().default(0),
  });
  const post = table("posts", {
    id: integer("id").primaryKey(),
    title: text("title").notNull(),
    owner: text("owner").notNull().default("ann"),
    authorId: integer("author_id").references(() => user.id),
    changes: integer("changes").notNull().default(1),
  });
  const comment = table("comments", {
    id: integer("id").primaryKey(),
    text: text("text").notNull(),
    owner: text("owner").notNull().default("ann"),
    postId: integer("post_id").references(() => post.id),
    /** It refers to itself. */
    // oxlint-disable-next-line typescript/no-explicit-any -- as Drizzle has it
    upId: integer("up_id").references((): any => comment.id),
  });
  const line = table("lines", {
    id: integer("id").primaryKey(),
    postId: integer("post_id")
      .notNull()
      .references(() => post.id),
    place: integer("place").notNull(),
  });
  const tag = table("tags", { id: integer("id").primaryKey(), name: text("name").notNull() });
  const postTag = table(
    "post_tags",
    {
      postId: integer("post_id")
        .notNull()
        .references(() => post.id),
      tagId: integer("tag_id")
        .notNull()
        .references(() => tag.id),
      note: text("note"),
    },
    // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
    (t: any) => [primaryKey({ columns: [t.postId, t.tagId] })],
  );
  const profile = table("profiles", {
    id: integer("id").primaryKey(),
    bio: text("bio").notNull(),
    userId: integer("user_id")
      .unique()
      .references(() => user.id),
  });
  return {
    user,
    post,
    comment,
    line,
    tag,
    postTag,
    profile,
    userRelations: relations(user, ({ one, many }) => ({ posts: many(post), profile: one(profile) })),
    profileRelations: relations(profile, ({ one }) => ({
      user: one(user, { fields: [profile.userId], references: [user.id] }),
    })),
    postRelations: relations(post, ({ one, many }) => ({
      author: one(user, { fields: [post.authorId], references: [user.id] }),
      comments: many(comment),
      lines: many(line),
      postTags: many(postTag),
    })),
    commentRelations: relations(comment, ({ one, many }) => ({
      post: one(post, { fields: [comment.postId], references: [post.id] }),
      up: one(comment, { fields: [comment.upId], references: [comment.id], relationName: "up" }),
      replies: many(comment, { relationName: "up" }),
    })),
    lineRelations: relations(line, ({ one }) => ({
      post: one(post, { fields: [line.postId], references: [post.id] }),
    })),
    tagRelations: relations(tag, ({ many }) => ({ postTags: many(postTag) })),
    postTagRelations: relations(postTag, ({ one }) => ({
      post: one(post, { fields: [postTag.postId], references: [post.id] }),
      tag: one(tag, { fields: [postTag.tagId], references: [tag.id] }),
    })),
  };
};

/** The tables in both databases' words. */
export const TABLES = {
  sqlite: tablesOf({ table: lite.sqliteTable, ...lite }),
  postgresql: tablesOf({
    table: pg.pgTable,
    ...pg,
    integer: (name: string) => {
      const column = pg.integer(name);
      // As SQLite's own: a key that nobody gives is the next.
      return name === "id" ? pg.serial(name) : column;
    },
  }),
};

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Filter = (context: object, table: any, operators: any) => unknown;
const anns: Filter = (_, { owner }, { eq }) => eq(owner, "ann");

/** Everybody is Ann, and Bob's rows are not hers. */
const written = (rule: object = {}): object => ({ all: { select: true, where: anns, ...rule } });

const tags = { through: ["postTags", "tag"], resource: "tags", join: "postTags" };

/** The rules of the blog. */
export const BLOG = {
  users: {
    table: "user",
    control: {
      GET: { all: { select: true, where: ((_, { hidden }, { eq }) => eq(hidden, 0)) as Filter } },
      POST: { all: { select: true, with: { profile: true }, nest: { profile: "profiles", posts: "posts" } } },
      PATCH: {
        all: {
          select: true,
          with: { profile: true },
          write: { columns: ["name"] },
          where: ((_, { hidden }, { eq }) => eq(hidden, 0)) as Filter,
          nest: { profile: "profiles" },
        },
      },
    },
  },
  profiles: {
    table: "profile",
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: true } },
      PATCH: { all: { select: true, requireWhere: "key" } },
    },
  },
  posts: {
    table: "post",
    control: {
      GET: written({ with: { author: true, comments: true, lines: true, postTags: true } }),
      POST: written({
        with: {
          author: true,
          comments: {
            select: true,
            maxLimit: 9,
            with: { replies: { select: true, maxLimit: 9 } },
            orderBy: { id: "asc" },
          },
          lines: true,
          postTags: true,
        },
        write: { columns: ["title", "owner", "authorId"] },
        nest: { author: "users", comments: "comments", lines: "lines", tags },
      }),
      PATCH: written({
        with: {
          author: true,
          comments: { select: true, orderBy: { id: "asc" } },
          lines: true,
          postTags: true,
        },
        write: { columns: ["title", "owner", "authorId"] },
        nest: { author: "users", comments: "comments", lines: "lines", tags },
      }),
      DELETE: written(),
    },
  },
  comments: {
    table: "comment",
    control: {
      GET: written(),
      POST: written({
        validateBody: (body: { readonly text?: unknown }) => {
          if (body.text === "spam")
            throw Object.assign(new Error(), { issues: [{ message: "no spam", path: ["text"] }] });
          return body;
        },
        nest: { replies: "comments", post: "posts" },
      }),
      PATCH: written({ nest: { replies: "comments", post: "posts", up: "comments" } }),
      DELETE: written(),
    },
  },
  lines: {
    table: "line",
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: true, write: { columns: ["id", "place", "postId"] } } },
      PATCH: { all: { select: true } },
      DELETE: { all: { select: true } },
    },
  },
  tags: {
    table: "tag",
    control: {
      GET: { all: { select: true, where: ((_, { name }, { ne }) => ne(name, "secret")) as Filter } },
    },
  },
  postTags: {
    table: "postTag",
    control: {
      POST: { all: { select: true } },
      DELETE: { all: { select: true } },
      GET: { all: { select: true } },
    },
  },
};

/** Everything that a test finds there. */
const ROWS = [
  "insert into users (id, name, hidden) values (1, 'Ann', 0), (2, 'Bob', 0), (3, 'Eve', 1)",
  "insert into profiles (id, bio, user_id) values (1, 'Ann''s', 1), (2, 'loose', null)",
  "insert into posts (id, title, owner, author_id) values (1, 'one', 'ann', 1), (2, 'two', 'ann', null), (3, 'three', 'bob', 2)",
  "insert into comments (id, text, owner, post_id) values (1, 'a', 'ann', 1), (2, 'b', 'ann', 1), (3, 'c', 'bob', 1), (4, 'd', 'ann', 2), (5, 'e', 'ann', null), (6, 'f', 'bob', null)",
  "insert into lines (id, post_id, place) values (1, 1, 1), (2, 1, 2), (3, 2, 1)",
  "insert into tags (id, name) values (1, 'red'), (2, 'green'), (3, 'blue'), (4, 'secret')",
  "insert into post_tags (post_id, tag_id, note) values (1, 1, 'kept'), (1, 2, null)",
];
const NAMES = ["post_tags", "lines", "comments", "posts", "profiles", "users", "tags"];

/** Leaves nothing but those rows. */
export async function refill({ run, speaks }: Pick<Place, "run" | "speaks">): Promise<void> {
  for (const name of NAMES) await run(`delete from ${name}`);
  for (const text of ROWS) await run(text);
  if (speaks === "postgresql")
    for (const name of NAMES.filter((one) => one !== "post_tags"))
      await run(`select setval(pg_get_serial_sequence('${name}', 'id'), 100)`);
}
