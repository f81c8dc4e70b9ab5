import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { HttpError } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { DATABASES, type DatabaseName } from "../support/databases.ts";
import { tag } from "../support/schema.ts";
import { ask, served } from "../support/served.ts";

const columns = { columns: ["id", "label"] } as const;
const pause = (ms = 1): Promise<void> => Bun.sleep(ms);
let log: unknown[] = [];
let thrown: unknown;
let open: () => void = () => undefined;

const acl = {
  tags: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: columns,
          where: () => true,
          beforeQuery: async (ctx) => {
            await pause();
            const rows = await ctx.tx.select().from(tag);
            log.push(["before", ctx.resourceId, ctx.me, rows.length, "result" in ctx]);
          },
          afterQuery: async (ctx) => {
            await pause();
            log.push(["after", ctx.result, (await ctx.tx.query.tag.findMany()).length]);
          },
        },
        writer: {
          select: columns,
          beforeQuery: async ({ tx }) => {
            await tx.insert(tag).values({ id: 50, label: "seen by the read" });
          },
          afterQuery: async ({ tx }) => {
            await tx.delete(tag).where(sql`${tag.id} = 50`);
            await tx.insert(tag).values({ id: 51, label: "kept" });
          },
        },
        editor: {
          select: columns,
          beforeQuery: async ({ tx }) => {
            await tx.insert(tag).values({ id: 60, label: "rolled back" });
            return Response.json({ from: "beforeQuery" }, { status: 202, headers: { "x-hook": "1" } });
          },
          afterQuery: () => {
            log.push("never");
          },
        },
      },
    },
  },
  after: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: columns,
          afterQuery: async ({ tx, result }) => {
            await tx.insert(tag).values({ id: 70, label: "committed" });
            return Response.json({ from: "afterQuery", count: result.count });
          },
        },
      },
    },
  },
  throws: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: columns,
          beforeQuery: async ({ tx }) => {
            await tx.insert(tag).values({ id: 80, label: "undone" });
            throw thrown;
          },
        },
        writer: {
          select: columns,
          afterQuery: async ({ tx }) => {
            await tx.insert(tag).values({ id: 81, label: "undone too" });
            throw thrown;
          },
        },
        editor: {
          select: columns,
          beforeQuery: () => {
            throw thrown;
          },
          onQueryError: async (error, ctx) => {
            log.push(["onQueryError", error, ctx.resourceId]);
            await pause();
            return ctx.me === 1 ? Response.json({ handled: true }, { status: 503 }) : undefined;
          },
        },
        mine: {
          select: columns,
          where: () => sql`no_such_column = 1`,
          onQueryError: (error) => {
            log.push(error instanceof Error);
            if (thrown !== undefined) throw thrown;
            return Response.json({ handled: "statement" }, { status: 418 });
          },
        },
      },
    },
  },
  waits: {
    table: "tag",
    control: {
      GET: {
        all: { select: columns },
        writer: {
          select: columns,
          beforeQuery: () => {
            log.push("waiting");
            return new Promise<void>((resolve) => {
              open = resolve;
            });
          },
        },
      },
    },
  },
  formatted: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: columns,
          beforeQuery: (ctx) => {
            Object.assign(ctx, { note: "from beforeQuery" });
          },
          formatResult: (_request, ctx) => ({
            note: (ctx as unknown as { note: string }).note,
            count: ctx.result.count,
            tx: "tx" in ctx,
          }),
        },
      },
    },
  },
} satisfies TestACL;

