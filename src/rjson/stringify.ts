const STACK_DEPTH = 1000;
const CYCLE_DEPTH = 32;
const CHUNK = 1 << 14;
const LONG = 256;
const KEPT_KEYS = 512;
const LONGEST_KEPT = 40;

const BARE_KEY: RegExp = /^[A-Za-z_][A-Za-z0-9_.]*$/;
// eslint-disable-next-line no-control-regex
const ASCII: RegExp = /^[\0-\x7f]*$/;

// ASCII goes through one buffer of bytes, read back in chunks: several times faster than joining small strings.
// Whatever else a text holds is joined to `done` as a string.
const decoder: TextDecoder = /* @__PURE__ */ new TextDecoder();
const bytes: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(CHUNK);
const kept: Map<string, Uint8Array> = /* @__PURE__ */ new Map();
const QUOTES: readonly string[] = ["'", '"', "`"];
let size = 0;
let done = "";
let ancestors: object[] = [];

/**
 * Writes a value as RJSON; `parse` reads the same value back.
 * @example
 * stringify({ title: "Fig", tags: ["sweet", undefined] }); // (title:'Fig',tags:_('sweet',,)_)
 */
export function stringify(value?: unknown): string {
  // A `toJSON` or a getter may call this again, so what the outer call has written is put aside.
  flush();
  const outer = done;
  const path = ancestors;
  done = "";
  ancestors = [];
  try {
    write(value, "", 1);
    flush();
    return done;
  } finally {
    size = 0;
    done = outer;
    ancestors = path;
  }
}

/**
 * Writes an object that has the same value under every key, in the short form for it.
 * @example
 * stringifyMappedArray(true, ["id", "title"]); // ~T(id,title)~
 */
export function stringifyMappedArray(value: unknown, keys: readonly (string | number)[]): string {
  const text = stringify(value);
  const names = keys.map((key) => stringifyKey(`${key}`));
  // The last comma is not read as a key, so a last empty key needs its own.
  const list = names.join(",") + (names.at(-1) === "" ? "," : "");
  return `~${text.startsWith("(") ? "\\" : ""}${text}(${list})~`;
}

/**
 * Writes an object key: bare where the notation allows it, else quoted as a string is.
 * @example
 * stringifyKey("it's"); // "it's" in double quotes
 */
export function stringifyKey(key: string): string {
  return key === "" || BARE_KEY.test(key) ? key : stringifyText(key);
}

/**
 * Writes a string in the first of `'`, `"` and the backtick that it does not hold, else in the one it holds least.
 * @example
 * stringifyText("it's"); // "it's" in double quotes
 */
export function stringifyText(text: string): string {
  const escaped = text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
  const free = QUOTES.find((quote) => !text.includes(quote));
  if (free !== undefined) return free + escaped + free;
  const counts = QUOTES.map((quote) => text.split(quote).length);
  const rarest = QUOTES[counts.indexOf(Math.min(...counts))]!;
  return rarest + escaped.replaceAll(rarest, `\\${rarest}`) + rarest;
}

/**
 * Writes a number, in decimal or with an exponent, whichever is shorter.
 * @example
 * stringifyNumber(10000); // 1e+4
 */
export function stringifyNumber(number: number): string {
  const magnitude = Math.abs(number);
  // Where decimals are exact, an exponent is shorter only for a multiple of 10,000 or a fraction below 0.01.
  if (magnitude >= 0.01 && magnitude < 1e15 && number % 10_000 !== 0) return `${number}`;
  if (number !== number) return "X";
  if (number === 0) return Object.is(number, -0) ? "-0" : "0";
  if (number === Infinity) return "I";
  if (number === -Infinity) return "-I";
  const decimal = `${number}`;
  const exponential = number.toExponential();
  return exponential.length < decimal.length ? exponential : decimal;
}

