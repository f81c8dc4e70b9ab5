/* Changes that are made for one version of a row, many at once: one of them is made. */
import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { SQL } from "bun";
import { drizzle } from "drizzle-orm/libsql";
import { createQueryHandler } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/kept.ts";
import {
  isLeftOut,
  openPostgresql,
  POSTGRESQL_NAMES,
  type PostgresqlName,
  SERVER_DRIVERS,
} from "../support/postgresql.ts";
import { openRemote } from "../support/remote.ts";
import { openTables } from "../support/shop.ts";
import { makeFile, spawn } from "./process.ts";
import { versioned } from "./versioned-rules.ts";

interface Told {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

/** Servers over one database. */
interface Ground {
  readonly servers: readonly ((request: Request) => Promise<Response>)[];
  /** Runs statements past the engine. */
  readonly run: (text: string) => Promise<unknown>;
  /** Runs statements in a transaction of another connection, does work, and ends it; absent where there is no other. */
  readonly meanwhile?: (
    texts: readonly string[],
    end: "commit" | "rollback",
    work: () => Promise<unknown>,
  ) => Promise<void>;
  readonly close: () => Promise<unknown>;
}

const errors: unknown[] = [];

function server(database: unknown, schema: object): (request: Request) => Promise<Response> {
  return createQueryHandler({
    acl: versioned.acl,
    tables: versioned.tables,
    database,
    schema: schema as never,
    caller: () => `caller ${callers++}`,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
  });
}
let callers = 0;

/** One process on one database. */
async function alone(name: "libsql file" | "libsql memory" | "bun:sqlite"): Promise<Ground> {
  const { database, close } = await openTables(sqlite, name);
  return {
    servers: [server(database, sqlite)],
    run: async (text) => database.run(text),
    close: async () => close(),
  };
}

/** Two clients of one server. */
async function remote(): Promise<Ground> {
  const { database, hrana, close } = await openRemote(sqlite);
  const second = createClient({ url: hrana.url });
  const clients = [database, drizzle(second, { schema: sqlite })];
  return {
    servers: clients.map((one) => server(one, sqlite)),
    run: async (text) => database.run(text),
    close: async () => {
      second.close();
      await close();
    },
  };
}

/** Two processes on one file, and this one beside them. */
async function processes(driver: string): Promise<Ground> {
  const { file, remove } = await makeFile("wal", undefined, sqlite);
  const other = new BunDatabase(file);
  other.run("pragma busy_timeout = 5000");
  const served = await Promise.all([1, 2].map(() => spawn(file, driver, 5_000, [], "versioned-rules")));
  return {
    servers: served.map(
      ({ url }) =>
        (request) =>
          fetch(new Request(request.url.replace("http://local/query/", url), request)),
    ),
    run: async (text) => void other.run(text),
    meanwhile: async (texts, end, work) => {
      other.run("begin immediate");
      for (const text of texts) other.run(text);
      const working = work();
      await Bun.sleep(150);
      other.run(end);
      await working;
    },
    close: async () => {
      other.close();
      for (const { kill } of served) await kill();
      remove();
    },
  };
}

/** Two pools of several connections, and one connection beside them; of the embedded database there is one. */
async function pools(name: PostgresqlName): Promise<Ground> {
  const { database, url, run, close } = await openPostgresql(name, postgresql, { connections: 5 });
  if (name === "PGlite") return { servers: [server(database, postgresql)], run, close };
  const second = SERVER_DRIVERS[name](url, postgresql, 5);
  const other = new SQL(url, { max: 1 });
  return {
    servers: [database, second.database].map((one) => server(one, postgresql)),
    run,
    meanwhile: async (texts, end, work) => {
      await other.unsafe("begin");
      for (const text of texts) await other.unsafe(text);
      const working = work();
      await Bun.sleep(150);
      await other.unsafe(end);
      await working;
    },
    close: async () => {
      await Promise.all([second.end(), other.close()]);
      await close();
    },
  };
}

/** Whether another connection can hold a lock beside the servers', the tables' words, and how it is opened. */
const GROUNDS: readonly (readonly [string, boolean, "sqlite" | "postgresql", () => Promise<Ground>])[] = [
  ["libsql file", false, "sqlite", () => alone("libsql file")],
  ["libsql memory", false, "sqlite", () => alone("libsql memory")],
  ["libsql remote", false, "sqlite", remote],
  ["bun:sqlite", false, "sqlite", () => alone("bun:sqlite")],
  ["two processes of libsql", true, "sqlite", () => processes("libsql")],
  ["two processes of bun:sqlite", true, "sqlite", () => processes("bun:sqlite")],
  ...POSTGRESQL_NAMES.filter((name) => !isLeftOut(name)).map(
    (name) => [name, name !== "PGlite", "postgresql", () => pools(name)] as const,
  ),
];

describe.each(GROUNDS)("%s", (_name, shared, speaks, open) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  }, 60_000);
  afterAll(async () => void (await ground?.close()));
  beforeEach(async () => {
    for (const text of fresh(speaks)) await ground.run(text);
  });

  let next = 0;
  async function ask(method: string, path: string, body?: unknown, version?: number): Promise<Told> {
    const request = new Request(`http://local/query/${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(version !== undefined && { "if-match": `"${version}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const response = await ground.servers[next++ % ground.servers.length]!(request);
    return { status: response.status, body: await response.json() };
  }
  const first = (resource: string): string =>
    `${resource}?select=(where:(id:1)${resource === "read" ? ",with:(project:T)" : ""})`;
  const stored = async (): Promise<any> => (await ask("GET", first("everything"))).body.everything[0];
  /** Twenty at once, and how many of them were answered how. */
  async function race(one: (index: number) => Promise<Told>): Promise<readonly Told[]> {
    const told = await Promise.all(Array.from({ length: 20 }, (_, index) => one(index)));
    expect(errors.splice(0)).toEqual([]);
    return told;
  }
  const statuses = (told: readonly Told[]): readonly number[] =>
    told.map(({ status }) => status).toSorted((a, b) => a - b);
  const oneWins = [200, ...Array.from({ length: 19 }, () => 412)];

  test.each(["tasks", "hooked", "entitled"])(
    "of twenty PATCHes with one version exactly one is made: %s",
    async (resource) => {
      const told = await race((index) => ask("PATCH", first(resource), { title: `t${index}` }, 1));
      expect(statuses(told)).toEqual(oneWins);
      const winner = told.findIndex(({ status }) => status === 200);
      expect(told[winner]!.body[resource]).toMatchObject([{ title: `t${winner}`, version: 2 }]);
      expect(await stored()).toMatchObject({ title: `t${winner}`, version: 2 });
    },
    30_000,
  );

  test.each(["tasks", "read", "entitled"])(
    "of twenty PATCHes and DELETEs with one version exactly one is made: %s",
    async (resource) => {
      const told = await race((index) =>
        index % 2 === 0
          ? ask("DELETE", first(resource), undefined, 1)
          : ask("PATCH", first("tasks"), { title: "changed" }, 1),
      );
      expect(statuses(told)).toEqual(oneWins);
      const winner = told.findIndex(({ status }) => status === 200);
      const { title, version, deletedAt } = await stored();
      expect([title, version]).toEqual([winner % 2 === 0 ? "fuel" : "changed", 2]);
      expect(deletedAt === null).toBe(winner % 2 === 1);
    },
    30_000,
  );

  test.each(["tasks", "read", "entitled"])(
    "of twenty DELETEs one finds the row: %s",
    async (resource) => {
      const told = await race(() => ask("DELETE", first(resource)));
      expect(told.every(({ status }) => status === 200)).toBe(true);
      const found = told.filter(({ body }) => body.rowsAffected === 1);
      expect(found).toHaveLength(1);
      expect(found[0]!.body[resource]).toMatchObject([{ id: 1, version: 1, deletedAt: null }]);
      expect((await stored()).version).toBe(2);
    },
    30_000,
  );

  test("every change of twenty at once is counted", async () => {
    const told = await race(() => ask("PATCH", first("tasks"), { title: "t" }));
    const versions = told.map(({ body }) => body.tasks[0].version as number);
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    expect((await stored()).version).toBe(21);
  }, 30_000);

  test("who reads again where he came too late loses nothing", async () => {
    const add = async (): Promise<void> => {
      for (;;) {
        const { title, version } = (await ask("GET", first("tasks"))).body.tasks[0];
        const told = await ask("PATCH", first("tasks"), { title: `${title}+` }, version);
        if (told.status === 200) return;
        expect(told.status).toBe(412);
      }
    };
    await Promise.all(Array.from({ length: 6 }, add));
    expect(errors.splice(0)).toEqual([]);
    expect(await stored()).toMatchObject({ title: "fuel++++++", version: 7 });
  }, 60_000);

  const changed = ["update tasks set version = 2 where id = 1"];
  test.skipIf(!shared)(
    "the version counts that the row has when its turn has come",
    async () => {
      const meanwhile = ground.meanwhile!;
      for (const resource of ["tasks", "entitled"])
        for (const method of ["PATCH", "DELETE"])
          for (const [end, old, other] of [
            ["commit", 412, 200],
            ["rollback", 200, 412],
          ] as const)
            for (const [version, status] of [
              [1, old],
              [2, other],
            ] as const) {
              for (const text of fresh(speaks)) await ground.run(text);
              await meanwhile(changed, end, async () => {
                const body = method === "PATCH" ? { title: "new" } : undefined;
                expect((await ask(method, first(resource), body, version)).status).toBe(status);
              });
            }
    },
    60_000,
  );

  test.skipIf(!shared)(
    "a deletion answers the row that it deletes, not one from before it had to wait",
    async () => {
      const late = ["update tasks set title = 'late', version = 2 where id = 1"];
      for (const resource of ["tasks", "read", "entitled"]) {
        for (const text of fresh(speaks)) await ground.run(text);
        await ground.meanwhile!(late, "commit", async () => {
          const { body } = await ask("DELETE", first(resource));
          expect(body[resource]).toMatchObject([{ title: "late", version: 2, deletedAt: null }]);
        });
        expect((await stored()).version).toBe(3);
      }
    },
    30_000,
  );

  test.skipIf(!shared)(
    "a right that is lost while a change waits leaves no row to compare",
    async () => {
      const meanwhile = ground.meanwhile!;
      const lost = [
        "update projects set name = 'Sun' where id = 1",
        "update tasks set title = title where id = 1",
      ];
      for (const method of ["PATCH", "DELETE"]) {
        for (const text of fresh(speaks)) await ground.run(text);
        await meanwhile(lost, "commit", async () => {
          const body = method === "PATCH" ? { title: "new" } : undefined;
          expect((await ask(method, first("entitled"), body, 1)).status).toBe(412);
        });
        expect(await stored()).toMatchObject({ title: "fuel", version: 1, deletedAt: null });
      }
    },
    30_000,
  );
});
