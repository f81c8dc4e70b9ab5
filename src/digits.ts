// JSON's numbers have as many digits as their writer likes, JavaScript's have those of a double.
import { endOfString } from "./nesting.ts";

/**
 * A number with more digits than a double keeps, as it was written. Where it is read as a number it is the nearest one;
 * as text, and in what `writeDigits` writes, it is all of them.
 */
export class Digits extends Number {
  readonly #digits: string;

  constructor(digits: string) {
    super(digits);
    this.#digits = digits;
  }

  get digits(): string {
    return this.#digits;
  }

  override toString(): string {
    return this.#digits;
  }

  toJSON(): number | string {
    if (!writing) return this.valueOf();
    met = true;
    return MARK + this.#digits;
  }
}

/** A number as it is written: as a number where a double says the same, else with all its digits. */
export function readNumber(text: string): number | Digits {
  const number = Number(text);
  const decimal = readDecimal(text);
  return decimal === undefined || equals(decimal, readDecimal(String(number))) ? number : new Digits(text);
}

/** Whether digits say nothing but which double is meant, as those do that a program writes with 17 of them. */
export function nameDouble({ digits: text }: Digits): boolean {
  const number = Number(text);
  const decimal = readDecimal(text);
  if (decimal === undefined || !Number.isFinite(number) || decimal.digits.length > MAX_DIGITS) return false;
  return equals(decimal, readDecimal(number.toPrecision(Math.max(1, decimal.digits.length))));
}

/** With 17 digits any double can be told from its neighbours. */
const MAX_DIGITS = 17;

/** A decimal number: its digits without zeros at either end, and the power of ten of the last. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly power: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

function readDecimal(text: string): Decimal | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const significant = (whole + fraction).replace(/^0+/, "");
  const digits = withoutZeros(significant);
  if (digits === "") return { negative: false, digits, power: 0 };
  const power = Number(exponent) - fraction.length + significant.length - digits.length;
  return { negative: sign === "-", digits, power };
}

/** Digits without the zeros at their end; a pattern would begin anew at each zero of those within. */
export function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end--;
  return digits.slice(0, end);
}

const ZERO = 48;

const equals = (a: Decimal, b: Decimal | undefined): boolean =>
  a.negative === b?.negative && a.digits === b.digits && a.power === b.power;

/** Negative where the first of two decimal numbers is less, positive where it is greater. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [readDecimal(a)!, readDecimal(b)!];
  const power = Math.min(left.power, right.power);
  const size = ({ negative, digits, power: own }: Decimal): bigint =>
    BigInt(`${negative ? "-" : ""}${digits || "0"}`) * 10n ** BigInt(own - power);
  const difference = size(left) - size(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The most zeros that are written out. */
const MAX_ZEROS = 1100;

/** A decimal number without an exponent; one that would be endless zeros stays as it is. */
export function plainDigits(text: string): string {
  const decimal = /e/i.test(text) ? readDecimal(text) : undefined;
  if (decimal === undefined || Math.abs(decimal.power) > MAX_ZEROS) return text;
  const { negative, digits, power } = decimal;
  const point = digits.length + power;
  const written =
    power >= 0
      ? digits + "0".repeat(power)
      : point > 0
        ? `${digits.slice(0, point)}.${digits.slice(point)}`
        : `0.${"0".repeat(-point)}${digits}`;
  return `${negative ? "-" : ""}${written || "0"}`;
}

/** Stands before digits in a text that is read or written as JSON; nobody outside knows it. */
const MARK = `${crypto.randomUUID()}:`;
/** An author's `toJSON` may hold JSON as a text, whose quotes are escaped. Backslashes are looked at from the first of a row. */
const MARKED = new RegExp(`(?<!\\\\)(\\\\*)"${MARK}([\\d.eE+-]+)\\1"`, "g");

let writing = false;
let met = false;

/** What replaces a value as it is written. */
type Replacer = (this: unknown, key: string, value: unknown) => unknown;

/** What JSON says in any case: no function, for one. */
type Sayable = Readonly<Record<string, unknown>> | readonly unknown[] | null;

/** JSON of a value, numbers with all their digits; `undefined` for what JSON does not know. */
export function writeDigits(value: Sayable): string;
export function writeDigits(value: unknown, replacer?: Replacer): string | undefined;
export function writeDigits(value: unknown, replacer?: Replacer): string | undefined {
  const [outerWriting, outerMet] = [writing, met];
  writing = true;
  met = false;
  try {
    const text: string | undefined = JSON.stringify(value, replacer);
    return met ? text?.replace(MARKED, "$2") : text;
  } finally {
    writing = outerWriting;
    met = outerMet;
  }
}

/** Whether a text may hold a number that no double keeps: all keep fifteen digits, and exponents of two. */
const isSuspect = (text: string): boolean => hasManyDigits(text) || /[eE][+-]?\d{3}/.test(text);

/** Sixteen digits in a row, or a point among them; two of any such are eight apart, so that few are looked at. */
function hasManyDigits(text: string): boolean {
  for (let index = 7; index + 8 < text.length; index += 8)
    if (isPart(text.charCodeAt(index)) && isPart(text.charCodeAt(index + 8))) return /[\d.]{16}/.test(text);
  return false;
}

/** Whether a unit is a digit or a point. */
const isPart = (unit: number): boolean => unit < 58 && (unit > 47 || unit === 46);

/** Parses JSON, numbers that no double keeps as `Digits`; `found` hears whether there were any. */
export function parseJSON(text: string, found?: () => void): unknown {
  if (!isSuspect(text)) return JSON.parse(text);
  const marked = markNumbers(text);
  if (marked === text) return JSON.parse(text);
  const value: unknown = JSON.parse(marked, (_, member: unknown) =>
    typeof member === "string" && member.startsWith(MARK) ? new Digits(member.slice(MARK.length)) : member,
  );
  found?.();
  return value;
}

/** The text with its numbers that no double keeps as marked texts. */
function markNumbers(text: string): string {
  const parts: string[] = [];
  let done = 0;
  const number = /-?\d[\d.eE+-]*/y;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '"') index = endOfString(text, index);
    number.lastIndex = index;
    const [token] = number.exec(text) ?? [];
    if (token === undefined) continue;
    // What is no number of JSON is left for the parser to refuse.
    if (isNumber(token) && typeof readNumber(token) !== "number") {
      parts.push(text.slice(done, index), `"${MARK}${token}"`);
      done = index + token.length;
    }
    index += token.length - 1;
  }
  return parts.join("") + text.slice(done);
}

const isNumber = (token: string): boolean => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token);
