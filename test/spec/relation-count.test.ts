import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const named = { select: { columns: ["id", "name", "mentorId"] } } as const;
const comments = { select: true, ...visible, with: { author: named } } as const;
const tags = { articleTags: { select: true, with: { tag: { select: true } } } } as const;
const articles = {
  select: true,
  ...visible,
  extras: { shout: sql<string>`upper(title)`.as("shout") },
  with: {
    author: { ...named, with: { articles: { select: true, ...visible, with: { comments } }, comments } },
    comments,
    ...tags,
  },
} as const;
const people = {
  ...named,
  with: {
    mentor: { ...named, with: { students: named } },
    students: { ...named, with: { students: named } },
    articles: { select: true, ...visible, with: { comments, author: named } },
    comments,
  },
} as const;

const acl = {
  articles: {
    table: "article",
    maxDepth: 4,
    control: {
      GET: { all: articles },
      POST: { all: { ...articles, write: true, check: true } },
      PATCH: { all: { ...articles, write: true, check: true, requireWhere: true } },
      DELETE: { all: { ...articles, requireWhere: true } },
    },
  },
  people: { table: "author", maxDepth: 4, control: { GET: { all: people } } },
  flat: { table: "author", maxDepth: 0, control: { GET: { all: people } } },
  one: { table: "author", findFirst: true, control: { GET: { all: people } } },
  dear: { table: "article", maxCost: 150, control: { GET: { all: articles } } },
  tagged: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          ...visible,
          with: {
            comments: { select: [{ columns: ["id"] }, { columns: ["text"], when: byMe }], ...visible },
          },
        },
      },
    },
  },
  told: {
    table: "article",
    control: {
      GET: { all: { ...articles, formatResult: (_: Request, { result }: Any) => result.rows } },
    },
  },
  mine: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          where: ({ me }: Any, t: Any, { eq }: Any) => eq(t.id, me),
          extras: { asker: ({ me }: Any) => sql`cast(${me} as integer)` },
          with: {
            comments: { select: true, where: ({ me }: Any, t: Any, { gte }: Any) => gte(t.articleId, me) },
          },
        },
      },
    },
  },
  shut: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            comments: { select: true, forbidQuery: { where: true } },
            articleTags: { select: true, forbidQuery: { count: true } },
            author: { select: true, forbidQuery: { count: true }, with: { comments } },
          },
        },
      },
    },
  },
  taken: {
    table: "article",
    control: {
      GET: { all: { select: true, extras: { _count: sql<number>`1`.as("_count") }, with: { comments } } },
    },
  },
};

function byMe({ me }: Any, t: Any, { eq }: Any): unknown {
  return eq(t.authorId, me);
}

const session = { parser: (_: Request, context: object) => void Object.assign(context, { me: 2 }) };

