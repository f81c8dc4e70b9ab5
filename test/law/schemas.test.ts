import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { Dice } from "../support/dice.ts";
import {
  cutAtNUL,
  type LawRoute,
  PATIENCE,
  routeOver,
  runs,
  same,
  SEED,
  type Seen,
} from "../support/laws.ts";
import type { Row } from "../support/model.ts";
import {
  Author,
  carried,
  type DrawnExtra,
  type DrawnFilter,
  type DrawnRule,
  EVERYTHING,
  readableOf,
  relationOf,
  RuleDrawer,
} from "../support/world-rules.ts";
import {
  columnOf,
  drawPools,
  type DrawnColumn,
  type DrawnTable,
  type DrawnWorld,
  drawWorld,
  kindOf,
  type OpenWorld,
  openWorld,
  quoted,
  SPARED,
  tableOf,
} from "../support/worlds.ts";
import { path } from "../support/write.ts";

const NAMES = ["libsql file", "bun:sqlite"] as const;
const READERS = ["fast", "portable"] as const;
const WORLDS = runs(64).numRuns;
const RESOURCES = 2;
const READS = 13;
const WRITES = 10;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "query-schemas-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const pools = drawPools(SEED);
const counted = { schemas: 0, reads: 0, rows: 0, refusedReads: 0, writes: 0, changes: 0, refusedWrites: 0 };

// --- reads -----------------------------------------------------------------------------------------------------------

interface Resource {
  readonly table: DrawnTable;
  readonly rule: DrawnRule;
  readonly entry: { readonly findFirst?: boolean; readonly countTotal?: boolean };
}

/** A resource and a question to it. */
interface Asking extends Resource {
  readonly selector: any;
  readonly flags: string;
  readonly me: number;
}

interface Served {
  readonly name: string;
  readonly route: LawRoute;
}

interface Answered {
  readonly name: string;
  readonly seen: Seen;
  readonly errors: readonly unknown[];
}

const show = ({ status, text }: Seen): string => `${status} ${text.slice(0, 2000)}`;
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));

/** One resource, served by both readers of every database. */
const serve = (open: readonly OpenWorld[], { table, rule, entry }: Resource): readonly Served[] =>
  open.flatMap((world) => {
    const author = new Author(world);
    const acl = { x: { table: table.name, ...entry, control: { GET: { all: author.rule(rule, table) } } } };
    return READERS.map((reader) => ({
      name: `${reader}, ${world.name}`,
      route: routeOver(acl, world.database, { schema: world.schema, reader, onWarning: () => undefined }),
    }));
  });

/** What is wrong with the answers to one question. */
async function wrong(
  world: DrawnWorld,
  routes: readonly Served[],
  asking: Asking,
): Promise<string | undefined> {
  const url = path("x", asking.selector, asking.flags);
  const answers: Answered[] = [];
  for (const { name, route } of routes)
    answers.push({ name, seen: await route.ask("GET", url, asking.me), errors: route.errors.splice(0) });
  return judge(world, answers, asking);
}

function judge(world: DrawnWorld, answers: readonly Answered[], asking: Asking): string | undefined {
  const told = (what: string): string =>
    `${what}\n${answers.map(({ name, seen }) => `${name}: ${show(seen)}`).join("\n")}`;
  for (const { name, seen, errors } of answers)
    if (errors.length > 0 || seen.status >= 500) return told(`${name} failed, ${causeOf(errors[0])}`);
  const [first, ...others] = answers;
  for (const { name, seen } of others)
    if (seen.status !== first!.seen.status || !same(first!.seen.body, seen.body, cut))
      return told(`${first!.name} and ${name} differ ${difference(first!.seen.body, seen.body)}`);
  if (first!.seen.status !== 200) {
    counted.refusedReads++;
    return undefined;
  }
  const fault = misanswered(world, first!.seen.body, asking);
  return fault === undefined ? undefined : told(fault);
}

/** Whichever of the two libsql's driver cut. */
const cut = (key: string, a: unknown, b: unknown): boolean => cutAtNUL(key, a, b) || cutAtNUL(key, b, a);

