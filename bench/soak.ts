// Mixed reads and writes for a while, every answer compared with what its caller wrote, and at the end every row.
// With `--hostile` callers without a name ask the worst they may meanwhile, leave early, and send what is refused.
// `bun bench/soak.ts [--hostile] [--seconds 60] [--connections 64] [--driver libsql,bun,bun-sql,postgres-js,node-postgres] [--seed n]`
import { parseArgs } from "node:util";
import { type ACL, createQueryHandler } from "@bepalo/query";
import { eq, type SQL } from "drizzle-orm";
import { COMMENTS, POSTS, userId, USERS } from "./data.ts";
import { QUESTIONS } from "./hostile/questions.ts";
import { anybody, byHeader, type Session } from "./hostile/server.ts";
import { openInTurns, tablesOf } from "./rival/open.ts";
import { type Driver, isPostgresql } from "./rival/rival.ts";
import type * as tables from "./schema.ts";
import { chosenDrivers, makeSource, type Source } from "./source.ts";

export interface SoakOptions {
  readonly driver: Driver;
  readonly seconds: number;
  readonly connections: number;
  readonly seed: number;
  /** Whether hostile callers are there too. */
  readonly hostile?: boolean;
}

export interface SoakResult {
  readonly reads: number;
  readonly writes: number;
  /** Answers that were not 200, or not what the caller knew to be true; a few of them. */
  readonly wrong: readonly string[];
  /** What the database lacks or has too much of, compared with what was answered. */
  readonly lost: readonly string[];
  /** Whether the file is sound, where it is one. */
  readonly integrity: string;
  /** MiB of the server at the start and after each quarter. */
  readonly rss: readonly number[];
  /** MiB per minute over the second half. */
  readonly slope: number;
}

const own = ({ user }: Session, { userId }: typeof tables.post | typeof tables.comment): SQL | undefined =>
  user === undefined ? undefined : eq(userId, user);
const mine = <Row extends object>(row: Row, { user }: Session): Row & { userId: string | undefined } => ({
  ...row,
  userId: user,
});
const person = { select: { mode: true, columns: ["id", "name"] } } as const;
const text = { mode: true, columns: ["title", "body"] } as const;
const pause = (): Promise<void> => Bun.sleep(1);

/** Posts and comments of one's own; `careful` waits inside its transactions. */
export const acl = {
  posts: {
    table: "post",
    countTotal: true,
    control: {
      GET: {
        mine: {
          select: true,
          where: own,
          with: { author: person, comments: { select: true, with: { author: person } } },
        },
        guest: anybody.posts,
      },
      POST: { mine: { select: true, write: text, injectBody: mine, where: own } },
      PATCH: { mine: { select: true, write: text, where: own } },
      DELETE: { mine: { select: true, where: own, requireWhere: true } },
    },
  },
  careful: {
    table: "post",
    countTotal: true,
    control: {
      GET: { mine: { select: true, where: own, beforeQuery: pause } },
      POST: {
        mine: {
          select: true,
          write: text,
          injectBody: mine,
          where: own,
          beforeQuery: pause,
          afterQuery: pause,
        },
      },
      PATCH: { mine: { select: true, write: text, where: own, beforeQuery: pause } },
    },
  },
  users: { table: "user", control: { GET: { guest: anybody.users } } },
  comments: {
    table: "comment",
    control: {
      POST: {
        mine: {
          select: true,
          write: { mode: true, columns: ["postId", "body"] },
          injectBody: mine,
          where: own,
        },
      },
      DELETE: { mine: { select: true, where: own, requireWhere: true, maxAffected: 1 } },
    },
  },
} satisfies ACL<"user", Session, object, typeof tables>;

/** Who has a name comes from an address of his own, as people do. */
function fromHome({ headers }: Request): { readonly address: string } | undefined {
  const number = Number(headers.get("x-user")?.slice(-4) ?? Number.NaN);
  return Number.isNaN(number) ? undefined : { address: `10.0.${number >> 8}.${number & 255}` };
}

