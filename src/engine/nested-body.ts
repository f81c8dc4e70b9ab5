import { type Body, isRow } from "../author/author.ts";
import { at, invalidBody, quote } from "../error.ts";
import type { NestPolicy, Policy } from "../policy/policy.ts";
import { type NestedWish, readNested } from "../request/request.ts";

/** What the rows of a body want of the rows that are written with them, by row. */
export type Wishes = readonly ReadonlyMap<NestPolicy, NestedWish>[];

/** A body without what it says of other rows, and that. */
export interface Split {
  readonly plain: Body;
  readonly wishes: Wishes;
}

/** Whether a body says anything of rows that may be written with its own. */
export function nests({ nest }: Policy, { value, form, patch }: Body): boolean {
  if (form || patch !== undefined || nest.size === 0) return false;
  const rows: readonly unknown[] = Array.isArray(value) ? value : [value];
  return rows.some((row) => isRow(row) && [...nest.keys()].some((name) => Object.hasOwn(row, name)));
}

/**
 * Takes out of a body what it says of other rows. `given` are the columns that the engine gives its rows.
 *
 * @throws QueryError `invalid-body`, also where a row says itself what the engine gives it.
 */
export function split(policy: Policy, sent: Body, change: boolean, given: ReadonlySet<string>): Split {
  const { value, form } = sent;
  const list = Array.isArray(value);
  const rows = (list ? value : [value]) as readonly unknown[];
  const read = rows.map((row, index) => splitRow(policy, row, list ? String(index) : "", change, form));
  rows.forEach((row, index) =>
    refuseGiven(policy, row, [...read[index]!.wishes.keys()], given, list ? String(index) : ""),
  );
  const plain = read.map(({ row }) => row);
  return { plain: { ...sent, value: list ? plain : plain[0] }, wishes: read.map(({ wishes }) => wishes) };
}

interface SplitRow {
  readonly row: unknown;
  readonly wishes: ReadonlyMap<NestPolicy, NestedWish>;
}

function splitRow({ nest }: Policy, row: unknown, path: string, change: boolean, form: boolean): SplitRow {
  const wishes = new Map<NestPolicy, NestedWish>();
  if (!isRow(row) || form) return { row, wishes };
  for (const [name, wish] of nest) {
    if (!Object.hasOwn(row, name) || row[name] === undefined) continue;
    const kind = { list: wish.relation.kind === "many", joined: wish.join !== undefined, change };
    wishes.set(wish, readNested(row[name], kind, at(path, name)));
  }
  const own = Object.entries(row).filter(([name]) => !nest.has(name));
  return { row: Object.fromEntries(own), wishes };
}

/** What joins rows is the engine's to write, whatever a row says. */
function refuseGiven(
  { writable, readable }: Policy,
  row: unknown,
  nests: readonly NestPolicy[],
  given: ReadonlySet<string>,
  path: string,
): void {
  if (!isRow(row)) return;
  const taken = new Set(given);
  for (const { name, ownKey, relation } of nests) {
    if (!ownKey) continue;
    const own = relation.on.map(({ source }) => source.name);
    if (own.some((column) => given.has(column)))
      throw invalidBody(`${quote(name)} is what these rows stand under already`, at(path, name));
    own.forEach((column) => taken.add(column));
  }
  for (const name of taken)
    // Of one that is neither, nothing is told: it is refused as a name that is no column.
    if (Object.hasOwn(row, name) && (writable.has(name) || readable.has(name)))
      throw invalidBody(`${quote(name)} follows from what the row stands under`, at(path, name));
}
