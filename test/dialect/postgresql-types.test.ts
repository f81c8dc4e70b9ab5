import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type ACL, createQueryRoute } from "@bepalo/query";
import type { Operators } from "drizzle-orm";
import type { Answer } from "../support/app.ts";
import { isLeftOut, openPostgresql, type OpenedPostgresql, POSTGRESQL_NAMES } from "../support/postgresql.ts";
import { kindsSchema } from "../support/postgresql-kinds.ts";
import { ask, ids } from "../support/served.ts";
import { refusal } from "../support/write.ts";

type Rules = ACL<string, object, object, typeof kindsSchema>;

const everything = { select: true } as const;
const acl = {
  kinds: {
    table: "kinds",
    control: {
      GET: { all: { select: true, with: { parent: true, children: true } } },
      POST: { all: { select: true, with: { parent: true } } },
      PATCH: { all: { select: true, with: { children: true } } },
      DELETE: { all: everything },
    },
  },
  forced: { table: "kinds", control: { POST: { all: { select: true, write: true } } } },
  shelves: {
    table: "shelf",
    control: {
      GET: { all: { select: true, with: { past: { select: true, with: { shelf: true } } } } },
      POST: { all: { select: true, write: true } },
      DELETE: { all: everything },
    },
  },
  pastShelves: {
    table: "pastShelf",
    control: {
      GET: { all: { select: true, with: { shelf: { select: true, with: { past: true } } } } },
      POST: { all: { select: true, write: true, with: { shelf: true } } },
      PATCH: { all: everything },
      DELETE: { all: everything },
    },
  },
  titles: {
    table: "shelfTitles" as "shelf",
    control: {
      GET: {
        all: {
          select: true,
          where: (_: unknown, t: typeof kindsSchema.shelf, { ne }: Operators) => ne(t.title, "hidden"),
        },
      },
    },
  },
  rooms: { table: "shelfRooms" as "shelf", control: { GET: { all: everything } } },
  stock: {
    table: "shelfStock" as "pastShelf",
    control: { GET: { all: { select: { columns: ["id", "mood"] } } } },
  },
} satisfies Rules;

/** Values of a column from the lowest to the highest: what is sent, and what comes back where that is spelt otherwise. */
interface Kind {
  readonly column: string;
  readonly values: readonly (readonly [sent: unknown, back?: unknown])[];
  readonly compares: "order" | "equality" | "nothing";
  /** None of its values, in a filter or a body. */
  readonly wrong: readonly unknown[];
  /** Values that may be asked for and not stored. */
  readonly unstorable?: readonly unknown[];
}

const U1 = "00000000-0000-4000-8000-000000000001";
const U2 = "ffffffff-ffff-4fff-8fff-ffffffffffff";
const WRONG_TEXTS = ["", "x", 1, true, { a: 1 }, ["a"], "\u0000"];

