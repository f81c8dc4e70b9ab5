import { type Column, getTableColumns, sql } from "drizzle-orm";
import {
  alias,
  pgMaterializedView,
  pgSchema,
  pgTable,
  pgView,
  primaryKey,
  QueryBuilder,
} from "drizzle-orm/pg-core";
import { Dice } from "./dice.ts";
import { COMMON, COUNTED, Cell, mood, PG_MODES, PG_POOLS } from "./pg-values.ts";
import type { PostgresqlDatabase } from "./postgresql.ts";
import type { Tongue } from "./world-rules.ts";
import {
  type DrawnColumn,
  type DrawnTable,
  type DrawnWorld,
  drawWorld,
  freeName,
  type Land,
  ODD_NAMES,
  type OpenWorld,
  quoted,
  RELATION_NAMES,
  relationsOf,
  TABLE_NAMES,
} from "./worlds.ts";

// Schemas nobody wrote, on PostgreSQL.

/** What the database calls the number of a row: a column that no schema knows. */
const NUMBER = `"~row"`;
const modeOf = ({ mode }: DrawnColumn) => PG_MODES[mode]!;

// --- what is drawn ---------------------------------------------------------------------------------------------------

const BYTES = 63;
const LONGEST = "a name of as many bytes as postgresql takes: it is sixty-three.";
const LONG_NAMES = [LONGEST, `${LONGEST.slice(0, -1)}!`, `${"é".repeat(31)}e`];

/** As many bytes of a name as PostgreSQL keeps. */
function cut(name: string, spare = 0): string {
  let kept = name;
  while (Buffer.byteLength(kept) > BYTES - spare) kept = Array.from(kept).slice(0, -1).join("");
  return kept;
}

const KEY_MODES = [
  "int4",
  "int4",
  "serial",
  "identity",
  "identityFree",
  "text",
  "text",
  "uuid",
  "varchar",
  "char",
  "mood",
  "int8",
  "int8Number",
  "int2",
  "numeric",
  "money",
  "numericBig",
  "stamp",
  "stampZoned",
  "stampText",
  "stampZonedText",
  "date",
  "dateText",
  "time",
  "timeZoned",
  "interval",
  "inet",
  "cidr",
  "macaddr",
  "bytes",
  "spot",
  "cents",
  "double",
  "real",
  "flag",
  "numericNumber",
  "text[]",
  "int8[]",
  "jsonb",
];

/** What worlds leave out because the engine does not keep the law there. */
export const PG_SPARED = {
  /** Names of tables and relations that are together longer than names are: Drizzle calls relations by all of them. */
  longAliases: true,
  /** Computed fields of tables without a key: writes refuse them at start, the portable reader in relations. */
  keylessExtras: true,
};

const LAND: Land = {
  modes: Object.keys(COMMON),
  keyModes(dice) {
    const sort = dice.next();
    if (sort < 0.62) return [dice.pick(KEY_MODES)];
    return sort < 0.82
      ? [dice.pick(KEY_MODES), dice.pick(KEY_MODES.filter((mode) => !COUNTED.has(mode)))]
      : [];
  },
  keyValue: (mode, dice) => dice.pick(PG_POOLS[mode]!.slice(0, 12)),
  reference: (mode) => (COUNTED.has(mode) ? "int4" : mode),
  keyText: (value) => (value as Cell).same,
  tableNames: [
    ...TABLE_NAMES,
    ...(PG_SPARED.longAliases ? [] : LONG_NAMES),
    "$1",
    "constructor",
    'say "hi"',
    "AND",
  ],
  relationNames: [
    ...RELATION_NAMES,
    ...(PG_SPARED.longAliases ? [] : LONG_NAMES),
    "$1",
    "constructor",
    "?1",
    'say "hi"',
  ],
  columnNames: [...ODD_NAMES, ...LONG_NAMES, "$2", "~1", "+extra", "__proto_"],
  cut,
};

const SCHEMAS = ["other", 'an "odd" one', "a.b"];

/** A schema and its rows, from a seed. */
export function drawPgWorld(seed: number): DrawnWorld {
  const world = drawWorld(seed, PG_POOLS, LAND);
  const dice = new Dice(seed + 17);
  const tables = [...world.tables];
  for (const table of tables) {
    if (dice.chance(0.25)) table.schema = dice.pick(SCHEMAS);
    if (!world.cased && dice.chance(0.25)) addMade(table, dice);
  }
  for (const [index, db] of dice.shuffled(LONG_NAMES).entries())
    if (dice.chance(0.1) && index < tables.length) tables[index] = Object.assign(tables[index]!, { db });
  shareNames(tables, dice);
  if (dice.chance(0.4)) tables.push(viewOf(dice.pick(tables), tables, dice));
  return { ...world, tables };
}

