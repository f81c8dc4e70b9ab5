import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { closeIdle, type Request, settled, type Statement, Stream } from "./hrana-stream.ts";

// A server of libSQL for tests: Hrana over HTTP, its streams and errors as sqld has them
// (https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md).

/** What befalls a request: it is never answered or its connection is cut, before or after its work; or anything else is answered. */
export type Mishap =
  | { readonly kind: "hang" | "drop"; readonly when: "before" | "after" }
  | { readonly kind: "delay"; readonly milliseconds: number }
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly type?: string };

/** A server, and what tests do to it. */
export interface Hrana {
  readonly url: string;
  /** Asked about each request by its statements, one a line; `close` is a line of its own. */
  mishap: ((statements: string) => Mishap | undefined) | undefined;
  /** The statements of the requests that came, as `mishap` sees them. */
  readonly requests: readonly string[];
  /** How many streams are open. */
  readonly streams: number;
  /** Rolls back whatever is open, as sqld does for somebody who has waited too long. */
  readonly rob: () => void;
  /** Is gone: no new connections, and the open ones are cut. */
  readonly stop: () => Promise<void>;
  /** Is back, where it was. */
  readonly start: () => Promise<void>;
  /** Stops, and removes its file. */
  readonly close: () => Promise<void>;
}

/** How a server is made. */
export interface HranaOptions {
  /** How long a stream may rest, in milliseconds. */
  readonly expiry?: number;
  /** How long a statement waits for the lock, in milliseconds. */
  readonly patience?: number;
}

/** A stream that rests: which baton comes next, and what closes it when none does. */
interface Resting {
  readonly stream: Stream;
  turn: number;
  expiry?: ReturnType<typeof setTimeout>;
}

/** The streams of a server, by the batons it gives out. */
class Streams {
  readonly #known = new Map<string, Resting>();
  readonly #open: () => Stream;
  readonly #expiry: number;

  constructor(open: () => Stream, expiry: number) {
    this.#open = open;
    this.#expiry = expiry;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Without a baton a new one; `undefined` where it has expired. */
  take(baton: string | undefined): Stream | undefined {
    if (baton === undefined) {
      const stream = this.#open();
      this.#known.set(stream.id, { stream, turn: 0 });
      return stream;
    }
    const [id, turn] = baton.split("/");
    const resting = this.#known.get(id!);
    if (resting === undefined) return undefined;
    if (resting.turn++ !== Number(turn)) throw new Error("the baton was reused");
    clearTimeout(resting.expiry);
    return resting.stream;
  }

  /** Answers the baton it is taken by next. */
  rest(stream: Stream): string | null {
    const resting = this.#known.get(stream.id);
    if (stream.closed || resting === undefined) {
      this.#end(stream);
      return null;
    }
    resting.expiry = setTimeout(() => this.#end(stream), this.#expiry);
    return `${stream.id}/${resting.turn}`;
  }

  /** The one a baton speaks of, without taking it. */
  look(baton: string | undefined): Stream | undefined {
    return baton === undefined ? undefined : this.#known.get(baton.split("/")[0]!)?.stream;
  }

  rob(): void {
    for (const { stream } of this.#known.values()) stream.rob();
  }

  close(): void {
    for (const { stream } of this.#known.values()) this.#end(stream);
  }

  #end(stream: Stream): void {
    clearTimeout(this.#known.get(stream.id)?.expiry);
    this.#known.delete(stream.id);
    stream.close();
  }
}

/** What a request asks, as text. */
function statementsOf(requests: readonly Request[], stream: Stream | undefined): string {
  const stored = new Map(
    requests.filter(({ type }) => type === "store_sql").map((one) => [one.sql_id, one.sql]),
  );
  const textOf = (one: Statement): string => one.sql ?? stored.get(one.sql_id) ?? stream?.textOf(one) ?? "";
  return requests
    .filter(({ type }) => type !== "store_sql" && type !== "close_sql")
    .flatMap(({ type, stmt, batch, ...one }) => {
      if (stmt !== undefined) return textOf(stmt);
      if (batch !== undefined) return batch.steps.map((step) => textOf(step.stmt));
      return type === "sequence" ? textOf(one) : type;
    })
    .join("\n");
}

/** Starts a server over a file of its own, empty. */
export async function startHrana({ expiry = 10_000, patience = 5_000 }: HranaOptions = {}): Promise<Hrana> {
  const folder = mkdtempSync(join(tmpdir(), "hrana-"));
  const file = join(folder, "remote.db");
  const keeper = new DatabaseSync(file);
  keeper.exec("pragma journal_mode = wal");
  const streams = new Streams(() => new Stream(file, patience), expiry);
  const requests: string[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: string, type = "application/json"): void =>
      void response.writeHead(status, { "content-type": type }).end(body);
    const [, version, part] = /^\/v([23])(\/pipeline)?$/.exec(request.url!) ?? [];
    if (version === undefined) return send(404, "", "text/plain");
    if (part === undefined) return send(200, "", "text/plain");
    const { baton, requests: asked } = JSON.parse(await readText(request)) as {
      readonly baton?: string;
      readonly requests: readonly Request[];
    };
    const statements = statementsOf(asked, streams.look(baton));
    requests.push(statements);
    const mishap = server.mishap?.(statements);
    if (mishap?.kind === "answer") return send(mishap.status, mishap.body, mishap.type ?? "text/plain");
    if (mishap?.kind === "delay") await Bun.sleep(mishap.milliseconds);
    const silenced = (when: string): boolean => {
      if (mishap?.kind === "drop" && mishap.when === when) request.socket.destroy();
      return mishap !== undefined && "when" in mishap && mishap.when === when;
    };
    if (silenced("before")) return;
    const stream = streams.take(baton);
    if (stream === undefined) {
      const message = "The stream has expired due to inactivity";
      return send(500, JSON.stringify({ message, code: "STREAM_EXPIRED" }));
    }
    const results: object[] = [];
    for (const one of asked) {
      const [result, error] = await settled(stream.answer(one));
      results.push(result === null ? { type: "error", error } : { type: "ok", response: result });
    }
    const body = JSON.stringify({ baton: streams.rest(stream), base_url: null, results });
    if (!silenced("after")) send(200, body);
  };

  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(400, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      http.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  await listen(0);
  const { port } = http.address() as AddressInfo;

  const server: Hrana = {
    url: `http://127.0.0.1:${port}`,
    mishap: undefined,
    requests,
    get streams() {
      return streams.size;
    },
    rob: () => streams.rob(),
    stop: async () => {
      const stopped = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      streams.close();
      await stopped;
    },
    start: () => listen(port),
    close: async () => {
      if (http.listening) await server.stop();
      closeIdle(file);
      keeper.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}
