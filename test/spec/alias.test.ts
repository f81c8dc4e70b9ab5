import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { everywhere } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const author = { select: { columns: ["id", "name"] } };
const comments = { select: true, ...visible, with: { author } } as const;
const article = {
  select: { columns: ["id", "title"] },
  ...visible,
  extras: { shout: sql`upper(title)`.as("shout") },
} as const;
const articles = {
  ...article,
  with: { comments, author: { ...author, with: { articles: article } }, reviewer: author },
} as const;

const acl = {
  articles: {
    table: "article",
    maxDepth: 4,
    control: {
      GET: { all: articles },
      PATCH: { all: { ...articles, write: { columns: ["rating"] }, requireWhere: true } },
      POST: { all: { ...articles, write: true, check: true } },
      DELETE: { all: articles },
    },
  },
  people: {
    table: "author",
    maxDepth: 6,
    control: {
      GET: {
        all: {
          ...author,
          with: {
            mentor: { ...author, with: { students: author } },
            students: { ...author, with: { mentor: author, students: author } },
            articles,
          },
        },
      },
    },
  },
  small: {
    table: "article",
    maxAnswerSize: 2_000,
    maxCost: null,
    control: { GET: { all: { ...articles, select: { columns: ["id"] } } } },
  },
};

const THREE = {
  newest: { relation: "comments", columns: { id: true }, orderBy: { id: "desc" }, limit: 1 },
  nice: { relation: "comments", columns: { id: true }, where: { text: "nice" } },
  comments: { columns: { text: true }, orderBy: { id: 1 } },
};

