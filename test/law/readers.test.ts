import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asked, blog, entry, nobody, samples, toSelector, type Asked } from "../support/arbitrary.ts";
import type { DatabaseName } from "../support/databases.ts";
import {
  cutAtNUL,
  FACTOR,
  PATIENCE,
  readACL,
  routeOver,
  runs,
  same,
  SEED,
  type Seen,
  thatMany,
  watch,
  type Watched,
} from "../support/laws.ts";
import type { AnyACL } from "../../src/policy/any.ts";
import type { TableName, World } from "../support/model.ts";
import { EXTRAS } from "../support/model.ts";
import type { EntrySpec } from "../support/rules.ts";
import { DATABASE_NAMES, path } from "../support/write.ts";

const open = new Map<DatabaseName, Watched>();
beforeAll(async () => {
  for (const name of DATABASE_NAMES) open.set(name, await watch(name));
});
afterAll(() => open.forEach((database) => database.close()));

/** Rules, questions and rows are drawn alike for every driver: one is asked all that are, the others fewer. */
const runsOn = (name: DatabaseName, usual: number): ReturnType<typeof runs> =>
  runs(name === "libsql memory" || FACTOR > 1 ? usual : usual / 4);

let cases = 0;
let fellBack = 0;

interface Sent {
  readonly url: string;
  readonly me: number;
}

const sent = (spec: EntrySpec, questions: readonly Asked[]): readonly Sent[] =>
  questions.map(({ flags, wish, me }) => ({
    url: path("x", wish && toSelector(wish, spec.rule, spec.table), flags.join("&")),
    me,
  }));

/** What differs between the answers of the two readers, or `undefined` where they are alike. */
async function difference(
  watched: Watched,
  acl: AnyACL,
  requests: readonly Sent[],
  mayAskTwice: boolean,
): Promise<string | undefined> {
  const fast = routeOver(acl, watched.database);
  const portable = routeOver(acl, watched.database, { reader: "portable" });
  await fast.ask("GET", "x", 1);
  for (const { url, me } of requests) {
    watched.drizzled.length = watched.executed.length = 0;
    const quick = await fast.ask("GET", url, me);
    const byDrizzle = watched.drizzled.length;
    const statements = watched.executed.length;
    const slow = await portable.ask("GET", url, me);
    cases++;
    const told = (what: string): string =>
      `${what}: ${decodeURIComponent(url)} as ${me} on ${watched.name}\nfast     ${show(quick)}\nportable ${show(slow)}`;
    if (fast.errors.length > 0) return told(`fast failed, ${String(fast.errors[0])}`);
    if (portable.errors.length > 0)
      return told(`portable failed, ${String((portable.errors[0] as Error).cause ?? portable.errors[0])}`);
    if (quick.status !== slow.status || !same(quick.body, slow.body, cutAtNUL))
      return told("the readers differ");
    if (quick.status !== 200) continue;
    if (byDrizzle === 0 && statements === 1) continue;
    fellBack++;
    if (mayAskTwice) continue;
    return told(`not one statement of the fast reader but ${statements}, ${byDrizzle} of them Drizzle's`);
  }
  return undefined;
}

const show = ({ status, text }: Seen): string => `${status} ${text}`;
/**
 * Years outside 0–9999, and bytes as computed fields, have no JSON in SQL: then the fast reader asks once more. So it
 * may where such a row is skipped by an offset, because the database makes its JSON before it skips it; and where a value
 * may be larger than its share of an answer.
 */
const mayAskTwice = (world: World, rules: object): boolean =>
  Object.values(world)
    .flat()
    .some((row) => Object.values(row).some(isLong)) ||
  /"[+-]\d{6}-\d\d-\d\dT/.test(
    JSON.stringify(world, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  ) ||
  /"raw"/.test(JSON.stringify(rules));

const SHARE = 256;
const isLong = (value: unknown): boolean =>
  value instanceof Uint8Array
    ? value.length >= SHARE
    : typeof value !== "bigint" && Buffer.byteLength(JSON.stringify(value) ?? "") >= SHARE;

function law(table: TableName, depth: number, worlds: fc.Arbitrary<World>) {
  return fc.record({
    world: worlds,
    spec: entry(table, depth),
    questions: fc.array(asked(depth), { minLength: 1, maxLength: 40, size: "max" }),
  });
}

