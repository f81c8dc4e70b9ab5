import { beforeAll, describe, expect, test } from "bun:test";
import { ask, ids } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** A column, two of its values as RJSON, the lower one first, and what is none of its values. */
interface Kind {
  readonly column: string;
  readonly low: string;
  readonly high: string;
  /** Absent where databases differ. */
  readonly ordered?: boolean;
  readonly text?: boolean;
  readonly wrong: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    column: "text",
    low: "'Abc'",
    high: "'Bcd'",
    ordered: true,
    text: true,
    wrong: ["1", "T", "(a:1)", "X", "U"],
  },
  { column: "choice", low: "'a'", high: "'b'", ordered: true, text: true, wrong: ["'c'", "1", "'A'", "''"] },
  { column: "json", low: "(a:1)", high: "_(1,'x')_", ordered: false, wrong: ["X", "I", "U", "(a:X)"] },
  {
    column: "integer",
    low: "1",
    high: "2",
    ordered: true,
    wrong: ["'1'", "1.5", "9007199254740992", "1e20", "X", "I", "T", "(a:1)", "''"],
  },
  { column: "flag", low: "F", high: "T", ordered: true, wrong: ["0", "1", "'T'", "'true'", "U"] },
  {
    column: "seconds",
    low: "1000000",
    high: "'1970-01-01T00:33:20Z'",
    ordered: true,
    wrong: [
      "'yesterday'",
      "'2023-02-29'",
      "'2024-13-01'",
      "X",
      "I",
      "1e20",
      "T",
      "''",
      "'12'",
      "'now'",
      "'epoch'",
    ],
  },
  {
    column: "millis",
    low: "'1969-12-31T23:59:59.999Z'",
    high: "1500",
    ordered: true,
    wrong: ["'now'", "'infinity'", "'2024-01-01T25:00:00Z'", "X", "-I", "8640000000000001", "F"],
  },
  {
    column: "real",
    low: "0.30000000000000004",
    high: "1e300",
    ordered: true,
    wrong: ["'0.5'", "X", "I", "-I", "1e400", "T", "(a:1)", "'NaN'", "'Infinity'"],
  },
  {
    column: "decimal",
    low: "'1.5'",
    high: "2.5",
    ordered: true,
    wrong: ["'abc'", "''", "'1e5'", "'1,5'", "' 1'", "T", "X", "I", "'NaN'", "'Infinity'", "'1.5.5'"],
  },
  { column: "number", low: "1.5", high: "2.5", ordered: true, wrong: ["'1.5'", "X", "I", "T", "U"] },
  {
    column: "numericBig",
    low: "'9007199254740993'",
    high: "'9223372036854775807'",
    ordered: true,
    wrong: [
      "'x'",
      "1.5",
      "'1.5'",
      "T",
      "'9223372036854775808'",
      "'-9223372036854775809'",
      "9007199254740992",
      "''",
    ],
  },
  {
    column: "big",
    low: "'123456789012345678901234567890'",
    high: "7",
    wrong: ["'x'", "1.5", "T", "''", "X", "'0x10'", "'1e5'"],
  },
  { column: "bytes", low: "'AQI='", high: "'/w=='", wrong: ["'!'", "'AQI'", "1", "T", "'\\\\x01'"] },
  { column: "blobJson", low: "(a:1)", high: "'text'", ordered: false, wrong: ["X", "U"] },
  { column: "point", low: "(x:1,y:2)", high: "(x:2,y:0.5)", wrong: ["U"] },
];

const SAMPLES = [
  {
    id: 1,
    text: "Abc",
    choice: "a",
    json: { a: 1 },
    integer: 1,
    flag: false,
    seconds: 1_000_000,
    millis: -1,
    real: 0.1 + 0.2,
    decimal: "1.5",
    number: 1.5,
    numericBig: "9007199254740993",
    big: "123456789012345678901234567890",
    bytes: "AQI=",
    blobJson: { a: 1 },
    point: { x: 1, y: 2 },
  },
  {
    id: 2,
    text: "Bcd",
    choice: "b",
    json: [1, "x"],
    integer: 2,
    flag: true,
    seconds: 2_000_000,
    millis: 1500,
    real: 1e300,
    decimal: "2.5",
    number: 2.5,
    numericBig: "9223372036854775807",
    big: 7,
    bytes: "/w==",
    blobJson: "text",
    point: { x: 2, y: 0.5 },
  },
  { id: 3, parentId: 1 },
];

