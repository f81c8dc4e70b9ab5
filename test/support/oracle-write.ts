import { FILTERS, MODEL, type Row, type TableName, type World } from "./model.ts";
import { admits, writtenAs } from "./oracle.ts";
import { filterOf } from "./oracle-filters.ts";
import { Refused, valueOf } from "./oracle-values.ts";
import { EVERYTHING, type RuleSpec, readableOf } from "./rules.ts";

/** A rule that writes, as data. */
export interface WriteSpec {
  readonly table: TableName;
  /** What comes back, and which rows exist. */
  readonly rule: RuleSpec;
  /** The name of a filter, or `true` for no check. */
  readonly check?: string | true;
  /** The name of a filter that is asked once all is written. */
  readonly ensure?: string;
  readonly write?: RuleSpec["select"];
  /** What the author puts into every body. */
  readonly inject?: Row;
  readonly requireWhere?: boolean;
  readonly maxAffected?: number;
}

/** A write as a client sends it. */
export interface Write {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  /** `columns`, `where` and `with`. */
  readonly selector: any;
  readonly me: number;
}

/** Relations of a write's answer go as deep as those of a read. */
export const DEPTH = 4;

interface Traits {
  /** Values of what a new row does not name; `undefined` where the database makes one up. */
  readonly defaults: Row;
  readonly nullable: readonly string[];
  readonly unique: readonly (readonly string[])[];
  /** Which rows of other tables must exist; with `cascade` a row goes with the one it points to. */
  readonly references: readonly (readonly [column: string, table: TableName, cascade?: "cascade"])[];
}

const TRAITS: Readonly<Record<Exclude<TableName, "sample">, Traits>> = {
  author: {
    defaults: { id: undefined, secret: "hidden", role: "writer", mentorId: null },
    nullable: ["mentorId"],
    unique: [["id"], ["email"]],
    references: [["mentorId", "author"]],
  },
  article: {
    defaults: {
      id: undefined,
      reviewerId: null,
      body: null,
      rating: null,
      views: 0,
      published: false,
      createdAt: new Date(1_700_000_000_000),
    },
    nullable: ["reviewerId", "body", "rating"],
    unique: [["id"]],
    references: [
      ["authorId", "author", "cascade"],
      ["reviewerId", "author"],
    ],
  },
  comment: {
    defaults: { id: undefined, hidden: false },
    nullable: [],
    unique: [["id"]],
    references: [
      ["articleId", "article", "cascade"],
      ["authorId", "author"],
    ],
  },
  tag: { defaults: { id: undefined }, nullable: [], unique: [["id"], ["label"]], references: [] },
  articleTag: {
    defaults: {},
    nullable: [],
    unique: [["articleId", "tagId"]],
    references: [
      ["articleId", "article", "cascade"],
      ["tagId", "tag", "cascade"],
    ],
  },
};

export const BLOG_TABLES = Object.keys(TRAITS) as (keyof typeof TRAITS)[];

/** What must come of a write: a refusal, or all rows as they are afterwards, and those that were written; open where it hangs on the keys the database makes up. */
export type Outcome =
  | { readonly refused: string }
  | { readonly open: true }
  | { readonly world: World; readonly written: readonly Row[] };

/** The columns a client's body may set. */
export function writableOf({ table, write }: WriteSpec, method: Write["method"]): readonly string[] {
  if (write !== undefined) return readableOf({ ...EVERYTHING, select: write }, table);
  const made = Object.entries(traitsOf(table).defaults).filter(([, value]) => value === undefined);
  const kept = new Set([...made.map(([name]) => name), ...(method === "PATCH" ? MODEL[table].key : [])]);
  return Object.keys(MODEL[table].columns).filter((name) => !kept.has(name));
}

const traitsOf = (table: TableName): Traits => TRAITS[table as keyof typeof TRAITS];

const refuse = (why: string): never => {
  throw new Refused(why);
};

