import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { get, makeFile, post, spawn } from "./process.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(
  driver: string,
  journal: "wal" | "delete",
  count: number,
  busyTimeout?: number,
): Promise<{ file: string; urls: string[] }> {
  const { file, remove } = await makeFile(journal);
  cleanups.push(remove);
  const urls: string[] = [];
  for (let i = 0; i < count; i++) {
    const served = await spawn(file, driver, busyTimeout);
    cleanups.push(served.kill);
    urls.push(served.url);
  }
  return { file, urls };
}

function idsOf(file: string): number[] {
  const database = new Database(file, { readonly: true });
  const ids = database.query<{ id: number }, []>("select id from tags order by id").all();
  database.close();
  return ids.map(({ id }) => id);
}

describe.each([
  ["libsql", "wal"],
  ["libsql", "delete"],
  ["bun:sqlite", "wal"],
  ["bun:sqlite", "delete"],
] as const)("%s, journal %s", (driver, journal) => {
  test("two processes on one file answer four hundred mixed requests, and no row is lost", async () => {
    const { file, urls } = await start(driver, journal, 2, 3_000);
    let next = 0;
    const statuses: number[] = [];
    const written: number[] = [];
    const worker = async (): Promise<void> => {
      for (let i = next++; i < 400; i = next++) {
        const url = urls[i % 2]!;
        if (i % 4 < 2) {
          statuses.push((await get(`${url}tags?select=(limit:5,orderBy:(id:desc))`)).status);
          continue;
        }
        const rows = [
          { id: i * 2 + 1, label: `t${i}` },
          { id: i * 2 + 2, label: `u${i}` },
        ];
        const body = i % 8 < 4 ? rows : rows[0];
        const { status } = await post(`${url}${i % 5 === 0 ? "slow" : "tags"}`, body);
        statuses.push(status);
        if (status === 200)
          written.push(...(Array.isArray(body) ? rows : rows.slice(0, 1)).map(({ id }) => id));
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statuses).toHaveLength(400);
    expect(idsOf(file)).toEqual(written.toSorted((a, b) => a - b));
  }, 30_000);

  test("a write waits for another process's lock that is given up in time", async () => {
    const { file, urls } = await start(driver, journal, 1, 3_000);
    const other = new Database(file);
    other.run("pragma busy_timeout = 3000"); // the server may be reading still what its database is
    other.run("begin immediate");
    other.run("insert into tags (id, label) values (1, 'other')");
    const writes = [
      post(`${urls[0]}tags`, { id: 2, label: "two" }),
      post(`${urls[0]}slow`, { id: 3, label: "three" }),
    ];
    await Bun.sleep(150);
    other.run("commit");
    other.close();
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual([200, 200]);
    expect(idsOf(file)).toEqual([1, 2, 3]);
  }, 20_000);

  test("a right that is lost while a write waits for another process's lock does not count any more", async () => {
    const { file, urls } = await start(driver, journal, 1, 3_000);
    const other = new Database(file);
    other.run("pragma busy_timeout = 3000"); // the server may be reading still what its database is
    other.run("insert into authors (id, name, email, secret) values (1, 'Ada', 'a@local.dev', 's')");
    other.run("insert into tags (id, label) values (1, 'one'), (2, 'two')");
    other.run("begin immediate");
    other.run("delete from authors");
    const send = async (method: string, search: string, body?: object): Promise<unknown[]> => {
      const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const response = await fetch(`${urls[0]}entitled${search}`, { method, ...init });
      return [response.status, await response.json()];
    };
    const writes = [
      send("PATCH", "?select=(where:(id:1))", { label: "mine" }),
      send("DELETE", "?select=(where:(id:2))"),
      send("POST", "", { id: 3, label: "three" }),
    ];
    await Bun.sleep(150);
    other.run("commit");
    other.close();
    const nothing = [200, { rowsAffected: 0, count: 0, entitled: [] }];
    expect(await Promise.all(writes)).toEqual([
      nothing,
      nothing,
      [403, { error: "a row would leave what you may write", code: "check-failed" }],
    ]);
    expect(idsOf(file)).toEqual([1, 2]);
  }, 20_000);

  test("a read is answered while a write waits for another process's lock", async () => {
    const { file, urls } = await start(driver, journal, 1, 1_000);
    const other = new Database(file);
    other.run("begin immediate");
    const write = post(`${urls[0]}tags`, { id: 2, label: "two" });
    await Bun.sleep(20);
    const read = await get(`${urls[0]}tags`);
    other.run("rollback");
    other.close();
    expect(read.status).toBe(200);
    expect((await write).status).toBe(200);
  }, 20_000);

  test("a write that is answered after another was refused is on disk, for other processes too", async () => {
    const { file, urls } = await start(driver, journal, 1, 100);
    const other = new Database(file);
    other.run("begin immediate");
    const refused = await post(`${urls[0]}tags`, { id: 2, label: "two" });
    other.run("rollback");
    const later: number[] = [];
    for (const id of [3, 4, 5]) later.push((await post(`${urls[0]}tags`, { id, label: `t${id}` })).status);
    const seen = idsOf(file);
    expect(refused.status).toBe(503);
    expect(later).toEqual([200, 200, 200]);
    expect(seen).toEqual([3, 4, 5]);
    other.run("begin immediate");
    other.run("commit");
    other.close();
  }, 20_000);

  test("a write waits for another process's read that ends in time", async () => {
    const { file, urls } = await start(driver, journal, 1, 3_000);
    const other = new Database(file);
    other.run("begin");
    other.query("select count(*) from tags").get();
    const writes = [
      post(`${urls[0]}slow`, { id: 2, label: "two" }),
      post(`${urls[0]}tags`, { id: 3, label: "three" }),
    ];
    await Bun.sleep(150);
    other.run("commit");
    other.close();
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual([200, 200]);
    expect(idsOf(file)).toEqual([2, 3]);
  }, 20_000);

  test("a write whose lock does not come in time is 503 with Retry-After, and nothing of it is written", async () => {
    const { file, urls } = await start(driver, journal, 1, 100);
    const other = new Database(file);
    other.run("begin immediate");
    const refused = [
      await post(`${urls[0]}tags`, { id: 2, label: "two" }),
      await post(`${urls[0]}slow`, { id: 3, label: "three" }),
    ];
    other.run("rollback");
    other.close();
    expect(refused).toEqual([
      { status: 503, retryAfter: "1" },
      { status: 503, retryAfter: "1" },
    ]);
    expect(idsOf(file)).toEqual([]);
    expect((await post(`${urls[0]}slow`, { id: 4, label: "four" })).status).toBe(200);
  }, 20_000);
});
