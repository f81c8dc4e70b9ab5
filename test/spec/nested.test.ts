import { beforeEach, describe, expect, test } from "bun:test";
import { everywhere, type Told } from "../support/everywhere.ts";
import { BLOG, refill, TABLES } from "../support/nested.ts";

// Nested writes: rows and what belongs to them, in one request.

everywhere(TABLES, BLOG, (place) => {
  const { ask } = place;
  const select = (tree: string): string => `?select=${encodeURIComponent(tree)}`;
  const post = (body: unknown, tree = "(columns:~T(title)~)"): Promise<Told> =>
    ask("POST", `posts${select(tree)}`, body);
  const patch = (id: number, body: unknown, tree = "columns:F"): Promise<Told> =>
    ask("PATCH", `posts${select(`(where:(id:${id}),${tree})`)}`, body);
  /** What is stored in the end. */
  const rows = async (resource: string, tree = ""): Promise<readonly Record<string, unknown>[]> =>
    (await ask("GET", `${resource}${select(`(${tree}orderBy:(id:asc))`)}`)).body[resource];
  const commentsOf = async (id: number): Promise<readonly unknown[]> =>
    (await rows("comments", `where:(postId:${id}),`)).map(({ id: own }) => own);
  const counts = async (): Promise<readonly number[]> =>
    Promise.all(["users", "posts", "comments", "lines"].map(async (name) => (await rows(name)).length));

  beforeEach(async () => {
    await refill(place);
    place.errors.length = 0;
  });

  describe("a POST", () => {
    test("makes what belongs to its row", async () => {
      const { status, body } = await post(
        { title: "new", comments: [{ text: "x" }, { text: "y" }], lines: { create: [{ place: 1 }] } },
        "(columns:~T(title)~,with:(comments:(columns:~T(text)~),lines:(columns:~T(place)~)))",
      );
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          rowsAffected: 1,
          count: 1,
          posts: [{ title: "new", comments: [{ text: "x" }, { text: "y" }], lines: [{ place: 1 }] }],
        },
      });
    });

    test("makes what its row refers to", async () => {
      const { body } = await post(
        { title: "new", author: { create: { name: "Cleo" } } },
        "(columns:~T(title)~,with:(author:(columns:~T(name)~)))",
      );
      expect(body.posts).toEqual([{ title: "new", author: { name: "Cleo" } }]);
    });

    test("connects rows that are there", async () => {
      const { body } = await post(
        {
          title: "new",
          author: { connect: { id: 2 } },
          comments: { connect: [{ id: 5 }], create: [{ text: "x" }] },
          tags: { connect: [{ id: 3 }, { id: 1 }] },
        },
        "(columns:~T(title)~,with:(author:(columns:~T(name)~),comments:(columns:~T(text)~),postTags:(columns:~T(tagId)~)))",
      );
      expect(body.posts).toEqual([
        {
          title: "new",
          author: { name: "Bob" },
          comments: [{ text: "e" }, { text: "x" }],
          postTags: [{ tagId: 1 }, { tagId: 3 }],
        },
      ]);
    });

    test("of a list gives each row its own", async () => {
      const { status, body } = await post(
        [
          { title: "p", comments: [{ text: "p1" }, { text: "p2" }] },
          { title: "q" },
          {
            title: "r",
            author: { create: { name: "R" } },
            comments: [{ text: "r1", replies: [{ text: "r1a" }] }],
          },
        ],
        "(columns:~T(title)~,with:(author:(columns:~T(name)~),comments:(columns:~T(text)~,with:(replies:(columns:~T(text)~)))))",
      );
      expect(body).toMatchObject({ rowsAffected: 3 });
      expect(status).toBe(200);
      expect(body.posts).toEqual([
        {
          title: "p",
          author: null,
          comments: [
            { text: "p1", replies: [] },
            { text: "p2", replies: [] },
          ],
        },
        { title: "q", author: null, comments: [] },
        { title: "r", author: { name: "R" }, comments: [{ text: "r1", replies: [{ text: "r1a" }] }] },
      ]);
    });

    test("makes the one row that refers to its own", async () => {
      const { body } = await ask(
        "POST",
        `users${select("(columns:~T(name)~,with:(profile:(columns:~T(bio)~)))")}`,
        [
          { name: "Dan", profile: { create: { bio: "hi" } } },
          { name: "Ed", profile: { connect: { id: 2 } } },
        ],
      );
      expect(body.users).toEqual([
        { name: "Dan", profile: { bio: "hi" } },
        { name: "Ed", profile: { bio: "loose" } },
      ]);
    });
  });

  describe("what is refused leaves nothing behind, and says where", () => {
    const refusals: readonly (readonly [string, unknown, number, string, string | undefined])[] = [
      [
        "a validator's word",
        { title: "t", comments: [{ text: "ok" }, { text: "spam" }] },
        400,
        "invalid-body",
        "comments.1.text",
      ],
      [
        "in `create`",
        { title: "t", comments: { create: [{ text: "spam" }] } },
        400,
        "invalid-body",
        "comments.create.0.text",
      ],
      [
        "in a list",
        [{ title: "t" }, { title: "u", comments: [{ text: "spam" }] }],
        400,
        "invalid-body",
        "1.comments.0.text",
      ],
      [
        "deeper",
        { title: "t", comments: [{ text: "a", replies: [{ text: "b" }, { text: 7 }] }] },
        400,
        "invalid-value",
        "comments.0.replies.1.text",
      ],
      [
        "a name that is none",
        { title: "t", lines: [{ plaice: 1 }] },
        400,
        "unknown-column",
        "lines.0.plaice",
      ],
      ["a value that is missing", { title: "t", lines: [{}] }, 400, "invalid-body", "lines.0.place"],
      ["a check", { title: "t", comments: [{ text: "x", owner: "bob" }] }, 403, "check-failed", "comments"],
      ["a conflict", { title: "t", lines: [{ id: 1, place: 1 }] }, 409, "conflict", "lines"],
      [
        "the key that joins them",
        { title: "t", comments: [{ text: "x", postId: 2 }] },
        400,
        "invalid-body",
        "comments.0.postId",
      ],
      [
        "the row's own",
        { title: "t", authorId: 1, author: { connect: { id: 2 } } },
        400,
        "invalid-body",
        "authorId",
      ],
      [
        "a row of which nothing is known",
        { title: "t", author: { connect: { id: 99 } } },
        403,
        "forbidden",
        "author.connect",
      ],
      [
        "one that is hidden",
        { title: "t", author: { connect: { id: 3 } } },
        403,
        "forbidden",
        "author.connect",
      ],
      [
        "one that may not be moved",
        { title: "t", comments: { connect: [{ id: 5 }, { id: 6 }] } },
        403,
        "forbidden",
        "comments.connect.1",
      ],
      [
        "a filter that names no row",
        { title: "t", comments: { connect: [{ text: "e" }] } },
        400,
        "invalid-body",
        "comments.connect.0",
      ],
      [
        "a tag that is hidden",
        { title: "t", tags: { connect: [{ id: 4 }] } },
        403,
        "forbidden",
        "tags.connect.0",
      ],
      ["a word of changes", { title: "t", comments: { set: [] } }, 400, "invalid-body", "comments.set"],
      ["a word that is none", { title: "t", comments: { make: [] } }, 400, "invalid-body", "comments.make"],
      ["what is no list", { title: "t", comments: "x" }, 400, "invalid-body", "comments"],
      ["a list for one", { title: "t", author: [{ name: "x" }] }, 400, "invalid-body", "author"],
      [
        "two words for one",
        { title: "t", author: { create: { name: "x" }, connect: { id: 1 } } },
        400,
        "invalid-body",
        "author",
      ],
      ["making tags", { title: "t", tags: [{ name: "x" }] }, 400, "invalid-body", "tags"],
    ];
    test.each(refusals)("%s", async (_, body, status, code, path) => {
      const before = await counts();
      const told = await post(body, "(columns:F)");
      expect({ status: told.status, code: told.body.code, path: told.body.path }).toEqual({
        status,
        code,
        path,
      });
      expect(await counts()).toEqual(before);
      expect(place.errors).toEqual([]);
    });
  });

  describe("a PATCH", () => {
    test("makes, changes and deletes what belongs to its row", async () => {
      const { status, body } = await patch(
        1,
        {
          title: "changed",
          comments: {
            create: [{ text: "new" }],
            update: [
              { where: { id: 1 }, body: { text: "A" } },
              { where: { text: "nothing" }, body: { text: "B" } },
            ],
            delete: [{ id: 2 }],
          },
        },
        "columns:~T(title)~,with:(comments:(columns:~T(text)~))",
      );
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          rowsAffected: 1,
          count: 1,
          posts: [{ title: "changed", comments: [{ text: "A" }, { text: "c" }, { text: "new" }] }],
        },
      });
    });

    test("of nothing but what belongs to it", async () => {
      const { status, body } = await patch(1, { comments: { delete: [{ id: 1 }] } });
      expect({ status, body }).toEqual({ status: 200, body: { rowsAffected: 1, count: 1 } });
      expect(await commentsOf(1)).toEqual([2]);
    });

    test("connects and disconnects", async () => {
      expect((await patch(1, { comments: { connect: [{ id: 4 }], disconnect: [{ id: 1 }] } })).status).toBe(
        200,
      );
      expect(await commentsOf(1)).toEqual([2, 4]);
      expect((await rows("comments", "where:(id:1),"))[0]!["postId"]).toBeNull();
    });

    test("sets all that belongs to it", async () => {
      expect((await patch(1, { comments: { set: [{ id: 2 }, { id: 5 }] } })).status).toBe(200);
      expect(await commentsOf(1)).toEqual([2, 5]);
      expect((await patch(1, { comments: { set: [] } })).status).toBe(200);
      expect(await commentsOf(1)).toEqual([]);
    });

    test("does the same over a join table, and keeps its rows that stay", async () => {
      const tree = "columns:F,with:(postTags:(columns:~T(tagId,note)~))";
      const set = await patch(1, { tags: { set: [{ id: 1 }, { id: 3 }] } }, tree);
      expect(set.body.posts).toEqual([
        {
          postTags: [
            { tagId: 1, note: "kept" },
            { tagId: 3, note: null },
          ],
        },
      ]);
      const parted = await patch(1, { tags: { disconnect: [{ id: 1 }], connect: [{ id: 2 }] } }, tree);
      expect(parted.body.posts).toEqual([
        {
          postTags: [
            { tagId: 2, note: null },
            { tagId: 3, note: null },
          ],
        },
      ]);
      const none = await patch(1, { tags: { set: [] } }, tree);
      expect(none.body.posts).toEqual([{ postTags: [] }]);
    });

    test("of what its row refers to", async () => {
      const tree = "columns:F,with:(author:(columns:~T(name)~))";
      const authorOf = ({ body }: Told): unknown => body.posts[0].author;
      expect(authorOf(await patch(1, { author: { update: { name: "Anna" } } }, tree))).toEqual({
        name: "Anna",
      });
      expect(authorOf(await patch(1, { author: { connect: { id: 2 } } }, tree))).toEqual({ name: "Bob" });
      expect(authorOf(await patch(1, { author: { disconnect: true } }, tree))).toBeNull();
      expect(authorOf(await patch(1, { author: { create: { name: "C" } } }, tree))).toEqual({ name: "C" });
    });

    test("of the one row that refers to its own", async () => {
      const of = (body: object): Promise<Told> =>
        ask("PATCH", `users${select("(columns:F,where:(id:1),with:(profile:(columns:~T(bio)~)))")}`, body);
      expect((await of({ profile: { update: { bio: "new" } } })).body.users).toEqual([
        { profile: { bio: "new" } },
      ]);
      expect((await of({ profile: { disconnect: true } })).body.users).toEqual([{ profile: null }]);
      expect((await of({ profile: { connect: { id: 2 } } })).body.users).toEqual([
        { profile: { bio: "loose" } },
      ]);
    });

    test("that reaches no row makes nothing", async () => {
      const before = await counts();
      for (const body of [
        { author: { create: { name: "nobody" } } },
        { title: "t", comments: [{ text: "x" }] },
        { author: { create: { name: "nobody" } }, comments: { delete: [{ id: 1 }] } },
      ]) {
        const told = await patch(3, body); // Bob's
        expect(told).toEqual({ status: 200, body: { rowsAffected: 0, count: 0 } });
      }
      expect(await counts()).toEqual(before);
    });

    const refusals: readonly (readonly [string, unknown, number, string, string])[] = [
      [
        "a child of another row",
        { comments: { update: [{ where: { id: 4 }, body: { text: "x" } }] } },
        403,
        "forbidden",
        "comments.update.0",
      ],
      ["one that is hidden", { comments: { delete: [{ id: 3 }] } }, 403, "forbidden", "comments.delete.0"],
      [
        "one that is not there",
        { comments: { disconnect: [{ id: 99 }] } },
        403,
        "forbidden",
        "comments.disconnect.0",
      ],
      [
        "moving one",
        { comments: { update: [{ where: { id: 1 }, body: { postId: 2 } }] } },
        400,
        "invalid-body",
        "comments.update.0.body.postId",
      ],
      [
        "moving one by what it refers to",
        { comments: { update: [{ where: { id: 1 }, body: { post: { connect: { id: 2 } } } }] } },
        400,
        "invalid-body",
        "comments.update.0.body.post",
      ],
      [
        "a filter's column",
        { comments: { update: [{ where: { nope: 1 }, body: { text: "x" } }] } },
        400,
        "unknown-column",
        "comments.update.0.where",
      ],
      [
        "a body's value",
        { comments: { update: [{ where: { id: 1 }, body: { text: 7 } }] } },
        400,
        "invalid-value",
        "comments.update.0.body.text",
      ],
      [
        "a key that is never empty",
        { lines: { disconnect: [{ id: 1 }] } },
        400,
        "invalid-body",
        "lines.disconnect.0",
      ],
      ["all of such", { lines: { set: [] } }, 400, "invalid-body", "lines.set"],
      [
        "a tag that is not there",
        { tags: { disconnect: [{ id: 3 }] } },
        403,
        "forbidden",
        "tags.disconnect.0",
      ],
      ["a tag twice", { tags: { connect: [{ id: 1 }] } }, 409, "conflict", "tags.connect"],
      [
        "a change without a filter",
        { comments: { update: [{ body: { text: "x" } }] } },
        400,
        "invalid-body",
        "comments.update.0.where",
      ],
    ];
    test.each(refusals)("is refused for %s", async (_, body, status, code, path) => {
      const told = await patch(1, { title: "lost", ...(body as object) });
      expect({ status: told.status, code: told.body.code, path: told.body.path }).toEqual({
        status,
        code,
        path,
      });
      expect((await rows("posts", "where:(id:1),"))[0]!["title"]).toBe("one");
      expect(place.errors).toEqual([]);
    });

    test("is refused where it would change more than one row", async () => {
      const body = { title: "all", comments: [{ text: "x" }] };
      for (const sent of [body, { author: { create: { name: "x" } } }]) {
        const told = await ask("PATCH", `posts${select("(columns:F)")}`, sent);
        expect([told.status, told.body.code, told.body.path]).toEqual([
          400,
          "limit-exceeded",
          "select.where",
        ]);
      }
      expect((await rows("posts")).map(({ title }) => title)).toEqual(["one", "two"]);
      expect(await counts()).toEqual([2, 2, 4, 3]);
    });

    test("is refused where the row's key is null, for what it refers to", async () => {
      const told = await patch(2, { author: { update: { name: "x" } } });
      expect([told.status, told.body.code, told.body.path]).toEqual([403, "forbidden", "author.update"]);
    });
  });
});
