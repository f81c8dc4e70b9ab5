import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { everywhere } from "../support/everywhere.ts";
import { refused, send as sendAs, session, type Told, type Who } from "../support/kept.ts";
import { ask } from "../support/served.ts";
import { SERVER } from "../support/postgresql.ts";

// What is written once, attacked: keys of the database are declared, names are of the worst kind, and everybody asks at once.

/** Who asks here. */
interface Me extends Who {
  readonly me?: number;
  readonly roles?: readonly string[];
}

/** The tables of a database: what its columns and tables are made with. */
// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
const tablesOf = ({ table, integer, text, moment }: any) => {
  const org = table("or g", { id: integer("id").primaryKey(), owner: integer("from_") });
  const item = table("items", {
    id: integer("id").primaryKey(),
    orgId: integer("org").references(() => org.id),
    // oxlint-disable-next-line typescript/no-explicit-any -- it refers to itself
    upId: integer("wh ere").references((): any => item.id),
    owner: integer("from_"),
    constructor: text("constructor"),
    status: text("before").notNull().default("open"),
    amount: integer("amount").notNull().default(0),
    slug: text("slug").unique(),
    goneAt: moment("after"),
    version: integer("version").notNull().default(1),
  });
  const friend = table("friends", { a: integer("a"), b: integer("b") });
  return {
    org,
    item,
    friend,
    orgRelations: relations(org, ({ many }) => ({ items: many(item) })),
    itemRelations: relations(item, ({ one, many }) => ({
      org: one(org, { fields: [item.orgId], references: [org.id] }),
      up: one(item, { fields: [item.upId], references: [item.id], relationName: "up" }),
      downs: many(item, { relationName: "up" }),
    })),
  };
};

const sqlite = tablesOf({
  table: lite.sqliteTable,
  ...lite,
  moment: (name: string) => lite.integer(name, { mode: "timestamp" }),
});
const postgresql = tablesOf({ table: pg.pgTable, ...pg, moment: (name: string) => pg.timestamp(name) });

const T = true;
// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Rule = (context: Me, table: any, operators: any) => unknown;
const own: Rule = ({ me }, t, { eq }) => eq(t.owner, me);
const befriended: Rule = ({ me }, t) =>
  sql`exists (select 1 from friends where friends.a = ${me} and friends.b = ${t.owner})`;
const draft: Rule = (_, before, { eq }) => eq(before.status, "draft");

const letOut = (when: Rule): object[] => [
  { columns: new Set(["id", "orgId", "upId", "owner", "status", "version"]) },
  { columns: new Set(["constructor", "amount"]), when },
];
const parent = { up: "tops", org: "orgs" };
const control = {
  GET: {
    a: { select: letOut(own), with: { up: "tops", downs: "items" } },
    b: { select: letOut(befriended), parent, with: { up: "tops", org: "orgs", downs: "items" } },
    all: { select: letOut(own) },
  },
  POST: { all: { select: T, write: T, parent } },
  PATCH: {
    a: { select: letOut(befriended), write: T, parent },
    b: { select: letOut(own), write: { columns: ["status"] }, where: own },
    c: { select: letOut(own), write: { columns: ["owner", "status"] } },
  },
  DELETE: { b: { select: letOut(befriended), where: own }, c: { select: letOut(own) } },
};
const acl = {
  orgs: { table: "org", control: { GET: { all: { select: T, where: own, with: { items: "items" } } } } },
  tops: { table: "item", control: { GET: { all: { select: T, where: own, parent: { org: "orgs" } } } } },
  items: { table: "item", control },
  priced: {
    table: "item",
    control: {
      PATCH: {
        all: {
          select: letOut(own),
          write: [{ columns: new Set(["status"]) }, { columns: new Set(["amount"]), when: draft }],
        },
      },
    },
  },
  accounts: {
    table: "item",
    control: {
      GET: { all: { select: T } },
      PATCH: {
        all: {
          select: T,
          write: T,
          // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
          transition: (_: unknown, before: any, after: any) =>
            sql`${before.amount} >= 10 and ${after.amount} = ${before.amount} - 10`,
        },
      },
    },
  },
};
const tables = { item: { softDelete: "goneAt", version: "version" } };

