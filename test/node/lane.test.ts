import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pidsOf, runs, until } from "../fault/lane.ts";
import { missing, type NodeServer, startNode } from "../support/node.ts";
import * as postgresql from "./support/postgresql.ts";
import * as sqlite from "./support/sqlite.ts";

const program = join(import.meta.dir, "support/laned.ts");

/** Without memory for what it counts. */
const LATE =
  "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n where x < 0";

for (const name of ["better-sqlite3, played by libsql", "better-sqlite3", "libSQL file"] as const) {
  const absent = missing(name);
  if (absent !== undefined) console.warn(`${name} is left out: ${absent}`);

  describe.skipIf(absent !== undefined)(`the slow lane of ${name}, on Node`, () => {
    let server: NodeServer;
    beforeAll(async () => {
      server = await startNode(program, name, { sqlite, postgresql });
      for (let i = 0; i < 50 && pidsOf(server.pid).length === 0; i++) {
        await fetch(`${server.origin}/query/posts`);
        await Bun.sleep(50);
      }
    }, 120_000);
    afterAll(() => server?.close());

    test("answers as the application's own connection does, and sees every commit", async () => {
      for (let i = 0; i < 10; i++) {
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ title: `t${i}` });
        const url = `${server.origin}/query/posts`;
        expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
        const response = await fetch(url);
        expect([response.status, response.headers.get("x-answered")]).toEqual([200, "lane"]);
        expect(((await response.json()) as { count: number }).count).toBe(i + 1);
      }
      for (const text of [
        "select 1, -2.5, 'text', '', hex(x'00ff'), null, 9007199254740991",
        "select title, views from posts order by id limit 1",
        "select id from posts where id < 0",
      ]) {
        const answer = await fetch(`${server.origin}/compare`, { method: "POST", body: text });
        const { lane, front } = (await answer.json()) as { lane: unknown; front: unknown };
        expect(lane).not.toBeNull();
        expect(lane).toEqual(front);
      }
      expect(server.complaints()).not.toContain("lane");
    }, 20_000);

    test("ends with the application, in the middle of a statement too", async () => {
      const [pid] = pidsOf(server.pid);
      expect(pid).toBeGreaterThan(0);
      void fetch(`${server.origin}/compare`, { method: "POST", body: LATE }).catch(() => undefined);
      await Bun.sleep(300);
      await server.close();
      expect(await until(() => !runs(pid!))).toBe(true);
    }, 20_000);
  });
}
