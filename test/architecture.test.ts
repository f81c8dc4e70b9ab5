import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { filesOf, namesIn, targetOf, textOf } from "./support/source.ts";

const root = join(import.meta.dir, "..");
const text = readFileSync(join(root, "docs/architecture.md"), "utf8");

/** The paths its tables describe: what stands first in a row. */
const described = [...text.matchAll(/^\| `((?:src|client)\/[\w./-]*)` \|/gm)].map(([, path]) => path!);

/** The rooms of a folder: its folders, and the files that lie in it. */
const roomsOf = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .toSorted()
    .map((name) => {
      const path = `${folder}/${name}`;
      return statSync(join(root, path)).isDirectory() ? `${path}/` : path;
    });

describe("docs/architecture.md", () => {
  test.each(roomsOf("src"))("has a row for %s", (room) => expect(described).toContain(room));

  test.each(roomsOf("client").filter((room) => room.endsWith("/")))("has a row for %s", (room) =>
    expect(described).toContain(room),
  );

  test("describes nothing twice, and nothing that is not there", () => {
    expect(new Set(described).size).toBe(described.length);
    expect(described.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("names no file that is not there", () => {
    const named = [...text.matchAll(/`((?:src|client|test|sandbox|bench|docs)\/[\w./-]+)`/g)];
    expect(named.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe("what is exported", () => {
  /** What the package is entered by, and the programs that it starts. */
  const entries = new Set([
    ...[...readFileSync(join(root, "package.json"), "utf8").matchAll(/"\.\/dist\/([\w./-]+)\.js"/g)].map(
      ([, path]) => `${path}.ts`,
    ),
    "src/explorer/explorer.ts",
  ]);

  /** The exports of files that are taken by none of others. */
  const untaken = (
    exported: readonly (readonly [file: string, name: string])[],
    others: readonly string[],
  ): readonly (readonly [file: string, name: string])[] => {
    const taken = new Set<string>();
    for (const file of others)
      for (const [module, name] of namesIn(textOf(file)).taken)
        taken.add(`${targetOf(file, module)}: ${name}`);
    return exported.filter(([file, name]) => !taken.has(`${file}: ${name}`) && !taken.has(`${file}: *`));
  };

  test("is imported somewhere, but for what the package gives to others", () => {
    const own = filesOf("src", "client");
    const exported = own
      .filter((file) => !entries.has(file))
      .flatMap((file) => namesIn(textOf(file)).given.map((name) => [file, name] as const));
    expect(exported.length).toBeGreaterThan(1_000);
    const left = untaken(exported, own);
    // Of the others only those are read that may take one of the few that are left.
    const word = new RegExp(`\\b(?:${left.map(([, name]) => name).join("|")})\\b`);
    const others = filesOf("test", "bench", "sandbox").filter((file) => word.test(textOf(file)));
    expect(untaken(left, others).map(([file, name]) => `${file}: ${name}`)).toEqual([]);
  });

  test("what nobody imports is found", () => {
    const text = `
import whole, { type One, two as three } from "./a.ts";
import * as all from "./b.ts";
import type { Four } from "./c.ts";
export { five, type Six as Seven } from "./d.ts";
export * from "./e.ts";
export interface Own {}
export const eight = await import("./f.ts");
export async function nine(at: import("./g.ts").Place) {}
export abstract class Ten {}
export { eleven };
function eleven() {}
`;
    expect(namesIn(text)).toEqual({
      given: ["eight", "nine", "Ten", "five", "Seven", "eleven"],
      taken: [
        ["./a.ts", "One"],
        ["./a.ts", "two"],
        ["./c.ts", "Four"],
        ["./d.ts", "five"],
        ["./d.ts", "Six"],
        ["./b.ts", "*"],
        ["./e.ts", "*"],
        ["./f.ts", "*"],
        ["./g.ts", "*"],
      ],
    });
  });
});

test("nothing is explained twice in a row", () => {
  const twice = /\/\*\*(?:(?!\*\/)[^])*\*\/\s*(?=\/\*\*)/;
  expect(filesOf("src", "client").filter((file) => twice.test(textOf(file)))).toEqual([]);
  expect("/** One. */\n/** Two. */\nconst found = 1;").toMatch(twice);
});
