import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const named = { select: { columns: ["id", "name", "mentorId"] } };
const relations = {
  author: { ...named, with: { mentor: named } },
  reviewer: named,
  comments: { select: true, ...visible },
};
const articles = { select: true, ...visible, with: relations, aggregate: true } as const;
const get = (all: object, entry: object = {}): object => ({
  table: "article",
  ...entry,
  control: { GET: { all } },
});

const acl = {
  articles: get(articles),
  plain: get({ select: true }),
  forbidden: get({ ...articles, forbidQuery: { aggregate: true } }),
  narrow: get({ ...articles, forbidQuery: { where: true, orderBy: true, limit: true, offset: true } }),
  short: get(articles, { maxLimit: 2 }),
  bounded: get(articles, { maxLimit: 3, maxOffset: 2, onSurpassMaxLimit: "Limit" }),
  busy: get(articles, { maxWork: 10 }),
  dear: get(articles, { maxCost: 150 }),
  shallow: get(articles, { maxDepth: 1 }),
  demanding: get({ ...articles, requireWhere: true }),
  one: get(articles, { findFirst: true, countTotal: true }),
  // Who may not read ratings may hear their average.
  secretive: get({
    select: { columns: ["id", "title"] },
    ...visible,
    aggregate: {
      columns: { columns: ["rating", "title"] },
      groupBy: { columns: ["authorId"] },
      minGroupSize: 2,
    },
  }),
  revealing: get({
    select: { columns: ["id"] },
    ...visible,
    aggregate: { functions: ["max", "count"], columns: { columns: ["rating"] } },
  }),
  counting: get({ ...articles, aggregate: { functions: ["count"] } }),
  hiding: get({
    select: { columns: ["id"] },
    ...visible,
    aggregate: { columns: { columns: ["rating"] }, minGroupSize: 2 },
  }),
  numbers: get({
    ...visible,
    with: relations,
    aggregate: { columns: { columns: ["rating"] }, groupBy: { columns: ["hidden"] } },
  }),
  masked: get({
    select: [
      { columns: ["id", "authorId"] },
      { columns: ["rating", "title"], when: (_: unknown, t: Any) => sql`${t.authorId} <> 3` },
    ],
    ...visible,
    aggregate: true,
  }),
  closed: get({
    select: true,
    aggregate: true,
    with: { author: { select: true, forbidQuery: { orderBy: true } } },
  }),
  told: get({
    ...articles,
    formatResult: (_: Request, { result, findFirst }: Any) => ({ result, findFirst }),
  }),
};

const query = (resource: string, aggregate: object, flags = ""): string =>
  `${resource}?aggregate=${encodeURIComponent(stringify(aggregate))}${flags}`;

