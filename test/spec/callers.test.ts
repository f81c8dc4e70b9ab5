import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import {
  createQueryHandler,
  HttpError,
  type Observation,
  type QueryHandler,
  type QueryRouteOptions,
} from "@bepalo/query";
import type { Route } from "../../src/http/handle.ts";
import { Visit } from "../../src/http/visit.ts";
import { tag } from "../support/schema.ts";
import * as schema from "../support/schema.ts";
import { serve } from "../support/app.ts";
import { type DatabaseName, DATABASES, type TestDatabase } from "../support/databases.ts";
import { fill } from "../support/data.ts";
import { closing, refusal, signal } from "../support/write.ts";

const keep = closing();
const pause = (milliseconds: number): Promise<void> => Bun.sleep(milliseconds);
const free = { select: true, write: true } as const;
const OWN = "your own share of the server is used up: wait for your other answers, then try again";

/** Waits until something is so. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 3_000; !holds(); await pause(2))
    if (performance.now() > end) throw new Error("it never came to be so");
}

/** A door that whoever asks waits at, and how many have come to it. */
class Door {
  arrived = 0;
  readonly #opened = signal();
  readonly open = (): void => this.#opened.give();
  readonly wait = async (): Promise<void> => {
    this.arrived++;
    await this.#opened.came;
  };
}

interface Opened {
  readonly door: Door;
  readonly database: TestDatabase;
  readonly seen: Observation[];
  readonly handler: QueryHandler;
  /** Asks, by the name in `x-name` where one is given. */
  readonly ask: (
    path: string,
    from?: unknown,
    init?: RequestInit & { readonly name?: string },
  ) => Promise<Response>;
  /** Writes a tag. */
  readonly write: (path: string, id: number, name: string, init?: RequestInit) => Promise<Response>;
}

const byName = (_: unknown, request: Request): string | null => request.headers.get("x-name");

/** Tags, tags behind a condition that waits at a door, and tags whose new rows wait there in a transaction. */
async function open(
  options: Partial<QueryRouteOptions> = {},
  on: DatabaseName = "bun:sqlite",
  rule: object = {},
): Promise<Opened> {
  const { database, close } = await DATABASES[on]();
  keep({ close });
  await fill(database);
  const door = new Door();
  const waits = { ...free, where: async () => (await door.wait(), true) };
  const held = { ...free, afterQuery: () => door.wait() };
  const seen: Observation[] = [];
  const handler = createQueryHandler({
    acl: {
      tags: { table: "tag", control: { GET: { all: free }, POST: { all: { ...free, ...rule } } } },
      waiting: { table: "tag", control: { GET: { all: { select: true, where: waits.where } } } },
      held: { table: "tag", control: { POST: { all: held } } },
    },
    database,
    schema,
    onWarning: () => undefined,
    observe: (one) => seen.push(one),
    ...options,
  });
  const ask: Opened["ask"] = (path, from, { name, headers, ...init } = {}) =>
    handler(
      new Request(`http://localhost/query/${path}`, {
        ...init,
        headers: { ...(headers as Record<string, string>), ...(name !== undefined && { "x-name": name }) },
      }),
      from,
    );
  const write: Opened["write"] = (path, id, name, init) =>
    ask(path, undefined, {
      name,
      method: "POST",
      body: JSON.stringify({ id, label: `tag ${id}` }),
      headers: { "content-type": "application/json" },
      ...init,
    });
  return { door, database, seen, handler, ask, write };
}

const statusesOf = async (answers: readonly Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status);

const ascending = (a: number, b: number): number => a - b;
const sorted = async (answers: readonly Promise<Response>[]): Promise<number[]> =>
  (await statusesOf(answers)).toSorted(ascending);

