import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type AnyColumn, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler } from "@bepalo/query";
import { asked, everywhere, type Place } from "../support/everywhere.ts";
import { openTables } from "../support/shop.ts";

// `transition`: from what to what a row may change.

const sqlite = {
  task: lite.sqliteTable("tasks", {
    id: lite.integer("id").primaryKey(),
    status: lite.text("status").notNull().default("todo"),
    owner: lite.text("owner"),
    points: lite.integer("points").notNull().default(0),
    due: lite.integer("due", { mode: "timestamp_ms" }),
    stamp: lite.integer("stamp").notNull().default(0),
  }),
  step: lite.sqliteTable("steps", { from: lite.text("from").notNull(), to: lite.text("to").notNull() }),
  pair: lite.sqliteTable(
    "pairs",
    {
      a: lite.text("a").notNull(),
      b: lite.integer("b").notNull(),
      level: lite.integer("level").notNull(),
      touched: lite.integer("touched").$onUpdate(() => 1),
    },
    (t) => [lite.primaryKey({ columns: [t.a, t.b] })],
  ),
  odd: lite.sqliteTable("the odd", {
    id: lite.text("the id").primaryKey(),
    rank: lite.text("ra nk ' é").notNull(),
    select: lite.blob("select", { mode: "buffer" }),
  }),
  guarded: lite.sqliteTable("guarded", {
    id: lite.integer("id").primaryKey(),
    level: lite.integer("level").notNull(),
  }),
};
const own = pg.pgSchema("own");
const postgresql = {
  own,
  task: pg.pgTable("tasks", {
    id: pg.integer("id").primaryKey(),
    status: pg.text("status").notNull().default("todo"),
    owner: pg.text("owner"),
    points: pg.integer("points").notNull().default(0),
    due: pg.timestamp("due", { withTimezone: true }),
    stamp: pg.integer("stamp").notNull().default(0),
  }),
  step: pg.pgTable("steps", { from: pg.text("from").notNull(), to: pg.text("to").notNull() }),
  pair: pg.pgTable(
    "pairs",
    {
      a: pg.text("a").notNull(),
      b: pg.integer("b").notNull(),
      level: pg.integer("level").notNull(),
      touched: pg.integer("touched").$onUpdate(() => 1),
    },
    (t) => [pg.primaryKey({ columns: [t.a, t.b] })],
  ),
  odd: own.table("the odd", {
    id: pg.text("the id").primaryKey(),
    rank: pg.text("ra nk ' é").notNull(),
    select: pg.customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })(
      "select",
    ),
  }),
  guarded: pg.pgTable("guarded", { id: pg.integer("id").primaryKey(), level: pg.integer("level").notNull() }),
};

/** What is stored at the end is another thing than what was sent. */
const made = {
  sqlite: [
    "create trigger half after update on guarded when new.level > 5 begin update guarded set level = 5 where id = new.id; end",
  ],
  postgresql: [
    "create function half() returns trigger language plpgsql as $$ begin if new.level > 5 then new.level := 5; end if; return new; end $$",
    "create trigger half before update on guarded for each row execute function half()",
    // Asked when a statement is done, so that one can give rows each other's keys.
    "alter table pairs drop constraint pairs_a_b_pk",
    "alter table pairs add constraint pairs_a_b_pk primary key (a, b) deferrable",
  ],
};

type Columns<Name extends keyof typeof sqlite> = (typeof sqlite)[Name];
interface Operators {
  eq: (left: unknown, right: unknown) => unknown;
  gte: (left: unknown, right: unknown) => unknown;
  and: (...parts: unknown[]) => unknown;
  or: (...parts: unknown[]) => unknown;
  exists: (query: unknown) => unknown;
}
type Transition<Name extends keyof typeof sqlite> = (
  context: object,
  before: Columns<Name>,
  after: Columns<Name>,
  operators: Operators,
) => unknown;

