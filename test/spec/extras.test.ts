import { beforeAll, describe, expect, test } from "bun:test";
import { count, eq, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import type { TestACL } from "../support/app.ts";
import { article, author, comment, sample } from "../support/schema.ts";
import { ask, served, STACKS } from "../support/served.ts";

const query = new QueryBuilder();
const id = ["id"] as const;

/** Computed fields of an article, and their values for a1. */
const EXTRAS = {
  twice: [sql`${article.views} * 2`, 20],
  shout: [sql<string>`upper(${article.title})`, "ALPHA"],
  missing: [sql`${article.reviewerId} + 1`, null],
  lacking: [sql`${article.views} + ${undefined}`.mapWith(Number), null],
  lackingInside: [
    sql`${query
      .select({ n: sql`${comment.id} + ${undefined}`.as("n") })
      .from(comment)
      .limit(1)}`,
    null,
  ],
  real: [sql`0.1 + 0.2`, 0.30000000000000004],
  text: [sql`'it''s'`, "it's"],
  raw: [sql.raw("length(title)"), 5],
  rawNamed: [sql.raw("length(articles.title)"), 5],
  bound: [sql`${article.views} + ${5}`, 15],
  date: [sql`${article.createdAt}`.mapWith(article.createdAt), "2023-11-14T22:13:20.000Z"],
  flag: [sql`${article.published}`.mapWith(Boolean), true],
  exclaimed: [sql`${article.title}`.mapWith((value: string) => `${value}!`), "Alpha!"],
  comments: [sql`(select count(*) from ${comment} where ${comment.articleId} = ${article.id})`, 2],
  built: [
    sql`${query
      .select({ n: count().as("n") })
      .from(comment)
      .where(eq(comment.articleId, article.id))}`,
    2,
  ],
  rawComments: [sql.raw("(select count(*) from comments where comments.article_id = articles.id)"), 2],
  writer: [sql`(select ${author.name} from ${author} where ${author.id} = ${article.authorId})`, "Ada"],
  siblings: [sql.raw("(select count(*) from articles other where other.author_id = articles.author_id)"), 1],
  hidden: [sql`${article.rating}`, 4.5],
  json: [sql`json_object('a', 1)`, '{"a":1}'],
  parsed: [
    sql`json_array(${article.views}, 'x')`.mapWith((text: string) => JSON.parse(text) as unknown),
    [10, "x"],
  ],
  doubled: [
    sql`${article.views}`.mapWith((value: unknown) => (typeof value === "number" ? value * 2 : value)),
    20,
  ],
  whole: [sql`1e300 * 10`, 1e301],
  truth: [sql`${article.views} = 10`, 1],
} as const;
const NAMES = Object.keys(EXTRAS) as (keyof typeof EXTRAS)[];

const acl = {
  ...Object.fromEntries(
    NAMES.map((name) => [
      name,
      {
        table: "article",
        control: {
          GET: {
            all: {
              select: { columns: id },
              extras: { it: EXTRAS[name][0].as(name === "twice" ? "another_alias" : "it") },
            },
          },
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    NAMES.map((name) => [
      `many-${name}`,
      {
        table: "author",
        control: {
          GET: {
            all: {
              select: { columns: id },
              with: { articles: { select: { columns: id }, extras: { it: EXTRAS[name][0].as("it") } } },
            },
          },
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    NAMES.map((name) => [
      `one-${name}`,
      {
        table: "comment",
        control: {
          GET: {
            all: {
              select: { columns: id },
              with: { article: { select: { columns: id }, extras: { it: EXTRAS[name][0].as("it") } } },
            },
          },
        },
      },
    ]),
  ),
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "views"] },
          extras: {
            twice: sql`${article.views} * 2`.as("twice"),
            half: sql`${article.views} / 2`.as("half"),
          },
        },
        // "`select:false` with `extras` is a documented use"
        writer: { select: false, extras: { count: sql`count(*)`.as("count") } },
        editor: {
          select: false,
          extras: {
            count: sql`count(*)`.as("count"),
            most: sql`max(${article.views})`.as("most"),
            mean: sql`avg(${article.views})`.mapWith(Number).as("mean"),
          },
          where: () => eq(article.published, true),
        },
        mine: {
          select: false,
          where: () => true,
          extras: { ratio: sql`count(*) * 100 / (select count(*) from ${comment})`.as("ratio") },
        },
      },
    },
  },
  loud: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["authorId"] },
          extras: { shout: sql`upper(${article.title})`.as("shout") },
        },
      },
    },
  },
  twins: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "mentorId"] },
          extras: { one: sql`1`.as("n"), two: sql`2`.as("n"), three: sql`3`.as("mentor_id") },
          with: {
            articles: {
              select: { columns: ["id", "authorId"] },
              extras: { one: sql`1`.as("n"), two: sql`2`.as("n"), three: sql`3`.as("author_id") },
            },
          },
        },
      },
    },
  },
  samples: {
    table: "sample",
    control: {
      GET: {
        all: {
          select: { columns: id },
          extras: {
            rawBytes: sql`${sample.bytes}`.as("rawBytes"),
            rawReal: sql`${sample.real}`.as("rawReal"),
            rawBig: sql`cast(${sample.numericBig} as text)`.as("rawBig"),
          },
          with: {
            children: {
              select: { columns: id },
              extras: {
                rawBytes: sql`${sample.bytes}`.as("rawBytes"),
                rawReal: sql`${sample.real}`.as("rawReal"),
                rawBig: sql`cast(${sample.numericBig} as text)`.as("rawBig"),
              },
            },
          },
        },
      },
    },
  },
} as unknown as TestACL;

