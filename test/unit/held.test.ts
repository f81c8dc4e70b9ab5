import { expect, test } from "bun:test";
import { begin, heldSince } from "../../src/clock.ts";

/** Keeps this thread working for so many milliseconds of a processor. */
function work(milliseconds: number): void {
  const began = process.cpuUsage();
  const spent = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  while (spent() < milliseconds);
}

test("what works holds its thread for as long, however long it takes on a busy machine", () => {
  const began = begin();
  work(30);
  const held = heldSince(began);
  expect(held).toBeGreaterThan(5);
  expect(held).toBeLessThanOrEqual(performance.now() - began);
});

test("what waits counts for a part of that, and not for nothing", () => {
  const began = begin();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 80);
  const held = heldSince(began);
  expect(held).toBeGreaterThanOrEqual(20);
  expect(held).toBeLessThan((performance.now() - began) / 2);
});
