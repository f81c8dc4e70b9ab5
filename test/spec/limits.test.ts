import { describe, expect, test } from "bun:test";
import { createQueryRoute } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { DATABASES } from "../support/databases.ts";
import { fill } from "../support/data.ts";
import * as schema from "../support/schema.ts";
import { ask, ids, served } from "../support/served.ts";

const columns = { columns: ["id"] } as const;

const acl = {
  articles: {
    table: "article",
    maxLimit: 3,
    control: {
      GET: {
        all: {
          select: { columns: ["id", "title", "views"] },
          with: { comments: { select: columns }, author: { select: columns } },
        },
        writer: { select: columns, maxLimit: 5 },
        editor: { select: columns, maxLimit: null },
        mine: { select: columns, where: () => true, maxLimit: undefined, onSurpassMaxLimit: "Limit" },
      },
    },
  },
  capped: {
    table: "article",
    maxLimit: 2,
    onSurpassMaxLimit: "Limit",
    control: {
      GET: {
        all: { select: columns },
        writer: { select: columns, onSurpassMaxLimit: "Throw" },
      },
    },
  },
  plain: { table: "article", control: { GET: { all: { select: columns } } } },
  zero: { table: "article", maxLimit: 0, control: { GET: { all: { select: columns } } } },
  // The rule's own maximum is not its relations'.
  authors: {
    table: "author",
    maxLimit: 2,
    control: {
      GET: {
        all: {
          select: columns,
          maxLimit: 50,
          with: {
            articles: { select: columns },
            reviews: { select: columns, maxLimit: 1, onSurpassMaxLimit: "Limit" },
            comments: { select: columns, maxLimit: null },
          },
        },
        writer: {
          select: columns,
          maxLimit: 1,
          with: { articles: { select: columns }, comments: { select: columns, maxLimit: 3 } },
        },
      },
    },
  },
  inherits: {
    table: "author",
    control: { GET: { all: { select: columns, maxLimit: 1, with: { articles: { select: columns } } } } },
  },
} satisfies TestACL;

