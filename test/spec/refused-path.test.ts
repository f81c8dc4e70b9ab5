import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { DATABASES, type TestDatabase } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// Who looks for a row behind the name of a resource hears how it is asked for.

const acl = {
  articles: { table: "article", control: { GET: { writer: { select: true } } } },
  authors: {
    table: "author",
    findFirst: false,
    control: { GET: { all: { select: { columns: ["name", "email"] } } } },
  },
  "my links": { table: "articleTag", findFirst: true, control: { GET: { all: { select: true } } } },
  keyless: { table: "author", control: { GET: { all: { select: { columns: ["name"] } } } } },
  unsearched: { table: "tag", control: { GET: { all: { select: true, forbidQuery: { where: true } } } } },
  masked: {
    table: "tag",
    control: { GET: { all: { select: [{ columns: ["id"] }, { columns: ["label"], when: () => true }] } } },
  },
  own: { table: "tag", control: { GET: { mine: { select: true, where: () => true } } } },
  written: { table: "tag", control: { POST: { all: { select: true } } } },
};

let database: TestDatabase;
let handler: QueryHandler;
let asked = 0;
const made = (options: object = {}): QueryHandler =>
  createQueryHandler({
    acl,
    database,
    schema,
    onWarning: () => undefined,
    session: {
      parser: (request) => {
        asked++;
        return request.headers.has("x-out") ? new Response("out", { status: 302 }) : undefined;
      },
      getRole: (request) => request.headers.get("x-role"),
    },
    ...options,
  });
let close: () => void;
beforeAll(async () => {
  ({ database, close } = await DATABASES["bun:sqlite"]());
  handler = made();
});
afterAll(() => close());

async function refused(path: string, headers: Record<string, string> = {}, handle = handler): Promise<any> {
  const response = await handle(new Request(`http://local${path}`, { headers }));
  const body = (await response.json()) as { hint: string };
  expect([response.status, body]).toEqual([404, expect.objectContaining({ code: "unknown-resource" })]);
  return body.hint;
}

const GENERAL =
  "resources are at `/query/<name>`, one row at `/query/<name>?findFirst&select=(where:(id:'…'))`";
const writer = { "x-role": "writer" };

describe("the hint", () => {
  test.each([
    ["/query/articles/a1", writer, "/query/articles?findFirst&select=(where:(id:'…'))"],
    ["/query/articles/a1/comments/?limit=1", writer, "/query/articles?findFirst&select=(where:(id:'…'))"],
    ["/articles/a1", writer, "/query/articles?findFirst&select=(where:(id:'…'))"],
    ["/query/authors/1", {}, "/query/authors?select=(where:(email:'…'))"],
    ["/query/my%20links/1", {}, "/query/my%20links?select=(where:(articleId:'…',tagId:…))"],
    ["/query/masked/1", {}, "/query/masked?findFirst&select=(where:(id:…))"],
    ["/query/own/1", writer, "/query/own?findFirst&select=(where:(id:…))"],
  ])("of %s names its key", async (path, headers, one) =>
    expect(await refused(path, headers as Record<string, string>)).toBe(`one row is at \`${one}\``),
  );

  test.each([
    ["who may not ask", "/query/articles/a1", {}],
    ["who is sent elsewhere", "/query/articles/a1", { ...writer, "x-out": "1" }],
    ["an unknown resource", "/query/nothing/a1", writer],
    ["a resource without a key", "/query/keyless/1", writer],
    ["a resource that takes no filter", "/query/unsearched/1", writer],
    ["a resource that is only written", "/query/written/1", writer],
    ["a scope that a guest has not", "/query/own/1", {}],
    ["an inherited name", "/query/constructor/1", writer],
    ["a name that is no text", "/query/%ff/1", writer],
  ])("of %s is the same for all", async (_, path, headers) =>
    expect(await refused(path, headers as Record<string, string>)).toBe(GENERAL),
  );

  test("speaks of the route's own base path", async () => {
    const at = made({ basePath: "/api/data" });
    const one = "one row is at `/api/data/articles?findFirst&select=(where:(id:'…'))`";
    expect(await refused("/api/data/articles/1", writer, at)).toBe(one);
    expect(await refused("/query/articles/1", writer, at)).toBe("resources are at `/api/data/<name>`");
  });

  test("asks nobody who he is where no resource is named", async () => {
    const before = asked;
    await refused("/query/nothing/1", writer);
    await refused("/query//articles", writer);
    await refused("/query/", writer);
    expect(asked).toBe(before);
  });
});
