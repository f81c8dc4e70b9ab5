import { expect, test } from "bun:test";
import { LONGEST } from "../../src/cache.ts";
import type { SyncStatement } from "../../src/dialect/sqlite/driver.ts";
import { Prepared } from "../../src/dialect/sqlite/prepared.ts";

/** Statements that answer with their text, and what became of them. */
function watched(size: number) {
  const open = new Set<SyncStatement>();
  let made = 0;
  const statements = new Prepared(size, (text) => {
    made++;
    const statement: SyncStatement = {
      rows(values) {
        if (!open.has(statement)) throw new Error("used after its end");
        if (values[0] === "fail") throw new Error("failed");
        return [[text]];
      },
      finalize: () => void open.delete(statement),
    };
    open.add(statement);
    return statement;
  });
  return { statements, open, made: () => made };
}

test("a statement is kept the second time, and ends with its use until then, even where it fails", () => {
  const { statements, open, made } = watched(10);
  expect(() => statements.rows("a", ["fail"])).toThrow("failed");
  expect([statements.size, open.size]).toEqual([0, 0]);
  for (let time = 0; time < 5; time++) expect(statements.rows("a", [])).toEqual([["a"]]);
  expect([statements.size, open.size, made()]).toEqual([1, 1, 2]);
  statements.clear();
  expect([statements.size, open.size]).toEqual([0, 0]);
});

test("a long one is never kept", () => {
  const { statements, open } = watched(10);
  for (let time = 0; time < 3; time++) statements.rows("x".repeat(LONGEST + 1), []);
  expect([statements.size, open.size]).toEqual([0, 0]);
});

test("those that come once push none out", () => {
  const { statements, open, made } = watched(10);
  for (let time = 0; time < 2; time++) statements.rows("polite", []);
  for (let n = 0; n < 2_500; n++) statements.rows(`foreign ${n}`, []);
  const before = made();
  expect(statements.rows("polite", [])).toEqual([["polite"]]);
  expect([made(), open.size]).toEqual([before, 1]);
});

test("of those that come again no more are kept than there may be", () => {
  const { statements, open } = watched(10);
  for (let n = 0; n < 100; n++) for (let time = 0; time < 2; time++) statements.rows(`${n}`, []);
  expect(statements.size).toBeGreaterThan(10);
  expect(statements.size).toBeLessThanOrEqual(20);
  expect(open.size).toBe(statements.size);
});
