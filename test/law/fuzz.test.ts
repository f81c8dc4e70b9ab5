import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { STATUS } from "../../src/error.ts";
import { blog, samples, toSelector, wish } from "../support/arbitrary.ts";
import { PATIENCE, runs, SEED, thatMany, watch, type Watched } from "../support/laws.ts";
import { EVERYTHING } from "../support/rules.ts";
import { article, author } from "../support/schema.ts";
import * as schema from "../support/schema.ts";
import { createQueryRoute, type QueryRoute } from "@bepalo/query";

let watched: Watched;
let route: QueryRoute;
const errors: unknown[] = [];

const acl = {
  authors: {
    table: "author",
    control: {
      GET: {
        guest: { select: { columns: ["id", "name"] } },
        all: {
          select: { mode: false, columns: ["secret"] },
          with: {
            articles: { select: true, with: { comments: true } },
            mentor: { select: { columns: ["id"] } },
          },
          extras: {
            written: sql`(select count(*) from ${article} where ${article.authorId} = ${author.id})`.as(
              "written",
            ),
          },
        },
        mine: { select: true, where: ({ me }: any, t: any, { eq }: any) => eq(t.id, me) },
      },
      POST: { all: { select: { mode: false, columns: ["secret"] } } },
      PATCH: {
        all: {
          select: { columns: ["id", "name"] },
          where: ({ me }: any, t: any, { eq }: any) => eq(t.id, me),
        },
      },
      DELETE: { all: { where: ({ me }: any, t: any, { eq }: any) => eq(t.id, me) } },
    },
  },
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: true,
          with: { author: true, reviewer: true, comments: true, tags: { select: true, with: { tag: true } } },
        },
      },
      POST: { all: { select: true, with: { author: { select: { columns: ["name"] } } } } },
      PATCH: { all: { select: true, where: ({ me }: any, t: any, { eq }: any) => eq(t.authorId, me) } },
      DELETE: { all: { select: true } },
    },
  },
  samples: {
    table: "sample",
    control: {
      GET: { all: { select: true, with: { parent: true, children: true } } },
      POST: { all: { select: true, write: true } },
      PATCH: { all: { select: true, with: { children: true }, write: true } },
      DELETE: { all: { select: true } },
    },
  },
  "tag's": { table: "tag", control: { GET: { all: { select: true } } } },
} as const;
const TABLES = { authors: "author", articles: "article", samples: "sample" } as const;

beforeAll(async () => {
  watched = await watch("libsql memory");
  route = createQueryRoute<string, { me: number }>({
    acl,
    database: watched.database,
    schema,
    onError: (error) => errors.push(error),
    session: {
      parser: (request, context) =>
        void Object.assign(context, { me: Number(request.headers.get("x-me") ?? 0) }),
      getRole: (request) => request.headers.get("x-role"),
    },
  });
  // Some rows to speak of.
  const [world] = fc.sample(blog, { seed: SEED, numRuns: 1 });
  const [rows] = fc.sample(samples, { seed: SEED, numRuns: 1 });
  await watched.load({ ...world!, sample: rows! });
});
afterAll(() => watched.close());

// --- requests that are almost right ------------------------------------------------------------------------------------

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const noise = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 6 }).map((text) => encodeURIComponent(text.toWellFormed())),
  among(
    "%",
    "%ff",
    "%00",
    "%C0%AF",
    "+",
    "&",
    "=",
    "select=",
    "&select=()",
    "(",
    ")",
    "_(",
    ")_",
    "~T(",
    "'",
    '"',
    "\\",
    "N",
    "U",
    "I",
    "-I",
    "X",
    "1e999",
    "__proto__:1",
    "constructor",
    "' or 1=1 --",
    "where:(",
    "id.eq:",
    "AND:_()_",
    "with:(",
    "9007199254740993",
    "-0",
    "5,",
    ":",
    "\u2028",
    "\ud800",
  ),
);

const real = fc
  .record({ resource: among(...(Object.keys(TABLES) as (keyof typeof TABLES)[])), wish: wish(2) })
  .map(({ resource, wish: given }) => {
    const rule = {
      ...EVERYTHING,
      with: Object.fromEntries(
        Object.keys((acl[resource].control.GET.all as any).with).map((name) => [name, true]),
      ),
    };
    const selector = toSelector(given, rule, TABLES[resource]);
    return { resource, select: stringify(selector) };
  });
