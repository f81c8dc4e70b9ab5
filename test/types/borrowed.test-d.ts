// The client under rules that borrow from resources, mask columns, declare parameters, and that are said of tables. Checked
// by the compiler, never run: each line that must not compile says why.
import type { ACL, InferApi, TableRules } from "@bepalo/query";
import {
  type ChangeQuestion,
  createQueryClient,
  type PatchBody,
  type PostBody,
  type PostQuestion,
  type ReadQuestion,
  type RowOf,
} from "@bepalo/query/client";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
import { relations, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expectTypeOf } from "expect-type";

const person = sqliteTable("people", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull(),
  wage: integer("wage"),
  bossId: integer("boss_id"),
});
const project = sqliteTable("projects", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  leadId: integer("lead_id").notNull(),
});
const task = sqliteTable("tasks", {
  id: integer("id").primaryKey(),
  orgId: text("org_id").notNull(),
  title: text("title").notNull(),
  price: integer("price").notNull(),
  version: integer("version").notNull(),
  deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  ownerId: integer("owner_id").notNull(),
  projectId: integer("project_id").notNull(),
});
const schema = {
  person,
  project,
  task,
  personRelations: relations(person, ({ one, many }) => ({
    boss: one(person, { fields: [person.bossId], references: [person.id] }),
    tasks: many(task),
    led: many(project),
  })),
  projectRelations: relations(project, ({ one, many }) => ({
    lead: one(person, { fields: [project.leadId], references: [person.id] }),
    tasks: many(task),
  })),
  taskRelations: relations(task, ({ one }) => ({
    owner: one(person, { fields: [task.ownerId], references: [person.id] }),
    project: one(project, { fields: [task.projectId], references: [project.id] }),
  })),
};
interface Session {
  readonly org: string;
  readonly me: number;
}

const tables = {
  task: {
    where: ({ org }, task, { eq }) => eq(task.orgId, org),
    set: { orgId: ({ org }) => org },
    softDelete: "deletedAt",
    version: "version",
  },
} satisfies TableRules<Session, typeof schema>;

const rules = {
  people: {
    table: "person",
    control: {
      GET: {
        admin: { select: true, with: { boss: "people", tasks: "tasks" } },
        mine: {
          select: [
            { columns: new Set(["id", "name", "bossId"]) },
            { columns: ["email", "wage"], when: ({ me }, person, { eq }) => eq(person.id, me) },
          ],
          where: () => true,
          extras: {
            fixed: sql<number>`1`.as("fixed"),
            own: ({ me }, person) => sql<boolean>`${person.id} = ${me}`,
            named: async () => sql<string>`1`.as("named"),
            moment: () => sql<Date>`1`,
          },
          with: { boss: "people", led: "projects" },
        },
        guest: { with: { tasks: "tasks" } },
      },
      PATCH: { mine: { select: true, where: () => true } },
    },
  },
  projects: {
    table: "project",
    control: { GET: { all: { select: true, with: { lead: "people", tasks: "tasks" } } } },
  },
  tasks: {
    table: "task",
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["orgId"] },
          with: { owner: "people", project: "projects" },
        },
      },
      POST: { all: {} },
      PATCH: { mine: { where: () => true }, all: { write: { columns: ["title"] } } },
      DELETE: { admin: {} },
    },
  },
  prices: {
    table: "task",
    control: {
      GET: { all: { select: true, parent: { project: "projects" } } },
      POST: {
        all: {
          write: [{ columns: ["title", "ownerId"] }, { columns: new Set(["price"]), when: () => true }],
        },
      },
      PATCH: {
        all: {
          write: [{ columns: ["title"] }, { columns: new Set(["price"]), when: () => true }],
        },
      },
    },
  },
  owners: {
    table: "project",
    control: {
      GET: { all: { select: true, with: { lead: { select: true, parent: { boss: "people" } } } } },
    },
  },
  trash: {
    table: "task",
    control: {
      GET: { all: { select: true, deleted: "only" } },
      POST: { all: { unrestricted: true } },
      PATCH: { all: { deleted: "only", write: { columns: ["deletedAt"] } } },
    },
  },
  bin: {
    table: "task",
    control: { PATCH: { all: { deleted: "include", write: { mode: false, columns: ["title"] } } } },
  },
  shelf: {
    table: "task",
    control: {
      PATCH: {
        all: {
          deleted: "include",
          write: [{ columns: ["title"] }, { columns: ["deletedAt"], when: () => true }],
        },
      },
    },
  },
  visits: {
    table: "project",
    control: { GET: { all: { select: true, with: { tasks: true, lead: "nobody" } } } },
  },
  masked: {
    table: "person",
    control: {
      POST: {
        all: { select: [{ columns: ["id"] }, { columns: ["wage"], when: () => true }] },
      },
    },
  },
} satisfies ACL<"admin", Session, object, typeof schema>;
type Api = InferApi<typeof rules, typeof schema>;
type Said = InferApi<typeof rules, typeof schema, {}, typeof tables>;
const api = createQueryClient<Api>();
const said = createQueryClient<Said>();

