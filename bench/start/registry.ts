// How long a route over so many resources takes to start, and what a request costs it: `<resources> <driver>`. Three roles
// have rules for four methods of each resource, with relations, filters and lists of columns. Prints milliseconds, and the
// processor time of a request, in microseconds. On Linux.
import { readFileSync } from "node:fs";
import { createQueryRoute } from "@bepalo/query";
import { eq, relations, type SQL, sql } from "drizzle-orm";
import { type AnySQLiteColumn, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { median } from "../median.ts";

interface Session {
  user?: string | null;
}

const ROUNDS = 7;
const REQUESTS = 3_000;
const WARM_UP = 4;

const [count = "200", driver = "libsql"] = process.argv.slice(2);
const resources = Number(count);
const numbers = Array.from({ length: resources }, (_, number) => number);

const things: ReturnType<typeof thing>[] = [];

/** A table of things, each of which belongs to one of the table before. */
function thing(number: number) {
  return sqliteTable(`thing_${number}`, {
    id: integer("id").primaryKey(),
    userId: text("user_id").notNull(),
    title: text("title").notNull(),
    body: text("body"),
    views: integer("views").notNull().default(0),
    published: integer("published", { mode: "boolean" }).notNull().default(true),
    createdAt: integer("created_at", { mode: "timestamp_ms" })
      .notNull()
      .$defaultFn(() => new Date()),
    parentId: integer("parent_id").references((): AnySQLiteColumn => things[before(number)]!.id),
  });
}

const before = (number: number): number => Math.max(0, number - 1);
for (const number of numbers) things.push(thing(number));

const schema: Record<string, unknown> = {};
for (const number of numbers) {
  const [own, parent] = [things[number]!, things[before(number)]!];
  schema[`thing${number}`] = own;
  schema[`thing${number}Relations`] = relations(own, ({ one }) => ({
    parent: one(parent, { fields: [own.parentId], references: [parent.id] }),
  }));
}

const own = ({ user }: Session, { userId }: (typeof things)[number]): SQL | undefined =>
  typeof user === "string" ? eq(userId, user) : undefined;
const related = { parent: { select: { mode: true, columns: ["id", "title"] } } };
const write = { mode: true, columns: ["title", "body", "views"] };
const control = {
  GET: {
    all: { select: true, where: own, with: related },
    editor: { select: true, where: own, with: related },
    admin: { select: true, with: related, aggregate: true },
  },
  POST: {
    all: { select: true, write, where: own },
    editor: { select: true, write, where: own },
    admin: { select: true, write: true, check: true },
  },
  PATCH: {
    all: { select: true, write, where: own },
    editor: { select: true, write, where: own },
    admin: { select: true, write, check: true },
  },
  DELETE: {
    all: { select: true, where: own },
    editor: { select: true, where: own },
    admin: { select: true },
  },
};
const acl = Object.fromEntries(
  numbers.map((number) => [`things${number}`, { table: `thing${number}`, control }]),
);

/** All drivers' databases run a statement alike. */
interface Database {
  run(statement: SQL): unknown;
}

async function open(): Promise<Database> {
  switch (driver) {
    case "bun": {
      const { drizzle } = await import("drizzle-orm/bun-sqlite");
      return drizzle(":memory:", { schema });
    }
    case "better-sqlite3": {
      const { drizzle } = await import("drizzle-orm/better-sqlite3");
      return drizzle(":memory:", { schema });
    }
    default: {
      const { drizzle } = await import("drizzle-orm/libsql");
      return drizzle(":memory:", { schema });
    }
  }
}

/** Milliseconds that this thread has had a processor, on Linux: other work on the machine disturbs it least. */
const threadTime = (): number =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ", 1)[0]) / 1e6;

const database = await open();
// One of the tables is asked.
await database.run(
  sql.raw(
    `create table thing_2 (id integer primary key, user_id text not null, title text not null, body text, views integer not null, published integer not null, created_at integer not null, parent_id integer)`,
  ),
);
await database.run(sql.raw(`create index thing_2_user on thing_2 (user_id)`));
await database.run(
  sql.raw(
    `insert into thing_2 with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) select i, 'user-' || (i % 10), 'Thing ' || i, 'It is long enough.', i, 1, 0, null from n`,
  ),
);

const began = performance.now();
const threadBegan = threadTime();
const route = createQueryRoute<string, Session>({
  acl: acl as never, // made, not written, so that its types say nothing
  database,
  schema,
  onWarning: () => undefined,
  session: {
    parser: ({ headers }, context) => void (context.user = headers.get("x-user")),
    getRole: () => "editor",
  },
});
const start = performance.now() - began;
const thread = threadTime() - threadBegan;

const selector = "columns:(id:T,title:T,views:T),orderBy:(id:desc),limit:20";
async function ask(number: number): Promise<void> {
  const headers = { "x-user": `user-${number % 10}` };
  const request = new Request(`http://127.0.0.1/query/things2?select=(${selector})`, { headers });
  const answer = await route.GET(Object.assign(request, { params: { id: "things2" } }));
  const found = (await answer.json()) as { readonly count?: number };
  if (found.count !== 20) throw new Error(`it answered ${answer.status}: ${JSON.stringify(found)}`);
}

await ask(0);
const first = performance.now() - began - start;
const { rss } = process.memoryUsage();
const rounds: number[] = [];
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  const since = process.cpuUsage();
  for (let number = 0; number < REQUESTS; number++) await ask(number);
  const { user, system } = process.cpuUsage(since);
  if (round >= WARM_UP) rounds.push((user + system) / REQUESTS);
}
console.log(
  JSON.stringify({
    start,
    thread,
    first,
    rss,
    request: median(rounds),
  }),
);
process.exit();
