import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// Tenants with members, who have projects with tasks, which have comments: the same in both databases' words.

const sqliteTables = () => {
  const { sqliteTable: table, integer, text, primaryKey } = lite;
  const member = table("members", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    name: text("name").notNull(),
    bossId: integer("boss_id"),
    salary: integer("salary"),
  });
  const project = table("projects", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    name: text("name").notNull(),
    ownerId: integer("owner_id").notNull(),
    open: integer("open", { mode: "boolean" }).notNull(),
  });
  const task = table("tasks", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    projectId: integer("project_id"),
    title: text("title").notNull(),
    status: text("status").notNull().default("todo"),
    doneById: integer("done_by_id"),
    underId: integer("under_id"),
  });
  const comment = table("comments", {
    id: integer("id").primaryKey(),
    taskId: integer("task_id").notNull(),
    memberId: integer("member_id").notNull(),
    text: text("text").notNull(),
  });
  const seat = table(
    "seats",
    { projectId: integer("project_id").notNull(), memberId: integer("member_id").notNull() },
    (t) => [primaryKey({ columns: [t.projectId, t.memberId] })],
  );
  const note = table("notes", {
    id: integer("id").primaryKey(),
    projectId: integer("project_id"),
    memberId: integer("member_id"),
    text: text("text").notNull(),
  });
  return { member, project, task, comment, seat, note };
};

const postgresqlTables = () => {
  const { pgTable: table, integer, text, boolean, primaryKey } = pg;
  const member = table("members", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    name: text("name").notNull(),
    bossId: integer("boss_id"),
    salary: integer("salary"),
  });
  const project = table("projects", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    name: text("name").notNull(),
    ownerId: integer("owner_id").notNull(),
    open: boolean("open").notNull(),
  });
  const task = table("tasks", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    projectId: integer("project_id"),
    title: text("title").notNull(),
    status: text("status").notNull().default("todo"),
    doneById: integer("done_by_id"),
    underId: integer("under_id"),
  });
  const comment = table("comments", {
    id: integer("id").primaryKey(),
    taskId: integer("task_id").notNull(),
    memberId: integer("member_id").notNull(),
    text: text("text").notNull(),
  });
  const seat = table(
    "seats",
    { projectId: integer("project_id").notNull(), memberId: integer("member_id").notNull() },
    (t) => [primaryKey({ columns: [t.projectId, t.memberId] })],
  );
  const note = table("notes", {
    id: integer("id").primaryKey(),
    projectId: integer("project_id"),
    memberId: integer("member_id"),
    text: text("text").notNull(),
  });
  return { member, project, task, comment, seat, note };
};

/** Relations say the same in both. */
function related(tables: ReturnType<typeof sqliteTables>) {
  const { member, project, task, comment, seat, note } = tables;
  return {
    ...tables,
    memberRelations: relations(member, ({ one, many }) => ({
      boss: one(member, { fields: [member.bossId], references: [member.id], relationName: "boss" }),
      staff: many(member, { relationName: "boss" }),
      projects: many(project),
      comments: many(comment),
    })),
    projectRelations: relations(project, ({ one, many }) => ({
      owner: one(member, { fields: [project.ownerId], references: [member.id] }),
      tasks: many(task),
      seats: many(seat),
    })),
    taskRelations: relations(task, ({ one, many }) => ({
      project: one(project, { fields: [task.projectId], references: [project.id] }),
      doneBy: one(member, { fields: [task.doneById], references: [member.id] }),
      under: one(task, { fields: [task.underId], references: [task.id], relationName: "under" }),
      parts: many(task, { relationName: "under" }),
      comments: many(comment),
    })),
    commentRelations: relations(comment, ({ one }) => ({
      task: one(task, { fields: [comment.taskId], references: [task.id] }),
      member: one(member, { fields: [comment.memberId], references: [member.id] }),
    })),
    seatRelations: relations(seat, ({ one, many }) => ({
      project: one(project, { fields: [seat.projectId], references: [project.id] }),
      member: one(member, { fields: [seat.memberId], references: [member.id] }),
      notes: many(note),
    })),
    noteRelations: relations(note, ({ one }) => ({
      seat: one(seat, {
        fields: [note.projectId, note.memberId],
        references: [seat.projectId, seat.memberId],
      }),
    })),
  };
}

export const sqlite = related(sqliteTables());
// The shapes are the same; only Drizzle's own types tell them apart.
export const postgresql = related(postgresqlTables() as never);

/** Two tenants: what is of the second has ids from 20. */
export const ROWS = {
  members: [
    [1, 1, "Ada", null, 9],
    [2, 1, "Ben", 1, 5],
    [3, 1, "Cleo", 1, 4],
    [21, 2, "Udo", null, 7],
    [22, 2, "Vera", 21, 3],
  ],
  projects: [
    [1, 1, "Moon", 1, true],
    [2, 1, "Mars", 2, false],
    [21, 2, "Sea", 21, true],
  ],
  tasks: [
    [1, 1, 1, "fuel", "todo", null, null],
    [2, 1, 1, "crew", "done", 2, 1],
    [3, 1, 2, "dust", "todo", null, 1],
    [4, 1, null, "none", "todo", null, 3],
    [21, 2, 21, "salt", "todo", null, null],
    // The reference of a careless import: a task of the first tenant in a project of the second.
    [5, 1, 21, "lost", "todo", 22, 21],
  ],
  comments: [
    [1, 1, 2, "go"],
    [2, 2, 3, "who"],
    [3, 3, 2, "dry"],
    [21, 21, 21, "wet"],
    [4, 5, 22, "odd"],
  ],
  seats: [
    [1, 1],
    [1, 2],
    [2, 2],
    [21, 21],
  ],
  notes: [
    [1, 1, 2, "window"],
    [2, 2, 2, "aisle"],
    [3, 21, 21, "deck"],
    [4, null, 2, "none"],
  ],
} as const;

const literal = (value: string | number | boolean | null): string =>
  value === null ? "null" : typeof value === "string" ? `'${value}'` : String(value);

/** What fills the tables, as statements. */
export const FILL: readonly string[] = Object.entries(ROWS).map(
  ([table, rows]) =>
    `insert into ${table} values ${rows.map((row) => `(${row.map(literal).join(", ")})`).join(", ")}`,
);
/** What empties them. */
export const EMPTY: readonly string[] = Object.keys(ROWS).map((table) => `delete from ${table}`);
