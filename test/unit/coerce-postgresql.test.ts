import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type SQL, sql } from "drizzle-orm";
import { getTableConfig, PgDialect } from "drizzle-orm/pg-core";
import fc from "fast-check";
import { Client } from "pg";
import { QueryError } from "../../src/error.ts";
import { OPERATORS, operatorsFor } from "../../src/operator/operator.ts";
import { Budget } from "../../src/plan/budget.ts";
import { columnExpression } from "../../src/plan/expression.ts";
import { readFilter } from "../../src/plan/filter.ts";
import type { Ground } from "../../src/plan/ground.ts";
import { Mentions } from "../../src/plan/mentions.ts";
import { applyLimits, DEFAULT_LIMITS } from "../../src/policy/limits.ts";
import { coerce, type ColumnInfo, readCatalog } from "../../src/schema/schema.ts";
import { openEmpty } from "../support/postgresql.ts";
import { LOCAL, mood, TAKEN } from "../support/postgresql-types.ts";

const SEED = Number(process.env["SEED"] ?? 20_260_101);
const VALUES = Number(process.env["VALUES"] ?? 150);
const PATIENCE = 120_000;

type Run = (text: string, values?: readonly unknown[]) => Promise<readonly unknown[][]>;

interface Server {
  readonly run: Run;
  readonly close: () => Promise<void>;
}

async function openPglite(): Promise<Server> {
  const client = await openEmpty();
  return {
    run: async (text, values = []) =>
      (await client.query<unknown[]>(text, [...values], { rowMode: "array" })).rows,
    close: () => client.close(),
  };
}

async function openServer(connectionString: string): Promise<Server> {
  const client = new Client({ connectionString });
  await client.connect();
  const schema = `coerce_${process.pid}`;
  await client.query(`create schema ${schema}; set search_path to ${schema}`);
  return {
    run: async (text, values = []) =>
      (await client.query<unknown[]>({ text, values: [...values], rowMode: "array" })).rows,
    close: async () => {
      await client.query(`drop schema ${schema} cascade`);
      await client.end();
    },
  };
}

const url = process.env["TEST_POSTGRES_URL"];
const SERVERS: readonly (readonly [string, () => Promise<Server>])[] = [
  ["PGlite", openPglite],
  ...(url === undefined ? [] : [["PostgreSQL", () => openServer(url)] as const]),
];

const COLUMNS = readCatalog({ LOCAL }).get("LOCAL")!.columns;
/** A filter here names columns, and no relations. */
const GROUND = {
  secured: {
    filterable: new Map([...COLUMNS].map(([name, column]) => [name, columnExpression(column)])),
    policy: { relations: new Map() },
  },
  depth: 0,
} as unknown as Ground;
const columns = [...COLUMNS.values()].filter(({ name }) => name !== "id");

const NO_LIMITS = applyLimits(DEFAULT_LIMITS, { maxConditions: null, maxList: null, maxCost: null });
const dialect = new PgDialect();
const render = (query: SQL): { text: string; values: unknown[] } => {
  const { sql: text, params } = dialect.sqlToQuery(query);
  return { text, values: params };
};

/** What a zone has moved beyond the years that pass. */
const AT_THE_EDGE = /^(?:29427[56]-|471[34]-.*BC)/;

/** The values that pass, as they are sent. */
function passing(column: ColumnInfo, values: readonly unknown[], stored: boolean): readonly unknown[] {
  return values.flatMap((value) => {
    try {
      return [coerce(column, value, "x", stored)];
    } catch {
      return [];
    }
  });
}

/** The conditions that pass, of an operator with each value on its right. */
function asked(column: ColumnInfo, operator: string, values: readonly unknown[]): readonly SQL[] {
  const { operand } = OPERATORS.get(operator)!;
  const operands = operand === "flag" ? [true, false] : values;
  return operands.flatMap((value) => {
    const inside = { path: ["a", 0], in: [value] };
    const right =
      operand === "list" || operand === "pair" ? [value, value] : operand === "json" ? inside : value;
    const filter = { [`${column.name}.${operator}`]: right };
    try {
      const read = readFilter(
        filter,
        GROUND,
        { budget: new Budget(NO_LIMITS), mentions: new Mentions() },
        "",
      );
      return read.kind === "condition" ? [read.operator.build(read.expression.column, read.value)] : [];
    } catch (error) {
      if (error instanceof QueryError) return [];
      throw error;
    }
  });
}

const put = (column: ColumnInfo, value: unknown): SQL =>
  sql`${sql.param(column.encode(value))}${sql.raw(column.cast)}`;

/** Runs a statement for many values at once and, where it fails, for each of them, to name the one. */
async function each(run: Run, values: readonly unknown[], make: (values: readonly unknown[]) => SQL) {
  if (values.length === 0) return;
  const all = render(make(values));
  try {
    await run(all.text, all.values);
  } catch (error) {
    for (const value of values) {
      const one = render(make([value]));
      const outcome = await run(one.text, one.values).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect([value, outcome]).toEqual([value, undefined]);
    }
    throw error;
  }
}

describe.each(SERVERS)("%s takes what passes", (_, open) => {
  let server: Server;
  beforeAll(async () => {
    server = await open();
    await server.run(`create type mood as enum (${mood.enumValues.map((name) => `'${name}'`).join()})`);
    const made = getTableConfig(LOCAL).columns.map((column) => `"${column.name}" ${column.getSQLType()}`);
    await server.run(`create table local (${made.join()})`);
  }, PATIENCE);
  afterAll(() => server?.close());

  describe.each(columns.map((column) => [column.name, column] as const))("%s", (name, column) => {
    const sample = fc.sample(TAKEN[name]!, { numRuns: VALUES, seed: SEED });

    test(
      "stored",
      async () => {
        const values = passing(column, sample, true);
        expect(values.length).toBeGreaterThan(VALUES / 30);
        await each(server.run, values, (some) => {
          const rows = some.map((value) => sql`(${put(column, value)})`);
          return sql`insert into local (${sql.identifier(column.column.name)}) values ${sql.join(rows, sql`, `)}`;
        });
      },
      PATIENCE,
    );

    test(
      "by every operator that applies",
      async () => {
        for (const operator of operatorsFor(column)) {
          const conditions = asked(column, operator, sample);
          expect(conditions.length).toBeGreaterThan(0);
          await each(
            server.run,
            conditions,
            (some) => sql`select 1 from local where ${sql.join(some as SQL[], sql` or `)}`,
          );
        }
      },
      PATIENCE,
    );

    test(
      "and what it writes itself passes and finds its row",
      async () => {
        if (column.kind !== "text" && column.kind !== "decimal") return;
        const field = sql.identifier(column.column.name);
        const { text } = render(sql`select distinct ${field}::text from local where ${field} is not null`);
        const written = (await server.run(text))
          .map(([value]) => value as string)
          .filter((value) => !AT_THE_EDGE.test(value));
        expect(written.length).toBeGreaterThan(0);
        await each(server.run, written, (some) => {
          const found = some.map(
            (value) =>
              sql`exists (select 1 from local where ${OPERATORS.get("eq")!.build(column, coerce(column, value, "x"))})`,
          );
          return sql`select 1 / (case when ${sql.join(found, sql` and `)} then 1 else 0 end)`;
        });
      },
      PATIENCE,
    );
  });
});
