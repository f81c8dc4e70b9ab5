import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ClientError, createQueryClient } from "@bepalo/query/client";
import { live, type LiveStatus } from "@bepalo/query/client/live";
import { type Opened, serveStreams, type StreamServer } from "./stream-server.ts";

// What the client does with a stream, told by a server that says whatever a test wants; live.test.ts has the real one.

// oxlint-disable-next-line typescript/no-explicit-any -- what is asked and answered is not what these tests are about
type Anything = any;

let server: StreamServer;
const leaving: (() => void)[] = [];
beforeEach(() => void (server = serveStreams()));
afterEach(async () => {
  for (const leave of leaving.splice(0)) leave();
  await server.stop();
});

const connect = (options: object = {}) => createQueryClient<Anything>(server.url, { ...options, live });

/** What a listener has heard. */
interface Heard {
  readonly answers: Anything[];
  readonly statuses: LiveStatus[];
  readonly ends: ClientError[];
  readonly stop: () => void;
}

function hear(api: ReturnType<typeof connect>, resource = "posts", question: object = {}): Heard {
  const heard = { answers: [] as Anything[], statuses: [] as LiveStatus[], ends: [] as ClientError[] };
  const stop = api.live(resource, question, {
    onAnswer: (answer: unknown) => void heard.answers.push(answer),
    onStatus: (status: LiveStatus) => void heard.statuses.push(status),
    onEnd: (error: ClientError) => void heard.ends.push(error),
  });
  leaving.push(stop);
  return { ...heard, stop };
}