function serve(driver: Driver, location: string): void {
  const handler = createQueryHandler<"user", Session>({
    acl,
    database: openInTurns(driver, location),
    schema: tablesOf(driver),
    onError: (error) => console.error(error),
    onWarning: () => undefined,
    ...byHeader,
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/query/:id": (request: Request, from: unknown) => handler(request, fromHome(request) ?? from),
      "/usage": () => Response.json(process.memoryUsage()),
      // Bun's types want each handler to know its path; this one is for any.
    } as unknown as Bun.Serve.Routes<undefined, string>,
    fetch: () => new Response("nothing here", { status: 404 }),
  });
  console.log(server.port);
}

/** Numbers from 0 up to a bound, which the seed determines. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Post {
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

interface Comment {
  readonly id: number;
  readonly postId: number;
  readonly body: string;
}

/** More posts than this, and a caller removes many at once. */
const MANY = 120;
/** A post that has been there before, of the caller of that number. */
const BEFORE = POSTS / USERS;

/** How many turns a caller has at least, however little time a busy machine gives it. */
const LEAST = 10;

/** A caller on a connection of its own, who is the only one to write a user's rows and so knows all of them. */
class Caller {
  readonly posts = new Map<number, Post>();
  readonly comments = new Map<number, Comment>();
  readonly wrong: string[] = [];
  reads = 0;
  writes = 0;
  readonly #base: string;
  readonly #number: number;
  readonly #user: string;
  readonly #next: (below: number) => number;
  #made = 0;

  constructor(port: number, number: number, seed: number) {
    this.#base = `http://127.0.0.1:${port}/query/`;
    this.#number = number;
    this.#user = userId(number);
    this.#next = random(seed + number * 7919);
  }

  async converse(until: number): Promise<void> {
    for (let turns = 0; turns < LEAST || performance.now() < until; turns++) await this.#turn();
  }

