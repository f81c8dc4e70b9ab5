import type { Row } from "../author/author.ts";
import {
  type FastRead,
  FILTERED,
  KEYS,
  MARKS,
  type PortableRead,
  type ReadStatement,
  type Remembered,
  type Select,
  TOTAL,
} from "../compile/compile.ts";
import { begin, goOn, heldSince, type Later, orElse } from "../clock.ts";
import type { Database, Dialect, Lane, ResultRows } from "../dialect/dialect.ts";
import { writeDigits } from "../digits.ts";
import { QueryError, tooLargeAnswer } from "../error.ts";
import type { Position, ReadNode, ReadPlan } from "../plan/plan.ts";
import {
  extraReceived,
  type PlaceReader,
  readCell,
  type RowsWriter,
  saysLarge,
  selectedValue,
  type Syntax,
  syntaxOf,
  Unsayable,
  type Unreadable,
} from "../syntax/syntax.ts";
import { runAggregate } from "./aggregate.ts";
import { refuseLarge } from "./large.ts";
import { readMarks } from "./marks.ts";
import { readBeyond, readCuts, saidInText, within } from "./more.ts";
import { readNumbers } from "./numbers.ts";
import { type FoundPage, pageBy, pageOf, positionAt, readLists, readRecords } from "./page.ts";
import { numberOf, rowsOf } from "./query.ts";

/** What a read found: rows (or with `first` the row or null), as values or as JSON text, their number, and the total. */
export interface ReadOutcome {
  readonly rows?: unknown;
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly count?: number;
  readonly total?: number;
  readonly filtered?: number;
  /** Whether a maximum that the client did not name left some out. */
  readonly more?: true;
  /** Where the page stands, of a list that is walked. */
  readonly page?: FoundPage | undefined;
}

/** Adds up how long statements run, in milliseconds. */
export interface Meter {
  took: number;
}

/** Runs a read, at once where the database answers so; what it cannot say in one form is asked of it in the next. */
export function runRead(
  dialect: Dialect,
  database: Database,
  read: ReadStatement,
  unreadable: Unreadable,
  meter: Meter,
): Later<ReadOutcome> {
  if (read.kind === "aggregate") return runAggregate(dialect, database, read, unreadable, meter);
  if (read.kind === "portable") return runPortable(dialect, database, read, unreadable, meter);
  const place = { dialect, database, unreadable, meter };
  return dialect.remote ? runAfar(place, read) : orElse(runHere, runOtherwise, place, read);
}

/** Who reads what was found. */
interface Reader {
  readonly dialect: Dialect;
  readonly unreadable: Unreadable;
}

/** Where a read runs, and who reads what it finds. */
interface Place extends Reader {
  readonly database: Database;
  readonly meter: Meter;
}

function runHere(place: Place, read: FastRead): Later<ReadOutcome> {
  const { dialect, database, meter } = place;
  const began = begin();
  const asking = asked(dialect, database, read);
  // What runs in this process has run by now, and what is waited for then is others'.
  meter.took += heldSince(began);
  return goOn(asking, outcomeOf, read, place);
}

async function runAfar(place: Place, read: FastRead): Promise<ReadOutcome> {
  const { dialect, database, meter } = place;
  const began = performance.now();
  try {
    const found = await asked(dialect, database, read);
    meter.took += performance.now() - began;
    return outcomeOf(found, read, place);
  } catch (error) {
    return runOtherwise(error, place, read);
  }
}

/** What a statement could not say is asked for in another form. */
const runOtherwise = (
  error: unknown,
  { dialect, database, unreadable, meter }: Place,
  read: FastRead,
): Later<ReadOutcome> => runRead(dialect, database, otherwise(read, error, dialect), unreadable, meter);

/** Nobody counts bytes who was not told how many there may be. */
const asked = (dialect: Dialect, database: Database, { ask, most }: FastRead): Later<ResultRows> =>
  most === undefined
    ? dialect.query(database, ask.text, ask.values)
    : dialect.query(database, ask.text, ask.values, most);

/**
 * Runs a fast read in the slow lane, where the JSON of rows is made too: here it would hold up everybody. Answers the read
 * that is left where the lane cannot say it.
 */
export async function runApart(
  { dialect, lane, unreadable }: { dialect: Dialect; lane: Lane; unreadable: Unreadable },
  read: FastRead,
  meter: Meter,
  { milliseconds, signal }: Pick<Parameters<Lane["read"]>[2], "milliseconds" | "signal">,
): Promise<ReadOutcome | ReadStatement> {
  const end = performance.now() + milliseconds;
  const made = read.remembered.toRows === undefined ? read : read.made();
  const first = made.kind === "fast" ? made : read;
  let asked: ReadStatement = first;
  while (asked.kind === "fast") {
    const { ask, most }: FastRead = asked;
    const left = Math.max(1, Math.ceil(end - performance.now()));
    try {
      const found = await lane.read(ask.text, ask.values, { milliseconds: left, signal, most });
      if (found === undefined) return asked === first ? read : asked;
      meter.took += found.milliseconds;
      return outcomeOf(found.rows, asked, { dialect, unreadable });
    } catch (error) {
      if (error instanceof QueryError && error.code === "timeout") meter.took += left;
      asked = otherwise(asked, error, dialect);
    }
  }
  return asked;
}