describe("who asks", () => {
  /** Whether two who ask are one caller: when the first has all he may, the second finds no more. */
  async function areOne(
    first: { readonly from?: unknown; readonly headers?: Record<string, string> },
    second: { readonly from?: unknown; readonly headers?: Record<string, string> },
    options: Partial<QueryRouteOptions> = {},
  ): Promise<boolean> {
    const { ask, door } = await open({ maxInFlight: 6, ...options });
    const filling = [1, 2, 3].map(() => ask("waiting", first.from, { headers: first.headers ?? {} }));
    await until(() => door.arrived === 3);
    expect((await ask("waiting", first.from, { headers: first.headers ?? {} })).status).toBe(503);
    const { status } = await ask("tags", second.from, { headers: second.headers ?? {} });
    door.open();
    expect(await statusesOf(filling)).toEqual([200, 200, 200]);
    expect([200, 503]).toContain(status);
    return status === 503;
  }
  const bun = (address: unknown): object => ({
    requestIP: () => (address === null ? null : { address, family: "IPv4", port: 1 }),
  });
  const node = (remoteAddress: unknown): object => ({
    incoming: { socket: { remoteAddress } },
    outgoing: {},
  });

  test.each([
    ["one address", { address: "192.0.2.7" }, { address: "192.0.2.7" }],
    ["an address, however a server tells it", bun("192.0.2.7"), node("192.0.2.7")],
    ["an address written as IPv6", node("::ffff:192.0.2.7"), { address: "192.0.2.7" }],
    ["two addresses of one IPv6 network", bun("2001:db8:1:2::1"), node("2001:0db8:1:2:ffff::9%eth0")],
    ["nobody's address and none", undefined, { address: "nonsense" }],
    ["none, whatever is passed", { params: Promise.resolve({ id: "tags" }) }, null],
    ["none, whatever else is passed", "192.0.2.7", { address: 7, incoming: null, requestIP: null }],
    ["none, where nothing is told", bun(null), node(undefined)],
    ["none, where telling fails", bun(7), { requestIP: () => expect.unreachable() }],
    ["none, in what looks like one", { incoming: { socket: null } }, { address: "1".repeat(99) }],
  ])("is one caller: %s", async (_, first, second) => {
    expect(await areOne({ from: first }, { from: second })).toBe(true);
  });

  test.each([
    ["two addresses", { address: "192.0.2.7" }, { address: "192.0.2.8" }],
    ["two IPv6 networks", bun("2001:db8:1:2::1"), bun("2001:db8:1:3::1")],
    ["an address and none", node("192.0.2.7"), undefined],
  ])("is another: %s", async (_, first, second) => {
    expect(await areOne({ from: first }, { from: second })).toBe(false);
  });

  test("no header names anybody by itself", async () => {
    const headers = { "x-forwarded-for": "192.0.2.8", "x-real-ip": "192.0.2.8", forwarded: "for=192.0.2.8" };
    const from = { address: "192.0.2.7" };
    expect(await areOne({ from }, { from, headers })).toBe(true);
  });

  test.each([
    ["at once", byName],
    ["later", async (_: unknown, request: Request) => (await pause(1), byName(_, request))],
  ])("goes by the name that `caller` gives %s, whatever the address", async (_, caller) => {
    const [ann, bob] = [{ headers: { "x-name": "ann" } }, { headers: { "x-name": "bob" } }];
    const [here, there] = [{ from: { address: "192.0.2.7" } }, { from: { address: "192.0.2.8" } }];
    expect(await areOne({ ...ann, ...here }, { ...ann, ...there }, { caller })).toBe(true);
    expect(await areOne({ ...ann, ...here }, { ...bob, ...here }, { caller })).toBe(false);
    expect(await areOne({ ...ann, ...here }, here, { caller })).toBe(false);
    expect(await areOne(here, here, { caller })).toBe(true);
    expect(await areOne(here, there, { caller })).toBe(false);
  });

  test.each([[""], [null], [undefined], [7], [{}]])(
    "goes by his address where the name is %p",
    async (name) => {
      const caller = () => name as never;
      const [here, there] = [{ from: { address: "192.0.2.7" } }, { from: { address: "192.0.2.8" } }];
      expect(await areOne(here, here, { caller })).toBe(true);
      expect(await areOne(here, there, { caller })).toBe(false);
    },
  );

  test("a long name is kept short, and is nobody else's for it", async () => {
    const long = "n".repeat(5_000);
    const named = (name: string): { readonly headers: Record<string, string> } => ({
      headers: { "x-name": name },
    });
    expect(await areOne(named(long), named(long), { caller: byName })).toBe(true);
    expect(await areOne(named(`${long}a`), named(`${long}b`), { caller: byName })).toBe(false);
    const keyOf = async (name: string): Promise<string> => {
      const engine = { before: (_: unknown, work: () => unknown) => work() };
      const route = { headers: {}, caller: () => name, engine } as unknown as Route; // all that is looked at here
      const visit = new Visit(route, new Request("http://localhost"), undefined, () => undefined);
      await visit.nameFrom({});
      return visit.caller;
    };
    const key = await keyOf(long);
    expect(key.length).toBeLessThan(64);
    expect(await keyOf("n".repeat(128))).toHaveLength(130);
    expect((await keyOf("n".repeat(129))).length).toBeLessThan(64);
    expect([await keyOf(key), await keyOf(key.slice(2))]).not.toContain(key);
  });

  test("no name is an address", async () => {
    const caller = byName;
    const named = { headers: { "x-name": "192.0.2.7" } };
    expect(await areOne(named, { from: { address: "192.0.2.7" } }, { caller })).toBe(false);
  });

  test("is asked of the author once his session is known", async () => {
    const seen: unknown[] = [];
    const { ask } = await open({
      session: {
        parser: (_, context) => void Object.assign(context, { user: "ann" }),
        getRole: () => "writer",
      },
      caller: (context, request) => {
        const { user, role, resourceId } = context as unknown as Record<string, unknown>;
        seen.push({ user, role, resourceId, same: context.request === request });
        return "ann";
      },
    });
    expect((await ask("tags")).status).toBe(200);
    expect(seen).toEqual([{ user: "ann", role: "writer", resourceId: "tags", same: true }]);
  });

  test("is told by Bun's server and by node's, where the route stands as it is", async () => {
    const { handler, door } = await open({ maxInFlight: 6 });
    const bunServer = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler });
    keep({ close: () => bunServer.stop(true) });
    const listener = getRequestListener(handler, { overrideGlobalObjects: false });
    const nodeServer = createServer((incoming, outgoing) => void listener(incoming, outgoing));
    await new Promise<void>((resolve) => nodeServer.listen(0, "127.0.0.1", resolve));
    keep({ close: () => nodeServer.close() });
    const { port } = nodeServer.address() as AddressInfo;
    const [byBun, byNode] = [`http://127.0.0.1:${bunServer.port}/query/`, `http://127.0.0.1:${port}/query/`];
    const filling = [byBun, byNode, byBun].map((url) => fetch(`${url}waiting`));
    await until(() => door.arrived === 3);
    expect(await statusesOf([byBun, byNode].map((url) => fetch(`${url}tags`)))).toEqual([503, 503]);
    expect((await handler(new Request(`${byBun}tags`))).status).toBe(200); // who has no address
    door.open();
    expect(await statusesOf(filling)).toEqual([200, 200, 200]);
  });

  test.each([
    ["what it throws is 500, and `onError` hears of it", () => new Error("no"), 500, "internal-error", 1],
    ["an HttpError is what it says", () => new HttpError("not you", 418), 418, "refused", 0],
  ])("is a function as any other: %s", async (_, thrown, status, code, heard) => {
    for (const caller of [
      () => {
        throw thrown();
      },
      () => Promise.reject(thrown()),
    ]) {
      const { ask, seen } = await open({ caller });
      const answer = await ask("tags");
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
      expect(seen.filter(({ kind }) => kind === "failed").length).toBe(heard);
    }
  });

  test("is one who never says his name: 504", async () => {
    const { ask } = await open({ timeout: 30, caller: () => new Promise(() => undefined) });
    expect((await ask("tags")).status).toBe(504);
  });
});

