import { describe, expect, test } from "bun:test";
import { type Holder, Shares } from "../../src/engine/shares.ts";
import { Dice } from "../support/dice.ts";

const enter = (shares: Shares, caller: string): Holder | string => {
  try {
    return shares.enter({ caller });
  } catch (error) {
    return (error as { hint: string }).hint;
  }
};
/** How many places a caller gets who wants all there are. */
const fill = (shares: Shares, caller: string): number => {
  for (let held = 0; ; held++) if (typeof enter(shares, caller) === "string") return held;
};
const OWN = expect.stringContaining("your own share");

describe("a caller alone gets half of the places, and others find room:", () => {
  test.each([
    [1, [1, 0, 0]],
    [2, [1, 1, 0]],
    [3, [2, 1, 0]],
    [4, [2, 1, 1]],
    [10, [5, 3, 1]],
    [256, [128, 64, 32]],
  ])("of %d", (capacity, expected) => {
    const shares = new Shares(capacity);
    expect(["a", "b", "c"].map((caller) => fill(shares, caller))).toEqual(expected);
  });
});

test("who asks for more than his share hears so, and who comes when all are taken does not", () => {
  const shares = new Shares(2);
  const [a] = [enter(shares, "a"), enter(shares, "b")];
  expect(enter(shares, "a")).toEqual(OWN);
  expect(enter(shares, "c")).toBe("try again");
  shares.leave(a as Holder);
  expect(typeof enter(shares, "c")).toBe("object");
});

test("whoever is alone is not asked for his key", () => {
  const shares = new Shares(10);
  let asked = 0;
  const who = {
    get caller() {
      asked++;
      return "a";
    },
  };
  for (let i = 0; i < 5; i++) {
    shares.assertRoom(who);
    shares.leave(shares.enter(who));
  }
  expect(asked).toBe(0);
  shares.enter(who);
  expect([fill(shares, "a"), asked]).toEqual([4, 1]);
});

test("those who hold nothing are not remembered for ever", () => {
  const shares = new Shares(10);
  const first = shares.enter({ caller: "first" });
  const before = Bun.nanoseconds();
  for (let i = 0; i < 5_000; i++) shares.leave(shares.enter({ caller: `caller ${i}` }));
  expect(Bun.nanoseconds() - before).toBeLessThan(2e9);
  shares.leave(first);
  expect(fill(shares, "first")).toBe(5);
});

test.each([1, 2, 3, 4, 5])("counts as a plain count by caller does, whatever comes and goes (%d)", (seed) => {
  const dice = new Dice(seed);
  const roll = (sides: number): number => dice.between(0, sides - 1);
  const capacity = 1 + roll(12);
  const shares = new Shares(capacity);
  const held = new Map<string, number>();
  const inside: { readonly caller: string; readonly holder: Holder }[] = [];
  for (let step = 0; step < 3_000; step++) {
    if (inside.length > 0 && roll(2) === 0) {
      const [{ caller, holder }] = inside.splice(roll(inside.length), 1) as [(typeof inside)[number]];
      shares.leave(holder);
      held.set(caller, held.get(caller)! - 1);
      continue;
    }
    const caller = "abcde"[roll(5)]!;
    const own = held.get(caller) ?? 0;
    const holder = enter(shares, caller);
    expect(typeof holder === "object").toBe(own < capacity - inside.length);
    if (typeof holder === "string") continue;
    inside.push({ caller, holder });
    held.set(caller, own + 1);
  }
});
