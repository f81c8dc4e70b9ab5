import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import * as schema from "../schema.ts";
import type { Opener } from "./contract.ts";

/** The file as bun:sqlite opens it, with the foreign keys libsql checks by itself. */
function open(file: string): Database {
  const database = new Database(file);
  database.run("pragma foreign_keys = on");
  return database;
}

export const bunSqlite: Opener = {
  sync: true,
  drizzle: (file) => drizzle(open(file), { schema }),
  statements(file) {
    const [database, writing] = [open(file), open(file)];
    return {
      prepare(text) {
        const statement = database.prepare(text);
        return (...values) => statement.values(...values)[0]![0] as string;
      },
      together(text) {
        const statement = writing.prepare(text);
        const all = writing.transaction((each: readonly (string | number)[][]) =>
          each.map((values) => statement.values(...values)[0]![0] as string),
        );
        return async (each) => all.immediate(each);
      },
    };
  },
};
