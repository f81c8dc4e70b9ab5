/** What `parse` may be told; every option has a safe default. */
export interface ParseOptions {
  /** How deep brackets may nest, 64 unless told; never more than 1000, so that the stack always suffices. */
  readonly maxDepth?: number;
  /** How many values one text may stand for, 100,000 unless told; each key of a mapped array counts its copy. */
  readonly maxNodes?: number;
  /** Refuses quoted keys. */
  readonly forbidTextKeys?: boolean;
  /** Refuses the empty key, absent or quoted. */
  readonly forbidEmptyKeys?: boolean;
  /** Whether `__proto__` is an own member like any other, which is the default, or refused. */
  readonly protoKeys?: "own" | "error";
  /**
   * Reads a bare word of two or more characters, where a value is due, as a string: `(updatedAt:asc)`. `"dotted"`: with dots
   * in it, too, as keys have them.
   */
  readonly words?: boolean | "dotted";
  /** Makes a value of a number of more than fifteen digits or a large exponent, as it is written; `Number` unless told. */
  readonly number?: (written: string) => unknown;
  /** Hears of a key that its object has already, and may refuse it by throwing; else the last value counts. */
  readonly duplicateKey?: (key: string) => void;
}

/**
 * The one error `parse` throws for a text that is not RJSON; `index` is where it stops being so.
 * @example
 * try { parse("(a:1"); } catch (error) { error instanceof RJSONParseError && error.index; } // 4
 */
export class RJSONParseError extends Error {
  /** Offset in UTF-16 code units of the first one that cannot continue; the length of the text if it ends too early. */
  readonly index: number;

  constructor(problem: string, index: number) {
    super(`${problem} at index ${index}`);
    Object.defineProperty(this, "name", {
      value: "RJSONParseError",
      configurable: true,
      writable: true,
    });
    this.index = index;
  }
}

const STACK_DEPTH = 1000;
const DEFAULTS: ParseOptions = {};
const PLAIN: object = {};
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

// What a code unit may do in a bare key: 3 starts or continues one, 2 only continues one.
const KEY_UNIT: Uint8Array = Uint8Array.from({ length: 128 }, (_, unit) => {
  const text = String.fromCharCode(unit);
  return /[A-Za-z_]/.test(text) ? 3 : /[0-9.]/.test(text) ? 2 : 0;
});

// Bare keys met lately, so that rows that repeat their keys neither cut nor hash them again. `follower` is the slot
// of the key that came next last time; slots, not links, so that what is remembered stays bounded.
const SLOTS = 512;
const NONE = 2 * SLOTS;
const LONGEST = 40;
const known: string[] = Array.from({ length: SLOTS }, () => "");
const follower: Uint16Array = new Uint16Array(2 * SLOTS + 1);

// One text is read at a time and nothing here calls out but for a number, so the cursor can live in the module.
let text = "";
let end = 0;
let at = 0;
let backslash = 0;
let nodes = 0;
let maxDepth = 0;
let maxNodes = 0;
let textKeys = true;
let emptyKeys = true;
let protoKeys = true;
let words = false;
let dots = false;
let readLong: (written: string) => unknown = Number;
let again: ((key: string) => void) | undefined;
let slot = NONE;
let parent = NONE;

/**
 * Reads an RJSON text, giving the value or throwing an `RJSONParseError`.
 * @example
 * parse("(title:'Fig',tags:_('sweet','ripe')_)"); // { title: "Fig", tags: ["sweet", "ripe"] }
 */
export function parse(source: string, options: ParseOptions = DEFAULTS): unknown {
  if (typeof source !== "string") throw new TypeError("RJSON text must be a string");
  configure(options);
  text = source;
  end = source.length;
  at = backslash = 0;
  parent = NONE;
  try {
    return root();
  } finally {
    text = "";
  }
}