const whoever = {
  ...session,
  getRole: (_request: Request, context: Me) => context.roles ?? [],
} as unknown as typeof session;

const fresh = (speaks: "sqlite" | "postgresql"): readonly string[] => [
  "delete from items",
  'delete from "or g"',
  "delete from friends",
  'insert into "or g" values (1, 1), (2, 2)',
  `insert into items values (1, 1, null, 1, 'x1', 'open', 50, 's1', null, 1), (2, 1, 1, 2, 'x2', 'draft', 60, 's2', null, 1),
    (3, 2, 1, 1, 'x3', 'open', 70, 's3', null, 1), (4, 1, 1, 1, 'x4', 'draft', 80, 's4', null, 1),
    (5, 1, 1, 1, 'x5', 'open', 90, null, ${speaks === "sqlite" ? "5" : "now()"}, 1)`,
  "insert into friends values (1, 2)",
];

const ONE_OF_EIGHT = ["200", ...Array.from({ length: 7 }, () => "403")];

const FIRST: Me = { me: 1, roles: ["a"] };

/** A file and a connection of SQLite, and PostgreSQL: where there is a server, that. */
const PLACES: ReadonlySet<string> = new Set([
  "libsql file",
  "bun:sqlite",
  SERVER === undefined ? "PGlite" : "bun-sql",
]);

