// The client that knows the rules. Checked by the compiler, never run: each line that must not compile says why.
import type { ACL, InferApi } from "@bepalo/query";
import {
  type ChangeQuestion,
  createQueryClient,
  type PatchBody,
  type PostBody,
  type PostQuestion,
  type ReadQuestion,
  type RowOf,
} from "@bepalo/query/client";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
import type { QueryClient } from "@tanstack/query-core";
import { relations as related, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expectTypeOf } from "expect-type";
import type sandboxAcl from "../../sandbox/db/acl/index.ts";
import type { tables as sandboxTables } from "../../sandbox/db/acl/index.ts";
import type { Schema as SandboxSchema } from "../../sandbox/db/index.ts";
import type * as schema from "../support/schema.ts";

/* Several requests at once, against the sandbox's own rules. */

export async function batches(): Promise<void> {
  const api =
    createQueryClient<InferApi<typeof sandboxAcl, SandboxSchema, {}, typeof sandboxTables>>(
      "http://localhost:4000",
    );
  const [made, users, gone] = await api.batch((b) => {
    const post = b.post(
      "posts",
      { title: "a", body: "b" },
      { mine: true, columns: { id: true, title: true } },
    );
    expectTypeOf(post.of("id")).toEqualTypeOf<string>();
    // @ts-expect-error -- not among what it answers
    post.of("body");
    // @ts-expect-error -- no column of posts
    b.post("posts", { titel: "a", body: "b" });
    // @ts-expect-error -- no resource
    b.get("nothing");
    return [
      post,
      b.get("users", { columns: { name: true } }),
      b.delete("baskets", { where: { name: "x" }, columns: false }),
    ];
  });
  expectTypeOf(made.posts).toEqualTypeOf<{ id: string; title: string }[]>();
  expectTypeOf(users.users).toEqualTypeOf<{ name: string }[]>();
  expectTypeOf(gone.rowsAffected).toEqualTypeOf<number>();
}

/* The manual's example, against the sandbox's own rules. */

export async function sandbox(): Promise<void> {
  const api =
    createQueryClient<InferApi<typeof sandboxAcl, SandboxSchema, {}, typeof sandboxTables>>(
      "http://localhost:4000",
    );
  const { baskets, ...rest } = await api.get("baskets", {
    countTotal: true,
    columns: { name: true },
    with: {
      fruit: {
        columns: { name: true, sweetness: true },
        where: { "name.like": "%an%" },
        orderBy: { sweetness: -1, name: "asc" },
      },
    },
  });
  expectTypeOf(baskets).toEqualTypeOf<
    { name: string; fruit: { name: string; sweetness: number }[]; $more?: readonly "fruit"[] }[]
  >();
  expectTypeOf(rest).toEqualTypeOf<{ count: number; total: number; more?: true }>();
  expectTypeOf(await api.get("baskets")).toEqualTypeOf<{
    baskets: { id: string; name: string; capacity: number }[];
    count: number;
    more?: true;
  }>();
  expectTypeOf(await api.first("user", { mine: true, columns: { name: true, role: true } })).toEqualTypeOf<{
    user: { name: string; role: "user" | "admin" } | null;
  }>();
  const { posts } = await api.post("posts", { title: "a", body: "b" }, { mine: true });
  expectTypeOf(posts[0]!.createdAt).toEqualTypeOf<string>();
}

/* Rules of every kind, over the tests' schema. */

interface Session {
  readonly me: number;
}
const rules = {
  articles: {
    table: "article",
    countTotal: true,
    control: {
      GET: {
        all: {
          select: { mode: false, columns: new Set(["body", "reviewerId"]) },
          extras: { shout: sql`upper(title)`.as("shout"), size: sql<number>`length(body)`.as("size") },
          with: {
            author: { select: { columns: ["id", "name"] }, with: { mentor: true } },
            reviewer: true,
            comments: {
              select: { columns: new Set(["text", "authorId"]) },
              where: (_context, comment, { eq }) => eq(comment.hidden, false),
              with: {
                author: {
                  select: { columns: ["name"] },
                  where: (_context, author, { eq }) => eq(author.role, "writer"),
                },
              },
            },
            tags: false,
          },
        },
      },
      POST: {
        writer: {
          select: { columns: ["id", "title", "createdAt"] },
          injectBody: (body, { me }) => ({ ...body, authorId: me }),
          write: { columns: ["title", "body", "createdAt"] },
        },
      },
      PATCH: {
        mine: { where: ({ me }, article, { eq }) => eq(article.authorId, me), requireWhere: true },
        editor: { select: { columns: ["id"] } },
      },
      DELETE: { mine: { where: ({ me }, article, { eq }) => eq(article.authorId, me) } },
    },
  },
  people: {
    table: "author",
    findFirst: false,
    control: {
      GET: {
        editor: { select: true },
        mine: { select: { columns: ["id", "name", "email"] }, where: () => true },
        guest: { select: { columns: ["id", "name"] }, forbidQuery: { where: true, limit: true } },
        all: { with: { articles: true } },
      },
    },
  },
  me: { table: "author", findFirst: true, control: { GET: { mine: { select: true, where: () => true } } } },
  samples: {
    table: "sample",
    control: {
      GET: { all: { select: true, with: { parent: true, children: { select: false } } } },
      POST: { all: { select: true } },
      PATCH: { all: { select: true } },
    },
  },
  remarks: { table: "comment", control: { GET: { all: { select: true } }, POST: { all: {} } } },
  report: {
    table: "article",
    control: { GET: { all: { select: true, formatResult: (_request, { result }) => result.count } } },
  },
  weekly: {
    table: "article",
    formatResult: (_request, { result }) => result.count,
    control: { GET: { all: { select: true } } },
  },
} satisfies ACL<"writer" | "editor", Session, object, typeof schema>;

