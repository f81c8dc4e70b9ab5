import { expect, test } from "bun:test";
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
