import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import { live } from "@bepalo/query/live";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { z } from "zod";
import { type Access, createQueryHandler, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES, type TestDatabase } from "../support/databases.ts";
import { openPostgresql } from "../support/postgresql.ts";
import * as schema from "../support/schema.ts";

// What a caller may do, told to himself.

const where = (): boolean => true;
const acl = {
  articles: {
    table: "article",
    params: { org: z.string().optional() },
    countTotal: true,
    maxDepth: 2,
    control: {
      GET: {
        writer: {
          select: [{ columns: ["id", "title", "rating", "authorId"] }, { columns: ["body"], when: where }],
          extras: {},
          forbidQuery: { offset: true },
          with: {
            author: "authors",
            reviewer: "hidden",
            comments: { select: { columns: ["text"] }, maxLimit: 3 },
          },
        },
        mine: { select: { columns: ["id"] }, where, requireWhere: "key" },
        guest: { select: { columns: ["title"] }, forbidQuery: { where: true, orderBy: true, columns: true } },
      },
      POST: {
        writer: { select: { columns: ["id"] }, write: { columns: ["title", "authorId"] }, check: true },
      },
      PATCH: {
        writer: {
          write: [{ columns: ["title"] }, { columns: ["views"], when: where }],
          requireWhere: "key",
          maxAffected: 5,
        },
      },
      DELETE: { editor: { where } },
    },
  },
  authors: {
    table: "author",
    findFirst: true,
    maxDepth: 0,
    control: {
      GET: {
        all: {
          select: { columns: ["id", "name"] },
          with: { mentor: "authors", students: { select: { columns: ["id"] } } },
        },
      },
    },
  },
  numbers: {
    table: "sample",
    control: {
      GET: {
        counter: {
          select: { columns: ["id"] },
          aggregate: { columns: { mode: false, columns: ["id"] }, minGroupSize: 3 },
        },
        silent: { aggregate: { functions: ["count"], groupBy: { columns: ["id"] } } },
        barred: { select: true, aggregate: true, forbidQuery: { aggregate: true } },
      },
    },
  },
  hidden: { table: "author", control: { GET: { boss: { select: true } } } },
  nothing: { table: "tag", control: { GET: { all: {} } } },
  labels: {
    table: "tag",
    control: { POST: { labeller: { select: { columns: ["label"] }, write: true, dryRun: true } } },
  },
  samples: { table: "sample", control: { GET: { kinds: { select: true, maxLimit: null } } } },
};

let database: TestDatabase;
let close: () => void;
let handler: QueryHandler;
const made = (options: Partial<QueryRouteOptions> = {}): QueryHandler =>
  createQueryHandler({
    acl: acl as never,
    database,
    schema,
    access: true,
    onWarning: () => undefined,
    session: {
      parser: (request) => (request.headers.has("x-out") ? new Response("out", { status: 302 }) : undefined),
      getRole: (request) => request.headers.get("x-role")?.split(","),
    },
    ...options,
  });
beforeAll(async () => {
  ({ database, close } = await DATABASES["bun:sqlite"]());
  handler = made();
});
afterAll(() => close());

const ask = (init: RequestInit & { headers?: Record<string, string> } = {}, path = "$access", on = handler) =>
  on(new Request(`http://local/query/${path}`, init));
async function access(role?: string, on = handler): Promise<Access> {
  const response = await ask(role === undefined ? {} : { headers: { "x-role": role } }, "$access", on);
  expect(response.status).toBe(200);
  return (await response.json()) as Access;
}

const TEXT = ["eq", "ne", "gt", "gte", "lt", "lte"];
const limits = (given: object = {}): object => ({
  maxLimit: 100,
  maxOffset: 10_000,
  maxDepth: 3,
  onSurpassMaxLimit: "Throw",
  maxConditions: 100,
  maxList: 1_000,
  maxRows: 1_000,
  maxBodySize: 1_048_576,
  maxCost: 50_000,
  maxWork: 2_500_000,
  maxAnswerSize: 16_777_216,
  ...given,
});

