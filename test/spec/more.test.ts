import { beforeAll, describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Tables, type Told } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

// A table with a column that is called as what would be said of its rows.
const odd = {
  sqlite: {
    odd: lite.sqliteTable("odd", { id: lite.integer().primaryKey(), $more: lite.integer("more") }),
    even: lite.sqliteTable("even", { id: lite.integer().primaryKey(), oddId: lite.integer("odd_id") }),
  },
  postgresql: {
    odd: pg.pgTable("odd", { id: pg.integer().primaryKey(), $more: pg.integer("more") }),
    even: pg.pgTable("even", { id: pg.integer().primaryKey(), oddId: pg.integer("odd_id") }),
  },
};
const oddRelations = ({ odd, even }: Any) => ({
  oddRelations: relations(odd, ({ many }) => ({ evens: many(even) })),
  evenRelations: relations(even, ({ one }) => ({
    odd: one(odd, { fields: [even.oddId], references: [odd.id] }),
  })),
});
const TABLES: Tables = {
  sqlite: { ...LIBRARY.sqlite, ...odd.sqlite, ...oddRelations(odd.sqlite) },
  postgresql: { ...LIBRARY.postgresql, ...odd.postgresql, ...oddRelations(odd.postgresql) },
};

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const comments = { select: { mode: true, columns: ["id"] }, maxLimit: 1, ...visible } as const;
const articles = {
  select: { mode: true, columns: ["id"] },
  maxLimit: 1,
  ...visible,
  with: { comments },
} as const;
const ids = { select: { mode: true, columns: ["id"] } } as const;

const acl = {
  articles: { table: "article", control: { GET: { all: { ...ids, ...visible } } } },
  short: { table: "article", maxLimit: 2, control: { GET: { all: { ...ids, ...visible } } } },
  none: { table: "article", maxLimit: 0, control: { GET: { all: { ...ids, ...visible } } } },
  all: { table: "article", maxLimit: null, control: { GET: { all: { ...ids, ...visible } } } },
  capped: {
    table: "article",
    maxLimit: 2,
    control: { GET: { all: { ...ids, ...visible, onSurpassMaxLimit: "Limit" } } },
  },
  texts: {
    table: "comment",
    maxLimit: 2,
    control: { GET: { all: { ...ids, extras: { said: sql<string>`'~more'`.as("said") } } } },
  },
  sums: {
    table: "article",
    maxLimit: 1,
    control: {
      GET: { all: { select: false, ...visible, extras: { rows: sql<number>`count(*)`.as("rows") } } },
    },
  },
  told: {
    table: "article",
    maxLimit: 2,
    control: {
      GET: { all: { ...ids, ...visible, formatResult: (_: Request, { result }: Any) => ({ ...result }) } },
    },
  },
  authors: {
    table: "author",
    control: {
      GET: { all: { ...ids, with: { articles, mentor: { ...ids, with: { articles } } } } },
      PATCH: { all: { ...ids, where: () => true, with: { articles } } },
    },
  },
  empty: {
    table: "author",
    control: { GET: { all: { ...ids, with: { articles: { ...articles, maxLimit: 0 } } } } },
  },
  // The texts of rows look as what a list that is cut says of itself.
  lookalikes: {
    table: "author",
    control: {
      GET: {
        all: {
          ...ids,
          extras: { said: sql<string>`'~more'`.as("said") },
          with: { articles: { ...articles, maxLimit: 3, extras: { said: sql<string>`'~more'`.as("said") } } },
        },
      },
    },
  },
  masked: {
    table: "author",
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id"] },
            { columns: ["name"], when: (_: unknown, t: Any, { eq }: Any) => eq(t.id, 1) },
          ],
          with: { articles },
        },
      },
    },
  },
  odd: {
    table: "odd",
    maxLimit: 1,
    control: { GET: { all: { select: true, with: { evens: { ...ids, maxLimit: 1 } } } } },
  },
};

