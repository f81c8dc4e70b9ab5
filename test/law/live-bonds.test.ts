import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createQueryRoute, liveTriggers, type QueryRoute } from "@bepalo/query";
import { live, postgresFeed } from "@bepalo/query/live";
import { createClient } from "@libsql/client";
import { and, eq, exists, inArray, or, type SQL, sql } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { type Bonds, BONDS } from "../support/bonds.ts";
import { ddl } from "../support/databases.ts";
import { Dice } from "../support/dice.ts";
import { PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { Watching } from "../support/live.ts";
import { openPostgresql, SERVER } from "../support/postgresql.ts";

// Answers that are kept true over tables whose rows the database keeps together, under rules that ask other tables, for
// callers who differ in what the rules ask: whoever writes, this process, its database past the engine, or another process.

/** A database with the tables, and a process that writes to it past everything. */
interface Ground {
  readonly schema: Bonds;
  // oxlint-disable-next-line typescript/no-explicit-any -- either driver's
  readonly database: any;
  readonly feed: (() => ReturnType<typeof postgresFeed>) | undefined;
  /** Runs a statement on the connection of the application. */
  readonly run: (statement: string) => unknown;
  /** Runs one in another process. */
  readonly elsewhere: (statement: string) => Promise<string>;
  readonly close: () => unknown;
}

const grounds: Ground[] = [];
afterAll(async () => {
  for (const ground of grounds) await ground.close();
});

/** Begins a process that writes. */
function writerAt(place: string): { readonly elsewhere: Ground["elsewhere"]; readonly kill: () => void } {
  const program = join(import.meta.dir, "../support/live-writer.ts");
  const child = Bun.spawn([process.execPath, program, place], { stdin: "pipe", stdout: "pipe" });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) })[Symbol.asyncIterator]();
  return {
    async elsewhere(statement) {
      void child.stdin.write(`${statement}\n`);
      await child.stdin.flush();
      return String((await lines.next()).value);
    },
    kill: () => child.kill(),
  };
}

async function openFile(driver: "bun" | "libsql"): Promise<Ground> {
  const schema = BONDS.sqlite;
  const folder = mkdtempSync(join(tmpdir(), "query-"));
  const file = join(folder, "test.db");
  const first = new BunDatabase(file, { create: true });
  first.run("pragma journal_mode = wal");
  for (const statement of await ddl(schema)) first.run(statement);
  const { elsewhere, kill } = writerAt(file);
  const close = (): void => (kill(), rmSync(folder, { recursive: true, force: true }));
  if (driver === "bun") {
    first.run("pragma foreign_keys = on");
    const database = drizzleBun(first, { schema });
    return {
      schema,
      database,
      feed: undefined,
      elsewhere,
      run: (statement) => first.run(statement),
      close: () => (first.close(), close()),
    };
  }
  first.close();
  const client = createClient({ url: `file:${file}` });
  const database = drizzleLibsql(client, { schema });
  return {
    schema,
    database,
    feed: undefined,
    elsewhere,
    run: (statement) => client.execute(statement),
    close: () => (client.close(), close()),
  };
}

async function openServer(): Promise<Ground> {
  const schema = BONDS.postgresql;
  const opened = await openPostgresql("node-postgres", schema, { connections: 3 });
  for (const statement of liveTriggers(schema)) await opened.run(statement);
  const { elsewhere, kill } = writerAt(opened.url);
  return {
    schema,
    database: opened.database,
    feed: () => postgresFeed({ connection: opened.url }),
    elsewhere,
    run: (statement) => opened.run(statement),
    close: () => (kill(), opened.close()),
  };
}

const PLACES = [
  ["a libSQL file", () => openFile("libsql"), 9],
  ["a file of bun:sqlite", () => openFile("bun"), 12],
  ...(SERVER === undefined ? [] : [["PostgreSQL", openServer, 8] as const]),
] as const;

// --- what is asked, and by whom --------------------------------------------------------------------------------------

interface Caller {
  readonly me: number;
  readonly org: string;
  readonly role: string;
}

const ORGS = ["o1", "o2"];
const IDS = [1, 2, 3, 4];
const WORDS = ["a", "b", "c", "d", "e"];

const drawnCaller = (dice: Dice): Caller => ({
  me: dice.pick(IDS),
  org: dice.pick(ORGS),
  role: dice.pick(["writer", "editor"]),
});

