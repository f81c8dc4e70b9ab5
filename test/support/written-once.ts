import { type Operators, relations, type SQL, sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  integer as pgInteger,
  numeric as pgNumeric,
  pgTable,
  primaryKey as pgPrimaryKey,
  text as pgText,
  timestamp,
} from "drizzle-orm/pg-core";
import { integer, numeric, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Kind, Row } from "./model.ts";

// A small house of tenants, in both databases' words and in plain ones. Nothing refers to anything as the database sees it:
// a row may be missing where another points, so that the law of deletion can be tried.

/** The tables in SQLite's words. */
const sqlite = {
  tenant: sqliteTable("tenants", { id: text("id").primaryKey(), name: text("name").notNull() }),
  user: sqliteTable("users", {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    email: text("email"),
    salary: integer("salary"),
    managerId: text("manager_id"),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  project: sqliteTable("projects", {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    ownerId: text("owner_id"),
    name: text("name").notNull(),
    status: text("status").notNull().default("open"),
    budget: integer("budget"),
  }),
  task: sqliteTable(
    "tasks",
    {
      projectId: text("project_id").notNull(),
      number: integer("number").notNull(),
      tenantId: text("tenant_id").notNull(),
      parentNumber: integer("parent_number"),
      assigneeId: text("assignee_id"),
      title: text("title").notNull(),
      status: text("status").notNull().default("open"),
      points: integer("points"),
      done: integer("done", { mode: "boolean" }).notNull().default(false),
      deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
      version: integer("version").notNull().default(0),
    },
    (t) => [primaryKey({ columns: [t.projectId, t.number] })],
  ),
  comment: sqliteTable("comments", {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    projectId: text("project_id").notNull(),
    taskNumber: integer("task_number").notNull(),
    authorId: text("author_id"),
    text: text("text").notNull(),
    note: text("note"),
    hidden: integer("hidden", { mode: "boolean" }).notNull().default(false),
    version: integer("version").notNull().default(0),
  }),
  /** Who worked on what, and for how long: a join table with columns of its own, numbers and dates of every kind. */
  entry: sqliteTable("entries", {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    projectId: text("project_id").notNull(),
    taskNumber: integer("task_number").notNull(),
    userId: text("user_id"),
    status: text("status").notNull().default("open"),
    hours: real("hours"),
    cost: numeric("cost"),
    size: numeric("size", { mode: "bigint" }),
    startedAt: integer("started_at", { mode: "timestamp_ms" }),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
};

/** The same in PostgreSQL's. */
const postgresql = {
  tenant: pgTable("tenants", { id: pgText("id").primaryKey(), name: pgText("name").notNull() }),
  user: pgTable("users", {
    id: pgText("id").primaryKey(),
    tenantId: pgText("tenant_id").notNull(),
    name: pgText("name").notNull(),
    email: pgText("email"),
    salary: pgInteger("salary"),
    managerId: pgText("manager_id"),
    deletedAt: timestamp("deleted_at", { withTimezone: true, precision: 3 }),
  }),
  project: pgTable("projects", {
    id: pgText("id").primaryKey(),
    tenantId: pgText("tenant_id").notNull(),
    ownerId: pgText("owner_id"),
    name: pgText("name").notNull(),
    status: pgText("status").notNull().default("open"),
    budget: pgInteger("budget"),
  }),
  task: pgTable(
    "tasks",
    {
      projectId: pgText("project_id").notNull(),
      number: pgInteger("number").notNull(),
      tenantId: pgText("tenant_id").notNull(),
      parentNumber: pgInteger("parent_number"),
      assigneeId: pgText("assignee_id"),
      title: pgText("title").notNull(),
      status: pgText("status").notNull().default("open"),
      points: pgInteger("points"),
      done: boolean("done").notNull().default(false),
      deletedAt: timestamp("deleted_at", { withTimezone: true, precision: 3 }),
      version: pgInteger("version").notNull().default(0),
    },
    (t) => [pgPrimaryKey({ columns: [t.projectId, t.number] })],
  ),
  comment: pgTable("comments", {
    id: pgText("id").primaryKey(),
    tenantId: pgText("tenant_id").notNull(),
    projectId: pgText("project_id").notNull(),
    taskNumber: pgInteger("task_number").notNull(),
    authorId: pgText("author_id"),
    text: pgText("text").notNull(),
    note: pgText("note"),
    hidden: boolean("hidden").notNull().default(false),
    version: pgInteger("version").notNull().default(0),
  }),
  entry: pgTable("entries", {
    id: pgText("id").primaryKey(),
    tenantId: pgText("tenant_id").notNull(),
    projectId: pgText("project_id").notNull(),
    taskNumber: pgInteger("task_number").notNull(),
    userId: pgText("user_id"),
    status: pgText("status").notNull().default("open"),
    hours: doublePrecision("hours"),
    cost: pgNumeric("cost"),
    size: bigint("size", { mode: "bigint" }),
    startedAt: timestamp("started_at", { withTimezone: true, precision: 3 }),
    deletedAt: timestamp("deleted_at", { withTimezone: true, precision: 3 }),
  }),
};

// oxlint-disable-next-line typescript/no-explicit-any -- the tables of either database
const related = ({ tenant, user, project, task, comment, entry }: any): Record<string, unknown> => ({
  tenantRelations: relations(tenant, ({ many }) => ({ users: many(user), projects: many(project) })),
  userRelations: relations(user, ({ one, many }) => ({
    tenant: one(tenant, { fields: [user.tenantId], references: [tenant.id] }),
    manager: one(user, { fields: [user.managerId], references: [user.id], relationName: "manager" }),
    reports: many(user, { relationName: "manager" }),
    projects: many(project),
    tasks: many(task),
    comments: many(comment),
    entries: many(entry),
  })),
  projectRelations: relations(project, ({ one, many }) => ({
    tenant: one(tenant, { fields: [project.tenantId], references: [tenant.id] }),
    owner: one(user, { fields: [project.ownerId], references: [user.id] }),
    tasks: many(task),
  })),
  taskRelations: relations(task, ({ one, many }) => ({
    project: one(project, { fields: [task.projectId], references: [project.id] }),
    assignee: one(user, { fields: [task.assigneeId], references: [user.id] }),
    parent: one(task, {
      fields: [task.projectId, task.parentNumber],
      references: [task.projectId, task.number],
      relationName: "parent",
    }),
    subtasks: many(task, { relationName: "parent" }),
    comments: many(comment),
    entries: many(entry),
  })),
  commentRelations: relations(comment, ({ one }) => ({
    task: one(task, {
      fields: [comment.projectId, comment.taskNumber],
      references: [task.projectId, task.number],
    }),
    author: one(user, { fields: [comment.authorId], references: [user.id] }),
  })),
  entryRelations: relations(entry, ({ one }) => ({
    task: one(task, {
      fields: [entry.projectId, entry.taskNumber],
      references: [task.projectId, task.number],
    }),
    user: one(user, { fields: [entry.userId], references: [user.id] }),
  })),
});

/** The schema of each database. */
export const SCHEMAS = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
} as const;

// --- in plain words --------------------------------------------------------------------------------------------------

export type HouseTable = keyof typeof sqlite;
/** All rows of a database, as the schema's types have them. */
export type House = Readonly<Record<HouseTable, readonly Row[]>>;

interface Related {
  readonly many: boolean;
  readonly table: HouseTable;
  readonly on: readonly (readonly [source: string, target: string])[];
}

/** A table: its columns, its key, what it may leave out, and the columns its relations join by. */
export interface HouseModel {
  readonly columns: Readonly<Record<string, Kind>>;
  readonly key: readonly string[];
  readonly nullable: readonly string[];
  /** What a new row has where nobody says. */
  readonly defaults: Row;
  readonly relations: Readonly<Record<string, Related>>;
}

const many = (table: HouseTable, ...on: Related["on"]): Related => ({ many: true, table, on });
const one = (table: HouseTable, ...on: Related["on"]): Related => ({ many: false, table, on });

export const HOUSE: Readonly<Record<HouseTable, HouseModel>> = {
  tenant: {
    columns: { id: "text", name: "text" },
    key: ["id"],
    nullable: [],
    defaults: {},
    relations: { users: many("user", ["id", "tenantId"]), projects: many("project", ["id", "tenantId"]) },
  },
  user: {
    columns: {
      id: "text",
      tenantId: "text",
      name: "text",
      email: "text",
      salary: "integer",
      managerId: "text",
      deletedAt: "date",
    },
    key: ["id"],
    nullable: ["email", "salary", "managerId", "deletedAt"],
    defaults: {},
    relations: {
      tenant: one("tenant", ["tenantId", "id"]),
      manager: one("user", ["managerId", "id"]),
      reports: many("user", ["id", "managerId"]),
      projects: many("project", ["id", "ownerId"]),
      tasks: many("task", ["id", "assigneeId"]),
      comments: many("comment", ["id", "authorId"]),
      entries: many("entry", ["id", "userId"]),
    },
  },
  project: {
    columns: {
      id: "text",
      tenantId: "text",
      ownerId: "text",
      name: "text",
      status: "text",
      budget: "integer",
    },
    key: ["id"],
    nullable: ["ownerId", "budget"],
    defaults: { status: "open" },
    relations: {
      tenant: one("tenant", ["tenantId", "id"]),
      owner: one("user", ["ownerId", "id"]),
      tasks: many("task", ["id", "projectId"]),
    },
  },
  task: {
    columns: {
      projectId: "text",
      number: "integer",
      tenantId: "text",
      parentNumber: "integer",
      assigneeId: "text",
      title: "text",
      status: "text",
      points: "integer",
      done: "boolean",
      deletedAt: "date",
      version: "integer",
    },
    key: ["projectId", "number"],
    nullable: ["parentNumber", "assigneeId", "points", "deletedAt"],
    defaults: { status: "open", done: false, version: 0 },
    relations: {
      project: one("project", ["projectId", "id"]),
      assignee: one("user", ["assigneeId", "id"]),
      parent: one("task", ["projectId", "projectId"], ["parentNumber", "number"]),
      subtasks: many("task", ["projectId", "projectId"], ["number", "parentNumber"]),
      comments: many("comment", ["projectId", "projectId"], ["number", "taskNumber"]),
      entries: many("entry", ["projectId", "projectId"], ["number", "taskNumber"]),
    },
  },
  comment: {
    columns: {
      id: "text",
      tenantId: "text",
      projectId: "text",
      taskNumber: "integer",
      authorId: "text",
      text: "text",
      note: "text",
      hidden: "boolean",
      version: "integer",
    },
    key: ["id"],
    nullable: ["authorId", "note"],
    defaults: { hidden: false, version: 0 },
    relations: {
      task: one("task", ["projectId", "projectId"], ["taskNumber", "number"]),
      author: one("user", ["authorId", "id"]),
    },
  },
  entry: {
    columns: {
      id: "text",
      tenantId: "text",
      projectId: "text",
      taskNumber: "integer",
      userId: "text",
      status: "text",
      hours: "real",
      cost: "decimal",
      size: "bigint",
      startedAt: "date",
      deletedAt: "date",
    },
    key: ["id"],
    nullable: ["userId", "hours", "cost", "size", "startedAt", "deletedAt"],
    defaults: { status: "open" },
    relations: {
      task: one("task", ["projectId", "projectId"], ["taskNumber", "number"]),
      user: one("user", ["userId", "id"]),
    },
  },
};

export const HOUSE_TABLES = Object.keys(HOUSE) as HouseTable[];

/** Which relations may lead to a parent: upwards only, so that no rules of any file make a circle. */
export const PARENTS: Readonly<Record<HouseTable, readonly string[]>> = {
  tenant: [],
  user: ["tenant"],
  project: ["owner", "tenant"],
  task: ["project", "assignee"],
  comment: ["task", "author"],
  entry: ["task", "user"],
};

/** Relations that pass a join table: by the names that rules give them, the way there and on. */
export const THROUGHS: Readonly<Record<HouseTable, Readonly<Record<string, readonly [string, string]>>>> = {
  tenant: {},
  user: { workedOn: ["entries", "task"], discussed: ["comments", "task"] },
  project: { workers: ["tasks", "assignee"] },
  task: { people: ["entries", "user"], voices: ["comments", "author"] },
  comment: {},
  entry: {},
};

// --- what authors say ------------------------------------------------------------------------------------------------

/** Who asks, as the functions of rules see him. */
export interface Asker {
  readonly me: string;
  readonly tenant: string;
  /** The role whose rule decides. */
  readonly role: string | undefined;
}

export type Truth = boolean | null;
type Condition = SQL | boolean | undefined;

/** A filter said twice: as an author writes it, and in plain JavaScript, where `null` is "unknown". */
export interface Saying {
  // oxlint-disable-next-line typescript/no-explicit-any -- the columns of either database
  readonly sql: (asker: Asker, row: any, operators: Operators) => Condition | Promise<Condition>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a row of any table
  readonly js: (row: any, asker: Asker, house: House) => Truth;
  /** The columns of the row it speaks of; other tables' too where `far`. */
  readonly reads: readonly string[];
  readonly far?: true;
}

const equals = (left: unknown, right: unknown): Truth =>
  left === null || right === null ? null : left === right;
const below = (left: number | null, right: number): Truth => (left === null ? null : left < right);
const either = (...parts: Truth[]): Truth =>
  parts.includes(true) ? true : parts.includes(null) ? null : false;

const ALWAYS: Readonly<Record<string, Saying>> = {
  every: { sql: () => true, js: () => true, reads: [] },
  none: { sql: () => false, js: () => false, reads: [] },
  silent: { sql: () => undefined, js: () => false, reads: [] },
  /** Everything for one role, nothing for the others: what is remembered of one must not be another's. */
  bosses: {
    sql: ({ role }) => role === "boss",
    js: (_row, { role }) => role === "boss",
    reads: [],
  },
};
const OURS: Saying = {
  sql: async ({ tenant }, row, { eq }) => eq(row.tenantId, tenant),
  js: ({ tenantId }, { tenant }) => tenantId === tenant,
  reads: ["tenantId"],
};
const OPEN: Saying = {
  sql: (_asker, row, { eq }) => eq(row.status, "open"),
  js: ({ status }) => status === "open",
  reads: ["status"],
};

export const SAYINGS: Readonly<Record<HouseTable, Readonly<Record<string, Saying>>>> = {
  tenant: {
    ...ALWAYS,
    ours: {
      sql: ({ tenant }, row, { eq }) => eq(row.id, tenant),
      js: ({ id }, { tenant }) => id === tenant,
      reads: ["id"],
    },
  },
  user: {
    ...ALWAYS,
    ours: OURS,
    self: {
      sql: ({ me }, row, { eq }) => eq(row.id, me),
      js: ({ id }, { me }) => id === me,
      reads: ["id"],
    },
    managed: {
      sql: ({ me }, row, { eq }) => eq(row.managerId, me),
      js: ({ managerId }, { me }) => equals(managerId, me),
      reads: ["managerId"],
    },
    // Without brackets of its own: whoever puts an `and` beside it has to mind.
    near: {
      sql: ({ me }, row) => sql`${row.managerId} = ${me} or ${row.id} = ${me}`,
      js: ({ managerId, id }, { me }) => either(equals(managerId, me), id === me),
      reads: ["managerId", "id"],
    },
    cheap: {
      sql: (_asker, row, { lt }) => lt(row.salary, 3),
      js: ({ salary }) => below(salary, 3),
      reads: ["salary"],
    },
  },
  project: {
    ...ALWAYS,
    ours: OURS,
    open: OPEN,
    own: {
      sql: ({ me }, row, { eq }) => eq(row.ownerId, me),
      js: ({ ownerId }, { me }) => equals(ownerId, me),
      reads: ["ownerId"],
    },
    ranked: {
      sql: async ({ role }, row, { eq }) => (role === "boss" ? true : eq(row.status, "open")),
      js: ({ status }, { role }) => role === "boss" || status === "open",
      reads: ["status"],
    },
  },
  task: {
    ...ALWAYS,
    ours: OURS,
    open: OPEN,
    assigned: {
      sql: ({ me }, row, { eq }) => eq(row.assigneeId, me),
      js: ({ assigneeId }, { me }) => equals(assigneeId, me),
      reads: ["assigneeId"],
    },
    notMine: {
      sql: ({ me }, row, { not, eq }) => not(eq(row.assigneeId, me)),
      js: ({ assigneeId }, { me }) => (assigneeId === null ? null : assigneeId !== me),
      reads: ["assigneeId"],
    },
    small: {
      sql: (_asker, row, { lt }) => lt(row.points, 3),
      js: ({ points }) => below(points, 3),
      reads: ["points"],
    },
    undone: {
      sql: async (_asker, row, { eq }) => eq(row.done, false),
      js: ({ done }) => !done,
      reads: ["done"],
    },
    projectOpen: {
      sql: (_asker, row) =>
        sql`exists (select 1 from projects p where p.id = ${row.projectId} and p.status = ${"open"})`,
      js: ({ projectId }, _asker, { project }) =>
        project.some((p) => p["id"] === projectId && p["status"] === "open"),
      reads: ["projectId"],
      far: true,
    },
  },
  comment: {
    ...ALWAYS,
    ours: OURS,
    own: {
      sql: ({ me }, row, { eq }) => eq(row.authorId, me),
      js: ({ authorId }, { me }) => equals(authorId, me),
      reads: ["authorId"],
    },
    shown: {
      sql: (_asker, row, { eq }) => eq(row.hidden, false),
      js: ({ hidden }) => !hidden,
      reads: ["hidden"],
    },
    noted: {
      sql: (_asker, row, { isNotNull }) => isNotNull(row.note),
      js: ({ note }) => note !== null,
      reads: ["note"],
    },
  },
  entry: {
    ...ALWAYS,
    ours: OURS,
    open: OPEN,
    own: {
      sql: ({ me }, row, { eq }) => eq(row.userId, me),
      js: ({ userId }, { me }) => equals(userId, me),
      reads: ["userId"],
    },
    short: {
      sql: (_asker, row, { lt }) => lt(row.hours, 3),
      js: ({ hours }) => below(hours, 3),
      reads: ["hours"],
    },
  },
};

/** A change said twice: from what to what. */
export interface Turn {
  // oxlint-disable-next-line typescript/no-explicit-any -- the columns of either database
  readonly sql: (asker: Asker, before: any, after: any, operators: Operators) => Condition;
  // oxlint-disable-next-line typescript/no-explicit-any -- a row of any table
  readonly js: (before: any, after: any, asker: Asker) => Truth;
  readonly reads: readonly string[];
}

const FORWARD: Turn = {
  sql: (_asker, before, after, { or, eq }) => or(eq(before.status, "open"), eq(after.status, before.status)),
  js: (before, after) => before.status === "open" || after.status === before.status,
  reads: ["status"],
};

export const TURNS: Readonly<Record<HouseTable, Readonly<Record<string, Turn>>>> = {
  tenant: {},
  user: {
    // A salary that is not known, before or after, is none that was raised.
    raised: {
      sql: (_asker, before, after, { gte }) => gte(after.salary, before.salary),
      js: (before, after) =>
        before.salary === null || after.salary === null ? null : after.salary >= before.salary,
      reads: ["salary"],
    },
  },
  project: { forward: FORWARD },
  task: {
    forward: FORWARD,
    handed: {
      sql: ({ me }, before, after) => sql`${before.assigneeId} = ${me} or ${after.assigneeId} = ${me}`,
      js: (before, after, { me }) => either(equals(before.assigneeId, me), equals(after.assigneeId, me)),
      reads: ["assigneeId"],
    },
    counted: {
      sql: (_asker, before, after) => sql`${after.version} = ${before.version} + 1`,
      js: (before, after) => after.version === before.version + 1,
      reads: ["version"],
    },
    never: { sql: () => undefined, js: () => false, reads: [] },
  },
  comment: {
    same: {
      sql: (_asker, before, after, { eq }) => eq(after.text, before.text),
      js: (before, after) => before.text === after.text,
      reads: ["text"],
    },
  },
  entry: { forward: FORWARD },
};

/** A computed field said twice, for all or for who asks. Like every function of an author it sees what is stored. */
export interface Field {
  readonly sql:
    | ((tables: typeof sqlite) => SQL.Aliased)
    // oxlint-disable-next-line typescript/no-explicit-any -- the columns of either database
    | { readonly of: (asker: Asker, row: any) => SQL };
  // oxlint-disable-next-line typescript/no-explicit-any -- a row of any table
  readonly js: (row: any, asker: Asker) => unknown;
}

export const FIELDS: Readonly<Record<HouseTable, Readonly<Record<string, Field>>>> = {
  tenant: {},
  user: {
    loud: {
      sql: ({ user }) => sql`upper(${user.email})`.as("loud"),
      js: ({ email }) => email?.toUpperCase() ?? null,
    },
  },
  project: {
    owned: {
      sql: { of: ({ me }, { ownerId }) => sql`case when ${ownerId} = ${me} then 1 else 0 end` },
      js: ({ ownerId }, { me }) => (ownerId === me ? 1 : 0),
    },
  },
  task: {
    twice: {
      sql: ({ task }) => sql`${task.points} * 2`.as("twice"),
      js: ({ points }) => (points === null ? null : points * 2),
    },
  },
  comment: {
    ranked: {
      sql: {
        of: ({ role }, { hidden }) => sql`case when ${hidden} then ${role === "boss" ? 2 : 1} else 0 end`,
      },
      js: ({ hidden }, { role }) => (hidden ? (role === "boss" ? 2 : 1) : 0),
    },
  },
  entry: {},
};