/* A relation under the name of a resource is what somebody may GET there, as far as the question goes, in circles too. */

interface Person {
  id: number;
  name: string;
  email: string | null;
  wage: number | null;
  bossId: number | null;
  $masked?: readonly ("email" | "wage")[];
  fixed?: number;
  own?: boolean;
  named?: string;
  moment?: unknown;
}

export async function borrowed(): Promise<void> {
  const { projects } = await api.get("projects", { with: { lead: true } });
  // The rule of `mine` has a filter, so that a lead may be hidden from some.
  expectTypeOf(projects[0]!.lead).toEqualTypeOf<Person | null>();
  const around = await api.get("projects", {
    columns: { id: true },
    with: {
      lead: {
        columns: { name: true },
        with: {
          boss: { columns: { email: true }, with: { boss: { columns: { name: true } } } },
          led: {
            columns: { name: true },
            where: { "name.like": "a%" },
            limit: 1,
            with: { tasks: { columns: { title: true }, with: { project: { with: { lead: true } } } } },
          },
        },
      },
    },
  });
  type Lead = NonNullable<(typeof around.projects)[0]["lead"]>;
  expectTypeOf<Lead["name"]>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<Lead["boss"]>>().toEqualTypeOf<{
    email: string | null;
    $masked?: readonly "email"[];
    boss: { name: string } | null;
  }>();
  expectTypeOf<Lead["led"][0]["tasks"][0]["title"]>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<Lead["led"][0]["tasks"][0]["project"]["lead"]>["name"]>().toEqualTypeOf<string>();
  await api.get("tasks", { with: { owner: { with: { tasks: { limit: 1 } } } } });
  // @ts-expect-error no rule for tasks lets `orgId` out
  await api.get("people", { with: { tasks: { columns: { orgId: true } } } });
  // @ts-expect-error a project has no column `title`
  await api.get("people", { with: { led: { where: { "title.like": "a%" } } } });
  await api.get("people", {
    with: {
      led: {
        with: {
          lead: {
            with: {
              // @ts-expect-error a project has no column `title`, at no depth
              led: { columns: { title: true } },
            },
          },
        },
      },
    },
  });
  // @ts-expect-error a boss is one row
  await api.get("people", { with: { boss: { limit: 1 } } });
  // @ts-expect-error the rule that names nothing but tasks has no `select`, and the others do not stand there
  await api.get("people", { mine: true, with: { tasks: true } });
  // @ts-expect-error there is no such resource, so nothing of it can be named
  await api.get("visits", { with: { lead: { columns: { name: true } } } });
}

/* Questions and rows that are known by their types only end, whatever leads in circles. */

export async function passed(question: ReadQuestion<Api, "people">): Promise<void> {
  const { people } = await api.get("people", question);
  expectTypeOf(people).items.toHaveProperty("name");
  await queryOptions(api)
    .get("people", question)
    .queryFn({ signal: AbortSignal.timeout(5) });
  const own: ReadQuestion<Api, "people"> = {
    with: { led: { with: { lead: { with: { led: { with: { lead: { columns: { name: true } } } } } } } } },
  };
  await api.get("people", own);
  // @ts-expect-error a person has no column `title`, at no depth
  void ({ with: { led: { with: { lead: { columns: { title: true } } } } } } satisfies typeof own);
}

/* A masked column may be null, and a row says which of its columns are. */

