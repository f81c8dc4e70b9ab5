import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type SQL, sql } from "drizzle-orm";
import type { QueryHandler } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import { fresh, postgresql, refused, send, session, sqlite, type Told, type Who } from "../support/kept.ts";

// A DELETE that leaves the row and says when; what is deleted exists nowhere, but where a rule says otherwise.

const T = true;
const tables = {
  task: {
    where: ({ org }: Who, t: any, { eq }: any) => eq(t.orgId, org),
    softDelete: "deletedAt",
    version: "version",
  },
  comment: { softDelete: "goneAt" },
  note: { softDelete: "goneAt", version: "version" },
  loose: { softDelete: "goneAt", version: "version" },
};

const restoring = { columns: new Set(["title", "deletedAt"]) };
const extras = { loud: sql`upper(title)`.as("loud") };
const free = { select: T, write: T };
const all = (rule: object): object => ({ all: rule });

const acl = {
  projects: {
    table: "project",
    control: { GET: all({ select: T, with: { tasks: { select: T, with: { comments: T } } } }) },
  },
  tasks: {
    table: "task",
    control: {
      GET: all({ select: T, with: { project: T, comments: T } }),
      POST: all(free),
      PATCH: all({ ...free, with: { comments: T } }),
      DELETE: all({ select: T }),
    },
  },
  trash: {
    table: "task",
    control: {
      GET: all({ select: T, deleted: "only", with: { comments: T } }),
      PATCH: all({ select: T, deleted: "only", write: restoring, with: { comments: T } }),
      DELETE: all({ select: T, deleted: "only" }),
    },
  },
  everything: {
    table: "task",
    control: {
      GET: all({ select: T, deleted: "include" }),
      PATCH: all({ select: T, deleted: "include", write: restoring }),
    },
  },
  read: { table: "task", control: { DELETE: all({ select: T, with: { project: T, comments: T }, extras }) } },
  comments: {
    table: "comment",
    control: { GET: all({ select: T, with: { task: T } }), DELETE: all({ select: T }) },
  },
  notes: { table: "note", control: { GET: all({ select: T }), POST: all(free), DELETE: all({ select: T }) } },
  loose: { table: "loose", control: { GET: all({ select: T }), DELETE: all({ select: T }) } },
};

