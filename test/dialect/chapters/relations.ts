import { expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 4: relations. */
export function relations(app: Subject): void {
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  const rows = async (resource: string, selector: string, as?: number): Promise<any> =>
    (await app.get(ask(resource, selector), as === undefined ? {} : { as })).body[resource];

  test("are loaded by relation name, also two between the same tables", async () => {
    expect(await rows("articles", "(columns:~T(id)~,with:(author:T,reviewer:T),limit:3)")).toEqual([
      { id: "a1", author: { id: 1, name: "Ada" }, reviewer: null },
      { id: "a2", author: { id: 2, name: "Ben" }, reviewer: { id: 1 } },
      { id: "a3", author: { id: 2, name: "Ben" }, reviewer: { id: 3 } },
    ]);
    expect(await rows("authors", "(columns:~T(id)~,with:(articles:(columns:~T(id)~),reviews:T))")).toEqual([
      { id: 1, articles: [{ id: "a1" }], reviews: [{ id: "a2" }] },
      { id: 2, articles: [{ id: "a2" }, { id: "a3" }, { id: "a4" }], reviews: [{ id: "a5" }] },
      { id: 3, articles: [{ id: "a5" }, { id: "a6" }], reviews: [{ id: "a3" }] },
    ]);
  });

  test("of a table to itself, one and many, several levels", async () => {
    const selector =
      "(limit:3,columns:~T(id)~,with:(mentor:(with:(students:T,mentor:T)),students:(with:(mentor:T,students:T))))";
    expect(await rows("authors", selector)).toEqual([
      {
        id: 1,
        mentor: null,
        students: [
          { id: 2, mentor: { id: 1 }, students: [] },
          { id: 3, mentor: { id: 1 }, students: [] },
        ],
      },
      { id: 2, mentor: { id: 1, name: "Ada", students: [{ id: 2 }, { id: 3 }], mentor: null }, students: [] },
      { id: 3, mentor: { id: 1, name: "Ada", students: [{ id: 2 }, { id: 3 }], mentor: null }, students: [] },
    ]);
  });

  test("through a join table with a composite key", async () => {
    expect(await rows("articles", "(columns:~T(id)~,with:(tags:(with:(tag:T))),limit:3)")).toEqual([
      { id: "a1", tags: [{ tag: { label: "news" } }] },
      { id: "a2", tags: [{ tag: { label: "news" } }, { tag: { label: "how-to" } }] },
      { id: "a3", tags: [] },
    ]);
    expect(await rows("tags", "(with:(articles:(with:(article:T))))")).toEqual([
      { id: 1, label: "news", articles: [{ article: { title: "Alpha" } }, { article: { title: "Beta" } }] },
      { id: 2, label: "how-to", articles: [{ article: { title: "Beta" } }] },
      { id: 3, label: "unused", articles: [] },
    ]);
    expect(await rows("links", "(with:(article:T,tag:T),limit:1)")).toEqual([
      { articleId: "a1", tagId: 1, article: { id: "a1" }, tag: { label: "news" } },
    ]);
  });

  test("have a policy each, whose rows and columns alone come", async () => {
    expect(
      await rows("articles", "(columns:~T(id)~,with:(comments:(columns:~F(authorId)~)),limit:2)"),
    ).toEqual([
      { id: "a1", comments: [{ id: 1, text: "nice" }] },
      {
        id: "a2",
        comments: [
          { id: 3, text: "good" },
          { id: 4, text: "thanks" },
        ],
      },
    ]);
    expect(await rows("veiled", "(with:(author:T,reviewer:T,comments:T),limit:3)", 2)).toEqual([
      { id: "a1", author: null, reviewer: null, comments: [{ id: 1 }] },
      { id: "a2", author: { name: "Ben" }, reviewer: null, comments: [{ id: 4 }] },
      { id: "a3", author: { name: "Ben" }, reviewer: null, comments: [] },
    ]);
  });

  test("nest, with a selector at every level", async () => {
    const selector =
      "(columns:F,where:(id.in:_('a2','a6')_),orderBy:(id:desc),with:(author:(columns:F,with:(mentor:T,students:T)),comments:(columns:~T(id)~,orderBy:(id:desc),limit:1,with:(author:T))))";
    expect(await rows("articles", selector)).toEqual([
      { author: { mentor: { name: "Ada" }, students: [] }, comments: [{ id: 8, author: { name: "Ada" } }] },
      { author: { mentor: { name: "Ada" }, students: [] }, comments: [{ id: 4, author: { name: "Ben" } }] },
    ]);
  });

  test.each([
    ["T", [{ id: 1, text: "nice", authorId: 2 }]],
    ["()", [{ id: 1, text: "nice", authorId: 2 }]],
    ["(columns:~T(text)~)", [{ text: "nice" }]],
    ["(columns:F)", [{}]],
    ["(columns:~T(id)~,where:(text.like:'n%'))", [{ id: 1 }]],
    ["(where:(text.like:'h%'))", []],
    ["(columns:~T(id)~,where:(NOT:(id:2)))", [{ id: 1 }]],
    ["(limit:0)", []],
    ["(offset:1)", []],
  ])("a list of a relation takes a selector: %s", async (selector, comments) => {
    expect(await rows("articles", `(columns:~T(id)~,limit:1,with:(comments:${selector}))`)).toEqual([
      { id: "a1", comments },
    ]);
  });

  test("`F` skips, `columns:F` is an empty row, and a missing row is null", async () => {
    expect(await rows("articles", "(columns:~T(id)~,limit:1,with:(author:F))")).toEqual([{ id: "a1" }]);
    expect(await rows("articles", "(columns:~T(id)~,limit:1,with:(author:(columns:F)))")).toEqual([
      { id: "a1", author: {} },
    ]);
    expect(await rows("articles", "(columns:~T(id)~,limit:1,with:(reviewer:(columns:F)))")).toEqual([
      { id: "a1", reviewer: null },
    ]);
    expect((await app.get(ask("articles", "(columns:F,limit:1,with:(reviewer:T))"))).body).toEqual({
      count: 1,
      articles: [{ reviewer: null }],
    });
  });

  test("a rule without `select` gives computed fields and relations only", async () => {
    expect(await rows("authors", "(columns:~T(id)~,limit:1,with:(comments:(with:(article:T))))")).toEqual([
      {
        id: 1,
        comments: [
          { size: 4, article: { id: "a2" } },
          { size: 5, article: { id: "a4" } },
          { size: 2, article: { id: "a6" } },
        ],
      },
    ]);
    expect(refusal(await app.get(ask("authors", "(with:(comments:(columns:~T(text)~)))")))).toEqual({
      status: 400,
      code: "unknown-column",
      path: "select.with.comments.columns",
    });
  });

  test.each([
    ["veiled", "(with:(tags:T))", "unknown-relation", "select.with"],
    ["authors", "(with:(article:T))", "unknown-relation", "select.with"],
    ["articles", "(with:(author:(with:(comments:T))))", "unknown-relation", "select.with.author.with"],
    ["articles", "(with:(author:(columns:~T(email)~)))", "unknown-column", "select.with.author.columns"],
    ["articles", "(with:(comments:(where:(hidden:T))))", "unknown-column", "select.with.comments.where"],
    [
      "articles",
      "(with:(comments:(orderBy:(hidden:asc))))",
      "unknown-column",
      "select.with.comments.orderBy",
    ],
    ["articles", "(with:(author:(where:(id:1))))", "invalid-value", "select.with.author.where"],
    ["articles", "(with:(author:(limit:1)))", "invalid-value", "select.with.author.limit"],
    ["articles", "(with:(author:N))", "invalid-value", "select.with.author"],
    ["articles", "(with:T)", "invalid-value", "select.with"],
  ])("what no rule names is refused: %s%s", async (resource, selector, code, path) => {
    expect(refusal(await app.get(ask(resource, selector), { as: 2 }))).toEqual({ status: 400, code, path });
  });

  test("an answer is reproducible, byte for byte", async () => {
    const path = ask(
      "articles",
      "(orderBy:(views:desc),with:(author:T,comments:(with:(author:T)),tags:(with:(tag:T))))",
    );
    const { text } = await app.get(path);
    for (let i = 0; i < 3; i++) expect((await app.get(path)).text).toBe(text);
  });
}
