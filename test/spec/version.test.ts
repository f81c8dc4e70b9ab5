import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { QueryHandler } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import { fresh, postgresql, refused, send, session, sqlite, type Told, type Who } from "../support/kept.ts";

// A count of a row's changes, which the engine keeps, and writes that are made for a version of it.

const T = true;
const tables = {
  task: {
    where: ({ org }: Who, t: any, { eq }: any) => eq(t.orgId, org),
    set: { orgId: ({ org }: Who) => org },
    softDelete: "deletedAt",
    version: "version",
  },
  comment: { softDelete: "goneAt" },
  note: { version: "version" },
};

const all = (rule: object): object => ({ all: rule });
const free = { select: T, write: T };
const task = (control: object): object => ({ table: "task", control });

const acl = {
  tasks: task({
    GET: all({ select: T }),
    POST: all(free),
    PATCH: all({ ...free, with: { comments: T } }),
    DELETE: all({ select: T, with: { comments: T } }),
  }),
  trash: task({
    PATCH: all({ select: T, deleted: "only", write: { columns: ["deletedAt"] } }),
    DELETE: all({ select: T, deleted: "only" }),
  }),
  everything: task({ GET: all({ select: T, deleted: "include" }) }),
  notes: { table: "note", control: { POST: all(free), PATCH: all(free), DELETE: all({ select: T }) } },
  comments: { table: "comment", control: { PATCH: all(free), DELETE: all({ select: T }) } },
};

