import { Database as BunDatabase } from "bun:sqlite";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { type Column, getTableColumns, relations } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import {
  blob,
  customType,
  getTableConfig,
  integer,
  numeric,
  primaryKey,
  real,
  sqliteTable,
  text,
} from "drizzle-orm/sqlite-core";
import fc from "fast-check";
import { samples } from "./arbitrary.ts";
import type { TestDatabase } from "./databases.ts";
import { Dice } from "./dice.ts";
import { type Kind, MODEL, type Row } from "./model.ts";

/**
 * What worlds and rules leave out because the engine does not keep the law there: each is an example in
 * `schemas.test.ts` that is expected to fail. Where one is mended, its line here goes and its example is a test.
 */
export const SPARED = {
  /** Columns called as SQLite calls the number of a row, in tables without a key. */
  rowNumbers: false,
  /** Nothing in a part of a primary key: such a key is none, and then writes answer columns only. */
  nullKeys: true,
  /** Computed fields of tables without a key: writes refuse them at start, the portable reader in relations. */
  keylessExtras: true,
  /** Whole numbers beyond 2^53 in computed fields that are asked for alone. */
  bigComputed: false,
  /** Changes to tables with a column that every object has, as `constructor`. */
  inheritedNames: false,
};
const ROW_NUMBERS = ["rowid", "oid", "_rowid_"];

// Schemas nobody wrote: every type and mode, odd names, keys of every sort. The plain data is what is drawn; what
// Drizzle takes is made of it.

/** A type and mode of a column, by the name of the tests' sample that has it. */
export type Mode = string;

export interface DrawnColumn {
  readonly name: string;
  /** Its name in the database; absent where Drizzle makes it of the name. */
  readonly db: string | undefined;
  readonly mode: Mode;
  readonly notNull: boolean;
  /** What a new row gets that does not say. */
  readonly otherwise: unknown;
  /** The SQL that a column is made by, where nobody writes it. */
  readonly made?: string;
}

export interface DrawnRelation {
  readonly name: string;
  readonly many: boolean;
  readonly target: string;
  readonly on: readonly (readonly [string, string])[];
  /** Drizzle needs one where several relations join the same tables. */
  relationName: string | undefined;
}

export interface DrawnTable {
  readonly name: string;
  readonly db: string;
  /** The schema it lies in, where that is not everybody's. */
  schema?: string;
  /** The table it shows, where it is a view. */
  readonly shows?: DrawnTable;
  readonly columns: DrawnColumn[];
  /** The columns of the primary key; none where it has none. */
  readonly key: readonly string[];
  readonly relations: DrawnRelation[];
  rows: readonly Row[];
}

/** A schema and its rows. */
export interface DrawnWorld {
  readonly seed: number;
  readonly tables: readonly DrawnTable[];
  /** Whether names in the database are made by Drizzle's casing. */
  readonly cased: boolean;
}

export const columnOf = (table: DrawnTable, name: string): DrawnColumn =>
  table.columns.find((column) => column.name === name)!;
export const tableOf = (world: DrawnWorld, name: string): DrawnTable =>
  world.tables.find((table) => table.name === name)!;
/** What the laws know of a mode. */
export const kindOf = ({ mode }: DrawnColumn): Kind => MODEL.sample.columns[mode]!;

// --- what is drawn ---------------------------------------------------------------------------------------------------

const point = customType<{ data: { x: number; y: number }; driverData: string }>({
  dataType: () => "text",
  toDriver: ({ x, y }) => `${x};${y}`,
  fromDriver: (value) => {
    const [x, y] = value.split(";").map(Number);
    return { x: x!, y: y! };
  },
});

const BUILDERS: Readonly<Record<Mode, (name: string) => any>> = {
  text: (name) => text(name),
  choice: (name) => text(name, { enum: ["a", "b"] }),
  json: (name) => text(name, { mode: "json" }),
  integer: (name) => integer(name),
  flag: (name) => integer(name, { mode: "boolean" }),
  seconds: (name) => integer(name, { mode: "timestamp" }),
  millis: (name) => integer(name, { mode: "timestamp_ms" }),
  real: (name) => real(name),
  decimal: (name) => numeric(name),
  number: (name) => numeric(name, { mode: "number" }),
  numericBig: (name) => numeric(name, { mode: "bigint" }),
  big: (name) => blob(name, { mode: "bigint" }),
  bytes: (name) => blob(name, { mode: "buffer" }),
  blobJson: (name) => blob(name, { mode: "json" }),
  point: (name) => point(name),
};

