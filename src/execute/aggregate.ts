import type { Row } from "../author/author.ts";
import { type AggregateRead, columnsOf } from "../compile/compile.ts";
import { begin, heldSince } from "../clock.ts";
import type { Database, Dialect, Lane } from "../dialect/dialect.ts";
import { QueryError, tooLargeAnswer } from "../error.ts";
import type { AggregatePlan, Figure } from "../plan/plan.ts";
import { readCell, type Syntax, syntaxOf, type Unreadable } from "../syntax/syntax.ts";
import { refuseLarge } from "./large.ts";
import type { Meter, ReadOutcome } from "./read.ts";

/** Runs a read of numbers about rows. */
export async function runAggregate(
  dialect: Dialect,
  database: Database,
  read: AggregateRead,
  unreadable: Unreadable,
  meter: Meter,
): Promise<ReadOutcome> {
  const began = begin();
  const asking = dialect.query(database, read.ask.text, read.ask.values);
  // What runs in this process has run by now, and what is waited for then is others'.
  if (!dialect.remote) meter.took += heldSince(began);
  const found = await asking;
  if (dialect.remote) meter.took += performance.now() - began;
  return outcomeOf(found[0], read.plan, syntaxOf(dialect.speaks), unreadable);
}

/** Runs it in the slow lane. Answers the read that is left where the lane cannot. */
export async function runAggregateApart(
  { dialect, lane, unreadable }: { dialect: Dialect; lane: Lane; unreadable: Unreadable },
  read: AggregateRead,
  meter: Meter,
  { milliseconds, signal }: Pick<Parameters<Lane["read"]>[2], "milliseconds" | "signal">,
): Promise<ReadOutcome | AggregateRead> {
  const { text, values } = read.ask;
  try {
    const found = await lane.read(text, values, { milliseconds, signal });
    if (found === undefined) return read;
    meter.took += found.milliseconds;
    return outcomeOf(found.rows[0], read.plan, syntaxOf(dialect.speaks), unreadable);
  } catch (error) {
    if (error instanceof QueryError && error.code === "timeout") meter.took += milliseconds;
    throw error;
  }
}

function outcomeOf(
  row: ArrayLike<unknown> | undefined,
  plan: AggregatePlan,
  syntax: Syntax,
  unreadable: Unreadable,
): ReadOutcome {
  const { policy, groups, limit, tellsMore, filtered } = plan;
  // What would be too large is not begun.
  if (row === undefined) throw tooLargeAnswer(policy.limits.maxAnswerSize);
  const values = Array.from(row);
  const number = filtered ? { filtered: Number(values.pop()) } : {};
  const found = received(sideBySide(values as string[]), plan, syntax, unreadable);
  if (groups === undefined) return { rows: figuresOf(found[0], plan.shown) };
  const page = found.slice(0, limit);
  const rows = page.map((values) => ({
    group: Object.fromEntries(groups.map(({ name }, place) => [name, values[`g${place}`]])),
    ...figuresOf(values, plan.shown),
  }));
  refuseLarge(rows, policy);
  const more = tellsMore && found.length > page.length;
  return { ...number, count: rows.length, ...(more && { more }), rows };
}

/** Groups whose members came in several lists. */
const sideBySide = (lists: readonly string[]): Row[] => {
  const [first, ...rest] = lists.map((text) => JSON.parse(text) as Row[]);
  return first!.map((row, place) => Object.assign(row, ...rest.map((list) => list[place])) as Row);
};

/** What was sent as the values that their columns have, in place. */
function received(found: Row[], plan: AggregatePlan, syntax: Syntax, unreadable: Unreadable): readonly Row[] {
  const columns = columnsOf(plan);
  for (const row of found)
    for (const { name, column } of columns)
      if (row[name] !== null) row[name] = readCell(column, row[name], syntax.received, unreadable);
  return found;
}

/** The figures of a group, by their functions; of all rows, where they are too few, there is nothing to tell. */
function figuresOf(values: Row | undefined, shown: readonly Figure[]): Row {
  const answer: Row = {};
  const functions = new Map<string, [name: string, value: unknown][]>();
  for (const [place, { function: name, of }] of shown.entries()) {
    const value = values === undefined ? null : values[`f${place}`];
    if (of === undefined) answer[name] = value;
    else functions.set(name, [...(functions.get(name) ?? []), [of.column.name, value]]);
  }
  for (const [name, columns] of functions) answer[name] = Object.fromEntries(columns);
  return answer;
}
