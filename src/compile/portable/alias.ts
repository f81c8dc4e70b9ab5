import { getTableName, getTableUniqueName, type SQL, sql, type Table } from "drizzle-orm";
import { sealed, speaksOnlyOf } from "../../drizzle/drizzle.ts";
import type { Admitted } from "../../author/author.ts";
import type { ReadNode, SecuredRelation } from "../../plan/plan.ts";
import { rowNumbersOf, type TableInfo } from "../../schema/schema.ts";
import { beginsLater, inEither } from "../sql/beyond.ts";
import { list } from "../sql/list.ts";
import { both, rowsCondition, type Shown } from "../sql/condition.ts";
import { behindSQL, filterSQL, joinedByKey, rowsIn, shownTo } from "../sql/secured.ts";

/** The rows of a node, as one condition on its table under an alias. */
export function aliasedCondition(node: ReadNode, admitted: Admitted, alias: string): SQL | undefined {
  const using = rowsCondition(rowsIn(admitted.of(node)));
  const filter = node.where && filterSQL(node.where, node, admitted);
  const page = beginsLater(node) ? rowsCondition(inEither(behindSQL(node, admitted))) : undefined;
  return both(
    both(using && underAlias(using, node.secured, alias), filter && filterUnder(filter, node, alias)),
    page && filterUnder(page, node, alias),
  );
}

/** A client's filter: SQLite would make a list of all rows that satisfy it, where it can be asked of each row by key. */
function filterUnder(filter: SQL, { secured }: ReadNode, alias: string): SQL {
  const { table } = secured;
  if (table.database === "postgresql" || speaksOnlyOf(filter, table))
    return underAlias(filter, secured, alias);
  return holdsUnder(filter, "~kept", secured, alias);
}

/** Whether a condition holds of a row that goes by another name: it is asked of the row under its own. */
function holdsUnder(condition: SQL, name: string, secured: SecuredRelation, alias: string): SQL {
  const bit = sql`case when ${condition} then 1 else 0 end`.as(name);
  return sql`${computed(bit, secured, alias).sql} = 1`;
}

/** The rows on which what is masked is shown, of a node that Drizzle calls `alias`. */
export function shownUnder(node: ReadNode, admitted: Admitted, alias: string): Shown {
  const { secured } = node;
  const shown = shownTo(admitted.of(node));
  return (mask) => {
    const rows = shown(mask);
    if (typeof rows === "string" || speaksOnlyOf(rows, secured.table)) return rows;
    return holdsUnder(rows, "~shown", secured, alias);
  };
}

/**
 * An author's condition, safe to be read under another name of its table.
 *
 * Drizzle's relational queries rename every column found in nested SQL to the alias of the node, also those of other
 * tables, and rename none inside a sub-query. A condition that speaks of its own columns only survives that; any other
 * is asked of the table under its own name, by primary key, behind a wrapper that Drizzle does not open.
 */
function underAlias(condition: SQL, secured: SecuredRelation, alias: string): SQL {
  if (speaksOnlyOf(condition, secured.table)) return condition;
  return keyIn(secured, condition, alias);
}

/** A computed field, safe in the same way, of a node that Drizzle calls `alias`. */
export function computed(extra: SQL.Aliased, secured: SecuredRelation, alias: string): SQL.Aliased {
  const { table } = secured;
  const own = joinedByKey(secured);
  if (speaksOnlyOf(extra.sql, table)) return extra;
  // Where both names are one, the inner table would hide the outer, whose name then is right as it is.
  const hidden = getTableName(own) === alias;
  if (hidden && !inSchema(own)) return sql`${sealed(extra.sql)}`.as(extra.fieldAlias);
  if (hidden) return computedBeside(extra, secured, alias);
  const inner = sealed(list(numbersOf(table).map((number) => sql`${own}.${number}`)));
  const outer = list(numbersOf(table).map((number) => sql`${sql.identifier(alias)}.${number}`));
  // The inner table has its own name; the outer key is renamed by Drizzle, because it stands outside the seal.
  const same =
    table.primaryKey.length === 0
      ? sql`${inner} = (${outer})`
      : sql.join(
          table.primaryKey.map(({ column }) => sql`${sealed(sql`${column}`)} = ${column}`),
          sql` and `,
        );
  return sql`(select ${sealed(extra.sql)} from ${own} where ${same})`.as(extra.fieldAlias);
}

/** The same where a schema's name stands before the table's: all is made inside, with the keys under other names. */
function computedBeside(extra: SQL.Aliased, secured: SecuredRelation, alias: string): SQL.Aliased {
  const { table } = secured;
  const keyless = table.primaryKey.length === 0;
  const keys = keyless ? numbersOf(table) : table.primaryKey.map(({ column }) => sql`${column}`);
  const outer = keyless ? keys.map((number) => sql`${sql.identifier(alias)}.${number}`) : keys;
  const named = (index: number): SQL => sql.raw(`"~${index}"`);
  const fields = [sql`${extra.sql} as "~value"`, ...keys.map((key, index) => sql`${key} as ${named(index)}`)];
  const rows = sealed(sql`select ${list(fields)} from ${joinedByKey(secured)}`);
  const same = sql.join(
    outer.map((key, index) => sql`${named(index)} = ${key}`),
    sql` and `,
  );
  return sql`(select "~value" from ${rows} as "~row" where ${same})`.as(extra.fieldAlias);
}

/** Whether a table's columns are named with its schema's name before them. */
const inSchema = (table: Table): boolean => !getTableUniqueName(table).startsWith("public.");

/** What tells the rows of a table apart while a statement runs, where it has no key. */
function numbersOf(table: TableInfo): readonly SQL[] {
  const { database, name, primaryKey } = table;
  if (primaryKey.length > 0) return [];
  // Each part of a divided table counts its own rows.
  if (database === "postgresql") return [sql`tableoid`, sql`ctid`];
  const [free] = rowNumbersOf(table);
  if (free === undefined)
    throw new TypeError(`\`${name}\` needs a primary key: its columns hide the number of a row`);
  return [sql.raw(free)];
}

function keyIn(secured: SecuredRelation, condition: SQL, alias: string): SQL {
  const { table } = secured;
  const { primaryKey } = table;
  const keyless = primaryKey.length === 0;
  const parts = keyless ? numbersOf(table) : primaryKey.map(({ column }) => sql`${column}`);
  const keys = sealed(sql`select ${list(parts)} from ${joinedByKey(secured)} where ${condition}`);
  // Where tables are joined, a row's own number is nobody's unless it is said whose.
  const outer = keyless ? parts.map((part) => sql`${sql.identifier(alias)}.${part}`) : parts;
  return outer.length === 1 ? sql`${outer[0]!} in ${keys}` : sql`(${list(outer)}) in ${keys}`;
}
