// What does a whole request cost without a socket, and how much of it is the engine, room by room?
// `bun bench/request.bench.ts [--shapes n] [--no-profile]`. The session parser costs nothing. For the engine alone the
// driver is replaced by one that answers at once what the real one answered to the same statement before.
import { Database, type Statement } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Client, createClient, type InStatement, type ResultSet } from "@libsql/client";
import { and, asc, desc, eq, gt, gte, lt, ne, or } from "drizzle-orm";
import { drizzle as overBun } from "drizzle-orm/bun-sqlite";
import { drizzle as overLibsql } from "drizzle-orm/libsql";
import { userId } from "./data.ts";
import { profile, type Share } from "./profile.ts";
import { drizzle as byHand } from "./rival/drizzle.ts";
import { openDrizzle, openInTurns } from "./rival/open.ts";
import type { Driver, Routes } from "./rival/rival.ts";
import { queryRoute } from "./rival/route.ts";
import * as schema from "./schema.ts";
import { sessionReader } from "./session.ts";
import { createData } from "./sqlite.ts";
import { type Workload, WORKLOADS } from "./workload.ts";

const { values: flags } = parseArgs({
  options: {
    shapes: { type: "string", default: "0" },
    profile: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const ROUNDS = 15;
const WARM_UP = 5;
const BATCH = 1_000;
const DRIVERS: readonly Driver[] = ["libsql", "bun"];
/** No run of shapes takes longer. */
const MOST_SECONDS = 120;

let sink = 0;

/** Makes request number `n` and reads its answer to the end. */
type Ask = (n: number) => Promise<void>;

async function read(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  sink += text.charCodeAt(text.length - 1);
}

function asker(routes: Routes, workload: Workload): Ask {
  const get = routes["/query/:id"]!["GET"]!;
  return async (n) => {
    const { ours, user } = workload.call(n);
    await read(await get(requestOf(ours, user)));
  };
}

/** A request as the server hands it over; making it is part of what is measured, here as for everybody. */
function requestOf(path: string, user: string): Request {
  return new Request(`http://127.0.0.1${path}`, { headers: { "x-user": user } });
}

/** Lets the event loop turn, as a server does: libsql frees its statements only then. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function micros(ask: Ask, from: number): Promise<number> {
  const started = performance.now();
  for (let n = from; n < from + BATCH; n++) {
    await ask(n);
    if (n % 100 === 0) await turn();
  }
  return ((performance.now() - started) * 1000) / BATCH;
}

/** The median round of each, rounds interleaved. */
async function compare(asks: readonly Ask[]): Promise<readonly number[]> {
  const times: number[][] = asks.map(() => []);
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [index, ask] of asks.entries()) {
      const time = await micros(ask, round * BATCH);
      if (round >= WARM_UP) times[index]!.push(time);
    }
  }
  return times.map((list) => list.toSorted((a, b) => a - b)[list.length >> 1]!);
}

/** A libsql client that asks the real one about each statement once. */
function cannedLibsql(file: string): Client {
  const client = createClient({ url: `file:${file}` });
  const answers = new Map<string, Promise<ResultSet>>();
  const execute = (statement: InStatement): Promise<ResultSet> => {
    const text = typeof statement === "string" ? statement : statement.sql;
    let answer = answers.get(text);
    if (answer === undefined) answers.set(text, (answer = client.execute(statement)));
    return answer;
  };
  return new Proxy(client, {
    get: (target, key) => (key === "execute" ? execute : (Reflect.get(target, key, target) as unknown)),
  });
}

/** The same for bun:sqlite. */
class CannedDatabase extends Database {
  override prepare(text: string): Statement<any, any> {
    const statement = super.prepare(text);
    let rows: ReturnType<Statement["values"]> | undefined;
    const values = statement.values.bind(statement);
    statement.values = (...bindings) => (rows ??= values(...bindings));
    return statement;
  }
}

function cannedDatabase(driver: Driver, file: string): object {
  return driver === "libsql"
    ? overLibsql(cannedLibsql(file), { schema })
    : overBun(new CannedDatabase(file), { schema });
}

const believe = sessionReader("stub", {});
const routesOver = (database: object, ownConnection = true): Routes =>
  queryRoute(database, believe, "fast", schema, ownConnection);
const nothing = new Response("{}");

const row = (label: string, ...cells: readonly (string | number)[]): string =>
  label.padEnd(52) +
  cells.map((cell) => (typeof cell === "number" ? cell.toFixed(1) : cell).padStart(12)).join("");

async function wholeRequests(driver: Driver, file: string): Promise<void> {
  const real = routesOver(openInTurns(driver, file));
  const canned = routesOver(cannedDatabase(driver, file), false);
  console.log(row(`\n${driver}: µs per request`, "with database", "engine", "bare"));
  for (const workload of WORKLOADS.filter(({ name }) => name !== "W5")) {
    const bare: Ask = async (n) => {
      const { ours, user } = workload.call(n);
      sink += requestOf(ours, user).headers.get("x-user")!.length;
      await read(nothing.clone());
    };
    // The engine is what is left when the making of the request and the reading of an answer are taken away.
    const [whole, engine, making] = await compare([asker(real, workload), asker(canned, workload), bare]);
    console.log(row(`${workload.name} ${workload.title}`, whole!, engine! - making!, making!));
  }
}

async function rooms(file: string): Promise<void> {
  const routes = routesOver(cannedDatabase("bun", file), false);
  for (const workload of WORKLOADS.filter(({ name }) => name === "W1" || name === "W4")) {
    const ask = asker(routes, workload);
    for (let n = 0; n < 5 * BATCH; n++) await ask(n);
    const { rooms, functions } = await profile(async () => {
      const requests = 40 * BATCH;
      for (let n = 0; n < requests; n++) {
        await ask(n);
        if (n % 100 === 0) await turn();
      }
      return requests;
    });
    console.log(`\n${workload.name}, engine, µs per request by room (sampled; making the request included)`);
    print(rooms, 12);
    console.log(`${workload.name}, by function`);
    print(functions, 25);
  }
}

function print(shares: readonly Share[], most: number): void {
  for (const { name, micros } of shares.slice(0, most)) console.log(row(`  ${name}`, micros.toFixed(2)));
}

/** W1 with a filter nobody has asked before, so that nothing of it is remembered, and the same question by hand. */
async function unknownQuestions(driver: Driver, file: string): Promise<void> {
  const get = routesOver(openInTurns(driver, file))["/query/:id"]!["GET"]!;
  const endpoint = (await byHand({ driver, location: file, session: "stub" }))["/posts"]!["GET"]!;
  const database = openDrizzle(driver, file);
  const user = userId(7);
  const ask = async (selector: string): Promise<void> => {
    const path = `/query/posts?mine&select=(columns:(id:T,title:T,body:T,createdAt:T),${selector},limit:20)`;
    await read(await get(requestOf(path, user)));
  };
  let asked = 0;
  const times = await compare([
    () => ask("orderBy:(id:desc)"),
    async () => read(await endpoint(requestOf("/posts", user))),
    () => ask(`where:(id.gt:${-++asked}),orderBy:(id:desc)`),
    (n) => ask(textOf(shape(n))),
    async (n) => read(await askByHand(database, user, shape(n))),
  ]);
  const names = [
    "known text",
    "Drizzle by hand",
    "unknown text",
    "unknown shape",
    "that shape, Drizzle by hand",
  ];
  console.log(row(`\n${driver}: µs per request, with database`));
  names.forEach((name, index) => console.log(row(`  W1, ${name}`, times[index]!)));
}

interface Shape {
  readonly conditions: readonly { column: ColumnName; operator: Operator; value: string | number }[];
  readonly order: ColumnName;
}

type ColumnName = (typeof COLUMNS)[number];
type Operator = (typeof OPERATORS)[number];
const COLUMNS = ["id", "userId", "title", "body", "createdAt", "updatedAt"] as const;
const OPERATORS = ["gt", "gte", "ne", "lt"] as const;

/** A filter and an order of its own for each number, whose digits choose columns and operators. */
function shape(number: number): Shape {
  const conditions: Shape["conditions"][number][] = [];
  let rest = number;
  do {
    const column = COLUMNS[rest % COLUMNS.length]!;
    rest = Math.floor(rest / COLUMNS.length);
    const operator = OPERATORS[rest % OPERATORS.length]!;
    rest = Math.floor(rest / OPERATORS.length);
    const isNumber = column === "id" || column.endsWith("At");
    conditions.push({ column, operator, value: isNumber ? number : `x${number}` });
  } while (rest > 0);
  return { conditions, order: COLUMNS[number % COLUMNS.length]! };
}

function textOf({ conditions, order }: Shape): string {
  const maps = conditions.map(({ column, operator, value }) => {
    return `(${column}.${operator}:${typeof value === "number" ? value : `'${value}'`})`;
  });
  return `where:(OR:_(${maps.join(",")})_),orderBy:(${order}:desc)`;
}

/** The shape as somebody would write it who knew it beforehand: nothing to parse, nothing to check. */
async function askByHand(
  db: ReturnType<typeof openDrizzle>,
  user: string,
  { conditions, order }: Shape,
): Promise<Response> {
  const { post } = schema;
  const compared = { gt, gte, ne, lt };
  const filters = conditions.map(({ column, operator, value }) =>
    compared[operator](post[column], column.endsWith("At") ? new Date(value) : value),
  );
  const posts = await db.query.post.findMany({
    columns: { id: true, title: true, body: true, createdAt: true },
    where: and(eq(post.userId, user), or(...filters)),
    orderBy: [desc(post[order]), asc(post.id)],
    limit: 20,
  });
  return Response.json({ count: posts.length, posts });
}

/** Does memory stay flat over a great many different questions? */
async function shapes(driver: Driver, file: string, most: number): Promise<void> {
  const get = routesOver(openInTurns(driver, file))["/query/:id"]!["GET"]!;
  console.log(row(`\n${driver}: different shapes`, "RSS MiB", "heap MiB", "µs each"));
  const step = Math.min(100_000, Math.max(1, Math.floor(most / 5)));
  const started = performance.now();
  let since = started;
  for (let n = 0; n < most; n++) {
    // Of no user's posts, so that the rows cost nothing and the shape is all there is.
    const path = `/query/posts?mine&select=(${textOf(shape(n))},limit:1)`;
    await read(await get(requestOf(path, "nobody")));
    if (n % 100 === 0) await turn();
    const late = performance.now() - started > MOST_SECONDS * 1000;
    if ((n + 1) % step !== 0 && !late && n + 1 !== most) continue;
    Bun.gc(true);
    const { rss, heapUsed } = process.memoryUsage();
    const each = ((performance.now() - since) * 1000) / ((n % step) + 1);
    console.log(row(`  after ${(n + 1).toLocaleString("en")}`, rss / 2 ** 20, heapUsed / 2 ** 20, each));
    since = performance.now();
    if (late) {
      console.log(`  stopped after ${MOST_SECONDS} s`);
      break;
    }
  }
}

/** The first request after a start, in a fresh process each. */
async function firstRequests(driver: Driver, file: string): Promise<void> {
  console.log(row(`\n${driver}: ms until the first answer after the start`, "first", "second"));
  const workload = WORKLOADS[0]!;
  const rivals = ["ours", "drizzle", "prepared", "sql"];
  const times = new Map(rivals.map((rival) => [rival, [] as [number, number][]]));
  for (let round = 0; round < 5; round++) {
    for (const rival of round % 2 === 0 ? rivals : rivals.toReversed()) {
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "serve.ts"), rival, driver, file], {
        stdout: "pipe",
      });
      const { value } = await child.stdout.getReader().read();
      const origin = `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`;
      await (await fetch(`${origin}/usage`)).text();
      const timed = async (n: number): Promise<number> => {
        const { ours, byHand, user } = workload.call(n);
        const started = performance.now();
        await read(await fetch(origin + (rival === "ours" ? ours : byHand), { headers: { "x-user": user } }));
        return performance.now() - started;
      };
      times.get(rival)!.push([await timed(0), await timed(1)]);
      child.kill();
      await child.exited;
    }
  }
  const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;
  for (const [rival, list] of times) {
    const [first, second] = [middle(list.map((pair) => pair[0])), middle(list.map((pair) => pair[1]))];
    console.log(row(`  ${rival}`, first.toFixed(2), second.toFixed(2)));
  }
}

const folder = mkdtempSync(join(tmpdir(), "bench-"));
try {
  const file = join(folder, "data.db");
  createData(file);
  console.log(
    `Bun ${Bun.version}, ${cpus().length} × ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]!.toFixed(1)}, median of ${ROUNDS} rounds of ${BATCH}`,
  );
  const most = Number(flags.shapes);
  for (const driver of DRIVERS) {
    if (most > 0) {
      await shapes(driver, file, most);
      continue;
    }
    await wholeRequests(driver, file);
    await unknownQuestions(driver, file);
    await firstRequests(driver, file);
  }
  if (most === 0 && flags.profile) await rooms(file);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (sink === 0) throw new Error("nothing was measured");
