import { Column, getTableColumns, is, SQL, type View } from "drizzle-orm";
import { PgMaterializedView, PgView } from "drizzle-orm/pg-core";
import { columnLike, decoderOf, fieldsOf, tableLike } from "../drizzle/drizzle.ts";
import type { TableInfo } from "./catalog.ts";
import { type ColumnInfo, type Facts, readColumn } from "./column.ts";
import { modelOf } from "./expression.ts";
import type { DatabaseKind } from "./kind.ts";
import { isOneKind, takesPatterns } from "./type.ts";
import { typeless } from "./typeless.ts";

/** What the database says of a view's columns, by their names there: the types as SQL writes them. */
export type ColumnTypes = ReadonlyMap<string, string>;

/** A view as a table without key and relations; what it says of its columns' nulls holds in the tables it was made of only. */
export function readView(name: string, view: View, types: ColumnTypes | undefined): TableInfo {
  const database = databaseOfView(view);
  const fields = [...fieldsOf(view)];
  const table = tableLike(
    view,
    fields.map(([field, value]) => [field, columnOf(value, database, types)]),
  );
  const columns = new Map<string, ColumnInfo>();
  for (const [field, value] of fields) {
    const column = getTableColumns(table)[field]!;
    const expression = is(value, SQL.Aliased) ? value : undefined;
    const read = { ...readColumn(field, columns.size, column, []), expression };
    columns.set(field, {
      ...read,
      ...(read.database === "sqlite" ? inView(read) : typed(read, types)),
      nullable: true,
      foreign: false,
      generated: true,
    });
  }
  return {
    name,
    kind: "view",
    database,
    table,
    columns,
    primaryKey: [],
    relations: new Map(),
  };
}

/**
 * The column that a field of a view is read as: of one that is computed, a column of the type that its author, or the
 * database, says.
 */
function columnOf(
  field: Column | SQL.Aliased,
  database: DatabaseKind,
  types: ColumnTypes | undefined,
): Column {
  if (is(field, Column)) return field;
  const type = types?.get(field.fieldAlias);
  return columnLike(modelOf(field, database, type), field.fieldAlias, type);
}

/** What a view computes has no type in SQLite. Patterns it looks for in anything. */
const inView = (facts: Facts): Partial<Facts> =>
  facts.expression !== undefined && facts.kind === "custom" && !is(decoderOf(facts.expression), Column)
    ? { matches: true }
    : typeless(facts);

/** PostgreSQL is asked what its views compute, before anybody is answered; what is of another type than it says is not compared. */
function typed({ expression, column, matches }: Facts, types: ColumnTypes | undefined): Partial<Facts> {
  if (types === undefined) return expression === undefined ? {} : { compares: "order" };
  const type = types.get(column.name);
  if (expression !== undefined || type === undefined || type.endsWith("]")) return {};
  if (!isOneKind(column.getSQLType(), type)) return { compares: "nothing", matches: false, type };
  return { matches: matches && takesPatterns(type), type };
}

/** Which database a view belongs to. */
const databaseOfView = (view: View): DatabaseKind =>
  is(view, PgView) || is(view, PgMaterializedView) ? "postgresql" : "sqlite";
