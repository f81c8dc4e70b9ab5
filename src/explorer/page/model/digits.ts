/** A number of JSON that no double keeps, as it was written. */
export class Digits {
  readonly #written: string;

  constructor(written: string) {
    this.#written = written;
  }

  toString(): string {
    return this.#written;
  }

  /** The number with all its digits; a text in browsers that cannot write it. */
  toJSON(): unknown {
    return rawJSON?.(this.#written) ?? this.#written;
  }
}

// What no library of types says yet: a value that is written as it is, and with a number how it was written.
const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => unknown };
const parse = JSON.parse as (
  text: string,
  read: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;

/**
 * Parses JSON; what no double keeps becomes `Digits`.
 *
 * @throws SyntaxError
 */
export const parseJSON = (text: string): unknown =>
  parse(text, (_, value, context) => {
    const kept = typeof value === "number" && context?.source !== undefined ? exact(context.source) : value;
    return typeof value === "number" && typeof kept === "string" ? new Digits(kept) : kept;
  });

/** A number, or its text where a double would lose digits of it. */
export function exact(written: string): number | string {
  const number = Number(written);
  return Number.isFinite(number) && significant(written) === significant(`${number}`) ? number : written;
}

/** The digits of a number that say something. */
function significant(written: string): string {
  const [mantissa = ""] = written.toLowerCase().split("e");
  const digits = mantissa.replaceAll(/\D/g, "");
  let from = 0;
  let to = digits.length;
  while (digits[from] === "0") from++;
  while (to > from && digits[to - 1] === "0") to--;
  return digits.slice(from, to);
}