type Api = InferApi<typeof rules, typeof schema, { weekly: { weeks: number[] } }>;
const api = createQueryClient<Api>();

export async function rows(perhaps: boolean): Promise<void> {
  // Everything a rule lets out, computed fields too, as JSON carries it.
  const { articles, count, total } = await api.get("articles");
  expectTypeOf(articles).toEqualTypeOf<
    {
      id: string;
      authorId: number;
      title: string;
      rating: number | null;
      views: number;
      published: boolean;
      createdAt: string;
      shout: unknown;
      size: number;
    }[]
  >();
  expectTypeOf(count).toEqualTypeOf<number>();
  expectTypeOf(total).toEqualTypeOf<number>();

  // Only what is asked for; relations null where a key may be, or where a rule hides rows.
  const asked = await api.get("articles", {
    countTotal: false,
    columns: { id: true, createdAt: true, shout: true, views: false },
    with: {
      author: { columns: { name: true }, with: { mentor: { columns: { id: true } } } },
      reviewer: { columns: { id: true } },
      comments: { columns: { text: true }, with: { author: true }, limit: 2 },
    },
  });
  expectTypeOf(asked).toEqualTypeOf<{
    count: number;
    more?: true;
    articles: {
      id: string;
      createdAt: string;
      shout: unknown;
      author: { name: string; mentor: { id: number } | null };
      reviewer: { id: number } | null;
      comments: { text: string; author: { name: string } | null }[];
    }[];
  }>();
  const dropped = await api.get("articles", { columns: { shout: false, rating: false, views: false } });
  expectTypeOf<keyof (typeof dropped.articles)[0]>().toEqualTypeOf<
    "id" | "authorId" | "title" | "published" | "createdAt" | "size"
  >();

  // What is known only when it is asked may be missing.
  const { articles: unsure, total: maybe } = await api.get("articles", {
    countTotal: perhaps,
    columns: { id: true, title: perhaps },
    with: { author: perhaps, reviewer: false },
  });
  expectTypeOf(unsure).toEqualTypeOf<
    { id: string; title?: string; author?: { id: number; name: string } }[]
  >();
  expectTypeOf(maybe).toEqualTypeOf<number | undefined>();
  const question: ReadQuestion<Api, "articles"> = {};
  expectTypeOf((await api.get("articles", question)).articles).items.toHaveProperty("title");

  // One row, or null; a resource that always answers one.
  const first = await api.first("articles", { columns: { id: true }, where: { id: "a" } });
  expectTypeOf(first).toEqualTypeOf<{ articles: { id: string } | null; total: number }>();
  expectTypeOf(await api.first("me", { columns: { id: true } })).toEqualTypeOf<{
    me: { id: number } | null;
  }>();

  // Counts alone, and rows of relations alone.
  expectTypeOf(await api.get("samples", { columns: false })).toEqualTypeOf<{ count: number }>();
  const parents = await api.get("samples", { columns: { id: true }, with: { children: true } });
  expectTypeOf(parents.samples).toEqualTypeOf<
    { id: number; children: {}[]; $more?: readonly "children"[] }[]
  >();

  // Every kind of value.
  const { samples } = await api.get("samples");
  expectTypeOf(samples[0]!).toEqualTypeOf<{
    id: number;
    parentId: number | null;
    text: string | null;
    choice: "a" | "b" | null;
    json: unknown;
    integer: number | null;
    flag: boolean | null;
    seconds: string | null;
    millis: string | null;
    real: number | null;
    decimal: string | null;
    number: number | null;
    numericBig: string | null;
    big: string | null;
    bytes: string | null;
    blobJson: unknown;
    point: { x: number; y: number } | null;
  }>();
  expectTypeOf<RowOf<Api, "remarks", "GET", { columns: { text: true } }>>().toEqualTypeOf<{ text: string }>();
}

/* Who asks decides the rule, which is not known here: what only some rules let out may be missing. A scope narrows them. */

export async function roles(): Promise<void> {
  const { people } = await api.get("people");
  expectTypeOf(people).toEqualTypeOf<
    {
      id: number;
      name: string;
      email?: string;
      secret?: string;
      role?: "writer" | "editor";
      mentorId?: number | null;
    }[]
  >();
  const named = await api.get("people", { columns: { secret: true } });
  expectTypeOf(named.people).toEqualTypeOf<{ secret: string }[]>();
  const mine = await api.get("people", { mine: true });
  expectTypeOf(mine.people).toEqualTypeOf<{ id: number; name: string; email: string }[]>();
  const guests = await api.get("people", { guest: true });
  expectTypeOf(guests.people).toEqualTypeOf<{ id: number; name: string }[]>();
  // @ts-expect-error the rule for one's own shows no secret
  await api.get("people", { mine: true, columns: { id: true, secret: true } });
  // @ts-expect-error the rule for guests forbids filters
  await api.get("people", { guest: true, where: { id: 1 } });
  await api.get("people", { where: { id: 1 } });
  // @ts-expect-error the rule that names the relation has no `select`, so nobody reads by it
  await api.get("people", { with: { articles: true } });
  // @ts-expect-error there is neither a rule for one's own nor one for all
  await api.post("articles", { title: "a" }, { mine: true });
  await api.post("articles", { title: "a" }, { "mine|guest": true });
}

