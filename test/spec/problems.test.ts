import { describe, expect, test } from "bun:test";
import { HttpError } from "@bepalo/query";
import { ClientError, createQueryClient } from "@bepalo/query/client";
import { STATUS } from "../../src/error.ts";
import { prefersProblems, problemOf, TITLES } from "../../src/http/problem.ts";
import type { Schema } from "../support/databases.ts";
import type { TestACL } from "../support/app.ts";
import { served } from "../support/served.ts";

// Refusals as RFC 9457 has them.

const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: { columns: ["id", "title"] } }, mine: { select: true, where: sundays } },
      POST: { writer: { validateBody: { "~standard": { version: 1, vendor: "test", validate } } } },
    },
  },
} satisfies TestACL;

function sundays(): never {
  throw new HttpError("closed on sundays", 451, "mine");
}

function validate() {
  return { issues: [{ message: "must be text", path: ["title"] }] };
}

const JSON_TYPE = "application/json;charset=utf-8";
const PROBLEM = "application/problem+json";
const accept = (value: string): { headers: Record<string, string> } => ({ headers: { accept: value } });

const UNKNOWN = {
  type: "urn:bepalo:query:unknown-column",
  title: "The column is not known",
  status: 400,
  detail: "unknown column `titel`",
  code: "unknown-column",
  path: "select.where",
  hint: "did you mean `title`?",
};
const ASKED = "articles?select=(where:(titel:'a'))";

describe("who asks for problems", () => {
  const app = served(acl, { batch: true });

  test("is refused by one", async () => {
    const { status, headers, text } = await app.get(ASKED, accept(PROBLEM));
    expect([status, headers.get("content-type"), headers.get("vary")]).toEqual([
      400,
      PROBLEM,
      "Cookie, Authorization, Accept",
    ]);
    expect(JSON.parse(text)).toEqual(UNKNOWN);
  });

  test("hears the issues of a body", async () => {
    const { text } = await app.post("articles", { title: 5 }, { as: 1, ...accept(PROBLEM) });
    expect(JSON.parse(text)).toEqual({
      type: "urn:bepalo:query:invalid-body",
      title: "The body is not valid",
      status: 400,
      detail: "the body is not valid",
      code: "invalid-body",
      path: "title",
      issues: [{ message: "must be text", path: "title" }],
    });
  });

  test("hears an author's refusal", async () => {
    const { status, text } = await app.get("articles?mine", { as: 1, ...accept(PROBLEM) });
    expect(status).toBe(451);
    expect(JSON.parse(text)).toEqual({
      type: "urn:bepalo:query:refused",
      title: "The request is refused",
      status: 451,
      detail: "closed on sundays",
      code: "refused",
      path: "mine",
    });
  });

  test("hears what is wrong in a batch, and where it is no resource", async () => {
    const { text } = await app.post(
      "$batch",
      [{ method: "GET", resource: "articles", select: { where: { titel: "a" } } }],
      accept(PROBLEM),
    );
    expect(JSON.parse(text)).toMatchObject({ type: UNKNOWN.type, status: 400, path: "0.select.where" });
    const absent = await app.get("nothing", accept(PROBLEM));
    expect(JSON.parse(absent.text)).toMatchObject({ type: "urn:bepalo:query:unknown-resource", status: 404 });
  });

  test("is told by HEAD how long it is", async () => {
    const { status, headers, text } = await app.send("HEAD", ASKED, accept(PROBLEM));
    expect([status, headers.get("content-type"), text]).toEqual([400, PROBLEM, ""]);
    expect(headers.get("content-length")).toBe(String(JSON.stringify(UNKNOWN).length));
  });

  test("gets rows as everybody does", async () => {
    const { status, headers } = await app.get("articles", accept(PROBLEM));
    expect([status, headers.get("content-type"), headers.get("vary")]).toEqual([
      200,
      JSON_TYPE,
      "Cookie, Authorization",
    ]);
  });

  test.each(["*/*", "application/*", "application/json", ""])(
    "who takes `%s` is refused as ever",
    async (type) => {
      const { headers, body } = await app.get(ASKED, accept(type));
      expect([headers.get("content-type"), headers.get("vary")]).toEqual([
        JSON_TYPE,
        "Cookie, Authorization, Accept",
      ]);
      const { detail: error, code, path, hint } = UNKNOWN;
      expect(body).toEqual({ error, code, path, hint });
    },
  );
});

test.each([
  [PROBLEM, true],
  ["Application/Problem+JSON", true],
  [`application/json, ${PROBLEM}`, true],
  [`text/html, ${PROBLEM};q=0.5, */*;q=0.1`, true],
  [`application/json;q=0.4, ${PROBLEM}; charset=utf-8; q=0.5`, true],
  [`application/json;q=0.5, ${PROBLEM};q=0.4`, false],
  [`${PROBLEM};q=0`, false],
  [`${PROBLEM};q=much`, false],
  [`x${PROBLEM}`, false],
])("`%s`: %p", (header, wanted) => expect(prefersProblems(header)).toBe(wanted));

describe("with `problems: true`", () => {
  const app = served(acl, { problems: true, cors: { origin: "https://a.example" } });

  test("everybody is, and other headers stay", async () => {
    const { headers, text } = await app.get(ASKED, { headers: { origin: "https://a.example" } });
    expect(headers.get("content-type")).toBe(PROBLEM);
    expect(headers.get("vary")).toBe("Cookie, Authorization, Origin, Accept");
    expect(JSON.parse(text)).toEqual(UNKNOWN);
    const { headers: others } = await app.send("PATCH", "articles");
    expect([others.get("allow"), others.get("content-type")]).toEqual(["OPTIONS, HEAD, GET", PROBLEM]);
  });

  test("the client reads it", async () => {
    const client = createQueryClient<Schema, unknown>(new URL(app.app.url).origin);
    const failed: unknown = await client
      .Get<"article", string>("/query/articles", { select: { where: { titel: "a" } as never } })
      .catch((reason: unknown) => reason);
    const { code, detail: message, path, hint } = UNKNOWN;
    expect(failed).toBeInstanceOf(ClientError);
    expect(failed).toMatchObject({ code, message, path, hint, status: 400 });
  });
});

describe("a route that says itself what its answers vary by", () => {
  const app = served(acl, { headers: { vary: "*" } });
  test("is believed", async () => expect((await app.get(ASKED)).headers.get("vary")).toBe("*"));
});

test("each code has a name that stays, and words of its own", () => {
  const codes = [...(Object.keys(STATUS) as (keyof typeof STATUS)[]), "refused" as const];
  expect(Object.keys(TITLES).toSorted()).toEqual(codes.toSorted());
  expect(new Set(Object.values(TITLES)).size).toBe(codes.length);
  for (const code of codes)
    expect(problemOf({ error: "it is so", code, hint: "do" }, 499)).toEqual({
      type: `urn:bepalo:query:${code}`,
      title: TITLES[code],
      status: 499,
      detail: "it is so",
      code,
      hint: "do",
    });
});
