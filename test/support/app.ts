import { type ACL, createQueryRoute, type QueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES, type DatabaseName, type Opened, type Schema, type TestDatabase } from "./databases.ts";
import { fill } from "./data.ts";
import * as schema from "./schema.ts";

/** Whoever asks in a test: an author's id, and perhaps a role. */
export interface Session {
  readonly me?: number;
}

/** The access-control file of a test. */
export type TestACL<XContext = object> = ACL<"writer" | "editor", Session, XContext, Schema, TestDatabase>;

/** What a test sees of an answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

/** How one request is sent. */
export interface Sending extends Omit<RequestInit, "headers"> {
  readonly headers?: Record<string, string>;
  /** The author who asks; with a role unless `role` is null. */
  readonly as?: number;
  readonly role?: string | null;
}

/** A server on a port of its own, over a database filled with the tests' data. */
export interface App {
  readonly database: TestDatabase;
  readonly url: string;
  /** Errors that became a 500. */
  readonly errors: unknown[];
  readonly route: QueryRoute;
  send(method: string, path: string, sending?: Sending): Promise<Answer>;
  get(path: string, sending?: Sending): Promise<Answer>;
  post(path: string, body: unknown, sending?: Sending): Promise<Answer>;
  patch(path: string, body: unknown, sending?: Sending): Promise<Answer>;
  remove(path: string, sending?: Sending): Promise<Answer>;
  close(): Promise<void>;
}

/** What a test may change of its route. */
export interface AppOptions extends Partial<
  Omit<QueryRouteOptions<string, Session>, "acl" | "database" | "schema">
> {
  readonly on?: DatabaseName;
  readonly opened?: Opened;
  readonly empty?: boolean;
}

/**
 * Serves an access-control file over a fresh database. `send("GET", "articles?select=…")` speaks HTTP to it; the caller
 * is named by two headers that only the tests' session parser knows.
 */
export async function serve<XContext = object>(
  acl: TestACL<XContext>,
  { on = "libsql file", opened, empty, ...options }: AppOptions = {},
): Promise<App> {
  const { database, close } = opened ?? (await DATABASES[on]());
  if (empty !== true && opened === undefined) await fill(database);
  const errors: unknown[] = [];
  const route = createQueryRoute<string, Session>({
    acl,
    database,
    schema,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
    session: {
      parser: (request, context) => {
        const me = request.headers.get("x-me");
        if (me !== null) Object.assign(context, { me: Number(me) });
      },
      getRole: (request) => request.headers.get("x-role"),
    },
    ...options,
  });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: { "/query/:id": route },
    fetch: () => new Response("elsewhere", { status: 404 }),
  });
  const url = `http://127.0.0.1:${server.port}/query/`;

  const send: App["send"] = async (method, path, { as, role, headers, ...init } = {}) => {
    const caller = {
      ...(as !== undefined && { "x-me": String(as) }),
      ...(as !== undefined && role !== null && { "x-role": role ?? "writer" }),
      ...(as === undefined && role && { "x-role": role }),
    };
    const response = await fetch(url + path, { ...init, method, headers: { ...caller, ...headers } });
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  };
  const sendJSON =
    (method: string) =>
    (path: string, body: unknown, sending: Sending = {}) =>
      send(method, path, {
        ...sending,
        headers: { "content-type": "application/json", ...sending.headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
  return {
    database,
    url,
    errors,
    route,
    send,
    get: (path, sending) => send("GET", path, sending),
    post: sendJSON("POST"),
    patch: sendJSON("PATCH"),
    remove: (path, sending) => send("DELETE", path, sending),
    close: async () => {
      await server.stop(true);
      close();
    },
  };
}
