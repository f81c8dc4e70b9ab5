import { namesWith } from "./drizzle/drizzle.ts";
import { type AnyTableRules, Mistakes, readTableFacts } from "./policy/policy.ts";
import { readCatalog } from "./schema/schema.ts";
import { searchSyntaxOf } from "./search/search.ts";

/** What {@link searchMigration} is told beside the tables. */
export interface SearchMigrationOptions {
  /** The `casing` of the Drizzle database, where it has one. */
  readonly casing?: "snake_case" | "camelCase";
}

/**
 * The statements that make the index by which words are found in a table, for its database and for a migration of its
 * author's. On SQLite they make an FTS5 table, the triggers that keep it, and fill it; on PostgreSQL a GIN index. They take
 * away first what an earlier run has made, so that they are run again where the fact `search` has changed.
 *
 * @param tables What is true of tables, as the route is told; `search` of this one is looked at.
 * @param table The table's name in the schema.
 * @throws Error that says what is wrong with the fact, or that there is none.
 * @example
 * // bun drizzle-kit generate --custom --name=post_search, and into that file:
 * console.log(searchMigration(tables, "post", schema).join(";\n--> statement-breakpoint\n"));
 */
export function searchMigration<Tables extends AnyTableRules>(
  tables: Tables,
  table: keyof Tables & string,
  schema: Record<string, unknown>,
  { casing }: SearchMigrationOptions = {},
): readonly string[] {
  const catalog = readCatalog(schema);
  const mistakes = new Mistakes();
  const facts = readTableFacts({ [table]: tables[table] }, catalog, mistakes);
  if (mistakes.found.length > 0)
    throw new Error(`the tables have mistakes:\n${mistakes.found.map((found) => `  ${found}`).join("\n")}`);
  const index = facts.get(catalog.get(table)!)?.search;
  if (index === undefined) throw new Error(`no \`search\` is said of ${table}`);
  const name = namesWith(casing);
  return searchSyntaxOf(index).statements(index, ({ column }) => name(column));
}
