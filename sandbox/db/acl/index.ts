import type { ACL } from "@/db";
import baskets from "./baskets.ts";
import comments from "./comments.ts";
import feed from "./feed.ts";
import fruits from "./fruits.ts";
import posts from "./posts.ts";
import tags from "./tags.ts";
import users from "./users.ts";

export { tables } from "./tables.ts";

/** Everything that can be asked for at `/query/:id`, and by whom. */
export default {
  ...users,
  ...posts,
  ...feed,
  ...comments,
  ...tags,
  ...fruits,
  ...baskets,
} satisfies ACL;
