import { Buffer } from "node:buffer";
import { type Context, setResult } from "../author/author.ts";
import { writeDigits } from "../digits.ts";
import type { Answer } from "../engine/engine.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import { isResponse, unread } from "../response.ts";

/** A JSON text that is a whole body. */
export interface JSONText {
  readonly json: string;
}

/** Shapes a result: the rule's or the entry's formatter, then the route's, else the default body. */
export function shape(
  { outcome, policy, first }: Answer,
  resource: string,
  request: Request,
  context: Context,
  formatResult: AuthorFunction | undefined,
): JSONText | Promise<Response | JSONText> {
  const format = policy.formatResult ?? formatResult;
  if (format === undefined) return { json: defaultBody(outcome, resource, first) };
  setResult(context, outcome);
  return formatted(format(request, context));
}

async function formatted(answer: unknown): Promise<Response | JSONText> {
  const value: unknown = await answer;
  return isResponse(value) ? unread(value) : { json: stringify(value) ?? "null" };
}

function defaultBody(
  { total, rowsAffected, count, rows, json }: Answer["outcome"],
  resource: string,
  first: boolean,
): string {
  const text = json ?? (rows === undefined ? undefined : stringify(rows));
  const parts = [
    total !== undefined && `"total":${total}`,
    rowsAffected !== undefined && `"rowsAffected":${rowsAffected}`,
    count !== undefined && !(first && text !== undefined) && `"count":${count}`,
    text !== undefined && `${JSON.stringify(resource)}:${text}`,
  ];
  return `{${parts.filter((part) => part !== false).join(",")}}`;
}

/** JSON as answers carry it: big integers as text, bytes as base64. */
export function stringify(value: unknown): string | undefined {
  return writeDigits(() => JSON.stringify(value, carry));
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
