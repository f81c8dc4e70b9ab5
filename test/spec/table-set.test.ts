import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { HttpError } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import {
  fresh,
  ORG,
  postgresql,
  refused,
  send,
  session,
  sqlite,
  type Told,
  type Who,
} from "../support/kept.ts";

// Columns of new rows that functions of their table make, whatever anybody else gives them.

const T = true;
const all = (rule: object): object => ({ all: rule });
const free = { select: T, write: T };
const where = ({ org }: Who, t: any, { eq }: any): unknown => eq(t.orgId, org);

const acl = { tasks: { table: "task", control: { POST: all(free) } } };

const made = (id: number, more: object = {}): object => ({ id, title: `t${id}`, ...more });

const tests = (place: Place): void => {
  let calls: unknown[] = [];
  beforeEach(async () => {
    calls = [];
    for (const text of fresh(place.speaks)) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  const orgId = (context: Who): unknown => (calls.push(context.org), context.org);
  /** Sends a body to a rule for POST, under what is said of tasks. */
  const post = async (
    body: unknown,
    rule: object = free,
    task: object = { where, set: { orgId }, version: "version" },
    who: Who = ORG,
  ): Promise<Told> => {
    const file = { tasks: { table: "task", control: { POST: all(rule) } } };
    return send(place.handler(file, { session, tables: { task } }), "POST", "tasks", body, {}, who);
  };
  const stored = async (): Promise<any[]> => {
    const file = { tasks: { table: "task", control: { GET: all({ select: T }) } } };
    const { body } = await send(place.handler(file, { session }), "GET", "tasks?select=(where:(id.gte:9))");
    return body.tasks;
  };

  test("one row, and each of several, has them; the functions are asked once for each row", async () => {
    expect((await post(made(10))).body.tasks).toMatchObject([{ id: 10, orgId: 1, version: 1 }]);
    expect(calls).toEqual([1]);
    const several = await post([made(11), made(12), made(13)], free, undefined, { org: 2 });
    expect(several.body.tasks).toMatchObject([11, 12, 13].map((id) => ({ id, orgId: 2, version: 1 })));
    expect(calls).toEqual([1, 2, 2, 2]);
    expect((await stored()).map(({ orgId: org }) => org)).toEqual([1, 2, 2, 2]);
  });

  test("no client names them, whoever may write the rest", async () => {
    for (const rule of [free, { select: T }, { select: T, write: { mode: false, columns: [] } }]) {
      expect(refused(await post({ title: "t", orgId: 1 }, rule))).toEqual([400, "unknown-column", "orgId"]);
      expect(refused(await post([{ title: "t" }, { title: "u", orgId: 2 }], rule))).toEqual([
        400,
        "unknown-column",
        "1.orgId",
      ]);
    }
    expect(calls).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test("they win over `injectBody`, whatever that gives", async () => {
    for (const given of [2, null, "seven", {}, sql`2`, undefined]) {
      for (const text of fresh(place.speaks)) await place.run(text);
      const rule = { ...free, injectBody: (row: object) => ({ ...row, orgId: given, version: given }) };
      expect((await post(made(10), rule)).body.tasks).toMatchObject([{ orgId: 1, version: 1 }]);
      expect((await post([made(11), made(12)], rule)).body.tasks).toMatchObject([{ orgId: 1 }, { orgId: 1 }]);
      expect((await stored()).map((row) => [row.orgId, row.version])).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);
    }
  });

  test("and over a hook, whose rows have them too", async () => {
    const tx: unknown[] = [];
    const set = {
      orgId: async (context: Who & { tx?: unknown }) => {
        tx.push(context.tx !== undefined);
        await Bun.sleep(1);
        return context.org;
      },
    };
    const beforeQuery = (context: { body: any }): void => {
      context.body = [...[context.body].flat(), { ...made(20), orgId: 2, version: 9 }];
    };
    const task = { where, set, version: "version" };
    const told = await post(made(10), { ...free, beforeQuery }, task);
    expect(told.body.tasks).toMatchObject([
      { id: 10, orgId: 1, version: 1 },
      { id: 20, orgId: 1, version: 1 },
    ]);
    // After the hook, in its transaction.
    expect(tx).toEqual([T, T]);
    const alone = { ...free, beforeQuery: (context: { body: any }) => void (context.body.orgId = "x") };
    expect((await post(made(11), alone)).body.tasks).toMatchObject([{ orgId: 1 }]);
  });

  test("they may look into the database before it is written", async () => {
    const { database, speaks } = place as any;
    const count = async (): Promise<number> => {
      const query = "select max(org_id) as n from tasks";
      const found =
        speaks === "sqlite" ? await database.all(sql.raw(query)) : await database.execute(sql.raw(query));
      const [row] = found.rows ?? found;
      return Number(row.n ?? row[0]);
    };
    const told = await post([made(10), made(11)], free, { set: { orgId: count }, version: "version" });
    expect(told.body.tasks).toMatchObject([{ orgId: 2 }, { orgId: 2 }]);
  });

  test("values fit their columns, or it is their author who hears of it", async () => {
    const of = (set: object) => post(made(10), free, { set, version: "version" });
    for (const rule of [free, { select: { columns: ["id"] }, write: T }])
      for (const value of ["seven", 1.5, {}, [1], true])
        for (const body of [made(10), [made(10), made(11)]]) {
          const task = { set: { orgId: async () => value }, version: "version" };
          expect(refused(await post(body, rule, task))).toEqual([500, "internal-error", undefined]);
          const [told, ...others] = place.errors.splice(0);
          expect(String(told)).toContain("TypeError: tables.task.set.orgId: expected ");
          expect(others).toEqual([]);
        }
    // What makes nothing gives nothing, whether the rule shows the column or not.
    for (const nothing of [undefined, null])
      for (const rule of [free, { select: { columns: ["id"] }, write: T }]) {
        const told = await post(made(10), rule, { set: { orgId: () => nothing }, version: "version" });
        expect([told.status, told.body]).toEqual([
          400,
          { error: "a required value is missing", code: "invalid-body" },
        ]);
      }
    expect(await stored()).toEqual([]);
    const set = {
      orgId: () => 1,
      deletedAt: async () => "2024-01-02T03:04:05Z",
      slug: () => sql`lower('LOUD')`,
    };
    expect((await of(set)).body.tasks).toMatchObject([
      { orgId: 1, slug: "loud", deletedAt: "2024-01-02T03:04:05.000Z" },
    ]);
  });

  test("what they throw ends it, and nothing is written", async () => {
    const closed = (): never => {
      throw new HttpError("closed on sundays", 409);
    };
    for (const make of [closed, async () => closed()])
      for (const rule of [free, { ...free, beforeQuery: () => undefined }]) {
        const told = await post([made(10), made(11)], rule, { set: { slug: async () => "s", orgId: make } });
        expect([told.status, told.body.error]).toEqual([409, "closed on sundays"]);
        expect(await stored()).toEqual([]);
      }
  });

  test("a tenant's rows are his own, whatever a rule's check says", async () => {
    const task = { where, set: { orgId: () => 2 }, version: "version" };
    expect(refused(await post(made(10), { ...free, check: T }, task))).toEqual([
      403,
      "check-failed",
      undefined,
    ]);
    expect(refused(await post(made(10), free, undefined, {}))).toEqual([400, "invalid-body", undefined]);
    expect(await stored()).toEqual([]);
  });

  test("`unrestricted` leaves them out, and lets the column be written", async () => {
    const rule = { ...free, unrestricted: T };
    expect((await post(made(10, { orgId: 7 }), rule)).body.tasks).toMatchObject([{ orgId: 7, version: 1 }]);
    expect(refused(await post(made(11), rule))).toEqual([400, "invalid-body", "orgId"]);
    const injectBody = (row: object): object => ({ ...row, orgId: 8 });
    expect((await post(made(12), { ...rule, injectBody })).body.tasks).toMatchObject([{ orgId: 8 }]);
    expect(calls).toEqual([]);
  });

  test("only new rows have them: a change is asked for none", async () => {
    const injectBody = (row: object): object => ({ ...row, orgId: 1 });
    const control = {
      PATCH: all({ ...free, injectBody }),
      DELETE: all({ select: T }),
      GET: all({ select: T }),
    };
    const handle = place.handler(
      { tasks: { table: "task", control } },
      { session, tables: { task: { set: { orgId } } } },
    );
    const ask = (method: string, body?: object) => send(handle, method, "tasks?select=(where:(id:5))", body);
    expect((await ask("PATCH", { title: "new" })).body.tasks).toMatchObject([
      { id: 5, orgId: 1, title: "new" },
    ]);
    expect(refused(await ask("PATCH", { orgId: 1 }))).toEqual([400, "unknown-column", "orgId"]);
    expect((await ask("GET")).status).toBe(200);
    expect((await ask("DELETE")).status).toBe(200);
    expect(calls).toEqual([]);
  });
};

describe("set", () => everywhere({ sqlite, postgresql }, acl, tests));
