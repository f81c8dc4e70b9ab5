import {
  Column,
  getTableName,
  is,
  type Placeholder,
  Param,
  SQL,
  sql,
  StringChunk,
  type SQLWrapper,
} from "drizzle-orm";
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
export function aliasedCondition(node: ReadNode, rows: Rows): SQL | undefined {
  const using = rowsCondition(rows);
  return both(using && within(using, node.table), node.where && toSQL(node.where));
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
function within(condition: SQL, table: TableInfo): SQL {
  if (speaksOnlyOf(condition, table)) return condition;
  return keyIn(table, condition);
}

/** A computed field, safe in the same way, of a node that Drizzle calls `alias`. */
export function computed(extra: SQL.Aliased, table: TableInfo, alias: string): SQL.Aliased {
  if (speaksOnlyOf(extra.sql, table)) return extra;
  // Where both names are one, the inner table would hide the outer, whose name then is right as it is.
  if (getTableName(table.table) === alias) return sql`${sealed(extra.sql)}`.as(extra.fieldAlias);
  if (table.primaryKey.length === 0) {
    const rowid = sql.raw(rowNumber(table));
    const row = sql`${sealed(sql`${table.table}.${rowid}`)} = ${sql.identifier(alias)}.${rowid}`;
    return sql`(select ${sealed(extra.sql)} from ${sealed(sql`${table.table}`)} where ${row})`.as(
      extra.fieldAlias,
    );
  }
  // The inner table has its own name; the outer key is renamed by Drizzle, because it stands outside the seal.
  const same = sql.join(
    table.primaryKey.map(({ column }) => sql`${sealed(sql`${column}`)} = ${column}`),
    sql` and `,
  );
  return sql`(select ${sealed(extra.sql)} from ${sealed(sql`${table.table}`)} where ${same})`.as(
    extra.fieldAlias,
  );
}

function keyOf(table: TableInfo): SQL {
  return sql.join(
    table.primaryKey.map(({ column }) => sql`${column}`),
    sql`, `,
  );
}

/** The name of SQLite's own number of a row that no column of the table hides. */
export function rowNumber({ columns, name }: TableInfo): string {
  const taken = new Set([...columns.values()].map(({ column }) => column.name.toLowerCase()));
  const free = ["rowid", "_rowid_", "oid"].find((candidate) => !taken.has(candidate));
  if (free === undefined)
    throw new TypeError(`\`${name}\` needs a primary key: its columns hide the number of a row`);
  return free;
}

function keyIn(table: TableInfo, condition: SQL): SQL {
  const { primaryKey } = table;
  // A SQLite table without a key has a number for each row.
  const rowid = sql.raw(rowNumber(table));
  if (primaryKey.length === 0)
    return sql`${rowid} in ${sealed(sql`(select ${rowid} from ${table.table} where ${condition})`)}`;
  const keys = sealed(sql`(select ${keyOf(table)} from ${table.table} where ${condition})`);
  return primaryKey.length === 1
    ? sql`${primaryKey[0]!.column} in ${keys}`
    : sql`(${keyOf(table)}) in ${keys}`;
}

/** SQL that Drizzle treats as a sub-query: whole, and with the names it was written with. */
function sealed(inner: SQL): SQLWrapper {
  return { getSQL: () => inner };
}

/** Text that names nothing: operators, numbers, texts, calls of functions, and the words between conditions. */
const NAMELESS =
  /^(?:[\s()<>=!,|+\-*/%\d.]|'[^']*'|\b(?!select\b|exists\b|from\b|values\b)[a-z_]\w*\s*(?=\()|\b(?:and|or|not|is|null|in|between|true|false|case|when|then|else|end)\b)*$/i;

type Chunk = SQL["queryChunks"][number] | Placeholder | Column;

/** Whether SQL names columns of one table and nothing else. */
export function speaksOnlyOf(query: SQL, table: TableInfo): boolean {
  return query.queryChunks.every((chunk: Chunk | undefined) => {
    if (chunk === undefined || chunk === null) return true;
    if (is(chunk, Column)) return chunk.table === table.table;
    if (is(chunk, SQL)) return speaksOnlyOf(chunk, table);
    if (is(chunk, StringChunk)) return NAMELESS.test(chunk.value.join(""));
    if (is(chunk, Param)) return true;
    if (Array.isArray(chunk))
      return (chunk as unknown[]).every(
        (item) => typeof item !== "object" || item === null || is(item, Param),
      );
    return typeof chunk !== "object" || chunk instanceof Date || chunk instanceof Uint8Array;
  });
}
