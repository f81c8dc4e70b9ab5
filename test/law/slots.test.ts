import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import fc from "fast-check";
import { admitAll, type Context } from "../../src/author/author.ts";
import { JSONReader } from "../../src/compile/read/json.ts";
import { fill, slotsOf } from "../../src/compile/slots.ts";
import { toSQL } from "../../src/compile/sql/condition.ts";
import { speechOf } from "../../src/compile/sql/speech.ts";
import { parse } from "../../src/http/parse.ts";
import type { Remembered } from "../../src/compile/compile.ts";
import type { Admitted } from "../../src/author/author.ts";
import { planRead, type ReadNode, type ReadPlan } from "../../src/plan/plan.ts";
import { buildRegistry, type Policy } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";
import { type Asked, asked, entry, toSelector } from "../support/arbitrary.ts";
import { PATIENCE, readACL, runs } from "../support/laws.ts";
import type { EntrySpec } from "../support/rules.ts";
import * as schema from "../support/schema.ts";
import { path } from "../support/write.ts";

const database = drizzle(new Database(":memory:"), { schema });
const speech = speechOf(database);
const catalog = readCatalog(schema);
/** Without a memory, so that every text is written. */
const reader = (): JSONReader => new JSONReader(speech, { rowsAreCheap: true, jsonPassesSelects: true });

/** A plan, and what it admits for a caller. */
interface Made {
  readonly plan: ReadPlan;
  readonly admitted: Admitted;
}

function policyOf(spec: EntrySpec): Policy {
  const registry = buildRegistry(readACL("x", spec), catalog, undefined);
  return registry.get("x")!.get("GET")!.get("all")!;
}

/** `undefined` where the question is refused. */
function make(policy: Policy, spec: EntrySpec, { wish, flags, me }: Asked): Made | undefined {
  const url = path("x", wish && toSelector(wish, spec.rule, spec.table), flags.join("&"));
  try {
    const plan = planRead(policy, parse("GET", "x", url.slice(url.indexOf("?"))));
    // The rules of these laws look at nothing else.
    const admitted = admitAll(plan.nodes, { me } as unknown as Context);
    return admitted instanceof Promise ? undefined : { plan, admitted };
  } catch {
    return undefined;
  }
}

/** SQL of Drizzle's own making, with every value as a question mark. */
const rendered = (query: ReturnType<typeof toSQL>): string => query.toQuery(speech.rendering).sql;

/** All that a plan says but values, told by other code than the walk's. */
function told({ plan, admitted }: Made): string {
  const node = (one: ReadNode): unknown => {
    const rows = admitted.of(one);
    return {
      rule: one.secured.policy.path,
      selected: one.selected.map(({ name }) => name),
      extras: [...one.extras.keys()],
      rows: typeof rows === "string" ? rows : { sql: rendered(rows) },
      where: one.where && rendered(toSQL(one.where)),
      orderBy: one.orderBy.map(({ expression, direction }) => [expression.column.name, direction]),
      range: [one.limit === Number.POSITIVE_INFINITY, one.offset > 0, one.single],
      relations: [...one.relations].map(([name, { node: child }]) => [name, node(child)]),
    };
  };
  return JSON.stringify([plan.first, plan.total, node(plan.root)]);
}

const keyOf = (
  { plan, admitted }: Made,
  answers: "json" | "encoded",
  counting: Remembered["counting"] = "free",
): string => fill(slotsOf(plan, answers, counting, speech), admitted, speech).key;

/** How many plans were compared. */
let compared = 0;

describe("the key, the text and the values of a statement", () => {
  test(
    "plans that differ in anything but values differ in key",
    () => {
      const cases = fc.record({
        spec: fc.constantFrom("author", "article", "sample" as const).chain((table) => entry(table, 2)),
        questions: fc.array(asked(2), { minLength: 2, maxLength: 40, size: "max" }),
      });
      fc.assert(
        fc.property(cases, ({ spec, questions }) => {
          const policy = policyOf(spec);
          const made = questions.flatMap((question) => make(policy, spec, question) ?? []);
          const byKey = new Map<string, string>();
          for (const one of made) {
            const [key, shape] = [keyOf(one, "json"), told(one)];
            compared++;
            // A key that two shapes have would hand one caller's statement to another's question.
            expect(byKey.get(key) ?? shape).toBe(shape);
            byKey.set(key, shape);
            expect(keyOf(one, "encoded")).not.toBe(key);
          }
        }),
        runs(800),
      );
      expect(compared).toBeGreaterThan(1_000);
    },
    PATIENCE,
  );

  test(
    "plans of one key have one text, and as many values as it has places",
    () => {
      const cases = fc.record({
        spec: entry("article", 2),
        questions: fc.array(asked(2), { maxLength: 20 }),
      });
      fc.assert(
        fc.property(cases, ({ spec, questions }) => {
          const policy = policyOf(spec);
          const texts = new Map<string, string>();
          for (const question of questions) {
            const one = make(policy, spec, question);
            if (one === undefined) continue;
            for (const summed of [false, true]) {
              const { statement, values } = reader().bind(one.plan, one.admitted, "text", summed)!;
              const key = keyOf(one, "json", statement.counting);
              expect(texts.get(key) ?? statement.text).toBe(statement.text);
              texts.set(key, statement.text);
              const places = statement.text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, "").match(/\?\d+/g);
              expect(new Set(places).size).toBe(values.length);
            }
          }
        }),
        runs(100),
      );
    },
    PATIENCE,
  );
});
