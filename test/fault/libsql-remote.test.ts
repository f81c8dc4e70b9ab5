import { afterEach, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { type Answer, type App, type AppOptions, serve, type TestACL } from "../support/app.ts";
import { fill } from "../support/data.ts";
import type { TestDatabase } from "../support/databases.ts";
import type { Hrana, HranaOptions, Mishap } from "../support/hrana.ts";
import { type HranaSocket, startHranaSocket } from "../support/hrana-socket.ts";
import { openOn, openRemote } from "../support/remote.ts";
import * as schema from "../support/schema.ts";
import { article, author, comment, tag } from "../support/schema.ts";
import { path } from "../support/write.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** What the hooks of `hooked` do; each test says. */
let hook: (tx: TestDatabase) => Promise<unknown>;
const beforeQuery = async ({ tx }: object & { tx?: unknown }): Promise<void> => {
  await hook(tx as TestDatabase);
};

const acl = {
  plain: {
    table: "tag",
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: true, write: true } },
      DELETE: { all: { select: true } },
    },
  },
  full: {
    table: "tag",
    countTotal: true,
    control: {
      POST: {
        all: {
          select: true,
          write: true,
          where: (_, table, { gt }) => gt(table.id, 0),
          with: { articles: true },
        },
      },
    },
  },
  hooked: {
    table: "tag",
    control: {
      GET: { all: { select: true, beforeQuery } },
      POST: { all: { select: true, write: true, beforeQuery } },
    },
  },
  replies: {
    table: "comment",
    control: {
      POST: {
        all: {
          select: true,
          write: true,
          where: (_, table) =>
            sql`exists (select 1 from ${article} where ${article.id} = ${table.articleId})`,
        },
      },
    },
  },
  articles: {
    table: "article",
    control: { GET: { all: { select: true } }, PATCH: { all: { select: true, write: true } } },
  },
} satisfies TestACL;

/** An app over a server that can be made to fail. */
interface Stage {
  readonly app: App;
  readonly hrana: Hrana;
  readonly database: TestDatabase;
  /** The tables a request may change, as they are. */
  readonly contents: () => Promise<string>;
}

async function open(options: AppOptions = {}, server?: HranaOptions): Promise<Stage> {
  const { database, hrana, close } = await openRemote(schema, server);
  cleanups.push(close);
  await fill(database);
  const app = await serve(acl, { opened: { database, url: hrana.url, close: () => undefined }, ...options });
  cleanups.push(() => app.close());
  await app.get("plain"); // what is asked of the server at start is over
  // By a client of its own: that of the app may wait for what hangs.
  const other = createClient({ url: hrana.url });
  cleanups.push(() => other.close());
  const looker = drizzle(other, { schema });
  const contents = async (): Promise<string> =>
    JSON.stringify(
      await Promise.all([
        looker.select().from(tag).orderBy(tag.id),
        looker.select().from(author).orderBy(author.id),
        looker.select().from(comment).orderBy(comment.id),
      ]),
    );
  return { app, hrana, database, contents };
}

/** Waits until something is so. */
async function until(holds: () => boolean): Promise<void> {
  for (let patience = 0; !holds() && patience < 400; patience++) await Bun.sleep(5);
  expect(holds()).toBe(true);
}

let made = 0;
const label = (): string => `label ${made++}`;

const note = (tx: TestDatabase): Promise<unknown> =>
  tx.insert(author).values({ name: "note", email: crypto.randomUUID() });

const REQUESTS: ReadonlyMap<string, (app: App) => Promise<Answer>> = new Map([
  ["a read", (app) => app.get("plain")],
  ["a read with a hook that writes", (app) => app.get("hooked")],
  ["one row", (app) => app.post("plain", { label: label() })],
  ["one row with a hook", (app) => app.post("hooked", { label: label() })],
  [
    "an array with check, total and relations",
    (app) =>
      app.post(path("full", { with: { articles: true } }, "countTotal"), [
        { label: label() },
        { label: label() },
      ]),
  ],
  [
    "a row whose check looks at what it refers to",
    (app) => app.post("replies", { articleId: "a1", authorId: 1, text: label() }),
  ],
  ["a removal", (app) => app.remove(path("plain", { where: { "label.like": "label %" } }))],
]);

