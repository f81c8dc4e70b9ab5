import { Column, is, Param, type SQL } from "drizzle-orm";
import { piecesOf, visit, type Visitor } from "./sql.ts";
import { MENTION, tokensOf } from "./tokens.ts";

/** What a condition lets a column be: one of these values, as the driver takes them. */
export interface Equality {
  readonly column: Column;
  readonly values: readonly unknown[];
}

/** A word or a sign of SQL, a column, or a value that is bound. */
type Token = string | Column | { readonly value: unknown };

/** Stands for a table, a name, a query that is built. */
const OTHER = "\ue012";

/** Reads SQL as its words and signs, its columns and its values. */
class Reader implements Visitor<void> {
  #text = "";
  readonly #found: Token[] = [];

  read(query: SQL): readonly Token[] {
    this.sql(query);
    return tokensOf(this.#text).map((token) =>
      token.startsWith(MENTION) ? this.#found[Number(token.slice(1, -1))]! : token.toLowerCase(),
    );
  }

  text(text: string): void {
    this.#text += text;
  }

  sql(query: SQL): void {
    for (const piece of piecesOf(query)) visit(piece, this);
  }

  column(column: Column): void {
    this.#add(column);
  }

  value(value: unknown): void {
    this.#add({ value: is(value, Param) ? boundBy(value) : value });
  }

  list(items: readonly unknown[]): void {
    for (const [index, item] of items.entries()) {
      this.#text += index === 0 ? "(" : ",";
      visit(item, this);
    }
    this.#text += items.length === 0 ? "()" : ")";
  }

  other(): void {
    this.#text += ` ${OTHER} `;
  }

  #add(token: Token): void {
    this.#text += ` ${MENTION}${this.#found.push(token) - 1}${MENTION} `;
  }
}

const boundBy = ({ value, encoder }: Param): unknown =>
  value === null || value === undefined ? null : encoder.mapToDriverValue(value);

/** What stands between columns and values where they are compared and nothing else. */
const COMPARING: ReadonlySet<Token> = new Set("( ) < > = ! , and or not is null in between like".split(" "));

/** The columns of SQL that does nothing but compare columns with values; `undefined` for any other. */
export function comparedIn(query: SQL): readonly Column[] | undefined {
  const tokens = new Reader().read(query);
  const columns = tokens.filter((token) => is(token, Column));
  return tokens.every((token) => typeof token === "object" || COMPARING.has(token)) ? columns : undefined;
}

/** What SQL says that must hold of each row, where it says so plainly: `org = ? and (… or …) and id in (?, ?)`. */
export const equalitiesIn = (query: SQL): readonly Equality[] => equalities(new Reader().read(query));

/** Words by which `and` joins something else than conditions that must all hold. */
const DIVIDES: ReadonlySet<Token> = new Set(
  "or xor between case when then else end select values with from".split(" "),
);

function equalities(tokens: readonly Token[]): readonly Equality[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0 && DIVIDES.has(token)) return [];
    if (token === "(") depth++;
    else if (token === ")") depth--;
    if (depth === 0 && token === "and") parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts.flatMap((part) => {
    const inner = withoutParentheses(part);
    return inner === undefined ? equalityOf(part) : equalities(inner);
  });
}

/** What stands in the parentheses that stand around all of it. */
function withoutParentheses(tokens: readonly Token[]): readonly Token[] | undefined {
  if (tokens[0] !== "(") return undefined;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "(") depth++;
    if (token === ")" && --depth === 0) return index === tokens.length - 1 ? tokens.slice(1, -1) : undefined;
  }
  return undefined;
}

function equalityOf([column, sign, ...rest]: readonly Token[]): readonly Equality[] {
  if (!is(column, Column)) return [];
  const listed = sign === "in" ? withoutParentheses(rest) : undefined;
  const asked = sign === "=" ? rest : listed;
  if (asked === undefined || (sign === "=" && asked.length !== 1)) return [];
  const values: unknown[] = [];
  for (const [index, token] of asked.entries())
    if (index % 2 === 1 ? token !== "," : !isValue(token)) return [];
    else if (isValue(token)) values.push(token.value);
  return values.length === 0 ? [] : [{ column, values }];
}

const isValue = (token: Token): token is { readonly value: unknown } =>
  typeof token === "object" && !is(token, Column);
