import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { App, TestACL } from "../support/app.ts";
import { serve } from "../support/app.ts";
import { dump, path, refusal, server } from "../support/write.ts";

const start = server();

const acl = {
  articles: {
    table: "article",
    control: {
      POST: { writer: { select: true } },
      PATCH: { writer: { select: true } },
      DELETE: { writer: { select: true } },
    },
  },
  tags: { table: "tag", control: { POST: { all: { select: true, write: true } } } },
  samples: { table: "sample", control: { POST: { all: { select: true, write: true } } } },
  kept: { table: "sample", control: { POST: { all: { write: { columns: ["id"] } } } } },
  small: {
    table: "comment",
    maxBodySize: 200,
    maxRows: 3,
    control: { POST: { all: { select: true } }, PATCH: { all: { select: true } } },
  },
  authors: {
    table: "author",
    control: { POST: { all: { select: true, write: { mode: false, columns: ["id", "secret", "role"] } } } },
  },
} satisfies TestACL;

describe("a body", () => {
  test.each([
    ["application/json", JSON.stringify({ id: 9, label: "json" }), "json"],
    ["application/json; charset=utf-8", JSON.stringify({ id: 9, label: "chárs" }), "chárs"],
    ["APPLICATION/JSON", JSON.stringify({ id: 9, label: "loud" }), "loud"],
    ["application/json ;charset=utf-8", "\ufeff" + JSON.stringify({ id: 9, label: "bom" }), "bom"],
    ["application/rjson", "(id:9,label:rjson)", "rjson"],
    ["Application/RJSON; v=1", "(id:9,label:'two words')", "two words"],
    ["application/x-www-form-urlencoded", "id=9&label=a+form%21", "a form!"],
    ["application/x-www-form-urlencoded;charset=UTF-8", "label=reversed&id=9", "reversed"],
  ])("is taken as %s", async (type, body, label) => {
    const app = await start(acl);
    const answer = await app.send("POST", "tags", { headers: { "content-type": type }, body });
    expect(answer.body).toEqual({ rowsAffected: 1, count: 1, tags: [{ id: 9, label }] });
    expect(answer.status).toBe(200);
  });

  test("is read whole behind one that was cut within a character", async () => {
    const app = await start(acl);
    const send = (body: Uint8Array<ArrayBuffer>) =>
      app.send("POST", "tags", {
        headers: { "content-type": "application/json", "content-length": String(body.byteLength) },
        body,
      });
    const bytes = new TextEncoder().encode(JSON.stringify({ id: 9, label: "chárs" }));
    const cut = await send(bytes.slice(0, bytes.indexOf(0xc3) + 1));
    expect(cut).toMatchObject({ status: 400, body: { code: "invalid-body" } });
    const whole = await send(bytes);
    expect(whole.body).toEqual({ rowsAffected: 1, count: 1, tags: [{ id: 9, label: "chárs" }] });
  });

  test("in RJSON may be an array", async () => {
    const app = await start(acl);
    const answer = await app.send("POST", "tags", {
      headers: { "content-type": "application/rjson" },
      body: "_((id:8,label:one),(id:9,label:two))_",
    });
    expect(answer.body.tags).toEqual([
      { id: 8, label: "one" },
      { id: 9, label: "two" },
    ]);
  });

  test("in a form is coerced by its columns", async () => {
    const app = await start(acl);
    const answer = await app.send("POST", "samples", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        id: "5",
        text: "5",
        choice: "a",
        integer: "-7",
        real: "1.5",
        flag: "true",
        millis: "2024-01-02T03:04:05.006Z",
        seconds: "1700000000000",
        numericBig: "12",
        big: "123456789012345678901234567890",
        decimal: "1.25",
        bytes: "AAEC",
      }).toString(),
    });
    expect(answer.body.samples).toEqual([
      {
        id: 5,
        parentId: null,
        text: "5",
        choice: "a",
        json: null,
        integer: -7,
        flag: true,
        seconds: "2023-11-14T22:13:20.000Z",
        millis: "2024-01-02T03:04:05.006Z",
        real: 1.5,
        decimal: "1.25",
        number: null,
        numericBig: "12",
        big: "123456789012345678901234567890",
        bytes: "AAEC",
        blobJson: null,
        point: null,
      },
    ]);
  });

  test.each([
    ["integer", "seven"],
    ["integer", "1.5"],
    ["integer", "0x"],
    ["real", "much"],
    ["flag", "maybe"],
    ["millis", "soon"],
    ["choice", "c"],
    ["bytes", "***"],
  ])("in a form is refused where %s cannot be %p", async (column, text) => {
    const app = await start(acl);
    const answer = await app.send("POST", "samples", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ id: "5", [column]: text }).toString(),
    });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: column });
  });
});

