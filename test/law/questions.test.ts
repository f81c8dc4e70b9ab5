import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LEAST, PATIENCE, same, SEED, thatMany } from "../support/laws.ts";
import { rounded } from "../support/policy-aggregates.ts";
import { ASKABLE, file } from "../support/policy-arbitrary.ts";
import {
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  routeOf,
  runsAt,
} from "../support/policy-laws.ts";
import { answerTo, opaque, type Question } from "../support/policy-oracle.ts";
import { posed, type Posed, posedQuestion } from "../support/policy-posed.ts";
import { house } from "../support/policy-rows.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import type { House } from "../support/written-once.ts";

// Questions that go through relations, count and group, against an oracle that was written from the contract alone.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { answered: 0, refused: 0, open: 0, tooMuch: 0, unread: 0, aggregates: 0, filtered: 0 };

const alike = ({ aggregate }: Question, expected: unknown, body: unknown): boolean =>
  aggregate === undefined ? same(expected, body) : same(rounded(expected), rounded(body));

/** What is answered otherwise than it must be, or nothing. */
async function wrong(
  place: LawPlace,
  { ask, errors }: HouseRoute,
  spec: FileSpec,
  rows: House,
  drawn: Posed,
): Promise<string | undefined> {
  const question = posedQuestion(spec, drawn);
  const url = pathOf(question);
  const expected = answerTo(spec, rows, drawn.caller, question, { zones: place.speaks === "postgresql" });
  const { status, body, text } = await ask("GET", url, drawn.caller);
  const told = `GET ${decodeURIComponent(url)} as ${JSON.stringify(drawn.caller)} on ${place.name}
engine ${status} ${text} ${errors.map((error) => (error as Error).stack).join()}
oracle ${JSON.stringify(expected)}`;
  if (status >= 500) return told;
  // A question may be more than is taken at once; the odds are such that few are.
  if (body?.code === "too-complex") return void seen.tooMuch++;
  // Some of it the portable reader refuses, and says so.
  if (place.reader === "portable" && body?.error?.endsWith("cannot be answered here"))
    return void seen.unread++;
  if (expected === undefined) return void seen.open++;
  if ("refused" in expected) {
    seen.refused++;
    return status < 400 ? told : undefined;
  }
  seen.answered++;
  if (question.aggregate !== undefined) seen.aggregates++;
  if (question.countFiltered === true) seen.filtered++;
  return status === 200 && alike(question, expected.body, opaque(body)) ? undefined : told;
}

describe(`questions are answered as the oracle answers them (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({
          rows: house,
          spec: file(ASKABLE),
          questions: fc.array(posed, { minLength: 20, maxLength: 100, size: "max" }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, questions }) => {
            await ground.load(rows);
            const route = routeOf(spec, ground, { reader: place.reader });
            for (const drawn of questions)
              expect(await wrong(place, route, spec, rows, drawn)).toBeUndefined();
          }),
          runsAt(place, 72),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("oracle", "questions", seen.answered + seen.refused);
    expect(seen.aggregates).toBeGreaterThan(seen.answered / 20);
    expect(seen.filtered).toBeGreaterThan(seen.answered / 100);
    const { questions, pages, documents, files } = LEAST.oracle;
    const { hiddenFromQuestions, total, search } = LEAST.others;
    const all = [questions, pages, documents, files, hiddenFromQuestions, total, search];
    expect(all.reduce((sum, least) => sum + least, 0)).toBeGreaterThanOrEqual(20_000);
  });
});
