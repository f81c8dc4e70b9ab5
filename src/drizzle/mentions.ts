import { type Column, getTableName, is, Name, SQL, Subquery, Table, View } from "drizzle-orm";
import { Nested } from "./missing.ts";
import { nameOf, nameOfView, originalNameOf, qualified, type QualifiedName, quoted } from "./names.ts";
import { piecesOf, visit, type Visitor } from "./sql.ts";
import { MENTION, tokensOf } from "./tokens.ts";

/** What a table is called in the database. */
export interface Label {
  readonly name: string | undefined;
  readonly schema: string | undefined;
}

/** A column, and what stands before it where it is mentioned. */
export interface Mention extends Label {
  /** `undefined` where a schema's name stands there too. */
  readonly visible: string | undefined;
}

/** Stands where a query of `db.query` begins. */
export const RENAMED = "\ue001";

/** SQL as text, in which columns are numbered. */
export class MentioningText implements Visitor<void> {
  #text = "";
  readonly mentions: Mention[] = [];
  readonly #sqlite: boolean;

  constructor(query: SQL, sqlite: boolean) {
    this.#sqlite = sqlite;
    this.sql(query);
  }

  toString(): string {
    return this.#text;
  }

  /** SQLite's names are the same in any case. */
  fold(name: string): string {
    return this.#sqlite ? name.toLowerCase() : name;
  }

  label(name: string | undefined, schema: string | undefined): Label {
    return {
      name: name === undefined ? undefined : this.fold(name),
      schema: schema === (this.#sqlite ? "main" : "public") ? undefined : schema,
    };
  }

  labelOf(table: Table): Label & { readonly name: string } {
    const { name, schema } = originalNameOf(table);
    return { ...this.label(name, schema), name: this.fold(name) };
  }

  text(text: string): void {
    this.#text += text;
  }

  sql(query: SQL): void {
    for (const piece of piecesOf(query)) visit(piece, this);
  }

  column({ table }: Column): void {
    const visible = nameOf(table).schema === undefined ? this.fold(getTableName(table)) : undefined;
    const index = this.mentions.push({ ...this.labelOf(table), visible }) - 1;
    this.#text += ` ${MENTION}${index}${MENTION} `;
  }

  value(value: unknown): void {
    if (value !== undefined) this.#text += " ? ";
  }

  list(items: readonly unknown[]): void {
    for (const [index, item] of items.entries()) {
      this.#text += index === 0 ? "(" : ", ";
      visit(item, this);
    }
    this.#text += items.length === 0 ? "()" : ")";
  }

  other(piece: object): void {
    if (is(piece, Name)) this.#text += quoted(piece.value);
    else if (is(piece, Table)) this.#named(nameOf(piece));
    else if (is(piece, View)) this.#named(nameOfView(piece));
    else if (is(piece, SQL.Aliased)) this.#text += quoted(piece.fieldAlias);
    else if (is(piece, Subquery)) this.#subquery(piece);
    else if (piece instanceof Nested) this.#group(piece.getSQL(), piece.relational);
    else this.#text += " ? ";
  }

  #named(name: QualifiedName): void {
    this.#text += qualified(name);
  }

  #subquery({ _: { sql, alias, isWith } }: Subquery): void {
    if (!isWith) this.#group(sql, false);
    this.#text += ` ${quoted(alias)}`;
  }

  #group(query: SQL, renamed: boolean): void {
    this.#text += renamed ? `(${RENAMED}` : "(";
    this.sql(query);
    this.#text += ")";
  }
}

/** What stands before a parenthesis and looks at nothing but what is in it. */
const LOOKS_AWAY: ReadonlySet<string> = new Set([
  ..."and or not in exists any all some is where select from on when then else case using by having values".split(
    " ",
  ),
  ..."union intersect except join as distinct like ilike between end limit offset returning array over".split(
    " ",
  ),
  ..."coalesce nullif lower upper trim length abs round substr substring replace concat cast greatest least".split(
    " ",
  ),
  ..."count sum min max avg json_extract json_each date time datetime julianday strftime unixepoch now".split(
    " ",
  ),
]);

/** Whether SQL calls functions of which nobody knows what they look at. */
export function callsOthers(text: MentioningText): boolean {
  const tokens = tokensOf(text.toString());
  return tokens.some((token, index) => {
    if (token !== "(" || index === 0) return false;
    const before = tokens[index - 1]!;
    return /^[\p{L}_"`[]/u.test(before) && !LOOKS_AWAY.has(before.toLowerCase());
  });
}
