import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, exists, relations, sql } from "drizzle-orm";
import { alias, integer, pgTable, primaryKey, QueryBuilder, timestamp } from "drizzle-orm/pg-core";
import { Dice } from "../support/dice.ts";
import { PATIENCE, routeOver, runs, same, SEED, type Seen } from "../support/laws.ts";
import { openEmbedded, type OpenGround, openOnServer } from "../support/pg-grounds.ts";
import { Oracle } from "../support/pg-oracle.ts";
import { bytea, type Cell, PG_MODES, PG_POOLS } from "../support/pg-values.ts";
import { drawPgWorld, literal, openPgWorld, PG_TONGUE, written } from "../support/pg-worlds.ts";
import { type OpenedPostgresql, openPostgresql, SERVER } from "../support/postgresql.ts";
import {
  admitted,
  causeOf,
  difference,
  type DoneWrite,
  drawWriteResource,
  drawWriting,
  type Judge,
  READERS,
  serve,
  serveWrites,
  show,
  shown,
  shrunk,
  tablesOf,
  told,
  wrong,
  wrongly,
} from "../support/world-laws.ts";
import { Author, type DrawnRule, readableOf, RuleDrawer } from "../support/world-rules.ts";
import {
  columnOf,
  type DrawnTable,
  type DrawnWorld,
  type OpenWorld,
  quoted,
  tableOf,
} from "../support/worlds.ts";
import { path } from "../support/write.ts";

/** How many worlds are read, written to, and looked at for what they hide. */
const WORLDS = { read: runs(16).numRuns, written: runs(14).numRuns, hidden: runs(6).numRuns };
/** On the server too, each world by every driver. */
const SERVED_WORLDS = runs(3).numRuns;
const DRIVERS = ["node-postgres", "bun-sql", "postgres-js"] as const;
const RESOURCES = 2;
const READS = 12;
const WRITES = 10;

let embedded: readonly OpenGround[];
const grounds: OpenGround[] = [];
beforeAll(async () => {
  embedded = [await openEmbedded("PGlite"), await openEmbedded("another PGlite")];
  for (const name of SERVER === undefined ? [] : DRIVERS) grounds.push(await openOnServer(name));
}, PATIENCE);
afterAll(async () => {
  for (const ground of [...embedded, ...grounds]) await ground.close();
});

const counted = {
  schemas: 0,
  reads: 0,
  refusedReads: 0,
  decided: 0,
  undecided: 0,
  writes: 0,
  changes: 0,
  refusedWrites: 0,
  compared: 0,
};
const excuses = (): boolean => false;
const FLAGS = ["", "", "countTotal", "findFirst", "countTotal=F", "findFirst&countTotal"];

/** Opens one world after the other, on every ground. */
async function everyWorld(
  law: number,
  count: number,
  on: readonly OpenGround[],
  work: (open: readonly OpenWorld[], dice: Dice) => Promise<void>,
): Promise<void> {
  const only = process.env["LAW_WORLD"];
  for (let index = 0; index < count; index++) {
    const seed = only === undefined ? Math.imul(SEED, 31) + law * 1_000_003 + index * 7919 : Number(only);
    const world = drawPgWorld(seed);
    const open: Awaited<ReturnType<typeof openPgWorld>>[] = [];
    try {
      for (const ground of on) open.push(await openPgWorld(ground, world));
      counted.schemas++;
      await work(open, new Dice(world.seed + 1));
    } finally {
      for (const each of open) await each.end();
    }
    if (only !== undefined) return;
  }
}

const judgeOf = (open: OpenWorld): Judge => {
  const oracle = new Oracle(open, true);
  return {
    tongue: PG_TONGUE,
    excuses,
    async fault(seen, asking) {
      const { decided, undecided } = oracle;
      const fault = await oracle.fault(seen, asking);
      counted.decided += oracle.decided - decided;
      counted.undecided += oracle.undecided - undecided;
      if (seen.status >= 400) counted.refusedReads++;
      return fault;
    },
  };
};

