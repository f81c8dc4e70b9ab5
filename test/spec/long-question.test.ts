import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, createQueryRoute, type Observation, type QueryHandler } from "@bepalo/query";
import { DATABASES, type Opened } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// A question in a body is answered as the GET is that it stands for: by the same bytes.

// oxlint-disable-next-line typescript/no-explicit-any -- authors' functions, and what is read of answers
type Any = any;

const met: { method: string; url: string; headers: string[] }[] = [];
const seen: Observation[] = [];
const acl = {
  articles: {
    table: "article",
    maxLimit: 20,
    control: {
      GET: {
        all: {
          select: { columns: ["id", "title", "views"] },
          beforeQuery: ({ request, method }: { request: Request; method: string }) => {
            met.push({
              method: `${method} ${request.method}`,
              url: request.url,
              headers: [...request.headers.keys()],
            });
          },
        },
      },
      POST: { all: { write: true, select: true } },
      PATCH: { all: { write: true, select: true } },
    },
  },
  authors: { table: "author", control: { GET: { all: { select: { columns: ["id", "name"] } } } } },
  hidden: { table: "author", control: { POST: { all: { write: true } } } },
  asked: {
    table: "author",
    params: {
      least: {
        "~standard": { version: 1, vendor: "test", validate: (text: unknown) => ({ value: Number(text) }) },
      },
    },
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          where: ({ params }: Any, t: Any, { gte }: Any) => gte(t.id, params.least ?? 0),
        },
      },
    },
  },
} as const;

let opened: Opened;
let handle: QueryHandler;
let options: Parameters<typeof createQueryHandler>[0];
const FORM = "application/x-www-form-urlencoded";

beforeAll(async () => {
  opened = await DATABASES["libsql file"]();
  const { database } = opened;
  await database
    .insert(schema.author)
    .values(
      [1, 2, 3].map((id) => ({ id, name: `a${id}`, email: `e${id}`, secret: "s", role: "writer" as const })),
    );
  await database.insert(schema.article).values(
    [1, 2, 3, 4].map((n) => ({
      id: `x${n}`,
      authorId: 1,
      title: `T${n}`,
      body: "b",
      views: n,
      published: true,
      createdAt: new Date(n),
    })) as never,
  );
  options = {
    acl,
    database,
    schema,
    access: true,
    onWarning: () => undefined,
    observe: (observation) => void (observation.kind === "answered" && seen.push(observation)),
  };
  handle = createQueryHandler(options);
});
afterAll(() => opened.close());

const url = (path: string): string => `http://local/query/${path}`;
const get = (path: string, headers: HeadersInit = {}): Promise<Response> =>
  handle(new Request(url(path), { headers }));

type Headers_ = Readonly<Record<string, string>>;
/** The two ways of asking in a body. */
const WAYS = {
  override: (path: string, body: BodyInit | null, headers: Headers_ = {}) =>
    new Request(url(path), {
      method: "POST",
      body,
      headers: { "content-type": FORM, "x-http-method-override": "GET", ...headers },
    }),
  QUERY: (path: string, body: BodyInit | null, headers: Headers_ = {}) =>
    new Request(url(path), { method: "QUERY", body, headers: { "content-type": FORM, ...headers } }),
} as const;

/** What there is to compare of an answer. */
async function told(response: Promise<Response>): Promise<unknown> {
  const { status, headers, ...rest } = await response;
  return [status, Object.fromEntries(headers), await (await response).text(), Object.keys(rest).length];
}

