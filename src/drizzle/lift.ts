import { Column, Param, SQL, StringChunk, Table } from "drizzle-orm";
import { MARK, type Names } from "./names.ts";
import { piecesOf, saidOf } from "./sql.ts";

/** SQL without its values: the pieces of text between them, and the values as the driver takes them. */
export interface Lifted {
  /** One more than there are values. */
  readonly parts: readonly string[];
  readonly values: readonly unknown[];
}

class Lifter {
  readonly parts: string[] = [];
  readonly values: unknown[] = [];
  /** What stands behind the last value so far. */
  text = "";

  value(value: unknown): void {
    this.parts.push(this.text);
    this.values.push(value);
    this.text = "";
  }
}

/**
 * Takes the values out of SQL, leaving its shape. What it does not know it leaves to Drizzle, which renders everything.
 */
export function takeApart(query: SQL, names: Names): Lifted {
  const lifter = new Lifter();
  if (!take(query, lifter, names)) return render(query, names);
  return { parts: [...lifter.parts, lifter.text], values: lifter.values };
}

/**
 * Takes one piece of SQL apart; `false` where it holds something only Drizzle can render. A loop of its own, because every
 * request with a row filter passes here: no closure, and no `is`, which is slow for what a piece is not.
 */
function take(query: SQL, lifter: Lifter, names: Names): boolean {
  // An `inlineParams()` wants its values in the text.
  if (saidOf(query).shouldInlineParams) return false;
  for (const chunk of piecesOf(query)) {
    if (chunk instanceof StringChunk) {
      const { value } = chunk as { value: readonly string[] };
      lifter.text += value.length === 1 ? value[0]! : value.join("");
    } else if (chunk instanceof Param) {
      // A value that is missing equals nothing.
      const value: unknown =
        chunk.value === null || chunk.value === undefined
          ? null
          : chunk.encoder.mapToDriverValue(chunk.value);
      if (!isBindable(value)) return false;
      lifter.value(value);
    } else if (chunk instanceof Column) {
      lifter.text += `${names.table(chunk.table)}.${names.column(chunk)}`;
    } else if (chunk instanceof SQL) {
      if (!take(chunk, lifter, names)) return false;
    } else if (
      typeof chunk === "string" ||
      typeof chunk === "number" ||
      typeof chunk === "boolean" ||
      chunk === null
    ) {
      lifter.value(chunk);
    } else if (chunk instanceof Table) {
      lifter.text += names.table(chunk);
    } else if (chunk !== undefined) return false;
  }
  return true;
}

/** Whether drivers bind a value as it is. */
export const isBindable = (value: unknown): boolean =>
  typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date;

function render(query: SQL, names: Names): Lifted {
  const { sql, params } = query.toQuery(names.rendering);
  const parts = sql.split(MARK);
  // A placeholder without a value, or the mark itself in a name: nothing that can be lifted.
  if (parts.length !== params.length + 1 || !params.every(isBindable)) {
    throw new TypeError("SQL with placeholders cannot be used in a rule");
  }
  return { parts, values: params };
}
