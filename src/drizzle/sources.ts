import { type Label, type Mention, type MentioningText, RENAMED } from "./mentions.ts";
import { MENTION, tokensOf } from "./tokens.ts";

/** What rows are selected from. */
export interface Source extends Label {
  /** The name it goes by in its query. */
  readonly visible: string;
  /** Whether Drizzle gives the name, to the columns of the condition too. */
  readonly renamed: boolean;
}

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

/** What the queries of a text select from, and which columns they mention. */
export function sourcesOf(text: MentioningText): {
  readonly sources: readonly Source[];
  readonly mentions: readonly Mention[];
} {
  return new SourceReader(text).read();
}

class SourceReader {
  readonly #text: MentioningText;
  readonly #tokens: readonly string[];
  readonly #sources: Source[] = [];
  readonly #mentions: Mention[] = [];
  readonly #levels: Level[] = [];
  #index = 0;

  constructor(text: MentioningText) {
    this.#text = text;
    this.#tokens = tokensOf(text.toString());
  }

  read(): ReturnType<typeof sourcesOf> {
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
    else if (token.startsWith(MENTION)) this.#mention(token);
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