everywhere(TABLES, acl, (place) => {
  let handle: QueryHandler;
  const warnings: string[] = [];
  const get = (resource: string, selector?: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  /** The ids of the rows, and whether they are all. */
  const page = async (resource: string, selector?: object, flags?: string): Promise<unknown> => {
    const { status, body } = await get(resource, selector, flags);
    expect(status).toBe(200);
    expect(body.count).toBe(body[resource].length);
    return [body[resource].map(({ id }: Any) => id), body.more];
  };

  beforeAll(async () => {
    if (place.reader === "fast") {
      await fillLibrary(place);
      await place.run("insert into odd values (1, 7), (2, 8)");
      await place.run("insert into even values (1, 1), (2, 1)");
    }
    handle = place.handler(acl, { onWarning: (warning) => void warnings.push(warning) });
  }, 60_000);

  describe("a list that a maximum cut short", () => {
    test("says so", async () => {
      expect(await page("short")).toEqual([[1, 2], true]);
      expect(await page("short", { where: { "id.gt": 1 } })).toEqual([[2, 3], true]);
      expect(await page("short", { offset: 2 })).toEqual([[3, 4], true]);
      expect(await page("short", { orderBy: { id: "desc" } })).toEqual([[6, 4], true]);
      expect(await page("texts")).toEqual([[1, 2], true]);
    });

    test("says nothing where it is whole, full or not", async () => {
      expect(await page("articles")).toEqual([[1, 2, 3, 4, 6], undefined]);
      expect(await page("all")).toEqual([[1, 2, 3, 4, 6], undefined]);
      // The fifth is hidden.
      expect(await page("short", { where: { "id.in": [4, 5, 6] } })).toEqual([[4, 6], undefined]);
      expect(await page("short", { where: { "id.in": [5, 6] } })).toEqual([[6], undefined]);
      expect(await page("short", { where: { id: 1 } })).toEqual([[1], undefined]);
      expect(await page("short", { where: { id: 5 } })).toEqual([[], undefined]);
      expect(await page("short", { offset: 3 })).toEqual([[4, 6], undefined]);
      expect(await page("short", { offset: 4 })).toEqual([[6], undefined]);
      expect(await page("short", { offset: 9 })).toEqual([[], undefined]);
    });

    test("says nothing where the client named a limit", async () => {
      expect(await page("short", { limit: 2 })).toEqual([[1, 2], undefined]);
      expect(await page("short", { limit: 1 })).toEqual([[1], undefined]);
      expect(await page("capped", { limit: 3 })).toEqual([[1, 2], undefined]);
      expect(await page("capped")).toEqual([[1, 2], true]);
    });

    test("beside the numbers of rows", async () => {
      const { body } = await get("short", { where: { "id.gt": 1 } }, "countTotal&countFiltered");
      expect(body).toEqual({ total: 5, filtered: 4, count: 2, more: true, short: [{ id: 2 }, { id: 3 }] });
    });

    test("says so without any row, where none may come", async () => {
      expect((await get("none")).body).toEqual({ count: 0, more: true, none: [] });
      expect((await get("none", { where: { id: 5 } })).body).toEqual({ count: 0, none: [] });
    });

    test("nor where there is no list", async () => {
      expect((await get("short", undefined, "findFirst")).body).toEqual({ short: { id: 1 } });
      expect((await get("short", { columns: false })).body).toEqual({ count: 2 });
      expect((await get("sums")).body).toEqual({ count: 1, sums: [{ rows: 5 }] });
    });

    test("and formatters hear of it", async () => {
      expect((await get("told")).body).toEqual({ count: 2, more: true, rows: [{ id: 1 }, { id: 2 }] });
      expect((await get("told", { limit: 2 })).body).toEqual({ count: 2, rows: [{ id: 1 }, { id: 2 }] });
    });
  });

  describe("a row of which a maximum cut lists short", () => {
    test("names them", async () => {
      const { body } = await get("authors", { with: { articles: true } });
      expect(body).toEqual({
        count: 4,
        authors: [
          { id: 1, articles: [{ id: 1 }] },
          { id: 2, articles: [{ id: 2 }], $more: ["articles"] },
          { id: 3, articles: [{ id: 4 }], $more: ["articles"] },
          { id: 4, articles: [] },
        ],
      });
    });

    test("by their aliases, and those only for which nobody named a limit", async () => {
      const { body } = await get("authors", {
        where: { "id.in": [1, 3] },
        with: {
          some: { relation: "articles" },
          one: { relation: "articles", limit: 1 },
          last: { relation: "articles", offset: 1 },
          late: { relation: "articles", where: { "id.gt": 4 } },
        },
      });
      expect(body.authors).toEqual([
        { id: 1, some: [{ id: 1 }], one: [{ id: 1 }], last: [], late: [] },
        { id: 3, some: [{ id: 4 }], one: [{ id: 4 }], last: [{ id: 6 }], late: [{ id: 6 }], $more: ["some"] },
      ]);
    });

    test("at any level, beside numbers", async () => {
      const { body } = await get("authors", {
        where: { "id.in": [2, 3] },
        with: {
          articles: { orderBy: { id: "desc" }, count: { comments: true }, with: { comments: true } },
          mentor: { with: { articles: { with: { comments: true } } } },
        },
      });
      const mentor = { id: 1, articles: [{ id: 1, comments: [{ id: 1 }] }] };
      expect(body.authors).toEqual([
        { id: 2, articles: [{ id: 3, comments: [], _count: { comments: 0 } }], mentor, $more: ["articles"] },
        {
          id: 3,
          articles: [{ id: 6, comments: [{ id: 7 }], $more: ["comments"], _count: { comments: 2 } }],
          mentor,
          $more: ["articles"],
        },
      ]);
      // Members come in one order, whoever reads.
      expect(Object.keys(body.authors[1].articles[0]).slice(-3)).toEqual(["comments", "_count", "$more"]);
    });

    test("three relations deep", async () => {
      const { body } = await get("authors", {
        where: { id: 4 },
        with: { mentor: { with: { articles: { where: { "id.gt": 3 }, with: { comments: true } } } } },
      });
      const deep = await get("authors", {
        where: { id: 4 },
        with: { mentor: { with: { articles: { orderBy: { id: "desc" }, with: { comments: true } } } } },
      });
      expect(body.authors[0].mentor).toEqual({
        id: 3,
        articles: [{ id: 4, comments: [{ id: 6 }] }],
        $more: ["articles"],
      });
      expect(deep.body.authors[0].mentor).toEqual({
        id: 3,
        articles: [{ id: 6, comments: [{ id: 7 }], $more: ["comments"] }],
        $more: ["articles"],
      });
    });

    test("where one row is asked for, and on the one row of a relation", async () => {
      const first = await get(
        "authors",
        { where: { id: 3 }, with: { articles: { with: { comments: true }, where: { id: 6 } } } },
        "findFirst",
      );
      expect(first.body).toEqual({
        authors: { id: 3, articles: [{ id: 6, comments: [{ id: 7 }], $more: ["comments"] }] },
      });
      await place.run("update authors set mentor_id = 2 where id = 1");
      const { body } = await get("authors", {
        where: { id: 1 },
        with: { mentor: { with: { articles: true } } },
      });
      await place.run("update authors set mentor_id = null where id = 1");
      expect(body.authors).toEqual([
        { id: 1, mentor: { id: 2, articles: [{ id: 2 }], $more: ["articles"] } },
      ]);
    });

    test("where no row of it may come", async () => {
      const { body } = await get("empty", {
        where: { "id.in": [1, 4] },
        with: { articles: { with: { comments: true } } },
      });
      expect(body.empty).toEqual([
        { id: 1, articles: [], $more: ["articles"] },
        { id: 4, articles: [] },
      ]);
    });

    test("beside what else is said of it", async () => {
      const { body } = await get("masked", { where: { id: 2 }, with: { articles: true } }, "can");
      expect(body.masked).toEqual([
        {
          id: 2,
          name: null,
          articles: [{ id: 2 }],
          $masked: ["name"],
          $more: ["articles"],
          $can: {},
        },
      ]);
    });

    test("in the answer of a write", async () => {
      const { body } = await asked(
        handle,
        "PATCH",
        path("authors", { where: { id: 2 }, with: { articles: true } }),
        {
          name: "Ben",
        },
      );
      expect(body).toEqual({
        rowsAffected: 1,
        count: 1,
        authors: [{ id: 2, articles: [{ id: 2 }], $more: ["articles"] }],
      });
    });

    test("whatever texts look like", async () => {
      const { body } = await get("lookalikes", { with: { articles: { with: { comments: true } } } });
      expect(body.lookalikes.slice(2)).toEqual([
        {
          id: 3,
          said: "~more",
          articles: [
            { id: 4, said: "~more", comments: [{ id: 6 }] },
            { id: 6, said: "~more", comments: [{ id: 7 }], $more: ["comments"] },
          ],
        },
        { id: 4, said: "~more", articles: [] },
      ]);
    });

    test("not where a column is called so, of which the start tells", async () => {
      const { body } = await get("odd", { with: { evens: true } });
      expect(body).toEqual({ count: 1, more: true, odd: [{ id: 1, $more: 7, evens: [{ id: 1 }] }] });
      expect(warnings.filter((warning) => warning.includes("$more"))).toEqual([
        expect.stringContaining("acl.odd.control.GET.all: odd has something called `$more`"),
      ]);
    });
  });

  test("nothing fails", () => expect(place.errors).toEqual([]));
});
