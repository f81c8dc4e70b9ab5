import type { SchemaShape } from "../../src/infer.ts";
import { guarded, keyed } from "../guard.ts";
import { changeParams, readParams, type SentQuestion } from "../params.ts";
import { pagesOf } from "../pages.ts";
import type { BodyCall, Call, PagesCall, Send } from "../send.ts";
import type { QueryClient } from "./client.ts";

/** The methods of a `QueryClient`, as they run. */
export type SchemaCalls = {
  readonly [M in keyof QueryClient<SchemaShape, string>]: M extends "Post" | "Patch"
    ? BodyCall<string | URL, SentQuestion>
    : M extends "Pages"
      ? PagesCall<string | URL, SentQuestion>
      : Call<string | URL, SentQuestion>;
};

/** Gives the methods that name a URL. The server answers what the types say; nothing checks it here. */
// Everything is done inside an async function, so that every failure is a rejection.
export const schemaCalls = (send: Send): SchemaCalls => ({
  Get: async (url, question, init) => send("GET", url, readParams(question), init),
  GetFirst: async (url, question, init) =>
    send("GET", url, readParams({ ...question, findFirst: true }), init),
  GetMany: async (url, question, init) =>
    send("GET", url, readParams({ ...question, findFirst: false }), init),
  Pages: (url, question, init) =>
    pagesOf(async (asked) => send("GET", url, readParams(asked), init), question),
  Aggregate: async (url, question, init) => send("GET", url, readParams(question), init),
  Post: async (url, body, question, init) => send("POST", url, readParams(question), keyed(init), body),
  Patch: async (url, body, question, init) =>
    send("PATCH", url, changeParams(question), guarded(question, keyed(init)), body),
  Delete: async (url, question, init) =>
    send("DELETE", url, changeParams(question), guarded(question, keyed(init))),
});
