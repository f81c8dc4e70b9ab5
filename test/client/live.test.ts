import { afterEach, describe, expect, test } from "bun:test";
import type { InferApi, LiveControl } from "@bepalo/query";
import { ClientError, createQueryClient } from "@bepalo/query/client";
import { live as keep, type LiveClient, type LiveStatus } from "@bepalo/query/client/live";
import { live, type LiveOptions } from "@bepalo/query/live";
import { eq, sql } from "drizzle-orm";
import { type App, type AppOptions, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";
import { Dice } from "../support/dice.ts";
import { article } from "../support/schema.ts";

// The client against the server, over HTTP; what it does with a stream byte by byte stands in live-stream.test.ts.

const write = { select: true, write: true, check: true } as const;
const open = { POST: { all: write }, PATCH: { all: write }, DELETE: { all: write } } as const;
const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, live: true, aggregate: true, with: { author: true, comments: true } } },
      ...open,
    },
  },
  drafts: {
    table: "article",
    control: {
      GET: {
        writer: {
          select: true,
          where: ({ me }, { authorId }) => eq(authorId, me ?? -1),
          live: true,
        },
      },
    },
  },
  authors: { table: "author", control: { GET: { all: { select: true, live: true } }, ...open } },
  comments: { table: "comment", control: { GET: { all: { select: true, live: true } }, ...open } },
  tags: { table: "tag", control: { GET: { all: { select: true } } } },
} satisfies TestACL;
type Api = InferApi<typeof acl, Schema>;

const leaving: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
});

type LiveApp = App & { readonly route: LiveControl };

async function start(options: LiveOptions = {}, more: AppOptions = {}): Promise<LiveApp> {
  const app = (await serve(acl, { live: live({ debounce: 5, ...options }), ...more })) as LiveApp;
  leaving.push(
    () => app.close(),
    () => app.route.close(),
  );
  return app;
}

