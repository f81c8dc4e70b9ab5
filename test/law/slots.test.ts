import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import fc from "fast-check";
import { admitAll, type Context } from "../../src/author/author.ts";
import { JSONReader } from "../../src/compile/read/json.ts";
import { fill, slotsOf } from "../../src/compile/slots.ts";
import { isOrdered } from "../../src/compile/sql/range.ts";
import { filterSQL, shownIn } from "../../src/compile/sql/secured.ts";
import { speechOf } from "../../src/compile/sql/speech.ts";
import { parse } from "../../src/http/parse.ts";
import type { Remembered } from "../../src/compile/compile.ts";
import type { Admitted } from "../../src/author/author.ts";
import { type Mask, planRead, type ReadNode, type ReadPlan } from "../../src/plan/plan.ts";
import { type AnyRule, buildRegistry, type Policy } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";
import { type Asked, asked, entry, toSelector } from "../support/arbitrary.ts";
import { PATIENCE, readACL, runs } from "../support/laws.ts";
import { MODEL, type TableName } from "../support/model.ts";
import { type EntrySpec, readableOf, type RuleSpec, toRule } from "../support/rules.ts";
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

/** A rule that lets some of its columns out on some rows. */
function masked(spec: RuleSpec, table: TableName): AnyRule {
  const keys = catalog.get(table)!.primaryKey.map(({ name }) => name);
  const [first = "", ...others] = readableOf(spec, table).filter((name) => !keys.includes(name));
  const columns = [first, ...others].filter((name) => name !== "");
  const every = (count: number, rest: number): Set<string> =>
    new Set(columns.filter((_, index) => index % count === rest));
  const rule = toRule(spec, table);
  const relations = Object.entries(spec.with).map(([name, inner]) => [
    name,
    typeof inner === "boolean" ? inner : masked(inner, MODEL[table].relations[name]!.table),
  ]);
  const grants = [
    { columns: new Set([...keys.filter((key) => readableOf(spec, table).includes(key)), ...every(4, 0)]) },
    { columns: every(4, 1), when: ({ me }: Me, t: never) => sql`${t[keys[0]!]} <> ${me}` },
    { columns: every(4, 2), when: ({ me }: Me) => me === 1 },
    { columns: every(8, 1), when: ({ me }: Me) => me === 2 },
    { columns: every(4, 3), when: ({ me }: Me) => sql`exists (select 1 where ${me} > ${me} - 1)` },
  ];
  return { ...rule, select: grants, with: Object.fromEntries(relations) };
}

interface Me {
  readonly me: number;
}

