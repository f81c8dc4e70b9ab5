import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { asked, everywhere, type Place, type Told } from "../support/everywhere.ts";
import { fresh, postgresql, sqlite } from "../support/met.ts";

// `onConflict`: what becomes of new rows that meet rows which exist.

const free = { select: true, write: { mode: false, columns: ["version", "touched"] } } as const;
const BY_EMAIL = "onConflict=(target:~T(email)~)";
const IGNORE = "onConflict=(target:~T(email)~,ignore:T)";
const NAMES = "select=(columns:~T(email,name)~)";

interface Rules {
  readonly POST?: object;
  readonly PATCH?: object | null;
}

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of fresh) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  const handlerOf = ({ POST = free, PATCH = free }: Rules, options: object = {}, table = "user") => {
    const control = {
      GET: { all: { select: true } },
      POST: { all: POST },
      ...(PATCH && { PATCH: { all: PATCH } }),
    };
    return place.handler({ users: { table, control } }, options);
  };
  const upsert = (
    query: string,
    body: unknown,
    rules: Rules = {},
    options: object = {},
    table = "user",
  ): Promise<Told> => asked(handlerOf(rules, options, table), "POST", `users?${query}`, body);
  const stored = async (where: string, table = "user"): Promise<any[]> => {
    const reading = place.handler({ users: { table, control: { GET: { all: { select: true } } } } });
    const { body } = await asked(reading, "GET", `users?select=(where:(${where}))`);
    return body.users;
  };

  test("a new row is written, and one that is met is changed", async () => {
    const made = await upsert(`${BY_EMAIL}&${NAMES}`, { email: "new@x", name: "New" });
    expect(made).toEqual({
      status: 200,
      body: { rowsAffected: 1, inserted: 1, count: 1, users: [{ email: "new@x", name: "New" }] },
    });
    const met = await upsert(`${BY_EMAIL}&${NAMES}`, { email: "ann@x", name: "Anna" });
    expect(met).toEqual({
      status: 200,
      body: { rowsAffected: 1, inserted: 0, count: 1, users: [{ email: "ann@x", name: "Anna" }] },
    });
    expect(await stored("email:'ann@x'")).toMatchObject([{ id: 90101, level: 1, owner: "ann", touched: 7 }]);
  });

  test("a list is answered in the order in which it was sent", async () => {
    const emails = ["zoe@x", "cid@x", "amy@x", "ann@x", "bob@x"];
    const body = emails.map((email, index) => ({ email, name: `n${index}`, level: index }));
    const told = await upsert(`${BY_EMAIL}&select=(columns:~T(email,level)~)`, body);
    expect(told.body).toEqual({
      rowsAffected: 5,
      inserted: 2,
      count: 5,
      users: emails.map((email, level) => ({ email, level })),
    });
    expect(new Set((await stored("id.in:_(90101,90102,90103)_")).map(({ name }) => name))).toEqual(
      new Set(["n1", "n3", "n4"]),
    );
  });

  test("`update` says which columns are changed; all the others stay", async () => {
    const query = "onConflict=(target:~T(email)~,update:~T(name)~)";
    const told = await upsert(query, [
      { email: "ann@x", name: "A", level: 50 },
      { email: "new@x", name: "N", level: 51 },
    ]);
    expect(told.body).toMatchObject({ rowsAffected: 2, inserted: 1 });
    expect(told.body.users).toMatchObject([
      { email: "ann@x", name: "A", level: 1 },
      { email: "new@x", name: "N", level: 51 },
    ]);
    const lacking = await upsert(query, [{ email: "ann@x", name: "A" }, { email: "bob@x" }]);
    expect(lacking).toMatchObject({ status: 400, body: { code: "invalid-body", path: "1.name" } });
  });

  test("`ignore` leaves what is met as it is", async () => {
    const told = await upsert(
      `${IGNORE}&${NAMES}`,
      [
        { email: "ann@x", name: "A" },
        { email: "new@x", name: "N" },
      ],
      { PATCH: null },
    );
    expect(told.body).toEqual({
      rowsAffected: 1,
      inserted: 1,
      count: 1,
      users: [{ email: "new@x", name: "N" }],
    });
    expect(await stored("id:90101")).toMatchObject([{ name: "Ann", touched: null }]);
    const none = await upsert(`${IGNORE}&${NAMES}`, { email: "ann@x", name: "A" });
    expect(none.body).toEqual({ rowsAffected: 0, inserted: 0, count: 0, users: [] });
  });

  test("rows of different columns are changed each by its own", async () => {
    const told = await upsert(BY_EMAIL, [
      { email: "ann@x", name: "A" },
      { email: "bob@x", level: 7 },
      { email: "cid@x", name: "C" },
    ]);
    expect(told.body.users).toMatchObject([
      { name: "A", level: 1 },
      { name: "Bob", level: 7 },
      { name: "C", level: 9 },
    ]);
  });

  describe("refused", () => {
    test("who may not change rows, before anything is done", async () => {
      expect(await upsert(BY_EMAIL, { email: "new@x" }, { PATCH: null })).toMatchObject({
        status: 403,
        body: { code: "forbidden", path: "onConflict" },
      });
      expect(await stored("email:'new@x'")).toEqual([]);
    });

    test("a row that is met and not the caller's is a conflict like any other, and nothing is kept", async () => {
      const PATCH = { ...free, where: (_: unknown, t: any, { eq }: any) => eq(t.owner, "ann") };
      const body = [
        { email: "new@x", name: "N" },
        { email: "ann@x", name: "A" },
        { email: "bob@x", name: "B" },
      ];
      const told = await upsert(BY_EMAIL, body, { PATCH });
      const taken = await upsert("", { email: "bob@x" });
      expect(told).toMatchObject({ status: 409, body: { code: "conflict" } });
      expect(told.body).toEqual(taken.body);
      expect(await stored("id:90101")).toMatchObject([{ name: "Ann" }]);
      expect(await stored("email:'new@x'")).toEqual([]);
      expect((await upsert(BY_EMAIL, body.slice(0, 2), { PATCH })).body).toMatchObject({ inserted: 1 });
    });

    test.each([
      ["(target:~T(name)~)", "invalid-value", "onConflict.target"],
      ["(target:~T(email,id)~)", "invalid-value", "onConflict.target"],
      ["(target:~T(nothing)~)", "unknown-column", "onConflict.target.nothing"],
      ["(target:~T(version)~)", "unknown-column", "onConflict.target.version"],
      ["(target:~T(email)~,update:~T(version)~)", "unknown-column", "onConflict.update.version"],
      ["(target:~T(email)~,update:~T(name)~,ignore:T)", "invalid-value", "onConflict.ignore"],
      ["(update:~T(name)~)", "invalid-value", "onConflict.target"],
      ["(target:~T(email)~,updates:~T(name)~)", "invalid-value", "onConflict.updates"],
      ["(target:T)", "invalid-value", "onConflict.target"],
      ["T", "invalid-value", "onConflict"],
    ])("%s", async (wish, code, path) => {
      const told = await upsert(`onConflict=${wish}`, { email: "ann@x", name: "A" });
      expect(told).toMatchObject({ status: 400, body: { code, path } });
    });

    test("a row without a value by which it is met", async () => {
      for (const body of [{ name: "N" }, { email: null, name: "N" }])
        expect(await upsert(BY_EMAIL, body)).toMatchObject({
          status: 400,
          body: { code: "invalid-body", path: "email" },
        });
    });

    test("a row that changes nothing, whether it meets one or not", async () => {
      for (const email of ["ann@x", "new@x"])
        expect(await upsert(BY_EMAIL, [{ email }])).toMatchObject({
          status: 400,
          body: { code: "invalid-body", path: "0" },
        });
    });

    test("other methods do not take it", async () => {
      const told = await asked(handlerOf({}), "PATCH", `users?${BY_EMAIL}`, { name: "A" });
      expect(told).toMatchObject({ status: 400, body: { code: "unknown-parameter" } });
    });
  });

  describe("the rule of changes", () => {
    test("its validator, its own columns and its `injectBody` are asked of what is changed", async () => {
      const PATCH = {
        select: true,
        write: { columns: ["name", "level"] },
        validateBody: (body: any) => {
          if (body.level > 5)
            return Object.assign(new Error("no"), { issues: [{ message: "too high", path: ["level"] }] });
          return body;
        },
        injectBody: (body: object) => ({ ...body, owner: "injected" }),
      };
      const POST = { ...free, injectBody: (body: object) => ({ ...body, secret: "made" }) };
      const told = await upsert(
        BY_EMAIL,
        [
          { email: "ann@x", level: 4 },
          { email: "new@x", level: 4 },
        ],
        { POST, PATCH },
      );
      expect(told.body.users).toMatchObject([
        { owner: "injected", secret: "s", level: 4 },
        { owner: null, secret: "made", level: 4 },
      ]);
      expect(
        await upsert(
          BY_EMAIL,
          [
            { email: "a@x", level: 1 },
            { email: "b@x", level: 6 },
          ],
          { PATCH },
        ),
      ).toMatchObject({
        status: 400,
        body: { path: "1.level", issues: [{ message: "too high", path: "1.level" }] },
      });
      expect(await upsert(BY_EMAIL, { email: "a@x", owner: "o" }, { PATCH })).toMatchObject({
        status: 400,
        body: { code: "unknown-column", path: "owner" },
      });
    });

    test("its check is asked of what is changed, and that of new rows of what is new", async () => {
      const PATCH = { ...free, check: (_: unknown, t: any, { lt }: any) => lt(t.level, 10) };
      const POST = { ...free, check: (_: unknown, t: any, { lt }: any) => lt(t.level, 20) };
      const send = (level: number, email: string): Promise<Told> =>
        upsert(
          BY_EMAIL,
          [
            { email: "new@x", level: 1 },
            { email, level },
          ],
          { POST, PATCH },
        );
      expect(await send(15, "ann@x")).toMatchObject({ status: 403, body: { code: "check-failed" } });
      expect(await send(25, "zoe@x")).toMatchObject({ status: 403, body: { code: "check-failed" } });
      expect(await stored("email:'new@x'")).toEqual([]);
      expect(await send(15, "zoe@x")).toMatchObject({ status: 200, body: { inserted: 2 } });
      expect(await send(9, "ann@x")).toMatchObject({ status: 200, body: { inserted: 0 } });
    });

    test("a check that looks at other rows", async () => {
      const elsewhere = (_: unknown, t: any): unknown =>
        sql`(select count(*) from users as u where u.owner = 'ann') = 2 and ${t.level} < 10`;
      const body = (level: number): object[] =>
        ["ann@x", "new@x", "bob@x"].map((email) => ({ email, owner: "ann", level }));
      const rules = { POST: { ...free, check: elsewhere }, PATCH: { ...free, check: elsewhere } };
      expect(await upsert(BY_EMAIL, body(11), rules)).toMatchObject({ status: 403 });
      // The rows that are changed come after those that are new, as requests of their own would.
      expect(await upsert(BY_EMAIL, body(9), rules)).toMatchObject({ status: 403 });
      const apart = { POST: { ...free, check: elsewhere }, PATCH: free };
      expect(await upsert(BY_EMAIL, body(9), apart)).toMatchObject({ status: 200, body: { inserted: 1 } });
      const changed = {
        PATCH: {
          ...free,
          check: (_: unknown, t: any) => sql`(select count(*) from users as u) = 4 and ${t.level} < 10`,
        },
      };
      expect(await upsert(BY_EMAIL, body(8), changed)).toMatchObject({ status: 200, body: { inserted: 0 } });
      expect(await upsert(BY_EMAIL, body(10), changed)).toMatchObject({ status: 403 });
    });

    test("its transition is asked of each row as it was and as it is", async () => {
      const PATCH = {
        ...free,
        transition: (_: unknown, before: any, after: any, { gt }: any) => gt(after.level, before.level),
      };
      const send = (...levels: number[]): Promise<Told> =>
        upsert(
          BY_EMAIL,
          ["ann@x", "bob@x", "new@x"].map((email, index) => ({ email, level: levels[index] })),
          { PATCH },
        );
      expect(await send(2, 2, 0)).toMatchObject({ status: 403, body: { code: "check-failed" } });
      expect(await send(2, 3, 0)).toMatchObject({ status: 200, body: { inserted: 1, rowsAffected: 3 } });
    });

    test("columns that may be set on some rows only", async () => {
      const write = [
        { columns: ["name"] },
        { columns: ["level"], when: (_: unknown, t: any, { eq }: any) => eq(t.owner, "ann") },
      ];
      const PATCH = { select: true, write };
      const told = await upsert(
        BY_EMAIL,
        [
          { email: "ann@x", level: 5 },
          { email: "bob@x", name: "B" },
        ],
        { PATCH },
      );
      expect(told).toMatchObject({ status: 200, body: { users: [{ level: 5 }, { name: "B" }] } });
      expect(
        await upsert(
          BY_EMAIL,
          [
            { email: "ann@x", level: 6 },
            { email: "bob@x", level: 6 },
          ],
          { PATCH },
        ),
      ).toMatchObject({
        status: 403,
        body: { code: "check-failed" },
      });
    });

    test("`requireWhere` is satisfied by a key, and `maxAffected` counts what is changed", async () => {
      const PATCH = { ...free, requireWhere: "key", maxAffected: 2 };
      const body = (...emails: string[]): object[] => emails.map((email) => ({ email, name: "x" }));
      expect(await upsert(BY_EMAIL, body("ann@x", "bob@x", "n1@x"), { PATCH })).toMatchObject({
        status: 200,
      });
      expect(await upsert(BY_EMAIL, body("ann@x", "bob@x", "cid@x"), { PATCH })).toMatchObject({
        status: 400,
        body: { code: "limit-exceeded" },
      });
    });

    test("what is true of the table: its rows, its version, those that are deleted", async () => {
      const tables = {
        user: {
          version: "version",
          softDelete: "deletedAt",
          where: (_: unknown, t: any, { ne }: any) => ne(t.owner, "bob"),
        },
      };
      const rule = { select: true };
      const send = (...emails: string[]): Promise<Told> =>
        upsert(
          BY_EMAIL,
          emails.map((email) => ({ email, name: "x", owner: "ann" })),
          { POST: rule, PATCH: rule },
          { tables },
        );
      const told = await send("ann@x", "new@x", "cid@x");
      expect(told.body.users).toMatchObject([{ version: 4 }, { version: 1 }, { version: 2 }]);
      expect(await send("bob@x")).toMatchObject({ status: 409 });
      await place.run(
        place.speaks === "sqlite"
          ? "update users set deleted_at = 1 where id = 90101"
          : "update users set deleted_at = now() where id = 90101",
      );
      expect(await send("ann@x")).toMatchObject({ status: 409, body: { code: "conflict" } });
    });
  });

  test("the total is that of the rule of new rows, once all is written", async () => {
    const where = (_: unknown, t: any, { eq }: any): unknown => eq(t.owner, "ann");
    const told = await upsert(
      `${BY_EMAIL}&countTotal`,
      ["bob@x", "new@x"].map((email) => ({ email, owner: "ann" })),
      { POST: { ...free, where }, PATCH: free },
    );
    expect(told.body).toMatchObject({ total: 4, inserted: 1 });
  });

  test("without columns only numbers are answered; a rule that lets nothing out answers no row", async () => {
    const body = ["ann@x", "new@x"].map((email) => ({ email, name: "x" }));
    const counts = { rowsAffected: 2, inserted: 1, count: 2 };
    expect((await upsert(`${BY_EMAIL}&select=(columns:F)`, body)).body).toEqual(counts);
    await place.run("delete from users where email = 'new@x'");
    const blind = { write: free.write };
    expect((await upsert(BY_EMAIL, body, { PATCH: blind })).body).toEqual(counts);
    await place.run("delete from users where email = 'new@x'");
    expect((await upsert(BY_EMAIL, body, { POST: blind })).body).toEqual(counts);
  });

  describe("hooks", () => {
    const seen: unknown[] = [];
    const look = (name: string) => (context: any) => {
      const { body, result, written, before, method } = context;
      seen.push([
        name,
        method,
        structuredClone({
          body,
          affected: result?.rowsAffected,
          written: written?.map((row: any) => row.email),
          before: before?.map((row: any) => row?.name ?? null),
        }),
      ]);
    };
    beforeEach(() => void (seen.length = 0));

    test("of a POST run for what is sent, and of a PATCH for each row that is met", async () => {
      const hooks = (name: string) => ({
        beforeQuery: look(`${name} before`),
        afterQuery: { before: true, run: look(`${name} after`) },
      });
      const body = [
        { email: "cid@x", name: "C" },
        { email: "new@x", name: "N" },
        { email: "ann@x", name: "A" },
      ];
      const told = await upsert(BY_EMAIL, body, {
        POST: { ...free, ...hooks("new") },
        PATCH: { ...free, ...hooks("met") },
      });
      expect(told.body.users.map(({ name }: any) => name)).toEqual(["C", "N", "A"]);
      expect(seen).toEqual([
        ["new before", "POST", { body, affected: undefined, written: undefined, before: undefined }],
        ["new after", "POST", { body: [body[1]], affected: 1, written: ["new@x"], before: [null] }],
        [
          "met before",
          "PATCH",
          { body: { name: "A" }, affected: undefined, written: undefined, before: undefined },
        ],
        ["met after", "PATCH", { body: { name: "A" }, affected: 1, written: ["ann@x"], before: ["Ann"] }],
        [
          "met before",
          "PATCH",
          { body: { name: "C" }, affected: undefined, written: undefined, before: undefined },
        ],
        ["met after", "PATCH", { body: { name: "C" }, affected: 1, written: ["cid@x"], before: ["Cid"] }],
      ]);
    });

    test("what one throws undoes all, and is told where", async () => {
      const PATCH = {
        ...free,
        beforeQuery: ({ body }: any) => {
          body.level = body.name === "C" ? null : 1;
        },
      };
      const told = await upsert(
        BY_EMAIL,
        [
          { email: "new@x", name: "N" },
          { email: "cid@x", name: "C" },
        ],
        { PATCH },
      );
      expect(told).toMatchObject({ status: 400, body: { code: "invalid-body", path: "1.level" } });
      expect(await stored("email:'new@x'")).toEqual([]);
    });

    test("`afterCommit` hears of what was made and of what was changed", async () => {
      const rule = { ...free, afterCommit: look("commit") };
      await upsert(
        BY_EMAIL,
        [
          { email: "new@x", name: "N" },
          { email: "cid@x", name: "C" },
        ],
        { POST: rule, PATCH: rule },
      );
      await Bun.sleep(20);
      expect(seen).toMatchObject([
        ["commit", "POST", { written: ["new@x"] }],
        ["commit", "PATCH", { written: ["cid@x"] }],
      ]);
    });

    test("a `Response` is the answer; of one before, nothing is kept", async () => {
      const PATCH = { ...free, beforeQuery: () => Response.json("no", { status: 418 }) };
      expect(
        await upsert(
          BY_EMAIL,
          [
            { email: "new@x", name: "N" },
            { email: "cid@x", name: "C" },
          ],
          { PATCH },
        ),
      ).toEqual({
        status: 418,
        body: "no",
      });
      expect(await stored("email:'new@x'")).toEqual([]);
    });
  });

  describe("the same key twice", () => {
    test("new or met, it is the second that is refused", async () => {
      for (const email of ["ann@x", "new@x"])
        expect(
          await upsert(BY_EMAIL, [
            { email, name: "1" },
            { email: "z@x", name: "2" },
            { email, name: "3" },
          ]),
        ).toMatchObject({
          status: 400,
          body: { code: "invalid-body", path: "2" },
        });
      expect(await upsert(IGNORE, [{ email: "n@x" }, { email: "n@x" }])).toMatchObject({
        status: 400,
        body: { path: "1" },
      });
      expect(await stored("email.in:_('z@x','n@x')_")).toEqual([]);
    });

    test("as the database takes it", async () => {
      const [one, other] = place.speaks === "sqlite" ? ["Word", "wORD"] : ["1.0", "1.00"];
      const body = [
        { word: one, said: 1 },
        { word: other, said: 2 },
      ];
      const all = { select: true, write: true };
      expect(
        await upsert("onConflict=(target:~T(word)~)", body, { POST: all, PATCH: all }, {}, "word"),
      ).toMatchObject({
        status: 400,
        body: { path: "1" },
      });
      const made = await upsert(
        "onConflict=(target:~T(word)~)",
        body[0],
        { POST: all, PATCH: all },
        {},
        "word",
      );
      const met = await upsert(
        "onConflict=(target:~T(word)~)",
        body[1],
        { POST: all, PATCH: all },
        {},
        "word",
      );
      expect([made.body.inserted, met.body.inserted, met.body.users[0].said]).toEqual([1, 0, 2]);
      expect(
        await upsert("onConflict=(target:~T(word)~)", body, { POST: all, PATCH: all }, {}, "word"),
      ).toMatchObject({
        status: 400,
        body: { path: "1" },
      });
    });

    test("dates, and what authors make equal", async () => {
      const all = { select: true, write: true };
      const days =
        place.speaks === "sqlite"
          ? [1_000, "1970-01-01T00:00:01.400Z"]
          : ["2020-01-01T00:00:00.100Z", "2020-01-01T00:00:00.2Z"];
      const body = days.map((day, index) => ({ key: `k${index}`, day, value: "v" }));
      expect(
        await upsert(
          "onConflict=(target:~T(day)~,update:~T(value)~)",
          body,
          { POST: all, PATCH: all },
          {},
          "loose",
        ),
      ).toMatchObject({
        status: 400,
        body: { path: "1" },
      });
      const POST = { ...free, injectBody: (row: any) => ({ ...row, email: row.email.toLowerCase() }) };
      expect(
        await upsert(
          BY_EMAIL,
          [
            { email: "N@x", name: "1" },
            { email: "n@x", name: "2" },
          ],
          { POST },
        ),
      ).toMatchObject({
        status: 400,
        body: { path: "1" },
      });
      expect((await upsert(BY_EMAIL, { email: "ANN@x", name: "1" }, { POST })).body).toMatchObject({
        inserted: 0,
        users: [{ id: 90101 }],
      });
    });
  });

  test("a key of several columns, and values of every kind", async () => {
    const all = { select: true, write: true };
    const row = (shop: string, item: number, n: number): object => ({
      shop,
      item,
      count: n,
      price: `${n}.5`,
      tags: n % 2 === 0 ? null : { n: ["ö'\"", n] },
      seen: n % 3 === 0 ? null : "2024-05-06T07:08:09.123Z",
      open: n % 2 === 1,
    });
    const query = "onConflict=(target:~T(item,shop)~)";
    const send = (rows: object[]): Promise<Told> =>
      upsert(query, rows, { POST: all, PATCH: all }, {}, "stock");
    const first = [row("a", 1, 1), row("b", 1, 2), row("a", 2, 3)];
    expect((await send(first)).body).toMatchObject({ inserted: 3, users: first });
    const then = [row("c", 1, 9), row("a", 1, 4), row("b", 1, 5), row("a", 2, 6), row("c", 2, 7)];
    expect((await send(then)).body).toMatchObject({ inserted: 2, rowsAffected: 5, users: then });
    expect(await stored("count.gte:0", "stock")).toHaveLength(5);
    expect((await send([row("a", 1, 8)])).body).toMatchObject({ inserted: 0, users: [row("a", 1, 8)] });
  });

  test("what rows hold that were met is answered as a GET answers it, be it of their columns' types or not", async () => {
    const sqlite = place.speaks === "sqlite";
    await stored("level:1"); // before it is what it shall not be
    const spoil = sqlite
      ? ["update users set level = 9007199254740993, deleted_at = 'soon', owner = x'00ff'"]
      : ["alter table users alter column level type bigint", "update users set level = 9000000000"];
    const mend = sqlite ? [] : ["alter table users alter column level type integer using 1"];
    try {
      for (const text of spoil) await place.run(text);
      const body = ["bob@x", "new@x", "ann@x"].map((email) => ({ email, name: `now ${email}` }));
      const query = "onConflict=(target:~T(email)~,update:~T(name)~)";
      const told = await upsert(query, body);
      expect(told.body).toMatchObject({ rowsAffected: 3, inserted: 1, users: body });
      const found = await stored("name.like:'now%'");
      expect(told.body.users.toSorted((a: any, b: any) => a.id - b.id)).toEqual(
        found.toSorted((a: any, b: any) => a.id - b.id),
      );
      // And of new rows alone.
      const more = await upsert("select=(columns:~T(email,level)~)", [
        { email: "one@x", level: 1 },
        { email: "two@x", level: 2 },
      ]);
      expect(more.body.users).toEqual([
        { email: "one@x", level: 1 },
        { email: "two@x", level: 2 },
      ]);
    } finally {
      for (const text of mend) await place.run(text);
      place.errors.length = 0; // values that are no dates are told of
    }
  });

  test("a table without a primary key", async () => {
    const all = { select: true, write: true };
    const send = (...keys: string[]): Promise<Told> =>
      upsert(
        "onConflict=(target:~T(key)~)",
        keys.map((key) => ({ key, value: `v ${key}` })),
        { POST: all, PATCH: all },
        {},
        "loose",
      );
    expect((await send("a", "b")).body).toMatchObject({ inserted: 2 });
    expect((await send("c", "b", "a")).body).toMatchObject({
      inserted: 1,
      rowsAffected: 3,
      users: [{ key: "c" }, { key: "b" }, { key: "a" }],
    });
  });

  test("hundreds of rows, half of them there, and not one statement for each", async () => {
    const body = (from: number, to: number, name: string): object[] =>
      Array.from({ length: to - from }, (_, index) => ({ email: `e${from + index}@x`, name }));
    expect((await upsert(BY_EMAIL, body(0, 300, "first"))).body).toMatchObject({ inserted: 300 });
    const told = await upsert(BY_EMAIL, body(150, 450, "then"));
    expect(told.body).toMatchObject({ inserted: 150, rowsAffected: 300 });
    expect(told.body.users.map(({ email }: any) => email)).toEqual(
      body(150, 450, "").map(({ email }: any) => email),
    );
    expect(await stored("name:then")).toHaveLength(100);
  });
};

everywhere({ sqlite, postgresql }, {}, tests);
