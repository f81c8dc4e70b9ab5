import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import {
  createQueryHandler,
  HttpError,
  QueryError,
  type QueryHandler,
  type QueryRouteOptions,
} from "@bepalo/query";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { openTables } from "../support/shop.ts";

// What hooks see of written rows, what runs after every write of a route, and what runs after its commit.

/** How often a point was made of what is stored. */
let reads = 0;
const mapping = {
  dataType: () => "text",
  fromDriver: (value: string): string => {
    reads++;
    if (value === "broken") throw new Error("no point");
    return `point ${value}`;
  },
};

const sqliteItem = lite.sqliteTable("items", {
  id: lite.integer("id").primaryKey(),
  title: lite.text("title").notNull(),
  secret: lite.text("the secret").notNull().default("hidden"),
  at: lite.integer("at", { mode: "timestamp_ms" }),
  yes: lite.integer("yes", { mode: "boolean" }).notNull().default(false),
  json: lite.text("json", { mode: "json" }),
  big: lite.blob("big", { mode: "bigint" }),
  parentId: lite.integer("parent_id"),
  point: lite.customType<{ data: string; driverData: string }>(mapping)("point").notNull().default("0;0"),
});
const sqlite = {
  item: sqliteItem,
  itemRelations: relations(sqliteItem, ({ one, many }) => ({
    parent: one(sqliteItem, {
      fields: [sqliteItem.parentId],
      references: [sqliteItem.id],
      relationName: "p",
    }),
    children: many(sqliteItem, { relationName: "p" }),
  })),
  line: lite.sqliteTable("lines", { text: lite.text("text").notNull(), note: lite.text("note") }),
  pair: lite.sqliteTable(
    "pairs",
    { a: lite.text("a").notNull(), b: lite.integer("b").notNull(), level: lite.integer("level") },
    (t) => [lite.primaryKey({ columns: [t.a, t.b] })],
  ),
  log: lite.sqliteTable("logs", { id: lite.integer("id").primaryKey(), text: lite.text("text").notNull() }),
};
const postgresqlItem = pg.pgTable("items", {
  id: pg.integer("id").primaryKey(),
  title: pg.text("title").notNull(),
  secret: pg.text("the secret").notNull().default("hidden"),
  at: pg.timestamp("at", { withTimezone: true }),
  yes: pg.boolean("yes").notNull().default(false),
  json: pg.jsonb("json"),
  big: pg.bigint("big", { mode: "bigint" }),
  parentId: pg.integer("parent_id"),
  point: pg.customType<{ data: string; driverData: string }>(mapping)("point").notNull().default("0;0"),
});
const postgresql = {
  item: postgresqlItem,
  itemRelations: relations(postgresqlItem, ({ one, many }) => ({
    parent: one(postgresqlItem, {
      fields: [postgresqlItem.parentId],
      references: [postgresqlItem.id],
      relationName: "p",
    }),
    children: many(postgresqlItem, { relationName: "p" }),
  })),
  line: pg.pgTable("lines", { text: pg.text("text").notNull(), note: pg.text("note") }),
  pair: pg.pgTable(
    "pairs",
    { a: pg.text("a").notNull(), b: pg.integer("b").notNull(), level: pg.integer("level") },
    (t) => [pg.primaryKey({ columns: [t.a, t.b] })],
  ),
  log: pg.pgTable("logs", { id: pg.integer("id").primaryKey(), text: pg.text("text").notNull() }),
};

/** What a row becomes in a trigger is what is stored. */
const made = {
  sqlite: [
    "create trigger loud after update on items when new.title = 'shout' begin update items set title = 'SHOUT' where id = new.id; end",
  ],
  postgresql: [
    "create function loud() returns trigger language plpgsql as $$ begin if new.title = 'shout' then new.title := 'SHOUT'; end if; return new; end $$",
    "create trigger loud before update on items for each row execute function loud()",
  ],
};

