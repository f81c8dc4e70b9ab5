import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** What Drizzle keeps to itself, or may change without a word: its symbols, its pieces of SQL, its private members. */
const INSIDES: ReadonlyMap<string, RegExp> = new Map([
  ["symbols", /Symbol\.for\(\s*["'`]drizzle:/],
  ["pieces of SQL", /\b(?:queryChunks|StringChunk)\b/],
  ["kinds", /\bentityKind\b/],
  ["query builders", /drizzle-orm\/[\w-]+\/query-builders/],
  ["relational configuration", /\b(?:extractTablesRelationalConfig|normalizeRelation)\b/],
  ["private members", /\bshouldInlineParams\b|\bas \{ (?:readonly )?decoder\b|\.casing\b/],
]);

/** What the databases' own room opens besides: which database it is handed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = { "src/dialect/": ["kinds"] };

/** The insides of Drizzle that a file opens. */
function opened(file: string, text: string): readonly string[] {
  const rooms = Object.keys(ALLOWED).filter((room) => file.startsWith(room));
  const allowed = new Set(rooms.flatMap((room) => ALLOWED[room]!));
  return [...INSIDES]
    .filter(([inside, sign]) => !allowed.has(inside) && sign.test(text))
    .map(([name]) => name);
}

const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)]
  .filter((file) => !file.startsWith("src/drizzle/"))
  .toSorted();

describe("Drizzle's insides are opened in one room", () => {
  test.each(files)("%s leaves them closed", async (file) => {
    expect(opened(file, await Bun.file(join(root, file)).text())).toEqual([]);
  });

  test("a file that opens them is found", () => {
    const found = (text: string): readonly string[] => opened("src/plan/read.ts", text);
    expect(found('const NAME = Symbol.for("drizzle:Name");')).toEqual(["symbols"]);
    expect(found("for (const chunk of query.queryChunks) {}")).toEqual(["pieces of SQL"]);
    expect(found('import { StringChunk } from "drizzle-orm";')).toEqual(["pieces of SQL"]);
    expect(found("String(type[entityKind])")).toEqual(["kinds"]);
    expect(found('import { X } from "drizzle-orm/pg-core/query-builders/query";')).toEqual([
      "query builders",
    ]);
    expect(opened("src/dialect/find.ts", "String(type[entityKind])")).toEqual([]);
    expect(opened("src/dialect/find.ts", "query.queryChunks")).toEqual(["pieces of SQL"]);
  });
});
