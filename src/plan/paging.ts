import { at, invalidValue, QueryError } from "../error.ts";
import type { QueryRequest } from "../request/request.ts";
import type { ColumnKind } from "../schema/schema.ts";
import { COUNT } from "./count-value.ts";
import { type Expression, isCell, type Ordered } from "./expression.ts";
import { RANK } from "./order.ts";
import type { ReadNode } from "./plan.ts";

/**
 * A place in an order: the values of its keys as the database writes them; null where there is none. Without a value for any
 * key it is the beginning.
 */
export type Position = readonly (string | null)[];

/** How a list is walked from page to page. */
export interface Paging {
  /** The rows of a page: one more is looked for, to know whether there is another page. */
  readonly limit: number;
  /** Whether it says where that limit, which nobody asked for, leaves rows out: the row that is looked for tells. */
  readonly tellsMore: boolean;
  /** On which side of a cursor the page is; of the first page there is none. Before one, the order is that of the way there. */
  readonly side: "after" | "before" | undefined;
  /** The cursor, as the client sent it. */
  readonly cursor: string | undefined;
  /** The order, in words: a cursor belongs to one. */
  readonly order: string;
  /** Whether the places of rows in it are never long, as its columns are declared: its cursors are short. */
  readonly brief: boolean;
}

/** Whether a page tells where the next begins. */
export const isPaged = ({ cursor, selector: { after, before } }: QueryRequest): boolean =>
  cursor === true || after !== undefined || before !== undefined;

/**
 * The node of a list that is walked.
 *
 * @throws QueryError where the rule forbids it, or the rows leave open where a page would begin.
 */
export function paged(node: ReadNode, { selector }: QueryRequest, first: boolean): ReadNode {
  const { after, before, offset } = selector;
  const cursor = after ?? before;
  const side = after !== undefined ? "after" : before !== undefined ? "before" : undefined;
  const path = side === undefined ? "cursor" : at("select", side);
  if (node.secured.policy.forbids.has("cursor"))
    throw new QueryError("capability-forbidden", "going from page to page is not allowed", { path });
  if (first) throw invalidValue("one row has no pages", path, "ask for a list");
  if (after !== undefined && before !== undefined)
    throw invalidValue(
      "a page is after a cursor or before one",
      at("select", "before"),
      "leave one of them out",
    );
  if (side !== undefined && offset !== undefined)
    throw invalidValue("a cursor says already where the page begins", at("select", "offset"), "leave it out");
  assertTold(node, path);
  const { orderBy, limit, tellsMore } = node;
  return {
    ...node,
    orderBy: side === "before" ? orderBy.map(turned) : orderBy,
    limit: limit + 1,
    tellsMore: false,
    paging: {
      limit,
      tellsMore,
      side,
      cursor,
      order: JSON.stringify(orderBy.map(wordsOf)),
      brief: orderBy.length <= BRIEF_KEYS && orderBy.every(isBrief),
    },
  };
}

/** The most keys of an order whose places are never long, and their kinds: values of some forty characters at most. */
const BRIEF_KEYS = 2;
const BRIEF: ReadonlySet<ColumnKind> = new Set(["integer", "boolean", "date"]);
/** Big integers that have an end; those of a `numeric` have as many digits as anybody writes. */
const BRIEF_TYPES: ReadonlySet<string> = new Set(["PgBigInt64", "PgBigSerial64"]);

const isBrief = ({ expression: { kind, column } }: Ordered): boolean =>
  kind === "column" &&
  column.expression === undefined &&
  (BRIEF.has(column.kind) || BRIEF_TYPES.has(column.column.columnType));

/** A page begins behind a row: there must be rows, and no two of them may be alike to their order. */
function assertTold(node: ReadNode, path: string): void {
  const { selected, extras, relations, counts, orderBy, secured } = node;
  const { table } = secured;
  if (selected.length + extras.size + relations.size + counts.size === 0)
    throw invalidValue("there are no rows to go on from", path, "ask for a column");
  const told = new Set(
    orderBy.flatMap(({ expression }) => (expression.kind === "column" ? [expression.column] : [])),
  );
  if (table.primaryKey.length === 0 || !table.primaryKey.every((column) => told.has(column)))
    throw invalidValue("nothing tells these rows apart, so no page begins behind one", path, "use `offset`");
}

/** Where rows without a value stand, said or not. */
export const nullsOf = ({ direction, nulls }: Pick<Ordered, "direction" | "nulls">): "first" | "last" =>
  nulls ?? (direction === "asc" ? "first" : "last");

/** A key of the order from the last row to the first. */
const turned = ({ expression, direction, nulls }: Ordered): Ordered => ({
  expression,
  direction: direction === "asc" ? "desc" : "asc",
  // What nobody said is turned with the direction.
  nulls: nulls && (nulls === "first" ? "last" : "first"),
});

/** A key in words, whose values it has and how they stand. */
const wordsOf = (key: Ordered): readonly unknown[] => [wayTo(key.expression), key.direction, nullsOf(key)];

/** The names on the way from a row to a value. */
function wayTo(expression: Expression): readonly string[] {
  if (isCell(expression)) return [expression.column.name];
  if (expression.kind === "rank") return [RANK, JSON.stringify(expression.search.words)];
  if (expression.kind === "count") return [expression.counted.link.relation.name, COUNT];
  return [expression.link.relation.name, ...wayTo(expression.value)];
}
