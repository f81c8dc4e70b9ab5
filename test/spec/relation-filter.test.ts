import { beforeAll, describe, expect, test } from "bun:test";
import { everywhere } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const visible = { where: (_: unknown, t: any, { eq }: any) => eq(t.hidden, false) };
const named = { select: { columns: ["id", "name", "mentorId"] } };
const comments = {
  select: true,
  ...visible,
  with: { author: named, article: { select: true, ...visible } },
};
const articles = {
  select: true,
  ...visible,
  with: {
    author: {
      ...named,
      with: {
        mentor: { ...named, with: { mentor: named } },
        comments,
        articles: { select: true, ...visible },
      },
    },
    reviewer: named,
    comments,
    articleTags: { select: true, with: { tag: true } },
  },
};
const people = {
  ...named,
  with: {
    mentor: { ...named, with: { mentor: named, students: named } },
    students: { ...named, with: { students: named } },
    articles: { ...articles, with: { comments } },
  },
};

const acl = {
  articles: {
    table: "article",
    maxDepth: 4,
    control: {
      GET: { all: articles },
      PATCH: { all: { ...articles, write: true, check: true, requireWhere: true } },
      DELETE: { all: { ...articles, with: { comments } } },
    },
  },
  people: { table: "author", maxDepth: 4, control: { GET: { all: people } } },
  shut: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            comments: { select: true, forbidQuery: { where: true, orderBy: true } },
            author: { select: true, forbidQuery: { orderBy: true } },
            articleTags: { select: true, forbidQuery: { count: true } },
          },
        },
      },
    },
  },
};

/** A filter, and the ids of the articles it leaves. */
const OF_ARTICLES: readonly (readonly [filter: object, ids: readonly number[]])[] = [
  [{ comments: true }, [1, 2, 4, 6]],
  [{ "comments.some": true }, [1, 2, 4, 6]],
  [{ "comments.none": true }, [3]],
  [{ comments: { text: "nice" } }, [1, 4, 6]],
  [{ "comments.none": { text: "nice" } }, [2, 3]],
  [{ "comments.every": { text: "nice" } }, [1, 3, 4]],
  [{ "comments.every": { "text.ne": "good" } }, [1, 3, 4, 6]],
  [{ "comments.some": { hidden: true } }, []],
  [{ NOT: { "comments.some": { text: "nice" } } }, [2, 3]],
  [{ author: { name: "Ben" } }, [2, 3]],
  [{ "author.is": { "name.gt": "B" } }, [2, 3, 4, 6]],
  [{ "author.isNot": { name: "Ben" } }, [1, 4, 6]],
  [{ reviewer: null }, [1, 4]],
  [{ "reviewer.isNot": null }, [2, 3, 6]],
  [{ "reviewer.isNot": { name: "Ada" } }, [1, 3, 4, 6]],
  [{ "author.name": "Ben" }, [2, 3]],
  [{ "reviewer.name": "Ada" }, [2]],
  [{ NOT: { "reviewer.name": "Ada" } }, [3, 6]],
  [{ "reviewer.name.ne": "Ada" }, [3, 6]],
  [{ "reviewer.name.isNull": true }, [1, 4]],
  [{ "reviewer.name": null }, [1, 4]],
  [{ NOT: { "reviewer.name.isNull": true } }, [2, 3, 6]],
  [{ "reviewer.name.isNotNull": true }, [2, 3, 6]],
  [{ "reviewer.name.in": ["Ada", "Cleo"] }, [2, 3]],
  [{ "author.mentor.name": "Ada" }, [2, 3, 4, 6]],
  [{ "author.mentor.mentor.name.isNull": true }, [1, 2, 3, 4, 6]],
  [{ "author.mentor": { name: "Ada" } }, [2, 3, 4, 6]],
  [{ "author.comments.some": { text: "good" } }, [1]],
  [{ "author.articles.count.gte": 2 }, [2, 3, 4, 6]],
  [{ "reviewer.name.like": "A%" }, [2]],
  [{ "comments.count": 2 }, [2, 6]],
  [{ "comments.count.gte": 1 }, [1, 2, 4, 6]],
  [{ "comments.count.in": [0, 2] }, [2, 3, 6]],
  [{ "comments.count.between": [1, 1] }, [1, 4]],
  [{ "comments.count.ne": 1 }, [2, 3, 6]],
  [{ "comments.count": { gte: 1, where: { text: "nice" } } }, [1, 4, 6]],
  [{ "comments.count": { eq: 0 } }, [3]],
  [{ "author.articles": { "title.gt": "Y" } }, [4, 6]],
  [{ comments: { "author.name": "Ada" } }, [2, 4, 6]],
  [{ comments: { "article.title": "Beta" } }, [2]],
  [{ OR: [{ "author.name": "Ada" }, { comments: { text: "good" } }] }, [1, 2]],
  [{ AND: [{ comments: true }, { NOT: { reviewer: null } }] }, [2, 6]],
  [{ articleTags: { "tag.label": "news" } }, [1, 2]],
  [{ "articleTags.count.gt": 1 }, [1, 2]],
];