const json = "application/json";
const MISHAPS: ReadonlyMap<string, { mishap: Mishap; status: number }> = new Map([
  ["is cut off before its work", { mishap: { kind: "drop", when: "before" }, status: 503 }],
  ["is cut off after its work", { mishap: { kind: "drop", when: "after" }, status: 503 }],
  ["is answered by 500", { mishap: { kind: "answer", status: 500, body: "SECRET" }, status: 500 }],
  ["is answered by 502", { mishap: { kind: "answer", status: 502, body: "<b>SECRET</b>" }, status: 503 }],
  [
    "is answered by 401",
    { mishap: { kind: "answer", status: 401, body: '{"error":"SECRET"}', type: json }, status: 500 },
  ],
  [
    "is answered by nonsense",
    { mishap: { kind: "answer", status: 200, body: "SECRET", type: json }, status: 500 },
  ],
  [
    "is answered by other JSON",
    { mishap: { kind: "answer", status: 200, body: "{}", type: json }, status: 500 },
  ],
  ["hangs before its work", { mishap: { kind: "hang", when: "before" }, status: 504 }],
  ["hangs after its work", { mishap: { kind: "hang", when: "after" }, status: 504 }],
] satisfies [string, { mishap: Mishap; status: number }][]);

describe.each([...MISHAPS])("a message to the server that %s", (_, { mishap, status }) => {
  const timeout = mishap.kind === "hang" ? 250 : 20_000;

  test.each([...REQUESTS])(
    "%s: whichever message it is, nothing is half done and the next request works",
    async (_name, send) => {
      hook = note;
      const { app, hrana, contents } = await open({ timeout });
      const failures: string[] = [];
      let messages = 1;
      for (let n = -1; n < messages; n++) {
        hrana.mishap = undefined;
        await app.post("plain", { label: label() });
        const before = await contents();
        const start = hrana.requests.length;
        let left = n;
        let struck = "";
        hrana.mishap = (statements) => (left-- === 0 ? ((struck = statements), mishap) : undefined);
        const answer = await send(app);
        hrana.mishap = undefined;
        if (n < 0) {
          messages = hrana.requests.length - start;
          if (answer.status !== 200) failures.push(`${answer.status} when nothing failed: ${answer.text}`);
          continue;
        }
        const commits = /\bcommit\b/i.test(struck);
        const wanted = struck === "close" || struck === "" ? 200 : commits ? 504 : status;
        const fail = (what: string): void => void failures.push(`message ${n}, ${struck}: ${what}`);
        if (answer.status !== wanted) fail(`answered ${answer.status} ${answer.text}`);
        if (answer.status === 503 && answer.headers.get("retry-after") !== "1")
          fail("does not say when to try again");
        if (/SECRET|select|insert|socket|fetch|hrana/i.test(answer.text)) fail(`told ${answer.text}`);
        const done = answer.status === 200 || (commits && "when" in mishap && mishap.when === "after");
        const after = await contents();
        hrana.rob(); // what nobody closes because its answer was lost, the server ends by itself in the end
        if (done === (after === before) && !/^(select|BEGIN DEFERRED\nselect)/i.test(struck))
          fail(`changed ${after}`);
        const sent = hrana.requests.slice(start).filter((text) => text === struck).length;
        if (commits && sent !== 1) fail(`sent ${sent} times`);
        const next = [
          await app.post("plain", { label: label() }),
          await app.get("plain"),
          await app.get("hooked"),
        ];
        if (next.some((one) => one.status !== 200)) fail(`then ${next.map((one) => one.text).join()}`);
      }
      expect(failures).toEqual([]);
      expect(messages).toBeGreaterThan(0);
    },
    30_000,
  );
});

