import { describe, expect, test } from "bun:test";
import { avgDistinct, count, getTableName, max, min, relations, sql, sum } from "drizzle-orm";
import {
  customType,
  halfvec,
  integer,
  jsonb,
  pgEnum,
  pgMaterializedView,
  pgSchema,
  pgTable,
  pgView,
  primaryKey,
  serial,
  sparsevec,
  text,
  timestamp,
  uuid,
  vector,
} from "drizzle-orm/pg-core";
import {
  integer as sqliteInteger,
  sqliteTable,
  sqliteView,
  text as sqliteText,
} from "drizzle-orm/sqlite-core";
import { operatorsFor } from "../../src/operator/operator.ts";
import { coerce, type ColumnInfo, readCatalog, readField } from "../../src/schema/schema.ts";
import { LOCAL } from "../support/postgresql-types.ts";

const mood = pgEnum("Mood", ["sad", "happy"]);
const jsonEnum = pgEnum("json", ["a"]);
const citext = customType<{ data: string }>({ dataType: () => "citext" });
const domain = customType<{ data: string }>({ dataType: () => "email" });
const hidden = customType<{ data: string; driverData: Buffer }>({
  dataType: () => "bytea",
  toDriver: (value) => Buffer.from(value),
  fromDriver: (value) => value.toString(),
});
const EXTENDED = pgTable("extended", {
  space: vector({ dimensions: 2 }),
  half: halfvec({ dimensions: 2 }),
  sparse: sparsevec({ dimensions: 5 }),
  citext: citext(),
  domain: domain(),
  hidden: hidden(),
  jsonEnum: jsonEnum(),
  drafts: jsonb().array(),
});

const local = readCatalog({ LOCAL }).get("LOCAL")!.columns;
const extended = readCatalog({ EXTENDED }).get("EXTENDED")!.columns;
const column = (name: string): ColumnInfo => local.get(name) ?? extended.get(name)!;

const COMPARED = ["eq", "ne", "inArray", "in", "notInArray", "notIn"];
const ORDERED = ["gt", "gte", "lt", "lte", "between", "notBetween"];
const PATTERNS =
  "like notLike ilike notIlike contains startsWith endsWith icontains istartsWith iendsWith".split(" ");
const ARRAYS = ["arrayContains", "arrayContained", "arrayOverlaps"];
const PRESENCE = ["isNull", "isNotNull"];

