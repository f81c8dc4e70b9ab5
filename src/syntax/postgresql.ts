import { Buffer } from "node:buffer";
import { type SQL, sql } from "drizzle-orm";
import { parseJSON } from "../digits.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { momentDate, momentText } from "./moment.ts";
import { withExpressions } from "./expression.ts";
import { LARGE } from "./size.ts";
import { type Bound, type Cut, CUT, literal, type Member, type MemberName, type Syntax } from "./contract.ts";

/** Texts joined one after the other; each sign between them takes some of the parser's stack. */
const MAX_JOINED = 64;

/**
 * An object as text, which takes less time than the functions for objects do, and has no blanks. No part may be null, or
 * the whole would be.
 */
function object(members: readonly Member[], bound?: Bound): string {
  const parts = members.flatMap(([name, value, written], index) => [
    named(index === 0 ? "{" : ",", name),
    `coalesce(${written === true ? value : `to_json(${value})::text`},'null')`,
  ]);
  if (bound !== undefined) parts.unshift(within(bound));
  return parts.length === 0 ? "'{}'" : joined([...parts, "'}'"]);
}

const named = (before: string, name: MemberName): string =>
  typeof name === "string"
    ? escaped(`${before}${JSON.stringify(name)}:`)
    : `'${before}'||to_json(${name.place}::text)::text||':'`;

/** Nothing, or the error that says what was met; of a constant it would be raised before a row is there. */
const within = ({ sizes, most }: Bound): string =>
  `case when ${sizes.map((bytes) => `${bytes}>${most}::bigint`).join(" or ")} then concat('${LARGE} ',${sizes[0]!})::int::text else '' end`;

/** A text whose backslashes are what they are, whatever the session says of them. */
const escaped = (text: string): string =>
  text.includes("\\") ? ` E${literal(text.replaceAll("\\", "\\\\"))}` : literal(text);

function joined(parts: readonly string[]): string {
  if (parts.length <= MAX_JOINED) return `(${parts.join("||")})`;
  const groups: string[] = [];
  for (let start = 0; start < parts.length; start += MAX_JOINED)
    groups.push(joined(parts.slice(start, start + MAX_JOINED)));
  return joined(groups);
}

/** A text in a list of texts. */
const listed = (value: string, index: number): readonly string[] => [
  ...(index === 0 ? [] : ["','"]),
  `coalesce(to_json(${value})::text,'null')`,
];

/** A list as text, with its last element where it was cut short. */
function list(each: string, cut?: Cut): string {
  const all = `string_agg(${each},',')`;
  if (cut === undefined) return `'['||coalesce(${all},'')||']'`;
  const { limit, beyond } = cut;
  return `'['||concat_ws(',',${all},case when count(*)>=${limit} and ${beyond} is not null then '"${CUT}"' end)||']'`;
}

const CLOCK = `"T"HH24:MI:SS.MS"Z"`;

/**
 * A moment as ISO 8601 with milliseconds, as JavaScript writes it: years beyond 9999 and before 1 have a sign and six
 * digits. What no JavaScript date holds, as infinity, is null.
 */
function moment(value: string, clock: string): string {
  const year = `extract(year from ${value})`;
  const ended = `${value} < '275760-09-13'`;
  return (
    `case when ${value} >= '0001-01-01' and ${value} < '10000-01-01' then to_char(${value},'YYYY-MM-DD${clock}')` +
    ` when isfinite(${value}) and ${ended} then case when ${value} > '0001-01-01' then '+'||lpad(${year}::text,6,'0')` +
    ` when ${year}=-1 then '0000' else '-'||lpad((-1-${year})::text,6,'0') end||to_char(${value},'-MM-DD${clock}') end`
  );
}

function dated(column: ColumnInfo, value: string): string {
  if (column.column.columnType === "PgDate") return moment(value, `"T00:00:00.000Z"`);
  return moment(isZoned(column) ? `(${value} at time zone 'UTC')` : value, CLOCK);
}