/** What a write did, told by what a read says of it afterwards. */
async function writeFault({
  open,
  served,
  resource,
  writing,
  seen,
  before,
  come,
}: DoneWrite): Promise<string | undefined> {
  const { table, rule, check } = resource;
  const { method, selector, me, body } = writing;
  const answered: readonly any[] = seen.body.x ?? [];
  if (method === "DELETE") {
    const said: readonly any[] = before?.body?.x ?? [];
    const left = said.filter((row) => !answered.some((other) => same(row, other)));
    return "x" in seen.body && before?.status === 200 && left.length > 0
      ? `removed, and not answered as it was: ${shown(left[0])}`
      : undefined;
  }
  const fault = await storedOtherwise(open, table, body, come);
  if (fault !== undefined) return fault;
  if (table.key.length === 0 || answered.length === 0) return undefined;
  for (const row of answered) {
    if (!table.key.every((name) => Object.hasOwn(row, name))) return undefined;
    const where = Object.fromEntries(table.key.map((name) => [`${name}.eq`, row[name]]));
    const { where: _, ...rest } = selector ?? {};
    const read = await served.route.ask("GET", path("x", { ...rest, where }), me);
    if (read.status === 400) continue; // a key that came by other ways, and clients cannot write
    if (read.status !== 200) return `written, and cannot be read: ${show(read)}`;
    const [found] = read.body.x;
    if (found !== undefined && !same(found, row))
      return `answered ${shown(row)}, and a read says ${shown(found)}`;
    if (found === undefined && check === undefined && rule.where === undefined && !isCutOff(table, row))
      return `answered ${shown(row)}, and no read finds it`;
  }
  return undefined;
}

/** Whether a key says less than is stored: moments end at milliseconds, and what no number holds is null. */
const isCutOff = ({ key, ...table }: DrawnTable, row: any): boolean =>
  key.some(
    (name) => row[name] === null || /^(?:stamp|numericNumber)/.test(columnOf({ key, ...table }, name).mode),
  );

/** A value of a body that is not what is stored. */
async function storedOtherwise(
  open: OpenWorld,
  table: DrawnTable,
  body: unknown,
  come: readonly unknown[],
): Promise<string | undefined> {
  const meant = drawn?.meant.get(body as object);
  if (meant === undefined || come.length === 0) return undefined;
  const equal = [...meant]
    .filter(([name]) => Object.hasOwn(body as object, name))
    .map(([name, cell]) => {
      const column = quoted(open.nameOf(table, name));
      if (cell === null) return [name, `${column} is null`];
      const { loose, compares } = PG_MODES[columnOf(table, name).mode]!;
      const value = `${literal((cell as Cell).text)}::${loose}`;
      const asText = loose.startsWith("json") ? `${loose.replace(/^jsonb?/, "::jsonb")}::text` : "::text";
      return compares === "nothing"
        ? [name, `${column}${asText} is not distinct from ${value}${asText}`]
        : [name, `${column} is not distinct from ${value}`];
    });
  for (const [name, condition] of equal) {
    const rows = await open.query(
      `select 1 from ${open.source(table)} where "~row" in (${come.join()}) and not (${condition})`,
    );
    if (rows.length > 0) return `\`${name}\` is not stored as it was sent`;
  }
  return undefined;
}

let drawn: RuleDrawer | undefined;

/** An answer about rows that have no key, and so no order. */
const inNoOrder = (seen: Seen): Seen =>
  Array.isArray(seen.body.x)
    ? { ...seen, body: { ...seen.body, x: seen.body.x.map(shown).toSorted() } }
    : seen;

