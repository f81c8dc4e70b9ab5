import { describe, expect, test } from "bun:test";
import type { Observation } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { ask } from "../support/served.ts";
import { DATABASE_NAMES, server } from "../support/write.ts";

const serving = server();

const SECRET = "the reason stays here";
const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, with: { author: { select: true } } } },
      POST: { all: { select: true, write: true } },
      PATCH: { all: { select: true, check: true } },
      DELETE: { all: { select: true } },
    },
  },
  broken: {
    table: "author",
    control: {
      GET: {
        all: {
          select: true,
          beforeQuery: () => {
            throw new Error(SECRET);
          },
        },
      },
    },
  },
  mine: { table: "author", control: { GET: { writer: { select: true } } } },
} satisfies TestACL;

type Answered = Extract<Observation, { kind: "answered" }>;
type Room = keyof Answered["rooms"];

const ROOMS: readonly Room[] = ["parse", "principal", "body", "plan", "compile", "execute", "shape"];
const READ: readonly Room[] = ["parse", "principal", "plan", "compile", "execute", "shape"];

/** An observer that keeps what it hears. */
function watcher(): {
  heard: Observation[];
  observe: (observation: Observation) => void;
  answered: () => Answered[];
} {
  const heard: Observation[] = [];
  return {
    heard,
    observe: (observation) => void heard.push(observation),
    answered: () => heard.filter((one) => one.kind === "answered"),
  };
}

const inJSON = { headers: { "content-type": "application/json" } };
const article = (id: string): string => JSON.stringify({ id, authorId: 1, title: "New" });

/** What is sent, what is answered, and the rooms it came to. */
const WALKS: readonly [
  string,
  string,
  string,
  { body?: string; headers?: Record<string, string> },
  number,
  string,
  readonly Room[],
][] = [
  ["a read", "GET", "articles", {}, 200, "articles", READ],
  [
    "a read that has not changed",
    "GET",
    "articles",
    { headers: { "if-none-match": "*" } },
    304,
    "articles",
    READ,
  ],
  ["a HEAD", "HEAD", "articles", {}, 200, "articles", READ],
  [
    "a POST",
    "POST",
    "articles",
    { ...inJSON, body: article("n1") },
    200,
    "articles",
    ["parse", "principal", "plan", "body", "compile", "execute", "shape"],
  ],
  [
    "a PATCH",
    "PATCH",
    ask("articles", "(where:(id:a1))"),
    { ...inJSON, body: '{"title":"Newer"}' },
    200,
    "articles",
    ["parse", "principal", "plan", "body", "compile", "execute", "shape"],
  ],
  ["a DELETE", "DELETE", ask("articles", "(where:(id:n1))"), {}, 200, "articles", READ],
  ["an OPTIONS", "OPTIONS", "articles", {}, 204, "articles", ["parse", "principal"]],
  ["a question that cannot be read", "GET", "articles?select=((", {}, 400, "articles", []],
  ["an unknown resource", "GET", "nothing", {}, 404, "nothing", ["parse", "principal"]],
  ["a caller who may not", "GET", "mine", {}, 401, "mine", ["parse", "principal"]],
  [
    "a question that is not allowed",
    "GET",
    ask("articles", "(columns:(nothing:T))"),
    {},
    400,
    "articles",
    ["parse", "principal"],
  ],
  [
    "a body that cannot be read",
    "POST",
    "articles",
    { ...inJSON, body: "{" },
    400,
    "articles",
    ["parse", "principal", "plan"],
  ],
  [
    "a row that is there already",
    "POST",
    "articles",
    { ...inJSON, body: article("a1") },
    409,
    "articles",
    ["parse", "principal", "plan", "body", "compile"],
  ],
  ["a fault", "GET", "broken", {}, 500, "broken", ["parse", "principal", "plan", "compile"]],
];

