import { type SearchIndex, wrongIndex } from "../search/search.ts";
import type { Catalog, ColumnInfo, TableInfo } from "../schema/schema.ts";
import { isMap } from "./keys.ts";
import type { Mistakes } from "./mistakes.ts";

/** Reads where words are looked for, and collects what is wrong with it. */
export function readSearch(
  fact: unknown,
  table: TableInfo,
  catalog: Catalog,
  path: string,
  mistakes: Mistakes,
): SearchIndex | undefined {
  if (!isMap(fact)) return undefined; // which the keys of the table say
  const found: string[] = [];
  for (const key of Object.keys(fact))
    if (key !== "columns" && key !== "language")
      found.push(`unknown key \`${key}\` (a search takes columns and language)`);
  const columns = readColumns(fact["columns"], table, found);
  const { language } = fact;
  if (language !== undefined && typeof language !== "string") found.push("expected a language by its name");
  const index: SearchIndex = {
    table,
    columns,
    language: typeof language === "string" ? language : undefined,
  };
  found.push(...wrongIndex(index, catalog.values()));
  for (const sentence of found) mistakes.add(path, sentence);
  return found.length > 0 ? undefined : Object.freeze(index);
}

function readColumns(names: unknown, table: TableInfo, found: string[]): readonly ColumnInfo[] {
  const given: readonly unknown[] = Array.isArray(names) ? names : [];
  if (given.length === 0) found.push("expected columns: a list of the names of columns");
  if (new Set(given).size < given.length) found.push("a column is named twice");
  return given.flatMap((name) => {
    const column = typeof name === "string" ? table.columns.get(name) : undefined;
    if (column === undefined)
      found.push(
        `unknown column \`${String(name)}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`,
      );
    return column ?? [];
  });
}
