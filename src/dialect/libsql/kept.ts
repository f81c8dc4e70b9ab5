import { Cache, LONGEST, Seen } from "../../cache.ts";

/** The part of a connection of the driver that is used here. */
export interface Connection {
  readonly inTransaction: boolean;
  prepare(text: string): Statement;
  exec(text: string): void;
  close(): void;
}

type Cells = readonly unknown[];
/** Values by place, or by name. */
type Values = Cells | Readonly<Record<string, unknown>>;

/** The part of a statement that @libsql/client uses. */
export interface Statement {
  /** Whether it answers rows; one that does not can only be run. */
  readonly reader: boolean;
  raw(arrays: boolean): unknown;
  safeIntegers(toggle: boolean): unknown;
  columns(): readonly { readonly name: string; readonly type: string | null }[];
  all(values: Values): readonly Cells[];
  run(values: Values): unknown;
}

/** Statements kept prepared, in each of two generations, and what their texts may have in characters. */
const MAX_STATEMENTS = 200;
const MAX_CHARACTERS = 524_288;

/**
 * Errors at which SQLite ends a statement by itself: ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE. After any other one it may
 * still be open, and what its connection commits later is lost without a word.
 */
const ENDING: ReadonlySet<number> = new Set([1, 18, 19, 20, 25]);

/** Not what answers all columns of a table: which these are is asked before it runs, and would be what they were. */
const isKept = (text: string): boolean =>
  text.length <= LONGEST && !text.replaceAll("count(*)", "").includes("*");

/** A connection as @libsql/client uses it, whose statements stay prepared where they come again and are not long. */
export class KeptConnection {
  readonly #connection: Connection;
  readonly #statements = new Cache<KeptStatement>(MAX_STATEMENTS, { most: MAX_CHARACTERS });
  readonly #seen = new Seen();
  #spoiled = false;
  open = true;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** How many statements are kept. */
  get size(): number {
    return this.#statements.size;
  }

  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  prepare(text: string): KeptStatement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = new KeptStatement(this, text);
    if (isKept(text) && this.#seen.before(text)) this.#statements.set(text, statement);
    return statement;
  }

  exec(text: string): void {
    // What is waited for is no statement that stays: it may well end busy.
    this.#connection.exec(text);
  }

  /** A statement of the driver's own. */
  make(text: string): Statement {
    const statement = this.#connection.prepare(text);
    statement.safeIntegers(true);
    if (statement.reader) statement.raw(true);
    return statement;
  }

  /** Takes note of what a statement has met. */
  met(error: unknown): void {
    const { rawCode } = error as { readonly rawCode?: unknown };
    // An extended code has that which it belongs to in its last byte.
    if (typeof rawCode !== "number" || !ENDING.has(rawCode & 0xff)) this.#spoiled = true;
  }

  /** Is called when a transaction has ended. */
  release(): void {
    if (this.#spoiled || this.#connection.inTransaction) this.end();
  }

  /** Closes it; what it had begun is rolled back, for the driver keeps a lock as long as a statement is not collected. */
  end(): void {
    if (!this.open) return;
    this.open = false;
    this.#statements.clear();
    try {
      if (this.#connection.inTransaction) this.#connection.exec("rollback");
    } catch {
      // there is no more that could be done
    }
    this.#connection.close();
  }
}

/** A statement that is prepared when it is first needed, and anew once it has failed: the driver does not reset it then. */
class KeptStatement {
  readonly #connection: KeptConnection;
  readonly #text: string;
  #made: Statement | undefined;
  #columns: ReturnType<Statement["columns"]> | undefined;

  constructor(connection: KeptConnection, text: string) {
    this.#connection = connection;
    this.#text = text;
  }

  get #statement(): Statement {
    return (this.#made ??= this.#connection.make(this.#text));
  }

  safeIntegers(): this {
    return this; // it was made so
  }

  /** @throws where it answers no rows, as the driver does: so the client knows. */
  raw(): this {
    if (!this.#statement.reader) throw new TypeError("a statement that answers no rows");
    return this;
  }

  columns(): ReturnType<Statement["columns"]> {
    return (this.#columns ??= this.#statement.columns());
  }

  all(values: Values): readonly Cells[] {
    return this.#run((statement) => statement.all(values));
  }

  run(values: Values): unknown {
    return this.#run((statement) => statement.run(values));
  }

  #run<T>(work: (statement: Statement) => T): T {
    try {
      return work(this.#statement);
    } catch (error) {
      this.#made = undefined;
      this.#connection.met(error);
      throw error;
    }
  }
}
