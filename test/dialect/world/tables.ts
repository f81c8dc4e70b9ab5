import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

const MADE = new Date(1_700_000_000_000);

/** What tables do by themselves, in SQLite's words. */
const sqlite = {
  /** Its key is declared in another order than its columns. */
  place: lite.sqliteTable(
    "places",
    {
      x: lite.integer("x").notNull(),
      y: lite.text("y").notNull(),
      note: lite.text("note"),
    },
    (t) => [lite.primaryKey({ columns: [t.y, t.x] })],
  ),
  stamped: lite.sqliteTable("stamped", {
    id: lite.integer("id").primaryKey(),
    label: lite.text("label").notNull(),
    required: lite
      .text("required")
      .notNull()
      .$onUpdate(() => "made"),
    nullable: lite.text("nullable").$onUpdate(() => "made"),
    zero: lite
      .integer("zero")
      .notNull()
      .default(0)
      .$onUpdate(() => 7),
    first: lite
      .text("first")
      .notNull()
      .$defaultFn(() => "first")
      .$onUpdate(() => "later"),
    at: lite
      .integer("at", { mode: "timestamp_ms" })
      .notNull()
      .$onUpdate(() => MADE),
    inSQL: lite
      .text("in_sql")
      .notNull()
      .$onUpdate(() => sql`upper('sql')`),
    json: lite
      .text("json", { mode: "json" })
      .notNull()
      .$onUpdate(() => ({ made: ["a", 1] })),
    madeJSON: lite
      .text("made_json", { mode: "json" })
      .notNull()
      .$defaultFn(() => ({ made: true })),
    empty: lite.text("empty").$onUpdate(() => undefined as never),
  }),
};

/** The same in PostgreSQL's. */
const postgresql = {
  place: pg.pgTable(
    "places",
    {
      x: pg.integer("x").notNull(),
      y: pg.text("y").notNull(),
      note: pg.text("note"),
    },
    (t) => [pg.primaryKey({ columns: [t.y, t.x] })],
  ),
  stamped: pg.pgTable("stamped", {
    id: pg.serial("id").primaryKey(),
    label: pg.text("label").notNull(),
    required: pg
      .text("required")
      .notNull()
      .$onUpdate(() => "made"),
    nullable: pg.text("nullable").$onUpdate(() => "made"),
    zero: pg
      .integer("zero")
      .notNull()
      .default(0)
      .$onUpdate(() => 7),
    first: pg
      .text("first")
      .notNull()
      .$defaultFn(() => "first")
      .$onUpdate(() => "later"),
    at: pg
      .timestamp("at", { withTimezone: true, precision: 3 })
      .notNull()
      .$onUpdate(() => MADE),
    inSQL: pg
      .text("in_sql")
      .notNull()
      .$onUpdate(() => sql`upper('sql')`),
    json: pg
      .jsonb("json")
      .notNull()
      .$onUpdate(() => ({ made: ["a", 1] })),
    madeJSON: pg
      .jsonb("made_json")
      .notNull()
      .$defaultFn(() => ({ made: true })),
    empty: pg.text("empty").$onUpdate(() => undefined as never),
  }),
};

export const tables = { sqlite, postgresql };
