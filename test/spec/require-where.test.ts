import { describe, expect, test } from "bun:test";
import { integer, primaryKey, sqliteTable, text, unique, uniqueIndex } from "drizzle-orm/sqlite-core";
import * as pg from "drizzle-orm/pg-core";
import { relations, sql } from "drizzle-orm";
import { createQueryRoute } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import { everywhere, type Place } from "../support/everywhere.ts";
import { DATABASES } from "../support/databases.ts";

// Questions that must name a filter, or one that fixes a key: in reads, changes and relations.

const sqlite = (() => {
  const person = sqliteTable(
    "people",
    {
      id: integer("id").primaryKey(),
      email: text("email").unique(),
      country: text("country").notNull(),
      number: integer("number"),
      first: text("first").notNull(),
      last: text("last").notNull(),
      nick: text("nick"),
      handle: text("handle"),
      bossId: integer("boss_id"),
    },
    (t) => [
      unique("uk_number").on(t.number, t.country),
      uniqueIndex("uk_name").on(t.first, t.last),
      uniqueIndex("uk_nick")
        .on(t.nick)
        .where(sql`nick <> ''`),
      uniqueIndex("uk_handle").on(sql`lower(handle)`),
    ],
  );
  const seat = sqliteTable(
    "seats",
    { room: text("room").notNull(), place: integer("place").notNull(), personId: integer("person_id") },
    (t) => [primaryKey({ columns: [t.room, t.place] })],
  );
  return related({ person, seat });
})();

const postgresql = (() => {
  const person = pg.pgTable(
    "people",
    {
      id: pg.integer("id").primaryKey(),
      email: pg.text("email").unique(),
      country: pg.text("country").notNull(),
      number: pg.integer("number"),
      first: pg.text("first").notNull(),
      last: pg.text("last").notNull(),
      nick: pg.text("nick"),
      handle: pg.text("handle"),
      bossId: pg.integer("boss_id"),
    },
    (t) => [
      pg.unique("uk_number").on(t.number, t.country),
      pg.uniqueIndex("uk_name").on(t.first, t.last),
      pg
        .uniqueIndex("uk_nick")
        .on(t.nick)
        .where(sql`nick <> ''`),
      pg.uniqueIndex("uk_handle").on(sql`lower(handle)`),
    ],
  );
  const seat = pg.pgTable(
    "seats",
    {
      room: pg.text("room").notNull(),
      place: pg.integer("place").notNull(),
      personId: pg.integer("person_id"),
    },
    (t) => [pg.primaryKey({ columns: [t.room, t.place] })],
  );
  return related({ person, seat });
})();

function related({ person, seat }: { readonly person: any; readonly seat: any }) {
  return {
    person,
    seat,
    personRelations: relations(person, ({ one, many }) => ({
      boss: one(person, { fields: [person.bossId], references: [person.id], relationName: "boss" }),
      staff: many(person, { relationName: "boss" }),
      seats: many(seat),
    })),
    seatRelations: relations(seat, ({ one }) => ({
      person: one(person, { fields: [seat.personId], references: [person.id] }),
    })),
  };
}

const keyed = { select: true, requireWhere: "key" } as const;
const acl = {
  people: {
    table: "person",
    control: { GET: { all: keyed }, PATCH: { all: keyed }, DELETE: { all: keyed } },
  },
  searched: {
    table: "person",
    control: {
      GET: { all: { select: true, requireWhere: true, with: { staff: "searched", boss: "people" } } },
    },
  },
  // Hidden and masked columns make no key.
  some: {
    table: "person",
    control: {
      GET: {
        all: {
          select: [
            { columns: ["email", "first", "last", "number", "nick", "handle"] },
            { columns: ["country"], when: () => true },
          ],
          requireWhere: "key",
        },
      },
    },
  },
  seats: {
    table: "seat",
    control: {
      GET: { all: { ...keyed, with: { person: "people" } } },
      PATCH: { all: { requireWhere: "key" } },
    },
  },
  tops: {
    table: "person",
    control: { GET: { all: { select: true, with: { staff: "searched", boss: "searched" } } } },
  },
};

const path = (resource: string, select: object = {}): string =>
  `${resource}?select=${encodeURIComponent(stringify(select))}`;

const FIXING: readonly (readonly [string, string, object])[] = [
  ["the primary key", "people", { id: 1 }],
  ["the primary key among others", "people", { id: 1, "country.ne": "x" }],
  ["a key by its operator", "people", { "id.eq": 1 }],
  ["a key under AND", "people", { AND: [{ "country.like": "%" }, { AND: [{ id: 1 }] }] }],
  ["a unique column that may be null", "people", { email: "a@x" }],
  ["a unique constraint of two columns", "people", { number: 7, country: "at" }],
  ["a unique index of two columns, in several maps", "people", { first: "Ada", AND: [{ last: "L" }] }],
  ["a key of a row that is not there", "people", { id: 999 }],
  ["a unique column that is let out", "some", { email: "a@x" }],
  ["a unique index that is let out", "some", { first: "Ada", last: "L" }],
  ["a key of two columns", "seats", { room: "a", place: 1 }],
];

