import { beforeEach, describe, expect, test } from "bun:test";
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
      ["integer", ""],
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
