import type { Row } from "../author/author.ts";
import type { Task } from "../execute/execute.ts";
import { type Effect, type Held, marksOf, type TableInfo } from "../schema/schema.ts";

/** What is known of a change of rows of a table. Columns go by their names in the database. */
export interface Change {
  /** Those of which cells have changed; `"*"` where rows came or went, or nobody knows. */
  readonly columns: ReadonlySet<string> | "*";
  /** What its rows have, before it and after it. */
  readonly held: () => Held;
}

/** The changes of a table; `"*"` where nothing more is known. */
export type TableChanges = readonly Change[] | "*";

/** By the names of tables in the database; `"*"` where any may have changed. */
export type Changes = ReadonlyMap<string, TableChanges> | "*";

const NOTHING: Held = new Map();

/** A change of rows that refer to others, with these. */
export const following = (effect: Effect): Change | "*" =>
  effect === "gone" ? "*" : { columns: effect, held: () => NOTHING };

type Write = Extract<Task<unknown>["work"], { readonly kind: "write" }>;
type WriteTask = Task<unknown> & { readonly work: Write };

export const isWrite = (task: Task<unknown>): task is WriteTask => task.work.kind === "write";

/**
 * What a write does to rows that others may refer to; to these a new row does nothing. `computed` names the columns of its
 * table that the database makes of others.
 */
export function effectOf(
  { write: { plan }, table }: Write,
  rows: Task<unknown>["rows"],
  computed: ReadonlySet<string>,
): Effect | undefined {
  const { kind, softDelete, policy } = plan;
  if (kind === "insert") return undefined;
  if (kind === "delete" && softDelete === undefined) return "gone";
  // Of rows that nobody has told any column may have changed; a deletion that leaves its rows makes none.
  const told = kind === "delete" ? [] : rows;
  const names = new Set(told?.flatMap((row) => Object.keys(row)) ?? table.columns.keys());
  const set = [...table.columns.values()].filter(
    ({ name, column }) => names.has(name) || column.onUpdateFn !== undefined,
  );
  const kept = [softDelete, policy.facts?.version].filter((column) => column !== undefined);
  return new Set([...[...set, ...kept].map(({ column }) => column.name), ...computed]);
}

/** What a write changes, by its effect. */
export function changeOf({ work, rows, reach }: WriteTask, effect: Effect | undefined): Change {
  if (effect === undefined) return { columns: "*", held: once(() => heldOfRows(rows ?? [], work.table)) };
  const columns = effect === "gone" ? "*" : effect;
  return { columns, held: once(() => without(reach?.() ?? NOTHING, columns)) };
}

/** More new rows than these are not looked at. */
const MOST_ROWS = 100;

/** What new rows have in common: columns of which something is known on all of them. */
function heldOfRows(rows: readonly Row[], { columns }: TableInfo): Held {
  const held = new Map<string, ReadonlySet<string>>();
  if (rows.length > MOST_ROWS) return held;
  for (const info of columns.values()) {
    const given = rows.map((row) => (Object.hasOwn(row, info.name) ? row[info.name] : undefined));
    const isKnown = given.length > 0 && given.every((value) => value !== null && typeof value !== "object");
    const marks = isKnown && !given.includes(undefined) ? marksOf(info, given.map(info.encode)) : undefined;
    if (marks !== undefined) held.set(info.column.name, marks);
  }
  return held;
}

/** What it leaves alone. */
const without = (held: Held, columns: Change["columns"]): Held =>
  columns === "*" ? held : new Map([...held].filter(([name]) => !columns.has(name)));

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
