// By hand: Bun.serve and Drizzle's queries, each built once at start.
import { and, count, eq, sql } from "drizzle-orm";
import { type Caller, sessionReader } from "../session.ts";
import { openDrizzle, tablesOf } from "./open.ts";
import { mount, type NewPost, type Rival } from "./rival.ts";

const columns = { id: true, title: true, body: true, createdAt: true } as const;
const person = { columns: { id: true, name: true } } as const;

/** Statements of PostgreSQL are prepared under a name. */
const prepare = <Prepared>(name: string, query: { prepare(): Prepared }): Prepared =>
  (query.prepare as (name: string) => Prepared).call(query, name);

export const prepared: Rival = ({ driver, location, session }) => {
  const db = openDrizzle(driver, location);
  const { comment, post } = tablesOf(driver);
  const mine = eq(post.userId, sql.placeholder("user"));
  const list = prepare(
    "list",
    db.query.post.findMany({ columns, where: mine, orderBy: (table, { desc }) => desc(table.id), limit: 20 }),
  );
  const withAuthors = prepare(
    "withAuthors",
    db.query.post.findMany({
      columns,
      where: mine,
      orderBy: (table, { desc }) => desc(table.id),
      limit: 20,
      with: { author: person },
    }),
  );
  const withComments = prepare(
    "withComments",
    db.query.post.findMany({
      columns,
      where: mine,
      orderBy: (table, { desc }) => desc(table.id),
      limit: 20,
      with: {
        comments: {
          columns: { id: true, body: true, createdAt: true },
          orderBy: comment.id,
          limit: 10,
          with: { author: person },
        },
      },
    }),
  );
  const one = prepare(
    "one",
    db.query.post.findFirst({ columns, where: and(eq(post.id, sql.placeholder("id")), mine) }),
  );
  const insert = prepare(
    "insert",
    db
      .insert(post)
      .values({
        title: sql.placeholder("title"),
        body: sql.placeholder("body"),
        userId: sql.placeholder("user"),
        createdAt: sql.placeholder("now"),
        updatedAt: sql.placeholder("now"),
      })
      .returning({ id: post.id, title: post.title, body: post.body, createdAt: post.createdAt }),
  );
  const page = prepare(
    "page",
    db.query.post.findMany({ columns, orderBy: (table, { desc }) => desc(table.id), limit: 20, offset: 40 }),
  );
  const total = prepare("total", db.select({ total: count() }).from(post));

  return mount(sessionReader(session, db), {
    async list({ id }: Caller) {
      const posts = await list.execute({ user: id });
      return Response.json({ count: posts.length, posts });
    },
    async withAuthors({ id }: Caller) {
      const posts = await withAuthors.execute({ user: id });
      return Response.json({ count: posts.length, posts });
    },
    async withComments({ id }: Caller) {
      const posts = await withComments.execute({ user: id });
      return Response.json({ count: posts.length, posts });
    },
    async one({ id }: Caller, postId: number) {
      const found = await one.execute({ user: id, id: postId });
      return Response.json({ posts: found ?? null });
    },
    async insert({ id }: Caller, { title, body }: NewPost) {
      const posts = await insert.execute({ title, body, user: id, now: new Date() });
      return Response.json({ rowsAffected: posts.length, count: posts.length, posts });
    },
    async page() {
      const [counted, posts] = await Promise.all([total.execute(), page.execute()]);
      return Response.json({ total: counted[0]?.total, count: posts.length, posts });
    },
  });
};
