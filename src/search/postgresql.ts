import { type SQL, sql } from "drizzle-orm";
import { nameOf, qualified, quoted } from "../drizzle/drizzle.ts";
import type { Words } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { indexName, type SearchIndex, type SearchSyntax, weighed } from "./contract.ts";

/** PostgreSQL's index of words: of an expression over the columns, so that the table stays as it is. */
export const POSTGRESQL: SearchSyntax = {
  found: (index, words) => sql`${vectorSQL(index)} @@ ${querySQL(index, words)}`,
  // A rank is told from the row alone.
  rank: (index, words) => sql`(ts_rank(${vectorSQL(index)}, ${querySQL(index, words)}) * 1000000)::bigint`,
  statements(index, name) {
    const { schema, name: own } = indexName(index);
    const whole = qualified({ schema, name: own });
    const vector = vectorOf(
      index,
      (text) => text,
      (column) => quoted(name(column)),
    );
    return [
      `drop index if exists ${whole}`,
      `create index ${quoted(own)} on ${qualified(nameOf(index.table.table))} using gin ((${vector.join("")}))`,
      `comment on index ${whole} is ${literal(made(index, name))}`,
    ];
  },
  ask: (index) => ({
    text:
      "select coalesce(obj_description(i.indexrelid, 'pg_class'), '') from pg_catalog.pg_index i" +
      " join pg_catalog.pg_class c on c.oid = i.indexrelid" +
      " where i.indrelid = to_regclass($1) and c.relname = $2::text::name and i.indisvalid",
    values: [qualified(nameOf(index.table.table)), indexName(index).name],
  }),
  made,
};

/** A vector of all the words of a row, each with the weight of its column; a phrase stands in one column. */
function vectorOf<Piece>(
  { columns, language = SIMPLE }: SearchIndex,
  write: (text: string) => Piece,
  name: (column: ColumnInfo) => Piece,
): readonly Piece[] {
  const most = Math.floor(MOST_CHARACTERS / columns.length);
  const opening = `setweight(to_tsvector(${literal(language)}::regconfig, left(coalesce(`;
  const texts = columns.flatMap((column, place) => [
    write(place === 0 ? opening : ` || ${GAP} || ${opening}`),
    name(column),
    write(`, ''), ${most})), '${weighed(LABELS, place)}')`),
  ]);
  // Only the place of a gap is left.
  return columns.length === 1 ? texts : [write("ts_delete("), ...texts, write(", '~')")];
}

/** PostgreSQL's names of weights. */
const LABELS = ["A", "B", "C", "D"] as const;

/** Every form of a word is a word of its own. */
const SIMPLE = "simple";

/** What keeps the last word of a column from the first of the next. No word is called that. */
const GAP = "'''~'':1'::tsvector";

/** A vector of more than a megabyte is an error; so many characters make less, whatever they say. */
const MOST_CHARACTERS = 100_000;

const vectorSQL = (index: SearchIndex): SQL =>
  sql.join([
    ...vectorOf<SQL>(
      index,
      (text) => sql.raw(text),
      ({ column }) => sql`${column}`,
    ),
  ]);

/** The words in PostgreSQL's own language for them, each as a phrase, so that nothing in it is more than text. */
function querySQL({ language = SIMPLE }: SearchIndex, { alternatives }: Words): SQL {
  const texts = alternatives.map(({ wanted, unwanted }) =>
    [...wanted.map((text) => `"${text}"`), ...unwanted.map((text) => `-"${text}"`)].join(" "),
  );
  return sql`websearch_to_tsquery(${sql.raw(literal(language))}::regconfig, ${texts.join(" or ")})`;
}

function made({ columns, language = SIMPLE }: SearchIndex, name: (column: ColumnInfo) => string): string {
  return `${language}: ${columns.map(name).join(", ")}`;
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
