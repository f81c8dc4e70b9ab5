import type { Database as BunDatabase } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import { createClient, type Client } from "@libsql/client";
import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { serializeWrites } from "@bepalo/query";
import { type App, type AppOptions, serve, type TestACL } from "../support/app.ts";
import { fill } from "../support/data.ts";
import { DATABASES, type Opened } from "../support/databases.ts";
import * as schema from "../support/schema.ts";
import { tag } from "../support/schema.ts";
import { closing, DATABASE_NAMES, dump, path, refusal, server, signal } from "../support/write.ts";

const start = server();
const keep = closing();

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A write without hooks, check and array; and everything that has one of them. */
const acl = {
  tags: {
    table: "tag",
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: true, write: true } },
      PATCH: { all: { select: true } },
      DELETE: { all: { select: true, where: (_, table, { gt }) => gt(table.id, 0) } },
    },
  },
  slow: {
    table: "tag",
    control: {
      GET: { all: { select: true, beforeQuery: () => pause(20) } },
      POST: { all: { select: true, write: true, beforeQuery: () => pause(20) } },
    },
  },
  checked: {
    table: "tag",
    control: {
      POST: { all: { select: true, write: true, where: (_, table, { gt }) => gt(table.id, 10) } },
      PATCH: { all: { select: true, where: (_, table, { gt }) => gt(table.id, 0) } },
    },
  },
  referring: {
    table: "article",
    control: {
      POST: { all: { select: true, write: true, where: (_, table, { eq }) => eq(table.id, "some") } },
    },
  },
  audited: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: true,
          beforeQuery: async ({ tx }) => {
            await pause(2);
            await tx.insert(schema.author).values({ name: "audit", email: crypto.randomUUID() });
          },
          afterQuery: async ({ tx }) => {
            await pause(2);
            await tx.insert(schema.author).values({ name: "after", email: crypto.randomUUID() });
          },
        },
      },
    },
  },
} satisfies TestACL;

/** What a database was told, statement by statement, begin and commit included. */
function listen(opened: Opened): string[] {
  const told: string[] = [];
  const { $client: client } = opened.database as unknown as { $client: Client & BunDatabase };
  if (client.protocol === undefined) {
    for (const method of ["run", "prepare"] as const) {
      const original = client[method].bind(client) as (text: string, ...rest: unknown[]) => unknown;
      spyOn(client, method).mockImplementation(((text: string, ...rest: unknown[]) => {
        told.push(text.split(" ", 1)[0]!);
        return original(text, ...rest);
      }) as never);
    }
    return told;
  }
  const textOf = (statement: unknown): string =>
    (typeof statement === "string" ? statement : (statement as { sql: string }).sql)
      .trim()
      .split(/\s/, 1)[0]!;
  const hear = (target: { execute(statement: never): unknown }): void => {
    const original = target.execute.bind(target);
    target.execute = (statement: never) => {
      told.push(textOf(statement));
      return original(statement);
    };
  };
  hear(client);
  const transaction = client.transaction.bind(client);
  client.transaction = (async (mode: never) => {
    told.push("begin");
    const opening = await transaction(mode);
    hear(opening);
    const several = opening.executeMultiple.bind(opening);
    opening.executeMultiple = (text: string) => {
      // A file's lock is taken and given by text, because a prepared statement that ends busy spoils its connection.
      if (text === "commit") told.push("commit");
      return several(text);
    };
    for (const [method, word] of [
      ["commit", "commit"],
      ["rollback", "rollback"],
      ["close", "rollback"],
    ] as const) {
      const end = opening[method].bind(opening) as () => never;
      opening[method] = () => {
        if (!/^(commit|rollback)$/.test(told.at(-1)!)) told.push(word);
        return end();
      };
    }
    return opening;
  }) as never;
  return told;
}

/** A server whose database is listened to, once it has settled down. */
async function listening(on: (typeof DATABASE_NAMES)[number]): Promise<{ app: App; told: string[] }> {
  const opened = await DATABASES[on]();
  await fill(opened.database);
  const told = listen(opened);
  const app = keep(await serve(acl, { opened, ownConnection: false }));
  // What a database is asked once.
  await app.get("tags");
  await app.patch("tags?select=(where:(id:99))", { label: "x" });
  told.length = 0;
  return { app, told };
}

