// What rules say of tables, of rows of some callers, and of changes. Checked by the compiler, never run: each line that must
// not compile says why, and each directive covers the line of the mistake only.
import type { ACL, AnyACL, TableRules, ValidParams } from "@bepalo/query";
import { eq, relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { integer, real, sqliteTable, sqliteView, text } from "drizzle-orm/sqlite-core";
import { expectTypeOf } from "expect-type";

const person = sqliteTable("people", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email"),
});
const task = sqliteTable("tasks", {
  id: integer("id").primaryKey(),
  orgId: text("org_id").notNull(),
  title: text("title").notNull(),
  note: text("note"),
  weight: real("weight"),
  status: text("status", { enum: ["open", "done"] }).notNull(),
  length: integer("length").generatedAlwaysAs(sql`length(title)`),
  version: integer("version").notNull(),
  madeAt: integer("made_at", { mode: "timestamp_ms" }).notNull(),
  deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  ownerId: integer("owner_id").notNull(),
});
const openTask = sqliteView("open_tasks").as((query) =>
  query.select().from(task).where(eq(task.status, "open")),
);
const event = pg.pgTable("events", {
  id: pg.uuid().primaryKey(),
  count: pg.bigint({ mode: "number" }).notNull(),
  large: pg.bigint({ mode: "bigint" }).notNull(),
  day: pg.date(),
  goneAt: pg.timestamp({ withTimezone: true, mode: "string" }),
});
const schema = {
  person,
  task,
  openTask,
  event,
  personRelations: relations(person, ({ many }) => ({ tasks: many(task) })),
  taskRelations: relations(task, ({ one }) => ({
    owner: one(person, { fields: [task.ownerId], references: [person.id] }),
  })),
};
interface Session {
  readonly org: string;
  readonly me: number;
}
type Tables = TableRules<Session, typeof schema>;
type Rules = ACL<"clerk", Session, object, typeof schema>;

/* What is true of tables. */

export const tables = {
  task: {
    where: async ({ org, method, roles }, task, { and, eq }) =>
      roles.includes(method) || and(eq(task.orgId, org), eq(task.status, "open")),
    set: { orgId: ({ org }) => org, madeAt: async () => new Date(), note: () => null },
    softDelete: "deletedAt",
    version: "version",
  },
  openTask: { where: ({ org }, task, { eq }) => eq(task.orgId, org) },
  event: { softDelete: "goneAt", version: "count" },
} satisfies Tables;
expectTypeOf(tables.task.softDelete).toEqualTypeOf<"deletedAt">();

export const noTable = {
  // @ts-expect-error the schema has no table `tasks`
  tasks: { version: "version" },
} satisfies Tables;

export const mistakes = {
  task: {
    // @ts-expect-error a task has no column `org`
    where: ({ org }, task, { eq }) => eq(task.org, org),
    set: {
      // @ts-expect-error a task has no column `org`
      org: ({ org }) => org,
      // @ts-expect-error the session has no `organisation`
      orgId: ({ organisation }) => organisation,
      // @ts-expect-error a title is a text
      title: () => 5,
      // @ts-expect-error a moment is a date
      madeAt: async () => "today",
    },
    // @ts-expect-error a row that is there has no date of deletion, so it must be a column that may be null
    softDelete: "madeAt",
    // @ts-expect-error a weight is no whole number
    version: "weight",
  },
  // @ts-expect-error nobody deletes rows of a view
  openTask: { softDelete: "deletedAt" },
  event: {
    // @ts-expect-error a count is no date
    softDelete: "count",
    // @ts-expect-error a version is a number, and no big integer
    version: "large",
  },
} satisfies Tables;

export const otherMistakes = {
  task: {
    // @ts-expect-error a note is no date
    softDelete: "note",
    // @ts-expect-error the key is no version
    version: "id",
  },
  // @ts-expect-error the key is called `softDelete`
  event: { softdelete: "goneAt" },
  // @ts-expect-error a filter answers SQL, a boolean or nothing
  person: { where: () => "yes" },
} satisfies Tables;

const mark = sqliteTable("marks", { name: text("name").primaryKey(), taskId: integer("task_id").notNull() });
const marked = { mark, markRelations: relations(mark, ({ many }) => ({ tasks: many(task) })), task };

