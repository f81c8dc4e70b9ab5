import { Buffer } from "node:buffer";
import { type SQL, sql } from "drizzle-orm";
import { Digits, parseJSON, readNumber } from "../digits.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { collationOf } from "./collation.ts";
import { withExpressions } from "./expression.ts";
import { type Bound, type Cut, CUT, literal, type MemberName, type Syntax } from "./contract.ts";

/** SQL that raises an error; the portable reader then answers instead, slower and right. */
const UNSPEAKABLE = "json('')";

/** A real as the shortest digits that read back as the same double; SQLite's own JSON stops at fifteen. */
const real = (value: string): string =>
  `iif(${value}=cast(${value} as integer) and abs(${value})<9e15,cast(${value} as integer),` +
  `iif(abs(${value})=9e999,null,json(iif(cast(printf('%!.15g',${value}) as real)=${value},printf('%!.15g',${value}),printf('%!.17g',${value})))))`;

// The milliseconds of the years 0 to 9999, which SQLite writes as ISO 8601 does.
const YEAR_0 = -62_167_219_200_000;
const YEAR_10000 = 253_402_300_800_000;

/** A moment of SQLite's as ISO 8601 has it: `strftime` would take more than twice the time. */
const iso = (moment: string, end: string): string => `replace(${moment},' ','T')||'${end}'`;

const dated = (value: string, inYears: string, written: string): string =>
  `case when typeof(${value})='integer' and ${inYears} then ${written} when ${value} is not null then ${UNSPEAKABLE} end`;

function json({ kind, column }: ColumnInfo, value: string): string {
  switch (kind) {
    case "boolean":
      return `json(iif(${value}=1,'true',iif(${value} is null,null,'false')))`;
    case "date":
      return column.columnType === "SQLiteTimestamp" && (column as { mode?: string }).mode === "timestamp"
        ? dated(
            value,
            `${value} between ${YEAR_0 / 1000} and ${(YEAR_10000 - 1000) / 1000}`,
            iso(`datetime(${value},'unixepoch')`, ".000Z"),
          )
        : dated(
            value,
            `${value} between ${YEAR_0} and ${YEAR_10000 - 1}`,
            // A day by its number needs no modifier that is read first, and has room for milliseconds. Before 3.42 SQLite
            // knows no `subsec`, and answers nothing.
            `coalesce(${iso(`datetime(${value}/86400000.0+2440587.5,'subsec')`, "Z")},${UNSPEAKABLE})`,
          );
    case "number":
      return `case typeof(${value}) when 'integer' then ${value} when 'real' then ${real(value)} when 'null' then null else ${UNSPEAKABLE} end`;
    case "bigint":
      return `case typeof(${value}) when 'integer' then cast(${value} as text) when 'null' then null else ${UNSPEAKABLE} end`;
    case "json":
      return `json(${value})`;
    default:
      return value;
  }
}

const isSafe = (value: string): string => `${value} between -9007199254740991 and 9007199254740991`;

/** SQL for a whole number that JSON's readers can hold, beyond 2^53 as text. */
const whole = (value: string): string => `iif(${isSafe(value)},${value},cast(${value} as text))`;

/** The same of a value that may be anything. */
export const wholeOr = (value: string): string => `iif(typeof(${value})='integer',${whole(value)},${value})`;

/** A value as tagged text: its storage class, then digits, text or hex. */
const tagged = (value: string): string =>
  `case typeof(${value}) when 'text' then 't'||${value} when 'integer' then 'i'||${value} when 'real' then 'r'||printf('%!.17g',${value}) when 'blob' then 'b'||hex(${value}) end`;

/** The same of JSON in a text, which here and there is read by SQLite: what is none is tagged so. */
const taggedJson = (value: string): string =>
  `case when json_valid(${value},${JSON5_OR_JSONB}) then 't'||json(${value}) when ${value} is not null then '${NO_JSON}' end`;

const NO_JSON = "x";

/** What `json` takes (https://sqlite.org/json1.html#jvalid). */
const JSON5_OR_JSONB = 2 | 8;

const sent = (column: ColumnInfo, value: string): string =>
  column.column.columnType === "SQLiteTextJson" ? taggedJson(value) : tagged(value);

