import type { drizzle } from "drizzle-orm/libsql";
import type { Opener, Statements } from "../driver/contract.ts";
import * as postgresql from "../schema-postgresql.ts";
import * as sqlite from "../schema.ts";
import { type Driver, isPostgresql } from "./rival.ts";

/** What only the other runtime has cannot even be loaded. */
const { openers } = await (process.versions.bun === undefined
  ? import("../driver/of-node.ts")
  : import("../driver/of-bun.ts"));

function openerOf(driver: Driver): Opener {
  const opener = openers[driver];
  if (opener === undefined) throw new Error(`${driver} is no driver of this runtime`);
  return opener;
}

/** The tables of a driver's database; the type of SQLite's stands for both. */
export const tablesOf = (driver: Driver): typeof sqlite =>
  isPostgresql(driver) ? (postgresql as unknown as typeof sqlite) : sqlite;

/** Drizzle over the driver alone; all drivers' databases have the same queries, so the type of one stands for all. */
export const openDrizzle = (driver: Driver, location: string) =>
  openerOf(driver).drizzle(location) as ReturnType<typeof drizzle<typeof sqlite>>;

/** As the manual opens a database: libsql's writers take turns. */
export function openInTurns(driver: Driver, location: string): object {
  const opener = openerOf(driver);
  return opener.inTurns?.(location) ?? opener.drizzle(location);
}

/** The driver without Drizzle. */
export const openStatements = (driver: Driver, location: string): Statements =>
  openerOf(driver).statements(location);

/** Whether what a driver's transactions run waits for nothing. */
export const isSync = (driver: Driver): boolean => openerOf(driver).sync === true;
