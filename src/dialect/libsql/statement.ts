import type { InArgs, InStatement } from "@libsql/client";

/** Whether a statement only reads; `with` may write, so it counts as a write. */
export function isRead(statement: InStatement | string): boolean {
  return /^\s*(select|explain|values)\b/i.test(textOf(statement));
}

/** Whether a statement changes rows; a pragma, or what makes a table, does something else. */
export function isChange(statement: InStatement | string): boolean {
  return /^\s*(insert|update|delete|replace|with)\b/i.test(textOf(statement));
}

const textOf = (statement: InStatement | string): string =>
  typeof statement === "string" ? statement : statement.sql;

/** A statement with its values, however a client was handed them. */
export const statementOf = (statement: InStatement | string, args?: InArgs): InStatement =>
  typeof statement === "string" ? { sql: statement, args: args ?? [] } : statement;
