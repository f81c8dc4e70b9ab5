import { nested } from "./api/calls.ts";
import type { LiveListeners, LiveOptions } from "./api/live.ts";
import { canonical } from "./canonical.ts";
import { unanswered } from "./error.ts";
import type { Connect } from "./live/channel.ts";
import type { LiveCall, LiveCalls, Read } from "./live/calls.ts";
import { answersOf, listen } from "./live/hear.ts";
import { Questions } from "./live/questions.ts";
import type { ClientOptions, LiveExtension } from "./options.ts";
import { readParams } from "./params.ts";
import { given, headersOf } from "./send.ts";
import { locate } from "./url.ts";

export type { LiveExtension } from "./options.ts";
export type {
  CheckedLive,
  Kept,
  Live,
  LiveAggregate,
  LiveClient,
  LiveFirst,
  LiveGet,
  LiveListeners,
  LiveOptions,
  LiveState,
  LiveStatus,
} from "./api/live.ts";

/**
 * Keeps answers true, for a client that is told so: `api.live`. All questions of a client go through one stream, and equal
 * ones are one.
 *
 * @example
 * import { createQueryClient } from "@bepalo/query/client";
 * import { live } from "@bepalo/query/client/live";
 * const api = createQueryClient<Api>("http://localhost:4000", { live });
 * for await (const { posts } of api.live("posts", { limit: 10 })) show(posts);
 */
export const live: LiveExtension = (base, path, options) => {
  const questions = new Questions(
    connector(() => locate(`${path}/$live`, base, new URLSearchParams()), options),
  );
  const store: LiveCalls["store"] = (read, resource, question, initial) =>
    questions.store(
      JSON.stringify([read, resource, canonical(question ?? {})]),
      () => {
        const asked = nested(question, read === "aggregate" ? "aggregate" : "select");
        const params = readParams(read === "first" ? { ...asked, findFirst: true } : asked);
        const { pathname, search } = new URL(locate(`${path}/${encodeURIComponent(resource)}`, base, params));
        return pathname + search;
      },
      initial,
    );
  const calls: LiveCalls = Object.assign(caller(store, "get"), {
    first: caller(store, "first"),
    aggregate: caller(store, "aggregate"),
    store,
  });
  return { live: calls };
};

/** Gives what asks for streams, with the options of a client. */
const connector =
  (url: () => string, { fetch: custom, ...shared }: ClientOptions): Connect =>
  async (asked, signal) => {
    const headers = headersOf(await given(shared.headers), { accept: "text/event-stream" }, asked);
    const init = {
      ...shared,
      method: "POST",
      headers,
      body: JSON.stringify(asked),
      // Older browsers have no `any`, and few clients a signal of their own.
      signal: shared.signal ? AbortSignal.any([signal, shared.signal]) : signal,
    };
    return (custom ?? fetch)(url(), init).catch((cause: unknown) => {
      throw unanswered(cause, shared.signal);
    });
  };

function caller(store: LiveCalls["store"], read: Read): LiveCall {
  function call(resource: string, question: object | undefined, how: LiveListeners<unknown>): () => void;
  function call(resource: string, question?: object, how?: LiveOptions): AsyncGenerator<unknown, void>;
  function call(resource: string, question?: object, how?: LiveOptions | LiveListeners<unknown>): unknown {
    const kept = store(read, resource, question);
    return how?.onAnswer === undefined ? answersOf(kept, how) : listen(kept, how);
  }
  return call;
}
