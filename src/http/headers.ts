/** Headers by their names in small letters. */
export type HeaderMap = Readonly<Record<string, string>>;

/** An author's headers and the route's where he has none; an answer that differs by origin says so whatever he wrote. */
export function merged(own: Headers, base: HeaderMap): Headers {
  const headers = new Headers(own);
  for (const [name, value] of Object.entries(base)) {
    if (!headers.has(name)) headers.set(name, value);
    else if (name === "vary" && /\borigin\b/i.test(value) && !/\borigin\b|\*/i.test(headers.get("vary")!)) {
      headers.append("vary", "Origin");
    }
  }
  return headers;
}
