import { Column, getTableColumns, getViewSelectedFields, is, SQL, Table, type View } from "drizzle-orm";
import { PgMaterializedView, PgView } from "drizzle-orm/pg-core";
import { modelOf } from "./expression.ts";
import type { DatabaseKind } from "./kind.ts";

/** The columns of a table that stands for a view. */
export const columnsOfView = (table: Table): Readonly<Record<string, Column>> => getTableColumns(table);

/** Where Drizzle keeps what a view is called. */
const VIEW = Symbol.for("drizzle:ViewBaseConfig");
/** Where Drizzle keeps a table's columns. */
const COLUMNS = Symbol.for("drizzle:Columns");

/** What the database says of a view's columns, by their names there: the types as SQL writes them. */
export type ColumnTypes = ReadonlyMap<string, string>;

/** Which database a view belongs to. */
export const databaseOfView = (view: View): DatabaseKind =>
  is(view, PgView) || is(view, PgMaterializedView) ? "postgresql" : "sqlite";

/** A view's name in the database, and that of its schema. */
export function nameOfView(view: View): { readonly name: string; readonly schema: string | undefined } {
  return (view as unknown as Record<symbol, { name: string; schema: string | undefined }>)[VIEW]!;
}

/**
 * A table that goes by a view's name and has its columns. A computed field of the view is a column of the type that its
 * author, or the database, says; a field that SQL cannot name, because it has no alias or is a group of others, is left out.
 */
export function asTable(view: View, types: ColumnTypes | undefined): Table {
  const { name, schema } = nameOfView(view);
  const table = new Table(name, schema, name);
  const columns: Record<string, Column> = {};
  for (const [field, value] of fieldsOf(view)) {
    const column = is(value, Column) ? value : computedColumn(view, value, types);
    columns[field] = Object.create(column, { table: { value: table } }) as Column;
  }
  return Object.assign(table, { [COLUMNS]: columns }, columns);
}

/** The fields of a view that are no columns of a table, by name. */
export const expressionsOf = (view: View): ReadonlyMap<string, SQL.Aliased> =>
  new Map([...fieldsOf(view)].filter((entry): entry is [string, SQL.Aliased] => is(entry[1], SQL.Aliased)));

function* fieldsOf(view: View): Iterable<[string, Column | SQL.Aliased]> {
  const fields = getViewSelectedFields(view);
  for (const name of Object.keys(fields)) {
    const field = fieldOf(fields, name);
    if (is(field, Column) || is(field, SQL.Aliased)) yield [name, field];
  }
}

/** A field of a view; Drizzle throws for SQL without an alias. */
function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return fields[name];
  } catch {
    return undefined;
  }
}

/** A column for a computed field, whose values are compared as those of the field are. */
function computedColumn(
  view: View,
  { sql, fieldAlias }: SQL.Aliased,
  types: ColumnTypes | undefined,
): Column {
  const type = types?.get(fieldAlias);
  return Object.create(modelOf(sql, databaseOfView(view), type), {
    name: { value: fieldAlias },
    keyAsName: { value: false },
    ...(type !== undefined && { getSQLType: { value: () => type } }),
  }) as Column;
}
