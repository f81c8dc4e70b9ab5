import { isBindable, type Lifted, takeApart } from "../../drizzle/drizzle.ts";
import { type Predicate, typeOf } from "../../plan/plan.ts";
import { Gap } from "../../schema/schema.ts";
import type { Syntax } from "../../syntax/syntax.ts";
import { type Sight, toSQL } from "./condition.ts";
import type { Speech } from "./speech.ts";

/**
 * Takes the values out of a client's filter of which nothing is masked; most conditions are a column, a sign and a value,
 * and need no SQL in between.
 */
export function liftPredicate(predicate: Predicate, speech: Speech): Lifted {
  if (predicate.kind !== "condition") return takeApart(toSQL(predicate, NOWHERE), speech);
  const { expression, operator, value } = predicate;
  if (operator.sign === undefined || value === null || value instanceof Gap)
    return takeApart(toSQL(predicate, NOWHERE), speech);
  const { column, encode, opening, cast } = typeOf(expression);
  const bound = encode(value);
  if (!isBindable(bound)) return takeApart(toSQL(predicate, NOWHERE), speech);
  const named = `${speech.table(column.table)}.${speech.column(column)}`;
  return { parts: [`${named} ${operator.sign} ${opening}`, cast], values: [bound] };
}

const never = (): never => {
  throw new TypeError("nobody asked what a filter says of other rows");
};

/** Whatever were masked would be shown to nobody, and nothing is looked at elsewhere. */
const NOWHERE: Sight = { shown: () => "none", related: never, counted: never };

/** Text with its values numbered from `first`. */
export function numbered({ parts }: Pick<Lifted, "parts">, first: number, { mark }: Syntax): string {
  let text = parts[0]!;
  for (let index = 1; index < parts.length; index++) text += `${mark}${first + index - 1}${parts[index]!}`;
  return text;
}
