import { HttpError } from "@bepalo/query";
import { gt, inArray, sql } from "drizzle-orm";
import { z } from "zod";
import type { Rules, World } from "./rules.ts";

/** A Standard Schema written by hand, which takes its time. */
const LABELLED = {
  "~standard": {
    version: 1,
    vendor: "here",
    validate: async (value: unknown) => {
      await Promise.resolve();
      return typeof (value as { label?: unknown }).label === "string"
        ? { value }
        : { issues: [{ message: "label must be a text", path: [{ key: "label" }] }] };
    },
  },
} as const;

/** Rules under which rows are made, changed and removed. */
export function writing({ article, author, comment }: World): Rules {
  const own: {
    readonly select: true;
    readonly where: (context: { me?: number }, table: World["article"]) => ReturnType<typeof sql>;
  } = { select: true, where: ({ me }, t) => sql`${t.authorId} = ${me ?? null}` };
  const told = {
    select: { columns: ["id", "title", "views"] },
    extras: {
      loud: sql<string>`upper(${article.title})`.as("loud"),
      commentCount: sql<number>`(select count(*) from ${comment} where ${comment.articleId} = ${article.id})`
        .mapWith(Number)
        .as("commentCount"),
    },
    with: {
      author: { select: { columns: ["name"] } },
      comments: {
        select: { columns: ["id", "text"] },
        where: (_: unknown, t: World["comment"]) => sql`${t.hidden} = ${false}`,
      },
    },
  } as const;
  const discussed = (by: number) => (_: unknown, t: World["article"]) =>
    sql`exists (select 1 from ${comment} where ${comment.articleId} = ${t.id} and ${comment.authorId} = ${by})`;
  return {
    own: { table: "article", control: { POST: { mine: own }, PATCH: { mine: own }, DELETE: { mine: own } } },
    told: { table: "article", control: { POST: { all: told }, PATCH: { all: told }, DELETE: { all: told } } },
    labels: {
      table: "tag",
      control: {
        POST: { all: { select: true, write: true } },
        PATCH: { all: { select: true, write: true } },
        DELETE: { all: { select: true } },
      },
    },
    closedLabels: {
      table: "tag",
      control: {
        POST: {
          all: { select: true, write: true, where: () => false },
          editor: { select: true, write: true, check: () => undefined },
          writer: { select: true, write: true, ensure: () => false },
        },
        PATCH: {
          all: { select: true, where: () => false },
          editor: { select: true, where: (_, t, { gt }) => gt(t.id, 1), check: () => false },
        },
      },
    },
    closedPairs: {
      table: "articleTag",
      control: { POST: { all: { select: true, write: true, where: () => null } } },
    },
    countedLabels: {
      table: "tag",
      countTotal: true,
      control: {
        GET: { all: { select: true, where: (_, t, { ne }) => ne(t.id, 1) } },
        POST: { all: { select: true, write: true } },
      },
    },
    notes: {
      table: "comment",
      control: {
        POST: { all: { select: true, with: { author: { select: { columns: ["name"] } } } } },
        PATCH: { all: { select: true } },
        DELETE: { all: { select: true } },
      },
    },
    pairs: {
      table: "articleTag",
      control: {
        POST: { all: { select: true, write: true, with: { tag: { select: { columns: ["label"] } } } } },
        DELETE: { all: { select: true } },
      },
    },
    people: {
      table: "author",
      control: {
        POST: {
          all: {
            select: { mode: false, columns: ["secret"] },
            write: { mode: false, columns: ["id", "secret", "role"] },
          },
        },
        PATCH: {
          all: {
            select: { columns: ["id", "name"] },
            where: (_, t, { eq }) => eq(t.secret, "s-ben"),
          },
        },
        DELETE: { all: { select: { columns: ["id"] } } },
      },
    },
    samples: {
      table: "sample",
      control: {
        GET: { all: { select: true, with: { parent: true, children: true } } },
        POST: { all: { select: true, write: true, with: { parent: true } } },
        PATCH: { all: { select: true, with: { children: true } } },
        DELETE: { all: { select: true } },
      },
    },
    products: {
      table: "product",
      control: {
        GET: { all: { select: true } },
        POST: { all: { select: true } },
        PATCH: {
          all: { select: true },
          editor: { select: true, injectBody: (body) => ({ ...body, version: 41 }) },
        },
      },
    },
    wides: {
      table: "wide",
      control: {
        POST: { all: { select: { columns: ["id", "f69" as "id"] }, write: true, maxBodySize: null } },
      },
    },
    blindly: {
      table: "article",
      countTotal: true,
      control: {
        POST: { all: {} },
        PATCH: { all: { where: (_, t, { eq }) => eq(t.authorId, 2) } },
        DELETE: { all: { where: (_, t, { eq }) => eq(t.authorId, 2) } },
      },
    },
    guarded: {
      table: "article",
      control: {
        PATCH: {
          all: { select: { columns: ["id"] }, requireWhere: true, maxAffected: 2 },
          editor: { select: { columns: ["id"] }, maxAffected: 0 },
        },
        DELETE: { all: { select: { columns: ["id"] }, requireWhere: true, maxAffected: 2 } },
      },
    },

    // checks
    lent: {
      table: "article",
      control: {
        POST: { mine: { ...own, check: true } },
        PATCH: {
          mine: { ...own, check: async ({ me }, t) => inArray(t.authorId, [me!, 1]) },
          editor: { ...own, check: true },
        },
      },
    },
    unknown: {
      table: "article",
      control: {
        POST: { all: { select: true, check: (_, t) => gt(t.rating, 2) } },
        PATCH: {
          all: { select: true, check: (_, t) => gt(t.rating, 2) },
          editor: { select: true, check: () => undefined },
          writer: { select: true, check: () => sql`null` },
        },
      },
    },
    argued: {
      table: "article",
      control: {
        PATCH: {
          all: { select: { columns: ["id"] }, where: discussed(2) },
          editor: { select: { columns: ["id"] }, where: () => true, check: discussed(2) },
        },
        DELETE: { all: { select: { columns: ["id"] }, where: discussed(3) } },
      },
    },
    edited: {
      table: "article",
      control: {
        POST: {
          all: {
            select: { columns: ["title"] },
            check: (_, t) =>
              sql`exists (select 1 from ${author} where ${author.id} = ${t.authorId} and ${author.role} = 'editor')`,
          },
        },
      },
    },
    distinct: {
      table: "article",
      control: Object.fromEntries(
        ["POST", "PATCH"].map((method) => [
          method,
          {
            all: {
              select: { columns: ["title"] },
              ensure: (_: unknown, t: World["article"]) =>
                sql`not exists (select 1 from ${article} as "other" where "other"."author_id" = ${t.authorId} and "other"."id" <> ${t.id} and "other"."title" = ${t.title})`,
            },
          },
        ]),
      ),
    },
    sameNames: {
      table: "comment",
      // Without its table's name `id = id` would be true of every row.
      control: Object.fromEntries(
        ["POST", "PATCH", "DELETE"].map((method) => [
          method,
          {
            all: {
              select: { columns: ["id"] },
              ...(method === "POST" && { write: true }),
              where: (_: unknown, t: World["comment"]) =>
                sql`exists (select 1 from ${author} where ${author.id} = ${t.id} and ${author.id} <> 2)`,
            },
          },
        ]),
      ),
    },

    // bodies
    small: {
      table: "comment",
      maxBodySize: 200,
      maxRows: 3,
      control: { POST: { all: { select: true } } },
    },
    validated: {
      table: "tag",
      control: {
        POST: {
          all: { select: true, write: true, validateBody: LABELLED },
          writer: {
            select: true,
            write: true,
            validateBody: z.strictObject({ id: z.number(), label: z.string().min(1).max(10) }),
          },
          editor: {
            select: true,
            write: true,
            validateBody: async (body, { role }) => {
              if ((body as { label?: unknown }).label === "refused")
                throw new HttpError(`not for an ${role}`, 422);
              return { ...(body as object), id: 77 };
            },
          },
        },
      },
    },
    injected: {
      table: "article",
      control: {
        POST: {
          writer: {
            select: { columns: ["id", "authorId", "title"] },
            write: { columns: ["title"] },
            injectBody: async (body, { me }) => ({ ...body, id: `by-${me}`, authorId: me }),
          },
        },
      },
    },
    injectedNull: {
      table: "tag",
      control: { PATCH: { all: { select: true, injectBody: () => ({ label: sql`null` }) } } },
    },
  };
}
