import { beforeAll, describe, expect, test } from "bun:test";
import { relations, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Place, type Told } from "../support/everywhere.ts";
import { ask } from "../support/served.ts";

/** Texts, JSON and bytes of any size, in a tree of three tables. */
const sqlite = (() => {
  const author = lite.sqliteTable("size_authors", {
    id: lite.integer().primaryKey(),
    name: lite.text().notNull(),
    note: lite.text(),
  });
  const post = lite.sqliteTable("size_posts", {
    id: lite.integer().primaryKey(),
    authorId: lite.integer("author_id").notNull(),
    body: lite.text(),
    extra: lite.text({ mode: "json" }),
    bytes: lite.blob({ mode: "buffer" }),
  });
  return { author, post, ...tied(author, post) };
})();
const postgresql = (() => {
  const author = pg.pgTable("size_authors", {
    id: pg.integer().primaryKey(),
    name: pg.varchar({ length: 20 }).notNull(),
    note: pg.text(),
  });
  const post = pg.pgTable("size_posts", {
    id: pg.integer().primaryKey(),
    authorId: pg.integer("author_id").notNull(),
    body: pg.text(),
    extra: pg.jsonb(),
    bytes: pg.customType<{ data: Buffer }>({ dataType: () => "bytea" })(),
  });
  return { author, post, ...tied(author, post) };
})();

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
function tied(author: any, post: any): Record<"authorRelations" | "postRelations", unknown> {
  return {
    authorRelations: relations(author, ({ many }) => ({ posts: many(post) })),
    postRelations: relations(post, ({ one }) => ({
      author: one(author, { fields: [post.authorId], references: [author.id] }),
    })),
  };
}

/** So many bytes an answer may have. */
const MOST = 6_000;
/** Each of twenty authors has three posts, and one is long. */
const AUTHORS = 20;
const LONG = 5_000;

const visible = { where: (_: unknown, { id }: { id: never }) => sql`${id} < 1000` };
const posts = { select: true, maxLimit: 1_000, ...visible } as const;
const authors = { select: true, maxLimit: 1_000, with: { posts }, ...visible } as const;
const written = { select: true, write: true, check: true } as const;
const acl = {
  authors: { table: "author", maxCost: null, control: { GET: { all: authors } } },
  posts: {
    table: "post",
    maxCost: null,
    control: {
      GET: { all: { ...posts, with: { author: { ...authors, with: { posts } } } } },
      POST: { all: { ...written, with: { author: { select: true } } } },
      PATCH: { all: { ...written } },
      DELETE: { all: { select: true } },
    },
  },
  bare: {
    table: "post",
    control: {
      GET: { all: { select: true } },
      POST: { all: written },
      PATCH: { all: { select: { columns: ["id", "body"] }, write: true, where: () => true } },
      DELETE: { all: { select: { columns: ["id", "body"] } } },
    },
  },
  formatted: {
    table: "post",
    control: { GET: { all: { ...posts, formatResult: () => "short" } } },
  },
  grown: {
    table: "post",
    control: { GET: { all: { ...posts, formatResult: () => "x".repeat(MOST) } } },
  },
  free: { table: "post", maxAnswerSize: null, control: { GET: { all: posts } } },
};

/** Fills the tables. What nobody may see is far beyond any limit. */
async function fill({ run, speaks }: Place): Promise<void> {
  for (const table of ["size_authors", "size_posts"]) await run(`delete from ${table}`);
  for (let id = 1; id <= AUTHORS; id++)
    await run(`insert into size_authors (id, name, note) values (${id}, 'author ${id}', null)`);
  const json = speaks === "sqlite" ? "'[1, 2]'" : "'[1,2]'::jsonb";
  for (let id = 1; id <= 3 * AUTHORS; id++)
    await run(
      `insert into size_posts (id, author_id, body, extra) values (${id}, ${1 + (id % AUTHORS)}, 'post ${id}', ${json})`,
    );
  await run(`update size_posts set body = '${"ü".repeat(LONG / 2)}' where id = 7`);
  await run(`insert into size_posts (id, author_id, body) values (2000, 8, '${"h".repeat(50_000)}')`);
}

const LARGE = { status: 400, code: "too-large-answer" };
const told = ({ status, body }: Told): object => ({ status, code: body?.code });

