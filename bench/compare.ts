// Ours against the same API written by hand, in one run: same data, same answers, each server in its own process.
// `bun bench/compare.ts [--quick] [--write] [--driver libsql,bun,bun-sql,postgres-js,node-postgres] [--session stub|auth]
//   [--runtime bun|node] [--workload W1,W4] [--rival ours,sql] [--rounds n] [--seconds n] [--connections n]`
// On Node the drivers are better-sqlite3, which TEST_BETTER_SQLITE3 names, and node-postgres, or those that are named.
// PostgreSQL is measured on the server that BENCH_POSTGRES_URL or TEST_POSTGRES_URL names, in databases of the run's own.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readAnswer } from "./answer.ts";
import { load, type LoadOptions, type LoadResult, requestBytes } from "./load.ts";
import { machine } from "./machine.ts";
import { median } from "./median.ts";
import { commandOn, ENVIRONMENT, versionOfNode } from "./node.ts";
import { writeTables } from "./page.ts";
import { type Driver, isPostgresql, type Runtime } from "./rival/rival.ts";
import { credentials, type SessionKind } from "./session.ts";
import { chosenDrivers, makeSource, type Source } from "./source.ts";
import { type Call, type Workload, WORKLOADS } from "./workload.ts";

/** How each rival is called in the tables; the last is the limit. */
const RIVALS: ReadonlyMap<string, string> = new Map([
  ["ours", "ours"],
  ["portable", "ours, portable reader"],
  ["drizzle", "Drizzle by hand"],
  ["prepared", "Drizzle by hand, prepared"],
  ["sql", "SQL by hand (the limit)"],
]);
const DRIVERS: ReadonlyMap<Driver, string> = new Map([
  ["libsql", "libSQL"],
  ["bun", "bun:sqlite"],
  ["better-sqlite3", "better-sqlite3"],
  ["bun-sql", "PostgreSQL through Bun.SQL"],
  ["postgres-js", "PostgreSQL through postgres.js"],
  ["node-postgres", "PostgreSQL through node-postgres"],
]);
const SESSIONS: ReadonlyMap<string, string> = new Map([
  ["stub", "a session parser that costs nothing"],
  ["auth", "better-auth, a session read from the database for every request"],
]);
/** Different requests per workload. */
const VARIANTS = 20_000;
const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    driver: { type: "string" },
    runtime: { type: "string", default: "bun" },
    session: { type: "string" },
    workload: { type: "string" },
    rival: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string", default: "16" },
  },
});

interface Server {
  readonly rival: string;
  readonly port: number;
  /** Microseconds of processor time its database's own processes have taken; `undefined` where none can be seen. */
  readonly databaseTime: () => Promise<number | undefined>;
  readonly stop: () => Promise<void>;
}

interface Round extends LoadResult {
  /** Microseconds of the server's processor time per request; other work on the machine disturbs it least. */
  readonly cpu: number;
  /** The same of the database's processes. */
  readonly databaseCpu: number | undefined;
}

interface Figures extends Round {
  readonly rss: number;
}

interface Usage {
  readonly rss: number;
  readonly user: number;
  readonly system: number;
}

async function start(rival: string, driver: Driver, session: string, source: Source): Promise<Server> {
  const location = await source.copy(`${rival}-${driver}-${session}`);
  const program =
    runtime === "node"
      ? await commandOn("node", "serve-node.ts")
      : [process.execPath, join(import.meta.dir, "serve.ts")];
  const child = Bun.spawn([...program, rival, driver, location, session], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...ENVIRONMENT, NODE_ENV: "production" },
  });
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error(`${rival} did not start`);
  const stop = async (): Promise<void> => {
    child.kill();
    await child.exited;
    await source.drop(location);
  };
  const port = Number(new TextDecoder().decode(value));
  return { rival, port, databaseTime: () => source.timeOf(location), stop };
}

const isOurs = (rival: string): boolean => rival === "ours" || rival === "portable";

const pathOf = (rival: string, call: Call): string => (isOurs(rival) ? call.ours : call.byHand);

async function answerOf({ rival, port }: Server, call: Call, session: SessionKind): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${pathOf(rival, call)}`, {
    method: call.method,
    headers: Object.fromEntries([credentials(session, call.user), ["content-type", "application/json"]]),
    ...(call.body !== undefined && { body: call.body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${rival} answered ${response.status}: ${text}`);
  return readAnswer(text, call);
}

