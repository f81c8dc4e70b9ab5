import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { createQueryRoute } from "@bepalo/query";
import { relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

// Tables whose name in the schema is their name in the database, and one named as Drizzle names a relation's rows.
const note = sqliteTable("note", {
  id: integer("id").primaryKey(),
  owner: integer("owner").notNull(),
  text: text("text").notNull(),
});
const note_lines = sqliteTable("note_lines", {
  id: integer("id").primaryKey(),
  noteId: integer("note_id").notNull(),
  text: text("text").notNull(),
});
const schema = {
  note,
  note_lines,
  noteRelations: relations(note, ({ many }) => ({ lines: many(note_lines) })),
  lineRelations: relations(note_lines, ({ one }) => ({
    note: one(note, { fields: [note_lines.noteId], references: [note.id] }),
  })),
};

const shout = sql`upper(${note.text}) || '!'`.as("shout");
const lines = sql`(select count(*) from ${note_lines} where ${note_lines.noteId} = ${note.id})`.as(
  "lineCount",
);
const said = sql`upper(${note_lines.text}) || '?'`.as("said");
const rule = {
  select: true,
  where: ({ me }: { me: number }) => sql`${note.owner} = ${me} and length(${note.text}) > 0`,
  extras: { shout, lineCount: lines },
  with: { lines: { select: true, where: () => sql`${note_lines.text} <> ${"hidden"}`, extras: { said } } },
};
const acl = { note: { table: "note", control: { GET: { all: rule }, PATCH: { all: rule } } } };

const client = new Database(":memory:");
const database = drizzle(client, { schema });
beforeAll(() => {
  client.run("create table note (id integer primary key, owner integer not null, text text not null)");
  client.run(
    "create table note_lines (id integer primary key, note_id integer not null, text text not null)",
  );
  client.run("insert into note values (1, 9, 'secret'), (2, 1, 'mine'), (3, 1, 'too')");
  client.run(
    "insert into note_lines values (1, 1, 'hidden'), (2, 2, 'one'), (3, 2, 'two'), (4, 3, 'hidden'), (5, 3, 'three')",
  );
});
afterAll(() => client.close());

const ask = async (reader: "fast" | "portable", method: "GET" | "PATCH", search = ""): Promise<unknown> => {
  const route = createQueryRoute<string, { me: number }>({
    acl,
    database,
    schema,
    reader,
    session: { parser: (_, context) => void Object.assign(context, { me: 1 }) },
  });
  const body =
    method === "PATCH" ? { body: '{"owner":1}', headers: { "content-type": "application/json" } } : {};
  const response = await route[method](
    new Request(`http://law.test/query/note${search}`, { method, ...body }),
  );
  return response.json();
};

const plain = [
  { id: 2, owner: 1, text: "mine", shout: "MINE!", lineCount: 2 },
  { id: 3, owner: 1, text: "too", shout: "TOO!", lineCount: 2 },
];
const nested = [
  {
    ...plain[0]!,
    lines: [
      { id: 2, noteId: 2, text: "one", said: "ONE?" },
      { id: 3, noteId: 2, text: "two", said: "TWO?" },
    ],
  },
  { ...plain[1]!, lines: [{ id: 5, noteId: 3, text: "three", said: "THREE?" }] },
];

describe("computed fields are those of their own row, whatever the tables are called", () => {
  for (const reader of ["fast", "portable"] as const) {
    test(`in a read of the ${reader} reader`, async () => {
      expect(await ask(reader, "GET")).toEqual({ count: 2, note: plain });
    });
    test(`in relations of the ${reader} reader`, async () => {
      expect(await ask(reader, "GET", "?select=(with:(lines:T))")).toEqual({ count: 2, note: nested });
    });
    test(`in what a write answers, with the ${reader} reader`, async () => {
      expect(await ask(reader, "PATCH")).toEqual({ rowsAffected: 2, count: 2, note: plain });
      expect(await ask(reader, "PATCH", "?select=(with:(lines:T))")).toEqual({
        rowsAffected: 2,
        count: 2,
        note: nested,
      });
    });
  }
});
