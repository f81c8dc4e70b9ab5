import type { SQL } from "drizzle-orm";
import { outlineOf, tokensOf } from "../drizzle/drizzle.ts";

/** What an expression speaks of: its own row, all rows as one, or its row among the others. */
export type Span = "row" | "aggregate" | "window";

const AGGREGATES: ReadonlySet<string> = new Set(
  (
    "count sum avg group_concat string_agg array_agg any_value json_group_array json_group_object jsonb_group_array " +
    "jsonb_group_object json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg range_agg bool_and bool_or bit_and " +
    "bit_or bit_xor stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp percentile_cont " +
    "percentile_disc"
  ).split(" "),
);
/** Words before a parenthesis that make nothing of several rows, as far as they are built in. */
const OF_ONE_ROW: ReadonlySet<string> = new Set(
  (
    "and or not in is like glob ilike between then else when case any all some exists values " +
    "abs ceil ceiling coalesce concat concat_ws date datetime extract floor format greatest hex ifnull iif instr " +
    "json_extract julianday least left length lower lpad ltrim mod nullif power printf replace right round rpad rtrim " +
    "sign split_part sqrt strftime strpos substr substring time to_char trim trunc typeof unixepoch upper"
  ).split(" "),
);
/** Of one argument an aggregate, of several the least or the greatest of them. */
const EXTREMES: ReadonlySet<string> = new Set(["min", "max"]);

/**
 * What an expression speaks of, as far as its text says for certain: the built-in aggregates and `over`, outside of
 * sub-selects. A function nobody knows speaks of its row.
 */
export function spanOf(expression: SQL): Span {
  return new SpanReader(wordsOf(expression)).read();
}

/** Whether an expression speaks of its own row for certain: it calls nothing but what is known to. */
export function isOfOneRow(expression: SQL): boolean {
  return new SpanReader(wordsOf(expression)).isOfOneRow();
}

const wordsOf = (expression: SQL): readonly string[] =>
  tokensOf(outlineOf(expression)).map((token) => token.toLowerCase());

const unquoted = (name: string): string => name.replace(/^"(.*)"$/s, "$1");

class SpanReader {
  readonly #tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  read(): Span {
    let span: Span = "row";
    for (let index = 0; index < this.#tokens.length; index++) {
      const token = this.#tokens[index]!;
      if (token === "(" && this.#isQuery(index)) index = this.#close(index);
      else if (token === "over" && this.#tokens[index - 1] === ")") span = "window";
      else if (this.#aggregates(index) && !this.#isWindow(index)) return "aggregate";
    }
    return span;
  }

  isOfOneRow(): boolean {
    for (let index = 0; index < this.#tokens.length; index++) {
      const token = this.#tokens[index]!;
      if (token === "over") return false;
      if (token !== "(") continue;
      const called = this.#tokens[index - 1] ?? "";
      if (/^["`[\p{L}_]/u.test(called) && !OF_ONE_ROW.has(called)) return false;
      if (this.#isQuery(index)) index = this.#close(index);
    }
    return true;
  }

  /** Whether a parenthesis holds a query, whose rows are its own. */
  #isQuery(open: number): boolean {
    return ["select", "with", "values"].includes(this.#tokens[open + 1] ?? "");
  }

  /** The place of the parenthesis that closes one. */
  #close(open: number): number {
    let depth = 0;
    for (let index = open; index < this.#tokens.length; index++) {
      if (this.#tokens[index] === "(") depth++;
      else if (this.#tokens[index] === ")" && --depth === 0) return index;
    }
    return this.#tokens.length;
  }

  #aggregates(index: number): boolean {
    const name = unquoted(this.#tokens[index]!);
    if (this.#tokens[index + 1] !== "(") return false;
    return AGGREGATES.has(name) || (EXTREMES.has(name) && !this.#hasSeveral(index + 1));
  }

  /** Whether a call has several arguments. */
  #hasSeveral(open: number): boolean {
    const close = this.#close(open);
    for (let index = open + 1; index < close; index++) {
      if (this.#tokens[index] === ",") return true;
      if (this.#tokens[index] === "(") index = this.#close(index);
    }
    return false;
  }

  /** Whether a call, its `filter` included, is followed by `over`. */
  #isWindow(index: number): boolean {
    let next = this.#close(index + 1) + 1;
    if (this.#tokens[next] === "filter" && this.#tokens[next + 1] === "(") next = this.#close(next + 1) + 1;
    return this.#tokens[next] === "over";
  }
}
