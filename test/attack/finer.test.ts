import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { jsonPatch } from "@bepalo/query/json-patch";
import { everywhere, type Told } from "../support/everywhere.ts";

// What a finer change, or a write that is tried out, might tell or do beyond a plain one.

const sqlite = {
  account: lite.sqliteTable("accounts", {
    id: lite.integer("id").primaryKey(),
    name: lite.text("name").notNull(),
    balance: lite.integer("balance"),
    data: lite.text("data", { mode: "json" }),
    owner: lite.text("owner").notNull(),
  }),
};
const postgresql = {
  account: pg.pgTable("accounts", {
    id: pg.integer("id").primaryKey(),
    name: pg.text("name").notNull(),
    balance: pg.integer("balance"),
    data: pg.jsonb("data"),
    owner: pg.text("owner").notNull(),
  }),
};

type Any = (...parameters: any[]) => any;
const mine: Any = (_, t, { eq }) => eq(t.owner, "me");
const acl = {
  accounts: { table: "account", control: { GET: { all: { select: true } } } },
  mine: {
    table: "account",
    control: { PATCH: { all: { select: true, write: true, where: mine, dryRun: true } } },
  },
  hidden: {
    table: "account",
    control: { PATCH: { all: { select: { columns: ["id", "name"] }, write: true, dryRun: true } } },
  },
  masked: {
    table: "account",
    control: {
      PATCH: {
        all: {
          select: [{ columns: ["id", "name"] }, { columns: ["balance", "data"], when: mine }],
          write: true,
          dryRun: true,
        },
      },
    },
  },
  closed: { table: "account", control: { PATCH: { all: { select: true, write: true } } } },
};

const JSON_TYPE = "application/json";
const MERGE = "application/merge-patch+json";
const PATCH = "application/json-patch+json";
/** Values that a change would come to grief at, or not. */
const BALANCES = ["null", "0", "2147483647"];
const DATA = ["null", `'{"k":1}'`, `'{"k":2,"list":[1]}'`, `'"text"'`];

/** What an answer says in short: its status, and of a refusal the code. */
const coded = ({ status, body }: Told): readonly unknown[] => [status, body.code];

