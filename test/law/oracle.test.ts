import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asked, type Asked, blog, entry, toSelector } from "../support/arbitrary.ts";
import {
  LEAST,
  PATIENCE,
  readACL,
  routeOver,
  runs,
  same,
  SEED,
  thatMany,
  unsaid,
  watch,
  type Watched,
} from "../support/laws.ts";
import type { World } from "../support/model.ts";
import { type Question, readAnswer } from "../support/oracle.ts";
import type { EntrySpec } from "../support/rules.ts";
import { path } from "../support/write.ts";

let watched: Watched;
beforeAll(async () => {
  watched = await watch("libsql memory");
});
afterAll(() => watched.close());

const seen = { answered: 0, refused: 0, open: 0 };

/** What the engine answers otherwise than the oracle, or `undefined`. */
async function disagreement(
  world: World,
  spec: EntrySpec,
  questions: readonly Asked[],
): Promise<string | undefined> {
  const { ask, errors } = routeOver(readACL("rows", spec), watched.database);
  for (const { flags, wish, me } of questions) {
    const selector = wish && toSelector(wish, spec.rule, spec.table);
    const url = path("rows", selector, flags.join("&"));
    const answer = await ask("GET", url, me);
    const flag = (name: string): Partial<Question> =>
      flags.includes(name) ? { [name]: true } : flags.includes(`${name}=F`) ? { [name]: false } : {};
    const expected = readAnswer(
      world,
      "rows",
      spec,
      { selector, me, ...flag("findFirst"), ...flag("countTotal") },
      4,
    );
    const told = (): string =>
      `${decodeURIComponent(url)} as ${me}\nengine ${answer.status} ${answer.text} ${String(errors)}\noracle ${JSON.stringify(expected)}`;
    if (expected === undefined) seen.open++;
    else if ("refused" in expected) {
      seen.refused++;
      if (answer.status < 400 || answer.status >= 500) return told();
    } else {
      seen.answered++;
      if (answer.status !== 200 || !same(expected.body, unsaid(answer.body))) return told();
    }
  }
  return undefined;
}

describe(`the engine answers what the oracle answers (seed ${SEED})`, () => {
  for (const table of ["author", "article", "comment", "tag", "articleTag"] as const) {
    test(
      `for every ${table}: rows, order, counts, totals and refusals`,
      async () => {
        const worlds = fc.record({
          world: blog,
          spec: entry(table, 3),
          questions: fc.array(asked(3), { minLength: 1, maxLength: 60, size: "max" }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ world, spec, questions }) => {
            await watched.load(world);
            expect(await disagreement(world, spec, questions)).toBeUndefined();
          }),
          runs(150),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("oracle", "reads", seen.answered + seen.refused);
    expect(LEAST.oracle.reads + LEAST.oracle.writes).toBeGreaterThanOrEqual(20_000);
  });
});
