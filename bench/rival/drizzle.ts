// By hand: Bun.serve and Drizzle's relational queries, built for each request.
import { and, count, desc, eq, exists, gt, lt, max, sql } from "drizzle-orm";
import { type Caller, sessionReader } from "../session.ts";
import { openDrizzle, tablesOf } from "./open.ts";
import { type KeyedPost, mount, type NewPost, pageOf, type Rival } from "./rival.ts";
import { together } from "./together.ts";

const columns = { id: true, title: true, body: true, createdAt: true } as const;
const person = { columns: { id: true, name: true } } as const;

export const drizzle: Rival = ({ driver, location, session }) => {
  const db = openDrizzle(driver, location);
  const { comment, post } = tablesOf(driver);
  const insertAll = together(driver, location, db);
  return mount(sessionReader(session, db), {
    async list({ id }: Caller) {
      const posts = await db.query.post.findMany({
        columns,
        where: eq(post.userId, id),
        orderBy: (table, { desc }) => desc(table.id),
        limit: 20,
      });
      return Response.json({ count: posts.length, posts });
    },
    async withAuthors({ id }: Caller) {
      const posts = await db.query.post.findMany({
        columns,
        where: eq(post.userId, id),
        orderBy: (table, { desc }) => desc(table.id),
        limit: 20,
        with: { author: person },
      });
      return Response.json({ count: posts.length, posts });
    },
    async withComments({ id }: Caller) {
      const posts = await db.query.post.findMany({
        columns,
        where: eq(post.userId, id),
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
      });
      return Response.json({ count: posts.length, posts });
    },
    async one({ id }: Caller, postId: number) {
      const found = await db.query.post.findFirst({
        columns,
        where: and(eq(post.id, postId), eq(post.userId, id)),
      });
      return Response.json({ posts: found ?? null });
    },
    async insert({ id }: Caller, { title, body }: NewPost) {
      const posts = await db
        .insert(post)
        .values({ title, body, userId: id })
        .returning({ id: post.id, title: post.title, body: post.body, createdAt: post.createdAt });
      return Response.json({ rowsAffected: posts.length, count: posts.length, posts });
    },
    batch: async ({ id }: Caller, sent: readonly NewPost[]) => Response.json(await insertAll(id, sent)),
    async upsert({ id }: Caller, sent: readonly KeyedPost[]) {
      const posts = await db
        .insert(post)
        .values(sent.map((one) => ({ id: one.id, title: one.title, body: one.body, userId: id })))
        .onConflictDoUpdate({
          target: post.id,
          set: { title: sql`excluded.title`, body: sql`excluded.body` },
        })
        .returning({ id: post.id, title: post.title, body: post.body, createdAt: post.createdAt });
      return Response.json({ rowsAffected: posts.length, count: posts.length, posts });
    },
    async page() {
      const [total, posts] = await Promise.all([
        db.$count(post),
        db.query.post.findMany({
          columns,
          orderBy: (table, { desc }) => desc(table.id),
          limit: 20,
          offset: 40,
        }),
      ]);
      return Response.json({ total, count: posts.length, posts });
    },
    async commented(_user: Caller, by: string) {
      const posts = await db.query.post.findMany({
        columns,
        where: exists(
          db
            .select({ one: sql`1` })
            .from(comment)
            .where(and(eq(comment.postId, post.id), eq(comment.userId, by))),
        ),
        orderBy: (table, { desc }) => desc(table.id),
        limit: 20,
      });
      return Response.json({ count: posts.length, posts });
    },
    async withCounts({ id }: Caller) {
      const posts = await db
        .select({
          id: post.id,
          title: post.title,
          body: post.body,
          createdAt: post.createdAt,
          _count: { comments: db.$count(comment, eq(comment.postId, post.id)) },
        })
        .from(post)
        .where(eq(post.userId, id))
        .orderBy(desc(post.id))
        .limit(20);
      return Response.json({ count: posts.length, posts });
    },
    async titles(_user: Caller, over: number) {
      const last = max(post.id);
      const found = await db
        .select({ group: { title: post.title }, count: count(), max: { id: last } })
        .from(post)
        .groupBy(post.title)
        .having(gt(count(), over))
        .orderBy(desc(last), post.title)
        .limit(20);
      return Response.json({ count: found.length, posts: found });
    },
    async beyond(_user: Caller, after: number | undefined) {
      const found = await db.query.post.findMany({
        columns,
        where: after === undefined ? undefined : lt(post.id, after),
        orderBy: (table, { desc }) => desc(table.id),
        limit: 21,
      });
      return Response.json(pageOf(found, after));
    },
  });
};