describe("what is told", () => {
  test("to a role: columns, relations, scopes, limits, and what its methods take", async () => {
    const { resources, operators } = await access("writer");
    expect(Object.keys(resources)).toEqual(["articles", "authors"]);
    const { rules, ...rest } = resources["articles"]!;
    expect(rest).toEqual({ methods: ["HEAD", "GET", "POST", "PATCH"], countTotal: true });
    expect(rules.map(({ methods, scopes }) => [methods.join(), scopes.join()])).toEqual([
      ["HEAD,GET", "none,mine|guest"],
      ["HEAD,GET", "mine"],
      ["HEAD,GET", "guest"],
      ["POST", "none,mine|guest"],
      ["PATCH", "none,mine|guest"],
    ]);
    const asked = { readable: true, filterable: true, sortable: true } as const;
    expect(rules[0]).toEqual({
      methods: ["HEAD", "GET"],
      scopes: ["none", "mine|guest"],
      takes: ["columns", "where", "orderBy", "limit", "with", "count"],
      columns: {
        id: { kind: "text", nullable: false, key: true, ...asked },
        authorId: { kind: "integer", nullable: false, ...asked },
        title: { kind: "text", nullable: false, maxLength: 50, ...asked },
        body: { kind: "text", nullable: true, masked: true, ...asked },
        rating: { kind: "number", nullable: true, ...asked },
      },
      extras: [],
      relations: {
        comments: {
          kind: "many",
          takes: ["columns", "where", "orderBy", "limit", "offset", "with", "count", "relation", "required"],
          limits: { maxLimit: 3, maxOffset: 10_000, maxDepth: 6, onSurpassMaxLimit: "Throw" },
          columns: { text: { kind: "text", nullable: false, ...asked } },
          extras: [],
          relations: {},
        },
        author: {
          kind: "one",
          takes: ["columns", "with", "count", "relation", "required"],
          limits: { maxLimit: 100, maxOffset: 10_000, maxDepth: 6, onSurpassMaxLimit: "Throw" },
          resource: "authors",
        },
      },
      params: ["org"],
      limits: limits({ maxDepth: 2 }),
    } as never);
    expect(operators).toEqual({
      text: expect.arrayContaining([...TEXT, "like", "contains"]),
      integer: expect.arrayContaining(TEXT),
      number: expect.arrayContaining(TEXT),
    });
    expect(operators!["integer"]).not.toContain("like");
  });

  test("of numbers about rows: what each column takes, hidden ones among them", async () => {
    const [rule] = (await access("counter")).resources["numbers"]!.rules;
    expect(Object.keys(rule!.columns)).toEqual(["id"]);
    const { columns, ...rest } = rule!.aggregate!;
    expect(rest).toEqual({ count: true, minGroupSize: 3 });
    expect(columns["id"]).toEqual({ kind: "integer", functions: [], groupBy: true });
    const numbers = ["integer", "number", "decimal"];
    const others = Object.values(columns).filter(({ groupBy }) => groupBy !== true);
    expect(others.length).toBeGreaterThan(10);
    for (const { kind, functions } of others.filter((column) => column.kind !== "bigint"))
      expect(functions).toEqual([
        "count",
        "countDistinct",
        ...(numbers.includes(kind) ? (["sum", "avg"] as const) : []),
      ]);
    const silent = (await access("silent")).resources["numbers"]!;
    expect(silent.methods).toEqual(["HEAD", "GET"]);
    expect(silent.rules[0]).toMatchObject({
      columns: {},
      aggregate: { count: true, columns: { id: { kind: "integer", functions: [], groupBy: true } } },
    });
    const [barred] = (await access("barred")).resources["numbers"]!.rules;
    expect(barred!.aggregate).toBeUndefined();
  });

  test("of what is asked for by a key, and of writes", async () => {
    const { rules } = (await access("writer")).resources["articles"]!;
    expect(rules[1]).toMatchObject({
      requireWhere: "key",
      keys: [["id"]],
      columns: { id: { filterable: true } },
    });
    expect(rules[3]).toMatchObject({
      takes: ["columns", "with", "count"],
      columns: {
        id: { kind: "text", nullable: false, readable: true },
        authorId: { kind: "integer", nullable: false, writable: true, required: true },
        title: { kind: "text", nullable: false, maxLength: 50, writable: true, required: true },
      },
    });
    expect(rules[4]!.columns["title"]).not.toHaveProperty("required");
    // No column of a key may be sent, and no rule lets anything be tried out.
    for (const rule of rules) for (const name of ["meets", "dryRun"]) expect(rule).not.toHaveProperty(name);
    expect(Object.keys(rules[3]!.columns)).toEqual(["id", "authorId", "title"]);
    expect(rules[3]!.columns["id"]).not.toHaveProperty("filterable");
    expect(rules[4]).toMatchObject({
      requireWhere: "key",
      maxAffected: 5,
      // Nothing is let out, and so the key alone says which rows.
      columns: {
        id: { kind: "text", nullable: false, filterable: true },
        title: { kind: "text", nullable: false, writable: true },
        views: { kind: "integer", nullable: false, writable: "sometimes" },
      },
    });
    expect(Object.keys(rules[4]!.columns)).toEqual(["id", "title", "views"]);
  });

  test("of the keys by which new rows meet others, and of what may be tried out", async () => {
    const [rule] = (await access("labeller")).resources["labels"]!.rules;
    // The other key is not let out.
    expect(rule).toMatchObject({ meets: [["label"]], dryRun: true });
    const body = JSON.stringify({ label: "met" });
    const sent = (prefer?: string) =>
      ask(
        {
          method: "POST",
          headers: {
            "x-role": "labeller",
            "content-type": "application/json",
            ...(prefer !== undefined && { prefer }),
          },
          body,
        },
        `labels?onConflict=(target:~T(${rule!.meets![0]!.join()})~,ignore:T)`,
      );
    for (const [prefer, rowsAffected] of [
      ["tx=rollback", 1],
      [undefined, 1],
      [undefined, 0],
    ] as const) {
      const response = await sent(prefer);
      expect([response.status, await response.json()]).toEqual([
        200,
        expect.objectContaining({ rowsAffected }),
      ]);
    }
  });

  test("to another role and to a guest: theirs", async () => {
    const editor = (await access("editor")).resources;
    expect(editor["articles"]!.methods).toEqual(["HEAD", "GET", "DELETE"]);
    const guest = await access();
    expect(guest.resources["articles"]!.rules).toEqual([
      expect.objectContaining({
        scopes: ["none", "guest", "mine|guest"],
        takes: ["limit", "offset", "with", "count"],
        columns: { title: { kind: "text", nullable: false, maxLength: 50, readable: true } },
        relations: {},
      }),
    ]);
    // The strongest role that has a rule decides.
    const both = (await access("editor,writer")).resources;
    expect(both["articles"]!.methods).toEqual(["HEAD", "GET", "POST", "PATCH", "DELETE"]);
  });

  test("as deep as anybody may go there", async () => {
    const { authors } = (await access()).resources;
    // Asked by itself it has no relations, and nobody leads a guest to it.
    expect(authors).toMatchObject({ findFirst: true, rules: [{ relations: {}, limits: { maxDepth: 0 } }] });
    const led = (await access("writer")).resources["authors"]!;
    expect(Object.keys(led.rules[0]!.relations)).toEqual(["students", "mentor"]);
    expect(led.rules[0]!.relations["mentor"]).toMatchObject({ resource: "authors" });
  });

  test("with limits that are lifted, arrays and kinds that nothing compares", async () => {
    const { resources, operators } = await access("kinds");
    const [rule] = resources["samples"]!.rules;
    expect(rule!.limits.maxLimit).toBeNull();
    expect(rule!.columns["json"]).toEqual({
      kind: "json",
      nullable: true,
      readable: true,
      filterable: true,
      sortable: true,
    });
    expect(operators!["json"]).toEqual(expect.arrayContaining(["eq", "ne"]));
    expect(operators!["json"]).not.toContain("gt");
  });

  test("of a relation, whether it may be required: of what is written none is", async () => {
    const rule = {
      select: true,
      with: { comments: { select: true, forbidQuery: { required: true, limit: true } }, author: true },
    } as const;
    const on = made({
      acl: { articles: { table: "article", control: { GET: { all: rule }, DELETE: { all: rule } } } },
    });
    const { rules } = (await access(undefined, on)).resources["articles"]!;
    const taken = rules.map(({ relations }) => Object.values(relations).map(({ takes }) => takes.join()));
    expect(taken).toEqual([
      ["columns,where,orderBy,offset,with,count,relation", "columns,with,count,relation,required"],
      ["columns,where,orderBy,offset,with,count,relation", "columns,with,count,relation"],
    ]);
  });

  test("of columns which texts they take, of rules whether they are live", async () => {
    const on = made({
      live: live(),
      acl: {
        lively: { table: "sample", control: { GET: { all: { select: true, live: true } } } },
        still: { table: "sample", control: { GET: { all: { select: true } } } },
      },
    });
    const { lively, still } = (await access(undefined, on)).resources;
    expect([lively, still].map((resource) => resource!.rules[0]!.live)).toEqual([true, undefined]);
    expect(lively!.rules[0]!.columns["choice"]).toMatchObject({ kind: "text", values: ["a", "b"] });
  });

  test("nothing of what is not his", async () => {
    const text = JSON.stringify([await access(), await access("writer"), await access("editor")]);
    for (const secret of [
      "secret",
      "hidden",
      "email",
      "mentorId",
      "nothing",
      "createdAt",
      "reviewer",
      "samples",
    ])
      expect(text).not.toContain(secret);
  });

  test("nothing at all to who may nothing", async () => {
    const on = made({
      acl: { articles: { table: "article", control: { GET: { writer: { select: true } } } } },
    });
    expect(await access(undefined, on)).toEqual({ resources: {} });
    expect(await access("reader", on)).toEqual({ resources: {} });
    expect(Object.keys((await access("writer", on)).resources)).toEqual(["articles"]);
  });
});

