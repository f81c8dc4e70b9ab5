import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { idempotencyTable, type QueryHandler } from "@bepalo/query";
import { everywhere } from "../support/everywhere.ts";

// `Prefer`: how a client wants a write to be done.

const sqlite = {
  stored: idempotencyTable("sqlite"),
  item: lite.sqliteTable("items", {
    id: lite.integer("id").primaryKey(),
    name: lite.text("name").notNull().unique(),
    owner: lite.text("owner").notNull().default("me"),
  }),
};
const postgresql = {
  stored: idempotencyTable("postgresql"),
  item: pg.pgTable("items", {
    id: pg.integer("id").primaryKey(),
    name: pg.text("name").notNull().unique(),
    owner: pg.text("owner").notNull().default("me"),
  }),
};

type Any = (...parameters: any[]) => any;
const told: unknown[] = [];
const hooks = {
  afterQuery: ({ dryRun }: { dryRun?: boolean }) => void told.push(["after", dryRun]),
  afterCommit: () => void told.push("commit"),
};
const mine: Any = (_, t, { eq }) => eq(t.owner, "me");
const every = (rule: object): object => ({
  table: "item",
  control: {
    GET: { all: { select: true } },
    POST: { all: { select: true, write: true, ...rule } },
    PATCH: { all: { select: true, ...rule } },
    DELETE: { all: { select: true, ...rule } },
  },
});
const acl = {
  items: every({ dryRun: true, where: mine }),
  plain: every({}),
  hooked: every({ dryRun: true, ...hooks }),
  answering: every({ dryRun: true, afterQuery: () => Response.json({ mine: true }, { status: 202 }) }),
  few: {
    table: "item",
    control: { PATCH: { all: { select: true, maxAffected: 1 } } },
  },
};

