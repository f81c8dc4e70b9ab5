import type { LiveListeners, LiveOptions } from "../api/live.ts";
import type { Store } from "./questions.ts";

/** The reads that can be live, by the name of the call that asks them once. */
export type Read = "get" | "first" | "aggregate";

/** A `live`, as it runs. */
export interface LiveCalls extends LiveCall {
  readonly first: LiveCall;
  readonly aggregate: LiveCall;
  /** What a view takes: the answer, and who hears of it. */
  readonly store: (read: Read, resource: string, question?: object, initial?: unknown) => Store;
}

/** A read that is live, as it runs. */
export interface LiveCall {
  (resource: string, question: object | undefined, listeners: LiveListeners<unknown>): () => void;
  (resource: string, question?: object, options?: LiveOptions): AsyncGenerator<unknown, void, undefined>;
}