/* Names. */

export async function names(): Promise<void> {
  // @ts-expect-error there is no such resource
  await api.get("article");
  // @ts-expect-error no rule lets anybody delete people
  await api.delete("people");
  // @ts-expect-error people are always a list
  await api.first("people");
  // @ts-expect-error one is always one
  await api.get("me");
  // @ts-expect-error every rule hides the body
  await api.get("articles", { columns: { body: true } });
  // @ts-expect-error every rule hides the body, whatever stands beside it
  await api.get("articles", { columns: { id: true, body: true } });
  // @ts-expect-error there is no column `titel`
  await api.get("articles", { columns: { titel: false } });
  // @ts-expect-error a column is asked for with true or dropped with false
  await api.get("articles", { columns: { title: 1 } });
  // @ts-expect-error what is hidden is not sorted by
  await api.get("articles", { orderBy: { body: "asc" } });
  // @ts-expect-error nobody sorts by computed fields
  await api.get("articles", { orderBy: { shout: "asc" } });
  // @ts-expect-error `up` is no direction
  await api.get("articles", { orderBy: { title: "up" } });
  // @ts-expect-error what is hidden is not filtered by
  await api.get("articles", { where: { body: "x" } });
  // @ts-expect-error nobody filters by computed fields
  await api.get("articles", { where: { "shout.like": "x" } });
  // @ts-expect-error there is no operator `lke`
  await api.get("articles", { where: { "title.lke": "x" } });
  // @ts-expect-error only texts have patterns
  await api.get("articles", { where: { "views.like": "x" } });
  // @ts-expect-error like takes a string
  await api.get("articles", { where: { "title.like": 5 } });
  // @ts-expect-error there is no column `titel`, at no depth
  await api.get("articles", { where: [{ title: "a" }, { NOT: { OR: [{ titel: "a" }] } }] });
  // @ts-expect-error a condition that went missing would let more rows through
  await api.get("articles", { where: { title: undefined } });
  // @ts-expect-error so would one that may go missing
  await api.get("articles", { where: { OR: [{ title: Math.random() > 0.5 ? "a" : undefined }] } });
  // @ts-expect-error the part is called `limit`
  await api.get("articles", { limt: 5 });
  // @ts-expect-error the parts stand in the question itself
  await api.get("articles", { select: { limit: 5 } });
  // @ts-expect-error a limit is a number
  await api.get("articles", { limit: "5" });
  // @ts-expect-error `first` is a method
  await api.get("articles", { findFirst: true });
  // @ts-expect-error the request's options are the third
  await api.get("articles", { signal: AbortSignal.timeout(5) });
  await api.get("articles", {}, { signal: AbortSignal.timeout(5), headers: {}, credentials: "include" });
  // @ts-expect-error the method is the function's
  await api.get("articles", {}, { method: "PUT" });
}

/* The types of questions, for variables and functions, refuse what a call refuses. */

type Where = NonNullable<ReadQuestion<Api, "articles">["where"]>;

