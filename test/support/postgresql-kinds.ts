import { relations, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  char,
  cidr,
  customType,
  date,
  doublePrecision,
  inet,
  integer,
  interval,
  json,
  jsonb,
  macaddr,
  numeric,
  pgEnum,
  pgMaterializedView,
  pgSchema,
  pgTable,
  pgView,
  point,
  real,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";

/** In an order that is not the alphabet's. */
export const mood = pgEnum("mood", ["sad", "content", "happy"]);

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** One column of every type that only PostgreSQL has, and of every mode Drizzle reads it in. */
export const kinds = pgTable("kinds", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  parentId: integer("parent_id").references((): AnyPgColumn => kinds.id),
  uuid: uuid("uuid"),
  instant: timestamp("instant", { withTimezone: true }),
  instantText: timestamp("instant_text", { withTimezone: true, mode: "string" }),
  local: timestamp("local"),
  localText: timestamp("local_text", { mode: "string" }),
  day: date("day", { mode: "date" }),
  dayText: date("day_text"),
  time: time("time"),
  interval: interval("interval"),
  numeric: numeric("numeric"),
  price: numeric("price", { precision: 10, scale: 2 }),
  numericNumber: numeric("numeric_number", { mode: "number" }),
  numericBig: numeric("numeric_big", { mode: "bigint" }),
  bigint: bigint("bigint", { mode: "bigint" }),
  bigintNumber: bigint("bigint_number", { mode: "number" }),
  smallint: smallint("smallint"),
  integer: integer("integer"),
  real: real("real"),
  double: doublePrecision("double"),
  json: json("json"),
  jsonb: jsonb("jsonb"),
  texts: text("texts").array(),
  integers: integer("integers").array(),
  bigints: bigint("bigints", { mode: "bigint" }).array(),
  numerics: numeric("numerics").array(),
  instants: timestamp("instants", { withTimezone: true }).array(),
  uuids: uuid("uuids").array(),
  flags: boolean("flags").array(),
  doubles: doublePrecision("doubles").array(),
  grid: integer("grid").array().array(),
  mood: mood("mood"),
  moods: mood("moods").array(),
  inet: inet("inet"),
  cidr: cidr("cidr"),
  macaddr: macaddr("macaddr"),
  bytes: bytea("bytes"),
  varchar: varchar("varchar", { length: 5 }),
  char: char("char", { length: 3 }),
  point: point("point", { mode: "xy" }),
  pair: point("pair"),
  doubled: integer("doubled").generatedAlwaysAs(sql`"integer" * 2`),
  serial: integer("serial").generatedByDefaultAsIdentity({ startWith: 100 }),
});

export const kindsRelations = relations(kinds, ({ one, many }) => ({
  parent: one(kinds, { fields: [kinds.parentId], references: [kinds.id], relationName: "parent" }),
  children: many(kinds, { relationName: "parent" }),
}));

/** A table, and one of the same name in another schema. */
export const shelf = pgTable("shelves", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  room: text("room"),
});

export const archive = pgSchema("archive");

export const pastShelf = archive.table("shelves", {
  id: integer("id").primaryKey(),
  shelfId: integer("shelf_id").references(() => shelf.id),
  title: text("title").notNull(),
  mood: mood("mood"),
});

export const shelfRelations = relations(shelf, ({ many }) => ({ past: many(pastShelf) }));
export const pastShelfRelations = relations(pastShelf, ({ one }) => ({
  shelf: one(shelf, { fields: [pastShelf.shelfId], references: [shelf.id] }),
}));

/** A view of a query, one of plain SQL with columns named, and one that is stored. */
export const shelfTitles = pgView("shelf_titles").as((query) =>
  query.select({ id: shelf.id, title: shelf.title }).from(shelf),
);

export const shelfRooms = pgView("shelf_rooms", {
  room: text("room"),
  shelves: bigint("shelves", { mode: "bigint" }),
  share: numeric("share"),
}).as(
  sql`select room, count(*) as shelves, round(count(*)::numeric / 3, 20) as share from shelves group by room`,
);

export const shelfStock = pgMaterializedView("shelf_stock").as((query) =>
  query.select({ id: pastShelf.id, mood: pastShelf.mood, title: pastShelf.title }).from(pastShelf),
);

/** Everything of this file, as a Drizzle schema. */
export const kindsSchema = {
  mood,
  kinds,
  kindsRelations,
  shelf,
  archive,
  pastShelf,
  shelfRelations,
  pastShelfRelations,
  shelfTitles,
  shelfRooms,
  shelfStock,
};
