import { beforeEach, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import type { Subject } from "../subject.ts";

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: [deep(levels - 1)] });

/** What is sent, and what comes back where that is another spelling of it. */
const VALUES: readonly (readonly [column: string, sent: unknown, back?: unknown])[] = [
  ["text", ""],
  ["text", 'it\'s "quoted" \\ % _ ; -- $1 ? :x {a} ünïcödé 😀 \u2028\u2029\u0001\u001f\u007f\ufeff\n\t\r'],
  ["text", "e\u0301 is not é, ﬀ, İ, ß, \u{10FFFF}"],
  ["text", "9".repeat(30)],
  ["text", "null"],
  ["text", "\\x41"],
  ["text", " padded  "],
  ["text", "x".repeat(100_000)],
  ["choice", "a"],
  ["json", { nested: [1, "two", { three: null }], flag: true }],
  ["json", "a text"],
  ["json", "9007199254740993"],
  ["json", "null"],
  ["json", '{"a":1}'],
  ["json", ""],
  ["json", 0],
  ["json", 0.1],
  ["json", 1e21],
  ["json", 5e-324],
  ["json", 1.7976931348623157e308],
  ["json", 0.1 + 0.2],
  ["json", false],
  ["json", []],
  ["json", {}],
  ["json", [null, [[]], { "": "" }]],
  ["json", { 'key with " and \\ and \u2028': "\u0001 😀 ü </script>" }],
  ["json", { a: 1, toJSON: 1, constructor: "c", $numberLong: "1" }],
  ["json", deep(20)],
  ["json", Array.from({ length: 500 }, (_, i) => ({ i, t: `x${i}` }))],
  ["integer", 0],
  ["integer", -5],
  ["integer", Number.MAX_SAFE_INTEGER],
  ["integer", Number.MIN_SAFE_INTEGER],
  ["flag", true],
  ["flag", false],
  ["seconds", "2024-02-29T12:34:56.000Z"],
  ["seconds", 1_700_000_000_000, "2023-11-14T22:13:20.000Z"],
  ["seconds", -1000, "1969-12-31T23:59:59.000Z"],
  ["millis", "2024-02-29T12:34:56.789Z"],
  ["millis", "2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["millis", "2024-02-29T12:34:56+02:00", "2024-02-29T10:34:56.000Z"],
  ["millis", "2024-02-29 12:34:56.7", "2024-02-29T12:34:56.700Z"],
  ["millis", 0, "1970-01-01T00:00:00.000Z"],
  ["millis", -1, "1969-12-31T23:59:59.999Z"],
  ["millis", "1900-01-01T00:00:00.001Z"],
  ["millis", "1582-10-10T00:00:00.000Z"],
  ["millis", "0001-01-01T00:00:00.000Z"],
  ["millis", "0099-12-31T23:59:59.999Z"],
  ["millis", "9999-12-31T23:59:59.999Z"],
  ["millis", "2024-03-31T02:30:00.000Z"],
  ["real", 0.1 + 0.2],
  ["real", -1.5e300],
  ["real", 5e-324],
  ["real", 2.2250738585072014e-308],
  ["real", 1.7976931348623157e308],
  ["real", 123456789.12345679],
  ["real", 1e-7],
  ["real", 1e21],
  ["real", 2 ** 53],
  ["real", 3],
  ["real", 0],
  ["decimal", "12.5"],
  ["decimal", "-0.125"],
  ["decimal", "9007199254740993"],
  ["decimal", 7, "7"],
  ["decimal", "0"],
  ["number", 2.5],
  ["number", 42],
  ["number", 0.1 + 0.2],
  ["number", 1e-7],
  ["number", -0.000123456789012345],
  ["numericBig", "9007199254740993"],
  ["numericBig", "9223372036854775807"],
  ["numericBig", "-9223372036854775808"],
  ["numericBig", 12, "12"],
  ["big", "123456789012345678901234567890"],
  ["big", "-9007199254740993"],
  ["big", "0"],
  ["bytes", "AAECAwT/"],
  ["bytes", ""],
  ["bytes", "XHgwMQ=="],
  ["bytes", Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString("base64")],
  ["blobJson", { deep: { er: [1, 2] } }],
  ["blobJson", "text"],
  ["blobJson", false],
  ["point", { x: 1.5, y: -2 }],
  ["point", { x: 0.1, y: 1e300 }],
];

const COLUMNS = [...new Set(VALUES.map(([column]) => column))];

/** Chapter 8: values are what was stored, at the top and nested. */
export function fidelity(app: Subject): void {
  beforeEach(async () => {
    await app.reset();
    await app.post("samples", { id: 1 });
  });

  test.each(COLUMNS)(
    "%s gives back what it takes, at the top, in lists and as the one of a relation",
    async (column) => {
      const values = VALUES.filter(([name]) => name === column).map(([, sent, back = sent]) => [sent, back]);
      const rows = [];
      for (const [i, [sent, back]] of values.entries()) {
        const made = await app.post("samples", { id: 10 + i, parentId: 1, [column]: sent });
        expect([made.status, made.body.samples?.[0]?.[column]]).toEqual([200, back]);
        rows.push(made.body.samples[0]);
      }
      expect((await app.get(ask("samples", "(where:(parentId:1))"))).body.samples).toEqual(rows);
      const many = await app.get(ask("samples", "(where:(id:1),with:(children:T))"));
      expect(many.body.samples[0].children).toEqual(rows);
      await app.post(
        "samples",
        rows.map(({ id }) => ({ id: 100 + id, parentId: id })),
      );
      const one = await app.get(ask("samples", "(columns:F,where:(id.gt:100),with:(parent:T))"));
      expect(one.body.samples).toEqual(rows.map((parent) => ({ parent })));
      for (const [sent, back] of [values[0]!, values.at(-1)!]) {
        const changed = await app.patch(ask("samples", "(where:(id:110))"), { [column]: sent });
        expect(changed.body.samples[0][column]).toEqual(back);
      }
    },
  );

  test("many rows of every column come back as they were sent", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => {
      const values = COLUMNS.map((column) => {
        const own = VALUES.filter(([name, sent]) => name === column && JSON.stringify(sent).length < 1_000);
        const [, sent, back = sent] = own[i % own.length]!;
        return [column, sent, back] as const;
      });
      return {
        sent: {
          id: 10 + i,
          parentId: 1,
          ...Object.fromEntries(values.map(([column, sent]) => [column, sent])),
        },
        back: {
          id: 10 + i,
          parentId: 1,
          ...Object.fromEntries(values.map(([column, , back]) => [column, back])),
        },
      };
    });
    const made = await app.post(
      "samples",
      rows.map(({ sent }) => sent),
    );
    expect(made.body.samples).toEqual(rows.map(({ back }) => back));
    const { body } = await app.get(ask("samples", "(where:(id:1),with:(children:T))"));
    expect(body.samples[0].children).toEqual(rows.map(({ back }) => back));
    expect((await app.remove(ask("samples", "(where:(id.gte:10))"))).body.samples).toEqual(
      rows.map(({ back }) => back),
    );
  });

  test("every column that may be null can be set to null again, and stays told from what is empty", async () => {
    const first = Object.fromEntries(VALUES.toReversed().map(([column, sent]) => [column, sent]));
    await app.post("samples", { ...first, id: 2, parentId: 1 });
    const nulls = Object.fromEntries(COLUMNS.map((column) => [column, null]));
    const changed = await app.patch(ask("samples", "(where:(id:2))"), nulls);
    expect(changed.body.samples).toEqual([{ ...nulls, id: 2, parentId: 1 }]);
    await app.patch(ask("samples", "(where:(id:2))"), {
      text: "",
      json: "",
      bytes: "",
      blobJson: [],
      real: 0,
    });
    const { body } = await app.get(
      ask("samples", "(where:(id:1),with:(children:(columns:~T(text,json,bytes,blobJson,real,flag)~)))"),
    );
    expect(body.samples[0].children).toEqual([
      { text: "", json: "", bytes: "", blobJson: [], real: 0, flag: null },
    ]);
  });

  test("a JSON body keeps digits that a number of the language has", async () => {
    const made = await app.post(
      "samples",
      '{"id":2,"parentId":1,"real":0.1000000000000000055511151231257827,"json":[1e400000,1]}',
    );
    expect(made.status).toBe(400);
    const fine = await app.post(
      "samples",
      '{"id":2,"parentId":1,"real":0.1000000000000000055511151231257827}',
    );
    expect(fine.body.samples[0].real).toBe(0.1);
  });

  test("negative zero is zero", async () => {
    const made = await app.post("samples", '{"id":2,"parentId":1,"real":-0.0,"integer":-0,"number":-0.0}');
    expect(made.text).toContain('"real":0');
    const { text } = await app.get(
      ask("samples", "(where:(id:1),with:(children:(columns:~T(real,integer,number)~)))"),
    );
    expect(text).toContain('"children":[{"integer":0,"real":0,"number":0}]');
  });

  test("one second of difference is told, also where clocks were set back", async () => {
    const instants = ["2024-10-27T00:59:59.999Z", "2024-10-27T01:00:00.000Z", "1919-12-31T18:18:43.000Z"];
    await app.post(
      "samples",
      instants.map((millis, i) => ({ id: 10 + i, parentId: 1, millis })),
    );
    for (const [i, millis] of instants.entries()) {
      const { body } = await app.get(ask("samples", `(columns:~T(id,millis)~,where:(millis:'${millis}'))`));
      expect(body.samples).toEqual([{ id: 10 + i, millis }]);
    }
  });
}