export async function masked(): Promise<void> {
  const { people } = await api.get("people", {
    mine: true,
    columns: { id: true, email: true, own: true, named: true, moment: true, fixed: true },
    where: { "wage.gt": 5 },
    orderBy: { email: "asc" },
  });
  expectTypeOf(people).toEqualTypeOf<
    {
      id: number;
      email: string | null;
      own: boolean;
      named: string;
      moment: unknown;
      fixed: number;
      $masked?: readonly "email"[];
    }[]
  >();
  const plain = await api.get("people", { mine: true, columns: { id: true, name: true } });
  expectTypeOf(plain.people).toEqualTypeOf<{ id: number; name: string }[]>();
  expectTypeOf<RowOf<Api, "masked", "POST">>().toEqualTypeOf<{
    id: number;
    wage: number | null;
    $masked?: readonly "wage"[];
  }>();
  // By default nobody writes what is masked for him.
  expectTypeOf<PostBody<Api, "masked">>().not.toHaveProperty("wage");
  expectTypeOf<PostBody<Api, "masked">>().toHaveProperty("email");
}

/* What may be done with a row. */

export async function can(perhaps: boolean): Promise<void> {
  const columns = { id: true } as const;
  const { tasks } = await api.get("tasks", { can: true, columns });
  expectTypeOf(tasks).toEqualTypeOf<{ id: number; $can: { PATCH?: boolean; DELETE?: boolean } }[]>();
  const mine = await api.first("tasks", { can: true, mine: true, columns });
  expectTypeOf(mine.tasks).toEqualTypeOf<{ id: number; $can: { PATCH?: boolean } } | null>();
  const { projects } = await api.get("projects", { can: true, columns });
  expectTypeOf(projects).toEqualTypeOf<{ id: number; $can: {} }[]>();
  const unsure = await api.get("people", { can: perhaps, mine: true, columns });
  expectTypeOf(unsure.people).toEqualTypeOf<{ id: number; $can?: { PATCH?: boolean } }[]>();
  const no = await api.get("people", { can: false, mine: true, columns });
  expectTypeOf(no.people).toEqualTypeOf<{ id: number }[]>();
  // @ts-expect-error a write does not say
  await api.patch("people", { name: "a" }, { can: true, where: { id: 1 } });
  // @ts-expect-error it is a flag
  await api.get("people", { can: "PATCH" });
  // @ts-expect-error relations do not say
  await api.get("people", { with: { boss: { can: true } } });
}

/* Parameters a resource declares, as their validators take them. */

/** A validator, as far as types go. */
interface Validator<Input, Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Output };
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

declare const org: Validator<string, string>;
declare const since: Validator<string | undefined, Date | undefined>;
declare const anything: Validator<unknown, number>;

const declaring = {
  tasks: {
    table: "task",
    params: { org, since },
    control: {
      GET: { all: { select: true } },
      POST: { all: {} },
      PATCH: { all: {} },
      DELETE: { all: {} },
    },
  },
  prices: { table: "task", params: { since, anything }, control: { GET: { all: { select: true } } } },
  people: {
    table: "person",
    control: {
      GET: { admin: { select: true, with: { tasks: "tasks" } }, mine: { select: true, where: () => true } },
      PATCH: { mine: { where: () => true, parent: { boss: "people" } } },
    },
  },
  projects: {
    table: "project",
    control: { GET: { all: { select: true, with: { lead: { select: true, with: { boss: "people" } } } } } },
  },
  names: { table: "person", control: { GET: { all: { select: { columns: ["name"] } } } } },
} satisfies ACL<"admin", Session, object, typeof schema>;
type Declaring = InferApi<typeof declaring, typeof schema>;

