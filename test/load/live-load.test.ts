import { connect, type Socket } from "node:net";
import { describe, expect, test } from "bun:test";
import { createQueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { sql } from "drizzle-orm";
import { ALL, ARTICLES, closing, counting, quiet, start, TITLES } from "../support/live-app.ts";
import * as schema from "../support/schema.ts";

// Much to ask again, and clients that do not read: what others have of the server meanwhile.

/** A rule whose answers take some milliseconds each, of the processor that all share. */
const HEAVY = {
  ...ARTICLES,
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          ...ALL,
          where: () =>
            sql`(with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) select max(i) from n) > 0`,
        },
      },
    },
  },
} as const;

describe("answers that take long", () => {
  /** A server with many of them, each of which changes again and again; and what each statement took of the processor. */
  async function busy(questions: number) {
    const took: Took[] = [];
    const lags: number[] = [];
    const app = await start(HEAVY, {
      on: "bun:sqlite",
      live: { debounce: 1, maxStreamsPerCaller: 1_000 },
      lane: false,
      observe: (event) => {
        if (event.kind === "lagging") lags.push(event.milliseconds);
      },
      dialect: (_, found) => timing(found(), took),
    });
    for (let n = 0; n < questions; n++) {
      const watching = await app.watch(`articles?select=(columns:(id:T),where:(views.gt:${n}))`);
      await watching.heard(1, 10_000);
    }
    took.length = 0;
    const timer = setInterval(() => app.route.changed("article"), 5);
    closing(() => Promise.resolve(clearInterval(timer)));
    return { app, took, lags };
  }

  test("are asked again in a quarter of the time: the rest is left to others", async () => {
    const { took } = await busy(10);
    await Bun.sleep(1_500);
    expect(took.length).toBeGreaterThan(5);
    const left = took.slice(1).map(({ began }, index) => began - took[index]!.ended);
    expect(sum(left) / sum(took.map(({ milliseconds }) => milliseconds))).toBeGreaterThan(2);
  });

  test("leave others the rest: who asks meanwhile waits for one of them, and not for all", async () => {
    const { app, took } = await busy(30);
    await Bun.sleep(300);
    const all = (sum(took.map(({ milliseconds }) => milliseconds)) * 30) / took.length;
    const waited: number[] = [];
    for (let n = 0; n < 30; n++) {
      const began = performance.now();
      await app.get("comments?select=(limit:1)");
      waited.push(performance.now() - began);
      await Bun.sleep(15);
    }
    expect(waited.toSorted((a, b) => a - b)[15]!).toBeLessThan(all / 4);
  });

  test("are told of where they are asked again later than a second after a change, once a second", async () => {
    const { app, lags } = await busy(40);
    await app.watch(TITLES);
    const began = performance.now();
    while (lags.length < 2 && performance.now() - began < 8_000) await Bun.sleep(50);
    expect(Math.min(...lags)).toBeGreaterThan(1_000);
    expect(lags.length).toBeLessThanOrEqual((performance.now() - began) / 1_000 + 1);
  }, 20_000);

  test("are none of those that are told of where there are few", async () => {
    const { lags } = await busy(2);
    await Bun.sleep(1_500);
    expect(lags).toEqual([]);
  });
});

test("answers are asked again in the share of who is told of them", async () => {
  let open = (): void => undefined;
  let gate: Promise<void> | undefined;
  const close = (): void => void (gate = new Promise((resolve) => (open = resolve)));
  const app = await start(ARTICLES, {
    on: "bun:sqlite",
    live: { debounce: 1 },
    maxInFlight: 4,
    caller: ({ me }: { me?: number }) => `u${me}`,
    dialect: (_, found) => counting(found(), () => gate),
  });
  const ask = (as: number): Promise<number> => app.get("comments", { as }).then(({ status }) => status);
  /** What becomes of three questions of one who may have two at once, and of another's, while all reads wait. */
  const asked = async (): Promise<readonly number[]> => {
    const asking: Promise<number>[] = [];
    for (const as of [1, 1, 1, 2]) {
      asking.push(ask(as));
      await quiet(30);
    }
    open();
    return Promise.all(asking);
  };
  close();
  expect(await asked()).toEqual([200, 200, 503, 200]);
  const watching = await app.watch(TITLES, { as: 1 });
  await watching.heard(1);
  close();
  app.route.changed("article");
  await quiet(50);
  expect(await asked()).toEqual([200, 503, 503, 200]);
});

test("who asks is asked anew of many, and lets others go between", async () => {
  let asked = 0;
  const app = await start(ARTICLES, {
    on: "bun:sqlite",
    live: { maxStreamsPerCaller: 1_000 },
    maxInFlight: 1_000,
    session: {
      getRole: () => {
        asked++;
        const end = performance.now() + 2;
        while (performance.now() < end); // as long as a token takes to be checked
        return "writer";
      },
    },
  });
  const STREAMS = 120;
  const watchings = [];
  for (let n = 0; n < STREAMS; n++) watchings.push(await app.watch(TITLES));
  await Promise.all(watchings.map((one) => one.heard(1)));
  asked = 0;
  app.route.recheck();
  const turns: number[] = [0];
  const end = performance.now() + 10_000;
  while (turns.at(-1)! < STREAMS && performance.now() < end) {
    await Bun.sleep(0);
    turns.push(asked);
  }
  expect(asked).toBe(STREAMS);
  const longest = Math.max(...turns.slice(1).map((now, index) => now - turns[index]!));
  expect(longest).toBeLessThan(0.75 * STREAMS);
});

