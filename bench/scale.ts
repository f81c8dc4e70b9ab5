// Several processes of one server on one PostgreSQL database: what they answer while one of them goes and comes back, and
// how much more they answer than one. `bun bench/scale.ts [--seconds 60] [--connections 16] [--driver bun-sql] [--seed n]`
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { createQueryRoute } from "@bepalo/query";
import { POSTS, type Sizes, userId, USERS, WHOLE } from "./data.ts";
import { load, requestBytes } from "./load.ts";
import { startProxy } from "./proxy.ts";
import { openDrizzle, tablesOf } from "./rival/open.ts";
import type { Driver } from "./rival/rival.ts";
import { byHeader, type Session } from "./hostile/server.ts";
import { acl, random } from "./soak.ts";
import { chosenDrivers, makeSource, type Source } from "./source.ts";
import { WORKLOADS } from "./workload.ts";

export interface ScaleOptions {
  readonly driver: Driver;
  /** About how long it is under load. */
  readonly seconds: number;
  readonly connections: number;
  readonly seed: number;
  readonly sizes?: Sizes;
}

/** What happened meanwhile. */
export type Event = "both" | "one stopped" | "one killed";

/** A span of time, and what was answered in it. */
export interface Phase {
  readonly event: Event;
  readonly seconds: number;
  readonly reads: number;
  readonly writes: number;
  /** Writes whose answers were lost. */
  readonly unknown: number;
}

export interface ScaleResult {
  readonly phases: readonly Phase[];
  /** What clients saw that was neither right nor a write's lost answer; a few of it. */
  readonly wrong: readonly string[];
  /** What the database lacks, has twice, by half, or without anybody having written it. */
  readonly lost: readonly string[];
  /** Questions that two processes answered differently, or with different tags. */
  readonly different: readonly string[];
  /** How processes ended that were asked to stop. */
  readonly exits: readonly (number | null)[];
}

/** How long a process that is asked to stop goes on taking requests, until the proxy has noticed, in milliseconds. */
const DRAIN = 400;

/** One of several processes; what makes it stop without anybody noticing is in here. */
function serve(driver: Driver, url: string, port: number): void {
  const database = openDrizzle(driver, url);
  const route = createQueryRoute<"user", Session>({
    acl,
    database,
    schema: tablesOf(driver),
    onError: (error) => console.error(error),
    onWarning: () => undefined,
    session: byHeader.session,
  });
  let stopping = false;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    routes: {
      "/query/:id": route,
      "/health": () => new Response(null, { status: stopping ? 503 : 200 }),
    } as unknown as Bun.Serve.Routes<undefined, string>,
    fetch: () => new Response("nothing here", { status: 404 }),
  });
  const stop = async (): Promise<void> => {
    stopping = true; // `/health` says so, and the proxy sends nothing more
    await Bun.sleep(DRAIN);
    await server.stop(); // what is under way is answered
    await close(database); // and only then the connections go
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  console.log(server.port);
}

/** Every driver of PostgreSQL ends its connections in its own way. */
async function close({ $client }: object & { $client?: unknown }): Promise<void> {
  const client = $client as { close?: () => unknown; end?: () => unknown };
  await (client.close ?? client.end)?.call(client);
}

/** A process of the server, which can be started again where it was. */
class Server {
  readonly #driver: Driver;
  readonly #url: string;
  #child: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;
  port = 0;

  constructor(driver: Driver, url: string) {
    this.#driver = driver;
    this.#url = url;
  }

  async start(): Promise<void> {
    this.#child = Bun.spawn(
      [process.execPath, import.meta.path, "serve", this.#driver, this.#url, String(this.port)],
      { stdout: "pipe", stderr: "inherit", env: { ...process.env, NODE_ENV: "production" } },
    );
    const { value } = await this.#child.stdout.getReader().read();
    if (value === undefined) throw new Error("a server did not start");
    this.port = Number(new TextDecoder().decode(value));
  }