/** The titles of the articles of `loud`, by their authors from the last, each author's by key. */
const LOUD = ["DELTA", "EPSILON", "BETA", "GAMMA", "ALPHABET", "ALPHA"];

describe.each(STACKS)("computed fields on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    await app.app.database.insert(sample).values([
      { id: 1, bytes: Buffer.from([1]), real: 0.5, numericBig: 1n },
      { id: 2, parentId: 1, bytes: Buffer.from([0, 255]), real: 0.1 + 0.2, numericBig: 9223372036854775807n },
    ]);
  });

  describe.each(NAMES)("%s", (name) => {
    const value = EXTRAS[name][1];
    test("at the top", async () => {
      expect((await app.get(ask(name, "(limit:1)", "countTotal"))).body).toEqual({
        total: 6,
        count: 1,
        [name]: [{ id: "a1", it: value }],
      });
    });
    test("in a list of a relation", async () => {
      const answer = await app.get(ask(`many-${name}`, "(limit:1,with:(articles:T))"));
      expect(answer.body[`many-${name}`]).toEqual([{ id: 1, articles: [{ id: "a1", it: value }] }]);
    });
    test("in a one-relation", async () => {
      const answer = await app.get(ask(`one-${name}`, "(limit:1,with:(article:T))"));
      expect(answer.body[`one-${name}`]).toEqual([{ id: 1, article: { id: "a1", it: value } }]);
    });
  });

  test("are told apart by their names, whatever their aliases", async () => {
    expect((await app.get(ask("twins", "(where:(id:2),with:(articles:(limit:1)))"))).body.twins).toEqual([
      {
        id: 2,
        mentorId: 1,
        one: 1,
        two: 2,
        three: 3,
        articles: [{ id: "a2", authorId: 2, one: 1, two: 2, three: 3 }],
      },
    ]);
  });

  test("alone they keep the order of their rows, ties by the key, so that pages never overlap", async () => {
    const shouts = async (range: string): Promise<string[]> => {
      const { body } = await app.get(ask("loud", `(columns:~T(shout)~,orderBy:(authorId:desc)${range})`));
      return body.loud.map((row: { shout: string }) => row.shout);
    };
    expect(await shouts("")).toEqual(LOUD);
    expect(await shouts(",limit:2,offset:2")).toEqual(LOUD.slice(2, 4));
  });

  test("nested ones keep the digits of reals, the bytes of blobs", async () => {
    const { body } = await app.get(ask("samples", "(with:(children:T))"));
    expect(body.samples).toEqual([
      {
        id: 1,
        rawBytes: "AQ==",
        rawReal: 0.5,
        rawBig: "1",
        children: [{ id: 2, rawBytes: "AP8=", rawReal: 0.30000000000000004, rawBig: "9223372036854775807" }],
      },
      { id: 2, rawBytes: "AP8=", rawReal: 0.30000000000000004, rawBig: "9223372036854775807", children: [] },
    ]);
  });

  test("are present by default, named and dropped in `columns` like columns", async () => {
    for (const [columns, row] of [
      ["T", { id: "a1", views: 10, twice: 20, half: 5 }],
      ["F", { twice: 20, half: 5 }],
      ["~T(twice)~", { twice: 20 }],
      ["~T(id,half)~", { id: "a1", half: 5 }],
      ["~F(twice)~", { id: "a1", views: 10, half: 5 }],
      ["~F(id,views)~", { twice: 20, half: 5 }],
      ["~F(id,views,half)~", { twice: 20 }],
    ] as const) {
      expect((await app.get(ask("articles", `(where:(id:'a1'),columns:${columns})`))).body.articles).toEqual([
        row,
      ]);
    }
    expect((await app.get(ask("articles", "(columns:~F(id,views,twice,half)~)"))).body).toEqual({ count: 6 });
  });

  test("aggregates without any column are one row", async () => {
    expect((await app.get("articles", { role: "writer" })).body).toEqual({
      count: 1,
      articles: [{ count: 6 }],
    });
    expect((await app.get("articles?findFirst", { role: "writer" })).body).toEqual({
      articles: { count: 6 },
    });
    expect((await app.get("articles?countTotal", { role: "writer" })).body).toEqual({
      total: 6,
      count: 1,
      articles: [{ count: 6 }],
    });
    expect((await app.get("articles", { role: "editor" })).body).toEqual({
      count: 1,
      articles: [{ count: 4, most: 20, mean: 10.5 }],
    });
    expect((await app.get(ask("articles", "(columns:~T(most)~)"), { role: "editor" })).body).toEqual({
      count: 1,
      articles: [{ most: 20 }],
    });
    expect((await app.get(ask("articles", "(columns:F)"), { role: "writer" })).body).toEqual({
      count: 1,
      articles: [{ count: 6 }],
    });
  });

  test("aggregates may hold sub-selects of other tables", async () => {
    expect((await app.get("articles?mine", { as: 1 })).body).toEqual({ count: 1, articles: [{ ratio: 75 }] });
  });
});