const FAILED = {
  error: "the rows are not of the version you know",
  code: "precondition-failed",
  path: "If-Match",
  hint: "read them again, and decide anew",
};

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const route = (file: object = acl, more: object = {}): QueryHandler =>
    place.handler(file, { session, tables, ...more });
  let handle: QueryHandler;
  beforeEach(() => (handle = route()));

  const match = (version: string): Record<string, string> => ({ "if-match": version });
  const patch = (path: string, body: object, version?: string, by = handle): Promise<Told> =>
    send(by, "PATCH", path, body, version === undefined ? {} : match(version));
  const remove = (path: string, version?: string, by = handle): Promise<Told> =>
    send(by, "DELETE", path, undefined, version === undefined ? {} : match(version));
  const one = (resource: string, id: number): string => `${resource}?select=(where:(id:${id}))`;
  /** The versions, titles and whether they are deleted, of all that is stored for the tenant. */
  const stored = async (): Promise<unknown> => {
    const { body } = await send(handle, "GET", "everything");
    return body.everything.map(({ id, title, version, deletedAt }: any) => [
      id,
      title,
      version,
      deletedAt !== null,
    ]);
  };
  const FRESH = [
    [1, "fuel", 1, false],
    [2, "crew", 5, false],
    [3, "dust", 1, false],
    [4, "old", 2, true],
  ];

  describe("is counted", () => {
    test("from one, in every new row", async () => {
      const post = (body: unknown): Promise<Told> => send(handle, "POST", "tasks", body);
      expect((await post({ id: 10, title: "a" })).body.tasks).toMatchObject([{ version: 1 }]);
      const several = await post([
        { id: 11, title: "b" },
        { id: 12, title: "c" },
      ]);
      expect(several.body.tasks).toMatchObject([{ version: 1 }, { version: 1 }]);
    });

    test("one further with every change, of equal values too", async () => {
      for (const version of [2, 3, 4])
        expect((await patch(one("tasks", 1), { title: "fuel" })).body.tasks).toMatchObject([{ version }]);
      expect((await patch("tasks", { title: "all" })).body.tasks).toMatchObject([
        { id: 1, version: 5 },
        { id: 2, version: 6 },
        { id: 3, version: 2 },
      ]);
      const answer = await patch("tasks?select=(where:(id:1),columns:(version:T),with:(comments:T))", {
        title: "x",
      });
      expect(answer.body.tasks).toMatchObject([{ version: 6, comments: [{ id: 1 }, { id: 2 }] }]);
    });

    test("by deleting softly, and by restoring", async () => {
      expect((await remove(one("tasks", 1))).body.tasks).toMatchObject([{ version: 1 }]);
      expect((await patch(one("trash", 1), { deletedAt: null })).body.trash).toMatchObject([{ version: 3 }]);
      expect((await remove(one("tasks", 1))).body.tasks).toMatchObject([{ version: 3 }]);
      expect((await remove(one("trash", 1))).body.trash).toMatchObject([{ version: 4 }]);
    });

    test("from nothing, where nobody has counted yet", async () => {
      expect((await patch("notes", { label: "l" }, undefined)).status).toBe(409);
      expect((await patch(one("notes", 1), { label: "l" })).body.notes).toMatchObject([
        { version: 1, told: 10 },
      ]);
      expect((await patch(one("notes", 1), { label: "m" })).body.notes).toMatchObject([
        { version: 2, told: 20 },
      ]);
      const made = await send(handle, "POST", "notes", { id: 9, label: "n" });
      expect(made.body.notes).toMatchObject([{ version: 1, told: 10 }]);
    });

    test("for good: neither a client nor a function of the rule writes it", async () => {
      expect(refused(await patch(one("tasks", 1), { version: 9 }))).toEqual([
        400,
        "unknown-column",
        "version",
      ]);
      const posted = await send(handle, "POST", "tasks", { id: 9, title: "t", version: 9 });
      expect(refused(posted)).toEqual([400, "unknown-column", "version"]);
      for (const given of [9, null, "nine"]) {
        const injectBody = (row: object): object => ({ ...row, version: given });
        const beforeQuery = ({ body }: any): void => {
          for (const row of [body].flat()) row.version = given;
        };
        for (const rule of [
          { ...free, injectBody },
          { ...free, beforeQuery },
        ]) {
          for (const text of fresh(place.speaks)) await place.run(text);
          const by = route({ tasks: task({ POST: all(rule), PATCH: all(rule) }) });
          expect((await patch(one("tasks", 2), { title: "t" }, undefined, by)).body.tasks).toMatchObject([
            { version: 6 },
          ]);
          const made = await send(by, "POST", "tasks", [
            { id: 8, title: "t" },
            { id: 9, title: "u" },
          ]);
          expect(made.body.tasks).toMatchObject([{ version: 1 }, { version: 1 }]);
          // Alone it is no change.
          expect(refused(await patch(one("tasks", 2), {}, undefined, by))).toEqual([
            400,
            "invalid-body",
            undefined,
          ]);
        }
      }
    });

    test("what a check says of it holds of the next one", async () => {
      const check = (_: unknown, t: any, { lte }: any): unknown => lte(t.version, 2);
      const elsewhere = (_: unknown, t: any, { inArray, sql }: any): unknown =>
        inArray(t.version, sql`(select max(id) from projects)`);
      for (const rule of [
        { ...free, check },
        { ...free, check: elsewhere },
      ]) {
        for (const text of fresh(place.speaks)) await place.run(text);
        const by = route({ tasks: task({ PATCH: all(rule) }) });
        expect((await patch(one("tasks", 1), { title: "t" }, undefined, by)).body.tasks).toMatchObject([
          { version: 2 },
        ]);
        expect(refused(await patch(one("tasks", 1), { title: "u" }, undefined, by))).toEqual([
          403,
          "check-failed",
          undefined,
        ]);
      }
    });

    test("and so does what a rule's own filter says of it", async () => {
      const where = (_: unknown, t: any, { lte, sql }: any): unknown =>
        lte(t.version, sql`(select max(id) + 1 from projects)`);
      const by = route({ notes: { table: "note", control: { PATCH: all({ ...free, where }) } } });
      const told = await patch(one("notes", 2), { label: "x" }, undefined, by);
      expect(refused(told)).toEqual([403, "check-failed", undefined]);
      await place.run("update notes set version = 2 where id = 2");
      expect((await patch(one("notes", 2), { label: "x" }, undefined, by)).body.notes).toMatchObject([
        { version: 3 },
      ]);
    });
  });

  describe("If-Match", () => {
    test("writes where the row has the version, and nothing where it has another", async () => {
      expect((await patch(one("tasks", 1), { title: "new" }, '"2"')).body).toEqual(FAILED);
      expect((await patch(one("tasks", 1), { title: "new" }, '"2"')).status).toBe(412);
      expect(await stored()).toEqual(FRESH);
      expect((await patch(one("tasks", 1), { title: "new" }, '"1"')).body.tasks).toMatchObject([
        { title: "new", version: 2 },
      ]);
      expect((await patch(one("tasks", 1), { title: "newer" }, '"1"')).status).toBe(412);
      expect((await remove(one("tasks", 1), '"1"')).body).toEqual(FAILED);
      expect((await remove(one("tasks", 1), '"2"')).body.tasks).toMatchObject([{ id: 1, version: 2 }]);
      expect((await remove(one("tasks", 1), '"3"')).status).toBe(412);
      expect((await patch(one("trash", 1), { deletedAt: null }, '"2"')).status).toBe(412);
      expect((await patch(one("trash", 1), { deletedAt: null }, '"3"')).body.trash).toMatchObject([
        { version: 4 },
      ]);
      expect((await remove(one("trash", 4), '"1"')).status).toBe(412);
      expect((await remove(one("trash", 4), '"2"')).body.trash).toMatchObject([{ id: 4 }]);
    });

    test("takes a list, and all rows must have one of them", async () => {
      expect((await patch(one("tasks", 2), { title: "new" }, '"4", "5" ,"6"')).status).toBe(200);
      expect((await patch("tasks", { title: "x" }, '"1", "5"')).status).toBe(412);
      expect((await remove("tasks", '"6","2"')).status).toBe(412);
      expect(await stored()).toEqual(FRESH.with(1, [2, "new", 6, false]));
      expect((await patch("tasks", { title: "x" }, ',"1",, "6","1"')).body.rowsAffected).toBe(3);
      expect((await remove("tasks?select=(with:(comments:T))", '"2", "7"')).body).toMatchObject({
        rowsAffected: 3,
        tasks: [{ id: 1, version: 2, comments: [{ id: 1 }, { id: 2 }] }, { id: 2 }, { id: 3 }],
      });
    });

    test("a star is for any version, and for a row at least", async () => {
      expect((await patch(one("tasks", 2), { title: "new" }, "*")).body.rowsAffected).toBe(1);
      expect((await patch(one("notes", 1), { label: "new" }, " * ")).body.rowsAffected).toBe(1);
      for (const path of [one("tasks", 99), one("tasks", 4), one("tasks", 5)]) {
        expect((await patch(path, { title: "x" }, "*")).body).toEqual(FAILED);
        expect((await remove(path, "*")).status).toBe(412);
        expect((await patch(path, { title: "x" })).body.rowsAffected).toBe(0);
      }
    });

    test("rows that nobody has counted have no version", async () => {
      for (const version of ['"0"', '"1"', '"-1"', '"2147"'])
        expect((await remove(one("notes", 1), version)).status).toBe(412);
      expect((await remove("notes", '"3"')).status).toBe(412);
      expect((await remove(one("notes", 2), '"3"')).body.notes).toMatchObject([{ id: 2, version: 3 }]);
    });

    test("tells nothing of rows that are not the caller's", async () => {
      // Task 5 is another tenant's, of version 1, and task 4 is deleted.
      expect((await patch(one("tasks", 5), { title: "x" }, '"1"')).body).toEqual(FAILED);
      expect((await patch("tasks?select=(where:(id.gte:3))", { title: "x" }, '"1"')).body.rowsAffected).toBe(
        1,
      );
      expect((await remove("tasks?select=(where:(id.gte:3))", '"2"')).body.tasks).toMatchObject([{ id: 3 }]);
      const where = (_: unknown, t: any, { sql }: any): unknown =>
        sql`exists (select 1 from projects where projects.id = ${t.projectId} and projects.name = 'Moon')`;
      const by = route({ tasks: task({ PATCH: all({ ...free, where }) }) });
      expect((await patch("tasks", { title: "y" }, '"1", "5"', by)).body.rowsAffected).toBe(2);
    });

    test("is judged before the check, in a transaction with the hooks", async () => {
      const seen: string[] = [];
      const by = route({
        tasks: task({
          PATCH: all({
            ...free,
            check: (_: unknown, t: any, { ne }: any) => ne(t.title, "bad"),
            beforeQuery: () => void seen.push("before"),
            afterQuery: () => void seen.push("after"),
            onQueryError: ({ code }: any) => void seen.push(code),
          }),
        }),
      });
      expect((await patch(one("tasks", 1), { title: "bad" }, '"2"', by)).status).toBe(412);
      expect((await patch(one("tasks", 1), { title: "bad" }, '"1"', by)).status).toBe(403);
      expect((await patch(one("tasks", 1), { title: "good" }, '"1"', by)).status).toBe(200);
      const told = ["before", "precondition-failed", "before", "check-failed", "before", "after"];
      expect(seen).toEqual(told);
      const none = route({ tasks: task({ PATCH: all({ ...free, check: () => false }) }) });
      expect((await patch(one("tasks", 1), { title: "x" }, '"9"', none)).status).toBe(403);
      const few = route({ tasks: task({ PATCH: all({ ...free, maxAffected: 1 }) }) });
      expect(refused(await patch("tasks", { title: "x" }, "*", few))).toEqual([
        400,
        "limit-exceeded",
        "select.where",
      ]);
    });

    const HINT = 'write the row\'s `version` in quotes, as in If-Match: "7"';
    test("what is no version is refused with a hint", async () => {
      const etag = (await send(handle, "GET", "tasks")).headers.get("etag")!;
      const wrong = [
        "7",
        'W/"7"',
        '"seven"',
        '"07"',
        '"+7"',
        '"7.0"',
        '"1e3"',
        '" 7"',
        '"-0"',
        '""',
        "",
        ",",
        '"7,8"',
        '*, "7"',
        "**",
        etag,
        '"9007199254740993"',
        '"1", 2',
        '"7"x',
      ];
      for (const version of wrong)
        for (const told of [await patch("tasks", { title: "x" }, version), await remove("tasks", version)]) {
          expect(told.status).toBe(400);
          expect(told.body).toEqual({
            error: "`If-Match` takes versions of rows, or *",
            code: "invalid-value",
            path: "If-Match",
            hint: HINT,
          });
        }
      // Beyond 32 bits, and beyond 16.
      const [far, farther] = ['"2147483648"', '"32768"'];
      const beyond = place.speaks === "postgresql" ? 400 : 412;
      expect((await patch("tasks", { title: "x" }, far)).status).toBe(beyond);
      expect((await patch("notes", { label: "x" }, farther)).status).toBe(beyond);
      expect(await stored()).toEqual(FRESH);
    });

    const REFUSED = {
      error: "this write does not look at `If-Match`",
      code: "invalid-value",
      path: "If-Match",
      hint: "ask for the old value in `where`",
    };
    test("names no more versions than a list may have", async () => {
      const by = route({ tasks: task({ PATCH: all({ ...free, maxList: 2 }) }) });
      const path = one("tasks", 1);
      expect(refused(await patch(path, { title: "x" }, '"1","2","3"', by))).toEqual([
        400,
        "too-complex",
        "If-Match",
      ]);
      expect((await patch(path, { title: "x" }, '"1","2"', by)).status).toBe(200);
    });

    test("counts only where the version is readable, on every row", async () => {
      const when = (): boolean => true;
      const rules = [
        { write: T },
        { select: { mode: false, columns: ["version"] }, write: T },
        { select: [{ columns: ["id"] }, { columns: ["version"], when }], write: { columns: ["title"] } },
      ];
      for (const rule of rules) {
        const by = route({ tasks: task({ PATCH: all(rule), DELETE: all({ ...rule, write: undefined }) }) });
        for (const version of ["*", '"1"', "W/1"]) {
          expect((await patch("tasks?select=(where:(id:1))", { title: "x" }, version, by)).body).toEqual(
            REFUSED,
          );
          expect((await remove("tasks?select=(where:(id:1))", version, by)).body).toEqual(REFUSED);
        }
      }
      // Tables without a version look the same.
      expect((await patch("comments", { text: "x" }, '"1"')).body).toEqual(REFUSED);
      expect((await remove("comments", "*")).body).toEqual(REFUSED);
      expect(await stored()).toEqual(FRESH);
    });

    test("is told to who may use it, and to nobody else", async () => {
      const masked = { select: [{ columns: ["id"] }, { columns: ["version"], when: () => true }] };
      const hidden = task({ PATCH: all({ ...free, select: { columns: ["id"] } }), DELETE: all(masked) });
      const by = route({ ...acl, hidden }, { access: true });
      const { resources } = (await send(by, "GET", "$access")).body;
      const told = (name: string): unknown =>
        resources[name].rules.map(({ methods, version }: any) => [methods.at(-1), version]);
      expect(told("tasks")).toEqual([
        ["GET", undefined],
        ["POST", undefined],
        ["PATCH", "version"],
        ["DELETE", "version"],
      ]);
      expect(told("hidden")).toEqual([
        ["PATCH", undefined],
        ["DELETE", undefined],
      ]);
      expect(told("comments")).toEqual([
        ["PATCH", undefined],
        ["DELETE", undefined],
      ]);
    });

    test("who may not write, or asks for what is not there, hears that first", async () => {
      const by = route({
        tasks: task({
          GET: all({ select: T }),
          PATCH: { admin: free },
          DELETE: { mine: { select: T, where: () => true } },
        }),
      });
      expect((await patch("nothing", { title: "x" }, "x", by)).status).toBe(404);
      expect((await patch("tasks", { title: "x" }, "x", by)).status).toBe(401);
      expect((await patch("tasks?nothing", { title: "x" }, "x")).body.code).toBe("unknown-parameter");
      expect((await patch("tasks?select=(where:(nothing:1))", { title: "x" }, "x")).body.code).toBe(
        "unknown-column",
      );
      expect((await patch("tasks", { nothing: "x" }, '"9"')).body.code).toBe("unknown-column");
    });

    test("is nothing to a POST, and as ever to a read", async () => {
      for (const name of ["If-Match", "If-None-Match", "If-Unmodified-Since"]) {
        const told = await send(handle, "POST", "tasks", { id: 9, title: "t" }, { [name]: '"1"' });
        expect(refused(told)).toEqual([400, "invalid-value", name]);
      }
      for (const name of ["If-None-Match", "If-Unmodified-Since"])
        for (const method of ["PATCH", "DELETE"])
          expect(
            refused(
              await send(handle, method, "tasks", method === "PATCH" ? {} : undefined, { [name]: "*" }),
            ),
          ).toEqual([400, "invalid-value", name]);
      expect((await send(handle, "GET", "tasks", undefined, match('"1"'))).status).toBe(200);
      expect((await send(handle, "HEAD", "tasks", undefined, match("W/x"))).status).toBe(200);
    });

    test("a question that is asked often keeps its versions to itself", async () => {
      for (const [version, status] of [
        ["1", 200],
        ["1", 412],
        ["2", 200],
        ["9", 412],
        ["3", 200],
        [undefined, 200],
        ["4", 412],
        ["5", 200],
      ] as const)
        expect((await patch(one("tasks", 1), { title: "x" }, version && `"${version}"`)).status).toBe(status);
    });
  });

  test("pages of other origins may send it", async () => {
    const by = route(acl, { cors: { origin: "https://shop.dev" } });
    const asked = await by(
      new Request("http://local/query/tasks", {
        method: "OPTIONS",
        headers: { origin: "https://shop.dev", "access-control-request-method": "PATCH" },
      }),
    );
    expect(asked.headers.get("access-control-allow-headers")!.split(", ")).toContain("if-match");
  });
};

describe("version", () => everywhere({ sqlite, postgresql }, acl, tests));
