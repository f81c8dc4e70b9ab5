// What live answers cost: one change as the number of streams grows, equal questions and all different, and the memory of
// an idle stream. `bun bench/live.ts [--streams 1,10,100,1000,10000]`. In one process, without sockets: what a server needs
// for its connections comes on top.
import { Database } from "bun:sqlite";
import { parseArgs } from "node:util";
import { createQueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const { values: flags } = parseArgs({
  options: { streams: { type: "string", default: "1,10,100,1000,10000" } },
});

const post = sqliteTable("post", {
  id: integer("id").primaryKey(),
  authorId: integer("author_id").notNull(),
  title: text("title").notNull(),
});
const client = new Database(":memory:");
client.run("create table post (id integer primary key, author_id integer not null, title text not null)");
client.run("create index post_author on post (author_id)");
const ROWS = 20_000;
client.run(
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS}) insert into post select i, i % 1000, 'post number ' || i from n`,
);
const schema = { post };
const route = createQueryRoute({
  acl: {
    posts: {
      table: "post",
      control: {
        GET: { all: { select: true, live: true } },
        PATCH: { all: { select: true, write: true, check: true } },
      },
    },
  },
  database: drizzle(client, { schema }),
  schema,
  live: live({ maxStreams: 20_000, maxStreamsPerCaller: 20_000, debounce: 1 }),
  maxInFlight: 50_000,
  onWarning: () => undefined,
});

/** A stream, and how many events it has told. */
class Reader {
  heard = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    void this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let { done, value } = await this.#reader.read(); !done; { done, value } = await this.#reader.read())
      if (decoder.decode(value).startsWith("event")) this.heard++;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

const QUESTION = "select=(columns:(id:T,title:T),orderBy:(id:asc),limit:20";

async function open(streams: number, different: boolean): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let n = 0; n < streams; n++) {
    // All of them hold the row that changes, and each has another filter.
    const where = different ? `,where:(id.lte:${ROWS - n})` : "";
    const request = new Request(`http://local/query/posts?${QUESTION}${where})`, {
      headers: { accept: "text/event-stream" },
    });
    const response = await route.GET(request);
    if (!response.ok) throw new Error(await response.text());
    readers.push(new Reader(response.body!));
  }
  await until(() => readers.every(({ heard }) => heard === 1));
  return readers;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(1);
}

async function change(n: number): Promise<void> {
  const request = new Request("http://local/query/posts?select=(where:(id:1))", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: `changed ${n}` }),
  });
  const response = await route.PATCH(request);
  if (!response.ok) throw new Error(await response.text());
}

const used = (): number => {
  Bun.gc(true);
  return process.memoryUsage().rss;
};

const CHANGES = 5;
console.log("| streams | questions | ms from commit to the last event | CPU ms a change | KiB a stream |");
console.log("| ---: | --- | ---: | ---: | ---: |");
await change(0);
for (const streams of flags.streams.split(",").map(Number))
  for (const different of [false, true]) {
    const before = used();
    const readers = await open(streams, different);
    const kibibytes = (used() - before) / 1024 / streams;
    const took: number[] = [];
    const began = process.cpuUsage();
    for (let n = 1; n <= CHANGES; n++) {
      const heard = readers[0]!.heard;
      await change(streams * 10 + n + (different ? 5 : 0));
      const committed = performance.now();
      await until(() => readers.every((reader) => reader.heard > heard));
      took.push(performance.now() - committed);
    }
    const { user, system } = process.cpuUsage(began);
    const median = took.toSorted((a, b) => a - b)[Math.floor(CHANGES / 2)]!;
    const each = (user + system) / 1_000 / CHANGES;
    const questions = different ? "all different" : "equal";
    console.log(
      `| ${streams} | ${questions} | ${median.toFixed(1)} | ${each.toFixed(1)} | ${streams < 1000 ? "" : kibibytes.toFixed(1)} |`,
    );
    for (const reader of readers) await reader.close();
  }
await route.close();
client.close();
