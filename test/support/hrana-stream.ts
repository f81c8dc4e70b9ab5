import { DatabaseSync, type StatementSync } from "node:sqlite";

/** A value as Hrana writes it: integers by their digits, blobs in base64. */
export type Value = { readonly type: string; readonly value?: string | number; readonly base64?: string };
/** A statement: its text, or the number of a text that was stored. */
export type Statement = {
  readonly sql?: string;
  readonly sql_id?: number;
  readonly args?: readonly Value[];
  readonly want_rows?: boolean;
};
type Condition = { type: string; step?: number; cond?: Condition; conds?: readonly Condition[] };
type Step = { readonly stmt: Statement; readonly condition?: Condition | null };
/** What a stream may be asked. */
export type Request = Statement & {
  readonly type: string;
  readonly stmt?: Statement;
  readonly batch?: { readonly steps: readonly Step[] };
};
type Failure = { readonly message: string; readonly code: string };

/** A refusal of the database, as the client is told of it. */
export class HranaError extends Error {
  readonly failure: Failure;
  constructor(message: string, code: string) {
    super(message);
    this.failure = { message, code };
  }
}

/** SQLite's own codes, as sqld calls them; what is not here is `SQLITE_UNKNOWN`, the commonest of all among them. */
const CODES = new Map([
  [5, "SQLITE_BUSY"],
  [6, "SQLITE_LOCKED"],
  [8, "SQLITE_READONLY"],
  [9, "SQLITE_INTERRUPT"],
  [10, "SQLITE_IOERR"],
  [13, "SQLITE_FULL"],
  [18, "SQLITE_TOOBIG"],
  [19, "SQLITE_CONSTRAINT"],
  [20, "SQLITE_MISMATCH"],
]);

const errcodeOf = (error: unknown): number => Number((error as { errcode?: unknown }).errcode);

function refusal(error: unknown, preparing: boolean): HranaError {
  const { message } = error as Error;
  const code = errcodeOf(error);
  if (preparing && code === 1)
    return new HranaError(`SQL input error: ${message} (at offset 0)`, "SQL_INPUT_ERROR");
  return new HranaError(`SQLite error: ${message}`, CODES.get(code & 0xff) ?? "SQLITE_UNKNOWN");
}

const decode = ({ type, value, base64 }: Value): null | bigint | number | string | Uint8Array => {
  if (type === "null") return null;
  if (type === "blob") return Buffer.from(base64!, "base64");
  return type === "integer" ? BigInt(value!) : value!;
};

const encode = (value: unknown): Value => {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return {
    type: "blob",
    base64: Buffer.from(value as Uint8Array)
      .toString("base64")
      .replace(/=+$/, ""),
  };
};

/** What came of a piece of work, or how it was refused. */
export async function settled<T>(work: Promise<T>): Promise<[T, null] | [null, Failure]> {
  try {
    return [await work, null];
  } catch (error) {
    if (error instanceof HranaError) return [null, error.failure];
    throw error;
  }
}

/** A connection, and what it is asked after each statement. */
interface Connection {
  readonly database: DatabaseSync;
  readonly counts: StatementSync;
}

/** Connections of streams that are closed, by file: most of a short stream's time would go into opening its own. */
const idle = new Map<string, Connection[]>();

function connect(file: string): Connection {
  const database = new DatabaseSync(file, { readBigInts: true, returnArrays: true, timeout: 0 });
  database.exec("pragma synchronous = off");
  return { database, counts: database.prepare("select changes(), last_insert_rowid()") };
}

/** Closes the connections that no stream has. */
export function closeIdle(file: string): void {
  for (const { database } of idle.get(file) ?? []) database.close();
  idle.delete(file);
}

/** What a connection may keep, so that no other stream gets it. */
const KEPT = /\b(?:pragma|attach|temp|temporary)\b/i;

/** A stream of Hrana: one connection, and the texts it was told to remember. */
export class Stream {
  readonly id: string = crypto.randomUUID();
  closed = false;
  #robbed = false;
  #marked = false;
  readonly #file: string;
  readonly #connection: Connection;
  readonly #database: DatabaseSync;
  readonly #patience: number;
  readonly #texts = new Map<number, string>();

