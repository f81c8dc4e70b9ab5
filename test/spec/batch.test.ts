import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { HttpError, type QueryHandler } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/blog-tables.ts";
import { everywhere, type Place } from "../support/everywhere.ts";
import { refused, send, session, type Told, type Who } from "../support/kept.ts";

// Lists of requests that are kept together or not at all.

const T = true;
const all = (rule: object): object => ({ all: rule });
const free = { select: T, write: T };
const mine = ({ org }: Who, t: any, { eq }: any) => eq(t.authorId, org);

/** What hooks have seen, in their order. */
let seen: unknown[] = [];
const told =
  (name: string) =>
  ({ method, resourceId, body, written }: any) =>
    void seen.push([name, method, resourceId, body?.title, written?.length]);

const acl = {
  authors: {
    table: "author",
    control: { GET: all({ select: T }), POST: all(free), PATCH: all(free), DELETE: all({ select: T }) },
  },
  posts: {
    table: "post",
    control: {
      GET: all({ select: T, with: { comments: { select: T }, author: { select: T } } }),
      POST: all({ ...free, where: mine }),
      PATCH: all({ ...free, where: mine }),
      DELETE: all({ select: T, where: mine }),
    },
  },
  comments: {
    table: "comment",
    control: {
      GET: all({ select: T, with: { post: { select: T } } }),
      POST: all(free),
      PATCH: all(free),
      DELETE: all({ select: T }),
    },
  },
  masked: {
    table: "post",
    control: {
      GET: all({
        select: [
          { columns: ["id", "title"] },
          { columns: ["secret"], when: (_: Who, t: any, { eq }: any) => eq(t.id, 1) },
        ],
      }),
    },
  },
  nesting: {
    table: "post",
    control: {
      POST: all({
        ...free,
        with: { comments: { select: T } },
        nest: { comments: "comments", author: "authors" },
      }),
    },
  },
  hooked: {
    table: "post",
    control: {
      POST: all({
        ...free,
        beforeQuery: told("before"),
        afterQuery: told("after"),
        afterCommit: told("commit"),
      }),
    },
  },
  refusing: {
    table: "post",
    control: {
      POST: all({
        ...free,
        beforeQuery: () => {
          throw new HttpError("not today", 418);
        },
      }),
      PATCH: all({ ...free, afterQuery: () => new Response("done", { status: 202 }) }),
    },
  },
  shaped: {
    table: "post",
    control: {
      POST: all({ ...free, formatResult: (_: unknown, { result }: any) => ({ made: result.rows[0] }) }),
    },
  },
  small: { table: "comment", maxRows: 2, maxBodySize: 60, control: { POST: all(free) } },
  admins: { table: "author", control: { POST: { admin: free } } },
};

