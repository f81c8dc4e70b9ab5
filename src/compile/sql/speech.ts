import type { Database } from "../../dialect/dialect.ts";
import { type Names, namesOf } from "../../drizzle/drizzle.ts";
import { type Flat, flatOf, type Syntax, syntaxOf } from "../../syntax/syntax.ts";

/** How a database writes names, and all the rest. */
export interface Speech extends Names {
  readonly syntax: Syntax;
  /** How rows come as they are stored. */
  readonly flat: Flat;
}

export function speechOf(database: Database): Speech {
  const names = namesOf(database);
  return { ...names, syntax: syntaxOf(names.database), flat: flatOf(names.database) };
}
