import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryRoute, type CorsOptions } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { DATABASES, type Opened } from "../support/databases.ts";
import * as schema from "../support/schema.ts";
import { served } from "../support/served.ts";

const acl = {
  articles: {
    table: "article",
    control: { GET: { all: { select: { columns: ["id"] } } }, POST: { writer: { select: true } } },
  },
  own: {
    table: "article",
    control: {
      GET: { all: { select: true, formatResult: () => Response.json([], { headers: { vary: "Accept" } }) } },
    },
  },
  fails: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          formatResult: () => {
            throw new Error("x");
          },
        },
      },
    },
  },
} satisfies TestACL;

const origin = (value: string, more: Record<string, string> = {}) => ({
  headers: { origin: value, ...more },
});
const granted = (headers: Headers): unknown => [
  headers.get("access-control-allow-origin"),
  headers.get("access-control-allow-credentials"),
];

const ALLOWED: readonly [string, CorsOptions, string, readonly [string | null, string | null]][] = [
  ["one origin", { origin: "https://a.example" }, "https://a.example", ["https://a.example", null]],
  ["another than the one", { origin: "https://a.example" }, "https://b.example", [null, null]],
  ["no prefix of it", { origin: "https://a.example" }, "https://a.example.evil", [null, null]],
  ["no substring of it", { origin: "https://a.example" }, "https://a.exampl", [null, null]],
  ["not its other case", { origin: "https://a.example" }, "https://A.example", [null, null]],
  [
    "one of several",
    { origin: ["https://a.example", "https://b.example"] },
    "https://b.example",
    ["https://b.example", null],
  ],
  ["none of several", { origin: ["https://a.example"] }, "https://c.example", [null, null]],
  [
    "a function that says yes",
    { origin: (o) => o.endsWith(".example") },
    "https://c.example",
    ["https://c.example", null],
  ],
  ["a function that says no", { origin: (o) => o.endsWith(".example") }, "https://c.test", [null, null]],
  [
    "a function that says something else",
    { origin: (() => "yes") as unknown as () => boolean },
    "https://c.test",
    [null, null],
  ],
  ["every origin", { origin: "*" }, "https://any.example", ["*", null]],
  [
    "with credentials",
    { origin: "https://a.example", credentials: true },
    "https://a.example",
    ["https://a.example", "true"],
  ],
  [
    "credentials for others",
    { origin: "https://a.example", credentials: true },
    "https://b.example",
    [null, null],
  ],
  ["the null origin", { origin: "https://a.example" }, "null", [null, null]],
];

describe.each(ALLOWED)("cors: %s", (_name, cors, from, expected) => {
  const app = served(acl, { cors });

  test("on every answer, refusals and preflights too", async () => {
    for (const [method, path] of [
      ["GET", "articles"],
      ["HEAD", "articles"],
      ["GET", "articles?nosuch"],
      ["GET", "nowhere"],
      ["POST", "articles"],
      ["DELETE", "articles"],
      ["OPTIONS", "articles"],
      ["GET", "own"],
    ] as const) {
      const { headers } = await app.send(method, path, origin(from));
      expect([method, path, granted(headers)]).toEqual([method, path, [...expected]]);
    }
    const failed = await app.get("fails", origin(from));
    expect([failed.status, granted(failed.headers)]).toEqual([500, [...expected]]);
    app.faults();
    const { headers: etag } = await app.get("articles");
    const unchanged = await app.get("articles", origin(from, { "if-none-match": etag.get("etag")! }));
    expect([unchanged.status, granted(unchanged.headers)]).toEqual([304, [...expected]]);
    const preflight = await app.send(
      "OPTIONS",
      "articles",
      origin(from, { "access-control-request-method": "PATCH" }),
    );
    expect([preflight.status, preflight.text, granted(preflight.headers)]).toEqual([204, "", [...expected]]);
  });
});

describe("cors", () => {
  const app = served(acl, {
    cors: { origin: "https://a.example", headers: ["x-one", "x-two"], maxAge: 600 },
    session: { parser: () => new Response(null, { status: 401 }) },
  });

  test("a preflight says methods, headers and age, whoever asks and whatever the resource", async () => {
    for (const path of ["articles", "nowhere"]) {
      const { status, headers } = await app.send(
        "OPTIONS",
        path,
        origin("https://a.example", { "access-control-request-method": "PATCH" }),
      );
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-methods")).toBe(
        "GET, HEAD, QUERY, POST, PATCH, DELETE, OPTIONS",
      );
      expect(headers.get("access-control-allow-headers")).toBe("x-one, x-two");
      expect(headers.get("access-control-max-age")).toBe("600");
    }
  });

  test("the session parser's own Response carries it", async () => {
    const answer = await app.get("articles", origin("https://a.example"));
    expect([answer.status, granted(answer.headers)]).toEqual([401, ["https://a.example", null]]);
  });

  const plain = served(acl, { cors: { origin: ["https://a.example"] } });
  test("answers differ by origin, and say so; pages may read ETag and Allow", async () => {
    for (const sending of [{}, origin("https://a.example"), origin("https://b.example")]) {
      expect((await plain.get("articles", sending)).headers.get("vary")).toBe(
        "Cookie, Authorization, Origin",
      );
    }
    const { headers } = await plain.get("articles", origin("https://a.example"));
    expect(headers.get("access-control-expose-headers")).toBe(
      "ETag, Allow, Retry-After, Preference-Applied, Idempotency-Replayed",
    );
  });

  test("an author's own `Vary` does not hide that answers differ by origin", async () => {
    const vary = (await plain.get("own", origin("https://a.example"))).headers.get("vary")!;
    expect(vary.split(/,\s*/)).toContain("Accept");
    expect(vary.split(/,\s*/)).toContain("Origin");
  });

  const none = served(acl);
  test("none where the route has none", async () => {
    const answer = await none.get("articles", origin("https://a.example"));
    expect(granted(answer.headers)).toEqual([null, null]);
    const preflight = await none.send(
      "OPTIONS",
      "articles",
      origin("https://a.example", { "access-control-request-method": "GET" }),
    );
    expect([preflight.headers.get("allow"), granted(preflight.headers)]).toEqual([
      "OPTIONS, HEAD, GET",
      [null, null],
    ]);
  });
});

describe("cors at the start", () => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await DATABASES["bun:sqlite"]();
  });
  afterAll(() => opened.close());
  const start = (cors: CorsOptions) => createQueryRoute({ acl, database: opened.database, schema, cors });

  test.each([{ origin: "*" }, { origin: ["*"] }, { origin: ["https://a.example", "*"] }])(
    "never every origin with credentials: %o",
    (cors) => {
      expect(() => start({ ...cors, credentials: true })).toThrow(
        'cors: origin "*" cannot be used with credentials; name the origins',
      );
      expect(() => start(cors)).not.toThrow();
    },
  );

  test("a function that throws ends in one place, as everything else", async () => {
    const route = createQueryRoute({
      acl,
      database: opened.database,
      schema,
      cors: {
        origin: () => {
          throw new Error("secret");
        },
      },
    });
    const answer = await route.GET(
      new Request("http://local/query/articles", { headers: { origin: "https://a.example" } }),
    );
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: "something went wrong on the server", code: "internal-error" },
    ]);
  });
});