// oxlint-disable-next-line typescript/no-explicit-any -- a context of any database
type Context = any;
type Hook = (context: Context) => unknown;
type Hooks = Readonly<Record<string, unknown>>;

/** Four resources that anybody may write; clients hear of items but their number and title. */
const rules = (hooks: Hooks = {}, entry: Hooks = {}): object => ({
  items: {
    table: "item",
    ...entry,
    control: Object.fromEntries(
      ["POST", "PATCH", "DELETE"].map((method) => [
        method,
        {
          all: {
            select: { columns: new Set(["id", "title"]) },
            with: { children: { select: { columns: new Set(["id"]) } } },
            ...(method !== "DELETE" && { write: true }),
            ...hooks,
          },
        },
      ]),
    ),
  },
  logs: { table: "log", control: { GET: { all: { select: true } } } },
  pairs: {
    table: "pair",
    control: { PATCH: { all: { select: true, write: true, ...hooks } }, GET: { all: { select: true } } },
  },
});

const MOMENT = "2024-01-02T03:04:05.678Z";
const ITEM = {
  id: 7,
  title: "new",
  secret: "s",
  at: MOMENT,
  yes: true,
  json: { a: [1] },
  big: "9007199254740993",
};
const STORED = {
  id: 7,
  title: "new",
  secret: "s",
  at: new Date(MOMENT),
  yes: true,
  json: { a: [1] },
  big: 9007199254740993n,
  parentId: null,
  point: "point 0;0",
};
const one = (id: number, more = ""): string => `items?select=(where:(id:${id})${more})`;

