import { type SQL, sql } from "drizzle-orm";
import type { Rows } from "../../author/author.ts";
import { nullsOf, type Ordered, type Position, type ReadNode } from "../../plan/plan.ts";
import { indexesOf } from "../../schema/schema.ts";
import { syntaxOf } from "../../syntax/syntax.ts";
import { list } from "./list.ts";

/** A key of an order beside a place in it. */
interface Key {
  readonly value: SQL;
  /** What the place has of it; absent where that is no value. */
  readonly at: SQL | undefined;
  /** What stands behind the place compares so with it. */
  readonly sign: ">" | "<";
  /** Whether rows without a value may be there, and stand behind those that have one. */
  readonly nullsBehind: boolean;
  readonly nullable: boolean;
  /** Whether it is a column of the row, of which an index may know. */
  readonly indexed: boolean;
}

/**
 * The rows behind a place in an order, by the SQL of its keys: one condition, or two where those that have a value for the
 * first key and those that have none follow each other.
 */
export function behind(
  { orderBy, paging }: ReadNode,
  position: Position | undefined,
  valueOf: (key: Ordered) => SQL,
): "all" | "none" | Stretches {
  if (position === undefined || position.length === 0) return paging?.side === "before" ? "none" : "all";
  const keys = orderBy.map((key, index) => keyOf(key, position[index]!, valueOf(key)));
  const [first, ...rest] = keys as [Key, ...Key[]];
  const { value, at, nullsBehind } = first;
  if (at === undefined) {
    const alike = sql`${value} is null and ${further(rest)}`;
    return nullsBehind ? [alike] : [alike, sql`${value} is not null`];
  }
  return nullsBehind
    ? [further([{ ...first, nullsBehind: false }, ...rest]), sql`${value} is null`]
    : [further(keys)];
}

/** The rows behind a place, in the order in which they come. */
export type Stretches = readonly [SQL, SQL?];

/** Both stretches as one condition. */
export const inEither = (stretches: "all" | "none" | Stretches): Rows => {
  if (typeof stretches === "string") return stretches;
  const [first, second] = stretches;
  return second === undefined ? first : sql`(${first}) or (${second})`;
};

/** Whether a node is a page that begins at a place. */
export const beginsLater = ({ paging }: ReadNode): boolean => paging?.side !== undefined;

/** Whether the rows of a page may be looked for in each stretch by itself, as where an index has both of them in order. */
export function maySplit({ orderBy, limit, secured: { table } }: ReadNode): boolean {
  const [first] = orderBy;
  if (first?.expression.kind !== "column" || limit === Number.POSITIVE_INFINITY) return false;
  const { nullable, column } = first.expression.column;
  return nullable && (indexesOf(table.table) ?? []).some(({ columns }) => columns.includes(column.name));
}

/**
 * The first key by which a row differs from the place decides, however many there are: that is flat, and knows of nulls.
 * Before it stands what an index finds.
 */
function further(keys: readonly Key[]): SQL {
  const run = runOf(keys);
  if (run.length === 0) return decision(keys);
  const { sign } = run[0]!;
  return run.length === keys.length
    ? compared(run, sign)
    : sql`${compared(run, `${sign}=`)} and ${decision(keys)}`;
}

function keyOf(key: Ordered, at: string | null, value: SQL): Key {
  const { expression, direction } = key;
  const { kind, column } = expression;
  const nullable = kind === "column" ? column.nullable : kind === "path" || kind === "masked";
  const { collation, keptValue } = syntaxOf(column.database);
  return {
    value: kind === "column" ? value : sql`${value}${sql.raw(collation(column))}`,
    at: at === null ? undefined : keptValue(column, at),
    sign: direction === "asc" ? ">" : "<",
    nullable,
    nullsBehind: nullable && nullsOf(key) === "last",
    indexed: kind === "column",
  };
}

/** The first keys, as far as one comparison of rows says all of them: in one direction, with values, and no nulls behind. */
function runOf(keys: readonly Key[]): readonly Key[] {
  const sign = keys[0]?.sign;
  const end = keys.findIndex(
    (key) => !key.indexed || key.at === undefined || key.nullsBehind || key.sign !== sign,
  );
  return end < 0 ? keys : keys.slice(0, end);
}

function compared(run: readonly Key[], sign: string): SQL {
  const [values, places] = [run.map(({ value }) => value), run.map(({ at }) => at!)];
  return run.length === 1
    ? sql`${values[0]!} ${sql.raw(sign)} ${places[0]!}`
    : sql`(${list(values)}) ${sql.raw(sign)} (${list(places)})`;
}

/** No two rows are alike to all keys, so none is left when the last has been asked. */
const decision = (keys: readonly Key[]): SQL =>
  keys.length === 0
    ? sql`1 = 0`
    : sql`case${sql.join(keys.map((key) => sql` when ${differs(key)} then ${isBehind(key)}`))} else 1 = 0 end`;

function differs({ value, at, nullable }: Key): SQL {
  if (at === undefined) return sql`${value} is not null`;
  return nullable ? sql`(${value} = ${at}) is not true` : sql`${value} <> ${at}`;
}

function isBehind({ value, at, sign, nullsBehind }: Key): SQL {
  if (at === undefined) return nullsBehind ? sql`1 = 0` : sql`1 = 1`;
  const further = sql`${value} ${sql.raw(sign)} ${at}`;
  return nullsBehind ? sql`(${further} or ${value} is null)` : further;
}
