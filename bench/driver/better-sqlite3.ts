// On Node, where it is compiled: no dependency of the repository, so the part of it that is used here is described.
import { drizzle } from "drizzle-orm/better-sqlite3";
import * as schema from "../schema.ts";
import type { Opener } from "./contract.ts";

interface Statement {
  raw(): { all(values: object): readonly (readonly string[])[] };
}

interface Client {
  prepare(text: string): Statement;
  transaction<Given, Answer>(
    work: (given: Given) => Answer,
  ): { readonly immediate: (given: Given) => Answer };
}

/** The client's own types are not installed, so it has any. */
const open = (file: string): Client => drizzle(file).$client;

/** It binds `?1` by its name. */
const named = (values: readonly (string | number)[]): object =>
  Object.fromEntries(values.map((value, index) => [index + 1, value]));

export const betterSqlite3: Opener = {
  sync: true,
  drizzle: (file) => drizzle(file, { schema }),
  statements(file) {
    const [database, writing] = [open(file), open(file)];
    return {
      prepare(text) {
        const statement = database.prepare(text).raw();
        return (...values) => statement.all(named(values))[0]![0]!;
      },
      together(text) {
        const statement = writing.prepare(text).raw();
        const all = writing.transaction((each: readonly (string | number)[][]) =>
          each.map((values) => statement.all(named(values))[0]![0]!),
        );
        return async (each) => all.immediate(each);
      },
    };
  },
};
