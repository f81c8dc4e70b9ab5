import { beforeAll, describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { ask, served, STACKS } from "../support/served.ts";

const id = { select: { columns: ["id"] } } as const;

const acl = {
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "name"] },
          with: {
            articles: {
              select: { columns: ["id", "title", "views"] },
              with: { author: { select: { columns: ["name"] } } },
            },
            reviews: { select: { columns: ["id"] } },
            mentor: { select: { columns: ["id", "name"] }, with: { students: id, mentor: id } },
            students: { select: { columns: ["id"] }, with: { mentor: id, students: id } },
            comments: false,
          },
        },
      },
    },
  },
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          with: {
            author: { select: { columns: ["id", "name"] } },
            reviewer: { select: { columns: ["id"] } },
            comments: {
              select: { columns: ["id", "text"] },
              where: (_context, comment, { eq }) => eq(comment.hidden, false),
            },
            tags: { select: false, with: { tag: { select: { columns: ["label"] } } } },
          },
        },
        // Rows the policy of the relation hides.
        writer: {
          select: { columns: ["id"] },
          with: {
            author: { select: true, where: ({ me }, author, { eq }) => eq(author.id, me!) },
            reviewer: { ...id, where: () => false },
            comments: { ...id, where: async ({ me }, comment, { eq }) => eq(comment.authorId, me!) },
          },
        },
        editor: { select: { columns: ["id"] } },
      },
    },
  },
  full: {
    table: "article",
    control: { GET: { all: { select: true, with: { author: true, comments: true } } } },
  },
  tags: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: { columns: ["label"] },
          with: { articles: { select: false, with: { article: { select: { columns: ["title"] } } } } },
        },
      },
    },
  },
  links: {
    table: "articleTag",
    control: {
      GET: { all: { select: true, with: { article: id, tag: { select: { columns: ["label"] } } } } },
    },
  },
  samples: {
    table: "sample",
    control: { GET: { all: { select: true, with: { parent: true, children: true } } } },
  },
} satisfies TestACL;

const SAMPLES = [
  {
    id: 1,
    text: "a\u2028\u0001\"'\\\n\u{1F600}",
    choice: "a" as const,
    json: { a: [1, 0.1 + 0.2, "ü", null, true] },
    integer: Number.MAX_SAFE_INTEGER,
    flag: true,
    seconds: new Date(-1_000),
    millis: new Date(-1),
    real: 0.1 + 0.2,
    decimal: "0.30000000000000004",
    number: 0.1 + 0.2,
    numericBig: 9223372036854775807n,
    big: 123456789012345678901234567890n,
    bytes: Buffer.from([0, 255, 1]),
    blobJson: { b: [0.1 + 0.2] },
    point: { x: 0.1, y: -2 },
  },
  {
    id: 2,
    parentId: 1,
    text: "",
    choice: "b" as const,
    json: "text",
    integer: Number.MIN_SAFE_INTEGER,
    flag: false,
    seconds: new Date(0),
    millis: new Date(8.64e15),
    real: 5e-324,
    decimal: "5",
    number: 3,
    numericBig: -9223372036854775808n,
    big: -7n,
    bytes: Buffer.from([]),
    blobJson: 5,
    point: { x: 0, y: 0 },
  },
  { id: 3, parentId: 2 },
  {
    id: 4,
    parentId: 1,
    text: "null",
    json: [],
    integer: 0,
    real: 1.7976931348623157e308,
    decimal: "-0.1",
    number: 1e-7,
    numericBig: 0n,
    big: 0n,
    bytes: Buffer.from("text"),
    blobJson: [],
    seconds: new Date(-62_135_596_800_000),
    millis: new Date(-8.64e15),
  },
  {
    id: 5,
    parentId: 4,
    text: "i5",
    json: false,
    real: 123456789.12345679,
    decimal: "123456789.12345679",
    number: -0.000123456789012345,
    blobJson: false,
  },
];