everywhere({ sqlite, postgresql, made }, rules(), (place) => {
  const { run, handler } = place;
  const route = (acl: object, options: Partial<QueryRouteOptions> = {}): QueryHandler =>
    handler(acl, options);
  const logs = async (): Promise<string[]> =>
    (
      (await asked(handler(rules()), "GET", "logs?select=(orderBy:(id:asc))")).body.logs as { text: string }[]
    ).map(({ text }) => text);
  /** Writes into the log by the transaction. */
  const note = (tx: Context, id: number, text: string): Promise<unknown> =>
    tx.insert(place.schema["log"]).values({ id, text });

  beforeEach(async () => {
    reads = 0;
    for (const table of ["items", "lines", "pairs", "logs"]) await run(`delete from ${table}`);
    await run(
      `insert into items (id, title, "the secret", parent_id) values (3, 'c', 'three', null), (1, 'a', 'one', 3), (2, 'b', 'two', 3)`,
    );
    await run("insert into pairs (a, b, level) values ('x', 1, 1), ('x', 2, 2)");
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  describe("context.written", () => {
    /** What each of the hooks that see rows sees. */
    const seeing = (): { readonly seen: Record<string, unknown>; readonly handle: QueryHandler } => {
      const seen: Record<string, unknown> = {};
      const look =
        (name: string) =>
        (context: Context): void => {
          seen[name] = structuredClone(context.written);
          seen[`${name} before`] = context.before;
        };
      const handle = route(rules({ afterQuery: look("afterQuery"), afterCommit: look("afterCommit") }), {
        afterWrite: look("afterWrite"),
        afterCommit: look("route's afterCommit"),
      });
      return { seen, handle };
    };
    const NAMES = ["afterQuery", "afterWrite", "afterCommit", "route's afterCommit"];

    test.each([
      ["", { items: [{ id: 7, title: "new" }] }],
      ["?select=(columns:(title:T))", { items: [{ title: "new" }] }],
      ["?select=(columns:(id:T),with:(children:T))", { items: [{ id: 7, children: [] }] }],
    ])("has new rows whole, whatever the client asked to hear: %p", async (question, answer) => {
      const { seen, handle } = seeing();
      expect(await asked(handle, "POST", `items${question}`, ITEM)).toMatchObject({
        status: 200,
        body: answer,
      });
      for (const name of NAMES) {
        expect(seen[name]).toEqual([STORED]);
        expect(seen[`${name} before`]).toBeUndefined();
      }
    });

    test("has new rows in the order in which they were sent", async () => {
      const { seen, handle } = seeing();
      const sent = [9, 8, 10].map((id) => ({ id, title: `t${id}` }));
      await asked(handle, "POST", "items", sent);
      expect((seen["afterWrite"] as { id: number }[]).map(({ id }) => id)).toEqual([9, 8, 10]);
    });

    test.each(["", ",columns:(title:T)", ",with:(children:T)"])(
      "has changed rows as they are stored, in the order of the answer: %p",
      async (question) => {
        const { seen, handle } = seeing();
        const { body } = await asked(handle, "PATCH", `items?select=(where:(id.gte:1)${question})`, {
          title: "shout",
        });
        expect(body.items.map(({ title }: { title: string }) => title)).toEqual(["SHOUT", "SHOUT", "SHOUT"]);
        for (const name of NAMES)
          expect(seen[name]).toMatchObject([
            { id: 1, title: "SHOUT", secret: "one", parentId: 3, at: null },
            { id: 2, title: "SHOUT", secret: "two", parentId: 3 },
            { id: 3, title: "SHOUT", secret: "three", parentId: null },
          ]);
      },
    );

    test.each(["", ",columns:(title:T)", ",with:(children:T)"])(
      "has removed rows as they were: %p",
      async (question) => {
        const { seen, handle } = seeing();
        expect(await asked(handle, "DELETE", `items?select=(where:(id.lte:2)${question})`)).toMatchObject({
          body: { rowsAffected: 2 },
        });
        for (const name of NAMES)
          expect(seen[name]).toMatchObject([
            { id: 1, title: "a", secret: "one" },
            { id: 2, title: "b", secret: "two" },
          ]);
      },
    );

    test("is empty where no row is reached", async () => {
      const { seen, handle } = seeing();
      await asked(handle, "PATCH", one(99), { title: "x" });
      for (const name of NAMES) expect(seen[name]).toEqual([]);
    });

    test("is there for a check that is judged by a rehearsal", async () => {
      const seen: unknown[] = [];
      const acl = rules({
        check: (_: object, item: typeof sqliteItem, { gt }: { gt: (a: unknown, b: unknown) => unknown }) =>
          gt(item.id, 0),
        ensure: () => true,
        afterQuery: ({ written }: Context) => void seen.push(...written),
      }) as { items: { control: Record<string, unknown> } };
      delete acl.items.control["DELETE"];
      expect(await asked(route(acl), "PATCH", one(1), { title: "x" })).toMatchObject({ status: 200 });
      expect(seen).toMatchObject([{ id: 1, title: "x", secret: "one" }]);
    });
  });

  describe("context.before", () => {
    const seeing = (): { readonly seen: unknown[]; readonly handle: QueryHandler } => {
      const seen: unknown[] = [];
      const run: Hook = ({ written, before }) => void seen.push({ written, before });
      return { seen, handle: route(rules({ afterQuery: { before: true, run } })) };
    };

    test("has changed rows as they were, in the same order", async () => {
      const { seen, handle } = seeing();
      await asked(handle, "PATCH", "items?select=(where:(id.gte:2))", { title: "shout", at: MOMENT });
      expect(seen).toMatchObject([
        {
          written: [
            { id: 2, title: "SHOUT", at: new Date(MOMENT) },
            { id: 3, title: "SHOUT", at: new Date(MOMENT) },
          ],
          before: [
            { id: 2, title: "b", secret: "two", at: null, parentId: 3 },
            { id: 3, title: "c", secret: "three", at: null, parentId: null },
          ],
        },
      ]);
    });

    test("has values as they are in all rows", async () => {
      const { seen, handle } = seeing();
      await asked(handle, "POST", "items", ITEM);
      await asked(handle, "PATCH", one(7), { big: null, json: null });
      expect(seen).toEqual([
        { written: [STORED], before: [null] },
        { written: [{ ...STORED, big: null, json: null }], before: [STORED] },
      ]);
    });

    test("of removed rows are those rows", async () => {
      const { seen, handle } = seeing();
      await asked(handle, "DELETE", one(1));
      const rows = [{ id: 1, title: "a", secret: "one" }];
      expect(seen).toMatchObject([{ written: rows, before: rows }]);
    });

    test("is found though a key was changed, of one row; of several none is taken for another", async () => {
      const { seen, handle } = seeing();
      expect(await asked(handle, "PATCH", "pairs?select=(where:(b:1))", { a: "y" })).toMatchObject({
        status: 200,
      });
      expect(seen).toMatchObject([
        { written: [{ a: "y", b: 1, level: 1 }], before: [{ a: "x", b: 1, level: 1 }] },
      ]);
      expect(await asked(handle, "PATCH", "pairs", { a: "z" })).toMatchObject({
        status: 400,
        body: { code: "limit-exceeded" },
      });
      expect((await asked(handle, "GET", "pairs?select=(where:(a:'z'))")).body.pairs).toEqual([]);
    });

    test("is there for who asks by the route, and by `afterCommit`", async () => {
      const seen: Record<string, unknown> = {};
      const look = (name: string): object => ({
        before: true,
        run: ({ before }: Context) => {
          seen[name] = before;
        },
      });
      for (const [name, handle] of [
        ["afterCommit", route(rules({ afterCommit: look("afterCommit") }))],
        ["afterWrite", route(rules(), { afterWrite: look("afterWrite") as never })],
        ["route", route(rules(), { afterCommit: look("route") as never })],
      ] as const) {
        await asked(handle, "PATCH", one(1), { title: name });
        expect(seen[name]).toMatchObject([{ id: 1, secret: "one" }]);
      }
      expect(seen["route"]).toMatchObject([{ title: "afterWrite" }]);
    });
  });

  describe("afterWrite", () => {
    test("runs in the transaction of each write, after the rule's own hook, and is told of it", async () => {
      const seen: unknown[] = [];
      const handle = route(rules({ afterQuery: () => void seen.push("rule") }), {
        afterWrite: async (context) => {
          const { method, resourceId, role, roles, body, written, result, tx } = context as Context;
          await note(tx, seen.length, `${method} ${resourceId} ${written.length}`);
          seen.push({ method, resourceId, role, roles, body, affected: result.rowsAffected });
        },
      });
      await asked(handle, "POST", "items", { id: 7, title: "t" });
      await asked(handle, "PATCH", one(7), { title: "u" });
      await asked(handle, "DELETE", "items");
      const from = { resourceId: "items", role: undefined, roles: [] };
      expect(seen).toEqual([
        "rule",
        { ...from, method: "POST", body: { id: 7, title: "t" }, affected: 1 },
        "rule",
        { ...from, method: "PATCH", body: { title: "u" }, affected: 1 },
        "rule",
        { ...from, method: "DELETE", body: undefined, affected: 4 },
      ]);
      expect(await logs()).toEqual(["POST items 1", "PATCH items 1", "DELETE items 4"]);
    });

    test("what it throws rolls back", async () => {
      const handle = route(rules(), {
        afterWrite: async ({ tx }) => {
          await note(tx, 1, "lost");
          throw new HttpError("no room in the log", 507);
        },
      });
      expect(await asked(handle, "POST", "items", { id: 7, title: "t" })).toMatchObject({ status: 507 });
      expect(await asked(handle, "PATCH", one(1), { title: "t" })).toMatchObject({ status: 507 });
      expect(await asked(handle, "DELETE", one(1))).toMatchObject({ status: 507 });
      expect(await logs()).toEqual([]);
      const kept = await asked(route(rules()), "PATCH", one(1), { yes: true });
      expect(kept.body.items).toEqual([{ id: 1, title: "a" }]);
    });

    test("runs where the rule's hook has answered, and not where nothing is written", async () => {
      let runs = 0;
      const options = { afterWrite: () => void runs++ };
      const answering = route(rules({ afterQuery: () => new Response("done") }), options);
      const request = new Request(`http://local/query/${one(1)}`, { method: "DELETE" });
      expect(await (await answering(request)).text()).toBe("done");
      expect(runs).toBe(1);
      const ended = route(rules({ beforeQuery: () => Response.json(null, { status: 202 }) }), options);
      expect((await asked(ended, "DELETE", one(2))).status).toBe(202);
      const refused = route(rules({ where: () => true, maxAffected: 0 }), options);
      expect((await asked(refused, "DELETE", one(2))).status).toBe(400);
      await asked(route(rules(), options), "GET", "logs");
      expect(runs).toBe(1);
    });
  });

  describe("afterCommit", () => {
    test("runs once what was written is kept, without the transaction", async () => {
      const seen: unknown[] = [];
      const { promise: told, resolve } = Promise.withResolvers<void>();
      const handle = route(
        rules({
          afterCommit: async ({ tx, written }: Context) => {
            seen.push("rule", tx, written.length, (await logs()).length);
            resolve();
          },
          afterQuery: ({ tx }: Context) => note(tx, 1, "kept").then(() => undefined),
        }),
      );
      expect(await asked(handle, "PATCH", one(1), { title: "t" })).toMatchObject({ status: 200 });
      await told;
      expect(seen).toEqual(["rule", undefined, 1, 1]);
    });

    test("nobody waits for it", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      const handle = route(rules({ afterCommit: () => promise.then(end) }));
      expect(await asked(handle, "PATCH", one(1), { title: "t" })).toMatchObject({ status: 200 });
      resolve();
      await over;
    });

    test("what it throws is told, and changes no answer; the other's runs", async () => {
      let ran = 0;
      const handle = route(
        rules({
          afterCommit: () => {
            throw new Error("at once");
          },
        }),
        {
          afterCommit: async () => {
            ran++;
            await Promise.resolve();
            throw new Error("later");
          },
        },
      );
      expect(await asked(handle, "PATCH", one(1), { title: "t" })).toMatchObject({ status: 200 });
      await new Promise((done) => setTimeout(done, 20));
      expect(ran).toBe(1);
      expect(place.errors.splice(0).map(String)).toEqual(["Error: at once", "Error: later"]);
    });

    test("does not run where nothing is kept", async () => {
      let runs = 0;
      const count = (): void => void runs++;
      const fails = (): never => {
        throw new HttpError("no", 418);
      };
      for (const hooks of [
        { afterQuery: fails },
        { beforeQuery: fails },
        { formatResult: fails },
        { beforeQuery: () => Response.json(null, { status: 418 }) },
        { afterQuery: fails, onQueryError: () => Response.json(null, { status: 418 }) },
        { maxAffected: 0, onQueryError: () => Response.json(null, { status: 418 }) },
      ] as Hooks[]) {
        const handle = route(rules({ ...hooks, afterCommit: count }), { afterCommit: count });
        expect((await asked(handle, "DELETE", one(1))).status).toBe(418);
      }
      const failing = route(rules({ afterCommit: count }), { afterCommit: count, afterWrite: fails });
      expect((await asked(failing, "PATCH", one(1), { title: "t" })).status).toBe(418);
      const taken = route(rules({ afterCommit: count }));
      expect((await asked(taken, "POST", "items", { id: 1, title: "t" })).status).toBe(409);
      await new Promise((done) => setTimeout(done, 5));
      expect(runs).toBe(0);
    });

    test("does not run where nobody knows whether it was kept", async () => {
      let runs = 0;
      const count = (): void => void runs++;
      const unheard = new QueryError("timeout", "the database did not say");
      const answered = {
        afterCommit: count,
        afterQuery: () => undefined,
        onQueryError: () => Response.json(null, { status: 418 }),
      };
      const handle = route(rules(answered), {
        afterCommit: count,
        dialect: (_, found) =>
          new Proxy(found(), {
            get(target, name) {
              const member: unknown = Reflect.get(target, name, target);
              if (typeof member !== "function") return member;
              const bound = member.bind(target) as (...all: unknown[]) => unknown;
              if (name !== "transaction") return bound;
              return async (...all: unknown[]) => {
                await bound(...all);
                throw unheard;
              };
            },
          }),
      });
      expect((await asked(handle, "PATCH", one(1), { title: "t" })).status).toBe(418);
      await new Promise((done) => setTimeout(done, 5));
      expect(runs).toBe(0);
    });

    test("runs after an answer of the rule's own hook", async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const handle = route(
        rules({
          afterQuery: () => Response.json("done"),
          afterCommit: ({ written }: Context) => resolve(written[0].id),
        }),
      );
      expect(await asked(handle, "DELETE", one(1))).toEqual({ status: 200, body: "done" });
      expect(await promise).toBe(1);
    });

    test("may write by the database itself, also where it has one connection", async () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const handle = route(rules(), {
        afterCommit: async ({ written }) => {
          await note(place.database, written[0].id, "after").then(() => resolve(), reject);
        },
      });
      await asked(handle, "PATCH", one(1), { title: "t" });
      await promise;
      expect(await logs()).toEqual(["after"]);
    });
  });

  describe("an entry's hooks", () => {
    test("are those of its rules that have none of their own", async () => {
      const seen: string[] = [];
      const hook =
        (name: string): Hook =>
        () =>
          void seen.push(name);
      const entry = {
        beforeQuery: hook("entry's beforeQuery"),
        afterQuery: {
          before: true,
          run: ({ before }: Context) => void seen.push(`entry's afterQuery ${before[0].title}`),
        },
        afterCommit: hook("entry's afterCommit"),
        formatResult: () => "formatted",
      };
      expect(await asked(route(rules({}, entry)), "PATCH", one(1), { title: "t" })).toEqual({
        status: 200,
        body: "formatted",
      });
      expect(seen.splice(0)).toEqual(["entry's beforeQuery", "entry's afterQuery a", "entry's afterCommit"]);
      const own = { afterQuery: hook("own"), afterCommit: hook("own afterCommit") };
      await asked(route(rules(own, entry)), "PATCH", one(1), { title: "t" });
      expect(seen).toEqual(["entry's beforeQuery", "own", "own afterCommit"]);
    });

    test("onQueryError too", async () => {
      const entry = { onQueryError: () => Response.json("entry's", { status: 418 }) };
      expect(await asked(route(rules({ maxAffected: 0 }, entry)), "DELETE", one(1))).toEqual({
        status: 418,
        body: "entry's",
      });
    });
  });

  test("what `formatResult` throws rolls a write back", async () => {
    const answer = async (method: string, path: string, body?: object): Promise<Told> =>
      asked(
        route(
          rules({
            formatResult: (_: Request, { result }: Context) => {
              throw new HttpError(`${result.rowsAffected} formatted`, 418);
            },
          }),
        ),
        method,
        path,
        body,
      );
    for (const told of [
      await answer("POST", "items", { id: 7, title: "t" }),
      await answer("PATCH", one(1), { title: "t" }),
      await answer("DELETE", one(1)),
    ])
      expect(told).toMatchObject({ status: 418, body: { error: "1 formatted" } });
    const { body } = await asked(route(rules()), "DELETE", "items");
    expect(body.items.map(({ title }: { title: string }) => title)).toEqual(["a", "b", "c"]);
  });

  test("rows are made for who looks, once, and for nobody else", async () => {
    const looking = (looks: number): QueryHandler =>
      route(
        rules({
          afterQuery: (context: Context) => {
            for (let look = 0; look < looks; look++) expect(context.written).toBe(context.written);
          },
        }),
      );
    expect(await asked(looking(0), "PATCH", one(1), { title: "x" })).toMatchObject({ status: 200 });
    expect(reads).toBe(0);
    expect(await asked(looking(2), "PATCH", one(1), { title: "y" })).toMatchObject({ status: 200 });
    expect(reads).toBe(1);
  });

  test("a column whose mapping fails stands in the way of nobody who does not look", async () => {
    await run("update items set point = 'broken' where id = 1");
    const handle = route(rules({ afterQuery: () => undefined }));
    expect(await asked(handle, "PATCH", one(1), { title: "x" })).toMatchObject({ status: 200 });
    const looking = route(rules({ afterQuery: ({ written }: Context) => void written }));
    expect(await asked(looking, "PATCH", one(1), { title: "y" })).toMatchObject({ status: 500 });
    expect(place.errors.splice(0).map(String)[0]).toContain("mapping");
    expect((await asked(handle, "PATCH", one(1), { yes: true })).body.items).toEqual([{ id: 1, title: "x" }]);
  });
});