everywhere(LIBRARY, acl, (place) => {
  let handle: QueryHandler;
  const get = (resource: string, selector?: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  /** The rows of an answer, by id. */
  const rows = async (resource: string, selector: object): Promise<unknown> => {
    const { status, body } = await get(resource, { orderBy: { id: 1 }, ...selector });
    return status === 200 ? body[resource] : [status, body];
  };
  const refused = async (resource: string, selector: object, flags = ""): Promise<unknown> => {
    const { status, body } = await get(resource, selector, flags);
    return [status, body.code, body.path];
  };

  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
    handle = place.handler(acl, { session });
  }, 60_000);

  const onlyId = { columns: { id: true } };

  describe("`count` answers how many rows a relation has", () => {
    test("that exist under its rule", async () => {
      expect(await rows("articles", { ...onlyId, count: { comments: true, articleTags: true } })).toEqual([
        { id: 1, _count: { comments: 1, articleTags: 2 } },
        { id: 2, _count: { comments: 2, articleTags: 2 } },
        { id: 3, _count: { comments: 0, articleTags: 1 } },
        { id: 4, _count: { comments: 1, articleTags: 0 } },
        { id: 6, _count: { comments: 2, articleTags: 0 } },
      ]);
    });

    test("of which a filter is true, under other names", async () => {
      const count = {
        comments: { where: { text: "nice" } },
        all: { relation: "comments" },
        byAda: { relation: "comments", where: { "author.name": "Ada", "text.ne": "long" } },
        either: { relation: "comments", where: [{ text: "long" }, { "text.isNull": true }] },
      };
      expect(await rows("articles", { ...onlyId, count, where: { "id.in": [2, 6] } })).toEqual([
        { id: 2, _count: { comments: 0, all: 2, byAda: 1, either: 1 } },
        { id: 6, _count: { comments: 1, all: 2, byAda: 0, either: 1 } },
      ]);
    });

    test("in the client's order, behind all else", async () => {
      const select = { ...onlyId, count: { articleTags: true, comments: true }, with: { author: onlyId } };
      const response = await handle(
        new Request(`http://local/query/${path("articles", { ...select, limit: 1 })}`),
      );
      expect(await response.text()).toBe(
        '{"count":1,"articles":[{"id":1,"author":{"id":1},"_count":{"articleTags":2,"comments":1}}]}',
      );
    });

    test("without anything else of the row", async () => {
      const { body } = await get("articles", { columns: false, count: { comments: true }, limit: 2 });
      // Without columns computed fields are still asked for.
      expect(body).toEqual({
        count: 2,
        articles: [
          { shout: "ALPHA", _count: { comments: 1 } },
          { shout: "BETA", _count: { comments: 2 } },
        ],
      });
      const people1 = await get("people", { columns: false, count: { comments: true }, limit: 2 });
      expect(people1.body).toEqual({
        count: 2,
        people: [{ _count: { comments: 3 } }, { _count: { comments: 3 } }],
      });
    });

    test("beside an order by it, a filter by it, a page and a total", async () => {
      const select = {
        ...onlyId,
        count: { comments: true },
        orderBy: { "comments.count": "desc", id: "desc" },
        where: { "comments.count.gt": 0 },
        limit: 2,
        offset: 1,
      };
      expect((await get("articles", select, "countTotal&countFiltered")).body).toEqual({
        total: 5,
        filtered: 4,
        count: 2,
        articles: [
          { id: 2, _count: { comments: 2 } },
          { id: 4, _count: { comments: 1 } },
        ],
      });
    });

    test("of relations, to many rows and to one, at any depth", async () => {
      const select = {
        ...onlyId,
        where: { id: 3 },
        limit: 1,
        count: { articles: true, students: true },
        with: {
          mentor: { ...onlyId, count: { students: true } },
          articles: {
            ...onlyId,
            count: { comments: { where: { text: "nice" } } },
            with: { comments: { ...onlyId, orderBy: { id: -1 } } },
            orderBy: { id: 1 },
          },
        },
      };
      expect(await rows("people", select)).toEqual([
        {
          id: 3,
          mentor: { id: 1, _count: { students: 2 } },
          articles: [
            { id: 4, comments: [{ id: 6 }], _count: { comments: 1 } },
            { id: 6, comments: [{ id: 8 }, { id: 7 }], _count: { comments: 1 } },
          ],
          _count: { articles: 2, students: 1 },
        },
      ]);
    });

    test("of the same table", async () => {
      const select = {
        ...onlyId,
        count: { students: true, deep: { relation: "students", where: { students: true } } },
        with: {
          students: { ...onlyId, count: { students: { where: { mentorId: 3 } } }, orderBy: { id: 1 } },
        },
        where: { id: 1 },
      };
      expect(await rows("people", select)).toEqual([
        {
          id: 1,
          students: [
            { id: 2, _count: { students: 0 } },
            { id: 3, _count: { students: 1 } },
          ],
          _count: { students: 2, deep: 1 },
        },
      ]);
    });

    test("of one row", async () => {
      expect((await get("one", { where: { id: 1 }, ...onlyId, count: { comments: true } })).body).toEqual({
        one: { id: 1, _count: { comments: 3 } },
      });
      expect((await get("one", { where: { id: 9 }, count: { comments: true } })).body).toEqual({ one: null });
    });

    test("of none where all are skipped, or none is named", async () => {
      expect(await rows("people", { ...onlyId, where: { id: 1 }, count: { comments: false } })).toEqual([
        { id: 1 },
      ]);
      expect(await rows("people", { ...onlyId, where: { id: 1 }, count: {} })).toEqual([{ id: 1 }]);
      expect((await get("people", { columns: false, count: { comments: false } })).body).toEqual({
        count: 4,
      });
    });

    test("as this caller sees them, whatever hides them", async () => {
      const count = { comments: true, dull: { relation: "comments", where: { text: "nice" } } };
      expect(await rows("mine", { count: { comments: true } })).toEqual([
        { id: 2, asker: 2, _count: { comments: 2 } },
      ]);
      // Of masked texts nobody says that they are nice.
      expect(await rows("tagged", { ...onlyId, count, where: { "id.in": [1, 4, 6] } })).toEqual([
        { id: 1, _count: { comments: 1, dull: 1 } },
        { id: 4, _count: { comments: 1, dull: 0 } },
        { id: 6, _count: { comments: 2, dull: 1 } },
      ]);
    });

    test("to who looks at rows too", async () => {
      const select = { ...onlyId, orderBy: { id: 1 }, limit: 1, count: { comments: true } };
      expect((await get("told", select)).body).toEqual([{ id: 1, _count: { comments: 1 } }]);
    });

    test("by names that only just can be said", async () => {
      const name = `_Größe-${"x".repeat(57)}`;
      const select = { ...onlyId, where: { id: 1 }, count: { [name]: { relation: "comments" } } };
      expect(await rows("articles", select)).toEqual([{ id: 1, _count: { [name]: 1 } }]);
    });
  });

  test("the same question for other callers, or of other rows, is another answer", async () => {
    const other = place.handler(acl, {
      session: { parser: (_: Request, context: object) => void Object.assign(context, { me: 1 }) },
    });
    for (let time = 0; time < 3; time++) {
      expect(await rows("mine", { count: { comments: true } })).toEqual([
        { id: 2, asker: 2, _count: { comments: 2 } },
      ]);
      const { body } = await asked(other, "GET", path("mine", { count: { comments: true } }));
      expect(body.mine).toEqual([{ id: 1, asker: 1, _count: { comments: 3 } }]);
      for (const [text, comments1] of [
        ["nice", 1],
        ["long", 1],
        ["other", 0],
      ] as const)
        expect(
          await rows("articles", { ...onlyId, where: { id: 6 }, count: { comments: { where: { text } } } }),
        ).toEqual([{ id: 6, _count: { comments: comments1 } }]);
    }
  });

  test("an answer with counts has an ETag that they change", async () => {
    const at = (where: object): Request =>
      new Request(
        `http://local/query/${path("articles", { ...onlyId, where: { id: 1 }, count: { comments: { where } } })}`,
      );
    const [one, none] = [await handle(at({ text: "nice" })), await handle(at({ text: "other" }))];
    expect(one.headers.get("etag")).not.toBe(none.headers.get("etag"));
  });

  describe("a write answers how many", () => {
    const count = { comments: { where: { text: "nice" } }, all: { relation: "comments" } };

    test("of the rows it changed", async () => {
      const select = { ...onlyId, where: { "id.in": [4, 6] }, count };
      const { status, body } = await asked(handle, "PATCH", path("articles", select), { rating: 4 });
      expect([status, body.articles.toSorted((a: Any, b: Any) => a.id - b.id)]).toEqual([
        200,
        [
          { id: 4, _count: { comments: 1, all: 1 } },
          { id: 6, _count: { comments: 1, all: 2 } },
        ],
      ]);
    });

    test("of those it made and removed", async () => {
      const row = {
        id: 50,
        authorId: 1,
        title: "Eta",
        createdAt: "2026-01-01T00:00:00.000Z",
        hidden: false,
      };
      const made = await asked(handle, "POST", path("articles", { ...onlyId, count }), row);
      expect([made.status, made.body.articles]).toEqual([200, [{ id: 50, _count: { comments: 0, all: 0 } }]]);
      const select = { ...onlyId, where: { id: 50 }, count };
      const removed = await asked(handle, "DELETE", path("articles", select));
      expect([removed.status, removed.body.articles]).toEqual([
        200,
        [{ id: 50, _count: { comments: 0, all: 0 } }],
      ]);
      const only = { columns: false, where: { id: 1 }, count: { comments: true }, with: { author: onlyId } };
      const { body } = await asked(handle, "PATCH", path("articles", only), { rating: 5 });
      expect(body.articles).toEqual([{ shout: "ALPHA", author: { id: 1 }, _count: { comments: 1 } }]);
    });
  });

  describe("refused is", () => {
    test.each([
      ["articles", { count: { nosuch: true } }, "unknown-relation", "select.count"],
      ["articles", { count: { nosuch: false } }, "unknown-relation", "select.count"],
      ["articles", { count: { a: { relation: "nosuch" } } }, "unknown-relation", "select.count.a.relation"],
      ["articles", { count: { toString: true } }, "unknown-relation", "select.count"],
      ["articles", { count: { author: true } }, "invalid-value", "select.count.author"],
      ["articles", { count: { a: { relation: "author" } } }, "invalid-value", "select.count.a"],
      ["articles", { count: true }, "invalid-value", "select.count"],
      ["articles", { count: ["comments"] }, "invalid-value", "select.count"],
      ["articles", { count: { comments: 1 } }, "invalid-value", "select.count.comments"],
      ["articles", { count: { comments: null } }, "invalid-value", "select.count.comments"],
      ["articles", { count: { comments: { limit: 1 } } }, "invalid-value", "select.count.comments.limit"],
      [
        "articles",
        { count: { comments: { relation: 1 } } },
        "invalid-value",
        "select.count.comments.relation",
      ],
      ["articles", { count: { comments: { where: true } } }, "invalid-value", "select.count.comments.where"],
      ["articles", { count: { comments: { where: {} } } }, "invalid-value", "select.count.comments.where"],
      [
        "articles",
        { count: { comments: { where: { secret: 1 } } } },
        "unknown-column",
        "select.count.comments.where",
      ],
      [
        "articles",
        { with: { author: { count: { comments: { where: { text: 1 } } } } } },
        "invalid-value",
        "select.with.author.count.comments.where.text",
      ],
      [
        "articles",
        { with: { author: { count: { students: true } } } },
        "unknown-relation",
        "select.with.author.count",
      ],
      ["articles", { count: { $all: { relation: "comments" } } }, "invalid-value", "select.count.$all"],
      ["articles", { count: { "": { relation: "comments" } } }, "invalid-value", "select.count."],
      ["articles", { count: { "a\0b": { relation: "comments" } } }, "invalid-value", "select.count.a\0b"],
      [
        "articles",
        { count: { ["n".repeat(65)]: { relation: "comments" } } },
        "invalid-value",
        `select.count.${"n".repeat(61)}...`,
      ],
      ["flat", { count: { comments: true } }, "depth-exceeded", "select.count.comments"],
      ["dear", { count: { comments: true } }, "too-complex", "select.count.comments"],
      ["shut", { count: { articleTags: true } }, "capability-forbidden", "select.count.articleTags"],
      ["shut", { with: { author: { count: {} } } }, "capability-forbidden", "select.with.author.count"],
      [
        "shut",
        { count: { comments: { where: { id: 1 } } } },
        "capability-forbidden",
        "select.count.comments",
      ],
      ["taken", { count: { comments: true } }, "invalid-value", "select.count"],
    ] as const)("%s %j", async (resource, selector, code, where) => {
      expect(await refused(resource, selector)).toEqual([400, code, where]);
    });

    test("nothing of that which may be asked", async () => {
      expect(await rows("shut", { ...onlyId, where: { id: 1 }, count: { comments: true } })).toEqual([
        { id: 1, _count: { comments: 2 } },
      ]);
      expect((await get("taken", { columns: { id: true, _count: true } })).status).toBe(200);
      expect((await get("dear", { limit: 50, count: { comments: true } })).status).toBe(200);
    });

    test("more than a row takes, and less is answered however deep", async () => {
      const many = (n: number): object =>
        Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, { relation: "comments" }]));
      expect(await refused("people", { limit: 1, count: many(33) })).toEqual([
        400,
        "too-complex",
        "select.count",
      ]);
      const select = { limit: 1, with: { articles: { limit: 1, with: { author: true }, count: many(32) } } };
      const { status, body } = await get("people", select);
      expect([status, Object.keys(body.people[0].articles[0]["_count"]).length]).toEqual([200, 32]);
    });
  });

  test("none of it became a 500", () => {
    expect(place.errors).toEqual([]);
  });
});