describe("`observe` hears of every request once", () => {
  for (const name of DATABASE_NAMES) {
    test(`and of the rooms it came to, on ${name}`, async () => {
      const { observe, heard, answered } = watcher();
      const app = await serving(acl, { on: name, observe });
      for (const [what, method, path, sending, status, resource, rooms] of WALKS) {
        heard.length = 0;
        const answer = await app.send(method, path, sending);
        expect([what, answer.status]).toEqual([what, status]);
        expect(answered()).toHaveLength(1);
        const [one] = answered();
        expect(one).toMatchObject({ kind: "answered", method, resource, status });
        expect([what, Object.keys(one!.rooms)]).toEqual([what, [...rooms]]);
        const spent = Object.values(one!.rooms);
        expect(spent.every((milliseconds) => Number.isFinite(milliseconds) && milliseconds >= 0)).toBe(true);
        expect(spent.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBeLessThanOrEqual(
          one!.milliseconds + 1e-6,
        );
      }
    });
  }

  test("with the time a room takes", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, {
      observe,
      session: { getRole: () => new Promise((resolve) => setTimeout(resolve, 100, "writer")) },
      defaults: {
        formatResult: () => new Promise((resolve) => setTimeout(resolve, 100, { formatted: true })),
      },
    });
    await app.get("articles");
    const [one] = answered();
    expect(one!.rooms.principal).toBeGreaterThan(90);
    expect(one!.rooms.shape).toBeGreaterThan(90);
    expect(one!.rooms.parse).toBeLessThan(90);
    expect(one!.milliseconds).toBeGreaterThan(180);
  });

  describe("where a row filter takes its time it is the plan's", () => {
    const admits = (): Promise<boolean> => new Promise((resolve) => setTimeout(resolve, 25, true));
    const slow = {
      articles: {
        table: "article",
        control: {
          GET: { all: { select: true, where: admits } },
          POST: { all: { select: true, write: true, where: admits } },
          PATCH: { all: { select: true, where: admits, check: true } },
          DELETE: { all: { select: true, where: admits } },
        },
      },
    } satisfies TestACL;

    test.each([
      ["GET", "articles", {}],
      ["POST", "articles", { ...inJSON, body: article("n1") }],
      ["PATCH", ask("articles", "(where:(id:a1))"), { ...inJSON, body: '{"title":"Newer"}' }],
      ["DELETE", ask("articles", "(where:(id:a1))"), {}],
    ] as const)("in a %s", async (method, path, sending) => {
      const { observe, answered } = watcher();
      const app = await serving(slow, { observe });
      expect((await app.send(method, path, sending)).status).toBe(200);
      expect(answered()[0]!.rooms.plan).toBeGreaterThan(20);
    });
  });

  test("each by itself, of many at a time", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe });
    await Promise.all(Array.from({ length: 20 }, (_, n) => app.get(`articles?select=(limit:${n % 5})`)));
    expect(answered()).toHaveLength(20);
    for (const { rooms, milliseconds } of answered()) {
      expect(Object.keys(rooms)).toEqual([...READ]);
      expect(Object.values(rooms).reduce((sum, room) => sum + room, 0)).toBeLessThanOrEqual(
        milliseconds + 1e-6,
      );
    }
  });

  test("as `failed` too where it became a 500, with the error itself", async () => {
    const { observe, heard } = watcher();
    const app = await serving(acl, { observe });
    const answer = await app.get("broken");
    expect(heard.map(({ kind }) => kind)).toEqual(["began", "failed", "answered"]);
    expect(heard[1]).toEqual({ kind: "failed", error: expect.objectContaining({ message: SECRET }) });
    expect(app.errors).toEqual([expect.objectContaining({ message: SECRET })]);
    expect(answer.body).toEqual({ error: "something went wrong on the server", code: "internal-error" });
  });

  test("and of no failure where the request was refused", async () => {
    const { observe, heard } = watcher();
    const app = await serving(acl, { observe });
    for (const path of ["nothing", "mine", "articles?select=((", "articles?limit=1"]) await app.get(path);
    await app.post("articles", article("a1"));
    expect(heard.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 5 }, () => ["began", "answered"] as const).flat(),
    );
  });
});

const COLUMNS = [
  "id",
  "authorId",
  "reviewerId",
  "title",
  "body",
  "rating",
  "views",
  "published",
  "createdAt",
];
/** One of five hundred and eleven choices of columns. */
const columnsOf = (n: number): string =>
  COLUMNS.filter((_, index) => (n >> index) & 1)
    .map((name) => `${name}:T`)
    .join();

