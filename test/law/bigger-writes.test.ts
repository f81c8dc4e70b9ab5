import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FACTOR, PATIENCE, runs, same, SEED, thatMany } from "../support/laws.ts";
import { ANYTHING, file } from "../support/policy-arbitrary.ts";
import { carry } from "../support/oracle-values.ts";
import {
  type Bigger,
  FAULTS,
  type Operation,
  outcomeOfBatch,
  refers,
  type Scene,
} from "../support/policy-batches.ts";
import { type Batching, batching, operationsOf, type Pool, pool, sentAs } from "../support/policy-bigger.ts";
import { apart, sameMoment, sorted, stored, unmarked } from "../support/policy-compare.ts";
import {
  type HouseAnswer,
  type HouseGround,
  type HouseRoute,
  ONE_OF_EACH,
  pathOf,
  routeOf,
  sentWith,
} from "../support/policy-laws.ts";
import { statusesOf } from "../support/policy-refusals.ts";
import { house } from "../support/policy-rows.ts";
import type { Writing } from "../support/policy-writes.ts";
import type { House } from "../support/written-once.ts";

// Writes that are more than one, against an oracle that was written from the contract alone: answers and all that is stored.

const seen = { done: 0, refused: 0, open: 0, written: 0, referring: 0 };

/** How often a reader who errs would have said something else. */
const found = new Map(Object.keys(FAULTS).map((fault) => [fault, 0]));

function findFaults(scene: Scene, operations: readonly Operation[], expected: Bigger): void {
  const text = (bigger: Bigger): string => JSON.stringify(bigger, (_, value) => carry(value));
  for (const [fault, reading] of Object.entries(FAULTS))
    if (text(outcomeOfBatch(scene, operations, reading)) !== text(expected))
      found.set(fault, found.get(fault)! + 1);
}

/** A bigger write, and what must come of it. */
interface Trial {
  readonly scene: Scene;
  /** The request, where it is one that is sent by itself. */
  readonly alone: Operation | undefined;
  /** The batch, where it is not. */
  readonly body: readonly unknown[];
  readonly expected: Bigger;
}

function trialOf(scene: Scene, drawn: Batching, from: Pool): Trial {
  const operations = operationsOf(scene, from, drawn);
  if (operations.some(refers)) seen.referring++;
  const body = operations.map(sentAs);
  const expected = outcomeOfBatch(scene, operations);
  if (operations.some(refers) || (operations.length > 1 && drawn.slots[0]!.at % 3 === 0))
    findFaults(scene, operations, expected);
  const [only] = operations;
  // Half of those with one request are sent as what it is.
  const alone = operations.length === 1 && only!.as === undefined ? only : undefined;
  return { scene, alone, body, expected };
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
  trial: Trial,
  before: Stored,
): Promise<string | Stored> {
  const { scene, alone, body, expected } = trial;
  const { caller } = scene;
  const answer = await (alone === undefined
    ? route.ask("POST", "$batch", caller, { body })
    : route.ask(alone.method, pathOf(alone), caller, sentWith(alone as Writing)));
  const answered = alone === undefined ? answer.body : [answer.body];
  const text = await ground.text();
  const now = text === before.text ? before : { rows: await ground.rows(), text };
  const told = (what: string): string => `${what}: ${tell(trial, answer, route)}`;
  if (answer.status >= 500) return told("failed");
  if (answer.status >= 400 && now !== before) return told("what is refused left something behind");
  if ("open" in expected) {
    seen.open++;
    return now;
  }
  if (answer.status >= 400) {
    seen.refused++;
    if (!("refused" in expected)) return told("what is permitted was refused");
    const at = alone === undefined ? Number(String(answer.body.path).split(".")[0]) : 0;
    if (expected.or.includes(at)) return now;
    if (at !== expected.at) return told("refused elsewhere");
    return statusesOf(expected.refused).includes(answer.status) ? now : told("refused otherwise");
  }
  if ("refused" in expected) return told("what must be refused was done");
  seen.done++;
  if (now !== before) seen.written++;
  const since = scene.now.getTime();
  const other = apart(stored(now.rows, since), stored(expected.house, since));
  if (other !== undefined) return told(`other rows than expected: ${other}`);
  const differs = expected.answers.findIndex((one, i) => !isAnswer(one, answered[i], since));
  return differs < 0 && answered.length === expected.answers.length
    ? now
    : told(`another answer than expected at ${differs}`);
}

/** Whether an answer is the one that must come. */
function isAnswer(
  { body, order, asSent }: Extract<Bigger, { readonly answers: unknown }>["answers"][number],
  answered: unknown,
  since: number,
): boolean {
  const at = (value: unknown): any => JSON.parse(sameMoment(JSON.stringify(unmarked(value)), since));
  const [must, is] = [at(body), at(answered)];
  if (order === "of rows") return same(must, is);
  const plain = (given: any): unknown =>
    Object.fromEntries(
      Object.entries<any>(given).flatMap(([key, value]) =>
        !Array.isArray(value)
          ? [[key, value]]
          : order === "open"
            ? []
            : [[key, asSent === true ? value.map((row) => sorted([row])) : sorted(value)]],
      ),
    );
  return order === "open" && Object.keys(body).length === 0 ? true : same(plain(must), plain(is));
}

const tell = (
  { scene, alone, body, expected }: Trial,
  { status, text }: HouseAnswer,
  { errors }: HouseRoute,
): string =>
  `${alone === undefined ? "$batch" : "alone"} as ${JSON.stringify(scene.caller)}
${body.map((one) => JSON.stringify(one)).join("\n")}
engine ${status} ${text} ${errors.map((error) => (error as Error).stack).join()}
oracle ${JSON.stringify("answers" in expected ? expected.answers : expected)}`;

describe(`what is written together is what the oracle says (seed ${SEED})`, () => {
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
          from: pool,
          drawn: fc.array(batching, { minLength: 150, maxLength: 150 }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, from, drawn }) => {
            await ground.load(rows);
            let now: Stored = { rows, text: await ground.text() };
            const route = routeOf(spec, ground, { batch: true });
            for (const one of drawn) {
              const scene = { file: spec, house: now.rows, caller: one.caller, now: new Date() };
              const done = await wrong(route, ground, trialOf(scene, one, from), now);
              if (typeof done === "string") throw new Error(done);
              else now = done;
            }
          }),
          // What is wrong is told with its world: smaller ones take longer to find than to read it.
          { ...runs(11), endOnFailure: true },
        );
      },
      2 * PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log(seen, found);
    thatMany("oracle", "bigger", seen.done + seen.refused);
    expect(seen.written).toBeGreaterThan(300 * Math.min(1, FACTOR));
  });

  test("and readers who err would have been found", () => {
    if (FACTOR < 1) return;
    // What is met seldom is judged by hand in test/unit/policy-bigger.test.ts, and here where much is tried.
    for (const [fault, times] of found)
      if (FACTOR >= 10 || fault !== "lets a reference lead to what is masked")
        expect([fault, times > 0]).toEqual([fault, true]);
  });
});
