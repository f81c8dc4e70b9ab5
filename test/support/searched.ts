import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { searchMigration } from "@bepalo/query";
import type { Place, Tables } from "./everywhere.ts";

/** Posts and comments in both databases' words, in which words are looked for. */

const sqliteTables = () => ({
  // A key that is no number of a row, and columns that are called otherwise in the database.
  post: lite.sqliteTable("posts", {
    id: lite.text().primaryKey(),
    title: lite.text("headline").notNull(),
    body: lite.text(),
    note: lite.text(),
    hidden: lite.integer({ mode: "boolean" }).notNull().default(false),
  }),
  comment: lite.sqliteTable(
    "comments",
    {
      id: lite.integer().primaryKey(),
      postId: lite.text("post_id").notNull(),
      text: lite.text().notNull(),
      hidden: lite.integer({ mode: "boolean" }).notNull().default(false),
    },
    (t) => [lite.index("comments_post").on(t.postId)],
  ),
});

const postgresqlTables = () => ({
  post: pg.pgTable("posts", {
    id: pg.text().primaryKey(),
    title: pg.varchar("headline", { length: 200 }).notNull(),
    body: pg.text(),
    note: pg.text(),
    hidden: pg.boolean().notNull().default(false),
  }),
  comment: pg.pgTable(
    "comments",
    {
      id: pg.integer().primaryKey(),
      postId: pg.text("post_id").notNull(),
      text: pg.text().notNull(),
      hidden: pg.boolean().notNull().default(false),
    },
    (t) => [pg.index("comments_post").on(t.postId)],
  ),
});

// oxlint-disable-next-line typescript/no-explicit-any -- the same relations over tables of two databases
const related = ({ post, comment }: any) => ({
  postRelations: relations(post, ({ many }) => ({ comments: many(comment) })),
  commentRelations: relations(comment, ({ one }) => ({
    post: one(post, { fields: [comment.postId], references: [post.id] }),
  })),
});

const sqlite = sqliteTables();
const postgresql = postgresqlTables();
const schemas = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
} as const;

/** What is true of the tables: words of a title weigh more than those of a body. */
export const FACTS = {
  post: { search: { columns: ["title", "body"] } },
  comment: { search: { columns: ["text"] } },
} as const;

const made = (schema: Record<string, unknown>): readonly string[] => [
  ...searchMigration(FACTS, "post", schema),
  ...searchMigration(FACTS, "comment", schema),
];

/** The tables with their relations and indexes. */
export const SEARCHED: Tables = {
  ...schemas,
  made: { sqlite: made(schemas.sqlite), postgresql: made(schemas.postgresql) },
};

/** A post as tests write it. */
export interface Post {
  readonly id: string;
  readonly title: string;
  readonly body?: string | null;
  readonly note?: string | null;
  readonly hidden?: boolean;
}

/** A comment as tests write it. */
export interface Comment {
  readonly id: number;
  readonly postId: string;
  readonly text: string;
  readonly hidden?: boolean;
}

/** Puts rows in a table. */
export async function put(
  { database, schema }: Pick<Place, "database" | "schema">,
  table: "post" | "comment",
  rows: readonly (Post | Comment)[],
): Promise<void> {
  // oxlint-disable-next-line typescript/no-explicit-any -- either database's
  if (rows.length > 0) await (database as any).insert(schema[table]).values([...rows]);
}
