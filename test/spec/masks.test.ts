import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import {
  CALLERS,
  columnsOf,
  fillMasked,
  grantsOf,
  isShown,
  maskedNames,
  maskedTables,
  PEOPLE,
  sent,
  session,
} from "../support/masked.ts";
import { SERVER_DRIVERS } from "../support/postgresql.ts";
import { ask } from "../support/served.ts";

type Row = Record<string, unknown>;

/** What of a person is looked at here; the law of masks looks at all. */
const COLUMNS = ["id", "owner", "bossId", "name", "nick", "age", "score", "born"];

/** What the functions of authors were handed. */
const seen: unknown[] = [];

/** Grants that look at nothing but the row: an answer of a write comes with it. */
const own = grantsOf(COLUMNS).filter((_, index) => index !== 2);
const people = { select: grantsOf(COLUMNS) };
const written = { write: true, check: true } as const;
const handed = {
  // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
  ...({ afterQuery: ({ result }: any) => void seen.push(result.rows) } as object),
};

/** Grants that look at another row of the table: the name is let out where the boss is one's own. */
const led = {
  select: [
    { columns: new Set(["id", "owner", "bossId"]) },
    {
      columns: new Set(["name"]),
      // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
      when: ({ me }: { me: number }, t: any) =>
        sql`exists (select 1 from people as boss where boss.id = ${t.bossId} and boss.owner = ${me})`,
    },
  ],
};

const rulesOf = (columns: readonly string[]): object => ({
  led: {
    table: "person",
    control: {
      GET: { all: led },
      POST: { all: { ...led, ...written } },
      PATCH: { all: { ...led, ...written } },
      DELETE: { all: led },
    },
  },
  people: {
    table: "person",
    control: {
      GET: { all: { ...people, with: { boss: people, reports: { ...people, maxLimit: 10 } } } },
      POST: { all: { ...people, ...written } },
      PATCH: { all: { ...people, ...written, with: { boss: people } } },
      DELETE: { all: people },
    },
  },
  own: {
    table: "person",
    control: {
      GET: { all: { select: own } },
      POST: { all: { select: own, ...written } },
      PATCH: { all: { select: own, ...written } },
      DELETE: { all: { select: own } },
    },
  },
  all: { table: "person", control: { GET: { all: { select: grantsOf(columns) } } } },
  leading: {
    table: "person",
    control: { GET: { all: { select: { columns: new Set(["id"]) }, with: { boss: "people" } } } },
  },
  open: { table: "person", control: { GET: { all: { select: { columns: new Set(COLUMNS) } } } } },
  handed: {
    table: "person",
    control: {
      GET: { all: { ...people, ...handed } },
      POST: { all: { ...people, ...written, ...handed } },
      PATCH: { all: { select: own, ...written, ...handed } },
      DELETE: { all: { ...people, ...handed } },
    },
  },
  formatted: {
    table: "person",
    control: {
      GET: {
        all: {
          ...people,
          // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
          formatResult: (_: Request, { result }: any) => ({ them: result.rows }),
        },
      },
    },
  },
  ordered: { table: "person", control: { GET: { all: { ...people, orderBy: { name: "desc" } } } } },
  computed: {
    table: "person",
    control: {
      GET: {
        all: {
          ...people,
          extras: { stored: sql`length(name)`.as("stored") },
          // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
          where: (_: unknown, t: any, { ne }: any) => ne(t.name, "n1"),
        },
      },
    },
  },
});

/** Over when a statement waits for rows that another transaction holds. */
// oxlint-disable-next-line typescript/no-explicit-any -- a database of a server
async function waiting(database: any): Promise<void> {
  const asked = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  for (let time = 0; time < 500; time++) {
    const found = await database.execute(asked);
    if ((found.rows ?? found).length > 0) return;
    await Bun.sleep(10);
  }
  throw new Error("nothing waits");
}

/** The rows that were answered, told by what they say is masked. */
const maskedIn = (rows: readonly Row[]): object =>
  Object.fromEntries(rows.map((row) => [row["id"], row["$masked"]]));