describe("the maximum of rows", () => {
  const app = served(acl, { defaults: { maxLimit: 4 } });

  test.each([
    ["plain", {}, 4],
    ["articles", {}, 3],
    ["articles", { role: "writer" }, 5],
    ["articles", { role: "editor" }, 6],
    ["articles?mine", { role: "editor" }, 3],
    ["zero", {}, 0],
  ] as const)(
    "rule, then entry, then defaults; null lifts, undefined inherits: %s %o",
    async (path, sending, count) => {
      expect((await app.get(path, sending)).body.count).toBe(count);
    },
  );

  test.each([
    ["plain", {}, 4],
    ["articles", {}, 3],
    ["articles", { role: "writer" }, 5],
    ["zero", {}, 0],
    ["capped", { role: "writer" }, 2],
  ] as const)("a limit beyond it is 400 by default: %s %o", async (resource, sending, max) => {
    expect((await app.get(ask(resource, `(limit:${max})`), sending)).body.count).toBe(max);
    for (const limit of [max + 1, 1e9, Number.MAX_SAFE_INTEGER]) {
      const answer = await app.get(ask(resource, `(limit:${limit})`), sending);
      expect([answer.status, answer.body]).toEqual([
        400,
        { error: `limit ${limit} exceeds ${max}`, code: "limit-exceeded", path: "select.limit" },
      ]);
    }
  });

  test('`onSurpassMaxLimit: "Limit"` caps instead, at the entry and at the rule', async () => {
    for (const limit of ["3", "1e9", "9007199254740991"]) {
      expect(ids(await app.get(ask("capped", `(limit:${limit})`)), "capped")).toEqual(["a1", "a2"]);
      expect(ids(await app.get(ask("articles", `(limit:${limit})`, "mine"), { as: 1 })).length).toBe(3);
    }
    expect(ids(await app.get(ask("capped", "(limit:1)")), "capped")).toEqual(["a1"]);
    expect((await app.get(ask("capped", "(limit:9,columns:F)"))).body).toEqual({ count: 2 });
  });

  test("a relation's own, else the entry's, else the defaults', never the enclosing rule's", async () => {
    const answer = await app.get(ask("authors", "(limit:10,with:(articles:T,reviews:T,comments:T))"));
    const lengths = answer.body.authors.map((row: Record<string, unknown[]>) => [
      row["articles"]!.length,
      row["reviews"]!.length,
      row["comments"]!.length,
    ]);
    expect(lengths).toEqual([
      [1, 1, 3],
      [2, 1, 3],
      [2, 1, 2],
    ]);
    const writer = await app.get(ask("authors", "(where:(id:2),with:(articles:T,comments:T))"), {
      role: "writer",
    });
    expect(writer.body.authors[0].articles).toHaveLength(2);
    expect(writer.body.authors[0].comments).toHaveLength(3);
    const inherits = await app.get(ask("inherits", "(where:(id:2),with:(articles:T))"));
    expect(inherits.body.inherits[0].articles).toHaveLength(3);
    expect((await app.get(ask("inherits", "(with:(articles:(limit:4)))"))).status).toBe(200);
    expect((await app.get(ask("inherits", "(with:(articles:(limit:5)))"))).status).toBe(400);
  });

  test("a limit beyond a relation's maximum is refused or capped there", async () => {
    for (const [select, error, path] of [
      ["(with:(articles:(limit:3)))", "limit 3 exceeds 2", "select.with.articles.limit"],
      ["(with:(articles:(limit:1e9)))", "limit 1000000000 exceeds 2", "select.with.articles.limit"],
    ] as const) {
      const answer = await app.get(ask("authors", select));
      expect([answer.status, answer.body]).toEqual([400, { error, code: "limit-exceeded", path }]);
    }
    const capped = await app.get(ask("authors", "(with:(reviews:(limit:1e9)),where:(id:1))"));
    expect(capped.body.authors).toEqual([{ id: 1, reviews: [{ id: "a2" }] }]);
    expect((await app.get(ask("authors", "(with:(comments:(limit:1e9)))"))).status).toBe(400); // cost
  });
});

describe("the rows a read may skip", () => {
  const offsets = {
    plain: { table: "article", control: { GET: { all: { select: columns } } } },
    articles: {
      table: "article",
      maxOffset: 2,
      control: {
        GET: {
          all: { select: columns },
          writer: { select: columns, maxOffset: 5 },
          editor: { select: columns, maxOffset: null },
          mine: { select: columns, where: () => true, maxOffset: 0 },
        },
      },
    },
    // The rule's own maximum is not its relations'.
    authors: {
      table: "author",
      maxOffset: 1,
      control: {
        GET: {
          all: {
            select: columns,
            maxOffset: null,
            with: {
              articles: { select: columns },
              reviews: { select: columns, maxOffset: 3 },
              comments: { select: columns, maxOffset: null, with: { article: { select: columns } } },
            },
          },
        },
      },
    },
  } satisfies TestACL;
  const app = served(offsets, { defaults: { maxOffset: 4 } });

  test.each([
    ["plain", {}, 4],
    ["articles", {}, 2],
    ["articles", { role: "writer" }, 5],
    ["articles?mine", { role: "writer" }, 0],
  ] as const)(
    "rule, then entry, then defaults, whatever `onSurpassMaxLimit`: %s %o skips %i",
    async (resource, sending, max) => {
      const [name, ...flags] = resource.split("?") as [string, ...string[]];
      const answer = await app.get(ask(name, `(offset:${max})`, ...flags), sending);
      expect(ids(answer, name)).toEqual(["a1", "a2", "a3", "a4", "a5", "a6"].slice(max));
      for (const offset of [max + 1, 1e9, Number.MAX_SAFE_INTEGER])
        for (const select of [`(offset:${offset})`, `(columns:F,offset:${offset})`]) {
          const refused = await app.get(ask(name, select, ...flags), sending);
          expect([refused.status, refused.body]).toEqual([
            400,
            {
              error: `offset ${offset} exceeds ${max}`,
              code: "limit-exceeded",
              path: "select.offset",
              hint: "filter by the last row's key instead",
            },
          ]);
        }
    },
  );

  test("`null` lifts it", async () => {
    const answer = await app.get(ask("articles", "(offset:9007199254740991)"), { role: "editor" });
    expect(answer.body).toEqual({ count: 0, articles: [] });
  });

  test("in a relation its own, else the entry's, else the defaults', never the enclosing rule's", async () => {
    for (const [relation, max] of [
      ["articles", 1],
      ["reviews", 3],
    ] as const) {
      expect((await app.get(ask("authors", `(with:(${relation}:(offset:${max})))`))).status).toBe(200);
      const refused = await app.get(ask("authors", `(with:(${relation}:(offset:${max + 1})))`));
      expect([refused.status, refused.body]).toMatchObject([
        400,
        {
          error: `offset ${max + 1} exceeds ${max}`,
          code: "limit-exceeded",
          path: `select.with.${relation}.offset`,
        },
      ]);
    }
    expect((await app.get(ask("authors", "(with:(comments:(offset:1e9)),offset:1)"))).status).toBe(200);
  });
});

