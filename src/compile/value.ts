import { noopDecoder, type SQL } from "drizzle-orm";
import type { ReadNode } from "../plan/plan.ts";
import type { Syntax } from "./syntax.ts";

/** Whether SQL cannot say what the node's values are in JSON, so that they are mapped here. */
export function wantsMapping(node: ReadNode, syntax: Syntax): boolean {
  return (
    node.columns.some((column) => syntax.wantsMapping(column)) || [...node.extras.values()].some(isMapped)
  );
}

interface Decoder {
  mapFromDriverValue(value: unknown): unknown;
}

const decoderOf = (extra: SQL.Aliased): Decoder => (extra.sql as unknown as { decoder: Decoder }).decoder;

/** Whether its author gave a computed field a mapping. */
const isMapped = (extra: SQL.Aliased): boolean => decoderOf(extra) !== noopDecoder;

/** The value of a computed field as a driver answered it, mapped as its author wishes. */
export function extraValue(value: unknown, extra: SQL.Aliased): unknown {
  return value === null || value === undefined ? null : decoderOf(extra).mapFromDriverValue(value);
}

/** The value of a computed field as it was sent, mapped as its author wishes. */
export function extraReceived(sent: unknown, extra: SQL.Aliased, syntax: Syntax): unknown {
  return typeof sent === "string" ? extraValue(syntax.receivedExtra(sent, isMapped(extra)), extra) : null;
}

type Row = Record<string, unknown>;

/** Turns rows that were sent as JSON into rows as Drizzle would answer them, in place. */
export function receiveRows(rows: readonly Row[], node: ReadNode, syntax: Syntax): void {
  for (const row of rows) receiveRow(row, node, syntax);
}

function receiveRow(row: Row, node: ReadNode, syntax: Syntax): void {
  for (const column of node.columns) {
    const value = row[column.name];
    if (value !== null) row[column.name] = syntax.received(column, value);
  }
  for (const [name, extra] of node.extras) row[name] = extraReceived(row[name], extra, syntax);
  for (const [name, { node: child }] of node.relations) {
    const value = row[name] as Row | readonly Row[] | null;
    if (Array.isArray(value)) receiveRows(value as Row[], child, syntax);
    else if (value !== null) receiveRow(value as Row, child, syntax);
  }
}
