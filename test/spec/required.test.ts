import { beforeAll, describe, expect, test } from "bun:test";
import { everywhere } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const named = { select: { columns: ["id", "name"] } } as const;
const comments = { select: true, ...visible, with: { author: named } } as const;
const articles = {
  select: { columns: ["id", "title", "rating"] },
  ...visible,
  with: { comments, author: { ...named, with: { mentor: named } }, reviewer: named },
} as const;
/** As deep as anybody may go. */
const deep = (depth: number): object =>
  depth === 0 ? named : { ...named, with: { students: deep(depth - 1), mentor: deep(depth - 1) } };

const acl = {
  articles: {
    table: "article",
    maxLimit: 5,
    control: {
      GET: { all: articles },
      PATCH: { all: { ...articles, write: { columns: ["rating"] }, requireWhere: true } },
      POST: { all: { ...articles, write: true, check: true } },
      DELETE: { all: { ...articles, requireWhere: true } },
    },
  },
  people: {
    table: "author",
    maxDepth: 6,
    control: { GET: { all: { ...named, with: { articles, comments, students: named, mentor: named } } } },
  },
  tree: { table: "author", maxDepth: 6, maxCost: null, maxWork: null, control: { GET: { all: deep(6) } } },
  shut: {
    table: "article",
    control: {
      GET: {
        all: {
          ...articles,
          with: {
            comments: { ...comments, forbidQuery: { required: true } },
            author: { ...named, forbidQuery: { where: true } },
          },
        },
      },
    },
  },
  few: {
    table: "article",
    maxConditions: 1,
    control: { GET: { all: articles } },
  },
  keyed: { table: "article", control: { GET: { all: { ...articles, requireWhere: "key" } } } },
  masked: {
    table: "author",
    control: {
      GET: {
        all: {
          ...named,
          with: {
            comments: {
              select: [
                { columns: ["id"] },
                { columns: ["text"], when: (_: unknown, t: Any, { eq }: Any) => eq(t.authorId, 1) },
              ],
              ...visible,
            },
          },
        },
      },
    },
  },
};

/** What is required of articles, and the ids of those that have it. */
const OF_ARTICLES: readonly (readonly [relations: object, ids: readonly number[]])[] = [
  [{ comments: { required: true } }, [1, 2, 4, 6]],
  [{ comments: { required: false } }, [1, 2, 3, 4, 6]],
  [{ comments: { required: true, where: { text: "nice" } } }, [1, 4, 6]],
  [{ comments: { required: true, where: { hidden: true } } }, []],
  // Its page is no matter.
  [{ comments: { required: true, limit: 0 } }, [1, 2, 4, 6]],
  [{ comments: { required: true, offset: 9, where: { text: "good" } } }, [2]],
  [{ reviewer: { required: true } }, [2, 3, 6]],
  [{ reviewer: { required: true }, comments: { required: true } }, [2, 6]],
  [
    {
      comments: { required: true, where: { text: "nice" } },
      long: { relation: "comments", required: true, where: { text: "long" } },
    },
    [6],
  ],
  // One inside a required one decides for the outermost.
  [{ author: { required: true, with: { mentor: { required: true } } } }, [2, 3, 4, 6]],
  [{ comments: { required: true, with: { author: { required: true } } } }, [1, 2, 4, 6]],
  // One inside another that is not required leaves out rows of that one.
  [{ author: { with: { mentor: { required: true } } } }, [1, 2, 3, 4, 6]],
];

