import { describe, expect, test } from "bun:test";
import {
  encodeURLValue,
  parse,
  RJSON,
  rjson,
  RJSONParseError,
  stringify,
  type ParseOptions,
} from "../../src/rjson/rjson.ts";
import vectors from "./rjson-vectors.json";

// The encoding of values is explained on top of the file of vectors.
interface Vector {
  readonly name?: string;
  readonly op?: string;
  readonly text?: string;
  readonly textParts?: readonly (readonly [string, number])[];
  readonly input?: unknown;
  readonly value?: unknown;
  readonly key?: string;
  readonly keys?: readonly string[];
  readonly index?: number;
  readonly error?: boolean;
  readonly encoded?: string;
  readonly options?: ParseOptions;
  readonly correct?: Outcome;
  readonly recommended?: Outcome;
}
interface Outcome {
  readonly value?: unknown;
  readonly text?: string;
  readonly error?: boolean;
  readonly errorClass?: string;
  readonly index?: number;
  readonly anyIndex?: boolean;
  readonly distinctPaths?: readonly (readonly [string])[];
  readonly note?: string;
}

const JAVASCRIPT: Readonly<Record<string, () => unknown>> = {
  "new Date(0)": () => new Date(0),
  "{d:new Date(0)}": () => ({ d: new Date(0) }),
  "new Date(NaN)": () => new Date(Number.NaN),
  'new Map([["a",1]])': () => new Map([["a", 1]]),
  "new Set([1])": () => new Set([1]),
  "/a/g": () => /a/g,
  'new Error("x")': () => new Error("x"),
  "{toJSON(){ return 5 }}": () => ({ toJSON: () => 5 }),
  "new Number(5)": () => Object(5),
  'new String("ab")': () => Object("ab"),
  "new Boolean(false)": () => Object(false),
  "10n": () => 10n,
  "function f(){ return 1 }": () =>
    function f() {
      return 1;
    },
  "{a:1,f:()=>1}": () => ({ a: 1, f: () => 1 }),
  "[()=>1]": () => [() => 1],
  'Symbol("q")': () => Symbol("q"),
  '{[Symbol("k")]:1,a:2}': () => ({ [Symbol("k")]: 1, a: 2 }),
  "new Uint8Array([1,2])": () => new Uint8Array([1, 2]),
  "Object.create({a:1})": () => Object.create({ a: 1 }),
  "Object.assign(Object.create(null),{a:1})": () => Object.assign(Object.create(null), { a: 1 }),
  "{get a(){ return 1 }}": () => ({
    get a() {
      return 1;
    },
  }),
  "Object.assign([1],{x:2})": () => Object.assign([1], { x: 2 }),
  "(()=>{const o={};o.self=o;return o})()": () => {
    const o: { self?: unknown } = {};
    o.self = o;
    return o;
  },
  "[]": () => [],
  undefined: () => undefined,
};

function decode(coded: unknown): unknown {
  if (Array.isArray(coded)) {
    const out: unknown[] = [];
    out.length = coded.length;
    coded.forEach((item, i) => {
      if (item?.$ !== "hole") out[i] = decode(item);
    });
    return out;
  }
  if (typeof coded !== "object" || coded === null) return coded;
  const tag = (coded as { readonly $?: string }).$;
  switch (tag) {
    case undefined:
      return fromEntries(Object.entries(coded));
    case "undefined":
      return undefined;
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Infinity;
    case "-Infinity":
      return -Infinity;
    case "-0":
      return -0;
    case "object":
      return fromEntries((coded as unknown as { readonly entries: [string, unknown][] }).entries);
    case "js":
      return JAVASCRIPT[(coded as unknown as { readonly code: string }).code]!();
  }
  throw new Error(`unknown tag ${tag}`);
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item)]));
}

