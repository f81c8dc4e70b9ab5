import { describe, expect, test } from "bun:test";
import * as edit from "../../../src/explorer/page/model/edit.ts";
import {
  addClause,
  changeClause,
  conditionsIn,
  joinBy,
  keyParts,
  removeClause,
  valueAt,
} from "../../../src/explorer/page/model/filter.ts";
import { asked, type Asked } from "../../../src/explorer/page/model/request.ts";

// Edits leave what they are given as it is, and say what they ask in the shortest way.

const ALL = ["id", "name", "size"];
const fruits = Object.freeze(asked("fruits"));
const select = (question: Asked) => question.select;
const root: readonly string[] = [];

describe("columns", () => {
  test("are chosen one by one, all of them being asked for where none is named", () => {
    const without = edit.toggleColumn(fruits, root, "size", ALL);
    expect(select(without)).toEqual({ columns: { id: true, name: true } });
    expect(ALL.map((name) => edit.hasColumn(without, root, name))).toEqual([true, true, false]);
    expect(edit.toggleColumn(without, root, "size", ALL)).toEqual(fruits);
    const none = ["id", "name"].reduce(
      (question, name) => edit.toggleColumn(question, root, name, ALL),
      without,
    );
    expect(select(none)).toEqual({ columns: false });
    expect(select(edit.toggleColumn(none, root, "name", ALL))).toEqual({ columns: { name: true } });
  });

  test("that were left out by name stay out", () => {
    const question: Asked = { ...fruits, select: { columns: { size: false } } };
    expect(select(edit.toggleColumn(question, root, "id", ALL))).toEqual({ columns: { name: true } });
  });
});

