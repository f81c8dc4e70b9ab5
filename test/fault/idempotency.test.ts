/* One key many times at once, on several servers; and servers that end in the middle of a write under a key. */
import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { createQueryHandler } from "@bepalo/query";
import { EMPTY, postgresql, sqlite, type Told, told } from "../support/keyed.ts";
import {
  isLeftOut,
  openPostgresql,
  POSTGRESQL_NAMES,
  type PostgresqlName,
  SERVER_DRIVERS,
} from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";
import { keyedOptions } from "./keyed-rules.ts";
import { makeFile, random, type Served, spawn } from "./process.ts";

/** Servers over one database, and a connection beside them that can hold a key. */
interface Ground {
  readonly servers: readonly ((request: Request) => Promise<Response>)[];
  readonly run: (text: string) => Promise<unknown>;
  /** Has another connection take a key, and gives what ends its transaction; absent where there is no other. */
  readonly hold?: (key: string) => Promise<(end: "commit" | "rollback") => Promise<unknown>>;
  readonly close: () => Promise<unknown>;
}

const BUSY = 600;
const errors: unknown[] = [];
const server = (database: unknown, schema: Record<string, unknown>): Ground["servers"][number] =>
  createQueryHandler({
    ...keyedOptions(schema),
    database,
    schema,
    busyTimeout: BUSY,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
  });
const toProcess =
  ({ url }: Served): Ground["servers"][number] =>
  (request) =>
    fetch(new Request(request.url.replace("http://local/query/", url), request));

async function alone(name: "libsql file" | "bun:sqlite"): Promise<Ground> {
  const { database, close } = await openTables(sqlite, name);
  return {
    servers: [server(database, sqlite)],
    run: async (text) => database.run(text),
    close: async () => close(),
  };
}

async function processes(driver: string): Promise<Ground> {
  const { file, remove } = await makeFile("wal", undefined, sqlite);
  const other = new BunDatabase(file);
  other.run("pragma busy_timeout = 5000");
  const served = await Promise.all([1, 2].map(() => spawn(file, driver, BUSY, [], "keyed-rules")));
  return {
    servers: served.map(toProcess),
    run: async (text) => void other.run(text),
    hold: async (key) => {
      other.run("begin immediate");
      other.run(`insert into idempotency values ('n:ada', '${key}', 'another', '{}', ${Date.now()})`);
      return async (end) => other.run(end);
    },
    close: async () => {
      other.close();
      for (const { kill } of served) await kill();
      remove();
    },
  };
}

async function pools(name: PostgresqlName): Promise<Ground> {
  const { database, url, run, close } = await openPostgresql(name, postgresql, { connections: 5 });
  if (name === "PGlite") return { servers: [server(database, postgresql)], run, close };
  const second = SERVER_DRIVERS[name](url, postgresql, 5);
  const other = new SQL(url, { max: 1 });
  return {
    servers: [database, second.database].map((one) => server(one, postgresql)),
    run,
    hold: async (key) => {
      await other.unsafe("begin");
      await other.unsafe(`insert into idempotency values ('n:ada', '${key}', 'another', '{}', now())`);
      return (end) => other.unsafe(end);
    },
    close: async () => {
      await Promise.all([second.end(), other.close()]);
      await close();
    },
  };
}

const GROUNDS: readonly (readonly [string, boolean, () => Promise<Ground>])[] = [
  ["libsql file", false, () => alone("libsql file")],
  ["bun:sqlite", false, () => alone("bun:sqlite")],
  ["two processes of libsql", true, () => processes("libsql")],
  ["two processes of bun:sqlite", true, () => processes("bun:sqlite")],
  ...POSTGRESQL_NAMES.filter((name) => !isLeftOut(name)).map(
    (name) => [name, name !== "PGlite", () => pools(name)] as const,
  ),
];

