// What figures say of where they were measured.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";

/**
 * The machine, the versions, the commit, the date, how busy the machine is, and what else is to be said.
 *
 * @example machine("Bun 1.4.5", "median of 5 rounds")
 */
export function machine(runtime: string, ...more: readonly string[]): string {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dir, "../node_modules/drizzle-orm/package.json"), "utf8"),
  ) as { version: string };
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: import.meta.dir, encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--", "../src") === "" ? "" : " and changes";
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    `${runtime}, drizzle-orm ${version}`,
    `commit ${git("rev-parse", "--short", "HEAD")}${changed}`,
    new Date().toISOString().slice(0, 10),
    `load ${loadavg()[0]!.toFixed(1)} at the start`,
    ...more,
  ].join(" · ");
}
