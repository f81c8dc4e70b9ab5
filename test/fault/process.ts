import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ddl } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

/** A server in a process of its own. */
export interface Served {
  readonly url: string;
  readonly pid: number;
  /** Ends it at once, as a power cut would. */
  readonly kill: () => Promise<void>;
}

/** Rules, and the tables they are about, that a server of `ruled.ts` can stand under. */
export type Rules = "keyed-rules" | "nested-rules" | "upserted-rules" | "versioned-rules";

/**
 * Starts a server over a file, perhaps by another command, of the tests' own tables or under some rules; it is to be killed
 * by who started it.
 */
export async function spawn(
  file: string,
  driver = "libsql",
  busyTimeout = 5_000,
  by: readonly string[] = [],
  rules?: Rules,
): Promise<Served> {
  const program = join(import.meta.dir, rules === undefined ? "server.ts" : "ruled.ts");
  const told = [`file:${file}`, driver, String(busyTimeout), ...(rules === undefined ? [] : [rules])];
  const command = [...by, process.execPath, program, ...told];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = new TextDecoder().decode(value).trim();
  return {
    url: `http://127.0.0.1:${port}/query/`,
    pid: child.pid,
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** A file with the tests' tables, or others, in a folder of its own, and what removes it. */
export async function makeFile(
  journal: "wal" | "delete" = "wal",
  parent: string = tmpdir(),
  tables: Record<string, unknown> = schema,
): Promise<{ file: string; remove: () => void }> {
  const folder = mkdtempSync(join(parent, "query-fault-"));
  const file = join(folder, "test.db");
  const database = new Database(file);
  database.run(`pragma journal_mode = ${journal}`);
  for (const statement of await ddl(tables)) database.run(statement);
  database.close();
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An answer's status, 0 where none came within ten seconds. */
export interface Status {
  readonly status: number;
  readonly retryAfter: string | null;
}

export const get = (url: string): Promise<Status> => send(url, {});

export const post = (url: string, body: unknown): Promise<Status> =>
  send(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function send(url: string, init: RequestInit): Promise<Status> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
    await response.text();
    return { status: response.status, retryAfter: response.headers.get("retry-after") };
  } catch {
    return { status: 0, retryAfter: null };
  }
}

/** Numbers from 0 to 1 that a seed determines. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
