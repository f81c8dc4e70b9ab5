import { Buffer } from "node:buffer";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { openTables } from "../support/shop.ts";
import { path } from "../support/write.ts";

// What whoever sends requests may try with cursors.

// oxlint-disable-next-line typescript/no-explicit-any -- whatever is answered
type Any = any;

const SECRET = "what the cursors of this test are sealed with";
const all = { select: { columns: new Set(["id", "title"]) }, orderBy: { rating: "desc" } } as const;
const authors = { select: { columns: new Set(["name"]) }, orderBy: { secret: "asc" } } as const;
const acl = {
  articles: { table: "article", control: { GET: { all, boss: { ...all, select: true } } } },
  papers: { table: "article", control: { GET: { all } } },
  authors: { table: "author", control: { GET: { all: authors } } },
};

/** Who asks: his name, and his role. */
interface Who {
  readonly name?: string;
  readonly role?: string;
}

let opened: Awaited<ReturnType<typeof openTables>>;
beforeAll(async () => {
  opened = await openTables(LIBRARY.sqlite, "libsql memory");
  await fillLibrary({ database: opened.database, schema: LIBRARY.sqlite });
});
afterAll(() => opened.close());

/** Options of a route, of which some may be left out again. */
type Options = { readonly [Name in keyof QueryRouteOptions]?: QueryRouteOptions[Name] | undefined };

function route(options: Options = {}) {
  const handle = createQueryHandler({
    acl,
    database: opened.database,
    schema: LIBRARY.sqlite,
    ownConnection: false,
    secret: SECRET,
    onWarning: () => undefined,
    session: { getRole: (request) => request.headers.get("x-role") as never },
    caller: (_, request) => request.headers.get("x-name") ?? undefined,
    ...(options as Partial<QueryRouteOptions>),
  });
  return async (resource: string, selector: object, { name, role }: Who = {}): Promise<Any> => {
    const headers = {
      ...(name !== undefined && { "x-name": name }),
      ...(role !== undefined && { "x-role": role }),
    };
    const response = await handle(
      new Request(`http://local/query/${path(resource, selector, "cursor")}`, { headers }),
    );
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  };
}

/** The one thing that is said of every cursor that leads nowhere. */
const REFUSED = JSON.stringify({
  error: "this cursor leads nowhere in this list",
  code: "invalid-cursor",
  path: "select.after",
  hint: "it may be too old, or of another order or caller: begin with the first page",
});

describe("a cursor leads nowhere, and nothing tells why,", () => {
  const ada = { name: "ada" };
  let get: ReturnType<typeof route>;
  let cursor = "";
  beforeAll(async () => {
    get = route();
    cursor = (await get("articles", { limit: 1 }, ada)).body.page.next;
  });

  test("but for him, there, and then", async () => {
    const { body } = await get("articles", { limit: 1, after: cursor }, ada);
    expect(body.articles).toEqual([{ id: 4, title: "Delta" }]);
    expect((await route()("articles", { limit: 1, after: cursor }, ada)).body).toEqual(body);
  });

  test("with any of its bytes changed", async () => {
    const bytes = Buffer.from(cursor, "base64url");
    for (let index = 0; index < bytes.length; index++) {
      const other = Buffer.from(bytes);
      other[index]! ^= 1 << (index % 8);
      expect((await get("articles", { after: other.toString("base64url") }, ada)).text).toBe(REFUSED);
    }
  });

  test("cut, lengthened, put together of two, or made up", async () => {
    const other = (await get("articles", { limit: 2 }, ada)).body.page.next as string;
    const made = [
      "",
      "A",
      cursor.slice(0, -1),
      cursor.slice(4),
      `${cursor}A`,
      `${cursor}=`,
      ` ${cursor}`,
      cursor + cursor,
      cursor.slice(0, 96) + other.slice(96),
      "A".repeat(192),
      "A".repeat(768),
      Buffer.from(JSON.stringify(["1", "2"])).toString("base64url"),
      "null",
      "\0",
      "é".repeat(768),
    ];
    for (const text of made) expect((await get("articles", { after: text }, ada)).text).toBe(REFUSED);
  });

  test.each<[where: string, resource: string, selector: object, who: Who, options: Options]>([
    ["of another caller", "articles", {}, { name: "ben" }, {}],
    ["of nobody", "articles", {}, {}, {}],
    ["in another resource of the same table and rule", "papers", {}, ada, {}],
    ["in another table", "authors", {}, ada, {}],
    ["under another rule", "articles", {}, { ...ada, role: "boss" }, {}],
    ["in another order", "articles", { orderBy: { id: "asc" } }, ada, {}],
    ["in an order that ends otherwise", "articles", { orderBy: { title: "asc", id: "desc" } }, ada, {}],
    ["of another secret", "articles", {}, ada, { secret: `${SECRET}!` }],
    ["of a route without one", "articles", {}, ada, { secret: undefined }],
    ["of a route that names nobody", "articles", {}, {}, { caller: undefined }],
  ])("%s", async (_, resource, selector, who, options) => {
    const { status, text } = await route(options)(resource, { ...selector, after: cursor }, who);
    expect([status, text]).toEqual([400, REFUSED]);
  });

  test("when it is old", async () => {
    const old = route({ cursorMaxAge: 1 });
    const { next } = (await old("articles", { limit: 1 }, ada)).body.page;
    await Bun.sleep(5);
    expect((await old("articles", { after: next }, ada)).text).toBe(REFUSED);
  });

  test("named by whatever text a caller's name may be", async () => {
    for (const [one, other] of [
      ['a","b', 'a"'],
      ["x".repeat(500), `${"x".repeat(499)}y`],
      ["n:x", "x"],
      ["null", undefined],
    ] as const) {
      const { next } = (await get("articles", { limit: 1 }, { name: one })).body.page;
      const who = other === undefined ? {} : { name: other };
      expect((await get("articles", { after: next }, { name: one })).status).toBe(200);
      expect((await get("articles", { after: next }, who)).text).toBe(REFUSED);
    }
  });
});

