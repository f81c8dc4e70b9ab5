import { describe, expect, test } from "bun:test";
import { type App, type AppOptions, serve, type TestACL } from "../support/app.ts";
import { tag } from "../support/schema.ts";
import { closing, DATABASE_NAMES, dump, refusal, signal } from "../support/write.ts";

const keep = closing();

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a request may take, which is enough for one that waits for nothing on a busy machine, in milliseconds. */
const DEADLINE = 250;

const LATE = { status: 504, code: "timeout" };

/** A hook that waits beyond the deadline, then writes through the transaction it was given, and tells how it went. */
function latecomer() {
  const [back, over] = [signal(), signal()];
  const told: { error?: unknown; wrote?: boolean } = {};
  return {
    told,
    /** Lets it come back. */
    comeBack: async (): Promise<void> => {
      back.give();
      await over.came;
    },
    hook: async ({ tx }: { tx: any }): Promise<void> => {
      await tx.insert(tag).values({ id: 90, label: "early" });
      await back.came;
      try {
        await tx.insert(tag).values({ id: 91, label: "late" });
        told.wrote = true;
      } catch (error) {
        told.error = error;
      }
      over.give();
    },
  };
}

const free = { all: { select: true, write: true } } as const;

async function start(acl: object, options: AppOptions): Promise<App> {
  const plain = { tags: { table: "tag", control: { GET: free, POST: free, PATCH: free, DELETE: free } } };
  return keep(await serve({ ...plain, ...acl } as TestACL, { timeout: DEADLINE, ...options }));
}

