import { expect } from "bun:test";
import { Database as BunDatabase } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { type Client, createClient, type InStatement } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { type DatabaseName, ddl, type TestDatabase } from "./databases.ts";
import type { World } from "./model.ts";
import { type EntrySpec, toRule } from "./rules.ts";
import * as schema from "./schema.ts";

/** The seed of every law of this run: a failure prints it, and LAW_SEED repeats it. */
export const SEED = Number(process.env["LAW_SEED"] ?? Date.now() % 2 ** 31);
/** How many times as much work as usual: LAW_RUNS=10 is ten times the cases. */
export const FACTOR = Number(process.env["LAW_RUNS"] ?? 1);

/** How a law is run: so many random cases in the usual run. */
export const runs = (usual: number): { seed: number; numRuns: number; interruptAfterTimeLimit?: number } => ({
  seed: SEED,
  numRuns: Math.max(1, Math.round(usual * FACTOR)),
});

/** How long a law may take, in milliseconds: some ten times what it does. */
export const PATIENCE = 60_000 * Math.max(1, FACTOR);

/** How many requests the usual run of each law makes at least, whatever the seed. */
export const LEAST = {
  /** Compared with the answer of a model written independently. */
  oracle: {
    reads: 18_000,
    writes: 2_000,
    files: 2_600,
    questions: 8_300,
    pages: 2_000,
    documents: 1_300,
    bigger: 3_000,
    nested: 2_000,
  },
  /** Compared with another reader, another database or another world, or with what any answer may be. */
  others: {
    readers: 4_500,
    schemas: 2_000,
    indistinguishable: 1_500,
    hidden: 800,
    hiddenFromQuestions: 2_200,
    total: 2_000,
    promises: 200,
    fuzz: 13_000,
    search: 1_900,
    live: 1_500,
    bonds: 500,
  },
} as const;

/** The requests made so far, in the laws of all files. */
export const made = { oracle: 0, others: 0 };

/** Ends a law: says how many requests it made, and fails where they are too few to mean anything. */
export function thatMany<Kind extends keyof typeof made>(
  kind: Kind,
  law: keyof (typeof LEAST)[Kind] & string,
  requests: number,
): void {
  made[kind] += requests;
  console.log(`${law}: ${requests.toLocaleString("en")} random requests, seed ${SEED}; ${sum()}`);
  const least = (LEAST[kind] as Record<string, number>)[law]!;
  if (FACTOR >= 1) expect(requests).toBeGreaterThanOrEqual(least * FACTOR);
}

/** All that was made so far, in words. */
export const sum = (): string =>
  `${(made.oracle + made.others).toLocaleString("en")} so far, ${made.oracle.toLocaleString("en")} of them checked by an oracle`;

/** A database that tells what was asked of it. */
export interface Watched {
  readonly name: DatabaseName;
  readonly database: TestDatabase;
  /** The statements Drizzle made. */
  readonly drizzled: string[];
  /** The statements that reached the client. */
  readonly executed: { sql: string; args: unknown }[];
  /** Replaces all rows by those of a world. */
  load(world: World): Promise<void>;
  readonly close: () => void;
}

const TABLES = ["author", "article", "comment", "tag", "articleTag", "sample"] as const;

/** Opens an empty database with the tests' tables. */
export async function watch(name: DatabaseName, tables: Record<string, unknown> = schema): Promise<Watched> {
  const drizzled: string[] = [];
  const executed: { sql: string; args: unknown }[] = [];
  const logger = { logQuery: (text: string) => void drizzled.push(text) };
  const statements = await ddl(tables);
  let database: TestDatabase;
  let run: (statement: string) => unknown;
  let close: () => void;
  if (name === "bun:sqlite") {
    const client = listeningBun(new BunDatabase(":memory:"), executed);
    database = drizzleBun(client, { schema: tables as typeof schema, logger }) as unknown as TestDatabase;
    run = (statement) => client.run(statement);
    close = () => client.close();
    run("pragma foreign_keys = on");
  } else {
    const folder = name === "libsql file" ? mkdtempSync(join(tmpdir(), "query-law-")) : undefined;
    const client = createClient({
      url: folder === undefined ? ":memory:" : `file:${join(folder, "law.db")}`,
    });
    database = drizzleLibsql(listening(client, executed), { schema: tables as typeof schema, logger });
    run = (statement) => client.execute(statement);
    close = () => {
      client.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    };
    await run("pragma journal_mode = wal");
    await run("pragma synchronous = off");
  }
  for (const statement of statements) await run(statement);
  let current: World | undefined;
  let loads = 0;
  return {
    name,
    database,
    drizzled,
    executed,
    close,
    async load(world) {
      // What was seen of an earlier world is of no use, and in a million requests too much to keep.
      drizzled.length = executed.length = 0;
      if (current === world) return;
      current = undefined;
      // The drivers' statements are freed by the collector, which does not know how large they are.
      if (++loads % 200 === 0) Bun.gc(true);
      const steps: any[] = TABLES.toReversed().map((table) => database.delete(schema[table]));
      for (const table of TABLES)
        if (world[table].length > 0) steps.push(database.insert(schema[table]).values(world[table] as never));
      if (name === "bun:sqlite") for (const step of steps) await step;
      else await database.batch(steps as never);
      current = world;
    },
  };
}