const KINDS: readonly Kind[] = [
  {
    column: "uuid",
    values: [[U1], ["6BA7B810-9DAD-41D1-80B4-00C04FD430C8", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"], [U2]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "6ba7b810-9dad-41d1-80b4", `${U1}0`, `x${U1}`, U1.replaceAll("-", "_")],
  },
  {
    column: "instant",
    values: [
      ["0001-01-01T00:00:00.000Z"],
      ["1900-01-01T00:00:00.001Z"],
      [1_700_000_000_123, "2023-11-14T22:13:20.123Z"],
      ["2024-02-29T12:34:56+02:00", "2024-02-29T10:34:56.000Z"],
      ["9999-12-31T23:59:59.999Z"],
    ],
    compares: "order",
    wrong: ["", "now", "infinity", "yesterday", "2023-02-29", true, {}, "12:00", "2024-01-01 25:00"],
    unstorable: [],
  },
  {
    column: "instantText",
    values: [
      ["0001-01-01 00:00:00+00"],
      ["2024-02-29T12:34:56.789123+02:00", "2024-02-29 10:34:56.789123+00"],
      ["2024-02-29 12:34:56.5Z", "2024-02-29 12:34:56.5+00"],
      ["9999-12-31 23:59:59.999999+00"],
    ],
    compares: "order",
    wrong: [...WRONG_TEXTS, "now", "tomorrow", "2024-02-30 00:00:00+00", "2024-02-29 24:00:01+00", "epoch"],
  },
  {
    column: "local",
    values: [["0001-01-01T00:00:00.000Z"], ["2024-02-29T12:34:56.789Z"], ["9999-12-31T23:59:59.999Z"]],
    compares: "order",
    wrong: ["", "now", "infinity", "2023-02-29", true],
  },
  {
    column: "localText",
    values: [
      ["0001-01-01 00:00:00"],
      ["2024-02-29 12:34:56.789123"],
      ["2024-02-29T12:34:57", "2024-02-29 12:34:57"],
      ["9999-12-31 23:59:59.999999"],
    ],
    compares: "order",
    wrong: [...WRONG_TEXTS, "now", "2024-02-30", "2024-02-29 12:34:56+02:00", "2024-13-01 00:00:00"],
  },
  {
    column: "day",
    values: [
      ["0001-01-01", "0001-01-01T00:00:00.000Z"],
      ["2024-02-29", "2024-02-29T00:00:00.000Z"],
      ["9999-12-31", "9999-12-31T00:00:00.000Z"],
    ],
    compares: "order",
    wrong: ["", "now", "2023-02-29", true, "29/02/2024"],
  },
  {
    column: "dayText",
    values: [["0001-01-01"], ["2024-02-29"], ["9999-12-31"]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "now", "2023-02-29", "29/02/2024", "2024-2-1", "2024-02-29 12:00"],
  },
  {
    column: "time",
    values: [["00:00:00"], ["12:34:56.789123"], ["12:34:57.5"], ["23:59", "23:59:00"], ["23:59:59.999999"]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "24:00:01", "12:60", "noon", "12:34:56+02"],
  },
  {
    column: "interval",
    values: [
      ["-1 days", "-1 days"],
      ["00:00:00"],
      ["1 day 02:03:04.5"],
      ["P1M", "1 mon"],
      ["1 year 2 mons 3 days 04:05:06"],
    ],
    compares: "order",
    wrong: [...WRONG_TEXTS, "1 fortnight", "P", "1 day 1 day", "99999999999 years"],
  },
  {
    column: "numeric",
    values: [
      ["-12345678901234567890123456789.0123456789"],
      ["-0.10"],
      [7, "7"],
      ["12345678901234567890.123"],
      ["12345678901234567890.124"],
      [`1${"0".repeat(60)}.${"0".repeat(60)}1`],
    ],
    compares: "order",
    wrong: ["", "x", "1e5", "NaN", "Infinity", "1,5", true, {}, [1]],
  },
  {
    column: "price",
    values: [["-99999999.99"], ["0.01"], ["1.5", "1.50"], ["99999999.99"]],
    compares: "order",
    wrong: ["", "x", "NaN", true],
    unstorable: ["100000000", "99999999.995"],
  },
  {
    column: "numericNumber",
    values: [[-1e-7], [0], [0.1 + 0.2], [2.5], [9007199254740991]],
    compares: "order",
    wrong: ["1", "NaN", true, {}],
  },
  {
    column: "numericBig",
    values: [["-123456789012345678901234567890"], ["0"], [7, "7"], ["123456789012345678901234567891"]],
    compares: "order",
    wrong: ["1.5", 1.5, "x", "NaN", 2 ** 53, true],
  },
  {
    column: "bigint",
    values: [["-9223372036854775808"], ["9007199254740992"], ["9007199254740993"], ["9223372036854775807"]],
    compares: "order",
    wrong: ["9223372036854775808", "-9223372036854775809", "1.5", 1.5, "x", true, 2 ** 53],
  },
  {
    column: "bigintNumber",
    values: [[-9007199254740991], [0], [9007199254740991]],
    compares: "order",
    wrong: [2 ** 53, 1.5, "1", true],
  },
  {
    column: "smallint",
    values: [[-32768], [0], [32767]],
    compares: "order",
    wrong: [32768, -32769, 1.5, "1", true],
  },
  {
    column: "integer",
    values: [[-1073741824], [0], [1073741823]],
    compares: "order",
    wrong: [2147483648, -2147483649, 1.5, "1", true],
    unstorable: [],
  },
  {
    column: "real",
    values: [[-3.4e38], [-0.1], [1e-38], [0.1], [0.3], [16777216], [3.4028235e38]],
    compares: "order",
    wrong: ["0.1", true, "NaN", "Infinity", 1e39],
  },
  {
    column: "double",
    values: [[-1.7976931348623157e308], [5e-324], [0.1], [0.1 + 0.2], [1e21]],
    compares: "order",
    wrong: ["0.1", true, "NaN", "-Infinity"],
  },
  {
    column: "json",
    values: [[{ b: 1, a: [1, null, "x", 0.1] }], [0], [""], ["text"], [[]], [false], ["9007199254740993"]],
    compares: "nothing",
    wrong: [],
  },
  {
    column: "jsonb",
    values: [
      [{ b: 1, a: [1, null, "x", 0.1] }],
      [0],
      [""],
      ["text"],
      [[]],
      [false],
      [1e-7],
      [{ "": { "\u2028": "\\" } }],
    ],
    compares: "equality",
    wrong: ["\u0000", { a: "\ud800" }, { "\u0000": 1 }],
  },
  {
    column: "texts",
    values: [
      [[]],
      [["a"]],
      [["a", "b,c", "", 'q"uote', "back\\slash", "{}", "NULL", "null", " padded ", "ü😀", "\n\t"]],
      [["x", null, "y"]],
      [["b"]],
    ],
    compares: "equality",
    wrong: ["a", 1, [1], [["a"]], {}, ["\u0000"], true],
  },
  {
    column: "integers",
    values: [[[]], [[1, 2, 3]], [[-2147483648, null, 2147483647]], [[2]]],
    compares: "equality",
    wrong: [1, ["1"], [1.5], [2147483648], [[1]], "{1}"],
  },
  {
    column: "bigints",
    values: [
      [["9007199254740993", "-9223372036854775808"]],
      [
        [1, null],
        ["1", null],
      ],
      [[]],
    ],
    compares: "equality",
    wrong: [["x"], ["9223372036854775808"], 1, [1.5]],
  },
  {
    column: "numerics",
    values: [
      [["12345678901234567890.123", "1.50"]],
      [
        [1, null],
        ["1", null],
      ],
      [[]],
    ],
    compares: "equality",
    wrong: [["x"], ["NaN"], "1"],
  },
  {
    column: "instants",
    values: [
      [["2024-02-29T12:34:56.789Z", "0001-01-01T00:00:00.000Z"]],
      [
        ["2024-02-29T12:34:56+02:00", null],
        ["2024-02-29T10:34:56.000Z", null],
      ],
      [[]],
    ],
    compares: "equality",
    wrong: [["now"], ["2023-02-29"], "2024-02-29"],
  },
  { column: "uuids", values: [[[U1, U2]], [[U1, null]], [[]]], compares: "equality", wrong: [["x"], U1] },
  {
    column: "flags",
    values: [[[true, false, true]], [[false, null]], [[]]],
    compares: "equality",
    wrong: [["true"], [1], true],
  },
  {
    column: "doubles",
    values: [[[0.1, 0.1 + 0.2, 5e-324, -1.7976931348623157e308]], [[1, null]], [[]]],
    compares: "equality",
    wrong: [["0.1"], ["NaN"]],
  },
  {
    column: "grid",
    values: [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [[[1, null, 3]]],
      [[]],
    ],
    compares: "equality",
    wrong: [[1], [[1, 2], [3]], [["a"]], [[[1]]], [[]], 1],
  },
  {
    column: "mood",
    values: [["sad"], ["content"], ["happy"]],
    compares: "order",
    wrong: ["angry", "", "SAD", 1, true, "sad "],
  },
  {
    column: "moods",
    values: [[["sad", "happy"]], [["content", null]], [[]]],
    compares: "equality",
    wrong: [["angry"], "sad", [1]],
  },
  {
    column: "inet",
    values: [["10.0.0.1"], ["192.168.0.1/24"], ["192.168.0.2"], ["::1"], ["2001:db8::ff00:42:8329"]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "256.0.0.1", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "::1/129", ":::1", "localhost"],
  },
  {
    column: "cidr",
    values: [["10.0.0.0/8"], ["192.168.0.0/24"], ["2001:db8::/32"]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "192.168.0.1/24", "10.0.0.0/33", "::1/64"],
  },
  {
    column: "macaddr",
    values: [["08:00:2b:01:02:03"], ["08-00-2B-01-02-04", "08:00:2b:01:02:04"], ["ff:ff:ff:ff:ff:ff"]],
    compares: "order",
    wrong: [...WRONG_TEXTS, "08:00:2b:01:02", "08:00:2b:01:02:0g", "08:00:2b:01:02:03:04"],
  },
  {
    column: "bytes",
    values: [
      [""],
      ["AAECAwT/"],
      ["XHgwMQ=="],
      [Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString("base64")],
    ],
    compares: "equality",
    wrong: ["!", "AAE", 1, true, "\\x00"],
  },
  {
    column: "varchar",
    values: [[""], ["12345"], ["ab"], ["😀😀😀😀😀"]],
    compares: "order",
    wrong: [1, true, ["a"], "a\u0000"],
    unstorable: ["123456", "      "],
  },
  {
    column: "char",
    values: [["ab", "ab "], ["abc"], ["b", "b  "]],
    compares: "order",
    wrong: [1, true],
    unstorable: ["abcd"],
  },
  { column: "point", values: [[{ x: 1.5, y: -2 }], [{ x: 0.1, y: 1e300 }]], compares: "nothing", wrong: [] },
  { column: "pair", values: [[[1.5, -2]], [[0.1, 1e300]]], compares: "nothing", wrong: [] },
];

const READERS = ["fast", "portable"] as const;
type Reader = (typeof READERS)[number];

interface Types {
  send(reader: Reader, method: string, path: string, body?: unknown): Promise<Answer>;
  readonly opened: OpenedPostgresql;
  readonly errors: unknown[];
  close(): Promise<void>;
}

async function serveTypes(
  name: (typeof POSTGRESQL_NAMES)[number],
  settings: Readonly<Record<string, string>>,
): Promise<Types> {
  const opened = await openPostgresql(name, kindsSchema, { settings });
  const errors: unknown[] = [];
  const route = (reader: Reader) =>
    createQueryRoute({
      acl,
      database: opened.database,
      schema: kindsSchema,
      reader,
      onError: (error) => errors.push(error),
      onWarning: () => undefined,
    });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: { "/fast/:id": route("fast"), "/portable/:id": route("portable") },
    fetch: () => new Response("elsewhere", { status: 404 }),
  });
  return {
    opened,
    errors,
    send: async (reader, method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${server.port}/${reader}/${path}`, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: text === "" ? undefined : JSON.parse(text),
      };
    },
    close: async () => {
      await server.stop(true);
      await opened.close();
    },
  };
}

/** A value as a selector has it. */
function rjson(value: unknown): string {
  if (value === null) return "N";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  if (Array.isArray(value)) return `_(${value.map(rjson).join(",")})_`;
  return `(${Object.entries(value as object)
    .map(([key, member]) => `${rjson(key)}:${rjson(member)}`)
    .join(",")})`;
}

/** To truncate so wide a table takes a server ten times as long. */
const EMPTY = `delete from kinds; delete from archive.shelves; delete from shelves;
  select setval(seqrelid, seqstart, false) from pg_sequence join pg_depend on objid = seqrelid
    where refobjid = 'kinds'::regclass;`;

for (const name of POSTGRESQL_NAMES) {
  if (isLeftOut(name)) {
    test.skip(`${name} is left out: TEST_POSTGRES_URL names no server`, () => undefined);
    continue;
  }
  describe(`types on ${name}`, () => {
    let app: Types;
    beforeAll(async () => {
      app = await serveTypes(name, { timezone: "UTC" });
    }, 60_000);
    afterAll(() => app?.close());
    afterEach(() => expect(app.errors.splice(0)).toEqual([]));
    typesOn(() => app, name === "PGlite");
  });
}

/** What is refused never reaches a driver, so it is asked of `first` alone. */
function typesOn(app: () => Types, first: boolean): void {
  const get = (reader: Reader, resource: string, select: string, ...flags: string[]): Promise<Answer> =>
    app().send(reader, "GET", ask(resource, select, ...flags));
  const post = async (path: string, body: unknown): Promise<Answer> => app().send("fast", "POST", path, body);
  const run = (text: string): Promise<void> => app().opened.run(text);

  describe.each(KINDS)("$column", ({ column, values, compares, wrong, unstorable = [] }) => {
    const backs = values.map(([sent, back = sent]) => back);
    /** A row of each value, and one without; children of a first that has none. */
    beforeAll(async () => {
      await run(EMPTY);
      const parent = await post("kinds", { integer: 1 });
      expect(parent.status).toBe(200);
      for (const [sent] of values) {
        const made = await post("kinds", { parentId: 1, [column]: sent });
        if (made.status !== 200) throw new Error(`${JSON.stringify(sent)}: ${made.text}`);
      }
      await post("kinds", { parentId: 1 });
      if (column === "integer")
        await app().send("fast", "PATCH", ask("kinds", "(where:(id:1))"), { integer: null });
    });
    const last = values.length + 2;
    const all = Array.from({ length: last - 1 }, (_, i) => i + 2);

    test.each(READERS)("is given back at the top and nested (%s)", async (reader) => {
      const top = await get(reader, "kinds", `(columns:~T(${column})~,where:(parentId:1))`);
      expect(top.body.kinds).toEqual([...backs, null].map((back) => ({ [column]: back })));
      const many = await get(
        reader,
        "kinds",
        `(columns:F,where:(id:1),with:(children:(columns:~T(${column})~)))`,
      );
      expect(many.body.kinds[0].children).toEqual([...backs, null].map((back) => ({ [column]: back })));
      for (const [i, back] of [...backs.entries()].slice(reader === "fast" ? 0 : -1)) {
        const made = await app().send(
          reader,
          "POST",
          ask("kinds", `(columns:~T(id,${column})~,with:(parent:(columns:~T(${column})~)))`),
          { parentId: i + 2, [column]: values[i]![0] },
        );
        expect(made.body.kinds).toEqual([
          { id: expect.any(Number) as number, [column]: back, parent: { [column]: back } },
        ]);
        const gone = await app().send(
          reader,
          "DELETE",
          ask("kinds", `(columns:~T(${column})~,where:(id:${made.body.kinds[0].id}))`),
        );
        expect(gone.body.kinds).toEqual([{ [column]: back }]);
      }
    });

    test("of a list of rows are written as they are one by one, and changed alike", async () => {
      const made = await post(
        ask("kinds", `(columns:~T(id,${column})~)`),
        values.map(([sent]) => ({ [column]: sent })),
      );
      expect(made.body.kinds?.map((row: Record<string, unknown>) => row[column])).toEqual(backs);
      const of = `(id.in:_(${made.body.kinds.map(({ id }: { id: number }) => id).join(",")})_)`;
      for (const [i, [sent]] of [...values.entries()].slice(-2)) {
        const changed = await app().send(
          "fast",
          "PATCH",
          ask("kinds", `(columns:~T(${column})~,where:${of})`),
          {
            [column]: sent,
          },
        );
        expect(changed.body.kinds).toEqual(backs.map(() => ({ [column]: backs[i] })));
      }
      const none = await app().send(
        "portable",
        "PATCH",
        ask("kinds", `(columns:~T(${column})~,where:${of})`),
        {
          [column]: null,
        },
      );
      expect(none.body.kinds).toEqual(backs.map(() => ({ [column]: null })));
      expect((await app().send("fast", "DELETE", ask("kinds", `(columns:F,where:${of})`))).status).toBe(200);
    });

    test.each(READERS)("is found by what was answered (%s)", async (reader) => {
      const found = async (where: string): Promise<unknown> => {
        const answer = await get(reader, "kinds", `(columns:~T(id)~,where:(parentId:1,${where}))`);
        return answer.status === 200 ? ids(answer, "kinds") : refusal(answer);
      };
      if (compares === "nothing") {
        for (const operator of ["eq", "ne", "in", "gt"])
          expect(await found(`${column}.${operator}:${rjson(backs[0])}`)).toEqual({
            status: 400,
            code: "unknown-operator",
            path: "select.where",
          });
      } else
        for (const [i, [sent, back = sent]] of values.entries())
          for (const value of sent === back ? [sent] : [sent, back]) {
            expect([value, await found(`${column}:${rjson(value)}`)]).toEqual([value, [i + 2]]);
            expect([value, await found(`${column}.ne:${rjson(value)}`)]).toEqual([
              value,
              all.filter((id) => id !== i + 2 && id !== last),
            ]);
            if (reader === "portable") continue;
            expect([value, await found(`${column}.in:_(${rjson(value)})_`)]).toEqual([value, [i + 2]]);
            expect([value, await found(`${column}.notIn:_(${rjson(value)},${rjson(value)})_`)]).toEqual([
              value,
              all.filter((id) => id !== i + 2 && id !== last),
            ]);
            if (compares !== "order") continue;
            expect([value, await found(`${column}.lt:${rjson(value)}`)]).toEqual([value, all.slice(0, i)]);
            expect([value, await found(`${column}.gte:${rjson(value)}`)]).toEqual([value, all.slice(i, -1)]);
            expect([value, await found(`${column}.between:_(${rjson(backs[0])},${rjson(value)})_`)]).toEqual([
              value,
              all.slice(0, i + 1),
            ]);
          }
      expect(await found(`${column}.isNull:T`)).toEqual([last]);
      expect(await found(`${column}.isNotNull:T`)).toEqual(all.slice(0, -1));
      const nested = await get(
        reader,
        "kinds",
        `(columns:F,where:(id:1),with:(children:(columns:~T(id)~,where:(${column}.isNull:F))))`,
      );
      expect(nested.body.kinds[0].children).toEqual(all.slice(0, -1).map((id) => ({ id })));
    });

    if (compares === "order")
      test.each(READERS)("is sorted by, nulls first ascending (%s)", async (reader) => {
        const up = await get(reader, "kinds", `(columns:~T(id)~,where:(parentId:1),orderBy:(${column}:asc))`);
        expect(ids(up, "kinds")).toEqual([last, ...all.slice(0, -1)]);
        const down = await get(
          reader,
          "kinds",
          `(columns:~T(id)~,where:(parentId:1),orderBy:(${column}:desc))`,
        );
        expect(ids(down, "kinds")).toEqual([...all.slice(0, -1).toReversed(), last]);
        const nested = await get(
          reader,
          "kinds",
          `(columns:F,where:(id:1),with:(children:(columns:~T(id)~,orderBy:(${column}:desc),limit:2)))`,
        );
        expect(nested.body.kinds[0].children).toEqual(
          all
            .slice(0, -1)
            .toReversed()
            .slice(0, 2)
            .map((id) => ({ id })),
        );
      });

    if (first)
      test("takes no other value, in a body or a filter", async () => {
        for (const value of [...wrong, ...unstorable]) {
          const made = await post("kinds", [{ [column]: value }]);
          expect([value, made.status, made.body.code]).toEqual([value, 400, "invalid-value"]);
          expect(made.body.path).toStartWith(`0.${column}`);
          const changed = await app().send("fast", "PATCH", ask("kinds", "(where:(id:1))"), {
            [column]: value,
          });
          expect([value, changed.status, changed.body.code]).toEqual([value, 400, "invalid-value"]);
        }
        if (compares === "nothing") return;
        for (const value of wrong.filter((value) => rjson(value).isWellFormed()))
          for (const operator of ["eq", "in"]) {
            const text = operator === "in" ? `_(${rjson(value)})_` : rjson(value);
            const answer = await get("fast", "kinds", `(where:(${column}.${operator}:${text}))`);
            expect([value, operator, answer.status, answer.body.code]).toEqual([
              value,
              operator,
              400,
              "invalid-value",
            ]);
          }
        for (const value of unstorable)
          expect([value, (await get("fast", "kinds", `(where:(${column}:${rjson(value)}))`)).status]).toEqual(
            [value, 200],
          );
      });
  });

  describe("patterns", () => {
    beforeAll(async () => {
      await run(EMPTY);
      await run(`insert into kinds (uuid, "varchar", "char", mood, inet, time, numeric, texts) values
        ('${U1}', 'Ab%_\\', 'ab', 'sad', '10.0.0.1', '12:00', 1.5, '{Abc}')`);
    });
    test.each([
      ["varchar.like:'A%'", 1],
      ["varchar.like:'a%'", 0],
      ["varchar.ilike:'aB%'", 1],
      ["varchar.contains:'%_'", 1],
      ["varchar.endsWith:'\\\\'", 1],
      ["varchar.startsWith:'_'", 0],
      ["char.startsWith:'ab'", 1],
      ["char.like:'a%'", 1],
    ])("are looked for in texts: %s", async (where, count) => {
      for (const reader of READERS)
        expect((await get(reader, "kinds", `(columns:F,where:(${where}))`)).body).toEqual({ count });
    });
    test.each(["uuid", "mood", "inet", "time", "numeric", "texts", "instantText", "json", "bytes"])(
      "are not looked for in %s",
      async (column) => {
        for (const operator of ["like", "ilike", "contains", "istartsWith"])
          expect(refusal(await get("fast", "kinds", `(where:(${column}.${operator}:'a'))`))).toEqual({
            status: 400,
            code: "unknown-operator",
            path: "select.where",
          });
      },
    );
  });

  describe("lists of a column", () => {
    beforeAll(async () => {
      await run(EMPTY);
      const made = await post("kinds", [
        {
          texts: ["a", "b", "c"],
          integers: [1, 2],
          bigints: ["9007199254740993"],
          moods: ["sad", "happy"],
          uuids: [U1],
        },
        { texts: ["b"], integers: [], bigints: ["9007199254740992"], moods: ["content"], uuids: [U2, U1] },
        { texts: [], integers: [2, null], bigints: [], moods: [], uuids: [] },
        {},
        {
          texts: ["a'; --", 'q"', "NULL"],
          flags: [true],
          doubles: [0.1],
          numerics: ["1.50"],
          instants: [0],
          grid: [[1, 2]],
        },
      ]);
      expect(made.status).toBe(200);
    });
    test.each([
      ["texts.arrayContains:_('a','c')_", [1]],
      ["texts.arrayContains:_('b')_", [1, 2]],
      ["texts.arrayContains:_()_", [1, 2, 3, 5]],
      ["texts.arrayContained:_('a','b','c','d')_", [1, 2, 3]],
      ["texts.arrayContained:_()_", [3]],
      ["texts.arrayOverlaps:_('c','x','b')_", [1, 2]],
      ["texts.arrayOverlaps:_()_", []],
      ["NOT:(texts.arrayOverlaps:_('a')_)", [2, 3, 5]],
      ["texts.arrayContains:_(\"a'; --\",'NULL')_", [5]],
      ["texts.arrayContains:_('q\"')_", [5]],
      ["integers.arrayContains:_(2)_", [1, 3]],
      ["integers.arrayOverlaps:_(1,5)_", [1]],
      ["bigints.arrayContains:_('9007199254740993')_", [1]],
      ["moods.arrayContains:_('happy')_", [1]],
      ["moods.arrayOverlaps:_('content','sad')_", [1, 2]],
      [`uuids.arrayContains:_('${U1}')_`, [1, 2]],
      ["flags.arrayContains:_(T)_", [5]],
      ["doubles.arrayContains:_(0.1)_", [5]],
      ["numerics.arrayContains:_('1.5')_", [5]],
      ["instants.arrayContains:_('1970-01-01')_", [5]],
      ["texts:_('a','b','c')_", [1]],
      ["texts.in:_(_('b')_,_()_)_", [2, 3]],
      ["texts:N", [4]],
    ])("%s", async (where, rows) => {
      for (const reader of READERS)
        expect([
          reader,
          ids(await get(reader, "kinds", `(columns:~T(id)~,where:(${where}))`), "kinds"),
        ]).toEqual([reader, rows]);
    });
    test.each([
      ["texts.arrayContains:'a'", "invalid-value", "select.where.texts.arrayContains"],
      ["texts.arrayContains:_(1)_", "invalid-value", "select.where.texts.arrayContains.0"],
      ["moods.arrayContains:_('angry')_", "invalid-value", "select.where.moods.arrayContains.0"],
      ["integers.arrayOverlaps:_(2147483648)_", "invalid-value", "select.where.integers.arrayOverlaps.0"],
      ["texts.arrayContains:N", "invalid-value", "select.where.texts.arrayContains"],
      ["varchar.arrayContains:_('a')_", "unknown-operator", "select.where"],
      ["jsonb.arrayContains:_('a')_", "unknown-operator", "select.where"],
      ["texts.gt:_('a')_", "unknown-operator", "select.where"],
      ["texts.like:'a'", "unknown-operator", "select.where"],
    ])("refused: %s", async (where, code, path) => {
      expect(refusal(await get("fast", "kinds", `(where:(${where}))`))).toEqual({ status: 400, code, path });
    });
  });

  describe("what others stored is told apart, whichever reader tells it", () => {
    const both = async (columns: string): Promise<unknown> => {
      const seen = [];
      for (const reader of READERS) {
        const top = await get(reader, "kinds", `(columns:~T(${columns})~,where:(id:2))`);
        const many = await get(
          reader,
          "kinds",
          `(columns:F,where:(id:1),with:(children:(columns:~T(${columns})~)))`,
        );
        const one = await get(
          reader,
          "kinds",
          `(columns:F,where:(parentId:2),with:(parent:(columns:~T(${columns})~)))`,
        );
        seen.push(top.body.kinds[0], many.body.kinds[0].children[0], one.body.kinds[0].parent);
      }
      for (const other of seen) expect(other).toEqual(seen[0]);
      return seen[0];
    };
    const store = async (columns: string, values: string): Promise<void> => {
      await run(EMPTY);
      await run(
        `insert into kinds default values; insert into kinds (parent_id, ${columns}) values (1, ${values}); insert into kinds (parent_id) values (2)`,
      );
    };

    test("microseconds: cut in dates, whole in texts", async () => {
      await store(
        "instant, instant_text, local, local_text, time, instants",
        `'2024-01-01 23:59:59.999999+00', '2024-01-01 23:59:59.999999+00', '2024-01-01 23:59:59.999999', '2024-01-01 23:59:59.999999', '23:59:59.999999', '{2024-01-01 23:59:59.999999+00}'`,
      );
      expect(await both("instant,instantText,local,localText,time,instants")).toEqual({
        instant: "2024-01-01T23:59:59.999Z",
        instantText: "2024-01-01 23:59:59.999999+00",
        local: "2024-01-01T23:59:59.999Z",
        localText: "2024-01-01 23:59:59.999999",
        time: "23:59:59.999999",
        instants: ["2024-01-01T23:59:59.999Z"],
      });
    });

    test("before 1970, microseconds are cut downwards as everywhere", async () => {
      await store("instant, local", `'1969-12-31 23:59:59.999999+00', '1969-12-31 23:59:59.999999'`);
      expect(await both("instant,local")).toEqual({
        instant: "1969-12-31T23:59:59.999Z",
        local: "1969-12-31T23:59:59.999Z",
      });
    });

    test("infinities are null where JSON has no word for them, and text where there is one", async () => {
      await store(
        `instant, instant_text, local, local_text, day, day_text, "double", "real", numeric_number, doubles, instants`,
        `'infinity', '-infinity', 'infinity', '-infinity', 'infinity', 'infinity', 'Infinity', '-Infinity', 'NaN', '{NaN,1}', '{infinity}'`,
      );
      expect(
        await both(
          "instant,instantText,local,localText,day,dayText,double,real,numericNumber,doubles,instants",
        ),
      ).toEqual({
        instant: null,
        instantText: "-infinity",
        local: null,
        localText: "-infinity",
        day: null,
        dayText: "infinity",
        double: null,
        real: null,
        numericNumber: null,
        doubles: [null, 1],
        instants: [null],
      });
    });

    test("a numeric that is no number is told as one", async () => {
      await store("numeric, numerics", `'NaN', '{NaN,1.50}'`);
      expect(await both("numeric,numerics")).toEqual({ numeric: "NaN", numerics: ["NaN", "1.50"] });
    });

    test("dates before the first year and beyond the last that is written with four digits", async () => {
      await store(
        "instant, local, day, day_text, local_text",
        `'0044-03-15 12:00:00+00 BC', '0001-06-01 00:00:00 BC', '12345-01-01', '0044-03-15 BC', '12345-01-02 00:00:00'`,
      );
      expect(await both("instant,local,day,dayText,localText")).toEqual({
        instant: "-000043-03-15T12:00:00.000Z",
        local: "0000-06-01T00:00:00.000Z",
        day: "+012345-01-01T00:00:00.000Z",
        dayText: "0044-03-15 BC",
        localText: "12345-01-02 00:00:00",
      });
    });

    test("negative zero, and the smallest numbers", async () => {
      await store(`"double", "real", doubles`, `'-0', '-0', '{5e-324,-0}'`);
      const seen = (await both("double,real")) as { double: number; real: number };
      expect([Math.abs(seen.double), Math.abs(seen.real)]).toEqual([0, 0]);
    });

    test("JSON as it was written, with numbers that are rounded as JSON's readers do", async () => {
      await store(
        "json, jsonb",
        `'{"b":1, "a" : [1.0, 12345678901234567890, 1e2], "b":2}', '{"b":1, "a" : [1.0, 12345678901234567890, 1e2]}'`,
      );
      expect(await both("json,jsonb")).toEqual({
        json: { b: 2, a: [1, 12345678901234567000, 100] },
        jsonb: { b: 1, a: [1, 12345678901234567000, 100] },
      });
    });

    test("a JSON null is null", async () => {
      await store("json, jsonb", `'null', 'null'`);
      expect(await both("json,jsonb")).toEqual({ json: null, jsonb: null });
    });

    test("arrays whose count begins elsewhere are lists", async () => {
      await store("integers, texts", `'[0:2]={1,2,3}', '[5:5]={x}'`);
      expect(await both("integers,texts")).toEqual({ integers: [1, 2, 3], texts: ["x"] });
    });

    test("no stored value makes a filter fail", async () => {
      await run(EMPTY);
      await run(`insert into kinds ("double", numeric, instant, local, day, texts, integers, jsonb, "char", bytes) values
        ('NaN', 'NaN', 'infinity', '-infinity', 'infinity', '{}', '[0:1]={1,2}', 'null', '', ''),
        ('Infinity', 'Infinity', '4713-01-01 00:00:00+00 BC', '294276-12-31 23:59:59', '4713-01-01 BC', '{NULL}', '{NULL}', '{}', 'abc', '\\x00')`);
      for (const where of [
        "double.gt:0",
        "double.between:_(-1,1)_",
        "numeric.lt:'5'",
        "numeric.in:_('1','2')_",
        "instant.gt:0",
        "instant.lt:'9999-12-31T23:59:59.999Z'",
        "local.gte:0",
        "day.ne:'2024-01-01'",
        "texts.arrayContains:_('a')_",
        "integers.arrayOverlaps:_(1)_",
        "jsonb.ne:(a:1)",
        "char.like:'%'",
        "bytes.ne:'AA=='",
      ])
        for (const reader of READERS)
          expect([
            where,
            (await get(reader, "kinds", `(columns:~T(id)~,where:(${where}),orderBy:(double:asc))`)).status,
          ]).toEqual([where, 200]);
    });
  });

  describe("columns the server makes", () => {
    beforeEach(() => run(EMPTY));
    test("generated and identity columns come back, and no client writes them", async () => {
      const made = await post(ask("kinds", "(columns:~T(id,integer,doubled,serial)~)"), { integer: 21 });
      expect(made.body.kinds).toEqual([{ id: 1, integer: 21, doubled: 42, serial: 100 }]);
      const changed = await app().send("fast", "PATCH", ask("kinds", "(columns:~T(doubled)~)"), {
        integer: -1,
      });
      expect(changed.body.kinds).toEqual([{ doubled: -2 }]);
      for (const [column, value] of [
        ["id", 7],
        ["doubled", 7],
        ["serial", 7],
      ] as const) {
        expect(refusal(await post("kinds", { [column]: value }))).toEqual({
          status: 400,
          code: "unknown-column",
          path: column,
        });
        expect(refusal(await app().send("fast", "PATCH", "kinds", { [column]: value })).code).toBe(
          "unknown-column",
        );
      }
    });
    test("an identity by default takes a value where a rule lets it be written; one that is always made takes none", async () => {
      const made = await post(ask("forced", "(columns:~T(serial)~)"), { serial: 7 });
      expect([made.status, made.body.forced]).toEqual([200, [{ serial: 7 }]]);
      const refused = await post("forced", { id: 7 });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.status).toBeLessThan(500);
      expect(refused.text).not.toMatch(/identity|generated|always|kinds_id/i);
    });
    test("a value whose computed column does not fit is the client's fault", async () => {
      const refused = await post("kinds", { integer: 2147483647 });
      expect(refused.status).toBeLessThan(500);
      expect(refused.text).not.toMatch(/out of range/i);
    });
  });

  describe("schemas", () => {
    beforeEach(async () => {
      await run(EMPTY);
      await run(`insert into shelves values (1, 'new', 'hall'), (2, 'old', null);
        insert into archive.shelves values (1, 1, 'past', 'happy'), (2, 1, 'more past', 'sad'), (3, null, 'lost', null)`);
    });
    test.each(READERS)("tables of the same name in two schemas are two tables (%s)", async (reader) => {
      expect(
        (
          await get(
            reader,
            "shelves",
            "(with:(past:(columns:~F(shelfId)~,orderBy:(mood:asc))))",
            "countTotal",
          )
        ).body,
      ).toEqual({
        total: 2,
        count: 2,
        shelves: [
          {
            id: 1,
            title: "new",
            room: "hall",
            past: [
              { id: 2, title: "more past", mood: "sad" },
              { id: 1, title: "past", mood: "happy" },
            ],
          },
          { id: 2, title: "old", room: null, past: [] },
        ],
      });
      expect(
        (
          await get(
            reader,
            "pastShelves",
            "(where:(title.startsWith:'p'),with:(shelf:(columns:~T(title)~,with:(past:(columns:~T(id)~)))))",
            "countTotal",
          )
        ).body,
      ).toEqual({
        total: 3,
        count: 1,
        pastShelves: [
          {
            id: 1,
            shelfId: 1,
            title: "past",
            mood: "happy",
            shelf: { title: "new", past: [{ id: 1 }, { id: 2 }] },
          },
        ],
      });
    });
    test.each(READERS)("are written to (%s)", async (reader) => {
      const made = await app().send(reader, "POST", ask("pastShelves", "(with:(shelf:T))"), {
        id: 9,
        shelfId: 2,
        title: "made",
        mood: "content",
      });
      expect(made.body.pastShelves).toEqual([
        { id: 9, shelfId: 2, title: "made", mood: "content", shelf: { id: 2, title: "old", room: null } },
      ]);
      const changed = await app().send(reader, "PATCH", ask("pastShelves", "(where:(mood:'content'))"), {
        mood: "sad",
      });
      expect(changed.body.pastShelves).toEqual([{ id: 9, shelfId: 2, title: "made", mood: "sad" }]);
      expect(
        refusal(await app().send(reader, "POST", "pastShelves", { id: 10, shelfId: 77, title: "x" })),
      ).toEqual({
        status: 409,
        code: "conflict",
      });
      expect(
        (await app().send(reader, "DELETE", ask("pastShelves", "(columns:F,where:(mood:'sad'))"))).body,
      ).toEqual({
        rowsAffected: 2,
        count: 2,
      });
      expect(refusal(await app().send(reader, "DELETE", ask("shelves", "(where:(id:1))")))).toEqual({
        status: 409,
        code: "conflict",
      });
    });
  });

  describe("views", () => {
    beforeAll(async () => {
      await run(EMPTY);
      await run(`insert into shelves values (1, 'new', 'hall'), (2, 'old', 'hall'), (3, 'hidden', null);
        insert into archive.shelves values (1, 1, 'past', 'happy'), (2, 1, 'more past', 'sad');
        refresh materialized view shelf_stock`);
    });
    test.each(READERS)("are read as tables are (%s)", async (reader) => {
      expect((await get(reader, "titles", "(orderBy:(id:desc),limit:1)", "countTotal")).body).toEqual({
        total: 2,
        count: 1,
        titles: [{ id: 2, title: "old" }],
      });
      expect((await get(reader, "titles", "(where:(title.like:'n%'))")).body.titles).toEqual([
        { id: 1, title: "new" },
      ]);
      expect((await get(reader, "rooms", "(orderBy:(shelves:desc))")).body.rooms).toEqual([
        { room: "hall", shelves: "2", share: "0.66666666666666666667" },
        { room: null, shelves: "1", share: "0.33333333333333333333" },
      ]);
      expect((await get(reader, "rooms", "(where:(shelves.gt:'1'))", "findFirst")).body).toEqual({
        rooms: { room: "hall", shelves: "2", share: "0.66666666666666666667" },
      });
      expect((await get(reader, "stock", "(where:(mood.gt:'sad'))")).body).toEqual({
        count: 1,
        stock: [{ id: 1, mood: "happy" }],
      });
    });
    test("have no relations, and nothing is written to them", async () => {
      expect(refusal(await get("fast", "titles", "(with:(past:T))")).code).toBe("unknown-relation");
      for (const method of ["POST", "PATCH", "DELETE"])
        expect((await app().send("fast", method, "titles", {})).status).toBe(405);
      const write = { titles: { table: "shelfTitles", control: { DELETE: { all: {} }, POST: { all: {} } } } };
      expect(() =>
        createQueryRoute({ acl: write, database: app().opened.database, schema: kindsSchema }),
      ).toThrow(/titles\.control\.DELETE/);
    });
  });
}

// What a database's owner may have set for every session.
for (const name of POSTGRESQL_NAMES) {
  if (isLeftOut(name)) continue;
  describe.each([
    [
      "a time zone, and bytes and strings written otherwise",
      { timezone: "America/New_York", bytea_output: "escape", standard_conforming_strings: "off" },
    ],
    ["a time zone that had seconds once", { timezone: "Asia/Kathmandu" }],
    ["dates written otherwise", { datestyle: "SQL, DMY" }],
  ] as [string, Record<string, string>][])(`a database on ${name} with %s`, (_, settings) => {
    let app: Types;
    beforeAll(async () => {
      app = await serveTypes(name, settings);
    }, 60_000);
    afterAll(() => app?.close());

    test("answers alike, and finds what it answered", async () => {
      const row = {
        instant: "2024-02-29T12:34:56.789Z",
        instantText: "2024-02-29 12:34:56.789123+00",
        local: "2024-02-01T12:34:56.789Z",
        localText: "2024-02-01 12:34:56.789123",
        day: "2024-02-01T00:00:00.000Z",
        dayText: "2024-02-01",
        time: "12:34:56.789123",
        instants: ["1890-01-01T00:00:00.001Z"],
        double: 0.1 + 0.2,
        real: 0.1,
        doubles: [0.1 + 0.2],
        bytes: "AAECXHgw",
        varchar: "a\\'b",
        texts: ["a\\b", "it's"],
        jsonb: { "a\\": "b\\'\"" },
      };
      const old = { instant: "1890-01-01T00:00:00.001Z" };
      const filter = (column: string, value: unknown): string => `(where:(${column}:${rjson(value)}))`;
      const made = await app.send("fast", "POST", "kinds", row);
      expect(made.body.kinds?.[0]).toMatchObject(row);
      expect(
        (await app.send("portable", "POST", "kinds", { ...old, parentId: 1 })).body.kinds[0],
      ).toMatchObject(old);
      for (const reader of READERS) {
        expect((await app.send(reader, "GET", ask("kinds", "(where:(id:1))"))).body.kinds[0]).toMatchObject(
          row,
        );
        expect(
          (await app.send(reader, "GET", ask("kinds", "(where:(id:2),with:(parent:T))"))).body.kinds[0],
        ).toMatchObject({ ...old, parent: row });
        for (const [column, value] of Object.entries(row))
          expect([
            reader,
            column,
            (await app.send(reader, "GET", ask("kinds", filter(column, value)))).body.count,
          ]).toEqual([reader, column, 1]);
        expect((await app.send(reader, "GET", ask("kinds", filter("instant", old.instant)))).body.count).toBe(
          1,
        );
      }
      expect(app.errors).toEqual([]);
    });
  });
}
