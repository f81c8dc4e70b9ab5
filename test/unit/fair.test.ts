import { describe, expect, test } from "bun:test";
import { Fair } from "../../src/engine/fair.ts";
import { Dice } from "../support/dice.ts";
import { signal as event } from "../support/write.ts";

const never = new AbortController().signal;
const PATIENT = { waitMs: 60_000, leaving: { signal: never } };

/** Lets everything go on that waits for nothing. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** Work that runs until it is ended, by name, in the order it was begun. */
class Bench {
  readonly begun: string[] = [];
  readonly done: string[] = [];
  readonly refused: string[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly #fair: Fair;

  constructor(capacity: number, watched = true) {
    this.#fair = new Fair(capacity, undefined, watched);
  }

  /** Sends work under a name whose first letter is its caller's. */
  async send(name: string, options = PATIENT): Promise<void> {
    const over = event();
    const work = async (): Promise<void> => {
      this.begun.push(name);
      this.#ends.set(name, over.give);
      await over.came;
    };
    await this.#fair.run(name[0]!, work, options).then(
      () => this.done.push(name),
      (error: { status: number }) => this.refused.push(`${name} ${error.status}`),
    );
  }

  sendAll(...names: readonly string[]): void {
    for (const name of names) void this.send(name);
  }

  async end(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#ends.get(name)!();
      await settle();
    }
  }

  get running(): readonly string[] {
    return this.begun.filter((name) => !this.done.includes(name));
  }
}

describe("a caller alone takes half of the places, one at least:", () => {
  test.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [10, 5],
    [16, 8],
  ])("of %d he takes %d", async (capacity, expected) => {
    const bench = new Bench(capacity);
    bench.sendAll(...Array.from({ length: 20 }, (_, i) => `a${i}`));
    await settle();
    expect(bench.running.length).toBe(expected);
  });
});

test("who comes beside one who has filled his share begins at once", async () => {
  const bench = new Bench(10);
  bench.sendAll(...Array.from({ length: 50 }, (_, i) => `a${i}`));
  bench.sendAll("b0", "b1", "b2", "c0");
  await settle();
  expect(bench.running).toEqual(["a0", "a1", "a2", "a3", "a4", "b0", "b1", "c0"]);
});

test("callers come in turn, and each one's work in its order", async () => {
  const bench = new Bench(1);
  bench.sendAll("a0", "a1", "a2", "a3", "b0", "b1", "c0");
  await settle();
  for (let i = 0; i < 7; i++) await bench.end(bench.running[0]!);
  expect(bench.begun).toEqual(["a0", "a1", "b0", "c0", "a2", "b1", "a3"]);
  expect(bench.done).toEqual(bench.begun);
});

test("work begins at once where there is room", () => {
  let begun = false;
  void new Fair(1).run("a", async () => void (begun = true), PATIENT);
  expect(begun).toBe(true);
});

test("what work answers or throws is handed on, and its place is free again", async () => {
  const fair = new Fair(1);
  const boom = new Error("boom");
  expect(await fair.run("a", async () => 7, PATIENT)).toBe(7);
  expect(fair.run("a", () => Promise.reject(boom), PATIENT)).rejects.toBe(boom);
  const throws = (): never => {
    throw boom;
  };
  expect(fair.run("b", throws, PATIENT)).rejects.toBe(boom);
  expect(await fair.run("c", async () => 8, PATIENT)).toBe(8);
});

