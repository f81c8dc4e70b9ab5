import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { asked, everywhere, type Place, type Told } from "../support/everywhere.ts";
import { fresh, postgresql, sqlite } from "../support/met.ts";

// `onConflict`, attacked: it does what a POST and a PATCH do, and tells no more than they.

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Rule = (context: object, table: any, operators: any) => unknown;

const BY_EMAIL = "onConflict=(target:~T(email)~)";
/** All but what the server keeps. */
const write = { columns: ["email", "name", "level", "owner"] };
const ofAnn: Rule = (_, t, { eq }) => eq(t.owner, "ann");

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of fresh) await place.run(text);
    // Of Ann, deleted; of Bob; of Ann and there; of nobody's business by what is true of the table.
    await place.run(
      place.speaks === "sqlite"
        ? "update users set deleted_at = 1 where email = 'cid@x'"
        : "update users set deleted_at = now() where email = 'cid@x'",
    );
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  const upsert = (
    query: string,
    body: unknown,
    { POST = {}, PATCH = {} }: { readonly POST?: object; readonly PATCH?: object } = {},
  ): Promise<Told> => {
    const rule = { select: { columns: ["id", "email", "name", "level"] }, write };
    const control = {
      POST: { all: { ...rule, ...POST } },
      PATCH: { all: { ...rule, where: ofAnn, ...PATCH } },
    };
    const tables = { user: { softDelete: "deletedAt" } };
    const handler = place.handler({ users: { table: "user", control } }, { tables });
    return asked(handler, "POST", `users${query === "" ? "" : `?${query}`}`, body);
  };
  const all = async (): Promise<unknown> => {
    const control = { GET: { all: { select: true, orderBy: { email: "asc" } } } };
    return (await asked(place.handler({ users: { table: "user", control } }), "GET", "users")).body;
  };

  test("a row that is not the caller's is taken, and no more is heard of it", async () => {
    const before = await all();
    for (const email of ["bob@x", "cid@x"]) {
      const taken = await upsert("", { email, name: "x" });
      expect(taken.status).toBe(409);
      for (const query of [
        BY_EMAIL,
        `${BY_EMAIL}&select=(columns:F)`,
        `${BY_EMAIL}&countTotal`,
        "onConflict=(target:~T(email)~,update:~T(level)~)",
      ])
        expect(await upsert(query, { email, name: "x", level: 1 })).toEqual(taken);
      const list = [
        { email: "new@x", name: "n" },
        { email, name: "x" },
        { email: "ann@x", name: "a" },
      ];
      expect(await upsert(BY_EMAIL, list)).toEqual(taken);
      expect(await upsert(BY_EMAIL, { email, name: "x" }, { PATCH: { where: () => false } })).toEqual(taken);
    }
    expect(await all()).toEqual(before);
  });

  test("a hidden row, one that is the caller's and none are refused alike for what is sent", async () => {
    const PATCH = {
      validateBody: (body: { level?: number }) => {
        if ((body.level ?? 0) <= 5) return body;
        throw Object.assign(new Error("no"), { issues: [{ message: "too high", path: ["level"] }] });
      },
      write: { columns: ["name", "level"] },
    };
    for (const body of [
      { level: 9 },
      { level: "x" },
      { owner: "ann" },
      { secret: "s" },
      { nothing: 1 },
      {},
      { level: null },
    ]) {
      const told: Told[] = [];
      for (const email of ["ann@x", "bob@x", "new@x"])
        told.push(await upsert(BY_EMAIL, { email, ...body }, { PATCH }));
      expect(told[0]!.status).toBe(400);
      expect(told).toEqual(told.map(() => told[0]!));
    }
  });

  test("a hidden row is taken whatever the change would be refused with", async () => {
    const taken = await upsert("", { email: "bob@x" });
    const level: Rule = (_, t, { lt }) => lt(t.level, 5);
    for (const PATCH of [
      { check: level },
      { transition: (_: object, __: object, t: object, operators: object) => level(_, t, operators) },
      { write: [{ columns: ["name"] }, { columns: ["level"], when: () => false }] },
      { maxAffected: 1 },
      { requireWhere: true },
      { ensure: level },
    ]) {
      const rule = { ...PATCH, where: ofAnn };
      expect(await upsert(BY_EMAIL, { email: "bob@x", level: 9 }, { PATCH: rule })).toEqual(taken);
    }
  });

  test("`ignore` says of what it met nothing but that it wrote nothing", async () => {
    const before = await all();
    const answers = [];
    for (const email of ["ann@x", "bob@x", "cid@x"])
      answers.push((await upsert("onConflict=(target:~T(email)~,ignore:T)", { email, name: "x" })).body);
    expect(answers).toEqual(answers.map(() => ({ rowsAffected: 0, inserted: 0, count: 0, users: [] })));
    expect(await all()).toEqual(before);
  });

  test("hidden columns, and what is none, are unknown in `target` and in `update`", async () => {
    for (const name of ["secret", "version", "deletedAt", "nothing", "constructor", "toString"]) {
      for (const [wish, path] of [
        [`(target:~T(${name})~)`, `onConflict.target.${name}`],
        [`(target:~T(email,${name})~)`, `onConflict.target.${name}`],
        [`(target:~T(email)~,update:~T(${name})~)`, `onConflict.update.${name}`],
      ])
        expect(await upsert(`onConflict=${wish}`, { email: "ann@x", name: "x" })).toMatchObject({
          status: 400,
          body: { error: `unknown column \`${name}\``, code: "unknown-column", path },
        });
    }
    const hidden = { POST: { select: { columns: ["name"] } } };
    expect(await upsert(BY_EMAIL, { email: "ann@x" }, hidden)).toMatchObject({
      status: 400,
      body: { code: "unknown-column" },
    });
    const masked = {
      POST: { select: [{ columns: ["name"] }, { columns: ["email"], when: ofAnn }] },
    };
    expect(await upsert(BY_EMAIL, { email: "ann@x" }, masked)).toMatchObject({
      status: 400,
      body: { code: "unknown-column" },
    });
    expect(await upsert("onConflict=(target:~T(__proto__)~)", { email: "ann@x" })).toMatchObject({
      status: 400,
    });
  });

  test("who may leave no new row is told so, whatever is there", async () => {
    const told = [];
    for (const email of ["ann@x", "bob@x", "new@x"])
      told.push(await upsert(BY_EMAIL, { email, name: "x" }, { POST: { where: () => false } }));
    expect(told[0]).toMatchObject({ status: 403, body: { code: "check-failed" } });
    expect(told).toEqual([told[0]!, told[0]!, told[0]!]);
  });

  test("a row cannot be moved to where its PATCH could not", async () => {
    const before = await all();
    expect(await upsert(BY_EMAIL, { email: "ann@x", owner: "eve" })).toMatchObject({
      status: 403,
      body: { code: "check-failed" },
    });
    expect(await all()).toEqual(before);
  });

  test("the key that counts is the one that authors made", async () => {
    const POST = { injectBody: (row: object) => ({ ...row, email: "bob@x" }) };
    const taken = await upsert("", { email: "bob@x" });
    expect(await upsert(BY_EMAIL, { email: "ann@x", name: "x" }, { POST })).toEqual(taken);
    expect(
      await upsert(
        BY_EMAIL,
        [
          { email: "a@x", name: "x" },
          { email: "b@x", name: "x" },
        ],
        { POST },
      ),
    ).toMatchObject({
      status: 400,
      body: { code: "invalid-body", path: "1" },
    });
  });

  test("a hook that adds rows cannot have them met by what others sent", async () => {
    const POST = {
      beforeQuery: ({ body }: { body: object[] }) => void body.unshift({ email: "ann@x", name: "hooked" }),
    };
    const told = await upsert(BY_EMAIL, [{ email: "new@x", name: "n" }], { POST });
    expect(told.status).toBe(500);
    expect(place.errors.splice(0)).toHaveLength(1);
  });

  describe("what is no wish", () => {
    test.each([
      "(target:~T(email)~,target:~T(id)~)",
      "(target:_(email,email)_)",
      "(target:_(1)_)",
      "(target:~F(email)~)",
      "(target:())",
      "(target:~T(email)~,update:_()_)",
      "(target:~T(email)~,where:(level:1))",
      "(target:~T(email)~,ignore:1)",
      "_(email)_",
      "N",
      "",
      "(((",
    ])("%s", async (wish) => {
      const told = await upsert(`onConflict=${wish}`, { email: "ann@x", name: "x" });
      expect(told.status).toBe(400);
      expect(told.body.path).toMatch(/^(onConflict|target)/);
    });
  });
};

everywhere({ sqlite, postgresql }, {}, tests);
