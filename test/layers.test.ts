import { describe, expect, test } from "bun:test";
import { relative } from "node:path";
import { circleIn, filesOf, functionsIn, graphOf, loadsOf, targetOf, textOf } from "./support/source.ts";

/** What each room may load code from; types may cross every wall. A room loads its own files freely. */
const WALLS: Readonly<Record<string, readonly string[]>> = {
  rjson: [],
  error: ["suggest"],
  suggest: [],
  observe: [],
  infer: [],
  cache: [],
  digits: ["nesting"],
  clock: ["error"],
  nesting: [],
  response: [],
  request: ["error", "suggest"],
  drizzle: ["drizzle-orm"],
  schema: ["digits", "drizzle", "error", "nesting", "drizzle-orm", "node:buffer"],
  cursor: ["cache", "error", "node:buffer", "node:crypto"],
  search: ["drizzle", "schema", "drizzle-orm"],
  operator: ["error", "schema", "drizzle-orm"],
  policy: ["drizzle", "error", "request", "schema", "search", "suggest", "drizzle-orm"],
  plan: ["error", "request", "schema", "operator", "policy"],
  author: ["clock", "digits", "drizzle", "error", "nesting", "plan", "policy", "schema", "drizzle-orm"],
  syntax: ["digits", "drizzle", "drizzle-orm", "node:buffer"],
  compile: ["cache", "drizzle", "error", "node:buffer", "plan", "schema", "search", "syntax", "drizzle-orm"],
  dialect: [
    "cache",
    "clock",
    "error",
    "drizzle-orm",
    "node:async_hooks",
    "node:child_process",
    "node:crypto",
    "node:fs",
    "node:module",
    "node:os",
    "node:path",
    "node:process",
    "node:url",
    "node:worker_threads",
  ],
  execute: [
    "author",
    "clock",
    "compile",
    "digits",
    "drizzle",
    "error",
    "response",
    "search",
    "syntax",
    "drizzle-orm",
  ],
  access: ["operator", "policy", "request", "schema"],
  cli: [
    "author",
    "engine",
    "http",
    "matrix",
    "openapi",
    "policy",
    "request",
    "schema",
    "search-migration",
    "@electric-sql/pglite",
    "@libsql/client",
    "drizzle-kit",
    "drizzle-orm",
    "node:fs",
    "node:path",
    "node:process",
    "node:url",
    "node:util",
  ],
  explorer: ["error"],
  matrix: ["drizzle", "policy", "request", "schema", "drizzle-orm", "node:crypto"],
  openapi: ["access", "author", "error", "matrix", "operator", "policy", "request", "rjson", "schema"],
  engine: [
    "access",
    "cache",
    "cursor",
    "author",
    "clock",
    "compile",
    "dialect",
    "digits",
    "error",
    "execute",
    "matrix",
    "node:buffer",
    "observe",
    "openapi",
    "operator",
    "plan",
    "policy",
    "request",
    "response",
    "schema",
    "syntax",
  ],
  http: [
    "author",
    "cache",
    "clock",
    "digits",
    "error",
    "nesting",
    "observe",
    "response",
    "rjson",
    "request",
    "engine",
    "suggest",
    "explorer",
    "node:buffer",
    "node:crypto",
  ],
  live: ["clock", "digits", "error", "live-channel", "response", "node:buffer", "node:crypto"],
  "live-channel": [],
  "live-triggers": ["drizzle", "live-channel", "schema"],
  "json-patch": ["rfc6902"],
  otel: ["request", "@opentelemetry/api"],
  "search-migration": ["drizzle", "policy", "schema", "search"],
  "idempotency-table": ["drizzle-orm"],
  index: ["error", "http", "dialect", "search-migration", "live-triggers", "idempotency-table"],
};

/** Rooms whose door has another name than the room. */
const DOORS: Readonly<Record<string, string>> = { http: "src/http/route.ts", cli: "src/cli/main.ts" };

/** The program that makes the explorer's page, and the page: a front end, which nothing else loads. */
const PAGE = { maker: "src/explorer/build.ts", folder: "src/explorer/page/" } as const;
const isOfPage = (file: string): boolean => file === PAGE.maker || file.startsWith(PAGE.folder);

