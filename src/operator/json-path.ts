import { type SQL, sql } from "drizzle-orm";
import type { Compared } from "./contract.ts";
import type { Comparison, Step } from "./json-operand.ts";

type Type = Comparison["type"];
type Document = Compared["column"];

/**
 * The value at a path of a document: of one type, nothing where it is of another; of `any`, what tells whether there is
 * one. No document makes it raise an error, whatever text is stored.
 */
export function valueAt(stored: Compared, path: readonly Step[], type: Type): SQL {
  if (stored.database === "sqlite") return inSqlite(stored, path, type);
  if (stored.type === "json") return OF_JSON[type](path.reduce(intoJson, readable(stored.column)));
  return OF_JSONB[type](path.reduce(intoJsonb, sql`${stored.column}`));
}

// --- SQLite ----------------------------------------------------------------------------------------------------------

/** What `json` takes of a text: JSON5 too, and SQLite's own bytes of it (https://sqlite.org/json1.html#jvalid). */
const JSON5_OR_JSONB = 2 | 8;

/** JSON in bytes is a text there; what is none has no value at any path. */
function inSqlite({ column, type: sqlType }: Compared, path: readonly Step[], type: Type): SQL {
  const document = sqlType === "blob" ? sql`cast(${column} as text)` : column;
  const asked = sql.param(sqlitePath(path));
  return sql`case when json_valid(${document}, ${sql.raw(String(JSON5_OR_JSONB))}) then ${OF_SQLITE[type](document, asked)} end`;
}

const extracted =
  (types: string) =>
  (document: Document | SQL, path: unknown): SQL =>
    sql`case when json_type(${document}, ${path}) in (${sql.raw(types)}) then json_extract(${document}, ${path}) end`;

const OF_SQLITE: Readonly<Record<Type, (document: Document | SQL, path: unknown) => SQL>> = {
  text: extracted("'text'"),
  number: extracted("'integer', 'real'"),
  boolean: extracted("'true', 'false'"),
  any: (document, path) => sql`nullif(json_type(${document}, ${path}), 'null')`,
};

/** A path as SQLite reads it, whose quoted names end with the next quote, escaped or not. */
const sqlitePath = (path: readonly Step[]): string =>
  path.reduce<string>(
    (way, step) =>
      typeof step === "number"
        ? `${way}[${step}]`
        : `${way}."${step.replaceAll("\\", "\\\\").replaceAll('"', "\\u0022")}"`,
    "$",
  );

// --- PostgreSQL ------------------------------------------------------------------------------------------------------

const memberOf = (document: SQL, name: string): SQL => sql`(${document} -> ${sql.param(name)}::text)`;

const intoJson = (document: SQL, step: Step): SQL =>
  typeof step === "string" ? memberOf(document, step) : sql`(${document} -> ${sql.param(step)}::int)`;

/** Of a `jsonb` that is no list, `->` would find it itself in place 0, and so would a path that is not strict. */
const intoJsonb = (document: SQL, step: Step): SQL =>
  typeof step === "string"
    ? memberOf(document, step)
    : sql`jsonb_path_query_first(${document}, ${sql.param(`strict $[${step}]`)}::text::jsonpath, '{}', true)`;

const OF_JSONB: Readonly<Record<Type, (value: SQL) => SQL>> = {
  text: (value) => sql`case when jsonb_typeof(${value}) = 'string' then ${value} #>> '{}' end`,
  number: (value) => sql`case when jsonb_typeof(${value}) = 'number' then ${value}::numeric end`,
  boolean: (value) => sql`case when jsonb_typeof(${value}) = 'boolean' then ${value}::boolean end`,
  any: (value) => sql`nullif(jsonb_typeof(${value}), 'null')`,
};

/** A number that `numeric` holds, whatever its digits. */
const NUMBER = "^-?[0-9]{1,255}(?:[.][0-9]{1,255})?(?:[eE][+-]?[0-9]{1,4})?$";

const OF_JSON: Readonly<Record<Type, (value: SQL) => SQL>> = {
  text: (value) => sql`case when json_typeof(${value}) = 'string' then ${value} #>> '{}' end`,
  number: (value) => sql`substring(${value}::text from ${sql.raw(`'${NUMBER}'`)})::numeric`,
  boolean: (value) => sql`case ${value}::text when 'true' then true when 'false' then false end`,
  any: (value) => sql`nullif(json_typeof(${value}), 'null')`,
};

/**
 * A document whose texts PostgreSQL can read: `json` keeps the text it was written as, and what that escapes may be no
 * character of a text (NUL, half a surrogate pair). In its place there is one that means nothing.
 */
const readable = (document: Document): SQL =>
  sql`(case when strpos(${document}::text, ${sql.raw(ESCAPE)}) = 0 then ${document} else ${mended(sql`${document}::text`)}::json end)`;

const ESCAPE = String.raw`E'\\u'`;
const NOTHING = String.raw`E'\\uffff'`;

/** The backslashes that stand for themselves are written as a code first: then each begins an escape. */
function mended(text: SQL): SQL {
  const plain = sql`replace(${text}, ${sql.raw(String.raw`E'\\\\', E'\\u005c'`)})`;
  const whole = sql`replace(${plain}, ${sql.raw(String.raw`E'\\u0000', ${NOTHING}`)})`;
  return [LONE_HIGH, LONE_LOW].reduce(
    (mending, lone) => sql`regexp_replace(${mending}, ${sql.raw(lone)}, ${sql.raw(REPLACED)}, 'g')`,
    whole,
  );
}

const HIGH = String.raw`\\\\u[dD][89abAB][0-9a-fA-F]{2}`;
const LOW = String.raw`\\\\u[dD][c-fC-F][0-9a-fA-F]{2}`;
const LONE_HIGH = `E'${HIGH}(?!${LOW})'`;
const LONE_LOW = `E'(?<!${HIGH})${LOW}'`;
/** A backslash in what is put in place of a pattern is written twice. */
const REPLACED = String.raw`E'\\\\uffff'`;
