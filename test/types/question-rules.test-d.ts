// What rules say of orders, lists that pass join tables, numbers and search. Checked by the compiler, never run: each line
// that must not compile says why, and each directive covers the line of the mistake only.
import type { ACL, AnyACL, AnyTableRules, TableRules } from "@bepalo/query";
import { relations } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expectTypeOf } from "expect-type";
import type * as schema from "../support/schema.ts";

interface Session {
  readonly me: number;
}
type Rules = ACL<"writer", Session, object, typeof schema>;

/* Orders. */

export const orders = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          orderBy: {
            title: "asc",
            rating: { sort: "desc", nulls: "last" },
            "author.name": { sort: -1 },
            "author.mentor.name": 1,
            "author.mentor.mentor.mentor.name": "desc",
            "comments.count": "desc",
          },
          with: {
            author: { select: true, orderBy: { "mentor.name": "asc", "articles.count": -1 } },
            comments: { select: true, orderBy: { "author.name": { sort: "asc", nulls: "first" } } },
          },
        },
      },
    },
  },
} satisfies Rules;

export const wrongOrders = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          orderBy: {
            // @ts-expect-error an author has no column `nme`
            "author.nme": "asc",
          },
        },
        mine: {
          select: true,
          orderBy: {
            // @ts-expect-error an author's mentor has no column `title`
            "author.mentor.title": "asc",
          },
        },
        guest: {
          select: true,
          orderBy: {
            // @ts-expect-error comments are a list, which has no one text
            "comments.text": "asc",
          },
        },
        writer: {
          select: true,
          orderBy: {
            // @ts-expect-error an author is one row, and is not counted
            "author.count": "asc",
          },
        },
      },
    },
  },
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: true,
          orderBy: {
            // @ts-expect-error nulls stand first or last
            name: { sort: "asc", nulls: "middle" },
            // @ts-expect-error a direction is asc, desc, 1 or -1
            email: { sort: "down" },
          },
        },
      },
    },
  },
} satisfies Rules;

/* Lists that pass a join table. */

export const lists = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            author: { select: true, where: ({ me }, author, { eq }) => eq(author.id, me) },
            labels: {
              through: ["tags", "tag"],
              throughWhere: ({ me }, articleTag, { eq }) => eq(articleTag.tagId, me),
              select: [{ columns: ["id"] }, { columns: ["label"], when: (_, tag, { eq }) => eq(tag.id, 1) }],
              where: (_, tag, { eq }) => eq(tag.label, "a"),
              orderBy: { label: "asc", "articles.count": "desc" },
              maxLimit: 5,
              with: {
                articles: { select: true, where: (_, articleTag, { eq }) => eq(articleTag.tagId, 1) },
                articlesOf: { through: ["articles", "article"], select: { columns: ["title"] } },
              },
            },
            // Under the rule of a resource.
            shared: { through: ["tags", "tag"], resource: "tags" },
            critics: { through: ["comments", "author"], select: { columns: ["name"] }, search: true },
          },
        },
      },
      PATCH: { all: { with: { labels: { through: ["tags", "tag"], select: true } } } },
    },
  },
  // Where there is one way, functions are handed the very table.
  tags: {
    table: "tag",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            texts: {
              through: ["articles", "article"],
              select: true,
              where: (_, article, { eq, and }) => {
                expectTypeOf(article.title).toEqualTypeOf<typeof schema.article.title>();
                return and(eq(article.title, "a"), eq(article.published, true));
              },
            },
          },
        },
      },
    },
  },
} satisfies Rules;
expectTypeOf(lists.articles.control.GET.all.with.labels.through).toEqualTypeOf<["tags", "tag"]>();

