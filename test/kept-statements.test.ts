import { describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { admitAll, type Admitted, finishRows, plain } from "../src/author/author.ts";
import { compilerOf, type WriteSteps } from "../src/compile/compile.ts";
import type { Dialect } from "../src/dialect/dialect.ts";
import { parse } from "../src/http/parse.ts";
import { planWrite } from "../src/plan/plan.ts";
import { buildRegistry, type Policy } from "../src/policy/policy.ts";
import { askedAs, type Match, type Method } from "../src/request/request.ts";
import { readCatalog } from "../src/schema/schema.ts";

// What the engine keeps costs no statement more than it has to.

const columns = {
  id: integer().primaryKey(),
  orgId: integer().notNull(),
  title: text().notNull(),
  deletedAt: integer({ mode: "timestamp" }),
  version: integer().notNull(),
};
const schema = { plain: sqliteTable("plain", columns), kept: sqliteTable("kept", columns) };
const rules = Object.fromEntries(
  ["POST", "PATCH", "DELETE"].map((method) => [method, { all: { select: true } }]),
);
const acl = Object.fromEntries(Object.keys(schema).map((table) => [table, { table, control: rules }]));
const tables = { kept: { set: { orgId: () => 1 }, softDelete: "deletedAt", version: "version" } };

const registry = buildRegistry(acl, readCatalog(schema), undefined, tables);
const policyOf = (resource: string, method: Method): Policy =>
  registry.get(resource)!.get(method)!.get("all")!;
const dialect = { speaks: "sqlite", rowsAreCheap: false, jsonPassesSelects: true } as unknown as Dialect;
const compiler = compilerOf(drizzle(":memory:", { schema }), dialect, "fast");

function steps(resource: string, method: Method, search = "", match?: Match, triggered = false): WriteSteps {
  const request = parse(method, resource, search);
  const plan = planWrite(
    policyOf(resource, method),
    match === undefined ? request : askedAs(request, { match }),
  );
  const admitted = admitAll(plan.nodes, {}) as Admitted;
  const rows = { admitted, check: plain("all"), ensure: "all", counted: plain("all") } as const;
  return compiler.write(plan, rows, { asRows: false, triggered });
}
const kinds = (taken: WriteSteps): readonly string[] => taken.steps.map(({ kind }) => kind);

describe("what is kept", () => {
  test("a new row is inserted by one text, with what is set and its version", () => {
    const policy = policyOf("kept", "POST");
    const values = finishRows(policy, "insert", { body: { title: "t" } });
    // Nobody waits where no function does.
    expect(values).toEqual([{ title: "t", orgId: 1, version: 1 }]);
    const taken = steps("kept", "POST");
    expect(kinds(taken)).toEqual(["write", "answer"]);
    const [write] = taken.steps;
    if (write?.kind !== "write") throw new Error("no write");
    const one = write.writing({ values: values as readonly Record<string, unknown>[] });
    expect(one).toMatchObject({ kind: "one", ask: { kind: "text", values: [1, "t", 1] } });
    expect((one as { ask: { text: string } }).ask.text).toStartWith(
      'insert into "kept" ("orgId", "title", "version") values (?1, ?2, ?3) returning ',
    );
  });

  test("a deletion is one update, outside a transaction where a removal is", () => {
    const search = "?select=(where:(id:1))";
    const taken = steps("kept", "DELETE", search);
    expect(kinds(taken)).toEqual(["write", "answer"]);
    expect(taken.atomic).toBe(steps("plain", "DELETE", search).atomic);
    expect(taken.atomic).toBe(false);
    const [write] = taken.steps;
    if (write?.kind !== "write") throw new Error("no write");
    const asked = write.writing({ values: [] });
    const set = { deletedAt: expect.any(Date), version: expect.anything() };
    expect(asked).toMatchObject({ kind: "rows", asks: [{ kind: "update", set }] });
  });

  test("rows are read before where a trigger may change them, and nowhere without need", () => {
    expect(kinds(steps("kept", "DELETE", "", undefined, true))).toEqual(["before", "write", "answer"]);
    expect(kinds(steps("kept", "DELETE", "?select=(columns:F)", undefined, true))).toEqual(["write"]);
  });

  test("versions are one statement more, in a transaction", () => {
    for (const match of ["any", [1, 2]] as const)
      for (const method of ["PATCH", "DELETE"] as const) {
        const taken = steps("kept", method, "?select=(where:(id:1))", match);
        expect(kinds(taken)).toEqual(["match", "write", "answer"]);
        expect(taken.atomic).toBe(true);
      }
    expect(kinds(steps("kept", "PATCH", "?select=(where:(id:1))"))).toEqual(["write", "answer"]);
  });

  test("a table of which nothing is said is written as ever", () => {
    const [insert] = steps("plain", "POST").steps;
    const [change] = steps("plain", "PATCH").steps;
    const [removal] = steps("plain", "DELETE").steps;
    if (insert?.kind !== "write" || change?.kind !== "write" || removal?.kind !== "write")
      throw new Error("no write");
    const row = { orgId: 1, title: "t", version: 7 };
    expect(finishRows(policyOf("plain", "POST"), "insert", { body: row })).toEqual([row]);
    expect(insert.writing({ values: [row] })).toMatchObject({ kind: "one", ask: { values: [1, "t", 7] } });
    expect(change.writing({ values: [{ title: "t" }] })).toMatchObject({ asks: [{ set: { title: "t" } }] });
    expect(removal.writing({ values: [] })).toMatchObject({ asks: [{ kind: "delete" }] });
  });
});
