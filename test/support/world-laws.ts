import { sql } from "drizzle-orm";
import type { Dice } from "./dice.ts";
import { FACTOR, type LawRoute, routeOver, same, type Seen, unsaid } from "./laws.ts";
import {
  Author,
  type DrawnFilter,
  type DrawnRule,
  readableOf,
  relationOf,
  type RuleDrawer,
  type Tongue,
} from "./world-rules.ts";
import { type DrawnTable, type DrawnWorld, type OpenWorld, quoted, SPARED, tableOf } from "./worlds.ts";
import { path } from "./write.ts";

// What must hold of every answer over schemas nobody wrote, on whichever database.

export const READERS = ["fast", "portable"] as const;

/** How the answers of a database are judged. */
export interface Judge {
  readonly tongue: Tongue;
  /** Whether a member of two answers may differ. */
  readonly excuses: (key: string, a: unknown, b: unknown) => boolean;
  /** What is wrong with an answer that all readers gave, as far as that can be told without them. */
  fault(seen: Seen, asking: Asking): Promise<string | undefined> | string | undefined;
  /** What is wrong with a write that was done, beside what is wrong on every database. */
  writeFault?(done: DoneWrite): Promise<string | undefined>;
}

// --- reads -----------------------------------------------------------------------------------------------------------

export interface Resource {
  readonly table: DrawnTable;
  readonly rule: DrawnRule;
  readonly entry: { readonly findFirst?: boolean; readonly countTotal?: boolean };
}

/** A resource and a question to it. */
export interface Asking extends Resource {
  readonly selector: any;
  readonly flags: string;
  readonly me: number;
  /** Whether the question holds something that may be refused. */
  readonly dubious?: boolean;
}

export interface Served {
  readonly name: string;
  readonly route: LawRoute;
}

interface Answered {
  readonly name: string;
  readonly seen: Seen;
  readonly errors: readonly unknown[];
}

export const show = ({ status, text }: Seen): string => `${status} ${text.slice(0, 2000)}`;
export const shown = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
export const causeOf = (error: any): string =>
  String(error?.cause?.message ?? error?.message ?? error).slice(0, 500);

/**
 * One resource, served by both readers of the first database and the fast one of the others; where more is run than usual
 * by both of all.
 */
export const serve = (
  open: readonly OpenWorld[],
  { table, rule, entry }: Resource,
  tongue: Tongue,
): readonly Served[] =>
  open.flatMap((world, index) => {
    const author = new Author(world, tongue);
    const acl = { x: { table: table.name, ...entry, control: { GET: { all: author.rule(rule, table) } } } };
    return (index === 0 || FACTOR > 1 ? READERS : (["fast"] as const)).map((reader) => ({
      name: `${reader}, ${world.name}`,
      route: routeOver(acl, world.database, { schema: world.schema, reader, onWarning: () => undefined }),
    }));
  });

/** What is wrong with the answers to one question. */
export async function wrong(
  routes: readonly Served[],
  asking: Asking,
  judge: Judge,
): Promise<string | undefined> {
  const url = path("x", asking.selector, asking.flags);
  const answers: Answered[] = [];
  for (const { name, route } of routes)
    answers.push({ name, seen: await route.ask("GET", url, asking.me), errors: route.errors.splice(0) });
  return judged(answers, asking, judge);
}

async function judged(
  answers: readonly Answered[],
  asking: Asking,
  judge: Judge,
): Promise<string | undefined> {
  const told = (what: string): string =>
    `${what}\n${answers.map(({ name, seen }) => `${name}: ${show(seen)}`).join("\n")}`;
  for (const { name, seen, errors } of answers)
    if (errors.length > 0 || seen.status >= 500) return told(`${name} failed, ${causeOf(errors[0])}`);
  const [first, ...others] = answers;
  for (const { name, seen } of others)
    if (seen.status !== first!.seen.status || !same(first!.seen.body, seen.body, judge.excuses))
      return told(
        `${first!.name} and ${name} differ ${difference(first!.seen.body, seen.body, judge.excuses)}`,
      );
  // By the last database, whose driver cuts no text that an order hangs on.
  const { seen } = answers.at(-1)!;
  const fault = await judge.fault({ ...seen, body: unsaid(seen.body) }, asking);
  return fault === undefined ? undefined : told(fault);
}

/** The first place where two bodies differ. */
export function difference(a: any, b: any, excuses: Judge["excuses"], at = ""): string {
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null)
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      if (!same({ [key]: a[key] }, { [key]: b[key] }, excuses))
        return difference(a[key], b[key], excuses, `${at}.${key}`);
  return `at ${at}: ${shown(a)?.slice(0, 300)} and ${shown(b)?.slice(0, 300)}`;
}

