/*
 * A server in a process of its own over rows with long texts, for tests that look at its memory:
 * `bun heavy.ts <bun:sqlite|libsql|postgresql> <file or url> [lifted]`. It prints its port once it listens.
 */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { SQL } from "bun";
import { relations } from "drizzle-orm";
import { drizzle as drizzleSQL } from "drizzle-orm/bun-sql";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryRoute } from "@bepalo/query";

const [, , driver, place = "", most] = process.argv;

const page =
  driver === "postgresql"
    ? pg.pgTable("heavy_pages", { id: pg.integer().primaryKey(), of: pg.integer(), body: pg.text() })
    : lite.sqliteTable("heavy_pages", {
        id: lite.integer().primaryKey(),
        of: lite.integer(),
        body: lite.text(),
      });
// oxlint-disable-next-line typescript/no-explicit-any -- a table of two databases
const any = page as any;
const schema = {
  page,
  pageRelations: relations(any, ({ one, many }) => ({
    parent: one(any, { fields: [any.of], references: [any.of], relationName: "same" }),
    others: many(any, { relationName: "same" }),
  })),
};

const database =
  driver === "postgresql"
    ? drizzleSQL(new SQL(place, { max: 1, connection: { application_name: "heavy" } }), { schema })
    : driver === "libsql"
      ? drizzleLibsql(createClient({ url: `file:${place}` }), { schema })
      : drizzleBun(new BunDatabase(place), { schema });

const rule = { select: true, with: { others: { select: true } } } as const;
const route = createQueryRoute({
  acl: { pages: { table: "page", control: { GET: { all: rule } } } },
  database,
  schema,
  defaults: { maxConditions: null, ...(most === "lifted" && { maxAnswerSize: null }) },
  onWarning: () => undefined,
  onError: (error) => console.error(error),
});

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
