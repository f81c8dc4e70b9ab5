import { describe, expect, test } from "bun:test";
import { CONTRACT, FAULTS, type Operation, outcomeOfBatch } from "../support/policy-batches.ts";
import { NESTED_FAULTS, outcomeOfNested } from "../support/policy-nested.ts";
import type { FileSpec, TopSpec } from "../support/policy-rules.ts";
import type { House } from "../support/written-once.ts";

// What the oracle says of bigger writes in a small house, written by hand from the contract.

const now = new Date(0);
const caller = { me: "ann", tenant: "t1", roles: null };
const user = (id: string, tenantId: string, salary: number | null, managerId: string | null = null) => ({
  id,
  tenantId,
  name: id,
  email: null,
  salary,
  managerId,
  deletedAt: null,
});
const house: House = {
  tenant: [],
  user: [user("ann", "t1", 1), user("bob", "t1", null, "ann"), user("eve", "t2", 3)],
  project: [],
  task: [],
  comment: [],
  entry: [],
};

const rule = (given: TopSpec = {}): { readonly all: TopSpec } => ({
  all: { select: true, write: true, ...given },
});
const kept = { mode: true, columns: ["name", "salary", "managerId"] };
const control = {
  GET: rule(),
  POST: rule({ nest: { reports: "users" } }),
  PATCH: rule({ write: kept, where: "ours", nest: { reports: "users", manager: "users" } }),
  DELETE: rule({ where: "ours" }),
};
const masking = { GET: rule({ select: [{ columns: ["id"] }, { columns: ["salary"], when: "self" }] }) };
const file: FileSpec = {
  tables: {},
  resources: { users: { table: "user", control }, masked: { table: "user", control: masking } },
};

const batch = (operations: readonly Operation[], reading = CONTRACT): unknown => {
  const done = outcomeOfBatch({ file, house, caller, now }, operations, reading);
  if ("refused" in done) return [done.refused, done.at];
  if ("open" in done) return "open";
  return done.house.user.map(({ id, salary }) => `${String(id)} ${String(salary)}`);
};
const row = (id: string, salary = 7): object => ({ id, tenantId: "t1", name: id, salary });
const post = (body: unknown, rest: object = {}): Operation => ({
  method: "POST",
  resource: "users",
  body,
  ...rest,
});
const patch = (id: string, body: object): Operation => ({
  method: "PATCH",
  resource: "users",
  body,
  selector: { where: { id } },
});
const target = ["id"];

describe("batches", () => {
  test("are done in their order, or not at all", () => {
    const own = patch("new", { salary: { $ref: "0.users.salary" } });
    expect(batch([post(row("new")), own])).toEqual(["ann 1", "bob null", "eve 3", "new 7"]);
    expect(batch([post(row("new")), post(row("ann"))])).toEqual(["the key is taken", 1]);
    expect(batch([post(row("new")), post({ ...row("x"), nothing: 1 })])).toEqual(["unwritable nothing", 1]);
    expect(batch([post(row("ann")), post({ nothing: 1 })])).toEqual(["unwritable nothing", 1]);
  });

  test("refer to what is answered, and to nothing that is masked", () => {
    const seen = { method: "GET", resource: "masked", selector: { orderBy: { id: "asc" } } } as const;
    const taking = (ref: string): readonly Operation[] => [
      seen,
      post({ ...row("new"), salary: { $ref: ref } }),
    ];
    expect(batch(taking("0.masked.0.salary"))).toContain("new 1");
    expect(batch(taking("0.masked.1.salary"))).toEqual(["salary is masked", 1]);
    expect(batch(taking("0.masked.1.salary"), FAULTS["lets a reference lead to what is masked"])).toContain(
      "new null",
    );
    expect(batch(taking("0.masked.salary"))).toEqual(["one of several", 1]);
  });
});

describe("rows that meet others", () => {
  test("are changed, left or refused", () => {
    const both = [row("new", 8), row("ann", 9)];
    const update = ["salary"];
    expect(batch([post(both, { onConflict: { target, update } })])).toEqual([
      "ann 9",
      "bob null",
      "eve 3",
      "new 8",
    ]);
    expect(batch([post(both, { onConflict: { target, ignore: true } })])).toContain("ann 1");
    expect(batch([post(both, { onConflict: { target } })])).toEqual(["unwritable tenantId", 0]);
    expect(batch([post(row("eve"), { onConflict: { target, update } })])).toEqual([
      "it meets what is not the caller's",
      0,
    ]);
    expect(batch([post([row("x"), row("x")], { onConflict: { target, update } })])).toEqual([
      "the same key twice",
      0,
    ]);
  });
});

describe("numbers", () => {
  test("are added to what is stored, unless that is null", () => {
    expect(batch([patch("ann", { salary: { $inc: 2 } }), patch("ann", { salary: { $inc: -1 } })])).toContain(
      "ann 2",
    );
    expect(batch([patch("bob", { salary: { $inc: 2 } })])).toEqual(["nothing can be added to null", 0]);
  });
});

describe("nested writes", () => {
  const nested = (
    id: string | undefined,
    body: object,
    reading?: (typeof NESTED_FAULTS)[string],
  ): unknown => {
    const method = id === undefined ? "POST" : "PATCH";
    const asked = { method, resource: "users", ...(id !== undefined && { id }), body } as const;
    const done = outcomeOfNested(file, house, caller, asked as never, reading);
    if (!("house" in done)) return done;
    return done.house.user.map(({ id: each, managerId }) => `${String(each)} ${String(managerId)}`);
  };

  test("are the requests they would be on their own", () => {
    expect(
      nested(undefined, { ...row("new"), reports: { create: [row("x")], connect: [{ id: "bob" }] } }),
    ).toEqual(["ann null", "bob new", "eve null", "new null", "x new"]);
    expect(nested("bob", { manager: { create: row("new") } })).toEqual([
      "ann null",
      "bob new",
      "eve null",
      "new null",
    ]);
    expect(nested("ann", { reports: { set: [] } })).toEqual(["ann null", "bob null", "eve null"]);
    expect(nested("ann", { reports: { delete: [{ id: "bob" }] } })).toEqual(["ann null", "eve null"]);
  });

  test("reach rows through theirs, and under their rules", () => {
    const through = NESTED_FAULTS["reaches what refers to other rows"];
    const ruled = NESTED_FAULTS["reaches rows that do not exist for the caller"];
    const gone = { reports: { delete: [{ id: "ann" }] } };
    expect(nested("bob", gone)).toEqual({ refused: "not reached" });
    expect(nested("bob", gone, through)).toEqual(["bob ann", "eve null"]);
    expect(nested("ann", { reports: { connect: [{ id: "eve" }] } })).toEqual({ refused: "not reached" });
    expect(nested("ann", { reports: { delete: [{ id: "eve" }] } }, ruled)).toEqual({
      refused: "not reached",
    });
    expect(nested("ann", { reports: { create: [{ ...row("x"), managerId: "bob" }] } })).toEqual({
      refused: "managerId is the engine's",
    });
  });
});
