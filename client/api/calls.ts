import type { AnyApi } from "../../src/infer.ts";
import { PARAMETERS, type SentQuestion } from "../params.ts";
import type { SchemaCalls } from "../schema/calls.ts";
import type { BodyCall, Call } from "../send.ts";
import type { ApiClient } from "./client.ts";

/** The methods of an `ApiClient`, as they run. */
export type ApiCalls = {
  readonly [M in keyof ApiClient<AnyApi>]: M extends "post" | "patch"
    ? BodyCall<string, object>
    : Call<string, object>;
};

/** Gives the methods that name a resource: they call those that name its URL, below a path. */
export function apiCalls(calls: SchemaCalls, path: string): ApiCalls {
  const at = (resource: string): string => `${path}/${encodeURIComponent(resource)}`;
  return {
    get: async (resource, question, init) => calls.Get(at(resource), nested(question), init),
    first: async (resource, question, init) => calls.GetFirst(at(resource), nested(question), init),
    post: async (resource, body, question, init) => calls.Post(at(resource), body, nested(question), init),
    patch: async (resource, body, question, init) => calls.Patch(at(resource), body, nested(question), init),
    delete: async (resource, question, init) => calls.Delete(at(resource), nested(question), init),
  };
}

/** A question whose flags stand beside the parts of its selector, as the URL has it. */
function nested(question: object = {}): SentQuestion {
  const members = Object.entries(question);
  const select = members.filter(([name]) => !isFlag(name));
  return {
    ...Object.fromEntries(members.filter(([name]) => isFlag(name))),
    ...(select.length > 0 && { select: Object.fromEntries(select) }),
  };
}

/** Whether it is no part of a selector. Whether one row is meant, the method says. */
const isFlag = (name: string): boolean => name !== "findFirst" && Object.hasOwn(PARAMETERS, name);
