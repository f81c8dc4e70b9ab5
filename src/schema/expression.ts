import { Column, is, type SQL } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { type Decoder, decoderOf, textsOf } from "../drizzle/drizzle.ts";
import { type DatabaseKind, databaseOf } from "./kind.ts";
import { isOneKind, readType } from "./type.ts";

/** Any value a database binds; SQLite compares whatever class it has, and has no booleans. */
const scalar = {
  dataType: () => "unknown",
  toDriver: (value: unknown) => (typeof value === "boolean" ? Number(value) : value),
};
const bytes = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

const SQLITE = lite.sqliteTable("computed", {
  scalar: lite.customType<{ data: unknown }>(scalar)(),
  number: lite.real(),
  decimal: lite.numeric(),
  bigint: lite.numeric({ mode: "bigint" }),
  boolean: lite.integer({ mode: "boolean" }),
  text: lite.text(),
});
const POSTGRESQL = pg.pgTable("computed", {
  unknown: pg.customType<{ data: unknown }>({ dataType: () => "unknown" })(),
  int2: pg.smallint(),
  int4: pg.integer(),
  int8: pg.bigint({ mode: "bigint" }),
  numeric: pg.numeric(),
  float4: pg.real(),
  float8: pg.doublePrecision(),
  bool: pg.boolean(),
  json: pg.json(),
  jsonb: pg.jsonb(),
  bytea: bytes(),
  text: pg.text(),
});

/** The types that are sent as text, and checked by what the type takes. */
const TEXTS: ReadonlySet<string> = new Set(
  "text varchar char citext uuid inet cidr macaddr macaddr8 date time timetz timestamp timestamptz interval bit varbit".split(
    " ",
  ),
);

/**
 * A column whose values are compared as those of an expression are: by the type the database says it has, else by what its
 * author maps it with.
 */
export function modelOf(field: SQL.Aliased, database: DatabaseKind, type: string | undefined): Column {
  const decoder = decoderOf(field);
  const said = is(decoder, Column) && databaseOf(decoder) === database ? decoder : undefined;
  if (database === "sqlite") return said ?? SQLITE[mappedBy(field.sql, decoder)];
  if (type === undefined) return POSTGRESQL.unknown;
  return said !== undefined && isOneKind(said.getSQLType(), type) ? said : columnOfType(type);
}

type Mapped = "scalar" | "number" | "decimal" | "bigint" | "boolean" | "text";

function mappedBy(expression: SQL, decoder: Decoder): Mapped {
  switch (decoder.mapFromDriverValue) {
    case Number:
      return "number";
    case BigInt:
      return "bigint";
    case Boolean:
      return "boolean";
    case String:
      return isSum(expression) ? "decimal" : "text";
    default:
      return "scalar";
  }
}

/** Whether it is a `sum` or an `avg` of Drizzle's, whose digits come as text. */
function isSum(expression: SQL): boolean {
  const [first, , last, ...rest] = textsOf(expression);
  return /^(?:sum|avg)\((?:distinct )?$/.test(first ?? "") && last === ")" && rest.length === 0;
}

function columnOfType(type: string): Column {
  const { name } = readType(type);
  if (TEXTS.has(name)) return POSTGRESQL.text;
  return Object.hasOwn(POSTGRESQL, name) ? POSTGRESQL[name as "int4"] : POSTGRESQL.unknown;
}
