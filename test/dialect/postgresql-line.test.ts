/* New rows of a batch, sent one behind the other: what is answered is what each would be told on its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { createQueryHandler, type Dialect, type QueryHandler } from "@bepalo/query";
import { asked, type Told } from "../support/everywhere.ts";
import { isLeftOut, openPostgresql, POSTGRESQL_NAMES } from "../support/postgresql.ts";

const item = pg.pgTable("items", {
  id: pg.integer("id").primaryKey(),
  owner: pg.text("owner").notNull(),
  code: pg.text("code").unique(),
  above: pg.integer("above").references((): pg.AnyPgColumn => item.id),
});
const schema = { item };

// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per database
const mine = (_: unknown, t: any, { eq }: any): unknown => eq(t.owner, "me");
const post = { select: true, write: true, where: mine };
/** What hooks have found. */
const found: unknown[] = [];
const acl = {
  items: { table: "item", control: { GET: { all: { select: true } }, POST: { all: post } } },
  made: {
    table: "item",
    control: { POST: { all: { ...post, injectBody: (row: object) => ({ ...row, code: sql`upper('x')` }) } } },
  },
  hooked: {
    table: "item",
    control: {
      POST: {
        all: {
          ...post,
          // oxlint-disable-next-line typescript/no-explicit-any -- the same
          beforeQuery: async ({ tx }: any) => void found.push(await tx.$count(item)),
        },
      },
    },
  },
};

describe.each(POSTGRESQL_NAMES.map((name) => ({ name, leftOut: isLeftOut(name) })))(
  "$name",
  ({ name, leftOut }) => {
    const testDatabase = test.skipIf(leftOut);
    let opened: Awaited<ReturnType<typeof openPostgresql>>;
    let handle: QueryHandler;
    let [underWay, most] = [0, 0];

    /** Counts the statements that are under way at once. */
    const watching = (inner: Dialect): Dialect =>
      new Proxy(inner, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key, target);
          if (typeof member !== "function") return member;
          return (...given: unknown[]): unknown => {
            const answer: unknown = Reflect.apply(member, target, given);
            if (key !== "query") return answer;
            most = Math.max(most, ++underWay);
            return (answer as Promise<unknown>).finally(() => underWay--);
          };
        },
      });

    const insert = (id: number, more: object = {}, resource = "items"): object => ({
      method: "POST",
      resource,
      body: { id, owner: "me", ...more },
    });
    const send = (...operations: object[]): Promise<Told> => asked(handle, "POST", "$batch", operations);
    const ids = async (): Promise<number[]> =>
      (await asked(handle, "GET", "items?select=(orderBy:(id:asc))")).body.items.map(({ id }: any) => id);

    beforeAll(async () => {
      if (leftOut) return;
      opened = await openPostgresql(name, schema);
      handle = createQueryHandler({
        acl,
        database: opened.database,
        schema,
        batch: true,
        dialect: (_, made) => watching(made()),
        onWarning: () => undefined,
      });
    }, 60_000);
    afterAll(() => opened?.close(), 60_000);
    beforeEach(async () => {
      if (leftOut) return;
      const { database } = opened as { database: any };
      await database.execute(sql`delete from items`);
      expect((await send(insert(1, { code: "taken" }))).status).toBe(200); // and what is asked once
      [most, found.length] = [0, 0];
    });

    testDatabase("they are answered in their order, and sent before those ahead are answered", async () => {
      const told = await send(...[5, 4, 3, 2].map((id) => insert(id, { above: id === 5 ? 1 : id + 1 })));
      expect(told.status).toBe(200);
      expect(told.body.map(({ items }: any) => items[0].id)).toEqual([5, 4, 3, 2]);
      // node-postgres no longer takes a statement while it has another, and one in this process is never under way.
      expect(most).toBe(["PGlite", "node-postgres"].includes(name) ? 1 : 4);
      expect(await ids()).toEqual([1, 2, 3, 4, 5]);
    });

    testDatabase("the first that is refused is told, whatever is wrong behind it", async () => {
      const cases: readonly (readonly [object[], number, string, string])[] = [
        [[insert(2), insert(3, { code: "taken" }), insert(4)], 409, "conflict", "1"],
        [[insert(2), insert(3, { owner: "you" }), insert(3, { code: "taken" })], 403, "check-failed", "1"],
        [[insert(2), insert(2), insert(4, { owner: "you" })], 409, "conflict", "1"],
        [[insert(2, { above: 3 }), insert(3)], 409, "conflict", "0"],
        [[insert(2, { owner: "you" }), insert(3, { owner: "you" })], 403, "check-failed", "0"],
        [[insert(2), insert(3), insert(4, { owner: "you" })], 403, "check-failed", "2"],
        [[insert(2), insert(3, {}, "hooked"), insert(1)], 409, "conflict", "2"],
      ];
      for (const [operations, status, code, place] of cases) {
        const told = await send(...operations);
        expect([told.status, told.body.code, String(told.body.path).split(".")[0]]).toEqual([
          status,
          code,
          place,
        ]);
        expect(await ids()).toEqual([1]);
      }
      expect((await send(insert(2), insert(3))).status).toBe(200);
    });

    testDatabase(
      "what is more than a statement, or has a hook, waits for those ahead, and they for it",
      async () => {
        const read = { method: "GET", resource: "items", countTotal: true };
        const told = await send(
          insert(2),
          insert(3),
          insert(4, {}, "hooked"),
          read,
          insert(5, {}, "made"),
          insert(6),
          { ...insert(7), body: { id: 7, owner: "me", above: { $ref: "5.items.id" } } },
          insert(8),
          read,
        );
        expect(told.status).toBe(200);
        expect(found).toEqual([3]);
        expect([told.body[3].total, told.body[8].total]).toEqual([4, 8]);
        expect(told.body[6].items[0].above).toBe(6);
      },
    );
  },
);
