import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { idempotencyTable, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";

// Orders that are written under keys of their callers: the same in both databases' words.

const sqliteTables = () => {
  const { sqliteTable: table, integer, text } = lite;
  const order = table("orders", {
    id: integer("id").primaryKey({ autoIncrement: true }),
    owner: text("owner").notNull(),
    title: text("title").notNull(),
    code: text("code").unique(),
    version: integer("version").notNull().default(1),
  });
  const log = table("logs", { id: integer("id").primaryKey({ autoIncrement: true }), text: text("text") });
  const line = table("lines", {
    id: integer("id").primaryKey({ autoIncrement: true }),
    orderId: integer("order_id").references(() => order.id),
    text: text("text").notNull(),
  });
  return { order, line, log, idempotency: idempotencyTable("sqlite") };
};

const postgresqlTables = () => {
  const { pgTable: table, integer, serial, text } = pg;
  const order = table("orders", {
    id: serial("id").primaryKey(),
    owner: text("owner").notNull(),
    title: text("title").notNull(),
    code: text("code").unique(),
    version: integer("version").notNull().default(1),
  });
  const log = table("logs", { id: serial("id").primaryKey(), text: text("text") });
  const line = table("lines", {
    id: serial("id").primaryKey(),
    orderId: integer("order_id").references(() => order.id),
    text: text("text").notNull(),
  });
  return { order, line, log, idempotency: idempotencyTable("postgresql") };
};

/** Orders have lines. */
const orderRelations = ({ order, line }: ReturnType<typeof sqliteTables>) => ({
  orderRelations: relations(order, ({ many }) => ({ lines: many(line) })),
  lineRelations: relations(line, ({ one }) => ({
    order: one(order, { fields: [line.orderId], references: [order.id] }),
  })),
});

const [inSQLite, inPostgreSQL] = [sqliteTables(), postgresqlTables()];
export const sqlite = { ...inSQLite, ...orderRelations(inSQLite) };
// The shapes are the same; only Drizzle's own types tell them apart.
export const postgresql = { ...inPostgreSQL, ...orderRelations(inPostgreSQL as never) };

/** What empties the tables. */
export const EMPTY: readonly string[] = ["lines", "orders", "logs", "idempotency"].map(
  (name) => `delete from ${name}`,
);

/** The route's option, for whoever is named by a header. */
export const keysIn = (
  { idempotency }: Record<string, unknown>,
  more: object = {},
): Pick<QueryRouteOptions, "idempotency"> => ({
  idempotency: { table: idempotency as never, caller: ({ me }: { me?: string }) => me, ...more } as never,
});

/** Who asks says so himself. */
export const session: NonNullable<QueryRouteOptions["session"]> = {
  parser: (request, context) => {
    const me = request.headers.get("x-me");
    if (me !== null) Object.assign(context, { me: JSON.parse(me) as unknown });
  },
  getRole: (request) => request.headers.get("x-role"),
};

/** What a test sees of an answer. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Whether it was stored. */
  readonly replayed: boolean;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

/** How a write is sent. */
export interface Sending {
  readonly key?: string | undefined;
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request, its body as JSON unless it is text. */
export async function send(
  handle: QueryHandler,
  method: string,
  path: string,
  body?: unknown,
  { key, as = "ada", headers = {} }: Sending = {},
): Promise<Told> {
  const sent = {
    "content-type": "application/json",
    ...(as !== null && { "x-me": inASCII(JSON.stringify(as)) }),
    ...(key !== undefined && { "idempotency-key": key }),
    ...headers,
  };
  const init = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  return told(await handle(new Request(`http://local/query/${path}`, { method, headers: sent, ...init })));
}

/** JSON as a header may hold it. */
const inASCII = (json: string): string =>
  json.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** An answer, read. */
export async function told(response: Response): Promise<Told> {
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
  return {
    status: response.status,
    headers: response.headers,
    text,
    replayed: response.headers.get("idempotency-replayed") === "true",
    body: json ? JSON.parse(text) : undefined,
  };
}

/** What a refusal is known by. */
export const refused = ({ status, body }: Told): readonly unknown[] => [status, body?.code, body?.path];
