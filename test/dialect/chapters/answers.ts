import { expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Headers of an answer that say something of it. */
const told = (headers: Headers): object =>
  Object.fromEntries([...headers].filter(([name]) => name !== "date"));

/** Chapters 8 and 9: answers, their headers, and errors. */
export function answers(app: Subject): void {
  test.each([
    "articles",
    "articles?findFirst&countTotal",
    ask("articles", "(where:(title.like:'A%'),with:(author:T))"),
    ask("articles", "(columns:F)"),
    "articles?nosuch",
    "nowhere",
    "members",
    "formatted",
  ])("HEAD is GET without a body: %s", async (path) => {
    const get = await app.get(path);
    const head = await app.send("HEAD", path);
    expect([head.status, head.text]).toEqual([get.status, ""]);
    expect(told(head.headers)).toEqual(told(get.headers));
    expect(head.headers.get("content-length")).toBe(String(new TextEncoder().encode(get.text).byteLength));
  });

  test("an ETag follows the body alone, and answers 304", async () => {
    const first = await app.get("articles");
    const etag = first.headers.get("etag")!;
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect((await app.get(ask("articles", "(columns:T)"), { as: 2 })).headers.get("etag")).toBe(etag);
    expect((await app.get(ask("articles", "(limit:1)"))).headers.get("etag")).not.toBe(etag);
    for (const [header, status] of [
      [etag, 304],
      [`W/${etag}`, 304],
      [`"x", ${etag}`, 304],
      ["*", 304],
      ['"x"', 200],
    ] as const)
      for (const method of ["GET", "HEAD"]) {
        const answer = await app.send(method, "articles", { headers: { "if-none-match": header } });
        expect([header, method, answer.status, answer.headers.get("etag")]).toEqual([
          header,
          method,
          status,
          etag,
        ]);
        if (status === 304) expect(answer.text).toBe("");
      }
    expect((await app.get("nowhere")).headers.get("etag")).toBeNull();
  });

  test("every answer is private and different for every caller", async () => {
    for (const path of ["articles", "nowhere", "members", "articles?x"]) {
      const { status, headers } = await app.get(path);
      expect([headers.get("cache-control"), headers.get("vary")]).toEqual([
        "private, no-cache",
        status === 200 ? "Cookie, Authorization" : "Cookie, Authorization, Accept",
      ]);
      expect(headers.get("content-type")).toBe("application/json;charset=utf-8");
    }
  });

  test("pages of other origins may not write", async () => {
    const headers = { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" };
    const refused = await app.post("labels", { id: 9, label: "theirs" }, { headers });
    expect(refusal(refused)).toEqual({ status: 403, code: "forbidden" });
  });

  test("formatResult shapes the answer, and sees dates as dates", async () => {
    const row = { id: "a1", createdAt: "2023-11-14T22:13:20.000Z" };
    expect((await app.get(ask("formatted", "(limit:1)", "countTotal"))).body).toEqual({
      of: "formatted",
      findFirst: false,
      dated: true,
      result: { total: 6, count: 1, rows: [row] },
    });
    expect((await app.get("formatted?findFirst")).body).toMatchObject({
      findFirst: true,
      dated: true,
      result: { rows: row },
    });
    const answered = await app.get("formatted", { as: 1 });
    expect([answered.status, answered.body, answered.headers.get("x-own")]).toEqual([203, { found: 6 }, "1"]);
  });

  test.each([
    ["GET", "articles?nosuch", 400, "unknown-parameter"],
    ["GET", ask("articles", "(limt:1)"), 400, "invalid-value"],
    ["GET", ask("articles", "("), 400, "invalid-syntax"],
    ["GET", ask("articles", "(where:(titel:'a'))"), 400, "unknown-column"],
    ["GET", ask("articles", "(where:(title.lik:'a'))"), 400, "unknown-operator"],
    ["GET", ask("articles", "(with:(autor:T))"), 400, "unknown-relation"],
    ["GET", ask("articles", "(limit:5000)"), 400, "limit-exceeded"],
    ["GET", "members", 401, "unauthenticated"],
    ["GET", "article", 404, "unknown-resource"],
    ["DELETE", "articles", 405, "method-not-allowed"],
  ])(
    "%s %s is %i %s: a sentence, a code, and no word of the database",
    async (method, path, status, code) => {
      const { status: answered, body } = await app.send(method, path);
      expect([answered, body.code]).toEqual([status, code]);
      expect(Object.keys(body).filter((key) => !["error", "code", "path", "hint"].includes(key))).toEqual([]);
      expect(body.error).toMatch(/^[^A-Z].*[^.]$/);
    },
  );

  test("an author's broken filter is 500 without a text, and the original is kept for the author", async () => {
    for (const [sending, told] of [
      [{}, /./],
      [{ as: 1 }, /words of the author/],
    ] as const) {
      const answer = await app.get("broken", sending);
      expect([answer.status, answer.body]).toEqual([
        500,
        { error: "something went wrong on the server", code: "internal-error" },
      ]);
      const faults = await app.faults();
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(told);
    }
    expect((await app.get("articles")).status).toBe(200);
  });
}
