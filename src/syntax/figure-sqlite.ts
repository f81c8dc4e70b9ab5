import type { ColumnFunction } from "../request/aggregate.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { collationOf } from "./collation.ts";

/** What is stored in a column of numbers and is none has no part in its sums. */
const wholeOnly = (value: string): string => `iif(typeof(${value})='integer',${value},null)`;
const numberOnly = (value: string): string => `iif(typeof(${value}) in ('integer','real'),${value},null)`;

/** The halves of a sum of whole numbers, of which none is too large: the upper one, and 32 bits of the lower. */
function halves(value: string): { readonly high: string; readonly low: string } {
  const low = `sum(${value}&4294967295)`;
  return { high: `(sum(${value}>>32)+(${low}>>32))`, low: `(${low}&4294967295)` };
}

/** A sum of whole numbers as a text that is in their order: `sumKey` says which. */
function wholeSum(value: string): string {
  const { high, low } = halves(value);
  return `case when count(${value})>0 then printf('%019d%010d',${high}+4611686018427387904,${low}) end`;
}

/** The double that is nearest to a sum of whole numbers. */
function nearest(value: string): string {
  const { high, low } = halves(value);
  return `iif(${high} between -2147483648 and 2147483647,(${high}<<32|${low})*1.0,${high}*4294967296.0+${low})`;
}

/** A sum of doubles; `total` alone never fails, and is 0 where there are none. */
const realSum = (value: string): string =>
  `case when count(${value})>0 and abs(total(${value}))<9e999 then total(${value}) end`;

const isWhole = ({ kind }: ColumnInfo): boolean => kind === "integer" || kind === "bigint";

/** A function of the values of a column of SQLite. */
export function sqliteFigure(
  name: Exclude<ColumnFunction, "count" | "countDistinct">,
  column: ColumnInfo,
  value: string,
): string {
  const numbers = isWhole(column) ? wholeOnly(value) : numberOnly(value);
  switch (name) {
    case "sum":
      return isWhole(column) ? wholeSum(numbers) : realSum(numbers);
    case "avg":
      return `${isWhole(column) ? nearest(numbers) : `(${realSum(numbers)})`}/count(${numbers})`;
    default: {
      // It is compared as its column is, and so is what it was chosen by.
      const collation = collationOf(column);
      return `${name}(${value}${collation})${collation}`;
    }
  }
}
