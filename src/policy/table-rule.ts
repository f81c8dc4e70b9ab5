import type { Column, Operators, View } from "drizzle-orm";
import type { ColumnsOf, SchemaShape, TableName } from "../infer.ts";
import type { Awaitable, RequestContext, RowFilter } from "./context.ts";

/** What the tests of a column's own type look at. */
interface Traits {
  readonly dataType: string;
  readonly columnType: string;
  readonly notNull: boolean;
  readonly isPrimaryKey: boolean;
  readonly generated: unknown;
}

/** The columns with these traits. */
type ColumnWith<C, T extends Partial<Traits>> = {
  [K in keyof C & string]: C[K] extends { readonly _: T } ? K : never;
}[keyof C & string];

/** What a column must be for the engine to write it: no part of the key, and not made by the database. */
export interface KeptColumn {
  readonly isPrimaryKey: false;
  readonly generated: undefined;
}

/** The columns that can say when a row was deleted: dates that may be missing. */
export type DeletionColumn<C> =
  | ColumnWith<C, KeptColumn & { readonly notNull: false; readonly dataType: "date" }>
  | ColumnWith<
      C,
      KeptColumn & {
        readonly notNull: false;
        readonly columnType: "PgTimestampString" | "PgDateString" | "PgCustomColumn" | "SQLiteCustomColumn";
      }
    >;

/** The columns that can count changes: whole numbers. */
export type VersionColumn<C> = ColumnWith<
  C,
  KeptColumn & {
    readonly columnType:
      | "SQLiteInteger"
      | "PgInteger"
      | "PgSmallInt"
      | "PgSerial"
      | "PgSmallSerial"
      | "PgBigInt53"
      | "PgBigSerial53";
  }
>;

/** The columns in which words can be looked for: texts. */
export type SearchedColumn<C> = ColumnWith<
  C,
  { readonly columnType: "SQLiteText" | "PgText" | "PgVarchar" | "PgChar" }
>;

/** Where words are looked for. */
export interface SearchFact<Name extends string> {
  readonly columns: readonly Name[];
  /** The language whose forms of a word are one, where the database knows any: `english`. */
  readonly language?: string;
}

/** What makes the values of columns of a new row; where a column needs a value and gets none, nothing is written. */
export type SetColumns<Context, C> = {
  readonly [K in ColumnWith<C, { readonly generated: undefined }>]?: (
    context: Context & RequestContext,
  ) => Awaitable<DataOf<C[K]> | undefined>;
};

/** What Drizzle takes for a column. */
type DataOf<C> = C extends Column ? C["_"]["data"] | (C["_"]["notNull"] extends true ? never : null) : never;

/** What is true of the rows of a table or a view wherever they are mentioned. */
export interface ViewRule<Context, Schema extends SchemaShape, T extends TableName<Schema>> {
  /** The rows that exist at all, beside what each rule says; asked once for each operation, and of written rows as well. */
  readonly where?: (
    context: Context & RequestContext,
    table: Schema[T],
    operators: Operators,
  ) => Awaitable<RowFilter>;
}

/** The columns that fit, or where none does, a sentence. That they are texts makes errors name them, and not their type. */
export type FittingColumn<Name, None extends string> = [Name] extends [never] ? None : Name & string;

/**
 * What is true of a table wherever it is mentioned, whichever rule mentions it.
 *
 * @example { where: ({ org }, task, { eq }) => eq(task.orgId, org), set: { orgId: ({ org }) => org }, softDelete: "deletedAt", version: "version" }
 */
export interface TableRule<Context, Schema extends SchemaShape, T extends TableName<Schema>> extends ViewRule<
  Context,
  Schema,
  T
> {
  /** What columns of every new row are, whatever anybody else gives them; no client writes them. */
  readonly set?: SetColumns<Context, ColumnsOf<Schema, T>>;
  /** A date that may be missing, and says when a row was deleted; DELETE sets it, and who has it does not exist. */
  readonly softDelete?: FittingColumn<
    DeletionColumn<ColumnsOf<Schema, T>>,
    `no column of \`${T}\` is a date that may be missing`
  >;
  /** A column of whole numbers: 1 for a new row, one more with every change, for `If-Match`. */
  readonly version?: FittingColumn<
    VersionColumn<ColumnsOf<Schema, T>>,
    `no column of \`${T}\` is a whole number to count with`
  >;
  /** Where words are looked for, under rules with `search: true`; the index is of the author's migration. */
  readonly search?: SearchFact<
    FittingColumn<SearchedColumn<ColumnsOf<Schema, T>>, `no column of \`${T}\` is a text`>
  >;
}

/**
 * What is true of tables, said once: `createQueryRoute({ acl, tables, … })`. Write it with `satisfies`.
 *
 * @example
 * export const tables = {
 *   task: { where: ({ org }, task, { eq }) => eq(task.orgId, org), set: { orgId: ({ org }) => org } },
 * } satisfies TableRules<Session, typeof schema>;
 */
export type TableRules<Session = object, Schema extends SchemaShape = SchemaShape> = {
  readonly [T in TableName<Schema>]?: Schema[T] extends View
    ? ViewRule<Session, Schema, T>
    : TableRule<Session, Schema, T>;
};