describe.each(Object.entries(WAYS))("%s", (_, way) => {
  const ask = (path: string, body: BodyInit | null = "", headers?: Headers_): Promise<Response> =>
    handle(way(path, body, headers));

  test.each([
    ["", "articles"],
    ["countTotal&select=(limit:1)", "articles?countTotal&select=(limit:1)"],
    [
      "select=(where:(title.in:_(T1,'T3')_),orderBy:(id:desc))",
      "articles?select=(where:(title.in:_(T1,'T3')_),orderBy:(id:desc))",
    ],
    ["select=%28where%3A%28title%3AT2%29%29&findFirst", "articles?select=(where:(title:T2))&findFirst"],
    ["select=(where:(title:'a+b'))", "articles?select=(where:(title:'a+b'))"],
    ["select=(where:(title:'é🚀%23%26'))", "articles?select=(where:(title:'é🚀%23%26'))"],
    ["select=(where:(nope:1))", "articles?select=(where:(nope:1))"],
    ["select=(limit:99)", "articles?select=(limit:99)"],
    ["select=(limit:", "articles?select=(limit:"],
    ["nope=1", "articles?nope=1"],
    ["mine", "articles?mine"],
    ["&&select=&", "articles?&&select=&"],
    ["findFirst=maybe", "articles?findFirst=maybe"],
  ])("of %p is answered as GET %s", async (form, path) => {
    expect(await told(ask("articles", form))).toEqual(await told(get(path)));
  });

  test("parameters may stand in the URL, in the body, or some here and some there", async () => {
    const expected = await told(get("articles?countTotal&select=(limit:1)"));
    expect(await told(ask("articles?countTotal", "select=(limit:1)"))).toEqual(expected);
    expect(await told(ask("articles?countTotal&select=(limit:1)", ""))).toEqual(expected);
    expect(await told(ask("articles?", "countTotal&select=(limit:1)"))).toEqual(expected);
    expect(await told(ask("asked?least=2", ""))).toEqual(await told(get("asked?least=2")));
    expect(await told(ask("asked", "least=2"))).toEqual(await told(get("asked?least=2")));
    expect((await (await ask("asked", "least=2")).json()).count).toBe(2);
  });

  test.each([
    ["articles?select=(limit:1)", "select=(limit:1)", "select"],
    ["articles?select=", "select=", "select"],
    ["articles?countTotal", "select=(limit:1)&countTotal=F", "countTotal"],
    ["articles", "select=(limit:1)&%73elect=(limit:2)", "select"],
    ["asked?least=1", "least=2", "least"],
  ])("what is given twice (%s, and %s) is refused", async (path, form, name) => {
    const response = await ask(path, form);
    const body = await response.json();
    expect([response.status, body.code, body.path]).toEqual([400, "unknown-parameter", name]);
  });

  test("what would end a URL is a value in a form", async () => {
    for (const value of ["a#b", "a\tb", "a\r\nb", "a?b", "a b", 'a"b', "a<b", "%", "%zz", "a\\b"]) {
      const form = `select=(where:(title:'${value}'),columns:F)`;
      const encoded = `articles?select=${encodeURIComponent(`(where:(title:'${value.startsWith("%") ? value : value}'),columns:F)`)}`;
      expect([value, await told(ask("articles", form))]).toEqual([value, await told(get(encoded))]);
    }
    const twice = await ask("articles", "?select=(limit:1)");
    expect((await twice.json()).code).toBe("unknown-parameter");
  });

  test("it has an ETag, and is not sent again where that is known", async () => {
    const response = await ask("articles", "select=(limit:2)");
    const etag = response.headers.get("etag")!;
    expect(etag).toBe((await get("articles?select=(limit:2)")).headers.get("etag")!);
    expect((await ask("articles", "select=(limit:2)", { "if-none-match": etag })).status).toBe(304);
    expect((await ask("articles", "select=(limit:1)", { "if-none-match": etag })).status).toBe(200);
  });

  test("hooks and observers meet a GET, its parameters in the URL and no body", async () => {
    met.length = seen.length = 0;
    await ask("articles?countTotal", "select=(limit:1)", { "x-mine": "1" });
    expect(met).toEqual([
      { method: "GET GET", url: url("articles?countTotal&select=(limit:1)"), headers: ["x-mine"] },
    ]);
    expect(seen.map(({ method, resource, status }: Any) => [method, resource, status])).toEqual([
      ["GET", "articles", 200],
    ]);
  });

  test("it goes by the rules of GET", async () => {
    expect(await told(ask("hidden", ""))).toEqual(await told(get("hidden")));
    expect((await ask("hidden", "")).status).toBe(405);
    expect((await ask("authors", "")).status).toBe(200);
    expect(await told(ask("nothing", ""))).toEqual(await told(get("nothing")));
    expect(await told(ask("articles/x1", ""))).toEqual(await told(get("articles/x1")));
    expect(await told(ask("$access", ""))).toEqual(await told(get("$access")));
    expect(await told(ask("$access", "a=1"))).toEqual(await told(get("$access?a=1")));
  });

  test("other bodies are not taken", async () => {
    for (const type of [
      "application/json",
      "application/rjson",
      "text/plain",
      "multipart/form-data; boundary=x",
    ]) {
      const response = await ask("articles", "select=(limit:1)", { "content-type": type });
      const body = await response.json();
      expect([response.status, body.code, body.hint]).toEqual([
        415,
        "unsupported-media-type",
        `send ${FORM}`,
      ]);
    }
    for (const encoding of ["gzip", "br"])
      expect((await ask("articles", "select=(limit:1)", { "content-encoding": encoding })).status).toBe(415);
    expect((await ask("articles", new Uint8Array([115, 61, 255, 254]))).status).toBe(400);
    expect(
      (await ask("articles", "select=(limit:1)", { "content-type": `${FORM}; charset=UTF-8` })).status,
    ).toBe(200);
  });

  test("a long one is read as far as it may be long", async () => {
    const list = (length: number): string => Array.from({ length }, (_, n) => `'T${n}'`).join();
    const form = (length: number): string => `select=(columns:F,where:(title.in:_(${list(length)})_))`;
    const found = await ask("articles", form(1_000));
    expect([found.status, await found.json()]).toEqual([200, { count: 4 }] as never);
    const tooMany = await (await ask("articles", form(1_001))).json();
    expect(tooMany.code).toBe("too-complex");
    const response = await ask("articles", form(60_000));
    expect([response.status, (await response.json()).code]).toEqual([413, "too-large"]);
    const tight = createQueryHandler({ ...options, defaults: { maxBodySize: 50 } });
    expect((await tight(way("articles", "select=(limit:1)"))).status).toBe(200);
    expect((await tight(way("articles", `select=(where:(title:'${"x".repeat(40)}'))`))).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 40; n++) controller.enqueue(new Uint8Array(10_000));
        controller.close();
      },
    });
    expect((await ask("articles", stream)).status).toBe(413);
  });

  test("it takes no turn of writes", async () => {
    const { database } = opened;
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const writing = createQueryHandler({
      ...options,
      acl: {
        articles: {
          table: "article",
          control: {
            GET: { all: { select: true } },
            PATCH: {
              all: {
                write: true,
                select: true,
                requireWhere: true,
                beforeQuery: () => (begun.resolve(), held.promise),
              },
            },
          },
        },
      },
      database,
    });
    const patch = new Request(url("articles?select=(where:(id:x1))"), {
      method: "PATCH",
      body: '{"views":1}',
      headers: { "content-type": "application/json" },
    });
    const write = writing(patch);
    await begun.promise;
    let written = false;
    void write.then(() => (written = true));
    const get = await writing(new Request(url("articles?select=(columns:F)")));
    const response = await writing(way("articles", "select=(columns:F)"));
    expect([get.status, response.status]).toEqual([200, 200]);
    expect(written).toBe(false);
    held.resolve();
    expect((await write).status).toBe(200);
  });

  test("pages of other origins hear what they would of a GET", async () => {
    const origin = { origin: "https://other.test", "sec-fetch-site": "cross-site" };
    const foreign = await ask("articles", "select=(limit:1)", origin);
    expect(foreign.status).toBe(200);
    expect(foreign.headers.has("access-control-allow-origin")).toBe(false);
    const open = createQueryHandler({ ...options, cors: { origin: "https://other.test" } });
    const allowed = await open(way("articles", "select=(limit:1)", origin));
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://other.test");
    const preflight = await open(
      new Request(url("articles"), {
        method: "OPTIONS",
        headers: {
          origin: "https://other.test",
          "access-control-request-method": "QUERY",
          "access-control-request-headers": "x-http-method-override",
        },
      }),
    );
    expect(preflight.headers.get("access-control-allow-methods")).toContain("QUERY");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-http-method-override");
  });
});

