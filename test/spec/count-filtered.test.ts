import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { Dialect, QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const comments = { select: true, ...visible } as const;
const articles = { select: true, ...visible, with: { comments, author: { select: true } } } as const;

const acl = {
  articles: { table: "article", control: { GET: { all: articles } } },
  short: { table: "article", maxLimit: 2, control: { GET: { all: articles } } },
  // What is compared is another for each caller, and stands in the statement more than once.
  owned: {
    table: "article",
    maxLimit: 2,
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id", "authorId"] },
            { columns: ["title"], when: ({ me }: Any, t: Any) => sql`${t.authorId} <> ${me}` },
          ],
          where: ({ me }: Any, t: Any, { gte }: Any) => gte(t.authorId, me),
        },
      },
    },
  },
  one: { table: "article", findFirst: true, control: { GET: { all: articles } } },
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
      GET: {
        all: { ...articles, formatResult: (_: Request, { result }: Any) => ({ ...result, rows: null }) },
      },
    },
  },
};

const session = { parser: (_: Request, context: object) => void Object.assign(context, { me: 2 }) };

everywhere(LIBRARY, acl, (place) => {
  let handle: QueryHandler;
  let statements: string[] = [];
  const get = (resource: string, selector?: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  const numbers = async (resource: string, selector?: object, flags = "countFiltered"): Promise<unknown> => {
    const { status, body } = await get(resource, selector, flags);
    return [status, body.filtered, body.count, body.total];
  };

  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
    handle = place.handler(acl, {
      session,
      dialect: (_, found) => counting(found(), (text) => statements.push(text)),
    });
  }, 60_000);

  describe("countFiltered", () => {
    test("counts what the client's filter leaves, whatever the page", async () => {
      expect(await numbers("articles")).toEqual([200, 5, 5, undefined]);
      expect(await numbers("articles", { where: { rating: 5 } })).toEqual([200, 2, 2, undefined]);
      expect(await numbers("articles", { limit: 2 })).toEqual([200, 5, 2, undefined]);
      expect(await numbers("articles", { limit: 5 })).toEqual([200, 5, 5, undefined]);
      expect(await numbers("articles", { limit: 2, offset: 4 })).toEqual([200, 5, 1, undefined]);
      expect(await numbers("articles", { limit: 2, offset: 3 })).toEqual([200, 5, 2, undefined]);
      expect(await numbers("articles", { where: { rating: 5 }, limit: 1, offset: 1 })).toEqual([
        200,
        2,
        1,
        undefined,
      ]);
      expect(await numbers("short", { where: { "rating.isNotNull": true } })).toEqual([200, 3, 2, undefined]);
    });

    test("also where the page has no rows", async () => {
      expect(await numbers("articles", { limit: 0 })).toEqual([200, 5, 0, undefined]);
      expect(await numbers("articles", { offset: 9 })).toEqual([200, 5, 0, undefined]);
      expect(await numbers("articles", { where: { title: "Nothing" } })).toEqual([200, 0, 0, undefined]);
    });

    test("never a row that the rule hides", async () => {
      expect(await numbers("articles", { where: { title: "Epsilon" } })).toEqual([200, 0, 0, undefined]);
      expect(await numbers("articles", { where: { "id.gte": 4 }, limit: 1 })).toEqual([200, 2, 1, undefined]);
    });

    test("beside the total, which the filter does not change", async () => {
      const both = "countTotal&countFiltered";
      expect(await numbers("articles", { where: { rating: 5 }, limit: 1 }, both)).toEqual([200, 2, 1, 5]);
      expect(await numbers("articles", { where: { rating: 5 } }, "countTotal")).toEqual([
        200,
        undefined,
        2,
        5,
      ]);
      expect(await numbers("articles", { offset: 9 }, both)).toEqual([200, 5, 0, 5]);
    });

    test("through relations, under their own rules", async () => {
      expect(await numbers("articles", { where: { comments: { text: "nice" } }, limit: 1 })).toEqual([
        200,
        3,
        1,
        undefined,
      ]);
      expect(await numbers("articles", { where: { "comments.none": true } })).toEqual([200, 1, 1, undefined]);
      expect(await numbers("articles", { where: { "author.name": "Ben" }, limit: 1 })).toEqual([
        200,
        2,
        1,
        undefined,
      ]);
    });

    test("with `columns:F`, in whatever order", async () => {
      const { status, body } = await get(
        "short",
        { columns: false, orderBy: { title: "desc" } },
        "countFiltered",
      );
      expect([status, body]).toEqual([200, { filtered: 5, count: 2 }]);
      const both = await get("short", { columns: false, where: { rating: 5 } }, "countFiltered&countTotal");
      expect(both.body).toEqual({ total: 5, filtered: 2, count: 2 });
    });

    test("for each caller what he sees, be it masked or not", async () => {
      expect(await numbers("owned")).toEqual([200, 5, 2, undefined]);
      expect(await numbers("owned", { where: { "title.gte": "A" } })).toEqual([200, 3, 2, undefined]);
      expect(await numbers("owned", { where: { NOT: { title: "Delta" } } })).toEqual([200, 2, 2, undefined]);
    });

    test("rows, also where one row is made of them", async () => {
      const { status, body } = await get("sums", { columns: { rows: true } }, "countFiltered");
      expect([status, body]).toEqual([200, { filtered: 5, count: 1, sums: [{ rows: 5 }] }]);
    });

    test("a flag like others", async () => {
      expect(await numbers("articles", undefined, "countFiltered=F")).toEqual([200, undefined, 5, undefined]);
      expect(await numbers("articles", undefined, "countFiltered=T")).toEqual([200, 5, 5, undefined]);
      const { status, body } = await get("articles", undefined, "countFiltered=2");
      expect([status, body.code, body.path]).toEqual([400, "invalid-value", "countFiltered"]);
    });

    test("is refused where one row is asked for", async () => {
      for (const [resource, flags] of [
        ["articles", "findFirst&countFiltered"],
        ["one", "countFiltered"],
      ] as const)
        expect(await get(resource, undefined, flags)).toEqual({
          status: 400,
          body: {
            error: "one row is no list to count",
            code: "invalid-value",
            path: "countFiltered",
            hint: "leave `countFiltered` out",
          },
        });
      expect((await get("one", undefined, "countFiltered=F")).status).toBe(200);
    });

    test("is none of a write's", async () => {
      const { status, body } = await asked(handle, "DELETE", "articles?countFiltered");
      expect([status, body.code, body.path]).toEqual([400, "unknown-parameter", "countFiltered"]);
    });

    test("is in what formatters are handed", async () => {
      const { body } = await get("told", { where: { "id.gt": 1 } }, "countFiltered&countTotal");
      expect([body.total, body.filtered, body.count]).toEqual([5, 4, 2]);
    });

    test("stands between the total and the count", async () => {
      const response = await handle(
        new Request(`http://local/query/${path("articles", { limit: 0 }, "countTotal&countFiltered")}`),
      );
      expect(await response.text()).toBe('{"total":5,"filtered":5,"count":0,"articles":[]}');
    });

    test("has an ETag that changes with it, and none for HEAD that differs", async () => {
      const at = `http://local/query/${path("articles", { where: { rating: 5 }, limit: 1 }, "countFiltered")}`;
      const [get1, head] = [await handle(new Request(at)), await handle(new Request(at, { method: "HEAD" }))];
      expect(head.headers.get("etag")).toBe(get1.headers.get("etag"));
      const again = await handle(
        new Request(at, { headers: { "if-none-match": get1.headers.get("etag")! } }),
      );
      expect(again.status).toBe(304);
    });
  });

  if (place.reader === "fast")
    test("it is one statement, whatever is asked", async () => {
      for (const [resource, selector, flags] of [
        ["articles", { where: { rating: 5 } }, "countFiltered&countTotal"],
        ["short", { offset: 1, with: { comments: true } }, "countFiltered"],
        ["owned", { where: { "title.gte": "A" } }, "countFiltered"],
        ["short", { columns: false }, "countFiltered"],
      ] as const) {
        statements = [];
        expect((await get(resource, selector, flags)).status).toBe(200);
        expect(statements.length).toBe(1);
      }
    });
  else
    test("the portable reader asks once more only where no row says it", async () => {
      expect((await get("articles", { limit: 1 }, "countFiltered")).body.filtered).toBe(5);
    });
});

/** A dialect that tells of the statements of the fast reader. */
function counting(inner: Dialect, told: (text: string) => unknown): Dialect {
  return new Proxy(inner, {
    get(target, name) {
      if (name === "lane") return undefined;
      if (name === "query")
        return (...args: Parameters<Dialect["query"]>) => (told(args[1]), target.query(...args));
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
