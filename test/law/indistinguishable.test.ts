import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asked, blog, often, toSelector } from "../support/arbitrary.ts";
import {
  PATIENCE,
  routeOver,
  runs,
  SEED,
  type Seen,
  thatMany,
  watch,
  type Watched,
} from "../support/laws.ts";
import { EXTRAS, FILTERS, MODEL, type Row, type World } from "../support/model.ts";
import { admits } from "../support/oracle.ts";
import { EVERYTHING, readableOf, type RuleSpec, toRule } from "../support/rules.ts";
import { path } from "../support/write.ts";

// One rule for each table, wherever the table is met: what it hides is hidden everywhere.

const TABLES = ["author", "article", "comment", "tag", "articleTag"] as const;
type Sight = Readonly<Record<(typeof TABLES)[number], RuleSpec>>;

/** The cells the difference is made of; keys and references stay, because relations speak of them. */
const SECRETS: Readonly<Record<(typeof TABLES)[number], Readonly<Record<string, readonly unknown[]>>>> = {
  author: {
    name: ["", "zz", "\u0001"],
    email: ["x@y", "other@z"],
    secret: ["s-other", "%"],
    role: ["editor", "writer"],
  },
  article: {
    title: ["", "zzz", "select * from"],
    body: [null, "other", "{"],
    rating: [null, 1e300, -1],
    views: [0, 7, 2 ** 40],
    published: [true, false],
    createdAt: [new Date(1), new Date(8_640_000_000_000_000), new Date(-8_640_000_000_000_000)],
  },
  comment: { text: ["", "zzz", "\u0001"], hidden: [true, false] },
  tag: { label: ["zzz", "\u0001"] },
  articleTag: {},
};

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const sightOf = (table: (typeof TABLES)[number]): fc.Arbitrary<RuleSpec> =>
  fc
    .record({
      hidden: fc.subarray(Object.keys(SECRETS[table]), { minLength: 0 }),
      where: often(among(...Object.keys(FILTERS[table]))),
      order: fc.array(
        fc.tuple(among(...Object.keys(MODEL[table].columns)), among<"asc" | "desc">("asc", "desc")),
        {
          maxLength: 2,
        },
      ),
    })
    .map(({ hidden, where, order }) => {
      // The author's own order may speak of what he hides; then the order tells, and that is his wish.
      const told = order.filter(([name]) => !hidden.includes(name));
      return {
        ...EVERYTHING,
        select: { mode: false, columns: hidden },
        ...(where !== undefined && { where }),
        ...(told.length > 0 && { orderBy: Object.fromEntries(told) }),
        extras: Object.entries(EXTRAS[table])
          .filter(([, { reads }]) => reads?.every((name) => !hidden.includes(name)))
          .map(([name]) => name),
      };
    });
const sight: fc.Arbitrary<Sight> = fc.record({
  author: sightOf("author"),
  article: sightOf("article"),
  comment: sightOf("comment"),
  tag: sightOf("tag"),
  articleTag: sightOf("articleTag"),
});

/** The rule of a table with its relations' rules, `depth` deep. */
function nested(given: Sight, table: (typeof TABLES)[number], depth: number): RuleSpec {
  const relations = depth === 0 ? [] : Object.entries(MODEL[table].relations);
  return {
    ...given[table],
    with: Object.fromEntries(
      relations.map(([name, relation]) => [name, nested(given, relation.table as keyof Sight, depth - 1)]),
    ),
  };
}

/** One change of a cell, or the removal of a row. */
interface Change {
  readonly table: (typeof TABLES)[number];
  readonly row: number;
  readonly column: number;
  readonly value: number;
}
const change: fc.Arbitrary<Change> = fc.record({
  table: among(...TABLES),
  row: fc.nat(9),
  column: fc.nat(9),
  value: fc.nat(9),
});

/** What a caller may see of a world: of each table the rows that exist for him, with the columns he may read. */
const view = (world: World, given: Sight, me: number): string =>
  JSON.stringify(
    TABLES.map((table) =>
      world[table]
        .filter((row) => admits(world, table, given[table], row, me))
        .map((row) => {
          const references = Object.keys(MODEL[table].columns).filter((name) => !(name in SECRETS[table]));
          return [...readableOf(given[table], table), ...references].map((name) => row[name]);
        }),
    ),
  );

/** The world with those changes made that the caller may not see. */
function otherWorld(world: World, given: Sight, me: number, changes: readonly Change[]): World {
  const seen = view(world, given, me);
  let other = world;
  for (const { table, row, column, value } of changes) {
    const rows = other[table];
    if (rows.length === 0) continue;
    const place = row % rows.length;
    const names = Object.keys(SECRETS[table]);
    const changed: Row[] = [...rows];
    // Where nothing points to a row it may be gone altogether.
    if (column >= names.length) {
      if (table !== "comment" && table !== "articleTag") continue;
      changed.splice(place, 1);
    } else {
      const values = SECRETS[table][names[column]!]!;
      changed[place] = { ...rows[place]!, [names[column]!]: values[value % values.length] };
    }
    const next = { ...other, [table]: changed };
    if (isPossible(next) && view(next, given, me) === seen) other = next;
  }
  return other;
}

