import { Column, getTableName, is, Name, SQL, StringChunk, Subquery, Table, View } from "drizzle-orm";
import type { TableInfo } from "../schema/schema.ts";
import { Nested } from "./missing.ts";

/**
 * What is wrong with a condition whose sub-query has a table by the name of the rule's own: SQL takes the rule's columns
 * in there for the inner table's, and a column that is compared with itself admits every row. `undefined` where the
 * names stay apart.
 */
export function captured(condition: SQL, { name, table, database }: TableInfo): string | undefined {
  const text = new ConditionText(database === "sqlite");
  text.add(condition);
  const own = text.labelOf(table);
  const isOwn = (one: Label): boolean => one.name === own.name && one.schema === own.schema;
  // Most sub-queries name it nowhere, but by columns that stand for themselves.
  const named = text.text.toLowerCase().includes(own.name.toLowerCase());
  if (!named && !text.mentions.some((column) => isOwn(column) && column.visible !== own.name))
    return undefined;
  const { sources, mentions } = new SourceReader(text).read();
  if (sources.some((source) => isOwn(source) && (source.visible === own.name || source.renamed)))
    return `a sub-query selects from the rule's own table without an alias, so that columns would be compared with themselves; select from alias(${name}, "m")`;
  const taken = mentions.some(
    (column) =>
      isOwn(column) &&
      sources.some(({ visible }) => visible === column.visible) &&
      !sources.some((source) => source.visible === column.visible && isOwn(source)),
  );
  return taken
    ? `a sub-query calls another table as the rule's own is called, so that the columns of \`${name}\` would be taken for that one's; select from an alias of it with db.select()`
    : undefined;
}

/** What a table is called in the database. */
interface Label {
  readonly name: string | undefined;
  readonly schema: string | undefined;
}

/** A column, and what stands before it where it is mentioned. */
interface Mention extends Label {
  /** `undefined` where a schema's name stands there too. */
  readonly visible: string | undefined;
}

/** What rows are selected from. */
interface Source extends Label {
  /** The name it goes by in its query. */
  readonly visible: string;
  /** Whether Drizzle gives the name, to the columns of the condition too. */
  readonly renamed: boolean;
}

// Drizzle keeps these to itself.
const ORIGINAL = Symbol.for("drizzle:OriginalName");
const SCHEMA = Symbol.for("drizzle:Schema");
const IS_ALIAS = Symbol.for("drizzle:IsAlias");
const VIEW = Symbol.for("drizzle:ViewBaseConfig");

interface Tagged {
  readonly [ORIGINAL]?: string;
  readonly [SCHEMA]?: string;
  readonly [IS_ALIAS]?: boolean;
  readonly [VIEW]?: { readonly name: string; readonly schema?: string; readonly isAlias?: boolean };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Stands before and behind the number of a column. */
const MARK = "\ue000";
/** Stands where a query of `db.query` begins. */
const RENAMED = "\ue001";

/** A condition as text, in which columns are numbered. */
class ConditionText {
  text = "";
  readonly mentions: Mention[] = [];
  readonly #sqlite: boolean;

  constructor(sqlite: boolean) {
    this.#sqlite = sqlite;
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
    const { [ORIGINAL]: name = getTableName(table), [SCHEMA]: schema } = table as Tagged;
    return { ...this.label(name, schema), name: this.fold(name) };
  }

  add(query: SQL): void {
    for (const chunk of query.queryChunks as readonly unknown[]) this.#chunk(chunk);
  }

  #chunk(chunk: unknown): void {
    if (chunk instanceof StringChunk) this.text += chunk.value.join("");
    else if (chunk instanceof SQL) this.add(chunk);
    else if (chunk instanceof Column) this.#column(chunk);
    else if (chunk !== undefined) this.#other(chunk);
  }

  /** What is rarer, or a piece of another copy of Drizzle. */
  #other(chunk: unknown): void {
    if (is(chunk, StringChunk)) this.text += chunk.value.join("");
    else if (is(chunk, SQL)) this.add(chunk);
    else if (is(chunk, Column)) this.#column(chunk);
    else if (is(chunk, Name)) this.text += quoted(chunk.value);
    else if (is(chunk, Table)) this.#table(getTableName(chunk), chunk as Tagged);
    else if (is(chunk, View)) this.#view(chunk as unknown as Tagged);
    else if (is(chunk, SQL.Aliased)) this.text += quoted(chunk.fieldAlias);
    else if (is(chunk, Subquery)) this.#subquery(chunk);
    else if (chunk instanceof Nested) this.#group(chunk.getSQL(), chunk.relational);
    else if (Array.isArray(chunk)) this.#list(chunk);
    else this.text += " ? ";
  }

  #column({ table }: Column): void {
    const { [SCHEMA]: schema, [IS_ALIAS]: alias } = table as Tagged;
    const visible = schema === undefined || alias === true ? this.fold(getTableName(table)) : undefined;
    this.text += ` ${MARK}${this.mentions.push({ ...this.labelOf(table), visible }) - 1}${MARK} `;
  }

  #table(name: string, { [SCHEMA]: schema, [IS_ALIAS]: alias }: Tagged): void {
    this.text += schema === undefined || alias === true ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
  }

  #view({ [VIEW]: view }: Tagged): void {
    const { name, schema, isAlias } = view!;
    this.#table(name, { ...(schema !== undefined && { [SCHEMA]: schema }), [IS_ALIAS]: isAlias === true });
  }

  #subquery({ _: { sql, alias, isWith } }: Subquery): void {
    if (!isWith) this.#group(sql, false);
    this.text += ` ${quoted(alias)}`;
  }

  #group(query: SQL, renamed: boolean): void {
    this.text += renamed ? `(${RENAMED}` : "(";
    this.add(query);
    this.text += ")";
  }

  #list(list: readonly unknown[]): void {
    for (const [index, item] of list.entries()) {
      this.text += index === 0 ? "(" : ", ";
      this.#chunk(item);
    }
    this.text += list.length === 0 ? "()" : ")";
  }
}

