import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { ask } from "../support/served.ts";
import { dropHeavy, fillHeavy, memoryOf, spawnHeavy } from "./heavy-rows.ts";

const SERVER = process.env["TEST_POSTGRES_URL"];
const MIB = 1_048_576;
const databases: readonly { name: string; leftOut: boolean }[] = [
  { name: "bun:sqlite", leftOut: false },
  { name: "libsql", leftOut: false },
  { name: "postgresql", leftOut: SERVER === undefined },
];

for (const { name } of databases.filter(({ leftOut }) => !leftOut && existsSync("/proc/self/status")))
  describe(`a server over ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "query-memory-"));
    let child: Bun.Subprocess;
    let url: string;

    beforeAll(async () => {
      const place = name === "postgresql" ? SERVER! : join(folder, "test.db");
      await fillHeavy(name, place);
      ({ child, url } = await spawnHeavy(name, place));
      await get(ask("pages", "(limit:1)"));
    }, 60_000);
    afterAll(async () => {
      child.kill("SIGKILL");
      await child.exited;
      if (name === "postgresql") await dropHeavy(SERVER!);
      rmSync(folder, { recursive: true, force: true });
    });

    const get = async (path: string): Promise<{ status: number; length: number }> => {
      const response = await fetch(url + path);
      return { status: response.status, length: (await response.arrayBuffer()).byteLength };
    };

    // First, while the process is still small.
    test("keeps little of long questions that differ in all but their values", async () => {
      const backends = async (): Promise<number> =>
        name === "postgresql" ? await heldByBackends() : memoryOf(child.pid).now;
      await get(filtered(0, 2));
      const before = await backends();
      for (let n = 1; n <= 150; n++)
        for (let time = 0; time < 2; time++)
          expect(await get(filtered(n, 700))).toMatchObject({ status: 200 });
      expect(((await backends()) - before) / MIB).toBeLessThan(name === "postgresql" ? 30 : 90);
    }, 60_000);

    test.each([
      ["a list of lists", "(with:(others:T))"],
      ["the same of other columns", "(columns:~T(id)~,with:(others:(columns:~T(body)~)))"],
      ["fewer lists, which alone are too large", "(limit:20,with:(others:T))"],
    ])("refuses 477 MiB without making them: %s", async (_, select) => {
      const before = memoryOf(child.pid);
      for (let time = 0; time < 3; time++)
        expect(await get(ask("pages", select))).toMatchObject({ status: 400 });
      expect((memoryOf(child.pid).most - before.now) / MIB).toBeLessThan(150);
    });

    test("answers what is within", async () => {
      expect(await get(ask("pages", "(limit:3,with:(others:T))"))).toMatchObject({ status: 200 });
    });
  });

const OPERATORS = ["gt", "lt", "gte", "lte", "ne"];

/** A question of so many conditions, whose operators no other number has: eleven thousand characters for seven hundred. */
function filtered(seed: number, conditions: number): string {
  let rest = seed * 2_654_435_761;
  const list = Array.from({ length: conditions }, () => {
    rest = (rest * 48_271 + 11) % 2_147_483_647;
    return `(of.${OPERATORS[rest % 5]}:${rest % 1_000})`;
  });
  return ask("pages", `(limit:1,columns:~T(id)~,where:(OR:_(${list.join()})_))`);
}

/** What the server's processes hold for this test's connections, on this machine. */
async function heldByBackends(): Promise<number> {
  const server = new SQL(SERVER!, { max: 1 });
  const found: { pid: number }[] = await server.unsafe(
    "select pid from pg_stat_activity where application_name = 'heavy' and backend_type = 'client backend'",
  );
  await server.close();
  return found.reduce((sum, { pid }) => sum + memoryOf(pid).now, 0);
}
