// Ours: the query route.
import { sessionReader } from "../session.ts";
import { openInTurns, tablesOf } from "./open.ts";
import type { Rival, RivalOptions, Routes } from "./rival.ts";
import { queryRoute } from "./route.ts";

function open({ driver, location, session }: RivalOptions, reader: "fast" | "portable"): Routes {
  const database = openInTurns(driver, location);
  return queryRoute(database, sessionReader(session, database), reader, tablesOf(driver));
}

export const ours: Rival = (options) => open(options, "fast");
export const portable: Rival = (options) => open(options, "portable");