// Tells apart what `toEqual` does not: -0, key order, prototypes, own undefined members.
function show(value: unknown): string {
  if (Array.isArray(value))
    return `${Object.getPrototypeOf(value) === Array.prototype ? "" : "!"}[${Array.from(value, show).join()}]`;
  if (typeof value === "object" && value !== null) {
    const plain = Object.getPrototypeOf(value) === Object.prototype ? "" : "!";
    const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${show(item)}`);
    return `${plain}{${members.join()}}`;
  }
  return Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value);
}

function caught(act: () => unknown): unknown {
  try {
    return `no error but ${show(act())}`;
  } catch (error) {
    return error;
  }
}

function expectParseError(act: () => unknown, index: number | undefined): void {
  const error = caught(act);
  expect(error).toBeInstanceOf(RJSONParseError);
  if (index !== undefined) expect((error as RJSONParseError).index).toBe(index);
}

function textOf(vector: Vector): string {
  return vector.text ?? (vector.textParts ?? []).map(([part, count]) => part.repeat(count)).join("");
}

function run(vector: Vector): unknown {
  if (vector.op === "stringify") return stringify(decode(vector.value));
  if (vector.op === "stringifyKey") return RJSON.stringifyKey(vector.key!);
  if (vector.op === "stringifyMappedArray")
    return RJSON.stringifyMappedArray(decode(vector.value), vector.keys!);
  return parse("input" in vector ? (decode(vector.input) as string) : textOf(vector), vector.options);
}

function expectOutcome(vector: Vector, outcome: Outcome): void {
  if (outcome.note !== undefined) return;
  if (outcome.text !== undefined) expect(run(vector)).toBe(outcome.text);
  else if (outcome.errorClass !== undefined || (outcome.error && vector.op !== "parse"))
    expect(caught(() => run(vector))).toBeInstanceOf(TypeError);
  else if (outcome.error) expectParseError(() => run(vector), outcome.index);
  else expect(show(run(vector))).toBe(show(decode(outcome.value)));
}

function section(name: keyof typeof vectors.counts, count: number, check: (vector: Vector) => void): void {
  describe(`vectors: ${name}`, () => {
    const list = vectors[name] as unknown as readonly Vector[];
    test(`there are ${count}`, () => expect(list).toHaveLength(count));
    list.forEach((vector, i) =>
      test(`${i} ${vector.name ?? JSON.stringify(textOf(vector)).slice(0, 60)}`, () => check(vector)),
    );
  });
}

section("parse", 244, (vector) => expect(show(parse(textOf(vector)))).toBe(show(decode(vector.value))));
section("parseErrors", 149, (vector) => expectParseError(() => parse(textOf(vector)), vector.index));
section("stringify", 133, (vector) => {
  expect(stringify(decode(vector.value))).toBe(vector.text!);
  expect(show(parse(vector.text!))).toBe(show(decode(vector.value)));
});
section("roundtrip", 40, (vector) =>
  expect(show(parse(stringify(decode(vector.value))))).toBe(show(decode(vector.value))),
);
section("stringifyKey", 25, (vector) => expect(RJSON.stringifyKey(vector.key!)).toBe(vector.text!));
section("stringifyMappedArray", 26, (vector) =>
  expect(RJSON.stringifyMappedArray(decode(vector.value), vector.keys!)).toBe(vector.text!),
);
section("parseOptions", 16, (vector) => {
  if (vector.error) expectParseError(() => parse(vector.text!, vector.options), vector.index);
  else expect(show(parse(vector.text!, vector.options))).toBe(show(decode(vector.value)));
});
section("urlValues", 30, (vector) => {
  const encoded = RJSON.encodeURIComponent(vector.text!);
  expect(encoded).toBe(vector.encoded!);
  expect(new URL(`http://h/p?q=${encoded}`).searchParams.get("q")).toBe(vector.text!);
});
section("deviations", 84, (vector) => expectOutcome(vector, vector.correct!));
section("judgement", 32, (vector) => expectOutcome(vector, vector.recommended!));

