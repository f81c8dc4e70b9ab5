import { Column, getTableColumns, getViewSelectedFields, is, SQL, Table, type View } from "drizzle-orm";
import { customType as pgCustomType, PgView, PgMaterializedView, pgTable } from "drizzle-orm/pg-core";
import { customType as sqliteCustomType, sqliteTable } from "drizzle-orm/sqlite-core";

/** The columns of a table that stands for a view. */
export const columnsOfView = (table: Table): Readonly<Record<string, Column>> => getTableColumns(table);

/** Where Drizzle keeps what a view is called. */
const VIEW = Symbol.for("drizzle:ViewBaseConfig");
/** Where Drizzle keeps a table's columns. */
const COLUMNS = Symbol.for("drizzle:Columns");

/**
 * A table that goes by a view's name and has its columns. A computed field of the view is a column of a type nobody
 * knows; a field that SQL cannot name, because it has no alias or is a group of others, is left out.
 */
export function asTable(view: View): Table {
  const { name, schema } = (view as unknown as Record<symbol, { name: string; schema: string | undefined }>)[
    VIEW
  ]!;
  const table = new Table(name, schema, name);
  const columns: Record<string, Column> = {};
  const fields = getViewSelectedFields(view);
  for (const field of Object.keys(fields)) {
    const column = columnOf(view, fieldOf(fields, field));
    if (column !== undefined) columns[field] = Object.create(column, { table: { value: table } }) as Column;
  }
  return Object.assign(table, { [COLUMNS]: columns }, columns);
}

/** A field of a view; Drizzle throws for SQL without an alias. */
function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return fields[name];
  } catch {
    return undefined;
  }
}

function columnOf(view: View, field: unknown): Column | undefined {
  if (is(field, Column)) return field;
  return is(field, SQL.Aliased) ? computedColumn(view, field) : undefined;
}

/** A column for a computed field, which keeps its author's mapping. */
function computedColumn(view: View, { sql, fieldAlias }: SQL.Aliased): Column {
  const { decoder } = sql as unknown as { decoder: { mapFromDriverValue(value: unknown): unknown } };
  const type = {
    dataType: () => "unknown",
    fromDriver: (value: unknown) => decoder.mapFromDriverValue(value),
  };
  const postgresql = is(view, PgView) || is(view, PgMaterializedView);
  const made = postgresql
    ? pgTable("computed", { field: pgCustomType<{ data: unknown }>(type)(fieldAlias) })
    : sqliteTable("computed", { field: sqliteCustomType<{ data: unknown }>(type)(fieldAlias) });
  return made.field;
}
