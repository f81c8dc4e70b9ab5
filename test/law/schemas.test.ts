import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../support/dice.ts";
import { cutAtNUL, type LawRoute, PATIENCE, routeOver, runs, same, SEED, type Seen } from "../support/laws.ts";
import { Author, carried, type DrawnRule, EVERYTHING, readableOf, relationOf, RuleDrawer } from "../support/world-rules.ts";
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
  tableOf,
} from "../support/worlds.ts";
import { path } from "../support/write.ts";

const NAMES = ["libsql file", "bun:sqlite"] as const;
const READERS = ["fast", "portable"] as const;
const WORLDS = runs(64).numRuns;
const RESOURCES = 2;
const READS = 13;
const WRITES = 8;

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
async function wrong(routes: readonly Served[], asking: Asking): Promise<string | undefined> {
  const url = path("x", asking.selector, asking.flags);
  const answers: Answered[] = [];
  for (const { name, route } of routes)
    answers.push({ name, seen: await route.ask("GET", url, asking.me), errors: route.errors.splice(0) });
  return judge(answers, asking);
}

function judge(answers: readonly Answered[], asking: Asking): string | undefined {
  const told = (what: string): string =>
    `${what}\n${answers.map(({ name, seen }) => `${name}: ${show(seen)}`).join("\n")}`;
  for (const { name, seen, errors } of answers)
    if (errors.length > 0 || seen.status >= 500) return told(`${name} failed, ${causeOf(errors[0])}`);
  const [first, ...others] = answers;
  for (const { name, seen } of others)
    if (seen.status !== first!.seen.status || !same(first!.seen.body, seen.body, cutAtNUL))
      return told(`${first!.name} and ${name} differ`);
  if (first!.seen.status !== 200) {
    counted.refusedReads++;
    return undefined;
  }
  const fault = misanswered(first!.seen.body, asking);
  return fault === undefined ? undefined : told(fault);
}

const causeOf = (error: any): string => String(error?.cause?.message ?? error?.message ?? error).slice(0, 3000) + (process.env.STACK ? error.stack : "");

/** What an answer holds that it must not, whoever made it. */
function misanswered(body: any, { table, rule, entry, selector, flags }: Asking): string | undefined {
  const node = nodeOf(world!, table, rule, selector ?? {});
  const first = entry.findFirst ?? (flags.includes("findFirst") && !flags.includes("findFirst=F"));
  if (node.nothing) return "x" in body ? "rows that nobody asked for" : undefined;
  const rows = first ? (body.x === null ? [] : [body.x]) : body.x;
  if (!first && body.count !== rows.length) return "a count that is none";
  if (body.total !== undefined && body.total < rows.length) return "a total that is none";
  counted.rows += rows.length;
  return node.fault(rows);
}

/** The world whose answers are judged. */
let world: DrawnWorld | undefined;

interface Node {
  /** Whether nothing of the rows is asked for. */
  readonly nothing: boolean;
  fault(rows: readonly any[]): string | undefined;
}

