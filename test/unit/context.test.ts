import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  createContext,
  removeTransaction,
  setBody,
  setFindFirst,
  setResult,
  setRole,
  setTransaction,
} from "../../src/author/author.ts";

const root = join(import.meta.dir, "../..");
const OWNER = "src/author/context.ts";

/** What sets, removes or copies onto a member of a context. */
const WRITES =
  /\b(?:context|ctx)!?(?:\.\w+|\[[^\]]+\])\s*(?:[-+*/|&?]{0,2}=(?![=>])|\+\+|--)|\bdelete (?:context|ctx)\b|\b(?:assign|defineProperty|defineProperties|set)\((?:context|ctx)\b/;

describe("a context", () => {
  const request = new Request("http://localhost/query/articles");

  test("begins with what its request says, and nobody who asks", () => {
    const context = createContext(request, "GET", "articles");
    expect(Object.entries(context)).toEqual([
      ["request", request],
      ["method", "GET"],
      ["resourceId", "articles"],
      ["role", undefined],
      ["roles", []],
      ["params", {}],
      ["changed", expect.any(Function)],
    ]);
  });

  test("has a member once it is known, and a transaction no longer than it lasts", () => {
    const context = createContext(request, "POST", "articles");
    setRole(context, "editor");
    setFindFirst(context, false);
    setBody(context, { title: "a" });
    setTransaction(context, "tx");
    setResult(context, { count: 1 });
    expect(Object.keys(context)).toEqual(
      "request method resourceId role roles params changed findFirst body tx result".split(" "),
    );
    removeTransaction(context);
    expect("tx" in context).toBe(false);
    expect(context).toMatchObject({ role: "editor", findFirst: false, body: { title: "a" } });
    expect(context.result).toEqual({ count: 1 });
  });

  test.each([...new Bun.Glob("src/**/*.ts").scanSync(root)].filter((file) => file !== OWNER).toSorted())(
    "is not written in %s",
    async (file) => {
      const lines = (await Bun.file(join(root, file)).text()).split("\n");
      expect(lines.filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line) && WRITES.test(line))).toEqual([]);
    },
  );

  test.each([
    'context["role"] = role;',
    "context.body = sent;",
    "ctx.body ??= sent;",
    'delete context["tx"];',
    "Object.assign(context, session);",
  ])("that is written by `%s` is found", (line) => expect(line).toMatch(WRITES));

  test.each(["if (context.role === role) return;", "const { role } = context;", "(context) => context.body"])(
    "that is only read, as by `%s`, is not",
    (line) => expect(line).not.toMatch(WRITES),
  );
});
