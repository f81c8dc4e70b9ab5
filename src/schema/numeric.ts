import { compareDecimals, plainDigits, readNumber } from "../digits.ts";
import type { Scalar } from "./fit.ts";
import { Gap } from "./gap.ts";
import type { SqlType } from "./type.ts";

/** A whole number of so many bits, as a number, a big integer or its digits. */
export function fitInteger(bits: number): (value: Scalar) => Scalar | undefined {
  const limit = 2 ** (bits - 1);
  const long = BigInt(limit);
  return (value) => {
    if (typeof value === "number")
      return Number.isSafeInteger(value) && value >= -limit && value < limit ? value : undefined;
    const number = readInteger(value);
    return number !== undefined && number >= -long && number < long ? value : undefined;
  };
}

function readInteger(value: Scalar): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "string" && /^[+-]?\d{1,20}$/.test(value)
    ? BigInt(value.replace("+", ""))
    : undefined;
}

const DECIMAL = /^([+-]?)(?:(\d{1,1000})(?:\.(\d{0,1000}))?|\.(\d{1,1000}))(?:e([+-]?\d{1,3}))?$/i;

/** A number that a float of PostgreSQL holds: neither beyond its range nor, without being zero, so small that it would be. */
export const fitReal =
  (round: (value: number) => number) =>
  (value: Scalar, _type: SqlType, stored: boolean): Scalar | Gap | undefined => {
    if (typeof value === "string") return DECIMAL.test(value) && holds(round, value) ? value : undefined;
    if (typeof value !== "number" || !Number.isFinite(value) || !holds(round, value)) return undefined;
    // A driver may bind it as a double, with which the column is then compared as a double.
    const rounded = round(value);
    if (stored || rounded === value) return rounded;
    const shown = shortest(rounded);
    return shown === value ? rounded : new Gap(shown < value ? rounded : floatBelow(rounded));
  };

/** A float of 32 bits as it is shown: the shortest digits that are no other's. */
function shortest(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const shown = Number(float.toPrecision(digits));
    if (Math.fround(shown) === float) return shown;
  }
  return Number(float.toPrecision(9));
}

/** The float of 32 bits before one that is not zero. */
function floatBelow(float: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, float);
  view.setInt32(0, view.getInt32(0) + (float > 0 ? -1 : 1));
  return view.getFloat32(0);
}

/** The same of doubles. */
function doubleBelow(double: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, double);
  view.setBigInt64(0, view.getBigInt64(0) + (double > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

/** Decimal digits as SQLite keeps them: a whole number of 64 bits, else a double. */
export function fitSqlite(text: string, stored: boolean): string | Gap | undefined {
  const whole = /^([+-]?\d+)(?:\.0*)?$/.exec(text)?.[1];
  if (whole !== undefined && isInt64(BigInt(whole))) return whole;
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  if (typeof readNumber(text) === "number") return text;
  if (stored) return undefined;
  const below = wholeBelow(text);
  if (Math.abs(number) >= 2 ** 53 && isInt64(below)) return new Gap(String(below));
  const lower = compareDecimals(String(number), text) < 0 ? number : doubleBelow(number);
  return new Gap(plainDigits(String(lower)));
}

const isInt64 = (number: bigint): boolean => BigInt.asIntN(64, number) === number;

/** The whole number before one with a fraction. */
function wholeBelow(text: string): bigint {
  const whole = BigInt(/^[+-]?\d*/.exec(text)![0].replace(/^[+-]?$/, "0"));
  return text.startsWith("-") ? whole - 1n : whole;
}

function holds(round: (value: number) => number, value: string | number): boolean {
  const rounded = round(Number(value));
  const isZero = typeof value === "number" ? value === 0 : !/[1-9]/.test(value.replace(/e.*/i, ""));
  return Number.isFinite(rounded) && (rounded !== 0 || isZero);
}

/** Decimal digits; stored, as many of them before the point as the column has room for once the others are rounded. */
export function fitNumeric(value: Scalar, { parameters }: SqlType, stored: boolean): Scalar | undefined {
  const [precision, scale = 0] = parameters;
  const parts = DECIMAL.exec(String(value));
  if (parts === null || typeof value === "boolean" || value instanceof Uint8Array) return undefined;
  if (!stored || precision === undefined) return value;
  const [, , whole = "", fraction = parts[4] ?? "", , exponent = "0"] = parts;
  const shift = scale + Number(exponent) - fraction.length;
  return scaled(BigInt(whole + fraction), shift) < 10n ** BigInt(precision) ? value : undefined;
}

/** A number times a power of ten, rounded half up. */
function scaled(digits: bigint, shift: number): bigint {
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits * 2n + divisor) / (divisor * 2n);
}
