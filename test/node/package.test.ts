import { describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { installed, NODE } from "../support/node.ts";

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

const transpiler = new Bun.Transpiler({ loader: "ts", target: "node" });

describe.each([...new Bun.Glob("{src,client}/**/*.ts").scanSync(root)].toSorted())("%s", (file) => {
  test("uses nothing that came after Node 20, and Bun only where it is there", async () => {
    const code = transpiler.transformSync(await Bun.file(join(root, file)).text()); // without comments and types
    expect(NEWER.filter(([, pattern]) => pattern.test(code)).map(([name]) => name)).toEqual([]);
    if (file !== "src/http/etag.ts") expect(code).not.toMatch(/\bBun\b|["']bun(?::\w+)?["']/);
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
