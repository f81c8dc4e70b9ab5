import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import * as blog from "../../support/schema.ts";

/** Columns that the server makes, and a condition of the table's own. */
const product = sqliteTable(
  "products",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    price: integer("price").notNull().default(0),
    double: integer("double").generatedAlwaysAs(sql`price * 2`),
    version: integer("version")
      .notNull()
      .default(0)
      .$onUpdate(() => 7),
  },
  (t) => [check("price_not_negative", sql`${t.price} >= 0`)],
);

const fields = Object.fromEntries(
  Array.from({ length: 70 }, (_, i) => [`f${i}`, integer(`f${i}`)]),
) as Record<`f${number}`, ReturnType<typeof integer>>;

/** Seventy columns beside the key: a thousand rows of it are more values than any protocol binds at once. */
const wide = sqliteTable("wides", { id: integer("id").primaryKey(), ...fields });

/** Who belongs to which organisation. */
const membership = sqliteTable("memberships", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  orgId: integer("org_id").notNull(),
  userId: integer("user_id").notNull(),
  role: text("role").notNull().default("member"),
});

/** A table with triggers. */
const trail = sqliteTable("trails", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  owner: integer("owner").notNull().default(1),
  label: text("label").notNull(),
});

/** The tables of the conformance suite in SQLite's words; every other database has the same in its own. */
export const world = { ...blog, product, wide, membership, trail };

/** What rules are written against, whatever the database. */
export type World = typeof world;