/** What the page may load code from: what any page has of the package, and its own. */
const OF_PAGE = /^(?:src\/explorer\/page\/|src\/rjson\/rjson\.ts$|src\/request\/method\.ts$|client\/)/;
const PAGE_PACKAGES: readonly string[] = ["preact", "preact/hooks", "uplot"];

/** Folders in a room that keep apart, and what each may load from of the others: libsql is a SQLite. */
const APART: Readonly<Record<string, readonly string[]>> = {
  "dialect/sqlite": [],
  "dialect/libsql": ["dialect/sqlite"],
  "dialect/postgresql": [],
};

/** What is nowhere but on servers; elsewhere the package's entry has to load all the same. */
const OF_SERVERS = /^node:(child_process|fs|module|os|path|url|worker_threads)$/;

/** How many lines a function may have without a comment above it that says why it is `long:`. */
const MAX_LINES = 40;

/** The room a file of `src` belongs to: its folder, or its own name at the root. */
const roomOf = (file: string): string =>
  file
    .replace(/^src\//, "")
    .split("/")[0]!
    .replace(/\.ts$/, "");

/** The folder that keeps apart and a file stands in. */
const partOf = (file: string): string | undefined =>
  Object.keys(APART).find((part) => file.startsWith(`src/${part}/`));

const isDoor = (file: string, room: string): boolean =>
  file === `src/${room}.ts` || file === (DOORS[room] ?? `src/${room}/${room}.ts`);

/** Whether a file may load another: its room may, and by the door; and in its room no folder that keeps apart. */
function mayLoad(file: string, target: string): boolean {
  const room = roomOf(file);
  const other = roomOf(target);
  if (other !== room) return WALLS[room]!.includes(other) && isDoor(target, other);
  const [part, otherPart] = [partOf(file), partOf(target)];
  if (part === undefined || otherPart === undefined || part === otherPart) return true;
  return APART[part]!.includes(otherPart);
}

/** The loads a file may not have: a stranger's room, a neighbour's file that is not its door, another package. */
function strangers(file: string, loads: readonly string[]): readonly string[] {
  return loads.filter((load) =>
    load.startsWith(".")
      ? !mayLoad(file, targetOf(file, load))
      : !WALLS[roomOf(file)]!.some((name) => load === name || load.startsWith(`${name}/`)),
  );
}

describe("the walls", () => {
  test("there are rooms to look at", () => expect(filesOf("src").length).toBeGreaterThan(40));

  test.each(filesOf("src").filter((file) => !isOfPage(file)))("%s loads only what its room may", (file) => {
    expect(WALLS[roomOf(file)]).toBeDefined();
    expect(strangers(file, loadsOf(file))).toEqual([]);
  });

  test.each([
    ["a wall that is climbed", "src/plan/read.ts", "../http/route.ts"],
    ["a window beside a door", "src/plan/read.ts", "../policy/build.ts"],
    ["another package", "src/rjson/parse.ts", "drizzle-orm"],
    ["another database's folder", "src/dialect/sqlite/busy.ts", "../postgresql/turns.ts"],
    ["a folder that is served, from below", "src/dialect/sqlite/busy.ts", "../libsql/writer-queue.ts"],
  ])("%s is found", (_, file, load) => expect(strangers(file, [load])).toEqual([load]));

  test.each([
    ["src/dialect/libsql/writer-queue.ts", "../sqlite/busy.ts"],
    ["src/dialect/libsql/writer-queue.ts", "../gate.ts"],
    ["src/dialect/find.ts", "./libsql/dialect.ts"],
    ["src/dialect/gate.ts", "../clock.ts"],
    ["src/engine/engine.ts", "../dialect/dialect.ts"],
  ])("%s may load %s", (file, load) => expect(strangers(file, [load])).toEqual([]));

  test.each(filesOf(PAGE.folder))("%s loads what a page may", (file) => {
    const isOwn = (load: string) =>
      load.startsWith(".") ? OF_PAGE.test(targetOf(file, load)) : PAGE_PACKAGES.includes(load);
    expect(loadsOf(file).filter((load) => !isOwn(load))).toEqual([]);
  });

  test("nothing loads the explorer's page but itself", () => {
    expect(filesOf(PAGE.folder).length).toBeGreaterThan(0);
    const loaders = filesOf("src", "client", "sandbox").filter(
      (file) =>
        !isOfPage(file) &&
        loadsOf(file).some((load) => load.startsWith(".") && isOfPage(targetOf(file, load))),
    );
    expect(loaders).toEqual([]);
  });

  test.each(filesOf("client"))("%s loads nothing of the server", (file) => {
    const isOwn = (load: string) =>
      load.startsWith(".")
        ? /^(client\/|src\/rjson\/\w+\.ts$)/.test(targetOf(file, load))
        : file === "client/react.ts" && load === "react";
    expect(loadsOf(file).filter((load) => !isOwn(load))).toEqual([]);
  });

  test.each(filesOf("sandbox"))("%s knows the package by its name only", (file) => {
    const inside = loadsOf(file).filter((load) => load.startsWith("."));
    expect(inside.filter((load) => relative("sandbox", targetOf(file, load)).startsWith(".."))).toEqual([]);
  });
});

test("what a server-side entry loads at once, any runtime has", () => {
  const seen = new Set<string>();
  const walk = (file: string): readonly string[] => {
    if (seen.has(file)) return [];
    seen.add(file);
    return loadsOf(file, "at once").flatMap((load) =>
      load.startsWith(".")
        ? walk(targetOf(file, load))
        : OF_SERVERS.test(load)
          ? [`${file} loads ${load}`]
          : [],
    );
  };
  expect(walk("src/dialect/lane/lane-process.ts").length).toBeGreaterThan(2);
  seen.clear();
  expect(walk("src/index.ts")).toEqual([]);
  // What few want is loaded when it is wanted.
  expect(
    [...seen].filter((file) => /^src\/(?:cli|explorer|matrix|openapi|engine\/explain)\b/.test(file)),
  ).toEqual([]);
});

describe("circles", () => {
  const graph = graphOf(filesOf("src", "client"));
  test("no file loads what loads it", () => expect(circleIn(graph)?.join("\n  loads ")).toBeUndefined());

  test("one is found, and told from where it begins", () => {
    const made = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", []],
      ["d", ["b"]],
    ]);
    expect(circleIn(made)).toEqual(["b", "d", "b"]);
    expect(circleIn(new Map([["a", ["a"]]]))).toEqual(["a", "a"]);
    expect(circleIn(new Map([...made, ["d", ["c"]]]))).toBeUndefined();
  });
});

