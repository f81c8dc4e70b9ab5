import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createQueryRoute, type QueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { closing, quiet } from "../support/live-app.ts";
import { Watching } from "../support/live.ts";

// Changes of which it looks as if they could not matter to an answer, and which do.

const item = sqliteTable("items", { id: integer("id").primaryKey(), title: text("title").notNull() });
/** The same table, of which nothing is known at the other place. */
const itemTwice = sqliteTable("items", {
  id: integer("id").primaryKey(),
  loud: text("loud").generatedAlwaysAs(sql`upper(title)`),
});
const label = sqliteTable("labels", { id: integer("id").primaryKey(), ref: text("ref").notNull() });
const part = sqliteTable("parts", {
  id: integer("id").primaryKey(),
  itemId: integer("item_id").references(() => item.id, { onDelete: "set null" }),
  isLoose: integer("is_loose").generatedAlwaysAs(sql`item_id is null`),
});
const schema = {
  item,
  label,
  part,
  labelRelations: relations(label, ({ one }) => ({
    item: one(item, { fields: [label.ref], references: [item.id] }),
  })),
};
/** The same table once more, where the schema keeps quiet about what its column is made of. */
const itemQuiet = sqliteTable("items", { id: integer("id").primaryKey(), loud: text("loud") });
const DDL = [
  "create table items (id integer primary key, title text not null, loud text generated always as (upper(title)))",
  "create table labels (id integer primary key, ref text not null)",
  "create table parts (id integer primary key, item_id integer references items (id) on delete set null, is_loose integer generated always as (item_id is null))",
  "insert into items values (1, 'one'), (2, 'two')",
  "insert into labels values (1, '1.0')",
  "insert into parts values (1, 1), (2, 2)",
];

const READ = { select: true, live: true } as const;
const WRITE = { select: true, write: true, check: true } as const;
const acl = {
  items: { table: "item", control: { GET: { all: READ }, PATCH: { all: WRITE }, DELETE: { all: WRITE } } },
  labels: { table: "label", control: { GET: { all: { ...READ, with: { item: true } } } } },
  parts: { table: "part", control: { GET: { all: READ } } },
} as const;

/** Watches a question while a request is sent, and compares what was made of it with a fresh answer. */
async function watched(
  question: string,
  [method, path, body]: readonly ["PATCH" | "DELETE", string, object?],
  more: { readonly acl?: object; readonly schema?: object } = {},
): Promise<unknown> {
  const client = new Database(":memory:");
  closing(async () => client.close());
  client.run("pragma foreign_keys = on");
  for (const statement of DDL) client.run(statement);
  const all = { ...schema, ...more.schema };
  const route = createQueryRoute({
    acl: { ...acl, ...more.acl },
    database: drizzle(client, { schema: all }),
    schema: all,
    live: live({ debounce: 1 }),
    onWarning: () => undefined,
  }) as unknown as QueryRoute & { close(): Promise<void> };
  closing(() => route.close());
  const send = (by: "GET" | "PATCH" | "DELETE", to: string, init: RequestInit = {}): Promise<Response> =>
    Promise.resolve(route[by](new Request(`http://local/query/${to}`, { method: by, ...init })));
  const write = async (by: "PATCH" | "DELETE", to: string, sent?: object): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const answer = await send(by, to, { ...(sent !== undefined && { headers, body: JSON.stringify(sent) }) });
    expect(answer.status).toBe(200);
  };
  // At the first write it is not known whether tables have triggers, and then any table may have changed.
  await write("PATCH", "items?select=(where:(id:2))", { title: "second" });
  const watching = await Watching.open((to, init) => send("GET", to, init), question);
  closing(() => watching.close());
  await watching.heard(1);
  await write(method, path, body);
  await quiet(60);
  expect(watching.json).toBe(await (await send("GET", question)).text());
  return watching.value;
}

test("a text and a whole number that SQLite takes for equal tie rows, however the text is written", async () => {
  const question = "labels?select=(where:(ref:'1.0'),with:(item:T))";
  expect(await watched(question, ["PATCH", "items?select=(where:(id:1))", { title: "first" }])).toEqual({
    count: 1,
    labels: [{ id: 1, ref: "1.0", item: { id: 1, title: "first" } }],
  });
});

test("a column that is made of a reference changes where that is taken away", async () => {
  const question = "parts?select=(columns:~T(id,isLoose)~,orderBy:(id:asc))";
  expect(await watched(question, ["DELETE", "items?select=(where:(id:1))"])).toEqual({
    count: 2,
    parts: [
      { id: 1, isLoose: 1 },
      { id: 2, isLoose: 0 },
    ],
  });
});

test("a column that is made of others changes with these, though the schema says so at another place", async () => {
  const more = {
    schema: { itemTwice },
    acl: { twice: { table: "itemTwice", control: { GET: { all: READ } } } },
  };
  const change = ["PATCH", "items?select=(where:(id:1))", { title: "first" }] as const;
  expect(await watched("twice?select=(where:(id:1))", change, more)).toEqual({
    count: 1,
    twice: [{ id: 1, loud: "FIRST" }],
  });
});

test("a column of which the schema does not say that it is made of others is looked at where a rule depends on its table", async () => {
  const quietly = { GET: { all: { ...READ, dependsOn: ["itemQuiet"] } } } as const;
  const more = { schema: { itemQuiet }, acl: { quiet: { table: "itemQuiet", control: quietly } } };
  const change = ["PATCH", "items?select=(where:(id:1))", { title: "first" }] as const;
  expect(await watched("quiet?select=(where:(id:1))", change, more)).toEqual({
    count: 1,
    quiet: [{ id: 1, loud: "FIRST" }],
  });
});
