import type { ACL } from "@/db";

/** `tags`: the words that posts are found by. */
export default {
  tags: {
    table: "tag",
    maxDepth: 1,
    maxLimit: 20,
    control: { GET: { all: { select: true, orderBy: { name: "asc" } } } },
  },
} satisfies ACL;