describe("a server that is gone", () => {
  test.each([...REQUESTS])(
    "%s is 503 and says when to try again; when it is back all is well",
    async (_, send) => {
      hook = note;
      const { app, hrana, contents } = await open();
      await hrana.stop();
      const answer = await send(app);
      expect([answer.status, answer.body.code, answer.headers.get("retry-after")]).toEqual([
        503,
        "busy",
        "1",
      ]);
      expect(app.errors).toHaveLength(1);
      await hrana.start();
      const before = await contents();
      expect((await send(app)).status).toBe(200);
      expect((await app.post("plain", { label: label() })).status).toBe(200);
      expect(await contents()).not.toBe(before);
    },
  );

  test("does not matter at the start", async () => {
    const { database, hrana, close } = await openRemote(schema);
    cleanups.push(close);
    await fill(database);
    await hrana.stop();
    const app = await serve(acl, {
      opened: { database, url: "", close: () => undefined },
    });
    cleanups.push(() => app.close());
    expect((await app.get("plain")).status).toBe(503);
    await hrana.start();
    expect((await app.get("plain")).body.count).toBe(3);
  });
});

describe("a server that hangs", () => {
  const reads = (app: App, count: number): Promise<readonly number[]> =>
    Promise.all(Array.from({ length: count }, async () => (await app.get("plain")).status));

  test("costs everybody the time they wait, no place of theirs, and nothing when it answers again", async () => {
    const { app, hrana } = await open({ timeout: 300, busyTimeout: 100, maxInFlight: 50 });
    hrana.mishap = () => ({ kind: "hang", when: "before" });
    const answers = [...(await reads(app, 50)), ...(await reads(app, 50))];
    expect(answers.filter((status) => status !== 503 && status !== 504)).toEqual([]);
    const writes = Array.from({ length: 50 }, () => app.post("plain", { label: label() }));
    expect((await Promise.all(writes)).map(({ status }) => status)).not.toContain(200);
    hrana.mishap = undefined; // what hangs still does
    expect(new Set(await reads(app, 12))).toEqual(new Set([200]));
    expect((await app.post("plain", { label: label() })).status).toBe(200);
    expect((await app.get("plain")).body.count).toBe(4);
  });

  test("does not run what nobody waits for any more", async () => {
    const { app, hrana, contents } = await open({ timeout: 200, busyTimeout: 100 });
    const before = await contents();
    hrana.mishap = (statements) =>
      statements.includes("insert into") ? { kind: "delay", milliseconds: 400 } : undefined;
    const writes = Array.from({ length: 60 }, () => app.post("plain", { label: label() }));
    expect(new Set((await Promise.all(writes)).map(({ status }) => status))).toEqual(new Set([503, 504]));
    await Bun.sleep(500);
    await until(() => hrana.streams === 0);
    expect(await contents()).toBe(before);
    expect(hrana.requests.filter((text) => text.includes('insert into "tags"')).length).toBeLessThan(60);
  });

  test("over a commit leaves open what came of it, and says so", async () => {
    const { app, hrana, contents } = await open({ timeout: 200 });
    const before = await contents();
    hrana.mishap = (statements) => (/commit/i.test(statements) ? { kind: "hang", when: "after" } : undefined);
    const { status, body } = await app.post("full", [{ label: label() }]);
    expect({ status, body }).toEqual({
      status: 504,
      body: {
        error: "the database did not say whether the change was made",
        code: "timeout",
        hint: "look before you send it again",
      },
    });
    expect(await contents()).not.toBe(before);
    expect(hrana.requests.filter((text) => /commit/i.test(text))).toHaveLength(1);
  });
});

