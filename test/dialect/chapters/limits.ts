import { expect, test } from "bun:test";
import { ask, ids } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 10: limits, and what a rule forbids. */
export function limits(app: Subject): void {
  const list = (n: number, item = "(id:1)"): string =>
    `_(${Array.from({ length: n }, () => item).join(",")})_`;

  test("`maxLimit` refuses or caps, and is the page where the client names none", async () => {
    expect(ids(await app.get("limited"), "limited")).toEqual([1, 2]);
    expect((await app.get(ask("limited", "(limit:3)"))).body).toEqual({
      error: "limit 3 exceeds 2",
      code: "limit-exceeded",
      path: "select.limit",
    });
    expect(
      ids(await app.get(ask("limited", "(limit:9007199254740991)"), { role: "editor" }), "limited"),
    ).toEqual([1]);
    expect(ids(await app.get("limited", { role: "writer" }), "limited")).toEqual([1, 2, 3]);
  });

  test("a relation's limits are its own, else its entry's", async () => {
    const { body } = await app.get(
      ask("limited", "(where:(id.gt:1),limit:2,with:(articles:T,reviews:(limit:9)))"),
    );
    expect(body.limited).toEqual([
      {
        id: 2,
        articles: [
          { id: "a2", views: 20 },
          { id: "a3", views: 20 },
        ],
        reviews: [{ id: "a5" }],
        $more: ["articles"],
      },
      {
        id: 3,
        articles: [
          { id: "a5", views: 0 },
          { id: "a6", views: 7 },
        ],
        reviews: [{ id: "a3" }],
      },
    ]);
    expect(refusal(await app.get(ask("limited", "(with:(articles:(limit:3)))")))).toEqual({
      status: 400,
      code: "limit-exceeded",
      path: "select.with.articles.limit",
    });
  });

  test.each([
    ["(with:(articles:(with:(author:T))))", "depth-exceeded", "select.with.articles.with"],
    [`(where:${list(4)})`, "too-complex", "select.where"],
    [
      `(where:${list(2)},with:(articles:(where:${list(2, "(views:1)")})))`,
      "too-complex",
      "select.with.articles.where",
    ],
    ["(where:(id.in:_(1,2,3,4)_))", "too-complex", "select.where.id.in"],
    ["(with:(comments:T))", "too-complex", "select.with.comments"],
  ])("beyond a limit: %s", async (selector, code, path) => {
    const answer = await app.get(ask("limited", selector));
    expect(refusal(answer)).toMatchObject({ status: 400, code });
    expect(answer.body.path ?? "").toStartWith(path.split(".").slice(0, 2).join("."));
  });

  test("up to a limit everything is answered", async () => {
    for (const selector of [
      `(where:${list(3)})`,
      "(where:(id.in:_(1,2,3)_))",
      "(with:(comments:(limit:9)))",
      "(with:(articles:T,reviews:T))",
    ])
      expect((await app.get(ask("limited", selector))).status).toBe(200);
  });

  test("a hundred conditions and a list of a thousand are no trouble, one more is refused", async () => {
    const filter = (n: number): string => `articles?select=(columns:F,where:${list(n, "(views:20)")})`;
    expect((await app.get(filter(100))).body).toEqual({ count: 2 });
    expect(refusal(await app.get(filter(101)))).toMatchObject({ code: "too-complex" });
    const many = (n: number): string =>
      `articles?select=(columns:F,where:(views.in:_(${Array.from({ length: n }, (_, i) => i).join(",")})_))`;
    expect((await app.get(many(1_000))).body).toEqual({ count: 6 });
    expect(refusal(await app.get(many(1_001)))).toMatchObject({ code: "too-complex" });
  });

  test("patterns of a request are bounded together", async () => {
    const like = (text: string): string => ask("articles", `(columns:F,where:(title.like:'${text}'))`);
    expect((await app.get(like("a".repeat(256)))).status).toBe(200);
    expect(refusal(await app.get(like("a".repeat(257))))).toMatchObject({ code: "too-complex" });
    expect((await app.get(like("%a".repeat(16)))).status).toBe(200);
    expect(refusal(await app.get(like("%a".repeat(17))))).toMatchObject({ code: "too-complex" });
  });

  test("`forbidQuery` refuses a feature with any value", async () => {
    expect((await app.get("forbidden")).body.count).toBe(6);
    for (const [key, value] of [
      ["columns", "T"],
      ["where", "(id:'a1')"],
      ["orderBy", "(id:asc)"],
      ["limit", "1"],
      ["offset", "0"],
      ["with", "(comments:F)"],
    ])
      expect(refusal(await app.get(ask("forbidden", `(${key}:${value})`)))).toEqual({
        status: 400,
        code: "capability-forbidden",
        path: `select.${key}`,
      });
  });
}
