import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createQueryHandler, QueryError } from "@bepalo/query";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { type Child, findHost, loadersOf } from "../../src/dialect/lane/host.ts";
import { type Front, SlowLane } from "../../src/dialect/lane/lane.ts";
import { FUNCTIONS, lookOf } from "../../src/dialect/lane/look.ts";
import { Pool } from "../../src/dialect/lane/pool.ts";
import { execute } from "../../src/execute/execute.ts";
import type { TestACL } from "../support/app.ts";
import { blocksOf } from "../support/manual.ts";
import * as schema from "../support/schema.ts";
import { type Driver, ENDLESS, laned, type Laned, type LanedOptions, pidsOf, runs, until } from "./lane.ts";
import { makeFile } from "./process.ts";

/** Processes of the lowest priority get little of a machine that is busy. */
setDefaultTimeout(60_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(async () => expect(await until(() => pidsOf().length === 0)).toBe(true));

const free = { all: { select: true, write: true } } as const;
const read = { all: { select: true } } as const;
const acl = {
  tags: { table: "tag", countTotal: true, control: { GET: free, POST: free } },
  authors: { table: "author", control: { GET: free } },
  articles: {
    table: "article",
    countTotal: true,
    control: { GET: { all: { select: true, aggregate: true, with: { author: true, comments: true } } } },
  },
  comments: { table: "comment", control: { GET: free } },
  samples: { table: "sample", control: { GET: read, POST: free } },
} satisfies TestACL;

async function open(driver: Driver = "bun:sqlite", options?: LanedOptions): Promise<Laned> {
  const app = await laned(driver, acl, options);
  cleanups.push(() => app.close());
  return app;
}

/** A module of the application's that opens its connection, beside its file. */
function module(file: string, text: string): string {
  const path = join(dirname(file), `open-${crypto.randomUUID()}.ts`);
  const modules = JSON.stringify(join(import.meta.dir, "../../node_modules/libsql/index.js"));
  writeFileSync(path, text.replaceAll("FILE", JSON.stringify(file)).replaceAll("LIBSQL", modules));
  return path;
}

const failed = async (asked: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${JSON.stringify(await asked)}`;
  } catch (error) {
    return error instanceof QueryError ? error.code : String(error);
  }
};

const GONE = "Gone: the caller has left";

const SAMPLES = [
  `insert into samples (id, text, choice, json, "integer", flag, seconds, millis, "real", "decimal", number, numeric_big, big, bytes, blob_json, point)
   values (1, 'ü''"\\', 'a', '{"a":[1,null]}', 9007199254740991, 1, 1700000000, 1700000000123, 0.1, '1.10', 5, 12345678901234, cast('123456789012345678' as blob), x'00ff10', cast('{"b":2}' as blob), '1;2'),
   (2, '', 'b', '[]', -1, 0, 0, -1, 1e300, 7, 0.5, -3, cast('-5' as blob), x'', cast('[]' as blob), '0;0')`,
  "insert into samples (id, parent_id) values (3, 1)",
];
const QUESTIONS = [
  "samples",
  "samples?select=(where:(id:2))",
  "samples?findFirst&select=(where:(id:1))",
  "tags?countTotal&select=(limit:2,orderBy:(id:desc))",
  "articles?countTotal&select=(with:(author:T,comments:T),where:(rating.gt:0))",
  "authors?select=(where:(name.like:'%25a%25'))",
  "authors?select=(where:(id:77))",
  "comments?select=(columns:~T(id,text,hidden)~)",
  "articles?aggregate=(count:T,sum:~T(views)~,min:~T(title,createdAt)~,where:(rating.gt:0))",
  "articles?countFiltered&aggregate=(avg:~T(rating)~,groupBy:_(author.name,createdAt.month)_,limit:2)",
];
const ROWS: readonly (readonly [string, readonly unknown[]])[] = [
  ["select 1, -2.5, 'text', '', x'00ff', x'', null, 1e300, 9007199254740991", []],
  ["select ?1, ?2, ?3, ?4, ?5, ?6", ["tëxt", 1, 2.5, 12n, null, new Uint8Array([1, 0, 2])]],
  ["select ?2, typeof(?1), ?1", [Buffer.from("bytes"), undefined]],
  ["select ?1, ?2", [true, false]],
  ["select id, label from tags where id = ?1", [2]],
  ["select id from tags where id = 99", []],
];

describe.each(["bun:sqlite", "libsql"] as const)("%s", (driver) => {
  test("the lane answers as the application's own connection does, whatever is asked", async () => {
    const app = await open(driver);
    for (const statement of SAMPLES) await app.run(statement);
    for (const question of QUESTIONS) {
      const [front, lane] = [await app.get(question, "front"), await app.get(question, "lane")];
      expect([question, front.status === 200 || front.text, front.by]).toEqual([question, true, ["front"]]);
      expect(lane).toEqual({ ...front, by: ["lane"] });
    }
    for (const [text, values] of ROWS)
      expect(Array.from((await app.read(text, values))!, (row) => Array.from(row))).toEqual(
        Array.from(await app.front(text, values), (row) => Array.from(row)),
      );
    expect(app.warnings).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  test("a value the database cannot say as JSON is said by the portable reader", async () => {
    const app = await open(driver);
    await app.run(`insert into samples (id, json) values (1, 'no json')`);
    const [front, lane] = [await app.get("samples", "front"), await app.get("samples", "lane")];
    expect([lane.status, lane.text]).toEqual([front.status, front.text]);
  });

  test.each([
    ["what is no JSON", "select json('x')"],
    ["too long a text", "select zeroblob(2147483647)"],
    ["an overflow", "select abs(-9223372036854775807 - 1)"],
    ["too deep an expression", `select 1${"+1".repeat(2_000)}`],
  ])("an error means what it means in front: %s", async (_, text) => {
    const app = await open(driver);
    const meaning = async (asked: Promise<unknown>): Promise<unknown> => {
      try {
        return await asked;
      } catch (error) {
        return [app.dialect.failure(error, "read")?.code, app.dialect.unsayable(error)];
      }
    };
    const front = await meaning(app.front(text));
    expect(front).toBeArrayOfSize(2);
    expect(await meaning(app.read(text))).toEqual(front);
  });

  test("it sees every commit at once", async () => {
    const app = await open(driver);
    for (let id = 100; id < 130; id++) {
      expect(await app.post("tags", { id, label: `t${id}` })).toBe(200);
      const { text, by } = await app.get(`tags?select=(where:(id:${id}))`, "lane");
      expect([JSON.parse(text).count, by]).toEqual([1, ["lane"]]);
    }
  });

  test("it writes nothing", async () => {
    const app = await open(driver);
    for (const write of [
      "insert into tags (id, label) values (50, 'x')",
      "delete from tags returning id",
      "create temp table x (y)",
      "create table x (y)",
    ])
      expect(await failed(app.read(write))).toBe("answered undefined");
    expect((await app.front("select count(*) from tags"))[0]![0]).toBe(3);
  });

  test("what is late is 504, its process ended, and the next question answered", async () => {
    const app = await open(driver, { timeout: 1_500 });
    await app.read("select 1");
    const [pid] = app.pids();
    expect(await failed(app.read(ENDLESS, [], { milliseconds: 200 }))).toBe("timeout");
    expect(await until(() => !runs(pid!))).toBe(true);
    expect(await app.read("select 2")).toEqual([[2]]);
    expect(app.pids()).not.toContain(pid!);
  });

  test("who leaves ends his statement, and no other", async () => {
    const app = await open(driver);
    await app.read("select 1");
    const [pid] = app.pids();
    const [soon, away] = [new AbortController(), new AbortController()];
    const short = app.read("select 7", [], { signal: soon.signal });
    soon.abort();
    expect(await failed(short)).toBe(GONE);
    expect(await app.read("select 8")).toEqual([[8]]);
    expect(app.pids()).toContain(pid!); // what had ended by itself cost no process
    const asked = app.read(ENDLESS, [], { signal: away.signal });
    await Bun.sleep(100);
    const others = [app.read("select 3"), app.read("select 4")];
    away.abort();
    expect(await failed(asked)).toBe(GONE);
    expect(await Promise.all(others)).toEqual([[[3]], [[4]]]);
    expect(await until(() => !runs(pid!))).toBe(true);
    expect(app.errors).toEqual([]);
  });

  test("a process that dies is 503 for whom it answered, and for nobody else", async () => {
    const app = await open(driver);
    await app.read("select 1");
    const [pid] = app.pids();
    const asked = app.read(ENDLESS);
    await Bun.sleep(100);
    const others = [app.read("select 3"), app.read("select 4")];
    process.kill(pid!, "SIGKILL");
    expect(await failed(asked)).toBe("busy");
    expect(await Promise.all(others)).toEqual([[[3]], [[4]]]);
  });

  test("many questions at once are all answered", async () => {
    const app = await open(driver, { lane: { processes: 2 } });
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => app.read("select ?1", [i])));
    expect(all).toEqual(Array.from({ length: 100 }, (_, i) => [[i]]));
    expect((await app.lane()).size).toBe(2);
    expect(app.pids().length).toBeLessThanOrEqual(2);
  });

  test("what waits for a process no longer than it may is 503", async () => {
    const app = await open(driver, { lane: { processes: 1 } });
    const away = new AbortController();
    const first = app.read(ENDLESS, [], { signal: away.signal });
    await Bun.sleep(50);
    expect(await failed(app.read("select 1", [], { milliseconds: 100 }))).toBe("busy");
    const left = new AbortController();
    const second = app.read("select 1", [], { signal: left.signal });
    left.abort();
    expect(await failed(second)).toBe(GONE);
    away.abort();
    expect(await failed(first)).toBe(GONE);
  });

  test("an attached file is asked in front, and in the lane where a module attaches it", async () => {
    const { file: other, remove } = await makeFile();
    cleanups.push(remove);
    const app = await open(driver);
    const attach = `attach '${other}' as other`;
    await app.run(attach);
    expect(await app.read("select count(*) from other.tags")).toBeUndefined();
    expect(app.warnings).toEqual([expect.stringContaining("lane: { open }")]);
    const text =
      driver === "libsql"
        ? `import Database from LIBSQL; export default () => { const db = new Database(FILE); db.exec("${attach}"); return db; }`
        : `import { Database } from "bun:sqlite"; export default async () => { const db = new Database(FILE); db.run("${attach}"); return db; }`;
    const lane = { open: module(app.file, text) };
    const own = await open(driver, { file: app.file, lane });
    await own.run(attach);
    expect(await own.read("select count(*) from other.tags")).toEqual([[0]]);
    expect(await failed(own.read("insert into tags (id, label) values (50, 'x')"))).toBe(
      "answered undefined",
    );
  });

  test("a file that another was put in place of is asked in front", async () => {
    const app = await open(driver);
    await app.lane();
    copyFileSync(app.file, `${app.file}.copy`);
    renameSync(`${app.file}.copy`, app.file);
    expect(await app.read("select 1")).toBeUndefined();
    expect(app.warnings).toEqual([expect.stringContaining("cannot begin")]);
    expect((await app.get("tags", "lane")).status).toBe(200);
  });

  test("its processes end soon after the application has closed its client", async () => {
    const app = await open(driver);
    await app.read("select 1");
    const [pid] = app.pids();
    app.closeClient();
    expect(await app.read("select 1")).toBeUndefined();
    expect(await until(() => !runs(pid!))).toBe(true);
  });

  test.each([
    ["has no write-ahead log", { journal: "delete" }],
    ["is told to have none", { lane: false }],
  ] as const)("a file that %s has no lane", async (_, options) => {
    const app = await open(driver, options);
    await Bun.sleep(200);
    expect(app.dialect.lane).toBeUndefined();
    expect(app.warnings).toEqual([]);
    expect((await app.get("tags", "front")).status).toBe(200);
  });
});

test("libSQL without a connection of the engine's own has no lane but by a module", async () => {
  const app = await open("libsql", { ownConnection: false });
  await Bun.sleep(200);
  expect(app.dialect.lane).toBeUndefined();
  const client = JSON.stringify(join(import.meta.dir, "../../node_modules/@libsql/client/lib-esm/node.js"));
  const text = `import { createClient } from ${client}; export default () => createClient({ url: "file:" + FILE });`;
  const lane = { open: module(app.file, text) };
  const own = await open("libsql", { file: app.file, ownConnection: false, lane });
  const { text: found, by } = await own.get("tags", "lane");
  expect([JSON.parse(found).count, by]).toEqual([3, ["lane"]]);
  expect(own.warnings).toEqual([]);
});

describe("a connection that is set otherwise", () => {
  const LIKE = "authors?select=(where:(name.like:'%25a%25'))";
  const OPEN = `import { Database } from "bun:sqlite"; export default () => { const db = new Database(FILE); db.run("SET"); return db; }`;

  test.each([
    ["compares text otherwise", "pragma case_sensitive_like = on", "pragma case_sensitive_like = off", LIKE],
    [
      "orders otherwise",
      "pragma reverse_unordered_selects = on",
      "pragma reverse_unordered_selects = off",
      "tags",
    ],
    [
      "hides a table",
      "create temp table TAGS as select 9 as id, 'hidden' as label",
      "drop table temp.tags",
      "tags",
    ],
    [
      "hides a table by a view",
      "create temp view tags as select 9 as id, 'x' as label",
      "drop view temp.tags",
      "tags",
    ],
  ])("and %s is asked in front, which is told once", async (_, set, reset, question) => {
    const app = await open();
    const before = await app.get(question, "lane");
    await app.run(set);
    const front = await app.get(question, "front");
    expect(await app.get(question, "lane")).toEqual({ ...front, by: ["front"] });
    expect(await app.get(question, "lane")).toEqual({ ...front, by: ["front"] });
    expect(app.warnings).toEqual([expect.stringContaining("lane: { open }")]);

    const lane = { open: new URL(`file://${module(app.file, OPEN.replace("SET", set))}`) };
    const own = await open("bun:sqlite", { file: app.file, lane });
    await own.run(set);
    expect(await own.get(question, "lane")).toEqual({ ...front, by: ["lane"] });
    expect(own.warnings).toEqual([]);
    await own.run(reset);
    expect((await own.get(question, "lane")).by).toEqual(["lane"]);
    expect(own.warnings).toEqual([expect.stringContaining("may answer otherwise")]);

    await app.run(reset);
    expect(await app.get(question, "lane")).toEqual(before);
    expect(before.by).toEqual(["lane"]);
  });

  test("a temporary table that hides nothing changes nothing", async () => {
    const app = await open();
    await app.run("create temp table scratch (x)");
    expect((await app.get("tags", "lane")).by).toEqual(["lane"]);
    expect(await app.read("select * from scratch")).toBeUndefined();
  });

  test("and whose whole numbers are bigints has a lane whose are too", async () => {
    const { file, remove } = await makeFile();
    const client = new BunDatabase(file, { safeIntegers: true });
    cleanups.push(remove, () => client.close());
    const host = (await findHost())!;
    const front: Front = {
      driver: "bun-sqlite",
      ask: (text) => client.prepare(text).values(),
      closed: () => false,
    };
    const lane = new SlowLane(front, { file, host, lane: {}, warn: () => undefined, pool: new Pool(10) });
    const told = await lane.read("select 9007199254740993, 1.5", [], {
      milliseconds: 20_000,
      signal: new AbortController().signal,
    });
    expect(told?.rows).toEqual([[9007199254740993n, 1.5]]);
    const warnings: string[] = [];
    const warn = (sentence: string): unknown => warnings.push(sentence);
    const text = `import { Database } from "bun:sqlite"; export default () => new Database(FILE)`;
    const own = { file, host, lane: { open: module(file, text) }, warn, pool: new Pool(10) };
    const bounds = { milliseconds: 20_000, signal: new AbortController().signal };
    expect((await new SlowLane(front, own).read("select 1", [], bounds))?.rows).toEqual([[1]]);
    expect(warnings).toEqual([expect.stringContaining("whole numbers")]);
  });

  test("a function that stands in place of a built-in one is noticed", async () => {
    const { file, remove } = await makeFile();
    const client = new BunDatabase(file);
    cleanups.push(remove, () => client.close());
    const warnings: string[] = [];
    const front: Front = {
      driver: "bun-sqlite",
      ask: (text) => (text === FUNCTIONS ? [['["upper/1"]']] : client.prepare(text).values()),
      closed: () => false,
    };
    const warn = (sentence: string): unknown => warnings.push(sentence);
    const host = (await findHost())!;
    const lane = new SlowLane(front, { file, host, lane: {}, warn, pool: new Pool(10) });
    const bounds = { milliseconds: 20_000, signal: new AbortController().signal };
    expect(await lane.read("select upper('a')", [], bounds)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("functions")]);
  });
});