async function writes(open: readonly OpenWorld[], dice: Dice): Promise<void> {
  const { world } = open[0]!;
  const judge: Judge = { tongue: PG_TONGUE, excuses, fault: () => undefined, writeFault };
  const drawer = new RuleDrawer(dice, world, PG_POOLS, PG_TONGUE);
  drawn = drawer;
  const resource = drawWriteResource(drawer, dice, dice.pick(tablesOf(world)));
  const readers = dice.shuffled(READERS);
  const routes = open.map((each, index) => serveWrites(each, resource, readers[index % 2]!, PG_TONGUE));
  for (let n = 0; n < WRITES; n++) {
    const writing = drawWriting(drawer, dice, resource);
    const did: Seen[] = [];
    const faults: string[] = [];
    for (const [index, each] of open.entries()) {
      const { seen, changed, fault } = await wrongly(each, routes[index]!, resource, writing, judge);
      counted.writes++;
      if (changed) counted.changes++;
      if (seen.status >= 400) counted.refusedWrites++;
      did.push(resource.table.key.length === 0 ? inNoOrder(seen) : seen);
      if (fault !== undefined) faults.push(`${routes[index]!.name}: ${fault}`);
    }
    for (const other of did.slice(1))
      if (did[0]!.status !== other.status || !same(did[0]!.body, other.body, excuses))
        faults.push(`the databases differ ${difference(did[0]!.body, other.body, excuses)}`);
    if (faults.length > 0)
      throw new Error(told(open, { ...resource, ...writing }, [...faults, ...did.map(show)]));
  }
}

async function reads(open: readonly OpenWorld[], dice: Dice): Promise<void> {
  const { world } = open[0]!;
  const judge = judgeOf(open[0]!);
  const drawer = new RuleDrawer(dice, world, PG_POOLS, PG_TONGUE);
  for (let resource = 0; resource < RESOURCES; resource++) {
    const table = dice.pick(world.tables);
    const rule = dice.chance(0.1) ? drawer.aggregates(table) : drawer.rule(table, 3);
    const entry = {
      ...(dice.chance(0.1) && { findFirst: dice.chance(0.5) }),
      ...(dice.chance(0.2) && { countTotal: true }),
    };
    const routes = serve(open, { table, rule, entry }, PG_TONGUE);
    for (let n = 0; n < READS; n++) {
      const { dubious } = drawer;
      const selector = n === 0 ? undefined : drawer.selector(table, rule);
      const asking = {
        table,
        rule,
        entry,
        selector,
        flags: dice.pick(FLAGS),
        me: dice.between(1, 3),
        dubious: drawer.dubious > dubious,
      };
      counted.reads++;
      const fault = await wrong(routes, asking, judge);
      if (fault === undefined) continue;
      const least = await shrunk(open, asking, fault, judge);
      const left = await wrong(serve(open, least, PG_TONGUE), least, judge);
      throw new Error(told(open, least, [left ?? fault]));
    }
  }
}

// --- what is hidden --------------------------------------------------------------------------------------------------

/** One rule for each table, wherever the table is met: what it hides is hidden everywhere. */
type Sight = ReadonlyMap<string, DrawnRule>;

function drawSight(world: DrawnWorld, drawer: RuleDrawer, dice: Dice): Sight {
  return new Map(
    world.tables.map((table) => {
      const kept = new Set([...table.key, ...world.tables.flatMap((other) => joined(other, table))]);
      const hidden = table.columns.filter(
        (column) =>
          !kept.has(column.name) &&
          // Rows that cannot be told apart come in the order they are stored in.
          (dice.chance(0.5) || (table.key.length === 0 && !PG_TONGUE.isOrdered(column))),
      );
      const { where, orderBy, maxLimit } = drawer.rule(table, 0);
      const names = hidden.map(({ name }) => name);
      const told = Object.entries(orderBy ?? {}).filter(([name]) => !names.includes(name));
      return [
        table.name,
        {
          select: { mode: false, columns: names },
          ...(where !== undefined && { where }),
          ...(told.length > 0 && { orderBy: Object.fromEntries(told) }),
          ...(maxLimit !== undefined && { maxLimit }),
          onSurpassMaxLimit: "Limit",
          extras: {},
          with: {},
        },
      ];
    }),
  );
}

/** The columns by which a table is joined to others. */
const joined = (from: DrawnTable, table: DrawnTable): readonly string[] =>
  from.relations.flatMap(({ target, on }) => [
    ...(from === table ? on.map(([own]) => own) : []),
    ...(target === table.name ? on.map(([, other]) => other) : []),
  ]);

