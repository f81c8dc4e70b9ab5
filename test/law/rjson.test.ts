import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  encodeURLValue,
  parse,
  rjson,
  RJSONParseError,
  stringify,
  stringifyMappedArray,
} from "../../src/rjson/rjson.ts";

// A failure prints the seed; run again with LAW_SEED=… to repeat it.
const seed = Number(process.env["LAW_SEED"] ?? Date.now() % 2 ** 31);

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("'", '"', "`", "\\", "a", ",", "(", "é", "ሰ", "🚀", "\ud800", "\udc00"),
    maxLength: 8,
  }),
);
const key = fc.oneof(
  anyText,
  fc.constantFrom("__proto__", "constructor", "toString", "toJSON", "", "0", "7", "a", "id", "a.b"),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer().map((n) => n / 100),
  fc.integer({ min: -99, max: 99 }).map((n) => n * 10_000),
  fc.constantFrom(-0, Number.NaN, Infinity, -Infinity, 1e21, 1e-7),
);
const scalar = fc.oneof(number, anyText, fc.boolean(), fc.constantFrom(null, undefined));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 5, selector: ([name]) => name })
      .map((entries) => Object.fromEntries(entries)),
    fc.sparseArray(tie("value"), { maxLength: 5, maxNumElements: 3 }),
  ),
}));
const document = value.map(stringify);
const notation = fc.string({
  unit: fc.constantFrom(..."()_~\\'\"`,:.+-0123456789eETFNUXIabz \n\té;".split("")),
  maxLength: 24,
});
const mutated = fc
  .tuple(document, fc.array(fc.tuple(fc.nat(), fc.nat(2), notation), { minLength: 1, maxLength: 3 }))
  .map(([text, edits]) =>
    edits.reduce((before, [place, removed, added]) => {
      const from = place % (before.length + 1);
      return before.slice(0, from) + added.slice(0, 2) + before.slice(from + removed);
    }, text),
  );

// Equal in the sense of Object.is, with the same keys in the same order; a hole is undefined.
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && Array.from(a).every((item, i) => same(item, b[i]));
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([name, item], i) => name === right[i]![0] && same(item, right[i]![1]))
  );
}

function answers(text: string): void {
  for (const options of [
    {},
    { words: true, protoKeys: "error", forbidEmptyKeys: true, forbidTextKeys: true } as const,
  ]) {
    try {
      const read = parse(text, options);
      expect(same(parse(stringify(read)), read)).toBeTrue();
    } catch (error) {
      expect(error).toBeInstanceOf(RJSONParseError);
      const { index } = error as RJSONParseError;
      expect(index >= 0 && index <= text.length).toBeTrue();
    }
  }
}

