import { expect } from "bun:test";
import type { Answer, Sending } from "../support/app.ts";
import type { Traits } from "./ground.ts";
import type { AUDITED } from "./world/rules.ts";

/** Text no answer may hold: SQL, a driver's words, a stack. */
const ENGINE_TEXT =
  /\bselect\b.+\bfrom\b|insert into|failed query|sqlite|libsql|drizzle|postgres|pglite|no such (column|table)|does not exist|duplicate key|violates|syntax error|invalid input|\bparams:|\bat .+\.ts:\d+|words of the author/i;

/** The route of one reader, spoken to by HTTP alone, and what stands behind it. */
export interface Subject extends Traits {
  readonly reader: "fast" | "portable";
  send(method: string, path: string, sending?: Sending): Promise<Answer>;
  get(path: string, sending?: Sending): Promise<Answer>;
  post(path: string, body: unknown, sending?: Sending): Promise<Answer>;
  patch(path: string, body: unknown, sending?: Sending): Promise<Answer>;
  remove(path: string, sending?: Sending): Promise<Answer>;
  /** Makes the database what it was at first. */
  readonly reset: () => Promise<void>;
  /** The whole database as an auditor reads it: equal texts, nothing was written. */
  dump(): Promise<string>;
  /** One table as an auditor reads it. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  rows(table: (typeof AUDITED)[number]): Promise<any[]>;
  /** Answers once a hook waits to be let go on. */
  entered(): Promise<void>;
  /** Lets hooks that wait go on. */
  release(): Promise<void>;
  /** Takes the errors that became a 500, for a test that provokes one. */
  faults(): Promise<string[]>;
}

/** Speaks to a server; `url` is asked for each request, because it starts after the cases are named. */
export function subjectOf(url: () => string, reader: Subject["reader"], traits: Traits): Subject {
  const send: Subject["send"] = async (method, path, { as, role, headers, ...init } = {}) => {
    const caller = {
      ...(as !== undefined && { "x-me": String(as) }),
      ...(as !== undefined && role !== null && { "x-role": role ?? "writer" }),
      ...(as === undefined && role && { "x-role": role }),
    };
    const response = await fetch(`${url()}/${reader}/${path}`, {
      ...init,
      method,
      headers: { ...caller, ...headers },
    });
    const text = await response.text();
    if (response.status >= 400) expect(text).not.toMatch(ENGINE_TEXT);
    const json = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  };
  const sendJSON =
    (method: string): Subject["post"] =>
    (path, body, sending = {}) =>
      send(method, path, {
        ...sending,
        headers: { "content-type": "application/json", ...sending.headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
  const back = async (order: string): Promise<unknown> => {
    const response = await fetch(`${url()}/back/${order}`, { method: "POST" });
    if (!response.ok) throw new Error(`${order}: ${await response.text()}`);
    return response.json();
  };
  const rows: Subject["rows"] = async (table) => {
    const { status, text, body } = await send("GET", `audit-${table}`, { role: "auditor" });
    if (status !== 200) throw new Error(`the auditor cannot read ${table}: ${text}`);
    return body[`audit-${table}`];
  };
  return {
    ...traits,
    reader,
    send,
    get: (path, sending) => send("GET", path, sending),
    post: sendJSON("POST"),
    patch: sendJSON("PATCH"),
    remove: (path, sending) => send("DELETE", path, sending),
    rows,
    dump: async () => JSON.stringify(await back(`dump-${reader}`), undefined, 1),
    reset: async () => void (await back("reset")),
    entered: async () => void (await back("entered")),
    release: async () => void (await back("release")),
    faults: async () => (await back("errors")) as string[],
  };
}