/** What is asked next, where a statement failed for what it met. */
function otherwise(failed: FastRead, error: unknown, dialect: Dialect): ReadStatement {
  const { remembered } = failed;
  const unsayable = error instanceof Unsayable || dialect.unsayable(error);
  // In SQLite a row that is larger than its share fails as one that cannot be said.
  if (remembered.counting === "capped" && (unsayable || saysLarge(error))) {
    remembered.wary = WARY;
    return failed.summed();
  }
  if (!unsayable) throw error;
  remembered.failed = true;
  return failed.otherwise();
}

/** How often a statement is asked with a sum before it once an answer was large. */
const WARY = 64;
/** The part of the most an answer may hold that is large. */
const LARGE = 16;

function outcomeOf(found: ResultRows, asked: FastRead, { dialect, unreadable }: Reader): ReadOutcome {
  const { plan, remembered } = asked;
  const { first, total, filtered, root } = plan;
  const { answers, toRows } = remembered;
  if (toRows !== undefined) return asStored(found, plan, remembered, toRows);
  if (answers === "object") {
    const json = saidInText((found[0]?.[0] as string | undefined) ?? "null", plan);
    return { json: noted(json, plan, remembered), count: found.length };
  }
  const syntax = syntaxOf(dialect.speaks);
  const [row] = found;
  // What would be too large is not begun.
  if (row === undefined) throw tooLargeAnswer(plan.policy.limits.maxAnswerSize);
  let next = answers === "count" ? 0 : 1;
  const outcome = {
    count: Number(row[next++]),
    ...(total && { total: Number(row[next++]) }),
    ...(filtered && { filtered: Number(row[next++]) }),
    ...(root.tellsMore && answers !== "count" && Number(row[next++]) === 1 && MORE),
  };
  if (answers === "count") return outcome;
  if (root.paging !== undefined)
    return { ...outcome, ...walked(row[0] as string | null, outcome.count, asked, syntax, unreadable) };
  const sent = row[0] as string;
  const text = noted(answers === "json" ? saidInText(sent, plan) : sent, plan, remembered);
  if (answers === "json") return { ...outcome, json: first ? text.slice(1, -1) || "null" : text };
  const rows = received(text, plan, syntax, unreadable);
  return { ...outcome, rows: first ? (rows[0] ?? null) : rows };
}

/** Rows that came as they are stored. */
function asStored(
  found: readonly ArrayLike<unknown>[],
  plan: ReadPlan,
  remembered: Remembered,
  toRows: RowsWriter,
): ReadOutcome {
  const { first, root } = plan;
  const { toPlace } = remembered;
  const kept: Pick<ReadOutcome, "page" | "more"> & { readonly rows: typeof found } =
    toPlace === undefined ? within(found, root) : pageBy(found, root.paging!, placing(toPlace));
  const page = kept.rows;
  const rows = toRows(page);
  const json = writeDigits(first ? (rows[0] ?? null) : rows);
  const outcome = { json: noted(json, plan, remembered), count: page.length };
  if (kept.page === undefined && kept.more === undefined) return outcome;
  return { ...outcome, page: kept.page, ...(kept.more && MORE) };
}

const MORE = { more: true } as const;

/** Where a row stands is read at once: what cannot be said is asked for in another form. */
const placing =
  (read: PlaceReader) =>
  (row: ArrayLike<unknown>): (() => Position) => {
    const place = read(row);
    return () => positionAt(place);
  };

/** The rows of a page, which come one by one. */
function walked(
  text: string | null,
  count: number,
  { plan, remembered }: FastRead,
  syntax: Syntax,
  unreadable: Unreadable,
): ReadOutcome {
  const { rows, ...found } = pageOf(readRecords(text, count), plan.root.paging!);
  const sent = `[${rows.join(",")}]`;
  const told = { ...found, count: rows.length };
  if (remembered.answers === "json")
    return { ...told, json: noted(saidInText(sent, plan), plan, remembered) };
  return { ...told, rows: received(noted(sent, plan, remembered), plan, syntax, unreadable) };
}

/** Rows that were sent as JSON, as Drizzle would answer them. */
function received(
  text: string,
  { root, policy }: ReadPlan,
  syntax: Syntax,
  unreadable: Unreadable,
): readonly Row[] {
  const rows = JSON.parse(text) as Row[];
  receiveRows(rows, root, syntax, unreadable);
  // No unit of a text takes more than three bytes.
  if (text.length * 3 > policy.limits.maxAnswerSize) refuseLarge(rows, policy);
  return rows;
}