export async function parameters(name: string): Promise<void> {
  const api = createQueryClient<Declaring>();
  const params = { org: "a" };
  const task = { orgId: "a", title: "a", price: 1, version: 1, ownerId: 1, projectId: 1 };
  await api.get("tasks", { params });
  await api.first("tasks", { params: { org: "a", since: "2020-01-01" }, columns: { id: true } });
  await api.post("tasks", task, { params });
  await api.patch("tasks", { title: "a" }, { params, where: { id: 1 } });
  // @ts-expect-error tasks want an organisation
  await api.get("tasks");
  // @ts-expect-error tasks want an organisation
  await api.get("tasks", {});
  // @ts-expect-error tasks want an organisation
  await api.get("tasks", { columns: { id: true } });
  // @ts-expect-error tasks want an organisation
  await api.get("tasks", { params: {} });
  // @ts-expect-error tasks want an organisation
  await api.first("tasks");
  // @ts-expect-error tasks want an organisation
  await api.post("tasks", task);
  // @ts-expect-error tasks want an organisation
  await api.patch("tasks", { title: "a" });
  // @ts-expect-error tasks want an organisation
  await api.delete("tasks", { where: { id: 1 } });
  // @ts-expect-error an organisation is a text
  await api.get("tasks", { params: { org: 5 } });
  // @ts-expect-error there is no parameter `orgg`
  await api.get("tasks", { params: { org: "a", orgg: "b" } });
  // @ts-expect-error nothing is declared for names, nor by what they borrow
  await api.get("names", { params });
  await api.get("names");
  // @ts-expect-error tasks want an organisation
  queryOptions(api).get("tasks");
  // @ts-expect-error tasks want an organisation
  mutationOptions(api).patch("tasks");
  mutationOptions(api).patch("tasks", { params: { org: name } });
  // What may be left out may be left out, with all the others.
  await api.get("prices");
  await api.get("prices", { params: { anything: 5 } });
  await api.get("prices", { params: { since: name } });
  // @ts-expect-error tasks want an organisation
  void ({} satisfies ReadQuestion<Declaring, "tasks">);
  // @ts-expect-error tasks want an organisation
  void ({} satisfies PostQuestion<Declaring, "tasks">);
  // @ts-expect-error an organisation is a text
  void ({ params: { org: 5 } } satisfies ChangeQuestion<Declaring, "tasks", "PATCH">);
  const question: ReadQuestion<Declaring, "tasks"> = { params };
  await api.get("tasks", question);

  // A rule that borrows takes what the resource declares; here one of the rules that may apply does.
  await api.get("people");
  await api.get("people", { params, with: { tasks: true } });
  // @ts-expect-error nothing is borrowed by the rule for one's own
  await api.get("people", { mine: true, params });
  // @ts-expect-error what is borrowed borrows, and wants an organisation
  await api.get("projects");
  await api.get("projects", { params });
  // @ts-expect-error a parent's rule is borrowed too, and wants an organisation
  await api.patch("people", { name: "a" }, { where: { id: 1 } });
  await api.patch("people", { name: "a" }, { where: { id: 1 }, params });
}

/* Versions. */

export async function versions(version: number, perhaps: boolean): Promise<void> {
  const where = { id: 1 };
  await said.patch("trash", { deletedAt: null }, { where, ifVersion: version });
  await said.patch("prices", { title: "a" }, { where, ifVersion: [7, 8] });
  await said.patch("prices", { title: "a" }, { where, ifVersion: "*" });
  await api.patch("prices", { title: "a" }, { where, ifVersion: 7 });
  const question: ChangeQuestion<Said, "prices", "PATCH"> = { where, ifVersion: version };
  await said.patch("prices", { title: "a" }, question);
  await mutationOptions(said)
    .patch("prices")
    .mutationFn({ where, body: { title: "a" }, ifVersion: 7 });
  // @ts-expect-error a version is a number
  await said.patch("prices", { title: "a" }, { where, ifVersion: "7" });
  // @ts-expect-error a version that may be undefined would guard nothing
  await said.patch("prices", { title: "a" }, { where, ifVersion: perhaps ? version : undefined });
  // @ts-expect-error people have no versions
  await said.patch("people", { name: "a" }, { where, ifVersion: 7 });
  // @ts-expect-error a GET guards nothing
  await said.get("prices", { ifVersion: 7 });
  // @ts-expect-error a POST guards nothing
  await said.post("prices", { title: "a", ownerId: 1 }, { ifVersion: 7 });
  // @ts-expect-error it is said when the mutation is called
  mutationOptions(said).patch("prices", { ifVersion: 7 });
}

/* Bodies: columns of grants, and those the server sets. */