describe("the built-in limits", () => {
  const deep = {
    articles: {
      table: "article",
      control: {
        GET: {
          all: {
            select: true,
            with: {
              author: {
                select: columns,
                with: {
                  mentor: {
                    select: columns,
                    with: { mentor: { select: columns, with: { mentor: { select: columns } } } },
                  },
                },
              },
              comments: { select: columns },
            },
          },
        },
      },
    },
    lists: {
      table: "article",
      control: {
        GET: {
          all: {
            select: true,
            with: {
              comments: {
                select: columns,
                with: { author: { select: columns, with: { comments: { select: columns } } } },
              },
            },
          },
        },
      },
    },
  } satisfies TestACL;
  const app = served(deep);

  test("100 rows a page", async () => {
    expect((await app.get(ask("articles", "(limit:100)"))).status).toBe(200);
    expect((await app.get(ask("articles", "(limit:101)"))).body).toEqual({
      error: "limit 101 exceeds 100",
      code: "limit-exceeded",
      path: "select.limit",
    });
  });

  test("10,000 rows skipped, in a relation too", async () => {
    expect((await app.get(ask("articles", "(offset:10000)"))).body.count).toBe(0);
    expect((await app.get(ask("articles", "(with:(comments:(offset:10000)))"))).status).toBe(200);
    for (const select of ["(offset:10001)", "(with:(comments:(offset:10001)))"])
      expect((await app.get(ask("articles", select))).body).toMatchObject({
        error: "offset 10001 exceeds 10000",
        code: "limit-exceeded",
      });
  });

  test("three relations deep", async () => {
    const nest = (levels: number): string => {
      let select = "T";
      for (let i = 1; i < levels; i++) select = `(with:(mentor:${select}))`;
      return `(where:(id:'a2'),with:(author:${select}))`;
    };
    expect((await app.get(ask("articles", nest(3)))).status).toBe(200);
    expect((await app.get(ask("articles", nest(4)))).body).toEqual({
      error: "relations are nested too deep",
      code: "depth-exceeded",
      path: "select.with.author.with.mentor.with.mentor.with",
      hint: "leave this `with` out",
    });
  });

  test("100 conditions over the whole tree", async () => {
    const filter = (n: number): string => `OR:_(${Array.from({ length: n }, () => "(views:1)").join(",")})_`;
    expect((await app.get(ask("articles", `(where:(${filter(100)}))`))).status).toBe(200);
    for (const select of [
      `(where:(${filter(101)}))`,
      `(where:(NOT:(${filter(101)})))`,
      `(where:(id:'a',${filter(100)}))`,
      `(where:_(_(${Array.from({ length: 60 }, () => "(views:1)").join(",")})_,_(${Array.from({ length: 60 }, () => "(views:1)").join(",")})_)_)`,
    ]) {
      const answer = await app.get(ask("articles", select));
      expect([answer.status, answer.body.code, answer.body.error]).toEqual([
        400,
        "too-complex",
        "more than 100 conditions",
      ]);
    }
    const nested = (n: number): string =>
      `(where:(${filter(60)}),with:(comments:(where:(OR:_(${Array.from({ length: n }, () => "(id:1)").join(",")})_))))`;
    expect((await app.get(ask("articles", nested(40)))).status).toBe(200);
    expect((await app.get(ask("articles", nested(41)))).body).toMatchObject({ code: "too-complex" });
  });

  test("1,000 items in a list", async () => {
    const list = (n: number): string =>
      `articles?select=(where:(views.in:_(${Array.from({ length: n }, (_, i) => i).join(",")})_))`;
    expect((await app.get(list(1_000))).body.count).toBe(6);
    expect((await app.get(list(1_001))).body).toEqual({
      error: "a list of 1001 items exceeds 1000",
      code: "too-complex",
      path: "select.where.views.in",
    });
  });

  test("50,000 rows a nested read could return", async () => {
    expect((await app.get(ask("lists", "(with:(comments:T))"))).status).toBe(200);
    expect((await app.get(ask("lists", "(with:(comments:(with:(author:T))))"))).status).toBe(200);
    const refused = await app.get(ask("lists", "(with:(comments:(with:(author:(with:(comments:T))))))"));
    expect([refused.status, refused.body]).toEqual([
      400,
      {
        error: "this could return more than 50000 rows",
        code: "too-complex",
        path: "select.with.comments.with.author.with.comments",
        hint: "ask for less with `limit`",
      },
    ]);
    const less = "(limit:10,with:(comments:(limit:10,with:(author:(with:(comments:T))))))";
    expect((await app.get(ask("lists", less))).status).toBe(200);
  });

  test("patterns of 256 characters and 16 `%`, all of a request together", async () => {
    const refused = { code: "too-complex", path: "select.where.title.like" };
    expect((await app.get(ask("articles", `(where:(title.like:'${"a".repeat(256)}'))`))).status).toBe(200);
    expect((await app.get(ask("articles", `(where:(title.like:'${"a".repeat(257)}'))`))).body).toMatchObject(
      refused,
    );
    expect((await app.get(ask("articles", `(where:(title.like:'${"%a".repeat(16)}'))`))).status).toBe(200);
    expect((await app.get(ask("articles", `(where:(title.like:'${"%a".repeat(17)}'))`))).body).toMatchObject(
      refused,
    );
    const half = "a".repeat(129);
    const both = `(where:(body.contains:'${half}',title.like:'${half}'))`;
    expect((await app.get(ask("articles", both))).body).toMatchObject(refused);
  });

  test.each(["contains", "startsWith", "endsWith", "icontains", "istartsWith", "iendsWith"])(
    "a text of more than 256 characters for %s, whatever they are",
    async (operator) => {
      for (const character of ["a", "_", "%", "*"]) {
        const path = (n: number): string =>
          `articles?select=(where:(title.${operator}:'${encodeURIComponent(character).repeat(n)}'))`;
        expect((await app.get(path(256))).status).toBe(200);
        const answer = await app.get(path(257));
        expect([character, answer.status, answer.body.code]).toEqual([character, 400, "too-complex"]);
      }
    },
  );
});