const expectedMasks = (me: number, names: readonly string[], ids: readonly number[] = PEOPLE): object =>
  Object.fromEntries(
    ids.map((id) => {
      const masked = names.filter((name) => !isShown(name, id, me));
      return [id, masked.length === 0 ? undefined : masked];
    }),
  );

everywhere(maskedTables, {}, (place) => {
  let handle: QueryHandler;
  const send = (me: number, method: string, path: string, body?: unknown): ReturnType<typeof sent> =>
    sent(handle, me, method, path, body);
  const get = (me: number, resource: string, select = "()", ...flags: readonly string[]) =>
    send(me, "GET", select === "()" ? `${resource}?${flags.join("&")}` : ask(resource, select, ...flags));
  beforeAll(() => {
    handle = place.handler(rulesOf(columnsOf(place)), { session, defaults: { maxWork: null } });
  });
  beforeEach(async () => {
    seen.length = 0;
    await fillMasked(place);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  describe("what is not let out on a row", () => {
    test("is null, and the row says so, in the schema's order; where all is let out, it says nothing", async () => {
      const { body } = await get(1, "people", "(columns:~T(id,name,nick,age,score)~)");
      expect(body.people.slice(0, 4)).toEqual([
        { id: 1, name: "n6", nick: "Bo", age: 21, score: null, $masked: ["score"] },
        { id: 2, name: null, nick: "al", age: null, score: 2 / 3, $masked: ["name", "age"] },
        { id: 3, name: "n4", nick: null, age: 23, score: null, $masked: ["score"] },
        { id: 4, name: null, nick: "AL", age: null, score: 4 / 3, $masked: ["name", "age"] },
      ]);
      const admin = await get(0, "people");
      expect(admin.text).not.toContain("masked");
      expect(admin.text.replace("people", "open")).toBe((await get(0, "open")).text);
    });

    test.each(CALLERS)("is that of every kind of column, for caller %d", async (me) => {
      const { body } = await get(me, "all");
      expect(maskedIn(body.all)).toEqual(expectedMasks(me, maskedNames(place)));
      for (const row of body.all as Row[])
        for (const name of (row["$masked"] ?? []) as string[])
          expect([name, row[name]]).toEqual([name, null]);
      const whole = (await get(0, "all")).body.all as Row[];
      for (const [index, row] of (body.all as Row[]).entries())
        for (const name of maskedNames(place))
          if (isShown(name, row["id"] as number, me)) expect(row[name]).toEqual(whole[index]![name]);
    });

    test("is told of columns that are asked for, and of no other", async () => {
      const { body } = await get(1, "people", "(columns:~T(id,name)~,where:(id.lt:3))");
      expect(body.people).toEqual([
        { id: 1, name: "n6" },
        { id: 2, name: null, $masked: ["name"] },
      ]);
      const others = await get(1, "people", "(columns:~T(id,owner)~)");
      expect(others.text).not.toContain("masked");
    });

    test("is so in relations, of one row and of many, each by its own row", async () => {
      const selected =
        "(where:(id.in:_(1,5)_),columns:~T(id)~,with:(boss:(columns:~T(id,name)~),reports:(columns:~T(name,id,score)~)))";
      const { body } = await get(1, "people", selected);
      expect(body.people).toEqual([
        { id: 1, boss: null, reports: [{ id: 4, name: null, score: 4 / 3, $masked: ["name"] }] },
        { id: 5, boss: { id: 2, name: null, $masked: ["name"] }, reports: [] },
      ]);
      const all = await get(1, "people", "(where:(id:4),columns:~T(id,age)~,with:(boss:T))");
      expect(all.body.people[0].boss).toMatchObject({ id: 1, name: "n6", score: null, $masked: ["score"] });
      expect(Object.keys(all.body.people[0])).toEqual(["id", "age", "boss", "$masked"]);
    });

    test("is so where a relation follows the rule of a resource", async () => {
      const { body } = await get(1, "leading", "(where:(id.gt:3),with:(boss:(columns:~T(name,score)~)))");
      expect(body.leading).toEqual([
        { id: 4, boss: { name: "n6", score: null, $masked: ["score"] } },
        { id: 5, boss: { name: null, score: 2 / 3, $masked: ["name"] } },
        { id: 6, boss: { name: "n4", score: null, $masked: ["score"] } },
      ]);
    });

    test("is so of one row that is asked for, in a body that has been told by HEAD", async () => {
      const { body, headers, text } = await get(
        2,
        "people",
        "(where:(id:1),columns:~T(id,age,score)~)",
        "findFirst=T",
      );
      expect(body.people).toEqual({ id: 1, age: null, score: 1 / 3, $masked: ["age"] });
      const head = await send(
        2,
        "HEAD",
        ask("people", "(where:(id:1),columns:~T(id,age,score)~)", "findFirst=T"),
      );
      expect([head.status, head.text, head.headers.get("etag")]).toEqual([200, "", headers.get("etag")]);
      expect(text).not.toBe(
        (await get(1, "people", "(where:(id:1),columns:~T(id,age,score)~)", "findFirst=T")).text,
      );
    });

    test("is so of what hooks and formatters are handed", async () => {
      const plain = (await get(1, "people")).body.people;
      expect((await get(1, "formatted")).body.them).toEqual(plain);
      await get(1, "handed");
      expect(maskedIn(seen[0] as Row[])).toEqual(maskedIn(plain));
      const [first] = seen[0] as Row[];
      expect(first!["born"]).toBeInstanceOf(Date);
    });
  });

  describe("what a client does with a masked cell", () => {
    const ids = ({ body }: { readonly body: Record<string, Row[]> }, resource = "people"): unknown[] =>
      body[resource]!.map(({ id }) => id);

    test("filters find it as no value", async () => {
      expect(ids(await get(1, "people", "(where:(name:n5))"))).toEqual([]);
      expect(ids(await get(2, "people", "(where:(name:n5))"))).toEqual([2]);
      expect(ids(await get(1, "people", "(where:(name.ne:n6))"))).toEqual([3, 6]);
      expect(ids(await get(1, "people", "(where:(NOT:(name:n6)))"))).toEqual([3, 6]);
      expect(ids(await get(1, "people", "(where:(name.isNull:T))"))).toEqual([2, 4, 5]);
      expect(ids(await get(1, "people", "(where:(name:N))"))).toEqual([2, 4, 5]);
      expect(ids(await get(1, "people", "(where:(NOT:(name.isNull:T)))"))).toEqual([1, 3, 6]);
      expect(ids(await get(1, "people", "(where:(name.notIn:_()_))"))).toEqual([1, 2, 3, 4, 5, 6]);
      expect(ids(await get(1, "people", "(where:(OR:_((age.gt:22),(score.gt:1))_))"))).toEqual([3, 4]);
      expect(ids(await get(1, "people", "(where:(NOT:(OR:_((age.gt:22),(score.gt:1))_)))"))).toEqual([]);
      expect((await get(1, "people", "(where:(age.isNull:T),columns:F)", "countTotal=T")).body).toEqual({
        total: 6,
        count: 3,
      });
    });

    test("orders have it first, as no value, those of the rule too", async () => {
      expect(ids(await get(1, "people", "(orderBy:(name:1))"))).toEqual([2, 4, 5, 6, 3, 1]);
      expect(ids(await get(1, "people", "(orderBy:(name:-1))"))).toEqual([1, 3, 6, 2, 4, 5]);
      expect(ids(await get(1, "people", "(orderBy:(name:1),limit:2,offset:2)"))).toEqual([5, 6]);
      expect(ids(await get(0, "people", "(orderBy:(name:1))"))).toEqual([6, 5, 4, 3, 2, 1]);
      expect(ids(await get(1, "ordered"), "ordered")).toEqual([1, 3, 6, 2, 4, 5]);
    });

    test("a column that compares regardless of case does so still", async () => {
      const found = place.speaks === "sqlite" ? [2, 4] : [2];
      expect(ids(await get(1, "people", "(where:(nick:al))"))).toEqual(found);
      expect(ids(await get(2, "people", "(where:(nick:al))"))).toEqual([2]);
      // By bytes `AL` is before `Bo`, and `al` behind; a language, and `nocase`, have both before.
      const order = ids(await get(1, "people", "(orderBy:(nick:1),where:(id.in:_(1,2,4)_))"));
      if (place.speaks === "sqlite") expect(order).toEqual([2, 4, 1]);
    });

    test("the author's own functions and computed fields have what is stored", async () => {
      const { body } = await get(1, "computed", "(columns:~T(id,name,stored)~)");
      expect(body.computed).toHaveLength(5);
      expect(body.computed[1]).toEqual({ id: 2, name: null, stored: 2, $masked: ["name"] });
    });
  });

  describe("databases that differ in masked cells alone", () => {
    const QUESTIONS = [
      ["()"],
      ["(where:(name.startsWith:'n'))"],
      ["(where:(NOT:(name:zzz)))"],
      ["(where:(OR:_((name.gt:n3),(score.lt:1),(nick.gte:'b'))_))"],
      ["(where:(NOT:(AND:_((name.gt:n3),(age.in:_(21,22)_))_)))", "countTotal=T"],
      ["(orderBy:(name:1,score:-1),limit:3)"],
      ["(orderBy:(age:-1),limit:2,offset:2)"],
      ["(orderBy:(nick:1),with:(boss:T,reports:(orderBy:(name:-1),limit:1)))"],
      ["(orderBy:(name:1),columns:~T(id)~)", "findFirst=T"],
      ["(where:(age.gt:0),columns:F)"],
    ] as const;
    const answers = async (): Promise<readonly (readonly [number, string])[]> => {
      const found: (readonly [number, string])[] = [];
      for (const [select, ...flags] of QUESTIONS) {
        const { status, text } = await get(3, "people", select, ...flags);
        found.push([status, text]);
      }
      return found;
    };
    /** Changes what the third caller is shown nowhere. */
    const change = async (): Promise<void> => {
      const name = `'${"z".repeat(30)}' || id`;
      await place.run(
        `update people set name = ${name}, nick = 'zz', age = 1 - id, score = 100 - id, born = null`,
      );
    };

    test("answer alike, byte by byte", async () => {
      const before = await answers();
      await change();
      expect(await answers()).toEqual(before);
      expect(before.filter(([status]) => status !== 200)).toEqual([]);
    });

    // Few bytes are summed up before the answer is made; of more, a row has a share, beyond which making it fails.
    test.each([
      [1_500, "(limit:100,with:(reports:(columns:~T(name,id)~)))"],
      [400_000, "(limit:100,with:(boss:(columns:~T(id,nick)~)))"],
    ])("refuse alike what would be too large: more than %d bytes", async (most, select) => {
      const bounded = place.handler(rulesOf(columnsOf(place)), {
        session,
        defaults: { maxWork: null, maxAnswerSize: most },
      });
      const asked = (me: number): ReturnType<typeof sent> => sent(bounded, me, "GET", ask("people", select));
      const before = await asked(3);
      expect(before.status).toBe(200);
      await place.run(`update people set name = '${"n".repeat(40)}', nick = '${"k".repeat(most)}'`);
      // It is asked in every form there is, the sum before it among them.
      for (let time = 0; time < 4; time++) {
        expect((await asked(3)).text).toBe(before.text);
        const large = await asked(0);
        expect([large.status, large.body.code]).toEqual([400, "too-large-answer"]);
      }
    });
  });

  describe("what a write answers", () => {
    const NAMES = ["name", "age", "nick", "score", "born"];
    const ownOnly = (me: number, id: number): readonly string[] | undefined => {
      const masked = NAMES.filter((name) => !isShown(name, id, me) || (me !== 0 && name === "score"));
      const shown = isShown("name", id, me);
      const left = masked.filter((name) => name !== "nick" || !shown);
      const all = shown ? left : NAMES;
      return all.length === 0 ? undefined : all;
    };

    test.each(["people", "own"])("POST %s: is masked on the new rows", async (resource) => {
      const rows = [
        { id: 11, owner: 1, name: "a", age: 1, nick: "x", score: 0.5 },
        { id: 12, owner: 2, name: "b", age: 2, nick: "y", score: 1.5 },
      ];
      const { status, body } = await send(
        1,
        "POST",
        ask(resource, "(columns:~T(id,name,age,nick,score)~)"),
        rows,
      );
      expect([status, body[resource]]).toEqual([
        200,
        [
          { id: 11, name: "a", nick: "x", age: 1, score: null, $masked: ["score"] },
          {
            id: 12,
            name: null,
            nick: null,
            age: null,
            score: null,
            $masked: ["name", "age", "nick", "score"],
          },
        ],
      ]);
      const one = await send(1, "POST", ask(resource, "(columns:~T(id,name)~)"), {
        id: 13,
        name: "c",
        age: 3,
      });
      expect(one.body[resource]).toEqual([{ id: 13, name: null, $masked: ["name"] }]);
      const bare = await send(1, "POST", ask(resource, "(columns:~T(id)~)"), { id: 14, name: "d", age: 3 });
      expect(bare.body[resource]).toEqual([{ id: 14 }]);
    });

    test("PATCH: is masked on the rows as they are left, those that are let out by another table too", async () => {
      const { body } = await send(1, "PATCH", "people", { nick: "new" });
      expect(body.rowsAffected).toBe(6);
      expect(maskedIn(body.people)).toEqual(expectedMasks(1, NAMES));
      expect(body.people[1]).toMatchObject({ id: 2, name: null, nick: "new", score: 2 / 3 });
      const moved = await send(1, "PATCH", ask("own", "(where:(id:1),columns:~T(id,owner,name)~)"), {
        owner: 2,
      });
      expect(moved.body.own).toEqual([{ id: 1, owner: 2, name: null, $masked: ["name"] }]);
      const back = await send(2, "PATCH", ask("own", "(where:(id:1),columns:~T(id,owner,name)~)"), {
        owner: 1,
      });
      expect(back.body.own).toEqual([{ id: 1, owner: 1, name: null, $masked: ["name"] }]);
    });

    test("PATCH: comes with the write where the grants look at the row alone", async () => {
      const { body } = await send(1, "PATCH", "own", { nick: "new" });
      expect(maskedIn(body.own)).toEqual(Object.fromEntries(PEOPLE.map((id) => [id, ownOnly(1, id)])));
      const related = await send(
        1,
        "PATCH",
        ask("people", "(where:(id:4),columns:~T(id,name)~,with:(boss:(columns:~T(id,score)~)))"),
        { nick: "n" },
      );
      expect(related.body.people).toEqual([
        { id: 4, name: null, boss: { id: 1, score: null, $masked: ["score"] }, $masked: ["name"] },
      ]);
    });

    test("filters of writes find a masked cell as no value", async () => {
      for (const method of ["PATCH", "DELETE"] as const) {
        const body = method === "PATCH" ? { nick: "hit" } : undefined;
        expect((await send(1, method, ask("people", "(where:(name:n5))"), body)).body.rowsAffected).toBe(0);
        expect((await send(1, method, ask("own", "(where:(NOT:(name:n6)))"), body)).body.rowsAffected).toBe(
          2,
        );
      }
      const { body } = await send(1, "DELETE", ask("people", "(where:(name.isNull:T),columns:~T(id)~)"));
      expect(body.people).toEqual([{ id: 2 }, { id: 4 }, { id: 5 }]);
    });

    test("DELETE: is masked on the rows as they were", async () => {
      const simple = await send(1, "DELETE", ask("own", "(where:(id.lt:3),columns:~T(id,name,score)~)"));
      expect(simple.body.own).toEqual([
        { id: 1, name: "n6", score: null, $masked: ["score"] },
        { id: 2, name: null, score: null, $masked: ["name", "score"] },
      ]);
      const { body } = await send(1, "DELETE", "people");
      expect(maskedIn(body.people)).toEqual(expectedMasks(1, NAMES, [3, 4, 5, 6]));
      expect(body.people[1]).toMatchObject({ id: 4, name: null, nick: "AL", score: 4 / 3 });
    });

    test("is judged by other rows of the table as they are left, and before they are removed", async () => {
      const added = await send(1, "POST", ask("led", "(columns:~T(id,name)~)"), [
        { id: 31, owner: 1, name: "a", age: 1 },
        { id: 32, bossId: 31, name: "b", age: 2 },
        { id: 33, bossId: 2, name: "c", age: 3 },
      ]);
      expect(added.body.led).toEqual([
        { id: 31, name: null, $masked: ["name"] },
        { id: 32, name: "b" },
        { id: 33, name: null, $masked: ["name"] },
      ]);
      // Theirs are the first, the fourth and the second, in turn, when the statement ends.
      const changed = await send(1, "PATCH", ask("led", "(where:(id.in:_(1,2,4,5)_))"), { owner: 1 });
      expect(maskedIn(changed.body.led)).toEqual({ 1: ["name"], 2: ["name"], 4: undefined, 5: undefined });
      const removed = await send(1, "DELETE", ask("led", "(where:(id.lt:7))"));
      expect(maskedIn(removed.body.led)).toEqual({
        1: ["name"],
        2: ["name"],
        3: ["name"],
        4: undefined,
        5: undefined,
        6: undefined,
      });
    });

    test.skipIf(SERVER_DRIVERS[place.name as never] === undefined)(
      "a right to see that is lost while a write waits counts no more for its filter",
      async () => {
        // oxlint-disable-next-line typescript/no-explicit-any -- a database of either kind
        const database = place.database as any;
        let patched: ReturnType<typeof sent> | undefined;
        // oxlint-disable-next-line typescript/no-explicit-any -- a transaction of it
        await database.transaction(async (tx: any) => {
          await tx.execute(sql`delete from friends where person = 4`);
          await tx.execute(sql`update people set age = age where id = 4`);
          patched = send(1, "PATCH", ask("people", "(where:(score.gt:1),columns:~T(id)~)"), { nick: "late" });
          await waiting(database);
        });
        expect((await patched!).body).toMatchObject({ rowsAffected: 0, people: [] });
      },
    );

    test("is what hooks are handed", async () => {
      await send(1, "POST", "handed", { id: 21, owner: 2, name: "a", age: 1 });
      await send(1, "PATCH", ask("handed", "(where:(id:2))"), { nick: "x" });
      await send(1, "DELETE", ask("handed", "(where:(id:4))"));
      expect(seen.map((rows) => maskedIn(rows as Row[]))).toEqual([
        { 21: NAMES },
        { 2: NAMES },
        { 4: ["name", "age", "born"] },
      ]);
    });
  });
});

/** Tables in which `$masked` is something else. */
const taken = {
  sqlite: {
    note: lite.sqliteTable("masked_notes", {
      id: lite.integer().primaryKey(),
      text: lite.text(),
      $masked: lite.text("masked"),
    }),
    loose: lite.sqliteTable("masked_loose", {
      number: lite.integer(),
      text: lite.text(),
      more: lite.integer(),
    }),
  },
  postgresql: {
    note: pg.pgTable("masked_notes", {
      id: pg.integer().primaryKey(),
      text: pg.text(),
      $masked: pg.text("masked"),
    }),
    loose: pg.pgTable("masked_loose", { number: pg.integer(), text: pg.text(), more: pg.integer() }),
  },
};

/** Grants that ask another table of a row without a key. */
const others = {
  select: [
    { columns: new Set(["number", "more"]) },
    {
      columns: new Set(["text"]),
      // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
      when: (_: unknown, t: any) =>
        sql`exists (select 1 from masked_notes where masked_notes.id = ${t.number})`,
    },
  ],
};

const odd = (...columns: string[]): object => ({
  select: [
    { columns: new Set(columns) },
    // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
    { columns: new Set(["text"]), when: (_: unknown, t: any, { eq }: any) => eq(t[columns[0]!], 1) },
  ],
});

everywhere(
  taken,
  {
    notes: {
      table: "note",
      control: { GET: { all: odd("id", "$masked") }, PATCH: { all: { ...odd("id"), ...written } } },
    },
    others: {
      table: "loose",
      control: {
        GET: { all: others },
        POST: { all: { ...others, ...written } },
        PATCH: { all: { ...others, ...written } },
        DELETE: { all: others },
      },
    },
    loose: {
      table: "loose",
      control: {
        GET: { all: odd("number") },
        POST: { all: { ...odd("number"), ...written } },
        PATCH: { all: { ...odd("number"), ...written } },
        DELETE: { all: odd("number") },
      },
    },
  },
  ({ ask: send, run, errors }: Place) => {
    afterEach(() => expect(errors.splice(0)).toEqual([]));

    test("a table with a column `$masked` is asked for what is never masked", async () => {
      await run("delete from masked_notes");
      await run("insert into masked_notes (id, text, masked) values (1, 'a', 'b')");
      for (const [method, body] of [
        ["GET", undefined],
        ["PATCH", { text: "c" }],
      ] as const) {
        const refused = await send(method, ask("notes", "(columns:~T(id,text)~)"), body);
        expect([refused.status, refused.body.code, refused.body.path]).toEqual([
          400,
          "invalid-value",
          "select.columns",
        ]);
        const { status } = await send(method, ask("notes", "(columns:~T(id)~)"), body);
        expect(status).toBe(200);
      }
      const { body, status } = await send(
        "GET",
        ask("notes", "(columns:~T(id,'$masked')~,where:(text:'c'))"),
      );
      expect([status, body]).toMatchObject([200, { notes: [{ id: 1, $masked: "b" }] }]);
    });

    test("rows without a key are told apart by what is shown of them", async () => {
      await run("delete from masked_loose");
      const added = await send(
        "POST",
        "loose",
        [1, 2, 2].map((number, index) => ({ number, text: `${9 - index}` })),
      );
      expect(added.body.loose.map((row: Row) => row["text"])).toEqual(["9", null, null]);
      const { body } = await send("GET", "loose");
      expect(body.loose).toEqual([
        { number: 1, text: "9" },
        { number: 2, text: null, $masked: ["text"] },
        { number: 2, text: null, $masked: ["text"] },
      ]);
      const changed = await send("PATCH", ask("loose", "(where:(text.isNotNull:T))"), { number: 2 });
      expect(changed.body.loose).toEqual([{ number: 2, text: null, $masked: ["text"] }]);
      expect((await send("DELETE", ask("loose", "(where:(text:N))"))).body.rowsAffected).toBe(3);
    });

    test("no order of such rows, and no grant that asks another table, tells more", async () => {
      await run("delete from masked_loose");
      await run("delete from masked_notes");
      await run("insert into masked_notes (id) values (1)");
      const rows = ["z", "m", "a"].map((text, index) => ({ number: 2, text, more: index + 1 }));
      const added = await send("POST", "others", [...rows, { number: 1, text: "b", more: 0 }]);
      const shown = { number: 1, text: "b", more: 0 };
      const masked = [1, 2, 3].map((more) => ({ number: 2, text: null, more, $masked: ["text"] }));
      expect(added.body.others).toEqual([...masked, shown]);
      expect((await send("GET", ask("others", "(orderBy:(number:-1))"))).body.others).toEqual([
        ...masked,
        shown,
      ]);
      const changed = await send("PATCH", ask("others", "(where:(text.isNotNull:T))"), { more: 9 });
      expect(changed.body.others).toEqual([{ ...shown, more: 9 }]);
      const { body } = await send("DELETE", ask("others", "(where:(number:1))"));
      expect(body.others).toEqual([{ ...shown, more: 9 }]);
    });
  },
);

/** A table of which another schema has one of the same name, and a view. */
const corners = {
  sqlite: (() => {
    const safe = lite.sqliteTable("vault_safes", {
      id: lite.integer().primaryKey(),
      code: lite.text(),
      nextId: lite.integer("next_id"),
    });
    const glance = lite
      .sqliteView("vault_glances", { id: lite.integer(), code: lite.text(), made: lite.integer() })
      .existing();
    return { safe, glance, ...chained(safe) };
  })(),
  postgresql: (() => {
    const vault = pg.pgSchema("vault");
    const safe = vault.table("safes", {
      id: pg.integer().primaryKey(),
      code: pg.text(),
      nextId: pg.integer("next_id"),
    });
    const glance = pg
      .pgView("vault_glances", { id: pg.integer(), code: pg.text(), made: pg.timestamp() })
      .existing();
    return { vault, safe, glance, ...chained(safe) };
  })(),
  made: {
    sqlite: [
      "create table vault_keys (safe integer)",
      "create view vault_glances as select id, code, id * 10 as made from vault_safes",
      "insert into vault_safes values (1, 'a', 2), (2, 'b', 3), (3, 'c', 1)",
      "insert into vault_keys values (2)",
    ],
    postgresql: [
      "create table vault_keys (safe integer)",
      "create view vault_glances as select id, code, timestamp '2020-01-01' + id * interval '1 day' as made from vault.safes",
      "insert into vault.safes values (1, 'a', 2), (2, 'b', 3), (3, 'c', 1)",
      "insert into vault_keys values (2)",
    ],
  },
};

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
function chained(safe: any): Record<string, unknown> {
  return {
    safeRelations: relations(safe, ({ one }) => ({
      next: one(safe, { fields: [safe.nextId], references: [safe.id] }),
    })),
  };
}

const opened = (...columns: string[]): object => ({
  select: [
    { columns: new Set(["id"]) },
    {
      columns: new Set(columns),
      // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
      when: (_: unknown, t: any) => sql`exists (select 1 from vault_keys where vault_keys.safe = ${t.id})`,
    },
  ],
});

everywhere(
  corners,
  {
    safes: {
      table: "safe",
      control: {
        GET: {
          all: { ...opened("code"), with: { next: { ...opened("code"), with: { next: opened("code") } } } },
        },
      },
    },
    glances: { table: "glance", control: { GET: { all: opened("code", "made") } } },
  },
  ({ ask: send, errors, speaks }: Place) => {
    afterEach(() => expect(errors.splice(0)).toEqual([]));

    test("masks are right in a schema of its own, whichever way a row is come by", async () => {
      const { body } = await send("GET", ask("safes", "(orderBy:(code:-1),with:(next:(with:(next:T))))"));
      const [first, second, third] = [
        { id: 1, code: null, $masked: ["code"] },
        { id: 2, code: "b" },
        { id: 3, code: null, $masked: ["code"] },
      ] as const;
      expect(body.safes).toEqual([
        { ...second, next: { ...third, next: first } },
        { ...first, next: { ...second, next: third } },
        { ...third, next: { ...first, next: second } },
      ]);
      expect((await send("GET", ask("safes", "(where:(NOT:(code:'c')))"))).body.safes).toEqual([second]);
    });

    test("and of a view", async () => {
      const made = speaks === "sqlite" ? 20 : "2020-01-03T00:00:00.000Z";
      const { body } = await send("GET", ask("glances", "(orderBy:(made:1,id:1))"));
      expect(body.glances).toEqual([
        { id: 1, code: null, made: null, $masked: ["code", "made"] },
        { id: 3, code: null, made: null, $masked: ["code", "made"] },
        { id: 2, code: "b", made },
      ]);
    });
  },
);