describe("parse", () => {
  test("gives every key of a mapped array its own copy, however deep", () => {
    const value = parse("~\\(x:_((y:1))_,__proto__:(z:1))(a,b,__proto__)~") as Record<
      string,
      { x: [{ y: number }] }
    >;
    value["a"]!.x[0].y = 2;
    expect(stringify(value)).toBe(
      "(a:(x:_((y:2))_,__proto__:(z:1)),b:(x:_((y:1))_,__proto__:(z:1)),__proto__:(x:_((y:1))_,__proto__:(z:1)))",
    );
  });

  test("refuses a text that stands for more values than allowed, before it makes them", () => {
    const bomb = `${"~".repeat(40)}T${"(a,b)~".repeat(40)}`;
    expect(String(caught(() => parse(bomb)))).toBe("RJSONParseError: more than 100000 values at index 134");
    expectParseError(() => parse("_(1,2,3)_", { maxNodes: 3 }), 6);
    expectParseError(() => parse("_(,,,)_", { maxNodes: 3 }), 4);
    expectParseError(() => parse("(a:,b:)", { maxNodes: 2 }), 6);
    expectParseError(() => parse("~_(1)_(a,b)~", { maxNodes: 4 }), 9);
    expect(show(parse("~_(1)_(a,b)~", { maxNodes: 5 }))).toBe('{"a":[1],"b":[1]}');
  });

  test("refuses to nest deeper than allowed, at the bracket", () => {
    expect(parse(`${"_(".repeat(64)}${")_".repeat(64)}`)).toBeArray();
    expectParseError(() => parse(`${"_(".repeat(65)}${")_".repeat(65)}`), 128);
    expectParseError(() => parse("(a:".repeat(65)), 192);
    expectParseError(() => parse("~".repeat(65)), 64);
    expectParseError(() => parse("(a:(b:1))", { maxDepth: 1 }), 3);
    expectParseError(() => parse("(a:1)", { maxDepth: 0 }), 0);
    expectParseError(() => parse("_(".repeat(5000), { maxDepth: Infinity }), 2000);
    expectParseError(() => parse("_(".repeat(5000), { maxDepth: Number.NaN }), 2000);
  });

  test("keeps `__proto__` as an own member, or refuses it at its first character", () => {
    const value = parse("(__proto__:(admin:T))") as { admin?: boolean };
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(value.admin).toBeUndefined();
    const options = { protoKeys: "error" } as const;
    for (const text of [
      "(a:1,__proto__:1)",
      "(a:1,'__proto__':1)",
      "~T(a,__proto__)~",
      "~T(a,`__proto__`)~",
    ]) {
      expectParseError(() => parse(text, options), 5);
      expectParseError(() => parse(text, options), 5);
    }
    expect(show(parse("(constructor:1,toString:2)", options))).toBe('{"constructor":1,"toString":2}');
  });

  test("never goes through a setter or a frozen member of the prototype", () => {
    Object.defineProperty(Object.prototype, "trap", {
      set() {
        throw new Error("set");
      },
      configurable: true,
    });
    try {
      expect(Object.keys(parse("(trap:1,a:(trap:2))") as object)).toEqual(["trap", "a"]);
    } finally {
      delete (Object.prototype as { trap?: unknown }).trap;
    }
  });

  test("reads the same keys right in any order and after any other", () => {
    for (let round = 0; round < 3; round++) {
      expect(show(parse("_((id:1,name:2),(id:3,nam:4),(name:5,id:6),(id.x:7),(i:8))_"))).toBe(
        '[{"id":1,"name":2},{"id":3,"nam":4},{"name":5,"id":6},{"id.x":7},{"i":8}]',
      );
    }
    const keys = Array.from({ length: 2000 }, (_, i) => `k${i}`);
    expect(Object.keys(parse(`(${keys.map((key) => `${key}:1`).join()})`) as object)).toEqual(keys);
  });

  test("tells of a key that its object has already, where somebody wants to hear of it", () => {
    const heard: string[] = [];
    const duplicateKey = (key: string): void => void heard.push(key);
    const text = "(a:1,'a':2,b:(a:3),toString:4,'toString':5,~:6)";
    expect(show(parse(text.replace("~", ""), { duplicateKey }))).toBe(
      '{"a":2,"b":{"a":3},"toString":5,"":6}',
    );
    expect(heard).toEqual(["a", "toString"]);
    expect(parse("(a:1,a:2)")).toEqual({ a: 2 });
    const refuse = (key: string): never => {
      throw new RangeError(key);
    };
    expect(() => parse("(x:_((ab:,ab:))_)", { duplicateKey: refuse })).toThrow(new RangeError("ab"));
    expect(parse("(ab:1,ab:2)")).toEqual({ ab: 2 });
  });

  test("keeps nothing of a text that failed", () => {
    expectParseError(() => parse("(a:'b\\"), 6);
    expect(parse("'a\\'b'")).toBe("a'b");
    expect(parse("")).toBeUndefined();
  });

  test("reads a bare word as a string only where a value is due and only if asked", () => {
    const words = { words: true } as const;
    expect(show(parse("(orderBy:(updatedAt:asc,b_1:desc))", words))).toBe(
      '{"orderBy":{"updatedAt":"asc","b_1":"desc"}}',
    );
    expect(show(parse("_(TF,T,NaN,I5,e5,a_,Infinity, ab )_", words))).toBe(
      '["TF",true,"NaN","I5","e5","a_","Infinity","ab"]',
    );
    expect(show(parse("~asc(a,b)~", words))).toBe('{"a":"asc","b":"asc"}');
    expect(show(parse("_(T,F,N,U,X,I,-I,+I)_", words))).toBe(
      "[true,false,null,undefined,NaN,Infinity,-Infinity,Infinity]",
    );
    expectParseError(() => parse("(a:asc)"), 3);
    expectParseError(() => parse("(a:b)", words), 3);
    expectParseError(() => parse("_a", words), 1);
    expectParseError(() => parse("a.b", words), 0);
    expectParseError(() => parse("ab.c", words), 2);
    expectParseError(() => parse("-Infinity", words), 2);
    expectParseError(() => parse("1ab", words), 1);
    expectParseError(() => parse("a b", words), 0);
    const dotted = { words: "dotted" } as const;
    expect(show(parse("_(status,createdAt.month,a.b,T,F.x,1.5)_", dotted))).toBe(
      '["status","createdAt.month","a.b",true,"F.x",1.5]',
    );
    expectParseError(() => parse("_.a", dotted), 1);
  });

  test("has errors with a name, an index and a short sentence that echoes one character at most", () => {
    const error = caught(() => parse("(a:1;<script>)")) as RJSONParseError;
    expect(String(error)).toBe("RJSONParseError: unexpected `;` at index 4");
    expect(Object.keys(error)).toEqual(["index"]);
    expect(String(caught(() => parse("\n\u2028")))).toBe("RJSONParseError: unexpected `U+2028` at index 1");
    expect(String(caught(() => parse("(a")))).toBe("RJSONParseError: unexpected end at index 2");
  });
});

