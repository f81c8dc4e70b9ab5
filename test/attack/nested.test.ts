import { beforeEach, describe, expect, test } from "bun:test";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { BLOG, refill, TABLES } from "../support/nested.ts";

// Rows that are written with others, attacked: each part is what its own request would be, and nothing more can be done.

everywhere(TABLES, BLOG, (place) => {
  const { ask } = place;
  const where = (tree: string): string => `?select=${encodeURIComponent(tree)}`;
  const patch = (id: number, body: unknown): Promise<Told> =>
    ask("PATCH", `posts${where(`(columns:F,where:(id:${id}))`)}`, body);
  const snapshot = async (): Promise<unknown> =>
    Promise.all(
      ["posts", "comments", "lines", "users", "postTags"].map(
        async (name) => (await ask("GET", `${name}?countTotal`)).body,
      ),
    );

  beforeEach(async () => {
    await refill(place);
    place.errors.length = 0;
  });

  /** Asks, and expects that it is refused and nothing is changed. */
  async function refused(body: unknown, status: number, id = 1): Promise<Told["body"]> {
    const before = await snapshot();
    const told = await patch(id, body);
    expect([told.status, told.body.error]).toEqual([status, expect.any(String)]);
    expect(await snapshot()).toEqual(before);
    expect(place.errors).toEqual([]);
    return told.body;
  }

  test("a child of another parent is as one that is not there, and as one that is hidden", async () => {
    for (const verb of ["delete", "disconnect"]) {
      const bodies = [];
      for (const id of [4, 99, 3]) bodies.push(await refused({ comments: { [verb]: [{ id }] } }, 403));
      expect(new Set(bodies.map((one) => JSON.stringify(one))).size).toBe(1);
    }
    const changes = [];
    for (const id of [4, 99, 3])
      changes.push(await refused({ comments: { update: [{ where: { id }, body: { text: "x" } }] } }, 403));
    expect(new Set(changes.map((one) => JSON.stringify(one))).size).toBe(1);
  });

  test("a filter that is true of all leads to no child of another parent", async () => {
    const all = { OR: [{ "id.gt": 0 }, { "id.isNull": true }] };
    expect((await patch(1, { comments: { update: [{ where: all, body: { text: "mine" } }] } })).status).toBe(
      200,
    );
    expect((await patch(1, { comments: { delete: [all] } })).status).toBe(200);
    const { body } = await ask("GET", `comments${where("(columns:~T(id,text)~,orderBy:(id:asc))")}`);
    expect(body.comments).toEqual([
      { id: 4, text: "d" },
      { id: 5, text: "e" },
    ]);
  });

  test("no child is moved by its key, by its relation, or by that of what stands under it", async () => {
    const update = (body: unknown): unknown => ({ comments: { update: [{ where: { id: 1 }, body }] } });
    await refused(update({ postId: 2 }), 400);
    await refused(update({ postId: null }), 400);
    await refused(update({ post: { connect: { id: 2 } } }), 400);
    await refused(update({ post: { create: { title: "x" } } }), 400);
    await refused(update({ post: { disconnect: true } }), 400);
    await refused({ comments: [{ text: "x", postId: 2 }] }, 400);
    await refused({ comments: [{ text: "x", post: { connect: { id: 2 } } }] }, 400);
    await refused({ comments: [{ text: "x", replies: [{ text: "y", upId: 1 }] }] }, 400);
    await refused({ authorId: 2, author: { disconnect: true } }, 400);
  });

  test("nothing is connected that is not the caller's: neither what is hidden nor what is not there", async () => {
    for (const [name, hidden, absent] of [
      ["comments", 6, 99],
      ["tags", 4, 99],
    ] as const) {
      const told = await refused({ [name]: { connect: [{ id: hidden }] } }, 403);
      expect(await refused({ [name]: { connect: [{ id: absent }] } }, 403)).toEqual(told);
      expect((await refused({ [name]: { set: [{ id: hidden }] } }, 403)).code).toBe("forbidden");
    }
    const told = await refused({ author: { connect: { id: 3 } } }, 403);
    expect(await refused({ author: { connect: { id: 99 } } }, 403)).toEqual(told);
  });

  test("`set` leaves children where they are that are not the caller's to move", async () => {
    expect((await patch(1, { comments: { set: [] } })).status).toBe(200);
    const bob = place.handler({
      comments: { table: "comment", control: { GET: { all: { select: true } } } },
    });
    const { body } = await asked(bob, "GET", `comments${where("(columns:~T(id)~,where:(postId:1))")}`);
    expect(body.comments).toEqual([{ id: 3 }]);
  });

  test("a hidden column is no name in a nested filter or body", async () => {
    const acl = hiding();
    const handle = place.handler(acl);
    const sent = (body: unknown): Promise<Told> =>
      asked(handle, "PATCH", `posts${where("(columns:F,where:(id:1))")}`, body);
    for (const [one, other] of [
      [{ "owner.like": "a%" }, { "ownex.like": "a%" }],
      [{ owner: "ann" }, { ownex: "ann" }],
    ]) {
      const told = [];
      for (const filter of [one, other])
        for (const verb of ["delete", "disconnect"])
          told.push(
            JSON.stringify(await sent({ comments: { [verb]: [filter] } }))
              .replaceAll("ownex", "owner")
              .replaceAll(verb, ""),
          );
      expect(new Set(told).size).toBe(1);
      expect(told[0]).toContain('"status":400');
    }
  });

  test("an own `__proto__`, and names of every object, are names that nobody knows", async () => {
    const texts = [
      '{"__proto__":{"comments":[{"text":"x"}]}}',
      '{"comments":{"__proto__":[]}}',
      '{"comments":{"constructor":[]}}',
      '{"comments":[{"text":"x","__proto__":{"owner":"ann"}}]}',
      '{"comments":{"create":[{"__proto__":{"text":"x"}}]}}',
      '{"comments":{"connect":[{"__proto__":{"id":5}}]}}',
      '{"comments":{"delete":[{"__proto__":{"id":1}}]}}',
      '{"comments":{"update":[{"__proto__":{"where":{"id":1},"body":{"text":"x"}}}]}}',
      '{"comments":{"update":[{"where":{"id":1},"body":{"__proto__":{"text":"x"}}}]}}',
      '{"author":{"__proto__":{"create":{"name":"x"}}}}',
      '{"author":{"connect":{"__proto__":{"id":1}}}}',
      '{"tags":{"connect":[{"constructor":1}]}}',
      '{"toString":[],"valueOf":{"create":[]}}',
    ];
    const handle = place.handler(BLOG);
    for (const text of texts) {
      const before = await snapshot();
      const response = await handle(
        new Request(`http://local/query/posts${where("(columns:F,where:(id:1))")}`, {
          method: "PATCH",
          body: text,
          headers: { "content-type": "application/json" },
        }),
      );
      expect([text, response.status]).toEqual([text, 400]);
      expect(await snapshot()).toEqual(before);
    }
    expect(({} as Record<string, unknown>)["comments"]).toBeUndefined();
    expect(place.errors).toEqual([]);
  });

  describe("a request asks for no more than its limits", () => {
    const limited = (limits: object): ((body: unknown) => Promise<Told>) => {
      const handle = place.handler(BLOG, { defaults: limits });
      return (body) => asked(handle, "POST", `posts${where("(columns:F)")}`, body);
    };

    test("of rows together", async () => {
      const sent = limited({ maxRows: 5 });
      const lines = (count: number): unknown[] =>
        Array.from({ length: count }, (_, index) => ({ place: index }));
      expect((await sent({ title: "t", lines: lines(4) })).status).toBe(200);
      for (const body of [
        { title: "t", lines: lines(5) },
        [
          { title: "t", lines: lines(2) },
          { title: "u", lines: lines(2) },
        ],
        { title: "t", comments: [{ text: "a", replies: [{ text: "b" }, { text: "c" }] }], lines: lines(2) },
        { title: "t", tags: { connect: lines(6).map(() => ({ id: 1 })) } },
      ]) {
        const told = await sent(body);
        expect([told.status, told.body.code]).toEqual([400, "invalid-body"]);
      }
    });

    test("of depth", async () => {
      const deep = (depth: number): object =>
        depth === 0 ? { text: "x" } : { text: "x", replies: [deep(depth - 1)] };
      const sent = limited({ maxDepth: 2 });
      expect((await sent({ title: "t", comments: [deep(1)] })).status).toBe(200);
      const told = await sent({ title: "t", comments: [deep(2)] });
      expect([told.status, told.body.code, told.body.path]).toEqual([
        400,
        "depth-exceeded",
        "comments.0.replies.0.replies",
      ]);
      const none = await limited({ maxDepth: 0 })({ title: "t", comments: [] });
      expect(none.status).toBe(200);
      expect((await limited({ maxDepth: 0 })({ title: "t", comments: [{ text: "x" }] })).body.code).toBe(
        "depth-exceeded",
      );
    });
  });

  test("who may not do a thing by its own request may not do it with another", async () => {
    const { POST: _, ...others } = BLOG.comments.control;
    const PATCH = { editor: (others.PATCH as { all: object }).all };
    const handle = place.handler({
      ...BLOG,
      comments: { ...BLOG.comments, control: { ...others, POST: { editor: { select: true } }, PATCH } },
    });
    const sent = (body: unknown): Promise<Told> =>
      asked(handle, "PATCH", `posts${where("(columns:F,where:(id:1))")}`, body);
    for (const [body, path] of [
      [{ comments: [{ text: "x" }] }, "comments"],
      [{ comments: { connect: [{ id: 5 }] } }, "comments.connect.0"],
      [{ comments: { update: [{ where: { id: 1 }, body: { text: "x" } }] } }, "comments.update.0"],
    ] as const) {
      const told = await sent(body);
      expect([told.status, told.body.code, told.body.path]).toEqual([401, "unauthenticated", path]);
    }
    expect((await sent({ comments: { delete: [{ id: 1 }] } })).status).toBe(200);
  });
});

/** The rules with a column hidden from who changes comments. */
function hiding(): object {
  const select = { mode: true, columns: ["id", "text"] };
  const { control } = BLOG.comments;
  const hide = (rules: object): object => ({ all: { ...(rules as { all: object }).all, select } });
  return {
    ...BLOG,
    comments: {
      ...BLOG.comments,
      control: { ...control, PATCH: hide(control.PATCH), DELETE: hide(control.DELETE) },
    },
  };
}
