import type { Client, InArgs, InStatement, InValue, Transaction } from "@libsql/client";
import { LibSQLSession, LibSQLTransaction } from "drizzle-orm/libsql/session";
import type { Database } from "../contract.ts";
import { presentValues } from "../value.ts";
import type { LibsqlTransaction } from "./transaction.ts";

/** The same Drizzle database over another client. */
export function overClient(database: Database, client: Pick<Client, "execute">): Database {
  const { dialect, session } = database;
  const present = taking(client) as Client;
  const inner = new LibSQLSession(present, dialect, session.schema, session.options, undefined);
  return new database.constructor("async", dialect, inner, session.schema);
}

/** What runs statements, and takes `undefined` for null; the driver refuses it. */
function taking(runner: Pick<Client, "execute">): Pick<Client, "execute"> {
  return {
    execute: (statement: InStatement | string, args?: InArgs) => {
      if (typeof statement === "string") return runner.execute(statement, args);
      const values = statement.args;
      if (!Array.isArray(values)) return runner.execute(statement);
      return runner.execute({ ...statement, args: presentValues(values) as InValue[] });
    },
  };
}

/** A Drizzle transaction, already begun, whose statements go to `transaction`. */
export function overTransaction(
  database: Database,
  client: Client,
  transaction: LibsqlTransaction,
): Database {
  const { dialect, session } = database;
  const inner = new LibSQLSession(
    client,
    dialect,
    session.schema,
    session.options,
    taking(transaction) as Transaction,
  );
  return new LibSQLTransaction("async", dialect, inner, session.schema);
}
