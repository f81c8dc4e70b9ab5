// Rows of values as one: all of them in one JSON, or none where JSON does not say them.
import { expect, test } from "bun:test";
import { boolean, doublePrecision, integer, pgTable, text } from "drizzle-orm/pg-core";
import { givenRows } from "../../src/compile/write/given.ts";
import { readCatalog } from "../../src/schema/schema.ts";

const table = pgTable("things", {
  id: integer("id").primaryKey(),
  title: text("title"),
  size: doublePrecision("size"),
  done: boolean("done"),
});
const columns = [...readCatalog({ table }).get("table")!.columns.values()];

test("rows are one value, each behind what stands at its beginning", () => {
  const rows = [
    { id: 1, title: 'a "title"', size: 1e21, done: true },
    { id: 2, title: null, size: 0.1, done: false },
  ];
  expect(givenRows(rows, columns)).toBe('[[1,"a \\"title\\"",1e+21,true],[2,null,0.1,false]]');
  expect(givenRows(rows, columns.slice(0, 1), [["k"], ["l"]])).toBe('[["k",1],["l",2]]');
});

test("what JSON does not say is no part of it", () => {
  const row = { id: 1, title: "a", size: 0, done: true };
  expect(givenRows([row, { ...row, size: -0 }], columns)).toBeUndefined();
  expect(givenRows([row, { ...row, size: Number.NaN }], columns)).toBeUndefined();
});

test("what is longer than the server takes as one is none", () => {
  const [, title] = columns;
  const most = 16_777_216 - '[["a"],["b"]]'.length;
  const rowsOf = (length: number) => [{ title: `a${"x".repeat(length)}` }, { title: "b" }];
  expect(givenRows(rowsOf(most), [title!])?.length).toBe(16_777_216);
  expect(givenRows(rowsOf(most + 1), [title!])).toBeUndefined();
});
