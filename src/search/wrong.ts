import { nameOf } from "../drizzle/drizzle.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { rowNumbersOf } from "../schema/schema.ts";
import { indexName, type SearchIndex } from "./contract.ts";

/** What keeps a database from having such an index, one sentence each. */
export function* wrongIndex(
  { table, columns, language }: SearchIndex,
  others: Iterable<TableInfo>,
): Iterable<string> {
  const { name } = indexName({ table });
  for (const other of others)
    if (other.kind === "table" && nameOf(other.table).name === name)
      yield `the index would be called \`${name}\`, as the table \`${other.name}\` is`;
  for (const column of columns) {
    const wrong = wrongColumn(column);
    if (wrong !== undefined) yield wrong;
  }
  if (language !== undefined && !/^[a-z_][a-z0-9_]*$/.test(language))
    yield "expected the name of a language in small letters, as `english`";
  if (table.database === "sqlite") yield* wrongInSQLite(table, columns, language);
}

const TEXTS: ReadonlySet<string> = new Set(["SQLiteText", "PgText", "PgVarchar", "PgChar"]);

const wrongColumn = ({ name, column, kind }: ColumnInfo): string | undefined =>
  kind === "text" && TEXTS.has(column.columnType) ? undefined : `\`${name}\` holds no text`;

function* wrongInSQLite(
  table: TableInfo,
  columns: readonly ColumnInfo[],
  language: string | undefined,
): Iterable<string> {
  if (language !== undefined && language !== "english")
    yield "SQLite knows the forms of English words only: `english`, or nothing";
  // Without a key nothing keeps the numbers of rows as they are.
  if (table.primaryKey.length === 0) yield `${table.name} has no primary key, and SQLite's index needs one`;
  else if (rowNumbersOf(table).length === 0) yield `the columns of ${table.name} hide the number of a row`;
  for (const { column } of columns)
    if (RESERVED.has(column.name.toLowerCase())) yield `SQLite's index has a \`${column.name}\` of its own`;
}

const RESERVED: ReadonlySet<string> = new Set(["rank", "rowid"]);
