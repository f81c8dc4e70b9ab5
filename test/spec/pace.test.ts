import { Database } from "bun:sqlite";
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryHandler, type Dialect, type LaneAnswer, type QueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Processes of the lowest priority get little of a machine that is busy. */
setDefaultTimeout(60_000);

const thing = sqliteTable(
  "thing",
  { id: integer("id").primaryKey(), owner: integer("owner").notNull(), label: text("label").notNull() },
  (t) => [index("thing_owner").on(t.owner)],
);
const schema = { thing };
const acl = { things: { table: "thing", control: { GET: { all: { select: true } } } } } as const;

const folder = mkdtempSync(join(tmpdir(), "query-pace-"));
const clients: Database[] = [];
afterAll(() => {
  clients.forEach((client) => client.close());
  rmSync(folder, { recursive: true, force: true });
});

/** So many things in a file with a write-ahead log, or in memory. */
function fill(rows: number, file = ":memory:"): Database {
  const client = new Database(file);
  clients.push(client);
  client.run("pragma journal_mode = wal");
  client.run("create table thing (id integer primary key, owner integer not null, label text not null)");
  client.run("create index thing_owner on thing (owner)");
  client.run(
    `with recursive n(n) as (select 1 union all select n + 1 from n where n < ${rows})
     insert into thing select n, n % 100, 'thing number ' || n || ' ${"and more ".repeat(20)}' from n`,
  );
  return client;
}

/** What the lane does first. */
type Before = (options: { readonly signal: AbortSignal }, values: readonly unknown[]) => Promise<void>;
type Answered = (answer: LaneAnswer | undefined) => LaneAnswer | undefined;

/** A route over a file, and the texts that its slow lane was asked. */
async function open(
  client: Database,
  answered: Answered = (answer) => answer,
  before?: Before,
  timeout = 30_000,
) {
  const apart: string[] = [];
  let inner!: Dialect;
  const handler = createQueryHandler({
    acl,
    database: drizzle(client, { schema }),
    schema,
    caller: (_, request) => request.headers.get("x-name") ?? undefined,
    onWarning: () => undefined,
    timeout,
    dialect: (_, found) => {
      inner = found();
      return new Proxy(inner, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name === "lane" && inner.lane !== undefined) return spied(inner.lane);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    },
  });
  const spied = (lane: NonNullable<Dialect["lane"]>): typeof lane => ({
    size: 1,
    async read(...all) {
      apart.push(all[0]);
      await before?.(all[2], all[1]);
      return answered(await lane.read(...all));
    },
  });
  await until(() => inner.lane !== undefined);
  await ask(handler, "things?select=(limit:1)"); // the sizes of tables are asked for
  await Bun.sleep(20);
  return { handler, apart };
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await Bun.sleep(10);
}

interface Told {
  readonly status: number;
  readonly body: {
    readonly count?: number;
    readonly things?: readonly unknown[];
    readonly code?: string;
    readonly hint?: string;
  };
}

async function ask(handler: QueryHandler, path: string, name = "ann"): Promise<Told> {
  const request = new Request(`http://localhost/query/${path}`, { headers: { "x-name": name } });
  const response = await handler(request);
  return { status: response.status, body: (await response.json()) as Told["body"] };
}

const looked = (word: string): string => `things?select=(where:(label.icontains:"${word}"))`;

