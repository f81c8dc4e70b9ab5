import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createQueryHandler, HttpError, type QueryHandler } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import {
  EMPTY,
  keysIn,
  postgresql,
  refused,
  type Sending,
  send,
  session,
  sqlite,
  type Told,
} from "../support/keyed.ts";

// A write that is sent under a key is done once, however often it is sent, and answered alike.

const T = true;
const all = (rule: object): object => ({ all: rule });
const free = { select: T, write: T };
const mine = { where: ({ me }: { me?: string }, o: any, { eq }: any) => eq(o.owner, me) };
const orders = (control: object): object => ({ table: "order", control });
const POST = { ...free, ...mine, injectBody: (body: object, { me }: any) => ({ ...body, owner: me }) };

const acl = {
  orders: orders({
    GET: all(free),
    POST: all(POST),
    PATCH: all({ ...free, ...mine }),
    DELETE: all({ select: T, ...mine }),
  }),
  logs: { table: "log", control: { GET: all(free), POST: all(free) } },
};

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of EMPTY) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  const route = (file: object = acl, more: object = {}, keys: object = {}): QueryHandler =>
    place.handler(file, { session, ...keysIn(place.schema, keys), ...more });
  let handle: QueryHandler;
  beforeEach(() => (handle = route()));

  const post = (path: string, body: unknown, sending?: Sending, by = handle): Promise<Told> =>
    send(by, "POST", path, body, sending);
  const under = (key: string, as?: string | null): Sending => ({ key, ...(as !== undefined && { as }) });
  /** All orders that are stored, by what is not made. */
  const stored = async (): Promise<unknown> => {
    const { body } = await send(handle, "GET", "orders?select=(orderBy:(id:asc))");
    return body.orders.map(({ owner, title }: any) => `${owner}: ${title}`);
  };
  /** How many answers are stored. */
  const kept = async (): Promise<number> => {
    const { database, schema } = place as any;
    return (await database.select().from(schema.idempotency)).length;
  };

  describe("done once", () => {
    test("a POST that is sent twice writes one row, and is answered alike", async () => {
      const first = await post("orders?countTotal=T", { title: "tea" }, under("k1"));
      const second = await post("orders?countTotal=T", { title: "tea" }, under("k1"));
      expect([first.status, first.replayed, first.body.orders[0].title]).toEqual([200, false, "tea"]);
      expect([second.status, second.replayed]).toEqual([200, true]);
      expect(second.text).toBe(first.text);
      for (const name of ["content-type", "cache-control", "vary"])
        expect(second.headers.get(name)).toBe(first.headers.get(name));
      expect(await stored()).toEqual(["ada: tea"]);
    });

    test("so are lists, forms, PATCH and DELETE", async () => {
      const twice = async (method: string, path: string, body: unknown, sending: Sending): Promise<Told> => {
        const [first, second] = [
          await send(handle, method, path, body, sending),
          await send(handle, method, path, body, sending),
        ];
        expect([first.status, first.replayed, second.replayed]).toEqual([200, false, true]);
        expect(second.text).toBe(first.text);
        return second;
      };
      const list = await twice("POST", "orders", [{ title: "a" }, { title: "b" }], under("list"));
      expect(list.body.rowsAffected).toBe(2);
      const form = { "content-type": "application/x-www-form-urlencoded" };
      await twice("POST", "orders", "title=c", { key: "form", headers: form });
      const where = "orders?select=(where:(title:'a'))";
      await twice("PATCH", where, { title: "z" }, under("change"));
      const gone = await twice("DELETE", "orders?select=(where:(title:'b'))", undefined, under("gone"));
      expect(gone.body.rowsAffected).toBe(1);
      expect(await stored()).toEqual(["ada: z", "ada: c"]);
    });

    test("nothing of it runs again: no validator, no filter, no hook", async () => {
      const ran: string[] = [];
      const ran1 = (name: string) => () => void ran.push(name);
      const by = route(
        {
          orders: orders({
            POST: all({
              ...POST,
              validateBody: (body: unknown) => (ran.push("validate"), body),
              beforeQuery: ran1("before"),
              afterQuery: ran1("after"),
              afterCommit: ran1("commit"),
            }),
          }),
        },
        { afterWrite: ran1("write") },
      );
      await post("orders", { title: "tea" }, under("k"), by);
      await Bun.sleep(20);
      expect(ran.splice(0).toSorted()).toEqual(["after", "before", "commit", "validate", "write"]);
      expect((await post("orders", { title: "tea" }, under("k"), by)).replayed).toBe(true);
      await Bun.sleep(20);
      expect(ran).toEqual([]);
    });

    test("of twenty at once one writes, and all are answered alike", async () => {
      const slow = route({
        orders: orders({ POST: all({ ...POST, beforeQuery: () => Bun.sleep(20) }) }),
      });
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post("orders", { title: "tea" }, under("k"), slow)),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(await stored()).toEqual(["ada: tea"]);
    });

    test("a function that refuses what a first try has done does not hide its answer", async () => {
      const by = route({
        orders: orders({
          POST: all({
            ...POST,
            // The first try is committed while this one is judged.
            validateBody: async () => {
              await post("orders", { title: "tea" }, under("k"));
              throw new HttpError("there is one already", 409);
            },
          }),
        }),
      });
      const answer = await post("orders", { title: "tea" }, under("k"), by);
      expect([answer.status, answer.replayed]).toEqual([200, true]);
      expect(await stored()).toEqual(["ada: tea"]);
    });

    test("what is written without a key is written as often as it is sent", async () => {
      for (const _ of [1, 2]) expect((await post("orders", { title: "tea" })).status).toBe(200);
      expect(await stored()).toEqual(["ada: tea", "ada: tea"]);
      expect(await kept()).toBe(0);
    });
  });

  describe("another request under the key", () => {
    const mismatch = [422, "idempotency-mismatch", "Idempotency-Key"];
    beforeEach(async () => void (await post("orders", { title: "tea" }, under("k"))));

    test.each([
      ["body", "POST", "orders", { title: "coffee" }, {}],
      ["bytes of the same body", "POST", "orders", '{ "title": "tea" }', {}],
      ["query", "POST", "orders?countTotal=F", { title: "tea" }, {}],
      ["path", "POST", "logs", { text: "tea" }, {}],
      ["method", "PATCH", "orders", { title: "tea" }, {}],
      ["preference", "POST", "orders", { title: "tea" }, { prefer: "return=representation" }],
      [
        "media type",
        "POST",
        "orders",
        '{"title":"tea"}',
        { "content-type": "application/x-www-form-urlencoded" },
      ],
    ] as const)("of another %s is 422, and writes nothing", async (_, method, path, body, headers) => {
      const answer = await send(handle, method, path, body, { key: "k", headers });
      expect(refused(answer)).toEqual(mismatch);
      expect(answer.body.hint).toBe("another request takes another key");
      expect(await stored()).toEqual(["ada: tea"]);
    });

    test("parameters of a media type, and other headers, do not make another", async () => {
      const headers = { "content-type": "application/json; charset=utf-8", "x-trace": "7" };
      expect((await post("orders", { title: "tea" }, { key: "k", headers })).replayed).toBe(true);
    });

    test("a request for another version is another", async () => {
      const tables = { order: { version: "version" } };
      const by = route(acl, { tables });
      const path = "orders?select=(where:(title:tea))";
      const patch = (version: string): Promise<Told> =>
        send(by, "PATCH", path, { code: "x" }, { key: "v", headers: { "if-match": version } });
      expect((await patch('"1"')).status).toBe(200);
      expect((await patch('"1"')).replayed).toBe(true); // and is not told that the version is another now
      expect(refused(await patch('"2"'))).toEqual(mismatch);
    });

    test("a caller whose rule is another's now is not told what he was told under the first", async () => {
      const file = {
        orders: orders({
          POST: { editor: POST, writer: { ...POST, select: { mode: T, columns: ["id"] } } },
        }),
      };
      const by = route(file);
      const sent = (role: string): Promise<Told> =>
        post("orders", { title: "x" }, { key: "r", headers: { "x-role": role } }, by);
      expect((await sent("editor")).status).toBe(200);
      expect((await sent("editor")).replayed).toBe(true);
      expect(refused(await sent("writer"))).toEqual(mismatch);
    });
  });

  describe("a refusal is not stored", () => {
    test("the request is simply asked again", async () => {
      await post("orders", { title: "a", code: "one" });
      const again = { title: "b", code: "one" };
      expect((await post("orders", again, under("k"))).status).toBe(409);
      await send(handle, "DELETE", "orders");
      expect(refused(await post("orders", { ttle: "b" }, under("k")))).toEqual([
        400,
        "unknown-column",
        "ttle",
      ]);
      const answer = await post("orders", again, under("k"));
      expect([answer.status, answer.replayed]).toEqual([200, false]);
      expect(await stored()).toEqual(["ada: b"]);
    });

    test("what a hook throws leaves neither the write nor the key", async () => {
      let fails = true;
      const by = route({
        orders: orders({
          POST: all({
            ...POST,
            afterQuery: () => {
              if (fails) throw new HttpError("not now", 418);
            },
          }),
        }),
      });
      expect((await post("orders", { title: "a" }, under("k"), by)).status).toBe(418);
      expect([await stored(), await kept()]).toEqual([[], 0]);
      fails = false;
      expect((await post("orders", { title: "a" }, under("k"), by)).replayed).toBe(false);
      expect([await stored(), await kept()]).toEqual([["ada: a"], 1]);
    });
  });

  describe("who may have a key", () => {
    test("each caller has keys of his own", async () => {
      const answers = [
        await post("orders", { title: "tea" }, under("k", "ada")),
        await post("orders", { title: "tea" }, under("k", "bob")),
        await post("orders", { title: "cake" }, under("k", "cleo")),
      ];
      expect(answers.map(({ status, replayed }) => [status, replayed])).toEqual([
        [200, false],
        [200, false],
        [200, false],
      ]);
      expect(await stored()).toEqual(["ada: tea", "bob: tea", "cleo: cake"]);
    });

    test("nobody's is 400", async () => {
      const file = { logs: acl.logs };
      const answer = await post("logs", { text: "x" }, { key: "k", as: null }, route(file));
      expect(refused(answer)).toEqual([400, "invalid-value", "Idempotency-Key"]);
      for (const nameless of ["", 7, null, ["a"]]) {
        const by = route(file, {}, { caller: async () => nameless });
        expect((await post("logs", { text: "x" }, under("k"), by)).status).toBe(400);
      }
      expect((await send(handle, "GET", "logs")).body.count).toBe(0);
    });

    test("who may not write is told so, with a key or not", async () => {
      const by = route({ orders: orders({ POST: { editor: POST } }) });
      const sent = (key?: string): Promise<Told> => post("orders", { title: "x" }, { key, as: null }, by);
      expect((await sent("k")).body).toEqual((await sent()).body);
      expect((await sent("k")).status).toBe(401);
    });

    test("a right that is lost takes its answers with it", async () => {
      const by = route({ orders: orders({ POST: { editor: POST } }) });
      const sent = (role: string): Promise<Told> =>
        post("orders", { title: "x" }, { key: "k", headers: { "x-role": role } }, by);
      expect((await sent("editor")).status).toBe(200);
      expect((await sent("editor")).replayed).toBe(true);
      const lost = await sent("writer");
      expect([lost.status, lost.body.code, lost.replayed]).toEqual([403, "forbidden", false]);
    });
  });

  describe("the header", () => {
    const bad = [400, "invalid-value", "Idempotency-Key"];

    test.each([
      ["empty", ""],
      ["too long", "k".repeat(256)],
      ["of words", "a b"],
      ["sent twice", "a, b"],
      ["not ASCII", "caf\u00e9"],
      ["with a tab", "a\tb"],
    ])("that is %s is 400", async (_, key) => {
      expect(refused(await post("orders", { title: "x" }, under(key)))).toEqual(bad);
      expect(await stored()).toEqual([]);
    });

    test("may have 255 characters", async () => {
      const key = "~".repeat(255);
      expect((await post("orders", { title: "x" }, under(key))).status).toBe(200);
      expect((await post("orders", { title: "x" }, under(key))).replayed).toBe(true);
    });

    test("is 400 where the route takes no keys, and on reads nobody looks at it", async () => {
      const by = place.handler(acl, { session });
      for (const method of ["POST", "PATCH", "DELETE"])
        expect(
          refused(await send(by, method, "orders", method === "DELETE" ? undefined : {}, under("k"))),
        ).toEqual(bad);
      for (const reads of [by, handle])
        expect((await send(reads, "GET", "orders", undefined, under("k"))).status).toBe(200);
    });

    test("is one that pages of other origins may send, and read of the answer", async () => {
      const by = route(acl, { cors: { origin: "https://a.example" } });
      const origin = { origin: "https://a.example", "sec-fetch-site": "cross-site" };
      const asks = { ...origin, "access-control-request-method": "POST" };
      const asked = await send(by, "OPTIONS", "orders", undefined, { headers: asks });
      expect(asked.headers.get("access-control-allow-headers")).toContain("idempotency-key");
      await post("orders", { title: "x" }, { key: "k", headers: origin }, by);
      const replayed = await post("orders", { title: "x" }, { key: "k", headers: origin }, by);
      expect(replayed.replayed).toBe(true);
      expect(replayed.headers.get("access-control-allow-origin")).toBe("https://a.example");
      expect(replayed.headers.get("access-control-expose-headers")).toContain("Idempotency-Replayed");
    });
  });

  describe("an answer of an author's own", () => {
    const answering = (hooks: object, more: object = {}): QueryHandler =>
      route({ orders: orders({ POST: all({ ...POST, ...hooks }) }) }, more);
    const twice = async (by: QueryHandler): Promise<readonly [Told, Told]> => [
      await post("orders", { title: "x" }, under("k"), by),
      await post("orders", { title: "x" }, under("k"), by),
    ];

    test("of `afterQuery` is stored with its status, its text and its headers, but for cookies", async () => {
      const headers = { location: "/orders/1", "set-cookie": "a=b", "content-type": "text/plain" };
      const [first, second] = await twice(
        answering({ afterQuery: () => new Response("made \0 ü", { status: 201, headers }) }),
      );
      expect([first.status, first.text, first.replayed]).toEqual([201, "made \0 ü", false]);
      expect([second.status, second.text, second.replayed]).toEqual([201, "made \0 ü", true]);
      for (const { headers: sent } of [first, second])
        expect([sent.get("location"), sent.get("content-type")]).toEqual(["/orders/1", "text/plain"]);
      expect([first.headers.get("set-cookie"), second.headers.get("set-cookie")]).toEqual(["a=b", null]);
      expect(await stored()).toEqual(["ada: x"]);
    });

    test("may have no body, or one that is no text", async () => {
      const none = await twice(answering({ afterQuery: () => new Response(null, { status: 204 }) }));
      expect(none.map(({ status, text }) => [status, text])).toEqual([
        [204, ""],
        [204, ""],
      ]);
      const bytes = Uint8Array.of(0xff, 0, 0xfe);
      const by = answering({ afterQuery: () => new Response(bytes) });
      const request = (): Promise<Response> =>
        by(
          new Request("http://local/query/orders", {
            method: "POST",
            body: '{"title":"b"}',
            headers: { "content-type": "application/json", "x-me": '"ada"', "idempotency-key": "bytes" },
          }),
        );
      for (const _ of [1, 2]) expect(new Uint8Array(await (await request()).arrayBuffer())).toEqual(bytes);
    });

    test("of `beforeQuery` is stored though nothing is written", async () => {
      let asked = 0;
      const [first, second] = await twice(
        answering({ beforeQuery: () => (asked++, Response.json({ queued: true }, { status: 202 })) }),
      );
      expect([first.status, first.body, first.replayed]).toEqual([202, { queued: true }, false]);
      expect([second.status, second.body, second.replayed, asked]).toEqual([202, { queued: true }, true, 1]);
      expect(await stored()).toEqual([]);
    });

    test("that is no success is not stored", async () => {
      for (const hook of ["beforeQuery", "afterQuery"]) {
        const answers = await twice(
          answering({ [hook]: () => Response.json({ no: true }, { status: 409 }) }),
        );
        expect(answers.map(({ status, replayed }) => [status, replayed])).toEqual([
          [409, false],
          [409, false],
        ]);
        expect(await kept()).toBe(0);
      }
    });

    test("of `formatResult` is stored as it was made", async () => {
      let made = 0;
      const formatResult = (): object => ({ made: ++made });
      const [first, second] = await twice(answering({ formatResult }));
      expect([first.text, second.text, second.replayed]).toEqual(['{"made":1}', '{"made":1}', true]);
      const own = route(
        { orders: orders({ POST: all(POST) }) },
        { defaults: { formatResult: () => new Response("own", { status: 203 }) } },
      );
      const answers = [1, 2].map(() => () => post("orders", { title: "y" }, under("f"), own));
      for (const sent of answers) expect(await sent()).toMatchObject({ status: 203, text: "own" });
    });
  });

  describe("several requests in one", () => {
    const batches = (file: object, more: object = {}): QueryHandler => route(file, { batch: true, ...more });
    const operations = [
      { method: "POST", resource: "orders", body: { title: "tea" } },
      { method: "POST", resource: "logs", body: { text: "made" } },
      { method: "GET", resource: "orders", select: { columns: { title: true } } },
    ];

    test("a batch is done once", async () => {
      const by = batches(acl);
      const sent = (): Promise<Told> => post("$batch", operations, under("k"), by);
      const [first, second] = [await sent(), await sent()];
      expect([first.status, first.replayed, second.replayed]).toEqual([200, false, true]);
      expect(second.text).toBe(first.text);
      expect(first.body.map((one: any) => one.rowsAffected ?? one.count)).toEqual([1, 1, 1]);
      expect(await stored()).toEqual(["ada: tea"]);
      expect(refused(await post("$batch", operations.slice(1), under("k"), by))).toEqual([
        422,
        "idempotency-mismatch",
        "Idempotency-Key",
      ]);
    });

    test("one that is refused leaves the key, and says where", async () => {
      const by = batches(acl);
      const bad = [operations[0], { method: "POST", resource: "orders", body: { ttle: "x" } }];
      expect(refused(await post("$batch", bad, under("k"), by))).toEqual([400, "unknown-column", "1.ttle"]);
      expect([await stored(), await kept()]).toEqual([[], 0]);
      expect((await post("$batch", operations, under("k"), by)).status).toBe(200);
    });

    test("a batch is not answered again once the right to one of its requests is lost", async () => {
      const logs = (role: string): object => ({ table: "log", control: { POST: { [role]: free } } });
      const [before, after] = ["editor", "writer"].map((role) => batches({ ...acl, logs: logs(role) }));
      const sent = (by: QueryHandler | undefined): Promise<Told> =>
        post("$batch", operations, { key: "k", headers: { "x-role": "editor" } }, by);
      expect((await sent(before)).status).toBe(200);
      expect((await sent(before)).replayed).toBe(true);
      expect(refused(await sent(after))).toEqual([403, "forbidden", "1"]);
    });

    const nesting = (lines: object): object => ({
      orders: orders({
        GET: all({ select: T, with: { lines: { select: T } } }),
        POST: all({ ...POST, nest: { lines: "lines" }, with: { lines: { select: T } } }),
        PATCH: all({ ...free, ...mine, nest: { lines: "lines" } }),
      }),
      lines: { table: "line", control: { GET: all({ select: T }), ...lines } },
    });
    const nested = { title: "tea", lines: [{ text: "green" }, { text: "black" }] };

    test("rows that are written with others are written once", async () => {
      const by = route(nesting({ POST: all(free) }));
      const path = "orders?select=(with:(lines:T))";
      const [first, second] = [
        await post(path, nested, under("k"), by),
        await post(path, nested, under("k"), by),
      ];
      expect([first.status, first.replayed, second.replayed]).toEqual([200, false, true]);
      expect(first.body.orders[0].lines).toHaveLength(2);
      expect(second.text).toBe(first.text);
      expect((await send(by, "GET", "lines")).body.count).toBe(2);
    });

    test("nor is a nested write answered again without the right to all of it", async () => {
      const by = (role: string, method = "POST"): QueryHandler =>
        batches(nesting({ POST: { editor: free }, PATCH: { editor: free }, [method]: { [role]: free } }));
      const sending = (key: string): Sending => ({ key, headers: { "x-role": "editor" } });
      const sent = (handler: QueryHandler): Promise<Told> => post("orders", nested, sending("k"), handler);
      expect((await sent(by("editor"))).status).toBe(200);
      expect((await sent(by("editor"))).replayed).toBe(true);
      expect((await sent(by("writer", "PATCH"))).replayed).toBe(true); // which it did not need
      expect(refused(await sent(by("writer")))).toEqual([403, "forbidden", undefined]);
      const change = { lines: { update: [{ where: { text: "green" }, body: { text: "white" } }] } };
      const patch = (handler: QueryHandler): Promise<Told> =>
        send(handler, "PATCH", "orders?select=(where:(title:tea))", change, sending("p"));
      expect((await patch(by("editor"))).status).toBe(200);
      expect((await patch(by("editor"))).replayed).toBe(true);
      expect((await patch(by("writer", "PATCH"))).status).toBe(403);
      const list = [{ method: "POST", resource: "orders", body: nested }];
      const batch = (handler: QueryHandler): Promise<Told> => post("$batch", list, sending("b"), handler);
      expect((await batch(by("editor"))).status).toBe(200);
      expect((await batch(by("editor"))).replayed).toBe(true);
      expect(refused(await batch(by("writer")))).toEqual([403, "forbidden", "0"]);
    });
  });

  describe("bounds", () => {
    test("an answer that is too large to be stored is refused, and nothing is written", async () => {
      const by = route(acl, {}, { maxSize: 200 });
      const large = { title: "x".repeat(200) };
      const answer = await post("orders", large, under("k"), by);
      expect(refused(answer)).toEqual([400, "too-large-answer", "Idempotency-Key"]);
      expect([await stored(), await kept()]).toEqual([[], 0]);
      const less = await post("orders?select=(columns:F)", large, under("k"), by);
      expect([less.status, less.body.rowsAffected]).toEqual([200, 1]);
    });

    test("a key is as good as new once its answer is too old", async () => {
      const by = route(acl, {}, { maxAge: 60_000 });
      await post("orders", { title: "a" }, under("k"), by);
      expect((await post("orders", { title: "a" }, under("k"), by)).replayed).toBe(true);
      const past = Date.now() - 61_000;
      const old = place.speaks === "sqlite" ? past : `'${new Date(past).toISOString()}'`;
      await place.run(`update idempotency set created_at = ${old}`);
      const answer = await post("orders", { title: "b" }, under("k"), by);
      expect([answer.status, answer.replayed]).toEqual([200, false]);
      expect([await stored(), await kept()]).toEqual([["ada: a", "ada: b"], 1]);
    });

    test("what is too old is cleared by and by, on writes", async () => {
      const by = route(acl, {}, { maxAge: 600_000 });
      const old = place.speaks === "sqlite" ? "1000" : "'2020-01-01T00:00:00Z'";
      for (let n = 0; n < 25; n++)
        await place.run(
          `insert into idempotency (caller, key, request, answer, created_at) values ('n:x', 'k${n}', 'r', '{}', ${old})`,
        );
      const left: number[] = [];
      for (let n = 0; n < 4; n++) {
        await post("orders", { title: "a" }, under(`new${n}`), by);
        left.push((await kept()) - n - 1);
      }
      expect(left).toEqual([15, 5, 0, 0]);
    });
  });
};

describe("idempotency keys", () => everywhere({ sqlite, postgresql }, acl, tests));

describe("a route does not start", () => {
  const start =
    (idempotency: unknown, more: object = {}): (() => unknown) =>
    () =>
      createQueryHandler({
        acl: acl as never,
        database: undefined,
        schema: sqlite,
        idempotency: idempotency as never,
        ...more,
      });
  const { idempotency: table } = sqlite;
  const caller = (): string => "ada";

  test.each([
    [
      "with an option that is none",
      { table, caller, maxage: 5 },
      "idempotency.maxage: there is no such option",
    ],
    ["where nobody could have a key", { table }, "idempotency.caller: expected a function"],
    ["with an age that is none", { table, caller, maxAge: 0 }, "idempotency.maxAge: expected a whole number"],
    [
      "with a size that is none",
      { table, caller, maxSize: 1.5 },
      "idempotency.maxSize: expected a whole number",
    ],
  ])("%s", (_, option, sentence) => expect(start(option)).toThrow(sentence));
});