const QUESTIONS = [
  "posts?select=(columns:(id:T,title:T),orderBy:(title:asc,id:asc))",
  "posts?countTotal=T&select=(columns:(id:T,title:T,score:T),where:(org:o1),orderBy:(score:desc),limit:3)",
  "posts?select=(where:(authorId:2),with:(notes:T,author:T))",
  "posts?select=(where:(id:3),with:(notes:(columns:(id:T,text:T))))",
  "posts?select=(columns:(id:T),where:(id.in:_(1,2,3)_),count:(notes:T))",
  "posts?select=(columns:(id:T),orderBy:(author.name:asc))",
  "posts?select=(columns:(id:T,org:T),where:(author.name:a))",
  "posts?select=(columns:(id:T),where:(notes.some:(by:c1)))",
  "posts?aggregate=(count:T,groupBy:_(org)_)",
  "posts?aggregate=(count:T,where:(authorId:1))",
  "members?select=(columns:(id:T,name:T),with:(boss:T))",
  "members?select=(columns:(id:T,bossId:T),count:(posts:T),orderBy:(id:asc))",
  "members?select=(where:(id:2),with:(posts:(columns:(id:T,title:T),with:(notes:T))))",
  "notes?select=(columns:(id:T,text:T),where:(by:c1))",
  "notes?select=(columns:(id:T,by:T),orderBy:(id:asc))",
  "notes?select=(columns:(id:T),where:(post.org:o2),with:(writer:(columns:(name:T))))",
  "notes?aggregate=(count:T,groupBy:_(by)_)",
  "badges?select=(columns:(id:T,memberId:T),orderBy:(id:asc))",
];

type Where = ((context: Caller, table: never) => SQL | boolean) | undefined;

/** Rules of rows, by table: of the row alone, of who asks, of other tables, in Drizzle's words and in plain SQL. */
function wheres({
  database,
  schema,
}: Ground): Readonly<Record<"post" | "member" | "note", readonly Where[]>> {
  const { badge, member, post } = schema;
  type Post = Bonds["post"];
  type Member = Bonds["member"];
  type Note = Bonds["note"];
  const badged = (me: number, org: unknown): SQL =>
    exists(
      database
        .select({ one: sql`1` })
        .from(badge)
        .where(and(eq(badge.memberId, me), sql`${badge.org} = ${org}`)),
    );
  return {
    post: [
      undefined,
      ({ org }, t: Post) => eq(t.org, org),
      ({ me }, t: Post) => eq(t.authorId, me),
      ({ me }, t: Post) => or(eq(t.authorId, me), eq(t.hidden, false))!,
      ({ me }, t: Post) => badged(me, t.org),
      ({ me, org }, t: Post) => and(eq(t.org, org), badged(me, t.org))!,
      ({ me }, t: Post) => inArray(t.authorId, [me, me + 1]),
      ({ me }, t: Post) =>
        sql`exists (select 1 from badges b where b.member_id = ${me} and b.org = ${t.org}) and ${t.score} > 0`,
      ({ me }, t: Post) =>
        inArray(t.authorId, database.select({ id: member.id }).from(member).where(eq(member.bossId, me))),
    ],
    member: [
      undefined,
      ({ org }, t: Member) => eq(t.org, org),
      ({ me }, t: Member) => or(eq(t.id, me), eq(t.bossId, me))!,
    ],
    note: [
      undefined,
      ({ me }, t: Note) => eq(t.by, `c${me}`),
      (_, t: Note) =>
        exists(
          database
            .select({ one: sql`1` })
            .from(post)
            .where(and(eq(post.id, t.postId), eq(post.hidden, false))),
        ),
    ],
  };
}

const WRITE = { select: true, write: true, check: true } as const;
const WRITING = { POST: { all: WRITE }, PATCH: { all: WRITE }, DELETE: { all: WRITE } } as const;