describe("a file with a write-ahead log", () => {
  const file = join(folder, "many.db");
  fill(60_000, file);

  test("what looks at many rows runs apart, and answers alike; what looks at few runs where all do", async () => {
    const { handler, apart } = await open(new Database(file));
    expect((await ask(handler, "things?select=(where:(id:7))")).body.count).toBe(1);
    expect((await ask(handler, "things?select=(limit:20)")).body.count).toBe(20);
    expect(apart).toEqual([]);
    const { body } = await ask(handler, looked("NUMBER 59999 "));
    expect([body.count, body.things]).toEqual([1, [expect.objectContaining({ id: 59_999 })]]);
    expect(apart.length).toBe(1);
  });

  test("whoever asks something small is answered while a large question is looked at", async () => {
    let small: Promise<Told> | undefined;
    const { handler, apart } = await open(new Database(file), undefined, async () => {
      await until(() => small !== undefined);
      expect((await small!).status).toBe(200);
    });
    const large = ask(handler, looked("number 59999 "), "bob");
    await until(() => apart.length === 1);
    small = ask(handler, "things?select=(where:(id:1))");
    expect((await large).body.count).toBe(1);
  });

  test("what has been quick three times runs where all do", async () => {
    const { handler, apart } = await open(
      new Database(file),
      (answer) => answer && { ...answer, milliseconds: 0.1 },
    );
    for (let i = 0; i < 5; i++) expect((await ask(handler, looked(`no ${i}`), `${i}`)).status).toBe(200);
    expect(apart.length).toBe(1 + 3); // what is asked once is not remembered
  });

  test("what was slow is asked apart again, of its caller alone", async () => {
    let milliseconds = 1_000;
    const { handler, apart } = await open(
      new Database(file),
      (answer) => answer && { ...answer, milliseconds },
    );
    for (let i = 0; i < 2; i++) await ask(handler, looked("slow at first"), "slow");
    milliseconds = 0.1;
    for (let i = 0; i < 3; i++) await ask(handler, looked("and quick then"), "ann");
    const before = apart.length;
    await ask(handler, looked("and quick then"), "ann");
    expect(apart.length).toBe(before);
    await ask(handler, looked("and quick then"), "slow");
    expect(apart.length).toBe(before + 1);
  });

  test("what looks for a text runs apart, however few rows it looks at", async () => {
    const { handler, apart } = await open(new Database(file));
    const { body } = await ask(handler, `things?select=(where:(id.in:_(7,8)_,label.icontains:"NUMBER 7 "))`);
    expect([body.count, apart.length]).toEqual([1, 1]);
  });

  test("who has had his turn is ended where others wait: 503 for him alone", async () => {
    const began: string[] = [];
    const { handler } = await open(new Database(file), undefined, async ({ signal }, values) => {
      began.push(String(values[0]));
      if (!String(values[0]).includes("for ever")) return;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
    });
    const long = ask(handler, looked("for ever"), "eve");
    await until(() => began.length === 1);
    const polite = await ask(handler, looked("number 59999 "), "ann");
    expect([polite.status, polite.body.count]).toEqual([200, 1]);
    const { status, body } = await long;
    expect([status, body.code]).toEqual([503, "busy"]);
    expect(body.hint).toContain("your own share");
  });

  test("nobody who may wait for less than a process takes to begin is sent to one", async () => {
    const { handler, apart } = await open(new Database(file), undefined, undefined, 20);
    expect((await ask(handler, looked("number 59999 "))).body.count).toBe(1);
    expect(apart).toEqual([]);
  });

  test("what the lane cannot answer is answered where all others are", async () => {
    const { handler, apart } = await open(new Database(file), () => undefined);
    expect((await ask(handler, looked("number 59999 "))).body.count).toBe(1);
    expect(apart.length).toBe(1);
  });
});

