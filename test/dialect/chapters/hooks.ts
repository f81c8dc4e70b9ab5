import { beforeEach, describe, expect, test } from "bun:test";
import type { Answer } from "../../support/app.ts";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

const ROW = { id: 9, label: "new" };

/** Each method once: what it does to which row. */
const METHODS = [
  ["GET", "hooked", undefined],
  ["POST", "hooked", ROW],
  ["PATCH", "hooked?select=(where:(id:3))", { label: "changed" }],
  ["DELETE", "hooked?select=(where:(id:3))", undefined],
] as const;

const WRITING = METHODS.filter(([method]) => method !== "GET");

/** Chapter 7: hooks. The headers of a request say what they do. */
export function hooks(app: Subject): void {
  beforeEach(app.reset);
  const send = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> =>
    app.send(method, path, {
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const labels = async (): Promise<string[]> => (await app.rows("tag")).map(({ label }) => label);

  describe.each(METHODS)("of a %s", (method, path, body) => {
    test("run around the statement in its transaction, and are committed with it", async () => {
      const answer = await send(method, path, body, { "x-before": "write", "x-after": "write" });
      expect(answer.status).toBe(200);
      expect((await app.rows("tag")).at(-1)).toEqual({ id: 500, label: "audited" });
    });

    test.each([
      [{ "x-before": "throw" }, 500, "internal-error", "words of the author"],
      [{ "x-after": "throw" }, 500, "internal-error", "words of the author"],
      [{ "x-before": "null" }, 500, "internal-error", "something went wrong on the server"],
      [{ "x-after": "text" }, 500, "internal-error", "text"],
      [{ "x-before": "refuse" }, 451, "refused", undefined],
      [{ "x-before": "write", "x-after": "refuse" }, 409, "refused", undefined],
      [{ "x-before": "write", "x-after": "conflict" }, 409, "conflict", undefined],
    ] as [Record<string, string>, number, string, string | undefined][])(
      "that fail leave nothing behind: %o is %i",
      async (headers, status, code, fault) => {
        const before = await app.dump();
        const answer = await send(method, path, body, headers);
        expect([answer.status, answer.body?.code]).toEqual([status, code]);
        expect(await app.dump()).toBe(before);
        expect(await app.faults()).toEqual(fault === undefined ? [] : [fault]);
      },
    );

    // Elsewhere a driver may want one statement after the other.
    if (app.speaks === "sqlite")
      test("may ask and write at once, in a read too", async () => {
        expect((await send(method, path, body, { "x-before": "together" })).status).toBe(200);
        expect(await labels()).toContain("audit");
      });

    test("may ask for what is missing, which nothing equals", async () => {
      const answer = await send(method, path, body, { "x-before": "miss" });
      expect([answer.status, answer.body.hooked?.length]).toEqual([200, method === "GET" ? 3 : 1]);
      expect(await labels()).not.toContain("missed");
    });

    test("may answer a Response before the statement, after a rollback", async () => {
      const before = await app.dump();
      const answer = await send(method, path, body, { "x-before": "answer", "x-after": "throw" });
      expect([answer.status, answer.body, answer.headers.get("x-own")]).toEqual([
        202,
        { from: "beforeQuery" },
        "1",
      ]);
      expect(await app.dump()).toBe(before);
    });

    test("may answer a Response after the statement, after the commit", async () => {
      const answer = await send(method, path, body, { "x-before": "write", "x-after": "answer" });
      expect([answer.status, answer.headers.get("x-own")]).toEqual([201, "1"]);
      expect(await labels()).toContain("audit");
    });

    test("hear of what was thrown, and may answer for it", async () => {
      const headers = { "x-before": "throw", "x-error": "answer" };
      const answer = await send(method, path, body, headers);
      expect([answer.status, answer.body]).toEqual([418, { sorry: method, isError: true }]);
      const thrown = await send(method, path, body, { "x-before": "throw", "x-error": "throw" });
      expect([thrown.status, thrown.body.error]).toEqual([422, "better words"]);
      expect((await send(method, path, body, { "x-before": "throw", "x-error": "fail" })).status).toBe(500);
      expect(await labels()).toEqual(["news", "how-to", "unused"]);
      expect((await app.faults()).length).toBeGreaterThan(0);
    });
  });

  describe.each(["shaped", "shapedEntry"])("a formatter of the rule or the entry (%s)", (resource) => {
    describe.each(WRITING)("of a %s", (method, path, body) => {
      const there = path.replace("hooked", resource);

      test.each([
        ["throw", 500, "internal-error", ["words of the author"]],
        ["refuse", 418, "refused", []],
        ["loop", 500, "internal-error", [expect.stringMatching(/cyclic|circular/i)]],
        ["used", 500, "internal-error", [expect.stringContaining("used up by its answer")]],
      ])("that fails (%s) leaves nothing behind", async (how, status, code, faults) => {
        const before = await app.dump();
        const answer = await send(method, there, body, { "x-format": how });
        expect([answer.status, answer.body?.code]).toEqual([status, code]);
        expect(await app.dump()).toBe(before);
        expect(await app.faults()).toEqual(faults as string[]);
      });

      test("stands in the transaction, whose `tx` it has, and what it answers is kept", async () => {
        const { status, body: told } = await send(method, there, body, {});
        const left = method === "POST" ? 4 : method === "PATCH" ? 3 : 2;
        expect([status, told.rowsAffected, told.labels, told.tx]).toEqual([200, 1, left, true]);
        expect(await labels()).toHaveLength(left);
      });

      test("may answer a Response, and the write is kept", async () => {
        const before = await app.dump();
        const answer = await send(method, there, body, { "x-format": "answer" });
        expect([answer.status, answer.body]).toEqual([201, { own: 1 }]);
        expect(await app.dump()).not.toBe(before);
      });
    });

    test("of a GET stands after its transaction", async () => {
      const { body } = await app.get(resource);
      expect([body.count, body.tx]).toEqual([3, false]);
    });
  });

  test.each(WRITING)("%s: what a formatter throws is asked of `onQueryError`", async (method, path, body) => {
    const before = await app.dump();
    const headers = { "x-before": "write", "x-format": "throw", "x-error": "answer" };
    const answer = await send(method, path.replace("hooked", "shaped"), body, headers);
    expect([answer.status, answer.body]).toEqual([418, { sorry: method, isError: true }]);
    expect(await app.dump()).toBe(before);
  });

  test("stand beside a rule that asks for what is missing", async () => {
    expect((await app.get("missed")).body.missed).toEqual([{ id: 1, label: "news" }]);
    expect((await app.get("missed", { as: 2 })).body.count).toBe(2);
  });

  test("see what the statement did, the counts and the total of their transaction", async () => {
    const rows = [ROW, { id: 10, label: "x" }];
    const made = await app.post("hooked?countTotal", rows, { headers: { "x-after": "tell" } });
    expect(made.body).toEqual({
      result: { total: 5, rowsAffected: 2, count: 2, rows },
      labels: ["news", "how-to", "unused", "new", "x"],
    });
    const read = await app.get(ask("hooked", "(where:(id:9))", "findFirst"), {
      headers: { "x-after": "tell" },
    });
    expect(read.body.result.rows).toEqual(ROW);
  });

  test("may change what is written, and what they change is checked again", async () => {
    const post = (before: string): Promise<Answer> =>
      app.post("hooked", ROW, { headers: { "x-before": before } });
    expect((await post("change")).body.hooked).toEqual([{ id: 9, label: "new!" }]);
    expect((await post("replace")).body.hooked).toEqual([
      { id: 20, label: "one" },
      { id: 21, label: "two" },
    ]);
    const before = await app.dump();
    expect(refusal(await post("spoil"))).toEqual({ status: 400, code: "invalid-value", path: "id" });
    expect(refusal(await post("drop"))).toEqual({ status: 400, code: "invalid-body", path: "label" });
    expect(await app.dump()).toBe(before);
  });

  test("hear of what the database refused", async () => {
    const taken = { id: 1, label: "taken" };
    expect(refusal(await app.post("hooked", taken))).toEqual({ status: 409, code: "conflict" });
    const answered = await app.post("hooked", taken, { headers: { "x-error": "answer" } });
    expect([answered.status, answered.body]).toEqual([418, { sorry: "POST", isError: true }]);
  });

  test("are undone by a check that fails", async () => {
    const before = await app.dump();
    const answer = await app.post("checkedHook", { authorId: 1, title: "t" }, { as: 2 });
    expect(refusal(answer)).toEqual({ status: 403, code: "check-failed" });
    expect(await app.dump()).toBe(before);
    expect((await app.post("checkedHook", { authorId: 2, title: "t" }, { as: 2 })).status).toBe(200);
    expect(await labels()).toContain("audit");
  });

  test("of a read may write, which is kept", async () => {
    expect((await app.get("audited")).body.count).toBe(3);
    expect((await app.rows("author")).map(({ name }) => name)).toEqual([
      "Ada",
      "Ben",
      "Cleo",
      "before",
      "after",
    ]);
  });

  test("of a change see the rows it will change as their own write left them", async () => {
    const answer = await app.patch(ask("bumped", "(where:(views:21))"), { title: "seen" });
    expect(answer.body.bumped).toEqual([
      { id: "a2", views: 21 },
      { id: "a3", views: 21 },
    ]);
    expect((await app.rows("article")).map(({ views }) => views)).toEqual([11, 21, 21, 6, 1, 8]);
  });

  describe("hand things on in the context: an author and her first article in one request", () => {
    const path = ask("debuts", "(with:(author:T))");
    const dan = { name: "Dan", email: "dan@local.dev" };
    test("makes both", async () => {
      const { body } = await app.post(path, { title: "Debut", author: dan });
      expect(body.debuts).toEqual([{ title: "Debut", authorId: 4, author: dan }]);
    });
    test("or neither", async () => {
      const before = await app.dump();
      expect(refusal(await app.post(path, { author: dan }))).toMatchObject({ status: 400 });
      expect(
        refusal(await app.post(path, { title: "x", author: { ...dan, email: "ben@local.dev" } })),
      ).toEqual({
        status: 409,
        code: "conflict",
      });
      const nobody = await app.post(path, { title: "x" });
      expect([nobody.status, nobody.body.error]).toEqual([400, "a debut needs an author"]);
      expect(refusal(await app.post(path, { title: "x", author: dan, authorId: 1 })).code).toBe(
        "unknown-column",
      );
      expect(await app.dump()).toBe(before);
    });
  });
}