export async function standalone(key: string, column: "title" | "views"): Promise<void> {
  const where: Where = { "title.like": "a%", OR: [{ views: 1 }, [{ NOT: { "views.in": [1, 2] as const } }]] };
  await api.get("articles", { where });
  await api.first("articles", { where: [where, { id: "a" }] });
  const list: Where = [{ title: "a" }, { title: "b" }] as const;
  const question: ReadQuestion<Api, "articles"> = {
    columns: { title: true },
    where: list,
    orderBy: { title: 1 },
    with: { author: { columns: { name: true } }, comments: { where: { text: "x" }, limit: 1 } },
  };
  expectTypeOf((await api.get("articles", question)).articles).items.toHaveProperty("title");

  // @ts-expect-error there is no column `titel`
  void ({ titel: "a" } satisfies Where);
  // @ts-expect-error nor is there one if its name is computed
  void ({ ["titel"]: "a" } satisfies Where);
  // @ts-expect-error a key known at run time only is checked by nobody
  void ({ [key]: "a" } satisfies Where);
  // @ts-expect-error nor beside others
  void ({ title: "a", [key]: 5 } satisfies Where);
  // @ts-expect-error what is hidden is not filtered by
  void ({ body: "a" } satisfies Where);
  // @ts-expect-error nobody filters by computed fields
  void ({ "shout.like": "a" } satisfies Where);
  // @ts-expect-error there is no operator `lke`
  void ({ "title.lke": "a" } satisfies Where);
  // @ts-expect-error only texts have patterns
  void ({ "views.like": "a" } satisfies Where);
  // @ts-expect-error views are a number
  void ({ views: "5" } satisfies Where);
  // @ts-expect-error a condition that may be undefined would let more rows through
  void ({ title: key === "" ? key : undefined } satisfies Where);
  // @ts-expect-error there is no column `titel`, at no depth
  void ([{ NOT: { OR: [{ titel: "a" }] } }] satisfies Where);

  type Question = ReadQuestion<Api, "articles">;
  // @ts-expect-error the part is called `limit`
  void ({ limt: 5 } satisfies Question);
  // @ts-expect-error every rule hides the body
  void ({ columns: { body: true } } satisfies Question);
  // @ts-expect-error there is no column `titel`
  void ({ orderBy: { titel: 1 } } satisfies Question);
  // @ts-expect-error the rule refuses it
  void ({ with: { tags: true } } satisfies Question);
  // @ts-expect-error one row has no limit
  void ({ with: { author: { limit: 1 } } } satisfies Question);
  // @ts-expect-error the relation's rule hides it
  void ({ with: { comments: { where: { hidden: true } } } } satisfies Question);
  // @ts-expect-error new rows are not filtered
  void ({ where: { id: "a" } } satisfies PostQuestion<Api, "articles">);
  // @ts-expect-error changes have no limit
  void ({ limit: 1 } satisfies ChangeQuestion<Api, "articles", "PATCH">);

  // In a call.
  // @ts-expect-error there is no column `titel`
  await api.get("articles", { where: { ["titel"]: "a" } });
  // @ts-expect-error a key known at run time only is checked by nobody
  await api.get("articles", { where: { [key]: "a" } });
  // @ts-expect-error nor deeper down
  await api.get("articles", { where: { OR: [{ title: "a" }, { [key]: "a" }] } });
  // @ts-expect-error nor in a relation
  await api.get("articles", { with: { comments: { where: { [key]: "a" } } } });
  const typo = { where: { titel: "a" } };
  // @ts-expect-error nor does it matter where the filter comes from
  await api.get("articles", typo);
  // What is sorted by, or shown, may be known at run time only: such a name changes no rows.
  await api.get("articles", { orderBy: { [column]: "asc" }, columns: { [column]: true } });
  // @ts-expect-error `up` is no direction of any column
  await api.get("articles", { orderBy: { [column]: "up" } });
  // @ts-expect-error a column is asked for with true or dropped with false
  await api.get("articles", { columns: { [column]: 1 } });
}

/* Relations. */

export async function relations(): Promise<void> {
  // @ts-expect-error the rule refuses it
  await api.get("articles", { with: { tags: true } });
  await api.get("articles", { with: { tags: false } });
  // @ts-expect-error there is no such relation
  await api.get("articles", { with: { user: true } });
  // @ts-expect-error the relation's rule hides it
  await api.get("articles", { with: { author: { columns: { email: true } } } });
  // @ts-expect-error no rule names it there
  await api.get("articles", { with: { author: { with: { articles: true } } } });
  // @ts-expect-error one row has no order
  await api.get("articles", { with: { author: { orderBy: { id: 1 } } } });
  // @ts-expect-error the relation's rule hides it, so it is not filtered by
  await api.get("articles", { with: { comments: { where: { hidden: true } } } });
  // @ts-expect-error a relation has no total
  await api.get("articles", { with: { comments: { countTotal: true } } });
  await api.get("articles", {
    with: {
      // @ts-expect-error what is hidden is hidden all the way down
      comments: { with: { author: { columns: { name: true, id: true } } } },
    },
  });
}

/* Writing. */

export async function writes(when: Date | string | number, perhaps: boolean): Promise<void> {
  const made = await api.post("articles", [{ title: "a", createdAt: when }, { title: "b" }], {
    columns: { id: true },
  });
  expectTypeOf(made).toEqualTypeOf<{
    articles: { id: string }[];
    rowsAffected: number;
    count: number;
    total: number;
  }>();
  const met = await api.post(
    "articles",
    { title: "a" },
    { columns: { id: true }, onConflict: { target: ["title"], update: ["title"] } },
  );
  expectTypeOf(met.inserted).toEqualTypeOf<number>();
  await api.post("articles", [{ title: "a" }], { onConflict: { target: ["title"], ignore: true } });
  // @ts-expect-error the rule lets nobody write it
  await api.post("articles", { title: "a" }, { onConflict: { target: ["authorId"] } });
  // @ts-expect-error there is no column `titel`
  await api.post("articles", { title: "a" }, { onConflict: { target: ["title"], update: ["titel"] } });
  // @ts-expect-error by which key?
  await api.post("articles", { title: "a" }, { onConflict: { update: ["title"] } });
  // @ts-expect-error a change names its rows itself
  await api.patch("articles", { title: "a" }, { where: { id: "a" }, onConflict: { target: ["title"] } });
  // @ts-expect-error the rule lets nobody write it
  await api.post("articles", { title: "a", authorId: 1 });
  // @ts-expect-error there is no column `titel`, in a list either
  await api.post("articles", [{ title: "a" }, { titel: "a" }]);
  // @ts-expect-error a title is a text
  await api.post("articles", { title: 5 });
  // @ts-expect-error a title is not null
  await api.post("articles", { title: null });
  // @ts-expect-error new rows are not filtered
  await api.post("articles", { title: "a" }, { where: { id: "a" } });

  // Without a rule that puts something in, what must have a value is required; what the server makes is not writable.
  expectTypeOf<PostBody<Api, "remarks">>().toEqualTypeOf<{
    readonly articleId: string;
    readonly authorId: number;
    readonly text: string;
    readonly hidden?: boolean | undefined;
  }>();
  await api.post("remarks", { articleId: "a", authorId: 1, text: "b" });
  // @ts-expect-error a remark needs a text
  await api.post("remarks", { articleId: "a", authorId: 1 });
  // @ts-expect-error the server makes the key
  await api.post("remarks", { id: 1, articleId: "a", authorId: 1, text: "b" });
  await api.post("samples", { big: 5n, bytes: new Uint8Array(1), seconds: 5, json: { a: [1] }, text: null });
  // @ts-expect-error a key is not changed
  await api.patch("samples", { id: 5 });
  // @ts-expect-error a change is one object
  await api.patch("samples", [{ text: "a" }]);

  // Rows come back where the rule has `select`.
  const remark = await api.post("remarks", { articleId: "a", authorId: 1, text: "b" });
  expectTypeOf(remark).toEqualTypeOf<{ rowsAffected: number; count: number }>();
  const changed = await api.patch("articles", { title: "b" }, { where: { id: "a" } });
  expectTypeOf(changed).toEqualTypeOf<{
    articles?: { id: string }[];
    rowsAffected: number;
    count: number;
    total: number;
  }>();
  const gone = await api.delete("articles", { mine: true, where: { "id.in": ["a", "b"] } });
  expectTypeOf(gone).toEqualTypeOf<{ rowsAffected: number; count: number; total: number }>();
  // @ts-expect-error a rule without `select` lets the key be filtered by, and nothing else
  await api.delete("articles", { where: { title: "a" } });
  // @ts-expect-error a filter that may be undefined would change every row
  await api.delete("articles", { where: perhaps ? { id: "a" } : undefined });
  const forwarded = async (question: ChangeQuestion<Api, "articles", "DELETE">) =>
    api.delete("articles", question);
  await forwarded({ mine: true, where: { id: "a" } });
  // @ts-expect-error a filter that may be undefined would change every row, also on its way through a function
  await forwarded({ where: perhaps ? { id: "a" } : undefined });
  // @ts-expect-error changes have no limit
  await api.delete("articles", { limit: 1 });
  // @ts-expect-error nothing comes back under this rule
  await api.delete("articles", { columns: { id: true } });
}

