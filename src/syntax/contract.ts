import type { SQL } from "drizzle-orm";
import type { Ordered, ReadNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";

/** The name of a member: a text, or where among the values of the statement it stands. */
export type MemberName = string | { readonly place: string };

/** A member of a JSON object: its name, and the SQL of its value, which may be JSON already, written as others are here. */
export type Member = readonly [name: MemberName, value: string, written?: boolean];

/** SQL for sizes, which may be null, and for the most each of them may be. */
export interface Bound {
  readonly sizes: readonly string[];
  readonly most: string;
}

/** What the SQL of a database calls the things that both readers and the writer say, and how its values come back. */
export interface Syntax {
  /** What stands before the number of a value in a statement. */
  readonly mark: "?" | "$";
  /** How many members one object takes. */
  readonly maxMembers: number;
  /** One JSON object; where it has a bound, making it fails beyond that. */
  readonly object: (members: readonly Member[], bound?: Bound) => string;
  /** SQL for the characters of a name that stands among the values. */
  readonly length: (place: string) => string;
  /** The JSON list of the objects of all rows, empty where there are none; one that was cut short ends with `CUT`. */
  readonly list: (object: string, cut?: Cut) => string;
  /**
   * SQL for the name of a list, which begins with `CUT` where it was cut short, for those that are deep or whose objects
   * hold selects; `undefined` where any list may say it itself.
   */
  readonly cutName: ((name: MemberName, cut: Cut) => string) | undefined;
  /** JSON as the text that a statement answers with. */
  readonly document: (json: string) => string;
  /** A key of an order: nulls, where there may be some, come first ascending, last descending, where nothing else is said. */
  readonly orderKey: (
    nullable: boolean,
    direction: "asc" | "desc",
    value: string,
    nulls?: "first" | "last",
  ) => string;
  /** What a column's value needs behind it to be in the column's order where it is the value of an expression. */
  readonly collation: (column: ColumnInfo) => string;
  /** SQL for the text that says all of a column's value, as cursors keep it; null where there is no value. */
  readonly kept: (column: ColumnInfo, value: string) => string;
  /** The value of such a text, as it compares with those of its column. */
  readonly keptValue: (column: ColumnInfo, text: string) => SQL;
  /** SQL for a JSON list of texts, as a text. */
  readonly texts: (values: readonly string[]) => string;
  /** SQL for parts that are text, one behind the other with a unit separator between them. */
  readonly parts: (parts: readonly string[]) => string;
  /** SQL for the texts of all rows, with a record separator between them; null where there are none. */
  readonly records: (text: string) => string;
  /** What ends a select: how many rows, after how many. `single`: the first; `whole`: nothing of it is moved outwards. */
  readonly range: (range: Range) => string;

  /** SQL for a column's value as its JSON carries it. */
  readonly json: (column: ColumnInfo, value: string) => string;
  /** SQL for a computed field's value as JSON carries it. */
  readonly jsonExtra: (value: string) => string;
  /** Whether SQL cannot say what a column's values are in JSON, so that they are sent and mapped here. */
  readonly wantsMapping: (column: ColumnInfo) => boolean;

  /**
   * SQL for the bytes of a column's value, null where there is none, found without reading it where the database can; `undefined` where they are few
   * whatever is stored. `least`: no more than the value takes in JSON.
   */
  readonly size: (column: ColumnInfo, value: string, least: boolean) => string | undefined;
  /** The same for a computed field. */
  readonly sizeExtra: (value: string) => string;
  /** SQL for a sum over rows, 0 where there are none. */
  readonly sum: (value: string) => string;
  /** SQL for 1 where a size is no more than it may be, else 0. */
  readonly fits: (size: string, most: string) => string;

  /** SQL for a column's value in JSON that holds any value it may have, to be mapped here. */
  readonly sent: (column: ColumnInfo, value: string) => string;
  /** The value a driver would have answered for what was sent, mapped as its column maps. */
  readonly received: (column: ColumnInfo, sent: unknown) => unknown;
  /** The same for a computed field. */
  readonly sentExtra: (value: string) => string;
  /** The value of a computed field; `mapped` where its author maps it. */
  readonly receivedExtra: (sent: string, mapped: boolean) => unknown;

  /**
   * SQL for a column's value in a form that survives Drizzle's own reading of a row, `nested` in JSON or not; `undefined`
   * where the value survives as it is.
   */
  readonly text: (column: ColumnInfo, value: string, nested: boolean) => string | undefined;
  /** The value that stands for, mapped as its column maps. */
  readonly fromText: (column: ColumnInfo, sent: unknown) => unknown;
  /** The same of a nested one. */
  readonly fromNested: (column: ColumnInfo, sent: unknown) => unknown;
}

/** Turns rows that came as arrays, in the order of the statement, into what `JSON.stringify` writes as objects. */
export type RowsWriter = (
  rows: readonly ArrayLike<unknown>[],
) => readonly Readonly<Record<string, unknown>>[];

/** Says where a row stands, as a cursor keeps it; a value that is too long for one is `undefined`. */
export type PlaceReader = (row: ArrayLike<unknown>) => readonly (string | null | undefined)[];

/** How rows are asked for and read that come as they are stored: their JSON is written here. */
export interface Flat {
  /** Whether who reads them stops where their bytes are too many; else only rows of few values come so. */
  readonly stops: boolean;
  /** Whether all that is asked of a node can be said so. */
  readonly says: (node: ReadNode) => boolean;
  /**
   * SQL for a column: as it is stored, where its JSON is made faster here than there. Of one row that is asked for `alone`
   * that may be more.
   */
  readonly column: (column: ColumnInfo, value: string, alone?: boolean) => string;
  /** SQL for a computed field. */
  readonly extra: (value: string) => string;
  /** SQL for a number of related rows. */
  readonly count: (value: string) => string;
  /** SQL for the value of a key of an order; one of more bytes than `most` stays where it is. */
  readonly key: (key: Ordered, value: string, most: number) => string;
  /** The writer of a node's rows. */
  readonly toRows: (node: ReadNode) => RowsWriter;
  /** The reader for the places of rows whose keys they end with. */
  readonly toPlace: (node: ReadNode) => PlaceReader;
}

/** Whether a list was cut short: SQL for the most rows it has, and for a row beyond them, else null. */
export interface Cut {
  readonly limit: string;
  readonly beyond: string;
}

/** The last element of a list that was cut short, where the others are objects; or the beginning of its name. */
export const CUT = "~more";

/** How many rows a node has, and after how many: the places of both among the values, where they are given. */
export interface Range {
  readonly limit: string | undefined;
  readonly offset: string | undefined;
  readonly single: boolean;
  readonly whole: boolean;
}

/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** What stands between the records and the parts of a text, and in no JSON: there these characters are escaped. */
export const RECORD = "\x1e";
export const UNIT = "\x1f";
