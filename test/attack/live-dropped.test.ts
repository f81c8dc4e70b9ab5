import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createQueryRoute, type QueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { relations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { closing, quiet } from "../support/live-app.ts";
import { Watching } from "../support/live.ts";

// Changes of which it looks as if they could not matter to an answer, and which do.

const item = sqliteTable("items", { id: integer("id").primaryKey(), title: text("title").notNull() });
const label = sqliteTable("labels", { id: integer("id").primaryKey(), ref: text("ref").notNull() });
const labelRelations = relations(label, ({ one }) => ({
  item: one(item, { fields: [label.ref], references: [item.id] }),
}));
const schema = { item, label, labelRelations };

const READ = { select: true, live: true } as const;
const WRITE = { select: true, write: true, check: true } as const;
const acl = {
  items: { table: "item", control: { GET: { all: READ }, PATCH: { all: WRITE } } },
  labels: { table: "label", control: { GET: { all: { ...READ, with: { item: true } } } } },
} as const;

test("a text and a whole number that SQLite takes for equal tie rows, however the text is written", async () => {
  const client = new Database(":memory:");
  closing(async () => client.close());
  client.run("create table items (id integer primary key, title text not null)");
  client.run("create table labels (id integer primary key, ref text not null)");
  client.run("insert into items values (1, 'one'), (2, 'two')");
  client.run("insert into labels values (1, '1.0')");
  const route = createQueryRoute({
    acl,
    database: drizzle(client, { schema }),
    schema,
    live: live({ debounce: 1 }),
    onWarning: () => undefined,
  }) as unknown as QueryRoute & { close(): Promise<void> };
  closing(() => route.close());
  const send = (method: "GET" | "PATCH", path: string, init: RequestInit = {}): Promise<Response> =>
    Promise.resolve(route[method](new Request(`http://local/query/${path}`, { method, ...init })));
  const change = async (id: number, title: string): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const path = `items?select=(where:(id:${id}))`;
    expect((await send("PATCH", path, { headers, body: JSON.stringify({ title }) })).status).toBe(200);
  };
  // At the first write it is not known whether tables have triggers, and then any table may have changed.
  await change(2, "second");
  const question = "labels?select=(where:(ref:'1.0'),with:(item:T))";
  const watching = await Watching.open((path, init) => send("GET", path, init), question);
  closing(() => watching.close());
  await watching.heard(1);
  expect(watching.value.labels).toEqual([{ id: 1, ref: "1.0", item: { id: 1, title: "one" } }]);
  await change(1, "first");
  await quiet(60);
  expect(watching.json).toBe(await (await send("GET", question)).text());
  expect(watching.value.labels[0].item.title).toBe("first");
});