/** Texts, comments, names in quotes, marks, words, and any other character by itself. */
const TOKEN =
  /\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?<tag>\w*)\$.*?\$\k<tag>\$|--[^\n]*|\/\*.*?\*\/|"(?:[^"]|"")*"|`[^`]*`|\[[\p{L}_][\p{L}\p{N}_ ]*\]|\ue000\d+\ue000|[\p{L}_][\p{L}\p{N}_$]*|\S/gisu;

/** Words that end the list of what is selected from. */
const ENDS: ReadonlySet<string> = new Set(
  "where group having order limit offset union intersect except window for fetch returning".split(" "),
);
/** Words that may stand behind a source and are no name of it. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...ENDS,
  ..."on using join left right inner full cross natural outer tablesample indexed not".split(" "),
]);

/** What is known of a parenthesis while it is read. */
interface Level {
  selects: boolean;
  /** Whether it is in the list of what is selected from. */
  from: boolean;
  /** Whether a source comes next. */
  expects: boolean;
  /** Whether a source in parentheses was begun, whose name comes behind them. */
  ending: boolean;
  readonly renamed: boolean;
}

/** Reads what the queries of a condition select from, and which columns they mention. */
class SourceReader {
  readonly #text: ConditionText;
  readonly #tokens: readonly string[];
  readonly #sources: Source[] = [];
  readonly #mentions: Mention[] = [];
  readonly #levels: Level[] = [];
  #index = 0;

  constructor(text: ConditionText) {
    this.#text = text;
    this.#tokens = (text.text.match(TOKEN) ?? []).filter((token) => !/^(?:--|\/\*)/.test(token));
  }

  read(): { readonly sources: readonly Source[]; readonly mentions: readonly Mention[] } {
    this.#open();
    for (; this.#index < this.#tokens.length; this.#index++) this.#take(this.#tokens[this.#index]!);
    return { sources: this.#sources, mentions: this.#mentions };
  }

  get #level(): Level {
    return this.#levels.at(-1)!;
  }

  #take(token: string): void {
    const level = this.#level;
    const word = token.toLowerCase();
    if (token === "(") this.#open();
    else if (token === ")") this.#close();
    else if (token.startsWith(MARK)) this.#mention(token);
    else if (word === "select") Object.assign(level, { selects: true, from: false });
    else if (word === "from") level.from = level.expects = level.selects && this.#at(-1) !== "distinct";
    else if (word === "join" || token === ",") level.expects = level.from;
    else if (ENDS.has(word)) level.from = level.expects = false;
    else if (level.expects && word !== "lateral" && word !== "only") this.#source(level);
  }

  #open(): void {
    const outer = this.#levels.at(-1);
    const renamed = outer?.renamed === true || this.#tokens[this.#index + 1] === RENAMED;
    const level = { selects: false, from: false, expects: false, ending: false, renamed };
    if (outer?.expects === true) {
      Object.assign(outer, { expects: false, ending: true });
      // Else joins stand in parentheses.
      if (!["select", "values", "with", RENAMED].includes(this.#at(1)))
        Object.assign(level, { selects: true, from: true, expects: true });
    }
    this.#levels.push(level);
  }

  #close(): void {
    if (this.#levels.length > 1) this.#levels.pop();
    if (!this.#level.ending) return;
    this.#level.ending = false;
    const visible = this.#alias();
    if (visible !== undefined) this.#add(visible, undefined, undefined);
  }

  #mention(token: string): void {
    this.#level.expects = false;
    if (this.#levels.some(({ selects }) => selects))
      this.#mentions.push(this.#text.mentions[Number(token.slice(1, -1))]!);
  }

  #source(level: Level): void {
    level.expects = false;
    let name = this.#name(0);
    let schema: string | undefined;
    while (name !== undefined && this.#at(1) === "." && this.#name(2) !== undefined) {
      [schema, name] = [name, this.#name(2)];
      this.#index += 2;
    }
    if (name === undefined) return;
    if (this.#at(1) === "(") level.ending = true;
    else this.#add(this.#alias() ?? name, name, schema);
  }

  #add(visible: string, name: string | undefined, schema: string | undefined): void {
    this.#sources.push({ visible, ...this.#text.label(name, schema), renamed: this.#level.renamed });
  }

  /** The name behind a source, if it has one. */
  #alias(): string | undefined {
    const place = this.#at(1) === "as" ? 2 : 1;
    return KEYWORDS.has(this.#at(place)) ? undefined : this.#name(place);
  }

  /** The word some tokens from here. */
  #at(distance: number): string {
    return (this.#tokens[this.#index + distance] ?? "").toLowerCase();
  }

  /** The name some tokens from here, as the database keeps it. */
  #name(distance: number): string | undefined {
    const token = this.#tokens[this.#index + distance] ?? "";
    // SQLite takes a text for a name where one is wanted.
    if (/^["`'[]./s.test(token)) return this.#text.fold(token.slice(1, -1).replaceAll('""', '"'));
    return /^[\p{L}_]/u.test(token) ? token.toLowerCase() : undefined;
  }
}
