/* New rows and the change of those they meet by one statement: what it answers and leaves is what a transaction would. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { createQueryHandler, type Dialect, type QueryHandler } from "@bepalo/query";
import { asked, type Told } from "../support/everywhere.ts";
import { isLeftOut, openPostgresql } from "../support/postgresql.ts";
import { Dice } from "../support/dice.ts";
import { SEED } from "../support/laws.ts";

const item = pg.pgTable("items", {
  id: pg.integer("id").primaryKey(),
  code: pg.varchar("code", { length: 8 }).unique(),
  owner: pg.text("owner"),
  level: pg.smallint("level").notNull().default(3),
  price: pg.numeric("price"),
  tags: pg.jsonb("tags"),
  open: pg.boolean("open"),
  seen: pg.timestamp("seen", { withTimezone: true }),
  day: pg.date("day"),
  secret: pg.text("secret").notNull().default("kept"),
  stamp: pg.integer("stamp").$onUpdate(() => 7),
});
const numbered = pg.pgTable("numbered", {
  id: pg.serial("id").primaryKey(),
  code: pg.text("code").notNull().unique(),
  level: pg.integer("level"),
});
const schema = { item, numbered };

const COLUMNS = ["id", "code", "owner", "level", "price", "tags", "open", "seen", "day"];
// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per database
const mine = (_: unknown, t: any, { eq }: any): unknown => eq(t.owner, "me");
/** What is answered has a bounded size, as a statement that is kept by then cannot refuse its answer. */
const TOLD = ["id", "code", "level", "open", "seen"];
const free = { select: { columns: TOLD }, write: { mode: true, columns: COLUMNS } } as const;
const injecting =
  (more: object) =>
  (row: object): object => ({ ...row, ...more });

const resource = (POST: object, PATCH: object, table = "item"): object => ({
  table,
  control: { POST: { all: POST }, PATCH: { all: PATCH } },
});
/** Each is one statement, unless it says otherwise. */
const acl = {
  free: resource(free, free),
  owned: resource({ ...free, where: mine }, { ...free, where: mine }),
  kept: resource(free, { ...free, where: mine }),
  checked: resource(free, { ...free, check: mine }),
  injected: resource(
    { ...free, injectBody: injecting({ owner: "me", seen: new Date(86_400_000) }) },
    { ...free, injectBody: injecting({ level: 9, owner: "you", day: null }) },
  ),
  /** What is met is answered otherwise. */
  narrow: resource(free, { ...free, select: { columns: ["id"] } }),
  own: resource(free, { ...free, injectBody: (row: { level?: number }) => ({ ...row, stamp: row.level }) }),
  bounded: resource(free, { ...free, maxAffected: 1 }),
  raw: resource({ ...free, injectBody: injecting({ owner: sql`upper('me')` }) }, free),
  watched: resource(free, { ...free, afterQuery: () => undefined }),
  numbers: resource(
    { select: true, write: { mode: false, columns: ["id"] } },
    { select: true, write: { mode: false, columns: ["id"] } },
    "numbered",
  ),
};
/** By key, and a column that the database fills in; nobody else may read what it holds. */
const FRESH = `insert into items (id, code, owner, level, price, tags, open, seen, day, stamp) values
  (1, 'one', 'me', 1, 1.50, '{"a": 1}', true, '2020-01-01T00:00:00Z', '2020-01-01', 1),
  (2, 'two', 'you', 2, null, null, false, 'infinity', '2020-02-02', 2),
  (3, 'three', 'me', 3, 12345678901234567890.5, '[1, 2]', null, null, null, 3),
  (99, 'taken', 'you', 0, null, null, null, null, null, null)`;

/** A database, and a handler over it that writes alone or does not. */
interface Side {
  handle: QueryHandler;
  /** Another handler, which remembers nothing. */
  readonly renewed: () => QueryHandler;
  /** What the dialect was asked for. */
  readonly told: string[];
  readonly errors: unknown[];
  readonly run: (text: string) => Promise<readonly unknown[]>;
  readonly close: () => Promise<unknown>;
}