describe("a caller who fills his share", () => {
  test("hears 503 and why, alone, until he has his answers", async () => {
    const { ask, door } = await open({ maxInFlight: 10, caller: byName });
    const filling = Array.from({ length: 40 }, () => ask("waiting", undefined, { name: "ann" }));
    await until(() => door.arrived === 5);
    const refused = await ask("tags", undefined, { name: "ann" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.json()).toEqual({ error: "you have too much under way", code: "busy", hint: OWN });
    for (const name of ["bob", "cid", "bob"])
      expect((await ask("tags", undefined, { name })).status).toBe(200);
    door.open();
    expect((await statusesOf(filling)).filter((status) => status === 200).length).toBe(5);
    expect((await ask("tags", undefined, { name: "ann" })).status).toBe(200);
  });

  test("leaves room to those who come after each other, each of whom may take less", async () => {
    const { ask, door } = await open({ maxInFlight: 16, caller: byName });
    const names = ["ann", "bob", "cid", "dan", "eve"];
    const filling = names.flatMap((name) =>
      Array.from({ length: 16 }, () => ask("waiting", undefined, { name })),
    );
    await pause(20);
    expect(door.arrived).toBe(8 + 4 + 2 + 1 + 1);
    const full = await ask("tags", undefined, { name: "fay" });
    expect([full.status, ((await full.json()) as { hint: string }).hint]).toEqual([503, "try again"]);
    door.open();
    await Promise.all(filling);
    expect(await statusesOf(names.map((name) => ask("tags", undefined, { name })))).toEqual(
      names.map(() => 200),
    );
  });

  test("of one place is let in all the same", async () => {
    const { ask } = await open({ maxInFlight: 1 });
    for (let i = 0; i < 3; i++) expect((await ask("tags")).status).toBe(200);
  });

  test("of writes that wait for their turn keeps nobody else's waiting behind them", async () => {
    for (const on of ["bun:sqlite", "libsql file", "libsql memory"] as const) {
      const order: string[] = [];
      const beforeQuery = async ({ request }: { readonly request: Request }): Promise<void> => {
        order.push(request.headers.get("x-name")!);
      };
      const { door, write } = await open({ maxInFlight: 200, caller: byName }, on, { beforeQuery });
      const first = write("held", 100, "ann");
      await until(() => door.arrived === 1);
      const writes = Array.from({ length: 60 }, (_, i) => write("tags", 101 + i, "ann"));
      await pause(10);
      writes.push(write("tags", 200, "bob"), write("tags", 201, "bob"), write("tags", 202, "cid"));
      await pause(10);
      door.open();
      expect((await first).status).toBe(200);
      expect(new Set(await statusesOf(writes))).toEqual(new Set([200]));
      expect([on, order.lastIndexOf("bob") < 8, order.lastIndexOf("cid") < 8]).toEqual([on, true, true]);
      expect(order.length).toBe(63);
    }
  });

  test("with hooks that wait on a file takes half of the connections for them", async () => {
    const door = new Door();
    const app = keep(
      await serve(
        {
          tags: { table: "tag", control: { GET: { all: free } } },
          hooked: { table: "tag", control: { GET: { all: { ...free, beforeQuery: door.wait } } } },
        },
        { on: "libsql file", busyTimeout: 400, caller: byName },
      ),
    );
    const hooked = (name: string): ReturnType<typeof app.get> =>
      app.get("hooked", { headers: { "x-name": name } });
    const filling = Array.from({ length: 14 }, () => hooked("ann"));
    await until(() => door.arrived === 6);
    const polite = [hooked("bob"), hooked("cid")];
    await until(() => door.arrived === 8);
    expect((await app.get("tags", { headers: { "x-name": "ann" } })).status).toBe(200);
    await pause(450);
    door.open();
    expect((await Promise.all(polite)).map(({ status }) => status)).toEqual([200, 200]);
    const late = (await Promise.all(filling)).filter(({ status }) => status !== 200);
    expect(late.map(refusal)).toEqual(Array.from({ length: 8 }, () => ({ status: 503, code: "busy" })));
    expect(late[0]!.body.hint).toBe(OWN);
  });
});

describe("what counts among `maxInFlight`:", () => {
  /** Each of many is another caller, so that it is the bound of all that is met. */
  const named = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim"];
  const each = (send: (name: string, i: number) => Promise<Response>): Promise<Response>[] =>
    named.flatMap((name, i) => [0, 1, 2].map((j) => send(name, 3 * i + j)));

  test.each(["bun:sqlite", "libsql file"] as const)("a condition that waits, on %s", async (on) => {
    const { ask, door } = await open({ maxInFlight: 4, caller: byName }, on);
    const all = each((name) => ask("waiting", undefined, { name }));
    await pause(30);
    expect(door.arrived).toBe(4);
    door.open();
    expect(await sorted(all)).toEqual([...Array(4).fill(200), ...Array(29).fill(503)]);
  });

  test("a formatter that waits", async () => {
    const door = new Door();
    const { ask } = await open({
      maxInFlight: 4,
      caller: byName,
      defaults: { formatResult: async () => (await door.wait(), "done") },
    });
    const all = each((name) => ask("tags", undefined, { name }));
    await pause(30);
    expect(door.arrived).toBe(4);
    door.open();
    expect(await sorted(all)).toEqual([...Array(4).fill(200), ...Array(29).fill(503)]);
  });

  test("a write that waits for its turn", async () => {
    const { write, door } = await open({ maxInFlight: 4, caller: byName });
    const all = each((name, i) => write(i === 0 ? "held" : "tags", 100 + i, name));
    await pause(30);
    expect(door.arrived).toBe(1);
    door.open();
    expect(await sorted(all)).toEqual([...Array(4).fill(200), ...Array(29).fill(503)]);
  });

  test.each(["parser", "getRole"])("as many again, by address, whose `%s` waits", async (which) => {
    const door = new Door();
    const { ask } = await open({ maxInFlight: 4, session: { [which]: door.wait } });
    const from = (i: number): object => ({ address: `192.0.2.${i}` });
    const all = each((_, i) => ask("tags", from(i)));
    await pause(30);
    expect(door.arrived).toBe(4);
    door.open();
    expect((await statusesOf(all)).filter((status) => status === 503).length).toBe(29);
    expect((await ask("tags", from(99))).status).toBe(200);
  });

  test("as many again whose bodies are still coming, which take no place of others", async () => {
    const { ask } = await open({ maxInFlight: 4, caller: byName, timeout: 5_000 });
    const ends: (() => void)[] = [];
    const slow = (name: string, id: number): Promise<Response> =>
      ask("tags", undefined, {
        name,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new ReadableStream({
          start(stream) {
            ends.push(() => {
              stream.enqueue(new TextEncoder().encode(JSON.stringify({ id, label: `tag ${id}` })));
              stream.close();
            });
          },
        }),
      });
    const all = [100, 101, 102].map((id) => slow("ann", id)).concat(slow("bob", 103), slow("cid", 104));
    await pause(10);
    expect((await ask("tags", undefined, { name: "ann" })).status).toBe(200);
    expect((await slow("dan", 105)).status).toBe(503);
    for (const end of ends) end();
    expect(await statusesOf(all)).toEqual([200, 200, 503, 200, 200]);
  });
});

describe("before it is known who asks", () => {
  test("an address that fills its share with slow sessions is refused alone", async () => {
    const door = new Door();
    const parser = (request: Request): unknown => (request.headers.has("x-slow") ? door.wait() : undefined);
    const { ask } = await open({ maxInFlight: 8, session: { parser } });
    const [hostile, polite] = [{ address: "192.0.2.7" }, { address: "192.0.2.8" }];
    const slow = { headers: { "x-slow": "1" } };
    const filling = Array.from({ length: 20 }, () => ask("tags", hostile, slow));
    await until(() => door.arrived === 4);
    const refused = await ask("tags", hostile);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(((await refused.json()) as { hint: string }).hint).toContain("of your address");
    for (let i = 0; i < 5; i++) expect((await ask("tags", polite)).status).toBe(200);
    door.open();
    expect((await statusesOf(filling)).filter((status) => status === 200).length).toBe(4);
    expect((await ask("tags", hostile)).status).toBe(200);
  });

  test("sessions that fail, or answer themselves, keep no place", async () => {
    const outcomes = [
      () => Promise.reject(new Error("no")),
      async () => new Response(null, { status: 302 }),
      () => new Promise(() => undefined),
      () => {
        throw new Error("at once");
      },
    ];
    let next = 0;
    const parser = (): unknown => outcomes[next++]?.();
    const { ask } = await open({ maxInFlight: 2, timeout: 20, session: { parser } });
    for (const status of [500, 302, 504, 500, 200, 200]) expect((await ask("tags")).status).toBe(status);
  });
});

describe("for one who has left", () => {
  const left: AbortController[] = [];
  afterEach(() => void left.splice(0));
  const leaving = (): AbortController => {
    left.push(new AbortController());
    return left.at(-1)!;
  };
  const answered = ({ seen }: Opened): number[] =>
    seen.flatMap((one) => (one.kind === "answered" ? [one.status] : []));

  test("nothing more is asked when his session is known", async () => {
    const door = new Door();
    let asked = 0;
    const opened = await open({
      session: { parser: door.wait, getRole: () => (asked++, undefined) },
      caller: () => (asked++, undefined),
    });
    const one = leaving();
    const answer = opened.ask("tags", undefined, { signal: one.signal });
    await until(() => door.arrived === 1);
    one.abort();
    await pause(5);
    door.open();
    expect([(await answer).status, asked, ...answered(opened)]).toEqual([499, 0, 499]);
  });

  test("no statement is begun when his condition is known", async () => {
    const texts: string[] = [];
    const opened = await open({
      dialect: (_, found) => {
        const dialect = found();
        const query = dialect.query.bind(dialect);
        return Object.assign(dialect, {
          query: (...parameters: Parameters<typeof query>) => (
            texts.push(parameters[1]),
            query(...parameters)
          ),
        });
      },
    });
    const [one, two] = [leaving(), leaving()];
    const gone = opened.ask("waiting", undefined, { signal: one.signal });
    const stays = opened.ask("waiting", undefined, { signal: two.signal });
    await until(() => opened.door.arrived === 2);
    one.abort();
    await pause(5);
    opened.door.open();
    expect([(await gone).status, (await stays).status, texts.length]).toEqual([499, 200, 1]);
  });

  test.each(["bun:sqlite", "libsql file", "libsql memory"] as const)(
    "a write that waits for its turn is not made, and the others are (%s)",
    async (on) => {
      let hooks = 0;
      const opened = await open({ caller: byName }, on, { beforeQuery: () => void hooks++ });
      const { door, write, database } = opened;
      const first = write("held", 100, "ann");
      await until(() => door.arrived === 1);
      const one = leaving();
      const gone = write("tags", 101, "bob", { signal: one.signal });
      const stays = write("tags", 102, "bob");
      await pause(10);
      one.abort();
      expect((await gone).status).toBe(499); // before its turn would have come
      door.open();
      expect(await statusesOf([first, stays])).toEqual([200, 200]);
      expect(hooks).toBe(1);
      const ids = (await database.select().from(tag)).map(({ id }) => id);
      expect(ids.filter((id) => id >= 100)).toEqual([100, 102]);
      expect(answered(opened).toSorted(ascending)).toEqual([200, 200, 499]);
      expect(opened.seen.filter(({ kind }) => kind === "failed")).toEqual([]);
    },
  );

  test("a read that waits for somebody's transaction on the one connection waits no longer", async () => {
    const opened = await open({ caller: byName, session: { parser: () => undefined } });
    const waiting = opened.ask("waiting", undefined, { name: "bob", signal: (leaving(), left[0]!.signal) });
    await until(() => opened.door.arrived === 1);
    const held = new Door();
    const beforeQuery = (): Promise<void> => held.wait();
    const other = createQueryHandler({
      acl: { held: { table: "tag", control: { POST: { all: { ...free, beforeQuery } } } } },
      database: opened.database,
      schema,
      onWarning: () => undefined,
    });
    const body = JSON.stringify({ id: 100, label: "x" });
    const headers = { "content-type": "application/json" };
    opened.door.open();
    expect((await waiting).status).toBe(200);
    const write = other(new Request("http://localhost/query/held", { method: "POST", body, headers }));
    await until(() => held.arrived === 1);
    const gone = opened.ask("tags", undefined, { name: "bob", signal: left[0]!.signal });
    await pause(5);
    left[0]!.abort();
    const status = await Promise.race([gone.then((answer) => answer.status), pause(1_000)]);
    held.open();
    expect([status, (await write).status]).toEqual([499, 200]);
  });

  test("a transaction that has begun is ended as it is: kept, or rolled back", async () => {
    for (const on of ["bun:sqlite", "libsql file"] as const) {
      const fails = new Door();
      const opened = await open({ caller: byName }, on, {
        afterQuery: async () => {
          await fails.wait();
          throw new Error("fell");
        },
      });
      const [one, two] = [leaving(), leaving()];
      const keeps = opened.write("held", 100, "ann", { signal: one.signal });
      await until(() => opened.door.arrived === 1);
      one.abort();
      opened.door.open();
      await keeps;
      const falls = opened.write("tags", 101, "ann", { signal: two.signal });
      await until(() => fails.arrived === 1);
      two.abort();
      fails.open();
      await falls;
      const ids = (await opened.database.select().from(tag)).map(({ id }) => id);
      expect([on, ids.filter((id) => id >= 100)]).toEqual([on, [100]]);
      expect((await opened.write("tags", 102, "bob")).status).toBe(500); // its turn has come
    }
  });

  test("over a socket: his write leaves the queue", async () => {
    const { handler, door, write, database, seen } = await open({ caller: byName });
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler });
    keep({ close: () => server.stop(true) });
    const first = write("held", 100, "ann");
    await until(() => door.arrived === 1);
    const one = leaving();
    const gone = fetch(`http://127.0.0.1:${server.port}/query/tags`, {
      method: "POST",
      body: JSON.stringify({ id: 101, label: "gone" }),
      headers: { "content-type": "application/json", "x-name": "bob" },
      signal: one.signal,
    }).catch(() => undefined);
    await pause(30);
    one.abort();
    await gone;
    await pause(30);
    door.open();
    expect((await first).status).toBe(200);
    await until(() => seen.some((event) => event.kind === "answered" && event.status === 499));
    const ids = (await database.select().from(tag)).map(({ id }) => id);
    expect(ids.filter((id) => id >= 100)).toEqual([100]);
  });

  test("nobody listens any more once he is answered", async () => {
    const { handler, door, write } = await open({ caller: byName });
    const first = write("held", 100, "ann");
    await until(() => door.arrived === 1);
    let listeners = 0;
    const listened = (path: string, init: RequestInit): Promise<Response> => {
      const request = new Request(`http://localhost/query/${path}`, init);
      const { signal: aborted } = request;
      const [add, remove] = [
        aborted.addEventListener.bind(aborted),
        aborted.removeEventListener.bind(aborted),
      ];
      Object.assign(aborted, {
        addEventListener: (...parameters: Parameters<typeof add>) => (listeners++, add(...parameters)),
        removeEventListener: (...parameters: Parameters<typeof remove>) => (
          listeners--,
          remove(...parameters)
        ),
      });
      return handler(request);
    };
    const headers = { "content-type": "application/json", "x-name": "bob" };
    const body = JSON.stringify({ id: 101, label: "x" });
    const waiting = [listened("tags", { method: "POST", body, headers }), listened("tags", {})];
    await until(() => listeners > 0); // who waits only briefly is not listened for
    door.open();
    expect(await statusesOf([first, ...waiting])).toEqual([200, 200, 200]);
    expect(listeners).toBe(0);
  });
});

