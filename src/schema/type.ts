/** A type of PostgreSQL as it is written in SQL: one name for all its spellings, and what stands in its parentheses. */
export interface SqlType {
  readonly name: string;
  readonly parameters: readonly number[];
}

/** The one name of each type that has several. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["smallint", "int2"],
  ["smallserial", "int2"],
  ["serial2", "int2"],
  ["integer", "int4"],
  ["int", "int4"],
  ["serial", "int4"],
  ["serial4", "int4"],
  ["bigint", "int8"],
  ["bigserial", "int8"],
  ["serial8", "int8"],
  ["decimal", "numeric"],
  ["real", "float4"],
  ["double precision", "float8"],
  ["float", "float8"],
  ["boolean", "bool"],
  ["character varying", "varchar"],
  ["character", "char"],
  ["bpchar", "char"],
  ["bit varying", "varbit"],
  ["time without time zone", "time"],
  ["time with time zone", "timetz"],
  ["timestamp without time zone", "timestamp"],
  ["timestamp with time zone", "timestamptz"],
]);

/**
 * Reads a type, whoever wrote it.
 *
 * @example readType("timestamp (3) with time zone") // { name: "timestamptz", parameters: [3] }
 */
export function readType(type: string): SqlType {
  let read = READ.get(type);
  if (read === undefined) {
    read = parseType(type);
    // Schemas have few types, and each is asked about for every value of its columns.
    if (READ.size < MOST_READ) READ.set(type, read);
  }
  return read;
}

const MOST_READ = 1_000;
const READ = new Map<string, SqlType>();

function parseType(type: string): SqlType {
  const parameters = /\(([^)]*)\)/.exec(type)?.[1]?.split(",").map(Number) ?? [];
  const name = type
    .toLowerCase()
    .replace(/\([^)]*\)/, " ")
    .replace(/\s+/g, " ")
    .trim();
  // The fields of an interval cut what is stored; what may be written is the same.
  if (/^interval\b(?!.*\[)/.test(name)) return { name: "interval", parameters };
  return { name: SPELLINGS.get(name) ?? name, parameters };
}

const words = (names: string): ReadonlySet<string> => new Set(names.split(" "));

/** The types whose comparisons with `=` and `<` are defined for all their values, and that `coerce` knows how to write. */
const ORDERED = words(
  "int2 int4 int8 numeric float4 float8 bool text varchar char citext uuid inet cidr macaddr macaddr8 " +
    "date time timetz timestamp timestamptz interval bit varbit",
);

/** The types that are compared with `=` and whose order means nothing to anybody. */
const EQUATABLE = words("jsonb bytea");

/** The types that `LIKE` takes. */
const PATTERNED = words("text varchar char");

/** Which comparisons of PostgreSQL's own are total for a type; for a type it does not know, none. */
export function comparisonOf(type: string): "order" | "equality" | "nothing" {
  const { name } = readType(type);
  return ORDERED.has(name) ? "order" : EQUATABLE.has(name) ? "equality" : "nothing";
}

/** Whether a type holds any text. */
export const isText = (type: string): boolean => takesPatterns(type) || readType(type).name === "citext";

/** Types whose values are compared with one another. */
const KINDS: readonly ReadonlySet<string>[] = [
  words("int2 int4 int8 numeric float4 float8"),
  words("text varchar char citext"),
  words("timestamp timestamptz"),
];

/** Whether two types have the same values, or such as are compared with one another. */
export function isOneKind(one: string, other: string): boolean {
  const [a, b] = [bareName(one), bareName(other)];
  return a === b || KINDS.some((kind) => kind.has(a) && kind.has(b));
}

/** The one name of a type, without its schema's and its quotes. */
const bareName = (type: string): string =>
  readType(type.replace(/^(?:"(?:[^"]|"")+"|\w+)\.(?=.)/, "").replaceAll('"', "")).name;

/** Whether `LIKE` takes a type. */
export const takesPatterns = (type: string): boolean => PATTERNED.has(readType(type).name);
