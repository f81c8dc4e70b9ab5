import type { ColumnFunction } from "../request/aggregate.ts";
import type { ColumnInfo } from "../schema/schema.ts";

const FLOAT = /^(?:real|double precision|float[48]?)\b/;
const NUMERIC = /^(?:numeric|decimal)\b/;

/** What a function of numbers is made of: their sum, which is null where it cannot be said, and their number. */
interface Summed {
  readonly sum: string;
  readonly count: string;
}

/** 2^-64: a double times that is as exact, and no number of them is too large together. */
const SCALE = "5.421010862427522e-20::float8";
const UNSCALE = "18446744073709551616::float8";
/** The greatest double, scaled. */
const GREATEST = "9.745314011399998e+288::float8";

/**
 * A sum of doubles. PostgreSQL raises an error where one is beyond them, and where a product is too small for them: large
 * numbers are summed up apart, scaled, and then with what the others come to.
 */
function floats(value: string, isShort: boolean): Summed {
  // A short one is the number that its digits say, as everybody sees it.
  const number = isShort ? `(${value}::text)::float8` : value;
  const endless = `${value} in ('NaN','Infinity','-Infinity')`;
  const small = `sum(${number}) filter (where abs(${value})<1e290::float8)`;
  const large = `sum(${number}*${SCALE}) filter (where abs(${value})>=1e290::float8 and not ${endless})`;
  const scaled = `(${large}+case when abs(${small})>1e-200::float8 then ${small}*${SCALE} else 0 end)`;
  const sum =
    `case when bool_or(${endless}) then null when ${large} is null then ${small}` +
    ` when abs(${scaled})<=${GREATEST} then ${scaled}*${UNSCALE} end`;
  return { sum, count: `count(${value})` };
}

/** A sum of decimal numbers: of so many digits none is too large. Of those that have to be `whole`, the others have no part in it. */
function decimals(value: string, whole: boolean): Summed {
  const meant = `abs(${value})<1e5000${whole ? ` and mod(${value},1)=0` : ""}`;
  const all = `sum(${value}) filter (where ${meant})`;
  const sum = `case when bool_or(not abs(${value})<1e5000) then null when abs(${all})<1.7976931348623158e308 then ${whole ? `trunc(${all})` : all} end`;
  return { sum, count: `count(${value}) filter (where ${meant})` };
}

const isWhole = ({ kind }: ColumnInfo): boolean => kind === "integer" || kind === "bigint";

/** A sum of a column's numbers: of doubles as a double, else as a `numeric`. */
function summed(column: ColumnInfo, value: string): Summed {
  if (FLOAT.test(column.type)) return floats(value, /^(?:real|float4)\b/.test(column.type));
  if (NUMERIC.test(column.type)) return decimals(value, isWhole(column));
  return { sum: `sum(${value})::numeric`, count: `count(${value})` };
}

/** A quotient of doubles, 0 where it is too small for one. */
const quotient = ({ sum, count }: Summed): string =>
  `case when abs(${sum})<${count}*5e-324::float8 then 0 else ${sum}/${count} end`;

function average(column: ColumnInfo, value: string): string {
  const { sum, count } = summed(column, value);
  if (FLOAT.test(column.type)) return quotient({ sum: `(${sum})`, count });
  // Whole numbers have the double nearest to their sum, the others all digits.
  return isWhole(column) ? `(${sum})::float8/nullif(${count},0)` : `(${sum})/nullif(${count},0)`;
}

/** The types of which there are functions `min` and `max`, which need no order to be made. */
const EXTREMES =
  /^(?:(?:big|small)?(?:int|serial)|integer|numeric|decimal|real|double|float|text\b|(?:bp)?char|varchar|inet|date|time|interval)/;

/** The first or the last of all values, in their order. */
function extreme(name: "min" | "max", { type, column }: ColumnInfo, value: string): string {
  const known = EXTREMES.test(type) || column.columnType.startsWith("PgEnum");
  return known
    ? `${name}(${value})`
    : `percentile_disc(${name === "min" ? 0 : 1}) within group (order by ${value})`;
}

/** A function of the values of a column of PostgreSQL. */
export function postgresqlFigure(
  name: Exclude<ColumnFunction, "count" | "countDistinct">,
  column: ColumnInfo,
  value: string,
): string {
  if (name === "sum") return summed(column, value).sum;
  return name === "avg" ? average(column, value) : extreme(name, column, value);
}
