import { Database } from "bun:sqlite";
import { serializeWrites } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { drizzle as overBun } from "drizzle-orm/bun-sqlite";
import { drizzle as overLibsql } from "drizzle-orm/libsql";
import * as schema from "../schema.ts";
import type { Driver } from "./rival.ts";

/** The file as bun:sqlite opens it, with the foreign keys libsql checks by itself. */
export function openBun(file: string): Database {
  const database = new Database(file);
  database.run("pragma foreign_keys = on");
  return database;
}

/** The file as libsql opens it. */
export const openLibsql = (file: string) => createClient({ url: `file:${file}` });

/** The driver alone, under Drizzle. */
export function openDrizzle(driver: Driver, file: string) {
  // Both drivers' databases have the same queries; the type of one stands for both.
  return driver === "libsql"
    ? overLibsql(openLibsql(file), { schema })
    : (overBun(openBun(file), { schema }) as unknown as ReturnType<typeof libsqlDatabase>);
}

/** As the manual opens a libsql database: its writers take turns. */
export function openInTurns(driver: Driver, file: string): object {
  return driver === "libsql"
    ? overLibsql(serializeWrites(openLibsql(file)), { schema })
    : overBun(openBun(file), { schema });
}

const libsqlDatabase = (file: string) => overLibsql(openLibsql(file), { schema });
