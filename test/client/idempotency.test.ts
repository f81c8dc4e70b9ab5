import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ClientError, createQueryClient, type QueryClient } from "@bepalo/query/client";
import type { Schema } from "./schema.ts";
import { type Echo, serve } from "./server.ts";

let server: Bun.Server<undefined>;
let client: QueryClient<Schema, "/query">;
// oxlint-disable-next-line typescript/no-explicit-any -- what is sent is looked at, whatever its types are
let api: any;
beforeAll(() => {
  server = serve();
  client = createQueryClient<Schema, unknown>(server.url.origin);
  api = client;
});
afterAll(async () => server.stop(true));

/** The answer of the echoing server is no answer of the engine. */
const echoed = async (answer: Promise<unknown>): Promise<Echo> => (await answer) as Echo;

describe("a key", () => {
  const init = { idempotencyKey: "k-1", headers: { "x-trace": "1", "idempotency-key": "old" } };
  const body = { title: "Hello" };

  test("goes with every write, beside its other headers", async () => {
    const calls = [
      client.Post<"post", "posts">("/query/posts", body, {}, init),
      client.Patch<"post", "posts">("/query/posts", body, { ifVersion: 7 }, init),
      client.Delete<"post", "posts">("/query/posts", {}, init),
      api.post("posts", body, {}, init),
      api.patch("posts", body, {}, init),
      api.delete("posts", {}, init),
      api.batch(() => [], init),
    ];
    for (const call of calls)
      expect((await echoed(call)).headers).toMatchObject({ "x-trace": "1", "idempotency-key": "k-1" });
    const changed = await echoed(client.Patch<"post", "posts">("/query/posts", body, { ifVersion: 7 }, init));
    expect(changed.headers["if-match"]).toBe('"7"');
    expect((await echoed(api.post("posts", body))).headers["idempotency-key"]).toBeUndefined();
  });

  test("that went missing, or is none, is sent by no request", async () => {
    for (const idempotencyKey of [undefined, null, "", "a b", "\u00fc", "k\n", "k".repeat(256), 7]) {
      const failed = await api.post("posts", body, {}, { idempotencyKey }).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(ClientError);
      expect(failed).toMatchObject({ code: "invalid-value", path: "idempotencyKey", status: 0 });
    }
  });

  test("is none of a read's", () => {
    const unused = (): void => {
      // @ts-expect-error -- reads have no keys
      void client.Get<"post", "posts">("/query/posts", {}, { idempotencyKey: "k" });
    };
    expect(unused).toBeFunction();
  });
});
