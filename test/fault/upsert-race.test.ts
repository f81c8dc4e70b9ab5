/* Rows of one key, many at once: there is one row, and every one of them has counted. */
import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/met.ts";
import {
  isLeftOut,
  openPostgresql,
  POSTGRESQL_NAMES,
  type PostgresqlName,
  SERVER_DRIVERS,
} from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";
import { makeFile, spawn } from "./process.ts";
import { upserted } from "./upserted-rules.ts";

/** Servers over one database. */
interface Ground {
  readonly servers: readonly ((request: Request) => Promise<Response>)[];
  /** Runs a statement past the engine. */
  readonly run: (text: string) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

const errors: unknown[] = [];
let callers = 0;

const server = (database: unknown, schema: object): ((request: Request) => Promise<Response>) =>
  createQueryHandler({
    acl: upserted.acl,
    tables: upserted.tables,
    database,
    schema: schema as never,
    caller: () => `caller ${callers++}`,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
  });

async function alone(name: "libsql file" | "bun:sqlite"): Promise<Ground> {
  const { database, close } = await openTables(sqlite, name);
  const run = async (text: string): Promise<unknown> => database.run(text);
  return { servers: [server(database, sqlite)], run, close: async () => close() };
}

/** Two processes on one file. */
async function processes(driver: string): Promise<Ground> {
  const { file, remove } = await makeFile("wal", undefined, sqlite);
  const other = new BunDatabase(file);
  other.run("pragma busy_timeout = 5000");
  const served = await Promise.all([1, 2].map(() => spawn(file, driver, 5_000, [], "upserted-rules")));
  return {
    servers: served.map(
      ({ url }) =>
        (request) =>
          fetch(new Request(request.url.replace("http://local/query/", url), request)),
    ),
    run: async (text) => void other.run(text),
    close: async () => {
      other.close();
      for (const { kill } of served) await kill();
      remove();
    },
  };
}

/** Two pools of several connections; of the embedded database there is one. */
async function pools(name: PostgresqlName): Promise<Ground> {
  const { database, url, run, close } = await openPostgresql(name, postgresql, { connections: 5 });
  if (name === "PGlite") return { servers: [server(database, postgresql)], run, close };
  const second = SERVER_DRIVERS[name](url, postgresql, 5);
  return {
    servers: [database, second.database].map((one) => server(one, postgresql)),
    run,
    close: async () => {
      await second.end();
      await close();
    },
  };
}

const GROUNDS: readonly (readonly [string, () => Promise<Ground>])[] = [
  ["libsql file", () => alone("libsql file")],
  ["bun:sqlite", () => alone("bun:sqlite")],
  ["two processes of libsql", () => processes("libsql")],
  ["two processes of bun:sqlite", () => processes("bun:sqlite")],
  ...POSTGRESQL_NAMES.filter((name) => !isLeftOut(name)).map((name) => [name, () => pools(name)] as const),
];

describe.each(GROUNDS)("%s", (_, open) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  }, 60_000);
  afterAll(() => ground?.close());
  beforeEach(async () => {
    for (const text of fresh) await ground.run(text);
    errors.length = 0;
  });

  /** Sends a request to each server in its turn. */
  let turn = 0;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  const send = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: any }> => {
    const { servers } = ground;
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await servers[turn++ % servers.length]!(new Request(`http://local/query/${path}`, init));
    return { status: response.status, body: await response.json() };
  };
  const many = <T>(count: number, one: (index: number) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(Array.from({ length: count }, (__, index) => one(index)));
  const rows = async (where: string): Promise<readonly { email: string; level: number; version: number }[]> =>
    (await send("GET", `users?select=(where:(${where}),limit:100)`)).body.users;
  const BY_EMAIL = "onConflict=(target:~T(email)~)";

  test.each(["users", "hooked"])(
    "twenty at once with one key: %s",
    async (resource) => {
      const told = await many(20, () =>
        send("POST", `${resource}?${BY_EMAIL}`, { email: "new@x", name: "N" }),
      );
      expect(told.map(({ status, body }) => (status === 200 ? 200 : body))).toEqual(told.map(() => 200));
      expect(told.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(1);
      expect(await rows("email:'new@x'")).toMatchObject([{ level: 20, version: 20 }]);
      expect(errors).toEqual([]);
    },
    60_000,
  );

  test("lists in any order, some of their rows new: each counts, and none waits for another for ever", async () => {
    const emails = Array.from({ length: 12 }, (__, index) => `e${String(index).padStart(2, "0")}@x`);
    const shuffled = (seed: number): readonly string[] =>
      emails
        .map((email, index) => [(index * (2 * seed + 1) * 7 + seed) % 97, email] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, email]) => email);
    const told = await many(16, async (index) => {
      const order = shuffled(index);
      const answer = await send(
        "POST",
        `users?${BY_EMAIL}`,
        order.map((email) => ({ email, name: `n${index}` })),
      );
      expect(answer.body.users?.map(({ email }: { email: string }) => email)).toEqual(order);
      return answer;
    });
    expect(told.map(({ status }) => status)).toEqual(told.map(() => 200));
    const stored = await rows("email.in:_('e00@x','e05@x','e11@x')_");
    expect(stored.map(({ level }) => level)).toEqual([16, 16, 16]);
    expect(errors).toEqual([]);
  }, 60_000);

  test("beside who removes what they meet, and who ignores it", async () => {
    const told = await many(30, (index) =>
      index % 3 === 0
        ? send("DELETE", "users?select=(where:(email:'new@x'))")
        : send(
            "POST",
            `${index % 3 === 1 ? "plain" : "users"}?onConflict=(target:~T(email)~${index % 2 === 0 ? ",ignore:T" : ""})`,
            { email: "new@x", name: "N" },
          ),
    );
    expect(told.filter(({ status }) => status !== 200)).toEqual([]);
    expect((await rows("email:'new@x'")).length).toBeLessThanOrEqual(1);
    expect(errors).toEqual([]);
  }, 60_000);
});
