import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { addressKey } from "../../src/http/peer.ts";
import { DATABASES } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// What a framework hands on beside a request: what it knows already, and nothing that is not said to be that.

const seen: { place: string; context: Record<string, unknown> }[] = [];
const tell = (place: string) => (context: any) => void seen.push({ place, context: { ...context } });

let handle: QueryHandler;
let close: () => void;
beforeAll(async () => {
  const opened = await DATABASES["bun:sqlite"]();
  ({ close } = opened);
  handle = createQueryHandler({
    acl: {
      tags: {
        table: "tag",
        control: {
          GET: {
            writer: { select: true, where: (context: any) => (tell("where")(context), true) },
            all: { select: true, where: (context: any) => (tell("all")(context), true) },
          },
        },
      },
    },
    database: opened.database,
    schema,
    onWarning: () => undefined,
    session: {
      parser: (_request, context) => tell("parser")(context),
      getRole: (_request, context) => (context as { user?: { role?: string } }).user?.role,
    },
  });
});
afterAll(() => close());
afterEach(() => void seen.splice(0));

const request = (): Request => new Request("http://local/query/tags");
const ask = async (from?: unknown): Promise<Record<string, unknown>> => {
  expect((await handle(request(), from)).status).toBe(200);
  return seen.at(-1)!.context;
};

test("it is there before the session's parser, and decides who asks", async () => {
  const user = { id: 7, role: "writer" };
  await ask({ context: { user, trace: "t1" } });
  expect(seen.map(({ place }) => place)).toEqual(["parser", "where"]);
  for (const { context } of seen) expect(context).toMatchObject({ user, trace: "t1" });
  expect(seen[1]!.context["user"]).toBe(user);
});

test("each request has its own", async () => {
  const known = { user: { role: "writer" } };
  const first = await ask({ context: known });
  const second = await ask();
  expect(first).toHaveProperty("user");
  expect(second).not.toHaveProperty("user");
  expect(Object.keys(known)).toEqual(["user"]);
});

test("what is the engine's own stays so", async () => {
  const others =
    "request method resourceId findFirst role roles params changed tx body result written before dryRun".split(
      " ",
    );
  const context = await ask({ context: Object.fromEntries(others.map((name) => [name, "theirs"])) });
  expect(seen.flatMap((one) => Object.values(one.context))).not.toContain("theirs");
  expect(context).toMatchObject({
    method: "GET",
    resourceId: "tags",
    role: undefined,
    roles: [],
    params: {},
  });
  expect(Object.keys(context).toSorted()).toEqual(
    ["changed", "findFirst", "method", "params", "request", "resourceId", "role", "roles"].toSorted(),
  );
});

test("a prototype is none", async () => {
  const hostile = JSON.parse('{"__proto__":{"user":{"role":"writer"},"evil":1},"constructor":1}') as object;
  const context = await ask({ context: hostile });
  expect(seen.at(-1)!.place).toBe("all");
  expect((context as { evil?: unknown }).evil).toBeUndefined();
  expect(({} as { evil?: unknown }).evil).toBeUndefined();
  await ask({ context: Object.create({ user: { role: "writer" } }) as object });
  expect(seen.at(-1)!.place).toBe("all");
});

describe("what servers pass by themselves is none of it", () => {
  test.each([
    ["nothing", undefined],
    ["Workers' environment", { user: { role: "writer" }, SECRET: "s" }],
    ["a text", "context"],
    ["parameters of Next.js", { params: Promise.resolve({ id: "tags" }) }],
    ["a member that is no map", { context: "text" }],
    ["a list", { context: [{ user: { role: "writer" } }] }],
    ["null", { context: null }],
    [
      "what cannot be looked at",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("no");
          },
        },
      ),
    ],
  ])("%s", async (_, from) => {
    const context = await ask(from);
    expect(context).not.toHaveProperty("user");
    expect(seen.at(-1)!.place).toBe("all");
  });
});

test("an address is read beside it", async () => {
  const from = { address: "192.0.2.7", context: { user: { role: "writer" } } };
  expect(await ask(from)).toHaveProperty("user");
  expect(addressKey(from, request())).toBe("a:192.0.2.7");
  const bindings = { incoming: { socket: { remoteAddress: "192.0.2.8" } }, context: {} };
  expect(addressKey(bindings, request())).toBe("a:192.0.2.8");
});
