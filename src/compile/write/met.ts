import { is, SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import { type ColumnInfo, typeName } from "../../schema/schema.ts";
import { countOf } from "../sql/count.ts";
import { list } from "../sql/list.ts";
import { among } from "../sql/secured.ts";
import type { Count, Fields, Returning, Update } from "../statement.ts";
import { counted } from "./counted.ts";
import { eachGiven, givenAt, givenRows } from "./given.ts";
import { incremented } from "./increment.ts";
import { MAX_VALUES } from "./keys.ts";
import { updated } from "./listed.ts";
import { changedRow } from "./made.ts";
import { locked, metRows, reached, type Write } from "./parts.ts";
import type { Known, Step } from "./steps.ts";
import { keyOf, tellingOf, valuesOf } from "./told.ts";

/** Whether a write changes rows that new ones have met. */
const changesMet = ({ plan: { meeting, kind } }: Write): boolean =>
  meeting !== undefined && kind === "update";

/**
 * Refuses rows that were met and are not the caller's to change: to him they are taken, whoever has them. Where a trigger
 * may drop rows as well, they are counted before.
 */
export function takenBefore(write: Write): readonly Step[] {
  if (!changesMet(write) || !write.triggered) return [];
  const asks = (known: Known): readonly Count[] => [
    { ask: countOf(metRows(write, known)), atLeast: known.keys!.length },
  ];
  return [{ kind: "match", asks, refusal: "conflict" }];
}

export const takenAfter = (write: Write): readonly Step[] =>
  changesMet(write) && !write.triggered ? [{ kind: "taken", refusal: "conflict" }] : [];

/** What a change sets. */
function setOf({ plan }: Write, row: Row): Row {
  const { table } = plan.answer.secured;
  return changedRow(counted(incremented(row, table), plan), table);
}

/** Names no table and no column has. */
const MET = sql.raw('"~met"');
const keyName = (index: number): SQL => sql.raw(`"~k${index}"`);
const valueName = (index: number): SQL => sql.raw(`"~v${index}"`);

/** Changes rows: one, or each that was met to what was sent for it. What they set is of the same columns. */
export function changed(
  write: Write,
  known: Known,
  values: readonly Row[],
  fields: Fields,
): readonly (Update | Returning)[] {
  const [first] = values;
  if (values.length === 1)
    return [{ kind: "update", rows: reached(write, known), set: setOf(write, first!), fields }];
  const { columns } = write.plan.answer.secured.table;
  // What is SQL here is the same for all of them.
  const own = Object.keys(first!).filter((name) => !is(first![name], SQL));
  const size = Math.max(1, Math.floor(MAX_VALUES / (own.length + known.keys![0]!.length)));
  const given = own.map((name) => columns.get(name)!);
  const set = setOf(write, { ...first, ...eachOwn(given) });
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => {
    const [from, to] = [index * size, (index + 1) * size];
    const some = { ...known, keys: known.keys!.slice(from, to), values: values.slice(from, to) };
    const update = together(write, some, { given, set, fields });
    return write.asText ? updated(update, columns, write.speech) : update;
  });
}

/** Each column set to what stands for it beside the row. */
export const eachOwn = (given: readonly ColumnInfo[]): Readonly<Record<string, SQL>> =>
  Object.fromEntries(given.map(({ name }, index) => [name, sql`${MET}.${valueName(index)}`]));

/** Whether a row is the one that stands beside it. */
export const isMet = (plan: WritePlan): SQL =>
  sql.join(
    tellingOf(plan).primaryKey.map(({ column }, index) => sql`${column} = ${MET}.${keyName(index)}`),
    sql` and `,
  );

/** What several rows are changed by together. */
interface Change {
  /** The columns that each gets a value of its own for. */
  readonly given: readonly ColumnInfo[];
  readonly set: Row;
  readonly fields: Fields;
}

function together(write: Write, known: Known, { given, set, fields }: Change): Update {
  return {
    kind: "update",
    rows: among(locked(write, known), isMet(write.plan)),
    from: inOne(write, known, given) ?? oneByOne(write, known, given),
    set,
    fields,
  };
}

/** What rows are changed to, as one value; `undefined` where one of them is nothing that JSON can say. */
function inOne({ plan }: Write, known: Known, given: readonly ColumnInfo[]): SQL | undefined {
  const keys = known.keys!.map((told) => keyOf(told, tellingOf(plan).database));
  if (keys.includes(undefined)) return undefined;
  const json = givenRows(known.values, given, keys);
  return json === undefined ? undefined : besideRows(plan, given, json);
}

/** Rows that are given as one value, each behind what tells it, as they stand beside those that they change. */
export function besideRows(plan: WritePlan, given: readonly ColumnInfo[], json: string): SQL {
  const { database, primaryKey } = tellingOf(plan);
  const sqlite = database === "sqlite";
  const named = primaryKey.map(({ column }, index) =>
    sqlite
      ? sql.raw(`json_extract("value", '$[${index}]') as "~k${index}"`)
      : sql.raw(`("value" ->> ${index})::${typeName(column)} as "~k${index}"`),
  );
  const values = given.map(
    (column, index) => sql`${givenAt(column, primaryKey.length + index)} as ${valueName(index)}`,
  );
  return sql`(select ${list([...named, ...values])} from ${eachGiven(database, json)}) as ${MET}`;
}

function oneByOne({ plan }: Write, known: Known, given: readonly ColumnInfo[]): SQL {
  const telling = tellingOf(plan);
  const rows = known.keys!.map((told, place) => {
    const values = given.map((column) => bound(known.values[place]![column.name], column));
    return sql`(${list([...valuesOf(told, telling), ...values])})`;
  });
  const names = [
    ...telling.primaryKey.map((_, index) => keyName(index)),
    ...given.map((_, index) => valueName(index)),
  ];
  // Names that a database gives to the columns of values would be another's.
  return sql`(with "~given" (${list(names)}) as (values ${list(rows)}) select * from "~given") as ${MET}`;
}

/** A value of a column's type, which PostgreSQL would not know by itself. */
function bound(value: unknown, { database, encode, cast, column }: ColumnInfo): SQL {
  const own = value === null ? sql`null` : sql`${sql.param(encode(value))}`;
  if (database === "sqlite") return own;
  return sql`${own}${sql.raw(cast === "" || value === null ? `::${typeName(column)}` : cast)}`;
}