  async #turn(): Promise<void> {
    const dice = this.#next(100);
    const known = this.#pick(this.posts);
    if (dice < 22) return this.#list("posts");
    if (dice < 26) return this.#list("careful");
    if (dice < 40 && known !== undefined) return this.#first(known);
    if (dice < 52) return this.#relations();
    if (dice < 60) return this.#total();
    if (this.posts.size > MANY) return this.#removeMany();
    if (dice < 72) return this.#insert("posts", 1);
    if (dice < 77) return this.#insert("posts", 2 + this.#next(19));
    if (dice < 79) return this.#insert("careful", 1 + this.#next(4));
    if (dice < 87 && known !== undefined) return this.#change(dice < 82 ? "careful" : "posts", known);
    if (dice < 92 && this.comments.size < 60) return this.#comment();
    const comment = this.#pick(this.comments);
    if (dice < 95 && comment !== undefined) return this.#removeComment(comment);
    if (known !== undefined) return this.#remove(known);
  }

  async #list(resource: string): Promise<void> {
    const body = await this.#ask(
      "GET",
      `${resource}?mine&select=(where:(id.gt:${POSTS}),orderBy:(id:desc),limit:20)`,
    );
    const expected = [...this.posts.values()].toSorted((a, b) => b.id - a.id).slice(0, 20);
    this.#expect("a list", body?.[resource]?.map(postOf), expected, body);
  }

  async #first(post: Post): Promise<void> {
    const body = await this.#ask(
      "GET",
      `posts?mine&findFirst&select=(where:(id:${post.id}),with:(author:T))`,
    );
    this.#expect(
      "a row",
      body?.posts && [postOf(body.posts), body.posts.author?.id],
      [post, this.#user],
      body,
    );
  }

  async #relations(): Promise<void> {
    const postId = this.#earlier();
    const body = await this.#ask(
      "GET",
      `posts?mine&select=(where:(id:${postId}),with:(comments:(where:(id.gt:${COMMENTS}),orderBy:(id:asc),with:(author:T))))`,
    );
    const expected = [...this.comments.values()]
      .filter((comment) => comment.postId === postId)
      .toSorted((a, b) => a.id - b.id);
    this.#expect("comments", body?.posts?.[0]?.comments?.map(commentOf), expected, body);
  }

  async #total(): Promise<void> {
    const body = await this.#ask("GET", "posts?mine&countTotal&select=(columns:(id:T),limit:3)");
    this.#expect("a total", body?.total, BEFORE + this.posts.size, body);
  }

  async #insert(resource: string, count: number): Promise<void> {
    const rows = Array.from({ length: count }, () => this.#text());
    const body = await this.#ask("POST", `${resource}?mine&countTotal`, count === 1 ? rows[0] : rows);
    const inserted: Post[] = (body?.[resource] ?? []).map(postOf);
    for (const post of inserted) this.posts.set(post.id, post);
    this.#expect(
      "what was inserted",
      inserted.map(({ title, body }) => ({ title, body })),
      rows,
      body,
    );
    this.#expect("a total after", body?.total, BEFORE + this.posts.size, body);
  }

  async #change(resource: string, { id }: Post): Promise<void> {
    const change = this.#text();
    const body = await this.#ask("PATCH", `${resource}?mine&select=(where:(id:${id}))`, change);
    if (body === undefined) return;
    this.posts.set(id, { id, ...change });
    this.#expect("what was changed", body[resource]?.map(postOf), [{ id, ...change }], body);
  }

  async #remove(post: Post): Promise<void> {
    const body = await this.#ask("DELETE", `posts?mine&select=(where:(id:${post.id}))`);
    if (body === undefined) return;
    this.posts.delete(post.id);
    this.#expect("what was removed", body.posts?.map(postOf), [post], body);
  }

  async #removeMany(): Promise<void> {
    const ids = [...this.posts.keys()].toSorted((a, b) => a - b).slice(0, MANY * 0.8);
    const list = ids.join(",");
    const body = await this.#ask("DELETE", `posts?mine&select=(columns:F,where:(id.inArray:_(${list})_))`);
    if (body === undefined) return;
    for (const id of ids) this.posts.delete(id);
    this.#expect("how many were removed", body.rowsAffected, ids.length, body);
  }

  async #comment(): Promise<void> {
    const sent = { postId: this.#earlier(), body: this.#text().title };
    const body = await this.#ask("POST", "comments?mine", sent);
    const comments: Comment[] = (body?.comments ?? []).map(commentOf);
    for (const comment of comments) this.comments.set(comment.id, comment);
    this.#expect(
      "a comment",
      comments.map(({ postId, body }) => ({ postId, body })),
      [sent],
      body,
    );
  }

  async #removeComment(comment: Comment): Promise<void> {
    const body = await this.#ask("DELETE", `comments?mine&select=(where:(id:${comment.id}))`);
    if (body === undefined) return;
    this.comments.delete(comment.id);
    this.#expect("a removed comment", body.comments?.map(commentOf), [comment], body);
  }

  /** An answer's body; `undefined`, and one thing wrong, for any that is not 200. */
  async #ask(method: string, path: string, body?: unknown): Promise<any> {
    const reads = method === "GET";
    try {
      const response = await fetch(this.#base + path, {
        method,
        headers: { "x-user": this.#user, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const told = await response.text();
      if (response.status !== 200) {
        this.#note(`${method} ${path} was answered ${response.status}: ${told}`);
        return undefined;
      }
      if (reads) this.reads++;
      else this.writes++;
      return JSON.parse(told);
    } catch (error) {
      this.#note(`${method} ${path} was not answered: ${String(error)}`);
      return undefined;
    }
  }

  #expect(what: string, found: unknown, expected: unknown, body: unknown): void {
    if (body === undefined || Bun.deepEquals(found, expected)) return;
    this.#note(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }

  #note(what: string): void {
    this.wrong.push(what.slice(0, 600));
  }

  #text(): { title: string; body: string } {
    const name = `${this.#user} ${this.#made++}`;
    return { title: `Title of ${name}`, body: `"${name}" `.repeat(1 + this.#next(20)) };
  }

  /** One of the posts that have been there before. */
  #earlier(): number {
    return this.#number + 1 + USERS * this.#next(BEFORE);
  }

  #pick<Value>(values: ReadonlyMap<number, Value>): Value | undefined {
    if (values.size === 0) return undefined;
    return [...values.values()][this.#next(values.size)];
  }
}

