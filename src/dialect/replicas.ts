import type { Database, Dialect } from "./contract.ts";

/** What Drizzle's `withReplicas` makes: the primary's own properties, and who answers what. */
interface Replicated {
  readonly $primary: Database;
  readonly $replicas: readonly Database[];
  /** That of the replica whose turn it is, as the application has Drizzle choose. */
  readonly query: object;
}

/** Whether a database was made by Drizzle's `withReplicas`. */
export function isReplicated(database: Database): database is Replicated {
  return (
    typeof database === "object" && database !== null && "$primary" in database && "$replicas" in database
  );
}

/**
 * A primary and its replicas. What only reads goes to a replica; what writes, and what runs in a transaction, to the
 * primary, with everything that is read there afterwards.
 */
export function openReplicas(database: Replicated, open: (database: Database) => Dialect): Dialect {
  const primary = open(database.$primary);
  const replicas = database.$replicas.map(open);
  const all = [primary, ...replicas];
  const owners = new WeakMap<object, Dialect>();
  const choose = (): Dialect => {
    if (replicas.length === 0) return primary;
    const { query } = database;
    return replicas[database.$replicas.findIndex((replica) => replica.query === query)] ?? primary;
  };
  return {
    speaks: primary.speaks,
    get door() {
      return primary.door;
    },
    refers: primary.refers,
    remote: all.some(({ remote }) => remote),
    get rowsAreCheap() {
      return all.every(({ rowsAreCheap }) => rowsAreCheap);
    },
    get jsonPassesSelects() {
      return all.every(({ jsonPassesSelects }) => jsonPassesSelects);
    },
    get prepared() {
      return all.reduce((sum, { prepared }) => sum + prepared, 0);
    },
    read(work) {
      const owner = choose();
      return owner.read((one) => {
        owners.set(one, owner);
        return work(one);
      });
    },
    write: (work, milliseconds) => primary.write(work, milliseconds),
    transaction: (mode, work) => primary.transaction(mode, work),
    query: (one, text, values) => (owners.get(one) ?? primary).query(one, text, values),
    failure: (error, mode) => primary.failure(error, mode),
    unsayable: (error) => primary.unsayable(error),
    retryable: (error) => primary.retryable(error),
    missesReference: (error) => primary.missesReference(error),
  };
}
