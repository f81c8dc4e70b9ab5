import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ClientError, createQueryClient, type QueryClient } from "@bepalo/query/client";
import type { Schema } from "./schema.ts";
import { serve } from "./server.ts";

const html = (status: number) => () =>
  new Response("<h1>Sign in</h1>", { status, headers: { "content-type": "text/html" } });

let server: Bun.Server<undefined>;
let client: QueryClient<Schema, "/query">;
beforeAll(() => {
  server = serve({
    "/query/refused": () =>
      Response.json(
        {
          error: "unknown column `titel`",
          code: "unknown-column",
          path: "select.columns",
          hint: "did you mean `title`?",
        },
        { status: 400 },
      ),
    "/query/issues": () =>
      Response.json(
        {
          error: "the body is invalid",
          code: "invalid-body",
          issues: [{ message: "must be text", path: "title" }],
        },
        { status: 400 },
      ),
    "/query/hook": () => Response.json({ error: "Database failure" }, { status: 500 }),
    "/query/foreign": () =>
      Response.json({ message: "too many requests", code: "RATE_LIMIT", path: 5 }, { status: 429 }),
    "/query/null": () => Response.json(null, { status: 418 }),
    "/query/login": html(200),
    "/query/proxy": html(502),
    "/query/empty": () => new Response(null, { status: 204 }),
    "/query/slow": async () => {
      await Bun.sleep(2000);
      return Response.json({});
    },
  });
  client = createQueryClient<Schema, unknown>(server.url.origin);
});
afterAll(async () => server.stop(true));

async function failure(call: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await call.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw error;
}
const read = async (resource: string, init?: RequestInit): Promise<ClientError> =>
  failure(client.Get<"post", string>(`/query/${resource}`, {}, init));

describe("an error answer", () => {
  test("keeps the server's code, status, path and hint", async () => {
    const error = await read("refused");
    expect(error).toMatchObject({
      name: "ClientError",
      message: "unknown column `titel`",
      code: "unknown-column",
      status: 400,
      path: "select.columns",
      hint: "did you mean `title`?",
      issues: undefined,
    });
  });

  test("keeps the issues of a body", async () => {
    expect((await read("issues")).issues).toEqual([{ message: "must be text", path: "title" }]);
  });

  test("without a code is an http-error", async () => {
    expect(await read("hook")).toMatchObject({
      code: "http-error",
      status: 500,
      message: "Database failure",
      path: undefined,
    });
    expect(await read("null")).toMatchObject({
      code: "http-error",
      status: 418,
      message: "the server answered 418",
    });
  });

  test("of something else is read as far as it goes", async () => {
    expect(await read("foreign")).toMatchObject({
      code: "RATE_LIMIT",
      status: 429,
      message: "too many requests",
      path: undefined,
    });
  });
});

describe("an answer that is not JSON", () => {
  test.each([
    ["login", 200],
    ["proxy", 502],
    ["empty", 204],
  ])("is an invalid response: %s", async (resource, status) => {
    const error = await read(resource);
    expect(error).toMatchObject({ code: "invalid-response", status });
    expect(error.message).not.toContain("<h1>");
  });
});

describe("no answer", () => {
  test("of a server that is not there is a network failure", async () => {
    const gone = serve();
    const nobody = createQueryClient<Schema, unknown>(gone.url.origin);
    await gone.stop(true);
    const error = await failure(nobody.Get<"post", "posts">("/query/posts"));
    expect(error).toMatchObject({ code: "network", status: 0 });
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("because the body broke off is a network failure", async () => {
    const broken = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (socket) => {
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"count":',
          );
          socket.end();
        },
      },
    });
    const cut = createQueryClient<Schema, unknown>(`http://127.0.0.1:${broken.port}`);
    expect(await failure(cut.Get<"post", "posts">("/query/posts"))).toMatchObject({
      code: "network",
      status: 0,
    });
    broken.stop(true);
  });

  test("because the caller cancelled is told apart", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect(await read("slow", { signal: controller.signal })).toMatchObject({ code: "aborted", status: 0 });
    expect(await read("slow", { signal: AbortSignal.abort(new Error("left the page")) })).toMatchObject({
      code: "aborted",
    });
  });

  test("in time is told apart", async () => {
    expect(await read("slow", { signal: AbortSignal.timeout(20) })).toMatchObject({
      code: "timeout",
      status: 0,
    });
  });

  test("follows the client's own signal too", async () => {
    const signal = AbortSignal.abort();
    const left = createQueryClient<Schema, unknown>(server.url.origin, { signal });
    expect(await failure(left.Get<"post", "posts">("/query/posts"))).toMatchObject({ code: "aborted" });
  });

  test("of a fetch of one's own that gave up is told apart", async () => {
    const impatient = createQueryClient<Schema, unknown>("http://api.example", {
      fetch: async () => {
        throw new DOMException("too late", "TimeoutError");
      },
    });
    expect(await failure(impatient.Get<"post", "posts">("/query/posts"))).toMatchObject({ code: "timeout" });
  });
});

describe("a URL that is none", () => {
  test("is refused by a rejection", async () => {
    const baseless = createQueryClient<Schema, unknown>();
    const error = await failure(baseless.Get<"post", "posts">("/query/posts"));
    expect(error).toMatchObject({
      code: "invalid-url",
      status: 0,
      message: "`/query/posts` is not a complete URL",
    });
    expect(error.hint).toContain("createQueryClient(");
  });
});

test("a question that cannot be sent is a rejection too", async () => {
  const where = { id: undefined } as never;
  expect(await failure(client.Delete<"post", "posts">("/query/posts", { select: { where } }))).toMatchObject({
    code: "invalid-value",
    path: "select.where.id",
  });
});