export const nothingThatFits = {
  mark: {
    // @ts-expect-error no column of a mark is a date
    softDelete: "taskId",
    // @ts-expect-error a mark has no column `count`
    version: "count",
  },
} satisfies TableRules<Session, typeof marked>;

export const noOneRelation = {
  a: {
    table: "mark",
    control: {
      GET: {
        // @ts-expect-error no relation of a mark leads to one row
        all: { select: true, parent: { tasks: "tasks" } },
      },
      POST: { all: { parent: {} } },
    },
  },
} satisfies ACL<"clerk", Session, object, typeof marked>;

/* Rules that may say every new thing. */

declare const since: {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Date };
    readonly types?: { readonly input: string; readonly output: Date } | undefined;
  };
};

export const rules = {
  tasks: {
    table: "task",
    params: { since },
    afterQuery: ({ written, result }) => void [written?.length, result.count],
    afterCommit: { before: true, run: ({ me, before }) => void [me, before.length] },
    control: {
      GET: {
        clerk: { select: true, unrestricted: true, deleted: "include", with: { owner: "people" } },
        all: {
          select: [
            { columns: new Set(["id", "title"]) },
            { columns: ["note"], when: async ({ me }, task, { eq }) => eq(task.ownerId, me) },
            { columns: ["weight"], when: () => undefined },
          ],
          extras: {
            fixed: sql<number>`1`.as("fixed"),
            mine: ({ me }, task) => sql<boolean>`${task.ownerId} = ${me}`,
          },
          parent: { owner: "people" },
          requireWhere: "key",
          afterQuery: ({ result }) => void result.count,
        },
      },
      POST: {
        all: {
          parent: { owner: "people" },
          write: [{ columns: ["title", "ownerId"] }, { columns: ["status"], when: () => true }],
        },
      },
      PATCH: {
        all: {
          deleted: "only",
          write: [
            { columns: new Set(["title"]) },
            { columns: ["status"], when: ({ me }, before, { eq }) => eq(before.ownerId, me) },
          ],
          transition: ({ me }, before, after, { and, eq, ne }) =>
            and(eq(before.ownerId, me), ne(after.status, before.status)),
          requireWhere: true,
          afterQuery: { before: true, run: ({ before, written }) => void [before[0], written[0]] },
          afterCommit: async ({ written }) => void written.length,
        },
      },
      DELETE: { all: { deleted: "only", requireWhere: "key" } },
    },
  },
  people: {
    table: "person",
    control: { GET: { all: { select: true, with: { tasks: "tasks" } } } },
  },
} satisfies Rules;
// The client knows the rules of a relation by the name that stands there.
expectTypeOf(rules.people.control.GET.all.with.tasks).toEqualTypeOf<"tasks">();
expectTypeOf(rules.tasks.control.GET.clerk.with).toEqualTypeOf<{ owner: "people" }>();

/* Parameters are what their validators make of them. */

const params = { since };
export const declared = {
  tasks: {
    table: "task",
    params,
    afterQuery: ({ params }) => void params.since.getTime(),
    control: {
      GET: { all: { select: true, where: ({ params }, task, { gt }) => gt(task.madeAt, params.since) } },
      PATCH: {
        all: {
          // @ts-expect-error `since` is a date, and a title a text
          where: ({ params }, task, { eq }) => eq(task.title, params.since),
          // @ts-expect-error nobody declares `sinse`
          check: ({ params }) => params.sinse === undefined,
          // @ts-expect-error nobody declares `until`
          beforeQuery: ({ params: { until } }) => until,
        },
      },
    },
  },
} satisfies ACL<"clerk", Session, { params: ValidParams<typeof params> }, typeof schema>;
expectTypeOf<ValidParams<typeof params>>().toEqualTypeOf<{ readonly since: Date }>();

export const undeclared = {
  tasks: {
    table: "task",
    params,
    // @ts-expect-error what functions know of parameters, the file's type says
    afterQuery: ({ params }) => void params.since,
    // @ts-expect-error nor is there one by a computed name
    formatResult: (_request, { params }) => params["since"],
    control: {},
  },
} satisfies Rules;

// Files are joined whose functions know different parameters, and the engine takes them.
const joined = { ...rules, ...declared };
expectTypeOf(joined).toExtend<AnyACL>();

/* Each of them may be said wrongly. */

