import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { relations } from "drizzle-orm";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { everywhere, type Place } from "../support/everywhere.ts";
import { EMPTY, keysIn, postgresql, refused, send, session, sqlite, type Told } from "../support/keyed.ts";

// What an attacker does with keys: he reads what others were answered, or has one key taken for another.

const all = (rule: object): object => ({ all: rule });
const secret = (body: object, { me }: { me?: unknown }): object => ({ ...body, owner: String(me) });
const acl = {
  orders: {
    table: "order",
    control: {
      GET: all({ select: true }),
      POST: all({ select: true, write: true, injectBody: secret }),
    },
  },
};

const tests = (place: Place): void => {
  beforeEach(async () => {
    for (const text of EMPTY) await place.run(text);
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));
  let handle: QueryHandler;
  beforeEach(() => (handle = place.handler(acl, { session, ...keysIn(place.schema, { maxSize: 100_000 }) })));
  const post = (as: string, key: string, title = "t"): Promise<Told> =>
    send(handle, "POST", "orders", { title }, { as, key });
  /** Who wrote the row that is answered. */
  const writer = ({ body }: Told): unknown => body.orders[0].owner;

  test("nobody is answered what another was, under any name that looks like his", async () => {
    const names = [
      ..."ada|Ada|ADA|ada |\u0430da|ad\u00e1|ada\u0301d|ad\u00e1d|n:ada|h:ada|'|' or 1=1 --|%|_|*|null|undefined".split(
        "|",
      ),
      "__proto__",
      "constructor",
      "\ufffd",
      "x".repeat(128),
      "x".repeat(129),
      "x".repeat(130),
      `${"x".repeat(9_000)}1`,
      `${"x".repeat(9_000)}2`,
    ];
    for (const name of names) {
      const answer = await post(name, "key");
      expect([answer.status, answer.replayed, writer(answer)]).toEqual([200, false, name]);
    }
    for (const name of names) {
      const answer = await post(name, "key");
      expect([answer.replayed, writer(answer)]).toEqual([true, name]);
    }
  });

  test("names that no database can hold have keys that are told apart as well", async () => {
    const file = { logs: { table: "log", control: { POST: all({ select: true, write: true }) } } };
    const by = place.handler(file, { session, ...keysIn(place.schema) });
    const names = ["a\0", "a\0b", "\ud800", "\ud801", "\ufffd", "a"];
    const sent = (): Promise<readonly boolean[]> =>
      Promise.all(
        names.map(async (as, index) => {
          const answer = await send(by, "POST", "logs", { text: `of ${index}` }, { as, key: "k" });
          expect([answer.status, answer.body.logs[0].text]).toEqual([200, `of ${index}`]);
          return answer.replayed;
        }),
      );
    expect(await sent()).toEqual(names.map(() => false));
    expect(await sent()).toEqual(names.map(() => true));
  });

  test("no name and key together are another name and key", async () => {
    const pairs = [
      ["a", "b:c"],
      ["a:b", "c"],
      ["a", '","b'],
      ['a","', "b"],
      ["n:a", "b"],
      ["a", "n:b"],
      ["ab", "c"],
      ["a", "bc"],
    ] as const;
    for (const [as, key] of pairs) expect((await post(as, key)).replayed).toBe(false);
    for (const [as, key] of pairs) {
      const answer = await post(as, key);
      expect([answer.replayed, writer(answer)]).toEqual([true, as]);
    }
  });

  test("keys are told apart by every character, and none is more than text", async () => {
    const keys = [
      "k",
      "K",
      "k1",
      "K1",
      "__proto__",
      "constructor",
      "toString",
      "%",
      "_",
      "'",
      '"',
      "\\",
      "$1",
      "?1",
      "';--",
    ];
    for (const key of keys) expect((await post("ada", key)).replayed).toBe(false);
    for (const key of keys) expect((await post("ada", key)).replayed).toBe(true);
    for (const key of [
      "\u212a",
      "k\u200b",
      "\ufeffk",
      "k k",
      "k\u00a0",
      "k".repeat(256),
      "k".repeat(100_000),
    ]) {
      const bytes = Buffer.from(key).toString("latin1");
      const headers = { "idempotency-key": bytes };
      expect(refused(await send(handle, "POST", "orders", { title: "t" }, { headers }))).toEqual([
        400,
        "invalid-value",
        "Idempotency-Key",
      ]);
    }
  });

  test("who tries keys learns nothing of those of others", async () => {
    await post("ada", "hers", "secret");
    const [hers, unused] = [await post("eve", "hers", "guess"), await post("eve", "unused", "guess")];
    expect([hers.status, hers.replayed]).toEqual([unused.status, unused.replayed]);
    expect(hers.text.replace(/\d+/g, "")).toBe(unused.text.replace(/\d+/g, ""));
  });

  test("the answers of all are no resource's, nor those of a relation", () => {
    const made =
      (file: object, schema: object = place.schema): (() => unknown) =>
      () =>
        createQueryHandler({
          acl: file as never,
          database: place.database,
          schema: schema as never,
          onWarning: () => undefined,
          ...keysIn(place.schema),
        });
    const shown = { ...acl, kept: { table: "idempotency", control: { GET: all({ select: true }) } } };
    expect(made(shown)).toThrow("idempotency.table: acl.kept is about it");
    const { order, idempotency } = place.schema as any;
    const related = {
      ...place.schema,
      orderRelations: relations(order, ({ many }) => ({ answers: many(idempotency) })),
      idempotencyRelations: relations(idempotency, ({ one }) => ({
        order: one(order, { fields: [idempotency.caller], references: [order.owner] } as never),
      })),
    };
    expect(made(acl, related)).toThrow("the relation `answers` of order leads to it");
    expect(made(acl, { ...place.schema })).not.toThrow();
  });

  test("a table that does not tell callers apart does not start", () => {
    const over =
      (table: unknown): (() => unknown) =>
      () =>
        place.handler(acl, keysIn({ idempotency: table }));
    expect(over(place.schema["log"])).toThrow("idempotency.table: it lacks caller, key");
    expect(over({})).toThrow("expected what `idempotencyTable` makes");
    const other = place.speaks === "sqlite" ? postgresql : sqlite;
    expect(over(other.idempotency)).toThrow(`the database speaks ${place.speaks}`);
  });
};

describe("idempotency keys", () => everywhere({ sqlite, postgresql }, acl, tests));
