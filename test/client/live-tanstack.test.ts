import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ClientError, createQueryClient } from "@bepalo/query/client";
import { live } from "@bepalo/query/client/live";
import { liveOptions, queryOptions } from "@bepalo/query/tanstack";
import { QueryClient, QueryObserver } from "@tanstack/query-core";
import { type Opened, serveStreams, type StreamServer } from "./stream-server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- what is asked and answered is not what these tests are about
type Anything = any;

let server: StreamServer;
let cache: QueryClient;
let queries: ReturnType<typeof liveOptions<Anything>>;
const leaving: (() => void)[] = [];
beforeEach(() => {
  server = serveStreams();
  cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queries = liveOptions(createQueryClient<Anything>(server.url, { live }));
});
afterEach(async () => {
  for (const leave of leaving.splice(0)) leave();
  cache.clear();
  await server.stop();
});

/** What somebody who looks at a query sees. */
function look(options: object) {
  const observer = new QueryObserver<Anything>(cache, options as never);
  const seen: Anything[] = [];
  const note = ({ data, error }: { data: unknown; error: unknown }): void => {
    const now = error ?? data;
    if (now !== undefined && now !== seen.at(-1)) seen.push(now);
  };
  note(observer.getCurrentResult());
  const stop = observer.subscribe(note);
  leaving.push(stop);
  return { observer, seen, stop };
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within 5 s: ${String(holds)}`);
    await Bun.sleep(2);
  }
}

const answer = (...titles: string[]) => ({ posts: titles.map((title) => ({ title })) });
const retitle = (stream: Opened, title: string, id: string): void =>
  stream.say("patch", 0, [{ op: "replace", path: "/posts/0/title", value: title }], id);

describe("a live query", () => {
  test("has the key of the query that is asked once", () => {
    const question = { columns: { title: true } };
    const once = queryOptions(createQueryClient<Anything>(server.url));
    for (const read of ["get", "first", "aggregate"] as const) {
      const [kept, asked] = [queries[read] as Anything, once[read] as Anything];
      expect(kept("posts", question).queryKey).toEqual(asked("posts", question).queryKey);
    }
  });

  test("is answered, and feeds the cache with what follows", async () => {
    const options = queries.get("posts", { limit: 3 });
    const { seen } = look(options);
    const stream = await server.stream(1);
    expect(stream.questions[0]!.url).toBe("/query/posts?select=(limit:3)");
    stream.say("answer", 0, answer("a"), "1");
    await until(() => seen.length === 1);
    retitle(stream, "b", "2");
    await until(() => seen.length === 2);
    expect(seen).toEqual([answer("a"), answer("b")]);
    expect(cache.getQueryData(options.queryKey)).toEqual(answer("b"));
  });

  test("loses nothing that comes together", async () => {
    const { seen } = look(queries.get("posts"));
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    for (const title of ["b", "c", "d"]) retitle(stream, title, title);
    await until(() => seen.at(-1)?.posts[0].title === "d");
  });

  test("is one for all who look, and none is asked again when they do so", async () => {
    const options = queries.get("posts");
    const one = look(options);
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    await until(() => one.seen.length === 1);
    const other = look(options);
    await one.observer.refetch();
    retitle(stream, "b", "2");
    await until(() => one.seen.length === 2 && other.seen.length === 2);
    await cache.invalidateQueries({ queryKey: options.queryKey });
    expect(other.seen).toEqual([answer("a"), answer("b")]);
    expect(server.opened).toHaveLength(1);
    expect(stream.isGone).toBe(false);
  });

  test("closes its stream when nobody looks any more, and opens it for who looks again", async () => {
    const options = queries.get("posts");
    const one = look(options);
    const first = await server.stream(1);
    first.say("answer", 0, answer("a"), "1");
    await until(() => one.seen.length === 1);
    const other = look(options);
    one.stop();
    await Bun.sleep(40);
    expect(first.isGone).toBe(false);
    other.stop();
    await first.gone;
    const again = look(options);
    expect(again.seen).toEqual([answer("a")]);
    const second = await server.stream(2);
    second.say("answer", 0, answer("b"), "2");
    await until(() => again.seen.length === 2);
    expect(again.seen[1]).toEqual(answer("b"));
  });

  test("that is left and looked at again at once keeps its stream", async () => {
    const options = queries.get("posts");
    look(options).stop();
    const { seen } = look(options);
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    await until(() => seen.length === 1);
    expect(server.opened).toHaveLength(1);
  });

  test("is asked once where it is only fetched", async () => {
    const fetching = cache.fetchQuery(queries.get("posts") as never);
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    expect(await fetching).toEqual(answer("a") as never);
    await stream.gone;
  });

  test("closes its stream when it is removed", async () => {
    const options = queries.get("posts");
    const { seen, stop } = look(options);
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    await until(() => seen.length === 1);
    stop();
    cache.removeQueries({ queryKey: options.queryKey });
    await stream.gone;
  });

  test("is cancelled before it is answered", async () => {
    const options = queries.get("posts");
    const fetching = cache.fetchQuery(options as never).catch((error: unknown) => error);
    const stream = await server.stream(1);
    await cache.cancelQueries({ queryKey: options.queryKey });
    await fetching;
    await stream.gone;
  });

  test("fails as the server refuses it", async () => {
    const { seen } = look(queries.get("posts"));
    (await server.stream(1)).say("end", 0, { error: "no", code: "forbidden" });
    await until(() => seen.length === 1);
    expect(seen[0]).toBeInstanceOf(ClientError);
    expect(seen[0]).toMatchObject({ code: "forbidden" });
  });

  test("fails as well when it is refused later, as one that is asked again", async () => {
    const { seen, observer } = look(queries.get("posts"));
    const first = await server.stream(1);
    first.say("answer", 0, answer("a"), "1");
    await until(() => seen.length === 1);
    first.say("end", 0, { error: "no longer", code: "unauthenticated" });
    const second = await server.stream(2);
    second.say("end", 0, { error: "sign in", code: "unauthenticated" });
    await until(() => seen.length === 2);
    expect(seen[1]).toMatchObject({ code: "unauthenticated", message: "sign in" });
    expect(observer.getCurrentResult()).toMatchObject({ status: "error", data: answer("a") });
  });

  test("leaves what somebody has written to the cache until there is another answer", async () => {
    const options = queries.get("posts");
    const { seen } = look(options);
    const stream = await server.stream(1);
    stream.say("answer", 0, answer("a"), "1");
    await until(() => seen.length === 1);
    cache.setQueryData(options.queryKey, answer("mine"));
    await Bun.sleep(20);
    expect(seen.at(-1)).toEqual(answer("mine"));
    retitle(stream, "theirs", "2");
    await until(() => seen.length === 3);
    expect(seen.at(-1)).toEqual(answer("theirs"));
  });
});
