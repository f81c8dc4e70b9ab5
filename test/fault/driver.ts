/* A driver that fails when it is told to: each call of a client, of its transactions and statements can be made to throw. */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import type { TestDatabase } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

/** When a call throws: instead of doing its work, or having done it. */
export type Moment = "before" | "after";

/** What a call throws: a fault of the driver, or the lock of another connection. */
export type Fault = "fault" | "busy";

/** The faults to come. */
export class Faults {
  /** The names of the calls since the last `arm`. */
  calls: string[] = [];
  /** Whether the fault has been thrown. */
  struck = false;
  #at = -1;
  #moment: Moment = "before";
  #fault: Fault = "fault";

  /** From now on the n-th call throws, once; none where `n` is negative. */
  arm(n: number, moment: Moment = "before", fault: Fault = "fault"): void {
    this.calls = [];
    this.struck = false;
    this.#at = n;
    this.#moment = moment;
    this.#fault = fault;
  }

  /** Passes one call. */
  pass(name: string, call: () => unknown): unknown {
    const strikes = this.calls.push(name) - 1 === this.#at;
    if (!strikes) return call();
    this.struck = true;
    if (this.#moment === "before") throw this.#error();
    const result = call();
    if (!(result instanceof Promise)) throw this.#error();
    return result.then(() => {
      throw this.#error();
    });
  }

  #error(): Error {
    const text = "SECRET driver text about insert into tags";
    return this.#fault === "busy" ? Object.assign(new Error(text), { code: "SQLITE_BUSY" }) : new Error(text);
  }
}

const CALLS = new Set(
  "execute batch executeMultiple transaction commit rollback close run prepare query exec values all get".split(
    " ",
  ),
);

/** A client, transaction or statement whose calls pass through `faults`. */
function faulty<T extends object>(target: T, faults: Faults, name: string): T {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (!CALLS.has(String(key))) return value.bind(target) as unknown;
      return (...args: unknown[]) => {
        const text = typeof args[0] === "string" ? args[0] : (args[0] as { sql?: string } | undefined)?.sql;
        const verb = typeof text === "string" ? ` ${text.trim().split(/\s/, 3).join(" ")}` : "";
        const wrap = (result: unknown): unknown => {
          if (key === "transaction") return faulty(result as object, faults, "transaction");
          if (key === "prepare" || key === "query") return faulty(result as object, faults, "statement");
          return result;
        };
        const promised = target.constructor.name !== "Database" && target.constructor.name !== "Statement";
        try {
          const result = faults.pass(`${name}.${String(key)}${verb}`, () =>
            (value as (...all: unknown[]) => unknown).apply(target, args),
          );
          return result instanceof Promise ? result.then(wrap) : wrap(result);
        } catch (error) {
          // What answers a promise never throws at once.
          if (promised && key !== "close") return Promise.reject(error);
          throw error;
        }
      };
    },
  });
}

/** A database over a file whose driver fails on demand; libsql with few connections, so that a lost one is missed. */
export function openFaulty(driver: string, file: string, faults: Faults, connections = 3): TestDatabase {
  if (driver === "libsql") {
    const client = createClient({ url: `file:${file}`, concurrency: connections });
    return drizzleLibsql(faulty(client, faults, "client"), { schema });
  }
  const client = new BunDatabase(file);
  client.run("pragma foreign_keys = on");
  return drizzleBun(faulty(client, faults, "client"), { schema }) as unknown as TestDatabase;
}

/**
 * Another connection to a file. Of the driver's own library: two copies of SQLite in one process take each other's
 * locks away (https://sqlite.org/howtocorrupt.html#multiple_copies_of_sqlite_linked_into_the_same_application).
 */
export interface Observer {
  /** All that is in the file, as far as it is committed. */
  contents(): Promise<string>;
  /** Whether the lock of the file can be had at once. */
  lockIsFree(): Promise<boolean>;
  close(): void;
}

const LOOK = ["tags", "authors"].map((table) => `select * from ${table} order by id`);

/** Looks at a file as another process would. */
export function observe(driver: string, file: string): Observer {
  if (driver === "libsql") {
    const client = createClient({ url: `file:${file}` });
    return {
      contents: async () => {
        const tables = await Promise.all(LOOK.map((text) => client.execute(text)));
        return JSON.stringify(tables.map(({ rows }) => rows.map((row) => Object.values(row))));
      },
      lockIsFree: async () => {
        const probe = createClient({ url: `file:${file}` });
        try {
          await probe.executeMultiple("begin immediate; rollback");
          return true;
        } catch {
          return false;
        } finally {
          probe.close();
        }
      },
      close: () => client.close(),
    };
  }
  const database = new BunDatabase(file);
  database.run("pragma busy_timeout = 0");
  return {
    contents: async () => JSON.stringify(LOOK.map((text) => database.query(text).values())),
    lockIsFree: async () => {
      try {
        database.run("begin immediate");
        database.run("rollback");
        return true;
      } catch {
        return false;
      }
    },
    close: () => database.close(),
  };
}
