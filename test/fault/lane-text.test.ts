import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createQueryHandler, type Dialect, type QueryHandler } from "@bepalo/query";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { blob, integer, numeric, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ask } from "../support/served.ts";
import { until } from "./lane.ts";
import { makeFile } from "./process.ts";

/** Processes of the lowest priority get little of a machine that is busy. */
setDefaultTimeout(60_000);

/** A kind of every column whose rows bun:sqlite gives as they are, and computed fields. */
const mixed = sqliteTable("mixed", {
  id: integer().primaryKey(),
  text: text(),
  choice: text({ enum: ["a", "b"] }),
  json: text({ mode: "json" }),
  whole: integer(),
  flag: integer({ mode: "boolean" }),
  seconds: integer({ mode: "timestamp" }),
  millis: integer({ mode: "timestamp_ms" }),
  real: real(),
  number: numeric({ mode: "number" }),
});
/** What is sent in another form, and mapped here. */
const mapped = sqliteTable("mapped", {
  id: integer().primaryKey(),
  text: text(),
  decimal: numeric(),
  digits: numeric({ mode: "bigint" }),
  bytes: blob({ mode: "buffer" }),
});
/** More members than a JSON object of SQLite's takes at once. */
const WIDTH = 60;
const wide = sqliteTable("wide", {
  id: integer().primaryKey(),
  ...Object.fromEntries(Array.from({ length: WIDTH }, (_, n) => [`c${n}`, text()])),
});
const schema = { mixed, mapped, wide };
const extras = {
  loud: sql<string>`upper(${mixed.text})`.as("loud"),
  half: sql<number>`${mixed.whole} / 2.0`.as("half"),
};
const acl = {
  mixed: { table: "mixed", countTotal: true, control: { GET: { all: { select: true, extras } } } },
  mapped: { table: "mapped", control: { GET: { all: { select: true } } } },
  wide: { table: "wide", control: { GET: { all: { select: true } } } },
} as const;
const REALS = [1e300, -5e-324, 0.1 + 0.2, 1 / 3, 1e21, 1.5e-7, 123_456_789.123_456_79, -0.5];
/** So many rows that looking for a text in them takes long. */
const ROWS = 30_000;

/** What must be asked apart, and the answers it gets there. */
const FOUND = 'where:(text.icontains:"found"),orderBy:(id:asc)';
const QUESTIONS: readonly (readonly [string, string])[] = [
  ["a list", ask("mixed", `(${FOUND})`)],
  ["a list of some columns", ask("mixed", `(columns:~T(text,flag,millis)~,${FOUND})`)],
  ["a page", ask("mixed", `(${FOUND},limit:2,offset:3)`)],
  ["a total", ask("mixed", `(${FOUND},limit:2)`, "countTotal")],
  ["the first", ask("mixed", `(${FOUND})`, "findFirst")],
  ["the first of none", ask("mixed", '(where:(text.icontains:"nowhere"))', "findFirst")],
  ["none", ask("mixed", '(where:(text.icontains:"nowhere"))')],
  ["values that are mapped", ask("mapped", `(${FOUND})`)],
  ["rows of many columns", ask("wide", '(where:(c7.icontains:"found"),orderBy:(id:asc))')],
];