describe("stringify", () => {
  test("writes text outside ASCII, across the borders of its buffer", () => {
    const samples = [
      "é",
      "ሰላም ፍሬ",
      "🚀",
      "a\ud800",
      "\udc00b",
      "\ud800\ud800",
      "\ufeff",
      "'ሰ",
      "x".repeat(300),
      "ሰ".repeat(300),
    ];
    for (const sample of samples) expect(parse(stringify(sample))).toBe(sample);
    const wide = Array.from({ length: 2000 }, (_, i) => "ሰላም🚀".repeat(1 + ((i * 7) % 50)));
    expect(parse(stringify(wide))).toEqual(wide);
    for (let length = 16_300; length < 16_400; length += 7) {
      const value = {
        [`'${"k".repeat(50)}`]: "y".repeat(90),
        list: [Array<number>(length >> 1).fill(7), samples, -12.25, "it's"],
      };
      expect(parse(stringify(value))).toEqual(value);
    }
  });

  test("puts what it wrote aside while a toJSON or a getter calls it", () => {
    const inner = { toJSON: (key: string) => stringify({ key, list: [1, "é"] }) };
    const value = {
      a: "before",
      inner,
      get late() {
        return stringify([this.a]);
      },
      z: [inner],
    };
    expect(stringify(value)).toBe(
      "(a:'before',inner:\"(key:'inner',list:_(1,'é')_)\",late:\"_('before')_\",z:_(\"(key:'0',list:_(1,'é')_)\")_)",
    );
    const failing = {
      toJSON: () => {
        expect(() => stringify({ a: Symbol("s") })).toThrow(TypeError);
        return 1;
      },
    };
    expect(stringify({ a: "kept", failing, b: 2 })).toBe("(a:'kept',failing:1,b:2)");
  });

  test("refuses what the notation has no form for", () => {
    const refused = [
      new Map(),
      new WeakSet(),
      Promise.resolve(),
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
      Object(Symbol("s")),
      [].values(),
    ];
    for (const value of refused) expect(() => stringify([{ value }])).toThrow(TypeError);
    expect(String(caught(() => stringify({ a: new Map() })))).toBe(
      "TypeError: a Map cannot be written as RJSON",
    );
    expect(stringify(Object(5n))).toBe("'5'");
    expect(stringify(new URL("http://h/"))).toBe("'http://h/'");
  });

  test("refuses cycles and extreme depth, not the same value twice", () => {
    const shared = { a: 1 };
    expect(stringify([shared, shared])).toBe("_((a:1),(a:1))_");
    const cycle: unknown[] = [];
    cycle.push([{ cycle }]);
    expect(String(caught(() => stringify(cycle)))).toBe("TypeError: a cycle cannot be written as RJSON");
    const nest = (levels: number): unknown => Array.from({ length: levels }).reduce((value) => [value], 1);
    expect(stringify(nest(1000))).toHaveLength(4001);
    expect(String(caught(() => stringify(nest(1001))))).toContain("more than 1000 levels");
  });

  test("writes every kind of number so that it reads back", () => {
    const numbers = [
      1e9,
      999999999,
      956782247340118000000,
      1000000001,
      -7,
      -0.25,
      0.29,
      1.005,
      0.009,
      123456.78,
      4.35,
      1.1,
      2 ** 31,
      1e21,
      20000,
      -20000,
      1.999999,
      99.995,
    ];
    expect(stringify(numbers)).toBe(
      "_(1e+9,999999999,9.56782247340118e+20,1000000001,-7,-0.25,0.29,1.005,9e-3,123456.78,4.35,1.1,2147483648,1e+21,2e+4,-2e+4,1.999999,99.995)_",
    );
    for (let i = 0; i < 3000; i++) expect(stringify(i / 100)).toBe(RJSONNumber(i / 100));
  });
});

