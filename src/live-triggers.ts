import { nameOf, qualified, type QualifiedName } from "./drizzle/drizzle.ts";
import { LIVE_CHANNEL } from "./live-channel.ts";
import { readCatalog } from "./schema/schema.ts";

/** What the triggers, and the function that they call, are named. */
const NAME = "bepalo_live";

/**
 * The statements that make triggers by which a PostgreSQL database tells of all writes to the tables of a schema, whoever
 * writes: for a migration of its author's, where some writers do not know the engine and a route has a `postgresFeed`. A
 * statement tells its table's name, once for each transaction, and never what was written. They may be run again.
 *
 * @param schema The Drizzle schema, or those of its tables that others write.
 * @throws Error for a schema without a table of PostgreSQL.
 * @example
 * // bun drizzle-kit generate --custom --name=live, and into that file:
 * console.log(liveTriggers(schema).join(";\n--> statement-breakpoint\n"));
 */
export function liveTriggers(schema: Record<string, unknown>): readonly string[] {
  const tables = [...readCatalog(schema).values()].filter(
    ({ kind, database }) => kind === "table" && database === "postgresql",
  );
  if (tables.length === 0) throw new Error("the schema has no table of PostgreSQL");
  const names = new Map(tables.map(({ table }) => [qualified(nameOf(table)), spelled(nameOf(table))]));
  return [FUNCTION, ...[...names].flatMap(([table, name]) => trigger(table, name))];
}

/**
 * It finds what it calls wherever a writer looks for functions. Its notices name their transaction, so that a process which
 * has told of its own already knows them.
 */
const FUNCTION = `create or replace function ${NAME}() returns trigger language plpgsql as $$
begin
  perform pg_catalog.pg_notify('${LIVE_CHANNEL}',
    pg_catalog.json_build_array(pg_catalog.txid_current()::text, tg_argv[0])::text);
  return null;
end $$`;

const trigger = (table: string, name: string): readonly string[] => [
  `drop trigger if exists ${NAME} on ${table}`,
  `create trigger ${NAME} after insert or update or delete or truncate on ${table}` +
    ` for each statement execute function ${NAME}(${literal(name)})`,
];

/** As the engine names tables in notices. */
const spelled = ({ schema, name }: QualifiedName): string =>
  schema === undefined || schema === "public" ? name : `${schema}.${name}`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
