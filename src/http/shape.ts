import { Buffer } from "node:buffer";
import { type Context, setResult } from "../author/author.ts";
import { writeDigits } from "../digits.ts";
import type { Answer } from "../engine/engine.ts";
import { tooLargeAnswer } from "../error.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import { isResponse, unread } from "../response.ts";

/** A JSON text that is a whole body. */
export interface JSONText {
  readonly json: string;
}

/** Shapes a result: the rule's or the entry's formatter, then the route's, else the default body. */
export function shape(
  { outcome, policy, first, most }: Answer,
  resource: string,
  request: Request,
  context: Context,
  formatResult: AuthorFunction | undefined,
): JSONText | Promise<Response | JSONText> {
  const format = policy.formatResult ?? formatResult;
  if (format === undefined) return { json: fitting(defaultBody(outcome, resource, first), most) };
  setResult(context, outcome);
  return formatted(format(request, context), most);
}

async function formatted(answer: unknown, most: number): Promise<Response | JSONText> {
  const value: unknown = await answer;
  return isResponse(value) ? unread(value) : { json: fitting(stringify(value) ?? "null", most) };
}

/**
 * A body that has no more than so many bytes; no unit of a text takes more than three.
 *
 * @throws QueryError `too-large-answer`.
 */
function fitting(json: string, most: number): string {
  if (json.length * 3 > most && Buffer.byteLength(json) > most) throw tooLargeAnswer(most);
  return json;
}

function defaultBody(
  { total, filtered, rowsAffected, inserted, count, page, more, rows, json }: Answer["outcome"],
  resource: string,
  first: boolean,
): string {
  const text =
    json ?? (rows === undefined ? undefined : isPlain(rows) ? JSON.stringify(rows) : stringify(rows));
  let body = "{";
  if (total !== undefined) body = added(body, `"total":${total}`);
  if (filtered !== undefined) body = added(body, `"filtered":${filtered}`);
  if (rowsAffected !== undefined) body = added(body, `"rowsAffected":${rowsAffected}`);
  if (inserted !== undefined) body = added(body, `"inserted":${inserted}`);
  if (count !== undefined && !(first && text !== undefined)) body = added(body, `"count":${count}`);
  if (page !== undefined) body = added(body, `"page":${JSON.stringify(page)}`);
  if (more === true) body = added(body, '"more":true');
  if (text !== undefined) body = added(body, `${JSON.stringify(resource)}:${text}`);
  return `${body}}`;
}

const added = (body: string, member: string): string => (body === "{" ? body + member : `${body},${member}`);

/** Whether JSON says all values of rows as answers carry them, so that nobody need look at each. */
function isPlain(rows: unknown): boolean {
  if (!Array.isArray(rows)) return false;
  for (const row of rows as readonly unknown[]) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) return false;
    for (const name in row) {
      const value = (row as Readonly<Record<string, unknown>>)[name];
      const object = typeof value === "object" && value !== null;
      if (object ? !(value instanceof Date) : typeof value === "bigint" || name === "toJSON") return false;
    }
  }
  return true;
}

/** JSON as answers carry it: big integers as text, bytes as base64. */
function stringify(value: unknown): string | undefined {
  return writeDigits(value, carry);
}

function carry(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  // Buffer has a toJSON of its own, which has run already; the bytes are still on the holder.
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array)
    return Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString("base64");
  if (original instanceof ArrayBuffer) return Buffer.from(original).toString("base64");
  return value;
}