const LOOSE: readonly (readonly [string, string, object | undefined, string])[] = [
  ["no filter", "people", undefined, "(id:…)"],
  ["another column", "people", { country: "at" }, "(id:…)"],
  ["null", "people", { email: null }, "(id:…)"],
  ["a list", "people", { "id.in": [1] }, "(id:…)"],
  ["a range", "people", { "id.between": [1, 1] }, "(id:…)"],
  ["one of several keys under OR", "people", { OR: [{ id: 1 }, { id: 2 }] }, "(id:…)"],
  ["a key under NOT", "people", { NOT: { id: 1 } }, "(id:…)"],
  ["a part of a key", "people", { number: 7 }, "(id:…)"],
  ["a part of a key that is null", "people", { number: null, country: "at" }, "(id:…)"],
  ["a unique index of some rows", "people", { nick: "n" }, "(id:…)"],
  ["a unique index of an expression", "people", { handle: "h" }, "(id:…)"],
  ["a part of a key of two columns", "seats", { room: "a" }, "(room:'…',place:…)"],
  ["a key of which a part is masked", "some", { number: 7, country: "at" }, "(email:'…')"],
];

const tests = ({ ask }: Place): void => {
  test.each(FIXING)("%s is enough", async (_, resource, where) => {
    const answer = await ask("GET", path(resource, { where }));
    expect(answer).toEqual({ status: 200, body: { count: 0, [resource]: [] } });
    expect((await ask("HEAD", path(resource, { where }))).status).toBe(200);
  });

  test.each(LOOSE)("%s is not", async (_, resource, where, example) => {
    const answer = await ask("GET", path(resource, where && { where }));
    expect(answer).toEqual({
      status: 400,
      body: {
        error: "a filter that says which row is required here",
        code: "limit-exceeded",
        path: "select.where",
        hint: `write select=(where:${example})`,
      },
    });
  });

  test("a hidden key is an unknown column", async () => {
    expect((await ask("GET", path("some", { where: { id: 1 } }))).body.code).toBe("unknown-column");
  });

  test("changes go by it", async () => {
    expect((await ask("PATCH", path("people", { where: { country: "at" } }), { nick: "n" })).status).toBe(
      400,
    );
    expect((await ask("DELETE", path("people", { where: { "id.gt": 0 } }))).status).toBe(400);
    expect((await ask("DELETE", path("people"))).body.path).toBe("select.where");
    const patched = await ask("PATCH", path("people", { where: { id: 1 } }), { nick: "n" });
    expect(patched.body).toMatchObject({ rowsAffected: 0 });
    expect((await ask("DELETE", path("people", { where: { email: "a@x" } }))).body.rowsAffected).toBe(0);
    // A rule that lets nothing out goes by the primary key.
    expect((await ask("PATCH", path("seats", { where: { room: "a" } }), { personId: 1 })).status).toBe(400);
    const whole = path("seats", { where: { room: "a", place: 1 } });
    expect((await ask("PATCH", whole, { personId: 1 })).body).toEqual({ rowsAffected: 0, count: 0 });
  });

  test("`true` asks for any filter, in reads too", async () => {
    const refused = await ask("GET", "searched");
    expect(refused.body).toEqual({
      error: "a filter is required here",
      code: "limit-exceeded",
      path: "select.where",
      hint: "write select=(where:(id:'…'))",
    });
    expect((await ask("GET", "searched?countTotal")).status).toBe(400);
    expect((await ask("GET", path("searched", { columns: false }))).status).toBe(400);
    expect((await ask("GET", path("searched", { where: { "id.gt": 0 } }))).status).toBe(200);
  });

  test("a list of a resource asks for one in its place, one row does not", async () => {
    const refused = await ask("GET", path("tops", { with: { staff: true } }));
    expect(refused.body).toMatchObject({
      code: "limit-exceeded",
      path: "select.with.staff.where",
      hint: "write staff:(where:(id:'…'))",
    });
    const named = path("tops", { with: { staff: { where: { country: "at" } }, boss: true } });
    expect((await ask("GET", named)).status).toBe(200);
    const deep = { where: { id: 1 }, with: { staff: { where: { id: 2 }, with: { staff: true } } } };
    expect((await ask("GET", path("searched", deep))).body.path).toBe("select.with.staff.with.staff.where");
    const keys = { where: { room: "a", place: 1 }, with: { person: true } };
    expect((await ask("GET", path("seats", keys))).status).toBe(200);
  });
};

everywhere({ sqlite, postgresql }, acl, tests);

describe("mistakes", () => {
  const rule = (method: string, rules: object): object => ({
    a: { table: "tag", control: { [method]: { all: rules } } },
  });
  test.each([
    ["another value", rule("GET", { select: true, requireWhere: "id" }), 'expected true, false or "key"'],
    ["in a POST", rule("POST", { select: true, requireWhere: true }), "a POST takes no filter"],
    [
      "beside a filter that is forbidden",
      rule("GET", { select: true, requireWhere: "key", forbidQuery: { where: true } }),
      "a filter cannot be asked for and be forbidden",
    ],
    [
      "where no key is let out",
      {
        a: {
          table: "author",
          control: { GET: { all: { select: { columns: ["name"] }, requireWhere: "key" } } },
        },
      },
      "author has no key whose columns the rule lets out on every row",
    ],
  ])("%s", async (_, file, sentence) => {
    const { database, close } = await DATABASES["bun:sqlite"]();
    const schema = await import("../support/schema.ts");
    const start = (): unknown =>
      createQueryRoute({ acl: file as never, database, schema, onWarning: () => undefined });
    expect(start).toThrow(`.requireWhere: ${sentence}`);
    close();
  });
});
