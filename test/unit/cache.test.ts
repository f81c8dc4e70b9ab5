import { describe, expect, test } from "bun:test";
import { Cache, Seen } from "../../src/cache.ts";

describe("a cache", () => {
  test("holds twice its size at most, and forgets what was not asked for lately", () => {
    const forgotten: number[] = [];
    const cache = new Cache<number>(2, { dropped: (value) => forgotten.push(value) });
    for (let n = 0; n < 4; n++) cache.set(`${n}`, n);
    expect(cache.size).toBe(4);
    expect(cache.get("0")).toBe(0); // is young again, and sends the others on
    expect(cache.size).toBe(3);
    expect(forgotten).toEqual([1]);
    expect([cache.get("1"), cache.get("2"), cache.get("3")]).toEqual([undefined, 2, 3]);
  });

  test("holds twice its weight at most, whatever its entries weigh", () => {
    const forgotten: string[] = [];
    const cache = new Cache<string>(1_000, {
      most: 100,
      weigh: (key, value) => key.length + value.length,
      dropped: (value) => forgotten.push(value),
    });
    let set = 0;
    for (let n = 0; n < 500; n++) {
      const value = "x".repeat(n % 60);
      cache.set(`key ${n}`, value);
      set++;
      cache.get(`key ${n - 3}`);
      expect(cache.weight).toBeLessThanOrEqual(200);
      expect(cache.size + forgotten.length).toBe(set);
    }
    expect(cache.size).toBeGreaterThan(2);
    cache.clear();
    expect([cache.size, cache.weight, forgotten.length]).toEqual([0, 0, set]);
  });
});

test("a text is known the second time, as long as not too many others come between", () => {
  const seen = new Seen();
  expect([seen.before("polite"), seen.before("polite"), seen.before("other")]).toEqual([false, true, false]);
  let known = 0;
  for (let n = 0; n < 1_000; n++) if (seen.before(`foreign ${n}`)) known++;
  expect(known).toBe(0);
  for (let n = 0; n < 1_000; n++) if (seen.before(`foreign ${n}`)) known++;
  expect(known).toBeGreaterThan(500);
});