describe(`RJSON (seed ${seed})`, () => {
  test("what is written reads back the same", () => {
    fc.assert(
      fc.property(value, (given) => same(parse(stringify(given)), given)),
      { seed, numRuns: 2000 },
    );
  });

  test("a number is written in the shorter of its two forms", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noDefaultInfinity: true, noNaN: true }),
          fc.integer(),
          fc.integer().map((n) => n / 1000),
        ),
        (given) => {
          const [decimal, exponential] = [Object.is(given, -0) ? "-0" : `${given}`, given.toExponential()];
          return stringify(given) === (exponential.length < decimal.length ? exponential : decimal);
        },
      ),
      { seed, numRuns: 3000 },
    );
  });

  test("a mapped array reads back as its value under every key, each its own", () => {
    fc.assert(
      fc.property(value, fc.uniqueArray(key, { maxLength: 4 }), (given, keys) => {
        const read = parse(stringifyMappedArray(given, keys)) as object;
        const wanted = Object.fromEntries(keys.map((name) => [name, given]));
        const containers = Object.values(read).filter((item) => typeof item === "object" && item !== null);
        return same(read, wanted) && new Set(containers).size === containers.length;
      }),
      { seed, numRuns: 500 },
    );
  });

  test("a hole of a template reads back the same", () => {
    fc.assert(
      fc.property(
        key,
        value,
        (name, given) =>
          same(rjson`(${name}:${given},x:_(${given},${given},)_)`, {
            [name]: given,
            x: parse(stringify([given, given])),
          }) || name === "x",
      ),
      { seed, numRuns: 300 },
    );
  });

  test("any text gives a value or an RJSONParseError", () => {
    fc.assert(fc.property(fc.oneof(notation, fc.string({ unit: "binary" })), answers), {
      seed,
      numRuns: 3000,
    });
  });

  test("any damaged text gives a value or an RJSONParseError", () => {
    fc.assert(fc.property(mutated, answers), { seed, numRuns: 2000 });
  });

  test("a text cut short fails at its end or stands for less", () => {
    fc.assert(
      fc.property(document, fc.nat(), (text, place) => {
        const cut = text.slice(0, place % text.length);
        try {
          parse(cut);
        } catch (error) {
          expect((error as RJSONParseError).index).toBe(cut.length);
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  test("what a URL carries comes out the same", () => {
    fc.assert(
      fc.property(fc.oneof(document, fc.string({ unit: "binary" })), (text) => {
        const whole = text.replaceAll(/\p{Surrogate}/gu, "?");
        const url = `http://h/p?q=${encodeURLValue(whole)}&z=1`;
        return new URL(url).searchParams.get("q") === whole && /^[\x21-\x7e]*$/.test(url);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

// Work is what is asked of strings: one for each call and one for each code unit searched, cut or rewritten.
function workOf(act: () => unknown): number {
  let work = 0;
  const strings = String.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  const cost: Readonly<Record<string, (text: string, result: unknown, from: number) => number>> = {
    charCodeAt: () => 1,
    indexOf: (text, found, from) => ((found as number) < 0 ? text.length : (found as number)) - from + 1,
    slice: (_, part) => (part as string).length + 1,
    includes: (text) => text.length,
    replaceAll: (text) => text.length,
    split: (text) => text.length,
  };
  const originals = Object.keys(cost).map((name) => [name, strings[name]!] as const);
  for (const [name, original] of originals) {
    strings[name] = function (this: string, ...given) {
      const result = original.apply(this, given);
      work += cost[name]!(this, result, Number(given[1] ?? 0));
      return result;
    };
  }
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(RJSONParseError);
  } finally {
    for (const [name, original] of originals) strings[name] = original;
  }
  return work;
}

const TEXTS: Readonly<Record<string, (n: number) => string>> = {
  "a long string": (n) => `'${"x".repeat(n)}'`,
  "a string of escapes": (n) => `'${"\\'\\\\".repeat(n)}'`,
  "a string of kept backslashes": (n) => `'${"\\a".repeat(n)}'`,
  "an unclosed string of escapes": (n) => `'${"\\'".repeat(n)}`,
  "strings before a far backslash": (n) => `_(${"'a',".repeat(n)}'\\\\')_`,
  "strings that each hold an escape": (n) => `_(${`'a\\'',"b\\"",`.repeat(n)})_`,
  "an unclosed quote at the end": (n) => `_(${"'a',".repeat(n)}"`,
  whitespace: (n) => `_(${" \n".repeat(n)}1${"\t".repeat(n)})_`,
  digits: (n) => "7".repeat(n),
  "digits of an exponent": (n) => `1e${"0".repeat(n)}1`,
  "empty slots": (n) => `_(${",".repeat(n)})_`,
  rows: (n) => `_(${"(id:1,name:'fig',tags:_('a')_),".repeat(n)})_`,
  "distinct keys": (n) => `(${Array.from({ length: n }, (_, i) => `key${i}:${i}`).join()})`,
  "keys that share a beginning": (n) =>
    `(${Array.from({ length: n }, (_, i) => `${"k".repeat(30)}${i}:T`).join()})`,
  "one long key": (n) => `(${"k".repeat(n)}:T)`,
  "keys of a mapped array": (n) => `~T(${Array.from({ length: n }, (_, i) => `key${i}`).join()})~`,
  "text below many brackets": (n) => `${"_(".repeat(60)}'${"\\'x".repeat(n)}'${")_".repeat(60)}`,
};
const VALUES: Readonly<Record<string, (n: number) => unknown>> = {
  "a long string": (n) => "x".repeat(n),
  "a string of quotes": (n) => "'\"`\\".repeat(n),
  "many short strings": (n) => Array<string>(n).fill("it's é"),
  "many keys": (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`key ${i}`, "é"])),
  "text below many brackets": (n) => Array.from({ length: 900 }).reduce((inner) => [inner], "x".repeat(n)),
  rows: (n) => Array.from({ length: n }, (_, i) => ({ id: i, name: "fig", price: 1.25, note: "it's" })),
};

describe("work is a few steps for each code unit of the text, however long", () => {
  function expectLinear(stepsPerUnit: (n: number) => number): void {
    for (const n of [10, 300, 10_000]) expect(stepsPerUnit(n)).toBeWithin(0, 8);
  }

  for (const [name, make] of Object.entries(TEXTS)) {
    test(`reading ${name}`, () => {
      expectLinear((n) => {
        const text = make(n);
        return workOf(() => parse(text, { maxNodes: Infinity })) / text.length;
      });
    });
  }

  for (const [name, make] of Object.entries(VALUES)) {
    test(`writing ${name}`, () => {
      expectLinear((n) => {
        const given = make(n);
        return workOf(() => stringify(given)) / stringify(given).length;
      });
    });
  }
});
