import { plainDigits, withoutZeros } from "../digits.ts";
import { at, invalidValue } from "../error.ts";
import { typeName } from "./cast.ts";
import { coerce } from "./coerce.ts";
import type { ColumnInfo } from "./column.ts";
import { readType } from "./type.ts";

/** What a client writes for it. */
const KEY = "$inc";

/** A number that is changed by so much, in place of its value; hooks see it as the client wrote it. */
export class Increment {
  readonly $inc: unknown;
  constructor(by: unknown) {
    this.$inc = by;
  }
}

/** Whether a column holds numbers, to which something can be added. */
export const isNumber = ({ kind }: ColumnInfo): boolean => NUMBERS.has(kind);

const NUMBERS: ReadonlySet<ColumnInfo["kind"]> = new Set(["integer", "number", "decimal", "bigint"]);

/** Whether a value says by how much a number is changed, whatever it says. */
export const isIncrement = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, KEY);

/**
 * Reads by how much a number is changed: a value that its column takes, and of which nothing would be rounded off.
 *
 * @throws QueryError `invalid-value`.
 */
export function readIncrement(
  column: ColumnInfo,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Increment {
  const other = Object.keys(value).find((key) => key !== KEY);
  if (other !== undefined)
    throw invalidValue(`\`${KEY}\` stands alone`, at(path, other), `write {"${column.name}":{"${KEY}":1}}`);
  const here = at(path, KEY);
  // A key of SQLite is bounded, what is added to it is not.
  const by = coerce({ ...column, primary: false }, value[KEY], here, true);
  const scale = scaleOf(column);
  if (scale !== undefined && fractionOf(by) > scale)
    throw invalidValue(`expected a number with ${scale} digits after the point`, here);
  return new Increment(by);
}

/** How many digits after the point a column keeps; `undefined` where all of them. */
function scaleOf({ database, type }: ColumnInfo): number | undefined {
  const { name, parameters } = readType(type);
  if (database !== "postgresql" || name !== "numeric" || parameters.length === 0) return undefined;
  return parameters[1] ?? 0;
}

/** How many digits a number has after the point. */
export const fractionOf = (number: unknown): number =>
  withoutZeros(plainDigits(String(number)).split(".")[1] ?? "").length;

/** The type of a column's numbers, without a precision: that is a matter of what is stored. */
export const numberType = ({ column }: ColumnInfo): string => readType(typeName(column)).name;