describe.each(DATABASE_NAMES)("on %s", (on) => {
  test.each([
    ["POST", "tags", { id: 9, label: "x" }, "insert"],
    ["PATCH", "tags?select=(where:(id:3))", { label: "x" }, "update"],
    ["DELETE", "tags?select=(where:(id:3))", undefined, "delete"],
    ["DELETE", "tags?select=(columns:F,where:(id:3))", undefined, "delete"],
  ])(
    "a %s without hooks, check and array is one statement without a transaction",
    async (method, where, body, word) => {
      const { app, told } = await listening(on);
      const sending = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      expect((await app.send(method, where, sending)).status).toBe(200);
      // libsql: a lock held elsewhere, or a row it cannot read back, want a transaction around the statement.
      expect(told).toEqual(on === "bun:sqlite" ? [word] : ["begin", word, "commit"]);
    },
  );

  test("a read is one statement without a transaction, its total included", async () => {
    const { app, told } = await listening(on);
    expect((await app.get("tags?countTotal")).body.total).toBe(3);
    expect(told).toEqual(["select"]);
  });

  test("a check rides along in the statement of its write, which undoes itself or is rolled back", async () => {
    const { app, told } = await listening(on);
    const before = await dump(app.database);
    told.length = 0;
    expect((await app.post("checked", { id: 11, label: "x" })).status).toBe(200);
    expect(told).toEqual(on === "bun:sqlite" ? ["insert"] : ["begin", "insert", "commit"]);
    await app.database.delete(tag).where(eq(tag.id, 11));
    for (let round = 0; round < 3; round++) {
      told.length = 0;
      expect(refusal(await app.post("checked", { id: 5, label: "y" }))).toEqual({
        status: 403,
        code: "check-failed",
      });
      // A driver that keeps its statements prepared is not told the insert twice.
      expect(told.filter((word) => word !== "insert")).toEqual(["begin", "rollback"]);
      // A key that is taken is told before the check, as it is of a list.
      const taken = { id: 3, label: "z" };
      expect(refusal(await app.post("checked", taken))).toEqual({ status: 409, code: "conflict" });
      expect(refusal(await app.post("checked", [taken]))).toEqual({ status: 409, code: "conflict" });
      expect(await dump(app.database)).toBe(before);
    }
  });

  test("a row that refers to nothing and fails its check is refused as in a list", async () => {
    const { app } = await listening(on);
    const before = await dump(app.database);
    const row = { title: "x", authorId: 99, id: "none" };
    const [alone, listed] = [await app.post("referring", row), await app.post("referring", [row])];
    expect(refusal(alone)).toEqual(refusal(listed));
    expect(alone.status).toBeGreaterThanOrEqual(400);
    const fails = { ...row, authorId: 1 };
    expect(refusal(await app.post("referring", fails))).toEqual({ status: 403, code: "check-failed" });
    expect(await dump(app.database)).toBe(before);
  });

  test("an array is written in one transaction", async () => {
    const { app, told } = await listening(on);
    await app.post("tags", [
      { id: 11, label: "x" },
      { id: 12, label: "y" },
    ]);
    expect(told).toEqual(["begin", "insert", "commit"]);
  });

  test("fifty writes whose hooks wait and fifty reads, all at once, all succeed", async () => {
    const app = await start(acl, { on, busyTimeout: 20_000 });
    const began = performance.now();
    const ended = { reads: 0, writes: 0 };
    const writes = Array.from({ length: 50 }, async (_, i) => {
      const { status } = await app.post("slow", { id: 100 + i, label: `w${i}` });
      ended.writes = performance.now() - began;
      return status;
    });
    const reads = Array.from({ length: 50 }, async () => {
      const { status } = await app.get("tags");
      ended.reads = performance.now() - began;
      return status;
    });
    expect(await Promise.all([...writes, ...reads])).toEqual(Array.from({ length: 100 }, () => 200));
    expect(await app.database.$count(tag)).toBe(53);
    expect(app.errors).toEqual([]);
    // Fifty writers that sleep 20 ms in turn take a second; in a file, reads are over long before.
    if (on === "libsql file") expect(ended.reads).toBeLessThan(ended.writes / 2);
  });

  test("reads that come while the very first request of a server writes are answered", async () => {
    const entered = signal();
    const hold = { ...acl.slow.control.POST.all, beforeQuery: () => (entered.give(), pause(30)) };
    const app = await start(
      { tags: acl.tags, held: { table: "tag", control: { POST: { all: hold } } } },
      { on },
    );
    const held = app.post("held", { id: 50, label: "held" });
    await entered.came;
    const during = await app.get("tags");
    const statuses = [(await held).status, during.status, (await app.get("tags")).status];
    expect(statuses).toEqual([200, 200, 200]);
  });

  test("reads whose hooks write, many at once, are all audited", async () => {
    const app = await start(acl, { on, busyTimeout: 20_000 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => app.get("audited")));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await app.database.$count(schema.author)).toBe(3 + 80);
    expect(app.errors).toEqual([]);
  });

  test("reads whose hooks write, among writes whose hooks wait, lose nothing", async () => {
    const app = await start(acl, { on, busyTimeout: 20_000 });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? app.get("audited")
          : i % 3 === 1
            ? app.post("slow", { id: 100 + i, label: `w${i}` })
            : app.get("slow"),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await app.database.$count(schema.author)).toBe(3 + 40);
    expect(await app.database.$count(tag)).toBe(3 + 20);
  });

  test("a write that fails among others that wait takes along only itself", async () => {
    const app = await start(acl, { on, busyTimeout: 20_000 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        app.post(i % 2 === 0 ? "slow" : "checked", [
          { id: 100 + i, label: `a${i}` },
          { id: i % 4 === 1 ? 5 : 200 + i, label: `b${i}` },
        ]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 20 }, (_, i) => (i % 4 === 1 ? 403 : 200)),
    );
    expect(await app.database.$count(tag)).toBe(3 + 15 * 2);
  });

  test("a write that gets no turn in time is 503 with Retry-After, and nothing of it is written", async () => {
    const entered = signal();
    const leave = signal();
    const app = await start(
      {
        tags: acl.tags,
        held: {
          table: "tag",
          control: {
            POST: {
              all: {
                select: true,
                write: true,
                beforeQuery: async () => {
                  entered.give();
                  await leave.came;
                },
              },
            },
          },
        },
      },
      { on, busyTimeout: 50 },
    );
    const held = app.post("held", { id: 50, label: "held" });
    await entered.came;
    const refused = await app.post("tags", { id: 51, label: "late" });
    expect(refusal(refused)).toEqual({ status: 503, code: "busy" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    leave.give();
    expect((await held).status).toBe(200);
    expect((await app.post("tags", { id: 52, label: "next" })).status).toBe(200);
    expect((await app.database.select({ id: tag.id }).from(tag)).map(({ id }) => id)).toEqual([
      1, 2, 3, 50, 52,
    ]);
  });

  test("a hook that writes past its transaction is told so, and does not stop the server", async () => {
    let app!: App;
    const rules: TestACL = {
      tags: acl.tags,
      wrong: {
        table: "tag",
        control: {
          POST: {
            all: {
              select: true,
              write: true,
              beforeQuery: async () => {
                const inner = await app.post("tags", { id: 60, label: "inner" });
                if (inner.status !== 200) throw new Error(`inner ${inner.status}`);
              },
            },
          },
        },
      },
    };
    app = await start(rules, { on, busyTimeout: 100 });
    const before = await dump(app.database);
    const answer = await app.post("wrong", { id: 61, label: "outer" });
    expect(refusal(answer)).toEqual({ status: 500, code: "internal-error" });
    const told = app.errors.map((error) => (error as Error).message);
    expect(told).toEqual([expect.stringContaining("instead of `tx`?"), "inner 503"]);
    expect(await dump(app.database)).toBe(before);
    expect((await app.post("tags", { id: 62, label: "next" })).status).toBe(200);
  });

  test("a database that rolls a transaction back itself is answered as any refusal of its", async () => {
    const app = await start(acl, { on });
    await app.database.run(
      sql`create trigger stern before insert on tags when new.label = 'never' begin select raise(rollback, 'told so'); end`,
    );
    const before = await dump(app.database);
    const answer = await app.post("slow", { id: 70, label: "never" });
    expect(refusal(answer)).toEqual({ status: 409, code: "conflict" });
    expect(answer.text).not.toContain("told so");
    expect(await dump(app.database)).toBe(before);
    expect((await app.post("slow", { id: 71, label: "fine" })).status).toBe(200);
  });
});