describe("a module that cannot be used", () => {
  test.each([
    ["is not there", undefined],
    ["has no function", "export default 1"],
    ["throws", `export default () => { throw new Error("no") }`],
    [
      "opens another file",
      `import { Database } from "bun:sqlite"; export default () => new Database(":memory:")`,
    ],
  ])("because it %s is told of, and all is answered in front", async (_, text) => {
    const { file, remove } = await makeFile();
    cleanups.push(remove);
    const path = text === undefined ? join(dirname(file), "nowhere.ts") : module(file, text);
    const app = await open("bun:sqlite", { file, lane: { open: path } });
    expect((await app.get("tags", "lane")).by).toEqual(["front"]);
    expect((await app.get("tags", "lane")).status).toBe(200);
    expect(app.warnings).toEqual([expect.stringContaining("cannot begin")]);
  });

  test.each([
    [{ open: "./open.ts" }, "lane.open"],
    [{ open: "open" }, "lane.open"],
    [{ processes: 0 }, "lane.processes"],
    [{ processes: 1.5 }, "lane.processes"],
  ])("%j is refused at start", (lane, named) => {
    const database = drizzle(new BunDatabase(":memory:"), { schema });
    expect(() => createQueryHandler({ acl, database, schema, lane })).toThrow(named);
  });
});

