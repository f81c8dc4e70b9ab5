// What live answers cost over sockets: `bun bench/live-sockets.ts [--idle 10000] [--seconds 10]`. A server in a process of its
// own holds idle streams, whose memory is measured beside that of streams which Bun holds without us; then a thousand streams
// of a hundred questions are told of fifty writes a second, while somebody else asks politely. All on this machine; it wants as
// many files open as there are streams (`ulimit -n 20000`).
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: { idle: { type: "string", default: "10000" }, seconds: { type: "string", default: "10" } },
});
const IDLE = Number(flags.idle);
const SECONDS = Number(flags.seconds);
const QUESTIONS = 100;
const STREAMS = 1_000;
const WRITES = 50;

const here = (file: string): string => join(import.meta.dir, "live", file);

interface Server {
  readonly url: string;
  readonly port: number;
  readonly stop: () => void;
}

async function serve(): Promise<Server> {
  const child = Bun.spawn([process.execPath, here("serve.ts")], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return { port, url: `http://127.0.0.1:${port}/query/`, stop: () => child.kill() };
}

interface Used {
  readonly rss: number;
  readonly cpu: { readonly user: number; readonly system: number };
  readonly lag: number;
}

async function used({ port }: Server): Promise<Used> {
  const response = await fetch(`http://127.0.0.1:${port}/memory`);
  return (await response.json()) as Used;
}

/** A stream that is read from a socket, byte by byte as they come. */
class Reader {
  heard = 0;
  /** The number of the last write that was told, and when. */
  readonly times = new Map<number, number>();
  readonly #decoder = new TextDecoder();
  #socket!: { end(): void };

  static async open(port: number, path: string, wants: boolean): Promise<Reader> {
    const reader = new Reader();
    reader.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(socket) {
          socket.write(`GET ${path} HTTP/1.1\r\nhost: local\r\naccept: text/event-stream\r\n\r\n`);
        },
        data: (_, bytes) => reader.#take(bytes, wants),
      },
    });
    return reader;
  }

  #take(bytes: Uint8Array, wants: boolean): void {
    const text = this.#decoder.decode(bytes);
    if (text.includes("event: ")) this.heard++;
    if (!wants) return;
    const now = performance.now();
    for (const [, number] of text.matchAll(/written (\d{1,9})/g)) this.times.set(Number(number), now);
  }

  close(): void {
    this.#socket.end();
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(5);
}

const questionOf = (n: number): string =>
  `/query/posts?select=(columns:(id:T,title:T),where:(authorId:${n % QUESTIONS}),limit:20)`;

async function openAll(
  server: Server,
  count: number,
  path: (n: number) => string,
  wants = false,
): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let n = 0; n < count; n += 100)
    readers.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(100, count - n) }, (_, at) =>
          Reader.open(server.port, path(n + at), wants),
        ),
      )),
    );
  await until(() => readers.every(({ heard }) => heard > 0));
  return readers;
}

const kib = (bytes: number): string => (bytes / 1_024).toFixed(1);

/** Memory of idle streams: for each, and what is left when they have gone. */
async function idle(path: (n: number) => string, streams: string): Promise<void> {
  const server = await serve();
  // What is made once is made.
  for (const reader of await openAll(server, 200, path)) reader.close();
  await Bun.sleep(500);
  const before = (await used(server)).rss;
  const cells: string[] = [];
  for (let round = 0; round < 3; round++) {
    const readers = await openAll(server, IDLE, path);
    await Bun.sleep(1_000);
    const open = (await used(server)).rss;
    if (round === 0) cells.push(kib((open - before) / IDLE));
    for (const reader of readers) reader.close();
    await Bun.sleep(1_000);
    cells.push(((await used(server)).rss / 1_048_576).toFixed(0));
  }
  console.log(
    `| ${IDLE} ${streams} | ${cells[0]} | ${(before / 1_048_576).toFixed(0)} | ${cells.slice(1).join(" | ")} |`,
  );
  server.stop();
}

async function polite(server: Server): Promise<string> {
  const child = Bun.spawn([process.execPath, here("polite.ts"), server.url, String(SECONDS)], {
    stdout: "pipe",
  });
  return (await new Response(child.stdout).text()).trim();
}

/** Writes so often, and answers when each was committed. */
async function write(server: Server, filter: (n: number) => string): Promise<ReadonlyMap<number, number>> {
  const committed = new Map<number, number>();
  const began = performance.now();
  const sending: Promise<void>[] = [];
  for (let n = 0; n < SECONDS * WRITES; n++) {
    await Bun.sleep(Math.max(0, began + (n * 1_000) / WRITES - performance.now()));
    const send = async (): Promise<void> => {
      const response = await fetch(`${server.url}posts?select=(where:(${filter(n)}))`, {
        method: "PATCH",
        body: JSON.stringify({ title: `written ${n}` }),
        headers: { "content-type": "application/json", "x-caller": "writer" },
      });
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
      committed.set(n, performance.now());
    };
    sending.push(send());
  }
  await Promise.all(sending);
  return committed;
}

/** How long each stream waited for each write, or for one after it of the same row, which took its place. */
function waits(
  readers: readonly Reader[],
  committed: ReadonlyMap<number, number>,
  rowOf: (n: number) => number,
): number[] {
  const took: number[] = [];
  for (const { times } of readers) {
    const rows = new Map<number, [number, number][]>();
    for (const [n, at] of times) rows.set(rowOf(n), [...(rows.get(rowOf(n)) ?? []), [n, at]]);
    for (const [n, at] of committed) {
      const later = rows.get(rowOf(n))?.filter(([number]) => number >= n) ?? [];
      if (later.length > 0) took.push(Math.max(0, Math.min(...later.map(([, time]) => time)) - at));
    }
  }
  return took.toSorted((a, b) => a - b);
}

/** A thousand streams of a hundred questions, and one who writes. */
async function busy(
  what: string,
  rowOf: (n: number) => number,
  filter: (n: number) => string,
): Promise<void> {
  const server = await serve();
  await polite({ ...server });
  const alone = await polite(server);
  const readers = await openAll(server, STREAMS, questionOf, true);
  const before = await used(server);
  const [committed, beside] = await Promise.all([write(server, filter), polite(server)]);
  await Bun.sleep(1_500);
  const after = await used(server);
  const took = waits(readers, committed, rowOf);
  const at = (part: number): string =>
    took[Math.min(took.length - 1, Math.floor(took.length * part))]!.toFixed(0);
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  console.log(
    `| ${what} | ${took.length} | ${at(0.5)} / ${at(0.99)} / ${at(1)} | ${alone} | ${beside} | ${(cpu / 10_000 / SECONDS).toFixed(0)} % | ${after.lag.toFixed(0)} |`,
  );
  for (const reader of readers) reader.close();
  server.stop();
}

console.log("| streams | KiB each | MiB before | after the 1st time | 2nd | 3rd |");
console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
await idle(() => "/plain", "of Bun alone");
await idle(questionOf, "of 100 questions");
console.log(`\n${STREAMS} streams of ${QUESTIONS} questions, ${WRITES} writes a second for ${SECONDS} s\n`);
console.log(
  "| a write changes | waits | ms from commit to patch, median / p99 / most | a polite GET alone, median / p99 ms | beside | of a processor | late, ms |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
const one = (n: number): number => n % QUESTIONS;
await busy("one answer", one, (n) => `id:${one(n) + 1},authorId:${one(n)}`);
await busy("one answer, as far as is told any", one, (n) => `id:${one(n) + 1}`);
