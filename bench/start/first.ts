// A fresh process until its first answer: `<ours|drizzle> <driver> <file>`. Prints when it had come how far, in milliseconds.
import { eq } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import * as schema from "../schema.ts";

const USER = "user-0007";
const [rival = "", driver = "", file = ""] = process.argv.slice(2);

/** Opens the file over a driver, of which nothing is loaded before. */
async function open(): Promise<object> {
  switch (driver) {
    case "libsql": {
      const { drizzle } = await import("drizzle-orm/libsql");
      return drizzle(`file:${file}`, { schema });
    }
    case "bun": {
      const { drizzle } = await import("drizzle-orm/bun-sqlite");
      const database = drizzle(file, { schema });
      database.$client.run("pragma foreign_keys = on");
      return database;
    }
    case "better-sqlite3": {
      const { drizzle } = await import("drizzle-orm/better-sqlite3");
      return drizzle(file, { schema });
    }
    default:
      throw new Error(`unknown driver ${driver}`);
  }
}

/** All drivers' databases have the same queries. */
type Database = LibSQLDatabase<typeof schema>;

async function byHand(database: object): Promise<Response> {
  const posts = await (database as Database).query.post.findMany({
    columns: { id: true, title: true, body: true, createdAt: true },
    where: eq(schema.post.userId, USER),
    orderBy: (table, { desc }) => desc(table.id),
    limit: 20,
  });
  return Response.json({ count: posts.length, posts });
}

const began = performance.now();
const database = await open();
const opened = performance.now();
let [imported, started] = [opened, opened];
let answer: Response;
if (rival === "ours") {
  const { queryRoute } = await import("../rival/route.ts");
  imported = performance.now();
  const routes = queryRoute(database, () => ({ id: USER, role: "user" }), "fast", schema);
  started = performance.now();
  const selector = "columns:(id:T,title:T,body:T,createdAt:T),orderBy:(id:desc),limit:20";
  const path = `http://127.0.0.1/query/posts?mine&select=(${selector})`;
  answer = await routes["/query/:id"]!["GET"]!(new Request(path));
} else answer = await byHand(database);
const { length } = await answer.text();
const answered = performance.now();
if (answer.status !== 200 || length < 1000) throw new Error(`${rival} answered ${answer.status}`);
const { rss, heapUsed } = process.memoryUsage();
console.log(
  JSON.stringify({
    open: opened - began,
    import: imported - opened,
    start: started - imported,
    answer: answered - started,
    rss,
    heap: heapUsed,
  }),
);
process.exit();
