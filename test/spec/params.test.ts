import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { createQueryHandler, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES } from "../support/databases.ts";
import { everywhere, type Place } from "../support/everywhere.ts";
import * as schema from "../support/schema.ts";
import { EMPTY, FILL, postgresql, sqlite } from "../support/tenants.ts";

// Parameters that an entry declares: whose they are, what becomes of them, and who hears of them.

interface Answered {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

async function send(
  handle: QueryHandler,
  method: string,
  path: string,
  { role, body }: { readonly role?: string; readonly body?: unknown } = {},
): Promise<Answered> {
  const headers = { "content-type": "application/json", ...(role !== undefined && { "x-role": role }) };
  const init = body === undefined ? { headers } : { headers, body: JSON.stringify(body) };
  const response = await handle(new Request(`http://local/query/${path}`, { method, ...init }));
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const getRole: NonNullable<QueryRouteOptions["session"]>["getRole"] = (request) =>
  request.headers.get("x-role");

const eventual = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: async (value: unknown) => {
      await Bun.sleep(1);
      return value === "bad" ? { issues: [{ message: "it is bad" }, { message: "and late" }] } : { value };
    },
  },
};

describe("rows by parameters", () => {
  const org = z.coerce.number().int();
  const byOrg = ({ params }: any, t: any, { eq }: any) => eq(t.orgId, params.org);
  const acl = {
    members: {
      table: "member",
      params: { org },
      control: {
        GET: { all: { select: { columns: ["id"] }, where: byOrg } },
        PATCH: { all: { select: { columns: ["id"] }, where: byOrg, write: { columns: ["name"] } } },
      },
    },
    comments: {
      table: "comment",
      params: { least: z.coerce.number().optional() },
      control: {
        GET: {
          all: {
            select: { columns: ["id"] },
            where: ({ params }: any, t: any, { gte }: any) => gte(t.id, params.least ?? 0),
            with: { member: "members" },
          },
        },
      },
    },
  };
  const tests = (place: Place): void => {
    let handle: QueryHandler;
    afterEach(() => expect(place.errors.splice(0)).toEqual([]));
    beforeAll(async () => {
      for (const text of [...EMPTY, ...FILL]) await place.run(text);
      handle = place.handler(acl);
    });
    const ids = ({ body }: Answered): number[] => body.members.map(({ id }: { id: number }) => id).toSorted();

    test("one question by turns with other values, and remembered for none of them", async () => {
      const [first, second] = [
        await send(handle, "GET", "members?org=1"),
        await send(handle, "GET", "members?org=2"),
      ];
      expect(ids(first).length).toBeGreaterThan(0);
      expect(ids(second).length).toBeGreaterThan(0);
      expect(ids(first)).not.toEqual(ids(second));
      for (let turn = 0; turn < 4; turn++) {
        expect(await send(handle, "GET", "members?select=()&org=1")).toEqual(first);
        expect(await send(handle, "GET", "members?org=2&select=()")).toEqual(second);
        expect(await send(handle, "GET", "members?org=1")).toEqual(first);
        expect(await send(handle, "GET", "members?org=%32")).toEqual(second);
        expect((await send(handle, "GET", "members?org=3")).body).toEqual({ count: 0, members: [] });
      }
    });

    test("writes take them", async () => {
      const changed = await send(handle, "PATCH", "members?org=2", { body: { name: "N" } });
      expect(ids(changed)).toEqual(ids(await send(handle, "GET", "members?org=2")));
    });

    test("a borrowed rule's are the question's as well", async () => {
      const path = "comments?select=(with:(member:T))&org=1";
      const { body } = await send(handle, "GET", path);
      const members = new Set(body.comments.map(({ member }: any) => member?.id));
      expect([...members].filter((id) => id !== undefined).length).toBeGreaterThan(0);
      expect((await send(handle, "GET", `${path}&least=9999`)).body.comments).toEqual([]);
      expect((await send(handle, "GET", "comments?least=1")).body).toMatchObject({ path: "org" });
      // What is borrowed the other way is not.
      expect((await send(handle, "GET", "members?org=1&least=1")).body.code).toBe("unknown-parameter");
    });
  };
  everywhere({ sqlite, postgresql }, acl, tests);
});

