// Checked by the compiler, never run: the client that knows the rules. Each line that must not compile says why.
import { type ACL, type InferApi } from "@bepalo/query";
import { createQueryClient } from "@bepalo/query/client";
import { sql } from "drizzle-orm";
import { expectTypeOf } from "expect-type";
import type sandboxAcl from "../../sandbox/db/acl/index.ts";
import type { Schema as SandboxSchema } from "../../sandbox/db/index.ts";
import type * as schema from "../support/schema.ts";

/* The manual's example, against the sandbox's own rules. */

async function sandbox(): Promise<void> {
  const api = createQueryClient<InferApi<typeof sandboxAcl, SandboxSchema>>("http://localhost:4000");
  const { baskets, ...rest } = await api.get("baskets", {
    countTotal: true,
    columns: { name: true },
    with: { fruit: { columns: { name: true, sweetness: true }, orderBy: { sweetness: -1 } } },
  });
  expectTypeOf(baskets).toEqualTypeOf<{ name: string; fruit: { name: string; sweetness: number }[] }[]>();
  expectTypeOf(rest).toEqualTypeOf<{ count: number; total: number }>();
  const all = await api.get("baskets");
  expectTypeOf(all).toEqualTypeOf<{ baskets: { id: string; name: string; capacity: number }[]; count: number }>();
  const { posts } = await api.get("posts", { mine: true, columns: { title: true }, with: { user: true } });
  expectTypeOf(posts[0]!.user.email).toEqualTypeOf<string>();
  const me = await api.first("user", { mine: true, columns: { name: true, role: true } });
  expectTypeOf(me).toEqualTypeOf<{ user: { name: string; role: "user" | "admin" } | null }>();
  const made = await api.post("posts", { title: "a", body: "b" }, { mine: true });
  expectTypeOf(made.posts[0]!.createdAt).toEqualTypeOf<string>();
  await api.get("fruits", { columns: { titel: true } });
  await api.get("baskets", { columns: { name: true, createdAt: true } });
  await api.get("nope");
  await api.patch("fruits", { name: "a" });
  await api.first("users");
  await api.get("user");
  await api.get("user", { with: { account: true } });
  await api.get("posts", { guest: true });
  await api.get("posts", { where: { "titel.like": "a" } });
  await api.get("posts", { where: { "title.lke": "a" } });
  await api.get("posts", { where: { "title.like": 5 } });
  await api.get("posts", { where: { "createdAt.like": "a" } });
  await api.get("posts", { where: { OR: [{ title: "a" }, { titel: "a" }] } });
  await api.get("posts", { limt: 5 });
  await api.get("posts", { limit: "5" });
  await api.get("posts", { mine: true, with: { user: { limit: 5 } } });
  await api.get("posts", { mine: true, with: { usr: true } });
  await api.get("baskets", { with: { fruit: { columns: { name: true, createdAt: true } } } });
  await api.get("baskets", { with: { fruit: { orderBy: { createdAt: 1 } } } });
  await api.get("baskets", { with: { fruit: { where: { "createdAt.gt": 1 } } } });
  await api.post("posts", { titel: "a" });
  await api.post("fruits", { });
  await api.post("fruits", { name: "a", basketId: "b", sweetness: "1" });
  await api.delete("posts", { where: undefined });
  await api.delete("posts", { limit: 1 });
}