/** The names of what a selector asks of a rule's columns and computed fields. */
export function projected(
  wish: any,
  offered: readonly string[],
  extras: readonly string[],
): readonly string[] {
  if (wish === undefined || wish === true) return offered;
  if (wish === false) return extras;
  const named = offered.filter((name) => Object.hasOwn(wish, name) && wish[name] === true);
  return named.length > 0 ? named : offered.filter((name) => !Object.hasOwn(wish, name));
}

/** What is asked of the rows of a table: its columns and computed fields, then its relations. */
export function membersOf(
  table: DrawnTable,
  rule: DrawnRule,
  selector: any,
): { readonly wanted: readonly string[]; readonly members: readonly string[] } {
  const extras = Object.keys(rule.extras);
  const offered = [...readableOf(rule, table).map(({ name }) => name), ...extras];
  const wanted = projected(selector.columns, offered, extras);
  const relations = Object.entries<any>(selector.with ?? {}).filter(([, wish]) => wish !== false);
  return { wanted, members: [...wanted, ...relations.map(([name]) => name)] };
}

/** What rows hold that they may not, or lack. */
export const misshapen = (
  table: DrawnTable,
  rows: readonly any[],
  members: readonly string[],
): string | undefined =>
  rows
    .filter((row) => !same(Object.keys(row).toSorted(), members.toSorted()))
    .map((row) => `members ${Object.keys(row).join()} of ${table.name}, not ${members.join()}`)[0];

/** The same failure with everything left out that does not matter. */
export async function shrunk(
  open: readonly OpenWorld[],
  asking: Asking,
  fault: string,
  judge: Judge,
): Promise<Asking> {
  const kind = kindOfFault(fault);
  let best = asking;
  let attempts = 0;
  for (let progress = true; progress;) {
    progress = false;
    for (const place of places(best, [])) {
      if ((place.length < 2 && place[0] !== "selector") || attempts++ > 600) continue;
      const next = without(best, place);
      if (next === undefined) continue;
      try {
        const still = await wrong(serve(open, next, judge.tongue), next, judge);
        if (still === undefined || kindOfFault(still) !== kind) continue;
      } catch {
        continue;
      }
      best = next;
      progress = true;
      break;
    }
  }
  return best;
}

/** A fault without its particulars. */
const kindOfFault = (fault: string): string => fault.split("\n", 1)[0]!.replace(/ at .*|\d+/g, "");
const KEPT: ReadonlySet<string> = new Set(["table", "kind", "mode", "by", "as", "column", "relation"]);

const isBranch = (value: unknown): value is Record<string, unknown> =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

function* places(value: any, at: readonly string[]): Generator<readonly string[]> {
  if (!isBranch(value)) return;
  for (const key of Object.keys(value)) {
    if (KEPT.has(key)) continue;
    yield [...at, key];
    yield* places(value[key], [...at, key]);
  }
}

function without(value: any, [key, ...rest]: readonly string[]): any {
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length > 0) copy[key!] = without(copy[key!], rest);
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key!];
  return copy;
}

/** A failure in words: what was asked, what was wrong, over which tables. */
export const told = (
  open: readonly OpenWorld[],
  asked: { table: DrawnTable },
  faults: readonly string[],
): string =>
  [
    `world ${open[0]!.world.seed}`,
    shown({ ...asked, table: asked.table.name }),
    ...faults,
    ...open[0]!.ddl,
  ].join("\n");

// --- writes ----------------------------------------------------------------------------------------------------------

/** A resource that is written to. */
export interface WriteResource {
  readonly table: DrawnTable;
  readonly rule: DrawnRule;
  readonly check: DrawnFilter | undefined;
  readonly write: DrawnRule["select"] | undefined;
  readonly maxAffected: number | undefined;
}

export interface Writing {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body: unknown;
  readonly selector: any;
  readonly flags: string;
  readonly me: number;
}

/** A write that was done: what it changed, by the numbers of the rows, and what was said of it. */
export interface DoneWrite {
  readonly open: OpenWorld;
  readonly served: Served;
  readonly resource: WriteResource;
  readonly writing: Writing;
  readonly seen: Seen;
  /** What a read of the rows that were meant answered before. */
  readonly before: Seen | undefined;
  /** The rows that are not as they were before. */
  readonly come: readonly unknown[];
}

/** A table's rows as they are stored, by the number the database gives each. */
type Stored = ReadonlyMap<unknown, readonly unknown[]>;

