import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type Dialect, type QueryHandler } from "@bepalo/query";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { asked } from "../support/everywhere.ts";
import { openPostgresql, SERVER } from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";
import { path } from "../support/write.ts";

// A page of an order that an index has costs what its rows cost, wherever it begins.

// oxlint-disable-next-line typescript/no-explicit-any -- either database's
type Any = any;

const ROWS = 3_000;
const PAGE = 10;

const SCHEMAS = {
  sqlite: {
    item: lite.sqliteTable(
      "page_items",
      {
        id: lite.integer().primaryKey(),
        at: lite.integer().notNull(),
        kind: lite.integer().notNull(),
        rank: lite.integer(),
        far: lite.integer(),
      },
      (t) => [
        lite.index("page_at").on(t.at),
        lite.index("page_kind").on(t.kind, t.at),
        lite.index("page_rank").on(t.rank),
      ],
    ),
  },
  postgresql: {
    item: pg.pgTable(
      "page_items",
      {
        id: pg.integer().primaryKey(),
        at: pg.integer().notNull(),
        kind: pg.integer().notNull(),
        rank: pg.integer(),
        far: pg.integer(),
      },
      (t) => [
        pg.index("page_at").on(t.at),
        pg.index("page_kind").on(t.kind, t.at, t.id),
        pg.index("page_rank").on(t.rank.desc().nullsLast(), t.id.asc()),
      ],
    ),
  },
} as const;

const FILLED = {
  sqlite: sql`insert into page_items with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.raw(String(ROWS))})
    select i, i * 7 % 2999, i % 3, case when i % 3 = 0 then i % 500 end, i from n`,
  postgresql: sql`insert into page_items select i, i * 7 % 2999, i % 3, case when i % 3 = 0 then i % 500 end, i from generate_series(1, ${sql.raw(String(ROWS))}) i`,
} as const;

/** Orders of which an index has every row in its place, or nearly, and what finds them. */
const ORDERS: readonly { readonly name: string; readonly orderBy: object; readonly index: string }[] = [
  { name: "the key", orderBy: { id: "asc" }, index: "PRIMARY KEY|page_items_pkey" },
  { name: "the key, backwards", orderBy: { id: "desc" }, index: "PRIMARY KEY|page_items_pkey" },
  { name: "a column", orderBy: { at: "asc" }, index: "page_at" },
  { name: "a column, backwards, and the key forwards", orderBy: { at: "desc" }, index: "page_at" },
  { name: "two columns", orderBy: { kind: "asc", at: "asc" }, index: "page_kind" },
  { name: "two columns, backwards", orderBy: { kind: "desc", at: "desc", id: "desc" }, index: "page_kind" },
  { name: "a column with nulls last", orderBy: { rank: "desc" }, index: "page_rank|page_items_pkey" },
];

interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
}

describe.each(SERVER === undefined ? (["sqlite"] as const) : (["sqlite", "postgresql"] as const))(
  "on %s",
  (speaks) => {
    let opened: { readonly database: Any; readonly close: () => unknown };
    let handle: QueryHandler;
    const statements: Asked[] = [];
    const listening = (dialect: Dialect): Dialect =>
      new Proxy(dialect, {
        get(target, name) {
          if (name === "lane") return undefined;
          if (name === "query")
            return (...given: Parameters<Dialect["query"]>) => {
              statements.push({ text: given[1], values: given[2] });
              return target.query(...given);
            };
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    beforeAll(async () => {
      const schema = SCHEMAS[speaks];
      opened = await (speaks === "sqlite"
        ? openTables(schema, "libsql memory")
        : openPostgresql("node-postgres", schema, { connections: 1 }));
      await opened.database[speaks === "sqlite" ? "run" : "execute"](FILLED[speaks]);
      await opened.database[speaks === "sqlite" ? "run" : "execute"](sql`analyze`);
      handle = createQueryHandler({
        acl: { items: { table: "item", maxLimit: ROWS, control: { GET: { all: { select: true } } } } },
        database: opened.database,
        schema,
        ownConnection: false,
        onWarning: () => undefined,
        dialect: (_, found) => listening(found()),
      });
    }, 60_000);
    afterAll(() => opened.close());

    const get = async (selector: object): Promise<Any> => {
      const { status, body } = await asked(handle, "GET", path("items", selector, "cursor"));
      expect(status).toBe(200);
      return body;
    };
    /** How many rows the database has looked at for a statement. */
    const plan = async ({ text, values }: Asked): Promise<string> => {
      const bound = sql.join(
        text.split(/[?$]\d+/).flatMap((piece, index, all) => {
          const mark = [...text.matchAll(/[?$](\d+)/g)][index];
          return index === all.length - 1
            ? [sql.raw(piece)]
            : [sql.raw(piece), sql`${values[Number(mark![1]) - 1]}`];
        }),
      );
      if (speaks === "sqlite") {
        const rows = await opened.database.all(sql`explain query plan ${bound}`);
        return rows.map((row: Any) => row.detail ?? row[3]).join("\n");
      }
      const { rows } = await opened.database.execute(sql`explain (analyze, costs off, timing off) ${bound}`);
      return rows.map((row: Any) => row["QUERY PLAN"]).join("\n");
    };

    test.each(ORDERS)("in the order of $name", async ({ orderBy, index }) => {
      for (const deep of [1, ROWS / 2, ROWS - 5 * PAGE]) {
        const { next } = (await get({ orderBy, limit: deep })).page;
        statements.length = 0;
        const page = await get({ orderBy, limit: PAGE, after: next });
        expect(page.items).toEqual((await get({ orderBy, limit: PAGE, offset: deep })).items);
        const before = await get({ orderBy, limit: PAGE, before: page.page.next });
        expect(before.items).toHaveLength(PAGE);
        for (const statement of [statements[0]!, statements.at(-1)!]) {
          const told = await plan(statement);
          if (speaks === "sqlite") {
            expect(told).toMatch(
              new RegExp(`SEARCH page_items USING (?:COVERING |INTEGER )?(?:INDEX )?(?:${index})`),
            );
            expect(told).not.toMatch(/SCAN page_items|B-TREE FOR ORDER BY/);
          } else {
            expect(told).toMatch(new RegExp(`Index (?:Only )?Scan.* (?:using|on) (?:${index})`));
            expect(told).not.toContain("Seq Scan");
            const most = [...told.matchAll(/rows=(\d+)|Rows Removed by Filter: (\d+)/g)].map(([, a, b]) =>
              Number(a ?? b),
            );
            expect(Math.max(...most)).toBeLessThan(8 * PAGE);
          }
        }
      }
    });
  },
);