everywhere({ sqlite, postgresql }, acl, (place) => {
  const { run, handler } = place;
  let handle: QueryHandler | undefined;
  async function ask(type: string, path: string, body: unknown, prefer?: string): Promise<Told> {
    handle ??= handler(acl, { jsonPatch });
    const response = await handle(
      new Request(`http://local/query/${path}`, {
        method: "PATCH",
        headers: { "content-type": type, ...(prefer !== undefined && { prefer }) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
    return { status: response.status, body: await response.json() };
  }
  /** What is told, whatever is stored. */
  async function always(column: string, values: readonly string[], one: () => Promise<Told>): Promise<Told> {
    const told: Told[] = [];
    for (const value of values) {
      await run(`update accounts set ${column} = ${value} where id = 2`);
      told.push(await one());
    }
    for (const other of told) expect(other).toEqual(told[0]!);
    return told[0]!;
  }

  beforeEach(async () => {
    await run("delete from accounts");
    await run(
      `insert into accounts (id, name, balance, data, owner) values (1, 'a', 1, '{"k":1}', 'me'), (2, 'b', 2, '{"k":1}', 'you')`,
    );
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  describe("a number that is added to", () => {
    test.each([1, -1, 2_147_483_647])(
      "tells nothing of one that is not the caller's to see: %d",
      async (by) => {
        for (const [resource, ...answer] of [
          ["mine", 200, undefined],
          ["hidden", 400, "invalid-value"],
          ["masked", 403, "check-failed"],
        ] as const)
          for (const prefer of [undefined, "tx=rollback"]) {
            const one = (): Promise<Told> =>
              ask(JSON_TYPE, `${resource}?select=(where:(id:2))`, { balance: { $inc: by } }, prefer);
            expect(coded(await always("balance", BALANCES, one))).toEqual([...answer]);
          }
      },
    );
  });

  describe("a patch", () => {
    test("tells nothing of a value that is not the caller's to see", async () => {
      const note = { op: "replace", path: "/name", value: "n" };
      const operations = [
        { op: "test", path: "/data/k", value: 1 },
        { op: "test", path: "/data", value: null },
        { op: "copy", from: "/data/k", path: "/name" },
        { op: "copy", from: "/data", path: "/balance" },
        { op: "move", from: "/data/k", path: "/data/l" },
        { op: "add", path: "/data/list/-", value: 1 },
        { op: "remove", path: "/data/k" },
      ];
      for (const [resource, ...answer] of [
        ["mine", 200, undefined],
        ["hidden", 400, "unknown-column"],
        ["masked", 403, "check-failed"],
      ] as const)
        for (const operation of operations) {
          const one = (): Promise<Told> =>
            ask(PATCH, `${resource}?select=(where:(id:2))`, [note, operation], "tx=rollback");
          expect(coded(await always("data", DATA, one))).toEqual([...answer]);
        }
    });

    test("a merge tells nothing of it either", async () => {
      for (const [resource, ...answer] of [
        ["mine", 200, undefined],
        ["hidden", 400, "invalid-value"],
        ["masked", 403, "check-failed"],
      ] as const) {
        const one = (): Promise<Told> =>
          ask(MERGE, `${resource}?select=(where:(id:2))`, { data: { k: null } });
        expect(coded(await always("data", DATA, one))).toEqual([...answer]);
      }
    });

    test("a row that is another's is as one that is not there", async () => {
      const body = [
        { op: "test", path: "/name", value: "b" },
        { op: "replace", path: "/name", value: "c" },
      ];
      for (const prefer of [undefined, "min-affected=1", "tx=rollback"])
        expect(await ask(PATCH, "mine?select=(where:(id:2))", body, prefer)).toEqual(
          await ask(PATCH, "mine?select=(where:(id:9))", body, prefer),
        );
    });

    test.each(["__proto__", "constructor", "prototype"])("`%s` leads nowhere", async (name) => {
      for (const operation of [
        { op: "add", path: `/data/${name}/polluted`, value: 1 },
        { op: "copy", from: `/data/${name}`, path: "/data/x" },
        { op: "add", path: `/${name}/polluted`, value: 1 },
        { op: "test", path: `/data/${name}`, value: 1 },
      ])
        expect(coded(await ask(PATCH, "mine?select=(where:(id:1))", [operation]))).toEqual([
          400,
          "invalid-body",
        ]);
      const merged = await ask(
        MERGE,
        "mine?select=(where:(id:1))",
        `{"data":{"${name}":{"polluted":1}},"${name}":{"polluted":1}}`,
      );
      expect(coded(merged)).toEqual([400, "unknown-column"]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    });

    test("one that is deep, or long, is refused soon", async () => {
      const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
      const where = "mine?select=(where:(id:1))";
      const began = performance.now();
      const misread = [400, "invalid-body"];
      expect(coded(await ask(MERGE, where, `{"data":${deep}}`))).toEqual(misread);
      const added = `[{"op":"add","path":"/data","value":${deep}}]`;
      expect(coded(await ask(PATCH, where, added))).toEqual(misread);
      const steps = `/data${"/0".repeat(200_000)}`;
      const stepped = [{ op: "add", path: steps, value: 1 }];
      expect(coded(await ask(PATCH, where, stepped))).toEqual([409, "conflict"]);
      const many = Array.from({ length: 10_000 }, () => ({ op: "remove", path: "/name" }));
      expect(coded(await ask(PATCH, where, many))).toEqual(misread);
      const doubling = Array.from({ length: 100 }, () => ({ op: "copy", from: "/data", path: "/data/-" }));
      const started = [{ op: "add", path: "/data", value: ["x".repeat(100)] }, ...doubling.slice(1)];
      expect(coded(await ask(PATCH, where, started))).toEqual([413, "too-large"]);
      const list = Array.from({ length: 20_000 }, (_, index) => index);
      const wide = [
        { op: "add", path: "/data", value: list },
        { op: "test", path: "/data", value: list.toReversed() },
      ];
      expect(coded(await ask(PATCH, where, wide))).toEqual([409, "conflict"]);
      expect(performance.now() - began).toBeLessThan(10_000);
    }, 30_000);
  });

  describe("a write that is tried out", () => {
    test("is refused where no rule allows it, whatever it would do", async () => {
      const told = [
        await ask(JSON_TYPE, "closed?select=(where:(id:1))", { name: "x" }, "tx=rollback"),
        await ask(JSON_TYPE, "closed?select=(where:(id:9))", { none: 1 }, "tx=rollback"),
        await ask(JSON_TYPE, "closed", "not JSON", "handling=lenient, TX = Rollback"),
      ];
      for (const one of told) expect(one).toEqual(told[0]!);
      expect(told[0]).toMatchObject({ status: 400, body: { code: "invalid-value", path: "Prefer" } });
    });

    test("tells what the write itself would tell", async () => {
      for (const [path, body] of [
        ["mine?select=(where:(id:1))", { name: "x" }],
        ["mine?select=(where:(id:1))", { owner: "you" }],
        ["mine?select=(where:(id:2))", { name: "x" }],
        ["masked?select=(where:(id:2))", { name: "x" }],
        ["hidden", { balance: 7 }],
      ] as const) {
        const tried = await ask(JSON_TYPE, path, body, "tx=rollback");
        expect(tried).toEqual(await ask(JSON_TYPE, path, body));
      }
    });
  });
});