/** The first place where two bodies differ. */
function difference(a: any, b: any, at = ""): string {
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null)
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      if (!same({ v: a[key] }, { v: b[key] }, cut)) return difference(a[key], b[key], `${at}.${key}`);
  return `at ${at}: ${shown(a)?.slice(0, 300)} and ${shown(b)?.slice(0, 300)}`;
}

const causeOf = (error: any): string =>
  String(error?.cause?.message ?? error?.message ?? error).slice(0, 500);

/** What an answer holds that it must not, whoever made it. */
function misanswered(
  world: DrawnWorld,
  body: any,
  { table, rule, entry, selector, flags }: Asking,
): string | undefined {
  const node = nodeOf(world, table, rule, selector ?? {});
  const first = entry.findFirst ?? (flags.includes("findFirst") && !flags.includes("findFirst=F"));
  if (node.nothing) return "x" in body ? "rows that nobody asked for" : undefined;
  const rows = first ? (body.x === null ? [] : [body.x]) : body.x;
  if (!first && body.count !== rows.length) return "a count that is none";
  if (body.total !== undefined && body.total < rows.length) return "a total that is none";
  counted.rows += rows.length;
  return node.fault(rows);
}

interface Node {
  /** Whether rows have other members than they may. */
  shape(rows: readonly any[]): string | undefined;
  /** Whether nothing of the rows is asked for. */
  readonly nothing: boolean;
  fault(rows: readonly any[]): string | undefined;
}

/** What the rows of a node may be. */
function nodeOf(world: DrawnWorld, table: DrawnTable, rule: DrawnRule, selector: any, one = false): Node {
  const readable = readableOf(rule, table);
  const offered = [...readable.map(({ name }) => name), ...Object.keys(rule.extras)];
  const wanted = projected(selector.columns, offered, Object.keys(rule.extras));
  const relations = Object.entries<any>(selector.with ?? {})
    .filter(([, wish]) => wish !== false)
    .map(([name, wish]) => {
      const relation = relationOf(table, name)!;
      const inner = rule.with[name]!;
      const innerRule = typeof inner === "object" ? inner : EVERYTHING;
      const node = nodeOf(
        world,
        tableOf(world, relation.target),
        innerRule,
        wish === true ? {} : wish,
        !relation.many,
      );
      return { ...relation, node };
    });
  const members = [...wanted, ...relations.map(({ name }) => name)];
  const columns = readable.filter(({ name }) => wanted.includes(name));
  // A limit is for lists.
  const most = one
    ? 1
    : Math.min(selector.limit ?? Infinity, rule.maxLimit === undefined ? 100 : (rule.maxLimit ?? Infinity));
  const asked = Object.entries(selector.orderBy ?? rule.orderBy ?? {});
  const keys: (readonly [string, unknown])[] = [
    ...asked,
    ...orderedKey(table)
      .filter((name) => !asked.some(([key]) => key === name))
      .map((name) => [name, "asc"] as const),
  ];
  const compare = comparing(table, columns, keys);
  const shape = (rows: readonly any[]): string | undefined =>
    rows
      .filter((row) => !same(Object.keys(row).toSorted(), members.toSorted()))
      .map((row) => `members ${Object.keys(row).join()} of ${table.name}, not ${members.join()}`)[0];
  return {
    nothing: members.length === 0,
    shape,
    fault(rows) {
      if (rows.length > most) return `${rows.length} rows of ${table.name}, more than ${most}`;
      const strange = shape(rows);
      if (strange !== undefined) return strange;
      for (const [index, row] of rows.entries()) {
        if (index > 0 && compare(rows[index - 1], row) > 0)
          return `rows of ${table.name} out of order at ${index}`;
        const cell = foreignCell(table, columns, row);
        if (cell !== undefined) return cell;
        for (const { name, many, node } of relations) {
          const value = row[name];
          if (many !== Array.isArray(value)) return `${name} is ${many ? "no" : "a"} list`;
          const fault = many ? node.fault(value) : value === null ? undefined : node.fault([value]);
          if (fault !== undefined) return fault;
        }
      }
      return undefined;
    },
  };
}

function projected(wish: any, offered: readonly string[], extras: readonly string[]): readonly string[] {
  if (wish === undefined || wish === true) return offered;
  if (wish === false) return extras;
  const named = offered.filter((name) => Object.hasOwn(wish, name) && wish[name] === true);
  return named.length > 0 ? named : offered.filter((name) => !Object.hasOwn(wish, name));
}

