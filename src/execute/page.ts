import { type PlaceReader, Unsayable, RECORD, UNIT } from "../syntax/syntax.ts";
import { tooLongForCursor } from "../error.ts";
import type { Paging, Position } from "../plan/plan.ts";

/** A page as it was found: what its rows are, and where they stand. */
export interface FoundPage {
  /**
   * Tells where the first and the last of its rows stand; absent where there are none. It throws QueryError `too-complex`
   * where the values that place a row are too long for a cursor.
   */
  readonly ends: readonly [first: () => Position, last: () => Position] | undefined;
  /** Whether there are rows further on the way that it was gone. */
  readonly more: boolean;
}

/** A row, and the lists of texts that say where it stands. */
type Placed<Row> = readonly [row: Row, ...lists: string[]];

/** Rows in the order in which they are answered, without the one that was looked for beyond them. */
export function pageOf<Row>(
  found: readonly Placed<Row>[],
  paging: Paging,
): { readonly rows: readonly Row[]; readonly page: FoundPage; readonly more?: true } {
  const { rows, ...told } = pageBy(found, paging, (row) => () => positionOf(row));
  return { rows: rows.map(([row]) => row), ...told };
}

/** The same of rows that say in a way of their own where they stand. */
export function pageBy<Row>(
  found: readonly Row[],
  { limit, side, tellsMore }: Paging,
  place: (row: Row) => () => Position,
): { readonly rows: readonly Row[]; readonly page: FoundPage; readonly more?: true } {
  const more = found.length > limit;
  const kept = more ? found.slice(0, limit) : found;
  const rows = side === "before" ? kept.toReversed() : kept;
  const ends = rows.length === 0 ? undefined : ([place(rows[0]!), place(rows.at(-1)!)] as const);
  return { rows, page: { more, ends }, ...(more && tellsMore && { more }) };
}

function positionOf([, ...lists]: Placed<unknown>): Position {
  return short(lists).flatMap((list) => JSON.parse(list) as Position);
}

/** Texts of which none says, by being empty, that a value is too long. */
function short(texts: readonly string[]): readonly string[] {
  if (texts.includes("")) throw tooLongForCursor();
  return texts;
}

/** A place of which no value is too long. */
export function positionAt(place: ReturnType<PlaceReader>): Position {
  if (place.includes(undefined)) throw tooLongForCursor();
  return place as Position; // all that are left
}

/** The rows of a statement that answers a page, each as JSON. */
export function readRecords(text: string | null, count: number): readonly Placed<string>[] {
  const records = text === null ? [] : text.split(RECORD);
  // What is no JSON may hold anything.
  if (records.length !== count) throw new Unsayable();
  return records.map((record) => record.split(UNIT) as [string, ...string[]]);
}

/** The lists of one row, as one text. */
export const readLists = (text: unknown): readonly string[] => String(text).split(UNIT);