function RJSONNumber(number: number): string {
  const [decimal, exponential] = [`${number}`, number.toExponential()];
  return exponential.length < decimal.length ? exponential : decimal;
}

describe("rjson`…`", () => {
  test("writes its holes, so that none can add a member", () => {
    const name = "x',admin:T,y:'";
    expect(rjson`(n:${name},list:_(${-0},${null},${[undefined]})_,${"a key"}:${{ b: "é" }})`).toEqual({
      n: name,
      list: [-0, null, [undefined]],
      "a key": { b: "é" },
    });
    expect(() => rjson`(n:'${",a:T,b:"}')`).toThrow(RJSONParseError);
    expect(() => rjson`(n:1${2})`).toThrow(RJSONParseError);
  });

  test("takes the literal as it is written", () => {
    expect(rjson`~\(x:'a\nb')(k)~`).toEqual({ k: { x: "a\\nb" } });
    expect(rjson`~${{ x: 1 }}(k)~`).toEqual({ k: { x: 1 } });
    expect(rjson`_("it's",${1},'it\'s',${2})_`).toEqual(["it's", 1, "it's", 2]);
    expect(rjson``).toBeUndefined();
  });
});

describe("RJSON", () => {
  test("is a frozen plain object", () => {
    expect(Object.isFrozen(RJSON)).toBeTrue();
    expect(Object.keys(RJSON)).toEqual([
      "parse",
      "stringify",
      "stringifyKey",
      "stringifyMappedArray",
      "encodeURIComponent",
    ]);
  });

  test("refuses to put a lone surrogate into a URL", () => {
    expect(() => encodeURLValue("'\ud800'")).toThrow(
      new TypeError("text with a lone surrogate cannot stand in a URL"),
    );
  });
});