/** Whether a moment is one wherever it is read. */
export const isZoned = ({ column }: ColumnInfo): boolean =>
  (column as { withTimezone?: boolean }).withTimezone === true;
const isMomentText = ({ column }: ColumnInfo): boolean => column.columnType === "PgTimestampString";

const NOT_FINITE = "('NaN','Infinity','-Infinity')";

function json(column: ColumnInfo, value: string): string {
  const { columnType } = column.column;
  switch (column.kind) {
    case "text":
      return isMomentText(column) ? timestampText(column, value) : value;
    case "number":
      // Beyond what a double holds there is no number in JSON, and `NaN` is none.
      return columnType === "PgNumericNumber"
        ? `case when abs(${value})<1.7976931348623158e308 then ${value} end`
        : `case when ${value} in ${NOT_FINITE} then null when ${value}=0 then abs(${value}) else ${value} end`; // -0 is 0
    case "decimal":
      return `${value}::text`;
    case "bigint":
      // Whatever zeros are stored behind its point; one that is not whole is none.
      return columnType === "PgNumericBigInt"
        ? `case when mod(${value},1)=0 then trunc(${value})::text end`
        : `${value}::text`;
    case "date":
      return dated(column, value);
    case "blob":
      return `translate(encode(${value},'base64'),E'\\n','')`;
    case "array":
      return arraySent(column, value);
    default:
      return value;
  }
}

/** A moment as PostgreSQL writes it, whatever the session's time zone and style of dates; JSON knows one style. */
function timestampText(column: ColumnInfo, value: string): string {
  if (!isZoned(column)) return `translate(to_json(${value})#>>'{}','T',' ')`;
  const utc = `to_json(${value} at time zone 'UTC')#>>'{}'`;
  return `regexp_replace(${utc},'^([^T]*)T([^ ]*)',E'\\\\1 \\\\2+00')`;
}

/** The types whose values every driver answers as the text they are. */
const PLAIN_TEXT: ReadonlySet<string> = new Set([
  "PgText",
  "PgVarchar",
  "PgChar",
  "PgUUID",
  "PgEnumColumn",
  "PgEnumObjectColumn",
]);
export const isPlainText = ({ column }: ColumnInfo): boolean => PLAIN_TEXT.has(column.columnType);

const octets = (value: string): string => `octet_length(${value})`;

/** Texts as long as these are short. */
const SHORT = 64;
const LONG_TEXTS: ReadonlySet<string> = new Set(["PgText", "PgVarchar", "PgChar"]);

/** The bytes of a value; those of texts and bytes are known without reading them. */
function size({ kind, column }: ColumnInfo, value: string): string | undefined {
  switch (kind) {
    case "text":
      if (!LONG_TEXTS.has(column.columnType)) return undefined;
      if (((column as { length?: number }).length ?? SHORT + 1) <= SHORT) return undefined;
      return octets(`${value}::text`); // what a view computes need not be what its schema says
    case "blob":
      return octets(value);
    case "json":
      return octets(`${value}::text`);
    case "decimal":
      return `pg_column_size(${value})`;
    case "bigint":
      return column.columnType === "PgNumericBigInt" ? `pg_column_size(${value})` : undefined;
    case "array":
    case "custom":
      return `${octets(`${value}::text`)}/2`; // bytes are shorter in JSON than there
    default:
      return undefined;
  }
}

/** What a type's own output function writes. */
const written = (value: string): string => `case when ${value} is not null then format('%s',${value}) end`;

/** The types of custom columns whose values drivers answer as JSON has them. */
const PLAIN =
  /^(?:json|jsonb|int|int2|int4|integer|smallint|real|float4|float8|double precision|bool|boolean)$/;
const isPlain = ({ type }: ColumnInfo): boolean => PLAIN.test(type);
const isBytes = ({ type }: ColumnInfo): boolean => type === "bytea";

