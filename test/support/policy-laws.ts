import { createQueryRoute, type QueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import { FACTOR, runs } from "./laws.ts";

import type { DatabaseName } from "./databases.ts";
import { openTables } from "./shop.ts";
import type { Row } from "./model.ts";
import type { Question } from "./policy-oracle.ts";
import type { Caller } from "./policy-seat.ts";
import type { Conflict } from "./policy-upserts.ts";
import type { Writing } from "./policy-writes.ts";
import { type FileSpec, written } from "./policy-rules.ts";
import { getTableColumns, getTableName, sql } from "drizzle-orm";
import { openPostgresql, type PostgresqlName, SERVER } from "./postgresql.ts";
import { path } from "./write.ts";
import { HOUSE_TABLES, type House, type HouseTable, SCHEMAS } from "./written-once.ts";

/** An open database with the tables of the house. */
export interface HouseGround {
  readonly speaks: keyof typeof SCHEMAS;
  readonly schema: (typeof SCHEMAS)[keyof typeof SCHEMAS];
  // oxlint-disable-next-line typescript/no-explicit-any -- either driver's
  readonly database: any;
  /** Replaces all rows. */
  load(house: House): Promise<void>;
  /** All rows as they are stored. */
  rows(): Promise<House>;
  /** All of them as one text: equal texts, nothing was written. */
  text(): Promise<string>;
  readonly close: () => Promise<void>;
}

/** What laws are tried on: SQLite with both readers, and PostgreSQL where there is a server. */
export const PLACES = [
  { name: "libSQL, fast", speaks: "sqlite", reader: "fast" },
  { name: "libSQL, portable", speaks: "sqlite", reader: "portable" },
  ...(SERVER === undefined ? [] : [{ name: "PostgreSQL", speaks: "postgresql", reader: "fast" } as const]),
] as const;

export type LawPlace = (typeof PLACES)[number];

/** How a law is run at a place: what the portable reader does is mostly Drizzle's, so it is asked a third. */
export const runsAt = ({ reader }: LawPlace, usual: number): ReturnType<typeof runs> =>
  runs(reader === "portable" && FACTOR <= 1 ? usual / 3 : usual);

/** The statement that answers with all rows, as one text. */
const ALL_TEXT = {
  sqlite: joined((table) => {
    const columns = Object.values(getTableColumns(SCHEMAS.sqlite[table])).map(({ name }) => `"${name}"`);
    return `select json_group_array(json_array(${columns.join()}) order by ${columns[0]}, ${columns[1]}) from "${getTableName(SCHEMAS.sqlite[table])}"`;
  }),
  postgresql: joined(
    (table) =>
      `select coalesce(string_agg(x::text, ',' order by x::text), '') from "${getTableName(SCHEMAS.postgresql[table])}" x`,
  ),
} as const;

function joined(of: (table: HouseTable) => string): string {
  return `select ${HOUSE_TABLES.map((table) => `(${of(table)})`).join(" || '\n' || ")} as text`;
}

/** The drivers that a law is tried with. */
interface Drivers {
  readonly sqlite?: DatabaseName;
  readonly postgresql?: PostgresqlName;
}

/** Opens an empty database. */
export async function openHouse(
  speaks: keyof typeof SCHEMAS,
  { sqlite = "libsql memory", postgresql = "node-postgres" }: Drivers = {},
): Promise<HouseGround> {
  const schema = SCHEMAS[speaks];
  const opened = await (speaks === "sqlite"
    ? openTables(schema, sqlite)
    : openPostgresql(postgresql, schema, { connections: 3, settings: { jit: "off" } }));
  // oxlint-disable-next-line typescript/no-explicit-any -- either driver's
  const database = opened.database as any;
  return {
    speaks,
    schema,
    database,
    close: async () => opened.close(),
    async load(house) {
      for (const table of HOUSE_TABLES) {
        await database.delete(schema[table]);
        if (house[table].length > 0) await database.insert(schema[table]).values(house[table]);
      }
    },
    async text() {
      const asked = sql.raw(ALL_TEXT[speaks]);
      if (speaks === "sqlite") return (await database.all(asked))[0].text;
      const answer = await database.execute(asked);
      return (answer.rows ?? answer)[0].text;
    },
    async rows() {
      const all: Partial<Record<HouseTable, Row[]>> = {};
      for (const table of HOUSE_TABLES) all[table] = await database.select().from(schema[table]);
      return all as House;
    },
  };
}

/** What a law sees of an answer. */
export interface HouseAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the laws say what it is
  readonly body: any;
}

