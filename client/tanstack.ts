import type { DataTag, InfiniteData } from "@tanstack/query-core";
import type { AnyApi } from "../src/infer.ts";
import type { AggregateDraft } from "./api/aggregate.ts";
import type { ChangeAnswer, ListAnswer, Page, RowAnswer } from "./api/answer.ts";
import type { PatchBody, PostBody } from "./api/body.ts";
import type { Askable, Callable, Readable } from "./api/callable.ts";
import type { ApiCalls } from "./api/calls.ts";
import type { Checked, CheckedFirst, CheckedPages, CheckedRead } from "./api/checked.ts";
import type { CheckedAggregate, Computing } from "./api/checked-aggregate.ts";
import type { AggregateAnswer } from "./api/computed.ts";
import type { CheckedLive, Kept, LiveClient } from "./api/live.ts";
import type { ApiClient, Asked, Question, ResourceName, Seen } from "./api/client.ts";
import type { ChangeDraft, Draft, FirstDraft, PostDraft, ReadDraft } from "./api/draft.ts";
import type { FilterOf } from "./api/question.ts";
import type { Resource } from "./api/resource.ts";
import { canonical } from "./canonical.ts";
import type { LiveCalls } from "./live/calls.ts";
import { cached, type LiveContext } from "./live/cached.ts";
import type { Turn, Version } from "./options.ts";

export type { LiveContext } from "./live/cached.ts";

/** The key of a query: the prefix, the resource, the method, and the question in one order of its parts. */
export type QueryKey = readonly [
  prefix: string,
  resource: string,
  method: "get" | "first" | "pages" | "aggregate",
  question: object,
];

/** What a query of TanStack Query is made of. Its key is tagged with the answer, as the cache reads it: `setQueryData`. */
export interface Query<Answer> {
  readonly queryKey: DataTag<QueryKey, Answer>;
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<Answer>;
}

/** What an infinite query of TanStack Query is made of: its pages go on from each other by cursors, in both directions. */
export interface InfiniteQuery<Answer> {
  readonly queryKey: DataTag<QueryKey, InfiniteData<Answer, Turn>>;
  readonly queryFn: (context: { readonly signal: AbortSignal; readonly pageParam: Turn }) => Promise<Answer>;
  readonly initialPageParam: Turn;
  readonly getNextPageParam: (last: Answer) => Turn | null;
  readonly getPreviousPageParam: (first: Answer) => Turn | null;
}

/** What a mutation of TanStack Query is made of. */
export interface Mutation<Variables, Answer> {
  readonly mutationKey: readonly [prefix: string, resource: string, method: string];
  readonly mutationFn: (variables: Variables) => Promise<Answer>;
}

/** What a live query of TanStack Query is made of. Whoever comes to look at it opens its stream, and who leaves last closes it. */
export interface LiveQuery<Answer> {
  readonly queryKey: DataTag<QueryKey, Answer>;
  readonly queryFn: (context: LiveContext) => Promise<Answer>;
  readonly staleTime: 0;
  readonly refetchOnMount: "always";
}

/** The live reads of a client as queries. */
export interface LiveQueryOptions<A extends AnyApi> {
  /** The query for a list of rows. */
  readonly get: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, false, Given>>,
    question?: Seen<Given, Asked<Q, CheckedLive<A, R, Q>>>,
  ) => LiveQuery<ListAnswer<A, R, Question<Q>>>;
  /** The query for numbers about rows. */
  readonly aggregate: <R extends ResourceName<A>, Q extends Draft<A, AggregateDraft<A, R>>>(
    resource: Kept<A, R, Computing<A, R>>,
    question: Asked<Q, CheckedAggregate<A, R, Q>>,
  ) => LiveQuery<AggregateAnswer<A, R, Question<Q>>>;
  /** The query for one row, or null. */
  readonly first: <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, true, Given>>,
    question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
  ) => LiveQuery<RowAnswer<A, R, Question<Q>>>;
}