describe("nothing is told by a cursor", () => {
  test("of what it holds: neither by its length nor by its bytes", async () => {
    const get = route();
    const cursors: string[] = [];
    for (const [resource, name, length] of [
      ["authors", "ada", 768], // by a text
      ["authors", "ben", 768],
      ["articles", "ada", 192], // by two numbers
    ] as const)
      for (const limit of [1, 2, 3]) {
        const cursor = (await get(resource, { limit }, { name })).body.page.next as string;
        expect(cursor).toHaveLength(length);
        cursors.push(cursor);
      }
    expect(new Set(cursors).size).toBe(9);
    // No two begin alike, or end so, but by chance.
    for (const part of [(text: string) => text.slice(0, 8), (text: string) => text.slice(-8)])
      expect(new Set(cursors.map(part)).size).toBe(9);
    // Bits are as often set as not.
    const bits = Buffer.concat(cursors.map((text) => Buffer.from(text, "base64url")));
    const set = bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
    expect(set / (bits.length * 8)).toBeWithin(0.46, 0.54);
  });

  test("but that it is the same: one place has one text", async () => {
    const ask = async (): Promise<string> => (await route()("authors", { limit: 1 }, { name: "ada" })).text;
    expect(await ask()).toBe(await ask());
  });
});

describe("a route", () => {
  test("takes no secret that could be guessed, and no age that is none", () => {
    for (const secret of ["", "x".repeat(31), 32, {}, null])
      expect(() => route({ secret: secret as never })).toThrow(
        "secret: expected a text of 32 characters or more",
      );
    for (const cursorMaxAge of [0, -1, 1.5, Number.NaN, Infinity, "1" as never])
      expect(() => route({ cursorMaxAge })).toThrow("cursorMaxAge: expected a whole number of milliseconds");
  });

  test("says once what its cursors lack, when somebody asks for one", async () => {
    const told: string[] = [];
    const warning = { onWarning: (sentence: string) => void told.push(sentence) };
    const get = route({ ...warning, secret: undefined, caller: undefined });
    expect(told).toEqual([]);
    const { next } = (await get("articles", { limit: 1 })).body.page;
    await get("articles", { limit: 1, after: next });
    expect(told).toEqual([expect.stringContaining("`secret`"), expect.stringContaining("`caller`")]);
    await route(warning)("articles", { limit: 1 });
    expect(told).toHaveLength(2);
  });

  test("answers, though whoever is told of it throws", async () => {
    const told: string[] = [];
    const onWarning = (sentence: string): never => {
      told.push(sentence);
      throw new Error(sentence);
    };
    const get = route({ onWarning, secret: undefined, caller: undefined });
    expect((await get("authors", { limit: 1 })).status).toBe(200);
    expect(told).toHaveLength(2);
  });
});