describe("on PostgreSQL", () => {
  test.each<[kind: string, names: string]>([
    [
      "text",
      "text choice varchar varcharAny char charOne mood uuid inet cidr macaddr macaddr8 bits jsonEnum",
    ],
    ["text", "dateText time timetz timestampText timestamptzText interval intervalMonth"],
    ["integer", "small whole big53"],
    ["number", "real double moneyNumber"],
    ["decimal", "decimal money"],
    ["bigint", "big bigSerial moneyBig"],
    ["boolean", "flag"],
    ["date", "date timestamp timestamptz"],
    ["json", "json jsonb"],
    ["blob", "bytea"],
    ["array", "integers texts moods documents blobs grid points"],
    [
      "custom",
      "point pointObject line lineObject cents document loose space half sparse citext domain hidden",
    ],
  ])("a column is of the kind %s: %s", (kind, names) => {
    for (const name of names.split(" ")) expect([name, column(name).kind]).toEqual([name, kind]);
  });

  test.each<[what: string, operators: readonly string[], names: string]>([
    ["order and patterns", [...COMPARED, ...ORDERED, ...PATTERNS], "text choice varchar char charOne"],
    [
      "order and no patterns",
      [...COMPARED, ...ORDERED],
      "mood uuid inet cidr macaddr dateText time interval bits small real money big flag date timestamp cents loose citext jsonEnum",
    ],
    ["equality", COMPARED, "bytea document hidden"],
    ["equality and what is inside", [...COMPARED, "json"], "jsonb"],
    ["what is inside", ["json"], "json"],
    [
      "equality and their elements",
      [...COMPARED, ...ARRAYS],
      "integers texts moods documents blobs grid drafts",
    ],
    ["no comparison", [], "point pointObject line lineObject points lines space half sparse domain"],
  ])("%s and presence is all there is of some columns", (_, operators, names) => {
    for (const name of names.split(" "))
      expect([name, operatorsFor(column(name)).toSorted()]).toEqual([
        name,
        [...operators, ...PRESENCE].toSorted(),
      ]);
  });

  test("an array knows what it holds, at every depth", () => {
    expect(column("integers").element).toMatchObject({ kind: "integer", type: "integer", nullable: true });
    expect(column("grid").element).toMatchObject({ kind: "array", element: { kind: "integer" } });
    expect(column("text").element).toBeUndefined();
  });

  test("json is bound as text, and nothing else is", () => {
    expect(
      [...local.values()].filter(({ cast }) => cast !== "").map(({ name, cast }) => [name, cast]),
    ).toEqual([
      ["json", "::text::json"],
      ["jsonb", "::text::jsonb"],
      ["document", "::text::jsonb"],
    ]);
    expect(column("jsonEnum").cast).toBe("");
  });

  test("an array is written as a literal, bytes and all", () => {
    expect(column("texts").encode(['a"', "b\\", "null", null, ""])).toBe('{"a\\"","b\\\\","null",null,""}');
    expect(column("blobs").encode([Buffer.from([1, 255]), null])).toBe('{"\\\\x01ff",null}');
    expect(
      column("grid").encode([
        [1, null],
        [3, 4],
      ]),
    ).toBe('{{"1",null},{"3","4"}}');
    expect(column("lines").encode([[1, 2, 3]])).toBe('{"{1,2,3}"}');
    expect(column("documents").encode([{ a: "{" }])).toBe('{"{\\"a\\":\\"{\\"}"}');
    expect(column("integers").encode([])).toBe("{}");
  });

  test.each<[name: string, value: unknown, message: string, path?: string]>([
    ["small", 32_768, "expected a whole number of 16 bits"],
    ["whole", -2_147_483_649, "expected a whole number of 32 bits"],
    ["real", 1e39, "expected a number of 32 bits"],
    ["real", 1e-60, "expected a number of 32 bits"],
    ["money", "9999.995", "expected a decimal number of 6 digits, 2 of them after the point"],
    ["moneyNumber", 10_000, "expected a decimal number of 6 digits, 2 of them after the point"],
    [
      "moneyBig",
      "100000000000000000000",
      "expected a decimal number of 20 digits, 0 of them after the point",
    ],
    ["varchar", "abcdef", "expected at most 5 characters"],
    ["charOne", "ab", "expected at most 1 characters"],
    ["bits", "10", "expected 3 digits 0 and 1"],
    ["mood", "angry", 'expected one of `sad`, `ok`, `Very happy`, `a"b`, `c\\d`, `e,f`'],
    ["uuid", "00000000", "expected a UUID"],
    ["inet", "10.0.0.256", "expected an IP address"],
    ["cidr", "10.0.0.1/8", "expected an IP network"],
    ["macaddr", "08:00:2b:01:02", "expected a MAC address"],
    ["dateText", "2023-02-29", "expected a date such as 2024-12-31"],
    ["date", "10000-01-01", "expected a date"],
    ["date", 253_402_300_800_000, "expected a date of the years 1 to 9999"],
    ["timestamptz", "9999-12-31T23:59:59.999Z", "expected a date of the years 1 to 9999"],
    ["time", "10:00:00+02", "expected a time such as 23:59:59, without a zone"],
    [
      "timestampText",
      "2024-01-01 00:00:00+02",
      "expected a date and time such as 2024-12-31 23:59:59, in UTC",
    ],
    ["timestamptzText", "soon", "expected a date and time such as 2024-12-31 23:59:59+01"],
    ["interval", "1 day 2 days", "expected an interval such as 1 day 02:03:04 or P1DT2H3M4S"],
    ["jsonb", { a: ["\0"] }, "expected a JSON value", "x.a.0"],
    ["jsonb", { "a\0": 1 }, "expected keys without NUL and lone surrogates"],
    ["bytea", "?", "expected bytes as base64"],
    ["integers", 1, "expected a list"],
    ["integers", [1, null, "2"], "expected a whole number", "x.2"],
    ["varchars", ["a", "abcdef"], "expected at most 5 characters", "x.1"],
    ["grid", [[1], [2, 3]], "expected a list as long as the one before", "x.1"],
    ["grid", [[]], "expected a list that is not empty", "x.0"],
    ["grid", [null], "expected a list that is not empty", "x.0"],
    ["point", [1], "expected two numbers, x and y"],
    ["lineObject", { a: 0, b: 0, c: 1 }, "expected numbers a, b and c, the first two not both zero"],
    ["space", [1, 2, 3], "expected a list of as many numbers as the vector has dimensions"],
    ["half", [1, 65_520], "expected a list of as many numbers as the vector has dimensions"],
    ["sparse", "{6:1}/5", "expected a text such as {1:0.5,3:2}/4"],
    ["sparse", "{1:12:1}/5", "expected a text such as {1:0.5,3:2}/4"],
    ["sparse", "{1:1,}/5", "expected a text such as {1:0.5,3:2}/4"],
    ["document", { a: "\0" }, "expected JSON"],
    ["cents", 1_000_000, "expected a decimal number of 6 digits, 2 of them after the point"],
  ])("%s: %j is refused: %s", (name, value, message, path = "x") => {
    expect(() => coerce(column(name), value, "x", true)).toThrow(expect.objectContaining({ message, path }));
  });

  test.each<[name: string, value: unknown, sent: unknown]>([
    ["timestamptzText", "2024-01-01T10:00", "2024-01-01 10:00:00Z"],
    ["timestamptzText", "2024-01-01 10:00:00.5+02:30", "2024-01-01 10:00:00.5+02:30"],
    ["timestampText", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00"],
    ["timestampText", "0044-03-15 10:00:00 BC", "0044-03-15 10:00:00 BC"],
    ["timetz", "10:00", "10:00Z"],
    ["real", 0.1, Math.fround(0.1)],
    ["money", 1.005, "1.005"],
    ["sparse", "{1:0.5,3:-2}/5", "{1:0.5,3:-2}/5"],
    ["sparse", "{}/5", "{}/5"],
    ["half", [1, -2], [1, -2]],
    ["domain", "anything", "anything"],
  ])("%s: %j is sent as %j", (name, value, sent) => {
    expect(coerce(column(name), value, "x", true)).toEqual(sent);
  });

  test("a filter may ask for a text longer than any that is stored", () => {
    expect(coerce(column("varchar"), "abcdef", "x")).toBe("abcdef");
    expect(coerce(column("money"), "123456789.123", "x")).toBe("123456789.123");
  });

  test("a field of a form is read as JSON where its column holds lists, points or vectors", () => {
    expect(readField(column("integers"), "[1,2]", "")).toEqual([1, 2]);
    expect(readField(column("point"), "[1,2]", "")).toEqual([1, 2]);
    expect(readField(column("space"), "[1,2]", "")).toEqual([1, 2]);
    expect(readField(column("sparse"), "{1:2}/5", "")).toBe("{1:2}/5");
    expect(readField(column("integers"), "nonsense", "")).toBe("nonsense");
    expect(readField(column("citext"), "[1,2]", "")).toBe("[1,2]");
  });
});

describe("a catalog of PostgreSQL", () => {
  const archive = pgSchema("archive");
  const person = pgTable("people", { id: integer().primaryKey(), mood: mood() });
  const event = pgTable("events", { at: timestamp({ withTimezone: true }), mood: mood() });
  const log = pgTable(
    "logs",
    {
      personId: integer().references(() => person.id),
      at: timestamp(),
      number: serial(),
      twice: integer().generatedAlwaysAs(sql`number * 2`),
    },
    (table) => [primaryKey({ columns: [table.personId, table.at] })],
  );
  const past = archive.table("people", {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    key: uuid().defaultRandom(),
    personId: integer().references(() => person.id),
  });
  const people = pgView("sad_people").as((query) =>
    query
      .select({
        id: person.id,
        feels: person.mood,
        count: sql<number>`1`.mapWith(Number).as("total"),
        raw: sql`1`,
      })
      .from(person),
  );
  const counted = archive.view("counted", { count: integer("total").notNull(), name: text() }).existing();
  const daily = pgMaterializedView("daily", { count: integer().notNull() }).as(sql`select 1 as count`);
  const catalog = readCatalog({
    mood,
    person,
    log,
    past,
    people,
    counted,
    daily,
    personRelations: relations(person, ({ many }) => ({ past: many(past), logs: many(log) })),
    pastRelations: relations(past, ({ one }) => ({
      person: one(person, { fields: [past.personId], references: [person.id] }),
    })),
    logRelations: relations(log, ({ one }) => ({
      person: one(person, { fields: [log.personId], references: [person.id] }),
    })),
  });
  const names = (columns: Iterable<ColumnInfo>): string[] => [...columns].map(({ name }) => name);
  const named = (table: string, fact: "foreign" | "generated" | "nullable" | "primary"): string[] =>
    names([...catalog.get(table)!.columns.values()].filter((each) => each[fact]));

  test("has tables of one name in two schemas", () => {
    expect([...catalog.keys()]).toEqual(["person", "log", "past", "people", "counted", "daily"]);
    const relation = catalog.get("person")!.relations.get("past")!;
    expect(relation.target).toBe(catalog.get("past")!);
    expect(relation.on.map(({ source, target }) => [source.name, target.name])).toEqual([["id", "personId"]]);
    expect(catalog.get("past")!.relations.get("person")!.target).toBe(catalog.get("person")!);
  });

  test("knows keys of several columns, which are never null, and columns that refer to others", () => {
    expect(names(catalog.get("log")!.primaryKey)).toEqual(["personId", "at"]);
    expect(named("log", "nullable")).toEqual(["twice"]);
    expect(named("log", "foreign")).toEqual(["personId"]);
    expect(named("past", "foreign")).toEqual(["personId"]);
  });

  test("knows what the server makes: identities and computed columns, and no key of a client's own", () => {
    expect(named("past", "generated")).toEqual(["id"]);
    expect(named("log", "generated")).toEqual(["twice"]);
    expect(named("person", "generated")).toEqual([]);
  });

  test("has views as tables without key and relations", () => {
    const view = catalog.get("people")!;
    expect(view).toMatchObject({ name: "people", kind: "view", primaryKey: [] });
    expect(view.relations.size).toBe(0);
    expect(getTableName(view.table)).toBe("sad_people");
    expect(names(view.columns.values())).toEqual(["id", "feels", "count"]);
    expect(view.columns.get("feels")).toMatchObject({ kind: "text", compares: "order", type: "mood" });
    expect(view.columns.get("feels")!.column.name).toBe("mood");
    expect(view.columns.get("feels")!.column.table).toBe(view.table);
    const total = view.columns.get("count")!;
    expect(total).toMatchObject({ kind: "custom", nullable: true, primary: false });
    expect(total.column.name).toBe("total");
    expect(catalog.get("counted")!.columns.get("count")).toMatchObject({ kind: "integer", nullable: true });
    expect(catalog.get("daily")!.kind).toBe("view");
    expect(catalog.get("person")!.kind).toBe("table");
  });

  describe("once the database was asked", () => {
    const said = (schema: Record<string, unknown>, view: string, type: Record<string, string>) =>
      readCatalog(schema, new Map([[view, new Map(Object.entries(type))]])).get(view)!.columns;

    test.each([
      ["smallint", "integer", "order", false],
      ["integer", "integer", "order", false],
      ["bigint", "bigint", "order", false],
      ["numeric", "decimal", "order", false],
      ["double precision", "number", "order", false],
      ["boolean", "boolean", "order", false],
      ["text", "text", "order", true],
      ["character varying", "text", "order", true],
      ["citext", "text", "order", false],
      ["uuid", "text", "order", false],
      ["timestamp with time zone", "text", "order", false],
      ["jsonb", "json", "equality", false],
      ["json", "json", "nothing", false],
      ["bytea", "blob", "equality", false],
      ["integer[]", "custom", "nothing", false],
      ["mood", "custom", "nothing", false],
      ["tsvector", "custom", "nothing", false],
    ])("what a view computes is %s: %s, %s, patterns %p", (type, kind, compares, matches) => {
      const column = said({ people }, "people", { total: type }).get("count");
      expect(column).toMatchObject({ kind, compares, matches, type });
    });
    test("a mapping by a column of that kind says what clients send; one of another kind does not", () => {
      const last = pgView("lasts").as((query) =>
        query.select({ last: max(event.at).as("last"), mood: max(event.mood).as("mood") }).from(event),
      );
      const typed = said({ last }, "last", { last: "timestamp with time zone", mood: 'archive."Mood"' });
      expect(typed.get("last")).toMatchObject({ kind: "date", compares: "order" });
      expect(typed.get("mood")).toMatchObject({ kind: "text", compares: "order", matches: false });
      const other = said({ last }, "last", { last: "bigint", mood: "text" });
      expect(other.get("last")).toMatchObject({ kind: "bigint", compares: "order" });
      expect(other.get("mood")).toMatchObject({ kind: "text", compares: "order", matches: true });
    });
    test("a column that was named by hand and is of another type is not compared", () => {
      const typed = said({ counted }, "counted", { total: "bigint", name: "uuid" });
      expect(typed.get("count")).toMatchObject({ kind: "integer", compares: "order", type: "bigint" });
      expect(typed.get("name")).toMatchObject({ compares: "nothing", matches: false });
    });
  });
});

describe("on SQLite", () => {
  const item = sqliteTable("items", { id: sqliteInteger().primaryKey(), name: sqliteText() });
  const named = sqliteView("named").as((query) => query.select({ id: item.id, name: item.name }).from(item));

  test("a view is read as it is on PostgreSQL, and a schema may be a default export", () => {
    const catalog = readCatalog({ default: { item, named } });
    expect([...catalog.values()].map(({ name, kind }) => [name, kind])).toEqual([
      ["item", "table"],
      ["named", "view"],
    ]);
    expect(catalog.get("item")!.columns.get("id")).toMatchObject({ primary: true, generated: true });
    expect(catalog.get("named")!.columns.get("id")).toMatchObject({
      primary: false,
      compares: "order",
      matches: false,
      opening: "cast(",
      cast: " as numeric)",
    });
    expect(catalog.get("named")!.columns.get("name")!.matches).toBe(true);
  });

  test("what a view computes is compared as its mapping says, or whatever it is", () => {
    const made = sqliteView("made").as((query) =>
      query
        .select({
          count: count().as("a"),
          sum: sum(item.id).as("b"),
          average: avgDistinct(item.id).as("c"),
          joined: sql`sum(${item.id}) || ''`.mapWith(String).as("d"),
          yes: sql`1`.mapWith(Boolean).as("e"),
          big: sql`1`.mapWith(BigInt).as("f"),
          first: min(item.name).as("g"),
          any: sql`1`.as("h"),
          own: sql`1`.mapWith((value: unknown) => value).as("i"),
        })
        .from(item),
    );
    const columns = [...readCatalog({ made }).get("made")!.columns.values()];
    expect(columns.map(({ name, kind, matches, cast }) => [name, kind, matches, cast])).toEqual([
      ["count", "number", false, " as numeric)"],
      ["sum", "decimal", false, " as numeric)"],
      ["average", "decimal", false, " as numeric)"],
      ["joined", "text", true, " as text)"],
      ["yes", "boolean", false, " as numeric)"],
      ["big", "bigint", false, " as numeric)"],
      ["first", "text", true, " as text)"],
      ["any", "custom", true, ""],
      ["own", "custom", true, ""],
    ]);
    expect(columns.every(({ compares }) => compares === "order")).toBe(true);
  });
});
