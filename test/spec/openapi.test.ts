import { describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { openapi, type OpenAPIDocument } from "@bepalo/query/openapi";
import { z } from "zod";
import type { TestACL } from "../support/app.ts";
import { DATABASES } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// What a caller may do, told to himself as a document.

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        writer: {
          select: [{ columns: ["id", "title", "createdAt"] }, { columns: ["rating"], when: () => true }],
          with: { author: "authors" },
          maxLimit: 7,
        },
        guest: { select: { columns: ["title"] } },
        mine: { select: true, where: () => true },
      },
      POST: {
        writer: { validateBody: z.strictObject({ title: z.string().max(9) }), injectBody: (row) => row },
        editor: { write: { columns: ["title", "body", "authorId", "views"] }, check: true },
      },
    },
  },
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "name", "role"] },
          with: { mentor: "authors", articles: "articles" },
        },
      },
    },
  },
  members: {
    table: "author",
    params: { org: z.string().optional() },
    control: {
      GET: { guest: { select: true } },
      DELETE: { editor: { requireWhere: "key" } },
    },
  },
} satisfies TestACL;

const { database } = await DATABASES["bun:sqlite"]();
const made = (options: Partial<QueryRouteOptions> = {}): QueryHandler =>
  createQueryHandler({
    acl,
    database,
    schema,
    openapi: true,
    onWarning: () => undefined,
    session: { getRole: (request) => request.headers.get("x-role") },
    ...options,
  });
const handler = made();
const ask = (
  role?: string,
  init: RequestInit = {},
  on = handler,
  path = "/query/$openapi",
): Promise<Response> =>
  on(new Request(`http://local${path}`, { ...init, headers: role === undefined ? {} : { "x-role": role } }));
const told = async (role?: string, on = handler): Promise<OpenAPIDocument> =>
  (await (await ask(role, {}, on)).json()) as OpenAPIDocument;

