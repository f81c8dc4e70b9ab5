import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler, searchMigration } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import { createClient } from "@libsql/client";
import { relations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import * as lite from "drizzle-orm/sqlite-core";

// Who looks for words hears of no row and no word that is not his to read.

const note = lite.sqliteTable("notes", {
  id: lite.integer().primaryKey(),
  org: lite.text().notNull(),
  parentId: lite.integer("parent_id"),
  text: lite.text().notNull(),
  secret: lite.text().notNull().default(""),
  deletedAt: lite.integer("deleted_at", { mode: "timestamp_ms" }),
});
const noteRelations = relations(note, ({ one, many }) => ({
  parent: one(note, { fields: [note.parentId], references: [note.id], relationName: "tree" }),
  parts: many(note, { relationName: "tree" }),
}));
const schema = { note, noteRelations };

// oxlint-disable-next-line typescript/no-explicit-any -- asked as anybody may write it
type Any = any;

const tables = {
  note: {
    where: ({ org }: Any, t: Any, { eq }: Any) => eq(t.org, org),
    softDelete: "deletedAt",
    search: { columns: ["text"] },
  },
} as const;

const columns = { mode: false, columns: ["secret"] } as const;
const acl = {
  notes: {
    table: "note",
    control: {
      GET: {
        reader: { select: columns, search: true, with: { parts: "notes", parent: "notes" } },
        guest: { select: columns },
      },
    },
  },
  hung: {
    table: "note",
    control: { GET: { reader: { select: columns, search: true, parent: { parent: "notes" } } } },
  },
  secrets: { table: "note", control: { GET: { reader: { select: true, search: true } } } },
};

const ROWS = [
  [1, "ours", null, "fig tree", "plain", null],
  [2, "ours", 1, "ripe fig", "plum", null],
  [3, "theirs", 1, "ripe fig fig treasure", "plum", null],
  [4, "ours", 1, "ripe fig fig deleted", "", 1],
  [5, "theirs", null, "fig of theirs", "", null],
  [6, "ours", 5, "orphan fig", "", null],
  [7, "ours", 2, "leaf", "fig", null],
] as const;

const client = createClient({ url: ":memory:" });
let handle: QueryHandler;
const errors: unknown[] = [];
beforeAll(async () => {
  await client.execute(
    "create table notes (id integer primary key, org text, parent_id integer, text text, secret text, deleted_at integer)",
  );
  for (const text of searchMigration(tables, "note", schema)) await client.execute(text);
  for (const row of ROWS)
    await client.execute({ sql: "insert into notes values (?, ?, ?, ?, ?, ?)", args: [...row] });
  handle = createQueryHandler({
    acl,
    tables: tables as Any,
    database: drizzle(client, { schema }),
    schema,
    onWarning: () => undefined,
    onError: (error) => errors.push(error),
    session: {
      parser: (request, context: Any) =>
        void Object.assign(context, { org: request.headers.get("org") ?? "ours" }),
      getRole: (request) => (request.headers.has("guest") ? undefined : "reader"),
    },
  });
});
afterAll(() => client.close());

async function ask(resource: string, selector: object, flags = "", headers = {}): Promise<Any> {
  const path = `http://local/query/${resource}?${flags}&select=${encodeURIComponent(stringify(selector))}`;
  const response = await handle(new Request(path, { headers }));
  return { status: response.status, body: await response.json() };
}

const found = async (resource: string, selector: object, headers = {}): Promise<unknown> => {
  const { status, body } = await ask(
    resource,
    { columns: { id: true }, orderBy: { id: "asc" }, ...selector },
    "",
    headers,
  );
  return status === 200 ? body[resource].map(({ id }: Any) => id) : body.code;
};

describe("rows that are hidden", () => {
  test("are not found by the words that they alone have", async () => {
    expect(await found("notes", { search: "treasure" })).toEqual([]);
    expect(await found("notes", { search: "deleted" })).toEqual([]);
    expect(await found("notes", { search: "fig -treasure" })).toEqual([1, 2, 6]);
    expect(await found("notes", { search: "-leaf" })).toEqual([1, 2, 6]);
    expect(await found("notes", { search: "fig" }, { org: "theirs" })).toEqual([3, 5]);
    expect(await found("notes", { search: "fig" }, { org: "nobody's" })).toEqual([]);
  });

  test("are in no number", async () => {
    const { body } = await ask("notes", { search: "fig", limit: 1 }, "countFiltered&countTotal");
    expect([body.count, body.filtered, body.total]).toEqual([1, 3, 4]);
    expect((await ask("notes", { search: "treasure", columns: false })).body.count).toBe(0);
  });

  test("are in no relation, and require no row", async () => {
    const parts = { search: "ripe", columns: { id: true } };
    const { body } = await ask("notes", { columns: { id: true }, where: { id: 1 }, with: { parts } });
    expect(body.notes).toEqual([{ id: 1, parts: [{ id: 2 }] }]);
    const required = (search: string): object => ({
      with: { parts: { search, required: true, columns: false } },
    });
    expect(await found("notes", required("treasure"))).toEqual([]);
    expect(await found("notes", required("deleted"))).toEqual([]);
    expect((await ask("notes", { columns: { id: true }, ...required("leaf") })).body.notes.length).toBe(1);
  });

  test("whose parent is hidden are none", async () => {
    expect(await found("hung", { search: "fig" })).toEqual([2]);
    expect(await found("hung", { search: "orphan" })).toEqual([]);
  });

  test("move none of the others", async () => {
    const order = async (): Promise<unknown> => {
      const { body } = await ask("notes", {
        columns: { id: true },
        search: "fig or ripe or leaf",
        orderBy: { search: "desc" },
      });
      return body.notes;
    };
    const before = await order();
    await client.execute(
      "insert into notes select 100 + value, 'theirs', null, 'leaf leaf leaf', '', null from generate_series(1, 50)",
    );
    expect(await order()).toEqual(before);
    await client.execute("delete from notes where id > 100");
  });
});

describe("columns that are hidden", () => {
  test("are not looked through, whichever rule lets them out elsewhere", async () => {
    expect(await found("notes", { search: "plum" })).toEqual([]);
    expect(await found("secrets", { search: "plum" })).toEqual([]);
    expect(await found("secrets", { search: "leaf" })).toEqual([7]);
  });

  test("the index is no name", async () => {
    for (const name of ["notes_search", "rank", "rowid", "~ranked", "search.rank", "notes_search.rank"]) {
      expect(await found("notes", { search: "fig", where: { [name]: 1 } })).toBe("unknown-column");
      expect(await found("notes", { search: "fig", orderBy: { [name]: "asc" } })).toBe("unknown-column");
      expect(await found("notes", { search: "fig", columns: { [name]: true } })).toBe("unknown-column");
    }
    expect(await found("notes", { where: { search: "fig" } })).toBe("unknown-column");
    expect((await handle(new Request("http://local/query/notes_search"))).status).toBe(404);
  });

  test("no text leads to them", async () => {
    const texts = [
      "secret : plum",
      '{secret} : "plum"',
      'fig") OR secret MATCH ("plum',
      "nothing' or secret like '%plum%",
      "plum*",
      "NEAR(ripe plum)",
      "^plum",
      "+plum",
      'ripe" AND "plum',
    ];
    for (const search of texts) expect([search, await found("notes", { search })]).toEqual([search, []]);
    expect(errors).toEqual([]);
  });
});

test("each caller is answered by his own rule, whoever asked the same before", async () => {
  const question = { search: "fig" };
  for (let turn = 0; turn < 3; turn++) {
    expect(await found("notes", question)).toEqual([1, 2, 6]);
    expect(await found("notes", question, { guest: "1" })).toBe("capability-forbidden");
    expect(await found("notes", question, { org: "theirs" })).toEqual([3, 5]);
    expect(await found("notes", { search: "leaf" })).toEqual([7]);
  }
});