/** A file of rules by chance. */
function fileOf(dice: Dice, ground: Ground): object {
  const of = wheres(ground);
  const where = (table: keyof typeof of): object => {
    const drawn = dice.pick(of[table]);
    return drawn === undefined ? {} : { where: drawn };
  };
  const noteRule = (): object => ({ select: true, ...where("note"), with: { writer: { select: true } } });
  const posts = (): object => ({
    select: dice.chance(0.3)
      ? [
          { columns: ["id", "authorId", "org", "score"] },
          { columns: ["title", "hidden"], when: dice.pick(of.post.slice(1)) },
        ]
      : true,
    ...where("post"),
    with: { author: { select: true, ...where("member") }, notes: noteRule() },
  });
  const rules = {
    posts: () => ({ ...posts(), aggregate: true, live: true }),
    members: () => ({
      select: true,
      ...where("member"),
      with: { boss: { select: true, ...where("member") }, posts: posts() },
      live: true,
    }),
    notes: () => ({
      ...noteRule(),
      with: { post: { select: true, ...where("post") }, writer: { select: true } },
      aggregate: true,
      live: true,
    }),
    badges: () => ({ select: true, live: true }),
  };
  const tables = { posts: "post", members: "member", notes: "note", badges: "badge" } as const;
  return Object.fromEntries(
    Object.entries(rules).map(([resource, rule]) => [
      resource,
      {
        table: tables[resource as keyof typeof tables],
        maxDepth: 4,
        control: { GET: { writer: rule(), editor: rule() }, ...WRITING },
      },
    ]),
  );
}

// --- a history -------------------------------------------------------------------------------------------------------

const seen = {
  steps: 0,
  streams: 0,
  refused: 0,
  engine: 0,
  batch: 0,
  past: 0,
  elsewhere: 0,
  callers: 0,
  told: 0,
};

interface Reader {
  readonly watching: Watching;
  readonly path: string;
  readonly who: string;
}

