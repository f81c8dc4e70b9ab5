import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InferApi } from "@bepalo/query";
import { ClientError, createQueryClient } from "@bepalo/query/client";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
import {
  hashKey,
  InfiniteQueryObserver,
  MutationObserver,
  QueryClient,
  QueryObserver,
} from "@tanstack/query-core";
import { expectTypeOf } from "expect-type";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";

const open = { all: { select: true, where: () => true } } as const;
const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          aggregate: true,
          with: { author: { select: { columns: ["name"] } }, comments: true },
        },
      },
      POST: open,
      PATCH: open,
      DELETE: open,
    },
  },
  authors: { table: "author", control: { GET: { all: { select: { columns: ["id", "name"] } } } } },
} satisfies TestACL;
type Api = InferApi<typeof acl, Schema>;

let app: App;
let queries: ReturnType<typeof queryOptions<Api>>;
let mutations: ReturnType<typeof mutationOptions<Api>>;
const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
beforeAll(async () => {
  app = await serve(acl);
  const api = createQueryClient<Api>(new URL(app.url).origin);
  queries = queryOptions(api);
  mutations = mutationOptions(api);
});
afterAll(() => {
  cache.clear();
  return app.close();
});

describe("queries", () => {
  test("answer what was asked", async () => {
    const { articles } = await cache.fetchQuery(
      queries.get("articles", {
        columns: { title: true },
        orderBy: { id: 1 },
        limit: 1,
        with: { author: true },
      }),
    );
    expectTypeOf(articles).toEqualTypeOf<{ title: string; author: { name: string } }[]>();
    expect(articles).toEqual([{ title: "Alpha", author: { name: "Ada" } }]);
    const first = await cache.fetchQuery(queries.first("authors", { where: { id: 2 } }));
    expectTypeOf(first).toEqualTypeOf<{ authors: { id: number; name: string } | null }>();
    expect(first.authors?.name).toBe("Ben");
  });

  test("answer numbers", async () => {
    const query = queries.aggregate("articles", { count: true, groupBy: ["published"] });
    const { articles } = await cache.fetchQuery(query);
    expect(articles).toEqual([
      { group: { published: false }, count: 2 },
      { group: { published: true }, count: 4 },
    ]);
    expect(query.queryKey.slice(0, 3)).toEqual(["query", "articles", "aggregate"]);
  });

  test("answer pages, forth and back", async () => {
    const question = { columns: { id: true }, orderBy: { id: 1 } } as const;
    const { page } = await cache.fetchQuery(queries.get("articles", { ...question, cursor: true, limit: 1 }));
    const query = queries.pages("articles", { ...question, limit: 2, after: page.next! });
    const observer = new InfiniteQueryObserver(cache, query);
    const stop = observer.subscribe(() => undefined);
    const seen = (): string[][] =>
      observer.getCurrentResult().data?.pages.map(({ articles }) => articles.map(({ id }) => id)) ?? [];
    await observer.refetch();
    expect(seen()).toEqual([["a2", "a3"]]);
    await observer.fetchNextPage();
    expect(seen()[1]).toEqual(["a4", "a5"]);
    await observer.fetchNextPage();
    expect(seen()[2]).toEqual(["a6"]);
    expect(observer.getCurrentResult().hasNextPage).toBe(false);
    await observer.fetchPreviousPage();
    expect(seen()[0]).toEqual(["a1"]);
    expect(observer.getCurrentResult().hasPreviousPage).toBe(false);
    stop();
  });

  test("give their types to an observer", () => {
    const observer = new QueryObserver(cache, {
      ...queries.get("authors", { columns: { name: true } }),
      select: ({ authors }) => authors.map(({ name }) => name.length),
    });
    expectTypeOf(observer.getCurrentResult().data).toEqualTypeOf<number[] | undefined>();
  });

  test("fail as the client does", async () => {
    const hidden = queries.get("authors", { columns: { secret: true } } as never);
    expect(await cache.fetchQuery(hidden).catch((error: unknown) => error)).toBeInstanceOf(ClientError);
  });

  test("are cancelled with the query", async () => {
    const signals: AbortSignal[] = [];
    const slow = createQueryClient<Api>("http://api.example", {
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signals.push(signal!);
          signal!.addEventListener("abort", () => reject(signal!.reason as Error));
        }),
    });
    const options = queryOptions(slow, "slow").get("articles");
    const call = cache.fetchQuery(options).catch((error: unknown) => error);
    await cache.cancelQueries({ queryKey: ["slow"] });
    await call;
    expect(signals[0]?.aborted).toBe(true);
  });

  test("refuse names that are not there", () => {
    // @ts-expect-error the rule hides it
    queries.get("authors", { columns: { secret: true } });
    // @ts-expect-error there is no such resource
    queries.get("people");
  });
});

