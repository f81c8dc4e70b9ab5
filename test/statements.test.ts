import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { admitAll, plain } from "../src/author/author.ts";
import { compilerOf, type ReaderChoice, type WriteSteps, type WriteWishes } from "../src/compile/compile.ts";
import type { Dialect } from "../src/dialect/dialect.ts";
import { parse } from "../src/http/parse.ts";
import type { Admitted } from "../src/author/author.ts";
import { planRead, planWrite, type WritePlan } from "../src/plan/plan.ts";
import { type AnyACL, buildRegistry, type Policy } from "../src/policy/policy.ts";
import type { Method } from "../src/request/request.ts";
import { readCatalog } from "../src/schema/schema.ts";
import * as schema from "./support/schema.ts";

const root = join(import.meta.dir, "..");
const compile = [...new Bun.Glob("src/compile/**/*.ts").scanSync(root)];
/** A file without its comments. */
const codeOf = (text: string): string => text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
const read = (file: string): Promise<string> => Bun.file(join(root, file)).text();

/** Ways to a table that is not asked which of its rows it stands for, and to a query of the database. */
const OPENS =
  /\.table\.table\b|\{ table: \{ table|\["table"\]|const \{ table \} = [\w.]*\btable;|\bdatabase(?:\.|\[|\?\.)(?!ts)/;

describe("the compile room runs nothing", () => {
  test("there are files to look at", () => expect(compile.length).toBeGreaterThan(15));

  test.each(compile)("%s waits for nothing", async (file) => {
    expect(
      codeOf(await read(file)).match(/\b(?:async|await|Promise|setTimeout)\b|\.then\(|\.query\(/g),
    ).toBeNull();
  });

  test("no file but one opens a table, so that each mention says which rows it means", async () => {
    const openers: string[] = [];
    for (const file of compile) if (OPENS.test(codeOf(await read(file)))) openers.push(file);
    expect(openers).toEqual(["src/compile/sql/secured.ts"]);
  });
});

/** Typed loosely, as `buildRegistry` takes files whose schema it does not know. */
const ACL = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, with: { comments: { select: true, maxLimit: 3 } } } },
      POST: { all: { select: true, write: true, check: () => true } },
      PATCH: { all: { select: true, write: true, with: { comments: true } } },
      DELETE: { all: { select: true, with: { comments: true }, maxAffected: 2 } },
    },
  },
} as unknown as AnyACL;

/** A client whose every use is an error. */
class Closed {
  static {
    for (const use of ["query", "prepare", "run", "exec", "transaction"])
      Object.defineProperty(Closed.prototype, use, {
        get: () => {
          throw new Error(`the database was asked for \`${use}\``);
        },
      });
  }
}

const database = drizzle(new Closed() as never, { schema });
// All that a compiler may ask of a dialect.
const dialect = { speaks: "sqlite", rowsAreCheap: false, jsonPassesSelects: true } as unknown as Dialect;
const registry = buildRegistry(ACL, readCatalog(schema), undefined);
const policyOf = (method: Method): Policy => registry.get("articles")!.get(method)!.get("all")!;
const compiler = (choice: ReaderChoice) => compilerOf(database, dialect, choice);

function steps(
  method: Method,
  search: string,
  wishes: Partial<WriteWishes> = {},
): WriteSteps & { readonly plan: WritePlan } {
  const policy = policyOf(method);
  const plan = planWrite(policy, parse(method, "articles", search));
  const admitted = admitAll(plan.nodes, {}) as Admitted;
  const rows = { admitted, check: plain("all"), ensure: "all", counted: plain("all") } as const;
  return compiler("fast").write(plan, rows, { asRows: false, triggered: false, ...wishes });
}

const kinds = ({ steps: taken }: WriteSteps): readonly string[] => taken.map(({ kind }) => kind);

