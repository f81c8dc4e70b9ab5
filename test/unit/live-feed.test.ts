import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import fc from "fast-check";
import { Line } from "../../src/live/feed/line.ts";
import { readNotice, together, writeNotice } from "../../src/live/feed/notice.ts";
import type { OpenWire, WireEvents } from "../../src/live/feed/wire.ts";
import { type Heard, hearing } from "../support/feeds.ts";

describe("a notice", () => {
  const name = fc.string({ unit: "binary", maxLength: 63 });

  test("is read as it was written, and fits into PostgreSQL's", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.array(name, { maxLength: 60 }), (origin, names) => {
        const text = writeNotice(origin, names);
        const told = readNotice(text);
        expect(new TextEncoder().encode(text).length).toBeLessThan(8_000);
        expect(told.origin).toBe(origin);
        if (told.touched !== "*") expect(told.touched).toEqual(names);
        else expect(names.includes("*") || JSON.stringify(names).length * 3 > 6_900).toBe(true);
      }),
    );
  });

  test("may hold anything", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { touched } = readNotice(text);
        expect(touched === "*" || touched.every((one) => typeof one === "string")).toBe(true);
      }),
    );
    expect(readNotice(`["x","${"a".repeat(9_000)}"]`)).toEqual({ origin: "", touched: "*" });
  });

  test("goes together with others", () => {
    expect(together(["a", "b"], ["b", "c"])).toEqual(["a", "b", "c"]);
    expect([together("*", ["a"]), together(["a"], "*"), together([], [])]).toEqual(["*", "*", []]);
  });
});

/** A wire as a test wants it. */
interface Played {
  readonly events: WireEvents;
  readonly sent: string[];
  closed: boolean;
}

/** How the wires of a test behave, and those there were. */
interface Stage {
  readonly wires: Played[];
  readonly heard: Heard;
  readonly line: Line;
  opens: () => Promise<unknown>;
  /** Whether what is sent is heard. */
  carries: (wire: Played) => boolean;
  sends: (wire: Played) => Promise<unknown>;
}

const lines: Line[] = [];
beforeEach(() => jest.useFakeTimers());
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(lines.splice(0).map((line) => line.close()));
});

