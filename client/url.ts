import { encodeURLValue } from "../src/rjson/stringify.ts";
import { ClientError } from "./error.ts";

const ABSOLUTE = /^([a-z][a-z\d+.-]*:)?\/\//i;

/**
 * The URL to send to: absolute ones as they are, others after the base. Its own parameters stay unless the question has
 * the same, and its hash stays too.
 *
 * @example locate("/query/posts?mine", "http://localhost:4000", new URLSearchParams("countTotal"))
 */
export function locate(url: string | URL, base: string | undefined, params: URLSearchParams): string {
  const located = resolve(String(url), base);
  const search = new URLSearchParams(located.search);
  for (const [name, value] of params) search.set(name, value);
  located.search = [...search]
    .map(([name, value]) => encodeURLValue(name) + (value === "" ? "" : `=${encodeURLValue(value)}`))
    .join("&");
  return located.href;
}

function resolve(url: string, base: string | undefined): URL {
  const full =
    base === undefined || ABSOLUTE.test(url) ? url : `${withoutSlashes(base)}/${url.replace(/^\/+/, "")}`;
  try {
    return new URL(full, origin());
  } catch (cause) {
    throw new ClientError("invalid-url", `\`${full}\` is not a complete URL`, {
      hint: 'give the client a base, as in createQueryClient("http://localhost:4000")',
      cause,
    });
  }
}

/** A base without the slashes at its end. */
function withoutSlashes(base: string): string {
  let end = base.length;
  while (base[end - 1] === "/") end--;
  return base.slice(0, end);
}

/** Where the page comes from; nothing outside of browsers. */
const origin = (): string | undefined => (globalThis as { location?: Location }).location?.origin;
