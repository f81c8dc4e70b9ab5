import { invalidValue, quote, unknownColumn } from "../error.ts";
import { hasOrder, type Policy } from "../policy/policy.ts";
import { type Bucket, BUCKETS } from "../request/request.ts";
import { bucketColumn, type ColumnInfo } from "../schema/schema.ts";
import type { Cell, Expression } from "./expression.ts";
import type { FilterTools } from "./filter.ts";
import { type Ground, relationIn, step } from "./ground.ts";
import { securedBy } from "./secured.ts";

/** What rows are grouped by. */
export interface GroupKey {
  /** As it was written, which is its name in the answer. */
  readonly name: string;
  readonly expression: Expression;
  /** The stretch of time in which its moments are one; absent where they are told apart. */
  readonly bucket: Bucket | undefined;
  /** What it is, in order and in answers. */
  readonly column: ColumnInfo;
}

const none: ReadonlyMap<string, never> = new Map<string, never>();
const isBucket = (word: string): word is Bucket => (BUCKETS as readonly string[]).includes(word);

/**
 * Reads what rows are grouped by: columns that the rule lets be grouped by, and paths over relations to one row, under the
 * rules on their other sides.
 *
 * @throws QueryError `unknown-column`, `capability-forbidden`, `depth-exceeded`, `invalid-value`.
 */
export function readGroup(name: string, ground: Ground, tools: FilterTools, path: string): GroupKey {
  const { seen, policy } = ground.secured;
  const { groupBy = none } = (policy as Policy).aggregate ?? {};
  const columns = new Map([...groupBy].map(([own, column]) => [own, seen(column)]));
  return { name, ...walk(name, columns, ground, tools, path) };
}

type Walked = Omit<GroupKey, "name">;

function walk(
  name: string,
  columns: ReadonlyMap<string, Cell>,
  ground: Ground,
  tools: FilterTools,
  path: string,
): Walked {
  const own = ownKey(name, columns, path);
  if (own !== undefined) return own;
  const relation = relationIn(name, ground);
  if (relation === undefined) throw unknown(name, columns, path);
  const { policy, rest } = relation;
  if (policy.relation.kind === "many")
    throw invalidValue(`${quote(policy.relation.name)} leads to many rows`, path, "group by a value of one");
  if (rest === "") throw invalidValue(`${quote(name)} is a row`, path, "group by a column of it");
  tools.budget.addCondition(path);
  const next = step(policy, ground, ["orderBy"], path);
  const link = tools.mentions.link(policy);
  const inner = walk(rest, securedBy(policy).readable, next, tools, path);
  const { column } = inner.expression;
  return { ...inner, expression: { kind: "path", column, link, value: inner.expression } };
}

/** A column of these rows, by its name or by a bucket of it. */
function ownKey(name: string, columns: ReadonlyMap<string, Cell>, path: string): Walked | undefined {
  const whole = columns.get(name);
  if (whole !== undefined) {
    if (!hasOrder(whole.column)) throw invalidValue(`values of ${quote(name)} cannot be compared`, path);
    return { expression: whole, bucket: undefined, column: whole.column };
  }
  const dot = name.lastIndexOf(".");
  const cell = columns.get(name.slice(0, Math.max(dot, 0)));
  const word = name.slice(dot + 1);
  if (cell === undefined || !isBucket(word)) return undefined;
  const column = bucketColumn(cell.column);
  if (column === undefined) throw invalidValue(`${quote(cell.column.name)} holds no moments`, path);
  return { expression: cell, bucket: word, column };
}

/** A name that leads nowhere: most likely a bucket that there is not, where a column stands before it. */
function unknown(name: string, columns: ReadonlyMap<string, Cell>, path: string): Error {
  const dot = name.lastIndexOf(".");
  if (dot > 0 && columns.has(name.slice(0, dot)))
    return invalidValue(
      `${quote(name.slice(dot + 1))} is no stretch of time`,
      path,
      `there are ${BUCKETS.map(quote).join(", ")}`,
    );
  return unknownColumn(name, path, columns.keys());
}
