import { is, SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { type ColumnInfo, fractionOf, Increment, numberType, type TableInfo } from "../../schema/schema.ts";
import type { Fields } from "../statement.ts";

/** Names no column has. */
export const FIT = "~fit:";

/** The columns of a change that something is added to. */
export const incrementsIn = (row: Row | undefined): readonly string[] =>
  row === undefined ? [] : Object.keys(row).filter((name) => row[name] instanceof Increment);

/** A change in which what is added to a column is SQL, as it is stored when the row's turn has come. */
export function incremented(row: Row, { columns }: TableInfo): Row {
  const names = incrementsIn(row);
  if (names.length === 0) return row;
  const sums = names.map(
    (name) => [name, sumSQL(columns.get(name)!, (row[name] as Increment).$inc)] as const,
  );
  return { ...row, ...Object.fromEntries(sums) };
}

/** What says of a changed row whether each sum is a value that its column takes: there is one, and it is exact. */
export const fitting = (row: Row | undefined, { columns }: TableInfo): Fields =>
  Object.fromEntries(
    incrementsIn(row).map((name) => {
      const column = columns.get(name)!;
      const fits = column.database === "sqlite" ? fitsSqlite(column) : fitsPostgresql(column);
      return [FIT + name, sql<number>`case when ${fits} then 1 else 0 end`.as(`${FIT}${column.index}`)];
    }),
  );

function sumSQL(info: ColumnInfo, by: unknown): SQL {
  if (is(by, SQL)) return by;
  const { column, database } = info;
  const text = String(by);
  if (database === "postgresql") return sql`${column} + ${text}::text::${sql.raw(numberType(info))}`;
  if (inBytes(info)) return sumOfDigits(info, text);
  if (isDecimal(info)) return sumOfDecimals(info, text);
  if (info.kind !== "number") return sql`${column} + cast(${text} as integer)`;
  const sum = sql`${column} + cast(${text} as real)`;
  return sql`case when abs(${sum}) < 9e999 then ${sum} else ${NONE} end`;
}

/** Stands for a sum that is none: a server could not even say that it is infinite. */
const NONE = sql.raw("'none'");

/** Whether a column of SQLite holds digits as bytes. */
const inBytes = ({ column }: ColumnInfo): boolean => column.columnType === "SQLiteBigInt";

/** Whether it holds decimal digits, as a whole number or the double that is nearest. */
const isDecimal = ({ kind, type }: ColumnInfo): boolean =>
  kind === "decimal" || (kind === "number" && type.startsWith("numeric"));

/** Digits that are no number to SQLite are added as one of 64 bits; others are no value that fits. */
function sumOfDigits({ column }: ColumnInfo, by: string): SQL {
  const digits = sql`cast(${column} as text)`;
  const number = sql`cast(${digits} as integer)`;
  if (BigInt.asIntN(64, BigInt(by)) !== BigInt(by)) return NO_DIGITS;
  const sum = sql`${number} + cast(${by} as integer)`;
  return sql`case when cast(${number} as text) = ${digits} and typeof(${sum}) = 'integer' then cast(cast(${sum} as text) as blob) else ${NO_DIGITS} end`;
}

const NO_DIGITS = sql`x''`;

/** Doubles keep so many decimal digits, whichever these are. */
const KEPT = 1e15;

/**
 * Decimal digits are added as doubles and rounded to as many after the point as either of the two has, which is exact as
 * long as there are no more than fifteen of them; what may not be is no number.
 */
function sumOfDecimals({ column }: ColumnInfo, by: string): SQL {
  const fraction = fractionOf(by);
  const whole = fraction === 0;
  const added = whole ? sql`cast(${by} as integer)` : sql`cast(${by} as real)`;
  const sum = sql`${column} + ${added}`;
  const places = sql`max(${sql.raw(String(fraction))}, (${placesOf(sql`${column}`)}))`;
  const few = sql`abs(${column}) < ${sql.raw(String(KEPT))}`;
  const rounded =
    Math.abs(Number(by)) < KEPT ? sql`case when ${few} then round(${sum}, ${places}) else ${NONE} end` : NONE;
  return whole ? sql`case when typeof(${column}) = 'integer' then ${sum} else ${rounded} end` : rounded;
}

/** How many digits after the point a number of SQLite has, of the fifteen it has at all. */
const placesOf = (value: SQL): SQL => {
  const of = (text: string): SQL => sql.raw(text);
  return sql`select case when instr(t, 'e-') > 0 then cast(substr(t, instr(t, 'e-') + 2) as integer) + case when instr(t, '.') = 0 then 0 else instr(t, 'e') - instr(t, '.') - 1 end when instr(t, 'e') > 0 or instr(t, '.') = 0 then 0 else length(t) - instr(t, '.') end from (select printf('%.15g', ${value}) as ${of("t")})`;
};

const SAFE = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** SQLite makes a double of a sum beyond 64 bits, and counts keys on from the largest. */
function fitsSqlite(info: ColumnInfo): SQL {
  const { column, kind, primary } = info;
  const safe = sql`typeof(${column}) = 'integer' and abs(${column}) <= ${SAFE}`;
  if (inBytes(info)) return sql`length(${column}) > 0`;
  if (isDecimal(info)) {
    const exact = sql`typeof(${column}) = 'real' and cast(printf('%.15g', ${column}) as real) = ${column}`;
    return kind === "number"
      ? sql`(${safe}) or (${exact})`
      : sql`typeof(${column}) = 'integer' or (${exact})`;
  }
  if (kind === "number") return sql`typeof(${column}) = 'real'`;
  if (kind === "bigint") return sql`typeof(${column}) = 'integer'`;
  return primary ? sql`${safe} and ${column} <= 4503599627370496` : safe;
}

/** PostgreSQL itself refuses what is beyond its types; a number of JavaScript may hold less. */
function fitsPostgresql({ column, kind, type }: ColumnInfo): SQL {
  const safe = sql`abs(${column}) <= ${SAFE}`;
  if (kind === "integer") return sql`${column} between -${SAFE} and ${SAFE}`;
  if (!type.startsWith("numeric"))
    return kind === "bigint"
      ? sql`${column} is not null`
      : sql`${column}::text not in ('NaN', 'Infinity', '-Infinity')`;
  const digits = sql`${column}::text ~ ${sql.raw("'^-?[0-9.]+$'")}`;
  if (kind === "decimal") return digits;
  return kind === "bigint" ? sql`${digits} and ${column} = trunc(${column})` : sql`${digits} and ${safe}`;
}
