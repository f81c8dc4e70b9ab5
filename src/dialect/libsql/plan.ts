import type { ResultRows } from "../contract.ts";
import { toSQLite } from "../sqlite/value.ts";

/** The part of a connection of the driver under @libsql/client that is used here. */
interface Connection {
  prepare(text: string): Statement;
  exec(text: string): void;
  close(): void;
}

interface Statement {
  raw(arrays: boolean): Statement;
  run(values: readonly unknown[]): unknown;
  all(values: readonly unknown[]): ResultRows;
}

type Ask = (text: string) => Promise<ResultRows>;

/**
 * Asks for the plan of a statement on a connection of its own, which is closed afterwards; `undefined` where there can be
 * none. To SQLite a statement that is explained goes on until it is reset, which the driver does when it is collected as
 * garbage. Until then its connection commits nothing where the statement writes, and where it reads, shows what was there
 * before: so no connection that anybody else uses is asked.
 *
 * @param ask asks the database itself.
 */
export async function planElsewhere(
  ask: Ask,
  text: string,
  values: readonly unknown[],
): Promise<ResultRows | undefined> {
  let connection: Connection | undefined;
  try {
    connection = await open(ask);
    return connection.prepare(text).raw(true).all(values.map(toSQLite));
  } catch {
    return undefined;
  } finally {
    connection?.close();
  }
}

async function open(ask: Ask): Promise<Connection> {
  const [main] = await ask("select file from pragma_database_list where name = 'main'");
  const driver = "libsql"; // comes with @libsql/client, and is no dependency of ours
  const { default: Driver } = (await import(driver)) as {
    default: new (path: string, options?: object) => Connection;
  };
  const file = main?.[0];
  if (typeof file === "string" && file !== "") return new Driver(file, { readonly: true });
  const copy = new Driver(":memory:");
  try {
    await build(copy, ask);
  } catch (error) {
    copy.close();
    throw error;
  }
  return copy;
}

/** Makes what is in a database in memory, which has one connection, but for its rows: plans are made without looking at them. */
async function build(copy: Connection, ask: Ask): Promise<void> {
  const made = await ask(
    // A virtual table makes tables of its own, which are not made again.
    `select sql from sqlite_schema where sql is not null and name not glob 'sqlite_*'
     and name not in (select name from pragma_table_list where type = 'shadow')
     order by type = 'table' desc, rowid`,
  );
  for (const row of made) copy.exec(String(row[0]));
  const [analyzed] = await ask("select 1 from sqlite_schema where name = 'sqlite_stat1'");
  if (analyzed === undefined) return;
  copy.exec("analyze");
  const insert = copy.prepare("insert into sqlite_stat1 values (?, ?, ?)");
  for (const row of await ask("select tbl, idx, stat from sqlite_stat1")) insert.run(Array.from(row));
  copy.exec("analyze sqlite_schema");
}
