import { describe, expect, test } from "bun:test";
import { HttpError } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { ask, served } from "../support/served.ts";

let seen: Record<string, unknown> = {};
const columns = { columns: ["id", "createdAt"] } as const;
const acl = {
  plain: {
    table: "article",
    control: { GET: { all: { select: columns } }, DELETE: { all: { where: () => false } } },
  },
  entry: {
    table: "article",
    formatResult: () => ({ by: "entry" }),
    control: {
      GET: { all: { select: columns }, writer: { select: columns, formatResult: () => ({ by: "rule" }) } },
    },
  },
  context: {
    table: "article",
    control: {
      GET: {
        all: {
          select: columns,
          formatResult: (request, { resourceId, findFirst, method, role, me, result }) => {
            seen = { url: request instanceof Request, resourceId, findFirst, method, role, me, result };
            return "seen";
          },
        },
      },
    },
  },
  // The manual's own formatter.
  manual: {
    table: "article",
    formatResult: (_req, { resourceId, findFirst, result }) => {
      const response: Record<string, unknown> = {};
      if (result) {
        if (result.total !== undefined) response["total"] = result.total;
        if (result.rowsAffected != null) response["rowsAffected"] = result.rowsAffected;
        if (findFirst) response[resourceId] = result.rows;
        else {
          response["count"] = result.count ?? result.rows?.length ?? 0;
          response[resourceId] = result.rows;
        }
      }
      return Response.json(response);
    },
    control: { GET: { all: { select: columns } } },
  },
  ...(Object.fromEntries(
    (
      [
        ["value", () => ({ a: 1 })],
        ["promise", async () => ({ a: 1 })],
        ["response", () => Response.json({ a: 1 }, { status: 201, headers: { "x-mine": "yes" } })],
        ["promisedResponse", async () => Response.json({ a: 1 })],
        [
          "cookies",
          () => {
            const answer = Response.json({ a: 1 });
            answer.headers.append("set-cookie", "a=1");
            answer.headers.append("set-cookie", "b=2");
            return answer;
          },
        ],
        ["text", () => new Response("plain")],
        ["empty", () => new Response(null, { status: 204 })],
        ["undefined", () => undefined],
        ["null", () => null],
        ["string", () => "text"],
        ["list", () => [1, 2n, new Date(0), Buffer.from([255])]],
        ["zero", () => 0],
        ["false", () => false],
        [
          "throws",
          () => {
            throw new Error("secret");
          },
        ],
        ["rejects", () => Promise.reject(new Error("secret"))],
        [
          "throwsNull",
          () => {
            throw null;
          },
        ],
        [
          "refuses",
          () => {
            throw new HttpError("no format today", 422);
          },
        ],
        [
          "cycle",
          () => {
            const loop: Record<string, unknown> = {};
            loop["loop"] = loop;
            return loop;
          },
        ],
      ] as const
    ).map(([name, formatResult]) => [
      name,
      { table: "article", control: { GET: { all: { select: columns, formatResult } } } },
    ]),
  ) as unknown as TestACL),
} satisfies TestACL;

describe("formatResult", () => {
  const app = served(acl, { defaults: { formatResult: () => ({ by: "defaults" }) } });

  test("of the rule comes before the entry's, that before the defaults'", async () => {
    expect((await app.get("entry", { as: 1 })).body).toEqual({ by: "rule" });
    expect((await app.get("entry")).body).toEqual({ by: "entry" });
    expect((await app.get("plain")).body).toEqual({ by: "defaults" });
    expect((await app.remove("plain")).body).toEqual({ by: "defaults" });
  });

  test.each([
    ["value", 200, '{"a":1}', "application/json;charset=utf-8"],
    ["promise", 200, '{"a":1}', "application/json;charset=utf-8"],
    ["response", 201, '{"a":1}', "application/json;charset=utf-8"],
    ["promisedResponse", 200, '{"a":1}', "application/json;charset=utf-8"],
    ["text", 200, "plain", "text/plain;charset=utf-8"],
    ["empty", 204, "", null],
    ["undefined", 200, "null", "application/json;charset=utf-8"],
    ["null", 200, "null", "application/json;charset=utf-8"],
    ["string", 200, '"text"', "application/json;charset=utf-8"],
    ["list", 200, '[1,"2","1970-01-01T00:00:00.000Z","/w=="]', "application/json;charset=utf-8"],
    ["zero", 200, "0", "application/json;charset=utf-8"],
    ["false", 200, "false", "application/json;charset=utf-8"],
  ] as const)(
    "is awaited and may answer a Response or a value that becomes JSON: %s",
    async (name, status, text, type) => {
      const answer = await app.get(name);
      expect([answer.status, answer.text, answer.headers.get("content-type")]).toEqual([status, text, type]);
      expect(answer.headers.get("cache-control")).toBe("private, no-cache");
    },
  );

  test("a Response keeps the author's own headers", async () => {
    expect((await app.get("response")).headers.get("x-mine")).toBe("yes");
    expect((await app.get("cookies")).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test.each(["throws", "rejects", "throwsNull", "cycle"])("that %s is 500 without its text", async (name) => {
    const answer = await app.get(name);
    expect([answer.status, answer.body]).toEqual([
      500,
      { error: "something went wrong on the server", code: "internal-error" },
    ]);
    expect(app.faults()).toHaveLength(1);
  });

  test("may refuse with an HttpError", async () => {
    const answer = await app.get("refuses");
    expect([answer.status, answer.body.error]).toEqual([422, "no format today"]);
  });

  test("sees the request, the context and the result, whose dates are Dates", async () => {
    await app.get(ask("context", "(limit:1)", "countTotal"), { as: 3 });
    expect(seen).toEqual({
      url: true,
      resourceId: "context",
      findFirst: false,
      method: "GET",
      role: "writer",
      me: 3,
      result: { total: 6, count: 1, rows: [{ id: "a1", createdAt: new Date(1_700_000_000_000) }] },
    });
    await app.get(ask("context", "()", "findFirst"));
    expect(seen["findFirst"]).toBe(true);
    expect((seen["result"] as { rows: unknown }).rows).toEqual({
      id: "a1",
      createdAt: new Date(1_700_000_000_000),
    });
    await app.get(ask("context", "(where:(id:'zz'))", "findFirst"));
    expect((seen["result"] as { rows: unknown }).rows).toBeNull();
    await app.get(ask("context", "(columns:F)"));
    expect(seen["result"]).toEqual({ count: 6 });
  });

  test("the manual's own gives the default body", async () => {
    expect((await app.get(ask("manual", "(limit:1)", "countTotal"))).body).toEqual({
      total: 6,
      count: 1,
      manual: [{ id: "a1", createdAt: "2023-11-14T22:13:20.000Z" }],
    });
    expect((await app.get(ask("manual", "(where:(id:'zz'))", "findFirst"))).body).toEqual({ manual: null });
  });
});