/** A text as it came; once one is large its rule is one to be wary of, whose next answer may be larger still. */
function noted(text: string, { policy }: ReadPlan, remembered: Remembered): string {
  if (remembered.counting !== "free") return text;
  if (text.length <= policy.limits.maxAnswerSize / LARGE) remembered.small ??= true;
  else {
    remembered.small = false;
    remembered.caution.left = WARY;
  }
  return text;
}

/** Turns rows that were sent as JSON into rows as Drizzle would answer them, in place. */
function receiveRows(rows: readonly Row[], node: ReadNode, syntax: Syntax, unreadable: Unreadable): void {
  for (const row of rows) receiveRow(row, node, syntax, unreadable);
}

function receiveRow(row: Row, node: ReadNode, syntax: Syntax, unreadable: Unreadable): void {
  for (const { name, expression } of node.selected) {
    const value = row[name];
    if (value !== null) row[name] = readCell(expression.column, value, syntax.received, unreadable);
  }
  for (const [name, extra] of node.extras) row[name] = extraReceived(row[name], extra, syntax);
  readCuts(row, node);
  for (const [name, { node: child }] of node.relations) {
    const value = row[name] as Row | readonly Row[] | null;
    if (Array.isArray(value)) receiveRows(value as Row[], child, syntax, unreadable);
    else if (value !== null) receiveRow(value as Row, child, syntax, unreadable);
  }
  if (node.marks.length === 0 && !node.tellsChanges) return;
  readMarks(row, row, node);
  delete row[MARKS];
}

async function runPortable(
  dialect: Dialect,
  database: Database,
  read: PortableRead,
  unreadable: Unreadable,
  meter: Meter,
): Promise<ReadOutcome> {
  const { plan, ask, answers, relation } = read;
  const { root, first, policy } = plan;
  const began = performance.now();
  const found = await rowsOf(database, ask);
  meter.took += performance.now() - began;
  if (answers === "count") {
    const [row] = found;
    return {
      count: Number(row!["count"]),
      ...(plan.total && { total: Number(row!["total"]) }),
      ...(plan.filtered && { filtered: Number(row!["filtered"]) }),
    };
  }
  const numbers = await numbersOf(dialect, database, read, found);
  const { paging } = root;
  const { rows: page, ...told } =
    paging === undefined ? within(found, root) : pageOf(found.map(placed), paging);
  const rows = page.map((row) => arrange(row, root, { unreadable, relation, nested: false }));
  refuseLarge(rows, policy);
  return {
    ...numbers,
    ...told,
    rows: first ? (rows[0] ?? null) : rows,
    count: rows.length,
  };
}

/** How many rows there are in all, as the rows say beside themselves, or else another statement. */
async function numbersOf(
  dialect: Dialect,
  database: Database,
  { total, filtered }: PortableRead,
  [row]: readonly Row[],
): Promise<Pick<ReadOutcome, "total" | "filtered">> {
  const number = async (name: string, counted: Select): Promise<number> => {
    const beside = row?.[name];
    return beside === undefined ? numberOf(dialect, database, counted) : Number(beside);
  };
  return {
    ...(total !== undefined && { total: await number(TOTAL, total) }),
    ...(filtered !== undefined && { filtered: await number(FILTERED, filtered) }),
  };
}

/** A row of a page, with the lists that say where it stands. */
const placed = (row: Row): readonly [Row, ...string[]] => [row, ...readLists(row[KEYS])];

/** How rows of Drizzle's are read. */
interface Arranging extends Pick<PortableRead, "relation"> {
  readonly unreadable: Unreadable;
  readonly nested: boolean;
}

/**
 * Rows as Drizzle answers them, with the keys in one order: columns, computed fields, relations, their numbers. What travelled as text
 * and what an author's `mapWith` maps is decoded here, because Drizzle forgets both while it renames.
 */
function arrange(row: Row, node: ReadNode, how: Arranging): Row {
  const arranged: Row = {};
  const { table } = node.secured;
  for (const { name, expression } of node.selected)
    arranged[name] = selectedValue(row[name], expression, how.nested, how.unreadable);
  for (const [name, extra] of node.extras)
    arranged[name] = extraReceived(row[name], extra, syntaxOf(table.database));
  const inside = { ...how, nested: true };
  for (const [name, { relation, nth, node: child }] of node.relations) {
    const value = row[how.relation(table.name, relation.name, nth)] as Row | Row[] | null | undefined;
    arranged[name] = Array.isArray(value)
      ? value.map((item) => arrange(item, child, inside))
      : value
        ? arrange(value, child, inside)
        : null;
  }
  readNumbers(row, arranged, node);
  readBeyond(arranged, node);
  readMarks(row, arranged, node);
  return arranged;
}
