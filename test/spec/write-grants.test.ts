import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler } from "@bepalo/query";
import { asked, everywhere, type Place } from "../support/everywhere.ts";
import { openTables } from "../support/shop.ts";

// `write` as a list of grants: on which rows, as they were, a client may set which columns.

const sqlite = {
  offer: lite.sqliteTable("offers", {
    id: lite.integer("id").primaryKey(),
    title: lite.text("title").notNull(),
    price: lite.integer("price").notNull().default(1),
    status: lite.text("status").notNull().default("draft"),
    owner: lite.text("owner"),
    note: lite.text("note"),
  }),
  seat: lite.sqliteTable("seats", { holder: lite.text("holder").notNull() }),
  mark: lite.sqliteTable("marks", { name: lite.text("name").notNull(), level: lite.integer("level") }),
};
const postgresql = {
  offer: pg.pgTable("offers", {
    id: pg.integer("id").primaryKey(),
    title: pg.text("title").notNull(),
    price: pg.integer("price").notNull().default(1),
    status: pg.text("status").notNull().default("draft"),
    owner: pg.text("owner"),
    note: pg.text("note"),
  }),
  seat: pg.pgTable("seats", { holder: pg.text("holder").notNull() }),
  mark: pg.pgTable("marks", { name: pg.text("name").notNull(), level: pg.integer("level") }),
};

type Offer = typeof sqlite.offer;
interface Operators {
  eq: (left: unknown, right: unknown) => unknown;
  exists: (query: unknown) => unknown;
}

const draft = (_: object, offer: Offer, { eq }: Operators): unknown => eq(offer.status, "draft");
const mine = (_: object, offer: Offer, { eq }: Operators): unknown => eq(offer.owner, "me");
const seated = (_: object, offer: Offer): unknown =>
  sql`exists (select 1 from seats where holder = ${offer.owner})`;

/** Titles anywhere, prices in drafts, notes in drafts and on one's own, owners where a seat is held. */
const WRITE = [
  { columns: new Set(["title", "status"]) },
  { columns: new Set(["price", "note"]), when: draft },
  { columns: ["note"], when: mine },
  { columns: ["owner"], when: seated },
];
const rule = { select: true, write: WRITE };
const acl = (patch: object = rule, post: object = rule): object => ({
  offers: { table: "offer", control: { PATCH: { all: patch }, POST: { all: post }, GET: { all: rule } } },
});

const one = (id: number): string => `offers?select=(where:(id:${id}))`;
const REFUSED = (path: string): object => ({ status: 403, body: { code: "check-failed", path } });