describe("functions", () => {
  const long = filesOf("src", "client").flatMap((file) =>
    functionsIn(textOf(file), file)
      .filter(({ lines, excused }) => lines > MAX_LINES && !excused)
      .map(({ name }) => `${file} ${name}`),
  );

  test(`none is longer than ${MAX_LINES} lines, unless a comment above it says why it is \`long:\``, () =>
    expect(long).toEqual([]));

  test("one is found, wherever it stands", () => {
    const body = (name: string): string => `${name} {\n${"work();\n".repeat(MAX_LINES)}}`;
    const text = [
      `export ${body("function first()")}`,
      `const second = ${body("() =>")};`,
      `class Third { ${body("#third()")}\n constructor() {}\n fourth = ${body("async () =>")} }`,
      `export const fifth = { fifth: ${body("function ()")} };`,
      `/** It is long: one case of the grammar after another. */\nexport ${body("function sixth()")}`,
      `// long: as above\nconst seventh = ${body("() =>")};`,
      `/** Not so long. */\n${body("function eighth()")}`,
    ].join("\n");
    const found = functionsIn(text).filter(({ lines }) => lines > MAX_LINES);
    expect(found.map(({ name, lines }) => [name, lines])).toEqual(
      ["first", "second", "#third", "fourth", "fifth", "sixth", "seventh", "eighth"].map((name) => [
        name,
        42,
      ]),
    );
    expect(found.filter(({ excused }) => excused).map(({ name }) => name)).toEqual(["sixth", "seventh"]);
  });
});
