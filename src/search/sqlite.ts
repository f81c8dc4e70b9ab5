import { type Column, getTableColumns, type SQL, sql } from "drizzle-orm";
import { nameOf, quoted, tableNamed } from "../drizzle/drizzle.ts";
import type { Alternative, Words } from "../request/request.ts";
import { rowNumbersOf, type TableInfo } from "../schema/schema.ts";
import {
  type ColumnName,
  indexName,
  type SearchIndex,
  type SearchSyntax,
  WEIGHTS,
  weighed,
} from "./contract.ts";

/** SQLite's full-text index, FTS5: a table beside the table, which triggers keep, and which holds no text of its own. */
export const SQLITE: SearchSyntax = {
  found(index, { alternatives }, tied) {
    const having = alternatives.filter(({ wanted }) => wanted.length > 0).map(havingText);
    const lacking = alternatives.filter(({ wanted }) => wanted.length === 0);
    const parts = lacking.map(({ unwanted }) => sql`not ${matches(index, anyOf(unwanted), tied)}`);
    if (having.length > 0) parts.unshift(matches(index, having.join(" OR "), tied));
    return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, sql` or `)})`;
  },
  rank(index, words) {
    const wanted = wantedOf(words);
    if (wanted.length === 0) return NOTHING;
    const own = nameOfIndex(index);
    const sum = sql.join(
      ownColumns(index).map((column, place) => worth(own, column, place)),
      sql`+`,
    );
    // Of all that match at once: to ask for one of them takes as long as to ask for many.
    return sql`coalesce((with "~ranked"("row", "rank") as materialized (select "rowid", ${sum} from ${own} where ${own} match ${anyOf(wanted)}) select "rank" from "~ranked" where "row" = ${rowOf(index)}), 0)`;
  },
  statements,
  ask: (index) => ({
    text: "select group_concat(name, ', ') from pragma_table_info(?1) having count(*) > 0",
    values: [indexName(index).name],
  }),
  made: ({ columns }, name) => columns.map(name).join(", "),
};

/** The name of the index in a statement. */
const nameOfIndex = (index: SearchIndex): SQL => sql.raw(quoted(indexName(index).name));

/** The number of the row that is asked about. */
function rowOf({ table }: SearchIndex): SQL {
  const key = rowKeyOf(table);
  if (key !== undefined) return sql`${key.column}`;
  return sql.raw(`${quoted(nameOf(table.table).name)}.${quoted(numberOf(table))}`);
}

/** All rows that match are listed once; under a `+` SQLite does not go through the list anew for each row that ties others. */
function matches(index: SearchIndex, text: string, tied: boolean): SQL {
  const own = nameOfIndex(index);
  return sql`${sql.raw(tied ? "+" : "")}${rowOf(index)} in (select "rowid" from ${own} where ${own} match ${text})`;
}

/** By index, its columns, which are called as those of the table are. */
const columnsOf = new WeakMap<SearchIndex, readonly Column[]>();

function ownColumns(index: SearchIndex): readonly Column[] {
  let columns = columnsOf.get(index);
  if (columns === undefined) {
    const models = index.columns.map(({ name, column }) => [name, column] as const);
    columns = Object.values(getTableColumns(tableNamed(indexName(index), models)));
    columnsOf.set(index, columns);
  }
  return columns;
}

/**
 * What the words in a column make a row worth: the more of them the more, up to the column's weight. Marks are counted that
 * stand before each; FTS5's own rank would tell of all rows of the table.
 */
function worth(own: SQL, column: Column, place: number): SQL {
  const marked = sql`highlight(${own}, ${sql.raw(String(place))}, char(1), '')`;
  const count = sql`max(0, coalesce(length(${marked}) - length(${column}), 0))`;
  const most = sql.raw(String(weighed(WEIGHTS, place) * PRECISION));
  return sql`(${most} - ${most} / (1 + ${count}))`;
}

const PRECISION = 1_000;

/** A bare number would be a place among the columns to a database that orders by it. */
const NOTHING = sql`cast(0 as integer)`;

/** A word or a phrase as FTS5 takes it, whatever it holds. */
const phrase = (text: string): string => `"${text}"`;

const anyOf = (texts: readonly string[]): string => texts.map(phrase).join(" OR ");

function havingText({ wanted, unwanted }: Alternative): string {
  const all = wanted.map(phrase).join(" ");
  return unwanted.length === 0 ? `(${all})` : `(${all} NOT (${anyOf(unwanted)}))`;
}

const wantedOf = ({ alternatives }: Words): readonly string[] => alternatives.flatMap(({ wanted }) => wanted);

/** The column that is the number of a row, where there is one. */
function rowKeyOf({ primaryKey }: TableInfo): TableInfo["primaryKey"][number] | undefined {
  return primaryKey.length === 1 && primaryKey[0]!.type === "integer" ? primaryKey[0] : undefined;
}

/** The name by which the number of a row goes that is no column; such tables are refused at start that hide all. */
const numberOf = (table: TableInfo): string => rowNumbersOf(table)[0]!;

function statements(index: SearchIndex, name: ColumnName): readonly string[] {
  const { table, columns, language } = index;
  const key = rowKeyOf(table);
  const number = key === undefined ? numberOf(table) : name(key);
  const texts = columns.map((column) => quoted(name(column)));
  const own = indexName(index).name;
  const target = quoted(own);
  const on = quoted(nameOf(table.table).name);
  const trigger = (event: (typeof EVENTS)[number]): string => quoted(`${own}_${event}`);
  const row = (of: "new" | "old"): string =>
    [quoted(number), ...texts].map((text) => `${of}.${text}`).join(", ");
  const list = ["rowid", ...texts].join(", ");
  const add = `insert into ${target} (${list}) values (${row("new")});`;
  const remove = `insert into ${target} (${target}, ${list}) values ('delete', ${row("old")});`;
  const changed = [...(key === undefined ? [] : [quoted(number)]), ...texts].join(", ");
  const tokenizer = language === "english" ? `porter ${TOKENIZER}` : TOKENIZER;
  return [
    ...EVENTS.map((event) => `drop trigger if exists ${trigger(event)}`),
    `drop table if exists ${target}`,
    `create virtual table ${target} using fts5(${texts.join(", ")}, content=${on}, content_rowid=${quoted(number)}, tokenize='${tokenizer}')`,
    `create trigger ${trigger("insert")} after insert on ${on} begin ${add} end`,
    `create trigger ${trigger("delete")} after delete on ${on} begin ${remove} end`,
    `create trigger ${trigger("update")} after update of ${changed} on ${on} begin ${remove} ${add} end`,
    `insert into ${target} (${target}) values ('rebuild')`,
  ];
}

const EVENTS = ["insert", "delete", "update"] as const;

/** What stands behind the name of a table in those of the triggers that keep its index. */
export const SEARCH_TRIGGERS: readonly string[] = EVENTS.map((event) => `_search_${event}`);

/** Words in either case, and with accents or without, are one. */
const TOKENIZER = "unicode61 remove_diacritics 2";
