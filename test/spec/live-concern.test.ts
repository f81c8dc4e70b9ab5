import { describe, expect, test } from "bun:test";
import { type SQL, sql } from "drizzle-orm";
import type { App } from "../support/app.ts";
import { ALL, counting, quiet, start, WRITE } from "../support/live-app.ts";
import * as schema from "../support/schema.ts";

// An answer is asked again after a change that may concern it, and not after one that cannot.

const WRITING = { POST: { all: WRITE }, PATCH: { all: WRITE }, DELETE: { all: WRITE } } as const;
type Article = typeof schema.article;
type Operators = { readonly eq: (column: unknown, value: unknown) => SQL };

const RULES = {
  articles: {
    table: "article",
    control: {
      GET: { all: { ...ALL, aggregate: true, with: { comments: true, author: true } } },
      ...WRITING,
    },
  },
  own: {
    table: "article",
    control: {
      GET: {
        all: {
          ...ALL,
          where: ({ me }: { me?: number }, t: Article, { eq }: Operators) => eq(t.authorId, me),
        },
      },
    },
  },
  judged: {
    table: "article",
    control: {
      GET: {
        all: {
          ...ALL,
          where: ({ me }: { me?: number }, t: Article, { eq }: Operators) =>
            sql`${eq(t.authorId, me)} and exists (select 1 from ${schema.author} where ${schema.author.id} = ${t.authorId} and ${schema.author.secret} <> 'x')`,
        },
      },
    },
  },
  written: {
    table: "article",
    control: { GET: { all: { ...ALL, where: () => sql`"articles"."published" = 1` } } },
  },
  hidden: {
    table: "article",
    control: { GET: { all: { ...ALL, where: () => sql`printf('%s', "articles"."id") <> 'x'` } } },
  },
  called: {
    table: "article",
    control: {
      GET: { all: { ...ALL, where: (_: unknown, t: Article) => sql`printf('%s', ${t.id}) = 'a1'` } },
    },
  },
  kin: {
    table: "article",
    control: {
      GET: {
        all: {
          ...ALL,
          where: ({ me }: { me?: number }, t: Article, { eq }: Operators) =>
            sql`${eq(t.authorId, me)} and exists (select 1 from articles k where k.author_id = 1 and k.published = 1)`,
        },
      },
    },
  },
  comments: { table: "comment", control: { GET: { all: ALL }, ...WRITING } },
  authors: { table: "author", control: { GET: { all: ALL }, ...WRITING } },
  hanging: { table: "comment", control: { GET: { all: { ...ALL, parent: { article: "own" } } } } },
} as const;

type Write = (app: App) => Promise<{ readonly status: number }>;

const patch =
  (resource: string, where: string, body: object): Write =>
  (app) =>
    app.patch(`${resource}?select=(where:(${where}))`, body);
const remove =
  (resource: string, where: string): Write =>
  (app) =>
    app.remove(`${resource}?select=(where:(${where}))`);
const post =
  (resource: string, body: object): Write =>
  (app) =>
    app.post(resource, body);

const TITLES = "select=(columns:(id:T,title:T),orderBy:(title:asc))";
const DETAIL =
  "articles?select=(columns:(id:T,title:T),where:(id:a1),with:(comments:(columns:(id:T,text:T))))";
const ARTICLE = { title: "New", body: "x" };

