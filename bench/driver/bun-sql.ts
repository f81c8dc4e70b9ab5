import { SQL } from "bun";
import { drizzle } from "drizzle-orm/bun-sql";
import * as schema from "../schema-postgresql.ts";
import type { Opener } from "./contract.ts";

/** With ten connections, as it has by itself. */
const open = (url: string) => new SQL(url);

export const bunSql: Opener = {
  drizzle: (url) => drizzle(open(url), { schema }),
  statements(url) {
    const [client, writing] = [open(url), open(url)];
    return {
      prepare:
        (text) =>
        async (...values) =>
          (await client.unsafe(text, values).values())[0][0],
      together: (text) => (each) =>
        writing.begin<string[]>(async (tx) => {
          const found: string[] = [];
          for (const values of each) found.push((await tx.unsafe(text, values).values())[0][0] as string);
          return found;
        }),
    };
  },
};