describe("in a libsql file", () => {
  test("a read is answered while a write's hook waits, and sees nothing of it", async () => {
    const entered = signal();
    const leave = signal();
    const app = await start({
      tags: acl.tags,
      held: {
        table: "tag",
        control: {
          POST: {
            all: {
              select: true,
              write: true,
              afterQuery: async () => {
                entered.give();
                await leave.came;
              },
            },
          },
        },
      },
    });
    const held = app.post("held", { id: 50, label: "held" });
    await entered.came;
    for (let i = 0; i < 5; i++) expect((await app.get("tags")).body.count).toBe(3);
    leave.give();
    expect((await held).status).toBe(200);
    expect((await app.get("tags")).body.count).toBe(4);
  });

  test("a write is answered while a read's hook waits, and so are other reads", async () => {
    const entered = signal();
    const leave = signal();
    const app = await start({
      tags: acl.tags,
      held: {
        table: "tag",
        control: {
          GET: {
            all: {
              select: true,
              beforeQuery: async ({ tx }) => {
                await tx.query.tag.findFirst();
                entered.give();
                await leave.came;
              },
            },
          },
        },
      },
    });
    const held = app.get("held");
    await entered.came;
    expect((await app.post("tags", { id: 50, label: "other" })).status).toBe(200);
    expect((await app.get("tags")).body.count).toBe(4);
    leave.give();
    // The snapshot of the read began with its hook.
    expect((await held).body.count).toBe(3);
  });

  test.each([
    ["one statement", "tags", { id: 50, label: "new" }],
    ["a transaction", "checked", { id: 50, label: "new" }],
  ])(
    "without a write-ahead log a write of %s waits for a read that is under way, and then succeeds",
    async (_, where, row) => {
      const opened = await DATABASES["libsql file"]();
      await opened.database.run("pragma journal_mode = delete");
      await fill(opened.database);
      keep(opened);
      const entered = signal();
      const leave = signal();
      const app = keep(
        await serve(
          {
            checked: acl.checked,
            tags: acl.tags,
            held: {
              table: "tag",
              control: {
                GET: {
                  all: {
                    select: true,
                    afterQuery: async () => {
                      entered.give();
                      await leave.came;
                    },
                  },
                },
              },
            },
          },
          { opened: { ...opened, close: () => {} } },
        ),
      );
      const held = app.get("held");
      await entered.came;
      const written = app.post(where, row);
      await pause(60);
      leave.give();
      expect((await held).status).toBe(200);
      expect((await written).status).toBe(200);
      expect(app.errors).toEqual([]);
      expect(await app.database.$count(tag)).toBe(4);
    },
  );

  test("whoever else uses a serialized client takes turns with the engine", async () => {
    const opened = await DATABASES["libsql file"]();
    keep(opened);
    const client = serializeWrites(createClient({ url: opened.url }));
    const database = drizzle(client, { schema });
    await fill(database);
    const app = keep(
      await serve(acl, {
        opened: { database, url: opened.url, close: () => client.close() },
      } satisfies AppOptions),
    );
    const results = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        if (i % 2 === 0) return (await app.post("slow", { id: 100 + i, label: `w${i}` })).status;
        await database.transaction(async (tx) => {
          await tx.insert(tag).values({ id: 100 + i, label: `w${i}` });
          await pause(3);
        });
        return 200;
      }),
    );
    expect(results).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await database.$count(tag)).toBe(43);
  });
});

