import { boolean, integer, pgTable, text } from "drizzle-orm/pg-core";

export const note = pgTable("note", {
  id: integer().primaryKey(),
  title: text().notNull(),
  done: boolean().notNull(),
});
export const member = pgTable("member", { id: integer().primaryKey() });
/** Which no live answer depends on. */
export const other = pgTable("other", { id: integer().primaryKey() });

export const schema = { note, member, other };
