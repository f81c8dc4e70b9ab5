import { describe, expect, test } from "bun:test";
import { type CursorOptions, Cursors, type Position } from "../../src/cursor/cursor.ts";
import { QueryError } from "../../src/error.ts";

const WEEK = 7 * 24 * 3_600_000;
const SECRET = "a secret of more than thirty-two characters";
const BINDING = JSON.stringify(["posts", "acl.posts.control.GET.all", "id asc", "ada"]);

function cursors(options: Partial<CursorOptions> = {}): Cursors {
  return new Cursors({ secret: SECRET, maxAge: WEEK, named: true, warn: () => undefined, ...options });
}

/** What an opened cursor holds, or the code it is refused with. */
function opened(made: Cursors, text: string, binding = BINDING): Position | string {
  try {
    return made.open(text, binding, "select.after");
  } catch (error) {
    if (error instanceof QueryError) return error.code;
    throw error;
  }
}

const REFUSED = "invalid-cursor";

describe("a cursor", () => {
  test.each<[name: string, position: Position]>([
    ["no value", [null]],
    ["an empty text", [""]],
    ["several", ["t61", null, "i9223372036854775807", "2026-01-01T00:00:00.123456+00:00"]],
    ["any text", ['"\\\u0000\u001e\u001f 🍒 \ud800', " ", "null"]],
    ["a long text", ["x".repeat(5_000)]],
  ])("holds %s", (_, position) => {
    const made = cursors();
    expect(opened(made, made.seal(position, BINDING))).toEqual(position);
  });

  test("shows nothing of what it holds", () => {
    const text = cursors().seal(["hidden", "12345"], BINDING);
    expect(Buffer.from(text, "base64url").toString("latin1")).not.toMatch(/hidden|12345|posts/);
    expect(text).toMatch(/^[\w-]+$/);
  });

  test("is as long whatever it holds, but for very long texts", () => {
    const lengths = [[null], [""], ["1", "2"], ["x".repeat(500)], ["ä".repeat(255)]].map(
      (one) => cursors().seal(one, BINDING).length,
    );
    expect(new Set(lengths)).toEqual(new Set([768]));
    expect(cursors().seal(["x".repeat(1_000)], BINDING)).toHaveLength(1_536);
    expect(cursors().seal(["x".repeat(9_000)], BINDING)).toHaveLength(12_288);
  });

  test("is short where no place in its order is long, and then as long as any other of that order", () => {
    const longest = ["i-9223372036854775808", "+275760-09-13 00:00:00.123456+00:00"];
    for (const position of [[], [null, null], ["i1", "i2"], longest]) {
      const text = cursors().seal(position, BINDING, true);
      expect(text).toHaveLength(192);
      expect(opened(cursors(), text)).toEqual(position);
    }
    expect(cursors().seal(["x".repeat(200)], BINDING, true)).toHaveLength(768);
  });

  test("is not made of what no URL holds", () => {
    expect(() => cursors().seal(["x".repeat(10_000)], BINDING)).toThrow(
      expect.objectContaining({ code: "too-complex", path: "cursor" }),
    );
  });

  test("is one text for one place, in every process with that secret", () => {
    const texts = [cursors(), cursors()].map((made) => made.seal(["a", null], BINDING));
    expect(texts[0]).toBe(texts[1]);
    const others = [
      cursors().seal(["a", "b"], BINDING),
      cursors().seal(["a", null], `${BINDING} `),
      cursors({ secret: `${SECRET}!` }).seal(["a", null], BINDING),
    ];
    expect(new Set([texts[0], ...others]).size).toBe(4);
    // Nor is its beginning, by which it is sealed.
    expect(new Set([texts[0]!, ...others].map((text) => text.slice(0, 16))).size).toBe(4);
  });
});

describe("it is refused", () => {
  const made = cursors();
  const text = made.seal(["secret", "7"], BINDING);

  test("with any character changed, missing or added", () => {
    expect(opened(made, text)).toEqual(["secret", "7"]);
    for (const behind of ["A", "AA", "AAA", "=", "\n"]) expect(opened(made, text + behind)).toBe(REFUSED);
    for (let index = 0; index < text.length; index++) {
      const other = text[index] === "A" ? "B" : "A";
      expect(opened(made, text.slice(0, index) + other + text.slice(index + 1))).toBe(REFUSED);
      expect(opened(made, text.slice(0, index) + text.slice(index + 1))).toBe(REFUSED);
      expect(opened(made, `${text.slice(0, index)}A${text.slice(index)}`)).toBe(REFUSED);
    }
  });

  test("with any bit of its bytes turned", () => {
    const bytes = Buffer.from(text, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(opened(made, turned.toString("base64url"))).toBe(REFUSED);
    }
  });

  test.each([
    "",
    "x",
    "null",
    "[]",
    "A".repeat(768),
    "ä".repeat(768),
    "=",
    "a".repeat(20_000),
    `${"_".repeat(383)}+`,
  ])("what never was one: %p", (text) => expect(opened(made, text)).toBe(REFUSED));

  test("where something else is bound to it", () => {
    for (const binding of ["", `${BINDING} `, BINDING.replace("ada", "ben"), BINDING.replace("asc", "desc")])
      expect(opened(made, text, binding)).toBe(REFUSED);
  });

  test("by another secret, and by a process that made its own", () => {
    expect(opened(cursors({ secret: SECRET.toUpperCase() }), text)).toBe(REFUSED);
    const own = [cursors({ secret: undefined }), cursors({ secret: undefined })];
    const mortal = own[0]!.seal(["1"], BINDING);
    expect(own.map((one) => opened(one, mortal))).toEqual([["1"], REFUSED]);
  });

  test("when it is too old: at the latest after its age, and not before half of it", () => {
    const at = (now: number): Cursors => cursors({ maxAge: 1_000, now: () => now });
    for (let made = 0; made < 1_000; made += 50) {
      const text = at(1e12 + made).seal(["1"], BINDING);
      for (let later = 0; later <= 500; later += 50)
        expect(opened(at(1e12 + made + later), text)).toEqual(["1"]);
      expect(opened(at(1e12 + made + 1_001), text)).toBe(REFUSED);
    }
  });

  test("and its text is the same for half of its age", () => {
    const texts = [0, 1, 499, 500, 999].map((now) =>
      cursors({ maxAge: 1_000, now: () => 1e12 + now }).seal(["1"], BINDING),
    );
    expect(new Set(texts.slice(0, 3)).size).toBe(1);
    expect(new Set(texts.slice(3)).size).toBe(1);
    expect(texts[0]).not.toBe(texts[4]);
  });
});

test("what cursors lack is told once, when there is one", () => {
  const told = (options: Partial<CursorOptions>): readonly string[] => {
    const sentences: string[] = [];
    const made = cursors({ ...options, warn: (sentence) => sentences.push(sentence) });
    expect(sentences).toEqual([]);
    made.seal(["1"], BINDING);
    made.seal(["2"], BINDING);
    return sentences;
  };
  expect(told({})).toEqual([]);
  expect(told({ secret: undefined })).toEqual([expect.stringContaining("`secret`")]);
  expect(told({ named: false })).toEqual([expect.stringContaining("`caller`")]);
  expect(told({ secret: undefined, named: false })).toHaveLength(2);
});
