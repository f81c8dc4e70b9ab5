import { Buffer } from "node:buffer";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import type { Place, Told } from "./everywhere.ts";

/** A type of the author's, which is read otherwise than it is stored. */
const level = {
  dataType: () => "integer",
  toDriver: (value: string) => value.length,
  fromDriver: (value: unknown) => "x".repeat(Number(value)),
};

const liteNick = lite.customType<{ data: string }>({ dataType: () => "text collate nocase" });
const liteLevel = lite.customType<{ data: string; driverData: number }>(level);
const pgLevel = pg.customType<{ data: string; driverData: number }>(level);
const bytea = pg.customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** Columns of every kind that SQLite has. */
const liteCells = () => ({
  name: lite.text(),
  nick: liteNick(),
  age: lite.integer(),
  score: lite.real(),
  active: lite.integer({ mode: "boolean" }),
  born: lite.integer({ mode: "timestamp_ms" }),
  seen: lite.integer({ mode: "timestamp" }),
  meta: lite.text({ mode: "json" }),
  doc: lite.blob({ mode: "json" }),
  big: lite.blob({ mode: "bigint" }),
  bytes: lite.blob({ mode: "buffer" }),
  price: lite.numeric(),
  level: liteLevel(),
});

/** Columns of every kind that PostgreSQL has. */
const pgCells = () => ({
  name: pg.varchar({ length: 40 }),
  nick: pg.text(),
  age: pg.integer(),
  score: pg.doublePrecision(),
  active: pg.boolean(),
  born: pg.timestamp({ withTimezone: true }),
  day: pg.date(),
  seen: pg.timestamp({ mode: "string" }),
  meta: pg.jsonb(),
  big: pg.bigint({ mode: "bigint" }),
  many: pg.bigint({ mode: "number" }),
  bytes: bytea(),
  price: pg.numeric(),
  code: pg.uuid(),
  level: pgLevel(),
  tags: pg.text().array(),
  bigs: pg.bigint({ mode: "bigint" }).array(),
});

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type AnyTable = any;

function tied(person: AnyTable, shadow: AnyTable): Record<string, unknown> {
  return {
    personRelations: relations(person, ({ one, many }) => ({
      boss: one(person, { fields: [person.bossId], references: [person.id], relationName: "boss" }),
      reports: many(person, { relationName: "boss" }),
    })),
    shadowRelations: relations(shadow, ({ one, many }) => ({
      boss: one(shadow, {
        fields: [shadow.caller, shadow.bossId],
        references: [shadow.caller, shadow.id],
        relationName: "boss",
      }),
      reports: many(shadow, { relationName: "boss" }),
    })),
  };
}

const sqlite = (() => {
  const { name, age, ...cells } = liteCells();
  const own = { id: lite.integer().primaryKey(), owner: lite.integer(), bossId: lite.integer("boss_id") };
  // What is masked need not be nullable.
  const person = lite.sqliteTable(
    "people",
    { ...own, name: name.notNull(), age: age.notNull(), ...cells },
    (t) => [lite.index("person_age").on(t.age)],
  );
  const shadow = lite.sqliteTable(
    "shadows",
    { caller: lite.integer(), ...own, id: lite.integer(), ...liteCells() },
    (t) => [lite.primaryKey({ columns: [t.caller, t.id] })],
  );
  const friend = lite.sqliteTable("friends", { person: lite.integer(), me: lite.integer() });
  return { person, shadow, friend, ...tied(person, shadow) };
})();

const postgresql = (() => {
  const { name, age, ...cells } = pgCells();
  const own = { id: pg.integer().primaryKey(), owner: pg.integer(), bossId: pg.integer("boss_id") };
  const person = pg.pgTable("people", { ...own, name: name.notNull(), age: age.notNull(), ...cells }, (t) => [
    pg.index("person_age").on(t.age),
  ]);
  const shadow = pg.pgTable(
    "shadows",
    { caller: pg.integer(), ...own, id: pg.integer(), ...pgCells() },
    (t) => [pg.primaryKey({ columns: [t.caller, t.id] })],
  );
  const friend = pg.pgTable("friends", { person: pg.integer(), me: pg.integer() });
  return { person, shadow, friend, ...tied(person, shadow) };
})();

/** People, whose cells are masked for some; shadows, of whom these cells are not there; and who is whose friend. */
export const maskedTables = { sqlite, postgresql };

/** Callers: an admin, two owners, and one who is nobody. */
export const CALLERS = [0, 1, 2, 3] as const;

/** What is let out on one's own rows, on those of one's friends, and on both. */
const OWN = ["name", "age", "active", "born", "day", "big", "many", "tags"];
const FRIENDS = ["score", "seen", "meta", "doc", "bytes", "price", "level", "code", "bigs"];
const BOTH = ["nick"];

const OWNERS = [1, 2, 1, null, 2, 1];
const FRIENDSHIPS = [
  { person: 2, me: 1 },
  { person: 4, me: 1 },
  { person: 1, me: 2 },
];