/** The rule of a table with its relations' rules, `depth` deep. */
const nested = (world: DrawnWorld, sight: Sight, table: DrawnTable, depth: number): DrawnRule => ({
  ...sight.get(table.name)!,
  with: Object.fromEntries(
    (depth === 0 ? [] : table.relations).map(({ name, target }) => [
      name,
      nested(world, sight, tableOf(world, target), depth - 1),
    ]),
  ),
});

/** What a caller may see: of each table the rows that exist for him, with the columns he may read. */
async function view(open: OpenWorld, sight: Sight, me: number): Promise<string> {
  const seen: unknown[] = [];
  for (const table of open.world.tables) {
    const rule = sight.get(table.name)!;
    const rows = await admitted(open, table, rule.where, me, PG_TONGUE);
    const columns = readableOf(rule, table).map(({ name }) => open.cell(quoted(open.nameOf(table, name))));
    const cells = await open.query(
      `select ${['"~row"', ...columns].join(", ")} from ${open.source(table)} order by 1`,
    );
    seen.push(cells.filter(([number]) => rows.has(number)));
  }
  return shown(seen);
}

/** Changes cells that the caller may not see; how many. */
async function changeHidden(open: OpenWorld, sight: Sight, me: number, dice: Dice): Promise<number> {
  const { world } = open;
  let seen = await view(open, sight, me);
  let changed = 0;
  for (let n = 0; n < 12; n++) {
    const table = dice.pick(tablesOf(world));
    const kept = [...table.key, ...world.tables.flatMap((other) => joined(other, table))];
    const free = table.columns.filter(({ name, made }) => made === undefined && !kept.includes(name));
    if (free.length === 0 || table.rows.length === 0) continue;
    const column = dice.pick(free);
    const cell = dice.pick(PG_MODES[column.mode]!.cells);
    const name = quoted(open.nameOf(table, column.name));
    const number = dice.between(1, table.rows.length);
    const set = (value: string): Promise<unknown> =>
      open.query(`update ${open.source(table)} set ${name} = ${value} where "~row" = ${number}`);
    const [row] = await open.query(
      `select ${name}::text from ${open.source(table)} where "~row" = ${number}`,
    );
    await set(written(column, cell.text));
    const now = await view(open, sight, me);
    if (now === seen) changed++;
    else await set(row![0] === null ? "null" : written(column, row![0] as string));
    seen = await view(open, sight, me);
  }
  return changed;
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body: string | undefined;
}

function drawSent(world: DrawnWorld, sight: Sight, drawer: RuleDrawer, dice: Dice): Sent {
  const table = dice.pick(world.tables);
  const rule = nested(world, sight, table, 2);
  // Now and then what is hidden is asked for.
  const selector: any = drawer.selector(table, dice.chance(0.7) ? rule : { ...rule, select: true });
  const method =
    table.shows === undefined ? dice.pick(["GET", "GET", "GET", "HEAD", "PATCH", "DELETE"]) : "GET";
  const { columns, where, with: relations } = selector;
  const narrow = Object.fromEntries(
    Object.entries({ columns, where, with: relations }).filter(([, value]) => value !== undefined),
  );
  const plain = readableOf(rule, table).filter(
    ({ name, made }) => made === undefined && !table.key.includes(name),
  );
  const body = method === "PATCH" ? JSON.stringify(drawer.body(table, plain, false)) : undefined;
  const reads = method === "GET" || method === "HEAD";
  const flags = dice.pick(reads ? FLAGS : ["", "countTotal"]);
  return { method, url: path(resourceOf(world, table), reads ? selector : narrow, flags), body };
}

const resourceOf = ({ tables }: DrawnWorld, table: DrawnTable): string => `r${tables.indexOf(table)}`;

