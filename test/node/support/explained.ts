/* Explains requests over a file of libSQL, and over a database in memory with the same tables. */
import { serve } from "@hono/node-server";
import { createQueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/libsql";
import { acl } from "./acl.ts";
import { openDatabase } from "./database.ts";
import * as postgresql from "./postgresql.ts";
import * as sqlite from "./sqlite.ts";

const { database, schema } = await openDatabase({ sqlite, postgresql });
const file = database as ReturnType<typeof drizzle<typeof schema>>;
const memory = drizzle(":memory:", { schema });
const made = await file.$client.execute("select sql from sqlite_schema where name not glob 'sqlite_*'");
for (const { sql } of made.rows) await memory.$client.execute(sql as string);

const served = (basePath: string, over: object) =>
  createQueryHandler({
    acl,
    database: over,
    schema,
    basePath,
    ownConnection: false,
    busyTimeout: 1_000,
    inspect: () => true,
    onError: console.error,
    onWarning: () => undefined,
  });
const handlers = new Map([
  ["file", served("/file", file)],
  ["memory", served("/memory", memory)],
]);

serve(
  {
    fetch: (request) => handlers.get(new URL(request.url).pathname.split("/")[1]!)!(request),
    port: Number(process.env["PORT"]),
  },
  ({ port }) => console.log(`port ${port}`),
);
