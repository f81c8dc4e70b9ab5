import { type ACL, HttpError } from "@bepalo/query";
import { type SQL, sql } from "drizzle-orm";
import type * as schema from "./sqlite.ts";

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const unpublished = (_: unknown, { published }: typeof schema.post): SQL => sql`${published} = ${false}`;
const write = { mode: true, columns: ["title", "views", "rating", "published", "tags"] } as const;

/** What the servers of these tests let everybody do. */
export const acl = {
  posts: {
    table: "post",
    maxBodySize: 1_000,
    control: {
      GET: { all: { select: true, with: { comments: true }, live: true } },
      POST: { all: { select: true, write } },
      PATCH: { all: { select: true, write, requireWhere: true } },
      DELETE: { all: { select: true, requireWhere: true } },
    },
  },
  large: {
    table: "post",
    control: {
      POST: { all: { select: true, write } },
      PATCH: { all: { select: true, write, requireWhere: true } },
    },
  },
  comments: {
    table: "comment",
    control: { POST: { all: { select: true, write: { mode: true, columns: ["postId", "text"] } } } },
  },
  "my posts/drafts": {
    table: "post",
    control: {
      GET: { all: { select: true, where: unpublished } },
      PATCH: { all: { select: true, write, where: unpublished } },
    },
  },
  reviewed: {
    table: "post",
    control: {
      POST: {
        all: {
          select: true,
          write,
          beforeQuery: () => pause(5),
          afterQuery: async ({ result }) => {
            await pause(5);
            if (result.rows[0].title === "bad") throw new HttpError("not like this", 451);
          },
        },
      },
    },
  },
} satisfies ACL<string, object, object, typeof schema>;