describe("the header", () => {
  const post = (headers: Headers_, method = "POST", body: string | null = "{}"): Promise<Response> =>
    handle(
      new Request(url("articles"), {
        method,
        body,
        headers: { "content-type": "application/json", ...headers },
      }),
    );

  test.each(["get", "POST", "DELETE", "HEAD", "QUERY", "GET, POST", "", "GET;", "OPTIONS"])(
    "says GET, or is refused (%p)",
    async (value) => {
      const response = await post({ "x-http-method-override": value });
      const body = await response.json();
      expect([response.status, body.code, body.path]).toEqual([
        400,
        "invalid-value",
        "X-HTTP-Method-Override",
      ]);
      expect(body.hint).toBeString();
    },
  );

  test.each(["PATCH", "DELETE"])("turns no %s into a question", async (method) => {
    const response = await post(
      { "x-http-method-override": "GET" },
      method,
      method === "PATCH" ? "{}" : null,
    );
    expect([response.status, (await response.json()).code]).toEqual([400, "invalid-value"]);
  });

  test("is nothing to what is read anyway", async () => {
    for (const value of ["GET", "DELETE", "nonsense"])
      expect((await get("articles", { "x-http-method-override": value })).status).toBe(200);
  });

  test("without it a form of another page is a write, and refused", async () => {
    const response = await handle(
      new Request(url("articles"), {
        method: "POST",
        body: "select=(limit:1)",
        headers: { "content-type": FORM, origin: "https://other.test" },
      }),
    );
    expect([response.status, (await response.json()).code]).toEqual([403, "forbidden"]);
  });
});