describe.each(DATABASE_NAMES)("on %s", (on) => {
  for (const [method, body] of [
    ["POST", { id: 50, label: "x" }],
    ["PATCH", { label: "y" }],
    ["DELETE", undefined],
    ["GET", undefined],
  ] as const)
    describe.each(["beforeQuery", "afterQuery"])(`a ${method} whose %s waits too long`, (when) => {
      const send = (app: App): ReturnType<App["send"]> =>
        app.send(method, `slow${method === "GET" || method === "POST" ? "" : "?select=(where:(id:3))"}`, {
          ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        });

      test("is answered 504, rolled back, frees the lock at once, and its late write writes nothing", async () => {
        const { hook, comeBack, told } = latecomer();
        const [entered, leave] = [signal(), signal()];
        const next = async (): Promise<void> => {
          entered.give();
          await leave.came;
        };
        const app = await start(
          {
            slow: { table: "tag", control: { [method]: { all: { ...free.all, [when]: hook } } } },
            // Open when the late one comes back.
            next: { table: "tag", control: { POST: { all: { ...free.all, beforeQuery: next } } } },
          },
          { on },
        );
        const before = await dump(app.database);
        expect(refusal(await send(app))).toEqual(LATE);
        expect(await dump(app.database)).toBe(before);
        expect((await app.post("tags", { id: 60, label: "at once" })).status).toBe(200);
        const open = [app.post("next", { id: 61, label: "a" }), app.post("next", { id: 62, label: "b" })];
        await entered.came;
        await comeBack();
        leave.give();
        expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200]);
        expect(told.wrote).toBeUndefined();
        expect(told.error).toBeInstanceOf(Error);
        await pause(10);
        const { body } = await app.get("tags");
        expect(body.tags.map(({ id }: { id: number }) => id)).toEqual([1, 2, 3, 60, 61, 62]);
        expect(body.tags.map(({ label }: { label: string }) => label).slice(0, 3)).toEqual([
          "news",
          "how-to",
          "unused",
        ]);
        expect(app.errors).toEqual([]);
      });
    });

  test("a formatter of a write that waits too long is 504, and nothing of the write is kept", async () => {
    const app = await start(
      {
        slow: {
          table: "tag",
          control: { POST: { all: { ...free.all, formatResult: () => new Promise(() => 0) } } },
        },
      },
      { on },
    );
    const before = await dump(app.database);
    expect(refusal(await app.post("slow", { id: 50, label: "x" }))).toEqual(LATE);
    expect(await dump(app.database)).toBe(before);
    expect((await app.post("tags", { id: 60, label: "at once" })).status).toBe(200);
  });

  test("a read that becomes a write too late writes nothing", async () => {
    const over = signal();
    let wrote = false;
    const app = await start(
      {
        slow: {
          table: "tag",
          control: {
            GET: {
              all: {
                select: true,
                beforeQuery: async ({ tx }: { tx: any }) => {
                  await tx.select().from(tag);
                  await pause(2 * DEADLINE);
                  await tx
                    .insert(tag)
                    .values({ id: 92, label: "upgraded" })
                    .then(
                      () => (wrote = true),
                      () => undefined,
                    );
                  over.give();
                },
              },
            },
          },
        },
      },
      { on },
    );
    const before = await dump(app.database);
    expect(refusal(await app.get("slow"))).toEqual(LATE);
    await over.came;
    expect(wrote).toBe(false);
    expect(await dump(app.database)).toBe(before);
    expect((await app.post("tags", { id: 60, label: "x" })).status).toBe(200);
  });

  test("a hook that never ends costs its own request only", async () => {
    const app = await start(
      {
        stuck: {
          table: "tag",
          control: {
            GET: { all: { ...free.all, beforeQuery: () => new Promise(() => 0) } },
            POST: { all: { ...free.all, afterQuery: () => new Promise(() => 0) } },
          },
        },
      },
      { on },
    );
    const stuck = Array.from({ length: 8 }, (_, i) =>
      i % 2 === 0 ? app.get("stuck") : app.post("stuck", { id: 100 + i, label: `l${i}` }),
    );
    expect((await Promise.all(stuck)).map(refusal)).toEqual(stuck.map(() => LATE));
    expect((await app.get("tags")).body.count).toBe(3);
    expect((await app.post("tags", { id: 60, label: "x" })).status).toBe(200);
  });

  test("a hook that ends in time is not disturbed, and onQueryError hears of one that does not", async () => {
    const heard: unknown[] = [];
    const app = await start(
      {
        quick: { table: "tag", control: { POST: { all: { ...free.all, beforeQuery: () => pause(10) } } } },
        asked: {
          table: "tag",
          control: {
            POST: {
              all: {
                ...free.all,
                beforeQuery: () => pause(2 * DEADLINE),
                onQueryError: (error: unknown) => (heard.push(error), new Response("mine", { status: 418 })),
              },
            },
          },
        },
      },
      { on },
    );
    expect((await app.post("quick", { id: 60, label: "x" })).status).toBe(200);
    const answer = await app.post("asked", { id: 61, label: "y" });
    expect([answer.status, answer.text]).toEqual([418, "mine"]);
    expect(heard).toEqual([expect.objectContaining({ code: "timeout" })]);
    expect((await app.get("tags")).body.count).toBe(4);
  });

  test("one request more than may be under way is 503 with Retry-After, and the others are answered", async () => {
    const app = await start(
      { slow: { table: "tag", control: { GET: { all: { select: true, beforeQuery: () => pause(5) } } } } },
      // Each is another caller, so that nobody's share is used up before the places are.
      { on, timeout: 5_000, maxInFlight: 10, caller: (_, request) => request.headers.get("x-name") },
    );
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => app.get("slow", { headers: { "x-name": `caller ${i}` } })),
    );
    const answered = all.filter(({ status }) => status === 200);
    const refused = all.filter(({ status }) => status !== 200);
    // On one connection most wait before their session is known, in the share of the one address.
    expect(answered.length).toBeGreaterThanOrEqual(on === "libsql file" ? 10 : 5);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(refusal(answer)).toEqual({ status: 503, code: "busy" });
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    for (const { body } of answered) expect(body.count).toBe(3);
    for (let i = 0; i < 30; i++) expect((await app.get("tags")).status).toBe(200);
  });

  test("after a storm of late, stuck, failing and refused requests everything works as before", async () => {
    const app = await start(
      {
        slow: {
          table: "tag",
          control: {
            GET: { all: { ...free.all, beforeQuery: () => pause(2 * DEADLINE) } },
            POST: { all: { ...free.all, beforeQuery: () => pause(2 * DEADLINE) } },
          },
        },
        failing: {
          table: "tag",
          control: { POST: { all: { ...free.all, afterQuery: () => Promise.reject(new Error("no")) } } },
        },
      },
      { on, maxInFlight: 60, busyTimeout: 300 },
    );
    const before = await dump(app.database);
    const storm = Array.from({ length: 120 }, (_, i) =>
      [
        () => app.get("slow"),
        () => app.post("slow", { id: 100 + i, label: `s${i}` }),
        () => app.post("failing", { id: 400 + i, label: `f${i}` }),
        () => app.post("tags", { id: 1, label: "taken" }),
      ][i % 4]!(),
    );
    const statuses = new Set((await Promise.all(storm)).map(({ status }) => status));
    for (const status of statuses) expect([409, 500, 503, 504]).toContain(status);
    expect(statuses).toContain(504);
    await pause(2 * DEADLINE);
    app.errors.length = 0;
    expect(await dump(app.database)).toBe(before);
    for (let round = 0; round < 25; round++) {
      expect((await app.get("tags")).status).toBe(200);
      expect((await app.post("tags", { id: 1_000 + round, label: `r${round}` })).status).toBe(200);
    }
    const together = await Promise.all(Array.from({ length: 50 }, () => app.get("tags")));
    expect(together.map(({ status }) => status)).toEqual(together.map(() => 200));
  });
});

