import { COLUMN_FUNCTIONS, type ColumnFunction } from "../request/request.ts";
import { type ColumnInfo, figureColumn, type TableInfo } from "../schema/schema.ts";
import { chooseColumns } from "./column-choice.ts";
import { isMap } from "./keys.ts";
import type { Mistakes } from "./mistakes.ts";
import type { Policy } from "./policy.ts";
import type { ColumnChoice } from "./rule.ts";

/** What clients may have computed about the rows of a rule. */
export interface AggregatePolicy {
  /** The functions they may use. */
  readonly functions: ReadonlySet<ColumnFunction>;
  /** Whether the rule names its functions, so that it means them on hidden columns too. */
  readonly named: boolean;
  /** The columns of functions; what else the rule hides is known here alone. */
  readonly columns: ReadonlyMap<string, ColumnInfo>;
  /** The columns to group by. */
  readonly groupBy: ReadonlyMap<string, ColumnInfo>;
  /** Groups of fewer rows are left out. */
  readonly minGroupSize: number;
}

const KEYS: ReadonlySet<string> = new Set(["functions", "columns", "groupBy", "minGroupSize"]);

/** Reads what a rule says of numbers about its rows; what it does not say is as readable columns are. */
export function readAggregateRule(
  given: unknown,
  readable: ReadonlyMap<string, ColumnInfo>,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): AggregatePolicy | undefined {
  if (given === undefined) return undefined;
  if (given !== true && !isMap(given)) {
    mistakes.add(path, "expected true or { functions, columns, groupBy, minGroupSize }");
    return undefined;
  }
  const rule: Readonly<Record<string, unknown>> = given === true ? {} : given;
  for (const key of Object.keys(rule))
    if (!KEYS.has(key)) mistakes.add(path, `unknown key \`${key}\` (it takes ${[...KEYS].join(", ")})`);
  const { functions, columns, groupBy, minGroupSize } = rule;
  const chosen = (choice: unknown, key: string): ReadonlyMap<string, ColumnInfo> =>
    choice === undefined
      ? readable
      : chooseColumns(choice as ColumnChoice<string>, table, (sentence) =>
          mistakes.add(`${path}.${key}`, sentence),
        );
  return Object.freeze({
    functions: readFunctions(functions, `${path}.functions`, mistakes),
    named: functions !== undefined,
    columns: chosen(columns, "columns"),
    groupBy: chosen(groupBy, "groupBy"),
    minGroupSize: readSize(minGroupSize, `${path}.minGroupSize`, mistakes),
  });
}

function readFunctions(given: unknown, path: string, mistakes: Mistakes): ReadonlySet<ColumnFunction> {
  if (given === undefined) return COLUMN_FUNCTIONS;
  const known = [...COLUMN_FUNCTIONS].join(", ");
  if (!Array.isArray(given) || given.length === 0) {
    mistakes.add(path, `expected a list of functions (known are ${known})`);
    return new Set();
  }
  const functions = new Set<ColumnFunction>();
  for (const name of given as readonly unknown[])
    if (isFunction(name)) functions.add(name);
    else mistakes.add(path, `unknown function \`${String(name)}\` (known are ${known})`);
  return functions;
}

const isFunction = (name: unknown): name is ColumnFunction =>
  (COLUMN_FUNCTIONS as ReadonlySet<unknown>).has(name);

function readSize(given: unknown, path: string, mistakes: Mistakes): number {
  if (given === undefined) return 0;
  if (typeof given === "number" && Number.isSafeInteger(given) && given > 0) return given;
  mistakes.add(path, "expected a whole number from 1");
  return 0;
}

/** A rule, as far as numbers about its rows go. */
type Aggregating = Pick<Policy, "aggregate" | "readable">;

/** Whether a function would tell what stands in one row of a hidden column, and nobody said that it may. */
export const isHiddenFrom = (
  name: ColumnFunction,
  { name: column }: ColumnInfo,
  { aggregate, readable }: Aggregating,
): boolean => (name === "min" || name === "max") && !readable.has(column) && aggregate?.named !== true;

/** Whether a function may be used on a column of a rule, and takes it. */
export const mayUse = (name: ColumnFunction, column: ColumnInfo, policy: Aggregating): boolean =>
  policy.aggregate?.functions.has(name) === true &&
  policy.aggregate.columns.has(column.name) &&
  !isHiddenFrom(name, column, policy) &&
  figureColumn(name, column) !== undefined;