const sent = (path: string, key: string, body: unknown): Request =>
  new Request(`http://local/query/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body),
  });

describe.each(GROUNDS)("%s", (_name, shared, open) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  }, 60_000);
  afterAll(async () => void (await ground?.close()));
  beforeEach(async () => {
    for (const text of EMPTY) await ground.run(text);
  });

  let next = 0;
  const ask = async (request: Request): Promise<Told> =>
    told(await ground.servers[next++ % ground.servers.length]!(request));
  const count = async (): Promise<number> =>
    (await ask(new Request("http://local/query/orders?select=(columns:F)"))).body.count;
  const order = { owner: "ada", title: "tea" };

  test.each(["orders", "slow"])(
    "of twenty with one key one writes, and all are answered alike: %s",
    async (path) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(sent(path, "k", order))));
      const done = answers.filter(({ status }) => status === 200);
      // Who waits too long is told to try again.
      expect(answers.filter(({ status }) => ![200, 503].includes(status))).toEqual([]);
      expect(new Set(done.map(({ text }) => text)).size).toBe(1);
      expect(done.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(done.length).toBeGreaterThan(2);
      expect(await count()).toBe(1);
      expect((await ask(sent(path, "k", order))).text).toBe(done[0]!.text);
      errors.length = 0; // those of the 503s
    },
    30_000,
  );

  test("twenty keys, each twice at once, are twenty writes", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `k${index % 20}`);
    const again = async (key: string): Promise<Told> => {
      for (;;) {
        const answer = await ask(sent("orders", key, { ...order, title: key }));
        if (answer.status !== 503) return answer;
      }
    };
    const answers = await Promise.all(keys.map(again));
    expect(answers.map(({ status, body }) => [status, body.orders[0].title])).toEqual(
      keys.map((key) => [200, key]),
    );
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(20);
    expect(await count()).toBe(20);
    errors.length = 0;
  }, 30_000);

  test("one that is refused leaves the key to the next", async () => {
    const bad = { ...order, owner: null };
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(sent("orders", "k", bad))));
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
    expect((await ask(sent("orders", "k", order))).status).toBe(200);
  }, 30_000);

  test.skipIf(!shared)(
    "who comes while another has the key waits for what becomes of it",
    async () => {
      for (const [key, end, status] of [
        ["k1", "commit", 422],
        ["k2", "rollback", 200],
      ] as const) {
        const release = await ground.hold!(key);
        const waiting = ask(sent("orders", key, order));
        await Bun.sleep(150);
        await release(end);
        expect(await waiting).toMatchObject({ status, replayed: false });
      }
      expect(errors.splice(0)).toEqual([]);
    },
    30_000,
  );

  test.skipIf(!shared)(
    "who waits too long is 503, and nothing is written",
    async () => {
      const release = await ground.hold!("k");
      const began = performance.now();
      const answer = await ask(sent("slow", "k", order));
      expect([answer.status, answer.body.code, answer.headers.get("retry-after")]).toEqual([
        503,
        "busy",
        "1",
      ]);
      expect(performance.now() - began).toBeLessThan(10 * BUSY);
      await release("rollback");
      expect(await count()).toBe(0);
      expect(await ask(sent("slow", "k", order))).toMatchObject({ status: 200, replayed: false });
      errors.length = 0;
    },
    30_000,
  );
});

const ROUNDS = 5;
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Posts under one key after the other until no answer comes, each time one row or three. */
async function writeOn(
  post: Ground["servers"][number],
  name: string,
  tried: Map<string, [string, unknown]>,
): Promise<void> {
  for (let n = 0; ; n++) {
    const key = `${name}-${n}`;
    const path = n % 3 === 0 ? "slow" : "orders";
    const rows = [0, 1, 2].map((part) => ({ owner: key, title: "tea", code: `${key}-${part}` }));
    const body = n % 2 === 0 ? rows : rows[0];
    tried.set(key, [path, body]);
    try {
      if ((await post(sent(path, key, body))).status !== 200) throw new Error(`a write was refused: ${key}`);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("a write was")) throw error;
      return;
    }
  }
}

/** What a file holds: the owners of its orders, which are their keys, and the keys that are stored. */
function inFile(file: string): { readonly orders: readonly string[]; readonly kept: readonly string[] } {
  const database = new BunDatabase(file);
  const all = (text: string): readonly string[] =>
    database
      .query<{ value: string }, []>(text)
      .all()
      .map(({ value }) => value);
  try {
    return {
      orders: all("select distinct owner as value from orders order by 1"),
      kept: all("select key as value from idempotency where answer is not null order by 1"),
    };
  } finally {
    database.close();
  }
}

test.each(["libsql", "bun:sqlite"])(
  "a server on %s that is killed has no write under a key without its answer, and no answer without its write",
  async (driver) => {
    console.log(`keys ${driver}: seed ${seed}`);
    const next = random(seed);
    const { file, remove } = await makeFile("wal", undefined, sqlite);
    const tried = new Map<string, [string, unknown]>();
    let served: Served | undefined;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        served = await spawn(file, driver, 5_000, [], "keyed-rules");
        const post = toProcess(served);
        const writers = [0, 1, 2].map((index) => writeOn(post, `${round}-${index}`, tried));
        const atOnce = tried.size;
        while (tried.size < atOnce + 12) await Bun.sleep(1);
        await Bun.sleep(next() * 120);
        await served.kill();
        await Promise.all(writers);
        served = undefined;
        const { orders, kept } = inFile(file);
        expect(kept.length).toBeGreaterThan(3);
        expect(orders).toEqual(kept);
      }
      // Whatever was not heard of is sent again, and all is there once.
      served = await spawn(file, driver, 5_000, [], "keyed-rules");
      for (const [key, [path, body]] of tried)
        expect((await toProcess(served)(sent(path, key, body))).status).toBe(200);
      const { orders, kept } = inFile(file);
      expect(orders).toEqual([...tried.keys()].toSorted());
      expect(kept).toEqual(orders);
    } finally {
      await served?.kill();
      remove();
    }
  },
  60_000,
);
