import { describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/libsql";
import { createQueryHandler } from "@bepalo/query";
import { sqlite as schema } from "../support/tenants.ts";

// What is wrong with what is said once, told at start.

const database = drizzle(":memory:", { schema });

/** What the handler says is wrong with a file, and with what is said of tables. */
function mistakes(acl: object, tables?: object): readonly string[] {
  try {
    createQueryHandler({
      acl: acl as never,
      database,
      schema,
      onWarning: () => undefined,
      ...(tables !== undefined && { tables: tables as never }),
    });
    return [];
  } catch (error) {
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}

const all = (table: string, rule: object, method = "GET"): object => ({
  table,
  control: { [method]: { all: rule } },
});
const T = true;
const PEOPLE = all("member", { select: T });
const RULE = "acl.tasks.control.GET.all";

const CASES: readonly [string, object, readonly string[]][] = [
  [
    "relations under resources, in circles too",
    {
      tasks: all("task", { select: T, with: { doneBy: "people", under: "tasks", parts: "tasks" } }),
      people: all("member", { select: T, with: { boss: "people" } }),
    },
    [],
  ],
  [
    "a relation under a resource that is not there",
    { tasks: all("task", { select: T, with: { doneBy: "poeple" } }), people: PEOPLE },
    [`${RULE}.with.doneBy: unknown resource \`poeple\` (did you mean \`people\`?)`],
  ],
  [
    "a relation under a resource of another table",
    { tasks: all("task", { select: T, with: { project: "people", nobody: "people" } }), people: PEOPLE },
    [
      `${RULE}.with: unknown relation \`nobody\` (task has project, doneBy, under, parts, comments)`,
      `${RULE}.with.project: \`people\` is of member, and the relation leads to project`,
    ],
  ],
  [
    "a relation, and a parent, under a resource that nobody reads",
    {
      tasks: all("task", { select: T, with: { doneBy: "people" }, parent: { doneBy: "people" } }),
      people: all("member", {}, "POST"),
    },
    [
      `${RULE}.with.doneBy: \`people\` has no rule for GET, so nobody could read anything here`,
      `${RULE}.parent.doneBy: \`people\` has no rule for GET, so nobody could read anything here`,
    ],
  ],
  [
    "a list under a resource that is asked for by its key",
    {
      people: all("member", { select: T, requireWhere: "key", with: { boss: "people", staff: "people" } }),
    },
    [
      "acl.people.control.GET.all.with.staff: `people` is asked for by a key, so it stands behind relations to one row only",
    ],
  ],
  [
    "a list that passes a join table under a resource that is asked for by its key",
    {
      projects: all("project", {
        select: T,
        with: { people: { through: ["seats", "member"], resource: "people" }, owner: "people" },
      }),
      people: all("member", { select: T, requireWhere: "key" }),
    },
    [
      "acl.projects.control.GET.all.with.people: `people` is asked for by a key, so it stands behind relations to one row only",
    ],
  ],
  [
    "nothing but its mistake of a resource that others lead to",
    {
      tasks: all("task", {
        select: T,
        with: { project: "projects", doneBy: "people", under: "bare" },
        parent: { project: "projects", doneBy: "people", under: "silent" },
      }),
      projects: all("projekt", { select: T }),
      people: all("member", { select: T }, "get"),
      bare: { table: "task" },
      silent: all("task", { slect: T }),
      comments: all("comment", { select: T, parent: { task: "none" } }),
      none: undefined,
    },
    [
      "acl.projects.table: unknown table `projekt` (the schema has member, project, task, comment, seat, note)",
      "acl.people.control: unknown method `get` (did you mean `GET`?)",
      "acl.bare: it has no `control`, so nobody could do anything here",
      "acl.silent.control.GET.all: unknown key `slect` (did you mean `select`?)",
      "acl.none: expected an object",
    ],
  ],
  [
    "a relation of a relation",
    {
      tasks: all("task", { select: T, with: { project: { select: T, with: { owner: "nobody" } } } }),
    },
    [`${RULE}.with.project.with.owner: unknown resource \`nobody\``],
  ],
  [
    "parents that are none",
    {
      tasks: all("task", {
        select: T,
        parent: { comments: "tasks", nobody: "tasks", project: 1, doneBy: undefined, under: "people" },
      }),
      people: PEOPLE,
    },
    [
      `${RULE}.parent: task has no relation \`comments\` to one row`,
      `${RULE}.parent: task has no relation \`nobody\` to one row`,
      `${RULE}.parent.project: expected the name of a resource`,
      `${RULE}.parent.under: \`people\` is of member, and the relation leads to task`,
    ],
  ],
  [
    "a parent that lets nothing out",
    { tasks: all("task", { select: T, parent: { doneBy: "people" } }), people: all("member", {}) },
    [`${RULE}.parent.doneBy: no GET rule of \`people\` lets anything out, so no row could exist`],
  ],
  [
    "rows that hang on themselves",
    {
      tasks: all("task", { select: T, parent: { under: "tasks" } }),
      a: all("comment", { select: T, parent: { task: "b" } }),
      b: all("task", { select: T, parent: { project: "c" } }),
      c: all("project", { select: T, parent: { owner: "d" } }),
      d: all("member", { select: T, parent: { boss: "d" } }),
    },
    ["acl.tasks: its rows hang on themselves: tasks → tasks", "acl.d: its rows hang on themselves: d → d"],
  ],
  [
    "rows that hang on the same by many ways, and in a wider circle",
    {
      a: all("task", { select: T, parent: { project: "b" } }),
      b: all("project", { select: T, parent: { owner: "c" } }),
      c: all("member", { select: T }),
      d: all("task", { select: T, parent: { project: "b", doneBy: "c", under: "e" } }),
      e: all("task", { select: T, parent: { under: "d", project: "b" } }),
    },
    ["acl.d: its rows hang on themselves: d → e → d"],
  ],
  [
    "a parent of writes alone, whose rule hangs on nothing",
    {
      tasks: {
        table: "task",
        control: { GET: { all: { select: T } }, PATCH: { all: { parent: { under: "tasks" } } } },
      },
    },
    [],
  ],
  [
    "grants that are none",
    {
      tasks: all("task", {
        select: [
          { columns: new Set(["title", "nothing"]) },
          { columns: ["id", "status"], when: true, the: 1 },
          { when: () => T },
          7,
        ],
      }),
    },
    [
      `${RULE}.select.0: unknown column \`nothing\` (task has id, orgId, projectId, title, status, doneById, underId)`,
      `${RULE}.select.1: unknown key \`the\` (a grant takes columns and when)`,
      `${RULE}.select.1.when: expected a function`,
      `${RULE}.select.2: expected { columns: new Set([…]), when: (context, table, operators) => … }`,
      `${RULE}.select.3: expected { columns: new Set([…]), when: (context, table, operators) => … }`,
    ],
  ],
  [
    "a key that is let out on some rows",
    { tasks: all("task", { select: [{ columns: ["id", "title"], when: () => T }] }) },
    [`${RULE}.select: \`id\` is part of the key, which is let out on every row or on none`],
  ],
  [
    "a key that a condition lets out on rows that have it anyway",
    { tasks: all("task", { select: [{ columns: ["id"] }, { columns: ["id", "title"], when: () => T }] }) },
    [`${RULE}.select: \`id\` is part of the key, which is let out on every row or on none`],
  ],
  [
    "deleted rows of a table that deletes for good",
    {
      tasks: {
        table: "task",
        control: { GET: { all: { select: T, deleted: "include" }, guest: { select: T, deleted: "no" } } },
      },
    },
    [
      `${RULE}.deleted: no \`softDelete\` is said of task`,
      "acl.tasks.control.GET.guest.deleted: no `softDelete` is said of task",
      'acl.tasks.control.GET.guest.deleted: expected "include" or "only"',
    ],
  ],
  [
    "names that are the engine's own",
    Object.fromEntries(
      ["$access", "page", "more", "filtered", "inserted", "total"].map((name) => [name, PEOPLE]),
    ),
    [
      "acl.$access: names that begin with $ are the engine's own",
      ...["page", "more", "filtered", "inserted", "total"].map(
        (name) => `acl.${name}: an answer has a member of that name, so no resource can have it`,
      ),
    ],
  ],
];

describe("at start", () => {
  test.each(CASES)("%s", (_name, acl, expected) => {
    expect(mistakes(acl)).toEqual([...expected]);
  });

  test("what is said of tables that are not there, or says nothing that is known", () => {
    const acl = { people: PEOPLE };
    expect(
      mistakes(acl, { membre: {}, task: { were: () => T, where: 1, set: { org: 1, orgId: 1 } } }),
    ).toEqual([
      "tables.membre: unknown table `membre` (did you mean `member`?)",
      "tables.task: unknown key `were` (did you mean `where`?)",
      "tables.task.set.org: expected a function",
      "tables.task.set: unknown column `org` (task has id, orgId, projectId, title, status, doneById, underId)",
      "tables.task.set.orgId: expected a function",
      "tables.task.where: expected a function",
    ]);
  });

  test.each([[[]], [() => T]])("what is no map of tables: %p", (tables) => {
    expect(mistakes({ people: PEOPLE }, tables)).toEqual([
      "tables: expected an object that has what is true of tables by their names",
    ]);
  });
});
