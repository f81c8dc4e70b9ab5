// A proxy of this machine before several processes of one server, as small as one may be that loses nothing: it takes
// turns, tries a read again elsewhere when its answer was lost, and never sends a write twice.

/** How often each process is asked whether it takes requests, in milliseconds. */
const HEALTH_INTERVAL = 50;
/** How long it may take to say so. */
const HEALTH_TIMEOUT = 1_000;

/** A proxy that listens. */
export interface Proxy {
  readonly url: string;
  /** Waits until as many processes as there are take requests. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

interface Target {
  readonly url: string;
  /** Whether it takes requests, as far as is known. */
  ready: boolean;
}

/** Puts a proxy before processes that answer `/health` with 200 while they take requests. */
export function startProxy(ports: readonly number[]): Proxy {
  const targets: readonly Target[] = ports.map((port) => ({ url: `http://127.0.0.1:${port}`, ready: true }));
  const stopped = new AbortController();
  const watching = targets.map((target) => watch(target, stopped.signal));
  let turn = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    fetch(request) {
      const first = turn++ % targets.length;
      const inTurn = [...targets.slice(first), ...targets.slice(0, first)];
      // One that is thought to be gone is the last to be tried; it may have come back.
      return forward(
        request,
        inTurn.toSorted((a, b) => Number(b.ready) - Number(a.ready)),
      );
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    async whole() {
      while (targets.some(({ ready }) => !ready)) await Bun.sleep(10);
    },
    async stop() {
      stopped.abort();
      await Promise.all(watching);
      await server.stop(true);
    },
  };
}

async function watch(target: Target, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      const signal = AbortSignal.timeout(HEALTH_TIMEOUT);
      target.ready = (await fetch(`${target.url}/health`, { keepalive: false, signal })).ok;
    } catch {
      target.ready = false;
    }
    await Bun.sleep(HEALTH_INTERVAL);
  }
}

async function forward(request: Request, targets: readonly Target[]): Promise<Response> {
  const { method, headers, url } = request;
  const reads = method === "GET" || method === "HEAD";
  const { pathname, search } = new URL(url);
  headers.delete("connection");
  const init: BunFetchRequestInit = {
    method,
    headers,
    redirect: "manual",
    decompress: false,
    // On a connection of its own a write that is refused has certainly not been sent.
    ...(!reads && { body: await request.arrayBuffer(), keepalive: false }),
  };
  for (const target of targets) {
    try {
      const answer = await fetch(target.url + pathname + search, init);
      // To its last byte: a process may die while it answers.
      const body = await answer.arrayBuffer();
      return new Response(body.byteLength > 0 ? body : null, answer);
    } catch (error) {
      target.ready = false;
      const { code } = error as { code?: unknown };
      if (code !== "ECONNREFUSED" && !reads) return refusal(502, "the answer was lost");
    }
  }
  return refusal(503, "nobody takes requests");
}

const refusal = (status: number, error: string): Response => Response.json({ error }, { status });