/** The tables that are no view of others. */
export const tablesOf = ({ tables }: DrawnWorld): readonly DrawnTable[] =>
  tables.filter(({ shows }) => shows === undefined);

/** All that is stored: by table, in the order of the world. */
export async function stored(open: OpenWorld): Promise<readonly Stored[]> {
  const tables: Stored[] = [];
  for (const table of tablesOf(open.world)) {
    const columns = table.columns.map(({ name }) => open.cell(quoted(open.nameOf(table, name))));
    const rows = await open.query(
      `select ${[open.numberOf(table), ...columns].join(", ")} from ${open.source(table)}`,
    );
    tables.push(new Map(rows.map(([number, ...cells]) => [number, cells])));
  }
  return tables;
}

/** The numbers of the rows that an author's filter admits, as the database itself says. */
export async function admitted(
  open: OpenWorld,
  table: DrawnTable,
  filter: DrawnFilter | undefined,
  me: number,
  tongue: Tongue,
): Promise<ReadonlySet<unknown>> {
  const columns = open.schema[table.name];
  const answer: any =
    filter === undefined ? true : await new Author(open, tongue).filter(filter, table)({ me }, columns);
  if (answer === false || answer === undefined) return new Set();
  const rows: { number: unknown }[] = await (open.database as any)
    .select({ number: sql.raw(open.numberOf(table)) })
    .from(columns)
    .where(answer === true ? undefined : answer);
  return new Set(rows.map(({ number }) => number));
}

export const serveWrites = (
  world: OpenWorld,
  { table, rule, check, write, maxAffected }: WriteResource,
  reader: "fast" | "portable",
  tongue: Tongue,
): Served => {
  const author = new Author(world, tongue);
  const read: any = author.rule(rule, table);
  const whole: any = {
    ...read,
    ...(check !== undefined && { check: check.kind === "true" ? true : author.filter(check, table) }),
    ...(write !== undefined && { write }),
  };
  const guards = maxAffected === undefined ? {} : { maxAffected };
  const control = {
    GET: { all: { ...read, maxLimit: null } },
    POST: { all: whole },
    PATCH: { all: { ...whole, ...guards } },
    DELETE: { all: { ...read, ...guards } },
  };
  return {
    name: `${reader}, ${world.name}`,
    route: routeOver({ x: { table: table.name, control } }, world.database, {
      schema: world.schema,
      reader,
      onWarning: () => undefined,
    }),
  };
};