async function open(alone: boolean): Promise<Side> {
  const { database, close } = await openPostgresql("bun-sql", schema);
  const told: string[] = [];
  const errors: unknown[] = [];
  const watching = (inner: Dialect): Dialect =>
    new Proxy(inner, {
      get(target, key) {
        if (key === "writesAlone") return alone;
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return (...given: unknown[]): unknown => {
          if (key === "write" || key === "transaction") told.push(key);
          return Reflect.apply(member, target, given) as unknown;
        };
      },
    });
  const renewed = (): QueryHandler =>
    createQueryHandler({
      acl: acl as never,
      database,
      schema,
      dialect: (_, found) => watching(found()),
      onWarning: () => undefined,
      onError: (error) => errors.push(error),
    });
  const run = async (text: string): Promise<readonly unknown[]> => {
    // oxlint-disable-next-line typescript/no-explicit-any -- each driver's own way
    const found: any = await (database as any).execute(sql.raw(text));
    return [...(found.rows ?? found)];
  };
  return { handle: renewed(), renewed, told, errors, run, close };
}

describe.skipIf(isLeftOut("bun-sql"))("one statement and a transaction", () => {
  let sides: readonly [Side, Side];
  beforeAll(async () => {
    sides = await Promise.all([open(true), open(false)]);
    for (const { handle } of sides) await post(handle, "free", [{ id: 1, code: "one" }]); // what is asked once
  }, 60_000);
  afterAll(() => Promise.all(sides.map(({ close }) => close())), 60_000);
  beforeEach(async () => {
    for (const { run, told } of sides) {
      await run("delete from items");
      await run("delete from numbered");
      await run(FRESH);
      told.length = 0;
    }
  });
  afterEach(() => expect(sides.flatMap(({ errors }) => errors.splice(0))).toEqual([]));

  const post = (handle: QueryHandler, name: string, body: unknown, more = "target:~T(id)~"): Promise<Told> =>
    asked(handle, "POST", `${name}?onConflict=(${more})`, body);

  /** Sends a body to both, which answer alike and leave the same; how the first did it is the answer. */
  async function alike(
    name: string,
    body: unknown,
    more?: string,
  ): Promise<{ told: Told; how: readonly string[] }> {
    const [one, other] = sides;
    for (const { told } of sides) told.length = 0;
    const told = await post(one.handle, name, body, more);
    const how = [...one.told];
    expect(told).toEqual(await post(other.handle, name, body, more));
    expect(other.told).not.toContain("write");
    const stored = "select * from items order by id";
    expect(await one.run(stored)).toEqual(await other.run(stored));
    return { told, how };
  }

  const pair = [
    { id: 1, code: "uno" },
    { id: 10, code: "ten" },
  ];

  test("what is new is written, and what is met is changed, in the order in which it was sent", async () => {
    const { told, how } = await alike("free", [
      { id: 10, code: "ten", tags: { b: 2 }, price: "7.00", open: true },
      { id: 3, code: "drei", tags: { c: 3 }, price: "8.25", open: false },
      { id: 2, code: "zwei", tags: null, price: null, open: null },
    ]);
    expect(how).toEqual(["write"]);
    expect(told.body).toMatchObject({ rowsAffected: 3, inserted: 1, count: 3 });
    expect(told.body.free.map(({ id, code, level }: any) => [id, code, level])).toEqual([
      [10, "ten", 3],
      [3, "drei", 3],
      [2, "zwei", 2],
    ]);
  });

  test("one row, one column of several, and a number of rows alone", async () => {
    expect((await alike("free", { id: 1, code: "uno" })).how).toEqual(["write"]);
    const some = pair.map((row) => ({ ...row, level: 5 }));
    expect((await alike("free", some, "target:~T(id)~,update:~T(level)~")).how).toEqual(["write"]);
    const { told, how } = await alike("free", [{ id: 2, level: 1 }], "target:~T(id)~)&select=(columns:F");
    expect([how, told.body]).toEqual([["write"], { rowsAffected: 1, inserted: 0, count: 1 }]);
  });

  test("what functions make for all rows is one value, whichever column it is for", async () => {
    const { told, how } = await alike("injected", pair);
    expect(how).toEqual(["write"]);
    expect(told.body.injected).toMatchObject([
      { id: 1, level: 9 },
      { id: 10, level: 3, seen: "1970-01-02T00:00:00.000Z" },
    ]);
    const stored = await sides[0].run("select owner, stamp from items where id in (1, 10) order by id");
    expect(stored).toEqual([
      { owner: "you", stamp: 7 },
      { owner: "me", stamp: 7 },
    ]);
  });

  test("whoever is met and is not the caller's is taken, and nothing is kept", async () => {
    for (const name of ["owned", "kept"]) {
      const { told, how } = await alike(name, [
        { id: 1, owner: "me", level: 8 },
        { id: 2, owner: "me", level: 8 },
      ]);
      expect([told.status, told.body.code]).toEqual([409, "conflict"]);
      expect(how.at(-1)).toBe("transaction");
    }
  });

  test("what a row may not become is refused, new or met, and nothing is kept", async () => {
    const other = (id: number): object => ({ id, owner: "you" });
    for (const body of [[other(1)], [other(20)], [{ id: 21, owner: "me" }, other(1)]]) {
      const { told } = await alike("owned", body);
      expect(told.status).toBe(403);
    }
  });

  test("a new row need not pass what is asked of changed ones alone", async () => {
    const { told, how } = await alike("checked", [{ id: 30, owner: "you" }]);
    expect([told.status, how.at(-1)]).toEqual([200, "transaction"]);
  });

  test("the same key twice, another key that is taken, and values that do not fit are refused as ever", async () => {
    const twice = await alike("free", [...pair, { id: 1, code: "again" }]);
    expect([twice.told.status, twice.told.body.path]).toEqual([400, "2"]);
    const taken = await alike("free", [{ id: 40, code: "two" }]);
    expect(taken.told.status).toBe(409);
    const long = await alike("free", [{ id: 41, code: "far too long" }]);
    expect(long.told.status).toBe(400);
  });

  test("what takes more than a statement has its transaction at once", async () => {
    for (const name of ["narrow", "bounded", "raw", "watched", "own"]) {
      const body = [...pair, { id: 3, code: "tri" }].map((row, index) => ({ ...row, level: index }));
      const { how } = await alike(name, body);
      expect([name, how.at(-1)]).toEqual([name, "transaction"]);
    }
  });

  test("rows that are met take no number of a sequence", async () => {
    const [one] = sides;
    for (let index = 0; index < 3; index++)
      await post(one.handle, "numbers", { code: "a", level: index }, "target:~T(code)~");
    const { body } = await post(one.handle, "numbers", { code: "b", level: 0 }, "target:~T(code)~");
    const ids = await one.run("select id from numbered order by id");
    expect(body).toMatchObject({ inserted: 1 });
    expect((ids[1] as { id: number }).id - (ids[0] as { id: number }).id).toBe(1);
  });

  test("where most are in vain, the transaction comes first, and the statement again once one was not", async () => {
    const bad = [{ id: 2, owner: "me" }];
    const hows: string[] = [];
    for (let index = 0; index < 12; index++) hows.push((await alike("owned", bad)).how.join());
    expect(hows.filter((how) => how === "transaction").length).toBeGreaterThan(6);
    let tries = 0;
    while ((await alike("owned", [{ id: 1, owner: "me" }])).how.join() !== "write")
      expect(tries++).toBeLessThan(64);
    expect((await alike("owned", [{ id: 1, owner: "me" }])).how).toEqual(["write"]);
  });

  test("many at once: one makes the row, and none fails, in whichever order they name theirs", async () => {
    const [{ handle, told, run }] = sides;
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => post(handle, "free", [{ id: 50, level: index }])),
    );
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(all.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(1);
    const ids = Array.from({ length: 30 }, (_, index) => ({ id: 60 + index, level: 1 }));
    const lists = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        post(handle, "free", index % 2 === 0 ? ids : ids.toReversed()),
      ),
    );
    expect(lists.map(({ status }) => status)).toEqual(lists.map(() => 200));
    expect(lists.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(30);
    expect(new Set(told)).toEqual(new Set(["write"]));
    expect(await run("select count(*)::integer as n from items where id >= 50 and id < 99")).toEqual([
      { n: 31 },
    ]);
  });

  test("a column of another type than its schema says is answered as ever", async () => {
    const alter = async (text: string): Promise<void> => {
      for (const { run } of sides) await run(`alter table items alter column level ${text}`);
    };
    await alter("drop default");
    await alter("type text using level::text");
    try {
      const { told, how } = await alike(
        "free",
        pair.map((row) => ({ ...row, level: 4 })),
      );
      expect([told.status, how]).toEqual([200, ["write"]]);
      expect(told.body.inserted).toBe(1);
    } finally {
      await alter("type smallint using level::smallint");
      await alter("set default 3");
    }
  });

  test(`random rows under random rules: seed ${SEED}`, async () => {
    const dice = new Dice(SEED);
    const values: Readonly<Record<string, (id: number) => unknown>> = {
      // A key that one row gives up and another takes passes or not by the order in which the server meets them.
      code: (id) =>
        dice.pick([`${id}-${dice.between(0, 9)}`, `${id}`, null, dice.chance(0.3) ? "taken" : null]),
      owner: () => dice.pick(["me", "me", "you", null]),
      level: () => dice.pick([0, 1, 2, 3, 32_767, dice.chance(0.2) ? 40_000 : 5]),
      price: () => dice.pick(["1.50", "98765432109876543210.123", null]),
      tags: () => dice.pick([null, { a: 1 }, [1, "2", null], "text"]),
      open: () => dice.chance(0.5),
      seen: () => dice.pick(["2024-02-29T12:00:00.000Z", "0001-01-01T00:00:00Z", null]),
      day: () => dice.pick(["2024-02-29", null]),
    };
    const names = Object.keys(values);
    const hows = { write: 0, other: 0 };
    for (let index = 0; index < 250; index++) {
      const sent = dice.some(names, 0.4);
      const rows = Array.from({ length: dice.between(1, 4) }, () => {
        const id = dice.between(1, 9);
        const own = dice.chance(0.1) ? dice.some(names) : sent;
        return { id, ...Object.fromEntries(own.map((name) => [name, values[name]!(id)])) };
      });
      const name = dice.pick(["free", "free", "owned", "kept", "checked", "injected", "narrow", "own"]);
      const update =
        sent.length > 0 && dice.chance(0.3) ? `,update:~T(${dice.some(sent, 0.7).join() || sent[0]})~` : "";
      sides[0].handle = sides[0].renewed();
      const { how } = await alike(name, rows.length === 1 ? rows[0] : rows, `target:~T(id)~${update}`);
      hows[how.join() === "write" ? "write" : "other"]++;
    }
    expect(hows.write).toBeGreaterThan(25);
    expect(hows.other).toBeGreaterThan(25);
  }, 60_000);

  test("a table whose rows do not say how they came is written by transactions", async () => {
    for (const { run } of sides) {
      await run("alter table items rename to plain");
      await run("create table items (like plain including defaults) partition by range (id)");
      await run("create table low partition of items for values from (0) to (5)");
      await run("create table high partition of items for values from (5) to (500)");
      await run("alter table items add primary key (id)");
    }
    try {
      const first = await alike("free", pair);
      expect([first.told.status, first.how.at(-1)]).toEqual([200, "transaction"]);
      for (let index = 0; index < 80; index++)
        expect((await alike("free", pair)).how).toEqual(["transaction"]);
    } finally {
      for (const { run } of sides) {
        await run("drop table items");
        await run("alter table plain rename to items");
      }
    }
  });
});