describe("what is remembered", () => {
  test("grows with shapes that come again, not with new values", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe });
    const statements = async (select: string): Promise<number> => {
      await app.get(ask("articles", select));
      return answered().at(-1)!.remembered.statements;
    };
    for (const [value, remembered] of [0, 1, 1, 1].entries())
      expect(await statements(`(columns:(id:T),where:(views.gt:${value}))`)).toBe(remembered);
    for (const remembered of [1, 2, 2])
      expect(await statements("(columns:(id:T,title:T),where:(views.gt:1))")).toBe(remembered);
    for (const remembered of [2, 3])
      expect(await statements("(columns:(id:T),where:(views.lt:1))")).toBe(remembered);
  });

  test("is not pushed out by what is asked once", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe, on: "bun:sqlite" });
    const last = (): object => answered().at(-1)!.remembered;
    const polite = ask("articles", "(columns:(id:T))");
    for (let time = 0; time < 3; time++) await app.get(polite);
    const before = last();
    expect(before).toMatchObject({ statements: 1, prepared: 1 });
    for (let n = 1; n <= 511; n++) await app.get(ask("articles", `(columns:(${columnsOf(n)}),limit:1)`));
    await app.get(polite);
    expect(last()).toEqual(before);
  });

  test("grows with rows of a shape that is written again", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe, on: "bun:sqlite" });
    for (const [row, remembered] of [0, 1, 1].entries()) {
      expect((await app.post("articles", article(`shape ${row}`))).status).toBe(200);
      expect(answered().at(-1)!.remembered.statements).toBe(remembered);
    }
  });

  test("grows with a question asked again, not with one that was refused", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe });
    const questions = async (path: string): Promise<number> => {
      await app.get(path);
      return answered().at(-1)!.remembered.questions;
    };
    const asked = ask("articles", `(where:(title:'asked by ${String(performance.now())}'))`);
    const before = await questions(asked);
    const after = await questions(asked);
    expect(after).toBeGreaterThanOrEqual(before);
    expect(await questions(asked)).toBe(after);
    for (let n = 0; n < 3; n++) expect(await questions("articles?select=((")).toBe(after);
  });

  test("stays bounded, whatever is asked", async () => {
    const { observe, answered } = watcher();
    const app = await serving(acl, { observe, on: "bun:sqlite" });
    // Each a shape of its own.
    for (let n = 1; n <= 2_600; n++) {
      const some = columnsOf(n);
      const order = COLUMNS[(n >> 9) % 9]!;
      const names = some === "" ? "" : `columns:(${some}),`;
      const path = ask("articles", `(${names}orderBy:(${order}:${n > 4_608 ? "desc" : "asc"}),limit:1)`);
      await app.get(path);
      if (n % 2 === 0) await app.get(path);
    }
    const counts = answered().map(({ remembered }) => remembered);
    expect(Math.max(...counts.map(({ statements }) => statements))).toBeGreaterThan(900);
    expect(Math.max(...counts.map(({ statements }) => statements))).toBeLessThanOrEqual(2_000);
    expect(Math.max(...counts.map(({ questions }) => questions))).toBeGreaterThan(400);
    expect(Math.max(...counts.map(({ questions }) => questions))).toBeLessThanOrEqual(1_000);
  }, 30_000);
});