describe("how it is told", () => {
  test("only where the route says so", async () => {
    for (const options of [{ access: false }, { access: undefined }] as const) {
      const response = await ask({}, "$access", made(options as never));
      expect([response.status, await response.json()]).toEqual([
        404,
        { error: "unknown resource `$access`", code: "unknown-resource" },
      ]);
    }
  });

  test("to its caller alone, with a tag", async () => {
    const on = made({ headers: { "Cache-Control": "public, max-age=60" } });
    const response = await ask({}, "$access", on);
    expect(response.headers.get("cache-control")).toBe("private, no-cache");
    expect(response.headers.get("vary")).toBe("Cookie, Authorization");
    expect(response.headers.get("content-type")).toStartWith("application/json");
    const etag = response.headers.get("etag")!;
    expect(etag).toMatch(/^".+"$/);
    const again = await ask({ headers: { "if-none-match": etag } }, "$access", on);
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const other = await ask({ headers: { "if-none-match": etag, "x-role": "writer" } }, "$access", on);
    expect(other.status).toBe(200);
    const head = await ask({ method: "HEAD" }, "$access", on);
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, etag, ""]);
  });

  test("by reading, and by no other method", async () => {
    const options = await ask({ method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "OPTIONS, HEAD, GET, QUERY"]);
    for (const method of ["POST", "PATCH", "DELETE", "PUT"]) {
      const refused = await ask({ method });
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "OPTIONS, HEAD, GET, QUERY"]);
    }
    for (const search of ["?select=()", "?mine", "?x=1"]) {
      const refused = await ask({}, `$access${search}`);
      expect([refused.status, await refused.json()]).toEqual([
        400,
        expect.objectContaining({ code: "unknown-parameter", error: "`$access` takes no parameters" }),
      ]);
    }
  });

  test("where the name is encoded, and after the session's own answer", async () => {
    expect((await ask({}, "%24access")).status).toBe(200);
    expect((await ask({}, "$access/")).status).toBe(200);
    expect((await ask({ headers: { "x-out": "1" } })).status).toBe(302);
  });

  test("whatever formats other answers", async () => {
    const on = made({ defaults: { formatResult: () => "formatted" } });
    expect(await access("writer", on)).toHaveProperty("resources.articles");
  });
});