everywhere({ sqlite, postgresql }, {}, (place) => {
  if (!PLACES.has(place.name)) return;
  let handle: QueryHandler;
  const send = (
    method: string,
    path: string,
    {
      body,
      who = FIRST,
      by = handle,
      match,
    }: { body?: unknown; who?: Me; by?: QueryHandler; match?: string } = {},
  ): Promise<Told> => sendAs(by, method, path, body, match === undefined ? {} : { "if-match": match }, who);
  const route = (file: object = acl, more: object = {}): QueryHandler =>
    place.handler(file, { session: whoever, tables, defaults: { maxWork: null }, ...more });
  beforeAll(() => {
    handle = route();
  });
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const rowsOf = async (): Promise<unknown> => (await send("GET", "accounts")).body;

  describe("parents under declared keys:", () => {
    const HIDDEN = [403, "check-failed", undefined];

    test("what is hidden, deleted, missing or none is refused alike, and leaves nothing", async () => {
      const before = await rowsOf();
      const changes = [
        { upId: 2 },
        { upId: 3 },
        { upId: 5 },
        { upId: 99 },
        { upId: null },
        { orgId: 2 },
        { orgId: 99 },
      ];
      for (const change of changes) {
        const row = { id: 10, orgId: 1, upId: 1, owner: 2, ...change };
        const several = [{ id: 11, orgId: 1, upId: 1 }, row];
        for (const body of [row, several])
          expect([change, refused(await send("POST", "items", { body }))]).toEqual([change, HIDDEN]);
        const changed = await send("PATCH", ask("items", "(where:(id:4))"), { body: change });
        expect([change, refused(changed)]).toEqual([change, HIDDEN]);
        // Beside a value that is taken none of them is told from another.
        const taken = await send("POST", "items", { body: { ...row, slug: "s3" } });
        expect([change, taken.status]).toEqual([change, 409]);
      }
      expect(await rowsOf()).toEqual(before);
    });

    test("a row is no parent of itself before it is there, nor are rows of each other", async () => {
      const self = { id: 10, orgId: 1, upId: 10, owner: 1 };
      expect(refused(await send("POST", "items", { body: self }))).toEqual(HIDDEN);
      const pair = [
        { id: 11, orgId: 1, upId: 1, owner: 1 },
        { id: 12, orgId: 1, upId: 11, owner: 1 },
      ];
      expect(refused(await send("POST", "items", { body: pair }))).toEqual(HIDDEN);
      expect((await send("POST", "items", { body: pair[0] })).status).toBe(200);
      expect((await send("POST", "items", { body: pair[1] })).status).toBe(200);
    });

    test("callers who may read none of them write nothing", async () => {
      for (const who of [{}, { me: 9 }, { me: 9, roles: ["a"] }]) {
        const body = { id: 10, orgId: 1, upId: 1 };
        expect(refused(await send("POST", "items", { body, who }))).toEqual(HIDDEN);
      }
    });
  });

  describe("what is masked", () => {
    const MASKED = [
      "(constructor:'x2')",
      "(amount:60)",
      "(amount.gte:60,owner:2)",
      "(NOT:(amount.lt:1),owner:2)",
      "(NOT:(amount.in:_(1,2)_),owner:2)",
      "(OR:_((amount:60),(NOT:(amount:60)))_,owner:2)",
      "(amount.isNull:F,owner:2)",
      "(constructor.contains:'x',owner:2)",
      "(NOT:(NOT:(constructor:'x2')))",
    ];
    test("is found by no question and no change", async () => {
      const before = await rowsOf();
      const who = { me: 1, roles: ["c"] };
      const found = { body: { status: "found" }, who };
      const none = { rowsAffected: 0, count: 0, items: [] };
      const missing = await send("DELETE", ask("items", "(where:(id:99))"), { who, match: "*" });
      expect(missing.status).toBe(412);
      for (const where of MASKED) {
        const select = ask("items", `(where:${where})`);
        expect([where, (await send("GET", select, { who })).body]).toEqual([where, { count: 0, items: [] }]);
        expect([where, (await send("PATCH", select, found)).body]).toEqual([where, none]);
        expect([where, (await send("DELETE", select, { who })).body]).toEqual([where, none]);
        for (const [method, sending] of [
          ["PATCH", found],
          ["DELETE", { who }],
        ] as const) {
          const { status, body } = await send(method, select, { ...sending, match: "*" });
          expect([where, status, body]).toEqual([where, 412, missing.body]);
        }
      }
      expect(await rowsOf()).toEqual(before);
    });

    test("stays so in what a change answers of rows that are given away or deleted", async () => {
      const who = { me: 1, roles: ["c"] };
      const given = await send("PATCH", ask("items", "(columns:~T(amount)~,where:(id:4))"), {
        body: { owner: 2 },
        who,
      });
      expect(given.body.items).toEqual([{ amount: null, $masked: ["amount"] }]);
      const deleted = await send("DELETE", ask("items", "(columns:~T(amount)~,where:(id.lt:3))"), { who });
      expect(deleted.body.items).toEqual([{ amount: 50 }, { amount: null, $masked: ["amount"] }]);
    });
  });

  describe("columns that some rows let be written", () => {
    const one = (id: number): string => ask("priced", `(where:(id:${id}))`);
    test.each([
      ["with what would let it be", { amount: 1, status: "draft" }],
      ["with nothing", { amount: null }],
      ["twice", '{"amount":1,"amount":2}'],
    ])("are not set on another %s", async (_, body) => {
      const before = await rowsOf();
      const sent = typeof body === "string" ? body : JSON.stringify(body);
      const headers = { "content-type": "application/json", "x-who": JSON.stringify(FIRST) };
      const answer = await handle(
        new Request(`http://local/query/${one(1)}`, { method: "PATCH", body: sent, headers }),
      );
      expect(answer.status).toBeOneOf([400, 403]);
      expect(await answer.json()).toMatchObject({ path: "amount" });
      expect(await rowsOf()).toEqual(before);
    });

    test("are set as long as they may be, by one of those who take that away", async () => {
      const body = { amount: 7, status: "sent" };
      const answers = await Promise.all(Array.from({ length: 8 }, () => send("PATCH", one(4), { body })));
      expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(ONE_OF_EIGHT);
    });
  });

  test("of those who spend the same, one has spent it", async () => {
    const spend = () => send("PATCH", ask("accounts", "(where:(id:1))"), { body: { amount: 40 } });
    const answers = await Promise.all(Array.from({ length: 8 }, spend));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(ONE_OF_EIGHT);
  });

  test("callers who ask at once are each answered as if he were alone", async () => {
    const later: Rule = async (context, t, operators) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random()));
      return context.me === 0 || own(context, t, operators);
    };
    const file = {
      ...acl,
      items: {
        ...acl.items,
        control: { ...control, GET: { ...control.GET, all: { select: letOut(later) } } },
      },
    };
    const questions = [
      "items",
      "items?can",
      ask("items", "(orderBy:(amount:desc))", "countTotal"),
      ask("items", "(where:(amount.gt:1))", "can"),
    ];
    const callers = [0, 1].flatMap((me) =>
      [[], ["a"], ["b"], ["a", "b"], ["b", "c"]].map((roles): Me => ({ me, roles })),
    );
    const asked = callers.flatMap((who) => questions.map((question) => ({ who, question })));
    const alone: unknown[] = [];
    for (const { who, question } of asked)
      alone.push((await send("GET", question, { who, by: route(file) })).body);
    const shared = route(file);
    for (let round = 0; round < 2; round++) {
      const order = [...asked.keys()].toSorted(() => Math.random() - 0.5);
      const answers = await Promise.all(
        order.map(
          async (index) =>
            [
              index,
              (await send("GET", asked[index]!.question, { who: asked[index]!.who, by: shared })).body,
            ] as const,
        ),
      );
      for (const [index, body] of answers) expect([asked[index], body]).toEqual([asked[index], alone[index]]);
    }
  }, 20_000);

  describe("an author's function", () => {
    const NOTHING: readonly [string, Rule][] = [
      ["nothing", () => undefined],
      ["null", () => null],
      ["no condition", (_, __, { and }) => and(undefined, undefined)],
      ["a promise of nothing", async () => undefined],
      // oxlint-disable-next-line unicorn/no-thenable -- it is what is tried
      ["what is no promise but says so", () => ({ then: (done: (value: unknown) => void) => done(false) })],
      ["a value that is missing", (_, t, { eq }) => eq(t.owner, undefined)],
      ["NOT of a value that is missing", (_, t, { not, eq }) => not(eq(t.owner, undefined))],
    ];
    const FAULTS: readonly [string, Rule][] = [
      [
        "throws",
        () => {
          throw new Error("secret");
        },
      ],
      [
        "rejects",
        async () => {
          throw new Error("secret");
        },
      ],
      ["answers a text", () => "1 = 1"],
      ["answers a number", () => 1],
      ["answers a function", () => () => true],
      ["leaves a comment open", (_, t) => sql`${t.owner} = 1 -- `],
    ];
    // What is asked of a change is handed the rows twice.
    const asChange =
      (rule: Rule) =>
      (context: Me, before: unknown, _after: unknown, operators: unknown): unknown =>
        rule(context, before, operators);
    const fileOf = (rule: Rule): object => ({
      masks: { table: "item", control: { GET: { all: { select: letOut(rule) } } } },
      writes: {
        table: "item",
        control: { PATCH: { all: { write: [{ columns: new Set(["amount"]), when: rule }] } } },
      },
      changes: { table: "item", control: { PATCH: { all: { write: T, transition: asChange(rule) } } } },
      rows: { table: "item", control: { GET: { all: { select: T } }, DELETE: { all: {} } } },
    });
    const told = async (rule: Rule): Promise<readonly Told[]> => {
      const by = route(fileOf(rule), { tables: {} });
      const fact = route(fileOf(rule), { tables: { item: { where: rule } } });
      return [
        await send("GET", ask("masks", "(columns:~T(amount)~,where:(amount.gt:0))"), { by }),
        await send("PATCH", "writes", { by, body: { amount: 1 } }),
        await send("PATCH", "changes", { by, body: { amount: 1 } }),
        await send("GET", "rows", { by: fact }),
        await send("DELETE", "rows", { by: fact }),
      ];
    };

    test("that answers nothing of the kind admits nothing, wherever it stands", async () => {
      for (const [name, rule] of NOTHING) {
        const answers = (await told(rule)).map(({ status, body }) => [status, body.count]);
        const [none, refusal] = [
          [200, 0],
          [403, undefined],
        ];
        expect([name, answers]).toEqual([name, [none, refusal, refusal, none, none]]);
      }
    });

    test("that fails is told to its author alone, and nothing is let out or changed", async () => {
      const before = await rowsOf();
      for (const [name, rule] of FAULTS) {
        for (const { status, body } of await told(rule)) {
          expect([name, status]).toEqual([name, 500]);
          expect(JSON.stringify(body)).not.toMatch(/secret|select|items/);
        }
        expect(place.errors.splice(0)).toHaveLength(5);
      }
      expect(await rowsOf()).toEqual(before);
    });
  });
});