describe("what becomes of them", () => {
  const seen: unknown[] = [];
  const tell = (place: string) => (context: any) => void seen.push([place, context.params]);
  let handle: QueryHandler;
  const errors: unknown[] = [];
  const file = {
    tags: {
      table: "tag",
      params: {
        org: type("string"),
        since: z.coerce.date().optional(),
        size: v.optional(v.picklist(["s", "m"]), "m"),
        late: eventual,
        "odd name": z.string().optional(),
      },
      control: {
        GET: {
          all: {
            select: true,
            where: (context: any) => (tell("where")(context), true),
            beforeQuery: tell("beforeQuery"),
            afterQuery: tell("afterQuery"),
            formatResult: (_: Request, context: any) => (tell("formatResult")(context), "formatted"),
          },
        },
        POST: {
          all: { validateBody: (body: unknown, context: any) => (tell("validateBody")(context), body) },
        },
        DELETE: { boss: { where: () => false } },
      },
    },
    plain: { table: "tag", control: { GET: { all: { select: true, where: tell("plain") } } } },
    thrown: {
      table: "tag",
      params: {
        x: {
          "~standard": {
            version: 1,
            vendor: "t",
            validate: () => {
              throw new Error("by its author");
            },
          },
        },
      },
      control: { GET: { all: { select: true } } },
    },
  };
  beforeAll(async () => {
    const { database } = await DATABASES["bun:sqlite"]();
    handle = createQueryHandler({
      acl: file as never,
      database,
      schema,
      onWarning: () => undefined,
      onError: (error) => errors.push(error),
      session: { parser: (_request, context) => tell("parser")(context), getRole },
      caller: (context) => (tell("caller")(context), undefined),
    });
  });
  afterEach(() => void seen.splice(0));

  const made = { org: "acme", since: undefined, size: "m", late: undefined, "odd name": undefined };

  test("every function of the author has them, frozen, but those that say who asks", async () => {
    expect(await send(handle, "GET", "tags?org=acme")).toEqual({ status: 200, body: "formatted" });
    const places = ["caller", "where", "beforeQuery", "afterQuery", "formatResult"];
    expect(seen).toEqual([["parser", {}], ...places.map((place) => [place, made])] as never);
    expect(seen.every((entry) => Object.isFrozen((entry as [string, object])[1]))).toBe(true);
    seen.splice(0);
    await send(handle, "POST", "tags?org=acme&size=s", { body: { id: 1, label: "l" } });
    expect(seen).toContainEqual(["validateBody", { ...made, size: "s" }]);
  });

  test("validators make of them what they will, late ones too", async () => {
    await send(handle, "GET", "tags?since=2025-01-02&org=a%20b+c&late=x&odd+name=%C3%A9");
    expect(seen).toContainEqual([
      "where",
      { org: "a b c", since: new Date("2025-01-02"), size: "m", late: "x", "odd name": "é" },
    ]);
  });

  test.each([
    ["a wrong one", "org=a&since=never", "since", /date/i, undefined],
    ["one that is missing", "size=s", "org", /string/, "write `org=…`"],
    ["one of no choice", "org=a&size=xl", "size", /xl/, undefined],
    ["one that is refused late", "org=a&late=bad", "late", /^it is bad$/, undefined],
  ])("%s is 400", async (_, search, path, message, hint) => {
    const { status, body } = await send(handle, "GET", `tags?${search}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid-value", path, error: expect.stringMatching(message) });
    expect(body.hint).toBe(hint);
    if (path === "late")
      expect(body.issues).toEqual([
        { message: "it is bad", path },
        { message: "and late", path },
      ]);
    expect(seen.map((entry) => (entry as [string])[0])).toEqual(["parser"]);
  });

  test("one that is written twice, and one that nobody declared, are 400", async () => {
    expect((await send(handle, "GET", "tags?org=a&org=b")).body).toMatchObject({
      code: "unknown-parameter",
      path: "org",
      hint: "write it once",
    });
    expect((await send(handle, "GET", "tags?orgg=a")).body).toMatchObject({
      code: "unknown-parameter",
      path: "orgg",
      hint: "did you mean `org`?",
    });
    expect((await send(handle, "GET", "tags?slect=(limit:1)&org=a")).body).toMatchObject({
      path: "slect",
      hint: "did you mean `select`?",
    });
    expect((await send(handle, "GET", "plain?org=a")).body).toMatchObject({
      code: "unknown-parameter",
      path: "org",
    });
    expect((await send(handle, "GET", "tags?org=a&select=(where:(org:1))")).body.code).toBe("unknown-column");
  });

  test("an entry without any has an empty map", async () => {
    await send(handle, "GET", "plain");
    expect(seen).toContainEqual(["plain", {}]);
  });

  test("who may not ask hears of none", async () => {
    const refused = await send(handle, "DELETE", "tags?orgg=a");
    expect(refused).toEqual({
      status: 401,
      body: { error: "sign in to use `tags`", code: "unauthenticated" },
    });
    expect((await send(handle, "PATCH", "tags?org=a")).status).toBe(405);
    expect((await send(handle, "DELETE", "tags", { role: "boss" })).body).toMatchObject({ path: "org" });
    expect((await send(handle, "DELETE", "tags?org=a", { role: "boss" })).status).toBe(200);
    expect(JSON.stringify(await send(handle, "OPTIONS", "tags?orgg=a"))).not.toContain("`org`");
    expect((await send(handle, "OPTIONS", "tags?orgg=a")).status).toBe(400);
    expect((await send(handle, "OPTIONS", "tags?org=a")).status).toBe(204);
  });

  test("a validator that throws is a fault of its author's", async () => {
    expect((await send(handle, "GET", "thrown?x=1")).status).toBe(500);
    expect(errors.splice(0).map(String)).toEqual(["Error: by its author"]);
  });

  test("HEAD takes them", async () => {
    expect((await send(handle, "HEAD", "tags?org=a")).status).toBe(200);
    expect((await send(handle, "HEAD", "tags")).status).toBe(400);
  });
});

describe("mistakes", () => {
  const org = z.string();
  const entry = (params: unknown, rule: object = { select: true }): object => ({
    table: "author",
    params,
    control: { GET: { all: rule } },
  });
  const own = "mine guest mine|guest select findFirst countTotal can aggregate __proto__".split(" ");
  test.each([
    ...own.map((name) => [
      `the engine's own ${name}`,
      { a: entry(Object.fromEntries([[name, org]])) },
      `acl.a.params: \`${name}\` is a name of the engine's own, so no entry can declare it`,
    ]),
    ["a name with a dollar", { a: entry({ $x: org }) }, "acl.a.params: `$x` is a name of the engine's own"],
    [
      "no validator",
      { a: entry({ org: (value: string) => value }) },
      "acl.a.params.org: expected a Standard Schema",
    ],
    ["no map", { a: entry([org]) }, "acl.a.params: expected a map"],
    [
      "one name for two things",
      {
        a: entry({ org }, { select: true, with: { mentor: "b" } }),
        b: entry({ org: z.number() }, { select: true }),
      },
      "acl.a.control.GET.all: `b`, which it names, declares another parameter `org`",
    ],
  ] as [string, object, string][])("%s", async (_, acl, sentence) => {
    const { database, close } = await DATABASES["bun:sqlite"]();
    const start = (): unknown =>
      createQueryHandler({ acl: acl as never, database, schema, onWarning: () => undefined });
    expect(start).toThrow(sentence);
    close();
  });

  test("one validator for two resources is none, and undefined is no parameter", async () => {
    const { database, close } = await DATABASES["bun:sqlite"]();
    const acl = {
      a: entry({ org, none: undefined }, { select: true, with: { mentor: "b" } }),
      b: entry({ org }, { select: true, with: { mentor: "a" } }),
    };
    const handle = createQueryHandler({ acl: acl as never, database, schema, onWarning: () => undefined });
    expect((await send(handle, "GET", "a?org=x")).status).toBe(200);
    expect((await send(handle, "GET", "a?org=x&none=1")).status).toBe(400);
    close();
  });
});
