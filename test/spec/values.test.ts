import { beforeAll, describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { ask, served, STACKS } from "../support/served.ts";

const columns = [
  "id",
  "millis",
  "seconds",
  "real",
  "number",
  "decimal",
  "numericBig",
  "text",
  "flag",
  "integer",
] as const;
const acl = {
  samples: {
    table: "sample",
    maxLimit: null,
    control: { GET: { all: { select: { columns }, with: { parent: { select: { columns } } } } } },
  },
} satisfies TestACL;

/** A small generator, so that every run sees the same numbers. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const next = random(7);
const FIRST = Date.UTC(1, 0, 1) - 1900 * 365.25 * 86_400_000;
const LAST = Date.UTC(9999, 11, 31);
const ROWS = Array.from({ length: 300 }, (_, i) => {
  const moment = Math.floor(FIRST + next() * (LAST - FIRST));
  const real = (next() - 0.5) * 10 ** Math.floor(next() * 40 - 20);
  return {
    id: i + 1,
    parentId: i === 0 ? null : i,
    millis: new Date(i % 2 === 0 ? moment : Math.floor(next() * 4e12) - 2e12),
    seconds: new Date(Math.floor(moment / 1_000) * 1_000),
    real: [0, -1.5, 1e21, 1e-7, 2 ** 53, 9e15, 123456789012345680, 5e-324][i] ?? real,
    number: i % 3 === 0 ? Math.round(real) : real,
    decimal: String(i / 8),
    numericBig:
      BigInt(Math.floor(next() * 2 ** 31)) * BigInt(Math.floor(next() * 2 ** 31)) * (i % 2 === 0 ? 1n : -1n),
    text: ["", "null", "\u0001\u001f\u007f", '"\\/', "\u2028\u2029", "\u{1F600}\uFEFF", '{"a":1}', "i5", "0"][
      i % 9
    ]!,
    flag: i % 2 === 0,
    integer: Math.floor((next() - 0.5) * 2 ** 53),
  };
});

/** What JSON carries of a row. */
const carried = (row: (typeof ROWS)[number]): object => {
  const sent: Partial<typeof row> = { ...row };
  delete sent.parentId;
  return {
    ...sent,
    millis: row.millis.toISOString(),
    seconds: row.seconds.toISOString(),
    numericBig: String(row.numericBig),
    number: row.number === 0 ? 0 : row.number,
    real: row.real === 0 ? 0 : row.real,
  };
};

describe.each(STACKS)("values are what JSON carries, on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    for (let i = 0; i < ROWS.length; i += 50)
      await app.app.database.insert(sample).values(ROWS.slice(i, i + 50));
  });

  test("dates as ISO 8601 with milliseconds, numbers without loss, big integers as strings", async () => {
    const { body } = await app.get("samples");
    expect(body.samples).toEqual(ROWS.map(carried));
  });

  test("the same in a relation", async () => {
    const { body } = await app.get(ask("samples", "(columns:~T(id)~,with:(parent:T))"));
    expect(body.samples).toEqual(
      ROWS.map((row, i) => ({ id: row.id, parent: i === 0 ? null : carried(ROWS[i - 1]!) })),
    );
  });

  test("a value that was read finds its row again", async () => {
    for (const row of ROWS.slice(0, 12)) {
      const sent = carried(row) as Record<string, unknown>;
      for (const column of ["millis", "seconds", "real", "numericBig", "integer"]) {
        const value =
          typeof sent[column] === "number"
            ? String(sent[column]).replace("+", "")
            : `'${String(sent[column])}'`;
        const answer = await app.get(ask("samples", `(columns:~T(id)~,where:(${column}:${value}))`));
        expect([column, value, answer.body.samples?.map(({ id }: { id: number }) => id)]).toEqual([
          column,
          value,
          [row.id],
        ]);
      }
    }
  });
});