  /** Asks it to stop, or ends it at once as a power cut would; answers how it ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.#child?.kill(signal);
    await this.#child?.exited;
    return this.#child?.exitCode ?? null;
  }
}

interface Row {
  readonly id: number;
  readonly title: string;
}

/** More rows of one's own than this, and some are removed. */
const MANY = 40;

/** A client that alone writes a user's rows, and knows which of them there are and which there may be. */
class Client {
  /** Rows as they were answered. */
  readonly rows = new Map<number, Row>();
  /** Rows whose change was not answered, with what they may be; `undefined`: gone. */
  readonly doubtful = new Map<number, readonly (Row | undefined)[]>();
  /** Titles of rows whose insertion was not answered; all of a list are there, or none. */
  readonly unanswered: (readonly string[])[] = [];
  readonly wrong: string[] = [];
  reads = 0;
  writes = 0;
  unknown = 0;
  readonly #base: string;
  readonly #user: string;
  readonly #next: (below: number) => number;
  #made = 0;

  constructor(base: string, number: number, seed: number) {
    this.#base = `${base}/query/`;
    this.#user = userId(number);
    this.#next = random(seed + number * 7919);
  }

  async converse(goesOn: () => boolean): Promise<void> {
    while (goesOn()) await this.#turn();
  }

  async #turn(): Promise<void> {
    const dice = this.#next(100);
    const known = this.#pick();
    if (dice < 30) return this.#list(dice < 5 ? "careful" : "posts");
    if (dice < 50 && known !== undefined) return this.#first(known);
    if (dice < 60) return this.#earlier();
    if (known !== undefined && this.rows.size > MANY) return this.#remove(known);
    if (dice < 70 || known === undefined) return this.#insert(dice < 65 ? "posts" : "careful", 1);
    if (dice < 78) return this.#insert(dice < 74 ? "posts" : "careful", 2 + this.#next(6));
    if (dice < 94) return this.#change(dice < 86 ? "posts" : "careful", known);
    return this.#remove(known);
  }

  /** Own rows, newest first: those that are known are among them, whichever process wrote them. */
  async #list(resource: string): Promise<void> {
    const body = await this.#read(
      `${resource}?mine&select=(where:(id.gt:${POSTS}),orderBy:(id:desc),limit:20)`,
    );
    if (body === undefined) return;
    const found = new Map<number, Row>(body[resource].map((row: Row) => [row.id, row]));
    const oldest = found.size < 20 ? 0 : Math.min(...found.keys());
    for (const { id, title } of this.rows.values())
      if (id >= oldest && found.get(id)?.title !== title) this.#note(`a list lacks row ${id}, ${title}`);
    for (const row of found.values())
      if (!this.#mayBe(row)) this.#note(`a list has row ${row.id}, ${row.title}, which nobody wrote`);
  }

  async #first({ id, title }: Row): Promise<void> {
    const body = await this.#read(`posts?mine&findFirst&select=(where:(id:${id}),with:(author:T))`);
    if (body === undefined) return;
    if (body.posts?.title !== title || body.posts.author?.id !== this.#user)
      this.#note(`row ${id} is ${JSON.stringify(body.posts)} instead of ${title}`);
  }

  /** Rows that nobody changes, with their comments. */
  async #earlier(): Promise<void> {
    const body = await this.#read(
      `posts?mine&select=(where:(id.lte:${POSTS}),orderBy:(id:desc),limit:2,with:(comments:(with:(author:T))))`,
    );
    if (body === undefined) return;
    if (body.posts.length !== 2 || body.posts.some(({ userId }: { userId: string }) => userId !== this.#user))
      this.#note(`earlier rows are ${JSON.stringify(body.posts).slice(0, 200)}`);
  }

  async #insert(resource: string, count: number): Promise<void> {
    const titles = Array.from({ length: count }, () => `${this.#user} ${this.#made++}`);
    const sent = titles.map((title) => ({ title, body: "Written while somebody was falling." }));
    const body = await this.#write("POST", `${resource}?mine`, count === 1 ? sent[0] : sent);
    if (body === undefined) return;
    if (body === "unknown") return void this.unanswered.push(titles);
    const inserted: Row[] = body[resource];
    for (const { id, title } of inserted) this.rows.set(id, { id, title });
    if (inserted.map(({ title }) => title).join() !== titles.join())
      this.#note(`inserted was ${JSON.stringify(body)}`);
  }

  async #change(resource: string, row: Row): Promise<void> {
    const changed = { id: row.id, title: `${this.#user} ${this.#made++}` };
    const body = await this.#write("PATCH", `${resource}?mine&select=(where:(id:${row.id}))`, {
      title: changed.title,
    });
    if (body === "unknown") this.#doubt(row, changed);
    else if (body !== undefined) {
      this.rows.set(row.id, changed);
      if (body[resource]?.[0]?.title !== changed.title) this.#note(`changed was ${JSON.stringify(body)}`);
    }
  }

  async #remove(row: Row): Promise<void> {
    const body = await this.#write("DELETE", `posts?mine&select=(where:(id:${row.id}))`);
    if (body === "unknown") this.#doubt(row, undefined);
    else if (body !== undefined) {
      this.rows.delete(row.id);
      if (body.rowsAffected !== 1) this.#note(`removed was ${JSON.stringify(body)}`);
    }
  }

  /** What was not answered may still be under way, so the row is left alone from now on. */
  #doubt(was: Row, is: Row | undefined): void {
    this.rows.delete(was.id);
    this.doubtful.set(was.id, [was, is]);
  }

  #mayBe({ id, title }: Row): boolean {
    return (
      this.rows.get(id)?.title === title ||
      this.doubtful.get(id)?.some((row) => row?.title === title) === true ||
      this.unanswered.some((titles) => titles.includes(title))
    );
  }

  /** An answer's body; `undefined`, and one thing wrong, for any that is not 200. */
  async #read(path: string): Promise<any> {
    const { status, text } = await this.#ask("GET", path);
    if (status !== 200) return this.#note(`GET ${path} was answered ${status}: ${text}`);
    this.reads++;
    return JSON.parse(text);
  }

  /** The same for a write; `"unknown"` where the answer was lost. */
  async #write(method: string, path: string, body?: unknown): Promise<any> {
    const { status, text } = await this.#ask(method, path, body);
    if (status === 502) {
      this.unknown++;
      return "unknown";
    }
    if (status !== 200) return this.#note(`${method} ${path} was answered ${status}: ${text}`);
    this.writes++;
    return JSON.parse(text);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(this.#base + path, {
        method,
        headers: { "x-user": this.#user, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  #note(what: string): undefined {
    this.wrong.push(what.slice(0, 600));
  }

  #pick(): Row | undefined {
    return this.rows.size === 0 ? undefined : [...this.rows.values()][this.#next(this.rows.size)];
  }
}

