import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { QueryHandler, QueryRouteOptions } from "@bepalo/query";
import { everywhere, type Place, type Told } from "../support/everywhere.ts";
import { EMPTY, FILL, postgresql, sqlite } from "../support/tenants.ts";

// What is said once holds wherever it counts: facts of tables, relations under the rule of a resource, parents. What they
// do on every database and with both readers.

/** Who asks: a member of a tenant, and his roles. */
interface Who {
  readonly me?: number;
  readonly org?: number;
  readonly roles?: readonly string[];
}

const ADA: Who = { me: 1, org: 1, roles: ["user"] };
const BEN: Who = { me: 2, org: 1, roles: ["user"] };
const UDO: Who = { me: 21, org: 2, roles: ["user"] };

const T = true;

/** Asks a handler as somebody. */
async function send(
  handle: QueryHandler,
  who: Who,
  method: string,
  path: string,
  body?: unknown,
): Promise<Told & { readonly text: string }> {
  const headers = { "content-type": "application/json", "x-who": JSON.stringify(who) };
  const init = body === undefined ? { headers } : { headers, body: JSON.stringify(body) };
  const response = await handle(new Request(`http://local/query/${path}`, { method, ...init }));
  const text = await response.text();
  return { status: response.status, text, body: text === "" ? undefined : JSON.parse(text) };
}

const session: QueryRouteOptions["session"] = {
  parser: (request, context) => void Object.assign(context, JSON.parse(request.headers.get("x-who") ?? "{}")),
  getRole: (_request, context) => (context as Who).roles,
};

const ids = (told: Told, name: string): unknown =>
  (told.body[name] as { id: number }[] | undefined)?.map(({ id }) => id);