/**
 * Encodes a text, such as RJSON, as the value of a URL parameter; give it to a URL as it is, not to `URLSearchParams`.
 * @example
 * "?select=" + encodeURLValue("(a:'x&y')"); // ?select=(a:'x%26y')
 */
export function encodeURLValue(text: string): string {
  let encoded: string;
  try {
    encoded = encodeURIComponent(text);
  } catch {
    throw new TypeError("text with a lone surrogate cannot stand in a URL");
  }
  return encoded.replaceAll("%2C", ",").replaceAll("%3A", ":");
}

function flush(): void {
  if (size === 0) return;
  done += decoder.decode(bytes.subarray(0, size));
  size = 0;
}

function reserve(room: number): void {
  if (size + room > CHUNK) flush();
}

function byte(unit: number): void {
  if (size === CHUNK) flush();
  bytes[size++] = unit;
}

function write(value: unknown, key: string | number, depth: number): void {
  if (typeof value === "object" && value !== null) writeObject(value, key, depth);
  else if (typeof value === "bigint") writeObject(value as unknown as object, key, depth);
  else writePrimitive(value);
}

function writePrimitive(value: unknown): void {
  switch (typeof value) {
    case "string":
      return writeText(value);
    case "number":
      return writeNumber(value);
    case "boolean":
      return byte(value ? 0x54 : 0x46);
    case "undefined":
      return byte(0x55);
    case "object":
      return byte(0x4e);
    case "bigint":
      return writeText(`${value}`);
  }
  throw new TypeError(`a ${typeof value} cannot be written as RJSON`);
}

function writeText(text: string): void {
  if (text.length > LONG) return apart(stringifyText(text));
  reserve(text.length + 2);
  if (!quoted(text, 0x27) && !quoted(text, 0x22)) writeWide(stringifyText(text));
}

// Most texts are ASCII and hold nothing to escape; what is tried in vain is overwritten.
function quoted(text: string, quote: number): boolean {
  const length = text.length;
  let to = size;
  bytes[to++] = quote;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === quote || unit === 0x5c || unit > 0x7f) return false;
    bytes[to++] = unit;
  }
  bytes[to] = quote;
  size = to + 1;
  return true;
}

// The buffer is UTF-8, which has no form for a lone surrogate.
function writeWide(text: string): void {
  reserve(text.length * 3);
  let to = size;
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[to++] = unit;
      continue;
    }
    if (unit < 0x800) {
      bytes[to++] = 0xc0 | (unit >> 6);
    } else {
      if ((unit & 0xf800) === 0xd800) {
        const low = unit < 0xdc00 ? text.charCodeAt(++i) : 0;
        if ((low & 0xfc00) !== 0xdc00) return apart(text);
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        bytes[to++] = 0xf0 | (unit >> 18);
        bytes[to++] = 0x80 | ((unit >> 12) & 0x3f);
      } else {
        bytes[to++] = 0xe0 | (unit >> 12);
      }
      bytes[to++] = 0x80 | ((unit >> 6) & 0x3f);
    }
    bytes[to++] = 0x80 | (unit & 0x3f);
  }
  size = to;
}

function apart(text: string): void {
  flush();
  done += text;
}

// Only for ASCII of moderate length.
function writePlain(text: string): void {
  const length = text.length;
  reserve(length);
  let to = size;
  for (let i = 0; i < length; i++) bytes[to++] = text.charCodeAt(i);
  size = to;
}

function writeNumber(number: number): void {
  const magnitude = number < 0 ? -number : number;
  if (magnitude < 1e9 && magnitude % 10_000 !== 0) {
    const whole = magnitude | 0;
    const hundredths = whole === magnitude ? 0 : Math.round(magnitude * 100);
    // No other decimal of so few digits is the same number, so this is the shortest one.
    if (whole === magnitude || (hundredths > 0 && hundredths / 100 === magnitude)) {
      if (number < 0) byte(0x2d);
      writeDigits(whole);
      if (hundredths > 0) writeHundredths(hundredths - whole * 100);
      return;
    }
  }
  writePlain(stringifyNumber(number));
}