/** What differs between the rows there are and those the clients know of. */
function compareRows(found: readonly Row[], clients: readonly Client[]): readonly string[] {
  const lost: string[] = [];
  const left = new Map(found.map((row) => [row.id, row]));
  for (const client of clients) {
    for (const { id, title } of client.rows.values()) {
      if (left.get(id)?.title !== title)
        lost.push(`row ${id} was answered as ${title} and is ${left.get(id)?.title ?? "not there"}`);
      left.delete(id);
    }
    for (const [id, may] of client.doubtful) {
      const { title } = left.get(id) ?? {};
      if (!may.some((row) => row?.title === title)) lost.push(`row ${id} is ${title ?? "not there"}`);
      left.delete(id);
    }
  }
  const titles = [...left.values()].map(({ title }) => title);
  for (const list of clients.flatMap(({ unanswered }) => unanswered)) {
    const there = titles.filter((title) => list.includes(title));
    if (there.length > 0 && there.toSorted().join() !== list.toSorted().join())
      lost.push(`of ${list.join(", ")} there is ${there.join(", ")}`);
  }
  const unanswered = new Set(clients.flatMap((client) => client.unanswered.flat()));
  for (const title of titles)
    if (!unanswered.has(title)) lost.push(`${title} was written by nobody, or twice`);
  return lost;
}

