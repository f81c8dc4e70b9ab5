/* Rows with long texts, a server over them in a process of its own, and what that holds in memory. */
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";

/** Each of a hundred rows has all hundred as its others, of 50 kB each: 477 MiB. */
const ROWS = 100;
const BYTES = 50_000;

/** What a process holds in memory, and the most it held so far, in bytes. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { now: read("VmRSS"), most: read("VmHWM") };
}

/** Starts a server over the rows, which is to be killed by who started it; `most` in place of its default limit. */
export async function spawnHeavy(
  name: string,
  place: string,
  most: readonly string[] = [],
): Promise<{ readonly child: Bun.Subprocess; readonly url: string }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "heavy.ts"), name, place, ...most], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  return { child, url: `http://127.0.0.1:${new TextDecoder().decode(value).trim()}/query/` };
}

/** Makes the rows. */
export async function fillHeavy(name: string, place: string): Promise<void> {
  const table = "create table heavy_pages (id integer primary key, of integer, body text)";
  if (name === "postgresql") {
    await dropHeavy(place);
    const server = new SQL(place);
    await server.unsafe(table);
    await server.unsafe(
      `insert into heavy_pages select i, 1, repeat('x', ${BYTES}) from generate_series(1, ${ROWS}) i`,
    );
    return server.close();
  }
  const database = new Database(place);
  database.run("pragma journal_mode = wal");
  database.run(table);
  for (let id = 1; id <= ROWS; id++)
    database.run("insert into heavy_pages values (?, 1, ?)", [id, "x".repeat(BYTES)]);
  database.close();
}

/** Removes them from a server. */
export async function dropHeavy(place: string): Promise<void> {
  const server = new SQL(place);
  await server.unsafe("drop table if exists heavy_pages");
  await server.close();
}