describe("what may be asked", () => {
  test("names QUERY where GET may be used", async () => {
    const inspected = await handle(new Request(url("authors"), { method: "OPTIONS" }));
    expect(inspected.headers.get("allow")).toBe("OPTIONS, HEAD, GET, QUERY");
    const none = await handle(new Request(url("hidden"), { method: "OPTIONS" }));
    expect(none.headers.get("allow")).toBe("OPTIONS, POST");
    const refused = await handle(new Request(url("authors"), { method: "PATCH" }));
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "OPTIONS, HEAD, GET, QUERY"]);
    const access = await (await get("$access")).json();
    expect(JSON.stringify(access)).not.toContain("QUERY");
  });

  test("names no QUERY where the server of a route does not pass it on", async () => {
    const route = createQueryRoute({ ...options, access: true });
    for (const path of ["authors", "$access"]) {
      const inspected = await route.OPTIONS(new Request(url(path), { method: "OPTIONS" }));
      expect(inspected.headers.get("allow")).toBe("OPTIONS, HEAD, GET");
      const refused = await route.PATCH(new Request(url(path), { method: "PATCH" }));
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "OPTIONS, HEAD, GET"]);
    }
  });

  test("no rule is written for QUERY", () => {
    const control = { QUERY: { all: { select: true } } };
    const wrong = { authors: { table: "author", control } };
    expect(() => createQueryHandler({ ...options, acl: wrong })).toThrow(/unknown method `QUERY`/);
  });

  test("a route of Bun takes the header, and what its server hands on", async () => {
    const route = createQueryRoute({ ...options, idParam: "resource" });
    const server = Bun.serve({
      port: 0,
      routes: { "/query/:resource": route },
      fetch: createQueryHandler(options),
    });
    try {
      for (const request of [WAYS.override, WAYS.QUERY]) {
        const { method, headers } = request("articles", "");
        const response = await fetch(new URL("/query/articles?countTotal", server.url), {
          method,
          headers,
          body: "select=(limit:1)",
        });
        expect([method, response.status, await response.json()]).toEqual([
          method,
          200,
          { total: 4, count: 1, articles: [{ id: "x1", title: "T1", views: 1 }] },
        ]);
      }
    } finally {
      await server.stop(true);
    }
  });
});