function sent(column: ColumnInfo, value: string): string {
  switch (column.kind) {
    case "json":
      return `${value}::text`; // parsed by itself, so that its numbers keep their digits
    case "number":
      return column.column.columnType === "PgNumericNumber" ? `${value}::text` : value;
    case "blob":
      return `encode(${value},'hex')`;
    case "array":
      return innermost(column).kind === "json" ? `to_json(${value})::text` : arraySent(column, value);
    case "custom":
      if (isBytes(column)) return `encode(${value},'hex')`;
      return isPlain(column) ? value : written(value);
    default:
      return json(column, value);
  }
}

function received(column: ColumnInfo, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (column.kind) {
    case "json":
      return parseJSON(value as string); // its own mapping would parse a text once more
    case "date":
      return new Date(value as string);
    case "blob":
      return column.column.mapFromDriverValue(Buffer.from(value as string, "hex"));
    case "custom":
      return column.column.mapFromDriverValue(isBytes(column) ? Buffer.from(value as string, "hex") : value);
    case "array": {
      const element = innermost(column);
      const list = element.kind === "json" ? parseJSON(value as string) : value;
      return (list as readonly unknown[]).map((item) => arrayReceived(element, item));
    }
    default:
      return column.column.mapFromDriverValue(value);
  }
}

/** The elements of an array, however many dimensions it has. */
function innermost(array: ColumnInfo): ColumnInfo {
  let { element } = array;
  while (element?.kind === "array") element = element.element;
  return element ?? array;
}

/** Whether the text of an element says more than its JSON. */
function travelsAsText({ kind }: ColumnInfo): boolean {
  return kind === "decimal" || kind === "bigint" || kind === "custom";
}

/** A cast keeps the dimensions of an array, which taking it apart would not. */
function arraySent(column: ColumnInfo, value: string): string {
  return travelsAsText(innermost(column)) ? `${value}::text[]` : value;
}

function arrayReceived(element: ColumnInfo, item: unknown): unknown {
  if (Array.isArray(item) && element.kind !== "json")
    return item.map((inner) => arrayReceived(element, inner));
  if (item === null) return null;
  if (isMomentText(element)) return momentText(item as string, isZoned(element));
  switch (element.kind) {
    case "json":
      return item;
    case "date":
      return momentDate(item as string);
    case "blob":
      return element.column.mapFromDriverValue(readBytes(item as string));
    case "bigint":
      return element.column.mapFromDriverValue(withoutZeros(item as string));
    default:
      return element.column.mapFromDriverValue(item);
  }
}

/** The zeros of a `numeric` behind its point say nothing. */
const withoutZeros = (digits: string): string => digits.replace(/\.0+$/, "");

/** Bytes as PostgreSQL writes them, by either of its ways. */
function readBytes(text: string): Buffer {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const bytes = text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === "\\" ? code : String.fromCharCode(parseInt(code, 8)),
  );
  return Buffer.from(bytes, "latin1");
}

/** Whether the JSON of an array's elements is what they are in JSON. */
function elementsSpeak(element: ColumnInfo): boolean {
  const { kind } = element;
  if (isMomentText(element) || element.column.columnType === "PgNumericBigInt") return false;
  return (
    kind === "text" ||
    kind === "integer" ||
    kind === "boolean" ||
    kind === "json" ||
    kind === "decimal" ||
    kind === "bigint"
  );
}

// The object identifiers of types, which never change (pg_type.dat).
const BYTEA = 17;
const INT8 = 20;
const NUMERIC = 1700;
const FLOATS = "700,701";
const TIMESTAMPTZ = 1184;
const MOMENTS: ReadonlySet<number> = new Set([1114, TIMESTAMPTZ]);

const typeOf = (value: string): string => `pg_typeof(${value})::oid::int`;

/** Whether a whole number is beyond what JSON's readers hold, told by its digits: nothing here may raise an error. */
const beyond = (value: string): string => {
  const digits = `ltrim(${value}::text,'-')`;
  return `${digits} !~ '[^0-9]' and (length(${digits})>16 or length(${digits})=16 and ${digits}>'9007199254740991' collate "C")`;
};