function configure(options: ParseOptions): void {
  const { maxDepth: depth = 64, maxNodes: count = 100_000 } = options;
  const { forbidTextKeys = false, forbidEmptyKeys = false } = options;
  const { protoKeys: proto = "own", words: bareWords = false, number: long = Number } = options;
  maxDepth = depth < STACK_DEPTH ? depth : STACK_DEPTH;
  // Anything that is no number allows nothing.
  maxNodes = nodes = count > 0 ? count : 0;
  textKeys = !forbidTextKeys;
  emptyKeys = !forbidEmptyKeys;
  protoKeys = proto !== "error";
  words = bareWords !== false;
  dots = bareWords === "dotted";
  readLong = long;
  again = options.duplicateKey;
}

// document = ws , [ value , ws ] ;
function root(): unknown {
  const unit = skip();
  if (unit < 0) return undefined;
  const result = value(unit, 1);
  if (skip() >= 0) unexpected();
  return result;
}

// The unit at the cursor after any whitespace, -1 at the end.
function skip(): number {
  const unit = at < end ? text.charCodeAt(at) : -1;
  return unit > 32 ? unit : skipSpace();
}

function next(): number {
  at++;
  return skip();
}

// ws = { " " | TAB | LF | CR } ;
function skipSpace(): number {
  for (; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return unit;
  }
  return -1;
}

function unitAt(index: number): number {
  return index < end ? text.charCodeAt(index) : -1;
}

// value = constant | number | string | array | object | mapped ;
// constant = "T" | "F" | "N" | "U" | "X" ; and I, which is a number
function value(unit: number, depth: number): unknown {
  if (--nodes < 0) tooMany();
  if (words && isWord(unit)) return word();
  switch (unit) {
    case 0x28:
      return object(depth);
    case 0x27:
      return string("'");
    case 0x22:
      return string('"');
    case 0x60:
      return string("`");
    case 0x5f:
      return array(depth);
    case 0x7e:
      return mapped(depth);
    case 0x54:
      return letter(true);
    case 0x46:
      return letter(false);
    case 0x4e:
      return letter(null);
    case 0x55:
      return letter(undefined);
    case 0x58:
      return letter(Number.NaN);
    case 0x49:
      return letter(Number.POSITIVE_INFINITY);
  }
  return number(unit);
}

function letter(constant: unknown): unknown {
  at++;
  return constant;
}

// word = letter , wordUnit , { wordUnit } ; wordUnit = letter | digit | "_" [ | "." ] ; only with the option
function isWord(unit: number): boolean {
  return unit !== 0x5f && isKeyStart(unit) && isWordUnit(unitAt(at + 1));
}

function isWordUnit(unit: number): boolean {
  return isKeyUnit(unit) && (dots || unit !== 0x2e);
}

function word(): string {
  const start = at;
  do at++;
  while (isWordUnit(unitAt(at)));
  return text.slice(start, at);
}

function isKeyStart(unit: number): boolean {
  return unit >= 0 && unit < 128 && KEY_UNIT[unit] === 3;
}

function isKeyUnit(unit: number): boolean {
  return unit >= 0 && unit < 128 && KEY_UNIT[unit] !== 0;
}

// number = [ sign ] , ( "I" | mantissa , [ exponent ] ) ;
// long: one scan over the digits, whose parts share the cursor; calls between them cost what the whole scan does.
function number(first: number): unknown {
  const start = at;
  let i = start;
  let unit = first;
  if (unit === 0x2b || unit === 0x2d) {
    unit = unitAt(++i);
    if (unit === 0x49) {
      at = i + 1;
      return first === 0x2d ? -Infinity : Infinity;
    }
  }
  // mantissa = digits , [ "." , [ digits ] ] | "." , digits ;
  let mantissa = 0;
  let digits = i;
  while (unit >= 0x30 && unit <= 0x39) {
    mantissa = mantissa * 10 + (unit - 0x30);
    unit = unitAt(++i);
  }
  digits = i - digits;
  let power = 0;
  if (unit === 0x2e) {
    const point = i;
    unit = unitAt(++i);
    while (unit >= 0x30 && unit <= 0x39) {
      mantissa = mantissa * 10 + (unit - 0x30);
      unit = unitAt(++i);
    }
    power = point + 1 - i;
    digits -= power;
  }
  if (digits === 0) unexpected(i);
  // exponent = ( "e" | "E" ) , [ sign ] , digits ;
  if (unit === 0x65 || unit === 0x45) {
    const sign = unitAt(++i);
    if (sign === 0x2b || sign === 0x2d) i++;
    const from = i;
    let exponent = 0;
    for (unit = unitAt(i); unit >= 0x30 && unit <= 0x39; unit = unitAt(++i))
      exponent = exponent * 10 + (unit - 0x30);
    if (i === from) unexpected(i);
    power += sign === 0x2d ? -exponent : exponent;
  }
  at = i;
  // Both operands are exact up to here, so one multiplication or division rounds as reading the text would.
  if (digits > 15 || power > 22 || power < -22) return readLong(text.slice(start, i));
  const size = power === 0 ? mantissa : power < 0 ? mantissa / POWERS[-power]! : mantissa * POWERS[power]!;
  return first === 0x2d ? -size : size;
}

