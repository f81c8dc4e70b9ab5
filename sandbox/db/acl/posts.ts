import { type } from "arktype";
import { createInsertSchema, createUpdateSchema } from "drizzle-arktype";
import type { ACL } from "@/db";
import { tables } from "@/db/schema";

// Making a schema takes milliseconds, using it a fraction of a microsecond: so they are made once, here.
const newPost = createInsertSchema(tables.post).pick("title", "body").onUndeclaredKey("reject");
const changedPost = createUpdateSchema(tables.post, {
  publishedAt: () => type("string.date.iso.parse | null"),
})
  .pick("title", "body", "publishedAt")
  .onUndeclaredKey("reject");

const name = { select: { mode: true, columns: ["id", "name"] } } as const;

/** `posts`: people read and write their own, as `tables.ts` says of every post. */
export default {
  posts: {
    table: "post",
    maxDepth: 1,
    maxLimit: 10,
    countTotal: true,
    control: {
      GET: {
        mine: {
          select: true,
          search: true,
          live: true,
          with: {
            user: "user",
            // One's own posts show what was flagged, too.
            comments: { select: true, where: () => true, with: { user: name }, maxLimit: 20 },
          },
        },
      },
      POST: { mine: { select: true, validateBody: (body) => newPost.assert(body) } },
      PATCH: { mine: { select: true, validateBody: (body) => changedPost.assert(body) } },
      DELETE: { mine: { select: true } },
    },
  },
} satisfies ACL;