describe("limits of one's own", () => {
  const answered = { select: true, with: { comments: { select: columns } } } as const;
  const own = {
    articles: {
      table: "article",
      maxConditions: 2,
      maxList: 3,
      maxCost: 20,
      maxLimit: 10,
      control: {
        GET: {
          all: { select: true, with: { comments: { select: columns }, author: { select: columns } } },
          writer: {
            select: true,
            maxConditions: 3,
            maxList: 4,
            maxCost: null,
            maxWork: null,
            maxLimit: null,
            with: { comments: { select: columns, maxLimit: null } },
          },
          editor: {
            select: true,
            maxConditions: null,
            maxList: null,
            maxCost: 2_000_000,
            maxWork: null,
            maxLimit: null,
            with: { comments: { select: columns, maxLimit: null } },
          },
        },
      },
    },
    defaulted: { table: "article", control: { GET: { all: { select: true } } } },
    written: {
      table: "article",
      maxCost: 5,
      maxLimit: null,
      control: { POST: { all: answered }, PATCH: { all: answered }, DELETE: { all: answered } },
    },
  } satisfies TestACL;
  const app = served(own, { defaults: { maxConditions: 1, maxList: 1, maxCost: 5, maxLimit: 6 } });

  test.each([
    ["defaulted", {}, 1],
    ["articles", {}, 2],
    ["articles", { role: "writer" }, 3],
  ] as const)("maxConditions: %s %o takes %i", async (resource, sending, max) => {
    const path = (n: number): string =>
      ask(resource, `(limit:1,where:(OR:_(${Array.from({ length: n }, () => "(views:10)").join(",")})_))`);
    if (resource !== "defaulted") expect((await app.get(path(max), sending)).body.count).toBe(1);
    expect((await app.get(path(max + 1), sending)).body.code).toBe("too-complex");
  });

  test.each([
    ["defaulted", {}, 1],
    ["articles", {}, 3],
    ["articles", { role: "writer" }, 4],
  ] as const)("maxList: %s %o takes %i", async (resource, sending, max) => {
    const path = (n: number): string =>
      ask(resource, `(limit:1,where:(views.in:_(${Array.from({ length: n }, () => "10").join(",")})_))`);
    expect((await app.get(path(max), sending)).body.count).toBe(1);
    expect((await app.get(path(max + 1), sending)).body).toMatchObject({
      code: "too-complex",
      path: "select.where.views.in",
    });
  });

  test("maxCost sums over the tree the products of the limits down to each node", async () => {
    // 3 + 3×5 = 18, 3 + 3×5 + 3×1 = 21
    expect((await app.get(ask("articles", "(limit:3,with:(comments:(limit:5)))"))).status).toBe(200);
    expect((await app.get(ask("articles", "(limit:3,with:(comments:(limit:5),author:T))"))).body.code).toBe(
      "too-complex",
    );
    expect((await app.get(ask("articles", "(limit:2,with:(comments:(limit:8),author:T))"))).status).toBe(200);
    expect((await app.get(ask("articles", "(limit:2,with:(comments:(limit:9),author:T))"))).body.code).toBe(
      "too-complex",
    );
    // A relation that is skipped costs nothing, nor one under no rows.
    expect((await app.get(ask("articles", "(limit:10,with:(comments:F))"))).status).toBe(200);
    expect((await app.get(ask("articles", "(limit:0,with:(comments:(limit:10)))"))).status).toBe(200);
    // One row costs one.
    expect((await app.get(ask("articles", "(with:(comments:(limit:10)))", "findFirst"))).status).toBe(200);
  });

  test("maxCost of the defaults, refused at the very top", async () => {
    expect((await app.get("defaulted")).body).toEqual({
      error: "this could return more than 5 rows",
      code: "too-complex",
      path: "select",
      hint: "ask for less with `limit`",
    });
    expect((await app.get(ask("defaulted", "(limit:5)"))).body.count).toBe(5);
  });

  test("a lifted limit counts as 1,000, and `maxCost: null` lifts the cost", async () => {
    // 1,000 + 1,000 × 1,000 = 1,001,000
    expect((await app.get(ask("articles", "(with:(comments:T))"), { role: "editor" })).status).toBe(200);
    expect((await app.get(ask("articles", "(with:(comments:T))"), { role: "writer" })).status).toBe(200);
    expect(
      (await app.get(ask("articles", "(with:(comments:(limit:3000)))"), { role: "editor" })).body.code,
    ).toBe("too-complex");
  });

  test("the rows a write makes or changes cost nothing, their relations what each of them may have", async () => {
    const [few, many] = ["with:(comments:(limit:5)))", "with:(comments:(limit:6)))"];
    const row = { authorId: 1, title: "new" };
    const writes = [
      (select: string) => app.post(ask("written", `(${select}`), [row, row]),
      (select: string) => app.patch(ask("written", `(where:(title:new),${select}`), { views: 1 }),
      (select: string) => app.remove(ask("written", `(where:(title:new),${select}`)),
    ];
    for (const write of writes) {
      expect(await write(many)).toMatchObject({
        status: 400,
        body: { code: "too-complex", path: "select.with.comments" },
      });
      const { status, body } = await write(few);
      expect([status, body.rowsAffected]).toEqual([200, 2]);
    }
  });

  test("lifted conditions and lists never end in a 500", async () => {
    const editor = { role: "editor" };
    const or = `articles?select=(limit:1,columns:F,where:_(${Array.from({ length: 1_200 }, () => "(views:10)").join(",")})_)`;
    const many = await app.get(or, editor);
    expect(many.body).toEqual({ count: 1 });
    const flat = `articles?select=(limit:1,columns:F,where:(views.in:_(${Array.from({ length: 5_000 }, () => "10").join(",")})_))`;
    expect((await app.get(flat, editor)).body).toEqual({ count: 1 });
  });

  test("a list of 10,000 items, more than a request line holds, is refused", async () => {
    const opened = await DATABASES["bun:sqlite"]();
    const { database } = opened;
    await fill(database);
    const route = createQueryRoute({ acl: own, database, schema });
    const list = Array.from({ length: 10_000 }, (_, i) => i).join(",");
    const answer = await route.GET(
      new Request(`http://local/query/articles?select=(where:(views.in:_(${list})_))`),
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: "a list of 10000 items exceeds 3",
      code: "too-complex",
      path: "select.where.views.in",
    });
    opened.close();
  });
});

