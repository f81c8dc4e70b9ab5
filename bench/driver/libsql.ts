import { serializeWrites } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import * as schema from "../schema.ts";
import type { Opener } from "./contract.ts";

/** The file as libsql opens it. */
const open = (file: string) => createClient({ url: `file:${file}` });

export const libsql: Opener = {
  drizzle: (file) => drizzle(open(file), { schema }),
  // Its writers take turns.
  inTurns: (file) => drizzle(serializeWrites(open(file)), { schema }),
  statements(file) {
    const [client, writing] = [open(file), open(file)];
    return {
      // Statements are taken as text.
      prepare:
        (sql) =>
        async (...args) =>
          (await client.execute({ sql, args })).rows[0]![0] as string,
      together: (sql) => async (each) => {
        const found = await writing.batch(
          each.map((args) => ({ sql, args })),
          "write",
        );
        return found.map(({ rows }) => rows[0]![0] as string);
      },
    };
  },
};