/** Whether a column's values survive JSON as they are, if they are what their type says. */
const travelsRaw = ({ kind }: ColumnInfo): boolean =>
  kind === "text" || kind === "integer" || kind === "boolean" || kind === "date";

/** Bytes that are read as a text: one that is not UTF-8 ends the process in libsql's driver. */
const isTextInBytes = ({ column }: Pick<ColumnInfo, "column">): boolean =>
  column.columnType === "SQLiteBlobJson" || column.columnType === "SQLiteBigInt";

/** The value a driver would have answered for a tagged text. */
function untagged(text: string, beyond: (digits: string) => unknown): unknown {
  const digits = text.slice(1);
  switch (text[0]) {
    case "i": {
      const number = Number(digits);
      return Number.isSafeInteger(number) ? number : beyond(digits);
    }
    case "r":
      return readReal(digits);
    case "b":
      return Buffer.from(digits, "hex");
    default:
      return digits;
  }
}

/** The value of a tagged text, as a value of its class and without an affinity: that of its column's decides. */
function classed(text: string): SQL {
  const rest = text.slice(1);
  switch (text[0]) {
    case "i": {
      const number = Number(rest);
      return Number.isSafeInteger(number) ? sql`${number}` : sql`+cast(${rest} as integer)`;
    }
    case "r": {
      const number = readReal(rest);
      return Number.isFinite(number) ? sql`${number}` : sql.raw(number > 0 ? "9e999" : "-9e999");
    }
    case "b":
      return sql`${sql.param(Buffer.from(rest, "hex"))}`;
    default:
      return sql`${rest}`;
  }
}

