import type { Expected } from "./oracle.ts";
import { Open, refuse, Refused } from "./oracle-values.ts";
import { aggregated } from "./policy-aggregates.ts";
import type { Place } from "./policy-filters.ts";
import { LIMITS, type Page, planNode, type Selector, type Stand } from "./policy-nodes.ts";
import type { Row } from "./model.ts";
import type { FileSpec, ResourceSpec } from "./policy-rules.ts";
import {
  type Caller,
  exists,
  type Resolved,
  resolve,
  rolesOf,
  type Scope,
  type Seat,
  seatOf,
} from "./policy-seat.ts";
import type { House } from "./written-once.ts";

// The chapters on rules and questions once more, slow and plain: a whole file, all rows in memory, everything evaluated in
// JavaScript.

/** What is asked of a resource. */
export interface Question {
  readonly resource: string;
  readonly scope?: Scope;
  readonly selector?: Selector;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly countFiltered?: boolean;
  readonly can?: boolean;
  /** Whether cursors are asked for. */
  readonly cursor?: boolean;
  readonly aggregate?: Selector;
}

/** What the oracle must be told beside the question. */
export interface Told {
  /** What the question's cursor tells of, as the oracle cannot read it. */
  readonly stand?: Stand;
  /** Whether the database knows zones by their names. */
  readonly zones?: boolean;
}

/** What stands in the place of a cursor, whose text nobody but the engine reads. */
export const CURSOR = "a cursor";

/** A body of the engine's whose cursors are such as the oracle writes them. */
export function opaque({ page, ...body }: Row): Row {
  if (page === undefined) return body;
  const cursors = Object.entries(page as Row).map(([name, cursor]) => [name, cursor && CURSOR]);
  return { ...body, page: Object.fromEntries(cursors) };
}

/** The answer to a read, or `undefined` where the contract leaves open which rows come. */
export function answerTo(
  file: FileSpec,
  house: House,
  caller: Caller,
  question: Question,
  told: Told = {},
): Expected | undefined {
  try {
    return { body: read(file, house, caller, question, told).body };
  } catch (error) {
    if (error instanceof Refused) return { refused: true, why: error.message };
    if (error instanceof Open) return undefined;
    throw error;
  }
}

/** What the first and the last row of a page are sorted by, of a question that is answered. */
export const endsOf = (...asked: Parameters<typeof answerTo>): Page["ends"] =>
  read(asked[0], asked[1], asked[2], asked[3], asked[4] ?? {}).ends;

interface Answer {
  readonly body: unknown;
  readonly ends: Page["ends"];
}

/** A rule at the top, for this caller. */
export const rootPlace = (seat: Seat, { table, rule }: Resolved): Place => ({
  seat,
  table,
  node: rule,
  depth: rule.maxDepth ?? LIMITS.maxDepth,
});

function read(file: FileSpec, house: House, caller: Caller, question: Question, told: Told): Answer {
  const { resource, scope } = question;
  const entry = file.resources[resource]!;
  const resolved = resolve(file, resource, "GET", rolesOf(caller), scope) ?? refuse("no rule");
  const place = rootPlace(seatOf(file, house, caller, resolved), resolved);
  const rows = house[place.table].filter((row) => exists(place.seat, place.table, place.node, row));
  if (question.aggregate !== undefined)
    return { body: aggregatedBody(place, rows, question, told), ends: undefined };
  if (resolved.rule.select === undefined) return refuse("nothing is let out");
  return listed(place, rows, question, { entry, told, also: () => canOf(file, house, caller, question) });
}

function aggregatedBody(place: Place, rows: readonly Row[], question: Question, { zones }: Told): unknown {
  const { aggregate, resource, selector, findFirst, countTotal, countFiltered, cursor } = question;
  for (const part of [selector, findFirst, countTotal, cursor])
    if (part !== undefined) refuse("an aggregate takes none of these");
  return aggregated(place, rows, aggregate, {
    resource,
    countFiltered: countFiltered === true,
    zones: zones === true,
  });
}

interface Around {
  readonly entry: ResourceSpec;
  readonly told: Told;
  readonly also: () => (row: Row) => Row;
}

function listed(
  place: Place,
  rows: readonly Row[],
  question: Question,
  { entry, told, also }: Around,
): Answer {
  const { resource, selector = {}, can, findFirst: wish, countFiltered } = question;
  if (entry.findFirst !== undefined && wish !== undefined && entry.findFirst !== wish) refuse("findFirst");
  const first = entry.findFirst ?? wish ?? false;
  if (first && countFiltered === true) refuse("the number of one");
  const { after, before, ...rest } = selector;
  const isPaged = question.cursor === true || after !== undefined || before !== undefined;
  if (isPaged) assertPageable(place, selector, question, first);
  const planned = planNode(place, rest);
  if (isPaged && planned.countsOnly) refuse("no rows for a cursor to tell of");
  if (isPaged && !planned.hasTotalOrder) throw new Open();
  const page = planned.page(rows, {
    first,
    ...(can === true && { also: also() }),
    ...(told.stand !== undefined && { stand: told.stand }),
  });
  const { countsOnly } = planned;
  const body = {
    ...((question.countTotal ?? entry.countTotal ?? false) && { total: rows.length }),
    ...(countFiltered === true && { filtered: rows.filter(planned.keeps).length }),
    ...(!(first && !countsOnly) && { count: page.rows.length }),
    ...(isPaged && { page: cursorsOf(page, selector, told.stand) }),
    ...(page.isCut && !countsOnly && { more: true }),
    ...(!countsOnly && { [resource]: first ? (page.rows[0] ?? null) : page.rows }),
  };
  return { body, ends: page.ends };
}

function assertPageable({ node }: Place, selector: Selector, question: Question, first: boolean): void {
  const { after, before, offset } = selector;
  if (node.forbid?.includes("cursor") === true) refuse("forbidden cursor");
  if (first) refuse("a cursor of one row");
  if (after !== undefined && before !== undefined) refuse("both sides of a list");
  const isBeyond = after !== undefined || before !== undefined;
  if (isBeyond && offset !== undefined) refuse("a cursor and an offset");
  if (isBeyond && question.cursor === false) throw new Open();
}

/** Whether there is a cursor to either side. Where a page was come to by one, there is one back. */
function cursorsOf({ isFirst, isLast }: Page, { offset }: Selector, stand: Stand | undefined): Row {
  const isAfter = stand !== undefined && "after" in stand;
  const isBefore = stand !== undefined && "before" in stand;
  const cursor = (isThere: boolean): string | null => (isThere ? CURSOR : null);
  return {
    next: cursor(isBefore || !isLast),
    previous: cursor(isAfter || (isBefore && !isFirst && offset === undefined)),
  };
}

/** What the caller may do with a row: the methods that resolve for him, and whether their rules admit this very row. */
function canOf(
  file: FileSpec,
  house: House,
  caller: Caller,
  { resource, scope }: Question,
): (row: Row) => Row {
  const methods = (["PATCH", "DELETE"] as const).flatMap((method) => {
    const resolved = resolve(file, resource, method, rolesOf(caller), scope);
    // A method that would be asked under another role is judged under that one: so it agrees with what the request gets.
    return resolved === undefined
      ? []
      : [{ method, ...resolved, seat: seatOf(file, house, caller, resolved) }];
  });
  return (row) => ({
    $can: Object.fromEntries(
      methods.map(({ method, seat, table, rule }) => [method, exists(seat, table, rule, row)]),
    ),
  });
}