/* A body needs what must have a value, unless its rule provides it. */

const validated = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => ({ value }),
    types: undefined as
      | { input: { text: string; authorId?: number }; output: { text: string; authorId: number } }
      | undefined,
  },
} as const;
interface Draft {
  readonly articleId: string;
  readonly text?: string;
}
const remark = { table: "comment" } as const;
const bodies = {
  spread: {
    ...remark,
    control: { POST: { all: { injectBody: (body, { me }) => ({ ...body, authorId: me }) } } },
  },
  later: {
    ...remark,
    control: { POST: { all: { injectBody: async (body, { me }) => ({ authorId: me, ...body }) } } },
  },
  typed: {
    ...remark,
    control: {
      POST: { all: { injectBody: (body: Draft, { me }) => ({ text: "-", ...body, authorId: me }) } },
    },
  },
  picked: {
    ...remark,
    control: { POST: { all: { injectBody: ({ extra, ...body }) => ({ ...body, text: `${extra}` }) } } },
  },
  changed: {
    ...remark,
    control: {
      POST: {
        all: {
          injectBody: (body, { me }) => {
            body["authorId"] = me;
            return body;
          },
        },
      },
    },
  },
  anything: { ...remark, control: { POST: { all: { injectBody: (body: any) => ({ ...body }) } } } },
  hooked: { ...remark, control: { POST: { all: { beforeQuery: ({ body }) => void (body.authorId = 1) } } } },
  checked: { ...remark, control: { POST: { all: { validateBody: validated } } } },
  both: {
    ...remark,
    control: {
      POST: {
        all: { validateBody: validated, injectBody: (body, { me }) => ({ ...body, articleId: String(me) }) },
      },
    },
  },
  twice: {
    ...remark,
    control: { POST: { writer: { injectBody: (body, { me }) => ({ ...body, authorId: me }) }, editor: {} } },
  },
  named: {
    ...remark,
    control: {
      POST: {
        all: { write: { columns: ["text"] }, injectBody: (body, { me }) => ({ ...body, authorId: me }) },
      },
    },
  },
  own: {
    table: "sample",
    control: { PATCH: { all: { requireWhere: true } }, DELETE: { all: { requireWhere: true } } },
  },
} satisfies ACL<"writer" | "editor", Session, object, typeof schema>;
type Bodies = InferApi<typeof bodies, typeof schema>;
type Wants<R extends string> = keyof {
  [K in keyof PostBody<Bodies, R> as {} extends Pick<PostBody<Bodies, R>, K> ? never : K]: true;
};

expectTypeOf<Wants<"spread">>().toEqualTypeOf<"articleId" | "text">();
expectTypeOf<Wants<"later">>().toEqualTypeOf<"articleId" | "text">();
expectTypeOf<Wants<"typed">>().toEqualTypeOf<"articleId">();
expectTypeOf<Wants<"picked">>().toEqualTypeOf<"articleId" | "authorId">();
expectTypeOf<Wants<"changed">>().toEqualTypeOf<never>();
expectTypeOf<Wants<"anything">>().toEqualTypeOf<never>();
expectTypeOf<Wants<"hooked">>().toEqualTypeOf<never>();
expectTypeOf<Wants<"checked">>().toEqualTypeOf<"articleId" | "text">();
expectTypeOf<Wants<"both">>().toEqualTypeOf<"text">();
expectTypeOf<Wants<"twice">>().toEqualTypeOf<"articleId" | "text">();
expectTypeOf<Wants<"named">>().toEqualTypeOf<"text">();

