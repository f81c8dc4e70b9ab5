import { beforeAll, describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { ask, ids, served, STACKS } from "../support/served.ts";

const acl = {
  articles: {
    table: "article",
    maxLimit: 1_000,
    control: { GET: { all: { select: true } } },
  },
  authors: {
    table: "author",
    control: { GET: { all: { select: { columns: ["id", "name", "mentorId", "role"] } } } },
  },
  samples: { table: "sample", control: { GET: { all: { select: true } } } },
} satisfies TestACL;

/** A column, two of its values as RJSON, the lower one first, and what is none of its values. */
interface Kind {
  readonly column: string;
  readonly low: string;
  readonly high: string;
  readonly ordered: boolean;
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
    wrong: ["1", "T", "(a:1)", "_('a')_", "X", "U"],
  },
  {
    column: "choice",
    low: "'a'",
    high: "'b'",
    ordered: true,
    text: true,
    wrong: ["'c'", "1", "T", "'A'", "''"],
  },
  { column: "json", low: "(a:1)", high: "_(1,'x')_", ordered: false, wrong: ["X", "I", "U"] },
  {
    column: "integer",
    low: "1",
    high: "2",
    ordered: true,
    wrong: ["'1'", "1.5", "9007199254740992", "1e20", "X", "I", "-I", "T", "(a:1)", "_(1)_", "U", "''"],
  },
  { column: "flag", low: "F", high: "T", ordered: true, wrong: ["0", "1", "'T'", "'true'", "U", "_(T)_"] },
  {
    column: "seconds",
    low: "1000000",
    high: "'1970-01-01T00:33:20Z'",
    ordered: true,
    wrong: [
      "'yesterday'",
      "'2024-02-30'",
      "'2023-02-29'",
      "'2024-13-01'",
      "X",
      "I",
      "1e20",
      "T",
      "''",
      "'12'",
      "U",
      "()",
    ],
  },
  {
    column: "millis",
    low: "'1969-12-31T23:59:59.999Z'",
    high: "1500",
    ordered: true,
    wrong: ["'now'", "'2024-01-01T25:00:00Z'", "X", "-I", "8640000000000001", "F", "_()_"],
  },
  {
    column: "real",
    low: "0.30000000000000004",
    high: "1e300",
    ordered: true,
    wrong: ["'0.5'", "X", "I", "-I", "1e400", "T", "(a:1)", "U"],
  },
  {
    column: "decimal",
    low: "'1.5'",
    high: "2.5",
    ordered: true,
    wrong: ["'abc'", "''", "'1e5'", "'1,5'", "' 1'", "T", "X", "I", "()"],
  },
  { column: "number", low: "1.5", high: "2.5", ordered: true, wrong: ["'1.5'", "X", "I", "T", "U"] },
  {
    column: "numericBig",
    low: "'9007199254740993'",
    high: "'9223372036854775807'",
    ordered: true,
    wrong: ["'x'", "1.5", "'1.5'", "T", "'9223372036854775808'", "9007199254740992", "''", "X"],
  },
  {
    column: "big",
    low: "'123456789012345678901234567890'",
    high: "7",
    ordered: false,
    wrong: ["'x'", "1.5", "T", "''", "X", "'0x10'"],
  },
  {
    column: "bytes",
    low: "'AQI='",
    high: "'/w=='",
    ordered: false,
    wrong: ["'!'", "'AQI'", "1", "T", "(a:1)", "'AQ I='"],
  },
  { column: "blobJson", low: "(a:1)", high: "'text'", ordered: false, wrong: ["X", "U"] },
  { column: "point", low: "(x:1,y:2)", high: "(x:2,y:0.5)", ordered: true, wrong: ["N", "U"] },
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
const ORDER_OPERATORS = ["gt", "gte", "lt", "lte"] as const;

describe.each(STACKS.slice(0, 4))("filters on $name", ({ options }) => {
  const app = served(acl, options);
  // Row 1 holds the lower values, row 2 the higher ones, row 3 none.
  beforeAll(async () => {
    await app.app.database.insert(sample).values([
      {
        id: 1,
        text: "Abc",
        choice: "a",
        json: { a: 1 },
        integer: 1,
        flag: false,
        seconds: new Date(1_000_000),
        millis: new Date(-1),
        real: 0.1 + 0.2,
        decimal: "1.5",
        number: 1.5,
        numericBig: 9007199254740993n,
        big: 123456789012345678901234567890n,
        bytes: Buffer.from([1, 2]),
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
        seconds: new Date(2_000_000),
        millis: new Date(1500),
        real: 1e300,
        decimal: "2.5",
        number: 2.5,
        numericBig: 9223372036854775807n,
        big: 7n,
        bytes: Buffer.from([255]),
        blobJson: "text",
        point: { x: 2, y: 0.5 },
      },
      { id: 3 },
    ]);
  });
  const matching = async (where: string): Promise<unknown> => {
    const answer = await app.get(ask("samples", `(columns:~T(id)~,where:(${where}))`));
    return answer.status === 200 ? ids(answer, "samples") : answer.body;
  };

  describe.each(KINDS)("$column", ({ column, low, high, ordered, text }) => {
    const rows: readonly [string, readonly number[]][] = [
      [`${column}:${low}`, [1]],
      [`${column}:${high}`, [2]],
      [`${column}.eq:${low}`, [1]],
      [`${column}.eq:${high}`, [2]],
      [`${column}:N`, [3]],
      [`${column}.eq:N`, [3]],
      [`${column}.ne:${low}`, [2]],
      [`${column}.ne:N`, [1, 2]],
      [`NOT:(${column}:${low})`, [2]],
      [`NOT:(${column}.ne:${low})`, [1]],
      [`NOT:(${column}:N)`, [1, 2]],
      [`${column}.inArray:_(${low})_`, [1]],
      [`${column}.in:_(${low},${high},${low})_`, [1, 2]],
      [`${column}.in:_()_`, []],
      [`${column}.inArray:_()_`, []],
      [`${column}.notInArray:_(${low})_`, [2]],
      [`${column}.notIn:_(${low},${high})_`, []],
      [`${column}.notIn:_()_`, [1, 2, 3]],
      [`${column}.notInArray:_()_`, [1, 2, 3]],
      [`${column}.isNull:T`, [3]],
      [`${column}.isNull:F`, [1, 2]],
      [`${column}.isNotNull:T`, [1, 2]],
      [`${column}.isNotNull:F`, [3]],
    ];
    test.each(rows)("%s", async (where, expected) => {
      expect(await matching(where)).toEqual(expected);
    });

    const between: readonly [string, readonly number[]][] = [
      [`${column}.gt:${low}`, [2]],
      [`${column}.gte:${low}`, [1, 2]],
      [`${column}.lt:${high}`, [1]],
      [`${column}.lte:${high}`, [1, 2]],
      [`${column}.lt:${low}`, []],
      [`${column}.gt:${high}`, []],
      [`${column}.between:_(${low},${high})_`, [1, 2]],
      [`${column}.between:_(${low},${low})_`, [1]],
      [`${column}.between:_(${high},${low})_`, []],
      [`${column}.notBetween:_(${low},${low})_`, [2]],
      [`${column}.notBetween:_(${low},${high})_`, []],
    ];
    if (ordered)
      test.each(between)("%s", async (where, expected) => expect(await matching(where)).toEqual(expected));
    else
      test.each(between)("%s does not apply: its values have no order", async (where) => {
        const operator = /\.(\w+):/.exec(where)![1]!;
        expect(await matching(where)).toMatchObject({
          error: `operator \`${operator}\` does not apply to \`${column}\`, which has no order`,
          code: "unknown-operator",
          path: "select.where",
        });
      });

    if (text !== true)
      test.each(TEXT_OPERATORS)("%s does not apply: it compares texts only", async (operator) => {
        expect(await matching(`${column}.${operator}:'a'`)).toMatchObject({
          error: `operator \`${operator}\` does not apply to \`${column}\`, which holds no text`,
          code: "unknown-operator",
          path: "select.where",
        });
      });
  });

  const TEXTS: readonly [string, readonly string[]][] = [
    // like is case-sensitive on every database
    ["title.like:'A%'", ["a1"]],
    ["title.like:'a%'", ["a4"]],
    ["title.like:'%a'", ["a1", "a2", "a3", "a5"]],
    ["title.like:'%ph%'", ["a1", "a4"]],
    ["title.like:'Beta'", ["a2"]],
    ["title.like:'beta'", []],
    ["title.like:'_eta'", ["a2"]],
    ["title.like:'____'", ["a2"]],
    ["title.like:'%'", ["a1", "a2", "a3", "a4", "a5", "a6"]],
    ["title.like:''", []],
    ["title.like:'%%'", ["a1", "a2", "a3", "a4", "a5", "a6"]],
    ["title.notLike:'A%'", ["a2", "a3", "a4", "a5", "a6"]],
    // GLOB's own characters mean nothing
    ["title.like:'*'", []],
    ["title.like:'A*'", []],
    ["title.like:'?eta'", []],
    ["title.like:'[B]eta'", []],
    ["title.like:'[^A]%'", []],
    ["title.like:'[A-Z]%'", []],
    ["body.like:'%[odd]*'", ["a5"]],
    ["body.like:'%[%'", ["a5"]],
    ["body.like:'%]%'", ["a5"]],
    ["body.like:'%*'", ["a5"]],
    ["body.like:'%?%'", []],
    // a backslash makes wildcards literal
    ["body.like:'%\\%%'", ["a3"]],
    ["body.like:'100\\% sure'", ["a3"]],
    ["body.like:'%\\_%'", ["a4"]],
    ["body.like:'under\\_score'", ["a4"]],
    ["body.like:'under_score'", ["a4"]],
    ["body.like:'%\\\\\\\\%'", ["a6"]],
    ["body.like:'\\f\\irst'", ["a1"]],
    ["body.like:'%\\*'", ["a5"]],
    ["body.like:'%\\[odd]%'", ["a5"]],
    // ilike does not tell letters' case
    ["title.ilike:'ALPHA%'", ["a1", "a4"]],
    ["title.ilike:'_ETA'", ["a2"]],
    ["body.ilike:'%\\%%'", ["a3"]],
    ["body.ilike:'%\\_%'", ["a4"]],
    ["body.ilike:'%\\\\\\\\%'", ["a6"]],
    ["body.ilike:'%[ODD]*'", ["a5"]],
    ["title.notIlike:'ALPHA%'", ["a2", "a3", "a5", "a6"]],
    // negations do not match nulls
    ["body.notLike:'first'", ["a3", "a4", "a5", "a6"]],
    ["body.notLike:'FIRST'", ["a1", "a3", "a4", "a5", "a6"]],
    ["body.notIlike:'FIRST'", ["a3", "a4", "a5", "a6"]],
    ["NOT:(body.like:'first')", ["a3", "a4", "a5", "a6"]],
    ["NOT:(NOT:(body.like:'first'))", ["a1"]],
    // the value of the others is literal
    ["body.contains:'%'", ["a3"]],
    ["body.contains:'_'", ["a4"]],
    ["body.contains:'\\\\'", ["a6"]],
    ["body.contains:'*'", ["a5"]],
    ["body.contains:'?'", []],
    ["body.contains:'[o'", ["a5"]],
    ["body.contains:'[odd]'", ["a5"]],
    ["body.contains:''", ["a1", "a3", "a4", "a5", "a6"]],
    ["title.contains:'ph'", ["a1", "a4"]],
    ["title.contains:'PH'", []],
    ["title.startsWith:'Al'", ["a1"]],
    ["title.startsWith:'al'", ["a4"]],
    ["body.startsWith:'%'", []],
    ["body.startsWith:'100%'", ["a3"]],
    ["title.endsWith:'ta'", ["a2", "a5"]],
    ["body.endsWith:']*'", ["a5"]],
    ["title.icontains:'PH'", ["a1", "a4"]],
    ["body.icontains:'_SCORE'", ["a4"]],
    ["body.icontains:'\\\\S'", ["a6"]],
    ["title.istartsWith:'aLpH'", ["a1", "a4"]],
    ["body.istartsWith:'_'", []],
    ["title.iendsWith:'TA'", ["a2", "a5"]],
    ["body.iendsWith:'%'", []],
  ];
  test.each(TEXTS)("%s", async (where, expected) => {
    expect(ids(await app.get(ask("articles", `(columns:~T(id)~,where:(${where}))`)))).toEqual([...expected]);
  });

  const TREES: readonly [string, readonly string[]][] = [
    ["(authorId:2,published:T)", ["a2", "a4"]],
    ["_((authorId:1),(views:20,published:F))_", ["a1", "a3"]],
    ["_((authorId:1))_", ["a1"]],
    ["(OR:_((authorId:1),(authorId:3))_,published:T)", ["a1", "a6"]],
    ["(AND:_((authorId:2),(published:T))_)", ["a2", "a4"]],
    ["(AND:_((views.gte:5),(views.lte:10))_,OR:_((id:'a1'),(id:'a4'),(id:'a2'))_)", ["a1", "a4"]],
    ["(NOT:(authorId:2))", ["a1", "a5", "a6"]],
    ["(NOT:_((authorId:2),(authorId:3))_)", ["a1"]],
    ["(NOT:(authorId:2,published:T))", ["a1", "a3", "a5", "a6"]],
    ["(NOT:(OR:_((authorId:2),(AND:_((authorId:3),(published:F))_))_))", ["a1", "a6"]],
    ["(authorId:2,NOT:(published:T),views:20)", ["a3"]],
    ["(views.gt:0,views.lt:10)", ["a4", "a6"]],
    ["(OR:_(_((id:'a1'),(id:'a2'))_,(id:'a3'))_)", ["a1", "a2", "a3"]],
    ["(reviewerId.ne:1)", ["a3", "a5"]],
    ["(NOT:(reviewerId:1))", ["a3", "a5"]],
    ["(reviewerId.notIn:_(1)_)", ["a3", "a5"]],
  ];
  test.each(TREES)("%s", async (where, expected) => {
    expect(ids(await app.get(ask("articles", `(columns:~T(id)~,where:${where})`)))).toEqual([...expected]);
  });

  test("dates are compared as instants, whatever their zone and precision", async () => {
    for (const text of [
      "'2023-11-14T22:13:21Z'",
      "'2023-11-14T22:13:21.000Z'",
      "'2023-11-14T23:13:21+01:00'",
      "'2023-11-14 22:13:21'",
      "1700000001000",
      "'2023-11-14T22:13:21.000000Z'",
    ]) {
      expect(ids(await app.get(ask("articles", `(where:(createdAt:${text}))`)))).toEqual(["a2"]);
    }
    expect(ids(await app.get(ask("articles", "(where:(createdAt.lt:'1970-01-01'))")))).toEqual(["a5"]);
    expect(ids(await app.get(ask("articles", "(where:(createdAt.lt:0))")))).toEqual(["a5"]);
  });

  test.each(["contains", "icontains", "like", "ilike", "startsWith", "istartsWith", "eq"])(
    "a text with a NUL, which the drivers cut there, is no value for %s",
    async (operator) => {
      const answer = await app.get(ask("articles", `(where:(title.${operator}:'\0zzz'))`));
      expect([answer.status, answer.body?.code, answer.body?.path]).toEqual([
        400,
        "invalid-value",
        `select.where.title.${operator}`,
      ]);
    },
  );
});

describe("filters refuse", () => {
  const app = served(acl);
  const refused = async (where: string, resource = "samples"): Promise<unknown> => {
    const { status, body } = await app.get(ask(resource, `(where:${where})`));
    return [status, body?.code, body?.path];
  };

  describe.each(KINDS)("wrong values of $column", ({ column, low, ordered, text, wrong }) => {
    test.each(wrong.filter((value) => value !== "N"))("%s", async (value) => {
      for (const operator of ["eq", "ne", ...(ordered ? ORDER_OPERATORS : [])]) {
        expect(await refused(`(${column}.${operator}:${value})`)).toEqual([
          400,
          "invalid-value",
          `select.where.${column}.${operator}`,
        ]);
      }
      expect(await refused(`(${column}:${value})`)).toEqual([400, "invalid-value", `select.where.${column}`]);
      for (const operator of ["in", "notIn", "inArray", "notInArray"]) {
        expect(await refused(`(${column}.${operator}:_(${low},${value},${low})_)`)).toEqual([
          400,
          "invalid-value",
          `select.where.${column}.${operator}.1`,
        ]);
      }
      if (!ordered) return;
      for (const operator of ["between", "notBetween"]) {
        expect(await refused(`(${column}.${operator}:_(${value},${low})_)`)).toEqual([
          400,
          "invalid-value",
          `select.where.${column}.${operator}.0`,
        ]);
      }
    });

    test("N anywhere but for eq and ne", async () => {
      for (const operator of ordered ? ORDER_OPERATORS : [])
        expect(await refused(`(${column}.${operator}:N)`)).toEqual([
          400,
          "invalid-value",
          `select.where.${column}.${operator}`,
        ]);
      for (const operator of ["in", "notIn", "isNull", "isNotNull", ...(text ? TEXT_OPERATORS : [])])
        expect(await refused(`(${column}.${operator}:N)`)).toEqual([
          400,
          "invalid-value",
          `select.where.${column}.${operator}`,
        ]);
    });

    test("lists, pairs and flags of the wrong form", async () => {
      for (const [operator, values] of [
        ["in", [low === "(a:1)" ? "'x'" : low, "()", "T", "'a,b'"]],
        ["isNull", ["1", "0", "'T'", "U", "_(T)_", "()"]],
        ["isNotNull", ["1", "'F'", "X"]],
      ] as const)
        for (const value of values)
          expect(await refused(`(${column}.${operator}:${value})`)).toEqual([
            400,
            "invalid-value",
            `select.where.${column}.${operator}`,
          ]);
      if (!ordered) return;
      for (const pair of [low, "_()_", `_(${low})_`, `_(${low},${low},${low})_`, "N", `(a:${low},b:${low})`])
        for (const operator of ["between", "notBetween"])
          expect(await refused(`(${column}.${operator}:${pair})`)).toEqual([
            400,
            "invalid-value",
            `select.where.${column}.${operator}`,
          ]);
    });
  });

  test.each([
    ["(json:(a:X))", "select.where.json.a"],
    ["(json.eq:_(1,U)_)", "select.where.json.eq.1"],
    ["(blobJson.in:_((a:_(1,I)_))_)", "select.where.blobJson.in.0.a.1"],
  ])("JSON that is none: %s", async (where, path) => {
    expect(await refused(where)).toEqual([400, "invalid-value", path]);
  });

  test.each(TEXT_OPERATORS)("%s of what is no text", async (operator) => {
    for (const value of ["1", "T", "_('a')_", "(a:1)", "U", "X"])
      expect(await refused(`(text.${operator}:${value})`)).toEqual([
        400,
        "invalid-value",
        `select.where.text.${operator}`,
      ]);
  });

  test.each(["like", "notLike", "ilike", "notIlike"])(
    "a %s that ends in a single backslash",
    async (operator) => {
      expect(await refused(`(title.${operator}:'a\\')`, "articles")).toEqual([
        400,
        "invalid-syntax",
        "select",
      ]);
      expect(await refused(`(title.${operator}:"a\\\\")`, "articles")).toEqual([
        400,
        "invalid-value",
        `select.where.title.${operator}`,
      ]);
    },
  );

  test.each([
    ["()", "select.where"],
    ["_()_", "select.where"],
    ["_(())_", "select.where.0"],
    ["_((id:'a'),())_", "select.where.1"],
    ["_(_()_)_", "select.where.0"],
    ["(AND:_()_)", "select.where.AND"],
    ["(OR:_()_)", "select.where.OR"],
    ["(OR:_((id:'a'),())_)", "select.where.OR.1"],
    ["(NOT:())", "select.where.NOT"],
    ["(NOT:_()_)", "select.where.NOT"],
    ["(NOT:(NOT:()))", "select.where.NOT.NOT"],
    ["(AND:(id:'a'))", "select.where.AND"],
    ["(OR:(id:'a'))", "select.where.OR"],
    ["(OR:T)", "select.where.OR"],
    ["(AND:N)", "select.where.AND"],
    ["(NOT:T)", "select.where.NOT"],
    ["(NOT:N)", "select.where.NOT"],
    ["_(T)_", "select.where.0"],
    ["_(N)_", "select.where.0"],
    ["_(,)_", "select.where.0"],
    ["T", "select.where"],
    ["N", "select.where"],
    ["U", "select.where"],
    ["'id=1'", "select.where"],
    ["5", "select.where"],
  ])("an empty or malformed filter: %s", async (where, path) => {
    expect(await refused(where, "articles")).toEqual([400, "invalid-value", path]);
  });

  test.each([
    ["title.lke", "lke", "did you mean `like`?"],
    ["title.LIKE", "LIKE", "did you mean `like`?"],
    ["title.sql", "sql", undefined],
    ["title.exists", "exists", undefined],
    ["title.", "", undefined],
  ])("an unknown operator: %s", async (key, operator, hint) => {
    const answer = await app.get(ask("articles", `(where:('${key}':'a'))`));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: `unknown operator \`${operator}\``,
      code: "unknown-operator",
      path: "select.where",
    });
    if (hint !== undefined) expect(answer.body.hint).toBe(hint);
  });
  test("an operator of lists on a column that holds none", async () => {
    expect((await app.get(ask("articles", "(where:('title.arrayContains':_('a')_))"))).body).toMatchObject({
      error: "operator `arrayContains` does not apply to `title`, which is no array",
      code: "unknown-operator",
      path: "select.where",
    });
  });
});