// string = "'" , { item(') } , "'" | … ; only a backslash before the delimiter or a backslash means something
function string(quote: string): string {
  const start = at + 1;
  const close = text.indexOf(quote, start);
  if (close < 0) return unexpected(end);
  if (backslash < start) findBackslash(start);
  if (backslash < close) return escaped(quote, start, close);
  at = close + 1;
  return text.slice(start, close);
}

// Every search starts where the one before ended, which keeps a text of many strings linear.
function findBackslash(from: number): void {
  const found = text.indexOf("\\", from);
  backslash = found < 0 ? end : found;
}

function escaped(quote: string, start: number, firstClose: number): string {
  const delimiter = quote.charCodeAt(0);
  let out = "";
  let run = start;
  let close = firstClose;
  while (backslash < close) {
    const unit = text.charCodeAt(backslash + 1);
    let resume = backslash + 1;
    if (unit === delimiter || unit === 0x5c) {
      out += text.slice(run, backslash);
      run = resume++;
    }
    if (close < resume) close = text.indexOf(quote, resume);
    if (close < 0) return unexpected(end);
    findBackslash(resume);
  }
  at = close + 1;
  return out + text.slice(run, close);
}

// array = "_(" , ws , { slot , "," , ws } , slot , ")_" ;
function array(depth: number): unknown[] {
  if (!(depth <= maxDepth)) tooDeep();
  if (unitAt(at + 1) !== 0x28) unexpected(at + 1);
  at++;
  const out: unknown[] = [];
  const owner = parent;
  let unit = next();
  while (unit !== 0x29) {
    if (unit === 0x2c) {
      if (--nodes < 0) tooMany();
      out.push(undefined);
    } else {
      parent = owner;
      out.push(value(unit, depth + 1));
      unit = skip();
      if (unit === 0x29) break;
      if (unit !== 0x2c) unexpected();
    }
    unit = next();
  }
  if (unitAt(++at) !== 0x5f) unexpected();
  at++;
  return out;
}

// object = "(" , ws , { member , "," , ws } , [ member ] , ")" ;
// member = [ key , ws ] , ":" , ws , [ value , ws ] ;
function object(depth: number): object {
  if (!(depth <= maxDepth)) tooDeep();
  const out: Record<string, unknown> = {};
  let previous = parent;
  let unit = next();
  while (unit !== 0x29) {
    let here = follower[previous]!;
    let key = known[here]!;
    if (unit === key.charCodeAt(0) && unitAt(at + key.length) === 0x3a && same(key, at)) {
      at += key.length;
    } else {
      key = anyKey(unit, 0x3a);
      if (skip() !== 0x3a) unexpected();
      here = slot;
      if (here !== NONE) follower[previous] = here;
    }
    previous = here;
    unit = next();
    let member: unknown;
    if (unit === 0x2c || unit === 0x29) {
      if (--nodes < 0) tooMany();
    } else {
      parent = here === NONE ? NONE : SLOTS + here;
      member = value(unit, depth + 1);
      unit = skip();
    }
    if (again !== undefined && Object.hasOwn(out, key)) again(key);
    if (here !== NONE || !(key in PLAIN)) out[key] = member;
    else define(out, key, member);
    if (unit === 0x2c) unit = next();
    else if (unit !== 0x29) unexpected();
  }
  at++;
  return out;
}

