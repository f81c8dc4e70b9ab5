// Which rival a process is, as its arguments say: `<rival> <driver> <file or URL> [stub|auth]`.
import type { SessionKind } from "../session.ts";
import { drizzle } from "./drizzle.ts";
import { ours, portable } from "./ours.ts";
import { prepared } from "./prepared.ts";
import { type Driver, DRIVERS, type Rival, type Routes } from "./rival.ts";
import { sql } from "./sql.ts";

const RIVALS: Readonly<Record<string, Rival>> = { ours, portable, drizzle, prepared, sql };

const isDriver = (name: string): name is Driver => (DRIVERS as readonly string[]).includes(name);

/** @throws Error that says how it is called. */
export async function findRival(words: readonly string[]): Promise<Routes> {
  const [name = "", driver = "", location, session = "stub"] = words;
  const rival = RIVALS[name];
  if (rival === undefined || !isDriver(driver) || location === undefined)
    throw new Error(
      `usage: <${Object.keys(RIVALS).join("|")}> <${DRIVERS.join("|")}> <file or URL> [stub|auth]`,
    );
  return rival({ driver, location, session: session as SessionKind });
}

/** What a server says of its own process. */
export const usage = (): Response => Response.json({ ...process.memoryUsage(), ...process.cpuUsage() });