const TEXT_OPERATORS = [
  "like",
  "notLike",
  "ilike",
  "notIlike",
  "contains",
  "startsWith",
  "endsWith",
  "icontains",
  "istartsWith",
  "iendsWith",
] as const;

/** Which of the samples match: the first holds the lower values, the second the higher ones, the third none. */
function expected({ column, low, high, ordered }: Kind): [string, readonly number[]][] {
  const c = column;
  return [
    [`${c}:${low}`, [1]],
    [`${c}.eq:${high}`, [2]],
    [`${c}:N`, [3]],
    [`${c}.eq:N`, [3]],
    [`${c}.ne:${low}`, [2]],
    [`${c}.ne:N`, [1, 2]],
    [`NOT:(${c}:${low})`, [2]],
    [`NOT:(${c}.ne:${low})`, [1]],
    [`NOT:(${c}:N)`, [1, 2]],
    [`${c}.in:_(${low},${high},${low})_`, [1, 2]],
    [`${c}.inArray:_(${low})_`, [1]],
    [`${c}.in:_()_`, []],
    [`${c}.notIn:_(${low})_`, [2]],
    [`${c}.notInArray:_(${low},${high})_`, []],
    [`${c}.notIn:_()_`, [1, 2, 3]],
    [`${c}.isNull:T`, [3]],
    [`${c}.isNull:F`, [1, 2]],
    [`${c}.isNotNull:T`, [1, 2]],
    [`${c}.isNotNull:F`, [3]],
    [`OR:_((${c}:${low}),(${c}:N))_`, [1, 3]],
    ...(ordered === true ? expectedInOrder(column, low, high) : []),
  ];
}

const expectedInOrder = (c: string, low: string, high: string): [string, readonly number[]][] => [
  [`${c}.gt:${low}`, [2]],
  [`${c}.gte:${low}`, [1, 2]],
  [`${c}.lt:${high}`, [1]],
  [`${c}.lte:${high}`, [1, 2]],
  [`${c}.lt:${low}`, []],
  [`${c}.gt:${high}`, []],
  [`${c}.between:_(${low},${high})_`, [1, 2]],
  [`${c}.between:_(${high},${low})_`, []],
  [`${c}.notBetween:_(${low},${low})_`, [2]],
  [`${c}.notBetween:_(${low},${high})_`, []],
];

