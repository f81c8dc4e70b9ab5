import { afterEach, describe, expect, test } from "bun:test";
import { createClient } from "@redis/client";
import { Line } from "../../src/live/feed/line.ts";
import { nodeRedis } from "../../src/live/feed/node-redis.ts";
import { type Feed, redisFeed } from "@bepalo/query/live";
import { openHole } from "../fault/hole.ts";
import { hearing, listen, type Listener, until } from "../support/feeds.ts";

// Processes that tell each other of their writes by a Redis.

const SERVER = process.env["TEST_REDIS_URL"];
if (SERVER === undefined) console.warn("Redis is left out: TEST_REDIS_URL names none");

/** Others use the same server. */
const channel = `query_test_${crypto.randomUUID()}`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function listener(feed: Feed): Promise<Listener> {
  const opened = await listen(feed);
  cleanups.push(() => opened.listening.close());
  return opened;
}

/** By the client that is taken where Bun's is not there. */
function byPackage(url: string): Feed {
  const find = () => nodeRedis(createClient, url, channel);
  const options = { name: "a feed", find, deaf: "deaf", alone: () => true };
  return { open: (heard) => new Line(heard, { ...options, origin: crypto.randomUUID() }) };
}

const FEEDS: readonly (readonly [string, (url: string) => Feed])[] = [
  ["Bun's client", (url) => redisFeed(url, { channel })],
  ["@redis/client", byPackage],
];

describe.skipIf(SERVER === undefined).each(FEEDS)("Redis, by %s", (_, feedOf) => {
  test("others hear what was told, and oneself nothing", async () => {
    const [here, there] = [await listener(feedOf(SERVER!)), await listener(feedOf(SERVER!))];
    here.tell(["post", "audit.entry"]);
    await until(() => there.heard.changes.length === 1);
    there.tell("*");
    await until(() => here.heard.changes.length === 1);
    expect([here.heard.changes, there.heard.changes]).toEqual([["*"], [["post", "audit.entry"]]]);
    expect([...here.heard.errors, ...there.heard.errors]).toEqual([]);
  });

  test("what is told at once goes together, and none of it is lost", async () => {
    const [here, there] = [await listener(feedOf(SERVER!)), await listener(feedOf(SERVER!))];
    const names = Array.from({ length: 100 }, (_, at) => `t${at}`);
    for (const name of names) here.tell([name]);
    await until(() => there.heard.changes.flatMap((touched) => touched).length >= 100);
    expect(there.heard.changes.flatMap((touched) => touched)).toEqual(names);
    expect(there.heard.changes.length).toBeLessThan(10);
  });

  test("what is cut says so once, listens again, and tells what it could not tell meanwhile", async () => {
    const hole = await openHole(SERVER!);
    cleanups.push(() => hole.close());
    const [here, there] = [await listener(feedOf(hole.url)), await listener(feedOf(SERVER!))];
    hole.cut();
    await until(() => here.heard.errors.length > 0);
    here.tell(["post"]);
    here.tell(["post", "tag"]);
    await until(() => here.heard.backs === 2 && there.heard.changes.length === 1);
    there.tell(["last"]);
    await until(() => here.heard.changes.length === 1);
    expect([here.heard.changes, there.heard.changes]).toEqual([[["last"]], [["post", "tag"]]]);
    expect([here.heard.errors.length, there.heard.errors.length]).toEqual([1, 0]);
  });

  test("a connection that is dead, and nobody says so, is given up at once", async () => {
    const hole = await openHole(SERVER!);
    cleanups.push(() => hole.close());
    const { listening, heard } = await listen(feedOf(hole.url));
    hole.swallow();
    const began = performance.now();
    await listening.close();
    expect([performance.now() - began < 1_000, heard.errors]).toEqual([true, []]);
  });

  test("a server that cannot be reached is told of once", async () => {
    const heard = hearing();
    const listening = feedOf("redis://127.0.0.1:1").open(heard);
    void listening.tell!(["post"]);
    await until(() => heard.errors.length > 0);
    await Bun.sleep(300);
    await listening.close();
    expect([heard.backs, heard.errors.length]).toEqual([0, 1]);
  });

  test("who listens no longer hears nothing", async () => {
    const [here, there] = [await listener(feedOf(SERVER!)), await listener(feedOf(SERVER!))];
    await here.listening.close();
    const third = await listener(feedOf(SERVER!));
    there.tell(["post"]);
    await until(() => third.heard.changes.length === 1);
    expect([here.heard.changes, here.heard.errors]).toEqual([[], []]);
  });
});

test("all is asked again every 30 seconds, for a notice may be lost with its process", () => {
  const feed = redisFeed("redis://127.0.0.1:6379");
  expect([feed.sweep, feed.ride]).toEqual([30_000, undefined]);
});

test.each(["", "127.0.0.1:6379", "http://127.0.0.1:6379", "postgres://127.0.0.1/test"])(
  "what is no URL of a Redis is told at start: %j",
  (url) => {
    expect(() => redisFeed(url)).toThrow("expected an URL");
  },
);
