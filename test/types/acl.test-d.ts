// Checked by the compiler, never run: each line that must not compile says why.
import type {
  ACL,
  ColumnChoice,
  RelationRule,
  Room,
  Rule,
  RulesByMethod,
  StandardSchema,
} from "@bepalo/query";
import { sql } from "drizzle-orm";
import type * as schema from "../support/schema.ts";

interface Session {
  readonly me: number;
}

type Roles = "writer" | "editor";
type TestACL = ACL<Roles, Session, { draft?: string }, typeof schema>;

export const right = {
  articles: {
    table: "article",
    maxDepth: 2,
    maxLimit: null,
    maxOffset: 1_000,
    onSurpassMaxLimit: "Limit",
    countTotal: true,
    findFirst: false,
    formatResult: (_request, { resourceId, findFirst, result }) =>
      Response.json({ [resourceId]: findFirst ? result.rows : result.count }),
    control: {
      GET: {
        mine: {
          select: { mode: false, columns: new Set(["body"]) },
          extras: { shout: sql`upper(title)`.as("shout") },
          where: ({ me }, article, { eq }) => eq(article.authorId, me),
          orderBy: { createdAt: "desc", title: 1 },
          with: {
            author: { select: { columns: new Set(["name"]) }, with: { mentor: true } },
            comments: {
              select: true,
              maxOffset: null,
              where: (_context, comment, { eq }) => eq(comment.hidden, false),
            },
            tags: false,
          },
          beforeQuery: async ({ me, resourceId }) => void `${me} ${resourceId}`,
          afterQuery: ({ result }) => void result.count,
          onQueryError: (error) => Response.json({ error: error.name }, { status: 500 }),
        },
        writer: { select: true },
        guest: { select: { columns: ["title"] } },
        all: { select: false, extras: { count: sql`count(*)`.as("count") } },
      },
      POST: {
        mine: {
          validateBody: (body) => body,
          injectBody: (body, context) => {
            context.draft = body["draft"];
            return { ...body, authorId: context.me };
          },
          write: { columns: ["title", "body"] },
          check: async () => true,
          ensure: ({ me }, article, { eq }) => eq(article.authorId, me),
        },
      },
      PATCH: {
        mine: { where: () => undefined, check: true, ensure: true, requireWhere: true, maxAffected: 1 },
      },
      DELETE: { editor: { where: async () => null, requireWhere: true } },
    },
  },
} satisfies TestACL;

export const table = {
  // @ts-expect-error the schema has no table `articel`
  a: { table: "articel", control: {} },
} satisfies TestACL;

export const role = {
  // @ts-expect-error `admin` is no role of this application
  a: { table: "article", control: { GET: { admin: { select: true } } } },
} satisfies TestACL;

export const method = {
  // @ts-expect-error there is no method `FETCH`
  a: { table: "article", control: { FETCH: { all: { select: true } } } },
} satisfies TestACL;

export const ensured = {
  // @ts-expect-error a DELETE leaves no rows of which something could be asked
  a: { table: "article", control: { DELETE: { all: { ensure: () => true } } } },
} satisfies TestACL;

export const options = {
  // @ts-expect-error OPTIONS needs no rule: it lists what the others allow
  a: { table: "article", control: { OPTIONS: { all: { select: true } } } },
} satisfies TestACL;

export const column = {
  // @ts-expect-error an article has no column `titel`
  a: { table: "article", control: { GET: { all: { select: { columns: new Set(["titel"]) } } } } },
} satisfies TestACL;

export const otherTablesColumn = {
  // @ts-expect-error `email` is a column of the author, not of the article
  a: { table: "article", control: { GET: { all: { select: { columns: ["email"] } } } } },
} satisfies TestACL;

export const orderColumn = {
  // @ts-expect-error one cannot order by a column that is not there
  a: { table: "article", control: { GET: { all: { select: true, orderBy: { titel: "asc" } } } } },
} satisfies TestACL;

export const direction = {
  // @ts-expect-error a direction is asc, desc, 1 or -1
  a: { table: "article", control: { GET: { all: { select: true, orderBy: { title: "down" } } } } },
} satisfies TestACL;

export const relation = {
  // @ts-expect-error the relation is called `author`
  a: { table: "article", control: { GET: { all: { select: true, with: { user: { select: true } } } } } },
} satisfies TestACL;

export const nestedColumn = {
  a: {
    table: "article",
    // @ts-expect-error an author has no column `title`
    control: { GET: { all: { select: true, with: { author: { select: { columns: ["title"] } } } } } },
  },
} satisfies TestACL;

export const nestedTable = {
  a: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          // @ts-expect-error the table handed to the relation's `where` is the author's
          with: { author: { select: true, where: (_context, author, { eq }) => eq(author.title, "x") } },
        },
      },
    },
  },
} satisfies TestACL;