interface Remark {
  articleId: string;
  text: string;
}
export async function required(remark: Remark, partly: { articleId: string; text?: string }): Promise<void> {
  const client = createQueryClient<Bodies>();
  await client.post("spread", { articleId: "a", text: "b" });
  await client.post("spread", [{ articleId: "a", text: "b" }, remark] as const);
  // @ts-expect-error a remark needs a text
  await client.post("spread", { articleId: "a" });
  // @ts-expect-error each of them does
  await client.post("spread", [remark, { articleId: "a" }]);
  // @ts-expect-error one that may be missing is not there
  await client.post("spread", partly);
  // @ts-expect-error there is no column `txt`
  await client.post("spread", { articleId: "a", text: "b", txt: "c" });
  await api.patch("samples", { choice: "a" });
  // @ts-expect-error there is no column `txt`, also beside one with a few values
  await api.patch("samples", { choice: "a", txt: "c" });
  // @ts-expect-error there is no choice `c`
  await api.patch("samples", { choice: "c" });
  // @ts-expect-error there is no column `txt`
  void ({ txt: "a" } satisfies PatchBody<Api, "samples">);
}

/* Where every rule wants a filter, a change without one does not compile. */

export async function filtered(perhaps: { where?: { id: number } }): Promise<void> {
  const client = createQueryClient<Bodies>();
  await client.delete("own", { where: { id: 1 } });
  await client.patch("own", { text: "a" }, { where: { "id.in": [1, 2] }, countTotal: true });
  // @ts-expect-error every rule wants a filter
  await client.delete("own");
  // @ts-expect-error flags are none
  await client.delete("own", { countTotal: true });
  // @ts-expect-error one that may be missing is none
  await client.delete("own", perhaps);
  // @ts-expect-error every rule wants a filter
  await client.patch("own", { text: "a" });
  // @ts-expect-error every rule wants a filter
  await client.patch("own", { text: "a" }, {});
  // @ts-expect-error every rule wants a filter
  void ({ countTotal: true } satisfies ChangeQuestion<Bodies, "own", "DELETE">);
  const question: ChangeQuestion<Bodies, "own", "DELETE"> = { where: { id: 1 } };
  await client.delete("own", question);
  // Only some rules for articles want one; the one for one's own does.
  await api.patch("articles", { title: "a" });
  // @ts-expect-error that one wants a filter
  await api.patch("articles", { title: "a" }, { mine: true });
}

/* Where the API's type is `any`, as an import that was not found leaves it, nothing is checked. */

export async function untyped(question: Remark): Promise<void> {
  const client = createQueryClient<any>();
  expectTypeOf(await client.get("a", { where: { b: 1 }, c: 2 })).toBeAny();
  expectTypeOf(await client.first("a")).toBeAny();
  expectTypeOf(await client.post("a", { b: 1 })).toBeAny();
  expectTypeOf(await client.post("a", [question], { columns: { b: true } })).toBeAny();
  expectTypeOf(await client.patch("a", question, question)).toBeAny();
  expectTypeOf(await client.delete("a")).toBeAny();
  expectTypeOf(await createQueryClient<InferApi<any, typeof schema>>().get("a", { b: 1 })).toBeAny();
  expectTypeOf(await createQueryClient<InferApi<typeof rules, any>>().get("a", { b: 1 })).toBeAny();
  expectTypeOf<RowOf<any, "a">>().toBeAny();
  expectTypeOf<ReadQuestion<any, "a">>().toBeAny();
  expectTypeOf<PostBody<any, "a">>().toBeAny();
  expectTypeOf(
    await queryOptions(client)
      .get("a", { b: 1 })
      .queryFn({ signal: AbortSignal.timeout(5) }),
  ).toBeAny();
  await mutationOptions(client)
    .patch("a")
    .mutationFn({ where: { b: 1 }, body: question });
}

/* A query's key is tagged with the answer: the cache knows what it holds. */

export function cached(cache: QueryClient): void {
  const { queryKey } = queryOptions(api).get("articles", { columns: { id: true }, countTotal: false });
  interface Cached {
    articles: { id: string }[];
    count: number;
    more?: true;
  }
  cache.setQueryData(queryKey, (old) => {
    expectTypeOf(old).toEqualTypeOf<Cached | undefined>();
    return old && { ...old, count: old.count + 1 };
  });
  expectTypeOf(cache.getQueryData(queryKey)).toEqualTypeOf<Cached | undefined>();
  // @ts-expect-error a count is a number
  cache.setQueryData(queryKey, { articles: [], count: "1" });
}

/* Answers an author shapes are unknown, unless the API's type says what they are. */

export async function shaped(): Promise<void> {
  expectTypeOf(await api.get("report")).toEqualTypeOf<unknown>();
  expectTypeOf(await api.get("weekly")).toEqualTypeOf<{ weeks: number[] }>();
}

/* The same function gives the manual's client, told apart by its type arguments. */

