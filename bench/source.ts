// The data of the benchmark as a driver finds it: files of SQLite, or databases on a server.
import { Database } from "bun:sqlite";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sizes } from "./data.ts";
import { lacks } from "./node.ts";
import { connected, Databases, NO_SERVER, SERVER } from "./postgresql.ts";
import { type Driver, DRIVERS, isOn, isPostgresql, type Runtime } from "./rival/rival.ts";
import { createData } from "./sqlite.ts";

/** The data, and as many copies of it as are wanted. */
export interface Source {
  /** The server's version, where there is a server. */
  readonly version: string | undefined;
  /** Makes a copy of that name; the answer is its location: a file, or a URL. */
  copy(name: string): Promise<string>;
  /** Asks a copy something, past whoever serves it. */
  ask<Row>(location: string, text: string): Promise<readonly Row[]>;
  /** Microseconds of processor time that a copy's own processes have taken; `undefined` where there are none to see. */
  timeOf(location: string): Promise<number | undefined>;
  drop(location: string): Promise<void>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

/** The usual drivers. */
const USUAL: Readonly<Record<Runtime, string>> = {
  bun: "libsql,bun,bun-sql",
  node: "better-sqlite3,node-postgres",
};

/**
 * The drivers of a runtime that a flag names, or the usual ones. Those that cannot be measured here are left out, which is
 * said: where no server is named, PostgreSQL; on Node, what is not compiled.
 */
export function chosenDrivers(flag?: string, runtime: Runtime = "bun"): readonly Driver[] {
  const names = (flag ?? USUAL[runtime]).split(",");
  const wanted = DRIVERS.filter((driver) => names.includes(driver) && isOn(runtime, driver));
  const drivers = wanted.filter((driver) => SERVER !== undefined || !isPostgresql(driver));
  if (drivers.length < wanted.length) console.error(NO_SERVER);
  if (runtime === "bun") return drivers;
  return drivers.filter((driver) => {
    const lack = lacks(driver);
    if (lack !== undefined) console.error(`${driver} is left out: ${lack}`);
    return lack === undefined;
  });
}

/**
 * Makes the data for a driver; on a server there may be less of it.
 *
 * @throws Error for a driver of PostgreSQL where no server is named.
 */
export async function makeSource(driver: Driver, sizes?: Sizes): Promise<Source> {
  if (!isPostgresql(driver)) return onFiles();
  if (SERVER === undefined) throw new Error(NO_SERVER);
  return onServer(SERVER, sizes);
}

function onFiles(): Source {
  const folder = mkdtempSync(join(tmpdir(), "query-bench-"));
  const data = join(folder, "data.db");
  createData(data);
  return {
    version: undefined,
    async copy(name) {
      const file = join(folder, `${name}.db`);
      copyFileSync(data, file);
      return file;
    },
    async ask<Row>(file: string, text: string) {
      const database = new Database(file);
      const found = database.query<Row, []>(text).all();
      database.close();
      return found;
    },
    timeOf: async () => undefined,
    async drop(file) {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function onServer(server: string, sizes?: Sizes): Promise<Source> {
  const databases = new Databases(server);
  try {
    const data = await databases.create(sizes);
    const version = await connected(server, (client) => client.unsafe("show server_version"));
    return {
      version: version[0].server_version.split(" ")[0],
      copy: () => databases.copy(data),
      ask: (url, text) => connected(url, async (client) => [...(await client.unsafe(text))]),
      timeOf: (url) => databases.timeOf(url),
      drop: (url) => databases.drop([url]),
      close: () => databases.drop(),
    };
  } catch (error) {
    await databases.drop();
    throw error;
  }
}
