// A hostile caller at full speed beside a polite one who reads a page at a fixed slow rate: what the polite one waits,
// and what each hostile question costs. Asked is the worst that the built-in limits let through.
// `bun bench/hostile.ts [--seconds 4] [--connections 8] [--driver libsql,bun,bun-sql,postgres-js,node-postgres] [--kind name,name] [--seed n]`
import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { type ACL, createQueryRoute } from "@bepalo/query";
import { eq } from "drizzle-orm";
import { POSTS, userId, USERS } from "./data.ts";
import { load, requestBytes } from "./load.ts";
import { openInTurns, tablesOf } from "./rival/open.ts";
import { type Driver, isPostgresql } from "./rival/rival.ts";
import type * as schema from "./schema.ts";
import { chosenDrivers, makeSource } from "./source.ts";

interface Session {
  user?: string;
}

const person = { select: { mode: true, columns: ["id", "name"] } } as const;
const commented = {
  select: true,
  with: { author: person, post: { select: true, with: { author: person } } },
} as const;

/** Everybody may read everything and write posts, which is as much as an author can give away. */
const acl = {
  posts: {
    table: "post",
    countTotal: false,
    control: {
      GET: {
        mine: { select: true, where: ({ user }, table) => user !== undefined && eq(table.userId, user) },
        guest: { select: true, with: { author: person, comments: commented } },
      },
      POST: { guest: { select: { mode: true, columns: ["id"] }, write: true } },
    },
  },
  users: {
    table: "user",
    control: {
      GET: {
        guest: {
          select: { mode: true, columns: ["id", "name"] },
          with: { posts: { select: true, with: { comments: commented } }, comments: commented },
        },
      },
    },
  },
} satisfies ACL<"user", Session, object, typeof schema>;

function serve(driver: Driver, location: string): void {
  const route = createQueryRoute<"user", Session>({
    acl,
    database: openInTurns(driver, location),
    schema: tablesOf(driver),
    serverTiming: true,
    onWarning: () => undefined,
    session: {
      parser: ({ headers }, context) => {
        const user = headers.get("x-user");
        if (user !== null) context.user = user;
      },
      getRole: (_, { user }) => (user === undefined ? undefined : "user"),
    },
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/query/:id": route,
      "/usage": () => Response.json({ ...process.memoryUsage(), ...process.cpuUsage() }),
    } as unknown as Bun.Serve.Routes<undefined, string>,
    fetch: () => new Response("nothing here", { status: 404 }),
  });
  console.log(server.port);
}

interface Question {
  readonly title: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  /** Whether it goes through the load generator: small, and answered on a connection that stays. */
  readonly small: boolean;
}

const ask = (title: string, path: string): Question => ({
  title,
  method: "GET",
  path: `/query/${path.replaceAll("%", "%25").replaceAll(" ", "%20").replaceAll('"', "%22").replaceAll("#", "%23")}`,
  small: true,
});
const tell = (title: string, path: string, body: string): Question => ({
  title,
  method: "POST",
  path: `/query/${path}`,
  body,
  small: false,
});

const many = (count: number, item: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => item(n)).join(",");
/** Letters a post has in this order again and again, and at the end one it never has. */
const WILD = `${Array.from("oneutaeioutsrnl", (letter) => `%${letter}`).join("")}%#`;
/** Characters a long post holds, so that every place in it looks like the beginning of a match. */
const LONG = 64 * 1024;

/** More than the requests that may be under way at once. */
const TRICKLES = 1_200;

/** Patterns that nearly match every post, from more of them to fewer. */
const patterns = (operator: string, ...sizes: readonly (readonly [count: number, wildcards: number])[]) =>
  sizes.map(([count, wildcards]) =>
    ask(
      `${count} ${operator} of ${wildcards} wildcards`,
      `posts?select=(where:_(${many(count, () => `(body.${operator}:"${WILD.slice(-2 * wildcards)}")`)})_)`,
    ),
  );
/** Texts that begin like every post, at every place of which they are looked for. */
const texts = (...sizes: readonly (readonly [count: number, length: number])[]) =>
  sizes.map(([count, length]) =>
    ask(
      `${count} texts of ${length} looked for`,
      `posts?select=(where:_(${many(count, () => `(body.icontains:"${"characters, which is what ".repeat(3).slice(0, length - 1)}#")`)})_)`,
    ),
  );
