import type { ACL } from "@/db";

/** `fruits`: open to everybody, to read, to add and to take away. */
export default {
  fruits: {
    table: "fruit",
    maxDepth: 1,
    maxLimit: 10,
    countTotal: true,
    control: {
      GET: { all: { select: true, with: { basket: "baskets" }, aggregate: true } },
      POST: { all: { select: true } },
      DELETE: { all: { select: true } },
    },
  },
} satisfies ACL;
