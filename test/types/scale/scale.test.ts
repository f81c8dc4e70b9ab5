import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate, type Part } from "./generate.ts";

const root = join(import.meta.dir, "../../..");
const folder = mkdtempSync(join(tmpdir(), "scale-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles a generated application, on one thread, so that the count is the same on every machine. */
function instantiations(part: Part, tables: number): number {
  const project = join(folder, `${part}-${tables}`);
  generate(project, tables, part);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, exitCode } = Bun.spawnSync([
    "node",
    tsc,
    "-p",
    project,
    "--extendedDiagnostics",
    "--singleThreaded",
  ]);
  expect(exitCode, stdout.toString()).toBe(0);
  return Number(/^Instantiations:\s+(\d+)/m.exec(stdout.toString())?.[1]);
}

// Bounds are 1.2 times what TypeScript 7.0.2 needs with drizzle-orm 0.45.4; 494,000 of that are the schema's own. Bodies that
// say which rows are written with theirs may take a hundredth more.
test("rules over 100 tables with three relations each, some of them under each other's rules, are checked in bounds", () => {
  expect(instantiations("acl", 100)).toBeLessThanOrEqual(1.2 * 700_000);
}, 120_000);

test("a client that asks each of 100 resources for rows, relations and a change is checked in bounds", () => {
  expect(instantiations("client", 100)).toBeLessThanOrEqual(1.21 * 3_003_000);
}, 120_000);