describe.each(STACKS)("relations on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    await app.app.database.insert(sample).values(SAMPLES);
  });

  test("are loaded by relation name, also two between the same tables", async () => {
    expect((await app.get(ask("articles", "(with:(author:T,reviewer:T),limit:3)"))).body.articles).toEqual([
      { id: "a1", author: { id: 1, name: "Ada" }, reviewer: null },
      { id: "a2", author: { id: 2, name: "Ben" }, reviewer: { id: 1 } },
      { id: "a3", author: { id: 2, name: "Ben" }, reviewer: { id: 3 } },
    ]);
    expect(
      (await app.get(ask("authors", "(columns:~T(id)~,with:(articles:(columns:~T(id)~),reviews:T))"))).body
        .authors,
    ).toEqual([
      { id: 1, articles: [{ id: "a1" }], reviews: [{ id: "a2" }] },
      { id: 2, articles: [{ id: "a2" }, { id: "a3" }, { id: "a4" }], reviews: [{ id: "a5" }] },
      { id: 3, articles: [{ id: "a5" }, { id: "a6" }], reviews: [{ id: "a3" }] },
    ]);
  });

  test("of a table to itself, one and many, several levels", async () => {
    expect(
      (
        await app.get(
          ask(
            "authors",
            "(limit:3,columns:~T(id)~,with:(mentor:(with:(students:T,mentor:T)),students:(with:(mentor:T,students:T))))",
          ),
        )
      ).body.authors,
    ).toEqual([
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
    expect((await app.get(ask("articles", "(with:(tags:(with:(tag:T))),limit:3)"))).body.articles).toEqual([
      { id: "a1", tags: [{ tag: { label: "news" } }] },
      { id: "a2", tags: [{ tag: { label: "news" } }, { tag: { label: "how-to" } }] },
      { id: "a3", tags: [] },
    ]);
    expect((await app.get(ask("tags", "(with:(articles:(with:(article:T))))"))).body.tags).toEqual([
      { label: "news", articles: [{ article: { title: "Alpha" } }, { article: { title: "Beta" } }] },
      { label: "how-to", articles: [{ article: { title: "Beta" } }] },
      { label: "unused", articles: [] },
    ]);
    expect((await app.get(ask("links", "(with:(article:T,tag:T),limit:1)"))).body.links).toEqual([
      { articleId: "a1", tagId: 1, article: { id: "a1" }, tag: { label: "news" } },
    ]);
  });

  test("the policy of a relation decides about its columns and rows", async () => {
    expect((await app.get(ask("articles", "(with:(comments:T),limit:2)"))).body.articles).toEqual([
      { id: "a1", comments: [{ id: 1, text: "nice" }] },
      {
        id: "a2",
        comments: [
          { id: 3, text: "good" },
          { id: 4, text: "thanks" },
        ],
      },
    ]);
  });

  test("a one-relation whose row the policy hides is null, a many-relation is shorter", async () => {
    expect(
      (
        await app.get(ask("articles", "(with:(author:(columns:~T(name)~),reviewer:T,comments:T),limit:3)"), {
          as: 2,
        })
      ).body.articles,
    ).toEqual([
      { id: "a1", author: null, reviewer: null, comments: [{ id: 1 }] },
      { id: "a2", author: { name: "Ben" }, reviewer: null, comments: [{ id: 4 }] },
      { id: "a3", author: { name: "Ben" }, reviewer: null, comments: [] },
    ]);
  });

  test.each([
    ["T", [{ id: 1, text: "nice" }]],
    ["()", [{ id: 1, text: "nice" }]],
    ["(columns:T)", [{ id: 1, text: "nice" }]],
    ["(columns:~T(text)~)", [{ text: "nice" }]],
    ["(columns:~F(text)~)", [{ id: 1 }]],
    ["(columns:F)", [{}]],
    ["(where:(text.like:'n%'))", [{ id: 1, text: "nice" }]],
    ["(where:(text.like:'h%'))", []],
    ["(where:_((id:1),(id:2))_)", [{ id: 1, text: "nice" }]],
    ["(where:(NOT:(id:2)))", [{ id: 1, text: "nice" }]],
    ["(limit:0)", []],
    ["(offset:1)", []],
    ["(limit:1,offset:0,orderBy:(text:desc),where:(id.gt:0),columns:~T(id)~)", [{ id: 1 }]],
  ])("a relation takes a selector: %s", async (select, comments) => {
    expect((await app.get(ask("articles", `(limit:1,with:(comments:${select}))`))).body.articles).toEqual([
      { id: "a1", comments: comments },
    ]);
  });

  test("`true` in a rule is all columns, `F` in a request skips", async () => {
    const answer = await app.get(ask("full", "(columns:~T(id)~,limit:1,with:(author:T,comments:F))"));
    expect(answer.body.full).toEqual([
      {
        id: "a1",
        author: {
          id: 1,
          name: "Ada",
          email: "ada@local.dev",
          secret: "s-ada",
          role: "editor",
          mentorId: null,
        },
      },
    ]);
  });

  test("a one-relation takes `columns` and `with`: none of its columns is an empty row, not null", async () => {
    expect((await app.get(ask("articles", "(limit:1,with:(author:(columns:F)))"))).body.articles).toEqual([
      { id: "a1", author: {} },
    ]);
    expect((await app.get(ask("articles", "(limit:1,with:(reviewer:(columns:F)))"))).body.articles).toEqual([
      { id: "a1", reviewer: null },
    ]);
    expect(
      (await app.get(ask("articles", "(limit:1,columns:F,with:(author:(columns:~T(name)~)))"))).body,
    ).toEqual({
      count: 1,
      articles: [{ author: { name: "Ada" } }],
    });
  });

  test("nested values of every column type equal those at the top", async () => {
    const top = await app.get("samples");
    expect(top.body.samples[0]).toEqual({
      id: 1,
      parentId: null,
      text: "a\u2028\u0001\"'\\\n\u{1F600}",
      choice: "a",
      json: { a: [1, 0.30000000000000004, "ü", null, true] },
      integer: 9007199254740991,
      flag: true,
      seconds: "1969-12-31T23:59:59.000Z",
      millis: "1969-12-31T23:59:59.999Z",
      real: 0.30000000000000004,
      decimal: "0.30000000000000004",
      number: 0.30000000000000004,
      numericBig: "9223372036854775807",
      big: "123456789012345678901234567890",
      bytes: "AP8B",
      blobJson: { b: [0.30000000000000004] },
      point: { x: 0.1, y: -2 },
    });
    expect(top.body.samples[1]).toEqual({
      id: 2,
      parentId: 1,
      text: "",
      choice: "b",
      json: "text",
      integer: -9007199254740991,
      flag: false,
      seconds: "1970-01-01T00:00:00.000Z",
      millis: "+275760-09-13T00:00:00.000Z",
      real: 5e-324,
      decimal: "5",
      number: 3,
      numericBig: "-9223372036854775808",
      big: "-7",
      bytes: "",
      blobJson: 5,
      point: { x: 0, y: 0 },
    });
    expect(top.body.samples[3]).toMatchObject({
      seconds: "0001-01-01T00:00:00.000Z",
      millis: "-271821-04-20T00:00:00.000Z",
      real: 1.7976931348623157e308,
      decimal: "-0.1",
      number: 1e-7,
      bytes: "dGV4dA==",
      point: null,
      flag: null,
    });
    const rows = new Map(top.body.samples.map((row: { id: number }) => [row.id, row]));
    const { body } = await app.get(ask("samples", "(columns:~T(id)~,with:(parent:T,children:T))"));
    for (const { id: of, parent, children } of body.samples) {
      const { parentId } = rows.get(of) as { parentId: number | null };
      expect(parent).toEqual(parentId === null ? null : rows.get(parentId));
      expect(children).toEqual(
        [...rows.values()].filter((row) => (row as { parentId: number }).parentId === of),
      );
    }
  });
});

