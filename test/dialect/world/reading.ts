import { and, eq, gt, sql } from "drizzle-orm";
import type { Rules, World } from "./rules.ts";

const id = { select: { columns: ["id"] } } as const;
const TITLED = { select: { columns: ["id", "title"] } } as const;

/** Rules under which nothing is changed. */
export function reading({ article, articleTag, author, comment }: World): Rules {
  const comments = sql<number>`(select count(*) from ${comment} where ${comment.articleId} = ${article.id})`;
  const extras = {
    twice: sql<number>`${article.views} * 2`.as("twice"),
    shout: sql<string>`upper(${article.title})`.as("shout"),
    missing: sql<number | null>`${article.reviewerId} + 1`.as("missing"),
    quoted: sql<string>`'it''s'`.as("quoted"),
    bound: sql<number>`${article.views} + ${5}`.as("bound"),
    raw: sql.raw("length(articles.title)").as("raw") as never,
    hidden: sql<number>`${article.rating}`.as("hidden"),
    date: sql`${article.createdAt}`.mapWith(article.createdAt).as("date"),
    flag: sql`${article.published}`.mapWith(Boolean).as("flag"),
    loud: sql`${article.title}`.mapWith((title: string) => `${title}!`).as("loud"),
    replies: comments.as("replies"),
    mapped: comments.mapWith(Number).as("mapped"),
    writer: sql<string>`(select ${author.name} from ${author} where ${author.id} = ${article.authorId})`.as(
      "writer",
    ),
    siblings:
      sql<number>`(select count(*) from ${article} as "other" where "other"."author_id" = ${article.authorId})`
        .mapWith(Number)
        .as("siblings"),
  };
  return {
    articles: {
      table: "article",
      control: {
        GET: {
          all: {
            select: true,
            with: {
              author: {
                select: { columns: ["id", "name"] },
                with: { mentor: { select: { columns: ["name"] } }, students: id },
              },
              reviewer: id,
              comments: {
                select: { columns: ["id", "text", "authorId"] },
                where: (_, t, { eq }) => eq(t.hidden, false),
                with: { author: { select: { columns: ["name"] } } },
              },
              tags: { select: false, with: { tag: { select: { columns: ["label"] } } } },
            },
          },
        },
        POST: { writer: {} },
      },
    },
    authors: {
      table: "author",
      control: {
        GET: {
          all: {
            select: { columns: ["id", "name", "mentorId"] },
            with: {
              articles: {
                select: { columns: ["id", "title", "views", "rating"] },
                with: { author: { select: { columns: ["name"] } } },
              },
              reviews: id,
              mentor: { select: { columns: ["id", "name"] }, with: { students: id, mentor: id } },
              students: { ...id, with: { mentor: id, students: id } },
              comments: {
                extras: { size: sql<number>`length(${comment.text})`.as("size") },
                with: { article: id },
              },
            },
          },
        },
      },
    },
    tags: {
      table: "tag",
      control: {
        GET: {
          all: {
            select: true,
            with: { articles: { select: false, with: { article: { select: { columns: ["title"] } } } } },
          },
        },
      },
    },
    links: {
      table: "articleTag",
      control: {
        GET: { all: { select: true, with: { article: id, tag: { select: { columns: ["label"] } } } } },
      },
    },

    // what a rule lets out
    listed: {
      table: "article",
      control: { GET: { all: { select: { mode: true, columns: new Set(["id", "title", "views"]) } } } },
    },
    unlisted: {
      table: "article",
      control: {
        GET: { all: { select: { mode: false, columns: ["body", "rating", "createdAt", "reviewerId"] } } },
      },
    },
    none: { table: "article", control: { GET: { all: { select: false } } } },
    computed: {
      table: "article",
      control: { GET: { all: { select: { columns: ["id"] }, extras } } },
    },
    computedWithin: {
      table: "author",
      control: { GET: { all: { ...id, with: { articles: { ...id, extras } } } } },
    },
    computedBeside: {
      table: "comment",
      control: { GET: { all: { ...id, with: { article: { ...id, extras } } } } },
    },
    figures: {
      table: "article",
      control: {
        GET: {
          all: { select: false, extras: { count: sql<number>`count(*)`.as("count") } },
          editor: {
            select: false,
            where: (_, t, { eq }) => eq(t.published, true),
            extras: {
              count: sql<number>`count(*)`.mapWith(Number).as("count"),
              most: sql<number>`max(${article.views})`.as("most"),
              mean: sql<number>`avg(${article.views})`.mapWith(Number).as("mean"),
            },
          },
        },
      },
    },

    // who may
    scoped: {
      table: "article",
      control: {
        GET: {
          writer: id,
          mine: { select: { columns: ["title"] }, where: () => true },
          guest: { select: { columns: ["views"] } },
          all: { select: { columns: ["published"] } },
        },
      },
    },
    members: {
      table: "author",
      control: { GET: { writer: id }, POST: { writer: { select: true } }, PATCH: { editor: id } },
    },
    blind: { table: "article", control: { GET: { all: {}, writer: id }, PATCH: { all: {} } } },
    hollow: { table: "article", control: { GET: {} } },
    headed: { table: "article", control: { GET: { all: id }, HEAD: { writer: id } } },

    // which rows
    ownRows: {
      table: "article",
      control: {
        GET: {
          mine: { ...TITLED, where: async ({ me }, t, { eq }) => eq(t.authorId, me!) },
          guest: { ...TITLED, where: ({ me }, t, { eq }) => eq(t.authorId, me!) },
        },
      },
    },
    admitsFalse: { table: "article", control: { GET: { all: { ...id, where: () => false } } } },
    admitsNull: { table: "article", control: { GET: { all: { ...id, where: async () => null } } } },
    admitsNothing: { table: "article", control: { GET: { all: { ...id, where: () => undefined } } } },
    admitsUnknown: { table: "article", control: { GET: { all: { ...id, where: () => sql`null` } } } },
    admitsEither: {
      table: "article",
      control: {
        GET: {
          all: {
            select: { columns: ["id", "views"] },
            where: (_, t) => sql`${t.authorId} = 1 or ${t.authorId} = 3`,
            with: {
              comments: { ...id, where: (_, t) => sql`${t.authorId} = 1 or ${t.authorId} = 2` },
              author: { ...id, where: (_, t) => sql`${t.id} = 1 or ${t.id} = 2` },
            },
          },
        },
      },
    },
    discussed: {
      table: "article",
      control: {
        GET: {
          all: {
            ...id,
            where: ({ me }, t) =>
              sql`exists (select 1 from ${comment} where ${comment.articleId} = ${t.id} and ${comment.authorId} = ${me ?? null})`,
            with: {
              tags: {
                select: { columns: ["tagId"] },
                where: (_, t) =>
                  sql`(select count(*) from ${articleTag} as "same" where "same"."tag_id" = ${t.tagId}) > 1`,
              },
            },
          },
        },
      },
    },
    veiled: {
      table: "article",
      control: {
        GET: {
          writer: {
            ...id,
            with: {
              author: { select: { columns: ["name"] }, where: ({ me }, t, { eq }) => eq(t.id, me!) },
              reviewer: { ...id, where: () => false },
              comments: { ...id, where: async ({ me }, t, { eq }) => eq(t.authorId, me!) },
              tags: false,
            },
          },
        },
      },
    },
    seesHidden: {
      table: "author",
      control: { GET: { all: { ...id, where: (_, t) => and(eq(t.secret, "s-ben"), gt(t.id, 0)) } } },
    },

    // one, total, order
    one: {
      table: "article",
      findFirst: true,
      control: { GET: { all: { select: { columns: ["id", "views"] }, with: { comments: id } } } },
    },
    list: { table: "article", findFirst: false, control: { GET: { all: id } } },
    counted: {
      table: "article",
      countTotal: true,
      maxLimit: 2,
      control: { GET: { all: id, mine: { ...id, where: ({ me }, t, { eq }) => eq(t.authorId, me!) } } },
    },
    newest: {
      table: "article",
      control: { GET: { all: { select: { columns: ["id", "views"] }, orderBy: { createdAt: "desc" } } } },
    },

    // limits
    limited: {
      table: "author",
      maxLimit: 2,
      maxDepth: 1,
      maxConditions: 3,
      maxList: 3,
      maxCost: 20,
      control: {
        GET: {
          all: {
            ...id,
            with: {
              articles: { select: { columns: ["id", "views"] }, with: { author: id }, maxDepth: 0 },
              reviews: { ...id, maxLimit: 1, onSurpassMaxLimit: "Limit" },
              comments: { ...id, maxLimit: 50 },
            },
          },
          writer: { ...id, maxLimit: null, maxCost: null },
          editor: { ...id, maxLimit: 1, onSurpassMaxLimit: "Limit" },
        },
      },
    },
    forbidden: {
      table: "article",
      control: {
        GET: {
          all: {
            ...id,
            forbidQuery: { columns: true, where: true, orderBy: true, limit: true, offset: true, with: true },
            with: { comments: id },
          },
        },
      },
    },

    // what an author makes of it
    formatted: {
      table: "article",
      control: {
        GET: {
          all: {
            select: { columns: ["id", "createdAt"] },
            formatResult: (_, { resourceId, findFirst, result }) => ({
              of: resourceId,
              findFirst,
              dated: [result.rows].flat().every((row) => row?.createdAt instanceof Date),
              result,
            }),
          },
          writer: {
            ...id,
            formatResult: async (_, { result }) =>
              Response.json({ found: result.count }, { status: 203, headers: { "x-own": "1" } }),
          },
        },
      },
    },
    broken: {
      table: "article",
      control: {
        GET: {
          all: { ...id, where: () => sql`no_such_column = 1` },
          writer: {
            ...id,
            where: () => {
              throw new Error("words of the author");
            },
          },
        },
      },
    },
  };
}