describe("maxDepth", () => {
  const chain = {
    select: columns,
    with: {
      mentor: {
        select: columns,
        with: {
          mentor: {
            select: columns,
            with: {
              mentor: {
                select: columns,
                with: {
                  mentor: {
                    select: columns,
                    with: {
                      mentor: {
                        select: columns,
                        with: { mentor: { select: columns, with: { mentor: { select: columns } } } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  } as const;
  const nest = (levels: number): string => {
    let select = "T";
    for (let i = 0; i < levels; i++) select = `(with:(mentor:${select}))`;
    return select === "T" ? "()" : select;
  };
  const depths = {
    none: { table: "author", maxDepth: 0, control: { GET: { all: chain } } },
    one: {
      table: "author",
      maxDepth: 1,
      control: { GET: { all: chain, writer: { ...chain, maxDepth: 2 } } },
    },
    defaulted: { table: "author", control: { GET: { all: chain } } },
    lifted: { table: "author", maxDepth: null, control: { GET: { all: chain } } },
    // A relation inherits no depth: only its own narrows what is left.
    over: { table: "author", maxDepth: 0, control: { GET: { all: { ...chain, maxDepth: 3 } } } },
    within: {
      table: "author",
      maxDepth: 0,
      control: {
        GET: {
          all: {
            select: columns,
            maxDepth: 5,
            with: {
              mentor: { ...chain.with.mentor, maxDepth: null, with: { mentor: { ...chain, maxDepth: 2 } } },
            },
          },
        },
      },
    },
    // The relation's own counts from itself.
    inner: {
      table: "author",
      maxDepth: 5,
      control: { GET: { all: { select: columns, with: { mentor: { ...chain.with.mentor, maxDepth: 1 } } } } },
    },
    leaf: {
      table: "author",
      maxDepth: 5,
      control: { GET: { all: { select: columns, with: { mentor: { ...chain.with.mentor, maxDepth: 0 } } } } },
    },
    // Under the rule of a resource: its own narrows, what its entry says does not.
    lender: { table: "author", maxDepth: 0, control: { GET: { all: chain } } },
    narrow: { table: "author", maxDepth: 6, control: { GET: { all: { ...chain, maxDepth: 1 } } } },
    borrowing: {
      table: "author",
      maxDepth: 4,
      control: { GET: { all: { select: columns, with: { mentor: "lender" } } } },
    },
    narrowed: {
      table: "author",
      maxDepth: 4,
      control: { GET: { all: { select: columns, with: { mentor: "narrow" } } } },
    },
  } satisfies TestACL;
  const app = served(depths, { defaults: { maxDepth: 2 } });

  test.each([
    ["none", 0],
    ["one", 1],
    ["defaulted", 2],
    ["lifted", 6],
    ["over", 3],
    ["within", 4],
    ["inner", 2],
    ["lender", 0],
    ["narrow", 1],
    ["borrowing", 4],
    ["narrowed", 2],
    ["leaf", 1],
  ] as const)("%s: %i relations deep", async (resource, depth) => {
    expect((await app.get(ask(resource, `(limit:1,${nest(depth).slice(1)}`))).status).toBe(200);
    const refused = await app.get(ask(resource, `(limit:1,${nest(depth + 1).slice(1)}`));
    expect([refused.status, refused.body]).toEqual([
      400,
      {
        error: "relations are nested too deep",
        code: "depth-exceeded",
        path: `select${".with.mentor".repeat(depth)}.with`,
        hint: "leave this `with` out",
      },
    ]);
  });

  test("depth 6, the ceiling, is answered on every database", async () => {
    expect((await app.get(ask("lifted", `(where:(id:2),${nest(6).slice(1)}`))).body.lifted).toEqual([
      { id: 2, mentor: { id: 1, mentor: null } },
    ]);
  });

  test("relations that are skipped are not deep", async () => {
    expect((await app.get(ask("none", "(with:(mentor:F))"))).status).toBe(200);
    expect((await app.get(ask("none", "(with:())"))).status).toBe(200);
  });
});

describe("what the database's parser cannot take is too complex, not a fault", () => {
  const rule = (levels: number): object => ({
    select: columns,
    ...(levels > 0 && { with: { students: rule(levels - 1) } }),
  });
  const app = served({
    articles: { table: "article", control: { GET: { all: { select: true } } } },
    authors: {
      table: "author",
      maxDepth: null,
      maxCost: null,
      maxWork: null,
      control: { GET: { all: rule(6) } },
    },
  } as unknown as TestACL);
  const nested = (levels: number): string =>
    `${"(id.ne:0,NOT:".repeat(levels)}(id.gt:0)${")".repeat(levels)}`;
  const deep = (relations: number, levels: number): string => {
    let select = `(where:${nested(levels)})`;
    for (let i = 0; i < relations; i++) select = `(with:(students:${select}))`;
    return select;
  };

  test.each([
    [0, 8],
    [1, 8],
    [3, 4],
    [3, 8],
    [6, 0],
    [5, 2],
  ])("%i relations deep, a filter %i levels deep is answered", async (relations, levels) => {
    const { status } = await app.get(ask("authors", deep(relations, levels)));
    app.faults();
    expect(status).toBe(200);
  });

  test.each(["(NOT:", "(id.ne:'x',NOT:", "(OR:_((id:'x'),", "(AND:_((id.ne:'x'),"])(
    "filters sixty levels deep are not: %s",
    async (open) => {
      const close = open.includes("_(") ? ")_)" : ")";
      const levels = open.includes("_(") ? 30 : 60;
      const answer = await app.get(
        ask("articles", `(where:${open.repeat(levels)}(views:1)${close.repeat(levels)})`),
      );
      app.faults();
      expect([answer.status, answer.body.code]).toEqual([400, "too-complex"]);
    },
  );
});
