import { describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler } from "@bepalo/query";
import { send as sendAs, session, type Told, type Who } from "../support/kept.ts";
import { ask } from "../support/served.ts";
import { openTables } from "../support/shop.ts";

const T = true;
// oxlint-disable-next-line typescript/no-explicit-any -- the tables are made in each test
type Rule = (context: Who, table: any, operators: any) => unknown;
const own: Rule = ({ org }, t, { eq }) => eq(t.owner, org);
const befriended: Rule = ({ org }, t) =>
  sql`exists (select 1 from friends where friends.a = ${org} and friends.b = ${t.owner})`;

describe("keys of SQLite of which two are read as one", () => {
  const small = lite.customType<{ data: string }>({
    dataType: () => "text",
    toDriver: (value) => value.toLowerCase(),
    fromDriver: (value) => String(value).toLowerCase(),
  });
  const KEYS = [
    ["of an author's type", () => small("key"), "'bob'", "'Bob'"],
    ["JSON", () => lite.text("key", { mode: "json" }), `'{"a":1}'`, `'{"a": 1}'`],
    ["truths", () => lite.integer("key", { mode: "boolean" }), "2", "3"],
    ["moments", () => lite.integer("key", { mode: "timestamp" }), "1", "1.2"],
    ["longer than numbers are", () => lite.integer("key"), "9007199254740992", "9007199254740993"],
  ] as const;
  const cases = KEYS.flatMap(([name, ...rest]) =>
    (["libsql memory", "bun:sqlite"] as const).flatMap((on) =>
      (["fast", "portable"] as const).map((reader) => ({ name, on, reader, rest })),
    ),
  );

  test.each(cases)(
    "$name: what is answered of a row, and done to it, is its own ($on, $reader)",
    async ({ on, reader, rest }) => {
      const [column, others, mine] = rest;
      const row = lite.sqliteTable(
        "rows",
        {
          key: column().notNull(),
          part: lite.integer("part").notNull(),
          owner: lite.integer("owner"),
          secret: lite.text("secret"),
          goneAt: lite.integer("gone_at", { mode: "timestamp" }),
        },
        (t) => [lite.primaryKey({ columns: [t.key, t.part] })],
      );
      const friend = lite.sqliteTable("friends", { a: lite.integer("a"), b: lite.integer("b") });
      const schema = {
        row,
        friend,
        rowRelations: relations(row, ({ many }) => ({ friends: many(friend) })),
        friendRelations: relations(friend, ({ one }) => ({
          row: one(row, { fields: [friend.b], references: [row.owner] }),
        })),
      };
      const { database, close } = await openTables(schema, on);
      const write = async (text: string): Promise<void> => void (await database.run(text));
      await write(
        `insert into "rows" values (${others}, 1, 2, 'other', null), (${mine}, 1, 1, 'mine', null)`,
      );
      const rule = { where: own, select: { columns: ["owner", "secret"] }, with: { friends: T } };
      const masked = {
        where: own,
        select: [{ columns: new Set(["owner"]) }, { columns: new Set(["secret"]), when: befriended }],
      };
      const errors: unknown[] = [];
      const by = createQueryHandler({
        acl: {
          rows: {
            table: "row",
            control: { PATCH: { all: { ...rule, write: T, ensure: own } }, DELETE: { all: rule } },
          },
          masked: { table: "row", control: { PATCH: { all: { ...masked, write: T } } } },
        },
        tables: { row: { softDelete: "goneAt" } },
        database,
        schema,
        reader,
        session,
        onWarning: () => undefined,
        onError: (error) => errors.push(error),
      });
      const send = (method: string, path: string, body?: unknown): Promise<Told> =>
        sendAs(by, method, path, body);
      const ownRow = { owner: 1, secret: "changed", friends: [] };
      const changed = await send("PATCH", ask("rows", "(with:(friends:T))"), { secret: "changed" });
      expect(changed.body).toEqual({ rowsAffected: 1, count: 1, rows: [ownRow] });
      const hidden = await send("PATCH", "masked", { part: 1 });
      expect(hidden.body.masked).toEqual([{ owner: 1, secret: null, $masked: ["secret"] }]);
      const deleted = await send("DELETE", ask("rows", "(with:(friends:T))"));
      expect(deleted.body).toEqual({ rowsAffected: 1, count: 1, rows: [ownRow] });
      expect(
        await database.all(sql`select secret, gone_at is null as there from "rows" order by secret`),
      ).toEqual([
        { secret: "changed", there: 0 },
        { secret: "other", there: 1 },
      ]);
      expect(errors).toEqual([]);
      close();
    },
  );
});