everywhere(LIBRARY, acl, (place) => {
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
  });
  const rows = async (resource: string, selector: object, flags = ""): Promise<unknown> => {
    const { status, body } = await place.ask("GET", path(resource, selector, flags));
    return status === 200 ? body[resource] : [status, body];
  };
  const refusal = async (relations: object, resource = "articles"): Promise<unknown> => {
    const { status, body } = await place.ask("GET", path(resource, { with: relations }));
    return [status, body.code, body.path];
  };

  describe("a relation under another name", () => {
    test("is in the answer under that name alone", async () => {
      const selector = {
        columns: { id: true },
        where: { "id.lt": 3 },
        with: { said: { relation: "comments", columns: { id: true } } },
      };
      expect(await rows("articles", selector)).toEqual([
        { id: 1, said: [{ id: 1 }] },
        { id: 2, said: [{ id: 3 }, { id: 4 }] },
      ]);
    });

    test("to one row, and to none", async () => {
      const by = { columns: { name: true } };
      const selector = {
        columns: { id: true },
        where: { "id.lt": 3 },
        with: { by: { relation: "author", ...by }, checked: { relation: "reviewer", ...by } },
      };
      expect(await rows("articles", selector)).toEqual([
        { id: 1, by: { name: "Ada" }, checked: null },
        { id: 2, by: { name: "Ben" }, checked: { name: "Ada" } },
      ]);
    });

    test("is loaded as often as it has names, each for itself", async () => {
      const selector = { columns: { id: true }, where: { "id.in": [3, 6] }, with: THREE };
      expect(await rows("articles", selector)).toEqual([
        { id: 3, newest: [], nice: [], comments: [] },
        { id: 6, newest: [{ id: 8 }], nice: [{ id: 8 }], comments: [{ text: "long" }, { text: "nice" }] },
      ]);
    });

    test("at any depth, along any way", async () => {
      const two = {
        first: { relation: "students", columns: { name: true }, orderBy: { id: 1 }, limit: 1 },
        last: { relation: "students", columns: { name: true }, orderBy: { id: -1 }, limit: 1 },
      };
      const selector = {
        columns: { id: true },
        where: { id: 4 },
        with: {
          one: { relation: "mentor", columns: { id: true }, with: two },
          other: {
            relation: "mentor",
            columns: { name: true },
            with: { students: { columns: { id: true } } },
          },
        },
      };
      const dora = [{ name: "Dora" }];
      expect(await rows("people", selector)).toEqual([
        { id: 4, one: { id: 3, first: dora, last: dora }, other: { name: "Cleo", students: [{ id: 4 }] } },
      ]);
    });

    test("may have the name of another relation, or of a column that is hidden", async () => {
      const selector = {
        columns: { id: true },
        where: { id: 2 },
        with: {
          author: { relation: "reviewer", columns: { id: true } },
          reviewer: { relation: "author", columns: { id: true } },
          rating: { relation: "comments", columns: { id: true } },
          "größte-2_": { relation: "comments", columns: { id: true }, limit: 1 },
        },
      };
      expect(await rows("articles", selector)).toEqual([
        {
          id: 2,
          author: { id: 1 },
          reviewer: { id: 2 },
          rating: [{ id: 3 }, { id: 4 }],
          "größte-2_": [{ id: 3 }],
        },
      ]);
    });

    test("stands in the order of the rule's relations, then of the question", async () => {
      const response = await place.handler(acl)(
        new Request(
          `http://local/query/${path("articles", {
            columns: { id: true },
            where: { id: 3 },
            with: { b: { relation: "author", columns: false }, ...THREE },
          })}`,
        ),
      );
      const { articles: found } = await response.json();
      expect(Object.keys(found[0])).toEqual(["id", "newest", "nice", "comments", "b"]);
    });

    test("has its own name said beside it", async () => {
      const comment = { relation: "comments", columns: { id: true } };
      expect(
        await rows("articles", { columns: { id: true }, where: { id: 1 }, with: { comments: comment } }),
      ).toEqual([{ id: 1, comments: [{ id: 1 }] }]);
    });

    test("and the total, and one row", async () => {
      const selector = { columns: { id: true }, orderBy: { id: -1 }, limit: 1, with: { nice: THREE.nice } };
      const { body } = await place.ask("GET", path("articles", selector, "findFirst&countTotal"));
      expect(body).toEqual({ total: 5, articles: { id: 6, nice: [{ id: 8 }] } });
    });

    test("is a value of the statement, whatever it is called", async () => {
      for (const name of ["a", "b", "a", "b", "a", "c"]) {
        const relations = { [name]: { relation: "comments", columns: { id: true } } };
        const selector = { columns: { id: true }, where: { id: 1 }, with: relations };
        expect(await rows("articles", selector)).toEqual([{ id: 1, [name]: [{ id: 1 }] }]);
      }
    });

    test("is one of so many", async () => {
      const all = (count: number): object =>
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, { relation: "author" }]));
      const asked = (of: object) => place.ask("GET", path("articles", { limit: 1, with: of }));
      expect((await asked(all(32))).status).toBe(200);
      expect(await asked({ author: true, ...all(33) })).toMatchObject({
        status: 400,
        body: { code: "too-complex", path: "select.with.c32" },
      });
      const inside = { author: { with: { articles: { relation: "articles", limit: 1 } } }, ...all(32) };
      expect((await asked(inside)).status).toBe(200);
    });

    test("counts in the bytes of an answer", async () => {
      const named = (length: number): object =>
        Object.fromEntries(
          Array.from({ length: 6 }, (_, n) => [
            `c${n}`.padEnd(length, "_"),
            { relation: "comments", columns: { text: true } },
          ]),
        );
      const asked = (length: number) =>
        place.ask("GET", path("small", { columns: { id: true }, with: named(length) }));
      expect(await asked(64)).toMatchObject({ status: 400, body: { code: "too-large-answer" } });
      expect(await asked(2)).toMatchObject({ status: 200, body: { count: 5 } });
    });
  });

  describe("a name is refused", () => {
    test.each([
      ["of a column", { title: { relation: "comments" } }],
      ["of a computed field", { shout: { relation: "comments" } }],
      ["that the engine uses", { $can: { relation: "comments" } }],
      ["that the engine uses inside", { "~marks": { relation: "comments" } }],
      ["of the counts", { _count: { relation: "comments" } }],
      ["that is none", { "": { relation: "comments" } }],
      ["with a quote", { "a'b": { relation: "comments" } }],
      ["with a zero", { "a\0": { relation: "comments" } }],
      ["that is long", { ["a".repeat(65)]: { relation: "comments" } }],
      ["that begins with a digit", { "1a": { relation: "comments" } }],
    ])("%s", async (_, relations) => {
      const [name] = Object.keys(relations) as [string];
      const shown = name.length > 64 ? `${name.slice(0, 61)}...` : name;
      expect(await refusal(relations)).toEqual([400, "invalid-value", `select.with.${shown}`]);
    });

    test("of another key, as any key that is written twice in one map", async () => {
      for (const [key, select] of [
        ["comments", "with:(comments:T,comments:(relation:author))"],
        ["a", "with:(a:(relation:comments),'a':(relation:author))"],
        ["a", "with:(author:(with:(a:(relation:articles),a:(relation:comments))))"],
        ["a", "count:(a:(relation:comments),a:(relation:comments,where:(id:1)))"],
        ["id", "where:(id:1,id:2)"],
        ["limit", "limit:1,limit:2"],
      ] as const)
        expect(await place.ask("GET", `articles?select=(${select})`)).toEqual({
          status: 400,
          body: {
            error: `\`${key}\` is written twice in one map`,
            code: "invalid-value",
            path: "select",
            hint: "write it once",
          },
        });
      const twice = await place.ask("GET", "articles?aggregate=(count:T,where:(id:1,id:2))");
      expect([twice.status, twice.body.code, twice.body.path]).toEqual([400, "invalid-value", "aggregate"]);
    });

    test("where nobody knows the relation", async () => {
      expect(await refusal({ a: { relation: "nosuch" } })).toEqual([
        400,
        "unknown-relation",
        "select.with.a.relation",
      ]);
      expect(await refusal({ a: { relation: "articleTags" } })).toEqual([
        400,
        "unknown-relation",
        "select.with.a.relation",
      ]);
      expect(await refusal({ a: true })).toEqual([400, "unknown-relation", "select.with"]);
      expect(await refusal({ a: { relation: 1 } })).toEqual([400, "invalid-value", "select.with.a.relation"]);
    });

    test("in the client's words, whatever is wrong under it", async () => {
      const wrong = {
        a: { relation: "comments", with: { b: { relation: "author", columns: { no: true } } } },
      };
      expect(await refusal(wrong)).toEqual([400, "unknown-column", "select.with.a.with.b.columns"]);
    });
  });

  describe("a write", () => {
    test("answers by other names too", async () => {
      const selector = { columns: { id: true }, where: { id: 6 }, with: THREE };
      const expected = {
        id: 6,
        newest: [{ id: 8 }],
        nice: [{ id: 8 }],
        comments: [{ text: "long" }, { text: "nice" }],
      };
      const { status, body } = await place.ask("PATCH", path("articles", selector), { rating: 4 });
      expect([status, body.articles]).toEqual([200, [expected]]);
      const taken = await place.ask(
        "PATCH",
        path("articles", { where: { id: 6 }, with: { title: { relation: "comments" } } }),
        { rating: 1 },
      );
      expect([taken.status, taken.body.path]).toEqual([400, "select.with.title"]);
    });

    test("of new rows and of rows that are gone", async () => {
      const row = {
        id: 90,
        authorId: 1,
        reviewerId: 2,
        title: "New",
        createdAt: "2026-03-01T00:00:00Z",
        hidden: false,
      };
      const by = { by: { relation: "author", columns: { name: true } }, author: { columns: { id: true } } };
      const made = await place.ask("POST", path("articles", { columns: { id: true }, with: by }), row);
      expect([made.status, made.body.articles]).toEqual([
        200,
        [{ id: 90, author: { id: 1 }, by: { name: "Ada" } }],
      ]);
      const gone = await place.ask(
        "DELETE",
        path("articles", { columns: { id: true }, where: { id: 90 }, with: by }),
      );
      expect([gone.status, gone.body.articles]).toEqual([
        200,
        [{ id: 90, author: { id: 1 }, by: { name: "Ada" } }],
      ]);
    });
  });

  test("none of it became a 500", () => {
    expect(place.errors).toEqual([]);
  });
});
