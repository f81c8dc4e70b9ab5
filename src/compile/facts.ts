import { qualified } from "../drizzle/drizzle.ts";
import type { namesOfViews } from "../schema/schema.ts";
import { SEARCH_TRIGGERS, type SearchIndex, searchSyntaxOf } from "../search/search.ts";
import type { Text } from "./statement.ts";

/** The types of the columns of the views that are there, asked of PostgreSQL; of a domain, the type it is made of. */
export function askViewTypes(views: ReturnType<typeof namesOfViews>): Text {
  const values = [...views].flatMap(([own, name]) => [own, qualified(name)]);
  const rows = Array.from(views, (_, index) => `($${2 * index + 1}::text,$${2 * index + 2}::text)`);
  return {
    kind: "text",
    text:
      `select v.own, a.attname, format_type(coalesce(nullif(t.typbasetype,0),t.oid),null) from (values ${rows.join(",")}) as v (own,name)` +
      " join pg_catalog.pg_attribute a on a.attrelid=to_regclass(v.name) and a.attnum>0 and not a.attisdropped" +
      " join pg_catalog.pg_type t on t.oid=a.atttypid",
    values,
  };
}

/** Asks for the tables with triggers, as JSON: the schema, the name, and whether it is found without its schema's name. */
export const ASK_TRIGGERS: Readonly<Record<"sqlite" | "postgresql", Text>> = {
  // But for those that keep an index of words, which leave rows as they are.
  sqlite: {
    kind: "text",
    text:
      "select json_group_array(json_array('', tbl_name, 1)) from sqlite_master where type = 'trigger'" +
      ` and lower(name) not in (${SEARCH_TRIGGERS.map((suffix) => `lower(tbl_name) || '${suffix}'`).join(", ")})`,
    values: [],
  },
  // With rules, which also change what is written, and tables whose parts have either.
  postgresql: {
    kind: "text",
    text: `with recursive "t"("id") as (
  select tgrelid from pg_trigger where not tgisinternal and tgenabled <> 'D' and not starts_with(tgname, 'bepalo_live')
  union select ev_class from pg_rewrite where ev_type <> '1'
  union select inhparent from pg_inherits join "t" on inhrelid = "id")
select coalesce(json_agg(json_build_array(nspname, relname, pg_table_is_visible("id"))), '[]')::text
from "t" join pg_class c on c.oid = "id" join pg_namespace n on n.oid = relnamespace`,
    values: [],
  },
};

/** Asks PostgreSQL for the places whose time it knows, as JSON; what is called otherwise there, nobody may ask for. */
export const ASK_ZONES: Text = {
  kind: "text",
  text: "select coalesce(json_agg(name),'[]')::text from pg_timezone_names",
  values: [],
};

/** Asks what an index of words is made of: one row that says it, or none where the database has none. */
export const askSearchIndex = (index: SearchIndex): Text => ({
  kind: "text",
  ...searchSyntaxOf(index).ask(index),
});

/**
 * Asks how many rows tables of these names hold, without counting them: the number, or what comes near it, by name. What
 * is no table by itself is left out.
 */
export const ASK_SIZES: Readonly<
  Record<"sqlite" | "postgresql", (names: readonly string[]) => readonly Text[]>
> = {
  // One statement each: a table without numbered rows is an error, and of a view there is nothing to ask.
  sqlite: (names) =>
    names.map((name) => ({ kind: "text", text: `select ?1, max(rowid) from ${name}`, values: [name] })),
  // What was never analysed has its size alone; few rows are shorter than what is divided by.
  postgresql: (names) => [
    {
      kind: "text",
      text:
        "select n, greatest(c.reltuples, pg_relation_size(c.oid) / 256)::float8 from unnest($1::text[]) as n" +
        " join pg_catalog.pg_class c on c.oid=to_regclass(n) where c.relkind in ('r','m')",
      values: [arrayOf(names)],
    },
  ],
};

/** A list of texts as PostgreSQL writes it. */
const arrayOf = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(",")}}`;
