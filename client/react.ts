import { useMemo, useSyncExternalStore } from "react";
import type { AnyApi } from "../src/infer.ts";
import type { AggregateDraft } from "./api/aggregate.ts";
import type { ListAnswer, RowAnswer } from "./api/answer.ts";
import type { Readable } from "./api/callable.ts";
import type { CheckedFirst } from "./api/checked.ts";
import type { CheckedAggregate, Computing } from "./api/checked-aggregate.ts";
import type { Asked, Question, ResourceName, Seen } from "./api/client.ts";
import type { AggregateAnswer } from "./api/computed.ts";
import type { Draft, FirstDraft, ReadDraft } from "./api/draft.ts";
import type { CheckedLive, Kept, LiveClient, LiveStatus } from "./api/live.ts";
import { canonical } from "./canonical.ts";
import type { ClientError } from "./error.ts";
import type { LiveCalls } from "./live/calls.ts";

/** How a live answer is used. */
export interface UseLiveOptions<Answer> {
  /** The answer as the server rendered it: what is shown until something else is heard. */
  readonly initial?: Answer | undefined;
  /** Whether nothing is asked for now. */
  readonly skip?: boolean | undefined;
}

/** What a component shows of a live answer. */
export interface LiveView<Answer> {
  /** The answer as it was heard last; what has not changed in it is the same object as before. */
  readonly data: Answer | undefined;
  /** How it stands; `idle` where nothing is asked for. */
  readonly status: LiveStatus | "idle";
  /** Why it has ended. */
  readonly error: ClientError | undefined;
}

/**
 * The answer of `api.get`, kept true as long as the component is there. Components that ask the same share one answer, and
 * all go through one stream. The client has been made with `live`.
 *
 * @example
 * const { data, status } = useLive(api, "posts", { columns: { id: true, title: true } });
 * return <ul aria-busy={status !== "live"}>{data?.posts.map(({ id, title }) => <li key={id}>{title}</li>)}</ul>;
 */
export function useLive<
  A extends AnyApi,
  R extends ResourceName<A>,
  Q extends Draft<A, ReadDraft<A, R>>,
  Given,
>(
  api: LiveClient<A>,
  resource: Kept<A, R, Readable<A, R, false, Given>>,
  question?: Seen<Given, Asked<Q, CheckedLive<A, R, Q>>>,
  options?: UseLiveOptions<ListAnswer<A, R, Question<Q>>>,
): LiveView<ListAnswer<A, R, Question<Q>>> {
  return useStore(api, "get", resource, question as object, options);
}

/**
 * The same for the answer of `api.first`.
 *
 * @example const { data } = useLiveFirst(api, "posts", { where: { id } });
 */
export function useLiveFirst<
  A extends AnyApi,
  R extends ResourceName<A>,
  Q extends Draft<A, FirstDraft<A, R>>,
  Given,
>(
  api: LiveClient<A>,
  resource: Kept<A, R, Readable<A, R, true, Given>>,
  question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
  options?: UseLiveOptions<RowAnswer<A, R, Question<Q>>>,
): LiveView<RowAnswer<A, R, Question<Q>>> {
  return useStore(api, "first", resource, question as object, options);
}

/**
 * The same for the answer of `api.aggregate`.
 *
 * @example const { data } = useLiveAggregate(api, "orders", { sum: { price: true }, groupBy: ["status"] });
 */
export function useLiveAggregate<
  A extends AnyApi,
  R extends ResourceName<A>,
  Q extends Draft<A, AggregateDraft<A, R>>,
>(
  api: LiveClient<A>,
  resource: Kept<A, R, Computing<A, R>>,
  question: Asked<Q, CheckedAggregate<A, R, Q>>,
  options?: UseLiveOptions<AggregateAnswer<A, R, Question<Q>>>,
): LiveView<AggregateAnswer<A, R, Question<Q>>> {
  return useStore(api, "aggregate", resource, question as object, options);
}

// A call's type follows its arguments, which are checked where they are written.
function useStore<Answer>(
  api: object,
  read: "get" | "first" | "aggregate",
  resource: unknown,
  question: object | undefined,
  { initial, skip = false }: UseLiveOptions<Answer> = {},
): LiveView<Answer> {
  const { live } = api as { readonly live: LiveCalls };
  // A question is made anew each time a component is drawn, and is the same as long as it asks the same.
  const name = JSON.stringify([resource, canonical(question ?? {})]);
  const store = useMemo(
    () => (skip ? idle(initial) : live.store(read, resource as string, question, initial)),
    // The name is the question's; what is shown first is what it was when it was asked.
    [live, read, name, skip],
  );
  return useSyncExternalStore(store.subscribe, store.get, store.first) as LiveView<Answer>;
}

/** What there is of an answer that nobody asks for. */
function idle(initial: unknown): IdleStore {
  const view: LiveView<unknown> = { data: initial, status: "idle", error: undefined };
  const get = (): LiveView<unknown> => view;
  return { get, first: get, subscribe: () => () => undefined };
}

interface IdleStore {
  readonly get: () => LiveView<unknown>;
  readonly first: () => LiveView<unknown>;
  readonly subscribe: () => () => void;
}