const OF_PEOPLE: readonly (readonly [filter: object, ids: readonly number[]])[] = [
  [{ students: true }, [1, 3]],
  [{ "students.none": true }, [2, 4]],
  [{ students: { name: "Dora" } }, [3]],
  [{ students: { students: { name: "Dora" } } }, [1]],
  [{ "mentor.name": "Ada" }, [2, 3]],
  [{ "mentor.mentor.name": "Ada" }, [4]],
  [{ mentor: null }, [1]],
  [{ "mentor.students.count": 2 }, [2, 3]],
  [{ "students.every": { "name.lt": "C" } }, [2, 4]],
  [{ articles: { comments: { text: "long" } } }, [3]],
  [{ "articles.count": 1 }, [1]],
];

const REFUSED: readonly (readonly [resource: string, filter: object, code: string])[] = [
  ["articles", { nosuch: true }, "unknown-column"],
  ["articles", { "nosuch.name": 1 }, "unknown-column"],
  ["articles", { "nosuch.some": true }, "unknown-relation"],
  ["articles", { "nosuch.count.gt": 1 }, "unknown-relation"],
  ["articles", { "author.secret": "s1" }, "unknown-column"],
  ["articles", { "author.nosuch": "s1" }, "unknown-column"],
  ["articles", { author: { secret: "s1" } }, "unknown-column"],
  ["articles", { "author.students.some": true }, "unknown-relation"],
  ["articles", { "comments.text": "nice" }, "unknown-operator"],
  ["articles", { "comments.is": null }, "unknown-operator"],
  ["articles", { "author.some": true }, "unknown-column"],
  ["articles", { comments: false }, "invalid-value"],
  ["articles", { comments: null }, "invalid-value"],
  ["articles", { comments: {} }, "invalid-value"],
  ["articles", { "comments.every": true }, "invalid-value"],
  ["articles", { author: true }, "invalid-value"],
  ["articles", { "comments.count": "2" }, "invalid-value"],
  ["articles", { "comments.count": null }, "invalid-value"],
  ["articles", { "comments.count": {} }, "invalid-value"],
  ["articles", { "comments.count": { gte: 1, lt: 3 } }, "invalid-value"],
  ["articles", { "comments.count": { where: { text: "a" } } }, "invalid-value"],
  ["articles", { "comments.count.like": "2" }, "unknown-operator"],
  ["articles", { "comments.count": { gte: 1, where: { secret: 1 } } }, "unknown-column"],
  ["people", { students: { students: { students: true } } }, "unknown-column"],
  ["people", { articles: { comments: { author: { name: { a: 1 } } } } }, "invalid-value"],
  ["people", { articles: { author: { articles: { comments: { "author.name": "a" } } } } }, "unknown-column"],
  ["shut", { comments: true }, "capability-forbidden"],
  ["shut", { "comments.count": 1 }, "capability-forbidden"],
  ["shut", { "articleTags.count": 1 }, "capability-forbidden"],
];

