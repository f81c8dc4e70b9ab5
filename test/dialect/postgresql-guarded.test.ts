/* One new row, written and judged by one statement that undoes itself: what is answered is what a transaction would say. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { createQueryHandler, type Dialect, type QueryHandler } from "@bepalo/query";
import { asked, type Told } from "../support/everywhere.ts";
import { isLeftOut, openPostgresql, POSTGRESQL_NAMES } from "../support/postgresql.ts";

const shop = pg.pgTable("shops", { id: pg.integer("id").primaryKey() });
const item = pg.pgTable("items", {
  id: pg.serial("id").primaryKey(),
  owner: pg.text("owner").notNull(),
  code: pg.text("code").unique(),
  shop: pg.integer("shop").references(() => shop.id),
  /** What cannot be read as a number fails where the row is written. */
  size: pg.text("size"),
  number: pg.integer("number").generatedAlwaysAs(sql`size::integer`),
});
const schema = { shop, item };

// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per database
const mine = (_: unknown, t: any, { eq }: any): unknown => eq(t.owner, "me");
const post = { select: { columns: ["owner", "code"] }, write: true, where: mine };
const acl = {
  items: { table: "item", control: { POST: { all: post } } },
  made: {
    table: "item",
    control: { POST: { all: { ...post, injectBody: (row: object) => ({ ...row, code: sql`upper('x')` }) } } },
  },
  watched: { table: "item", control: { POST: { all: { ...post, afterQuery: () => undefined } } } },
};

const SAID = "the new row does not pass its rule";

describe.each(POSTGRESQL_NAMES.map((name) => ({ name, leftOut: isLeftOut(name) })))(
  "$name",
  ({ name, leftOut }) => {
    const testDatabase = test.skipIf(leftOut);
    let opened: Awaited<ReturnType<typeof openPostgresql>>;
    let handle: QueryHandler;
    /** What the dialect was asked for, and the statements of it that failed. */
    const told: string[] = [];
    const failed: { readonly text: string; readonly said: string }[] = [];
    const errors: unknown[] = [];

    const watching = (inner: Dialect): Dialect =>
      new Proxy(inner, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key, target);
          if (typeof member !== "function") return member;
          return (...given: unknown[]): unknown => {
            if (key === "write" || key === "transaction") told.push(key);
            const answer: unknown = Reflect.apply(member, target, given);
            if (key !== "query") return answer;
            return (answer as Promise<unknown>).catch((error: unknown) => {
              failed.push({ text: String(given[1]), said: saidBy(error) });
              throw error;
            });
          };
        },
      });

    beforeAll(async () => {
      if (leftOut) return;
      opened = await openPostgresql(name, schema);
      handle = createQueryHandler({
        acl,
        database: opened.database,
        schema,
        dialect: (_, found) => watching(found()),
        onWarning: () => undefined,
        onError: (error) => errors.push(error),
      });
      await asked(handle, "POST", "items", { owner: "me", code: "first" }); // what is asked once
    }, 60_000);
    afterAll(() => opened?.close(), 60_000);
    beforeEach(() => {
      told.length = 0;
      failed.length = 0;
    });
    afterEach(() => expect(errors.splice(0)).toEqual([]));

    const send = (body: unknown, resource = "items"): Promise<Told> => asked(handle, "POST", resource, body);
    const refusal = async (body: unknown, resource?: string): Promise<readonly unknown[]> => {
      const { status, body: answer } = await send(body, resource);
      return [status, answer.code, answer.path];
    };
    const count = async (): Promise<number> => {
      // oxlint-disable-next-line typescript/no-explicit-any -- each driver's own way
      const found: any = await (opened.database as any).execute(sql`select count(*)::int as n from items`);
      return (found.rows ?? found)[0].n;
    };

    testDatabase("a row that passes is written by one statement, without a transaction", async () => {
      const { status, body } = await send({ owner: "me", code: "passes" });
      expect([status, body.items]).toEqual([200, [{ owner: "me", code: "passes" }]]);
      expect(told).toEqual(["write"]);
    });

    testDatabase("one that does not is refused, and nothing of it is kept", async () => {
      const before = await count();
      expect(await refusal({ owner: "you", code: "secret" })).toEqual([403, "check-failed", undefined]);
      expect(told).toEqual(["write", "transaction"]);
      expect(await count()).toBe(before);
    });

    testDatabase("what the server is left to log is no value of anybody's", async () => {
      await send({ owner: "you", code: "secret" });
      const [{ text, said }] = failed as [{ text: string; said: string }];
      expect(said).toContain(SAID);
      expect(`${said} ${text}`).not.toMatch(/secret|'you'/);
      // Whoever wraps an error with its statement says nothing that is taken for it.
      expect(text).not.toContain(SAID);
    });

    testDatabase.each([
      ["a key that is taken", { owner: "you", code: "first" }, 409, "conflict"],
      ["a reference that leads nowhere", { owner: "you", shop: 99 }, 409, "conflict"],
      ["a value that nothing can be made of", { owner: "you", size: "wide" }, 400, "invalid-value"],
      // A caller who knows the sentence gains nothing by it.
      ["one that says what a refusal says", { owner: "me", size: SAID }, 400, "invalid-value"],
    ])("%s is told before the check, as in a transaction", async (_, body, status, code) => {
      const before = await count();
      const alone = await refusal(body);
      expect(alone.slice(0, 2)).toEqual([status, code]);
      expect(await refusal(body, "watched")).toEqual(alone);
      expect(await count()).toBe(before);
    });

    testDatabase("what is no single row of plain values has a transaction", async () => {
      expect((await send([{ owner: "me" }, { owner: "me" }])).status).toBe(200);
      expect((await send({ owner: "me" }, "watched")).status).toBe(200);
      expect(told).toEqual(["transaction", "transaction"]);
      const { status, body } = await send({ owner: "me" }, "made");
      expect([status, body.made]).toEqual([200, [{ owner: "me", code: "X" }]]);
      expect(await refusal({ owner: "you" }, "made")).toEqual([409, "conflict", undefined]);
    });
  },
);

/** The innermost message: what the server says. */
function saidBy(error: unknown): string {
  const { cause, message } = error as { readonly cause?: unknown; readonly message?: unknown };
  return cause === undefined ? String(message) : saidBy(cause);
}