/** What the specification says must come of a write. */
export function predict(world: World, spec: WriteSpec, write: Write): Outcome {
  try {
    writtenAs(world, spec.table, answerRule(spec), write.selector, write.me, DEPTH);
    return write.method === "POST" ? insert(world, spec, write) : change(world, spec, write);
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** The rule of the answer: without `select` nothing comes back, computed or not. */
export const answerRule = ({ rule }: WriteSpec): RuleSpec =>
  rule.select === undefined ? { ...EVERYTHING, select: false } : rule;

function rowOf(spec: WriteSpec, method: Write["method"], body: any): Row {
  const { table, inject } = spec;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return refuse("no object");
  const writable = writableOf(spec, method);
  for (const key of Object.keys(body)) if (!writable.includes(key)) refuse(`unwritable ${key}`);
  const row: Record<string, unknown> = {};
  for (const [key, value] of Object.entries({ ...body, ...inject })) {
    if (value === null && !traitsOf(table).nullable.includes(key)) refuse(`null in ${key}`);
    row[key] =
      value === null || (inject !== undefined && key in inject)
        ? value
        : valueOf(MODEL[table].columns[key]!, value);
  }
  return row;
}

function insert(world: World, spec: WriteSpec, { body, me }: Write): Outcome {
  const { table } = spec;
  const bodies = Array.isArray(body) ? body : [body];
  if (bodies.length === 0) refuse("no rows");
  let made = 0;
  const written = bodies.map((item) => {
    const given = rowOf(spec, "POST", item);
    return Object.fromEntries(
      Object.keys(MODEL[table].columns).map((name) => {
        if (name in given) return [name, given[name]];
        if (!(name in traitsOf(table).defaults)) refuse(`${name} is missing`);
        return [name, traitsOf(table).defaults[name] ?? (name === "id" ? `made ${made++}` : null)];
      }),
    );
  });
  const next = { ...world, [table]: [...world[table], ...written] };
  assertPossible(next);
  const check = spec.check ?? spec.rule.where;
  const keyed = [check, spec.ensure].some((name) => name === "self" || name === "others");
  if (made > 0 && (made < bodies.length || keyed)) return { open: true };
  assertAllowed(world, next, spec, written, me);
  return { world: next, written };
}

/** Whether rows may be left behind by the caller, in the world before and with them. */
export function passes(
  world: World,
  next: World,
  spec: WriteSpec,
  written: readonly Row[],
  me: number,
): boolean {
  try {
    assertAllowed(world, next, spec, written, me);
    return true;
  } catch {
    return false;
  }
}

function change(world: World, spec: WriteSpec, { method, body, selector: { where }, me }: Write): Outcome {
  const { table, rule, requireWhere, maxAffected } = spec;
  if (where === undefined && requireWhere === true) refuse("no filter");
  const readable = rule.select === undefined ? MODEL[table].key : readableOf(rule, table);
  const keep =
    where === undefined
      ? () => true
      : filterOf(where, Object.fromEntries(readable.map((name) => [name, MODEL[table].columns[name]!])));
  const hit = new Set(world[table].filter((row) => admits(world, table, rule, row, me) && keep(row)));
  if (method === "DELETE") {
    const next = without(world, table, hit);
    assertPossible(next);
    if (hit.size > (maxAffected ?? Infinity)) refuse("too many");
    return { world: next, written: [...hit] };
  }
  const given = rowOf(spec, "PATCH", body);
  if (Object.keys(given).length === 0) refuse("nothing to change");
  const written: Row[] = [];
  const rows = world[table].map((row) => {
    if (!hit.has(row)) return row;
    written.push({ ...row, ...given });
    return written.at(-1)!;
  });
  const next = { ...world, [table]: rows };
  assertPossible(next);
  assertAllowed(world, next, spec, written, me);
  if (written.length > (maxAffected ?? Infinity)) refuse("too many");
  return { world: next, written };
}

/**
 * A row is judged as it will be, and every table as it was: none vouches for itself, nor for another of its list. What is
 * ensured is asked of the world with them.
 */
function assertAllowed(
  world: World,
  next: World,
  spec: WriteSpec,
  written: readonly Row[],
  me: number,
): void {
  const filters = FILTERS[spec.table];
  const assert = (filter: string | true | undefined, seen: World, why: string): void => {
    if (filter === undefined || filter === true) return;
    for (const row of written) if (filters[filter]!.js(row, me, seen) !== true) refuse(why);
  };
  assert(spec.check ?? spec.rule.where, world, "check");
  assert(spec.ensure, next, "ensure");
}

/** The world without rows, and without those that go with them. */
function without(world: World, table: TableName, gone: ReadonlySet<Row>): World {
  if (gone.size === 0) return world;
  let next: World = { ...world, [table]: world[table].filter((row) => !gone.has(row)) };
  for (const other of BLOG_TABLES) {
    for (const [column, target, cascade] of TRAITS[other].references) {
      if (target !== table || cascade === undefined) continue;
      const keys = new Set([...gone].map((row) => row["id"]));
      next = without(next, other, new Set(next[other].filter((row) => keys.has(row[column]))));
    }
  }
  return next;
}

/** Refuses what the database would: keys taken, references to nothing. */
function assertPossible(world: World): void {
  for (const table of BLOG_TABLES) {
    const rows = world[table];
    for (const key of TRAITS[table].unique) {
      const values = new Set(rows.map((row) => JSON.stringify(key.map((name) => row[name]))));
      if (values.size < rows.length) refuse(`${table}.${key.join()} is taken`);
    }
    for (const [column, target] of TRAITS[table].references) {
      const keys = new Set(world[target].map((row) => row["id"]));
      for (const row of rows)
        if (row[column] !== null && !keys.has(row[column])) refuse(`${table}.${column} points to nothing`);
    }
  }
}
