import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FACTOR, PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { ANYTHING, file } from "../support/policy-arbitrary.ts";
import { pool } from "../support/policy-bigger.ts";
import { apart, stored } from "../support/policy-compare.ts";
import {
  type HouseAnswer,
  type HouseGround,
  type HouseRoute,
  ONE_OF_EACH,
  routeOf,
} from "../support/policy-laws.ts";
import {
  NESTED_FAULTS,
  type NestedOutcome,
  type Nesting,
  outcomeOfNested,
} from "../support/policy-nested.ts";
import {
  nesting,
  type NestingDrawn,
  nestingDrawn,
  nestingOf,
  type NestingScene,
} from "../support/policy-nestings.ts";
import { caller, house } from "../support/policy-rows.ts";
import { path } from "../support/write.ts";
import type { House } from "../support/written-once.ts";

// Writes with parts of other resources, against an oracle that was written from the contract alone.

const seen = { done: 0, refused: 0, open: 0, written: 0 };
/** How often a reader who errs would have said something else. */
const found = new Map(Object.keys(NESTED_FAULTS).map((fault) => [fault, 0]));

/** A nested write, and what must come of it. */
interface Trial {
  readonly asked: Nesting;
  readonly expected: NestedOutcome;
}

const isWorth = (outcome: NestedOutcome): boolean => "house" in outcome && outcome.rowsAffected > 0;

/** Two in three are such as come to something, if any do. */
function trialOf(scene: NestingScene, drawn: NestingDrawn): Trial | undefined {
  let first: Trial | undefined;
  for (let k = 0; k < (drawn.n % 3 === 0 ? 1 : 10); k++) {
    const asked = nestingOf(scene, drawn, k);
    if (asked === undefined) return undefined;
    const expected = outcomeOfNested(scene.file, scene.house, drawn.caller, asked);
    first ??= { asked, expected };
    if (isWorth(expected)) return { asked, expected };
  }
  return first;
}

function findFaults(
  { file: spec, house: rows }: NestingScene,
  drawn: NestingDrawn,
  { asked, expected }: Trial,
): void {
  for (const [fault, reading] of Object.entries(NESTED_FAULTS)) {
    const other = outcomeOfNested(spec, rows, drawn.caller, asked, reading);
    if (isWorth(other) !== isWorth(expected)) found.set(fault, found.get(fault)! + 1);
  }
}

/** All rows, and the text that they are as long as nothing is written. */
interface Stored {
  readonly rows: House;
  readonly text: string;
}

/** What came otherwise than it must, or the rows as they are now. */
async function wrong(
  route: HouseRoute,
  ground: HouseGround,
  { asked, expected }: Trial,
  who: NestingDrawn["caller"],
  before: Stored,
): Promise<string | Stored> {
  const since = Date.now();
  const { method, resource, id, body } = asked;
  const selector = { columns: false, ...(id !== undefined && { where: { id } }) };
  const answer = await route.ask(method, path(resource, selector, "countTotal=F"), who, { body });
  const text = await ground.text();
  const now = text === before.text ? before : { rows: await ground.rows(), text };
  const told = (what: string): string =>
    `${what}: ${JSON.stringify(who)} ${tell(asked, answer, expected, route)}`;
  if (answer.status >= 500) return told("failed");
  if (answer.status >= 400 && now !== before) return told("what is refused left something behind");
  if ("open" in expected) {
    seen.open++;
    return now;
  }
  if (answer.status >= 400) {
    seen.refused++;
    return "refused" in expected ? now : told("what is permitted was refused");
  }
  if ("refused" in expected) return told("what must be refused was done");
  seen.done++;
  if (now !== before) seen.written++;
  const other = apart(stored(now.rows, since), stored(expected.house, since));
  if (other !== undefined) return told(`other rows than expected: ${other}`);
  return answer.body.rowsAffected === expected.rowsAffected ? now : told("another count than expected");
}

const tell = (
  { method, resource, id, body }: Nesting,
  { status, text }: HouseAnswer,
  expected: NestedOutcome,
  { errors }: HouseRoute,
): string =>
  `${method} ${resource} ${id ?? ""} ${JSON.stringify(body)}
engine ${status} ${text} ${errors.map((error) => (error as Error).stack).join()}
oracle ${JSON.stringify("house" in expected ? expected.rowsAffected : expected)}`;

describe(`what is written with its row is what the oracle says (seed ${SEED})`, () => {
  for (const place of ONE_OF_EACH) {
    let ground: HouseGround;
    beforeAll(async () => void (ground = await place.open()), PATIENCE);
    afterAll(() => ground.close());

    test(
      `on ${place.name}`,
      async () => {
        const worlds = fc.record({
          rows: house,
          spec: file(ANYTHING),
          n: fc.nat(99),
          from: pool,
          drawn: fc.array(nestingDrawn(caller), { minLength: 150, maxLength: 150 }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, n, from: { changes }, drawn }) => {
            const nested = nesting(spec, n);
            await ground.load(rows);
            let now: Stored = { rows, text: await ground.text() };
            const route = routeOf(nested, ground);
            for (const one of drawn) {
              const scene = { file: nested, house: now.rows, changes };
              const trial = trialOf(scene, one);
              if (trial === undefined) continue;
              findFaults(scene, one, trial);
              const done = await wrong(route, ground, trial, one.caller, now);
              if (typeof done === "string") throw new Error(done);
              now = done;
            }
          }),
          { ...runs(10), endOnFailure: true },
        );
      },
      2 * PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen, found);
    thatMany("oracle", "nested", seen.done + seen.refused);
    expect(seen.written).toBeGreaterThan(200 * Math.min(1, FACTOR));
  });

  test("and readers who err would have been found", () => {
    if (FACTOR < 1) return;
    // What is met seldom is judged by hand in test/unit/policy-bigger.test.ts, and here where much is tried.
    for (const [fault, times] of found)
      if (FACTOR >= 10 || fault !== "reaches what refers to other rows")
        expect([fault, times > 0]).toEqual([fault, true]);
  });
});