const distinct = (rows: readonly Row[], column: string): boolean =>
  new Set(rows.map((row) => row[column])).size === rows.length;
const isPossible = (world: World): boolean => distinct(world.author, "email") && distinct(world.tag, "label");

/** Requests that try what they should not. */
const hostile: fc.Arbitrary<{ readonly method: string; readonly path: string }> = fc.record({
  method: among("GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "POST"),
  path: among(
    "author?select=(where:(secret.like:'s%25'))",
    "author?select=(orderBy:(secret:asc))",
    "author?select=(columns:(secret:T))",
    "author?select=(columns:(secrt:T))",
    "article?select=(with:(author:(where:(secret:'s-1'))))",
    "article?select=(with:(comments:(where:(hidden:T))))&countTotal",
    "comment?countTotal&select=(columns:F)",
    "comment?countTotal&select=(columns:F,where:(text.gt:''))",
    "articleTag?countTotal",
    "article?findFirst&select=(orderBy:(views:desc))",
    "article?mine|guest&countTotal",
    "author?select=(columns:F)",
    "author?select=(where:(constructor:1))",
    "author?select=(where:(secret.lke:1))",
    "tag?select=(limit:1,offset:1)&countTotal",
    "nothing?select=(where:(secret:1))",
  ),
});

/** Changes that conflict with no other row: that a unique value is taken is one bit every database tells. */
const BODIES: Readonly<Record<string, string>> = {
  author: '{"mentorId":null}',
  article: '{"reviewerId":null}',
  comment: '{"text":"x"}',
};

let pair: readonly [Watched, Watched];
beforeAll(async () => {
  pair = [await watch("libsql memory"), await watch("libsql memory")];
});
afterAll(() => pair.forEach((watched) => watched.close()));

const same = (left: Seen, right: Seen): boolean =>
  left.status === right.status &&
  left.text === right.text &&
  JSON.stringify(left.headers) === JSON.stringify(right.headers);

let compared = 0;
let differing = 0;

describe(`what a caller may not see changes no answer (seed ${SEED})`, () => {
  for (const reader of ["fast", "portable"] as const) {
    test(
      `of the ${reader} reader`,
      async () => {
        const worlds = fc.record({
          world: blog,
          given: sight,
          me: among(1, 2, 9),
          changes: fc.array(change, { minLength: 1, maxLength: 40, size: "max" }),
          questions: fc.array(
            fc.record({
              table: among(...TABLES),
              ask: asked(3),
              method: among("GET", "GET", "HEAD", "OPTIONS", "PATCH", "DELETE"),
            }),
            { minLength: 1, maxLength: 30, size: "max" },
          ),
          attempts: fc.array(hostile, { maxLength: 10 }),
        });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ world, given, me, changes, questions, attempts }) => {
            const other = otherWorld(world, given, me, changes);
            if (other === world) return;
            differing++;
            await pair[0].load(world);
            await pair[1].load(other);
            const rules = Object.fromEntries(TABLES.map((table) => [table, nested(given, table, 3)]));
            const acl = Object.fromEntries(
              TABLES.map((table) => {
                const rule = toRule(rules[table]!, table);
                // What would change at most no row counts them and changes nothing.
                const counting = { ...rule, write: true, maxAffected: 0 };
                return [
                  table,
                  {
                    table,
                    // A rule that asks hidden columns of the changed row tells their answer by its refusal: one bit it is for.
                    control: {
                      GET: { all: rule },
                      PATCH: { all: { ...counting, check: true as const } },
                      DELETE: { all: counting },
                    },
                  },
                ];
              }),
            );
            const [left, right] = pair.map(({ database }) => routeOver(acl, database, { reader }));
            const ask = async (method: string, url: string): Promise<void> => {
              const body = BODIES[/^\w+/.exec(url)![0]];
              if (method === "PATCH" && body === undefined) return;
              if (method === "DELETE" && !url.startsWith("comment")) return; // a row that is pointed to tells so: one bit
              const init =
                method === "PATCH" ? { body: body!, headers: { "content-type": "application/json" } } : {};
              const [one, two] = [
                await left!.ask(method, url, me, init),
                await right!.ask(method, url, me, init),
              ];
              expect([...left!.errors, ...right!.errors]).toEqual([]);
              compared++;
              expect(
                same(one, two) ? undefined : { method, url: decodeURIComponent(url), one, two, other },
              ).toBeUndefined();
            };
            for (const { table, ask: wanted, method } of questions) {
              const selector = wanted.wish && toSelector(wanted.wish, rules[table]!, table);
              await ask(method, path(table, selector, method === "OPTIONS" ? "" : wanted.flags.join("&")));
            }
            for (const { method, path: url } of attempts) await ask(method, url);
          }),
          runs(90),
        );
      },
      PATIENCE,
    );
  }

  test("thousands of times", () => {
    console.log({ differing });
    thatMany("others", "indistinguishable", compared);
  });
});
