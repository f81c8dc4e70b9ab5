import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { asked, type Told } from "../support/everywhere.ts";
import { openPostgresql } from "../support/postgresql.ts";
import { nested, postgresql, sqlite } from "./nested-rules.ts";
import { SERVERS } from "./postgresql.ts";
import { makeFile, spawn } from "./process.ts";

// Rows that are written with others while their parents are deleted, and while others take their children.

/** A database that two use, each by a connection, or a pool, of his own. */
interface Shared {
  readonly handlers: readonly QueryHandler[];
  readonly close: () => unknown;
}

const errors: unknown[] = [];

const handlerOf = (database: unknown, schema: Record<string, unknown>): QueryHandler =>
  createQueryHandler({
    ...nested,
    database,
    schema,
    onWarning: () => undefined,
    onError: (error) => errors.push(error),
  });

async function openFile(): Promise<Shared> {
  const { file, remove } = await makeFile("wal", undefined, sqlite);
  const clients = [1, 2].map(() => createClient({ url: `file:${file}` }));
  return {
    handlers: clients.map((client) => handlerOf(drizzle(client, { schema: sqlite }), sqlite)),
    close: () => {
      for (const client of clients) client.close();
      remove();
    },
  };
}

async function openProcesses(): Promise<Shared> {
  const { file, remove } = await makeFile("wal", undefined, sqlite);
  const served = await Promise.all([1, 2].map(() => spawn(file, "libsql", 5_000, [], "nested-rules")));
  return {
    handlers: served.map(
      ({ url }) =>
        (request) =>
          fetch(new Request(request.url.replace("http://local/query/", url), request)),
    ),
    close: async () => {
      for (const { kill } of served) await kill();
      remove();
    },
  };
}

async function openServer(name: (typeof SERVERS)[number]["name"]): Promise<Shared> {
  const { database, close } = await openPostgresql(name, postgresql);
  return { handlers: [1, 2].map(() => handlerOf(database, postgresql)), close };
}

const PLACES: readonly (readonly [string, boolean, () => Promise<Shared>])[] = [
  ["libsql file", false, openFile],
  ["two processes of libsql", false, openProcesses],
  ...SERVERS.map(({ name, leftOut }) => [name, leftOut, () => openServer(name)] as const),
];

for (const [name, leftOut, make] of PLACES)
  describe.skipIf(leftOut)(name, () => {
    let shared: Shared;
    const send = (by: number, method: string, path: string, body?: unknown): Promise<Told> =>
      asked(shared.handlers[by % 2]!, method, path, body);
    const patch = (by: number, id: number, body: unknown): Promise<Told> =>
      send(by, "PATCH", `posts?select=(columns:F,where:(id:${id}))`, body);
    const comments = async (): Promise<readonly { readonly id: number; readonly postId: number | null }[]> =>
      (await send(0, "GET", "comments?select=(limit:100,orderBy:(id:asc))")).body.comments;

    beforeEach(async () => {
      shared = await make();
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
      let taken = 0;
      for (let round = 0; round < 5; round++) {
        const told = await Promise.all(
          [0, 1].map((by) => patch(by, 1 + by, { comments: { connect: all(by).map((id) => ({ id })) } })),
        );
        for (const { status } of told) expect([200, 503]).toContain(status);
        taken += told.filter(({ status }) => status === 200).length;
        const owners = new Set((await comments()).map(({ postId }) => postId));
        // All of one's, or each his own where both had to give up.
        if (told.some(({ status }) => status === 200)) expect(owners.size).toBe(1);
        expect(await comments()).toHaveLength(6);
      }
      expect(taken).toBeGreaterThan(0);
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
      expect(made).toBeGreaterThan(0);
      expect(made).toBeLessThanOrEqual(10);
      expect(await comments()).toHaveLength(2 * made);
    });
  });