/** A computed field has the type its SQL has, which is known when it runs. */
function jsonExtra(value: string): string {
  const bytes = `(case when ${typeOf(value)}=${BYTEA} then ${value}::text else '' end)::bytea`;
  return (
    `case when ${typeOf(value)} in (${INT8},${NUMERIC}) and ${beyond(value)} then to_json(${value}::text)` +
    ` when ${typeOf(value)} in (${FLOATS},${NUMERIC}) and (${value}::text in ${NOT_FINITE} or length(split_part(${value}::text,'.',1))>309) then null` +
    ` when ${typeOf(value)}=${BYTEA} then to_json(translate(encode(${bytes},'base64'),E'\\n',''))` +
    ` else to_json(${value}) end`
  );
}

function receivedExtra(text: string, mapped: boolean): unknown {
  const colon = text.indexOf(":");
  const type = Number(text.slice(0, colon));
  const value = text.slice(colon + 1);
  switch (type) {
    case INT8:
      return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);
    case NUMERIC:
      return readNumeric(value, mapped);
    case BYTEA:
      return readBytes(JSON.parse(value) as string);
    default: {
      const read: unknown = mapped ? JSON.parse(value) : parseJSON(value);
      if (type === 700 || type === 701) return Number(read);
      // An author's mapping expects what drivers answer, which JSON writes otherwise.
      return mapped && MOMENTS.has(type) ? momentText(read as string, type === TIMESTAMPTZ) : read;
    }
  }
}

/** An author's mapping gets all the digits, as drivers answer them; else the number, or digits no number holds. */
function readNumeric(json: string, mapped: boolean): unknown {
  const digits = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  const number = Number(digits);
  if (mapped) return digits;
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? digits : number;
}

/** A value's text, whatever the session's time zone and style of dates. */
const kept = ({ kind, type }: ColumnInfo, value: string): string =>
  kind !== "array" && /^(?:date|timestamp)/.test(type) ? `(to_json(${value})#>>'{}')` : `${value}::text`;

const keptValue = ({ restore }: ColumnInfo, text: string): SQL => sql`${text}${sql.raw(restore)}`;

const fromText = (column: ColumnInfo, text: unknown): unknown => received(column, JSON.parse(text as string));

/** PostgreSQL 12 and later. */
export const postgresql: Syntax = withExpressions({
  mark: "$",
  maxMembers: Number.POSITIVE_INFINITY,
  object,
  length: (place) => `length(${place}::text)`,
  list,
  cutName: undefined,
  document: (text) => text,
  orderKey: (nullable, direction, value, nulls = direction === "asc" ? "first" : "last") =>
    nullable ? `${value} ${direction} nulls ${nulls}` : `${value} ${direction}`,
  collation: () => "", // an expression has that of its columns
  kept,
  keptValue,
  texts: (values) => joined(["'['", ...values.flatMap(listed), "']'"]),
  parts: (parts) => parts.join("||chr(31)||"),
  records: (text) => `string_agg(${text},chr(30))`,
  range: ({ limit, offset, single, whole }) => {
    const bounded = single ? " limit 1" : limit === undefined ? "" : ` limit ${limit}`;
    if (offset !== undefined) return `${bounded} offset ${offset}`;
    // Else computed fields would be moved outwards and computed once for each time they are named.
    return bounded === "" && whole ? " offset 0" : bounded;
  },

  json,
  jsonExtra,
  wantsMapping: (column) =>
    column.kind === "custom" || (column.kind === "array" && !elementsSpeak(innermost(column))),

  size,
  sizeExtra: (value) => octets(`(${value})::text`),
  sum: (value) => `coalesce(sum(${value}),0)`,
  fits: (bytes, most) => `case when ${bytes}<=${most}::bigint then 1 else 0 end`,

  sent,
  received,
  sentExtra: (value) => `${typeOf(value)}||':'||to_json(${value})::text`,
  receivedExtra,

  // Drivers differ in what they make of a value, and Drizzle's relations lose digits and bytes.
  text: (column, value) => {
    const { kind } = column;
    if (kind === "integer" || kind === "boolean" || isPlainText(column)) return undefined;
    return `to_json(${sent(column, value)})::text`;
  },
  fromText,
  fromNested: fromText,
});