/** Asks one of our servers what a workload must know beforehand. */
async function prepare(servers: readonly Server[], workload: Workload, session: SessionKind): Promise<void> {
  const own = servers.find(({ rival }) => isOurs(rival));
  if (own === undefined || workload.prepare === undefined) return;
  await workload.prepare((path, user) =>
    fetch(`http://127.0.0.1:${own.port}${path}`, {
      headers: Object.fromEntries([credentials(session, user)]),
    }).then((response) => response.json()),
  );
}

/** Every server must give the same answer, or none is measured. */
async function verify(servers: readonly Server[], workload: Workload, session: SessionKind): Promise<void> {
  for (const n of [0, 1, 42, 500]) {
    const call = workload.call(n);
    const answers = await Promise.all(servers.map((server) => answerOf(server, call, session)));
    const other = answers.findIndex((answer) => !Bun.deepEquals(answer, answers[0], true));
    if (other < 0) continue;
    const shown = [answers[0], answers[other]].map((answer) => JSON.stringify(answer).slice(0, 600));
    throw new Error(
      `${workload.name}: ${servers[0]!.rival} and ${servers[other]!.rival} differ\n${shown.join("\n")}`,
    );
  }
}

function requestsOf(rival: string, workload: Workload, session: SessionKind): readonly Uint8Array[] {
  return Array.from({ length: VARIANTS }, (_, n) => {
    const call = workload.call(n);
    const headers = Object.fromEntries([credentials(session, call.user)]);
    return requestBytes(call.method, pathOf(rival, call), headers, call.body);
  });
}

/** `awake` where all processors but the server's may be the load generator's. */
async function measure(
  servers: readonly Server[],
  workload: Workload,
  session: SessionKind,
  awake: boolean,
): Promise<Map<string, Figures>> {
  await prepare(servers, workload, session);
  await verify(servers, workload, session);
  const jobs = servers.map((server) => ({
    rival: server.rival,
    port: server.port,
    databaseTime: server.databaseTime,
    connections: Number(flags.connections),
    awake,
    requests: requestsOf(server.rival, workload, session),
    results: [] as Round[],
  }));
  for (const job of jobs) await warm(job);
  for (let round = 0; round < rounds; round++) {
    for (const job of round % 2 === 0 ? jobs : jobs.toReversed()) {
      job.results.push(await oneRound(job, seconds));
    }
  }
  const figures = new Map<string, Figures>();
  for (const { rival, port, results } of jobs) {
    const refused = results.reduce((sum, result) => sum + result.refused, 0);
    if (refused > 0) console.error(`${workload.name}: ${rival} refused ${refused} requests`);
    figures.set(rival, {
      perSecond: median(results.map((result) => result.perSecond)),
      refused,
      answered: results.reduce((sum, result) => sum + result.answered, 0),
      p50: median(results.map((result) => result.p50)),
      p99: median(results.map((result) => result.p99)),
      cpu: median(results.map((result) => result.cpu)),
      databaseCpu: medianOf(results.map((result) => result.databaseCpu)),
      rss: (await usageOf(port)).rss,
    });
  }
  return figures;
}

type Job = Omit<LoadOptions, "seconds"> & Pick<Server, "databaseTime">;

/**
 * How many requests a server answers before it is measured, and how many seconds it has for them: the compiler of JavaScript
 * works beside the first ten thousands, and longer for those who have more code.
 */
const WARM = 40_000;
const WARM_SECONDS = 8;

async function warm(job: Job): Promise<void> {
  const end = performance.now() + WARM_SECONDS * 1000;
  for (let answered = 0; answered < WARM && performance.now() < end;)
    answered += (await load({ ...job, seconds: 1 })).answered;
}

async function oneRound(job: Job, seconds: number): Promise<Round> {
  const [before, databaseBefore] = [await usageOf(job.port), await job.databaseTime()];
  const result = await load({ ...job, seconds });
  const [after, databaseAfter] = [await usageOf(job.port), await job.databaseTime()];
  const cpu = after.user + after.system - before.user - before.system;
  const database =
    databaseBefore === undefined || databaseAfter === undefined ? undefined : databaseAfter - databaseBefore;
  return {
    ...result,
    cpu: cpu / result.answered,
    databaseCpu: database && database / result.answered,
  };
}

