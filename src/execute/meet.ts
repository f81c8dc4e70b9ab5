import type { Row } from "../author/author.ts";
import { type MeetStep, type Told, toldOf, toldText } from "../compile/compile.ts";
import { conflict, invalidBody } from "../error.ts";
import type { WritePlan } from "../plan/plan.ts";
import type { Writer } from "./writer.ts";

/** A row that exists, and the place of the one that was sent and met it. */
export interface Met {
  readonly place: number;
  readonly told: Told;
}

/** What became of rows that were sent, each by its place among them. */
export interface Meeting {
  /** Those that were written, in the order of what came back. */
  readonly places: readonly number[];
  /** Those that met a row, in the order of their key. */
  readonly met: readonly Met[];
}

/** A row that was written, and the place of the one that was sent. */
interface Placed {
  readonly place: number;
  readonly row: Row;
}

/** How often rows are looked for again that others wrote, or removed, between two statements. */
const ATTEMPTS = 8;

/**
 * Looks for the rows that new ones meet, and writes those that meet none. What was left out, because another had written it
 * meanwhile, is looked for again.
 *
 * @throws QueryError `invalid-body` for two that meet each other.
 */
export async function meet(
  writer: Writer,
  step: MeetStep,
  values: readonly Row[],
  write: (values: readonly Row[]) => Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly meeting: Meeting }> {
  const { plan, dialect, database } = writer;
  const guests = new Guests(plan);
  let left = step.order(values);
  for (let attempt = 0; left.length > 0; attempt++) {
    for (const { text, values: bound } of step.asks(values, left))
      guests.meet(await dialect.query(database, text, bound), left);
    guests.refuseTwins();
    left = left.filter((place) => !guests.seats.has(place));
    if (left.length === 0 || isDropped(step, attempt)) break;
    assertHope(plan, attempt);
    const rows = await write(left.map((place) => values[place]!));
    if (guests.seat(rows, left)) break;
  }
  return guests.told();
}

/** What is neither there nor written, time and again, a trigger has dropped. */
const isDropped = ({ triggered }: MeetStep, attempt: number): boolean => triggered && attempt > 1;

/**
 * What is left out, and is nowhere to be found, meets what an index compares otherwise than its column, or what the database
 * shows nobody. Of SQLite nobody else has written meanwhile.
 *
 * @throws QueryError `conflict`.
 */
function assertHope({ answer: { secured } }: WritePlan, attempt: number): void {
  if (attempt === ATTEMPTS || (secured.table.database === "sqlite" && attempt > 1)) throw conflict();
}

/** The rows that were sent, each once it is known what became of it. */
class Guests {
  /** The places that are known. */
  readonly seats = new Set<number>();
  readonly #plan: WritePlan;
  readonly #placed: Placed[] = [];
  readonly #met: Met[] = [];
  /** The place of the row that has met, or made, what is told so. */
  readonly #owners = new Map<string, number>();
  /** Rows that were written while others were left out, until it is known which they are. */
  readonly #written = new Map<string, Row>();
  #twin: { readonly place: number; readonly other: number } | undefined;

  constructor(plan: WritePlan) {
    this.#plan = plan;
  }

  /** Takes what was found of rows at some places: where the place stands, and what tells the row that is met. */
  meet(found: readonly ArrayLike<unknown>[], places: readonly number[]): void {
    for (const cells of found) {
      const told: string[] = [];
      for (let index = 1; index < cells.length; index++) told.push(cells[index] as string);
      this.#take(places[Number(cells[0])]!, told);
    }
  }

  #take(place: number, told: Told): void {
    const key = toldText(told);
    const owner = this.#owners.get(key);
    this.seats.add(place);
    if (owner !== undefined) return this.#refuse(Math.max(owner, place), Math.min(owner, place));
    this.#owners.set(key, place);
    const row = this.#written.get(key);
    if (row === undefined) this.#met.push({ place, told });
    else this.#placed.push({ place, row });
  }

  /** Takes what was written of rows at some places, and says whether all of it was. */
  seat(rows: readonly Row[], places: readonly number[]): boolean {
    const all = rows.length === places.length;
    for (const [index, row] of rows.entries())
      if (all) this.#placed.push({ place: places[index]!, row });
      else this.#written.set(toldText(toldOf(row, this.#plan)), row);
    return all;
  }

  #refuse(place: number, other: number): void {
    if (this.#twin === undefined || place < this.#twin.place) this.#twin = { place, other };
  }

  /** @throws QueryError for the first row that is the same as one before it. */
  refuseTwins(): void {
    if (this.#twin === undefined) return;
    const { place, other } = this.#twin;
    throw invalidBody(`this row has the key of row ${other}`, String(place));
  }

  told(): { readonly rows: readonly Row[]; readonly meeting: Meeting } {
    const placed = this.#placed.toSorted((a, b) => a.place - b.place);
    const places = placed.map(({ place }) => place);
    return { rows: placed.map(({ row }) => row), meeting: { places, met: this.#met } };
  }
}

/** Which of the rows that were met, by what tells them, were changed. */
export function placesOf(rows: readonly Row[], keys: readonly Told[], plan: WritePlan): readonly number[] {
  // The key of one row may change.
  if (keys.length === 1) return rows.map(() => 0);
  const places = new Map(keys.map((told, place) => [toldText(told), place]));
  return rows.map((row) => places.get(toldText(toldOf(row, plan)))!);
}