/** When a statement ran, and what it took of the processor. */
interface Took {
  readonly began: number;
  readonly ended: number;
  readonly milliseconds: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Measures the heavy statements of a dialect, which run at once. */
function timing<T extends object>(dialect: T, took: Took[]): T {
  return new Proxy(dialect, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "query") return (value as () => unknown).bind(target);
      return (...args: unknown[]) => {
        const [began, used] = [performance.now(), process.cpuUsage()];
        const asking = (value as (...all: unknown[]) => unknown).apply(target, args);
        const { user, system } = process.cpuUsage(used);
        const milliseconds = (user + system) / 1_000;
        if (String(args[1]).includes("recursive"))
          took.push({ began, ended: performance.now(), milliseconds });
        return asking;
      };
    },
  });
}

/** A client of its own kind, which reads when it is told to. */
class Stalling {
  readonly #socket: Socket;
  #text = "";
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => void (this.#text += bytes.toString()));
    socket.on("close", () => void (this.closed = true));
    socket.on("error", () => undefined);
  }

  static async open(url: string, path: string): Promise<Stalling> {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    const stalling = new Stalling(socket);
    closing(() => Promise.resolve(void socket.destroy()));
    socket.write(`GET /query/${path} HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n\r\n`);
    await stalling.until(() => stalling.count("answer") === 1);
    return stalling;
  }

  count(event: string): number {
    return this.#text.split(`event: ${event}\n`).length - 1;
  }

  has(text: string): boolean {
    return this.#text.includes(text);
  }

  stall(): void {
    this.#socket.pause();
  }

  read(): void {
    this.#socket.resume();
  }

  async until(holds: () => boolean, milliseconds = 5_000): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!holds()) {
      if (performance.now() > end)
        throw new Error(`not within ${milliseconds} ms: ${this.#text.slice(-500)}`);
      await Bun.sleep(10);
    }
  }
}

describe("a client whose connection takes nothing", () => {
  const BODIES = "articles?select=(columns:(id:T,body:T),orderBy:(id:asc))";
  const CHANGES = 600;

  /** Changes an answer of 40 KB so often that it would be 24 MB in all, which no connection keeps. */
  async function change(app: Awaited<ReturnType<typeof start>>, from: number): Promise<void> {
    for (let n = from; n < from + CHANGES; n++) {
      const body = `${n} ${"x".repeat(40_000)}`;
      await app.database
        .update(schema.article)
        .set({ body })
        .where(sql`${schema.article.id} = 'a1'`);
      app.route.changed("article");
      await Bun.sleep(2);
    }
  }

  test("gets no queue: it is told what is true when it reads again", async () => {
    const app = await start(ARTICLES, { on: "bun:sqlite", live: { debounce: 1 } });
    const client = await Stalling.open(app.url, BODIES);
    client.stall();
    await change(app, 0);
    await quiet();
    client.read();
    await client.until(() => client.has(`${CHANGES - 1} xxx`));
    // What was under way when it stopped to read, and the last of all: the connection's own buffers hold some.
    const told = client.count("answer") + client.count("patch");
    expect(told).toBeLessThan(CHANGES / 2);
  }, 30_000);

  test("is left after `stallTimeout`, and makes room", async () => {
    const app = await start(ARTICLES, {
      on: "bun:sqlite",
      live: { debounce: 1, stallTimeout: 500, maxStreams: 1 },
    });
    const client = await Stalling.open(app.url, BODIES);
    client.stall();
    await change(app, 0);
    await Bun.sleep(2_000);
    const next = await app.watch(TITLES);
    await next.heard(1);
  }, 30_000);
});

describe("the idle timeout of Bun", () => {
  test.each([
    [true, "is lifted where the server is handed on"],
    [false, "closes a stream in which nothing is said, where it is not"],
  ])(
    "%p: %s",
    async (hands) => {
      const app = await start(ARTICLES, { on: "bun:sqlite" });
      const route = createQueryRoute({
        acl: { articles: { table: "article", control: { GET: { all: ALL } } } },
        database: app.database,
        schema,
        live: live(),
        onWarning: () => undefined,
      });
      closing(() => route.close());
      const server = Bun.serve({
        port: 0,
        idleTimeout: 1,
        fetch: (request, self) => (hands ? route.GET(request, self) : route.GET(request)),
      });
      closing(() => server.stop(true));
      const client = await Stalling.open(String(server.url), TITLES);
      // Bun looks every four seconds; before seven are over nothing is said.
      const end = performance.now() + 6_500;
      while (!client.closed && performance.now() < end) await Bun.sleep(50);
      expect(client.closed).toBe(!hands);
    },
    15_000,
  );
});