test("a transaction that keeps no file's readers waiting is open while a hook waits", async () => {
  const [entered, leave] = [signal(), signal()];
  const wait = async (): Promise<void> => {
    entered.give();
    await leave.came;
  };
  const app = await start(
    { slow: { table: "tag", control: { POST: { all: { ...free.all, beforeQuery: wait } } } } },
    { on: "libsql file", timeout: 1_000 },
  );
  let waits = true;
  const waiting = app.post("slow", { id: 50, label: "x" }).finally(() => (waits = false));
  await entered.came;
  expect((await app.get("tags")).body.count).toBe(3);
  expect(waits).toBe(true);
  expect(refusal(await waiting)).toEqual(LATE);
  leave.give();
});

describe("a function of the author that never answers is given up, and the request is 504:", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const read = (rule: object): object => ({
    odd: { table: "tag", control: { GET: { all: { ...free.all, ...rule } } } },
  });
  const write = (rule: object): object => ({
    odd: { table: "tag", control: { POST: { all: { ...free.all, ...rule } } } },
  });

  test.each([
    ["`session.parser`", read({}), { session: { parser: never } }, "GET"],
    ["`session.getRole`", read({}), { session: { getRole: never } }, "GET"],
    ["`where`", read({ where: never }), {}, "GET"],
    ["`check`", write({ check: never }), {}, "POST"],
    ["`validateBody`", write({ validateBody: never }), {}, "POST"],
    ["`injectBody`", write({ injectBody: never }), {}, "POST"],
    ["`formatResult`", read({ formatResult: never }), {}, "GET"],
    [
      "`onQueryError`",
      write({ beforeQuery: () => Promise.reject(new Error("x")), onQueryError: never }),
      {},
      "POST",
    ],
  ] as const)("%s", async (_, acl, options, method) => {
    const app = await start(acl, { on: "libsql file", timeout: DEADLINE, ...options });
    const before = await dump(app.database);
    const answer = await (method === "GET" ? app.get("odd") : app.post("odd", { id: 70, label: "x" }));
    expect(refusal(answer)).toEqual(LATE);
    expect(await dump(app.database)).toBe(before);
    if (!("session" in options)) expect((await app.post("tags", { id: 71, label: "next" })).status).toBe(200);
  });
});