describe("who waits too long hears 503 and is out of the queue:", () => {
  const refusal = (fair: Fair, caller: string): Promise<Record<string, unknown>> =>
    fair
      .run(caller, async () => ({}), { waitMs: 5, leaving: { signal: never } })
      .catch((error: unknown) => error as never);

  test("with a word on his own share, where that is what he waits for", async () => {
    const fair = new Fair(4);
    const over = event();
    const held = [1, 2].map(() => fair.run("a", () => over.came, PATIENT));
    expect(await refusal(fair, "a")).toMatchObject({
      code: "busy",
      status: 503,
      headers: { "Retry-After": "1" },
      hint: expect.stringContaining("your own share"),
    });
    const other = fair.run("b", () => over.came, PATIENT);
    const third = fair.run("c", () => over.came, PATIENT);
    expect(await refusal(fair, "d")).toMatchObject({ code: "busy", hint: "try again" });
    over.give();
    await Promise.all([...held, other, third]);
    expect(await refusal(fair, "d")).toEqual({});
  });

  test.each([
    ["no turn within 5 ms", undefined],
    ["no turn within 5 ms: is it full?", "is it full?"],
  ])("and the author hears %s", async (message, reason) => {
    const fair = new Fair(1, reason);
    const over = event();
    const held = fair.run("a", () => over.came, PATIENT);
    expect(await refusal(fair, "b")).toMatchObject({ cause: { message } });
    over.give();
    await held;
  });

  test("and those behind him come before their own time is over", async () => {
    const bench = new Bench(1);
    bench.sendAll("a0");
    const late = bench.send("b0", { waitMs: 5, leaving: { signal: never } });
    bench.sendAll("b1");
    await late;
    await bench.end("a0", "b1");
    expect([bench.begun, bench.refused]).toEqual([["a0", "b1"], ["b0 503"]]);
  });
});

describe("who leaves", () => {
  test("is out of the queue at once, and the next takes his turn", async () => {
    const bench = new Bench(1);
    const left = new AbortController();
    bench.sendAll("a0");
    void bench.send("b0", { waitMs: 60_000, leaving: { signal: left.signal } });
    bench.sendAll("b1");
    left.abort();
    await settle();
    expect(bench.refused).toEqual(["b0 499"]);
    await bench.end("a0", "b1");
    expect(bench.begun).toEqual(["a0", "b1"]);
  });

  test("before he has come does nothing", async () => {
    const bench = new Bench(1);
    await bench.send("a0", { waitMs: 60_000, leaving: { signal: AbortSignal.abort() } });
    expect([bench.begun, bench.refused]).toEqual([[], ["a0 499"]]);
  });

  test("in the moment he is let in begins nothing, and gives his place to the next", async () => {
    for (let steps = 0; steps < 8; steps++) {
      const bench = new Bench(1);
      const left = new AbortController();
      bench.sendAll("a0");
      void bench.send("b0", { waitMs: 60_000, leaving: { signal: left.signal } });
      bench.sendAll("c0");
      await settle();
      const ending = bench.end("a0");
      for (let step = 0; step < steps; step++) await Promise.resolve();
      const begunBefore = bench.begun.includes("b0");
      left.abort();
      await ending;
      expect([steps, bench.running]).toEqual([steps, begunBefore ? ["b0"] : ["c0"]]);
    }
  });

  test("while his work runs does not take its place from it", async () => {
    const bench = new Bench(1);
    const left = new AbortController();
    void bench.send("a0", { waitMs: 60_000, leaving: { signal: left.signal } });
    left.abort();
    bench.sendAll("b0");
    await settle();
    expect(bench.running).toEqual(["a0"]);
    await bench.end("a0");
    expect([bench.running, bench.done]).toEqual([["b0"], ["a0"]]);
  });

  test.each(["let in", "late", "left"])("is listened for no more when he is %s", async (how) => {
    const left = new AbortController();
    let listeners = 0;
    const { signal } = left;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    Object.assign(signal, {
      addEventListener: (...parameters: Parameters<typeof add>) => (listeners++, add(...parameters)),
      removeEventListener: (...parameters: Parameters<typeof remove>) => (listeners--, remove(...parameters)),
    });
    const bench = new Bench(1);
    bench.sendAll("a0");
    const waiting = bench.send("b0", { waitMs: how === "late" ? 5 : 60_000, leaving: left });
    expect(listeners).toBe(1);
    if (how === "let in") await bench.end("a0", "b0");
    if (how === "left") left.abort();
    await waiting;
    expect(listeners).toBe(0);
  });

  test("is not looked at as long as the others are quick", async () => {
    const bench = new Bench(1, false);
    const unseen = {
      get signal(): AbortSignal {
        throw new Error("nobody need know");
      },
    };
    bench.sendAll("a0");
    void bench.send("b0", { waitMs: 60_000, leaving: unseen });
    await bench.end("a0", "b0");
    expect([bench.done, bench.refused]).toEqual([["a0", "b0"], []]);
  });

  test.each([0, 5, 30])("%d ms after he came is out of the queue soon", async (milliseconds) => {
    const bench = new Bench(1, false);
    const left = new AbortController();
    bench.sendAll("a0");
    const waiting = bench.send("b0", { waitMs: 60_000, leaving: left });
    bench.sendAll("b1");
    setTimeout(() => left.abort(), milliseconds);
    await waiting;
    expect(bench.refused).toEqual(["b0 499"]);
    await bench.end("a0", "b1");
    expect(bench.begun).toEqual(["a0", "b1"]);
  });
});

