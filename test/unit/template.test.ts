import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "../../src/http/parse.ts";
import { outline } from "../../src/http/template.ts";
import { askedAs, Blank, type QueryRequest } from "../../src/request/request.ts";

const asked = (where: string): string => `?select=(where:(${where}),limit:7)`;
const fresh = (() => {
  let n = 0;
  return () => `things${++n}`;
})();

test("numbers and texts of a filter are left blank, and nothing else", () => {
  const { text, values } = outline(asked("id:5,name.gt:'a b',other:%27c%27,tags.in:_(1,2)_,odd:007"))!;
  expect(values).toEqual([5, "a b", "c"]);
  expect(text).toContain("limit:7");
  expect(text).toContain("tags.in:_(1,2)_");
  expect(text).toContain("odd:007");
  expect(outline(asked("OR:_(T)_"))).toBeUndefined();
  expect(outline(asked("a:'\u0001n0',b:1"))).toBeUndefined();
  expect(outline(asked("a:'%01n0',b:1"))).toBeUndefined();
});

test("the third question of a shape fills a template, and says all the same what it asks", () => {
  const resource = fresh();
  const questions = [1, 2, 3].map((id) => parse("GET", resource, asked(`id:${id}`)));
  expect(questions.map(({ filling }) => filling?.values)).toEqual([undefined, [2], [3]]);
  expect(questions.map(({ selector }) => selector)).toEqual(
    [1, 2, 3].map((id) => ({ where: { id }, limit: 7 })),
  );
  expect(questions[2]!.filling!.template).toBe(questions[1]!.filling!.template);
  expect(questions[2]!.filling!.template.request.selector.where).toEqual({ id: new Blank(0, 2) });
  expect(parse("GET", resource, asked("id:'3'")).filling).toBeUndefined(); // a text is no number
});

test("another question of one that fills a template asks the same; the compiler takes no spread for one", () => {
  const resource = fresh();
  const [, , third] = [1, 2, 3].map((id) => parse("GET", resource, asked(`id:${id}`)));
  const other = askedAs(third!, { method: "HEAD" });
  expect(other).toMatchObject({ method: "HEAD", resource, selector: { where: { id: 3 }, limit: 7 } });
  expect(other.filling).toBe(third!.filling);
  // @ts-expect-error it has lost its selector
  const spread: QueryRequest = { ...third!, method: "HEAD" };
  expect(spread.selector).toBeUndefined();
});

test.each([
  ["a quoted text that looks like a member", "name:'(id:5)'"],
  ["one in other quotes", 'name:"x,id:5,y"'],
  ["a value that is copied", "OR:_(~\\(id:5)(a,b)~)_"],
])("%s is read as it is", (_, where) => {
  const resource = fresh();
  const questions = [1, 2, 3, 4].map((limit) => {
    try {
      return parse("GET", resource, `?select=(where:(${where}),limit:${limit > 2 ? 7 : limit})`);
    } catch {
      return undefined;
    }
  });
  for (const question of questions) expect(question?.filling).toBeUndefined();
});

test("what holds no blank stays as it was read, numbers with all their digits too", () => {
  const resource = fresh();
  const where = (id: number): string => `id:${id},meta:12345678901234567890,list.in:_(12345678901234567890)_`;
  const [first, , third] = [1, 2, 3].map((id) => parse("GET", resource, asked(where(id))));
  expect(third!.filling!.template.request.selector.where).toEqual({
    ...(first!.selector.where as object),
    id: new Blank(0, 2),
  });
});

test("the cursor of a page is a blank of its own", () => {
  const resource = fresh();
  const [, , third] = ["first", "second", "third"].map((cursor) =>
    parse("GET", resource, `?select=(where:(id.gt:1),after:'${cursor}')`),
  );
  const { template, values } = third!.filling!;
  expect([template.blanks, template.cursor, values]).toEqual([1, 1, [1, "third"]]);
  expect(third!.selector.after).toBe("third");
});

describe("what stands around the values of a question", () => {
  const values = [
    "0",
    "7",
    "-1",
    "-0",
    "007",
    "1.5",
    "123456789012345",
    "1234567890123456",
    "-",
    "",
    "''",
    "'a'",
    "'a b'",
    "'a,b'",
    "'it''s'",
    "'12'",
    "'a:b/c@d.~-_'",
    "'%20'",
    "'ü'",
    "%27a%27",
    "'a%27",
    "T",
    "N",
    "(x:1)",
  ];
  const members = ["id", "name.gt", "_x.y_z", "limit", "offset", "a.some"];
  const member = fc.tuple(fc.constantFrom(...members), fc.constantFrom(...values));
  const shapes = fc.array(member, { minLength: 1, maxLength: 4 });
  const written = (list: readonly (readonly [string, string])[]): string =>
    asked(list.map(([key, value]) => `${key}:${value}`).join(","));

  test("finds in another question what its outline does, or nothing", () => {
    let found = 0;
    const check = (one: string, other: string): void => {
      const [first, second] = [outline(one), outline(other)];
      if (first === undefined) return;
      const read = first.stencil.valuesOf(other);
      if (read === undefined) {
        // What is quoted otherwise stands elsewhere.
        if (second?.text === first.text) expect([one, other].join()).toContain("%27");
        return;
      }
      found++;
      expect(second?.text).toBe(first.text);
      expect(read).toEqual(second!.values);
    };
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.constantFrom(...values), { minLength: 4, maxLength: 4 }),
        (list, others) => {
          const one = written(list);
          check(one, one);
          check(one, written(list.map(([key], index) => [key, others[index]!] as const)));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(found).toBeGreaterThan(1_000);
  });

  test("is none of a longer question, nor of one that ends or begins otherwise", () => {
    const { stencil } = outline(asked("id:5,name:'a'"))!;
    expect(stencil.valuesOf(asked("id:-12,name:'b c'"))).toEqual([-12, "b c"]);
    for (const other of ["id:5,name:'a',x:1", "x:1,id:5,name:'a'", "id:5", "id:5,name:'a", "id:5,name:'a')"])
      expect(stencil.valuesOf(asked(other))).toBeUndefined();
    expect(stencil.valuesOf(asked(`id:5,name:'${"a".repeat(4_100)}'`))).toBeUndefined();
    expect(stencil.valuesOf(`${asked("id:5,name:'a'")}&x`)).toBeUndefined();
  });
});