describe("a memory database", () => {
  test("has no lane", async () => {
    let found: { lane?: unknown } | undefined;
    const database = drizzle(new BunDatabase(":memory:"), { schema });
    createQueryHandler({
      acl,
      database,
      schema,
      onWarning: () => undefined,
      dialect: (_, find) => (found = find()) as never,
    });
    await Bun.sleep(100);
    expect(found).toBeDefined();
    expect(found!.lane).toBeUndefined();
  });
});

describe("an application", () => {
  const start = async (
    end: string,
  ): Promise<{ pid: number; child: Bun.Subprocess<"ignore", "pipe", "ignore"> }> => {
    const { file, remove } = await makeFile();
    const program = join(import.meta.dir, "laned.ts");
    const child = Bun.spawn([process.execPath, program, file, end], { stdout: "pipe", stderr: "ignore" });
    cleanups.push(remove, () => child.kill("SIGKILL"));
    const { value } = await child.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    expect(pid).toBeGreaterThan(0);
    cleanups.push(() => runs(pid) && process.kill(pid, "SIGKILL"));
    return { pid, child };
  };

  test.each(["ends", "throws"])(
    "that %s is kept alive by no process, and leaves none behind",
    async (end) => {
      const { pid, child } = await start(end);
      expect(await child.exited).toBe(end === "ends" ? 0 : 1);
      expect(await until(() => !runs(pid))).toBe(true);
    },
    20_000,
  );

  test("that is killed leaves no process behind, not even one at a statement", async () => {
    const { pid, child } = await start("asks");
    await Bun.sleep(300);
    expect(runs(pid)).toBe(true);
    child.kill("SIGKILL");
    await child.exited;
    expect(await until(() => !runs(pid))).toBe(true);
  }, 20_000);
});