everywhere({ sqlite, postgresql }, acl, (place) => {
  const { run, handler } = place;
  let handle: QueryHandler | undefined;
  interface Heard {
    readonly status: number;
    readonly body: any;
    readonly applied: string | null;
  }
  async function ask(method: string, path: string, prefer?: string, body?: unknown): Promise<Heard> {
    handle ??= handler(acl);
    const response = await handle(
      new Request(`http://local/query/${path}`, {
        method,
        headers: { "content-type": "application/json", ...(prefer !== undefined && { prefer }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
    return {
      status: response.status,
      body: await response.json(),
      applied: response.headers.get("preference-applied"),
    };
  }
  const stored = async (): Promise<unknown> =>
    (await ask("GET", "plain?select=(orderBy:(id:asc))")).body.plain;

  beforeEach(async () => {
    told.length = 0;
    await run("delete from items");
    await run("insert into items (id, name, owner) values (1, 'a', 'me'), (2, 'b', 'me'), (3, 'c', 'you')");
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  describe("tx=rollback", () => {
    test("does everything, and takes it back", async () => {
      const before = await stored();
      expect(await ask("POST", "items", "tx=rollback", { id: 9, name: "n" })).toMatchObject({
        status: 200,
        body: { rowsAffected: 1, items: [{ id: 9, name: "n", owner: "me" }] },
        applied: "tx=rollback",
      });
      expect(await ask("PATCH", "items?select=(where:(id:1))", "tx=rollback", { name: "z" })).toMatchObject({
        status: 200,
        body: { items: [{ name: "z" }] },
      });
      expect(await ask("DELETE", "items", "tx=rollback")).toMatchObject({
        status: 200,
        body: { rowsAffected: 2 },
      });
      expect(await stored()).toEqual(before);
    });

    test("refuses what would be refused", async () => {
      expect(await ask("POST", "items", "tx=rollback", { id: 1, name: "n" })).toMatchObject({ status: 409 });
      expect(
        await ask("PATCH", "items?select=(where:(id:1))", "tx=rollback", { owner: "you" }),
      ).toMatchObject({ status: 403, body: { code: "check-failed" } });
      expect(await ask("POST", "items", "tx=rollback", { id: 9 })).toMatchObject({
        status: 400,
        body: { path: "name" },
      });
    });

    test("where no rule lets anybody try, it is refused, and nothing is done", async () => {
      const before = await stored();
      for (const method of ["POST", "PATCH", "DELETE"])
        expect(
          await ask(method, "plain", "tx=rollback", method === "DELETE" ? undefined : { name: 1 }),
        ).toMatchObject({ status: 400, body: { code: "invalid-value", path: "Prefer" }, applied: null });
      expect(await stored()).toEqual(before);
    });

    test("hooks know, and nobody hears of a commit", async () => {
      await ask("POST", "hooked", "tx=rollback", { id: 9, name: "n" });
      await ask("POST", "hooked", "tx=commit", { id: 9, name: "n" });
      await Bun.sleep(5);
      expect(told).toEqual([["after", true], ["after", undefined], "commit"]);
    });

    test("a hook's answer is the answer", async () => {
      const before = await stored();
      expect(await ask("POST", "answering", "tx=rollback", { id: 9, name: "n" })).toMatchObject({
        status: 202,
        body: { mine: true },
      });
      expect(await stored()).toEqual(before);
    });
  });

  describe("max-affected, min-affected", () => {
    test("more than so many is rolled back", async () => {
      const before = await stored();
      expect(await ask("DELETE", "items", "max-affected=1")).toMatchObject({
        status: 400,
        body: { code: "limit-exceeded", path: "Prefer" },
      });
      expect(await stored()).toEqual(before);
      expect(await ask("DELETE", "items", "max-affected=2")).toMatchObject({
        status: 200,
        body: { rowsAffected: 2 },
        applied: "max-affected=2",
      });
    });

    test("a rule's own maximum is not lifted", async () => {
      expect(
        await ask("PATCH", "few?select=(where:(id.gte:1))", "max-affected=5", { owner: "x" }),
      ).toMatchObject({ status: 400, body: { code: "limit-exceeded", path: "select.where" } });
    });

    test("fewer than so many is 404, be the row another's or not there", async () => {
      const theirs = await ask("PATCH", "items?select=(where:(id:3))", "min-affected=1", { name: "x" });
      expect(theirs).toMatchObject({
        status: 404,
        body: { code: "not-found", path: "Prefer" },
        applied: null,
      });
      const nobodys = await ask("PATCH", "items?select=(where:(id:4))", "min-affected=1", { name: "x" });
      expect(nobodys).toEqual(theirs);
      expect(await ask("DELETE", "items?select=(where:(id:1))", "min-affected=2")).toMatchObject({
        status: 404,
      });
      expect(await ask("DELETE", "items?select=(where:(id:1))", "min-affected=1")).toMatchObject({
        status: 200,
        applied: "min-affected=1",
      });
    });

    test("new rows are counted as well", async () => {
      const two = [
        { id: 8, name: "x" },
        { id: 9, name: "y" },
      ];
      const before = await stored();
      expect(await ask("POST", "items", "max-affected=1", two)).toMatchObject({ status: 400 });
      expect(await ask("POST", "items", "min-affected=3", two)).toMatchObject({ status: 404 });
      expect(await stored()).toEqual(before);
      expect(await ask("POST", "items", "min-affected=2,max-affected=2", two)).toMatchObject({
        status: 200,
        applied: "min-affected=2, max-affected=2",
      });
    });

    test("a hook's answer does not pass it by", async () => {
      const before = await stored();
      expect(await ask("DELETE", "answering", "max-affected=1")).toMatchObject({ status: 400 });
      expect(await stored()).toEqual(before);
    });

    test.each([
      "max-affected",
      "max-affected=",
      'max-affected=""',
      "max-affected=-1",
      "max-affected=1.5",
      "max-affected=1e3",
      "max-affected=one",
      "min-affected=99999999999999999999",
      "tx=rolback",
      "tx",
      "return=nothing",
      "handling=some",
      "max-affected=1 2",
      '"tx"=rollback',
      'max-affected="1',
      "=1",
    ])("`%s` is refused", async (prefer) => {
      const before = await stored();
      expect(await ask("DELETE", "items", prefer)).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "Prefer" },
      });
      expect(await stored()).toEqual(before);
    });
  });

  test("return=minimal answers nothing of the rows", async () => {
    const told = await ask("POST", "items", "return=minimal", { id: 9, name: "n" });
    expect(told).toEqual({ status: 200, body: { rowsAffected: 1, count: 1 }, applied: "return=minimal" });
    expect(
      await ask("PATCH", "items?select=(columns:~T(id)~,where:(id:9))", "return=minimal", { name: "m" }),
    ).toMatchObject({ body: { rowsAffected: 1 } });
    expect(await ask("DELETE", "items?select=(where:(id:9))", "return=representation")).toMatchObject({
      body: { items: [{ id: 9, name: "m" }] },
      applied: "return=representation",
    });
  });

  test.each([
    ["Return = Minimal", "return=minimal"],
    [', ,return="minimal" ;x="a,b" ; y,,', "return=minimal"],
    ["return=minimal, return=representation", "return=minimal"],
    ['foo; bar="\\"", MAX-AFFECTED=5 , wait=10', "max-affected=5"],
    ["respond-async", null],
    ["", null],
    ["handling=lenient, foo", "handling=lenient"],
    ["handling=strict, max-affected=3", "handling=strict, max-affected=3"],
  ])("`%s` is read as RFC 7240 has it", async (prefer, applied) => {
    expect(await ask("POST", "items", prefer, { id: 9, name: "n" })).toMatchObject({ status: 200, applied });
  });

  test("an unknown preference is refused where wishes are strict", async () => {
    for (const prefer of ["handling=strict, wait=10", "max-afected=1; x, handling=strict"])
      expect(await ask("DELETE", "items", prefer)).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "Prefer" },
      });
  });

  test("several headers are one", async () => {
    handle ??= handler(acl);
    const headers = new Headers({ prefer: "return=minimal" });
    headers.append("prefer", "max-affected=1");
    const response = await handle(new Request("http://local/query/items", { method: "DELETE", headers }));
    expect(response.status).toBe(400);
  });

  describe("of several requests at once", () => {
    let batches: QueryHandler | undefined;
    async function batch(prefer: string, operations: readonly object[]): Promise<Heard> {
      batches ??= handler(acl, { batch: true });
      const response = await batches(
        new Request("http://local/query/$batch", {
          method: "POST",
          headers: { "content-type": "application/json", prefer },
          body: JSON.stringify(operations),
        }),
      );
      const applied = response.headers.get("preference-applied");
      return { status: response.status, body: await response.json(), applied };
    }
    const add = (id: number, resource = "items"): object => ({
      method: "POST",
      resource,
      body: { id, name: `n${id}` },
    });

    test("all are taken back", async () => {
      const before = await stored();
      expect(await batch("tx=rollback", [add(8), add(9)])).toMatchObject({
        status: 200,
        body: [{ rowsAffected: 1 }, { rowsAffected: 1 }],
        applied: "tx=rollback",
      });
      expect(await stored()).toEqual(before);
    });

    test("each rule has to allow it", async () => {
      const before = await stored();
      expect(await batch("tx=rollback", [add(8), add(9, "plain")])).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "1.Prefer" },
      });
      expect(await stored()).toEqual(before);
    });

    test("the rows of all are counted together", async () => {
      const before = await stored();
      expect(await batch("max-affected=1", [add(8), add(9)])).toMatchObject({
        status: 400,
        body: { code: "limit-exceeded", path: "Prefer" },
      });
      expect(await batch("min-affected=3", [add(8), add(9)])).toMatchObject({ status: 404 });
      expect(await stored()).toEqual(before);
      expect(await batch("max-affected=2, return=minimal", [add(8), add(9)])).toEqual({
        status: 200,
        body: [
          { rowsAffected: 1, count: 1 },
          { rowsAffected: 1, count: 1 },
        ],
        applied: "max-affected=2, return=minimal",
      });
    });
  });

  describe("beside other ways to write", () => {
    let others: QueryHandler | undefined;
    async function send(path: string, headers: object, body: unknown): Promise<Heard> {
      others ??= handler(
        {
          ...acl,
          guarded: {
            table: "item",
            control: {
              GET: { all: { select: true } },
              POST: { all: { select: true, write: true, dryRun: true } },
              PATCH: { all: { select: true, write: true } },
            },
          },
        },
        { idempotency: { table: place.schema["stored"] as never, caller: () => "me" } },
      );
      const response = await others(
        new Request(`http://local/query/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
      );
      const applied = response.headers.get("preference-applied");
      return { status: response.status, body: await response.json(), applied };
    }
    const both = [
      { id: 1, name: "a" },
      { id: 9, name: "n" },
    ];
    const met = "onConflict=(target:~T(id)~,update:~T(name)~)";

    test("what is new and what is met are counted together", async () => {
      const before = await stored();
      expect(await send(`items?${met}`, { prefer: "max-affected=1" }, both)).toMatchObject({
        status: 400,
        body: { code: "limit-exceeded", path: "Prefer" },
      });
      expect(await send(`items?${met}`, { prefer: "min-affected=3" }, both)).toMatchObject({ status: 404 });
      expect(await send(`items?${met}`, { prefer: "tx=rollback" }, both)).toMatchObject({
        status: 200,
        body: { rowsAffected: 2, inserted: 1 },
      });
      expect(await stored()).toEqual(before);
      expect(await send(`items?${met}`, { prefer: "min-affected=2, max-affected=2" }, both)).toMatchObject({
        status: 200,
      });
    });

    test("the rule of what is met has to allow a dry run as well", async () => {
      const before = await stored();
      expect(await send(`guarded?${met}`, { prefer: "tx=rollback" }, both)).toMatchObject({
        status: 400,
        body: { path: "Prefer" },
      });
      expect(await stored()).toEqual(before);
    });

    test("a dry run is not stored under a key", async () => {
      const key = { "idempotency-key": crypto.randomUUID() };
      const row = { id: 9, name: "n" };
      for (const _ of [1, 2])
        expect(await send("items", { ...key, prefer: "tx=rollback" }, row)).toMatchObject({ status: 200 });
      expect(await stored()).toHaveLength(3);
      expect(await send("items", key, row)).toMatchObject({ status: 200 });
      expect(await stored()).toHaveLength(4);
      expect(await send("items", key, row)).toMatchObject({ status: 200, body: { rowsAffected: 1 } });
    });
  });

  test("reads ignore it", async () => {
    expect(await ask("GET", "items", "handling=strict, foo, max-affected=x, tx=rollback")).toMatchObject({
      status: 200,
      applied: null,
    });
  });
});