/** What the rows of a node may be. */
function nodeOf(world: DrawnWorld, table: DrawnTable, rule: DrawnRule, selector: any): Node {
  const readable = readableOf(rule, table);
  const offered = [...readable.map(({ name }) => name), ...Object.keys(rule.extras)];
  const wanted = projected(selector.columns, offered, Object.keys(rule.extras));
  const relations = Object.entries<any>(selector.with ?? {})
    .filter(([, wish]) => wish !== false)
    .map(([name, wish]) => {
      const relation = relationOf(table, name)!;
      const inner = rule.with[name]!;
      const innerRule = typeof inner === "object" ? inner : EVERYTHING;
      const node = nodeOf(world, tableOf(world, relation.target), innerRule, wish === true ? {} : wish);
      return { ...relation, node };
    });
  const members = [...wanted, ...relations.map(({ name }) => name)];
  const columns = readable.filter(({ name }) => wanted.includes(name));
  const most = Math.min(selector.limit ?? Infinity, rule.maxLimit === undefined ? 100 : (rule.maxLimit ?? Infinity));
  const asked = Object.entries(selector.orderBy ?? rule.orderBy ?? {});
  const keys: (readonly [string, unknown])[] = [
    ...asked,
    ...orderedKey(table)
      .filter((name) => !asked.some(([key]) => key === name))
      .map((name) => [name, "asc"] as const),
  ];
  const compare = comparing(table, columns, keys);
  return {
    nothing: members.length === 0,
    fault(rows) {
      if (rows.length > most) return `${rows.length} rows of ${table.name}, more than ${most}`;
      for (const [index, row] of rows.entries()) {
        if (!same(Object.keys(row).toSorted(), members.toSorted()))
          return `members ${Object.keys(row)} of ${table.name}, not ${members}`;
        if (index > 0 && compare(rows[index - 1], row) > 0) return `rows of ${table.name} out of order at ${index}`;
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
  const whole = table.key.length > 0 && table.key.every((name) => exact.some((column) => column.name === name));
  const same_ = whole ? table.rows.filter((stored) => matches(stored, table.key.map((name) => columnOf(table, name)))) : table.rows;
  return same_.some((stored) => matches(stored, exact)) ? undefined : `no row of ${table.name} is ${shown(row)}`;
}

/** The same failure with everything left out that does not matter. */
async function shrunk(open: readonly OpenWorld[], asking: Asking): Promise<Asking> {
  let best = asking;
  let attempts = 0;
  for (let progress = true; progress; ) {
    progress = false;
    for (const place of places(best, [])) {
      if (place.length < 2 || attempts++ > 600) continue;
      const next = without(best, place);
      if (next === undefined) continue;
      try {
        if ((await wrong(serve(open, next), next)) === undefined) continue;
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

const isBranch = (value: unknown): value is Record<string, unknown> =>
  Array.isArray(value) || (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

function* places(value: any, at: readonly string[]): Generator<readonly string[]> {
  if (!isBranch(value)) return;
  for (const key of Object.keys(value)) {
    if (at.length === 0 && key === "table") continue;
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

// --- the laws --------------------------------------------------------------------------------------------------------

/** Opens one world after the other, everywhere. */
async function everyWorld(
  seeds: readonly number[],
  work: (open: readonly OpenWorld[], dice: Dice) => Promise<void>,
): Promise<void> {
  for (const seed of seeds) {
    const drawn = drawWorld(seed, pools);
    world = drawn;
    const open: OpenWorld[] = [];
    try {
      for (const name of NAMES) open.push(await openWorld(name, drawn, folder));
      counted.schemas++;
      await work(open, new Dice(seed + 1));
    } finally {
      for (const { close } of open) close();
    }
  }
}
const seedsOf = (law: number): readonly number[] =>
  Array.from({ length: WORLDS }, (_, index) => Math.imul(SEED, 31) + law * 1_000_003 + index * 7919);

describe(`both readers answer alike over schemas nobody wrote (seed ${SEED})`, () => {
  test(
    "rows that are readable, as many as allowed, in the order asked for",
    async () => {
      const faults = new Map<string, string>();
      await everyWorld(seedsOf(1), async (open, dice) => {
        for (let resource = 0; resource < RESOURCES; resource++) {
          const drawer = new RuleDrawer(dice, open[0]!.world, pools);
          const table = dice.pick(open[0]!.world.tables);
          const rule = drawer.rule(table, 3);
          const entry = {
            ...(dice.chance(0.1) && { findFirst: dice.chance(0.5) }),
            ...(dice.chance(0.2) && { countTotal: true }),
          };
          const routes = serve(open, { table, rule, entry });
          for (let n = 0; n < READS; n++) {
            const asking: Asking = {
              table,
              rule,
              entry,
              selector: n === 0 ? undefined : drawer.selector(table, rule),
              flags: dice.pick(["", "", "countTotal", "findFirst", "countTotal=F", "findFirst&countTotal"]),
              me: dice.between(1, 3),
            };
            counted.reads++;
            const fault = await wrong(routes, asking);
            if (fault !== undefined && !fault.includes("needs a primary key")) {
              faults.set(fault.split("\n")[0]!.slice(0,150), `${open[0]!.world.seed} ${fault} ${process.env["SHRINK"] ? await (async () => { const m = await shrunk(open, asking); return shown({...m, table: m.table.name}) + "\n" + (await wrong(serve(open, m), m)) + open[0]!.ddl.join("\n") })() : ""}`);
            }
          }
        }
      });
      for (const [k, v] of faults) console.log("-----", k, v.slice(0, process.env["SHRINK"] ? 20000: 600));
      expect(faults.size).toBe(0);
    },
    PATIENCE,
  );

  test("hundreds of times", () => {
    console.log(counted);
  });
});
