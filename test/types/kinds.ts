import type { InferApi } from "@bepalo/query";
import type { ColumnsOf, Filter, GetOptions, ReadDraft, ReadQuestion } from "@bepalo/query/client";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";

// One column of each kind there is, and the filters both clients take of them.

const sqliteKinds = sqlite.sqliteTable("kinds", {
  text: sqlite.text().primaryKey(),
  enum: sqlite.text({ enum: ["a", "b"] }),
  textJson: sqlite.text({ mode: "json" }),
  integer: sqlite.integer(),
  boolean: sqlite.integer({ mode: "boolean" }),
  seconds: sqlite.integer({ mode: "timestamp" }),
  milliseconds: sqlite.integer({ mode: "timestamp_ms" }),
  real: sqlite.real(),
  numeric: sqlite.numeric(),
  numericNumber: sqlite.numeric({ mode: "number" }),
  numericBigInt: sqlite.numeric({ mode: "bigint" }),
  blob: sqlite.blob({ mode: "buffer" }),
  blobJson: sqlite.blob({ mode: "json" }),
  bigint: sqlite.blob({ mode: "bigint" }),
  custom: sqlite.customType<{ data: string }>({ dataType: () => "text" })(),
});

const mood = pg.pgEnum("mood", ["good", "bad"]);
const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

const pgKinds = pg.pgTable("kinds", {
  text: pg.text().primaryKey(),
  varchar: pg.varchar(),
  char: pg.char(),
  textEnum: pg.text({ enum: ["a", "b"] }),
  enum: mood(),
  uuid: pg.uuid(),
  inet: pg.inet(),
  cidr: pg.cidr(),
  macaddr: pg.macaddr(),
  macaddr8: pg.macaddr8(),
  smallint: pg.smallint(),
  integer: pg.integer(),
  bigint: pg.bigint({ mode: "bigint" }),
  bigintNumber: pg.bigint({ mode: "number" }),
  smallserial: pg.smallserial(),
  serial: pg.serial(),
  bigserial: pg.bigserial({ mode: "bigint" }),
  bigserialNumber: pg.bigserial({ mode: "number" }),
  real: pg.real(),
  double: pg.doublePrecision(),
  numeric: pg.numeric(),
  numericNumber: pg.numeric({ mode: "number" }),
  numericBigInt: pg.numeric({ mode: "bigint" }),
  boolean: pg.boolean(),
  date: pg.date({ mode: "date" }),
  dateText: pg.date(),
  timestamp: pg.timestamp(),
  timestampText: pg.timestamp({ mode: "string" }),
  timestamptz: pg.timestamp({ withTimezone: true }),
  time: pg.time(),
  interval: pg.interval(),
  json: pg.json(),
  jsonb: pg.jsonb(),
  point: pg.point(),
  pointObject: pg.point({ mode: "xy" }),
  line: pg.line(),
  lineObject: pg.line({ mode: "abc" }),
  geometry: pg.geometry(),
  geometryObject: pg.geometry({ mode: "xy" }),
  bit: pg.bit({ dimensions: 3 }),
  vector: pg.vector({ dimensions: 3 }),
  halfvec: pg.halfvec({ dimensions: 3 }),
  sparsevec: pg.sparsevec({ dimensions: 3 }),
  bytea: bytea(),
  texts: pg.text().array(),
  matrix: pg.integer().array().array(),
  jsons: pg.jsonb().array(),
  points: pg.point().array(),
});

const sqliteSchema = { kinds: sqliteKinds };
const pgSchema = { kinds: pgKinds };

/** The schemas, by database. */
export const SCHEMAS = { sqlite: sqliteSchema, postgresql: pgSchema };

type Rules = { kinds: { table: "kinds"; control: { GET: { all: { select: true } } } } };

/** The filters of a schema's table, by where they stand. */
interface Filters<S extends { kinds: unknown }, Api extends InferApi<Rules, S>> {
  filter: Filter<ColumnsOf<S, "kinds">>;
  schema: NonNullable<NonNullable<GetOptions<S, "kinds">["select"]>["where"]>;
  question: NonNullable<ReadQuestion<Api, "kinds">["where"]>;
  draft: NonNullable<ReadDraft<Api, "kinds">["where"]>;
}

export interface FiltersByDatabase {
  sqlite: Filters<typeof sqliteSchema, InferApi<Rules, typeof sqliteSchema>>;
  postgresql: Filters<typeof pgSchema, InferApi<Rules, typeof pgSchema>>;
}
