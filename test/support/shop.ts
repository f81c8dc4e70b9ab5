import { Database as BunDatabase } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { relations, sql } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql, type LibSQLDatabase } from "drizzle-orm/libsql";
import { check, index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ACL } from "@bepalo/query";
import { type App, type AppOptions, serve, type Session } from "./app.ts";
import { type DatabaseName, ddl, type Opened } from "./databases.ts";

/** People who run companies. */
const person = sqliteTable("people", {
  id: text("id")
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
});

const company = sqliteTable("companies", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  name: text("name").notNull().unique(),
  adminId: text("admin_id")
    .notNull()
    .references(() => person.id),
});

/** A table with everything a server makes itself, and a condition of its own. */
const product = sqliteTable(
  "products",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    price: integer("price").notNull().default(0),
    double: integer("double").generatedAlwaysAs(sql`price * 2`),
    createdAt: integer("created_at", { mode: "timestamp_ms" })
      .notNull()
      .default(sql`1700000000000`),
    version: integer("version")
      .notNull()
      .default(0)
      .$onUpdate(() => 7),
  },
  (t) => [check("price_not_negative", sql`${t.price} >= 0`), index("product_name").on(t.name)],
);

const fields = Object.fromEntries(
  Array.from({ length: 60 }, (_, i) => [`f${i}`, integer(`f${i}`)]),
) as Record<`f${number}`, ReturnType<typeof integer>>;

/** Sixty columns beside the key: a thousand rows of it are more values than one statement binds. */
const wide = sqliteTable("wides", { id: integer("id").primaryKey(), ...fields });

const companyRelations = relations(company, ({ one }) => ({
  admin: one(person, { fields: [company.adminId], references: [person.id] }),
}));

/** Companies with their admins, products the server counts itself, and a very wide table. */
export const shop = { person, company, product, wide, companyRelations };

export type Shop = typeof shop;
export type ShopDatabase = LibSQLDatabase<Shop>;
export type ShopACL<XContext = object> = ACL<"writer" | "editor", Session, XContext, Shop, ShopDatabase>;

/** A server over the shop's tables instead of the blog's. */
export interface ShopApp extends Omit<App, "database"> {
  readonly database: ShopDatabase;
}

/** Opens a database with the tables of any schema. */
export async function openTables(schema: Record<string, unknown>, on: DatabaseName): Promise<Opened> {
  const statements = await ddl(schema);
  if (on === "bun:sqlite") {
    const client = new BunDatabase(":memory:");
    client.run("pragma foreign_keys = on");
    for (const statement of statements) client.run(statement);
    const database = drizzleBun(client, { schema }) as unknown as Opened["database"];
    return { database, url: ":memory:", close: () => client.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), "query-"));
  const url = on === "libsql memory" ? ":memory:" : `file:${join(folder, "test.db")}`;
  const client = createClient({ url });
  if (url !== ":memory:") await client.execute("pragma journal_mode = wal");
  for (const statement of statements) await client.execute(statement);
  const database = drizzleLibsql(client, { schema }) as unknown as Opened["database"];
  return { database, url, close: () => (client.close(), rmSync(folder, { recursive: true, force: true })) };
}

/** Serves an access-control file over the shop's tables, which are empty. */
export async function serveShop<XContext>(
  acl: ShopACL<XContext>,
  { on = "libsql memory", ...options }: AppOptions = {},
): Promise<ShopApp> {
  const opened = await openTables(shop, on);
  const app = await serve(acl as never, { ...options, opened, schema: shop } as AppOptions);
  return app as unknown as ShopApp;
}