const tests = (place: Place): void => {
  let handle: QueryHandler;
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
    seen = [];
    handle = route();
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const route = (more: object = {}): QueryHandler => place.handler(acl, { session, batch: true, ...more });
  const batch = (operations: unknown, by = handle): Promise<Told> => send(by, "POST", "$batch", operations);
  const get = (resource: string, rest: object = {}) => ({ method: "GET", resource, ...rest });
  const post = (resource: string, body: unknown, rest: object = {}) => ({
    method: "POST",
    resource,
    body,
    ...rest,
  });
  const where = (filter: object): object => ({ select: { where: filter } });
  /** How many rows there are: authors, posts, comments. */
  const sizes = async (): Promise<readonly number[]> => {
    const { body } = await batch([get("authors"), get("posts"), get("comments")]);
    return body.map((answer: any) => answer.count);
  };

  test("are answered in their order, each as it would be on its own, and see what was written before", async () => {
    const { status, body } = await batch([
      post("authors", { name: "Cid" }),
      get("authors", {
        select: "(columns:(name:T),orderBy:(id:desc),limit:1)",
        findFirst: true,
        countTotal: true,
      }),
      { method: "PATCH", resource: "posts", body: { title: "new" }, ...where({ id: 1 }) },
      { method: "DELETE", resource: "comments", select: { where: { id: 1 }, columns: false } },
      get("posts", { select: { where: { id: 1 }, columns: { title: true }, with: { comments: true } } }),
    ]);
    expect([status, body.path, body.error]).toEqual([200, undefined, undefined]);
    expect(body).toEqual([
      { rowsAffected: 1, count: 1, authors: [{ id: 10, name: "Cid", email: null }] },
      { total: 3, authors: { name: "Cid" } },
      expect.objectContaining({ rowsAffected: 1, posts: [expect.objectContaining({ id: 1, title: "new" })] }),
      { rowsAffected: 1, count: 1 },
      { count: 1, posts: [{ title: "new", comments: [] }] },
    ]);
  });

  test("the first that is refused undoes all, and says where", async () => {
    const before = await sizes();
    const refusals: readonly (readonly [object, readonly unknown[]])[] = [
      [post("authors", { nme: "x" }), [400, "unknown-column", "1.nme"]],
      [post("authors", [{ name: "x" }, { name: 1 }]), [400, "invalid-value", "1.1.name"]],
      [post("authors", {}), [400, "invalid-body", "1.name"]],
      [post("authors", { name: "x", email: "ann@x" }), [409, "conflict", "1"]],
      [post("posts", { authorId: 9, title: "not mine" }), [403, "check-failed", "1"]],
      [post("admins", { name: "x" }), [401, "unauthenticated", "1"]],
      [post("nothing", { name: "x" }), [404, "unknown-resource", "1"]],
      [post("masked", { name: "x" }), [405, "method-not-allowed", "1"]],
      [get("posts", { select: { where: { nme: 1 } } }), [400, "unknown-column", "1.select.where"]],
      [get("posts", { select: "(where:" }), [400, "invalid-syntax", "1.select"]],
      [get("posts", { select: { limit: "x" } }), [400, "invalid-value", "1.select.limit"]],
      [post("refusing", { authorId: 1, title: "x" }), [418, "refused", "1"]],
    ];
    for (const [operation, refusal] of refusals)
      expect(refused(await batch([post("authors", { name: "Cid" }), operation]))).toEqual(refusal);
    expect(await sizes()).toEqual(before);
  });

  test("a hook's `Response` ends it, and nothing is kept", async () => {
    const answer = await batch([
      post("authors", { name: "Cid" }),
      { method: "PATCH", resource: "refusing", body: { title: "x" }, ...where({ id: 1 }) },
    ]).catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(SyntaxError); // its own text, which is no JSON
    expect(await sizes()).toEqual([2, 2, 2]);
  });

  test("hooks run for each, and commits are told once all is kept", async () => {
    const hooked = (title: string): object => post("hooked", { authorId: 1, title });
    expect((await batch([hooked("a"), hooked("b")])).status).toBe(200);
    const of = (name: string, title: string, written?: number): unknown[] => [
      name,
      "POST",
      "hooked",
      title,
      written,
    ];
    expect(seen.slice(0, 4)).toEqual([
      of("before", "a"),
      of("after", "a", 1),
      of("before", "b"),
      of("after", "b", 1),
    ]);
    await Bun.sleep(5);
    expect(seen.slice(4)).toEqual([of("commit", "a", 1), of("commit", "b", 1)]);
    seen = [];
    expect((await batch([hooked("a"), post("authors", {})])).status).toBe(400);
    await Bun.sleep(5);
    expect(seen).toEqual([of("before", "a"), of("after", "a", 1)]);
  });

  describe("a reference", () => {
    const made = (ref: string, rest: object = {}): unknown[] => [
      post("posts", { authorId: 1, title: "new", meta: { a: 1 } }, { as: "p" }),
      post("comments", { postId: { $ref: ref }, text: "x", ...rest }),
    ];

    test.each(["p.posts.id", "p.posts.0.id", "0.posts.id"])(
      "%s is a value of an earlier answer",
      async (ref) => {
        const { body } = await batch(made(ref));
        expect(body[1].comments).toEqual([{ id: 10, postId: 10, text: "x", size: null }]);
      },
    );

    test("may stand in every row of a body, in filters and in those of relations", async () => {
      const { body } = await batch([
        get("posts", { select: { where: { id: 1 } }, findFirst: true, as: "one" }),
        post("comments", [
          { postId: { $ref: "one.posts.id" }, text: { $ref: "one.posts.title" } },
          { postId: 9, text: "y" },
        ]),
        get("comments", { select: { where: { postId: { $ref: "0.posts.id" } }, columns: { text: true } } }),
        get("comments", {
          select: { where: { "postId.in": [{ $ref: "one.posts.id" }] }, columns: { text: true } },
        }),
        get("comments", { select: "(where:(post:(title:('$ref':'one.posts.title'))),columns:(text:T))" }),
        get("comments", {
          select: { where: { "post.title.ne": { $ref: "one.posts.title" } }, columns: { text: true } },
        }),
        get("posts", {
          select: {
            where: { OR: [{ id: { $ref: "one.posts.id" } }] },
            columns: { id: true },
            with: {
              comments: { where: { "text.ne": { $ref: "one.posts.title" } }, columns: { text: true } },
            },
          },
        }),
      ]);
      expect(refused({ status: 200, body } as Told)).toEqual([200, undefined, undefined]);
      const own = [{ text: "go" }, { text: "first" }];
      expect(body.slice(2).map((answer: any) => answer.comments ?? answer.posts)).toEqual([
        own,
        own,
        own,
        [{ text: "no" }, { text: "y" }],
        [{ id: 1, comments: [{ text: "go" }] }],
      ]);
    });

    test("leads to values that no double keeps, and to null", async () => {
      const long = '{"n":12345678901234567890}';
      await place.run(
        `update posts set secret = null, title = '12345678901234567890', meta = '${long}' where id = 1`,
      );
      const { body } = await batch([
        get("posts", { select: { where: { id: 1 } }, as: "p" }),
        post("comments", { postId: 1, text: { $ref: "p.posts.title" }, size: { $ref: "p.posts.secret" } }),
      ]);
      expect(body[1].comments[0]).toMatchObject({ text: "12345678901234567890", size: null });
    });

    test("may stand in rows that are written with others", async () => {
      const { body } = await batch([
        post("authors", { name: "Cid" }, { as: "a" }),
        post(
          "nesting",
          {
            title: { $ref: "a.authors.name" },
            author: { connect: { id: { $ref: "a.authors.id" } } },
            comments: [{ text: { $ref: "a.authors.name" } }],
          },
          { select: { with: { comments: { columns: { text: true } } } } },
        ),
      ]);
      expect(body[1]).toMatchObject({
        rowsAffected: 1,
        nesting: [{ title: "Cid", authorId: 10, comments: [{ text: "Cid" }] }],
      });
      const wrong = post("nesting", {
        title: "x",
        authorId: 1,
        comments: [{ text: { $ref: "0.authors.nme" } }],
      });
      expect(refused(await batch([get("authors", { select: { limit: 1 } }), wrong]))).toEqual([
        400,
        "invalid-value",
        "1.comments.0.text",
      ]);
    });

    test("to null is no filter for all rows without a value", async () => {
      const read = get("comments", { as: "c", select: { where: { id: 1 } } });
      const filter = where({ size: { $ref: "c.comments.size" } });
      expect(refused(await batch([read, { method: "DELETE", resource: "comments", ...filter }]))).toEqual([
        400,
        "invalid-value",
        "1.select.where.size",
      ]);
      expect(await sizes()).toEqual([2, 2, 2]);
    });

    test("in a JSON column is data", async () => {
      const meta = { $ref: "0.posts.id" };
      const { body } = await batch([
        post("posts", { authorId: 1, title: "a", meta }),
        post("posts", { authorId: 1, title: "b", meta }),
        post("posts", { authorId: 1, title: { $ref: "0.posts.title" }, meta: { in: [meta] } }),
      ]);
      expect(body.map(({ posts }: any) => [posts[0].title, posts[0].meta])).toEqual([
        ["a", meta],
        ["b", meta],
        ["a", { in: [meta] }],
      ]);
    });

    test.each<[string, unknown]>([
      ["q.posts.id", "1.postId"],
      ["1.comments.id", "1.postId"],
      ["7.posts.id", "1.postId"],
      ["p", "1.postId"],
      ["p.posts", "1.postId"],
      ["p.posts.1.id", "1.postId"],
      ["p.posts.nothing", "1.postId"],
      ["p.posts.meta", "1.postId"],
      ["p.constructor.name", "1.postId"],
      ["p.posts.__proto__", "1.postId"],
      ["p.posts.length", "1.postId"],
      ["", "1.postId"],
    ])("%p is refused", async (ref, path) => {
      expect(refused(await batch(made(ref)))).toEqual([400, "invalid-value", path]);
      expect(await sizes()).toEqual([2, 2, 2]);
    });

    test("of one of several rows says which", async () => {
      const posts = [get("posts", { as: "p", select: { orderBy: { id: "asc" } } })];
      const comment = (ref: string): object => post("comments", { postId: { $ref: ref }, text: "x" });
      expect(refused(await batch([...posts, comment("p.posts.id")]))).toEqual([
        400,
        "invalid-value",
        "1.postId",
      ]);
      expect((await batch([...posts, comment("p.posts.1.id")])).body[1].comments[0].postId).toBe(9);
    });

    test("does not lead to what is masked", async () => {
      const masked = [get("masked", { as: "m", select: { orderBy: { id: "asc" } } })];
      const comment = (row: number): object =>
        post("comments", { postId: 1, text: { $ref: `m.masked.${row}.secret` } });
      expect((await batch([...masked, comment(0)])).body[1].comments[0].text).toBe("s1");
      expect(refused(await batch([...masked, comment(1)]))).toEqual([400, "invalid-value", "1.text"]);
    });

    test("follows what a formatter made", async () => {
      const { body } = await batch([
        post("shaped", { authorId: 1, title: "a" }, { as: "s" }),
        post("comments", { postId: { $ref: "s.made.id" }, text: "x" }),
      ]);
      expect(body[1].comments[0].postId).toBe(10);
    });

    test("is checked as any value is", async () => {
      const operations = [
        get("authors", { as: "a", select: { where: { id: 9 } } }),
        post("posts", { authorId: { $ref: "a.authors.id" }, title: "x" }),
      ];
      expect(refused(await batch(operations))).toEqual([403, "check-failed", "1"]);
      const typed = [operations[0], post("posts", { authorId: { $ref: "a.authors.name" }, title: "x" })];
      expect(refused(await batch(typed))).toEqual([400, "invalid-value", "1.authorId"]);
    });
  });

  describe("has bounds", () => {
    const comment = { postId: 1, text: "x" };

    test("of requests", async () => {
      const many = (count: number): object[] => Array.from({ length: count }, () => get("authors"));
      expect((await batch(many(20))).status).toBe(200);
      expect(refused(await batch(many(21)))).toEqual([400, "invalid-body", undefined]);
      const two = route({ batch: { maxOperations: 2 } });
      expect(refused(await batch(many(3), two))).toEqual([400, "invalid-body", undefined]);
    });

    test("of rows and bytes, over all of it", async () => {
      expect((await batch([post("small", comment), post("small", comment)])).status).toBe(200);
      expect(refused(await batch([post("small", [comment, comment]), post("small", comment)]))).toEqual([
        400,
        "invalid-body",
        "1",
      ]);
      const long = { postId: 1, text: "x".repeat(60) };
      expect(refused(await batch([post("small", long)]))).toEqual([413, "too-large", "0"]);
      const bytes = route({ defaults: { maxBodySize: 100 } });
      expect(refused(await batch([post("comments", long), post("comments", long)], bytes))).toEqual([
        413,
        "too-large",
        undefined,
      ]);
    });

    test("of conditions, work and answers, over all of it", async () => {
      const two = get("posts", where({ id: 1, title: "x" }));
      const narrow = route({ defaults: { maxConditions: 3 } });
      expect((await batch([two], narrow)).status).toBe(200);
      expect(refused(await batch([two, two], narrow))).toEqual([400, "too-complex", "1.select.where"]);
      const late = get("posts", where({ id: 1, title: { $ref: "0.posts.title" } }));
      expect(refused(await batch([two, late], narrow))).toEqual([400, "too-complex", "1.select.where"]);
      const costs = route({ defaults: { maxCost: 150 } });
      expect(refused(await batch([get("posts"), get("posts")], costs))).toEqual([
        400,
        "too-complex",
        "1.select",
      ]);
      const answers = route({ defaults: { maxAnswerSize: 300 } });
      expect((await batch([get("posts")], answers)).status).toBe(200);
      expect(refused(await batch([get("posts"), get("posts")], answers))).toEqual([
        400,
        "too-large-answer",
        "1",
      ]);
    });
  });

  test("What writes ask for together has its bound, however often the same is asked", async () => {
    const narrow = route({ defaults: { maxCost: 150 } });
    const select = { columns: { id: T }, with: { comments: { limit: 100 } } };
    const one = post("nesting", { title: "x", authorId: 1 }, { select });
    for (let round = 0; round < 4; round++) {
      expect((await batch([one], narrow)).status).toBe(200);
      expect(refused(await batch([one, one], narrow))).toEqual([
        400,
        "too-complex",
        "1.select.with.comments",
      ]);
      const more = { ...one, select: { ...select, with: { comments: { limit: 50 } } } };
      expect((await batch([more, more, more], narrow)).status).toBe(200);
    }
  });

  test("What is no batch is refused", async () => {
    const cases: readonly (readonly [unknown, string | undefined])[] = [
      [{}, undefined],
      [[], undefined],
      [["x"], "0"],
      [[null], "0"],
      [[{ resource: "posts" }], "0.method"],
      [[{ method: "get", resource: "posts" }], "0.method"],
      [[{ method: "HEAD", resource: "posts" }], "0.method"],
      [[{ method: "GET" }], "0.resource"],
      [[{ method: "GET", resource: 1 }], "0.resource"],
      [[get("posts", { limit: 1 })], "0.limit"],
      [[get("posts", { as: "1" })], "0.as"],
      [[get("posts", { as: "a" }), get("posts", { as: "a" })], "1.as"],
      [[get("posts", { body: {} })], "0.body"],
      [[{ method: "POST", resource: "posts" }], "0.body"],
      [[get("posts", { select: [] })], "0.select"],
      [[get("posts", { scope: "theirs" })], "0.scope"],
      [[get("posts", { findFirst: "T" })], "0.findFirst"],
      [[post("authors", { name: "x" }, { can: true })], "0.can"],
      [[post("authors", { name: "x" }, { ifMatch: 1 })], "0.ifMatch"],
      [[{ method: "PATCH", resource: "posts", body: {}, ifMatch: "x" }], "0.ifMatch"],
    ];
    for (const [operations, path] of cases)
      expect(refused(await batch(operations))).toEqual([400, "invalid-body", path]);
    const proto = '[{"method":"GET","resource":"posts","__proto__":{"as":"x"}}]';
    const answer = await handle(
      new Request("http://local/query/$batch", {
        method: "POST",
        body: proto,
        headers: { "content-type": "application/json" },
      }),
    );
    expect(answer.status).toBe(400);
    expect(refused(await batch([get("$batch"), get("posts")]))).toEqual([404, "unknown-resource", "0"]);
  });

  test("is one resource, for POST alone, where the route takes it", async () => {
    expect(refused(await send(handle, "GET", "$batch"))).toEqual([405, "method-not-allowed", undefined]);
    expect(refused(await send(handle, "DELETE", "$batch"))).toEqual([405, "method-not-allowed", undefined]);
    const options = await send(handle, "OPTIONS", "$batch");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "OPTIONS, POST"]);
    expect(refused(await send(handle, "POST", "$batch?mine", []))).toEqual([
      400,
      "unknown-parameter",
      "mine",
    ]);
    expect(refused(await batch([get("posts")], route({ batch: false })))).toEqual([
      404,
      "unknown-resource",
      undefined,
    ]);
    expect(() => route({ batch: { maxOperations: 0 } })).toThrow("batch.maxOperations");
    expect(() => route({ batch: { max: 3 } })).toThrow("batch.max");
  });
};

everywhere({ sqlite, postgresql }, acl, tests);
