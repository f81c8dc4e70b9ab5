import { invalidValue, QueryError, quote } from "../error.ts";
import { OPERATORS, type Operator, operatorsFor } from "../operator/operator.ts";
import type { RelationPolicy } from "../policy/policy.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { BEHIND, type Ground, unknownName } from "./ground.ts";

/** How a filter is written, for those who wrote something else in its place. */
export const A_FILTER = "a filter is written (column:value)";

/** The words that other languages write for the constants. */
const WORDS: ReadonlySet<unknown> = new Set(["null", "true", "false"]);

/** A refusal of what stands on the right of an operator, with what was probably meant; `key` is as it was written. */
export function misread(
  error: unknown,
  value: unknown,
  operator: Operator,
  column: ColumnInfo,
  key: string,
): unknown {
  if (!(error instanceof QueryError) || error.code !== "invalid-value") return error;
  const hint = meant(value, operator, column, key);
  return hint === undefined ? error : invalidValue(error.message, error.path!, hint);
}

function meant(value: unknown, { operand }: Operator, column: ColumnInfo, key: string): string | undefined {
  if (operand !== "scalar" && operand !== "flag") return undefined;
  if (WORDS.has(value)) return "write N for null, T or F for true and false";
  if (typeof value !== "object" || value === null || OWN_MAPS.has(column.kind)) return undefined;
  const { name, operator } = partsOf(key);
  if (Array.isArray(value)) {
    const list = LISTS[operator];
    return list && `for one of several: ${quote(`${name}.${list}`)}`;
  }
  const [word = ""] = Object.keys(value);
  const known = operatorsFor(column).includes(word) ? word : "eq";
  return `an operator is part of the key: ${quote(`${name}.${known}`)}`;
}

/** What a key names, and the operator behind it. */
function partsOf(key: string): { readonly name: string; readonly operator: string } {
  const dot = key.lastIndexOf(".");
  const operator = key.slice(dot + 1);
  return dot > 0 && OPERATORS.has(operator)
    ? { name: key.slice(0, dot), operator }
    : { name: key, operator: "eq" };
}

/** What compares with several values as an operator does with one. */
const LISTS: Readonly<Record<string, string>> = { eq: "in", ne: "notIn" };

/** The kinds whose values may be maps or lists themselves. */
const OWN_MAPS: ReadonlySet<ColumnInfo["kind"]> = new Set(["json", "array", "custom"]);

/** What joins filters. */
const JOINING: ReadonlySet<string> = new Set(["AND", "OR", "NOT"]);

/** A refusal of a key that leads nowhere, in a filter that stands `behind` a relation or anywhere else. */
export function unknownKey(
  key: string,
  ground: Ground,
  path: string,
  behind: RelationPolicy | undefined,
): QueryError {
  const hint = wordHint(key, behind);
  if (hint === undefined) return unknownName(key, ground, path);
  return new QueryError("unknown-column", `unknown column ${quote(key)}`, { path, hint });
}

function wordHint(key: string, behind: RelationPolicy | undefined): string | undefined {
  const joining = key.toUpperCase();
  if (JOINING.has(joining)) return `did you mean \`${joining}\`?`;
  if (behind === undefined || !BEHIND[behind.relation.kind].includes(key)) return undefined;
  return `write ${quote(`${behind.relation.name}.${key}`)}`;
}
