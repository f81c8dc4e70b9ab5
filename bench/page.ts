import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Puts lines into this folder's README, between the marks of a name, in place of what stood there.
 *
 * @throws Error where the page has no such marks.
 */
export function writeTables(name: string, lines: readonly string[]): void {
  const page = join(import.meta.dir, "README.md");
  const text = readFileSync(page, "utf8");
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`the README has no marks of ${name}`);
  const table = lines.join("\n").trim();
  writeFileSync(page, `${text.slice(0, before + begin.length)}\n\n${table}\n\n${text.slice(after)}`);
}
