import type { ACL } from "@/db";

/** `baskets`: open to everybody, with the fruits that lie in them, and may be put there with them; `tastes` is a view of them. */
export default {
  baskets: {
    table: "basket",
    maxDepth: 1,
    maxLimit: 10,
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["createdAt", "updatedAt"] },
          with: { fruit: "fruits" },
          live: true,
        },
      },
      POST: {
        all: {
          select: { mode: false, columns: ["createdAt", "updatedAt"] },
          with: { fruit: "fruits" },
          nest: { fruit: "fruits" },
        },
      },
      PATCH: {
        all: {
          select: { mode: false, columns: ["createdAt", "updatedAt"] },
          write: { columns: ["capacity"] },
          requireWhere: "key",
          dryRun: true,
        },
      },
      DELETE: { all: { select: true } },
    },
  },
  tastes: { table: "basketTaste", control: { GET: { all: { select: true } } } },
} satisfies ACL;
