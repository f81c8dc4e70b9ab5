import type { Database, Dialect } from "../dialect/dialect.ts";
import type { namesOfViews, ViewTypes } from "../schema/schema.ts";

/** The types of the columns of the views that are there, asked of PostgreSQL; of a domain, the type it is made of. */
export async function typesOfViews(
  database: Database,
  dialect: Dialect,
  views: ReturnType<typeof namesOfViews>,
): Promise<ViewTypes> {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const values = [...views].flatMap(([own, { name, schema }]) => [
    own,
    schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`,
  ]);
  const rows = Array.from(views, (_, index) => `($${2 * index + 1}::text,$${2 * index + 2}::text)`);
  const found = await dialect.query(
    database,
    `select v.own, a.attname, format_type(coalesce(nullif(t.typbasetype,0),t.oid),null) from (values ${rows.join(",")}) as v (own,name)` +
      " join pg_catalog.pg_attribute a on a.attrelid=to_regclass(v.name) and a.attnum>0 and not a.attisdropped" +
      " join pg_catalog.pg_type t on t.oid=a.atttypid",
    values,
  );
  const types = new Map<string, Map<string, string>>();
  for (const { 0: own, 1: column, 2: type } of found as readonly ArrayLike<string>[]) {
    const columns = types.get(own!) ?? new Map<string, string>();
    types.set(own!, columns.set(column!, type!));
  }
  return types;
}