/** Chapter 5: filters. */
export function filters(app: Subject): void {
  beforeAll(async () => {
    await app.reset();
    expect((await app.post("samples", SAMPLES)).text).toContain('"rowsAffected":3');
  });
  const matching = async (where: string): Promise<unknown> => {
    const answer = await app.get(ask("samples", `(columns:~T(id)~,where:(${where}))`));
    return answer.status === 200 ? ids(answer, "samples") : refusal(answer);
  };
  const refused = async (where: string, resource = "samples"): Promise<unknown> =>
    refusal(await app.get(ask(resource, `(where:${where})`)));

  describe.each(KINDS)("of $column", (kind) => {
    const { column, low, high, ordered, text, wrong } = kind;
    const wanted = expected(kind);

    test("find the rows", async () => {
      const found = [];
      for (const [where] of wanted) found.push([where, await matching(where)]);
      expect(found).toEqual(wanted);
    });

    test("find the rows in relations", async () => {
      // The third sample's parent is the first.
      const { body } = await app.get(
        ask(
          "samples",
          `(columns:~T(id)~,where:(id:1),with:(children:(columns:~T(id)~,where:(${column}:N))))`,
        ),
      );
      expect(body.samples).toEqual([{ id: 1, children: [{ id: 3 }] }]);
      const none = ask(
        "samples",
        `(columns:~T(id)~,where:(id:1),with:(children:(columns:~T(id)~,where:(${column}:${low}))))`,
      );
      expect((await app.get(none)).body.samples).toEqual([{ id: 1, children: [] }]);
    });

    test("take values of its kind only", async () => {
      const answers = [];
      const wants = [];
      for (const value of wrong)
        for (const operator of ["eq", "ne", ...(ordered === true ? ["gt", "lte"] : [])]) {
          const where = `(${column}.${operator}:${value})`;
          answers.push([where, await refused(where)]);
          const path = expect.stringMatching(
            new RegExp(`^select\\.where\\.${column}\\.${operator}`),
          ) as string;
          wants.push([where, { status: 400, code: "invalid-value", path }]);
        }
      expect(answers).toEqual(wants);
      for (const value of wrong)
        expect([value, await refused(`(${column}.in:_(${low},${value},${high})_)`)]).toEqual([
          value,
          {
            status: 400,
            code: "invalid-value",
            path: expect.stringMatching(new RegExp(`^select\\.where\\.${column}\\.in\\.1`)) as string,
          },
        ]);
    });

    if (text !== true)
      test("have no patterns", async () => {
        for (const operator of TEXT_OPERATORS)
          expect(await refused(`(${column}.${operator}:'a')`)).toEqual({
            status: 400,
            code: "unknown-operator",
            path: "select.where",
          });
      });
    if (ordered === false)
      test("have no order", async () => {
        for (const operator of ["gt", "lte", "between"])
          expect(await refused(`(${column}.${operator}:${low})`)).toEqual({
            status: 400,
            code: "unknown-operator",
            path: "select.where",
          });
      });
  });

  test.each([
    ["title.like:'A%'", ["a1"]],
    ["title.like:'a%'", ["a4"]],
    ["title.like:'%ph%'", ["a1", "a4"]],
    ["title.like:'beta'", []],
    ["title.like:'_eta'", ["a2"]],
    ["title.like:''", []],
    ["title.like:'%%'", ["a1", "a2", "a3", "a4", "a5", "a6"]],
    ["title.notLike:'A%'", ["a2", "a3", "a4", "a5", "a6"]],
    ["title.like:'*'", []],
    ["title.like:'[B]eta'", []],
    ["title.like:'[A-Z]%'", []],
    ["title.like:'(A|B)%'", []],
    ["title.like:'^A'", []],
    ["body.like:'%[odd]*'", ["a5"]],
    ["body.like:'%\\%%'", ["a3"]],
    ["body.like:'100\\% sure'", ["a3"]],
    ["body.like:'%\\_%'", ["a4"]],
    ["body.like:'%\\\\\\\\%'", ["a6"]],
    ["body.like:'\\f\\irst'", ["a1"]],
    ["title.ilike:'ALPHA%'", ["a1", "a4"]],
    ["title.ilike:'_ETA'", ["a2"]],
    ["body.ilike:'%\\%%'", ["a3"]],
    ["body.ilike:'%\\\\\\\\%'", ["a6"]],
    ["title.notIlike:'ALPHA%'", ["a2", "a3", "a5", "a6"]],
    ["body.notLike:'first'", ["a3", "a4", "a5", "a6"]],
    ["body.notIlike:'FIRST'", ["a3", "a4", "a5", "a6"]],
    ["NOT:(body.like:'first')", ["a3", "a4", "a5", "a6"]],
    ["body.contains:'%'", ["a3"]],
    ["body.contains:'_'", ["a4"]],
    ["body.contains:'\\\\'", ["a6"]],
    ["body.contains:'[odd]'", ["a5"]],
    ["body.contains:'\\''", ["a5"]],
    ["body.contains:''", ["a1", "a3", "a4", "a5", "a6"]],
    ["title.contains:'PH'", []],
    ["title.startsWith:'al'", ["a4"]],
    ["body.startsWith:'%'", []],
    ["title.endsWith:'ta'", ["a2", "a5"]],
    ["body.endsWith:']*'", ["a5"]],
    ["title.icontains:'PH'", ["a1", "a4"]],
    ["body.icontains:'\\\\S'", ["a6"]],
    ["title.istartsWith:'aLpH'", ["a1", "a4"]],
    ["body.istartsWith:'_'", []],
    ["title.iendsWith:'TA'", ["a2", "a5"]],
  ])("patterns: %s", async (where, rows) => {
    expect(ids(await app.get(ask("articles", `(columns:~T(id)~,where:(${where}))`)))).toEqual(rows);
  });

  test.each([
    ["(authorId:2,published:T)", ["a2", "a4"]],
    ["_((authorId:1),(views:20,published:F))_", ["a1", "a3"]],
    ["(OR:_((authorId:1),(authorId:3))_,published:T)", ["a1", "a6"]],
    ["(AND:_((views.gte:5),(views.lte:10))_,OR:_((id:'a1'),(id:'a4'),(id:'a2'))_)", ["a1", "a4"]],
    ["(NOT:(authorId:2))", ["a1", "a5", "a6"]],
    ["(NOT:_((authorId:2),(authorId:3))_)", ["a1"]],
    ["(NOT:(authorId:2,published:T))", ["a1", "a3", "a5", "a6"]],
    ["(NOT:(OR:_((authorId:2),(AND:_((authorId:3),(published:F))_))_))", ["a1", "a6"]],
    ["(authorId:2,NOT:(published:T),views:20)", ["a3"]],
    ["(OR:_(_((id:'a1'),(id:'a2'))_,(id:'a3'))_)", ["a1", "a2", "a3"]],
    ["(reviewerId.ne:1)", ["a3", "a5"]],
    ["(NOT:(reviewerId:1))", ["a3", "a5"]],
    ["(reviewerId.notIn:_(1)_)", ["a3", "a5"]],
    ["(createdAt.lt:0)", ["a5"]],
    ["(createdAt:'2023-11-14T23:13:21+01:00')", ["a2"]],
    ["(createdAt:'2023-11-14 22:13:21')", ["a2"]],
    ["(createdAt.gt:'2023-11-14T22:13:23.499Z')", ["a4", "a6"]],
    ["(rating:0.30000000000000004)", ["a3"]],
    ["(rating.between:_(-1,0.3)_)", ["a4"]],
    [
      `(title.in:_(${["Beta", "Gamma", "x'; --"].map((text) => JSON.stringify(text)).join(",")})_)`,
      ["a2", "a3"],
    ],
  ])("trees: %s", async (where, rows) => {
    expect(ids(await app.get(ask("articles", `(columns:~T(id)~,where:${where})`)))).toEqual(rows);
  });

  test.each([
    ["()", "select.where"],
    ["_()_", "select.where"],
    ["_((id:'a'),())_", "select.where.1"],
    ["(AND:_()_)", "select.where.AND"],
    ["(NOT:(NOT:()))", "select.where.NOT.NOT"],
    ["(OR:(id:'a'))", "select.where.OR"],
    ["(NOT:T)", "select.where.NOT"],
    ["T", "select.where"],
    ["'id=1'", "select.where"],
  ])("an empty or malformed filter is refused: %s", async (where, path) => {
    expect(await refused(where, "articles")).toEqual({ status: 400, code: "invalid-value", path });
  });

  test.each(["lke", "LIKE", "sql", "exists", "getSQL", "constructor", "regexp", "similarTo", ""])(
    "the operator `%s` is unknown",
    async (operator) => {
      expect(await refused(`('title.${operator}':'a')`, "articles")).toEqual({
        status: 400,
        code: "unknown-operator",
        path: "select.where",
      });
    },
  );

  test("N is for eq and ne alone", async () => {
    for (const operator of ["gt", "gte", "lt", "lte", "like", "in", "isNull", "between"])
      expect(await refused(`(title.${operator}:N)`, "articles")).toMatchObject({
        status: 400,
        code: "invalid-value",
      });
  });

  test("a text that no database takes is no value", async () => {
    for (const operator of ["eq", "like", "contains", "in"]) {
      const value = operator === "in" ? "_('\0zzz')_" : "'\0zzz'";
      expect(await refused(`(title.${operator}:${value})`, "articles")).toMatchObject({
        status: 400,
        code: "invalid-value",
      });
    }
  });

  test("text that looks like something else is text", async () => {
    for (const text of [
      "'; drop table articles; --",
      "$1",
      "{a,b}",
      "NULL",
      "\\x41",
      "%s",
      "1",
      "true",
      "😀",
      "ﬀ",
    ]) {
      const { status, body } = await app.get(ask("articles", `(where:(title:${JSON.stringify(text)}))`));
      expect([text, status, body.count]).toEqual([text, 200, 0]);
    }
  });

  test("of a hidden column find nothing out", async () => {
    for (const where of [
      "(secret.startsWith:'s')",
      "(NOT:(secret:'x'))",
      "_((id:1),(email:'x'))_",
      "(secret:N)",
    ])
      expect(await refused(where, "authors")).toMatchObject({ status: 400, code: "unknown-column" });
  });
}
