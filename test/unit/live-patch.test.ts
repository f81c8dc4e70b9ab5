import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyPatch } from "rfc6902";
import { patched } from "../../client/live/patch.ts";
import { shared } from "../../client/live/shared.ts";
import type { Operation } from "../../src/live/contract.ts";
import { difference } from "../../src/live/difference.ts";

// Names that patches write otherwise, that look like places, and that every object has.
const NAME = fc.constantFrom("a", "b", "~", "a/b", "~1", "", "0", "01", "-", "toString", "constructor");
const { value: VALUE } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, 1, "", "x"),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(NAME, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
/** Rows that a key tells apart, some of which are in both lists. */
const ROWS = fc.uniqueArray(fc.record({ id: fc.nat(9), title: fc.constantFrom("a", "b") }), {
  selector: ({ id }) => id,
});
const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};

describe("a patch", () => {
  test("makes of one document the other, to the letter, and leaves the first alone", () => {
    fc.assert(
      fc.property(VALUE, VALUE, (before, after) => {
        const made = patched(frozen(before), frozen(difference(before, after)));
        expect(JSON.stringify(made)).toBe(JSON.stringify(after));
      }),
      { numRuns: 2_000 },
    );
  });

  test("moves rows, which stay the same objects where they stay the same", () => {
    fc.assert(
      fc.property(ROWS, ROWS, (before, after) => {
        const identity = { within: new Map([["posts", { key: ["id"] }]]) };
        const operations = difference({ posts: before }, { posts: after }, identity);
        const { posts } = patched(frozen({ posts: before }), operations) as { posts: typeof after };
        expect(posts).toEqual(after);
        for (const row of posts) {
          const old = before.find(({ id }) => id === row.id);
          const untouched = !operations.some(({ op }) => op === "replace" || op === "add");
          if (untouched && old !== undefined) expect(row).toBe(old);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("does what another package makes of it", () => {
    const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
    // It takes no such name for a member.
    const path = fc
      .array(
        NAME.filter((name) => name !== "constructor"),
        { minLength: 1, maxLength: 3 },
      )
      .map(pointer);
    const operation = fc.oneof(
      fc.record({ op: fc.constantFrom("add", "replace"), path, value: VALUE }),
      fc.record({ op: fc.constant("remove"), path }),
      // Nothing moves into itself (RFC 6902, 4.4).
      fc
        .record({ op: fc.constant("move"), from: path, path })
        .filter((move) => !move.path.startsWith(`${move.from}/`)),
    ) as fc.Arbitrary<Operation>;
    let fitting = 0;
    fc.assert(
      fc.property(VALUE.filter(isObject), operation, (before, change) => {
        let made: unknown;
        try {
          made = patched(frozen(before), [change]);
        } catch {
          return; // stricter: it wants members, and places as they are written
        }
        fitting++;
        const theirs = structuredClone(before);
        expect(applyPatch(theirs, [change as never])).toEqual([null]);
        expect(made).toEqual(theirs);
      }),
      { numRuns: 20_000 },
    );
    expect(fitting).toBeGreaterThan(500);
  });

  test.each([
    ["replace", "/a/b", 1],
    ["replace", "/toString", 1],
    ["add", "/__proto__/polluted", 1],
    ["add", "/__proto__", { polluted: 1 }],
    ["add", "/constructor/prototype/polluted", 1],
    ["add", "/rows/3", 1],
    ["add", "/rows/-1", 1],
    ["add", "/rows/01", 1],
    ["add", "/rows/1e0", 1],
    ["add", "/rows/length", 1],
    ["add", "rows", 1],
    ["add", "/text/0", 1],
    ["add", "/none/a", 1],
  ])("that would %s %s does not fit", (op, path, value) => {
    const document = frozen({ rows: [1, 2], text: "abc", none: null });
    expect(() => patched(document, [{ op, path, value } as Operation])).toThrow("does not fit");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("keeps members of that name, which JSON may have", () => {
    const document = JSON.parse('{"meta":{"__proto__":{"a":1},"b":1}}') as unknown;
    const made = patched(document, [{ op: "replace", path: "/meta/b", value: 2 }]);
    expect(JSON.stringify(made)).toBe('{"meta":{"__proto__":{"a":1},"b":2}}');
    expect(JSON.stringify(shared({ meta: {} }, document))).toBe(JSON.stringify(document));
  });
});

const pointer = (names: readonly string[]): string =>
  names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

describe("what two documents share", () => {
  test("changes nothing of what the second says", () => {
    fc.assert(
      fc.property(VALUE, VALUE, (before, after) => {
        expect(JSON.stringify(shared(frozen(before), frozen(after)))).toBe(JSON.stringify(after));
      }),
      { numRuns: 2_000 },
    );
  });

  test("is the same objects: all of it, members, and rows wherever they stand", () => {
    const before = { posts: [{ id: 1 }, { id: 2 }], page: { next: "x" }, count: 2 };
    expect(shared(before, structuredClone(before))).toBe(before);
    const after = { posts: [{ id: 3 }, { id: 2 }, { id: 1 }], page: { next: "x" }, count: 3 };
    const made = shared(before, after) as typeof after;
    expect(made.page).toBe(before.page);
    expect(made.posts[1]).toBe(before.posts[1]);
    expect(made.posts[2]).toBe(before.posts[0]);
  });
});
