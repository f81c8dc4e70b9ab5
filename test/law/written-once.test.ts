import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PATIENCE, same, SEED, thatMany } from "../support/laws.ts";
import { ANYTHING, file } from "../support/policy-arbitrary.ts";
import {
  type HouseAnswer,
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  routeOf,
  runsAt,
  sentWith,
} from "../support/policy-laws.ts";
import { apart, sorted, stored, unmarked } from "../support/policy-compare.ts";
import { answerTo, type Question } from "../support/policy-oracle.ts";
import { asked, type Changing, changing, questionOf, writingOf } from "../support/policy-questions.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import { caller, house } from "../support/policy-rows.ts";
import type { Caller } from "../support/policy-seat.ts";
import { outcomeOf } from "../support/policy-writes.ts";
import type { House } from "../support/written-once.ts";

// Whole files of rules, with all that is said once in them, against an oracle that was written from the contract alone.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { read: 0, refused: 0, open: 0, masked: 0, written: 0, unwritten: 0 };

/** What is answered otherwise than it must be, or nothing. */
async function wrongRead(
  route: HouseRoute,
  spec: FileSpec,
  rows: House,
  question: Question,
  who: Caller,
): Promise<string | undefined> {
  const url = pathOf(question);
  const expected = answerTo(spec, rows, who, question);
  const answer = await route.ask("GET", url, who);
  const told = (): string => tell("GET", url, who, undefined, answer, expected, route);
  if (expected === undefined) {
    seen.open++;
    return answer.status >= 500 ? told() : undefined;
  }
  if ("refused" in expected) {
    seen.refused++;
    return answer.status < 400 || answer.status >= 500 ? told() : undefined;
  }
  seen.read++;
  if (answer.text.includes("$masked")) seen.masked++;
  return answer.status !== 200 || !same(unmarked(expected.body), unmarked(answer.body)) ? told() : undefined;
}

/** What a write did otherwise than it must, or the rows as they are now. */
async function wrongWrite(
  route: HouseRoute,
  ground: HouseGround,
  spec: FileSpec,
  rows: House,
  drawn: Changing,
): Promise<{ readonly wrong: string } | { readonly rows: House }> {
  const writing = writingOf(spec, drawn);
  const url = pathOf(writing);
  const since = Date.now() - 1000;
  const expected = outcomeOf(spec, rows, drawn.caller, writing);
  const answer = await route.ask(writing.method, url, drawn.caller, sentWith(writing));
  const now = await ground.rows();
  const wrong = (what: string): { readonly wrong: string } => ({
    wrong: `${what}: ${tell(writing.method, url, drawn.caller, { ...sentWith(writing) }, answer, expected, route)}`,
  });
  if (answer.status >= 500) return wrong("failed");
  if (answer.status >= 400) {
    seen.unwritten++;
    const left = apart(stored(now, since), stored(rows, since));
    if (left !== undefined) return wrong(`a refused write left something behind: ${left}`);
    return "refused" in expected ? { rows } : wrong("a permitted write was refused");
  }
  if ("refused" in expected) return wrong("a write that must be refused was done");
  if (expected.rows.length > 0) seen.written++;
  const other = apart(stored(now, since), stored(expected.house, since));
  if (other !== undefined) return wrong(`other rows than expected: ${other}`);
  const { [writing.resource]: answered, ...counts } = answer.body;
  const must = {
    rowsAffected: expected.rows.length,
    count: expected.rows.length,
    ...(writing.countTotal === true && { total: expected.total }),
  };
  if (!same(counts, must)) return wrong("other counts than expected");
  const { answer: rowsThen } = expected;
  if (rowsThen === "open" || same(sorted(unmarked(answered) as never), sorted(unmarked(rowsThen) as never)))
    return { rows: now };
  return wrong("another answer than expected");
}

const tell = (
  method: string,
  url: string,
  who: Caller,
  body: unknown,
  answer: HouseAnswer,
  expected: unknown,
  { errors }: HouseRoute,
): string =>
  `${method} ${decodeURIComponent(url)} ${JSON.stringify(body) ?? ""} as ${JSON.stringify(who)}
engine ${answer.status} ${answer.text} ${errors.map((error) => (error as Error).stack).join()}
oracle ${JSON.stringify(expected)}`;

describe(`rules that are written once mean what the oracle reads in them (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `reads on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({
          rows: house,
          spec: file(ANYTHING),
          questions: fc.array(asked, { minLength: 1, maxLength: 40, size: "max" }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, questions }) => {
            await ground.load(rows);
            const route = routeOf(spec, ground, { reader: place.reader });
            for (const drawn of questions)
              expect(
                await wrongRead(route, spec, rows, questionOf(spec, drawn), drawn.caller),
              ).toBeUndefined();
          }),
          runsAt(place, 40),
        );
      },
      PATIENCE,
    );

    test(
      `one question, asked by turns, on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({
          rows: house,
          spec: file(ANYTHING),
          callers: fc.array(caller, { minLength: 2, maxLength: 4 }),
          questions: fc.array(asked, { minLength: 1, maxLength: 6 }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, callers, questions }) => {
            await ground.load(rows);
            const route = routeOf(spec, ground, { reader: place.reader });
            // Twice, so that what is remembered of one meets all others.
            for (const drawn of [...questions, ...questions])
              for (const who of callers)
                expect(await wrongRead(route, spec, rows, questionOf(spec, drawn), who)).toBeUndefined();
          }),
          runsAt(place, 20),
        );
      },
      PATIENCE,
    );

    test(
      `writes on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({
          rows: house,
          spec: file(ANYTHING),
          writes: fc.array(changing, { minLength: 1, maxLength: 25, size: "max" }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows: first, spec, writes }) => {
            let rows = first;
            await ground.load(rows);
            const route = routeOf(spec, ground, { reader: place.reader });
            for (const drawn of writes) {
              const done = await wrongWrite(route, ground, spec, rows, drawn);
              if ("wrong" in done) expect(done.wrong).toBeUndefined();
              else rows = done.rows;
            }
          }),
          runsAt(place, 45),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("oracle", "files", seen.read + seen.refused + seen.written + seen.unwritten);
    expect(seen.written).toBeGreaterThan(100);
    expect(seen.masked).toBeGreaterThan(40);
  });
});
