import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { eq } from "drizzle-orm";
import fc from "fast-check";
import { asked } from "../support/everywhere.ts";
import { PATIENCE, runs, SEED } from "../support/laws.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { type LawPlace, PLACES } from "../support/policy-laws.ts";
import { openPostgresql } from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";
import { path } from "../support/write.ts";

// While rows come and go, pages of any size have every row that stayed exactly once, in order, forth and back.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const comments = {
  select: true,
  where: (_: unknown, t: Any, { eq: is }: Any) => is(t.hidden, false),
} as const;
const author = { select: { columns: new Set(["name"]) } } as const;
const acl = {
  articles: {
    table: "article",
    control: { GET: { all: { select: true, with: { author, reviewer: author, comments } } } },
  },
};

const KEYS = [
  "id",
  "title",
  "rating",
  "authorId",
  "createdAt",
  "hidden",
  "author.name",
  "reviewer.name",
  "comments.count",
];

/** An article that may be there. */
const article = fc.record({
  authorId: fc.integer({ min: 1, max: 4 }),
  reviewerId: fc.option(fc.integer({ min: 1, max: 5 })),
  title: fc.constantFrom("", "a", "A", "b"),
  rating: fc.option(fc.integer({ min: 1, max: 3 })),
  createdAt: fc.integer({ min: 0, max: 3 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day))),
  hidden: fc.boolean(),
  /** How many comments it has. */
  said: fc.integer({ min: 0, max: 2 }),
});

/** What becomes of it: it is there from page to page. */
const life = fc.record({
  article,
  from: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  to: fc.constantFrom(Infinity, Infinity, Infinity, 1, 2, 3, 5),
});

const order = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.oneof(
    fc.constantFrom("asc", "desc"),
    fc.record({ sort: fc.constantFrom("asc", "desc"), nulls: fc.constantFrom("first", "last") }),
  ),
  { maxKeys: 4 },
);

const world = fc.record({
  lives: fc.array(life, { minLength: 1, maxLength: 14, size: "max" }),
  order,
  limits: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
  back: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

interface Ground {
  readonly database: Any;
  readonly schema: Any;
  readonly close: () => unknown;
}

const grounds = new Map<LawPlace["speaks"], Ground>();
beforeAll(async () => {
  for (const { speaks } of PLACES) {
    if (grounds.has(speaks)) continue;
    const schema = LIBRARY[speaks];
    const opened = await (speaks === "sqlite"
      ? openTables(schema, "libsql memory")
      : openPostgresql("node-postgres", schema, { connections: 2 }));
    await fillLibrary({ database: opened.database, schema });
    grounds.set(speaks, { database: opened.database, schema, close: () => opened.close() });
  }
}, PATIENCE);
afterAll(async () => {
  for (const { close } of grounds.values()) await close();
});

const seen = { pages: 0, walks: 0, changed: 0 };

/** Makes the articles there that live at a time. */
class Living {
  readonly #ground: Ground;
  readonly #lives: World["lives"];

  constructor(ground: Ground, lives: World["lives"]) {
    this.#ground = ground;
    this.#lives = lives;
  }

  async begin(): Promise<void> {
    const { database, schema } = this.#ground;
    await database.delete(schema.comment);
    await database.delete(schema.article);
    await this.at(0);
  }

  async at(time: number): Promise<void> {
    const { database, schema } = this.#ground;
    for (const [
      index,
      {
        article: { said, ...row },
        from,
        to,
      },
    ] of this.#lives.entries()) {
      // The order of keys is not that in which they come.
      const id = ((index * 5) % 17) + 1;
      if (from === time) {
        await database.insert(schema.article).values({ id, ...row });
        for (let n = 0; n < said; n++)
          await database
            .insert(schema.comment)
            .values({ id: id * 10 + n, articleId: id, authorId: 1, text: null, hidden: false });
        if (time > 0) seen.changed++;
      }
      if (to === time && to > from) {
        await database.delete(schema.article).where(eq(schema.article.id, id));
        seen.changed++;
      }
    }
  }

  /** Of these rows the ones that were there all the time. */
  stayed(ids: readonly number[]): readonly number[] {
    return ids.filter((id) => {
      const { from, to } = this.#lives.find((_, index) => ((index * 5) % 17) + 1 === id)!;
      return from === 0 && to === Infinity;
    });
  }
}

type Get = (selector: object) => Promise<Any>;

const idsOf = ({ articles }: Any): number[] => articles.map(({ id }: { id: number }) => id);

/** The last row, and the cursor by which one goes back from it; there are two rows at least. */
async function fromTheEnd(
  get: Get,
  count: number,
): Promise<{ readonly ids: number[]; readonly cursor: string }> {
  const before = await get({ limit: count - 1 });
  const last = await get({ limit: 1, after: before.page.next });
  expect(last.page.next).toBeNull();
  return { ids: idsOf(last), cursor: last.page.previous };
}

/** Walks a world. */
async function walk(handle: QueryHandler, ground: Ground, { lives, order: keys, limits, back }: World) {
  const living = new Living(ground, lives);
  await living.begin();
  const orderBy = Object.keys(keys).length === 0 ? {} : { orderBy: keys };
  const get: Get = async (selector) => {
    const { status, body } = await asked(
      handle,
      "GET",
      path("articles", { ...orderBy, ...selector }, "cursor"),
    );
    if (status !== 200) throw new Error(JSON.stringify(body));
    seen.pages++;
    return body;
  };
  const first = idsOf(await get({ limit: 100 }));
  if (back && first.length < 2) return;
  const end = back ? await fromTheEnd(get, first.length) : undefined;
  const found = end?.ids ?? [];
  for (let time = 0, cursor = end?.cursor; ;) {
    const limit = limits[time % limits.length]!;
    const page = await get({ limit, ...(cursor !== undefined && { [back ? "before" : "after"]: cursor }) });
    if (back) found.unshift(...idsOf(page));
    else found.push(...idsOf(page));
    const next: string | null = back ? page.page.previous : page.page.next;
    if (next === null) break;
    cursor = next;
    await living.at(++time);
  }
  seen.walks++;
  expect(living.stayed(found)).toEqual(living.stayed(first));
  expect(new Set(found).size).toBe(found.length);
}

describe(`every row that stays comes once (seed ${SEED})`, () => {
  for (const { name, speaks, reader } of PLACES)
    test(
      `on ${name}`,
      async () => {
        const ground = grounds.get(speaks)!;
        const { database, schema } = ground;
        const errors: unknown[] = [];
        const handle = createQueryHandler({
          acl,
          database,
          schema,
          reader,
          ownConnection: false,
          onWarning: () => undefined,
          onError: (error) => errors.push(error),
        });
        await fc.assert(
          fc.asyncProperty(world, (drawn) => walk(handle, ground, drawn)),
          runs(40),
        );
        expect(errors).toEqual([]);
      },
      PATIENCE,
    );

  test("hundreds of times", () => {
    console.log(seen);
    expect(seen.walks).toBeGreaterThan(40);
    expect(seen.changed).toBeGreaterThan(50);
  });
});