describe("statements are data", () => {
  test("a read is a text with its values", () => {
    const policy = policyOf("GET");
    const search = "?select=(where:(views.gt:7),limit:5,with:(comments:T))";
    const plan = planRead(policy, parse("GET", "articles", search));
    const admitted = admitAll(plan.nodes, {}) as Admitted;
    const { kind, ask } = compiler("fast").read(plan, admitted, false, false);
    expect(kind).toBe("fast");
    expect(ask).toMatchObject({ kind: "text", values: [7, 5, 3] });
  });

  test("and of the portable reader, what Drizzle's query is told", () => {
    const policy = policyOf("GET");
    const plan = planRead(policy, parse("GET", "articles", "?select=(limit:5)&countTotal=T"));
    const admitted = admitAll(plan.nodes, {}) as Admitted;
    const statement = compiler("portable").read(plan, admitted, false, false);
    expect(statement).toMatchObject({
      kind: "portable",
      ask: { kind: "relational", table: "article", config: { limit: 5 } },
      total: { kind: "select" },
    });
  });

  test("a write is a list of steps, each with what must hold", () => {
    expect(kinds(steps("POST", ""))).toEqual(["write", "answer"]);
    expect(kinds(steps("PATCH", "?select=(where:(id:'a'),with:(comments:T))&countTotal=T"))).toEqual([
      "write",
      "answer",
      "total",
    ]);
    expect(kinds(steps("DELETE", "?select=(where:(id:'a'),with:(comments:T))"))).toEqual([
      "before",
      "write",
      "limit",
      "answer",
    ]);
  });

  test("what hooks see of written rows comes back with them; what rows were is read before", () => {
    for (const method of ["POST", "PATCH", "DELETE"] as const) {
      const [plain, seen] = [{}, { seen: "written" }].map((wishes) =>
        kinds(steps(method, "", { asRows: true, ...(wishes as Partial<WriteWishes>) })),
      );
      expect(seen).toEqual(plain);
    }
    expect(kinds(steps("PATCH", "", { seen: "before" }))).toEqual(["hold", "write", "pair", "answer"]);
    expect(kinds(steps("POST", "", { seen: "before" }))).toEqual(["write", "answer"]);
    expect(kinds(steps("DELETE", "", { seen: "before" }))).toEqual(["write", "limit", "answer"]);
  });

  test("a row by itself is inserted by one text, whose answer comes with it", () => {
    const row = { id: "a", authorId: 1, title: "t", views: 1, published: true, createdAt: new Date(0) };
    const [write] = steps("POST", "").steps;
    if (write?.kind !== "write") throw new Error("no write");
    const one = write.writing({ values: [row] });
    expect(one).toMatchObject({ kind: "one", ask: { kind: "text" } });
    expect(write.writing({ values: [row, row] })).toMatchObject({ kind: "bulk" });
  });

  test("a list of rows is inserted by one text, the same for any number of them, and by Drizzle where JSON is not enough", () => {
    const row = { id: "a", authorId: 1, title: "t", views: 1, published: true, createdAt: new Date(0) };
    // Who looks at the rows is handed what Drizzle reads of them.
    for (const [asRows, kind] of [
      [true, "returning"],
      [false, "bulk"],
    ] as const) {
      const [write] = steps("POST", "", { asRows }).steps;
      if (write?.kind !== "write") throw new Error("no write");
      const asks = (values: readonly object[]): readonly { kind: string; text?: string }[] => {
        const writing = write.writing({ values: values as Record<string, unknown>[] });
        return writing.kind === "rows" ? writing.asks : writing.kind === "bulk" ? [writing] : [];
      };
      const [two] = asks([row, row]);
      expect(two).toMatchObject({ kind });
      expect(asks([row, row, row])[0]!.text).toBe(two!.text);
      const { views, ...less } = row;
      expect(asks([row, less])).toMatchObject([{ kind: "insert" }]);
      expect(asks([row, { ...row, title: sql`lower('T')` }])).toMatchObject([{ kind: "insert" }]);
      expect(asks([row, { ...row, views: views + 0.5 }])).toMatchObject([{ kind: "insert" }]);
    }
  });
});
