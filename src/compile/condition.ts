import { getTableName, getTableUniqueName, type SQL, sql, type SQLWrapper } from "drizzle-orm";
import { speaksOnlyOf } from "../drizzle/drizzle.ts";
import type { Predicate, ReadNode, Rows } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";

/** A filter as SQL; groups stand in parentheses, conditions bind tighter than what joins them. */
export function toSQL(predicate: Predicate): SQL {
  switch (predicate.kind) {
    case "condition":
      return predicate.operator.build(predicate.column, predicate.value);
    case "not":
      return predicate.part.kind === "condition"
        ? sql`not (${toSQL(predicate.part)})`
        : sql`not ${toSQL(predicate.part)}`;
    case "and":
      return sql`(${joined(predicate.parts, sql` and `)})`;
    case "or":
      return sql`(${joined(predicate.parts, sql` or `)})`;
  }
}

/** Parts side by side make a tree as deep as they are many, and SQLite takes a thousand levels: halves keep it flat. */
function joined(parts: readonly Predicate[], word: SQL): SQL {
  if (parts.length <= MAX_SIDE_BY_SIDE) return sql.join(parts.map(toSQL), word);
  const middle = parts.length >> 1;
  return sql`(${joined(parts.slice(0, middle), word)})${word}(${joined(parts.slice(middle), word)})`;
}

const MAX_SIDE_BY_SIDE = 100;

/** The rows of a table that exist for the caller, as a condition; `undefined` where every row does. */
export function rowsCondition(rows: Rows): SQL | undefined {
  if (rows === "all") return undefined;
  // In parentheses: what stands beside it is ANDed, and an author may write OR.
  return rows === "none" ? sql`1 = 0` : sql`(${rows})`;
}

/** The rule's rows and the client's filter, as one condition on the table under its own name. */
export function nodeCondition(node: ReadNode, rows: Rows): SQL | undefined {
  return both(rowsCondition(rows), node.where && toSQL(node.where));
}

/** The same, on the table under an alias. */
export function aliasedCondition(node: ReadNode, rows: Rows, alias: string): SQL | undefined {
  const using = rowsCondition(rows);
  return both(using && within(using, node.table, alias), node.where && toSQL(node.where));
}

function both(using: SQL | undefined, where: SQL | undefined): SQL | undefined {
  if (using === undefined || where === undefined) return using ?? where;
  return sql`(${using} and ${where})`;
}

/**
 * An author's condition, safe to be read under another name of its table.
 *
 * Drizzle's relational queries rename every column found in nested SQL to the alias of the node, also those of other
 * tables, and rename none inside a sub-query. A condition that speaks of its own columns only survives that; any other
 * is asked of the table under its own name, by primary key, behind a wrapper that Drizzle does not open.
 */
function within(condition: SQL, table: TableInfo, alias: string): SQL {
  if (speaksOnlyOf(condition, table)) return condition;
  return keyIn(table, condition, alias);
}

/** A computed field, safe in the same way, of a node that Drizzle calls `alias`. */
export function computed(extra: SQL.Aliased, table: TableInfo, alias: string): SQL.Aliased {
  if (speaksOnlyOf(extra.sql, table)) return extra;
  // Where both names are one, the inner table would hide the outer, whose name then is right as it is.
  const hidden = getTableName(table.table) === alias;
  if (hidden && !inSchema(table)) return sql`${sealed(extra.sql)}`.as(extra.fieldAlias);
  if (hidden) return computedBeside(extra, table, alias);
  const inner = sealed(list(numbersOf(table).map((number) => sql`${table.table}.${number}`)));
  const outer = list(numbersOf(table).map((number) => sql`${sql.identifier(alias)}.${number}`));
  // The inner table has its own name; the outer key is renamed by Drizzle, because it stands outside the seal.
  const same =
    table.primaryKey.length === 0
      ? sql`${inner} = (${outer})`
      : sql.join(
          table.primaryKey.map(({ column }) => sql`${sealed(sql`${column}`)} = ${column}`),
          sql` and `,
        );
  return sql`(select ${sealed(extra.sql)} from ${table.table} where ${same})`.as(extra.fieldAlias);
}

/** The same where a schema's name stands before the table's: all is made inside, with the keys under other names. */
function computedBeside(extra: SQL.Aliased, table: TableInfo, alias: string): SQL.Aliased {
  const keyless = table.primaryKey.length === 0;
  const keys = keyless ? numbersOf(table) : table.primaryKey.map(({ column }) => sql`${column}`);
  const outer = keyless ? keys.map((number) => sql`${sql.identifier(alias)}.${number}`) : keys;
  const named = (index: number): SQL => sql.raw(`"~${index}"`);
  const fields = [sql`${extra.sql} as "~value"`, ...keys.map((key, index) => sql`${key} as ${named(index)}`)];
  const rows = sealed(sql`select ${list(fields)} from ${table.table}`);
  const same = sql.join(
    outer.map((key, index) => sql`${named(index)} = ${key}`),
    sql` and `,
  );
  return sql`(select "~value" from ${rows} as "~row" where ${same})`.as(extra.fieldAlias);
}

/** Whether a table's columns are named with its schema's name before them. */
const inSchema = ({ table }: TableInfo): boolean => !getTableUniqueName(table).startsWith("public.");

const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/** What tells the rows of a table apart while a statement runs, where it has no key. */
function numbersOf({ columns, database, name, primaryKey }: TableInfo): readonly SQL[] {
  if (primaryKey.length > 0) return [];
  // Each part of a divided table counts its own rows.
  if (database === "postgresql") return [sql`tableoid`, sql`ctid`];
  const taken = new Set([...columns.values()].map(({ column }) => column.name.toLowerCase()));
  const free = ["rowid", "_rowid_", "oid"].find((candidate) => !taken.has(candidate));
  if (free === undefined)
    throw new TypeError(`\`${name}\` needs a primary key: its columns hide the number of a row`);
  return [sql.raw(free)];
}

function keyIn(table: TableInfo, condition: SQL, alias: string): SQL {
  const { primaryKey } = table;
  const keyless = primaryKey.length === 0;
  const parts = keyless ? numbersOf(table) : primaryKey.map(({ column }) => sql`${column}`);
  const keys = sealed(sql`select ${list(parts)} from ${table.table} where ${condition}`);
  // Where tables are joined, a row's own number is nobody's unless it is said whose.
  const outer = keyless ? parts.map((part) => sql`${sql.identifier(alias)}.${part}`) : parts;
  return outer.length === 1 ? sql`${outer[0]!} in ${keys}` : sql`(${list(outer)}) in ${keys}`;
}

/** SQL that Drizzle treats as a sub-query: whole, and with the names it was written with. */
function sealed(inner: SQL): SQLWrapper {
  return { getSQL: () => inner };
}