export async function manual(): Promise<void> {
  const client = createQueryClient<typeof schema, unknown>();
  expectTypeOf((await client.Get<"article", "articles">("/query/articles")).articles[0]!.title).toEqualTypeOf<
    string | undefined
  >();
  // @ts-expect-error a schema alone does not say what a resource lets out
  void client.get;
  // @ts-expect-error a client that knows the rules asks by resource
  void api.Get;
}

/* The API's type itself. */

// @ts-expect-error there is no resource of that name
export type Misnamed = InferApi<typeof rules, typeof schema, { monthly: number }>;
// @ts-expect-error the rules come first
export type Swapped = InferApi<typeof schema, typeof rules>;
// @ts-expect-error a schema alone says nothing of resources: with a database beside it, it does
createQueryClient<typeof schema>();

/* A type in a JSON column keeps its lists, and a column whose name has a dot its operators. */

const odd = sqliteTable("odd", {
  id: integer("id").primaryKey(),
  meta: text("meta", { mode: "json" }).$type<{ tags: string[] }>().notNull(),
  "a.b": text("a_b").notNull(),
});
const oddRules = {
  odd: { table: "odd", control: { GET: { all: { select: true } }, POST: { all: { select: true } } } },
} satisfies ACL<string, object, object, { odd: typeof odd }>;
export async function oddities(): Promise<void> {
  const odds = createQueryClient<InferApi<typeof oddRules, { odd: typeof odd }>>();
  const found = await odds.get("odd", {
    columns: { meta: true },
    where: { meta: { tags: ["a"] }, "a.b": "x", "a.b.like": "y%" },
  });
  expectTypeOf(found.odd).toEqualTypeOf<{ meta: { tags: string[] } }[]>();
  await odds.post("odd", { meta: { tags: ["a"] }, "a.b": "x" });
  // @ts-expect-error tags are strings
  await odds.post("odd", { meta: { tags: [1] }, "a.b": "x" });
}

/* Values of which there are few keep their types wherever they stand, and so the question is known. */

const job = sqliteTable("job", {
  id: integer("id").primaryKey(),
  status: text("status", { enum: ["open", "done"] }).notNull(),
  level: integer("level").$type<1 | 2 | 3>().notNull(),
  urgent: integer("urgent", { mode: "boolean" }).notNull(),
  due: integer("due", { mode: "timestamp_ms" }),
  plan: text("plan", { mode: "json" }).$type<{ mode: "x" | "y"; steps: ("x" | "y")[]; at: [number, "x"] }>(),
  parentId: integer("parent_id").notNull(),
});
const jobSchema = {
  job,
  jobRelations: related(job, ({ one, many }) => ({
    parent: one(job, { fields: [job.parentId], references: [job.id], relationName: "parts" }),
    parts: many(job, { relationName: "parts" }),
  })),
};
const jobRule = { select: true, with: { parts: { select: true, with: { parts: true } } } } as const;
const jobRules = {
  jobs: {
    table: "job",
    control: {
      GET: { all: jobRule },
      POST: { all: jobRule },
      PATCH: { all: jobRule },
      DELETE: { all: jobRule },
    },
  },
} satisfies ACL<string, object, object, typeof jobSchema>;

interface Jobs {
  jobs: { id: number }[];
  count: number;
  more?: true;
}
const jobs = createQueryClient<InferApi<typeof jobRules, typeof jobSchema>>();
const columns = { id: true } as const;

