import { beforeAll, expect, test } from "bun:test";
import { ask, ids } from "../../support/served.ts";
import type { Subject } from "../subject.ts";

const NOON = Date.parse("2024-02-29T12:00:00Z");

/** A column, two neighbouring values as they are stored, and a value between them that is none of its own. */
const BETWEEN: readonly (readonly [
  column: string,
  low: string | number,
  high: string | number,
  asked: string,
])[] = [
  ["seconds", NOON, NOON + 1000, "'2024-02-29T12:00:00.500Z'"],
  ["seconds", NOON, NOON + 1000, `${NOON + 999}`],
  ["seconds", NOON, NOON + 1000, "'2024-02-29T14:00:00.000000001+02:00'"],
  ["seconds", -1000, 0, "-1"],
  ["millis", NOON, NOON + 1, "'2024-02-29T12:00:00.000500Z'"],
  ["millis", NOON, NOON + 1, "'2024-02-29T12:00:00.000999999Z'"],
  ["millis", NOON, NOON + 1, `${NOON}.5`],
  ["millis", -1, 0, "-0.5"],
  ["decimal", "0.1", "0.2", "'0.1000000000000000055'"],
  ["decimal", "0.1", "0.2", "0.1000000000000000055"],
  ["decimal", "-0.2", "-0.1", "'-0.1000000000000000055'"],
  ["decimal", "9007199254740992", "9007199254740993", "'9007199254740992.5'"],
  ["decimal", "-9007199254740993", "-9007199254740992", "-9007199254740992.5"],
  ["decimal", "9223372036854775807", "10000000000000000000", "9223372036854775807.5"],
  ["decimal", "1000000000000000000000", "2000000000000000000000", "'1000000000000000000001'"],
];

/** What is asked of a value between those of rows 1 and 2, the third having none, and the rows that answer. */
const ASKED: readonly (readonly [filter: (column: string, value: string) => string, found: number[]])[] = [
  [(column, value) => `(${column}.lt:${value})`, [1]],
  [(column, value) => `(${column}.lte:${value})`, [1]],
  [(column, value) => `(${column}.gt:${value})`, [2]],
  [(column, value) => `(${column}.gte:${value})`, [2]],
  [(column, value) => `(${column}:${value})`, []],
  [(column, value) => `(${column}.ne:${value})`, [1, 2]],
  [(column, value) => `(NOT:(${column}:${value}))`, [1, 2]],
  [(column, value) => `(NOT:(${column}.ne:${value}))`, []],
  [(column, value) => `(NOT:(${column}.lt:${value}))`, [2]],
  [(column, value) => `(${column}.in:_(${value})_)`, []],
  [(column, value) => `(NOT:(${column}.in:_(${value})_))`, [1, 2]],
  [(column, value) => `(${column}.notIn:_(${value})_)`, [1, 2]],
  [(column, value) => `(${column}.between:_(${value},${value})_)`, []],
  [(column, value) => `(${column}.notBetween:_(${value},${value})_)`, [1, 2]],
];

/** Chapter 5: what is asked is compared, also where a column holds nothing as fine. */
export function bounds(app: Subject): void {
  beforeAll(app.reset);
  test.each(BETWEEN)("%s compares %p and %p with %s as it is written", async (column, low, high, value) => {
    const wrong: unknown[] = [];
    await app.remove("samples");
    const made = await app.post("samples", [{ id: 1, [column]: low }, { id: 2, [column]: high }, { id: 3 }]);
    expect(made.status).toBe(200);
    const [first, second] = [low, high].map((bound) => (typeof bound === "number" ? bound : `'${bound}'`));
    const cases = [
      ...ASKED.map(([filter, found]) => [filter(column, value), found] as const),
      [`(${column}.in:_(${value},${second},${value})_)`, [2]],
      [`(${column}.notIn:_(${value},${second})_)`, [1]],
      [`(${column}.between:_(${first},${value})_)`, [1]],
      [`(${column}.between:_(${value},${second})_)`, [2]],
      [`(${column}.notBetween:_(${first},${value})_)`, [2]],
      [`(${column}.notBetween:_(${value},${second})_)`, [1]],
    ] as const;
    for (const [where, found] of cases) {
      const answer = await app.get(ask("samples", `(columns:~T(id)~,where:${where})`));
      const got = answer.status === 200 ? ids(answer, "samples") : answer.body;
      if (!Bun.deepEquals(got, found)) wrong.push([where, got, found]);
    }
    expect(wrong).toEqual([]);
  });
}
