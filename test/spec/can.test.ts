import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { QueryHandler, QueryRouteOptions } from "@bepalo/query";
import { sql } from "drizzle-orm";
import { everywhere, type Place, type Told } from "../support/everywhere.ts";
import { routeOver, watch } from "../support/laws.ts";
import { EMPTY, FILL, postgresql, sqlite } from "../support/tenants.ts";

// What the caller may do with each row, told with it.

interface Who {
  readonly me: number;
  readonly org: number;
  readonly roles: readonly string[];
}

const ADA: Who = { me: 1, org: 1, roles: ["user"] };
const BEN: Who = { me: 2, org: 1, roles: ["user"] };
const ADMIN: Who = { me: 1, org: 1, roles: ["admin", "user"] };
const T = true;

const session: QueryRouteOptions["session"] = {
  parser: (request, context) => void Object.assign(context, JSON.parse(request.headers.get("x-who") ?? "{}")),
  getRole: (_request, context) => (context as Partial<Who>).roles,
};

const acl = {
  projects: {
    table: "project",
    control: {
      GET: { all: { select: { columns: ["id", "open"] }, with: { tasks: "tasks" } } },
      PATCH: {
        user: { select: T, where: ({ me }: Who, t: any, { eq }: any) => eq(t.ownerId, me) },
        admin: { select: T },
        guest: { select: T, where: () => false },
      },
      DELETE: {
        admin: { select: T, where: async (_c: Who, t: any, { eq }: any) => eq(t.open, false) },
        mine: { select: T, where: () => undefined },
      },
    },
  },
  tasks: {
    table: "task",
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id", "title"] },
            { columns: ["status"], when: (_c: Who, t: any, { ne }: any) => ne(t.id, 2) },
          ],
        },
      },
      PATCH: { all: { parent: { project: "mine" } } },
      DELETE: { all: { where: (_c: Who, t: any, { eq, or }: any) => or(eq(t.id, 1), eq(t.id, 2)) } },
    },
  },
  mine: {
    table: "project",
    control: {
      GET: { all: { select: T, where: ({ me }: Who, t: any, { eq }: any) => eq(t.ownerId, me) } },
    },
  },
  ruled: {
    table: "project",
    control: {
      GET: { boss: { select: { columns: ["id"] } } },
      PATCH: { staff: { where: ({ role }: any) => role === "boss" } },
      DELETE: { staff: { where: ({ role, roles }: any) => role === "staff" && roles.length === 2 } },
    },
  },
  doubles: {
    table: "project",
    control: {
      GET: { all: { select: true, extras: { doubled: (_c: Who, t: any) => sql`${t.id} * 2` } } },
      DELETE: { all: { where: (_c: Who, t: any, { eq }: any) => eq(t.open, true) } },
    },
  },
  counts: {
    table: "project",
    control: {
      GET: { all: { select: false, extras: { all: sql`count(*)`.as("all") } } },
      DELETE: { all: { where: (_c: Who, t: any, { eq }: any) => eq(t.open, false) } },
    },
  },
  shared: {
    table: "project",
    control: {
      GET: { all: { select: { columns: ["id"] } } },
      PATCH: { all: { where: ({ role }: any) => role === "boss" } },
    },
  },
  members: { table: "member", control: { GET: { all: { select: { columns: ["id"] } } } } },
};

const tables = {
  project: { where: ({ org }: Who, t: any, { eq }: any) => eq(t.orgId, org) },
  task: { where: ({ org }: Who, t: any, { eq }: any) => eq(t.orgId, org) },
  member: { where: ({ org }: Who, t: any, { eq }: any) => eq(t.orgId, org) },
};

