import { at, invalidValue, tooComplex, unknownOperator } from "../error.ts";
import {
  type ColumnInfo,
  type DatabaseKind,
  isStorable,
  readScalar,
  scalarColumn,
  type ScalarType,
} from "../schema/schema.ts";
import { COMPARISON } from "./comparison.ts";
import type { OperandBudget, Operator } from "./contract.ts";
import { LIST } from "./list.ts";
import { PRESENCE } from "./presence.ts";
import { TEXT } from "./text.ts";

/** One step into a document: a member by its name, or an element by its place. */
export type Step = string | number;

/** A comparison of what is found in a document with values of one type; `any` where only its presence is asked. */
export interface Comparison {
  readonly type: ScalarType | "any";
  readonly operator: Operator;
  readonly value: unknown;
}

/** What is asked of a document: of the value at a path, by the type that it has. */
export interface AskedOfJson {
  readonly path: readonly Step[];
  readonly comparisons: readonly Comparison[];
}

/** Reads what stands on the right of an operator as its own kind of operand says. */
export type ReadOperand = (operator: Operator, column: ColumnInfo, value: unknown, path: string) => unknown;

/** How many steps a path may have. */
const MAX_STEPS = 16;

/** More elements no database counts. */
const MAX_PLACE = 2 ** 31 - 1;

const EXAMPLE = "write (path:_(theme,size)_,eq:12)";

/** What an operand is read with: the document's database, and where it stands. */
interface Reading {
  readonly database: DatabaseKind;
  readonly path: string;
  readonly budget: OperandBudget;
  readonly read: ReadOperand;
}

type Reader = (operator: Operator, operand: unknown, reading: Reading) => readonly Comparison[];

/**
 * Reads a path and one comparison.
 *
 * @throws QueryError `invalid-value`, `unknown-operator` or `too-complex`.
 */
export function readAskedOfJson(value: unknown, { database, path, budget, read }: Reading): AskedOfJson {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidValue("expected a path and a comparison", path, EXAMPLE);
  const { path: steps, ...rest } = value as Record<string, unknown>;
  const [only, ...others] = Object.entries(rest);
  if (only === undefined || others.length > 0)
    throw invalidValue("expected a path and one comparison", path, EXAMPLE);
  const [name, operand] = only;
  const reader = READERS.get(name);
  if (reader === undefined) throw unknownOperator(name, path, READERS.keys());
  const reading = { database, path: at(path, name), budget, read };
  return {
    path: readSteps(steps, at(path, "path")),
    comparisons: reader(KNOWN.get(name)!, operand, reading),
  };
}

function readSteps(steps: unknown, path: string): readonly Step[] {
  if (!Array.isArray(steps) || steps.length === 0)
    throw invalidValue("expected a list of steps", path, EXAMPLE);
  if (steps.length > MAX_STEPS) throw tooComplex(`a path of more than ${MAX_STEPS} steps`, path);
  return steps.map((step: unknown, index) => readStep(step, at(path, index)));
}

function readStep(step: unknown, path: string): Step {
  if (typeof step === "string" && isStorable(step)) return step;
  if (typeof step === "number" && Number.isInteger(step) && step >= 0 && step <= MAX_PLACE)
    return step === 0 ? 0 : step;
  throw invalidValue("expected the name of a member, or the place of an element", path);
}

/** A value to compare with, or none: then it is asked whether there is one. */
const equality: Reader = (operator, operand, { database, path }) => [
  operand === null
    ? { type: "any", operator, value: null }
    : { operator, ...readScalar(database, operand, path) },
];

const order: Reader = (operator, operand, { database, path }) => {
  if (typeof operand === "boolean")
    throw invalidValue("expected a text or a number", path, "T and F have no order");
  return [{ operator, ...readScalar(database, operand, path) }];
};

/** Values of several types are as many lists; of no value, none has to be found. */
const membership: Reader = (operator, operand, { database, path, budget }) => {
  if (!Array.isArray(operand)) throw invalidValue("expected a list", path, "write _(a,b)_");
  budget.addList(operand.length, path);
  const lists = new Map<ScalarType, unknown[]>();
  for (const [index, item] of operand.entries()) {
    const { type, value } = readScalar(database, item, at(path, index));
    const list = lists.get(type);
    if (list === undefined) lists.set(type, [value]);
    else list.push(value);
  }
  if (lists.size === 0) return [{ type: "any", operator, value: [] }];
  return [...lists].map(([type, value]) => ({ type, operator, value }));
};

const matching =
  (type: Comparison["type"]): Reader =>
  (operator, operand, { database, path, read }) => [
    { type, operator, value: read(operator, scalarColumn(database, "text"), operand, path) },
  ];

const READERS: ReadonlyMap<string, Reader> = new Map([
  ["eq", equality],
  ["ne", equality],
  ["gt", order],
  ["gte", order],
  ["lt", order],
  ["lte", order],
  ["in", membership],
  ["notIn", membership],
  ["contains", matching("text")],
  ["startsWith", matching("text")],
  ["endsWith", matching("text")],
  ["isNull", matching("any")],
  ["isNotNull", matching("any")],
]);

const KNOWN: ReadonlyMap<string, Operator> = new Map([...COMPARISON, ...LIST, ...TEXT, ...PRESENCE]);
