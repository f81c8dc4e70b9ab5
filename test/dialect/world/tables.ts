import { avg, count, max, sql, type SQL, sum } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

const MADE = new Date(1_700_000_000_000);

const liteOrder = lite.sqliteTable("orders", {
  id: lite.integer("id").primaryKey(),
  buyer: lite.text("buyer").notNull(),
  amount: lite.integer("amount").notNull(),
  at: lite.integer("at", { mode: "timestamp" }).notNull(),
});
const pgOrder = pg.pgTable("orders", {
  id: pg.integer("id").primaryKey(),
  buyer: pg.text("buyer").notNull(),
  amount: pg.integer("amount").notNull(),
  at: pg.timestamp("at", { withTimezone: true, precision: 0 }).notNull(),
});

/** What a view may compute: with and without a mapping, of every kind. */
const computedOf = (order: typeof liteOrder | typeof pgOrder, json: SQL) => ({
  buyer: order.buyer as typeof liteOrder.buyer,
  orders: count().as("orders"),
  spent: sum(order.amount).as("spent"),
  share: avg(order.amount).as("share"),
  double: sql<number>`count(*) * 2`.as("double"),
  half: sql<number>`count(*) * 0.5`.as("half"),
  label: sql<string>`upper(${order.buyer})`.as("label"),
  said: sql`'#' || ${order.buyer}`.mapWith(String).as("said"),
  last: max(order.at as typeof liteOrder.at).as("last"),
  large: sql`max(${order.amount}) > 10`.mapWith(Boolean).as("large"),
  huge: sql`9007199254740990 + max(${order.id})`.as("huge"),
  nothing: sql<string | null>`nullif(${order.buyer}, 'ann')`.as("nothing"),
  json: json.as("json"),
});

/** A value of each type of PostgreSQL's, by the name of a view's column. */
const TYPED = {
  int2: "7::int2",
  int4: "7::int4",
  int8: "9007199254740993::int8",
  numeric: "12.50::numeric",
  float4: "0.1::float4",
  float8: "0.1::float8",
  bool: "true",
  text: "'a'::text",
  varchar: "'a'::varchar(5)",
  char: "'a'::char(3)",
  uuid: "'6ba7b810-9dad-41d1-80b4-00c04fd430c8'::uuid",
  inet: "'10.0.0.1/8'::inet",
  date: "'2024-02-29'::date",
  time: "'12:34:56.7'::time",
  timestamp: "'2024-02-29 12:34:56.789123'::timestamp",
  timestamptz: "'2024-02-29 12:34:56.789123+05:45'::timestamptz",
  interval: "'1 day 02:03:04'::interval",
  bit: "B'101'::bit(3)",
  jsonb: `'{"a":1}'::jsonb`,
  bytea: "'\\x00ff'::bytea",
  json: "'[1]'::json",
  point: "'(1,2)'::point",
  list: "array[1,2]",
  range: "int4range(1, 2)",
  name: "'a'::name",
};

const mapEntries = <From, To>(
  from: Readonly<Record<string, From>>,
  map: (name: string, value: From) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(name, value)]));

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
  order: liteOrder,
  buyers: lite.sqliteView("buyers").as((query) =>
    query
      .select(computedOf(liteOrder, sql<unknown>`json_object('n', count(*))`))
      .from(liteOrder)
      .groupBy(liteOrder.buyer),
  ),
  /** Named by hand, of a query by hand. */
  named: lite
    .sqliteView("named", {
      buyer: lite.text("buyer"),
      total: lite.numeric("total"),
      large: lite.integer("large", { mode: "boolean" }),
      code: lite.text("code"),
    })
    .as(
      sql`select buyer, sum(amount) as total, max(amount) > 10 as large, count(*) * 7 as code from orders group by buyer`,
    ),
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
  order: pgOrder,
  buyers: pg.pgView("buyers").as((query) =>
    query
      .select(computedOf(pgOrder, sql<unknown>`json_build_object('n', count(*))`) as never)
      .from(pgOrder)
      .groupBy(pgOrder.buyer),
  ),
  typed: pg.pgView("typed").as((query) =>
    query
      .select(mapEntries(TYPED, (name, value) => sql.raw(`(${value})`).as(name)))
      .from(pgOrder)
      .limit(1),
  ),
  named: pg
    .pgView("named", {
      buyer: pg.text("buyer"),
      total: pg.numeric("total"),
      large: pg.boolean("large"),
      code: pg.text("code"),
    })
    .as(
      sql`select buyer, sum(amount) as total, max(amount) > 10 as large, count(*) * 7 as code from orders group by buyer`,
    ),
};

const orders = (at: (second: number) => string): string =>
  `insert into orders values (1, 'ann', 5, ${at(0)}), (2, 'ann', 6, ${at(100)}), (3, 'bob', 20, ${at(200)})`;

/** What Drizzle has no words for: triggers that refuse, in several ways, and one that calls itself without end. */
const made = {
  sqlite: [
    orders((second) => String(1_700_000_000 + second)),
    `create trigger refuses before insert on watched when new.label = 'refused' begin select raise(abort, 'words of the trigger'); end`,
    `create trigger moves before update on watched when new.label = 'refused' begin select raise(fail, 'words of the trigger'); end`,
    `create trigger keeps before delete on watched when old.label = 'kept' begin select raise(rollback, 'words of the trigger'); end`,
    "pragma recursive_triggers = on",
    "create trigger again after insert on endless begin insert into endless values (new.id + 1); end",
  ],
  postgresql: [
    orders((second) => `to_timestamp(${1_700_000_000 + second})`),
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