describe("at start", () => {
  const starts = async (acl: object, options: object = {}): Promise<() => unknown> => {
    const { database, close } = await openTables(sqlite, "bun:sqlite");
    return () => {
      try {
        return createQueryHandler({
          acl: acl as never,
          database,
          schema: sqlite,
          onWarning: () => undefined,
          ...options,
        });
      } finally {
        close();
      }
    };
  };
  const run = (): void => undefined;
  const lines = (method: string, hooks: object, entry: object = {}): object => ({
    lines: { table: "line", ...entry, control: { [method]: { all: { select: true, ...hooks } } } },
  });

  test.each([
    ["GET", { afterCommit: run }, "lines.control.GET.all.afterCommit: a GET writes no rows"],
    ["GET", { afterQuery: { before: true, run } }, "lines.control.GET.all.afterQuery: a GET writes no rows"],
    [
      "PATCH",
      { afterQuery: { before: true, run } },
      "lines.control.PATCH.all.afterQuery: line has no primary key",
    ],
    [
      "PATCH",
      { afterCommit: { before: true, run } },
      "lines.control.PATCH.all.afterCommit: line has no primary key",
    ],
    [
      "POST",
      { afterCommit: { before: false, run } },
      "lines.control.POST.all.afterCommit: expected a function, or",
    ],
    [
      "POST",
      { afterCommit: { before: true } },
      "lines.control.POST.all.afterCommit: expected a function, or",
    ],
    ["POST", { afterQuery: "no" }, "lines.control.POST.all.afterQuery: expected a function"],
    ["POST", { afterWrite: run }, "unknown key `afterWrite`"],
  ])("%s %j is a mistake", async (method, hooks, sentence) => {
    expect(await starts(lines(method, hooks))).toThrow(sentence);
  });

  test.each([
    [{ afterWrite: "no" }, "afterWrite: expected a function"],
    [{ afterCommit: { run } }, "afterCommit: expected a function, or { before: true, run: … }"],
    [
      { afterWrite: { before: true, run } },
      "afterWrite: `before` of lines cannot be told: line has no primary key",
    ],
    [{ afterCommit: { before: true, run } }, "afterCommit: `before` of lines cannot be told"],
  ])("an option %j is a mistake", async (options, sentence) => {
    expect(await starts(lines("PATCH", {}), options)).toThrow(sentence);
  });

  test("what an entry says of its writes is none in its reads", async () => {
    expect(
      await starts(lines("GET", {}, { afterCommit: run, afterQuery: { before: true, run } })),
    ).not.toThrow();
    expect(await starts(lines("DELETE", { afterQuery: { before: true, run } }))).not.toThrow();
  });
});