  constructor(file: string, patience: number) {
    this.#file = file;
    this.#connection = idle.get(file)?.pop() ?? connect(file);
    this.#database = this.#connection.database;
    this.#patience = patience;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.#marked) return this.#database.close();
    if (this.#database.isTransaction) this.#database.exec("rollback");
    const others = idle.get(this.#file);
    if (others === undefined) idle.set(this.#file, [this.#connection]);
    else others.push(this.#connection);
  }

  /** Rolls back; the next to be asked is told so, and after that statements stand alone. */
  rob(): void {
    if (!this.#database.isTransaction) return;
    this.#database.exec("rollback");
    this.#robbed = true;
  }

  textOf({ sql, sql_id: id }: Statement): string {
    const text = sql ?? this.#texts.get(id!);
    if (text === undefined) throw new Error(`SQL text ${id} was not found`);
    this.#marked ||= KEPT.test(text);
    return text;
  }

  async answer(request: Request): Promise<object> {
    const { type } = request;
    const robbed = this.#robbed && ["execute", "batch", "sequence"].includes(type);
    if (robbed) this.#robbed = false;
    if (type === "close") this.close();
    else if (type === "store_sql") this.#texts.set(request.sql_id!, request.sql!);
    else if (type === "close_sql") this.#texts.delete(request.sql_id!);
    else if (type === "get_autocommit") return { type, is_autocommit: !this.#database.isTransaction };
    else if (type === "execute") return { type, result: await this.#execute(request.stmt!, robbed) };
    else if (type === "batch") return { type, result: await this.#batch(request.batch!.steps, robbed) };
    else if (type === "sequence") await this.#locked(() => this.#database.exec(this.textOf(request)), robbed);
    else throw new Error(`unknown request ${type}`);
    return { type };
  }

  async #batch(steps: readonly Step[], robbed: boolean): Promise<object> {
    const results: (object | null)[] = [];
    const errors: (Failure | null)[] = [];
    const holds = ({ type, step, cond, conds }: Condition): boolean => {
      if (type === "ok") return results[step!] !== null;
      if (type === "error") return errors[step!] !== null;
      if (type === "not") return !holds(cond!);
      if (type === "and") return conds!.every(holds);
      return type === "or" ? conds!.some(holds) : !this.#database.isTransaction;
    };
    for (const { stmt, condition } of steps) {
      const runs = condition === undefined || condition === null || holds(condition);
      const [result, error] = runs ? await settled(this.#execute(stmt, robbed)) : [null, null];
      results.push(result);
      errors.push(error);
    }
    return { step_results: results, step_errors: errors };
  }

  async #execute(statement: Statement, robbed: boolean): Promise<object> {
    const text = this.textOf(statement);
    const prepared = await this.#locked(() => this.#database.prepare(text), robbed, true);
    const values = (statement.args ?? []).map(decode);
    const rows = (await this.#locked(() => prepared.all(...values))) as unknown as unknown[][];
    const changes = /^\s*(insert|update|delete|replace|with)\b/i.test(text);
    const [count, rowid] = this.#connection.counts.all()[0] as unknown as [bigint, bigint];
    return {
      cols: prepared.columns().map(({ name, type }) => ({ name, decltype: type })),
      rows: statement.want_rows === false ? [] : rows.map((row) => row.map(encode)),
      affected_row_count: changes ? Number(count) : 0,
      last_insert_rowid: String(rowid),
    };
  }

  /** Waits while another stream holds the lock; what began to read before the other wrote cannot, and fails at once. */
  async #locked<T>(work: () => T, robbed = false, preparing = false): Promise<T> {
    if (robbed) throw new HranaError("Transaction timed out", "TRANSACTION_TIMEOUT");
    const end = performance.now() + this.#patience;
    for (;;) {
      try {
        if (this.closed) throw new HranaError("The stream is closed", "STREAM_CLOSED");
        return work();
      } catch (error) {
        if (error instanceof HranaError) throw error;
        if (errcodeOf(error) !== 5 || performance.now() > end) throw refusal(error, preparing);
      }
      await Bun.sleep(2);
    }
  }
}