everywhere({ sqlite, postgresql }, acl, (place) => {
  let handle: QueryHandler;
  const get = (path: string): Promise<Told> => asked(handle, "GET", path);
  beforeAll(async () => {
    await fill(place);
    handle = place.handler(acl, { defaults: { maxAnswerSize: MOST, maxWork: null } });
  });

  describe("a read", () => {
    test("is refused where its answer has more bytes, however often and however it is asked", async () => {
      for (let time = 0; time < 4; time++) {
        expect(told(await get(ask("posts", "(limit:60,columns:~T(id,body)~)")))).toEqual(LARGE);
        expect(told(await get(ask("posts", "(limit:60,columns:~T(id)~)")))).toMatchObject({ status: 200 });
      }
    });

    test("is answered where it is within, whatever else its table holds", async () => {
      const { status, body } = await get(ask("posts", "(where:(id.lt:7),limit:1000)"));
      expect(status).toBe(200);
      expect(body.posts).toHaveLength(6);
      const one = await get(ask("posts", "(where:(id:7),columns:~T(id,body)~)"));
      expect([one.status, one.body.posts?.[0].body.length]).toEqual([200, LONG / 2]);
      const last = await get(ask("posts", "(where:(id.lt:9),limit:1000,columns:~T(body)~)"));
      expect([last.status, last.body.count]).toEqual([200, 8]);
    });

    test("counts relations, each time a row comes", async () => {
      const embedded = "with:(author:(columns:~T(id)~,with:(posts:(columns:~T(body)~,limit:500))))";
      const one = await get(ask("posts", `(where:(id:7),columns:~T(id)~,${embedded})`));
      expect([one.status, one.body.posts?.[0].author.posts.length]).toEqual([200, 3]);
      const some = await get(ask("posts", `(where:(id.in:_(7,27)_),columns:~T(id)~,${embedded})`));
      expect(told(some)).toEqual(LARGE);
      const list = await get(ask("authors", "(columns:~T(id)~,with:(posts:(columns:~T(body)~,limit:500)))"));
      expect(told(list)).toEqual(LARGE);
      const short = await get(
        ask("authors", "(columns:~T(id)~,with:(posts:(columns:~T(body)~,where:(id.ne:7),limit:500)))"),
      );
      expect([short.status, short.body.authors?.length]).toEqual([200, AUTHORS]);
      expect(short.body.authors[0].posts.map((post: { body: string }) => post.body)).toContain("post 20");
    });

    test("says how to ask for less, and nothing of what is stored", async () => {
      const { body } = await get(ask("posts", "(limit:60)"));
      expect(body).toEqual({
        error: `the answer would exceed ${MOST} bytes`,
        code: "too-large-answer",
        hint: "ask for fewer columns or a smaller `limit`, and for the rest by the last row's key",
      });
    });

    test("is refused to HEAD, with `findFirst` and with a total as well", async () => {
      const question = ask("posts", "(limit:60,columns:~T(id,body)~)", "countTotal");
      expect((await asked(handle, "HEAD", question)).status).toBe(400);
      expect(told(await get(question))).toEqual(LARGE);
      const embedded = "with:(author:(with:(posts:(limit:500))))";
      const first = ask("posts", `(where:(id:7),${embedded})`, "findFirst");
      expect(told(await get(first))).toEqual(LARGE);
      const within = await get(ask("posts", "(where:(id:7),columns:~T(body)~)", "findFirst"));
      expect(within.body.posts.body).toHaveLength(LONG / 2);
      expect((await get(ask("posts", "(where:(id:-1),limit:900)", "findFirst"))).body).toEqual({
        posts: null,
      });
    });

    test("is counted before a formatter sees rows, and after", async () => {
      expect(told(await get(ask("formatted", "(limit:60)")))).toEqual(LARGE);
      expect((await get(ask("formatted", "(limit:5)"))).status).toBe(200);
      expect(told(await get(ask("grown", "(limit:5)")))).toEqual(LARGE);
    });

    test("of any size is answered where the limit is lifted", async () => {
      const { status, body } = await get(ask("free", "(limit:60)"));
      expect([status, body.count]).toEqual([200, 60]);
    });

    test("counts JSON and bytes", async () => {
      const long = place.speaks === "sqlite" ? "zeroblob(5800)" : "convert_to(repeat('x',5800),'UTF8')";
      await place.run(`update size_posts set bytes = ${long} where id = 9`);
      expect(told(await get(ask("posts", "(where:(id.gt:8),limit:400,columns:~T(bytes)~)")))).toEqual(LARGE);
      await place.run(`update size_posts set bytes = null where id = 9`);
      const list = `'[${"1,".repeat(4_000)}1]'`;
      await place.run(
        `update size_posts set extra = ${list}${place.speaks === "sqlite" ? "" : "::jsonb"} where id = 9`,
      );
      expect(told(await get(ask("posts", "(where:(id.gt:8),limit:400,columns:~T(extra)~)")))).toEqual(LARGE);
      await place.run(`update size_posts set extra = null where id = 9`);
    });
  });

  describe("a write", () => {
    const rows = async (): Promise<unknown> => (await get(ask("free", "(columns:~T(id)~)"))).body.free;
    const bodies = async (): Promise<unknown> =>
      (await get(ask("free", "(where:(id.lt:5),columns:~T(body)~)"))).body.free;

    test("whose answer would be too large is refused, and nothing is kept", async () => {
      const before = await rows();
      const long = { authorId: 1, body: "z".repeat(MOST) };
      for (const resource of ["posts", "bare"]) {
        expect(told(await asked(handle, "POST", resource, { id: 500, ...long }))).toEqual(LARGE);
        const several = [501, 502].map((id) => ({ id, authorId: 1, body: "z".repeat(MOST - 1_000) }));
        expect(told(await asked(handle, "POST", resource, several))).toEqual(LARGE);
      }
      expect(await rows()).toEqual(before);
    });

    test("nor is a change of many rows, or their removal", async () => {
      const [before, texts] = [await rows(), await bodies()];
      for (const resource of ["posts", "bare"]) {
        const some = ask(resource, "(where:(id.lt:5),columns:~T(id,body)~)");
        expect(told(await asked(handle, "PATCH", some, { body: "y".repeat(2_000) }))).toEqual(LARGE);
        expect(told(await asked(handle, "DELETE", ask(resource, "(where:(id.in:_(7,2000)_))")))).toEqual(
          LARGE,
        );
      }
      expect([await rows(), await bodies()]).toEqual([before, texts]);
    });

    test("that answers little may write much", async () => {
      const much = { id: 600, authorId: 1, body: "z".repeat(MOST * 2) };
      const path = ask("bare", "(columns:~T(id)~)");
      expect((await asked(handle, "POST", path, much)).status).toBe(200);
      const gone = await asked(handle, "DELETE", ask("bare", "(where:(id:600),columns:~T(id)~)"));
      expect(gone.body).toMatchObject({ rowsAffected: 1 });
    });
  });

  test("nothing became a fault of the server", () => expect(place.errors).toEqual([]));
});
