import type { InferApi } from "@bepalo/query";
import { createQueryClient } from "@bepalo/query/client";
import { live, type LiveClient } from "@bepalo/query/client/live";
import type { Schema } from "@/db";
import type acl from "@/db/acl";
import type { tables } from "@/db/acl";

/** What the server offers, as types only: nothing of the rules gets into the page. */
export type Api = InferApi<typeof acl, Schema, {}, typeof tables>;

/** A request that was answered. */
export interface Answered {
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

/** The typed client of this page's own server; `watch` sees every request that was answered. */
export function connect(watch: (request: Answered) => void): LiveClient<Api> {
  return createQueryClient<Api>(undefined, {
    live,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      watch({ method: init.method ?? "GET", url, status: response.status });
      return response;
    },
  });
}