const person = { email: "1@x", name: "n", secret: "s", role: "writer" };
const EXAMPLE_WORLD: World = {
  ...nobody,
  author: [
    { ...person, id: 1, mentorId: 1 },
    { ...person, id: 2, email: "2@x", mentorId: 1 },
  ],
  article: [
    {
      id: "a1",
      authorId: 1,
      reviewerId: 1,
      title: "",
      body: null,
      rating: 123456789.12345679,
      views: 0,
      published: false,
      createdAt: new Date(-62_167_219_200_001),
    },
  ],
  comment: [{ id: 1, articleId: "a1", authorId: 1, text: "", hidden: false }],
  tag: [{ id: 1, label: "l" }],
  articleTag: [{ articleId: "a1", tagId: 1 }],
  sample: [{ id: 1, parentId: 1, json: { a: 1 }, bytes: Buffer.from([0, 255]), real: 0.1 + 0.2 }],
};

const reads = (table: TableName, rule: object): object => ({
  table,
  maxDepth: 6,
  control: { GET: { all: rule } },
});
const extra = (table: TableName, name: string): object => ({
  select: false,
  extras: { [name]: EXTRAS[table][name]!.sql },
});
const mentors = (depth: number): object | true =>
  depth === 0 ? true : { select: true, with: { mentor: mentors(depth - 1) } };
const nestedMentors = (depth: number): string =>
  depth === 0 ? "T" : `(with:(mentor:${nestedMentors(depth - 1)}))`;

/** Shrunk cases of the past. */
const EXAMPLES: readonly { what: string; acl: object; url: string }[] = [
  {
    what: "a computed field mapped by a JSON column",
    acl: reads("sample", extra("sample", "mapped")),
    url: "()",
  },
  {
    what: "a real computed in a relation",
    acl: reads("author", { select: true, with: { articles: extra("article", "scored") } }),
    url: "(with:(articles:T))",
  },
  {
    what: "bytes computed in a relation",
    acl: reads("sample", { select: false, with: { children: extra("sample", "raw") } }),
    url: "(with:(children:T))",
  },
  {
    what: "a rule that hides every row of a table with a key of two columns",
    acl: reads("article", { select: true, with: { tags: { select: true, where: () => false } } }),
    url: "(with:(tags:T))",
  },
  {
    what: "a date before year 0 in a relation",
    acl: reads("author", { select: true, with: { articles: true } }),
    url: "(with:(articles:T))",
  },
  { what: "six relations deep", acl: reads("author", mentors(6) as object), url: nestedMentors(6) },
  {
    what: "relations beside relations, four deep",
    acl: reads("author", {
      select: true,
      with: {
        reviews: {
          select: true,
          with: {
            comments: true,
            author: { select: true, with: { comments: { select: true, with: { article: true } } } },
          },
        },
      },
    }),
    url: "(with:(reviews:(with:(author:(with:(comments:(with:(article:T)))),comments:T))))",
  },
  {
    what: "one row under a limit of none",
    acl: reads("author", { select: true, with: { mentor: { select: true, maxLimit: 0 } } }),
    url: "(with:(mentor:T))",
  },
];

describe(`both readers answer alike (seed ${SEED})`, () => {
  for (const name of DATABASE_NAMES) {
    test(
      `on ${name}, for rows with every kind of column`,
      async () => {
        await fc.assert(
          fc.asyncProperty(
            law(
              "sample",
              3,
              samples.map((sample) => ({ ...nobody, sample })),
            ),
            async ({ world, spec, questions }) => {
              const watched = open.get(name)!;
              await watched.load(world);
              expect(
                await difference(
                  watched,
                  readACL("x", spec),
                  sent(spec, questions),
                  mayAskTwice(world, spec),
                ),
              ).toBeUndefined();
            },
          ),
          runsOn(name, 80),
        );
      },
      PATIENCE,
    );

    for (const table of ["author", "article"] as const) {
      test(
        `on ${name}, for every ${table} and its relations, four deep`,
        async () => {
          await fc.assert(
            fc.asyncProperty(law(table, 4, blog), async ({ world, spec, questions }) => {
              const watched = open.get(name)!;
              await watched.load(world);
              expect(
                await difference(
                  watched,
                  readACL("x", spec),
                  sent(spec, questions),
                  mayAskTwice(world, spec),
                ),
              ).toBeUndefined();
            }),
            runsOn(name, 70),
          );
        },
        PATIENCE,
      );
    }
  }

  for (const { what, acl, url } of EXAMPLES) {
    for (const name of DATABASE_NAMES) {
      test(`on ${name}, for ${what}`, async () => {
        const watched = open.get(name)!;
        await watched.load(EXAMPLE_WORLD);
        expect(
          await difference(
            watched,
            { x: acl } as AnyACL,
            [{ url: `x?select=${encodeURIComponent(url)}`, me: 1 }],
            true,
          ),
        ).toBeUndefined();
      });
    }
  }

  test("thousands of times", () => {
    console.log({ fellBack });
    thatMany("others", "readers", cases);
  });
});
