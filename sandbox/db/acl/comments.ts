import { createInsertSchema } from "drizzle-arktype";
import type { ACL } from "@/db";
import { tables } from "@/db/schema";

const newComment = createInsertSchema(tables.comment).pick("postId", "body").onUndeclaredKey("reject");

/** `comments`: what is said under the posts of the feed, as far as nobody flagged it. */
export default {
  comments: {
    table: "comment",
    maxDepth: 2,
    maxLimit: 20,
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["flagged"] },
          parent: { post: "feed" },
          where: (_context, comment, { eq }) => eq(comment.flagged, false),
          orderBy: { createdAt: "asc" },
          with: { post: "feed", user: { select: { mode: true, columns: ["id", "name"] } } },
          aggregate: { functions: ["count"] },
          live: true,
        },
      },
      POST: {
        mine: {
          select: { mode: false, columns: ["flagged"] },
          parent: { post: "feed" },
          validateBody: (body) => newComment.assert(body),
        },
      },
      DELETE: {
        mine: {
          select: { mode: false, columns: ["flagged"] },
          where: ({ session }, comment, { eq }) => eq(comment.userId, session.userId),
          requireWhere: true,
        },
      },
    },
  },
} satisfies ACL;
