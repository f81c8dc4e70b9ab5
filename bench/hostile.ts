// A hostile caller at full speed beside a polite one who reads a page at a fixed slow rate: what the polite one waits,
// and what each hostile question costs. Asked is the worst that the built-in limits let through.
// `bun bench/hostile.ts [--seconds 5] [--connections 12] [--driver libsql,bun,bun-sql,postgres-js,node-postgres] [--kind name,name|all] [--seed n]`
import { parseArgs } from "node:util";
import { userId, USERS } from "./data.ts";
import { attack, send } from "./hostile/attack.ts";
import { prepare, PUBLISHED, type Question, questionOf, QUESTIONS } from "./hostile/questions.ts";
import { serve } from "./hostile/server.ts";
import type { Driver } from "./rival/rival.ts";
import { chosenDrivers, makeSource } from "./source.ts";

/** Whether limits refuse a question. */
async function isRefused(port: number, question: Question): Promise<boolean> {
  const response = await send(port, question);
  await response.arrayBuffer();
  return response.status === 400;
}

/** The polite one reads twenty posts of a user, so many times a second, whether the last was answered or not. */
const RATE = 100;
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
    const response = await send(
      port,
      { method: "GET", path: PAGE },
      {
        user: userId(2 + ((seed + n) % (USERS - 2))),
      },
    );
    await response.arrayBuffer();
    if (!response.ok) refused++;
    return performance.now() - sent;
  };
  const waited = (await Promise.all(Array.from({ length: count }, (_, n) => one(n)))).toSorted(
    (a, b) => a - b,
  );
  return { p50: waited[count >> 1]!, p99: waited[Math.floor(count * 0.99)]!, refused };
}

/** Milliseconds that a question alone may take and be asked again. */
const LONG = 5_000;

/** A question alone: its status, the size of its answer, and how long it takes, in milliseconds. */
async function alone(
  port: number,
  question: Question,
): Promise<readonly [status: number, bytes: number, milliseconds: number]> {
  const seen: number[] = [];
  let last: [number, number] = [0, 0];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const response = await send(port, question).catch(() => new Response("", { status: 431 }));
    const { byteLength } = await response.arrayBuffer();
    seen.push(performance.now() - started);
    last = [response.status, byteLength];
    if (seen[0]! > LONG) break;
  }
  return [...last, seen.toSorted((a, b) => a - b)[seen.length >> 1]!];
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
  const [status, bytes, all] = await alone(port, question);
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
    const cpu = (after.user + after.system - before.user - before.system) / 10_000 / seconds;
    return [
      question.title,
      choice === 0 ? status : `400, then ${status}`,
      (bytes / 1024).toFixed(0),
      all.toFixed(1),
      (told.answered / seconds).toFixed(0),
      (told.refused / seconds).toFixed(0),
      cpu.toFixed(0),
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
      "| hostile question | status | KiB back | alone ms | answered/s | refused/s | CPU % | polite p50 ms | polite p99 ms | polite refused | RSS MiB |",
    );
    console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (const kind of kinds)
      console.log(`| ${await underAttack(port, kind, flags.seconds, flags.connections, flags.seed)} |`);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

if (import.meta.main) {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "5" },
      connections: { type: "string", default: "12" },
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
    const kinds = flags.kind === "all" ? [...QUESTIONS.keys()] : (flags.kind?.split(",") ?? PUBLISHED);
    for (const driver of chosenDrivers(flags.driver)) {
      const source = await makeSource(driver);
      try {
        const location = await source.copy("hostile");
        for (const text of prepare(driver)) await source.ask(location, text);
        await measure(driver, location, kinds, numbers);
      } finally {
        await source.close();
      }
    }
  }
}