/* A mistake is reported where it is made, and against its own table: each directive covers the line of the mistake only. */

export const places = {
  a: {
    table: "comment",
    control: {
      GET: {
        all: {
          select: {
            // @ts-expect-error a comment has no column `title`; that an article has one does not matter
            columns: ["title"],
          },
          with: {
            author: {
              // @ts-expect-error an author has no column `title`
              select: { columns: ["title"] },
            },
          },
        },
      },
    },
  },
  b: {
    table: "tag",
    control: {
      GET: {
        // @ts-expect-error `admin` is no role
        admin: { select: true },
      },
    },
  },
} satisfies TestACL;

export const whereColumn = {
  a: {
    table: "article",
    // @ts-expect-error an article has no column `owner`
    control: { GET: { all: { select: true, where: ({ me }, article, { eq }) => eq(article.owner, me) } } },
  },
} satisfies TestACL;

export const sessionField = {
  a: {
    table: "article",
    control: {
      // @ts-expect-error the session has no `userId`
      GET: { all: { select: true, where: ({ userId }, article, { eq }) => eq(article.authorId, userId) } },
    },
  },
} satisfies TestACL;

export const whereAnswer = {
  // @ts-expect-error a filter answers SQL, a boolean or nothing
  a: { table: "article", control: { GET: { all: { select: true, where: () => "yes" } } } },
} satisfies TestACL;

export const validateOnGet = {
  // @ts-expect-error a GET has no body to validate
  a: { table: "article", control: { GET: { all: { select: true, validateBody: (body) => body } } } },
} satisfies TestACL;

export const injectOnDelete = {
  // @ts-expect-error a DELETE has no body to inject into
  a: { table: "article", control: { DELETE: { all: { injectBody: (body) => body } } } },
} satisfies TestACL;

export const requireWhereOnPost = {
  // @ts-expect-error a POST has no filter to require
  a: { table: "article", control: { POST: { all: { requireWhere: true } } } },
} satisfies TestACL;

export const misplaced = {
  // @ts-expect-error `select` stands in a rule, not in the entry
  a: { table: "article", select: true, control: {} },
} satisfies TestACL;

export const misspelt = {
  // @ts-expect-error the key is called `maxLimit`
  a: { table: "article", maxlimit: 5, control: {} },
} satisfies TestACL;

export const hookInRelation = {
  a: {
    table: "article",
    control: {
      // @ts-expect-error hooks run once a request, so a relation has none
      GET: { all: { select: true, with: { author: { select: true, beforeQuery: () => undefined } } } },
    },
  },
} satisfies TestACL;

export const forbidden = {
  // @ts-expect-error what can be forbidden is `limit`, not `limits`
  a: { table: "article", control: { GET: { all: { select: true, forbidQuery: { limits: true } } } } },
} satisfies TestACL;

export const extra = {
  // @ts-expect-error a computed field needs a name: sql`…`.as("name")
  a: { table: "article", control: { GET: { all: { select: true, extras: { n: sql`1` } } } } },
} satisfies TestACL;

export const offset = {
  // @ts-expect-error a limit is a number, or null for none
  a: { table: "article", maxOffset: "10", control: {} },
} satisfies TestACL;

export const costInRelation = {
  a: {
    table: "article",
    // @ts-expect-error the cost is that of the whole tree, so a relation has none of its own
    control: { GET: { all: { select: true, with: { author: { select: true, maxCost: 10 } } } } },
  },
} satisfies TestACL;

export const limit = {
  // @ts-expect-error a limit is a number, or null for none
  a: { table: "article", maxLimit: "10", control: {} },
} satisfies TestACL;

export const bodyOfAnotherShape = {
  a: {
    table: "article",
    control: {
      POST: {
        writer: { injectBody: ({ title }: { title: string }, { me }) => ({ title, authorId: me }) },
        editor: { injectBody: (body: unknown) => body },
        all: { injectBody: (body: any) => body },
      },
    },
  },
} satisfies TestACL;

export const bodyThatIsNone = {
  // @ts-expect-error a body is an object
  a: { table: "article", control: { POST: { all: { injectBody: (body: string) => body } } } },
} satisfies TestACL;

/* What public types are made of has a name. */

export const choice: ColumnChoice<"id" | "title"> = { columns: new Set(["id"]) };
export const nested: RelationRule<Session, typeof schema, "author"> = { select: { columns: ["name"] } };
export const top: Rule<Session, typeof schema, unknown, "article"> = { select: choice };
export const guarded: RulesByMethod<Session, typeof schema, unknown, "article">["DELETE"] = {
  requireWhere: true,
};
export const schemaOf = (schema: StandardSchema): string => schema["~standard"].vendor;
export const room: Room = "plan";