export const wrongLists = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            a: {
              // @ts-expect-error `Type '"tag"' is not assignable to type '"tags"'`: an article has no list `tag`
              through: ["tag", "tag"],
              select: true,
            },
            b: {
              // @ts-expect-error what joins a tag to an article has no relation `tags`
              through: ["tags", "tags"],
              select: true,
            },
            c: {
              // @ts-expect-error what joins a tag to an article has no author; a comment has
              through: ["tags", "author"],
              select: true,
            },
            d: {
              // @ts-expect-error two relations are passed
              through: ["tags"],
              select: true,
            },
            e: {
              // @ts-expect-error an author is no list, so nothing is passed on the way
              through: ["author", "mentor"],
              select: true,
            },
            f: {
              through: ["tags", "tag"],
              select: {
                // @ts-expect-error a tag has no email; that an author has one does not matter
                columns: ["email"],
              },
            },
            g: {
              through: ["tags", "tag"],
              select: true,
              // @ts-expect-error a tag has no name
              orderBy: { name: "asc" },
            },
            h: {
              through: ["tags", "tag"],
              select: true,
              // @ts-expect-error nothing that a list leads to has a column `nope`
              where: (_, tag, { eq }) => eq(tag.nope, 1),
            },
            i: {
              through: ["tags", "tag"],
              select: true,
              // @ts-expect-error nothing that a list passes has a column `nope`
              throughWhere: (_, articleTag, { eq }) => eq(articleTag.nope, 1),
            },
            j: {
              through: ["tags", "tag"],
              // @ts-expect-error the key is called `select`
              selct: true,
            },
          },
        },
        // A name that is no relation is one of a list's, which says what it passes.
        mine: {
          select: true,
          with: {
            author: true,
            // @ts-expect-error `article` has no relation of this name; a list that passes a join table says `through`
            autor: { select: true },
          },
        },
        guest: {
          select: true,
          with: {
            // @ts-expect-error the same of a relation under another resource's rules
            autor: "people",
          },
        },
        writer: {
          select: true,
          with: {
            author: {
              select: true,
              // @ts-expect-error a relation of the table passes nothing
              through: ["comments", "author"],
            },
          },
        },
      },
    },
  },
  comments: {
    table: "comment",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            // @ts-expect-error a comment has no list at all
            labels: { through: ["tags", "tag"], select: true },
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
          with: {
            texts: {
              through: ["articles", "article"],
              select: true,
              // @ts-expect-error an article has no label
              where: (_, article, { eq }) => eq(article.label, "a"),
            },
          },
        },
      },
    },
  },
} satisfies Rules;

/* Numbers, search, and what is forbidden. */

export const numbers = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: { aggregate: true },
        mine: { select: true, search: true, aggregate: {} },
        guest: {
          select: { columns: ["title"] },
          aggregate: {
            functions: ["count", "countDistinct", "sum", "avg", "min", "max"],
            columns: { columns: ["views", "rating"] },
            groupBy: { mode: false, columns: new Set(["body"]) },
            minGroupSize: 5,
          },
        },
      },
    },
  },
} satisfies Rules;

export const wrongNumbers = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          aggregate: {
            // @ts-expect-error there is no function `total`
            functions: ["total"],
            // @ts-expect-error an article has no column `price`
            columns: { columns: ["price"] },
            // @ts-expect-error paths are grouped by under the rules of their relations
            groupBy: { columns: ["author.name"] },
            // @ts-expect-error a size is a number
            minGroupSize: "5",
          },
        },
        mine: {
          // @ts-expect-error the key is called `minGroupSize`
          aggregate: { minSize: 5 },
        },
        guest: {
          select: true,
          with: {
            // @ts-expect-error numbers are asked of a resource; its relations are counted
            comments: { select: true, aggregate: true },
          },
        },
      },
      PATCH: {
        all: {
          // @ts-expect-error a PATCH computes nothing
          aggregate: true,
        },
      },
    },
  },
} satisfies Rules;

const post = sqliteTable("posts", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  body: text("body"),
  meta: text("meta", { mode: "json" }),
  views: integer("views").notNull(),
});
const like = sqliteTable("likes", { postId: integer("post_id").notNull() });
const blog = { post, like, postRelations: relations(post, ({ many }) => ({ likes: many(like) })) };

export const searched = {
  post: { search: { columns: ["title", "body"], language: "english" } },
} satisfies TableRules<Session, typeof blog>;

export const wronglySearched = {
  post: {
    search: {
      columns: [
        "title",
        // @ts-expect-error a number of views is no text
        "views",
        // @ts-expect-error JSON is no text
        "meta",
      ],
    },
  },
  like: {
    // @ts-expect-error no column of `like` is a text
    search: { columns: ["postId"] },
  },
} satisfies TableRules<Session, typeof blog>;

export const noColumns = {
  // @ts-expect-error which columns must be said
  post: { search: { language: "english" } },
} satisfies TableRules<Session, typeof blog>;

/* Any file of the kind is one. */

export const files: readonly AnyACL[] = [orders, lists, numbers];
export const tables: AnyTableRules = searched;