export const reading = {
  a: {
    table: "task",
    control: {
      GET: {
        all: {
          select: [
            // @ts-expect-error a task has no column `titel`
            { columns: new Set(["titel"]) },
            {
              // @ts-expect-error a task has no column `name`; that a person has one does not matter
              columns: ["name"],
              // @ts-expect-error the table handed to `when` is the task's
              when: ({ me }, task, { eq }) => eq(task.name, me),
            },
            // @ts-expect-error the key is called `when`
            { columns: ["id"], where: () => true },
            // @ts-expect-error a filter answers SQL, a boolean or nothing
            { columns: ["id"], when: () => "yes" },
          ],
          // @ts-expect-error deleted rows are included, or they alone are read
          deleted: "exclude",
          with: {
            owner: {
              select: [
                {
                  // @ts-expect-error a person has no column `title`
                  columns: ["title"],
                },
              ],
            },
          },
          extras: {
            // @ts-expect-error a task has no column `name`
            shout: (_context, task) => sql`upper(${task.name})`,
            // @ts-expect-error a computed field is SQL
            text: () => "text",
          },
        },
      },
    },
  },
} satisfies Rules;

export const misspelt = {
  // @ts-expect-error the key is called `unrestricted`
  a: { table: "task", control: { GET: { all: { select: true, unrestrict: true } } } },
} satisfies Rules;

export const noParent = {
  // @ts-expect-error a task has no relation `author`
  a: { table: "task", control: { GET: { all: { select: true, parent: { author: "people" } } } } },
} satisfies Rules;

export const requiredInRelation = {
  a: {
    table: "task",
    // @ts-expect-error nothing is required of a relation's question
    control: { GET: { all: { select: true, with: { owner: { select: true, requireWhere: "key" } } } } },
  },
} satisfies Rules;

export const manyParents = {
  // @ts-expect-error tasks are many, and a parent is one
  a: { table: "person", control: { GET: { all: { select: true, parent: { tasks: "tasks" } } } } },
} satisfies Rules;

export const noResource = {
  // @ts-expect-error a relation stands under a rule, or under the name of a resource
  a: { table: "task", control: { GET: { all: { select: true, with: { owner: 5 } } } } },
} satisfies Rules;

export const sometimes = {
  // @ts-expect-error a filter is required, or one that fixes a key, or none
  a: { table: "task", control: { GET: { all: { select: true, requireWhere: "id" } } } },
} satisfies Rules;

export const writing = {
  a: {
    table: "task",
    control: {
      PATCH: {
        all: {
          write: [
            {
              // @ts-expect-error a task has no column `name`
              columns: ["name"],
              // @ts-expect-error what `when` is handed is the task as it was
              when: (_context, before, { eq }) => eq(before.name, 1),
            },
          ],
          // @ts-expect-error a status is `open` or `done`
          transition: (_context, before, after, { eq }) => eq(after.status, "closed") ?? before,
          // @ts-expect-error the rows as they were are read where `before` is true
          afterQuery: { before: false, run: () => undefined },
        },
      },
    },
  },
} satisfies Rules;

export const transitionOnPost = {
  // @ts-expect-error a new row changes from nothing
  a: { table: "task", control: { POST: { all: { transition: () => true } } } },
} satisfies Rules;

export const transitionOnGet = {
  // @ts-expect-error a GET changes nothing
  a: { table: "task", control: { GET: { all: { select: true, transition: () => true } } } },
} satisfies Rules;

export const deletedOnDelete = {
  // @ts-expect-error a DELETE sets the date, or removes for good
  a: { table: "task", control: { DELETE: { all: { deleted: "include" } } } },
} satisfies Rules;

export const commitOfGet = {
  // @ts-expect-error a GET commits nothing
  a: { table: "task", control: { GET: { all: { select: true, afterCommit: () => undefined } } } },
} satisfies Rules;

export const setByDatabase = {
  // @ts-expect-error the database makes its values
  task: { set: { length: () => 5 } },
} satisfies Tables;

export const setOfView = {
  // @ts-expect-error a view is only read
  openTask: { set: { orgId: () => "a" } },
} satisfies Tables;

export const paramThatIsNone = {
  // @ts-expect-error a parameter has a validator
  a: { table: "task", params: { since: "date" }, control: {} },
} satisfies Rules;
