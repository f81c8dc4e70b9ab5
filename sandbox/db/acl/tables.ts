import type { TableRules } from "@/db";

/** What is true of tables, whichever rule mentions them: a post is its writer's, and so is a new comment. */
export const tables = {
  post: {
    where: ({ session }, post, { eq }) => eq(post.userId, session.userId),
    set: { userId: ({ session }) => session.userId },
    version: "version",
    search: { columns: ["title", "body"], language: "english" },
  },
  comment: { set: { userId: ({ session }) => session.userId } },
} satisfies TableRules;