describe("relations refuse", () => {
  const app = served(acl);

  test.each([
    ["authors", "comments", "a relation that the rule switches off"],
    ["authors", "article", "a table's name"],
    ["authors", "nosuch", "a name of nothing"],
    ["authors", "name", "a column"],
    ["articles", "articles", "the resource"],
    ["authors", "constructor", "an inherited name"],
    ["authors", "toString", "an inherited name"],
    ["authors", "hasOwnProperty", "an inherited name"],
    ["authors", "getSQL", "a name of Drizzle's"],
    ["authors", "_", "a name of Drizzle's"],
  ])("%s with `%s`: %s", async (resource, name) => {
    for (const wish of ["T", "F", "()", "(columns:F)"]) {
      const answer = await app.get(ask(resource, `(with:(${name}:${wish}))`));
      expect([answer.status, answer.body.error, answer.body.code, answer.body.path]).toEqual([
        400,
        `unknown relation \`${name}\``,
        "unknown-relation",
        "select.with",
      ]);
    }
  });

  test("every relation where the rule names none, and hints come from named ones only", async () => {
    expect((await app.get(ask("articles", "(with:(author:T))"), { role: "editor" })).body).toEqual({
      error: "unknown relation `author`",
      code: "unknown-relation",
      path: "select.with",
    });
    expect((await app.get(ask("authors", "(with:(commentz:T))"))).body.hint).toBeUndefined();
    expect((await app.get(ask("authors", "(with:(articlez:T))"))).body.hint).toBe("did you mean `articles`?");
    expect((await app.get(ask("authors", "(with:(articles:(with:(reviewer:T))))"))).body).toEqual({
      error: "unknown relation `reviewer`",
      code: "unknown-relation",
      path: "select.with.articles.with",
    });
  });

  test.each(["where:(id:1)", "orderBy:(id:asc)", "limit:1", "offset:0"])(
    "%s in a one-relation",
    async (part) => {
      const answer = await app.get(ask("articles", `(with:(author:(${part})))`));
      expect([answer.status, answer.body]).toEqual([
        400,
        {
          error: "`author` is one row",
          code: "invalid-value",
          path: `select.with.author.${part.split(":")[0]}`,
          hint: "it takes `columns`, `with`, `count`, `relation`, `required`",
        },
      ]);
    },
  );

  test.each(["N", "5", "'T'", "_()_", "U", "author"])("with:(author:%s)", async (wish) => {
    const answer = await app.get(ask("articles", `(with:(author:${wish}))`));
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([
      400,
      "invalid-value",
      "select.with.author",
    ]);
  });

  test.each(["T", "F", "N", "_('author')_", "'author'", "1"])("with:%s", async (wish) => {
    const answer = await app.get(ask("articles", `(with:${wish})`));
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([
      400,
      "invalid-value",
      "select.with",
    ]);
  });

  test("columns, filters and order that a relation's rule hides, with the client's path", async () => {
    for (const [select, path] of [
      ["(with:(author:(columns:~T(email)~)))", "select.with.author.columns"],
      ["(with:(comments:(where:(hidden:T))))", "select.with.comments.where"],
      ["(with:(comments:(where:(AND:_((hidden.eq:T))_))))", "select.with.comments.where.AND.0"],
      ["(with:(comments:(orderBy:(hidden:asc))))", "select.with.comments.orderBy"],
    ] as const) {
      const answer = await app.get(ask("articles", select));
      expect([answer.status, answer.body.code, answer.body.path]).toEqual([400, "unknown-column", path]);
    }
    const key = await app.get(ask("articles", "(with:(comments:(nope:T)))"));
    expect([key.status, key.body.code, key.body.path]).toEqual([
      400,
      "invalid-value",
      "select.with.comments.nope",
    ]);
  });
});
