import { nestsTooDeep } from "../nesting.ts";
import type { Gap } from "./gap.ts";
import { fitInterval } from "./interval.ts";
import { assertJson } from "./json.ts";
import { fitDate, fitTime, fitTimestamp } from "./moment.ts";
import { fitAddress, fitHardware, fitNetwork } from "./network.ts";
import { fitInteger, fitNumeric, fitReal } from "./numeric.ts";
import type { SqlType } from "./type.ts";

/** A value on its way to PostgreSQL, as its driver gets it. */
export type Scalar = string | number | bigint | boolean | Uint8Array;

/** What is wanted, and the value as it is sent, or what is asked for in its place; `undefined` where PostgreSQL would raise an error. */
export interface Fit {
  readonly wanted: string | ((type: SqlType) => string);
  fit(value: Scalar, type: SqlType, stored: boolean): Scalar | Gap | undefined;
}

const written =
  (fit: (text: string, type: SqlType, stored: boolean) => string | Gap | undefined): Fit["fit"] =>
  (value, type, stored) =>
    typeof value === "string" ? fit(value, type, stored) : undefined;

const matching = (pattern: RegExp): Fit["fit"] => written((text) => (pattern.test(text) ? text : undefined));

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How many characters a type holds; a `char` without a length holds one. */
const lengthOf = ({ name, parameters }: SqlType): number =>
  parameters[0] ?? (name === "char" || name === "bit" ? 1 : Number.POSITIVE_INFINITY);

/** Whether a text has more characters than so many; no character is written with less than one unit. */
export const isLonger = (value: string, most: number): boolean =>
  value.length > most && Array.from(value).length > most;

const text: Fit = {
  wanted: (type) => (Number.isFinite(lengthOf(type)) ? `at most ${lengthOf(type)} characters` : "a text"),
  fit: written((value, type, stored) => (stored && isLonger(value, lengthOf(type)) ? undefined : value)),
};

const bits = (holds: (length: number, limit: number) => boolean): Fit => ({
  wanted: (type) => (Number.isFinite(lengthOf(type)) ? `${lengthOf(type)} digits 0 and 1` : "digits 0 and 1"),
  fit: written((value, type, stored) =>
    /^[01]*$/.test(value) && (!stored || holds(value.length, lengthOf(type))) ? value : undefined,
  ),
});

const json: Fit = {
  wanted: "JSON",
  fit: written((value) => {
    if (nestsTooDeep(value)) return undefined;
    try {
      assertJson(JSON.parse(value), "");
      return value;
    } catch {
      return undefined;
    }
  }),
};

/** What values each type takes, in a filter and stored. No other type is ever compared. */
const FITS: ReadonlyMap<string, Fit> = new Map<string, Fit>([
  ["int2", { wanted: "a whole number of 16 bits", fit: fitInteger(16) }],
  ["int4", { wanted: "a whole number of 32 bits", fit: fitInteger(32) }],
  ["int8", { wanted: "a whole number of 64 bits", fit: fitInteger(64) }],
  ["numeric", { wanted: wantedNumeric, fit: fitNumeric }],
  ["float4", { wanted: "a number of 32 bits", fit: fitReal(Math.fround) }],
  ["float8", { wanted: "a finite number", fit: fitReal((value) => value) }],
  [
    "bool",
    {
      wanted: "T or F (true or false in JSON)",
      fit: (value) =>
        typeof value === "boolean" || value === "true" || value === "false" ? value : undefined,
    },
  ],
  ["text", text],
  ["varchar", text],
  ["char", text],
  ["citext", text],
  ["uuid", { wanted: "a UUID", fit: matching(UUID) }],
  ["inet", { wanted: "an IP address", fit: written(fitAddress) }],
  ["cidr", { wanted: "an IP network", fit: written(fitNetwork) }],
  ["macaddr", { wanted: "a MAC address", fit: written(fitHardware(6)) }],
  ["macaddr8", { wanted: "a MAC address of 8 bytes", fit: written(fitHardware(8)) }],
  ["date", { wanted: "a date such as 2024-12-31", fit: written(fitDate) }],
  ["time", { wanted: "a time such as 23:59:59, without a zone", fit: written(fitTime(false)) }],
  ["timetz", { wanted: "a time such as 23:59:59+01", fit: written(fitTime(true)) }],
  [
    "timestamp",
    { wanted: "a date and time such as 2024-12-31 23:59:59, in UTC", fit: written(fitTimestamp(false)) },
  ],
  [
    "timestamptz",
    { wanted: "a date and time such as 2024-12-31 23:59:59+01", fit: written(fitTimestamp(true)) },
  ],
  ["interval", { wanted: "an interval such as 1 day 02:03:04 or P1DT2H3M4S", fit: written(fitInterval) }],
  ["bit", bits((length, limit) => length === limit)],
  ["varbit", bits((length, limit) => length <= limit)],
  ["json", json],
  ["jsonb", json],
  [
    "bytea",
    {
      wanted: "bytes",
      fit: (value) =>
        value instanceof Uint8Array || (typeof value === "string" && /^\\x(?:[0-9a-f]{2})*$/i.test(value))
          ? value
          : undefined,
    },
  ],
]);

function wantedNumeric({ parameters: [precision, scale = 0] }: SqlType): string {
  if (precision === undefined) return "a decimal number";
  return `a decimal number of ${precision} digits, ${scale} of them after the point`;
}

/** What a type takes; `undefined` for a type nobody knows, of which nothing is compared and PostgreSQL itself checks what is stored. */
export const fitOf = ({ name }: SqlType): Fit | undefined => FITS.get(name);