const postOf = ({ id, title, body }: Post): Post => ({ id, title, body });
const commentOf = ({ id, postId, body }: Comment): Comment => ({ id, postId, body });

/** Compares what the database holds with what was answered. */
async function compareRows(
  ask: <Row>(text: string) => Promise<readonly Row[]>,
  callers: readonly Caller[],
): Promise<readonly string[]> {
  const lost: string[] = [];
  const compare = <Row extends { readonly id: number }>(
    name: string,
    found: readonly Row[],
    known: readonly Row[],
  ): void => {
    const missing = new Map(known.map((row) => [row.id, row]));
    for (const row of found) {
      const expected = missing.get(row.id);
      if (expected === undefined) lost.push(`${name} ${row.id} is in the database and nobody was told`);
      else if (!Bun.deepEquals(row, expected)) lost.push(`${name} ${row.id} is another than was answered`);
      missing.delete(row.id);
    }
    for (const id of missing.keys()) lost.push(`${name} ${id} was answered and is not in the database`);
  };
  compare(
    "post",
    await ask<Post>(`select id, title, body from post where id > ${POSTS}`),
    callers.flatMap(({ posts }) => [...posts.values()]),
  );
  compare(
    "comment",
    await ask<Comment>(`select id, post_id as "postId", body from comment where id > ${COMMENTS}`),
    callers.flatMap(({ comments }) => [...comments.values()]),
  );
  const count = async (from: string): Promise<number> =>
    Number((await ask<{ n: number | string }>(`select count(*) as n from ${from}`))[0]!.n);
  const earlier = await count(`post where id <= ${POSTS} and title = 'Notes on subject ' || (id % 997)`);
  if (earlier !== POSTS) lost.push(`${POSTS - earlier} posts nobody touched have changed`);
  const comments = await count(`comment where id <= ${COMMENTS}`);
  if (comments !== COMMENTS) lost.push(`${COMMENTS - comments} comments nobody touched are gone`);
  const orphans = await count(
    `comment where not exists (select 1 from post where post.id = comment.post_id)
       or not exists (select 1 from "user" where "user".id = comment.user_id)`,
  );
  if (orphans > 0) lost.push(`${orphans} rows refer to none`);
  return lost;
}

async function integrityOf(driver: Driver, source: Source, location: string): Promise<string> {
  if (isPostgresql(driver)) return "ok"; // the server looks after its own files
  const found = await source.ask<{ integrity_check: string }>(location, "pragma integrity_check");
  return found[0]!.integrity_check;
}