/** A person of every kind of value; the third has none where there need be none. */
function personOf(id: number): Record<string, unknown> {
  const bossId = id > 3 ? id - 3 : null;
  const own = { id, owner: OWNERS[id - 1], bossId, name: `n${7 - id}`, age: 20 + (id % 4) };
  if (id === 3) return own;
  return {
    ...own,
    nick: ["Bo", "al", "", "AL", "b", "Cy"][id - 1],
    score: id / 3,
    active: id % 2 === 0,
    born: new Date(Date.UTC(2000 + id, 0, 1)),
    day: `20${10 + id}-02-03`,
    seen: id,
    meta: { a: id, b: [1.5, null, "ü"] },
    doc: { a: id },
    big: 9_007_199_254_740_993n + BigInt(id % 3),
    many: 2 ** 40 + id,
    bytes: Buffer.from([0, 255, id % 3]),
    price: `${id % 3}.50`,
    code: `0000000${id % 3}-0000-4000-8000-000000000000`,
    level: "x".repeat(id % 3),
    tags: ["a", `t${id % 2}`],
    bigs: [BigInt(id), 9_007_199_254_740_993n],
  };
}

/** A person with the columns that a database has for people. */
function fitted(id: number, { speaks, schema }: Place): Record<string, unknown> {
  const moment = new Date(Date.UTC(2020, 0, id));
  const seen = speaks === "sqlite" ? moment : moment.toISOString().slice(0, 19).replace("T", " ");
  const person = personOf(id);
  if ("seen" in person) person["seen"] = seen;
  const { person: table } = schema as { person: object };
  return Object.fromEntries(Object.entries(person).filter(([name]) => name in table));
}

/** Whether a caller is shown a column of a person. */
export function isShown(name: string, id: number, me: number): boolean {
  const own = OWNERS[id - 1] === me;
  const friendly = FRIENDSHIPS.some((friendship) => friendship.person === id && friendship.me === me);
  if (!maskable(name) || me === 0) return true;
  return (own && !FRIENDS.includes(name)) || (friendly && !OWN.includes(name));
}

const maskable = (name: string): boolean => [...OWN, ...FRIENDS, ...BOTH].includes(name);

/** The names of the columns of people that are masked for some. */
export const maskedNames = ({ schema }: Pick<Place, "schema">): readonly string[] =>
  Object.keys((schema as { person: object }).person).filter(maskable);

export const PEOPLE = [1, 2, 3, 4, 5, 6] as const;

const TABLES = ["people", "shadows", "friends"] as const;

/** Fills the tables. */
export async function fillMasked(place: Place): Promise<void> {
  // oxlint-disable-next-line typescript/no-explicit-any -- a database of either kind
  const database = place.database as any;
  const { person, shadow, friend } = place.schema as Record<"person" | "shadow" | "friend", never>;
  for (const table of [person, shadow, friend]) await database.delete(table);
  await database.insert(friend).values(FRIENDSHIPS);
  const people = PEOPLE.map((id) => [id, fitted(id, place)] as const);
  await database.insert(person).values(people.map(([, row]) => row));
  const shadows = people.flatMap(([id, row]) =>
    CALLERS.map((caller) => {
      const left = Object.entries(row).filter(([name]) => isShown(name, id, caller));
      return { caller, ...Object.fromEntries(left) };
    }),
  );
  await database.insert(shadow).values(shadows);
  // Else a server takes the tables for large ones, and time to plan.
  if (place.speaks === "postgresql") for (const name of TABLES) await place.run(`analyze ${name}`);
}

type Context = { readonly me: number };

/** The list of grants of a table of people. */
export function grantsOf(columns: readonly string[]): readonly object[] {
  const among = (...names: string[]): Set<string> => new Set(columns.filter((name) => names.includes(name)));
  return [
    { columns: new Set(columns.filter((name) => !maskable(name))) },
    {
      columns: among(...OWN, ...BOTH),
      when: ({ me }: Context, t: AnyTable, { eq }: AnyTable) => eq(t.owner, me),
    },
    {
      columns: among(...FRIENDS, ...BOTH),
      // Asked of another table, and later.
      when: async ({ me }: Context, t: AnyTable) =>
        sql`exists (select 1 from friends where friends.person = ${t.id} and friends.me = ${me})`,
    },
    { columns: among(...OWN, ...FRIENDS, ...BOTH), when: ({ me }: Context) => me === 0 },
  ];
}

/** The columns of people in a database. */
export const columnsOf = ({ schema }: Pick<Place, "schema">): readonly string[] =>
  Object.keys((schema as { person: object }).person).filter((name) => name !== "enableRLS");

/** Sends a request as somebody. */
export async function sent(
  handle: QueryHandler,
  me: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<Told & { readonly text: string; readonly headers: Headers }> {
  const headers = { "x-me": String(me), ...(body !== undefined && { "content-type": "application/json" }) };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await handle(new Request(`http://local/query/${path}`, init));
  const text = await response.text();
  const read: unknown = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, body: read, text, headers: response.headers };
}

/** Who asks is said by a header. */
export const session = {
  parser: (request: Request, context: object): void => {
    Object.assign(context, { me: Number(request.headers.get("x-me")) });
  },
};
