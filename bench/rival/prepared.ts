// By hand: Bun.serve and Drizzle's queries, each built once at start.
import { and, count, desc, eq, exists, gt, lt, max, sql } from "drizzle-orm";
import { type Caller, sessionReader } from "../session.ts";
import { openDrizzle, tablesOf } from "./open.ts";
import { type KeyedPost, mount, type NewPost, pageOf, type Rival } from "./rival.ts";
import { together } from "./together.ts";

const columns = { id: true, title: true, body: true, createdAt: true } as const;
const person = { columns: { id: true, name: true } } as const;

/** Statements of PostgreSQL are prepared under a name. */
const prepare = <Prepared>(name: string, query: { prepare(): Prepared }): Prepared =>
  (query.prepare as (name: string) => Prepared).call(query, name);

export const prepared: Rival = ({ driver, location, session }) => {
  const db = openDrizzle(driver, location);
  const { comment, post } = tablesOf(driver);
  const insertAll = together(driver, location, db);
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
  const commented = prepare(
    "commented",
    db.query.post.findMany({
      columns,
      where: exists(
        db
          .select({ one: sql`1` })
          .from(comment)
          .where(and(eq(comment.postId, post.id), eq(comment.userId, sql.placeholder("by")))),
      ),
      orderBy: (table, { desc }) => desc(table.id),
      limit: 20,
    }),
  );
  const withCounts = prepare(
    "withCounts",
    db
      .select({
        id: post.id,
        title: post.title,
        body: post.body,
        createdAt: post.createdAt,
        _count: { comments: db.$count(comment, eq(comment.postId, post.id)) },
      })
      .from(post)
      .where(mine)
      .orderBy(desc(post.id))
      .limit(20),
  );
  const titles = prepare(
    "titles",
    db
      .select({ group: { title: post.title }, count: count(), max: { id: max(post.id) } })
      .from(post)
      .groupBy(post.title)
      .having(gt(count(), sql.placeholder("over")))
      .orderBy(desc(max(post.id)), post.title)
      .limit(20),
  );
  const newest = { columns, orderBy: desc(post.id), limit: 21 } as const;
  const first = prepare("first", db.query.post.findMany(newest));
  const beyond = prepare(
    "beyond",
    db.query.post.findMany({ ...newest, where: lt(post.id, sql.placeholder("after")) }),
  );

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
      const [counted, posts] = await Promise.all([total.execute(), page.execute()]);
      return Response.json({ total: counted[0]?.total, count: posts.length, posts });
    },
    async commented(_user: Caller, by: string) {
      const posts = await commented.execute({ by });
      return Response.json({ count: posts.length, posts });
    },
    async withCounts({ id }: Caller) {
      const posts = await withCounts.execute({ user: id });
      return Response.json({ count: posts.length, posts });
    },
    async titles(_user: Caller, over: number) {
      const found = await titles.execute({ over });
      return Response.json({ count: found.length, posts: found });
    },
    async beyond(_user: Caller, after: number | undefined) {
      const found = after === undefined ? await first.execute() : await beyond.execute({ after });
      return Response.json(pageOf(found, after));
    },
  });
};