/** The same in one post of a single letter. */
const inLong = (...sizes: readonly (readonly [count: number, length: number])[]) =>
  sizes.map(([count, length]) =>
    ask(
      `${count} texts of ${length} in one post of 64 KB`,
      `posts?select=(where:(id:${POSTS + 1},OR:_(${many(count, () => `(body.icontains:"${"a".repeat(length - 1)}b")`)})_),limit:1)`,
    ),
  );

/** The worst that a URL of 16 KiB allows, and what is less bad should limits refuse that. */
const QUESTIONS: ReadonlyMap<string, Question | readonly Question[]> = new Map<
  string,
  Question | readonly Question[]
>([
  ["syntax", ask("a select that is no RJSON, 15 KB", `posts?select=${"(a:".repeat(5_000)}`)],
  [
    "nesting",
    ask("a filter nested 60 deep", `posts?select=(where:${"(NOT:".repeat(58)}(id:1)${")".repeat(59)}`),
  ],
  ["parameter", ask("an unknown parameter of 15 KB", `posts?${"a".repeat(15_000)}`)],
  ["url", { ...ask("a URL of 60 KB", `posts?${"a".repeat(60_000)}`), small: false }],
  [
    "list",
    ask(
      "1,000 numbers in a list",
      `posts?select=(where:(id.inArray:_(${many(1000, (n) => String(1 + n * 49))})_),limit:100)`,
    ),
  ],
  [
    "notlist",
    ask(
      "not in 1,000 numbers, sorted, far on",
      `posts?select=(where:(id.notInArray:_(${many(1000, (n) => String(1 + n * 49))})_),orderBy:(title:asc),limit:100,offset:10000)`,
    ),
  ],
  ["like", patterns("like", [100, 16], [10, 16], [1, 16])],
  ["ilike", patterns("ilike", [100, 16], [10, 16], [1, 16])],
  ["likes", patterns("like", [100, 1], [50, 1], [16, 1], [5, 1])],
  ["contains", texts([100, 70], [100, 2], [50, 2], [16, 16], [5, 50])],
  ["long", inLong([15, 990], [1, 990], [1, 250], [1, 100])],
  [
    "wide",
    ask(
      "users, comments, posts, authors at the cost limit",
      "users?select=(limit:4,with:(comments:(limit:100,with:(author:T,post:(with:(author:T))))))",
    ),
  ],
  [
    "deep",
    ask(
      "posts, comments, posts, authors at the cost limit",
      "posts?select=(limit:100,with:(author:T,comments:(limit:100,with:(author:T,post:T))))",
    ),
  ],
  [
    "deeper",
    ask(
      "users, posts, comments, authors at the cost limit",
      "users?select=(limit:4,with:(posts:(limit:50,with:(comments:(limit:60,with:(author:T,post:T))))))",
    ),
  ],
  [
    "sort",
    ask("sorted without an index, far on", "posts?select=(orderBy:(body:desc),limit:100,offset:10000)"),
  ],
  [
    "total",
    ask("the total and a page far on", "posts?countTotal&select=(columns:(id:T),limit:100,offset:10000)"),
  ],
  [
    "body",
    tell(
      "1 MiB of JSON that is none of a post",
      "posts",
      `[${many(5_000, (n) => `{"nothing":"${String(n).padEnd(190, "x")}"}`)}]`,
    ),
  ],
  ["brackets", tell("1 MiB of brackets", "posts", "[".repeat(1_048_000))],
  ["slow", { ...ask(`${TRICKLES.toLocaleString("en")} bodies that trickle in`, "posts"), small: false }],
  [
    "rows",
    tell(
      "1,000 new posts of 1 KB",
      "posts",
      `[${many(1_000, (n) => `{"userId":"${userId(1)}","title":"Hostile ${n}","body":"${"y".repeat(930)}"}`)}]`,
    ),
  ],
]);

const questionOf = (kind: string, choice: number): Question => [QUESTIONS.get(kind)!].flat()[choice]!;

/** Whether limits refuse a question. */
async function isRefused(port: number, question: Question): Promise<boolean> {
  const response = await send(port, question);
  await response.arrayBuffer();
  return response.status === 400;
}