/** One step at a time, or none. */
const steps: Transition<"task"> = (_, before, after, { and, or, eq }) =>
  or(
    eq(before.status, after.status),
    and(eq(before.status, "todo"), eq(after.status, "doing")),
    and(eq(before.status, "doing"), eq(after.status, "done")),
  );

/** More at each step. */
const grows: Transition<"pair"> = (_, before, after, { gte }) => gte(after.level, before.level);

const patch = (table: string, transition: unknown, more: object = {}): object => ({
  [`${table}s`]: {
    table,
    control: {
      GET: { all: { select: true } },
      PATCH: { all: { select: true, write: true, transition, ...more } },
    },
  },
});
/** By names that must be quoted, in a schema where there are some. */
const odd: Transition<"odd"> = (_, before, after, { eq, and, or, exists }) =>
  and(
    or(eq(before.rank, "a"), sql`${before.rank} < ${after.rank}`),
    sql`(${before.select} is null or ${before.select} = ${after.select})`,
    exists(sql`(select 1 from tasks where tasks.status = 'todo' and ${after.id} = ${before.id})`),
  );

const acl = {
  ...patch("task", steps),
  ...patch("odd", odd),
  ...patch("pair", grows),
  ...patch("guarded", grows),
};

const one = (id: number): string => `tasks?select=(where:(id:${id}))`;
const where = (resource: string, filter: string): string => `${resource}?select=(where:${filter})`;
const PASSED = { status: 200 };
const REFUSED = { status: 403, body: { code: "check-failed" } };
const NOT_FROM_WHAT_IT_WAS = { error: "a row may not become this from what it was", code: "check-failed" };
const LEAVES = { error: "a row would leave what you may write", code: "check-failed" };