async function hides([open]: readonly OpenWorld[], dice: Dice): Promise<void> {
  const { world } = open!;
  const drawer = new RuleDrawer(dice, world, PG_POOLS, PG_TONGUE);
  const author = new Author(open!, PG_TONGUE);
  const sight = drawSight(world, drawer, dice);
  const me = dice.between(1, 3);
  const acl = Object.fromEntries(
    world.tables.map((table) => {
      const rule = author.rule(nested(world, sight, table, 2), table);
      // What would change at most no row counts them and changes nothing.
      const counting = { ...rule, write: true, maxAffected: 0, ...(table.key.length === 0 && { with: {} }) };
      const writes = { PATCH: { all: { ...counting, check: true } }, DELETE: { all: counting } };
      const control = { GET: { all: rule }, ...(table.shows === undefined && writes) };
      return [resourceOf(world, table), { table: table.name, control }];
    }),
  );
  const routes = READERS.map((reader) =>
    routeOver(acl as never, open!.database, { schema: open!.schema, reader, onWarning: () => undefined }),
  );
  const sent = Array.from({ length: 20 }, () => drawSent(world, sight, drawer, dice));
  const ask = async (): Promise<readonly Seen[]> => {
    const answers: Seen[] = [];
    for (const { method, url, body } of sent)
      for (const { ask } of routes)
        answers.push(
          await ask(method, url, me, {
            ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
          }),
        );
    return answers;
  };
  const before = await ask();
  const changed = await changeHidden(open!, sight, me, dice);
  if (changed === 0) return;
  const after = await ask();
  const errors = routes.flatMap((route) => route.errors);
  if (errors.length > 0) throw new Error(`world ${world.seed} failed, ${causeOf(errors[0])}`);
  for (const [index, one] of before.entries()) {
    counted.compared++;
    const other = after[index]!;
    if (one.status === other.status && one.text === other.text && same(one.headers, other.headers)) continue;
    const { method, url, body } = sent[Math.floor(index / READERS.length)]!;
    throw new Error(
      [
        `world ${world.seed}`,
        `${method} ${decodeURIComponent(url)} ${body ?? ""} as ${me}`,
        show(one),
        show(other),
      ].join("\n"),
    );
  }
}

// --- what went wrong once ----------------------------------------------------------------------------------------------

const note = pgTable("notes", {
  id: integer("id").primaryKey(),
  owner: integer("owner").notNull(),
  parentId: integer("parent_id"),
});
const tick = pgTable(
  "ticks",
  {
    at: timestamp("at", { withTimezone: true }).default(sql`'2024-01-01 00:00:00.123456+00'`),
    number: integer("number").notNull(),
    noteId: integer("note_id"),
  },
  (t) => [primaryKey({ columns: [t.at, t.number] })],
);
const scrap = pgTable("scraps", { owner: integer("owner").notNull(), bytes: bytea("bytes") });
const examples = {
  note,
  tick,
  scrap,
  tickRelations: relations(tick, ({ one }) => ({
    note: one(note, { fields: [tick.noteId], references: [note.id] }),
  })),
};
const everything = { select: true, write: true } as const;
/** At most two rows each, or two that were there before. */
const few =
  (table: typeof note | typeof scrap) =>
  ({ me }: { me: number }) =>
    sql`${table.owner} = ${me} and (select count(*) from ${table} "t" where "t"."owner" = ${me}) <= 2`;
const EXAMPLES_ACL = {
  notes: {
    table: "note",
    control: {
      GET: { all: { select: true } },
      POST: { all: { ...everything, ensure: few(note) } },
      PATCH: {
        all: {
          ...everything,
          check: () => {
            const parent = alias(note, "parent");
            return exists(new QueryBuilder().select().from(parent).where(eq(parent.id, note.parentId)));
          },
        },
      },
    },
  },
  ticks: {
    table: "tick",
    control: {
      POST: { all: { ...everything, with: { note: true } } },
      DELETE: { all: { ...everything, with: { note: true } } },
    },
  },
  scraps: {
    table: "scrap",
    control: {
      GET: { all: { select: false, extras: { raw: sql`${scrap.bytes}`.as("raw") } } },
      POST: { all: { ...everything, check: few(scrap) } },
    },
  },
};

