import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler, searchMigration } from "@bepalo/query";
import { asked } from "../support/everywhere.ts";
import { openPostgresql, type OpenedPostgresql } from "../support/postgresql.ts";

// What a search needs, and who is told where it lacks something.

const schema = {
  post: lite.sqliteTable("post", {
    id: lite.text().primaryKey(),
    title: lite.text().notNull(),
    body: lite.text(),
    meta: lite.text({ mode: "json" }),
    views: lite.integer(),
    rank: lite.text(),
  }),
  keyless: lite.sqliteTable("keyless", { title: lite.text() }),
  note: lite.sqliteTable("note", { id: lite.integer().primaryKey(), text: lite.text() }),
  taken: lite.sqliteTable("note_search", { id: lite.integer().primaryKey() }),
  numberless: lite.sqliteTable("numberless", {
    id: lite.text().primaryKey(),
    rowid: lite.text(),
    oid: lite.text(),
    other: lite.text("_rowid_"),
  }),
};
const memory = drizzle(":memory:", { schema });

/** What the handler says is wrong with the tables' facts, and with a rule of posts. */
function mistakes(tables: object, rule: object = { select: true }, method = "GET"): readonly string[] {
  try {
    createQueryHandler({
      acl: { posts: { table: "post", control: { [method]: { all: rule } } } },
      database: memory,
      schema,
      tables: tables as never,
      onWarning: () => undefined,
    });
    return [];
  } catch (error) {
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}

const FACT = "tables.post.search";
const RULE = "acl.posts.control";
const of = (search: unknown): object => ({ post: { search } });
const TITLE = of({ columns: ["title", "body"] });

describe("what is wrong with a search is told at start", () => {
  test.each<readonly [string, object, readonly string[]]>([
    ["nothing", TITLE, []],
    ["nothing in English", of({ columns: ["body"], language: "english" }), []],
    ["no map", of(["title"]), [`${FACT}: expected a map`]],
    ["no columns", of({}), [`${FACT}: expected columns: a list of the names of columns`]],
    ["none of them", of({ columns: [] }), [`${FACT}: expected columns: a list of the names of columns`]],
    ["one twice", of({ columns: ["title", "title"] }), [`${FACT}: a column is named twice`]],
    [
      "one that is not there",
      of({ columns: ["titel"] }),
      [`${FACT}: unknown column \`titel\` (post has id, title, body, meta, views, rank)`],
    ],
    [
      "one that holds no text",
      of({ columns: ["views", "meta"] }),
      [`${FACT}: \`views\` holds no text`, `${FACT}: \`meta\` holds no text`],
    ],
    [
      "one that SQLite has a use for",
      of({ columns: ["rank"] }),
      [`${FACT}: SQLite's index has a \`rank\` of its own`],
    ],
    [
      "another key",
      of({ columns: ["title"], lang: "english" }),
      [`${FACT}: unknown key \`lang\` (a search takes columns and language)`],
    ],
    [
      "a language that SQLite does not speak",
      of({ columns: ["title"], language: "french" }),
      [`${FACT}: SQLite knows the forms of English words only: \`english\`, or nothing`],
    ],
    [
      "a language that is none",
      of({ columns: ["title"], language: 1 }),
      [`${FACT}: expected a language by its name`],
    ],
    [
      "a table without a key",
      { keyless: { search: { columns: ["title"] } } },
      ["tables.keyless.search: keyless has no primary key, and SQLite's index needs one"],
    ],
    [
      "a table whose columns hide its rows' numbers",
      { numberless: { search: { columns: ["oid"] } } },
      ["tables.numberless.search: the columns of numberless hide the number of a row"],
    ],
    [
      "another table of that name",
      { note: { search: { columns: ["text"] } } },
      ["tables.note.search: the index would be called `note_search`, as the table `taken` is"],
    ],
  ])("%s", (_name, tables, expected) => expect(mistakes(tables)).toEqual(expected));

  test("a view has none", () => {
    const view = lite.sqliteView("brief", { title: lite.text() }).existing();
    const make = (): unknown =>
      createQueryHandler({
        acl: {},
        database: memory,
        schema: { brief: view },
        tables: { brief: { search: { columns: ["title"] } } },
      });
    expect(make).toThrow("tables.brief: brief is a view, which is only read");
  });

  test("a rule lets out all that is looked through, on every row", () => {
    const some = {
      select: [{ columns: ["id", "title"] }, { columns: ["body"], when: () => true }],
      search: true,
    };
    const hidden = `${RULE}.GET.all.search: words are looked for in \`body\`, which the rule does not let out on every row`;
    expect(mistakes(TITLE, { select: true, search: true })).toEqual([]);
    expect(mistakes(TITLE, { select: { columns: ["id", "title", "body"] }, search: true })).toEqual([]);
    expect(mistakes(TITLE, { select: { columns: ["id", "title"] }, search: true })).toEqual([hidden]);
    expect(mistakes(TITLE, some)).toEqual([hidden]);
    expect(mistakes(TITLE, { search: true })).toEqual([hidden.replace("`body`", "`title`"), hidden]);
    expect(mistakes(TITLE, { select: { columns: ["id"] }, search: false })).toEqual([]);
  });

  test("a table says where, and a GET looks", () => {
    const rule = { select: true, search: true };
    expect(mistakes({}, rule)).toEqual([`${RULE}.GET.all.search: no \`search\` is said of post`]);
    expect(mistakes(TITLE, { select: true, search: "yes" })).toEqual([
      `${RULE}.GET.all.search: expected a boolean`,
    ]);
    for (const method of ["POST", "PATCH", "DELETE"])
      expect(mistakes(TITLE, rule, method)).toEqual([
        `${RULE}.${method}.all.search: only a GET looks for words`,
      ]);
    // What is wrong is told once.
    expect(mistakes(of({ columns: [] }), rule)).toHaveLength(1);
  });
});

describe("searchMigration", () => {
  test("makes SQLite's index, and takes away what was there before", () => {
    expect(searchMigration({ post: { search: { columns: ["title", "body"] } } }, "post", schema)).toEqual([
      'drop trigger if exists "post_search_insert"',
      'drop trigger if exists "post_search_delete"',
      'drop trigger if exists "post_search_update"',
      'drop table if exists "post_search"',
      `create virtual table "post_search" using fts5("title", "body", content="post", content_rowid="rowid", tokenize='unicode61 remove_diacritics 2')`,
      'create trigger "post_search_insert" after insert on "post" begin insert into "post_search" (rowid, "title", "body") values (new."rowid", new."title", new."body"); end',
      `create trigger "post_search_delete" after delete on "post" begin insert into "post_search" ("post_search", rowid, "title", "body") values ('delete', old."rowid", old."title", old."body"); end`,
      `create trigger "post_search_update" after update of "title", "body" on "post" begin insert into "post_search" ("post_search", rowid, "title", "body") values ('delete', old."rowid", old."title", old."body"); insert into "post_search" (rowid, "title", "body") values (new."rowid", new."title", new."body"); end`,
      `insert into "post_search" ("post_search") values ('rebuild')`,
    ]);
  });

  test("makes PostgreSQL's index, of an expression", () => {
    const article = pg
      .pgSchema("press")
      .table("article", { id: pg.integer().primaryKey(), headLine: pg.text().notNull(), body: pg.text() });
    const search = { columns: ["headLine", "body"], language: "german" } as const;
    expect(
      searchMigration({ article: { search } }, "article", { article }, { casing: "snake_case" }),
    ).toEqual([
      'drop index if exists "press"."article_search"',
      `create index "article_search" on "press"."article" using gin ((ts_delete(setweight(to_tsvector('german'::regconfig, left(coalesce("head_line", ''), 50000)), 'A') || '''~'':1'::tsvector || setweight(to_tsvector('german'::regconfig, left(coalesce("body", ''), 50000)), 'B'), '~')))`,
      `comment on index "press"."article_search" is 'german: head_line, body'`,
    ]);
  });

  test("says what is wrong", () => {
    const none = { post: { where: () => true } };
    expect(() => searchMigration(none as never, "post", schema)).toThrow("no `search` is said of post");
    expect(() => searchMigration(of({ columns: ["titel"] }) as never, "post", schema)).toThrow(
      "tables.post.search: unknown column `titel`",
    );
    expect(() => searchMigration({}, "past" as never, schema)).toThrow("no `search` is said of past");
  });
});

const OPEN = {
  notes: { table: "note", control: { GET: { all: { select: true, search: true } } } },
};

describe("SQLite", () => {
  const own = {
    note: lite.sqliteTable("note", {
      id: lite.integer("note_id").primaryKey(),
      text: lite.text().notNull(),
      slug: lite.text().unique(),
    }),
  };
  const columns = { columns: ["text"] } as const;

  async function opened(): Promise<{
    readonly run: (...texts: readonly string[]) => Promise<void>;
    readonly find: (search: string, tables?: object) => Promise<unknown>;
    readonly errors: string[];
  }> {
    const client = createClient({ url: ":memory:" });
    const database = drizzle(client, { schema: own });
    const run = async (...texts: readonly string[]): Promise<void> => {
      for (const text of texts) await client.execute(text);
    };
    await run("create table note (note_id integer primary key, text text not null, slug text unique)");
    const errors: string[] = [];
    const handlers = new Map<object, ReturnType<typeof createQueryHandler>>();
    const handle = (tables: object): ReturnType<typeof createQueryHandler> =>
      createQueryHandler({
        acl: OPEN,
        database,
        schema: own,
        tables: tables as never,
        onError: (error) => errors.push((error as Error).message),
      });
    const standard = { note: { search: columns } };
    const find = async (search: string, tables: object = standard): Promise<unknown> => {
      if (!handlers.has(tables)) handlers.set(tables, handle(tables));
      const asking = `notes?select=(search:'${search}',orderBy:(search:desc))`;
      const { status, body } = await asked(handlers.get(tables)!, "GET", encodeURI(asking));
      return status === 200 ? body.notes.map(({ id }: { id: number }) => id) : status;
    };
    return { run, find, errors };
  }

  const migration = (language?: "english"): readonly string[] =>
    searchMigration({ note: { search: { ...columns, ...(language && { language }) } } }, "note", own);

  test("an index that is missing is told, and found once it is there", async () => {
    const { run, find, errors } = await opened();
    await run("insert into note values (7, 'Ripe figs', null)");
    expect(await find("ripe")).toBe(500);
    expect(errors).toEqual([
      'the index "note_search" of `tables.note.search` is not in the database: run the statements that searchMigration(tables, "note", schema) gives',
    ]);
    await run(...migration());
    expect([await find("ripe"), await find("fig")]).toEqual([[7], []]);
    // Made anew, in a language.
    await run(...migration("english"));
    const english = { note: { search: { ...columns, language: "english" } } };
    expect([await find("ripe", english), await find("fig", english)]).toEqual([[7], [7]]);
  });

  test("an index of other columns is told", async () => {
    const { run, find, errors } = await opened();
    await run(...migration());
    const other = { note: { search: { columns: ["text", "slug"] } } };
    expect(await find("ripe", other)).toBe(500);
    expect(errors[0]).toContain(
      '"note_search" of `tables.note.search` is of text and not of text, slug: run',
    );
  });

  test("columns go by the names that a `casing` gives them", async () => {
    const cased = {
      note: lite.sqliteTable("note", { noteId: lite.integer().primaryKey(), ownText: lite.text() }),
    };
    const tables = { note: { search: { columns: ["ownText"] } } } as const;
    const client = createClient({ url: ":memory:" });
    await client.execute("create table note (note_id integer primary key, own_text text)");
    await client.execute("insert into note values (1, 'fig'), (2, 'fig fig'), (3, 'plum')");
    for (const text of searchMigration(tables, "note", cased, { casing: "snake_case" }))
      await client.execute(text);
    for (const reader of ["fast", "portable"] as const) {
      const handle = createQueryHandler({
        acl: OPEN,
        tables,
        reader,
        database: drizzle(client, { schema: cased, casing: "snake_case" }),
        schema: cased,
      });
      const { body } = await asked(handle, "GET", "notes?select=(search:fig,orderBy:(search:desc))");
      expect(body.notes).toEqual([
        { noteId: 2, ownText: "fig fig" },
        { noteId: 1, ownText: "fig" },
      ]);
    }
  });

  test("accents and cases are alike", async () => {
    const { run, find } = await opened();
    await run(...migration(), "insert into note values (1, 'Crème BRÛLÉE', null)");
    expect([await find("creme brulee"), await find("CRÈME")]).toEqual([[1], [1]]);
  });

  test("rows are found wherever they go, whoever moves them", async () => {
    const { run, find } = await opened();
    await run(
      ...migration(),
      "insert into note values (1, 'one', 'a'), (2, 'two', 'b'), (3, 'one two', 'c')",
    );
    await run(
      "update note set note_id = note_id + 10 where note_id <> 2",
      "delete from note where note_id = 2",
    );
    expect([await find("one"), await find("two")]).toEqual([[11, 13], [13]]);
    await run(
      "insert into note values (13, 'three', 'd') on conflict (note_id) do update set text = excluded.text",
    );
    expect([await find("one"), await find("three")]).toEqual([[11], [13]]);
    await run("delete from note", "insert into note values (11, 'four', 'a')");
    expect([await find("one"), await find("four")]).toEqual([[], [11]]);
    await run("vacuum", "insert into note_search (note_search) values ('integrity-check')");
  });
});

describe("PostgreSQL", () => {
  const schemaOf = {
    note: pg.pgTable("note", {
      id: pg.integer().primaryKey(),
      text: pg.text(),
      other: pg.varchar({ length: 90 }),
    }),
  };
  let place: OpenedPostgresql;
  beforeAll(async () => void (place = await openPostgresql("PGlite", schemaOf)), 60_000);
  afterAll(async () => place.close());

  const asking = async (tables: object, search: string, errors: string[] = []): Promise<unknown> => {
    const handle = createQueryHandler({
      acl: OPEN,
      database: place.database,
      schema: schemaOf,
      tables: tables as never,
      onError: (error) => errors.push((error as Error).message),
    });
    const { status, body } = await asked(handle, "GET", encodeURI(`notes?select=(search:'${search}')`));
    return status === 200 ? body.notes.map(({ id }: { id: number }) => id) : status;
  };
  const make = async (tables: { readonly note: object }): Promise<void> => {
    for (const text of searchMigration(tables, "note", schemaOf)) await place.database.execute(text);
  };

  test("an index that is missing, or of another language, is told", async () => {
    const plain = { note: { search: { columns: ["text", "other"] } } };
    const english = { note: { search: { columns: ["text", "other"], language: "english" } } };
    const errors: string[] = [];
    await place.database.execute(
      "insert into note values (1, 'The ripest figs', null), (2, null, 'a fig tree')",
    );
    expect(await asking(plain, "fig", errors)).toBe(500);
    await make(plain);
    expect(await asking(plain, "fig", errors)).toEqual([2]);
    expect(await asking(english, "fig", errors)).toBe(500);
    expect(errors.map((error) => error.replace(/: run.*/, ""))).toEqual([
      'the index "note_search" of `tables.note.search` is not in the database',
      'the index "note_search" of `tables.note.search` is of simple: text, other and not of english: text, other',
    ]);
    await make(english);
    expect([await asking(english, "fig"), await asking(english, "ripest tree or figs")]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test("words that a language leaves out are no words to it", async () => {
    const english = { note: { search: { columns: ["text"], language: "english" } } };
    await make(english);
    expect([
      await asking(english, "the"),
      await asking(english, "the figs"),
      await asking(english, "-the"),
    ]).toEqual([[], [1], []]);
  });
});