function listeningBun(client: BunDatabase, executed: Watched["executed"]): BunDatabase {
  const prepare = client.prepare.bind(client) as (text: string) => any;
  client.prepare = ((text: string) => {
    const statement = prepare(text);
    for (const way of ["values", "iterate", "all", "get", "run"]) {
      const run = statement[way].bind(statement);
      statement[way] = (...args: unknown[]) => {
        executed.push({ sql: text, args });
        return run(...args);
      };
    }
    return statement;
  }) as never;
  return client;
}

function listening(client: Client, executed: Watched["executed"]): Client {
  return new Proxy(client, {
    get(_, key) {
      if (key === "execute") {
        return (statement: InStatement | string, args: unknown) => {
          executed.push(
            typeof statement === "string"
              ? { sql: statement, args }
              : { sql: statement.sql, args: statement.args },
          );
          return client.execute(statement as string, args as never);
        };
      }
      const value: unknown = Reflect.get(client, key, client);
      return typeof value === "function" ? (value.bind(client) as unknown) : value;
    },
  });
}

/** What a law sees of an answer. */
export interface Seen {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  readonly body: any;
}

/** Asks a route in process. */
export type Ask = (
  method: string,
  path: string,
  me: number,
  init?: Omit<RequestInit, "headers"> & { headers?: Record<string, string> },
) => Promise<Seen>;

export interface LawRoute {
  readonly ask: Ask;
  /** Errors that became a 500. */
  readonly errors: unknown[];
}

/** A route over an access-control file; `x-me` is the caller, who always has a role. */
export function routeOver(
  acl: QueryRouteOptions["acl"],
  database: TestDatabase,
  options: Partial<QueryRouteOptions<string, { me?: number }>> = {},
): LawRoute {
  const errors: unknown[] = [];
  const route = createQueryRoute<string, { me?: number }>({
    ownConnection: false, // statements are counted at the client
    onWarning: () => undefined,
    acl,
    database,
    schema,
    onError: (error) => errors.push(error),
    session: {
      parser: (request, context) => void Object.assign(context, { me: Number(request.headers.get("x-me")) }),
      getRole: () => "writer",
    },
    defaults: { maxDepth: 4, maxCost: null, maxWork: null },
    ...options,
  });
  const ask: Ask = async (method, path, me, init = {}) => {
    const request = new Request(`http://law.test/query/${path}`, {
      ...init,
      method,
      headers: { ...init.headers, "x-me": String(me) },
    });
    const response = await route[method as keyof typeof route](request);
    const text = await response.text();
    return {
      status: response.status,
      headers: [...response.headers].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      text,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return { ask, errors };
}

/** The access-control file of one resource that everybody reads by one rule. */
export function readACL(resource: string, { table, rule, ...rest }: EntrySpec): QueryRouteOptions["acl"] {
  return { [resource]: { table, ...rest, control: { GET: { all: toRule(rule, table) } } } };
}

/** Equal values, numbers by their bits but for the sign of zero; `excused` names members that may differ. */
export function same(
  left: any,
  right: any,
  excused?: (key: string, left: any, right: any) => boolean,
): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null)
    return Object.is(left, right) || (left === 0 && right === 0);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) =>
        Object.hasOwn(right, key) &&
        (same(left[key], right[key], excused) || excused?.(key, left[key], right[key]) === true),
    )
  );
}

// libsql's driver reads a text up to its first NUL, so the portable reader cannot know the rest.
export const cutAtNUL = (_key: string, fast: unknown, portable: unknown): boolean =>
  typeof fast === "string" && fast.includes("\0") && portable === fast.split("\0", 1)[0];

/** An answer without the word that a maximum cut it short, which the laws of questions judge. */
export function unsaid(body: any): any {
  if (Array.isArray(body)) return body.map(unsaid);
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(
    Object.entries(body)
      .filter(([name, value]) => !(name === "more" && value === true) && name !== "$more")
      .map(([name, value]) => [name, unsaid(value)]),
  );
}
