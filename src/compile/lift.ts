import { Column, getTableName, Param, SQL, StringChunk, type Table } from "drizzle-orm";
import type { Predicate } from "../plan/plan.ts";
import type { Database } from "../dialect/dialect.ts";
import { Gap } from "../schema/schema.ts";
import { toSQL } from "./condition.ts";
import { type Syntax, syntaxOf } from "./syntax.ts";

/** SQL without its values: the pieces of text between them, and the values as the driver takes them. */
export interface Lifted {
  /** One more than there are values. */
  readonly parts: readonly string[];
  readonly values: readonly unknown[];
}

/** How a database writes names. */
export interface Names {
  readonly column: (column: Column) => string;
  readonly table: (table: Table) => string;
  readonly quote: (name: string) => string;
  readonly syntax: Syntax;
  /** What Drizzle needs to render SQL that is not taken apart here. */
  readonly rendering: Parameters<SQL["toQuery"]>[0];
}

/** Stands for a value while Drizzle renders; no SQL text holds it. */
export const MARK = "\u0001";

/** The names of a Drizzle database, with its casing. */
export function namesOf(database: Database): Names {
  const { dialect } = database;
  const quote = (name: string): string => dialect.escapeName(name) as string;
  const columns = new WeakMap<Column, string>();
  const tables = new WeakMap<Table, string>();
  return {
    quote,
    column: (column) => remembered(columns, column, () => quote(dialect.casing.getColumnCasing(column))),
    table: (table) => remembered(tables, table, () => nameOf(table, quote)),
    syntax: syntaxOf(dialect.escapeParam(0) === "?" ? "sqlite" : "postgresql"),
    rendering: {
      casing: dialect.casing,
      escapeName: quote,
      escapeParam: () => MARK,
      escapeString: (text: string) => dialect.escapeString(text) as string,
    },
  };
}

function remembered<Key extends object>(names: WeakMap<Key, string>, key: Key, make: () => string): string {
  let name = names.get(key);
  if (name === undefined) names.set(key, (name = make()));
  return name;
}

// Drizzle keeps these to itself.
const SCHEMA = Symbol.for("drizzle:Schema");
const IS_ALIAS = Symbol.for("drizzle:IsAlias");

/** A table's name, with its schema's before it; an alias has left its schema. */
function nameOf(table: Table, quote: Names["quote"]): string {
  const { [SCHEMA]: schema, [IS_ALIAS]: alias } = table as { [SCHEMA]?: string; [IS_ALIAS]?: boolean };
  const name = quote(getTableName(table));
  return schema === undefined || alias === true ? name : `${quote(schema)}.${name}`;
}

class Lifter {
  readonly parts: string[] = [];
  readonly values: unknown[] = [];
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
export function lift(query: SQL, names: Names): Lifted {
  const lifter = new Lifter();
  if (!take(query, lifter, names)) return render(query, names);
  return { parts: [...lifter.parts, lifter.text], values: lifter.values };
}

/** Takes the values out of a client's filter; most conditions are a column, a sign and a value, and need no SQL in between. */
export function liftPredicate(predicate: Predicate, names: Names): Lifted {
  const lifter = new Lifter();
  takePredicate(predicate, lifter, names);
  return { parts: [...lifter.parts, lifter.text], values: lifter.values };
}

function takePredicate(predicate: Predicate, lifter: Lifter, names: Names): void {
  if (predicate.kind !== "condition") return takeSQL(toSQL(predicate), lifter, names);
  const { column, operator, value } = predicate;
  if (operator.sign === undefined || value === null || value instanceof Gap)
    return takeSQL(toSQL(predicate), lifter, names);
  const bound = column.encode(value);
  if (typeof bound === "object" && bound !== null && !isBindable(bound))
    return takeSQL(toSQL(predicate), lifter, names);
  lifter.text += `${names.table(column.column.table)}.${names.column(column.column)} ${operator.sign} ${column.opening}`;
  lifter.value(bound);
  lifter.text += column.cast;
}

function takeSQL(query: SQL, lifter: Lifter, names: Names): void {
  const { parts, values } = lift(query, names);
  for (const [index, value] of values.entries()) {
    lifter.text += parts[index]!;
    lifter.value(value);
  }
  lifter.text += parts.at(-1)!;
}

/** Takes one piece of SQL apart; `false` where it holds something only Drizzle can render. */
function take(query: SQL, lifter: Lifter, names: Names): boolean {
  // An `inlineParams()` wants its values in the text.
  if ((query as unknown as { shouldInlineParams: boolean }).shouldInlineParams) return false;
  for (const chunk of query.queryChunks as readonly unknown[]) {
    if (chunk instanceof StringChunk) {
      const { value } = chunk as { value: readonly string[] };
      lifter.text += value.length === 1 ? value[0]! : value.join("");
    } else if (chunk instanceof Param) {
      // A value that is missing equals nothing.
      const value: unknown =
        chunk.value === null || chunk.value === undefined
          ? null
          : chunk.encoder.mapToDriverValue(chunk.value);
      if (typeof value === "object" && value !== null && !isBindable(value)) return false;
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
    } else if (chunk !== undefined) return false;
  }
  return true;
}

const isBindable = (value: object): boolean => value instanceof Uint8Array || value instanceof Date;

function render(query: SQL, names: Names): Lifted {
  const { sql, params } = query.toQuery(names.rendering);
  const parts = sql.split(MARK);
  // A placeholder without a value, or the mark itself in a name: nothing that can be lifted.
  if (
    parts.length !== params.length + 1 ||
    params.some((param) => typeof param === "object" && param !== null && !isBindable(param))
  ) {
    throw new TypeError("SQL with placeholders cannot be used in a rule");
  }
  return { parts, values: params };
}

/** Text with its values numbered from `first`. */
export function numbered(parts: readonly string[], first: number, { mark }: Syntax): string {
  let text = parts[0]!;
  for (let index = 1; index < parts.length; index++) text += `${mark}${first + index - 1}${parts[index]!}`;
  return text;
}
