import { is, SQL } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { takeApart } from "../../drizzle/drizzle.ts";
import type { WritePlan } from "../../plan/plan.ts";
import { type ColumnInfo, typeName } from "../../schema/schema.ts";
import { numbered } from "../sql/lift.ts";
import { tableName } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Text } from "../statement.ts";
import { givenRows } from "./given.ts";
import { MAX_VALUES } from "./keys.ts";
import type { Write } from "./parts.ts";
import type { Known, Step, Writing } from "./steps.ts";
import { tellingOf } from "./told.ts";

/**
 * Inserts the rows that meet none, in the order of their key, so that of two requests only one waits for the other. What met
 * nothing may meet a row a moment later, which another has written meanwhile.
 */
export function meet({ plan, speech, triggered }: Write, writing: (known: Known) => Writing): Step {
  const { target, update } = plan.meeting!;
  const locks = update !== "none";
  return {
    kind: "meet",
    order: (values) => inOrder(values, target),
    asks: (values, places) => {
      const size = Math.floor(MAX_VALUES / target.length);
      return Array.from({ length: Math.ceil(places.length / size) }, (_, index) =>
        askMet(plan, { values, places, from: index * size, to: (index + 1) * size, locks }, speech),
      );
    },
    writing,
    triggered,
    refusal: "check-failed",
  };
}

/** The places of rows, in the order of their key. */
export function inOrder(values: readonly Row[], target: readonly ColumnInfo[]): readonly number[] {
  const [first] = target as readonly [ColumnInfo];
  const keyOf = (row: Row): string =>
    target.length === 1
      ? textOf(row[first.name], first)
      : JSON.stringify(target.map((column) => textOf(row[column.name], column)));
  const own = values.map((row) => row[first.name]);
  const keys = target.length === 1 && areNumbers(own) ? own : values.map(keyOf);
  return [...keys.keys()].toSorted((a, b) => (keys[a]! < keys[b]! ? -1 : Number(keys[a]! > keys[b]!)));
}

const areNumbers = (values: readonly unknown[]): values is readonly number[] =>
  values.every((value) => typeof value === "number");

const textOf = (value: unknown, { encode }: ColumnInfo): string =>
  is(value, SQL) ? "" : String(encode(value));

/** Names no table and no column has. */
const NEW = '"~new"';
const PLACE = '"~place"';

/** The rows that are looked for: those at some of the places. */
interface Sought {
  readonly values: readonly Row[];
  readonly places: readonly number[];
  readonly from: number;
  readonly to: number;
  /** Whether those that are met are to stay what they are. */
  readonly locks: boolean;
}

/** Asks which rows exist that others meet. Each goes by where its place stands, so that one text does for many lists. */
function askMet(plan: WritePlan, sought: Sought, speech: Speech): Text {
  const { target } = plan.meeting!;
  const { bound, rows } = keysAsOne(target, sought, speech) ?? keysIn(target, sought, speech);
  const table = tableName(plan.answer, speech);
  const named = ({ column }: ColumnInfo): string => `${table}.${speech.column(column)}`;
  const names = target.map((_, index) => `"~${index}"`);
  // The column stands first: it is compared as its type and its order have it.
  const same = target.map((column, index) => `${named(column)} = ${NEW}.${names[index]!}`);
  const sqlite = speech.database === "sqlite";
  const told = tellingOf(plan).primaryKey.map((column) =>
    sqlite ? speech.syntax.sentExtra(named(column)) : `${named(column)}::text`,
  );
  // SQLite has one lock for all, which a transaction that writes has taken.
  const order = sqlite ? "" : ` order by ${target.map(named).join(", ")}`;
  const text =
    `with ${NEW} (${[PLACE, ...names].join(", ")}) as (${rows}) ` +
    `select ${[`${NEW}.${PLACE}`, ...told].join(", ")} from ${NEW} cross join ${table} ` +
    `where ${same.join(" and ")}${order}${sought.locks && !sqlite ? " for update" : ""}`;
  return { kind: "text", text, values: bound };
}

/** Rows of numbers and the values of a key, and what is bound for them. */
interface Keys {
  readonly rows: string;
  readonly bound: readonly unknown[];
}

/** All keys as one value; `undefined` where one of them is nothing that JSON can say. */
function keysAsOne(
  target: readonly ColumnInfo[],
  { values, places, from, to }: Sought,
  { database, syntax: { mark } }: Speech,
): Keys | undefined {
  const some = places.slice(from, to).map((place) => values[place]!);
  const json = some.some((row) => target.some(({ name }) => is(row[name], SQL)))
    ? undefined
    : givenRows(some, target);
  if (json === undefined) return undefined;
  const sqlite = database === "sqlite";
  const key = target.map(({ column }, index) =>
    sqlite ? `json_extract("value", '$[${index}]')` : `("value" ->> ${index})::${typeName(column)}`,
  );
  const place = sqlite ? `"key" + ${from}` : `"~at" - 1 + ${from}`;
  const each = sqlite
    ? `json_each(${mark}1)`
    : `jsonb_array_elements(${mark}1::text::jsonb) with ordinality as "~each" ("value", "~at")`;
  return { rows: `select ${[place, ...key].join(", ")} from ${each}`, bound: [json] };
}

/** Each key by itself. */
function keysIn(target: readonly ColumnInfo[], { values, places, from, to }: Sought, speech: Speech): Keys {
  const { syntax } = speech;
  const bound: unknown[] = [];
  const bind = (value: unknown, column: ColumnInfo): string => {
    if (!is(value, SQL)) return cast(`${syntax.mark}${bound.push(column.encode(value))}`, column);
    const lifted = takeApart(value, speech);
    const text = numbered(lifted, bound.length + 1, syntax);
    bound.push(...lifted.values);
    return cast(`(${text})`, column);
  };
  const rows = places.slice(from, to).map((place, index) => {
    const key = target.map((column) => bind(values[place]![column.name], column));
    return `(${[from + index, ...key].join(", ")})`;
  });
  return { rows: `values ${rows.join(", ")}`, bound };
}

/** A value of a column's type, which PostgreSQL would not know by itself. */
const cast = (text: string, { database, cast: own, column }: ColumnInfo): string => {
  if (database === "sqlite") return text;
  return `${text}${own === "" ? `::${typeName(column)}` : own}`;
};
