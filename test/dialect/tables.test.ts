import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { path } from "../support/write.ts";
import { tables } from "./world/tables.ts";

const open = { select: true, write: true } as const;
const acl = {
  places: {
    table: "place",
    control: { GET: { all: open }, POST: { all: open }, PATCH: { all: open }, DELETE: { all: open } },
  },
  stamps: {
    table: "stamped",
    control: { GET: { all: open }, POST: { all: { select: true } }, PATCH: { all: { select: true } } },
  },
  lengths: {
    table: "stamped",
    control: { POST: { all: { select: true, extras: { length: sql<number>`length(label)`.as("length") } } } },
  },
  raw: {
    table: "stamped",
    control: { POST: { all: { select: true, injectBody: () => ({ label: sql`lower('A')` }) } } },
  },
  people: {
    table: "person",
    control: {
      GET: { all: { ...open, maxList: null } },
      POST: { all: open },
      PATCH: { all: { ...open, maxList: null } },
    },
  },
  sums: { table: "sum", control: { POST: { all: open }, PATCH: { all: open }, GET: { all: open } } },
  watched: {
    table: "watched",
    control: { GET: { all: open }, POST: { all: open }, PATCH: { all: open }, DELETE: { all: open } },
  },
  buyers: { table: "buyers", control: { GET: { all: open } } },
  named: { table: "named", control: { GET: { all: open } } },
  endless: { table: "endless", control: { GET: { all: open }, POST: { all: open } } },
};

/** Rules whose `injectBody` adds something. */
const injecting = (injected: object): object => {
  const rule = {
    select: { columns: ["id", "name"] },
    write: { columns: ["name"] },
    injectBody: (body: object) => ({ ...body, ...injected }),
  };
  return { people: { table: "person", control: { POST: { all: rule }, PATCH: { all: rule } } } };
};