function same(name: string, start: number): boolean {
  for (let i = 1; i < name.length; i++) if (name.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  return true;
}

// mapped = "~" , ws , [ mvalue , ws ] , "(" , ws , { [ key , ws ] , "," , ws } , [ key , ws ] , ")~" ;
function mapped(depth: number): object {
  if (!(depth <= maxDepth)) tooDeep();
  const before = nodes;
  const member = mappedValue(depth + 1);
  const cost = before - nodes;
  if (skip() !== 0x28) unexpected();
  const out: Record<string, unknown> = {};
  let unit = next();
  for (let count = 0; unit !== 0x29; count++) {
    const start = at;
    const key = anyKey(unit, 0x2c);
    if (count > 0 && (nodes -= cost) < 0) tooMany(start);
    const own = count === 0 ? member : copy(member);
    if (key in PLAIN) define(out, key, own);
    else out[key] = own;
    unit = skip();
    if (unit === 0x2c) unit = next();
    else if (unit !== 0x29) unexpected();
  }
  if (unitAt(++at) !== 0x7e) unexpected();
  at++;
  return out;
}

// mvalue = "\" , ws , value | value - object ;
function mappedValue(depth: number): unknown {
  const unit = next();
  if (unit === 0x5c) return value(next(), depth);
  if (unit !== 0x28) return value(unit, depth);
  if (--nodes < 0) tooMany();
  return undefined;
}

// key = bare | string ; absent, it is "" and `follow` comes at once
function anyKey(unit: number, follow: number): string {
  const start = at;
  slot = NONE;
  if (isKeyStart(unit)) return bareKey(unit);
  if (unit === follow) {
    if (!emptyKeys) refuse("empty keys are not allowed", start);
    return "";
  }
  if (unit !== 0x27 && unit !== 0x22 && unit !== 0x60) unexpected();
  if (!textKeys) refuse("quoted keys are not allowed", start);
  const key = string(unit === 0x27 ? "'" : unit === 0x22 ? '"' : "`");
  if (key === "" && !emptyKeys) refuse("empty keys are not allowed", start);
  return uncommonKey(key, start);
}

// bare = first , { first | digit | "." } ;
function bareKey(first: number): string {
  const start = at;
  let i = start;
  let hash = 0;
  let unit = first;
  do {
    hash = (Math.imul(hash, 31) + unit) | 0;
    unit = unitAt(++i);
  } while (isKeyUnit(unit));
  at = i;
  if (i - start > LONGEST) return uncommonKey(text.slice(start, i), start);
  const home = (hash ^ (hash >>> 9)) & (SLOTS - 1);
  let key = known[home]!;
  if (key.length !== i - start || key.charCodeAt(0) !== first || !same(key, start)) {
    key = text.slice(start, i);
    if (key in PLAIN) return uncommonKey(key, start);
    known[home] = key;
  }
  slot = home;
  return key;
}

function uncommonKey(key: string, start: number): string {
  if (!protoKeys && key === "__proto__") refuse("key `__proto__` is not allowed", start);
  return key;
}

// Assigning to `__proto__` would change the prototype, and to any inherited name fail where prototypes are frozen.
function define(target: object, key: string, member: unknown): void {
  Object.defineProperty(target, key, {
    value: member,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function copy(member: unknown): unknown {
  if (typeof member !== "object" || member === null) return member;
  if (Array.isArray(member)) return member.map(copy);
  const out: Record<string, unknown> = { ...member };
  for (const key of Object.keys(out)) out[key] = copy(out[key]);
  return out;
}

function unexpected(index: number = at): never {
  if (index >= end) throw new RJSONParseError("unexpected end", end);
  const unit = text.charCodeAt(index);
  const shown =
    unit > 32 && unit < 127 && unit !== 0x60
      ? String.fromCharCode(unit)
      : `U+${unit.toString(16).toUpperCase().padStart(4, "0")}`;
  throw new RJSONParseError(`unexpected \`${shown}\``, index);
}

function refuse(problem: string, index: number): never {
  throw new RJSONParseError(problem, index);
}

function tooDeep(): never {
  return refuse(`nested deeper than ${maxDepth} levels`, at);
}

function tooMany(index: number = at): never {
  return refuse(`more than ${maxNodes} values`, index);
}
