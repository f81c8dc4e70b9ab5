// The same questions over 50,000 posts and over five million: what grows? `bun bench/million.ts [--driver libsql,bun-sql]
//   [--workload W1,W4] [--posts n] [--rounds n] [--seconds n] [--write]`. Requests go through the handlers of one process, one after
// the other, and what they cost is counted where it is spent: here, in the slow lane, and in the processes of PostgreSQL.
// Five million posts and twenty million comments take 2.5 GB of the disk (4 on PostgreSQL) while it runs, and minutes to make.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readAnswer } from "./answer.ts";
import { COMMENTS, POSTS, type Sizes, WHOLE } from "./data.ts";
import { machine } from "./machine.ts";
import { median } from "./median.ts";
import { writeTables } from "./page.ts";
import { Databases, SERVER } from "./postgresql.ts";
import { ours } from "./rival/ours.ts";
import { type Driver, type Handler, isPostgresql } from "./rival/rival.ts";
import { routerOf } from "./rival/router.ts";
import { sql } from "./rival/sql.ts";
import { credentials } from "./session.ts";
import { chosenDrivers } from "./source.ts";
import { createBySQL } from "./sqlite.ts";
import { type Call, type Workload, workloadsOver } from "./workload.ts";

const { values: flags } = parseArgs({
  options: {
    driver: { type: "string", default: "libsql,bun-sql" },
    workload: { type: "string", default: "W1,W2,W4,W10/1,W10/2000,W7" },
    posts: { type: "string", default: "5000000" },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "0.4" },
    write: { type: "boolean", default: false },
  },
});
const posts = Number(flags.posts);
const rounds = Number(flags.rounds);
const milliseconds = Number(flags.seconds) * 1000;
const LARGE: Sizes = { posts, comments: (posts / POSTS) * COMMENTS };
/** Rounds that do not count, in which code is compiled and pages are read. */
const WARM_UP = 3;
const RIVALS = { ours, "SQL by hand": sql } as const;

const TITLES: ReadonlyMap<Driver, string> = new Map([
  ["libsql", "A libSQL file"],
  ["bun", "A file of bun:sqlite"],
  ["bun-sql", "PostgreSQL through Bun.SQL"],
]);

/** Data of a size, where a driver finds it. */
interface Place {
  readonly sizes: Sizes;
  readonly location: string;
  /** Microseconds that a server's processes have taken for it. */
  readonly databaseTime: () => Promise<number>;
}

/** Makes the data of both sizes; `close` leaves nothing of it. */
async function makePlaces(driver: Driver): Promise<{ places: readonly Place[]; close: () => Promise<void> }> {
  if (isPostgresql(driver)) {
    const databases = new Databases(SERVER!);
    const make = async (sizes: Sizes): Promise<Place> => {
      const location = await databases.createBySQL(sizes);
      return { sizes, location, databaseTime: async () => (await databases.timeOf(location)) ?? 0 };
    };
    try {
      return { places: [await make(WHOLE), await make(LARGE)], close: () => databases.drop() };
    } catch (error) {
      await databases.drop();
      throw error;
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "query-million-"));
  const places = [WHOLE, LARGE].map((sizes): Place => {
    const location = join(folder, `${sizes.posts}.db`);
    createBySQL(location, sizes);
    return { sizes, location, databaseTime: async () => 0 };
  });
  return { places, close: async () => rmSync(folder, { recursive: true, force: true }) };
}

/** What processes that this one began have taken, when they were last seen: those of the slow lane come and go. */
const children = new Map<string, number>();

/** Microseconds of processor time of this process and of those it began. */
function ownTime(): number {
  for (const pid of childrenOf(process.pid)) children.set(pid, Math.max(timeOf(pid), children.get(pid) ?? 0));
  const { user, system } = process.cpuUsage();
  return [...children.values()].reduce((sum, time) => sum + time, user + system);
}

const threadsOf = (pid: number | string): readonly string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return []; // it has ended
  }
};

const childrenOf = (pid: number | string): readonly string[] =>
  threadsOf(pid).flatMap((thread) =>
    readFileSync(`${thread}/children`, "utf8")
      .split(" ")
      .filter((child) => child !== ""),
  );

const timeOf = (pid: string): number =>
  threadsOf(pid).reduce(
    (sum, thread) => sum + Number(readFileSync(`${thread}/schedstat`, "utf8").split(" ", 1)[0]) / 1000,
    0,
  );

/** One rival over the data of one size. */
interface Contestant {
  readonly rival: keyof typeof RIVALS;
  readonly place: Place;
  readonly ask: (call: Call) => Promise<string>;
  readonly workload: Workload;
  readonly results: Cost[];
  asked: number;
}

/** Of one request, in microseconds. */
interface Cost {
  readonly cpu: number;
  readonly latency: number;
}

