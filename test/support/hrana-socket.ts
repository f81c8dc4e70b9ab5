import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeIdle, type Request, settled, type Statement, Stream } from "./hrana-stream.ts";

// The same server over WebSocket (https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_2_SPEC.md).

type Asked = Request & { readonly stream_id: number };
type Message = { readonly type: string; readonly request_id: number; readonly request: Asked };

/** One connection: its streams, each of which does one thing after the other, and the texts it was told to remember. */
class Connection {
  readonly #file: string;
  readonly #texts = new Map<number, string>();
  readonly #streams = new Map<number, { readonly stream: Stream; turn: Promise<unknown> }>();

  constructor(file: string) {
    this.#file = file;
  }

  async answer({ type, request_id, request }: Message): Promise<object> {
    if (type === "hello") return { type: "hello_ok" };
    const [response, error] = await settled(this.#answer(request));
    return error === null
      ? { type: "response_ok", request_id, response }
      : { type: "response_error", request_id, error };
  }

  close(): void {
    for (const { stream } of this.#streams.values()) stream.close();
  }

  async #answer(request: Asked): Promise<object> {
    const { type, stream_id: id, sql_id: number } = request;
    if (type === "store_sql") this.#texts.set(number!, request.sql!);
    else if (type === "close_sql") this.#texts.delete(number!);
    else if (type === "open_stream") {
      this.#streams.set(id, { stream: new Stream(this.#file, 5_000), turn: Promise.resolve() });
    } else {
      const open = this.#streams.get(id)!;
      const asked = type === "close_stream" ? { type: "close" } : this.#written(request);
      const answer = open.turn.then(() => open.stream.answer(asked));
      open.turn = answer.catch(() => undefined);
      if (type !== "close_stream") return answer;
      this.#streams.delete(id);
      await answer;
    }
    return { type };
  }

  /** A request with its texts in place of their numbers. */
  #written(request: Asked): Request {
    const { stmt, batch } = request;
    const written = <T extends Statement>({ sql_id: id, ...one }: T): T =>
      ({ ...one, ...(id !== undefined && { sql: this.#texts.get(id) }) }) as T;
    return {
      ...written(request),
      ...(stmt !== undefined && { stmt: written(stmt) }),
      ...(batch !== undefined && {
        batch: { steps: batch.steps.map((step) => ({ ...step, stmt: written(step.stmt) })) },
      }),
    };
  }
}

/** A server over WebSocket, and what tests do to it. */
export interface HranaSocket {
  readonly url: string;
  /** Is gone: no new connections, and the open ones are cut. */
  readonly stop: () => Promise<void>;
  /** Is back, where it was. */
  readonly start: () => void;
  /** Stops, and removes its file. */
  readonly close: () => Promise<void>;
}

/** Starts a server over a file of its own, empty. */
export function startHranaSocket(): HranaSocket {
  const folder = mkdtempSync(join(tmpdir(), "hrana-"));
  const file = join(folder, "remote.db");
  const keeper = new DatabaseSync(file);
  keeper.exec("pragma journal_mode = wal");
  const open = new Set<Bun.ServerWebSocket<Connection>>();
  const serve = (port: number) =>
    Bun.serve<Connection>({
      port,
      hostname: "127.0.0.1",
      fetch: (request, server) => {
        const headers = { "sec-websocket-protocol": "hrana2" };
        if (server.upgrade(request, { data: new Connection(file), headers })) return undefined;
        return new Response(null, { status: 404 });
      },
      websocket: {
        open: (socket) => void open.add(socket),
        message: async (socket, text) =>
          void socket.send(JSON.stringify(await socket.data.answer(JSON.parse(String(text)) as Message))),
        close: (socket) => {
          open.delete(socket);
          socket.data.close();
        },
      },
    });
  let server = serve(0);
  const { port } = server;
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.terminate();
    await server.stop(true);
  };
  return {
    url: `ws://127.0.0.1:${port}`,
    stop,
    start: () => void (server = serve(port!)),
    close: async () => {
      await stop();
      closeIdle(file);
      keeper.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
