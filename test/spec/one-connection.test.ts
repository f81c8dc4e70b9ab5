import { describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { eq } from "drizzle-orm";
import { type App, type AppOptions, serve } from "../support/app.ts";
import { DATABASES } from "../support/databases.ts";
import { fill } from "../support/data.ts";
import * as schema from "../support/schema.ts";
import { closing, refusal, signal } from "../support/write.ts";

const { tag } = schema;
const keep = closing();
const BUSY = { status: 503, code: "busy" };
const free = { all: { select: true, write: true } } as const;

/** Tags anybody may read and write, and tags whose new rows wait until the test lets them go on. */
async function start(
  { on, ...options }: AppOptions,
  acl: object = {},
): Promise<{ app: App; held: ReturnType<typeof signal>; inside: ReturnType<typeof signal> }> {
  const held = signal();
  const inside = signal();
  const hold = async (): Promise<void> => {
    inside.give();
    await held.came;
  };
  const app = await serve(
    {
      tags: { table: "tag", control: { GET: free, POST: free, PATCH: free, DELETE: free } },
      held: { table: "tag", control: { POST: { all: { ...free.all, afterQuery: hold } } } },
      falls: {
        table: "tag",
        control: {
          POST: {
            all: {
              ...free.all,
              afterQuery: async () => {
                await hold();
                throw new Error("fell");
              },
            },
          },
        },
      },
      ...acl,
    },
    { on: on!, ...options },
  );
  return { app: keep(app), held, inside };
}

const labels = async ({ database }: App): Promise<string[]> =>
  (await database.select().from(tag)).map(({ label }) => label);

describe.each(["bun:sqlite", "libsql memory"] as const)("on %s", (on) => {
  test("a role that is never committed is nobody's", async () => {
    let database!: App["database"];
    const { app, held, inside } = await start(
      {
        on,
        session: {
          getRole: async () => {
            const [found] = await database.select().from(tag).where(eq(tag.id, 50));
            return found?.label;
          },
        },
      },
      { secrets: { table: "tag", control: { GET: { admin: { select: true } } } } },
    );
    ({ database } = app);
    const falling = app.post("falls", { id: 50, label: "admin" });
    await inside.came;
    const asked = app.get("secrets");
    setTimeout(held.give, 20);
    expect(refusal(await asked)).toEqual({ status: 401, code: "unauthenticated" });
    expect((await falling).status).toBe(500);
    app.errors.length = 0;
  });

  test("an origin that is never committed is not allowed, to read or to write", async () => {
    let allows!: () => boolean;
    const { app, held, inside } = await start({ on, cors: { origin: () => allows(), credentials: true } });
    let lookedInside = false;
    let open = true;
    // What a synchronous driver would see at this very moment.
    allows = () => {
      lookedInside ||= !open;
      return false;
    };
    const falling = app.post("falls", { id: 50, label: "origin" });
    await inside.came;
    open = false;
    const headers = { origin: "https://other.example" };
    const asked = [app.get("tags", { headers }), app.post("tags", { id: 60, label: "x" }, { headers })];
    await Bun.sleep(20);
    open = true;
    held.give();
    const [read, write] = await Promise.all(asked);
    expect([read!.status, read!.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    expect(refusal(write!)).toEqual({ status: 403, code: "forbidden" });
    expect(lookedInside).toBe(false);
    expect((await falling).status).toBe(500);
    app.errors.length = 0;
  });

  test("what `onQueryError`, `onError` and `observe` write is kept, whatever becomes of a stranger", async () => {
    let database!: App["database"];
    const log = async (id: number, label: string): Promise<void> => {
      await database.insert(tag).values({ id, label });
    };
    const failing = {
      ...free.all,
      beforeQuery: () => {
        throw new Error("own");
      },
      onQueryError: async () => {
        await Bun.sleep(10);
        await log(70, "asked");
      },
    };
    const { app, held, inside } = await start(
      {
        on,
        onError: (error) => {
          if ((error as Error).message === "own") void log(71, "told");
        },
        observe: (seen) => {
          if (seen.kind === "answered" && seen.resource === "failing") void log(72, "seen");
        },
      },
      { failing: { table: "tag", control: { POST: { all: failing } } } },
    );
    ({ database } = app);
    // Its turn comes first, and what it throws is told while the other waits.
    const failed = app.post("failing", { id: 60, label: "x" });
    const falling = app.post("falls", { id: 50, label: "fall" });
    await inside.came;
    await Bun.sleep(10);
    held.give();
    expect([(await failed).status, (await falling).status]).toEqual([500, 500]);
    await Bun.sleep(5);
    expect((await labels(app)).slice(3)).toEqual(["asked", "told", "seen"]);
  });

  test("who waits for his turn to authenticate hears 503 after `busyTimeout`, and others are heard later", async () => {
    const { app, held, inside } = await start({ on, busyTimeout: 60, timeout: 5_000 });
    const waiting = app.post("held", { id: 50, label: "held" });
    await inside.came;
    const begun = performance.now();
    const answer = await app.get("tags");
    expect(refusal(answer)).toEqual(BUSY);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(performance.now() - begun).toBeLessThan(4_000); // the deadline is later
    held.give();
    expect((await waiting).status).toBe(200);
    expect((await app.get("tags")).body.count).toBe(4);
    app.errors.length = 0;
  });

  test("as many as `maxInFlight` says may wait to authenticate, and half of them from one address", async () => {
    const { app, held, inside } = await start({
      on,
      maxInFlight: 8,
      caller: (_, request) => request.headers.get("x-name"),
    });
    const waiting = app.post("held", { id: 50, label: "held" });
    await inside.came;
    const asked = Array.from({ length: 10 }, (_, i) =>
      app.get("tags", { headers: { "x-name": `caller ${i}` } }),
    );
    await Bun.sleep(20);
    held.give();
    const statuses = (await Promise.all(asked)).map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 200, 200, 200, ...Array.from({ length: 6 }, () => 503)]);
    expect((await waiting).status).toBe(200);
    app.errors.length = 0;
  });

  describe("a parser that waits for something slow", () => {
    const slowly = async (
      options: AppOptions = {},
    ): Promise<{ app: App; slow: ReturnType<App["get"]>; wake: () => void }> => {
      const arrived = signal();
      const sleep = signal();
      const parser = async (request: Request): Promise<void> => {
        if (!request.headers.has("x-slow")) return;
        arrived.give();
        await sleep.came;
      };
      const { app } = await start({ on, session: { parser }, ...options });
      const slow = app.get("tags", { headers: { "x-slow": "1" } });
      await arrived.came;
      return { app, slow, wake: sleep.give };
    };

    test("keeps nobody from reading, though a write waits for it, and the write comes next", async () => {
      const { app, slow, wake } = await slowly();
      const write = app.post("tags", { id: 60, label: "waits" });
      await Bun.sleep(10);
      for (let i = 0; i < 5; i++) expect((await app.get("tags")).body.count).toBe(3);
      wake();
      expect([(await slow).status, (await write).status]).toEqual([200, 200]);
      expect((await app.get("tags")).body.count).toBe(4);
    });

    test("keeps a write waiting for `busyTimeout`, and no longer than its own time", async () => {
      const { app, slow } = await slowly({ busyTimeout: 50, timeout: 200 });
      expect(refusal(await app.post("tags", { id: 60, label: "gives up" }))).toEqual(BUSY);
      expect(refusal(await slow)).toEqual({ status: 504, code: "timeout" });
      expect((await app.post("tags", { id: 61, label: "passes" })).status).toBe(200);
      app.errors.length = 0;
    });
  });

  test("steady requests whose parsers take their time do not starve a write", async () => {
    const { app } = await start({ on, busyTimeout: 1_000, session: { parser: () => Bun.sleep(15) } });
    const load = { going: true };
    const reader = async (): Promise<void> => {
      while (load.going) expect((await app.get("tags")).status).toBe(200);
    };
    const readers = Array.from({ length: 6 }, async (_, i) => (await Bun.sleep(3 * i), reader()));
    for (let i = 0; i < 5; i++)
      expect((await app.post("tags", { id: 60 + i, label: `w${i}` })).status).toBe(200);
    load.going = false;
    await Promise.all(readers);
  });

  describe("who asks the route again, in process,", () => {
    const nested = async (
      when: "parser" | "hook",
    ): Promise<{
      handler: QueryHandler;
      inner: number[];
      send: (path: string, body?: object) => Promise<number>;
    }> => {
      const { database, close } = await DATABASES[on]();
      keep({ close });
      await fill(database);
      const inner: number[] = [];
      let next = 100;
      const again = async (): Promise<void> => {
        await Promise.resolve();
        inner.push(await send("tags"));
        inner.push(await send("tags", { id: next, label: `inner ${next++}` }));
      };
      const handler = createQueryHandler({
        acl: {
          tags: { table: "tag", control: { GET: free, POST: free } },
          again: {
            table: "tag",
            control: {
              GET: free,
              POST: { all: { ...free.all, ...(when === "hook" && { beforeQuery: again }) } },
            },
          },
        },
        database,
        schema,
        busyTimeout: when === "hook" ? 40 : 5_000,
        onWarning: () => undefined,
        ...(when === "parser" && {
          session: { parser: (request: Request) => (request.url.includes("/again") ? again() : undefined) },
        }),
      });
      const send = async (path: string, body?: object): Promise<number> => {
        const json = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
        const request = new Request(`http://localhost/query/${path}`, {
          method: json ? "POST" : "GET",
          ...json,
        });
        return (await handler(request)).status;
      };
      return { handler, inner, send };
    };

    test("in a parser is answered, alone and among others who do the same", async () => {
      const { inner, send } = await nested("parser");
      expect(await send("again")).toBe(200);
      expect(await send("again", { id: 50, label: "outer" })).toBe(200);
      const begun = performance.now();
      const many = Array.from({ length: 12 }, (_, i) =>
        send("again", i % 2 === 0 ? undefined : { id: 60 + i, label: `outer ${i}` }),
      );
      expect(new Set(await Promise.all(many))).toEqual(new Set([200]));
      expect(inner).toEqual(Array.from({ length: 28 }, () => 200));
      expect(performance.now() - begun).toBeLessThan(4_500);
    });

    test("in a hook hears 503 after `busyTimeout`, and the hook goes on", async () => {
      const { inner, send } = await nested("hook");
      expect(await send("again", { id: 50, label: "outer" })).toBe(200);
      expect(inner).toEqual([503, 503]);
      expect(await send("tags")).toBe(200);
    });
  });

  test("two routes over one client take turns with each other", async () => {
    const { app, held, inside } = await start({ on });
    const opened = { database: app.database, url: "", close: () => undefined };
    const other = keep(
      await serve({ tags: { table: "tag", control: { GET: free, POST: free } } }, { opened }),
    );
    const falling = app.post("falls", { id: 50, label: "fall" });
    await inside.came;
    const asked = [other.get("tags"), other.post("tags", { id: 60, label: "kept" })] as const;
    await Bun.sleep(10);
    held.give();
    expect([(await falling).status, (await asked[0]).status, (await asked[1]).status]).toEqual([
      500, 200, 200,
    ]);
    expect((await labels(app)).slice(3)).toEqual(["kept"]);
    app.errors.length = 0;
  });
});