function readReal(text: string): number {
  if (text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** The value of a column that was tagged; beyond 2^53 a column's mapping sees all the digits. */
function fromTagged(column: ColumnInfo, text: string): unknown {
  if (text === NO_JSON) throw new SyntaxError("not JSON");
  return mapped(
    column,
    untagged(text, (digits) => beyond(column, digits)),
  );
}

/** The same of one that SQL quoted (https://sqlite.org/lang_corefunc.html#quote). */
function fromQuoted(column: ColumnInfo, text: string): unknown {
  if (text === "NULL") return null;
  if (text.startsWith("'")) return mapped(column, text.slice(1, -1).replaceAll("''", "'"));
  if (text.startsWith("X'")) return mapped(column, Buffer.from(text.slice(2, -1), "hex"));
  const number = readReal(text);
  const lost = Number.isInteger(number) && !Number.isSafeInteger(number) && /^-?\d+$/.test(text);
  return mapped(column, lost ? beyond(column, text) : number);
}

/** The digits of an integer that no double holds. */
const beyond = ({ kind }: ColumnInfo, digits: string): unknown =>
  kind === "integer" ? new Digits(digits) : digits;

const isBytes = (value: unknown): value is ArrayBuffer | Uint8Array =>
  value instanceof ArrayBuffer || value instanceof Uint8Array;

/** A stored value as its column maps it; JSON keeps its digits. */
function mapped({ kind, column }: ColumnInfo, value: unknown): unknown {
  if (kind !== "json") return column.mapFromDriverValue(value);
  return parseJSON(isBytes(value) ? new TextDecoder().decode(value) : String(value));
}

const octets = (value: string): string => `octet_length(${value})`;

/** The bytes of a value; of JSON whose blanks are left out, the least is what is sent. */
function size({ kind, column }: ColumnInfo, value: string, least: boolean): string | undefined {
  if (isTextInBytes({ column })) return octets(value);
  switch (kind) {
    case "text":
    case "decimal":
    case "blob":
    case "custom":
      return octets(value);
    case "json":
      return octets(least ? `iif(json_valid(${value},${JSON5_OR_JSONB}),json(${value}),null)` : value);
    default:
      return undefined;
  }
}

/** The first value is that of a column or a computed field; around the whole object the parser's stack would not do. */
const within = (value: string, { sizes, most }: Bound): string =>
  `iif(${sizes.map((bytes) => `${bytes}>${most}`).join(" or ")},${UNSPEAKABLE},${value})`;

/** How a column's values travel through Drizzle at the top of a row, where they would not survive as they are. */
type Travel = "quoted" | "tagged" | "raw";

function travelOf({ kind, column: { columnType } }: ColumnInfo): Travel | undefined {
  if (kind === "text" || columnType === "SQLiteReal") return undefined;
  if (kind === "integer" || kind === "boolean" || kind === "date") return "quoted";
  return columnType === "SQLiteTextJson" || columnType.startsWith("SQLiteNumeric") ? "tagged" : "raw";
}

const named = (name: MemberName): string => (typeof name === "string" ? literal(name) : name.place);

/**
 * A list, with its last element where it was cut short, of which is asked only where it is full. What is written twice is
 * computed once.
 */
function list(object: string, cut?: Cut): string {
  const all = `json_group_array(${object})`;
  return cut === undefined
    ? all
    : `iif(count(*)<${cut.limit} or ${cut.beyond} is null,${all},json_insert(${all},'$[#]','${CUT}'))`;
}

/** SQLite 3.45, which libsql carries. */
export const sqlite: Syntax = withExpressions({
  mark: "?",
  // Its functions take at most 100 arguments, a name and a value for each member.
  maxMembers: 48,
  object: (members, bound) =>
    `json_object(${members.map(([name, value], index) => `${named(name)},${index > 0 || bound === undefined ? value : within(value, bound)}`).join(",")})`,
  length: (place) => `length(${place})`,
  list,
  // A list that holds others would be computed twice, or take the parser's stack.
  cutName: (name, { beyond }) => `iif(${beyond} is null,${named(name)},'${CUT}'||${named(name)})`,
  document: (text) => text,
  orderKey: (nullable, direction, value, nulls) =>
    nullable && nulls !== undefined ? `${value} ${direction} nulls ${nulls}` : `${value} ${direction}`,
  collation: collationOf,
  kept: (_, value) => tagged(value),
  keptValue: (_, text) => classed(text),
  texts: (values) => `json_array(${values.join(",")})`,
  parts: (parts) => parts.join("||char(31)||"),
  records: (text) => `group_concat(${text},char(30))`,
  // A limit is no bare value: SQLite prepares a statement anew for each value bound there. An offset needs a limit.
  range: ({ limit, offset }) => {
    const bounded = limit === undefined ? "" : ` limit ${limit}+0`;
    return offset === undefined ? bounded : `${bounded || " limit -1"} offset ${offset}+0`;
  },

  json,
  jsonExtra: (value) =>
    `case typeof(${value}) when 'integer' then ${whole(value)} when 'real' then ${real(value)} when 'blob' then ${UNSPEAKABLE} else ${value} end`,
  wantsMapping: (column) =>
    column.kind === "decimal" || column.kind === "custom" || column.kind === "blob" || isTextInBytes(column),

  size,
  sizeExtra: octets,
  // As few parentheses as may be, for the parser's stack.
  sum: (value) => `total(${value})`,
  fits: (bytes, most) => `${bytes}<=${most}`,

  sent(column, value) {
    if (column.kind === "integer") return wholeOr(value);
    return travelsRaw(column) ? value : sent(column, value);
  },
  received(column, value) {
    if (!travelsRaw(column)) return fromTagged(column, value as string);
    const digits = column.kind === "integer" && typeof value === "string" && /^-?\d+$/.test(value);
    return column.column.mapFromDriverValue(digits ? readNumber(value) : value);
  },
  sentExtra: tagged,
  receivedExtra: (sent) => untagged(sent, BigInt),

  // Rows of a relation travel as JSON, which has no bytes and of which SQLite prints reals with 15 digits; integers beyond
  // 2^53 libsql refuses to read; and where Drizzle maps a value that is none of its column, it throws all rows away.
  text(column, value, nested) {
    const travel = travelOf(column);
    if (nested || travel === "tagged") return sent(column, value);
    return travel === "quoted" ? `quote(${value})` : travel && value;
  },
  fromText(column, value) {
    const travel = travelOf(column);
    if (travel === "raw") return mapped(column, value);
    return (travel === "quoted" ? fromQuoted : fromTagged)(column, value as string);
  },
  fromNested: (column, text) => fromTagged(column, text as string),
});