/** Adds a column that the database makes of another. */
function addMade(table: DrawnTable, dice: Dice): void {
  const { columns } = table;
  const source = columns.find(({ mode }) => mode === "text");
  const names = columns.map(({ name }) => name);
  const taken = columns.map(({ name, db }) => db ?? name);
  const name = freeName(dice.pick(["made", "it's made", "length"]), [
    ...names,
    ...table.relations.map((r) => r.name),
  ]);
  const made = source === undefined ? "40 + 2" : `length(${quoted(source.db ?? source.name)})`;
  const db = freeName(name, taken, cut);
  columns.splice(dice.between(0, columns.length), 0, {
    name,
    db,
    mode: "made",
    notNull: false,
    otherwise: undefined,
    made,
  });
  table.rows = table.rows.map((row) => {
    const value =
      source === undefined
        ? 42
        : row[source.name] === null
          ? null
          : Array.from((row[source.name] as Cell).text).length;
    return { ...row, [name]: value === null ? null : new Cell(String(value), value) };
  });
}

/** Tables of one name in different schemas; SQL takes one without a schema for whichever is nearest. */
function shareNames(tables: readonly DrawnTable[], dice: Dice): void {
  const homed = tables.filter(({ schema }) => schema !== undefined);
  for (const table of homed) {
    const { db } = dice.pick(homed);
    const isTaken = homed.some(
      (other) => other !== table && other.schema === table.schema && other.db === db,
    );
    if (!isTaken && dice.chance(0.5)) Object.assign(table, { db });
  }
}

/** A view of a table, which has some of its columns and no key. */
function viewOf(shows: DrawnTable, tables: readonly DrawnTable[], dice: Dice): DrawnTable {
  const name = freeName(
    dice.pick(["view", "the view", "v.w", LONGEST]),
    tables.map((table) => table.name),
  );
  const db = freeName(
    name,
    tables.map((table) => table.db),
    cut,
  );
  const some = dice.shuffled(shows.columns).slice(0, dice.between(1, 8));
  const renamed = new Set<string>();
  const columns = some.map((column): DrawnColumn => {
    const { made: _, ...rest } = column;
    const named =
      column.db === undefined
        ? undefined
        : freeName(dice.chance(0.3) ? "renamed" : column.db, [...renamed], cut);
    if (named !== undefined) renamed.add(named);
    return {
      ...rest,
      db: named,
      notNull: false,
      otherwise: undefined,
      mode: column.mode === "made" || COUNTED.has(column.mode) ? "int4" : column.mode,
    };
  });
  const rows = shows.rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, row[column.name]])),
  );
  return {
    name,
    db,
    ...(dice.chance(0.3) && { schema: dice.pick(SCHEMAS) }),
    shows,
    columns,
    key: [],
    relations: [],
    rows,
  };
}

// --- what is made of it ----------------------------------------------------------------------------------------------

/** A world's schema as its author would have written it. */
export function pgSchemaOf({ tables, seed }: DrawnWorld): Record<string, any> {
  const made: Record<string, any> = { mood };
  const schemas = new Map(SCHEMAS.map((name) => [name, pgSchema(name)]));
  for (const table of tables) {
    const { name, db, schema, columns, key, shows } = table;
    const built: Record<string, any> = Object.fromEntries(
      columns.map((column): [string, any] => {
        let builder = modeOf(column).build(column.db ?? "");
        if (column.made !== undefined) builder = builder.generatedAlwaysAs(sql.raw(column.made));
        if (key.length === 1 && key[0] === column.name) builder = builder.primaryKey();
        else if (column.notNull) builder = builder.notNull();
        const otherwise = defaultOf(column);
        if (otherwise !== undefined) builder = builder.default(otherwise.native);
        return [column.name, builder];
      }),
    );
    const home = schema === undefined ? undefined : schemas.get(schema)!;
    if (shows !== undefined) {
      const view = isStored(seed)
        ? (home?.materializedView ?? pgMaterializedView)(db, built)
        : (home?.view ?? pgView)(db, built);
      made[name] = view.existing();
      continue;
    }
    const keys =
      key.length < 2 ? undefined : (t: any) => [primaryKey({ columns: key.map((part) => t[part]) as never })];
    made[name] =
      home === undefined ? pgTable(db, built, keys as never) : home.table(db, built, keys as never);
  }
  return Object.assign(
    made,
    relationsOf(
      tables.filter(({ shows }) => shows === undefined),
      made,
    ),
  );
}

