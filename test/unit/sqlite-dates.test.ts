import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { readCatalog } from "../../src/schema/schema.ts";
import { sqlite } from "../../src/syntax/sqlite.ts";

const moments = sqliteTable("moments", {
  at: integer({ mode: "timestamp_ms" }).primaryKey(),
  second: integer({ mode: "timestamp" }).notNull(),
});
const { columns } = readCatalog({ moments }).get("moments")!;

const [FIRST, LAST] = [Date.parse("0000-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];

/** Moments of all years, and those about the turn of seconds, days and years. */
function* sample(): Iterable<number> {
  yield* [FIRST, FIRST + 1, LAST, LAST - 1, 0, 1, -1, 999, 1000, -1000, -999];
  let seed = 20_261_201;
  for (let count = 0; count < 20_000; count++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    yield FIRST + Math.floor((seed / 2 ** 32) * (LAST - FIRST));
  }
  for (let year = 1; year < 10_000; year += 97) {
    const turn = new Date(0).setUTCFullYear(year, 0, 1);
    for (const beside of [-1, 0, 1, 500, 999, 1000, 86_399_999]) yield turn + beside;
  }
}

const all = [...sample()];
const text = `select ${sqlite.json(columns.get("at")!, "value")} as at, ${sqlite.json(columns.get("second")!, "(value/1000)")} as second from json_each(?1)`;
const expected = all.map((moment) => ({
  at: new Date(moment).toISOString(),
  second: new Date(Math.trunc(moment / 1000) * 1000).toISOString(),
}));

test("SQLite writes moments as JavaScript does, to the millisecond, in all years that both know", async () => {
  const rows = new Database(":memory:").query<{ at: string; second: string }, [string]>(text);
  expect(rows.all(JSON.stringify(all))).toEqual(expected);
  const libsql = await createClient({ url: ":memory:" }).execute(text, [JSON.stringify(all)]);
  expect(libsql.rows.map(({ at, second }) => ({ at, second }))).toEqual(expected);
});
