import { Column, getViewSelectedFields, is, SQL, Table, type View } from "drizzle-orm";
import { nameOfView, type QualifiedName } from "./names.ts";

/** Where Drizzle keeps a table's columns. */
const COLUMNS = Symbol.for("drizzle:Columns");

/** The fields of a view that SQL can name, by their names in the schema: not those without an alias, nor groups of others. */
export function* fieldsOf(view: View): Iterable<[string, Column | SQL.Aliased]> {
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

/** A table that goes by a view's name and has columns like these. */
export const tableLike = (view: View, models: Iterable<readonly [string, Column]>): Table =>
  tableNamed(nameOfView(view), models);

/** A table of that name with columns like these. */
export function tableNamed(
  { name, schema }: QualifiedName,
  models: Iterable<readonly [string, Column]>,
): Table {
  const table = new Table(name, schema, name);
  const columns: Record<string, Column> = {};
  for (const [field, model] of models)
    columns[field] = Object.create(model, { table: { value: table } }) as Column;
  return Object.assign(table, { [COLUMNS]: columns }, columns);
}

/** A column by another name that is like its model, of the SQL type that is given. */
export const columnLike = (model: Column, name: string, type: string | undefined): Column =>
  Object.create(model, {
    name: { value: name },
    keyAsName: { value: false },
    ...(type !== undefined && { getSQLType: { value: () => type } }),
  }) as Column;