const connect = (url: string, headers: Record<string, string> | (() => Record<string, string>) = {}) =>
  createQueryClient<Api>(new URL(url).origin, { live: keep, headers });

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 8_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within 8 s: ${String(holds)}`);
    await Bun.sleep(3);
  }
}

interface Shown {
  answers: unknown[];
  statuses: LiveStatus[];
  ends: ClientError[];
  stop: () => void;
}

/** Keeps the titles of articles, in their order. */
function titles(api: LiveClient<Api>): Shown {
  const shown: Shown = { answers: [], statuses: [], ends: [], stop: () => undefined };
  shown.stop = api.live(
    "articles",
    { columns: { id: true, title: true }, orderBy: { title: "asc" } },
    {
      onAnswer: ({ articles }) => void shown.answers.push(articles.map(({ title }) => title)),
      onStatus: (status) => void shown.statuses.push(status),
      onEnd: (error) => void shown.ends.push(error),
    },
  );
  leaving.push(shown.stop);
  return shown;
}

const ALL = ["Alpha", "Beta", "Delta", "Epsilon", "Gamma", "alphabet"];

/** A server that stands before another, as nginx does: it keeps what it is sent until there is enough, or an end. */
function standBefore(url: string): { readonly url: string; cut(): void; isShut: boolean } {
  const { origin } = new URL(url);
  const streams = new Set<AbortController>();
  const proxy = {
    url: "",
    isShut: false,
    cut: () => {
      for (const stream of streams) stream.abort();
    },
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 30,
    fetch: async (request) => {
      if (proxy.isShut) return new Response("bad gateway", { status: 502 });
      const stream = new AbortController();
      streams.add(stream);
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const body = method === "GET" ? null : await request.arrayBuffer();
      const signal = AbortSignal.any([request.signal, stream.signal]);
      const response = await fetch(origin + pathname + search, { method, headers, body, signal });
      const isBuffered = response.headers.get("x-accel-buffering") !== "no";
      return new Response(isBuffered ? await response.arrayBuffer() : passedOn(response.body!), response);
    },
  });
  proxy.url = server.url.href;
  leaving.push(() => server.stop(true));
  return proxy;
}

/** What comes of a body, to where it breaks. */
function passedOn(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (value !== undefined) controller.enqueue(value);
      if (done) controller.close();
    },
    cancel: () => reader.cancel(),
  });
}

describe("a live answer", () => {
  test("is that of `get`, and follows what is written", async () => {
    const app = await start();
    const api = connect(app.url);
    const answers = api.live("articles", {
      columns: { id: true, title: true },
      where: { "views.gte": 10 },
      orderBy: { id: "asc" },
      with: { author: { columns: { name: true } } },
      countTotal: true,
    });
    const { value: first } = await answers.next();
    expect(first).toEqual(
      await api.get("articles", {
        columns: { id: true, title: true },
        where: { "views.gte": 10 },
        orderBy: { id: "asc" },
        with: { author: { columns: { name: true } } },
        countTotal: true,
      }),
    );
    await api.patch("authors", { name: "Benjamin" }, { where: { id: 2 } });
    const { value: second } = await answers.next();
    expect(second!.articles.find(({ id }) => id === "a2")!.author.name).toBe("Benjamin");
    const kept = first!.articles.find(({ author }) => author.name !== "Ben")!;
    expect(second!.articles.find(({ id }) => id === kept.id)).toBe(kept);
    await answers.return();
  });

  test("equals a fresh GET after whatever was written, for every kind of read", async () => {
    const app = await start();
    const api = connect(app.url);
    const list = {
      columns: { id: true, title: true, views: true },
      where: { "views.lt": 60 },
      orderBy: { views: "desc", id: "asc" },
      limit: 5,
      countTotal: true,
      with: {
        author: { columns: { name: true } },
        comments: { columns: { text: true }, orderBy: { text: "asc" } },
      },
    } as const;
    const one = { where: { "author.name": "Ben" }, orderBy: { views: "desc", id: "asc" } } as const;
    const numbers = { count: true, sum: { views: true }, groupBy: ["published"] } as const;
    const now: Record<string, unknown> = {};
    const note = (name: string) => ({ onAnswer: (answer: unknown) => void (now[name] = answer) });
    leaving.push(
      api.live("articles", list, note("list")),
      api.live("articles", { columns: { title: true } }, note("keyless")),
      api.live.first("articles", one, note("one")),
      api.live.aggregate("articles", numbers, note("numbers")),
    );
    const fresh = async () => ({
      list: await api.get("articles", list),
      keyless: await api.get("articles", { columns: { title: true } }),
      one: await api.first("articles", one),
      numbers: await api.aggregate("articles", numbers),
    });
    const dice = new Dice(18);
    const made: string[] = ["a1", "a2", "a3"];
    const steps = [
      async () => {
        const id = `n${made.length}`;
        made.push(id);
        const row = {
          id,
          authorId: dice.between(1, 3),
          title: `T${dice.between(0, 9)}`,
          views: dice.between(0, 90),
        };
        await api.post("articles", row);
      },
      async () => {
        const change = dice.pick([
          { title: `T${dice.between(0, 9)}` },
          { views: dice.between(0, 90) },
          { published: dice.chance(0.5) },
          { authorId: dice.between(1, 3) },
        ]);
        await api.patch("articles", change, { where: { id: dice.pick(made) } });
      },
      async () => void (await api.delete("articles", { where: { id: dice.pick(made) } })),
      async () => void (await api.patch("authors", { name: dice.pick(["Ben", "Bo"]) }, { where: { id: 2 } })),
      async () => {
        const articleId = dice.pick(made);
        if ((await api.first("articles", { where: { id: articleId } })).articles === null) return;
        await api.post("comments", { articleId, authorId: 1, text: `c${dice.between(0, 99)}` });
      },
    ];
    for (let step = 0; step < 60; step++) {
      await dice.pick(steps)();
      if (!dice.chance(0.4)) continue; // several at once
      const wanted = await fresh();
      await until(() =>
        Object.entries(wanted).every(
          ([name, answer]) => JSON.stringify(now[name]) === JSON.stringify(answer),
        ),
      );
    }
    expect(now).toEqual(await fresh());
  });

  test("follows writes that know nothing of the engine, where the route is told", async () => {
    const app = await start();
    const shown = titles(connect(app.url));
    await until(() => shown.answers.length === 1);
    await app.database
      .update(article)
      .set({ title: "Omega" })
      .where(sql`${article.id} = 'a1'`);
    app.route.changed("articles");
    await until(() => shown.answers.length === 2);
    expect(shown.answers).toEqual([ALL, ["Beta", "Delta", "Epsilon", "Gamma", "Omega", "alphabet"]]);
  });

  test.each([
    ["a rule that is not live", "tags", "not-live"],
    ["no rule for a caller without a session", "drafts", "unauthenticated"],
    ["no such resource", "people", "unknown-resource"],
  ])("ends with what the server says of %s, and the others go on", async (_, resource, code) => {
    const app = await start();
    const api = connect(app.url);
    const shown = titles(api);
    const ended = Promise.withResolvers<ClientError>();
    // oxlint-disable-next-line typescript/no-explicit-any -- what does not compile is refused by the server as well
    (api as LiveClient<any>).live(resource, {}, { onAnswer: () => undefined, onEnd: ended.resolve });
    const error = await ended.promise;
    expect(error).toBeInstanceOf(ClientError);
    expect(error.code).toBe(code);
    await until(() => shown.statuses.at(-1) === "live");
    await api.patch("articles", { title: "Omega" }, { where: { id: "a1" } });
    await until(() => shown.answers.length === 2);
  });

  test("ends when its caller may no longer ask", async () => {
    const signedOut = new Set<string>();
    const app = await start(
      { recheck: 60_000 },
      {
        caller: ({ me }) => String(me),
        session: {
          parser: (request, context) => {
            const me = request.headers.get("x-me")!;
            if (!signedOut.has(me)) Object.assign(context, { me: Number(me) });
          },
          getRole: (_, { me }) => (me === undefined ? null : "writer"),
        },
      },
    );
    const api = connect(app.url, { "x-me": "2" });
    const answers = api.live("drafts", { columns: { id: true }, orderBy: { id: "asc" } });
    expect((await answers.next()).value!.drafts.length).toBeGreaterThan(0);
    signedOut.add("2");
    app.route.recheck("2");
    expect(await answers.next().catch((error: unknown) => error)).toMatchObject({ code: "unauthenticated" });
  });
});

describe("behind a proxy that keeps what it is sent until there is enough of it", () => {
  test("answers come as they are made", async () => {
    const app = await start();
    const api = connect(standBefore(app.url).url);
    const shown = titles(api);
    await until(() => shown.answers.length === 1);
    await api.patch("articles", { title: "Omega" }, { where: { id: "a1" } });
    await until(() => shown.answers.length === 2);
    expect(shown.answers[1]).toEqual(["Beta", "Delta", "Epsilon", "Gamma", "Omega", "alphabet"]);
  });

  test("a connection that is cut comes back, and with it what was written meanwhile", async () => {
    const app = await start();
    const proxy = standBefore(app.url);
    const shown = titles(connect(proxy.url));
    await until(() => shown.answers.length === 1);
    proxy.isShut = true;
    proxy.cut();
    await until(() => shown.statuses.at(-1) === "disconnected");
    await app.patch("articles?select=(where:(id:a1))", { title: "Omega" });
    proxy.isShut = false;
    await until(() => shown.answers.length === 2);
    expect(shown.answers[1]).toEqual(["Beta", "Delta", "Epsilon", "Gamma", "Omega", "alphabet"]);
    expect(shown.statuses).toEqual(["connecting", "live", "disconnected", "live"]);
  });

  test("an answer that is still true is not sent again", async () => {
    const app = await start();
    const proxy = standBefore(app.url);
    let said = "";
    const api = createQueryClient<Api>(proxy.url, {
      live: keep,
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const [one, other] = response.body!.tee();
        void (async () => {
          for await (const chunk of one) said += new TextDecoder().decode(chunk);
        })().catch(() => undefined);
        return new Response(other, response);
      },
    });
    const shown = titles(api);
    await until(() => shown.answers.length === 1);
    said = "";
    proxy.cut();
    await until(() => shown.statuses.join() === "connecting,live,disconnected,live");
    expect(said).toContain("event: same");
    expect(said).not.toContain("event: answer");
    expect(shown.answers).toEqual([ALL]);
  });
});

describe("a server that has enough to do", () => {
  test("is asked again when it has said, and answers then", async () => {
    const { setTimeout: real } = globalThis;
    const waits: number[] = [];
    leaving.push(() => void (globalThis.setTimeout = real));
    const app = await start({ maxStreams: 1 });
    const first = titles(connect(app.url));
    await until(() => first.answers.length === 1);
    globalThis.setTimeout = ((run: () => void, delay = 0) => {
      if (delay === 5_000) waits.push(delay);
      return real(run, delay === 5_000 ? 50 : delay);
    }) as typeof setTimeout;
    const second = titles(connect(app.url));
    await until(() => waits.length >= 2);
    expect(second.answers).toEqual([]);
    first.stop();
    await until(() => second.answers.length === 1);
    expect(second.ends).toEqual([]);
  });

  test("and one that is going away tells when to come back", async () => {
    const app = await start();
    const shown = titles(connect(app.url));
    await until(() => shown.answers.length === 1);
    await app.route.close();
    await until(() => shown.statuses.at(-1) === "disconnected");
    expect(shown.ends).toEqual([]);
  });
});

test("fifty and one questions of one page take two connections", async () => {
  const app = await start();
  const api = connect(app.url);
  let answered = 0;
  for (let limit = 1; limit <= 51; limit++)
    leaving.push(api.live("articles", { limit, columns: { id: true } }, { onAnswer: () => void answered++ }));
  await until(() => answered === 51);
  const { articles } = await api.get("articles", { columns: { id: true } });
  await api.delete("articles", { where: { id: articles[0]!.id } });
  await until(() => answered === 102);
});
