import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PATIENCE, SEED, thatMany } from "../support/laws.ts";
import { everywhereSeenBy, file } from "../support/policy-arbitrary.ts";
import {
  type HouseAnswer,
  type HouseGround,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  runsAt,
} from "../support/policy-laws.ts";
import { posed, type Posed, posedQuestion } from "../support/policy-posed.ts";
import { caller, house } from "../support/policy-rows.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import type { Caller } from "../support/policy-seat.ts";
import {
  expectAlike,
  leftTo,
  OF_ONE_ROW,
  OF_THE_OPEN,
  otherCells,
  type Sending,
  sight,
} from "../support/policy-twins.ts";
import { HOUSE_TABLES } from "../support/written-once.ts";

// Two databases that differ in what a caller may not see: no question that goes through relations tells them apart.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { compared: 0, answered: 0, differing: 0 };

const questions = fc.array(posed, { minLength: 1, maxLength: 60, size: "max" });

/** Questions of one caller, whoever was drawn beside them; where there is a next page it is asked for. */
function sendings(spec: FileSpec, who: Caller, drawn: readonly Posed[]): readonly Sending[] {
  return drawn.map((each) => {
    const question = posedQuestion(spec, { ...each, caller: who });
    const { offset: _, ...rest } = question.selector ?? {};
    return {
      method: "GET",
      path: pathOf(question),
      next: ({ body }: HouseAnswer) =>
        typeof body?.page?.next === "string"
          ? pathOf({ ...question, selector: { ...rest, after: body.page.next } })
          : undefined,
    };
  });
}

describe(`what is hidden changes no answer to a question that goes through relations (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `rows, on ${place.name}`,
      async () => {
        const worlds = fc.record({
          rows: house,
          spec: file({ ...OF_ONE_ROW, asks: true }),
          who: caller,
          drawn: questions,
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, who, drawn }) => {
            const left = leftTo(spec, rows, who);
            if (HOUSE_TABLES.every((table) => left[table].length === rows[table].length)) return;
            seen.differing++;
            const ground = grounds.get(place.speaks)!;
            await expectAlike({ ground, place, spec, who, seen }, [rows, left], sendings(spec, who, drawn));
          }),
          runsAt(place, 25),
        );
      },
      PATIENCE,
    );

    test(
      `cells, on ${place.name}`,
      async () => {
        const worlds = fc.record({
          rows: house,
          drawn: questions,
          given: file({ ...OF_THE_OPEN, asks: true }),
          by: sight,
          who: caller,
          dice: fc.array(fc.nat(99), { minLength: 7, maxLength: 7 }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, given, by, who, drawn, dice }) => {
            const spec = everywhereSeenBy(given, by);
            const other = otherCells(spec, by, rows, who, dice);
            if (Bun.deepEquals(other, rows)) return;
            seen.differing++;
            const ground = grounds.get(place.speaks)!;
            await expectAlike({ ground, place, spec, who, seen }, [rows, other], sendings(spec, who, drawn));
          }),
          runsAt(place, 25),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("others", "hiddenFromQuestions", seen.compared);
    expect(seen.answered).toBeGreaterThan(seen.compared / 3);
  });
});
