import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Observation } from "@bepalo/query";
import { sql } from "drizzle-orm";
import { Door, openShop, SERVERS, type Shop, sleeping, until } from "./postgresql.ts";

setDefaultTimeout(60_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const open = { select: true, write: true };
const notes = {
  notes: { table: "note", control: { GET: { all: open }, POST: { all: open }, PATCH: { all: open } } },
  slow: { table: "note", control: { GET: { all: { select: true, where: () => sleeping("read") } } } },
};
const hooked = (hooks: object): object => ({
  table: "note",
  control: { GET: { all: { ...open, ...hooks } }, POST: { all: { ...open, ...hooks } } },
});
const FRESH = { id: 1, label: "fresh" };
const ANN = { name: "ann" };
const BOB = { name: "bob" };

/** What is left of a request that is given up. */
const givenUp = async (request: Promise<unknown>): Promise<unknown> => request.catch(() => "gone");

describe.each(SERVERS)("on $name", ({ name, leftOut }) => {
  const testServer = test.skipIf(leftOut);
  const start = (acl: object = {}, options: Parameters<typeof openShop>[3] = {}): Promise<Shop> =>
    openShop(name, { ...notes, ...acl }, cleanups, { connections: 4, ...options });
  const runs = (shop: Shop, count: number): Promise<void> =>
    until(async () => (await shop.running("pg_sleep")) === count);

  testServer("statements of one caller take half of the pool, and others are answered", async () => {
    const shop = await start({}, { busyTimeout: 600, timeout: 1_500 });
    expect((await shop.send("POST", "notes", FRESH, BOB)).status).toBe(200);
    const filling = Array.from({ length: 12 }, () => shop.send("GET", "slow", undefined, ANN));
    await runs(shop, 2);
    for (let i = 0; i < 5; i++) expect((await shop.send("GET", "notes", undefined, BOB)).status).toBe(200);
    expect((await shop.send("POST", "notes", { id: 2, label: "new" }, BOB)).status).toBe(200);
    expect(await shop.running("pg_sleep")).toBe(2);
    const answers = await Promise.all(filling);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 504]));
    const { headers, body } = answers.find(({ status }) => status === 503)!;
    expect([headers.get("retry-after"), body.code]).toEqual(["1", "busy"]);
    expect(body.hint).toContain("your own share");
  });

  testServer(
    "reads that look for a text take a quarter of the pool, whoever asks, each in his turn",
    async () => {
      const shop = await start({}, { connections: 8, busyTimeout: 2_900, timeout: 3_000 });
      expect((await shop.send("POST", "notes", FRESH, BOB)).status).toBe(200);
      const looking = "slow?select=(where:(label.contains:'fresh'))";
      const slow = Array.from({ length: 6 }, (_, i) =>
        shop.send("GET", looking, undefined, { name: `${i}` }),
      );
      await runs(shop, 2);
      for (let i = 0; i < 5; i++) expect((await shop.send("GET", "notes", undefined, BOB)).status).toBe(200);
      expect(await shop.running("pg_sleep")).toBe(2);
      // Who has had his turn is ended where others wait; who is last is late.
      const answers = await Promise.all(slow);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 504]));
      expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(2);
      await runs(shop, 0);
    },
  );

  testServer("transactions whose hooks wait take half of theirs, and statements pass them", async () => {
    const door = new Door();
    const shop = await start(
      { held: hooked({ beforeQuery: door.wait }) },
      { connections: 10, busyTimeout: 400 },
    );
    const filling = Array.from({ length: 9 }, () => shop.send("GET", "held", undefined, ANN));
    await until(() => door.arrived === 4);
    const polite = [BOB, BOB, { name: "cid" }].map((who) => shop.send("GET", "held", undefined, who));
    await until(() => door.arrived === 7);
    for (const who of [ANN, BOB, { name: "dan" }])
      expect((await shop.send("GET", "notes", undefined, who)).status).toBe(200);
    const late = await Promise.all(filling.slice(4));
    expect(late.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    door.open();
    expect((await Promise.all(polite)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await Promise.all(filling.slice(0, 4))).map(({ status }) => status)).toEqual([
      200, 200, 200, 200,
    ]);
  });

  testServer(
    "a hook that asks the route finds a place, though the same caller's hooks wait in all of his",
    async () => {
      const box: { shop?: Shop } = {};
      const together = new Door();
      const again = async (): Promise<void> => {
        if (together.arrived === 3) setTimeout(() => together.open(), 50);
        await together.wait();
        expect((await box.shop!.send("GET", "notes", undefined, ANN)).status).toBe(200);
      };
      const shop = await start(
        { again: hooked({ beforeQuery: again }) },
        { connections: 10, busyTimeout: 6_000 },
      );
      box.shop = shop;
      const begun = performance.now();
      const all = Array.from({ length: 4 }, () => shop.send("GET", "again", undefined, ANN));
      expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(performance.now() - begun).toBeLessThan(5_500);
    },
  );

  testServer(
    "a read under way is stopped on the server when its caller leaves, and its connection is free",
    async () => {
      const seen: Observation[] = [];
      const shop = await start({}, { connections: 1, observe: (one) => seen.push(one) });
      expect((await shop.send("POST", "notes", FRESH)).status).toBe(200);
      for (let round = 0; round < 3; round++) {
        const left = new AbortController();
        const gone = givenUp(shop.send("GET", "slow", undefined, { signal: left.signal }));
        await runs(shop, 1);
        left.abort();
        expect(await gone).toBe("gone");
        await runs(shop, 0);
        const { status, body } = await shop.send("GET", "notes");
        expect([status, body.notes]).toEqual([200, [FRESH]]);
      }
      const statuses = seen.flatMap((one) => (one.kind === "answered" ? [one.status] : []));
      expect(statuses).toEqual([200, 499, 200, 499, 200, 499, 200]);
      expect(shop.errors).toEqual([]);
    },
  );

  testServer("others' reads go on when one leaves, and who waits leaves the queue", async () => {
    const shop = await start();
    expect((await shop.send("POST", "notes", FRESH)).status).toBe(200);
    const left = new AbortController();
    const signal = left.signal;
    const stays = new AbortController();
    const running = [
      givenUp(shop.send("GET", "slow", undefined, { ...ANN, signal })),
      givenUp(shop.send("GET", "slow", undefined, { ...ANN, signal: stays.signal })),
    ];
    await runs(shop, 2);
    const waiting = givenUp(shop.send("GET", "slow", undefined, { ...ANN, signal }));
    await Bun.sleep(50);
    left.abort();
    expect([await running[0], await waiting]).toEqual(["gone", "gone"]);
    await runs(shop, 1);
    await Bun.sleep(100);
    expect(await shop.running("pg_sleep")).toBe(1); // who waited was never sent
    stays.abort();
    await runs(shop, 0);
  });

  testServer(
    "a write, and a transaction, that have begun are ended whole when their caller leaves",
    async () => {
      const door = new Door();
      const shop = await start({
        patched: {
          table: "note",
          control: { PATCH: { all: { ...open, where: () => sql`id = 1 and pg_sleep(0.1) is not null` } } },
        },
        held: hooked({ afterQuery: door.wait }),
      });
      expect((await shop.send("POST", "notes", FRESH)).status).toBe(200);
      const left = new AbortController();
      const { signal } = left;
      const gone = [
        givenUp(shop.send("PATCH", "patched", { label: "whole" }, { signal })),
        givenUp(shop.send("POST", "held", { id: 2, label: "kept" }, { signal })),
      ];
      await Promise.all([runs(shop, 1), until(() => door.arrived === 1)]);
      left.abort();
      expect(await Promise.all(gone)).toEqual(["gone", "gone"]);
      door.open();
      await until(async () => {
        const found = await shop.ask("select id, label from note order by id");
        return JSON.stringify(found) === '[[1,"whole"],[2,"kept"]]';
      });
      expect(shop.errors).toEqual([]);
    },
  );

  testServer("what was to be stopped and ended by itself stops nothing that comes after it", async () => {
    // As long as a statement may run on when its caller has left, so that the two meet.
    const shop = await start({ short: hooked({ where: () => sql`pg_sleep(0.11) is not null` }) });
    expect((await shop.send("POST", "notes", FRESH)).status).toBe(200);
    const load = { going: true };
    const polite = Array.from({ length: 3 }, async () => {
      while (load.going) {
        const { status, body } = await shop.send("GET", "notes", undefined, BOB);
        expect([status, body.code, ...shop.errors]).toEqual([200, undefined]);
        expect((await shop.send("PATCH", "notes", { label: "again" }, BOB)).status).toBe(200);
      }
    });
    for (let round = 0; round < 20; round++) {
      const left = new AbortController();
      const gone = [0, 1].map((i) =>
        givenUp(shop.send("GET", "short", undefined, { name: `n${i}`, signal: left.signal })),
      );
      await Bun.sleep(5 + (round % 10));
      left.abort();
      await Promise.all(gone);
      await Bun.sleep(130);
    }
    load.going = false;
    await Promise.all(polite);
    const after = Array.from({ length: 24 }, (_, i) =>
      shop.send("GET", "notes", undefined, { name: `n${i}` }),
    );
    expect((await Promise.all(after)).map(({ status }) => status)).toEqual(Array(24).fill(200));
    expect(shop.errors).toEqual([]);
  });
});
