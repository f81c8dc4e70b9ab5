import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import fc from "fast-check";
import { PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { RESOURCES } from "../support/policy-arbitrary.ts";
import {
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  openHouse,
  PLACES,
  routeOf,
} from "../support/policy-laws.ts";
import { twisted, twists } from "../support/policy-mutants.ts";
import { posed, posedQuestion } from "../support/policy-posed.ts";
import { house } from "../support/policy-rows.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import { HOUSE, type House, THROUGHS } from "../support/written-once.ts";

// Whatever stands in a filter, an order, a count or an aggregate, whatever is stored: it is answered, or refused in words.

/** Everybody may ask everything of everything. */
const GENEROUS: FileSpec = {
  tables: {},
  resources: Object.fromEntries(
    Object.entries(RESOURCES).map(([id, table]) => {
      const relations = Object.entries(HOUSE[table].relations).map(([name, { table: target }]) => [
        name,
        Object.keys(RESOURCES).find((other) => RESOURCES[other] === target)!,
      ]);
      const passing = Object.entries(THROUGHS[table]).map(([name, through]) => [
        name,
        { through, select: true },
      ]);
      const rule = {
        select: true,
        with: Object.fromEntries([...relations, ...passing]),
        aggregate: true as const,
      };
      return [id, { table, control: { GET: { all: rule } } }];
    }),
  ),
};

/** Values no sum and no average of which fits anywhere. */
const WILD = [1.7e308, 1.7e308, -1.7e308, 5e-324, 1e-300, 0.1];
const FAR = ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z"];

/** A house whose numbers and dates go as far as columns do. */
const wild = (rows: House): House => ({
  ...rows,
  entry: rows.entry.map((row, i) => ({
    ...row,
    hours: WILD[i % WILD.length],
    startedAt: new Date(FAR[i % FAR.length]!),
  })),
});

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
  const [rows] = fc.sample(house, { seed: SEED, numRuns: 1 });
  for (const ground of grounds.values()) await ground.load(wild(rows!));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { answered: 0, refused: 0 };

const FLAGS = ["", "cursor", "countFiltered", "findFirst", "countTotal", "can"];

/** What a question that was twisted comes to. */
async function ask({ ask: send, errors }: HouseRoute, path: string): Promise<void> {
  const { status, text } = await send("GET", path, { me: "u1", tenant: "t1", roles: [] });
  if (status === 200) seen.answered++;
  else seen.refused++;
  const failed = status >= 500 || errors.length > 0;
  const stacks = errors.map((error) => (error as Error).stack);
  expect(failed ? { path: decodeURIComponent(path), status, text, stacks } : undefined).toBeUndefined();
  if (status !== 200)
    expect(JSON.parse(text)).toMatchObject({ error: expect.any(String), code: expect.any(String) });
}

describe(`no filter, order, count or aggregate fails (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `on ${place.name}`,
      async () => {
        const route = routeOf(GENEROUS, grounds.get(place.speaks)!, { reader: place.reader });
        const drawn = fc.record({ question: posed, by: twists, flag: fc.nat(FLAGS.length * 3) });
        await fc.assert(
          fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 30, size: "max" }), async (all) => {
            for (const { question, by, flag } of all) {
              const { resource, selector, aggregate } = posedQuestion(GENEROUS, question);
              const [name, value] =
                aggregate === undefined ? ["select", selector ?? {}] : ["aggregate", aggregate];
              const parameters = [
                `${name}=${encodeURIComponent(stringify(twisted(value, by)))}`,
                FLAGS[flag] ?? "",
              ];
              await ask(route, `${resource}?${parameters.filter((one) => one !== "").join("&")}`);
            }
          }),
          runs(60),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("others", "total", seen.answered + seen.refused);
    expect(seen.answered).toBeGreaterThan(seen.refused / 8);
  });
});