describe.each(Object.keys(DATABASES) as DatabaseName[])("hooks of a read on %s", (on) => {
  const app = served(acl, { on });
  const kept = async (): Promise<number[]> =>
    (await app.app.database.select().from(tag).orderBy(tag.id)).map(({ id }) => id);

  test("run around the statement inside a transaction, are awaited and see the result", async () => {
    log = [];
    expect((await app.get(ask("tags", "(limit:1,columns:~T(id)~)", "countTotal"))).body).toEqual({
      total: 3,
      count: 1,
      tags: [{ id: 1 }],
    });
    expect(log).toEqual([
      ["before", "tags", undefined, 3, false],
      ["after", { total: 3, count: 1, rows: [{ id: 1 }] }, 3],
    ]);
  });

  test("run for HEAD too", async () => {
    log = [];
    expect((await app.send("HEAD", "tags")).status).toBe(200);
    expect(log).toHaveLength(2);
  });

  test("may write: the read sees it, and it is kept", async () => {
    const answer = await app.get("tags", { as: 1 });
    expect(answer.body.tags.map(({ id }: { id: number }) => id)).toEqual([1, 2, 3, 50]);
    expect(await kept()).toEqual([1, 2, 3, 51]);
    await app.app.database.delete(tag).where(sql`${tag.id} = 51`);
  });

  test("a Response of beforeQuery ends the request after a rollback", async () => {
    log = [];
    const answer = await app.get("tags", { role: "editor" });
    expect([
      answer.status,
      answer.body,
      answer.headers.get("x-hook"),
      answer.headers.get("cache-control"),
    ]).toEqual([202, { from: "beforeQuery" }, "1", "private, no-cache"]);
    expect(log).toEqual([]);
    expect(await kept()).toEqual([1, 2, 3]);
  });

  test("a Response of afterQuery is the answer after the commit", async () => {
    expect((await app.get("after")).body).toEqual({ from: "afterQuery", count: 3 });
    expect(await kept()).toEqual([1, 2, 3, 70]);
    await app.app.database.delete(tag).where(sql`${tag.id} = 70`);
  });

  test.each([
    ["an HttpError", new HttpError("not on sundays", 451), 451, "not on sundays", 0],
    ["an Error", new Error("secret"), 500, "something went wrong on the server", 1],
    ["null", null, 500, "something went wrong on the server", 1],
    ["undefined", undefined, 500, "something went wrong on the server", 1],
    ["a text", "secret", 500, "something went wrong on the server", 1],
    [
      "an object with a status",
      { status: 404, message: "secret" },
      500,
      "something went wrong on the server",
      1,
    ],
  ])("that throw %s roll back and end in one place", async (_name, value, status, error, faults) => {
    thrown = value;
    for (const sending of [{}, { as: 1 }]) {
      const answer = await app.get("throws", sending);
      expect([answer.status, answer.body.error]).toEqual([status, error]);
      const heard = app.faults();
      expect(heard).toHaveLength(faults);
      if (value instanceof Error && faults > 0) expect(heard[0]).toBe(value);
    }
    expect(await kept()).toEqual([1, 2, 3]);
  });

  test("onQueryError is asked for whatever is thrown and may answer a Response", async () => {
    log = [];
    thrown = new Error("hook");
    const handled = await app.get("throws", { as: 1, role: "editor" });
    expect([handled.status, handled.body]).toEqual([503, { handled: true }]);
    const passed = await app.get("throws", { as: 2, role: "editor" });
    expect([passed.status, passed.body.code]).toEqual([500, "internal-error"]);
    expect(app.faults()).toEqual([thrown]);
    expect(log).toEqual([
      ["onQueryError", thrown, "throws"],
      ["onQueryError", thrown, "throws"],
    ]);
    thrown = null;
    expect((await app.get("throws", { as: 1, role: "editor" })).status).toBe(503);
  });

  test("onQueryError is asked for a statement's own fault, and may throw itself", async () => {
    log = [];
    thrown = undefined;
    const handled = await app.get("throws?mine", { as: 1 });
    expect([handled.status, handled.body]).toEqual([418, { handled: "statement" }]);
    thrown = new HttpError("try later", 429);
    expect((await app.get("throws?mine", { as: 1 })).status).toBe(429);
    expect(log).toEqual([true, true]);
  });

  test("onQueryError is not asked for refusals before the transaction", async () => {
    log = [];
    expect((await app.get(ask("throws", "(columns:~T(nosuch)~)"), { as: 1, role: "editor" })).body.code).toBe(
      "unknown-column",
    );
    expect(log).toEqual([]);
  });

  test("formatResult finds what they put into the context, and no transaction", async () => {
    expect((await app.get("formatted")).body).toEqual({ note: "from beforeQuery", count: 3, tx: false });
  });

  test("that overlap with other requests harm none of them", async () => {
    log = [];
    const waiting = app.get("waits", { as: 1 });
    while (log.length < 1) await pause();
    const others = Array.from({ length: 20 }, (_, i) => app.get(i % 2 === 0 ? "waits" : "tags"));
    await pause(5);
    open();
    const statuses = (await Promise.all([waiting, ...others])).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 21 }, () => 200));
  });

  if (on === "libsql file")
    test("that wait do not stop other requests from reading", async () => {
      log = [];
      const waiting = [app.get("waits", { as: 1 })];
      while (log.length < 1) await pause();
      const others = await Promise.all(Array.from({ length: 20 }, () => app.get("waits")));
      expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      open();
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200]);
    });
});