/** What makes an order total: the key in the order of the schema, or every column. */
const orderedKey = ({ columns, key }: DrawnTable): readonly string[] =>
  columns.map(({ name }) => name).filter((name) => key.length === 0 || key.includes(name));

/** Whether one row comes after another; 0 too where that hangs on a column that is not shown. */
function comparing(
  table: DrawnTable,
  columns: readonly DrawnColumn[],
  keys: readonly (readonly [string, unknown])[],
): (a: any, b: any) => number {
  const visible = new Set(columns.map(({ name }) => name));
  return (a, b) => {
    for (const [name, way] of keys) {
      if (!visible.has(name)) return 0;
      const sign = compareStored(columnOf(table, name), a[name], b[name]);
      if (sign === undefined) return 0;
      if (sign !== 0) return way === "asc" || way === 1 ? sign : -sign;
    }
    return 0;
  };
}

/** Two values in SQLite's order; `undefined` where JSON does not tell. */
function compareStored(column: DrawnColumn, a: any, b: any): number | undefined {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  switch (kindOf(column)) {
    case "integer":
    case "real":
    case "boolean":
      return Number(a) - Number(b);
    case "date":
      return Date.parse(a) - Date.parse(b);
    case "bigint":
      return BigInt(a) < BigInt(b) ? -1 : Number(BigInt(a) > BigInt(b));
    case "decimal":
      return a === b ? 0 : Number(a) - Number(b) || undefined;
    case "blob":
      return Buffer.compare(Buffer.from(a, "base64"), Buffer.from(b, "base64"));
    case "json":
      return Buffer.compare(Buffer.from(JSON.stringify(a)), Buffer.from(JSON.stringify(b)));
    case "point":
      return Buffer.compare(Buffer.from(`${a.x};${a.y}`), Buffer.from(`${b.x};${b.y}`));
    default:
      return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
}

/** A cell that is not what its row stores, where the row can be told by its key. */
function foreignCell(table: DrawnTable, columns: readonly DrawnColumn[], row: any): string | undefined {
  const exact = columns.filter((column) => kindOf(column) !== "decimal");
  const matches = (stored: any, some: readonly DrawnColumn[]): boolean =>
    some.every(({ name }) => same({ v: carried(stored[name]) }, { v: row[name] }, cutAtNUL));
  const whole =
    table.key.length > 0 && table.key.every((name) => exact.some((column) => column.name === name));
  const candidates = whole
    ? table.rows.filter((stored) =>
        matches(
          stored,
          table.key.map((name) => columnOf(table, name)),
        ),
      )
    : table.rows;
  return candidates.some((stored) => matches(stored, exact))
    ? undefined
    : `no row of ${table.name} is ${shown(row)}`;
}

/** The same failure with everything left out that does not matter. */
async function shrunk(open: readonly OpenWorld[], asking: Asking, fault: string): Promise<Asking> {
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
        const still = await wrong(open[0]!.world, serve(open, next), next);
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

// --- writes ----------------------------------------------------------------------------------------------------------

/** A resource that is written to. */
interface WriteResource {
  readonly table: DrawnTable;
  readonly rule: DrawnRule;
  readonly check: DrawnFilter | undefined;
  readonly write: DrawnRule["select"] | undefined;
  readonly maxAffected: number | undefined;
}

interface Writing {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body: unknown;
  readonly selector: any;
  readonly flags: string;
  readonly me: number;
}

/** A table's rows as they are stored, by the number SQLite gives each. */
type Stored = ReadonlyMap<unknown, readonly unknown[]>;

/** All that is stored: by table, in the order of the world. */
async function stored(open: OpenWorld): Promise<readonly Stored[]> {
  const tables: Stored[] = [];
  for (const table of open.world.tables) {
    const columns = table.columns.map(({ name }) => `quote(${quoted(open.nameOf(table, name))})`);
    const rows = await open.query(
      `select ${rowNumber(open, table)}, ${columns.join(", ")} from ${quoted(table.db)}`,
    );
    tables.push(new Map(rows.map(([number, ...cells]) => [number, cells])));
  }
  return tables;
}

/** What SQLite calls the number of a row, where no column takes the name. */
function rowNumber(open: OpenWorld, table: DrawnTable): string {
  const taken = new Set(table.columns.map(({ name }) => open.nameOf(table, name).toLowerCase()));
  return ["rowid", "oid", "_rowid_"].find((name) => !taken.has(name))!;
}

/** The numbers of the rows that an author's filter admits, as the database itself says. */
async function admitted(
  open: OpenWorld,
  { table }: WriteResource,
  filter: DrawnFilter | undefined,
  me: number,
): Promise<ReadonlySet<unknown>> {
  const columns = open.schema[table.name];
  const answer: any =
    filter === undefined ? true : await new Author(open).filter(filter, table)({ me }, columns);
  if (answer === false || answer === undefined) return new Set();
  const rows: { number: unknown }[] = await (open.database as any)
    .select({ number: sql.raw(rowNumber(open, table)) })
    .from(columns)
    .where(answer === true ? undefined : answer);
  return new Set(rows.map(({ number }) => number));
}

const serveWrites = (
  world: OpenWorld,
  { table, rule, check, write, maxAffected }: WriteResource,
  reader: "fast" | "portable",
): Served => {
  const author = new Author(world);
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
async function wrongly(
  open: OpenWorld,
  { route: { ask, errors } }: Served,
  resource: WriteResource,
  { method, body, selector, flags, me }: Writing,
): Promise<{ seen: Seen; fault: string | undefined }> {
  const { table, rule, check, maxAffected } = resource;
  const before = await stored(open);
  const mayTouch = await admitted(open, resource, rule.where, me);
  const meant =
    method === "POST"
      ? undefined
      : await ask(
          "GET",
          path("x", { columns: false, ...(selector?.where !== undefined && { where: selector.where }) }),
          me,
        );
  const seen = await ask(method, path("x", selector, flags), me, {
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  const after = await stored(open);
  const failed = errors.splice(0);
  const at = open.world.tables.indexOf(table);
  if (failed.length > 0 || seen.status >= 500) return { seen, fault: `failed, ${causeOf(failed[0])}` };
  const fault = (): string | undefined => {
    const touched = open.world.tables.filter((_, index) => !same([...before[index]!], [...after[index]!]));
    if (seen.status >= 400) return touched.length > 0 ? "a refused write left something behind" : undefined;
    if (touched.some((other) => other !== table)) return "another table was written to";
    const { gone, come } = changes(before[at]!, after[at]!);
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
  if (found === undefined && seen.status < 400 && method !== "DELETE") {
    const may = await admitted(open, resource, check ?? rule.where, me);
    if (changes(before[at]!, after[at]!).come.some((number) => !may.has(number)))
      found = "a row was left behind that fails the check";
  }
  if (found === undefined && seen.status === 200 && "x" in seen.body) {
    const members = nodeOf(open.world, table, rule, { ...selector, where: undefined }, false);
    found =
      members.shape(seen.body.x) ??
      (seen.body.x.length === seen.body.count ? undefined : "another number of rows");
  }
  counted.writes++;
  if (seen.status >= 400) counted.refusedWrites++;
  else if (seen.body.rowsAffected > 0) counted.changes++;
  return { seen, fault: found };
}

/** The numbers of the rows that are no longer as they were, and of those that were not there as they are. */
function changes(before: Stored, after: Stored): { gone: readonly unknown[]; come: readonly unknown[] } {
  const differs = (one: Stored, other: Stored): readonly unknown[] =>
    [...one].filter(([number, cells]) => !same(cells, other.get(number) ?? null)).map(([number]) => number);
  return { gone: differs(before, after), come: differs(after, before) };
}

/** A cell that changed and was not in the body. */
function strayed(
  { columns, key }: DrawnTable,
  before: Stored,
  after: Stored,
  body: object,
): string | undefined {
  if (key.some((name) => Object.hasOwn(body, name))) return undefined;
  for (const [number, cells] of before)
    for (const [index, { name }] of columns.entries())
      if (!Object.hasOwn(body, name) && after.get(number)?.[index] !== cells[index])
        return `\`${name}\` changed by itself`;
  return undefined;
}

/** Whether a column has a name that every object has. */
const hasInherited = ({ columns }: DrawnTable): boolean =>
  columns.some(({ name }) => name in Object.prototype);

function drawWriteResource(drawer: RuleDrawer, dice: Dice, table: DrawnTable): WriteResource {
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

function drawWriting(drawer: RuleDrawer, dice: Dice, { table, rule }: WriteResource): Writing {
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

// --- the laws --------------------------------------------------------------------------------------------------------

/** Opens one world after the other, everywhere. */
async function everyWorld(
  worlds: Iterable<DrawnWorld>,
  work: (open: readonly OpenWorld[], dice: Dice) => Promise<void>,
): Promise<void> {
  for (const drawn of worlds) {
    const open: OpenWorld[] = [];
    try {
      for (const name of NAMES) open.push(await openWorld(name, drawn, folder));
      counted.schemas++;
      await work(open, new Dice(drawn.seed + 1));
    } finally {
      for (const each of open) each.close();
    }
  }
}

function* worldsOf(law: number): Iterable<DrawnWorld> {
  for (let index = 0; index < WORLDS; index++)
    yield drawWorld(Math.imul(SEED, 31) + law * 1_000_003 + index * 7919, pools);
}

// --- what does not hold yet ------------------------------------------------------------------------------------------

const plain = (name: string, mode: string, notNull = false): DrawnColumn => ({
  name,
  db: name,
  mode,
  notNull,
  otherwise: undefined,
});
const tableLike = (
  name: string,
  key: readonly string[],
  columns: readonly DrawnColumn[],
  rows: readonly Row[],
): DrawnTable => ({
  name,
  db: `t_${name}`,
  columns: [...columns],
  key,
  relations: [],
  rows,
});
let examples = 0;
const drawn = ({ tables }: { tables: readonly DrawnTable[] }): DrawnWorld => ({
  seed: ++examples,
  tables,
  cased: false,
});
const extra = (kind: DrawnExtra["kind"], column: string): DrawnRule["extras"] => ({
  more: { kind, column, as: "more" },
});

/** Each is left out of the random worlds, see `SPARED`. */
const EXAMPLES: readonly {
  what: string;
  tables: readonly DrawnTable[];
  rule: DrawnRule;
  selector?: object;
}[] = [
  {
    what: "a column called `rowid` where there is no key does not let other rows out",
    tables: [
      tableLike(
        "a",
        [],
        [plain("rowid", "integer"), plain("owner", "text")],
        [
          { rowid: 1, owner: "me" },
          { rowid: 1, owner: null },
        ],
      ),
    ],
    rule: { ...EVERYTHING, where: { kind: "text", column: "owner" } },
  },
  {
    what: "a row with nothing in a part of its key is there",
    tables: [
      tableLike(
        "a",
        ["x", "y"],
        [plain("x", "text"), plain("y", "text"), plain("z", "text")],
        [{ x: "1", y: null, z: "z" }],
      ),
    ],
    rule: { ...EVERYTHING, where: { kind: "text", column: "z" } },
  },
  {
    what: "a row with nothing in a part of its key has its computed fields",
    tables: [tableLike("a", ["x", "y"], [plain("x", "text"), plain("y", "text")], [{ x: "1", y: null }])],
    rule: { ...EVERYTHING, extras: extra("typeof", "x") },
  },
  {
    what: "a computed field of a table without a key",
    tables: [tableLike("a", [], [plain("x", "text")], [{ x: "1" }])],
    rule: { ...EVERYTHING, extras: extra("typeof", "x") },
  },
  {
    what: "a number beyond 2^53 that is computed alone",
    tables: [
      tableLike(
        "a",
        ["x"],
        [plain("x", "text", true), plain("n", "numericBig")],
        [{ x: "1", n: 2n ** 60n + 1n }],
      ),
    ],
    rule: { ...EVERYTHING, extras: extra("column", "n") },
    selector: { columns: false },
  },
];

const WRITABLE = {
  rule: { ...EVERYTHING, extras: {} },
  check: undefined,
  write: true,
  maxAffected: undefined,
} as const;

const WRITE_EXAMPLES: readonly { what: string; tables: readonly DrawnTable[]; body: object }[] = [
  {
    what: "a change beside a column called `constructor`",
    tables: [
      tableLike(
        "a",
        ["x"],
        [plain("x", "text", true), plain("constructor", "text"), plain("y", "text")],
        [{ x: "1", constructor: "c", y: "y" }],
      ),
    ],
    body: { y: "z" },
  },
];

const FLAGS = ["", "", "countTotal", "findFirst", "countTotal=F", "findFirst&countTotal"];

/** A failure in words: what was asked, what was wrong, over which tables. */
const told = (open: readonly OpenWorld[], asked: { table: DrawnTable }, faults: readonly string[]): string =>
  [
    `world ${open[0]!.world.seed}`,
    shown({ ...asked, table: asked.table.name }),
    ...faults,
    ...open[0]!.ddl,
  ].join("\n");

describe(`both readers answer alike over schemas nobody wrote (seed ${SEED})`, () => {
  test(
    "rows that are readable, as many as allowed, in the order asked for",
    async () => {
      await everyWorld(worldsOf(1), async (open, dice) => {
        const { world } = open[0]!;
        const drawer = new RuleDrawer(dice, world, pools);
        for (let resource = 0; resource < RESOURCES; resource++) {
          const table = dice.pick(world.tables);
          const rule = drawer.rule(table, 3);
          const entry = {
            ...(dice.chance(0.1) && { findFirst: dice.chance(0.5) }),
            ...(dice.chance(0.2) && { countTotal: true }),
          };
          const routes = serve(open, { table, rule, entry });
          for (let n = 0; n < READS; n++) {
            const selector = n === 0 ? undefined : drawer.selector(table, rule);
            const asking = { table, rule, entry, selector, flags: dice.pick(FLAGS), me: dice.between(1, 3) };
            counted.reads++;
            const fault = await wrong(world, routes, asking);
            if (fault === undefined) continue;
            const least = await shrunk(open, asking, fault);
            const left = await wrong(world, serve(open, least), least);
            throw new Error(told(open, least, [left ?? fault]));
          }
        }
      });
    },
    PATIENCE,
  );

  test(
    "a write that changes what the rule admits, or nothing",
    async () => {
      await everyWorld(worldsOf(2), async (open, dice) => {
        const { world } = open[0]!;
        const drawer = new RuleDrawer(dice, world, pools);
        const resource = drawWriteResource(drawer, dice, dice.pick(world.tables));
        // Whichever writes by the remembered statements, the other writes by Drizzle's.
        const readers = dice.shuffled(READERS);
        const routes = open.map((each, index) => serveWrites(each, resource, readers[index]!));
        for (let n = 0; n < WRITES; n++) {
          const writing = drawWriting(drawer, dice, resource);
          const did: Seen[] = [];
          const faults: string[] = [];
          for (const [index, each] of open.entries()) {
            const { seen, fault } = await wrongly(each, routes[index]!, resource, writing);
            did.push(seen);
            if (fault !== undefined) faults.push(`${routes[index]!.name}: ${fault}`);
          }
          if (did[0]!.status !== did[1]!.status || !same(did[0]!.body, did[1]!.body, cut))
            faults.push(`the databases differ ${difference(did[0]!.body, did[1]!.body)}`);
          if (faults.length > 0)
            throw new Error(told(open, { ...resource, ...writing }, [...faults, ...did.map(show)]));
        }
      });
    },
    PATIENCE,
  );

  for (const { what, tables, rule, selector = {} } of EXAMPLES) {
    test(`an example: ${what}`, async () => {
      await everyWorld([drawn({ tables })], async (open) => {
        const asking = { table: tables[0]!, rule, entry: {}, selector, flags: "", me: 1 };
        expect(await wrong(open[0]!.world, serve(open, asking), asking)).toBeUndefined();
      });
    });
  }

  for (const { what, tables, body } of WRITE_EXAMPLES) {
    test(`an example: ${what}`, async () => {
      await everyWorld([drawn({ tables })], async (open) => {
        const resource = { ...WRITABLE, table: tables[0]! };
        for (const reader of READERS) {
          const served = serveWrites(open[0]!, resource, reader);
          const writing = { method: "PATCH" as const, body, selector: undefined, flags: "", me: 1 };
          expect((await wrongly(open[0]!, served, resource, writing)).fault).toBeUndefined();
        }
      });
    });
  }

  test("hundreds of times", () => {
    console.log(counted);
  });
});