describe("in bun:sqlite", () => {
  test("an asynchronous hook that fails rolls back, which Drizzle's own transaction would not", async () => {
    const app = await start(
      {
        tags: {
          table: "tag",
          control: {
            POST: {
              all: {
                select: true,
                write: true,
                beforeQuery: async ({ tx }) => {
                  await tx.insert(tag).values({ id: 80, label: "first" });
                  await pause(5);
                  await tx.insert(tag).values({ id: 81, label: "second" });
                },
                afterQuery: async () => {
                  await pause(5);
                  throw new Error("late");
                },
              },
            },
          },
        },
      },
      { on: "bun:sqlite" },
    );
    const before = await dump(app.database);
    expect((await app.post("tags", { id: 82, label: "third" })).status).toBe(500);
    expect(await dump(app.database)).toBe(before);
  });

  test("a read while a transaction is open sees nothing of it", async () => {
    const entered = signal();
    const app = await start(
      {
        tags: acl.tags,
        held: {
          table: "tag",
          control: {
            POST: {
              all: {
                select: true,
                write: true,
                afterQuery: async () => {
                  entered.give();
                  await pause(30);
                  throw new Error("undone");
                },
              },
            },
          },
        },
      },
      { on: "bun:sqlite" },
    );
    const held = app.post("held", { id: 50, label: "held" });
    await entered.came;
    expect((await app.get(path("tags", { columns: false }))).body.count).toBe(3);
    expect((await held).status).toBe(500);
  });
});