/** The reads of a client as queries. */
export interface QueryOptions<A extends AnyApi> {
  /** What all keys of a resource begin with, or all keys of the client. */
  readonly key: (resource?: Resource<A>) => readonly string[];
  /** The query for a list of rows. */
  readonly get: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Readable<A, R, false, Given>,
    question?: Seen<Given, Asked<Q, CheckedRead<A, R, Q>>>,
  ) => Query<ListAnswer<A, R, Question<Q>>>;
  /** The query for a list that is read page by page. */
  readonly pages: <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Readable<A, R, false, Given>,
    question?: Seen<Given, Asked<Q, CheckedPages<A, R, Q>>>,
  ) => InfiniteQuery<ListAnswer<A, R, Question<Q> & { readonly cursor: true }>>;
  /** The query for numbers about rows. */
  readonly aggregate: <R extends ResourceName<A>, Q extends Draft<A, AggregateDraft<A, R>>>(
    resource: Computing<A, R>,
    question: Asked<Q, CheckedAggregate<A, R, Q>>,
  ) => Query<AggregateAnswer<A, R, Question<Q>>>;
  /** The query for one row, or null. */
  readonly first: <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Readable<A, R, true, Given>,
    question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
  ) => Query<RowAnswer<A, R, Question<Q>>>;
}

/** The writes of a client as mutations. What is written, and where, is said when they are called. */
export interface MutationOptions<A extends AnyApi> {
  /** Creates the row, or the rows, it is called with. */
  readonly post: <R extends ResourceName<A>, Q extends Draft<A, PostDraft<A, R>>, Given>(
    resource: Askable<A, R, "POST", Given, Callable<A, R, "POST">>,
    question?: Seen<Given, Asked<Q, Checked<A, R, "POST", Q>>>,
  ) => Mutation<PostBody<A, R> | readonly PostBody<A, R>[], ChangeAnswer<A, R, "POST", Question<Q>>>;
  /** Changes the rows that `where` names. */
  readonly patch: <
    R extends ResourceName<A>,
    Q extends Draft<A, ChangeDraft<A, R, "PATCH"> & { readonly where?: never; readonly ifVersion?: never }>,
    Given,
  >(
    resource: Askable<A, R, "PATCH", Given, Callable<A, R, "PATCH">>,
    question?: Seen<Given, Asked<Q, Checked<A, R, "PATCH", Q>>>,
  ) => Mutation<
    {
      readonly where: FilterOf<A, R, "PATCH">;
      readonly body: PatchBody<A, R>;
      readonly ifVersion?: Version;
    },
    ChangeAnswer<A, R, "PATCH", Question<Q>>
  >;
  /** Deletes the rows that `where` names. */
  readonly delete: <
    R extends ResourceName<A>,
    Q extends Draft<A, ChangeDraft<A, R, "DELETE"> & { readonly where?: never; readonly ifVersion?: never }>,
    Given,
  >(
    resource: Askable<A, R, "DELETE", Given, Callable<A, R, "DELETE">>,
    question?: Seen<Given, Asked<Q, Checked<A, R, "DELETE", Q>>>,
  ) => Mutation<
    { readonly where: FilterOf<A, R, "DELETE">; readonly ifVersion?: Version },
    ChangeAnswer<A, R, "DELETE", Question<Q>>
  >;
}

/**
 * Makes queries of a client's reads, for TanStack Query in any framework. All keys of a resource begin alike, whatever is
 * asked of it; clients of several servers take a prefix each.
 *
 * @example
 * const queries = queryOptions(api);
 * const { data } = useQuery(queries.get("posts", { mine: true, columns: { title: true } }));
 * await queryClient.invalidateQueries({ queryKey: queries.key("posts") });
 */
