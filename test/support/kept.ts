import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler, QueryRouteOptions } from "@bepalo/query";

// Tasks of tenants, with columns that the engine keeps: the same in both databases' words.

const sqliteTables = () => {
  const { sqliteTable: table, integer, text, uniqueIndex } = lite;
  const project = table("projects", { id: integer("id").primaryKey(), name: text("name").notNull() });
  const task = table("tasks", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    projectId: integer("project_id").references(() => project.id),
    title: text("title").notNull(),
    slug: text("slug").unique(),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
    version: integer("version").notNull(),
  });
  const comment = table("comments", {
    id: integer("id").primaryKey(),
    taskId: integer("task_id")
      .notNull()
      .references(() => task.id, { onDelete: "cascade" }),
    text: text("text").notNull(),
    goneAt: integer("gone_at", { mode: "timestamp" }),
  });
  const note = table(
    "notes",
    {
      id: integer("id").primaryKey(),
      label: text("label").notNull(),
      goneAt: integer("gone_at", { mode: "timestamp" }),
      version: integer("version"),
      touched: integer("touched")
        .notNull()
        .default(0)
        .$onUpdate(() => 7),
      told: integer("told").generatedAlwaysAs(sql`coalesce(version, 0) * 10`),
    },
    (t) => [
      uniqueIndex("one_label")
        .on(t.label)
        .where(sql`gone_at is null`),
    ],
  );
  const loose = table("loose", {
    label: text("label").notNull(),
    goneAt: integer("gone_at", { mode: "timestamp" }),
    version: integer("version"),
  });
  const moment = table("moments", {
    id: integer("id").primaryKey(),
    seconds: integer("seconds", { mode: "timestamp" }),
    milliseconds: integer("milliseconds", { mode: "timestamp_ms" }),
    version: integer("version").notNull(),
  });
  return { project, task, comment, note, loose, moment };
};

const postgresqlTables = () => {
  const { pgTable: table, integer, text, timestamp, uniqueIndex } = pg;
  const project = table("projects", { id: integer("id").primaryKey(), name: text("name").notNull() });
  const task = table("tasks", {
    id: integer("id").primaryKey(),
    orgId: integer("org_id").notNull(),
    projectId: integer("project_id").references(() => project.id),
    title: text("title").notNull(),
    slug: text("slug").unique(),
    deletedAt: timestamp("deleted_at", { withTimezone: true }),
    version: integer("version").notNull(),
  });
  const comment = table("comments", {
    id: integer("id").primaryKey(),
    taskId: integer("task_id")
      .notNull()
      .references(() => task.id, { onDelete: "cascade" }),
    text: text("text").notNull(),
    goneAt: timestamp("gone_at"),
  });
  const note = table(
    "notes",
    {
      id: integer("id").primaryKey(),
      label: text("label").notNull(),
      goneAt: timestamp("gone_at", { mode: "string" }),
      version: pg.smallint("version"),
      touched: integer("touched")
        .notNull()
        .default(0)
        .$onUpdate(() => 7),
      told: integer("told").generatedAlwaysAs(sql`coalesce(version, 0) * 10`),
    },
    (t) => [
      uniqueIndex("one_label")
        .on(t.label)
        .where(sql`gone_at is null`),
    ],
  );
  const loose = table("loose", {
    label: text("label").notNull(),
    goneAt: timestamp("gone_at", { withTimezone: true, mode: "string" }),
    version: pg.bigint("version", { mode: "number" }),
  });
  const own = (type: string) => pg.customType<{ data: string }>({ dataType: () => type });
  const moment = table("moments", {
    id: integer("id").primaryKey(),
    local: timestamp("local"),
    zoned: timestamp("zoned", { withTimezone: true }),
    whole: timestamp("whole", { precision: 0 }),
    localText: timestamp("local_text", { mode: "string" }),
    zonedText: timestamp("zoned_text", { mode: "string", withTimezone: true, precision: 3 }),
    day: pg.date("day", { mode: "date" }),
    dayText: pg.date("day_text"),
    ownLocal: own("timestamp")("own_local"),
    ownZoned: own("timestamptz")("own_zoned"),
    ownDay: own("date")("own_day"),
    version: pg.bigint("version", { mode: "number" }).notNull(),
  });
  return { project, task, comment, note, loose, moment };
};

/** Relations say the same in both. */
function related(tables: ReturnType<typeof sqliteTables>) {
  const { project, task, comment } = tables;
  return {
    ...tables,
    projectRelations: relations(project, ({ many }) => ({ tasks: many(task) })),
    taskRelations: relations(task, ({ one, many }) => ({
      project: one(project, { fields: [task.projectId], references: [project.id] }),
      comments: many(comment),
    })),
    commentRelations: relations(comment, ({ one }) => ({
      task: one(task, { fields: [comment.taskId], references: [task.id] }),
    })),
  };
}

export const sqlite = related(sqliteTables());
// The shapes are the same; only Drizzle's own types tell them apart.
export const postgresql = related(postgresqlTables() as never);

const LATE = { sqlite: "1700000000000", postgresql: "'2023-11-14T22:13:20Z'" };

/** What empties the tables and fills them anew, as statements. Task 4 is deleted, task 5 is another tenant's. */
export const fresh = (speaks: "sqlite" | "postgresql"): readonly string[] => [
  ...["comments", "tasks", "projects", "notes", "loose", "moments"].map((table) => `delete from ${table}`),
  "insert into projects values (1, 'Moon'), (2, 'Mars')",
  `insert into tasks values (1, 1, 1, 'fuel', 'fuel', null, 1), (2, 1, 1, 'crew', null, null, 5), (3, 1, 2, 'dust', null, null, 1),
    (4, 1, 1, 'old', 'old', ${LATE[speaks]}, 2), (5, 2, 1, 'salt', null, null, 1)`,
  "insert into comments values (1, 1, 'go', null), (2, 1, 'stop', null), (3, 4, 'gone', null)",
  "insert into notes (id, label, version) values (1, 'a', null), (2, 'b', 3)",
  "insert into moments (id, version) values (1, 3)",
  "insert into loose values ('x', null, null), ('y', null, 4), ('y', null, 4)",
];

/** Who asks. */
export interface Who {
  readonly org?: number;
  readonly role?: string;
}

/** What a test sees of an answer. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

export const session: NonNullable<QueryRouteOptions["session"]> = {
  parser: (request, context) => void Object.assign(context, JSON.parse(request.headers.get("x-who") ?? "{}")),
  getRole: (_request, context) => (context as Who).role,
};

export const ORG: Who = { org: 1 };

/** Asks a handler as somebody. */
export async function send(
  handle: QueryHandler,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  who: Who = ORG,
): Promise<Told> {
  const sent = { "content-type": "application/json", "x-who": JSON.stringify(who), ...headers };
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await handle(
    new Request(`http://local/query/${path}`, { method, headers: sent, ...init }),
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/** What a refusal is known by. */
export const refused = ({ status, body }: Told): readonly unknown[] => [status, body.code, body.path];