expectTypeOf<keyof PatchBody<Api, "prices">>().toEqualTypeOf<"title" | "price">();
expectTypeOf<keyof PostBody<Api, "prices">>().toEqualTypeOf<"title" | "ownerId">();
expectTypeOf<PostBody<Said, "tasks">>().toEqualTypeOf<{
  readonly title: string;
  readonly price: number;
  readonly ownerId: number;
  readonly projectId: number;
}>();
expectTypeOf<keyof PatchBody<Said, "tasks">>().toEqualTypeOf<"title" | "price" | "ownerId" | "projectId">();
// `unrestricted` leaves out what the table sets, `deleted` lets a row be restored; versions are always the server's.
expectTypeOf<PostBody<Said, "trash">>().toEqualTypeOf<{
  readonly orgId: string;
  readonly title: string;
  readonly price: number;
  readonly ownerId: number;
  readonly projectId: number;
}>();
expectTypeOf<keyof PatchBody<Said, "trash">>().toEqualTypeOf<"deletedAt">();
expectTypeOf<keyof PatchBody<Said, "shelf">>().toEqualTypeOf<"title" | "deletedAt">();
expectTypeOf<keyof PatchBody<Said, "bin">>().toEqualTypeOf<"id" | "price" | "ownerId" | "projectId">();

export async function set(): Promise<void> {
  await said.post("tasks", { title: "a", price: 1, ownerId: 1, projectId: 1 });
  const task = { title: "a", price: 1, ownerId: 1, projectId: 1 };
  // @ts-expect-error the table sets it
  await said.post("tasks", { ...task, orgId: "a" });
  // @ts-expect-error a POST goes by grants without `when`
  await api.post("prices", { title: "a", ownerId: 1, price: 1 });
}

/* Grants that stand in variables, or alone: what they let out and let be written is as certain. */

const ofAll = { columns: ["id", "name"] } as const;
const ofTasks = { columns: new Set(["title", "ownerId"] as const) };
const own = { columns: ["email"], when: () => true } as const;
const perhapsOwn: { readonly columns: readonly ["wage"]; readonly when?: () => boolean } = {
  columns: ["wage"],
};
const both = [ofAll, own] as const;

const granting = {
  named: {
    table: "person",
    control: {
      GET: {
        all: { select: [ofAll, { columns: ["email"], when: ({ me }, person, { eq }) => eq(person.id, me) }] },
      },
      POST: { all: { write: [ofAll, { columns: ["email"], when: () => true }] } },
      PATCH: { all: { write: [ofAll, { columns: ["email"], when: () => true }] } },
    },
  },
  alone: {
    table: "person",
    control: {
      GET: { all: { select: [{ columns: ["id", "name"] }] } },
      POST: { all: { write: [{ columns: ["name", "email"] }] } },
    },
  },
  only: { table: "person", control: { GET: { all: { select: [own] } } } },
  listed: { table: "person", control: { GET: { all: { select: both } }, POST: { all: { write: both } } } },
  possible: { table: "person", control: { GET: { all: { select: [ofAll, perhapsOwn] } } } },
  twice: { table: "person", control: { GET: { all: { select: [own, ofAll, { columns: ["email"] }] } } } },
  sets: {
    table: "task",
    control: {
      POST: { all: { write: [ofTasks, { columns: new Set(["price"]), when: () => true }] } },
    },
  },
} satisfies ACL<"admin", Session, object, typeof schema>;
type Granting = InferApi<typeof granting, typeof schema>;

expectTypeOf<RowOf<Granting, "named">>().toEqualTypeOf<{
  id: number;
  name: string;
  email: string | null;
  $masked?: readonly "email"[];
}>();
expectTypeOf<RowOf<Granting, "alone">>().toEqualTypeOf<{ id: number; name: string }>();
expectTypeOf<RowOf<Granting, "only">>().toEqualTypeOf<{
  email: string | null;
  $masked?: readonly "email"[];
}>();
expectTypeOf<RowOf<Granting, "listed">>().toEqualTypeOf<RowOf<Granting, "named">>();
expectTypeOf<RowOf<Granting, "possible">>().toEqualTypeOf<{
  id: number;
  name: string;
  wage: number | null;
  $masked?: readonly "wage"[];
}>();
expectTypeOf<RowOf<Granting, "twice">>().toEqualTypeOf<{ id: number; name: string; email: string }>();
expectTypeOf<keyof PostBody<Granting, "named">>().toEqualTypeOf<"id" | "name">();
expectTypeOf<keyof PatchBody<Granting, "named">>().toEqualTypeOf<"id" | "name" | "email">();
expectTypeOf<keyof PostBody<Granting, "alone">>().toEqualTypeOf<"name" | "email">();
expectTypeOf<keyof PostBody<Granting, "listed">>().toEqualTypeOf<"id" | "name">();
expectTypeOf<keyof PostBody<Granting, "sets">>().toEqualTypeOf<"title" | "ownerId">();

