import { Digits } from "../digits.ts";
import type { Operation } from "./contract.ts";

/** By which members the objects of lists are told apart, wherever lists stand in a document. */
export interface Identity {
  /** Members that no two objects of this list have in common; absent where none are known, and the place tells. */
  readonly key?: readonly string[] | undefined;
  /** Of the lists and objects that stand under a name. */
  readonly within?: ReadonlyMap<string, Identity> | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The changes that make one document of another, so that the text of what comes of it is the other's, the order of members
 * included. Rows that are told apart are removed, added and moved, as few of them as can be; of others each place is
 * compared with itself.
 *
 * @example difference({ a: [{ id: 1 }, { id: 2 }] }, { a: [{ id: 2 }, { id: 1 }] }, { within: new Map([["a", { key: ["id"] }]]) })
 * // [{ op: "move", from: "/a/1", path: "/a/0" }]
 */
export function difference(before: unknown, after: unknown, identity?: Identity): readonly Operation[] {
  const operations: Operation[] = [];
  compare(before, after, identity, "", operations);
  return operations;
}

function compare(
  before: unknown,
  after: unknown,
  identity: Identity | undefined,
  path: string,
  found: Operation[],
): void {
  if (before === after || isSameNumber(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, identity, path, found);
  else if (isObject(before) && isObject(after)) compareObjects(before, after, identity, path, found);
  else found.push({ op: "replace", path, value: after });
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);

/** Whether both are one number that no double keeps. */
const isSameNumber = (before: unknown, after: unknown): boolean =>
  before instanceof Digits && after instanceof Digits && before.digits === after.digits;

/** Members that are added stand behind the others; where that is not their place, the object is replaced. */
function compareObjects(
  before: Json,
  after: Json,
  identity: Identity | undefined,
  path: string,
  found: Operation[],
): void {
  const names = Object.keys(after);
  if (!keepsOrder(before, after, names)) {
    found.push({ op: "replace", path, value: after });
    return;
  }
  for (const name of Object.keys(before))
    if (!Object.hasOwn(after, name)) found.push({ op: "remove", path: `${path}/${escaped(name)}` });
  for (const name of names) {
    const here = `${path}/${escaped(name)}`;
    if (Object.hasOwn(before, name))
      compare(before[name], after[name], identity?.within?.get(name), here, found);
    else found.push({ op: "add", path: here, value: after[name] });
  }
}

/** Whether the members come to stand as they are to; none may be `__proto__`, which not every client sets as a member. */
function keepsOrder(before: Json, after: Json, names: readonly string[]): boolean {
  const kept = Object.keys(before).filter((name) => Object.hasOwn(after, name));
  const added = names.filter((name) => !Object.hasOwn(before, name));
  if ([...Object.keys(before), ...added].includes("__proto__")) return false;
  // Members that look like a place in a list stand before all others, in whichever order they came.
  const made = Object.keys(Object.fromEntries([...kept, ...added].map((name) => [name, true])));
  return made.every((name, index) => name === names[index]);
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  identity: Identity | undefined,
  path: string,
  found: Operation[],
): void {
  const key = identity?.key;
  const [old, now] = key === undefined ? [] : [namesIn(before, key), namesIn(after, key)];
  if (old !== undefined && now !== undefined) arrange(before, old, after, now, path, found);
  else resize(before, after, path, found);
  const places = old && new Map(old.map((name, index) => [name, index] as const));
  for (const [index, value] of after.entries()) {
    const was = places === undefined || now === undefined ? index : places.get(now[index]!);
    if (was !== undefined && was < before.length)
      compareRows(before[was], value, identity, `${path}/${index}`, found);
  }
}

/** A row whose changes say no less than it says itself is replaced. */
function compareRows(
  before: unknown,
  after: unknown,
  identity: Identity | undefined,
  path: string,
  found: Operation[],
): void {
  const within = identity?.within && { within: identity.within };
  const own: Operation[] = [];
  compare(before, after, within, path, own);
  const whole: Operation = { op: "replace", path, value: after };
  const shorter = own.length < 2 || JSON.stringify(own).length <= JSON.stringify(whole).length + 2;
  found.push(...(shorter ? own : [whole]));
}

/** What the rows of a list are called by their keys; `undefined` where these do not tell them apart. */
function namesIn(list: readonly unknown[], key: readonly string[]): readonly string[] | undefined {
  const names = new Set<string>();
  for (const row of list) {
    if (!isObject(row)) return undefined;
    const values = key.map((name) => (Object.hasOwn(row, name) ? row[name] : undefined));
    if (values.some((value) => value === undefined || value === null)) return undefined;
    names.add(JSON.stringify(values));
  }
  return names.size === list.length ? [...names] : undefined;
}

/** Makes a list as long as another, by its end. */
function resize(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  found: Operation[],
): void {
  for (let index = before.length - 1; index >= after.length; index--)
    found.push({ op: "remove", path: `${path}/${index}` });
  for (let index = before.length; index < after.length; index++)
    found.push({ op: "add", path: `${path}/${index}`, value: after[index] });
}

/** Brings rows to their places: those that have gone are removed, and of the others as few are moved as can be. */
function arrange(
  before: readonly unknown[],
  old: readonly string[],
  after: readonly unknown[],
  now: readonly string[],
  path: string,
  found: Operation[],
): void {
  const wanted = new Map(now.map((name, index) => [name, index] as const));
  for (let index = before.length - 1; index >= 0; index--)
    if (!wanted.has(old[index]!)) found.push({ op: "remove", path: `${path}/${index}` });
  const list = old.filter((name) => wanted.has(name));
  if (list.length === now.length && list.every((name, index) => name === now[index])) return;
  const known = new Set(list);
  const resting = new Set(ascending(list.map((name) => wanted.get(name)!)).map((index) => now[index]!));
  // From the end, so that whatever a row is to stand before is in its place.
  for (let index = now.length - 1; index >= 0; index--) {
    const name = now[index]!;
    if (resting.has(name)) continue;
    const next = now[index + 1];
    const place = next === undefined ? list.length : list.indexOf(next);
    if (!known.has(name)) {
      list.splice(place, 0, name);
      found.push({ op: "add", path: `${path}/${place}`, value: after[index] });
      continue;
    }
    const from = list.indexOf(name);
    const to = from < place ? place - 1 : place;
    list.splice(from, 1);
    list.splice(to, 0, name);
    if (from !== to) found.push({ op: "move", from: `${path}/${from}`, path: `${path}/${to}` });
  }
}

/** A longest ascending part of a list of numbers that are all different (patience sorting). */
function ascending(numbers: readonly number[]): readonly number[] {
  const ends: number[] = []; // places of the least ends of ascending parts, by their length
  const previous: number[] = [];
  for (const [index, number] of numbers.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]!]! < number) low = middle + 1;
      else high = middle;
    }
    previous[index] = low === 0 ? -1 : ends[low - 1]!;
    ends[low] = index;
  }
  const part: number[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index]!) part.push(numbers[index]!);
  return part.toReversed();
}
