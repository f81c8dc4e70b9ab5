import type { Client, InStatement, ResultSet, Transaction, TransactionMode } from "@libsql/client";
import { Gate } from "./gate.ts";

/** How writers of a libsql client take turns. */
export interface SerializeOptions {
  /** How long a writer may wait for its turn, in milliseconds; 10,000 by default. */
  readonly waitMs?: number;
}

/** A client and the gate its writers pass; of an in-memory database, which is one connection, its readers too. */
export class Lane {
  readonly client: Client;
  readonly writers: Gate;
  #memory: Promise<boolean> | boolean | undefined;

  constructor(client: Client, waitMs: number) {
    this.client = client;
    this.writers = new Gate(waitMs);
    if (client.protocol !== "file") this.#memory = false;
  }

  /** Runs what only reads: at once, or in memory when no transaction holds the connection. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    const memory = this.inMemory();
    return memory === true || (memory !== false && (await memory)) ? this.writers.shared(work) : work();
  }

  /** Whether the database is in memory; asked of it once. */
  inMemory(): Promise<boolean> | boolean {
    this.#memory ??= this.client.execute("pragma database_list").then(({ rows }) => {
      this.#memory = rows.every((row) => row["file"] === "");
      return this.#memory;
    });
    return this.#memory;
  }
}

const lanes = new WeakMap<object, Lane>();

/** The lane of a client: its own where `serializeWrites` made one, else a new one. */
export function laneOf(client: Client, waitMs: number): Lane {
  let lane = lanes.get(client);
  if (lane === undefined) {
    lane = new Lane(client, waitMs);
    lanes.set(client, lane);
  }
  return lane;
}

/** Whether a statement only reads; `with` may write, so it counts as a write. */
export function isRead(statement: InStatement | string): boolean {
  return /^\s*(select|explain|values)\b/i.test(typeof statement === "string" ? statement : statement.sql);
}

/**
 * Wraps a libsql client so that all its writers take turns: the engine's, and everybody else's who uses the client.
 * A SQLite file has one writer, and @libsql/client makes two that overlap in one process fail at once.
 *
 * @example const db = drizzle(serializeWrites(createClient({ url: "file:app.db" })), { schema });
 */
export function serializeWrites(client: Client, options: SerializeOptions = {}): Client {
  if (client.protocol !== "file") return client;
  const lane = new Lane(client, options.waitMs ?? 10_000);
  const turn = <T>(work: () => Promise<T>): Promise<T> => lane.writers.exclusive(work);
  const taking: Partial<Client> = {
    execute: (statement: InStatement | string, args?: never): Promise<ResultSet> => {
      const run = (): Promise<ResultSet> => client.execute(statement as string, args);
      return isRead(statement) ? lane.read(run) : turn(run);
    },
    batch: (statements, mode) =>
      mode === "read"
        ? lane.read(() => client.batch(statements, mode))
        : turn(() => client.batch(statements, mode ?? "write")),
    migrate: (statements) => turn(() => client.migrate(statements)),
    executeMultiple: (text) => turn(() => client.executeMultiple(text)),
    transaction: async (mode: TransactionMode = "write") =>
      mode === "read" && !(await lane.inMemory()) ? client.transaction(mode) : writeTransaction(lane),
  };
  const serialized = overlay(client, taking);
  lanes.set(serialized, lane);
  return serialized;
}

async function writeTransaction({ client, writers }: Lane): Promise<Transaction> {
  const leave = await writers.enter();
  let transaction: Transaction;
  try {
    transaction = await client.transaction("write");
  } catch (error) {
    leave();
    throw error;
  }
  const ending = (end: () => Promise<void>) => async (): Promise<void> => {
    try {
      await end();
    } finally {
      leave();
    }
  };
  return overlay(transaction, {
    commit: ending(() => transaction.commit()),
    rollback: ending(() => transaction.rollback()),
    close: () => {
      transaction.close();
      leave();
    },
  });
}

/** An object with some members replaced; the others keep their own `this`, which private members need. */
function overlay<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(members, key)) return members[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
