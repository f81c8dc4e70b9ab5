import { type SQL, sql } from "drizzle-orm";
import type { Row, Rows } from "../../author/author.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { rowsCondition } from "../sql/condition.ts";
import { list } from "../sql/list.ts";
import type { Speech } from "../sql/speech.ts";
import { isSame, sharedBy, sharedValue } from "./given.ts";
import { guarded } from "./guard.ts";
import { nameOf } from "./listed.ts";
import type { Write } from "./parts.ts";

/** New rows, and the change of those that others of them meet. */
export interface Merging {
  readonly insert: Write;
  readonly update: Write;
}

/** What becomes of a row that is met, behind the rows that are given; `undefined` where one text does not say it. */
export function mergedTail(
  { update }: Merging,
  { made, changes, set, beside }: MergedRows,
  speech: Speech,
): SQL | undefined {
  const sets: SQL[] = [];
  for (const info of set) {
    const value = valueOf(info, { made, changes, beside });
    if (value === undefined) return undefined;
    sets.push(sql`${nameOf(info.column, speech)} = ${value}`);
  }
  const { where } = update.rows();
  return sql`update set ${list(sets)}${where && sql` where ${where}`}`;
}

/** Rows that are made, and what each changes where it meets one: columns of its own, and what functions make for all. */
export interface MergedRows {
  readonly made: readonly Row[];
  readonly changes: readonly Row[];
  readonly set: readonly ColumnInfo[];
  readonly beside: Row;
}

/** What a column is set to: what the new row would have, or one value for all of them. */
function valueOf(info: ColumnInfo, { made, changes, beside }: Omit<MergedRows, "set">): SQL | undefined {
  const { name, column } = info;
  const own = Object.hasOwn(beside, name);
  if (!own && changes.every((row, index) => isSame(row[name], made[index]![name])))
    return sql`excluded.${sql.identifier(column.name)}`;
  const rows = own ? [beside] : changes;
  if (rows.every((row) => row[name] === null)) return sql`null`;
  const shared = sharedBy(rows, info);
  return shared && sharedValue(shared);
}

/** A name no table has. */
const MERGED = '"~merged"';

/**
 * The whole statement: it undoes itself where fewer rows come back than were given, which its last value says. A row that
 * was changed is locked by its own change, and a new one by nobody; `xmax` tells.
 * @see https://www.postgresql.org/docs/current/ddl-system-columns.html
 */
export function mergedText(
  written: string,
  cells: readonly string[],
  { table, last }: { readonly table: string; readonly last: number },
  speech: Speech,
): string {
  const all = [...cells, `${table}.xmax = 0`];
  const names = all.map((_, index) => `"${index}"`).join(", ");
  const whole = guarded(`(select count(*) from ${MERGED}) = ${speech.syntax.mark}${last}::integer`, speech);
  return `with ${MERGED} (${names}) as (${written}${all.join(", ")}) select * from ${MERGED} where ${whole} = 1`;
}

/** Both of two conditions on a row. */
export function bothOf(one: Rows, other: Rows): Rows {
  const [first, second] = [rowsCondition(one), rowsCondition(other)];
  if (first === undefined || second === undefined) return second === undefined ? one : other;
  return first === second ? one : sql`(${first}) and (${second})`;
}
