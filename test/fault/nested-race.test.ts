import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { relations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { ddl } from "../support/databases.ts";
import { asked, type Told } from "../support/everywhere.ts";
import { openPostgresql } from "../support/postgresql.ts";
import { SERVERS } from "./postgresql.ts";

// Rows that are written with others while their parents are deleted, and while others take their children.

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
const sqlite = tablesOf({ table: lite.sqliteTable, ...lite, key: lite.integer });
const postgresql = tablesOf({ table: pg.pgTable, ...pg, key: pg.serial });

const rule = { select: true, write: { columns: ["id", "title"] }, with: { comments: true } };
const nest = { comments: "comments" };
const every = { all: { select: true } };
const acl = {
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
};

/** A database that two use, each by a connection, or a pool, of his own. */
interface Shared {
  readonly databases: readonly unknown[];
  readonly schema: Record<string, unknown>;
  readonly run: (text: string) => Promise<unknown>;
  readonly close: () => unknown;
}

async function openFile(): Promise<Shared> {
  const folder = mkdtempSync(join(tmpdir(), "query-nested-"));
  const clients = [1, 2].map(() => createClient({ url: `file:${join(folder, "test.db")}` }));
  const run = (text: string): Promise<unknown> => clients[0]!.execute(text);
  for (const text of ["pragma journal_mode = wal", ...(await ddl(sqlite))]) await run(text);
  return {
    databases: clients.map((client) => drizzle(client, { schema: sqlite })),
    schema: sqlite,
    run,
    close: () => {
      for (const client of clients) client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openServer(name: (typeof SERVERS)[number]["name"]): Promise<Shared> {
  const { database, close } = await openPostgresql(name, postgresql);
  // oxlint-disable-next-line typescript/no-explicit-any -- each driver's own way
  const run = async (text: string): Promise<unknown> => (database as any).execute(text);
  return { databases: [database, database], schema: postgresql, run, close };
}

const PLACES: readonly (readonly [string, boolean, () => Promise<Shared>])[] = [
  ["libsql file", false, openFile],
  ...SERVERS.map(({ name, leftOut }) => [name, leftOut, () => openServer(name)] as const),
];

for (const [name, leftOut, make] of PLACES)
  describe.skipIf(leftOut)(name, () => {
    let shared: Shared;
    let handlers: QueryHandler[];
    const errors: unknown[] = [];
    const send = (by: number, method: string, path: string, body?: unknown): Promise<Told> =>
      asked(handlers[by % 2]!, method, path, body);
    const patch = (by: number, id: number, body: unknown): Promise<Told> =>
      send(by, "PATCH", `posts?select=(columns:F,where:(id:${id}))`, body);
    const comments = async (): Promise<readonly { readonly id: number; readonly postId: number | null }[]> =>
      (await send(0, "GET", "comments?select=(limit:100,orderBy:(id:asc))")).body.comments;

    beforeEach(async () => {
      shared = await make();
      handlers = shared.databases.map((database) =>
        createQueryHandler({
          acl,
          database,
          schema: shared.schema,
          onWarning: () => undefined,
          onError: (error) => errors.push(error),
        }),
      );
    }, 60_000);
    afterEach(async () => {
      await shared.close();
      expect(errors.splice(0)).toEqual([]);
    });

    test("a parent that is deleted meanwhile leaves no child behind, and nobody is answered 500", async () => {
      for (let round = 0; round < 5; round++) {
        await send(0, "POST", "posts", { id: round, title: "t", comments: [{ text: "first" }] });
        const told = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            index === 4
              ? send(index, "DELETE", `posts?select=(columns:F,where:(id:${round}))`)
              : patch(index, round, { title: `t${index}`, comments: [{ text: "a" }, { text: "b" }] }),
          ),
        );
        for (const { status } of told) expect([200, 409, 503]).toContain(status);
        expect(told[4]!.status).toBe(200);
        expect(await comments()).toEqual([]);
      }
    });

    test("two who take each other's children in another order both are answered, and none is lost", async () => {
      const all = (by: number): number[] =>
        Array.from({ length: 6 }, (_, index) => 1 + (by === 0 ? index : 5 - index));
      await send(0, "POST", "posts", [
        { id: 1, title: "one", comments: [1, 2, 3].map(() => ({ text: "x" })) },
        { id: 2, title: "two", comments: [1, 2, 3].map(() => ({ text: "y" })) },
      ]);
      for (let round = 0; round < 5; round++) {
        const told = await Promise.all(
          [0, 1].map((by) => patch(by, 1 + by, { comments: { connect: all(by).map((id) => ({ id })) } })),
        );
        for (const { status } of told) expect([200, 503]).toContain(status);
        const owners = new Set((await comments()).map(({ postId }) => postId));
        // All of one's, or each his own where both had to give up.
        if (told.some(({ status }) => status === 200)) expect(owners.size).toBe(1);
        expect(await comments()).toHaveLength(6);
      }
    });

    test("twenty at once each write all of theirs, or nothing", async () => {
      const told = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          send(index, "POST", "posts?select=(columns:F)", {
            id: 100 + (index % 10),
            title: "t",
            comments: [{ text: "a" }, { text: "b" }],
          }),
        ),
      );
      for (const { status } of told) expect([200, 409, 503]).toContain(status);
      const made = told.filter(({ status }) => status === 200).length;
      expect(made).toBeLessThanOrEqual(10);
      expect(await comments()).toHaveLength(2 * made);
    });
  });