describe("a body that is too large", () => {
  const pad = (bytes: number): string => JSON.stringify({ text: "x".repeat(bytes - 11) });

  test("is refused with 413 and taken up to the very byte", async () => {
    const app = await start(acl);
    expect(Buffer.byteLength(pad(200))).toBe(200);
    const at = await app.post("small", pad(200));
    expect(refusal(at)).toEqual({ status: 400, code: "invalid-body", path: "articleId" });
    expect(refusal(await app.post("small", pad(201)))).toEqual({ status: 413, code: "too-large" });
  });

  test("is counted in bytes, not in characters", async () => {
    const app = await start(acl);
    const body = JSON.stringify({ text: "é".repeat(120) });
    expect(body.length).toBeLessThan(200);
    expect(refusal(await app.post("small", body))).toEqual({ status: 413, code: "too-large" });
  });

  test("is refused while it comes, without a length announced", async () => {
    const app = await start(acl);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        sent += 100;
        if (sent > 10_000) controller.close();
        else controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    const answer = await app.send("POST", "small", { headers: { "content-type": "application/json" }, body });
    expect(refusal(answer)).toEqual({ status: 413, code: "too-large" });
    expect((await app.post("tags", { id: 9, label: "still alive" })).status).toBe(200);
  });

  test("in chunks is taken when it is small enough, also where a character is cut in two", async () => {
    const app = await start(acl);
    const bytes = new TextEncoder().encode(JSON.stringify({ id: 9, label: "é" }));
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const byte of bytes) {
          controller.enqueue(new Uint8Array([byte]));
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        controller.close();
      },
    });
    const answer = await app.send("POST", "tags", { headers: { "content-type": "application/json" }, body });
    expect(answer.body.tags).toEqual([{ id: 9, label: "é" }]);
  });

  test("is one megabyte where nobody said otherwise", async () => {
    const app = await start(acl);
    const wrap = (bytes: number): string => JSON.stringify({ id: 9, label: "x".repeat(bytes - 19) });
    expect(Buffer.byteLength(wrap(1_048_576))).toBe(1_048_576);
    expect((await app.post(path("tags", { columns: { id: true } }), wrap(1_048_576))).body.tags).toEqual([
      { id: 9 },
    ]);
    expect(refusal(await app.post("tags", wrap(1_048_577)))).toEqual({ status: 413, code: "too-large" });
  });
});

