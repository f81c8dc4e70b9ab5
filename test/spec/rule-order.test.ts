import { beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/libsql";
import { asked, everywhere } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// The order of a rule itself leads through relations as a client's does.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const visible = { where: (_: unknown, t: any, { eq }: any) => eq(t.hidden, false) };
const named = { select: { columns: ["id"] } };
const comments = { select: { columns: ["id"] }, ...visible };

/** Articles in an order of their rule's. */
const ordered = (
  orderBy: object,
  relations: object = { author: named, reviewer: named, comments },
): object => ({
  table: "article",
  control: { GET: { all: { select: { columns: ["id"] }, ...visible, orderBy, with: relations } } },
});

const people = {
  table: "author",
  control: {
    GET: {
      editor: { select: { columns: ["id"] }, with: { mentor: named } },
      // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
      writer: { select: { columns: ["id"] }, where: (_: unknown, t: any, { ne }: any) => ne(t.name, "Ben") },
    },
  },
};

/** An order, and the ids of the articles in it. */
const ORDERS: readonly (readonly [order: object, ids: readonly number[]])[] = [
  [{ "author.name": "desc", id: 1 }, [4, 6, 2, 3, 1]],
  [{ "author.secret": "desc" }, [4, 6, 2, 3, 1]],
  [{ "reviewer.name": { sort: "asc", nulls: "last" } }, [2, 6, 3, 1, 4]],
  [{ "comments.count": -1 }, [2, 6, 1, 4, 3]],
  [{ rating: { sort: -1, nulls: "first" }, id: -1 }, [6, 2, 4, 1, 3]],
  [{ rating: { sort: "asc", nulls: "last" } }, [3, 1, 4, 2, 6]],
  [{ "comments.count": "asc", "author.name": { sort: "desc" } }, [3, 4, 1, 6, 2]],
];

const acl = {
  ...Object.fromEntries(ORDERS.map(([orderBy], index) => [`a${index}`, ordered(orderBy)])),
  people,
  borrowed: ordered({ "author.name": "desc", id: "desc" }, { author: "people" }),
  mentored: ordered(
    { "author.mentor.name": { sort: "asc", nulls: "last" }, id: "desc" },
    { author: "people" },
  ),
  nested: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          orderBy: { "articles.count": "desc" },
          with: {
            articles: {
              select: { columns: ["id"] },
              ...visible,
              orderBy: { "comments.count": "desc", id: "desc" },
              with: { comments },
            },
          },
        },
      },
      PATCH: {
        all: { select: true, orderBy: { "articles.count": 1 }, with: { articles: named }, check: true },
      },
    },
  },
};

everywhere(LIBRARY, acl, (place) => {
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
  });
  const ids = async (resource: string, selector?: object): Promise<unknown> => {
    const { body } = await place.ask("GET", path(resource, selector));
    return body[resource].map(({ id }: { id: number }) => id);
  };

  test.each(
    ORDERS.map(([order, expected], index) => [JSON.stringify(order), `a${index}`, expected] as const),
  )("%s", async (_, resource, expected) => expect(await ids(resource)).toEqual(expected));

  test("a client's order replaces it", async () => {
    expect(await ids("a0", { orderBy: { id: -1 } })).toEqual([6, 4, 3, 2, 1]);
  });

  test("of lists in lists too", async () => {
    const { body } = await place.ask("GET", path("nested", { limit: 2, with: { articles: true } }));
    expect(body.nested).toEqual([
      { id: 2, articles: [{ id: 2 }, { id: 3 }] },
      { id: 3, articles: [{ id: 6 }, { id: 4 }] },
    ]);
  });

  test("a write looks at no order", async () => {
    const { status } = await place.ask("PATCH", path("nested", { where: { id: 1 } }), { name: "Ada" });
    expect(status).toBe(200);
  });

  describe("through the rules of a resource", () => {
    const inRole = async (resource: string, role: string): Promise<unknown> => {
      const handler = place.handler(acl, { session: { getRole: () => role } });
      const { body } = await asked(handler, "GET", resource);
      return body[resource].map(({ id }: { id: number }) => id);
    };

    test("it counts what each caller may see", async () => {
      expect(await inRole("borrowed", "editor")).toEqual([6, 4, 3, 2, 1]);
      expect(await inRole("borrowed", "writer")).toEqual([6, 4, 1, 3, 2]);
      expect(await inRole("borrowed", "nobody")).toEqual([6, 4, 3, 2, 1]);
    });

    test("and stands still where his rule leads no further", async () => {
      expect(await inRole("mentored", "editor")).toEqual([6, 4, 3, 2, 1]);
      expect(await inRole("mentored", "writer")).toEqual([6, 4, 3, 2, 1]);
    });
  });

  test("none of it became a 500", () => expect(place.errors).toEqual([]));
});

describe("what is wrong with it is told at start", () => {
  const schema = LIBRARY.sqlite;
  const mistakes = (file: object): readonly string[] => {
    try {
      createQueryHandler({
        acl: file as never,
        database: drizzle(":memory:", { schema }),
        schema,
        onWarning: () => undefined,
      });
      return [];
    } catch (error) {
      return (error as Error).message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    }
  };
  const RULE = "acl.articles.control.GET.all.orderBy";

  test.each<readonly [order: object, mistake: string]>([
    [
      { "autor.name": 1 },
      "unknown column `autor.name` (article has id, authorId, reviewerId, title, rating, createdAt, hidden)",
    ],
    [{ "author.nmae": 1 }, "unknown column `nmae` (author has id, name, secret, mentorId)"],
    [{ author: 1 }, "`author` is a row; sort by a column of it"],
    [{ comments: 1 }, "`comments` leads to many rows; sort by how many: `comments.count`"],
    [{ "comments.text": 1 }, "`comments` leads to many rows; sort by how many: `comments.count`"],
    [
      { "articleTags.count": 1 },
      "`articleTags` is not in the `with` of its place, and no other rule says which of its rows count",
    ],
    [
      { "author.mentor.name": 1 },
      "`mentor` is not in the `with` of its place, and no other rule says which of its rows count",
    ],
  ])("%j", (order, mistake) => {
    expect(mistakes({ articles: ordered(order) })).toEqual([`${RULE}: ${mistake}`]);
  });

  test("with what a direction is", () => {
    expect(
      mistakes({ articles: ordered({ "author.name": "up", id: { sort: 1, nulls: "middle" } }) }),
    ).toEqual([
      `${RULE}.author.name: expected "asc", "desc", 1 or -1`,
      `${RULE}.id: expected { sort, nulls }: "asc", "desc", 1 or -1, and "first" or "last"`,
    ]);
  });

  test("of a resource, what none of its rules lets out", () => {
    const file = {
      people,
      articles: ordered({ "author.mentor.name": 1 }, { author: "people" }),
      others: ordered({ "author.students.count": 1 }, { author: "people" }),
    };
    expect(mistakes(file)).toEqual([
      "acl.others.control.GET.all.orderBy: `students` is not in the `with` of its place, and no other rule says which of its rows count",
    ]);
  });
});
