import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { asked, everywhere, type Told } from "../support/everywhere.ts";

// `{ "stock": { "$inc": -1 } }`: numbers that are changed by so much.

const sqlite = {
  item: lite.sqliteTable("items", {
    id: lite.integer("id").primaryKey(),
    name: lite.text("name").notNull().default(""),
    stock: lite.integer("stock"),
    weight: lite.real("weight").notNull().default(0),
    price: lite.numeric("price").notNull().default("0"),
    rate: lite.numeric("rate", { mode: "number" }).notNull().default(0),
    big: lite
      .numeric("big", { mode: "bigint" })
      .notNull()
      .default(sql`0`),
    digits: lite.blob("digits", { mode: "bigint" }),
    data: lite.text("data", { mode: "json" }),
    owner: lite.text("owner").notNull().default("me"),
    version: lite.integer("version").notNull().default(1),
  }),
};
const postgresql = {
  item: pg.pgTable("items", {
    id: pg.integer("id").primaryKey(),
    name: pg.text("name").notNull().default(""),
    stock: pg.integer("stock"),
    small: pg.smallint("small").notNull().default(0),
    weight: pg.doublePrecision("weight").notNull().default(0),
    light: pg.real("light").notNull().default(0),
    price: pg.numeric("price", { precision: 8, scale: 2 }).notNull().default("0"),
    long: pg.numeric("long").notNull().default("0"),
    rate: pg.numeric("rate", { mode: "number" }).notNull().default(0),
    big: pg
      .bigint("big", { mode: "bigint" })
      .notNull()
      .default(sql`0`),
    safe: pg.bigint("safe", { mode: "number" }).notNull().default(0),
    digits: pg.numeric("digits", { mode: "bigint" }),
    data: pg.jsonb("data"),
    owner: pg.text("owner").notNull().default("me"),
    version: pg.integer("version").notNull().default(1),
  }),
};

type Any = (...parameters: any[]) => any;

const GET = { all: { select: true } };
const patch = (more: object): object => ({
  table: "item",
  control: { GET, PATCH: { all: { select: true, write: true, ...more } } },
});
const seen: unknown[] = [];
const acl = {
  items: {
    table: "item",
    control: { GET, POST: { all: { select: true } }, PATCH: { all: { select: true } } },
  },
  mine: patch({ where: ((_, t, { eq }) => eq(t.owner, "me")) as Any }),
  few: patch({ check: ((_, t, { between }) => between(t.stock, 0, 10)) as Any }),
  grows: patch({
    transition: ((_: object, before: any, after: any, { gt }: any) => gt(after.stock, before.stock)) as Any,
  }),
  some: patch({ write: { columns: ["name"] } }),
  hidden: patch({ select: { mode: false, columns: ["stock"] } }),
  masked: patch({
    select: [
      { columns: ["id", "name", "owner", "weight"] },
      { columns: ["stock"], when: ((_, t, { eq }) => eq(t.owner, "me")) as Any },
    ],
  }),
  granted: patch({
    write: [{ columns: ["stock"], when: ((_, t, { eq }) => eq(t.owner, "me")) as Any }],
  }),
  judged: patch({
    validateBody: (body: object) => {
      seen.push(body);
      return body;
    },
  }),
  kept: {
    table: "item",
    control: { GET, PATCH: { all: { select: true, validateBody: (body: object) => body } } },
  },
  injected: patch({ injectBody: (body: object) => (seen.push(body), { ...body, stock: 7 }) }),
  hooked: patch({ beforeQuery: ({ body }: any) => void seen.push(body.stock.$inc) }),
};
const tables = { item: { version: "version" } };

