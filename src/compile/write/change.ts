import { type Column, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { ChangeRows, Row } from "../../author/author.ts";
import { AFTER, BEFORE, changedBy, MARK } from "../../drizzle/drizzle.ts";
import type { SecuredRelation } from "../../plan/plan.ts";
import type { TableInfo } from "../../schema/schema.ts";
import { rowsCondition } from "../sql/condition.ts";
import { numbered } from "../sql/lift.ts";
import { joinedByKey, type SecuredRows } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Count, Fields, Select } from "../statement.ts";
import { cellOf } from "./cell.ts";
import type { Cells } from "./cells.ts";
import { keysIn } from "./keys.ts";

/** Where nothing is asked of changed rows. */
export const UNASKED: ChangeRows = { grants: [], transition: "all" };

/** Names no column has. */
export const TOLD = "~told:";

/** The keys of rows as texts of which equal ones are equal keys, to find a row that was changed among those that were. */
export const toldKey = ({ primaryKey, database }: Pick<TableInfo, "primaryKey" | "database">): Fields =>
  Object.fromEntries(
    primaryKey.map(({ name, column }, index) => [
      TOLD + name,
      cellOf(database, sql`${column}`).as(`${TOLD}${index}`),
    ]),
  );

/** Rows as they were, in the order of those that were changed; `undefined` where it is not certain which one it was. */
export type Pairs = readonly (Row | undefined)[];

/** Finds rows again by their keys. Where the change itself changes those, one row alone can be found. */
export function pairsOf(
  held: readonly Row[],
  written: readonly Row[],
  { primaryKey }: TableInfo,
  moved: boolean,
): Pairs {
  if (held.length === 1 && written.length === 1) return held;
  if (moved) return written.map(() => undefined);
  const told = (row: Row): string => JSON.stringify(primaryKey.map(({ name }) => row[TOLD + name]));
  const known = new Map(held.map((row) => [told(row), row]));
  return written.map((row) => known.get(told(row)));
}

/** Whether a change sets what its rows are found again by, or there is nothing of the kind. */
export const movesKey = ({ primaryKey }: TableInfo, change: Row): boolean =>
  primaryKey.length === 0 ||
  primaryKey.some(({ name, column }) => Object.hasOwn(change, name) || column.onUpdateFn !== undefined);

/** Counts, for each column that may be set on some rows only, those on which it may not. */
export const forbidden = ({ grants }: ChangeRows, from: SecuredRows): Select => ({
  kind: "select",
  fields: Object.fromEntries(
    grants.map(({ rows }, index) => [
      String(index),
      sql`count(case when ${sql`${rowsCondition(rows)}`} then null else 1 end)`,
    ]),
  ),
  from,
});

/** Asks whether all rows that were changed pass, each as it was and as it is stored. */
export function judgeChange(
  pairs: readonly { readonly before: Row; readonly after: Row }[],
  condition: SQL,
  cells: Cells,
  secured: SecuredRelation,
  speech: Speech,
): readonly Count[] {
  const own = joinedByKey(secured);
  const [was, is] = [BEFORE, AFTER].map((name) => sql.identifier(name));
  return cells.together(pairs).map((judged) => {
    const before = cells.select(judged.map((pair) => pair.before));
    const same = pairs.length === 1 ? afterIs(secured, pairs[0]!.after) : sameKey(secured);
    const query = sql`with ${was} as (${before}) select count(*) from ${was}, ${own} as ${is} where ${same} and (${condition})`;
    const { sql: text, params } = query.toQuery(speech.rendering);
    return {
      ask: {
        kind: "text",
        text: numbered({ parts: text.split(MARK) }, 1, speech.syntax),
        values: params,
      },
      atLeast: judged.length,
    };
  });
}

/** The one row that was changed, whose key may have been another before. */
function afterIs(secured: SecuredRelation, after: Row): SQL {
  const { database, primaryKey } = secured.table;
  const columns = getTableColumns(changedBy(joinedByKey(secured)).after);
  const named = primaryKey.map((key) => ({ ...key, column: columns[key.name]! }));
  return keysIn({ database, primaryKey: named }, [after]);
}

function sameKey(secured: SecuredRelation): SQL {
  const { before, after } = changedBy(joinedByKey(secured));
  const [was, is] = [getTableColumns(before), getTableColumns(after)];
  const same = secured.table.primaryKey.map(
    ({ name }) => sql`${was[name] as Column} = ${is[name] as Column}`,
  );
  return sql.join(same, sql` and `);
}