test("a bundle has no lane, and says so once", async () => {
  const { file, remove } = await makeFile();
  cleanups.push(remove);
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "bundled.ts")],
    outdir: dirname(file),
    target: "bun",
  });
  const { stdout } = Bun.spawnSync([process.execPath, outputs[0]!.path, file]);
  const [none, told] = JSON.parse(stdout.toString()) as [boolean, string[]];
  expect(none).toBe(true);
  expect(told.filter((sentence) => sentence.includes("slow lane"))).toHaveLength(1);
}, 20_000);

test("the manual's module opens a connection as its application does", async () => {
  const block = blocksOf("docs/databases.md", "ts").find((one) => one.includes("// open.ts"))!;
  const { file: other, remove } = await makeFile();
  const { file, remove: removeOwn } = await makeFile();
  cleanups.push(remove, removeOwn);
  const path = join(dirname(file), "open.ts");
  writeFileSync(path, block.replace("app.db", file).replace("archive.db", other));
  const app = await open("bun:sqlite", { file, lane: { open: path } });
  for (const [, statement] of block.matchAll(/client\.run\("(.*)"\)/g))
    await app.run(statement!.replace("archive.db", other));
  expect(await app.read("select count(*) from archive.tags")).toEqual([[0]]);
  expect(app.warnings).toEqual([]);
});