everywhere({ sqlite, postgresql }, acl, (place) => {
  const { run, handler, speaks } = place;
  let handle: ReturnType<typeof handler> | undefined;
  const ask = (method: string, path: string, body?: unknown): Promise<Told> =>
    asked((handle ??= handler(acl, { tables })), method, path, body);
  const change = (body: object, resource = "items", where = "id:1"): Promise<Told> =>
    ask("PATCH", `${resource}?select=(where:(${where}))`, body);
  const stored = async (): Promise<any> => (await ask("GET", "items?select=(where:(id:1))")).body.items[0];
  const refused = async (column: string, body: object, resource?: string): Promise<void> => {
    const before = await stored();
    expect(await change(body, resource)).toMatchObject({
      status: 400,
      body: { code: "invalid-value", path: column },
    });
    expect(await stored()).toEqual(before);
  };
  const set = (text: string): Promise<unknown> => run(`update items set ${text} where id = 1`);

  beforeEach(async () => {
    seen.length = 0;
    await run("delete from items");
    await run("insert into items (id, stock, owner) values (1, 3, 'me'), (2, 8, 'you'), (3, null, 'me')");
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  test("a number is changed by so much", async () => {
    expect(await change({ stock: { $inc: -1 }, name: "n" })).toMatchObject({
      status: 200,
      body: { rowsAffected: 1, items: [{ id: 1, stock: 2, name: "n", version: 2 }] },
    });
    expect(await change({ stock: { $inc: 5 }, weight: { $inc: 1.5 } })).toMatchObject({
      body: { items: [{ stock: 7, weight: 1.5, version: 3 }] },
    });
  });

  test("each of several rows from its own number", async () => {
    expect(await change({ stock: { $inc: 1 } }, "items", "id.lte:2")).toMatchObject({
      body: { rowsAffected: 2, items: [{ stock: 4 }, { stock: 9 }] },
    });
  });

  test("what has no number yet is refused, and with it all", async () => {
    const before = (await ask("GET", "items")).body;
    expect(await change({ stock: { $inc: 1 } }, "items", "id.lte:3")).toMatchObject({
      status: 400,
      body: { code: "invalid-value", path: "stock.$inc" },
    });
    expect((await ask("GET", "items")).body).toEqual(before);
  });

  test("a sum of whole numbers stays one that every reader holds", async () => {
    const most = speaks === "sqlite" ? Number.MAX_SAFE_INTEGER : 2_147_483_647;
    await set(`stock = ${most}`);
    await refused("stock.$inc", { stock: { $inc: 1 } });
    expect(await change({ stock: { $inc: -1 } })).toMatchObject({ body: { items: [{ stock: most - 1 }] } });
    await set(`stock = -${most}`);
    await refused("stock.$inc", { stock: { $inc: -2 } });
    if (speaks === "sqlite") {
      await set("stock = 9223372036854775807");
      expect(await change({ stock: { $inc: 1 } })).toMatchObject({ status: 400 });
      await set("stock = 1");
    }
  });

  test("what is added is a value of the column", async () => {
    await refused("stock.$inc", { stock: { $inc: 1.5 } });
    await refused("stock.$inc", { stock: { $inc: "1" } });
    await refused("stock.$inc", { stock: { $inc: null } });
    await refused("stock.x", { stock: { $inc: 1, x: 2 } });
    await refused("stock", { stock: { $dec: 1 } });
    await refused("name", { name: { $inc: 1 } });
    await refused("weight.$inc", { weight: { $inc: "a" } });
    await refused("price.$inc", { price: { $inc: "a" } });
    await refused("big.$inc", { big: { $inc: 1.5 } });
  });

  test("decimal digits are exact", async () => {
    for (const [from, by, to] of [
      ["0.1", "0.2", "0.3"],
      ["1.1", "2.2", "3.3"],
      ["19.99", "-0.01", "19.98"],
      ["5", "0.05", "5.05"],
      ["0.5", "0.5", "1"],
      ["99999.9", "-99999.8", "0.1"],
      ["1.05", "-3", "-1.95"],
    ]) {
      await set(`price = ${from}`);
      const { body } = await change({ price: { $inc: by } });
      expect(Number(body.items[0].price)).toBe(Number(to));
      expect(body.items[0].price).toBe(speaks === "sqlite" ? to : Number(to).toFixed(2));
    }
  });

  test("a number with a fraction, kept as decimal digits, is exact too", async () => {
    await set("rate = 0.1");
    expect(await change({ rate: { $inc: 0.2 } })).toMatchObject({ body: { items: [{ rate: 0.3 }] } });
    await set("rate = 9007199254740991");
    await refused("rate.$inc", { rate: { $inc: 1 } });
  });

  test("big integers are exact, and written as text", async () => {
    await set("big = 9007199254740993");
    expect(await change({ big: { $inc: "9007199254740993" } })).toMatchObject({
      body: { items: [{ big: "18014398509481986" }] },
    });
    await set("big = 9223372036854775806");
    expect(await change({ big: { $inc: "1" } })).toMatchObject({
      body: { items: [{ big: "9223372036854775807" }] },
    });
    await refused("big.$inc", { big: { $inc: 1 } });
    await refused("big.$inc", { big: { $inc: "99999999999999999999" } });
  });

  test("digits without a bound", async () => {
    await set(
      speaks === "sqlite" ? "digits = cast('9007199254740993' as blob)" : "digits = 9007199254740993",
    );
    expect(await change({ digits: { $inc: "-2" } })).toMatchObject({
      body: { items: [{ digits: "9007199254740991" }] },
    });
    await set("digits = null");
    await refused("digits.$inc", { digits: { $inc: "1" } });
    if (speaks === "sqlite") {
      await set("digits = cast('9223372036854775807' as blob)");
      await refused("digits.$inc", { digits: { $inc: "1" } });
      await set("digits = cast('99999999999999999999' as blob)");
      await refused("digits.$inc", { digits: { $inc: "-1" } });
      await set("digits = null");
    }
  });

  test("a double stays finite", async () => {
    await set("weight = 1.7e308");
    await refused("weight.$inc", { weight: { $inc: 1.7e308 } });
  });

  if (speaks === "postgresql")
    test("every kind of number", async () => {
      await set("small = 32767, safe = 9007199254740991, light = 3e38, price = 999999.99");
      await refused("small.$inc", { small: { $inc: 1 } });
      await refused("safe.$inc", { safe: { $inc: 1 } });
      await refused("light.$inc", { light: { $inc: 3e38 } });
      await refused("price.$inc", { price: { $inc: "0.01" } });
      await refused("price.$inc", { price: { $inc: "0.001" } });
      expect(
        await change({
          small: { $inc: -7 },
          safe: { $inc: -1 },
          long: { $inc: "0.1234567890123456789012345" },
          price: { $inc: -1 },
        }),
      ).toMatchObject({
        body: {
          items: [
            {
              small: 32760,
              safe: 9007199254740990,
              long: "0.1234567890123456789012345",
              price: "999998.99",
            },
          ],
        },
      });
      await set("weight = 'NaN', light = 'Infinity', long = 'NaN'");
      for (const column of ["weight", "light", "long"])
        expect((await change({ [column]: { $inc: 1 } }, "items")).status).toBe(400);
      await set("weight = 0, light = 0, long = 0");
    });
  else
    test("decimal digits that no double keeps are refused", async () => {
      await set("price = 123456789012345");
      await refused("price.$inc", { price: { $inc: "0.1" } });
      await set("price = 1000000000000000001");
      await refused("price.$inc", { price: { $inc: "0.5" } });
      await set("price = 0.5");
      await refused("price.$inc", { price: { $inc: "1000000000000000000" } });
      await set("price = 9223372036854775807");
      await refused("price.$inc", { price: { $inc: "1" } });
      await set("price = 0.0000001");
      expect(await change({ price: { $inc: "0.0000002" } })).toMatchObject({
        body: { items: [{ price: "3e-7" }] },
      });
    });

  test("on a column of JSON it is a value", async () => {
    expect(await change({ data: { $inc: 1 } })).toMatchObject({ body: { items: [{ data: { $inc: 1 } }] } });
  });

  test("a new row takes none", async () => {
    expect(await ask("POST", "items", { name: "n", stock: { $inc: 1 } })).toMatchObject({
      status: 400,
      body: { code: "invalid-value", path: "stock" },
    });
  });

  describe("under rules", () => {
    test("it reaches what a change reaches", async () => {
      expect(await change({ stock: { $inc: 1 } }, "mine", "id:2")).toMatchObject({
        status: 200,
        body: { rowsAffected: 0 },
      });
    });

    test("the check is asked of the sum", async () => {
      expect(await change({ stock: { $inc: -4 } }, "few")).toMatchObject({
        status: 403,
        body: { code: "check-failed" },
      });
      expect(await change({ stock: { $inc: -3 } }, "few")).toMatchObject({ status: 200 });
      expect((await stored()).stock).toBe(0);
    });

    test("the transition knows what it was", async () => {
      expect(await change({ stock: { $inc: -1 } }, "grows")).toMatchObject({ status: 403 });
      expect(await change({ stock: { $inc: 1 } }, "grows")).toMatchObject({ status: 200 });
    });

    test("the column has to be writable, and its value to be readable", async () => {
      expect(await change({ stock: { $inc: 1 } }, "some")).toMatchObject({
        status: 400,
        body: { code: "unknown-column", path: "stock" },
      });
      expect(await change({ stock: { $inc: 1 } }, "hidden")).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "stock" },
      });
    });

    test("it may be written on that row", async () => {
      expect(await change({ stock: { $inc: 1 } }, "granted", "id:2")).toMatchObject({
        status: 403,
        body: { path: "stock" },
      });
      expect(await change({ stock: { $inc: 1 } }, "granted")).toMatchObject({ status: 200 });
    });

    test("where it is masked nothing is added, whatever it is", async () => {
      const told = await change({ stock: { $inc: 1 } }, "masked", "id:2");
      expect(told).toMatchObject({ status: 403, body: { code: "check-failed", path: "stock" } });
      await run("update items set stock = null where id = 2");
      expect(await change({ stock: { $inc: 1 } }, "masked", "id:2")).toEqual(told);
      await run("update items set stock = 2147483647 where id = 2");
      expect(await change({ stock: { $inc: 1 } }, "masked", "id:2")).toEqual(told);
      expect(await change({ stock: { $inc: 1 } }, "masked")).toMatchObject({ status: 200 });
    });

    test("validators do not see it", async () => {
      expect(await change({ stock: { $inc: 1 }, name: "n" }, "judged")).toMatchObject({ status: 200 });
      expect(seen).toEqual([{ name: "n" }]);
      expect(await change({ stock: { $inc: 1 } }, "judged")).toMatchObject({ status: 200 });
      expect(seen).toEqual([{ name: "n" }, {}]);
      expect((await stored()).stock).toBe(5);
    });

    test("a validator that keeps a client from a column is not passed by", async () => {
      expect(await change({ stock: { $inc: 1 } }, "kept")).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "stock" },
      });
    });

    test("what an author injects counts in its place", async () => {
      expect(await change({ stock: { $inc: 1 } }, "injected")).toMatchObject({
        body: { injected: [{ stock: 7 }] },
      });
      expect(seen).toEqual([{}]);
    });

    test("a hook sees what is added", async () => {
      expect(await change({ stock: { $inc: 2 } }, "hooked")).toMatchObject({
        body: { hooked: [{ stock: 5 }] },
      });
      expect(seen).toEqual([2]);
    });
  });

  test("of many at once none is lost", async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => change({ stock: { $inc: 1 } })));
    expect(told.map(({ status }) => status)).toEqual(told.map(() => 200));
    expect((await stored()).stock).toBe(23);
  });
});
