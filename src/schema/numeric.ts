import type { Scalar } from "./fit.ts";
import type { SqlType } from "./type.ts";

/** A whole number of so many bits, as a number, a big integer or its digits. */
export const fitInteger =
  (bits: bigint) =>
  (value: Scalar): Scalar | undefined => {
    const number = readInteger(value);
    const limit = 1n << (bits - 1n);
    return number !== undefined && number >= -limit && number < limit ? value : undefined;
  };

function readInteger(value: Scalar): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && /^[+-]?\d{1,20}$/.test(value)
    ? BigInt(value.replace("+", ""))
    : undefined;
}

const DECIMAL = /^([+-]?)(?:(\d{1,1000})(?:\.(\d{0,1000}))?|\.(\d{1,1000}))(?:e([+-]?\d{1,3}))?$/i;

/** A number that a float of PostgreSQL holds: neither beyond its range nor, without being zero, so small that it would be. */
export const fitReal =
  (round: (value: number) => number) =>
  (value: Scalar): Scalar | undefined => {
    if (typeof value === "string") return DECIMAL.test(value) && holds(round, value) ? value : undefined;
    if (typeof value !== "number" || !Number.isFinite(value) || !holds(round, value)) return undefined;
    // A driver may bind it as a double, with which the column is then compared as a double.
    return round(value);
  };

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