describe("keys", () => {
  const at = new Date(5);

  test("are the same for the same question in another order", () => {
    const one = queries.get("articles", {
      mine: undefined,
      countTotal: true,
      columns: { id: true, title: true },
      where: { id: "a1", "views.gt": 5, OR: [{ createdAt: at }, { title: "x" }] },
      with: { author: true, comments: { where: { hidden: false, id: 1 }, limit: 1 } },
    });
    const other = queries.get("articles", {
      with: { comments: { limit: 1, where: { id: 1, hidden: false } }, author: true },
      where: { OR: [{ createdAt: "1970-01-01T00:00:00.005Z" }, { title: "x" }], "views.gt": 5, id: "a1" },
      columns: { title: true, id: true },
      countTotal: true,
    });
    expect(JSON.stringify(one.queryKey)).toBe(JSON.stringify(other.queryKey));
    expect(hashKey(one.queryKey)).toBe(hashKey(other.queryKey));
  });

  test.each([
    ["another resource", () => queries.get("authors", {})],
    ["another method", () => queries.first("articles", {})],
    ["another order of keys to sort by", () => queries.get("articles", { orderBy: { title: 1, id: 1 } })],
    ["that order reversed", () => queries.get("articles", { orderBy: { id: 1, title: 1 } })],
    [
      "that order in a relation",
      () => queries.get("articles", { with: { comments: { orderBy: { id: 1, text: 1 } } } }),
    ],
    [
      "that one reversed",
      () => queries.get("articles", { with: { comments: { orderBy: { text: 1, id: 1 } } } }),
    ],
    ["a list in another order", () => queries.get("articles", { where: { "id.between": ["a", "b"] } })],
    ["that list reversed", () => queries.get("articles", { where: { "id.between": ["b", "a"] } })],
    ["a condition that went missing", () => queries.get("articles", { where: { id: undefined } } as never)],
    ["a condition that is null", () => queries.get("articles", { where: { id: null } })],
    ["no condition", () => queries.get("articles", { where: {} })],
    ["no question", () => queries.get("articles")],
    ["pages", () => queries.pages("articles")],
    ["numbers", () => queries.aggregate("articles", { groupBy: ["id", "title"] })],
    ["groups by other names first", () => queries.aggregate("articles", { groupBy: ["title", "id"] })],
  ])("differ for %s", (_name, make) => {
    const hash = hashKey(make().queryKey);
    expect(seen.has(hash)).toBe(false);
    seen.add(hash);
  });
  const seen = new Set<string>();

  test("hold big integers and bytes", () => {
    const where = { "views.in": [1n], cover: new Uint8Array([1, 2, 255]) } as never;
    expect(queries.get("articles", { where }).queryKey[3]).toEqual({
      where: { cover: "AQL/", "views.in": ["1"] },
    });
  });

  test("of a resource begin alike, so that it can be refreshed as a whole", async () => {
    const list = queries.get("articles", { columns: { id: true } });
    const row = queries.first("articles", { columns: { id: true } });
    const other = queries.get("authors");
    for (const options of [list, row, other]) await cache.fetchQuery(options as typeof list);
    await cache.invalidateQueries({ queryKey: queries.key("articles") });
    const stale = (key: readonly unknown[]) => cache.getQueryState(key)?.isInvalidated;
    expect([stale(list.queryKey), stale(row.queryKey), stale(other.queryKey)]).toEqual([true, true, false]);
    expect(queries.key()).toEqual(["query"]);
  });
});

describe("mutations", () => {
  const run = async <V, D>(options: { mutationFn: (variables: V) => Promise<D> }, variables: V): Promise<D> =>
    new MutationObserver<D, Error, V>(cache, options).mutate(variables);

  test("create, change and delete", async () => {
    const made = await run(mutations.post("articles", { columns: { id: true } }), {
      authorId: 1,
      title: "New",
    });
    const { id } = made.articles[0]!;
    const changed = await run(mutations.patch("articles", { columns: { title: true } }), {
      where: { id },
      body: { title: "Newer" },
    });
    expectTypeOf(changed.articles).toEqualTypeOf<{ title: string }[]>();
    expect(changed.articles).toEqual([{ title: "Newer" }]);
    const gone = await run(mutations.delete("articles", { columns: false }), { where: { id } });
    expect(gone).toEqual({ count: 1, rowsAffected: 1 });
    expect(mutations.post("articles").mutationKey).toEqual(["query", "articles", "post"]);
  });

  test("that change rows want to be told which", async () => {
    const remove = mutations.delete("articles");
    // @ts-expect-error without a filter every row would go
    expect(await run(remove, {}).catch((error: unknown) => error)).toMatchObject({ code: "invalid-value" });
    // @ts-expect-error the filter is said when it is called
    mutations.delete("articles", { where: { id: "a1" } });
    // @ts-expect-error nobody may delete authors
    mutations.delete("authors");
  });
});
