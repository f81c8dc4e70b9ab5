import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { sql } from "drizzle-orm";
import { drizzle as drizzleBunSqlite } from "drizzle-orm/bun-sqlite";
import { integer as pgInteger, pgTable, text as pgText, withReplicas } from "drizzle-orm/pg-core";
import { integer, sqliteTable, text, withReplicas as withReplicasSqlite } from "drizzle-orm/sqlite-core";
import { openPostgresql, type PostgresqlName } from "../support/postgresql.ts";
import { EVERYWHERE } from "./postgresql.ts";

setDefaultTimeout(60_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const databases: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of databases.splice(0).toReversed()) await close();
});

const ofPostgresql = { note: pgTable("note", { id: pgInteger().primaryKey(), label: pgText().notNull() }) };
const ofSqlite = { note: sqliteTable("note", { id: integer().primaryKey(), label: text().notNull() }) };

/** A primary and two replicas, each with a row that tells who it is; nothing is copied between them. */
interface Cluster {
  // oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own types differ per driver
  readonly all: any[];
  readonly schema: Record<string, unknown>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly join: (primary: any, replicas: any, choose?: any) => unknown;
}

const NAMES = ["primary", "first", "second"] as const;

async function openPostgresqlCluster(name: PostgresqlName): Promise<Cluster> {
  const all = [];
  for (const label of NAMES) {
    const opened = await openPostgresql(name, ofPostgresql, { connections: 3 });
    databases.push(() => opened.close());
    await opened.run(`insert into note values (1, '${label}')`);
    all.push(opened.database);
  }
  return { all, schema: ofPostgresql, join: withReplicas };
}

function openSqliteCluster(): Cluster {
  const all = NAMES.map((label) => {
    const client = new BunDatabase(":memory:");
    databases.push(() => client.close());
    client.run("create table note (id integer primary key, label text not null)");
    client.run("insert into note values (1, ?)", [label]);
    return drizzleBunSqlite(client, { schema: ofSqlite });
  });
  return { all, schema: ofSqlite, join: withReplicasSqlite };
}

const CLUSTERS: readonly { name: string; leftOut: boolean; open: () => Cluster | Promise<Cluster> }[] = [
  ...EVERYWHERE.filter(({ name }) => name === "PGlite" || name === "bun-sql").map(({ name, leftOut }) => ({
    name,
    leftOut,
    open: () => openPostgresqlCluster(name),
  })),
  { name: "bun:sqlite", leftOut: false, open: openSqliteCluster },
];

const seen: unknown[] = [];
const open = { select: true, write: true };
const acl = {
  notes: { table: "note", control: { GET: { all: open }, POST: { all: open }, PATCH: { all: open } } },
  hooked: {
    table: "note",
    control: {
      GET: {
        all: {
          select: true,
          beforeQuery: async ({
            tx,
          }: {
            tx: { select(fields: object): { from(table: unknown): Promise<unknown> } };
          }) => {
            seen.push(await tx.select({ label: sql`label` }).from(sql`note`));
          },
        },
      },
      POST: { all: { ...open, beforeQuery: () => undefined } },
    },
  },
};

const FIRST = "notes?select=(limit:1,orderBy:(id:asc))";

interface Served {
  readonly labels: (path: string) => Promise<readonly string[]>;
  readonly send: (method: string, path: string, body?: unknown) => Promise<Response>;
}

function serve(
  database: unknown,
  schema: Record<string, unknown>,
  options: Partial<QueryRouteOptions> = {},
): Served {
  const route = createQueryRoute({
    acl,
    database,
    schema,
    onWarning: () => undefined,
    ...options,
  });
  const server = Bun.serve({
    port: 0,
    routes: { "/:id": route },
    fetch: () => new Response(null, { status: 404 }),
  });
  cleanups.push(() => server.stop(true));
  const send: Served["send"] = (method, path, body) =>
    fetch(`http://127.0.0.1:${server.port}/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
  return {
    send,
    labels: async (path) => {
      const body = (await (await send("GET", path)).json()) as Record<string, { label: string }[]>;
      return body[path.split("?")[0]!]!.map(({ label }) => label);
    },
  };
}

describe.each(CLUSTERS)("replicas on $name", ({ leftOut, open: openCluster }) => {
  let cluster: Cluster;
  beforeAll(async () => {
    if (!leftOut) cluster = await openCluster();
  });

  for (const reader of ["fast", "portable"] as const) {
    test.skipIf(leftOut)(
      `reads are answered by the replica Drizzle chooses, by the ${reader} reader`,
      async () => {
        const { all, schema, join } = cluster;
        let turn = 0;
        const [primary, ...replicas] = all;
        const database = join(primary, replicas, (them: unknown[]) => them[turn++ % them.length]);
        const { labels } = serve(database, schema, { reader });
        const found: string[] = [];
        for (let i = 0; i < 4; i++) found.push(...(await labels("notes")));
        expect(found.toSorted((a, b) => a.localeCompare(b))).toEqual(["first", "first", "second", "second"]);
      },
    );
  }

  test.skipIf(leftOut)(
    "writes, and what they answer, are the primary's; so are reads whose hooks may write",
    async () => {
      const { all, schema, join } = cluster;
      const [primary, ...replicas] = all;
      const { labels, send } = serve(join(primary, replicas), schema);
      const rows = [
        { id: 2, label: "two" },
        { id: 3, label: "three" },
      ];
      expect((await send("POST", "notes", rows[0])).status).toBe(200);
      expect(await (await send("POST", "hooked", rows[1])).json()).toEqual({
        rowsAffected: 1,
        count: 1,
        hooked: [rows[1]],
      });
      const changed = await send("PATCH", "notes?select=(where:(id:2),columns:(label:T))", { label: "zwei" });
      expect(await changed.json()).toEqual({ rowsAffected: 1, count: 1, notes: [{ label: "zwei" }] });
      expect(await labels("notes")).toHaveLength(1);
      seen.length = 0;
      expect(await labels("hooked?select=(orderBy:(id:asc))")).toEqual(["primary", "zwei", "three"]);
      expect((seen[0] as unknown[]).length).toBe(3);
    },
  );

  test.skipIf(leftOut)("by default each replica has its share, and the primary none", async () => {
    const { all, schema, join } = cluster;
    const [primary, ...replicas] = all;
    const { labels } = serve(join(primary, replicas), schema);
    const found = new Set<unknown>();
    for (let i = 0; i < 60; i++) found.add((await labels("notes"))[0]);
    expect(found).toEqual(new Set(["first", "second"]));
  });

  test.skipIf(leftOut)("without replicas, or when it is chosen, the primary answers", async () => {
    const { all, schema, join } = cluster;
    const [primary, ...replicas] = all;
    expect(
      await serve(
        join(primary, [], () => primary),
        schema,
      ).labels(FIRST),
    ).toEqual(["primary"]);
    expect(
      await serve(
        join(primary, replicas, () => primary),
        schema,
      ).labels(FIRST),
    ).toEqual(["primary"]);
  });
});
