import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import type { QueryResult, RequestContext } from "@bepalo/query";
import { type Answer, type App, type AppOptions, serve, type Sending, type TestACL } from "./app.ts";

/** Text no answer may hold: SQL, a driver's words, a stack. */
const ENGINE_TEXT =
  /\bselect\b.+\bfrom\b|insert into|failed query|sqlite|libsql|drizzle|no such (column|table)|\bparams:|\bat .+\.ts:\d+/i;

/** Every database, and both readers: the text of the fast one, its rows where a formatter wants them, and the portable one. */
export const STACKS: readonly { readonly name: string; readonly options: AppOptions }[] = [
  { name: "libsql file", options: { on: "libsql file" } },
  { name: "libsql memory", options: { on: "libsql memory" } },
  { name: "bun:sqlite", options: { on: "bun:sqlite" } },
  { name: "libsql file, portable", options: { on: "libsql file", reader: "portable" } },
  { name: "bun:sqlite, as rows", options: { on: "bun:sqlite", defaults: { formatResult: defaultBody } } },
];

/** The default body, made by a formatter. */
function defaultBody(
  _request: Request,
  { resourceId, findFirst, result }: RequestContext & { result: QueryResult },
): object {
  const { total, count, more, rows } = result;
  return {
    ...(total !== undefined && { total }),
    ...(!(findFirst && rows !== undefined) && { count }),
    ...(more !== undefined && { more }),
    ...(rows !== undefined && { [resourceId]: rows as unknown }),
  };
}

/** An app that is opened before a block's tests and closed after them. */
export interface Served extends Pick<App, "send" | "get" | "post" | "patch" | "remove" | "errors"> {
  readonly app: App;
  /** Takes the errors that became a 500, for a test that provokes one. */
  faults(): unknown[];
}

/**
 * Serves an access-control file for the tests of a block. No answer may hold engine text, and errors that a test did not
 * take with `faults` fail it.
 */
export function served(acl: TestACL, options: AppOptions = {}): Served {
  let app: App;
  beforeAll(async () => {
    app = await serve(acl, options);
  });
  afterAll(() => app.close());
  afterEach(() => expect(app.errors.splice(0)).toEqual([]));
  const send = async (method: string, path: string, sending?: Sending): Promise<Answer> => {
    const answer = await app.send(method, path, sending);
    if (answer.status >= 400) expect(answer.text).not.toMatch(ENGINE_TEXT);
    return answer;
  };
  return {
    send,
    get: (path, sending) => send("GET", path, sending),
    post: (path, body, sending) => app.post(path, body, sending),
    patch: (path, body, sending) => app.patch(path, body, sending),
    remove: (path, sending) => send("DELETE", path, sending),
    get errors() {
      return app.errors;
    },
    get app() {
      return app;
    },
    faults: () => app.errors.splice(0),
  };
}

/** A path with a selector, encoded as a client does. */
export function ask(resource: string, select: string, ...flags: readonly string[]): string {
  return `${resource}?${[...flags, `select=${encodeURIComponent(select)}`].join("&")}`;
}

/** The ids of the rows an answer lists, in their order. */
export const ids = ({ body }: Answer, resource = "articles"): unknown[] =>
  (body[resource] as { id: unknown }[]).map(({ id }) => id);