describe("a body that cannot be written answers 4xx with a code and leaves the database as it was", () => {
  let app: App;
  let before: string;
  beforeAll(async () => {
    app = await serve(acl, { on: "libsql memory" });
    before = await dump(app.database);
  });
  afterAll(() => app.close());

  const json = "application/json";
  const rjson = "application/rjson";
  const form = "application/x-www-form-urlencoded";
  const article = { authorId: 2, title: "t" };
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

  type Case = readonly [
    name: string,
    method: "POST" | "PATCH",
    resource: string,
    type: string | undefined,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    status: number,
    code: string,
    path?: string | undefined,
  ];
  const cases: readonly Case[] = [
    ["no body", "POST", "articles", json, undefined, 400, "invalid-body"],
    ["empty text", "POST", "articles", json, "", 400, "invalid-body"],
    ["blanks", "POST", "articles", json, " \n ", 400, "invalid-body"],
    ["an empty form", "POST", "articles", form, "", 400, "invalid-body"],
    [
      "no content type",
      "POST",
      "articles",
      undefined,
      JSON.stringify(article),
      415,
      "unsupported-media-type",
    ],
    ["plain text", "POST", "articles", "text/plain", JSON.stringify(article), 415, "unsupported-media-type"],
    ["xml", "PATCH", "articles", "application/xml", "<a/>", 415, "unsupported-media-type"],
    [
      "multipart",
      "POST",
      "articles",
      "multipart/form-data; boundary=x",
      "--x--",
      415,
      "unsupported-media-type",
    ],
    [
      "a type that begins like json",
      "POST",
      "articles",
      "application/jsonx",
      "{}",
      415,
      "unsupported-media-type",
    ],
    ["cut JSON", "POST", "articles", json, '{"title":', 400, "invalid-body"],
    ["two JSON values", "POST", "articles", json, "{}{}", 400, "invalid-body"],
    ["JSON with comments", "POST", "articles", json, "{/**/}", 400, "invalid-body"],
    ["RJSON sent as JSON", "POST", "articles", json, "(title:x)", 400, "invalid-body"],
    ["cut RJSON", "POST", "articles", rjson, "(title:", 400, "invalid-body"],
    [
      "bytes that are no UTF-8",
      "POST",
      "articles",
      json,
      new Uint8Array([0x22, 0xff, 0x22]),
      400,
      "invalid-body",
    ],
    ["null", "POST", "articles", json, "null", 400, "invalid-body"],
    ["a number", "POST", "articles", json, "7", 400, "invalid-body"],
    ["a text", "POST", "articles", json, '"a1"', 400, "invalid-body"],
    ["true", "PATCH", "articles", json, "true", 400, "invalid-body"],
    ["null for a PATCH", "PATCH", "articles", json, "null", 400, "invalid-body"],
    ["an empty array", "POST", "articles", json, "[]", 400, "invalid-body"],
    ["an array for a PATCH", "PATCH", "articles", json, '[{"title":"x"}]', 400, "invalid-body"],
    ["an empty array for a PATCH", "PATCH", "articles", json, "[]", 400, "invalid-body"],
    ["an empty PATCH", "PATCH", "articles", json, "{}", 400, "invalid-body"],
    ["an array of numbers", "POST", "articles", json, "[1]", 400, "invalid-body", "0"],
    [
      "an array with null behind a row",
      "POST",
      "articles",
      json,
      JSON.stringify([article, null]),
      400,
      "invalid-body",
      "1",
    ],
    [
      "an array in an array",
      "POST",
      "articles",
      json,
      JSON.stringify([article, [article]]),
      400,
      "invalid-body",
      "1",
    ],
    ["an empty object for a POST", "POST", "articles", json, "{}", 400, "invalid-body", "authorId"],
    ["a missing value", "POST", "articles", json, '{"authorId":2}', 400, "invalid-body", "title"],
    [
      "a missing value in the second row",
      "POST",
      "articles",
      json,
      JSON.stringify([article, { authorId: 2 }]),
      400,
      "invalid-body",
      "1.title",
    ],
    [
      "null where a value must be",
      "POST",
      "articles",
      json,
      '{"authorId":2,"title":null}',
      400,
      "invalid-body",
      "title",
    ],
    [
      "null where a value must be in a PATCH",
      "PATCH",
      "articles",
      json,
      '{"title":null}',
      400,
      "invalid-body",
      "title",
    ],
    [
      "null in the second row",
      "POST",
      "articles",
      json,
      JSON.stringify([article, { ...article, views: null }]),
      400,
      "invalid-body",
      "1.views",
    ],
    [
      "a wrong kind in the second row",
      "POST",
      "articles",
      json,
      JSON.stringify([article, { ...article, views: "x" }]),
      400,
      "invalid-value",
      "1.views",
    ],
    ["more rows than are taken", "POST", "small", json, "[{},{},{},{}]", 400, "invalid-body"],
    [
      "a longer text than its column",
      "POST",
      "articles",
      json,
      JSON.stringify({ ...article, title: "x".repeat(51) }),
      400,
      "invalid-value",
      "title",
    ],
    [
      "a longer text in a PATCH",
      "PATCH",
      "articles",
      json,
      JSON.stringify({ title: "x".repeat(51) }),
      400,
      "invalid-value",
      "title",
    ],
    [
      "an unknown column",
      "POST",
      "articles",
      json,
      JSON.stringify({ ...article, titel: 1 }),
      400,
      "unknown-column",
      "titel",
    ],
    [
      "an unknown column in a PATCH",
      "PATCH",
      "articles",
      json,
      '{"titel":"x"}',
      400,
      "unknown-column",
      "titel",
    ],
    [
      "an unknown column in the second row",
      "POST",
      "articles",
      json,
      JSON.stringify([article, { ...article, x: 1 }]),
      400,
      "unknown-column",
      "1.x",
    ],
    [
      "an unknown column that is null",
      "POST",
      "articles",
      json,
      JSON.stringify({ ...article, x: null }),
      400,
      "unknown-column",
      "x",
    ],
    [
      "a column by its name in the database",
      "PATCH",
      "articles",
      json,
      '{"author_id":3}',
      400,
      "unknown-column",
      "author_id",
    ],
    ["a relation's name", "PATCH", "articles", json, '{"author":{"id":1}}', 400, "unknown-column", "author"],
    [
      "a key the server makes",
      "POST",
      "articles",
      json,
      JSON.stringify({ ...article, id: "mine" }),
      400,
      "unknown-column",
      "id",
    ],
    ["a key in a PATCH", "PATCH", "articles", json, '{"id":"mine"}', 400, "unknown-column", "id"],
    [
      "a column the rule does not let write",
      "POST",
      "authors",
      json,
      '{"name":"n","email":"e","role":"editor"}',
      400,
      "unknown-column",
      "role",
    ],
    [
      "a key of Object.prototype",
      "POST",
      "articles",
      json,
      JSON.stringify({ ...article, constructor: 1 }),
      400,
      "unknown-column",
      "constructor",
    ],
    ["toString", "PATCH", "articles", json, '{"toString":1}', 400, "unknown-column", "toString"],
    [
      "__proto__ in JSON",
      "POST",
      "articles",
      json,
      '{"authorId":2,"title":"t","__proto__":{"views":9}}',
      400,
      "unknown-column",
      "__proto__",
    ],
    [
      "__proto__ alone in a PATCH",
      "PATCH",
      "articles",
      json,
      '{"__proto__":{"title":"x"}}',
      400,
      "unknown-column",
      "__proto__",
    ],
    [
      "__proto__ in a form",
      "POST",
      "articles",
      form,
      "authorId=2&title=t&__proto__=x",
      400,
      "unknown-column",
      "__proto__",
    ],
    [
      "a field of a form given twice",
      "POST",
      "articles",
      form,
      "authorId=2&title=t&title=u",
      400,
      "invalid-body",
      "title",
    ],
    ["an object for a text", "PATCH", "articles", json, '{"title":{"a":1}}', 400, "invalid-value", "title"],
    [
      "an object that looks like SQL",
      "PATCH",
      "articles",
      json,
      '{"title":{"queryChunks":[{"value":["1"]}],"decoder":{}}}',
      400,
      "invalid-value",
      "title",
    ],
    ["an array for a number", "PATCH", "articles", json, '{"views":[1]}', 400, "invalid-value", "views"],
    [
      "JSON of a form nested beyond any use",
      "POST",
      "samples",
      form,
      `id=1&json=${deep(200_000)}`,
      400,
      "invalid-body",
      "json",
    ],
    [
      "JSON of a form nested too deep",
      "POST",
      "samples",
      form,
      `id=1&json=${deep(65)}`,
      400,
      "invalid-body",
      "json",
    ],
    [
      "JSON of a form no column takes",
      "POST",
      "samples",
      form,
      `id=1&none=${deep(65)}`,
      400,
      "unknown-column",
      "none",
    ],
    [
      "JSON of a form nobody may write",
      "POST",
      "kept",
      form,
      `id=1&json=${deep(65)}`,
      400,
      "unknown-column",
      "json",
    ],
    ["JSON nested beyond any use", "POST", "articles", json, deep(200_000), 400, "invalid-body", undefined],
    [
      "a value nested beyond any use",
      "POST",
      "articles",
      json,
      `{"authorId":2,"title":${deep(200_000)}}`,
      400,
      "invalid-body",
      undefined,
    ],
  ];

  test.each(cases.map((row) => [row[0], row] as const))(
    "%s",
    async (_, [, method, resource, type, body, status, code, where]) => {
      const answer = await app.send(method, resource, {
        as: 2,
        ...(type !== undefined && { headers: { "content-type": type } }),
        // Bytes, so that fetch adds no content type of its own.
        ...(body !== undefined && { body: typeof body === "string" ? new TextEncoder().encode(body) : body }),
      });
      expect(refusal(answer)).toEqual({ status, code, ...(where !== undefined && { path: where }) });
      expect(typeof answer.body.error).toBe("string");
      expect(await dump(app.database)).toBe(before);
    },
  );

  test("__proto__ in RJSON", async () => {
    const answer = await app.send("POST", "articles", {
      as: 2,
      headers: { "content-type": rjson },
      body: "(authorId:2,title:t,__proto__:(views:9))",
    });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("invalid-body");
    expect(await dump(app.database)).toBe(before);
  });

  test("a JSON column's value nested beyond any use is no fault of the server", async () => {
    const answer = await app.send("POST", "samples", {
      headers: { "content-type": json },
      body: `{"id":1,"json":${deep(200_000)}}`,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("invalid-body");
    expect(await dump(app.database)).toBe(before);
  });

  test.each([
    ["an empty map", "()", "select.where", "invalid-value"],
    ["an empty array", "_()_", "select.where", "invalid-value"],
    ["an array of an empty map", "_(())_", "select.where.0", "invalid-value"],
    ["an empty NOT", "(NOT:())", "select.where.NOT", "invalid-value"],
    ["an empty OR", "(OR:_()_)", "select.where.OR", "invalid-value"],
    ["a text", "'a1'", "select.where", "invalid-value"],
    ["a number", "1", "select.where", "invalid-value"],
    ["true", "T", "select.where", "invalid-value"],
    ["null", "N", "select.where", "invalid-value"],
    ["an array of texts", "_(text)_", "select.where.0", "invalid-value"],
    ["an unknown column", "(titel:text)", "select.where", "unknown-column"],
  ])("a filter that is %s changes and removes nothing", async (_, filter, where, code) => {
    const search = `articles?select=${encodeURIComponent(`(where:${filter})`)}`;
    const changed = await app.patch(search, { views: 99 }, { as: 2 });
    expect(refusal(changed)).toEqual({ status: 400, code, path: where });
    const removed = await app.remove(search, { as: 2 });
    expect(refusal(removed)).toEqual({ status: 400, code, path: where });
    expect(await dump(app.database)).toBe(before);
  });

  test.each(["where:(id:a1)", "limit:1", "offset:1", "orderBy:(id:asc)"])(
    "a POST does not take `%s`",
    async (part) => {
      const answer = await app.post(`articles?select=(${part})`, article, { as: 2 });
      expect(refusal(answer)).toEqual({
        status: 400,
        code: "invalid-value",
        path: `select.${part.slice(0, part.indexOf(":"))}`,
      });
      expect(await dump(app.database)).toBe(before);
    },
  );

  test("a PATCH or DELETE takes no limit", async () => {
    expect(refusal(await app.patch("articles?select=(limit:1)", { views: 1 }, { as: 2 }))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "select.limit",
    });
    expect(refusal(await app.remove("articles?select=(limit:1)", { as: 2 })).path).toBe("select.limit");
    expect(refusal(await app.remove("articles?findFirst", { as: 2 })).code).toBe("unknown-parameter");
    expect(await dump(app.database)).toBe(before);
  });

  test("the server never answered 500 to any of it", () => {
    expect(app.errors).toEqual([]);
  });
});

describe("the body is read only after a rule was found", () => {
  const broken = { headers: { "content-type": "text/nonsense" }, body: "{{{" };

  test("without a role it is 401, with a role that has no rule 403, both whatever the body is", async () => {
    const app = await start(acl);
    expect(refusal(await app.send("POST", "articles", broken))).toEqual({
      status: 401,
      code: "unauthenticated",
    });
    expect(refusal(await app.send("POST", "articles", { ...broken, as: 2, role: "editor" }))).toEqual({
      status: 403,
      code: "forbidden",
    });
    expect(refusal(await app.send("POST", "nothing", broken))).toEqual({
      status: 404,
      code: "unknown-resource",
    });
    expect(refusal(await app.send("PATCH", "tags", { ...broken, as: 2 }))).toEqual({
      status: 405,
      code: "method-not-allowed",
    });
    expect(refusal(await app.send("POST", "articles", { ...broken, as: 2 }))).toEqual({
      status: 415,
      code: "unsupported-media-type",
    });
  });

  test("a refused selector is named before the body is looked at", async () => {
    const app = await start(acl);
    const answer = await app.send("POST", "articles?select=(columns:(titel:T))", { ...broken, as: 2 });
    expect(refusal(answer)).toEqual({ status: 400, code: "unknown-column", path: "select.columns" });
  });

  test("a DELETE reads no body", async () => {
    const app = await start(acl);
    const answer = await app.send("DELETE", "articles?select=(where:(id:a1),columns:~T(id)~)", {
      ...broken,
      as: 1,
    });
    expect(answer.body).toEqual({ rowsAffected: 1, count: 1, articles: [{ id: "a1" }] });
  });
});

describe("a body that was read before the route reads it is no fault of the client:", () => {
  const begin = async (request: Request): Promise<void> => {
    const reader = request.body!.getReader();
    await reader.read();
    reader.releaseLock();
  };
  const parsers: [string, (request: Request) => Promise<unknown>][] = [
    ["as JSON", (request) => request.json()],
    ["as bytes", (request) => request.arrayBuffer()],
    ["in part", begin],
    ["by a reader that keeps it", async (request) => void request.body!.getReader()],
    ["by a twin of its stream", async (request) => void request.body!.tee()],
    ["away", async (request) => request.body!.cancel()],
  ];

  test.each(parsers)("%s", async (_, read) => {
    const app = await start(acl, { session: { parser: async (request) => void (await read(request)) } });
    const stream = (text: string) => new Blob([text]).stream();
    for (const [method, path] of [
      ["POST", "small"],
      ["PATCH", "small"],
    ] as const)
      for (const body of ['{"title":"x"}', stream('{"title":"x"}')]) {
        const answer = await app.send(method, path, {
          headers: { "content-type": "application/json" },
          body,
        });
        expect([answer.status, answer.body]).toEqual([
          500,
          { error: "something went wrong on the server", code: "internal-error" },
        ]);
      }
    expect(app.errors.splice(0).map(String)).toEqual(
      Array<string>(4).fill(
        "Error: the body of a request was read before the route could read it: mount the route before what parses " +
          "bodies, such as `express.json()`, and read a body in `session.parser` from `request.clone()`",
      ),
    );
  });

  test("a clone may be read", async () => {
    const app = await start(acl, {
      session: { parser: async (request) => void (await request.clone().text()) },
    });
    const answer = await app.post("tags", { id: 9, label: "x" });
    expect(answer.body).toEqual({ rowsAffected: 1, count: 1, tags: [{ id: 9, label: "x" }] });
  });
});
