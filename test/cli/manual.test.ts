import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesOf, writeFiles } from "../support/application.ts";
import { readPage } from "../support/manual.ts";

// Every command of the pages about the command line is run, in the application of the first page.

const root = join(import.meta.dir, "../..");
const PAGES = ["cli", "cli/init", "cli/lint", "cli/matrix", "cli/explain", "cli/test", "cli/openapi"].map(
  (page) => `docs/${page}.md`,
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const paths = { "@bepalo/query": [join(root, "src/index.ts")] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  writeFiles(folder, ["docs/start.md", "docs/cli.md", "docs/cli/lint.md"]);
  const [, cases] = /\*\*`access\.test\.json`\*\*[^\n]*\n+```json\n([\s\S]*?)^```/m.exec(
    readPage("docs/cli/test.md"),
  )!;
  writeFileSync(join(folder, "access.test.json"), cases!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Commands, what they print, and how they end. */
const examplesOf = (page: string): readonly (readonly [string, string, number])[] =>
  [...readPage(page).matchAll(/^```sh\n([\s\S]*?)^```\n+```text(?: (\d))?\n([\s\S]*?)^```/gm)].map(
    ([, commands, code, text]) => [commands!.trim(), text!, Number(code ?? 0)] as const,
  );

/** What stands for anything is written `…`, and spaces are as many as there are. */
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .trim()
      .split(/\s*…\s*/)
      .map((part) =>
        part
          .split(/[ \t]+/)
          .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
          .join("[ \\t]+"),
      )
      .join("[\\s\\S]*")}$`,
  );

test("there are examples of each command", () => {
  for (const page of PAGES) expect([page, examplesOf(page).length > 0]).toEqual([page, true]);
  expect(filesOf("docs/cli.md").map(([name]) => name)).toEqual(["api.ts"]);
});

describe.each(PAGES)("%s", (page) => {
  test("what its commands print", async () => {
    for (const [commands, text, code] of examplesOf(page)) {
      const query = `"${process.execPath}" "${join(root, "src/cli/main.ts")}"`;
      const lines = commands.replaceAll("npx @bepalo/query", query);
      const child = Bun.spawn(["sh", "-c", lines], { cwd: folder, stdout: "pipe", stderr: "pipe" });
      const [out, complaints] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      expect([commands, complaints, await child.exited]).toEqual([commands, "", code]);
      expect(out.trim()).toMatch(patternOf(text));
    }
  }, 60_000);
});

test("what is printed has to be what stands there", () => {
  expect("rule  a\nrows x").toMatch(patternOf("rule a\nrows …"));
  expect("rule b").not.toMatch(patternOf("rule a"));
  expect("rule a\nmore").not.toMatch(patternOf("rule a"));
});
