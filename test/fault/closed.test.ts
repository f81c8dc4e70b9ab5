import { afterEach, expect, test } from "bun:test";
import type { Database as BunDatabase } from "bun:sqlite";
import type { Client } from "@libsql/client";
import { serializeWrites } from "@bepalo/query";
import { drizzle } from "drizzle-orm/libsql";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { TestDatabase } from "../support/databases.ts";
import * as schema from "../support/schema.ts";
import { Faults, observe, openFaulty } from "./driver.ts";
import { makeFile } from "./process.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const BATCH = 4;

const acl = {
  tags: {
    table: "tag",
    countTotal: true,
    control: { GET: { all: { select: true } }, POST: { all: { select: true, write: true } } },
  },
  slow: {
    table: "tag",
    control: {
      GET: { all: { select: true, beforeQuery: () => Bun.sleep(2) } },
      POST: {
        all: { select: true, write: true, beforeQuery: () => Bun.sleep(2), afterQuery: () => Bun.sleep(2) },
      },
    },
  },
} satisfies TestACL;

/** What callers were answered in one phase. */
interface Phase {
  readonly statuses: Map<number, number>;
  readonly texts: Set<string>;
}

/** Callers who read and write without a pause until they are told to stop. */
class Load {
  readonly answered = new Set<number>();
  readonly refused = new Set<number>();
  phase: Phase = { statuses: new Map(), texts: new Set() };
  readonly #app: () => App;
  #going = true;
  #next = BATCH;
  readonly #callers: Promise<void>[];

  constructor(app: () => App, callers: number) {
    this.#app = app;
    this.#callers = Array.from({ length: callers }, (_, i) => this.#call(i));
  }

  /** Begins the next phase and lets it last; the answer tells of the phase that has ended. */
  async turn(milliseconds: number): Promise<void> {
    this.phase = { statuses: new Map(), texts: new Set() };
    await Bun.sleep(milliseconds);
    // A busy machine may not have come to any of it yet.
    for (let wait = 0; wait < 40 && this.phase.statuses.size === 0; wait++) await Bun.sleep(50);
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#callers);
  }

  async #call(caller: number): Promise<void> {
    let turn = caller;
    while (this.#going) {
      turn++;
      const resource = turn % 3 === 0 ? "slow" : "tags";
      if (turn % 2 === 0) {
        const { status, text } = await this.#app().get(`${resource}?select=(limit:5,orderBy:(id:desc))`);
        this.#count(status, text);
        continue;
      }
      const first = this.#next;
      this.#next += BATCH;
      const many = turn % 4 === 1;
      const rows = Array.from({ length: many ? BATCH : 1 }, (_, i) => ({
        id: first + i,
        label: `t${first + i}`,
      }));
      const { status, text } = await this.#app().post(resource, many ? rows : rows[0]);
      for (const { id } of rows) (status === 200 ? this.answered : this.refused).add(id);
      this.#count(status, text);
    }
  }

  #count(status: number, text: string): void {
    const { statuses, texts } = this.phase;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status !== 200) texts.add(text);
  }
}

const served = async (database: TestDatabase, file: string): Promise<App> => {
  const app = await serve(acl, {
    opened: { database, url: file, close: () => undefined },
    busyTimeout: 2_000,
  });
  cleanups.push(() => app.close());
  return app;
};

const clientOf = (database: TestDatabase): Client & BunDatabase =>
  (database as unknown as { $client: Client & BunDatabase }).$client;

const sorted = (ids: Iterable<number>): number[] => [...ids].toSorted((a, b) => a - b);

/**
 * Lets those be answered that were under way when the database was closed. SQLite keeps a connection that is closed,
 * and its locks, until its last statement is gone; the drivers leave their statements to the garbage collector.
 */
async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    Bun.gc(true);
    await Bun.sleep(15);
  }
}

/** The rows another connection finds. */
async function idsIn(driver: string, file: string): Promise<number[]> {
  const other = observe(driver, file);
  try {
    return sorted((JSON.parse(await other.contents()) as [number, string][][])[0]!.map(([id]) => id));
  } finally {
    other.close();
  }
}

test.each([
  ["libsql", "wal"],
  ["libsql", "delete"],
  ["libsql whose writers take turns", "wal"],
] as const)(
  "%s, journal %s, closed and opened again under load",
  async (kind, journal) => {
    const { file, remove } = await makeFile(journal);
    cleanups.push(remove);
    const plain = openFaulty("libsql", file, new Faults(), 20);
    const client = clientOf(plain);
    const database = kind === "libsql" ? plain : drizzle(serializeWrites(client), { schema });
    cleanups.push(() => client.close());
    const app = await served(database, file);
    const load = new Load(() => app, 12);
    cleanups.push(() => load.stop());
    await load.turn(200);
    expect([...load.phase.statuses.keys()]).toEqual([200]);

    for (let round = 0; round < 3; round++) {
      client.close();
      await load.turn(80);
      const { statuses, texts } = load.phase;
      // What came in while it was closed is 500, and nothing of the driver is told.
      expect(statuses.get(500)).toBeGreaterThan(0);
      expect([...statuses.keys()].filter((status) => ![200, 500].includes(status))).toEqual([]);
      expect(
        [...texts].filter((text) => !text.includes('"code":"internal-error"') || /clos/i.test(text)),
      ).toEqual([]);

      client.reconnect();
      await settle();
      await load.turn(120);
      expect([...load.phase.statuses.keys()]).toEqual([200]);
    }
    await load.stop();
    expect(await idsIn("libsql", file)).toEqual(sorted(load.answered));
    expect(load.refused.size).toBeGreaterThan(0);
  },
  20_000,
);

test.each(["wal", "delete"] as const)(
  "bun:sqlite, journal %s, closed under load, and another opened",
  async (journal) => {
    const { file, remove } = await makeFile(journal);
    cleanups.push(remove);
    const first = openFaulty("bun:sqlite", file, new Faults());
    let app = await served(first, file);
    const load = new Load(() => app, 12);
    cleanups.push(() => load.stop());
    await load.turn(200);
    expect([...load.phase.statuses.keys()]).toEqual([200]);

    clientOf(first).close();
    await load.turn(100);
    const { statuses, texts } = load.phase;
    expect(statuses.get(500)).toBeGreaterThan(0);
    expect([...statuses.keys()].filter((status) => ![200, 500].includes(status))).toEqual([]);
    expect(
      [...texts].filter((text) => !text.includes('"code":"internal-error"') || /clos/i.test(text)),
    ).toEqual([]);

    const second = openFaulty("bun:sqlite", file, new Faults());
    cleanups.push(() => clientOf(second).close());
    app = await served(second, file);
    await settle();
    await load.turn(150);
    expect([...load.phase.statuses.keys()]).toEqual([200]);
    await load.stop();
    expect(await idsIn("bun:sqlite", file)).toEqual(sorted(load.answered));
    expect(load.refused.size).toBeGreaterThan(0);
  },
  20_000,
);
