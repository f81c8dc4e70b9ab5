import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  blog,
  bodyValue,
  keep,
  rule,
  seldom,
  sometimes,
  toSelector,
  type Wish,
  wish,
} from "../support/arbitrary.ts";
import {
  FACTOR,
  PATIENCE,
  type LawRoute,
  routeOver,
  runs,
  same,
  SEED,
  thatMany,
  unsaid,
  watch,
  type Watched,
} from "../support/laws.ts";
import { FILTERS, MODEL, type Row, type TableName, type World } from "../support/model.ts";
import {
  answerRule,
  BLOG_TABLES,
  DEPTH,
  passes,
  predict,
  type Write,
  type WriteSpec,
} from "../support/oracle-write.ts";
import { admits, writtenAs } from "../support/oracle.ts";
import { Open } from "../support/oracle-values.ts";
import { type RuleSpec, toRule } from "../support/rules.ts";
import * as schema from "../support/schema.ts";
import { dump, path } from "../support/write.ts";

const NAMES = ["libsql file", "bun:sqlite"] as const;
const open = new Map<string, Watched>();
beforeAll(async () => {
  for (const name of NAMES) open.set(name, await watch(name));
});
afterAll(() => open.forEach((database) => database.close()));

// --- what is drawn ---------------------------------------------------------------------------------------------------

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const columnsOf = (table: TableName): fc.Arbitrary<RuleSpec["select"]> => {
  const some = fc.subarray(Object.keys(MODEL[table].columns));
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
    { weight: 2, arbitrary: fc.record({ mode: fc.boolean(), columns: some }, { noNullPrototype: true }) },
  );
};

/** Filters whose answer other rows of their table may change are drawn more often. */
const neighbourly = (table: TableName): readonly string[] => {
  const names = Object.keys(FILTERS[table]).filter((name) => /^(?:again|few)$/.test(name));
  return Array.from({ length: 6 }, () => names).flat();
};

const specOf = (table: (typeof BLOG_TABLES)[number]): fc.Arbitrary<WriteSpec> =>
  fc
    .record({
      table: fc.constant(table),
      rule: fc
        .record({ rule: rule(table, 2), silent: fc.nat(5) })
        .map(({ rule: { select, where, extras, with: relations }, silent }): RuleSpec => ({
          ...(silent > 0 && { select }),
          ...(where !== undefined && { where }),
          extras,
          with: relations,
          forbid: [],
        })),
      check: seldom(among<string | true>(true, true, ...Object.keys(FILTERS[table]), ...neighbourly(table))),
      ensure: seldom(among(...Object.keys(FILTERS[table]), ...neighbourly(table))),
      write: sometimes(columnsOf(table)),
      inject:
        table === "article" || table === "comment"
          ? sometimes(fc.constant({ authorId: 1 }))
          : fc.constant(undefined),
      requireWhere: seldom(fc.boolean()),
      maxAffected: seldom(fc.nat(2)),
    })
    .map(
      (spec) =>
        Object.fromEntries(
          Object.entries(spec).filter(([, value]) => value !== undefined),
        ) as any as WriteSpec,
    );

interface Drawn {
  readonly method: Write["method"];
  readonly bodies: readonly Readonly<Record<string, number>>[];
  readonly asList: boolean;
  readonly wish: Wish | undefined;
  readonly total: boolean;
  readonly me: number;
}

const drawnOf = (table: TableName): fc.Arbitrary<Drawn> => {
  const cells = fc.record(
    Object.fromEntries([
      ...Object.keys(MODEL[table].columns).map((name) => [name, fc.nat(99)]),
      ["nothing", fc.constant(0)],
    ]),
    { requiredKeys: [], noNullPrototype: true },
  ) as fc.Arbitrary<Record<string, number>>;
  const full = fc.record(Object.fromEntries(required(table).map((name) => [name, fc.nat(99)])), {
    noNullPrototype: true,
  });
  const body = fc
    .oneof(
      { weight: 2, arbitrary: fc.tuple(full, cells).map(([all, some]) => ({ ...some, ...all })) },
      { weight: 3, arbitrary: full },
      { weight: 2, arbitrary: cells },
    )
    .map(
      ({ nothing, ...rest }) =>
        (nothing === 0 && Object.keys(rest).length % 5 === 4 ? { ...rest, nothing } : rest) as Record<
          string,
          number
        >,
    );
  const small = fc
    .subarray(Object.keys(MODEL[table].columns), { minLength: 1, maxLength: 2 })
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fc.nat(99)])), { noNullPrototype: true }),
    ) as fc.Arbitrary<Record<string, number>>;
  return among<Write["method"]>("POST", "PATCH", "PATCH", "DELETE").chain((method) =>
    fc.record({
      method: fc.constant(method),
      bodies: fc.array(method === "PATCH" ? small : body, {
        minLength: 1,
        maxLength: method === "PATCH" ? 1 : 3,
      }),
      asList: fc.boolean(),
      wish: seldom(wish(2)),
      total: fc.boolean(),
      me: among(1, 2, 9),
    }),
  );
};

