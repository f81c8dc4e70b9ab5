import type { Answered } from "./api.ts";
import { copyOf, part, write } from "./dom.ts";

const KEPT = 3;

/** Puts a request on top of its resource's list, written as one would write it by hand. */
export function showRequest({ method, url, status }: Answered): void {
  const list = listOf(new URL(url).pathname.split("/").at(-1) ?? "");
  if (list === null) return;
  const line = copyOf("request");
  write(line, { method, status: String(status) });
  line.classList.toggle("refused", status >= 400);
  part(line, "url").append(method === "GET" ? link(url) : readable(url));
  list.prepend(line);
  while (list.children.length > KEPT) list.lastElementChild?.remove();
}

/** Empties the list of a resource: what one person asked is not for the next. */
export function forgetRequests(resource: string): void {
  listOf(resource)?.replaceChildren();
}

/**
 * A URL without the escapes nobody needs; those that would be read as something else stay.
 * @example readable("http://a/query/posts?select=(where:(title.contains:%275%25%27))"); // /query/posts?select=(where:(title.contains:'5%25'))
 */
export function readable(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + decodeURIComponent(search.replace(/%(?=[01]|2[356B]|7F)/gi, "%25"));
}

const listOf = (resource: string): Element | null =>
  document.querySelector(`[data-requests~="${CSS.escape(resource)}"]`);

function link(url: string): HTMLAnchorElement {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.textContent = readable(url);
  return anchor;
}
