import fc from "fast-check";
import { afterOthers, type Answer, CONTRACT, type Operation, type Scene } from "./policy-batches.ts";
import { asked, type Asked, type Changing, changing, questionOf, writingOf } from "./policy-questions.ts";
import { caller } from "./policy-rows.ts";
import type { Caller } from "./policy-seat.ts";
import type { Conflict } from "./policy-upserts.ts";
import { HOUSE, type House } from "./written-once.ts";
import type { Row } from "./model.ts";

// Random writes that are more than one. Each is made of requests that are drawn alone; a sensible one takes such as come to
// something after those before it, a hostile one takes what comes.

/** Requests by number, of which bigger ones are made. */
export interface Pool {
  readonly changes: readonly Changing[];
  readonly reads: readonly Asked[];
}

export const pool: fc.Arbitrary<Pool> = fc.record({
  changes: fc.array(changing, { minLength: 60, maxLength: 60 }),
  reads: fc.array(asked, { minLength: 20, maxLength: 20 }),
});

/** One request of several: which of the pool it is, and what in it refers to others. */
interface Slot {
  readonly n: number;
  readonly reads: boolean;
  readonly named: boolean;
  readonly refers: boolean;
  readonly at: number;
  readonly strange: boolean;
}

const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((drawn) => drawn === 0);

const slot: fc.Arbitrary<Slot> = fc.record({
  n: fc.nat(59),
  reads: oneIn(4),
  named: fc.boolean(),
  refers: oneIn(2),
  at: fc.nat(999),
  strange: oneIn(8),
});

/** A batch by number. */
export interface Batching {
  readonly caller: Caller;
  readonly hostile: boolean;
  readonly slots: readonly Slot[];
}

export const batching: fc.Arbitrary<Batching> = fc.record({
  caller,
  hostile: oneIn(3),
  slots: fc.array(slot, { minLength: 1, maxLength: 3, size: "max" }),
});

/** Values as JSON brings them. */
const carried = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The requests of a batch so far, and what they come to; `isOver` where one is refused. */
interface Progress {
  readonly made: readonly Operation[];
  readonly answers: readonly Answer[];
  readonly house: House;
  readonly isOver: boolean;
}

/** The requests of a batch as a client sends them. */
export function operationsOf(scene: Scene, { changes, reads }: Pool, drawn: Batching): readonly Operation[] {
  const { caller: who, hostile, slots } = drawn;
  let progress: Progress = { made: [], answers: [], house: scene.house, isOver: false };
  for (const [i, each] of slots.entries()) {
    const { made, answers } = progress;
    const candidate = (k: number): Operation => {
      const n = each.n + k * 7;
      const single: Operation = each.reads
        ? { method: "GET", ...questionOf(scene.file, { ...reads[n % reads.length]!, caller: who }) }
        : writingOf(scene.file, { ...changes[n % changes.length]!, caller: who });
      const further = single.method === "GET" ? single : varied(scene, single, each.at + k);
      const operation = carried({ ...further, ...(each.named && { as: `q${i}` }) });
      return each.refers && i > 0 ? referring(operation, each, made, answers) : operation;
    };
    progress = further(scene, progress, candidate, hostile ? 1 : 5);
  }
  return progress.made;
}

/** With one more: the first of so many candidates that comes to something. */
function further(
  scene: Scene,
  { made, answers, house, isOver }: Progress,
  candidate: (k: number) => Operation,
  tries: number,
): Progress {
  const first = candidate(0);
  let found: Progress = { made: [...made, first], answers, house, isOver: true };
  let most = -1;
  for (let k = 0; k < (isOver ? 0 : tries) && most < 1; k++) {
    const one = k === 0 ? first : candidate(k);
    const now = [...made, one];
    const done = afterOthers({ ...scene, house }, one, { operations: now, answers, reading: CONTRACT });
    if (!("answer" in done)) continue;
    const { body } = done.answer;
    const worth = Math.min(1, Number(body["rowsAffected"] ?? body["count"] ?? 1));
    if (worth <= most) continue;
    most = worth;
    found = { made: now, answers: [...answers, done.answer], house: done.house, isOver: false };
  }
  return found;
}