/** The words of an error, and of those it was made of. */
const words = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${words(error.cause)}` : "";

/** Operators that a client may try on anything, each with a value. */
const OPERATORS = [
  ..."eq:1 ne:x gt:x lt:1 gte:1.5 lte:T between:_(1,x)_ in:_(1,x,T)_ notIn:_(1)_ isNull:T".split(" "),
  ..."like:'%x%' notLike:x ilike:X contains:x startsWith:x endsWith:x icontains:x iendsWith:x".split(" "),
];

everywhere(tables, acl, ({ name, speaks, reader, handler, ask, errors, run }) => {
  beforeEach(() => void errors.splice(0));
  const select = (text: string): string => `select=${encodeURIComponent(text)}`;

  describe("a key declared in another order than its columns", () => {
    const rows = [
      { x: 1, y: "b", note: null },
      { x: 2, y: "a", note: null },
      { x: 1, y: "a", note: null },
      { x: 2, y: "b", note: null },
    ];
    const inOrder = ["a1", "a2", "b1", "b2"];
    const named = (list: readonly { x: number; y: string }[]): string[] => list.map(({ x, y }) => y + x);
    beforeEach(async () => {
      await run("delete from places");
      expect(named((await ask("POST", "places", rows)).body.places)).toEqual(["b1", "a2", "a1", "b2"]);
    });

    test("orders rows as it declares", async () => {
      expect(named((await ask("GET", "places")).body.places)).toEqual(inOrder);
      const page = await ask("GET", `places?${select("(limit:2,offset:1)")}`);
      expect(named(page.body.places)).toEqual(["a2", "b1"]);
    });
    test.each([
      ["(y:desc)", ["b1", "b2", "a1", "a2"]],
      ["(x:desc)", ["a2", "b2", "a1", "b1"]],
      ["(note:asc)", inOrder],
      ["(x:asc,y:desc)", ["b1", "a1", "b2", "a2"]],
    ])("breaks the ties of %s as it declares", async (order, wanted) => {
      expect(named((await ask("GET", `places?${select(`(orderBy:${order})`)}`)).body.places)).toEqual(wanted);
    });
    test("orders what a PATCH and a DELETE answer", async () => {
      expect(named((await ask("PATCH", "places", { note: "n" })).body.places)).toEqual(inOrder);
      expect(named((await ask("DELETE", "places")).body.places)).toEqual(inOrder);
    });
  });

  describe("`$onUpdate`", () => {
    const made = {
      required: "made",
      nullable: "made",
      zero: 0,
      first: "first",
      at: "2023-11-14T22:13:20.000Z",
      inSQL: "SQL",
      json: { made: ["a", 1] },
      madeJSON: { made: true },
      empty: null,
    };
    beforeEach(() => run("delete from stamped"));

    test.each([
      ["one row", "stamps", { label: "a" }],
      ["a list", "stamps", [{ label: "a" }, { label: "b" }]],
      ["a row with a computed field", "lengths", { label: "a" }],
      ["a row with SQL in it", "raw", { label: "a" }],
    ])("gives %s what it gives where there is no default", async (_, resource, body) => {
      const answer = await ask("POST", resource, body);
      expect([answer.status, errors]).toEqual([200, []]);
      for (const row of answer.body[resource]) expect(row).toMatchObject(made);
      const stored = (await ask("GET", "stamps")).body.stamps;
      expect(stored).toHaveLength(Array.isArray(body) ? 2 : 1);
      for (const row of stored) expect(row).toMatchObject(made);
    });
    test("gives a changed row what it gives", async () => {
      await ask("POST", "stamps", { label: "a" });
      const { body } = await ask("PATCH", "stamps", { label: "b" });
      const { madeJSON, ...rest } = made;
      const changed = { ...rest, label: "b", zero: 7, first: "later", madeJSON };
      expect(body.stamps).toMatchObject([changed]);
      expect((await ask("GET", "stamps")).body.stamps).toMatchObject([changed]);
    });
  });

  describe("what the database refuses", () => {
    beforeEach(async () => {
      await run("update watched set label = 'let go'");
      for (const table of ["people", "sums", "watched", "endless"]) await run(`delete from ${table}`);
    });
    const refusal = ({ status, body }: Told): unknown => ({ status, code: body.code, path: body.path });

    const nothing = sql`null`;
    test.each([
      ["null in a column the client may write", { name: null }],
      ["null in one it may neither write nor read", { hidden: null }],
      ["a null of SQL in one it may write", { name: nothing }],
      ["a null of SQL in one it may not", { hidden: nothing }],
    ])("%s, by `injectBody`, is 400 `invalid-body`", async (_, injected) => {
      await run("insert into people (id, name) values (1, 'a')");
      const path = "name" in injected && injected.name === null ? "name" : undefined;
      const handle = handler(injecting(injected));
      const row = { name: "b" };
      for (const [method, body, where] of [
        ["POST", row, path],
        ["POST", [row, row], path && `0.${path}`],
        ["PATCH", row, path],
      ] as const)
        expect([method, refusal(await asked(handle, method, "people", body))]).toEqual([
          method,
          { status: 400, code: "invalid-body", path: where },
        ]);
      expect((await ask("GET", "people")).body.people).toEqual([{ id: 1, name: "a", hidden: "h" }]);
      expect(errors).toEqual([]);
    });

    const [fits, misfits, other] =
      speaks === "sqlite" ? ['{"a":1}', "{", '{"a":2}'] : ["x".repeat(40), "", "x".repeat(50)];
    test("a value of which a generated column cannot be computed is 400 `invalid-value`", async () => {
      const wrong = { status: 400, code: "invalid-value", path: undefined };
      expect(refusal(await ask("POST", "sums", { input: misfits }))).toEqual(wrong);
      expect(refusal(await ask("POST", "sums", [{ input: fits }, { input: misfits }]))).toEqual(wrong);
      expect((await ask("POST", "sums", { id: 1, input: fits })).status).toBe(200);
      expect(refusal(await ask("PATCH", "sums", { input: misfits }))).toEqual(wrong);
      expect((await ask("GET", "sums")).body.sums).toMatchObject([{ id: 1, input: fits }]);
      expect((await ask("POST", "sums", { id: 2, input: other })).status).toBe(200);
      expect(errors).toEqual([]);
    });
    if (speaks === "postgresql")
      test("a value of which an index cannot be computed is 400 `invalid-value`", async () => {
        const answer = await ask("POST", "sums", { input: "x".repeat(51) });
        expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: undefined });
        expect(errors).toEqual([]);
      });

    test("what a trigger raises is 409 without a hint, and its words are for `onError`", async () => {
      const refused = { error: "the database refuses this", code: "conflict" };
      expect(await ask("POST", "watched", { id: 1, label: "free" })).toMatchObject({ status: 200 });
      expect(await ask("POST", "watched", { id: 2, label: "kept" })).toMatchObject({ status: 200 });
      const requests = [
        ["POST", "watched", { id: 9, label: "refused" }],
        [
          "POST",
          "watched",
          [
            { id: 8, label: "a" },
            { id: 9, label: "refused" },
          ],
        ],
        ["PATCH", "watched", { label: "refused" }],
        ["DELETE", "watched"],
      ] as const;
      for (const [method, path, body] of requests) {
        expect(await ask(method, path, body)).toEqual({ status: 409, body: refused });
        expect(errors.splice(0).map(words)).toEqual([expect.stringContaining("words of the trigger")]);
      }
      expect((await ask("GET", "watched")).body.count).toBe(2);
    });

    // Of SQLite's setting each connection has its own; PGlite has no bound, and takes all memory there is.
    if (!["libsql file", "libsql remote", "PGlite"].includes(name))
      test("a trigger that calls itself without end is 500, and nothing of it stays", async () => {
        expect(refusal(await ask("POST", "endless", { id: 1 }))).toMatchObject({
          status: 500,
          code: "internal-error",
        });
        expect(errors.splice(0)).toHaveLength(1);
        expect((await ask("GET", "endless")).body.count).toBe(0);
      });

    // As many as bun:sqlite takes are slow to write down; the stand-in for a server takes as many.
    const most = speaks === "postgresql" ? 65_536 : name === "bun:sqlite" ? 250_001 : 32_767;
    const methods = reader === "fast" && name !== "bun:sqlite" ? ["GET", "PATCH"] : ["GET"];
    if (name !== "libsql remote" && (name !== "bun:sqlite" || reader === "fast"))
      test.each(methods)(
        "a %s of more values than a statement takes is 400 `too-complex`",
        async (method) => {
          const list = Array.from({ length: most }, (_, i) => i).join(",");
          const body = method === "PATCH" ? { name: "b" } : undefined;
          const answer = await ask(method, `people?select=(where:(id.in:_(${list})_))`, body);
          expect(refusal(answer)).toEqual({ status: 400, code: "too-complex", path: "select" });
          expect(errors).toEqual([]);
        },
      );

    if (speaks === "postgresql")
      describe("by its own security", () => {
        const role = `guest_${crypto.randomUUID().replaceAll("-", "")}`;
        beforeAll(async () => {
          await run(`create role ${role}`);
          await run(`grant select, insert, update on watched to ${role}`);
          await run(`grant usage on all sequences in schema public to ${role}`);
        });
        afterAll(async () => {
          await run(`drop owned by ${role}`);
          await run(`drop role ${role}`);
        });
        const confined = {
          ...open,
          // oxlint-disable-next-line typescript/no-explicit-any -- the transaction of any driver
          beforeQuery: ({ tx }: any) => tx.execute(sql.raw(`set local role ${role}`)).then(() => undefined),
        };
        const rules = {
          watched: {
            table: "watched",
            control: { POST: { all: confined }, PATCH: { all: confined }, DELETE: { all: confined } },
          },
        };
        test("is 403: `check-failed` for a row, `forbidden` for a table", async () => {
          const handle = handler(rules);
          const failed = { status: 403, code: "check-failed", path: undefined };
          expect(refusal(await asked(handle, "POST", "watched", { label: "secured" }))).toEqual(failed);
          expect((await asked(handle, "POST", "watched", { id: 1, label: "a" })).status).toBe(200);
          expect(refusal(await asked(handle, "PATCH", "watched", { label: "secured" }))).toEqual(failed);
          expect(errors).toEqual([]);
          expect(refusal(await asked(handle, "DELETE", "watched"))).toEqual({
            status: 403,
            code: "forbidden",
            path: undefined,
          });
          expect(errors.splice(0).map(words)).toEqual([expect.stringContaining("permission denied")]);
          expect((await ask("GET", "watched")).body.watched).toEqual([{ id: 1, label: "a" }]);
        });
      });
  });

  describe("what a view computes", () => {
    const share = (digits: string): string => (speaks === "sqlite" ? digits : Number(digits).toFixed(16));
    const ann = {
      buyer: "ann",
      orders: 2,
      spent: "11",
      share: speaks === "sqlite" ? "5.5" : "5.5000000000000000",
      double: 4,
      half: 1,
      label: "ANN",
      said: "#ann",
      last: "2023-11-14T22:15:00.000Z",
      large: false,
      huge: "9007199254740992",
      nothing: null,
    };
    const bob = {
      buyer: "bob",
      orders: 1,
      spent: "20",
      share: share("20"),
      double: 2,
      half: 0.5,
      label: "BOB",
      said: "#bob",
      last: "2023-11-14T22:16:40.000Z",
      large: true,
      huge: "9007199254740993",
      nothing: "bob",
    };
    const found = async (where: string, resource = "buyers"): Promise<unknown> => {
      const { status, body } = await ask("GET", `${resource}?${select(`(where:(${where}))`)}`);
      return status === 200 ? body[resource].map(({ buyer }: { buyer: string }) => buyer) : [status, body];
    };

    test("is answered by what it is, or by its author's mapping", async () => {
      expect((await ask("GET", "buyers")).body.buyers).toMatchObject([ann, bob]);
      expect(
        (await ask("GET", `buyers?${select("(where:(orders:1))")}&findFirst`)).body.buyers,
      ).toMatchObject(bob);
    });

    test.each([
      ["orders:2", "ann"],
      ["orders.lt:2", "bob"],
      ["orders.between:_(2,3)_", "ann"],
      ["orders.notIn:_(2,7)_", "bob"],
      ["spent:'11'", "ann"],
      ["spent:11", "ann"],
      ["spent.gt:'9'", "ann,bob"],
      ["spent.gt:19", "bob"],
      ["spent.in:_('20','21')_", "bob"],
      ["share.lt:'5.6'", "ann"],
      ["double.gte:4", "ann"],
      ["double.ne:4", "bob"],
      ["half:0.5", "bob"],
      ["label:'ANN'", "ann"],
      ["label.gt:'ANN'", "bob"],
      ["label.startsWith:'B'", "bob"],
      ["label.ilike:'%nn'", "ann"],
      ["label.notLike:'A%'", "bob"],
      ["said:'#ann'", "ann"],
      ["said.contains:'#b'", "bob"],
      ["last.gt:'2023-11-14T22:16:00Z'", "bob"],
      ["last:1700000100000", "ann"],
      ["large:T", "bob"],
      ["large.ne:T", "ann"],
      ["nothing:N", "ann"],
      ["nothing.isNotNull:T", "bob"],
      ["nothing.ne:'x'", "bob"],
      ["json.isNull:F", "ann,bob"],
      ["NOT:(orders.gt:1)", "bob"],
    ])("is filtered by: %s", async (where, buyers) => {
      expect(await found(where)).toEqual(buyers.split(","));
      expect(errors).toEqual([]);
    });

    test.each([
      "orders",
      "spent",
      "share",
      "double",
      "half",
      "label",
      "said",
      "last",
      "large",
      "huge",
    ] as const)("is ordered by: %s", async (column) => {
      const [low, high] =
        column === "orders" || column === "double" || column === "half" ? [bob, ann] : [ann, bob];
      for (const [direction, wanted] of [
        ["asc", [low, high]],
        ["desc", [high, low]],
      ] as const)
        expect(
          (await ask("GET", `buyers?${select(`(orderBy:(${column}:${direction}))`)}`)).body.buyers,
        ).toMatchObject(wanted);
    });

    test.each([
      ["orders:many", "orders"],
      ["spent:much", "spent"],
      ["large:2", "large"],
      ["last:soon", "last"],
    ])("refuses a value of another kind: %s", async (where, column) => {
      expect(await found(where)).toEqual([
        400,
        expect.objectContaining({ code: "invalid-value", path: `select.where.${column}` }),
      ]);
    });

    test("says why an operator does not apply, and which do", async () => {
      expect(await found("orders.like:'1%'")).toEqual([
        400,
        {
          error: "operator `like` does not apply to `orders`, which holds no text",
          code: "unknown-operator",
          path: "select.where",
          hint: expect.stringMatching(/^it takes `eq`, `ne`, `gt`/),
        },
      ]);
      if (speaks === "sqlite") return;
      const hint = "it takes `isNull`, `isNotNull`, `json`";
      expect(await found("json.gt:1")).toEqual([
        400,
        {
          error: "operator `gt` does not apply to `json`, which holds what cannot be compared",
          code: "unknown-operator",
          path: "select.where",
          hint,
        },
      ]);
      const unordered = await ask("GET", `buyers?${select("(orderBy:(json:asc))")}`);
      expect(unordered.body).toMatchObject({
        error: "values of `json` have no order",
        code: "invalid-value",
      });
    });

    test("orders by what its rule says", async () => {
      const handle = handler({
        buyers: { table: "buyers", control: { GET: { all: { ...open, orderBy: { spent: "desc" } } } } },
      });
      expect((await asked(handle, "GET", "buyers")).body.buyers).toMatchObject([bob, ann]);
    });

    test("is what the schema names it, where it was named by hand", async () => {
      for (const [where, buyer] of [
        ["total:'11'", "ann"],
        ["total.gt:'9'", "ann,bob"],
        ["total.lt:12", "ann"],
        ["large:T", "bob"],
        ["buyer.contains:'n'", "ann"],
      ] as const)
        expect([where, await found(where, "named")]).toEqual([where, buyer.split(",")]);
      expect(errors).toEqual([]);
    });

    if (speaks === "postgresql") {
      const equal = ["jsonb", "bytea"];
      const neither = ["json", "point", "list", "range", "name"];
      test("and of any type of PostgreSQL's is found by what it answers, and compared where nothing can fail", async () => {
        const handle = handler({ typed: { table: "typed", control: { GET: { all: open } } } });
        const read = (selector?: object): Promise<Told> => asked(handle, "GET", path("typed", selector));
        const { body } = await read();
        const given = Object.entries<unknown>(body.typed[0]);
        expect(given).toHaveLength(25);
        for (const [column, value] of given) {
          const told = async (where: object): Promise<unknown> => {
            const answer = await read({ columns: { int4: true }, where });
            return answer.status === 200 ? answer.body.count : answer.body.code;
          };
          const equals = neither.includes(column) ? "unknown-operator" : 1;
          const ordered = equals === 1 && !equal.includes(column) ? 1 : "unknown-operator";
          expect([column, await told({ [column]: value })]).toEqual([column, equals]);
          expect([column, await told({ [`${column}.in`]: [value] })]).toEqual([column, equals]);
          expect([column, await told({ [`${column}.lte`]: value })]).toEqual([column, ordered]);
          expect([column, await told({ [`${column}.between`]: [value, value] })]).toEqual([column, ordered]);
          expect([column, await told({ [`${column}.isNull`]: false })]).toEqual([column, 1]);
          const patterned = ["text", "varchar", "char"].includes(column) ? 1 : "unknown-operator";
          expect([column, await told({ [`${column}.like`]: "a%" })]).toEqual([column, patterned]);
          const sorted = await read({ orderBy: { [column]: "asc" } });
          expect([column, sorted.status]).toEqual([column, equals === 1 ? 200 : 400]);
        }
        expect(errors).toEqual([]);
      });
      test("is asked for once, and again where the view was not there yet", async () => {
        const handle = handler({ buyers: { table: "buyers", control: { GET: { all: open } } } });
        const many = (): Promise<Told>[] =>
          [1, 2, 3].map((orders) =>
            asked(handle, "GET", path("buyers", { where: { "orders.gte": orders } })),
          );
        await run("alter view buyers rename to gone");
        try {
          expect((await Promise.all(many())).map(({ status }) => status)).toEqual([500, 500, 500]);
          expect(errors.splice(0)).toHaveLength(3);
        } finally {
          await run("alter view gone rename to buyers");
        }
        expect((await Promise.all(many())).map(({ body }) => body.count)).toEqual([2, 1, 0]);
        expect(errors).toEqual([]);
      });
      test("and of another type is not compared, and warned of", async () => {
        const heard: string[] = [];
        const handle = handler(acl, { onWarning: (sentence) => heard.push(sentence) });
        const started = heard.length;
        const ordered = await asked(handle, "GET", `named?${select("(where:(code.like:'1%'))")}`);
        expect(ordered.body.error).toBe("operator `like` does not apply to `code`, which holds no text");
        expect((await asked(handle, "GET", `named?${select("(where:(code:'7'))")}`)).status).toBe(400);
        expect((await asked(handle, "GET", `named?${select("(where:(code.isNull:F))")}`)).status).toBe(200);
        expect(heard.slice(started)).toEqual([
          "schema.named.code: the schema says text, the database bigint; clients cannot compare it",
        ]);
        expect(errors).toEqual([]);
      });
    } else
      test("and of whatever class it is, no operator makes the database raise an error", async () => {
        await run("insert into orders values (9, x'00ff', 9223372036854775807, 'text'), (10, '', '', 0.5)");
        try {
          for (const column of [
            "orders",
            "double",
            "half",
            "label",
            "huge",
            "nothing",
            "json",
            "large",
            "said",
          ])
            for (const operator of OPERATORS) {
              const answer = await ask(
                "GET",
                `buyers?${select(`(columns:~T(orders)~,where:(${column}.${operator}))`)}`,
              );
              expect([column, operator, errors]).toEqual([column, operator, []]);
              expect([200, 400]).toContain(answer.status);
            }
        } finally {
          await run("delete from orders where id > 8");
        }
      });
  });
});
