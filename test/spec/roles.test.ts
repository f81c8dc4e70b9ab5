import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { served } from "../support/served.ts";

const FAMILIES = ["role", "mine", "guest", "all"] as const;
type Family = (typeof FAMILIES)[number];

/** Each rule lets out one column, so that an answer says which rule applied. */
const MARK: Record<Family, string> = { role: "id", mine: "title", guest: "views", all: "published" };

/** "Rules are tried in this order, the first that exists applies, none: refused." */
const ORDER: readonly { scope: string; role: boolean; tried: readonly Family[] }[] = [
  { scope: "", role: true, tried: ["role", "mine", "all"] },
  { scope: "", role: false, tried: ["guest", "all"] },
  { scope: "mine", role: true, tried: ["mine", "all"] },
  { scope: "mine", role: false, tried: [] },
  { scope: "guest", role: true, tried: ["guest", "all"] },
  { scope: "guest", role: false, tried: ["guest", "all"] },
  { scope: "mine|guest", role: true, tried: ["role", "mine", "guest", "all"] },
  { scope: "mine|guest", role: false, tried: ["guest", "all"] },
];

const subsets = Array.from({ length: 15 }, (_, i) => FAMILIES.filter((_, bit) => ((i + 1) >> bit) & 1));

const tables = Object.fromEntries(
  subsets.map((families) => [
    families.join("-"),
    {
      table: "article",
      control: {
        GET: Object.fromEntries(
          families.map((family) => [
            family === "role" ? "writer" : family,
            { select: { mode: true, columns: [MARK[family]] }, where: () => true },
          ]),
        ),
      },
    },
  ]),
) as unknown as TestACL;

describe("the first rule that exists applies", () => {
  const app = served(tables);

  for (const { scope, role, tried } of ORDER) {
    const asked = scope === "" ? "nothing" : `\`${scope}\``;
    test(`asked for ${asked} ${role ? "with" : "without"} a role: ${tried.join(" → ") || "refused"}`, async () => {
      for (const families of subsets) {
        const resource = families.join("-");
        const rule = tried.find((family) => families.includes(family));
        const path = scope === "" ? resource : `${resource}?${scope}`;
        const sending = role ? { as: 1 } : {};
        const answer = await app.get(path, sending);
        const options = await app.send("OPTIONS", path, sending);
        const seen = { resource, status: answer.status, allow: options.headers.get("allow") };
        if (rule === undefined) {
          expect(seen).toEqual({ resource, status: role ? 403 : 401, allow: "OPTIONS" });
          expect(answer.body.code).toBe(role ? "forbidden" : "unauthenticated");
        } else {
          expect(seen).toEqual({ resource, status: 200, allow: "OPTIONS, HEAD, GET" });
          expect(Object.keys(answer.body[resource][0])).toEqual([MARK[rule]]);
        }
      }
    });
  }

  test("the scopes are also understood percent-encoded", async () => {
    const answer = await app.get("guest-all?mine%7Cguest");
    expect(Object.keys(answer.body["guest-all"][0])).toEqual(["views"]);
  });

  test("a scope switched off is as if it were not written", async () => {
    expect(Object.keys((await app.get("role-mine?mine=F", { as: 1 })).body["role-mine"][0])).toEqual(["id"]);
  });
});

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        writer: { select: { columns: ["id"] } },
        guest: { select: { columns: ["title"] } },
        mine: { select: { columns: ["views"] }, where: () => true },
      },
      POST: { writer: { select: true } },
      PATCH: { editor: { select: true, where: () => true } },
    },
  },
  members: { table: "author", control: { GET: { writer: { select: { columns: ["id"] } } } } },
  blind: {
    table: "article",
    control: { GET: { all: {}, writer: { select: { columns: ["id"] } } }, PATCH: { all: {} } },
  },
  nothing: { table: "article", control: {} },
  hollow: { table: "article", control: { GET: {} } },
  head: {
    table: "article",
    control: {
      GET: { all: { select: { columns: ["id"] } } },
      HEAD: { writer: { select: { columns: ["id"] } } },
    },
  },
} satisfies TestACL;

