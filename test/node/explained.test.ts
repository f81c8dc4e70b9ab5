import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { missing, type NodeServer, startNode } from "../support/node.ts";
import * as postgresql from "./support/postgresql.ts";
import * as sqlite from "./support/sqlite.ts";

// Node collects garbage when it likes, so nothing may hang on it that a statement which was explained has ended.

const absent = missing("libSQL file");
if (absent !== undefined) console.warn(`libSQL on Node is left out: ${absent}`);

describe.skipIf(absent !== undefined)("libSQL on Node", () => {
  let server: NodeServer;
  beforeAll(async () => {
    const program = join(import.meta.dir, "support/explained.ts");
    server = await startNode(program, "libSQL file", { sqlite, postgresql });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
  });

  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.origin}/${path}`, init);
    // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
    const body: any = await response.json();
    return { status: response.status, body };
  };
  const explained = async (over: string, request: string) => {
    const { body } = await ask(`${over}/$explain?request=${encodeURIComponent(request)}`);
    const plans: object[][] = body.statements.map(({ plan }: { plan: object[] }) => plan);
    return plans.length > 0 && plans.every((plan) => plan.length > 0);
  };

  test.each(["file", "memory"])("what is explained over a %s stands in nobody's way", async (over) => {
    expect(await explained(over, "posts?select=(orderBy:(id:asc))")).toBe(true);
    const changed = "DELETE posts?select=(where:(id:999))";
    for (let times = 0; times < 3; times++) expect(await explained(over, changed)).toBe(true);
    if (over === "file") {
      const other = new Database(server.database);
      other.run("insert into posts (title, created_at) values ('from elsewhere', 0)");
      other.close();
      expect((await ask("file/posts")).body).toMatchObject({
        count: 1,
        posts: [{ title: "from elsewhere" }],
      });
    }
    const headers = { "content-type": "application/json" };
    const written = { method: "POST", headers, body: JSON.stringify({ title: "from here" }) };
    expect((await ask(`${over}/posts`, written)).status).toBe(200);
    expect((await ask(`${over}/posts`)).body.posts.at(-1)).toMatchObject({ title: "from here" });
  });
});