const tests = (place: Place): void => {
  let calls: string[] = [];
  beforeEach(() => {
    calls = [];
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  beforeAll(async () => {
    for (const text of [...EMPTY, ...FILL]) await place.run(text);
  });

  const tables = {
    member: { where: ({ org }: Who, t: any, { eq }: any) => (calls.push("member"), eq(t.orgId, org)) },
    project: {
      where: async ({ org }: Who, t: any, { eq }: any) => (calls.push("project"), eq(t.orgId, org)),
    },
    task: { where: ({ org }: Who, t: any, { eq }: any) => (calls.push("task"), eq(t.orgId, org)) },
  };
  const route = (acl: object, more: object = {}): QueryHandler =>
    place.handler(acl, { session, tables, ...more });
  const of = (handle: QueryHandler) => {
    return (who: Who, path: string) => send(handle, who, "GET", path);
  };

  describe("a table's where", () => {
    const acl = {
      members: {
        table: "member",
        control: { GET: { all: { select: T, with: { projects: { select: T, with: { tasks: T } } } } } },
      },
      projects: { table: "project", control: { GET: { all: { select: T, with: { owner: T, tasks: T } } } } },
      tasks: {
        table: "task",
        control: {
          GET: {
            all: {
              select: T,
              with: { project: T, doneBy: T, under: { select: T }, parts: T },
              where: (_c: Who, t: any, { ne, or, eq }: any) => or(ne(t.id, 2), eq(t.id, 2)),
            },
            admin: {
              select: T,
              unrestricted: T,
              with: { project: T, doneBy: { select: T, unrestricted: T } },
            },
          },
          POST: { all: { select: T, check: T, write: T } },
          PATCH: { all: { select: T, check: T } },
          DELETE: { all: { select: T } },
        },
      },
    };

    test("is ANDed to every rule, at the top and in relations", async () => {
      const get = of(route(acl));
      expect(ids(await get(ADA, "members"), "members")).toEqual([1, 2, 3]);
      expect(ids(await get(UDO, "members"), "members")).toEqual([21, 22]);
      expect(ids(await get(ADA, "tasks?countTotal"), "tasks")).toEqual([1, 2, 3, 4, 5]);
      const { body } = await get(
        ADA,
        "tasks?countTotal&select=(where:(id:5),with:(project:T,doneBy:T,under:T))",
      );
      expect(body).toMatchObject({ total: 5, tasks: [{ id: 5, project: null, doneBy: null, under: null }] });
      const tree = await get(UDO, "members?select=(where:(id:21),limit:1,with:(projects:(with:(tasks:T))))");
      // The task that refers across tenants does not exist here either.
      expect(tree.body.members[0].projects[0].tasks.map(({ id }: any) => id)).toEqual([21]);
    });

    test("is asked once for each operation and table", async () => {
      const get = of(route(acl));
      await get(ADA, "tasks?select=(with:(project:T,doneBy:T,under:T,parts:T))");
      expect(calls.toSorted()).toEqual(["member", "project", "task"]);
    });

    test("is asked once for a new row, its check and the total that is counted beside it", async () => {
      const rules = { GET: { all: { select: T } }, POST: { all: { check: T, write: T } } };
      const handle = route({ tasks: { table: "task", control: rules } });
      const before = await send(handle, ADA, "GET", "tasks?countTotal&select=(limit:0)");
      calls = [];
      const body = { id: 99, title: "new", orgId: 1 };
      const { body: told } = await send(handle, ADA, "POST", "tasks?countTotal", body);
      expect(told).toEqual({ total: before.body.total + 1, rowsAffected: 1, count: 1 });
      expect(calls).toEqual(["task"]);
      await place.run("delete from tasks where id = 99");
    });

    test("is left out under `unrestricted`, and there alone", async () => {
      const get = of(route(acl));
      const admin = { ...ADA, roles: ["admin"] };
      const found = await get(admin, "tasks?select=(where:(id.gte:5),with:(project:T,doneBy:T))");
      expect(found.body.tasks).toMatchObject([
        { id: 5, project: null, doneBy: { id: 22 } },
        { id: 21, project: null, doneBy: null },
      ]);
    });

    test("that does not answer admits nothing", async () => {
      const silent = { task: { where: () => undefined } };
      const get = of(route(acl, { tables: silent }));
      expect((await get(ADA, "tasks")).body).toMatchObject({ count: 0, tasks: [] });
      expect(
        (await get(ADA, "projects?select=(where:(id:1),with:(tasks:T))")).body.projects[0].tasks,
      ).toEqual([]);
    });

    test("is a check that `check: true` does not lift", async () => {
      const handle = route(acl);
      const made = { id: 90, orgId: 2, title: "theirs" };
      expect((await send(handle, ADA, "POST", "tasks", made)).body.code).toBe("check-failed");
      const moved = await send(handle, ADA, "PATCH", "tasks?select=(where:(id:4))", { orgId: 2 });
      expect(moved.body.code).toBe("check-failed");
      const foreign = await send(handle, ADA, "PATCH", "tasks?select=(where:(id:21))", { title: "x" });
      expect(foreign.body).toMatchObject({ rowsAffected: 0 });
      expect((await send(handle, ADA, "DELETE", "tasks?select=(where:(id:21))")).body.rowsAffected).toBe(0);
      const own = await send(handle, ADA, "POST", "tasks", { ...made, orgId: 1 });
      expect(own.status).toBe(200);
      expect((await send(handle, ADA, "DELETE", "tasks?select=(where:(id:90))")).body.rowsAffected).toBe(1);
      expect(ids(await of(handle)(UDO, "tasks"), "tasks")).toEqual([21]);
    });
  });

  describe("a relation under the rule of a resource", () => {
    const acl = {
      people: {
        table: "member",
        control: {
          GET: {
            guest: {},
            user: {
              select: { columns: ["id", "name"] },
              extras: { loud: (_c: Who, t: any) => sql`upper(${t.name})`.as("loud") },
              where: ({ me }: Who, t: any, { ne }: any) => ne(t.id, me === 1 ? 3 : 0),
              orderBy: { name: "desc" },
              with: { projects: "projects", boss: "people", staff: "people" },
              maxLimit: 2,
            },
            boss: { select: T, with: { staff: "people" }, forbidQuery: { orderBy: T } },
          },
        },
      },
      projects: {
        table: "project",
        control: {
          GET: {
            all: {
              select: { columns: ["id", "name"] },
              where: (_c: Who, t: any, { eq }: any) => eq(t.open, true),
            },
            user: { select: T, with: { owner: "people", tasks: "tasks" } },
          },
        },
      },
      tasks: {
        table: "task",
        control: {
          GET: {
            user: {
              select: { columns: ["id", "title"] },
              maxDepth: 1,
              with: { doneBy: "people", project: "projects" },
            },
            admin: { select: T, with: { doneBy: "people", project: "projects" }, maxDepth: 6 },
          },
        },
      },
    };

    test("is the one this caller GETs it by: its columns, rows, order, limits", async () => {
      const get = of(route(acl));
      const seen = await get(ADA, "projects?select=(where:(id:1),with:(owner:(with:(staff:T))))");
      expect(seen.body.projects[0].owner).toEqual({
        id: 1,
        name: "Ada",
        loud: "ADA",
        staff: [{ id: 2, name: "Ben", loud: "BEN" }],
      });
      const others = await get(BEN, "projects?select=(where:(id:1),with:(owner:(with:(staff:T))))");
      expect(others.body.projects[0].owner.staff.map(({ id }: any) => id)).toEqual([3, 2]);
      const many = await get(BEN, "projects?select=(where:(id:1),with:(owner:(with:(staff:(limit:3)))))");
      expect(many.body.code).toBe("limit-exceeded");
      const boss = await get({ ...BEN, roles: ["boss"] }, "people?select=(where:(id:1),with:(staff:T))");
      expect(boss.body.people[0].staff.map(({ salary }: any) => salary)).toEqual([5, 4]);
      const sorted = await get(
        { ...BEN, roles: ["boss"] },
        "people?select=(with:(staff:(orderBy:(id:asc))))",
      );
      expect(sorted.body.code).toBe("capability-forbidden");
    });

    test("is unknown to whom no rule lets read it", async () => {
      const get = of(route(acl));
      const guest = await get({ org: 1 }, "projects?select=(with:(owner:T))");
      const missing = await get({ org: 1 }, "projects?select=(with:(nobody:T))");
      expect(guest.body).toEqual({ ...missing.body, error: missing.body.error.replace("nobody", "owner") });
      const boss = await get({ ...ADA, roles: ["boss"] }, "people?select=(with:(projects:T))");
      expect(boss.body.code).toBe("unknown-relation");
    });

    test("goes around in circles as deep as one may go", async () => {
      const get = of(route(acl));
      const deep = await get(
        ADA,
        "people?select=(where:(id:1),with:(projects:(with:(owner:(with:(projects:(columns:~T(id)~)))))))",
      );
      expect(deep.body.people[0].projects[0].owner.projects).toEqual([{ id: 1 }]);
      const deeper = await get(
        ADA,
        "people?select=(with:(projects:(with:(owner:(with:(projects:(with:(owner:T))))))))",
      );
      expect(deeper.body.code).toBe("depth-exceeded");
    });

    test("narrows the depth that is left by its own word alone", async () => {
      const get = of(route(acl));
      const admin = { ...ADA, roles: ["admin", "user"] };
      const path = (own: string): string => `tasks?select=(where:(id:2),with:(${own}))`;
      expect((await get(admin, path("project:(with:(tasks:(with:(doneBy:T))))"))).status).toBe(200);
      const own = await get(admin, path("project:(with:(tasks:(with:(doneBy:(with:(boss:T))))))"));
      expect(own.status).toBe(200); // there the strongest role's rule counts, which narrows nothing
      const user = await get(ADA, "projects?select=(with:(tasks:(with:(doneBy:(with:(boss:T))))))");
      expect(user.body.code).toBe("depth-exceeded");
    });

    test("one question, asked by turns, is answered to each by his own rules", async () => {
      const get = of(route(acl));
      const path = "people?select=(where:(id:1),with:(staff:T))";
      const asked: Who[] = [
        ADA,
        { ...BEN, roles: ["boss"] },
        { ...BEN, roles: ["boss", "user"] },
        BEN,
        { ...BEN, roles: ["user", "boss"] },
      ];
      const first = [];
      for (const who of asked) first.push((await get(who, path)).text);
      for (let round = 0; round < 3; round++)
        for (const [index, who] of asked.entries()) expect((await get(who, path)).text).toBe(first[index]!);
      expect(new Set(first).size).toBe(3);
    });

    test("stays under the facts of its table", async () => {
      const get = of(route(acl));
      const told = await get(
        { ...ADA, roles: ["admin", "user"] },
        "tasks?select=(where:(id:5),with:(project:T,doneBy:T))",
      );
      expect(told.body.tasks).toMatchObject([{ id: 5, project: null, doneBy: null }]);
    });
  });

  describe("a parent", () => {
    const acl = {
      people: { table: "member", control: { GET: { all: { select: T } } } },
      projects: {
        table: "project",
        control: {
          GET: {
            all: {
              select: { columns: ["id"] },
              where: ({ me }: Who, t: any, { eq, or }: any) => or(eq(t.open, true), eq(t.ownerId, me)),
            },
          },
        },
      },
      tasks: {
        table: "task",
        control: {
          GET: { all: { select: T, parent: { project: "projects" }, with: { comments: "comments" } } },
          POST: { all: { select: T, parent: { project: "projects" }, check: T, write: T } },
          PATCH: { all: { select: T, parent: { project: "projects" } } },
          DELETE: { all: { select: T, parent: { project: "projects" } } },
        },
      },
      parts: {
        table: "task",
        control: { GET: { all: { select: T, parent: { under: "tasks", project: "projects" } } } },
      },
      comments: {
        table: "comment",
        control: {
          GET: {
            all: {
              select: T,
              parent: { task: "tasks" },
              where: (_c: Who, t: any, { ne, or, eq }: any) => or(eq(t.id, 1), ne(t.id, 1)),
            },
          },
          POST: { all: { select: T, parent: { task: "tasks", member: "people" }, write: T } },
        },
      },
      notes: { table: "note", control: { GET: { all: { select: T, parent: { seat: "seats" } } } } },
      checked: {
        table: "note",
        control: {
          POST: {
            all: {
              select: T,
              write: T,
              parent: { seat: "seats" },
              check: (_c: Who, t: any, { ne }: any) => ne(t.text, ""),
            },
          },
        },
      },
      seats: {
        table: "seat",
        control: {
          GET: { user: { select: T, parent: { project: "projects" }, with: { notes: "notes" } }, guest: {} },
        },
      },
    };

    test("that is not the caller's to read leaves no row", async () => {
      const get = of(route(acl));
      expect(ids(await get(ADA, "tasks?countTotal"), "tasks")).toEqual([1, 2]);
      expect((await get(ADA, "tasks?countTotal")).body.total).toBe(2);
      expect(ids(await get(BEN, "tasks"), "tasks")).toEqual([1, 2, 3]);
      expect(ids(await get(UDO, "tasks"), "tasks")).toEqual([21]);
    });

    test("is asked for its rows, and not for its columns", async () => {
      const when = (): boolean => (calls.push("when"), T);
      const select = [{ columns: ["id", "orgId"] }, { columns: ["name"], when }];
      const rules = { select, where: () => (calls.push("where"), T) };
      const handle = place.handler(
        {
          projects: { table: "project", control: { GET: { all: rules } } },
          tasks: { table: "task", control: { GET: { all: { select: T, parent: { project: "projects" } } } } },
        },
        { session },
      );
      expect((await send(handle, ADA, "GET", "tasks?select=(where:(id:1))")).body.count).toBe(1);
      expect(calls).toEqual(["where"]);
    });

    test("has parents of its own", async () => {
      const get = of(route(acl));
      expect(ids(await get(ADA, "comments"), "comments")).toEqual([1, 2]);
      expect(ids(await get(BEN, "comments"), "comments")).toEqual([1, 2, 3]);
      const nested = await get(BEN, "tasks?select=(with:(comments:T))");
      expect(nested.body.tasks.map(({ comments }: any) => comments.length)).toEqual([1, 1, 1]);
    });

    test("may be a row of the same table", async () => {
      const get = of(route(acl));
      expect(ids(await get(ADA, "parts"), "parts")).toEqual([2]);
      expect(ids(await get(BEN, "parts"), "parts")).toEqual([2, 3]);
      expect(ids(await get(UDO, "parts"), "parts")).toEqual([]);
    });

    test("goes by a key of several columns", async () => {
      const get = of(route(acl));
      expect(ids(await get(ADA, "notes"), "notes")).toEqual([1]);
      expect(ids(await get(BEN, "notes"), "notes")).toEqual([1, 2]);
      expect(ids(await get(UDO, "notes"), "notes")).toEqual([3]);
    });

    test("may be one of which only numbers are let out", async () => {
      const control = {
        GET: {
          all: { aggregate: T, where: (_c: Who, t: any, { eq }: any) => eq(t.open, true) },
          silent: {},
        },
      };
      const file = {
        projects: { table: "project", control },
        tasks: {
          table: "task",
          control: {
            GET: { all: { select: T, parent: { project: "projects" }, with: { project: "projects" } } },
            POST: { all: { select: T, parent: { project: "projects" }, write: T } },
          },
        },
      };
      const handle = route(file);
      expect(ids(await of(handle)(ADA, "tasks"), "tasks")).toEqual([1, 2]);
      expect(ids(await of(handle)({ ...ADA, roles: ["silent"] }, "tasks"), "tasks")).toEqual([]);
      expect((await of(handle)(ADA, "tasks?select=(with:(project:T))")).body.code).toBe("unknown-relation");
      const make = (projectId: number): Promise<Told> =>
        send(handle, ADA, "POST", "tasks", { id: 90, orgId: 1, title: "new", projectId });
      for (const projectId of [2, 21, 77]) expect((await make(projectId)).status).toBe(403);
      expect((await make(1)).status).toBe(200);
      await place.run("delete from tasks where id = 90");
    });

    test("that no rule lets read leaves nothing", async () => {
      const get = of(route(acl));
      expect((await get({ me: 1, org: 1 }, "notes")).body).toMatchObject({ count: 0, notes: [] });
    });

    test("counts beside a check", async () => {
      const handle = route(acl);
      const note = (who: Who): Promise<Told> =>
        send(handle, who, "POST", "checked", { id: 90, projectId: 1, memberId: 2, text: "new" });
      expect((await note({ me: 1, org: 1 })).status).toBe(403);
      expect((await note(UDO)).status).toBe(403);
      expect((await note(ADA)).status).toBe(200);
      await place.run("delete from notes where id = 90");
    });

    test("is looked for when a row is written, and nobody hears whether it is hidden or missing", async () => {
      const handle = route(acl);
      const make = (projectId: number | null, id = 90): Promise<Told> =>
        send(handle, ADA, "POST", "tasks", { id, orgId: 1, title: "new", projectId });
      const [hidden, missing, foreign, none] = [
        await make(2),
        await make(77),
        await make(21),
        await make(null),
      ];
      expect(hidden.status).toBe(403);
      for (const told of [missing, foreign, none]) expect(told).toEqual(hidden);
      const move = (projectId: number): Promise<Told> =>
        send(handle, ADA, "PATCH", "tasks?select=(where:(id:1))", { projectId });
      expect(await move(2)).toEqual(hidden);
      expect(await move(77)).toEqual(hidden);
      expect((await make(1)).status).toBe(200);
      expect((await send(handle, ADA, "DELETE", "tasks?select=(where:(id:3))")).body.rowsAffected).toBe(0);
      expect((await send(handle, ADA, "DELETE", "tasks?select=(where:(id:90))")).body.rowsAffected).toBe(1);
      const comment = (taskId: number, memberId: number): Promise<Told> =>
        send(handle, ADA, "POST", "comments", { id: 91, taskId, memberId, text: "x" });
      expect((await comment(3, 1)).status).toBe(403);
      expect((await comment(1, 21)).status).toBe(403);
      expect((await comment(1, 1)).status).toBe(200);
      await place.run("delete from comments where id = 91");
    });
  });

  describe("a computed field that knows the caller", () => {
    const acl = {
      people: {
        table: "member",
        control: {
          GET: {
            all: {
              select: { columns: ["id"] },
              extras: {
                own: async ({ me }: Who, t: any, { eq }: any) =>
                  sql`case when ${eq(t.id, me)} then 1 else 0 end`,
                led: ({ me }: Who, t: any) =>
                  sql`(select count(*) from projects as p where p.owner_id = ${t.id} and p.owner_id <> ${me})`
                    .mapWith(Number)
                    .as("anything"),
                same: sql`7`.as("same"),
              },
              with: { staff: "people" },
            },
          },
          PATCH: {
            all: {
              select: { columns: ["id"] },
              extras: { own: ({ me }: Who) => sql`${me}`.mapWith(Number) },
            },
          },
        },
      },
      wrong: {
        table: "member",
        control: {
          GET: {
            all: { select: T, extras: { sum: () => sql`sum(id) over ()` } },
            guest: { select: T, extras: { x: () => 1 } },
            editor: { select: T, extras: { x: (_: unknown, t: any) => t.name } },
          },
        },
      },
    };

    test("is asked for with each request, wherever the rule stands", async () => {
      const get = of(route(acl));
      const told = await get(ADA, "people?select=(where:(id.lte:2),with:(staff:(where:(id:2))))");
      expect(told.body.people).toEqual([
        { id: 1, own: 1, led: 0, same: 7, staff: [{ id: 2, own: 0, led: 1, same: 7 }] },
        { id: 2, own: 0, led: 1, same: 7, staff: [] },
      ]);
      for (const who of [ADA, BEN, ADA, BEN]) {
        const { body } = await get(who, "people?select=(where:(id.lte:2))");
        expect(body.people.map(({ own }: any) => own)).toEqual(who === ADA ? [1, 0] : [0, 1]);
      }
      const few = await get(ADA, "people?findFirst&select=(where:(id:2),columns:~T(led)~)");
      expect(few.body.people).toEqual({ led: 1 });
    });

    test("is answered by writes", async () => {
      const told = await send(route(acl), BEN, "PATCH", "people?select=(where:(id:2))", { name: "Ben" });
      expect(told.body.people).toEqual([{ id: 2, own: 2 }]);
    });

    test("that answers what is no field of one row is a fault of its author", async () => {
      const get = of(route(acl));
      expect((await get(ADA, "wrong")).status).toBe(500);
      expect(String(place.errors.splice(0)[0] as Error)).toContain(
        "acl.wrong.control.GET.all.extras.sum: it speaks of several rows",
      );
      expect((await get({ org: 1 }, "wrong")).status).toBe(500);
      expect(String(place.errors.splice(0)[0] as Error)).toContain("a computed field answers SQL");
      // A bare column may be meant for another thing.
      expect((await get({ org: 1, roles: ["editor"] }, "wrong")).status).toBe(500);
      expect(String(place.errors.splice(0)[0] as Error)).toContain(
        "acl.wrong.control.GET.editor.extras.x: a computed field answers SQL",
      );
    });
  });

  describe("several roles", () => {
    const acl = {
      tasks: {
        table: "task",
        control: {
          GET: {
            reader: { select: { columns: ["id"] } },
            writer: { select: { columns: ["title"] } },
            mine: { select: { columns: ["status"] }, where: () => T },
            all: { select: { columns: ["orgId"] } },
          },
        },
        formatResult: (_request: Request, { role, roles, result }: any) => ({
          role,
          roles,
          row: result.rows[0],
        }),
      },
    };
    const cases: readonly [string, readonly string[], object][] = [
      ["tasks", ["writer", "reader"], { role: "writer", row: { title: "fuel" } }],
      ["tasks", ["visitor", "reader", "writer"], { role: "reader", row: { id: 1 } }],
      ["tasks", ["visitor", "stranger"], { role: "visitor", row: { status: "todo" } }],
      ["tasks?mine", ["visitor", "reader"], { role: "visitor", row: { status: "todo" } }],
      ["tasks?guest", ["visitor", "reader"], { role: "visitor", row: { orgId: 1 } }],
    ];
    test.each(cases)("%s as %p", async (path, roles, expected) => {
      const get = of(route(acl));
      expect((await get({ ...ADA, roles }, path)).body).toEqual({ ...expected, roles: [...roles] });
    });

    test("each rule is asked in the role it applies for, wherever others lead to it", async () => {
      const heard: string[] = [];
      const say =
        (what: string, answer: unknown = T) =>
        ({ role, resourceId, method }: any): unknown => (
          heard.push([what, role, resourceId, method].join(" ")),
          answer
        );
      const member = {
        select: [{ columns: ["id"] }, { columns: ["name"], when: say("grant") }],
        where: say("people"),
        extras: { one: say("field", sql`1`) },
        with: { projects: { select: T, where: say("below") } },
      };
      const file = {
        people: { table: "member", control: { GET: { user: member } } },
        projects: { table: "project", control: { GET: { mine: { select: T, where: say("projects") } } } },
        tasks: {
          table: "task",
          control: {
            GET: {
              admin: {
                select: T,
                where: say("tasks"),
                parent: { project: "projects" },
                with: { doneBy: "people" },
              },
            },
          },
        },
      };
      const handle = route(file);
      const who = { ...ADA, roles: ["boss", "user", "admin"] };
      expect((await of(handle)(who, "tasks?select=(with:(doneBy:(with:(projects:T))))")).status).toBe(200);
      expect(heard.toSorted()).toEqual([
        "below user tasks GET",
        "field user tasks GET",
        "grant user tasks GET",
        "people user tasks GET",
        "projects boss tasks GET",
        "tasks admin tasks GET",
      ]);
      // So a relation shows what the caller's own GET does.
      const own = ({ role, me }: any, t: any, { eq }: any): unknown => role === "admin" || eq(t.id, me);
      const seen = {
        ...file,
        people: { table: "member", control: { GET: { user: { select: { columns: ["id"] }, where: own } } } },
      };
      const told = await of(route(seen))(who, "tasks?select=(where:(id:2),with:(doneBy:T))");
      expect(told.body.tasks).toMatchObject([{ id: 2, doneBy: null }]);
    });
  });
};

everywhere({ sqlite, postgresql }, {}, tests);
