/* The subject of the conformance suite, in a process of Node. */
import { serve } from "@hono/node-server";
import { world as postgresql } from "../../dialect/world/postgresql.ts";
import { world as sqlite } from "../../dialect/world/sqlite.ts";
import { makeSubject } from "../../dialect/world/subject.ts";
import { openDatabase, speaks } from "./database.ts";

const { database, name, schema } = await openDatabase({ sqlite, postgresql });
const subject = makeSubject({
  database,
  world: schema,
  speaks: speaks(name),
  transactions: !name.startsWith("better-sqlite3"),
});

serve({ fetch: subject, port: Number(process.env["PORT"]) }, ({ port }) => console.log(`port ${port}`));
