import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import * as schema from "../schema-postgresql.ts";
import type { Opener } from "./contract.ts";

/** With ten connections, as it has by itself. */
const open = (url: string) => new pg.Pool({ connectionString: url });

export const nodePostgres: Opener = {
  drizzle: (url) => drizzle(open(url), { schema }),
  statements(url) {
    const [pool, writing] = [open(url), open(url)];
    let statements = 0;
    return {
      prepare(text) {
        const name = `statement ${++statements}`;
        return async (...values) => {
          const { rows } = await pool.query<string[]>({ name, text, values, rowMode: "array" });
          return rows[0]![0]!;
        };
      },
      together: (text) => async (each) => {
        const client = await writing.connect();
        try {
          const found: string[] = [];
          await client.query("begin");
          for (const values of each) {
            const query = { name: "insert", text, values, rowMode: "array" } as const;
            found.push((await client.query<string[]>(query)).rows[0]![0]!);
          }
          await client.query("commit");
          return found;
        } finally {
          client.release();
        }
      },
    };
  },
};
