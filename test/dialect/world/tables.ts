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
  person: lite.sqliteTable("people", {
    id: lite.integer("id").primaryKey(),
    name: lite.text("name").notNull(),
    hidden: lite.text("hidden").notNull().default("h"),
  }),
  /** What is computed of its text is not computed of every text. */
  sum: lite.sqliteTable("sums", {
    id: lite.integer("id").primaryKey(),
    input: lite.text("input").notNull(),
    computed: lite.text("computed").generatedAlwaysAs(sql`json_extract(input, '$.a')`, { mode: "stored" }),
  }),
  watched: lite.sqliteTable("watched", {
    id: lite.integer("id").primaryKey(),
    label: lite.text("label").notNull(),
  }),
  endless: lite.sqliteTable("endless", { id: lite.integer("id").primaryKey() }),
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
  person: pg.pgTable("people", {
    id: pg.serial("id").primaryKey(),
    name: pg.text("name").notNull(),
    hidden: pg.text("hidden").notNull().default("h"),
  }),
  sum: pg.pgTable("sums", {
    id: pg.serial("id").primaryKey(),
    input: pg.text("input").notNull(),
    computed: pg.integer("computed").generatedAlwaysAs(sql`100 / length(input)`),
  }),
  watched: pg.pgTable("watched", {
    id: pg.serial("id").primaryKey(),
    label: pg.text("label").notNull(),
  }),
  endless: pg.pgTable("endless", { id: pg.integer("id").primaryKey() }),
};

/** What Drizzle has no words for: triggers that refuse, in several ways, and one that calls itself without end. */
const made = {
  sqlite: [
    `create trigger refuses before insert on watched when new.label = 'refused' begin select raise(abort, 'words of the trigger'); end`,
    `create trigger moves before update on watched when new.label = 'refused' begin select raise(fail, 'words of the trigger'); end`,
    `create trigger keeps before delete on watched when old.label = 'kept' begin select raise(rollback, 'words of the trigger'); end`,
    "pragma recursive_triggers = on",
    "create trigger again after insert on endless begin insert into endless values (new.id + 1); end",
  ],
  postgresql: [
    `create function refuse() returns trigger language plpgsql as $$ begin
       if new.label = 'refused' then raise exception 'words of the trigger'; end if;
       if tg_op = 'DELETE' and old.label = 'kept' then raise exception 'words of the trigger' using errcode = 'KEPT1'; end if;
       return coalesce(new, old);
     end $$`,
    "create trigger refuses before insert or update or delete on watched for each row execute function refuse()",
    `create function again() returns trigger language plpgsql as $$ begin
       insert into endless values (new.id + 1);
       return new;
     end $$`,
    "create trigger again after insert on endless for each row execute function again()",
    "alter table sums add exclude using gist (int4range(length(input), 50) with &&)",
    "alter table watched enable row level security",
    "create policy shown on watched using (true) with check (label <> 'secured')",
  ],
};

export const tables = { sqlite, postgresql, made };