/** Lets so many milliseconds pass, and all that is waited for meanwhile. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    jest.advanceTimersByTime(50);
  }
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function play(alone = true): Stage {
  const wires: Played[] = [];
  const heard = hearing();
  const open: OpenWire = (events) => {
    const wire: Played = { events, sent: [], closed: false };
    wires.push(wire);
    const send = async (text: string): Promise<void> => {
      wire.sent.push(text);
      await stage.sends(wire);
      if (stage.carries(wire)) events.heard(text);
    };
    return { ready: stage.opens(), send, close: () => (wire.closed = true) };
  };
  const stage: Omit<Stage, "line"> = {
    wires,
    heard,
    opens: () => Promise.resolve(),
    carries: () => true,
    sends: () => Promise.resolve(),
  };
  const line = new Line(heard, {
    name: "a feed",
    origin: "me",
    alone: () => alone,
    find: () => open,
    deaf: "deaf",
  });
  lines.push(line);
  return Object.assign(stage, { line });
}

const never = (): Promise<unknown> => new Promise(() => undefined);

describe("a line", () => {
  test("is back when its own notice was heard, and not before", async () => {
    const stage = play();
    stage.carries = () => false;
    await pass(1_000);
    stage.wires[0]!.events.heard('["another"]');
    await pass(100);
    expect([stage.heard.backs, stage.wires.length]).toEqual([0, 1]);
    stage.wires[0]!.events.heard('["me"]');
    await pass(100);
    expect([stage.heard.backs, stage.heard.changes, stage.heard.errors]).toEqual([1, [], []]);
  });

  test("opens another wire where one goes deaf, and says so once", async () => {
    const stage = play();
    await pass(100);
    stage.carries = (wire) => wire !== stage.wires[0];
    await pass(29_000);
    expect([stage.heard.backs, stage.heard.errors.length, stage.wires.length]).toEqual([1, 0, 1]);
    await pass(7_000);
    expect([stage.heard.backs, stage.heard.errors.length, stage.wires.length]).toEqual([2, 1, 2]);
    expect(String(stage.heard.errors[0])).toBe(
      "Error: a feed: what other processes write is not heard until it is back: deaf",
    );
    expect(stage.wires.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test("asks a wire that stands twice a minute, and no more", async () => {
    const stage = play();
    await pass(300_000);
    expect([stage.wires.length, stage.wires[0]!.sent.length]).toEqual([1, 11]);
  });

  test("gives up a wire that does not open", async () => {
    const stage = play();
    stage.opens = never;
    await pass(9_000);
    expect(stage.heard.errors.length).toBe(0);
    await pass(2_000);
    expect([stage.heard.errors.length, stage.wires[0]!.closed]).toEqual([1, true]);
  });

  test("tries again for ever, ever more seldom, and says so once", async () => {
    const stage = play();
    stage.opens = () => Promise.reject(new Error("refused"));
    await pass(5_000);
    const soon = stage.wires.length;
    await pass(600_000);
    const later = stage.wires.length - soon;
    expect(soon).toBeGreaterThan(2);
    expect(soon).toBeLessThan(30);
    // Five seconds between two in the mean.
    expect(later).toBeGreaterThan(80);
    expect(later).toBeLessThan(180);
    expect([stage.heard.errors.length, stage.heard.backs]).toEqual([1, 0]);
    stage.opens = () => Promise.resolve();
    await pass(11_000);
    expect([stage.heard.errors.length, stage.heard.backs]).toEqual([1, 1]);
  });

  test("tells when it is back what it was told meanwhile, once and together", async () => {
    const stage = play();
    stage.opens = never;
    stage.line.tell(["a", "b"]);
    stage.line.tell(["b", "c"]);
    await pass(500);
    expect(stage.wires.flatMap(({ sent }) => sent)).toEqual([]);
    stage.opens = () => Promise.resolve();
    await pass(12_000);
    expect(stage.wires.at(-1)!.sent).toEqual(['["me"]', '["me","a","b","c"]']);
    stage.line.tell("*");
    await pass(100);
    expect(stage.wires.at(-1)!.sent.slice(2)).toEqual(['["me","*"]']);
  });

  test("tells again by the next wire what one could not send, or did not say whether it has", async () => {
    for (const sends of [never, () => Promise.reject(new Error("broken"))]) {
      const stage = play();
      await pass(100);
      stage.sends = (wire) => (wire === stage.wires[0] ? sends() : Promise.resolve());
      stage.line.tell(["a"]);
      await pass(10);
      stage.line.tell(["b"]);
      await pass(7_000);
      expect([stage.heard.backs, stage.heard.errors.length, stage.wires.length]).toEqual([2, 1, 2]);
      const told = stage.wires[1]!.sent.flatMap((text) => readNotice(text).touched);
      expect(told.toSorted()).toEqual(["a", "b"]);
    }
  });

  test("sends one notice at a time, and what comes meanwhile together", async () => {
    const stage = play();
    await pass(100);
    const settle: (() => void)[] = [];
    stage.sends = () => new Promise<void>((resolve) => settle.push(resolve));
    for (const name of ["a", "b", "c"]) stage.line.tell([name]);
    await pass(50);
    expect(stage.wires[0]!.sent.slice(1)).toEqual(['["me","a"]']);
    settle[0]!();
    await pass(50);
    expect(stage.wires[0]!.sent.slice(1)).toEqual(['["me","a"]', '["me","b","c"]']);
  });

  test("tells again what an earlier wire says too late that it could not send, and keeps the one that is", async () => {
    const stage = play();
    await pass(100);
    let fail!: () => void;
    stage.sends = () => new Promise((_, reject) => (fail = () => reject(new Error("too late"))));
    stage.line.tell(["a"]);
    await pass(50);
    stage.sends = () => Promise.resolve();
    stage.wires[0]!.events.lost(new Error("cut"));
    await pass(500);
    fail();
    await pass(500);
    expect(stage.wires.length).toBe(2);
    expect(stage.wires[1]!.sent).toEqual(['["me"]', '["me","a"]']);
  });

  test("says each time that it is cut, and is back soon where it was open for long", async () => {
    const stage = play();
    stage.opens = () => Promise.reject(new Error("refused"));
    await pass(300_000);
    stage.opens = () => Promise.resolve();
    for (let times = 1; times <= 20; times++) {
      await pass(21_000);
      expect([stage.heard.backs, stage.heard.errors.length]).toEqual([times, times]);
      stage.wires.at(-1)!.events.lost(new Error("cut"));
      // The first rest is 200 ms at most, or the second 400.
      await pass(500);
      expect([stage.heard.backs, stage.heard.errors.length]).toEqual([times + 1, times + 1]);
    }
  });

  test("leaves its own notices out where nobody else in its process listens", async () => {
    for (const alone of [true, false]) {
      const stage = play(alone);
      await pass(100);
      stage.wires[0]!.events.heard('["me","post"]');
      expect(stage.heard.changes).toEqual(alone ? [] : [["post"]]);
    }
  });

  test("hears nothing from a wire that was given up, which cuts no other", async () => {
    const stage = play();
    await pass(100);
    stage.wires[0]!.events.lost(new Error("cut"));
    await pass(500);
    stage.wires[0]!.events.lost(new Error("cut again"));
    stage.wires[0]!.events.heard('["x","post"]');
    await pass(500);
    expect([stage.wires.length, stage.heard.backs, stage.heard.changes]).toEqual([2, 2, []]);
    stage.wires[1]!.events.heard('["x","post"]');
    expect(stage.heard.changes).toEqual([["post"]]);
  });

  test("ends whatever it is about", async () => {
    for (const milliseconds of [0, 100, 15_000]) {
      for (const opens of [() => Promise.resolve(), never, () => Promise.reject(new Error("refused"))]) {
        const stage = play();
        stage.opens = opens;
        await pass(milliseconds);
        const { length } = stage.heard.errors;
        await stage.line.close();
        const wires = stage.wires.length;
        for (const { events } of stage.wires) events.heard('["x","post"]');
        await pass(60_000);
        expect(stage.wires.every(({ closed }) => closed)).toBe(true);
        expect([stage.heard.changes, stage.heard.errors.length, stage.wires.length]).toEqual([
          [],
          length,
          wires,
        ]);
      }
    }
  });
});