/** Of each question what is changed, by which write, and whether it is asked again for that. */
const CASES: readonly (readonly [
  question: string,
  changes: readonly (readonly [asked: 0 | 1, what: string, write: Write])[],
])[] = [
  [
    `articles?${TITLES}`,
    [
      [0, "a column that it does not look at", patch("articles", "id:a1", { body: "x" })],
      [1, "a column that it answers", patch("articles", "id:a1", { title: "x" })],
      [1, "a row that comes", post("articles", { ...ARTICLE, id: "n", authorId: 1 })],
    ],
  ],
  [
    "articles?select=(columns:(id:T),where:(views.gt:5))",
    [[1, "a column that it is filtered by", patch("articles", "id:a1", { views: 3 })]],
  ],
  [
    "articles?select=(columns:(id:T),orderBy:(rating:desc))",
    [[1, "a column that it is ordered by", patch("articles", "id:a1", { rating: 1 })]],
  ],
  [
    "articles?select=(columns:(id:T),orderBy:(author.name:desc))",
    [
      [1, "a column at the end of a path", patch("authors", "id:1", { name: "Zoe" })],
      [0, "another column of that row", patch("authors", "id:1", { email: "zoe@local.dev" })],
    ],
  ],
  [
    "own?select=(columns:(id:T,title:T))",
    [
      [0, "another's row, by a new one", post("articles", { ...ARTICLE, id: "n", authorId: 1 })],
      [1, "a new row of his", post("articles", { ...ARTICLE, id: "n", authorId: 2 })],
      [
        0,
        "another's rows, by a filter that says whose they are",
        patch("articles", "authorId:1", { title: "x" }),
      ],
      [1, "rows of which is not said whose they are", patch("articles", "id:a1", { title: "x" })],
      [1, "a row that becomes his", patch("articles", "authorId:1,id:a1", { authorId: 2 })],
    ],
  ],
  [
    "judged?select=(columns:(id:T))",
    [
      [
        0,
        "another's new row, under a rule that asks a table",
        post("articles", { ...ARTICLE, id: "n", authorId: 1 }),
      ],
      [1, "a row that its rule asks for", patch("authors", "id:3", { secret: "x" })],
    ],
  ],
  [
    "judged?select=(columns:(title:T))",
    [
      [
        1,
        "a column that its rule compares with another table",
        patch("articles", "authorId:2", { authorId: 1 }),
      ],
    ],
  ],
  [
    "kin?select=(columns:(id:T))",
    [[1, "another's row, for which its rule asks", patch("articles", "authorId:1", { published: false })]],
  ],
  [
    "written?select=(columns:(id:T))",
    [[1, "a column that its rule writes out", patch("articles", "id:a1", { published: false })]],
  ],
  [
    "hidden?select=(columns:(id:T),where:(id:a1))",
    [[1, "another row, where a function may look at it", patch("articles", "id:a2", { title: "x" })]],
  ],
  [
    "called?select=(columns:(id:T))",
    [[1, "any column, where a function is called", patch("articles", "id:a3", { body: "x" })]],
  ],
  [
    DETAIL,
    [
      [0, "another row, told by its key", patch("articles", "id:a2", { title: "x" })],
      [0, "a comment of another article", post("comments", { articleId: "a2", authorId: 1, text: "x" })],
      [1, "a comment of this one", post("comments", { articleId: "a1", authorId: 1, text: "x" })],
      [1, "its row that goes", remove("articles", "id:a1")],
    ],
  ],
  ["articles?select=(where:(id:a1))", [[0, "another row that goes", remove("articles", "id:a6")]]],
  [
    "articles?select=(columns:(id:T),where:(id.in:_(a1,a2)_))",
    [[0, "a row that is not in its list", remove("articles", "id:a6")]],
  ],
  [
    "articles?countTotal&select=(columns:(id:T),where:(id:a1))",
    [[1, "another row, where all are counted", post("articles", { ...ARTICLE, id: "n", authorId: 1 })]],
  ],
  [
    "comments?select=(columns:(id:T))",
    [
      [0, "rows that a changed row does not take along", patch("articles", "id:a1", { title: "x" })],
      [1, "rows that go with another", remove("articles", "id:a1")],
    ],
  ],
  [
    "hanging?select=(columns:(text:T))",
    [
      [1, "a row that hangs on another one now", patch("comments", "id:1", { articleId: "a2" })],
      [1, "the row that others hang on", patch("articles", "id:a1", { authorId: 2 })],
    ],
  ],
  [
    "articles?aggregate=(max:(views:T))",
    [
      [0, "what it is not made of", patch("articles", "id:a1", { title: "x" })],
      [1, "what it is made of", patch("articles", "id:a1", { views: 99 })],
    ],
  ],
  [
    "articles?aggregate=(count:T,groupBy:_(published)_)",
    [[1, "what it is grouped by", patch("articles", "id:a1", { published: false })]],
  ],
];

describe("an answer is asked again, or not, after a change", () => {
  const each = CASES.flatMap(([question, changes]) =>
    changes.map((change) => [question, ...change] as const),
  );
  test.each(each)("%s: %i: %s", async (question, asked, _, write) => {
    let count = 0;
    const app = await start(RULES, {
      on: "bun:sqlite",
      live: { debounce: 1 },
      dialect: (__, found) => counting(found(), () => count++),
    });
    // At the first write it is not known whether tables have triggers, and then any table may have changed.
    await app.patch("authors?select=(where:(id:1))", { name: "Ada" });
    const watching = await app.watch(question, { as: 2 });
    await watching.heard(1);
    const before = count;
    expect((await write(app)).status).toBe(200);
    await quiet(60);
    expect(count - before).toBe(asked);
    expect(watching.json).toBe((await app.get(question, { as: 2 })).text);
  });
});

describe("a write to a table with triggers", () => {
  test.each([
    [undefined, 1, "may have changed any table"],
    [false, 0, "has changed no other, where their author says so"],
  ])("%p: %i: %s", async (triggers, asked) => {
    let count = 0;
    const rules = { ...RULES, comments: { ...RULES.comments, ...(triggers === false && { triggers }) } };
    const app = await start(rules, {
      on: "bun:sqlite",
      live: { debounce: 1 },
      dialect: (__, found) => counting(found(), () => count++),
    });
    await app.database.run(
      sql`create trigger loud after update of text on comments begin update comments set hidden = not hidden where id = new.id; end`,
    );
    await app.patch("authors?select=(where:(id:1))", { name: "Ada" });
    const others = await app.watch("authors?select=(columns:(id:T))");
    await others.heard(1);
    const before = count;
    expect((await app.patch("comments?select=(where:(id:1))", { text: "x" })).status).toBe(200);
    await quiet(60);
    expect(count - before).toBe(asked);
    // What they change of the row itself is seen.
    const own = await app.watch("comments?select=(columns:(id:T,hidden:T),orderBy:(id:asc))");
    await own.heard(1);
    expect((await app.patch("comments?select=(where:(id:1))", { text: "y" })).status).toBe(200);
    await own.heard(2);
    expect(own.json).toBe((await app.get("comments?select=(columns:(id:T,hidden:T),orderBy:(id:asc))")).text);
  });
});
