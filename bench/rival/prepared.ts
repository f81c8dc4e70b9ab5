// By hand: Bun.serve and Drizzle's queries, each built once at start.
import { and, count, eq, sql } from "drizzle-orm";
import { comment, post } from "../schema.ts";
import { type Caller, sessionReader } from "../session.ts";
import { openDrizzle } from "./open.ts";
import { mount, type NewPost, type Rival } from "./rival.ts";

const columns = { id: true, title: true, body: true, createdAt: true } as const;
const person = { columns: { id: true, name: true } } as const;
const mine = eq(post.userId, sql.placeholder("user"));

export const prepared: Rival = ({ driver, file, session }) => {
  const db = openDrizzle(driver, file);
  const list = db.query.post
    .findMany({ columns, where: mine, orderBy: (table, { desc }) => desc(table.id), limit: 20 })
    .prepare();
  const withAuthors = db.query.post
    .findMany({
      columns,
      where: mine,
      orderBy: (table, { desc }) => desc(table.id),
      limit: 20,
      with: { author: person },
    })
    .prepare();
  const withComments = db.query.post
    .findMany({
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
    })
    .prepare();
  const one = db.query.post
    .findFirst({ columns, where: and(eq(post.id, sql.placeholder("id")), mine) })
    .prepare();
  const insert = db
    .insert(post)
    .values({
      title: sql.placeholder("title"),
      body: sql.placeholder("body"),
      userId: sql.placeholder("user"),
      createdAt: sql`${sql.placeholder("now")}`,
      updatedAt: sql`${sql.placeholder("now")}`,
    })
    .returning({ id: post.id, title: post.title, body: post.body, createdAt: post.createdAt })
    .prepare();
  const page = db.query.post
    .findMany({ columns, orderBy: (table, { desc }) => desc(table.id), limit: 20, offset: 40 })
    .prepare();
  const total = db.select({ total: count() }).from(post).prepare();

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
      const posts = await insert.all({ title, body, user: id, now: Date.now() });
      return Response.json({ rowsAffected: posts.length, count: posts.length, posts });
    },
    async page() {
      const [counted, posts] = await Promise.all([total.all(), page.execute()]);
      return Response.json({ total: counted[0]?.total, count: posts.length, posts });
    },
  });
};
