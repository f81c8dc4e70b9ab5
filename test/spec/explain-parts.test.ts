import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createQueryHandler, type Explanation } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/blog-tables.ts";
import { isLeftOut, openPostgresql } from "../support/postgresql.ts";
import { openTables } from "../support/shop.ts";

// Writes that are made of several requests are explained part by part, in the order in which they are done.

const open = { select: true, check: true } as const;
const acl = {
  authors: {
    table: "author",
    control: { GET: { all: { select: true } }, POST: { all: open, banned: { ...open, check: () => false } } },
  },
  posts: {
    table: "post",
    control: {
      GET: { all: { select: true } },
      POST: { all: { ...open, nest: { author: "authors", comments: "comments" } } },
      PATCH: {
        all: {
          select: true,
          where: (_: never, { id }: never, { lt }: never) => (lt as Less)(id, 5),
          nest: { author: "authors", comments: "comments" },
        },
      },
    },
  },
  comments: {
    table: "comment",
    control: {
      GET: { all: { select: true } },
      POST: { editor: open },
      PATCH: { editor: { ...open, where: (_: never, { id }: never, { lt }: never) => (lt as Less)(id, 7) } },
      DELETE: { editor: { select: true } },
    },
  },
  people: {
    table: "author",
    control: {
      POST: { all: open },
      PATCH: {
        editor: { select: true, where: (_: never, { id }: never, { lt }: never) => (lt as Less)(id, 3) },
      },
    },
  },
};
type Less = (column: unknown, value: unknown) => never;

const PLACES = [
  ["sqlite", sqlite],
  ["postgresql", postgresql],
] as const;

describe.each(PLACES)("on %s", (on, schema) => {
  const tell = async (role: string | undefined, request: string, body: unknown): Promise<Explanation> => {
    const opened =
      on === "sqlite" ? await openTables(schema, "bun:sqlite") : await openPostgresql("bun-sql", schema);
    const database = opened.database as any;
    const run = (text: string): Promise<any> =>
      on === "sqlite" ? database.run(sql.raw(text)) : database.execute(sql.raw(text));
    try {
      for (const text of fresh(on)) await run(text);
      const handler = createQueryHandler({
        acl,
        schema,
        database,
        onWarning: () => undefined,
        inspect: () => true,
        session: { getRole: () => role },
      });
      const counts = async (): Promise<unknown> =>
        Promise.all([schema.author, schema.post, schema.comment].map((table) => database.$count(table)));
      const before = await counts();
      const sent = body === undefined ? "" : `&body=${encodeURIComponent(JSON.stringify(body))}`;
      const url = `http://local/query/$explain?request=${encodeURIComponent(request)}${sent}`;
      const told = (await (await handler(new Request(url))).json()) as Explanation;
      // Nothing of it is run.
      expect(await counts()).toEqual(before);
      return told;
    } finally {
      await opened.close();
    }
  };
  const named = ({ parts = [] }: Explanation) =>
    parts.map(({ at, method, resource, rule }) => [at, method, resource, rule]);
  const skipped = on === "postgresql" && isLeftOut("bun-sql");

  test.skipIf(skipped)(
    "a new row, with what it refers to before it and what refers to it after",
    async () => {
      const told = await tell("editor", "POST posts", {
        title: "New",
        author: { create: { name: "Cid" } },
        comments: [{ text: "a" }, { text: "b" }],
      });
      expect(told.refused).toBeUndefined();
      expect(told.rule).toBe("acl.posts.control.POST.all");
      expect(named(told)).toEqual([
        ["author.create", "POST", "authors", "acl.authors.control.POST.all"],
        ["", "POST", "posts", "acl.posts.control.POST.all"],
        ["comments", "POST", "comments", "acl.comments.control.POST.editor"],
      ]);
    },
  );

  test.skipIf(skipped)("a change, with the rows that each part reaches", async () => {
    const told = await tell("editor", "PATCH posts?select=(where:(id:1))", {
      author: { connect: { id: 9 } },
      comments: { update: [{ where: { id: 1 }, body: { text: "c" } }], delete: [{ id: 1 }] },
    });
    expect(told.refused).toBeUndefined();
    const parts = named(told);
    expect(parts.map(([at]) => at)).toEqual(["author.connect", "", "comments.delete.0", "comments.update.0"]);
    expect(parts.map(([, method]) => method)).toEqual(["GET", "PATCH", "DELETE", "PATCH"]);
    const [found, whole, removed, changed] = told.parts!;
    expect(found!.statements.map(({ of }) => of)).toEqual(["the row that is named"]);
    for (const { statements } of [whole!, removed!, changed!])
      expect(statements.map(({ of, plan }) => [of, plan.length > 0])).toEqual([
        ["the rows it reaches", true],
      ]);
    expect(told.statements).toEqual(whole!.statements);
    expect(changed!.mentions[0]!.rows).toMatch(/"id" < \?/);
    expect(changed!.statements[0]!.sql).toMatch(/from "comments" where/);
    expect(told.mentions!.at(-1)!.rule).toBe("acl.posts.control.PATCH.all.check");
  });

  test.skipIf(skipped)("what a part is refused for, at its place", async () => {
    const body = { title: "New", author: { create: { name: "Cid" } }, comments: [{ text: "a" }] };
    expect((await tell(undefined, "POST posts", body)).refused).toMatchObject({
      status: 401,
      code: "unauthenticated",
      path: "comments",
    });
    const wrong = { ...body, comments: [{ text: "a", size: 7 }] };
    expect((await tell("editor", "POST posts", wrong)).refused).toMatchObject({ path: "comments.0.size" });
    const banned = await tell("banned", "POST posts", { title: "New", author: { create: { name: "Cid" } } });
    expect(banned.parts![0]!.mentions.at(-1)).toEqual({
      table: "author",
      rule: "acl.authors.control.POST.banned.check",
      rows: "none",
    });
  });

  test.skipIf(skipped)("a removal, whose statements are planned and not run", async () => {
    const { refused, statements } = await tell("editor", "DELETE comments?select=(where:(id:1))", undefined);
    expect([refused, statements!.map(({ of }) => of)]).toEqual([
      undefined,
      ["the rows it reaches", "what is written"],
    ]);
    expect(statements!.at(-1)!.sql).toMatch(/^(?:with .*)?delete from "comments"/);
  });

  test.skipIf(skipped)("new rows that may meet others, and the change of those that are met", async () => {
    const request = "POST people?onConflict=(target:_(email)_,update:_(name)_)";
    const body = [
      { name: "Ann", email: "ann@x" },
      { name: "Cid", email: "cid@x" },
    ];
    const told = await tell("editor", request, body);
    expect(told.refused).toBeUndefined();
    expect(named(told)).toEqual([
      ["", "POST", "people", "acl.people.control.POST.all"],
      ["onConflict", "PATCH", "people", "acl.people.control.PATCH.editor"],
    ]);
    expect(told.parts![1]!.mentions[0]!.rows).toMatch(/"id" < \?/);
    expect(told.statements!.map(({ of, plan }) => [of, plan.length > 0])).toEqual([
      ["the rows that new ones meet", true],
      ["what is written of those that meet none", true],
    ]);
    expect((await tell("writer", request, body)).refused).toMatchObject({ status: 403, path: "onConflict" });
    const ignored = await tell("writer", "POST people?onConflict=(target:_(email)_,ignore:T)", body);
    expect([ignored.refused, ignored.parts]).toEqual([undefined, undefined]);
    expect(ignored.statements!.length).toBe(2);
  });
});
