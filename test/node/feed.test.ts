import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { postgresFeed, redisFeed } from "@bepalo/query/live";
import { listen, until } from "../support/feeds.ts";
import { installed, missing, NODE } from "../support/node.ts";
import { openPostgresql, type OpenedPostgresql } from "../support/postgresql.ts";

// Feeds on Node, by the packages that an application has installed.

const root = join(import.meta.dir, "../..");
const redis = NODE === undefined ? undefined : process.env["TEST_REDIS_URL"];
if (redis === undefined) console.warn("Redis on Node is left out: TEST_REDIS_URL names none");
/** Others use the same server. */
const channel = `query_test_${crypto.randomUUID()}`;

/** The packages that `pg` needs. */
const PG = [
  "pg",
  "pg-connection-string",
  "pg-int8",
  "pg-pool",
  "pg-protocol",
  "pg-types",
  "pgpass",
  "split2",
];
const OF_TYPES = ["postgres-array", "postgres-bytea", "postgres-date", "postgres-interval", "xtend"];

/** What a program hears in a folder where these packages are, and nothing else. */
async function heardBy(name: string, url: string, packages: readonly string[], act: () => Promise<void>) {
  const folder = mkdtempSync(join(dirname(await installed()), "query-feed-"));
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@bepalo"), { recursive: true });
  mkdirSync(join(modules, "@redis"));
  symlinkSync(join(await installed(), "node_modules/@bepalo/query"), join(modules, "@bepalo/query"));
  for (const one of packages) symlinkSync(join(root, "node_modules", one), join(modules, one));
  const program = join(folder, "feed.mjs");
  copyFileSync(join(import.meta.dir, "support/feed.mjs"), program);
  const child = Bun.spawn(
    [NODE!, "--preserve-symlinks", "--preserve-symlinks-main", program, name, url, channel],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  await act();
  const text = await new Response(child.stdout).text();
  rmSync(folder, { recursive: true });
  // It ends by itself, once it listens no longer.
  expect(await child.exited).toBe(0);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/** Waits until the program has told, then tells it to end. */
const conversation = (feed: ReturnType<typeof redisFeed>) => async (): Promise<void> => {
  const { heard, listening, tell } = await listen(feed);
  await until(() => heard.changes.some(([table]) => table === "told"), 20_000);
  tell(["end"]);
  await Bun.sleep(200);
  await listening.close();
};

const WHOLE = [["back"], ["changed", ["end"]]];
const silence = (): Promise<void> => Promise.resolve();

describe.skipIf(missing("node-postgres") !== undefined)("postgresFeed on Node", () => {
  let opened: OpenedPostgresql;
  beforeAll(async () => {
    opened = await openPostgresql("node-postgres", {});
  });
  afterAll(() => opened.close());

  test.each([
    ["pg", [...PG, ...OF_TYPES]],
    ["postgres", ["postgres"]],
  ] as const)(
    "listens by %s",
    async (_, packages) => {
      const talk = conversation(postgresFeed({ connection: opened.url }));
      expect(await heardBy("postgres", opened.url, packages, talk)).toEqual(WHOLE);
    },
    120_000,
  );

  test("says what to install", async () => {
    const [[event, message]] = (await heardBy("postgres", opened.url, [], silence)) as [[string, string]];
    expect(event).toBe("failed");
    expect(message).toContain("`pg` or `postgres`");
  }, 120_000);
});

describe.skipIf(redis === undefined)("redisFeed on Node", () => {
  test("listens by @redis/client", async () => {
    const talk = conversation(redisFeed(redis!, { channel }));
    expect(await heardBy("redis", redis!, ["@redis/client"], talk)).toEqual(WHOLE);
  }, 120_000);

  test("says what to install", async () => {
    const [[event, message]] = (await heardBy("redis", redis!, [], silence)) as [[string, string]];
    expect(event).toBe("failed");
    expect(message).toContain("`@redis/client`");
  }, 120_000);
});
