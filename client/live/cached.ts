import type { Query, QueryClient, QueryKey } from "@tanstack/query-core";
import { unanswered } from "../error.ts";
import type { LiveListeners } from "../api/live.ts";

/** Keeps an answer true until what it gives is called. */
export type Listen = (listeners: LiveListeners<unknown>) => () => void;

/** What a query is asked with. */
export interface LiveContext {
  readonly client: QueryClient;
  readonly queryKey: QueryKey;
  readonly signal: AbortSignal;
}

/** The live answers of queries, as long as somebody looks at them. */
const answers = new WeakMap<Query, CachedAnswer>();

/** The answer of a query as it is now; those that follow go to its cache, as long as the query is observed. */
export function cached({ client, queryKey, signal }: LiveContext, listen: Listen): Promise<unknown> {
  const query = client?.getQueryCache().find({ queryKey, exact: true });
  if (query === undefined) throw new Error("a live query is asked by TanStack Query 5.66 or later");
  let answer = answers.get(query);
  if (answer === undefined) answers.set(query, (answer = new CachedAnswer(client, query)));
  return answer.now(listen, signal);
}

/** The live answer of one query. */
class CachedAnswer {
  readonly #client: QueryClient;
  readonly #query: Query;
  #first: Promise<unknown> | undefined;
  #latest: { readonly value: unknown } | undefined;
  /** What the cache has been given; what it makes of it is its own. */
  #given: unknown;
  #stop = (): void => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: QueryClient, query: Query) {
    this.#client = client;
    this.#query = query;
  }

  /** Whoever asks again, as when a window is looked at, is answered what is known. */
  now(listen: Listen, signal: AbortSignal): Promise<unknown> {
    if (this.#latest !== undefined) return Promise.resolve(this.#latest.value);
    return (this.#first ??= this.#begin(listen, signal));
  }

  #begin(listen: Listen, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#end();
        reject(unanswered(undefined, signal));
      };
      const leave = listen({
        onAnswer: (value) => {
          signal.removeEventListener("abort", aborted);
          if (this.#latest === undefined) resolve((this.#given = value));
          this.#latest = { value };
          this.#later();
        },
        onEnd: (error) => {
          const heard = this.#latest !== undefined;
          this.#end();
          reject(error);
          // Asked again it fails as any other query does.
          if (heard) void this.#client.refetchQueries({ queryKey: this.#query.queryKey, exact: true });
        },
      });
      const forget = this.#client.getQueryCache().subscribe(({ query }) => {
        if (query === this.#query) this.#later();
      });
      this.#stop = () => {
        signal.removeEventListener("abort", aborted);
        leave();
        forget();
      };
      signal.addEventListener("abort", aborted);
    });
  }

  /** What a query has been answered is in its cache when all that is ready is done: not before may another follow. */
  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const latest = this.#latest;
      if (latest === undefined) return;
      if (this.#query.getObserversCount() === 0) this.#end();
      else if (latest.value !== this.#given) {
        this.#given = latest.value;
        this.#client.setQueryData(this.#query.queryKey, latest.value);
      }
    });
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#latest = this.#first = undefined;
    this.#stop();
  }
}