describe("computed fields", () => {
  const app = served(acl);
  test.each([
    "(where:(twice:20))",
    "(where:(twice.gt:1))",
    "(orderBy:(twice:desc))",
    "(where:(AND:_((half:1))_))",
  ])("clients neither filter nor sort by them: %s", async (select) => {
    const answer = await app.get(ask("articles", select));
    expect([answer.status, answer.body.code]).toEqual([400, "unknown-column"]);
  });
  test("hints for columns may name them, hints for filters may not", async () => {
    expect((await app.get(ask("articles", "(columns:~T(twic)~)"))).body.hint).toBe("did you mean `twice`?");
    expect((await app.get(ask("articles", "(where:(twic:1))"))).body.hint).toBeUndefined();
  });
});

describe.each(STACKS)("computed fields of what a write answers, on $name", ({ options }) => {
  const app = served(
    {
      samples: {
        table: "sample",
        control: {
          POST: {
            all: {
              select: { columns: id },
              write: true,
              extras: { raw: sql`${sample.numericBig}`.as("raw"), more: sql`9007199254740993`.as("more") },
            },
          },
        },
      },
      // An aggregate of SQLite alone, which nobody finds out at start.
      totals: {
        table: "article",
        control: Object.fromEntries(
          ["POST", "PATCH", "DELETE"].map((method) => [
            method,
            {
              all: {
                select: { columns: id },
                write: true,
                extras: { all: sql`total(${article.views})`.as("all") },
                check: () => sql`${article.id} <> 'a2'`,
              },
            },
          ]),
        ),
      },
    } as unknown as TestACL,
    options,
  );

  test("hold all the digits of a whole number", async () => {
    const answer = await app.post("samples", { id: 9, numericBig: "9223372036854775807" });
    expect([answer.status, answer.body.samples]).toEqual([
      200,
      [{ id: 9, raw: "9223372036854775807", more: "9007199254740993" }],
    ]);
  });

  test("are each row's own, and take none from the check, whatever function they call", async () => {
    const both = ask("totals", "(where:(id.in:_('a1','a3')_))");
    expect((await app.patch(both, { title: "x" })).body).toMatchObject({
      count: 2,
      totals: [
        { id: "a1", all: 10 },
        { id: "a3", all: 20 },
      ],
    });
    const made = await app.post("totals", { id: "a9", authorId: 1, title: "x", views: 5 });
    expect(made.body.totals).toEqual([{ id: "a9", all: 5 }]);
    const refused = await app.patch(ask("totals", "(where:(id.in:_('a1','a2')_))"), { title: "y" });
    expect([refused.status, refused.body.code]).toEqual([403, "check-failed"]);
    const gone = await app.remove(ask("totals", "(where:(id.in:_('a1','a9')_))"));
    expect(gone.body.totals).toEqual([
      { id: "a1", all: 10 },
      { id: "a9", all: 5 },
    ]);
  });
});

describe("computed fields over several rows, with the portable reader", () => {
  const app = served(
    {
      numbered: {
        table: "article",
        control: {
          GET: {
            all: {
              select: { columns: id },
              extras: { no: sql`row_number() over (order by ${article.id})`.as("no") },
            },
          },
        },
      },
      authors: {
        table: "author",
        control: {
          GET: {
            all: {
              select: { columns: id },
              with: { articles: { select: false, extras: { most: sql`max(${article.views})`.as("most") } } },
            },
          },
        },
      },
    } as unknown as TestACL,
    { reader: "portable" },
  );

  test.each([
    ["numbered", "(limit:2)"],
    ["authors", "(where:(id:2),with:(articles:T))"],
  ])("are a fault that is told, not a wrong answer: %s", async (resource, selector) => {
    const { status } = await app.get(ask(resource, selector));
    expect([status, String(app.faults()[0])]).toEqual([500, expect.stringContaining("need the fast reader")]);
  });
});
