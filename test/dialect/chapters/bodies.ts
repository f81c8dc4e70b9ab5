import { beforeEach, describe, expect, test } from "bun:test";
import type { Answer } from "../../support/app.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

const JSON_TYPE = "application/json";
const RJSON_TYPE = "application/rjson";
const FORM_TYPE = "application/x-www-form-urlencoded";

/** Chapter 6: bodies and their validation. */
export function bodies(app: Subject): void {
  beforeEach(app.reset);

  test.each([
    [JSON_TYPE, '{"id":9,"label":"json"}', "json"],
    ["APPLICATION/JSON; charset=utf-8", '{"id":9,"label":"ünï 😀"}', "ünï 😀"],
    [RJSON_TYPE, "(id:9,label:'two words')", "two words"],
    [FORM_TYPE, "id=9&label=a+form%21", "a form!"],
  ])("are taken as %s: %s", async (type, body, label) => {
    const answer = await app.send("POST", "labels", { headers: { "content-type": type }, body });
    expect(answer.body).toEqual({ rowsAffected: 1, count: 1, labels: [{ id: 9, label }] });
  });

  test("in RJSON may be a list", async () => {
    const answer = await app.send("POST", "labels", {
      headers: { "content-type": RJSON_TYPE },
      body: "_((id:8,label:one),(id:9,label:two))_",
    });
    expect(answer.body.labels).toEqual([
      { id: 8, label: "one" },
      { id: 9, label: "two" },
    ]);
  });

  test("in forms are coerced by their columns", async () => {
    const answer = await app.send("POST", "samples", {
      headers: { "content-type": FORM_TYPE },
      body: new URLSearchParams({
        id: "5",
        text: "5",
        choice: "a",
        json: '{"a":[1]}',
        integer: "-7",
        real: "1.5",
        flag: "true",
        millis: "2024-01-02T03:04:05.006Z",
        seconds: "1700000000000",
        numericBig: "12",
        big: "123456789012345678901234567890",
        decimal: "1.25",
        bytes: "AAEC",
      }).toString(),
    });
    expect(answer.body.samples).toEqual([
      {
        id: 5,
        parentId: null,
        text: "5",
        choice: "a",
        json: { a: [1] },
        integer: -7,
        flag: true,
        seconds: "2023-11-14T22:13:20.000Z",
        millis: "2024-01-02T03:04:05.006Z",
        real: 1.5,
        decimal: "1.25",
        number: null,
        numericBig: "12",
        big: "123456789012345678901234567890",
        bytes: "AAEC",
        blobJson: null,
        point: null,
      },
    ]);
    for (const [column, text] of [
      ["integer", "seven"],
      ["integer", "1.00000000000000001"],
      ["integer", " "],
      ["integer", "0x10"],
      ["json", "12345678901234567890"],
      ["number", "12345678901234567890"],
      ["flag", "maybe"],
      ["millis", "soon"],
      ["choice", "c"],
    ] as const)
      expect(
        refusal(
          await app.send("POST", "samples", {
            headers: { "content-type": FORM_TYPE },
            body: new URLSearchParams({ id: "6", [column]: text }).toString(),
          }),
        ),
      ).toEqual({ status: 400, code: "invalid-value", path: column });
  });

  test("in forms an empty field is null where its column holds no text, and refused where that takes none", async () => {
    const post = (resource: string, fields: Record<string, string>): Promise<Answer> =>
      app.send("POST", resource, {
        headers: { "content-type": FORM_TYPE },
        body: new URLSearchParams(fields).toString(),
      });
    const names =
      "parentId choice json integer flag seconds millis real decimal number numericBig big bytes blobJson";
    const empty = Object.fromEntries(names.split(" ").map((name) => [name, ""]));
    const made = await post("samples", { id: "5", text: "", ...empty });
    const nulls = Object.fromEntries([...names.split(" "), "point"].map((name) => [name, null]));
    expect(made.body.samples).toEqual([{ id: 5, text: "", ...nulls }]);
    expect(refusal(await post("products", { name: "x", price: "" }))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "price",
    });
  });

  describe("lose no digits", () => {
    const bodiesOf = (column: string, written: string): readonly (readonly [string, string])[] => [
      [JSON_TYPE, `{"id":1,"${column}":${written}}`],
      [JSON_TYPE, `[{"${column}" : ${written} ,"id":1}]`],
      [
        RJSON_TYPE,
        `(id:1,${column}:${written
          .replaceAll("[", "_(")
          .replaceAll("]", ")_")
          .replace(/\{"n":(.*)\}/, "(n:$1)")})`,
      ],
    ];
    const post = (type: string, body: string): Promise<Answer> =>
      app.send("POST", "samples", { headers: { "content-type": type }, body });

    test.each([
      ["decimal", "9007199254740993", "9007199254740993"],
      ["decimal", "-9007199254740993", "-9007199254740993"],
      ["decimal", "9223372036854775807", "9223372036854775807"],
      ["decimal", "0.5", "0.5"],
      ["numericBig", "9007199254740991", "9007199254740991"],
      ["big", '"123456789012345678901234567890"', "123456789012345678901234567890"],
      ["real", "0.1000000000000000055", 0.1],
      ["real", "0.10000000000000001", 0.1],
      ["real", "1e-7", 1e-7],
      ["number", "0.10000000000000001", 0.1],
      ["json", "0.10000000000000001", 0.1],
      ["json", '{"n":[1.5,0.30000000000000004]}', { n: [1.5, 0.30000000000000004] }],
      ["json", '"12345678901234567890"', "12345678901234567890"],
    ])("%s keeps %s", async (column, written, kept) => {
      for (const [type, body] of bodiesOf(column, written).slice(0, written.includes('"') ? 2 : 3)) {
        await app.remove("samples");
        const made = await post(type, body);
        expect([made.status, made.body.samples?.[0]?.[column], body]).toEqual([200, kept, body]);
      }
    });

    test.each([
      ["json", "12345678901234567890", ""],
      ["json", "0.1000000000000000055", ""],
      ["json", "1e400", ""],
      ["json", '{"n":12345678901234567890}', ".n"],
      ["json", "[1,9007199254740993]", ".1"],
      ["blobJson", "-12345678901234567890", ""],
      ["number", "12345678901234567890", ""],
      ["integer", "12345678901234567890", ""],
      ["integer", "1.00000000000000001", ""],
      ["millis", "1700000000000.00000000001", ""],
      ["numericBig", "9007199254740992", ""],
      ["numericBig", "9007199254740993", ""],
      ["big", "123456789012345678901234567890", ""],
      ["real", "1e400", ""],
    ])("%s refuses %s", async (column, written, within) => {
      for (const [type, body] of bodiesOf(column, written)) {
        const path = `${body.startsWith("[") ? "0." : ""}${column}${within}`;
        const wanted = { status: 400, code: "invalid-value", path };
        expect([refusal(await post(type, body)), body]).toEqual([wanted, body]);
      }
    });

    test("and say how such a number can be sent", async () => {
      const { body } = await post(JSON_TYPE, '{"id":1,"json":{"n":12345678901234567890}}');
      expect(body).toEqual({
        error: "`12345678901234567890` has more digits than a number keeps",
        code: "invalid-value",
        path: "json.n",
        hint: "send it as text",
      });
    });

    test("nor does a PATCH, a filter or a form", async () => {
      await post(JSON_TYPE, '{"id":1,"decimal":1}');
      const changed = await app.patch("samples", '{"decimal":9007199254740993}');
      expect(changed.body.samples[0].decimal).toBe("9007199254740993");
      const found = async (where: string): Promise<unknown> =>
        (await app.get(`samples?select=${encodeURIComponent(`(columns:F,where:(${where}))`)}`)).body;
      expect(await found("decimal:9007199254740993")).toEqual({ count: 1 });
      expect(await found("decimal:9007199254740992")).toEqual({ count: 0 });
      expect(await found("decimal.in:_(1,9007199254740993)_")).toEqual({ count: 1 });
      expect(await found("numericBig.lt:9007199254740993")).toMatchObject({
        error: "expected a whole number as text",
        path: "select.where.numericBig.lt",
      });
      expect(await found("json:(n:12345678901234567890)")).toMatchObject({
        code: "invalid-value",
        path: "select.where.json.n",
      });
      const sent = await app.send("POST", "samples", {
        headers: { "content-type": FORM_TYPE },
        body: "id=2&decimal=9007199254740993&numericBig=9007199254740993&json=%5B0.1%5D",
      });
      expect(sent.body.samples[0]).toMatchObject({
        decimal: "9007199254740993",
        numericBig: "9007199254740993",
        json: [0.1],
      });
    });

    test("and what is no column is refused in the same words as one that may not be written", async () => {
      for (const key of ["email", "emial", "constructor"]) {
        const answer = await app.patch("told", `{"${key}":12345678901234567890}`);
        expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: key });
      }
    });

    test("small and large numbers are written out", async () => {
      for (const [written, kept] of [
        ["1e-7", ["1e-7", "0.0000001"]],
        ["1e21", ["1e+21", "1000000000000000000000"]],
        ["1.5e+3", ["1500", "1500"]],
      ] as const) {
        await app.remove("samples");
        const made = await post(JSON_TYPE, `{"id":1,"decimal":${written}}`);
        expect([made.status, made.body.samples?.[0]?.decimal]).toEqual([
          200,
          kept[app.speaks === "sqlite" ? 0 : 1],
        ]);
      }
    });
  });

  test.each([
    ["nothing", JSON_TYPE, "", 400, "invalid-body", undefined],
    ["another type", "text/plain", "{}", 415, "unsupported-media-type", undefined],
    ["cut JSON", JSON_TYPE, '{"id":', 400, "invalid-body", undefined],
    ["cut RJSON", RJSON_TYPE, "(id:", 400, "invalid-body", undefined],
    ["a number", JSON_TYPE, "7", 400, "invalid-body", undefined],
    ["an empty list", JSON_TYPE, "[]", 400, "invalid-body", undefined],
    ["a list of numbers", JSON_TYPE, "[1]", 400, "invalid-body", "0"],
    ["a missing value", JSON_TYPE, '[{"id":8,"label":"x"},{"id":9}]', 400, "invalid-body", "1.label"],
    ["an unknown column", JSON_TYPE, '{"id":9,"label":"x","name":1}', 400, "unknown-column", "name"],
    ["a wrong kind", JSON_TYPE, '{"id":"9","label":"x"}', 400, "invalid-value", "id"],
    [
      "a wrong kind in a list",
      JSON_TYPE,
      '[{"id":8,"label":"x"},{"id":9,"label":1}]',
      400,
      "invalid-value",
      "1.label",
    ],
    [
      "SQL for a value",
      JSON_TYPE,
      '{"id":9,"label":{"queryChunks":[{"value":["1"]}]}}',
      400,
      "invalid-value",
      "label",
    ],
    ["a NUL in a text", JSON_TYPE, '{"id":9,"label":"a\\u0000b"}', 400, "invalid-value", "label"],
    ["a lone surrogate", JSON_TYPE, '{"id":9,"label":"\\ud800"}', 400, "invalid-value", "label"],
    [
      "a prototype",
      JSON_TYPE,
      '{"id":9,"label":"x","__proto__":{"a":1}}',
      400,
      "unknown-column",
      "__proto__",
    ],
    ["a field twice", FORM_TYPE, "id=9&label=x&label=y", 400, "invalid-body", "label"],
    ["deep nesting", JSON_TYPE, "[".repeat(5_000) + "]".repeat(5_000), 400, "invalid-body", undefined],
  ])("that are %s are refused, and nothing is written", async (_, type, body, status, code, path) => {
    const answer = await app.send("POST", "labels", { headers: { "content-type": type }, body });
    expect(refusal(answer)).toEqual({ status, code, ...(path !== undefined && { path }) });
    expect(await app.rows("tag")).toHaveLength(3);
  });

  test.each([
    ["text", [1, true, { a: 1 }, ["a"]]],
    ["choice", ["c", "", "A", 1]],
    ["integer", [1.5, "1", true, 2 ** 53, -(2 ** 53), 1e18]],
    ["flag", [1, 0, "true", "T"]],
    ["seconds", ["soon", "", "2024-13-01", "2023-02-29", "infinity", true, 1e20]],
    ["millis", ["now", "2024-01-01T25:00:00Z", "Tue Jan 02 2024", "today", true, -1e20]],
    ["real", ["1.5", true, "NaN", "Infinity"]],
    ["decimal", ["12,5", "1e5", "NaN", "Infinity", "", ".", true]],
    ["number", ["1", true]],
    ["numericBig", [1.5, "1.5", "9223372036854775808", "-9223372036854775809", "0x10", "", true]],
    ["big", [1.5, 2 ** 53, "12a", "", "NaN", true]],
    ["bytes", ["***", "AAE", 1, "\\x01"]],
    ["parentId", ["1", 1.5, 2 ** 53]],
    ["json", ["a\u0000b", { "a\u0000": 1 }, { a: ["\u0000"] }]],
  ] as [string, unknown[]][])(
    "a value that is none of the column %s is 400 with its path",
    async (column, values) => {
      for (const value of values) {
        const answer = await app.post("samples", [{ id: 2 }, { id: 3, [column]: value }]);
        expect([value, refusal(answer)]).toEqual([
          value,
          {
            status: 400,
            code: "invalid-value",
            path: expect.stringMatching(new RegExp(`^1\\.${column}`)) as string,
          },
        ]);
      }
      expect(await app.rows("sample")).toHaveLength(0);
    },
  );

  test("a text longer than its column is 400, counted in characters", async () => {
    const row = (name: string): object => ({ name, email: `${name.length}@local.dev` });
    expect(refusal(await app.post("people", row("x".repeat(21))))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "name",
    });
    expect((await app.post("people", row("😀".repeat(20)))).body.people[0].name).toBe("😀".repeat(20));
  });

  test("beyond `maxBodySize` are 413, beyond `maxRows` 400", async () => {
    expect(refusal(await app.post("small", JSON.stringify({ text: "x".repeat(190) })))).toEqual({
      status: 413,
      code: "too-large",
    });
    expect(refusal(await app.post("small", "[{},{},{},{}]"))).toEqual({ status: 400, code: "invalid-body" });
  });

  test("are read only after a rule was found", async () => {
    const broken = { headers: { "content-type": "text/nonsense" }, body: "{{{" };
    expect(refusal(await app.send("POST", "injected", broken)).status).toBe(401);
    expect(refusal(await app.send("POST", "injected", { ...broken, as: 1, role: "editor" })).status).toBe(
      403,
    );
    expect(refusal(await app.send("POST", "injected", { ...broken, as: 1 })).status).toBe(415);
  });

  describe("validateBody", () => {
    test("may be any Standard Schema", async () => {
      expect((await app.post("validated", { id: 9, label: "fine" })).body.validated).toEqual([
        { id: 9, label: "fine" },
      ]);
      expect((await app.post("validated", { id: 9, label: 5 })).body).toEqual({
        error: "the body is not valid",
        code: "invalid-body",
        path: "label",
        issues: [{ message: "label must be a text", path: "label" }],
      });
    });
    test("validates every row of a list and names its index", async () => {
      const rows = [
        { id: 8, label: "fine" },
        { id: 9, label: "" },
      ];
      const refused = await app.post("validated", rows, { as: 1 });
      expect(refusal(refused)).toEqual({ status: 400, code: "invalid-body", path: "1.label" });
      expect(refused.body.issues).toHaveLength(1);
      expect(await app.rows("tag")).toHaveLength(3);
    });
    test("may be a function that changes the row or refuses it", async () => {
      const editor = { as: 1, role: "editor" };
      expect((await app.post("validated", { id: 9, label: "x" }, editor)).body.validated).toEqual([
        { id: 77, label: "x" },
      ]);
      const refused = await app.post("validated", { label: "refused" }, editor);
      expect([refused.status, refused.body.error]).toEqual([422, "not for an editor"]);
    });
  });
}