/** Sends a write, and says what it did that it must not have done. */
export async function wrongly(
  open: OpenWorld,
  served: Served,
  resource: WriteResource,
  writing: Writing,
  judge: Judge,
): Promise<{ seen: Seen; changed: boolean; fault: string | undefined }> {
  const { ask, errors } = served.route;
  const { method, body, selector, flags, me } = writing;
  const { table, rule, check, maxAffected } = resource;
  const tables = tablesOf(open.world);
  const before = await stored(open);
  const mayTouch = await admitted(open, table, rule.where, me, judge.tongue);
  const meant = method === "POST" ? undefined : await ask("GET", path("x", selector ?? {}), me);
  const seen = await ask(method, path("x", selector, flags), me, {
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  const after = await stored(open);
  const failed = errors.splice(0);
  const at = tables.indexOf(table);
  if (failed.length > 0 || seen.status >= 500)
    return { seen, changed: false, fault: `failed, ${causeOf(failed[0])}` };
  const { gone, come } = changes(before[at]!, after[at]!);
  const fault = (): string | undefined => {
    const touched = tables.filter((_, index) => !same([...before[index]!], [...after[index]!]));
    if (seen.status >= 400) return touched.length > 0 ? "a refused write left something behind" : undefined;
    if (touched.some((other) => other !== table)) return "another table was written to";
    const { rowsAffected, count } = seen.body;
    if (count !== rowsAffected) return "two counts";
    if (maxAffected !== undefined && method !== "POST" && rowsAffected > maxAffected)
      return "more rows than may be affected";
    if (gone.some((number) => !mayTouch.has(number))) return "a row was touched that the rule hides";
    if (meant?.status === 200 && meant.body.count !== rowsAffected)
      return `${rowsAffected} rows, and a read counts ${meant.body.count}`;
    if (
      method === "POST" &&
      (gone.length > 0 ||
        come.length !== rowsAffected ||
        rowsAffected !== (Array.isArray(body) ? body.length : 1))
    )
      return "not the rows that were sent";
    if (method === "DELETE" && (come.length > 0 || gone.length !== rowsAffected))
      return "not the rows that were removed";
    if (method === "PATCH" && (gone.length !== come.length || gone.length > rowsAffected))
      return "not the rows that were changed";
    if (method === "PATCH") return strayed(table, before[at]!, after[at]!, body as object);
    return undefined;
  };
  let found = fault();
  const asked = check ?? rule.where;
  // What a check says of its own table it says of the table as it was, which is no longer there to be asked.
  const askable = asked === undefined || !looksAt(open, table, asked, table);
  if (found === undefined && seen.status < 400 && method !== "DELETE" && askable) {
    const may = await admitted(open, table, asked, me, judge.tongue);
    if (come.some((number) => !may.has(number))) found = "a row was left behind that fails the check";
  }
  if (found === undefined && seen.status === 200 && "x" in seen.body) {
    found =
      misshapen(table, unsaid(seen.body.x), membersOf(table, rule, selector ?? {}).members) ??
      (seen.body.x.length === seen.body.count ? undefined : "another number of rows");
  }
  if (found === undefined && seen.status === 200)
    found = await judge.writeFault?.({ open, served, resource, writing, seen, before: meant, come });
  return { seen, changed: seen.status < 400 && seen.body.rowsAffected > 0, fault: found };
}

/** Whether a filter on one table looks at another, or at that table itself. */
function looksAt(open: OpenWorld, table: DrawnTable, filter: DrawnFilter, wanted: DrawnTable): boolean {
  if ("parts" in filter) return filter.parts.some((part) => looksAt(open, table, part, wanted));
  if (!("relation" in filter)) return false;
  const target = tableOf(open.world, relationOf(table, filter.relation)!.target);
  return target === wanted || (filter.inner !== undefined && looksAt(open, target, filter.inner, wanted));
}

/** The numbers of the rows that are no longer as they were, and of those that were not there as they are. */
function changes(before: Stored, after: Stored): { gone: readonly unknown[]; come: readonly unknown[] } {
  const differs = (one: Stored, other: Stored): readonly unknown[] =>
    [...one].filter(([number, cells]) => !same(cells, other.get(number) ?? null)).map(([number]) => number);
  return { gone: differs(before, after), come: differs(after, before) };
}

/** A cell that changed, was not in the body, and is not made of others. */
function strayed(
  { columns, key }: DrawnTable,
  before: Stored,
  after: Stored,
  body: object,
): string | undefined {
  if (key.some((name) => Object.hasOwn(body, name))) return undefined;
  for (const [number, cells] of before)
    for (const [index, { name, made }] of columns.entries())
      if (made === undefined && !Object.hasOwn(body, name) && after.get(number)?.[index] !== cells[index])
        return `\`${name}\` changed by itself`;
  return undefined;
}

/** Whether a column has a name that every object has. */
const hasInherited = ({ columns }: DrawnTable): boolean =>
  columns.some(({ name }) => name in Object.prototype);

export function drawWriteResource(drawer: RuleDrawer, dice: Dice, table: DrawnTable): WriteResource {
  const names = table.columns.map(({ name }) => name);
  return {
    table,
    // Without a key a written row cannot be found again, for its relations and computed fields.
    rule: table.key.length > 0 ? drawer.rule(table, 2) : { ...drawer.rule(table, 0), extras: {} },
    check: dice.chance(0.6) ? (dice.chance(0.5) ? { kind: "true" } : drawer.filter(table, 1)) : undefined,
    write: dice.chance(0.6)
      ? dice.chance(0.8) || { mode: dice.chance(0.5), columns: dice.some(names) }
      : undefined,
    maxAffected: dice.chance(0.15) ? dice.between(0, 3) : undefined,
  };
}

export function drawWriting(drawer: RuleDrawer, dice: Dice, { table, rule }: WriteResource): Writing {
  const drawnMethod = dice.pick(["POST", "POST", "PATCH", "PATCH", "PATCH", "DELETE"] as const);
  const method =
    SPARED.inheritedNames && drawnMethod === "PATCH" && hasInherited(table) ? "DELETE" : drawnMethod;
  const drawn = drawer.selector(table, rule);
  const { columns, with: relations, where } = drawn;
  const selector = {
    ...(columns !== undefined && { columns }),
    ...(relations !== undefined && { with: relations }),
    ...(method !== "POST" && where !== undefined && { where }),
  };
  const bodies = Array.from({ length: dice.between(1, 3) }, () =>
    drawer.body(table, table.columns, method === "POST"),
  );
  return {
    method,
    body: method === "DELETE" ? undefined : method === "POST" && dice.chance(0.4) ? bodies : bodies[0],
    selector: Object.keys(selector).length > 0 ? selector : undefined,
    flags: dice.chance(0.3) ? "countTotal" : "",
    me: dice.between(1, 3),
  };
}
