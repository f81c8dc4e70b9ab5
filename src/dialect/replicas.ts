import type { Later } from "../clock.ts";
import type { QueryError } from "../error.ts";
import type { Bound, Database, Dialect, Door, Leaving, ResultRows } from "./contract.ts";

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
export class Replicas implements Dialect {
  readonly #database: Replicated;
  readonly #primary: Dialect;
  readonly #replicas: readonly Dialect[];
  readonly #all: readonly Dialect[];
  /** The places of all replicas, where each has a number of them. */
  readonly #together: readonly Bound[] | undefined;
  /** Whose a database is that was handed to work; any other is the primary's. */
  readonly #owners = new WeakMap<object, Dialect>();

  constructor(database: Replicated, open: (database: Database) => Dialect) {
    this.#database = database;
    this.#primary = open(database.$primary);
    this.#replicas = database.$replicas.map(open);
    this.#all = [this.#primary, ...this.#replicas];
    this.#together = togetherOf(this.#replicas);
  }

  get speaks(): Dialect["speaks"] {
    return this.#primary.speaks;
  }

  get primary(): Dialect {
    return this.#primary;
  }

  watch(): Promise<(() => boolean) | undefined> {
    return this.#primary.watch?.() ?? Promise.resolve(undefined);
  }

  get door(): Door | undefined {
    return this.#primary.door;
  }

  get refers(): boolean {
    return this.#primary.refers;
  }

  get remote(): boolean {
    return this.#all.some(({ remote }) => remote);
  }

  get writesAlone(): boolean {
    return this.#primary.writesAlone === true;
  }

  get pipelines(): boolean {
    return this.#primary.pipelines === true;
  }

  get rowsAreCheap(): boolean {
    return this.#all.every(({ rowsAreCheap }) => rowsAreCheap);
  }

  get jsonPassesSelects(): boolean {
    return this.#all.every(({ jsonPassesSelects }) => jsonPassesSelects);
  }

  get prepared(): number {
    return this.#all.reduce((sum, { prepared }) => sum + prepared, 0);
  }

  /** What only reads waits for the replicas together: whose turn it is is not known before. */
  bounds(mode: "read" | "write", transaction: boolean): readonly Bound[] | undefined {
    if (mode === "write" || transaction || this.#replicas.length === 0)
      return this.#primary.bounds?.(mode, transaction);
    return this.#together;
  }

  read<T>(work: (database: Database) => Later<T>, leaving?: Leaving): Later<T> {
    const owner = this.#choose();
    return owner.read((one) => {
      this.#owners.set(one as object, owner);
      return work(one);
    }, leaving);
  }

  write<T>(work: (database: Database) => Promise<T>, milliseconds?: number): Promise<T> {
    return this.#primary.write(work, milliseconds);
  }

  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    return this.#primary.transaction(mode, work);
  }

  query(database: Database, text: string, values: readonly unknown[], most?: number): Later<ResultRows> {
    return (this.#owners.get(database as object) ?? this.#primary).query(database, text, values, most);
  }

  get plan(): Dialect["plan"] {
    return this.#primary.plan?.bind(this.#primary);
  }

  failure(error: unknown, mode: "read" | "write"): QueryError | undefined {
    return this.#primary.failure(error, mode);
  }

  undoes(error: unknown): boolean {
    return this.#primary.undoes?.(error) === true;
  }

  unsayable(error: unknown): boolean {
    return this.#primary.unsayable(error);
  }

  /** Each knows what was stopped in its own pool. */
  retryable(error: unknown): boolean {
    return this.#all.some((one) => one.retryable(error));
  }

  missesReference(error: unknown): boolean {
    return this.#primary.missesReference(error);
  }

  /** That of the replica whose turn it is. */
  #choose(): Dialect {
    if (this.#replicas.length === 0) return this.#primary;
    const { query } = this.#database;
    return this.#replicas[this.#database.$replicas.findIndex((one) => one.query === query)] ?? this.#primary;
  }
}

function togetherOf(replicas: readonly Dialect[]): readonly Bound[] | undefined {
  const sizes = replicas.map((replica) => replica.bounds?.("read", false)?.at(-1)?.size);
  return sizes.includes(undefined)
    ? undefined
    : [{ size: sizes.reduce<number>((sum, size) => sum + size!, 0) }];
}
