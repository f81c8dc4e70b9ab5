import type { ColumnInfo } from "../schema/schema.ts";
import { ARRAY } from "./array.ts";
import { COMPARISON } from "./comparison.ts";
import type { Operator } from "./contract.ts";
import { JSON_PATH } from "./json.ts";
import { LIST } from "./list.ts";
import { PRESENCE } from "./presence.ts";
import { RANGE } from "./range.ts";
import { TEXT } from "./text.ts";

export type { OperandKind, Operator } from "./contract.ts";
export { mismatch, readOperand } from "./operand.ts";

/** Every operator a client can reach, by the name it writes. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...COMPARISON,
  ...TEXT,
  ...LIST,
  ...RANGE,
  ...PRESENCE,
  ...ARRAY,
  ...JSON_PATH,
]);

/** What a client calls an operator. */
export const operatorName = (operator: Operator): string =>
  [...OPERATORS].find(([, known]) => known === operator)?.[0] ?? operator.operand;

/** The operators that apply to a column. */
export function operatorsFor(column: ColumnInfo): readonly string[] {
  return [...OPERATORS].filter(([, operator]) => operator.applies?.(column) ?? true).map(([name]) => name);
}
