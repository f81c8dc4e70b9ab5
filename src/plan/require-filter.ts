import { at, limitExceeded, type QueryError } from "../error.ts";
import { exampleOf, keysOf, type NodePolicy, type RowKey } from "../policy/policy.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Predicate } from "./plan.ts";
import type { Place } from "./read.ts";

/**
 * Refuses a question that names no filter, or none that fixes a key, where the rule asks for one.
 *
 * @throws QueryError `limit-exceeded`.
 */
export function requireFilter(
  { requireWhere, keys }: NodePolicy,
  where: Predicate | undefined,
  place: Place,
): void {
  if (where === undefined && requireWhere === true) throw required("a filter is required here", place);
  if (requireWhere !== "key") return;
  const fixed = new Set<ColumnInfo>(where === undefined ? [] : fixedBy(where));
  if (keys.some((key) => key.every((column) => fixed.has(column)))) return;
  throw required("a filter that says which row is required here", place, exampleOf(keys[0]!));
}

/** Whether a filter fixes a key that its rule lets out on every row, so that it names one row. */
export function namesRow(policy: NodePolicy, where: Predicate | undefined): boolean {
  if (where === undefined) return false;
  const fixed = new Set<ColumnInfo>(fixedBy(where));
  return rowKeysOf(policy).some((key) => key.every((column) => fixed.has(column)));
}

const known = new WeakMap<NodePolicy, readonly RowKey[]>();

/** The keys that clients of a rule can name a row by. */
export function rowKeysOf(policy: NodePolicy): readonly RowKey[] {
  let keys = known.get(policy);
  if (keys === undefined) {
    const { filterable, masks, table } = policy;
    keys = keysOf(
      table,
      [...filterable.values()].filter((column) => !masks.has(column)),
    );
    known.set(policy, keys);
  }
  return keys;
}

/** Where the tree of a question begins. */
const ROOTS: ReadonlySet<string> = new Set(["select", "aggregate"]);

const required = (message: string, { name, path }: Place, example = "(id:'…')"): QueryError =>
  limitExceeded(
    message,
    at(path, "where"),
    `write ${ROOTS.has(path) ? `${path}=` : `${name}:`}(where:${example})`,
  );

/** The columns that can have one value only in whatever a filter lets through. */
function* fixedBy(where: Predicate): Iterable<ColumnInfo> {
  if (where.kind === "and") for (const part of where.parts) yield* fixedBy(part);
  if (where.kind === "condition" && where.operator.fixes === true && where.value !== null)
    yield where.expression.column;
}
