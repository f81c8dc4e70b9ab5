import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { sql } from "drizzle-orm";
import { integer, pgSchema, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import {
  isLeftOut,
  openPostgresql,
  type OpenedPostgresql,
  POSTGRESQL_NAMES,
  type PostgresqlName,
} from "../support/postgresql.ts";

// How rows are judged before they are written, where PostgreSQL has ways of its own.

const app = pgSchema("my app");
const member = app.table("member's", {
  id: uuid("id").primaryKey().defaultRandom(),
  number: integer("number").generatedAlwaysAsIdentity(),
  orgId: integer("org id").notNull(),
  userId: integer("user_id").notNull(),
  code: text("code"),
  coin: integer("coin")
    .notNull()
    .default(sql`(random() * 2)::int`),
  at: timestamp("at").defaultNow(),
});
const memo = pgTable("memos", {
  id: integer("id").primaryKey().generatedByDefaultAsIdentity(),
  owner: integer("owner").notNull(),
  label: text("label").notNull(),
  version: integer("version").notNull().default(0),
  made: timestamp("made", { precision: 6 }).default(sql`clock_timestamp()`),
});
const part = pgTable("parts", { id: integer("id").primaryKey(), label: text("label").notNull() });
const schema = { app, member, memo, part };

const SETUP = `
  alter table "my app"."member's" alter column code type char(5), add column unsaid numeric default 1.50;
  insert into "my app"."member's" ("org id", user_id) values (1, 1), (1, 3);
  -- Whoever forgets what a function is, gets one that sees what the statement has written.
  create function is_admin(org int, me int) returns boolean language plpgsql as $$ begin
    return exists (select 1 from "my app"."member's" m where m."org id" = org and m.user_id = me); end $$;
  create function lucky(coin int) returns boolean language plpgsql as $$ begin return coin = 1; end $$;
  create function amend() returns trigger language plpgsql as $$ begin
    new.version = new.version + 1; new.label = new.label || '!'; return new; end $$;
  create trigger amend before insert or update on memos for each row execute function amend();
  drop table parts;
  create table parts (id int primary key, label text not null) partition by range (id);
  create table parts_low partition of parts for values from (0) to (10);
  create table parts_high partition of parts for values from (10) to (20);
  create function shout() returns trigger language plpgsql as $$ begin
    update parts_high set label = upper(label) where id = new.id; return null; end $$;
  create trigger shout after insert on parts_high for each row execute function shout();`;

interface Caller {
  readonly me: number;
}
const all = { select: true } as const;
const called = ({ me }: Caller, t: typeof member) => sql`is_admin(${t.orgId}, ${me})`;
const counted = (_: Caller, t: typeof memo) =>
  sql`(select count(*) from memos m where m.owner = ${t.owner}) < 3 and ${t.version} = 1`;
const blank = (_: Caller, t: typeof member) =>
  sql`is_admin(1, 1) and ${t.code} = ${"ab   "}::bpchar and "my app"."member's".unsaid::text = '1.50'`;
const lucky = (_: Caller, t: typeof member) => sql`lucky(${t.coin})`;
const ACL = {
  called: {
    table: "member",
    control: { POST: { all: { ...all, check: called } }, PATCH: { all: { ...all, check: called } } },
  },
  blank: { table: "member", control: { POST: { all: { ...all, check: blank } } } },
  lucky: { table: "member", control: { POST: { all: { ...all, check: lucky } } } },
  memos: { table: "memo", control: { POST: { all: { ...all, check: counted } }, PATCH: { all: all } } },
  parts: { table: "part", control: { POST: { all } } },
};

describe.each(POSTGRESQL_NAMES.filter((name) => !isLeftOut(name)))("on %s", (name: PostgresqlName) => {
  let opened: OpenedPostgresql;
  beforeAll(async () => {
    opened = await openPostgresql(name, schema, { settings: { timezone: "Asia/Kathmandu" } });
    await opened.run(SETUP);
  }, 60_000);
  afterAll(() => opened.close());
  beforeEach(() =>
    opened.run(
      `truncate memos, parts; delete from "my app"."member's" where user_id not in (1, 3) or "org id" <> 1`,
    ),
  );

  describe.each(["fast", "portable"] as const)("%s reader", (reader) => {
    let handler: QueryHandler;
    const errors: unknown[] = [];
    beforeAll(() => {
      handler = createQueryHandler({
        acl: ACL,
        database: opened.database,
        schema,
        reader,
        onError: (error) => errors.push(error),
        onWarning: () => undefined,
        session: {
          parser: (request, context) =>
            void Object.assign(context, { me: Number(request.headers.get("x-me")) }),
        },
      });
    });
    const send = async (method: string, path: string, body: unknown, me = 1): Promise<any> => {
      const headers = { "content-type": "application/json", "x-me": String(me) };
      const request = new Request(`http://localhost/query/${path}`, {
        method,
        headers,
        body: JSON.stringify(body),
      });
      const answer = await handler(request);
      expect(errors.splice(0)).toEqual([]);
      const told: any = await answer.json();
      return answer.status === 200 ? told : [answer.status, told.code];
    };
    const failed = [403, "check-failed"];
    const stored = async (what: string): Promise<unknown> => {
      const found: any = await (opened.database as any).execute(sql.raw(what));
      return Array.isArray(found) ? [...found] : found.rows;
    };

    test("a function that sees what the statement has written does not see it", async () => {
      const [own, friend] = [5, 6].map((userId) => ({ orgId: 9, userId }));
      expect(await send("POST", "called", own, 5)).toEqual(failed);
      expect(await send("POST", "called", [own, friend], 5)).toEqual(failed);
      expect(await send("POST", "called", [friend, own], 5)).toEqual(failed);
      expect(await send("PATCH", "called", { orgId: 9 }, 1)).toEqual(failed);
      expect(await send("POST", "called", { orgId: 1, userId: 7 }, 1)).toMatchObject({ rowsAffected: 1 });
      expect(
        await send(
          "POST",
          "called",
          [friend, own].map((row) => ({ ...row, orgId: 1 })),
          1,
        ),
      ).toMatchObject({
        rowsAffected: 2,
      });
      expect(await send("PATCH", "called?select=(where:(userId.gt:3))", { code: "x" }, 1)).toMatchObject({
        rowsAffected: 3,
      });
    });

    test("a row that is judged has its table's own types, and columns of which the schema knows nothing", async () => {
      const row = { orgId: 1, userId: 8, code: "ab" };
      const {
        blank: [made],
      } = await send("POST", "blank", row);
      expect(made).toEqual({
        ...row,
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        number: expect.any(Number),
        code: "ab   ",
        coin: expect.any(Number),
        at: expect.any(String),
      });
      expect(await send("POST", "blank", { ...row, code: "abc" })).toEqual(failed);
    });

    test("what the database makes by chance is stored as it was judged", async () => {
      const statuses = new Set<string>();
      for (let userId = 100; userId < 120; userId++) {
        const answer = await send("POST", "lucky", { orgId: 1, userId });
        statuses.add(Array.isArray(answer) ? "refused" : "made");
      }
      expect([...statuses].toSorted()).toEqual(["made", "refused"]);
      expect(await stored(`select distinct coin from "my app"."member's" where user_id >= 100`)).toEqual([
        { coin: 1 },
      ]);
    });

    test("a trigger that comes before a row changes it once", async () => {
      const memos = await send("POST", "memos?select=(columns:(label:T,version:T))", [
        { owner: 1, label: "a" },
        { owner: 1, label: "b" },
      ]);
      expect(memos.memos).toEqual([
        { label: "a!", version: 1 },
        { label: "b!", version: 1 },
      ]);
      expect(await send("POST", "memos", { owner: 1, label: "c" })).toMatchObject({ rowsAffected: 1 });
      expect(await send("POST", "memos", { owner: 1, label: "d" })).toEqual(failed);
      expect(await send("PATCH", "memos?select=(columns:(version:T))", { label: "e" })).toMatchObject({
        memos: [{ version: 2 }, { version: 2 }, { version: 2 }],
      });
    });

    test("a trigger of one part of a table is its trigger", async () => {
      expect(
        (
          await send("POST", "parts", [
            { id: 1, label: "a" },
            { id: 11, label: "b" },
          ])
        ).parts,
      ).toEqual([
        { id: 1, label: "a" },
        { id: 11, label: "B" },
      ]);
    });
  });
});