/** What a column of a new row gets that does not say. */
const defaultOf = ({ otherwise, mode }: DrawnColumn): Cell | undefined =>
  otherwise instanceof Cell && otherwise.native !== undefined && !COUNTED.has(mode) ? otherwise : undefined;

/** Whether the world's view is stored. */
const isStored = (seed: number): boolean => seed % 3 === 0;

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** A stored value as SQL. */
export const written = (column: DrawnColumn, text: string): string =>
  `${literal(text)}::${modeOf(column).loose}`;

const sourceOf = ({ db, schema }: DrawnTable): string =>
  `${schema === undefined ? "" : `${quoted(schema)}.`}${quoted(db)}`;

/** The statements that make a world's tables and fill them. */
function statementsOf(world: DrawnWorld, nameOf: OpenWorld["nameOf"]): readonly string[] {
  const statements = ["public", ...SCHEMAS].flatMap((name) => [
    `drop schema if exists ${quoted(name)} cascade`,
    `create schema ${quoted(name)}`,
  ]);
  statements.push(`create type "Mood" as enum (${mood.enumValues.map(literal).join(", ")})`);
  for (const table of world.tables) {
    const { columns, key, shows, rows } = table;
    const named = columns.map(({ name }) => quoted(nameOf(table, name)));
    if (shows !== undefined) {
      const shown = columns.map(({ name }, index) => `${quoted(nameOf(shows, name))} as ${named[index]}`);
      const kind = isStored(world.seed) ? "materialized view" : "view";
      statements.push(
        `create ${kind} ${sourceOf(table)} as select ${[NUMBER, ...shown].join(", ")} from ${sourceOf(shows)}`,
      );
      continue;
    }
    const parts = columns.map((column, index) => {
      const otherwise = defaultOf(column);
      return [
        `${named[index]} ${modeOf(column).type}`,
        column.notNull ? " not null" : "",
        otherwise === undefined ? "" : ` default ${written(column, otherwise.text)}`,
        column.made === undefined ? "" : ` generated always as (${column.made}) stored`,
      ].join("");
    });
    parts.push(`${NUMBER} bigint generated always as identity`);
    if (key.length > 0)
      parts.push(`primary key (${key.map((name) => quoted(nameOf(table, name))).join(", ")})`);
    statements.push(`create table ${sourceOf(table)} (${parts.join(", ")})`);
    const given = columns.filter(({ made }) => made === undefined);
    const tuples = rows.map(
      (row) =>
        `(${given.map((column) => (row[column.name] === null ? "null" : written(column, (row[column.name] as Cell).text))).join(", ")})`,
    );
    if (tuples.length > 0)
      statements.push(
        `insert into ${sourceOf(table)} (${given.map(({ name }) => quoted(nameOf(table, name))).join(", ")}) overriding system value values ${tuples.join(", ")}`,
      );
    for (const { name, mode } of columns)
      if (COUNTED.has(mode))
        statements.push(
          `select setval(pg_get_serial_sequence(${literal(sourceOf(table))}, ${literal(nameOf(table, name))}), 1000)`,
        );
  }
  return statements;
}

/** A database that worlds are made in, one after the other. */
export interface Ground {
  readonly name: string;
  /** Runs text of several statements. */
  readonly run: (text: string) => Promise<void>;
  /** The rows of a statement, as lists. */
  readonly query: (statement: string) => Promise<readonly (readonly unknown[])[]>;
  /** The database as Drizzle has it, and what ends it. */
  drizzle(options: { schema: Record<string, unknown>; casing?: "snake_case" }): {
    readonly database: PostgresqlDatabase;
    readonly end: () => Promise<unknown>;
  };
}

/** Makes a world in place of the one that was there. */
export async function openPgWorld(
  ground: Ground,
  world: DrawnWorld,
): Promise<OpenWorld & { end(): Promise<unknown> }> {
  const schema = pgSchemaOf(world);
  const { database, end } = ground.drizzle({ schema, ...(world.cased && { casing: "snake_case" as const }) });
  const { casing } = (database as any).dialect;
  const columnsOf = (table: DrawnTable): Record<string, Column> =>
    table.shows === undefined ? getTableColumns(schema[table.name]) : schema[table.name][VIEW].selectedFields;
  const nameOf: OpenWorld["nameOf"] = (table, name) =>
    casing.getColumnCasing(columnsOf(table)[name]!) as string;
  const ddl = statementsOf(world, nameOf);
  await ground.run(ddl.join(";\n"));
  return {
    name: ground.name,
    world,
    schema,
    database: database as never,
    ddl: ddl.filter((statement) => !/^(?:drop|select)/.test(statement)),
    nameOf,
    source: sourceOf,
    numberOf: () => NUMBER,
    cell: (column) => `${column}::text`,
    query: ground.query,
    close: () => undefined,
    end,
  };
}