test("of a view it tells what the database says that its fields are, also before anybody reads it", async () => {
  const shelf = pg.pgTable("shelves", { id: pg.integer("id").primaryKey(), name: pg.text("name") });
  const shown = pg.pgView("shown_shelves").as((query) =>
    query
      .select({
        id: shelf.id,
        doc: sql<string>`'{"a":1}'::json`.as("doc"),
        half: sql<number>`0.5::float8`.as("half"),
      })
      .from(shelf),
  );
  const tables = { shelf, shown };
  const opened = await openPostgresql("PGlite", tables);
  const on = made({
    acl: { shown: { table: "shown", control: { GET: { all: { select: true } } } } },
    database: opened.database,
    schema: tables,
  });
  const before = await access(undefined, on);
  expect((await ask({}, "shown", on)).status).toBe(200);
  expect(await access(undefined, on)).toEqual(before);
  const { columns } = before.resources["shown"]!.rules[0]!;
  for (const [name, column] of Object.entries(columns)) {
    const operators = column.operators ?? before.operators![column.kind]!;
    const asked = async (search: object): Promise<number> =>
      (await ask({}, `shown?select=${encodeURIComponent(stringify(search))}`, on)).status;
    expect([name, await asked({ orderBy: { [name]: "asc" } })]).toEqual([name, column.sortable ? 200 : 400]);
    for (const operator of ["eq", "gt", "like", "isNull"]) {
      const value = operator === "isNull" ? true : operator === "like" ? "a" : 1;
      const told = operators.includes(operator) ? 200 : 400;
      expect([name, operator, await asked({ where: { [`${name}.${operator}`]: value } })]).toEqual([
        name,
        operator,
        told,
      ]);
    }
  }
  expect(columns["doc"]).not.toHaveProperty("sortable");
  await opened.close();
}, 30_000);
