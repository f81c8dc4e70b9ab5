import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { makeFile } from "../fault/process.ts";
import { serve } from "../support/app.ts";
import type { TestDatabase } from "../support/databases.ts";
import { missing, type NodeServer, startNode } from "../support/node.ts";
import * as schema from "../support/schema.ts";
import * as postgresql from "./support/postgresql.ts";
import * as sqlite from "./support/sqlite.ts";

const program = join(import.meta.dir, "support/waiting.ts");

for (const name of ["better-sqlite3, played by libsql", "better-sqlite3"] as const) {
  const absent = missing(name);
  if (absent !== undefined) console.warn(`${name} is left out: ${absent}`);

  describe.skipIf(absent !== undefined)(name, () => {
    let server: NodeServer;
    let other: Database;
    beforeAll(async () => {
      server = await startNode(program, name, { sqlite, postgresql });
      other = new Database(server.database);
    }, 120_000);
    afterAll(async () => {
      other?.close();
      await server?.close();
    });
    beforeEach(() => void other.run("delete from posts"));

    const send = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${server.origin}/${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
      const answer: any = await response.json();
      return { status: response.status, body: answer, retryAfter: response.headers.get("retry-after") };
    };

    test.each([
      ["one row", { title: "a" }],
      ["several", [{ title: "a" }, { title: "b" }]],
    ])("a write of %s waits for another process's lock, and holds up nobody", async (_name, body) => {
      other.run("begin immediate");
      try {
        const write = send("POST", "query/posts", body);
        for (let i = 0; i < 5; i++) {
          const began = performance.now();
          expect((await send("GET", "query/posts")).status).toBe(200);
          expect(performance.now() - began).toBeLessThan(1_400); // less than the write waits
          await Bun.sleep(20);
        }
        other.run("commit");
        expect((await write).status).toBe(200);
      } finally {
        if (other.inTransaction) other.run("rollback");
      }
    });

    test("a write that waited for too long is 503, and nothing of it is written later", async () => {
      other.run("begin immediate");
      try {
        const write = await send("POST", "query/posts", { title: "a" });
        expect([write.status, write.body.code, write.retryAfter]).toEqual([503, "busy", "1"]);
      } finally {
        other.run("rollback");
      }
      expect((await send("GET", "query/posts")).body).toEqual({ count: 0, posts: [] });
    });

    test("a hook that comes back too late writes nothing", async () => {
      expect((await send("POST", "query/late", { title: "x" })).status).toBe(504);
      await Bun.sleep(400);
      expect((await send("GET", "query/late")).body).toBe("refused");
      expect((await send("POST", "query/posts", { title: "y" })).status).toBe(200);
      expect((await send("GET", "query/posts")).body.count).toBe(1);
    });

    test.each([
      ["fast", "query"],
      ["portable", "portable"],
    ])("an author's SQL may hold booleans and dates, by the %s reader", async (_reader, at) => {
      const posted = await send("POST", `${at}/posts`, [{ title: "a" }, { title: "b", views: 2 }]);
      expect(posted.body.rowsAffected).toBe(2);
      expect((await send("POST", `${at}/posts`, { title: "c", published: false })).status).toBe(403);
      expect((await send("GET", `${at}/posts`)).body.count).toBe(2);
      expect((await send("PATCH", `${at}/posts`, { views: 9 })).body.rowsAffected).toBe(2);
      expect((await send("PATCH", `${at}/posts`, { published: false })).status).toBe(403);
      expect((await send("DELETE", `${at}/posts`)).body.posts).toMatchObject([{ views: 9 }, { views: 9 }]);
    });
  });
}

test("bun:sqlite that is told to wait for locks by itself holds up nobody either", async () => {
  const { file, remove } = await makeFile();
  const [client, other] = [new Database(file), new Database(file)];
  client.run("pragma busy_timeout = 3000");
  const rule = { all: { select: true, write: true } } as const;
  const app = await serve(
    { tags: { table: "tag", control: { GET: rule, POST: rule } } },
    {
      opened: {
        database: drizzle(client, { schema }) as unknown as TestDatabase,
        url: file,
        close: () => (client.close(), other.close(), remove()),
      },
    },
  );
  try {
    other.run("begin immediate");
    const write = app.post("tags", { id: 1, label: "x" });
    const began = performance.now();
    for (let i = 0; i < 5; i++) expect((await app.get("tags")).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(2_500); // less than the client waits
    other.run("commit");
    expect((await write).status).toBe(200);
    expect(client.query("pragma busy_timeout").values()).toEqual([[3000]]);
  } finally {
    await app.close();
  }
});
