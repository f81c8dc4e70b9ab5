import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import fc from "fast-check";
import { asked } from "../support/everywhere.ts";
import { PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { openPostgresql, SERVER } from "../support/postgresql.ts";
import { FACTS, type Post, put, SEARCHED } from "../support/searched.ts";
import { openTables } from "../support/shop.ts";
import { path } from "../support/write.ts";

// What is found and in which order is told from each row alone, and no text of anybody is an error.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const acl = {
  posts: {
    table: "post",
    maxLimit: 1000,
    control: { GET: { all: { select: true, search: true, ...visible } } },
  },
};

const DATABASES = ["sqlite", ...(SERVER === undefined ? [] : (["postgresql"] as const))] as const;

/** A database of posts, and a route of each reader over it. */
interface Ground {
  readonly database: Any;
  readonly routes: readonly QueryHandler[];
  readonly errors: unknown[];
  readonly close: () => unknown;
}

async function openGround(speaks: "sqlite" | "postgresql"): Promise<Ground> {
  const schema = SEARCHED[speaks];
  const opened = await (speaks === "sqlite"
    ? openTables(schema, "libsql memory")
    : openPostgresql("node-postgres", schema, { connections: 2, settings: { jit: "off" } }));
  const database: Any = opened.database;
  for (const text of SEARCHED.made![speaks]) await (database.run ?? database.execute).call(database, text);
  const errors: unknown[] = [];
  const routes = (["fast", "portable"] as const).map((reader) =>
    createQueryHandler({
      acl,
      database,
      schema,
      reader,
      tables: FACTS,
      onWarning: () => undefined,
      onError: (error) => errors.push(error),
    }),
  );
  return { database, routes, errors, close: () => opened.close() };
}

async function load(
  { database }: Ground,
  speaks: "sqlite" | "postgresql",
  posts: readonly Post[],
): Promise<void> {
  await database.delete(SEARCHED[speaks]["post"]);
  await put({ database, schema: SEARCHED[speaks] }, "post", posts);
}

const WORDS = ["fig", "ripe", "plum", "low", "or", "7"] as const;
const word = fc.constantFrom<string>(...WORDS);
const words = (maxLength: number): fc.Arbitrary<string[]> => fc.array(word, { minLength: 1, maxLength });
const cased = fc.tuple(fc.boolean(), fc.constantFrom(" ", "  ", ", ", "; ", "! "));

/** A text of words that are told apart by blanks and signs. */
const text = fc
  .array(fc.tuple(word, cased), { maxLength: 4, size: "max" })
  .map((parts) => parts.map(([own, [upper, end]]) => (upper ? own.toUpperCase() : own) + end).join(""));

const posts = fc
  .array(fc.record({ title: text, body: fc.option(text), hidden: fc.boolean() }), {
    maxLength: 12,
    size: "max",
  })
  .map((rows) => rows.map((row, index): Post => ({ id: `p${String(index).padStart(2, "0")}`, ...row })));

/** Posts that nobody sees, all with one word, so that it is common where they are and rare where they are not. */
const crowd = fc
  .tuple(word, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 20 }))
  .map(([own, length, count]): Post[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `a${index}`,
      title: `${own} `.repeat(length),
      body: own,
      hidden: true,
    })),
  );

/** What stands in a search box: words, phrases, exclusions, `or`, and signs that are no words. */
const piece = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 2, arbitrary: word.map((own) => `-${own}`) },
  { weight: 3, arbitrary: words(3).map((own) => `"${own.join(" ")}"`) },
  words(2).map((own) => `-"${own.join(" ")}"`),
  { weight: 2, arbitrary: fc.constantFrom("or", "OR") },
  fc.constantFrom("!", "&", "-", "()", '""', "*"),
);
const box = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(" "));

const boxes = fc.array(box, { minLength: 6, maxLength: 12 });

/** A term of a search: its words one after the other. */
interface Term {
  readonly words: readonly string[];
  readonly out: boolean;
  readonly bare: string;
}

const wordsIn = (from: string): string[] => from.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** Reads a search sign by sign. */
function readTerms(from: string): Term[] {
  const terms: Term[] = [];
  for (let at = 0; at < from.length;) {
    if (from[at] === " ") at++;
    else {
      const out = from[at] === "-";
      if (out) at++;
      const quoted = from[at] === '"';
      const end = from.indexOf(quoted ? '"' : " ", quoted ? at + 1 : at);
      const own = from.slice(quoted ? at + 1 : at, end < 0 ? undefined : end);
      at = end < 0 ? from.length : end + (quoted ? 1 : 0);
      if (wordsIn(own).length > 0) terms.push({ words: wordsIn(own), out, bare: quoted || out ? "" : own });
    }
  }
  return terms;
}

