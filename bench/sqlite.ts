// Files of SQLite for measuring.
import { Database } from "bun:sqlite";
import { getTableName } from "drizzle-orm";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { statementsOf } from "./by-sql.ts";
import { type Row, rows, type Sizes, WHOLE } from "./data.ts";
import * as schema from "./schema.ts";

const TABLES = [
  schema.user,
  schema.post,
  schema.comment,
  schema.session,
  schema.account,
  schema.verification,
];

/** Makes the file of SQLite, in WAL mode, with everything checkpointed into it; or less of it. */
export function createData(file: string, sizes: Sizes = WHOLE): void {
  const database = new Database(file, { create: true });
  database.run("pragma journal_mode = wal");
  for (const table of TABLES) createTable(database, table);
  database.transaction(() => {
    for (const [table, list] of rows(sizes)) fill(database, getTableName(table), list);
  })();
  database.run("pragma wal_checkpoint(truncate)");
  database.close();
}

/** Makes a file where so much is wanted that SQLite makes it itself, by statements; it has no sessions. */
export function createBySQL(file: string, sizes: Sizes): void {
  const database = new Database(file, { create: true });
  // Nobody else has it, and after a crash it is made anew.
  for (const pragma of ["journal_mode = off", "synchronous = off", "cache_size = -400000"])
    database.run(`pragma ${pragma}`);
  const indexes: string[] = [];
  for (const table of TABLES) createTable(database, table, (statement) => indexes.push(statement));
  database.transaction(() => {
    for (const statement of [...statementsOf("sqlite", sizes), ...indexes]) database.run(statement);
  })();
  database.run("pragma journal_mode = wal");
  database.close();
}

function createTable(
  database: Database,
  table: SQLiteTable,
  index = (statement: string): void => void database.run(statement),
): void {
  const { name, columns, foreignKeys, indexes } = getTableConfig(table);
  const members = columns.map((column) => {
    const unique = column.isUnique ? " unique" : "";
    const key = column.primary ? " primary key" : "";
    return `"${column.name}" ${column.getSQLType()}${key}${column.notNull && !column.primary ? " not null" : ""}${unique}`;
  });
  for (const key of foreignKeys) {
    const { columns: own, foreignTable, foreignColumns } = key.reference();
    members.push(
      `foreign key ("${own[0]!.name}") references "${getTableConfig(foreignTable).name}"("${foreignColumns[0]!.name}")`,
    );
  }
  database.run(`create table "${name}" (${members.join(", ")})`);
  for (const { config } of indexes) {
    const on = config.columns.map((column) => `"${(column as { name: string }).name}"`);
    index(`create index "${config.name}" on "${name}" (${on.join(", ")})`);
  }
}

function fill(database: Database, table: string, list: Iterable<Row>): void {
  const inserts = new Map<string, ReturnType<Database["prepare"]>>();
  for (const row of list) {
    const columns = Object.keys(row).join(", ");
    let insert = inserts.get(columns);
    if (insert === undefined) {
      const marks = Object.keys(row).fill("?").join(", ");
      inserts.set(
        columns,
        (insert = database.prepare(`insert into "${table}" (${columns}) values (${marks})`)),
      );
    }
    insert.run(...Object.values(row).map((value) => (value instanceof Date ? value.getTime() : value)));
  }
}