describe("$openapi", () => {
  test("is the document of who asks, as the function writes it", async () => {
    for (const role of [undefined, "writer", "editor"])
      expect(await told(role)).toEqual(
        JSON.parse(JSON.stringify(openapi(acl, schema, role === undefined ? {} : { role }))),
      );
    const { paths } = await told();
    expect(Object.keys(paths)).toEqual(["/articles", "/authors", "/members"]);
    expect(Object.keys(paths["/articles"]!)).toEqual(["get", "head", "options"]);
    expect(Object.keys((await told("editor")).paths["/members"]!)).toEqual([
      "get",
      "head",
      "delete",
      "options",
    ]);
  });

  test("is private and not kept, and named by its ETag", async () => {
    const answer = await ask("writer");
    expect(answer.status).toBe(200);
    expect([
      answer.headers.get("cache-control"),
      answer.headers.get("vary"),
      answer.headers.get("content-type"),
    ]).toEqual(["private, no-store", "Cookie, Authorization", "application/json;charset=utf-8"]);
    expect(answer.headers.get("etag")).toMatch(/^"[\w-]{43}"$/);
    const head = await ask("writer", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const allowed = await ask(undefined, { method: "OPTIONS" });
    expect([allowed.status, allowed.headers.get("allow")]).toEqual([204, "OPTIONS, HEAD, GET, QUERY"]);
  });

  test("takes nothing else", async () => {
    const posted = await ask("writer", { method: "POST", body: "{}" });
    expect([posted.status, ((await posted.json()) as { code: string }).code]).toEqual([
      405,
      "method-not-allowed",
    ]);
    const asked = await ask("writer", {}, handler, "/query/$openapi?role=editor");
    expect([asked.status, ((await asked.json()) as { code: string }).code]).toEqual([
      400,
      "unknown-parameter",
    ]);
  });

  test("is nowhere without the option", async () => {
    expect((await ask(undefined, {}, made({ openapi: false }))).status).toBe(404);
    expect(() => made({ openapi: { titel: "Shop" } as never })).toThrow(
      /openapi\.titel: .*did you mean `title`/,
    );
    expect(() => made({ openapi: "yes" as never })).toThrow(/openapi: expected/);
  });

  test("says what the route says of itself", async () => {
    const on = made({
      openapi: {
        title: "Blog",
        version: "3.2",
        servers: [{ url: "https://api.example/query" }],
        public: true,
      },
      problems: true,
      jsonPatch: () => true,
      defaults: { formatResult: () => [] },
    });
    const { info, servers, paths, components } = await told(undefined, on);
    expect([info.title, info.version, servers]).toEqual([
      "Blog",
      "3.2",
      [{ url: "https://api.example/query" }],
    ]);
    expect(Object.keys(components.responses["read.400"]!.content!)).toEqual(["application/problem+json"]);
    expect(paths["/articles"]!["get"]!.responses["200"]!.content).toEqual({
      "application/json": { schema: { description: "as its author formats it" } },
    });
    // A guest's is the same for all guests; nobody else's is.
    expect((await ask(undefined, {}, on)).headers.get("cache-control")).toBe("public, no-cache");
    expect((await ask("writer", {}, on)).headers.get("cache-control")).toBe("private, no-store");
  });

  test("of a route whose formatter makes all answers says so, without a server too", () => {
    const { paths } = openapi(acl, schema, { defaults: { formatResult: () => [] } });
    expect(paths["/articles"]!["get"]!.responses["200"]!.content).toEqual({
      "application/json": { schema: { description: "as its author formats it" } },
    });
  });

  test("says where it is", async () => {
    const on = made({ basePath: "/api/v1" });
    const answer = await ask(undefined, {}, on, "/api/v1/$openapi");
    expect(((await answer.json()) as OpenAPIDocument).servers).toEqual([{ url: "/api/v1" }]);
  });
});

describe("a document", () => {
  const writer = openapi(acl, schema, { role: "writer" });
  const editor = openapi(acl, schema, { role: "editor" });

  test("tells columns as answers carry them", () => {
    expect(writer.components.schemas["articles.GET"]!.properties).toMatchObject({
      id: { type: "string", "x-kind": "text" },
      title: { type: "string", maxLength: 50, "x-kind": "text" },
      createdAt: { type: "string", format: "date-time", "x-kind": "date" },
      rating: { type: ["number", "null"], "x-kind": "number", "x-masked": true },
      $masked: { type: "array", items: { enum: ["rating"] } },
      author: { anyOf: [{ $ref: "#/components/schemas/authors.GET" }, { type: "null" }] },
    });
    expect(writer.components.schemas["authors.GET"]!.properties).toMatchObject({
      role: { type: "string", enum: ["writer", "editor"] },
      mentor: { anyOf: [{ $ref: "#/components/schemas/authors.GET" }, { type: "null" }] },
      articles: { type: "array", items: { $ref: "#/components/schemas/articles.GET" } },
    });
    expect(Object.keys(openapi(acl, schema).components.schemas["articles.GET"]!.properties!)).not.toContain(
      "id",
    );
  });

  test("tells what a selector may hold, and how much", () => {
    const { properties, additionalProperties } = writer.components.schemas["articles.GET.Select"]!;
    expect(additionalProperties).toBe(false);
    expect(properties).toMatchObject({ limit: { type: "integer", minimum: 0, maximum: 7 } });
    expect(Object.keys(writer.components.schemas["articles.GET.Conditions"]!.properties!)).toContain(
      "title.icontains",
    );
  });

  test("tells what a new row needs, and what its validator says", () => {
    expect(editor.components.schemas["articles.POST.Body"]).toMatchObject({
      required: ["authorId", "title"],
      additionalProperties: false,
      properties: { title: { type: "string", maxLength: 50 }, body: { type: ["string", "null"] } },
    });
    expect(writer.components.schemas["articles.POST.Body"]).toMatchObject({
      type: "object",
      properties: { title: { type: "string", maxLength: 9 } },
      required: ["title"],
    });
  });

  test("tells the scope that a question needs, parameters, and codes by status", () => {
    const { parameters, responses } = writer.paths["/members"]!["get"]!;
    expect(parameters.slice(0, 2)).toMatchObject([
      { name: "guest", required: true, examples: { scope: { value: "T" } } },
      { name: "org", schema: { type: "string" } },
    ]);
    expect(responses["401"]).toEqual({ $ref: "#/components/responses/read.401" });
    expect(writer.components.responses["read.401"]!.content!["application/json"]!.schema).toMatchObject({
      properties: { code: { enum: ["unauthenticated"] } },
      required: ["error", "code"],
    });
    expect(editor.components.responses["delete.412"]!.description).toBe("`precondition-failed`");
  });

  test("names what has signs in its name that names may not have", () => {
    const odd = { "a b/ü": acl.articles, a_b__: acl.authors, authors: acl.authors, articles: acl.articles };
    const { paths, components } = openapi(odd, schema);
    expect(Object.keys(paths)).toContain("/a%20b%2F%C3%BC");
    const names = Object.keys(components.schemas);
    expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(["a_b__.GET", "a_b__.GET_2"]));
  });

  test("of an access-control file with mistakes is none", () => {
    expect(() => openapi({ posts: { table: "nothing", control: {} } }, schema)).toThrow(/unknown table/);
  });
});
