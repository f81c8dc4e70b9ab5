import type { DatabaseKind } from "../schema/schema.ts";
import type { Syntax } from "./contract.ts";
import { postgresql } from "./postgresql.ts";
import { sqlite } from "./sqlite.ts";

/** The SQL of a database. */
export const syntaxOf = (database: DatabaseKind): Syntax => (database === "postgresql" ? postgresql : sqlite);
