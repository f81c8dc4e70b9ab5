import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { notation } from "../../client/notation.ts";
import { stringify } from "../../src/rjson/rjson.ts";

// A failure prints the seed; run again with LAW_SEED=… to repeat it.
const seed = Number(process.env["LAW_SEED"] ?? Date.now() % 2 ** 31);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("'", '"', "`", "\\", "a", ",", "(", "é", "🚀", "\ud800"),
    maxLength: 300,
  }),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.integer().map((n) => n / 100),
  fc.constantFrom(-0, 1e4, 1e21, 1e-7),
);
const key = fc.oneof(text, fc.constantFrom("__proto__", "toString", "", "0", "title.like", "a"));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 5, selector: ([name]) => name })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

describe("the clients' own short writer", () => {
  test("writes whatever JSON can carry as `stringify` does", () => {
    fc.assert(
      fc.property(value, (given) => expect(notation(given)).toBe(stringify(given))),
      { seed, numRuns: 2000 },
    );
  });
});
