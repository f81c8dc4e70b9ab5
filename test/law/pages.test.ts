import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seldom } from "../support/arbitrary.ts";
import { PATIENCE, runs, same, SEED, thatMany } from "../support/laws.ts";
import type { Row } from "../support/model.ts";
import { ASKABLE, file } from "../support/policy-arbitrary.ts";
import {
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  routeOf,
} from "../support/policy-laws.ts";
import type { Stand, Values } from "../support/policy-nodes.ts";
import { answerTo, endsOf, opaque, type Question } from "../support/policy-oracle.ts";
import { offerOf, type Posed, posedQuestion, posedRows } from "../support/policy-posed.ts";
import { house } from "../support/policy-rows.ts";
import type { FileSpec } from "../support/policy-rules.ts";
import { perTable } from "../support/policy-seat.ts";
import { filterFrom } from "../support/policy-selectors.ts";
import { type FilterWish, filterWish } from "../support/policy-wishes.ts";
import type { House } from "../support/written-once.ts";

// Lists are walked from page to page, forth and back, while rows come and go and other filters are asked for: each page has
// the rows that the oracle finds beyond the row that the cursor tells of.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { pages: 0, further: 0, changed: 0, refused: 0 };

/** A page further, or back. */
interface Step {
  readonly back: boolean;
  readonly limit: number;
  /** Another filter from here on. */
  readonly where: FilterWish | undefined;
  /** Which rows there are now, of all that were drawn. */
  readonly left: readonly number[] | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  back: fc.nat(3).map((n) => n === 0),
  limit: fc.constantFrom(1, 1, 1, 2, 3),
  where: seldom(filterWish),
  left: seldom(fc.array(fc.nat(9), { minLength: 1, maxLength: 5 })),
});

/** A house without some of its rows, by number. */
const without = (rows: House, left: readonly number[]): House =>
  perTable((table) => rows[table].filter((_, i) => (left[i % left.length]! + i) % 3 !== 0));

const written = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one));

/** One walk of one caller. */
class Walk {
  readonly #place: LawPlace;
  readonly #route: HouseRoute;
  readonly #spec: FileSpec;
  readonly #drawn: Posed;
  readonly #ground: HouseGround;

  constructor(place: LawPlace, ground: HouseGround, route: HouseRoute, spec: FileSpec, drawn: Posed) {
    this.#place = place;
    this.#ground = ground;
    this.#route = route;
    this.#spec = spec;
    this.#drawn = drawn;
  }

  /** What goes wrong on the way, or nothing. */
  async steps(first: House, steps: readonly Step[]): Promise<string | undefined> {
    const { selector, ...question } = posedQuestion(this.#spec, this.#drawn);
    // Where nothing is filtered, there is something to walk along.
    const { offset: _, where: __, ...base } = selector ?? {};
    let [rows, asked, stand]: [House, Row, Stand | undefined] = [first, base, undefined];
    await this.#ground.load(rows);
    for (const { back, limit, where, left } of steps) {
      if (where !== undefined)
        asked = { ...asked, where: filterFrom(offerOf(this.#spec, this.#drawn), where) };
      if (left !== undefined) {
        await this.#ground.load((rows = without(first, left)));
        seen.changed++;
      }
      const page = { ...question, cursor: true, selector: { ...asked, limit } };
      const { wrong, body } = await this.#page(rows, page, stand);
      if (wrong !== undefined || body === undefined) return wrong;
      const { after: __, before: ___, ...rest } = asked;
      const ends = endsOf(this.#spec, rows, this.#drawn.caller, page, { ...(stand && { stand }) });
      const { next, previous } = body.page;
      const goesBack = back && previous !== null;
      const cursor = goesBack ? previous : next;
      // At an end one begins anew; an empty page tells of the row it was asked with.
      const told: Values = ends?.[goesBack ? 0 : 1] ?? (Object.values(stand ?? {})[0] as Values);
      stand = cursor === null ? undefined : goesBack ? { before: told } : { after: told };
      asked = cursor === null ? rest : { ...rest, [goesBack ? "before" : "after"]: cursor };
    }
    return undefined;
  }

  async #page(
    rows: House,
    question: Question,
    stand: Stand | undefined,
  ): Promise<{ readonly wrong?: string; readonly body?: any }> {
    const { caller } = this.#drawn;
    const url = pathOf(question);
    const expected = answerTo(this.#spec, rows, caller, question, { ...(stand && { stand }) });
    const { status, body, text } = await this.#route.ask("GET", url, caller);
    const wrong = `GET ${decodeURIComponent(url)} as ${JSON.stringify(caller)} on ${this.#place.name}
engine ${status} ${text} ${this.#route.errors.map((error) => (error as Error).stack).join()}
oracle ${written(expected)} beside ${written(stand)}`;
    if (status >= 500) return { wrong };
    if (this.#place.reader === "portable" && body?.error?.endsWith("cannot be answered here")) return {};
    if (expected === undefined || body.code === "too-complex") return {};
    if ("refused" in expected) {
      seen.refused++;
      return status < 400 ? { wrong } : {};
    }
    seen.pages++;
    if (stand !== undefined) seen.further++;
    if (status !== 200 || !same(expected.body, opaque(body))) return { wrong };
    return { body };
  }
}

describe(`pages are walked as the oracle walks them (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({
          rows: house,
          spec: file(ASKABLE),
          walks: fc.array(fc.tuple(posedRows, fc.array(step, { minLength: 2, maxLength: 8, size: "max" })), {
            minLength: 1,
            maxLength: 25,
            size: "max",
          }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, walks }) => {
            const route = routeOf(spec, ground, { reader: place.reader });
            for (const [drawn, steps] of walks)
              expect(await new Walk(place, ground, route, spec, drawn).steps(rows, steps)).toBeUndefined();
          }),
          runs(30),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    thatMany("oracle", "pages", seen.pages + seen.refused);
    console.log(seen);
    expect(seen.further).toBeGreaterThan(60);
  });
});