/** A text with pieces cut out and noise put in. */
const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.oneof(fc.constant([]), fc.array(fc.tuple(fc.nat(), fc.nat(3), noise), { maxLength: 2 })))
    .map(([start, edits]) =>
      edits.reduce((before, [place, removed, added]) => {
        const from = place % (before.length + 1);
        return before.slice(0, from) + added + before.slice(from + removed);
      }, start),
    );

const search = fc.oneof(
  {
    weight: 6,
    arbitrary: damaged(real.map(({ select }) => select)).map(
      (select) => `?select=${encodeURIComponent(select.toWellFormed())}`,
    ),
  },
  { weight: 3, arbitrary: damaged(real.map(({ select }) => `?select=${select}`)) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((text) => `?${text}`) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 30 })
      .map(
        (bytes) => `?select=${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .subarray([
        "mine",
        "guest",
        "mine|guest",
        "findFirst",
        "countTotal",
        "findFirst=F",
        "countTotal=2",
        "select",
      ])
      .map((flags) => `?${flags.join("&")}`),
  },
);
const resource = fc.oneof(
  { weight: 8, arbitrary: among("authors", "articles", "samples") },
  {
    weight: 1,
    arbitrary: among(
      "tag's",
      "tag%27s",
      "constructor",
      "__proto__",
      "toString",
      "",
      "authors%00",
      "%ff",
      "AUTHORS",
      "authors/1",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 10 }).map((text) => encodeURIComponent(text.toWellFormed())),
  },
);
const cell = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  among<unknown>(
    2 ** 53,
    1e308,
    -1,
    0.1,
    "2020-01-01",
    "AAEC",
    { x: 1, y: 2 },
    "9223372036854775808",
    [],
    null,
    true,
    "a",
    "b",
    "\0",
    "it's",
  ),
);
const row = among("author", "article", "sample").chain((table) =>
  fc.dictionary(
    fc.oneof(
      {
        weight: 20,
        arbitrary: among(
          ...Object.keys((schema as any)[table]).filter(
            (name) => !name.startsWith("_") && name !== "enableRLS",
          ),
        ),
      },
      { weight: 1, arbitrary: among("__proto__", "constructor", "nothing", "") },
    ),
    cell,
    { maxKeys: 5 },
  ),
);
const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      among("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"),
      fc.oneof(row, fc.array(row, { maxLength: 3 })).map((value) => JSON.stringify(value)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(among("application/json"), damaged(row.map((value) => JSON.stringify(value)))),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(among("application/rjson"), damaged(row.map((value) => stringify(value as never)))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      among("application/x-www-form-urlencoded"),
      damaged(
        row.map((value) =>
          Object.entries(value)
            .map(([name, item]) => `${name}=${JSON.stringify(item)}`)
            .join("&"),
        ),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      among("", "text/plain", "multipart/form-data", "application/json, text/html", ";"),
      fc.string({ maxLength: 20 }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      among("application/json", "application/rjson", "application/x-www-form-urlencoded"),
      fc.uint8Array({ maxLength: 20 }),
    ),
  },
);
const headers = fc.record(
  {
    "x-me": among("1", "2", "-1", "0.5"),
    "x-role": among("writer", "guest", "mine", "all", "constructor", ""),
    "if-none-match": among("*", '"x"', 'W/"x", "y"', ""),
    origin: among("http://evil", "null"),
    "content-length": among("0", "-1", "99999999999", "x"),
    "access-control-request-method": among("GET", "DELETE"),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const request = fc.record({
  method: among("GET", "GET", "GET", "HEAD", "POST", "POST", "PATCH", "PATCH", "DELETE", "OPTIONS"),
  resource,
  search: fc.oneof({ weight: 4, arbitrary: search }, { weight: 1, arbitrary: fc.constant("") }),
  headers,
  content,
});

// --- what no answer may be -------------------------------------------------------------------------------------------

const ENGINE_TEXT =
  /SQLITE|LibsqlError|DrizzleQueryError|Failed query|constraint failed|no such (?:column|table)|syntax error|malformed JSON|at [^ ]+ \(\/|node_modules|\bselect [^ ]+ from\b|\binsert into\b|\bjson_object\(|datatype mismatch/i;

const seen: Record<number, number> = {};

/** How long any one request may take over these few rows, in milliseconds. */
const BUDGET = 2_000;
/** How many requests are drawn at a time: drawn all together they would be what the heap holds. */
const SAMPLE = 3_000;
/** By how much more the heap may hold after as many new requests as before. */
const GROWTH = 8 * 2 ** 20;

/** The request that took longest of all. */
let slowest: { readonly milliseconds: number; readonly told?: object } = { milliseconds: 0 };

type Fuzzed = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

/** Sends one request, if it is one, and fails where its answer is not one of the catalogue. */
async function send({
  method,
  resource: id,
  search: query,
  headers: given,
  content: [type, body],
}: Fuzzed): Promise<void> {
  const url = `http://law.test/query/${id}${query}`;
  const sends = method === "POST" || method === "PATCH";
  let sent: Request;
  try {
    const all = { ...given, ...(sends && type !== "" && { "content-type": type }) };
    sent = new Request(url, { method, headers: all, ...(sends && { body }) });
  } catch {
    return; // no request at all
  }
  errors.length = watched.drizzled.length = watched.executed.length = 0;
  const began = performance.now();
  const response = await route[method as keyof QueryRoute](sent);
  const text = await response.text();
  const milliseconds = performance.now() - began;
  seen[response.status] = (seen[response.status] ?? 0) + 1;
  const told = {
    method,
    url,
    type,
    body: typeof body === "string" ? body : [...body],
    given,
    status: response.status,
    text,
    errors: errors.map(causes),
  };
  if (milliseconds > slowest.milliseconds) slowest = { milliseconds, told };
  if (errors.length > 0 || response.status >= 500) expect(told).toBeUndefined();
  if (response.status < 400) return;
  if (ENGINE_TEXT.test(text.replaceAll(echoed(text), ""))) expect(told).toBeUndefined();
  if (method === "HEAD") return;
  const { code, error } = JSON.parse(text) as { code: keyof typeof STATUS; error: string };
  if (!Object.hasOwn(STATUS, code) || STATUS[code] !== response.status || error === "")
    expect(told).toBeUndefined();
}