test("who leaves while he waits to be sent leaves at once, and nothing is sent for him", async () => {
  const seen: number[] = [];
  const { app, hrana } = await open({
    observe: (one) => one.kind === "answered" && seen.push(one.status),
    // In turns that the engine knows he would wait before it.
    dialect: (_, found) => Object.assign(found(), { bounds: () => undefined }),
  });
  const sent = (): number => hrana.requests.filter((text) => text.includes('"tags"')).length;
  const before = sent();
  hrana.mishap = () => ({ kind: "delay", milliseconds: 1_500 });
  const others = Array.from({ length: 16 }, () => app.get("plain"));
  await until(() => sent() === before + 16);
  const left = new AbortController();
  const gone = app.get("plain", { signal: left.signal }).catch(() => undefined);
  await Bun.sleep(50);
  left.abort();
  await gone;
  await until(() => seen.length === 2);
  expect(seen).toEqual([200, 499]); // before the others
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect(sent()).toBe(before + 16);
});

describe("a server that ends a transaction by itself", () => {
  test("and tells it to a hook that goes on nevertheless: nothing is written, and it is 503", async () => {
    const { app, hrana, contents } = await open();
    const before = await contents();
    hook = async (tx) => {
      await note(tx);
      hrana.rob();
      await note(tx).catch(() => undefined);
      await Promise.allSettled([note(tx), note(tx)]);
    };
    const answer = await app.post("hooked", { label: label() });
    expect([answer.status, answer.body.code]).toEqual([503, "busy"]);
    expect(await contents()).toBe(before);
    await until(() => hrana.streams === 0);
  });

  test("and tells it to many statements at once: none of them is written", async () => {
    const { app, hrana, contents } = await open();
    const before = await contents();
    hook = async (tx) => {
      await note(tx);
      hrana.rob();
      await Promise.allSettled(Array.from({ length: 5 }, () => note(tx)));
    };
    expect((await app.post("hooked", { label: label() })).status).toBe(503);
    expect(await contents()).toBe(before);
  });

  test("before it commits: nothing is written, and it is 503", async () => {
    const { app, hrana, contents } = await open();
    const before = await contents();
    hrana.mishap = (statements) => {
      if (/commit/i.test(statements)) hrana.rob();
      return undefined;
    };
    expect((await app.post("full", [{ label: label() }])).status).toBe(503);
    expect(await contents()).toBe(before);
  });

  test("because it rested too long: nothing is written, and it is 503", async () => {
    const { app, hrana, contents } = await open({}, { expiry: 50 });
    const before = await contents();
    hook = async (tx) => {
      await note(tx);
      await Bun.sleep(120);
    };
    const answer = await app.post("hooked", { label: label() });
    expect([answer.status, answer.body.code]).toEqual([503, "busy"]);
    expect(await contents()).toBe(before);
    expect(hrana.streams).toBe(0);
  });
});

describe("a transaction of a remote database", () => {
  test("goes on after an error that a hook catches", async () => {
    const { app, database } = await open();
    hook = async (tx) => {
      await tx
        .insert(tag)
        .values({ id: 1, label: "taken" })
        .catch(() => undefined);
      await note(tx);
      await tx
        .transaction(async (inner) => {
          await inner.insert(author).values({ name: "gone", email: "gone" });
          await inner.insert(tag).values({ id: 1, label: "taken" });
        })
        .catch(() => undefined);
    };
    expect((await app.post("hooked", { label: label() })).status).toBe(200);
    expect(await database.$count(tag)).toBe(4);
    const names = (await database.select().from(author)).map(({ name }) => name);
    expect(names).toContain("note");
    expect(names).not.toContain("gone");
  });

  test("that only reads holds no lock", async () => {
    const { app, hrana } = await open({ timeout: 1000 });
    let enter = (): void => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    let leave = (): void => undefined;
    const held = new Promise<void>((resolve) => (leave = resolve));
    hook = async (tx) => {
      await tx.select().from(tag);
      enter();
      await held;
    };
    const read = app.get("hooked");
    await entered;
    expect((await app.post("plain", { label: label() })).status).toBe(200);
    leave();
    expect((await read).status).toBe(200);
    expect(hrana.requests.some((text) => text.startsWith("BEGIN DEFERRED"))).toBe(true);
  });

  test("is closed on the server, whatever came of it", async () => {
    const { app, hrana } = await open();
    hook = async () => {
      throw new Error("no");
    };
    await Promise.all([
      app.get("hooked"),
      app.post("hooked", { label: label() }),
      app.post("full", [{ label: label() }, { id: -1, label: label() }]),
      app.post("plain", { id: 1, label: "taken" }),
      app.post("replies", { articleId: "a1", authorId: 99, text: "t" }),
    ]);
    await until(() => hrana.streams === 0);
  });
});