const granted = createQueryClient<Granting>();
export async function grants(): Promise<void> {
  await granted.post("named", { name: "a" });
  // @ts-expect-error of a new row nobody can say whose it is
  await granted.post("named", { name: "a", email: "b" });
}

/* A filter that fixes a key is wanted as any is. */

const guard = { select: true, where: () => true } as const;
const careful = {
  keyed: {
    table: "person",
    control: {
      GET: { all: { select: true, requireWhere: "key" } },
      PATCH: { all: { select: true, requireWhere: "key" } },
      DELETE: { all: { requireWhere: "key" } },
    },
  },
  either: {
    table: "person",
    control: {
      GET: { admin: { select: true, requireWhere: true }, all: { select: true, requireWhere: "key" } },
      PATCH: { admin: { requireWhere: true }, all: { requireWhere: "key" } },
      DELETE: { admin: { requireWhere: "key" }, all: { requireWhere: true } },
    },
  },
  mixed: {
    table: "person",
    control: {
      GET: { mine: { ...guard, requireWhere: "key" }, all: { select: true } },
      PATCH: { mine: { ...guard, requireWhere: "key" }, all: { requireWhere: false } },
      DELETE: { mine: { ...guard, requireWhere: "key" }, all: {} },
    },
  },
  borrowing: { table: "task", control: { GET: { all: { select: true, with: { owner: "keyed" } } } } },
} satisfies ACL<"admin", Session, object, typeof schema>;
type Careful = InferApi<typeof careful, typeof schema>;

const cautious = createQueryClient<Careful>();
export async function guarded(perhaps?: { id: number }): Promise<void> {
  const where = { id: 1 };
  await cautious.patch("keyed", { name: "a" }, { where });
  await cautious.delete("keyed", { where });
  await cautious.patch("either", { name: "a" }, { where });
  await cautious.delete("either", { where });
  await cautious.patch("mixed", { name: "a" });
  await cautious.delete("mixed");
  // @ts-expect-error a filter is wanted
  await cautious.patch("keyed", { name: "a" });
  // @ts-expect-error a filter is wanted
  await cautious.patch("keyed", { name: "a" }, { columns: { id: true } });
  // @ts-expect-error a filter is wanted
  await cautious.delete("keyed");
  // @ts-expect-error a filter is wanted
  await cautious.delete("keyed", {});
  // @ts-expect-error each rule wants a filter, if not the same
  await cautious.patch("either", { name: "a" });
  // @ts-expect-error each rule wants a filter, if not the same
  await cautious.delete("either", { countTotal: true });
  // @ts-expect-error the one rule for `mine` wants a filter
  await cautious.patch("mixed", { name: "a" }, { mine: true });
  // @ts-expect-error the one rule for `mine` wants a filter
  await cautious.delete("mixed", { mine: true });

  const { keyed } = await cautious.get("keyed", { where, columns: { id: true } });
  expectTypeOf(keyed).toEqualTypeOf<{ id: number }[]>();
  await cautious.first("either", { where });
  await cautious.get("mixed");
  await cautious.get("mixed", { where: perhaps });
  await cautious.get("mixed", { mine: true, where });
  await cautious.get("borrowing", { with: { owner: true } });
  // @ts-expect-error a filter is wanted
  await cautious.get("keyed");
  // @ts-expect-error a filter is wanted
  await cautious.first("keyed", { columns: { id: true } });
  // @ts-expect-error one that may be undefined may be none
  await cautious.get("keyed", { where: perhaps });
  // @ts-expect-error one that comes and goes may be gone
  await cautious.get("keyed", { ...(perhaps && { where: perhaps }) });
  // @ts-expect-error each rule wants a filter, if not the same
  await cautious.get("either", { limit: 5 });
  // @ts-expect-error the one rule for `mine` wants a filter
  await cautious.get("mixed", { mine: true });
  // @ts-expect-error a person has no column `nme`
  await cautious.get("keyed", { where: { nme: "a" } });
  queryOptions(cautious).get("keyed", { where });
  // @ts-expect-error a filter is wanted
  queryOptions(cautious).get("keyed");
  // @ts-expect-error a filter is wanted
  queryOptions(cautious).first("keyed", { columns: { id: true } });
}
expectTypeOf<{}>().not.toExtend<ReadQuestion<Careful, "keyed">>();
expectTypeOf<{ where: { id: 1 } }>().toExtend<ReadQuestion<Careful, "keyed">>();
expectTypeOf<{}>().toExtend<ReadQuestion<Careful, "mixed">>();
expectTypeOf<{}>().not.toExtend<ChangeQuestion<Careful, "keyed", "DELETE">>();
expectTypeOf<{}>().toExtend<ChangeQuestion<Careful, "mixed", "DELETE">>();

