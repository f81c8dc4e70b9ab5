// Ours against the same API written by hand, in one run: same data, same answers, each server in its own process.
// `bun bench/compare.ts [--quick] [--write] [--driver libsql,bun,bun-sql,postgres-js,node-postgres] [--session stub|auth]
//   [--workload W1,W4] [--rival ours,sql] [--rounds n] [--seconds n] [--connections n]`
// PostgreSQL is measured on the server that BENCH_POSTGRES_URL or TEST_POSTGRES_URL names, in databases of the run's own.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { load, type LoadOptions, type LoadResult, requestBytes } from "./load.ts";
import { type Driver, isPostgresql } from "./rival/rival.ts";
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
const MARKS = ["<!-- compare: begin -->", "<!-- compare: end -->"] as const;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    driver: { type: "string" },
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
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "serve.ts"), rival, driver, location, session],
    { stdout: "pipe", stderr: "inherit", env: { ...process.env, NODE_ENV: "production" } },
  );
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
  return JSON.parse(text, (key, value: unknown) =>
    // By hand nobody counts which rows are new.
    key === "inserted" ? undefined : isMade(key, call) || CURSORS.has(key) ? typeof value : value,
  );
}

/** Whether a value of a new row is made by a server, each of which has made others before; or by its client. */
const isMade = (key: string, { method, body = "" }: Call): boolean =>
  method === "POST" && (key === "createdAt" || (key === "id" && !/"id":\d/.test(body)));

/** Cursors are sealed by us, and keys by hand. */
const CURSORS: ReadonlySet<string> = new Set(["next", "previous"]);

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

async function measure(
  servers: readonly Server[],
  workload: Workload,
  session: SessionKind,
): Promise<Map<string, Figures>> {
  await prepare(servers, workload, session);
  await verify(servers, workload, session);
  const jobs = servers.map((server) => ({
    rival: server.rival,
    port: server.port,
    databaseTime: server.databaseTime,
    connections: Number(flags.connections),
    requests: requestsOf(server.rival, workload, session),
    results: [] as Round[],
  }));
  for (const job of jobs) await load({ ...job, seconds: warmUp });
  for (let round = 0; round < rounds; round++) {
    for (const job of round % 2 === 0 ? jobs : jobs.toReversed()) {
      job.results.push(await oneRound(job));
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

async function oneRound(job: Omit<LoadOptions, "seconds"> & Pick<Server, "databaseTime">): Promise<Round> {
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

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
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

function machine(): string {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dir, "../node_modules/drizzle-orm/package.json"), "utf8"),
  ) as { version: string };
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: import.meta.dir, encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--", "../src") === "" ? "" : " and changes";
  const load = loadavg()[0]!.toFixed(1);
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    `Bun ${Bun.version}, drizzle-orm ${version}`,
    `commit ${git("rev-parse", "--short", "HEAD")}${changed}`,
    new Date().toISOString().slice(0, 10),
    `load ${load} at the start`,
    `${flags.connections} connections, median of ${rounds} rounds of ${seconds} s`,
  ].join(" · ");
}

const chosen = <Name extends string>(names: Iterable<Name>, flag: string | undefined): readonly Name[] =>
  [...names].filter((name) => flag === undefined || flag.split(",").includes(name));
const sessions = chosen(SESSIONS.keys(), flags.session ?? (flags.quick ? "stub" : undefined));
const names = chosen(
  WORKLOADS.map(({ name }) => name),
  flags.workload ?? (flags.quick ? "W1,W4" : undefined),
);
const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 5));
const seconds = Number(flags.seconds ?? (flags.quick ? 0.8 : 0.6));
/** Most of it is for the compiler of JavaScript, which works for as long as a second beside the first requests. */
const warmUp = Math.max(1.5, seconds);

const lines: string[] = [];
function say(line: string): void {
  lines.push(line);
  console.log(line);
}

/** The data of each kind of database, made when it is first wanted. */
const sources = new Map<boolean, Source>();
let running: readonly Server[] = [];
try {
  say(machine());
  for (const session of sessions as SessionKind[]) {
    for (const driver of chosenDrivers(flags.driver)) {
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
      say(`\n### ${DRIVERS.get(driver)}${version}, ${SESSIONS.get(session)}\n`);
      say(
        `| | | req/s | × Drizzle | × limit | CPU µs |${seen ? " DB µs |" : ""} p50 ms | p99 ms | RSS MiB |`,
      );
      say(`| --- | --- | ---: | ---: | ---: | ---: |${seen ? " ---: |" : ""} ---: | ---: | ---: |`);
      for (const workload of WORKLOADS.filter(({ name }) => names.includes(name))) {
        for (const row of rowsOf(workload, await measure(running, workload, session), seen))
          say(`| ${row} |`);
      }
      await Promise.all(running.map((server) => server.stop()));
      running = [];
    }
  }
} finally {
  await Promise.all(running.map((server) => server.stop()));
  for (const source of sources.values()) await source.close();
}

if (flags.write) {
  const page = join(import.meta.dir, "README.md");
  const text = readFileSync(page, "utf8");
  const [before, after] = [text.indexOf(MARKS[0]), text.indexOf(MARKS[1])];
  if (before < 0 || after < before) throw new Error("the README has lost its markers");
  writeFileSync(
    page,
    `${text.slice(0, before + MARKS[0].length)}\n\n${lines.join("\n")}\n\n${text.slice(after)}`,
  );
}
