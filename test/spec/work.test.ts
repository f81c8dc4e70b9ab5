import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { createQueryRoute, type LimitOptions } from "@bepalo/query";
import { relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const org = sqliteTable("org", { id: integer("id").primaryKey(), name: text("name").notNull() });
const task = sqliteTable(
  "task",
  {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    title: text("title").notNull(),
    place: integer("place").notNull(),
    rank: integer("rank").notNull(),
  },
  (t) => [index("task_org").on(t.orgId), index("task_rank").on(t.rank)],
);
const note = sqliteTable("note", {
  id: integer("id").primaryKey(),
  taskId: integer("task_id").notNull(),
  body: text("body").notNull(),
});
const schema = {
  org,
  task,
  note,
  orgRelations: relations(org, ({ many }) => ({ tasks: many(task) })),
  taskRelations: relations(task, ({ one, many }) => ({
    org: one(org, { fields: [task.orgId], references: [org.id] }),
    notes: many(note),
  })),
  noteRelations: relations(note, ({ one }) => ({
    task: one(task, { fields: [note.taskId], references: [task.id] }),
  })),
};

const client = new Database(":memory:");
client.run("create table org (id integer primary key, name text not null)");
client.run(
  "create table task (id integer primary key, org_id integer not null, title text not null, place integer not null, rank integer not null)",
);
client.run("create index task_org on task (org_id)");
client.run("create table note (id integer primary key, task_id integer not null, body text not null)");
client.run("insert into org values (1, 'one')");
const refill = (): void => {
  client.run("delete from task");
  client.run("insert into task values (1, 1, 'a', 1, 1), (2, 1, 'b', 2, 2)");
};
refill();
afterAll(() => client.close());
const database = drizzle(client, { schema });

const orgs = {
  select: true,
  with: {
    tasks: {
      select: true,
      with: { org: { select: true, with: { tasks: { select: true } } }, notes: { select: true } },
    },
  },
} as const;
const tasks = { select: true, with: { org: orgs, notes: { select: true } } } as const;
const writes = { ...tasks, check: true, validateBody: (body: unknown) => body } as const;

interface Refusal {
  readonly error: string;
  readonly code: string;
  readonly path: string;
  readonly hint: string;
}

interface Answer {
  readonly status: number;
  readonly body: Refusal;
}

type Ask = (path: string, method?: "GET" | "POST" | "PATCH" | "DELETE", body?: object) => Promise<Answer>;

/** Asks a route whose limits are these. */
function route(defaults: LimitOptions, entry: LimitOptions = {}, rule: LimitOptions = {}): Ask {
  const handlers = createQueryRoute({
    acl: {
      tasks: {
        table: "task",
        ...entry,
        control: {
          GET: { all: { ...tasks, ...rule } },
          POST: { all: writes },
          PATCH: { all: writes },
          DELETE: { all: writes },
        },
      },
      ruled: { table: "task", control: { GET: { all: { ...tasks, where: () => sql`1` } } } },
      computed: {
        table: "task",
        control: {
          GET: {
            all: { select: true, extras: { twice: sql<number>`${task.place} * 2`.as("twice") } },
          },
        },
      },
      orgs: { table: "org", control: { GET: { all: orgs } } },
    },
    database,
    schema,
    defaults,
    onWarning: () => undefined,
  });
  return async (path, method = "GET", body) => {
    const [resource, select] = path.split("?");
    const [flags, wishes] = (select ?? "").split("|");
    const query = [flags, wishes && `select=${encodeURIComponent(wishes)}`].filter(Boolean).join("&");
    const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const request = new Request(`http://work.test/query/${resource}?${query}`, { method, ...init });
    const response = await handlers[method](request);
    return { status: response.status, body: (await response.json()) as Refusal };
  };
}

/** The least `maxWork` that lets a question pass. */
async function workOf(path: string, method?: "POST" | "PATCH" | "DELETE", body?: object): Promise<number> {
  const passes = async (maxWork: number): Promise<boolean> => {
    const { status, body: answer } = await route({ maxWork, maxCost: null })(path, method, body);
    if (method !== undefined) refill();
    if (status !== 200) expect([path, status, answer.code]).toEqual([path, 400, "too-complex"]);
    return status === 200;
  };
  let [low, high] = [0, 2 ** 32];
  expect([path, await passes(high)]).toEqual([path, true]);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const patterns = (count: number, operator = "icontains"): string =>
  `OR:_(${Array.from({ length: count }, (_, n) => `(title.${operator}:'x${n}')`).join(",")})_`;

/** Each task of each task's organisation is tried with sixteen patterns: 53 s where an organisation has 50,000 tasks. */
const HUB = `tasks?|(with:(org:(with:(tasks:(limit:1,where:(${patterns(16)}))))))`;

describe("the work of a question is bounded before it is asked", () => {
  const ask = route({});

  test("patterns for the children of many parents are refused, at the filter they stand in", async () => {
    expect(HUB.length).toBeLessThan(550);
    for (const path of [HUB, HUB.replace("limit:1", "limit:100")])
      expect(await ask(path)).toEqual({
        status: 400,
        body: {
          error: "this could be more work than looking at 2500000 rows",
          code: "too-complex",
          path: "select.with.org.with.tasks.where",
          hint: "ask for fewer patterns, or for less above it with `limit`",
        },
      });
    expect((await ask(HUB.replace("(with:(org", "(limit:5,with:(org"))).status).toBe(200);
  });

  test.each([
    ["a list with a pattern under each of a hundred", "orgs?|(with:(tasks:(where:(title.icontains:'a'))))"],
    ["the same where no index helps", "tasks?|(with:(notes:(where:(body.icontains:'a'))))"],
    [
      "twenty of twenty of twenty",
      "tasks?|(limit:20,with:(org:(with:(tasks:(limit:20))),notes:(limit:20,where:(body.contains:'a'))))",
    ],
    [
      "patterns, an order without an index, and rows skipped",
      `tasks?countTotal|(where:(${patterns(5)}),orderBy:(place:desc),offset:10000)`,
    ],
    ["sixteen patterns at the top", `tasks?countTotal|(where:(${patterns(16)}),orderBy:(place:desc))`],
    ["a hundred conditions", `tasks?|(where:(OR:_(${"(place:1),".repeat(99)}(place:2))_))`],
    [
      "how many rows each row of a list in a list has, and an order and a filter by it",
      "tasks?|(with:(org:(count:~T(tasks)~)),count:~T(notes)~,where:(notes.count.gte:0),orderBy:(notes.count:desc))",
    ],
    ["numbers of the rows of a list in a list", "orgs?|(with:(tasks:(with:(org:(count:~T(tasks)~)))))"],
    ["filters in filters where no index helps", "orgs?|(where:(tasks.some:(notes.some:(id.gt:0))))"],
    ["rows skipped in a relation", "orgs?|(with:(tasks:(offset:10000)))"],
  ])("%s pass", async (_, path) => {
    expect((await ask(path)).status).toBe(200);
  });

  test("whatever the tables hold", async () => {
    const answers = async (): Promise<unknown> =>
      Promise.all(
        [HUB, "orgs?|(columns:F,with:(tasks:(columns:F)))", `tasks?|(columns:F,where:(${patterns(16)}))`].map(
          async (path) => {
            const { status, body } = await ask(path);
            return status === 200 ? status : body;
          },
        ),
      );
    const few = await answers();
    client.run(
      "with recursive n(i) as (select 3 union all select i + 1 from n where i < 20000) insert into task select i, 1, 't', i, i from n",
    );
    expect(await answers()).toEqual(few);
    client.run("delete from task");
    expect(await answers()).toEqual(few);
    refill();
  });
});

describe("what is weighed", () => {
  test.each([
    ["a row by its key is one, and a comparison", "tasks?|(where:(id:1))", 2],
    ["rows by their keys are as many, looked up and sorted", "tasks?|(where:(id.in:_(1,2,3)_))", 15],
    ["a page in the order of an index is its rows", "tasks?|(limit:20)", 20],
    ["so is the one after a key", "tasks?|(limit:20,where:(id.gt:7))", 25],
    ["no rows are none", "tasks?|(limit:0)", 0],
    ["the first is one", "tasks?findFirst", 1],
    ["rows skipped are looked at", "tasks?|(limit:20,offset:500)", 520],
    ["rows that are alike in an index are sorted", "tasks?|(limit:20,orderBy:(rank:desc))", 420],
    ["what no index sorts is sorted whole", "tasks?|(limit:20,orderBy:(place:asc))", 4_000],
    ["a filter that no index serves is tried on all", "tasks?|(limit:20,where:(place:1))", 1_250],
    ["one that an index serves, on a group", "tasks?|(limit:20,where:(orgId:1))", 25],
    ["a count has no order", "tasks?|(columns:F,orderBy:(place:asc),where:(place:1))", 1_250],
    ["a total is a look at all", "tasks?countTotal|(limit:20)", 1_020],
    ["what a filter leaves is counted on all that it is tried on", "tasks?countFiltered|(limit:20)", 1_020],
    ["or on a group that an index finds", "tasks?countFiltered|(limit:20,where:(orgId:1))", 150],
    ["or on one row", "tasks?countFiltered|(where:(id:1))", 3],
    ["a rule is one more comparison", "ruled?countTotal|(limit:20)", 2_040],
    ["so is a computed field", "computed?|(limit:20)", 40],
    ["the one of a relation is one for each", "tasks?|(limit:20,with:(org:T))", 40],
    ["a list is one for each of its rows", "orgs?|(limit:20,with:(tasks:(limit:5)))", 120],
    ["its filter is tried on a group", "orgs?|(limit:20,with:(tasks:(limit:5,where:(place:1))))", 2_520],
    ["without an index more is read", "tasks?|(limit:20,with:(notes:(limit:5)))", 14_020],
    [
      "limits multiply",
      "tasks?|(limit:10,with:(org:(with:(tasks:(limit:30,where:(title.contains:'a'))))))",
      9_020,
    ],
  ])("%s", async (_, path, work) => {
    expect(await workOf(path)).toBe(work);
  });

  const filtered = (filter: string): Promise<number> => workOf(`tasks?|(where:(${filter}))`);

  test.each(["contains", "startsWith", "endsWith", "like", "notLike"])("%s weighs more", async (operator) => {
    const one = await filtered(`title.${operator}:'a%'`);
    expect(one).toBeGreaterThanOrEqual(9_000);
    expect(await filtered(`title.i${operator}:'a%'`.replace("inotLike", "notIlike"))).toBeGreaterThan(one);
  });

  test("each pattern counts, wherever it stands, and each wildcard", async () => {
    const one = await filtered(patterns(1, "like"));
    expect(await filtered(patterns(3, "like"))).toBe(3 * one - 2_000);
    expect(await filtered(`NOT:(${patterns(3, "like")})`)).toBe(3 * one - 2_000);
    expect(await filtered("title.like:'%x%'")).toBe(one + 2_000);
  });

  test("the example of the manual", async () => {
    const asked = (limit: number, count: number): Promise<number> =>
      workOf(`tasks?|(limit:${limit},with:(org:(with:(tasks:(where:(${patterns(count)}))))))`);
    expect([await asked(100, 16), await asked(100, 1), await asked(6, 16)]).toEqual([
      2_570_200, 170_200, 154_212,
    ]);
  });

  test("written are rows that were read: those that a filter tries, and a page of what is answered", async () => {
    const change = { place: 3 };
    const counts = "columns:F,where";
    expect(await workOf(`tasks?|(${counts}:(id:1))`, "PATCH", change)).toBe(2);
    expect(await workOf(`tasks?|(${counts}:(title.contains:'a'))`, "PATCH", change)).toBe(9_000);
    expect(await workOf(`tasks?|(${counts}:(title.contains:'a'))`, "DELETE")).toBe(9_000);
    expect(await workOf(`tasks?|(${counts}:(orgId:1))`, "DELETE")).toBe(125);
    const row = { orgId: 1, title: "c", place: 3, rank: 3 };
    expect(await workOf("tasks?|(columns:F)", "POST", row)).toBe(0);
    const answered = "with:(org:(with:(tasks:(limit:30,where:(title.contains:'a')))))";
    expect(await workOf(`tasks?|(${answered})`, "POST", row)).toBe(90_100);
    expect(await workOf(`tasks?|(${answered},where:(orgId:1))`, "PATCH", change)).toBe(90_225);
    expect((await route({})(HUB, "POST", row)).body).toMatchObject({
      code: "too-complex",
      path: "select.with.org.with.tasks.where",
    });
  });
});

describe("the limit is an author's", () => {
  const page = "tasks?|(limit:20)";

  test.each([
    ["of the defaults", [{ maxWork: 20 }], [{ maxWork: 19 }]],
    ["of an entry", [{ maxWork: 19 }, { maxWork: 20 }], [{ maxWork: 20 }, { maxWork: 19 }]],
    ["of a rule", [{}, { maxWork: 19 }, { maxWork: 20 }], [{}, { maxWork: 20 }, { maxWork: 19 }]],
    ["lifted in a rule", [{}, { maxWork: 19 }, { maxWork: null }], [{}, { maxWork: null }, { maxWork: 19 }]],
    ["lifted in an entry", [{ maxWork: 19 }, { maxWork: null }], [{ maxWork: null }, { maxWork: 19 }]],
  ] as const)("%s", async (_, passing, refusing) => {
    expect((await route(...(passing as unknown as [LimitOptions]))(page)).status).toBe(200);
    expect((await route(...(refusing as unknown as [LimitOptions]))(page)).body.code).toBe("too-complex");
  });

  test("`null` lets everything pass", async () => {
    expect((await route({ maxWork: null })(HUB)).status).toBe(200);
  });

  test.each([
    ["tasks?|(limit:20)", 19, "select", "ask for less with `limit`"],
    [
      "tasks?|(limit:20,orderBy:(place:asc))",
      999,
      "select.orderBy",
      "leave the order out, or ask for less above it with `limit`",
    ],
    ["tasks?|(limit:20,offset:500)", 500, "select.offset", "filter by the last row's key instead"],
    ["tasks?countTotal|(limit:20)", 500, "countTotal", "ask without it: `countTotal=F`"],
    ["tasks?|(limit:20,with:(notes:T))", 500, "select.with.notes", "ask for less with `limit`"],
  ])("%s beyond %i: at %s", async (path, maxWork, place, hint) => {
    expect((await route({ maxWork })(path)).body).toEqual({
      error: `this could be more work than looking at ${maxWork} rows`,
      code: "too-complex",
      path: place,
      hint,
    });
  });
});
