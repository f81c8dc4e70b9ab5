import { Database as BunDatabase } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Client } from "pg";
import { createQueryHandler } from "@bepalo/query";
import { ddl } from "../support/databases.ts";
import { asked } from "../support/everywhere.ts";
import { openPostgresql, type PostgresqlName } from "../support/postgresql.ts";
import { SERVERS } from "./postgresql.ts";

// Two who change one row at once: the second is judged by what the first has left.

const sqlite = {
  task: lite.sqliteTable("tasks", {
    id: lite.integer("id").primaryKey(),
    status: lite.text("status").notNull(),
    note: lite.text("note"),
  }),
};
const postgresql = {
  task: pg.pgTable("tasks", {
    id: pg.integer("id").primaryKey(),
    status: pg.text("status").notNull(),
    note: pg.text("note"),
  }),
};

type Task = typeof sqlite.task;
interface Operators {
  eq: (left: unknown, right: unknown) => unknown;
  and: (...parts: unknown[]) => unknown;
  or: (...parts: unknown[]) => unknown;
}

const acl = {
  tasks: {
    table: "task",
    control: {
      GET: { all: { select: true } },
      PATCH: {
        all: {
          select: true,
          write: [
            { columns: ["status"] },
            {
              columns: ["note"],
              when: (_: object, task: Task, { eq }: Operators) => eq(task.status, "todo"),
            },
          ],
          transition: (_: object, before: Task, after: Task, { and, or, eq }: Operators) =>
            or(
              and(eq(before.status, "todo"), eq(after.status, "doing")),
              and(eq(before.status, "doing"), eq(after.status, "done")),
              and(eq(before.status, after.status), eq(before.status, "todo")),
            ),
        },
      },
    },
  },
};

/** A transaction that is not over. */
interface Open {
  readonly commit: () => unknown;
  readonly rollback: () => unknown;
}

/** A database that several connections use, and one of them by which another changes a row meanwhile. */
interface Shared {
  /** Each over a connection, or a pool, of its own. */
  readonly databases: readonly unknown[];
  readonly schema: Record<string, unknown>;
  readonly run: (text: string) => unknown;
  /** Changes a row in a transaction that is still open. */
  readonly change: (text: string) => Promise<Open>;
  readonly close: () => unknown;
}

/** Of one library all: locks of a file are a process's, so that two in one process do not mind each other's. */
async function openFile(driver: "libsql" | "bun:sqlite"): Promise<Shared> {
  const folder = mkdtempSync(join(tmpdir(), "query-race-"));
  const file = join(folder, "test.db");
  const open = driver === "libsql" ? openLibsql : openBun;
  const [one, two, other] = [open(file), open(file), open(file)];
  for (const statement of ["pragma journal_mode = wal", ...(await ddl(sqlite))]) await other.run(statement);
  return {
    databases: [one.database, two.database],
    schema: sqlite,
    run: other.run,
    change: other.change,
    close: () => {
      for (const { close } of [one, two, other]) close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Connection {
  readonly database: unknown;
  readonly run: Shared["run"];
  readonly change: Shared["change"];
  readonly close: () => void;
}

function openLibsql(file: string): Connection {
  const client = createClient({ url: `file:${file}` });
  return {
    database: drizzleLibsql(client, { schema: sqlite }),
    run: (text) => client.execute(text),
    change: async (text) => {
      const transaction = await client.transaction("write");
      await transaction.execute(text);
      return { commit: () => transaction.commit(), rollback: () => transaction.rollback() };
    },
    close: () => client.close(),
  };
}

function openBun(file: string): Connection {
  const client = new BunDatabase(file);
  return {
    database: drizzleBun(client, { schema: sqlite }),
    run: (text) => client.run(text),
    change: changing((words) => client.run(words), "begin immediate"),
    close: () => client.close(),
  };
}

/** Changes a row by a connection that is alone. */
const changing =
  (run: Shared["run"], begin: string): Shared["change"] =>
  async (text) => {
    for (const words of [begin, text]) await run(words);
    return { commit: () => run("commit"), rollback: () => run("rollback") };
  };

async function openServer(name: PostgresqlName): Promise<Shared> {
  const { database, url, close } = await openPostgresql(name, postgresql);
  const other = new Client({ connectionString: url });
  await other.connect();
  return {
    databases: [database, database],
    schema: postgresql,
    run: (text) => other.query(text),
    change: changing((words) => other.query(words), "begin"),
    close: async () => {
      await other.end();
      await close();
    },
  };
}

const PLACES: readonly (readonly [string, boolean, () => Promise<Shared>])[] = [
  ["libsql file", false, () => openFile("libsql")],
  ["bun:sqlite file", false, () => openFile("bun:sqlite")],
  ...SERVERS.map(({ name, leftOut }) => [name, leftOut, () => openServer(name)] as const),
];

const ONE = "tasks?select=(where:(id:1))";
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

for (const [name, leftOut, make] of PLACES)
  describe.skipIf(leftOut)(name, () => {
    let shared: Shared;
    let handlers: ReturnType<typeof createQueryHandler>[];
    const errors: unknown[] = [];
    const patch = async (body: object, by = 0): Promise<number> =>
      (await asked(handlers[by]!, "PATCH", ONE, body)).status;
    const status = async (): Promise<string> => (await asked(handlers[0]!, "GET", ONE)).body.tasks[0].status;

    beforeEach(async () => {
      shared = await make();
      handlers = shared.databases.map((database) =>
        createQueryHandler({
          acl,
          database,
          schema: shared.schema,
          onWarning: () => undefined,
          onError: (error) => errors.push(error),
        }),
      );
      await shared.run("insert into tasks (id, status) values (1, 'todo')");
    }, 60_000);
    afterEach(async () => {
      await shared.close();
      expect(errors.splice(0)).toEqual([]);
    });

    test("of many who take the same step at once one passes", async () => {
      for (const step of ["doing", "done"]) {
        const statuses = await Promise.all(
          Array.from({ length: 12 }, (_, index) => patch({ status: step }, index % 2)),
        );
        expect(statuses.filter((one) => one === 200)).toHaveLength(1);
        expect(statuses.filter((one) => one === 403)).toHaveLength(11);
        expect(await status()).toBe(step);
      }
    });

    test("who had to wait is judged by what the other left, not by what there was when he came", async () => {
      const open = await shared.change("update tasks set status = 'doing' where id = 1");
      const late = patch({ status: "doing" });
      const next = patch({ status: "done" }, 1);
      await soon();
      await open.commit();
      expect(await late).toBe(403);
      expect(await next).toBe(200);
      expect(await status()).toBe("done");
    });

    test("and by what there was, where the other left nothing", async () => {
      const open = await shared.change("update tasks set status = 'doing' where id = 1");
      const late = patch({ status: "doing" });
      await soon();
      await open.rollback();
      expect(await late).toBe(200);
    });

    test("a right to a column that was lost meanwhile counts no more", async () => {
      expect(await patch({ note: "first" })).toBe(200);
      const open = await shared.change("update tasks set status = 'doing' where id = 1");
      const late = patch({ note: "second", status: "done" });
      await soon();
      await open.commit();
      expect(await late).toBe(403);
      expect((await asked(handlers[0]!, "GET", ONE)).body.tasks[0]).toMatchObject({
        note: "first",
        status: "doing",
      });
    });
  });