/** What a queue should do, told in the plainest way. */
class Model {
  readonly held = new Map<string, number>();
  readonly waiting: string[] = [];
  free: number;

  constructor(capacity: number) {
    this.free = capacity;
  }

  admits(caller: string): boolean {
    const held = this.held.get(caller) ?? 0;
    return this.free > 0 && (held === 0 || held + 1 <= this.free - 1);
  }

  take(caller: string, by: 1 | -1): void {
    this.free -= by;
    this.held.set(caller, (this.held.get(caller) ?? 0) + by);
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  "whatever comes, ends, fails and leaves: places, shares and turns are kept (%d)",
  async (seed) => {
    const dice = new Dice(seed);
    const capacity = dice.between(1, 12);
    const callers = ["a", "b", "c", "d", "e"].slice(0, dice.between(1, 5));
    const fair = new Fair(capacity, undefined, true);
    const model = new Model(capacity);
    const running: { readonly caller: string; readonly end: () => void; readonly fail: () => void }[] = [];
    const leaving = new Map<string, () => void>();
    /** How many were let in since somebody, who holds nothing, began to wait. */
    const passedBy = new Map<string, number>();
    let sent = 0;

    const begin = (caller: string, name: string): Promise<void> => {
      const at = model.waiting.indexOf(name);
      if (at >= 0) {
        expect(model.waiting.findIndex((other) => other[0] === caller)).toBe(at); // in order
        model.waiting.splice(at, 1);
        for (const other of callers)
          if (model.waiting.some((one) => one[0] === other) && (model.held.get(other) ?? 0) === 0)
            passedBy.set(other, (passedBy.get(other) ?? 0) + 1);
      }
      passedBy.delete(caller);
      leaving.delete(name);
      expect([name, model.admits(caller)]).toEqual([name, true]);
      model.take(caller, 1);
      return new Promise((resolve, reject) =>
        running.push({ caller, end: resolve, fail: () => reject(new Error("failed")) }),
      );
    };
    const send = (caller: string): void => {
      const name = `${caller}${sent++}`;
      const left = new AbortController();
      const admitted = model.admits(caller);
      model.waiting.push(name);
      leaving.set(name, () => left.abort());
      const options = { waitMs: 60_000, leaving: { signal: left.signal } };
      fair.run(caller, () => begin(caller, name), options).catch(() => undefined);
      expect([name, model.waiting.includes(name)]).toEqual([name, !admitted]);
    };
    const end = (how: "end" | "fail"): void => {
      const [one] = running.splice(dice.between(0, running.length - 1), 1);
      model.take(one!.caller, -1);
      one![how]();
    };
    const leave = (): void => {
      const name = dice.pick([...leaving.keys()]);
      model.waiting.splice(model.waiting.indexOf(name), 1);
      if (!model.waiting.some((one) => one[0] === name[0])) passedBy.delete(name[0]!);
      leaving.get(name)!();
      leaving.delete(name);
    };

    for (let step = 0; step < 600; step++) {
      if (dice.chance(0.55)) send(dice.pick(callers));
      else if (running.length > 0 && dice.chance(0.8)) end(dice.chance(0.2) ? "fail" : "end");
      else if (leaving.size > 0) leave();
      await settle();
      for (const name of model.waiting) expect([name, model.admits(name[0]!)]).toEqual([name, false]);
      for (const passes of passedBy.values()) expect(passes).toBeLessThan(callers.length);
    }
    while (running.length > 0) {
      end("end");
      await settle();
    }
    expect([model.waiting, model.free]).toEqual([[], capacity]);
    for (let i = 0; i < capacity; i++) void fair.run(`z${i}`, () => begin(`z${i}`, `z${i}`), PATIENT);
    expect(running.length).toBe(capacity); // none is lost
  },
);