const required = (table: TableName): readonly string[] =>
  ({
    author: ["name", "email"],
    article: ["authorId", "title"],
    comment: ["articleId", "authorId", "text"],
    tag: ["label"],
    articleTag: ["articleId", "tagId"],
    sample: [],
  })[table];

// --- what is checked -------------------------------------------------------------------------------------------------

/** All rows as they are stored now. */
async function snapshot({ database }: Watched): Promise<World> {
  const world: Record<string, readonly Row[]> = { sample: [] };
  for (const table of BLOG_TABLES) world[table] = await database.select().from(schema[table]);
  return world as World;
}

/** Rows in one order, dates as their times, keys that were made up as one word. */
const comparable = (table: TableName, rows: readonly Row[], known: readonly Row[]): string[] => {
  const keys = new Set(known.map((row) => row["id"]));
  return rows
    .map((row) => {
      const made = "id" in row && (!keys.has(row["id"]) || String(row["id"]).startsWith("made "));
      return JSON.stringify(
        Object.keys(MODEL[table].columns).map((name) => (name === "id" && made ? "made" : row[name])),
      );
    })
    .toSorted();
};

const seen = { done: 0, changed: 0, refused: 0 };

async function violation(
  watched: Watched,
  route: LawRoute,
  spec: WriteSpec,
  drawn: Drawn,
  world: World,
): Promise<string | undefined> {
  const { table } = spec;
  const filterable =
    spec.rule.select === undefined ? { mode: true, columns: MODEL[table].key } : spec.rule.select;
  const wished =
    drawn.wish === undefined ? {} : toSelector(drawn.wish, { ...spec.rule, select: filterable }, table);
  const selector: any = keep(
    wished,
    drawn.method === "POST" ? ["columns", "with"] : ["columns", "with", "where"],
  );
  const bodies = drawn.bodies.map((body) =>
    Object.fromEntries(
      Object.entries(body).map(([name, n]) => [
        name,
        name === "nothing" ? 1 : bodyValue(MODEL[table].columns[name]!, name, n),
      ]),
    ),
  );
  const body =
    drawn.method === "DELETE" ? undefined : drawn.asList && drawn.method === "POST" ? bodies : bodies[0];
  // A key the client sends and the author puts in as well is settled elsewhere.
  if (spec.inject !== undefined)
    for (const item of bodies) for (const name of Object.keys(spec.inject)) delete item[name];
  const url = path(
    "rows",
    Object.keys(selector).length > 0 ? selector : undefined,
    drawn.total ? "countTotal" : "",
  );
  const expected = predict(world, spec, { method: drawn.method, body, selector, me: drawn.me });

  const before = await dump(watched.database);
  const answer = await route.ask(drawn.method, url, drawn.me, {
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  const told = (what: string): string =>
    `${what}: ${drawn.method} ${decodeURIComponent(url)} ${JSON.stringify(body)} as ${drawn.me}\nengine ${answer.status} ${answer.text} ${String(route.errors)}\noracle ${JSON.stringify(expected)}`;
  if (answer.status >= 500) return told("failed");
  if (answer.status >= 400) {
    seen.refused++;
    if ((await dump(watched.database)) !== before) return told("a refused write left something behind");
    return "refused" in expected || "open" in expected ? undefined : told("a permitted write was refused");
  }
  seen.done++;
  if ("written" in expected && expected.written.length > 0) seen.changed++;
  if ("refused" in expected) return told("a write that must be refused was done");
  const after = await snapshot(watched);
  if ("open" in expected) {
    const known = new Set(world[table].map((row) => keyOf(table, row)));
    const made = after[table].filter((row) => !known.has(keyOf(table, row)));
    return passes(world, after, spec, made, drawn.me) ? undefined : told("a written row does not pass");
  }
  for (const name of BLOG_TABLES) {
    const [is, must] = [
      comparable(name, after[name], world[name]),
      comparable(name, expected.world[name], world[name]),
    ];
    if (JSON.stringify(is) !== JSON.stringify(must))
      return told(`other rows than expected in ${name}: ${String(is)}\nnot ${String(must)}\n`);
  }
  return wrongBody(answer.body, spec, drawn, selector, world, after, expected.written, told);
}

/** What comes back: the counts, and the rows written as the rule shows them. */
function wrongBody(
  body: any,
  spec: WriteSpec,
  { method, total, me }: Drawn,
  selector: any,
  world: World,
  after: World,
  written: readonly Row[],
  told: (what: string) => string,
): string | undefined {
  const { table } = spec;
  if (body.rowsAffected !== written.length || body.count !== written.length) return told("wrong counts");
  // A POST that says nothing of rows counts those of a GET, and here nobody may GET.
  const unread = method === "POST" && spec.rule.where === undefined;
  const admitted = unread ? 0 : after[table].filter((row) => admits(after, table, spec.rule, row, me)).length;
  if (body.total !== (total ? admitted : undefined)) return told(`wrong total, not ${admitted}`);
  const shown = writtenAs(method === "DELETE" ? world : after, table, answerRule(spec), selector, me, DEPTH);
  if (shown.countsOnly) return "rows" in body ? told("rows came back unasked") : undefined;
  const known = new Set(world[table].map((row) => keyOf(table, row)));
  const rows = method === "POST" ? after[table].filter((row) => !known.has(keyOf(table, row))) : written;
  const sorted = (list: readonly unknown[]): unknown[] =>
    list.map((row) => JSON.stringify(inOrder(row))).toSorted();
  // That a maximum cut a list short the laws of questions judge.
  const is = sorted(unsaid(body.rows));
  let must: unknown[];
  try {
    must = sorted(shown.of(rows));
  } catch (error) {
    if (error instanceof Open) return undefined;
    throw error;
  }
  return same(is, must) ? undefined : told(`came back ${String(is)}\nnot ${String(must)}\n`);
}

const keyOf = (table: TableName, row: Row): string =>
  JSON.stringify(MODEL[table].key.map((name) => row[name]));
/** A value with the keys of its objects in one order. */
const inOrder = (value: any): any =>
  Array.isArray(value)
    ? value.map(inOrder)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.keys(value)
            .toSorted()
            .map((key) => [key, inOrder(value[key])]),
        )
      : value;

describe(`a write does what its rule allows and nothing else (seed ${SEED})`, () => {
  for (const name of NAMES) {
    for (const table of BLOG_TABLES) {
      test(
        `on ${name}, to every ${table}`,
        async () => {
          const cases = fc.record({
            world: blog,
            spec: specOf(table),
            writes: fc.array(drawnOf(table), { minLength: 1, maxLength: 12, size: "max" }),
          });
          await fc.assert(
            fc.asyncProperty(cases, async ({ world, spec, writes }) => {
              const watched = open.get(name)!;
              await watched.load({ ...world });
              const route = routeOver({ rows: entryOf(spec) }, watched.database);
              for (const drawn of writes) {
                expect(await violation(watched, route, spec, drawn, await snapshot(watched))).toBeUndefined();
              }
            }),
            runs(name === "bun:sqlite" || FACTOR > 1 ? 60 : 25),
          );
        },
        PATIENCE,
      );
    }
  }

  test("thousands of times", () => {
    console.log(seen);
    thatMany("oracle", "writes", seen.done + seen.refused);
  });
});

function entryOf({ table, rule, check, ensure, write, inject, requireWhere, maxAffected }: WriteSpec): any {
  const whole = {
    ...toRule(rule, table),
    ...(write !== undefined && { write }),
    ...(check !== undefined && {
      check:
        check === true ? true : ({ me }: { me: number }, t: unknown) => FILTERS[table][check]!.sql(me, t),
    }),
    ...(inject !== undefined && { injectBody: (body: object) => ({ ...body, ...inject }) }),
  };
  const left = {
    ...whole,
    ...(ensure !== undefined && {
      ensure: ({ me }: { me: number }, t: unknown) => FILTERS[table][ensure]!.sql(me, t),
    }),
  };
  const guards = {
    ...(requireWhere !== undefined && { requireWhere }),
    ...(maxAffected !== undefined && { maxAffected }),
  };
  return {
    table,
    control: {
      POST: { all: left },
      PATCH: { all: { ...left, ...guards } },
      DELETE: { all: { ...toRule(rule, table), ...guards } },
    },
  };
}
