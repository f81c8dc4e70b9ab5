import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PATIENCE, SEED, thatMany } from "../support/laws.ts";
import type { Row } from "../support/model.ts";
import { everywhereSeenBy, file } from "../support/policy-arbitrary.ts";
import {
  type HouseGround,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  runsAt,
  sentWith,
} from "../support/policy-laws.ts";
import {
  type Asked,
  asked,
  type Changing,
  changing,
  questionOf,
  writingOf,
} from "../support/policy-questions.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import { caller, house } from "../support/policy-rows.ts";
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
import type { Writing } from "../support/policy-writes.ts";
import { HOUSE_TABLES, type HouseTable } from "../support/written-once.ts";

// Two databases that differ in what a caller may not see: no answer does, to the byte.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { compared: 0, answered: 0, differing: 0 };

const questions = fc.array(fc.oneof({ weight: 3, arbitrary: asked }, { weight: 1, arbitrary: changing }), {
  minLength: 1,
  maxLength: 25,
  size: "max",
});

/** Requests of one caller, whoever was drawn beside them. */
function requestsOf(
  spec: FileSpec,
  who: Caller,
  drawn: readonly (Asked | Changing)[],
  fit: (writing: Writing) => Writing,
): readonly Sending[] {
  return drawn.map((each) => {
    if (!("method" in each))
      return { method: "GET", path: pathOf(questionOf(spec, { ...each, caller: who })) };
    const writing = fit(writingOf(spec, { ...each, caller: who }));
    return { method: writing.method, path: pathOf(writing), sent: sentWith(writing) };
  });
}

/** New rows have keys that none had: that a key is taken is one bit every database tells. */
function newKeys(spec: FileSpec): (writing: Writing) => Writing {
  let made = 0;
  const anew = (table: HouseTable, body: Row): Row => ({
    ...body,
    ...("id" in body && { id: `new ${++made}` }),
    ...(table === "task" && "number" in body && { number: 100 + ++made }),
  });
  return (writing) => {
    if (writing.method !== "POST") return writing;
    const { table } = spec.resources[writing.resource]!;
    const { body } = writing as { body: Row | readonly Row[] };
    return {
      ...writing,
      body: Array.isArray(body) ? body.map((row: Row) => anew(table, row)) : anew(table, body as Row),
    };
  };
}

describe(`what rules that are written once hide changes no answer (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `rows, on ${place.name}`,
      async () => {
        const worlds = fc.record({ rows: house, spec: file(OF_ONE_ROW), who: caller, drawn: questions });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, who, drawn }) => {
            const left = leftTo(spec, rows, who);
            if (HOUSE_TABLES.every((table) => left[table].length === rows[table].length)) return;
            seen.differing++;
            const requests = requestsOf(spec, who, drawn, newKeys(spec));
            await expectAlike(
              { ground: grounds.get(place.speaks)!, place, spec, who, seen },
              [rows, left],
              requests,
            );
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
          given: file(OF_THE_OPEN),
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
            const requests = requestsOf(spec, who, drawn, (writing) => writing);
            await expectAlike(
              { ground: grounds.get(place.speaks)!, place, spec, who, seen },
              [rows, other],
              requests,
            );
          }),
          runsAt(place, 25),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("others", "hidden", seen.compared);
    expect(seen.answered).toBeGreaterThan(seen.compared / 4);
  });
});
