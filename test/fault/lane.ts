import { Database as BunDatabase } from "bun:sqlite";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import {
  createQueryHandler,
  type Dialect,
  type Lane,
  type LaneOptions,
  type ResultRows,
} from "@bepalo/query";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import type { TestACL } from "../support/app.ts";
import { fill } from "../support/data.ts";
import type { TestDatabase } from "../support/databases.ts";
import * as schema from "../support/schema.ts";
import { makeFile } from "./process.ts";

/** A statement that takes for ever, and no memory. */
export const ENDLESS =
  "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n where x < 0";

/** The processes of the lane that a process has, perhaps for one file; those that wait to be buried are left out. */
export function pidsOf(parent = process.pid, file?: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isLane(pid, parent) && (file === undefined || holds(pid, file)));
}

function isLane(pid: number, parent: number): boolean {
  try {
    const [state, above] = statOf(pid);
    return (
      Number(above) === parent &&
      state !== "Z" &&
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("bepalo-query-lane")
    );
  } catch {
    return false; // it has ended meanwhile
  }
}

/** Whether a process has a file open. */
function holds(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)) === file;
    } catch {
      return false; // it is closed again
    }
  });
}

/** What stands behind the name of a process, which may hold anything. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    return statOf(pid)[0] !== "Z";
  } catch {
    return false;
  }
}

/** Waits until something holds, for ten seconds. */
export async function until(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500 && !holds(); i++) await Bun.sleep(20);
  return holds();
}

export type Driver = "bun:sqlite" | "libsql";

/** How an application with a lane is made. */
export interface LanedOptions {
  readonly lane?: LaneOptions | false;
  readonly ownConnection?: boolean;
  readonly journal?: "wal" | "delete";
  readonly timeout?: number;
  /** The file of another application. */
  readonly file?: string;
}

/** An application over a file, whose statements go to the lane first where it is told so. */
export interface Laned {
  readonly file: string;
  readonly dialect: Dialect;
  readonly warnings: readonly string[];
  readonly errors: readonly unknown[];
  /** The processes of its lane. */
  pids(): readonly number[];
  /** Its lane, once it has one. */
  lane(): Promise<Lane>;
  /** Asks the lane alone. */
  read(
    text: string,
    values?: readonly unknown[],
    bounds?: { milliseconds?: number; signal?: AbortSignal },
  ): Promise<ResultRows | undefined>;
  /** Asks the application's own connection. */
  front(text: string, values?: readonly unknown[]): Promise<ResultRows>;
  /** Changes the application's own connection. */
  run(text: string): Promise<unknown>;
  /** Asks the route, in front or by the lane, and says by whom the statement was answered. */
  get(path: string, by: "front" | "lane", signal?: AbortSignal): Promise<Got>;
  post(path: string, body: unknown): Promise<number>;
  closeClient(): void;
  close(): Promise<void>;
}

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly by: readonly string[];
}

function open(driver: Driver, file: string) {
  if (driver === "libsql") {
    const client = createClient({ url: `file:${file}` });
    const run = (text: string): Promise<unknown> => client.execute(text);
    return { database: drizzleLibsql(client, { schema }), run, close: () => client.close() };
  }
  const client = new BunDatabase(file);
  const database = drizzleBun(client, { schema }) as unknown as TestDatabase;
  return { database, run: async (text: string) => client.run(text), close: () => client.close() };
}

/** Opens an application over a file with the tests' tables and data. */
export async function laned(driver: Driver, acl: TestACL, options: LanedOptions = {}): Promise<Laned> {
  const { journal = "wal", file: other, timeout = 20_000, ...rest } = options;
  const made = other === undefined ? await makeFile(journal) : { file: other, remove: () => undefined };
  const { database, run, close } = open(driver, made.file);
  if (other === undefined) await fill(database);
  const warnings: string[] = [];
  const errors: unknown[] = [];
  let apart: AbortSignal | undefined;
  let answered: string[] = [];
  let inner!: Dialect;
  const handler = createQueryHandler({
    acl,
    database,
    schema,
    timeout,
    ...rest,
    onWarning: (sentence) => void (/\blane\b/.test(sentence) && warnings.push(sentence)),
    onError: (error) => errors.push(error),
    dialect: (_, found) => {
      inner = found();
      return new Proxy(inner, {
        get(target, name) {
          if (name === "query") return query;
          if (name === "lane") return undefined; // it is chosen here
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    },
  });
  const query: Dialect["query"] = async (one, text, values) => {
    const signal = apart;
    const told = signal && (await inner.lane?.read(text, values, { milliseconds: timeout, signal }));
    const found = told?.rows;
    answered.push(found === undefined ? "front" : "lane");
    return found ?? inner.query(one, text, values);
  };
  let closed = false;
  const closeClient = (): void => {
    if (!closed) close();
    closed = true;
  };
  const lane = async (): Promise<Lane> => {
    await until(() => inner.lane !== undefined);
    return inner.lane!;
  };
  return {
    file: made.file,
    dialect: inner,
    warnings,
    errors,
    pids: () => pidsOf(process.pid, made.file),
    lane,
    read: async (text, values = [], { milliseconds = 20_000, signal = never() } = {}) =>
      (await (await lane()).read(text, values, { milliseconds, signal }))?.rows,
    front: async (text, values = []) => inner.read((one) => inner.query(one, text, values)),
    run,
    async get(path, by, signal = never()) {
      if (by === "lane") await lane();
      [apart, answered] = [by === "lane" ? signal : undefined, []];
      const response = await handler(new Request(`http://x/query/${path}`));
      return { status: response.status, text: await response.text(), by: answered };
    },
    async post(path, body) {
      apart = undefined;
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      return (await handler(new Request(`http://x/query/${path}`, init))).status;
    },
    closeClient,
    close: async () => (closeClient(), made.remove()),
  };
}

const never = (): AbortSignal => new AbortController().signal;
