import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { QueryHandler } from "@bepalo/query";
import { fresh, postgresql, sqlite } from "../support/blog-tables.ts";
import { everywhere, type Place } from "../support/everywhere.ts";
import { refused, send, session, type Told, type Who } from "../support/kept.ts";

// What somebody might hope to get out of several requests at once.

const all = (rule: object): object => ({ all: rule });
const own = ({ org }: Who, t: any, { eq }: any) => eq(t.authorId, org);
const acl = {
  posts: {
    table: "post",
    control: {
      GET: all({
        select: [
          { columns: ["id", "title", "authorId"] },
          { columns: ["stock"], when: (_: Who, t: any, { eq }: any) => eq(t.id, 1) },
        ],
        where: own,
      }),
      POST: all({ select: { columns: ["id", "title"] }, write: true, where: own }),
      PATCH: all({ select: { columns: ["id"] }, write: { columns: ["title"] }, where: own }),
      DELETE: all({ where: own }),
    },
  },
  comments: {
    table: "comment",
    control: { GET: all({ select: true }), POST: all({ select: true, write: true }) },
  },
};

const tests = (place: Place): void => {
  let handle: QueryHandler;
  const route = (more: object = {}): QueryHandler => place.handler(acl, { session, batch: true, ...more });
  beforeEach(async () => {
    for (const text of fresh(place.speaks)) await place.run(text);
    handle = route();
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const batch = (operations: unknown, by = handle, headers = {}): Promise<Told> =>
    send(by, "POST", "$batch", operations, headers);
  /** The same of a text, which may hold what no object of a test would. */
  const sendText = async (text: string): Promise<Told> => {
    const headers = { "content-type": "application/json" };
    const sent = new Request("http://local/query/$batch", { method: "POST", body: text, headers });
    const response = await handle(sent);
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  const comments = async (): Promise<number> => (await send(handle, "GET", "comments")).body.count;
  const comment = (text: unknown): object => ({
    method: "POST",
    resource: "comments",
    body: { postId: 1, text },
  });
  const get = (columns: object): object => ({
    method: "GET",
    resource: "posts",
    as: "p",
    findFirst: true,
    select: { where: { id: 1 }, columns },
  });

  test("a reference leads to nothing that was not answered", async () => {
    for (const path of [
      "p.posts.secret",
      "p.posts.meta",
      "p.posts.stock",
      "p.posts.toString",
      "p.posts.id.toString",
      "p.__proto__.x",
    ])
      expect(refused(await batch([get({ id: true }), comment({ $ref: path })]))).toEqual([
        400,
        "invalid-value",
        "1.text",
      ]);
    // Another's row is none, so it has no values.
    const foreign = {
      method: "GET",
      resource: "posts",
      as: "p",
      findFirst: true,
      select: { where: { id: 9 } },
    };
    expect(refused(await batch([foreign, comment({ $ref: "p.posts.title" })]))).toEqual([
      400,
      "invalid-value",
      "1.text",
    ]);
    expect(await comments()).toBe(2);
  });

  test("what is refused on its own is refused in a batch, whatever a reference stands for", async () => {
    const patch = (where: object, body: object): object => ({
      method: "PATCH",
      resource: "posts",
      body,
      select: { where },
    });
    const p = get({ id: true, title: true });
    expect((await batch([p, patch({ id: 9 }, { title: "mine" })])).body[1].rowsAffected).toBe(0);
    for (const [operation, refusal] of [
      [
        patch({ id: { $ref: "p.posts.id" } }, { secret: { $ref: "p.posts.title" } }),
        [400, "unknown-column", "1.secret"],
      ],
      [
        patch({ secret: { $ref: "p.posts.title" } }, { title: "x" }),
        [400, "unknown-column", "1.select.where"],
      ],
      [{ method: "POST", resource: "posts", body: { title: "x", authorId: 9 } }, [403, "check-failed", "1"]],
    ] as const)
      expect(refused(await batch([p, operation]))).toEqual(refusal);
  });

  test("names that objects inherit are no names", async () => {
    for (const [text, ...refusal] of [
      ['[{"method":"GET","resource":"__proto__"}]', 404, "unknown-resource", "0"],
      [
        '[{"method":"GET","resource":"posts","__proto__":{"scope":"mine"}}]',
        400,
        "invalid-body",
        "0.__proto__",
      ],
      ['[{"method":"constructor","resource":"posts"}]', 400, "invalid-body", "0.method"],
      [
        '[{"method":"GET","resource":"posts","select":{"__proto__":{"limit":1}}}]',
        400,
        "invalid-value",
        "0.select.__proto__",
      ],
      [
        '[{"method":"GET","resource":"posts","select":{"where":{"__proto__":1}}}]',
        400,
        "unknown-column",
        "0.select.where",
      ],
      [
        '[{"method":"POST","resource":"comments","body":{"__proto__":{"text":"x"},"postId":1,"text":"x"}}]',
        400,
        "unknown-column",
        "0.__proto__",
      ],
      [
        '[{"method":"POST","resource":"comments","body":{"postId":{"__proto__":1},"text":"x"}}]',
        400,
        "invalid-value",
        "0.postId",
      ],
      [
        '[{"method":"GET","resource":"posts","as":"__proto__"},{"method":"POST","resource":"comments","body":{"postId":1,"text":{"$ref":"__proto__.posts.id"}}}]',
        400,
        "invalid-value",
        "1.text",
      ],
    ] as const)
      expect(refused(await sendText(text))).toEqual([...refusal]);
    expect(({} as { text?: unknown }).text).toBeUndefined();
  });

  describe("a batch is no way round a limit", () => {
    test("few bytes stand for few", async () => {
      await place.run(`update posts set title = '${"x".repeat(2_000)}' where id = 1`);
      const narrow = route({ defaults: { maxBodySize: 10_000 } });
      const texts = (count: number): object => ({
        method: "POST",
        resource: "comments",
        body: Array.from({ length: count }, () => ({ postId: 1, text: { $ref: "p.posts.title" } })),
      });
      expect((await batch([get({ title: true }), texts(5)], narrow)).status).toBe(200);
      expect(refused(await batch([get({ title: true }), texts(6)], narrow))).toEqual([413, "too-large", "1"]);
      expect(await comments()).toBe(7);
    });

    test("nor do few bytes stand for many digits", async () => {
      const number = "7".repeat(2_000);
      await place.run(`update posts set meta = '{"n":${number}}' where id = 1`);
      const open = { posts: { table: "post", control: { GET: all({ select: true }) } } };
      const narrow = place.handler(
        { ...acl, ...open },
        { session, batch: true, defaults: { maxBodySize: 10_000 } },
      );
      const texts = Array.from({ length: 6 }, () => ({ postId: 1, text: { $ref: "p.posts.meta.n" } }));
      const comments = { method: "POST", resource: "comments", body: texts };
      expect(refused(await batch([get({ meta: true }), comments], narrow))).toEqual([413, "too-large", "1"]);
    });

    test("deep nesting and long names are refused as anywhere", async () => {
      const deep = `[{"method":"GET","resource":"posts","select":${'{"where":'.repeat(100)}1${"}".repeat(100)}}]`;
      expect(refused(await sendText(deep))).toEqual([400, "invalid-body", undefined]);
      const long = "n".repeat(10_000);
      const told = await batch([{ method: "GET", resource: long }]);
      expect(refused(told)).toEqual([404, "unknown-resource", "0"]);
      expect(JSON.stringify(told.body).length).toBeLessThan(500);
    });
  });

  test("another site's page sends none", async () => {
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect(refused(await batch([comment("x")], handle, foreign))).toEqual([403, "forbidden", undefined]);
    expect(await comments()).toBe(2);
  });
};

everywhere({ sqlite, postgresql }, acl, tests);
