import { beforeEach, describe, expect, test } from "bun:test";
import { relations } from "drizzle-orm";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { BLOG, refill, TABLES } from "../support/nested.ts";
import { openTables } from "../support/shop.ts";

// What later attacks found in batches, nested writes, and both together.

const all = (rule: object = {}): object => ({ all: { select: true, ...rule } });
const refused = ({ status, body }: Told): readonly unknown[] => [status, body.code, body.path];

everywhere(TABLES, BLOG, (place) => {
  beforeEach(async () => {
    await refill(place);
    place.errors.length = 0;
  });
  const batch = (handle: QueryHandler, operations: unknown): Promise<Told> =>
    asked(handle, "POST", "$batch", operations);
  const rows = async (resource: string): Promise<number> => (await place.ask("GET", resource)).body.count;
  const of = (resource: string, body: unknown, more: object = {}): object => ({
    method: "POST",
    resource,
    body,
    ...more,
  });

  describe("few bytes are no way round a limit", () => {
    const comments = (count: number): object[] => Array.from({ length: count }, () => ({ text: "c" }));

    test("rows that stand under others are counted over all requests of a batch", async () => {
      const narrow = place.handler(BLOG, { batch: true, defaults: { maxRows: 10 } });
      const post = of("posts", { title: "x", comments: comments(4) });
      expect((await batch(narrow, [post, post])).status).toBe(200);
      expect(refused(await batch(narrow, [post, post, of("posts", { title: "y" })]))).toEqual([
        400,
        "invalid-body",
        "2",
      ]);
      const late = { $ref: "0.posts.title" };
      const referring = of("posts", { title: late, comments: comments(5) });
      expect(refused(await batch(narrow, [post, referring]))).toEqual([400, "invalid-body", "1.comments"]);
      expect(await rows("posts")).toBe(4);
    });

    test("conditions and patterns of nested filters are counted together", async () => {
      const narrow = place.handler(BLOG, { batch: true, defaults: { maxConditions: 10 } });
      const patch = (handle: QueryHandler, comments: unknown): Promise<Told> =>
        asked(handle, "PATCH", "posts?select=(where:(id:1))", { comments });
      const filters = (count: number): object => ({
        delete: Array.from({ length: count }, () => ({ AND: [{ "id.gt": 90 }, { "id.lt": 99 }] })),
      });
      expect((await patch(narrow, filters(4))).status).toBe(200);
      expect(refused(await patch(narrow, filters(5)))).toEqual([
        400,
        "too-complex",
        "comments.delete.4.AND.1",
      ]);
      const like = { "text.like": `%${"x".repeat(90)}%` };
      const wide = place.handler(BLOG);
      expect((await patch(wide, { delete: [like, like] })).status).toBe(200);
      expect(refused(await patch(wide, { delete: [like, like, like] }))).toEqual([
        400,
        "too-complex",
        "comments.delete.2.text.like",
      ]);
    });

    test("rows that are named by their keys are bounded as rows", async () => {
      const narrow = place.handler(BLOG, { defaults: { maxConditions: 3 } });
      const ids = [1, 2, 4, 5].map((id) => ({ id }));
      const { status } = await asked(narrow, "PATCH", "posts?select=(where:(id:1))", {
        comments: { set: ids },
      });
      expect(status).toBe(200);
    });
  });

  describe("functions that look into the database", () => {
    const titles = async ({ tx }: any, t: any, { eq }: any): Promise<unknown> => {
      const [first] = await tx
        .select({ id: t.id })
        .from((place.schema as any).post)
        .limit(1);
      return first === undefined ? false : eq(t.owner, "ann");
    };

    test("have the transaction where a request refers to another", async () => {
      const file = { posts: { table: "post", control: { GET: all({ where: titles }), POST: all() } } };
      const handle = place.handler(file, { batch: true });
      const { status, body } = await batch(handle, [
        of("posts", { title: "x" }),
        { method: "GET", resource: "posts", select: { where: { id: { $ref: "0.posts.id" } } } },
      ]);
      expect([status, body[1].count]).toEqual([200, 1]);
    });

    test("have it in what stands under such a request, and where rows are connected", async () => {
      const seen: boolean[] = [];
      const validateBody = (body: object, { tx }: { tx?: unknown }): object => {
        seen.push(tx !== undefined);
        return body;
      };
      const file = {
        posts: { table: "post", control: { POST: all({ nest: { comments: "comments" } }) } },
        comments: {
          table: "comment",
          control: { POST: all({ validateBody }), PATCH: all({ validateBody }) },
        },
      };
      const handle = place.handler(file, { batch: true });
      const more = of("posts", {
        title: { $ref: "0.posts.title" },
        comments: { create: [{ text: "y" }], connect: [{ id: 5 }] },
      });
      const { status } = await batch(handle, [of("posts", { title: "x" }), more]);
      expect([status, seen]).toEqual([200, [true, true]]);
    });
  });

  describe("an answer of a batch is a list of answers", () => {
    const shaped =
      (text: string | null): (() => Response) =>
      () =>
        new Response(text, { headers: { "content-type": "application/json" } });

    test.each([["no JSON"], ['1],"x":[1'], [null], [""]])(
      "or that of a formatter which made %j",
      async (text) => {
        const formatResult = shaped(text);
        const file = { posts: { table: "post", control: { POST: all({ formatResult }) } } };
        const handle = place.handler(file, { batch: true });
        const body = JSON.stringify([of("posts", { title: "x" }), of("posts", { title: "y" })]);
        const headers = { "content-type": "application/json" };
        const answer = await handle(
          new Request("http://local/query/$batch", { method: "POST", body, headers }),
        );
        expect([answer.status, await answer.text()]).toEqual([200, text ?? ""]);
        expect(await rows("posts")).toBe(2);
      },
    );
  });

  describe("what injectBody says of the key that joins rows", () => {
    const mine = (body: object): object => ({ ...body, authorId: 1 });
    const file = {
      posts: {
        table: "post",
        control: { GET: all(), POST: all({ injectBody: mine, nest: { author: "users" } }) },
      },
      users: {
        table: "user",
        control: {
          GET: all(),
          POST: all({ nest: { posts: "posts" } }),
          PATCH: all({ nest: { posts: "posts" } }),
        },
      },
    };
    const patch = (id: number): Promise<Told> =>
      asked(place.handler(file), "PATCH", `users?select=(where:(id:${id}))`, { posts: [{ title: "x" }] });

    test("holds for rows that stand under others", async () => {
      expect((await patch(1)).status).toBe(200);
      expect(refused(await patch(2))).toEqual([403, "check-failed", "posts.0"]);
      expect(await rows("posts")).toBe(3);
    });

    test("holds for what a row refers to", async () => {
      const connect = (id: number): Promise<Told> =>
        asked(place.handler(file), "POST", "posts", { title: "x", author: { connect: { id } } });
      expect((await connect(1)).status).toBe(200);
      expect(refused(await connect(2))).toEqual([403, "check-failed", undefined]);
      expect(await rows("posts")).toBe(3);
    });
  });
});