class History {
  readonly #ground: Ground;
  readonly #dice: Dice;
  readonly #route: QueryRoute & {
    changed(...tables: string[]): void;
    recheck(): void;
    close(): Promise<void>;
  };
  readonly #callers = new Map<string, Caller>();
  readonly #errors: unknown[] = [];
  readonly #done: string[] = [];
  #readers: Reader[] = [];
  #next = 10;

  constructor(ground: Ground, dice: Dice) {
    this.#ground = ground;
    this.#dice = dice;
    const feed = ground.feed?.();
    this.#route = createQueryRoute({
      acl: fileOf(dice, ground) as never,
      database: ground.database,
      schema: ground.schema,
      batch: true,
      session: {
        parser: (request, context) => void Object.assign(context, this.#callers.get(whoIn(request))),
        getRole: (request) => (this.#callers.get(whoIn(request))?.role ?? "writer") as never,
      },
      live: live({ debounce: 1, maxStreamsPerCaller: 100, ...(feed && { feed }) }),
      onWarning: () => undefined,
      onError: (error) => void this.#errors.push(error),
    }) as never;
  }

  async open(): Promise<void> {
    for (const who of ["a", "b", "c"]) {
      this.#callers.set(who, drawnCaller(this.#dice));
      for (const path of this.#dice.shuffled(QUESTIONS).slice(0, 7)) {
        const watching = await Watching.open(this.#sendAs(who), path);
        const { status, text } = await this.#get(who, path);
        if (status !== 200) {
          expect([watching.response.status, await watching.response.text()]).toEqual([status, text]);
          seen.refused++;
          continue;
        }
        seen.streams++;
        await watching.heard(1);
        this.#readers.push({ watching, path, who });
      }
    }
  }

  #sendAs(who: string) {
    return (path: string, { headers, ...init }: RequestInit = {}): Promise<Response> => {
      const request = new Request(`http://law.test/query/${path}`, {
        ...init,
        headers: { ...(headers as Record<string, string>), "x-who": who },
      });
      return this.#route[request.method as "GET"](request, { address: who });
    };
  }

  async #get(who: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await this.#sendAs(who)(path);
    return { status: response.status, text: await response.text() };
  }

  async step(): Promise<void> {
    seen.steps++;
    const kind = this.#dice.next();
    if (kind < 0.45) await this.#engine();
    else if (kind < 0.6) await this.#batch();
    else if (kind < 0.7) await this.#past();
    else if (kind < 0.9) await this.#elsewhere();
    else this.#become();
    await this.#look();
  }

  async #send(method: string, path: string, body?: unknown): Promise<void> {
    this.#done.push(`${method} ${decodeURIComponent(path)} ${JSON.stringify(body)}`);
    const response = await this.#sendAs("writer")(path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    expect(response.status, `${this.#done.at(-1)}: ${await response.text()}`).toBeLessThan(500);
  }

  #cells(table: "posts" | "members" | "notes" | "badges"): Record<string, unknown> {
    const dice = this.#dice;
    switch (table) {
      case "posts":
        return {
          authorId: dice.pick(IDS),
          org: dice.pick(ORGS),
          title: dice.pick(WORDS),
          score: dice.between(0, 3),
          hidden: dice.chance(0.5),
        };
      case "members":
        return {
          org: dice.pick(ORGS),
          name: dice.pick(WORDS),
          code: `c${dice.between(1, 9)}`,
          bossId: dice.chance(0.2) ? null : dice.pick(IDS),
        };
      case "notes":
        return { postId: dice.between(1, 8), by: `c${dice.between(1, 4)}`, text: dice.pick(WORDS) };
      case "badges":
        return { memberId: dice.pick(IDS), org: dice.pick(ORGS) };
    }
  }

  /** A write of a table: its method, what stands behind the resource, and its body. */
  #write(): readonly [method: string, resource: string, where: Record<string, unknown>, body?: object] {
    const dice = this.#dice;
    const table = dice.pick(["posts", "posts", "members", "members", "notes", "badges"] as const);
    const some = Object.fromEntries(
      dice.shuffled(Object.entries(this.#cells(table))).slice(0, 1 + dice.between(0, 1)),
    );
    const id = { id: dice.between(1, 8) };
    const own = {
      posts: ["authorId", "org"],
      members: ["org"],
      notes: ["by", "postId"],
      badges: ["memberId"],
    };
    const name = dice.pick(own[table]);
    const wide = { [name]: this.#cells(table)[name] };
    const where = dice.chance(0.6) ? id : wide;
    const kind = dice.next();
    // Who has gone may come again, so that there is always somebody whom others go with.
    const fresh = table === "members" ? dice.pick(IDS) : this.#next++;
    if (kind < 0.3) return ["POST", table, {}, { id: fresh, ...this.#cells(table) }];
    if (table === "members" && kind < 0.55)
      return ["PATCH", table, { id: dice.pick(IDS) }, { code: `c${this.#next++ % 12}` }];
    if (table === "members" && kind > 0.8) return ["DELETE", table, { id: dice.pick(IDS) }];
    if (kind < 0.8) return ["PATCH", table, where, some];
    return ["DELETE", table, dice.chance(0.8) ? id : where];
  }

  async #engine(): Promise<void> {
    seen.engine++;
    const [method, resource, where, body] = this.#write();
    const filter = Object.entries(where).map(([name, value]) => `${name}:${String(value)}`);
    await this.#send(
      method,
      method === "POST" ? resource : `${resource}?select=(where:(${filter.join()}))`,
      body,
    );
  }

  /** A list of writes, one of which refers to what another has made. */
  async #batch(): Promise<void> {
    seen.batch++;
    const others = Array.from({ length: this.#dice.between(0, 2) }, () => {
      const [method, resource, where, body] = this.#write();
      return { method, resource, ...(method !== "POST" && { select: { where } }), ...(body && { body }) };
    });
    const made = [
      { method: "POST", resource: "posts", as: "p", body: { id: this.#next++, ...this.#cells("posts") } },
      {
        method: "POST",
        resource: "notes",
        body: { ...this.#cells("notes"), id: this.#next++, postId: { $ref: "p.posts.id" } },
      },
      {
        method: "PATCH",
        resource: "posts",
        select: { where: { id: { $ref: "p.posts.id" } } },
        body: { title: this.#dice.pick(WORDS) },
      },
    ];
    await this.#send("POST", "$batch", [...others, ...made.slice(0, this.#dice.between(1, 3))]);
  }

  #statement(): readonly [table: "member" | "post" | "note" | "badge", statement: string] {
    const dice = this.#dice;
    const id = dice.between(1, 8);
    return dice.pick([
      ["post", `update posts set title = '${dice.pick(WORDS)}' where id = ${id}`],
      ["post", `update posts set org = '${dice.pick(ORGS)}' where author_id = ${dice.pick(IDS)}`],
      ["post", `delete from posts where id = ${id}`],
      ["member", `update members set code = 'c${dice.between(1, 9)}' where id = ${dice.pick(IDS)}`],
      ["member", `delete from members where id = ${dice.pick(IDS)}`],
      ["note", `update notes set text = '${dice.pick(WORDS)}' where post_id = ${id}`],
      ["badge", `delete from badges where member_id = ${dice.pick(IDS)}`],
      [
        "badge",
        `insert into badges (id, member_id, org) values (${this.#next++}, ${dice.pick(IDS)}, '${dice.pick(ORGS)}')`,
      ],
    ] as const);
  }

  /** By the application, which says which table it was; what goes with its rows it need not say. */
  async #past(): Promise<void> {
    seen.past++;
    const [table, statement] = this.#statement();
    this.#done.push(`past: ${statement}`);
    try {
      await this.#ground.run(statement);
    } catch {} // what the database refuses has changed nothing
    this.#route.changed(table);
  }

  /** By another process, which says nothing. */
  async #elsewhere(): Promise<void> {
    seen.elsewhere++;
    const [, statement] = this.#statement();
    this.#done.push(`elsewhere: ${statement}: ${await this.#ground.elsewhere(statement)}`);
  }

  #become(): void {
    seen.callers++;
    const who = this.#dice.pick(["a", "b", "c"]);
    const caller = drawnCaller(this.#dice);
    this.#done.push(`${who} becomes ${JSON.stringify(caller)}`);
    this.#callers.set(who, caller);
    this.#route.recheck();
  }

  /** What is kept is what is answered now, for everybody. */
  async #look(): Promise<void> {
    const left: Reader[] = [];
    for (const reader of this.#readers) {
      const { watching, who, path } = reader;
      const { status, text } = await this.#get(who, path);
      const expected = status === 200 ? JSON.stringify(JSON.parse(text)) : undefined;
      const told = (): string =>
        `${path} as ${JSON.stringify(this.#callers.get(who))}\n${this.#done.slice(-4).join("\n")}\nGET  ${status} ${text}\nkept ${watching.json}\n${this.#errors.map(String).join()}`;
      try {
        await watching.until(
          () => (expected === undefined ? watching.of().end !== undefined : watching.json === expected),
          3_000,
        );
      } catch {
        throw new Error(told());
      }
      if (watching.idle > 0) throw new Error(`an event changed nothing: ${told()}`);
      if (expected !== undefined) left.push(reader);
    }
    this.#readers = left;
  }

  async close(): Promise<void> {
    for (const { watching } of this.#readers) {
      seen.told += watching.events.length - 1;
      await watching.close();
    }
    await this.#route.close();
    expect(this.#errors).toEqual([]);
  }
}

const whoIn = (request: Request): string => request.headers.get("x-who")!;

/** The rows that a history begins with. */
const ROWS = [
  "delete from notes",
  "delete from posts",
  "delete from badges",
  "delete from members",
  "insert into members (id, code, org, name, boss_id) values (1, 'c1', 'o1', 'a', null), (2, 'c2', 'o1', 'b', 1), (3, 'c3', 'o2', 'a', 1), (4, 'c4', 'o2', 'c', 2)",
  "insert into posts (id, author_id, org, title, score, hidden) values (1, 1, 'o1', 'a', 1, false), (2, 2, 'o1', 'b', 2, true), (3, 2, 'o2', 'c', 0, false), (4, 3, 'o2', 'd', 3, false), (5, 4, 'o1', 'e', 1, true), (6, 1, 'o2', 'b', 2, false)",
  "insert into notes (id, post_id, by, text) values (1, 1, 'c1', 'a'), (2, 1, 'c2', 'b'), (3, 3, 'c3', 'c'), (4, 3, null, 'd'), (5, 5, 'c1', 'a'), (6, 6, 'c4', 'e')",
  "insert into badges (id, member_id, org) values (1, 1, 'o1'), (2, 2, 'o1'), (3, 3, 'o2')",
];

const STEPS = 30;

describe(`live answers over rows that go together are what a GET answers (seed ${SEED})`, () => {
  test.each(PLACES)(
    "%s",
    async (_, openGround, usual) => {
      const ground = await openGround();
      grounds.push(ground);
      for (let n = 0; n < runs(usual).numRuns; n++) {
        for (const statement of ROWS) await ground.run(statement);
        const history = new History(ground, new Dice(SEED + n));
        try {
          await history.open();
          for (let step = 0; step < STEPS; step++) await history.step();
        } finally {
          await history.close();
        }
      }
    },
    PATIENCE,
  );

  test("there were many of each kind", () => {
    console.log(JSON.stringify(seen));
    thatMany("others", "bonds", seen.steps);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});
