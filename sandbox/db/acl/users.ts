import type { ACL } from "@/db";

/** `users`: everybody, for admins. `user`: oneself. */
export default {
  users: {
    table: "user",
    maxDepth: 0,
    findFirst: false,
    control: {
      GET: {
        admin: { select: true },
      },
    },
  },
  user: {
    table: "user",
    maxDepth: 0,
    findFirst: true,
    control: {
      GET: {
        mine: {
          select: { mode: false, columns: ["createdAt", "updatedAt"] },
          with: { account: false },
          forbidQuery: { with: true },
          where: ({ session }, user, { eq }) => eq(user.id, session.userId),
        },
      },
    },
  },
} satisfies ACL;