describe("no row gets a value of another that its caller may not read", () => {
  const { sqliteTable: table, integer, text } = lite;
  const user = table("users", { id: integer("id").primaryKey(), email: text("email").notNull().unique() });
  const letter = table("letters", {
    id: integer("id").primaryKey(),
    sender: text("sender").references(() => user.email),
  });
  const schema = {
    user,
    letter,
    letterRelations: relations(letter, ({ one }) => ({
      from: one(user, { fields: [letter.sender], references: [user.email] }),
    })),
  };
  const own = { columns: ["email"], when: (_: object, t: any, { eq }: any): unknown => eq(t.id, 1) };

  test.each([
    ["hidden", { columns: ["id"] }, 400],
    ["masked", [{ columns: ["id"] }, own], 400],
    ["let out", { columns: ["id", "email"] }, 200],
  ])("where it is %s", async (_, select, status) => {
    const { database, close } = await openTables(schema, "bun:sqlite");
    (database as any).run("insert into users values (1, 'ann@x'), (2, 'bob@x')");
    const acl = {
      users: { table: "user", control: { GET: { all: { select } } } },
      letters: { table: "letter", control: { POST: all({ nest: { from: "users" } }) } },
    };
    const handle = createQueryHandler({ acl, database, schema, onWarning: () => undefined } as never);
    const told = await asked(handle, "POST", "letters", { from: { connect: { id: 2 } } });
    expect(told.status).toBe(status);
    if (status === 400) expect(refused(told)).toEqual([400, "unknown-column", "from.connect"]);
    close();
  });
});
