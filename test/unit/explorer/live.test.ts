import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { LiveAnswer } from "../../../src/explorer/page/live.ts";
import { asked } from "../../../src/explorer/page/model/request.ts";
import { initial, Store } from "../../../src/explorer/page/state.ts";

const note = sqliteTable("note", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  about: text("about", { mode: "json" }),
});
const client = new Database(":memory:");
client.run("create table note (id integer primary key, title text not null, about text)");
client.run(
  `insert into note values (1, 'a long title, so that a patch is shorter', '{"n":9007199254740993}')`,
);

const schema = { note };
const handler = createQueryHandler({
  basePath: "/api",
  database: drizzle(client, { schema }),
  schema,
  live: live(),
  onWarning: () => undefined,
  acl: {
    notes: {
      table: "note",
      control: { GET: { all: { select: true, live: true } }, PATCH: { all: { select: true } } },
    },
  },
});
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handler(request) });
afterAll(async () => {
  await server.stop(true);
  client.close();
});

test("an answer that is kept true has all digits, and hears of the last of them", async () => {
  let hear: ((text: string) => void) | undefined;
  const heard = (): Promise<string> => new Promise((resolve) => (hear = resolve));
  const place = { origin: server.url.origin, base: "/api" };
  const store = new Store(initial(place), ({ outcome }) => {
    if (outcome?.body !== undefined) hear?.(JSON.stringify(outcome.body));
  });
  const answer = new LiveAnswer(store);
  const first = heard();
  answer.start(asked("notes"));
  expect(await first).toContain('{"n":9007199254740993}');
  // What a double keeps of it is the same.
  client.run(`update note set about = '{"n":9007199254740992.5}'`);
  const second = heard();
  const changed = await fetch(`${place.origin}/api/notes?select=(where:(id:1))`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "another long title, so that a patch is shorter" }),
  });
  expect(changed.status).toBe(200);
  expect(await second).toContain(
    '"another long title, so that a patch is shorter","about":{"n":9007199254740992.5}',
  );
  answer.stop();
});
