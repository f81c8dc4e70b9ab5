import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { admitAll } from "../../src/author/author.ts";
import { compilerOf, type FastRead } from "../../src/compile/compile.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { runRead } from "../../src/execute/read.ts";
import { parse } from "../../src/http/parse.ts";
import { planRead } from "../../src/plan/plan.ts";
import { buildRegistry } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";
import * as schema from "../support/schema.ts";
import { ask } from "../support/served.ts";

const database = drizzle(new Database(":memory:"), { schema });
const acl = { articles: { table: "article", control: { GET: { all: { select: true } } } } } as const;
const MOST = 1_600;
const TITLES = "(columns:~T(id,title)~,limit:20)";
const BODIES = "(columns:~T(id,body)~,limit:20)";

/** Compiles reads of a rule, and runs them on a database that answers with a text of so many characters. */
function reading() {
  const registry = buildRegistry(acl, readCatalog(schema), { maxAnswerSize: MOST });
  const policy = registry.get("articles")!.get("GET")!.get("all")!;
  const compiler = compilerOf(database, { rowsAreCheap: false } as Dialect, "fast");
  const compile = (select: string): FastRead => {
    const url = ask("articles", select);
    const plan = planRead(policy, parse("GET", "articles", url.slice(url.indexOf("?"))));
    const admitted = admitAll(plan.nodes, {});
    if (admitted instanceof Promise) throw new Error("the rule asks nobody");
    return compiler.read(plan, admitted, false, false) as FastRead; // nothing in these wants another reader
  };
  const run = async (select: string, characters: number): Promise<unknown> => {
    const query = async (): Promise<unknown> => [["x".repeat(characters), 1]];
    const dialect = { speaks: "sqlite", query } as unknown as Dialect;
    return runRead(dialect, database, compile(select), () => undefined, { took: 0 });
  };
  return { compile, run, counting: (select: string) => compile(select).remembered.counting };
}

test("once an answer was large, shapes that were not seen small are asked with a sum before", async () => {
  const { run, counting } = reading();
  await run(TITLES, 20);
  await run(TITLES, 20);
  await run(BODIES, MOST / 2);
  await run(BODIES, MOST / 2);
  expect(counting(BODIES)).toBe("summed");
  expect(counting("(columns:~T(body)~,limit:20)")).toBe("summed");
  expect(counting(TITLES)).toBe("free");
  await run(TITLES, MOST / 2);
  expect(counting(TITLES)).toBe("summed");
});

test("that ends after some reads", async () => {
  const { run, counting } = reading();
  for (let time = 0; time < 2; time++) await run(BODIES, MOST / 2);
  const told = Array.from({ length: 100 }, () => counting(BODIES));
  expect(told[0]).toBe("summed");
  expect(told.at(-1)).toBe("free");
});

test.each([
  ["a count", "(columns:F)"],
  ["one row", "(where:(id:a1))"],
  ["a list of one", "(limit:1)"],
])("%s is asked as it is, and takes nothing of the caution that others need", async (_, select) => {
  const { compile, run, counting } = reading();
  for (let time = 0; time < 2; time++) await run(BODIES, MOST / 2);
  const { left } = compile(select).remembered.caution;
  expect(left).toBeGreaterThan(0);
  for (let time = 0; time < 3; time++) expect(counting(select)).toBe("free");
  expect(compile(select).remembered.caution.left).toBe(left);
});