everywhere({ sqlite, postgresql }, acl({ ...rule }, { select: true, write: WRITE }), (place) => {
  const { run, ask, handler } = place;
  const rows = (): ReturnType<Place["ask"]> => ask("GET", "offers?select=(orderBy:(id:asc))");

  beforeEach(async () => {
    for (const table of ["offers", "seats", "marks"]) await run(`delete from ${table}`);
    await run(
      "insert into offers (id, title, price, status, owner, note) values (1, 'a', 1, 'draft', null, null), (2, 'b', 2, 'sold', 'me', null), (3, 'c', 3, 'sold', 'you', null)",
    );
    await run("insert into seats (holder) values ('you')");
    await run("insert into marks (name, level) values ('x', 1), ('y', 2)");
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  test("a column is set where a grant of its lets it, on the row as it was", async () => {
    expect(await ask("PATCH", one(1), { price: 7, status: "sold" })).toMatchObject({
      status: 200,
      body: { offers: [{ id: 1, price: 7, status: "sold" }] },
    });
    // Now it is sold, and so it is no draft any more.
    expect(await ask("PATCH", one(1), { price: 8 })).toMatchObject(REFUSED("price"));
    // What it would become does not count.
    expect(await ask("PATCH", one(1), { price: 8, status: "draft" })).toMatchObject(REFUSED("price"));
    expect((await ask("GET", one(1))).body.offers[0]).toMatchObject({ price: 7, status: "sold" });
  });

  test("a column without `when` is set anywhere", async () => {
    expect(await ask("PATCH", one(2), { title: "new" })).toMatchObject({ status: 200 });
  });

  test("one of its grants suffices", async () => {
    for (const id of [1, 2])
      expect(await ask("PATCH", one(id), { note: "n" })).toMatchObject({ status: 200 });
    expect(await ask("PATCH", one(3), { note: "n" })).toMatchObject(REFUSED("note"));
  });

  test("a grant may look at another table", async () => {
    expect(await ask("PATCH", one(3), { owner: "me" })).toMatchObject({ status: 200 });
    expect(await ask("PATCH", one(2), { owner: "you" })).toMatchObject(REFUSED("owner"));
    // What is not known is no right.
    expect(await ask("PATCH", one(1), { owner: "you" })).toMatchObject(REFUSED("owner"));
  });

  test("where one row is refused, nothing at all is changed", async () => {
    const before = (await rows()).body;
    expect(await ask("PATCH", "offers", { title: "all", price: 9 })).toMatchObject(REFUSED("price"));
    expect((await rows()).body).toEqual(before);
  });

  test("of several columns the first of the body is named", async () => {
    expect(await ask("PATCH", one(3), { note: "n", title: "t", price: 1 })).toMatchObject(REFUSED("note"));
    expect(await ask("PATCH", one(3), { price: 1, note: "n" })).toMatchObject(REFUSED("price"));
    expect(await ask("PATCH", one(2), { note: "n", price: 1 })).toMatchObject(REFUSED("price"));
  });

  test("a filter that reaches no row is refused nothing", async () => {
    expect(await ask("PATCH", one(99), { price: 9 })).toMatchObject({
      status: 200,
      body: { rowsAffected: 0 },
    });
  });

  test("rows that the rule or the filter does not admit are told nothing of", async () => {
    const hidden = handler(
      acl({ ...rule, where: (_: object, offer: Offer, { eq }: Operators) => eq(offer.title, "a") }),
    );
    for (const id of [2, 99])
      expect(await asked(hidden, "PATCH", one(id), { price: 9 })).toEqual({
        status: 200,
        body: { rowsAffected: 0, count: 0, offers: [] },
      });
    // Row 1 alone is reached, whatever the others are.
    expect(await asked(hidden, "PATCH", "offers", { price: 9 })).toMatchObject({
      status: 200,
      body: { rowsAffected: 1 },
    });
  });

  test("a grant, or a check, that answers a bare column is a fault of its author's", async () => {
    const price = (_: object, offer: Offer): unknown => offer.price;
    const told: readonly [string, object][] = [
      ["write.0.when", { select: true, write: [{ columns: ["title"], when: price }] }],
      ["check", { select: true, write: true, check: price }],
    ];
    for (const [path, patch] of told) {
      expect((await asked(handler(acl(patch)), "PATCH", one(1), { title: "t" })).status).toBe(500);
      const [fault, ...others] = place.errors.splice(0);
      expect(String(fault)).toContain(`acl.offers.control.PATCH.all.${path}: a row filter answers SQL`);
      expect(others).toEqual([]);
    }
  });

  test("what an author adds is not judged", async () => {
    const injected = handler(
      acl({
        ...rule,
        injectBody: (body: object) => ({ ...body, price: 40 }),
        beforeQuery: (context: { body: Record<string, unknown> }) => {
          context.body["note"] = "from a hook";
        },
      }),
    );
    expect(await asked(injected, "PATCH", one(3), { title: "t" })).toMatchObject({
      status: 200,
      body: { offers: [{ price: 40, note: "from a hook" }] },
    });
    // But what the client sets is, even where the author sets it too.
    expect(await asked(injected, "PATCH", one(3), { price: 1 })).toMatchObject(REFUSED("price"));
  });

  test("what a validator takes out is not judged", async () => {
    const validated = handler(acl({ ...rule, validateBody: ({ title }: { title?: string }) => ({ title }) }));
    expect(await asked(validated, "PATCH", one(3), { title: "t", price: 9 })).toMatchObject({
      status: 200,
      body: { offers: [{ price: 3 }] },
    });
  });

  test.each([
    [true, 200],
    [false, 403],
    [null, 403],
    [undefined, 403],
  ])("a grant that answers %p is %i", async (answer, status) => {
    const asking = handler(
      acl({
        select: true,
        write: [{ columns: ["title"] }, { columns: ["price"], when: async () => answer }],
      }),
    );
    expect((await asked(asking, "PATCH", one(1), { price: 9 })).status).toBe(status);
    expect((await asked(asking, "PATCH", one(99), { price: 9 })).status).toBe(200);
    expect((await asked(asking, "PATCH", one(1), { title: "z" })).status).toBe(200);
  });

  test("a grant is asked once, and only where a column of its is set", async () => {
    const calls: string[] = [];
    const counting = (name: string) => (): boolean => {
      calls.push(name);
      return true;
    };
    const asking = handler(
      acl({
        select: true,
        write: [
          { columns: ["title"] },
          { columns: ["price", "note"], when: counting("a") },
          { columns: ["owner"], when: counting("b") },
        ],
      }),
    );
    await asked(asking, "PATCH", one(1), { title: "z" });
    expect(calls).toEqual([]);
    await asked(asking, "PATCH", one(1), { price: 1, note: "n" });
    expect(calls).toEqual(["a"]);
  });

  test("a table without a primary key has grants too", async () => {
    const marks = handler({
      marks: {
        table: "mark",
        control: {
          PATCH: {
            all: {
              select: true,
              write: [
                {
                  columns: ["level"],
                  when: (_: object, mark: typeof sqlite.mark, { eq }: Operators) => eq(mark.name, "x"),
                },
              ],
            },
          },
        },
      },
    });
    const named = (name: string): string => `marks?select=(where:(name:'${name}'))`;
    expect(await asked(marks, "PATCH", named("y"), { level: 5 })).toMatchObject(REFUSED("level"));
    expect(await asked(marks, "PATCH", "marks", { level: 5 })).toMatchObject(REFUSED("level"));
    expect(await asked(marks, "PATCH", named("x"), { level: 5 })).toMatchObject({
      body: { marks: [{ name: "x", level: 5 }] },
    });
  });

  test("a POST goes by the grants without `when`", async () => {
    const posting = handler(acl(rule, { select: true, write: [...WRITE, { columns: ["id"] }] }));
    expect(await asked(posting, "POST", "offers", { id: 9, title: "t" })).toMatchObject({ status: 200 });
    expect(await asked(posting, "POST", "offers", { id: 10, title: "t", price: 3 })).toMatchObject({
      status: 400,
      body: { code: "unknown-column", path: "price" },
    });
  });

  test("a grant that would speak of other rows is a fault of its author's, and changes nothing", async () => {
    const capturing = handler(
      acl({
        select: true,
        write: [
          {
            columns: ["price"],
            when: (_: object, offer: Offer) =>
              sql`exists (select 1 from ${offer} where ${offer.id} = ${offer.id} and ${offer.status} = 'draft')`,
          },
        ],
      }),
    );
    expect(await asked(capturing, "PATCH", one(3), { price: 9 })).toMatchObject({ status: 500 });
    expect(String(place.errors.splice(0)[0])).toContain("alias");
  });
});

describe("at start", () => {
  test.each([
    [[{ when: draft }], "write.0: expected { columns"],
    [[{ columns: ["prise"], when: draft }], "write.0"],
    [[{ columns: ["price"], when: 1 }], "write.0.when: expected a function"],
    [[{ columns: ["price"], where: draft }], "unknown key `where`"],
  ])("%j is a mistake", async (write, sentence) => {
    const { database, close } = await openTables(sqlite, "bun:sqlite");
    try {
      expect(() =>
        createQueryHandler({ acl: acl({ select: true, write }) as never, database, schema: sqlite }),
      ).toThrow(sentence);
    } finally {
      close();
    }
  });
});
