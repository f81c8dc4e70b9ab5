import type { DatabaseKind } from "../schema/schema.ts";
import type { Flat, Syntax } from "./contract.ts";
import { postgresqlFlat } from "./flat-postgresql.ts";
import { sqliteFlat } from "./flat.ts";
import { postgresql } from "./postgresql.ts";
import { sqlite } from "./sqlite.ts";

/** The SQL of a database. */
export const syntaxOf = (database: DatabaseKind): Syntax => (database === "postgresql" ? postgresql : sqlite);

/** How its rows come as they are stored. */
export const flatOf = (database: DatabaseKind): Flat =>
  database === "postgresql" ? postgresqlFlat : sqliteFlat;
