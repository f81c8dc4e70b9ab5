// How long does RJSON take, compared with the engine's own JSON for the same value in the same run?
// `bun bench/rjson.bench.ts`; rounds are interleaved, each figure is the median round, and every text made is read to
// its end, so that one an engine joins lazily is paid for.
import { cpus } from "node:os";
import { parse, stringify } from "../src/rjson/rjson.ts";

const selector = {
  columns: { id: true, title: true, body: true, createdAt: true },
  where: { AND: [{ title: { like: "%harvest%" } }, { authorId: { eq: 42 } }, { published: true }] },
  orderBy: { updatedAt: "asc", id: "desc" },
  limit: 20,
  offset: 40,
  with: { author: { columns: { name: true } } },
};

function node(n: number): object {
  return {
    columns: { id: true, title: true, body: false, createdAt: true, score: true },
    where: {
      OR: [
        { title: { like: `%fresh ${n}%` } },
        { price: { between: [1.5, 19.99 + n] } },
        { authorId: { inArray: [1, 2, 3, 5, 8, 13, 21 + n] } },
        { NOT: { deletedAt: { isNull: true } } },
      ],
    },
    orderBy: { updatedAt: "desc" },
    limit: 10 + n,
    offset: n,
  };
}

const posts = { ...node(4), with: { comments: node(5), tags: node(6) } };
const nested = {
  ...node(1),
  with: {
    author: { ...node(2), with: { profile: node(3), posts } },
    baskets: { ...node(7), with: { fruits: node(8) } },
  },
};

function rows(name: (i: number) => string, more: (i: number) => object): readonly object[] {
  return Array.from({ length: 10_000 }, (_, i) => ({
    id: i + 1,
    name: name(i),
    price: ((i * 37) % 5000) / 100,
    stock: (i * 7919) % 1000,
    organic: i % 3 === 0,
    colour: ["red", "green", "yellow"][i % 3],
    note: i % 5 > 0 ? null : "keep it's cool",
    ...more(i),
  }));
}

function dated(i: number): object {
  return { createdAt: new Date(1.7e12 + i * 6e7).toISOString() };
}

interface Payload {
  readonly name: string;
  readonly value: unknown;
  readonly repeats: number;
}
const PAYLOADS: readonly Payload[] = [
  { name: "selector", value: selector, repeats: 10_000 },
  { name: "nested selector", value: nested, repeats: 1000 },
  {
    name: "10,000 rows",
    value: rows(
      (i) => `Fruit number ${i}`,
      () => ({}),
    ),
    repeats: 2,
  },
  { name: "10,000 rows with dates", value: rows((i) => `Fruit number ${i}`, dated), repeats: 2 },
  {
    name: "10,000 rows in Amharic",
    value: rows(
      (i) => `ፍሬ ቁጥር ${i}`,
      () => ({}),
    ),
    repeats: 2,
  },
];
const ROUNDS = 41;
const WARM_UP = 10;

let sink = 0;

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

function time(act: () => number, repeats: number): number {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) sink += act();
  return ((performance.now() - start) * 1000) / repeats;
}

function compare(ours: () => number, theirs: () => number, repeats: number): string {
  const [mine, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const a = time(ours, repeats);
    const b = time(theirs, repeats);
    if (round < WARM_UP) continue;
    mine.push(a);
    other.push(b);
  }
  const figures = [median(mine), median(other)].map((micros) => `${micros.toFixed(2)} µs`.padStart(12));
  return `${(median(mine) / median(other)).toFixed(2)}× ${figures.join("")}`;
}

function last(text: string): number {
  return text.charCodeAt(text.length - 1);
}

const runtime =
  process.versions["bun"] === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions["bun"]}`;
console.log(
  `${runtime}, ${cpus().length} × ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, median of ${ROUNDS} rounds`,
);
console.log(`${"".padEnd(33)}ratio       RJSON        JSON`);
for (const { name, value, repeats } of PAYLOADS) {
  const [rjson, json] = [stringify(value), JSON.stringify(value)];
  sink += last(rjson) + last(json);
  if (JSON.stringify(parse(rjson)) !== json) throw new Error(`${name} did not read back`);
  console.log(`${name}, ${rjson.length} and ${json.length} characters`);
  console.log(
    `  parse`.padEnd(32),
    compare(
      () => (parse(rjson) ? 1 : 0),
      () => (JSON.parse(json) ? 1 : 0),
      repeats,
    ),
  );
  console.log(
    `  stringify`.padEnd(32),
    compare(
      () => last(stringify(value)),
      () => last(JSON.stringify(value)),
      repeats,
    ),
  );
}
if (sink === 0) throw new Error("nothing was measured");
