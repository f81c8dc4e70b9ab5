import type { Row } from "../author/author.ts";
import type { Count, Returning, Select, Statement } from "../compile/compile.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { decoderOfField, relationalQuery } from "../drizzle/drizzle.ts";

/** What Drizzle is asked: every statement that is no text. */
export type Query = Exclude<Statement, { readonly kind: "text" | "run" | "returning" }>;

/** Runs one of Drizzle's queries on a database, or a transaction of it. */
export const rowsOf = async (database: Database, query: Query): Promise<Row[]> =>
  (await queryOf(database, query)) as Row[];

/** Runs a text that writes rows, and reads what comes back as Drizzle does. */
export async function writtenBy(
  dialect: Dialect,
  database: Database,
  { text, values, fields, places }: Returning,
): Promise<Row[]> {
  const found = await dialect.query(database, text, values);
  const decoders = Object.entries(fields).map(([name, field]) => [name, decoderOfField(field)] as const);
  return found.map((cells) => {
    const row: Row = {};
    for (let index = 0; index < decoders.length; index++) {
      const [name, decoder] = decoders[index]!;
      const cell = cells[places[index]!];
      row[name] = cell === null || cell === undefined ? null : decoder.mapFromDriverValue(cell);
    }
    return row;
  });
}

/** Makes Drizzle's query of a statement. It runs when it is waited for. */
export function queryOf(database: Database, query: Query): PromiseLike<unknown> {
  switch (query.kind) {
    case "select":
      return select(database, query);
    case "insert": {
      const { into, rows, overriding, meets, fields } = query;
      const insert = database.insert(into.table);
      if (overriding) insert.overridingSystemValue();
      const inserted = insert.values(rows);
      if (meets !== undefined) inserted.onConflictDoNothing({ target: meets });
      return inserted.returning(fields);
    }
    case "update": {
      const { rows, from, set, fields } = query;
      const update = database.update(rows.table).set(set);
      return (from === undefined ? update : update.from(from)).where(rows.where).returning(fields);
    }
    case "delete":
      return database.delete(query.rows.table).where(query.rows.where).returning(query.fields);
    case "relational": {
      const { table, config } = query;
      return relationalQuery(database, table, query).findMany(config);
    }
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's type differs per database
function select(database: Database, { fields, from, orderBy = [], limit, offset, locks }: Select): any {
  const source = "select" in from ? select(database, from.select).as(from.as) : from.table;
  const query = database.select(fields).from(source).$dynamic();
  if ("where" in from) query.where(from.where);
  if (orderBy.length > 0) query.orderBy(...orderBy);
  if (limit !== undefined) query.limit(limit);
  if (offset !== undefined) query.offset(offset);
  if (locks === true) query.for("update");
  return query;
}

/** Runs a statement that answers one number. */
export async function numberOf(dialect: Dialect, database: Database, ask: Count["ask"]): Promise<number> {
  if (ask.kind === "text") {
    const [row] = await dialect.query(database, ask.text, ask.values);
    return Number(row![0]);
  }
  const [row] = await rowsOf(database, ask);
  return Number(row!["count"]);
}