describe("in memory, where there is no lane", () => {
  /** A route over so many things, which anybody may write too. */
  function openMemory(rows: number): QueryHandler {
    const free = { select: true, write: true, maxRows: 5_000 } as const;
    return createQueryHandler({
      acl: { things: { table: "thing", control: { GET: { all: free }, POST: { all: free } } } },
      database: drizzle(fill(rows), { schema }),
      schema,
      caller: (_, request) => request.headers.get("x-name") ?? undefined,
      onWarning: () => undefined,
    });
  }

  /** Whether others go first when a caller asks, once he has sent something. */
  async function isInTheWay(send: (handler: QueryHandler) => Promise<unknown>): Promise<boolean> {
    const handler = openMemory(2_000);
    number++;
    // What runs for the first time takes longer.
    for (let i = 0; i < 3; i++) await ask(handler, "things?select=(where:(id:1))", "warm");
    await send(handler);
    const ended: string[] = [];
    const asking = (who: string): Promise<unknown> =>
      ask(handler, "things?select=(where:(id:1))", who).then(() => ended.push(who));
    await asking(`ann ${number}`);
    await Promise.all([asking(name()), asking(`ann ${number}`)]);
    return ended.at(-1) === name();
  }
  /** The time is the whole process's, so each test has callers of its own. */
  let number = 0;
  const name = (): string => `bob ${number}`;
  const post = (handler: QueryHandler, body: string): Promise<Response> =>
    handler(
      new Request("http://localhost/query/things", {
        method: "POST",
        headers: { "x-name": name(), "content-type": "application/json" },
        body,
      }),
    );
  const things = (count: number, last: object = {}): string =>
    JSON.stringify([
      ...Array.from({ length: count }, (_, n) => ({ id: 10_000 + n, owner: 1, label: "x" })),
      last,
    ]);

  test("who has taken little is in nobody's way", async () => {
    expect(await isInTheWay((handler) => ask(handler, "things?select=(where:(id:1))", name()))).toBe(false);
  });

  test("a write that is refused at its end has taken its time", async () => {
    expect(
      await isInTheWay(async (handler) => {
        const taken = { id: 1, owner: 1, label: "taken" };
        expect((await post(handler, things(4_000, taken))).status).toBe(409);
      }),
    ).toBe(true);
  });

  test("so has a body that is refused", async () => {
    expect(
      await isInTheWay(async (handler) => {
        expect((await post(handler, things(4_000, { id: 1, owner: "none" }))).status).toBe(400);
      }),
    ).toBe(true);
  });

  test("so has one that is no JSON at its end", async () => {
    expect(
      await isInTheWay(async (handler) => {
        expect((await post(handler, `[${"1e400,".repeat(150_000)}`)).status).toBe(400);
      }),
    ).toBe(true);
  });

  test("who has taken much of the time begins one at a time, so that others come between", async () => {
    const handler = openMemory(20_000);
    number++;
    const [bob, ann] = [name(), `ann ${number}`];
    for (let i = 0; i < 3; i++) await ask(handler, looked("nowhere"), bob);
    await ask(handler, "things?select=(where:(id:1))", ann); // nobody is alone
    const ended: string[] = [];
    const asking = (who: string, path: string): Promise<unknown> =>
      ask(handler, path, who).then(({ status }) => ended.push(`${who} ${status}`));
    const much = Array.from({ length: 10 }, () => asking(bob, looked("nowhere")));
    await Promise.all([...much, asking(ann, "things?select=(where:(id:1))")]);
    expect(ended.indexOf(`${ann} 200`)).toBeLessThan(4);
    expect(ended.filter((one) => one === `${bob} 200`).length).toBe(10);
  });

  test("while bodies of one caller are decoded, others come between", async () => {
    const handler = openMemory(10);
    number++;
    const body = `[${"1e400,".repeat(150_000)}`;
    const ended: string[] = [];
    expect((await post(handler, body)).status).toBe(400);
    await ask(handler, "things?select=(where:(id:1))", `ann ${number}`);
    const bodies = Array.from({ length: 6 }, () => post(handler, body).then(() => ended.push("body")));
    const small = ask(handler, "things?select=(where:(id:1))", `ann ${number}`).then(() => ended.push("ann"));
    await Promise.all([...bodies, small]);
    expect(ended.indexOf("ann")).toBeLessThan(3);
  });

  test("who comes under ever new names makes nobody rest for long", async () => {
    const handler = openMemory(20_000);
    number++;
    for (let i = 0; i < 3; i++) await ask(handler, looked("nowhere"), name());
    const load = { going: true };
    let names = 0;
    const eve = (async () => {
      while (load.going && names < 400) {
        await ask(handler, looked("nowhere"), `eve ${number} ${names++}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Bun.sleep(20);
    expect((await ask(handler, "things?select=(where:(id:1))", name())).status).toBe(200);
    expect(names).toBeLessThan(150);
    load.going = false;
    await eve;
  });
});
