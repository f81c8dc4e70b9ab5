import { QueryError } from "../error.ts";
import { allowsOrigin, type CorsOptions } from "./cors.ts";

/**
 * Refuses a write that a browser sends for another site's page: cookies come along with a plain form, whatever the page.
 * Browsers say where a request comes from (https://www.w3.org/TR/fetch-metadata/); callers that are none say nothing.
 *
 * @throws QueryError `forbidden`, unless `cors` allows the origin, and credentials if there are any.
 */
export function refuseForeignWrite({ headers }: Request, cors: CorsOptions | undefined): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (site === null ? origin === null || isOwn(origin, headers) : site === "same-origin" || site === "none")
    return;
  if (cors === undefined || origin === null || !allowsOrigin(cors, origin))
    throw new QueryError("forbidden", "pages of other origins may not write", {
      hint: "allow the origin in `cors`",
    });
  if (cors.credentials !== true && hasCredentials(headers))
    throw new QueryError("forbidden", "pages of other origins may not write with credentials", {
      hint: "allow them in `cors`, or send no cookies",
    });
}

/**
 * Whether a request carries what a browser adds by itself, for any page: cookies, and the passwords and tickets it was
 * once asked for. Any other `Authorization` was set by a script, which `cors` let do so.
 */
function hasCredentials(headers: Headers): boolean {
  return (
    headers.has("cookie") || /^\s*(?:basic|digest|negotiate|ntlm)\b/i.test(headers.get("authorization") ?? "")
  );
}

/** Whether an origin is this server's own: as the caller names it, or as the first proxy before it was asked. */
function isOwn(origin: string, headers: Headers): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // An origin leaves its scheme's port out; a proxy may write it.
  const port = protocol === "https:" ? /:443$/ : /:80$/;
  const named = [headers.get("host"), headers.get("x-forwarded-host")?.split(",", 1)[0]];
  return host !== "" && named.some((name) => name?.trim().toLowerCase().replace(port, "") === host);
}
