import { expect, setSystemTime } from "bun:test";
import fc from "fast-check";
import { ANYTHING, grants, type Say, type Sight } from "./policy-arbitrary.ts";
import {
  type HouseAnswer,
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  routeOf,
  type sentWith,
} from "./policy-laws.ts";
import { cellFrom, MASKABLE } from "./policy-rows.ts";
import type { FileSpec } from "./policy-rules.ts";
import { type Caller, isHidden, maskedFor, perTable } from "./policy-seat.ts";
import { HOUSE, type House, type HouseTable, SAYINGS, TURNS } from "./written-once.ts";

// Houses that differ in what a caller may not see.

// --- rows ------------------------------------------------------------------------------------------------------------

/** What authors say of a row alone: their own SQL sees other rows, whatever tables say of them. */
export const OF_ONE_ROW: Say = {
  filters: (table) => Object.keys(SAYINGS[table]).filter((name) => SAYINGS[table][name]!.far !== true),
  turns: ANYTHING.turns,
  lifting: false,
  fields: true,
};

/** The rows that facts leave a caller. */
export const leftTo = (spec: FileSpec, rows: House, who: Caller): House =>
  perTable((table) => rows[table].filter((row) => !isHidden(spec, rows, who, table, row)));

// --- cells -----------------------------------------------------------------------------------------------------------

const speaksOfMasked = (table: HouseTable, reads: readonly string[]): boolean =>
  reads.some((name) => MASKABLE[table].includes(name));

/** What authors say of what is never masked: their functions see what is stored. */
export const OF_THE_OPEN: Say = {
  filters: (table) =>
    Object.keys(SAYINGS[table]).filter((name) => !speaksOfMasked(table, SAYINGS[table][name]!.reads)),
  turns: (table) =>
    Object.keys(TURNS[table]).filter((name) => !speaksOfMasked(table, TURNS[table][name]!.reads)),
  lifting: true,
  fields: false,
};

/** One choice of columns for each table, wherever it is met. */
export const sight: fc.Arbitrary<Sight> = fc.record(
  perTable((table) =>
    MASKABLE[table].length === 0
      ? fc.constant([{ columns: Object.keys(HOUSE[table].columns) }])
      : grants(table, MASKABLE[table], OF_THE_OPEN.filters(table)),
  ),
) as fc.Arbitrary<Sight>;

/** The same rows, other values in cells that are masked for a caller. */
export function otherCells(
  spec: FileSpec,
  by: Sight,
  rows: House,
  who: Caller,
  dice: readonly number[],
): House {
  let i = 0;
  return perTable((table) =>
    rows[table].map((row) => {
      const cell = { table, row, grants: by[table], columns: MASKABLE[table] };
      const masked = maskedFor(spec, rows, who, cell);
      const cells = masked.map((name) => [name, cellFrom(table, name, dice[i++ % dice.length]!)]);
      return { ...row, ...Object.fromEntries(cells) };
    }),
  );
}

// --- the same requests to both ---------------------------------------------------------------------------------------

const NOW = new Date(1_800_000_000_000);

/** What is asked of both houses, in this order. */
export interface Sending {
  readonly method: string;
  readonly path: string;
  readonly sent?: ReturnType<typeof sentWith>;
  /** What is asked next, where the answer says how. */
  readonly next?: (answer: HouseAnswer) => string | undefined;
}

/** Where two houses are asked, by whom, and what comes of it. */
export interface Twins {
  readonly ground: HouseGround;
  readonly place: LawPlace;
  readonly spec: FileSpec;
  readonly who: Caller;
  readonly seen: { compared: number; answered: number };
}

/** What one caller is told, request by request, of a house that holds these rows at first. */
async function told(
  { ground, place, spec, who }: Twins,
  rows: House,
  requests: readonly Sending[],
): Promise<readonly (readonly HouseAnswer[])[]> {
  await ground.load(rows);
  const route = routeOf(spec, ground, { reader: place.reader });
  const answers: (readonly HouseAnswer[])[] = [];
  // What is deleted is so at the same moment in both.
  setSystemTime(NOW);
  try {
    for (const request of requests) answers.push(await toldOf(route, who, request));
  } finally {
    setSystemTime();
  }
  expect(route.errors).toEqual([]);
  return answers;
}

async function toldOf(
  { ask }: HouseRoute,
  who: Caller,
  { method, path, sent, next }: Sending,
): Promise<HouseAnswer[]> {
  const answers = [await ask(method, path, who, sent)];
  for (
    let further = next?.(answers[0]!);
    further !== undefined && answers.length < 4;
    further = next?.(answers.at(-1)!)
  )
    answers.push(await ask(method, further, who));
  return answers;
}

/** Fails where two houses answer a request otherwise. */
export async function expectAlike(
  twins: Twins,
  [left, right]: readonly [House, House],
  requests: readonly Sending[],
): Promise<void> {
  const { seen, who } = twins;
  const one = await told(twins, left, requests);
  const two = await told(twins, right, requests);
  for (const [i, request] of requests.entries()) {
    seen.compared += one[i]!.length;
    if (one[i]![0]!.status === 200) seen.answered += one[i]!.length;
    const alike = JSON.stringify(one[i]) === JSON.stringify(two[i]);
    expect(
      alike ? undefined : { request: readable(request), who, one: one[i], two: two[i], left, right },
    ).toBeUndefined();
  }
}

const readable = ({ method, path, sent }: Sending): string =>
  `${method} ${decodeURIComponent(path)} ${JSON.stringify(sent) ?? ""}`;
