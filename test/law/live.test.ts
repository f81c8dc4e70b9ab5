import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { QueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { and, eq } from "drizzle-orm";
import fc from "fast-check";
import { PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import { Watching } from "../support/live.ts";
import { ANYTHING, ASKABLE, file, RESOURCES } from "../support/policy-arbitrary.ts";
import { type HouseGround, openHouse, pathOf, routeOf, sentWith } from "../support/policy-laws.ts";
import { posed, type Posed, posedQuestion } from "../support/policy-posed.ts";
import {
  asked,
  type Asked,
  changing,
  type Changing,
  questionOf,
  writingOf,
} from "../support/policy-questions.ts";
import { caller, cellFrom, house } from "../support/policy-rows.ts";
import { type FileSpec, type ResourceSpec, type TopSpec, written } from "../support/policy-rules.ts";
import type { Caller } from "../support/policy-seat.ts";
import { SERVER } from "../support/postgresql.ts";
import { HOUSE, HOUSE_TABLES, type HouseTable } from "../support/written-once.ts";

// Answers that are kept true: after every step of a random history what a client has made of the events is what a GET
// answers then, to the letter, and nothing was said that changed nothing.

const PLACES = [
  { name: "a libSQL file", speaks: "sqlite", sqlite: "libsql file", share: 1 },
  { name: "bun:sqlite", speaks: "sqlite", sqlite: "bun:sqlite", share: 1 },
  ...(SERVER === undefined
    ? []
    : [{ name: "PostgreSQL", speaks: "postgresql", sqlite: "bun:sqlite", share: 0.4 } as const]),
] as const;

type Place = (typeof PLACES)[number];

const grounds = new Map<Place, HouseGround>();
beforeAll(async () => {
  for (const place of PLACES) grounds.set(place, await openHouse(place.speaks, { sqlite: place.sqlite }));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

// --- what is drawn ---------------------------------------------------------------------------------------------------

/** A question that is kept true. */
type Drawn =
  | { readonly posed: Posed }
  | { readonly asked: Asked }
  | { readonly listed: string; readonly caller: Caller };

/** Questions whose rows move, come and go, and are many enough that a change is shorter than the answer. */
const LISTS = [
  "tasks?select=(orderBy:(points:desc))",
  "todos?countTotal&select=(orderBy:(title:asc),limit:5)",
  "projects?select=(with:(tasks:(orderBy:(points:asc)),owner:T))",
  "users?select=(orderBy:(salary:desc),with:(entries:(orderBy:(hours:desc)),reports:T))",
  "comments?countTotal&countFiltered&select=(where:(author.name.isNotNull:T),with:(author:T,task:T))",
  "people?select=(count:(tasks:T,comments:T),orderBy:(tasks.count:desc))",
  "entries?aggregate=(count:T,groupBy:_(userId)_)",
];

const posing = posed.map((one): Drawn => ({ posed: { ...one, cursor: undefined } }));
const asking = asked.map((one): Drawn => ({ asked: one }));
const listing = fc.record({ listed: fc.constantFrom(...LISTS), caller });
const several = { minLength: 4, maxLength: 5, size: "max" } as const;

/** A file, and questions: of one that is made for questions more may be asked, and nothing is written through it. */
const scene: fc.Arbitrary<readonly [FileSpec, readonly Drawn[]]> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(file(ANYTHING), fc.array(fc.oneof(posing, asking), several)) },
  { weight: 1, arbitrary: fc.tuple(file(ASKABLE), fc.array(posing, several)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant(openFile()), fc.array(fc.oneof(posing, listing, listing), several)),
  },
);

/** A file that lets out everything, so that answers are large and most changes are seen. */
function openFile(): FileSpec {
  const resources = Object.entries(RESOURCES).map(([id, table]): [string, ResourceSpec] => {
    const within = Object.fromEntries(Object.keys(HOUSE[table].relations).map((name) => [name, true]));
    const read: TopSpec = { select: true, aggregate: true, with: within };
    const write: TopSpec = { select: true, write: true, check: true };
    return [
      id,
      {
        table,
        control: { GET: { all: read }, POST: { all: write }, PATCH: { all: write }, DELETE: { all: write } },
      },
    ];
  });
  return { tables: {}, resources: Object.fromEntries(resources) };
}

function pathFrom(spec: FileSpec, one: Drawn): string {
  if ("listed" in one) return one.listed;
  return pathOf("posed" in one ? posedQuestion(spec, one.posed) : questionOf(spec, one.asked));
}

const callerOf = (one: Drawn): Caller =>
  "listed" in one ? one.caller : ("posed" in one ? one.posed : one.asked).caller;

/** What happens between two looks. */
type Step =
  /** A write through the engine, of one request or of a list. */
  | { readonly kind: "engine"; readonly writes: readonly Changing[] }
  /** A statement past the engine: its author says which table it was, or another connection is to be noticed. */
  | {
      readonly kind: "past";
      readonly table: HouseTable;
      readonly remove: boolean;
      readonly row: number;
      readonly cells: readonly (readonly [column: number, value: number])[];
      readonly told: boolean;
    }
  /** Somebody is another from now on. */
  | { readonly kind: "caller"; readonly whose: number; readonly caller: Caller };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("engine"),
      writes: fc.array(changing, { minLength: 1, maxLength: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("engine"),
      writes: fc.array(changing, { minLength: 2, maxLength: 3 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant("past"),
      table: fc.constantFrom(...HOUSE_TABLES),
      remove: fc.nat(4).map((n) => n === 0),
      row: fc.nat(9),
      cells: fc.array(fc.tuple(fc.nat(9), fc.nat(99)), { minLength: 1, maxLength: 2 }),
      told: fc.nat(9).map((n) => n > 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("caller"), whose: fc.nat(4), caller }) },
) as fc.Arbitrary<Step>;

// --- a history -------------------------------------------------------------------------------------------------------

const seen = { steps: 0, streams: 0, refused: 0, ended: 0, patches: 0, answers: 0, moves: 0, changed: 0 };

/** Lets every GET of a file be live. */
const lively = (acl: ReturnType<typeof written>["acl"]): object =>
  Object.fromEntries(
    Object.entries(acl).map(([id, entry]) => {
      const rules = Object.entries((entry.control["GET"] ?? {}) as Record<string, object>);
      const GET = Object.fromEntries(rules.map(([role, rule]) => [role, { ...rule, live: true }]));
      return [id, { ...entry, control: { ...entry.control, ...(rules.length > 0 && { GET }) } }];
    }),
  );

/** A stream, and who reads it. */
interface Reader {
  readonly watching: Watching;
  readonly path: string;
  readonly name: string;
  /** What it was told, as long as that changed something. */
  events: number;
}

class History {
  readonly #place: Place;
  readonly #ground: HouseGround;
  readonly #spec: FileSpec;
  readonly #callers = new Map<string, Caller>();
  readonly #route: QueryRoute & {
    changed(...tables: string[]): void;
    recheck(): void;
    close(): Promise<void>;
  };
  readonly #errors: unknown[];
  #readers: Reader[] = [];

  constructor(place: Place, spec: FileSpec, hook: number) {
    this.#place = place;
    this.#ground = grounds.get(place)!;
    this.#spec = spec;
    const { acl } = written(spec, this.#ground.schema);
    const { tenant } = this.#ground.schema;
    const route = routeOf(spec, this.#ground, {
      acl: lively(acl) as never,
      live: live({ debounce: 1 }),
      ownConnection: true,
      batch: true,
      session: {
        parser: (request, context) => {
          const { me, tenant: own } = this.#callerOf(request);
          Object.assign(context, { me, tenant: own });
        },
        getRole: (request) => this.#callerOf(request).roles as never,
      },
      // A hook that writes elsewhere, and says so or says nothing.
      ...(hook > 0 && {
        afterWrite: async ({
          tx,
          changed,
        }: {
          tx: HouseGround["database"];
          changed: (...tables: string[]) => void;
        }) => {
          await tx.update(tenant).set({ name: `${Math.random()}` });
          if (hook === 1) changed("tenant");
        },
      }),
    });
    this.#route = route.route as never;
    this.#errors = route.errors;
  }

  #callerOf(request: Request): Caller {
    return this.#callers.get(request.headers.get("x-caller")!)!;
  }

  async open(all: readonly Drawn[]): Promise<void> {
    for (const [index, one] of all.entries()) {
      const name = `c${index}`;
      const path = pathFrom(this.#spec, one);
      this.#callers.set(name, callerOf(one));
      const watching = await Watching.open(this.#sendAs(name), path, { headers: { "x-caller": name } });
      const expected = await this.#get(name, path);
      if (expected.status !== 200) {
        expect(`${watching.response.status}`, path).toBe(`${expected.status}`);
        expect(await watching.response.text()).toBe(expected.text);
        seen.refused++;
        continue;
      }
      seen.streams++;
      await watching.heard(1);
      expect(watching.json).toBe(JSON.stringify(JSON.parse(expected.text)));
      this.#readers.push({ watching, path, name, events: 1 });
    }
  }

  #sendAs(name: string) {
    return (path: string, init: RequestInit): Promise<Response> =>
      this.#route.GET(new Request(`http://law.test/query/${path}`, init), { address: name });
  }

  async #get(name: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await this.#route.GET(
      new Request(`http://law.test/query/${path}`, { headers: { "x-caller": name } }),
      { address: name },
    );
    return { status: response.status, text: await response.text() };
  }

  async take(step: Step): Promise<void> {
    seen.steps++;
    if (step.kind === "engine") await this.#write(step.writes);
    else if (step.kind === "past") await this.#past(step);
    else {
      this.#callers.set(`c${step.whose}`, step.caller);
      this.#route.recheck();
    }
    await this.#look(step);
  }

  async #write(writes: readonly Changing[]): Promise<void> {
    const [first] = writes;
    this.#callers.set("writer", first!.caller);
    const send = async (method: string, path: string, body: unknown, headers = {}): Promise<void> => {
      const request = new Request(`http://law.test/query/${path}`, {
        method,
        headers: { "x-caller": "writer", "content-type": "application/json", ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const response = await this.#route[method as "POST"](request, { address: "writer" });
      if (response.status < 300) seen.changed++;
      expect(response.status, await response.text()).toBeLessThan(500);
    };
    const writings = writes.map((one) => writingOf(this.#spec, one));
    if (writings.length === 1) {
      const [writing] = writings;
      const { body, headers } = sentWith(writing!);
      return send(writing!.method, pathOf(writing!), body, headers);
    }
    const operations = writings.map(({ method, resource, selector, body }) => ({
      method,
      resource,
      ...(selector !== undefined && { select: selector }),
      ...(body !== undefined && { body }),
    }));
    return send("POST", "$batch", operations);
  }

  async #past(step: Extract<Step, { readonly kind: "past" }>): Promise<void> {
    const { database, schema } = this.#ground;
    const { table, cells, remove } = step;
    const own = schema[table];
    const rows = (await database.select().from(own)) as Record<string, unknown>[];
    const row = rows[step.row % Math.max(1, rows.length)];
    if (row === undefined) return;
    const { key, columns } = HOUSE[table];
    const names = Object.keys(columns).filter((name) => !key.includes(name));
    const where = and(...key.map((name) => eq((own as never)[name], row[name])));
    const set = Object.fromEntries(
      cells.map(([column, value]) => {
        const name = names[column % names.length]!;
        return [name, cellFrom(table, name, value)];
      }),
    );
    try {
      await (remove ? database.delete(own).where(where) : database.update(own).set(set).where(where));
    } catch {
      return; // what the database refuses has changed nothing
    }
    // Of a libSQL file each transaction has a connection of its own, and this was none of the engine's.
    if (step.told || this.#place.sqlite !== "libsql file") this.#route.changed(table);
  }

  /** Compares what is kept with what is answered now. */
  async #look(after: Step): Promise<void> {
    const left: Reader[] = [];
    for (const reader of this.#readers) {
      const { watching, name, path } = reader;
      const { status, text } = await this.#get(name, path);
      const told = (): string =>
        `${decodeURIComponent(path)} as ${JSON.stringify(this.#callers.get(name))} on ${this.#place.name}\nafter ${JSON.stringify(after)}\nGET ${status} ${text}\nkept    ${watching.json}\nheard ${watching.text.slice(-3_000)}\n${this.#errors.map(String).join()}`;
      const expected = status === 200 ? JSON.stringify(JSON.parse(text)) : undefined;
      try {
        await watching.until(
          () => (expected === undefined ? watching.of().end !== undefined : watching.json === expected),
          3_000,
        );
      } catch {
        throw new Error(told());
      }
      if (expected === undefined) {
        expect(JSON.stringify(watching.of().end), told()).toBe(text);
        await watching.until(() => watching.closed);
        seen.ended++;
      } else left.push(reader);
      if (watching.idle > 0) throw new Error(`an event changed nothing: ${told()}`);
    }
    this.#readers = left;
  }

  async close(): Promise<void> {
    for (const { watching } of this.#readers) {
      for (const { event, data } of watching.events) {
        if (event === "patch") seen.patches++;
        if (event === "answer") seen.answers++;
        if (data.includes('"op":"move"')) seen.moves++;
      }
      await watching.close();
    }
    await this.#route.close();
    expect(this.#errors).toEqual([]);
  }
}

describe(`live answers are what a GET answers (seed ${SEED})`, () => {
  test.each(PLACES.map((place) => [place.name, place] as const))(
    "%s",
    async (_, place) => {
      await fc.assert(
        fc.asyncProperty(
          scene,
          house,
          fc.array(step, { minLength: 6, maxLength: 14, size: "max" }),
          fc.nat(5),
          async ([spec, questions], rows, steps, hook) => {
            await grounds.get(place)!.load(rows);
            const history = new History(place, spec, hook);
            try {
              await history.open(questions);
              for (const one of steps) await history.take(one);
            } finally {
              await history.close();
            }
          },
        ),
        { ...runs(100 * place.share), endOnFailure: true }, // a history takes long, and is short
      );
    },
    PATIENCE,
  );

  test("there were many of each kind", () => {
    console.log(JSON.stringify(seen));
    thatMany("others", "live", seen.steps);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});