describe("a role", () => {
  const app = served(acl);

  test.each(["guest", "mine", "all"])("named `%s` is no role", async (role) => {
    expect(Object.keys((await app.get("articles", { role })).body.articles[0])).toEqual(["title"]);
    expect((await app.get("members", { role })).status).toBe(401);
  });

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", "size", "get", "role"])(
    "named `%s` picks no rule but `mine`",
    async (role) => {
      expect(Object.keys((await app.get("articles", { role })).body.articles[0])).toEqual(["views"]);
      expect((await app.get("members", { role })).status).toBe(403);
    },
  );

  test("that no rule names is one nevertheless: 403, not 401", async () => {
    const answer = await app.get("members", { role: "reader" });
    expect([answer.status, answer.body]).toEqual([
      403,
      { error: "you may not use `members`", code: "forbidden" },
    ]);
  });

  test("is case-sensitive", async () => {
    expect((await app.get("members", { role: "Writer" })).status).toBe(403);
  });
});

describe("what getRole answers", () => {
  const answers: readonly [string, () => unknown, string][] = [
    ["a text", () => "writer", "id"],
    ["a promise of a text", async () => "writer", "id"],
    ["a promise of nothing", async () => undefined, "title"],
    ["a promise of null", async () => null, "title"],
    ["a promise of `guest`", async () => "guest", "title"],
    ["the empty text", () => "", "title"],
    ["undefined", () => undefined, "title"],
    ["null", () => null, "title"],
    ["true", () => true, "title"],
    ["a number", () => 1, "title"],
    ["a String object", () => new String("writer"), "title"],
    ["a list", () => ["writer"], "id"],
    ["a promise of a list", async () => ["writer"], "id"],
    ["a list whose first has no rule", () => ["visitor", "writer"], "id"],
    ["a list of what are no roles", () => ["guest", "mine", "all", "", 1, null, ["writer"]], "title"],
    ["an empty list", () => [], "title"],
    ["an object that prints as a role", () => ({ toString: () => "writer" }), "title"],
    ["a function", () => () => "writer", "title"],
  ];
  let answer: () => unknown = () => undefined;
  const app = served(acl, { session: { getRole: () => answer() as string } });

  test.each(answers)("%s", async (_name, getRole, column) => {
    answer = getRole;
    expect(Object.keys((await app.get("articles")).body.articles[0])).toEqual([column]);
  });

  test("when it throws, the answer is 500 without its text, and `onError` hears of it", async () => {
    const fault = new Error("secret words");
    answer = () => {
      throw fault;
    };
    const refused = await app.get("articles");
    expect([refused.status, refused.body]).toEqual([
      500,
      { error: "something went wrong on the server", code: "internal-error" },
    ]);
    expect(app.faults()).toEqual([fault]);
  });
});

describe("session.parser", () => {
  let seen: string[] = [];
  const app = served(acl, {
    session: {
      parser: async (request, context) => {
        seen.push(`parser ${context.resourceId} ${context.method} ${context.role}`);
        await Bun.sleep(1);
        if (request.headers.has("x-teapot")) return new Response("short and stout", { status: 418 });
        Object.assign(context, { me: 7 });
        return undefined;
      },
      getRole: (_request, context) => {
        seen.push(`getRole ${context.me}`);
        return "writer";
      },
    },
  });

  test("runs first, is awaited, and hands its context on to getRole", async () => {
    seen = [];
    expect((await app.get("articles")).status).toBe(200);
    expect(seen).toEqual(["parser articles GET undefined", "getRole 7"]);
  });

  test("may answer a Response itself, and then nothing else runs", async () => {
    seen = [];
    for (const [method, path] of [
      ["GET", "articles"],
      ["GET", "nowhere"],
      ["OPTIONS", "articles"],
      ["POST", "articles"],
    ] as const) {
      const answer = await app.send(method, path, { headers: { "x-teapot": "1" } });
      expect([method, path, answer.status, answer.text]).toEqual([method, path, 418, "short and stout"]);
    }
    expect(seen.filter((line) => line.startsWith("getRole"))).toEqual([]);
  });
});

describe("without a session everybody is a guest", () => {
  const app = served(acl, { session: {} });
  test("with or without headers", async () => {
    expect(Object.keys((await app.get("articles", { as: 1 })).body.articles[0])).toEqual(["title"]);
    expect((await app.get("members", { as: 1 })).status).toBe(401);
  });
});

