import { createQueryRoute } from "@bepalo/query";
import { jsonPatch } from "@bepalo/query/json-patch";
import { live } from "@bepalo/query/live";
import { authPath, createAuth, inProduction } from "@/auth";
import { guard, type CTXUserSession } from "@/auth/middleware";
import type { UserRoles } from "@/db";
import acl, { tables } from "@/db/acl";
import type { Database } from "@/db/open";
import * as schema from "@/db/schema";
import { seed } from "@/db/seed";
import page from "./page/index.html";

/** Where the sandbox listens, and on which database it works. */
export interface SandboxOptions {
  readonly database: Database;
  /** 0 takes any free port. */
  readonly port: number;
  /** Only this machine by default: everybody knows the passwords. */
  readonly hostname?: string;
}

/** Starts the whole application, seeds an empty database first, and answers once it is ready. */
export async function startSandbox({ database, port, hostname = "127.0.0.1" }: SandboxOptions) {
  // The port is known only when it is bound, and better-auth has to know its own origin.
  // The page is always bundled as in production: what is tried out, and tested, is what people get.
  const server = Bun.serve({ port, hostname, development: false, fetch: starting });
  let closeStreams = async (): Promise<void> => {};
  const stop = async () => {
    await closeStreams();
    await server.stop(true);
    database.$client.close();
  };

  try {
    const local = `http://localhost:${server.port}`;
    const origin = new URL(process.env["BETTER_AUTH_URL"] || local).origin;
    const auth = createAuth(database, origin, [local, server.url.origin]);
    const seeded = !inProduction() && (await seed(database, auth));
    const { authenticate, handler } = guard(auth);

    const queryRoute = createQueryRoute<UserRoles, CTXUserSession>({
      idParam: "id",
      basePath: "/query",
      acl,
      tables,
      access: true,
      openapi: { title: "Sandbox" },
      explorer: () => !inProduction(),
      inspect: () => true,
      batch: true,
      jsonPatch,
      live: live(),
      database,
      schema,
      defaults: { maxDepth: 2, maxLimit: 1000 },
      onError: (error) => console.error(error),
      session: {
        parser: authenticate({ optional: true }),
        getRole: (_req, { user }) => user?.role,
      },
      caller: ({ user }) => user?.id,
      idempotency: { table: schema.idempotency, caller: ({ user }) => user?.id },
    });

    closeStreams = () => queryRoute.close();

    server.reload({
      routes: { "/": page, [`${authPath}/*`]: handler, "/query/:id": queryRoute },
      // The only method that routes do not know.
      fetch: (request, from) => (request.method === "QUERY" ? queryRoute.QUERY(request, from) : elsewhere()),
      error: unexpected,
    });
    return { url: local, auth, seeded, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function starting(): Response {
  return Response.json({ error: "starting", code: "busy" }, { status: 503, headers: { "Retry-After": "1" } });
}

/** Answers what no route took: a path that leads nowhere. */
function elsewhere(): Response {
  return Response.json(
    { error: "nothing here", code: "unknown-resource", hint: "try /query/fruits" },
    { status: 404 },
  );
}

function unexpected(error: unknown): Response {
  console.error(error);
  return Response.json({ error: "internal error", code: "internal-error" }, { status: 500 });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT must be a number from 0 to 65535, not \`${text}\``);
}

if (import.meta.main) {
  const { db } = await import("@/db");
  const sandbox = await startSandbox({
    database: db,
    port: portOf(process.env["PORT"] || "4000"),
    ...(process.env["HOST"] && { hostname: process.env["HOST"] }),
  });
  console.log(`Listening on ${sandbox.url}${sandbox.seeded ? ", with fresh data" : ""}. Open it in a browser, or try:

  ${sandbox.url}/query/$explorer
  curl '${sandbox.url}/query/fruits'
  curl '${sandbox.url}/query/baskets?select=(columns:~T(name)~,with:(fruit:(columns:~T(name)~)))'
`);
}
