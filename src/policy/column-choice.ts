import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { ColumnChoice } from "./acl.ts";

/** The columns a choice names; `mistake` hears of names the table does not have. */
export function chooseColumns(
  choice: ColumnChoice<string>,
  table: TableInfo,
  mistake: (sentence: string) => void,
): ReadonlyMap<string, ColumnInfo> {
  if (choice === true) return table.columns;
  if (choice === false) return new Map();
  if (
    typeof choice !== "object" ||
    choice === null ||
    !(choice.columns instanceof Set || Array.isArray(choice.columns))
  ) {
    mistake("expected true, false or { mode, columns: new Set([…]) }");
    return new Map();
  }
  if (choice.mode !== undefined && typeof choice.mode !== "boolean") mistake("`mode` is true or false");
  const named = new Set<string>(choice.columns);
  for (const name of named) {
    if (!table.columns.has(name)) {
      mistake(`unknown column \`${name}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`);
    }
  }
  // An absent mode is an allow-list: what is not named stays hidden.
  const listed = choice.mode ?? true;
  return new Map([...table.columns].filter(([name]) => named.has(name) === listed));
}