export function queryOptions<A extends AnyApi>(api: ApiClient<A>, prefix = "query"): QueryOptions<A> {
  // A call's type follows its arguments, which are not known here.
  const calls = api as unknown as ApiCalls;
  const query =
    (method: "get" | "first" | "aggregate") =>
    (resource: string, question: object = {}) => ({
      queryKey: [prefix, resource, method, canonical(question)],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        calls[method](resource, question, { signal }),
    });
  const options = {
    key: (resource?: string) => (resource === undefined ? [prefix] : [prefix, resource]),
    get: query("get"),
    first: query("first"),
    aggregate: query("aggregate"),
    pages: (resource: string, question: object = {}) => ({
      queryKey: [prefix, resource, "pages", canonical(question)],
      queryFn: ({ signal, pageParam }: { readonly signal: AbortSignal; readonly pageParam: Turn }) =>
        calls.get(resource, { ...question, cursor: true, ...beyond(pageParam) }, { signal }),
      initialPageParam: {},
      getNextPageParam: ({ page }: Paged) => page.next && { after: page.next },
      getPreviousPageParam: ({ page }: Paged) => page.previous && { before: page.previous },
    }),
  };
  return options as unknown as QueryOptions<A>;
}

/**
 * Makes queries whose answers are kept true, under the keys that `queryOptions` gives the same questions: what is heard goes
 * to the cache, where all who look at it see it. The client has been made with `live`.
 *
 * @example
 * const live = liveOptions(api);
 * const { data } = useQuery(live.get("posts", { columns: { title: true } }));
 */
export function liveOptions<A extends AnyApi>(api: LiveClient<A>, prefix = "query"): LiveQueryOptions<A> {
  // A call's type follows its arguments, which are not known here.
  const { live } = api as unknown as { readonly live: LiveCalls };
  const query =
    (method: "get" | "first" | "aggregate") =>
    (resource: string, question: object = {}) => ({
      queryKey: [prefix, resource, method, canonical(question)],
      queryFn: async (context: LiveContext) =>
        cached(context, (listeners) =>
          (method === "get" ? live : live[method])(resource, question, listeners),
        ),
      staleTime: 0,
      refetchOnMount: "always",
    });
  const options = { get: query("get"), first: query("first"), aggregate: query("aggregate") };
  // What a query answers follows from the arguments of its call as well.
  return options as unknown as LiveQueryOptions<A>;
}

/**
 * Makes mutations of a client's writes, for TanStack Query in any framework. Those that change or delete rows want to be
 * told which: a filter that was forgotten would be every row.
 *
 * @example
 * const mutations = mutationOptions(api);
 * const rename = useMutation({
 *   ...mutations.patch("posts", { mine: true, columns: { id: true } }),
 *   onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.key("posts") }),
 * });
 * rename.mutate({ where: { id }, body: { title: "New" } });
 */
export function mutationOptions<A extends AnyApi>(api: ApiClient<A>, prefix = "query"): MutationOptions<A> {
  // A call's type follows its arguments, which are not known here.
  const calls = api as unknown as ApiCalls;
  const mutation =
    <V>(
      method: keyof ApiCalls,
      call: (resource: string, question: object, variables: V) => Promise<unknown>,
    ) =>
    (resource: string, question: object = {}): Mutation<V, unknown> => ({
      mutationKey: [prefix, resource, method],
      mutationFn: (variables) => call(resource, question, variables),
    });
  const options = {
    post: mutation<object>("post", (resource, question, body) => calls.post(resource, body, question)),
    patch: mutation<Change>("patch", (resource, question, { body, where, ...guards }) =>
      calls.patch(resource, body, { ...question, ...guards, where }),
    ),
    delete: mutation<Which>("delete", (resource, question, { where, ...guards }) =>
      calls.delete(resource, { ...question, ...guards, where }),
    ),
  };
  return options as unknown as MutationOptions<A>;
}

interface Paged {
  readonly page: Page;
}

/** Where a page begins: behind a cursor nothing is skipped, nor is a page begun behind two. */
const beyond = (turn: Turn): object =>
  turn.after === undefined && turn.before === undefined
    ? {}
    : { offset: undefined, after: undefined, ...turn };

interface Which {
  readonly where: object;
  readonly ifVersion?: Version;
}

interface Change extends Which {
  readonly body: object;
}
