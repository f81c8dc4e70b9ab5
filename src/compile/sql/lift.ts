import { isBindable, type Lifted, takeApart } from "../../drizzle/drizzle.ts";
import { Blank, type Condition, type Predicate, typeOf } from "../../plan/plan.ts";
import { Gap } from "../../schema/schema.ts";
import type { Syntax } from "../../syntax/syntax.ts";
import { isGroup, MAX_SIDE_BY_SIDE, type Sight, toSQL } from "./condition.ts";
import type { Speech } from "./speech.ts";

/** A value that is not known before a question fills its blank. */
export class Unfilled {
  readonly #place: number;
  readonly #encode: (value: unknown) => unknown;

  constructor(place: number, encode: (value: unknown) => unknown) {
    this.#place = place;
    this.#encode = encode;
  }

  /** The value as it is bound, of those that fill the blanks of the plan. */
  of(values: readonly unknown[]): unknown {
    return this.#encode(values[this.#place]);
  }
}

/** Takes the values out of a client's filter of which nothing is masked, and that looks at no other rows. */
export function liftPredicate(predicate: Predicate, speech: Speech): Lifted {
  switch (predicate.kind) {
    case "condition":
      return liftCondition(predicate, speech);
    case "not": {
      const { part } = predicate;
      const lifted = [liftPredicate(part, speech)];
      return isGroup(part) ? joined("not ", lifted, "", "") : joined("not (", lifted, "", ")");
    }
    case "and":
    case "or": {
      const parts = predicate.parts.map((part) => liftPredicate(part, speech));
      return group(parts, ` ${predicate.kind} `);
    }
    default:
      return takeApart(toSQL(predicate, NOWHERE), speech);
  }
}

/** Most conditions are a column, a sign and a value, and need no SQL in between. */
function liftCondition(condition: Condition, speech: Speech): Lifted {
  const { expression, operator, value } = condition;
  if (operator.sign === undefined || value === null || value instanceof Gap)
    return takeApart(toSQL(condition, NOWHERE), speech);
  const { column, encode, opening, cast } = typeOf(expression);
  const bound = value instanceof Blank ? new Unfilled(value.place, encode) : encode(value);
  if (!isBindable(bound) && !(bound instanceof Unfilled)) return takeApart(toSQL(condition, NOWHERE), speech);
  const named = `${speech.table(column.table)}.${speech.column(column)}`;
  return { parts: [`${named} ${operator.sign} ${opening}`, cast], values: [bound] };
}

/** Parts side by side make a tree as deep as they are many, and SQLite takes a thousand levels: halves keep it flat. */
function group(all: readonly Lifted[], word: string): Lifted {
  if (all.length <= MAX_SIDE_BY_SIDE) return joined("(", all, word, ")");
  const middle = all.length >> 1;
  return joined("(", [group(all.slice(0, middle), word), group(all.slice(middle), word)], word, ")");
}

function joined(before: string, all: readonly Lifted[], word: string, behind: string): Lifted {
  const parts: string[] = [];
  const values: unknown[] = [];
  let text = before;
  all.forEach((lifted, index) => {
    text += (index > 0 ? word : "") + lifted.parts[0]!;
    for (let place = 0; place < lifted.values.length; place++) {
      parts.push(text);
      text = lifted.parts[place + 1]!;
    }
    values.push(...lifted.values);
  });
  parts.push(text + behind);
  return { parts, values };
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
