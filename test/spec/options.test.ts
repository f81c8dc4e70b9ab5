import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { DATABASES, type Opened } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// Options that do not exist, and names that no resource can have.

let opened: Opened;
beforeAll(async () => {
  opened = await DATABASES["bun:sqlite"]();
});
afterAll(() => opened.close());

const acl = { tags: { table: "tag", control: { GET: { all: { select: true } } } } };

/** What is wrong with options, told at start; of both functions alike. */
function mistakes(options: object): readonly string[] {
  const creates: readonly ((options: QueryRouteOptions) => unknown)[] = [
    createQueryRoute,
    createQueryHandler,
  ];
  const told = creates.map((create) => {
    try {
      create({ acl, database: opened.database, schema, onWarning: () => undefined, ...options });
      return [];
    } catch (error) {
      const [first, ...lines] = (error as Error).message.split("\n");
      expect(first).toMatch(/^the (?:options have|access-control file has) mistakes:$/);
      return lines.map((line) => line.trim());
    }
  });
  expect(told[0]).toEqual(told[1]);
  return told[0]!;
}

describe("an option that does not exist is a mistake", () => {
  test.each([
    [
      "a wrong letter",
      { onWarnings: () => 1 },
      ["onWarnings: there is no such option (did you mean `onWarning`?)"],
    ],
    ["nothing alike", { whatever: 1 }, ["whatever: there is no such option"]],
    [
      "a limit beside `defaults`",
      { onSurpassMaxLimit: "Limit", maxLimit: 5 },
      [
        "onSurpassMaxLimit: there is no such option (it stands in `defaults`)",
        "maxLimit: there is no such option (it stands in `defaults`)",
      ],
    ],
    [
      "a formatter beside `defaults`",
      { formatResult: () => 1 },
      ["formatResult: there is no such option (it stands in `defaults`)"],
    ],
    [
      "who asks beside `session`",
      { getRole: () => "x" },
      ["getRole: there is no such option (it stands in `session`)"],
    ],
    [
      "several at once, nested ones too",
      {
        acls: {},
        session: { parse: () => 1, getRole: () => "x", caller: () => "x" },
        defaults: { maxLimits: 1, maxDepth: 2, parser: () => 1 },
        cors: { origin: "http://a.local", origins: [] },
        lane: { process: 1 },
      },
      [
        "acls: there is no such option (did you mean `acl`?)",
        "session.parse: there is no such option (did you mean `parser`?)",
        "session.caller: there is no such option (it stands beside `session`)",
        "defaults.maxLimits: there is no such option (did you mean `maxLimit`?)",
        "defaults.parser: there is no such option (it stands in `session`)",
        "cors.origins: there is no such option (did you mean `origin`?)",
        "lane.process: there is no such option (did you mean `processes`?)",
      ],
    ],
    [
      "an inherited name",
      { constructor: 1, session: { toString: () => "" } },
      ["constructor: there is no such option", "session.toString: there is no such option"],
    ],
    [
      "undefined is none",
      { nothing: undefined, session: { nothing: undefined }, cors: undefined, lane: false },
      [],
    ],
    [
      "all there are",
      {
        idParam: "id",
        basePath: "/query",
        defaults: { maxLimit: 1, formatResult: undefined },
        session: { parser: () => undefined, getRole: () => undefined },
        caller: () => undefined,
        onError: () => undefined,
        observe: () => undefined,
        serverTiming: true,
        cors: { origin: "http://a.local", credentials: true, headers: [], maxAge: 1 },
        headers: { anything: "x" },
        reader: "fast",
        ownConnection: true,
        lane: { processes: 1 },
        strict: false,
        timeout: 1,
        maxInFlight: 1,
        busyTimeout: 1,
        tables: {},
      },
      [],
    ],
  ] as [string, object, string[]][])("%s", (_, options, expected) =>
    expect(mistakes(options)).toEqual(expected),
  );
});

describe("names that no resource can have", () => {
  const entry = acl.tags;
  test.each("total rowsAffected count page more filtered inserted".split(" "))("%s", (name) =>
    expect(mistakes({ acl: { [name]: entry } })).toEqual([
      `acl.${name}: an answer has a member of that name, so no resource can have it`,
    ]),
  );
  test.each(["$access", "$", "$batch", "$mine"])("%s", (name) =>
    expect(mistakes({ acl: { [name]: entry } })).toEqual([
      `acl.${name}: names that begin with $ are the engine's own`,
    ]),
  );
  test("others, also with such a part, are free", () =>
    expect(mistakes({ acl: { pages: entry, a$: entry, Total: entry, constructor: entry } })).toEqual([]));
});
