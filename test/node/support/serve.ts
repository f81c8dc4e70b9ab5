/*
 * Stands in for the platform of a module that only exports its handlers: `node serve.js` asks them as the platform would,
 * with the arguments it passes besides the request.
 */
import { serve } from "@hono/node-server";
import * as next from "../programs/next";
import workers from "../programs/workers";

type Handler = (request: Request, ...rest: unknown[]) => Promise<Response>;

const PLATFORMS: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
  next: (request) => {
    const id = new URL(request.url).pathname.split("/").at(-1);
    const handler: Handler | undefined = next[request.method as keyof typeof next];
    return handler?.(request, { params: Promise.resolve({ id }) }) ?? unknownMethod();
  },
  workers: (request) =>
    workersFetch(request, { DATABASE: "env" }, { waitUntil: () => undefined, params: { id: "no" } }),
};

const workersFetch: Handler = workers.fetch;
const unknownMethod = async (): Promise<Response> => new Response(null, { status: 405 });

serve({ fetch: PLATFORMS[process.env["PLATFORM"]!]!, port: Number(process.env["PORT"]) }, ({ port }) =>
  console.log(`port ${port}`),
);