describe("what bun:sqlite's rows are made into here, the slow lane's database makes", () => {
  let client: Database;
  let remove: () => void;
  let front: QueryHandler;
  let lane: QueryHandler;
  let asked: string[];

  beforeAll(async () => {
    const made = await makeFile();
    remove = made.remove;
    client = new Database(made.file);
    fill(client);
    const database = drizzle(client, { schema });
    const options = { acl, database, schema, onWarning: () => undefined };
    front = createQueryHandler({ ...options, lane: false });
    let inner!: Dialect;
    const dialect = (_: unknown, found: () => Dialect): Dialect => {
      inner = found();
      return new Proxy(inner, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name === "lane" && inner.lane !== undefined) return spied(inner.lane);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    };
    lane = createQueryHandler({ ...options, dialect });
    const spied = (found: NonNullable<Dialect["lane"]>): typeof found => ({
      size: found.size,
      read: (...all) => (asked.push(all[0]), found.read(...all)),
    });
    await until(() => inner.lane !== undefined);
    await get(lane, ask("mixed", "(limit:1)")); // the sizes of tables are asked for
    await Bun.sleep(20);
  });
  afterAll(() => {
    client.close();
    remove();
  });

  const get = async (handler: QueryHandler, path: string): Promise<readonly [number, string]> => {
    asked = [];
    const response = await handler(new Request(`http://x/query/${path}`));
    return [response.status, await response.text()];
  };

  test.each(QUESTIONS)("%s has the same bytes", async (_, path) => {
    const expected = await get(front, path);
    expect([expected[0], asked]).toEqual([200, []]);
    for (let time = 0; time < 2; time++) {
      expect(await get(lane, path)).toEqual(expected);
      expect(asked).toHaveLength(1);
      expect(asked[0]!.includes("json_")).toBe(!path.startsWith("wide"));
    }
  });

  test("reals of many digits are the same numbers, though SQLite writes some otherwise", async () => {
    const path = ask("mixed", '(columns:~T(real)~,where:(text.icontains:"real"))');
    const [expected, answer] = [await get(front, path), await get(lane, path)];
    expect(asked).toHaveLength(1);
    expect(JSON.parse(answer[1])).toEqual(JSON.parse(expected[1]));
    expect(JSON.parse(answer[1]).mixed).toEqual(REALS.map((value) => ({ real: value })));
  });

  test("what a text cannot say is asked there in another form", async () => {
    const path = ask("mixed", '(columns:~T(id,whole,number)~,where:(text.icontains:"odd"))');
    const expected = await get(front, path);
    expect(expected[1]).toContain('"whole":9007199254740993');
    for (const times of [2, 1, 1]) {
      expect(await get(lane, path)).toEqual(expected);
      expect(asked).toHaveLength(times);
    }
  });
});

function fill(client: Database): void {
  const columns = Array.from({ length: WIDTH }, (_, n) => `c${n}`);
  client.run(
    `create table mixed (id integer primary key, text, choice, json, whole integer, flag integer, seconds integer, millis integer, real real, number numeric)`,
  );
  client.run(
    "create table mapped (id integer primary key, text, decimal numeric, digits numeric, bytes blob)",
  );
  client.run(`create table wide (id integer primary key, ${columns.join()})`);
  const many = `with recursive n(n) as (select 100 union all select n + 1 from n where n < ${ROWS})`;
  client.run(`${many} insert into mixed (id, text) select n, 'lost ' || n from n`);
  client.run(`${many} insert into mapped (id, text) select n, 'lost ' || n from n`);
  client.run(`${many} insert into wide (id, c7) select n, 'lost ' || n from n`);
  const texts = [`found ü'"\\/`, "found \u0001\b\t\n\f\r\u007f\u2028😀", "found"];
  for (const [index, value] of [...texts, ...texts].entries())
    client.run(`insert into mixed values (?1, ?2, 'a', ?3, ?4, ?5, ?6, ?7, ?8, ?9)`, [
      index + 1,
      value,
      '{"b":[1,null,"ü"],"a":{}}',
      9_007_199_254_740_991 - index,
      index % 2,
      1_700_000_000 + index,
      1_700_000_000_123 + index,
      index / 10,
      index - 1.25,
    ]);
  client.run("insert into mixed (id, text) values (7, 'found')");
  for (const [index, value] of REALS.entries())
    client.run("insert into mixed (id, text, real) values (?1, 'real', ?2)", [10 + index, value]);
  client.run("insert into mixed (id, text, whole, number) values (30, 'odd', 9007199254740993, '7 of them')");
  client.run(
    "insert into mapped values (1, 'found', '1.10', 12345678901234, x'00ff10'), (2, 'found', null, null, null)",
  );
  client.run(
    `insert into wide (id, ${columns.join()}) values (1, ${columns.map((name) => `'found ${name}'`).join()})`,
  );
}
