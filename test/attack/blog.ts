import { and, eq, isNotNull, type SQL, sql } from "drizzle-orm";
import type { TestACL } from "../support/app.ts";
import { type article, author, type comment } from "../support/schema.ts";

interface Caller {
  readonly me?: number;
}

/** Rows an author filter admits; nobody, where nobody asks. */
const own = ({ me }: Caller, t: typeof article): SQL | false => me !== undefined && eq(t.authorId, me);
const published = (_context: unknown, t: typeof article): SQL => eq(t.published, true);
const shown = (_context: unknown, t: typeof comment): SQL => eq(t.hidden, false);

const PERSON = { select: { columns: ["id", "name"] } } as const;
const COMMENT = { select: { columns: ["id", "text"] }, where: shown } as const;
const ARTICLE = { select: { columns: ["id", "title", "rating"] }, where: published } as const;

/** A small blog's access-control file as a careful author writes it; what attacks it is in the tests beside. */
export const acl = {
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          ...PERSON,
          extras: { loud: sql<string>`upper(${author.name})`.as("loud") },
          with: {
            articles: { ...ARTICLE, with: { comments: COMMENT, author: PERSON } },
            mentor: { ...PERSON, with: { students: { select: { columns: ["id"] } } } },
            students: PERSON,
          },
        },
        mine: { select: true, where: ({ me }, t, { eq }) => me !== undefined && eq(t.id, me) },
      },
      POST: { guest: { ...PERSON, write: { columns: ["name", "email"] } } },
    },
  },
  articles: {
    table: "article",
    control: {
      GET: {
        guest: { ...ARTICLE, with: { comments: COMMENT, author: PERSON } },
        mine: { select: { mode: false, columns: ["views"] }, where: own },
        editor: { select: true },
      },
      POST: {
        mine: {
          select: { mode: false, columns: ["views"] },
          write: { columns: ["title", "body", "authorId", "reviewerId"] },
          injectBody: (body: object, { me }) => ({ authorId: me, ...body }),
          where: own,
        },
      },
      PATCH: {
        mine: {
          select: { mode: false, columns: ["views"] },
          write: { columns: ["title", "body", "authorId", "reviewerId"] },
          where: own,
        },
        editor: {
          select: { columns: ["id"] },
          write: { columns: ["title"] },
          where: published,
          check: (_context, t, { ne }) => ne(t.title, "forbidden"),
        },
      },
      DELETE: {
        mine: {
          select: { mode: false, columns: ["views"] },
          where: (context, t) => {
            const mine = own(context, t);
            return mine && and(mine, isNotNull(t.id));
          },
        },
      },
    },
  },
  /** Whoever reads here does nothing else. */
  notices: { table: "article", control: { GET: { all: ARTICLE } } },
} satisfies TestACL;