/** Waits until something holds, and fails with what is expected where it does not come. */
async function until(holds: () => boolean, milliseconds = 5_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${String(holds)}`);
    await Bun.sleep(2);
  }
}

const rows = (...titles: string[]) => ({
  posts: titles.map((title, id) => ({ id, title })),
  count: titles.length,
});

/** Answers all that a stream asks. */
const answerAll = (stream: Opened, id = "1"): void =>
  stream.questions.forEach(({ key }, place) => stream.say("answer", place, { key }, id));

describe("a live answer", () => {
  test("is asked for by POST of `$live`, with the question as its GET has it", async () => {
    const api = connect({ headers: { authorization: "Bearer 1" } });
    hear(api, "my posts", { mine: true, columns: { title: true }, where: { "id.gt": 2 } });
    const { questions, headers } = await server.stream(1);
    expect(questions).toEqual([
      { key: "1", url: "/query/my%20posts?mine&select=(columns:(title:T),where:(id.gt:2))" },
    ]);
    expect(headers.get("accept")).toBe("text/event-stream");
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("authorization")).toBe("Bearer 1");
  });

  test("of one row, and of numbers, is asked for as `first` and `aggregate` do", async () => {
    const api = connect();
    leaving.push(api.live.first("posts", { where: { id: 1 } }, { onAnswer: () => undefined }));
    leaving.push(api.live.aggregate("posts", { count: true }, { onAnswer: () => undefined }));
    const { questions } = await server.stream(1);
    expect(questions.map(({ url }) => url)).toEqual([
      "/query/posts?findFirst&select=(where:(id:1))",
      "/query/posts?aggregate=(count:T)",
    ]);
  });

  test("is told whole, whatever the patch was", async () => {
    const { answers, statuses } = hear(connect());
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a", "b"), "1");
    stream.say("patch", 0, [{ op: "replace", path: "/posts/1/title", value: "c" }], "2");
    await until(() => answers.length === 2);
    expect(answers).toEqual([rows("a", "b"), rows("a", "c")]);
    expect(statuses).toEqual(["connecting", "live"]);
  });

  test("has what did not change as the same object", async () => {
    const { answers } = hear(connect());
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a", "b", "c"), "1");
    stream.say("patch", 0, [{ op: "move", from: "/posts/2", path: "/posts/0" }], "2");
    stream.say("answer", 0, { ...rows("a", "z"), count: 3 }, "3");
    await until(() => answers.length === 3);
    const [first, moved, whole] = answers;
    expect(moved.posts.map(({ title }: Anything) => title)).toEqual(["c", "a", "b"]);
    expect(moved.posts[0]).toBe(first.posts[2]);
    expect(moved.posts[1]).toBe(first.posts[0]);
    expect(first.posts.map(({ title }: Anything) => title)).toEqual(["a", "b", "c"]);
    expect(whole.posts[0]).toBe(first.posts[0]);
    expect(whole.posts[1]).toEqual({ id: 1, title: "z" });
  });

  test("that is said again and is the same is not told again", async () => {
    const { answers } = hear(connect());
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    stream.say("answer", 0, rows("a"), "2");
    stream.say("answer", 0, rows("b"), "3");
    await until(() => answers.length === 2);
    expect(answers).toEqual([rows("a"), rows("b")]);
  });

  test.each([
    [
      "in pieces of one byte",
      (text: string) => [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte)),
    ],
    ["with the other line ends", (text: string) => [text.replaceAll("\n", "\r\n")]],
    ["split within a line end", (text: string) => text.replaceAll("\n", "\r\n").split(/(?<=\r)/)],
    ["on several lines", (text: string) => [text.replace('"count"', '\ndata: "count"')]],
    ["with comments and what nobody knows", (text: string) => [`:hello\nfoo: bar\n${text}:\n\n`]],
    ["without spaces", (text: string) => [text.replaceAll(": ", ":")]],
  ])("is read %s", async (_, pieces) => {
    const { answers } = hear(connect());
    const stream = await server.stream(1);
    // U+2028 ends lines of JavaScript, and none of a stream.
    const data = { posts: [{ title: "Zoë\u2028 🎈" }], count: 1 };
    const text = `event: answer\nid: 1\ndata: ${JSON.stringify({ key: "1", data })}\n\n`;
    for (const piece of pieces(text)) stream.raw(piece);
    stream.raw(":\n\n"); // a line end that may be half of one is known to be whole with what follows
    await until(() => answers.length === 1);
    expect(answers).toEqual([data]);
  });
});

describe("an iterator", () => {
  test("gives the answers in their order, and of those nobody waited for the last", async () => {
    const answers = connect().live("posts");
    const first = answers.next();
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    expect((await first).value).toEqual(rows("a"));
    for (const title of ["b", "c", "d"])
      stream.say("patch", 0, [{ op: "replace", path: "/posts/0/title", value: title }], title);
    await Bun.sleep(50);
    expect((await answers.next()).value).toEqual(rows("d"));
    await answers.return();
    expect(await answers.next()).toEqual({ done: true, value: undefined });
    await stream.gone;
  });

  test("asks for nothing before somebody waits", async () => {
    const answers = connect().live("posts");
    await Bun.sleep(30);
    expect(server.opened).toHaveLength(0);
    await answers.return();
    await Bun.sleep(30);
    expect(server.opened).toHaveLength(0);
  });

  test("closes its stream when the loop is left", async () => {
    const told: unknown[] = [];
    const loop = (async () => {
      for await (const answer of connect().live("posts")) {
        told.push(answer);
        if (told.length === 2) break;
      }
    })();
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    await until(() => told.length === 1);
    stream.say("answer", 0, rows("b"), "2");
    await loop;
    await stream.gone;
  });

  test("can be left while somebody waits", async () => {
    const answers = connect().live("posts");
    const waiting = answers.next();
    await server.stream(1);
    await answers.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test.each(["before", "while"])("is rejected as `aborted` by a signal %s it waits", async (when) => {
    const ending = new AbortController();
    if (when === "before") ending.abort();
    const answers = connect().live("posts", {}, { signal: ending.signal });
    const waiting = answers.next().catch((error: unknown) => error);
    if (when === "while") {
      await server.stream(1);
      ending.abort();
    }
    expect(await waiting).toBeInstanceOf(ClientError);
    expect(await waiting).toMatchObject({ code: "aborted" });
    expect(await answers.next()).toEqual({ done: true, value: undefined });
    if (when === "while") await (await server.stream(1)).gone;
    else expect(server.opened).toHaveLength(0);
  });

  test("is rejected with what the server refuses, after what came before", async () => {
    const answers = connect().live("posts");
    const first = answers.next();
    const stream = await server.stream(1);
    stream.say("answer", 0, rows("a"), "1");
    await first;
    stream.say("answer", 0, rows("b"), "2");
    stream.say("end", 0, { error: "no longer", code: "forbidden", hint: "sign in" });
    await Bun.sleep(30);
    expect((await answers.next()).value).toEqual(rows("b"));
    expect(await answers.next().catch((error: unknown) => error)).toMatchObject({
      name: "ClientError",
      code: "forbidden",
      message: "no longer",
      hint: "sign in",
    });
    expect(await answers.next()).toEqual({ done: true, value: undefined });
  });

  test("is rejected with what cannot be sent", async () => {
    const answers = connect().live("posts", { where: { id: Number.NaN } });
    expect(await answers.next().catch((error: unknown) => error)).toMatchObject({
      code: "invalid-value",
      path: "select.where.id",
    });
    expect(server.opened).toHaveLength(0);
  });
});

describe("one stream", () => {
  test("is for all questions that are asked at once", async () => {
    const api = connect();
    const some = ["posts", "users", "tags"].map((resource) => hear(api, resource));
    answerAll(await server.stream(1));
    await until(() => some.every(({ answers }) => answers.length === 1));
    expect(some.map(({ answers }) => answers)).toEqual([[{ key: "1" }], [{ key: "2" }], [{ key: "3" }]]);
    expect(server.opened).toHaveLength(1);
  });

  test("asks an equal question once, in whichever order it was written", async () => {
    const api = connect();
    const one = hear(api, "posts", { columns: { id: true, title: true }, limit: 3 });
    const other = hear(api, "posts", { limit: 3, columns: { title: true, id: true } });
    const stream = await server.stream(1);
    expect(stream.questions).toHaveLength(1);
    answerAll(stream);
    await until(() => other.answers.length === 1);
    expect(one.answers[0]).toBe(other.answers[0]);
    // Who comes late is told at once, and nothing is asked for him.
    const late = hear(api, "posts", { columns: { id: true, title: true }, limit: 3 });
    await until(() => late.answers.length === 1);
    expect(late.statuses).toEqual(["live"]);
    one.stop();
    stream.say("answer", 0, 2, "2");
    await until(() => late.answers.length === 2);
    expect(one.answers).toHaveLength(1);
    expect(server.opened).toHaveLength(1);
  });

  test("is followed by another for another set, which is open before the first is closed", async () => {
    const held: (() => void)[] = [];
    const api = connect({
      fetch: async (url: string, init: RequestInit) => {
        if (server.opened.length === 1) await new Promise<void>((resolve) => held.push(resolve));
        return fetch(url, init);
      },
    });
    const posts = hear(api, "posts");
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await until(() => posts.answers.length === 1);
    const users = hear(api, "users");
    await until(() => held.length === 1);
    // It is heard until the other is there.
    first.say("patch", 0, [{ op: "replace", path: "/posts/0/title", value: "b" }], "2");
    await until(() => posts.answers.length === 2);
    held[0]!();
    const second = await server.stream(2);
    expect(second.questions.map(({ key, last }) => [key, last])).toEqual([
      ["1", "1"],
      ["2", undefined],
    ]);
    await first.gone;
    // What the other knows is what it was asked with, whatever was heard meanwhile.
    second.say("patch", 0, [{ op: "add", path: "/posts/1", value: { id: 9, title: "c" } }], "3");
    second.say("answer", 1, { users: [] }, "1");
    await until(() => users.answers.length === 1 && posts.answers.length === 3);
    expect(posts.answers[2].posts.map(({ title }: Anything) => title)).toEqual(["a", "c"]);
    expect(posts.statuses).toEqual(["connecting", "live"]);
  });

  test("goes back to the answer that is still true, though another was heard meanwhile", async () => {
    const api = connect();
    const posts = hear(api, "posts");
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await until(() => posts.answers.length === 1);
    hear(api, "users");
    first.say("patch", 0, [{ op: "replace", path: "/posts/0/title", value: "b" }], "2");
    const second = await server.stream(2);
    await until(() => posts.answers.length >= 1);
    second.say("same", 0, undefined, second.questions[0]!.last);
    second.say("patch", 0, [{ op: "replace", path: "/count", value: 7 }], "3");
    await until(() => posts.answers.at(-1).count === 7);
    expect(posts.answers.at(-1).posts[0].title).toBe(second.questions[0]!.last === "1" ? "a" : "b");
  });

  test("is closed when nobody asks any more, and not for who comes back at once", async () => {
    const api = connect();
    const posts = hear(api, "posts");
    const stream = await server.stream(1);
    answerAll(stream);
    await until(() => posts.answers.length === 1);
    posts.stop();
    const again = hear(api, "posts");
    await until(() => again.answers.length === 1);
    await Bun.sleep(50);
    expect(stream.isGone).toBe(false);
    again.stop();
    await stream.gone;
    expect(server.opened).toHaveLength(1);
    expect(posts.statuses).toEqual(["connecting", "live"]);
  });

  test("says nothing to who has left before he was told what is known", async () => {
    const api = connect();
    const posts = hear(api, "posts");
    answerAll(await server.stream(1));
    await until(() => posts.answers.length === 1);
    const gone = hear(api, "posts");
    gone.stop();
    await Bun.sleep(5);
    expect([gone.answers, gone.statuses]).toEqual([[], []]);
  });

  test("asks for what is left when somebody leaves", async () => {
    const api = connect();
    const [posts, users] = [hear(api, "posts"), hear(api, "users")];
    answerAll(await server.stream(1));
    await until(() => users.answers.length === 1);
    posts.stop();
    const second = await server.stream(2);
    expect(second.questions.map(({ url, last }) => [url, last])).toEqual([["/query/users", "1"]]);
    second.say("same", 0, undefined, "1");
    second.say("answer", 0, 5, "2");
    await until(() => users.answers.length === 2);
    expect(users.answers).toEqual([{ key: "2" }, 5]);
  });

  test("takes fifty questions, and another the others", async () => {
    const api = connect();
    const some = Array.from({ length: 60 }, (_, limit) => hear(api, "posts", { limit }));
    const lengths = [await server.stream(1), await server.stream(2)].map((stream) => {
      answerAll(stream);
      return stream.questions.length;
    });
    expect(lengths.toSorted((a, b) => a - b)).toEqual([10, 50]);
    await until(() => some.every(({ answers }) => answers.length === 1));
    expect(new Set(some.map(({ answers }) => answers[0].key)).size).toBe(60);
  });

  test("goes on for the others where one is refused, which is asked anew by whoever asks next", async () => {
    const api = connect();
    const [posts, users] = [hear(api, "posts"), hear(api, "users")];
    const stream = await server.stream(1);
    stream.say("end", 0, { error: "not yours", code: "forbidden" });
    stream.say("answer", 1, 1, "1");
    await until(() => users.answers.length === 1);
    expect(posts.ends).toMatchObject([{ code: "forbidden", message: "not yours" }]);
    expect(posts.statuses).toEqual(["connecting", "ended"]);
    hear(api, "posts");
    const { questions } = await server.stream(2);
    expect(questions.map(({ url }) => url)).toEqual(["/query/users", "/query/posts"]);
  });

  test("is one for each client", async () => {
    const some = [hear(connect()), hear(connect())];
    for (const number of [1, 2]) answerAll(await server.stream(number));
    await until(() => some.every(({ answers }) => answers.length === 1));
  });
});

describe("a listener that throws", () => {
  test("is an uncaught error, and nobody else's", async () => {
    const script = `
      import { createQueryClient } from "@bepalo/query/client";
      import { live } from "@bepalo/query/client/live";
      const api = createQueryClient(${JSON.stringify(server.url)}, { live });
      const caught = [];
      process.on("uncaughtException", (error) => caught.push(error.message));
      api.live("posts", {}, { onAnswer: () => { throw new Error("mine"); } });
      const stop = api.live("posts", {}, { onAnswer: (answer) => setTimeout(() => {
        console.log(JSON.stringify([answer, caught]));
        process.exit();
      }, 10) });`;
    const path = `${import.meta.dir}/.throws-${process.pid}.ts`;
    await Bun.write(path, script);
    try {
      const run = Bun.spawn([process.execPath, path], { stdout: "pipe" });
      answerAll(await server.stream(1));
      expect(await new Response(run.stdout).json()).toEqual([{ key: "1" }, ["mine"]]);
    } finally {
      await Bun.file(path).delete();
    }
  });
});

describe("a stream that breaks", () => {
  /** How long timers were set for; time runs so many times faster. */
  let delays: number[];
  const { setTimeout: real } = globalThis;
  const faster = (times: number): void => {
    delays = [];
    globalThis.setTimeout = ((run: () => void, delay = 0) => {
      delays.push(delay);
      // A stream that is silent for so long is dead.
      return real(run, delay === 20_000 ? delay / 20 : delay / times);
    }) as typeof setTimeout;
  };
  const waits = (): number[] => delays.filter((delay) => delay >= 500 && delay !== 20_000);
  beforeEach(() => faster(20));
  afterEach(async () => {
    globalThis.setTimeout = real;
    for (const leave of leaving.splice(0)) leave();
    await Bun.sleep(25); // so that nothing of it waits for anything during the next
  });

  test("is asked for again, with the id of the answer that is known, and says so", async () => {
    const posts = hear(connect());
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await until(() => posts.answers.length === 1);
    first.close();
    const second = await server.stream(2);
    expect(posts.statuses).toEqual(["connecting", "live", "disconnected"]);
    expect(second.questions).toEqual([{ key: "1", url: "/query/posts", last: "1" }]);
    second.say("same", 0, undefined, "1");
    await until(() => posts.statuses.at(-1) === "live");
    second.say("patch", 0, [{ op: "replace", path: "/posts/0/title", value: "b" }], "2");
    await until(() => posts.answers.length === 2);
    expect(posts.answers).toEqual([rows("a"), rows("b")]);
    expect(waits()).toHaveLength(1);
  });

  test("is asked for after 0.5 s at least and 30 s at most, which doubles and is never the same", async () => {
    let asked = 0;
    faster(20_000);
    server.refuse = () => (++asked, new Response("no", { status: 502 }));
    hear(connect());
    await until(() => asked >= 40);
    const waited = waits().slice(0, 39);
    expect(waited.every((wait, failures) => wait < Math.min(30_000, 1_000 * 2 ** failures))).toBe(true);
    expect(Math.max(...waited)).toBeGreaterThan(15_000);
    expect(Math.min(...waited.slice(10))).toBeLessThan(15_000);
    expect(new Set(waited).size).toBe(39);
  });

  test("is asked for soon again once it has been heard", async () => {
    faster(2_000);
    let refused = 0;
    server.refuse = () => (++refused, new Response("no", { status: 502 }));
    const posts = hear(connect());
    await until(() => refused >= 8);
    server.refuse = undefined;
    const count = server.opened.length;
    const stream = await server.stream(count + 1);
    answerAll(stream);
    await until(() => posts.answers.length === 1);
    const before = waits().length;
    stream.close();
    await until(() => waits().length > before);
    expect(waits()[before]).toBeLessThan(1_000);
  });

  test("is dead when nothing was heard for 20 s", async () => {
    const posts = hear(connect());
    const first = await server.stream(1);
    answerAll(first);
    await until(() => posts.answers.length === 1);
    for (let beat = 0; beat < 4; beat++) {
      await Bun.sleep(400); // 8 s
      first.raw(":\n\n");
    }
    expect(server.opened).toHaveLength(1);
    await server.stream(2);
    expect(first.isGone).toBe(true);
  });

  test("is dead when nothing was heard for 20 s, though what sends requests does not hear that it is left", async () => {
    let sent = 0;
    const deaf = (url: string, init: RequestInit) =>
      ++sent === 1 ? new Promise<Response>(() => undefined) : fetch(url, { ...init, signal: null });
    const posts = hear(connect({ fetch: deaf }));
    answerAll(await server.stream(1));
    await until(() => posts.answers.length === 1);
    expect(sent).toBe(2);
  });

  test("comes back when the server has said, and not before", async () => {
    const posts = hear(connect());
    const first = await server.stream(1);
    answerAll(first);
    await until(() => posts.answers.length === 1);
    first.raw("retry: 4321\n\n");
    first.close();
    await server.stream(2);
    expect(waits()).toEqual([4321]);
  });

  test.each([
    ["Retry-After: 7", { "retry-after": "7" }, 7_000, 7_000],
    [
      "Retry-After as a date",
      () => ({ "retry-after": new Date(Date.now() + 9_000).toUTCString() }),
      7_500,
      9_000,
    ],
    ["Retry-After that is far", { "retry-after": "99999999" }, 3_600_000, 3_600_000],
    ["Retry-After: 0, which would be a storm", { "retry-after": "0" }, 500, 500],
    ["no word of it", {}, 500, 1_000],
    ["nonsense", { "retry-after": "soon" }, 500, 1_000],
  ])("waits as it is told by a 503 with %s", async (_, headers, least, most) => {
    faster(20_000);
    server.refuse = () => {
      server.refuse = undefined;
      const sent = typeof headers === "function" ? headers() : headers;
      return Response.json({ error: "busy", code: "busy" }, { status: 503, headers: sent as HeadersInit });
    };
    const posts = hear(connect());
    const stream = await server.stream(2);
    answerAll(stream);
    await until(() => posts.answers.length === 1);
    expect(waits()).toHaveLength(1);
    expect(waits()[0]).toBeWithin(least, most + 1);
    expect(posts.statuses).toEqual(["connecting", "live"]);
  });

  test.each([408, 429, 500, 502, 504])("is asked for again after %d", async (status) => {
    faster(2_000);
    server.refuse = () => ((server.refuse = undefined), new Response("", { status }));
    const posts = hear(connect());
    answerAll(await server.stream(2));
    await until(() => posts.answers.length === 1);
    expect(posts.ends).toEqual([]);
  });

  test.each([
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "unknown-resource"],
    [400, "invalid-body"],
  ])("ends with %d", async (status, code) => {
    server.refuse = () => Response.json({ error: "no", code }, { status });
    const some = [hear(connect()), hear(connect(), "users")];
    await until(() => some.every(({ ends }) => ends.length === 1));
    expect(some[0]!.ends).toMatchObject([{ code, status, message: "no" }]);
    await Bun.sleep(100);
    expect(server.opened).toHaveLength(2);
  });

  test("ends where it is another page", async () => {
    server.refuse = () => new Response("<form>", { headers: { "content-type": "text/html" } });
    const { ends } = hear(connect());
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: "invalid-response", status: 200 }]);
  });

  test("ends with the signal of the client", async () => {
    const leaving = new AbortController();
    const { ends, answers } = hear(connect({ signal: leaving.signal }));
    const stream = await server.stream(1);
    answerAll(stream);
    await until(() => answers.length === 1);
    leaving.abort();
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: "aborted" }]);
    await stream.gone;
  });

  test("is asked for with the headers as they are then", async () => {
    let token = 0;
    const posts = hear(connect({ headers: async () => ({ authorization: `Bearer ${++token}` }) }));
    const first = await server.stream(1);
    answerAll(first);
    await until(() => posts.answers.length === 1);
    first.close();
    const second = await server.stream(2);
    expect([first, second].map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer 1",
      "Bearer 2",
    ]);
  });

  test("is asked for again where the headers were not to be had", async () => {
    let token = 0;
    const headers = (): HeadersInit => {
      if (++token === 1) throw new Error("offline");
      return { authorization: "x" };
    };
    const { ends } = hear(connect({ headers }));
    expect((await server.stream(1)).headers.get("authorization")).toBe("x");
    expect(ends).toEqual([]);
  });

  test.each([
    ["a place that is not there", [{ op: "replace", path: "/posts/7/title", value: 1 }]],
    ["a prototype", [{ op: "add", path: "/posts/0/__proto__/polluted", value: 1 }]],
    ["a prototype as a member", [{ op: "add", path: "/__proto__", value: { polluted: 1 } }]],
    ["a prototype by its function", [{ op: "add", path: "/constructor/prototype/polluted", value: 1 }]],
    ["the length of a list", [{ op: "replace", path: "/posts/length", value: 0 }]],
    ["a place that is none", [{ op: "add", path: "/posts/01", value: 0 }]],
    ["no patch at all", "nonsense"],
  ])("because a patch names %s is asked for as a whole", async (_, patch) => {
    const { answers } = hear(connect());
    const first = await server.stream(1);
    first.say("answer", 0, rows("a"), "1");
    await until(() => answers.length === 1);
    first.say("patch", 0, patch, "2");
    const second = await server.stream(2);
    expect(second.questions[0]!.last).toBeUndefined();
    await first.gone;
    second.say("answer", 0, rows("b"), "3");
    await until(() => answers.length === 2);
    expect(answers).toEqual([rows("a"), rows("b")]);
    expect(({} as Anything).polluted).toBeUndefined();
  });

  describe("on a page", () => {
    let page: EventTarget & { visibilityState: string };
    const window = new EventTarget();
    const there = { document: undefined, addEventListener: undefined, removeEventListener: undefined };
    beforeEach(() => {
      page = Object.assign(new EventTarget(), { visibilityState: "visible" });
      for (const name of Object.keys(there)) Reflect.set(there, name, Reflect.get(globalThis, name));
      Object.assign(globalThis, {
        document: page,
        addEventListener: window.addEventListener.bind(window),
        removeEventListener: window.removeEventListener.bind(window),
      });
    });
    afterEach(() => void Object.assign(globalThis, there));
    const seen = (state: string): void => {
      page.visibilityState = state;
      page.dispatchEvent(new Event("visibilitychange"));
    };
    const online = (): boolean => window.dispatchEvent(new Event("online"));

    test.each([
      ["seen", () => seen("visible")],
      ["online", online],
    ])("that is %s again is asked for at once", async (_, back) => {
      faster(0.01); // a wait of 50 s at least
      const api = connect({ fetch: (url: string, init: RequestInit) => fetch(url, init) });
      globalThis.setTimeout = real;
      const posts = hear(api);
      const first = await server.stream(1);
      answerAll(first);
      await until(() => posts.answers.length === 1);
      faster(0.01);
      first.close();
      await until(() => posts.statuses.at(-1) === "disconnected");
      seen("hidden");
      await Bun.sleep(30);
      expect(server.opened).toHaveLength(1);
      back();
      const second = await server.stream(2);
      globalThis.setTimeout = real;
      second.say("same", 0, undefined, "1");
      await until(() => posts.statuses.at(-1) === "live");
    });

    test("that is back does not come before the server has said", async () => {
      server.refuse = () => new Response("", { status: 503, headers: { "retry-after": "60" } });
      hear(connect());
      await server.stream(1);
      await Bun.sleep(50);
      seen("visible");
      online();
      await Bun.sleep(50);
      expect(server.opened).toHaveLength(1);
    });

    test("that is online again is followed by another before it is closed: it may be dead", async () => {
      const posts = hear(connect());
      const first = await server.stream(1);
      answerAll(first);
      await until(() => posts.answers.length === 1);
      seen("visible"); // it was heard just now
      online();
      const second = await server.stream(2);
      second.say("same", 0, undefined, "1");
      await first.gone;
      expect(server.opened).toHaveLength(2);
      expect(posts.statuses).toEqual(["connecting", "live"]);
    });

    test("is forgotten with the last question", async () => {
      const posts = hear(connect());
      const first = await server.stream(1);
      posts.stop();
      await first.gone;
      online();
      seen("visible");
      await Bun.sleep(30);
      expect(server.opened).toHaveLength(1);
    });
  });
});
