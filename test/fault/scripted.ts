/* A program that reads and writes by a handler, and then closes its pool: `bun scripted.ts <driver> <url>`. */
import { createQueryHandler } from "@bepalo/query";
import { SERVER_DRIVERS } from "../support/postgresql.ts";
import { schema } from "./postgresql.ts";

const [, , name = "", url = ""] = process.argv;

const { database, end } = SERVER_DRIVERS[name as keyof typeof SERVER_DRIVERS](url, schema, 2);
const control = { GET: { all: { select: true } }, POST: { all: { select: true, write: true } } } as const;
const handler = createQueryHandler({
  acl: { notes: { table: "note", control } },
  database,
  schema,
  onWarning: () => undefined,
});
const body = JSON.stringify({ id: 1, label: "mine" });
const headers = { "content-type": "application/json" };
for (const init of [{ method: "POST", body, headers }, {}]) {
  const { status } = await handler(new Request("http://local/query/notes", init));
  if (status !== 200) throw new Error(`answered ${status}`);
}
await end();