/** Whatever a process that is gone has asked of the database is done, or given up. */
async function settled(source: Source, url: string): Promise<void> {
  const others = `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
  for (let i = 0; i < 200 && (await source.ask(url, others)).length > 0; i++) await Bun.sleep(50);
}

/** Questions that processes must answer alike. */
const QUESTIONS = [
  "posts?mine&countTotal&select=(orderBy:(createdAt:desc),limit:20,with:(author:T,comments:(limit:5,with:(author:T))))",
  "posts?mine&select=(columns:(id:T,title:T),where:(title.icontains:subject),limit:50)",
  "posts?mine&findFirst",
  "careful?mine&select=(limit:3)",
];

async function compareAnswers(servers: readonly Server[]): Promise<readonly string[]> {
  const different: string[] = [];
  for (const question of QUESTIONS) {
    for (const headers of [{ "x-user": userId(1) }, { "x-user": userId(USERS - 1) }]) {
      const answers = await Promise.all(
        servers.map(({ port }) => fetch(`http://127.0.0.1:${port}/query/${question}`, { headers })),
      );
      const [tags, bodies] = [
        answers.map((answer) => answer.headers.get("etag")),
        await Promise.all(answers.map((answer) => answer.text())),
      ];
      const same =
        answers[0]!.ok && tags[0] !== null && new Set(tags).size === 1 && new Set(bodies).size === 1;
      if (!same) different.push(`${question}: ${tags.join(" and ")}`);
      const again = await fetch(`http://127.0.0.1:${servers.at(-1)!.port}/query/${question}`, {
        headers: { ...headers, "if-none-match": tags[0] ?? "" },
      });
      if (again.status !== 304) different.push(`${question}: ${again.status} for a tag of another process`);
    }
  }
  return different;
}

/** Two processes behind a proxy, one of which stops and comes back, then the other is killed and comes back, and so on. */
export async function scale(options: ScaleOptions): Promise<ScaleResult> {
  const { driver, seconds, connections, seed } = options;
  const source = await makeSource(driver, options.sizes ?? WHOLE);
  const servers: Server[] = [];
  try {
    const url = await source.copy("scale");
    servers.push(new Server(driver, url), new Server(driver, url));
    await Promise.all(servers.map((server) => server.start()));
    const different = await compareAnswers(servers);
    const { clients, phases, exits } = await fall(servers, seconds, connections, seed);
    for (const server of servers) exits.push(await server.end("SIGTERM"));
    await settled(source, url);
    const found = await source.ask<Row>(url, `select id, title from post where id > ${POSTS}`);
    return {
      phases,
      different,
      exits,
      wrong: clients.flatMap(({ wrong }) => wrong).slice(0, 20),
      lost: compareRows(found, clients),
    };
  } finally {
    await Promise.all(servers.map((server) => server.end("SIGKILL")));
    await source.close();
  }
}

/** The load, and what befalls the servers meanwhile. */
async function fall(servers: readonly Server[], seconds: number, connections: number, seed: number) {
  const proxy = startProxy(servers.map(({ port }) => port));
  let over = false;
  const clients = Array.from({ length: connections }, (_, i) => new Client(proxy.url, i + 1, seed));
  const conversations = clients.map((client) => client.converse(() => !over));
  const phases: Phase[] = [];
  const exits: (number | null)[] = [];
  const during = async (event: Event, work: () => Promise<unknown>): Promise<void> => {
    const [before, started] = [count(clients), performance.now()];
    await work();
    const after = count(clients);
    phases.push({
      event,
      seconds: (performance.now() - started) / 1000,
      reads: after.reads - before.reads,
      writes: after.writes - before.writes,
      unknown: after.unknown - before.unknown,
    });
  };
  const [first, second] = servers as [Server, Server];
  const pause = (): Promise<void> => Bun.sleep(Math.min(seconds * 150, 3_000));
  try {
    for (const end = performance.now() + seconds * 1000; phases.length === 0 || performance.now() < end;) {
      await during("both", pause);
      await during("one stopped", async () => {
        exits.push(await first.end("SIGTERM"));
        await first.start();
        await proxy.whole();
      });
      await during("both", pause);
      await during("one killed", async () => {
        await second.end("SIGKILL");
        await second.start();
        await proxy.whole();
      });
      await during("both", pause);
    }
  } finally {
    over = true;
    await Promise.all(conversations);
    await proxy.stop();
  }
  return { clients, phases, exits };
}

function count(clients: readonly Client[]): Pick<Phase, "reads" | "writes" | "unknown"> {
  const sum = (key: "reads" | "writes" | "unknown"): number =>
    clients.reduce((all, client) => all + client[key], 0);
  return { reads: sum("reads"), writes: sum("writes"), unknown: sum("unknown") };
}