async function usageOf(port: number): Promise<Usage> {
  return (await (await fetch(`http://127.0.0.1:${port}/usage`)).json()) as Usage;
}

function medianOf(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : median(known);
}

function rowsOf(
  { name, title }: Workload,
  figures: ReadonlyMap<string, Figures>,
  seen: boolean,
): readonly string[] {
  const ratio = (own: number, to: string): string => {
    const other = figures.get(to);
    return other === undefined ? "" : (own / other.perSecond).toFixed(2);
  };
  return [...figures].map(([rival, { perSecond, cpu, databaseCpu, p50, p99, rss }], index) =>
    [
      index === 0 ? `**${name}** ${title}` : "",
      RIVALS.get(rival),
      Math.round(perSecond).toLocaleString("en"),
      ratio(perSecond, "drizzle"),
      ratio(perSecond, "sql"),
      cpu.toFixed(0),
      ...(seen ? [databaseCpu?.toFixed(0)] : []),
      p50.toFixed(2),
      p99.toFixed(2),
      (rss / 2 ** 20).toFixed(0),
    ].join(" | "),
  );
}

const runtime: Runtime = flags.runtime === "node" ? "node" : "bun";
const chosen = <Name extends string>(names: Iterable<Name>, flag: string | undefined): readonly Name[] =>
  [...names].filter((name) => flag === undefined || flag.split(",").includes(name));
const sessions = chosen(SESSIONS.keys(), flags.session ?? (flags.quick ? "stub" : undefined));
const names = chosen(
  WORKLOADS.map(({ name }) => name),
  flags.workload ?? (flags.quick ? "W1,W4" : undefined),
);
const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 5));
const seconds = Number(flags.seconds ?? (flags.quick ? 0.8 : 0.6));

/** The lines of each table of the page. */
const tables = new Map<string, string[]>();
function say(session: SessionKind, driver: Driver, line: string): void {
  const name = `${runtime === "node" ? "node" : session}-${driver}`;
  tables.set(name, [...(tables.get(name) ?? []), line]);
  console.log(line);
}

const runs =
  runtime === "node" ? `Node ${versionOfNode()} (asked by Bun ${Bun.version})` : `Bun ${Bun.version}`;
const head = machine(runs, `${flags.connections} connections, median of ${rounds} rounds of ${seconds} s`);

/** The data of each kind of database, made when it is first wanted. */
const sources = new Map<boolean, Source>();
let running: readonly Server[] = [];
try {
  console.log(head);
  for (const session of sessions as SessionKind[]) {
    for (const driver of chosenDrivers(flags.driver, runtime)) {
      const kind = isPostgresql(driver);
      const source = sources.get(kind) ?? (await makeSource(driver));
      sources.set(kind, source);
      const starts = await Promise.allSettled(
        chosen(RIVALS.keys(), flags.rival).map((rival) => start(rival, driver, session, source)),
      );
      running = starts.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      for (const result of starts) if (result.status === "rejected") throw result.reason;
      const seen = (await running[0]?.databaseTime()) !== undefined;
      const version = source.version === undefined ? "" : ` (${source.version})`;
      const where = runtime === "node" ? " on Node" : "";
      say(session, driver, `\n### ${DRIVERS.get(driver)}${version}${where}, ${SESSIONS.get(session)}\n`);
      say(
        session,
        driver,
        `| | | req/s | × Drizzle | × limit | CPU µs |${seen ? " DB µs |" : ""} p50 ms | p99 ms | RSS MiB |`,
      );
      say(
        session,
        driver,
        `| --- | --- | ---: | ---: | ---: | ---: |${seen ? " ---: |" : ""} ---: | ---: | ---: |`,
      );
      for (const workload of WORKLOADS.filter(({ name }) => names.includes(name))) {
        for (const row of rowsOf(workload, await measure(running, workload, session, !kind), seen))
          say(session, driver, `| ${row} |`);
      }
      await Promise.all(running.map((server) => server.stop()));
      running = [];
    }
  }
} finally {
  await Promise.all(running.map((server) => server.stop()));
  for (const source of sources.values()) await source.close();
}

if (flags.write) for (const [name, lines] of tables) writeTables(name, [head, ...lines]);