/** Which posts a search finds, told from the contract. */
function matcher(from: string): (post: Post) => boolean {
  const terms = readTerms(from);
  const groups: Term[][] = [[]];
  for (const [index, term] of terms.entries()) {
    const last = groups.at(-1)!;
    const parting = term.bare.toLowerCase() === "or" && last.length > 0 && index < terms.length - 1;
    if (parting) groups.push([]);
    else last.push(term);
  }
  const within = (column: string[], own: readonly string[]): boolean =>
    column.some((_, start) => own.every((each, index) => column[start + index] === each));
  return ({ title, body }) => {
    const columns = [wordsIn(title), wordsIn(body ?? "")];
    const has = ({ words: own, out }: Term): boolean => columns.some((column) => within(column, own)) !== out;
    return groups.some((group) => group.length > 0 && group.every(has));
  };
}

const grounds = new Map<string, Ground>();
beforeAll(async () => {
  for (const speaks of DATABASES) grounds.set(speaks, await openGround(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

let requests = 0;
const ask = async (route: QueryHandler, selector: object): Promise<Any> => {
  requests++;
  const { status, body } = await asked(route, "GET", path("posts", selector));
  expect([selector, status]).toEqual([selector, 200]);
  return body.posts.map(({ id }: Post) => id);
};

describe.each(DATABASES)(`words on %s (seed ${SEED})`, (speaks) => {
  test(
    "what is found is what has the words, by both readers",
    async () => {
      const ground = grounds.get(speaks)!;
      const worlds = fc.tuple(posts, boxes);
      await fc.assert(
        fc.asyncProperty(worlds, async ([rows, asking]) => {
          await load(ground, speaks, rows);
          for (const search of asking) {
            const matches = matcher(search);
            const found = rows.filter((row) => row.hidden === false && matches(row)).map(({ id }) => id);
            for (const route of ground.routes)
              expect([search, await ask(route, { search, orderBy: { id: "asc" } })]).toEqual([search, found]);
          }
        }),
        runs(25),
      );
    },
    PATIENCE,
  );

  test(
    "what is hidden changes neither what is found nor its order",
    async () => {
      const ground = grounds.get(speaks)!;
      const worlds = fc.tuple(posts, crowd, boxes);
      const answers = async (asking: readonly string[]): Promise<unknown[]> => {
        const told: unknown[] = [];
        for (const search of asking)
          for (const route of ground.routes)
            told.push(await ask(route, { search, orderBy: { search: "desc" } }));
        return told;
      };
      await fc.assert(
        fc.asyncProperty(worlds, async ([rows, hidden, asking]) => {
          await load(ground, speaks, [...hidden, ...rows]);
          const among = await answers(asking);
          await load(
            ground,
            speaks,
            rows.filter(({ hidden }) => hidden === false),
          );
          expect(await answers(asking)).toEqual(among);
          for (let at = 0; at < among.length; at += 2) expect(among[at]).toEqual(among[at + 1]);
        }),
        runs(15),
      );
    },
    PATIENCE,
  );

  test(
    "no text is an error, whatever is stored",
    async () => {
      const ground = grounds.get(speaks)!;
      const sign = fc.constantFrom(
        ...String.raw`"'-*():^{}[]+&|!<>~\$?%@#.,/`.split(""),
        " ",
        "\t",
        "\u0000",
        "\u0001",
      );
      const any = fc.oneof(
        fc.string({ unit: "binary", maxLength: 60 }),
        fc.string({ unit: sign, maxLength: 60 }),
      );
      const mixed = fc.array(fc.oneof(any, word), { maxLength: 6 }).map((parts) => parts.join(" "));
      const stored = mixed.map((own) => own.toWellFormed().replaceAll("\u0000", ""));
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(fc.array(stored, { maxLength: 4 }), fc.array(mixed, { maxLength: 8 })),
          async ([kept, asking]) => {
            await load(
              ground,
              speaks,
              kept.map((own, index) => ({
                id: `p${index}`,
                title: own.slice(0, 100).toWellFormed(),
                body: own,
              })),
            );
            for (const search of asking)
              for (const route of ground.routes) {
                const order = { search: search.toWellFormed(), orderBy: { search: "desc" } };
                expect((await ask(route, order)).length).toBeLessThanOrEqual(kept.length);
              }
            expect(ground.errors).toEqual([]);
          },
        ),
        runs(25),
      );
    },
    PATIENCE,
  );
});

test("as many as it takes", () => thatMany("others", "search", requests));
