import type { AnyApi } from "../../src/infer.ts";
import type { ClientError } from "../error.ts";
import type { Turn } from "../options.ts";
import type { AggregateDraft } from "./aggregate.ts";
import type { ListAnswer, RowAnswer } from "./answer.ts";
import type { Readable } from "./callable.ts";
import type { CheckedFirst, CheckedRead } from "./checked.ts";
import type { CheckedAggregate, Computing } from "./checked-aggregate.ts";
import type { ApiClient, Asked, Question, ResourceName, Seen } from "./client.ts";
import type { AggregateAnswer } from "./computed.ts";
import type { Draft, FirstDraft, ReadDraft } from "./draft.ts";
import type { Resource, RulesOf, Unknown } from "./resource.ts";

/** A client whose answers can be kept true. */
export interface LiveClient<A extends AnyApi> extends ApiClient<A> {
  /**
   * The answer of `get`, and another whenever it has changed: whole, with what has not changed the same object as before.
   * `live.first` and `live.aggregate` do the same for the answers of `first` and `aggregate`.
   *
   * @example
   * for await (const { posts } of api.live("posts", { columns: { title: true } }, { signal })) show(posts);
   * const stop = api.live("posts", { columns: { title: true } }, { onAnswer: ({ posts }) => show(posts) });
   */
  readonly live: Live<A>;
}

/** Reads that are kept true: of lists, and by name those of one row and of numbers. */
export interface Live<A extends AnyApi> extends LiveGet<A> {
  readonly first: LiveFirst<A>;
  readonly aggregate: LiveAggregate<A>;
}

/** Keeps the answer to a question about rows true. */
export interface LiveGet<A extends AnyApi> {
  /** Gives the answers one after the other, of those that nobody has waited for the last. */
  <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, false, Given>>,
    question?: Seen<Given, Asked<Q, CheckedLive<A, R, Q>>>,
    options?: LiveOptions,
  ): AsyncGenerator<ListAnswer<A, R, Question<Q>>, void, undefined>;
  /** Tells each answer to `onAnswer`, until what it gives is called. */
  <R extends ResourceName<A>, Q extends Draft<A, ReadDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, false, Given>>,
    question: Seen<Given, Asked<Q, CheckedLive<A, R, Q>>> | undefined,
    listeners: LiveListeners<ListAnswer<A, R, Question<Q>>>,
  ): () => void;
}

/** Keeps the answer to a question about one row true. */
export interface LiveFirst<A extends AnyApi> {
  <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, true, Given>>,
    question?: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>>,
    options?: LiveOptions,
  ): AsyncGenerator<RowAnswer<A, R, Question<Q>>, void, undefined>;
  <R extends ResourceName<A>, Q extends Draft<A, FirstDraft<A, R>>, Given>(
    resource: Kept<A, R, Readable<A, R, true, Given>>,
    question: Seen<Given, Asked<Q, CheckedFirst<A, R, Q>>> | undefined,
    listeners: LiveListeners<RowAnswer<A, R, Question<Q>>>,
  ): () => void;
}

/** Keeps numbers about rows true. */
export interface LiveAggregate<A extends AnyApi> {
  <R extends ResourceName<A>, Q extends Draft<A, AggregateDraft<A, R>>>(
    resource: Kept<A, R, Computing<A, R>>,
    question: Asked<Q, CheckedAggregate<A, R, Q>>,
    options?: LiveOptions,
  ): AsyncGenerator<AggregateAnswer<A, R, Question<Q>>, void, undefined>;
  <R extends ResourceName<A>, Q extends Draft<A, AggregateDraft<A, R>>>(
    resource: Kept<A, R, Computing<A, R>>,
    question: Asked<Q, CheckedAggregate<A, R, Q>>,
    listeners: LiveListeners<AggregateAnswer<A, R, Question<Q>>>,
  ): () => void;
}

/**
 * How an answer stands: `connecting` before anything was heard of it, `live` while it is true, `disconnected` while it was
 * true last and is asked for again, `ended` when the server refuses it.
 */
export type LiveStatus = "connecting" | "live" | "disconnected" | "ended";

/** What ends a live answer. */
export interface LiveOptions {
  /** Ends it. An iterator is rejected with the code `aborted`. */
  readonly signal?: AbortSignal | undefined;
  readonly onAnswer?: undefined;
}

/** Who hears of a live answer. */
export interface LiveListeners<Answer> extends Omit<LiveOptions, "onAnswer"> {
  /** Hears each answer, whole. */
  readonly onAnswer: (answer: Answer) => void;
  /** Hears how it stands, when that is something else. */
  readonly onStatus?: ((status: LiveStatus) => void) | undefined;
  /** Hears why no other will come: what the server has refused, or what cannot be sent. */
  readonly onEnd?: ((error: ClientError) => void) | undefined;
}

/** What is known of a live answer. */
export interface LiveState<Answer> {
  /** The answer as it was heard last. */
  readonly data: Answer | undefined;
  readonly status: LiveStatus;
  /** Why it has ended. */
  readonly error: ClientError | undefined;
}

/** A name of a resource, where a rule of it keeps answers true. */
export type Kept<A extends AnyApi, R extends string, Name> =
  Unknown<A> extends true
    ? Name
    : R extends Resource<A>
      ? Resource<A> extends R
        ? Name
        : [LiveRule<RulesOf<A, R, "GET">>] extends [never]
          ? `no rule of \`${R}\` says \`live\``
          : Name
      : Name;

/** The names of rules that may be live: of one that is not known to its last letter it cannot be told. */
type LiveRule<Rules> = {
  [K in keyof Rules]: Rules[K] extends { readonly live?: infer L }
    ? unknown extends L
      ? never
      : [L] extends [false | undefined]
        ? never
        : K
    : never;
}[keyof Rules];

/** A question about rows that is no page of a walk. */
export type CheckedLive<A extends AnyApi, R extends string, Q> = [keyof Q & Walked] extends [never]
  ? CheckedRead<A, R, Q>
  : {
      [K in keyof Q]: K extends Walked
        ? "pages that are walked are not kept true: ask with `limit` and `offset`"
        : Q[K];
    };

type Walked = "cursor" | keyof Turn;
