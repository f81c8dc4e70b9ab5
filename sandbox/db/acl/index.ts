import type { ACL } from "@/db";
import baskets from "./baskets.ts";
import fruits from "./fruits.ts";
import posts from "./posts.ts";
import users from "./users.ts";

/** Everything that can be asked for at `/query/:id`, and by whom. */
export default {
  ...users,
  ...posts,
  ...fruits,
  ...baskets,
} satisfies ACL;