const ids = ({ body }: Told, name: string): unknown => (body[name] as { id: number }[]).map(({ id }) => id);

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const route = (file: object = acl, more: object = {}): QueryHandler =>
    place.handler(file, { session, tables, ...more });
  let handle: QueryHandler;
  beforeEach(() => (handle = route()));
  const get = (path: string): Promise<Told> => send(handle, "GET", path);
  const remove = (path: string): Promise<Told> => send(handle, "DELETE", path);
  const patch = (path: string, body: object): Promise<Told> => send(handle, "PATCH", path, body);
  const one = (resource: string, id: number): string => `${resource}?select=(where:(id:${id}))`;
  /** What is stored of a task, whoever may see it. */
  const stored = async (id: number): Promise<any> =>
    (await get(`everything?select=(where:(id:${id}))`)).body.everything[0];

  test("DELETE sets the date, and answers the row as it was", async () => {
    const before = Date.now();
    const answer = await remove(one("tasks", 1));
    expect(answer.body).toEqual({
      rowsAffected: 1,
      count: 1,
      tasks: [{ id: 1, orgId: 1, projectId: 1, title: "fuel", slug: "fuel", deletedAt: null, version: 1 }],
    });
    const { deletedAt, ...rest } = await stored(1);
    expect(rest).toMatchObject({ title: "fuel", version: 2 });
    expect(Date.parse(deletedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(deletedAt)).toBeLessThanOrEqual(Date.now());
  });

  test("who is deleted exists at no mention", async () => {
    await remove(one("tasks", 1));
    expect((await get("tasks?countTotal")).body).toMatchObject({
      count: 2,
      total: 2,
      tasks: [{ id: 2 }, { id: 3 }],
    });
    expect(ids(await get("tasks?select=(where:(title.in:_(fuel,crew,old)_))"), "tasks")).toEqual([2]);
    expect((await get("tasks?findFirst&select=(where:(id:1))")).body.tasks).toBeNull();
    expect((await get("tasks?countTotal&select=(columns:F)")).body).toMatchObject({ count: 2, total: 2 });
    const tree = await get("projects?select=(where:(id:1),with:(tasks:(columns:(id:T))))");
    expect(tree.body.projects[0].tasks).toEqual([{ id: 2 }]);
    const comments = await get("comments?select=(with:(task:(columns:(id:T))))");
    expect(comments.body.comments.map(({ task }: any) => task)).toEqual([null, null, null]);
    expect((await patch(one("tasks", 1), { title: "no" })).body).toMatchObject({
      rowsAffected: 0,
      tasks: [],
    });
    expect((await remove(one("tasks", 1))).body).toMatchObject({ rowsAffected: 0, tasks: [] });
    expect((await patch("tasks", { title: "all" })).body.rowsAffected).toBe(2);
    expect((await stored(1)).title).toBe("fuel");
  });

  test("a rule's own filter is asked once, for the rows it reaches and for what it leaves of them", async () => {
    let calls = 0;
    const where = (): boolean => (calls++, T);
    const file = { tasks: { table: "task", control: { PATCH: all({ select: T, where }) } } };
    const { body } = await send(route(file), "PATCH", one("tasks", 1), { title: "new" });
    expect([body.rowsAffected, calls]).toEqual([1, 1]);
  });

  test("its total is of what is left, and what is not asked for is not answered", async () => {
    const several = await remove("tasks?countTotal&select=(where:(id.in:_(1,2,4,5)_),columns:(title:T))");
    expect(several.body).toEqual({
      rowsAffected: 2,
      count: 2,
      total: 1,
      tasks: [{ title: "fuel" }, { title: "crew" }],
    });
    expect((await remove("tasks?select=(columns:F)")).body).toEqual({ rowsAffected: 1, count: 1 });
    expect((await get("tasks")).body.tasks).toEqual([]);
    // Another tenant's row, and one that was deleted before, are as they were.
    expect((await stored(4)).version).toBe(2);
    expect((await send(handle, "GET", "tasks", undefined, {}, { org: 2 })).body.tasks).toMatchObject([
      { id: 5, version: 1 },
    ]);
  });

  test("it answers relations and computed fields as they were", async () => {
    const answer = await remove(
      "read?select=(where:(id.in:_(1,2)_),with:(project:T,comments:(columns:(text:T))))",
    );
    const project = { id: 1, name: "Moon" };
    expect(answer.body.read).toEqual([
      {
        id: 1,
        orgId: 1,
        projectId: 1,
        title: "fuel",
        slug: "fuel",
        deletedAt: null,
        version: 1,
        loud: "FUEL",
        project,
        comments: [{ text: "go" }, { text: "stop" }],
      },
      {
        id: 2,
        orgId: 1,
        projectId: 1,
        title: "crew",
        slug: null,
        deletedAt: null,
        version: 5,
        loud: "CREW",
        project,
        comments: [],
      },
    ]);
    expect((await stored(2)).version).toBe(6);
    expect((await get("tasks")).body.count).toBe(1);
  });

  test("what every change makes anew is answered as it was", async () => {
    const was = (id: number, label: string, version: number | null): object => ({
      id,
      label,
      version,
      goneAt: null,
      touched: 0,
      told: (version ?? 0) * 10,
    });
    for (const [name, before] of [
      ["told", [0, 30]],
      ["touched", [0, 0]],
      ["version", [null, 3]],
    ] as const) {
      for (const text of fresh(place.speaks)) await place.run(text);
      const { body } = await remove(`notes?select=(columns:(${name}:T))`);
      expect(body.notes).toEqual(before.map((value) => ({ [name]: value })));
    }
    for (const text of fresh(place.speaks)) await place.run(text);
    expect((await remove("notes")).body.notes).toEqual([was(1, "a", null), was(2, "b", 3)]);
    expect((await get("notes")).body.notes).toEqual([]);
    const seen = route({ notes: { table: "note", control: { GET: all({ select: T, deleted: "only" }) } } });
    const gone = (await send(seen, "GET", "notes")).body.notes;
    expect(gone).toMatchObject([
      { id: 1, version: 1, touched: 7, told: 10 },
      { id: 2, version: 4, touched: 7, told: 40 },
    ]);
    // In seconds, as text without a zone: whatever the column reads, it is the time of UTC.
    for (const { goneAt } of gone) {
      const at = Date.parse(String(goneAt).replace(/^(.{10})[ T](.*?)Z?$/, "$1T$2Z"));
      expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
    }
  });

  test("what is let out on some rows is let out of them as they were", async () => {
    const select = [
      { columns: ["id", "deletedAt"] },
      { columns: ["title", "version"], when: (_: unknown, t: any, { eq }: any) => eq(t.version, 1) },
      { columns: ["slug"], when: (_: unknown, t: any, { isNotNull }: any) => isNotNull(t.deletedAt) },
    ];
    const file = { tasks: { table: "task", control: { DELETE: all({ select }) } } };
    const told = await send(route(file), "DELETE", "tasks?select=(where:(id.in:_(1,2)_))");
    expect(told.body.tasks).toEqual([
      { id: 1, title: "fuel", slug: null, deletedAt: null, version: 1, $masked: ["slug"] },
      {
        id: 2,
        title: null,
        slug: null,
        deletedAt: null,
        version: null,
        $masked: ["title", "slug", "version"],
      },
    ]);
    expect(ids(await get("tasks"), "tasks")).toEqual([3]);
  });

  /** What says of a column whether it is this moment, or this day, of UTC, by the column's type. */
  const isNow = (column: any): SQL => {
    if (place.speaks === "sqlite") {
      const unit = column.mode === "timestamp" ? 1 : 1000;
      return sql`abs(${column} / ${sql.raw(`${unit}`)} - unixepoch()) < 60`;
    }
    const type: string = column.getSQLType();
    if (type === "date") return sql`abs(${column} - (now() at time zone 'utc')::date) < 2`;
    const zoned = type.includes("time zone") || type === "timestamptz";
    return sql`abs(extract(epoch from ${zoned ? column : sql`${column} at time zone 'utc'`} - now())) < 60`;
  };
  const MOMENTS = {
    sqlite: ["seconds", "milliseconds"],
    postgresql: [
      "local",
      "zoned",
      "whole",
      "localText",
      "zonedText",
      "day",
      "dayText",
      "ownLocal",
      "ownZoned",
      "ownDay",
    ],
  };
  test("it is now, however the column says it", async () => {
    for (const name of MOMENTS[place.speaks]) {
      for (const text of fresh(place.speaks)) await place.run(text);
      const column = (place.schema["moment"] as any)[name];
      const select = { columns: ["id", "version", name] };
      const only = { select, deleted: "only", extras: { now: isNow(column).as("now") } };
      const file = {
        moments: { table: "moment", control: { GET: all({ select }), DELETE: all({ select }) } },
        bin: {
          table: "moment",
          control: { GET: all(only), PATCH: all({ ...only, write: { columns: [name] } }) },
        },
      };
      const by = route(file, { tables: { moment: { softDelete: name, version: "version" } } });
      const was = { id: 1, version: 3, [name]: null };
      expect((await send(by, "DELETE", "moments")).body.moments).toEqual([was]);
      expect((await send(by, "GET", "moments")).body.moments).toEqual([]);
      const [{ now, [name]: gone, version }] = (await send(by, "GET", "bin")).body.bin;
      expect([name, gone === null, Boolean(now), version]).toEqual([name, false, true, 4]);
      expect((await send(by, "PATCH", "bin", { [name]: null })).body.bin).toMatchObject([
        { ...was, version: 5 },
      ]);
      expect((await send(by, "GET", "moments")).body.count).toBe(1);
    }
  });

  test("rows of a table without a key are deleted and answered too", async () => {
    const answer = await remove("loose?countTotal");
    expect(answer.body).toMatchObject({ rowsAffected: 3, total: 0 });
    expect(answer.body.loose.toSorted((a: any, b: any) => (a.label < b.label ? -1 : 1))).toEqual([
      { label: "x", goneAt: null, version: null },
      { label: "y", goneAt: null, version: 4 },
      { label: "y", goneAt: null, version: 4 },
    ]);
    expect((await get("loose")).body.loose).toEqual([]);
    for (const text of fresh(place.speaks)) await place.run(text);
    expect((await remove("loose?select=(where:(label:'y'),columns:(label:T))")).body.loose).toEqual([
      { label: "y" },
      { label: "y" },
    ]);
    expect((await get("loose")).body.count).toBe(1);
  });

  test("too many rows are none, and so is what a hook undoes", async () => {
    const few = route({ tasks: { table: "task", control: { DELETE: all({ select: T, maxAffected: 2 }) } } });
    expect(refused(await send(few, "DELETE", "tasks"))).toEqual([400, "limit-exceeded", "select.where"]);
    const seen: unknown[] = [];
    const afterQuery = ({ method, result }: any): void => {
      seen.push(
        method,
        result.rows.map(({ id, deletedAt }: any) => [id, deletedAt]),
      );
      throw Object.assign(new Error("no"), { status: 409 });
    };
    const hooked = route({ tasks: { table: "task", control: { DELETE: all({ select: T, afterQuery }) } } });
    expect((await send(hooked, "DELETE", one("tasks", 1))).status).toBe(500);
    expect(place.errors.splice(0)).toHaveLength(1);
    expect(seen).toEqual(["DELETE", [[1, null]]]);
    const needs = route({
      tasks: { table: "task", control: { DELETE: all({ select: T, requireWhere: T }) } },
    });
    expect((await send(needs, "DELETE", "tasks")).status).toBe(400);
    expect((await get("tasks")).body.count).toBe(3);
    expect((await stored(1)).version).toBe(1);
  });

  test("hooks see the rows as they were, whole", async () => {
    let seen: any[] = [];
    const run = ({ written, before }: any): void => void seen.push(written, before);
    const hook = { before: T, run };
    const control = (rule: object): object => ({
      DELETE: all({ select: { columns: ["id", "title"] }, ...rule }),
    });
    const ask = async (resource: string, rule: object, path: string): Promise<Told> => {
      seen = [];
      const file = { [resource]: { table: resource.slice(0, -1), control: control(rule) } };
      return send(route(file), "DELETE", path);
    };
    const was = [
      { id: 1, orgId: 1, title: "fuel", slug: "fuel", version: 1, deletedAt: null },
      { id: 2, orgId: 1, title: "crew", slug: null, version: 5, deletedAt: null },
    ];
    const path = "tasks?select=(where:(id.in:_(1,2)_))";
    for (const [rule, before] of [
      [{ afterQuery: run }, undefined],
      [{ afterQuery: hook }, was],
      [{ afterQuery: hook, extras }, was],
      [{ afterQuery: hook, maxAffected: 2 }, was],
    ] as const) {
      for (const text of fresh(place.speaks)) await place.run(text);
      const told = await ask("tasks", rule, path);
      expect(told.body.tasks).toMatchObject([{ title: "fuel" }, { title: "crew" }]);
      expect(seen[0]).toMatchObject(was);
      if (before === undefined) expect(seen[1]).toBeUndefined();
      else expect(seen[1]).toMatchObject(before);
    }
    expect((await ask("tasks", { afterQuery: hook, maxAffected: 0 }, "tasks")).status).toBe(400);
    expect(seen).toEqual([]);
    const loose = { looses: { table: "loose", control: { DELETE: all({ select: T, afterQuery: hook }) } } };
    expect((await send(route(loose), "DELETE", "looses")).body.rowsAffected).toBe(3);
    expect(seen[0].map(({ label, goneAt }: any) => [label, goneAt]).toSorted()).toEqual([
      ["x", null],
      ["y", null],
      ["y", null],
    ]);
  });

  test("a rule's own rows are the only ones it deletes", async () => {
    const moon = sql`select 1 from projects where name = 'Moon'`;
    const where = (_: unknown, t: any) => sql`exists (${moon} and projects.id = ${t.projectId})`;
    const own = route({
      tasks: { table: "task", control: { DELETE: all({ select: { columns: ["id"] }, where }) } },
    });
    expect((await send(own, "DELETE", "tasks")).body.tasks).toEqual([{ id: 1 }, { id: 2 }]);
    expect(ids(await get("tasks"), "tasks")).toEqual([3]);
  });

  test("references are not followed, and unique keys count what is deleted", async () => {
    await remove(one("tasks", 1));
    expect((await get("comments")).body.count).toBe(3);
    const again = await send(handle, "POST", "tasks", { id: 9, orgId: 1, title: "again", slug: "fuel" });
    expect(refused(again)).toEqual([409, "conflict", undefined]);
    // A unique index of the rows that are there alone counts no others.
    expect((await send(handle, "POST", "notes", { id: 8, label: "a" })).status).toBe(409);
    expect((await remove("notes?select=(where:(id:1))")).status).toBe(200);
    expect((await send(handle, "POST", "notes", { id: 8, label: "a" })).status).toBe(200);
  });

  test("the column is nobody's to write", async () => {
    const at = new Date(0).toISOString();
    const made = { id: 9, orgId: 1, title: "t", deletedAt: at };
    expect(refused(await send(handle, "POST", "tasks", made))).toEqual([400, "unknown-column", "deletedAt"]);
    expect(refused(await patch(one("tasks", 1), { deletedAt: at }))).toEqual([
      400,
      "unknown-column",
      "deletedAt",
    ]);
    const wide = route({
      tasks: { table: "task", control: { PATCH: all({ select: T, deleted: "only", write: T }) } },
      others: {
        table: "task",
        control: { PATCH: all({ select: T, deleted: "only", write: { mode: false, columns: [] } }) },
      },
    });
    for (const name of ["tasks", "others"])
      expect(refused(await send(wide, "PATCH", name, { deletedAt: null }))).toEqual([
        400,
        "unknown-column",
        "deletedAt",
      ]);
  });

  describe('`deleted: "only"`', () => {
    test("shows the deleted rows, and them alone", async () => {
      expect((await get("trash?countTotal&select=(with:(comments:T))")).body).toMatchObject({
        total: 1,
        trash: [{ id: 4, comments: [{ id: 3 }] }],
      });
    });

    test("PATCH restores: the answer has the row, and it exists for all", async () => {
      const answer = await patch("trash?countTotal&select=(where:(id:4),with:(comments:T))", {
        deletedAt: null,
      });
      expect(answer.body).toMatchObject({
        rowsAffected: 1,
        total: 0,
        trash: [{ id: 4, title: "old", deletedAt: null, version: 3, comments: [{ id: 3 }] }],
      });
      expect(ids(await get("tasks"), "tasks")).toEqual([1, 2, 3, 4]);
      expect((await patch("trash", { deletedAt: null })).body.rowsAffected).toBe(0);
      expect((await patch(one("tasks", 4), { title: "new" })).body.tasks).toMatchObject([{ version: 4 }]);
    });

    test("PATCH of another column leaves the row deleted", async () => {
      expect((await patch("trash", { title: "older" })).body.trash).toMatchObject([{ id: 4, version: 3 }]);
      expect(ids(await get("tasks"), "tasks")).toEqual([1, 2, 3]);
      expect((await stored(4)).title).toBe("older");
    });

    test("whether a restored row may be there is the check's to say", async () => {
      const file = (rule: object): object => ({
        tasks: {
          table: "task",
          control: { PATCH: all({ select: T, deleted: "only", write: restoring, ...rule }) },
        },
      });
      const titled = (_: unknown, t: any, { eq }: any) => eq(t.title, "old");
      for (const rule of [{ where: titled }, { check: titled }, { check: T }, { ensure: titled }])
        for (const [body, status] of [
          [{ deletedAt: null, title: "new" }, "check" in rule && rule.check === T ? 200 : 403],
          [{ deletedAt: null }, 200],
        ] as const) {
          for (const text of fresh(place.speaks)) await place.run(text);
          expect((await send(route(file(rule)), "PATCH", "tasks", body)).status).toBe(status);
          expect(ids(await get("tasks"), "tasks")).toEqual(status === 200 ? [1, 2, 3, 4] : [1, 2, 3]);
        }
    });

    test("DELETE removes for good, and its references with it", async () => {
      const answer = await remove("trash");
      expect(answer.body).toMatchObject({ rowsAffected: 1, trash: [{ id: 4, version: 2 }] });
      expect(answer.body.trash[0].deletedAt).toBe(new Date(1_700_000_000_000).toISOString());
      expect(await stored(4)).toBeUndefined();
      expect((await get("comments")).body.count).toBe(2);
    });
  });

  describe('`deleted: "include"`', () => {
    test("shows all, and sets the date either way", async () => {
      expect(ids(await get("everything"), "everything")).toEqual([1, 2, 3, 4]);
      const at = "2024-01-02T03:04:05.000Z";
      expect((await patch(one("everything", 1), { deletedAt: at })).body.everything).toMatchObject([
        { id: 1, deletedAt: at, version: 2 },
      ]);
      expect(ids(await get("tasks"), "tasks")).toEqual([2, 3]);
      expect((await patch("everything", { deletedAt: null })).body.rowsAffected).toBe(4);
      expect(ids(await get("tasks"), "tasks")).toEqual([1, 2, 3, 4]);
    });

    test("holds in a relation that says so", async () => {
      const file = {
        projects: {
          table: "project",
          control: {
            GET: all({ select: T, with: { tasks: { select: { columns: ["id"] }, deleted: "include" } } }),
          },
        },
      };
      const told = await send(route(file), "GET", "projects?select=(where:(id:1),with:(tasks:T))");
      expect(told.body.projects[0].tasks).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }]);
    });
  });

  test("`unrestricted` lifts the tenant, not the deletion", async () => {
    const file = {
      tasks: {
        table: "task",
        control: { GET: all({ select: T, unrestricted: T }), DELETE: all({ select: T, unrestricted: T }) },
      },
    };
    const any = route(file);
    expect(ids(await send(any, "GET", "tasks"), "tasks")).toEqual([1, 2, 3, 5]);
    expect(ids(await send(any, "DELETE", one("tasks", 5)), "tasks")).toEqual([5]);
    expect(ids(await send(any, "GET", "tasks"), "tasks")).toEqual([1, 2, 3]);
    expect(
      (await send(handle, "GET", "everything", undefined, {}, { org: 2 })).body.everything,
    ).toMatchObject([{ version: 2 }]);
  });

  test("what an author's function writes may delete a row: that is using, and never check", async () => {
    const injectBody = (row: object): object => ({ ...row, deletedAt: new Date() });
    const file = { tasks: { table: "task", control: { PATCH: all({ ...free, injectBody }) } } };
    const told = await send(route(file), "PATCH", one("tasks", 1), { title: "closed" });
    expect(told.body.tasks).toMatchObject([{ id: 1, title: "closed", version: 2 }]);
    expect(ids(await get("tasks"), "tasks")).toEqual([2, 3]);
  });

  test("a trigger changes what is stored, not what is answered", async () => {
    const made =
      place.speaks === "sqlite"
        ? [
            "create trigger shout after update on tasks begin update tasks set title = upper(title) where id = new.id; end",
          ]
        : [
            "create function shout() returns trigger language plpgsql as 'begin new.title = upper(new.title); return new; end'",
            "create trigger shout before update on tasks for each row execute function shout()",
          ];
    for (const text of made) await place.run(text);
    try {
      expect((await send(route(), "DELETE", one("tasks", 1))).body.tasks).toMatchObject([
        { title: "fuel", version: 1 },
      ]);
      expect(await stored(1)).toMatchObject({ title: "FUEL", version: 2 });
    } finally {
      const over =
        place.speaks === "sqlite"
          ? ["drop trigger shout"]
          : ["drop trigger shout on tasks", "drop function shout"];
      for (const text of over) await place.run(text);
    }
  });
};

everywhere({ sqlite, postgresql }, acl, tests);