describe("watching changes nothing", () => {
  const OBSERVERS: readonly [string, (observation: Observation) => unknown][] = [
    [
      "an error",
      () => {
        throw new Error(SECRET);
      },
    ],
    [
      "nothing",
      () => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- whatever it is
        throw null;
      },
    ],
    ["a Response", () => new Response(SECRET, { status: 418 })],
    [
      "what it was handed, altered",
      (observation) => {
        Object.assign(observation, { status: 418, method: SECRET, error: SECRET });
        if (observation.kind === "answered") Object.assign(observation.rooms, { [SECRET]: 1 });
      },
    ],
  ];
  for (const serverTiming of [false, true]) {
    for (const [what, observe] of OBSERVERS) {
      test(`not ${what} that comes out of it${serverTiming ? ", with `Server-Timing`" : ""}`, async () => {
        const watched = await serving(acl, { observe: (one) => void observe(one), serverTiming });
        const plain = await serving(acl);
        for (const [, method, path, sending] of WALKS) {
          const [one, other] = [
            await watched.send(method, path, sending),
            await plain.send(method, path, sending),
          ];
          expect([one.status, one.text]).toEqual([other.status, other.text]);
          const headers = new Headers(one.headers);
          expect(headers.get("server-timing") === null).toBe(!serverTiming);
          headers.delete("server-timing");
          expect(named(headers)).toEqual(named(other.headers));
          expect(JSON.stringify([...one.headers, one.text])).not.toContain(SECRET);
        }
        expect(watched.errors).toEqual([expect.objectContaining({ message: SECRET })]);
      });
    }
  }

  test("and no answer holds what an observer hears", async () => {
    const { observe, heard } = watcher();
    const app = await serving(acl, { observe });
    for (const [, method, path, sending] of WALKS) {
      const { text, headers } = await app.send(method, path, sending);
      const all = JSON.stringify([...headers, text]);
      expect(all).not.toMatch(/server-timing|milliseconds|remembered|"(statements|questions|rooms)"/i);
      expect(all).not.toContain(SECRET);
    }
    expect(heard.some(({ kind }) => kind === "failed")).toBe(true);
  });
});

describe("`serverTiming`", () => {
  test("is off unless asked for, observed or not", async () => {
    for (const options of [{}, { observe: () => undefined }, { serverTiming: false }]) {
      const app = await serving(acl, options);
      for (const [, method, path, sending] of WALKS)
        expect((await app.send(method, path, sending)).headers.has("server-timing")).toBe(false);
    }
  });

  for (const watched of [false, true]) {
    test(`names the rooms a request came to, and their milliseconds${watched ? ", observed too" : ""}`, async () => {
      const { observe, answered } = watcher();
      const app = await serving(acl, { serverTiming: true, ...(watched && { observe }) });
      for (const [what, method, path, sending, status, , rooms] of WALKS) {
        const answer = await app.send(method, path, sending);
        expect([what, answer.status]).toEqual([what, status]);
        const entries = (answer.headers.get("server-timing") ?? "")
          .split(", ")
          .filter((entry) => entry !== "");
        expect([what, entries.map((entry) => entry.split(";", 1)[0])]).toEqual([what, [...rooms]]);
        for (const entry of entries) expect(entry).toMatch(/^[a-z]+;dur=\d+\.\d{3}$/);
        if (!watched) continue;
        const heard = answered().at(-1)!.rooms;
        expect(entries).toEqual(rooms.map((room) => `${room};dur=${heard[room]!.toFixed(3)}`));
      }
      expect(ROOMS.every((room) => WALKS.some(([, , , , , , rooms]) => rooms.includes(room)))).toBe(true);
    });
  }

  test("is no part of an ETag", async () => {
    const app = await serving(acl, { serverTiming: true });
    const [one, other] = [await app.get("articles"), await app.get("articles")];
    expect(one.headers.get("etag")).toBe(other.headers.get("etag"));
    const again = await app.get("articles", { headers: { "if-none-match": one.headers.get("etag")! } });
    expect(again.status).toBe(304);
    expect(again.headers.get("server-timing")).toContain("execute;dur=");
  });

  test("is on a `Response` of an author too", async () => {
    const app = await serving(acl, {
      serverTiming: true,
      defaults: { formatResult: () => new Response("own", { headers: { "x-own": "yes" } }) },
    });
    const answer = await app.get("articles");
    expect([answer.text, answer.headers.get("x-own")]).toEqual(["own", "yes"]);
    expect(answer.headers.get("server-timing")).toMatch(/^parse;dur=.*, shape;dur=/);
    const early = await serving(acl, {
      serverTiming: true,
      session: { parser: () => Response.redirect("http://x.test/") },
    });
    const { headers } = await early.send("GET", "articles", { redirect: "manual" });
    expect(headers.get("server-timing")).toMatch(/^parse;dur=\d+\.\d{3}, principal;dur=\d+\.\d{3}$/);
  });
});

/** Headers that do not depend on when they were sent. */
const named = (headers: Headers): readonly (readonly [string, string])[] =>
  [...headers].filter(([name]) => name !== "date").toSorted(([a], [b]) => (a < b ? -1 : 1));
