import { isBindable, type Lifted, type Names, takeApart } from "../drizzle/drizzle.ts";
import type { Predicate } from "../plan/plan.ts";
import { Gap } from "../schema/schema.ts";
import { toSQL } from "./condition.ts";
import type { Syntax } from "./syntax.ts";

/** Takes the values out of a client's filter; most conditions are a column, a sign and a value, and need no SQL in between. */
export function liftPredicate(predicate: Predicate, names: Names): Lifted {
  if (predicate.kind !== "condition") return takeApart(toSQL(predicate), names);
  const { column, operator, value } = predicate;
  if (operator.sign === undefined || value === null || value instanceof Gap)
    return takeApart(toSQL(predicate), names);
  const bound = column.encode(value);
  if (!isBindable(bound)) return takeApart(toSQL(predicate), names);
  const named = `${names.table(column.column.table)}.${names.column(column.column)}`;
  return { parts: [`${named} ${operator.sign} ${column.opening}`, column.cast], values: [bound] };
}

/** Text with its values numbered from `first`. */
export function numbered(parts: readonly string[], first: number, { mark }: Syntax): string {
  let text = parts[0]!;
  for (let index = 1; index < parts.length; index++) text += `${mark}${first + index - 1}${parts[index]!}`;
  return text;
}
