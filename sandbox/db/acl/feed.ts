import type { ACL } from "@/db";

/** `feed`: what everybody has published, open to everybody. */
export default {
  feed: {
    table: "post",
    maxDepth: 3,
    maxLimit: 20,
    control: {
      GET: {
        all: {
          unrestricted: true,
          select: { mode: false, columns: ["createdAt", "updatedAt", "version"] },
          where: (_context, post, { isNotNull }) => isNotNull(post.publishedAt),
          orderBy: { publishedAt: "desc" },
          search: true,
          live: true,
          with: {
            user: { select: { mode: true, columns: ["id", "name"] } },
            comments: "comments",
            tags: { through: ["postTags", "tag"], resource: "tags" },
          },
          // How many, by whom and when; not which texts are first and last.
          aggregate: { functions: ["count", "countDistinct"] },
        },
      },
    },
  },
} satisfies ACL;
