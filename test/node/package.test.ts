import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anchorsOf, CONTENTS, linksOf, targetOf } from "../support/manual.ts";
import { installed, NODE } from "../support/node.ts";
import { filesOf } from "../support/source.ts";

const root = join(import.meta.dir, "../..");

/** What came after Node 20, by how it is written. */
const NEWER: readonly (readonly [string, RegExp])[] = [
  ["Promise.withResolvers, Promise.try", /\bPromise\s*\.\s*(?:withResolvers|try)\b/],
  ["Array.fromAsync", /\bArray\s*\.\s*fromAsync\b/],
  ["Object.groupBy, Map.groupBy", /\b(?:Object|Map)\s*\.\s*groupBy\b/],
  [
    "methods of sets",
    /\.(?:union|intersection|difference|symmetricDifference|is(?:Subset|Superset|Disjoint)Of?)\(/,
  ],
  [
    "methods of iterators",
    /\b(?:Iterator\.|(?:values|keys|entries)\(\)\s*\.\s*(?:map|filter|reduce|some|every|find|take|drop|flatMap|forEach|toArray)\()/,
  ],
  ["getOrInsert", /\.getOrInsert/],
  ["RegExp.escape, Error.isError, Math.sumPrecise", /\b(?:RegExp\.escape|Error\.isError|Math\.sumPrecise)\b/],
  ["bytes as base64 and hex", /\.(?:fromBase64|toBase64|fromHex|toHex)\(/],
  ["URL.parse", /\bURL\.parse\b/],
  ["Request.bytes, Blob.bytes", /\.bytes\(\)/],
  ["using", /\b(?:await\s+)?using\s+\w+\s*=/],
  ["Symbol.dispose", /\bSymbol\.(?:asyncD|d)ispose\b/],
  ["globals", /(?<![.\w])(?:navigator|WebSocket|EventSource|CloseEvent|Temporal|localStorage)\b(?!\s*:)/],
];

/** Files that use what only Bun has, where it is there. */
const ON_BUN: ReadonlySet<string> = new Set([
  "src/http/etag.ts",
  "src/dialect/lane/connect.ts",
  "src/explorer/build.ts",
  "src/live/feed/bun-redis.ts",
  "src/live/feed/bun-sql.ts",
  "src/live/feed/postgres.ts",
]);

/** Files that only speak of it. */
const OF_BUN: ReadonlySet<string> = new Set(["src/cli/init.ts", "src/cli/load.ts"]);

const transpiler = new Bun.Transpiler({ loader: "ts", target: "node" });

describe.each(filesOf("src", "client").filter((file) => !file.endsWith(".tsx")))("%s", (file) => {
  test("uses nothing that came after Node 20, and Bun only where it is there", async () => {
    const text = (await Bun.file(join(root, file)).text()).replace(/^#!.*/, "");
    const code = transpiler.transformSync(text); // without comments and types
    expect(NEWER.filter(([, pattern]) => pattern.test(code)).map(([name]) => name)).toEqual([]);
    if (!ON_BUN.has(file) && !OF_BUN.has(file)) expect(code).not.toMatch(/\bBun\b|["']bun(?::\w+)?["']/);
  });
});

test("what is newer is found", () => {
  const found = (code: string): boolean => NEWER.some(([, pattern]) => pattern.test(code));
  for (const code of [
    "const { promise } = Promise.withResolvers();",
    "await Array.fromAsync(rows)",
    "known.union(others)",
    "known.isSubsetOf(others)",
    "map.values().map((x) => x)",
    "Object.groupBy(rows, key)",
    "using file = open()",
    "new WebSocket(url)",
  ])
    expect([code, found(code)]).toEqual([code, true]);
  expect(found("[...map.values()].map((x) => x)")).toBe(false);
});

test.skipIf(NODE === undefined)(
  "every module of the built package loads on Node",
  async () => {
    const folder = await installed();
    copyFileSync(join(import.meta.dir, "support/every-module.mjs"), join(folder, "every-module.mjs"));
    const { stdout, stderr, exitCode } = Bun.spawnSync([NODE!, join(folder, "every-module.mjs")]);
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
    const [modules, types] = JSON.parse(stdout.toString()) as [number, string[]];
    expect(modules).toBeGreaterThan(60);
    expect(types).toEqual(["function", "function", "function"]);
  },
  120_000,
);

test.skipIf(NODE === undefined)(
  "the built package has the explorer's page, and answers it on Node",
  async () => {
    const folder = await installed();
    const program = `
      import { explorerPage } from "./node_modules/@bepalo/query/dist/src/explorer/explorer.js";
      import { gzipSync } from "node:zlib";
      const { text, policy } = await explorerPage();
      console.log(JSON.stringify([text.slice(0, 15), policy.slice(0, 18), gzipSync(text).byteLength]));
    `;
    writeFileSync(join(folder, "explorer.mjs"), program);
    const { stdout, stderr } = Bun.spawnSync([NODE!, join(folder, "explorer.mjs")]);
    expect(stderr.toString()).toBe("");
    const [begin, policy, bytes] = JSON.parse(stdout.toString()) as [string, string, number];
    expect([begin, policy]).toEqual(["<!doctype html>", "default-src 'none'"]);
    expect(bytes).toBeLessThan(200 * 1024);
    // What it is made of stays at home.
    const built = [
      ...new Bun.Glob("**/explorer/**").scanSync(join(folder, "node_modules/@bepalo/query/dist")),
    ];
    expect(built.toSorted()).toEqual([
      "src/explorer/built.js",
      "src/explorer/explorer.d.ts",
      "src/explorer/explorer.js",
    ]);
  },
  120_000,
);

/** An application that has the package and Drizzle, and no driver. */
async function application(name: string, source: string): Promise<string> {
  const modules = join(await installed(), "node_modules");
  const app = join(await installed(), name);
  mkdirSync(join(app, "node_modules"), { recursive: true });
  for (const one of ["@bepalo", "drizzle-orm"])
    symlinkSync(join(modules, one), join(app, "node_modules", one));
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
  writeFileSync(join(app, "use.ts"), source);
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    preserveSymlinks: true,
  };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
  return app;
}

const EVERY_ENTRY = `
import { type ACL, createQueryHandler, createQueryRoute, serializeWrites } from "@bepalo/query";
import type { Database, Dialect, DialectOptions, Door, OpenDialect, ResultRows } from "@bepalo/query";
import { createQueryBuilder, createQueryClient } from "@bepalo/query/client";
import { RJSON } from "@bepalo/query/rjson";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
export const acl = {} satisfies ACL;
export const dialect = ((_, found) => found()) satisfies OpenDialect;
export type { Database, Dialect, DialectOptions, Door, ResultRows };
export { createQueryBuilder, createQueryClient, createQueryHandler, createQueryRoute };
export { mutationOptions, queryOptions, RJSON, serializeWrites };
// @ts-expect-error a client is wanted
serializeWrites({});
`;

test.skipIf(NODE === undefined).each([
  ["7", "typescript"],
  ["5.9", "typescript-5.9/typescript"],
])(
  "its types need nothing but Drizzle, also when libraries are checked, on TypeScript %s",
  async (version, compiler) => {
    const app = await application(`types-${version}`, EVERY_ENTRY);
    const { stdout } = Bun.spawnSync([NODE!, join(root, "node_modules", compiler, "bin/tsc"), "-p", app]);
    // Drizzle's own declarations have faults of their own.
    const faults = stdout.toString().split("\n");
    expect(faults.filter((line) => /^\S/.test(line) && !line.includes("node_modules/drizzle-orm/"))).toEqual(
      [],
    );
  },
  120_000,
);

/** What `npm pack` puts into the package. */
const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
const packed = (path: string): boolean => [...files, "LICENSE", "package.json"].includes(path.split("/")[0]!);

const pages = [
  ...files.filter((file) => file.endsWith(".md")),
  ...new Bun.Glob("docs/**/*.md").scanSync(root),
].toSorted();

test("the manual is packed", () => {
  expect(pages).toContain(CONTENTS);
  expect(pages.filter((page) => !packed(page))).toEqual([]);
});

test.each(pages)("the links of %s lead to what is packed with it, or to an address", (page) => {
  const dead = linksOf(page).filter((link) => {
    if (link.startsWith("https://")) return false;
    const [, anchor] = link.split("#");
    const path = link.startsWith("#") ? page : targetOf(page, link);
    if (!packed(path) || !existsSync(join(root, path))) return true;
    return anchor !== undefined && !anchorsOf(path).has(anchor);
  });
  expect(dead).toEqual([]);
});

interface Locked {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test("the lock names every build of every platform, and no host", () => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, Locked>> };
  /** Where a package finds another: beside it, or beside one that holds it. */
  const finds = (from: string, name: string): boolean => {
    const path = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (Object.hasOwn(packages, path)) return true;
    if (from === "") return false;
    return finds(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !finds(path, name)),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(packages).filter((path) => packages[path]!.resolved !== undefined)).toEqual([]);
});