everywhere(LIBRARY, acl, (place) => {
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
  });
  const ids = async (resource: string, selector: object): Promise<unknown> => {
    const { status, body } = await place.ask("GET", path(resource, selector));
    return status === 200 ? body[resource].map(({ id }: { id: number }) => id) : [status, body];
  };

  test.each(OF_ARTICLES.map((one) => [JSON.stringify(one[0]), ...one] as const))(
    "articles %s",
    async (_, where, expected) => {
      expect(await ids("articles", { where, orderBy: { id: 1 } })).toEqual(expected);
    },
  );

  test.each(OF_PEOPLE.map((one) => [JSON.stringify(one[0]), ...one] as const))(
    "people %s",
    async (_, where, expected) => {
      expect(await ids("people", { where, orderBy: { id: 1 } })).toEqual(expected);
    },
  );

  test.each(REFUSED.map((one) => [JSON.stringify(one[1]), ...one] as const))(
    "refused: %s",
    async (_, resource, where, code) => {
      const { status, body } = await place.ask("GET", path(resource, { where }));
      expect([status, body.code, typeof body.path]).toEqual([400, code, "string"]);
    },
  );

  test("deeper than the rule allows is refused", async () => {
    const where = { articles: { author: { mentor: { mentor: { name: "Ada" } } } } };
    const { body } = await place.ask("GET", path("people", { where }));
    expect(body.code).toBe("unknown-column");
    const deep = { "author.mentor.mentor.name": "Ada" };
    const shallow = place.handler({ articles: { ...acl.articles, maxDepth: 2 } });
    const response = await shallow(new Request(`http://local/query/${path("articles", { where: deep })}`));
    expect((await response.json()).code).toBe("depth-exceeded");
  });

  describe("an order", () => {
    test.each([
      [{ "author.name": "desc", id: 1 }, [4, 6, 2, 3, 1]],
      [{ "reviewer.name": "asc", id: 1 }, [1, 4, 2, 6, 3]],
      [{ "reviewer.name": { sort: "asc", nulls: "last" }, id: 1 }, [2, 6, 3, 1, 4]],
      [{ "reviewer.name": { sort: "desc", nulls: "first" }, id: 1 }, [1, 4, 3, 6, 2]],
      [{ "comments.count": -1, id: 1 }, [2, 6, 1, 4, 3]],
      [{ rating: { sort: -1, nulls: "first" }, id: -1 }, [6, 2, 4, 1, 3]],
      [{ rating: { sort: "asc" } }, [2, 6, 3, 1, 4]],
      [{ "author.mentor.name": { sort: "desc", nulls: "first" }, id: -1 }, [1, 6, 4, 3, 2]],
      [{ "author.articles.count": "desc", "author.name": "asc", id: 1 }, [2, 3, 4, 6, 1]],
    ])("%j", async (orderBy, expected) => {
      expect(await ids("articles", { orderBy })).toEqual(expected);
    });

    test("of a relation", async () => {
      const selector = {
        where: { id: 3 },
        with: { articles: { columns: { id: true }, orderBy: { "comments.count": 1, id: 1 } } },
      };
      const { body } = await place.ask("GET", path("people", selector));
      expect(body).toMatchObject({ people: [{}] });
      expect(body.people[0].articles).toEqual([{ id: 4 }, { id: 6 }]);
    });

    test.each([
      ["articles", { "author.secret": 1 }, "unknown-column"],
      ["articles", { "nosuch.count": 1 }, "unknown-relation"],
      ["articles", { comments: 1 }, "invalid-value"],
      ["articles", { author: 1 }, "invalid-value"],
      ["articles", { "comments.text": 1 }, "invalid-value"],
      ["articles", { rating: { sort: "asc", nulls: "middle" } }, "invalid-value"],
      ["articles", { rating: { nulls: "last" } }, "invalid-value"],
      ["shut", { "author.name": 1 }, "capability-forbidden"],
      ["shut", { "comments.count": 1 }, "capability-forbidden"],
      ["shut", { "articleTags.count": 1 }, "capability-forbidden"],
    ])("refused: %s %j", async (resource, orderBy, code) => {
      const { status, body } = await place.ask("GET", path(resource, { orderBy }));
      expect([status, body.code]).toEqual([400, code]);
    });
  });

  test("filters of relations look through relations of their own", async () => {
    const wish = { columns: { id: true }, where: { students: { name: "Dora" } } };
    const { body } = await place.ask("GET", path("people", { where: { id: 1 }, with: { students: wish } }));
    expect(body.people[0].students).toEqual([{ id: 3 }]);
  });

  test("what is masked on every row is unknown behind a relation too", async () => {
    const hidden = { columns: ["name"], when: () => false };
    const author = { select: [{ columns: ["id"] }, hidden] };
    const handle = place.handler({
      articles: { table: "article", control: { GET: { all: { select: true, with: { author } } } } },
    });
    for (const where of [{ "author.name": "Ada" }, { NOT: { "author.name": "Ada" } }]) {
      const response = await handle(new Request(`http://local/query/${path("articles", { where })}`));
      expect([response.status, (await response.json()).count]).toEqual([200, 0]);
    }
  });

  test("a change reaches the rows that a filter through relations leaves", async () => {
    const where = { "author.name": "Ben", comments: { text: "good" } };
    const { status, body } = await place.ask("PATCH", path("articles", { where }), { rating: 4 });
    expect([status, body.articles.map(({ id }: { id: number }) => id)]).toEqual([200, [2]]);
    await place.ask("PATCH", path("articles", { where: { id: 2 } }), { rating: null });
  });

  test("none of it became a 500", () => {
    expect(place.errors).toEqual([]);
  });
});
