import { Database as BunDatabase } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  createQueryHandler,
  type Database,
  type Dialect,
  type DialectOptions,
  QueryError,
  type ResultRows,
} from "@bepalo/query";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle as drizzleProxy } from "drizzle-orm/sqlite-proxy";
import { type App, serve } from "../support/app.ts";
import type { DatabaseName } from "../support/databases.ts";
import { closing } from "../support/write.ts";

const keep = closing();
const free = { all: { select: true, write: true } } as const;
const acl = { tags: { table: "tag", control: { GET: free, POST: free } } } as const;

/** A dialect with some of its members replaced. */
const around = (inner: Dialect, own: Partial<Dialect>): Dialect =>
  new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof Dialect];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });

const ON: readonly DatabaseName[] = ["bun:sqlite", "libsql file", "libsql memory"];

describe.each(ON)("a dialect around the built-in one, on %s", (on) => {
  test("sees every statement, and every piece of work", async () => {
    const seen: string[] = [];
    const app: App = keep(
      await serve(acl, {
        on,
        dialect: (_, found) => {
          const inner = found();
          return around(inner, {
            query: (database, statement, values) => (
              seen.push(statement.split(" ", 1)[0]!),
              inner.query(database, statement, values)
            ),
            read: (work) => (seen.push("(read)"), inner.read(work)),
            write: (work, milliseconds) => (seen.push("(write)"), inner.write(work, milliseconds)),
          });
        },
      }),
    );
    seen.length = 0; // what a route asks at start
    expect((await app.get("tags?select=(limit:1)")).status).toBe(200);
    expect(seen).toEqual(["(read)", "select"]);
    expect((await app.post("tags", { label: "new" })).status).toBe(200);
    expect(seen.filter((one) => one === "(write)")).toHaveLength(1);
  });

  test("lets a statement fail, and says what that means", async () => {
    let broken = false;
    const app = keep(
      await serve(acl, {
        on,
        // A read that took long on a busy machine would be asked elsewhere the next time.
        ownConnection: false,
        dialect: (_, found) => {
          const inner = found();
          return around(inner, {
            query: async (database, statement, values) => {
              if (broken) throw new Error("the cable is out");
              return inner.query(database, statement, values);
            },
            failure: (error, mode) =>
              error instanceof Error && error.message === "the cable is out"
                ? new QueryError("busy", "try again")
                : inner.failure(error, mode),
          });
        },
      }),
    );
    expect((await app.get("tags")).status).toBe(200);
    broken = true;
    const { status, body } = await app.get("tags");
    expect([status, body]).toEqual([503, { error: "try again", code: "busy" }]);
    broken = false;
    expect((await app.get("tags")).status).toBe(200);
  });
});

const note = sqliteTable("note", { id: integer().primaryKey(), label: text().notNull().unique() });

/** A database of a kind that is not built in: Drizzle's own statements go through a function. */
function openProxy(client: BunDatabase): Database {
  const send = async (statement: string, values: unknown[], method: string): Promise<{ rows: unknown[] }> => {
    const rows = client.prepare(statement).values(...(values as string[]));
    return { rows: method === "get" ? rows[0]! : rows };
  };
  return drizzleProxy(send, { schema: { note } });
}

/** A dialect of somebody's own, in which one piece of work goes after another. */
class OneByOne implements Dialect {
  readonly speaks = "sqlite";
  readonly door = undefined;
  readonly refers = true;
  readonly remote = false;
  readonly rowsAreCheap = false;
  readonly jsonPassesSelects = false;
  readonly prepared = 0;
  readonly #client: BunDatabase;
  readonly #database: Database;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: BunDatabase, database: Database) {
    this.#client = client;
    this.#database = database;
  }

  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const running = this.#last.then(() => work(this.#database));
    this.#last = running.catch(() => undefined);
    return running;
  }

  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.read(work);
  }

  transaction<T>(_mode: string, work: (transaction: Database) => Promise<T>): Promise<T> {
    return this.read(async (database) => {
      this.#client.run("begin");
      try {
        const result = await work(database);
        this.#client.run("commit");
        return result;
      } catch (error) {
        this.#client.run("rollback");
        throw error;
      }
    });
  }

  async query(_: Database, statement: string, values: readonly unknown[]): Promise<ResultRows> {
    return this.#client.prepare(statement).values(...(values as string[]));
  }

  failure(error: unknown): QueryError | undefined {
    const unique = String((error as Error).cause ?? error).includes("UNIQUE");
    return unique ? new QueryError("conflict", "there is one already", { cause: error }) : undefined;
  }

  unsayable = (): boolean => false;
  retryable = (): boolean => false;
  missesReference = (): boolean => false;
}

describe("a dialect of one's own", () => {
  const open = (): { client: BunDatabase; database: Database } => {
    const client = new BunDatabase(":memory:");
    client.run("create table note (id integer primary key, label text not null unique)");
    return { client, database: openProxy(client) };
  };
  const acl = { notes: { table: "note", control: { GET: free, POST: free } } };

  test.each(["fast", "portable"] as const)("serves a database that is not built in: %s", async (reader) => {
    const { client, database } = open();
    const given: DialectOptions[] = [];
    const handler = createQueryHandler({
      acl,
      database,
      schema: { note },
      busyTimeout: 7,
      timeout: 3_000,
      onWarning: () => undefined,
      reader,
      dialect: (options) => (given.push(options), new OneByOne(client, database)),
    });
    const send = async (method: string, rows?: unknown): Promise<{ status: number; body: any }> => {
      const body = rows === undefined ? null : JSON.stringify(rows);
      const headers = { "content-type": "application/json" };
      const answer = await handler(new Request("http://x/query/notes", { method, body, headers }));
      return { status: answer.status, body: await answer.json() };
    };
    expect(given).toMatchObject([{ busyTimeout: 7, timeout: 3_000, ownConnection: true, lane: {} }]);
    expect((await send("POST", { id: 1, label: "one" })).status).toBe(200);
    const twice = [
      { id: 2, label: "two" },
      { id: 3, label: "one" },
    ];
    expect(await send("POST", twice)).toMatchObject({ status: 409, body: { error: "there is one already" } });
    expect((await send("POST", twice.slice(0, 1))).status).toBe(200);
    const notes = [1, 2].map((id) => ({ id, label: id === 1 ? "one" : "two" }));
    expect((await send("GET")).body).toEqual({ notes, count: 2 });
  });

  test("is wanted where none is built in: `found` says so at start", () => {
    const { database } = open();
    expect(() =>
      createQueryHandler({ acl, database, schema: { note }, dialect: (_, found) => found() }),
    ).toThrow("`SqliteRemoteDatabase` is not a supported database");
  });
});