export async function few(perhaps: boolean, list: readonly ("open" | "done")[]): Promise<void> {
  const read = [
    await jobs.get("jobs", { columns, where: { "status.in": ["open"] } }),
    await jobs.get("jobs", { columns, where: { "status.notIn": ["open", "done"] } }),
    await jobs.get("jobs", { columns, where: { "status.between": ["done", "open"] } }),
    await jobs.get("jobs", { columns, where: { "level.in": [1, 2], "level.between": [1, 3] } }),
    await jobs.get("jobs", { columns, where: { "urgent.in": [true], "due.in": [new Date(), 5] } }),
    await jobs.get("jobs", { columns, where: { "id.between": [1, 2] } }),
    await jobs.get("jobs", { columns, where: { "due.between": [new Date(), "2020-01-01"] } }),
    await jobs.get("jobs", { columns, where: { plan: { mode: "x", steps: ["y"], at: [1, "x"] } } }),
    await jobs.get("jobs", { columns, where: { OR: [{ status: "open" }, { level: 1 }] } }),
    await jobs.get("jobs", { columns, where: [{ NOT: { AND: [{ "status.in": ["open"] }] } }] }),
    await jobs.get("jobs", { columns, where: { "status.in": [...list, "open"] } }),
    await jobs.get("jobs", { columns, where: { "status.in": perhaps ? ["open"] : list } }),
    await jobs.get("jobs", { columns, ...(perhaps && { where: { "status.in": ["open"] } }) }),
    await queryOptions(jobs)
      .get("jobs", { columns, where: { "status.in": ["open"] } })
      .queryFn({ signal: AbortSignal.timeout(5) }),
  ] as const;
  expectTypeOf<(typeof read)[number]>().toEqualTypeOf<Jobs>();
  const first = await jobs.first("jobs", { columns, where: { "status.in": ["open"] } });
  expectTypeOf(first).toEqualTypeOf<{ jobs: { id: number } | null }>();
  const nested = await jobs.get("jobs", {
    columns,
    with: {
      parts: {
        columns,
        where: { status: "open", "level.in": [1] },
        with: { parts: { columns: { due: true }, where: { OR: [{ "status.in": ["open"] }] } } },
      },
    },
  });
  expectTypeOf(nested.jobs).toEqualTypeOf<
    {
      id: number;
      parts: { id: number; parts: { due: string | null }[]; $more?: readonly "parts"[] }[];
      $more?: readonly "parts"[];
    }[]
  >();

  const job = { status: "open", level: 1, urgent: true, parentId: 1 } as const;
  const written = [
    await jobs.post("jobs", { ...job, plan: { mode: "x", steps: ["y"], at: [1, "x"] } }, { columns }),
    await jobs.post("jobs", [job, { ...job, plan: { mode: "x", steps: ["y"], at: [1, "x"] } }], { columns }),
    await jobs.patch("jobs", { status: "done" }, { columns, where: { "status.in": ["open"] } }),
    await jobs.delete("jobs", { columns, where: { "status.in": ["open"] } }),
  ] as const;
  expectTypeOf<(typeof written)[number]>().toEqualTypeOf<{
    jobs: { id: number }[];
    rowsAffected: number;
    count: number;
  }>();
  const made = await jobs.post("jobs", job, {
    columns,
    with: { parts: { columns, where: { "status.in": ["open"] } } },
  });
  expectTypeOf(made.jobs).toEqualTypeOf<
    { id: number; parts: { id: number }[]; $more?: readonly "parts"[] }[]
  >();
  const gone = await mutationOptions(jobs)
    .delete("jobs", { columns, with: { parts: { columns, where: { "status.in": ["open"] } } } })
    .mutationFn({ where: { "status.in": ["open"] } });
  expectTypeOf(gone.jobs).toEqualTypeOf<
    { id: number; parts: { id: number }[]; $more?: readonly "parts"[] }[]
  >();

  // @ts-expect-error there is no status `opn`
  await jobs.get("jobs", { where: { "status.in": ["opn"] } });
  // @ts-expect-error there is no status `opn`, at no depth
  await jobs.get("jobs", { with: { parts: { where: { OR: [{ "status.in": ["open", "opn"] }] } } } });
  // @ts-expect-error any text is no status
  await jobs.get("jobs", { where: { "status.in": ["open"].map((status) => status) } });
  // @ts-expect-error between takes a pair
  await jobs.get("jobs", { where: { "level.between": [1, 2, 3] } });
  // @ts-expect-error there is no mode `z`
  await jobs.get("jobs", { where: { plan: { mode: "z", steps: ["y"], at: [1, "x"] } } });
  // @ts-expect-error there is no column `nope`, whatever stands beside it
  await jobs.get("jobs", { columns: { nope: true }, where: { "status.in": ["open"] } });
  // @ts-expect-error there is no column `nope`, in a change either
  await jobs.delete("jobs", { columns: { nope: true }, where: { "status.in": ["open"] } });
  // @ts-expect-error there is no relation `nope`, whatever stands beside it
  await jobs.get("jobs", { with: { nope: true }, where: { "id.between": [1, 2] } });
}

/* Rows that are written with others. */

const nestedAcl = {
  articles: {
    table: "article",
    control: {
      POST: { all: { select: true, write: true, nest: { comments: "comments", author: "authors" } } },
      PATCH: { all: { select: true, nest: { comments: "comments", author: "authors" } } },
    },
  },
  comments: {
    table: "comment",
    control: {
      POST: { all: { select: true } },
      PATCH: { all: { select: { mode: true, columns: ["id"] } } },
      DELETE: { all: { select: true } },
    },
  },
  authors: { table: "author", control: { GET: { all: { select: true } }, POST: { all: { select: true } } } },
} satisfies ACL<string, object, object, typeof schema>;

export async function nested(): Promise<void> {
  const api = createQueryClient<InferApi<typeof nestedAcl, typeof schema>>("http://localhost:4000");
  // What it refers to is written with it: its column is not asked for.
  await api.post("articles", {
    title: "a",
    author: { create: { name: "x" } },
    comments: [{ text: "b", authorId: 1 }],
  });
  // @ts-expect-error -- without that it is
  await api.post("articles", { title: "a", comments: [{ text: "b", authorId: 1 }] });
  // @ts-expect-error -- no column of comments
  await api.patch("articles", { comments: [{ txt: "b" }] }, { where: { id: "a" } });
  // @ts-expect-error -- a value of another type
  await api.patch("articles", { comments: { create: [{ text: 7 }] } }, { where: { id: "a" } });
  // @ts-expect-error -- a new row has nothing to part from
  await api.post("articles", { title: "a", authorId: 1, comments: { disconnect: [{ id: 1 }] } });
  await api.patch(
    "articles",
    {
      comments: {
        disconnect: [{ id: 1 }],
        delete: [{ id: 2 }, { "text.like": "a%" }],
        update: [{ where: { id: 3 }, body: { text: "c" } }],
      },
    },
    { where: { id: "a" } },
  );
  // @ts-expect-error -- not let out by the rule that changes them
  await api.patch("articles", { comments: { disconnect: [{ text: "b" }] } }, { where: { id: "a" } });
  await api.patch("articles", { author: { disconnect: true } }, { where: { id: "a" } });
  // @ts-expect-error -- a relation that no rule nests
  await api.patch("articles", { tags: [] }, { where: { id: "a" } });
}