describe("filters", () => {
  test("a key that is there already comes beside it, so that both hold", () => {
    const once = addClause(undefined, [], "name", "Fig");
    const twice = addClause(once, [], "name", "Lime");
    expect(twice).toEqual({ name: "Fig", AND: [{ name: "Lime" }] });
    expect(addClause(twice, [], "name", "Kiwi")).toEqual({
      name: "Fig",
      AND: [{ name: "Lime" }, { name: "Kiwi" }],
    });
    expect(addClause([{ a: 1 }], [], "b", 2)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(addClause({ OR: [{ a: 1 }] }, ["OR"], "b", 2)).toEqual({ OR: [{ a: 1 }, { b: 2 }] });
    expect(conditionsIn(twice)).toBe(2);
  });

  test("a condition is changed in its place, and never takes another's", () => {
    const where = { a: 1, b: 2, c: 3 };
    expect(Object.entries(changeClause(where, ["b"], "b.gt", 5) as object)).toEqual([
      ["a", 1],
      ["b.gt", 5],
      ["c", 3],
    ]);
    expect(changeClause(where, ["b"], "a", 9)).toEqual({ a: 1, c: 3, AND: [{ a: 9 }] });
    expect(changeClause([{ a: 1 }, { b: 2 }], [1], "c", 3)).toEqual([{ a: 1 }, { c: 3 }]);
    expect(where).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("with the last condition of a group goes the group, and no filter is ever empty", () => {
    expect(removeClause({ a: 1 }, ["a"])).toBeUndefined();
    expect(removeClause({ a: 1, OR: [{ b: 2 }] }, ["OR", 0, "b"])).toEqual({ a: 1 });
    expect(removeClause({ NOT: { AND: [{ b: 2 }] } }, ["NOT", "AND", 0, "b"])).toBeUndefined();
    expect(removeClause([{ a: 1 }, { b: 2 }], [0, "a"])).toEqual([{ b: 2 }]);
    expect(removeClause({ "list.some": { a: 1 }, b: 2 }, ["list.some", "a"])).toEqual({
      "list.some": true,
      b: 2,
    });
    expect(removeClause({ "list.every": { a: 1 } }, ["list.every", "a"])).toBeUndefined();
    expect(
      removeClause({ "list.count": { where: { a: 1 }, gte: 2 } }, ["list.count", "gte"]),
    ).toBeUndefined();
    expect(removeClause({ "list.count": { where: { a: 1 }, gte: 2 } }, ["list.count", "where", "a"])).toEqual(
      {
        "list.count": { gte: 2 },
      },
    );
  });

  test("groups are joined by the other word, and back", () => {
    const both = { a: 1, b: 2 };
    expect(joinBy(both, [], "OR")).toEqual([{ a: 1 }, { b: 2 }]);
    expect(joinBy([{ a: 1 }, { b: 2 }], [], "AND")).toEqual(both);
    expect(joinBy([{ a: 1 }, { a: 2 }], [], "AND")).toEqual({ AND: [{ a: 1 }, { a: 2 }] });
    expect(joinBy({ OR: [{ a: 1 }], c: 3 }, ["OR"], "AND")).toEqual({ AND: [{ a: 1 }], c: 3 });
    expect(valueAt(joinBy({ NOT: both }, ["NOT"], "OR"), ["NOT"])).toEqual([{ a: 1 }, { b: 2 }]);
    expect(joinBy([both], [0], "OR")).toEqual([{ OR: [{ a: 1 }, { b: 2 }] }]);
  });

  test.each([
    ["name", "name", "eq"],
    ["name.like", "name", "like"],
    ["basket.name.in", "basket.name", "in"],
    ["basket.name", "basket.name", "eq"],
    ["tags.arrayContains", "tags", "arrayContains"],
  ])("%s is about %s", (key, column, operator) => expect(keyParts(key)).toEqual({ column, operator }));
});

describe("order and pages", () => {
  test("a header goes round: ascending, descending, not at all", () => {
    const steps = [1, 2, 3].reduce<Asked[]>(
      (all) => [...all, edit.cycleOrder(all.at(-1)!, root, "name")],
      [fruits],
    );
    expect(steps.map((question) => select(question)?.["orderBy"])).toEqual([
      undefined,
      { name: "asc" },
      { name: "desc" },
      undefined,
    ]);
    const two = edit.cycleOrder(edit.cycleOrder(fruits, root, "name"), root, "size");
    expect(Object.keys(select(two)!["orderBy"] as object)).toEqual(["name", "size"]);
    expect(select(edit.cycleOrder(two, root, "size", true))).toEqual({ orderBy: { size: "desc" } });
    const nulls: Asked = { ...fruits, select: { orderBy: { name: { sort: -1, nulls: "last" } } } };
    expect(edit.orderAt(nulls, root)).toEqual([{ key: "name", direction: "desc", nulls: "last" }]);
    expect(edit.setOrder(nulls, root, edit.orderAt(nulls, root)).select).toEqual({
      orderBy: { name: { sort: "desc", nulls: "last" } },
    });
  });

  test("another order begins at the first page; pages by number and by cursor exclude each other", () => {
    const third = edit.setPage(fruits, 2, 10);
    expect(select(third)).toEqual({ limit: 10, offset: 20 });
    expect(select(edit.cycleOrder(third, root, "name"))).toEqual({ limit: 10, orderBy: { name: "asc" } });
    const behind = edit.setCursor(third, "after", "c");
    expect(select(behind)).toEqual({ limit: 10, after: "c" });
    expect(select(edit.setCursor(behind, "before", "d"))).toEqual({ limit: 10, before: "d" });
    expect(select(edit.setPage(behind, 0, 10))).toEqual({ limit: 10 });
  });
});

describe("relations and counts", () => {
  test("come and go, with what is asked of them", () => {
    const loaded = edit.toggleRelation(fruits, root, "basket");
    expect(select(loaded)).toEqual({ with: { basket: true } });
    const deep = edit.setLimit(edit.toggleRelation(loaded, ["basket"], "fruit"), ["basket", "fruit"], 2);
    expect(select(deep)).toEqual({ with: { basket: { with: { fruit: { limit: 2 } } } } });
    expect(select(edit.setLimit(deep, ["basket", "fruit"], undefined))).toEqual({
      with: { basket: { with: { fruit: true } } },
    });
    expect(edit.toggleRelation(deep, root, "basket")).toEqual(fruits);
    expect(select(edit.addRelation(loaded, root, "basket", "other"))).toEqual({
      with: { basket: true, other: { relation: "basket" } },
    });
  });

  test("a count may have a filter", () => {
    const counted = edit.toggleCount(fruits, root, "comments");
    const filtered = edit.addCondition(counted, root, [], "flagged", true, { count: "comments" });
    expect(select(filtered)).toEqual({ count: { comments: { where: { flagged: true } } } });
    expect(edit.removeCondition(filtered, root, ["flagged"], { count: "comments" })).toEqual(counted);
    expect(edit.toggleCount(filtered, root, "comments")).toEqual(fruits);
  });
});

describe("the rest of a question", () => {
  const full: Asked = {
    ...fruits,
    scope: "mine",
    parameters: { countTotal: "", cursor: "", org: "acme" },
    select: { where: { a: 1 }, orderBy: { a: "asc" }, limit: 3, columns: { id: true } },
  };

  test("another method keeps what it takes", () => {
    expect(edit.setMethod(full, "PATCH", ["org"])).toEqual({
      method: "PATCH",
      resource: "fruits",
      scope: "mine",
      parameters: { countTotal: "", org: "acme" },
      select: { where: { a: 1 }, columns: { id: true } },
    });
    expect(edit.setMethod(full, "POST").select).toEqual({ columns: { id: true } });
    const body = edit.setBody(edit.setMethod(full, "POST"), { a: 1 });
    expect(edit.setMethod(body, "GET").body).toBeUndefined();
  });

  test("numbers take the filter along, and give it back", () => {
    const numbers = edit.toNumbers(full);
    expect(numbers).toEqual({
      method: "GET",
      resource: "fruits",
      scope: "mine",
      parameters: { org: "acme" },
      aggregate: { count: true, where: { a: 1 } },
    });
    expect(edit.toRows(numbers).select).toEqual({ where: { a: 1 } });
  });

  test("without groups nothing is said of groups", () => {
    let numbers = edit.toggleGroup(edit.toNumbers(fruits), "name");
    numbers = edit.addCondition(numbers, root, [], "count.gte", 2, "having");
    numbers = edit.setFlag(edit.cycleOrder(numbers, root, "count"), "countFiltered", true);
    numbers = edit.setTimeZone(numbers, "+02:00");
    expect(numbers).toEqual({
      ...fruits,
      parameters: { countFiltered: "" },
      aggregate: {
        count: true,
        groupBy: ["name"],
        having: { "count.gte": 2 },
        orderBy: { count: "asc" },
        timeZone: "+02:00",
      },
    });
    expect(edit.toggleGroup(numbers, "name")).toEqual({ ...fruits, aggregate: { count: true } });
    const ordered = edit.cycleOrder(edit.toggleGroup(numbers, "size"), root, "name");
    expect(edit.toggleGroup(ordered, "name").aggregate!["orderBy"]).toEqual({ count: "asc" });
  });

  test("functions of columns come and go", () => {
    const summed = edit.toggleFunction(edit.toNumbers(fruits), "sum", "size");
    expect(summed.aggregate).toEqual({ count: true, sum: { size: true } });
    expect(edit.hasFunction(summed, "sum", "size")).toBe(true);
    expect(edit.toggleFunction(summed, "sum", "size").aggregate).toEqual({ count: true });
    expect(edit.setCountRows(summed, false).aggregate).toEqual({ sum: { size: true } });
  });

  test("flags are asked for, refused, or not said", () => {
    const asking = edit.setFlag(fruits, "can", true);
    expect([asking.parameters, edit.hasFlag(asking, "can")]).toEqual([{ can: "" }, true]);
    expect(edit.setFlag(asking, "can", false).parameters).toEqual({ can: "F" });
    expect(edit.setFlag(asking, "can", undefined)).toEqual(fruits);
    expect(edit.setScope(edit.setScope(fruits, "mine"), undefined)).toEqual(fruits);
  });
});