function asker(rival: keyof typeof RIVALS, handler: Handler): Contestant["ask"] {
  return async (call) => {
    const headers = Object.fromEntries([credentials("stub", call.user)]);
    const path = rival === "ours" ? call.ours : call.byHand;
    const response = await handler(new Request(`http://127.0.0.1${path}`, { headers }));
    const text = await response.text();
    if (!response.ok) throw new Error(`${rival} answered ${response.status}: ${text}`);
    return text;
  };
}

/** Asks for the time of a round. */
async function round(contestant: Contestant): Promise<Cost> {
  const { ask, workload, place } = contestant;
  const latencies: number[] = [];
  const before = ownTime() + (await place.databaseTime());
  const until = performance.now() + milliseconds;
  for (let now = performance.now(); now < until;) {
    await ask(workload.call(contestant.asked++));
    const after = performance.now();
    latencies.push(after - now);
    now = after;
    if (latencies.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const cpu = ownTime() + (await place.databaseTime()) - before;
  return { cpu: cpu / latencies.length, latency: median(latencies) * 1000 };
}

/** Both rivals must answer alike, at each size. */
async function verify(contestants: readonly Contestant[], places: readonly Place[]): Promise<void> {
  for (const place of places)
    for (const n of [0, 42]) {
      const here = contestants.filter((one) => one.place === place);
      const call = here[0]!.workload.call(n);
      const answers = await Promise.all(here.map(async ({ ask }) => readAnswer(await ask(call), call)));
      if (!Bun.deepEquals(answers[0], answers[1], true))
        throw new Error(`${here[0]!.workload.name} over ${place.sizes.posts} posts: the answers differ`);
    }
}

async function measure(
  name: string,
  handlers: ReadonlyMap<Place, ReadonlyMap<keyof typeof RIVALS, Handler>>,
): Promise<readonly string[]> {
  const contestants: Contestant[] = [];
  for (const [place, rivals] of handlers) {
    const workload = workloadsOver(place.sizes).find((one) => one.name === name)!;
    const askOurs = asker("ours", rivals.get("ours")!);
    await workload.prepare?.(async (path, user) =>
      JSON.parse(await askOurs({ method: "GET", ours: path, byHand: path, user })),
    );
    for (const [rival, handler] of rivals)
      contestants.push({ rival, place, ask: asker(rival, handler), workload, results: [], asked: 0 });
  }
  await verify(contestants, [...handlers.keys()]);
  for (let turn = 0; turn < WARM_UP; turn++) for (const contestant of contestants) await round(contestant);
  for (let turn = 0; turn < rounds; turn++)
    for (const contestant of turn % 2 === 0 ? contestants : contestants.toReversed())
      contestant.results.push(await round(contestant));
  return Object.keys(RIVALS).map((rival) => {
    const [small, large] = contestants
      .filter((one) => one.rival === rival)
      .map(({ results }) => ({
        // Whatever else the machine does only adds to it.
        cpu: Math.min(...results.map(({ cpu }) => cpu)),
        latency: Math.min(...results.map(({ latency }) => latency)),
      })) as [Cost, Cost];
    const cells = [
      rival === "ours" ? `**${name}** ${contestants[0]!.workload.title}` : "",
      rival,
      ...(["cpu", "latency"] as const).flatMap((cost) => [
        small[cost].toFixed(0),
        large[cost].toFixed(0),
        (large[cost] / small[cost]).toFixed(2),
      ]),
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

const head = machine(`Bun ${Bun.version}`, `the least of ${rounds} rounds of ${flags.seconds} s`);
console.log(head);
for (const driver of chosenDrivers(flags.driver)) {
  const began = performance.now();
  const { places, close } = await makePlaces(driver);
  try {
    const handlers = new Map<Place, Map<keyof typeof RIVALS, Handler>>();
    for (const place of places) {
      const options = { driver, location: place.location, session: "stub" } as const;
      const rivals = new Map<keyof typeof RIVALS, Handler>();
      for (const [name, rival] of Object.entries(RIVALS))
        rivals.set(name as keyof typeof RIVALS, routerOf(await rival(options)));
      handlers.set(place, rivals);
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const many = posts.toLocaleString("en");
    const lines: string[] = [];
    const say = (line: string): void => {
      lines.push(line);
      console.log(line);
    };
    say(`\n### ${TITLES.get(driver) ?? driver}, made in ${seconds} s\n`);
    say(`| | | CPU µs | of ${many} | × | latency µs | of ${many} | × |`);
    say("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (const name of flags.workload.split(",")) for (const line of await measure(name, handlers)) say(line);
    if (flags.write) writeTables(`million-${driver}`, [head, ...lines]);
  } finally {
    await close();
  }
}
process.exit(); // pools stay open, and the slow lane for a minute