everywhere(LIBRARY, acl, (place) => {
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
  });
  const get = (resource: string, selector: object, flags = "") =>
    place.ask("GET", path(resource, selector, flags));
  const ids = async (resource: string, selector: object): Promise<unknown> => {
    const { status, body } = await get(resource, selector);
    return status === 200 ? body[resource].map(({ id }: { id: number }) => id) : [status, body];
  };

  test.each(OF_ARTICLES.map((one) => [JSON.stringify(one[0]), ...one] as const))(
    "articles with %s",
    async (_, relations, expected) => {
      expect(await ids("articles", { with: relations, orderBy: { id: 1 } })).toEqual(expected);
    },
  );

  describe("a required relation", () => {
    test("is loaded as it would be without", async () => {
      const comment = { columns: { id: true }, where: { text: "nice" }, orderBy: { id: 1 } };
      const selector = { columns: { id: true }, where: { "id.gt": 1 } };
      const { body } = await get("articles", {
        ...selector,
        with: { comments: { ...comment, required: true } },
      });
      expect(body.articles).toEqual([
        { id: 4, comments: [{ id: 6 }] },
        { id: 6, comments: [{ id: 8 }] },
      ]);
    });

    test("stands beside a filter, a path and a key", async () => {
      const relations = { comments: { required: true } };
      expect(await ids("articles", { where: { rating: 5 }, with: relations })).toEqual([1, 4]);
      expect(await ids("articles", { where: { OR: [{ id: 3 }, { id: 4 }] }, with: relations })).toEqual([4]);
      expect(await ids("articles", { where: { "author.name": "Ben" }, with: relations })).toEqual([2]);
      expect(await ids("articles", { where: { id: 3 }, with: relations })).toEqual([]);
      expect(await ids("articles", { where: { id: 4 }, with: relations })).toEqual([4]);
    });

    test("leaves out rows of a relation that is not required", async () => {
      const selector = {
        columns: { id: true },
        orderBy: { id: 1 },
        with: {
          articles: { columns: { id: true }, with: { reviewer: { columns: { id: true }, required: true } } },
        },
      };
      const { body } = await get("people", selector);
      expect(body.people).toEqual([
        { id: 1, articles: [] },
        {
          id: 2,
          articles: [
            { id: 2, reviewer: { id: 1 } },
            { id: 3, reviewer: { id: 3 } },
          ],
        },
        { id: 3, articles: [{ id: 6, reviewer: { id: 2 } }] },
        { id: 4, articles: [] },
      ]);
      const { body: ofOne } = await get("articles", {
        columns: { id: true },
        where: { "id.lt": 3 },
        with: { author: { columns: { id: true }, with: { mentor: { columns: false, required: true } } } },
      });
      expect(ofOne.articles).toEqual([
        { id: 1, author: null },
        { id: 2, author: { id: 2, mentor: {} } },
      ]);
    });

    test("changes the page, its count and what is filtered, and no total", async () => {
      const relations = { comments: { required: true, columns: false } };
      const flags = "countTotal&countFiltered";
      const numbers = async (selector: object): Promise<unknown> => {
        const { status, body } = await get(
          "articles",
          { columns: { id: true }, ...selector, with: relations },
          flags,
        );
        return [status, body.total, body.filtered, body.count, body.articles?.map(({ id }: Any) => id)];
      };
      expect(await numbers({})).toEqual([200, 5, 4, 4, [1, 2, 4, 6]]);
      expect(await numbers({ limit: 2, orderBy: { id: 1 } })).toEqual([200, 5, 4, 2, [1, 2]]);
      expect(await numbers({ limit: 2, offset: 2, orderBy: { id: 1 } })).toEqual([200, 5, 4, 2, [4, 6]]);
      expect(await numbers({ where: { rating: 5 }, limit: 1, orderBy: { id: -1 } })).toEqual([
        200,
        5,
        2,
        1,
        [4],
      ]);
    });

    test("decides which row is the first", async () => {
      const selector = {
        columns: { id: true },
        orderBy: { id: -1 },
        with: { comments: { required: true, where: { text: "good" }, columns: { id: true } } },
      };
      const { body } = await get("articles", selector, "findFirst");
      expect(body).toEqual({ articles: { id: 2, comments: [{ id: 3 }] } });
      const none = {
        columns: { id: true },
        with: { comments: { required: true, where: { text: "never" } } },
      };
      expect((await get("articles", none, "findFirst")).body).toEqual({ articles: null });
    });

    test("is judged as the caller sees its rows", async () => {
      const wish = (where: object): object => ({
        with: { comments: { required: true, where } },
        orderBy: { id: 1 },
      });
      expect(await ids("masked", wish({ text: "nice" }))).toEqual([1]);
      expect(await ids("masked", wish({ "text.isNull": true }))).toEqual([2]);
    });

    test("six levels deep", async () => {
      const wish = { columns: { id: true }, required: true };
      // With a limit of their own lists say no more than what is in them, and so leave the parser some room.
      const nest = (depth: number): object => {
        if (depth === 0) return {};
        const inner = nest(depth - 1);
        return depth % 2 === 0
          ? { with: { students: { ...wish, limit: 9, ...inner } } }
          : { with: { mentor: { ...wish, ...inner } } };
      };
      expect(await ids("tree", { columns: { id: true }, orderBy: { id: 1 }, ...nest(6) })).toEqual([1, 3]);
    });
  });

  describe("is refused", () => {
    const refusal = async (
      resource: string,
      selector: object,
      method = "GET",
      body?: object,
    ): Promise<unknown> => {
      const { status, body: told } = await place.ask(method, path(resource, selector), body);
      return [status, told.code, told.path];
    };

    test("where the rule forbids it", async () => {
      const at = "select.with.comments.required";
      expect(await refusal("shut", { with: { comments: { required: true } } })).toEqual([
        400,
        "capability-forbidden",
        at,
      ]);
      expect(await refusal("shut", { with: { comments: { required: false } } })).toEqual([
        400,
        "capability-forbidden",
        at,
      ]);
      expect((await get("shut", { with: { author: { required: true } } })).status).toBe(200);
      expect((await get("shut", { with: { comments: true } })).status).toBe(200);
    });

    test.each([
      ["PATCH", { where: { id: 1 } }, { rating: 5 }],
      ["DELETE", { where: { id: 1 } }, undefined],
      ["POST", {}, { id: 91, authorId: 1, title: "New", createdAt: "2026-03-01T00:00:00Z", hidden: false }],
    ])("in a %s", async (method, selector, body) => {
      const direct = { ...selector, with: { comments: { required: true } } };
      expect(await refusal("articles", direct, method, body)).toEqual([
        400,
        "invalid-value",
        "select.with.comments.required",
      ]);
      expect((await get("articles", { where: { "id.in": [1, 91] } })).body.count).toBe(1);
    });

    test("but not in a relation of what is written", async () => {
      const inside = (mentor: object): object => ({
        columns: { id: true },
        where: { "id.in": [1, 4] },
        with: { author: { columns: { id: true }, with: { mentor: { columns: { id: true }, ...mentor } } } },
      });
      const written = async (mentor: object): Promise<unknown> =>
        (await place.ask("PATCH", path("articles", inside(mentor)), { rating: 5 })).body.articles;
      expect(await written({ required: true })).toEqual([
        { id: 1, author: null },
        { id: 4, author: { id: 3, mentor: { id: 1 } } },
      ]);
      expect(await written({ required: false })).toEqual([
        { id: 1, author: { id: 1, mentor: null } },
        { id: 4, author: { id: 3, mentor: { id: 1 } } },
      ]);
    });

    test("as a condition too many", async () => {
      const both = { comments: { required: true }, author: { required: true } };
      expect(await refusal("few", { with: both })).toEqual([400, "too-complex", "select.with.author"]);
      expect((await get("few", { with: { comments: { required: true } } })).status).toBe(200);
    });

    test("in the place of a filter", async () => {
      expect(await refusal("keyed", { with: { comments: { required: true } } })).toEqual([
        400,
        "limit-exceeded",
        "select.where",
      ]);
      expect(await ids("keyed", { where: { id: 3 }, with: { comments: { required: true } } })).toEqual([]);
    });

    test("where it is no flag", async () => {
      expect(await refusal("articles", { with: { comments: { required: 1 } } })).toEqual([
        400,
        "invalid-value",
        "select.with.comments.required",
      ]);
      expect(await refusal("articles", { required: true })).toEqual([
        400,
        "invalid-value",
        "select.required",
      ]);
    });
  });

  test("none of it became a 500", () => {
    expect(place.errors).toEqual([]);
  });
});
