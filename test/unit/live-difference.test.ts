import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyPatch, type Operation } from "rfc6902";
import { difference, type Identity } from "../../src/live/difference.ts";
import { State } from "../../src/live/state.ts";
import { writeEvent } from "../../src/live/event.ts";

const ROWS: Identity = {
  within: new Map([
    ["rows", { key: ["id"], within: new Map([["inner", { key: ["a", "b"] }]]) }],
    ["row", {}],
  ]),
};

/** What a client makes of a document and its changes, by a package of others. */
function patched(before: unknown, after: unknown, identity?: Identity): unknown {
  const document = { root: structuredClone(before) };
  const operations = difference(before, after, identity).map((operation) => ({
    ...operation,
    path: `/root${operation.path}`,
    ...("from" in operation && { from: `/root${operation.from}` }),
  }));
  // Values are parts of the other document, which must stay as it is.
  const failed = applyPatch(document, structuredClone(operations) as Operation[]).filter(Boolean);
  expect(failed).toEqual([]);
  return document.root;
}

const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("x", "", null, true, 0.5));
const names = fc.constantFrom("a", "b", "id", "7", "1", "a/b", "~", "é", "title");
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small" }, leaf, tie("list"), tie("object")),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(names, tie("any"), { maxKeys: 4 }),
})).any;
const row = fc.record(
  {
    id: fc.integer({ min: 0, max: 8 }),
    title: leaf,
    inner: fc.uniqueArray(fc.record({ a: fc.nat(2), b: fc.nat(2), c: leaf }), {
      selector: ({ a, b }) => `${a} ${b}`,
      maxLength: 4,
    }),
  },
  { requiredKeys: ["id"] },
);
const answer = fc.record({
  total: fc.nat(9),
  rows: fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 9 }),
});

describe("the difference of two documents", () => {
  test("makes one of the other, to the letter, whatever they are", () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(JSON.stringify(patched(before, after))).toBe(JSON.stringify(after));
      }),
      { numRuns: 400 },
    );
  });

  test("makes one answer of the other, to the letter", () => {
    fc.assert(
      fc.property(answer, answer, (before, after) => {
        expect(JSON.stringify(patched(before, after, ROWS))).toBe(JSON.stringify(after));
      }),
      { numRuns: 400 },
    );
  });

  test("takes no key for one that two rows share, that is null, or that is missing", () => {
    const lists = fc.array(fc.record({ id: fc.option(fc.nat(2)), x: leaf }, { requiredKeys: ["x"] }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const made = patched({ rows: before }, { rows: after }, ROWS);
        expect(JSON.stringify(made)).toBe(JSON.stringify({ rows: after }));
      }),
      { numRuns: 500 },
    );
  });

  test("moves as few rows as can be", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
        (before, after) => {
          const rows = (ids: readonly number[]): unknown => ({
            rows: ids.map((id) => ({ id, text: "long" })),
          });
          const found = difference(rows(before), rows(after), ROWS);
          expect(found.every(({ op }) => op === "move")).toBe(true);
          expect(found.length).toBe(7 - longestCommon(before, after));
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ["nothing where nothing changed", [1, 2], [1, 2], []],
    ["a row that came", [1, 3], [1, 2, 3], [{ op: "add", path: "/rows/1", value: { id: 2 } }]],
    ["a row that went", [1, 2, 3], [1, 3], [{ op: "remove", path: "/rows/1" }]],
    ["a row that moved up", [1, 2, 3], [3, 1, 2], [{ op: "move", from: "/rows/2", path: "/rows/0" }]],
    ["a row that moved down", [1, 2, 3], [2, 3, 1], [{ op: "move", from: "/rows/0", path: "/rows/2" }]],
  ])("says %s", (_, before, after, expected) => {
    const rows = (ids: readonly number[]): unknown => ({ rows: ids.map((id) => ({ id })) });
    expect(difference(rows(before), rows(after), ROWS)).toEqual(expected as never);
  });

  test("replaces a row whose members would come to stand in another order", () =>
    expect(difference({ rows: [{ id: 1, a: 1, z: 1 }] }, { rows: [{ id: 1, m: 1, z: 1 }] }, ROWS)).toEqual([
      { op: "replace", path: "/rows/0", value: { id: 1, m: 1, z: 1 } },
    ]));

  test("changes a member where it stands", () =>
    expect(difference({ rows: [{ id: 1, a: 1 }] }, { rows: [{ id: 1, a: 2 }] }, ROWS)).toEqual([
      { op: "replace", path: "/rows/0/a", value: 2 },
    ]));

  test("never speaks of a member that is called `__proto__`", () => {
    const [before, after] = ['{"a":{"__proto__":1}}', '{"a":{"__proto__":2}}'].map(
      (text) => JSON.parse(text) as unknown,
    );
    expect(difference(before, after)).toEqual([
      { op: "replace", path: "/a", value: (after as { a: unknown }).a },
    ]);
  });
});

test("a change among digits that no double keeps is told with all of them", () => {
  const answer = (n: string, size: string): string =>
    `{"rows":[{"id":1,"title":"${"long ".repeat(20)}","n":${n},"size":${size}}]}`;
  const before = new State(answer("9007199254740993", "1.00000000000000000001"), "a");
  const after = new State(answer("9007199254740992.5", "1.00000000000000000001"), "b");
  expect(after.since(before, ROWS)).toEqual({
    event: "patch",
    id: "b",
    data: '[{"op":"replace","path":"/rows/0/n","value":9007199254740992.5}]',
  });
});

/** The length of the longest part that two lists have in the same order (by dynamic programming). */
function longestCommon(a: readonly number[], b: readonly number[]): number {
  const best = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++)
      best[i]![j] =
        a[i - 1] === b[j - 1] ? best[i - 1]![j - 1]! + 1 : Math.max(best[i - 1]![j]!, best[i]![j - 1]!);
  return best[a.length]![b.length]!;
}

describe("an event", () => {
  test.each([
    [
      "has its lines",
      { event: "patch", id: "x", data: "[]" },
      undefined,
      "event: patch\nid: x\ndata: []\n\n",
    ],
    ["may say nothing", { event: "same", id: "x" }, undefined, "event: same\nid: x\ndata: \n\n"],
    [
      "may hold lines",
      { event: "answer", data: '{\r\n"a":\n1}' },
      undefined,
      'event: answer\ndata: {\ndata: "a":\ndata: 1}\n\n',
    ],
    ["carries a key", { event: "end", data: "{}" }, 'a"', 'event: end\ndata: {"key":"a\\"","data":{}}\n\n'],
    ["may be a key alone", { event: "same", id: "x" }, "a", 'event: same\nid: x\ndata: {"key":"a"}\n\n'],
  ] as const)("%s", (_, event, key, text) => expect(writeEvent(event, key)).toBe(text));
});
