import { QueryError } from "../error.ts";
import { allowsOrigin, type CorsOptions } from "./cors.ts";

/**
 * Refuses a write that a browser sends for another site's page: cookies come along with a plain form, whatever the page.
 * Browsers say where a request comes from (https://www.w3.org/TR/fetch-metadata/); callers that are none say nothing.
 *
 * @throws QueryError `forbidden`, unless `cors` allows the origin.
 */
export function refuseForeignWrite({ headers }: Request, cors: CorsOptions | undefined): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (site === null ? origin === null || isOwn(origin, headers) : site === "same-origin" || site === "none")
    return;
  if (cors !== undefined && origin !== null && allowsOrigin(cors, origin)) return;
  throw new QueryError("forbidden", "pages of other origins may not write", {
    hint: "allow the origin in `cors`",
  });
}

/** Whether an origin is this server's own: as the caller names it, or as a proxy before it was asked. */
function isOwn(origin: string, headers: Headers): boolean {
  const host = URL.canParse(origin) ? new URL(origin).host : "";
  return host !== "" && (host === headers.get("host") || host === headers.get("x-forwarded-host"));
}
