import type { TableInfo } from "../../schema/schema.ts";
import type { Fields } from "../statement.ts";
import { field } from "./keys.ts";

/** What hooks of an author see of rows: nothing, those that are written, or as they were as well. */
export type Seen = "nothing" | "written" | "before";

/** Names no column has. */
export const WHOLE_ROW = "~row:";

/** All columns of a row, whatever its client is let to hear of it. */
export const wholeRow = ({ columns }: TableInfo): Fields =>
  Object.fromEntries([...columns].map(([name, column]) => [WHOLE_ROW + name, field(column)]));
