import type { ColumnInfo } from "../schema/schema.ts";
import type { Syntax } from "./contract.ts";
import { isMapped } from "../drizzle/drizzle.ts";
import { extraValue } from "./value.ts";

/** What a view computes is read as a computed field is: it has whatever type its SQL has. */
export function withExpressions(syntax: Syntax): Syntax {
  const received = ({ expression }: ColumnInfo, sent: unknown): unknown =>
    extraValue(syntax.receivedExtra(sent as string, isMapped(expression!)), expression!);
  return {
    ...syntax,
    json: (column, value) =>
      column.expression === undefined ? syntax.json(column, value) : syntax.jsonExtra(value),
    wantsMapping: (column) =>
      column.expression === undefined ? syntax.wantsMapping(column) : isMapped(column.expression),
    size: (column, value, least) =>
      column.expression === undefined ? syntax.size(column, value, least) : syntax.sizeExtra(value),
    sent: (column, value) =>
      column.expression === undefined ? syntax.sent(column, value) : syntax.sentExtra(value),
    received: (column, sent) =>
      column.expression === undefined ? syntax.received(column, sent) : received(column, sent),
    text: (column, value, nested) =>
      column.expression === undefined ? syntax.text(column, value, nested) : syntax.sentExtra(value),
    fromText: (column, text) =>
      column.expression === undefined ? syntax.fromText(column, text) : received(column, text),
    fromNested: (column, text) =>
      column.expression === undefined ? syntax.fromNested(column, text) : received(column, text),
  };
}