everywhere({ sqlite, postgresql }, {}, (place: Place): void => {
  let handle: QueryHandler;
  beforeAll(async () => {
    for (const text of [...EMPTY, ...FILL]) await place.run(text);
    handle = place.handler(acl, { session, tables });
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  async function send(who: Who, method: string, path: string, body?: unknown): Promise<Told> {
    const headers = { "content-type": "application/json", "x-who": JSON.stringify(who) };
    const init = body === undefined ? { headers } : { headers, body: JSON.stringify(body) };
    const response = await handle(new Request(`http://local/query/${path}`, { method, ...init }));
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
  const get = (who: Who, path: string): Promise<Told> => send(who, "GET", path);

  describe("the flag `can`", () => {
    test("says of each row which changes would reach it, for the methods that resolve", async () => {
      const rows = (told: Told): unknown => told.body.projects;
      expect(rows(await get(ADA, "projects?can"))).toEqual([
        { id: 1, open: true, $can: { PATCH: true, DELETE: false } },
        { id: 2, open: false, $can: { PATCH: false, DELETE: false } },
      ]);
      expect(rows(await get(ADMIN, "projects?can=T"))).toEqual([
        { id: 1, open: true, $can: { PATCH: true, DELETE: false } },
        { id: 2, open: false, $can: { PATCH: true, DELETE: true } },
      ]);
      expect(rows(await get(ADA, "projects?guest&can&findFirst"))).toEqual({
        id: 1,
        open: true,
        $can: { PATCH: false },
      });
      expect((await get(ADA, "members?can")).body.members[0]).toEqual({ id: 1, $can: {} });
    });

    test("says nothing where it is not asked, or of what is not answered", async () => {
      for (const path of ["projects", "projects?can=F"])
        expect((await get(ADA, path)).body.projects[0]).toEqual({ id: 1, open: true });
      expect((await get(ADA, "projects?can&select=(columns:F)")).body).toEqual({ count: 2 });
      const wrong = await get(ADA, "projects?can=2");
      expect(wrong.body).toMatchObject({ code: "invalid-value", path: "can" });
      const write = await send(ADMIN, "PATCH", "projects?can", { open: true });
      expect(write.body).toMatchObject({ code: "unknown-parameter", path: "can" });
    });

    test("stands beside masks, parents, filters, orders and relations", async () => {
      const told = await get(BEN, "tasks?can&countTotal&select=(where:(id.lte:3),orderBy:(id:desc))");
      expect(told.body).toEqual({
        total: 5,
        count: 3,
        tasks: [
          { id: 3, title: "dust", status: "todo", $can: { PATCH: true, DELETE: false } },
          {
            id: 2,
            title: "crew",
            status: null,
            $masked: ["status"],
            $can: { PATCH: false, DELETE: true },
          },
          { id: 1, title: "fuel", status: "todo", $can: { PATCH: false, DELETE: true } },
        ],
      });
      const nested = await get(ADA, "projects?can&findFirst&select=(with:(tasks:(columns:~T(id,status)~)))");
      expect(nested.body.projects).toEqual({
        id: 1,
        open: true,
        tasks: [
          { id: 1, status: "todo" },
          { id: 2, status: null, $masked: ["status"] },
        ],
        $can: { PATCH: true, DELETE: false },
      });
    });

    test("stands beside computed fields alone, and is refused where they make one row of many", async () => {
      const told = await get(ADA, "doubles?can&select=(columns:~T(doubled)~,orderBy:(id:asc))");
      expect(told.body.doubles).toEqual([
        { doubled: 2, $can: { DELETE: true } },
        { doubled: 4, $can: { DELETE: false } },
      ]);
      expect((await get(ADA, "counts")).body.counts).toEqual([{ all: 2 }]);
      expect((await get(ADA, "counts?can")).body).toMatchObject({ code: "invalid-value", path: "can" });
    });

    test("asks each rule in the role that it applies for", async () => {
      const told = await get({ ...ADA, roles: ["boss", "staff"] }, "ruled?can&findFirst");
      expect(told.body.ruled).toEqual({ id: 1, $can: { PATCH: false, DELETE: true } });
    });

    test("tells nobody what another's role may do, whoever asks the same question by turns", async () => {
      for (const role of ["boss", "boss", "staff", "boss", "visitor"]) {
        const told = await get({ ...ADA, roles: [role] }, "shared?can&findFirst");
        expect([role, told.body.shared.$can]).toEqual([role, { PATCH: role === "boss" }]);
      }
    });

    test("agrees with what changes then reach, whoever asks the same question by turns", async () => {
      for (const who of [ADA, ADMIN, BEN, ADA, ADMIN, BEN])
        for (const { id, $can } of (await get(who, "projects?can")).body.projects) {
          const told = await send(who, "PATCH", `projects?select=(where:(id:${id}),columns:F)`, {
            name: "x",
          });
          expect(told.body.rowsAffected).toBe($can.PATCH ? 1 : 0);
        }
    });
  });
});

test("it is no statement more", async () => {
  const { database, executed, close } = await watch("bun:sqlite");
  const where = ({ me }: { me: number }, t: any, { eq }: any): unknown => eq(t.authorId, me);
  const articles = {
    table: "article",
    control: {
      GET: { all: { select: T, with: { author: T } } },
      PATCH: { all: { select: T, where, parent: { author: "authors" } } },
      DELETE: { all: { where } },
    },
  };
  const authors = { table: "author", control: { GET: { all: { select: T } } } };
  const { ask } = routeOver({ articles, authors }, database);
  for (const path of ["articles?can", "articles?can&countTotal&select=(with:(author:T))"]) {
    executed.length = 0;
    expect((await ask("GET", path, 1)).status).toBe(200);
    expect([path, executed.length]).toEqual([path, 1]);
  }
  close();
});