function writeDigits(whole: number): void {
  const count = whole < 10 ? 1 : whole < 100 ? 2 : whole < 1000 ? 3 : whole < 10_000 ? 4 : `${whole}`.length;
  reserve(count);
  size += count;
  let rest = whole;
  for (let to = size - 1; rest > 9; to--) {
    const tenth = (rest / 10) | 0;
    bytes[to] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
  bytes[size - count] = 0x30 + rest;
}

function writeHundredths(hundredths: number): void {
  reserve(3);
  bytes[size++] = 0x2e;
  bytes[size++] = 0x30 + ((hundredths / 10) | 0);
  if (hundredths % 10 !== 0) bytes[size++] = 0x30 + (hundredths % 10);
}

function writeObject(given: object, key: string | number, depth: number): void {
  const { toJSON } = given as { readonly toJSON?: unknown };
  const value: unknown = typeof toJSON === "function" ? toJSON.call(given, `${key}`) : given;
  if (Array.isArray(value)) return writeArray(value, depth);
  if (typeof value !== "object" || value === null) return writePrimitive(value);
  if (isPlain(value)) return writeMembers(value, depth);
  const plain = unboxed(value);
  if (plain === value) writeMembers(value, depth);
  else writePrimitive(plain);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// Kinds that would lose what they hold are refused.
function unboxed(value: object): unknown {
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Object" || kind === "Arguments") return value;
  if (kind === "Number") return Number(value);
  if (kind === "Boolean") return Boolean.prototype.valueOf.call(value);
  if (kind === "String" || kind === "BigInt") return (value as { toString(): string }).toString();
  if (ArrayBuffer.isView(value) && kind !== "DataView") return value;
  throw new TypeError(`a ${kind} cannot be written as RJSON`);
}

function writeArray(array: readonly unknown[], depth: number): void {
  if (depth > CYCLE_DEPTH) enter(array, depth);
  byte(0x5f);
  byte(0x28);
  for (let i = 0; i < array.length; i++) {
    if (i > 0) byte(0x2c);
    const element = array[i];
    if (element !== undefined) write(element, i, depth + 1);
    else if (i === array.length - 1) byte(0x2c);
  }
  byte(0x29);
  byte(0x5f);
}

function writeMembers(object: object, depth: number): void {
  if (depth > CYCLE_DEPTH) enter(object, depth);
  let separator = 0x28;
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    writeKey(key, separator);
    write((object as Readonly<Record<string, unknown>>)[key], key, depth + 1);
    separator = 0x2c;
  }
  if (separator === 0x28) byte(0x28);
  byte(0x29);
}

function writeKey(key: string, separator: number): void {
  const text = kept.get(key);
  if (text === undefined) return writeNewKey(key, separator);
  const length = text.length;
  reserve(length + 1);
  let to = size;
  bytes[to++] = separator;
  for (let i = 0; i < length; i++) bytes[to++] = text[i]!;
  size = to;
}

function writeNewKey(key: string, separator: number): void {
  byte(separator);
  const text = `${stringifyKey(key)}:`;
  if (text.length > LONGEST_KEPT || !ASCII.test(text)) return apart(text);
  if (kept.size === KEPT_KEYS) kept.clear();
  kept.set(
    key,
    Uint8Array.from(text, (unit) => unit.charCodeAt(0)),
  );
  writePlain(text);
}

// A cycle passes every depth, so the first levels need not look for one.
function enter(container: object, depth: number): void {
  if (depth > STACK_DEPTH) throw new TypeError(`more than ${STACK_DEPTH} levels cannot be written as RJSON`);
  const level = depth - CYCLE_DEPTH - 1;
  for (let i = 0; i < level; i++)
    if (ancestors[i] === container) throw new TypeError("a cycle cannot be written as RJSON");
  ancestors[level] = container;
}