/** Begins many bodies and sends a byte of each now and then: whoever counts requests that wait for their bodies is full. */
async function trickle(port: number, seconds: number): Promise<void> {
  const { path } = questionOf("slow", 0);
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[`;
  let refused = 0;
  const sockets = await Promise.all(
    Array.from({ length: TRICKLES }, () =>
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: (socket) => void socket.write(head),
          data: () => void refused++,
          error: () => undefined,
        },
      }),
    ),
  );
  console.log("begin");
  for (let i = 0; i < seconds * 2; i++) {
    await Bun.sleep(500);
    for (const socket of sockets) socket.write(" ");
  }
  for (const socket of sockets) socket.terminate();
  console.log(JSON.stringify({ answered: TRICKLES - refused, refused }));
}

/** Puts a question again and again until the time is over; prints a line when it begins, and one of what it was answered. */
async function attack(
  port: number,
  kind: string,
  choice: number,
  seconds: number,
  connections: number,
): Promise<void> {
  setPriority(19); // the polite one's clock comes first where processors are few
  const { method, path, body, small } = questionOf(kind, choice);
  if (kind === "slow") return trickle(port, seconds);
  console.log("begin");
  if (small) {
    const requests = [requestBytes(method, path, {}, body)];
    const { answered, refused } = await load({ port, connections, seconds, requests });
    return console.log(JSON.stringify({ answered, refused }));
  }
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  let refused = 0;
  const converse = async (): Promise<void> => {
    while (performance.now() < until) {
      try {
        const response = await send(port, { method, path, ...(body !== undefined && { body }) });
        await response.arrayBuffer();
        if (response.ok) answered++;
        else refused++;
      } catch {
        refused++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, converse));
  console.log(JSON.stringify({ answered, refused }));
}

function send(
  port: number,
  { method, path, body }: Pick<Question, "method" | "path" | "body">,
  user?: string,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(user !== undefined && { "x-user": user }) },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(120_000),
  });
}

/** The polite one reads twenty posts of a user, so many times a second, whether the last was answered or not. */
const RATE = 40;
const PAGE =
  "/query/posts?mine&select=(columns:(id:T,title:T,body:T,createdAt:T),orderBy:(id:desc),limit:20)";

interface Waited {
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
}

async function bePolite(port: number, seconds: number, seed: number): Promise<Waited> {
  const count = RATE * seconds;
  const started = performance.now();
  let refused = 0;
  const one = async (n: number): Promise<number> => {
    const due = started + (n * 1000) / RATE;
    await Bun.sleep(Math.max(0, due - performance.now()));
    const sent = performance.now();
    const response = await send(port, { method: "GET", path: PAGE }, userId(2 + ((seed + n) % (USERS - 2))));
    await response.arrayBuffer();
    if (!response.ok) refused++;
    return performance.now() - sent;
  };
  const waited = (await Promise.all(Array.from({ length: count }, (_, n) => one(n)))).toSorted(
    (a, b) => a - b,
  );
  return { p50: waited[count >> 1]!, p99: waited[Math.floor(count * 0.99)]!, refused };
}

/** A question alone: its status, the size of its answer, and the milliseconds of its statement and of all of it. */
async function alone(
  port: number,
  question: Question,
): Promise<readonly [status: number, bytes: number, statement: number, all: number]> {
  const seen: { statement: number; all: number }[] = [];
  let last: [number, number] = [0, 0];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const response = await send(port, question).catch(() => new Response("", { status: 431 }));
    const { byteLength } = await response.arrayBuffer();
    const timing = response.headers.get("server-timing") ?? "";
    const statement = Number(/execute;dur=([\d.]+)/.exec(timing)?.[1] ?? 0);
    seen.push({ statement, all: performance.now() - started });
    last = [response.status, byteLength];
  }
  const median = (key: "statement" | "all"): number =>
    seen.map((one) => one[key]).toSorted((a, b) => a - b)[1]!;
  return [...last, median("statement"), median("all")];
}

async function usageOf(port: number): Promise<{ user: number; system: number; rss: number }> {
  const response = await fetch(`http://127.0.0.1:${port}/usage`, { signal: AbortSignal.timeout(120_000) });
  return (await response.json()) as { user: number; system: number; rss: number };
}

async function underAttack(
  port: number,
  kind: string,
  seconds: number,
  connections: number,
  seed: number,
): Promise<string> {
  const choices = [QUESTIONS.get(kind)!].flat().length;
  let choice = 0;
  while (choice < choices - 1 && (await isRefused(port, questionOf(kind, choice)))) choice++;
  const question = questionOf(kind, choice);
  const [status, bytes, statement, all] = await alone(port, question);
  const child = Bun.spawn(
    [process.execPath, import.meta.path, "attack", ...[port, kind, choice, seconds, connections].map(String)],
    { stdout: "pipe", stderr: "inherit" },
  );
  try {
    const output = child.stdout.getReader();
    await output.read();
    const before = await usageOf(port);
    const { p50, p99, refused } = await bePolite(port, seconds, seed);
    let text = "";
    for (let part = await output.read(); !part.done; part = await output.read())
      text += new TextDecoder().decode(part.value);
    const after = await usageOf(port);
    const told = JSON.parse(text) as { answered: number; refused: number };
    const questions = told.answered + told.refused;
    const cpu = (after.user + after.system - before.user - before.system) / 1000 / Math.max(1, questions);
    return [
      question.title,
      status,
      (bytes / 1024).toFixed(0),
      statement.toFixed(1),
      all.toFixed(1),
      (questions / seconds).toFixed(0),
      cpu.toFixed(2),
      p50.toFixed(1),
      p99.toFixed(1),
      refused,
      (after.rss / 2 ** 20).toFixed(0),
    ].join(" | ");
  } finally {
    child.kill();
    await child.exited;
  }
}

async function measure(
  driver: Driver,
  location: string,
  kinds: readonly string[],
  flags: { seconds: number; connections: number; seed: number },
): Promise<void> {
  const child = Bun.spawn([process.execPath, import.meta.path, "serve", driver, location], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, NODE_ENV: "production" },
  });
  try {
    const { value } = await child.stdout.getReader().read();
    if (value === undefined) throw new Error("the server did not start");
    const port = Number(new TextDecoder().decode(value));
    await bePolite(port, 1, flags.seed);
    const { p50, p99 } = await bePolite(port, flags.seconds, flags.seed);
    console.log(
      `\n${driver}: the polite one alone waits ${p50.toFixed(1)} ms (p50), ${p99.toFixed(1)} ms (p99)\n`,
    );
    console.log(
      "| hostile question | status | KiB back | statement ms | alone ms | asked/s | CPU ms each | polite p50 ms | polite p99 ms | polite refused | RSS MiB |",
    );
    console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (const kind of kinds)
      console.log(`| ${await underAttack(port, kind, flags.seconds, flags.connections, flags.seed)} |`);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** One post as long as a hostile caller makes one. */
function longPost(driver: Driver): string {
  const at = isPostgresql(driver) ? "now()" : "0";
  const text = "a".repeat(LONG);
  return `insert into post (user_id, title, body, created_at, updated_at) values ('${userId(1)}', 'long', '${text}', ${at}, ${at})`;
}

if (import.meta.main) {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "4" },
      connections: { type: "string", default: "8" },
      driver: { type: "string" },
      kind: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    },
  });
  const [mode, ...rest] = positionals;
  if (mode === "serve") serve(rest[0] as Driver, rest[1]!);
  else if (mode === "attack")
    await attack(Number(rest[0]), rest[1]!, Number(rest[2]), Number(rest[3]), Number(rest[4]));
  else {
    const numbers = {
      seconds: Number(flags.seconds),
      connections: Number(flags.connections),
      seed: Number(flags.seed),
    };
    console.log(
      `${numbers.seconds} s each, ${numbers.connections} hostile connections, seed ${numbers.seed}`,
    );
    const kinds = flags.kind?.split(",") ?? [...QUESTIONS.keys()];
    for (const driver of chosenDrivers(flags.driver)) {
      const source = await makeSource(driver);
      try {
        const location = await source.copy("hostile");
        await source.ask(location, longPost(driver));
        await measure(driver, location, kinds, numbers);
      } finally {
        await source.close();
      }
    }
  }
}