export interface HouseRoute {
  readonly ask: (method: string, path: string, caller: Caller, sent?: Sent) => Promise<HouseAnswer>;
  /** What became a 500. */
  readonly errors: unknown[];
  readonly route: QueryRoute;
}

/** What goes with a request beside its address. */
export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route over a file; the caller stands in a header that only this session reads. */
export function routeOf(
  file: FileSpec,
  { database, schema }: HouseGround,
  options: Partial<QueryRouteOptions> = {},
): HouseRoute {
  const errors: unknown[] = [];
  const asker = (request: Request): Caller => JSON.parse(request.headers.get("x-caller")!) as Caller;
  const route = createQueryRoute({
    ...written(file, schema),
    database,
    schema,
    ownConnection: false,
    // Two routes over the same rows write the same cursors.
    secret: "what all routes over houses seal their cursors with",
    onWarning: () => undefined,
    onError: (error: unknown) => errors.push(error),
    session: {
      parser: (request: Request, context: object) => {
        const { me, tenant } = asker(request);
        Object.assign(context, { me, tenant });
      },
      getRole: (request: Request) => asker(request).roles as never,
    },
    defaults: { maxDepth: 6, maxCost: null, maxWork: null },
    ...options,
  });
  const ask: HouseRoute["ask"] = async (method, path, caller, { body, headers } = {}) => {
    const sends = body !== undefined;
    const request = new Request(`http://law.test/query/${path}`, {
      method,
      headers: {
        ...headers,
        "x-caller": JSON.stringify(caller),
        ...(sends && { "content-type": "application/json" }),
      },
      ...(sends && { body: JSON.stringify(body) }),
    });
    const response = await route[method as keyof typeof route](request);
    const text = await response.text();
    return {
      status: response.status,
      headers: [...response.headers].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      text,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return { ask, errors, route };
}

/** The path of a question. */
export function pathOf(question: Question & { readonly onConflict?: Conflict }): string {
  const { resource, scope, selector, findFirst, countTotal, countFiltered, can, cursor, aggregate } =
    question;
  const { onConflict } = question;
  const flag = (name: string, value: boolean | undefined): string[] =>
    value === undefined ? [] : [value ? name : `${name}=F`];
  const flags = [
    ...(scope === undefined ? [] : [scope]),
    ...flag("findFirst", findFirst),
    ...flag("countTotal", countTotal),
    ...flag("countFiltered", countFiltered),
    ...flag("cursor", cursor),
    ...(can === true ? ["can=T"] : []),
    ...(onConflict === undefined ? [] : [`onConflict=${encodeURIComponent(stringify(onConflict))}`]),
    ...(aggregate === undefined ? [] : [`aggregate=${encodeURIComponent(stringify(aggregate))}`]),
  ];
  return path(resource, selector, flags.join("&"));
}

/** What goes with a write. */
export const sentWith = ({ body, versions }: Writing): Sent => ({
  body,
  ...(versions !== undefined && {
    headers: { "if-match": versions === "*" ? "*" : versions.map((version) => `"${version}"`).join(", ") },
  }),
});

/** One driver of each database, where what is tried is no matter of drivers. */
export const ONE_OF_EACH = [
  { name: "a libSQL file", open: () => openHouse("sqlite", { sqlite: "libsql file" }) },
  SERVER === undefined
    ? { name: "PGlite", open: () => openHouse("postgresql", { postgresql: "PGlite" }) }
    : { name: "Bun.SQL", open: () => openHouse("postgresql", { postgresql: "bun-sql" }) },
] as const;
