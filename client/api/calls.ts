import type { AnyApi } from "../../src/infer.ts";
import type { WriteInit } from "../options.ts";
import { PARAMETERS, type SentQuestion } from "../params.ts";
import type { SchemaCalls } from "../schema/calls.ts";
import type { BodyCall, Call, PagesCall } from "../send.ts";
import { type BatchBuilder, builder } from "./batch.ts";
import type { ApiClient } from "./client.ts";

/** The methods of an `ApiClient`, as they run. */
export type ApiCalls = {
  readonly [M in keyof ApiClient<AnyApi>]: M extends "post" | "patch"
    ? BodyCall<string, object>
    : M extends "pages"
      ? PagesCall<string, object>
      : M extends "batch"
        ? (make: (builder: BatchBuilder<AnyApi>) => readonly unknown[], init?: WriteInit) => Promise<unknown>
        : Call<string, object>;
};

/** Gives the methods that name a resource: they call those that name its URL, below a path. */
export function apiCalls(calls: SchemaCalls, path: string): ApiCalls {
  const at = (resource: string): string => `${path}/${encodeURIComponent(resource)}`;
  return {
    get: async (resource, question, init) => calls.Get(at(resource), nested(question), init),
    first: async (resource, question, init) => calls.GetFirst(at(resource), nested(question), init),
    pages: async function* (resource, question, init) {
      yield* calls.Pages(at(resource), nested(question), init);
    },
    aggregate: async (resource, question, init) =>
      calls.Aggregate(at(resource), nested(question, "aggregate"), init),
    post: async (resource, body, question, init) => calls.Post(at(resource), body, nested(question), init),
    patch: async (resource, body, question, init) => calls.Patch(at(resource), body, nested(question), init),
    delete: async (resource, question, init) => calls.Delete(at(resource), nested(question), init),
    batch: async (make, init) => calls.Post(`${path}/$batch`, make(builder(nested)), undefined, init),
  };
}

/** A question whose flags, and the like, stand beside the parts of its tree, as the URL has it. */
export function nested(question: object = {}, tree: "select" | "aggregate" = "select"): SentQuestion {
  const members = Object.entries(question);
  const parts = members.filter(([name]) => !isFlag(name));
  return {
    ...Object.fromEntries(members.filter(([name]) => isFlag(name))),
    ...(parts.length > 0 && { [tree]: Object.fromEntries(parts) }),
  };
}

/** Whether it is no part of a tree. Whether one row is meant, the method says. */
const isFlag = (name: string): boolean =>
  ["params", "ifVersion", "onConflict"].includes(name) ||
  (name !== "findFirst" && Object.hasOwn(PARAMETERS, name));
