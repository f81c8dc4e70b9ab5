import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";

const root = join(import.meta.dir, "..");
const text = readFileSync(join(root, "SECURITY.md"), "utf8");

/** A test by its file and the beginning of its name, as the page writes it. */
const REFERENCE = /`(test\/[\w./-]+\.test\.ts) › ([^`]+)`/g;

const references = [...text.matchAll(REFERENCE)].map(([, file, name]) => ({ file: file!, name: name! }));

/** The lines of one chapter of the page. */
function chapter(title: string): string[] {
  const start = text.indexOf(`## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  return text.slice(start, text.indexOf("\n## ", start)).split("\n");
}

/** Whether a source has a test, or a block of tests, whose name begins so. */
function hasTest(source: string, name: string): boolean {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`\((?:\n\s*)?["'\x60]${quoted}(?!\w)`).test(source);
}

test.each(references)("$file has `$name`", ({ file, name }) => {
  const path = join(root, file);
  expect(existsSync(path)).toBe(true);
  expect(hasTest(readFileSync(path, "utf8"), name)).toBe(true);
});

test("every guarantee ends with the test that shows it", () => {
  const guarantees = chapter("What the engine guarantees").filter((line) => line.startsWith("- "));
  expect(guarantees.length).toBeGreaterThan(40);
  for (const line of guarantees) expect(line).toMatch(/ — `test\/[^`]+ › [^`]+`$/);
});

test("every hole and every class has its test, and no other file is named than there is", () => {
  const holes = readFileSync(join(root, "test/attack/holes.test.ts"), "utf8");
  for (let hole = 1; hole <= 20; hole++) expect(hasTest(holes, `hole ${hole}`)).toBe(true);
  for (const [, file] of text.matchAll(/`(test\/[\w./-]+)/g))
    expect(existsSync(join(root, file!))).toBe(true);
});