/** Runs the whole: a database, a server in a process of its own, the callers, the comparison. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { driver, seconds, connections, seed, hostile } = options;
  if (connections >= USERS) throw new RangeError(`at most ${USERS - 1} connections`);
  const source = await makeSource(driver);
  try {
    const location = await source.copy("soak");
    const answered = await served(driver, location, async (port) => {
      const attacks = hostile === true ? beHostile(port, performance.now() + seconds * 1000) : undefined;
      const done = await converse(port, seconds, connections, seed);
      await attacks;
      return done;
    });
    const { callers, memory, quarters } = answered;
    return {
      reads: callers.reduce((sum, { reads }) => sum + reads, 0),
      writes: callers.reduce((sum, { writes }) => sum + writes, 0),
      wrong: callers.flatMap(({ wrong }) => wrong).slice(0, 20),
      lost: await compareRows((text) => source.ask(location, text), callers),
      integrity: await integrityOf(driver, source, location),
      rss: quarters,
      slope: memory.slope(),
    };
  } finally {
    await source.close();
  }
}

/** Does something with a server in a process of its own. */
async function served<T>(driver: Driver, location: string, work: (port: number) => Promise<T>): Promise<T> {
  const child = Bun.spawn([process.execPath, import.meta.path, "serve", driver, location], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, NODE_ENV: "production" },
  });
  try {
    const { value } = await child.stdout.getReader().read();
    if (value === undefined) throw new Error("the server did not start");
    const done = await work(Number(new TextDecoder().decode(value)));
    child.kill();
    await child.exited;
    return done;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** What is asked by hostile callers, and what is refused. */
const HOSTILE = [
  "contains",
  "deep",
  "sort",
  "total",
  "shapes",
  "leave",
  "slow",
  "body",
  "nesting",
  "list",
  "brackets",
];
/** How long each of it lasts, in seconds. */
const ATTACK = 5;

/** One attack after the other, each by a few callers in a process of their own. */
async function beHostile(port: number, until: number): Promise<void> {
  const program = new URL("./hostile.ts", import.meta.url).pathname;
  for (let n = 0; performance.now() + ATTACK * 1000 < until; n++) {
    const kind = HOSTILE[n % HOSTILE.length]!;
    const choice = String([QUESTIONS.get(kind)!].flat().length - 1);
    const args = [process.execPath, program, "attack", String(port), kind, choice, String(ATTACK), "4"];
    const child = Bun.spawn(args, { stdout: "ignore", stderr: "inherit" });
    await child.exited;
  }
}

/** Lets callers converse with a server for a while, and looks at its memory meanwhile. */
async function converse(port: number, seconds: number, connections: number, seed: number) {
  const callers = Array.from({ length: connections }, (_, i) => new Caller(port, i + 1, seed));
  const memory = new Memory(port);
  const started = performance.now();
  await memory.look();
  const conversations = callers.map((caller) => caller.converse(started + seconds * 1000));
  const quarters: number[] = [memory.last];
  for (let step = 1; step <= 40; step++) {
    await Bun.sleep(Math.max(0, started + (seconds * 1000 * step) / 40 - performance.now()));
    await memory.look();
    if (step % 10 === 0) quarters.push(memory.last);
  }
  await Promise.all(conversations);
  return { callers, memory, quarters };
}

/** How much memory a server has taken, over time. */
class Memory {
  readonly #url: string;
  readonly #seen: { readonly minutes: number; readonly mib: number }[] = [];

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/usage`;
  }

  get last(): number {
    return this.#seen.at(-1)!.mib;
  }

  async look(): Promise<void> {
    const { rss } = (await (await fetch(this.#url)).json()) as { rss: number };
    this.#seen.push({ minutes: performance.now() / 60_000, mib: rss / 2 ** 20 });
  }

  /** The line of least squares through the second half. */
  slope(): number {
    const half = this.#seen.slice(Math.floor(this.#seen.length / 2));
    const mean = (of: "minutes" | "mib"): number => half.reduce((sum, one) => sum + one[of], 0) / half.length;
    const [x, y] = [mean("minutes"), mean("mib")];
    const across = half.reduce((sum, one) => sum + (one.minutes - x) * (one.mib - y), 0);
    return across / half.reduce((sum, one) => sum + (one.minutes - x) ** 2, 0);
  }
}

if (import.meta.main) {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      connections: { type: "string", default: "64" },
      driver: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      hostile: { type: "boolean", default: false },
    },
  });
  if (positionals[0] === "serve") serve(positionals[1] as Driver, positionals[2]!);
  else {
    const [seconds, connections, seed] = [flags.seconds, flags.connections, flags.seed].map(Number) as [
      number,
      number,
      number,
    ];
    for (const driver of chosenDrivers(flags.driver)) {
      console.log(`${driver}: ${seconds} s at ${connections} connections, seed ${seed}`);
      const { reads, writes, wrong, lost, integrity, rss, slope } = await soak({
        driver,
        seconds,
        connections,
        seed,
        hostile: flags.hostile,
      });
      console.log(`  ${reads} reads and ${writes} writes were answered 200, ${wrong.length} wrongly`);
      console.log(`  rows: ${lost.length === 0 ? "every one that was answered, and none other" : "DIFFER"}`);
      console.log(`  integrity_check: ${integrity}`);
      console.log(`  RSS at 0, 25, 50, 75, 100 %: ${rss.map((mib) => mib.toFixed(0)).join(", ")} MiB`);
      console.log(`  RSS over the second half: ${slope >= 0 ? "+" : ""}${slope.toFixed(1)} MiB a minute`);
      for (const line of [...wrong, ...lost].slice(0, 20)) console.log(`  ! ${line}`);
      if (wrong.length > 0 || lost.length > 0 || integrity !== "ok") process.exitCode = 1;
    }
  }
}
