/** What the echoing server saw of a request. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A real server on a free port; it echoes requests, but for the paths that `answers` knows. */
export function serve(
  answers: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {},
): Bun.Server<undefined> {
  return Bun.serve({
    port: 0,
    fetch: async (request) => answers[new URL(request.url).pathname]?.(request) ?? echo(request),
  });
}

async function echo(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const echoed: Echo = {
    method: request.method,
    url: url.pathname + url.search,
    parameters: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  };
  return Response.json(echoed);
}
