import type { ACL as AnyACL, TableRules as AnyTableRules } from "@bepalo/query";
import type { CTXUserSession } from "@/auth/middleware";
import { open, type Database } from "./open.ts";
import type * as Tables from "./schema.ts";

export type { Database } from "./open.ts";
export * as schema from "./schema.ts";

/** The application's own database: `DB_FILE_NAME`, or `sandbox.db` in the project, whatever the current directory is. */
export const db = await open(
  process.env["DB_FILE_NAME"] || new URL("../../sandbox.db", import.meta.url).href,
);

/** Every role a rule can be written for, besides `guest`, `mine` and `all`. */
export type UserRoles = (typeof Tables.userRolesEnum)[number];

/** What `db.query` offers. */
export type Query = Database["query"];

/** The tables and relations, as one type. */
export type Schema = typeof Tables;

/** The access-control list of this application; every ACL file is checked with `satisfies ACL`. */
export type ACL<XContext = {}> = AnyACL<UserRoles, CTXUserSession, XContext, Schema, Database>;

/** What is true of this application's tables, checked with `satisfies TableRules`. */
export type TableRules = AnyTableRules<CTXUserSession, Schema>;

export default db;
