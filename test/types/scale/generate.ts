import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");

/** The parts of a generated application, each a file of its own. */
export type Part = "schema" | "acl" | "client";

/**
 * Writes an application of so many tables into a folder: each table with three relations, a resource with rules for every
 * method, some of whose relations stand under other resources' rules, in circles, and a call of the client. A file is
 * checked with those it needs: the client needs both others.
 */
export function generate(folder: string, tables: number, part: Part = "client"): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const names = Array.from({ length: tables }, (_, index) => index);
  // The server's types alone: its code is not what is measured.
  writeFileSync(join(folder, "query.ts"), query);
  writeFileSync(join(folder, "schema.ts"), schema(names));
  writeFileSync(join(folder, "acl.ts"), acl(names));
  writeFileSync(join(folder, "client.ts"), client(names));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config(part), undefined, 2));
}

const config = (part: Part) => ({
  extends: join(root, "tsconfig.json"),
  compilerOptions: {
    types: [],
    paths: {
      "@bepalo/query": ["./query.ts"],
      "@bepalo/query/client": [join(root, "client/index.ts")],
    },
  },
  files: [`${part}.ts`],
  include: [],
});

const query = ["infer", "policy/acl"]
  .map((file) => `export type * from "${join(root, "src", file)}.ts";\n`)
  .join("");

/** A table, the one it belongs to, the one that looks after it, and those that belong to it. */
const schema = (names: readonly number[]): string => `
import { relations } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
${names
  .map(
    (n) => `
export const table${n} = sqliteTable("table_${n}", {
  id: integer("id").primaryKey(),
  name${n}: text("name").notNull(),
  note: text("note"),
  secret: text("secret").notNull().default(""),
  size: integer("size").notNull().default(0),
  done: integer("done", { mode: "boolean" }).notNull().default(false),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
  parentId: integer("parent_id").notNull(),
  keeperId: integer("keeper_id"),
});`,
  )
  .join("")}
${names
  .map((n) => {
    const [parent, keeper, child] = [
      (n + 1) % names.length,
      (n + 7) % names.length,
      (n + names.length - 1) % names.length,
    ];
    return `
export const relations${n} = relations(table${n}, ({ one, many }) => ({
  parent: one(table${parent}, { fields: [table${n}.parentId], references: [table${parent}.id] }),
  keeper: one(table${keeper}, { fields: [table${n}.keeperId], references: [table${keeper}.id], relationName: "keeper${n}" }),
  children: many(table${child}),
}));`;
  })
  .join("")}
`;

const acl = (names: readonly number[]): string => `
import type { ACL } from "@bepalo/query";
import type * as schema from "./schema.ts";
interface Session { readonly me: number }
export const acl = {
${names
  .map(
    (n) => `
  resource${n}: {
    table: "table${n}",
    countTotal: true,
    control: {
      GET: {
        all: {
          select: { mode: false, columns: new Set(["secret"]) },
          where: ({ me }, table, { eq }) => eq(table.keeperId, me),
          orderBy: { name${n}: "asc" },
          with: {
            parent: "resource${(n + 1) % names.length}",
            keeper: "resource${(n + 7) % names.length}",
            children: { select: { columns: ["id", "note"] }, with: { keeper: "resource${(n + 6) % names.length}" } },
          },
        },
        admin: {
          select: [{ columns: ["id", "name${n}"] }, { columns: new Set(["note", "size"]), when: ({ me }, table, { eq }) => eq(table.keeperId, me) }],
          with: { keeper: "resource${(n + 7) % names.length}", children: "resource${(n + names.length - 1) % names.length}" },
        },
      },
      POST: { all: { select: true, injectBody: (body, { me }) => ({ ...body, keeperId: me }) } },
      PATCH: { mine: { select: true, where: ({ me }, table, { eq }) => eq(table.keeperId, me), requireWhere: true } },
      DELETE: { mine: { where: ({ me }, table, { eq }) => eq(table.keeperId, me) } },
    },
  },`,
  )
  .join("")}
} satisfies ACL<"user" | "admin", Session, {}, typeof schema>;
`;

const client = (names: readonly number[]): string => `
import type { InferApi } from "@bepalo/query";
import { createQueryClient } from "@bepalo/query/client";
import type { acl } from "./acl.ts";
import type * as schema from "./schema.ts";
const api = createQueryClient<InferApi<typeof acl, typeof schema>>();
${names
  .map(
    (n) => `
export async function call${n}() {
  const { resource${n}, total } = await api.get("resource${n}", {
    columns: { id: true, name${n}: true, createdAt: true },
    where: { "name${n}.like": "a%", OR: [{ done: true }, { "size.gt": 5 }] },
    with: { parent: { columns: { id: true } }, children: true, keeper: { with: { children: { columns: { size: true } } } } },
  });
  const sizes: (number | null)[] | undefined = resource${n}[0]!.keeper?.children.map(({ size }) => size);
  const at: string = resource${n}[0]!.createdAt;
  await api.patch("resource${n}", { note: at }, { mine: true, where: { id: total } });
  return sizes;
}`,
  )
  .join("")}
`;