everywhere(LIBRARY, acl, (place) => {
  let handle: QueryHandler;
  const ask = (resource: string, aggregate: object, flags?: string): Promise<Told> =>
    asked(handle, "GET", query(resource, aggregate, flags));
  const answer = async (...question: Parameters<typeof ask>): Promise<unknown> => {
    const { status, body } = await ask(...question);
    expect([status, body]).toEqual([200, expect.anything()]);
    return body;
  };
  const refusal = async (...question: Parameters<typeof ask>): Promise<unknown> => {
    const { status, body } = await ask(...question);
    return [status, body.code, body.path];
  };

  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
    handle = place.handler(acl);
  }, 60_000);

  describe("numbers about all rows", () => {
    test("are those of the rows that the rule admits", async () => {
      const all = { count: true, sum: { rating: true }, avg: { rating: true }, min: { title: true } };
      expect(await answer("articles", all)).toEqual({
        articles: { count: 5, sum: { rating: 13 }, avg: { rating: 13 / 3 }, min: { title: "Alpha" } },
      });
    });

    test("of columns, in their own form", async () => {
      const { body } = await ask("articles", {
        count: { rating: true, title: true },
        countDistinct: { rating: true, authorId: true },
        max: { createdAt: true, id: true },
        min: { createdAt: true, rating: true, hidden: true },
      });
      expect(body).toEqual({
        articles: {
          count: { rating: 3, title: 5 },
          countDistinct: { rating: 2, authorId: 3 },
          min: { createdAt: "2026-01-01T00:00:00.000Z", rating: 3, hidden: false },
          max: { createdAt: "2026-03-02T00:00:00.000Z", id: 6 },
        },
      });
    });

    test("come under a filter, through relations too", async () => {
      expect(await answer("articles", { count: true, where: { "author.name": "Ben" } })).toEqual({
        articles: { count: 2 },
      });
      expect(await answer("articles", { count: true, where: { "comments.count.gte": 2 } })).toEqual({
        articles: { count: 2 },
      });
    });

    test("of nothing are null, and counts 0", async () => {
      const none = { id: -1 };
      const all = { count: true, countDistinct: { id: true }, sum: { id: true }, max: { title: true } };
      expect(await answer("articles", { ...all, where: none })).toEqual({
        articles: { count: 0, countDistinct: { id: 0 }, sum: { id: null }, max: { title: null } },
      });
    });

    test("what is not wanted of a map is left out", async () => {
      expect(await answer("articles", { count: false, sum: { rating: true, id: false } })).toEqual({
        articles: { sum: { rating: 13 } },
      });
    });

    test("an entry's own `findFirst` and `countTotal` say nothing of them", async () => {
      expect(await answer("one", { count: true })).toEqual({ one: { count: 5 } });
      expect(await answer("one", { count: true, groupBy: ["hidden"] })).toEqual({
        count: 1,
        one: [{ group: { hidden: false }, count: 5 }],
      });
    });
  });

  describe("groups", () => {
    const groups = async (...question: Parameters<typeof ask>): Promise<unknown> => {
      const { status, body } = await ask(...question);
      const [resource] = question;
      expect([status, body.count]).toEqual([200, body[resource].length]);
      return body[resource].map(({ group, ...figures }: Any) => [
        ...Object.values(group),
        ...Object.values(figures),
      ]);
    };

    test("are told by what rows share, in its order", async () => {
      expect(await answer("articles", { count: true, groupBy: ["authorId"] })).toEqual({
        count: 3,
        articles: [
          { group: { authorId: 1 }, count: 1 },
          { group: { authorId: 2 }, count: 2 },
          { group: { authorId: 3 }, count: 2 },
        ],
      });
    });

    test("distinct values need no function", async () => {
      expect(await groups("articles", { groupBy: ["rating"] })).toEqual([[null], [3], [5]]);
    });

    test("by paths, under the rules of their relations", async () => {
      expect(await groups("articles", { count: true, groupBy: ["author.name"] })).toEqual([
        ["Ada", 1],
        ["Ben", 2],
        ["Cleo", 2],
      ]);
      expect(await groups("articles", { count: true, groupBy: ["author.mentor.name", "rating"] })).toEqual([
        [null, 5, 1],
        ["Ada", null, 2],
        ["Ada", 3, 1],
        ["Ada", 5, 1],
      ]);
      expect(await groups("articles", { count: true, groupBy: ["reviewer.name"] })).toEqual([
        [null, 2],
        ["Ada", 1],
        ["Ben", 1],
        ["Cleo", 1],
      ]);
    });

    test("of dates by stretches of time, by the clocks of a zone", async () => {
      expect(await groups("articles", { count: true, groupBy: ["createdAt.month"] })).toEqual([
        ["2026-01-01T00:00:00.000Z", 2],
        ["2026-02-01T00:00:00.000Z", 2],
        ["2026-03-01T00:00:00.000Z", 1],
      ]);
      expect(
        await groups("articles", { count: true, groupBy: ["createdAt.year"], timeZone: "-01:00" }),
      ).toEqual([
        ["2025-01-01T01:00:00.000Z", 1],
        ["2026-01-01T01:00:00.000Z", 4],
      ]);
      expect(await groups("articles", { groupBy: ["createdAt"], limit: 1 })).toEqual([
        ["2026-01-01T00:00:00.000Z"],
      ]);
    });

    test("zones by name, where the database knows them", async () => {
      const question = { groupBy: ["createdAt.month"], timeZone: "Europe/Berlin", limit: 1 };
      if (place.speaks === "postgresql")
        expect(await groups("articles", question)).toEqual([["2025-12-31T23:00:00.000Z"]]);
      else expect(await refusal("articles", question)).toEqual([400, "invalid-value", "aggregate.timeZone"]);
    });

    test("also by names that places had before, and as they are spelt", async () => {
      const told = async (timeZone: string): Promise<unknown> =>
        (await ask("articles", { groupBy: ["createdAt.day"], timeZone, limit: 1 })).status;
      const known = place.speaks === "postgresql" ? 200 : 400;
      for (const name of ["Asia/Kolkata", "Asia/Calcutta", "US/Eastern", "Etc/UTC", "GMT"])
        expect([name, await told(name)]).toEqual([name, known]);
      // The last two are the server's own names, and of no place.
      for (const name of ["europe/berlin", "+0200", "Europe/Nowhere", "localtime", "posix/Europe/Berlin"])
        expect([name, await told(name)]).toEqual([name, 400]);
    });

    test("are filtered by their figures", async () => {
      const by = (having: object): Promise<unknown> => groups("articles", { groupBy: ["authorId"], having });
      expect(await by({ count: 2 })).toEqual([[2], [3]]);
      expect(await by({ "count.gt": 1, "sum.rating.gte": 4 })).toEqual([[3]]);
      expect(await by({ "count.rating": 1 })).toEqual([[1], [2], [3]]);
      expect(await by({ "avg.rating.lt": 4.5 })).toEqual([[2]]);
      expect(await by({ "max.title.startsWith": "Z" })).toEqual([[3]]);
      expect(await by({ "max.createdAt.gt": "2026-02-10T00:00:00Z" })).toEqual([[3]]);
      expect(await by([{ "min.title": "Alpha" }, { NOT: { "countDistinct.rating.in": [1, 2] } }])).toEqual([
        [1],
      ]);
      expect(await by({ AND: [{ "min.hidden": false }, { "sum.id.between": [4, 10] }] })).toEqual([[2], [3]]);
    });

    test("are put in order by their figures, and by what they share at the end", async () => {
      const by = (orderBy: object): Promise<unknown> =>
        groups("articles", { count: true, groupBy: ["authorId"], orderBy });
      expect(await by({ count: "desc" })).toEqual([
        [2, 2],
        [3, 2],
        [1, 1],
      ]);
      expect(await by({ count: "desc", authorId: "desc" })).toEqual([
        [3, 2],
        [2, 2],
        [1, 1],
      ]);
      expect(await by({ "max.createdAt": -1 })).toEqual([
        [3, 2],
        [2, 2],
        [1, 1],
      ]);
      const ratings = (nulls: string): Promise<unknown> =>
        groups("articles", { groupBy: ["rating"], orderBy: { rating: { sort: "asc", nulls } } });
      expect(await ratings("last")).toEqual([[3], [5], [null]]);
      expect(await ratings("first")).toEqual([[null], [3], [5]]);
      expect(
        await groups("articles", { groupBy: ["author.name"], orderBy: { "author.name": "desc" } }),
      ).toEqual([["Cleo"], ["Ben"], ["Ada"]]);
    });

    test("come in pages; `more` says that the maximum left some out", async () => {
      const question = { groupBy: ["authorId"] };
      expect(await groups("articles", { ...question, limit: 1, offset: 1 })).toEqual([[2]]);
      expect((await ask("short", question)).body).toMatchObject({ count: 2, more: true });
      expect((await ask("short", { ...question, limit: 2 })).body.more).toBeUndefined();
      expect((await ask("short", { ...question, offset: 1 })).body).toEqual({
        count: 2,
        short: [{ group: { authorId: 2 } }, { group: { authorId: 3 } }],
      });
      expect(await refusal("short", { ...question, limit: 3 })).toEqual([
        400,
        "limit-exceeded",
        "aggregate.limit",
      ]);
      expect((await ask("bounded", { ...question, limit: 9 })).body).toMatchObject({ count: 3 });
      expect(await refusal("bounded", { ...question, offset: 3 })).toEqual([
        400,
        "limit-exceeded",
        "aggregate.offset",
      ]);
    });

    test("`countFiltered` counts all that are left, whatever the page", async () => {
      const question = { groupBy: ["authorId"], limit: 1, having: { "count.gt": 1 } };
      expect(await answer("articles", question, "&countFiltered")).toEqual({
        filtered: 2,
        count: 1,
        articles: [{ group: { authorId: 2 } }],
      });
      const beyond = await ask("articles", { ...question, offset: 5 }, "&countFiltered=T");
      expect(beyond.body).toEqual({ filtered: 2, count: 0, articles: [] });
    });
  });

  describe("what is permitted", () => {
    test("a rule that says nothing of numbers gives none", async () => {
      for (const resource of ["plain", "forbidden"])
        expect(await refusal(resource, { count: true })).toEqual([400, "capability-forbidden", "aggregate"]);
    });

    test("a rule without `select` gives numbers alone", async () => {
      expect(await answer("numbers", { count: true, sum: { rating: true } })).toEqual({
        numbers: { count: 5, sum: { rating: 13 } },
      });
      expect((await asked(handle, "GET", "numbers")).status).toBe(403);
      expect((await asked(handle, "GET", "numbers?select=(with:(author:T))")).status).toBe(403);
      expect((await ask("numbers", { count: true, groupBy: ["author.name"] })).body.count).toBe(3);
      expect(await refusal("numbers", { count: true, where: { rating: 5 } })).toEqual([
        400,
        "unknown-column",
        "aggregate.where",
      ]);
      const allow = await handle(new Request("http://local/query/numbers", { method: "OPTIONS" }));
      expect(allow.headers.get("allow")).toBe("OPTIONS, HEAD, GET, QUERY");
    });

    test("hidden columns are known to aggregates alone, as their rule says", async () => {
      expect(await answer("secretive", { avg: { rating: true }, groupBy: ["authorId"] })).toEqual({
        count: 2,
        secretive: [
          { group: { authorId: 2 }, avg: { rating: 3 } },
          { group: { authorId: 3 }, avg: { rating: 5 } },
        ],
      });
      expect(await refusal("secretive", { count: true, where: { rating: 5 } })).toEqual([
        400,
        "unknown-column",
        "aggregate.where",
      ]);
      expect((await asked(handle, "GET", "secretive?select=(where:(rating:5))")).body.code).toBe(
        "unknown-column",
      );
      const min = await refusal("secretive", { min: { rating: true } });
      expect(min).toEqual([400, "capability-forbidden", "aggregate.min.rating"]);
      expect((await ask("secretive", { min: { title: true } })).status).toBe(200);
      expect(await answer("revealing", { max: { rating: true } })).toEqual({
        revealing: { max: { rating: 5 } },
      });
      expect(await refusal("revealing", { sum: { rating: true } })).toEqual([
        400,
        "capability-forbidden",
        "aggregate.sum",
      ]);
      expect(await refusal("revealing", { max: { title: true } })).toEqual([
        400,
        "unknown-column",
        "aggregate.max",
      ]);
      expect(await refusal("revealing", { groupBy: ["rating"] })).toEqual([
        400,
        "unknown-column",
        "aggregate.groupBy.0",
      ]);
    });

    test("a filter and an order of groups are refused what the answer is", async () => {
      const refused = (resource: string, name: string): Promise<unknown> =>
        Promise.all([
          refusal(resource, { groupBy: ["id"], having: { [`${name}.gt`]: 1 } }),
          refusal(resource, { groupBy: ["id"], orderBy: { [name]: "asc" } }),
        ]).then((told) => told.map((one) => (one as unknown[]).join(" ")));
      const both = (code: string, name = ""): string[] =>
        ["having", "orderBy"].map((key) => `400 ${code} aggregate.${key}${name}`);
      expect(await refused("counting", "sum.rating")).toEqual(both("capability-forbidden"));
      expect(await refused("counting", "countDistinct.id")).toEqual(both("capability-forbidden"));
      expect(await refused("hiding", "max.rating")).toEqual(both("capability-forbidden", ".rating"));
      expect(await refused("articles", "sum.title")).toEqual(both("invalid-value", ".title"));
      expect(await refused("articles", "sum.nothing")).toEqual(both("unknown-column"));
      expect(await refused("hiding", "sum.hidden")).toEqual(both("unknown-column"));
      expect(await refused("articles", "nothing")).toEqual(both("unknown-column"));
    });

    test("what is too small a group says nothing", async () => {
      const all = { count: true, avg: { rating: true }, count2: undefined };
      const ungrouped = (id: number): Promise<unknown> =>
        answer("secretive", { count: all.count, avg: all.avg, where: { "id.gte": id } });
      expect(await ungrouped(4)).toEqual({ secretive: { count: 2, avg: { rating: 5 } } });
      expect(await ungrouped(5)).toEqual({ secretive: { count: null, avg: { rating: null } } });
      const groups = await ask("secretive", { count: true, groupBy: ["authorId"] }, "&countFiltered");
      expect(groups.body).toMatchObject({ filtered: 2, count: 2 });
    });

    test("masked columns count as their caller sees them", async () => {
      expect(
        await answer("masked", { count: { rating: true }, sum: { rating: true }, max: { title: true } }),
      ).toEqual({
        masked: { count: { rating: 2 }, sum: { rating: 8 }, max: { title: "Gamma" } },
      });
      expect((await ask("masked", { count: true, groupBy: ["title"] })).body.masked[0]).toEqual({
        group: { title: null },
        count: 2,
      });
    });

    test("what the rule forbids of questions", async () => {
      for (const [key, value] of Object.entries({
        where: { id: 1 },
        orderBy: { id: "asc" },
        limit: 1,
        offset: 1,
      }))
        expect(await refusal("narrow", { groupBy: ["id"], [key]: value })).toEqual([
          400,
          "capability-forbidden",
          `aggregate.${key}`,
        ]);
      expect(await refusal("closed", { groupBy: ["author.name"] })).toEqual([
        400,
        "capability-forbidden",
        "aggregate.groupBy.0",
      ]);
      expect(await refusal("demanding", { count: true })).toEqual([400, "limit-exceeded", "aggregate.where"]);
      expect((await ask("demanding", { count: true, where: { id: 1 } })).status).toBe(200);
    });

    test("limits hold", async () => {
      expect(await refusal("busy", { count: true })).toEqual([400, "too-complex", "aggregate"]);
      expect(await refusal("dear", { groupBy: ["id"], sum: { id: true, rating: true } })).toEqual([
        400,
        "too-complex",
        "aggregate",
      ]);
      expect(
        (await ask("dear", { groupBy: ["id"], sum: { id: true, rating: true }, limit: 75 })).status,
      ).toBe(200);
      expect(await refusal("shallow", { groupBy: ["author.mentor.name"] })).toEqual([
        400,
        "depth-exceeded",
        "aggregate.groupBy.0",
      ]);
    });
  });

  describe("mistakes", () => {
    const CASES: readonly (readonly [aggregate: object, code: string, path: string])[] = [
      [{}, "invalid-value", "aggregate"],
      [{ where: { id: 1 } }, "invalid-value", "aggregate"],
      [{ count: 3 }, "invalid-value", "aggregate.count"],
      [{ count: false }, "invalid-value", "aggregate"],
      [{ sum: true }, "invalid-value", "aggregate.sum"],
      [{ sum: ["id"] }, "invalid-value", "aggregate.sum"],
      [{ sum: {} }, "invalid-value", "aggregate.sum"],
      [{ sum: { id: 1 } }, "invalid-value", "aggregate.sum.id"],
      [{ sum: { title: true } }, "invalid-value", "aggregate.sum.title"],
      [{ avg: { createdAt: true } }, "invalid-value", "aggregate.avg.createdAt"],
      [{ sum: { nothing: true } }, "unknown-column", "aggregate.sum"],
      [{ total: true }, "invalid-value", "aggregate.total"],
      [{ count: true, having: { count: 1 } }, "invalid-value", "aggregate.having"],
      [{ count: true, orderBy: { count: 1 } }, "invalid-value", "aggregate.orderBy"],
      [{ count: true, limit: 1 }, "invalid-value", "aggregate.limit"],
      [{ count: true, timeZone: "UTC" }, "invalid-value", "aggregate.timeZone"],
      [{ groupBy: "title" }, "invalid-value", "aggregate.groupBy"],
      [{ groupBy: [] }, "invalid-value", "aggregate.groupBy"],
      [{ groupBy: ["title", 2] }, "invalid-value", "aggregate.groupBy.1"],
      [{ groupBy: ["title", "id", "title"] }, "invalid-value", "aggregate.groupBy.2"],
      [{ groupBy: ["nothing"] }, "unknown-column", "aggregate.groupBy.0"],
      [{ groupBy: ["author"] }, "invalid-value", "aggregate.groupBy.0"],
      [{ groupBy: ["comments.text"] }, "invalid-value", "aggregate.groupBy.0"],
      [{ groupBy: ["author.secret"] }, "unknown-column", "aggregate.groupBy.0"],
      [{ groupBy: ["author.name.month"] }, "invalid-value", "aggregate.groupBy.0"],
      [{ groupBy: ["createdAt.decade"] }, "invalid-value", "aggregate.groupBy.0"],
      [{ groupBy: ["title.month"] }, "invalid-value", "aggregate.groupBy.0"],
      [{ groupBy: ["id"], timeZone: "Mars/Olympus" }, "invalid-value", "aggregate.timeZone"],
      [{ groupBy: ["id"], timeZone: 2 }, "invalid-value", "aggregate.timeZone"],
      [{ groupBy: ["id"], limit: -1 }, "invalid-value", "aggregate.limit"],
      [{ groupBy: ["id"], orderBy: { title: "asc" } }, "unknown-column", "aggregate.orderBy"],
      [{ groupBy: ["id"], orderBy: { "sum.title": "asc" } }, "invalid-value", "aggregate.orderBy.title"],
      [{ groupBy: ["id"], orderBy: { sum: "asc" } }, "invalid-value", "aggregate.orderBy"],
      [{ groupBy: ["id"], having: { title: "x" } }, "unknown-column", "aggregate.having"],
      [{ groupBy: ["id"], having: { "sum.id": "x" } }, "invalid-value", "aggregate.having.sum.id"],
      [{ groupBy: ["id"], having: { "count.nearly": 1 } }, "unknown-operator", "aggregate.having"],
      [{ groupBy: ["id"], having: { "sum.id.like": "1%" } }, "unknown-operator", "aggregate.having"],
      [{ groupBy: ["id"], having: {} }, "invalid-value", "aggregate.having"],
      [{ groupBy: ["id"], having: 3 }, "invalid-value", "aggregate.having"],
      [{ count: true, where: { nothing: 1 } }, "unknown-column", "aggregate.where"],
    ];
    test.each(CASES.map((one) => [stringify(one[0]), ...one] as const))(
      "%s",
      async (_, wish, code, where) => {
        const { status, body } = await ask("articles", wish);
        expect([status, body.code, body.path]).toEqual([400, code, where]);
        expect(body.error).toBeString();
      },
    );

    test("text that is none", async () => {
      for (const [text, code] of [
        ["(count:", "invalid-syntax"],
        ["", "invalid-value"],
        ["_(1)_", "invalid-value"],
      ])
        expect((await asked(handle, "GET", `articles?aggregate=${text}`)).body.code).toBe(code);
    });

    test("what is said of rows does not go with it", async () => {
      for (const flag of ["select=(limit:1)", "findFirst", "countTotal=F", "cursor", "can"]) {
        const { body } = await ask("articles", { count: true }, `&${flag}`);
        expect([body.code, body.path]).toEqual(["unknown-parameter", flag.replace(/=.*/, "")]);
      }
      expect(await refusal("articles", { count: true }, "&countFiltered")).toEqual([
        400,
        "invalid-value",
        "countFiltered",
      ]);
      const { body } = await asked(handle, "PATCH", query("articles", { count: true }), {});
      expect(body.code).not.toBeUndefined();
    });
  });

  test("a formatter is handed them as it is handed rows", async () => {
    expect(await answer("told", { count: true })).toEqual({
      result: { rows: { count: 5 } },
      findFirst: false,
    });
    expect(await answer("told", { count: true, groupBy: ["hidden"] })).toEqual({
      result: { count: 1, rows: [{ group: { hidden: false }, count: 5 }] },
      findFirst: false,
    });
  });

  test("an answer has its ETag, and HEAD is one without it", async () => {
    const address = `http://local/query/${query("articles", { count: true })}`;
    const first = await handle(new Request(address));
    const etag = first.headers.get("etag")!;
    const same = await handle(new Request(address, { headers: { "if-none-match": etag } }));
    expect(same.status).toBe(304);
    const head = await handle(new Request(address, { method: "HEAD" }));
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, etag, ""]);
  });

  test("hooks see them, in a transaction", async () => {
    const seen: unknown[] = [];
    const hooked = createQueryHandler({
      acl: {
        articles: get({
          ...articles,
          beforeQuery: ({ tx }: Any) => void seen.push(typeof tx),
          afterQuery: ({ result }: Any) => void seen.push(result),
        }),
      } as never,
      database: place.database,
      schema: place.schema,
      reader: place.reader,
      onWarning: () => undefined,
    });
    const { body } = await asked(hooked, "GET", query("articles", { count: true }));
    expect(body).toEqual({ articles: { count: 5 } });
    expect(seen).toEqual(["object", { rows: { count: 5 } }]);
  });

  test("nothing became a 500", () => expect(place.errors).toEqual([]));
});