describe("on PostgreSQL", () => {
  let opened: OpenedPostgresql;
  beforeAll(async () => {
    opened = await openPostgresql("PGlite", examples, { settings: { bytea_output: "escape" } });
  }, PATIENCE);
  afterAll(() => opened.close());

  for (const reader of READERS) {
    const send = async (method: string, url: string, body?: unknown): Promise<unknown> => {
      const database = opened.database as never;
      const { ask, errors } = routeOver(EXAMPLES_ACL, database, {
        schema: examples,
        reader,
      });
      const init = { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const answer = await ask(method, url, 1, body === undefined ? {} : init);
      expect(errors).toEqual([]);
      return answer.status === 200 ? answer.body : answer.status;
    };

    test(`\`ensure\` that counts the rows of its table counts those that are written too (${reader})`, async () => {
      await opened.run("truncate notes");
      const counts = { rowsAffected: 1, count: 1 };
      expect(await send("POST", "notes?select=(columns:F)", { id: 1, owner: 1 })).toEqual(counts);
      const two = [2, 3].map((id) => ({ id, owner: 1 }));
      expect(await send("POST", "notes", two)).toBe(403);
      expect(await send("POST", "notes?select=(columns:F)", { id: 2, owner: 1 })).toEqual(counts);
      expect(await send("POST", "notes", { id: 3, owner: 1 })).toBe(403);
      expect(await send("GET", "notes?select=(columns:F)")).toEqual({ count: 2 });
    });

    test(`a check of a table without a key counts the rows that were there before (${reader})`, async () => {
      await opened.run("truncate scraps");
      const row = { owner: 1 };
      expect(await send("POST", "scraps", [row, row])).toMatchObject({ rowsAffected: 2 });
      expect(await send("POST", "scraps", row)).toMatchObject({ rowsAffected: 1 });
      expect(await send("POST", "scraps", row)).toBe(403);
      expect(await send("POST", "scraps", [row, row])).toBe(403);
    });

    test(`a check that looks for other rows of its table finds those that were there before (${reader})`, async () => {
      await opened.run("truncate notes; insert into notes values (1, 1, null)");
      expect(await send("PATCH", "notes", { parentId: 2 })).toBe(403);
      expect(await send("PATCH", "notes", { parentId: 1 })).toMatchObject({ rowsAffected: 1 });
    });

    test(`a row whose key holds microseconds is found again (${reader})`, async () => {
      await opened.run("truncate notes; truncate ticks; insert into notes values (1, 1, null)");
      const row = {
        at: "2024-01-01T00:00:00.123Z",
        number: 1,
        noteId: 1,
        note: { id: 1, owner: 1, parentId: null },
      };
      expect(await send("POST", "ticks?select=(with:(note:T))", { number: 1, noteId: 1 })).toEqual({
        rowsAffected: 1,
        count: 1,
        ticks: [row],
      });
      expect(await send("DELETE", "ticks?select=(with:(note:T))")).toEqual({
        rowsAffected: 1,
        count: 1,
        ticks: [row],
      });
    });

    test(`bytes that are computed are base64, and none are none (${reader})`, async () => {
      await opened.run("truncate scraps; insert into scraps values (1, '\\x00ff5c'), (1, null)");
      expect(await send("GET", "scraps")).toEqual({ count: 2, scraps: [{ raw: "AP9c" }, { raw: null }] });
    });
  }
});

describe(`both readers answer alike over PostgreSQL schemas nobody wrote (seed ${SEED})`, () => {
  test(
    "rows that are readable, as many as allowed, in the order asked for",
    () => everyWorld(1, WORLDS.read, embedded.slice(0, 1), reads),
    PATIENCE,
  );

  test(
    "a write that changes what the rule admits, or nothing",
    () => everyWorld(2, WORLDS.written, embedded, writes),
    PATIENCE,
  );

  test(
    "the same, byte for byte, whatever is hidden",
    () => everyWorld(5, WORLDS.hidden, embedded.slice(0, 1), hides),
    PATIENCE,
  );

  test.skipIf(SERVER === undefined)(
    "on a server, by whichever driver",
    async () => {
      await everyWorld(3, SERVED_WORLDS, [embedded[0]!, ...grounds], reads);
      await everyWorld(4, SERVED_WORLDS, [embedded[0]!, ...grounds], writes);
    },
    PATIENCE,
  );

  test("hundreds of times", () => {
    console.log(counted);
  });
});
