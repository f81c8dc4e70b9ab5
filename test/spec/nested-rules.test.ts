import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createQueryHandler } from "@bepalo/query";
import { asked, type Told } from "../support/everywhere.ts";
import { BLOG, refill, TABLES } from "../support/nested.ts";
import { openTables } from "../support/shop.ts";

// `nest` in a rule: what is wrong with it is told at start, and the hooks of all that is written run.

const schema = TABLES.sqlite as Record<string, unknown>;

/** What the start says of a `nest` in a rule of posts. */
async function mistakes(nest: unknown, method = "POST", more: object = {}): Promise<string> {
  const { database, close } = await openTables(schema, "bun:sqlite");
  const rule = { select: true, where: () => true, nest, ...more };
  const acl = { ...BLOG, posts: { table: "post", control: { [method]: { all: rule } } } };
  try {
    createQueryHandler({ acl: acl as never, database, schema, onWarning: () => undefined });
    return "";
  } catch (error) {
    return (error as Error).message;
  } finally {
    close();
  }
}

describe("a mistake at start", () => {
  const join = { through: ["postTags", "tag"], resource: "tags", join: "postTags" };
  test.each([
    [
      { coments: "comments" },
      "acl.posts.control.POST.all.nest: unknown relation `coments` (post has author, comments, lines, postTags)",
    ],
    [
      { comments: "coments" },
      "acl.posts.control.POST.all.nest.comments: unknown resource `coments` (did you mean `comments`?)",
    ],
    [
      { comments: "lines" },
      "acl.posts.control.POST.all.nest.comments: `lines` is of line, and the relation leads to comment",
    ],
    [{ comments: true }, "acl.posts.control.POST.all.nest.comments: expected the name of a resource"],
    [
      { tags: { ...join, through: ["postTags"] } },
      "acl.posts.control.POST.all.nest.tags: `through` takes two relations",
    ],
    [
      { tags: { ...join, join: "tags" } },
      "acl.posts.control.POST.all.nest.tags.join: `tags` is of tag, and the relation leads to postTag",
    ],
    [
      { tags: { ...join, resource: undefined } },
      "acl.posts.control.POST.all.nest.tags.resource: expected the name of a resource",
    ],
    [{ tags: { ...join, nope: 1 } }, "acl.posts.control.POST.all.nest.tags: unknown key `nope`"],
    [{ comments: { ...join, through: ["postTags", "tag"] } }, "post has a relation of that name"],
    [{ title: { ...join } }, "post has a column of that name"],
  ])("%j", async (nest, sentence) => expect(await mistakes(nest)).toContain(sentence));

  test("where the column that would refer may not be written", async () =>
    expect(await mistakes({ author: "users" }, "PATCH", { write: { columns: ["title"] } })).toContain(
      "acl.posts.control.PATCH.all.nest.author: the rule does not let `authorId` be written, which joins the rows",
    ));

  test("in a rule that writes nothing else", async () => {
    for (const method of ["GET", "DELETE"])
      expect(await mistakes({ comments: "comments" }, method)).toContain(
        "only a POST or PATCH writes other rows",
      );
  });

  test("for a resource that nobody may write", async () =>
    expect(await mistakes({ postTags: "tags" })).toContain("`tags` is of tag"));
});

