/* A number that many change at once: none of the changes is lost. */
import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/kept.ts";
import {
  isLeftOut,
  openPostgresql,
  POSTGRESQL_NAMES,
  type PostgresqlName,
  SERVER_DRIVERS,
} from "../support/postgresql.ts";
import { makeFile, spawn } from "./process.ts";
import { versioned } from "./versioned-rules.ts";

/** Servers over one database. */
interface Ground {
  readonly servers: readonly ((request: Request) => Promise<Response>)[];
  /** Runs a statement past the engine. */
  readonly run: (text: string) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

const errors: unknown[] = [];
let callers = 0;

const server = (database: unknown): ((request: Request) => Promise<Response>) =>
  createQueryHandler({
    acl: versioned.acl,
    tables: versioned.tables,
    database,
    schema: postgresql,
    caller: () => `caller ${callers++}`,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
  });

/** Two processes on one file. */
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
    close: async () => {
      other.close();
      for (const { kill } of served) await kill();
      remove();
    },
  };
}

/** Two pools of several connections. */
async function pools(name: PostgresqlName): Promise<Ground> {
  const { database, url, run, close } = await openPostgresql(name, postgresql, { connections: 5 });
  if (name === "PGlite") return { servers: [server(database)], run, close };
  const second = SERVER_DRIVERS[name](url, postgresql, 5);
  return {
    servers: [database, second.database].map(server),
    run,
    close: async () => {
      await second.end();
      await close();
    },
  };
}

const GROUNDS: readonly (readonly [string, "sqlite" | "postgresql", () => Promise<Ground>])[] = [
  ["two processes of libsql", "sqlite", () => processes("libsql")],
  ["two processes of bun:sqlite", "sqlite", () => processes("bun:sqlite")],
  ...POSTGRESQL_NAMES.filter((name) => !isLeftOut(name)).map(
    (name) => [name, "postgresql", () => pools(name)] as const,
  ),
];

describe.each(GROUNDS)("%s", (_name, speaks, open) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  }, 60_000);
  afterAll(async () => void (await ground?.close()));
  beforeEach(async () => {
    for (const text of fresh(speaks)) await ground.run(text);
    await ground.run("update tasks set org_id = 0 where id = 1");
  });

  let next = 0;
  async function change(resource: string, body: unknown): Promise<number> {
    const request = new Request(`http://local/query/${resource}?select=(where:(id:1))`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await ground.servers[next++ % ground.servers.length]!(request)).status;
  }

  test.each(["tasks", "hooked", "entitled"])(
    "of fifty that add at once none is lost: %s",
    async (resource) => {
      const told = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          change(resource, { orgId: { $inc: index % 2 === 0 ? 3 : -1 }, title: `t${index}` }),
        ),
      );
      expect(errors.splice(0)).toEqual([]);
      expect(told).toEqual(told.map(() => 200));
      const read = new Request("http://local/query/tasks?select=(where:(id:1))");
      const { tasks } = (await (await ground.servers[0]!(read)).json()) as { tasks: { orgId: number }[] };
      expect(tasks[0]!.orgId).toBe(50);
    },
    60_000,
  );
});
