import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// Tables in which new rows meet others: by one column, by two, by what compares otherwise than it is written.

/** Text of which a database takes `A` for `a`. */
const folded = lite.customType<{ data: string }>({ dataType: () => "text collate nocase" });

export const sqlite = {
  user: lite.sqliteTable("users", {
    id: lite.integer("id").primaryKey(),
    email: lite.text("email").notNull().unique(),
    name: lite.text("name"),
    secret: lite.text("secret").notNull().default("s"),
    level: lite.integer("level").notNull().default(0),
    owner: lite.text("owner"),
    version: lite.integer("version").notNull().default(1),
    deletedAt: lite.integer("deleted_at", { mode: "timestamp_ms" }),
    touched: lite.integer("touched").$onUpdate(() => 7),
  }),
  stock: lite.sqliteTable(
    "stocks",
    {
      shop: lite.text("shop").notNull(),
      item: lite.integer("item").notNull(),
      count: lite.integer("count").notNull(),
      price: lite.numeric("price"),
      tags: lite.text("tags", { mode: "json" }),
      seen: lite.integer("seen", { mode: "timestamp_ms" }),
      open: lite.integer("open", { mode: "boolean" }),
    },
    (t) => [lite.primaryKey({ columns: [t.shop, t.item] })],
  ),
  word: lite.sqliteTable("words", {
    id: lite.integer("id").primaryKey(),
    word: folded("word").notNull().unique(),
    said: lite.integer("said").notNull().default(0),
  }),
  loose: lite.sqliteTable("loose", {
    key: lite.text("key").notNull().unique(),
    value: lite.text("value"),
    day: lite.integer("day", { mode: "timestamp" }).unique(),
  }),
};

export const postgresql = {
  user: pg.pgTable("users", {
    id: pg.serial("id").primaryKey(),
    email: pg.text("email").notNull().unique(),
    name: pg.text("name"),
    secret: pg.text("secret").notNull().default("s"),
    level: pg.integer("level").notNull().default(0),
    owner: pg.text("owner"),
    version: pg.integer("version").notNull().default(1),
    deletedAt: pg.timestamp("deleted_at", { withTimezone: true }),
    touched: pg.integer("touched").$onUpdate(() => 7),
  }),
  stock: pg.pgTable(
    "stocks",
    {
      shop: pg.text("shop").notNull(),
      item: pg.integer("item").notNull(),
      count: pg.integer("count").notNull(),
      price: pg.numeric("price"),
      tags: pg.jsonb("tags"),
      seen: pg.timestamp("seen", { withTimezone: true }),
      open: pg.boolean("open"),
    },
    (t) => [pg.primaryKey({ columns: [t.shop, t.item] })],
  ),
  word: pg.pgTable("words", {
    id: pg.serial("id").primaryKey(),
    word: pg.numeric("word", { precision: 8, scale: 1 }).notNull().unique(),
    said: pg.integer("said").notNull().default(0),
  }),
  loose: pg.pgTable("loose", {
    key: pg.text("key").notNull().unique(),
    value: pg.text("value"),
    day: pg.timestamp("day", { precision: 0 }).unique(),
  }),
};

/** Empties the tables, and fills that of users. */
export const fresh: readonly string[] = [
  ...["users", "stocks", "words", "loose"].map((name) => `delete from ${name}`),
  `insert into users (id, email, name, level, owner, version) values
    (90101, 'ann@x', 'Ann', 1, 'ann', 3), (90102, 'bob@x', 'Bob', 2, 'bob', 1), (90103, 'cid@x', 'Cid', 9, 'ann', 1)`,
];
