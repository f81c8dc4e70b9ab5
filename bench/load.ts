// A load generator without dependencies: raw keep-alive connections to this machine, one request at a time on each.
// `bun bench/load.ts <port> <path> [seconds] [connections] [name: value]…`

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The requests, taken in turn. */
  readonly requests: readonly Uint8Array[];
  /**
   * Whether it looks for answers without a pause, where a processor is its own: to wake another one costs a server up to a
   * third of a request on a virtual machine, the more often the slower it is, and no server over a network pays that.
   */
  readonly awake?: boolean;
}

/** What was answered with 2xx within the time; anything else is `refused` and counts for nothing. */
export interface LoadResult {
  readonly answered: number;
  readonly perSecond: number;
  readonly refused: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Puts a server under load for a bounded time. */
export async function load({
  port,
  connections,
  seconds,
  requests,
  awake = false,
}: LoadOptions): Promise<LoadResult> {
  const run = new Run(requests, performance.now() + seconds * 1000);
  const started = performance.now();
  const rest = awake ? stayAwake() : undefined;
  try {
    await Promise.all(Array.from({ length: connections }, () => converse(port, run)));
  } finally {
    rest?.();
  }
  const elapsed = (run.lastAnswer - started) / 1000;
  const { latencies, refused } = run;
  return {
    answered: latencies.count,
    perSecond: latencies.count / elapsed,
    refused,
    p50: latencies.percentile(0.5),
    p99: latencies.percentile(0.99),
  };
}

/** Has the event loop turn without a pause until it is told to rest. */
function stayAwake(): () => void {
  let awake = true;
  const look = (): void => {
    if (awake) setImmediate(look);
  };
  look();
  return () => {
    awake = false;
  };
}

/** The bytes of a request. */
export function requestBytes(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Uint8Array {
  const all = {
    host: "127.0.0.1",
    ...headers,
    ...(body !== undefined && {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
    }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`);
}

/** Latencies in buckets of 1 %, from 1 µs. */
class Histogram {
  static readonly #STEP = Math.log(1.01);
  readonly #buckets = new Uint32Array(2_400);
  count = 0;

  add(milliseconds: number): void {
    const bucket = Math.floor(Math.log(Math.max(1, milliseconds * 1000)) / Histogram.#STEP);
    this.#buckets[Math.min(bucket, this.#buckets.length - 1)]!++;
    this.count++;
  }

  percentile(share: number): number {
    let left = Math.ceil(this.count * share);
    const bucket = this.#buckets.findIndex((count) => (left -= count) <= 0);
    return Math.exp((bucket + 0.5) * Histogram.#STEP) / 1000;
  }
}

class Run {
  readonly #requests: readonly Uint8Array[];
  readonly #deadline: number;
  #next = 0;
  readonly latencies = new Histogram();
  refused = 0;
  lastAnswer = 0;

  constructor(requests: readonly Uint8Array[], deadline: number) {
    this.#requests = requests;
    this.#deadline = deadline;
  }

  next(): Uint8Array {
    return this.#requests[this.#next++ % this.#requests.length]!;
  }

  /** Counts an answer; `false` when it was the last. */
  answered(ok: boolean, sentAt: number): boolean {
    const now = performance.now();
    this.lastAnswer = now;
    if (ok) this.latencies.add(now - sentAt);
    else this.refused++;
    return now < this.#deadline;
  }
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** One connection: a request, its answer to the last byte, the next request. */
function converse(port: number, run: Run): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let head: Buffer | undefined;
    let missing: number | undefined;
    let ok = false;
    let over = false;

    const send = (socket: Bun.Socket): void => {
      const request = run.next();
      sentAt = performance.now();
      if (socket.write(request) !== request.byteLength) reject(new Error("a request did not fit"));
    };
    const receive = (chunk: Buffer): void => {
      if (missing !== undefined) {
        missing -= chunk.byteLength;
        return;
      }
      head = head === undefined ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
      if (length === undefined) throw new Error(`an answer without Content-Length:\n${text}`);
      ok = text.charCodeAt(9) === 50;
      missing = Number(length) - (head.byteLength - end - END_OF_HEAD.byteLength);
      head = undefined;
    };

    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: send,
        data(socket, chunk) {
          receive(chunk);
          if (missing !== 0) return;
          missing = undefined;
          if (run.answered(ok, sentAt)) return send(socket);
          over = true;
          socket.end();
          resolve();
        },
        error: (_socket, error) => reject(error),
        close: () => {
          if (!over) reject(new Error("the server closed a connection"));
        },
      },
    }).catch(reject);
  });
}

if (import.meta.main) {
  const [port = "", path = "/", seconds = "5", connections = "16", ...lines] = process.argv.slice(2);
  const headers = Object.fromEntries(lines.map((line) => line.split(/: */, 2) as [string, string]));
  console.log(
    await load({
      port: Number(port),
      connections: Number(connections),
      seconds: Number(seconds),
      requests: [requestBytes("GET", path, headers)],
    }),
  );
}