const VIEW = Symbol.for("drizzle:ViewBaseConfig");

// --- rules -----------------------------------------------------------------------------------------------------------

const COMPARISONS = {
  order: ["eq", "ne", "gt", "lte", "isNull", "isNotNull", "inArray"],
  equality: ["eq", "ne", "isNull", "isNotNull", "inArray"],
  nothing: ["isNull", "isNotNull"],
} as const;

const EQUALITY = ["eq", "ne", "in", "inArray", "notIn", "notInArray"];
const ORDER = ["gt", "gte", "lt", "lte", "between", "notBetween"];
const PRESENCE = ["isNull", "isNotNull"];
const PATTERNS = [
  "like",
  "notLike",
  "ilike",
  "notIlike",
  "contains",
  "startsWith",
  "endsWith",
  "icontains",
  "istartsWith",
  "iendsWith",
];
const ELEMENTS = ["arrayContains", "arrayContained", "arrayOverlaps"];

export const PG_TONGUE: Tongue = {
  QueryBuilder,
  alias,
  told: (value) => sql`${value}::text`,
  own: (value) => sql`${value}::float8`,
  // Drizzle's arrays hold no bytes, and hand nulls to their elements' mappings.
  comparisons: (column) => COMPARISONS[column.mode === "bytes[]" ? "nothing" : modeOf(column).compares],
  isMapped: ({ mode }) => !mode.endsWith("]"),
  isOrdered: (column) => modeOf(column).compares !== "nothing",
  operators(column) {
    const { compares, matches, element } = modeOf(column);
    return [
      ...PRESENCE,
      ...(compares === "nothing" ? [] : EQUALITY),
      ...(compares === "order" ? ORDER : []),
      ...(matches ? PATTERNS : []),
      ...(element !== undefined && compares !== "nothing" ? ELEMENTS : []),
    ];
  },
  operand(by, value, dice) {
    if (!by.startsWith("array")) return undefined;
    const list = (value() as Cell).forms[0] as readonly unknown[];
    const some = list.filter((item) => item !== null && dice.chance(0.7));
    return some;
  },
  isWritable: (value) => (value as Cell).forms.length > 0,
  native: (value) => (value as Cell).native,
  sent: (value, dice) => dice.pick((value as Cell).forms),
  between: (column, dice) => {
    const { between } = modeOf(column);
    return between !== undefined && dice.chance(0.5) ? dice.pick([...between.values.keys()]) : undefined;
  },
  extras: {
    numeric: (column, { mode }) => (mode === "int4" ? sql`${column}::numeric / ${3}::numeric` : undefined),
    int8: (column, { mode }) => (mode === "int4" ? sql`${column}::int8 * 4194304` : undefined),
    bytes: (column, { mode }) => (mode === "text" ? sql`convert_to(${column}, 'UTF8')` : undefined),
    json: (column) => sql`json_build_object('value', ${column}, 'list', json_build_array(1, null))`,
    jsonb: (column, { mode }) => (mode === "text" ? sql`to_jsonb(${column})` : undefined),
    moment: () => sql`timestamp '2024-02-29 12:34:56.789'`,
    zoned: () => sql`timestamptz '2024-02-29 12:34:56.789Z'`,
    day: () => sql`date '2024-02-29'`,
    array: (column, { mode }) => (mode.endsWith("]") ? sql`${column}` : sql`array[${column}, null]`),
    nothing: () => sql`null`,
    flag: (column) => sql`${column} is null`,
    float: (column, { mode }) => (mode === "double" ? sql`${column}` : sql`'NaN'::float4`),
    span: () => sql`interval '1 day 2 hours'`,
    row: (column) => sql`row(${column}, 1)`,
  },
  aggregates: {
    "all: count": () => sql`count(*)`,
    "all: counted": (column) => sql`count(distinct ${column}::text)`,
    "all: least": (column) => sql`min(${column}::text)`,
    "all: sum": () => sql`sum(1.5::numeric)`,
    "all: all": (column) => sql`array_agg(${column}::text order by ${column}::text)`,
    "all: json": () => sql`json_agg(1)`,
    "all: every": (column) => sql`bool_and(${column} is null)`,
  },
  keyless: PG_SPARED.keylessExtras ? new Set(["column", "mapped"]) : undefined,
};