describe("refusals", () => {
  const app = served(acl);

  test("an unknown resource is 404 with a hint", async () => {
    const answer = await app.get("article");
    expect([answer.status, answer.body]).toEqual([
      404,
      { error: "unknown resource `article`", code: "unknown-resource", hint: "did you mean `articles`?" },
    ]);
  });

  test("the hint names only what the caller has some rule for, in whichever scope and method", async () => {
    const hint = async (path: string, role?: string): Promise<unknown> => {
      const { status, body } = await app.get(path, role === undefined ? {} : { role });
      expect([status, body.code]).toEqual([404, "unknown-resource"]);
      return body.hint;
    };
    expect(await hint("member")).toBeUndefined();
    expect(await hint("member", "editor")).toBeUndefined();
    expect(await hint("member", "writer")).toBe("did you mean `members`?");
    expect(await hint("member?guest", "writer")).toBe("did you mean `members`?");
    expect(await hint("blinds")).toBe("did you mean `blind`?"); // a PATCH
    expect(await hint("hollows", "writer")).toBeUndefined();
    expect(await hint("nothings", "writer")).toBeUndefined();
  });

  test.each([
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "getSQL",
    "_",
    "$inferSelect",
    "size",
  ])("`%s` is an unknown resource, for every method", async (resource) => {
    for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"]) {
      expect((await app.send(method, resource)).status).toBe(404);
    }
    expect((await app.get(resource)).body).toEqual({
      error: `unknown resource \`${resource}\``,
      code: "unknown-resource",
    });
  });

  test("no rule at all for the method is 405, with `Allow` as OPTIONS would answer it", async () => {
    for (const [sending, allow] of [
      [{}, "OPTIONS, HEAD, GET"],
      [{ as: 1 }, "OPTIONS, HEAD, GET, POST"],
      [{ as: 1, role: "editor" }, "OPTIONS, HEAD, GET, PATCH"],
    ] as const) {
      const refused = await app.remove("articles", sending);
      expect([refused.status, refused.headers.get("allow"), refused.body]).toEqual([
        405,
        allow,
        { error: "method `DELETE` is not allowed on `articles`", code: "method-not-allowed" },
      ]);
      expect((await app.send("OPTIONS", "articles", sending)).headers.get("allow")).toBe(allow);
    }
  });

  test.each(["nothing", "hollow"])(
    "`%s` has no rules: 405 for every method but OPTIONS",
    async (resource) => {
      for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE"]) {
        const refused = await app.send(method, resource, { as: 1 });
        expect([method, refused.status, refused.headers.get("allow")]).toEqual([method, 405, "OPTIONS"]);
      }
      const options = await app.send("OPTIONS", resource, { as: 1 });
      expect([options.status, options.headers.get("allow"), options.text]).toEqual([204, "OPTIONS", ""]);
    },
  );

  test("rules for others: 401 without a role, 403 with one", async () => {
    expect((await app.get("members")).body).toEqual({
      error: "sign in to use `members`",
      code: "unauthenticated",
    });
    expect((await app.get("articles?mine")).body).toEqual({
      error: "sign in to use `mine` of `articles`",
      code: "unauthenticated",
    });
    expect((await app.get("members?guest", { as: 1 })).body).toEqual({
      error: "you may not use `guest` of `members`",
      code: "forbidden",
    });
  });

  test("a rule without `select` lets nothing out: GET and HEAD under it are 403 and not in `Allow`", async () => {
    expect((await app.get("blind")).body).toEqual({
      error: "nothing of `blind` may be read here",
      code: "forbidden",
    });
    expect((await app.send("HEAD", "blind")).status).toBe(403);
    expect((await app.send("OPTIONS", "blind")).headers.get("allow")).toBe("OPTIONS, PATCH");
    expect((await app.send("OPTIONS", "blind", { as: 1 })).headers.get("allow")).toBe(
      "OPTIONS, HEAD, GET, PATCH",
    );
  });
});

describe("a `HEAD` key, where one is written,", () => {
  const app = served(acl);
  test("replaces the GET rules for every role", async () => {
    expect((await app.get("head")).status).toBe(200);
    expect((await app.send("HEAD", "head")).status).toBe(401);
    expect((await app.send("HEAD", "head", { role: "editor" })).status).toBe(403);
    expect((await app.send("HEAD", "head", { role: "writer" })).status).toBe(200);
    expect((await app.send("OPTIONS", "head")).headers.get("allow")).toBe("OPTIONS, GET");
    expect((await app.send("OPTIONS", "head", { as: 1 })).headers.get("allow")).toBe("OPTIONS, HEAD, GET");
  });
});
