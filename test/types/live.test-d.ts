// Answers that are kept true are typed as those that are asked once. Checked by the compiler, never run.
import type { InferApi } from "@bepalo/query";
import { type ClientError, createQueryClient, type RowOf } from "@bepalo/query/client";
import { live, type LiveClient, type LiveStatus } from "@bepalo/query/client/live";
import { useLive, useLiveAggregate, useLiveFirst } from "@bepalo/query/react";
import { liveOptions, queryOptions } from "@bepalo/query/tanstack";
import type { QueryClient } from "@tanstack/query-core";
import { expectTypeOf } from "expect-type";
import type * as schema from "../support/schema.ts";

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          aggregate: true,
          live: true,
          with: { author: { select: { columns: ["name"] } }, comments: true },
        },
      },
    },
  },
  authors: {
    table: "author",
    control: {
      GET: {
        mine: { select: { columns: ["id", "name"] }, live: { every: 60_000 }, requireWhere: true },
      },
    },
  },
  tags: { table: "tag", control: { GET: { all: { select: true } } } },
  comments: { table: "comment", control: { GET: { all: { select: true, live: false } } } },
  settings: { table: "tag", findFirst: true, control: { GET: { all: { select: true, live: true } } } },
} as const;
type Api = InferApi<typeof acl, typeof schema>;

const api = createQueryClient<Api>("http://localhost:4000", { live });
const still = createQueryClient<Api>("http://localhost:4000");
const question = { columns: { title: true }, with: { author: true }, countTotal: true } as const;

export function client(): void {
  expectTypeOf(api).toEqualTypeOf<LiveClient<Api>>();
  expectTypeOf(createQueryClient<Api>(undefined, { live, path: "/api" })).toEqualTypeOf<LiveClient<Api>>();
  // @ts-expect-error a client that was not given it has no `live`
  still.live("articles");
  // @ts-expect-error what keeps answers true is a function of the package
  createQueryClient<Api>("http://localhost:4000", { live: true });
}

export async function answers(): Promise<void> {
  const once = await api.get("articles", question);
  for await (const answer of api.live("articles", question, { signal: new AbortController().signal })) {
    expectTypeOf(answer).toEqualTypeOf<typeof once>();
    expectTypeOf(answer.articles).toEqualTypeOf<{ title: string; author: { name: string } }[]>();
    expectTypeOf(answer.total).toEqualTypeOf<number>();
  }
  const all = await api.get("articles");
  for await (const answer of api.live("articles")) expectTypeOf(answer).toEqualTypeOf<typeof all>();
  const stop = api.live("articles", question, {
    onAnswer: (answer) => expectTypeOf(answer).toEqualTypeOf<typeof once>(),
    onEnd: (error) => expectTypeOf(error).toEqualTypeOf<ClientError>(),
    onStatus: (status) => expectTypeOf(status).toEqualTypeOf<LiveStatus>(),
  });
  expectTypeOf(stop).toEqualTypeOf<() => void>();

  const first = await api.first("articles", { where: { id: "a1" } });
  for await (const answer of api.live.first("articles", { where: { id: "a1" } }))
    expectTypeOf(answer).toEqualTypeOf<typeof first>();
  const numbers = await api.aggregate("articles", { count: true, groupBy: ["published"] });
  api.live.aggregate(
    "articles",
    { count: true, groupBy: ["published"] },
    { onAnswer: (answer) => expectTypeOf(answer).toEqualTypeOf<typeof numbers>() },
  );
  const mine = await api.get("authors", { mine: true, where: { id: 1 } });
  api.live(
    "authors",
    { mine: true, where: { id: 1 } },
    { onAnswer: (answer) => expectTypeOf(answer).toEqualTypeOf<typeof mine>() },
  );
}

export function refusals(): void {
  // @ts-expect-error there is no such column
  api.live("articles", { columns: { titel: true } });
  // @ts-expect-error nor where somebody listens
  api.live("articles", { columns: { titel: true } }, { onAnswer: () => undefined });
  // @ts-expect-error there is no such resource
  api.live("people");
  // @ts-expect-error no rule of it says `live`
  api.live("tags");
  // @ts-expect-error its rule says `live: false`
  api.live("comments");
  // @ts-expect-error a page that is walked is not kept true
  api.live("articles", { cursor: true });
  // @ts-expect-error nor is one behind a cursor
  api.live("articles", { after: "x" });
  // @ts-expect-error its rule wants a filter
  api.live("authors");
  // @ts-expect-error it answers one row
  api.live("settings");
  // @ts-expect-error an operator of texts
  api.live.first("articles", { where: { "views.like": "a%" } });
  // @ts-expect-error no rule lets numbers be asked for
  api.live.aggregate("authors", { count: true });
  // @ts-expect-error an answer has no such member
  api.live("articles", question, { onAnswer: ({ article }) => article });
  // @ts-expect-error nobody hears of it
  api.live("articles", question, { onEnd: () => undefined });
}

export function views(): void {
  type Answer = Awaited<ReturnType<typeof ask>>;
  const ask = async () => api.get("articles", question);
  const { data, status, error } = useLive(api, "articles", question);
  expectTypeOf(data).toEqualTypeOf<Answer | undefined>();
  expectTypeOf(status).toEqualTypeOf<LiveStatus | "idle">();
  expectTypeOf(error).toEqualTypeOf<ClientError | undefined>();
  useLive(api, "articles", question, { initial: {} as Answer, skip: true });
  expectTypeOf(useLive(api, "articles").data?.articles[0]).toEqualTypeOf<
    RowOf<Api, "articles"> | undefined
  >();
  expectTypeOf(useLiveFirst(api, "articles", { columns: { id: true } }).data).toEqualTypeOf<
    { articles: { id: string } | null } | undefined
  >();
  expectTypeOf(useLiveAggregate(api, "articles", { count: true }).data).toEqualTypeOf<
    { articles: { count: number } } | undefined
  >();
  // @ts-expect-error there is no such column
  useLive(api, "articles", { columns: { titel: true } });
  // @ts-expect-error no rule of it says `live`
  useLive(api, "tags");
  // @ts-expect-error another answer
  useLive(api, "articles", question, { initial: { articles: [] } });
  // @ts-expect-error a client that was not given `live`
  useLive(still, "articles");
  // @ts-expect-error one row is on no page
  useLiveFirst(api, "articles", { cursor: true });
}

export function queries(cache: QueryClient): void {
  const once = queryOptions(api).get("articles", question);
  const kept = liveOptions(api).get("articles", question);
  const first = queryOptions(api).first("articles", { where: { id: "a1" } });
  expectTypeOf(kept.queryKey).toEqualTypeOf(once.queryKey);
  expectTypeOf(cache.getQueryData(kept.queryKey)).toEqualTypeOf<
    Awaited<ReturnType<typeof once.queryFn>> | undefined
  >();
  expectTypeOf(liveOptions(api).first("articles", { where: { id: "a1" } }).queryKey).toEqualTypeOf(
    first.queryKey,
  );
  // @ts-expect-error no rule of it says `live`
  liveOptions(api).get("tags");
  // @ts-expect-error a client that was not given `live`
  liveOptions(still);
}
