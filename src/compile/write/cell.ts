import { Buffer } from "node:buffer";
import { type SQL, sql } from "drizzle-orm";
import { MARK } from "../../drizzle/drizzle.ts";
import type { TableInfo } from "../../schema/schema.ts";
import { syntaxOf } from "../../syntax/syntax.ts";

/** A value as text that holds any. */
export function cellOf(database: TableInfo["database"], value: SQL): SQL {
  if (database === "postgresql") return sql`${value}::text`;
  const pieces = syntaxOf("sqlite").sentExtra(MARK).split(MARK);
  return sql.join(
    pieces.map((piece) => sql.raw(piece)),
    value,
  );
}

/** Such a text as the value that it was, of a column of a type. */
export function cellValue(database: TableInfo["database"], cell: string | null, type: string): SQL {
  if (database === "postgresql") return sql`${cell}::text::${sql.raw(type)}`;
  return cell === null ? sql`null` : storedValue(cell);
}

/** A value of SQLite by its storage class, which a cast to that class leaves as it is. */
export function storedValue(cell: string): SQL {
  const text = cell.slice(1);
  switch (cell[0]) {
    case "i":
      return sql`cast(${text} as integer)`;
    case "r":
      return text.endsWith("Inf")
        ? sql.raw(text.replace("Inf", "9e999"))
        : sql`cast(${Number(text)} as real)`;
    case "b":
      return text === "" ? sql`x''` : sql`cast(${Buffer.from(text, "hex")} as blob)`;
    default:
      return sql`cast(${text} as text)`;
  }
}
