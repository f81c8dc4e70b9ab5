import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { ColumnChoice } from "./rule.ts";

const KEYS: ReadonlySet<string> = new Set(["mode", "columns"]);

/** The columns a choice names; `mistake` hears of names the table does not have, and of keys that do nothing. */
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
    mistake(`expected true, false or { columns: ${written(choice)} }`);
    return new Map();
  }
  for (const key of Object.keys(choice))
    if (!KEYS.has(key))
      mistake(
        key === "when"
          ? "`when` stands in a list of grants; write [{ columns, when }]"
          : `unknown key \`${key}\` (a choice takes mode and columns)`,
      );
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

/** The names of a list that stands where a choice should, as a choice has them. */
const written = (choice: unknown): string =>
  Array.isArray(choice) && choice.length > 0 && choice.every((name) => typeof name === "string")
    ? JSON.stringify(choice)
    : '["…"]';