everywhere({ sqlite, postgresql, made }, acl, (place) => {
  const { run, ask, handler } = place;
  const stored = async (resource = "tasks"): Promise<unknown> =>
    (await ask("GET", `${resource}?select=(orderBy:(${resource === "pairs" ? "a:asc,b:asc" : "id:asc"}))`))
      .body[resource];
  /** Asks under another transition. */
  const under = (
    transition: Transition<"task">,
    more?: object,
  ): ((path: string, body: unknown) => ReturnType<Place["ask"]>) => {
    const handle = handler(patch("task", transition, more));
    return (path, body) => asked(handle, "PATCH", path, body);
  };

  beforeEach(async () => {
    for (const table of ["tasks", "steps", "pairs", "guarded"]) await run(`delete from ${table}`);
    await run(
      "insert into tasks (id, status, owner, points) values (1, 'todo', 'me', 1), (2, 'doing', null, 2), (3, 'done', 'you', 3)",
    );
    await run(`insert into steps ("from", "to") values ('done', 'todo')`);
    await run("insert into pairs (a, b, level) values ('x', 1, 1), ('x', 2, 5), ('y', 1, 9)");
    await run("insert into guarded (id, level) values (1, 3), (2, 5)");
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  test("a row changes from what it was to what it may become", async () => {
    expect(await ask("PATCH", one(1), { status: "done" })).toMatchObject(REFUSED);
    expect(await ask("PATCH", one(1), { status: "doing" })).toMatchObject({
      status: 200,
      body: { rowsAffected: 1, tasks: [{ id: 1, status: "doing" }] },
    });
    expect(await ask("PATCH", one(1), { status: "todo" })).toMatchObject(REFUSED);
    expect(await ask("PATCH", one(1), { status: "done" })).toMatchObject(PASSED);
  });

  test("where one row may not, nothing is changed, and nothing tells which", async () => {
    const before = await stored();
    const refused = await ask("PATCH", "tasks", { status: "doing" });
    expect(refused).toMatchObject(REFUSED);
    expect(refused.body).toEqual(NOT_FROM_WHAT_IT_WAS);
    expect(await stored()).toEqual(before);
    expect(await ask("PATCH", where("tasks", "(id.lte:2)"), { status: "doing" })).toMatchObject({
      body: { rowsAffected: 2 },
    });
  });

  test("rows that are not reached are not judged", async () => {
    expect(await ask("PATCH", one(99), { status: "done" })).toMatchObject({ body: { rowsAffected: 0 } });
  });

  test("the condition may look at other tables, and at the rows of its own", async () => {
    const listed = under(
      (_, before, after) =>
        sql`exists (select 1 from steps where steps."from" = ${before.status} and steps."to" = ${after.status})`,
    );
    expect(await listed(one(3), { status: "todo" })).toMatchObject(PASSED);
    expect(await listed(one(3), { status: "done" })).toMatchObject(REFUSED);
    const { task } = place.schema as typeof sqlite;
    const alone = under(
      (_, _before, after) =>
        sql`not exists (select 1 from ${task} where ${task.status} = ${after.status} and ${task.id} <> ${after.id})`,
    );
    expect(await alone(one(1), { status: "doing" })).toMatchObject(REFUSED);
    expect(await alone(one(1), { status: "held" })).toMatchObject(PASSED);
  });

  test("it may look at tables by Drizzle's own queries", async () => {
    const { step } = place.schema as typeof sqlite;
    const database = place.database as {
      select: () => { from: (t: unknown) => { where: (c: unknown) => unknown } };
    };
    const listed = under((_, before, after, { exists, and, eq }) =>
      exists(
        database
          .select()
          .from(step)
          .where(and(eq(step.from, before.status), eq(step.to, after.status))),
      ),
    );
    expect(await listed(one(3), { status: "todo" })).toMatchObject(PASSED);
    expect(await listed(one(2), { status: "todo" })).toMatchObject(REFUSED);
  });

  test("nulls and moments are what they were", async () => {
    const taken = under(
      (_, before, after) => sql`${before.owner} is null or ${before.owner} = ${after.owner}`,
    );
    expect(await taken(one(2), { owner: "me" })).toMatchObject(PASSED);
    expect(await taken(one(2), { owner: "you" })).toMatchObject(REFUSED);
    expect(await taken(one(2), { owner: null })).toMatchObject(REFUSED);
    const later = under((_, before, after) => sql`${before.due} is null or ${before.due} < ${after.due}`);
    expect(await later("tasks", { due: "2024-01-02T03:04:05.678Z" })).toMatchObject(PASSED);
    expect(await later(one(2), { due: "2024-01-02T03:04:05.678Z" })).toMatchObject(REFUSED);
    expect(await later(one(2), { due: "2024-01-02T03:04:05.679Z" })).toMatchObject(PASSED);
  });

  test.each([
    [true, 200],
    [false, 403],
    [null, 403],
    [undefined, 403],
  ])("one that answers %p is %i where a row is changed", async (answer, status) => {
    const asking = under(async () => answer);
    const before = await stored();
    const told = await asking(one(1), { status: "x" });
    expect(told.status).toBe(status);
    if (status === 403) expect([told.body, await stored()]).toEqual([NOT_FROM_WHAT_IT_WAS, before]);
    expect((await asking(one(99), { status: "x" })).status).toBe(200);
  });

  test("it goes beside a check and an ensure", async () => {
    const both = under(steps, {
      check: (_: object, task: Columns<"task">) => sql`exists (select 1 from steps) and ${task.points} < 10`,
      ensure: (_: object, task: Columns<"task">) => sql`${task.points} < 8`,
    });
    const refusal = async (body: object): Promise<unknown> => (await both(one(1), body)).body;
    expect(await refusal({ status: "doing", points: 12 })).toEqual(LEAVES);
    expect(await refusal({ status: "doing", points: 9 })).toEqual(LEAVES);
    expect(await refusal({ status: "done", points: 5 })).toEqual(NOT_FROM_WHAT_IT_WAS);
    // Where a row that is left could never be the caller's, that is what he hears.
    const nothing = under(() => false, { check: () => false });
    expect((await nothing(one(1), { points: 5 })).body).toEqual(LEAVES);
    expect(await both(one(1), { status: "doing", points: 5 })).toMatchObject(PASSED);
  });

  test("only rows that the rule admits are reached", async () => {
    const mine = under(steps, {
      where: (_: object, task: Columns<"task">) => sql`${task.owner} in (select 'me' from steps)`,
    });
    expect(await mine("tasks", { status: "doing" })).toMatchObject({ body: { rowsAffected: 1 } });
  });

  test("rows are judged as they are stored at the end, by triggers too", async () => {
    expect(await ask("PATCH", where("guardeds", "(id:1)"), { level: 9 })).toMatchObject({
      body: { guardeds: [{ id: 1, level: 5 }] },
    });
    await run("update guarded set level = 3");
    const strict = handler(
      patch(
        "guarded",
        (_: object, before: Columns<"guarded">, after: Columns<"guarded">) =>
          sql`${after.level} - ${before.level} > 2`,
      ),
    );
    expect(await asked(strict, "PATCH", "guardeds", { level: 9 })).toMatchObject(REFUSED);
    expect(await asked(strict, "PATCH", "guardeds", { level: 5 })).toMatchObject(REFUSED);
  });

  test("what nobody sent is judged too", async () => {
    const injected = under(steps, { injectBody: (body: object) => ({ ...body, status: "done" }) });
    expect(await injected(one(1), { points: 5 })).toMatchObject(REFUSED);
    expect(await injected(one(2), { points: 5 })).toMatchObject(PASSED);
    const hooked = under(steps, {
      beforeQuery: (context: { body: Record<string, unknown> }) => {
        context.body["status"] = "done";
      },
    });
    expect(await hooked(one(1), { points: 5 })).toMatchObject(REFUSED);
    // A value that only the database knows.
    const counted = under((_, before, after) => sql`${after.points} = ${before.points} + 1`, {
      injectBody: (body: object) => ({ ...body, points: sql.raw("points + 1") }),
    });
    expect(await counted("tasks", { owner: "all" })).toMatchObject({ body: { rowsAffected: 3 } });
  });

  test("tables and columns may have any names, and values any bytes", async () => {
    const table = place.speaks === "sqlite" ? '"the odd"' : 'own."the odd"';
    await run(`delete from ${table}`);
    await run(
      `insert into ${table} ("the id", "ra nk ' é", "select") values ('it''s', 'a', null), ('b', 'b', ${place.speaks === "sqlite" ? "x'00ff27'" : "'\\x00ff27'"})`,
    );
    const named = (id: string): string => where("odds", `(id:'${id}')`);
    expect(await ask("PATCH", named("b"), { rank: "a" })).toMatchObject(REFUSED);
    expect(await ask("PATCH", named("b"), { rank: "é" })).toMatchObject(PASSED);
    expect(await ask("PATCH", named("b"), { rank: "ê", select: "AA==" })).toMatchObject(REFUSED);
    expect(await ask("PATCH", "odds", { rank: "ê", select: "AP8n" })).toMatchObject({
      body: { rowsAffected: 2 },
    });
    expect(await ask("PATCH", "odds", { rank: "a" })).toMatchObject(REFUSED);
  });

  describe("keys", () => {
    test("of two columns find their rows", async () => {
      expect(await ask("PATCH", where("pairs", "(a:'x')"), { level: 6 })).toMatchObject({
        body: { rowsAffected: 2 },
      });
      expect(await ask("PATCH", "pairs", { level: 7 })).toMatchObject(REFUSED);
      expect(await ask("PATCH", "pairs", { level: 9 })).toMatchObject({ body: { rowsAffected: 3 } });
    });

    test("that are changed: one row is still told what it was", async () => {
      expect(await ask("PATCH", where("pairs", "(a:'y',b:1)"), { a: "z", level: 8 })).toMatchObject(REFUSED);
      expect(await ask("PATCH", where("pairs", "(a:'y',b:1)"), { a: "z", level: 10 })).toMatchObject({
        body: { pairs: [{ a: "z", b: 1, level: 10 }] },
      });
    });

    test("that are changed to those of others: none is taken for another", async () => {
      await run("insert into pairs (a, b, level) values ('x', 3, 4)");
      const moved = handler(
        patch("pair", grows, { injectBody: (body: object) => ({ ...body, b: sql.raw("b - 1") }) }),
      );
      const before = await stored("pairs");
      // Where the database changes them in another order, a key is taken.
      const { status } = await asked(moved, "PATCH", where("pairs", "(a:'x')"), { touched: 1 });
      expect([403, 409]).toContain(status);
      expect(await stored("pairs")).toEqual(before);
      expect(await asked(moved, "PATCH", where("pairs", "(a:'x',b:1)"), { touched: 1 })).toMatchObject({
        body: { pairs: [{ a: "x", b: 0 }] },
      });
    });

    test.skipIf(place.speaks === "sqlite")(
      "that two rows exchange: neither is taken for the other",
      async () => {
        // Each is what it was; taken for the other, each is another.
        const differs = sql`"~before".level <> "~after".level`;
        const swapped = handler(
          patch("pair", () => differs, {
            injectBody: (body: object) => ({ ...body, b: sql.raw("3 - b") }),
          }),
        );
        const before = await stored("pairs");
        const swap = await asked(swapped, "PATCH", where("pairs", "(a:'x')"), { touched: 1 });
        expect(swap).toMatchObject(REFUSED);
        expect(await stored("pairs")).toEqual(before);
      },
    );

    test("several that are changed are refused", async () => {
      const before = await stored("pairs");
      expect(await ask("PATCH", where("pairs", "(a:'x')"), { a: "z", level: 9 })).toMatchObject(REFUSED);
      expect(await stored("pairs")).toEqual(before);
    });
  });

  test("a thousand rows may be judged, unless the rule says how many", async () => {
    await run("delete from tasks");
    for (let first = 0; first < 1001; first += 143)
      await run(
        `insert into tasks (id, status) values ${Array.from({ length: 143 }, (_, index) => `(${first + index}, 'todo')`).join(", ")}`,
      );
    const tooMany = await ask("PATCH", "tasks?select=(columns:(id:T))", { status: "doing" });
    expect(tooMany).toMatchObject({ status: 400, body: { code: "limit-exceeded" } });
    expect(
      await ask("PATCH", "tasks?select=(where:(id.lt:1000),columns:(id:T))", { status: "done" }),
    ).toMatchObject(REFUSED);
    expect(
      await ask("PATCH", "tasks?select=(where:(id.lt:1000),columns:(id:T))", { status: "doing" }),
    ).toMatchObject({
      body: { rowsAffected: 1000 },
    });
    const few = under(steps, { maxAffected: 2 });
    expect(await few(where("tasks", "(id.lt:3)"), { status: "done" })).toMatchObject({ status: 400 });
    expect(await few(where("tasks", "(id.lt:2)"), { status: "done" })).toMatchObject(PASSED);
    const many = under(steps, { maxAffected: 100_000 });
    expect(
      await many("tasks?select=(where:(id.gte:2,id.lt:1000),columns:(id:T))", { status: "done" }),
    ).toMatchObject(PASSED);
  });

  test("a name that a sub-query captures is a fault of the author's, and changes nothing", async () => {
    const { task } = place.schema as typeof sqlite;
    const before = await stored();
    const capturing = under(
      (_, row) => sql`exists (select 1 from ${task} as "~before" where ${row.status} = 'todo')`,
    );
    expect(await capturing(one(3), { status: "todo" })).toMatchObject({ status: 500 });
    expect(String(place.errors.splice(0)[0])).toContain("before");
    const renaming = under((_, row, _after, { eq, exists }) => {
      // oxlint-disable-next-line typescript/no-explicit-any -- any of Drizzle's databases
      const database = place.database as any;
      return exists(database.query.task.findFirst({ where: eq(row.status, "todo") as AnyColumn }));
    });
    expect(await renaming(one(3), { status: "todo" })).toMatchObject({ status: 500 });
    expect(String(place.errors.splice(0)[0])).toContain("before");
    expect(await stored()).toEqual(before);
  });
});

everywhere({ sqlite, postgresql, made }, acl, (place) => {
  const { run, handler } = place;
  beforeEach(async () => {
    await run("delete from tasks");
    await run("insert into tasks (id, status) values (1, 'todo')");
  });
  const PATH = "acl.tasks.control.PATCH.all.transition: ";

  /** What a transition's author hears of it, and what its client does. */
  const faultOf = async (transition: Transition<"task">): Promise<string> => {
    const told = await asked(handler(patch("task", transition)), "PATCH", one(1), { status: "planned" });
    expect([told.status, told.body.code]).toEqual([500, "internal-error"]);
    const [fault, ...others] = place.errors.splice(0);
    expect(others).toEqual([]);
    return String(fault);
  };

  test("a column of the table itself, outside of a sub-query, is a fault of the author's", async () => {
    const { task, step } = place.schema as typeof sqlite;
    const named = alias(task, place.speaks);
    const wrong: readonly Transition<"task">[] = [
      (_, _before, _after, { eq }) => eq(task.status, "planned"),
      async (_, before, _after, { eq, and }) => and(eq(before.status, "todo"), eq(task.status, "planned")),
      (_, before) => sql`${before.status} in (${task.status})`,
      (_, before) => sql`${task.status} = 'todo' and exists (select 1 from steps where ${before.id} = 1)`,
      (_, _before, _after, { eq }) => eq(named.status, "planned"),
      (_, before, _after, { eq }) => eq(step.to, before.status),
    ];
    for (const transition of wrong)
      expect(await faultOf(transition)).toContain(
        `${PATH}it speaks of a column of neither \`before\` nor \`after\``,
      );
  });

  test("and so is a bare column, or a table", async () => {
    const wrong: readonly Transition<"task">[] = [
      (_, before) => before.points,
      async (_, _before, after) => after.status,
      (_, before) => before,
    ];
    for (const transition of wrong)
      expect(await faultOf(transition)).toContain(`${PATH}a row filter answers SQL, true, false or nothing`);
  });

  test("in a sub-query they are its own", async () => {
    const { task } = place.schema as typeof sqlite;
    const few: Transition<"task"> = (_, before) =>
      sql`(select count(*) from ${task} where ${task.status} = 'planned') < 2 and ${before.status} = 'todo'`;
    const told = await asked(handler(patch("task", few)), "PATCH", one(1), { status: "planned" });
    expect(told.status).toBe(200);
  });
});

/** A table under another name, in either database's words. */
const alias = (table: Columns<"task">, speaks: "sqlite" | "postgresql"): Columns<"task"> =>
  speaks === "sqlite"
    ? (lite.alias(table, "other") as unknown as Columns<"task">)
    : pg.alias(table as never, "other");

describe("at start", () => {
  const sentences = async (
    control: object,
    schema: Record<string, unknown> = sqlite,
  ): Promise<() => unknown> => {
    const { database, close } = await openTables(schema, "bun:sqlite");
    return () => {
      try {
        return createQueryHandler({
          acl: { tasks: { table: "task", control } } as never,
          database,
          schema,
          onWarning: () => undefined,
        });
      } finally {
        close();
      }
    };
  };
  const bare = { task: lite.sqliteTable("tasks", { status: lite.text("status") }) };

  test.each([
    [
      { POST: { all: { select: true, transition: steps } } },
      sqlite,
      "POST.all.transition: it is asked of changed rows",
    ],
    [
      { DELETE: { all: { select: true, transition: steps } } },
      sqlite,
      "DELETE.all.transition: it is asked of changed rows",
    ],
    [
      { GET: { all: { select: true, transition: steps } } },
      sqlite,
      "GET.all.transition: it is asked of changed rows",
    ],
    [
      { PATCH: { all: { select: true, transition: true } } },
      sqlite,
      "PATCH.all.transition: expected a function",
    ],
    [{ PATCH: { all: { select: true, transition: steps } } }, bare, "has no primary key"],
  ])("%j is a mistake", async (control, schema, sentence) => {
    expect(await sentences(control, schema)).toThrow(sentence);
  });
});