describe("what is written with others", () => {
  /** Asks a route over a database of its own. */
  async function over<T>(
    acl: object,
    work: (
      send: (method: string, path: string, body?: unknown) => Promise<Told>,
      errors: unknown[],
    ) => Promise<T>,
    options: object = {},
  ): Promise<T> {
    // oxlint-disable-next-line typescript/no-explicit-any -- each driver's own way
    const { database, close } = (await openTables(schema, "bun:sqlite")) as any;
    const errors: unknown[] = [];
    await refill({ run: async (text) => database.run(text), speaks: "sqlite" });
    const handle = createQueryHandler({
      acl: acl as never,
      database,
      schema,
      onWarning: () => undefined,
      onError: (error) => errors.push(error),
      ...options,
    });
    try {
      return await work((method, path, body) => asked(handle, method, path, body), errors);
    } finally {
      await close();
    }
  }

  const withHooks = (resource: "posts" | "comments" | "users", hooks: object): object => ({
    ...BLOG,
    [resource]: { ...BLOG[resource], ...hooks },
  });

  test("has its own hooks, in their order, with keys in place", async () => {
    const heard: [name: string, body: unknown, written: number | null][] = [];
    const hear =
      (name: string) =>
      (context: {
        readonly body?: unknown;
        readonly written?: readonly unknown[];
        readonly result?: unknown;
      }): void =>
        void heard.push([name, context.body ?? null, context.written?.length ?? null]);
    const hooks = (name: string): object => ({
      beforeQuery: hear(`before ${name}`),
      afterQuery: hear(`after ${name}`),
      afterCommit: hear(`commit ${name}`),
    });
    const acl = {
      ...BLOG,
      posts: { ...BLOG.posts, ...hooks("posts") },
      comments: { ...BLOG.comments, ...hooks("comments") },
      users: { ...BLOG.users, ...hooks("users") },
    };
    await over(acl, async (send, errors) => {
      const told = await send("POST", "posts?select=(columns:~T(id)~,with:(comments:(columns:~T(id)~)))", {
        title: "t",
        author: { create: { name: "x" } },
        comments: [{ text: "a" }],
      });
      expect(errors).toEqual([]);
      expect(told.body.posts).toEqual([{ id: 4, comments: [{ id: 7 }] }]);
    });
    expect(heard.slice(0, 6)).toEqual([
      ["before users", { name: "x" }, null],
      ["after users", { name: "x" }, 1],
      ["before posts", { title: "t", authorId: 4 }, null],
      ["before comments", [{ text: "a", postId: 4 }], null],
      ["after comments", [{ text: "a", postId: 4 }], 1],
      ["after posts", { title: "t", authorId: 4 }, 1],
    ]);
    expect(heard.slice(6).map(([name]) => name)).toEqual(["commit users", "commit posts", "commit comments"]);
  });

  test("ends all with a hook's `Response`, and nothing is kept", async () => {
    const acl = withHooks("comments", { afterQuery: () => Response.json({ stop: true }, { status: 418 }) });
    await over(acl, async (send) => {
      expect(await send("POST", "posts", { title: "t", comments: [{ text: "a" }] })).toEqual({
        status: 418,
        body: { stop: true },
      });
      expect((await send("GET", "posts?countTotal")).body.total).toBe(2);
    });
  });

  test("is asked about what was thrown in it, and then what it belongs to", async () => {
    const heard: string[] = [];
    const acl = {
      ...withHooks("comments", { onQueryError: () => void heard.push("comments") }),
      posts: {
        ...BLOG.posts,
        onQueryError: (error: { readonly code?: string }) => {
          heard.push(`posts ${error.code}`);
          return Response.json({ mine: true }, { status: 400 });
        },
      },
    };
    await over(acl, async (send) => {
      const told = await send("POST", "posts", { title: "t", comments: [{ text: "a", owner: "bob" }] });
      expect(told).toEqual({ status: 400, body: { mine: true } });
      expect(heard).toEqual(["comments", "posts check-failed"]);
    });
  });

  test("is asked for what must hold at the end, when all is written", async () => {
    const lines = sql`(select count(*) from lines where lines.post_id = posts.id) between 1 and 2`;
    const rule = { ...(BLOG.posts.control.POST as { all: object }).all, ensure: () => lines };
    const acl = {
      ...BLOG,
      posts: { ...BLOG.posts, control: { ...BLOG.posts.control, POST: { all: rule } } },
    };
    await over(acl, async (send) => {
      const sent = (places: readonly number[]): Promise<Told> =>
        send("POST", "posts?select=(columns:F)", { title: "t", lines: places.map((place) => ({ place })) });
      expect((await sent([])).body.code).toBe("check-failed");
      expect((await sent([1, 2])).status).toBe(200);
      expect((await sent([1, 2, 3])).body.code).toBe("check-failed");
    });
    // And so what must hold of children, once their brothers and sisters are there.
    const pair = sql`(select count(*) from comments c where c.post_id = comments.post_id) = 2`;
    const child = { ...(BLOG.comments.control.POST as { all: object }).all, ensure: () => pair };
    const nested = {
      ...BLOG,
      comments: { ...BLOG.comments, control: { ...BLOG.comments.control, POST: { all: child } } },
    };
    await over(nested, async (send) => {
      const two = { title: "t", comments: { create: [{ text: "a" }], connect: [{ id: 5 }] } };
      expect((await send("POST", "posts?select=(columns:F)", two)).status).toBe(200);
      const one = await send("POST", "posts?select=(columns:F)", { title: "t", comments: [{ text: "a" }] });
      expect([one.body.code, one.body.path]).toEqual(["check-failed", "comments"]);
    });
  });

  test("is asked for by its validator without what stands under it", async () => {
    const seen: unknown[] = [];
    const rule = {
      ...(BLOG.posts.control.POST as { all: object }).all,
      validateBody: (body: unknown) => (seen.push(body), body),
    };
    const acl = {
      ...BLOG,
      posts: { ...BLOG.posts, control: { ...BLOG.posts.control, POST: { all: rule } } },
    };
    await over(acl, async (send) => {
      await send("POST", "posts", [
        { title: "t", comments: [] },
        { title: "u", tags: { connect: [] } },
      ]);
      expect(seen).toEqual([{ title: "t" }, { title: "u" }]);
    });
  });

  test("counts a version of its parent once", async () => {
    await over(
      BLOG,
      async (send) => {
        const changed = await send("PATCH", "posts?select=(columns:~T(changes)~,where:(id:1))", {
          comments: { delete: [{ id: 1 }] },
        });
        expect(changed.body.posts).toEqual([{ changes: 2 }]);
      },
      { tables: { post: { version: "changes" } } },
    );
  });

  test("is no part of a form", async () => {
    await over(BLOG, async (send, errors) => {
      expect(errors).toEqual([]);
      expect((await send("POST", "posts", { title: "t", comments: "x" })).status).toBe(400);
    });
  });
});
