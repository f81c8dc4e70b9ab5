import { waitFor } from "../../clock.ts";
import type { Database, ResultRows } from "../contract.ts";
import type { Driver } from "./driver.ts";
import { isLost, isStale } from "./failure.ts";
import {
  type Asked,
  type LazyClient,
  type LazyQuery,
  type Statement,
  WatchedClient,
  type Ways,
} from "./lazy.ts";
import { MAX_PREPARED, Uses } from "./uses.ts";
import { boundValue } from "./value.ts";
import type { Hold, Watch } from "./watch.ts";

/** How many connections postgres.js opens unless it is told otherwise. */
const CONNECTIONS = 10;
/** How many statements may be prepared: a connection never forgets one. */
const MAX_STATEMENTS = 300;
/** How long a connection lives at most, unless the driver is told otherwise, in milliseconds. */
const LIFETIME = 3_600_000;
/** The driver's own limit. What it finds wrong before it sends a statement behind another is never answered. */
const MAX_VALUES = 65_533;
/** How long the driver may take to notice that a connection is lost. */
const NOTICE = 250;

interface Options {
  readonly max?: number;
  readonly max_lifetime?: unknown;
}

/** postgres.js, through drizzle-orm/postgres-js. Outside of transactions it prepares anew what has gone stale. */
export class PostgresJs implements Driver {
  readonly remote = true;
  readonly rowsAreCheap = false;
  readonly pipelines = true;
  readonly connections: number;
  readonly #renews: boolean;
  readonly #uses = new Uses();
  #kept = new Set<string>();
  /** What those have together. */
  #characters = 0;
  #since = performance.now();

  constructor({ options }: { readonly options?: Options }) {
    this.connections = options?.max ?? CONNECTIONS;
    this.#renews = typeof options?.max_lifetime === "function";
  }

  get prepared(): number {
    return this.#kept.size;
  }

  watched(client: object, watch: Watch, guard: Ways["guard"] = (work) => work()): object {
    return new WatchedClient(client as LazyClient, watch, { send, guard });
  }

  async query(client: WatchedClient, text: string, values: readonly unknown[]): Promise<ResultRows> {
    const prepare = this.#prepares(text);
    try {
      return await client.ask({ text, values: values.map(boundValue), options: { prepare }, arrays: true });
    } catch (error) {
      // The other connections need not find out.
      if (isStale(error) && this.#kept.delete(text)) this.#characters -= text.length;
      throw error;
    }
  }

  async transaction<T>(
    database: Database,
    hold: Hold,
    settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    const line = new Line();
    try {
      return await database.transaction((tx: Database) => {
        const { session } = tx as { session: { client: object } };
        const asked = { text: settings.join(";"), values: [], arrays: false };
        const first = send(session.client as LazyClient, asked);
        hold.drop = first.means.drop;
        // Nobody waits for the settings; should they fail, so will what follows.
        first.rows.then(undefined, () => undefined);
        session.client = this.watched(session.client, hold, line.guard);
        return line.guard(() => work(tx));
      });
    } finally {
      line.end();
    }
  }

  #prepares(text: string): boolean {
    if (this.#kept.has(text)) return true;
    if (this.#kept.size >= MAX_STATEMENTS || this.#characters > MAX_PREPARED) {
      if (!this.#renews || performance.now() - this.#since < LIFETIME) return false;
      this.#characters = 0;
      this.#kept = new Set(); // no connection lives that knows them
      this.#since = performance.now();
    }
    if (!this.#uses.worth(text)) return false;
    this.#kept.add(text);
    this.#characters += text.length;
    return true;
  }
}

/** A connection, which the driver shows to a statement that is sent whole. */
interface Connection {
  terminate(): void;
}

/** The connections that were shown, by what every statement has of its own. */
const connections = new WeakMap<object, Connection>();

function send(client: LazyClient, { text, values, options, arrays }: Asked): Statement {
  if (values.length > MAX_VALUES)
    throw Object.assign(new Error(`more than ${MAX_VALUES} values`), { code: "MAX_PARAMETERS_EXCEEDED" });
  const onexecute = (connection: Connection): boolean => {
    if (query.state) connections.set(query.state, connection);
    return true;
  };
  const query: Query = client.unsafe(text, values, { ...options, onexecute });
  const drop = (): void => void (query.state && connections.get(query.state)?.terminate());
  return { rows: arrays ? query.values() : query, means: { stop: () => stop(query), drop } };
}

/** A statement with what the driver keeps of it. */
interface Query extends LazyQuery {
  /** Which connection it was given to. */
  readonly state?: object | null;
  canceller?: ((query: LazyQuery) => Promise<void>) | null;
}

/** `cancel()` drops the promise of its own, and nobody would hear that it failed. */
function stop(query: Query): Promise<void> | void {
  const { canceller } = query;
  if (typeof canceller !== "function") return void query.cancel();
  query.canceller = null;
  return canceller(query);
}

/**
 * The connection of a transaction, which the driver says is lost by ending the transaction before its work has ended.
 * When the work ends, the driver would still write a rollback, or a commit, to the connection that is not there; that
 * throws where nobody can catch it, and the connection is of no use ever after. So such work never ends.
 */
class Line {
  #ended = false;
  #end!: () => void;
  readonly #over = new Promise<void>((resolve) => (this.#end = resolve));

  /** The driver has ended the transaction. */
  end(): void {
    this.#ended = true;
    this.#end();
  }

  guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isLost(error)) await waitFor(NOTICE, this.#over);
      throw error;
    } finally {
      if (this.#ended) await new Promise(() => undefined);
    }
  };
}