/** Values of every mode, small and extreme ones. */
export type Pools = Readonly<Record<Mode, readonly unknown[]>>;

/** What worlds are made of: the types of a database, its keys, and what names it takes. */
export interface Land {
  readonly modes: readonly Mode[];
  /** The modes of a key's columns. */
  keyModes(dice: Dice): readonly Mode[];
  /** A value of a key: few of them, so that references hold. */
  keyValue(mode: Mode, dice: Dice, pools: Pools): unknown;
  /** The mode of a column that refers to one of a key. */
  reference(mode: Mode): Mode;
  /** A value that is no other's where it is stored. */
  keyText(value: unknown): string;
  readonly tableNames: readonly string[];
  readonly relationNames: readonly string[];
  readonly columnNames: readonly string[];
  /** As much of a name as the database takes, and leaves so many bytes free. */
  readonly cut: (name: string, spare?: number) => string;
}

const MODES = Object.keys(BUILDERS);

export function drawPools(seed: number): Pools {
  const rows = fc.sample(samples, { seed, numRuns: 60 }).flat();
  return Object.fromEntries(
    MODES.map((mode) => [mode, rows.map((row) => told(mode, row[mode])).filter((v) => v !== null)]),
  );
}

/** Drizzle sends numbers of numeric columns as text, of which all versions of SQLite read fifteen digits alike. */
function told(mode: Mode, value: unknown): unknown {
  if (mode !== "number" || typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const short = Number(value.toPrecision(15));
  return Number.isFinite(short) ? short : value;
}

export const TABLE_NAMES = [
  "a",
  "b",
  "c",
  "a_b",
  "b_a",
  "a_b_c",
  "user",
  "userPosts",
  "order",
  "two words",
  "it's",
  "é",
];
export const RELATION_NAMES = [
  "b",
  "c",
  "a",
  "b_c",
  "owner",
  "parent",
  "in.side",
  "the 'one'",
  "items",
  "AND",
  "order",
];
export const ODD_NAMES = [
  "a.b",
  "a.b.eq",
  "eq",
  "it's",
  'say "hi"',
  "two words",
  "constructor",
  "toString",
  "AND",
  "OR",
  "NOT",
  "order",
  "select",
  "snakeCase",
  "what?",
  "?1",
  ":x",
  "a_b",
  "back`tick",
  "semi;colon",
  "-- dash",
  "é🚀",
  "a\\b",
  "%s",
  "limit",
  "count",
  "$1",
  "rowid",
  "oid",
];
const KEY_NAMES = ["id", "key", "Id", "the id", "a.id"];
const CASED_NAMES = ["userId", "HTTPServer", "createdAt", "value2", "plain", "isA", "snake_case", "orderBy"];

class WorldDrawer {
  readonly #dice: Dice;
  readonly #pools: Pools;
  readonly #land: Land;
  readonly #seed: number;
  readonly #cased: boolean;

  constructor(seed: number, pools: Pools, land: Land) {
    this.#seed = seed;
    this.#land = land;
    this.#dice = new Dice(seed);
    this.#pools = pools;
    this.#cased = this.#dice.chance(0.15);
  }

  draw(): DrawnWorld {
    const dice = this.#dice;
    const names = dice.shuffled(this.#land.tableNames).slice(0, dice.between(2, 5));
    const db = this.#tableNames(names);
    const tables = names.map((name, index) => this.#table(name, db[index]!));
    for (let n = dice.between(tables.length - 1, tables.length * 2); n > 0; n--) this.#relate(tables);
    this.#unname(tables);
    for (const table of tables) table.rows = this.#rows(table, tables);
    return { seed: this.#seed, tables, cased: this.#cased };
  }

  #free(wished: string, taken: readonly string[]): string {
    return freeName(wished, taken, this.#land.cut);
  }

  /** The same names, others, or those of other tables. */
  #tableNames(names: readonly string[]): readonly string[] {
    switch (this.#dice.between(0, 3)) {
      case 0:
        return names;
      case 1:
        return names.map((_, index) => names[(index + 1) % names.length]!);
      case 2:
        return names.map((_, index) => `t_${index}`);
      default:
        // As Drizzle names the rows of relations.
        return names.reduce<string[]>(
          (made, name, index) => [...made, this.#free(`${names[(index + 1) % names.length]}_${name}`, made)],
          [],
        );
    }
  }

  #table(name: string, db: string): DrawnTable {
    const dice = this.#dice;
    const columns: DrawnColumn[] = [];
    const keyNames = dice.shuffled(this.#cased ? ["id", "theKey"] : KEY_NAMES);
    const keyModes = this.#land.keyModes(dice);
    const key = keyModes.map((mode, index) =>
      this.#column(
        columns,
        keyNames[index]!,
        mode,
        SPARED.nullKeys || keyModes.length < 2 || dice.chance(0.7),
        true,
      ),
    );
    const width = dice.next();
    const count =
      width < 0.7 ? dice.between(0, 7) : width < 0.85 ? dice.between(8, 30) : dice.between(40, 69);
    const odd = dice.shuffled(this.#cased ? CASED_NAMES : this.#land.columnNames);
    for (let index = columns.length; index < Math.max(1, Math.min(70, count + key.length)); index++) {
      const name = dice.chance(0.6) ? odd.pop() : undefined;
      this.#column(
        columns,
        name ?? `c${index}`,
        dice.pick(this.#land.modes),
        dice.chance(0.25),
        key.length > 0,
      );
    }
    return {
      name,
      db,
      columns: dice.chance(0.3) ? dice.shuffled(columns) : columns,
      key,
      relations: [],
      rows: [],
    };
  }

  /** Adds a column; its name in the database is its own, another, or that of another column. */
  #column(columns: DrawnColumn[], wished: string, mode: Mode, notNull: boolean, keyed: boolean): string {
    const dice = this.#dice;
    const name = freeName(
      wished,
      columns.map((column) => column.name),
    );
    const taken = columns.map((column) => (column.db ?? column.name).toLowerCase());
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    let db = dice.pick([name, snake, `${name}_`, dice.pick(this.#land.columnNames), dice.pick(KEY_NAMES)]);
    if (SPARED.rowNumbers && !keyed && ROW_NUMBERS.includes(db)) db = `${db}_`;
    columns.push({
      name,
      db: this.#cased ? undefined : this.#free(db, taken),
      mode,
      notNull,
      otherwise: dice.chance(notNull ? 0.3 : 0.1) ? dice.pick(this.#pools[mode]!) : undefined,
    });
    return name;
  }

  /** A table refers to one that has a key, perhaps itself; often both sides are named. */
  #relate(tables: readonly DrawnTable[]): void {
    const dice = this.#dice;
    const source = dice.pick(tables);
    const keyed = tables.filter(({ key }) => key.length > 0);
    if (keyed.length === 0 || source.columns.length > 66) return;
    const target = dice.chance(0.15) && source.key.length > 0 ? source : dice.pick(keyed);
    const on = target.key.map((name): [string, string] => {
      const mode = this.#land.reference(columnOf(target, name).mode);
      const shared = source.key.filter((own) => columnOf(source, own).mode === mode && target !== source);
      if (shared.length > 0 && dice.chance(0.2)) return [dice.pick(shared), name];
      const wished = this.#cased ? `refersTo${source.columns.length}` : `${target.name}_${name}`;
      return [this.#column(source.columns, wished, mode, dice.chance(0.15), source.key.length > 0), name];
    });
    const relationName = `${source.name}-${target.name}-${source.columns.length}-${source.relations.length}`;
    const free = (table: DrawnTable, wishes: readonly string[]): string =>
      freeName(
        dice.pick(wishes),
        [...table.columns, ...table.relations].map(({ name }) => name),
      );
    source.relations.push({
      name: free(source, dice.chance(0.5) ? [target.name] : this.#land.relationNames),
      many: false,
      target: target.name,
      on,
      relationName,
    });
    if (dice.chance(0.8))
      target.relations.push({
        name: free(target, dice.chance(0.5) ? [source.name] : this.#land.relationNames),
        many: true,
        target: source.name,
        on: on.map(([from, to]) => [to, from]),
        relationName,
      });
  }

  /** Where one relation alone joins two tables, it needs no name of its own. */
  #unname(tables: readonly DrawnTable[]): void {
    for (const table of tables) {
      for (const other of tables) {
        if (table === other || this.#dice.chance(0.5)) continue;
        const here = table.relations.filter(({ target }) => target === other.name);
        const there = other.relations.filter(({ target }) => target === table.name);
        if (here.length <= 1 && there.length <= 1 && here[0]?.relationName === there[0]?.relationName)
          for (const relation of [...here, ...there]) relation.relationName = undefined;
      }
    }
  }

  #rows(table: DrawnTable, tables: readonly DrawnTable[]): readonly Row[] {
    const dice = this.#dice;
    const wanted = dice.chance(0.2) ? dice.between(12, 30) : dice.between(0, 11);
    const few = new Map(
      table.columns.map(({ name, mode }) => [name, dice.shuffled(this.#pools[mode]!).slice(0, 3)]),
    );
    const referred = new Map(
      table.relations
        .filter(({ many }) => !many)
        .flatMap(({ target, on }) => on.map(([from, to]) => [from, tableKeys(tables, target, to)] as const)),
    );
    const rows: Row[] = [];
    const keys = new Set<string>();
    for (let n = 0; n < wanted; n++) {
      const cells = table.columns.map((column): [string, unknown] => {
        const { name, mode, notNull } = column;
        if (!notNull && dice.chance(0.2)) return [name, null];
        const others = referred.get(name);
        const isKey = table.key.includes(name);
        // References hold, mostly: keys come from one small pool, whatever the table.
        if (isKey || (others !== undefined && dice.chance(0.8)))
          return [name, this.#land.keyValue(mode, dice, this.#pools)];
        const pool = dice.chance(0.6) ? few.get(name)! : this.#pools[mode]!;
        return [name, dice.pick(pool)];
      });
      const row = Object.fromEntries(cells);
      const key = table.key.map((name) => this.#land.keyText(row[name])).join("\n");
      if (table.key.length > 0 && keys.has(key)) continue;
      keys.add(key);
      rows.push(row);
      // Without a key, twins.
      if (table.key.length === 0 && dice.chance(0.2)) rows.push(row);
    }
    return rows;
  }
}

const tableKeys = (tables: readonly DrawnTable[], table: string, column: string): string =>
  columnOf(
    tables.find(({ name }) => name === table)!,
    column,
  ).mode;

/** A value that is no other's where it is stored. */
const keyText = (value: any): string =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString("hex")
    : value instanceof Date
      ? String(value.getTime())
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value === 0 ? 0 : value);

/** A value of a key: few of them, so that references hold. */
function keyValue(mode: Mode, dice: Dice, pools: Pools): unknown {
  switch (mode) {
    case "integer":
      return dice.pick([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, Number.MAX_SAFE_INTEGER]);
    case "text":
      return dice.pick(["a", "A", "b", "", "é", "🚀", "it's", "%", "0", "1", "a b", '"', "null"]);
    case "millis":
      return new Date(dice.pick([0, 1, 1000, -1, 1_700_000_000_000, 1_700_000_000_001, 253_402_300_799_999]));
    default:
      return pools[mode]![dice.between(0, Math.min(15, pools[mode]!.length - 1))];
  }
}

const SQLITE: Land = {
  modes: MODES,
  keyModes(dice) {
    const sort = dice.next();
    if (sort < 0.4) return ["integer"];
    if (sort < 0.55) return ["text"];
    if (sort < 0.75) return [dice.pick(["integer", "text"]), dice.pick(["integer", "text", "millis"])];
    return sort < 0.82
      ? [dice.pick(["millis", "real", "numericBig", "bytes", "big", "point", "number", "flag"])]
      : [];
  },
  keyValue,
  reference: (mode) => mode,
  keyText,
  tableNames: TABLE_NAMES,
  relationNames: RELATION_NAMES,
  columnNames: ODD_NAMES,
  cut: (name) => name,
};

/** A name that nobody has, whatever the case; `cut` leaves as much of it as the database takes. */
export function freeName(
  wished: string,
  taken: readonly string[],
  cut: Land["cut"] = (name) => name,
): string {
  const low = new Set(taken.map((name) => name.toLowerCase()));
  let name = cut(wished);
  for (let n = 2; low.has(name.toLowerCase()); n++) name = `${cut(wished, 2)}${n}`;
  return name;
}

/** A schema and its rows, from a seed. */
export const drawWorld = (seed: number, pools: Pools, land: Land = SQLITE): DrawnWorld =>
  new WorldDrawer(seed, pools, land).draw();

// --- what is made of it ----------------------------------------------------------------------------------------------

/** A world's schema as its author would have written it. */
export function schemaOf({ tables }: DrawnWorld): Record<string, any> {
  const schema: Record<string, any> = {};
  for (const { name, db, columns, key } of tables) {
    const built: Record<string, any> = Object.fromEntries(
      columns.map((column): [string, any] => {
        let builder = BUILDERS[column.mode]!(column.db ?? "");
        if (key.length === 1 && key[0] === column.name) builder = builder.primaryKey();
        else if (column.notNull) builder = builder.notNull();
        if (column.otherwise !== undefined) builder = builder.default(column.otherwise);
        return [column.name, builder];
      }),
    );
    schema[name] =
      key.length < 2
        ? sqliteTable(db, built)
        : sqliteTable(db, built, (t: any) => [primaryKey({ columns: key.map((part) => t[part]) as never })]);
  }
  return Object.assign(schema, relationsOf(tables, schema));
}

/** The relations of drawn tables, once Drizzle has those. */
export function relationsOf(
  tables: readonly DrawnTable[],
  schema: Readonly<Record<string, any>>,
): Record<string, unknown> {
  const related: Record<string, unknown> = {};
  for (const table of tables) {
    related[`${table.name}Relations`] = relations(schema[table.name], ({ one, many }) =>
      Object.fromEntries(
        table.relations.map(({ name, many: list, target, on, relationName }) => {
          const named = relationName === undefined ? {} : { relationName };
          const fields = on.map(([from]) => schema[table.name][from]);
          const references = on.map(([, to]) => schema[target][to]);
          return [
            name,
            list
              ? many(schema[target], named as never)
              : one(schema[target], { fields, references, ...named } as never),
          ];
        }),
      ),
    );
  }
  return related;
}

/** A name as SQL writes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The statement that makes a table; `nameOf` knows the names of columns in the database. */
function createTable(table: any, nameOf: (column: Column) => string): string {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const parts = columns.map(
    (column) =>
      `${quoted(nameOf(column))} ${column.getSQLType()}${column.primary ? " primary key" : ""}${column.notNull ? " not null" : ""}`,
  );
  for (const key of primaryKeys)
    parts.push(`primary key (${key.columns.map((column) => quoted(nameOf(column))).join(", ")})`);
  return `create table ${quoted(name)} (${parts.join(", ")})`;
}

/** A world in a database. */
export interface OpenWorld {
  readonly name: string;
  readonly world: DrawnWorld;
  readonly schema: Record<string, any>;
  readonly database: TestDatabase;
  /** The statements that made its tables. */
  readonly ddl: readonly string[];
  /** The name of a column in the database. */
  nameOf(table: DrawnTable, column: string): string;
  /** A table where its rows come from. */
  source(table: DrawnTable): string;
  /** What the database calls the number of a row. */
  numberOf(table: DrawnTable): string;
  /** What is stored in a column, so that equal texts are equal values. */
  cell(column: string): string;
  /** The rows of a statement, as lists. */
  readonly query: (statement: string) => Promise<readonly (readonly unknown[])[]>;
  readonly close: () => void;
}

/** Makes a world's tables in an empty database and fills them. */
export async function openWorld(
  name: "libsql file" | "bun:sqlite",
  world: DrawnWorld,
  folder: string,
): Promise<OpenWorld> {
  const schema = schemaOf(world);
  const options: any = { schema, ...(world.cased && { casing: "snake_case" }) };
  let database: any;
  let query: OpenWorld["query"];
  let close: () => void;
  if (name === "bun:sqlite") {
    const client = new BunDatabase(":memory:");
    database = drizzleBun(client, options);
    query = async (statement) => client.query(statement).values();
    close = () => client.close();
  } else {
    const client = createClient({ url: `file:${join(folder, `${world.seed}.db`)}` });
    database = drizzleLibsql(client, options);
    query = async (statement) =>
      (await client.execute(statement)).rows.map((row) => Array.from(row as never));
    close = () => client.close();
    await query("pragma journal_mode = wal");
    await query("pragma synchronous = off");
  }
  const nameOf = (column: Column): string => database.dialect.casing.getColumnCasing(column);
  const ddl = world.tables.map((table) => createTable(schema[table.name], nameOf));
  for (const statement of ddl) await query(statement);
  for (const table of world.tables)
    if (table.rows.length > 0) await database.insert(schema[table.name]).values(table.rows);
  const named: OpenWorld["nameOf"] = (table, column) =>
    nameOf((getTableColumns(schema[table.name]) as Record<string, Column>)[column]!);
  return {
    name,
    world,
    schema,
    database,
    ddl,
    nameOf: named,
    source: (table) => quoted(table.db),
    numberOf(table) {
      const taken = new Set(table.columns.map((column) => named(table, column.name).toLowerCase()));
      return ROW_NUMBERS.find((number) => !taken.has(number))!;
    },
    cell: (column) => `quote(${column})`,
    query,
    close,
  };
}
