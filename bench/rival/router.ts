import type { Handler, Routes } from "./rival.ts";

/** A path with a parameter at its end. */
interface Pattern {
  readonly start: string;
  readonly name: string;
  readonly methods: Routes[string];
}

/**
 * Finds the handler of a request by its path and method, and hands it the path's parameter as `Bun.serve` does: a path
 * that is named whole comes first.
 *
 * @example routerOf({ "/posts/:id": { GET: (request) => new Response(request.params.id) } })
 */
export function routerOf(routes: Routes): Handler {
  const patterns = Object.entries(routes).flatMap(([path, methods]): Pattern[] => {
    const at = path.indexOf(":");
    return at < 0 ? [] : [{ start: path.slice(0, at), name: path.slice(at + 1), methods }];
  });
  return (request) => {
    const { url, method } = request;
    const start = url.indexOf("/", url.indexOf("//") + 2);
    const end = url.indexOf("?", start);
    const path = url.slice(start, end < 0 ? undefined : end);
    const whole = routes[path]?.[method];
    if (whole !== undefined) return whole(request);
    for (const { start: before, name, methods } of patterns) {
      const value = path.startsWith(before) ? path.slice(before.length) : "/";
      const handler = value.includes("/") ? undefined : methods[method];
      if (handler === undefined) continue;
      return handler(Object.assign(request, { params: { [name]: value } }));
    }
    return new Response("nothing here", { status: 404 });
  };
}