/* What is true of a table may hide the one row a relation leads to, and so may a parent. */

const shown = sqliteTable("shown", { id: integer("id").primaryKey(), taskId: integer("task_id").notNull() });
const shownSchema = {
  ...schema,
  shown,
  shownRelations: relations(shown, ({ one }) => ({
    task: one(task, { fields: [shown.taskId], references: [task.id] }),
  })),
};
const shownRules = {
  plain: { table: "shown", control: { GET: { all: { select: true, with: { task: true } } } } },
  lifted: {
    table: "shown",
    control: {
      GET: {
        all: { select: true, with: { task: { select: true, unrestricted: true, deleted: "include" } } },
      },
    },
  },
  parted: {
    table: "shown",
    control: { GET: { all: { select: true, with: { task: { select: true, unrestricted: true } } } } },
  },
} satisfies ACL<"admin", Session, object, typeof shownSchema>;
type Shown<Tables extends object> = InferApi<typeof shownRules, typeof shownSchema, {}, Tables>;
type ShownOf<Tables extends object, R extends keyof typeof shownRules> = RowOf<
  Shown<Tables>,
  R,
  "GET",
  { columns: { id: true }; with: { task: { columns: { id: true } } } }
>;
interface Certain {
  id: number;
  task: { id: number };
}
interface Perhaps {
  id: number;
  task: { id: number } | null;
}

expectTypeOf<ShownOf<{}, "plain">>().toEqualTypeOf<Certain>();
expectTypeOf<ShownOf<typeof tables, "plain">>().toEqualTypeOf<Perhaps>();
expectTypeOf<ShownOf<typeof tables, "lifted">>().toEqualTypeOf<Certain>();
expectTypeOf<ShownOf<typeof tables, "parted">>().toEqualTypeOf<Perhaps>();
export async function parents(): Promise<void> {
  const { owners } = await api.get("owners", {
    columns: { id: true },
    with: { lead: { columns: { id: true } } },
  });
  expectTypeOf(owners).toEqualTypeOf<{ id: number; lead: { id: number } | null }[]>();
}

// @ts-expect-error the schema has no table `tasks`
export type Unknown = InferApi<typeof rules, typeof schema, {}, { tasks: { version: "version" } }>;

/** Numbers may be counted, in a PATCH alone; whoever adds something else is told. */
export async function counting(): Promise<void> {
  const where = { id: 1 };
  await said.patch("prices", { price: { $inc: -1 } }, { where }, { minAffected: 1, dryRun: true });
  // @ts-expect-error a text is not counted
  await said.patch("prices", { title: { $inc: 1 } }, { where });
  // @ts-expect-error what is added is a number
  await said.patch("prices", { price: { $inc: "1" } }, { where });
  // @ts-expect-error a new row has nothing to add to
  await said.post("prices", { title: "a", ownerId: 1, price: { $inc: 1 } });
  // @ts-expect-error so many rows are a number
  await said.delete("prices", { where }, { maxAffected: "1" });
}
