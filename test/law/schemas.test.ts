import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../support/dice.ts";
import { cutAtNUL, PATIENCE, runs, same, SEED, type Seen, thatMany } from "../support/laws.ts";
import type { Row } from "../support/model.ts";
import {
  type Asking,
  difference,
  drawWriteResource,
  drawWriting,
  type Judge,
  membersOf,
  misshapen,
  READERS,
  serve,
  serveWrites,
  show,
  shown,
  shrunk,
  told,
  wrong,
  wrongly,
} from "../support/world-laws.ts";
import {
  carried,
  type DrawnExtra,
  type DrawnRule,
  EVERYTHING,
  readableOf,
  relationOf,
  RuleDrawer,
  SQLITE_TONGUE,
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
  tableOf,
} from "../support/worlds.ts";

const NAMES = ["libsql file", "bun:sqlite"] as const;
const WORLDS = runs(48).numRuns;
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

/** Whichever of the two libsql's driver cut. */
const cut = (key: string, a: unknown, b: unknown): boolean => cutAtNUL(key, a, b) || cutAtNUL(key, b, a);

const judgeOf = (world: DrawnWorld): Judge => ({
  tongue: SQLITE_TONGUE,
  excuses: cut,
  fault({ status, body }, asking) {
    if (status === 200) return misanswered(world, body, asking);
    counted.refusedReads++;
    return undefined;
  },
});

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
  /** Whether nothing of the rows is asked for. */
  readonly nothing: boolean;
  fault(rows: readonly any[]): string | undefined;
}

/** What the rows of a node may be. */
function nodeOf(world: DrawnWorld, table: DrawnTable, rule: DrawnRule, selector: any, one = false): Node {
  const { wanted, members } = membersOf(table, rule, selector);
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
  const columns = readableOf(rule, table).filter(({ name }) => wanted.includes(name));
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
  return {
    nothing: members.length === 0,
    fault(rows) {
      if (rows.length > most) return `${rows.length} rows of ${table.name}, more than ${most}`;
      const strange = misshapen(table, rows, members);
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

/** What makes an order total: the key in the order of the schema, or every column. */
const orderedKey = ({ columns, key }: DrawnTable): readonly string[] =>
  key.length === 0 ? columns.map(({ name }) => name) : key;

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

describe(`both readers answer alike over schemas nobody wrote (seed ${SEED})`, () => {
  test(
    "rows that are readable, as many as allowed, in the order asked for",
    async () => {
      await everyWorld(worldsOf(1), async (open, dice) => {
        const { world } = open[0]!;
        const judge = judgeOf(world);
        const drawer = new RuleDrawer(dice, world, pools);
        for (let resource = 0; resource < RESOURCES; resource++) {
          const table = dice.pick(world.tables);
          const rule = drawer.rule(table, 3);
          const entry = {
            ...(dice.chance(0.1) && { findFirst: dice.chance(0.5) }),
            ...(dice.chance(0.2) && { countTotal: true }),
          };
          const routes = serve(open, { table, rule, entry }, SQLITE_TONGUE);
          for (let n = 0; n < READS; n++) {
            const selector = n === 0 ? undefined : drawer.selector(table, rule);
            const asking = { table, rule, entry, selector, flags: dice.pick(FLAGS), me: dice.between(1, 3) };
            counted.reads++;
            const fault = await wrong(routes, asking, judge);
            if (fault === undefined) continue;
            const least = await shrunk(open, asking, fault, judge);
            const left = await wrong(serve(open, least, SQLITE_TONGUE), least, judge);
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
        const judge = judgeOf(world);
        const drawer = new RuleDrawer(dice, world, pools);
        const resource = drawWriteResource(drawer, dice, dice.pick(world.tables));
        // Whichever writes by the remembered statements, the other writes by Drizzle's.
        const readers = dice.shuffled(READERS);
        const routes = open.map((each, index) => serveWrites(each, resource, readers[index]!, SQLITE_TONGUE));
        for (let n = 0; n < WRITES; n++) {
          const writing = drawWriting(drawer, dice, resource);
          const did: Seen[] = [];
          const faults: string[] = [];
          for (const [index, each] of open.entries()) {
            const { seen, changed, fault } = await wrongly(each, routes[index]!, resource, writing, judge);
            counted.writes++;
            if (changed) counted.changes++;
            if (seen.status >= 400) counted.refusedWrites++;
            did.push(seen);
            if (fault !== undefined) faults.push(`${routes[index]!.name}: ${fault}`);
          }
          if (did[0]!.status !== did[1]!.status || !same(did[0]!.body, did[1]!.body, cut))
            faults.push(`the databases differ ${difference(did[0]!.body, did[1]!.body, cut)}`);
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
        const routes = serve(open, asking, SQLITE_TONGUE);
        expect(await wrong(routes, asking, judgeOf(open[0]!.world))).toBeUndefined();
      });
    });
  }

  for (const { what, tables, body } of WRITE_EXAMPLES) {
    test(`an example: ${what}`, async () => {
      await everyWorld([drawn({ tables })], async (open) => {
        const resource = { ...WRITABLE, table: tables[0]! };
        for (const reader of READERS) {
          const judge = judgeOf(open[0]!.world);
          const served = serveWrites(open[0]!, resource, reader, SQLITE_TONGUE);
          const writing = { method: "PATCH" as const, body, selector: undefined, flags: "", me: 1 };
          expect((await wrongly(open[0]!, served, resource, writing, judge)).fault).toBeUndefined();
        }
      });
    });
  }

  test("hundreds of times", () => {
    console.log(counted);
    thatMany("others", "schemas", counted.reads + counted.writes);
  });
});
