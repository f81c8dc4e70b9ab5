/*
 * Writes to a database past the engine, from a process of its own: `bun live-writer.ts <file or URL>`. Each line of its input
 * is a statement, and is answered by a line once it is committed.
 */
import { Database } from "bun:sqlite";
import { createInterface } from "node:readline";
import { SQL } from "bun";

const [, , place] = process.argv;

function openSQLite(file: string): (statement: string) => unknown {
  const database = new Database(file);
  database.run("pragma foreign_keys = on");
  database.run("pragma busy_timeout = 5000");
  return (statement) => database.run(statement);
}

function openPostgresql(url: string): (statement: string) => unknown {
  const client = new SQL(url, { max: 1 });
  return (statement) => client.unsafe(statement);
}

const run = place!.startsWith("postgres") ? openPostgresql(place!) : openSQLite(place!);
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await run(line);
    console.log("done");
  } catch (error) {
    console.log(String(error).replaceAll("\n", " "));
  }
}