/** What was answered in a span of time, as a line. */
export function describePhase({ event, seconds, reads, writes, unknown }: Phase): string {
  const perSecond = (n: number): string => (n / seconds).toFixed(0).padStart(6);
  const doubt = unknown === 0 ? "" : `, ${unknown} writes whose answers were lost`;
  return `${event.padEnd(12)} ${seconds.toFixed(1).padStart(5)} s ${perSecond(reads)} reads/s ${perSecond(writes)} writes/s${doubt}`;
}

/** What one process answers, and two of them at as many connections. */
async function throughput(driver: Driver, seconds: number, connections: number): Promise<void> {
  const source = await makeSource(driver);
  const servers: Server[] = [];
  try {
    const url = await source.copy("throughput");
    servers.push(new Server(driver, url), new Server(driver, url));
    await Promise.all(servers.map((server) => server.start()));
    console.log("| | one process, req/s | two, req/s | |");
    console.log("| --- | ---: | ---: | ---: |");
    for (const workload of WORKLOADS.filter(({ name }) => SCALED.has(name))) {
      const requests = Array.from({ length: 5_000 }, (_, n) => {
        const { method, ours, user, body } = workload.call(n);
        return requestBytes(method, ours, { "x-user": user }, body);
      });
      const measure = async (many: readonly Server[]): Promise<number> => {
        const each = Math.ceil(connections / many.length);
        const loads = many.map(({ port }) => load({ port, connections: each, seconds, requests }));
        return (await Promise.all(loads)).reduce((sum, { perSecond }) => sum + perSecond, 0);
      };
      await measure(servers);
      const [one, two]: [number[], number[]] = [[], []];
      for (let round = 0; round < 5; round++) {
        const both = round % 2 === 0 ? [one, two] : [two, one];
        for (const list of both) list.push(await measure(list === one ? servers.slice(0, 1) : servers));
      }
      const [alone, together] = [median(one), median(two)];
      const cells = [alone, together].map((n) => Math.round(n).toLocaleString("en"));
      console.log(
        `| **${workload.name}** ${workload.title} | ${cells.join(" | ")} | ${(together / alone).toFixed(2)} × |`,
      );
    }
  } finally {
    await Promise.all(servers.map((server) => server.end("SIGKILL")));
    await source.close();
  }
}

/** The workloads whose questions these servers' access-control file knows. */
const SCALED: ReadonlySet<string> = new Set(["W1", "W3", "W4", "W5"]);

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

async function main(): Promise<void> {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      connections: { type: "string", default: "16" },
      driver: { type: "string", default: "bun-sql" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    },
  });
  const [mode, ...rest] = positionals;
  if (mode === "serve") return serve(rest[0] as Driver, rest[1]!, Number(rest[2]));
  const [driver] = chosenDrivers(flags.driver);
  if (driver === undefined) return;
  const [seconds, connections, seed] = [flags.seconds, flags.connections, flags.seed].map(Number) as [
    number,
    number,
    number,
  ];
  console.log(
    `${cpus().length} × ${cpus()[0]?.model.trim()} · Bun ${Bun.version} · ${driver} · load ${loadavg()[0]!.toFixed(1)} at the start · ${connections} connections\n`,
  );
  await throughput(driver, 0.8, connections);
  console.log(`\nbehind a proxy, reads and writes mixed, seed ${seed}`);
  const { phases, wrong, lost, different, exits } = await scale({ driver, seconds, connections, seed });
  for (const phase of phases) console.log(`  ${describePhase(phase)}`);
  const polite = phases.every(({ event, unknown }) => event === "one killed" || unknown === 0);
  console.log(
    `  rows: ${lost.length === 0 ? "every one that was answered, once, and none by half" : "DIFFER"}`,
  );
  console.log(`  processes that were asked to stop ended with ${[...new Set(exits)].join(", ")}`);
  for (const line of [...wrong, ...lost, ...different].slice(0, 20)) console.log(`  ! ${line}`);
  if (wrong.length + lost.length + different.length > 0 || !polite) process.exitCode = 1;
}

if (import.meta.main) await main();