/** A write in a way of its own, half of the time: a POST that may meet rows, a PATCH that adds. */
function varied({ file, house }: Scene, single: Operation, n: number): Operation {
  const { table } = file.resources[single.resource]!;
  const { key, columns } = HOUSE[table];
  const isList = Array.isArray(single.body);
  const rows = (isList ? single.body : [single.body]) as readonly Row[];
  if (n % 2 === 0) return single;
  if (single.method === "PATCH") {
    const numbers = Object.keys(columns).filter((name) =>
      ["integer", "real", "bigint"].includes(columns[name]!),
    );
    const named = numbers.filter((name) => Object.hasOwn(rows[0]!, name));
    const name = (named.length > 0 ? named : numbers)[n % Math.max(1, named.length || numbers.length)];
    if (name === undefined) return single;
    const sums = columns[name] === "bigint" ? ["1", "-5", "9223372036854775807"] : [1, -1, 3, 0];
    const by = n % 23 === 0 ? STRANGE_SUMS[n % STRANGE_SUMS.length] : sums[n % sums.length];
    return { ...single, body: { ...rows[0], [name]: { $inc: by } } };
  }
  if (single.method !== "POST") return single;
  // Half of the rows meet one that is there.
  const body = rows.map((row, i) => {
    const there = house[table][(n + i) % Math.max(1, house[table].length)];
    const isMet = there !== undefined && (n + i) % 4 < 2;
    return isMet ? { ...row, ...Object.fromEntries(key.map((name) => [name, there[name]])) } : row;
  });
  const sent = Object.keys(body[0]!).filter((name) => !key.includes(name));
  const update = sent.filter((_, i) => (n + i) % 3 === 0);
  const onConflict: Conflict = {
    target: n % 19 === 0 ? [Object.keys(columns)[n % 2]!] : key,
    ...(n % 5 === 0 ? { ignore: true } : update.length > 0 && n % 3 === 0 && { update }),
  };
  return { ...single, body: isList ? body : body[0], onConflict };
}

const STRANGE_SUMS = [null, "x", 0.5, {}, 2 ** 53] as const;

const STRANGE = [
  "",
  "0",
  "9.tasks.id",
  "q0",
  "q0.tasks",
  "0.tasks.7.id",
  "0.constructor.name",
  "0.tasks.__proto__",
  "0.count",
  "0.rowsAffected",
  "q1.comments.$masked",
  "nobody.users.id",
  7,
] as const;

/** A request one of whose values is that of an earlier answer. */
function referring(
  operation: Operation,
  { at, strange }: Slot,
  made: readonly Operation[],
  answers: readonly Answer[],
): Operation {
  const { body, selector } = operation;
  const where = selector?.where;
  const isPart = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  const row = Array.isArray(body) ? body[at % body.length] : body;
  const target = isPart(row) && (at % 3 !== 0 || !isPart(where)) ? row : isPart(where) ? where : undefined;
  if (target === undefined) return operation;
  const keys = Object.keys(target).filter((key) => !["AND", "OR", "NOT"].includes(key));
  if (keys.length === 0) return operation;
  const key = keys[at % keys.length]!;
  // Whether a number is one for a column of text digits is a matter of the chapter on numbers.
  if (/^(?:cost|size)\b/.test(key)) return operation;
  const masked = pathToMasked(at, made, answers);
  const odd = masked ?? STRANGE[at % STRANGE.length];
  const $ref = strange ? odd : pathTo(target[key], at, made, answers);
  if ($ref === undefined) return operation;
  const filled = { ...target, [key]: { $ref } };
  if (target === where) return { ...operation, selector: { ...selector, where: filled } };
  return {
    ...operation,
    body: Array.isArray(body) ? body.map((each) => (each === row ? filled : each)) : filled,
  };
}

/** The way to a value of an earlier answer, one of the same type if there is any. */
function pathTo(
  like: unknown,
  n: number,
  made: readonly Operation[],
  answers: readonly Answer[],
): string | undefined {
  const all = answers.flatMap(({ body, order }, i) => {
    if (order === "open") return [];
    const name = made[i]!.as ?? String(i);
    return [...leaves(body)].map(([path, value]) => ({ path: `${name}.${path}`, value }));
  });
  const same = all.filter(({ value }) => typeof value === typeof like);
  const some = same.length > 0 && n % 7 !== 0 ? same : all;
  return some[n % Math.max(1, some.length)]?.path;
}

/** The way to what is masked in an earlier answer. */
function pathToMasked(n: number, made: readonly Operation[], answers: readonly Answer[]): string | undefined {
  const all = answers.flatMap(({ body }, i) =>
    [...leaves(body)].flatMap(([path, value]) =>
      path.includes(".$masked.")
        ? [`${made[i]!.as ?? i}.${path.replace(/\.\$masked\.\d+$/, `.${String(value)}`)}`]
        : [],
    ),
  );
  return all[n % Math.max(1, all.length)];
}

function* leaves(value: unknown): Iterable<readonly [path: string, value: unknown]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== "object" || inner === null) yield [key, inner];
    // Of one row its place may be left out.
    const isOne = Array.isArray(inner) && inner.length === 1;
    for (const [rest, leaf] of leaves(isOne && key.length % 2 === 0 ? inner[0] : inner))
      yield [`${key}.${rest}`, leaf];
  }
}

/** A request of a batch as it is sent. */
export const sentAs = ({ method, resource, scope, selector, versions, ...rest }: Operation): object => ({
  method,
  resource,
  ...(scope !== undefined && { scope }),
  ...(selector !== undefined && { select: selector }),
  ...(versions !== undefined && { ifMatch: versions }),
  ...rest,
});