describe("a server over WebSocket", () => {
  const openSocket = async (): Promise<{ app: App; database: TestDatabase; socket: HranaSocket }> => {
    const { database, hrana: socket, close } = await openOn(startHranaSocket(), schema);
    cleanups.push(close);
    await fill(database);
    const app = await serve(acl, { opened: { database, url: socket.url, close: () => undefined } });
    cleanups.push(() => app.close());
    return { app, database, socket };
  };

  test("that is gone is 503, and when it is back all is well", async () => {
    const { app, socket } = await openSocket();
    hook = note;
    await socket.stop();
    for (const send of REQUESTS.values()) {
      const answer = await send(app);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    }
    socket.start();
    for (const send of REQUESTS.values()) expect((await send(app)).status).toBe(200);
  });

  test("that goes in the midst of a transaction takes it along", async () => {
    const { app, database, socket } = await openSocket();
    const before = await database.$count(author);
    hook = async (tx) => {
      await note(tx);
      await socket.stop();
      socket.start();
      await note(tx).catch(() => undefined);
      await note(tx).catch(() => undefined);
    };
    expect((await app.post("hooked", { label: label() })).status).toBe(503);
    expect(await database.$count(author)).toBe(before);
    expect(await database.$count(tag)).toBe(3);
  });
});

test("a number that JavaScript does not hold is read, and answered by a write", async () => {
  const { app, database } = await open();
  await database.run(sql`update articles set views = 9007199254740993 where id = 'a1'`);
  const one = path("articles", { columns: { views: true }, where: { id: "a1" } });
  expect((await app.get(one)).text).toBe('{"count":1,"articles":[{"views":9007199254740993}]}');
  expect((await app.patch(one, { title: "new" })).text).toBe(
    '{"rowsAffected":1,"count":1,"articles":[{"views":9007199254740993}]}',
  );
  expect(
    (await database.select({ title: article.title }).from(article).where(eq(article.id, "a1")))[0],
  ).toEqual({ title: "new" });
});

test("a server that refuses the caller's token is 500, and the author hears of it", async () => {
  const { app, hrana } = await open();
  const body = JSON.stringify({ error: "Unauthorized: `The JWT has expired`" });
  hrana.mishap = () => ({ kind: "answer", status: 401, body, type: json });
  const answer = await app.get("plain");
  expect([answer.status, answer.body]).toEqual([
    500,
    { error: "something went wrong on the server", code: "internal-error" },
  ]);
  expect(String(app.errors[0])).toContain("401");
});

test("an answer that is too large for the server is refused as such", async () => {
  const { app, hrana } = await open();
  const error = { message: "Response is too large", code: "RESPONSE_TOO_LARGE" };
  const body = JSON.stringify({
    baton: null,
    base_url: null,
    results: [
      { type: "error", error },
      { type: "ok", response: { type: "close" } },
    ],
  });
  hrana.mishap = () => ({ kind: "answer", status: 200, body, type: json });
  const answer = await app.get("plain");
  expect([answer.status, answer.body.code]).toEqual([400, "too-complex"]);
});
