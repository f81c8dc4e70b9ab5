import { type SQL, sql, type Table } from "drizzle-orm";
import type { Admitted } from "../../author/author.ts";
import type { Mention, ReadNode, SecuredRelation } from "../../plan/plan.ts";
import { both, rowsCondition, toSQL } from "./condition.ts";
import type { Speech } from "./speech.ts";

/** Nobody else can write this name, so that only this file makes what bears it. */
declare const SECURED: unique symbol;

/**
 * Rows of a table that a statement may speak of. Only this file makes them, so that no statement names a table without
 * saying which of its rows it means.
 */
export interface SecuredRows {
  readonly table: Table;
  /** `undefined` where every row is meant. */
  readonly where: SQL | undefined;
  readonly [SECURED]: true;
}

/** A table that takes new rows. */
export interface Target {
  readonly table: Table;
  readonly [SECURED]: true;
}

const rowsOf = (table: Table, where: SQL | undefined): SecuredRows => ({ table, where }) as SecuredRows;

/** The rows that exist for the caller where a table is mentioned. */
export const admittedRows = (mention: Mention, admitted: Admitted): SecuredRows =>
  rowsOf(mention.secured.table.table, rowsCondition(admitted.of(mention)));

/** Of them those that the client's filter leaves. */
export const filteredRows = (node: ReadNode, admitted: Admitted): SecuredRows =>
  rowsOf(node.secured.table.table, both(rowsCondition(admitted.of(node)), node.where && toSQL(node.where)));

/** Rows of which a condition holds as well. */
export const among = ({ table, where }: SecuredRows, condition: SQL): SecuredRows =>
  rowsOf(table, where === undefined ? condition : sql`${where} and ${condition}`);

/** Rows that a write of the caller's has made or reached, by a condition on their keys. */
export const writtenRows = ({ table }: SecuredRelation, keys: SQL): SecuredRows => rowsOf(table.table, keys);

/** Where new rows go, which a check judges. */
export const target = ({ table }: SecuredRelation): Target => ({ table: table.table }) as Target;

/** A table whose rows are joined by key with rows that are secured, or of which no row is meant. */
export const joinedByKey = ({ table }: SecuredRelation): Table => table.table;

/** The name of a table in a statement that is text; the condition of its rows comes from the slots of the plan. */
export const tableName = ({ secured: { table } }: Mention, speech: Speech): string =>
  speech.table(table.table);