/** What the heap holds when all that nobody needs is gone. */
async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    Bun.gc(true);
    await Bun.sleep(1); // what ends by itself may end
  }
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

describe(`no request brings out more than an answer of the catalogue (seed ${SEED})`, () => {
  test(
    "whatever its method, path, parameters, headers and body",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: 1, maxLength: 30, size: "max" }),
          async (requests) => {
            for (const one of requests) await send(one);
          },
        ),
        runs(400),
      );
    },
    PATIENCE,
  );

  test(
    "and none is kept: as many new requests again leave the heap as it was",
    async () => {
      const { seed, numRuns } = runs(3_000);
      // Each part is of requests never seen before, so that what is remembered of a question counts.
      const load = async (part: number): Promise<number> => {
        for (let begun = 0; begun < numRuns; begun += SAMPLE) {
          const sample = {
            seed: seed + 1 + part * numRuns + begun,
            numRuns: Math.min(SAMPLE, numRuns - begun),
          };
          for (const one of fc.sample(request, sample)) await send(one);
        }
        return heap();
      };
      const warm = await load(0);
      const first = await load(1);
      const second = await load(2);
      const told = { seed, requests: numRuns, warm, first, second, grown: second - first };
      if (second - first > GROWTH) expect(told).toBeUndefined();
    },
    PATIENCE,
  );

  // Behind the others, whose requests it judges, and not within: a slow answer is not to be shrunk.
  test("nor does any take longer than its budget", () => {
    if (slowest.milliseconds > BUDGET) expect(slowest).toBeUndefined();
  });

  test("thousands of times", () => {
    console.log(seen);
    thatMany(
      "others",
      "fuzz",
      Object.values(seen).reduce((all, some) => all + some, 0),
    );
  });
});

/** What of a refusal the client wrote itself: it stands in backticks. */
const echoed = (text: string): RegExp => (text.includes("`") ? /`[^`]*`/g : /(?!)/g);

const causes = (error: unknown): string => {
  const { cause, stack } = error as Error;
  return `${String(error)} ${cause instanceof Error ? cause.message : ""} ${stack?.split("\n").slice(0, 4).join("|")}`;
};
