import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const post = sqliteTable("post", {
  id: integer("id").primaryKey(),
  authorId: integer("author_id").notNull(),
  title: text("title").notNull(),
});

export const schema = { post };

/** So many authors, each of as many posts as there are of an answer. */
export const AUTHORS = 1_000;
const ROWS = 20 * AUTHORS;

/** What makes the table and fills it. */
export const statements: readonly string[] = [
  "create table post (id integer primary key, author_id integer not null, title text not null)",
  "create index post_author on post (author_id)",
  `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${ROWS - 1})
   insert into post select i + 1, i % ${AUTHORS}, 'post number ' || i from n`,
];