describe("a hook, or a parser, that asks the route again", () => {
  test("in a parser does not wait for writes that wait for it", async () => {
    const opened: { handler?: QueryHandler } = {};
    let next = 500;
    const parser = async (request: Request): Promise<void> => {
      if (!request.headers.has("x-again")) return;
      const inner = await opened.handler!(
        new Request("http://localhost/query/tags", {
          method: "POST",
          body: JSON.stringify({ id: next, label: `inner ${next++}` }),
          headers: { "content-type": "application/json", "x-name": "inner" },
        }),
      );
      expect(inner.status).toBe(200);
    };
    const { handler, write } = await open({ busyTimeout: 6_000, caller: byName, session: { parser } });
    Object.assign(opened, { handler });
    const headers = { "content-type": "application/json", "x-again": "1", "x-name": "outer" };
    const begun = performance.now();
    const all = Array.from({ length: 16 }, (_, i) =>
      i % 2 === 0
        ? write("tags", 300 + i, "plain")
        : handler(
            new Request("http://localhost/query/tags", {
              method: "POST",
              body: JSON.stringify({ id: 300 + i, label: `outer ${i}` }),
              headers,
            }),
          ),
    );
    expect(new Set(await statusesOf(all))).toEqual(new Set([200]));
    expect(performance.now() - begun).toBeLessThan(5_500);
  });
});
