import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { DatabaseName } from "../support/databases.ts";
import { article, comment, tag } from "../support/schema.ts";
import { closing, dump, path, refusal } from "../support/write.ts";

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, with: { author: true, comments: true } } },
      POST: { writer: { select: true, where: ({ me }, table, { eq }) => eq(table.authorId, me!) } },
      PATCH: {
        writer: {
          select: true,
          where: ({ me }, table, { eq }) => eq(table.authorId, me!),
          with: { comments: { select: { columns: ["id"] } } },
        },
      },
      DELETE: {
        writer: {
          select: true,
          where: (_, table) =>
            sql`exists (select 1 from ${comment} where ${comment.articleId} = ${table.id} and ${comment.authorId} = 3)`,
        },
      },
    },
  },
  tags: {
    table: "tag",
    countTotal: true,
    control: {
      GET: { all: { select: true } },
      POST: {
        all: { select: true, write: true },
        editor: {
          select: true,
          write: true,
          beforeQuery: async ({ tx }) => {
            await pause(3);
            await tx.update(tag).set({ label: sql`${tag.label} || '!'` });
          },
          afterQuery: async ({ result }) => {
            await pause(3);
            if (result.rows.length > 1) throw new Error("one at a time");
          },
        },
      },
    },
  },
  samples: { table: "sample", control: { POST: { all: { select: true, write: true } } } },
} satisfies TestACL;

/** What every database owes whoever stands before it: reading, writing, refusing, rolling back, taking turns. */
export function conforms(on: DatabaseName): void {
  describe(on, () => {
    const keep = closing();
    const start = async (): Promise<App> => keep(await serve(acl, { on, busyTimeout: 20_000 }));
    const asWriter = { as: 2 };
    const asEditor = { as: 1, role: "editor" };

    test("reads filtered, sorted, paged and nested, values as they were stored", async () => {
      const app = await start();
      const selector = {
        columns: { id: true, rating: true, createdAt: true, published: true },
        where: { "title.ilike": "%A%", "views.gte": 5 },
        orderBy: { rating: "desc", id: "asc" },
        limit: 3,
        offset: 1,
        with: {
          author: { columns: { name: true } },
          comments: { columns: { id: true }, orderBy: { id: "desc" }, limit: 1 },
        },
      };
      expect((await app.get(path("articles", selector))).body).toEqual({
        count: 3,
        articles: [
          {
            id: "a3",
            rating: 0.1 + 0.2,
            published: false,
            createdAt: "2023-11-14T22:13:22.000Z",
            author: { name: "Ben" },
            comments: [],
          },
          {
            id: "a4",
            rating: -1,
            published: true,
            createdAt: "2023-11-14T22:13:23.500Z",
            author: { name: "Ben" },
            comments: [{ id: 6 }],
          },
          {
            id: "a2",
            rating: null,
            published: true,
            createdAt: "2023-11-14T22:13:21.000Z",
            author: { name: "Ben" },
            comments: [{ id: 5 }],
          },
        ],
      });
    });

    test("writes and gives back values of every kind", async () => {
      const app = await start();
      const sample = {
        id: 1,
        text: "ünï",
        json: { a: [1, null] },
        integer: -(2 ** 53) + 1,
        flag: true,
        seconds: "2024-02-29T12:34:56.000Z",
        millis: "1969-12-31T23:59:59.999Z",
        real: 0.1,
        decimal: "1.5",
        numericBig: "-9223372036854775808",
        big: "123456789012345678901234567890",
        bytes: "AP8=",
        blobJson: ["b"],
        point: { x: 1, y: 2 },
      };
      expect((await app.post("samples", sample)).body.samples[0]).toMatchObject(sample);
    });

    test("changes, checks and removes only what the rule admits", async () => {
      const app = await start();
      const changed = await app.patch(
        path("articles", { columns: { id: true }, with: { comments: true } }),
        { views: 1 },
        asWriter,
      );
      expect(changed.body.articles).toEqual([
        { id: "a2", comments: [{ id: 3 }, { id: 4 }, { id: 5 }] },
        { id: "a3", comments: [] },
        { id: "a4", comments: [{ id: 6 }] },
      ]);
      const before = await dump(app.database);
      expect(refusal(await app.patch("articles", { authorId: 1 }, asWriter))).toEqual({
        status: 403,
        code: "check-failed",
      });
      const mixed = [2, 1].map((authorId) => ({ authorId, title: "t" }));
      expect(refusal(await app.post("articles", mixed, asWriter))).toEqual({
        status: 403,
        code: "check-failed",
      });
      expect(await dump(app.database)).toBe(before);
      const removed = await app.remove(path("articles", { columns: { id: true } }), asWriter);
      expect(removed.body.articles).toEqual([{ id: "a1" }, { id: "a2" }]);
      expect(await app.database.$count(article)).toBe(4);
    });

    test("refuses what the tables refuse, and writes nothing of it", async () => {
      const app = await start();
      const before = await dump(app.database);
      const rows = [
        { id: 8, label: "fine" },
        { id: 9, label: "news" },
      ];
      expect(refusal(await app.post("tags", rows))).toEqual({ status: 409, code: "conflict" });
      expect(refusal(await app.post("samples", { id: 1, parentId: 9 }))).toEqual({
        status: 409,
        code: "conflict",
      });
      expect(await dump(app.database)).toBe(before);
    });

    test("commits hooks with their statement, and rolls both back together", async () => {
      const app = await start();
      const before = await dump(app.database);
      const two = [
        { id: 8, label: "x" },
        { id: 9, label: "y" },
      ];
      expect((await app.post("tags", two, asEditor)).status).toBe(500);
      expect(await dump(app.database)).toBe(before);
      const one = await app.post("tags", { id: 8, label: "x" }, asEditor);
      expect(one.body).toEqual({ total: 4, rowsAffected: 1, count: 1, tags: [{ id: 8, label: "x" }] });
      expect((await app.get("tags")).body.tags.map(({ label }: { label: string }) => label)).toEqual([
        "news!",
        "how-to!",
        "unused!",
        "x",
      ]);
    });

    test("lets many read and write at once, and loses nothing", async () => {
      const app = await start();
      await app.get("tags");
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          i % 2 === 0
            ? app.post("tags", { id: 100 + i, label: `t${i}` }, i % 4 === 0 ? asEditor : {})
            : app.get("tags?countTotal"),
        ),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(await app.database.$count(tag)).toBe(33);
      expect(app.errors).toEqual([]);
    });
  });
}