function policyOf(spec: EntrySpec, masks = false): Policy {
  const { table, rule, ...rest } = spec;
  const acl = masks
    ? { x: { table, ...rest, control: { GET: { all: masked(rule, table) } } } }
    : readACL("x", spec);
  return buildRegistry(acl, catalog, undefined).get("x")!.get("GET")!.get("all")!;
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
const rendered = (query: ReturnType<typeof filterSQL>): string => query.toQuery(speech.rendering).sql;

/** All that a plan says but values, told by other code than the walk's. */
function told({ plan, admitted }: Made): string {
  const node = (one: ReadNode): unknown => {
    const { rows } = admitted.of(one);
    const shown = (mask: Mask): unknown => {
      const when = shownIn(mask, admitted.of(one));
      return typeof when === "string" ? when : { sql: rendered(when) };
    };
    return {
      rule: one.secured.policy.path,
      selected: one.selected.map(({ name }) => name),
      marks: one.marks.map(shown),
      extras: [...one.extras.keys()],
      rows: typeof rows === "string" ? rows : { sql: rendered(rows) },
      where: one.where && rendered(filterSQL(one.where, one, admitted)),
      orderBy: one.orderBy.map(({ expression, direction }) => [
        expression.column.name,
        direction,
        isOrdered(one) && expression.kind === "masked" && shown(expression.mask),
      ]),
      range: [one.limit === Number.POSITIVE_INFINITY, one.offset > 0, one.single],
      relations: [...one.relations].map(([name, { node: child }]) => [name, node(child)]),
    };
  };
  return JSON.stringify([plan.first, plan.total, plan.filtered, node(plan.root)]);
}

const keyOf = (
  { plan, admitted }: Made,
  answers: Remembered["answers"],
  counting: Remembered["counting"] = "free",
): string => fill(slotsOf(plan, answers, counting, speech), admitted, speech).key;

/** The plan of a page that does not begin with the first row. */
function behindACursor(plan: ReadPlan): ReadPlan {
  const root: ReadNode = { ...plan.root, paging: { ...plan.root.paging!, side: "after" } };
  return {
    ...plan,
    root,
    nodes: [root, ...plan.nodes.slice(1)],
    mentions: [root, ...plan.mentions.slice(1)],
  };
}

/** How many plans were compared. */
let compared = 0;

describe("the key, the text and the values of a statement", () => {
  test(
    "plans that differ in anything but values differ in key",
    () => {
      const cases = fc.record({
        spec: fc.constantFrom("author", "article", "sample" as const).chain((table) => entry(table, 2)),
        questions: fc.array(asked(2), { minLength: 2, maxLength: 40, size: "max" }),
        masks: fc.boolean(),
      });
      fc.assert(
        fc.property(cases, ({ spec, questions, masks }) => {
          const policy = policyOf(spec, masks);
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

  test("plans that count other rows differ in key", () => {
    const inner = { select: true, where: ({ me }: Me, t: never) => sql`${t["id"]} <> ${me}` } as const;
    const rule: AnyRule = {
      select: { columns: ["id"] },
      with: { articles: { ...inner, with: { comments: true } }, students: inner },
    };
    const acl = { x: { table: "author", control: { GET: { all: rule } } } };
    const policy = buildRegistry(acl, catalog, undefined).get("x")!.get("GET")!.get("all")!;
    const planned = (selector: object, me = 1): Made => {
      const url = path("x", { limit: 5, ...selector });
      const plan = planRead(policy, parse("GET", "x", url.slice(url.indexOf("?"))));
      return { plan, admitted: admitAll(plan.mentions, { me } as unknown as Context) as Admitted };
    };
    const articles = (where: object): object => ({ count: { articles: { where } } });
    const shapes = [
      {},
      { count: { articles: true } },
      { count: { articles: true, again: { relation: "articles" } } },
      { count: { students: true } },
      { count: { students: true, articles: true } },
      { count: { articles: true, students: true } },
      articles({ title: "a" }),
      articles({ "title.ne": "a" }),
      articles({ NOT: { title: "a" } }),
      articles({ comments: true }),
      articles({ "comments.none": true }),
      articles({ comments: { id: 1 } }),
      { ...articles({ title: "a" }), where: { id: 1 } },
      { where: { id: 1 } },
    ];
    expect(new Set(shapes.map((selector) => keyOf(planned(selector), "json"))).size).toBe(shapes.length);
    for (const [one, other] of [
      [articles({ title: "a" }), articles({ title: "b" })],
      [{ count: { articles: true } }, { count: { a: { relation: "articles" } } }],
      [articles({ comments: { id: 1 } }), articles({ comments: { id: 2 } })],
    ] as const) {
      const [first, second] = [planned(one), planned(other, 2)];
      expect(keyOf(second, "json")).toBe(keyOf(first, "json"));
      const { statement, values } = reader().bind(first.plan, first.admitted, "text", false)!;
      expect(statement.text.match(/\?\d+/g)!.length).toBe(values.length);
    }
  });

  test(
    "so do plans of pages, wherever they begin",
    () => {
      // A number that no double holds, one that is endless and bytes are each said otherwise.
      const value = fc.constantFrom(null, "i1", "i9007199254740993", "ta", "r0.5", "rInf", "b00", null);
      const cases = fc.record({
        spec: fc.constantFrom("author", "article", "sample" as const).chain((table) => entry(table, 1)),
        pages: fc.array(fc.tuple(asked(1), fc.array(value, { minLength: 40, maxLength: 40 })), {
          maxLength: 20,
        }),
        masks: fc.boolean(),
      });
      fc.assert(
        fc.property(cases, ({ spec, pages, masks }) => {
          const policy = policyOf(spec, masks);
          const texts = new Map<string, string>();
          for (const [question, values] of pages) {
            const made = make(policy, spec, { ...question, flags: [...question.flags, "cursor"] });
            if (made === undefined) continue;
            const position = values.slice(0, made.plan.root.orderBy.length);
            const later = behindACursor(made.plan);
            for (const one of [
              made,
              { plan: later, admitted: made.admitted.behind(position) },
              { plan: later, admitted: made.admitted.behind([]) },
            ]) {
              const bound = reader().bind(one.plan, one.admitted, "text", false)!;
              const { answers, counting, text } = bound.statement;
              const key = keyOf(one, answers, counting);
              expect(texts.get(key) ?? text).toBe(text);
              texts.set(key, text);
              const places = text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, "").match(/\?\d+/g);
              expect(new Set(places).size).toBe(bound.values.length);
              compared++;
            }
          }
        }),
        runs(150),
      );
    },
    PATIENCE,
  );

  test(
    "plans of one key have one text, and as many values as it has places",
    () => {
      const cases = fc.record({
        spec: entry("article", 2),
        questions: fc.array(asked(2), { maxLength: 20 }),
        masks: fc.boolean(),
      });
      fc.assert(
        fc.property(cases, ({ spec, questions, masks }) => {
          const policy = policyOf(spec, masks);
          const texts = new Map<string, string>();
          for (const question of questions) {
            const one = make(policy, spec, question);
            if (one === undefined) continue;
            for (const summed of [false, true]) {
              const { statement, values } = reader().bind(one.plan, one.admitted, "text", summed)!;
              const { answers, counting } = statement;
              const key = keyOf(one, answers, counting);
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
