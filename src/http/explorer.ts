import type { MethodTraits } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { environment, insistOn, readerOf } from "./own-read.ts";
import { respondText } from "./respond.ts";
import type { Visit } from "./visit.ts";

/** The name under which a route answers the page by which people look around in it. */
export const EXPLORER = "$explorer";

/** Says whether who asks gets the page: only a plain true does. */
export type Explore = (context: never, request: Request) => unknown;

/** Without a function of the author the page is for development alone. */
export const inDevelopment: Explore = () => environment() === "development";

/** Answers the page to whom the author lets have it. It is the same for everybody, and knows nothing of who asks. */
export async function respondExplorer(
  visit: Visit,
  traits: MethodTraits | undefined,
  explore: Explore,
): Promise<Response> {
  const { request } = visit;
  const reader = await readerOf(visit, traits, { bare: true });
  if (isResponse(reader)) return reader;
  insistOn(await visit.ask(() => explore(reader.context as never, request)), visit);
  const { explorerPage } = await import("../explorer/explorer.ts");
  const { text, policy } = await explorerPage();
  const headers = {
    ...visit.base,
    "cache-control": "private, no-cache",
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  return respondText(request, text, headers, "text/html;charset=utf-8");
}
