import { afterAll, beforeAll, describe } from "bun:test";
import { basename } from "node:path";
import { createQueryHandler, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES, type DatabaseName } from "./databases.ts";
import { FACTOR } from "./laws.ts";
import { isLeftOut, openPostgresql, POSTGRESQL_NAMES, type PostgresqlName } from "./postgresql.ts";
import { openRemote } from "./remote.ts";
import { openTables } from "./shop.ts";

type Schema = Record<string, unknown>;

const REMOTE = "libsql remote";

/** The same tables in both databases' words, and statements that only SQL can say. */
export interface Tables {
  readonly sqlite: Schema;
  readonly postgresql: Schema;
  readonly made?: Readonly<Record<"sqlite" | "postgresql", readonly string[]>>;
}

/** A database with tables, and a route of each reader over it. */
export interface Place {
  readonly name: string;
  readonly speaks: "sqlite" | "postgresql";
  readonly reader: "fast" | "portable";
  readonly database: unknown;
  readonly schema: Schema;
  /** What became a 500, or was told beside it. */
  readonly errors: unknown[];
  readonly handler: (acl: object, options?: Partial<QueryRouteOptions>) => QueryHandler;
  /** Asks by HTTP's own objects. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Told>;
  /** Runs one statement past the engine. */
  readonly run: (text: string) => Promise<unknown>;
}

/** What a test sees of an answer. */
export interface Told {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

/**
 * The portable reader leaves SQL to Drizzle, to which drivers of one database differ little: one of each kind is asked, and
 * where more is run than usual every one.
 */
const readersOf = (name: string): readonly Place["reader"][] =>
  FACTOR > 1 || ["libsql file", isLeftOut("bun-sql") ? "PGlite" : "bun-sql"].includes(name)
    ? ["fast", "portable"]
    : ["fast"];

/**
 * What differs from others of its kind in how statements travel, and what waits for what: each file of tests is run on one
 * of each, and where more is run than usual on all. The conformance suite is run on every one.
 */
const TURNS: readonly (readonly string[])[] = [
  ["libsql memory", REMOTE],
  ["PGlite", "postgres-js", "node-postgres"],
];

/** Whether it is the turn of a database: one file's is one's, the next one's another's. */
function isTurnOf(name: string): boolean {
  const kind = TURNS.find((names) => names.includes(name))?.filter((one) => !isLeftOut(one));
  if (kind === undefined || FACTOR > 1) return true;
  const sum = Buffer.from(basename(Bun.main)).reduce((all, byte) => all + byte, 0);
  return kind[sum % kind.length] === name;
}

/** Runs tests on the databases this process can open, whose turn it is, with both readers where they differ. */
export function everywhere(
  { sqlite, postgresql, made }: Tables,
  acl: object,
  tests: (place: Place) => void,
): void {
  const files = Object.keys(DATABASES) as DatabaseName[];
  const servers: readonly string[] = POSTGRESQL_NAMES;
  for (const name of [...files, REMOTE, ...servers].filter((one) => !isLeftOut(one) && isTurnOf(one)))
    describe(name, () => {
      const speaks = servers.includes(name) ? "postgresql" : "sqlite";
      const schema = speaks === "sqlite" ? sqlite : postgresql;
      let opened: { readonly database: unknown; readonly close: () => unknown };
      const run = async (text: string): Promise<unknown> => runOn(opened.database, text);
      beforeAll(async () => {
        opened = await (speaks === "postgresql"
          ? openPostgresql(name as PostgresqlName, schema)
          : name === REMOTE
            ? openRemote(schema)
            : openTables(schema, name as DatabaseName));
        for (const text of made?.[speaks] ?? []) await run(text);
      }, 60_000);
      afterAll(async () => void (await opened?.close()), 60_000);

      describe.each(readersOf(name))("%s", (reader) => {
        const errors: unknown[] = [];
        const handler: Place["handler"] = (rules, options = {}) =>
          createQueryHandler({
            acl: rules as never,
            database: opened.database,
            schema,
            reader,
            onWarning: () => undefined,
            onError: (error) => errors.push(error),
            ...options,
          });
        let handle: QueryHandler | undefined;
        const ask: Place["ask"] = (method, path, body) =>
          asked((handle ??= handler(acl)), method, path, body);
        const place = { name, speaks, reader, schema, errors, handler, ask, run } as const;
        tests({
          ...place,
          get database() {
            return opened.database;
          },
        });
      });
    });
}

/** Sends a request to a handler. */
export async function asked(
  handle: QueryHandler,
  method: string,
  path: string,
  body?: unknown,
): Promise<Told> {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers };
  const response = await handle(new Request(`http://local/query/${path}`, { method, ...init }));
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

// oxlint-disable-next-line typescript/no-explicit-any -- each driver's own way
const runOn = (database: any, text: string): Promise<unknown> =>
  (database.run ?? database.execute).call(database, text);