test("processes end when they have rested, make room for other files, and are as few as there may be", async () => {
  const host = { ...(await findHost())!, spare: 2 };
  const pool = new Pool(100);
  const bounds = { milliseconds: 20_000, signal: new AbortController().signal };
  const lanes = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { file, remove } = await makeFile();
      const client = new BunDatabase(file);
      cleanups.push(remove, () => client.close());
      const front: Front = {
        driver: "bun-sqlite",
        ask: (text) => client.prepare(text).values(),
        closed: () => false,
      };
      return new SlowLane(front, { file, host, lane: {}, warn: () => undefined, pool });
    }),
  );
  let most = 0;
  const asking = Array.from({ length: 24 }, async (_, i) => {
    const found = await lanes[i % 4]!.read("select ?1", [i], bounds);
    most = Math.max(most, pool.size);
    return found?.rows;
  });
  expect(await Promise.all(asking)).toEqual(Array.from({ length: 24 }, (_, i) => [[i]]));
  expect(most).toBeLessThanOrEqual(2);
  expect(await until(() => pool.size === 0)).toBe(true);
}, 30_000);

test("who leaves again and again ends a few processes at once, then one each second", () => {
  const pool = new Pool();
  const waits = Array.from({ length: 6 }, () => pool.patience());
  expect(waits.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(waits[4]).toBeGreaterThan(500);
  expect(waits[5]).toBeLessThanOrEqual(1_000); // who waits has ended none yet
});

test("statements that end by themselves when their callers have left keep no other from being ended", async () => {
  const pool = new Pool();
  for (let ended = 0; ended < 4; ended++) pool.patience();
  /** A process whose statements take 300 milliseconds. */
  const start = (): Child => {
    let hear: (said: unknown) => void = () => undefined;
    return {
      on: (event: string, listener: (...said: never[]) => void) =>
        event === "message" && (hear = listener as typeof hear),
      send: (sent) => {
        const ready = typeof sent === "object" && sent !== null && "place" in sent;
        const said = ready ? { ready: lookOf([[1]], [[1]]) } : { rows: [], milliseconds: 300 };
        return setTimeout(() => hear(said), ready ? 0 : 300) !== undefined;
      },
      kill: () => true,
      unref: () => undefined,
    };
  };
  const host = { spare: 6, start, identityOf: () => "" };
  const front: Front = { driver: "bun-sqlite", ask: () => [[1]], closed: () => false };
  const lane = new SlowLane(front, { file: "f", host, lane: {}, warn: () => undefined, pool });
  const left = new AbortController();
  const bounds = { milliseconds: 20_000, signal: left.signal };
  const asked = Array.from({ length: 6 }, () => lane.read("select 1", [], bounds));
  await Bun.sleep(50); // all have begun
  left.abort();
  expect(await Promise.all(asked)).toHaveLength(6);
  expect(pool.patience()).toBeLessThanOrEqual(1_000);
});

test("a process that is killed while it begins is 503, and the next one begins", async () => {
  const { file, remove } = await makeFile();
  cleanups.push(remove);
  const text = `import { Database } from "bun:sqlite"; export default async () => { const db = new Database(FILE); await Bun.sleep(800); return db; }`;
  const app = await open("bun:sqlite", { file, lane: { open: module(file, text) } });
  const asked = failed(app.read("select 1"));
  expect(await until(() => app.pids().length === 1)).toBe(true);
  process.kill(app.pids()[0]!, "SIGKILL");
  expect(await asked).toBe("busy");
  expect(await app.read("select 1")).toEqual([[1]]);
});

test("a task that is to run apart asks the lane first", async () => {
  const app = await open();
  await app.lane();
  const asked: string[] = [];
  const lane = await app.lane();
  const watched = {
    size: 1,
    read: (...all: Parameters<typeof lane.read>) => (asked.push(all[0]), lane.read(...all)),
  };
  const task = async (text: string, apart: boolean, timeout = 10_000) =>
    execute<unknown>(
      {
        dialect: new Proxy(app.dialect, {
          get: (target, name) => {
            if (name === "lane") return watched;
            const member: unknown = Reflect.get(target, name, target);
            return typeof member === "function" ? (member.bind(target) as unknown) : member;
          },
        }),
        timeout,
        outside: (work: () => unknown) => work(),
        turn: (_asker: object, _mode: string, _transaction: boolean, work: () => unknown) => work(),
        unreadable: () => undefined,
      } as never,
      {
        caller: "",
        signal: new AbortController().signal,
        atomic: false,
        hooks: {},
        context: {},
        took: 0,
        apart,
        work: {
          kind: "read",
          read: {
            kind: "fast",
            ask: { text, values: [] },
            plan: { first: true, total: false, nodes: [{}], policy: { limits: { maxAnswerSize: 1_000 } } },
            remembered: { answers: "object" },
          },
        },
      } as never,
    );
  expect(await task("select '{}' as a", true)).toEqual({ json: "{}", count: 1 });
  expect(await task("select '[]' as a", false)).toEqual({ json: "[]", count: 1 });
  expect(asked).toEqual(["select '{}' as a"]);
  expect(await failed(task(ENDLESS, true, 500))).toBe("timeout");
});

test("a process is run with what reads the application's modules, and with nothing that is for it alone", () => {
  const given = [
    "--inspect=0",
    "--import",
    "tsx",
    "-r=x",
    "--watch",
    "--preload",
    "p.ts",
    "-e",
    "code",
    "--conditions=a",
  ];
  expect(loadersOf(given)).toEqual(["--import", "tsx", "-r=x", "--preload", "p.ts", "--conditions=a"]);
  expect(loadersOf([])).toEqual([]);
});
